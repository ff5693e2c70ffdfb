//! What two patterns have in common, as patterns. What is said here only chooses what is shown: whether a region holds
//! what it claims is for the engine to prove.

use crate::iam::{ArnPattern, Glob, Pattern, ResourcePattern, Segment, Token};

/// At most so many globs stand for what two have in common.
const MAX_GLOBS: usize = 6;
/// At most so many steps are made to find them.
const MAX_STEPS: usize = 2_000;

/// The meeting of two entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) enum Meet<T> {
    /// Nothing in common.
    Nothing,
    /// The first lies within the second.
    First,
    /// The second lies within the first.
    Second,
    /// What they have in common.
    These(Vec<T>),
    /// It cannot be written; the first is wider than it.
    Unwritten,
}

/// What two action patterns have in common.
pub(in crate::check) fn actions(first: &Pattern, second: &Pattern) -> Meet<Pattern> {
    patterns(first, second)
}

fn patterns(first: &Pattern, second: &Pattern) -> Meet<Pattern> {
    if first == second {
        return Meet::First;
    }
    let (Some(one), Some(other)) = (first.as_glob(), second.as_glob()) else {
        return match (first.is_star(), second.is_star()) {
            (_, true) => Meet::First,
            (true, _) => Meet::Second,
            _ => Meet::Unwritten,
        };
    };
    if covers(&other, &one) {
        Meet::First
    } else if covers(&one, &other) {
        Meet::Second
    } else if !one.intersects(&other) {
        Meet::Nothing
    } else {
        match globs(&one, &other) {
            Some(globs) => Meet::These(globs.into_iter().map(Pattern::from).collect()),
            None => Meet::Unwritten,
        }
    }
}

/// What two resource entries have in common.
pub(in crate::check) fn resources(
    first: &ResourcePattern,
    second: &ResourcePattern,
) -> Meet<ResourcePattern> {
    use ResourcePattern::{Any, Arn};
    match (first, second) {
        (one, other) if one == other => Meet::First,
        (_, Any) => Meet::First,
        (Any, _) => Meet::Second,
        (
            Arn {
                arn: one,
                short: None,
            },
            Arn {
                arn: other,
                short: None,
            },
        ) if one.whole.is_none() && other.whole.is_none() => arns(one, other),
        _ => Meet::Unwritten,
    }
}

fn arns(first: &ArnPattern, second: &ArnPattern) -> Meet<ResourcePattern> {
    let mut met: Vec<Vec<Pattern>> = Vec::new();
    let (mut is_first, mut is_second) = (true, true);
    for segment in Segment::ALL {
        let (one, other) = (first.segment(segment), second.segment(segment));
        met.push(match patterns(one, other) {
            Meet::Nothing => return Meet::Nothing,
            Meet::Unwritten => return Meet::Unwritten,
            Meet::First => {
                is_second &= one == other;
                vec![one.clone()]
            }
            Meet::Second => {
                is_first = false;
                vec![other.clone()]
            }
            Meet::These(these) => {
                (is_first, is_second) = (false, false);
                these
            }
        });
    }
    if is_first {
        return Meet::First;
    }
    if is_second {
        return Meet::Second;
    }
    let [partition, service, region, account, rest] = met.as_slice() else {
        return Meet::Unwritten;
    };
    let ([partition], [service], [region], [account]) = (
        partition.as_slice(),
        service.as_slice(),
        region.as_slice(),
        account.as_slice(),
    ) else {
        return Meet::Unwritten;
    };
    let arn = |rest: &Pattern| ResourcePattern::Arn {
        arn: ArnPattern {
            segments: [partition, service, region, account, rest].map(Clone::clone),
            whole: None,
        },
        short: None,
    };
    Meet::These(rest.iter().map(arn).collect())
}

/// Whether every text of `inner` surely matches `outer`: its wildcards are read as letters of their own.
fn covers(outer: &Glob, inner: &Glob) -> bool {
    let word: String = inner
        .tokens()
        .iter()
        .map(|token| match token {
            Token::Char(c) => *c,
            Token::Star => '\u{E000}',
            Token::Any => '\u{E001}',
        })
        .collect();
    // A `*` of the inner one may be empty, which no `?` of the outer one is.
    let stars_only = outer.tokens().iter().all(|token| *token != Token::Any);
    (stars_only || inner.tokens().iter().all(|token| *token != Token::Star)) && outer.matches(&word)
}

