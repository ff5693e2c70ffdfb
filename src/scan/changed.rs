//! `--changed-only`: which policies and gaps are left out because they stay as they are. What cannot be told counts as
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::{Before, Extraction, Gap, Policy, PolicyKind};
use crate::report::{Remark, ScannedInput, Unchanged, split_attribute};
use crate::source::InputKind;

use super::decide::is_composed;
use super::denied::{beside, less_denied};
use super::read::remark;

/// Marks what stays as it is in an input.
pub(super) fn leave_out(input: &mut ScannedInput) -> Option<Remark> {
    let extraction = &input.extraction;
    if !tells_changes(input) {
        let message =
            "`--changed-only` leaves out nothing of it: it does not tell what is deployed (give `--before`)";
        return Some(remark("changed-only", &input.name, message.to_owned()));
    }
    let touched = Touched::of(extraction);
    let less_denied = less_denied(extraction);
    let is_left_out = |policy: &Policy| {
        stays_the_same(policy, extraction)
            && !(is_composed(policy.kind) && touched.has(policy))
            && beside(policy, &less_denied).is_none()
    };
    let policies = extraction.policies.iter().enumerate();
    let gaps = extraction.gaps.iter().enumerate();
    input.unchanged = Unchanged {
        policies: policies
            .filter(|(_, policy)| is_left_out(policy))
            .map(|(position, _)| position)
            .collect(),
        gaps: gaps
            .filter(|(_, gap)| {
                stays(&gap.origin.address, extraction) && !(touched.any && bears_on_identities(gap))
            })
            .map(|(position, _)| position)
            .collect(),
    };
    None
}

/// Whether an input says what was there before: plans do, others if an earlier version was given.
fn tells_changes(input: &ScannedInput) -> bool {
    let extraction = &input.extraction;
    let told = |policy: &Policy| !matches!(policy.before, Before::NotTold);
    input.kind == InputKind::TerraformPlan
        || !extraction.unchanged.is_empty()
        || extraction.policies.iter().any(told)
}

/// Whether the document of a policy is the one that is deployed, at the same place.
fn stays_the_same(policy: &Policy, extraction: &Extraction) -> bool {
    let same_document = match (&policy.before, &policy.document) {
        (Before::Document(before), Ok(document)) => before == document,
        (Before::NotTold | Before::Created | Before::Document(_) | Before::Unreadable(_), _) => false,
    };
    same_document || stays(&policy.origin.address, extraction)
}

/// Whether the resource of an address is known to stay as it is.
fn stays(address: &str, extraction: &Extraction) -> bool {
    let (resource, _) = split_attribute(address);
    extraction.unchanged.contains(address) || extraction.unchanged.contains(resource)
}

fn bears_on_identities(gap: &Gap) -> bool {
    gap.kind.is_none_or(is_composed)
}

/// The identities to which something else is attached than before.
struct Touched<'a> {
    any: bool,
    /// Whether it cannot be told which.
    anyone: bool,
    identities: BTreeSet<&'a str>,
    /// Whether a user is among them, who may come to have the policies of a group by it.
    users: bool,
    types: BTreeMap<&'a str, &'static str>,
}

impl<'a> Touched<'a> {
    fn of(extraction: &'a Extraction) -> Touched<'a> {
        let principals = extraction.principals.iter();
        let mut touched = Touched {
            any: false,
            anyone: false,
            identities: BTreeSet::new(),
            users: false,
            types: principals
                .map(|principal| (principal.address.as_str(), principal.principal_type))
                .collect(),
        };
        let changes = extraction.changes.iter();
        for change in changes.filter(|change| change.kind == PolicyKind::Identity) {
            touched.any = true;
            touched.anyone |= change.identities.is_empty();
            touched
                .identities
                .extend(change.identities.iter().map(String::as_str));
        }
        touched.users = touched
            .identities
            .iter()
            .any(|identity| touched.is_of_type(identity, "user"));
        touched
    }

    /// Whether those who have a policy are, or may be, among them.
    fn has(&self, policy: &Policy) -> bool {
        let mut holders = policy.attached_to.iter();
        let is_one = |holder: &String| {
            self.identities.contains(holder.as_str()) || self.users && self.is_of_type(holder, "group")
        };
        self.any && (self.anyone || policy.attached_to.is_empty() || holders.any(is_one))
    }

    fn is_of_type(&self, identity: &str, principal_type: &str) -> bool {
        let outside = identity
            .split_once('/')
            .is_some_and(|(word, _)| word == principal_type);
        outside || self.types.get(identity) == Some(&principal_type)
    }
}
