//! Globs: literal text and the wildcards `*` and `?`, with matching in linear space and without recursion.

use std::fmt;
use std::sync::Arc;

use super::search;

/// Pairs of positions that are looked at to find whether two globs intersect.
const MAX_CELLS: usize = 1 << 22;

/// A pattern of literal characters, `?` and `*`, normalised: runs of `*` are one, and `?` stands before `*`. Cheap to
/// clone. Equal globs match the same strings (the reverse holds too, over an unbounded alphabet).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob(pub(super) Arc<[Token]>);

impl Glob {
    /// Whether [`Glob::new`] would leave the tokens as they are.
    pub(super) fn is_normal(tokens: &[Token]) -> bool {
        let after_star = |pair: &[Token]| matches!(pair, [Token::Star, Token::Star | Token::Any]);
        !tokens.windows(2).any(after_star)
    }

    /// A glob of these tokens, normalised.
    pub fn new(tokens: Vec<Token>) -> Glob {
        let mut normal: Vec<Token> = Vec::with_capacity(tokens.len());
        let mut star = false;
        for token in tokens {
            match token {
                Token::Star => star = true,
                Token::Any => normal.push(token),
                Token::Char(_) => {
                    if star {
                        normal.push(Token::Star);
                        star = false;
                    }
                    normal.push(token);
                }
            }
        }
        if star {
            normal.push(Token::Star);
        }
        Glob(normal.into())
    }

    /// Reads `*` and `?` as wildcards and everything else as literal text.
    pub fn parse(text: &str) -> Glob {
        Glob::new(
            text.chars()
                .map(|c| match c {
                    '*' => Token::Star,
                    '?' => Token::Any,
                    other => Token::Char(other),
                })
                .collect(),
        )
    }

    /// The glob that matches exactly `text`.
    pub fn literal(text: &str) -> Glob {
        Glob(text.chars().map(Token::Char).collect())
    }

    /// `*`.
    pub fn star() -> Glob {
        Glob(Arc::from([Token::Star]))
    }

    /// The tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.0
    }

    /// Whether this is `*`.
    pub fn is_star(&self) -> bool {
        matches!(*self.0, [Token::Star])
    }

    /// The text this is, if it has no wildcard.
    pub fn as_literal(&self) -> Option<String> {
        literal(&self.0)
    }

    /// Whether the glob matches the whole of `text`, without recursion.
    pub fn matches(&self, text: &str) -> bool {
        matched(&self.0, text, Case::Exact)
    }

    /// As [`Glob::matches`], ASCII letters compared without case.
    pub fn matches_folded(&self, text: &str) -> bool {
        matched(&self.0, text, Case::Folded)
    }

    /// Whether some text may match both globs: exact while `tokens × tokens` is no more than four millions; larger ones
    /// count as intersecting unless their beginnings or ends differ.
    pub fn intersects(&self, other: &Glob) -> bool {
        let (own, theirs) = (self.0.iter(), other.0.iter());
        if differ(own.clone().zip(theirs.clone())) || differ(own.rev().zip(theirs.rev())) {
            return false;
        }
        let width = other.0.len() + 1;
        let cells = width.saturating_mul(self.0.len() + 1);
        if cells > MAX_CELLS {
            return true;
        }
        let mut seen = vec![false; cells];
        let mut open = vec![(0, 0)];
        while let Some((own, theirs)) = open.pop() {
            match seen.get_mut(own * width + theirs) {
                Some(seen) if !*seen => *seen = true,
                Some(_) | None => continue,
            }
            match (self.0.get(own), other.0.get(theirs)) {
                (None, None) => return true,
                (Some(Token::Star), Some(_)) => open.extend([(own + 1, theirs), (own, theirs + 1)]),
                (Some(_), Some(Token::Star)) => open.extend([(own + 1, theirs), (own, theirs + 1)]),
                (Some(Token::Star), None) => open.push((own + 1, theirs)),
                (None, Some(Token::Star)) => open.push((own, theirs + 1)),
                (Some(Token::Char(a)), Some(Token::Char(b))) if a != b => {}
                (Some(_), Some(_)) => open.push((own + 1, theirs + 1)),
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
        false
    }

    /// Whether this glob surely matches every text of the other: a sufficient test by one word, exact for globs without
    /// `?` over an unbounded alphabet. (A `?` here might read part of what a symbol stands for: then false.)
    pub fn surely_covers(&self, other: &Glob) -> bool {
        if self.0.contains(&Token::Any) {
            return false;
        }
        let letter = |token: &Token| match token {
            Token::Char(c) => *c,
            Token::Any => '\u{F0001}',
            Token::Star => '\u{F0000}',
        };
        self.matches(&other.0.iter().map(letter).collect::<String>())
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in self.0.iter() {
            match token {
                Token::Char(c) => write!(f, "{c}")?,
                Token::Any => f.write_str("?")?,
                Token::Star => f.write_str("*")?,
            }
        }
        Ok(())
    }
}

/// One token of a [`Glob`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Token {
    /// A literal character.
    Char(char),
    /// `?`: exactly one character.
    Any,
    /// `*`: any characters.
    Star,
}

