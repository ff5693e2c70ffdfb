//! Markdown for a step summary or a comment on a pull request: the verdict, a small picture, a table with links to lines,
//! and the details folded. Short enough for a comment; what does not fit is counted.

mod picture;

use std::io::{self, Write};

use crate::check::Extent;

use super::advice::advice;
use super::document::changed_statements;
use super::escape::{html_code, markdown_code, markdown_text};
use super::format::Look;
use super::groups::{Group, groups, with_instances};
use super::request::request_rows;
use super::write::Sanitised;
use super::{Entry, Location, Report};

/// Characters of a name.
const NAME: usize = 160;
/// Characters of a sentence.
const SENTENCE: usize = 1_000;
/// Rows of the table.
const ROWS: usize = 100;
/// Bytes of rows and details; a comment on GitHub has at most 65,536 characters.
const BYTES: usize = 56_000;
/// Rows of a request, of regions, of notes.
const ITEMS: usize = 15;

/// Writes the report.
pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(&report.findings);
    let mut text = verdict(report);
    text.push_str(&lost(report));
    text.push_str(&picture::picture(&groups));
    if !groups.is_empty() {
        text.push_str(&table(&groups, look));
        text.push_str(&details(&groups, look, text.len()));
    }
    text.push_str(&notes(report));
    let mut out = Sanitised::new(out);
    out.write_all(text.as_bytes())?;
    writeln!(
        out,
        "policies: {} · results: {} · standards: {}",
        report.policies.words(),
        report.results.words(),
        markdown_code(&report.standards_name, NAME)
    )
}

