//! A pass over the formula itself, before anything is built from it: what the top level demands of a variable rules out
//! the branches that demand something disjoint. A policy has many statements and a question is about a few of them.
//! Every step keeps the set of models. Formulas with symbols are left alone: what an atom may lend is not seen here.

use crate::formula::{Atom, Claim, Formula, ValueSet, Variable, and, for_each_atom, or};
use crate::iam::{Glob, Token, is_symbol};

/// The formula without the branches that are ruled out; `None` when it stays as it is.
pub(super) fn narrowed(formula: &Formula) -> Option<Formula> {
    if has_symbols(formula) {
        return None;
    }
    let mut narrowed = narrowed_once(formula)?;
    while let Some(further) = narrowed_once(&narrowed) {
        narrowed = further;
    }
    Some(narrowed)
}

/// Each round takes at least one branch away.
fn narrowed_once(formula: &Formula) -> Option<Formula> {
    let Formula::And(parts) = formula else {
        return None;
    };
    let demands: Vec<Demand<'_>> = parts.iter().filter_map(demand).collect();
    let mut changed = false;
    let kept: Vec<Formula> = parts
        .iter()
        .map(|part| match (part, pruned(part, &demands)) {
            (part, Pruned::Same) => part.clone(),
            (_, Pruned::To(other)) => {
                changed = true;
                other
            }
        })
        .collect();
    changed.then(|| and(kept))
}

/// A variable's value matches one of these globs, whatever else holds.
struct Demand<'a> {
    variable: &'a Variable,
    globs: Vec<&'a Glob>,
}

/// What a part of the top level demands: an atom by itself, alternatives when each is about the action.
fn demand(part: &Formula) -> Option<Demand<'_>> {
    match part {
        Formula::Atom(atom) => matched(atom, true).map(|(variable, globs)| Demand {
            variable,
            globs: globs.iter().collect(),
        }),
        Formula::Or(branches) => {
            let of_branch = |branch| {
                let mut atoms = conjuncts(branch);
                atoms.find_map(|atom| {
                    matched(atom, true).filter(|(variable, _)| **variable == Variable::Action)
                })
            };
            let globs: Option<Vec<&[Glob]>> = branches
                .iter()
                .map(|branch| of_branch(branch).map(|(_, globs)| globs))
                .collect();
            Some(Demand {
                variable: &Variable::Action,
                globs: globs?.into_iter().flatten().collect(),
            })
        }
        Formula::True | Formula::False | Formula::And(_) => None,
    }
}

enum Pruned {
    Same,
    To(Formula),
}

fn pruned(part: &Formula, demands: &[Demand<'_>]) -> Pruned {
    let Formula::Or(branches) = part else {
        return Pruned::Same;
    };
    if branches.iter().any(|branch| is_granted(branch, demands)) {
        return Pruned::To(Formula::True);
    }
    let open: Vec<&Formula> = branches
        .iter()
        .filter(|branch| !is_excluded(branch, demands))
        .collect();
    if open.len() == branches.len() {
        return Pruned::Same;
    }
    Pruned::To(or(open.into_iter().cloned()))
}

/// Whether the demands make the branch true: it is a negated atom about what they rule out.
fn is_granted(branch: &Formula, demands: &[Demand<'_>]) -> bool {
    let Formula::Atom(atom) = branch else {
        return false;
    };
    matched(atom, false).is_some_and(|(variable, globs)| is_ruled_out(variable, globs, demands))
}

/// Whether the demands make the branch false.
fn is_excluded(branch: &Formula, demands: &[Demand<'_>]) -> bool {
    conjuncts(branch)
        .filter_map(|atom| matched(atom, true))
        .any(|(variable, globs)| is_ruled_out(variable, globs, demands))
}

fn is_ruled_out(variable: &Variable, globs: &[Glob], demands: &[Demand<'_>]) -> bool {
    let disjoint = |demand: &Demand<'_>| {
        let mut pairs = demand
            .globs
            .iter()
            .flat_map(|wanted| globs.iter().map(move |glob| (wanted, glob)));
        pairs.all(|(wanted, glob)| !wanted.intersects(glob))
    };
    demands
        .iter()
        .any(|demand| demand.variable == variable && disjoint(demand))
}

/// The atoms that hold whenever the formula does, as far as its shape shows.
fn conjuncts(formula: &Formula) -> impl Iterator<Item = &Atom> {
    let parts = match formula {
        Formula::And(parts) => parts,
        other => std::slice::from_ref(other),
    };
    parts.iter().filter_map(|part| match part {
        Formula::Atom(atom) => Some(atom),
        Formula::True | Formula::False | Formula::And(_) | Formula::Or(_) => None,
    })
}

/// The variable and the globs of an atom of that sign.
fn matched(atom: &Atom, holds: bool) -> Option<(&Variable, &[Glob])> {
    match &atom.claim {
        Claim::Member(variable, ValueSet::Globs(globs)) if atom.holds == holds => Some((variable, globs)),
        Claim::Member(..) | Claim::Fact(_) => None,
    }
}

fn has_symbols(formula: &Formula) -> bool {
    let mut found = false;
    for_each_atom(formula, &mut |atom| {
        found |= match &atom.claim {
            Claim::Member(_, ValueSet::Globs(globs) | ValueSet::Folded(globs)) => globs
                .iter()
                .flat_map(Glob::tokens)
                .any(|token| matches!(token, Token::Char(c) if is_symbol(*c))),
            Claim::Member(_, ValueSet::Templates { .. }) => true,
            Claim::Member(..) | Claim::Fact(_) => false,
        };
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::{Fact, fact, member, not};

    fn action(globs: &[&str]) -> Formula {
        member(
            Variable::Action,
            ValueSet::Globs(globs.iter().map(|glob| Glob::parse(glob)).collect()),
        )
    }

    fn check(formula: Formula, expected: Option<Formula>) {
        assert_eq!(narrowed(&formula), expected, "{formula:?}");
    }

    #[test]
    fn branches_that_are_ruled_out_go() {
        let other = || fact(Fact::NoResource);
        let wanted = || action(&["iam:pass*"]);
        let objects = || and([action(&["s3:*", "sqs:send"]), other()]);
        check(
            and([wanted(), or([objects(), action(&["s3:get"])])]),
            Some(Formula::False),
        );
        check(
            and([wanted(), or([objects(), action(&["iam:*role"])])]),
            Some(and([wanted(), action(&["iam:*role"])])),
        );
        check(
            and([wanted(), or([not(&action(&["s3:*"])), other()])]),
            Some(wanted()),
        );
        check(and([wanted(), or([not(&action(&["iam:*"])), other()])]), None);
        check(
            and([
                or([objects(), action(&["ec2:*"])]),
                or([not(&action(&["iam:*"])), other()]),
            ]),
            Some(or([objects(), action(&["ec2:*"])])),
        );
        let symbol = action(&["iam:pass\u{F0001}"]);
        check(and([symbol, or([objects(), action(&["s3:get"])])]), None);
    }
}
