//! The policy of an API inside the OpenAPI document that describes it (`x-amazon-apigateway-policy`).

use crate::extract::tables::Row;
use crate::extract::{Before, Gap, GapReason, Policy, PolicyKind};
use crate::iam::{Invalid, Parsed, Value as Tree, parse_document, parse_json};

use super::Context;
use super::attributes::{Attribute, Value, attributes};
use super::documents::{Content, Presence, content, is_untold, policy, unknown_reason};
use super::found::Found;
use super::json::Json;
use super::resource::{Resource, View};

/// The member that holds the policy.
const MEMBER: &str = "x-amazon-apigateway-policy";

/// What a body holds.
enum Body {
    /// No policy.
    Nothing,
    /// The policy.
    Policy(Tree),
    /// It is no JSON, and there may be a policy in it.
    Other,
}

/// Adds the policy in the body, or a gap if there may be one that cannot be read.
pub(super) fn extract<'a>(context: &Context<'a>, resource: &Resource<'a>, row: &Row, found: &mut Found) {
    let place = resource.place(context.text, context.file);
    let origin = resource.origin(&format!("/{}", row.path), place);
    let gap = |reason| Gap {
        origin: origin.clone(),
        reason,
        kind: Some(PolicyKind::Resource),
    };
    let shape = || GapReason::UnexpectedShape(format!("`{}` has an unexpected shape", row.path));
    let Ok(attributes) = attributes(resource, row.path) else {
        return found.gap(gap(shape()));
    };
    for Attribute {
        value,
        before,
        is_sensitive,
        ..
    } in attributes
    {
        match value {
            Value::Absent if !is_untold(context, resource) => {}
            Value::Absent | Value::Unknown => {
                let reason = unknown_reason(context, resource, row.path, Presence::Optional);
                found.gap_if(reason.map(gap));
            }
            Value::Misshapen => found.gap(gap(shape())),
            Value::Known(value) => match body(value) {
                Body::Nothing => found.no_policy(),
                Body::Other => {
                    let reason =
                        "a policy inside an OpenAPI body that is not JSON is not read yet".to_owned();
                    found.gap(gap(GapReason::Unsupported(reason)));
                }
                Body::Policy(tree) => {
                    let parsed = parse(&tree);
                    found.policy(Policy {
                        before: earlier(resource, before),
                        sensitive: is_sensitive,
                        ..policy(resource, PolicyKind::Resource, origin.clone(), parsed)
                    });
                }
            },
        }
    }
}

fn parse(tree: &Tree) -> Result<Parsed, Invalid> {
    // It may be written as text.
    match tree.as_str() {
        Some(text) => parse_document(&parse_json(text)?, PolicyKind::Resource.document_kind()),
        None => parse_document(tree, PolicyKind::Resource.document_kind()),
    }
}

fn body(value: Json<'_>) -> Body {
    let Ok(Content::Text(text)) = content(value) else {
        return match content(value) {
            Ok(Content::Nothing) => Body::Nothing,
            _ => Body::Other,
        };
    };
    match parse_json(&text) {
        Ok(tree @ Tree::Object(_)) => tree
            .get(MEMBER)
            .map_or(Body::Nothing, |policy| Body::Policy(policy.clone())),
        // Escapes may hide the name of the member.
        _ if ![MEMBER, "\\u", "\\U", "\\x"]
            .iter()
            .any(|part| text.contains(part)) =>
        {
            Body::Nothing
        }
        _ => Body::Other,
    }
}

fn earlier(resource: &Resource<'_>, before: Option<Json<'_>>) -> Before {
    match (resource.view, resource.before, before.map(body)) {
        (View::State, _, _) => Before::NotTold,
        (View::Change, None, _) => Before::Created,
        (View::Change, Some(_), Some(Body::Policy(tree))) => match parse(&tree) {
            Ok(parsed) => Before::Document(parsed.document),
            Err(invalid) => Before::Unreadable(invalid.message),
        },
        (View::Change, Some(_), None | Some(Body::Nothing)) => Before::Created,
        (View::Change, Some(_), Some(Body::Other)) => {
            Before::Unreadable("the deployed policy is in an OpenAPI body that is not JSON".to_owned())
        }
        (View::Planned | View::Prior | View::Before, ..) => {
            Before::Unreadable("the plan does not tell what was there".to_owned())
        }
    }
}
