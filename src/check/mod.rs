//! Checks: which requests are forbidden, whether a policy allows one, which statements are to blame. A check says which
//! requests would violate it; it never says how to search.

mod access;
mod applies;
mod blame;
mod change;
mod composed;
mod decide;
pub mod elements;
mod engines;
mod granted;
mod hint;
pub mod lint;
mod message;
mod options;
mod otherwise;
mod present;
mod proof;
pub mod question;
mod question_formula;
mod reach;
mod realistic;
mod regions;
pub mod register;
mod resource_types;
pub mod rules;
pub mod standards;
mod stranger;
mod subject;
mod ways;

use std::sync::Arc;

use crate::extract::PolicyKind;
use crate::iam::{
    Condition, Invalid, Pattern, PolicyDocument, PrincipalEntry, Request, ResourcePattern, Sid,
};

pub use applies::{applies, default_kinds};
pub use change::{Change, ChangeKind, Loss, suggest};
pub use composed::{Composed, compose};
pub use message::{pass_message, sentence};
pub use options::{Engine, Explain, Options};
pub use present::request_json;
pub use regions::{ConditionText, Entries, Exception, Extent, Part, Region, Regions, Source, Strangers};
pub use subject::{Prepared, Subject, Whole, prepare};
pub use ways::check;

/// A standard, ready to check: what an organisation demands of its policies.
#[derive(Debug, Clone)]
pub struct Standard {
    /// `[a-z0-9-]+`, unique.
    pub id: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How bad a violation is.
    pub severity: Severity,
    /// What is checked.
    pub check: Check,
    /// Of what it is asked.
    pub on: Unit,
    /// Which policies it is about.
    pub scope: Scope,
}

/// Of what a standard is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Of each document alone.
    #[default]
    Policy,
    /// Of each principal with everything attached to it, and of each other document alone.
    Principal,
}

/// Severity of a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `low`.
    Low,
    /// `medium`, the default.
    Medium,
    /// `high`.
    High,
    /// `critical`.
    Critical,
}

impl Severity {
    /// All severities, from the lowest.
    pub const ALL: [Severity; 4] = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The word in files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Which policies a standard is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The kinds; empty means the default set of the check.
    pub kinds: Vec<PolicyKind>,
    /// Globs over resource types; empty means all.
    pub types: Vec<String>,
    /// Globs over addresses; empty means all.
    pub addresses: Vec<String>,
    /// Globs over addresses that are left out.
    pub exclude: Vec<String>,
}

/// A check.
#[derive(Debug, Clone)]
pub enum Check {
    /// Allows nothing that the reference does not.
    NoNewAccess {
        /// What it is compared with.
        reference: Reference,
    },
    /// Allows no request of the box.
    AccessNotGranted {
        /// The forbidden requests; several boxes are ORed.
        boxes: Vec<AccessBox>,
    },
    /// Allows every request of the box.
    AccessGranted {
        /// The requests, by principals without wildcards; several boxes are ORed.
        boxes: Vec<AccessBox>,
    },
    /// Explicitly denies every request of the box.
    AccessDenied {
        /// The requests.
        boxes: Vec<AccessBox>,
    },
    /// Allows what the reference allows, no more and no less.
    Equivalent {
        /// What it is compared with.
        reference: Reference,
    },
    /// Lets nobody in whom its owner does not know.
    NoPublicAccess {
        /// The CloudFormation name of the resource type (`AWS::S3::Bucket`), if known.
        resource_type: Option<String>,
    },
    /// Lets nobody in from outside the zone of trust.
    NoExternalAccess {
        /// The zone.
        trust: Trust,
    },
    /// Has none of the defects that lint proves.
    Lint {
        /// The ids of the rules.
        rules: Vec<&'static str>,
    },
}

impl Check {
    /// Its name in standards files and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Check::NoNewAccess { .. } => "no-new-access",
            Check::AccessNotGranted { .. } => "access-not-granted",
            Check::AccessGranted { .. } => "access-granted",
            Check::AccessDenied { .. } => "access-denied",
            Check::Equivalent { .. } => "equivalent",
            Check::NoPublicAccess { .. } => "no-public-access",
            Check::NoExternalAccess { .. } => "no-external-access",
            Check::Lint { .. } => "lint",
        }
    }

    /// What the document is compared with, if the check compares.
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Check::NoNewAccess { reference } | Check::Equivalent { reference } => Some(reference),
            Check::AccessNotGranted { .. }
            | Check::AccessGranted { .. }
            | Check::AccessDenied { .. }
            | Check::NoPublicAccess { .. }
            | Check::NoExternalAccess { .. }
            | Check::Lint { .. } => None,
        }
    }
}

/// How a request violates a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// It is allowed and must not be.
    Allowed,
    /// It is not denied and must be.
    NotDenied,
    /// It is not allowed and must be.
    Refused,
}

