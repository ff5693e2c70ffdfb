//! What a PASS rests on: readings of ambiguities, and a smallest set of axioms without which it would not hold. Examined only where an axiom says
//! anything of the keys that the question speaks of, which is seldom: each axiom then costs another search.

use crate::formula::{Axiom, Axioms, relevant_axioms};
use crate::iam::PolicyDocument;
use crate::solve::decide;

use super::engines::Engines;
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
    /// The proof of the answer.
    pub(super) fn proof(&self, question: &Question<'_>, solver: &'static str, unconfirmed: bool) -> Proof {
        Proof {
            solver,
            axioms: self.axioms(question).into_iter().map(Axiom::id).collect(),
            // What must be allowed is read the other way round already.
            notes: match self.asked.1 {
                Violation::Refused => Vec::new(),
                Violation::Allowed | Violation::NotDenied => notes(self),
            },
            unconfirmed,
        }
    }

    /// The axioms of which none can be left out.
    fn axioms(&self, question: &Question<'_>) -> Vec<Axiom> {
        let relevant = relevant_axioms(&question.symbols.vocabulary, &question.kinds);
        if relevant.is_empty() || self.holds_without(&relevant) {
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
        let options = Options {
            axioms: Axioms::Without(off.iter().copied().collect()),
            ..*self.options
        };
        let document = self.prepared.subject.document;
        let question = question(self.asked, document, self.reference, self.prepared, &options);
        self.engines
            .proves(|solver| decide(&question.formula(), &question.symbols, solver))
    }
}
