//! The formula whose every model is a violation whatever the unknown values: a hole is a text of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::formula::{
    Claim, Fact, Formula, Model, ValueSet, Variable, and, for_each_atom, holds, member, not, or,
};
use crate::iam::{Glob, HoleId, Pattern, Piece, is_symbol};

use super::may::outline;
use super::{Solver, Symbols, map_atoms, variables};

/// At most so many holes: each has a symbol of its own, below those of strays.
const MAX_HOLES: usize = 0x600;

/// At most so many conditions are tried both ways.
const MAX_CONDITIONS: usize = 4;

/// The formula with the truth of some conditions put in.
fn assume(formula: &Formula, facts: &BTreeMap<Arc<str>, bool>) -> Formula {
    map_atoms(formula, &mut |atom| match &atom.claim {
        Claim::Fact(Fact::Guard(name)) => match facts.get(name) {
            Some(truth) if *truth == atom.holds => Formula::True,
            Some(_) => Formula::False,
            None => Formula::Atom(atom.clone()),
        },
        Claim::Fact(_) | Claim::Member(..) => Formula::Atom(atom.clone()),
    })
}

fn claim(variable: &Variable, pattern: Pattern, fold: bool) -> Formula {
    let set = match (pattern.as_glob(), fold) {
        (Some(glob), false) => ValueSet::Globs(Arc::from([glob])),
        (Some(glob), true) => ValueSet::Folded(Arc::from([glob])),
        (None, fold) => ValueSet::Templates {
            patterns: Arc::from([pattern]),
            fold,
        },
    };
    member(variable.clone(), set)
}

/// A model of the generic reading, with values for its holes and policy variables.
pub(super) fn model(formula: &Formula, symbols: &Symbols, solver: &dyn Solver) -> Option<Model> {
    let holes = holes(formula);
    if holes.len() > MAX_HOLES {
        return None;
    }
    let generic = generic(formula, &holes);
    let mut model = variables::model(&generic, symbols, solver)?;
    let whole_arn = name_holes(&mut model, &holes, symbols);
    // `?` may have read a symbol as one character: then the model is none once the symbol has its text. (A hole that is
    // a whole ARN cannot be read back from its segments; replaying the request decides there.)
    (whole_arn || holes.is_empty() || holds(formula, &model)).then_some(model)
}

/// A model for one truth of the conditions, if there is one for each.
pub(super) fn model_whatever_conditions(
    formula: &Formula,
    symbols: &Symbols,
    solver: &dyn Solver,
) -> Option<Model> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Fact(Fact::Guard(name)) = &atom.claim
            && symbols.conditions.contains(name)
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    });
    if names.is_empty() || names.len() > MAX_CONDITIONS {
        return None;
    }
    let mut first = None;
    for truths in 0..1_u32 << names.len() {
        let facts: BTreeMap<Arc<str>, bool> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.clone(), truths >> at & 1 == 1))
            .collect();
        let mut model = model(&assume(formula, &facts), symbols, solver)?;
        model
            .facts
            .extend(facts.into_iter().map(|(name, holds)| (Fact::Guard(name), holds)));
        first.get_or_insert(model);
    }
    first
}

/// The holes of a formula, each with the symbol that stands for it.
fn holes(formula: &Formula) -> BTreeMap<HoleId, char> {
    let mut holes = BTreeMap::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Member(_, ValueSet::Templates { patterns, .. }) = &atom.claim {
            for hole in patterns.iter().flat_map(|pattern| pattern.holes()) {
                let next = u32::try_from(holes.len())
                    .unwrap_or(u32::MAX)
                    .saturating_add(0xF_0100);
                holes
                    .entry(hole.value())
                    .or_insert(char::from_u32(next).unwrap_or('\u{F0FFF}'));
            }
        }
    });
    holes
}

/// The generic reading: where a pattern must match, a hole is its symbol; where it must not, a hole is any text; and a
/// text that copies a hole is out of reach of every other pattern that must not match and that it might match for some
/// value. Guard facts hold on neither side.
fn generic(formula: &Formula, holes: &BTreeMap<HoleId, char>) -> Formula {
    let mut copied: Vec<(Variable, Glob, Glob)> = Vec::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Member(variable, ValueSet::Templates { patterns, .. }) = &atom.claim
            && atom.holds
        {
            for pattern in patterns.iter().filter(|pattern| pattern.holes().next().is_some()) {
                copied.push((
                    variable.clone(),
                    outline(&with_symbols(pattern, holes)),
                    outline(pattern),
                ));
            }
        }
    });
    map_atoms(formula, &mut |atom| match &atom.claim {
        Claim::Fact(Fact::Guard(_)) => Formula::False,
        Claim::Member(variable, ValueSet::Templates { patterns, fold }) if atom.holds => or(patterns
            .iter()
            .map(|pattern| claim(variable, with_symbols(pattern, holes), *fold))
            .collect::<Vec<_>>()),
        Claim::Member(variable, ValueSet::Templates { patterns, fold }) => {
            let wide = patterns.iter().map(holes_as_stars);
            not(&or(wide
                .map(|pattern| claim(variable, pattern, *fold))
                .collect::<Vec<_>>()))
        }
        Claim::Member(variable, set @ (ValueSet::Globs(globs) | ValueSet::Folded(globs))) if !atom.holds => {
            let reached = copied.iter().filter(|(own, symbolic, outline)| {
                own == variable
                    && globs
                        .iter()
                        .any(|glob| glob.intersects(outline) && !glob.surely_covers(symbolic))
            });
            let out_of_reach = reached.map(|(_, symbolic, _)| {
                not(&member(
                    variable.clone(),
                    ValueSet::Globs(Arc::from([symbolic.clone()])),
                ))
            });
            and([not(&member(variable.clone(), set.clone()))]
                .into_iter()
                .chain(out_of_reach.collect::<Vec<_>>()))
        }
        Claim::Fact(_) | Claim::Member(..) => Formula::Atom(atom.clone()),
    })
}

