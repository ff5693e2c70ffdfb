//! Which requests a check is about: boxes of requests, as formulas and as plain statements for the replay.

use crate::formula::{
    Formula, Vocabulary, action_entries, and, condition, or, principal_entries, resource_entries,
};
use crate::iam::{
    Effect, ElementSet, PolicyDocument, PrincipalSet, Request, ResourcePattern, ResourceSet, Statement,
    Version, action_listed, conditions_hold, principal_listed, resource_listed,
};

use super::AccessBox;

impl AccessBox {
    /// The requests of the box.
    pub(super) fn formula(&self, vocabulary: &Vocabulary) -> Formula {
        let listed = |empty: bool, formula: Formula| if empty { Formula::True } else { formula };
        and([
            listed(self.actions.is_empty(), action_entries(&self.actions, vocabulary)),
            listed(
                self.resources.is_empty(),
                resource_entries(&self.resources, vocabulary),
            ),
            listed(
                self.principals.is_empty(),
                principal_entries(&self.principals, vocabulary),
            ),
        ]
        .into_iter()
        .chain(self.when.iter().map(|line| condition(line, vocabulary))))
    }

    /// What the box speaks of.
    pub(super) fn add_to(&self, vocabulary: &mut Vocabulary) {
        vocabulary.add_principals(&self.principals);
        self.when.iter().for_each(|line| vocabulary.add_condition(line));
    }

    /// Whether a concrete request lies in the box.
    pub(super) fn contains(&self, request: &Request) -> bool {
        (self.actions.is_empty() || action_listed(&self.actions, request))
            && (self.resources.is_empty() || resource_listed(&self.resources, request))
            && (self.principals.is_empty() || principal_listed(&self.principals, request))
            && conditions_hold(&self.when, request)
    }

    /// The box as an Allow.
    pub(super) fn as_statement(&self) -> Statement {
        let resource = match self.resources.as_slice() {
            [] => ResourceSet::Any,
            entries if entries.contains(&ResourcePattern::Any) => ResourceSet::Any,
            entries => ResourceSet::In(entries.to_vec()),
        };
        Statement {
            index: 0,
            sid: None,
            effect: Effect::Allow,
            principal: match self.principals.as_slice() {
                [] => PrincipalSet::Absent,
                entries => PrincipalSet::In(entries.to_vec()),
            },
            action: match self.actions.as_slice() {
                [] => ElementSet::Any,
                patterns => ElementSet::In(patterns.to_vec()),
            },
            spelled: [].into(),
            resource,
            conditions: self.when.clone(),
            guard: Vec::new(),
        }
    }
}

/// The requests of any of the boxes.
pub(super) fn boxes_formula(boxes: &[AccessBox], vocabulary: &Vocabulary) -> Formula {
    or(boxes.iter().map(|access| access.formula(vocabulary)))
}

/// A document that allows nothing: what a created policy is compared with.
pub(super) fn nothing() -> PolicyDocument {
    PolicyDocument {
        version: Version::V2012,
        statements: [].into(),
    }
}
