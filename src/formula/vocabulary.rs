//! Which context keys a question speaks of, how many values each needs, and which are seen as ARNs.

use std::collections::{BTreeMap, BTreeSet};

use crate::iam::{
    Condition, ConditionValues, ContextKey, ElementSet, KeyType, Pattern, PolicyDocument, PrincipalEntry,
    PrincipalSet, Quantifier, ResourcePattern, ResourceSet, key_facts,
};

use super::Slot;

/// More values of one key than this are not modelled; see [`Vocabulary::is_truncated`].
const MAX_SLOTS: usize = 32;

/// The keys of a question. Documents and conditions of one question must share one vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    keys: BTreeMap<ContextKey, KeyUse>,
    /// Whether a principal's path (`role/…`) is spoken of.
    principal_path: bool,
    /// Whether S3 canonical user ids are spoken of.
    canonical_users: bool,
    /// Axioms off: keys about the principal are variables of their own.
    independent_principal: bool,
    /// Whether `aws:EpochTime` is spoken of, which is `aws:CurrentTime` under another name.
    epoch: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct KeyUse {
    /// Distinct set-operator conditions: each may need a value of its own.
    set_conditions: BTreeSet<String>,
    /// Seen as an ARN, segment by segment.
    segmented: bool,
}

impl Vocabulary {
    /// Adds what a document speaks of.
    pub fn add_document(&mut self, document: &PolicyDocument) {
        for statement in document.statements.iter() {
            if let PrincipalSet::In(entries) | PrincipalSet::NotIn(entries) = &statement.principal {
                self.add_principals(entries);
            }
            if let ElementSet::In(patterns) | ElementSet::NotIn(patterns) = &statement.action {
                patterns.iter().for_each(|pattern| self.add_variables(pattern));
            }
            if let ResourceSet::In(entries) | ResourceSet::NotIn(entries) = &statement.resource {
                for entry in entries {
                    if let ResourcePattern::Arn { arn, .. } = entry {
                        arn.segments
                            .iter()
                            .for_each(|pattern| self.add_variables(pattern));
                    }
                }
            }
            statement
                .conditions
                .iter()
                .for_each(|condition| self.add_condition(condition));
        }
    }

    /// Adds what a condition speaks of.
    pub fn add_condition(&mut self, condition: &Condition) {
        self.epoch |= condition.key.folded() == "aws:epochtime";
        let entry = self.keys.entry(canonical(&condition.key)).or_default();
        if condition.operator.quantifier != Quantifier::One && key_facts(&condition.key).multivalued {
            entry
                .set_conditions
                .insert(format!("{:?}{:?}", condition.operator, condition.values));
        }
        entry.segmented |= key_facts(&condition.key).key_type == KeyType::Arn
            || matches!(condition.values, ConditionValues::Arn(_));
        self.principal_path |= condition.key.folded() == "aws:principalarn";
        match &condition.values {
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
                patterns.iter().for_each(|pattern| self.add_variables(pattern));
            }
            ConditionValues::Arn(arns) => {
                arns.iter()
                    .flat_map(|arn| &arn.segments)
                    .for_each(|pattern| self.add_variables(pattern));
            }
            ConditionValues::Number(..)
            | ConditionValues::Date(..)
            | ConditionValues::Ip(_)
            | ConditionValues::Binary(_)
            | ConditionValues::Null(_) => {}
        }
    }

    /// Adds the principals of a question.
    pub fn add_principals(&mut self, entries: &[PrincipalEntry]) {
        self.canonical_users |= entries
            .iter()
            .any(|entry| matches!(entry, PrincipalEntry::Canonical(_)));
        self.principal_path |= entries.iter().any(|entry| {
            matches!(
                entry,
                PrincipalEntry::Role { .. }
                    | PrincipalEntry::User { .. }
                    | PrincipalEntry::Session { .. }
                    | PrincipalEntry::FederatedUser { .. }
            )
        });
    }

    /// Adds a key that is spoken of in formulas made by hand.
    pub fn add_key(&mut self, name: &str) {
        let key = ContextKey::new(name);
        let segmented = key_facts(&key).key_type == KeyType::Arn;
        self.principal_path |= key.folded() == "aws:principalarn";
        self.epoch |= key.folded() == "aws:epochtime";
        self.keys.entry(canonical(&key)).or_default().segmented |= segmented;
    }

    /// Takes keys about the principal (`aws:PrincipalArn`, …) as variables of their own, as without axioms.
    pub fn make_principal_independent(&mut self) {
        self.independent_principal = true;
    }

    /// Whether keys about the principal are read off the principal.
    pub fn derives_principal(&self) -> bool {
        !self.independent_principal
    }

    /// Adds everything of another vocabulary.
    pub fn merge(&mut self, other: &Vocabulary) {
        for (key, uses) in &other.keys {
            let entry = self.keys.entry(key.clone()).or_default();
            entry.set_conditions.extend(uses.set_conditions.iter().cloned());
            entry.segmented |= uses.segmented;
        }
        self.canonical_users |= other.canonical_users;
        self.principal_path |= other.principal_path;
        self.independent_principal |= other.independent_principal;
        self.epoch |= other.epoch;
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ContextKey> {
        self.keys.keys()
    }

    /// Whether the key is spoken of.
    pub fn mentions(&self, name: &str) -> bool {
        self.keys.contains_key(&canonical(&ContextKey::new(name)))
    }

    /// Whether a principal's path is spoken of.
    pub fn has_principal_path(&self) -> bool {
        self.principal_path
    }

    /// Whether `aws:EpochTime` is spoken of.
    pub fn has_epoch(&self) -> bool {
        self.epoch
    }

    /// Whether S3 canonical user ids are spoken of.
    pub fn has_canonical_users(&self) -> bool {
        self.canonical_users
    }

    /// The slots of a key (semantics.md 3.7): one, or for a multivalued key one for each set condition and one more for
    /// the bare presence of a value.
    pub fn slots(&self, key: &ContextKey) -> Vec<Slot> {
        let key = canonical(key);
        let count = self.keys.get(&key).map_or(0, |uses| uses.set_conditions.len());
        let slots = if key_facts(&key).multivalued {
            (count + 1).min(MAX_SLOTS)
        } else {
            1
        };
        (0..slots)
            .filter_map(|index| u8::try_from(index).ok())
            .map(|index| Slot {
                key: key.clone(),
                index,
            })
            .collect()
    }

    /// Whether values of the key are seen as ARNs.
    pub fn is_segmented(&self, key: &ContextKey) -> bool {
        self.keys.get(&canonical(key)).is_some_and(|uses| uses.segmented)
    }

    /// Whether some key would need more values than are modelled: then “no request” proves nothing.
    pub fn is_truncated(&self) -> bool {
        self.keys
            .values()
            .any(|uses| uses.set_conditions.len() + 1 > MAX_SLOTS)
    }

    fn add_variables(&mut self, pattern: &Pattern) {
        let keys: Vec<ContextKey> = pattern.variables().cloned().collect();
        keys.iter().for_each(|key| self.add_key(key.folded()));
    }
}

/// `aws:EpochTime` and `aws:CurrentTime` are one variable (axiom A8).
pub(super) fn canonical(key: &ContextKey) -> ContextKey {
    if key.folded() == "aws:epochtime" {
        ContextKey::new("aws:CurrentTime")
    } else {
        key.clone()
    }
}
