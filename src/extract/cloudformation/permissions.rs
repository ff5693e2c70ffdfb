//! Statements made from resources that are a permission and no document: those of functions, layers, certificate
//! authorities and event buses (extraction.md 3.2).

use crate::extract::GapReason;
use crate::iam::{HoleId, Text, TextPiece, Value};

use super::emit::Site;
use super::narrowed::principal_text;
use super::policy::{Drawn, Found};
use super::references::{property, reference};
use super::template::{Resource, Scope, Template};
use super::values::{Fault, Symbolic, World, alternatives, append, literal, merged, only_hole, text_holes};

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// Invoking a function.
    Function,
    /// Using a layer.
    Layer,
    /// Issuing certificates of an authority.
    Authority,
    /// Sending events to a bus, in the form that is spread over properties.
    EventBus,
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
    let (target, action) = match grants {
        Grants::Function => (
            function_arn(wanted("FunctionName")?, scope)?,
            Value::String(wanted("Action")?),
        ),
        Grants::Layer => (wanted("LayerVersionArn")?, Value::String(wanted("Action")?)),
        Grants::Authority => (
            wanted("CertificateAuthorityArn")?,
            Value::List(authority_actions(resource, scope)?),
        ),
        Grants::EventBus => (
            bus_arn(resource, scope)?,
            match property(resource, "Action", scope)? {
                None => Value::text("events:PutEvents"),
                Some(_) => Value::String(wanted("Action")?),
            },
        ),
    };
    let mut entries = vec![
        ("Effect".to_owned(), Value::text("Allow")),
        (
            "Principal".to_owned(),
            principal(&wanted("Principal")?, scope.template)?,
        ),
        ("Action".to_owned(), action),
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
    if grants == Grants::EventBus
        && let Some(condition) = property(resource, "Condition", scope)?
    {
        conditions.push(bus_condition(condition)?);
    }
    if !conditions.is_empty() {
        entries.push(("Condition".to_owned(), Value::Object(conditions)));
    }
    Ok(Value::Object(entries))
}

/// The actions of a permission of `AWS::ACMPCA::Permission`, which are written without the service.
fn authority_actions(resource: Resource<'_>, scope: Scope<'_, '_>) -> Result<Vec<Value>, Fault> {
    let untold = || Fault::shape("`Actions` is missing or not a list of texts");
    let Some(Symbolic::List(items)) = property(resource, "Actions", scope)? else {
        return Err(untold());
    };
    let actions = items.iter().map(|item| {
        let mut action = literal("acm-pca:");
        append(&mut action, &item.as_text()?);
        Some(Value::String(action))
    });
    actions.collect::<Option<Vec<Value>>>().ok_or_else(untold)
}

/// The ARN of the bus that is named; the default one if none is.
fn bus_arn(resource: Resource<'_>, scope: Scope<'_, '_>) -> Result<Text, Fault> {
    let name = match property(resource, "EventBusName", scope)? {
        None => literal("default"),
        Some(name) => name
            .as_text()
            .ok_or_else(|| Fault::shape("`EventBusName` is not a text"))?,
    };
    if matches!(name.0.first(), Some(TextPiece::Lit(lit)) if lit.starts_with("arn:")) {
        return Ok(name);
    }
    let holes = text_holes(&name);
    let is_bus = |hole: &HoleId| {
        let mut resources = scope.template.everything();
        resources
            .any(|(_, resource)| resource.id == &*hole.0 && resource.resource_type == "AWS::Events::EventBus")
    };
    if !holes.iter().all(is_bus) {
        // It may be a name or an ARN: one hole for the ARN that it comes to.
        let spelled = format!("event-bus({})", super::values::describe(&name));
        let hole = scope.template.derived_hole(&spelled, &holes);
        return Ok(Text(vec![TextPiece::Hole(hole)]));
    }
    let mut arn = literal("arn:");
    for (pseudo, after) in [
        ("AWS::Partition", ":events:"),
        ("AWS::Region", ":"),
        ("AWS::AccountId", ":event-bus/"),
    ] {
        append(&mut arn, &pseudo_text(pseudo, scope)?);
        append(&mut arn, &literal(after));
    }
    append(&mut arn, &name);
    Ok(arn)
}

/// The condition of an older permission of a bus: `{Type: StringEquals, Key: aws:PrincipalOrgID, Value: o-1}`.
fn bus_condition(condition: Symbolic) -> Result<(String, Value), Fault> {
    let untold = || Fault::shape("`Condition` has no `Type`, `Key` and `Value` that are texts");
    let Symbolic::Map(entries) = condition else {
        return Err(untold());
    };
    let part = |name: &str| {
        let entry = entries.iter().find(|(key, _)| key == name);
        entry.and_then(|(_, value)| value.as_text()).ok_or_else(untold)
    };
    let word = |name: &str| part(name)?.as_literal().map(str::to_owned).ok_or_else(untold);
    let line = (word("Key")?, Value::String(part("Value")?));
    Ok((word("Type")?, Value::Object(vec![line])))
}

fn pseudo_text(name: &str, scope: Scope<'_, '_>) -> Result<Text, Fault> {
    reference(name, scope)?
        .as_text()
        .ok_or_else(|| Fault::shape(format!("`{name}` is not a text")))
}

/// `*`, a service, or an account or ARN.
fn principal(text: &Text, template: &Template<'_>) -> Result<Value, Fault> {
    let text = principal_text(text, template);
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
    append(&mut arn, &pseudo_text("AWS::Partition", scope)?);
    append(&mut arn, &literal(":lambda:"));
    append(&mut arn, &pseudo_text("AWS::Region", scope)?);
    append(&mut arn, &literal(":"));
    append(
        &mut arn,
        &account.map_or_else(
            || pseudo_text("AWS::AccountId", scope),
            |account| Ok(literal(account)),
        )?,
    );
    append(&mut arn, &literal(":function:"));
    append(&mut arn, &function.map_or(name.clone(), literal));
    Ok(arn)
}
