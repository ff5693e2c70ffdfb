//! What is counted and told of some outcomes: parts are made by themselves and put together in order.

use crate::check::Standard;

use super::super::outcome::{Outcome, Remark, Run};
use super::super::{Entry, PolicyCounts, ProofRow, ResultCounts, StandardRow};

/// Outcomes of a part.
pub(super) const CHUNK: usize = 128;

/// A part of a report.
pub(super) struct Part {
    pub(super) standards: Vec<StandardRow>,
    pub(super) results: ResultCounts,
    pub(super) internal: Vec<String>,
    pub(super) findings: Vec<Entry>,
    pub(super) proofs: Vec<ProofRow>,
    pub(super) readings: Vec<Remark>,
    pub(super) remarks: Vec<Remark>,
    pub(super) hint_source: bool,
    pub(super) unconfirmed: usize,
}

impl Part {
    pub(super) fn new(run: &Run<'_>) -> Part {
        Part {
            standards: run.standards.standards.iter().map(row).collect(),
            results: ResultCounts::default(),
            internal: Vec::new(),
            findings: Vec::new(),
            proofs: Vec::new(),
            readings: Vec::new(),
            remarks: Vec::new(),
            hint_source: false,
            unconfirmed: 0,
        }
    }

    /// Adds what comes after it.
    pub(super) fn append(&mut self, other: Part) {
        for (row, more) in self.standards.iter_mut().zip(&other.standards) {
            row.matched += more.matched;
            row.pass += more.pass;
            row.fail += more.fail;
            row.undecided += more.undecided;
        }
        let ResultCounts {
            pass,
            fail,
            undecided,
            error,
            waived,
            known,
        } = other.results;
        self.results.pass += pass;
        self.results.fail += fail;
        self.results.undecided += undecided;
        self.results.error += error;
        self.results.waived += waived;
        self.results.known += known;
        self.internal.extend(other.internal);
        self.findings.extend(other.findings);
        self.proofs.extend(other.proofs);
        self.readings.extend(other.readings);
        self.remarks.extend(other.remarks);
        self.hint_source |= other.hint_source;
        self.unconfirmed += other.unconfirmed;
    }
}

fn row(standard: &Standard) -> StandardRow {
    StandardRow {
        id: standard.id.clone(),
        description: standard.description.clone(),
        severity: standard.severity,
        check: standard.check.name(),
        matched: 0,
        pass: 0,
        fail: 0,
        undecided: 0,
    }
}

/// Counts each policy once: its answers follow each other.
pub(super) fn count_policy(
    outcome: &Outcome,
    policies: &mut PolicyCounts,
    last_checked: &mut Option<(usize, usize)>,
) {
    match outcome {
        Outcome::Answer { input, policy, .. } => {
            if last_checked.replace((*input, *policy)) != Some((*input, *policy)) {
                policies.checked += 1;
            }
        }
        Outcome::NotApplicable => policies.not_applicable += 1,
        Outcome::Composed => policies.checked += 1,
        Outcome::Invalid { .. } => policies.invalid += 1,
        Outcome::Gap { .. } => policies.undecided += 1,
        Outcome::Change { .. } | Outcome::Principal { .. } => {}
    }
}

/// What is said of answers that come from one engine only.
pub(super) fn unconfirmed(answers: usize) -> Remark {
    Remark {
        id: "unconfirmed".to_string(),
        address: String::new(),
        message: format!("{answers} answers come from one engine only: the second one gave up"),
        about: None,
    }
}