fn with_symbols(pattern: &Pattern, holes: &BTreeMap<HoleId, char>) -> Pattern {
    Pattern::new(
        pattern
            .pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Hole(hole) => holes
                    .get(&hole.value())
                    .map_or(Piece::Star, |symbol| Piece::Char(*symbol)),
                other => other.clone(),
            })
            .collect(),
    )
}

fn holes_as_stars(pattern: &Pattern) -> Pattern {
    Pattern::new(
        pattern
            .pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Hole(_) => Piece::Star,
                other => other.clone(),
            })
            .collect(),
    )
}

/// Gives holes plain values: what fits the place where they were copied. True when one is a whole ARN.
fn name_holes(model: &mut Model, holes: &BTreeMap<HoleId, char>, symbols: &Symbols) -> bool {
    use crate::iam::Segment;
    let mut values: BTreeMap<char, String> = BTreeMap::new();
    for (index, (hole, symbol)) in holes.iter().enumerate() {
        let alone = symbol.to_string();
        let stands_alone = |wanted: fn(&Variable) -> bool| {
            model
                .texts
                .iter()
                .any(|(variable, text)| wanted(variable) && *text == alone)
        };
        let allowed = symbols
            .holes
            .iter()
            .find(|facts| facts.id == *hole)
            .and_then(|facts| facts.allowed.first());
        let value = if let Some(allowed) = allowed {
            allowed.clone()
        } else if stands_alone(|v| {
            matches!(
                v,
                Variable::Resource(Segment::Service) | Variable::KeySegment(_, Segment::Service)
            )
        }) {
            // The hole is a whole ARN, or its head: every segment copies it.
            format!("arn:aws:s3:::unknown-{index}")
        } else if stands_alone(|v| {
            matches!(
                v,
                Variable::PrincipalAccount
                    | Variable::Resource(Segment::Account)
                    | Variable::KeySegment(_, Segment::Account)
            )
        }) || hole.0.ends_with("AccountId")
        {
            "111122223333".to_owned()
        } else if stands_alone(|v| {
            matches!(
                v,
                Variable::Resource(Segment::Region) | Variable::KeySegment(_, Segment::Region)
            )
        }) || hole.0.ends_with("Region")
        {
            "us-east-1".to_owned()
        } else if stands_alone(|v| {
            matches!(
                v,
                Variable::PrincipalPartition
                    | Variable::Resource(Segment::Partition)
                    | Variable::KeySegment(_, Segment::Partition)
            )
        }) || hole.0.ends_with("Partition")
        {
            "aws".to_owned()
        } else {
            format!("unknown-{index}")
        };
        values.insert(*symbol, value.clone());
        model.holes.insert(hole.clone(), value);
    }
    whole_arns(model, &values);
    for text in model.texts.values_mut() {
        if text.chars().any(is_symbol) {
            *text = text
                .chars()
                .map(|c| values.get(&c).cloned().unwrap_or_else(|| c.to_string()))
                .collect();
        }
    }
    values.values().any(|value| value.starts_with("arn:"))
}

/// Where a hole is a whole ARN, its segments are spread over the segment variables that copy it.
fn whole_arns(model: &mut Model, values: &BTreeMap<char, String>) {
    use crate::iam::Segment;
    let heads: Vec<(Variable, String)> = model
        .texts
        .iter()
        .filter(|(variable, _)| {
            matches!(
                variable,
                Variable::Resource(Segment::Service) | Variable::KeySegment(_, Segment::Service)
            )
        })
        .map(|(variable, text)| (variable.clone(), text.clone()))
        .collect();
    for (variable, text) in heads {
        let mut characters = text.chars();
        let (Some(symbol), None) = (characters.next(), characters.next()) else {
            continue;
        };
        let Some(value) = values.get(&symbol) else {
            continue;
        };
        let parts: Vec<&str> = value.splitn(6, ':').skip(1).collect();
        for (segment, part) in Segment::ALL.into_iter().zip(parts) {
            let own = match &variable {
                Variable::KeySegment(slot, _) => Variable::KeySegment(slot.clone(), segment),
                _ => Variable::Resource(segment),
            };
            let tail = match (segment, model.texts.get(&own)) {
                (Segment::Rest, Some(text)) => text.strip_prefix(symbol).unwrap_or("").to_owned(),
                _ => String::new(),
            };
            model.texts.insert(own, format!("{part}{tail}"));
        }
    }
}
