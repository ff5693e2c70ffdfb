//! Patterns: literal text, the wildcards `*` and `?`, policy variables and holes; and globs, patterns without the
//! latter two, with matching in linear space and without recursion.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::document::FACT_SEPARATOR;
use super::keys::ContextKey;
use super::search;

/// The name of an unknown value. The same name is the same value within one document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoleId(pub Arc<str>);

impl HoleId {
    /// A hole of that name.
    pub fn new(name: &str) -> HoleId {
        HoleId(Arc::from(name))
    }

    /// The hole where `*` and `?` in its value are ordinary characters, as under `StringEquals`.
    pub fn as_text(&self) -> HoleId {
        if self.is_text() {
            self.clone()
        } else {
            HoleId(format!("{}{FACT_SEPARATOR}", self.0).into())
        }
    }

    /// Whether this is a hole [as text](HoleId::as_text).
    pub fn is_text(&self) -> bool {
        self.0.ends_with(FACT_SEPARATOR)
    }

    /// The hole itself, however it is read.
    pub fn value(&self) -> HoleId {
        match self.0.strip_suffix(FACT_SEPARATOR) {
            Some(name) => HoleId::new(name),
            None => self.clone(),
        }
    }
}

impl fmt::Display for HoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{hole:{}}}}}", self.0)
    }
}

/// The default of a policy variable. A thin pointer: patterns hold a [`Piece`] for each character.
pub type DefaultText = Arc<Box<str>>;

/// One piece of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// A literal character.
    Char(char),
    /// `?`: exactly one character.
    Any,
    /// `*`: any characters.
    Star,
    /// `${key}` or `${key, 'default'}`: the value of a context key, read as literal text (semantics.md 3.8).
    Var(ContextKey, Option<DefaultText>),
    /// A string known only later.
    Hole(HoleId),
}

/// A pattern of the policy language. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Pieces);

/// What a pattern consists of. Almost all of them are plain, and a token takes a sixth of the memory of a piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pieces {
    /// Characters and wildcards, as they were written.
    Plain(Arc<[Token]>),
    /// At least one policy variable or hole.
    Mixed(Arc<[Piece]>),
}

impl Pattern {
    /// The pattern of these pieces.
    pub fn new(pieces: Vec<Piece>) -> Pattern {
        let tokens: Option<Arc<[Token]>> = pieces.iter().map(Piece::token).collect();
        Pattern(match tokens {
            Some(tokens) => Pieces::Plain(tokens),
            None => Pieces::Mixed(pieces.into()),
        })
    }

    /// The pattern that matches exactly `text`.
    pub fn literal(text: &str) -> Pattern {
        Glob::literal(text).into()
    }

    /// Reads `*` and `?` as wildcards and everything else as literal text.
    pub fn glob(text: &str) -> Pattern {
        Glob::parse(text).into()
    }

    /// `*`.
    pub fn star() -> Pattern {
        Glob::star().into()
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> Cow<'_, [Piece]> {
        match &self.0 {
            Pieces::Plain(tokens) => tokens.iter().copied().map(Piece::from).collect(),
            Pieces::Mixed(pieces) => Cow::Borrowed(pieces),
        }
    }

    /// The characters and wildcards, as they were written, if there are neither variables nor holes.
    pub fn plain(&self) -> Option<&[Token]> {
        match &self.0 {
            Pieces::Plain(tokens) => Some(tokens),
            Pieces::Mixed(_) => None,
        }
    }

    /// The policy variables and holes, in order.
    pub fn symbols(&self) -> impl Iterator<Item = &Piece> {
        let is_symbol = |piece: &&Piece| matches!(piece, Piece::Var(..) | Piece::Hole(_));
        self.mixed().iter().filter(is_symbol)
    }

    /// The patterns one after the other.
    pub fn concat(patterns: &[&Pattern]) -> Pattern {
        patterns
            .iter()
            .flat_map(|pattern| pattern.pieces().into_owned())
            .collect()
    }

