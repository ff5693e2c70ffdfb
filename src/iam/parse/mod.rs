//! From a [`Value`] to a [`PolicyDocument`]: strict, every refusal with its place (semantics.md 3, reliability.md 3).
//! What is unknown becomes a hole, or a guard on the statement when not even its shape is known.

mod condition;
mod principal;
mod statement;
mod text;

use super::document::{Condition, DocumentKind, PolicyDocument, Version};
use super::json::{parse_json, shown};
use super::resource::ResourcePattern;
use super::value::Value;

/// Why a document is not valid: lower case, no full stop, with the place in it (``statement 2: `Effect` must be `Allow`
/// or `Deny` ``). Element names and operators may be quoted; values never are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The message, place included.
    pub message: String,
    /// The statement it is about, 0-based.
    pub statement: Option<usize>,
}

impl Invalid {
    /// An error about the document as a whole.
    pub fn document(message: impl Into<String>) -> Invalid {
        Invalid {
            message: message.into(),
            statement: None,
        }
    }
}

/// A warning of the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A stable id: `operator-case`, `bare-account-principal`, `short-arn`, `empty-statement`, `not-an-arn`, …
    pub id: &'static str,
    /// What is to be said, with the place.
    pub message: String,
    /// The statement it is about, 0-based.
    pub statement: Option<usize>,
}

/// A parsed document and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The document.
    pub document: PolicyDocument,
    /// Warnings.
    pub notes: Vec<Note>,
}

/// Whether a document is judged or is the yardstick: references may use wildcards where IAM refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Checked,
    Reference,
}

/// Parses a document of that kind. `value` may also be a string that holds JSON text (without holes).
pub fn parse_document(value: &Value, kind: DocumentKind) -> Result<Parsed, Invalid> {
    parse_as(value, kind, Role::Checked)
}

/// Parses a reference document: as [`parse_document`], and principals may hold wildcards (semantics.md 1.4).
pub fn parse_reference(value: &Value, kind: DocumentKind) -> Result<Parsed, Invalid> {
    parse_as(value, kind, Role::Reference)
}

/// Parses a `Condition` block on its own (the `when` of standards). Policy variables are refused.
pub fn parse_condition_block(value: &Value) -> Result<(Vec<Condition>, Vec<Note>), Invalid> {
    let mut context = Context {
        version: Version::V2012,
        kind: DocumentKind::Identity,
        role: Role::Reference,
        place: String::new(),
        statement: None,
        guard: Vec::new(),
        notes: Vec::new(),
    };
    let conditions = condition::conditions(value, &mut context)?;
    if let Some(unknown) = context.guard.first() {
        return Err(Invalid::document(format!("`{}` is not known", unknown.name)));
    }
    if conditions.iter().any(condition::has_variable) {
        return Err(Invalid::document("policy variables cannot be used here"));
    }
    Ok((conditions, context.notes))
}

/// Parses a resource of a standard: `*` or an ARN of six parts, wildcards anywhere.
pub fn parse_resource_pattern(text: &str) -> Result<ResourcePattern, Invalid> {
    let pattern = super::Pattern::glob(text);
    if text::has_refused_character(text) {
        return Err(Invalid::document("a resource must not hold control characters"));
    }
    match super::resource::split_arn(&pattern) {
        _ if pattern.is_star() => Ok(ResourcePattern::Any),
        Some((arn, 6)) => Ok(ResourcePattern::Arn { arn, short: None }),
        Some(_) | None => Err(Invalid::document(
            "a resource must be `*` or an ARN with six parts (`arn:aws:s3:::name`)",
        )),
    }
}

