//! From a property that holds a policy document to the value the policy parser reads: conditionals are pushed out to
//! the statements, which get guards, and each statement keeps its place.

use crate::extract::GapReason;
use crate::iam::{HoleId, Invalid, Text, TextPiece, Value, parse_json};
use crate::source::{NodeKind, Place};

use super::intrinsics::{Head, head, resolve};
use super::syntax::{View, key_text};
use super::template::{Scope, Template};
use super::values::{Symbolic, World, alternatives, describe, merged, only_hole};

/// Around the number of a hole in JSON text while it is parsed.
const MARKS: (char, char) = ('\u{E000}', '\u{E001}');

/// What a property holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// No document in any world.
    Absent,
    /// A document.
    Document(Drawn),
    /// A text that is no JSON.
    Invalid(Invalid),
}

/// A document for the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawn {
    /// The document; its conditional statements are guarded.
    pub value: Value,
    /// The places of its statements.
    pub statements: Vec<Place>,
}

/// What is put together while a document is read.
#[derive(Default)]
struct Draft {
    /// All but the statements; `None` until something was read.
    rest: Option<Vec<(String, Value)>>,
    elements: Vec<Element>,
    without_statements: bool,
    raw: Option<Value>,
    invalid: Option<Invalid>,
}

/// One statement of the source, in the worlds in which it is there.
struct Element {
    place: Place,
    alternatives: Vec<(World, Value)>,
}

/// Reads a document. The worlds are those in which the property is there.
pub(super) fn read_document(
    template: &Template<'_>,
    worlds: &[World],
    view: View<'_>,
) -> Result<Found, GapReason> {
    let place = template.place(view.span);
    let mut draft = Draft::default();
    for (found, worlds) in heads(template, worlds, view)? {
        match found {
            Head::Missing => {}
            Head::Node(node) => match node.kind {
                NodeKind::Map(_) => read_mapping(template, &worlds, node, &mut draft)?,
                NodeKind::Scalar(..) | NodeKind::List(_) => {
                    let values = alternatives(&worlds, |world| resolve(node, Scope::new(template, world)))?;
                    read_values(values, place, template, &mut draft)?;
                }
            },
            Head::Value(value) => {
                let values = worlds.into_iter().map(|world| (world, value.clone())).collect();
                read_values(values, place, template, &mut draft)?;
            }
        }
    }
    Ok(finish(draft, template, place))
}

/// Reads a property that holds one statement as a document with that statement.
pub(super) fn read_statement(
    template: &Template<'_>,
    worlds: &[World],
    view: View<'_>,
) -> Result<Found, GapReason> {
    let mut draft = Draft {
        rest: Some(vec![("Version".to_owned(), Value::text("2012-10-17"))]),
        ..Draft::default()
    };
    let place = template.place(view.span);
    let mut values = Vec::new();
    for (world, value) in alternatives(worlds, |world| resolve(view, Scope::new(template, world)))? {
        match value {
            Symbolic::Missing => continue,
            Symbolic::Text(text) => match parse_text(&text)? {
                Ok(value) => values.push((world, value)),
                Err(invalid) => return Ok(Found::Invalid(invalid)),
            },
            value => values.push((world, known(value, "the statement", template)?)),
        }
    }
    if values.is_empty() {
        return Ok(Found::Absent);
    }
    draft.elements.push(Element {
        place,
        alternatives: values,
    });
    Ok(finish(draft, template, place))
}

