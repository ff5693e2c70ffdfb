//! Resolving a value in a world: scalars, lists, mappings and the intrinsic functions. Functions that are not here, and
//! those that rewrite the template, are faults: nothing is ever skipped.

use crate::extract::Hole;
use crate::iam::{HoleId, Text, TextPiece};
use crate::source::NodeKind;

use super::conditions::condition_named;
use super::exported::Imported;
use super::references::{attribute, reference};
use super::syntax::{Call, View, boolean, call, is_expansion, is_null, key_text};
use super::template::Scope;
use super::values::{Fault, Symbolic, append, describe, literal, text_holes};

/// What to do about a construct that is not supported.
pub(super) const PROCESSED: &str =
    "pass the processed template (aws cloudformation get-template --template-stage Processed)";

/// Resolves a value.
pub(super) fn resolve(view: View<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let scope = scope.deeper()?;
    if let Some(call) = call(view)? {
        return apply(&call, scope);
    }
    match view.kind {
        NodeKind::Scalar(text, style) => {
            if is_null(text, *style) {
                return Ok(Symbolic::Null);
            }
            match boolean(text, *style) {
                Some(value) => Ok(Symbolic::Bool(value)),
                None => Ok(Symbolic::Text(dynamic(literal(text.clone()), scope))),
            }
        }
        NodeKind::List(items) => {
            let mut resolved = Vec::with_capacity(items.len());
            for item in items {
                match resolve(View::of(item), scope)? {
                    Symbolic::Missing => {}
                    value => resolved.push(value),
                }
            }
            Ok(Symbolic::List(resolved))
        }
        NodeKind::Map(entries) => {
            let mut resolved = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let key = key_text(key).ok_or_else(|| Fault::shape("a key is not a text"))?;
                match resolve(View::of(value), scope)? {
                    Symbolic::Missing => {}
                    value => resolved.push((key.to_owned(), value)),
                }
            }
            Ok(Symbolic::Map(resolved))
        }
    }
}

/// A node behind the conditionals around it, where that can be told without resolving its content.
#[derive(Debug, Clone)]
pub(super) enum Head<'n> {
    /// A list, a mapping or a scalar of the template, which is no call.
    Node(View<'n>),
    /// What a function gives.
    Value(Symbolic),
    /// Nothing: `AWS::NoValue`.
    Missing,
}

/// Resolves the conditionals around a node, and no more.
pub(super) fn head<'n>(view: View<'n>, scope: Scope<'_, '_>) -> Result<Head<'n>, Fault> {
    let scope = scope.deeper()?;
    match call(view)? {
        None => Ok(Head::Node(view)),
        Some(call) if call.name == "Fn::If" => head(branch(&call, scope)?, scope),
        // The text of a structure is judged as the structure.
        Some(call) if call.name == "Fn::ToJsonString" => head(call.argument, scope),
        Some(call) => Ok(match apply(&call, scope)? {
            Symbolic::Missing => Head::Missing,
            value => Head::Value(value),
        }),
    }
}

fn apply(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let argument = call.argument;
    match call.name.as_str() {
        "Ref" => {
            let name = argument.scalar().ok_or_else(|| malformed(call))?;
            reference(name, scope)
        }
        "Fn::GetAtt" => get_att(call, scope),
        "Fn::Sub" => sub(call, scope),
        "Fn::Join" => join(call, scope),
        "Fn::Select" => select(call, scope),
        "Fn::Split" => split(call, scope),
        "Fn::If" => resolve(branch(call, scope)?, scope),
        "Fn::FindInMap" => find_in_map(call, scope),
        "Fn::Length" => length(call, scope),
        "Fn::ImportValue" => {
            let name = resolve(argument, scope)?;
            let known = name
                .as_literal()
                .and_then(|name| scope.template.options.exports.get(&name).cloned());
            if let Some(known) = known {
                return Ok(Symbolic::literal(known));
            }
            let imported = name
                .as_literal()
                .and_then(|name| scope.template.options.imports.get(&name).cloned());
            if let Some(Imported { text, holes }) = imported {
                for hole in holes {
                    scope.template.note_hole(hole);
                }
                return Ok(Symbolic::Text(text));
            }
            let hole = Hole {
                id: HoleId::new(&format!("Fn::ImportValue({})", name.describe())),
                origin: format!("import {}", name.describe()),
                default: None,
                allowed: Vec::new(),
                stable: false,
                plain: false,
            };
            Ok(Symbolic::hole(scope.template.note_hole(hole)))
        }
        "Fn::Base64" => {
            let value = resolve(argument, scope)?;
            Ok(Symbolic::hole(derived(&call.name, &[&value], scope)))
        }
        "Fn::GetAZs" | "Fn::Cidr" => {
            let value = resolve(argument, scope)?;
            Ok(Symbolic::Unknown(derived(&call.name, &[&value], scope)))
        }
        // Only as a part of a text: a document that is one is judged as its structure.
        "Fn::ToJsonString" => {
            let value = resolve(argument, scope)?;
            Ok(Symbolic::Unknown(derived(&call.name, &[&value], scope)))
        }
        name if is_expansion(name) => Err(Fault::unsupported(format!(
            "`{name}` is not expanded; {PROCESSED}"
        ))),
        name => Err(Fault::unsupported(format!(
            "`{name}` is not supported; {PROCESSED}"
        ))),
    }
}

