//! How elements of a policy are written: the text that reads back as the same pattern, principal or value.

use super::document::{Condition, ConditionValues, Version};
use super::operator::{OPERATORS, Operator, Quantifier, Test};
use super::pattern::{Pattern, Piece};
use super::principal::PrincipalEntry;
use super::resource::{ArnPattern, ResourcePattern};
use super::typed::{Instant, Rational};

/// How the characters of a pattern are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// `*` and `?` are wildcards, so a literal one is written `${*}`.
    Glob,
    /// `*` and `?` are themselves.
    Literal,
}

/// The spelling of a language version, which decides how a literal `${` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelling {
    /// The version of the document.
    pub version: Version,
}

impl Spelling {
    /// An entry of `Action` or `NotAction`.
    pub fn action(self, pattern: &Pattern) -> String {
        self.pattern(pattern, Meaning::Glob)
    }

    /// An entry of `Resource` or `NotResource`.
    pub fn resource(self, pattern: &ResourcePattern) -> String {
        match pattern {
            ResourcePattern::Any => "*".to_string(),
            ResourcePattern::Arn {
                short: Some(written), ..
            } => self.pattern(written, Meaning::Glob),
            ResourcePattern::Arn { arn, short: None } => self.arn(arn),
            ResourcePattern::Nothing => "arn:".to_string(),
            ResourcePattern::Unreadable(text) => text.to_string(),
        }
    }

    /// Type and text of an entry of `Principal`; `None` for everyone.
    pub fn principal(self, entry: &PrincipalEntry) -> Option<(&'static str, String)> {
        let text = |pattern: &Pattern| self.pattern(pattern, Meaning::Glob);
        Some(match entry {
            PrincipalEntry::Everyone => return None,
            PrincipalEntry::AnyAws => ("AWS", "*".to_string()),
            PrincipalEntry::Account(account) => ("AWS", text(account)),
            PrincipalEntry::Role {
                partition,
                account,
                path,
            } => (
                "AWS",
                format!(
                    "arn:{}:iam::{}:role/{}",
                    text(partition),
                    text(account),
                    text(path)
                ),
            ),
            PrincipalEntry::User {
                partition,
                account,
                path,
            } => (
                "AWS",
                format!(
                    "arn:{}:iam::{}:user/{}",
                    text(partition),
                    text(account),
                    text(path)
                ),
            ),
            PrincipalEntry::Session {
                partition,
                account,
                role,
                session,
            } => {
                let (partition, account) = (text(partition), text(account));
                (
                    "AWS",
                    format!(
                        "arn:{partition}:sts::{account}:assumed-role/{}/{}",
                        text(role),
                        text(session)
                    ),
                )
            }
            PrincipalEntry::FederatedUser {
                partition,
                account,
                name,
            } => (
                "AWS",
                format!(
                    "arn:{}:sts::{}:federated-user/{}",
                    text(partition),
                    text(account),
                    text(name)
                ),
            ),
            PrincipalEntry::Service(name) => ("Service", text(name)),
            PrincipalEntry::Federated(name) => ("Federated", text(name)),
            PrincipalEntry::Canonical(name) => ("CanonicalUser", text(name)),
            PrincipalEntry::Dangling(id) => ("AWS", id.clone()),
            PrincipalEntry::Unknown(hole) => ("AWS", hole.to_string()),
        })
    }

    /// The values of a line of a `Condition` block.
    pub fn values(self, condition: &Condition) -> Vec<String> {
        let meaning = match condition.operator.test {
            Test::StringLike => Meaning::Glob,
            Test::StringEquals
            | Test::StringEqualsIgnoreCase
            | Test::Numeric(_)
            | Test::Date(_)
            | Test::Bool
            | Test::Binary
            | Test::IpAddress
            | Test::Arn
            | Test::Null => Meaning::Literal,
        };
        match &condition.values {
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns
                .iter()
                .map(|pattern| self.pattern(pattern, meaning))
                .collect(),
            ConditionValues::Arn(patterns) => patterns.iter().map(|pattern| self.arn(pattern)).collect(),
            ConditionValues::Number(_, numbers) => numbers.iter().map(decimal).collect(),
            ConditionValues::Date(_, instants) => instants.iter().map(|instant| date(*instant)).collect(),
            ConditionValues::Ip(ranges) => ranges.iter().map(ToString::to_string).collect(),
            ConditionValues::Binary(values) => values.iter().map(|bytes| base64(bytes)).collect(),
            ConditionValues::Null(values) => values.iter().map(ToString::to_string).collect(),
        }
    }

