//! GitLab Code Quality: one list of issues. An input that could not be read is an issue too: the list has no other place
//! for it.

use std::io::{self, Write};

use serde::Serialize;

use crate::check::Severity;

use super::fingerprint::hash;
use super::groups::{Group, NoteGroup, groups, note_groups, with_instances};
use super::json::write_json;
use super::write::single_line;
use super::{Location, Report, Verdict};

/// Characters of a description.
const DESCRIPTION: usize = 1_000;

/// An issue as GitLab reads it.
#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let lost = report.errors.iter().chain(&report.internal);
    let issues: Vec<Issue> = lost
        .map(|message| of_run("not-scanned", "blocker", message))
        .chain(
            report
                .assumptions()
                .map(|note| of_run(&note.id, "info", &note.message)),
        )
        .chain(groups(&report.findings).iter().map(finding))
        .chain(note_groups(report).iter().map(note))
        .collect();
    write_json(&issues, out)
}

fn finding(group: &Group<'_>) -> Issue {
    let entry = group.first;
    let about = with_instances(&group.addresses);
    Issue {
        description: single_line(
            &format!(
                "{} {}: {about}: {}",
                entry.verdict.word(),
                entry.standard,
                entry.message
            ),
            DESCRIPTION,
        ),
        check_name: match entry.verdict {
            Verdict::Undecided => entry.rule().to_string(),
            Verdict::Fail | Verdict::Error => entry.standard.clone(),
        },
        fingerprint: fingerprint(&entry.fingerprint, entry.place()),
        severity: match (entry.verdict, entry.severity) {
            (Verdict::Undecided, _) | (Verdict::Fail, Severity::Medium) => "major",
            (Verdict::Error, _) | (Verdict::Fail, Severity::High) => "critical",
            (Verdict::Fail, Severity::Critical) => "blocker",
            (Verdict::Fail, Severity::Low) => "minor",
        },
        location: place(entry.place()),
    }
}

fn note(group: &NoteGroup<'_>) -> Issue {
    let about = with_instances(&group.addresses);
    Issue {
        description: single_line(&format!("{about}: {}", group.first.message), DESCRIPTION),
        check_name: group.first.id.clone(),
        fingerprint: fingerprint(&group.about.fingerprint, group.about.place()),
        severity: "info",
        location: place(group.about.place()),
    }
}

/// What is said of the run as a whole.
fn of_run(name: &str, severity: &'static str, message: &str) -> Issue {
    Issue {
        description: single_line(message, DESCRIPTION),
        check_name: name.to_string(),
        fingerprint: hash(&[name, message]),
        severity,
        location: Place {
            path: ".".to_string(),
            lines: Lines { begin: 1, end: 1 },
        },
    }
}

/// One for each issue: the same address may stand in several files.
fn fingerprint(finding: &str, place: &Location) -> String {
    hash(&[finding, &place.uri])
}

fn place(location: &Location) -> Place {
    Place {
        path: location.path(),
        lines: Lines {
            begin: location.region.start_line,
            end: location.region.end_line,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::json::tests::entry;

    #[test]
    fn issues_have_what_gitlab_requires() {
        let report = Report {
            findings: vec![entry(), entry()],
            errors: vec!["a.json: not JSON".to_string()],
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, &mut bytes).unwrap();
        let issues: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(issues.as_array().unwrap().len(), 2);
        assert_eq!(issues[0]["check_name"], "not-scanned");
        let issue = &issues[1];
        assert_eq!(issue["severity"], "blocker");
        assert_eq!(issue["check_name"], "no-public");
        assert_eq!(issue["location"]["path"], "infra/plan.json");
        assert_eq!(issue["location"]["lines"]["begin"], 7);
        assert_eq!(issue["fingerprint"].as_str().unwrap().len(), 64);
        assert!(
            issue["description"]
                .as_str()
                .unwrap()
                .contains("(and 1 more instance): anyone")
        );
    }
}
