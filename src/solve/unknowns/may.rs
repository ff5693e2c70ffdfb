//! The formula that is true whenever the real one is, for some values of its symbols.

use std::sync::Arc;

use crate::formula::{Claim, Fact, Formula, ValueSet, Variable, and, fact, member, not, or};
use crate::iam::{Glob, HoleId, Pattern, Piece, Segment, Token};

use super::{Symbols, map_atoms};

/// More values than this of one hole are not tried one by one.
const MAX_ALLOWED: usize = 32;

/// A match of a variable against a pattern with symbols, left uninterpreted.
struct Template {
    variable: Variable,
    pattern: Pattern,
    fold: bool,
}

/// The may formula: the same template is the same fact, a template implies the pattern with its symbols as `*`, and one
/// that covers another is implied by it.
pub(super) fn may(formula: &Formula, symbols: &Symbols) -> Formula {
    let mut templates: Vec<Template> = Vec::new();
    let body = map_atoms(formula, &mut |atom| match &atom.claim {
        Claim::Member(variable, ValueSet::Templates { patterns, fold }) => {
            let claims = patterns.iter().map(|pattern| {
                let claim = template(&mut templates, variable, pattern, *fold, atom.holds);
                match by_allowed_values(variable, pattern, *fold, atom.holds, symbols) {
                    Some(values) => and([claim, values]),
                    None => claim,
                }
            });
            if atom.holds {
                or(claims.collect::<Vec<_>>())
            } else {
                and(claims.collect::<Vec<_>>())
            }
        }
        Claim::Fact(_) | Claim::Member(..) => Formula::Atom(atom.clone()),
    });
    let lemmas = templates.iter().enumerate().map(|(index, template)| {
        let own = template_fact(index);
        let covering = templates.iter().enumerate().filter(|(other, covering)| {
            *other != index
                && covering.variable == template.variable
                && covering.fold == template.fold
                && covers(&covering.pattern, &template.pattern)
        });
        let wider = covering
            .map(|(other, _)| or([not(&own), template_fact(other)]))
            .collect::<Vec<_>>();
        let outline = member(
            template.variable.clone(),
            set(reach(&template.variable, &template.pattern), template.fold),
        );
        and([or([not(&own), outline])].into_iter().chain(wider))
    });
    let lemmas: Vec<Formula> = lemmas.collect();
    and([body].into_iter().chain(lemmas))
}

fn template_fact(index: usize) -> Formula {
    fact(Fact::Template(u32::try_from(index).unwrap_or(u32::MAX)))
}

fn template(
    templates: &mut Vec<Template>,
    variable: &Variable,
    pattern: &Pattern,
    fold: bool,
    holds: bool,
) -> Formula {
    let same =
        |known: &Template| known.variable == *variable && known.pattern == *pattern && known.fold == fold;
    let index = templates.iter().position(same).unwrap_or_else(|| {
        templates.push(Template {
            variable: variable.clone(),
            pattern: pattern.clone(),
            fold,
        });
        templates.len() - 1
    });
    let claim = template_fact(index);
    if holds { claim } else { not(&claim) }
}

fn set(glob: Glob, fold: bool) -> ValueSet {
    if fold {
        ValueSet::Folded(Arc::from([glob]))
    } else {
        ValueSet::Globs(Arc::from([glob]))
    }
}

/// The pattern with its symbols as `*`: what it can match at most.
pub(super) fn outline(pattern: &Pattern) -> Glob {
    Glob::new(
        pattern
            .pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Char(c) => Token::Char(*c),
                Piece::Any => Token::Any,
                Piece::Star | Piece::Var(..) | Piece::Hole(_) => Token::Star,
            })
            .collect(),
    )
}

/// What a pattern can match at most in a variable. Where the last segment of an ARN begins with a symbol, that may be the
/// head of the ARN, with some of the colons that follow.
fn reach(variable: &Variable, pattern: &Pattern) -> Glob {
    let last = matches!(
        variable,
        Variable::Resource(Segment::Rest) | Variable::KeySegment(_, Segment::Rest)
    );
    let pieces = pattern.pieces();
    let colon = pieces.iter().rposition(|piece| *piece == Piece::Char(':'));
    match (last && pieces.first().is_some_and(is_symbol), colon) {
        (true, Some(colon)) => {
            let tail = pieces.iter().skip(colon + 1).cloned();
            outline(&Pattern::new([Piece::Star].into_iter().chain(tail).collect()))
        }
        _ => outline(pattern),
    }
}

