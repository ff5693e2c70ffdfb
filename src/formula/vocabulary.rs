//! Which context keys a question speaks of, how many values each needs, and which are seen as ARNs.

use std::collections::{BTreeMap, BTreeSet};

use crate::iam::{
    Condition, ConditionValues, ContextKey, ElementSet, Glob, Instant, KeyType, Pattern, Piece,
    PolicyDocument, PrincipalEntry, PrincipalSet, Quantifier, Rational, ResourcePattern, ResourceSet,
    key_facts,
};

use super::{Axiom, Axioms, Slot, ValueSet};

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
    /// Which axioms are on: some are in how keys are read.
    axioms: Axioms,
    /// How resource patterns are read.
    resources: ResourceReading,
    /// Whether `aws:CurrentTime` is spoken of.
    current_time: bool,
    /// Whether `aws:EpochTime` is spoken of, which is `aws:CurrentTime` under another name (A8).
    epoch: bool,
    /// The points in time that the question compares with (A8).
    times: BTreeSet<Instant>,
    /// The texts that services of `aws:CalledVia` and its ends are compared with (A5).
    services: Vec<ValueSet>,
    /// Organizations that the question names by their ids (A6).
    organizations: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct KeyUse {
    /// Distinct set-operator conditions: each may need a value of its own.
    set_conditions: BTreeSet<String>,
    /// Seen as an ARN, segment by segment.
    segmented: bool,
}

impl Vocabulary {
    /// Of nothing yet, under these axioms.
    pub fn under(axioms: Axioms) -> Vocabulary {
        Vocabulary {
            axioms,
            ..Vocabulary::default()
        }
    }

    /// Reads resource patterns so.
    pub fn read_resources(&mut self, reading: ResourceReading) {
        self.resources = reading;
    }

    /// How resource patterns are read.
    pub fn resource_reading(&self) -> ResourceReading {
        self.resources
    }

