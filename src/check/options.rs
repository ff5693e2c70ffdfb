//! How questions are decided: which engines, which axioms, which limits.

use crate::formula::Axioms;

/// How questions are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which engines answer.
    pub engine: Engine,
    /// Which axioms are on.
    pub axioms: Axioms,
    /// Steps of the glob engine for one question.
    pub steps: u64,
    /// Z3's `rlimit` for one question.
    pub rlimit: u32,
    /// How much is said of a violation. Nothing by default: regions take about as long as the finding itself.
    pub explain: Explain,
}

/// How much is said of a violation besides its counterexample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Explain {
    /// Nothing.
    #[default]
    Nothing,
    /// What the policy allows and must not, as regions.
    Regions,
    /// That, and a change that mends the policy.
    Change,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            engine: Engine::Auto,
            axioms: Axioms::High,
            steps: 20_000_000,
            rlimit: 3_000_000,
            explain: Explain::Nothing,
        }
    }
}

/// Which engines answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The glob engine; Z3 where it gives up.
    #[default]
    Auto,
    /// The glob engine alone.
    Glob,
    /// Z3 alone.
    Z3,
    /// Both; different answers are an internal error.
    Both,
}
