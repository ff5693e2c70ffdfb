//! What a PASS rests on: readings of ambiguities, and a smallest set of axioms without which it would not hold. Examined only where an axiom says
//! anything of the keys that the question speaks of, which is seldom: each axiom then costs another search.

use crate::formula::{Axiom, Axioms, relevant_axioms};
use crate::iam::PolicyDocument;
use crate::solve::{Decision, Solver, decide};

use super::engines::{Answered, Engines};
use super::options::Options;
use super::otherwise::notes;
use super::question_formula::{Question, question};
use super::subject::Prepared;
use super::{Check, Proof, Violation};

/// A question that was answered with PASS.
pub(super) struct Passed<'a> {
    pub(super) asked: (&'a Check, Violation),
    pub(super) reference: Option<&'a PolicyDocument>,
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) options: &'a Options,
    pub(super) engines: &'a Engines,
}

impl Passed<'_> {
    /// The proof of the answer, which needs these axioms.
    pub(super) fn proof(&self, axioms: Vec<Axiom>, solver: &'static str, unconfirmed: bool) -> Proof {
        Proof {
            solver,
            axioms: axioms.into_iter().map(Axiom::id).collect(),
            // What must be allowed is read the other way round already.
            notes: match self.asked.1 {
                Violation::Refused => Vec::new(),
                Violation::Allowed | Violation::NotDenied => notes(self),
            },
            unconfirmed,
        }
    }

    /// The answer without any axiom, where axioms say anything at all and none is needed: it settles the question. `Err`
    /// when two engines differ.
    pub(super) fn without_axioms(&self, question: &Question<'_>) -> Result<Option<Answered>, String> {
        let relevant = relevant(question);
        if relevant.is_empty() {
            return Ok(None);
        }
        let question = self.asked_without(&relevant);
        let asked = |solver: &dyn Solver| decide(&question.formula(), &question.symbols, solver);
        let answered = self.engines.ask(None, asked)?;
        Ok(Some(answered).filter(|answered| matches!(answered.decision, Decision::Proved)))
    }

    /// The axioms of which none can be left out, of a question that they are needed for, if any are relevant.
    pub(super) fn axioms(&self, question: &Question<'_>) -> Vec<Axiom> {
        let relevant = relevant(question);
        if relevant.is_empty() || self.asked.1 == Violation::Refused && self.holds_without(&relevant) {
            return Vec::new();
        }
        let mut needed = relevant;
        let mut off = Vec::new();
        for axiom in needed.clone() {
            off.push(axiom);
            // The last one is needed: not all could be left out.
            let last = off.len() == 1 && needed.len() == 1;
            if !last && self.holds_without(&off) {
                needed.retain(|kept| *kept != axiom);
            } else {
                off.pop();
            }
        }
        needed
    }

    /// Whether the answer is still PASS without these axioms.
    fn holds_without(&self, off: &[Axiom]) -> bool {
        let question = self.asked_without(off);
        self.engines
            .proves(|solver| decide(&question.formula(), &question.symbols, solver))
    }

    fn asked_without(&self, off: &[Axiom]) -> Question<'_> {
        let options = Options {
            axioms: Axioms::Without(off.iter().copied().collect()),
            ..*self.options
        };
        let document = self.prepared.subject.document;
        question(self.asked, document, self.reference, self.prepared, &options)
    }
}

/// The axioms that say anything of the keys that the question speaks of.
fn relevant(question: &Question<'_>) -> Vec<Axiom> {
    relevant_axioms(&question.symbols.vocabulary, &question.kinds)
}
