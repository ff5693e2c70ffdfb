//! The questions of a run: which standard is asked of which policy, equal policies once, and what the pipeline answers
//! itself because the check cannot know it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::{
    self, Check, Prepared, Reference, Standard, Subject, Trust, Undecided, Unit, Verdict, prepare,
};
use crate::extract::{Before, IdentityChange, Policy, PolicyKind};
use crate::iam::PolicyDocument;
use crate::report::{Outcome, ScannedInput};

use super::denied::{in_doubt, less_denied};
use super::guarded::guarded_type;
use super::noted::{Noted, lint_verdict};
use super::principals::{Composed, PrincipalQuestion, untold};
use super::same::{key, same};
use super::scope::in_scope;

/// One policy and the standards that are about it.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The input it is in.
    pub(super) input: usize,
    /// Its position there.
    pub(super) position: usize,
    /// The policy.
    pub(super) policy: &'a Policy,
    /// Its document.
    pub(super) document: &'a PolicyDocument,
    /// The account it will live in.
    pub(super) account: Option<&'a str>,
    /// The standards that are about it, by position.
    pub(super) standards: BTreeSet<usize>,
}

/// The questions about all valid policies, also those that no standard is about.
pub(super) fn questions<'a>(
    inputs: &'a [ScannedInput],
    standards: &[Standard],
    account: Option<&'a str>,
) -> Vec<Question<'a>> {
    let mut questions = Vec::new();
    for (input, scanned) in inputs.iter().enumerate() {
        let extraction = &scanned.extraction;
        let account = extraction.environment.account.as_deref().or(account);
        let composed = Composed::of(extraction);
        for (position, policy) in extraction.policies.iter().enumerate() {
            if scanned.unchanged.policies.contains(&position) {
                continue;
            }
            if let Ok(document) = &policy.document {
                let standards = composed.about(standards, policy).0.into_iter().collect();
                questions.push(Question {
                    input,
                    position,
                    policy,
                    document,
                    account,
                    standards,
                });
            }
        }
    }
    questions
}

/// The standards that are about a policy, by position.
pub(super) fn about<'a>(
    standards: &'a [Standard],
    kind: Option<PolicyKind>,
    origin: &'a crate::extract::Origin,
) -> impl Iterator<Item = usize> + 'a {
    let fits = move |(_, standard): &(usize, &Standard)| in_scope(standard, kind, origin);
    standards
        .iter()
        .enumerate()
        .filter(fits)
        .map(|(position, _)| position)
}

/// Questions that cannot be asked with these options: nothing is scanned then.
pub(super) fn misuse(
    questions: &[Question<'_>],
    of_principals: &[PrincipalQuestion<'_>],
    inputs: &[ScannedInput],
    standards: &[Standard],
) -> Vec<String> {
    let name = |input: usize| inputs.get(input).map_or("", |input| input.name.as_str());
    let mut found: BTreeSet<String> = untold(of_principals, standards)
        .map(|(input, standard)| {
            let (id, name) = (&standard.id, name(input));
            format!(
                "standard `{id}` compares with what is deployed, which `{name}` does not tell: give the deployed \
                 version with `--before FILE`"
            )
        })
        .collect();
    for question in questions {
        for (id, check) in question.asked(standards) {
            match check {
                check
                    if matches!(check.reference(), Some(Reference::Before))
                        && matches!(question.policy.before, Before::NotTold) =>
                {
                    let name = name(question.input);
                    found.insert(format!(
                        "standard `{id}` compares with what is deployed, which `{name}` does not tell: give the deployed \
                         version with `--before FILE`"
                    ));
                }
                Check::NoExternalAccess { trust } if question.account.is_none() && is_empty(trust) => {
                    found.insert(format!(
                        "standard `{id}`: no trust accounts and no known account: name them under `trust` in the \
                         standards file, or give `--account`"
                    ));
                }
                _ => {}
            }
        }
    }
    found.into_iter().collect()
}

fn is_empty(trust: &Trust) -> bool {
    trust.accounts.is_empty() && trust.organizations.is_empty() && trust.principals.is_empty()
}

impl Question<'_> {
    fn asked<'s>(&self, standards: &'s [Standard]) -> impl Iterator<Item = (&'s str, &'s Check)> {
        let asked: Vec<&Standard> = self
            .standards
            .iter()
            .filter_map(|position| standards.get(*position))
            .collect();
        asked
            .into_iter()
            .map(|standard| (standard.id.as_str(), &standard.check))
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            document: self.document,
            kind: self.policy.kind,
            resource_type: guarded_type(&self.policy.origin.resource_type),
            holes: &self.policy.holes,
            before: &self.policy.before,
            default_facts: &self.policy.default_facts,
            account: self.account,
            whole: None,
        }
    }

    /// A key that is the same for equal policies.
    pub(super) fn key(&self) -> u64 {
        key(&self.subject())
    }
}

