//! Deciding a formula: engines behind one trait, and the rules for unknown values that all of them share. No policy is
//! ever seen here.

pub mod glob;
mod unknowns;
#[cfg(feature = "z3")]
pub mod z3;

use crate::formula::{Formula, Model};

pub use unknowns::{Decision, HoleFacts, Symbols, decide, is_empty};

/// What an engine found.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// No request satisfies the formula.
    Unsat,
    /// This one does. Every variable that a true part of the formula needs has a value within its domain.
    Sat(Model),
    /// The engine gave up.
    Unknown(Reason),
}

/// Why an engine gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Out of steps. The number is the limit.
    StepLimit(u64),
    /// Something the engine does not decide.
    Unsupported(String),
}

/// An engine. The formula has no [`crate::formula::ValueSet::Templates`]: `decide` replaces them. The same formula gets
/// the same answer on every machine: limits count steps, never seconds.
pub trait Solver: Sync {
    /// The name in reports: `glob`, `z3`.
    fn name(&self) -> &'static str;
    /// Decides the formula.
    fn solve(&self, formula: &Formula) -> Answer;
}
