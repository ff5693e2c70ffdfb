//! The same formula put to Z3 over a private alphabet. Slow beside the glob engine, and independent of it: the second
//! opinion under `--solver both`, and the fallback where the glob engine gives up.
//!
//! Z3 decides the Boolean structure and the arithmetic; a model of those says which globs each text must match, and Z3's
//! regular expressions say whether there is such a text. The memberships of one text are put as *one* membership in an
//! intersection: asked one by one, neither 4.8.12 nor 4.13.3 ever answers whether `a*b?*c` lies within `a*b*c`; as an
//! intersection they answer within milliseconds.
//!
//! Every question gets a context of its own, so that an answer depends neither on the thread nor on the questions
//! before it, and so that nothing outlives the question.

mod alphabet;
mod encode;
mod scalar;
mod text;
mod usage;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use z3::{Config, Params, SatResult, StatisticsValue, with_z3_config};

use super::{Answer, Reason, Solver};
use crate::formula::{Formula, Model, holds};
use encode::Encoding;
use usage::Usage;
use words::{Word, Words};

/// The engine, with its resource limit.
#[derive(Debug, Clone, Copy)]
pub struct Z3Solver {
    /// Z3's `rlimit`.
    pub rlimit: u32,
}

impl Solver for Z3Solver {
    fn name(&self) -> &'static str {
        "z3"
    }

    fn solve(&self, formula: &Formula) -> Answer {
        match formula {
            Formula::True => Answer::Sat(Model::default()),
            Formula::False => Answer::Unsat,
            Formula::Atom(_) | Formula::And(_) | Formula::Or(_) => {
                // The binding panics where Z3 reports an error, for instance when memory runs out.
                let asked = || with_z3_config(&Config::new(), || ask(formula, self.rlimit));
                catch_unwind(AssertUnwindSafe(asked))
                    .unwrap_or_else(|_| unsupported("z3 reported an error on this question"))
            }
        }
    }
}

/// Asks the question in the context of this thread.
fn ask(formula: &Formula, rlimit: u32) -> Answer {
    let usage = match Usage::of(formula) {
        Ok(usage) => usage,
        Err(reason) => return unsupported(&reason),
    };
    search(formula, &usage, rlimit).unwrap_or_else(|| unsupported("z3 printed something that cannot be read"))
}

/// Model by model: either its texts exist, or it is ruled out and so are all that ask for the same.
fn search(formula: &Formula, usage: &Usage<'_>, rlimit: u32) -> Option<Answer> {
    let encoding = Encoding::of(usage);
    let mut words = Words::of(usage);
    let mut budget = Budget {
        limit: rlimit,
        spent: 0,
    };
    let solver = z3::Solver::new();
    for axiom in encoding.axioms(usage)? {
        solver.assert(axiom);
    }
    solver.assert(encoding.formula(formula)?);
    loop {
        match budget.check(&solver) {
            SatResult::Unsat => return Some(Answer::Unsat),
            SatResult::Unknown => return Some(budget.exhausted()),
            SatResult::Sat => {}
        }
        let found = solver.get_model()?;
        let mut model = encoding.read(&found, usage)?;
        let mut ruled_out = false;
        for (variable, literals) in words::by_variable(encoding.reasons(formula, &found)?) {
            match words.word(variable, &literals, &mut budget)? {
                Word::Found(text) if !words::has_type(variable, &text) => {
                    return Some(unsupported(
                        "a key of numbers, dates or addresses compared as a text",
                    ));
                }
                Word::Found(text) => {
                    model.texts.insert(variable.clone(), text);
                }
                Word::None(core) => {
                    solver.assert(encoding.not_all(&core)?);
                    ruled_out = true;
                }
                Word::Unknown => return Some(budget.exhausted()),
            }
        }
        if !ruled_out {
            return Some(if holds(formula, &model) {
                Answer::Sat(model)
            } else {
                unsupported("z3 found a request that does not satisfy the question")
            });
        }
    }
}

/// What is left of the resource limit of a question.
struct Budget {
    limit: u32,
    spent: u32,
}

/// What a check costs at least, so that many small ones come to an end too.
const CHECK: u32 = 200;

impl Budget {
    /// Checks the solver's assertions within what is left.
    fn check(&mut self, solver: &z3::Solver) -> SatResult {
        let left = self.limit.saturating_sub(self.spent);
        if left == 0 {
            return SatResult::Unknown;
        }
        let mut params = Params::new();
        params.set_u32("rlimit", left);
        solver.set_params(&params);
        let before = resources(solver);
        let result = solver.check();
        let used = resources(solver).saturating_sub(before);
        self.spent = self.spent.saturating_add(used.max(CHECK));
        result
    }

    fn exhausted(&self) -> Answer {
        Answer::Unknown(Reason::StepLimit(u64::from(self.limit)))
    }
}

/// What Z3 has counted so far in this context.
fn resources(solver: &z3::Solver) -> u32 {
    match solver.get_statistics().value("rlimit count") {
        Some(StatisticsValue::UInt(count)) => count,
        Some(StatisticsValue::Double(_)) | None => 0,
    }
}

fn unsupported(reason: &str) -> Answer {
    Answer::Unknown(Reason::Unsupported(reason.to_owned()))
}

#[cfg(test)]
mod tests;
