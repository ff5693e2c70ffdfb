//! ARNs by segments: patterns over the resource, over a key's value, and over the principal's own ARN; and texts that
//! are matched as a whole, split into segments.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::iam::{ArnPattern, FACT_SEPARATOR, Glob, Pattern, Piece, PrincipalKind, Segment};

use super::texts::any_of;
use super::{Fact, Formula, Kinds, Slot, ValueSet, Variable, Vocabulary, and, fact, member, not, or};

/// Whose ARN is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The request's resource.
    Resource,
    /// A key's value.
    Key(Slot),
    /// `aws:PrincipalArn`, made of the principal itself (axiom A4).
    Principal,
}

/// Splitting a text gives at most so many readings.
const MAX_SPLITS: usize = 256;

/// The ARN matches any of the patterns. Patterns that differ only in the last segment share one atom.
pub(super) fn matches_any(
    arns: &[&ArnPattern],
    subject: &Subject,
    fold: Case,
    vocabulary: &Vocabulary,
) -> Formula {
    let mut groups: BTreeMap<[&Pattern; 4], Vec<Pattern>> = BTreeMap::new();
    let mut order: Vec<[&Pattern; 4]> = Vec::new();
    for arn in arns {
        let [partition, service, region, account, rest] = &arn.segments;
        let head = [partition, service, region, account];
        groups.entry(head).or_insert_with(|| {
            order.push(head);
            Vec::new()
        });
        if let Some(rests) = groups.get_mut(&head) {
            rests.push(rest.clone());
        }
    }
    or(order.into_iter().map(|head| {
        let rests = groups.remove(&head).unwrap_or_default();
        let heads = Segment::ALL.into_iter().zip(head).map(|(segment, pattern)| {
            segment_matches(std::slice::from_ref(pattern), segment, subject, fold, vocabulary)
        });
        and(heads.chain([segment_matches(&rests, Segment::Rest, subject, fold, vocabulary)]))
    }))
}

/// Whether ASCII case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// It does.
    Sensitive,
    /// It does not; patterns are lower case.
    Folded,
}

fn segment_matches(
    patterns: &[Pattern],
    segment: Segment,
    subject: &Subject,
    case: Case,
    vocabulary: &Vocabulary,
) -> Formula {
    let variable = match (subject, segment) {
        (Subject::Resource, segment) => Variable::Resource(segment),
        (Subject::Key(slot), segment) => Variable::KeySegment(slot.clone(), segment),
        (Subject::Principal, Segment::Partition) => Variable::PrincipalPartition,
        (Subject::Principal, Segment::Account) => Variable::PrincipalAccount,
        (Subject::Principal, Segment::Rest) => Variable::PrincipalPath,
        (Subject::Principal, Segment::Region) => {
            let known = if fixed(patterns, "") {
                Formula::True
            } else {
                Formula::False
            };
            return or([known, open(patterns, segment)]);
        }
        (Subject::Principal, Segment::Service) => {
            let mut kinds = Vec::new();
            if fixed(patterns, "iam") {
                kinds.extend([
                    PrincipalKind::Root,
                    PrincipalKind::User,
                    PrincipalKind::RoleSession,
                ]);
            }
            if fixed(patterns, "sts") {
                kinds.push(PrincipalKind::FederatedUser);
            }
            let known = member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(&kinds)));
            return or([known, open(patterns, segment)]);
        }
    };
    any_of(&variable, patterns, case, vocabulary)
}

/// Whether a constant segment matches. What patterns with symbols match there is left open: see [`open`].
fn fixed(patterns: &[Pattern], text: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.as_glob().is_some_and(|glob| glob.matches(text)))
}

/// That a pattern with symbols matches a constant segment of the principal's ARN: an uninterpreted fact, the same for the
/// same pattern.
fn open(patterns: &[Pattern], segment: Segment) -> Formula {
    let symbolic = patterns.iter().filter(|pattern| pattern.as_glob().is_none());
    or(symbolic.map(|pattern| {
        let name = format!("the ARN pattern `{pattern}`{FACT_SEPARATOR}principal {segment:?} {pattern:?}");
        fact(Fact::Guard(name.into()))
    }))
}

/// The formula that a key's value, matched as one text, matches any of the patterns, when the key is seen as an ARN.
pub(super) fn text_matches(
    patterns: &[Pattern],
    slot: &Slot,
    case: Case,
    vocabulary: &Vocabulary,
) -> Formula {
    let is_arn = fact(Fact::IsArn(slot.clone()));
    let plain = any_of(&Variable::Key(slot.clone()), patterns, case, vocabulary);
    let split = split_matches(patterns, &Subject::Key(slot.clone()), case, vocabulary);
    or([and([is_arn.clone(), split]), and([not(&is_arn), plain])])
}

