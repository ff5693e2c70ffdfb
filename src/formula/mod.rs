//! The one small IR between policies and engines: Boolean combinations of atoms, each about one variable of the
//! request. Built only through `and`, `or`, `not`, `fact` and `member`, which fold constants.

mod arn;
mod axioms;
mod condition;
mod domain;
mod from_request;
mod keys;
mod meaning;
mod model;
mod principal;
mod request;
#[cfg(test)]
mod tests;
mod texts;
mod vocabulary;

use std::sync::Arc;

use ipnet::IpNet;

use crate::iam::{
    ContextKey, FACT_SEPARATOR, Glob, HoleId, Instant, Pattern, PrincipalKind, Rational, ReadingId, Segment,
};

pub use arn::crossing_arns;
pub use axioms::{Axiom, AxiomSet, Axioms, Confidence, possible, relevant_axioms};
pub use condition::condition;
pub use domain::{CharClass, Domain, Run, Shape, domain};
pub use from_request::model_of;
pub use keys::{key_is, kind_in, present};
pub use meaning::{Meaning, action_entries, resource_entries, statement_formula};
pub use model::{Model, holds};
pub use principal::principal_entries;
pub use request::{derived_value, request};
pub use vocabulary::{ResourceReading, Vocabulary};

/// A formula in negation normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// Always true.
    True,
    /// Always false.
    False,
    /// An atom or its negation.
    Atom(Atom),
    /// All of these; never empty, nested or constant.
    And(Arc<[Formula]>),
    /// Some of these; never empty, nested or constant.
    Or(Arc<[Formula]>),
}

/// A claim, or its negation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    /// What is claimed.
    pub claim: Claim,
    /// Whether the claim holds or not.
    pub holds: bool,
}

/// What an atom is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A fact that is true or false by itself.
    Fact(Fact),
    /// The value of the variable lies in the set.
    Member(Variable, ValueSet),
}

/// A Boolean of the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The resource is the pseudo resource `*`, not an ARN.
    NoResource,
    /// This value of the key is there (slot 0 of a single-valued key: the key is present).
    Present(Slot),
    /// The value is an ARN; only then its segments mean something, else its text.
    IsArn(Slot),
    /// How an ambiguity is read.
    Reading(ReadingId),
    /// A fact known only at deployment.
    Guard(Arc<str>),
    /// A value matches a pattern whose variables or holes are left uninterpreted: bookkeeping of `solve`.
    Template(u32),
}

/// A value of a context key: multivalued keys have several slots (semantics.md 3.7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The key.
    pub key: ContextKey,
    /// 0-based.
    pub index: u8,
}

/// A variable of the request: its value is a text, but for the principal's kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `service:action`, lower case.
    Action,
    /// A segment of the resource's ARN.
    Resource(Segment),
    /// The kind of the principal.
    PrincipalKind,
    /// Partition of an IAM principal.
    PrincipalPartition,
    /// Account of an IAM principal.
    PrincipalAccount,
    /// `role/path/name`, `user/path/name`, `root` or `federated-user/name`: the last segment of `aws:PrincipalArn`.
    PrincipalPath,
    /// Session name of a role session.
    PrincipalSession,
    /// Name of a service principal.
    PrincipalService,
    /// Identity provider of a federated principal.
    PrincipalProvider,
    /// S3 canonical user id.
    PrincipalCanonical,
    /// The text of a key's value.
    Key(Slot),
    /// A segment of a key's value that is an ARN.
    KeySegment(Slot, Segment),
}

/// A set of values; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSet {
    /// Texts that match any of these globs.
    Globs(Arc<[Glob]>),
    /// Texts that match any of these lower-case globs when ASCII case is ignored.
    Folded(Arc<[Glob]>),
    /// Texts that match any of these patterns, which have variables or holes; `fold` ignores ASCII case.
    Templates {
        /// The patterns.
        patterns: Arc<[Pattern]>,
        /// Whether ASCII case is ignored (the patterns are lower case then).
        fold: bool,
    },
    /// Texts that are numbers in any of these intervals.
    Numbers(Arc<[Interval<Rational>]>),
    /// Texts that are dates in any of these intervals.
    Instants(Arc<[Interval<Instant>]>),
    /// Texts that are addresses in any of these ranges.
    Addresses(Arc<[IpNet]>),
    /// Principal kinds, as a set.
    Kinds(Kinds),
}

/// An interval; `None` is unbounded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval<T> {
    /// Lower bound and whether it belongs to the interval.
    pub low: Option<(T, bool)>,
    /// Upper bound and whether it belongs to the interval.
    pub high: Option<(T, bool)>,
}

