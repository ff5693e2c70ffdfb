//! SARIF 2.1.0 as GitHub code scanning reads it.

mod object;
mod results;
mod rules;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use super::groups::{groups, note_groups};
use super::json::write_json;
use object::{AutomationDetails, Driver, Invocation, Log, Message, Notification, Run, Tool};
use results::{Detail, level_of as level, note_result, result};
use rules::rules;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Results that code scanning shows of one run.
const SHOWN: usize = 5_000;
/// Results a run may have at all.
const ACCEPTED: usize = 25_000;
/// Characters of a message.
const MESSAGE: usize = 4_000;

/// Writes the report: the most severe results first, results at one place joined.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_json(&log(report), out)
}

/// What a reader of the file does not get to see, if there is such.
pub(super) fn cut(report: &Report) -> Vec<String> {
    warnings(groups(&report.findings).len() + note_groups(report).len())
}

fn warnings(count: usize) -> Vec<String> {
    let shown = (count > SHOWN)
        .then(|| format!("{count} results; code scanning shows the {SHOWN} most severe of a run"));
    let accepted = (count > ACCEPTED)
        .then(|| format!("only the {ACCEPTED} most severe of {count} results are in this file"));
    shown.into_iter().chain(accepted).collect()
}

/// Nobody is shown the others: they say the least, so that the file keeps below ten megabytes.
fn detail(position: usize) -> Detail {
    if position < SHOWN {
        Detail::All
    } else {
        Detail::Least
    }
}

fn log(report: &Report) -> Log<'_> {
    let mut groups = groups(&report.findings);
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
    let assumed = report.assumptions();
    notifications
        .extend(assumed.map(|note| notification("warning", &format!("{} ({})", note.message, note.id))));
    let mut noted = note_groups(report);
    let count = groups.len() + noted.len();
    for warning in warnings(count) {
        notifications.push(notification("warning", &warning));
    }
    if count > ACCEPTED {
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
            column_kind: "utf16CodeUnits",
            automation_details: AutomationDetails {
                id: format!("keyaki/{}", report.category),
            },
            invocations: [Invocation {
                execution_successful: successful,
                tool_execution_notifications: notifications,
            }],
            results: groups
                .iter()
                .enumerate()
                .filter_map(|(position, group)| result(group, &positions, detail(position)))
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
    use crate::check::Severity;
    use crate::report::json::tests::entry;
    use crate::report::{Entry, StandardRow, Verdict};

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
                .contains(r#"(and 1 more instances: aws_s3_bucket_policy.b\["y"\])"#)
        );
        assert_eq!(results[0]["properties"]["instanceCount"], json!(2));
    }

    #[test]
    fn the_way_to_the_statement_is_told() {
        let at = entry().location;
        let report = Report {
            standards: vec![row("no-public")],
            findings: vec![Entry {
                attachments: vec![("aws_iam_role.r[0]".to_string(), at)],
                readings: vec!["A1"],
                ..entry()
            }],
            category: "infra/".to_string(),
            ..Report::default()
        };
        let log = sarif(&report);
        assert_eq!(log["runs"][0]["automationDetails"]["id"], json!("keyaki/infra/"));
        let result = &log["runs"][0]["results"][0];
        let steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
            .as_array()
            .unwrap();
        let told: Vec<(&str, u64)> = steps
            .iter()
            .map(|step| {
                let location = &step["location"];
                let line = &location["physicalLocation"]["region"]["startLine"];
                (
                    location["message"]["text"].as_str().unwrap(),
                    line.as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (r"attached to aws_iam_role.r\[0\]", 4),
                (r#"policy aws_s3_bucket_policy.b\["x"\]"#, 4),
                ("statement 1 \"Public\"", 7)
            ]
        );
        let text = result["message"]["text"].as_str().unwrap();
        assert!(
            text.ends_with(r" – [policy](1), [attached to aws_iam_role.r\[0\]](2)"),
            "{text}"
        );
        assert_eq!(result["relatedLocations"][1]["id"], json!(2));
        assert_eq!(result["properties"]["readings"], json!(["A1"]));
        assert_eq!(
            result["properties"]["counterexample"]["action"],
            json!("s3:GetObject")
        );
    }

    #[test]
    fn too_many_results_are_cut_with_a_warning() {
        let many = |at: usize| {
            let mut entry = entry();
            entry.severity = if at < 10 { Severity::Low } else { Severity::High };
            entry.statements[0].location.as_mut().unwrap().region.start_line = at + 1;
            entry
        };
        let report = Report {
            standards: vec![row("no-public")],
            findings: (0..ACCEPTED + 10).map(many).collect(),
            ..Report::default()
        };
        let log = sarif(&report);
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), ACCEPTED);
        assert!(
            results.iter().all(|result| result["level"] == "error"),
            "the low ones are cut"
        );
        assert!(results[0]["codeFlows"].is_array() && results[SHOWN]["codeFlows"].is_null());
        let told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
            .as_array()
            .unwrap();
        assert_eq!(told.len(), 2);
        assert_eq!(cut(&report).len(), 2);
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
