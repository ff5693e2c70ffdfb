//! What the pattern of a parameter tells, written into documents: a value that is not known is spelled as the texts and
//! the smaller unknown values that it consists of. `arn:aws:iam::\\d{12}:role/.*` makes two unknown values of one, with
//! known text around them. That holds for each way to cut a value into its parts, so none is chosen.

use crate::extract::{Hole, is_plain};
use crate::iam::{
    DocumentKind, HoleId, Invalid, Parsed, Piece, Text, TextPiece, Value, parse_aws_principal, parse_document,
};

use super::parameters::Parameter;
use super::pattern::{Language, Part};
use super::template::Template;
use super::values::literal;

/// Parses a document with its parameters spelled out; as it is where that is no document, which may be as the pattern says
/// less than the place asks for. Gives the value that was parsed too.
pub(super) fn parse_narrowed(
    value: Value,
    kind: DocumentKind,
    template: &Template<'_>,
) -> (Value, Result<Parsed, Invalid>) {
    let spelled_out = narrowed(value.clone(), template);
    if spelled_out != value
        && let Ok(parsed) = parse_document(&spelled_out, kind)
    {
        return (spelled_out, Ok(parsed));
    }
    let parsed = parse_document(&value, kind);
    (value, parsed)
}

/// The document with its parameters spelled out.
fn narrowed(value: Value, template: &Template<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(spelled(&text, template)),
        Value::List(items) => Value::List(items.into_iter().map(|item| narrowed(item, template)).collect()),
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = match key.as_str() {
                        "Principal" | "NotPrincipal" => principals(value, template),
                        _ => value,
                    };
                    (key, narrowed(value, template))
                })
                .collect(),
        ),
        Value::Guarded(guard, value) => Value::Guarded(guard, Box::new(narrowed(*value, template))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Unknown(_) => value,
    }
}

/// The principals of an element: an account id that is a parameter is written as the ARN that it stands for.
fn principals(value: Value, template: &Template<'_>) -> Value {
    let Value::Object(kinds) = value else {
        return value;
    };
    let account = |value: Value| match value {
        Value::String(text) => Value::String(account_root(text, template)),
        other => other,
    };
    let kinds = kinds
        .into_iter()
        .map(|(kind, value)| match (kind.as_str(), value) {
            ("AWS", Value::List(items)) => (kind, Value::List(items.into_iter().map(account).collect())),
            ("AWS", value) => (kind, account(value)),
            (_, value) => (kind, value),
        });
    Value::Object(kinds.collect())
}

/// The text of a principal with its parameters spelled out, where that is the form of a principal.
pub(super) fn principal_text(text: &Text, template: &Template<'_>) -> Text {
    let found = account_root(spelled(text, template), template);
    let pieces = found.0.iter().flat_map(|piece| match piece {
        TextPiece::Lit(lit) => lit.chars().map(Piece::Char).collect(),
        TextPiece::Hole(hole) => vec![Piece::Hole(hole.clone())],
    });
    match parse_aws_principal(&pieces.collect()) {
        Some(_) => found,
        None => text.clone(),
    }
}

/// The root ARN of an account that a parameter names by its id; other texts as they are.
fn account_root(text: Text, template: &Template<'_>) -> Text {
    let is_account = match text.0.as_slice() {
        [TextPiece::Hole(hole)] => {
            parameter(hole, template).is_some_and(|(_, language)| is_account(language))
        }
        _ => false,
    };
    if !is_account {
        return text;
    }
    let mut root = literal("arn:aws:iam::");
    super::values::append(&mut root, &text);
    root.push(TextPiece::Lit(":root".to_owned()));
    root
}

fn is_account(language: &Language) -> bool {
    matches!(language.parts(), [Part::Some(run)] if run.is_account())
}

/// The text with its parameters spelled out; what is known of them is noted with the template.
fn spelled(text: &Text, template: &Template<'_>) -> Text {
    let mut found = Text::default();
    for piece in &text.0 {
        match piece {
            TextPiece::Hole(hole) => match parameter(hole, template) {
                Some((parameter, language)) if language.parts().len() > 1 => {
                    parts(hole, parameter, language, template, &mut found);
                }
                _ => found.push(piece.clone()),
            },
            TextPiece::Lit(_) => found.push(piece.clone()),
        }
    }
    found
}

/// The parameter of the outermost template that a hole is the value of, and the language of its values.
fn parameter<'t>(hole: &HoleId, template: &Template<'t>) -> Option<(&'t Parameter, &'t Language)> {
    let mut outermost = *template;
    while let Some((holder, _)) = outermost.holder() {
        outermost = holder;
    }
    let parameter = outermost.parameter(&hole.0)?;
    Some((parameter, parameter.language.as_ref()?))
}

/// Whether a text is surely no value of a parameter.
pub(super) fn excludes(hole: &HoleId, text: &str, template: &Template<'_>) -> bool {
    parameter(hole, template).is_some_and(|(_, language)| !language.may_hold(text))
}

fn parts(
    hole: &HoleId,
    parameter: &Parameter,
    language: &Language,
    template: &Template<'_>,
    found: &mut Text,
) {
    for (at, part) in language.parts().iter().enumerate() {
        let (allowed, plain) = match part {
            Part::Literal(text) => {
                found.push(TextPiece::Lit(text.clone()));
                continue;
            }
            Part::OneOf(texts) => (texts.clone(), texts.iter().all(|text| is_plain(text))),
            Part::Some(run) => (Vec::new(), run.is_plain()),
        };
        let name = format!("{} (part {})", hole.0, at + 1);
        let id = template.note_hole(Hole {
            id: HoleId::new(&name),
            origin: format!("parameter {name}"),
            default: parameter
                .default_parts
                .as_ref()
                .and_then(|parts| parts.get(at))
                .cloned(),
            allowed,
            // In another version of the template the parts may be others.
            stable: false,
            plain,
        });
        found.push(TextPiece::Hole(id));
    }
}
