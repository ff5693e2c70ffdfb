//! Globs and domains as places in a row, each taking one character and perhaps looping on some; and the finite alphabet
//! that stands for all characters.

use std::collections::BTreeSet;

use crate::formula::{CharClass, Domain, Run};
use crate::iam::{Token, is_symbol};

use super::cover::{Case, Shown};
use super::steps::Stop;

/// A place of an automaton before it is packed into bits.
pub(super) enum Place {
    /// This character, compared so.
    Char(char, Case),
    /// Any character.
    AnyChar,
    /// A character of the class that is no symbol.
    Class(CharClass),
    /// A symbol.
    Symbol,
    /// The end of the text.
    End,
}

/// The places of an automaton, each with what it loops on.
pub(super) type Places = Vec<(Place, Loop)>;

/// What a place loops on.
#[derive(Clone, Copy)]
pub(super) enum Loop {
    /// Nothing.
    Never,
    /// Every character.
    Always,
    /// Characters of the class that are no symbols.
    Class(CharClass),
}

impl Place {
    /// Whether the character is one of them.
    pub(super) fn takes(&self, c: char) -> bool {
        match self {
            Place::Char(wanted, Case::Exact) => *wanted == c,
            Place::Char(wanted, Case::Folded) => wanted.eq_ignore_ascii_case(&c),
            Place::AnyChar => true,
            Place::Class(class) => !is_symbol(c) && class.contains(c),
            Place::Symbol => is_symbol(c),
            Place::End => false,
        }
    }
}

impl Loop {
    /// Whether the character is one of them.
    pub(super) fn takes(self, c: char) -> bool {
        match self {
            Loop::Never => false,
            Loop::Always => true,
            Loop::Class(class) => !is_symbol(c) && class.contains(c),
        }
    }
}

/// The places of a glob.
pub(super) fn glob_places(shown: Shown<'_>) -> Places {
    let mut places = Vec::with_capacity(shown.tokens.len() + 1);
    let mut looping = Loop::Never;
    for token in shown.tokens {
        let place = match token {
            Token::Star => {
                looping = Loop::Always;
                continue;
            }
            Token::Any => Place::AnyChar,
            Token::Char(c) => Place::Char(*c, shown.case),
        };
        places.push((place, looping));
        looping = Loop::Never;
    }
    places.push((Place::End, looping));
    places
}

/// The places of all shapes one after another, then of anything with a symbol; and where each begins.
pub(super) fn domain_places(domain: Domain) -> Result<(Places, Vec<usize>), Stop> {
    let mut places = Vec::new();
    let mut starts = Vec::new();
    for shape in domain.0 {
        starts.push(places.len());
        let mut looping = Loop::Never;
        for Run { class, min, max } in *shape {
            for _ in 0..*min {
                places.push((Place::Class(*class), looping));
                looping = Loop::Never;
            }
            match (max, looping) {
                (Some(max), _) if max == min => {}
                (None, Loop::Never) => looping = Loop::Class(*class),
                (Some(_) | None, _) => return Err(Stop::Unsupported("a domain of a shape that is not read")),
            }
        }
        places.push((Place::End, looping));
    }
    starts.push(places.len());
    places.push((Place::Symbol, Loop::Always));
    places.push((Place::End, Loop::Always));
    Ok((places, starts))
}

/// The characters that something names, both cases of letters if case is ignored anywhere, and for each way the domain's
/// classes tell the other characters apart one that nothing names.
pub(super) fn alphabet(domain: Domain, positives: &[Shown<'_>], negatives: &[Shown<'_>]) -> Vec<char> {
    let mut named: BTreeSet<char> = BTreeSet::new();
    let mut symbols: BTreeSet<char> = BTreeSet::new();
    for (shown, positive) in positives
        .iter()
        .map(|shown| (shown, true))
        .chain(negatives.iter().map(|shown| (shown, false)))
    {
        for token in shown.tokens {
            if let Token::Char(c) = token {
                match (is_symbol(*c), positive, shown.case) {
                    (true, true, _) => drop(symbols.insert(*c)),
                    (true, false, _) => {}
                    (false, _, Case::Exact) => drop(named.insert(*c)),
                    (false, _, Case::Folded) => {
                        named.insert(c.to_ascii_lowercase());
                        named.insert(c.to_ascii_uppercase());
                    }
                }
            }
        }
    }
    let classes: Vec<CharClass> = domain
        .0
        .iter()
        .flat_map(|shape| shape.iter().map(|run| run.class))
        .collect();
    named.extend(classes.iter().filter_map(|class| match class {
        CharClass::Only(c) => Some(*c),
        CharClass::Any
        | CharClass::NoColon
        | CharClass::LowerDigitHyphen
        | CharClass::LowerDigit
        | CharClass::Digit
        | CharClass::Hex => None,
    }));
    // Every class tells characters apart within ASCII only, so one character beyond it that nothing names stands for
    // all others.
    let beyond = ('\u{e0}'..='\u{fffd}').find(|c| !named.contains(c));
    let mut kinds: BTreeSet<Vec<bool>> = BTreeSet::new();
    let mut others = Vec::new();
    for c in ('a'..='z')
        .rev()
        .chain('0'..='9')
        .chain(['-'])
        .chain('\u{21}'..='\u{7e}')
        .chain('\0'..='\u{7f}')
        .chain(beyond)
    {
        let kind = classes.iter().map(|class| class.contains(c)).collect();
        if !named.contains(&c) && kinds.insert(kind) {
            others.push(c);
        }
    }
    named.into_iter().chain(symbols).chain(others).collect()
}
