//! Statements made from resources that are a permission and no document: `AWS::Lambda::Permission` and its sibling for
//! layers (extraction.md 3.2).

use crate::extract::GapReason;
use crate::iam::{Text, TextPiece, Value};

use super::emit::Site;
use super::narrowed::{account_root, narrowed, spelled};
use super::policy::{Drawn, Found};
use super::references::{property, reference};
use super::template::{Resource, Scope, Template};
use super::values::{Fault, World, alternatives, append, literal, merged, only_hole, text_holes};

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// Invoking a function.
    Function,
    /// Using a layer.
    Layer,
}

/// Property, operator and key of the conditions that narrow a permission.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("SourceArn", "ArnLike", "aws:SourceArn"),
    ("SourceAccount", "StringEquals", "aws:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
    (
        "FunctionUrlAuthType",
        "StringEquals",
        "lambda:FunctionUrlAuthType",
    ),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
];

/// The document that a permission amounts to.
pub(super) fn permission(site: Site<'_, '_>, grants: Grants, worlds: &[World]) -> Result<Found, GapReason> {
    let found = alternatives(worlds, |world| {
        statement(site.resource, grants, Scope::new(site.template, world))
    })?;
    let mut values: Vec<Value> = merged(found)
        .into_iter()
        .map(|(world, statement)| match site.template.guard(&world) {
            guard if guard.is_empty() => statement,
            guard => Value::Guarded(guard, Box::new(statement)),
        })
        .collect();
    let element = if values.len() == 1 {
        values.pop()
    } else {
        Some(Value::List(values))
    };
    Ok(Found::Document(Drawn {
        value: Value::Object(vec![
            ("Version".to_owned(), Value::text("2012-10-17")),
            ("Statement".to_owned(), Value::List(element.into_iter().collect())),
        ]),
        statements: vec![site.template.place(site.resource.view.span)],
    }))
}

fn statement(resource: Resource<'_>, grants: Grants, scope: Scope<'_, '_>) -> Result<Value, Fault> {
    let wanted = |name: &str| -> Result<Text, Fault> {
        property(resource, name, scope)?
            .and_then(|value| value.as_text())
            .ok_or_else(|| Fault::shape(format!("`{name}` is missing or not a text")))
    };
    let target = match grants {
        Grants::Function => function_arn(wanted("FunctionName")?, scope)?,
        Grants::Layer => wanted("LayerVersionArn")?,
    };
    let mut entries = vec![
        ("Effect".to_owned(), Value::text("Allow")),
        (
            "Principal".to_owned(),
            principal(&wanted("Principal")?, scope.template)?,
        ),
        ("Action".to_owned(), Value::String(wanted("Action")?)),
        ("Resource".to_owned(), Value::String(target)),
    ];
    let mut conditions: Vec<(String, Value)> = Vec::new();
    for (name, operator, key) in CONDITIONS {
        let Some(value) = property(resource, name, scope)? else {
            continue;
        };
        let value = value
            .as_text()
            .ok_or_else(|| Fault::shape(format!("`{name}` is not a text")))?;
        let line = ((*key).to_owned(), Value::String(value));
        match conditions.iter_mut().find(|(known, _)| known == operator) {
            Some((_, Value::Object(lines))) => lines.push(line),
            _ => conditions.push(((*operator).to_owned(), Value::Object(vec![line]))),
        }
    }
    if !conditions.is_empty() {
        entries.push(("Condition".to_owned(), Value::Object(conditions)));
    }
    Ok(narrowed(Value::Object(entries), scope.template))
}

/// `*`, a service, or an account or ARN.
fn principal(text: &Text, template: &Template<'_>) -> Result<Value, Fault> {
    let text = account_root(spelled(text, template), template);
    let of = |kind: &str, text: Text| Value::Object(vec![(kind.to_owned(), Value::String(text))]);
    if text.as_literal() == Some("*") {
        return Ok(Value::text("*"));
    }
    let first = match text.0.first() {
        Some(TextPiece::Lit(lit)) => lit.as_str(),
        _ => "",
    };
    let is_service = match text.0.last() {
        Some(TextPiece::Lit(lit)) => [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
            .iter()
            .any(|end| lit.ends_with(end)),
        Some(TextPiece::Hole(hole)) => &*hole.0 == "AWS::URLSuffix" && first.ends_with('.'),
        None => false,
    };
    let is_account = only_hole(&text).is_some_and(|hole| &*hole.0 == "AWS::AccountId");
    if first.starts_with("arn:") || is_account {
        return Ok(of("AWS", text));
    }
    if is_service {
        return Ok(of("Service", text));
    }
    if text.as_literal().is_some() {
        return Ok(of("AWS", text));
    }
    Err(Fault::Gap(GapReason::UnknownUntilApply(
        "the principal is known only at deployment".to_owned(),
    )))
}

/// The ARN of a function that is given by ARN, partial ARN or name.
fn function_arn(name: Text, scope: Scope<'_, '_>) -> Result<Text, Fault> {
    let first = match name.0.first() {
        Some(TextPiece::Lit(lit)) => lit.as_str(),
        _ => "",
    };
    if first.starts_with("arn:") {
        return Ok(name);
    }
    let holes = text_holes(&name);
    let is_name = holes.iter().all(|hole| {
        let mut resources = scope.template.everything();
        resources
            .any(|(_, resource)| resource.id == &*hole.0 && resource.resource_type == "AWS::Lambda::Function")
    });
    if !is_name {
        // It may be a name or an ARN: one hole for the ARN that it comes to.
        let hole = scope
            .template
            .derived_hole(&format!("function({})", super::values::describe(&name)), &holes);
        return Ok(Text(vec![TextPiece::Hole(hole)]));
    }
    let parts: Vec<&str> = name
        .as_literal()
        .map(|text| text.split(':').collect())
        .unwrap_or_default();
    let (account, function) = match parts.as_slice() {
        [account, "function", rest @ ..] => (Some(*account), Some(rest.join(":"))),
        ["function", rest @ ..] => (None, Some(rest.join(":"))),
        _ => (None, None),
    };
    let mut arn = literal("arn:");
    let pseudo = |name: &str| -> Result<Text, Fault> {
        reference(name, scope)?
            .as_text()
            .ok_or_else(|| Fault::shape(format!("`{name}` is not a text")))
    };
    append(&mut arn, &pseudo("AWS::Partition")?);
    append(&mut arn, &literal(":lambda:"));
    append(&mut arn, &pseudo("AWS::Region")?);
    append(&mut arn, &literal(":"));
    append(
        &mut arn,
        &account.map_or_else(|| pseudo("AWS::AccountId"), |account| Ok(literal(account)))?,
    );
    append(&mut arn, &literal(":function:"));
    append(&mut arn, &function.map_or(name.clone(), literal));
    Ok(arn)
}
