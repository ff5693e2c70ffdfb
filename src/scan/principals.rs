//! Principals as wholes: which standards are asked of them, which policies are checked only as their parts, and the
//! answers. Principals with the same documents are decided once.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::check::{self, Reference, Standard, Unit, Verdict, compose};
use crate::extract::{
    Composition, Deployed, ExtractedPrincipal, Extraction, Origin, Part, Policy, PolicyKind,
};
use crate::report::{Outcome, ScannedInput};

use super::decide::about;
use super::scope::in_scope;

/// The policies of an input that are checked as parts of principals, where a standard is about those.
pub(super) struct Composed<'a> {
    /// Where principals stand, by their address.
    principals: BTreeMap<&'a str, &'a Origin>,
    /// The principals that a document or boundary is part of, by its address.
    parts: BTreeMap<&'a str, Vec<&'a Origin>>,
}

impl<'a> Composed<'a> {
    /// The parts of the principals of an input.
    pub(super) fn of(extraction: &'a Extraction) -> Composed<'a> {
        let mut composed = Composed {
            principals: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        for principal in &extraction.principals {
            let origin = &principal.origin;
            composed.principals.insert(&principal.address, origin);
            // What may be attached to others is asked alone too.
            for part in principal.now.parts().filter(|part| part.doubt.is_none()) {
                let address = part.document.origin.address.as_str();
                composed.parts.entry(address).or_default().push(origin);
            }
        }
        composed
    }

    /// The standards that are about a policy, by position: those that are asked of it, and those that are asked of the
    /// principals it is part of. A policy that is part of no principal which the standard is about is asked alone.
    pub(super) fn about(&self, standards: &[Standard], policy: &Policy) -> (Vec<usize>, Vec<usize>) {
        let of_principals = |position: &usize| {
            let standard = standards.get(*position);
            standard.is_some_and(|standard| self.is_part_for(standard, policy))
        };
        let (as_part, alone) = about(standards, Some(policy.kind), &policy.origin).partition(of_principals);
        (alone, as_part)
    }

    fn is_part_for(&self, standard: &Standard, policy: &Policy) -> bool {
        if standard.on != Unit::Principal || policy.kind != PolicyKind::Identity {
            return false;
        }
        let in_scope = |origin: &Origin| in_scope(standard, Some(PolicyKind::Identity), origin);
        let parts = self.parts.get(policy.origin.address.as_str());
        let holders = policy
            .attached_to
            .iter()
            .map(|address| self.principals.get(address.as_str()));
        // What is attached in part to nobody knows whom is asked alone too.
        let holders: Option<Vec<&&Origin>> = holders.collect();
        parts.into_iter().flatten().any(|origin| in_scope(origin))
            || holders.is_some_and(|holders| holders.into_iter().any(|origin| in_scope(origin)))
    }
}

/// A principal and the standards that are about it, by position.
pub(super) struct PrincipalQuestion<'a> {
    input: usize,
    position: usize,
    principal: &'a ExtractedPrincipal,
    account: Option<&'a str>,
    standards: BTreeSet<usize>,
}

/// The questions about principals, in input order; none of those that no standard is about.
pub(super) fn principal_questions<'a>(
    inputs: &'a [ScannedInput],
    standards: &[Standard],
    account: Option<&'a str>,
) -> Vec<PrincipalQuestion<'a>> {
    let mut questions = Vec::new();
    for (input, ScannedInput { extraction, .. }) in inputs.iter().enumerate() {
        let account = extraction.environment.account.as_deref().or(account);
        for (position, principal) in extraction.principals.iter().enumerate() {
            let on_principals = |at: &usize| {
                standards
                    .get(*at)
                    .is_some_and(|standard| standard.on == Unit::Principal)
            };
            let found: BTreeSet<usize> = about(standards, Some(PolicyKind::Identity), &principal.origin)
                .filter(on_principals)
                .collect();
            if !found.is_empty() {
                questions.push(PrincipalQuestion {
                    input,
                    position,
                    principal,
                    account,
                    standards: found,
                });
            }
        }
    }
    questions
}

