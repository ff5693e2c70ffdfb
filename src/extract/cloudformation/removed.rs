//! What a new template takes away or attaches otherwise: documents that are gone, and identities that have other policies,
//! boundaries or groups than before. Documents that are compared alone do not tell of it.

use std::collections::BTreeSet;

use crate::extract::{
    ExtractedPrincipal, Extraction, IdentityChange, Origin, Policy, PolicyKind, Provenance,
};
use crate::iam::PolicyDocument;
use crate::source::{FileId, Place, Span};

use super::earlier::{NESTED, Pair, is_own, resource_of};

const MEMBERSHIP: &str = "AWS::IAM::UserToGroupAddition";

/// Adds the changes.
pub(super) fn extract(pair: &Pair<'_>, file: FileId, new: &mut Extraction) {
    let mut changes: Vec<IdentityChange> = Vec::new();
    for was in &pair.old.policies {
        changes.extend(document(pair, was, new));
    }
    for principal in &new.principals {
        changes.extend(identity(pair, principal, new));
    }
    for gap in &pair.old.gaps {
        let id = resource_of(&gap.origin.address);
        if !pair.sides.is_alike(id) {
            let kinds = gap
                .kind
                .map_or(vec![PolicyKind::Identity, PolicyKind::Resource], |kind| {
                    vec![kind]
                });
            let what = "what was deployed at this place cannot be read";
            changes.extend(
                kinds
                    .into_iter()
                    .map(|kind| change(&gap.origin, Vec::new(), what, kind)),
            );
        }
    }
    changes.extend(pair.changed_of_type(MEMBERSHIP).into_iter().map(|id| {
        let origin = at_start(id, MEMBERSHIP);
        change(
            &origin,
            Vec::new(),
            "a group membership is changed",
            PolicyKind::Identity,
        )
    }));
    if pair.stacks.may_change(MEMBERSHIP) {
        let what = "a group membership in a nested stack may be changed";
        let origin = at_start("", MEMBERSHIP);
        changes.push(change(&origin, Vec::new(), what, PolicyKind::Identity));
    }
    for mut change in changes {
        change.origin.place.file = file;
        new.changes.push(change);
    }
}

/// What it means that a document of the earlier template is not in the new one, or is attached to others.
fn document(pair: &Pair<'_>, was: &Policy, new: &Extraction) -> Option<IdentityChange> {
    let id = resource_of(&was.origin.address);
    let is_compared = was.kind == PolicyKind::Identity && pair.stacks.compared(id, pair.old).is_some();
    if pair.is_nested(&was.origin.address) && !is_compared {
        let mut news = new.policies.iter();
        let stays = news.any(|is| is.origin.address == was.origin.address && is.kind == was.kind);
        let is_compared = was.kind == PolicyKind::Grant || stays && was.kind != PolicyKind::Identity;
        return (!is_compared).then(|| change(&was.origin, was.attached_to.clone(), NESTED, was.kind));
    }
    let kept = pair.is_kept(id);
    let is = new
        .policies
        .iter()
        .find(|policy| policy.origin.address == was.origin.address && kept);
    match (was.kind, is) {
        (PolicyKind::Identity, Some(is)) => {
            let may_move = was.attached_to.iter().any(|name| pair.may_move(name));
            let same = as_set(&was.attached_to) == as_set(&is.attached_to);
            let both = was.attached_to.iter().chain(&is.attached_to).cloned().collect();
            let stays = same && (!may_move || pair.is_fixed(id));
            (!stays).then(|| change(&is.origin, both, "who has the policy is changed", was.kind))
        }
        (PolicyKind::Identity, None) => {
            let stays = |name: &&String| !pair.was_identity(name) || pair.is_kept(name);
            let left: Vec<String> = was.attached_to.iter().filter(stays).cloned().collect();
            // With all that had it, it may go.
            let all_gone = left.is_empty() && !was.attached_to.is_empty();
            (!all_gone).then(|| change(&was.origin, left, "the policy is deleted", was.kind))
        }
        (PolicyKind::Grant, _) | (_, Some(_)) => None,
        // A resource that goes takes its own policy with it.
        (_, None) if !kept && is_own(was) => None,
        (_, None) => {
            let what = if kept {
                "the policy is removed"
            } else {
                "the policy is deleted"
            };
            Some(change(&was.origin, Vec::new(), what, was.kind))
        }
    }
}

/// What is attached to an identity that was there before.
fn identity(pair: &Pair<'_>, is: &ExtractedPrincipal, new: &Extraction) -> Option<IdentityChange> {
    if !pair.is_kept(&is.address) {
        return None;
    }
    let was = pair.old.principals.iter().find(|was| was.address == is.address);
    let may_move = |text: &String| pair.may_move(text);
    let what = match was {
        None => "the identity was there under a condition only",
        Some(was) if as_set(&was.policies) != as_set(&is.policies) => "the attached policies are changed",
        Some(_) if !same_catalog(&pair.old.policies, &new.policies, &is.address) => {
            "the attached policies are changed"
        }
        Some(was) if was.boundary != is.boundary => "the permissions boundary is changed",
        Some(_)
            if (is.boundary.as_ref().is_some_and(may_move) || has_unread_boundary(is))
                && !pair.is_fixed(&is.address) =>
        {
            "whether the permissions boundary stays the same is known only at deployment"
        }
        Some(was) if (was.open || is.open) && !pair.sides.is_alike(&is.address) => {
            "not all that is attached is known"
        }
        Some(_) if pair.has_other_groups(&is.address) => "the group memberships are changed",
        Some(_) => return None,
    };
    let origin = at_start(&is.address, "");
    Some(change(
        &origin,
        vec![is.address.clone()],
        what,
        PolicyKind::Identity,
    ))
}

fn has_unread_boundary(principal: &ExtractedPrincipal) -> bool {
    let mut parts = principal.now.boundary.iter();
    parts.any(|part| part.document.content.is_err())
}

fn change(origin: &Origin, identities: Vec<String>, what: &str, kind: PolicyKind) -> IdentityChange {
    IdentityChange {
        // The place may be in the earlier template.
        origin: at_start(&origin.address, &origin.resource_type),
        identities,
        what: what.to_owned(),
        kind,
    }
}

/// An origin at the start of the template; the file is set by the caller.
fn at_start(address: &str, resource_type: &str) -> Origin {
    let span = Span { start: 0, end: 0 };
    Origin {
        address: address.to_owned(),
        resource_type: resource_type.to_owned(),
        place: Place {
            file: FileId(0),
            span,
        },
        statements: Vec::new(),
        block: None,
        rebuilt: None,
    }
}

/// Whether the same AWS managed policies are attached, in any order.
fn same_catalog(olds: &[Policy], news: &[Policy], identity: &str) -> bool {
    let of = |policies: &'_ [Policy]| -> Vec<PolicyDocument> {
        let own = policies.iter().filter(|policy| {
            policy.provenance == Provenance::Catalog && policy.attached_to.iter().any(|name| name == identity)
        });
        own.filter_map(|policy| policy.document.clone().ok()).collect()
    };
    let (olds, news) = (of(olds), of(news));
    olds.len() == news.len()
        && olds.iter().all(|old| news.contains(old))
        && news.iter().all(|new| olds.contains(new))
}

fn as_set(names: &[String]) -> BTreeSet<&String> {
    names.iter().collect()
}