/// The globs whose union two globs have in common; `None` when there are too many.
fn globs(one: &Glob, other: &Glob) -> Option<Vec<Glob>> {
    let mut found = Vec::new();
    let mut steps = 0;
    meet(
        one.tokens(),
        other.tokens(),
        &mut Vec::new(),
        &mut found,
        &mut steps,
    )?;
    let mut kept: Vec<Glob> = Vec::new();
    for glob in found {
        if !kept.iter().any(|known| covers(known, &glob)) {
            kept.retain(|known| !covers(&glob, known));
            kept.push(glob);
        }
    }
    (kept.len() <= MAX_GLOBS).then_some(kept)
}

fn meet(
    one: &[Token],
    other: &[Token],
    head: &mut Vec<Token>,
    found: &mut Vec<Glob>,
    steps: &mut usize,
) -> Option<()> {
    *steps += 1;
    if *steps > MAX_STEPS {
        return None;
    }
    let with = |head: &mut Vec<Token>, token: Token, found: &mut Vec<Glob>, steps: &mut usize, one, other| {
        head.push(token);
        let met = meet(one, other, head, found, steps);
        head.pop();
        met
    };
    match (one, other) {
        ([], []) => found.push(Glob::new(head.clone())),
        ([Token::Star, one @ ..], [Token::Star, rest @ ..]) => {
            // One of the two ends its run first.
            with(head, Token::Star, found, steps, one, other)?;
            if !one.is_empty() || !rest.is_empty() {
                let first = [&[Token::Star], one].concat();
                head.push(Token::Star);
                let met = meet(&first, rest, head, found, steps);
                head.pop();
                met?;
            }
        }
        ([Token::Star, rest @ ..], [token, after @ ..]) => {
            meet(rest, other, head, found, steps)?;
            with(head, *token, found, steps, one, after)?;
        }
        ([token, after @ ..], [Token::Star, rest @ ..]) => {
            meet(one, rest, head, found, steps)?;
            with(head, *token, found, steps, after, other)?;
        }
        ([Token::Star, rest @ ..], []) => meet(rest, other, head, found, steps)?,
        ([], [Token::Star, rest @ ..]) => meet(one, rest, head, found, steps)?,
        ([Token::Any, one @ ..], [token, other @ ..]) | ([token, one @ ..], [Token::Any, other @ ..]) => {
            with(head, *token, found, steps, one, other)?;
        }
        ([Token::Char(a), one @ ..], [Token::Char(b), other @ ..]) if a == b => {
            with(head, Token::Char(*a), found, steps, one, other)?;
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, expected: Meet<&str>) {
        let met = actions(&Pattern::glob(one), &Pattern::glob(other));
        let expected = match expected {
            Meet::These(texts) => Meet::These(texts.into_iter().map(Pattern::glob).collect()),
            Meet::Nothing => Meet::Nothing,
            Meet::First => Meet::First,
            Meet::Second => Meet::Second,
            Meet::Unwritten => Meet::Unwritten,
        };
        assert_eq!(met, expected, "{one} and {other}");
    }

    #[test]
    fn patterns_meet() {
        check("s3:get*", "s3:getobject", Meet::Second);
        check("s3:getobject", "s3:get*", Meet::First);
        check("s3:get*", "s3:put*", Meet::Nothing);
        check("s3:get*", "s3:*acl", Meet::These(vec!["s3:get*acl"]));
        check("ab*", "*bc", Meet::These(vec!["abc", "ab*bc"]));
        check("a?", "*b", Meet::These(vec!["ab"]));
        check("s3:?et*", "s3:g*", Meet::These(vec!["s3:get*"]));
        check("*a*a*a*a*a*", "*b*b*b*b*b*", Meet::Unwritten);
    }

    #[test]
    fn resources_meet_by_segments() {
        let entry = |text: &str| crate::iam::parse_resource_pattern(text).expect("an ARN");
        let both = resources(&entry("arn:aws:s3:::*-logs/*"), &entry("arn:*:s3:::prod-*"));
        let Meet::These(both) = both else {
            panic!("{both:?}")
        };
        assert!(both.contains(&entry("arn:aws:s3:::prod-*-logs/*")), "{both:?}");
        assert_eq!(
            resources(&entry("arn:aws:s3:::a/*"), &entry("arn:aws:sqs:*:*:a")),
            Meet::Nothing
        );
        assert_eq!(
            resources(&entry("arn:aws:s3:::a/*"), &entry("arn:*:s3:::*")),
            Meet::First
        );
    }
}
