//! A set of globs that can be asked which of its members could cover a given glob, by their literal beginnings.

use std::cell::{Cell, OnceCell};

use crate::iam::{Glob, Token, is_symbol};

use super::cover::{Case, Shown, covers};
use super::steps::{Steps, Stop};

/// Sets of at most so many globs are scanned.
const SCANNED: usize = 8;

/// Larger sets too, so many times: then an index pays.
const SCANS: u32 = 4;

/// A set of globs of one comparison.
#[derive(Debug)]
pub(super) struct GlobSet<'a> {
    globs: &'a [Glob],
    case: Case,
    scans: Cell<u32>,
    index: OnceCell<Index>,
    symbols: OnceCell<bool>,
}

/// Globs by the hash of their literal beginning: chains through `entries`, which begin at `heads`.
#[derive(Debug)]
struct Index {
    heads: Vec<usize>,
    /// The hash of each glob's beginning, and the next entry of its chain.
    entries: Vec<(u64, usize)>,
    /// Which lengths of beginnings there are.
    lengths: Vec<bool>,
}

/// The end of a chain.
const END: usize = usize::MAX;

impl<'a> GlobSet<'a> {
    /// A set of these globs.
    pub(super) fn new(globs: &'a [Glob], case: Case) -> GlobSet<'a> {
        GlobSet {
            globs,
            case,
            scans: Cell::new(0),
            index: OnceCell::new(),
            symbols: OnceCell::new(),
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

    /// Whether some glob has a symbol.
    pub(super) fn has_symbol(&self) -> bool {
        *self.symbols.get_or_init(|| {
            let symbol = |token: &Token| matches!(token, Token::Char(c) if is_symbol(*c));
            self.globs
                .iter()
                .any(|glob| glob.tokens().iter().fold(false, |any, token| any | symbol(token)))
        })
    }

    /// Whether some glob covers `small`, as [`covers`].
    pub(super) fn covers(&self, small: Shown<'_>, steps: &Steps) -> Result<bool, Stop> {
        if self.globs.len() <= SCANNED || self.scans.get() < SCANS {
            self.scans.set(self.scans.get().saturating_add(1));
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
                    for number in index.chain(hash) {
                        if let Some(large) = self.get(number)
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
        let size = (2 * globs.len()).next_power_of_two();
        let mut index = Index {
            heads: vec![END; size],
            entries: Vec::with_capacity(globs.len()),
            lengths: Vec::new(),
        };
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
            let slot = index.slot(hash);
            if let Some(head) = index.heads.get_mut(slot) {
                index.entries.push((hash, std::mem::replace(head, number)));
            }
        }
        index
    }

    fn slot(&self, hash: u64) -> usize {
        usize::try_from(hash >> 32).unwrap_or(0) & (self.heads.len() - 1)
    }

    /// The numbers of the globs whose beginning has that hash.
    fn chain(&self, hash: u64) -> impl Iterator<Item = usize> {
        let mut at = self.heads.get(self.slot(hash)).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            while let Some((found, next)) = self.entries.get(at) {
                let number = std::mem::replace(&mut at, *next);
                if *found == hash {
                    return Some(number);
                }
            }
            None
        })
    }
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Without case, so that one index serves both comparisons: it only has to miss nothing.
fn extend(hash: u64, c: char) -> u64 {
    (hash ^ u64::from(c.to_ascii_lowercase()))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(23)
}
