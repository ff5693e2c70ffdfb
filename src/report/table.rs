//! The report for people: a table of what does not pass, a sentence and a request for each, totals last.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Row, Table, presets};

use crate::iam::{Principal, Request};

use super::advice::advice;
use super::write::{Sanitised, Tint, single_line};
use super::{Entry, Report, Verdict};

/// Columns of a table that does not go to a terminal.
const WIDTH: u16 = 120;
/// Characters of a name in a cell; names of 20 kB exist.
const NAME: usize = 160;
/// Characters of a sentence.
const SENTENCE: usize = 2_000;
/// How many notes are printed.
const NOTES: usize = 20;

/// Writes the report; `color` as the command line says.
pub(super) fn write(report: &Report, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Painted {
        out: Sanitised::new(out),
        color,
    };
    if !report.findings.is_empty() {
        write_overview(report, &mut out)?;
        for entry in &report.findings {
            write_finding(entry, &mut out)?;
        }
    }
    for error in &report.errors {
        out.tinted(Tint::Red, "error")?;
        out.line(&format!(": {}", single_line(error, SENTENCE)))?;
    }
    for defect in &report.internal {
        out.tinted(Tint::Red, "internal error")?;
        out.line(&format!(": {}", single_line(defect, SENTENCE)))?;
    }
    write_notes(report, &mut out)?;
    write_standards(report, &mut out)?;
    write_totals(report, &mut out)
}

/// The sanitising writer, with colours or without.
struct Painted<'a> {
    out: Sanitised<&'a mut dyn Write>,
    color: bool,
}

impl Painted<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    fn tinted(&mut self, tint: Tint, text: &str) -> io::Result<()> {
        if self.color {
            self.out.tinted(tint, text)
        } else {
            write!(self.out, "{text}")
        }
    }
}

fn tint(verdict: Verdict) -> Tint {
    match verdict {
        Verdict::Fail | Verdict::Error => Tint::Red,
        Verdict::Undecided => Tint::Yellow,
    }
}

