//! Quick tests of whether one entry of a list covers another: what they find is left to the engine to prove, what they
//! do not find is not looked at further.

use crate::iam::{
    ArnPattern, Condition, ConditionValues, ElementSet, Glob, Pattern, Piece, ResourcePattern, ResourceSet,
    Statement, Token,
};

/// Whether every text of `small` is one of `large`, whatever stands for its variables and holes.
pub(super) fn pattern(large: &Pattern, small: &Pattern) -> bool {
    if differs_early(large, small) {
        return false;
    }
    if large == small || large.is_star() {
        return true;
    }
    match (large.as_glob(), small.as_glob()) {
        (Some(large), Some(small)) => large.surely_covers(&small),
        (Some(large), None) => large.surely_covers(&outline(small)),
        (None, _) => false,
    }
}

/// Whether a first character tells that neither covers the other; spares most comparisons.
fn differs_early(large: &Pattern, small: &Pattern) -> bool {
    let (Some(large), Some(small)) = (large.plain(), small.plain()) else {
        return false;
    };
    let pairs = large.iter().zip(small).map(|pair| match pair {
        (Token::Char(large), Token::Char(small)) => Some(large == small),
        (Token::Char(_), Token::Any | Token::Star) => Some(false),
        (Token::Any | Token::Star, _) => None,
    });
    pairs.map_while(|same| same).any(|same| !same)
}

/// The glob of all texts a pattern may match.
pub(super) fn outline(pattern: &Pattern) -> Glob {
    if let Some(glob) = pattern.as_glob() {
        return glob;
    }
    let token = |piece: &Piece| match piece {
        Piece::Char(c) => Token::Char(*c),
        Piece::Any => Token::Any,
        Piece::Star | Piece::Var(..) | Piece::Hole(_) => Token::Star,
    };
    Glob::new(pattern.pieces().iter().map(token).collect())
}

/// Whether every ARN of `small` is one of `large`.
pub(super) fn arn(large: &ArnPattern, small: &ArnPattern) -> bool {
    let split = large.whole.is_none() && small.whole.is_none();
    let mut segments = large.segments.iter().zip(&small.segments).rev();
    large == small || (split && segments.all(|(large, small)| pattern(large, small)))
}

/// Whether every resource of `small` is one of `large`. Texts that are read in two ways cover nothing but themselves.
pub(super) fn resource(large: &ResourcePattern, small: &ResourcePattern) -> bool {
    match (large, small) {
        (ResourcePattern::Any, _) => true,
        (
            ResourcePattern::Arn {
                arn: large,
                short: None,
            },
            ResourcePattern::Arn {
                arn: small,
                short: None,
            },
        ) => arn(large, small),
        (large, small) => large == small,
    }
}

/// Whether nothing in a statement stands for something else: neither variables nor holes, and no text that is read in two
/// ways. Then what the tests here find is a proof.
pub(super) fn is_plain(statement: &Statement) -> bool {
    let actions: &[Pattern] = match &statement.action {
        ElementSet::Any => &[],
        ElementSet::In(patterns) | ElementSet::NotIn(patterns) => patterns,
    };
    let resources: &[ResourcePattern] = match &statement.resource {
        ResourceSet::Any => &[],
        ResourceSet::In(entries) | ResourceSet::NotIn(entries) => entries,
    };
    let plain = |pattern: &Pattern| pattern.plain().is_some();
    let plain_resource = |entry: &ResourcePattern| match entry {
        ResourcePattern::Any => true,
        ResourcePattern::Arn { arn, short: None } => arn.segments.iter().all(plain),
        ResourcePattern::Arn { .. } | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => false,
    };
    let plain_values = |condition: &Condition| match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns.iter().all(plain),
        ConditionValues::Arn(arns) => arns.iter().flat_map(|arn| &arn.segments).all(plain),
        ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Ip(_)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => true,
    };
    statement.guard.is_empty()
        && actions.iter().all(plain)
        && resources.iter().all(plain_resource)
        && statement.conditions.iter().all(plain_values)
}

/// Whether two patterns may match one text.
pub(super) fn meet(left: &Pattern, right: &Pattern) -> bool {
    !apart_early(left, right) && outline(left).intersects(&outline(right))
}

fn apart_early(left: &Pattern, right: &Pattern) -> bool {
    let (Some(left), Some(right)) = (left.plain(), right.plain()) else {
        return false;
    };
    let pairs = left.iter().zip(right).map(|pair| match pair {
        (Token::Char(left), Token::Char(right)) => Some(left == right),
        (Token::Any, Token::Char(_) | Token::Any) | (Token::Char(_), Token::Any) => Some(true),
        (Token::Star, _) | (_, Token::Star) => None,
    });
    pairs.map_while(|same| same).any(|same| !same)
}
