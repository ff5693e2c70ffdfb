//! `keyaki explain`: what an id of a report means, and what to do about it; also of a standard of one's own.

use std::io::{self, Write};

use crate::check::Standard;
use crate::check::rules::{Group, Rule, rule, rules};
use crate::check::standards::{StandardsFile, nearest};
use crate::report::{Sanitised, single_line};
use crate::source::Limits;

use super::arguments::ExplainArgs;
use super::discover::{self, Quiet, Standards};
use super::{Failure, Streams, status};

/// Columns of a line.
const WIDTH: usize = 100;
/// Characters of a description.
const DESCRIPTION: usize = 1_000;

/// Runs the command: one page, or the list of all.
pub(super) fn run(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let page = args.id.as_deref().map(|id| (id, rule(id)));
    let standards = match page {
        // Only an id that is not keyaki's own may be that of a standard.
        Some((_, None)) => own_standards(args, streams)?,
        None | Some((_, Some(_))) => StandardsFile::default(),
    };
    let mut out = Sanitised::new(&mut *streams.stdout);
    match page {
        None => list(&mut out)?,
        Some((_, Some(rule))) => explain(rule, &mut out)?,
        Some((id, None)) => match standards.standards.iter().find(|standard| standard.id == id) {
            Some(standard) => explain_standard(standard, &standards.name, &mut out)?,
            None => return Err(Failure::usage(unknown(id, &standards))),
        },
    }
    out.flush()?;
    Ok(status::OK)
}

fn own_standards(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<StandardsFile, Failure> {
    let named = args.standards.as_deref();
    let read = discover::standards(
        named,
        Standards::Optional,
        &Limits::default(),
        Quiet::Yes,
        streams,
    );
    match (read, named) {
        (Ok(standards), _) => Ok(standards),
        (Err(failure), Some(_)) => Err(failure),
        // Nobody asked for the file that happens to be near.
        (Err(_), None) => Ok(StandardsFile::default()),
    }
}

fn unknown(id: &str, standards: &StandardsFile) -> String {
    let own = standards.standards.iter().map(|standard| standard.id.as_str());
    match nearest(id, rules().map(|rule| rule.id).chain(own)) {
        Some(known) => format!("unknown id `{id}`; did you mean `keyaki explain {known}`?"),
        None => format!("unknown id `{id}`; `keyaki explain` lists all"),
    }
}

fn explain_standard(standard: &Standard, file: &str, out: &mut impl Write) -> io::Result<()> {
    let check = standard.check.name();
    writeln!(
        out,
        "{} (standard of {file}, severity {}, check {check})",
        standard.id,
        standard.severity.word()
    )?;
    let description = single_line(&standard.description, DESCRIPTION);
    let page = rule(check);
    let texts = page.map_or([""; 3], |page| [page.title, page.text, page.help]);
    for text in [description.as_str()].into_iter().chain(texts) {
        write_paragraph(text, out)?;
    }
    Ok(())
}

fn explain(rule: &Rule, out: &mut impl Write) -> io::Result<()> {
    let severity = rule
        .severity
        .map_or_else(String::new, |severity| format!(", severity {}", severity.word()));
    writeln!(out, "{} ({}{severity})", rule.id, singular(rule.group))?;
    for text in [rule.title, rule.text, rule.help] {
        write_paragraph(text, out)?;
    }
    Ok(())
}

fn write_paragraph(text: &str, out: &mut impl Write) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for line in wrapped(text, WIDTH) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn singular(group: Group) -> &'static str {
    match group {
        Group::Lint => "lint rule",
        Group::Parser => "note on how a policy is read",
        Group::Run => "note on a run",
        Group::Reading => "reading that a PASS rests on",
        Group::Check => "check",
        Group::Result => "result",
        Group::Reason => "reason of UNDECIDED",
        Group::Error => "error",
        Group::Axiom => "axiom about requests",
        Group::Ambiguity => "row of the ambiguity register",
    }
}

fn list(out: &mut impl Write) -> io::Result<()> {
    let widest = rules().map(|rule| rule.id.len()).max().unwrap_or(0);
    for (at, group) in Group::ALL.into_iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}:", group.title())?;
        for rule in rules().filter(|rule| rule.group == group) {
            writeln!(out, "  {:<widest$}  {}", rule.id, rule.title)?;
        }
    }
    Ok(())
}

/// The text in lines of at most so many characters, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces() {
        assert_eq!(wrapped("a bc def g", 4), ["a bc", "def", "g"]);
        assert_eq!(wrapped("abcdef g", 4), ["abcdef", "g"]);
    }

    #[test]
    fn all_rules_are_explained() {
        for rule in rules() {
            let mut bytes = Vec::new();
            explain(rule, &mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with(rule.id) && text.contains(rule.title), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
        let mut bytes = Vec::new();
        list(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(rules().all(|rule| text.contains(&format!("  {} ", rule.id))));
    }
}