    /// The parts between the first `parts - 1` literal characters `separator`.
    pub fn splitn(&self, parts: usize, separator: char) -> Vec<Pattern> {
        match &self.0 {
            Pieces::Plain(tokens) => tokens
                .splitn(parts, |token| *token == Token::Char(separator))
                .map(|part| Pattern(Pieces::Plain(part.into())))
                .collect(),
            Pieces::Mixed(pieces) => pieces
                .splitn(parts, |piece| *piece == Piece::Char(separator))
                .map(|part| Pattern::new(part.to_vec()))
                .collect(),
        }
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Pieces::Plain(tokens) => tokens.len(),
            Pieces::Mixed(pieces) => pieces.len(),
        }
    }

    /// Whether this is the pattern of the empty text only.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last piece.
    pub fn last(&self) -> Option<Piece> {
        match &self.0 {
            Pieces::Plain(tokens) => tokens.last().copied().map(Piece::from),
            Pieces::Mixed(pieces) => pieces.last().cloned(),
        }
    }

    /// Whether this is the single wildcard `*` (or several of them).
    pub fn is_star(&self) -> bool {
        let star = |tokens: &[Token]| !tokens.is_empty() && tokens.iter().all(|token| *token == Token::Star);
        self.plain().is_some_and(star)
    }

    /// The glob this is, if it has neither variables nor holes.
    pub fn as_glob(&self) -> Option<Glob> {
        match &self.0 {
            Pieces::Plain(tokens) if Glob::is_normal(tokens) => Some(Glob(tokens.clone())),
            Pieces::Plain(tokens) => Some(Glob::new(tokens.to_vec())),
            Pieces::Mixed(_) => None,
        }
    }

    /// Whether the whole of `text` matches; `None` when variables or holes would have to be filled in first.
    pub fn matches(&self, text: &str) -> Option<bool> {
        Some(matched(self.plain()?, text, Case::Exact))
    }

    /// The text this is, if it is literal.
    pub fn as_literal(&self) -> Option<String> {
        literal(self.plain()?)
    }

    /// The holes in this pattern, in order.
    pub fn holes(&self) -> impl Iterator<Item = &HoleId> {
        self.mixed().iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Char(_) | Piece::Any | Piece::Star | Piece::Var(..) => None,
        })
    }

    /// The context keys used as variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &ContextKey> {
        self.mixed().iter().filter_map(|piece| match piece {
            Piece::Var(key, _) => Some(key),
            Piece::Char(_) | Piece::Any | Piece::Star | Piece::Hole(_) => None,
        })
    }

    /// The pattern with literal characters in ASCII lower case.
    pub fn to_ascii_lowercase(&self) -> Pattern {
        Pattern(match &self.0 {
            Pieces::Plain(tokens) => {
                Pieces::Plain(tokens.iter().map(|token| token.to_ascii_lowercase()).collect())
            }
            Pieces::Mixed(pieces) => Pieces::Mixed(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Char(c) => Piece::Char(c.to_ascii_lowercase()),
                        other => other.clone(),
                    })
                    .collect(),
            ),
        })
    }

    /// The pieces of a pattern with variables or holes.
    fn mixed(&self) -> &[Piece] {
        match &self.0 {
            Pieces::Plain(_) => &[],
            Pieces::Mixed(pieces) => pieces,
        }
    }
}

impl Piece {
    /// The token this is, unless it is a variable or a hole.
    fn token(&self) -> Option<Token> {
        match self {
            Piece::Char(c) => Some(Token::Char(*c)),
            Piece::Any => Some(Token::Any),
            Piece::Star => Some(Token::Star),
            Piece::Var(..) | Piece::Hole(_) => None,
        }
    }
}

impl From<Token> for Piece {
    fn from(token: Token) -> Piece {
        match token {
            Token::Char(c) => Piece::Char(c),
            Token::Any => Piece::Any,
            Token::Star => Piece::Star,
        }
    }
}

impl FromIterator<Token> for Pattern {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Pattern {
        Pattern(Pieces::Plain(tokens.into_iter().collect()))
    }
}

impl FromIterator<Piece> for Pattern {
    fn from_iter<I: IntoIterator<Item = Piece>>(pieces: I) -> Pattern {
        Pattern::new(pieces.into_iter().collect())
    }
}

impl From<Glob> for Pattern {
    fn from(glob: Glob) -> Pattern {
        Pattern(Pieces::Plain(glob.0))
    }
}

/// Tells any two patterns apart: as it is written, with `\\` before literal wildcards.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.len() + 2);
        for piece in self.pieces().iter() {
            match piece {
                Piece::Char(c @ ('*' | '?' | '\\' | '$' | '{')) => text.extend(['\\', *c]),
                Piece::Char(c) => text.push(*c),
                Piece::Any => text.push('?'),
                Piece::Star => text.push('*'),
                Piece::Var(key, default) => text.push_str(&format!("${{{key:?} {default:?}}}")),
                Piece::Hole(hole) => text.push_str(&format!("{{{hole:?}}}")),
            }
        }
        write!(f, "Pattern({text:?})")
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.pieces().iter() {
            match piece {
                Piece::Char(c) => write!(f, "{c}")?,
                Piece::Any => f.write_str("?")?,
                Piece::Star => f.write_str("*")?,
                Piece::Var(key, None) => write!(f, "${{{key}}}")?,
                Piece::Var(key, Some(default)) => write!(f, "${{{key}, '{default}'}}")?,
                Piece::Hole(hole) => write!(f, "{hole}")?,
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

/// Pairs of positions that are looked at to find whether two globs intersect.
const MAX_CELLS: usize = 1 << 22;

/// A pattern of literal characters, `?` and `*`, normalised: runs of `*` are one, and `?` stands before `*`. Cheap to
/// clone. Equal globs match the same strings (the reverse holds too, over an unbounded alphabet).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob(Arc<[Token]>);

impl Glob {
    /// Whether [`Glob::new`] would leave the tokens as they are.
    fn is_normal(tokens: &[Token]) -> bool {
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

/// The text of tokens that are all characters.
fn literal(tokens: &[Token]) -> Option<String> {
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
enum Case {
    /// As they are.
    Exact,
    /// ASCII letters without case.
    Folded,
}

/// Whether the tokens match the whole text. Large ones are matched in another way, without quadratic steps.
fn matched(tokens: &[Token], text: &str, case: Case) -> bool {
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

/// Whether a character stands for an unknown value in a formula that is read generically (a request may copy it).
/// The parser refuses these characters in documents, so none comes from outside.
pub fn is_symbol(c: char) -> bool {
    ('\u{F0000}'..='\u{F0FFF}').contains(&c)
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
