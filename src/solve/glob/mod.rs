//! The glob engine.

use super::{Answer, Solver};
use crate::formula::Formula;

/// The engine, with its step budget.
#[derive(Debug, Clone, Copy)]
pub struct GlobSolver {
    /// Steps before it gives up.
    pub steps: u64,
}

impl Solver for GlobSolver {
    fn name(&self) -> &'static str {
        "glob"
    }
    fn solve(&self, formula: &Formula) -> Answer {
        let _ = formula;
        todo!()
    }
}
