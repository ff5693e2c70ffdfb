//! The same formula put to Z3's strings over a private alphabet.

use super::{Answer, Solver};
use crate::formula::Formula;

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
        let _ = formula;
        todo!()
    }
}
