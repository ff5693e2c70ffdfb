//! Globs: literal text and the wildcards `*` and `?`, with matching in linear space and without recursion.

use std::fmt;
use std::sync::Arc;

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

    /// Whether the glob matches the whole of `text`. Greedy with one backtracking point: no recursion, at most
    /// `tokens × text` steps.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_by(text, |a, b| a == b)
    }

    /// As [`Glob::matches`], ASCII letters compared without case.
    pub fn matches_folded(&self, text: &str) -> bool {
        self.matches_by(text, |a, b| a.eq_ignore_ascii_case(&b))
    }

    /// Whether some text matches both globs. At most `tokens × tokens` steps.
    pub fn intersects(&self, other: &Glob) -> bool {
        let width = other.0.len() + 1;
        let mut seen = vec![false; (self.0.len() + 1) * width];
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

    fn matches_by(&self, text: &str, same: impl Fn(char, char) -> bool) -> bool {
        greedy(&self.0, text, same)
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

/// Greedy matching of tokens.
pub(super) fn greedy(tokens: &[Token], text: &str, same: impl Fn(char, char) -> bool) -> bool {
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
    fn equal_languages_are_equal_globs() {
        assert_eq!(Glob::parse("a*?"), Glob::parse("a?*"));
        assert_eq!(Glob::parse("**?**"), Glob::parse("?*"));
    }
}