/// What a document is compared with.
#[derive(Debug, Clone)]
pub enum Reference {
    /// A document.
    Document(Arc<PolicyDocument>),
    /// What is deployed now.
    Before,
}

/// A box of requests: absent parts are unrestricted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessBox {
    /// Actions, lower-cased patterns; empty means any.
    pub actions: Vec<Pattern>,
    /// Resources; empty means any.
    pub resources: Vec<ResourcePattern>,
    /// Principals; empty means any.
    pub principals: Vec<PrincipalEntry>,
    /// Conditions on the request.
    pub when: Vec<Condition>,
}

/// The zone of trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Account ids, sorted.
    pub accounts: Vec<String>,
    /// Organization ids, sorted.
    pub organizations: Vec<String>,
    /// Principal ARNs.
    pub principals: Vec<String>,
    /// CIDR ranges, VPC and VPC endpoint ids.
    pub networks: Vec<String>,
    /// How service principals are seen.
    pub service_principals: ServicePrincipals,
}

/// How service principals are seen by `no-external-access`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServicePrincipals {
    /// They belong to the zone.
    #[default]
    Trusted,
    /// They belong to it only when tied to it by source account, ARN or organization.
    ConfusedDeputy,
}

/// The answer to one question: does this policy meet this standard?
#[derive(Debug, Clone)]
pub enum Verdict {
    /// No violation, whatever the unknown values turn out to be.
    Pass(Proof),
    /// A violation, with a request that was replayed.
    Fail(Box<Finding>),
    /// Violations that no single request shows: what lint notes, where a standard asks for it; never empty.
    Noted(Vec<lint::LintNote>),
    /// Depends on what is known only later, or is beyond the engine.
    Undecided(Undecided),
    /// The policy is not valid.
    Error(Invalid),
    /// A counterexample did not replay, or two engines differ: a defect of keyaki.
    Internal(String),
}

/// What a PASS rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The engine.
    pub solver: &'static str,
    /// Axioms of semantics.md 3.9 without which it would not pass (`A4`), in order; none of them can be left out.
    pub axioms: Vec<&'static str>,
    /// Readings of ambiguities without which it would not pass.
    pub notes: Vec<ReadingNote>,
    /// Under `--solver both`: the second engine gave up.
    pub unconfirmed: bool,
}

/// A row of the ambiguity register (semantics.md 3.14) that an answer hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingNote {
    /// The row.
    pub row: &'static str,
    /// A stable id: `colon-crossing`, `confused-deputy`, ….
    pub id: &'static str,
    /// What is to be said, for users: lower case, no full stop.
    pub message: &'static str,
}

/// Why a question was not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// A stable id: `unknown-value`, `policy-variable`, `step-limit`, `unsupported`, `no-request`,
    /// `composed-comparison`, ….
    pub id: &'static str,
    /// The reason, for users: lower case, no full stop.
    pub message: String,
    /// The unknown values it depends on, by name.
    pub holes: Vec<String>,
}

/// A violation.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How the counterexample violates the check.
    pub violation: Violation,
    /// The guilty statements, by index. Empty where a Deny or an Allow is missing.
    pub statements: Vec<GuiltyStatement>,
    /// The message of the AWS API (semantics.md 1.2), or ours in its style.
    pub message: String,
    /// What is said of each guilty statement (semantics.md 1.2), in the order of `statements`.
    pub reasons: Vec<String>,
    /// A request that violates the check.
    pub counterexample: Request,
    /// What the finding assumes of unknown values: name and value.
    pub assumes: Vec<(String, String)>,
    /// Why each Deny does not apply; empty for a request that is refused.
    pub denies: Vec<MissedDeny>,
    /// Whether the request is one that AWS services know.
    pub realistic: bool,
    /// Rows of the ambiguity register that are read otherwise than by default.
    pub readings: Vec<&'static str>,
    /// The engine.
    pub solver: &'static str,
    /// Under `--solver both`: the second engine gave up.
    pub unconfirmed: bool,
    /// What is allowed and must not be, if that was asked for.
    pub regions: Option<Regions>,
    /// A change that mends the policy, if one was asked for and found.
    pub change: Option<Change>,
}

/// A guilty statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuiltyStatement {
    /// Of a whole principal: the address of the document it is in.
    pub document: Option<Arc<str>>,
    /// 0-based index in the document.
    pub index: usize,
    /// Its Sid.
    pub sid: Option<Sid>,
}

/// A Deny that does not apply to the counterexample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedDeny {
    /// Of a whole principal: the address of the document it is in.
    pub document: Option<Arc<str>>,
    /// 0-based index in the document.
    pub index: usize,
    /// Its Sid.
    pub sid: Option<Sid>,
    /// Which element does not match, for users.
    pub why: String,
}

#[cfg(test)]
mod tests;
