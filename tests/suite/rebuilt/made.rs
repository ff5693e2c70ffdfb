//! Data sources that Terraform itself defers. None with blocks comes with it, so the defaults of a remote state
//! stand for their arguments: an object with the same lists, sets left out.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::run::{run, scratch};

use super::cases::lines;

const CODE: &str = r#"
resource "terraform_data" "aws_s3_bucket__b" { input = "b" }
variable "prefix" { default = "arn:aws:s3:::known" }
data "terraform_remote_state" "aws_iam_policy_document__plain" {
  backend = "local"
  config   = { path = terraform_data.aws_s3_bucket__b.id }
  defaults = {
    statement = [
      { actions = ["s3:GetObject"], resources = [terraform_data.aws_s3_bucket__b.id, "${var.prefix}/*"] },
      { sid = "Guard", effect = "Deny", actions = ["s3:PutObject"], resources = ["*"] },
    ]
  }
}
data "terraform_remote_state" "aws_iam_policy_document__waits" {
  backend    = "local"
  config     = { path = "x" }
  defaults   = { statement = [{ actions = ["s3:ListBucket"], resources = ["*"] }] }
  depends_on = [terraform_data.aws_s3_bucket__b]
}
data "terraform_remote_state" "aws_iam_policy_document__each" {
  for_each = { "a" = "s3:GetObject", "b.c" = "s3:PutObject" }
  backend  = "local"
  config   = { path = terraform_data.aws_s3_bucket__b.id }
  defaults = { statement = [{ actions = [each.value], resources = ["${terraform_data.aws_s3_bucket__b.id}/${each.key}"] }] }
}
data "terraform_remote_state" "aws_iam_policy_document__dynamic" {
  backend = "local"
  config   = { path = terraform_data.aws_s3_bucket__b.id }
  defaults = { statement = terraform_data.aws_s3_bucket__b.output }
}
data "terraform_remote_state" "aws_iam_policy_document__merges" {
  backend = "local"
  config   = { path = terraform_data.aws_s3_bucket__b.id }
  defaults = {
    source_policy_documents = [data.terraform_remote_state.aws_iam_policy_document__plain.outputs]
    statement               = [{ sid = "Guard", actions = ["sqs:*"], resources = ["*"] }]
  }
}
resource "terraform_data" "aws_iam_policy__plain" { input = data.terraform_remote_state.aws_iam_policy_document__plain.outputs }
resource "terraform_data" "aws_iam_policy__waits" { input = data.terraform_remote_state.aws_iam_policy_document__waits.outputs }
resource "terraform_data" "aws_iam_policy__each" {
  for_each = toset(["a", "b.c"])
  input    = data.terraform_remote_state.aws_iam_policy_document__each[each.key].outputs
}
resource "terraform_data" "aws_iam_policy__one" { input = data.terraform_remote_state.aws_iam_policy_document__each["b.c"].outputs }
resource "terraform_data" "aws_iam_policy__dynamic" { input = data.terraform_remote_state.aws_iam_policy_document__dynamic.outputs }
resource "terraform_data" "aws_iam_policy__merges" { input = data.terraform_remote_state.aws_iam_policy_document__merges.outputs }
module "m" {
  count    = 2
  source   = "./m"
  document = data.terraform_remote_state.aws_iam_policy_document__waits.outputs
}
resource "terraform_data" "aws_iam_policy__output" { input = module.m[1].out }
"#;

const MODULE: &str = r#"
variable "document" {}
resource "terraform_data" "aws_iam_policy__inner" { input = var.document }
output "out" { value = var.document }
"#;

