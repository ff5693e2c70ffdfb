//! What the values of each variable look like: well-formed actions, ARN segments, account ids (semantics.md 3.2, 3.10).

use crate::iam::{KeyType, is_symbol, key_facts};

use super::Variable;

/// The possible texts of a variable: those of any of its shapes, and any text that holds a symbol (see
/// [`is_symbol`]), which stands for a text of the right shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain(pub &'static [Shape]);

/// Texts that are one run after another.
pub type Shape = &'static [Run];

/// `min` to `max` characters of a class; no `max` means any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The characters.
    pub class: CharClass,
    /// At least so many.
    pub min: u32,
    /// At most so many.
    pub max: Option<u32>,
}

/// A class of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharClass {
    /// Any character.
    Any,
    /// Any character but `:`.
    NoColon,
    /// `a`–`z`, `0`–`9`, `-`.
    LowerDigitHyphen,
    /// `a`–`z`, `0`–`9`.
    LowerDigit,
    /// `0`–`9`.
    Digit,
    /// `0`–`9`, `a`–`f`.
    Hex,
    /// Exactly this character.
    Only(char),
}

impl CharClass {
    /// Whether the character belongs to the class.
    pub fn contains(self, c: char) -> bool {
        match self {
            CharClass::Any => true,
            CharClass::NoColon => c != ':',
            CharClass::LowerDigitHyphen => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
            CharClass::LowerDigit => c.is_ascii_lowercase() || c.is_ascii_digit(),
            CharClass::Digit => c.is_ascii_digit(),
            CharClass::Hex => c.is_ascii_digit() || ('a'..='f').contains(&c),
            CharClass::Only(only) => c == only,
        }
    }
}

const fn run(class: CharClass, min: u32, max: Option<u32>) -> Run {
    Run { class, min, max }
}

macro_rules! literal {
    ($($c:literal),*) => { &[$(Run { class: CharClass::Only($c), min: 1, max: Some(1) }),*] };
}

const ANY: Domain = Domain(&[&[run(CharClass::Any, 0, None)]]);
const NOT_EMPTY: Domain = Domain(&[&[run(CharClass::Any, 1, None)]]);
const ACTION: Domain = Domain(&[&[
    run(CharClass::LowerDigitHyphen, 1, None),
    run(CharClass::Only(':'), 1, Some(1)),
    run(CharClass::LowerDigit, 1, None),
]]);
const PARTITION: Domain = Domain(&[
    literal!('a', 'w', 's'),
    literal!('a', 'w', 's', '-', 'c', 'n'),
    literal!('a', 'w', 's', '-', 'u', 's', '-', 'g', 'o', 'v'),
    literal!('a', 'w', 's', '-', 'i', 's', 'o'),
    literal!('a', 'w', 's', '-', 'i', 's', 'o', '-', 'b'),
    literal!('a', 'w', 's', '-', 'i', 's', 'o', '-', 'e'),
    literal!('a', 'w', 's', '-', 'i', 's', 'o', '-', 'f'),
    literal!('a', 'w', 's', '-', 'e', 'u', 's', 'c'),
]);
const SERVICE: Domain = Domain(&[&[run(CharClass::LowerDigitHyphen, 1, None)]]);
const REGION: Domain = Domain(&[&[run(CharClass::LowerDigitHyphen, 0, None)]]);
const ACCOUNT_ID: Domain = Domain(&[&[run(CharClass::Digit, 12, Some(12))]]);
const ACCOUNT: Domain = Domain(&[
    &[run(CharClass::Digit, 12, Some(12))],
    &[],
    literal!('a', 'w', 's'),
]);
const BOOL: Domain = Domain(&[literal!('t', 'r', 'u', 'e'), literal!('f', 'a', 'l', 's', 'e')]);
const NO_COLON: Domain = Domain(&[&[run(CharClass::NoColon, 0, None)]]);
const HEX: Domain = Domain(&[&[run(CharClass::Hex, 64, Some(64))]]);
const PATH: Domain = Domain(&[&[run(CharClass::NoColon, 1, None)]]);

/// The domain of a variable. For the principal's kind, which is no text, any.
pub fn domain(variable: &Variable) -> Domain {
    use crate::iam::Segment;
    match variable {
        Variable::Action => ACTION,
        Variable::Resource(Segment::Partition) | Variable::PrincipalPartition => PARTITION,
        Variable::Resource(Segment::Service) => SERVICE,
        Variable::Resource(Segment::Region) => REGION,
        Variable::Resource(Segment::Account) => ACCOUNT,
        Variable::Resource(Segment::Rest) => NOT_EMPTY,
        Variable::PrincipalAccount => ACCOUNT_ID,
        Variable::PrincipalPath | Variable::PrincipalSession | Variable::PrincipalService => PATH,
        Variable::PrincipalProvider => NOT_EMPTY,
        Variable::PrincipalCanonical => HEX,
        Variable::PrincipalKind => ANY,
        Variable::Key(slot) => match key_facts(&slot.key).key_type {
            KeyType::Bool => BOOL,
            KeyType::Text | KeyType::Arn | KeyType::Number | KeyType::Date | KeyType::Address => ANY,
        },
        Variable::KeySegment(_, Segment::Rest) => ANY,
        Variable::KeySegment(
            _,
            Segment::Partition | Segment::Service | Segment::Region | Segment::Account,
        ) => NO_COLON,
    }
}

impl Domain {
    /// Whether the text is possible.
    pub fn accepts(self, text: &str) -> bool {
        self.accepts_all(text.chars())
    }

    /// Whether the text of these characters is possible.
    pub fn accepts_all(self, text: impl Iterator<Item = char> + Clone) -> bool {
        text.clone().any(is_symbol) || self.0.iter().any(|shape| shape_accepts(shape, text.clone()))
    }
}

/// Neighbouring runs of one shape never share characters, so reading greedily is exact.
fn shape_accepts(shape: Shape, text: impl Iterator<Item = char>) -> bool {
    let mut rest = text.peekable();
    for run in shape {
        let mut count = 0_u32;
        while run.max.is_none_or(|max| count < max) && rest.next_if(|c| run.class.contains(*c)).is_some() {
            count = count.saturating_add(1);
        }
        if count < run.min {
            return false;
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_accept_well_formed_texts() {
        for (variable, text, expected) in [
            (Variable::Action, "s3:getobject", true),
            (Variable::Action, "s3:get:object", false),
            (Variable::Action, ":x", false),
            (Variable::PrincipalAccount, "123456789012", true),
            (Variable::PrincipalAccount, "12345678901", false),
            (Variable::PrincipalPartition, "aws-cn", true),
            (Variable::PrincipalPartition, "aw", false),
            (Variable::Resource(crate::iam::Segment::Account), "", true),
            (Variable::Resource(crate::iam::Segment::Rest), "", false),
        ] {
            assert_eq!(domain(&variable).accepts(text), expected, "{variable:?} {text}");
        }
    }
}