/// The heads of a node, each with the worlds it stands for.
pub(super) fn heads<'n>(
    template: &Template<'_>,
    worlds: &[World],
    view: View<'n>,
) -> Result<Vec<(Head<'n>, Vec<World>)>, GapReason> {
    let mut groups: Vec<(Head<'n>, Vec<World>)> = Vec::new();
    for (world, found) in alternatives(worlds, |world| head(view, Scope::new(template, world)))? {
        match groups.iter_mut().find(|(known, _)| same(known, &found)) {
            Some((_, worlds)) => worlds.push(world),
            None => groups.push((found, vec![world])),
        }
    }
    Ok(groups)
}

fn same(left: &Head<'_>, right: &Head<'_>) -> bool {
    match (left, right) {
        (Head::Node(left), Head::Node(right)) => std::ptr::eq(left.kind, right.kind) && left.tag == right.tag,
        (Head::Value(left), Head::Value(right)) => left == right,
        (Head::Missing, Head::Missing) => true,
        (Head::Node(_) | Head::Value(_) | Head::Missing, _) => false,
    }
}

fn read_mapping(
    template: &Template<'_>,
    worlds: &[World],
    node: View<'_>,
    draft: &mut Draft,
) -> Result<(), GapReason> {
    let mut rest = Vec::new();
    let mut has_statements = false;
    for (key, value) in node.entries().unwrap_or_default() {
        let key =
            key_text(key).ok_or_else(|| GapReason::UnexpectedShape("a key is not a text".to_owned()))?;
        if key == "Statement" {
            has_statements = true;
            read_statements(template, worlds, View::of(value), draft)?;
            continue;
        }
        let found = alternatives(worlds, |world| {
            resolve(View::of(value), Scope::new(template, world))
        })?;
        let mut values = found.into_iter().map(|(_, value)| value);
        let Some(first) = values.next() else { continue };
        if values.any(|value| value != first) {
            return Err(GapReason::Unsupported(format!(
                "a condition decides the `{key}` of the document"
            )));
        }
        if let Some(first) = first.into_value() {
            rest.push((key.to_owned(), first));
        }
    }
    draft.without_statements |= !has_statements;
    add_rest(rest, draft)
}

fn add_rest(rest: Vec<(String, Value)>, draft: &mut Draft) -> Result<(), GapReason> {
    match &draft.rest {
        // The id of a document says nothing of what it allows.
        Some(known)
            if !known
                .iter()
                .filter(|(key, _)| key != "Id")
                .eq(rest.iter().filter(|(key, _)| key != "Id")) =>
        {
            Err(GapReason::Unsupported(
                "conditions choose between documents that differ in more than statements".to_owned(),
            ))
        }
        Some(_) => Ok(()),
        None => {
            draft.rest = Some(rest);
            Ok(())
        }
    }
}

fn read_statements(
    template: &Template<'_>,
    worlds: &[World],
    view: View<'_>,
    draft: &mut Draft,
) -> Result<(), GapReason> {
    for (found, worlds) in heads(template, worlds, view)? {
        match found {
            Head::Missing => {
                return Err(GapReason::UnexpectedShape(
                    "`Statement` is `AWS::NoValue`".to_owned(),
                ));
            }
            Head::Node(node) => match node.items() {
                Some(items) => {
                    for item in items {
                        draft
                            .elements
                            .extend(read_element(template, &worlds, View::of(item))?);
                    }
                }
                None => draft.elements.extend(read_element(template, &worlds, node)?),
            },
            Head::Value(value) => {
                let place = template.place(view.span);
                match value {
                    Symbolic::List(items) => {
                        for item in items {
                            let value = known(item, "a statement", template)?;
                            draft.elements.push(element(place, &worlds, value));
                        }
                    }
                    value => {
                        let value = known(value, "`Statement`", template)?;
                        draft.elements.push(element(place, &worlds, value));
                    }
                }
            }
        }
    }
    Ok(())
}

fn element(place: Place, worlds: &[World], value: Value) -> Element {
    Element {
        place,
        alternatives: worlds
            .iter()
            .map(|world| (world.clone(), value.clone()))
            .collect(),
    }
}

fn read_element(
    template: &Template<'_>,
    worlds: &[World],
    view: View<'_>,
) -> Result<Option<Element>, GapReason> {
    let mut place = None;
    let mut found = Vec::new();
    for (world, value) in alternatives(worlds, |world| resolve(view, Scope::new(template, world)))? {
        if value == Symbolic::Missing {
            continue;
        }
        if place.is_none()
            && let Ok(Head::Node(node)) = head(view, Scope::new(template, &world))
        {
            place = Some(template.place(node.span));
        }
        found.push((world, known(value, "a statement", template)?));
    }
    if found.is_empty() {
        return Ok(None);
    }
    Ok(Some(Element {
        place: place.unwrap_or(template.place(view.span)),
        alternatives: found,
    }))
}

/// The value, unless nothing at all is known of it.
fn known(value: Symbolic, what: &str, template: &Template<'_>) -> Result<Value, GapReason> {
    let hole = match &value {
        Symbolic::Unknown(hole) => Some(hole),
        Symbolic::Text(text) => only_hole(text),
        Symbolic::Missing | Symbolic::Null | Symbolic::Bool(_) | Symbolic::List(_) | Symbolic::Map(_) => None,
    };
    if let Some(hole) = hole {
        return Err(GapReason::UnknownUntilApply(format!(
            "{what} depends on {}",
            origin(hole, template)
        )));
    }
    value
        .into_value()
        .ok_or_else(|| GapReason::UnexpectedShape(format!("{what} is `AWS::NoValue`")))
}

/// Where a hole comes from, for users.
pub(super) fn origin(hole: &HoleId, template: &Template<'_>) -> String {
    template
        .hole(hole)
        .map_or_else(|| hole.0.to_string(), |hole| hole.origin)
}

/// Documents that are one value in each world: JSON texts, and what functions give.
fn read_values(
    values: Vec<(World, Symbolic)>,
    place: Place,
    template: &Template<'_>,
    draft: &mut Draft,
) -> Result<(), GapReason> {
    let mut elements: Vec<Element> = Vec::new();
    for (world, value) in values {
        let value = match value {
            Symbolic::Missing => continue,
            Symbolic::Text(text) if only_hole(&text).is_none() => match parse_text(&text)? {
                Ok(value) => value,
                Err(invalid) => {
                    draft.invalid = Some(invalid);
                    return Ok(());
                }
            },
            value => known(value, "the document", template)?,
        };
        let Value::Object(entries) = value else {
            draft.raw = Some(value);
            return Ok(());
        };
        let mut rest = Vec::new();
        let mut statements = None;
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("Statement", Value::List(items)) => statements = Some(items),
                ("Statement", single) => statements = Some(vec![single]),
                (_, value) => rest.push((key, value)),
            }
        }
        draft.without_statements |= statements.is_none();
        add_rest(rest, draft)?;
        for (position, statement) in statements.unwrap_or_default().into_iter().enumerate() {
            match elements.get_mut(position) {
                Some(element) => element.alternatives.push((world.clone(), statement)),
                None => elements.push(Element {
                    place,
                    alternatives: vec![(world.clone(), statement)],
                }),
            }
        }
    }
    draft.elements.extend(elements);
    Ok(())
}

