//! Changes to what is attached to identities. An attachment that comes with the identity it is for changes nothing: all
//! of a new identity is new.

use std::collections::BTreeSet;

use crate::extract::{IdentityChange, PolicyKind};

use super::Context;
use super::attributes::{block_name, marks_something};
use super::configuration::Configured;
use super::found::Found;
use super::identities::Targets;
use super::json::{Json, Object, Shape, same_text};
use super::resource::{Resource, View};

/// How a resource bears on identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// It ties something to them; as long as this attribute stays, so does what is tied. (The documents of inline
    /// policies are compared on their own.)
    Ties(&'static str, Option<&'static str>),
    /// It is a managed policy.
    Managed,
    /// It is an identity.
    Identity,
}

const BEARINGS: [(&str, Bearing); 30] = [
    ("aws_iam_role_policy", Bearing::Ties("an inline policy", None)),
    ("aws_iam_user_policy", Bearing::Ties("an inline policy", None)),
    ("aws_iam_group_policy", Bearing::Ties("an inline policy", None)),
    ("awscc_iam_policy", Bearing::Ties("an inline policy", None)),
    ("awscc_iam_role_policy", Bearing::Ties("an inline policy", None)),
    ("awscc_iam_user_policy", Bearing::Ties("an inline policy", None)),
    ("awscc_iam_group_policy", Bearing::Ties("an inline policy", None)),
    (
        "aws_ssoadmin_permission_set_inline_policy",
        Bearing::Ties("an inline policy", None),
    ),
    (
        "aws_iam_role_policy_attachment",
        Bearing::Ties("an attached policy", Some("policy_arn")),
    ),
    (
        "aws_iam_user_policy_attachment",
        Bearing::Ties("an attached policy", Some("policy_arn")),
    ),
    (
        "aws_iam_group_policy_attachment",
        Bearing::Ties("an attached policy", Some("policy_arn")),
    ),
    (
        "aws_iam_policy_attachment",
        Bearing::Ties("an attached policy", Some("policy_arn")),
    ),
    (
        "aws_ssoadmin_managed_policy_attachment",
        Bearing::Ties("an attached policy", Some("managed_policy_arn")),
    ),
    (
        "aws_ssoadmin_customer_managed_policy_attachment",
        Bearing::Ties("an attached policy", Some("customer_managed_policy_reference")),
    ),
    (
        "aws_budgets_budget_action",
        Bearing::Ties("a policy of a budget action", Some("definition")),
    ),
    (
        "awscc_budgets_budgets_action",
        Bearing::Ties("a policy of a budget action", Some("definition")),
    ),
    (
        "aws_ssoadmin_permissions_boundary_attachment",
        Bearing::Ties("a permissions boundary", Some("permissions_boundary")),
    ),
    (
        "aws_iam_role_policy_attachments_exclusive",
        Bearing::Ties("the set of attached policies", Some("policy_arns")),
    ),
    (
        "aws_iam_user_policy_attachments_exclusive",
        Bearing::Ties("the set of attached policies", Some("policy_arns")),
    ),
    (
        "aws_iam_group_policy_attachments_exclusive",
        Bearing::Ties("the set of attached policies", Some("policy_arns")),
    ),
    (
        "aws_iam_role_policies_exclusive",
        Bearing::Ties("the set of inline policies", Some("policy_names")),
    ),
    (
        "aws_iam_user_policies_exclusive",
        Bearing::Ties("the set of inline policies", Some("policy_names")),
    ),
    (
        "aws_iam_group_policies_exclusive",
        Bearing::Ties("the set of inline policies", Some("policy_names")),
    ),
    (
        "aws_iam_group_membership",
        Bearing::Ties("a group membership", Some("group")),
    ),
    (
        "aws_iam_user_group_membership",
        Bearing::Ties("a group membership", Some("groups")),
    ),
    (
        "awscc_iam_user_to_group_addition",
        Bearing::Ties("a group membership", Some("group_name")),
    ),
    ("aws_iam_policy", Bearing::Managed),
    ("awscc_iam_managed_policy", Bearing::Managed),
    ("aws_iam_role", Bearing::Identity),
    ("aws_iam_user", Bearing::Identity),
];

/// Identities of the other provider bear in the same way, under other attribute names.
const MORE_IDENTITIES: [&str; 5] = [
    "aws_iam_group",
    "awscc_iam_role",
    "awscc_iam_user",
    "awscc_iam_group",
    "awscc_sso_permission_set",
];

