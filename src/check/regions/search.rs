//! The search for regions: which entries of a box hold violations, what is taken out, and whether what is left is
//! forbidden as a whole.

use crate::formula::{Formula, Meaning, and, not, request};
use crate::iam::{
    Decision as Outcome, Effect, ElementSet, PolicyDocument, PrincipalSet, Request, ResourceSet, Spelling,
    Statement, evaluate,
};
use crate::solve::{Decision, decide};

use super::super::engines::Engines;
use super::super::hint::{named_actions, named_resources};
use super::super::options::Options;
use super::super::question_formula::Question;
use super::boxes::{Candidate, everything};
use super::meet::{self, Meet};
use super::merge::{merge_actions, merge_resources, merged};
use super::words::part;
use super::{Entries, Exception, Extent, Part, Region};

/// The engine is asked at most so often for one finding; each time it has that share of the step budget.
const MAX_CALLS: u64 = 150;
/// At most so many exceptions are told of a region.
const MAX_UNLESS: usize = 4;
/// At most so many entries of an element are looked at one by one.
const MAX_SPLIT: usize = 40;
/// At most so many requests are tried before the engine is asked.
const MAX_TRIES: usize = 8;
/// Among at most so many regions those within others are looked for.
const MAX_COMPARED: usize = 16;

/// A region and what is known of it.
pub(in crate::check) struct Found {
    /// The region.
    pub(in crate::check) region: Region,
    /// What it was made of.
    pub(in crate::check) candidate: Candidate,
    /// A violation within it.
    pub(in crate::check) witness: Request,
}

/// The state of a search.
pub(super) struct Search<'a> {
    question: &'a Question<'a>,
    engines: Engines,
    violation: Formula,
    seen: Vec<Request>,
    calls: u64,
    spent: bool,
    found: Vec<Found>,
}

