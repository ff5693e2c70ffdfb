//! The report for people: a table of what does not pass, a sentence and a request for each, totals last.

use std::io::{self, Write};

use comfy_table::Row;

use super::format::Look;
use super::terminal::{NAME, Painted, location_text, tint, write_details, write_end, write_errors};
use super::write::single_line;
use super::{Entry, Report, Verdict};

/// Writes the report; a brief one has no sentences.
pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Painted::new(look, out);
    if !report.findings.is_empty() {
        write_overview(report, &mut out)?;
        out.line("")?;
    }
    if !look.brief {
        for entry in &report.findings {
            write_finding(entry, &mut out)?;
        }
    }
    write_errors(report, &mut out)?;
    write_end(report, &mut out)
}

/// Writes the table of the findings.
pub(super) fn write_overview(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    let mut table = out.table(&[
        "VERDICT",
        "STANDARD",
        "SEVERITY",
        "ADDRESS",
        "STATEMENT",
        "LOCATION",
    ]);
    for entry in &report.findings {
        let mut row = Row::from(vec![
            entry.verdict.word().to_string(),
            entry.standard.clone(),
            entry.severity.word().to_string(),
            single_line(&entry.address, NAME),
            statements(entry),
            location_text(entry.place()),
        ]);
        row.max_height(4);
        table.add_row(row);
    }
    for line in table.lines() {
        let verdicts = [Verdict::Fail, Verdict::Undecided, Verdict::Error];
        let word = verdicts
            .into_iter()
            .find(|verdict| line.trim_start_matches(' ').starts_with(verdict.word()));
        match word.and_then(|verdict| Some((verdict, line.split_once(verdict.word())?))) {
            Some((verdict, (before, after))) => {
                write!(out.out, "{before}")?;
                out.tinted(tint(verdict), verdict.word())?;
                out.line(after.trim_end())?;
            }
            None => out.line(line.trim_end())?,
        }
    }
    Ok(())
}

/// The guilty statements: index and Sid of each.
pub(super) fn statements(entry: &Entry) -> String {
    let named = entry.statements.iter().map(|statement| match &statement.sid {
        Some(sid) => format!("{} {}", statement.index, single_line(sid, NAME)),
        None => statement.index.to_string(),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// What the resource is called elsewhere, after its address.
pub(super) fn beside(entry: &Entry) -> String {
    let name = entry.name.as_ref();
    name.map_or_else(String::new, |name| format!(" ({})", single_line(name, NAME)))
}

fn write_finding(entry: &Entry, out: &mut Painted<'_>) -> io::Result<()> {
    out.tinted(tint(entry.verdict), entry.verdict.word())?;
    out.line(&format!(
        " {} {}{}",
        entry.standard,
        single_line(&entry.address, NAME),
        beside(entry)
    ))?;
    write_details(entry, out)?;
    out.line("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;
    use crate::report::{PolicyCounts, ResultCounts};

    fn printed(report: &Report, color: bool) -> String {
        let mut bytes = Vec::new();
        let look = Look {
            color,
            ..Look::default()
        };
        write(report, &look, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn nothing_found_is_loud() {
        let text = printed(&Report::default(), false);
        assert!(
            text.starts_with("0 policies found: nothing was checked\n"),
            "{text}"
        );
        assert!(
            text.ends_with("results: 0 pass, 0 fail, 0 undecided, 0 error\n"),
            "{text}"
        );
    }

    #[test]
    fn findings_come_with_sentence_and_request() {
        let report = Report {
            findings: vec![entry()],
            policies: PolicyCounts {
                found: 1,
                checked: 1,
                ..PolicyCounts::default()
            },
            results: ResultCounts {
                fail: 1,
                ..ResultCounts::default()
            },
            ..Report::default()
        };
        let text = printed(&report, false);
        for part in [
            "VERDICT",
            "1 Public",
            "infra/plan.json:7",
            "\n  anyone can `s3:GetObject`",
            "\n    resource  arn:aws:s3:::b/k\n",
            "\n    aws:SecureTransport = true\n",
            "\n  assumes: parameter Bucket is `b`\n",
            "\npolicies: 1 found, 1 checked, 0 undecided, 0 invalid, 0 ignored · results: 0 pass, 1 fail,",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(printed(&report, true).contains("\u{1b}[31mFAIL\u{1b}[0m"));
    }

    #[test]
    fn long_names_are_cut() {
        let address = "module.x.".repeat(3_000);
        let text = printed(
            &Report {
                findings: vec![Entry { address, ..entry() }],
                ..Report::default()
            },
            false,
        );
        assert!(text.len() < 5_000, "{}", text.len());
        assert!(text.contains('…'));
    }
}
