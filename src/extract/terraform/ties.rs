//! What ties documents to identities besides their own attributes: memberships of groups, sets that leave nothing else
//! attached, and what is there but cannot be read.

use std::collections::BTreeSet;

use crate::extract::{Gap, GapReason, Origin, PolicyKind};
use crate::iam::FACT_SEPARATOR;

use super::attributes::{Value, attributes};
use super::changes::as_it_was;
use super::configuration::Configured;
use super::documents::is_untold;
use super::found::{Found, Link};
use super::identities::{Targets, bears_on_identities, is_identity};
use super::resource::{Resource, View};
use super::{Context, Time};

/// A link to a policy that a resource attaches at a path.
pub(super) fn link(
    context: &Context<'_>,
    resource: &Resource<'_>,
    path: &str,
    policy: String,
    targets: &Targets,
) -> Link {
    Link {
        at: policy.clone(),
        policy,
        targets: targets.clone(),
        by: resource.origin("", resource.place(context.text, context.file)),
        inline: None,
        is_echo: is_echo(context, resource, path),
        may_be_echo: context.time == Time::Now
            && is_identity(&resource.resource_type)
            && context.configuration.attribute(resource, path) == Configured::NotTold,
        is_untold: is_untold(context, resource),
        unread: None,
    }
}

/// Whether an attribute of an identity is not configured: then it only repeats what was found attached while planning,
/// whoever attached it. What was deployed is found so at any rate.
pub(super) fn is_echo(context: &Context<'_>, resource: &Resource<'_>, path: &str) -> bool {
    is_identity(&resource.resource_type)
        && (context.time == Time::Before || context.configuration.attribute(resource, path) == Configured::No)
}

/// Links what is there and cannot be read to the identities it may be attached to. `gaps` is how many gaps there were
/// before the resource was read.
pub(super) fn link_unread(context: &Context<'_>, resource: &Resource<'_>, gaps: usize, found: &mut Found) {
    if !bears_on_identities(&resource.resource_type) {
        return;
    }
    let bears = |gap: &&Gap| matches!(gap.kind, None | Some(PolicyKind::Identity));
    let gaps: Vec<&Gap> = found.extraction.gaps.iter().skip(gaps).filter(bears).collect();
    if gaps.is_empty() {
        return;
    }
    let targets = context.identities.targets(&context.configuration, resource);
    let links = gaps.into_iter().map(|gap| {
        let address = &gap.origin.address;
        let attribute = address.strip_prefix(&resource.address).unwrap_or_default();
        let path = attribute.trim_start_matches('/');
        let path = path.split(['[', '.']).next().unwrap_or_default();
        let (key, what) = match &gap.reason {
            // The name of nothing that may be shown begins so.
            GapReason::UnknownManagedPolicy(arn) if arn.starts_with("arn:") => {
                (arn.clone(), format!("the policy `{arn}`"))
            }
            _ => (context.unread(address), format!("what is at `{address}`")),
        };
        Link {
            by: gap.origin.clone(),
            unread: Some(what),
            ..link(context, resource, path, key, &targets)
        }
    });
    let links: Vec<Link> = links.collect();
    found.links.extend(links);
}

/// What the plan forgets stays as it is, and nobody tells of it any more.
pub(super) fn link_forgotten(context: &Context<'_>, resource: &Resource<'_>, found: &mut Found) {
    let ties = resource.view == View::Change
        && resource.mode == "resource"
        && resource.is_forgotten()
        && bears_on_identities(&resource.resource_type)
        && !is_identity(&resource.resource_type);
    if !ties {
        return;
    }
    let was = as_it_was(resource);
    let targets = context.identities.targets(&context.configuration, &was);
    let key = context.unread(&resource.address);
    found.links.push(Link {
        unread: Some(format!("what is at `{}`, which is forgotten,", resource.address)),
        ..link(context, resource, "", key, &targets)
    });
}

impl Context<'_> {
    /// What tells something that cannot be read at an address from all else, also from what was there before.
    pub fn unread(&self, address: &str) -> String {
        let time = match self.time {
            Time::Before => "before",
            Time::Now => "now",
        };
        format!("{address}{FACT_SEPARATOR}{time}")
    }
}

