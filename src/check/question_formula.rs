//! A question as a formula: what of a document is forbidden, and the replay of an answer by the reference reading.

use crate::formula::{Formula, Meaning, and, not, possible};
use crate::iam::{
    ArnPattern, Decision as Outcome, Effect, Glob, HoleId, Pattern, PolicyDocument, PrincipalKind, Request,
    ResourcePattern, ResourceSet, evaluate,
};
use crate::solve::Symbols;

use super::access::{boxes_formula, nothing};
use super::engines::Engines;
use super::granted::idle_principal;
use super::options::Options;
use super::realistic::globs;
use super::stranger::{Owner, Stranger, external, public};
use super::subject::{Prepared, possible_kinds, symbols};
use super::{Check, Violation};

/// A question put into a formula, with all that is needed to read its answer.
pub(super) struct Question<'a> {
    pub(super) check: &'a Check,
    pub(super) violation: Violation,
    pub(super) document: &'a PolicyDocument,
    pub(super) meaning: Meaning,
    /// What a violating request is besides allowed, not denied or refused: in question and possible.
    pub(super) rest: Formula,
    /// The forbidden requests alone.
    pub(super) forbidden_requests: Formula,
    /// What every possible request looks like; one of a whole principal is within its boundary.
    pub(super) possible: Formula,
    /// The boundary that every possible request is within, for the replay.
    pub(super) boundary: Option<&'a PolicyDocument>,
    pub(super) symbols: Symbols,
    /// The account the policy lives in, if known.
    pub(super) account: Option<&'a str>,
    /// The kinds of principals that can make requests.
    pub(super) kinds: Vec<PrincipalKind>,
    pub(super) forbidden: Forbidden<'a>,
    pub(super) kind: PrincipalKind,
}

/// The forbidden requests, for the replay.
pub(super) enum Forbidden<'a> {
    /// Not allowed by the document, or not by the boundary it counts within, if any.
    NotAllowedBy(PolicyDocument, Option<PolicyDocument>),
    AllowedBy(PolicyDocument),
    Boxes(&'a [super::AccessBox]),
    Strangers(Stranger),
}

/// The question as a formula: what of a document is forbidden.
pub(super) fn question<'a>(
    (check, violation): (&'a Check, Violation),
    document: &'a PolicyDocument,
    reference: Option<&PolicyDocument>,
    prepared: &Prepared<'a>,
    options: &Options,
) -> Question<'a> {
    let subject = prepared.subject;
    let mut vocabulary = prepared.vocabulary_under(document, options.axioms);
    let forbidden = match check {
        Check::NoNewAccess { .. } | Check::Equivalent { .. } => {
            let reference = reference.map_or_else(nothing, PolicyDocument::as_reference);
            vocabulary.add_document(&reference);
            match violation {
                Violation::Refused => Forbidden::AllowedBy(reference),
                Violation::Allowed | Violation::NotDenied => {
                    let within = subject.whole.and_then(|whole| whole.boundary_before);
                    let within = within.map(PolicyDocument::as_reference);
                    within
                        .iter()
                        .for_each(|boundary| vocabulary.add_document(boundary));
                    Forbidden::NotAllowedBy(reference, within)
                }
            }
        }
        Check::AccessNotGranted { boxes }
        | Check::AccessGranted { boxes }
        | Check::AccessDenied { boxes } => {
            boxes.iter().for_each(|access| access.add_to(&mut vocabulary));
            Forbidden::Boxes(boxes)
        }
        Check::NoPublicAccess { .. } | Check::NoExternalAccess { .. } => {
            let open: Vec<HoleId> = subject
                .holes
                .iter()
                .filter(|hole| hole.may_hold_wildcards())
                .map(|hole| hole.id.clone())
                .collect();
            let owner = Owner {
                account: subject.account,
                open_holes: &open,
                resource_type: subject.resource_type,
                doubt: prepared.doubt,
            };
            let stranger = match check {
                Check::NoExternalAccess { trust } => external(document, trust, owner),
                _ => public(document, owner),
            };
            stranger.add_to(&mut vocabulary);
            Forbidden::Strangers(stranger)
        }
        Check::Lint { .. } => Forbidden::Boxes(&[]),
    };
    let boundary = subject.whole.and_then(|whole| whole.boundary);
    if let Some(boundary) = boundary {
        vocabulary.add_document(boundary);
    }
    let meaning = if vocabulary == prepared.vocabulary {
        prepared.meaning.clone()
    } else {
        Meaning::of(document, &vocabulary)
    };
    let forbidden_formula = match &forbidden {
        Forbidden::NotAllowedBy(reference, within) => {
            let allowed = |document| Meaning::of(document, &vocabulary).allowed();
            not(&and([reference].into_iter().chain(within).map(allowed)))
        }
        Forbidden::AllowedBy(reference) => Meaning::of(reference, &vocabulary).allowed(),
        Forbidden::Boxes(boxes) => boxes_formula(boxes, &vocabulary),
        Forbidden::Strangers(stranger) => stranger.formula(&vocabulary),
    };
    let kinds = possible_kinds(&subject, &vocabulary);
    let kind = if kinds.contains(&PrincipalKind::Anonymous) && !matches!(forbidden, Forbidden::Strangers(_)) {
        PrincipalKind::User
    } else {
        kinds.first().copied().unwrap_or(PrincipalKind::User)
    };
    let within = boundary.map_or(Formula::True, |boundary| {
        Meaning::of(boundary, &vocabulary).allowed()
    });
    let possible = and([possible(&vocabulary, &kinds), within]);
    let rest = and([forbidden_formula.clone(), possible.clone()]);
    let others: Vec<&PolicyDocument> = match &forbidden {
        Forbidden::NotAllowedBy(reference, within) if subject.whole.is_some() => {
            [reference].into_iter().chain(within).chain(boundary).collect()
        }
        _ => boundary.into_iter().collect(),
    };
    let symbols = symbols(document, &others, subject.holes, vocabulary);
    Question {
        check,
        violation,
        document,
        meaning,
        rest,
        forbidden_requests: forbidden_formula,
        possible,
        boundary,
        symbols,
        account: subject.account,
        kinds,
        forbidden,
        kind,
    }
}