/// The hole that a function of these values gives.
fn derived(function: &str, arguments: &[&Symbolic], scope: Scope<'_, '_>) -> HoleId {
    let spelled = arguments
        .iter()
        .map(|value| value.describe())
        .collect::<Vec<_>>()
        .join(", ");
    let holes: Vec<HoleId> = arguments.iter().flat_map(|value| value.holes()).collect();
    scope
        .template
        .derived_hole(&format!("{function}({spelled})"), &holes)
}

fn malformed(call: &Call<'_>) -> Fault {
    Fault::shape(format!(
        "`{}` is not used as CloudFormation defines it",
        call.name
    ))
}

/// The branch that an `Fn::If` takes.
fn branch<'n>(call: &Call<'n>, scope: Scope<'_, '_>) -> Result<View<'n>, Fault> {
    let Some([condition, then, otherwise]) = call.argument.items() else {
        return Err(malformed(call));
    };
    let name = View::of(condition).scalar().ok_or_else(|| malformed(call))?;
    Ok(View::of(if condition_named(name, scope)? {
        then
    } else {
        otherwise
    }))
}

fn get_att(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    if let Some(text) = call.argument.scalar() {
        let (resource, name) = text.split_once('.').ok_or_else(|| malformed(call))?;
        return attribute(resource, name, scope);
    }
    let Some([resource, name]) = call.argument.items() else {
        return Err(malformed(call));
    };
    let resource = View::of(resource).scalar().ok_or_else(|| malformed(call))?;
    let name = resolve(View::of(name), scope)?;
    match name.as_literal() {
        Some(name) => attribute(resource, &name, scope),
        None => Ok(Symbolic::Unknown(derived(
            &call.name,
            &[&Symbolic::literal(resource), &name],
            scope,
        ))),
    }
}

fn text_of(view: View<'_>, call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Text, Fault> {
    let value = resolve(view, scope)?;
    value.as_text().ok_or_else(|| malformed(call))
}

fn sub(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let (template, variables) = match (call.argument.scalar(), call.argument.items()) {
        (Some(template), _) => (template, None),
        (None, Some([template, variables])) => (
            View::of(template).scalar().ok_or_else(|| malformed(call))?,
            Some(View::of(variables).entries().ok_or_else(|| malformed(call))?),
        ),
        _ => return Err(malformed(call)),
    };
    let mut text = Text::default();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        text.push(TextPiece::Lit(before.to_owned()));
        let Some((name, after)) = after.split_once('}') else {
            text.push(TextPiece::Lit("${".to_owned()));
            rest = after;
            continue;
        };
        rest = after;
        if let Some(quoted) = name.strip_prefix('!') {
            text.push(TextPiece::Lit(format!("${{{quoted}}}")));
            continue;
        }
        let variable = variables
            .unwrap_or_default()
            .iter()
            .find(|(key, _)| key_text(key) == Some(name))
            .map(|(_, value)| View::of(value));
        let value = match (variable, name.split_once('.')) {
            (Some(value), _) => resolve(value, scope)?,
            (None, Some((resource, attribute_name))) => attribute(resource, attribute_name, scope)?,
            (None, None) => reference(name, scope)?,
        };
        append(&mut text, &value.as_text().ok_or_else(|| malformed(call))?);
        scope.pay(&text)?;
    }
    text.push(TextPiece::Lit(rest.to_owned()));
    scope.pay(&text)?;
    Ok(Symbolic::Text(dynamic(text, scope)))
}