/// Equal policies.
#[derive(Debug)]
pub(super) struct Group {
    /// The first of them, by its position in the questions.
    pub(super) first: usize,
    /// The standards that are about any of them.
    pub(super) standards: BTreeSet<usize>,
}

/// The groups of equal policies, in order of first appearance, and the group of each question.
pub(super) fn grouped(questions: &[Question<'_>], keys: &[u64]) -> (Vec<Group>, Vec<usize>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_key: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut of_question = Vec::with_capacity(questions.len());
    for (at, (question, key)) in questions.iter().zip(keys).enumerate() {
        let alike = by_key.entry(*key).or_default();
        let equal = |group: &&usize| {
            let first = groups.get(**group).and_then(|group| questions.get(group.first));
            first.is_some_and(|first| same(&first.subject(), &question.subject()))
        };
        let group = alike.iter().find(equal).copied().unwrap_or(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.standards.extend(&question.standards),
            None => {
                alike.push(group);
                groups.push(Group {
                    first: at,
                    standards: question.standards.clone(),
                });
            }
        }
        of_question.push(group);
    }
    (groups, of_question)
}

/// What is done once for a policy; `None` when that panicked.
pub(super) fn prepared<'a>(question: &'a Question<'_>) -> Option<Prepared<'a>> {
    let subject = question.subject();
    catch_unwind(AssertUnwindSafe(|| prepare(subject))).ok()
}

/// The answer to one standard. A panic is caught: it is the answer to this question and no other.
pub(super) fn answer(
    prepared: Option<&Prepared<'_>>,
    standard: &Standard,
    options: &check::Options,
) -> Verdict {
    let Some(prepared) = prepared else {
        return Verdict::Internal("preparing the policy panicked".to_string());
    };
    catch_unwind(AssertUnwindSafe(|| {
        check::check(&standard.check, prepared, options)
    }))
    .unwrap_or_else(|_| Verdict::Internal("the check panicked".to_string()))
}

/// The outcomes, in input order: answers to policies, then gaps, then changes that cannot be compared, then answers to
/// principals.
pub(super) fn outcomes(
    inputs: &[ScannedInput],
    standards: &[Standard],
    answered: &BTreeMap<(usize, usize), &BTreeMap<usize, Verdict>>,
    noted: &Noted,
    mut of_principals: BTreeMap<usize, Vec<Outcome>>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (input, scanned) in inputs.iter().enumerate() {
        let extraction = &scanned.extraction;
        let less_denied = less_denied(extraction);
        let parts = Composed::of(extraction);
        for (position, policy) in extraction.policies.iter().enumerate() {
            if scanned.unchanged.policies.contains(&position) {
                continue;
            }
            let (asked, as_parts) = parts.about(standards, policy);
            if policy.document.is_err() {
                outcomes.push(Outcome::Invalid {
                    input,
                    policy: position,
                    standards: asked,
                });
                continue;
            }
            if asked.is_empty() {
                outcomes.push(if as_parts.is_empty() {
                    Outcome::NotApplicable
                } else {
                    Outcome::Composed
                });
            }
            for standard in asked {
                let verdict = answered
                    .get(&(input, position))
                    .and_then(|verdicts| verdicts.get(&standard))
                    .cloned();
                let lint = || lint_verdict(standards.get(standard)?, noted.get(&(input, position)));
                let verdict = verdict
                    .or_else(lint)
                    .unwrap_or_else(|| Verdict::Internal("the question got no answer".to_string()));
                // What is attached to whom is compared with the principals, where the standard is about them.
                let alone =
                    |standard: &Standard| standard.on == Unit::Policy || policy.kind != PolicyKind::Identity;
                let standard_asked = standards.get(standard).filter(|standard| alone(standard));
                let verdict = if standard_asked.is_some_and(compares_with_before) {
                    let verdict = composed(verdict, policy, &extraction.changes);
                    in_doubt(verdict, policy, &less_denied)
                } else {
                    verdict
                };
                outcomes.push(Outcome::Answer {
                    input,
                    policy: position,
                    standard,
                    verdict,
                });
            }
        }
        for (gap, found) in extraction.gaps.iter().enumerate() {
            if scanned.unchanged.gaps.contains(&gap) {
                continue;
            }
            let standards = about(standards, found.kind, &found.origin).collect();
            outcomes.push(Outcome::Gap {
                input,
                gap,
                standards,
            });
        }
        for (change, found) in extraction.changes.iter().enumerate() {
            for standard in about(standards, Some(found.kind), &found.origin) {
                if standards
                    .get(standard)
                    .is_some_and(|standard| is_left_open(standard, found))
                {
                    outcomes.push(Outcome::Change {
                        input,
                        change,
                        standard,
                        undecided: not_compared(found),
                    });
                }
            }
        }
        outcomes.extend(of_principals.remove(&input).unwrap_or_default());
    }
    outcomes
}

/// Whether a change is one that the standard compares and that cannot be compared yet. What is attached to whom is
/// compared with the principals, where the standard is about them.
fn is_left_open(standard: &Standard, change: &IdentityChange) -> bool {
    let is_composed = standard.on == Unit::Principal && change.kind == PolicyKind::Identity;
    compares_with_before(standard) && !is_composed
}

fn compares_with_before(standard: &Standard) -> bool {
    matches!(standard.check.reference(), Some(Reference::Before))
}

/// A document alone says nothing when what is attached to its identity changes too: a PASS might lose a Deny of another
/// document, a FAIL might be access that another document gave before.
fn composed(verdict: Verdict, policy: &Policy, changes: &[IdentityChange]) -> Verdict {
    let decided = matches!(verdict, Verdict::Pass(_) | Verdict::Fail(_));
    if !decided || !is_composed(policy.kind) {
        return verdict;
    }
    let touches = |change: &&IdentityChange| {
        change.identities.is_empty()
            || policy.attached_to.is_empty()
            || change
                .identities
                .iter()
                .any(|identity| policy.attached_to.contains(identity))
    };
    let identities = |change: &&IdentityChange| change.kind == PolicyKind::Identity;
    match changes.iter().filter(identities).find(touches) {
        Some(change) => Verdict::Undecided(not_compared(change)),
        None => verdict,
    }
}

/// Whether what a policy of that kind allows depends on what else is attached to its identity.
pub(super) fn is_composed(kind: PolicyKind) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::Scp => true,
        PolicyKind::Resource
        | PolicyKind::Trust
        | PolicyKind::Grant
        | PolicyKind::Rcp
        | PolicyKind::Endpoint => false,
    }
}

fn not_compared(change: &IdentityChange) -> Undecided {
    let (id, what) = match change.kind {
        PolicyKind::Identity => ("composed-comparison", "composed comparison"),
        PolicyKind::Trust => ("assignment-comparison", "a comparison of assignments is"),
        _ => (
            "default-comparison",
            "a comparison with what the service applies instead is",
        ),
    };
    Undecided {
        id,
        message: format!("{what} not supported yet: {}", change.what),
        holes: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
