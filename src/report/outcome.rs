//! What a run found, as the pipeline hands it over: before it is counted and located.

use std::path::Path;

use crate::check::standards::StandardsFile;
use crate::check::{Undecided, Verdict};
use crate::extract::Extraction;
use crate::source::{InputKind, SourceFile, TerraformSource};

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
