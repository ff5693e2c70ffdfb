//! SARIF 2.1.0 as GitHub code scanning reads it.

mod notes;
mod object;
mod rules;

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::check::Severity;

use super::json::write_json;
use super::{Entry, INVALID_RULE, Location, Report, UNDECIDED_RULE, Verdict};
use notes::{note_groups, note_result};
use object::{
    ArtifactLocation, Driver, Fingerprints, Invocation, LocationObject, Log, LogicalLocation, Message,
    Notification, PhysicalLocation, RegionObject, ResultObject, ResultProperties, Run, Tool,
};
use rules::rules;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Results that code scanning shows of one run.
const SHOWN: usize = 5_000;
/// Results a run may have at all.
const ACCEPTED: usize = 25_000;
/// Characters of a message.
const MESSAGE: usize = 4_000;
/// Instances that are named when results at one place are joined.
const NAMED: usize = 100;

/// Writes the report: the most severe results first, results at one place joined.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_json(&log(report), out)
}

fn log(report: &Report) -> Log<'_> {
    let mut groups = joined(&report.findings);
    groups.sort_by_key(|group| std::cmp::Reverse(group.first.severity));
    let mut notifications: Vec<Notification> = report
        .errors
        .iter()
        .map(|error| notification("error", error))
        .chain(
            report
                .internal
                .iter()
                .map(|defect| notification("error", &format!("internal error: {defect}"))),
        )
        .collect();
    let mut noted = note_groups(report);
    let count = groups.len() + noted.len();
    if count > SHOWN {
        let text = format!("{count} results; code scanning shows the {SHOWN} most severe of a run");
        notifications.push(notification("warning", &text));
    }
    if count > ACCEPTED {
        let text = format!("only the {ACCEPTED} most severe of {count} results are in this file");
        notifications.push(notification("warning", &text));
        groups.truncate(ACCEPTED);
        noted.truncate(ACCEPTED - groups.len());
    }
    let rules = rules(report);
    let positions: BTreeMap<String, usize> = rules
        .iter()
        .enumerate()
        .map(|(position, rule)| (rule.id.clone(), position))
        .collect();
    let successful = report.errors.is_empty() && report.internal.is_empty();
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "keyaki",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules,
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: successful,
                tool_execution_notifications: notifications,
            }],
            results: groups
                .iter()
                .filter_map(|group| result(group, &positions))
                .chain(noted.iter().filter_map(|group| note_result(group, &positions)))
                .collect(),
        }],
    }
}

fn notification(level: &'static str, text: &str) -> Notification {
    Notification {
        level,
        message: Message {
            text: message_text(text, MESSAGE),
        },
    }
}

/// Findings that are one alert: instances of one block, at one place.
struct Group<'a> {
    first: &'a Entry,
    addresses: Vec<&'a str>,
}

/// Joins the findings of one rule at one place and statement, in order.
fn joined(findings: &[Entry]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut positions: BTreeMap<(&str, &Location, Option<usize>), usize> = BTreeMap::new();
    for entry in findings {
        let statement = entry.statements.first().map(|statement| statement.index);
        let key = (rule_id(entry), place(entry), statement);
        match positions.get(&key).and_then(|position| groups.get_mut(*position)) {
            Some(group) => group.addresses.push(&entry.address),
            None => {
                positions.insert(key, groups.len());
                groups.push(Group {
                    first: entry,
                    addresses: vec![&entry.address],
                });
            }
        }
    }
    groups
}

/// The rule of a finding: all that is undecided is one rule, all that is invalid another.
fn rule_id(entry: &Entry) -> &str {
    match entry.verdict {
        Verdict::Fail => &entry.standard,
        Verdict::Undecided => UNDECIDED_RULE,
        Verdict::Error => INVALID_RULE,
    }
}

/// The smallest place: alerts show on a pull request only if all their lines are in it.
fn place(entry: &Entry) -> &Location {
    entry
        .statements
        .iter()
        .find_map(|statement| statement.location.as_ref())
        .unwrap_or(&entry.location)
}

fn result<'a>(group: &Group<'a>, positions: &BTreeMap<String, usize>) -> Option<ResultObject<'a>> {
    let entry = group.first;
    let rule = rule_id(entry);
    let Location { uri, region } = place(entry);
    let logical = group.addresses.iter().take(NAMED);
    Some(ResultObject {
        rule_id: rule,
        rule_index: *positions.get(rule)?,
        level: level(entry.verdict, entry.severity),
        message: Message {
            text: message_text(&told(group), MESSAGE),
        },
        locations: [LocationObject {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region: RegionObject {
                    start_line: region.start_line,
                    start_column: region.start_column,
                    end_line: region.end_line,
                    end_column: region.end_column,
                },
            },
            logical_locations: logical
                .map(|address| LogicalLocation {
                    fully_qualified_name: address,
                    kind: "resource",
                })
                .collect(),
        }],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", entry.fingerprint),
            evidence: &entry.evidence,
        },
        properties: ResultProperties {
            verdict: entry.verdict.word(),
            severity: entry.severity.word(),
            standard: &entry.standard,
        },
    })
}

