//! The documents that `reference` names: policies in JSON or YAML inside the folder of the standards file.

use std::sync::Arc;

use crate::extract::PolicyKind;
use crate::iam::{DocumentKind, Invalid, PolicyDocument, Value, parse_reference};
use crate::source::{FileId, Limits, LoadError, SourceFile, parse_json, parse_yaml};

use super::problems::located;
use super::value::policy_value;

/// How files that a standards file names are read.
pub(super) struct Reader<'a> {
    pub(super) read: &'a dyn Fn(&str) -> Result<SourceFile, LoadError>,
    pub(super) limits: &'a Limits,
}

/// A reference document, and what may be compared with it.
pub(super) struct ReferenceDocument {
    pub(super) document: Arc<PolicyDocument>,
    /// The kinds it may be compared with; the first ones are compared when a standard names none.
    pub(super) kinds: &'static [PolicyKind],
    /// The kinds when a standard names none.
    pub(super) default_kinds: &'static [PolicyKind],
    /// What the parser remarks.
    pub(super) notes: Vec<String>,
}

/// Reads a reference document. Errors name the document and the place in it.
pub(super) fn read_document(relative: &str, reader: &Reader<'_>) -> Result<ReferenceDocument, String> {
    let file = (reader.read)(relative).map_err(|error| format!("`reference`: {}", error.message))?;
    let value = read_value(&file, reader.limits)?;
    let about = |invalid: Invalid| format!("reference {}: {invalid}", file.name);
    let has_principal = has_principal(&value).map_err(about)?;
    let (kind, kinds, default_kinds): (_, &[PolicyKind], &[PolicyKind]) = if has_principal {
        const KINDS: &[PolicyKind] = &[PolicyKind::Resource, PolicyKind::Trust];
        (DocumentKind::Resource, KINDS, KINDS)
    } else {
        const KINDS: &[PolicyKind] = &[PolicyKind::Identity, PolicyKind::Boundary, PolicyKind::Session];
        (DocumentKind::Identity, KINDS, &[PolicyKind::Identity])
    };
    let parsed = parse_reference(&value, kind).map_err(about)?;
    let notes = parsed.notes.iter();
    let notes = notes
        .map(|note| format!("reference {}: {}", file.name, note.message))
        .collect();
    Ok(ReferenceDocument {
        document: Arc::new(parsed.document),
        kinds,
        default_kinds,
        notes,
    })
}

fn read_value(file: &SourceFile, limits: &Limits) -> Result<Value, String> {
    // JSON is told by its first character: a policy is an object, and a YAML policy starts with a key.
    let is_json = file.text.trim_start().starts_with('{');
    let parse = if is_json { parse_json } else { parse_yaml };
    let root =
        parse(&file.text, FileId(0), limits).map_err(|error| format!("reference {}:{error}", file.name))?;
    policy_value(&root)
        .map_err(|node| located(file, node.span, "tags have no meaning in a policy"))
        .map_err(|message| format!("reference {message}"))
}

/// Whether the statements name principals: all of them or none.
fn has_principal(document: &Value) -> Result<bool, Invalid> {
    let statements = match document.get("Statement") {
        Some(Value::List(statements)) => statements.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let names_principal =
        |statement: &Value| statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some();
    let with = statements
        .iter()
        .filter(|statement| names_principal(statement))
        .count();
    if with > 0 && with < statements.len() {
        let message = "some statements have a `Principal` and some have none; a reference is either a resource \
                       policy or an identity policy";
        return Err(Invalid::document(message));
    }
    Ok(with > 0)
}