/// Users in groups.
#[derive(Debug)]
pub(super) struct Membership {
    pub users: Targets,
    pub groups: Targets,
    /// The resource that tells of it.
    pub by: Origin,
    /// Whether it tells of all users of its groups.
    pub is_exclusive: bool,
}

/// Types that tell of memberships: users, groups, and whether these are all users of the group.
const MEMBERSHIPS: [(&str, &str, &str, bool); 4] = [
    ("aws_iam_group_membership", "users", "group", true),
    ("aws_iam_user_group_membership", "user", "groups", false),
    ("awscc_iam_user_to_group_addition", "users", "group_name", false),
    ("awscc_iam_user", "", "groups", false),
];

/// The membership that a resource tells of, if it does.
pub(super) fn membership(context: &Context<'_>, resource: &Resource<'_>) -> Option<Membership> {
    let (_, users, groups, is_exclusive) = MEMBERSHIPS.iter().find(|row| row.0 == resource.resource_type)?;
    let named = |path, principal_type| {
        context
            .identities
            .named(&context.configuration, resource, path, principal_type)
    };
    let own = users.is_empty();
    if own && !is_known(resource, groups) && is_echo(context, resource, groups) {
        return None;
    }
    Some(Membership {
        users: if own {
            Targets {
                identities: BTreeSet::from([resource.address.clone()]),
                untold: BTreeSet::new(),
            }
        } else {
            named(users, "user")
        },
        groups: named(groups, "group"),
        by: resource.origin("", resource.place(context.text, context.file)),
        is_exclusive: *is_exclusive,
    })
}

fn is_known(resource: &Resource<'_>, path: &str) -> bool {
    let found = attributes(resource, path).unwrap_or_default();
    found
        .iter()
        .all(|found| matches!(found.value, Value::Known(_) | Value::Absent))
}

/// A set that leaves nothing else attached.
#[derive(Debug)]
pub(super) struct Exclusive {
    /// The resource whose set it is.
    pub by: String,
    pub set: Set,
}

/// What an exclusive set is of.
#[derive(Debug)]
pub(super) enum Set {
    /// The managed policies of these identities: those that the resource links.
    Managed(Targets),
    /// The inline policies of these identities, by name.
    Inline(Targets, BTreeSet<String>),
    /// The identities that have a managed policy: those that the resource links.
    Holders,
}

/// The exclusive sets of a resource.
pub(super) fn exclusives(context: &Context<'_>, resource: &Resource<'_>) -> Vec<Exclusive> {
    let targets = || context.identities.targets(&context.configuration, resource);
    let by = || resource.address.clone();
    let resource_type = resource.resource_type.as_str();
    let has = |path: &str| {
        matches!(
            context.configuration.attribute(resource, path),
            Configured::Yes(_)
        )
    };
    let mut found = Vec::new();
    let mut add = |set: Set| found.push(Exclusive { by: by(), set });
    if resource_type == "aws_iam_policy_attachment" {
        add(Set::Holders);
    } else if resource_type.ends_with("_policy_attachments_exclusive") {
        add(Set::Managed(targets()));
    } else if resource_type.ends_with("_policies_exclusive") {
        add(Set::Inline(targets(), texts(resource, "policy_names")));
    } else if is_identity(resource_type) {
        if has("managed_policy_arns") {
            add(Set::Managed(targets()));
        }
        for (blocks, names) in [
            ("inline_policy", "inline_policy[].name"),
            ("policies", "policies[].policy_name"),
        ] {
            if has(blocks) {
                add(Set::Inline(targets(), texts(resource, names)));
            }
        }
    }
    found
}

/// The known texts at a path.
fn texts(resource: &Resource<'_>, path: &str) -> BTreeSet<String> {
    let found = attributes(resource, path).unwrap_or_default();
    let values = found.iter().filter_map(|found| match found.value {
        Value::Known(value) => Some(value),
        Value::Absent | Value::Unknown | Value::Misshapen => None,
    });
    let items = values.flat_map(|value| value.list().unwrap_or_else(|_| vec![value]));
    items.filter_map(|item| item.string().ok()).collect()
}
