//! A formula as Z3 terms: a Boolean for each fact and for each glob that a variable is compared with, arithmetic for
//! numbers, instants and addresses. What the globs mean is for `words` to say.

use std::collections::BTreeMap;

use z3::ast::{Bool, Int, Real};

use crate::formula::{Atom, Claim, Fact, Formula, Interval, Kinds, Model, Slot, ValueSet, Variable};
use crate::iam::{Glob, KeyType, PrincipalKind, Rational, key_facts};

use super::scalar;
use super::usage::{Case, Match, ScalarSort, Usage};

/// The text of a value that is neither number nor date nor address.
const NEITHER: &str = "other";

/// The text of a date that is no number.
const NO_NUMBER: &str = "2026-01-01T00:00:00Z";

/// The terms that stand for variables and facts. Their names are numbers: no text of a policy reaches Z3.
pub struct Encoding<'a> {
    facts: BTreeMap<&'a Fact, Bool>,
    matches: BTreeMap<Match<'a>, Bool>,
    scalars: BTreeMap<&'a Variable, Line>,
    kind: [Bool; 3],
}

/// The terms of a variable whose values lie on a line.
struct Line {
    point: Real,
    /// Whether the value has the sort at all; `None` for keys whose values always have.
    is_sort: Option<Bool>,
}

