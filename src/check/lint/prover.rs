//! What the rules ask the engine: whether no possible request satisfies a formula. Built only when it is first asked.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;

use crate::formula::{Formula, and, possible, statement_formula};
use crate::iam::Statement;
use crate::solve::glob::GlobSolver;
use crate::solve::{Decision, Symbols, decide, is_empty};

use super::super::subject::{Prepared, possible_kinds, symbols};

/// The engine, with its steps for one formula.
const ENGINE: GlobSolver = GlobSolver { steps: 200_000 };
/// Formulas a document may ask of.
const QUESTIONS: u32 = 200;

/// The engine, with what is known of the requests of one document.
pub(super) struct Prover<'a> {
    prepared: &'a Prepared<'a>,
    possible: OnceCell<Formula>,
    symbols: OnceCell<Symbols>,
    asked: Cell<u32>,
    gave_up: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Prover<'a> {
    /// A prover for a document.
    pub(super) fn new(prepared: &'a Prepared<'a>) -> Prover<'a> {
        Prover {
            prepared,
            possible: OnceCell::new(),
            symbols: OnceCell::new(),
            asked: Cell::new(0),
            gave_up: RefCell::default(),
        }
    }

    /// When a statement made of parts of this document matches.
    pub(super) fn matches(&self, statement: &Statement) -> Formula {
        statement_formula(statement, &self.prepared.vocabulary)
    }

    /// The vocabulary of the document.
    pub(super) fn vocabulary(&self) -> &crate::formula::Vocabulary {
        &self.prepared.vocabulary
    }

    /// Whether it is proved that no possible request satisfies the formula. `rule` is who asks.
    pub(super) fn is_empty(&self, rule: &'static str, formula: Formula) -> bool {
        if formula == Formula::False {
            return true;
        }
        let answer = self
            .question(rule, formula)
            .map(|formula| is_empty(&formula, self.symbols(), &ENGINE));
        if answer == Some(None) {
            self.give_up(rule);
        }
        answer == Some(Some(true))
    }

    /// Whether it is proved that some possible request satisfies the formula, whatever the unknown values are.
    pub(super) fn is_possible(&self, rule: &'static str, formula: Formula) -> bool {
        let Some(formula) = self.question(rule, formula) else {
            return false;
        };
        match decide(&formula, self.symbols(), &ENGINE) {
            Decision::Violated(_) => true,
            Decision::Proved | Decision::Depends(_) => false,
            Decision::GaveUp(_) => {
                self.give_up(rule);
                false
            }
        }
    }

    /// Whether another question may be asked: spares building its formula. If not, `rule` is left without an answer.
    pub(super) fn may_ask(&self, rule: &'static str) -> bool {
        let may = self.asked.get() < QUESTIONS;
        if !may {
            self.give_up(rule);
        }
        may
    }

    /// Some Deny of the document matches.
    pub(super) fn some_deny(&self) -> Formula {
        self.prepared.meaning.some_deny()
    }

    /// The rules that were left without an answer.
    pub(super) fn gave_up(self) -> BTreeSet<&'static str> {
        self.gave_up.into_inner()
    }

    /// Says that a rule was left without an answer.
    pub(super) fn give_up(&self, rule: &'static str) {
        self.gave_up.borrow_mut().insert(rule);
    }

    /// The formula of the possible requests among those of the formula; `None` when there were too many questions.
    fn question(&self, rule: &'static str, formula: Formula) -> Option<Formula> {
        if !self.may_ask(rule) {
            return None;
        }
        self.asked.set(self.asked.get().saturating_add(1));
        Some(and([formula, self.possible().clone()]))
    }

    fn possible(&self) -> &Formula {
        self.possible.get_or_init(|| {
            let vocabulary = &self.prepared.vocabulary;
            let kinds = possible_kinds(&self.prepared.subject, vocabulary);
            possible(vocabulary, &kinds)
        })
    }

    fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| {
            let subject = self.prepared.subject;
            symbols(
                subject.document,
                &[],
                subject.holes,
                self.prepared.vocabulary.clone(),
            )
        })
    }
}
