//! Plans and states that the Terraform on this machine makes on the spot, so that our fixtures have their true shapes. No
//! provider is needed: a `terraform_data` named `TYPE__NAME`, whose input is an object of attributes, is rewritten into a
//! resource of that type.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::run::{Ran, findings, run, scratch, text};

const PASSROLE: &str =
    "version: 1\nstandards:\n  - {id: passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}\n";
const GROWTH: &str = "version: 1\nstandards:\n  - {id: growth, check: no-new-access, reference: before}\n";
const SECRET: &str = "s3cr3t-canary";

const FIRST: &str = r#"
locals {
  read = { Effect = "Allow", Action = "s3:GetObject", Resource = "*" }
  open = merge(local.read, { Principal = { AWS = "111122223333" } })
}
resource "terraform_data" "aws_s3_bucket__b" { input = { bucket = "b" } }
resource "terraform_data" "aws_iam_policy__same" {
  input = { name = "same", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
resource "terraform_data" "aws_iam_policy__grows" {
  input = { name = "grows", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
resource "terraform_data" "aws_iam_policy__old_name" {
  input = { name = "moves", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
resource "terraform_data" "aws_s3_bucket_policy__gone" {
  input = { bucket = "b", policy = jsonencode({ Version = "2012-10-17", Statement = [local.open] }) }
}
resource "terraform_data" "aws_iam_policy__replaced" {
  triggers_replace = "1"
  input            = { name = "replaced", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
"#;

const SECOND: &str = r#"
variable "secret" {
  sensitive = true
  default   = "s3cr3t-canary"
}
locals {
  read   = { Effect = "Allow", Action = "s3:GetObject", Resource = "*" }
  pass   = { Effect = "Allow", Action = "iam:PassRole", Resource = "*" }
  tagged = merge(local.pass, { Condition = { StringEquals = { "aws:PrincipalTag/t" = var.secret } } })
}
resource "terraform_data" "aws_s3_bucket__b" { input = { bucket = "b" } }
resource "terraform_data" "aws_s3_bucket__new" { input = { bucket = "new" } }
resource "terraform_data" "aws_iam_policy__same" {
  input = { name = "same", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
resource "terraform_data" "aws_iam_policy__grows" {
  input = { name = "grows", policy = jsonencode({ Version = "2012-10-17", Statement = [local.pass] }) }
}
resource "terraform_data" "aws_iam_policy__new_name" {
  input = { name = "moves", policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] }) }
}
moved {
  from = terraform_data.aws_iam_policy__old_name
  to   = terraform_data.aws_iam_policy__new_name
}
resource "terraform_data" "aws_iam_policy__replaced" {
  triggers_replace = "2"
  input            = { name = "replaced", policy = jsonencode({ Version = "2012-10-17", Statement = [local.pass] }) }
}
resource "terraform_data" "aws_iam_policy__unknown" {
  input = {
    name   = "unknown"
    policy = jsonencode({ Statement = [merge(local.read, { Resource = terraform_data.aws_s3_bucket__new.id })] })
  }
}
resource "terraform_data" "aws_iam_policy__each" {
  for_each = { "a.b" = "s3:GetObject", "c[\"d\"]" = "iam:PassRole", "x/y" = "s3:GetObject", "ü $${z}" = "iam:*" }
  input    = { name = "each", policy = jsonencode({ Statement = [merge(local.read, { Action = each.value })] }) }
}
resource "terraform_data" "aws_iam_policy__secret" {
  input = { name = "secret", policy = jsonencode({ Statement = [local.tagged] }) }
}
import {
  to = terraform_data.aws_iam_policy__imported
  id = "abc"
}
resource "terraform_data" "aws_iam_policy__imported" {
  input = { name = "imported", policy = jsonencode({ Statement = [local.pass] }) }
}
module "m" {
  for_each = { "prod.eu" = "iam:PassRole", "dev/us" = "s3:GetObject" }
  source   = "./m"
  action   = each.value
}
"#;

const OUTER: &str = r#"
variable "action" {}
module "inner" {
  source = "./inner"
  action = var.action
}
"#;

const INNER: &str = r#"
variable "action" {}
resource "terraform_data" "aws_iam_policy__p" {
  count = 2
  input = {
    name   = "inner-${count.index}"
    policy = jsonencode({ Statement = [{ Effect = "Allow", Action = var.action, Resource = "*" }] })
  }
}
"#;

/// A condition that does not hold: planning ends with an error, and what was planned so far is in the plan.
const FAILS: &str = r#"
resource "terraform_data" "aws_iam_policy__fails" {
  input = { name = "x", policy = "{}" }
  lifecycle {
    precondition {
      condition     = var.secret == "other"
      error_message = "no"
    }
  }
}
"#;

/// What may call `iam:PassRole` after the second configuration is applied.
const VIOLATIONS: [&str; 8] = [
    r#"FAIL aws_iam_policy.each["c[\"d\"]"]"#,
    r#"FAIL aws_iam_policy.each["ü $${z}"]"#,
    "FAIL aws_iam_policy.grows",
    "FAIL aws_iam_policy.imported",
    "FAIL aws_iam_policy.replaced",
    "FAIL aws_iam_policy.secret",
    r#"FAIL module.m["prod.eu"].module.inner.aws_iam_policy.p[0]"#,
    r#"FAIL module.m["prod.eu"].module.inner.aws_iam_policy.p[1]"#,
];
const UNKNOWN: &str = "UNDECIDED aws_iam_policy.unknown";

/// What Terraform made: as it is, and rewritten.
struct Made {
    folder: PathBuf,
    /// The plan of the first configuration.
    first: String,
    /// The state after it was applied.
    state: String,
    /// The plan of the second configuration.
    plan: String,
    /// The same with an error.
    errored: String,
    /// The same for one resource only.
    targeted: String,
}

static MADE: LazyLock<Option<Made>> = LazyLock::new(make);

/// What Terraform made; says so where there is no Terraform.
fn made() -> Option<&'static Made> {
    if MADE.is_none() {
        eprintln!("skipped: no `terraform` on the path");
    }
    MADE.as_ref()
}

/// Whether there is a Terraform here; says so where there is none.
pub fn has_terraform() -> bool {
    let found = Command::new("terraform").arg("version").output().is_ok();
    if !found {
        eprintln!("skipped: no `terraform` on the path");
    }
    found
}

fn make() -> Option<Made> {
    Command::new("terraform").arg("version").output().ok()?;
    let folder = scratch("terraform-made");
    fs::create_dir_all(folder.join("m/inner")).unwrap();
    fs::write(folder.join("main.tf"), FIRST).unwrap();
    terraform(&folder, &["init"]);
    terraform(&folder, &["plan", "-out=first"]);
    let first = shown(&folder, &["first"]);
    terraform(&folder, &["apply", "-auto-approve"]);
    let state = shown(&folder, &[]);
    fs::write(folder.join("m/main.tf"), OUTER).unwrap();
    fs::write(folder.join("m/inner/main.tf"), INNER).unwrap();
    fs::write(folder.join("main.tf"), SECOND).unwrap();
    terraform(&folder, &["init"]);
    terraform(&folder, &["plan", "-out=second"]);
    let targets = ["grows", "new_name", "old_name"]
        .map(|name| format!("-target=terraform_data.aws_iam_policy__{name}"));
    let targeted: Vec<&str> = targets.iter().map(String::as_str).collect();
    terraform(&folder, &[&["plan", "-out=one"], &targeted[..]].concat());
    let plan = shown(&folder, &["second"]);
    let targeted = shown(&folder, &["one"]);
    fs::write(folder.join("main.tf"), format!("{SECOND}{FAILS}")).unwrap();
    let failed = call(&folder, &["plan", "-out=errored"]);
    assert!(!failed.status.success(), "the precondition holds");
    let errored = shown(&folder, &["errored"]);
    Some(Made {
        folder,
        first,
        state,
        plan,
        errored,
        targeted,
    })
}

/// Runs Terraform, which must succeed.
pub fn terraform(folder: &Path, arguments: &[&str]) -> Output {
    let output = call(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "terraform {arguments:?}: {said}");
    output
}

fn call(folder: &Path, arguments: &[&str]) -> Output {
    let (command, options) = arguments.split_first().unwrap();
    let plain: &[&str] = if *command == "show" {
        &[]
    } else {
        &["-no-color", "-input=false"]
    };
    let mut call = Command::new("terraform");
    call.current_dir(folder)
        .arg(command)
        .args(plain)
        .args(options)
        .env_remove("TF_CLI_CONFIG_FILE")
        .env_remove("TF_WORKSPACE")
        .env("CHECKPOINT_DISABLE", "1");
    call.output().unwrap()
}

/// What `terraform show -json` says, rewritten.
pub fn shown(folder: &Path, file: &[&str]) -> String {
    let output = terraform(folder, &[&["show", "-json"], file].concat());
    let mut value = serde_json::from_slice(&output.stdout).unwrap();
    rewrite(&mut value);
    value.to_string()
}

/// Makes resources of their true types of those named `TYPE__NAME`.
fn rewrite(value: &mut Value) {
    match value {
        Value::String(text) => *text = renamed(text),
        Value::Array(items) => items.iter_mut().for_each(rewrite),
        Value::Object(members) => {
            if members.get("type") == Some(&json!("terraform_data")) {
                retype(members);
            }
            members.values_mut().for_each(rewrite);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An address with the true type and name.
fn renamed(text: &str) -> String {
    let mut parts = text.split("terraform_data.");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        renamed.push_str(&part.replacen("__", ".", 1));
    }
    renamed
}

fn retype(resource: &mut Map<String, Value>) {
    let name = resource["name"].as_str().unwrap().to_owned();
    let (resource_type, name) = name.split_once("__").unwrap();
    resource.insert("type".into(), json!(resource_type));
    resource.insert("name".into(), json!(name));
    for (part, keys) in [
        (
            "change",
            &[
                "before",
                "after",
                "after_unknown",
                "before_sensitive",
                "after_sensitive",
            ][..],
        ),
        ("", &["values", "sensitive_values"]),
    ] {
        let holder = if part.is_empty() {
            Some(&mut *resource)
        } else {
            resource.get_mut(part).and_then(Value::as_object_mut)
        };
        for (key, view) in holder.into_iter().flatten() {
            if keys.contains(&key.as_str()) && view.is_object() {
                *view = input_of(view);
            }
        }
    }
    if let Some(expressions) = resource.get_mut("expressions") {
        // All attributes are in one expression, so each may refer to all that it refers to.
        let input = &expressions["input"];
        *expressions = json!({"policy": input, "name": input, "bucket": input});
    }
}

/// The attributes, and what providers know after apply only.
fn input_of(view: &Value) -> Value {
    let mut input = match &view["input"] {
        Value::Null => json!({}),
        input => input.clone(),
    };
    if let (true, Some(members)) = (view["id"] == true, input.as_object_mut()) {
        members.insert("id".into(), json!(true));
        members.insert("arn".into(), json!(true));
    }
    input
}

/// Runs `keyaki check` on a text.
fn check(
    name: &str,
    standards: &str,
    input: impl AsRef<[u8]>,
    before: Option<&str>,
    options: &[&str],
) -> Ran {
    let folder = scratch(&format!("terraform-{name}"));
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    fs::write(folder.join("input"), input).unwrap();
    let mut arguments = vec!["check", "input", "--format", "json"];
    if let Some(before) = before {
        fs::write(folder.join("before"), before).unwrap();
        arguments.extend(["--before", "before"]);
    }
    arguments.extend(options);
    run(&folder, &arguments)
}

/// The findings as `VERDICT ADDRESS`, in order, and how many pass.
fn told(ran: &Ran) -> (Vec<String>, u64) {
    let report = ran.json();
    let mut lines: Vec<String> = ["FAIL", "UNDECIDED", "ERROR"]
        .iter()
        .flat_map(|verdict| findings(&report, verdict))
        .map(|finding| format!("{} {}", text(finding, "verdict"), text(finding, "address")))
        .collect();
    lines.sort();
    (lines, report["summary"]["results"]["pass"].as_u64().unwrap())
}

fn violations() -> Vec<String> {
    let all = VIOLATIONS.iter().chain([&UNKNOWN]);
    all.map(|line| (*line).to_owned()).collect()
}

#[test]
fn addresses_are_rewritten() {
    for (written, rewritten) in [
        ("terraform_data.aws_iam_policy__p", "aws_iam_policy.p"),
        (
            "module.m[\"terraform_x\"].terraform_data.aws_iam_policy__p__q[0]",
            "module.m[\"terraform_x\"].aws_iam_policy.p__q[0]",
        ),
        ("var.a__b", "var.a__b"),
    ] {
        assert_eq!(renamed(written), rewritten);
    }
}

#[test]
fn a_real_plan() {
    let Some(made) = made() else { return };
    let ran = check("plan", PASSROLE, &made.plan, None, &[]);
    assert_eq!(told(&ran), (violations(), 6), "{}", ran.stderr);
    assert_eq!(ran.status, 1);
    let report = ran.json();
    let unknown = findings(&report, "UNDECIDED")[0];
    assert!(
        text(unknown, "message").contains("aws_s3_bucket.new.id"),
        "{unknown:#}"
    );
    let ran = check("plan-changed", PASSROLE, &made.plan, None, &["--changed-only"]);
    assert_eq!(told(&ran), (violations(), 4), "{}", ran.stderr);
    assert_eq!(ran.json()["summary"]["policies"]["unchanged"], 2);
}

/// Whatever is asked and however it is told, a sensitive value is not.
#[test]
fn sensitive_values_are_analysed_and_not_shown() {
    let Some(made) = made() else { return };
    assert!(made.plan.contains(SECRET), "the plan has it in clear");
    for (name, standards) in [("secret-a", PASSROLE), ("secret-b", GROWTH)] {
        for format in ["table", "json", "sarif"] {
            let folder = scratch(&format!("terraform-{name}"));
            fs::write(folder.join("keyaki.yaml"), standards).unwrap();
            fs::write(folder.join("input"), &made.plan).unwrap();
            let ran = run(
                &folder,
                &["check", "input", "--format", format, "-v", "--suggest"],
            );
            assert!(
                ran.stdout.contains("aws_iam_policy.secret"),
                "{format}: {}{}",
                ran.stdout,
                ran.stderr
            );
            assert!(!(ran.stdout + &ran.stderr).contains(SECRET), "{name} {format}");
        }
    }
}

/// The plan's own `before`, the state it was made from, and the plan that made that state tell the same.
#[test]
fn what_is_deployed_is_told_alike() {
    let Some(made) = made() else { return };
    let own = told(&check("own", GROWTH, &made.plan, None, &[]));
    let created = [
        "FAIL aws_iam_policy.each[\"a.b\"]",
        "FAIL aws_iam_policy.each[\"x/y\"]",
        "FAIL module.m[\"dev/us\"].module.inner.aws_iam_policy.p[0]",
        "FAIL module.m[\"dev/us\"].module.inner.aws_iam_policy.p[1]",
        "UNDECIDED aws_s3_bucket_policy.gone",
    ];
    let mut expected = violations();
    expected.extend(created.map(str::to_owned));
    expected.sort();
    assert_eq!(own, (expected, 2));
    for (name, before) in [("since-state", &made.state), ("since-plan", &made.first)] {
        let ran = check(name, GROWTH, &made.plan, Some(before), &[]);
        assert_eq!(told(&ran), own, "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_real_state() {
    let Some(made) = made() else { return };
    let ran = check("state", PASSROLE, &made.state, None, &[]);
    assert_eq!((ran.status, told(&ran)), (0, (vec![], 5)), "{}", ran.stderr);
    let applied = check("state-since", GROWTH, &made.state, Some(&made.first), &[]);
    assert_eq!(
        (applied.status, told(&applied)),
        (0, (vec![], 5)),
        "{}",
        applied.stderr
    );
    let empty = scratch("terraform-empty");
    let shown = terraform(&empty, &["show", "-json"]).stdout;
    let ran = check("state-empty", PASSROLE, shown, None, &[]);
    assert!(
        ran.status == 0 && ran.stdout.contains("\"state\""),
        "{}",
        ran.stderr
    );
    assert_eq!(
        check(
            "state-required",
            PASSROLE,
            "{\"format_version\":\"1.0\"}",
            None,
            &["--require-policies"]
        )
        .status,
        3
    );
}

/// A plan that is not the whole of what will happen is never a pass, and what is in it is checked.
#[test]
fn partial_plans() {
    let Some(made) = made() else { return };
    let ran = check("errored", PASSROLE, &made.errored, None, &[]);
    let (lines, _) = told(&ran);
    for line in violations().iter().map(String::as_str).chain(["UNDECIDED plan"]) {
        assert!(lines.iter().any(|told| told == line), "{line}: {lines:?}");
    }
    let ran = check("targeted", PASSROLE, &made.targeted, None, &[]);
    let (lines, _) = told(&ran);
    assert_eq!(lines, ["FAIL aws_iam_policy.grows", "UNDECIDED plan"]);
}

/// What is newer than this Terraform, and the formats of older ones.
#[test]
fn other_versions() {
    let Some(made) = made() else { return };
    let expected = (violations(), 6);
    for version in ["0.1", "0.2", "1.0", "1.1", "1.3", "1.99"] {
        let of = |version: &str| format!("\"format_version\":\"{version}\"");
        let plan = made.plan.replacen(&of("1.2"), &of(version), 1);
        assert_ne!(plan, made.plan);
        assert_eq!(
            told(&check("version", PASSROLE, &plan, None, &[])),
            expected,
            "{version}"
        );
    }
    let mut plan: Value = serde_json::from_str(&made.plan).unwrap();
    plan["action_invocations"] = json!([{"address": "action.a.b", "type": "a"}]);
    plan["surprise"] = json!([[{}]]);
    for change in plan["resource_changes"].as_array_mut().unwrap() {
        change["surprise"] = json!({"type": 1});
        change["change"]["before_identity"] = json!({"arn": "arn:aws:iam::111122223333:policy/p"});
        change["change"]["after_identity"] = json!(null);
        change["change"]["generated_config"] = json!("resource {}");
    }
    for resource in plan["planned_values"]["root_module"]["resources"]
        .as_array_mut()
        .unwrap()
    {
        resource["identity_schema_version"] = json!(1);
        resource["identity"] = json!({"arn": "x"});
    }
    let ran = check("identity", PASSROLE, plan.to_string(), None, &[]);
    assert_eq!(told(&ran), expected, "{}", ran.stderr);
    // A leftover of an earlier replacement goes; what is deferred or done in a way that is not known is not passed over.
    let mut plan: Value = serde_json::from_str(&made.plan).unwrap();
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let mut leftover = changes
        .iter()
        .find(|change| change["name"] == "grows")
        .unwrap()
        .clone();
    leftover["deposed"] = json!("aabbccdd");
    leftover["change"]["actions"] = json!(["delete"]);
    leftover["change"]["after"] = Value::Null;
    changes.push(leftover);
    assert_eq!(
        told(&check("deposed", PASSROLE, plan.to_string(), None, &[])),
        expected
    );
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let at = changes
        .iter()
        .position(|change| change["name"] == "imported")
        .unwrap();
    let deferred = changes.remove(at);
    plan["deferred_changes"] = json!([{"reason": "provider_config_unknown", "resource_change": deferred}]);
    let (lines, _) = told(&check("deferred", PASSROLE, plan.to_string(), None, &[]));
    let mut with_plan = violations();
    with_plan.push("UNDECIDED plan".to_owned());
    with_plan.sort();
    assert_eq!(lines, with_plan);
    let opened = made
        .plan
        .replace(r#""actions":["create"]"#, r#""actions":["create","open"]"#);
    assert_ne!(opened, made.plan);
    assert_eq!(told(&check("opened", PASSROLE, opened, None, &[])), expected);
}

/// What Terraform 0.12 does not write, and what OpenTofu writes otherwise.
#[test]
fn other_shapes() {
    let Some(made) = made() else { return };
    let expected = (violations(), 6);
    let read = || serde_json::from_str::<Value>(&made.plan).unwrap();
    let mut old = read();
    old["format_version"] = json!("0.1");
    old["terraform_version"] = json!("0.12.31");
    let newer = [
        "applyable",
        "complete",
        "errored",
        "checks",
        "timestamp",
        "relevant_attributes",
        "resource_drift",
    ];
    let top = old.as_object_mut().unwrap();
    let count = top.len();
    newer.iter().for_each(|name| drop(top.remove(*name)));
    assert!(top.len() < count, "nothing is newer");
    for change in old["resource_changes"].as_array_mut().unwrap() {
        change["provider_name"] = json!("aws");
        let change = change.as_object_mut().unwrap();
        change.remove("action_reason");
        let inner = change["change"].as_object_mut().unwrap();
        for name in [
            "before_sensitive",
            "after_sensitive",
            "replace_paths",
            "importing",
        ] {
            inner.remove(name);
        }
    }
    let ran = check("terraform-0.12", PASSROLE, old.to_string(), None, &[]);
    assert_eq!(told(&ran), expected, "{}", ran.stderr);
    let tofu = read()
        .to_string()
        .replace("registry.terraform.io/", "registry.opentofu.org/");
    let ran = check("tofu", PASSROLE, tofu, None, &[]);
    assert_eq!(told(&ran), expected, "{}", ran.stderr);
    // Actions that are not known: what will be is checked all the same.
    for actions in [
        "[\"surprise\"]",
        "[\"create\",\"surprise\"]",
        "[\"open\",\"create\"]",
    ] {
        let plan = made
            .plan
            .replace(r#""actions":["create"]"#, &format!("\"actions\":{actions}"));
        assert_ne!(plan, made.plan);
        let ran = check("actions", PASSROLE, plan, None, &[]);
        let (lines, _) = told(&ran);
        for line in &expected.0 {
            assert!(lines.contains(line), "{actions}: {line} is missing of {lines:?}");
        }
    }
}

#[test]
fn encodings_and_wrong_files() {
    let Some(made) = made() else { return };
    let expected = (violations(), 6);
    let units = || made.plan.encode_utf16();
    let little: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(units().flat_map(u16::to_le_bytes))
        .collect();
    let big: Vec<u8> = [0xFE, 0xFF]
        .into_iter()
        .chain(units().flat_map(u16::to_be_bytes))
        .collect();
    let marked = [b"\xEF\xBB\xBF", made.plan.as_bytes()].concat();
    for (name, bytes) in [("utf16-le", little), ("utf16-be", big), ("bom", marked)] {
        let ran = check(name, PASSROLE, bytes, None, &[]);
        assert_eq!(told(&ran), expected, "{name}: {}", ran.stderr);
    }
    let wrapped = format!("[command]/usr/bin/terraform show -json tfplan\n{}", made.plan);
    let stream = call(&made.folder, &["plan", "-json"]).stdout;
    let read = |name: &str| fs::read(made.folder.join(name)).unwrap();
    let unmarked: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, words) in [
        ("wrapped", wrapped.into_bytes(), "terraform_wrapper: false"),
        (
            "followed",
            format!("{}\n::debug::Terraform exited with code 0.\n", made.plan).into_bytes(),
            "terraform_wrapper: false",
        ),
        (
            "logged",
            format!("2026-01-02T03:04:05.0Z {}\n", made.plan).into_bytes(),
            "input:1:24: a plan starts here",
        ),
        (
            "fenced",
            format!("```json\n{}\n```\n", made.plan).into_bytes(),
            "input:2:1: a plan starts here",
        ),
        (
            "in-an-object",
            format!("{{\"plan\": {}}}", made.plan).into_bytes(),
            "a plan stands in it under key `plan`",
        ),
        (
            "as-text",
            json!({"result": made.plan}).to_string().into_bytes(),
            "a plan stands in it under key `result`",
        ),
        (
            "in-a-list",
            format!("[{}]", made.plan).into_bytes(),
            "a list that holds a plan",
        ),
        ("stream", stream, "terraform show -json tfplan"),
        ("binary", read("second"), "terraform show -json PLANFILE"),
        (
            "raw-state",
            read("terraform.tfstate"),
            "terraform show -json STATEFILE",
        ),
        ("unmarked", unmarked, "UTF-16 without a byte order mark"),
    ] {
        let ran = check(name, PASSROLE, bytes, None, &[]);
        assert_eq!(ran.status, 3, "{name}: {}", ran.stdout);
        assert!(
            (ran.stdout.clone() + &ran.stderr).contains(words),
            "{name}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}
