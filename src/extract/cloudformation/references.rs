//! What `Ref` and `Fn::GetAtt` give: parameters, pseudo parameters, and the names and ARNs of resources, as far as the
//! template tells them.

use crate::extract::Hole;
use crate::iam::{HoleId, Text, TextPiece};

use super::intrinsics::{Head, head, resolve};
use super::nested::STACK;
use super::parameters::{Parameter, ParameterValue};
use super::shapes::{SHAPES, Shape};
use super::syntax::{View, call};
use super::template::{Resource, Scope, Template};
use super::values::{Fault, Symbolic, append, describe, text_holes};

/// What `Ref` of a name gives.
pub(super) fn reference(name: &str, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let scope = scope.deeper()?;
    if name.starts_with("AWS::") {
        return pseudo(name, scope);
    }
    if let Some(parameter) = scope.template.parameters.get(name) {
        if let Some((holder, stack)) = scope.template.holder() {
            return passed(name, parameter, &holder, stack, scope);
        }
        if parameter.is_secret(name, scope.template.options) {
            scope.template.note_secret();
        }
        return Ok(match parameter.value(name, scope.template.options)? {
            ParameterValue::Known(value) => value,
            ParameterValue::List(hole) => Symbolic::Unknown(scope.template.note_hole(hole)),
            ParameterValue::Text(hole) => {
                let hole = scope.template.note_hole(hole);
                scope
                    .template
                    .known_in(&hole, scope.world)
                    .map_or(Symbolic::hole(hole), Symbolic::Text)
            }
            ParameterValue::Parts(text) => parts(&text, scope),
        });
    }
    let Some(resource) = scope.template.resource(name) else {
        return missing(name, name, scope);
    };
    match shape_of(resource) {
        Some(shape) => fill(shape.reference, resource, shape, "Ref", scope),
        None => Ok(Symbolic::hole(name_hole(resource, scope))),
    }
}

/// What a parameter of a nested stack is: what the template that holds the stack gives it, else its default.
fn passed<'n>(
    name: &str,
    parameter: &Parameter,
    holder: &Template<'n>,
    stack: Resource<'n>,
    scope: Scope<'_, 'n>,
) -> Result<Symbolic, Fault> {
    if parameter.no_echo {
        scope.template.note_secret();
    }
    let around = scope.within(holder);
    let properties = stack.view.get("Properties");
    let untold = || {
        Fault::unsupported(format!(
            "the parameters of the nested stack `{}` are not a mapping",
            stack.id
        ))
    };
    let is_plain = |view: View<'_>| matches!(call(view), Ok(None)) && view.entries().is_some();
    if properties.is_some_and(|properties| !is_plain(properties)) {
        return Err(untold());
    }
    let given = match properties.and_then(|properties| properties.get("Parameters")) {
        None => None,
        Some(parameters) => match head(parameters, around)? {
            Head::Missing => None,
            Head::Node(parameters) if parameters.entries().is_some() => parameters.get(name),
            Head::Node(_) | Head::Value(_) => {
                return Err(untold());
            }
        },
    };
    let given = match given.map(|given| resolve(given, around)).transpose()? {
        Some(Symbolic::Missing) | None => None,
        given => given,
    };
    match parameter.passed(&scope.template.own(name), given)? {
        ParameterValue::Known(value) => Ok(value),
        ParameterValue::Text(hole) => Ok(Symbolic::hole(scope.template.note_hole(hole))),
        ParameterValue::List(hole) => Ok(Symbolic::Unknown(scope.template.note_hole(hole))),
        ParameterValue::Parts(text) => Ok(parts(&text, scope)),
    }
}

/// The elements of a list that is given as a text, not all of which is known.
fn parts(text: &Text, scope: Scope<'_, '_>) -> Symbolic {
    let name = format!("Fn::Split(,, {})", describe(text));
    Symbolic::Unknown(scope.template.derived_hole(&name, &text_holes(text)))
}

