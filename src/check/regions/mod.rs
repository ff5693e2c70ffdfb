//! What a policy allows and a check forbids, as regions: actions × resources × principals, with conditions and
//! exceptions. Regions are made of what statements write; what is said of one is proved: that it holds a violation, and
//! whether all of it is one. Work is bounded by the step budget of the question.

mod boxes;
mod meet;
mod merge;
mod search;
mod words;

use crate::formula::{Formula, and, not, or};
use crate::iam::{Effect, Request, Statement};

use super::engines::Engines;
use super::question_formula::{Forbidden, Question};
use super::{AccessBox, Check, GuiltyStatement};
use boxes::{Candidate, as_deny, everything};
use search::Search;

pub(super) use boxes::{action_texts, meeting};
pub(super) use meet::{Meet, actions as actions_meet, resources as resources_meet};
pub(super) use search::Found;
pub(super) use words::{condition_text, statement_text};

/// At most so many regions are listed.
const MAX_LISTED: usize = 10;

/// The regions of a violation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Regions {
    /// The first of them.
    pub listed: Vec<Region>,
    /// How many more there are.
    pub more: usize,
    /// Whether there may be yet others: the budget was spent before all was examined.
    pub at_least: bool,
}

/// A region: requests that are allowed and must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The Allow statements it comes from; empty where a Deny is missing.
    pub statements: Vec<usize>,
    /// Its elements.
    pub part: Part,
    /// What is taken out of it.
    pub unless: Vec<Exception>,
    /// Of those requests, only those of strangers to the owner or the zone of trust.
    pub strangers: Option<Strangers>,
    /// Whether all of it is forbidden.
    pub extent: Extent,
}

impl Region {
    /// The region in words, for users.
    pub fn text(&self) -> String {
        words::region(self)
    }
}

/// Elements of a statement as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Actions.
    pub actions: Entries,
    /// Resources.
    pub resources: Entries,
    /// Principals; `Any` also where the policy does not say.
    pub principals: Entries,
    /// Conditions, all of which hold.
    pub conditions: Vec<ConditionText>,
    /// Facts known only at deployment, and whether they hold.
    pub facts: Vec<(String, bool)>,
}

/// Entries of an element, in the spelling of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entries {
    /// Everything.
    Any,
    /// Any of these.
    In(Vec<String>),
    /// None of these.
    NotIn(Vec<String>),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionText {
    /// The operator, in AWS's spelling.
    pub operator: String,
    /// The context key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
    /// All of it in words.
    pub text: String,
}

/// What is taken out of a region. Elements that cover those of the region are `Any`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What takes it out.
    pub source: Source,
    /// Its elements.
    pub part: Part,
}

/// What takes requests out of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A Deny of the document, by index.
    Deny(usize),
    /// An Allow of the reference, by index.
    Reference(usize),
    /// The statement itself, by an element such as `NotAction`.
    Own,
}

/// Whom strangers are strange to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// The owner of the policy.
    Public,
    /// A zone of trust.
    External,
}

/// How much of a region is forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Exactly,
    /// Part of it: it holds a violation, and more was not proved.
    Within,
}

impl Extent {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Extent::Exactly => "exactly",
            Extent::Within => "within",
        }
    }
}

/// The regions of a violated question, of which `request` is a violation and `guilty` are the statements.
pub(super) fn regions(
    question: &Question<'_>,
    guilty: &[GuiltyStatement],
    request: &Request,
    engines: &Engines,
) -> Regions {
    let (found, at_least) = searched(question, guilty, request, engines);
    let more = found.len().saturating_sub(MAX_LISTED);
    let strangers = match question.check {
        Check::NoPublicAccess { .. } => Some(Strangers::Public),
        Check::NoExternalAccess { .. } => Some(Strangers::External),
        Check::NoNewAccess { .. }
        | Check::AccessNotGranted { .. }
        | Check::AccessDenied { .. }
        | Check::AccessGranted { .. }
        | Check::Equivalent { .. }
        | Check::Lint { .. } => None,
    };
    let region = |found: Found| Region {
        strangers,
        ..found.region
    };
    Regions {
        listed: found.into_iter().take(MAX_LISTED).map(region).collect(),
        more,
        at_least,
    }
}