fn write_overview(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    let mut table = table(&[
        "VERDICT",
        "STANDARD",
        "SEVERITY",
        "ADDRESS",
        "STATEMENT",
        "LOCATION",
    ]);
    for entry in &report.findings {
        let place = entry
            .statements
            .iter()
            .find_map(|statement| statement.location.as_ref())
            .unwrap_or(&entry.location);
        let mut row = Row::from(vec![
            entry.verdict.word().to_string(),
            entry.standard.clone(),
            entry.severity.word().to_string(),
            single_line(&entry.address, NAME),
            statements(entry),
            single_line(&format!("{}:{}", place.uri, place.region.start_line), NAME),
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
    out.line("")
}

/// An empty table, as wide as the terminal.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.to_vec());
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_truncation_indicator("…");
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table
}

fn statements(entry: &Entry) -> String {
    let named = entry.statements.iter().map(|statement| match &statement.sid {
        Some(sid) => format!("{} {}", statement.index, single_line(sid, NAME)),
        None => statement.index.to_string(),
    });
    named.collect::<Vec<_>>().join(", ")
}

fn write_finding(entry: &Entry, out: &mut Painted<'_>) -> io::Result<()> {
    out.tinted(tint(entry.verdict), entry.verdict.word())?;
    out.line(&format!(
        " {} {}",
        entry.standard,
        single_line(&entry.address, NAME)
    ))?;
    out.line(&format!("  {}", single_line(&entry.message, SENTENCE)))?;
    if let Some(advice) = advice(entry) {
        out.line(&format!("  to decide it: {advice}"))?;
    }
    if !entry.holes.iter().all(|hole| entry.message.contains(hole)) {
        out.line(&format!(
            "  depends on: {}",
            single_line(&entry.holes.join(", "), SENTENCE)
        ))?;
    }
    if let Some(request) = &entry.counterexample {
        write_request(request, out)?;
        if entry.realistic == Some(false) {
            out.line("  no AWS service knows such a request")?;
        }
    }
    for row in &entry.readings {
        out.line(&format!(
            "  depends on how row {row} of the ambiguity register is read"
        ))?;
    }
    for (name, value) in &entry.assumes {
        out.line(&format!(
            "  assumes: {} is `{}`",
            single_line(name, NAME),
            single_line(value, NAME)
        ))?;
    }
    for deny in &entry.denies {
        let sid = deny
            .sid
            .as_ref()
            .map_or_else(String::new, |sid| format!(" \"{}\"", single_line(sid, NAME)));
        let why = single_line(&deny.why, SENTENCE);
        out.line(&format!(
            "  deny in statement {}{sid} does not apply: {why}",
            deny.index
        ))?;
    }
    out.line("")
}

fn write_request(request: &Request, out: &mut Painted<'_>) -> io::Result<()> {
    out.line("  example request:")?;
    let principal = principal_text(&request.principal);
    let parts = [
        ("principal", &principal),
        ("action", &request.action),
        ("resource", &request.resource),
    ];
    for (name, value) in parts {
        out.line(&format!("    {name:<9} {}", single_line(value, SENTENCE)))?;
    }
    for (key, values) in &request.context {
        let values: Vec<String> = values.iter().map(|value| single_line(value, NAME)).collect();
        out.line(&format!(
            "    {} = {}",
            single_line(key.written(), NAME),
            values.join(", ")
        ))?;
    }
    Ok(())
}

/// A principal as people name it.
fn principal_text(principal: &Principal) -> String {
    match principal {
        Principal::Anonymous => "anonymous".to_string(),
        Principal::Root { .. }
        | Principal::User { .. }
        | Principal::RoleSession { .. }
        | Principal::FederatedUser { .. } => principal.caller_arn().unwrap_or_default(),
        Principal::Service(name) | Principal::Federated(name) | Principal::Canonical(name) => name.clone(),
    }
}

fn write_notes(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    for note in report.notes.iter().take(NOTES) {
        let address = if note.address.is_empty() {
            String::new()
        } else {
            format!("{}: ", single_line(&note.address, NAME))
        };
        out.line(&format!(
            "note: {address}{} ({})",
            single_line(&note.message, SENTENCE),
            note.id
        ))?;
    }
    if report.notes.len() > NOTES {
        out.line(&format!(
            "note: {} more notes in the JSON report",
            report.notes.len() - NOTES
        ))?;
    }
    if report.notes.is_empty() {
        Ok(())
    } else {
        out.line("")
    }
}

fn write_standards(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    if report.standards.is_empty() {
        return Ok(());
    }
    let mut table = table(&["STANDARD", "SEVERITY", "MATCHED", "PASS", "FAIL", "UNDECIDED"]);
    for row in &report.standards {
        table.add_row(vec![
            row.id.clone(),
            row.severity.word().to_string(),
            row.matched.to_string(),
            row.pass.to_string(),
            row.fail.to_string(),
            row.undecided.to_string(),
        ]);
    }
    for line in table.lines() {
        out.line(line.trim_end())?;
    }
    let unmatched: Vec<&str> = report
        .standards
        .iter()
        .filter(|row| row.matched == 0)
        .map(|row| row.id.as_str())
        .collect();
    if report.policies.found > 0 && !unmatched.is_empty() {
        out.line(&format!(
            "matched nothing, check the `scope`: {}",
            single_line(&unmatched.join(", "), SENTENCE)
        ))?;
    }
    out.line("")
}

fn write_totals(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    let (policies, results) = (&report.policies, &report.results);
    if policies.found == 0 {
        out.tinted(Tint::Yellow, "0 policies found: nothing was checked")?;
        out.line("")?;
    }
    let mut counts = vec![
        format!("{} found", policies.found),
        format!("{} checked", policies.checked),
        format!("{} undecided", policies.undecided),
        format!("{} invalid", policies.invalid),
        format!("{} ignored", policies.ignored),
    ];
    if policies.unchanged > 0 {
        counts.push(format!("{} unchanged", policies.unchanged));
    }
    if policies.not_applicable > 0 {
        counts.push(format!("{} in the scope of no standard", policies.not_applicable));
    }
    let mut answers = vec![
        format!("{} pass", results.pass),
        format!("{} fail", results.fail),
        format!("{} undecided", results.undecided),
        format!("{} error", results.error),
    ];
    for (count, word) in [(results.waived, "waived"), (results.known, "known")] {
        if count > 0 {
            answers.push(format!("{count} {word}"));
        }
    }
    let well = results.fail + results.undecided + results.error == 0 && report.errors.is_empty();
    out.tinted(if well { Tint::Green } else { Tint::Bold }, "policies:")?;
    out.line(&format!(
        " {} · results: {}",
        counts.join(", "),
        answers.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;
    use crate::report::{PolicyCounts, ResultCounts};

    fn printed(report: &Report, color: bool) -> String {
        let mut bytes = Vec::new();
        write(report, color, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn sessions_name_their_role_without_its_path() {
        let [partition, account, path, session] = ["aws", "111122223333", "team/r", "s"].map(str::to_string);
        let principal = Principal::RoleSession {
            partition,
            account,
            path,
            session,
        };
        assert_eq!(
            principal_text(&principal),
            "arn:aws:sts::111122223333:assumed-role/r/s"
        );
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