/// What `Fn::GetAtt` of a resource gives.
pub(super) fn attribute(id: &str, name: &str, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let scope = scope.deeper()?;
    let Some(resource) = scope.template.resource(id) else {
        return missing(id, &format!("{id}.{name}"), scope);
    };
    if let Some(output) = name
        .strip_prefix("Outputs.")
        .filter(|_| resource.resource_type == STACK)
        && let Some(nested) = scope.template.nested(id)
    {
        return match nested.output(output) {
            Some(value) => resolve(value, scope.within(&nested)),
            None => missing(output, &format!("{}.{name}", resource.id), scope.within(&nested)),
        };
    }
    let shape = shape_of(resource);
    match shape.and_then(|shape| {
        shape
            .attributes
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, arn)| (shape, arn))
    }) {
        Some((shape, arn)) => fill(arn, resource, shape, name, scope),
        None => {
            let hole = attribute_hole(resource, name, scope);
            Ok(if is_text(resource, name) {
                Symbolic::hole(hole)
            } else {
                Symbolic::Unknown(hole)
            })
        }
    }
}

/// Whether an attribute is surely a text: those of custom resources and some of AWS types may be lists.
fn is_text(resource: Resource<'_>, attribute: &str) -> bool {
    let custom =
        !resource.resource_type.starts_with("AWS::") || resource.resource_type.ends_with("::CustomResource");
    !custom
        && (attribute.starts_with("Outputs.")
            || ["Arn", "ARN", "Id", "Name"]
                .iter()
                .any(|end| attribute.ends_with(end)))
}

fn shape_of(resource: Resource<'_>) -> Option<&'static Shape> {
    SHAPES
        .iter()
        .find(|shape| shape.resource_type == resource.resource_type)
}

/// A name that is nothing in the template: a fault, unless something adds resources before the deployment.
fn missing(name: &str, spelled: &str, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    if !scope.template.expands {
        return Err(Fault::shape(format!(
            "refers to `{name}`, which is not in the template"
        )));
    }
    Ok(Symbolic::Unknown(scope.template.note_hole(Hole {
        id: HoleId::new(&scope.template.own(spelled)),
        origin: scope.template.own(spelled),
        default: None,
        allowed: Vec::new(),
        stable: false,
        plain: false,
    })))
}

fn name_hole(resource: Resource<'_>, scope: Scope<'_, '_>) -> HoleId {
    scope.template.note_hole(Hole {
        id: HoleId::new(resource.id),
        origin: format!("{} {}", resource.resource_type, resource.id),
        default: None,
        allowed: Vec::new(),
        // A template does not tell whether the deployment replaces the resource.
        stable: false,
        plain: false,
    })
}

fn attribute_hole(resource: Resource<'_>, attribute: &str, scope: Scope<'_, '_>) -> HoleId {
    scope.template.note_hole(Hole {
        id: HoleId::new(&format!("{}.{attribute}", resource.id)),
        origin: format!("{} {}.{attribute}", resource.resource_type, resource.id),
        default: None,
        allowed: Vec::new(),
        stable: false,
        plain: false,
    })
}

fn fill(
    pattern: &str,
    resource: Resource<'_>,
    shape: &Shape,
    attribute: &str,
    scope: Scope<'_, '_>,
) -> Result<Symbolic, Fault> {
    let mut text = Text::default();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (slot, after) = after.split_once('}').unwrap_or((after, ""));
        text.push(TextPiece::Lit(before.to_owned()));
        rest = after;
        let part = match slot {
            "N" => name(resource, shape, scope)?,
            "P" => pseudo("AWS::Partition", scope)?,
            "R" => pseudo("AWS::Region", scope)?,
            "A" => pseudo("AWS::AccountId", scope)?,
            "Path" => property(resource, "Path", scope)?.unwrap_or(Symbolic::literal("/")),
            _ => Symbolic::hole(attribute_hole(resource, attribute, scope)),
        };
        let part = part
            .as_text()
            .ok_or_else(|| Fault::shape(format!("the name or path of `{}` is not a text", resource.id)))?;
        append(&mut text, &part);
    }
    text.push(TextPiece::Lit(rest.to_owned()));
    scope.pay(&text)?;
    Ok(Symbolic::Text(text))
}

