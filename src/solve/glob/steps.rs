//! The step budget: work is counted, never timed, so that every machine gives up at the same place.

use std::cell::Cell;

/// Steps that are left.
#[derive(Debug)]
pub(super) struct Steps {
    left: Cell<u64>,
}

/// Why a search stopped without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// No steps are left.
    Exhausted,
    /// The question is outside of what is decided.
    Unsupported(&'static str),
}

impl Steps {
    /// A budget of so many steps.
    pub(super) fn new(limit: u64) -> Steps {
        Steps {
            left: Cell::new(limit),
        }
    }

    /// Takes steps from the budget.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Stop> {
        match self.left.get().checked_sub(steps as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Stop::Exhausted)
            }
        }
    }

    /// How many are left.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }
}
