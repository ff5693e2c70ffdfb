//! SARIF 2.1.0 as GitHub code scanning reads it. Own structures: only the properties that are written.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::check::Severity;

use super::json::write_json;
use super::{Entry, INVALID_RULE, Location, Report, StandardRow, UNDECIDED_RULE, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Results that code scanning shows of one run.
const SHOWN: usize = 5_000;
/// Results a run may have at all.
const ACCEPTED: usize = 25_000;
/// Characters of a message and of descriptions.
const MESSAGE: usize = 4_000;
const DESCRIPTION: usize = 1_000;
/// Instances that are named when results at one place are joined.
const NAMED: usize = 100;

/// Writes the report: the most severe results first, results at one place joined.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_json(&log(report), out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<ResultObject<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: [&'static str; 2],
    precision: &'static str,
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultObject<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [LocationObject<'a>; 1],
    partial_fingerprints: Fingerprints<'a>,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationObject<'a> {
    physical_location: PhysicalLocation<'a>,
    logical_locations: Vec<LogicalLocation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: ArtifactLocation<'a>,
    region: RegionObject,
}

#[derive(Serialize)]
struct ArtifactLocation<'a> {
    uri: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionObject {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints<'a> {
    primary_location_line_hash: String,
    #[serde(rename = "keyakiEvidence/v1")]
    evidence: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties<'a> {
    verdict: &'static str,
    severity: &'static str,
    standard: &'a str,
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
    if groups.len() > SHOWN {
        let text = format!(
            "{} results; code scanning shows the {SHOWN} most severe of a run",
            groups.len()
        );
        notifications.push(notification("warning", &text));
    }
    if groups.len() > ACCEPTED {
        let text = format!(
            "only the {ACCEPTED} most severe of {} results are in this file",
            groups.len()
        );
        notifications.push(notification("warning", &text));
        groups.truncate(ACCEPTED);
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

fn rules(report: &Report) -> Vec<Rule> {
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
    standards.map(rule).chain([undecided, invalid]).collect()
}

fn rule(row: &StandardRow) -> Rule {
    let title = check_title(row.check);
    let description = super::single_line(&row.description, DESCRIPTION);
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
        help: help(&format!(
            "{title}. The message names the statements to blame and a request that they allow; narrow them so that this \
             request is no longer allowed."
        )),
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
        _ => "The policy meets the standard",
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
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
