//! A model: values for the variables of a formula; and the plain reading of a formula under one, the yardstick of the
//! engines.

use std::collections::BTreeMap;

use crate::iam::{HoleId, Pattern, Piece, PrincipalKind, parse_instant, parse_number};

use super::{Atom, Claim, Fact, Formula, Slot, ValueSet, Variable};

/// Values for variables and facts. A fact that is not here is false; a text that is not here is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// The facts.
    pub facts: BTreeMap<Fact, bool>,
    /// The texts. Numbers, dates and addresses in their usual spelling.
    pub texts: BTreeMap<Variable, String>,
    /// The principal's kind; `None` when the formula does not care.
    pub kind: Option<PrincipalKind>,
    /// The values of holes.
    pub holes: BTreeMap<HoleId, String>,
}

/// Whether the formula is true in the model.
pub fn holds(formula: &Formula, model: &Model) -> bool {
    match formula {
        Formula::True => true,
        Formula::False => false,
        Formula::Atom(atom) => atom_holds(atom, model),
        Formula::And(parts) => parts.iter().all(|part| holds(part, model)),
        Formula::Or(parts) => parts.iter().any(|part| holds(part, model)),
    }
}

fn atom_holds(atom: &Atom, model: &Model) -> bool {
    let claim = match &atom.claim {
        Claim::Fact(fact) => model.facts.get(fact).copied().unwrap_or(false),
        Claim::Member(Variable::PrincipalKind, ValueSet::Kinds(kinds)) => {
            model.kind.is_some_and(|kind| kinds.contains(kind))
        }
        Claim::Member(variable, set) => {
            set_contains(set, model.texts.get(variable).map_or("", String::as_str), model)
        }
    };
    claim == atom.holds
}

fn set_contains(set: &ValueSet, text: &str, model: &Model) -> bool {
    match set {
        ValueSet::Globs(globs) => globs.iter().any(|glob| glob.matches(text)),
        ValueSet::Folded(globs) => globs.iter().any(|glob| glob.matches_folded(text)),
        ValueSet::Templates { patterns, fold } => patterns.iter().any(|pattern| {
            let filled = fill(pattern, model);
            filled.and_then(|pattern| pattern.as_glob()).is_some_and(|glob| {
                if *fold {
                    glob.matches_folded(text)
                } else {
                    glob.matches(text)
                }
            })
        }),
        ValueSet::Numbers(intervals) => parse_number(text)
            .is_some_and(|number| intervals.iter().any(|interval| interval.contains(&number))),
        ValueSet::Instants(intervals) => parse_instant(text)
            .is_some_and(|instant| intervals.iter().any(|interval| interval.contains(&instant))),
        ValueSet::Addresses(ranges) => {
            let address = text.parse::<std::net::IpAddr>().ok();
            address.is_some_and(|address| ranges.iter().any(|range| range.contains(&address)))
        }
        ValueSet::Kinds(_) => false,
    }
}

/// The pattern with variables and holes replaced by the model's values, read as literal text. `None` when a variable
/// has neither value nor default.
fn fill(pattern: &Pattern, model: &Model) -> Option<Pattern> {
    let mut filled = Vec::new();
    for piece in pattern.pieces().iter() {
        match piece {
            Piece::Var(key, default) => {
                let slot = Slot {
                    key: key.clone(),
                    index: 0,
                };
                let present = model
                    .facts
                    .get(&Fact::Present(slot.clone()))
                    .copied()
                    .unwrap_or(false);
                let value = if present {
                    model.texts.get(&Variable::Key(slot)).map_or("", String::as_str)
                } else {
                    default.as_deref()?
                };
                filled.extend(value.chars().map(Piece::Char));
            }
            Piece::Hole(hole) => {
                filled.extend(
                    model
                        .holes
                        .get(&hole.value())
                        .map_or("", String::as_str)
                        .chars()
                        .map(Piece::Char),
                );
            }
            Piece::Char(_) | Piece::Any | Piece::Star => filled.push(piece.clone()),
        }
    }
    Some(Pattern::new(filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::{and, member, not};
    use crate::iam::Glob;

    #[test]
    fn a_formula_is_read_plainly() {
        let globs = |text: &str| ValueSet::Globs(std::sync::Arc::from([Glob::parse(text)]));
        let formula = and([
            member(Variable::Action, globs("s3:*")),
            not(&member(Variable::Action, globs("s3:get*"))),
        ]);
        for (action, expected) in [("s3:putobject", true), ("s3:getobject", false), ("ec2:x", false)] {
            let mut model = Model::default();
            model.texts.insert(Variable::Action, action.to_owned());
            assert_eq!(holds(&formula, &model), expected, "{action}");
        }
    }
}
