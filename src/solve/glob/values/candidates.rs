//! The candidates: for every way in which sets can tell values apart, some values that they tell apart so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use num_bigint::BigInt;

use crate::formula::ValueSet;
use crate::iam::{Instant, Rational, Token, parse_instant, parse_number};

use super::super::cover::Shown;
use super::super::globset::GlobSet;
use super::super::theory::Set;
use super::{MAX_EXCLUDED, Sort, glob_set, size};

/// Texts that stand for all values.
pub(super) struct Candidates {
    /// The texts.
    pub(super) texts: Vec<String>,
    /// Whether every value that should be a candidate could be written.
    pub(super) all: bool,
}

impl Candidates {
    /// The candidates for values of the sort and these sets.
    pub(super) fn of(sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) -> Candidates {
        let mut candidates = Candidates {
            texts: Vec::new(),
            all: true,
        };
        candidates.numbers(sort, sets);
        candidates.instants(sort, sets);
        candidates.addresses(sort, sets);
        candidates.texts.extend(["true", "false"].map(str::to_owned));
        candidates.filled_globs(sets);
        if sort.is_none() {
            candidates.texts.extend(["x", ""].map(str::to_owned));
        }
        candidates.others(sort, sets);
        candidates
    }

    fn numbers(&mut self, sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) {
        let mut ends: Vec<&Rational> = Vec::new();
        for (set, _) in sets {
            if let Set::Other(ValueSet::Numbers(intervals)) = set {
                let bounds = intervals
                    .iter()
                    .flat_map(|interval| [&interval.low, &interval.high]);
                ends.extend(bounds.flatten().map(|(end, _)| end));
            }
        }
        if ends.is_empty() && sort != Some(Sort::Number) {
            return;
        }
        ends.sort();
        ends.dedup();
        let one = Rational::from_integer(BigInt::from(1));
        let half = Rational::new(BigInt::from(1), BigInt::from(2));
        let mut found: Vec<Rational> = (0..spare(sets))
            .map(|number| Rational::from_integer(BigInt::from(number)))
            .collect();
        found.extend(
            ends.iter()
                .flat_map(|end| [end.floor() + &one, end.ceil() - &one, end.floor(), end.ceil()]),
        );
        found.extend(ends.iter().map(|end| (*end).clone()));
        found.extend(
            ends.iter()
                .zip(ends.iter().skip(1))
                .map(|(low, high)| (*low + *high) * &half),
        );
        for number in found {
            match decimal(&number) {
                Some(text) if parse_number(&text).as_ref() == Some(&number) => {
                    // Epoch seconds are five characters or longer; fewer digits read as a year.
                    if sort == Some(Sort::Instant) && number.is_integer() {
                        let (sign, digits) = text
                            .strip_prefix('-')
                            .map_or(("", text.as_str()), |digits| ("-", digits));
                        self.texts.push(format!("{sign}{digits:0>5}"));
                    }
                    self.texts.push(text);
                }
                Some(_) | None => self.all = false,
            }
        }
    }

    fn instants(&mut self, sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) {
        const SECOND: Instant = 1_000_000_000;
        let mut ends: Vec<Instant> = Vec::new();
        for (set, _) in sets {
            if let Set::Other(ValueSet::Instants(intervals)) = set {
                let bounds = intervals
                    .iter()
                    .flat_map(|interval| [&interval.low, &interval.high]);
                ends.extend(bounds.flatten().map(|(end, _)| *end));
            }
        }
        if ends.is_empty() && sort != Some(Sort::Instant) {
            return;
        }
        ends.sort_unstable();
        ends.dedup();
        let mut found: Vec<Instant> = vec![1_767_225_600 * SECOND];
        for end in &ends {
            let second = end.div_euclid(SECOND).saturating_mul(SECOND);
            found.extend([
                *end,
                second,
                second.saturating_add(SECOND),
                second.saturating_sub(SECOND),
            ]);
        }
        found.extend(
            ends.iter()
                .flat_map(|end| [end.saturating_add(1), end.saturating_sub(1)]),
        );
        found.extend((1..spare(sets)).map(|more| (1_767_225_600 + Instant::from(more)) * SECOND));
        self.texts.extend(found.into_iter().filter_map(instant_text));
    }

    fn addresses(&mut self, sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) {
        let mut ranges: Vec<&IpNet> = Vec::new();
        for (set, _) in sets {
            if let Set::Other(ValueSet::Addresses(more)) = set {
                ranges.extend(more.iter());
            }
        }
        if ranges.is_empty() && sort != Some(Sort::Address) {
            return;
        }
        let documentation = ["203.0.113.7", "198.51.100.7", "192.0.2.7", "2001:db8::7"];
        self.texts.extend(documentation.map(str::to_owned));
        for range in &ranges {
            self.texts.push(range.network().to_string());
            self.texts
                .extend(after(range.broadcast()).map(|address| address.to_string()));
        }
        self.texts.extend(["0.0.0.0", "::"].map(str::to_owned));
        self.texts
            .extend((1..spare(sets)).map(|last| format!("203.0.113.{last}")));
    }

