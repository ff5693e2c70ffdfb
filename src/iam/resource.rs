//! `Resource` entries and ARN conditions, split into segments: `*` does not cross `:` in the first five (semantics.md
//! 3.3, ambiguity row 1).

use std::sync::Arc;

use std::borrow::Cow;

use super::pattern::{HoleId, Pattern, Piece};

/// The five segments of an ARN after `arn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// `aws`, `aws-cn`, …
    Partition,
    /// `s3`, `iam`, …
    Service,
    /// `eu-west-1`, or empty.
    Region,
    /// Twelve digits, `aws`, or empty.
    Account,
    /// Everything after the fifth colon.
    Rest,
}

impl Segment {
    /// All segments, in order.
    pub const ALL: [Segment; 5] = [
        Segment::Partition,
        Segment::Service,
        Segment::Region,
        Segment::Account,
        Segment::Rest,
    ];
}

/// An ARN pattern: `arn:` and one pattern a segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArnPattern {
    /// The segments in the order of [`Segment::ALL`].
    pub segments: [Pattern; 5],
    /// The written text, when it begins with an unknown value or a variable, so that its segments are not known: each
    /// segment then is that symbol, the last one with what follows it.
    pub whole: Option<Pattern>,
}

impl ArnPattern {
    /// The pattern of a segment.
    pub fn segment(&self, segment: Segment) -> &Pattern {
        let [partition, service, region, account, rest] = &self.segments;
        match segment {
            Segment::Partition => partition,
            Segment::Service => service,
            Segment::Region => region,
            Segment::Account => account,
            Segment::Rest => rest,
        }
    }

    /// The pattern with literal characters in ASCII lower case.
    pub fn to_ascii_lowercase(&self) -> ArnPattern {
        ArnPattern {
            segments: self.segments.each_ref().map(Pattern::to_ascii_lowercase),
            whole: self.whole.as_ref().map(Pattern::to_ascii_lowercase),
        }
    }

    /// Whether the pattern would match more if its `*` reached over colons: one stands before the last segment, and not
    /// only `*` follows.
    pub fn crosses_colons(&self) -> bool {
        let mut after = self.segments.iter().skip_while(|segment| !segment.has_star());
        self.whole.is_none() && after.next().is_some() && after.any(|segment| !segment.is_star())
    }

    /// The pattern as one text.
    pub fn text(&self) -> Pattern {
        let (arn, colon) = (Pattern::literal("arn"), Pattern::literal(":"));
        let segments = self.segments.iter().flat_map(|segment| [&colon, segment]);
        Pattern::concat(&std::iter::once(&arn).chain(segments).collect::<Vec<_>>())
    }
}

/// One entry of `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourcePattern {
    /// `*`: every resource, the pseudo resource `*` included.
    Any,
    /// An ARN pattern. A short ARN (fewer than six parts) is completed when parsed, by policy kind.
    Arn {
        /// The segments.
        arn: ArnPattern,
        /// The text of a short ARN with a wildcard, which where it grants also matches as one glob across
        /// colons.
        short: Option<Pattern>,
    },
    /// A short ARN that matches nothing (resource policies, without wildcard).
    Nothing,
    /// Text that is neither `*` nor an ARN: may match anything in an Allow, nothing in a Deny.
    Unreadable(Arc<str>),
}

/// The pattern completed to the six parts of an ARN, if it begins with `arn:` (or with a symbol). Missing parts become
/// `*`. The number tells how many parts were written.
pub fn split_arn(pattern: &Pattern) -> Option<(ArnPattern, usize)> {
    let pieces = match pattern.plain() {
        Some(_) => Cow::default(),
        None => pattern.pieces(),
    };
    if let Some(first @ (Piece::Hole(_) | Piece::Var(..))) = pieces.first() {
        let plain_tail = pieces.iter().skip(1).all(|piece| match piece {
            Piece::Char(c) => *c != ':',
            Piece::Star => true,
            Piece::Any | Piece::Var(..) | Piece::Hole(_) => false,
        });
        // Where the tail may hold colons, not even the last segment is known: the whole text is one symbol of its own.
        let symbol = if plain_tail {
            first.clone()
        } else {
            Piece::Hole(HoleId::new(&pattern.to_string()))
        };
        let head = Pattern::new(vec![symbol]);
        let rest = if plain_tail { pattern.clone() } else { head.clone() };
        let segments = [head.clone(), head.clone(), head.clone(), head, rest];
        return Some((
            ArnPattern {
                segments,
                whole: Some(pattern.clone()),
            },
            6,
        ));
    }
    let mut parts = pattern.splitn(6, ':').into_iter();
    if parts.next().and_then(|first| first.as_literal()).as_deref() != Some("arn") {
        return None;
    }
    let mut written = 1;
    let segments = std::array::from_fn(|_| match parts.next() {
        Some(part) => {
            written += 1;
            part
        }
        None => Pattern::star(),
    });
    (written > 1).then_some((
        ArnPattern {
            segments,
            whole: None,
        },
        written,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_before_the_last_segment_may_reach_over_colons() {
        for (text, expected) in [
            ("arn:aws:iam::*:role/r", true),
            ("arn:aws:logs:*:*:log-group:x", true),
            ("arn:aws:logs:eu-*:123456789012:*", true),
            ("arn:aws:logs:*:*:*", false),
            ("arn:aws:logs:*:123456789012:*", true),
            ("arn:aws:s3:::b/*", false),
            ("arn:aws:s3:::b*:c", false),
        ] {
            let (arn, _) = split_arn(&Pattern::glob(text)).expect("an ARN");
            assert_eq!(arn.crosses_colons(), expected, "{text}");
            assert_eq!(arn.text(), Pattern::glob(text), "{text}");
        }
    }

    #[test]
    fn a_symbol_may_hold_the_head_of_an_arn() {
        let hole = || Piece::Hole(HoleId::new("P"));
        let pattern = |tail: &str| Pattern::concat(&[&Pattern::new(vec![hole()]), &Pattern::glob(tail)]);
        let rest = |tail: &str| {
            split_arn(&pattern(tail))
                .expect("split")
                .0
                .segment(Segment::Rest)
                .clone()
        };
        assert_eq!(rest("/*"), pattern("/*"));
        // `P` may be `arn:aws:lambda:eu-west-1:123456789012`: then the last segment begins after the colon.
        assert_ne!(rest(":function:a"), rest(":function:b"));
        assert!(matches!(&*rest(":function:a").pieces(), [Piece::Hole(_)]));
    }
}
