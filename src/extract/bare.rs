//! A bare policy document as an input.

use crate::iam::{Parsed, Value, parse_document};
use crate::source::{FileId, Node, Place};

use super::document::{statement_places, value_of};
use super::{Before, Extraction, Origin, Policy, PolicyKind, Provenance};

/// The one policy of a bare document. Its kind is told by its elements: a principal makes it a resource policy, or a
/// trust policy when all its actions are `sts:AssumeRole…` and it has no resource; else it is an identity policy.
pub fn extract_bare_policy(tree: &Node, file: FileId) -> Extraction {
    extract_bare_policy_as(tree, file, None)
}

/// As [`extract_bare_policy`], of a kind that is given.
pub fn extract_bare_policy_as(tree: &Node, file: FileId, kind: Option<PolicyKind>) -> Extraction {
    let value = value_of(tree);
    let kind = kind.unwrap_or_else(|| value.as_ref().map_or(PolicyKind::Identity, kind_of));
    let parsed = value.and_then(|value| parse_document(&value, kind.document_kind()));
    let (document, notes) = match parsed {
        Ok(Parsed { document, notes }) => (Ok(document), notes),
        Err(invalid) => (Err(invalid), Vec::new()),
    };
    let origin = Origin {
        address: "policy".to_owned(),
        resource_type: String::new(),
        place: Place {
            file,
            span: tree.span,
        },
        statements: statement_places(tree, file),
        block: None,
        rebuilt: None,
    };
    let policy = Policy {
        document,
        kind,
        origin,
        before: Before::NotTold,
        attached_to: Vec::new(),
        holes: Vec::new(),
        provenance: Provenance::Literal,
        sensitive: false,
        changed: true,
        notes,
        default_facts: Vec::new(),
    };
    Extraction {
        policies: vec![policy],
        ..Extraction::default()
    }
}

fn kind_of(document: &Value) -> PolicyKind {
    let statements: Vec<&Value> = match document.get("Statement") {
        Some(Value::List(statements)) => statements.iter().collect(),
        Some(single) => vec![single],
        None => Vec::new(),
    };
    let has = |statement: &Value, name: &str| {
        statement.get(name).is_some() || statement.get(&format!("Not{name}")).is_some()
    };
    if !statements.iter().any(|statement| has(statement, "Principal")) {
        return PolicyKind::Identity;
    }
    if statements
        .iter()
        .all(|statement| !has(statement, "Resource") && assumes_roles(statement))
    {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    }
}

fn assumes_roles(statement: &Value) -> bool {
    let is_assume = |action: &Value| {
        action
            .as_str()
            .is_some_and(|action| action.to_ascii_lowercase().starts_with("sts:assumerole"))
    };
    match statement.get("Action") {
        Some(Value::List(actions)) => !actions.is_empty() && actions.iter().all(is_assume),
        Some(action) => is_assume(action),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(entries: &[(&str, &str)]) -> Value {
        Value::Object(
            entries
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::text(*value)))
                .collect(),
        )
    }

    #[test]
    fn kinds_are_told_by_elements() {
        let assume = [
            ("Effect", "Allow"),
            ("Principal", "*"),
            ("Action", "sts:AssumeRoleWithSAML"),
        ];
        let tag = [
            ("Effect", "Allow"),
            ("Principal", "*"),
            ("Action", "sts:TagSession"),
        ];
        let access = [("Effect", "Allow"), ("Action", "s3:*"), ("Resource", "*")];
        let bucket = [("NotPrincipal", "*"), ("Action", "s3:*"), ("Resource", "*")];
        for (statements, kind) in [
            (vec![statement(&access)], PolicyKind::Identity),
            (vec![statement(&bucket)], PolicyKind::Resource),
            (vec![statement(&assume)], PolicyKind::Trust),
            (vec![statement(&assume), statement(&bucket)], PolicyKind::Resource),
            (vec![statement(&tag)], PolicyKind::Resource),
            (vec![], PolicyKind::Identity),
        ] {
            let document = Value::Object(vec![("Statement".to_owned(), Value::List(statements))]);
            assert_eq!(kind_of(&document), kind);
        }
    }
}