/// A resource entry with its holes filled in, read as if it had been written so. Text that cannot be read then matches
/// nothing that is known.
pub(super) fn fill_resource(
    entry: &ResourcePattern,
    version: Version,
    kind: DocumentKind,
    fill: impl Fn(&super::Pattern) -> super::Pattern,
) -> ResourcePattern {
    let ResourcePattern::Arn { arn, .. } = entry else {
        return entry.clone();
    };
    let known = |segment: &super::Pattern| segment.holes().next().is_none();
    if arn.segments.iter().all(known) {
        return entry.clone();
    }
    let written = match &arn.whole {
        Some(whole) => fill(whole),
        None => {
            let mut pieces = super::Pattern::literal("arn").pieces().into_owned();
            for segment in &arn.segments {
                pieces.push(super::Piece::Char(':'));
                pieces.extend_from_slice(&fill(segment).pieces());
            }
            super::Pattern::new(pieces)
        }
    };
    let mut context = Context {
        version,
        kind,
        role: Role::Reference,
        place: String::new(),
        statement: None,
        guard: Vec::new(),
        notes: Vec::new(),
    };
    text::resource_pattern(&written, "Resource", &mut context).unwrap_or(ResourcePattern::Nothing)
}

/// Where the parser is, and what it has found besides the statement.
struct Context {
    version: Version,
    kind: DocumentKind,
    role: Role,
    place: String,
    statement: Option<usize>,
    guard: super::Guard,
    notes: Vec<Note>,
}

impl Context {
    fn invalid(&self, message: impl std::fmt::Display) -> Invalid {
        Invalid {
            message: format!("{}{message}", self.place),
            statement: self.statement,
        }
    }

    fn note(&mut self, id: &'static str, message: impl std::fmt::Display) {
        let note = Note {
            id,
            message: format!("{}{message}", self.place),
            statement: self.statement,
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn parse_as(value: &Value, kind: DocumentKind, role: Role) -> Result<Parsed, Invalid> {
    let parsed;
    let value = match value {
        Value::String(text) => {
            let text = text
                .as_literal()
                .ok_or_else(|| Invalid::document("the policy text is known only later"))?;
            parsed = parse_json(text)?;
            &parsed
        }
        other => other,
    };
    let Value::Object(entries) = value else {
        return Err(Invalid::document(format!(
            "a policy must be an object, not {}",
            kind_of(value)
        )));
    };
    let mut context = Context {
        version: Version::V2008,
        kind,
        role,
        place: String::new(),
        statement: None,
        guard: Vec::new(),
        notes: Vec::new(),
    };
    let mut statements = None;
    for (key, value) in entries {
        match key.as_str() {
            "Version" => context.version = version(value)?,
            "Id" => check_is_text(value, "Id").map_err(|message| context.invalid(message))?,
            "Statement" => statements = Some(value),
            other => return Err(context.invalid(unknown_element(other, &["Version", "Id", "Statement"]))),
        }
    }
    let Some(statements) = statements else {
        return Err(context.invalid("`Statement` is missing"));
    };
    let statements = statement::statements(statements, &mut context)?;
    if statements.is_empty() {
        context.note(
            "empty-statement",
            "`Statement` is empty: the policy grants nothing",
        );
    }
    let document = PolicyDocument {
        version: context.version,
        statements: statements.into(),
    };
    Ok(Parsed {
        document,
        notes: context.notes,
    })
}

fn version(value: &Value) -> Result<Version, Invalid> {
    match value.as_str() {
        Some("2012-10-17") => Ok(Version::V2012),
        Some("2008-10-17") => Ok(Version::V2008),
        _ => Err(Invalid::document(
            "`Version` must be `2012-10-17` or `2008-10-17`",
        )),
    }
}

fn check_is_text(value: &Value, element: &str) -> Result<(), String> {
    match value {
        Value::String(_) | Value::Unknown(_) => Ok(()),
        other => Err(format!("`{element}` must be a string, not {}", kind_of(other))),
    }
}

/// The message for an element that does not exist, with the right spelling where only the case is wrong.
fn unknown_element(name: &str, known: &[&str]) -> String {
    match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(right) => format!("`{}` is not an element of a policy: write `{right}`", shown(name)),
        None => format!("`{}` is not an element of a policy", shown(name)),
    }
}

/// What a value is, for messages.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        Value::Unknown(_) => "an unknown value",
        Value::Guarded(..) => "a conditional value",
    }
}

#[cfg(test)]
mod tests;