fn join(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let Some([delimiter, list]) = call.argument.items() else {
        return Err(malformed(call));
    };
    let delimiter = View::of(delimiter).scalar().ok_or_else(|| malformed(call))?;
    let items = match resolve(View::of(list), scope)? {
        Symbolic::List(items) => items,
        list @ Symbolic::Unknown(_) => {
            return Ok(Symbolic::hole(derived(
                &call.name,
                &[&Symbolic::literal(delimiter), &list],
                scope,
            )));
        }
        _ => return Err(malformed(call)),
    };
    let mut text = Text::default();
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push(TextPiece::Lit(delimiter.to_owned()));
        }
        match item {
            // An element that is a list of unknown length is joined by the same delimiter.
            Symbolic::Unknown(_) => {
                let hole = derived(&call.name, &[&Symbolic::literal(delimiter), item], scope);
                text.push(TextPiece::Hole(hole));
            }
            _ => append(&mut text, &item.as_text().ok_or_else(|| malformed(call))?),
        }
        scope.pay(&text)?;
    }
    Ok(Symbolic::Text(dynamic(text, scope)))
}

fn select(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let Some([index, list]) = call.argument.items() else {
        return Err(malformed(call));
    };
    let index = resolve(View::of(index), scope)?;
    let list = resolve(View::of(list), scope)?;
    let chosen = match index.as_literal() {
        Some(text) => Some(text.parse::<usize>().map_err(|_| malformed(call))?),
        None if index.as_text().is_some() => None,
        None => return Err(malformed(call)),
    };
    match (chosen, list) {
        (Some(chosen), Symbolic::List(items)) => items
            .into_iter()
            .nth(chosen)
            .ok_or_else(|| Fault::shape("`Fn::Select` chooses beyond the end of its list")),
        (None, list @ Symbolic::List(_)) => {
            Ok(Symbolic::Unknown(derived(&call.name, &[&index, &list], scope)))
        }
        (_, list @ Symbolic::Unknown(_)) => Ok(Symbolic::hole(derived(&call.name, &[&index, &list], scope))),
        _ => Err(malformed(call)),
    }
}

fn split(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let Some([delimiter, text]) = call.argument.items() else {
        return Err(malformed(call));
    };
    let delimiter = View::of(delimiter)
        .scalar()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| malformed(call))?;
    let text = text_of(View::of(text), call, scope)?;
    match text.as_literal() {
        Some(text) => Ok(Symbolic::List(
            text.split(delimiter).map(Symbolic::literal).collect(),
        )),
        // A hole may hold the delimiter, so not even the number of parts is known.
        None => Ok(Symbolic::Unknown(derived(
            &call.name,
            &[&Symbolic::literal(delimiter), &Symbolic::Text(text)],
            scope,
        ))),
    }
}

fn length(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    match resolve(call.argument, scope)? {
        Symbolic::List(items) if !items.iter().any(|item| matches!(item, Symbolic::Unknown(_))) => {
            Ok(Symbolic::literal(items.len().to_string()))
        }
        value @ (Symbolic::List(_) | Symbolic::Unknown(_)) => {
            Ok(Symbolic::hole(derived(&call.name, &[&value], scope)))
        }
        _ => Err(malformed(call)),
    }
}

