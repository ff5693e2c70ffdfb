//! Workflow commands of GitHub Actions: an annotation at the line of each finding. The only format in which lines begin
//! with `::`, and only our own do.

use std::io::{self, Write};

use crate::check::Severity;

use super::escape::{command_data, command_property};
use super::groups::{groups, note_groups, with_instances};
use super::write::Sanitised;
use super::{Location, Report, Verdict};

/// Characters of a message.
const MESSAGE: usize = 2_000;
/// Characters of a path or title.
const NAME: usize = 500;

/// Writes the report: the most severe first, since GitHub shows ten annotations of a kind for each step; totals last.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for error in &report.errors {
        command("error", None, "keyaki: not scanned", error, out)?;
    }
    for defect in &report.internal {
        command("error", None, "keyaki: internal error", defect, out)?;
    }
    for note in report.assumptions() {
        command("notice", None, &note.id, &note.message, out)?;
    }
    for group in groups(&report.findings) {
        let entry = group.first;
        let level = match (entry.verdict, entry.severity) {
            (Verdict::Error, _) | (Verdict::Fail, Severity::High | Severity::Critical) => "error",
            (Verdict::Undecided, _) | (Verdict::Fail, Severity::Medium) => "warning",
            (Verdict::Fail, Severity::Low) => "notice",
        };
        let title = format!("{} {}", entry.verdict.word(), entry.standard);
        let message = format!("{}: {}", with_instances(&group.addresses), entry.message);
        command(level, Some(entry.place()), &title, &message, out)?;
    }
    for group in note_groups(report) {
        let message = format!("{}: {}", with_instances(&group.addresses), group.first.message);
        command(
            "notice",
            Some(group.about.place()),
            &group.first.id,
            &message,
            out,
        )?;
    }
    writeln!(
        Sanitised::new(out),
        "policies: {} · results: {}",
        report.policies.words(),
        report.results.words()
    )
}

fn command(
    level: &str,
    place: Option<&Location>,
    title: &str,
    message: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "::{level} ")?;
    // The command has begun: what follows is in the middle of its line.
    let mut line = Sanitised::within_line(out);
    if let Some(place) = place {
        let region = place.region;
        write!(
            line,
            "file={},line={},endLine={},",
            command_property(&place.path(), NAME),
            region.start_line,
            region.end_line
        )?;
        if region.start_line == region.end_line {
            write!(
                line,
                "col={},endColumn={},",
                region.start_column, region.end_column
            )?;
        }
    }
    writeln!(
        line,
        "title={}::{}",
        command_property(title, NAME),
        command_data(message, MESSAGE)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Entry;
    use crate::report::json::tests::entry;

    #[test]
    fn each_alert_is_one_command() {
        let hostile = Entry {
            message: "x\n::add-mask::y ##[group]100%\u{1b}".to_string(),
            severity: Severity::Low,
            location: Location {
                uri: "a%2Cb%0A%3A%3Ax.tf".to_string(),
                ..entry().location
            },
            statements: vec![],
            ..entry()
        };
        let report = Report {
            findings: vec![hostile, entry()],
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[0].starts_with("::error file=infra/plan.json,line=7,endLine=8,title=FAIL no-public::"),
            "{text}"
        );
        assert_eq!(
            lines[1],
            "::notice file=a%2Cb\\u{a}%3A%3Ax.tf,line=4,endLine=5,title=FAIL no-public::\
             aws_s3_bucket_policy.b[\"x\"]: x\\u{a}::add-mask::y ##\\u{5b}group]100%25\\u{1b}"
        );
        assert!(lines[2].starts_with("policies: "), "{text}");
    }
}