    fn arn(self, arn: &ArnPattern) -> String {
        match &arn.whole {
            Some(whole) => self.pattern(whole, Meaning::Glob),
            None => {
                let segments = arn
                    .segments
                    .each_ref()
                    .map(|segment| self.pattern(segment, Meaning::Glob));
                format!("arn:{}", segments.join(":"))
            }
        }
    }

    fn pattern(self, pattern: &Pattern, meaning: Meaning) -> String {
        let variables = self.version == Version::V2012;
        let pieces = pattern.pieces();
        let mut text = String::with_capacity(pieces.len());
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Char(c @ ('*' | '?')) if meaning == Meaning::Glob => {
                    text.push_str(&format!("${{{c}}}"))
                }
                Piece::Char('$') if variables && pieces.peek() == Some(&&Piece::Char('{')) => {
                    text.push_str("${$}")
                }
                Piece::Char(c) => text.push(*c),
                Piece::Any => text.push('?'),
                Piece::Star => text.push('*'),
                Piece::Var(key, None) => text.push_str(&format!("${{{key}}}")),
                Piece::Var(key, Some(default)) => text.push_str(&format!("${{{key}, '{default}'}}")),
                Piece::Hole(hole) => text.push_str(&hole.to_string()),
            }
        }
        text
    }
}

/// The names of an operator, the usual one first, then spellings in another case, of which there are enough for all
/// lines of one key that a document can hold.
pub fn operator_names(operator: Operator) -> Vec<String> {
    let quantifier = match operator.quantifier {
        Quantifier::One => "",
        Quantifier::ForAny => "ForAnyValue:",
        Quantifier::ForAll => "ForAllValues:",
    };
    let suffix = if operator.if_exists { "IfExists" } else { "" };
    let usual: Vec<String> = OPERATORS
        .iter()
        .filter(|(_, test, negated)| *test == operator.test && *negated == operator.negated)
        .map(|(name, _, _)| format!("{quantifier}{name}{suffix}"))
        .collect();
    let lower = usual
        .first()
        .map(|name| name.to_ascii_lowercase())
        .unwrap_or_default();
    let other: Vec<String> = (0..lower.len())
        .map(|at| {
            lower
                .char_indices()
                .map(|(i, c)| if i == at { c.to_ascii_uppercase() } else { c })
                .collect()
        })
        .collect();
    usual.into_iter().chain([lower]).chain(other).collect()
}

/// A number as an exact decimal: every parsed number has one.
fn decimal(number: &Rational) -> String {
    let ten = Rational::from_integer(10.into());
    let mut scaled = number.clone();
    let mut places = 0_usize;
    while !scaled.is_integer() && places < 5_000 {
        scaled *= &ten;
        places += 1;
    }
    if !scaled.is_integer() {
        return number.to_string();
    }
    let digits = scaled.to_integer().to_string();
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits.as_str()), |digits| ("-", digits));
    let padded = format!("{digits:0>width$}", width = places + 1);
    match padded.split_at_checked(padded.len() - places) {
        Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{padded}"),
    }
}

fn date(instant: Instant) -> String {
    jiff::Timestamp::from_nanosecond(instant)
        .map_or_else(|_| instant.to_string(), |timestamp| timestamp.to_string())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS.get((value & 63) as usize).copied().unwrap_or(b'A'));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (position, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            text.push(if position <= chunk.len() {
                digit(group >> shift)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ContextKey, HoleId, parse_number};

    #[test]
    fn literal_wildcards_and_holes_are_told_apart() {
        let writer = Spelling {
            version: Version::V2012,
        };
        let pieces = vec![
            Piece::Char('*'),
            Piece::Star,
            Piece::Char('$'),
            Piece::Char('{'),
            Piece::Hole(HoleId::new("h")),
            Piece::Var(ContextKey::new("aws:username"), None),
        ];
        assert_eq!(
            writer.pattern(&Pattern::new(pieces), Meaning::Glob),
            "${*}*${$}{{{hole:h}}${aws:username}"
        );
        assert_eq!(writer.pattern(&Pattern::literal("a*"), Meaning::Literal), "a*");
    }

    #[test]
    fn values_are_exact() {
        for (text, expected) in [("1.50", "1.5"), ("-0.05", "-0.05"), ("1e3", "1000"), ("0", "0")] {
            assert_eq!(decimal(&parse_number(text).unwrap()), expected);
        }
        for (bytes, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
    }
}