impl<T: Ord> Interval<T> {
    /// Whether the value lies within.
    pub fn contains(&self, value: &T) -> bool {
        let above = self
            .low
            .as_ref()
            .is_none_or(|(low, closed)| value > low || (*closed && value == low));
        let below = self
            .high
            .as_ref()
            .is_none_or(|(high, closed)| value < high || (*closed && value == high));
        above && below
    }
}

/// A set of principal kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// The set of these kinds.
    pub fn of(kinds: &[PrincipalKind]) -> Kinds {
        Kinds(kinds.iter().fold(0, |bits, kind| bits | 1 << (*kind as u8)))
    }

    /// Whether the kind is in the set.
    pub fn contains(self, kind: PrincipalKind) -> bool {
        self.0 & (1 << (kind as u8)) != 0
    }

    /// Everything that is not in the set.
    pub fn complement(self) -> Kinds {
        Kinds(!self.0)
    }

    /// Kinds in both sets.
    pub fn intersection(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Whether no kind is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The claim that a fact is true.
pub fn fact(fact: Fact) -> Formula {
    Formula::Atom(Atom {
        claim: Claim::Fact(fact),
        holds: true,
    })
}

/// The claim that a variable's value lies in a set. An empty set folds to false, a set with `*` to true.
pub fn member(variable: Variable, set: ValueSet) -> Formula {
    let (empty, full) = match &set {
        ValueSet::Globs(globs) | ValueSet::Folded(globs) => {
            (globs.is_empty(), globs.iter().any(Glob::is_star))
        }
        ValueSet::Templates { patterns, .. } => (patterns.is_empty(), false),
        ValueSet::Numbers(intervals) => (intervals.is_empty(), false),
        ValueSet::Instants(intervals) => (intervals.is_empty(), false),
        ValueSet::Addresses(ranges) => (ranges.is_empty(), false),
        ValueSet::Kinds(kinds) => (kinds.is_empty(), kinds.complement().is_empty()),
    };
    match (empty, full) {
        (true, _) => Formula::False,
        (_, true) => Formula::True,
        _ => Formula::Atom(Atom {
            claim: Claim::Member(variable, set),
            holds: true,
        }),
    }
}

/// The negation, pushed down to the atoms.
pub fn not(formula: &Formula) -> Formula {
    match formula {
        Formula::True => Formula::False,
        Formula::False => Formula::True,
        Formula::Atom(atom) => Formula::Atom(Atom {
            claim: atom.claim.clone(),
            holds: !atom.holds,
        }),
        Formula::And(parts) => Formula::Or(parts.iter().map(not).collect()),
        Formula::Or(parts) => Formula::And(parts.iter().map(not).collect()),
    }
}

/// All of the formulas.
pub fn and(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Formula::True => {}
            Formula::False => return Formula::False,
            Formula::And(inner) => kept.extend(inner.iter().cloned()),
            other => kept.push(other),
        }
    }
    if kept.len() == 1 {
        return kept.pop().unwrap_or(Formula::True);
    }
    if kept.is_empty() {
        Formula::True
    } else {
        Formula::And(kept.into())
    }
}

/// Some of the formulas.
pub fn or(parts: impl IntoIterator<Item = Formula>) -> Formula {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Formula::False => {}
            Formula::True => return Formula::True,
            Formula::Or(inner) => kept.extend(inner.iter().cloned()),
            other => kept.push(other),
        }
    }
    if kept.len() == 1 {
        return kept.pop().unwrap_or(Formula::False);
    }
    if kept.is_empty() {
        Formula::False
    } else {
        Formula::Or(kept.into())
    }
}

/// Calls `visit` with every atom, in order, without recursing deeper than the formula was built.
pub fn for_each_atom<'a>(formula: &'a Formula, visit: &mut impl FnMut(&'a Atom)) {
    match formula {
        Formula::True | Formula::False => {}
        Formula::Atom(atom) => visit(atom),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().for_each(|part| for_each_atom(part, visit)),
    }
}

/// The hole a guard of that name stands for, so that both are one symbol.
pub fn guard(name: &Arc<str>) -> Formula {
    fact(Fact::Guard(name.clone()))
}

/// The guard fact of a hole that is unknown as a whole.
pub fn unknown(hole: &HoleId) -> Formula {
    fact(Fact::Guard(format!("{}{FACT_SEPARATOR}principal", hole.0).into()))
}