/// The formula that an ARN, matched as one text, matches any of the patterns.
pub(super) fn split_matches(
    patterns: &[Pattern],
    subject: &Subject,
    case: Case,
    vocabulary: &Vocabulary,
) -> Formula {
    or(patterns.iter().map(|pattern| match crossing_arns(pattern) {
        Some(arns) => matches_any(&arns.iter().collect::<Vec<_>>(), subject, case, vocabulary),
        // Beyond what is split: an uninterpreted fact, the same for the same text.
        None => fact(Fact::Guard(
            format!("the text pattern `{pattern}`{FACT_SEPARATOR}{subject:?} {case:?} {pattern:?}").into(),
        )),
    }))
}

/// All ways to cut a pattern that is matched as one text into the segments of an ARN: `*` may reach over colons, `?` may
/// be one. `None` when a symbol that may hold a colon stands before the last segment, or when there are too many ways.
pub fn crossing_arns(pattern: &Pattern) -> Option<Vec<ArnPattern>> {
    let mut cuts: BTreeSet<Vec<Vec<Piece>>> = BTreeSet::from([vec![Vec::new()]]);
    for piece in pattern.pieces().iter() {
        let mut next = BTreeSet::new();
        for cut in cuts {
            if cut.len() < 6 && may_hold_colon(piece) {
                return None;
            }
            extend(cut, piece, &mut next);
            if next.len() > MAX_SPLITS {
                return None;
            }
        }
        cuts = next;
    }
    let mut arns = Vec::new();
    for cut in cuts {
        let [first, partition, service, region, account, rest] = cut.as_slice() else {
            continue;
        };
        let first = Pattern::new(first.clone()).as_glob();
        if first.is_some_and(|first: Glob| first.matches("arn")) {
            let segments =
                [partition, service, region, account, rest].map(|pieces| Pattern::new(pieces.clone()));
            arns.push(ArnPattern {
                segments,
                whole: None,
            });
        }
    }
    Some(arns)
}

/// Whether a symbol's value may hold a colon: pseudo parameters (account, region, partition) never do.
fn may_hold_colon(piece: &Piece) -> bool {
    match piece {
        Piece::Var(..) => true,
        Piece::Hole(hole) => !hole.0.starts_with("AWS::"),
        Piece::Char(_) | Piece::Any | Piece::Star => false,
    }
}

/// Adds a piece to a cut in every way it can be read.
fn extend(cut: Vec<Vec<Piece>>, piece: &Piece, next: &mut BTreeSet<Vec<Vec<Piece>>>) {
    let push = |mut cut: Vec<Vec<Piece>>, piece: Piece| {
        if let Some(last) = cut.last_mut()
            && !(piece == Piece::Star && last.last() == Some(&Piece::Star))
        {
            last.push(piece);
        }
        cut
    };
    let in_rest = cut.len() >= 6;
    match piece {
        Piece::Char(':') if !in_rest => {
            let mut cut = cut;
            cut.push(Vec::new());
            next.insert(cut);
        }
        Piece::Any if !in_rest => {
            next.insert(push(cut.clone(), Piece::Any));
            let mut cut = cut;
            cut.push(Vec::new());
            next.insert(cut);
        }
        Piece::Star if !in_rest => {
            let mut cut = push(cut, Piece::Star);
            next.insert(cut.clone());
            while cut.len() < 6 {
                cut.push(vec![Piece::Star]);
                next.insert(cut.clone());
            }
        }
        other => {
            next.insert(push(cut, other.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_colons_can_be() {
        let arns = |text: &str| {
            let arns = crossing_arns(&Pattern::glob(text)).expect("few ways");
            let show = |arn: &ArnPattern| {
                arn.segments
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(":")
            };
            arns.iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(arns("arn:aws:s3:::b:c"), ["aws:s3:::b:c"]);
        assert_eq!(arns("s3"), Vec::<String>::new());
        assert!(arns("*").contains(&"*:*:*:*:*".to_owned()));
        let role = arns("*:role/admin");
        assert!(role.contains(&"*:*:*:*:role/admin".to_owned()));
        assert!(role.contains(&"*:*:*:*:*:role/admin".to_owned()));
    }
}
