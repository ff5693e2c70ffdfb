//! Reports: what a run found, and one file a format that prints it. A report decides nothing: verdicts come in, and are
//! counted, located, redacted and written.

mod advice;
mod diff;
mod document;
mod escape;
mod extracted;
mod fingerprint;
mod format;
mod full;
mod github;
mod gitlab;
mod groups;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod outcome;
mod place;
mod redact;
mod regions;
mod request;
mod sarif;
mod snippet;
mod summarise;
mod table;
mod terminal;
mod write;

use serde::Serialize;

use crate::check::{Change, MissedDeny, Regions, Severity};
use crate::extract::{PolicyKind, Runner};
use crate::iam::Request;
use crate::source::Region;

pub use diff::{DiffEntry, DiffReport, Difference, Sides};
pub use document::document_json;
pub use extracted::ExtractReport;
pub use fingerprint::{split_attribute, without_instance_keys};
pub use format::{Format, Look, write_report};
pub use json::write_json_line;
pub use outcome::{About, Outcome, PolicyNotes, Remark, Run, ScannedInput, Unchanged};
pub use regions::region_json;
pub use snippet::{Mark, Snippet};
pub use summarise::gap_reason;
pub use terminal::terminal_width;
pub use write::{Sanitised, Tint, single_line, write_atomically};

/// Everything a run found, ready to print. Findings are the answers other than PASS, in input order.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The inputs that were recognised, as users name them.
    pub inputs: Vec<String>,
    /// The standards file, as users name it.
    pub standards_name: String,
    /// The standards, in the order of their file, with their counts.
    pub standards: Vec<StandardRow>,
    /// Counts over policies.
    pub policies: PolicyCounts,
    /// Counts over answers.
    pub results: ResultCounts,
    /// Remarks that change no exit status.
    pub notes: Vec<Remark>,
    /// Answers PASS that rest on axioms.
    pub proofs: Vec<ProofRow>,
    /// What could not be read, recognised or parsed.
    pub errors: Vec<String>,
    /// Defects of keyaki that came up; each is a finding or an input that is lost.
    pub internal: Vec<String>,
    /// Uses that are not possible; nothing was scanned.
    pub usage: Vec<String>,
    /// The findings.
    pub findings: Vec<Entry>,
    /// What the runs of one repository are told apart by: the folder of the inputs, with a `/` at its end, or nothing.
    pub category: String,
    /// Whether `--source` would give better places.
    pub hint_source: bool,
}

/// A PASS that would not hold without some axioms about possible requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRow {
    /// The standard.
    pub standard: String,
    /// The input, as users name it.
    pub input: String,
    /// The address of the policy.
    pub address: String,
    /// The ids of the axioms.
    pub axioms: Vec<&'static str>,
}

/// One standard and its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardRow {
    /// Its id.
    pub id: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How bad a violation is.
    pub severity: Severity,
    /// The name of its check.
    pub check: &'static str,
    /// Policies in its scope, those that could not be read included.
    pub matched: usize,
    /// Of those, the ones that pass.
    pub pass: usize,
    /// The ones that fail.
    pub fail: usize,
    /// The ones that could not be decided or read.
    pub undecided: usize,
}

/// Counts over policies: `found` is the sum of all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyCounts {
    /// Everything that is or may hold a policy.
    pub found: usize,
    /// Asked of at least one standard.
    pub checked: usize,
    /// Could not be read, or only later.
    pub undecided: usize,
    /// Not valid.
    pub invalid: usize,
    /// Left out by an `ignore` entry.
    pub ignored: usize,
    /// Left out by `--changed-only`.
    pub unchanged: usize,
    /// Read, but in the scope of no standard.
    pub not_applicable: usize,
    /// Different ones among the checked: equal policies are decided once.
    pub distinct: usize,
}

/// Counts over answers: PASS, and one for each finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ResultCounts {
    /// Proved.
    pub pass: usize,
    /// Violated.
    pub fail: usize,
    /// Not decided.
    pub undecided: usize,
    /// Not valid.
    pub error: usize,
    /// Violations that a waiver accepts.
    pub waived: usize,
    /// Findings of the baseline.
    pub known: usize,
}

impl PolicyCounts {
    /// The counts in words.
    pub fn words(&self) -> String {
        let mut words = format!(
            "{} found, {} checked, {} undecided, {} invalid, {} ignored",
            self.found, self.checked, self.undecided, self.invalid, self.ignored
        );
        let others = [
            (self.unchanged, "unchanged"),
            (self.not_applicable, "in the scope of no standard"),
        ];
        for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
            words.push_str(&format!(", {count} {word}"));
        }
        words
    }
}

