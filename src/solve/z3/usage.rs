//! What a formula speaks of: its variables with the sort of their values, its facts and its characters.

use std::collections::{BTreeMap, BTreeSet};

use crate::formula::{CharClass, Claim, Fact, Formula, Interval, ValueSet, Variable, domain, for_each_atom};
use crate::iam::{Glob, KeyType, Rational, Token, is_symbol, key_facts};

use super::scalar;

/// How many tokens the globs of one question may have, and one glob, and how many of those may be wildcards. Z3 recurses
/// over regular expressions and copies literals as it goes along them, neither of which its resource limit counts.
const MAX_TOKENS: usize = 500_000;
const MAX_LENGTH: usize = 2_000;
const MAX_WILDCARDS: usize = 100;

/// What a formula speaks of.
#[derive(Debug, Default)]
pub struct Usage<'a> {
    /// Facts.
    pub facts: BTreeSet<&'a Fact>,
    /// Variables whose values are texts.
    pub texts: BTreeSet<&'a Variable>,
    /// Globs that texts are compared with.
    pub globs: BTreeSet<Match<'a>>,
    /// Variables whose values are numbers, instants or addresses, with the sets they are compared with.
    pub scalars: BTreeMap<&'a Variable, Scalar>,
    /// The globs with unknown values that each variable is said to match: only what matches one of them can be a text
    /// that is not of the variable's domain.
    pub symbols: BTreeMap<&'a Variable, BTreeSet<(&'a Glob, Case)>>,
    /// Whether the principal's kind matters.
    pub kind: bool,
    /// The characters of globs, in both cases where a glob ignores case, and those that a domain names.
    pub characters: BTreeSet<char>,
    tokens: usize,
}

/// The claim that the text of a variable matches a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match<'a> {
    /// The variable.
    pub variable: &'a Variable,
    /// The glob.
    pub glob: &'a Glob,
    /// How letters are compared.
    pub case: Case,
}

impl Match<'_> {
    /// Whether the claim is true of a text.
    pub fn holds(&self, text: &str) -> bool {
        match self.case {
            Case::Exact => self.glob.matches(text),
            Case::Ignored => self.glob.matches_folded(text),
        }
    }
}

/// How the letters of a glob are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// As they are.
    Exact,
    /// ASCII letters without case.
    Ignored,
}

/// A variable whose values lie on a line.
#[derive(Debug)]
pub struct Scalar {
    /// The sort of its values.
    pub sort: ScalarSort,
    /// The sets it is compared with, as intervals on the line.
    pub sets: Vec<Vec<Interval<Rational>>>,
}

/// The sorts of values that lie on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarSort {
    /// Exact numbers.
    Number,
    /// Nanoseconds since the epoch.
    Instant,
    /// Addresses, see [`scalar`].
    Address,
    /// Numbers that are also dates: whole seconds since the epoch, of a key whose values are dates.
    EpochSeconds,
}

