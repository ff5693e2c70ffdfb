//! From the outcomes of a run to a report: counts, places, redaction, names.

mod judged;
mod notes;
mod part;
mod places;
mod snippets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::check::rules::{Group, rule};
use crate::check::{self, Finding, Proof, Severity, Standard, Undecided};
use crate::extract::{Extraction, Gap, GapReason, IdentityChange, Origin, PolicyKind, Runner};
use crate::iam::{Invalid, PolicyDocument};

use super::fingerprint::{Evidence, evidence_of_reason, fingerprint};
use super::outcome::{About, Outcome, PolicyNotes, Remark, Run, ScannedInput};
use super::place::{Locator, category};
use super::redact::redacted;
use super::{
    Entry, EntryStatement, INVALID_RULE, PolicyCounts, ProofRow, Report, StandardRow, UNDECIDED_RULE, Verdict,
};
use judged::{Judged, open, told_statement};
use part::{CHUNK, Part, count_policy, unconfirmed};

/// Makes the report. `sentence` says a violation in one sentence; it is given those who hold the policy. What the report
/// says does not depend on how `run_tasks` runs.
pub(super) fn summarise(
    run: &Run<'_>,
    sentence: fn(&Finding, Option<&[String]>) -> String,
    run_tasks: Runner<'_>,
) -> Report {
    let shared = Shared {
        run,
        sentence,
        locator: Locator::new(run.files, run.root),
        holders: places::holders(run),
        documents: run.source.map(|_| places::documents(run)).unwrap_or_default(),
    };
    let answers: Vec<&[Outcome]> = run.outcomes.chunks(CHUNK).collect();
    let noted: Vec<&[PolicyNotes]> = run.noted.chunks(CHUNK).collect();
    let parts: Vec<OnceLock<Part>> = (0..answers.len() + noted.len())
        .map(|_| OnceLock::new())
        .collect();
    let make = |at: usize| {
        let outcomes = answers.get(at).copied().unwrap_or_default();
        let noted = at.checked_sub(answers.len()).and_then(|at| noted.get(at));
        shared.part(outcomes, noted.copied().unwrap_or_default())
    };
    run_tasks(parts.len(), &|at| {
        if let Some(part) = parts.get(at) {
            part.get_or_init(|| make(at));
        }
    });
    let mut whole = Part::new(run);
    let made = || parts.iter().filter_map(OnceLock::get);
    whole
        .findings
        .reserve_exact(made().map(|part| part.findings.len()).sum());
    whole
        .remarks
        .reserve_exact(made().map(|part| part.remarks.len()).sum());
    for (at, part) in parts.into_iter().enumerate() {
        // A part that nobody made is made here: no answer may be lost.
        whole.append(part.into_inner().unwrap_or_else(|| make(at)));
    }
    let mut policies = PolicyCounts {
        distinct: run.distinct,
        ..PolicyCounts::default()
    };
    let mut last_checked = None;
    for outcome in run.outcomes {
        count_policy(outcome, &mut policies, &mut last_checked);
    }
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
    notes.append(&mut whole.readings);
    notes.append(&mut whole.remarks);
    if whole.unconfirmed > 0 {
        notes.push(unconfirmed(whole.unconfirmed));
    }
    Report {
        inputs: run.inputs.iter().map(|input| input.name.clone()).collect(),
        standards_name: run.standards.name.clone(),
        standards: whole.standards,
        policies,
        results: whole.results,
        notes,
        proofs: whole.proofs,
        errors: run.errors.to_vec(),
        internal: [run.internal, &whole.internal].concat(),
        usage: run.usage.to_vec(),
        findings: whole.findings,
        category: category(run.inputs.iter().map(|input| input.name.as_str()), run.root),
        hint_source: whole.hint_source,
    }
}

/// What all parts of a report are made with.
struct Shared<'a> {
    run: &'a Run<'a>,
    sentence: fn(&Finding, Option<&[String]>) -> String,
    locator: Locator<'a>,
    holders: BTreeMap<(&'a str, &'a str), &'a Origin>,
    /// Documents by input and address, where statements are looked up in code.
    documents: BTreeMap<(&'a str, &'a str), &'a PolicyDocument>,
}

impl Shared<'_> {
    fn part(&self, outcomes: &[Outcome], noted: &[PolicyNotes]) -> Part {
        let mut summary = Summary {
            run: self.run,
            shared: self,
            evidence: Evidence::default(),
            part: Part::new(self.run),
        };
        for outcome in outcomes {
            summary.add(outcome);
        }
        for noted in noted {
            let remarks = summary.remarks(noted);
            summary.part.remarks.extend(remarks);
        }
        summary.part
    }
}

/// A part of a report in the making.
struct Summary<'a> {
    run: &'a Run<'a>,
    shared: &'a Shared<'a>,
    evidence: Evidence<'a>,
    part: Part,
}

impl<'a> Summary<'a> {
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
        if let Some(row) = self.part.standards.get_mut(standard) {
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
                self.part.unconfirmed += usize::from(proof.unconfirmed);
                self.passed(scanned, judged, demand, proof);
                self.part.results.pass += 1;
                self.tally(standard, |row| row.pass += 1);
            }
            check::Verdict::Fail(finding) => {
                self.part.unconfirmed += usize::from(finding.unconfirmed);
                self.part.results.fail += 1;
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
                self.part.findings.push(Entry {
                    verdict: Verdict::Fail,
                    statements,
                    message: format!("{}{more}", (self.shared.sentence)(&shown, judged.holders())),
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
                self.part.results.fail += notes.len();
                self.tally(standard, |row| row.fail += 1);
                for note in notes {
                    let base = self.base(scanned, judged, demand);
                    let entry = self.noted(scanned, judged, note, base);
                    self.part.findings.push(entry);
                }
            }
            check::Verdict::Undecided(undecided) => {
                self.part.results.undecided += 1;
                self.tally(standard, |row| row.undecided += 1);
                let base = self.base(scanned, judged, demand);
                self.part.findings.push(Entry {
                    message: undecided.message.clone(),
                    reason: Some(undecided.id),
                    holes: undecided.holes.clone(),
                    ..base
                });
            }
            check::Verdict::Error(Invalid { message, .. }) => {
                self.part.results.error += 1;
                let base = self.base(scanned, judged, demand);
                self.part.findings.push(Entry {
                    verdict: Verdict::Error,
                    message: message.clone(),
                    ..base
                });
            }
            check::Verdict::Internal(message) => {
                self.part.results.undecided += 1;
                self.tally(standard, |row| row.undecided += 1);
                self.part
                    .internal
                    .push(format!("{}: {}: {message}", judged.origin().address, demand.id));
                let base = self.base(scanned, judged, demand);
                self.part.findings.push(Entry {
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
            self.part.readings.push(open(principal, standard));
        }
        if !proof.axioms.is_empty() {
            self.part.proofs.push(ProofRow {
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
            self.part.readings.push(Remark {
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
        self.part.results.error += 1;
        let blank = self.blank(scanned, &policy.origin, Some(policy.kind));
        let statement = invalid.statement.map(|index| EntryStatement {
            address: None,
            index,
            sid: None,
            location: self.statement_location(scanned, &policy.origin, index, None),
        });
        self.part.findings.push(Entry {
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
        self.part.results.undecided += 1;
        let (id, message) = told(reason);
        let blank = self.blank(scanned, origin, *kind);
        self.part.findings.push(Entry {
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
        self.part.results.undecided += 1;
        let blank = self.blank(scanned, origin, Some(*kind));
        self.part.findings.push(Entry {
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
