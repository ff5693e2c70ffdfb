//! Plans with many instances: one bad policy among ten thousand never hides the others, and is never hidden.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::run::{findings, run, scratch, text};

const INSTANCES: usize = 10_000;

/// Generous, as builds without optimisation run on loaded machines; what takes time in the square of the instances is
/// far beyond it.
const MOST_TIME: Duration = Duration::from_secs(120);

const STANDARDS: &str = "version: 1\nstandards:
  - {id: passrole, check: access-not-granted, actions: [\"iam:PassRole\"], scope: {kinds: [identity]}}
  - {id: growth, check: no-new-access, reference: before, scope: {kinds: [identity]}}\n";

fn change(resource_type: &str, key: &str, before: &Value, after: &Value, unknown: &Value) -> Value {
    let action = if before == after { "no-op" } else { "update" };
    json!({"address": format!("{resource_type}.r[{}]", json!(key)), "mode": "managed", "type": resource_type,
        "name": "r", "index": key,
        "change": {"actions": [action], "before": before, "after": after, "after_unknown": unknown}})
}

fn allow(action: &str) -> String {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A role and an inline policy an instance. Four instances are bad, each in its own way.
fn plan() -> String {
    let mut changes = Vec::new();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}]})
    .to_string();
    for at in 0..INSTANCES {
        let key = format!("k.{at}/\"é\"");
        let role = json!({"name": format!("role-{at}"), "assume_role_policy": trust});
        changes.push(change("aws_iam_role", &key, &role, &role, &json!({})));
        let policy = |document: String| json!({"role": format!("role-{at}"), "policy": document});
        let before = policy(allow(&format!("s3:Get{}", at % 7)));
        let (after, unknown) = match at {
            17 => (policy(allow("iam:PassRole")), json!({})),
            2_000 => (policy("{".to_owned()), json!({})),
            5_001 => (json!({"role": "role-5001"}), json!({"policy": true})),
            9_999 => (policy(allow("s3:*")), json!({})),
            _ => (before.clone(), json!({})),
        };
        changes.push(change("aws_iam_role_policy", &key, &before, &after, &unknown));
    }
    json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes}).to_string()
}

#[test]
fn one_bad_instance_hides_no_other() {
    let folder = scratch("scale");
    fs::write(folder.join("keyaki.yaml"), STANDARDS).unwrap();
    fs::write(folder.join("plan.json"), plan()).unwrap();
    let at = |number: usize| format!("aws_iam_role_policy.r[{}]", json!(format!("k.{number}/\"é\"")));
    let mut expected = vec![
        format!("ERROR invalid-policy {}", at(2_000)),
        format!("FAIL growth {}", at(17)),
        format!("FAIL growth {}", at(9_999)),
        format!("FAIL passrole {}", at(17)),
    ];
    expected.sort();
    for (options, unchanged) in [(&[][..], 0), (&["--changed-only"], 2 * INSTANCES - 4)] {
        let start = Instant::now();
        let ran = run(
            &folder,
            &[&["check", "plan.json", "--format", "json"], options].concat(),
        );
        let time = start.elapsed();
        let report = ran.json();
        let mut told: Vec<String> = ["FAIL", "ERROR"]
            .iter()
            .flat_map(|verdict| findings(&report, verdict))
            .map(|finding| {
                let (verdict, standard) = (text(finding, "verdict"), text(finding, "standard"));
                format!("{verdict} {standard} {}", text(finding, "address"))
            })
            .collect();
        told.sort();
        assert_eq!(told, expected, "{options:?}: {}", ran.stderr);
        let undecided = findings(&report, "UNDECIDED");
        let addresses: Vec<&str> = undecided.iter().map(|finding| text(finding, "address")).collect();
        assert_eq!(addresses, [at(5_001)], "{options:?}");
        let policies = &report["summary"]["policies"];
        let left_out = policies["unchanged"].as_u64().unwrap();
        assert_eq!(left_out, unchanged as u64, "{options:?}: {policies}");
        assert_eq!(ran.status, 3, "a policy is not valid");
        assert!(time < MOST_TIME, "{options:?} took {time:?}");
    }
}

/// Roles, policies and attachments that are all created: what belongs to what is told by the keys of the instances only.
fn created() -> String {
    let mut changes = Vec::new();
    for at in 0..INSTANCES / 2 {
        let key = format!("k{at}");
        let action = if at == 4_321 {
            "iam:PassRole"
        } else {
            "s3:GetObject"
        };
        let mut create = |resource_type: &str, after: Value, unknown: &[&str]| {
            let unknown: Value = unknown
                .iter()
                .map(|name| ((*name).to_owned(), json!(true)))
                .collect();
            changes.push(change(resource_type, &key, &Value::Null, &after, &unknown));
        };
        create("aws_iam_policy", json!({"policy": allow(action)}), &["arn"]);
        create("aws_iam_user", json!({}), &["name"]);
        create(
            "aws_iam_user_policy_attachment",
            json!({}),
            &["user", "policy_arn"],
        );
    }
    let entry = |resource_type: &str, expressions: Value| json!({"mode": "managed", "type": resource_type, "name": "r", "expressions": expressions});
    let of = |address: &str| json!({"references": [address, "each.key"]});
    let attachment = json!({"user": of("aws_iam_user.r"), "policy_arn": of("aws_iam_policy.r")});
    let resources = json!([
        entry("aws_iam_policy", json!({"policy": {}})),
        entry("aws_iam_user", json!({})),
        entry("aws_iam_user_policy_attachment", attachment),
    ]);
    json!({"format_version": "1.2", "resource_changes": changes,
        "configuration": {"root_module": {"resources": resources}}})
    .to_string()
}

#[test]
fn created_estates_do_not_take_time_in_their_square() {
    let folder = scratch("scale-created");
    fs::write(folder.join("plan.json"), created()).unwrap();
    let start = Instant::now();
    let ran = run(&folder, &["extract", "plan.json"]);
    let time = start.elapsed();
    let report = ran.json();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let policies = report["policies"].as_array().unwrap();
    assert_eq!(policies.len(), INSTANCES / 2);
    for policy in policies {
        let of_user = text(policy, "address").replace("aws_iam_policy", "aws_iam_user");
        assert_eq!(policy["attachedTo"], json!([of_user]));
    }
    assert!(time < MOST_TIME, "took {time:?}");
}
