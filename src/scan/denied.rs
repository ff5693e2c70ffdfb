//! Documents that deny less than before. Each document of an identity may allow no more than it did, and the identity more
//! all the same: what one document no longer denies, another may allow. Only then; so no other document that stays within
//! what it was is in doubt.

use crate::check::{Undecided, Verdict};
use crate::extract::{Before, Extraction, Policy};
use crate::iam::{Effect, PolicyDocument, Statement};

use super::decide::is_composed;

/// The policies of an extraction that may deny less than before.
pub(super) fn less_denied(extraction: &Extraction) -> Vec<&Policy> {
    let policies = extraction.policies.iter();
    policies
        .filter(|policy| is_composed(policy.kind) && denies_less(policy))
        .collect()
}

/// The other policy that an identity has and that denies less, if any. Who has a policy may not be told: then it is anyone.
pub(super) fn beside<'a>(policy: &Policy, less_denied: &[&'a Policy]) -> Option<&'a Policy> {
    let meets = |other: &&&Policy| {
        let (one, two) = (&policy.attached_to, &other.attached_to);
        one.is_empty() || two.is_empty() || one.iter().any(|identity| two.contains(identity))
    };
    let is_other = |other: &&&Policy| other.origin != policy.origin;
    if !is_composed(policy.kind) {
        return None;
    }
    less_denied.iter().filter(is_other).find(meets).copied()
}

/// A PASS on what is deployed, unless another document of the identity denies less.
pub(super) fn in_doubt(verdict: Verdict, policy: &Policy, less_denied: &[&Policy]) -> Verdict {
    match (&verdict, beside(policy, less_denied)) {
        (Verdict::Pass(_), Some(other)) => Verdict::Undecided(Undecided {
            id: "composed-comparison",
            message: format!(
                "composed comparison not supported yet: `{}` no longer denies all that it did",
                other.origin.address
            ),
            holes: Vec::new(),
        }),
        _ => verdict,
    }
}

fn denies_less(policy: &Policy) -> bool {
    match (&policy.before, &policy.document) {
        (Before::Document(before), Ok(document)) => {
            let kept: Vec<&Statement> = denies(document).collect();
            denies(before).any(|statement| !kept.contains(&statement))
        }
        (Before::Document(before), Err(_)) => denies(before).next().is_some(),
        (Before::Unreadable(_), _) => true,
        (Before::Created | Before::NotTold, _) => false,
    }
}

fn denies(document: &PolicyDocument) -> impl Iterator<Item = &Statement> {
    let statements = document.statements.iter();
    statements.filter(|statement| statement.effect == Effect::Deny)
}