fn told(group: &Group<'_>) -> String {
    let entry = group.first;
    let about = match entry.verdict {
        Verdict::Undecided if entry.standard != UNDECIDED_RULE => {
            format!("{}: {}: ", entry.address, entry.standard)
        }
        Verdict::Fail | Verdict::Undecided | Verdict::Error => format!("{}: ", entry.address),
    };
    match group.addresses.len() {
        0 | 1 => format!("{about}{}", entry.message),
        several => format!("{about}{} (and {} more instances)", entry.message, several - 1),
    }
}

fn level(verdict: Verdict, severity: Severity) -> &'static str {
    match (verdict, severity) {
        (Verdict::Error, _) | (Verdict::Fail, Severity::Critical | Severity::High) => "error",
        (Verdict::Undecided, _) | (Verdict::Fail, Severity::Medium) => "warning",
        (Verdict::Fail, Severity::Low) => "note",
    }
}

/// Text of a message: one line, braces doubled and brackets escaped, so that nothing reads as a placeholder or a link.
fn message_text(text: &str, limit: usize) -> String {
    let line = super::single_line(text, limit);
    line.chars()
        .fold(String::with_capacity(line.len()), |mut escaped, c| {
            match c {
                '{' | '}' => escaped.extend([c, c]),
                '[' | ']' | '\\' => escaped.extend(['\\', c]),
                _ => escaped.push(c),
            }
            escaped
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::StandardRow;
    use crate::report::json::tests::entry;

    fn sarif(report: &Report) -> Value {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn row(id: &str) -> StandardRow {
        StandardRow {
            id: id.to_string(),
            description: String::new(),
            severity: Severity::Critical,
            check: "no-public-access",
            matched: 1,
            pass: 0,
            fail: 1,
            undecided: 0,
        }
    }

    #[test]
    fn results_have_what_code_scanning_requires() {
        let report = Report {
            standards: vec![row("no-public")],
            findings: vec![entry()],
            ..Report::default()
        };
        let log = sarif(&report);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], json!("no-public"));
        assert_eq!(result["level"], json!("error"));
        let location = &result["locations"][0];
        assert_eq!(
            location["physicalLocation"]["region"]["startLine"],
            json!(7),
            "the statement, not the policy"
        );
        assert_eq!(
            location["logicalLocations"][0]["fullyQualifiedName"],
            json!(r#"aws_s3_bucket_policy.b["x"]"#)
        );
        assert_eq!(
            result["partialFingerprints"]["primaryLocationLineHash"],
            json!(format!("{}:1", "f".repeat(32)))
        );
        let text = result["message"]["text"].as_str().unwrap();
        assert!(text.contains("b/{{x}}") && text.contains(r#"b\["x"\]"#), "{text}");
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
        assert_eq!(rule["name"], json!("NoPublic"));
        assert_eq!(rule["properties"]["security-severity"], json!("9.5"));
        assert_eq!(
            log["runs"][0]["invocations"][0]["executionSuccessful"],
            json!(true)
        );
    }

    #[test]
    fn severe_results_come_first_and_instances_are_joined() {
        let low = Entry {
            severity: Severity::Low,
            standard: "low".to_string(),
            ..entry()
        };
        let other = Entry {
            address: "aws_s3_bucket_policy.b[\"y\"]".to_string(),
            ..entry()
        };
        let undecided = Entry {
            verdict: Verdict::Undecided,
            severity: Severity::Medium,
            ..entry()
        };
        let report = Report {
            standards: vec![row("no-public"), row("low")],
            findings: vec![low, entry(), undecided, other],
            ..Report::default()
        };
        let log = sarif(&report);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let rules: Vec<&str> = results
            .iter()
            .map(|result| result["ruleId"].as_str().unwrap())
            .collect();
        assert_eq!(rules, ["no-public", "undecided", "low"]);
        assert_eq!(
            results[0]["locations"][0]["logicalLocations"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        assert!(
            results[0]["message"]["text"]
                .as_str()
                .unwrap()
                .ends_with("(and 1 more instances)")
        );
    }

    #[test]
    fn what_was_not_scanned_is_told() {
        let report = Report {
            errors: vec!["a.json:1:1: not JSON".to_string()],
            ..Report::default()
        };
        let log = sarif(&report);
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], json!(false));
        assert_eq!(
            invocation["toolExecutionNotifications"][0]["level"],
            json!("error")
        );
        assert_eq!(log["runs"][0]["results"], json!([]));
    }
}
