//! SARIF as code scanning needs it over time: alerts that stay the same alert, uploads of several stacks, columns, limits.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::run::{repository, run, scratch, text};
use crate::wellformed::complain;

/// The results of a scan with more arguments.
fn sarif(folder: &Path, arguments: &[&str]) -> Value {
    let ran = run(folder, &[&["check", "--format", "sarif"], arguments].concat());
    assert!([0, 1, 4].contains(&ran.status), "{}", ran.stderr);
    complain("sarif", &ran.stdout).unwrap();
    ran.json()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

fn hash(result: &Value) -> &str {
    text(&result["partialFingerprints"], "primaryLocationLineHash")
}

fn region(result: &Value) -> &Value {
    &result["locations"][0]["physicalLocation"]["region"]
}

const ORG_ONLY: &str = "fixtures/org-only/template.yaml";

fn with_standards(name: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    let standards = "version: 1\nstandards:\n  \
        - {id: tidy, severity: low, check: access-not-granted, actions: [\"s3:GetObject\"]}\n  \
        - {id: no-public, severity: critical, check: no-public-access}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    folder
}

#[test]
fn alerts_stay_the_same_when_lines_move() {
    let folder = with_standards("sarif-moved");
    let template = fs::read_to_string(repository().join(ORG_ONLY)).unwrap();
    let seen = |text: &str| {
        fs::write(folder.join("template.yaml"), text).unwrap();
        let log = sarif(&folder, &["template.yaml"]);
        let lines = results(&log).iter().map(|result| {
            let line = region(result)["startLine"].as_u64().unwrap();
            (hash(result).to_owned(), line)
        });
        lines.collect::<Vec<_>>()
    };
    let before = seen(&template);
    let after = seen(&format!("# one\n# two\n\n{template}"));
    assert!(!before.is_empty());
    for ((old, line), (new, moved)) in before.iter().zip(&after) {
        assert_eq!((old, line + 3), (new, *moved));
    }
    // Another action in the same statement is the same alert; another statement is not.
    let wider = seen(&template.replace("s3:GetObject", "s3:Get*"));
    assert_eq!(wider[0].0, before[0].0);
    let renamed = seen(&template.replace("OrgOnly", "Everybody"));
    assert_ne!(renamed[0].0, before[0].0);
}

#[test]
fn a_for_each_that_grows_is_one_alert() {
    let folder = scratch("sarif-for-each");
    let code = r#"variable "names" { type = list(string) }
resource "terraform_data" "policy" {
  for_each = toset(var.names)
  input = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::${each.key}/*" }]
  })
}
"#;
    let standards = "version: 1\nstandards: [{id: no-public, severity: critical, check: no-public-access}]\n\
        policy_attributes: [{type: terraform_data, attribute: input, kind: resource}]\n";
    fs::write(folder.join("main.tf"), code).unwrap();
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let terraform = |script: &str| {
        let done = Command::new("sh")
            .args(["-ec", script])
            .current_dir(&folder)
            .output();
        done.is_ok_and(|output| output.status.success())
    };
    if !terraform("terraform init -input=false -no-color") {
        eprintln!("skipped: terraform is not there");
        return;
    }
    let seen = |names: &str| {
        let made = terraform(&format!(
            "terraform plan -input=false -no-color -out=tfplan -var 'names={names}' && terraform show -json tfplan > plan.json"
        ));
        assert!(made);
        let log = sarif(&folder, &["plan.json", "--source", "."]);
        let [result] = results(&log).as_slice() else {
            panic!("{}", results(&log).len())
        };
        let instances = result["properties"]["instanceCount"].as_u64().unwrap();
        assert_eq!(region(result)["startLine"], 6, "{result}");
        (hash(result).to_owned(), instances)
    };
    let two = seen(r#"["a", "b"]"#);
    let five = seen(r#"["a", "b", "c", "d", "e"]"#);
    assert_eq!((two.1, five.1), (2, 5));
    assert_eq!(two.0, five.0);
}

#[test]
fn stacks_are_told_apart() {
    let folder = with_standards("sarif-stacks");
    for stack in ["network", "data/eu"] {
        fs::create_dir_all(folder.join(stack)).unwrap();
        fs::copy(
            repository().join(ORG_ONLY),
            folder.join(stack).join("template.yaml"),
        )
        .unwrap();
    }
    let category = |inputs: &[&str]| {
        let log = sarif(&folder, inputs);
        text(&log["runs"][0]["automationDetails"], "id").to_owned()
    };
    assert_eq!(category(&["network/template.yaml"]), "keyaki/network/");
    assert_eq!(category(&["data/eu/template.yaml"]), "keyaki/data/eu/");
    assert_eq!(category(&["network", "data"]), "keyaki/");
}

#[test]
fn columns_are_counted_as_sarif_says() {
    let folder = with_standards("sarif-columns");
    let line = r#"{"Statement": [{"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::😀𝔘木é/*"}, {"Sid": "B", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}], "Version": "2012-10-17"}"#;
    fs::write(folder.join("policy.json"), line).unwrap();
    let log = sarif(&folder, &["policy.json"]);
    assert_eq!(log["runs"][0]["columnKind"], "utf16CodeUnits");
    let start = line.find("{\"Sid\": \"B\"").unwrap();
    let end = line[start..].find('}').unwrap() + start + 1;
    let column = |offset: usize| json!(line[..offset].encode_utf16().count() + 1);
    let found = results(&log)
        .iter()
        .find(|result| text(result, "ruleId") == "no-public")
        .unwrap();
    assert_eq!(
        (&region(found)["startColumn"], &region(found)["endColumn"]),
        (&column(start), &column(end))
    );
}

/// More results than code scanning shows: the worst come first, the rest are told of, and the file stays small enough.
#[test]
fn the_worst_come_first_when_there_are_too_many() {
    let folder = with_standards("sarif-limits");
    let count = 5_050;
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"});
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let properties = json!({"Bucket": "reports", "PolicyDocument": document});
    let resource = json!({"Type": "AWS::S3::BucketPolicy", "Properties": properties});
    let resources: serde_json::Map<String, Value> = (0..count)
        .map(|at| (format!("Bucket{at}"), resource.clone()))
        .collect();
    let template = serde_json::to_string_pretty(&json!({"Resources": resources})).unwrap();
    fs::write(folder.join("template.json"), template).unwrap();
    let arguments = ["check", "template.json", "-q", "--output", "sarif=report.sarif"];
    let ran = run(&folder, &arguments);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let warning = format!(
        "warning: {} results; code scanning shows the 5000 most severe of a run\n",
        2 * count
    );
    assert_eq!(ran.stderr, warning);
    let log: Value = serde_json::from_str(&fs::read_to_string(folder.join("report.sarif")).unwrap()).unwrap();
    let rules: Vec<&str> = results(&log)
        .iter()
        .map(|result| text(result, "ruleId"))
        .collect();
    assert_eq!(rules.len(), 2 * count);
    assert!(rules[..count].iter().all(|rule| *rule == "no-public"));
    assert!(rules[count..].iter().all(|rule| *rule == "tidy"));
    let notifications = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notifications[0]["level"], "warning", "{notifications}");
    let packed = Command::new("gzip")
        .args(["-c", "report.sarif"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(packed.stdout.len() < 10_000_000, "{} bytes", packed.stdout.len());
}
