//! Patterns: literal text, the wildcards `*` and `?`, policy variables and holes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::document::FACT_SEPARATOR;
use super::glob::{Case, Glob, Token, literal, matched};
use super::keys::ContextKey;

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
        let plain: Option<Vec<&[Token]>> = patterns.iter().map(|pattern| pattern.plain()).collect();
        if let Some(parts) = plain {
            return parts.concat().into_iter().collect();
        }
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

    /// Whether there is a `*`.
    pub fn has_star(&self) -> bool {
        match &self.0 {
            Pieces::Plain(tokens) => tokens.contains(&Token::Star),
            Pieces::Mixed(pieces) => pieces.contains(&Piece::Star),
        }
    }

    /// Whether there is an ASCII letter in upper case, or a part that may turn out to have one.
    pub fn may_have_upper_case(&self) -> bool {
        self.plain().is_none_or(|tokens| {
            tokens
                .iter()
                .any(|token| matches!(token, Token::Char(c) if c.is_ascii_uppercase()))
        })
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

/// Whether a character stands for an unknown value in a formula that is read generically (a request may copy it).
/// The parser refuses these characters in documents, so none comes from outside.
pub fn is_symbol(c: char) -> bool {
    ('\u{F0000}'..='\u{F0FFF}').contains(&c)
}