    /// The axioms that are on.
    pub fn axioms(&self) -> Axioms {
        self.axioms
    }

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
        self.add_time(&condition.key);
        self.add_axiom_values(condition);
        let entry = self
            .keys
            .entry(self.axioms.canonical(&condition.key))
            .or_default();
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
        self.add_time(&key);
        let key = self.axioms.canonical(&key);
        self.keys.entry(key).or_default().segmented |= segmented;
    }

    /// Adds everything of another vocabulary under the same axioms.
    pub fn merge(&mut self, other: &Vocabulary) {
        for (key, uses) in &other.keys {
            let entry = self.keys.entry(key.clone()).or_default();
            entry.set_conditions.extend(uses.set_conditions.iter().cloned());
            entry.segmented |= uses.segmented;
        }
        self.canonical_users |= other.canonical_users;
        self.principal_path |= other.principal_path;
        self.current_time |= other.current_time;
        self.epoch |= other.epoch;
        self.times.extend(&other.times);
        for set in &other.services {
            if !self.services.contains(set) {
                self.services.push(set.clone());
            }
        }
        self.organizations.extend(other.organizations.iter().cloned());
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ContextKey> {
        self.keys.keys()
    }

    /// Whether the key is spoken of.
    pub fn mentions(&self, name: &str) -> bool {
        self.keys.contains_key(&self.canonical(&ContextKey::new(name)))
    }

    /// Whether a principal's path is spoken of.
    pub fn has_principal_path(&self) -> bool {
        self.principal_path
    }

    /// Whether `aws:EpochTime` is spoken of.
    pub fn has_epoch(&self) -> bool {
        self.epoch
    }

    /// Whether the current time is spoken of under both its names.
    pub(super) fn has_both_times(&self) -> bool {
        self.epoch && self.current_time
    }

    /// The points in time that the question compares with.
    pub(super) fn times(&self) -> impl Iterator<Item = &Instant> {
        self.times.iter()
    }

    /// The texts that calling services are compared with.
    pub(super) fn services(&self) -> impl Iterator<Item = &ValueSet> {
        self.services.iter()
    }

    /// The ids of the organizations that the question names.
    pub(super) fn organizations(&self) -> impl Iterator<Item = &str> {
        self.organizations.iter().map(String::as_str)
    }

    /// The key that stands for this one.
    pub(super) fn canonical(&self, key: &ContextKey) -> ContextKey {
        self.axioms.canonical(key)
    }

    /// Whether S3 canonical user ids are spoken of.
    pub fn has_canonical_users(&self) -> bool {
        self.canonical_users
    }

    /// The slots of a key (semantics.md 3.7): one, or for a multivalued key one for each set condition and one more for
    /// the bare presence of a value.
    pub fn slots(&self, key: &ContextKey) -> Vec<Slot> {
        let key = self.canonical(key);
        let slots = if key_facts(&key).multivalued {
            self.wanted_slots(&key).min(MAX_SLOTS)
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
        let key = self.canonical(key);
        self.keys.get(&key).is_some_and(|uses| uses.segmented)
    }

    /// Whether some key would need more values than are modelled: then “no request” proves nothing.
    pub fn is_truncated(&self) -> bool {
        let multivalued = self.keys.keys().filter(|key| key_facts(key).multivalued);
        multivalued
            .into_iter()
            .any(|key| self.wanted_slots(key) > MAX_SLOTS)
    }

    /// As many values as there are set conditions, one for the bare presence, and one for each end of the chain of
    /// calling services.
    fn wanted_slots(&self, key: &ContextKey) -> usize {
        let count = self.keys.get(key).map_or(0, |uses| uses.set_conditions.len());
        let ends = match key.folded() {
            "aws:calledvia" => ["aws:CalledViaFirst", "aws:CalledViaLast"]
                .into_iter()
                .filter(|end| self.mentions(end))
                .count(),
            _ => 0,
        };
        count + 1 + ends
    }

    fn add_time(&mut self, key: &ContextKey) {
        self.epoch |= key.folded() == "aws:epochtime";
        self.current_time |= key.folded() == "aws:currenttime";
    }

    /// Notes the values of a condition that an axiom compares several keys by.
    fn add_axiom_values(&mut self, condition: &Condition) {
        match (condition.key.folded(), &condition.values) {
            ("aws:currenttime" | "aws:tokenissuetime" | "aws:epochtime", ConditionValues::Date(_, dates)) => {
                self.times.extend(dates);
            }
            ("aws:epochtime", ConditionValues::Number(_, numbers)) => {
                self.times.extend(numbers.iter().filter_map(epoch_instant));
            }
            (
                "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast",
                ConditionValues::Text(patterns) | ConditionValues::Folded(patterns),
            ) => {
                let globs: Vec<Glob> = patterns.iter().filter_map(Pattern::as_glob).collect();
                let set = match &condition.values {
                    ConditionValues::Folded(_) => ValueSet::Folded(globs.into()),
                    _ => ValueSet::Globs(globs.into()),
                };
                if !self.services.contains(&set) {
                    self.services.push(set);
                }
            }
            ("aws:principalorgid" | "aws:principalorgpaths", ConditionValues::Text(patterns)) => {
                let heads = patterns.iter().filter_map(organization_of);
                self.organizations.extend(heads);
            }
            _ => {}
        }
    }

    fn add_variables(&mut self, pattern: &Pattern) {
        let keys: Vec<ContextKey> = pattern.variables().cloned().collect();
        keys.iter().for_each(|key| self.add_key(key.folded()));
    }
}

/// How resource patterns are read (semantics.md 3.14, rows 1 and 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResourceReading {
    /// Segment by segment, with case: the default of both rows.
    #[default]
    Segments,
    /// Also as one text, whose `*` reaches over colons.
    Crossing,
    /// Segment by segment, without case.
    Folded,
}

impl Axioms {
    /// `aws:EpochTime` and `aws:CurrentTime` are one variable (axiom A8).
    fn canonical(self, key: &ContextKey) -> ContextKey {
        if key.folded() == "aws:epochtime" && self.has(Axiom::A8) {
            ContextKey::new("aws:CurrentTime")
        } else {
            key.clone()
        }
    }
}

/// A number of seconds since 1970 as a point in time.
pub(super) fn epoch_instant(seconds: &Rational) -> Option<Instant> {
    let second = Rational::from_integer(1_000_000_000.into());
    (seconds * second).floor().to_integer().try_into().ok()
}

/// The organization of an id or a path: the text before the first `/`, if it is fixed.
fn organization_of(pattern: &Pattern) -> Option<String> {
    let pieces = pattern.pieces();
    let head = pieces
        .iter()
        .take_while(|piece| **piece != Piece::Char('/'))
        .map(|piece| match piece {
            Piece::Char(c) if !['*', '?'].contains(c) => Some(*c),
            Piece::Char(_) | Piece::Any | Piece::Star | Piece::Var(..) | Piece::Hole(_) => None,
        });
    head.collect::<Option<String>>().filter(|head| !head.is_empty())
}
