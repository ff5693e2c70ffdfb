//! Globs and domains as regular expressions over the private alphabet, without loops, powers and differences, which not
//! every version of Z3 has.

use std::collections::BTreeSet;

use z3::ast::Regexp;

use crate::formula::{CharClass, Domain, Run, Shape};
use crate::iam::{Glob, Token};

use super::alphabet::{Alphabet, union};
use super::usage::Case;

/// The texts that match the glob. A star stands for texts over any alphabet, which Z3 decides better than its own: the
/// domain leaves only the private one.
pub fn glob(glob: &Glob, case: Case, alphabet: &Alphabet) -> Regexp {
    let mut sequence = Sequence::default();
    for token in glob.tokens() {
        match (token, case) {
            (Token::Star, _) => sequence.push(Regexp::full()),
            (Token::Any, _) => sequence.push(alphabet.class(CharClass::Any)),
            (Token::Char(c), Case::Ignored) if c.is_ascii_alphabetic() => {
                let cases = [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
                sequence.push(union(&cases.map(|c| character(c, alphabet))));
            }
            (Token::Char(c), Case::Exact | Case::Ignored) => match alphabet.encoded(*c) {
                Some(encoded) => sequence.literal.push_str(&encoded),
                None => sequence.push(Regexp::empty()),
            },
        }
    }
    sequence.finish()
}

/// The texts of a domain, and those that match one of the globs with a symbol: a variable that is compared with an unknown
/// value may have it.
pub fn domain(domain: Domain, symbols: &BTreeSet<(&Glob, Case)>, alphabet: &Alphabet) -> Regexp {
    let mut shapes: Vec<Regexp> = domain.0.iter().map(|runs| shape(runs, alphabet)).collect();
    if !symbols.is_empty() {
        let lent: Vec<Regexp> = symbols
            .iter()
            .map(|(symbol, case)| glob(symbol, *case, alphabet))
            .collect();
        let any = alphabet.class(CharClass::Any).star();
        shapes.push(Regexp::intersect(&[union(&lent), any]));
    }
    union(&shapes)
}

fn shape(runs: Shape, alphabet: &Alphabet) -> Regexp {
    let mut sequence = Sequence::default();
    for run in runs {
        match *run {
            Run {
                class: CharClass::Only(c),
                min: 1,
                max: Some(1),
            } => match alphabet.encoded(c) {
                Some(encoded) => sequence.literal.push_str(&encoded),
                None => sequence.push(Regexp::empty()),
            },
            Run { class, min, max } => {
                let one = alphabet.class(class);
                (0..min).for_each(|_| sequence.push(one.clone()));
                match max {
                    None => sequence.push(one.star()),
                    Some(max) => (min..max).for_each(|_| sequence.push(one.option())),
                }
            }
        }
    }
    sequence.finish()
}

fn character(c: char, alphabet: &Alphabet) -> Regexp {
    alphabet
        .encoded(c)
        .map_or_else(Regexp::empty, |encoded| Regexp::literal(&encoded))
}

/// Expressions one after another, with literal text collected.
#[derive(Default)]
struct Sequence {
    parts: Vec<Regexp>,
    literal: String,
}

impl Sequence {
    fn push(&mut self, part: Regexp) {
        self.flush();
        self.parts.push(part);
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Regexp::literal(&self.literal));
            self.literal.clear();
        }
    }

    fn finish(mut self) -> Regexp {
        self.flush();
        match self.parts.as_slice() {
            [] => Regexp::literal(""),
            [only] => only.clone(),
            several => Regexp::concat(several),
        }
    }
}