/// Parses JSON text in which parts may be holes. A hole is taken for text inside one string: a value with quotation
/// marks that would change the structure is not deployed as what the template shows.
fn parse_text(text: &Text) -> Result<Result<Value, Invalid>, GapReason> {
    if let Some(text) = text.as_literal() {
        return Ok(parse_json(text));
    }
    let mut marked = String::new();
    let mut holes = Vec::new();
    for piece in &text.0 {
        match piece {
            TextPiece::Lit(lit) => {
                if lit.contains([MARKS.0, MARKS.1]) || lit.to_ascii_lowercase().contains("\\ue00") {
                    return Err(GapReason::Unsupported(
                        "a private-use character in a text with unknown parts".to_owned(),
                    ));
                }
                marked.push_str(lit);
            }
            TextPiece::Hole(hole) => {
                marked.push_str(&format!("{}{}{}", MARKS.0, holes.len(), MARKS.1));
                holes.push(hole.clone());
            }
        }
    }
    let unknown = || {
        GapReason::UnknownUntilApply(format!(
            "the structure of the text depends on {}",
            describe(&Text(holes.iter().cloned().map(TextPiece::Hole).collect(),))
        ))
    };
    match parse_json(&marked) {
        Ok(value) => unmark(value, &holes).map(Ok).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

fn unmark(value: Value, holes: &[HoleId]) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(unmark_text(text.as_literal()?, holes)?),
        Value::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| unmark(item, holes))
                .collect::<Option<Vec<_>>>()?,
        ),
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (!key.contains(MARKS.0)).then_some((key, unmark(value, holes)?)))
                .collect::<Option<Vec<_>>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Unknown(_) | Value::Guarded(..) => value,
    })
}

fn unmark_text(text: &str, holes: &[HoleId]) -> Option<Text> {
    let mut found = Text::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARKS.0) {
        let (number, after) = after.split_once(MARKS.1)?;
        found.push(TextPiece::Lit(before.to_owned()));
        found.push(TextPiece::Hole(holes.get(number.parse::<usize>().ok()?)?.clone()));
        rest = after;
    }
    found.push(TextPiece::Lit(rest.to_owned()));
    Some(found)
}

fn finish(draft: Draft, template: &Template<'_>, place: Place) -> Found {
    if let Some(invalid) = draft.invalid {
        return Found::Invalid(invalid);
    }
    if let Some(value) = draft.raw {
        return Found::Document(Drawn {
            value,
            statements: vec![place],
        });
    }
    let Some(mut entries) = draft.rest else {
        return Found::Absent;
    };
    if draft.without_statements {
        return Found::Document(Drawn {
            value: Value::Object(entries),
            statements: Vec::new(),
        });
    }
    let mut statements = Vec::new();
    let mut values = Vec::new();
    for element in draft.elements {
        statements.push(element.place);
        values.push(guarded(element.alternatives, template));
    }
    entries.push(("Statement".to_owned(), Value::List(values)));
    Found::Document(Drawn {
        value: Value::Object(entries),
        statements,
    })
}

/// One element of the statement list: the statement itself, or a list of its guarded alternatives.
fn guarded(alternatives: Vec<(World, Value)>, template: &Template<'_>) -> Value {
    let mut values: Vec<Value> = merged(alternatives)
        .into_iter()
        .map(|(world, value)| match template.guard(&world) {
            guard if guard.is_empty() => value,
            guard => Value::Guarded(guard, Box::new(value)),
        })
        .collect();
    match (values.len(), values.pop()) {
        (1, Some(value)) => value,
        (_, last) => {
            values.extend(last);
            Value::List(values)
        }
    }
}