    /// More of each, where texts are excluded: the same number or second in other words, or the values next to it. A text
    /// that is excluded then excludes no candidate altogether.
    fn others(&mut self, sort: Option<Sort>, sets: &[(&Set<'_>, bool)]) {
        const SECOND: Instant = 1_000_000_000;
        let excluded = excluded(sets);
        if excluded == 0 || excluded > MAX_EXCLUDED {
            return;
        }
        // Neither of these has other words at hand.
        self.all &= !excludes_long_address(sets) && !has_fractions_of_seconds(sets);
        let mut more = Vec::new();
        for text in &self.texts {
            if parse_number(text).is_some() {
                more.extend((1..=excluded).map(|zeros| with_zeros(text, zeros)));
            }
            if let Some(instant) = parse_instant(text) {
                let seconds = (instant % SECOND == 0).then(|| (instant / SECOND).to_string());
                let seconds = seconds.iter();
                more.extend(seconds.flat_map(|text| (5..=5 + excluded).map(|zeros| with_zeros(text, zeros))));
                let next = (1..=excluded).scan(instant, |instant, _| {
                    *instant = instant.saturating_add(1);
                    instant_text(*instant)
                });
                more.extend(next);
            }
            if let Ok(address) = text.parse::<IpAddr>() {
                let next = std::iter::successors(after(address), |address| after(*address));
                more.extend(next.take(excluded).map(|address| address.to_string()));
            }
        }
        if sort.is_none() {
            more.extend((2..=1 + excluded).map(|length| "x".repeat(length)));
        }
        self.texts.append(&mut more);
    }

    /// Literal texts of the positive globs, and their words under likely fillings.
    fn filled_globs(&mut self, sets: &[(&Set<'_>, bool)]) {
        for (set, _) in sets.iter().filter(|(_, wanted)| *wanted) {
            let Set::Globs(globs) = set else { continue };
            for shown in globs.iter() {
                let wild = shown.tokens.iter().any(|token| !matches!(token, Token::Char(_)));
                let fillings: &[&str] = if wild {
                    &[
                        "",
                        "1",
                        "0",
                        ".1",
                        "0.1",
                        "0.0.1",
                        "0.0.0",
                        "-01-01T00:00:00Z",
                        "00:00Z",
                        "Z",
                    ]
                } else {
                    &[""]
                };
                for filling in fillings {
                    let mut text = String::new();
                    for token in shown.tokens {
                        match token {
                            Token::Char(c) => text.push(*c),
                            Token::Any => text.push('1'),
                            Token::Star => text.push_str(filling),
                        }
                    }
                    self.texts.push(text);
                }
            }
        }
    }
}

/// How many globs are in the negative sets.
pub(super) fn excluded(sets: &[(&Set<'_>, bool)]) -> usize {
    let negative = sets.iter().filter(|(_, wanted)| !*wanted);
    negative
        .filter_map(|(set, _)| glob_set(set))
        .map(GlobSet::len)
        .sum()
}

/// Whether an IPv6 address is excluded by its text: the addresses next to it need not be in the same ranges.
fn excludes_long_address(sets: &[(&Set<'_>, bool)]) -> bool {
    let negative = sets.iter().filter(|(_, wanted)| !*wanted);
    let mut globs = negative
        .filter_map(|(set, _)| glob_set(set))
        .flat_map(GlobSet::iter);
    globs.any(|shown| text_of(shown).parse::<Ipv6Addr>().is_ok())
}

/// Whether an interval of dates begins or ends between two seconds.
fn has_fractions_of_seconds(sets: &[(&Set<'_>, bool)]) -> bool {
    sets.iter().any(|(set, _)| match set {
        Set::Other(ValueSet::Instants(intervals)) => intervals
            .iter()
            .flat_map(|interval| [&interval.low, &interval.high])
            .flatten()
            .any(|(end, _)| end % 1_000_000_000 != 0),
        Set::None | Set::Globs(_) | Set::Other(_) => false,
    })
}

fn text_of(shown: Shown<'_>) -> String {
    let characters = shown.tokens.iter().filter_map(|token| match token {
        Token::Char(c) => Some(*c),
        Token::Any | Token::Star => None,
    });
    characters.collect()
}

/// The same number with so many zeros before its digits.
fn with_zeros(number: &str, zeros: usize) -> String {
    let unsigned = number.trim_start_matches(['-', '+']);
    let sign = number.strip_suffix(unsigned).unwrap_or_default();
    format!("{sign}{}{unsigned}", "0".repeat(zeros))
}

/// How many values to have at hand, so that negative texts cannot take them all.
fn spare(sets: &[(&Set<'_>, bool)]) -> u8 {
    let texts: usize = sets
        .iter()
        .filter(|(set, _)| matches!(set, Set::Globs(_)))
        .map(|(set, _)| size(set))
        .sum();
    u8::try_from(texts + 1).unwrap_or(u8::MAX)
}

/// A rational in decimal notation, if it has a finite one of reasonable length.
fn decimal(number: &Rational) -> Option<String> {
    let mut rest = number.denom().clone();
    let mut places = 0_usize;
    for prime in [2, 5] {
        let mut count = 0;
        while (&rest % prime) == BigInt::from(0) {
            rest /= prime;
            count += 1;
        }
        places = places.max(count);
    }
    if rest != BigInt::from(1) || places > 5000 {
        return None;
    }
    let scaled = number * Rational::from_integer(BigInt::from(10).pow(u32::try_from(places).ok()?));
    let digits = scaled.to_integer().to_string();
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits.as_str()), |digits| ("-", digits));
    if places == 0 {
        return Some(format!("{sign}{digits}"));
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at_checked(padded.len() - places)?;
    Some(format!("{sign}{whole}.{fraction}"))
}

/// A text that reads as the instant, if there is one.
fn instant_text(instant: Instant) -> Option<String> {
    let calendar = jiff::Timestamp::from_nanosecond(instant)
        .ok()
        .map(|timestamp| timestamp.to_string());
    let seconds = (instant % 1_000_000_000 == 0).then(|| format!("{:06}", instant / 1_000_000_000));
    [calendar, seconds]
        .into_iter()
        .flatten()
        .find(|text| parse_instant(text) == Some(instant))
}

/// The next address, within its family.
fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4
            .to_bits()
            .checked_add(1)
            .map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        IpAddr::V6(v6) => v6
            .to_bits()
            .checked_add(1)
            .map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    }
}
