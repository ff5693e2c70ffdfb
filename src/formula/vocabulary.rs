//! Which context keys a question speaks of, and how many values each needs.

/// The keys of a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {}
