//! The permissions boundary of an identity.

use std::sync::Arc;

use crate::extract::{AttachedDocument, Part, PolicyKind, attached_policy, is_aws_managed};
use crate::iam::PolicyDocument;

use super::Context;
use super::attributes::{Value, attributes};
use super::composition::{attached, unread};
use super::configuration::Configured;
use super::documents::{Content, content, parse};
use super::found::Found;
use super::policies::Meaning;
use super::resource::Resource;

/// A permissions boundary.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    /// There is none.
    None,
    /// An address of the plan, or an ARN.
    Is(String),
    /// There may be one, and it cannot be told which.
    Untold,
}

/// The type that gives a boundary to a permission set.
pub(super) const OF_PERMISSION_SETS: &str = "aws_ssoadmin_permissions_boundary_attachment";

/// The boundary that a resource names.
pub(super) fn boundary(context: &Context<'_>, resource: &Resource<'_>) -> Boundary {
    let path = path(resource);
    let Ok(attributes) = attributes(resource, path) else {
        return Boundary::Untold;
    };
    let is_there = resource.resource_type == OF_PERMISSION_SETS;
    match attributes.first().map(|attribute| attribute.value) {
        // A policy that each account has by name.
        None | Some(Value::Absent) if is_there => Boundary::Untold,
        None | Some(Value::Absent) => Boundary::None,
        Some(Value::Known(_)) if attributes.iter().any(|attribute| attribute.is_sensitive) => {
            Boundary::Untold
        }
        Some(Value::Known(value)) => match value.string() {
            Ok(arn) if arn.is_empty() => Boundary::None,
            Ok(arn) => match context.policies.meaning(&arn) {
                Meaning::Planned(address) => Boundary::Is(address),
                Meaning::Read(_) | Meaning::Gone | Meaning::Elsewhere => Boundary::Is(arn),
            },
            Err(_) => Boundary::Untold,
        },
        Some(Value::Unknown) => {
            let referred = context
                .policies
                .referred(&context.configuration, resource, path)
                .unwrap_or_default();
            match referred.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => Boundary::Is(only.clone()),
                // Only the provider fills it in.
                _ if context.configuration.attribute(resource, path) == Configured::No => Boundary::None,
                _ => Boundary::Untold,
            }
        }
        Some(Value::Misshapen) => Boundary::Untold,
    }
}

fn path(resource: &Resource<'_>) -> &'static str {
    if resource.resource_type == OF_PERMISSION_SETS {
        "permissions_boundary.managed_policy_arn"
    } else {
        "permissions_boundary"
    }
}

/// The boundary as part of a composition; none where there is none.
pub(super) fn part(
    context: &Context<'_>,
    resource: &Resource<'_>,
    boundary: &Boundary,
    found: &Found,
) -> Vec<Part> {
    let place = resource.place(context.text, context.file);
    let origin = resource.origin("/permissions_boundary", place);
    let document = match boundary {
        Boundary::None => return Vec::new(),
        Boundary::Untold => {
            let what = format!("the boundary of `{}`", resource.address);
            unread(context.unread(&origin.address), what, &origin)
        }
        Boundary::Is(policy) => {
            let mut policies = found.extraction.policies.iter();
            let planned =
                policies.find(|known| known.origin.address == *policy && known.kind == PolicyKind::Identity);
            match (planned, known_elsewhere(context, policy)) {
                (Some(planned), _) => attached(policy, planned, &|address| context.unread(address)),
                (None, Some(document)) => Arc::new(AttachedDocument {
                    key: policy.clone(),
                    origin,
                    content: Ok(document),
                    holes: Vec::new(),
                    default_facts: Vec::new(),
                    sensitive: false,
                }),
                (None, None) => {
                    let is_arn = policy.starts_with("arn:");
                    let key = if is_arn {
                        policy.clone()
                    } else {
                        context.unread(policy)
                    };
                    unread(key, format!("the boundary `{policy}`"), &origin)
                }
            }
        }
    };
    vec![Part::sure(document)]
}

/// The document of a policy that the plan does not hold: an AWS managed one, or one that was read while planning.
fn known_elsewhere(context: &Context<'_>, arn: &str) -> Option<PolicyDocument> {
    if is_aws_managed(arn) {
        return attached_policy(arn);
    }
    let Meaning::Read(value) = context.policies.meaning(arn) else {
        return None;
    };
    match content(value) {
        Ok(Content::Text(text)) => parse(&text, PolicyKind::Identity)
            .ok()
            .map(|parsed| parsed.document),
        Ok(Content::Nothing | Content::Other) | Err(_) => None,
    }
}
