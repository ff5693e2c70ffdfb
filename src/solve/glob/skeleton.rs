//! The Boolean skeleton of a formula: each fact, and each (variable, set), is one atom with a number. Equal sets of one
//! variable share an atom, so that much of what is contradictory is so already as a Boolean formula.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::formula::{Claim, Fact, Formula, ValueSet, Variable};

/// An atom or its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Literal {
    /// Number of the atom.
    pub(super) atom: usize,
    /// Whether the atom holds.
    pub(super) holds: bool,
}

/// A node of the skeleton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A literal.
    Literal(Literal),
    /// All of these; none means true.
    All(Vec<Node>),
    /// Some of these; none means false.
    Any(Vec<Node>),
}

/// What an atom claims.
#[derive(Debug, Clone, Copy)]
pub(super) enum AtomClaim<'a> {
    /// A fact.
    Fact(&'a Fact),
    /// The variable of that number lies in the set.
    Member(usize, &'a ValueSet),
}

/// A formula's skeleton with its atoms and variables.
#[derive(Debug)]
pub(super) struct Skeleton<'a> {
    /// The claims of the atoms, by number.
    pub(super) atoms: Vec<AtomClaim<'a>>,
    /// The variables, by number.
    pub(super) variables: Vec<&'a Variable>,
}

impl<'a> Skeleton<'a> {
    /// The skeleton of a formula, and its root.
    pub(super) fn of(formula: &'a Formula) -> (Skeleton<'a>, Node) {
        let mut reader = Reader {
            skeleton: Skeleton {
                atoms: Vec::new(),
                variables: Vec::new(),
            },
            facts: BTreeMap::new(),
            variables: BTreeMap::new(),
            sets: BTreeMap::new(),
        };
        let root = reader.node(formula);
        (reader.skeleton, root)
    }

    /// The variable an atom is about, if it is no fact.
    pub(super) fn variable_of(&self, atom: usize) -> Option<usize> {
        match self.atoms.get(atom) {
            Some(AtomClaim::Member(variable, _)) => Some(*variable),
            Some(AtomClaim::Fact(_)) | None => None,
        }
    }
}

struct Reader<'a> {
    skeleton: Skeleton<'a>,
    facts: BTreeMap<&'a Fact, usize>,
    variables: BTreeMap<&'a Variable, usize>,
    sets: BTreeMap<(usize, u64), Vec<usize>>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, formula: &'a Formula) -> Node {
        match formula {
            Formula::True => Node::All(Vec::new()),
            Formula::False => Node::Any(Vec::new()),
            Formula::Atom(atom) => {
                let number = match &atom.claim {
                    Claim::Fact(fact) => self.fact(fact),
                    Claim::Member(variable, set) => self.member(variable, set),
                };
                Node::Literal(Literal {
                    atom: number,
                    holds: atom.holds,
                })
            }
            Formula::And(parts) => Node::All(parts.iter().map(|part| self.node(part)).collect()),
            Formula::Or(parts) => Node::Any(parts.iter().map(|part| self.node(part)).collect()),
        }
    }

    fn fact(&mut self, fact: &'a Fact) -> usize {
        let atoms = &mut self.skeleton.atoms;
        *self.facts.entry(fact).or_insert_with(|| {
            atoms.push(AtomClaim::Fact(fact));
            atoms.len() - 1
        })
    }

    fn member(&mut self, variable: &'a Variable, set: &'a ValueSet) -> usize {
        let variables = &mut self.skeleton.variables;
        let variable = *self.variables.entry(variable).or_insert_with(|| {
            variables.push(variable);
            variables.len() - 1
        });
        let atoms = &mut self.skeleton.atoms;
        let alike = self.sets.entry((variable, fingerprint(set))).or_default();
        let known = alike.iter().copied().find(|atom| match atoms.get(*atom) {
            Some(AtomClaim::Member(_, other)) => same_set(set, other),
            Some(AtomClaim::Fact(_)) | None => false,
        });
        known.unwrap_or_else(|| {
            atoms.push(AtomClaim::Member(variable, set));
            alike.push(atoms.len() - 1);
            atoms.len() - 1
        })
    }
}

/// Equal sets have equal fingerprints; it looks at a few elements only.
fn fingerprint(set: &ValueSet) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(set).hash(&mut hasher);
    match set {
        ValueSet::Globs(globs) | ValueSet::Folded(globs) => {
            globs.len().hash(&mut hasher);
            globs.first().hash(&mut hasher);
            globs.get(globs.len() / 2).hash(&mut hasher);
            globs.last().hash(&mut hasher);
        }
        ValueSet::Templates { patterns, .. } => patterns.len().hash(&mut hasher),
        ValueSet::Numbers(intervals) => intervals.len().hash(&mut hasher),
        ValueSet::Instants(intervals) => intervals.len().hash(&mut hasher),
        ValueSet::Addresses(ranges) => ranges.hash(&mut hasher),
        ValueSet::Kinds(kinds) => kinds.hash(&mut hasher),
    }
    hasher.finish()
}

fn same_set(left: &ValueSet, right: &ValueSet) -> bool {
    match (left, right) {
        (ValueSet::Globs(a), ValueSet::Globs(b)) | (ValueSet::Folded(a), ValueSet::Folded(b)) => {
            Arc::ptr_eq(a, b) || a == b
        }
        _ => left == right,
    }
}
