//! Patterns over a text variable: globs as one set; holes as templates; variables with and without their defaults.

use std::sync::Arc;

use crate::iam::{ContextKey, Pattern, Piece};

use super::arn::Case;
use super::keys::{present, text_equals_default};
use super::{Formula, ValueSet, Variable, Vocabulary, and, member, not, or};

/// The variable's text matches any of the patterns.
pub(super) fn any_of(
    variable: &Variable,
    patterns: &[Pattern],
    case: Case,
    vocabulary: &Vocabulary,
) -> Formula {
    let mut globs = Vec::new();
    let mut others = Vec::new();
    for pattern in patterns {
        match pattern.as_glob() {
            Some(glob) => globs.push(glob),
            None => others.push(symbolic(variable, pattern, case, vocabulary)),
        }
    }
    let globs = match case {
        Case::Sensitive => ValueSet::Globs(globs.into()),
        Case::Folded => ValueSet::Folded(globs.into()),
    };
    or([member(variable.clone(), globs)].into_iter().chain(others))
}

/// A pattern with symbols: for each variable with a default, the key is there and its value is used, or it is not and
/// the default is. A variable without default needs its key.
fn symbolic(variable: &Variable, pattern: &Pattern, case: Case, vocabulary: &Vocabulary) -> Formula {
    let mut readings = vec![(Vec::new(), Vec::<Piece>::new())];
    for piece in pattern.pieces().iter() {
        let Piece::Var(key, default) = piece else {
            readings
                .iter_mut()
                .for_each(|(_, pieces)| pieces.push(piece.clone()));
            continue;
        };
        let mut next = Vec::new();
        for (needs, pieces) in readings {
            if let Some(default) = default {
                let mut needs: Vec<Formula> = needs.clone();
                needs.push(not(&resolved(key, vocabulary)));
                let mut pieces = pieces.clone();
                pieces.extend(text_equals_default(default));
                next.push((needs, pieces));
            }
            let (mut needs, mut pieces) = (needs, pieces);
            needs.push(resolved(key, vocabulary));
            pieces.push(Piece::Var(key.clone(), None));
            next.push((needs, pieces));
        }
        readings = next;
    }
    or(readings.into_iter().map(|(needs, pieces)| {
        let pattern = Pattern::new(pieces);
        let set = match (pattern.as_glob(), case) {
            (Some(glob), Case::Sensitive) => ValueSet::Globs(Arc::from([glob])),
            (Some(glob), Case::Folded) => ValueSet::Folded(Arc::from([glob])),
            (None, case) => ValueSet::Templates {
                patterns: Arc::from([pattern]),
                fold: case == Case::Folded,
            },
        };
        and(needs.into_iter().chain([member(variable.clone(), set)]))
    }))
}

/// Whether a variable has a value: its key is there, and is not one that holds several.
pub(super) fn resolved(key: &ContextKey, vocabulary: &Vocabulary) -> Formula {
    if crate::iam::key_facts(key).multivalued {
        Formula::False
    } else {
        present(key, vocabulary)
    }
}

/// All variables of the patterns that have no default have a value.
pub(super) fn all_resolved<'a>(
    patterns: impl Iterator<Item = &'a Pattern>,
    vocabulary: &Vocabulary,
) -> Formula {
    let symbols = patterns.flat_map(Pattern::symbols);
    and(symbols.filter_map(|piece| match piece {
        Piece::Var(key, None) => Some(resolved(key, vocabulary)),
        Piece::Var(_, Some(_)) | Piece::Char(_) | Piece::Any | Piece::Star | Piece::Hole(_) => None,
    }))
}