impl<'a> Usage<'a> {
    /// The usage of a formula, or why Z3 cannot be asked.
    pub fn of(formula: &'a Formula) -> Result<Usage<'a>, String> {
        let mut usage = Usage::default();
        let mut outcome = Ok(());
        for_each_atom(formula, &mut |atom| {
            let seen = match &atom.claim {
                Claim::Fact(fact) => {
                    usage.facts.insert(fact);
                    Ok(())
                }
                Claim::Member(variable, set) => {
                    if atom.holds {
                        usage.symbols(variable, set);
                    }
                    usage.member(variable, set)
                }
            };
            if outcome.is_ok() {
                outcome = seen;
            }
        });
        outcome?;
        if usage
            .texts
            .iter()
            .any(|variable| usage.scalars.contains_key(*variable))
        {
            return Err("a key is compared both as a text and as a number, date or address".to_owned());
        }
        usage.characters.extend(['-', ':']);
        for variable in &usage.texts {
            for run in domain(variable).0.iter().copied().flatten() {
                if let CharClass::Only(c) = run.class {
                    usage.characters.insert(c);
                }
            }
        }
        Ok(usage)
    }

    fn member(&mut self, variable: &'a Variable, set: &'a ValueSet) -> Result<(), String> {
        match set {
            ValueSet::Kinds(_) if *variable == Variable::PrincipalKind => {
                self.kind = true;
                Ok(())
            }
            _ if *variable == Variable::PrincipalKind => {
                Err("the principal's kind compared as a text".to_owned())
            }
            ValueSet::Kinds(_) => Err("a principal kind compared with another variable".to_owned()),
            ValueSet::Globs(globs) => self.text(variable, globs, Case::Exact),
            ValueSet::Folded(globs) => self.text(variable, globs, Case::Ignored),
            ValueSet::Templates { .. } => Err("a pattern with variables or unknown values".to_owned()),
            ValueSet::Numbers(intervals) => self.scalar(variable, ScalarSort::Number, intervals.to_vec()),
            ValueSet::Instants(intervals) => {
                self.scalar(variable, ScalarSort::Instant, scalar::instants(intervals))
            }
            ValueSet::Addresses(ranges) => {
                self.scalar(variable, ScalarSort::Address, scalar::addresses(ranges))
            }
        }
    }

    fn text(&mut self, variable: &'a Variable, globs: &'a [Glob], case: Case) -> Result<(), String> {
        self.texts.insert(variable);
        for glob in globs {
            if !self.globs.insert(Match { variable, glob, case }) {
                continue;
            }
            let mut wildcards = 0_usize;
            for token in glob.tokens() {
                match (token, case) {
                    (Token::Any | Token::Star, _) => wildcards = wildcards.saturating_add(1),
                    (Token::Char(c), Case::Exact) => self.characters.extend([*c]),
                    (Token::Char(c), Case::Ignored) => {
                        self.characters
                            .extend([c.to_ascii_lowercase(), c.to_ascii_uppercase()]);
                    }
                }
            }
            self.tokens = self.tokens.saturating_add(glob.tokens().len());
            if wildcards > MAX_WILDCARDS || glob.tokens().len() > MAX_LENGTH || self.tokens > MAX_TOKENS {
                return Err("patterns too long for z3".to_owned());
            }
        }
        Ok(())
    }

    fn symbols(&mut self, variable: &'a Variable, set: &'a ValueSet) {
        let (globs, case) = match set {
            ValueSet::Globs(globs) => (globs, Case::Exact),
            ValueSet::Folded(globs) => (globs, Case::Ignored),
            ValueSet::Templates { .. }
            | ValueSet::Numbers(_)
            | ValueSet::Instants(_)
            | ValueSet::Addresses(_)
            | ValueSet::Kinds(_) => return,
        };
        let symbol = |token: &Token| matches!(token, Token::Char(c) if is_symbol(*c));
        for glob in globs.iter().filter(|glob| glob.tokens().iter().any(symbol)) {
            self.symbols.entry(variable).or_default().insert((glob, case));
        }
    }

    fn scalar(
        &mut self,
        variable: &'a Variable,
        sort: ScalarSort,
        intervals: Vec<Interval<Rational>>,
    ) -> Result<(), String> {
        let Variable::Key(slot) = variable else {
            return Err("a number, date or address compared with a variable that is a text".to_owned());
        };
        // `true` and `false` are no numbers, dates or addresses: the claim is false, the value still a text.
        let key_type = key_facts(&slot.key).key_type;
        if key_type == KeyType::Bool {
            self.texts.insert(variable);
            return Ok(());
        }
        let sort = match (key_type, sort) {
            (KeyType::Date, ScalarSort::Number) => ScalarSort::EpochSeconds,
            (KeyType::Number, ScalarSort::Number)
            | (KeyType::Date, ScalarSort::Instant)
            | (KeyType::Address, ScalarSort::Address)
            | (KeyType::Text | KeyType::Arn, _) => sort,
            (KeyType::Bool | KeyType::Number | KeyType::Date | KeyType::Address, _) => {
                return Err("a key is compared as values of another sort than its own".to_owned());
            }
        };
        let scalar = self.scalars.entry(variable).or_insert_with(|| Scalar {
            sort,
            sets: Vec::new(),
        });
        if scalar.sort != sort {
            return Err("a key is compared as values of several sorts".to_owned());
        }
        scalar.sets.push(intervals);
        Ok(())
    }
}