impl Token {
    /// The token with its character in ASCII lower case.
    pub fn to_ascii_lowercase(self) -> Token {
        match self {
            Token::Char(c) => Token::Char(c.to_ascii_lowercase()),
            Token::Any | Token::Star => self,
        }
    }
}

/// The text of tokens that are all characters.
pub(super) fn literal(tokens: &[Token]) -> Option<String> {
    tokens
        .iter()
        .map(|token| match token {
            Token::Char(c) => Some(*c),
            Token::Any | Token::Star => None,
        })
        .collect()
}

/// Whether literal characters differ before any wildcard.
fn differ<'a>(mut pairs: impl Iterator<Item = (&'a Token, &'a Token)>) -> bool {
    let different = |(own, theirs): (&Token, &Token)| match (own, theirs) {
        (Token::Char(a), Token::Char(b)) => (a != b).then_some(true),
        _ => Some(false),
    };
    pairs.find_map(different).unwrap_or(false)
}

/// How characters are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// As they are.
    Exact,
    /// ASCII letters without case.
    Folded,
}

/// Whether the tokens match the whole text. Large ones are matched in another way, without quadratic steps.
pub(super) fn matched(tokens: &[Token], text: &str, case: Case) -> bool {
    if tokens.len().saturating_mul(text.len()) <= MAX_CELLS {
        return match case {
            Case::Exact => greedy(tokens, text, |a, b| a == b),
            Case::Folded => greedy(tokens, text, |a, b| a.eq_ignore_ascii_case(&b)),
        };
    }
    match case {
        Case::Exact => search::matches(tokens, &text.chars().collect::<Vec<_>>()),
        Case::Folded => {
            let tokens: Vec<Token> = tokens.iter().map(|token| token.to_ascii_lowercase()).collect();
            let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
            search::matches(&tokens, &text)
        }
    }
}

/// Greedy matching of tokens with one backtracking point: at most `tokens × text` steps.
fn greedy(tokens: &[Token], text: &str, same: impl Fn(char, char) -> bool) -> bool {
    let mut tokens = tokens;
    let mut rest = text.chars();
    let mut retry: Option<(&[Token], std::str::Chars<'_>)> = None;
    loop {
        let first = tokens.split_first().map(|(first, after)| (*first, after));
        if let Some((Token::Star, after)) = first {
            if after.is_empty() {
                return true;
            }
            retry = Some((after, rest.clone()));
            tokens = after;
            continue;
        }
        let mut ahead = rest.clone();
        let step = match (first, ahead.next()) {
            (None, None) => return true,
            (Some((Token::Char(wanted), after)), Some(c)) if same(wanted, c) => Some(after),
            (Some((Token::Any, after)), Some(_)) => Some(after),
            _ => None,
        };
        match (step, &mut retry) {
            (Some(after), _) => {
                tokens = after;
                rest = ahead;
            }
            (None, Some((after, from))) => {
                if from.next().is_none() {
                    return false;
                }
                tokens = after;
                rest = from.clone();
            }
            (None, None) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, text: &str, expected: bool) {
        assert_eq!(Glob::parse(glob).matches(text), expected, "{glob} on {text}");
    }

    #[test]
    fn globs_match_whole_texts() {
        for (glob, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?*", "", false),
            ("a*?", "ab", true),
            ("a*?", "a", false),
            ("*ab*b", "aab", false),
            ("*ab*b", "abb", true),
            ("a*b*c", "axbxbc", true),
            ("a*b*c", "axbxb", false),
            ("?é*", "xé", true),
            ("**a", "ba", true),
        ] {
            check(glob, text, expected);
        }
    }

    #[test]
    fn globs_intersect_when_some_text_matches_both() {
        for (a, b, expected) in [
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("?", "", false),
            ("*", "", true),
            ("a?c", "ab*", true),
            ("a*b", "a?c", false),
            ("a*b*c", "*x*", true),
            ("abc", "a*d", false),
            ("*/secret", "x/*", true),
            ("ab", "ab", true),
            ("*a*", "*b*", true),
            ("aa*", "?a", true),
            ("aaa*", "?a", false),
        ] {
            let (a, b) = (Glob::parse(a), Glob::parse(b));
            assert_eq!(a.intersects(&b), expected, "{a} {b}");
            assert_eq!(b.intersects(&a), expected, "{b} {a}");
        }
    }

    #[test]
    fn huge_globs_are_compared_in_bounded_memory() {
        let huge = |unit: &str, tail: &str| Glob::parse(&format!("{}{tail}", unit.repeat(350_000)));
        assert!(huge("ab*", "").intersects(&huge("a*b", "")));
        assert!(!huge("ab*", "x").intersects(&huge("a*b", "y")));
        assert!(!huge("ab*", "").intersects(&huge("ba*", "")));
    }

    #[test]
    fn equal_languages_are_equal_globs() {
        assert_eq!(Glob::parse("a*?"), Glob::parse("a?*"));
        assert_eq!(Glob::parse("**?**"), Glob::parse("?*"));
    }
}
