//! Patterns under a request: variables and holes take their values, read as literal text.

use super::super::glob::Glob;
use super::super::keys::key_facts;
use super::super::pattern::{Pattern, Piece};
use super::super::request::Request;
use super::super::resource::{ArnPattern, Segment, split_arn};

/// A pattern with its variables and holes filled in.
pub(super) enum Filled {
    /// The pattern.
    Glob(Glob),
    /// A variable has neither a value nor a default, or several values.
    Unresolved,
}

/// Whether the filled pattern matches the whole text; never when it is unresolved.
pub(super) fn filled_matches(pattern: &Pattern, text: &str, request: &Request) -> bool {
    pattern
        .matches(text)
        .unwrap_or_else(|| match fill(pattern, request) {
            Filled::Glob(glob) => glob.matches(text),
            Filled::Unresolved => false,
        })
}

/// Fills a pattern.
pub(super) fn fill(pattern: &Pattern, request: &Request) -> Filled {
    if let Some(glob) = pattern.as_glob() {
        return Filled::Glob(glob);
    }
    let mut pieces = Vec::with_capacity(pattern.pieces().len());
    for piece in pattern.pieces().iter() {
        let text = match piece {
            Piece::Char(_) | Piece::Any | Piece::Star => {
                pieces.push(piece.clone());
                continue;
            }
            Piece::Hole(hole) => request.holes.get(hole).map(String::as_str),
            // A key that may hold several values cannot be a variable.
            Piece::Var(key, default) if key_facts(key).multivalued => default.as_deref().map(AsRef::as_ref),
            Piece::Var(key, default) => match request.context.get(key).map(Vec::as_slice) {
                Some([value]) => Some(value.as_str()),
                Some([]) | None => default.as_deref().map(AsRef::as_ref),
                Some(_) => None,
            },
        };
        match text {
            Some(text) => pieces.extend(text.chars().map(Piece::Char)),
            None => return Filled::Unresolved,
        }
    }
    match Pattern::new(pieces).as_glob() {
        Some(glob) => Filled::Glob(glob),
        None => Filled::Unresolved,
    }
}

/// Whether the text is an ARN whose segments match one by one. `arn:` and five more colons make an ARN.
pub(super) fn arn_matches(pattern: &ArnPattern, text: &str, request: &Request) -> bool {
    let filled;
    let pattern = match &pattern.whole {
        None => pattern,
        Some(whole) => match fill(whole, request) {
            Filled::Glob(glob) => match split_arn(&Pattern::from(glob)) {
                Some((arn, 6)) => {
                    filled = arn;
                    &filled
                }
                Some(_) | None => return false,
            },
            Filled::Unresolved => return false,
        },
    };
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, rest] = parts.as_slice() else {
        return false;
    };
    Segment::ALL
        .into_iter()
        .zip([partition, service, region, account, rest])
        .all(|(segment, part)| filled_matches(pattern.segment(segment), part, request))
}
