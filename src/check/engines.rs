//! Which engine answers a question, and what happens when two do.

use crate::formula::{Formula, Model};
use crate::solve::glob::GlobSolver;
use crate::solve::{Decision, Solver, Symbols, decide};

use super::hint::Hinted;
use super::options::{Engine, Options};

/// The engines of a run.
pub(super) struct Engines {
    options: Options,
    engine: Engine,
    glob: GlobSolver,
    second: Option<Box<dyn Solver>>,
}

/// An answer and who gave it.
pub(super) struct Answered {
    pub(super) decision: Decision,
    pub(super) solver: &'static str,
    /// Two engines were asked and the second gave up.
    pub(super) unconfirmed: bool,
}

impl Engines {
    pub(super) fn new(options: &Options) -> Engines {
        let second = match options.engine {
            Engine::Glob => None,
            Engine::Auto | Engine::Z3 | Engine::Both => second(options),
        };
        Engines {
            options: *options,
            engine: options.engine,
            glob: GlobSolver { steps: options.steps },
            second,
        }
    }

    /// Asks the engines; the glob engine tries the hint first. `Err` when two definite answers differ.
    pub(super) fn ask(
        &self,
        hint: Option<&Model>,
        decide: impl Fn(&dyn Solver) -> Decision,
    ) -> Result<Answered, String> {
        let glob = &Hinted {
            solver: &self.glob,
            hint,
        };
        let by = |solver: &dyn Solver| Answered {
            decision: decide(solver),
            solver: solver.name(),
            unconfirmed: false,
        };
        match (self.engine, &self.second) {
            (Engine::Glob, _) | (_, None) => Ok(by(glob)),
            (Engine::Z3, Some(second)) => Ok(by(second.as_ref())),
            (Engine::Auto, Some(second)) => {
                let first = by(glob);
                match first.decision {
                    Decision::GaveUp(_) => {
                        let other = by(second.as_ref());
                        Ok(if matches!(other.decision, Decision::GaveUp(_)) {
                            first
                        } else {
                            other
                        })
                    }
                    Decision::Proved | Decision::Violated(_) | Decision::Depends(_) => Ok(first),
                }
            }
            (Engine::Both, Some(second)) => both(by(glob), by(second.as_ref())),
        }
    }

    /// Whether a formula may have a model, as far as the engine that answers first can tell.
    pub(super) fn admits(&self, formula: &Formula, symbols: &Symbols) -> bool {
        !matches!(
            self.first(|solver| decide(formula, symbols, solver)),
            Decision::Proved
        )
    }

    /// The engine whose name stands by what is told without a search; `None` where the user asked for another, or for two.
    pub(super) fn quick(&self) -> Option<&'static str> {
        match self.engine {
            Engine::Auto | Engine::Glob => Some(self.glob.name()),
            Engine::Z3 | Engine::Both => None,
        }
    }

    /// How questions are decided.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the engine that answers first finds a violation; the second is not asked.
    pub(super) fn violates(&self, decide: impl Fn(&dyn Solver) -> Decision) -> bool {
        matches!(self.first(decide), Decision::Violated(_))
    }

    /// Whether the engine that answers first proves that there is no violation; the second is not asked.
    pub(super) fn proves(&self, decide: impl Fn(&dyn Solver) -> Decision) -> bool {
        matches!(self.first(decide), Decision::Proved)
    }

    /// What the engine that answers first decides; the second is not asked.
    pub(super) fn first(&self, decide: impl Fn(&dyn Solver) -> Decision) -> Decision {
        let first: &dyn Solver = match (self.engine, &self.second) {
            (Engine::Z3, Some(second)) => second.as_ref(),
            _ => &self.glob,
        };
        decide(first)
    }
}

fn both(first: Answered, second: Answered) -> Result<Answered, String> {
    match (&first.decision, &second.decision) {
        (Decision::Proved, Decision::Violated(_)) | (Decision::Violated(_), Decision::Proved) => Err(
            format!("{} and {} give different answers", first.solver, second.solver),
        ),
        (Decision::Proved, Decision::Proved) | (Decision::Violated(_), Decision::Violated(_)) => {
            Ok(Answered {
                solver: "both",
                ..first
            })
        }
        // One engine answers and the other does not: the answer stands, unconfirmed.
        (Decision::GaveUp(_) | Decision::Depends(_), Decision::Proved | Decision::Violated(_)) => {
            Ok(Answered {
                unconfirmed: true,
                ..second
            })
        }
        (_, Decision::GaveUp(_) | Decision::Depends(_)) => Ok(Answered {
            unconfirmed: true,
            ..first
        }),
    }
}

#[cfg(feature = "z3")]
fn second(options: &Options) -> Option<Box<dyn Solver>> {
    Some(Box::new(crate::solve::z3::Z3Solver {
        rlimit: options.rlimit,
    }))
}

#[cfg(not(feature = "z3"))]
fn second(_: &Options) -> Option<Box<dyn Solver>> {
    None
}