/// A pattern whose only symbol is a hole with few possible values: some value matches, or some does not. Different
/// patterns may take different values, which only adds models.
fn by_allowed_values(
    variable: &Variable,
    pattern: &Pattern,
    fold: bool,
    holds: bool,
    symbols: &Symbols,
) -> Option<Formula> {
    let hole: &HoleId = pattern.holes().next()?;
    let single = pattern.variables().next().is_none() && pattern.holes().all(|other| other == hole);
    let allowed = &symbols
        .holes
        .iter()
        .find(|facts| facts.id == hole.value())?
        .allowed;
    // An ARN as a whole stands in every segment at once: its values are not those of one segment.
    let segments = allowed.iter().any(|value| value.contains(':')) && *variable != Variable::Action;
    if !single || segments || allowed.is_empty() || allowed.len() > MAX_ALLOWED {
        return None;
    }
    // Whether `*` in a value is a wildcard depends on the element: taken as one where it must match, as a plain
    // character where it must not, which only adds models.
    let read = if holds && !hole.is_text() {
        Pattern::glob
    } else {
        Pattern::literal
    };
    let matches: Vec<Formula> = allowed
        .iter()
        .map(|value| {
            if fold || *variable == Variable::Action {
                value.to_ascii_lowercase()
            } else {
                value.clone()
            }
        })
        .filter_map(|value| substituted(pattern, hole, &read(&value)).as_glob())
        .map(|glob| member(variable.clone(), set(glob, fold)))
        .collect();
    Some(if holds {
        or(matches)
    } else {
        or(matches.iter().map(not))
    })
}

/// The pattern with a hole replaced.
fn substituted(pattern: &Pattern, hole: &HoleId, value: &Pattern) -> Pattern {
    let replaced = |piece: &Piece| match piece {
        Piece::Hole(own) if own == hole => value.pieces().into_owned(),
        other => vec![other.clone()],
    };
    pattern.pieces().iter().flat_map(replaced).collect()
}

/// Whether one pattern covers another whatever the values of their symbols: the word of the covered one, its wildcards
/// fresh letters and its symbols letters of their own, is matched by the other, in which a symbol matches only itself
/// and `*` anything. With `?` in the covering pattern, which could fall inside a symbol's text, nothing is claimed.
fn covers(wide: &Pattern, narrow: &Pattern) -> bool {
    if wide.pieces().contains(&Piece::Any) {
        return false;
    }
    let letters: Vec<Piece> = wide.symbols().chain(narrow.symbols()).cloned().collect();
    // A hole as text has less than the hole: covered by both, it covers only itself.
    let wider = |piece: &Piece| match piece {
        Piece::Hole(hole) if !wide.pieces().contains(piece) => Piece::Hole(hole.value()),
        other => other.clone(),
    };
    let letter = |piece: &Piece| {
        let index = letters
            .iter()
            .position(|known| known == piece)
            .unwrap_or(letters.len());
        u32::try_from(index)
            .ok()
            .and_then(|index| char::from_u32(0xF_0010 + index))
    };
    let narrow = &narrow.pieces().iter().map(wider).collect::<Pattern>();
    let spelled = |pattern: &Pattern, wildcard: fn(&Piece) -> Token| -> Option<Vec<Token>> {
        let token = |piece: &Piece| match piece {
            Piece::Char(c) => Some(Token::Char(*c)),
            Piece::Any | Piece::Star => Some(wildcard(piece)),
            Piece::Var(..) | Piece::Hole(_) => letter(piece).map(Token::Char),
        };
        pattern.pieces().iter().map(token).collect()
    };
    // U+F0000 and U+F0001 stand for the wildcards of the covered pattern.
    let word = spelled(narrow, |piece| match piece {
        Piece::Any => Token::Char('\u{F0001}'),
        _ => Token::Char('\u{F0000}'),
    });
    let glob = spelled(wide, |_| Token::Star);
    match (
        glob.map(Glob::new),
        word.map(|tokens| Glob::new(tokens).as_literal()),
    ) {
        (Some(glob), Some(Some(word))) => glob.matches(&word),
        _ => false,
    }
}

fn is_symbol(piece: &Piece) -> bool {
    matches!(piece, Piece::Var(..) | Piece::Hole(_))
}
