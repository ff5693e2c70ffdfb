//! One question: does this policy meet this check?

use std::sync::Arc;

use crate::extract::{Before, Hole, PolicyKind};
use crate::formula::Axioms;
use crate::iam::PolicyDocument;

use super::{Check, Verdict};

/// How questions are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which engines answer.
    pub engine: Engine,
    /// Which axioms are on.
    pub axioms: Axioms,
    /// Steps of the glob engine for one question.
    pub steps: u64,
    /// Z3's `rlimit` for one question.
    pub rlimit: u32,
}

/// Which engines answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The glob engine; Z3 where it gives up.
    #[default]
    Auto,
    /// The glob engine alone.
    Glob,
    /// Z3 alone.
    Z3,
    /// Both; different answers are an internal error.
    Both,
}

/// What is checked: a document and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The document.
    pub document: &'a PolicyDocument,
    /// What it is.
    pub kind: PolicyKind,
    /// The CloudFormation name of the resource type, if known.
    pub resource_type: Option<&'a str>,
    /// Its holes.
    pub holes: &'a [Hole],
    /// What was deployed before.
    pub before: &'a Before,
    /// Guard facts under the defaults of parameters.
    pub default_facts: &'a [(Arc<str>, bool)],
    /// The account the policy will live in, if known.
    pub account: Option<&'a str>,
}

/// Work that is done once for a policy and shared by all standards.
#[derive(Debug)]
pub struct Prepared<'a> {
    subject: Subject<'a>,
}

/// Prepares a subject.
pub fn prepare(subject: Subject<'_>) -> Prepared<'_> {
    Prepared { subject }
}

/// Decides the question.
pub fn check(check: &Check, prepared: &Prepared<'_>, options: &Options) -> Verdict {
    let _ = (check, prepared.subject, options);
    todo!()
}