fn find_in_map(call: &Call<'_>, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let (Some([map, first, second]) | Some([map, first, second, _])) = call.argument.items() else {
        return Err(malformed(call));
    };
    let map = Symbolic::Text(text_of(View::of(map), call, scope)?);
    let first = text_of(View::of(first), call, scope)?;
    let second = text_of(View::of(second), call, scope)?;
    let keys = [map, Symbolic::Text(first.clone()), Symbolic::Text(second.clone())];
    let rows = match keys.first().and_then(Symbolic::as_literal) {
        Some(name) => scope.template.mappings.and_then(|mappings| mappings.get(&name)),
        None => None,
    };
    let mut found = Vec::new();
    let mut at_default = None;
    for (row, row_value) in rows.and_then(View::entries).unwrap_or_default() {
        for (column, value) in View::of(row_value).entries().unwrap_or_default() {
            let (Some(row), Some(column)) = (key_text(row), key_text(column)) else {
                continue;
            };
            if may_be(&first, row) && may_be(&second, column) {
                let value = resolve(View::of(value), scope)?;
                if scope.template.is_default(&first, row) && scope.template.is_default(&second, column) {
                    at_default = value.as_literal();
                }
                found.push(value);
            }
        }
    }
    if let ([value], Some(_), Some(_)) = (found.as_slice(), first.as_literal(), second.as_literal()) {
        return Ok(value.clone());
    }
    if let Some(fallback) = call.argument.items().and_then(|items| items.get(3)) {
        let fallback = View::of(fallback)
            .get("DefaultValue")
            .ok_or_else(|| malformed(call))?;
        let fallback = resolve(fallback, scope)?;
        if found.is_empty() && first.as_literal().is_some() && second.as_literal().is_some() && rows.is_some()
        {
            return Ok(fallback);
        }
        found.push(fallback);
    }
    // Templates may have mappings of the same name.
    let map = Symbolic::literal(
        scope
            .template
            .own(&keys.first().map(Symbolic::describe).unwrap_or_default()),
    );
    let arguments: Vec<&Symbolic> = std::iter::once(&map).chain(keys.iter().skip(1)).collect();
    let texts: Option<Vec<String>> = found.iter().map(Symbolic::as_literal).collect();
    let hole = derived(&call.name, &arguments, scope);
    match texts {
        // Only these rows can be meant: a lookup that finds none does not deploy.
        Some(mut texts) if !texts.is_empty() => {
            texts.sort();
            texts.dedup();
            let known = scope.template.hole(&hole).map(|hole| Hole {
                default: at_default,
                allowed: texts,
                ..hole
            });
            if let Some(known) = known {
                scope.template.refine_hole(known);
            }
            Ok(Symbolic::hole(hole))
        }
        _ => Ok(Symbolic::Unknown(hole)),
    }
}

/// Whether a text with holes may be this key.
fn may_be(text: &Text, key: &str) -> bool {
    text.as_literal().is_none_or(|literal| literal == key)
}

/// Replaces dynamic references (`{{resolve:…}}`), which the service resolves at deployment, by holes.
fn dynamic(text: Text, scope: Scope<'_, '_>) -> Text {
    const OPENING: &str = "{{resolve:";
    let mut found = Text::default();
    let mut reference: Option<Text> = None;
    for piece in text.0 {
        let TextPiece::Lit(lit) = piece else {
            reference.as_mut().unwrap_or(&mut found).push(piece);
            continue;
        };
        let mut rest = lit.as_str();
        loop {
            match reference.take() {
                None => match rest.split_once(OPENING) {
                    Some((before, after)) => {
                        found.push(TextPiece::Lit(before.to_owned()));
                        reference = Some(Text::default());
                        rest = after;
                    }
                    None => {
                        found.push(TextPiece::Lit(rest.to_owned()));
                        break;
                    }
                },
                Some(mut open) => match rest.split_once("}}") {
                    Some((before, after)) => {
                        open.push(TextPiece::Lit(before.to_owned()));
                        found.push(TextPiece::Hole(dynamic_hole(&open, scope)));
                        rest = after;
                    }
                    None => {
                        open.push(TextPiece::Lit(rest.to_owned()));
                        reference = Some(open);
                        break;
                    }
                },
            }
        }
    }
    if let Some(open) = reference {
        found.push(TextPiece::Lit(OPENING.to_owned()));
        append(&mut found, &open);
    }
    found
}

fn dynamic_hole(reference: &Text, scope: Scope<'_, '_>) -> HoleId {
    let name = format!("resolve:{}", describe(reference));
    let id = HoleId::new(&name);
    let holes = text_holes(reference);
    let origin = if holes.is_empty() {
        format!("dynamic reference {name}")
    } else {
        "a dynamic reference".to_owned()
    };
    scope.template.note_hole(Hole {
        id,
        origin,
        default: None,
        allowed: Vec::new(),
        stable: false,
        plain: false,
    })
}
