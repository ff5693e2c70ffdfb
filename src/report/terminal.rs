//! What the formats for terminals share: the sanitising writer with colours and links, tables, and the parts of a finding.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

use super::advice::advice;
use super::format::Look;
use super::request::request_rows;
use super::write::{Sanitised, Tint, single_line};
use super::{Entry, Location, Report, Verdict};

/// Characters of a name in a cell; names of 20 kB exist.
pub(super) const NAME: usize = 160;
/// Characters of a sentence.
pub(super) const SENTENCE: usize = 2_000;
/// How many notes are printed.
const NOTES: usize = 20;

/// How many columns the terminal of standard output has, where it is one.
pub fn terminal_width() -> Option<u16> {
    Table::new().width()
}

/// The sanitising writer, with colours and links or without.
pub(super) struct Painted<'a> {
    pub(super) out: Sanitised<&'a mut dyn Write>,
    look: &'a Look,
}

impl<'a> Painted<'a> {
    /// A writer to `out`.
    pub(super) fn new(look: &'a Look, out: &'a mut dyn Write) -> Painted<'a> {
        Painted {
            out: Sanitised::new(out),
            look,
        }
    }

    /// Writes text and ends the line.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Writes text, in a colour where there are colours.
    pub(super) fn tinted(&mut self, tint: Tint, text: &str) -> io::Result<()> {
        if self.look.color {
            self.out.tinted(tint, text)
        } else {
            write!(self.out, "{text}")
        }
    }

    /// Writes where something is, as a link where there are links.
    pub(super) fn place(&mut self, location: &Location) -> io::Result<()> {
        let text = location_text(location);
        match &self.look.terminal_links {
            Some(base) => self.out.linked(&format!("{base}{}", location.uri), &text),
            None => write!(self.out, "{text}"),
        }
    }

    /// An empty table, as wide as a line.
    pub(super) fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(header.to_vec());
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_truncation_indicator("…");
        table.set_width(self.look.width);
        table
    }
}

/// Where something is, with its line.
pub(super) fn location_text(location: &Location) -> String {
    single_line(&format!("{}:{}", location.uri, location.region.start_line), NAME)
}

/// The colour of a verdict.
pub(super) fn tint(verdict: Verdict) -> Tint {
    match verdict {
        Verdict::Fail | Verdict::Error => Tint::Red,
        Verdict::Undecided => Tint::Yellow,
    }
}

/// What a finding says: a sentence, what to do where it is not decided, the request, and what that rests on.
pub(super) fn write_details(entry: &Entry, out: &mut Painted<'_>) -> io::Result<()> {
    out.line(&format!("  {}", single_line(&entry.message, SENTENCE)))?;
    if let Some(advice) = advice(entry) {
        let reason = entry
            .reason
            .map_or_else(String::new, |reason| format!(" ({reason})"));
        out.line(&format!("  to decide it: {advice}{reason}"))?;
    }
    if !entry.holes.iter().all(|hole| entry.message.contains(hole)) {
        out.line(&format!(
            "  depends on: {}",
            single_line(&entry.holes.join(", "), SENTENCE)
        ))?;
    }
    if let Some(request) = &entry.counterexample {
        out.line("  example request:")?;
        for (name, value) in request_rows(request) {
            let value = single_line(&value, SENTENCE);
            out.line(&format!("    {:<9} {value}", single_line(&name, NAME)))?;
        }
        if entry.realistic == Some(false) {
            out.line("  no AWS service knows such a request")?;
        }
    }
    for row in &entry.readings {
        out.line(&format!(
            "  depends on how row {row} of the ambiguity register is read (keyaki explain {row})"
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
    Ok(())
}

/// What could not be read, and defects.
pub(super) fn write_errors(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    for error in &report.errors {
        out.tinted(Tint::Red, "error")?;
        out.line(&format!(": {}", single_line(error, SENTENCE)))?;
    }
    for defect in &report.internal {
        out.tinted(Tint::Red, "internal error")?;
        out.line(&format!(": {}", single_line(defect, SENTENCE)))?;
    }
    Ok(())
}

/// The end of a report: notes and standards unless it is brief, totals last.
pub(super) fn write_end(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    if !out.look.brief {
        write_notes(report, out)?;
        write_standards(report, out)?;
    }
    write_totals(report, out)
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
    let mut table = out.table(&["STANDARD", "SEVERITY", "MATCHED", "PASS", "FAIL", "UNDECIDED"]);
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
    let unmatched = report.unmatched();
    if report.policies.found > 0 && !unmatched.is_empty() {
        out.line(&format!(
            "matched nothing, check the `scope`: {}",
            single_line(&unmatched.join(", "), SENTENCE)
        ))?;
    }
    out.line("")
}

fn write_totals(report: &Report, out: &mut Painted<'_>) -> io::Result<()> {
    if report.policies.found == 0 {
        out.tinted(Tint::Yellow, "0 policies found: nothing was checked")?;
        out.line("")?;
    }
    let results = &report.results;
    let well = results.fail + results.undecided + results.error == 0 && report.errors.is_empty();
    out.tinted(if well { Tint::Green } else { Tint::Bold }, "policies:")?;
    out.line(&format!(
        " {} · results: {}",
        report.policies.words(),
        results.words()
    ))
}