/// The heading: the worst of all.
fn verdict(report: &Report) -> String {
    let results = &report.results;
    let word = if !report.internal.is_empty() {
        "internal error"
    } else if !report.errors.is_empty() || results.error > 0 {
        "ERROR"
    } else if results.fail > 0 {
        "FAIL"
    } else if results.undecided > 0 {
        "UNDECIDED"
    } else if report.policies.found == 0 {
        "0 policies found, nothing was checked"
    } else {
        "PASS"
    };
    let count = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let counts = [
        count(results.fail, "proved to violate a standard"),
        count(results.undecided, "could not be decided"),
        count(results.error, "not valid"),
        count(results.pass, "proved to pass"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut text = format!("### keyaki: {word}\n\n");
    if !counts.is_empty() {
        text.push_str(&format!("{}\n\n", counts.join(", ")));
    }
    let unmatched = report.unmatched();
    if report.policies.found > 0 && !unmatched.is_empty() {
        let names: Vec<String> = unmatched.iter().map(|id| markdown_code(id, NAME)).collect();
        text.push_str(&format!("Matched nothing: {}\n\n", names.join(", ")));
    }
    text
}

fn lost(report: &Report) -> String {
    let errors = report.errors.iter().map(|error| ("Not scanned", error));
    let defects = report.internal.iter().map(|defect| ("Internal error", defect));
    let lines: Vec<String> = errors
        .chain(defects)
        .map(|(what, message)| format!("- {what}: {}\n", markdown_text(message, SENTENCE)))
        .collect();
    capped(&lines, "")
}

fn table(groups: &[Group<'_>], look: &Look) -> String {
    let mut text = "| verdict | severity | standard | address | statement | place |\n\
                    |---|---|---|---|---|---|\n"
        .to_string();
    for group in groups.iter().take(ROWS) {
        let entry = group.first;
        let statements = entry.statements.iter().map(|statement| match &statement.sid {
            Some(sid) => format!("{} {}", statement.index, markdown_code(sid, NAME)),
            None => statement.index.to_string(),
        });
        let more = match group.addresses.len() {
            0 | 1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        text.push_str(&format!(
            "| {} | {} | {} | {}{more} | {} | {} |\n",
            entry.verdict.word(),
            entry.severity.word(),
            markdown_code(&entry.standard, NAME),
            markdown_code(&entry.address, NAME),
            statements.collect::<Vec<_>>().join(", "),
            link(entry.place(), look)
        ));
        if text.len() > BYTES / 2 {
            break;
        }
    }
    let shown = text.lines().count() - 2;
    text.push('\n');
    if shown < groups.len() {
        text.push_str(&format!(
            "{} more are in the JSON report.\n\n",
            groups.len() - shown
        ));
    }
    text
}

/// A link to the line; relative where the page of the file is not known.
fn link(place: &Location, look: &Look) -> String {
    let line = place.region.start_line;
    let shown = markdown_code(&format!("{}:{line}", place.path()), NAME);
    let base = look.web_links.as_deref().unwrap_or_default();
    format!("[{shown}]({base}{}#L{line})", place.uri)
}

fn details(groups: &[Group<'_>], look: &Look, before: usize) -> String {
    let mut text = String::new();
    for (shown, group) in groups.iter().enumerate() {
        let next = detail(group, look);
        if before + text.len() + next.len() > BYTES {
            text.push_str(&format!(
                "The details of {} more are in the JSON report.\n\n",
                groups.len() - shown
            ));
            break;
        }
        text.push_str(&next);
    }
    text
}

/// One finding, folded. Blank lines end what is HTML, so that Markdown is read between them.
fn detail(group: &Group<'_>, look: &Look) -> String {
    let entry = group.first;
    let mut text = format!(
        "<details><summary>{} {} {}</summary>\n\n{}, {}\n\n",
        entry.verdict.word(),
        html_code(&entry.standard, NAME),
        html_code(&with_instances(&group.addresses), NAME),
        markdown_text(&entry.message, SENTENCE),
        link(entry.place(), look)
    );
    if let Some(advice) = advice(entry) {
        text.push_str(&format!("To decide it: {}\n\n", markdown_text(&advice, SENTENCE)));
    }
    text.push_str(&capped(&request(entry), "Example request:\n\n"));
    text.push_str(&capped(&rests_on(entry), "It rests on:\n\n"));
    text.push_str(&capped(&regions(entry), "Allowed, and must not be:\n\n"));
    text.push_str(&change(entry));
    let instances: Vec<String> = group
        .addresses
        .iter()
        .map(|address| format!("- {}\n", markdown_code(address, NAME)))
        .collect();
    if instances.len() > 1 {
        text.push_str(&capped(&instances, "Instances:\n\n"));
    }
    text.push_str("</details>\n\n");
    text
}

fn request(entry: &Entry) -> Vec<String> {
    let rows = entry
        .counterexample
        .as_ref()
        .map(request_rows)
        .unwrap_or_default();
    let rows = rows
        .iter()
        .map(|(name, value)| format!("- {} {}\n", markdown_text(name, NAME), markdown_code(value, NAME)));
    rows.collect()
}

/// What must be known to read the request rightly.
fn rests_on(entry: &Entry) -> Vec<String> {
    let assumes = entry.assumes.iter().map(|(name, value)| {
        format!(
            "- the assumption that {} is {}\n",
            markdown_text(name, NAME),
            markdown_code(value, NAME)
        )
    });
    let readings = entry
        .readings
        .iter()
        .map(|row| format!("- how row {row} of the ambiguity register is read\n"));
    let denies = entry.denies.iter().map(|deny| {
        format!(
            "- the Deny in statement {} not applying: {}\n",
            deny.index,
            markdown_text(&deny.why, SENTENCE)
        )
    });
    let unknown =
        (entry.realistic == Some(false)).then(|| "- a request that no AWS service knows\n".to_string());
    assumes.chain(readings).chain(denies).chain(unknown).collect()
}

fn regions(entry: &Entry) -> Vec<String> {
    let Some(regions) = &entry.regions else {
        return Vec::new();
    };
    let listed = regions.listed.iter().map(|region| {
        let extent = match region.extent {
            Extent::Exactly => "",
            Extent::Within => "part of: ",
        };
        format!("- {extent}{}\n", markdown_text(&region.text(), SENTENCE))
    });
    let more = match (regions.more, regions.at_least) {
        (0, false) => None,
        (0, true) => Some("- and maybe more\n".to_string()),
        (more, false) => Some(format!("- and {more} more\n")),
        (more, true) => Some(format!("- and at least {more} more\n")),
    };
    listed.chain(more).collect()
}

fn change(entry: &Entry) -> String {
    let Some(change) = &entry.change else {
        return String::new();
    };
    let mut text = format!(
        "Suggested change ({}): {}\n\n",
        change.loses.words(),
        markdown_text(&change.text, SENTENCE)
    );
    for (replaced, statement) in changed_statements(change, entry.kind) {
        let what = match replaced {
            Some(index) => format!("Statement {index} becomes:"),
            None => "A new statement:".to_string(),
        };
        // No line of indented JSON begins with what would end the block.
        text.push_str(&format!("{what}\n\n```json\n{statement:#}\n```\n\n"));
    }
    text
}

fn notes(report: &Report) -> String {
    let lines: Vec<String> = report
        .notes
        .iter()
        .map(|note| {
            let about = match note.address.as_str() {
                "" => String::new(),
                address => format!("{}: ", markdown_code(address, NAME)),
            };
            format!(
                "- {about}{} ({})\n",
                markdown_text(&note.message, SENTENCE),
                markdown_code(&note.id, NAME)
            )
        })
        .collect();
    match lines.len() {
        0 => String::new(),
        count => format!(
            "<details><summary>{count} notes</summary>\n\n{}</details>\n\n",
            capped(&lines, "")
        ),
    }
}

/// A heading and a list, cut where it is long; nothing where there is nothing.
fn capped(lines: &[String], heading: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = heading.to_string();
    text.extend(lines.iter().take(ITEMS).map(String::as_str));
    if lines.len() > ITEMS {
        text.push_str(&format!("- {} more\n", lines.len() - ITEMS));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;
    use crate::report::{PolicyCounts, ResultCounts};

    fn written(findings: Vec<Entry>, look: &Look) -> String {
        let report = Report {
            results: ResultCounts {
                fail: findings.len(),
                ..ResultCounts::default()
            },
            policies: PolicyCounts {
                found: 3,
                ..PolicyCounts::default()
            },
            findings,
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, look, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_summary_has_verdict_table_and_details() {
        let look = Look {
            web_links: Some("https://example.org/blob/main/".to_string()),
            ..Look::default()
        };
        let text = written(vec![entry(), entry()], &look);
        for part in [
            "### keyaki: FAIL\n\n2 proved to violate a standard\n",
            "| FAIL | critical | `no-public` | `aws_s3_bucket_policy.b[\"x\"]` and 1 more | 1 `Public` | \
             [`infra/plan.json:7`](https://example.org/blob/main/infra/plan.json#L7) |\n",
            "<details><summary>FAIL <code>no&#45;public</code>",
            "\n- resource `arn:aws:s3:::b/k`\n",
            "```mermaid\nflowchart LR\n",
            "</details>\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_comment_is_short_enough() {
        let many = |at: usize| {
            let mut entry = entry();
            entry.address = format!("aws_s3_bucket_policy.b{at}_{}", "x".repeat(200));
            entry.statements[0].location.as_mut().unwrap().region.start_line = at + 1;
            entry
        };
        let text = written((0..2_000).map(many).collect(), &Look::default());
        assert!(text.len() < 65_000, "{}", text.len());
        assert!(text.contains("more are in the JSON report"), "{text}");
        assert!(text.ends_with("standards: <code></code>\n"));
    }

    #[test]
    fn names_cannot_break_out() {
        let hostile = Entry {
            address: "x | y\n</details><script>`@me`".to_string(),
            message: "@everyone [a](javascript:b) <img> ``` ~~~ | `a|b` `".to_string(),
            ..entry()
        };
        let text = written(vec![hostile], &Look::default());
        for part in [
            "<script",
            "</details><",
            "@everyone",
            "<img",
            "](javascript",
            "@me",
        ] {
            assert!(!text.contains(part), "{part} in {text}");
        }
        let row = text.lines().find(|line| line.starts_with("| FAIL")).unwrap();
        assert_eq!(row.matches('|').count(), 7, "{row}");
    }
}
