//! The rules for unknown values that all engines share: holes by the rule of interface.md, policy variables by a case
//! split over their value. Engines see neither.
//!
//! Two formulas without symbols bracket the real one. *May* leaves each match against a pattern with symbols open but
//! for what holds whatever their values: if it has no model, nothing violates. *Generic* takes every symbol as a text of
//! its own that the request may copy: a model of it stays a violation whatever the value.

mod generic;
mod may;
mod strays;
mod variables;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::formula::{Claim, Fact, Formula, Model, ValueSet, Vocabulary, for_each_atom};
use crate::iam::HoleId;

use super::{Answer, Reason, Solver};

/// What is known of the symbols of a question.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    /// The keys of the question.
    pub vocabulary: Vocabulary,
    /// What is known of holes.
    pub holes: Vec<HoleFacts>,
    /// Guard facts that say exactly when a statement is there. Other guard facts stand for something that is not
    /// understood.
    pub conditions: Vec<Arc<str>>,
}

/// What is known of a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoleFacts {
    /// Its name.
    pub id: HoleId,
    /// The only values it can take; empty means any.
    pub allowed: Vec<String>,
}

/// The outcome under the hole rule of interface.md.
#[derive(Debug, Clone)]
pub enum Decision {
    /// No violation for any values.
    Proved,
    /// A violation; the model carries the values it assumes.
    Violated(Model),
    /// Depends on the named unknowns.
    Depends(Vec<String>),
    /// The engine gave up.
    GaveUp(Reason),
}

/// Decides a formula with unknown values.
pub fn decide(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Decision {
    let Some((formula, strays)) = strays::replaced(formula) else {
        return Decision::GaveUp(Reason::Unsupported(
            "too many malformed accounts or partitions".to_owned(),
        ));
    };
    let mut decision = decided(&formula, symbols, solver);
    if let Decision::Violated(model) = &mut decision {
        strays.restore(model);
    }
    decision
}

/// Whether no request satisfies the formula, whatever the unknown values are; `None` when the engine gave up. Cheaper than
/// [`decide`], because nobody wants to know what satisfies it.
pub fn is_empty(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Option<bool> {
    let (formula, _) = strays::replaced(formula)?;
    let unsymbolic = if unknowns(&formula).is_empty() {
        formula
    } else {
        may::may(&formula, symbols)
    };
    match proved(&unsymbolic, symbols, solver) {
        Answer::Unsat => Some(true),
        Answer::Sat(_) => Some(false),
        Answer::Unknown(_) => None,
    }
}

fn decided(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Decision {
    let unknowns = unknowns(formula);
    if unknowns.is_empty() {
        return match proved(formula, symbols, solver) {
            Answer::Unsat => Decision::Proved,
            Answer::Sat(model) => Decision::Violated(model),
            Answer::Unknown(reason) => Decision::GaveUp(reason),
        };
    }
    let may = may::may(formula, symbols);
    match proved(&may, symbols, solver) {
        Answer::Unsat => return Decision::Proved,
        Answer::Unknown(reason) => return Decision::GaveUp(reason),
        Answer::Sat(_) => {}
    }
    if let Some(model) = violation(formula, symbols, solver) {
        return Decision::Violated(model);
    }
    if variables::closed_by_cases(formula, symbols, solver) {
        return Decision::Proved;
    }
    Decision::Depends(unknowns.into_iter().collect())
}

/// The engine's answer; “no request” proves nothing when not all values of a key were modelled.
fn proved(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Answer {
    match solver.solve(formula) {
        Answer::Unsat if symbols.vocabulary.is_truncated() => Answer::Unknown(Reason::Unsupported(
            "one context key needs more values than are modelled".to_owned(),
        )),
        answer => answer,
    }
}

/// A violation whatever the values, or for each truth of a few conditions.
fn violation(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Option<Model> {
    let whatever = || generic::model_whatever_conditions(formula, symbols, solver);
    generic::model(formula, symbols, solver).or_else(whatever)
}

/// The names of all unknown values: holes, guard facts and policy variables.
fn unknowns(formula: &Formula) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for_each_atom(formula, &mut |atom| match &atom.claim {
        Claim::Fact(Fact::Guard(name)) => {
            names.extend(shown(crate::iam::shown_fact(name)));
        }
        Claim::Member(_, ValueSet::Templates { patterns, .. }) => {
            for pattern in patterns.iter() {
                names.extend(pattern.holes().flat_map(|hole| shown(&hole.value().0)));
                names.extend(pattern.variables().map(|key| format!("${{{key}}}")));
            }
        }
        Claim::Fact(_) | Claim::Member(..) => {}
    });
    names
}

/// The holes that a name spells out (`the resource {{hole:P}}:*`), or the name itself.
fn shown(name: &str) -> Vec<String> {
    let mut inner = name
        .split("{{hole:")
        .skip(1)
        .filter_map(|rest| rest.split("}}").next())
        .peekable();
    if inner.peek().is_none() {
        vec![name.to_owned()]
    } else {
        inner.map(str::to_owned).collect()
    }
}

/// The formula with every atom replaced.
fn map_atoms(formula: &Formula, replace: &mut impl FnMut(&crate::formula::Atom) -> Formula) -> Formula {
    use crate::formula::{and, or};
    match formula {
        Formula::True => Formula::True,
        Formula::False => Formula::False,
        Formula::Atom(atom) => replace(atom),
        Formula::And(parts) => and(parts
            .iter()
            .map(|part| map_atoms(part, replace))
            .collect::<Vec<_>>()),
        Formula::Or(parts) => or(parts
            .iter()
            .map(|part| map_atoms(part, replace))
            .collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests;
