//! From a [`Value`] to a [`PolicyDocument`]: strict, every refusal with its place (semantics.md 3, reliability.md 3).

use super::document::{Condition, DocumentKind, PolicyDocument};
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

/// A warning of the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A stable id: `operator-case`, `bare-account-principal`, `short-arn`, `empty-statement`, `not-an-arn`, …
    pub id: &'static str,
    /// What is to be said, with the place.
    pub message: String,
}

/// A parsed document and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The document.
    pub document: PolicyDocument,
    /// Warnings.
    pub notes: Vec<Note>,
}

/// Parses a document of that kind. `value` may also be a string that holds JSON text (without holes).
pub fn parse_document(value: &Value, kind: DocumentKind) -> Result<Parsed, Invalid> {
    let _ = (value, kind);
    todo!()
}

/// Parses a `Condition` block on its own (the `when` of standards). Policy variables are refused.
pub fn parse_condition_block(value: &Value) -> Result<(Vec<Condition>, Vec<Note>), Invalid> {
    let _ = value;
    todo!()
}