impl<'a> Search<'a> {
    pub(super) fn new(question: &'a Question<'a>, request: &Request, engines: &Engines) -> Search<'a> {
        let options = engines.options();
        Search {
            question,
            engines: Engines::new(&Options {
                steps: (options.steps / MAX_CALLS).max(1),
                rlimit: (options.rlimit / 150).max(1),
                ..*options
            }),
            violation: question.formula(),
            seen: vec![request.clone()],
            calls: MAX_CALLS,
            spent: false,
            found: Vec::new(),
        }
    }

    /// Looks for regions in a candidate.
    pub(super) fn explore(&mut self, mut candidate: Candidate) {
        self.keep_overlapping(&mut candidate);
        let Some(witness) = self.witness(&candidate) else {
            return;
        };
        if candidate.out.is_empty() && !self.may_name_insiders(&candidate) && self.is_exact(&candidate) {
            self.add(candidate, witness, Extent::Exactly);
            return;
        }
        for single in by_action(&candidate) {
            self.narrow(single);
        }
    }

    /// Whether some of its principals may be no strangers.
    fn may_name_insiders(&self, candidate: &Candidate) -> bool {
        let several = matches!(&candidate.base.principal, PrincipalSet::In(entries) if entries.len() > 1);
        several && self.question.strangers() != Formula::True
    }

    /// Leaves out the entries that hold no violation.
    fn narrow(&mut self, mut candidate: Candidate) {
        self.keep_overlapping(&mut candidate);
        let Some(mut witness) = self.witness(&candidate) else {
            return;
        };
        let mut narrowed = candidate.clone();
        if let ResourceSet::In(entries) = &candidate.base.resource
            && (2..=MAX_SPLIT).contains(&entries.len())
        {
            let kept = entries.iter().filter(|entry| {
                let mut single = candidate.clone();
                single.base.resource = ResourceSet::In(vec![(*entry).clone()]);
                self.witness(&single)
                    .inspect(|found| witness = found.clone())
                    .is_some()
            });
            narrowed.base.resource = ResourceSet::In(kept.cloned().collect());
        }
        if let PrincipalSet::In(entries) = &candidate.base.principal
            && (2..=MAX_SPLIT).contains(&entries.len())
        {
            let kept = entries.iter().filter(|entry| {
                let mut single = narrowed.clone();
                single.base.principal = PrincipalSet::In(vec![(*entry).clone()]);
                self.witness(&single)
                    .inspect(|found| witness = found.clone())
                    .is_some()
            });
            let kept: Vec<_> = kept.cloned().collect();
            narrowed.base.principal = PrincipalSet::In(kept);
        }
        if !self.contains(&narrowed, &witness) {
            self.spent = true;
            return;
        }
        self.keep_overlapping(&mut narrowed);
        narrowed.out.truncate(MAX_UNLESS);
        let extent = if self.is_exact(&narrowed) {
            Extent::Exactly
        } else {
            Extent::Within
        };
        self.add(narrowed, witness, extent);
    }

    fn add(&mut self, candidate: Candidate, witness: Request, extent: Extent) {
        let spelling = self.spelling();
        let mut unless = Vec::new();
        for (source, statement) in &candidate.out {
            let part = self.exception(&candidate.base, statement, spelling);
            let exception = Exception {
                source: *source,
                part,
            };
            if !unless.contains(&exception) {
                unless.push(exception);
            }
        }
        let own = self.question.document.statements.iter();
        let is_own = own
            .clone()
            .any(|own| own.index == candidate.base.index && own.effect == Effect::Allow);
        let names_statement = is_own && !matches!(self.question.check, super::Check::AccessDenied { .. });
        let region = Region {
            statements: names_statement
                .then_some(candidate.base.index)
                .into_iter()
                .collect(),
            part: part(&candidate.base, spelling),
            unless,
            strangers: None,
            extent,
        };
        self.found.push(Found {
            region,
            candidate,
            witness,
        });
    }

    /// The exception without the elements that cover those of the box.
    fn exception(&mut self, base: &Statement, out: &Statement, spelling: Spelling) -> Part {
        let only = |statement: &Statement, element: fn(&Statement) -> Statement| element(statement);
        let elements: [fn(&Statement) -> Statement; 3] = [
            |s| Statement {
                action: s.action.clone(),
                ..everything()
            },
            |s| Statement {
                resource: s.resource.clone(),
                ..everything()
            },
            |s| Statement {
                principal: s.principal.clone(),
                ..everything()
            },
        ];
        let covered = elements.map(|element| self.covers(&only(out, element), &only(base, element)));
        let [actions, resources, principals] = covered;
        let mut part = part(out, spelling);
        if actions {
            part.actions = Entries::Any;
        }
        if resources {
            part.resources = Entries::Any;
        }
        if principals {
            part.principals = Entries::Any;
        }
        let own = super::words::part(base, spelling);
        part.conditions.retain(|line| !own.conditions.contains(line));
        part.facts.retain(|fact| !own.facts.contains(fact));
        part
    }

    /// The regions, merged and maximal, and whether there may be others.
    pub(super) fn finish(mut self) -> (Vec<Found>, bool) {
        let found = std::mem::take(&mut self.found);
        let spelling = self.spelling();
        let found = merged(found, |part| &mut part.actions, merge_actions, spelling);
        let mut found = merged(found, |part| &mut part.resources, merge_resources, spelling);
        if found.len() <= MAX_COMPARED {
            let mut at = 0;
            while at < found.len() {
                if self.is_within_another(&found, at) {
                    found.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        (found, self.spent)
    }

    fn is_within_another(&mut self, found: &[Found], at: usize) -> bool {
        let Some(inner) = found.get(at) else { return false };
        found.iter().enumerate().any(|(other, outer)| {
            other != at && self.contains(&outer.candidate, &inner.witness) && {
                let outside = not(&self.formula(&outer.candidate));
                self.is_impossible(&and([self.formula(&inner.candidate), outside]))
            }
        })
    }

    /// Leaves out the exceptions that take nothing out of the box.
    fn keep_overlapping(&mut self, candidate: &mut Candidate) {
        let out = std::mem::take(&mut candidate.out);
        for (source, statement) in out {
            if may_overlap(&candidate.base, &statement) {
                let both = and([self.allows(&candidate.base), self.denies(&statement)]);
                if !self.is_impossible(&both) {
                    candidate.out.push((source, statement));
                }
            }
        }
    }

    /// A violation within the candidate: a known one, on what the box itself names, or one that the engine finds.
    fn witness(&mut self, candidate: &Candidate) -> Option<Request> {
        let actions: Vec<String> = named_actions(&candidate.base).take(MAX_TRIES).collect();
        let resources: Vec<String> = named_resources(&candidate.base).take(MAX_TRIES).collect();
        let mut tries = MAX_TRIES;
        for known in &self.seen {
            for action in std::iter::once(&known.action).chain(&actions) {
                for resource in std::iter::once(&known.resource).chain(&resources) {
                    let tried = Request {
                        action: action.clone(),
                        resource: resource.clone(),
                        ..known.clone()
                    };
                    if self.contains(candidate, &tried) {
                        return Some(tried);
                    }
                    tries = tries.saturating_sub(1);
                    if tries == 0 {
                        return self.solved(candidate);
                    }
                }
            }
        }
        self.solved(candidate)
    }

    fn solved(&mut self, candidate: &Candidate) -> Option<Request> {
        let formula = and([self.formula(candidate), self.violation.clone()]);
        if formula == Formula::False {
            return None;
        }
        match self.ask(&formula)? {
            Decision::Violated(model) => {
                let found = request(&model, &self.question.symbols.vocabulary, self.question.kind);
                let holds = self.contains(candidate, &found);
                self.spent |= !holds;
                if holds && self.seen.len() < MAX_TRIES {
                    self.seen.push(found.clone());
                }
                holds.then_some(found)
            }
            Decision::Proved => None,
            Decision::Depends(_) | Decision::GaveUp(_) => {
                self.spent = true;
                None
            }
        }
    }

    /// Whether a concrete request violates the check and lies in the candidate, by the reference reading.
    fn contains(&self, candidate: &Candidate, request: &Request) -> bool {
        evaluate(&self.document(candidate), request).decision == Outcome::Allowed
            && self.question.is_violated_by(request)
    }

    /// Whether every possible request of the candidate is a violation.
    fn is_exact(&mut self, candidate: &Candidate) -> bool {
        let requests = and([self.formula(candidate), self.question.strangers()]);
        // The one statement is nearly always enough, and far less to decide.
        if let Some(granted) = self.question.granted_by(candidate.base.index) {
            let refused = not(&and([granted, self.question.forbidden_requests.clone()]));
            if self.is_impossible(&and([requests.clone(), refused])) {
                return true;
            }
        }
        self.is_impossible(&and([requests, not(&self.question.core())]))
    }

    fn covers(&mut self, outer: &Statement, inner: &Statement) -> bool {
        let left = and([self.allows(inner), not(&self.allows(outer))]);
        left == Formula::False || self.is_impossible(&left)
    }

    /// Whether no possible request satisfies the formula: proved, not guessed.
    fn is_impossible(&mut self, formula: &Formula) -> bool {
        let formula = and([formula.clone(), self.question.possible.clone()]);
        formula == Formula::False || matches!(self.ask(&formula), Some(Decision::Proved))
    }

    fn ask(&mut self, formula: &Formula) -> Option<Decision> {
        if self.calls == 0 {
            self.spent = true;
            return None;
        }
        self.calls -= 1;
        let symbols = &self.question.symbols;
        Some(self.engines.first(|solver| decide(formula, symbols, solver)))
    }

    fn spelling(&self) -> Spelling {
        Spelling {
            version: self.question.document.version,
        }
    }

    fn document(&self, candidate: &Candidate) -> PolicyDocument {
        let out = candidate.out.iter().map(|(_, statement)| statement);
        PolicyDocument {
            version: self.question.document.version,
            statements: std::iter::once(&candidate.base).chain(out).cloned().collect(),
        }
    }

    fn formula(&self, candidate: &Candidate) -> Formula {
        self.meaning(&self.document(candidate)).allowed()
    }

    fn allows(&self, statement: &Statement) -> Formula {
        let statement = Statement {
            effect: Effect::Allow,
            ..statement.clone()
        };
        self.meaning(&self.single(statement)).some_allow()
    }

    fn denies(&self, statement: &Statement) -> Formula {
        self.meaning(&self.single(statement.clone())).some_deny()
    }

    fn single(&self, statement: Statement) -> PolicyDocument {
        PolicyDocument {
            version: self.question.document.version,
            statements: [statement].into(),
        }
    }

    fn meaning(&self, document: &PolicyDocument) -> Meaning {
        Meaning::of(document, &self.question.symbols.vocabulary)
    }
}

/// The candidate for each of its action entries.
fn by_action(candidate: &Candidate) -> Vec<Candidate> {
    let ElementSet::In(patterns) = &candidate.base.action else {
        return vec![candidate.clone()];
    };
    if !(2..=MAX_SPLIT).contains(&patterns.len()) {
        return vec![candidate.clone()];
    }
    let texts = super::boxes::action_texts(&candidate.base);
    let entries = patterns.iter().zip(texts);
    let single = |(pattern, text): (&crate::iam::Pattern, String)| {
        let mut single = candidate.clone();
        single.base.action = ElementSet::In(vec![pattern.clone()]);
        single.base.spelled = [text.into_boxed_str()].into();
        single
    };
    entries.map(single).collect()
}

/// A quick look at actions: what cannot be told here may overlap.
fn may_overlap(base: &Statement, out: &Statement) -> bool {
    match (&base.action, &out.action) {
        (ElementSet::In(ours), ElementSet::In(theirs)) => ours.iter().any(|one| {
            theirs
                .iter()
                .any(|other| meet::actions(one, other) != Meet::Nothing)
        }),
        _ => true,
    }
}
