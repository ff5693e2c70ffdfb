//! What a run found, as the pipeline hands it over: before it is counted and located.

use std::collections::BTreeSet;
use std::path::Path;

use crate::check::lint::LintNote;
use crate::check::standards::StandardsFile;
use crate::check::{Severity, Undecided, Verdict};
use crate::extract::Extraction;
use crate::source::{InputKind, SourceFile, TerraformSource};

use super::{EntryStatement, Location};

/// What a run found, before it is counted and located.
#[derive(Debug)]
pub struct Run<'a> {
    /// The standards.
    pub standards: &'a StandardsFile,
    /// The files, by [`crate::source::FileId`].
    pub files: &'a [SourceFile],
    /// The Terraform code of the plans, if given.
    pub source: Option<&'a TerraformSource>,
    /// The directory URIs are relative to.
    pub root: &'a Path,
    /// The inputs, in order.
    pub inputs: &'a [ScannedInput],
    /// What came out, in input order.
    pub outcomes: &'a [Outcome],
    /// Remarks.
    pub notes: &'a [Remark],
    /// What lint and the parser note on policies, in input order.
    pub noted: &'a [PolicyNotes],
    /// What could not be read.
    pub errors: &'a [String],
    /// Defects that lost a whole input.
    pub internal: &'a [String],
    /// Uses that are not possible.
    pub usage: &'a [String],
    /// How many different policies were checked.
    pub distinct: usize,
}

/// One input and what is in it, without what `ignore` leaves out.
#[derive(Debug, Clone)]
pub struct ScannedInput {
    /// How users name it.
    pub name: String,
    /// What it is.
    pub kind: InputKind,
    /// What was found.
    pub extraction: Extraction,
    /// How many policies and gaps were left out.
    pub ignored: usize,
    /// What is not asked about because it stays as it is.
    pub unchanged: Unchanged,
}

/// Positions in the policies and gaps of an extraction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unchanged {
    /// Those of the policies.
    pub policies: BTreeSet<usize>,
    /// Those of the gaps.
    pub gaps: BTreeSet<usize>,
}

/// The notes on one policy. Numbers are positions in [`Run::inputs`] and in the policies of its extraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyNotes {
    /// The input.
    pub input: usize,
    /// The policy.
    pub policy: usize,
    /// The notes.
    pub notes: Vec<LintNote>,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A stable id.
    pub id: String,
    /// The address it is about; empty for a whole input or run.
    pub address: String,
    /// What is to be said.
    pub message: String,
    /// What a remark on a policy says besides.
    pub about: Option<About>,
}

/// What a remark on a policy is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// How bad it is.
    pub severity: Severity,
    /// The statement, if one; with its place where the file has it.
    pub statement: Option<EntryStatement>,
    /// Where the policy stands.
    pub location: Location,
    /// Stable name: 32 hexadecimal digits.
    pub fingerprint: String,
    /// Hash of what is said: 64 hexadecimal digits.
    pub evidence: String,
}

impl About {
    /// The smallest place: that of the statement, where it has one.
    pub fn place(&self) -> &Location {
        let statement = self.statement.as_ref();
        statement
            .and_then(|statement| statement.location.as_ref())
            .unwrap_or(&self.location)
    }
}

/// One outcome. Numbers are positions in [`Run::inputs`], in the lists of its extraction, and in the standards.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A standard was asked of a policy.
    Answer {
        /// The input.
        input: usize,
        /// The policy.
        policy: usize,
        /// The standard.
        standard: usize,
        /// The answer.
        verdict: Verdict,
    },
    /// A standard was asked of a principal as a whole.
    Principal {
        /// The input.
        input: usize,
        /// The principal.
        principal: usize,
        /// The standard.
        standard: usize,
        /// The answer.
        verdict: Verdict,
    },
    /// A policy is checked only as part of the principals that it is attached to.
    Composed,
    /// No standard is about a policy.
    NotApplicable,
    /// A policy is not valid.
    Invalid {
        /// The input.
        input: usize,
        /// The policy.
        policy: usize,
        /// The standards that are about it.
        standards: Vec<usize>,
    },
    /// A policy could not be read.
    Gap {
        /// The input.
        input: usize,
        /// The gap.
        gap: usize,
        /// The standards that are about it.
        standards: Vec<usize>,
    },
    /// A change that a standard compares and that cannot be compared yet.
    Change {
        /// The input.
        input: usize,
        /// The change.
        change: usize,
        /// The standard.
        standard: usize,
        /// Why there is no answer.
        undecided: Undecided,
    },
}
