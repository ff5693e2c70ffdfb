//! A private alphabet: each character of a question stands for itself by a code point that Z3's literals do not decode.
//! Policy text never reaches Z3 as it is: `\u{2a}` in a literal would become `*`, and older versions read UTF-8 byte by
//! byte. Characters that the question does not name are interchangeable within a class, so one of each stands for all.

use std::collections::{BTreeMap, BTreeSet};

use z3::ast::Regexp;

use crate::formula::CharClass;

/// Characters and their private code points. Neighbours in Unicode order stay neighbours, so classes stay ranges.
#[derive(Debug)]
pub struct Alphabet {
    codes: BTreeMap<char, char>,
    characters: BTreeMap<char, char>,
}

/// The unnamed characters that witnesses prefer.
const PREFERRED: &str = "x0aX_";

/// The classes that tell characters apart.
const CLASSES: [CharClass; 5] = [
    CharClass::NoColon,
    CharClass::LowerDigitHyphen,
    CharClass::LowerDigit,
    CharClass::Digit,
    CharClass::Hex,
];

impl Alphabet {
    /// The alphabet of a question that names these characters.
    pub fn of(named: &BTreeSet<char>) -> Alphabet {
        let mut chosen = named.clone();
        let mut represented = BTreeSet::new();
        let others = ('0'..='9')
            .chain('a'..='z')
            .chain('A'..='Z')
            .chain('\u{4e00}'..='\u{9fff}');
        for c in PREFERRED.chars().chain(others).filter(|c| !named.contains(c)) {
            if represented.insert(CLASSES.map(|class| class.contains(c))) {
                chosen.insert(c);
            }
        }
        // Printable ASCII but the backslash, by which literals are escaped; then code points that are escaped.
        let private = (' '..='~').filter(|c| *c != '\\').chain('\u{100}'..='\u{2ffff}');
        let codes: BTreeMap<char, char> = chosen.into_iter().zip(private).collect();
        let characters = codes
            .iter()
            .map(|(character, code)| (*code, *character))
            .collect();
        Alphabet { codes, characters }
    }

    /// A character as it stands in a literal for Z3. `None` when the question does not name it.
    pub fn encoded(&self, c: char) -> Option<String> {
        self.codes.get(&c).copied().map(spelling)
    }

    /// The text of a literal that Z3 prints.
    pub fn decoded(&self, literal: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = literal.chars();
        while let Some(c) = rest.next() {
            let code = if c == '\\' {
                let escape = rest.as_str().strip_prefix("u{")?;
                let (digits, after) = escape.split_once('}')?;
                rest = after.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            } else {
                c
            };
            text.push(*self.characters.get(&code)?);
        }
        Some(text)
    }

    /// One character of the class.
    pub fn class(&self, class: CharClass) -> Regexp {
        let codes = self
            .codes
            .iter()
            .filter(|(character, _)| class.contains(**character))
            .map(|(_, code)| *code);
        let mut ranges: Vec<(char, char)> = Vec::new();
        for code in codes {
            match ranges.last_mut() {
                Some((_, high)) if code.is_ascii() && u32::from(*high).wrapping_add(1) == u32::from(code) => {
                    *high = code;
                }
                _ => ranges.push((code, code)),
            }
        }
        let parts: Vec<Regexp> = ranges
            .into_iter()
            .map(|(low, high)| {
                if low == high {
                    Regexp::literal(&spelling(low))
                } else {
                    Regexp::range(&low, &high)
                }
            })
            .collect();
        union(&parts)
    }
}

/// Any of the expressions; nothing when there is none. Z3 refuses a union of one.
pub fn union(parts: &[Regexp]) -> Regexp {
    match parts {
        [] => Regexp::empty(),
        [only] => only.clone(),
        several => Regexp::union(several),
    }
}

/// A code point in a literal.
fn spelling(code: char) -> String {
    if code.is_ascii() {
        code.to_string()
    } else {
        format!("\\u{{{:x}}}", u32::from(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let many: String = ('\u{4e00}'..='\u{4eff}').collect();
        for text in [
            "",
            "s3:getobject",
            "b/\\u{2a}",
            "\\",
            "é*?\u{1f600}",
            "a\u{0}b",
            &many,
        ] {
            let alphabet = Alphabet::of(&text.chars().collect());
            let encoded: Option<String> = text.chars().map(|c| alphabet.encoded(c)).collect();
            let encoded = encoded.unwrap();
            assert_eq!(alphabet.decoded(&encoded).as_deref(), Some(text));
            assert!(encoded.chars().all(|c| (' '..='~').contains(&c)), "{encoded}");
        }
    }

    #[test]
    fn every_class_has_an_unnamed_character() {
        let named: BTreeSet<char> = "x0aX_-:".chars().collect();
        let alphabet = Alphabet::of(&named);
        for class in CLASSES {
            let unnamed = alphabet
                .codes
                .keys()
                .any(|c| class.contains(*c) && !named.contains(c));
            assert!(unnamed, "{class:?}");
        }
    }
}
