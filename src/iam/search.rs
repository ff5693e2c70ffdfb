//! Matching of large globs against large texts: what stands between two stars is looked for in linear time, or, where it
//! has `?`, in as many steps as 64 characters at a time take. Quadratic steps would let a policy stop the tool.

use std::collections::HashMap;

use super::glob::Token;

/// Whether the tokens match the whole text: the first part at its beginning, the last at its end, each of the others
/// where it first occurs after the one before.
pub(super) fn matches(tokens: &[Token], text: &[char]) -> bool {
    let mut parts = tokens.split(|token| *token == Token::Star);
    let Some(first) = parts.next() else {
        return text.is_empty();
    };
    let mut middle: Vec<&[Token]> = parts.collect();
    let Some(last) = middle.pop() else {
        return first.len() == text.len() && same(first, text);
    };
    let (Some(head), Some(rest)) = (text.get(..first.len()), text.get(first.len()..)) else {
        return false;
    };
    let Some((mut rest, tail)) = rest
        .len()
        .checked_sub(last.len())
        .and_then(|at| rest.split_at_checked(at))
    else {
        return false;
    };
    if !same(first, head) || !same(last, tail) {
        return false;
    }
    for part in middle {
        let Some(after) = find(part, rest).and_then(|at| rest.get(at + part.len()..)) else {
            return false;
        };
        rest = after;
    }
    true
}

fn same(part: &[Token], text: &[char]) -> bool {
    part.iter().zip(text).all(|(token, c)| match token {
        Token::Char(wanted) => wanted == c,
        Token::Any | Token::Star => true,
    })
}

/// Where the part, which has no star, first occurs.
fn find(part: &[Token], text: &[char]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    let literal: Option<Vec<char>> = part
        .iter()
        .map(|token| match token {
            Token::Char(c) => Some(*c),
            Token::Any | Token::Star => None,
        })
        .collect();
    match literal {
        Some(word) => find_word(&word, text),
        None => find_with_gaps(part, text),
    }
}

/// Knuth, Morris and Pratt: no character of the text is read twice.
fn find_word(word: &[char], text: &[char]) -> Option<usize> {
    let step = |borders: &[usize], mut matched: usize, c: char| {
        while matched > 0 && word.get(matched) != Some(&c) {
            matched = borders.get(matched - 1).copied().unwrap_or(0);
        }
        matched + usize::from(word.get(matched) == Some(&c))
    };
    let mut borders = vec![0];
    for c in word.iter().skip(1) {
        let border = step(&borders, borders.last().copied().unwrap_or(0), *c);
        borders.push(border);
    }
    let mut matched = 0;
    for (at, c) in text.iter().enumerate() {
        matched = step(&borders, matched, *c);
        if matched == word.len() {
            return Some(at + 1 - word.len());
        }
    }
    None
}

/// Baeza-Yates and Gonnet: one bit for each beginning of the part that ends at the character just read.
fn find_with_gaps(part: &[Token], text: &[char]) -> Option<usize> {
    let words = part.len().div_ceil(64);
    let mut gaps = vec![0_u64; words];
    let mut of_char: HashMap<char, Vec<u64>> = HashMap::new();
    let set = |bits: &mut [u64], at: usize| {
        if let Some(word) = bits.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    };
    for (at, token) in part.iter().enumerate() {
        match token {
            Token::Char(c) => set(of_char.entry(*c).or_insert_with(|| vec![0; words]), at),
            Token::Any | Token::Star => set(&mut gaps, at),
        }
    }
    let last = part.len() - 1;
    let mut ends = vec![0_u64; words];
    for (at, c) in text.iter().enumerate() {
        let own = of_char.get(c);
        let mut carry = 1;
        for (number, (word, gap)) in ends.iter_mut().zip(&gaps).enumerate() {
            let fits = gap | own.and_then(|own| own.get(number)).copied().unwrap_or(0);
            let next = *word >> 63;
            *word = ((*word << 1) | carry) & fits;
            carry = next;
        }
        if ends
            .get(last / 64)
            .is_some_and(|word| word >> (last % 64) & 1 == 1)
        {
            return Some(at + 1 - part.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::iam::Glob;

    use super::*;

    #[test]
    fn large_matching_agrees_with_small_matching() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut pick = |letters: &[u8]| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(letters[usize::try_from(state % letters.len() as u64).expect("small")])
        };
        let mut matched = 0;
        for round in 0..20_000_usize {
            let glob: String = (0..round % 9).map(|_| pick(b"ab?*")).collect();
            let text: String = (0..round % 7).map(|_| pick(b"ab")).collect();
            let glob = Glob::parse(&glob);
            let characters: Vec<char> = text.chars().collect();
            let expected = glob.matches(&text);
            matched += usize::from(expected);
            assert_eq!(matches(glob.tokens(), &characters), expected, "{glob} {text}");
        }
        assert!(matched > 1_000, "{matched}");
    }

    #[test]
    fn parts_longer_than_a_word_are_found() {
        for (glob, text, expected) in [
            (
                format!("*{}?b*", "a".repeat(200)),
                format!("{}cb", "a".repeat(300)),
                true,
            ),
            (format!("*{}?b*", "a".repeat(200)), "a".repeat(300), false),
            (
                format!("*{}b", "a".repeat(200)),
                format!("{}b", "a".repeat(300)),
                true,
            ),
            (
                format!("x*{}*y", "ab".repeat(100)),
                format!("x{}y", "ab".repeat(100)),
                true,
            ),
            (
                format!("x*{}*y", "ab".repeat(100)),
                format!("x{}y", "ab".repeat(99)),
                false,
            ),
        ] {
            let glob = Glob::parse(&glob);
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(matches(glob.tokens(), &characters), expected, "{glob}");
        }
    }

    #[test]
    fn monsters_are_matched_in_time() {
        let glob = Glob::parse(&format!("*{}b", "a".repeat(250_000)));
        assert!(!glob.matches(&"a".repeat(500_000)));
        assert!(!glob.matches_folded(&"A".repeat(500_000)));
    }
}