#[test]
fn what_terraform_defers_is_rebuilt() {
    if Command::new("terraform").arg("version").output().is_err() {
        eprintln!("skipped: no `terraform` on the path");
        return;
    }
    let folder = scratch("rebuilt-made");
    fs::create_dir_all(folder.join("m")).unwrap();
    fs::write(folder.join("main.tf"), CODE).unwrap();
    fs::write(folder.join("m/main.tf"), MODULE).unwrap();
    let terraform = |arguments: &[&str]| {
        let output = Command::new("terraform")
            .current_dir(&folder)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    terraform(&["init", "-no-color"]);
    terraform(&["plan", "-no-color", "-out=plan"]);
    let plan = rewritten(serde_json::from_str(&terraform(&["show", "-json", "plan"])).unwrap());
    fs::write(folder.join("plan.json"), plan.to_string()).unwrap();
    let mut found = lines(&run(&folder, &["extract", "plan.json"]).json());
    found.sort();
    let of = |policy: &str, source: &str, statements: &str| {
        format!("{policy}? < data.aws_iam_policy_document.{source}: {statements}")
    };
    let hole = |source: &str, place: &str| {
        format!("{{{{hole:data.aws_iam_policy_document.{source}.statement[0].resources[{place}]}}}}")
    };
    let plain = format!(
        "Allow s3:getobject on arn:aws:s3:::known/* {}; Deny s3:putobject on * {{\"Sid\":\"Guard\"}}",
        hole("plain", "0")
    );
    let merged = plain.replace("Deny s3:putobject", "Allow sqs:*");
    let waits = "Allow s3:listbucket on *";
    let each =
        |key: &str, action: &str| format!("Allow s3:{action} on {}", hole(&format!("each[\"{key}\"]"), "0"));
    let mut expected = vec![
        of("aws_iam_policy.plain", "plain", &plain),
        of("aws_iam_policy.waits", "waits", waits),
        of("aws_iam_policy.each[\"a\"]", "each[\"a\"]", &each("a", "getobject")),
        of("aws_iam_policy.each[\"b.c\"]", "each[\"b.c\"]", &each("b.c", "putobject")),
        of("aws_iam_policy.one", "each[\"b.c\"]", &each("b.c", "putobject")),
        of("aws_iam_policy.merges", "merges", &merged),
        of("module.m[0].aws_iam_policy.inner", "waits", waits),
        of("module.m[1].aws_iam_policy.inner", "waits", waits),
        of("aws_iam_policy.output", "waits", waits),
        "aws_iam_policy.dynamic: data.aws_iam_policy_document.dynamic, which has a `statement` that is known only after apply"
            .to_owned(),
    ];
    expected.sort();
    assert_eq!(found, expected);
}

/// Remote states as documents: `defaults` holds the arguments, `outputs` is the document. `terraform_data.TYPE__NAME` as a
/// resource of that type whose input is its policy.
fn rewritten(plan: Value) -> Value {
    let text = plan
        .to_string()
        .replace(
            "terraform_remote_state.aws_iam_policy_document__",
            "aws_iam_policy_document.",
        )
        .replace("terraform_data.aws_iam_policy__", "aws_iam_policy.")
        .replace(".outputs\"", ".json\"");
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    for entry in plan["resource_changes"].as_array_mut().unwrap() {
        rename(entry);
        let is_policy = entry["type"] == "aws_iam_policy";
        let change = &mut entry["change"];
        for (view, computed) in [("after", false), ("after_unknown", true)] {
            let Some(values) = change[view].as_object().cloned() else {
                continue;
            };
            change[view] = match values.get("defaults").or(values.get("config")) {
                Some(arguments) => {
                    let mut arguments = match values.get("defaults") {
                        Some(_) => arguments.clone(),
                        None => json!({}),
                    };
                    if computed {
                        arguments["json"] = json!(true);
                        arguments["id"] = json!(true);
                    }
                    arguments
                }
                None => match values.get("input").filter(|_| is_policy) {
                    Some(input) => json!({"policy": input}),
                    None => json!({}),
                },
            };
        }
    }
    let mut modules = vec![&mut plan["configuration"]["root_module"]];
    while let Some(module) = modules.pop() {
        let Value::Object(members) = module else { continue };
        for (name, member) in members {
            match name.as_str() {
                "resources" => member.as_array_mut().unwrap().iter_mut().for_each(|entry| {
                    rename(entry);
                    let expressions = entry["expressions"].clone();
                    // What the arguments refer to is one list here, as they are one expression.
                    entry["expressions"] = match expressions.get("defaults") {
                        Some(all) => json!({"source_policy_documents": all, "statement": all}),
                        None => json!({"policy": expressions["input"]}),
                    };
                }),
                "module_calls" => {
                    let calls = member.as_object_mut().unwrap().values_mut();
                    modules.extend(calls.map(|call| &mut call["module"]));
                }
                _ => {}
            }
        }
    }
    plan
}

fn rename(entry: &mut Value) {
    let name = entry["name"].as_str().unwrap().to_owned();
    if let Some((kind, name)) = name.split_once("__") {
        entry["type"] = json!(kind);
        entry["name"] = json!(name);
    }
}