/// Who may use a permission set, and in which account.
const ASSIGNMENTS: [&str; 2] = ["aws_ssoadmin_account_assignment", "awscc_sso_assignment"];

/// Adds what a resource change does to identities.
pub(super) fn extract(context: &Context<'_>, resource: &Resource<'_>, found: &mut Found) {
    let is_told = resource.view == View::Change && resource.mode == "resource" && !resource.deposed;
    if !is_told || !resource.is_changed() {
        return;
    }
    if ASSIGNMENTS.contains(&resource.resource_type.as_str()) && resource.after.is_some() {
        found.extraction.changes.push(IdentityChange {
            origin: resource.origin("", resource.place(context.text, context.file)),
            identities: Vec::new(),
            what: "a principal is assigned to a permission set".to_owned(),
            kind: PolicyKind::Trust,
        });
    }
    let row = BEARINGS
        .iter()
        .find(|(resource_type, _)| *resource_type == resource.resource_type);
    let bearing = row.map(|(_, bearing)| *bearing).or_else(|| {
        MORE_IDENTITIES
            .contains(&resource.resource_type.as_str())
            .then_some(Bearing::Identity)
    });
    match bearing {
        Some(Bearing::Ties(what, attribute)) => tie(context, resource, what, attribute, found),
        Some(Bearing::Managed) => managed(context, resource, found),
        Some(Bearing::Identity) => identity(context, resource, found),
        None => {}
    }
}

/// The resource as it was: what is known of it before the change.
pub(super) fn as_it_was<'a>(resource: &Resource<'a>) -> Resource<'a> {
    Resource {
        view: View::Before,
        after: resource.before,
        unknown: resource.before_unknown,
        sensitive: resource.before_sensitive,
        ..resource.clone()
    }
}

fn tie(
    context: &Context<'_>,
    resource: &Resource<'_>,
    what: &str,
    attribute: Option<&'static str>,
    found: &mut Found,
) {
    let was = context
        .identities
        .targets(&context.configuration, &as_it_was(resource));
    let will = context.identities.targets(&context.configuration, resource);
    let gone = |address: &String| {
        context
            .identities
            .get(address)
            .is_some_and(|identity| !identity.stays)
    };
    let new = |address: &String| {
        context
            .identities
            .get(address)
            .is_some_and(|identity| identity.is_created)
    };
    let forgotten = resource.actions.iter().all(|action| action == "forget");
    let (mut touched, verb) = match (resource.before, resource.after) {
        (None, None) => return,
        (None, Some(_)) => (
            Targets {
                identities: without(&will.identities, new),
                ..will.clone()
            },
            "is added",
        ),
        (Some(_), None) => {
            let verb = if forgotten {
                "is no longer managed here"
            } else {
                "is removed"
            };
            (
                Targets {
                    identities: without(&was.identities, gone),
                    ..was.clone()
                },
                verb,
            )
        }
        (Some(before), Some(after)) => {
            let stays = was == will
                && was.untold.is_empty()
                && attribute.is_none_or(|attribute| is_same(resource, before, after, attribute));
            if stays {
                return;
            }
            let identities = was.identities.union(&will.identities).cloned().collect();
            let untold = was.untold.union(&will.untold).copied().collect();
            (Targets { identities, untold }, "is changed")
        }
    };
    let told_nothing = was.identities.is_empty() && will.identities.is_empty();
    if !touched.untold.is_empty() || told_nothing {
        // Any identity may be meant.
        touched.identities.clear();
    } else if touched.identities.is_empty() {
        return;
    }
    push(
        context,
        resource,
        touched.identities,
        format!("{what} {verb}"),
        found,
    );
}

fn managed(context: &Context<'_>, resource: &Resource<'_>, found: &mut Found) {
    let Some(before) = resource.before.filter(|_| resource.after.is_none()) else {
        return;
    };
    let values = before.object().unwrap_or_default();
    let arn = values.string("arn").or_else(|| values.string("policy_arn"));
    let attached = arn
        .and_then(|arn| context.attached_before.get(&arn))
        .cloned()
        .unwrap_or_default();
    push(
        context,
        resource,
        attached,
        "the policy is deleted".to_owned(),
        found,
    );
}

