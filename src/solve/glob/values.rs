//! Values of keys that are compared as numbers, dates or addresses. Between neighbouring endpoints of the sets all values
//! are alike, so finitely many candidates decide; each is tried as a text on every set.

mod candidates;

use std::net::IpAddr;

use crate::formula::ValueSet;
use crate::iam::{Instant, Rational, Token, is_symbol, parse_instant, parse_number};

use super::cover::{Case, Shown};
use super::globset::GlobSet;
use super::steps::{Steps, Stop};
use super::theory::Set;
use candidates::{Candidates, excluded};

/// So many literal texts can be excluded, at most, where the candidates are to stand for all values.
const MAX_EXCLUDED: usize = 32;

/// What all values of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A point in time.
    Instant,
    /// An address.
    Address,
}

impl Sort {
    /// The sorts that have comparisons of their own.
    pub(super) const COMPARED: [Sort; 3] = [Sort::Number, Sort::Instant, Sort::Address];
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A text of the sort that is in all positive and no negative sets.
    Text(String),
    /// There is none.
    Nothing,
    /// None of the candidates, which do not stand for all values.
    Open,
}

/// The sort a set compares by; `None` for globs.
pub(super) fn sort_of(set: &Set<'_>) -> Option<Sort> {
    match set {
        Set::Other(ValueSet::Numbers(_)) => Some(Sort::Number),
        Set::Other(ValueSet::Instants(_)) => Some(Sort::Instant),
        Set::Other(ValueSet::Addresses(_)) => Some(Sort::Address),
        Set::None | Set::Globs(_) | Set::Other(_) => None,
    }
}

/// A text of the sort (any text, if there is no sort) that is in the sets marked true and not in those marked false.
pub(super) fn find(sort: Option<Sort>, sets: &[(&Set<'_>, bool)], steps: &Steps) -> Result<Outcome, Stop> {
    let candidates = Candidates::of(sort, sets);
    let pieces: usize = sets.iter().map(|(set, _)| size(set)).sum();
    for text in &candidates.texts {
        steps.spend(16 + 4 * pieces)?;
        if fits(text, sort, sets, steps)? {
            return Ok(Outcome::Text(text.clone()));
        }
    }
    Ok(if candidates.all && exact(sort, sets) {
        Outcome::Nothing
    } else {
        Outcome::Open
    })
}

/// Whether the text is of the sort, in the sets marked true and not in those marked false.
pub(super) fn fits(
    text: &str,
    sort: Option<Sort>,
    sets: &[(&Set<'_>, bool)],
    steps: &Steps,
) -> Result<bool, Stop> {
    let reading = Reading::of(text);
    if !reading.is(sort) {
        return Ok(false);
    }
    for (set, wanted) in sets {
        if contains(set, &reading, steps)? != *wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the candidates stand for all values: all sets compare alike, and the key's values are of their sort or
/// anything. A key of another sort than its sets is decided only for two values, for the epoch seconds among dates, or
/// when a set of literal texts leaves few. Globs do no harm where they exclude some literal texts only, or demand nothing:
/// of each candidate there are more than those exclude.
fn exact(sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) -> bool {
    let positives: Vec<_> = sets
        .iter()
        .filter(|(_, wanted)| *wanted)
        .filter_map(|(set, _)| glob_set(set))
        .collect();
    if positives.iter().any(|globs| globs.iter().all(Shown::is_text)) {
        return true;
    }
    let first = sets.iter().find_map(|(set, _)| sort_of(set));
    let compared = |(set, wanted): &(&Set<'_>, bool)| match glob_set(set) {
        Some(globs) if *wanted => globs.iter().any(is_star),
        Some(globs) => globs.iter().all(is_one_text),
        None => sort_of(set) == first,
    };
    let alike = excluded(sets) <= MAX_EXCLUDED && sets.iter().all(compared);
    let alike = alike && (first.is_some() || sort.is_some());
    match sort {
        None => alike,
        Some(Sort::Bool) => !positives.iter().any(|globs| globs.iter().any(has_symbol)),
        Some(Sort::Instant) => alike && matches!(first, None | Some(Sort::Instant | Sort::Number)),
        Some(Sort::Number | Sort::Address) => alike && (first.is_none() || first == sort),
    }
}

fn glob_set<'s, 'a>(set: &'s Set<'a>) -> Option<&'s GlobSet<'a>> {
    match set {
        Set::Globs(globs) => Some(globs),
        Set::None | Set::Other(_) => None,
    }
}

fn is_star(shown: Shown<'_>) -> bool {
    matches!(shown.tokens, [Token::Star])
}

/// Whether it is a text without wildcards; case may count or not.
fn is_one_text(shown: Shown<'_>) -> bool {
    shown.tokens.iter().all(|token| matches!(token, Token::Char(_)))
}

fn has_symbol(shown: Shown<'_>) -> bool {
    shown
        .tokens
        .iter()
        .any(|token| matches!(token, Token::Char(c) if is_symbol(*c)))
}

fn size(set: &Set<'_>) -> usize {
    match set {
        Set::None => 0,
        Set::Globs(globs) => globs.len(),
        Set::Other(ValueSet::Numbers(intervals)) => intervals.len(),
        Set::Other(ValueSet::Instants(intervals)) => intervals.len(),
        Set::Other(ValueSet::Addresses(ranges)) => ranges.len(),
        Set::Other(_) => 1,
    }
}

/// A text and what it reads as.
struct Reading<'t> {
    text: &'t str,
    number: Option<Rational>,
    instant: Option<Instant>,
    address: Option<IpAddr>,
}

impl<'t> Reading<'t> {
    fn of(text: &'t str) -> Reading<'t> {
        Reading {
            text,
            number: parse_number(text),
            instant: parse_instant(text),
            address: text.parse().ok(),
        }
    }

    fn is(&self, sort: Option<Sort>) -> bool {
        if self.text.chars().any(is_symbol) {
            return true;
        }
        match sort {
            None => true,
            Some(Sort::Bool) => matches!(self.text, "true" | "false"),
            Some(Sort::Number) => self.number.is_some(),
            Some(Sort::Instant) => self.instant.is_some(),
            Some(Sort::Address) => self.address.is_some(),
        }
    }
}

fn contains(set: &Set<'_>, reading: &Reading<'_>, steps: &Steps) -> Result<bool, Stop> {
    match set {
        Set::Globs(globs) => {
            let tokens: Vec<Token> = reading.text.chars().map(Token::Char).collect();
            globs.covers(
                Shown {
                    tokens: &tokens,
                    case: Case::Exact,
                },
                steps,
            )
        }
        Set::Other(ValueSet::Numbers(intervals)) => Ok(reading
            .number
            .as_ref()
            .is_some_and(|number| intervals.iter().any(|interval| interval.contains(number)))),
        Set::Other(ValueSet::Instants(intervals)) => Ok(reading
            .instant
            .is_some_and(|instant| intervals.iter().any(|interval| interval.contains(&instant)))),
        Set::Other(ValueSet::Addresses(ranges)) => Ok(reading
            .address
            .is_some_and(|address| ranges.iter().any(|range| range.contains(&address)))),
        Set::None | Set::Other(_) => Ok(false),
    }
}
