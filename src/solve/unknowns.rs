//! The rules for unknown values that all engines share.

use super::{Reason, Solver};
use crate::formula::{Formula, Model};

/// What is known of symbols.
#[derive(Debug, Clone, Default)]
pub struct Symbols {}

/// The outcome under the hole rule of interface.md.
#[derive(Debug, Clone)]
pub enum Decision {
    /// No violation for any values.
    Proved,
    /// A violation.
    Violated(Model),
    /// Depends on the named unknowns.
    Depends(Vec<String>),
    /// The engine gave up.
    GaveUp(Reason),
}

/// Decides a formula with unknown values.
pub fn decide(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Decision {
    let _ = (formula, symbols, solver);
    todo!()
}
