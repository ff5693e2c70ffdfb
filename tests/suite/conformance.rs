//! Plans and templates whose findings AWS's own validators assert against the live service. They name one statement a
//! finding; ours names all, so theirs must be among them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::data::shared;
use crate::run::{findings, json_lines, run, scratch, statements, text};

/// Violations beyond those of the validators: the row, the address, why it is right.
const BEYOND: [(&str, &str, &str); 1] = [(
    "tf/public_access",
    "aws_lambda_permission.with_sns",
    "its principal is `*`, and nothing narrows it",
)];

#[test]
fn findings_of_the_validators_are_found() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("conformance/e2e");
    let rows = json_lines(&folder.join("expectations.jsonl"));
    assert!(rows.len() >= 8);
    for (number, row) in rows.iter().enumerate() {
        let report = check(&folder, row, number);
        match row.get("expected_fail") {
            Some(expected) => compare_all(row, expected, &report),
            None => compare_some(row, &report),
        }
    }
}

fn check(folder: &Path, row: &Value, number: usize) -> Value {
    let scratch = scratch(&format!("conformance-{number}"));
    fs::write(scratch.join("keyaki.yaml"), standards(folder, row, &scratch)).unwrap();
    let input = folder.join(text(row, "template"));
    let standards = scratch.join("keyaki.yaml");
    let mut arguments = vec![
        "check",
        "--format",
        "json",
        "--standards",
        standards.to_str().unwrap(),
    ];
    arguments.push(input.to_str().unwrap());
    let parameters: Vec<String> = row["parameters"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    for parameter in &parameters {
        arguments.extend(["--parameters", parameter]);
    }
    let ran = run(folder, &arguments);
    assert!(
        [0, 1, 3, 4].contains(&ran.status),
        "{}: status {}: {}",
        row["id"],
        ran.status,
        ran.stderr
    );
    ran.json()
}

/// A standards file that asks what the row asks. JSON is YAML.
fn standards(folder: &Path, row: &Value, scratch: &Path) -> String {
    let mut standard = json!({"id": "asked"});
    match text(row, "check") {
        "CheckNoNewAccess" => {
            let reference = fs::read(folder.join(text(row, "reference"))).unwrap();
            fs::write(scratch.join("reference.json"), reference).unwrap();
            let kinds = if row["policy_type"] == "identity" {
                json!(["identity"])
            } else {
                json!(["resource", "trust"])
            };
            standard["check"] = json!("no-new-access");
            standard["reference"] = json!("reference.json");
            standard["scope"] = json!({"kinds": kinds});
        }
        "CheckNoPublicAccess" => standard["check"] = json!("no-public-access"),
        "CheckAccessNotGranted" => {
            standard["check"] = json!("access-not-granted");
            for list in ["actions", "resources"] {
                if row[list].is_array() {
                    standard[list] = row[list].clone();
                }
            }
        }
        other => panic!("unknown check {other}"),
    }
    json!({"version": 1, "standards": [standard]}).to_string()
}

fn compare_all(row: &Value, expected: &Value, report: &Value) {
    let id = text(row, "id");
    let violations = findings(report, "FAIL");
    let mut named = BTreeSet::new();
    for expected in expected.as_array().unwrap() {
        let address = address(text(expected, "policy"), row);
        let finding = violations
            .iter()
            .find(|finding| finding["address"] == address.as_str());
        let finding = finding.unwrap_or_else(|| panic!("{id}: nothing at {address} in {report:#}"));
        for index in expected["statementIndex"].as_array().unwrap() {
            assert!(
                statements(finding).contains(&index.as_u64().unwrap()),
                "{id}: {finding:#}"
            );
        }
        named.insert(address);
    }
    let found: BTreeSet<String> = violations
        .iter()
        .map(|finding| text(finding, "address").to_owned())
        .collect();
    let beyond: BTreeSet<&str> = found.difference(&named).map(String::as_str).collect();
    let listed = BEYOND
        .iter()
        .filter(|(row, ..)| *row == id)
        .map(|(_, address, _)| *address)
        .collect();
    assert_eq!(
        beyond, listed,
        "{id}: violations that the validators do not name (left) and the listed ones (right)"
    );
}

/// What the validator calls a resource of the template, where that is not its logical id.
const NAMES: [(&str, &str); 2] = [
    ("MyMultiRegionAccessPoint", "ArtifactBucketMRAccessPoint"),
    ("MyAccessPoint", "ArtifactBucketAccessPoint"),
];

/// The row of the template names some of the resources and how many findings there are.
fn compare_some(row: &Value, report: &Value) {
    let violations = findings(report, "FAIL");
    for expected in row["expected_fail_includes"].as_array().unwrap() {
        let name = expected[0].as_str().unwrap();
        let logical_id = NAMES
            .iter()
            .find(|(called, _)| *called == name)
            .map_or(name, |(_, id)| id);
        let resource = format!("{logical_id}/");
        let found = violations
            .iter()
            .any(|finding| text(finding, "address").starts_with(&resource));
        assert!(found, "{}: nothing at {expected} in {report:#}", row["id"]);
    }
    // Three of the ten are complaints of the service about documents, not access.
    assert!(
        violations.len() >= 7,
        "{}: {} violations in {report:#}",
        row["id"],
        violations.len()
    );
}

/// The validators name a role for its trust policy, and blocks by position.
fn address(policy: &str, row: &Value) -> String {
    if let Some((role, index)) = policy.split_once(".inline_policy.") {
        return format!("{role}/inline_policy[{index}]");
    }
    if policy.starts_with("aws_iam_role.") && row["policy_type"] != "identity" {
        return format!("{policy}/assume_role_policy");
    }
    policy.to_owned()
}