/// An identity that stays: what its own attributes attach to it.
fn identity(context: &Context<'_>, resource: &Resource<'_>, found: &mut Found) {
    let (Some(before), Some(after)) = (resource.before, resource.after) else {
        return;
    };
    let own = || BTreeSet::from([resource.address.clone()]);
    for (attribute, what) in [
        ("managed_policy_arns", "the attached policies are changed"),
        ("managed_policies", "the attached policies are changed"),
        (
            "customer_managed_policy_references",
            "the attached policies are changed",
        ),
        ("permissions_boundary", "the permissions boundary is changed"),
        ("groups", "the group memberships are changed"),
    ] {
        if !is_same(resource, before, after, attribute) && !is_reflection(context, resource, attribute) {
            push(context, resource, own(), what.to_owned(), found);
        }
    }
    for attribute in ["inline_policy", "policies"] {
        let differs = names(before, attribute) != names(after, attribute) || is_marked(resource, attribute);
        if differs && !is_reflection(context, resource, attribute) {
            push(
                context,
                resource,
                own(),
                "inline policies are added or removed".to_owned(),
                found,
            );
        }
    }
}

fn push(
    context: &Context<'_>,
    resource: &Resource<'_>,
    identities: BTreeSet<String>,
    what: String,
    found: &mut Found,
) {
    found.extraction.changes.push(IdentityChange {
        origin: resource.origin("", resource.place(context.text, context.file)),
        identities: identities.into_iter().collect(),
        what,
        kind: PolicyKind::Identity,
    });
}

fn without(addresses: &BTreeSet<String>, leave_out: impl Fn(&String) -> bool) -> BTreeSet<String> {
    addresses
        .iter()
        .filter(|address| !leave_out(address))
        .cloned()
        .collect()
}

/// Whether an attribute is known to stay as it is. Lists are sets here.
fn is_same(resource: &Resource<'_>, before: Json<'_>, after: Json<'_>, attribute: &str) -> bool {
    let get = |values: Json<'_>| {
        values
            .object()
            .unwrap_or_default()
            .get(attribute)
            .map(items)
            .unwrap_or_default()
    };
    !is_marked(resource, attribute) && get(before) == get(after) && {
        let pair = (value(before, attribute), value(after, attribute));
        match pair {
            (Some(before), Some(after)) if before.shape() == Shape::Object => same_text(before, after),
            _ => true,
        }
    }
}

fn value<'a>(values: Json<'a>, attribute: &str) -> Option<Json<'a>> {
    values.object().ok()?.get(attribute)
}

/// The members of a list, or the one value; empty texts count as nothing.
fn items(json: Json<'_>) -> BTreeSet<String> {
    let items = match json.shape() {
        Shape::List => json.list().unwrap_or_default(),
        _ => vec![json],
    };
    let texts = items
        .into_iter()
        .map(|item| item.string().unwrap_or_else(|_| item.text().to_owned()));
    texts.filter(|text| !text.is_empty()).collect()
}

/// Whether anything of an attribute is known only after apply, be it that of an earlier plan.
fn is_marked(resource: &Resource<'_>, attribute: &str) -> bool {
    marked(resource.unknown, attribute) || marked(resource.before_unknown, attribute)
}

fn marked(marks: Option<Json<'_>>, attribute: &str) -> bool {
    match marks.map(Json::shape) {
        Some(Shape::Object) => {
            let marks = marks.and_then(|marks| marks.object().ok());
            marks.is_none_or(|marks: Object<'_>| marks_something(marks.get(attribute)))
        }
        _ => marks_something(marks),
    }
}

/// Whether the earlier plan did not know an attribute that neither plan sets: it only shows what other resources attach.
fn is_reflection(context: &Context<'_>, resource: &Resource<'_>, attribute: &str) -> bool {
    let is_set =
        |resource: &Resource<'_>| context.configuration.attribute(resource, attribute) != Configured::No;
    let was = as_it_was(resource);
    let was_computed = resource.before_unknown.is_some_and(|marks| !marks.is_true());
    was_computed && marked(was.unknown, attribute) && !is_set(&was) && !is_set(resource)
}

fn names(values: Json<'_>, attribute: &str) -> BTreeSet<Option<String>> {
    let blocks = value(values, attribute)
        .and_then(|list| list.list().ok())
        .unwrap_or_default();
    // An empty block, which stands for no policy at all, is written with empty texts.
    let is_empty = |block: &Json<'_>| {
        block
            .object()
            .is_ok_and(|block| block.string("policy").is_some_and(|policy| policy.is_empty()))
    };
    blocks
        .into_iter()
        .filter(|block| !is_empty(block))
        .map(block_name)
        .collect()
}
