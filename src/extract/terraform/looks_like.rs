//! Policies where the table knows of none: any value that looks like one is reported, never passed over.

use serde_json::Value as Tree;

use crate::extract::{Gap, GapReason};

use super::Context;
use super::attributes::{Value, attributes};
use super::documents::{Presence, unknown_reason};
use super::found::Found;
use super::json::Json;
use super::resource::Resource;

/// Adds a gap for the first value of the resource that looks like a policy, outside the attributes in `known`.
pub(super) fn extract(context: &Context<'_>, resource: &Resource<'_>, known: &[&str], found: &mut Found) {
    let Some(after) = resource.after else { return };
    if !may_look_like_policy(after) {
        return;
    }
    let attribute = match after.object() {
        Ok(object) => {
            let others = object
                .0
                .iter()
                .filter(|(name, _)| !known.contains(&name.as_ref()));
            let mut policies = others.filter(|(_, value)| looks_like_policy(*value));
            policies.next().map(|(name, value)| (name.to_string(), *value))
        }
        // The rows of a known type have told of it already.
        Err(_) if !known.is_empty() => None,
        Err(_) => Some(("the whole resource".to_owned(), after)),
    };
    if let Some((name, value)) = attribute {
        found.gap(Gap {
            origin: resource.origin(&format!("/{name}"), value.place(context.text, context.file)),
            reason: GapReason::UnknownType(format!(
                "`{}` is no known place of policies, but its `{name}` looks like one",
                resource.resource_type
            )),
            kind: None,
        });
    }
}

/// Attributes that hold policies by their name, whatever the type.
const POLICY_NAMES: [&str; 6] = [
    "policy",
    "policy_document",
    "policy_json",
    "resource_policy",
    "access_policy",
    "assume_role_policy",
];

/// Adds a gap for a configured attribute that is known after apply and would hold a policy, outside those in `known`.
pub(super) fn extract_unknown(
    context: &Context<'_>,
    resource: &Resource<'_>,
    known: &[&str],
    found: &mut Found,
) {
    // An OpenAPI body may hold the policy of its API.
    let body = Some("body").filter(|_| resource.resource_type == "aws_api_gateway_rest_api");
    let names = POLICY_NAMES
        .into_iter()
        .chain(body)
        .filter(|name| !known.contains(name));
    for name in names.filter(|_| may_be_unknown(resource)) {
        let attributes = attributes(resource, name).unwrap_or_default();
        let is_unknown = attributes
            .iter()
            .any(|attribute| matches!(attribute.value, Value::Unknown));
        let reason = unknown_reason(context, resource, name, Presence::Computed).filter(|_| is_unknown);
        if let Some(reason) = reason {
            let origin = resource.origin(&format!("/{name}"), resource.place(context.text, context.file));
            found.gap(Gap {
                origin,
                reason,
                kind: None,
            });
        }
    }
}

/// Whether [`extract_unknown`] has anything to look at.
pub(super) fn may_be_unknown(resource: &Resource<'_>) -> bool {
    let marks = |word: &str| resource.unknown.is_some_and(|marks| marks.text().contains(word));
    resource.resource_type.starts_with("aws") && (marks("policy") || marks("\"body\""))
}

/// A quick look at the text of a value: either word may also hide behind an escape.
pub(super) fn may_look_like_policy(value: Json<'_>) -> bool {
    let text = value.text();
    text.contains("\\u") || has_words(text)
}

/// Whether a value is or holds a policy: a text with both words, or an object with them as keys. What cannot be read
/// counts as one.
fn looks_like_policy(value: Json<'_>) -> bool {
    may_look_like_policy(value)
        && serde_json::from_str(value.text()).map_or(true, |value| holds_policy(&value))
}

fn holds_policy(value: &Tree) -> bool {
    match value {
        Tree::String(text) => has_words(text) || text.contains("\\u") && nested(text),
        Tree::Array(items) => items.iter().any(holds_policy),
        Tree::Object(members) => {
            let has_effect = |statement: &Tree| match statement {
                Tree::Array(items) => items.iter().any(|item| item.get("Effect").is_some()),
                statement => statement.get("Effect").is_some(),
            };
            members.get("Statement").is_some_and(has_effect) || members.values().any(holds_policy)
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) => false,
    }
}

/// A text that is JSON again, with escapes of its own.
fn nested(text: &str) -> bool {
    serde_json::from_str::<Tree>(text).is_ok_and(|inner| match &inner {
        Tree::String(inner) => has_words(inner),
        inner => holds_policy(inner),
    })
}

fn has_words(text: &str) -> bool {
    text.contains("Statement") && text.contains("Effect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;

    fn check(text: &str, expected: bool) {
        assert_eq!(looks_like_policy(parse(text).unwrap()), expected, "{text}");
    }

    #[test]
    fn policies_are_recognised() {
        check(r#""{\"Statement\": [{\"Effect\": \"Allow\"}]}""#, true);
        check(r#""{\"\u0053tatement\": [{\"\u0045ffect\": \"Allow\"}]}""#, true);
        check(
            r#""{\"\\u0053tatement\": [{\"\\u0045ffect\": \"Allow\"}]}""#,
            true,
        );
        check(r#"{"a": [{"Statement": {"Effect": "Deny"}}]}"#, true);
        check(r#"["x", "Statement:\n  - Effect: Allow"]"#, true);
        check(r#"{"Statement": "x", "Effect": "y"}"#, false);
        check(r#""no \u0041 policy""#, false);
        check(r#""Statement""#, false);
        check("12", false);
    }
}