/// Standards that compare with what is deployed, where an input does not tell that of its principals: input and standard.
pub(super) fn untold<'q>(
    questions: &'q [PrincipalQuestion<'_>],
    standards: &'q [Standard],
) -> impl Iterator<Item = (usize, &'q Standard)> {
    questions.iter().flat_map(move |question| {
        let is_untold = matches!(question.principal.before, Deployed::NotTold);
        let compares = |standard: &&Standard| matches!(standard.check.reference(), Some(Reference::Before));
        let asked = question.standards.iter().filter_map(|at| standards.get(*at));
        let untold = asked.filter(move |standard| is_untold && compares(standard));
        untold.map(|standard| (question.input, standard))
    })
}

/// What tells equal questions: the same documents, by where they are in memory.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Same<'q> {
    principal_type: &'static str,
    account: Option<&'q str>,
    now: Vec<(usize, Option<Arc<str>>)>,
    before: Vec<(usize, Option<Arc<str>>)>,
    told: (u8, &'q str),
}

impl PrincipalQuestion<'_> {
    fn same(&self) -> Same<'_> {
        let none = Composition::default();
        let (before, told) = match &self.principal.before {
            Deployed::Composition(before) => (before, (0, "")),
            Deployed::Created => (&none, (1, "")),
            Deployed::NotTold => (&none, (2, "")),
            Deployed::Unreadable(why) => (&none, (3, why.as_str())),
        };
        Same {
            principal_type: self.principal.principal_type,
            account: self.account,
            now: identities(&self.principal.now),
            before: identities(before),
            told,
        }
    }
}

/// Documents and, after a separator, boundary.
fn identities(composition: &Composition) -> Vec<(usize, Option<Arc<str>>)> {
    let identity = |part: &Part| (Arc::as_ptr(&part.document).addr(), part.doubt.clone());
    let documents = composition.documents.iter().map(identity);
    let boundary = composition.boundary.iter().map(identity);
    documents.chain([(0, None)]).chain(boundary).collect()
}

/// The first of equal questions, by position, for each question.
pub(super) fn firsts(questions: &[PrincipalQuestion<'_>]) -> Vec<usize> {
    let mut known: BTreeMap<Same<'_>, Vec<usize>> = BTreeMap::new();
    let mut firsts = Vec::with_capacity(questions.len());
    for (at, question) in questions.iter().enumerate() {
        let alike = known.entry(question.same()).or_default();
        let equal = |first: &&usize| {
            questions
                .get(**first)
                .is_some_and(|first| first.standards == question.standards)
        };
        let first = alike.iter().find(equal).copied();
        if first.is_none() {
            alike.push(at);
        }
        firsts.push(first.unwrap_or(at));
    }
    firsts
}

/// The answers to the standards that are about a principal. A panic is caught: it is the answer to this principal and no
/// other.
pub(super) fn answers(
    question: &PrincipalQuestion<'_>,
    standards: &[Standard],
    options: &check::Options,
) -> BTreeMap<usize, Verdict> {
    let Ok(composed) = catch_unwind(AssertUnwindSafe(|| compose(question.principal))) else {
        let lost = || Verdict::Internal("composing the principal panicked".to_string());
        return question.standards.iter().map(|at| (*at, lost())).collect();
    };
    let asked = question
        .standards
        .iter()
        .filter_map(|at| Some((*at, standards.get(*at)?)));
    let answer = |standard: &Standard| {
        catch_unwind(AssertUnwindSafe(|| {
            composed.check(&standard.check, question.account, options)
        }))
        .unwrap_or_else(|_| Verdict::Internal("the check panicked".to_string()))
    };
    asked.map(|(at, standard)| (at, answer(standard))).collect()
}

/// The outcomes of the principals, by input, in order. The answers are those to each first of equal questions.
pub(super) fn principal_outcomes(
    questions: &[PrincipalQuestion<'_>],
    firsts: &[usize],
    answered: &BTreeMap<usize, BTreeMap<usize, Verdict>>,
) -> BTreeMap<usize, Vec<Outcome>> {
    let mut outcomes: BTreeMap<usize, Vec<Outcome>> = BTreeMap::new();
    for (question, first) in questions.iter().zip(firsts) {
        for standard in &question.standards {
            let verdict = answered.get(first).and_then(|verdicts| verdicts.get(standard));
            let lost = || Verdict::Internal("the question got no answer".to_string());
            outcomes
                .entry(question.input)
                .or_default()
                .push(Outcome::Principal {
                    input: question.input,
                    principal: question.position,
                    standard: *standard,
                    verdict: verdict.cloned().unwrap_or_else(lost),
                });
        }
    }
    outcomes
}