impl ResultCounts {
    /// The counts in words.
    pub fn words(&self) -> String {
        let mut words = format!(
            "{} pass, {} fail, {} undecided, {} error",
            self.pass, self.fail, self.undecided, self.error
        );
        for (count, word) in [(self.waived, "waived"), (self.known, "known")] {
            if count > 0 {
                words.push_str(&format!(", {count} {word}"));
            }
        }
        words
    }
}

/// The verdict of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A violation.
    Fail,
    /// Not decided.
    Undecided,
    /// Not valid.
    Error,
}

impl Verdict {
    /// The word in every format.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Fail => "FAIL",
            Verdict::Undecided => "UNDECIDED",
            Verdict::Error => "ERROR",
        }
    }
}

/// The rule of what could not be decided.
pub const UNDECIDED_RULE: &str = "undecided";
/// The rule of policies that are not valid.
pub const INVALID_RULE: &str = "invalid-policy";

/// One finding: an answer other than PASS.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The id of the standard; [`UNDECIDED_RULE`] or [`INVALID_RULE`] where no single standard is concerned.
    pub standard: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub verdict: Verdict,
    /// The input, as users name it.
    pub input: String,
    /// The address of the policy.
    pub address: String,
    /// What the tool that wrote the input calls its resource, where that is told: the construct path of the CDK.
    pub name: Option<String>,
    /// Its resource type; empty for a bare policy.
    pub resource_type: String,
    /// What it is, where that is known.
    pub kind: Option<PolicyKind>,
    /// Where it stands.
    pub location: Location,
    /// The guilty statements.
    pub statements: Vec<EntryStatement>,
    /// Who can do what on what, or why there is no answer.
    pub message: String,
    /// The stable id of the reason of an UNDECIDED.
    pub reason: Option<&'static str>,
    /// The unknown values an UNDECIDED depends on.
    pub holes: Vec<String>,
    /// The request that violates.
    pub counterexample: Option<Request>,
    /// What it assumes of unknown values: name and value.
    pub assumes: Vec<(String, String)>,
    /// Why each Deny does not apply to it.
    pub denies: Vec<MissedDeny>,
    /// Whether it is a request that AWS services know.
    pub realistic: Option<bool>,
    /// Rows of the ambiguity register (semantics.md 3.14) that it reads otherwise than by default.
    pub readings: Vec<&'static str>,
    /// What is allowed and must not be, where that was asked for.
    pub regions: Option<Regions>,
    /// A change that mends the policy, where one was asked for and found.
    pub change: Option<Change>,
    /// The source it is about, where that may be quoted: never the text of a plan, never of a sensitive policy.
    pub snippet: Option<Snippet>,
    /// Where what it is attached to stands: address and location.
    pub attachments: Vec<(String, Location)>,
    /// The engine that found it.
    pub solver: Option<&'static str>,
    /// Whether the policy is attached to a principal that the input does not fully define.
    pub open: bool,
    /// Stable name of the finding: 32 hexadecimal digits.
    pub fingerprint: String,
    /// Hash of what was judged: 64 hexadecimal digits.
    pub evidence: String,
}

impl Entry {
    /// The smallest place: that of the first guilty statement that has one.
    pub fn place(&self) -> &Location {
        self.statements
            .iter()
            .find_map(|statement| statement.location.as_ref())
            .unwrap_or(&self.location)
    }

    /// The rule of the finding: all that is undecided is one rule, all that is invalid another.
    pub fn rule(&self) -> &str {
        match self.verdict {
            Verdict::Fail => &self.standard,
            Verdict::Undecided => UNDECIDED_RULE,
            Verdict::Error => INVALID_RULE,
        }
    }
}

/// A guilty statement of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryStatement {
    /// The address of its document, where that is not the finding's own: the finding is about a principal.
    pub address: Option<String>,
    /// 0-based index in the document.
    pub index: usize,
    /// Its Sid.
    pub sid: Option<String>,
    /// Where it stands, where the file has it.
    pub location: Option<Location>,
}

/// A place for people and tools.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// A relative URI reference, percent-encoded.
    pub uri: String,
    /// Lines and columns.
    pub region: Region,
    /// What is to be added to the columns of start and end where they are counted in UTF-16 code units.
    pub surrogates: (usize, usize),
}

impl Location {
    /// The path of the file, not encoded.
    pub fn path(&self) -> String {
        place::decoded(&self.uri)
    }
}

