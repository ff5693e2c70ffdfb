//! `Resource` entries and ARN conditions, split into segments: `*` does not cross `:` in the first five (semantics.md
//! 3.3, ambiguity row 1).

use super::pattern::{HoleId, Pattern};

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
    pub const ALL: [Segment; 5] =
        [Segment::Partition, Segment::Service, Segment::Region, Segment::Account, Segment::Rest];
}

/// An ARN pattern: `arn:` and one pattern a segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArnPattern {
    /// The segments in the order of [`Segment::ALL`].
    pub segments: [Pattern; 5],
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
}

/// One entry of `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourcePattern {
    /// `*`: every resource, the pseudo resource `*` included.
    Any,
    /// An ARN pattern. A short ARN (fewer than six parts) is completed when parsed, by policy kind; `written` keeps the
    /// text of a short ARN with a wildcard, which in a checked Allow also matches as one glob across colons.
    Arn {
        /// The segments.
        arn: ArnPattern,
        /// The text of a short ARN with a wildcard.
        short: Option<Pattern>,
    },
    /// A short ARN that matches nothing (resource policies, without wildcard).
    Nothing,
    /// Text that is neither `*` nor an ARN, or unknown as a whole: may match anything in an Allow, nothing in a Deny.
    Unknown(HoleId),
}
