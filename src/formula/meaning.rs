//! What a policy means as a formula.

use crate::iam::{Condition, PolicyDocument, PrincipalEntry, ResourcePattern};

use super::{Formula, Vocabulary};

/// The meaning of a document: one formula a statement.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// Allow statements: index and when they match.
    pub allows: Vec<(usize, Formula)>,
    /// Deny statements: index and when they match.
    pub denies: Vec<(usize, Formula)>,
}

impl Meaning {
    /// The meaning of a document.
    pub fn of(document: &PolicyDocument, vocabulary: &Vocabulary) -> Meaning {
        let _ = (document, vocabulary);
        todo!()
    }
}

/// When a condition holds.
pub fn condition(condition: &Condition, vocabulary: &Vocabulary) -> Formula {
    let _ = (condition, vocabulary);
    todo!()
}

/// When the resource matches any of the entries.
pub fn resource_entries(entries: &[ResourcePattern]) -> Formula {
    let _ = entries;
    todo!()
}

/// When the principal matches any of the entries.
pub fn principal_entries(entries: &[PrincipalEntry]) -> Formula {
    let _ = entries;
    todo!()
}
