//! Rules: one for each standard, one for what is undecided, one for what is not valid.

use std::collections::BTreeSet;

use crate::check::rules::{Group, Rule as Page, rule as page};
use crate::check::{self, Severity};

use super::super::{INVALID_RULE, Report, StandardRow, UNDECIDED_RULE, Verdict, single_line};
use super::level;
use super::object::{Configuration, Help, Message, Rule, RuleProperties};

/// Characters of a description.
const DESCRIPTION: usize = 1_000;

/// The rules of a report: its standards, then the two that are always there, then those of its notes.
pub(super) fn rules(report: &Report) -> Vec<Rule> {
    // A standard may not take the place of the two rules that are always there.
    let standards = report
        .standards
        .iter()
        .filter(|row| row.id != UNDECIDED_RULE && row.id != INVALID_RULE);
    let always = [
        (UNDECIDED_RULE, "warning", Severity::Medium),
        (INVALID_RULE, "error", Severity::High),
    ];
    let always = always
        .into_iter()
        .filter_map(|(id, level, severity)| Some(of_page(page(id)?, level, severity)));
    let mut all: Vec<Rule> = standards.map(rule).chain(always).collect();
    let noted: BTreeSet<&str> = report
        .notes
        .iter()
        .filter(|note| note.about.is_some())
        .map(|note| note.id.as_str())
        .collect();
    for known in noted.into_iter().filter_map(page) {
        if all.iter().all(|rule| rule.id != known.id) {
            // A note is no alert to act on at once, however bad what it says may be.
            all.push(of_page(known, "note", Severity::Low));
        }
    }
    all
}

/// A rule that says what its page says.
fn of_page(page: &Page, level: &'static str, severity: Severity) -> Rule {
    Rule {
        id: page.id.to_string(),
        name: rule_name(page.id),
        short_description: text(page.title),
        full_description: text(page.text),
        help: help(page, ""),
        default_configuration: Configuration { level },
        properties: properties(severity),
    }
}

/// The rule of a standard: what it is for, and the page of its check.
fn rule(row: &StandardRow) -> Rule {
    let description = single_line(&row.description, DESCRIPTION);
    let check = page(row.check);
    let title = check.map_or("The policy meets the standard", |check| check.title);
    let short = match description.as_str() {
        "" => title,
        description => description,
    };
    let about = format!(
        "Standard {}, severity {}, check {}. ",
        row.id,
        row.severity.word(),
        row.check
    );
    Rule {
        id: row.id.clone(),
        name: rule_name(&row.id),
        short_description: text(short),
        full_description: text(&format!("{short} (check {})", row.check)),
        help: match check {
            Some(check) => help(check, &about),
            None => Help {
                text: title.to_string(),
                markdown: title.to_string(),
            },
        },
        default_configuration: Configuration {
            level: level(Verdict::Fail, row.severity),
        },
        properties: properties(row.severity),
    }
}

fn text(text: &str) -> Message {
    Message {
        text: text.to_string(),
    }
}

/// The page as help. The reasons of UNDECIDED are listed with what to do about each: they share one rule.
fn help(page: &Page, about: &str) -> Help {
    let mut markdown = format!(
        "{about}{}\n\n**What to do:** {}\n\n`keyaki explain {}` says the same in a terminal.\n",
        page.text, page.help, page.id
    );
    if page.id == UNDECIDED_RULE {
        markdown.push_str("\n| reason | what it means | what to do |\n|---|---|---|\n");
        for reason in check::rules::rules().filter(|rule| rule.group == Group::Reason) {
            let row = format!("| `{}` | {} | {} |\n", reason.id, reason.title, reason.help);
            markdown.push_str(&row);
        }
    }
    Help {
        text: format!("{about}{} {}", page.text, page.help),
        markdown,
    }
}

fn properties(severity: Severity) -> RuleProperties {
    // Code scanning reads numbers: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below low.
    let security_severity = match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    };
    RuleProperties {
        tags: ["security", "iam"],
        precision: "very-high",
        security_severity,
    }
}

/// The name of a rule. Validators want it to differ from the id by more than case.
fn rule_name(id: &str) -> String {
    let words = id.split('-').flat_map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
    });
    let name: String = words.collect();
    if name.eq_ignore_ascii_case(id) {
        format!("{name}Rule")
    } else {
        name
    }
}
