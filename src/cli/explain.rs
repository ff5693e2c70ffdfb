//! `keyaki explain`: what an id of a report means, and what to do about it.

use std::io::{self, Write};

use crate::check::rules::{Group, Rule, rule, rules};
use crate::check::standards::nearest;
use crate::report::Sanitised;

use super::arguments::ExplainArgs;
use super::{Failure, Streams, status};

/// Columns of a line.
const WIDTH: usize = 100;

/// Runs the command: one rule, or the list of all.
pub(super) fn run(args: &ExplainArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let mut out = Sanitised::new(&mut *streams.stdout);
    match &args.id {
        None => list(&mut out)?,
        Some(id) => match rule(id) {
            Some(rule) => explain(rule, &mut out)?,
            None => return Err(Failure::usage(unknown(id))),
        },
    }
    out.flush()?;
    Ok(status::OK)
}

fn unknown(id: &str) -> String {
    match nearest(id, rules().map(|rule| rule.id)) {
        Some(known) => format!("unknown id `{id}`; did you mean `keyaki explain {known}`?"),
        None => format!("unknown id `{id}`; `keyaki explain` lists all"),
    }
}

fn explain(rule: &Rule, out: &mut impl Write) -> io::Result<()> {
    let severity = rule
        .severity
        .map_or_else(String::new, |severity| format!(", severity {}", severity.word()));
    writeln!(out, "{} ({}{severity})", rule.id, singular(rule.group))?;
    for text in [rule.title, rule.text, rule.help] {
        writeln!(out)?;
        for line in wrapped(text, WIDTH) {
            writeln!(out, "{line}")?;
        }
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
