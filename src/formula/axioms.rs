//! What every possible request looks like (semantics.md 3.9).

use super::{Formula, Vocabulary};

/// Which axioms are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axioms {
    /// The axioms marked high.
    #[default]
    High,
    /// None, for comparison with AWS.
    None,
}

/// The formula of possible requests over a vocabulary.
pub fn possible(vocabulary: &Vocabulary, axioms: Axioms) -> Formula {
    let _ = (vocabulary, axioms);
    todo!()
}
