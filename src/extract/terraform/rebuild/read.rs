//! Documents that `source_policy_documents` and the like give as JSON text, read as the provider reads them: it keeps
//! less than was written, and what it loses is lost in the document that is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::iam::{Text, TextPiece, Value, parse_json};
use crate::source::Place;

use super::Why;
use super::merge::Statement;
use super::statement::principals;

/// Version and statements of a JSON text. `Err` where the provider refuses it, or where it is not sure what it makes of it.
pub(super) fn read(text: &str, place: Place) -> Result<(String, Vec<Statement>), Why> {
    let value = parse_json(text).map_err(|_| wrong("is no JSON that can be read"))?;
    let members = members(value, &["Version", "Id", "Statement"])?;
    let text_of = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.as_literal().unwrap_or_default().to_owned()),
        Some(_) => Err(wrong("has a `Version` or `Id` that is no text")),
    };
    let (version, _) = (text_of("Version")?, text_of("Id")?);
    let list = match members.get("Statement") {
        None | Some(Value::Null) => &[][..],
        Some(Value::List(list)) => list.as_slice(),
        Some(_) => {
            return Err(wrong(
                "has a `Statement` that is no list, which the provider refuses",
            ));
        }
    };
    let statements = list.iter().map(|value| statement(value, place));
    Ok((version, statements.collect::<Result<_, _>>()?))
}

fn wrong(what: &str) -> Why {
    Why::told(format!("merges a document that {what}"))
}

/// The members that the provider knows; it passes over the others. Names in another case are as good to it.
fn members(value: Value, known: &[&str]) -> Result<BTreeMap<String, Value>, Why> {
    let Value::Object(entries) = value else {
        return Err(wrong("has something else where an object must be"));
    };
    let mut members = BTreeMap::new();
    for (name, value) in entries {
        if known.contains(&name.as_str()) {
            members.insert(name, value);
        } else if known.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            return Err(wrong("has an element whose name is in another case"));
        }
    }
    Ok(members)
}

fn statement(value: &Value, place: Place) -> Result<Statement, Why> {
    const ELEMENTS: [&str; 9] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
    ];
    let mut made = Vec::new();
    let mut sid = None;
    for (name, value) in members(value.clone(), &ELEMENTS)? {
        let value = match (name.as_str(), value) {
            ("Sid" | "Effect", Value::Null) => continue,
            ("Sid" | "Effect", Value::String(text)) if text.as_literal() == Some("") => continue,
            ("Sid" | "Effect", value @ Value::String(_)) => {
                if name == "Sid" {
                    sid = value.as_str().map(Arc::from);
                }
                value
            }
            ("Sid" | "Effect", _) => return Err(wrong("has a `Sid` or `Effect` that is no text")),
            ("Principal" | "NotPrincipal", value) => match principal(value)? {
                Some(value) => value,
                None => continue,
            },
            ("Condition", value) => match condition(value)? {
                Some(value) => value,
                None => continue,
            },
            (_, Value::Null) => continue,
            (_, value) => value,
        };
        made.push((name, value));
    }
    Ok(Statement {
        sid,
        value: Arc::new(Value::Object(made)),
        place,
        block: None,
    })
}

/// A text of any content is read as everyone.
fn principal(value: Value) -> Result<Option<Value>, Why> {
    let groups = match value {
        Value::String(_) => return Ok(Some(Value::text("*"))),
        Value::Object(groups) => groups,
        _ => return Err(wrong("has a principal that the provider refuses")),
    };
    let mut read = Vec::new();
    for (group, value) in groups {
        let texts = match value {
            Value::String(text) => vec![text],
            Value::List(items) => texts(items).ok_or_else(|| wrong("has a principal that is no text"))?,
            _ => return Err(wrong("has a principal that the provider refuses")),
        };
        read.push((Text(vec![TextPiece::Lit(group)]), texts));
    }
    Ok(principals(read))
}

fn texts(items: Vec<Value>) -> Option<Vec<Text>> {
    let text = |item| match item {
        Value::String(text) => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect()
}

/// Numbers, `null` and objects are dropped with their keys; `None` when nothing is left.
fn condition(value: Value) -> Result<Option<Value>, Why> {
    let tests = match value {
        Value::Null => return Ok(None),
        Value::Object(tests) => tests,
        _ => return Err(wrong("has a condition that the provider refuses")),
    };
    let mut kept = Vec::new();
    for (test, variables) in tests {
        let variables = match variables {
            Value::Null => continue,
            Value::Object(variables) => variables,
            _ => return Err(wrong("has a condition that the provider refuses")),
        };
        let mut values = Vec::new();
        for (variable, value) in variables {
            let value = match value {
                value @ Value::String(_) => value,
                Value::Bool(value) => Value::text(value.to_string()),
                Value::List(items) => {
                    let texts = texts(items).ok_or_else(|| {
                        wrong("lists a condition value that is no text, which ends the provider")
                    })?;
                    Value::List(texts.into_iter().map(Value::String).collect())
                }
                _ => continue,
            };
            values.push((variable, value));
        }
        if !values.is_empty() {
            kept.push((test, Value::Object(values)));
        }
    }
    Ok((!kept.is_empty()).then_some(Value::Object(kept)))
}
