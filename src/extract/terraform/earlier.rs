//! What was there before, from an earlier plan or state instead of the plan's own `before`: it is put into the changes of
//! the plan, so that everything else reads it there. What the earlier plan did not know is not known.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::{PolicyKind, one_by_one};
use crate::source::InputKind;

use super::attributes::{Value, attributes, marks_something};
use super::changes::as_it_was;
use super::configuration::Configuration;
use super::documents::{Presence, unknown_reason};
use super::json::{Json, Object, parse, same_text};
use super::plan::{self, Plan};
use super::resource::{Resource, View};
use super::{Context, is_of_interest};

/// What an earlier plan makes, or what a state holds.
#[derive(Debug)]
pub struct EarlierTerraform<'a> {
    by_address: BTreeMap<String, Vec<Resource<'a>>>,
    configuration: Option<Object<'a>>,
}

impl<'a> EarlierTerraform<'a> {
    /// Reads a state, or a plan whose planned values are taken as deployed. `extra` as for the extraction. `Err` if it
    /// cannot be read, or does not tell all that is there; the message has `line:column` where known.
    pub fn read(
        text: &'a str,
        kind: InputKind,
        extra: &[(String, String, PolicyKind)],
    ) -> Result<EarlierTerraform<'a>, String> {
        let keep = |resource: &Resource<'_>| is_of_interest(resource, extra);
        let plan = match kind {
            InputKind::TerraformPlan => plan::read(text, &keep, &one_by_one)?,
            InputKind::TerraformState => plan::read_deployed(text, &keep, &one_by_one)?,
            InputKind::Template | InputKind::Policy => return Err("this is no plan and no state".to_owned()),
        };
        if let Some(reason) = plan.incomplete.first() {
            return Err(format!("it does not tell all that is deployed: {reason}"));
        }
        let mut by_address: BTreeMap<String, Vec<Resource<'a>>> = BTreeMap::new();
        let there = |resource: &Resource<'_>| {
            resource.mode == "resource" && !resource.deposed && resource.after.is_some()
        };
        for resource in plan.resources.into_iter().filter(there) {
            let same_address = by_address.entry(resource.address.clone()).or_default();
            same_address.push(resource);
        }
        Ok(EarlierTerraform {
            by_address,
            configuration: plan.configuration,
        })
    }

    /// The configuration that the references of unknown values are looked up in.
    pub(super) fn configuration(&self) -> Configuration<'a> {
        Configuration::read(self.configuration.as_ref())
    }

    /// Tells the resources of a plan what they were; those that are only here go.
    pub(super) fn tell(&self, plan: &mut Plan<'a>) {
        let mut met: BTreeSet<&str> = BTreeSet::new();
        for resource in &mut plan.resources {
            let is_told = matches!(resource.view, View::Change | View::State);
            if !is_told || resource.mode != "resource" || resource.deposed {
                // Only the planned values tell of it: it does not go.
                let same = self.by_address.get_key_value(&resource.address);
                met.extend(
                    same.map(|(address, _)| address.as_str())
                        .filter(|_| !resource.deposed),
                );
                continue;
            }
            let previous = resource.previous_address.iter();
            let addresses: Vec<&String> = previous.chain([&resource.address]).collect();
            let found = addresses
                .into_iter()
                .filter_map(|address| self.by_address.get_key_value(address));
            let mut were = Vec::new();
            for (address, resources) in found {
                met.insert(address);
                were.extend(resources);
            }
            become_change(resource, &were);
        }
        let gone = self
            .by_address
            .iter()
            .filter(|(address, _)| !met.contains(address.as_str()));
        plan.resources
            .extend(gone.flat_map(|(_, resources)| resources).map(deleted));
    }
}

/// Makes a resource the change from what it was. If that may be one of several, nothing is known of it.
fn become_change<'a>(resource: &mut Resource<'a>, were: &[&Resource<'a>]) {
    let was = were.first();
    let is_one = were.len() < 2 && was.is_none_or(|was| was.resource_type == resource.resource_type);
    resource.before = was.and_then(|was| was.after);
    resource.before_sensitive = was.and_then(|was| was.sensitive);
    resource.before_unknown = match was {
        Some(_) if !is_one => parse("true").ok(),
        Some(was) => was.unknown,
        None => None,
    };
    // A change without actions stays the riddle it is.
    if resource.after.is_none() || resource.view == View::Change && resource.actions.is_empty() {
        return;
    }
    let action = match resource.before {
        None => "create",
        Some(before) if is_same(resource, before) => "no-op",
        Some(_) => "update",
    };
    resource.view = View::Change;
    resource.actions = vec![action.to_owned()];
}

fn is_same(resource: &Resource<'_>, before: Json<'_>) -> bool {
    resource.after.is_some_and(|after| same_text(before, after))
        && !marks_something(resource.unknown)
        && !marks_something(resource.before_unknown)
}

/// Whether a resource is known to stay as it is.
pub(super) fn is_unchanged(resource: &Resource<'_>) -> bool {
    resource.view == View::Change
        && resource.mode == "resource"
        && !resource.deposed
        && !resource.actions.is_empty()
        && resource.actions.iter().all(|action| action == "no-op")
        && resource.before.is_some_and(|before| is_same(resource, before))
}

fn deleted<'a>(resource: &Resource<'a>) -> Resource<'a> {
    Resource {
        view: View::Change,
        actions: vec!["delete".to_owned()],
        before: resource.after,
        before_unknown: resource.unknown,
        before_sensitive: resource.sensitive,
        after: None,
        unknown: None,
        sensitive: None,
        ..resource.clone()
    }
}

/// Whether an attribute was configured in the earlier plan, and not known then.
pub(super) fn was_unknown(context: &Context<'_>, resource: &Resource<'_>, path: &str) -> bool {
    if resource.before_unknown.is_none() {
        return false;
    }
    let was = as_it_was(resource);
    let found = attributes(&was, path);
    found.map_or(true, |found| {
        found.iter().any(|attribute| match attribute.value {
            Value::Unknown => {
                attribute.in_block || unknown_reason(context, &was, path, Presence::Computed).is_some()
            }
            Value::Known(_) => marks_something(attribute.marks),
            Value::Absent => false,
            Value::Misshapen => true,
        })
    })
}