/// The regions and what they were made of.
pub(super) fn found(
    question: &Question<'_>,
    guilty: &[GuiltyStatement],
    request: &Request,
    engines: &Engines,
) -> Vec<Found> {
    searched(question, guilty, request, engines).0
}

fn searched(
    question: &Question<'_>,
    guilty: &[GuiltyStatement],
    request: &Request,
    engines: &Engines,
) -> (Vec<Found>, bool) {
    let mut search = Search::new(question, request, engines);
    for candidate in candidates(question, guilty) {
        search.explore(candidate);
    }
    search.finish()
}

impl Question<'_> {
    /// The violating requests, and impossible ones.
    pub(super) fn core(&self) -> Formula {
        and([self.granted(), self.forbidden_requests.clone()])
    }

    /// The requests of strangers, where the check is about them.
    pub(super) fn strangers(&self) -> Formula {
        match self.forbidden {
            Forbidden::Strangers(_) => self.forbidden_requests.clone(),
            Forbidden::NotAllowedBy(..) | Forbidden::AllowedBy(_) | Forbidden::Boxes(_) => Formula::True,
        }
    }

    /// The requests that the Allow of that index lets through; `None` where no Allow is to blame.
    pub(super) fn granted_by(&self, index: usize) -> Option<Formula> {
        let own = self.meaning.allows.iter().filter(|(own, _)| *own == index);
        let own: Vec<Formula> = own.map(|(_, formula)| formula.clone()).collect();
        match self.check {
            Check::AccessDenied { .. } => None,
            _ if own.is_empty() => None,
            _ => Some(and([or(own), not(&self.meaning.some_deny())])),
        }
    }
}

/// Where violations are: each guilty statement, met with what the check forbids, and what Denies and the reference take
/// out of it.
fn candidates(question: &Question<'_>, guilty: &[GuiltyStatement]) -> Vec<Candidate> {
    let statements = question.document.statements.iter();
    let denies: Vec<(Source, Statement)> = statements
        .clone()
        .filter(|statement| statement.effect == Effect::Deny)
        .map(|statement| (Source::Deny(statement.index), statement.clone()))
        .collect();
    let own = |statement: &&Statement| {
        statement.effect == Effect::Allow && guilty.iter().any(|guilty| guilty.index == statement.index)
    };
    let own: Vec<&Statement> = statements.filter(own).collect();
    let mut found = Vec::new();
    let mut add = |candidate: Option<Candidate>, more: &[(Source, Statement)]| {
        found.extend(candidate.map(|mut candidate| {
            candidate.out.extend(denies.iter().chain(more).cloned());
            candidate
        }));
    };
    match &question.forbidden {
        Forbidden::Boxes(boxes) => {
            for access in boxes.iter().map(AccessBox::as_statement) {
                if matches!(question.check, Check::AccessDenied { .. }) {
                    add(meeting(&access, &everything()), &[]);
                } else {
                    own.iter().for_each(|own| add(meeting(own, &access), &[]));
                }
            }
        }
        Forbidden::Strangers(_) => own.iter().for_each(|own| add(meeting(own, &everything()), &[])),
        // Nothing is granted there.
        Forbidden::AllowedBy(_) => {}
        // A whole principal is not asked for regions: there is no boundary.
        Forbidden::NotAllowedBy(reference, _) => {
            let of = |effect: Effect| reference.statements.iter().filter(move |s| s.effect == effect);
            let allowed: Vec<(Source, Statement)> = of(Effect::Allow)
                .map(|statement| (Source::Reference(statement.index), as_deny(statement)))
                .collect();
            for own in own {
                add(meeting(own, &everything()), &allowed);
                of(Effect::Deny).for_each(|deny| add(meeting(own, deny), &[]));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
