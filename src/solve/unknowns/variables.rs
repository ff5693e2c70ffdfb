//! Policy variables: a case split over their value. With a value put in, a pattern is a plain glob.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::formula::{
    Claim, Fact, Formula, Model, Slot, ValueSet, Variable, and, for_each_atom, key_is, member, not, or,
    present,
};
use crate::iam::{ContextKey, Glob, Pattern, Piece};

use super::{Answer, Solver, Symbols, map_atoms, may};

/// At most so many combinations of values are tried.
const MAX_CASES: usize = 128;

/// A model in which every policy variable has a value: a fresh one, or one that the question names.
pub(super) fn model(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Option<Model> {
    let keys = keys(formula);
    if keys.is_empty() {
        return match solver.solve(formula) {
            Answer::Sat(model) => Some(model),
            Answer::Unsat | Answer::Unknown(_) => None,
        };
    }
    for values in cases(formula, &keys) {
        if let Answer::Sat(mut model) = solver.solve(&with_values(formula, &values, symbols)) {
            remember(&mut model, &values);
            return Some(model);
        }
    }
    None
}

/// Whether a question with one policy variable has no violation in any case: for each value that the question names,
/// and for all others at once.
pub(super) fn closed_by_cases(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> bool {
    let keys = keys(formula);
    let mut others = keys.iter();
    let (Some(key), None) = (others.next(), others.next()) else {
        return false;
    };
    let mut named = named(formula, key);
    if named.len() > MAX_CASES {
        return false;
    }
    let closed =
        |formula: &Formula| super::proved(&may::may(formula, symbols), symbols, solver) == Answer::Unsat;
    let named_closed = named.iter().all(|value| {
        let values = BTreeMap::from([(key.clone(), value.clone())]);
        closed(&with_values(formula, &values, symbols))
    });
    named.insert(String::new());
    let other = and(named
        .iter()
        .map(|value| not(&key_is(key, value, &symbols.vocabulary))));
    let empty = BTreeMap::from([(key.clone(), String::new())]);
    named_closed && closed(&and([formula.clone(), other])) && closed(&with_values(formula, &empty, symbols))
}

/// The keys used as variables.
fn keys(formula: &Formula) -> BTreeSet<ContextKey> {
    let mut keys = BTreeSet::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Member(_, ValueSet::Templates { patterns, .. }) = &atom.claim {
            keys.extend(patterns.iter().flat_map(|pattern| pattern.variables()).cloned());
        }
    });
    keys
}

/// Combinations of values worth trying, the fresh ones first.
fn cases(formula: &Formula, keys: &BTreeSet<ContextKey>) -> Vec<BTreeMap<ContextKey, String>> {
    let mut cases = vec![BTreeMap::new()];
    for (index, key) in keys.iter().enumerate() {
        let mut values = vec![fresh(key, index)];
        values.extend(named(formula, key));
        let mut next = Vec::new();
        for value in &values {
            for case in &cases {
                let mut case: BTreeMap<ContextKey, String> = case.clone();
                case.insert(key.clone(), value.clone());
                next.push(case);
            }
        }
        next.truncate(MAX_CASES);
        cases = next;
    }
    cases
}

/// A plausible value that no policy names.
fn fresh(key: &ContextKey, index: usize) -> String {
    match key.folded() {
        "aws:principalaccount" | "aws:resourceaccount" | "aws:sourceaccount" => {
            format!("{:012}", 444_455_556_666 + index)
        }
        "aws:userid" => format!("AIDAEXAMPLE{index}"),
        _ => format!("example-{index}"),
    }
}

/// The texts that the question compares the key with, as literals.
fn named(formula: &Formula, key: &ContextKey) -> BTreeSet<String> {
    let slot = Slot {
        key: key.clone(),
        index: 0,
    };
    let mut texts = BTreeSet::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Member(variable, ValueSet::Globs(globs) | ValueSet::Folded(globs)) = &atom.claim {
            let about = match variable {
                Variable::Key(own) => *own == slot,
                Variable::PrincipalAccount => key.folded() == "aws:principalaccount",
                _ => false,
            };
            if about {
                let literals: Vec<String> = globs.iter().filter_map(Glob::as_literal).collect();
                if matches!(&atom.claim, Claim::Member(_, ValueSet::Folded(_))) {
                    texts.extend(literals.iter().map(|text| text.to_ascii_uppercase()));
                }
                texts.extend(literals);
            }
        }
    });
    texts
}

/// The formula with values put in for variables, and the keys bound to them. Without the key no pattern with it counts,
/// so the key is there in every case.
fn with_values(formula: &Formula, values: &BTreeMap<ContextKey, String>, symbols: &Symbols) -> Formula {
    let body = map_atoms(formula, &mut |atom| match &atom.claim {
        Claim::Member(variable, ValueSet::Templates { patterns, fold }) => {
            let claims = patterns.iter().map(|pattern| {
                let pattern = filled(pattern, values, *fold);
                let set = match (pattern.as_glob(), fold) {
                    (Some(glob), false) => ValueSet::Globs(Arc::from([glob])),
                    (Some(glob), true) => ValueSet::Folded(Arc::from([glob])),
                    (None, fold) => ValueSet::Templates {
                        patterns: Arc::from([pattern]),
                        fold: *fold,
                    },
                };
                member(variable.clone(), set)
            });
            let claim = or(claims.collect::<Vec<_>>());
            if atom.holds { claim } else { not(&claim) }
        }
        Claim::Fact(_) | Claim::Member(..) => Formula::Atom(atom.clone()),
    });
    let bound = values.iter().map(|(key, value)| {
        // Either the key has the value, or it is not there and its patterns do not count.
        or([
            key_is(key, value, &symbols.vocabulary),
            not(&present(key, &symbols.vocabulary)),
        ])
    });
    and([body].into_iter().chain(bound.collect::<Vec<_>>()))
}

fn filled(pattern: &Pattern, values: &BTreeMap<ContextKey, String>, fold: bool) -> Pattern {
    Pattern::new(
        pattern
            .pieces()
            .iter()
            .flat_map(|piece| match piece {
                Piece::Var(key, _) => match values.get(key) {
                    Some(value) if fold => value.to_ascii_lowercase().chars().map(Piece::Char).collect(),
                    Some(value) => value.chars().map(Piece::Char).collect(),
                    None => vec![piece.clone()],
                },
                other => vec![other.clone()],
            })
            .collect(),
    )
}

/// Writes the values of present keys into the model where it left them open.
fn remember(model: &mut Model, values: &BTreeMap<ContextKey, String>) {
    for (key, value) in values {
        let slot = Slot {
            key: key.clone(),
            index: 0,
        };
        if model
            .facts
            .get(&Fact::Present(slot.clone()))
            .copied()
            .unwrap_or(false)
        {
            model
                .texts
                .entry(Variable::Key(slot))
                .or_insert_with(|| value.clone());
        }
    }
}
