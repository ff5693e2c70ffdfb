//! The literals of a Boolean model that make the formula true: one true part of each branching suffices, and the fewer
//! literals are needed, the easier their values are found.

use std::collections::BTreeSet;

use super::skeleton::{Literal, Node};

/// The fixed literals, and for each branching the literals of its part that asks least.
pub(super) fn literals(fixed: &[Literal], branchings: &[Vec<Node>], values: &[bool]) -> Vec<Literal> {
    let mut needed: BTreeSet<Literal> = fixed.iter().copied().collect();
    for parts in branchings {
        choose(parts, values, &mut needed);
    }
    needed.into_iter().collect()
}

fn choose(parts: &[Node], values: &[bool], needed: &mut BTreeSet<Literal>) {
    let mut best: Option<(usize, &Node)> = None;
    for part in parts.iter().filter(|part| is_true(part, values)) {
        let cost = cost(part, values, needed);
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, part));
        }
        if cost == 0 {
            return;
        }
    }
    if let Some((_, part)) = best {
        collect(part, values, needed);
    }
}

fn collect(node: &Node, values: &[bool], needed: &mut BTreeSet<Literal>) {
    match node {
        Node::Literal(literal) => drop(needed.insert(*literal)),
        Node::All(parts) => parts.iter().for_each(|part| collect(part, values, needed)),
        Node::Any(parts) => choose(parts, values, needed),
    }
}

/// How many literals the node would add; for a branching within, those of its cheapest true part.
fn cost(node: &Node, values: &[bool], needed: &BTreeSet<Literal>) -> usize {
    match node {
        Node::Literal(literal) => usize::from(!needed.contains(literal)),
        Node::All(parts) => parts.iter().map(|part| cost(part, values, needed)).sum(),
        Node::Any(parts) => parts
            .iter()
            .filter(|part| is_true(part, values))
            .map(|part| cost(part, values, needed))
            .min()
            .unwrap_or(0),
    }
}

/// Whether the node is true when the atoms have these values.
fn is_true(node: &Node, values: &[bool]) -> bool {
    match node {
        Node::Literal(literal) => values.get(literal.atom).copied().unwrap_or(false) == literal.holds,
        Node::All(parts) => parts.iter().all(|part| is_true(part, values)),
        Node::Any(parts) => parts.iter().any(|part| is_true(part, values)),
    }
}
