//! Rules: one for each standard, one for what is undecided, one for what is not valid.

use std::collections::BTreeSet;

use crate::check::{self, Severity};

use super::super::{INVALID_RULE, Report, StandardRow, UNDECIDED_RULE, Verdict, single_line};
use super::level;
use super::object::{Configuration, Help, Message, Rule, RuleProperties};

/// Characters of a description.
const DESCRIPTION: usize = 1_000;

/// The rules of a report: its standards, then the two that are always there.
pub(super) fn rules(report: &Report) -> Vec<Rule> {
    let undecided = Rule {
        id: UNDECIDED_RULE.to_string(),
        name: rule_name(UNDECIDED_RULE),
        short_description: Message { text: "The answer depends on what is not known yet".to_string() },
        full_description: Message {
            text: "A policy could not be read, or a question about it could not be decided: it depends on a value that \
                   is known only later, or on something that is not supported. It is not proved to be safe."
                .to_string(),
        },
        help: help(
            "Give the missing values (parameters, the source of the plan), or add an ignore entry with a reason to the \
             standards file once the policy has been reviewed by hand.",
        ),
        default_configuration: Configuration { level: "warning" },
        properties: properties(Severity::Medium),
    };
    let invalid = Rule {
        id: INVALID_RULE.to_string(),
        name: rule_name(INVALID_RULE),
        short_description: Message { text: "The policy is not valid".to_string() },
        full_description: Message {
            text: "AWS would refuse the policy, or its meaning is not defined, so that nothing can be said of what it \
                   allows."
                .to_string(),
        },
        help: help("Correct the policy as the message says."),
        default_configuration: Configuration { level: "error" },
        properties: properties(Severity::High),
    };
    // A standard may not take the place of the two rules that are always there.
    let standards = report
        .standards
        .iter()
        .filter(|row| row.id != UNDECIDED_RULE && row.id != INVALID_RULE);
    let mut all: Vec<Rule> = standards.map(rule).chain([undecided, invalid]).collect();
    let noted: BTreeSet<&str> = report
        .notes
        .iter()
        .filter(|note| note.about.is_some())
        .map(|note| note.id.as_str())
        .collect();
    for known in noted.into_iter().filter_map(check::rules::rule) {
        if all.iter().all(|rule| rule.id != known.id) {
            all.push(of_note(known));
        }
    }
    all
}

/// The rule of a note. A note is no alert to act on at once, however bad what it says may be.
fn of_note(known: &check::rules::Rule) -> Rule {
    Rule {
        id: known.id.to_string(),
        name: rule_name(known.id),
        short_description: Message {
            text: known.title.to_string(),
        },
        full_description: Message {
            text: known.text.to_string(),
        },
        help: help(known.help),
        default_configuration: Configuration { level: "note" },
        properties: properties(Severity::Low),
    }
}

fn rule(row: &StandardRow) -> Rule {
    let title = check_title(row.check);
    let description = single_line(&row.description, DESCRIPTION);
    let short = if description.is_empty() {
        title.to_string()
    } else {
        description
    };
    Rule {
        id: row.id.clone(),
        name: rule_name(&row.id),
        short_description: Message { text: short.clone() },
        full_description: Message {
            text: format!("{short} (check {})", row.check),
        },
        help: help(&format!("{title}. {}", advice(row.check))),
        default_configuration: Configuration {
            level: level(Verdict::Fail, row.severity),
        },
        properties: properties(row.severity),
    }
}

fn check_title(check: &str) -> &'static str {
    match check {
        "no-new-access" => "The policy allows nothing that its reference does not allow",
        "access-not-granted" => "The policy does not grant the access that the standard names",
        "access-granted" => "The policy grants the access that the standard names",
        "access-denied" => "The policy explicitly denies the requests that the standard names",
        "equivalent" => "The policy allows what its reference allows, no more and no less",
        "no-public-access" => "The policy lets nobody in whom its owner does not know",
        "no-external-access" => "The policy lets nobody in from outside the zone of trust",
        "lint" => "The policy has none of the defects that the standard names",
        _ => "The policy meets the standard",
    }
}

/// What to do about a violation.
fn advice(check: &str) -> &'static str {
    match check {
        "access-granted" => {
            "The message names a request that is refused, and the Deny statements that refuse it or that no statement \
             allows it; change them so that this request is allowed."
        }
        "access-denied" => {
            "The message names a request that no Deny statement stops; widen or add one so that this request is denied."
        }
        "equivalent" => {
            "The message names a request that one of the two allows and the other does not; change the policy or its \
             reference so that both decide alike."
        }
        _ => {
            "The message names the statements to blame and a request that they allow; narrow them so that this request \
             is no longer allowed."
        }
    }
}

fn help(text: &str) -> Help {
    Help {
        text: text.to_string(),
        markdown: text.to_string(),
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
