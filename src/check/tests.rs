//! Verdicts on small documents, as data: one row a question. `{{P}}` in a string is a hole, `{"?": "H"}` a value that is
//! unknown as a whole, `{"if": "C", "then": …}` and `{"unless": "C", "then": …}` a statement under a condition.

mod access;
mod axioms;
mod equivalent;
mod granted;
mod holes;
mod limits;
mod providers;
mod readings;
mod strangers;
mod variables;

use std::sync::Arc;

use crate::check::{
    AccessBox, Check, Finding, Options, Reference, ServicePrincipals, Subject, Trust, Verdict, Violation,
    check, elements, prepare,
};
use crate::extract::{Before, Hole, PolicyKind};
use crate::formula::Axioms;
use crate::iam::{
    GuardLiteral, HoleId, PolicyDocument, Text, TextPiece, Value, parse_condition_block, parse_document,
    parse_json, parse_reference,
};

/// What is known besides the document.
#[derive(Default)]
struct Known<'a> {
    holes: Vec<Hole>,
    facts: Vec<(Arc<str>, bool)>,
    resource_type: Option<&'a str>,
    account: Option<&'a str>,
    options: Options,
}

/// A document of these statements, under the current version.
fn statements(text: &str) -> Value {
    with_holes(&parse_json(&format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#)).expect(text))
}

fn document(text: &str, kind: PolicyKind) -> PolicyDocument {
    let parsed = parse_document(&statements(text), kind.document_kind());
    parsed.unwrap_or_else(|error| panic!("{text}: {error}")).document
}

fn with_holes(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text_with_holes(text.as_literal().expect("no holes yet"))),
        Value::List(items) => Value::List(items.iter().map(with_holes).collect()),
        Value::Object(entries) => {
            if let Some(hole) = value.get("?").and_then(Value::as_str) {
                return Value::Unknown(HoleId::new(hole));
            }
            for (word, holds) in [("if", true), ("unless", false)] {
                if let (Some(name), Some(then)) = (value.get(word).and_then(Value::as_str), value.get("then"))
                {
                    let literal = GuardLiteral {
                        name: name.into(),
                        holds,
                    };
                    return Value::Guarded(vec![literal], Box::new(with_holes(then)));
                }
            }
            Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), with_holes(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn text_with_holes(text: &str) -> Text {
    let mut pieces = Vec::new();
    for (index, part) in text.split("{{").enumerate() {
        let literal = match part.split_once("}}") {
            Some((hole, literal)) if index > 0 => {
                pieces.push(TextPiece::Hole(HoleId::new(hole)));
                literal
            }
            _ => part,
        };
        if !literal.is_empty() {
            pieces.push(TextPiece::Lit(literal.to_owned()));
        }
    }
    Text(pieces)
}

/// A parameter with a default and the only values it can take.
fn parameter(name: &str, default: Option<&str>, allowed: &[&str]) -> Hole {
    Hole {
        id: HoleId::new(name),
        origin: format!("parameter {name}"),
        default: default.map(str::to_owned),
        allowed: allowed.iter().map(|&value| value.to_owned()).collect(),
        stable: true,
        plain: false,
    }
}

fn granted(actions: &[&str], resources: &[&str]) -> Check {
    Check::AccessNotGranted {
        boxes: vec![access(actions, resources, &[], "")],
    }
}

/// A box of requests; an empty `when` is none.
fn access(actions: &[&str], resources: &[&str], principals: &[&str], when: &str) -> AccessBox {
    let when = if when.is_empty() {
        Vec::new()
    } else {
        parse_condition_block(&parse_json(when).expect(when))
            .expect(when)
            .0
    };
    AccessBox {
        actions: actions
            .iter()
            .map(|text| elements::action(text).expect(text))
            .collect(),
        resources: resources
            .iter()
            .map(|text| elements::resource(text).expect(text))
            .collect(),
        principals: principals
            .iter()
            .map(|text| elements::principal(text).expect(text))
            .collect(),
        when,
    }
}

fn no_more_than(reference: &str, kind: PolicyKind) -> Check {
    let parsed = parse_reference(&statements(reference), kind.document_kind());
    let parsed = parsed.unwrap_or_else(|error| panic!("{reference}: {error}"));
    Check::NoNewAccess {
        reference: Reference::Document(Arc::new(parsed.document)),
    }
}

fn public() -> Check {
    Check::NoPublicAccess { resource_type: None }
}

/// No access from outside account 123456789012, organization `o-ours` and one role, `10.0.0.0/8` and one endpoint.
fn external() -> Check {
    Check::NoExternalAccess {
        trust: Trust {
            accounts: vec!["123456789012".to_owned()],
            organizations: vec!["o-ours".to_owned()],
            principals: vec!["arn:aws:iam::999988887777:role/auditor".to_owned()],
            networks: vec!["10.0.0.0/8".to_owned(), "vpce-1a2b3c4d".to_owned()],
            service_principals: ServicePrincipals::Trusted,
        },
    }
}

fn verdict(asked: &Check, document: &PolicyDocument, kind: PolicyKind, known: &Known<'_>) -> Verdict {
    let prepared = prepare(Subject {
        document,
        kind,
        resource_type: known.resource_type,
        holes: &known.holes,
        before: &Before::NotTold,
        default_facts: &known.facts,
        account: known.account,
        whole: None,
    });
    check(asked, &prepared, &known.options)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass(_) => "PASS",
        Verdict::Fail(_) | Verdict::Noted(_) => "FAIL",
        Verdict::Undecided(_) => "UNDECIDED",
        Verdict::Error(_) => "ERROR",
        Verdict::Internal(_) => "INTERNAL",
    }
}

/// The one check: the verdict on each document of these statements.
fn check_rows(asked: &Check, kind: PolicyKind, known: &Known<'_>, rows: &[(&str, &str)]) {
    let wrong = rows.iter().filter_map(|(text, expected)| {
        let verdict = verdict(asked, &document(text, kind), kind, known);
        (word(&verdict) != *expected).then(|| format!("{expected} expected: {text}\n  {verdict:?}\n"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{asked:?}\n{}", wrong.concat());
}

/// The finding on a document that violates the check.
fn finding(asked: &Check, text: &str, kind: PolicyKind, known: &Known<'_>) -> Finding {
    match verdict(asked, &document(text, kind), kind, known) {
        Verdict::Fail(finding) => *finding,
        other => panic!("{text}: {other:?}"),
    }
}
