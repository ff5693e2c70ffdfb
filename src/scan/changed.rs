//! `--changed-only`: which policies and gaps are left out because they stay as they are. What cannot be told counts as
//! changed.

use crate::extract::{Before, Extraction, Gap, IdentityChange, Policy, PolicyKind};
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
    let less_denied = less_denied(extraction);
    let policies = extraction.policies.iter().enumerate();
    let gaps = extraction.gaps.iter().enumerate();
    input.unchanged = Unchanged {
        policies: policies
            .filter(|(_, policy)| !is_changed(policy, extraction) && beside(policy, &less_denied).is_none())
            .map(|(position, _)| position)
            .collect(),
        gaps: gaps
            .filter(|(_, gap)| !is_changed_gap(gap, extraction))
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

/// Whether the document of a policy changes, or what else bears on those who have it.
fn is_changed(policy: &Policy, extraction: &Extraction) -> bool {
    let same_document = match (&policy.before, &policy.document) {
        (Before::Document(before), Ok(document)) => before == document,
        (Before::NotTold | Before::Created | Before::Document(_) | Before::Unreadable(_), _) => false,
    };
    let stays = same_document || stays(&policy.origin.address, extraction);
    let bears = |change: &IdentityChange| {
        touches(change, policy) || has(policy, "group", extraction) && moves_user(change, extraction)
    };
    !stays || is_composed(policy.kind) && extraction.changes.iter().any(bears)
}

/// Whether an identity of that kind has a policy.
fn has(policy: &Policy, principal_type: &str, extraction: &Extraction) -> bool {
    let mut identities = policy.attached_to.iter();
    identities.any(|identity| is_of_type(identity, principal_type, extraction))
}

/// Whether a change is one of a user, who may come to have the policies of a group by it.
fn moves_user(change: &IdentityChange, extraction: &Extraction) -> bool {
    let mut identities = change.identities.iter();
    change.kind == PolicyKind::Identity && identities.any(|name| is_of_type(name, "user", extraction))
}

fn is_of_type(identity: &str, principal_type: &str, extraction: &Extraction) -> bool {
    let mut principals = extraction.principals.iter();
    identity
        .split_once('/')
        .is_some_and(|(word, _)| word == principal_type)
        || principals.any(|known| known.address == identity && known.principal_type == principal_type)
}

/// Whether a gap is at a resource that may change, or bears on identities when anything that does changes.
fn is_changed_gap(gap: &Gap, extraction: &Extraction) -> bool {
    let bears_on_identities = gap.kind.is_none_or(is_composed);
    let identities = |change: &IdentityChange| change.kind == PolicyKind::Identity;
    !stays(&gap.origin.address, extraction)
        || bears_on_identities && extraction.changes.iter().any(identities)
}

fn stays(address: &str, extraction: &Extraction) -> bool {
    let (resource, _) = split_attribute(address);
    extraction.unchanged.contains(address) || extraction.unchanged.contains(resource)
}

/// Whether a change is one of those who have a policy.
pub(super) fn touches(change: &IdentityChange, policy: &Policy) -> bool {
    let has = |identity: &String| policy.attached_to.contains(identity);
    change.kind == PolicyKind::Identity
        && (change.identities.is_empty()
            || policy.attached_to.is_empty()
            || change.identities.iter().any(has))
}
