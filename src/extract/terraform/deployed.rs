//! The plan before its change: the resources that bear on identities are read once more as they were, and principals are
//! put together from both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::extract::Deployed;

use super::attributes::marks_something;
use super::changes::as_it_was;
use super::configuration::Configuration;
use super::documents::Documents;
use super::found::Found;
use super::identities::{Identities, bears_on_identities};
use super::plan::Plan;
use super::policies::{ManagedPolicies, is_managed_policy};
use super::principals::{self, Told};
use super::resource::{Resource, View};
use super::{Context, Time, environment, extract_resource, ties};

/// Puts the principals of a plan together. Equal documents of both sides are parsed once.
pub(super) fn compose<'a>(context: &mut Context<'a>, plan: &Plan<'a>, found: &mut Found) {
    let documents = std::mem::take(&mut context.documents);
    let was = resources(plan);
    let settled = before(context, plan, &was, documents);
    let mut deployed = Found::default();
    for resource in &was {
        let gaps = deployed.extraction.gaps.len();
        extract_resource(&settled, resource, &[], &mut deployed);
        ties::link_unread(&settled, resource, gaps, &mut deployed);
    }
    let now = Told {
        context,
        resources: &plan.resources,
        found,
    };
    let before = Told {
        context: &settled,
        resources: &was,
        found: &mut deployed,
    };
    principals::compose(now, before);
    if was.iter().any(has_unknown_part) {
        for principal in &mut found.extraction.principals {
            principal.before =
                Deployed::Unreadable("the earlier plan does not know all that was attached".to_owned());
        }
    }
}

/// Attributes that AWS makes up, and that attach nothing.
const MADE_UP: [&str; 8] = [
    "arn",
    "attachment_count",
    "create_date",
    "id",
    "policy_id",
    "tags",
    "tags_all",
    "unique_id",
];

/// Whether an earlier plan left open what a resource was, but for what AWS makes up.
fn has_unknown_part(was: &Resource<'_>) -> bool {
    let parts = was.unknown.map(|unknown| unknown.object());
    match parts {
        None => false,
        Some(Err(_)) => marks_something(was.unknown),
        Some(Ok(parts)) => {
            let mut parts = parts.0.iter();
            parts.any(|(name, marks)| !MADE_UP.contains(&name.as_ref()) && marks_something(Some(*marks)))
        }
    }
}

/// The resources that bear on identities, as they were.
fn resources<'a>(plan: &Plan<'a>) -> Vec<Resource<'a>> {
    let bears = |resource: &&Resource<'_>| {
        let resource_type = resource.resource_type.as_str();
        resource.view == View::Change
            && resource.mode == "resource"
            && !resource.deposed
            && resource.before.is_some()
            && (bears_on_identities(resource_type) || is_managed_policy(resource_type))
    };
    plan.resources.iter().filter(bears).map(as_it_was).collect()
}

/// What the resources are read in, as they were: all values are known then, so the configuration, which is that of the
/// change, has nothing to say.
fn before<'a>(
    context: &Context<'a>,
    plan: &Plan<'a>,
    was: &[Resource<'a>],
    documents: Documents<'a>,
) -> Context<'a> {
    let configuration = plan.configuration.as_ref();
    let account = environment::account(&context.environment, configuration);
    Context {
        text: context.text,
        file: context.file,
        configuration: Configuration::default(),
        identities: Identities::read(was),
        policies: ManagedPolicies::read(was, &plan.prior, account),
        documents,
        deferred: Mutex::default(),
        environment: context.environment.clone(),
        told: BTreeSet::new(),
        attached_before: BTreeMap::new(),
        time: Time::Before,
    }
}
