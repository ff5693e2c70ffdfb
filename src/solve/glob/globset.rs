//! A set of globs that can be asked which of its members could cover a given glob, by their literal beginnings.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::iam::{Glob, Token};

use super::cover::{Case, Shown, covers};
use super::steps::{Steps, Stop};

/// Sets of at most so many globs are scanned.
const SCANNED: usize = 8;

/// A set of globs of one comparison.
#[derive(Debug)]
pub(super) struct GlobSet<'a> {
    globs: &'a [Glob],
    case: Case,
    index: OnceCell<Index>,
}

/// Globs by the hash of their literal beginning.
#[derive(Debug, Default)]
struct Index {
    by_beginning: HashMap<u64, Vec<usize>, BuildHasherDefault<Given>>,
    /// Which lengths of beginnings there are.
    lengths: Vec<bool>,
}

impl<'a> GlobSet<'a> {
    /// A set of these globs.
    pub(super) fn new(globs: &'a [Glob], case: Case) -> GlobSet<'a> {
        GlobSet {
            globs,
            case,
            index: OnceCell::new(),
        }
    }

    /// How many globs.
    pub(super) fn len(&self) -> usize {
        self.globs.len()
    }

    /// The glob of that number.
    pub(super) fn get(&self, number: usize) -> Option<Shown<'a>> {
        self.globs.get(number).map(|glob| Shown {
            tokens: glob.tokens(),
            case: self.case,
        })
    }

    /// The globs.
    pub(super) fn iter(&self) -> impl Iterator<Item = Shown<'a>> {
        let case = self.case;
        self.globs.iter().map(move |glob| Shown {
            tokens: glob.tokens(),
            case,
        })
    }

    /// Whether some glob covers `small`, as [`covers`].
    pub(super) fn covers(&self, small: Shown<'_>, steps: &Steps) -> Result<bool, Stop> {
        if self.globs.len() <= SCANNED {
            for large in self.iter() {
                if covers(large, small, steps)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let index = self.index.get_or_init(|| Index::of(self.globs));
        let mut hash = START;
        for (length, token) in small.tokens.iter().map(Some).chain([None]).enumerate() {
            match index.lengths.get(length) {
                Some(true) => {
                    for number in index.by_beginning.get(&hash).into_iter().flatten() {
                        if let Some(large) = self.get(*number)
                            && covers(large, small, steps)?
                        {
                            return Ok(true);
                        }
                    }
                }
                Some(false) => {}
                None => break,
            }
            steps.spend(1)?;
            match token {
                Some(Token::Char(c)) => hash = extend(hash, *c),
                Some(Token::Any | Token::Star) | None => break,
            }
        }
        Ok(false)
    }
}

impl Index {
    fn of(globs: &[Glob]) -> Index {
        let mut index = Index::default();
        index.by_beginning.reserve(globs.len());
        for (number, glob) in globs.iter().enumerate() {
            let mut hash = START;
            let mut length = 0;
            for token in glob.tokens() {
                let Token::Char(c) = token else { break };
                hash = extend(hash, *c);
                length += 1;
            }
            if index.lengths.len() <= length {
                index.lengths.resize(length + 1, false);
            }
            if let Some(seen) = index.lengths.get_mut(length) {
                *seen = true;
            }
            index.by_beginning.entry(hash).or_default().push(number);
        }
        index
    }
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Without case, so that one index serves both comparisons: it only has to miss nothing.
fn extend(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(c.to_ascii_lowercase()))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(23)
}

/// Takes the key, a hash already, as it is.
#[derive(Debug, Default)]
struct Given(u64);

impl Hasher for Given {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