fn name(resource: Resource<'_>, shape: &Shape, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let given = if shape.name.is_empty() {
        None
    } else {
        property(resource, shape.name, scope)?
    };
    Ok(given.unwrap_or_else(|| Symbolic::hole(name_hole(resource, scope))))
}

/// A property of a resource, resolved; `None` when it is not there.
pub(super) fn property(
    resource: Resource<'_>,
    name: &str,
    scope: Scope<'_, '_>,
) -> Result<Option<Symbolic>, Fault> {
    let Some(properties) = resource.view.get("Properties") else {
        return Ok(None);
    };
    if properties.entries().is_none() {
        return Err(Fault::unsupported(format!(
            "the properties of `{}` are not a mapping",
            resource.id
        )));
    }
    match properties
        .get(name)
        .map(|view: View<'_>| resolve(view, scope))
        .transpose()?
    {
        None | Some(Symbolic::Missing) => Ok(None),
        Some(value) => Ok(Some(value)),
    }
}

fn pseudo(name: &str, scope: Scope<'_, '_>) -> Result<Symbolic, Fault> {
    let environment = &scope.template.options.environment;
    let region = environment.region.as_deref();
    let partition = environment.partition.as_deref().or(region.and_then(partition_of));
    let (known, default) = match name {
        "AWS::NoValue" => return Ok(Symbolic::Missing),
        "AWS::AccountId" => (environment.account.as_deref(), None),
        "AWS::Region" => (region, None),
        "AWS::Partition" => (partition, Some("aws")),
        "AWS::URLSuffix" => (partition.and_then(suffix_of), Some("amazonaws.com")),
        "AWS::StackName" | "AWS::StackId" => (None, None),
        "AWS::NotificationARNs" => {
            return Ok(Symbolic::Unknown(note_pseudo(name, None, scope)));
        }
        _ => {
            return Err(Fault::shape(format!(
                "refers to `{name}`, which is no pseudo parameter"
            )));
        }
    };
    if let Some(known) = known {
        return Ok(Symbolic::literal(known));
    }
    let hole = note_pseudo(name, default, scope);
    Ok(scope
        .template
        .known_in(&hole, scope.world)
        .map_or(Symbolic::hole(hole), Symbolic::Text))
}

fn note_pseudo(name: &str, default: Option<&str>, scope: Scope<'_, '_>) -> HoleId {
    let of_stack = ["AWS::StackName", "AWS::StackId", "AWS::NotificationARNs"].contains(&name);
    let name = match of_stack {
        true => scope.template.own(name),
        false => name.to_owned(),
    };
    scope.template.note_hole(Hole {
        id: HoleId::new(&name),
        origin: format!("pseudo parameter {name}"),
        default: default.map(str::to_owned),
        allowed: Vec::new(),
        stable: true,
        plain: false,
    })
}

fn partition_of(region: &str) -> Option<&'static str> {
    [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isof-", "aws-iso-f"),
        ("us-isob-", "aws-iso-b"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ]
    .into_iter()
    .find(|(prefix, _)| region.starts_with(prefix))
    .map(|(_, partition)| partition)
    .or((!region.contains("iso")).then_some("aws"))
}

fn suffix_of(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" | "aws-us-gov" => Some("amazonaws.com"),
        "aws-cn" => Some("amazonaws.com.cn"),
        "aws-iso" => Some("c2s.ic.gov"),
        "aws-iso-b" => Some("sc2s.sgov.gov"),
        "aws-eusc" => Some("amazonaws.eu"),
        _ => None,
    }
}
