//! What each rule notes, and what it must not note.

mod catalog;
mod rows;

use crate::check::{Subject, prepare};
use crate::extract::{Before, Hole, PolicyKind};
use crate::iam::{GuardLiteral, HoleId, Text, TextPiece, Value, parse_document, parse_json};

use super::{Linted, lint, parser_notes};

/// What lint and the parser note on a document.
fn linted(document: &Value, kind: PolicyKind) -> Linted {
    let parsed = parse_document(document, kind.document_kind());
    let parsed = parsed.unwrap_or_else(|error| panic!("{document:?}: {error}"));
    let hole = |id: &HoleId| Hole {
        id: id.clone(),
        origin: String::new(),
        default: None,
        allowed: Vec::new(),
        stable: false,
        plain: false,
    };
    let holes: Vec<Hole> = parsed.document.holes().into_iter().map(hole).collect();
    let prepared = prepare(Subject {
        document: &parsed.document,
        kind,
        resource_type: None,
        holes: &holes,
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    });
    let mut linted = lint(&prepared);
    linted.notes.extend(parser_notes(&parsed.document, &parsed.notes));
    linted
}

/// A document in JSON, in which `{{H}}` is a hole and `{"if": "C", "then": …}` a statement under a condition.
fn value(text: &str) -> Value {
    with_holes(&parse_json(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn with_holes(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(holed(text.as_literal().expect("no holes yet"))),
        Value::List(items) => Value::List(items.iter().map(with_holes).collect()),
        Value::Object(entries) => {
            for (word, holds) in [("if", true), ("unless", false)] {
                if let (Some(name), Some(then)) = (value.get(word).and_then(Value::as_str), value.get("then"))
                {
                    let name = name.into();
                    return Value::Guarded(vec![GuardLiteral { name, holds }], Box::new(with_holes(then)));
                }
            }
            let entries = entries.iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), with_holes(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn holed(text: &str) -> Text {
    let mut pieces = Vec::new();
    for (at, part) in text.split("{{").enumerate() {
        let literal = match part.split_once("}}") {
            Some((hole, rest)) if at > 0 => {
                pieces.push(TextPiece::Hole(HoleId::new(hole)));
                rest
            }
            _ => part,
        };
        if !literal.is_empty() {
            pieces.push(TextPiece::Lit(literal.to_owned()));
        }
    }
    Text(pieces)
}