impl Question<'_> {
    /// The violating requests.
    pub(super) fn formula(&self) -> Formula {
        and([self.granted(), self.rest.clone()])
    }

    /// What the policy does with the requests that violate.
    pub(super) fn granted(&self) -> Formula {
        match self.violation {
            Violation::NotDenied => not(&self.meaning.some_deny()),
            Violation::Refused => not(&self.meaning.allowed()),
            Violation::Allowed => self.meaning.allowed(),
        }
    }

    /// A principal, by its position, whose requests must be allowed and who makes none.
    pub(super) fn idle_principal(&self, engines: &Engines) -> Option<usize> {
        match (&self.forbidden, self.violation) {
            (Forbidden::Boxes(boxes), Violation::Refused) => idle_principal(boxes, self, engines),
            _ => None,
        }
    }

    /// The replay: whether a concrete request violates the check, by the reference reading alone.
    pub(super) fn is_violated_by(&self, request: &Request) -> bool {
        let is_forbidden = match &self.forbidden {
            Forbidden::NotAllowedBy(reference, within) => {
                !allowed_by(reference, request)
                    || within.as_ref().is_some_and(|within| !allowed_by(within, request))
            }
            Forbidden::AllowedBy(reference) => allowed_by(reference, request),
            Forbidden::Boxes(boxes) => boxes.iter().any(|access| access.contains(request)),
            Forbidden::Strangers(stranger) => stranger.makes(request),
        };
        let is_within = self.boundary.is_none_or(|boundary| allowed_by(boundary, request));
        is_forbidden && is_within && {
            let evaluation = evaluate(self.document, request);
            match self.violation {
                Violation::NotDenied => evaluation.denies.is_empty(),
                Violation::Refused => evaluation.decision != Outcome::Allowed,
                Violation::Allowed => evaluation.decision == Outcome::Allowed,
            }
        }
    }

    /// The actions among which a plausible one is looked for: where requests must be allowed, those that the check lists.
    pub(super) fn actions(&self) -> Vec<Glob> {
        match (&self.forbidden, self.violation) {
            (Forbidden::Boxes(boxes), Violation::Refused) => {
                let listed = boxes.iter().flat_map(|access| &access.actions);
                listed.filter_map(Pattern::as_glob).collect()
            }
            (Forbidden::AllowedBy(document), _) => actions_of(document),
            _ => actions_of(self.document),
        }
    }

    /// The ARN patterns of the check and of the document's Allow statements: where a plausible resource is looked for.
    pub(super) fn resources(&self) -> Vec<&ArnPattern> {
        let boxes = self.boxes();
        let allows = self
            .document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow);
        let written = allows.flat_map(|statement| match &statement.resource {
            ResourceSet::In(entries) => entries.as_slice(),
            ResourceSet::Any | ResourceSet::NotIn(_) => &[],
        });
        let entries = boxes.iter().flat_map(|access| &access.resources).chain(written);
        entries.filter_map(arn_of).collect()
    }

    /// The boxes of the check, if it is about some.
    pub(super) fn boxes(&self) -> &[super::AccessBox] {
        match &self.forbidden {
            Forbidden::Boxes(boxes) => boxes,
            Forbidden::NotAllowedBy(..) | Forbidden::AllowedBy(_) | Forbidden::Strangers(_) => &[],
        }
    }

    pub(super) fn rests_on_unknowns(&self, request: &Request) -> bool {
        !request.holes.is_empty() || !self.symbols.conditions.is_empty()
    }
}

/// Whether a document by itself allows a request, by the reference reading.
fn allowed_by(document: &PolicyDocument, request: &Request) -> bool {
    evaluate(document, request).decision == Outcome::Allowed
}

fn actions_of(document: &PolicyDocument) -> Vec<Glob> {
    let statements = document.statements.iter();
    statements
        .flat_map(|statement| globs(&statement.action))
        .collect()
}

fn arn_of(entry: &ResourcePattern) -> Option<&ArnPattern> {
    match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    }
}
