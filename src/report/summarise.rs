//! From the outcomes of a run to a report: counts, places, redaction, names.

mod judged;
mod notes;
mod places;
mod snippets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::check::rules::{Group, rule};
use crate::check::{self, Finding, Proof, Severity, Standard, Undecided};
use crate::extract::{Extraction, Gap, GapReason, IdentityChange, Origin, PolicyKind};
use crate::iam::{Invalid, PolicyDocument};

use super::fingerprint::{Evidence, evidence_of_reason, fingerprint};
use super::outcome::{About, Outcome, Remark, Run, ScannedInput};
use super::place::{Locator, category};
use super::redact::redacted;
use super::{
    Entry, EntryStatement, INVALID_RULE, PolicyCounts, ProofRow, Report, ResultCounts, StandardRow,
    UNDECIDED_RULE, Verdict,
};
use judged::{Judged, open, told_statement};

/// Makes the report. `sentence` says a violation in one sentence; it is given those who hold the policy.
pub(super) fn summarise(run: &Run<'_>, sentence: fn(&Finding, Option<&[String]>) -> String) -> Report {
    let mut summary = Summary {
        run,
        sentence,
        locator: Locator::new(run.files, run.root),
        evidence: Evidence::default(),
        standards: run.standards.standards.iter().map(row).collect(),
        results: ResultCounts::default(),
        policies: PolicyCounts {
            distinct: run.distinct,
            ..PolicyCounts::default()
        },
        internal: run.internal.to_vec(),
        findings: Vec::new(),
        proofs: Vec::new(),
        readings: Vec::new(),
        hint_source: false,
        unconfirmed: 0,
        holders: places::holders(run),
        documents: run.source.map(|_| places::documents(run)).unwrap_or_default(),
    };
    let mut last_checked = None;
    for outcome in run.outcomes {
        summary.count_policy(outcome, &mut last_checked);
        summary.add(outcome);
    }
    let mut policies = summary.policies;
    policies.ignored = run.inputs.iter().map(|input| input.ignored).sum();
    let unchanged = |input: &ScannedInput| input.unchanged.policies.len() + input.unchanged.gaps.len();
    policies.unchanged = run.inputs.iter().map(unchanged).sum();
    policies.found = policies.checked
        + policies.undecided
        + policies.invalid
        + policies.ignored
        + policies.unchanged
        + policies.not_applicable;
    let mut notes = run.notes.to_vec();
    notes.append(&mut summary.readings);
    notes.extend(run.noted.iter().flat_map(|noted| summary.remarks(noted)));
    if summary.unconfirmed > 0 {
        notes.push(unconfirmed(summary.unconfirmed));
    }
    Report {
        inputs: run.inputs.iter().map(|input| input.name.clone()).collect(),
        standards_name: run.standards.name.clone(),
        standards: summary.standards,
        policies,
        results: summary.results,
        notes,
        proofs: summary.proofs,
        errors: run.errors.to_vec(),
        internal: summary.internal,
        usage: run.usage.to_vec(),
        findings: summary.findings,
        category: category(run.inputs.iter().map(|input| input.name.as_str()), run.root),
        hint_source: summary.hint_source,
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

fn unconfirmed(answers: usize) -> Remark {
    Remark {
        id: "unconfirmed".to_string(),
        address: String::new(),
        message: format!("{answers} answers come from one engine only: the second one gave up"),
        about: None,
    }
}

/// A report in the making.
struct Summary<'a> {
    run: &'a Run<'a>,
    sentence: fn(&Finding, Option<&[String]>) -> String,
    locator: Locator<'a>,
    evidence: Evidence<'a>,
    standards: Vec<StandardRow>,
    results: ResultCounts,
    policies: PolicyCounts,
    internal: Vec<String>,
    findings: Vec<Entry>,
    proofs: Vec<ProofRow>,
    readings: Vec<Remark>,
    hint_source: bool,
    unconfirmed: usize,
    holders: BTreeMap<(&'a str, &'a str), &'a Origin>,
    /// Documents by input and address, where statements are looked up in code.
    documents: BTreeMap<(&'a str, &'a str), &'a PolicyDocument>,
}

impl<'a> Summary<'a> {
    /// Counts each policy once: its answers follow each other.
    fn count_policy(&mut self, outcome: &Outcome, last_checked: &mut Option<(usize, usize)>) {
        match outcome {
            Outcome::Answer { input, policy, .. } => {
                if last_checked.replace((*input, *policy)) != Some((*input, *policy)) {
                    self.policies.checked += 1;
                }
            }
            Outcome::NotApplicable => self.policies.not_applicable += 1,
            Outcome::Composed => self.policies.checked += 1,
            Outcome::Invalid { .. } => self.policies.invalid += 1,
            Outcome::Gap { .. } => self.policies.undecided += 1,
            Outcome::Change { .. } | Outcome::Principal { .. } => {}
        }
    }

    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::NotApplicable | Outcome::Composed => {}
            Outcome::Answer {
                input,
                policy,
                standard,
                verdict,
            } => {
                let judged = self
                    .extraction(*input)
                    .and_then(|found| found.policies.get(*policy));
                self.answer(*input, judged.map(Judged::Policy), *standard, verdict);
            }
            Outcome::Principal {
                input,
                principal,
                standard,
                verdict,
            } => {
                let judged = self
                    .extraction(*input)
                    .and_then(|found| found.principals.get(*principal));
                self.answer(*input, judged.map(Judged::Principal), *standard, verdict);
            }
            Outcome::Invalid {
                input,
                policy,
                standards,
            } => {
                for standard in standards {
                    self.tally(*standard, |row| row.matched += 1);
                }
                self.invalid(*input, *policy);
            }
            Outcome::Gap {
                input,
                gap,
                standards,
            } => {
                for standard in standards {
                    self.tally(*standard, |row| {
                        row.matched += 1;
                        row.undecided += 1;
                    });
                }
                self.gap(*input, *gap);
            }
            Outcome::Change {
                input,
                change,
                standard,
                undecided,
            } => {
                self.tally(*standard, |row| {
                    row.matched += 1;
                    row.undecided += 1;
                });
                self.change(*input, *change, *standard, undecided);
            }
        }
    }

    fn extraction(&self, input: usize) -> Option<&'a Extraction> {
        self.run.inputs.get(input).map(|scanned| &scanned.extraction)
    }

    fn tally(&mut self, standard: usize, count: impl FnOnce(&mut StandardRow)) {
        if let Some(row) = self.standards.get_mut(standard) {
            count(row);
        }
    }

    fn answer(
        &mut self,
        input: usize,
        judged: Option<Judged<'a>>,
        standard: usize,
        verdict: &check::Verdict,
    ) {
        let run = self.run;
        let Some(scanned) = run.inputs.get(input) else {
            return;
        };
        let Some(judged) = judged else {
            return;
        };
        let Some(demand) = run.standards.standards.get(standard) else {
            return;
        };
        self.tally(standard, |row| row.matched += 1);
        match verdict {
            check::Verdict::Pass(proof) => {
                self.unconfirmed += usize::from(proof.unconfirmed);
                self.passed(scanned, judged, demand, proof);
                self.results.pass += 1;
                self.tally(standard, |row| row.pass += 1);
            }
            check::Verdict::Fail(finding) => {
                self.unconfirmed += usize::from(finding.unconfirmed);
                self.results.fail += 1;
                self.tally(standard, |row| row.fail += 1);
                let shown = if judged.is_sensitive() {
                    redacted(finding)
                } else {
                    (**finding).clone()
                };
                let base = self.base(scanned, judged, demand);
                let snippet = self.violation_source(scanned, judged, &demand.check, &shown);
                let statements = self.statements(scanned, judged, &shown);
                let told = shown.statements.first().map_or_else(String::new, told_statement);
                let more = judged.rebuilt(finding) + &judged.changes(&demand.check);
                self.findings.push(Entry {
                    verdict: Verdict::Fail,
                    statements,
                    message: format!("{}{more}", (self.sentence)(&shown, judged.holders())),
                    fingerprint: fingerprint(&demand.id, &judged.origin().address, &told),
                    counterexample: Some(shown.counterexample),
                    assumes: shown.assumes,
                    denies: shown.denies,
                    realistic: Some(shown.realistic),
                    readings: shown.readings,
                    regions: shown.regions,
                    change: shown.change,
                    snippet,
                    solver: Some(shown.solver),
                    ..base
                });
            }
            check::Verdict::Noted(notes) => {
                self.results.fail += notes.len();
                self.tally(standard, |row| row.fail += 1);
                for note in notes {
                    let base = self.base(scanned, judged, demand);
                    let entry = self.noted(scanned, judged, note, base);
                    self.findings.push(entry);
                }
            }
            check::Verdict::Undecided(undecided) => {
                self.results.undecided += 1;
                self.tally(standard, |row| row.undecided += 1);
                let base = self.base(scanned, judged, demand);
                self.findings.push(Entry {
                    message: undecided.message.clone(),
                    reason: Some(undecided.id),
                    holes: undecided.holes.clone(),
                    ..base
                });
            }
            check::Verdict::Error(Invalid { message, .. }) => {
                self.results.error += 1;
                let base = self.base(scanned, judged, demand);
                self.findings.push(Entry {
                    verdict: Verdict::Error,
                    message: message.clone(),
                    ..base
                });
            }
            check::Verdict::Internal(message) => {
                self.results.undecided += 1;
                self.tally(standard, |row| row.undecided += 1);
                self.internal
                    .push(format!("{}: {}: {message}", judged.origin().address, demand.id));
                let base = self.base(scanned, judged, demand);
                self.findings.push(Entry {
                    message: format!("internal error: {message}"),
                    reason: Some("internal-error"),
                    ..base
                });
            }
        }
    }

    /// What is said of a PASS: the axioms it rests on, and the readings.
    fn passed(&mut self, scanned: &ScannedInput, judged: Judged<'_>, standard: &Standard, proof: &Proof) {
        let origin = judged.origin();
        if let Judged::Principal(principal) = judged
            && principal.open
        {
            self.readings.push(open(principal, standard));
        }
        if !proof.axioms.is_empty() {
            self.proofs.push(ProofRow {
                standard: standard.id.clone(),
                input: scanned.name.clone(),
                address: origin.address.clone(),
                axioms: proof.axioms.clone(),
            });
        }
        // What lint says too, it says with the statement.
        let is_lint = |id: &str| rule(id).is_some_and(|rule| rule.group == Group::Lint);
        for note in proof.notes.iter().filter(|note| !is_lint(note.id)) {
            let message = format!("{}: {}", standard.id, note.message);
            let about = About {
                severity: Severity::Low,
                statement: None,
                location: self.location(scanned, origin),
                fingerprint: fingerprint(note.id, &origin.address, &standard.id),
                evidence: evidence_of_reason(&message, note.id),
            };
            self.readings.push(Remark {
                id: note.id.to_string(),
                address: origin.address.clone(),
                message,
                about: Some(about),
            });
        }
    }

    /// An UNDECIDED about what was judged and a standard, to be completed.
    fn base(&mut self, scanned: &ScannedInput, judged: Judged<'a>, standard: &'a Standard) -> Entry {
        let origin = judged.origin();
        Entry {
            standard: standard.id.clone(),
            severity: standard.severity,
            open: judged.is_open(&scanned.extraction.principals),
            attachments: self.attachments(scanned, judged),
            snippet: self.plain_source(scanned, (judged.origin(), judged.is_sensitive()), None),
            fingerprint: fingerprint(&standard.id, &origin.address, ""),
            evidence: judged.evidence(&mut self.evidence, standard),
            ..self.blank(scanned, origin, Some(judged.kind()))
        }
    }

    /// An UNDECIDED about an origin and no standard, to be completed.
    fn blank(&mut self, scanned: &ScannedInput, origin: &Origin, kind: Option<PolicyKind>) -> Entry {
        Entry {
            standard: UNDECIDED_RULE.to_string(),
            severity: Severity::Medium,
            verdict: Verdict::Undecided,
            input: scanned.name.clone(),
            address: origin.address.clone(),
            name: scanned.extraction.name_of(&origin.address).cloned(),
            resource_type: origin.resource_type.clone(),
            kind,
            location: self.location(scanned, origin),
            statements: Vec::new(),
            message: String::new(),
            reason: None,
            holes: Vec::new(),
            counterexample: None,
            assumes: Vec::new(),
            denies: Vec::new(),
            realistic: None,
            readings: Vec::new(),
            regions: None,
            change: None,
            snippet: None,
            attachments: Vec::new(),
            solver: None,
            open: false,
            fingerprint: fingerprint(UNDECIDED_RULE, &origin.address, ""),
            evidence: String::new(),
        }
    }

    fn invalid(&mut self, input: usize, policy: usize) {
        let Some(scanned) = self.run.inputs.get(input) else {
            return;
        };
        let Some(policy) = scanned.extraction.policies.get(policy) else {
            return;
        };
        let Err(invalid) = &policy.document else { return };
        self.results.error += 1;
        let blank = self.blank(scanned, &policy.origin, Some(policy.kind));
        let statement = invalid.statement.map(|index| EntryStatement {
            address: None,
            index,
            sid: None,
            location: self.statement_location(scanned, &policy.origin, index, None),
        });
        self.findings.push(Entry {
            standard: INVALID_RULE.to_string(),
            severity: Severity::High,
            verdict: Verdict::Error,
            statements: statement.into_iter().collect(),
            snippet: self.plain_source(scanned, (&policy.origin, policy.sensitive), invalid.statement),
            message: invalid.message.clone(),
            fingerprint: fingerprint(INVALID_RULE, &policy.origin.address, ""),
            evidence: self.evidence.of(policy, None),
            ..blank
        });
    }

    fn gap(&mut self, input: usize, gap: usize) {
        let Some(scanned) = self.run.inputs.get(input) else {
            return;
        };
        let Some(Gap { origin, reason, kind }) = scanned.extraction.gaps.get(gap) else {
            return;
        };
        self.results.undecided += 1;
        let (id, message) = told(reason);
        let blank = self.blank(scanned, origin, *kind);
        self.findings.push(Entry {
            evidence: evidence_of_reason(&message, UNDECIDED_RULE),
            message,
            reason: Some(id),
            ..blank
        });
    }

    fn change(&mut self, input: usize, change: usize, standard: usize, undecided: &Undecided) {
        let Some(scanned) = self.run.inputs.get(input) else {
            return;
        };
        let Some(IdentityChange { origin, kind, .. }) = scanned.extraction.changes.get(change) else {
            return;
        };
        let Some(standard) = self.run.standards.standards.get(standard) else {
            return;
        };
        self.results.undecided += 1;
        let blank = self.blank(scanned, origin, Some(*kind));
        self.findings.push(Entry {
            standard: standard.id.clone(),
            severity: standard.severity,
            message: undecided.message.clone(),
            reason: Some(undecided.id),
            holes: undecided.holes.clone(),
            fingerprint: fingerprint(&standard.id, &origin.address, ""),
            evidence: evidence_of_reason(&undecided.message, &standard.id),
            ..blank
        });
    }
}

/// Why a gap could not be read, in words.
pub fn gap_reason(reason: &GapReason) -> String {
    told(reason).1.to_string()
}

/// The stable id and the words of a gap.
pub(super) fn told(reason: &GapReason) -> (&'static str, String) {
    match reason {
        GapReason::UnknownUntilApply(on) => (
            "unknown-until-apply",
            format!("not known before it is deployed: depends on {on}"),
        ),
        GapReason::UnknownManagedPolicy(policy) => (
            "unknown-managed-policy",
            format!("the managed policy `{policy}` is neither in the input nor in the catalog"),
        ),
        GapReason::Unsupported(message) => ("unsupported", message.clone()),
        GapReason::UnknownType(message) => ("unknown-type", message.clone()),
        GapReason::UnexpectedShape(message) => ("unexpected-shape", message.clone()),
        GapReason::Incomplete(message) => ("incomplete", message.clone()),
    }
}