impl<'a> Encoding<'a> {
    /// Terms for all that a formula speaks of.
    pub fn of(usage: &Usage<'a>) -> Encoding<'a> {
        let facts = usage.facts.iter().enumerate();
        let matches = usage.globs.iter().enumerate();
        let scalars = usage.scalars.iter().enumerate();
        Encoding {
            facts: facts
                .map(|(index, fact)| (*fact, Bool::new_const(format!("f{index}"))))
                .collect(),
            matches: matches
                .map(|(index, claim)| (*claim, Bool::new_const(format!("m{index}"))))
                .collect(),
            scalars: scalars
                .map(|(index, (key, scalar))| (*key, Line::of(index, key, scalar.sort)))
                .collect(),
            kind: ["k0", "k1", "k2"].map(Bool::new_const),
        }
    }

    /// That every point has a spelling.
    pub fn axioms(&self, usage: &Usage<'a>) -> Option<Vec<Bool>> {
        let lines = usage.scalars.iter().map(|(variable, scalar)| {
            let line = self.scalars.get(variable)?;
            scalar::within(&line.point, &[scalar::possible(scalar.sort)])
        });
        lines.collect()
    }

    /// The formula. `None` when a set and its variable are of different sorts.
    pub fn formula(&self, formula: &Formula) -> Option<Bool> {
        Some(match formula {
            Formula::True => Bool::from_bool(true),
            Formula::False => Bool::from_bool(false),
            Formula::And(parts) => Bool::and(&self.formulas(parts)?),
            Formula::Or(parts) => Bool::or(&self.formulas(parts)?),
            Formula::Atom(atom) => self.atom(atom)?,
        })
    }

    fn formulas(&self, parts: &[Formula]) -> Option<Vec<Bool>> {
        parts.iter().map(|part| self.formula(part)).collect()
    }

    fn atom(&self, atom: &Atom) -> Option<Bool> {
        let claim = match &atom.claim {
            Claim::Fact(fact) => self.facts.get(fact)?.clone(),
            Claim::Member(variable, set) => self.member(variable, set)?,
        };
        Some(if atom.holds { claim } else { claim.not() })
    }

    fn member(&self, variable: &Variable, set: &ValueSet) -> Option<Bool> {
        match set {
            ValueSet::Globs(globs) => self.matches(variable, globs, Case::Exact),
            ValueSet::Folded(globs) => self.matches(variable, globs, Case::Ignored),
            ValueSet::Templates { .. } => None,
            ValueSet::Numbers(intervals) => self.on_line(variable, intervals.to_vec()),
            ValueSet::Instants(intervals) => self.on_line(variable, scalar::instants(intervals)),
            ValueSet::Addresses(ranges) => self.on_line(variable, scalar::addresses(ranges)),
            ValueSet::Kinds(kinds) => Some(self.kind_is_in(*kinds)),
        }
    }

    fn matches(&self, variable: &Variable, globs: &[Glob], case: Case) -> Option<Bool> {
        let claims: Option<Vec<Bool>> = globs
            .iter()
            .map(|glob| self.matches.get(&Match { variable, glob, case }).cloned())
            .collect();
        Some(Bool::or(&claims?))
    }

    fn on_line(&self, variable: &Variable, intervals: Vec<Interval<Rational>>) -> Option<Bool> {
        // A key of `true` and `false` is never a number, date or address.
        let Some(line) = self.scalars.get(variable) else {
            return Some(Bool::from_bool(false));
        };
        let within = scalar::within(&line.point, &intervals)?;
        Some(match &line.is_sort {
            Some(is_sort) => Bool::and(&[is_sort, &within]),
            None => within,
        })
    }

    fn kind_is_in(&self, kinds: Kinds) -> Bool {
        let one = |kind: PrincipalKind| {
            let bits = self.kind.iter().enumerate().map(|(bit, term)| {
                if (kind as u8) >> bit & 1 == 1 {
                    term.clone()
                } else {
                    term.not()
                }
            });
            Bool::and(&bits.collect::<Vec<_>>())
        };
        let members: Vec<Bool> = PrincipalKind::ALL
            .into_iter()
            .filter(|kind| kinds.contains(*kind))
            .map(one)
            .collect();
        Bool::or(&members)
    }

    /// Literals about texts that, with the facts and points of the model, make the formula true. `None` when they
    /// cannot be read.
    pub fn reasons<'f>(&self, formula: &'f Formula, found: &z3::Model) -> Option<Vec<Literal<'f>>> {
        let mut reasons = Vec::new();
        self.explain(formula, found, &mut reasons)?.then_some(reasons)
    }

    fn explain<'f>(
        &self,
        formula: &'f Formula,
        found: &z3::Model,
        reasons: &mut Vec<Literal<'f>>,
    ) -> Option<bool> {
        let before = reasons.len();
        match formula {
            Formula::True => Some(true),
            Formula::False => Some(false),
            Formula::Atom(atom) => self.explain_atom(atom, found, reasons),
            Formula::And(parts) => {
                for part in parts.iter() {
                    if !self.explain(part, found, reasons)? {
                        reasons.truncate(before);
                        return Some(false);
                    }
                }
                Some(true)
            }
            Formula::Or(parts) => {
                for part in parts.iter() {
                    if self.explain(part, found, reasons)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }

    fn explain_atom<'f>(
        &self,
        atom: &'f Atom,
        found: &z3::Model,
        reasons: &mut Vec<Literal<'f>>,
    ) -> Option<bool> {
        let (variable, globs, case) = match &atom.claim {
            Claim::Member(variable, ValueSet::Globs(globs)) => (variable, globs, Case::Exact),
            Claim::Member(variable, ValueSet::Folded(globs)) => (variable, globs, Case::Ignored),
            Claim::Member(..) | Claim::Fact(_) => return truth(found, &self.atom(atom)?),
        };
        let before = reasons.len();
        for glob in globs.iter() {
            let claim = Match { variable, glob, case };
            let holds = truth(found, self.matches.get(&claim)?)?;
            match (holds, atom.holds) {
                (true, true) => {
                    reasons.push(Literal { claim, holds });
                    return Some(true);
                }
                (true, false) => {
                    reasons.truncate(before);
                    return Some(false);
                }
                (false, true) => {}
                (false, false) => reasons.push(Literal { claim, holds }),
            }
        }
        Some(!atom.holds)
    }

    /// That not all of these are true.
    pub fn not_all(&self, literals: &[Literal<'_>]) -> Option<Bool> {
        let negated = literals.iter().map(|literal| {
            let term = self.matches.get(&literal.claim)?;
            Some(if literal.holds { term.not() } else { term.clone() })
        });
        negated
            .collect::<Option<Vec<_>>>()
            .map(|negated| Bool::or(&negated))
    }

    /// The model without its texts. `None` when Z3 prints something that cannot be read.
    pub fn read(&self, found: &z3::Model, usage: &Usage<'a>) -> Option<Model> {
        let mut model = Model::default();
        for (fact, term) in &self.facts {
            model.facts.insert((*fact).clone(), truth(found, term)?);
        }
        for (variable, line) in &self.scalars {
            let scalar = usage.scalars.get(variable)?;
            let value = match &line.is_sort {
                Some(is_sort) if !truth(found, is_sort)? => match scalar.sort {
                    ScalarSort::EpochSeconds => NO_NUMBER.to_owned(),
                    ScalarSort::Number | ScalarSort::Instant | ScalarSort::Address => NEITHER.to_owned(),
                },
                _ => {
                    let point = scalar::point(&found.eval(&line.point, true)?.to_string())?;
                    scalar::spelled(scalar, &point)?
                }
            };
            model.texts.insert((*variable).clone(), value);
        }
        if usage.kind {
            let mut number = 0_u8;
            for (bit, term) in self.kind.iter().enumerate() {
                number |= u8::from(truth(found, term)?) << bit;
            }
            model.kind = PrincipalKind::ALL.into_iter().find(|kind| *kind as u8 == number);
        }
        Some(model)
    }
}

/// A claim about a text that must hold or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal<'a> {
    /// The claim.
    pub claim: Match<'a>,
    /// Whether it must hold.
    pub holds: bool,
}

fn truth(found: &z3::Model, term: &Bool) -> Option<bool> {
    found.eval(term, true)?.as_bool()
}

impl Line {
    fn of(index: usize, variable: &Variable, sort: ScalarSort) -> Line {
        let point = match sort {
            ScalarSort::Number => Real::new_const(format!("n{index}")),
            ScalarSort::Instant | ScalarSort::Address | ScalarSort::EpochSeconds => {
                Real::from_int(&Int::new_const(format!("i{index}")))
            }
        };
        let always = match variable {
            Variable::Key(slot) => always_of_sort(slot, sort),
            _ => false,
        };
        Line {
            point,
            is_sort: (!always).then(|| Bool::new_const(format!("s{index}"))),
        }
    }
}

/// Whether the documentation says that values of the key are of that sort.
fn always_of_sort(slot: &Slot, sort: ScalarSort) -> bool {
    match key_facts(&slot.key).key_type {
        KeyType::Number => sort == ScalarSort::Number,
        KeyType::Date => sort == ScalarSort::Instant,
        KeyType::Address => sort == ScalarSort::Address,
        KeyType::Text | KeyType::Arn | KeyType::Bool => false,
    }
}
