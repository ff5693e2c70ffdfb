//! A cheap pass before the SAT core: what the top level fixes about single variables rules out branches further down.
//! Most questions end here. It looks at the shape of the formula only.

use super::skeleton::{Literal, Node, Skeleton};
use super::steps::{Steps, Stop};
use super::strings::Effort;
use super::theory::{Feasible, Theory};

/// What is left of a skeleton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Simplified {
    /// It cannot be true.
    Impossible,
    /// All the literals, and a part of each branching.
    Open {
        /// Literals that hold in every model.
        fixed: Vec<Literal>,
        /// The branchings that are left: each has at least two parts.
        branchings: Vec<Vec<Node>>,
    },
}

/// Simplifies a skeleton.
pub(super) fn simplify(
    root: Node,
    skeleton: &Skeleton<'_>,
    theory: &mut Theory<'_>,
    steps: &Steps,
) -> Result<Simplified, Stop> {
    let mut known = Known::of(skeleton);
    let mut branchings = Vec::new();
    let mut news = vec![root];
    loop {
        let before = known.trail.len();
        let mut rounds = std::mem::take(&mut news);
        while let Some(node) = rounds.pop() {
            match node {
                Node::Literal(literal) => {
                    if !known.assume(literal) {
                        return Ok(Simplified::Impossible);
                    }
                }
                Node::All(parts) => rounds.extend(parts),
                Node::Any(parts) => branchings.push(parts),
            }
        }
        if !known.consistent_since(before, theory, steps)? {
            return Ok(Simplified::Impossible);
        }
        let mut open = Vec::with_capacity(branchings.len());
        for parts in branchings {
            match prune_any(parts, &mut known, theory, steps)? {
                Pruned::False => return Ok(Simplified::Impossible),
                Pruned::True => {}
                Pruned::Open(Node::Any(parts)) => open.push(parts),
                Pruned::Open(node) => news.push(node),
            }
        }
        branchings = open;
        if news.is_empty() {
            return Ok(Simplified::Open {
                fixed: known.trail,
                branchings,
            });
        }
    }
}

enum Pruned {
    False,
    True,
    Open(Node),
}

fn prune(node: Node, known: &mut Known<'_>, theory: &mut Theory<'_>, steps: &Steps) -> Result<Pruned, Stop> {
    steps.spend(1)?;
    match node {
        Node::Literal(literal) => match known.value(literal) {
            Some(true) => Ok(Pruned::True),
            Some(false) => Ok(Pruned::False),
            None => {
                let before = known.trail.len();
                known.assume(literal);
                let consistent = known.consistent_since(before, theory, steps)?;
                known.forget_since(before);
                Ok(if consistent {
                    Pruned::Open(node)
                } else {
                    Pruned::False
                })
            }
        },
        Node::All(parts) => {
            let before = known.trail.len();
            let pruned = prune_all(parts, before, known, theory, steps);
            known.forget_since(before);
            pruned
        }
        Node::Any(parts) => prune_any(parts, known, theory, steps),
    }
}

fn prune_all(
    parts: Vec<Node>,
    before: usize,
    known: &mut Known<'_>,
    theory: &mut Theory<'_>,
    steps: &Steps,
) -> Result<Pruned, Stop> {
    let mut kept = Vec::with_capacity(parts.len());
    let mut nested = Vec::new();
    for part in parts {
        match part {
            Node::Literal(literal) => match known.value(literal) {
                Some(true) => {}
                Some(false) => return Ok(Pruned::False),
                None => {
                    known.assume(literal);
                    kept.push(part);
                }
            },
            Node::All(_) | Node::Any(_) => nested.push(part),
        }
    }
    if !known.consistent_since(before, theory, steps)? {
        return Ok(Pruned::False);
    }
    for part in nested {
        match prune(part, known, theory, steps)? {
            Pruned::False => return Ok(Pruned::False),
            Pruned::True => {}
            Pruned::Open(Node::All(parts)) => kept.extend(parts),
            Pruned::Open(node) => kept.push(node),
        }
    }
    Ok(match kept.len() {
        0 => Pruned::True,
        1 => kept.pop().map_or(Pruned::True, Pruned::Open),
        _ => Pruned::Open(Node::All(kept)),
    })
}

fn prune_any(
    parts: Vec<Node>,
    known: &mut Known<'_>,
    theory: &mut Theory<'_>,
    steps: &Steps,
) -> Result<Pruned, Stop> {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        match prune(part, known, theory, steps)? {
            Pruned::False => {}
            Pruned::True => return Ok(Pruned::True),
            Pruned::Open(Node::Any(parts)) => kept.extend(parts),
            Pruned::Open(node) => kept.push(node),
        }
    }
    Ok(match kept.len() {
        0 => Pruned::False,
        1 => kept.pop().map_or(Pruned::False, Pruned::Open),
        _ => Pruned::Open(Node::Any(kept)),
    })
}

/// Literals that are assumed, in order, and those of each variable.
struct Known<'s> {
    skeleton: &'s Skeleton<'s>,
    values: Vec<Option<bool>>,
    by_variable: Vec<Vec<Literal>>,
    trail: Vec<Literal>,
}

impl<'s> Known<'s> {
    fn of(skeleton: &'s Skeleton<'s>) -> Known<'s> {
        Known {
            skeleton,
            values: vec![None; skeleton.atoms.len()],
            by_variable: vec![Vec::new(); skeleton.variables.len()],
            trail: Vec::new(),
        }
    }

    fn value(&self, literal: Literal) -> Option<bool> {
        self.values
            .get(literal.atom)
            .copied()
            .flatten()
            .map(|value| value == literal.holds)
    }

    /// Assumes the literal; false when its opposite is assumed.
    fn assume(&mut self, literal: Literal) -> bool {
        if let Some(value) = self.value(literal) {
            return value;
        }
        if let Some(value) = self.values.get_mut(literal.atom) {
            *value = Some(literal.holds);
        }
        let variable = self.skeleton.variable_of(literal.atom);
        if let Some(literals) = variable.and_then(|variable| self.by_variable.get_mut(variable)) {
            literals.push(literal);
        }
        self.trail.push(literal);
        true
    }

    fn forget_since(&mut self, length: usize) {
        for literal in self.trail.drain(length.min(self.trail.len())..).rev() {
            if let Some(value) = self.values.get_mut(literal.atom) {
                *value = None;
            }
            let variable = self.skeleton.variable_of(literal.atom);
            if let Some(literals) = variable.and_then(|variable| self.by_variable.get_mut(variable)) {
                literals.pop();
            }
        }
    }

    /// Whether the variables of the literals assumed since then may still have values.
    fn consistent_since(&self, length: usize, theory: &mut Theory<'_>, steps: &Steps) -> Result<bool, Stop> {
        let mut variables: Vec<usize> = self
            .trail
            .iter()
            .skip(length)
            .filter_map(|literal| self.skeleton.variable_of(literal.atom))
            .collect();
        variables.sort_unstable();
        variables.dedup();
        for variable in variables {
            let Some(literals) = self.by_variable.get(variable) else {
                continue;
            };
            if let Feasible::No(_) = theory.feasible(variable, literals, Effort::Quick, steps)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