/// What lets the exit status be lenient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitFlags {
    /// Undecided answers do not count.
    pub allow_undecided: bool,
    /// An input without policies counts as one that could not be read.
    pub require_policies: bool,
    /// Violations and undecided answers do not count.
    pub exit_zero: bool,
}

impl Report {
    /// Counts, locates and redacts what a run found. `run_tasks` runs the parts of the work.
    pub fn new(run: &Run<'_>, run_tasks: Runner<'_>) -> Report {
        summarise::summarise(run, crate::check::sentence, run_tasks)
    }

    /// What all answers rest on, which every format says.
    fn assumptions(&self) -> impl Iterator<Item = &Remark> {
        self.notes.iter().filter(|note| note.id == "defaults-assumed")
    }

    /// The exit status (interface.md): 2 when nothing was scanned, else by precedence 70, 3, 1, 4, 0.
    pub fn exit_status(&self, fail_on: Severity, flags: ExitFlags) -> u8 {
        let violated = |entry: &Entry| entry.verdict == Verdict::Fail && entry.severity >= fail_on;
        let unread = !self.errors.is_empty() || self.policies.invalid > 0 || self.results.error > 0;
        if !self.usage.is_empty() {
            2
        } else if !self.internal.is_empty() {
            70
        } else if unread || (flags.require_policies && self.policies.found == 0) {
            3
        } else if flags.exit_zero {
            0
        } else if self.findings.iter().any(violated) {
            1
        } else if !flags.allow_undecided && self.results.undecided + self.policies.undecided > 0 {
            4
        } else {
            0
        }
    }

    /// The standards that no policy was in the scope of.
    pub fn unmatched(&self) -> Vec<&str> {
        let unmatched = self.standards.iter().filter(|row| row.matched == 0);
        unmatched.map(|row| row.id.as_str()).collect()
    }

    /// What readers of that format do not get to see, if there is such.
    pub fn cut(&self, format: Format) -> Vec<String> {
        match format {
            Format::Sarif => sarif::cut(self),
            Format::Table
            | Format::Full
            | Format::Json
            | Format::Jsonl
            | Format::Markdown
            | Format::Junit
            | Format::Gitlab
            | Format::Github => Vec::new(),
        }
    }

    /// Why nothing was scanned; empty when it was.
    pub fn usage_errors(&self) -> &[String] {
        &self.usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(verdict: Verdict, severity: Severity) -> Entry {
        Entry {
            verdict,
            severity,
            ..json::tests::entry()
        }
    }

    fn check(findings: Vec<Entry>, flags: ExitFlags, expected: u8) {
        let mut report = Report {
            findings,
            ..Report::default()
        };
        report.results.undecided = report
            .findings
            .iter()
            .filter(|entry| entry.verdict == Verdict::Undecided)
            .count();
        report.results.error = report
            .findings
            .iter()
            .filter(|entry| entry.verdict == Verdict::Error)
            .count();
        assert_eq!(report.exit_status(Severity::Medium, flags), expected);
    }

    #[test]
    fn exit_statuses_follow_the_precedence() {
        let none = ExitFlags::default();
        let zero = ExitFlags {
            exit_zero: true,
            ..none
        };
        let lenient = ExitFlags {
            allow_undecided: true,
            ..none
        };
        let strict = ExitFlags {
            require_policies: true,
            ..none
        };
        let fail = || entry(Verdict::Fail, Severity::Medium);
        let open = || entry(Verdict::Undecided, Severity::Low);
        let error = || entry(Verdict::Error, Severity::High);
        check(vec![], none, 0);
        check(vec![], strict, 3);
        check(vec![entry(Verdict::Fail, Severity::Low)], none, 0);
        check(vec![fail()], none, 1);
        check(vec![fail(), open()], none, 1);
        check(vec![open()], none, 4);
        check(vec![open()], lenient, 0);
        check(vec![open(), fail()], zero, 0);
        check(vec![open(), fail(), error()], none, 3);
        check(vec![error()], zero, 3);
    }

    #[test]
    fn lost_inputs_and_defects_cannot_be_switched_off() {
        let all = ExitFlags {
            allow_undecided: true,
            require_policies: false,
            exit_zero: true,
        };
        let lost = Report {
            errors: vec!["a: b".to_string()],
            ..Report::default()
        };
        assert_eq!(lost.exit_status(Severity::Critical, all), 3);
        let defect = Report {
            internal: vec!["c".to_string()],
            ..lost
        };
        assert_eq!(defect.exit_status(Severity::Critical, all), 70);
        let misuse = Report {
            usage: vec!["d".to_string()],
            ..defect
        };
        assert_eq!(misuse.exit_status(Severity::Critical, all), 2);
    }
}
