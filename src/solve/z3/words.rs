//! Finding a text that matches some globs and not others. Literals are put to Z3 one at a time, as a text it found breaks
//! them: most of a question's globs are never looked at, and those that were are the reason when there is no text.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use z3::SatResult;
use z3::ast::{self, Regexp};

use crate::formula::{Variable, domain};
use crate::iam::{KeyType, is_symbol, key_facts, parse_instant, parse_number};

use super::Budget;
use super::alphabet::Alphabet;
use super::encode::Literal;
use super::text;
use super::usage::Usage;

/// Whether there is a text.
pub enum Word<'f> {
    /// This one.
    Found(String),
    /// None, because of these literals.
    None(Vec<Literal<'f>>),
    /// Z3 ran out of resources.
    Unknown,
}

/// Texts over an alphabet, and those found so far.
pub struct Words<'u> {
    alphabet: Alphabet,
    usage: &'u Usage<'u>,
    found: BTreeMap<Variable, Vec<String>>,
}

impl<'u> Words<'u> {
    /// Nothing found yet.
    pub fn of(usage: &'u Usage<'u>) -> Words<'u> {
        Words {
            alphabet: Alphabet::of(&usage.characters),
            usage,
            found: BTreeMap::new(),
        }
    }

    /// A text of the variable's domain for which the literals are true. `None` when Z3 prints what cannot be read.
    pub fn word<'f>(
        &mut self,
        variable: &Variable,
        literals: &[Literal<'f>],
        budget: &mut Budget,
    ) -> Option<Word<'f>> {
        let known = self.found.entry(variable.clone()).or_default();
        if let Some(text) = known.iter().find(|text| broken(literals, text).is_none()) {
            return Some(Word::Found(text.clone()));
        }
        let term = ast::String::new_const("t");
        let none = BTreeSet::new();
        let symbols = self.usage.symbols.get(variable).unwrap_or(&none);
        let mut parts = vec![text::domain(domain(variable), symbols, &self.alphabet)];
        let mut asked: Vec<Literal<'f>> = Vec::new();
        let mut next = literals.iter().find(|literal| literal.holds).copied();
        loop {
            if let Some(literal) = next {
                let glob = text::glob(literal.claim.glob, literal.claim.case, &self.alphabet);
                parts.push(if literal.holds { glob } else { glob.complement() });
                asked.push(literal);
            }
            let solver = z3::Solver::new();
            solver.assert(term.regex_matches(&intersection(&parts)));
            match budget.check(&solver) {
                SatResult::Unsat => return Some(Word::None(asked)),
                SatResult::Unknown => return Some(Word::Unknown),
                SatResult::Sat => {}
            }
            let literal = solver.get_model()?.eval(&term, true)?.as_string()?;
            let text = self.alphabet.decoded(&literal)?;
            next = broken(literals, &text);
            match next {
                None => {
                    known.push(text.clone());
                    return Some(Word::Found(text));
                }
                // Z3 was told of this literal already: what it found is no answer.
                Some(literal) if asked.contains(&literal) => return None,
                Some(_) => {}
            }
        }
    }
}

/// The literals of each variable, in order.
pub fn by_variable<'f>(literals: Vec<Literal<'f>>) -> BTreeMap<&'f Variable, Vec<Literal<'f>>> {
    let mut grouped: BTreeMap<&Variable, Vec<Literal<'f>>> = BTreeMap::new();
    for literal in literals {
        grouped.entry(literal.claim.variable).or_default().push(literal);
    }
    grouped
}

/// Whether a text can be a value of a key whose type is documented: domains know only the shapes of texts.
pub fn has_type(variable: &Variable, text: &str) -> bool {
    let Variable::Key(slot) = variable else {
        return true;
    };
    let parsed = match key_facts(&slot.key).key_type {
        KeyType::Text | KeyType::Arn | KeyType::Bool => true,
        KeyType::Number => parse_number(text).is_some(),
        KeyType::Date => parse_instant(text).is_some(),
        KeyType::Address => text.parse::<IpAddr>().is_ok(),
    };
    parsed || text.chars().any(is_symbol)
}

/// The first literal that is not true of the text.
fn broken<'f>(literals: &[Literal<'f>], text: &str) -> Option<Literal<'f>> {
    literals
        .iter()
        .find(|literal| literal.claim.holds(text) != literal.holds)
        .copied()
}

/// All of the expressions. Z3 refuses an intersection of one.
fn intersection(parts: &[Regexp]) -> Regexp {
    match parts {
        [only] => only.clone(),
        several => Regexp::intersect(several),
    }
}
