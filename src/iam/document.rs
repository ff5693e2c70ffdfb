//! A policy document as types in which illegal states do not fit.

use std::sync::Arc;

use ipnet::IpNet;

use super::keys::ContextKey;
use super::operator::{Comparison, Operator};
use super::pattern::Pattern;
use super::principal::PrincipalSet;
use super::request::ReadingId;
use super::resource::{ArnPattern, ResourcePattern};
use super::typed::{Instant, Rational};

/// A whole policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// `Version`; absent means 2008-10-17 (semantics.md 3.1).
    pub version: Version,
    /// The statements, in source order. A statement of the source that holds under several guards stands here several
    /// times, each time with the same `index`. Shared: copies of a document cost nothing.
    pub statements: Arc<[Statement]>,
}

impl PolicyDocument {
    /// The document as a reference: short ARNs are read by completion only.
    pub fn as_reference(&self) -> PolicyDocument {
        let is_short = |entry: &ResourcePattern| matches!(entry, ResourcePattern::Arn { short: Some(_), .. });
        let has_short = |statement: &Statement| match &statement.resource {
            ResourceSet::Any => false,
            ResourceSet::In(entries) | ResourceSet::NotIn(entries) => entries.iter().any(is_short),
        };
        if !self.statements.iter().any(has_short) {
            return self.clone();
        }
        let strip = |statement: &Statement| Statement {
            resource: statement.resource.without_short(),
            ..statement.clone()
        };
        PolicyDocument {
            version: self.version,
            statements: self.statements.iter().map(strip).collect(),
        }
    }
}

/// The policy language version; decides whether `${…}` is a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also when absent: `${…}` is literal text.
    V2008,
    /// `2012-10-17`: policy variables.
    V2012,
}

/// Which grammar a document must follow: which elements it needs and which it must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Identity, boundary and session policies: no principal, a resource.
    Identity,
    /// Resource policies: a principal; the resource may be missing (ECR).
    Resource,
    /// Role trust policies: a principal, no resource.
    Trust,
    /// Service control policies: as identity policies.
    Scp,
    /// Resource control policies: principal `*` only, Deny only.
    Rcp,
}

/// `Effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The statement grants.
    Allow,
    /// The statement takes away.
    Deny,
}

/// A statement id, as written.
pub type Sid = Arc<str>;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// 0-based position in the source document, which findings name.
    pub index: usize,
    /// `Sid`, if written and not empty.
    pub sid: Option<Sid>,
    /// `Effect`.
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; `Absent` in identity policies.
    pub principal: PrincipalSet,
    /// `Action` or `NotAction`, lower-cased.
    pub action: ElementSet,
    /// The entries of `action` as they are written, in its order. Empty where nobody wrote them.
    pub spelled: Spelled,
    /// `Resource` or `NotResource`; `Any` when there is none.
    pub resource: ResourceSet,
    /// `Condition`, flattened: all must hold.
    pub conditions: Vec<Condition>,
    /// Facts known only at deployment under which the statement is there; all must hold. Empty for most.
    pub guard: Guard,
}

impl Statement {
    /// Whether a short ARN also matches as one text across colons: only where that grants, listed in an Allow or left
    /// out by a Deny (semantics.md 3.3).
    pub fn reads_short_arns_widely(&self) -> bool {
        match (self.effect, &self.resource) {
            (Effect::Allow, ResourceSet::In(_)) | (Effect::Deny, ResourceSet::NotIn(_)) => true,
            (Effect::Allow, ResourceSet::Any | ResourceSet::NotIn(_))
            | (Effect::Deny, ResourceSet::Any | ResourceSet::In(_)) => false,
        }
    }
}

/// Entries as they are written. Cheap to clone.
pub type Spelled = Arc<[Box<str>]>;

/// `Action` or `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementSet {
    /// Everything (`*`, or the element is missing where that is legal).
    Any,
    /// Any of these.
    In(Vec<Pattern>),
    /// None of these.
    NotIn(Vec<Pattern>),
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceSet {
    /// Every resource, the pseudo resource `*` included.
    Any,
    /// Any of these.
    In(Vec<ResourcePattern>),
    /// None of these.
    NotIn(Vec<ResourcePattern>),
}

impl ResourceSet {
    /// The set with short ARNs read by completion only, as in a Deny or a reference (semantics.md 3.3).
    pub fn without_short(&self) -> ResourceSet {
        let strip = |entries: &[ResourcePattern]| {
            let strip_one = |entry: &ResourcePattern| match entry {
                ResourcePattern::Arn { arn, .. } => ResourcePattern::Arn {
                    arn: arn.clone(),
                    short: None,
                },
                other => other.clone(),
            };
            entries.iter().map(strip_one).collect()
        };
        match self {
            ResourceSet::Any => ResourceSet::Any,
            ResourceSet::In(entries) => ResourceSet::In(strip(entries)),
            ResourceSet::NotIn(entries) => ResourceSet::NotIn(strip(entries)),
        }
    }
}

/// One line of a `Condition` block: an operator, a key and its values (semantics.md 3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator, with quantifier and `IfExists`.
    pub operator: Operator,
    /// The context key.
    pub key: ContextKey,
    /// The values, parsed for the operator; never empty.
    pub values: ConditionValues,
}

impl Condition {
    /// The opaque Boolean that stands for this condition when a non-set operator meets a multivalued key: the same for
    /// the same operator, key and values.
    pub fn non_set_reading(&self) -> ReadingId {
        ReadingId::NonSetOperator(
            format!("{:?} {} {:?}", self.operator, self.key.folded(), self.values).into(),
        )
    }
}

/// The values of a condition, typed by its operator; any of them may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionValues {
    /// `StringEquals`, `StringLike`: case-sensitive globs (for `StringEquals` without wildcards).
    Text(Vec<Pattern>),
    /// `StringEqualsIgnoreCase` and `Bool`: compared in ASCII lower case; the patterns are lower-cased.
    Folded(Vec<Pattern>),
    /// `ArnEquals`, `ArnLike`: six components compared separately.
    Arn(Vec<ArnPattern>),
    /// `Numeric*`.
    Number(Comparison, Vec<Rational>),
    /// `Date*`.
    Date(Comparison, Vec<Instant>),
    /// `IpAddress`, `NotIpAddress`: host bits masked.
    Ip(Vec<IpNet>),
    /// `BinaryEquals`: decoded bytes.
    Binary(Vec<Vec<u8>>),
    /// `Null`: true means the key must be absent.
    Null(Vec<bool>),
}

/// Facts that must all hold for a statement to be there.
pub type Guard = Vec<GuardLiteral>;

/// Between what users read of a fact's name and what tells it from other facts about the same unknown value.
pub const FACT_SEPARATOR: char = '\0';

/// What users read of a fact's name.
pub fn shown_fact(name: &str) -> &str {
    name.split(FACT_SEPARATOR).next().unwrap_or(name)
}

/// One fact known only at deployment, and whether it must hold. The name up to [`FACT_SEPARATOR`] is what users read
/// (`Env == prod`, the name of a hole); the same name is the same fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuardLiteral {
    /// The fact.
    pub name: Arc<str>,
    /// Whether it must hold or must not.
    pub holds: bool,
}
