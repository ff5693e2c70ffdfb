//! The Boolean skeleton of a formula: each fact, and each (variable, set), is one atom with a number. Equal sets of one
//! variable share an atom, so that much of what is contradictory is so already as a Boolean formula.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::formula::{Claim, Fact, Formula, ValueSet, Variable};
use crate::iam::{Glob, Token};

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
    /// Whether an atom occurs without negation, by number.
    pub(super) asserted: Vec<bool>,
    /// The variables, by number.
    pub(super) variables: Vec<&'a Variable>,
}

impl<'a> Skeleton<'a> {
    /// The skeleton of a formula, and its root.
    pub(super) fn of(formula: &'a Formula) -> (Skeleton<'a>, Node) {
        let mut reader = Reader {
            skeleton: Skeleton {
                atoms: Vec::new(),
                asserted: Vec::new(),
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
                self.skeleton.asserted.resize(self.skeleton.atoms.len(), false);
                if let Some(asserted) = self.skeleton.asserted.get_mut(number) {
                    *asserted |= atom.holds;
                }
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
    match set {
        ValueSet::Globs(globs) => of_globs(1, globs),
        ValueSet::Folded(globs) => of_globs(2, globs),
        ValueSet::Templates { patterns, .. } => mix(3, patterns.len()),
        ValueSet::Numbers(intervals) => mix(4, intervals.len()),
        ValueSet::Instants(intervals) => mix(5, intervals.len()),
        ValueSet::Addresses(ranges) => mix(6, ranges.len()),
        ValueSet::Kinds(_) => 7,
    }
}

fn of_globs(seed: u64, globs: &[Glob]) -> u64 {
    let mut hash = mix(seed, globs.len());
    let some = match globs {
        [] => [None, None],
        [only] => [Some(only), None],
        [first, .., last] => [Some(first), Some(last)],
    };
    for glob in some.into_iter().flatten() {
        let tokens = glob.tokens();
        hash = mix(hash, tokens.len());
        for token in tokens.iter().take(6).chain(tokens.iter().rev().take(6)) {
            hash = match token {
                Token::Char(c) => mix(hash, *c as usize),
                Token::Any => mix(hash, 0x11_0000),
                Token::Star => mix(hash, 0x11_0001),
            };
        }
    }
    hash
}

fn mix(hash: u64, more: usize) -> u64 {
    (hash ^ more as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
}

fn same_set(left: &ValueSet, right: &ValueSet) -> bool {
    match (left, right) {
        (ValueSet::Globs(a), ValueSet::Globs(b)) | (ValueSet::Folded(a), ValueSet::Folded(b)) => {
            Arc::ptr_eq(a, b) || a == b
        }
        _ => left == right,
    }
}
