//! The long report for people: each finding with its source, the request, why no Deny stops it, and the change that
//! mends it.

use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet as Shown};

use crate::check::{Change, Extent, Regions};
use crate::extract::PolicyKind;

use super::document::changed_statements;
use super::format::Look;
use super::table::beside;
use super::terminal::{NAME, Painted, SENTENCE, tint, write_details, write_end, write_errors};
use super::write::{Tint, is_unsafe, single_line};
use super::{Entry, Location, Report, Snippet, Verdict};

/// Lines of a statement that is put in the place of another.
const CHANGE_LINES: usize = 60;

/// Writes the report.
pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Painted::new(look, out);
    for entry in &report.findings {
        write_finding(entry, look, &mut out)?;
    }
    write_errors(report, &mut out)?;
    write_end(report, &mut out)
}

fn write_finding(entry: &Entry, look: &Look, out: &mut Painted<'_>) -> io::Result<()> {
    out.tinted(tint(entry.verdict), entry.verdict.word())?;
    write!(out.out, " {} ({}) ", entry.standard, entry.severity.word())?;
    out.tinted(Tint::Bold, &single_line(&entry.address, NAME))?;
    out.line(&beside(entry))?;
    write!(out.out, "  --> ")?;
    out.place(&guilty_place(entry))?;
    out.line("")?;
    if let Some(snippet) = &entry.snippet {
        out.out.styled(&drawn(snippet, entry.verdict, look))?;
        out.line("")?;
    }
    out.line("")?;
    write_details(entry, out)?;
    if let Some(regions) = &entry.regions {
        write_regions(regions, out)?;
    }
    if let Some(change) = &entry.change {
        write_change(change, entry.kind, out)?;
    }
    out.line("")
}

/// The place of the finding, at the line of what is to blame.
fn guilty_place(entry: &Entry) -> Location {
    let mut place = entry.place().clone();
    if let Some(snippet) = &entry.snippet {
        place.region.start_line = snippet.guilty_line();
    }
    place
}

/// The source, with carets under what is to blame. What could steer the terminal is replaced before: all escape
/// sequences in the result are colours.
fn drawn(snippet: &Snippet, verdict: Verdict, look: &Look) -> String {
    let text = visible(&snippet.text);
    let annotations = snippet.marks.iter().map(|mark| {
        let kind = match mark.guilty {
            true => AnnotationKind::Primary,
            false => AnnotationKind::Context,
        };
        let shift = |at: usize| visible(snippet.text.get(..at).unwrap_or_default()).len();
        let annotation = kind.span(shift(mark.span.start)..shift(mark.span.end));
        match mark.label.as_str() {
            "" => annotation,
            label => annotation.label(visible(&single_line(label, NAME))),
        }
    });
    let level = match verdict {
        Verdict::Fail | Verdict::Error => Level::ERROR,
        Verdict::Undecided => Level::WARNING,
    };
    let source = Shown::source(text.as_str())
        .line_start(snippet.line)
        .annotations(annotations);
    let renderer = match look.color {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(usize::from(look.width))
        .render(&[Group::with_level(level).element(source)])
}

/// The text with a visible sign for each character that does more than show; line ends are line feeds.
fn visible(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(is_unsafe, &char::REPLACEMENT_CHARACTER.to_string())
}

fn write_regions(regions: &Regions, out: &mut Painted<'_>) -> io::Result<()> {
    if !regions.listed.is_empty() {
        out.line("  allowed, and must not be:")?;
    }
    for region in &regions.listed {
        let extent = match region.extent {
            Extent::Exactly => "",
            Extent::Within => "part of: ",
        };
        out.line(&format!("    {extent}{}", single_line(&region.text(), SENTENCE)))?;
    }
    match (regions.more, regions.at_least) {
        (0, false) => Ok(()),
        (0, true) => out.line("    and maybe more"),
        (more, false) => out.line(&format!("    and {more} more")),
        (more, true) => out.line(&format!("    and at least {more} more")),
    }
}

fn write_change(change: &Change, kind: Option<PolicyKind>, out: &mut Painted<'_>) -> io::Result<()> {
    out.tinted(Tint::Green, "  suggested change")?;
    out.line(&format!(
        " ({}): {}",
        change.loses.words(),
        single_line(&change.text, SENTENCE)
    ))?;
    for (replaced, statement) in changed_statements(change, kind) {
        match replaced {
            Some(index) => out.line(&format!("    statement {index} becomes:"))?,
            None => out.line("    a new statement:")?,
        }
        write_json(&statement, out)?;
    }
    Ok(())
}

fn write_json(value: &serde_json::Value, out: &mut Painted<'_>) -> io::Result<()> {
    let text = format!("{value:#}");
    for line in text.lines().take(CHANGE_LINES) {
        out.line(&format!("      {}", single_line(line, SENTENCE)))?;
    }
    match text.lines().count() > CHANGE_LINES {
        true => out.line("      …"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Mark;
    use crate::report::json::tests::entry;

    const TEXT: &str = "- Effect: Allow\n  Principal: \"*\" # \u{1b}[2J\u{202e}\n  Action: s3:GetObject";

    fn with_source(color: bool) -> String {
        let start = TEXT.find("\"*\"").unwrap();
        let action = TEXT.find("s3:").unwrap();
        let mark = |start: usize, length: usize, label: &str, guilty: bool| Mark {
            span: start..start + length,
            label: label.to_string(),
            guilty,
        };
        let snippet = Snippet {
            line: 11,
            text: TEXT.to_string(),
            marks: vec![
                mark(start, 3, "principal anonymous", true),
                mark(action, 12, "action s3:GetObject", false),
            ],
        };
        let report = Report {
            findings: vec![Entry {
                snippet: Some(snippet),
                ..entry()
            }],
            ..Report::default()
        };
        let look = Look {
            color,
            ..Look::default()
        };
        let mut bytes = Vec::new();
        write(&report, &look, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_guilty_element_is_marked() {
        let text = with_source(false);
        assert!(text.contains("  --> infra/plan.json:12\n"), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let quoted = lines.iter().position(|line| line.contains("Principal:")).unwrap();
        let carets = lines[quoted + 1];
        assert_eq!(lines[quoted].find("\"*\""), carets.find("^^^"), "{text}");
        assert!(carets.contains("principal anonymous"), "{text}");
        assert!(text.contains("--- action s3:GetObject"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }

    #[test]
    fn colours_are_all_that_passes() {
        let text = with_source(true);
        assert!(text.contains("\u{1b}[1m"), "{text:?}");
        assert!(
            !text.contains("\u{1b}[2J") && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}
