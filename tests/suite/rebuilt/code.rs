//! What the code tells that the plan does not: whether the policy is the document itself, and the text around unknown
//! values. It is believed only where it is the code of the plan.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::run::{findings, run, scratch, text};

use super::cases::lines;
use super::plan::{Plan, references};

const DOC: &str = "data.aws_iam_policy_document.d.json";
const BUCKET: &str = "aws_s3_bucket.b.arn";
const STANDARDS: &str = "version: 1\nstandards:
  - {id: sqs, check: access-not-granted, actions: [\"sqs:*\"]}
  - {id: get, check: access-not-granted, actions: [\"s3:GetObject\"]}\n";

const DOCUMENT: &str = r#"
resource "aws_s3_bucket" "b" {}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.b.arn}/*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["${aws_s3_bucket.b.arn}/*", "arn:aws:s3:::fixed"]
  }
}
"#;

const POLICY: &str = r#"
resource "aws_iam_policy" "p" {
  policy = data.aws_iam_policy_document.d.json
}
"#;

/// The document above, and a policy that refers to it.
fn plan(referred: &[&str]) -> Plan {
    let block = |effect: &str, action: &str, resources: Value| {
        json!({"sid": null, "effect": effect, "actions": [action], "not_actions": null, "resources": resources,
            "not_resources": null, "principals": [], "not_principals": [], "condition": []})
    };
    let blocks = [
        block("Allow", "s3:GetObject", json!([null])),
        block("Deny", "s3:*", json!(["arn:aws:s3:::fixed", null])),
    ];
    let marks = json!([{"resources": [true]}, {"resources": [false, true]}]);
    let refers = json!({"resources": references(&[BUCKET])});
    Plan::default()
        .change(
            "aws_s3_bucket.b",
            json!({"actions": ["create"], "before": null, "after": {}, "after_unknown": {"arn": true}}),
            json!({}),
        )
        .document(
            "data.aws_iam_policy_document.d",
            json!({"statement": blocks}),
            json!({"statement": marks}),
            json!({"statement": [refers.clone(), refers]}),
        )
        .policy("aws_iam_policy.p", referred)
}

fn folder(name: &str, plan: &Plan, files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(&format!("rebuilt-code-{name}"));
    fs::write(folder.join("plan.json"), plan.json().to_string()).unwrap();
    fs::write(folder.join("keyaki.yaml"), STANDARDS).unwrap();
    for (file, text) in files {
        let path = folder.join("src").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn extracted(folder: &Path) -> Value {
    run(folder, &["extract", "--source", "src", "plan.json"]).json()
}

/// Whether the policy of the plan is surely the document: then what it allows is denied where the two are known to be the
/// same bucket.
fn is_itself(name: &str, plan: &Plan, files: &[(&str, &str)]) -> bool {
    let folder = folder(name, plan, files);
    let ran = run(&folder, &["check", "--source", "src", "plan.json"]);
    assert!(
        [0, 4].contains(&ran.status),
        "{name}: {}\n{}",
        ran.stdout,
        ran.stderr
    );
    ran.status == 0
}

#[test]
fn a_reference_alone_is_the_document_itself() {
    let code = format!("{DOCUMENT}{POLICY}");
    let plan = plan(&[DOC]);
    assert!(is_itself("alone", &plan, &[("main.tf", &code)]));
    let folder = folder("alone-text", &plan, &[("main.tf", &code)]);
    let arn = "{{hole:aws_s3_bucket.b.arn}}/*";
    let expected = format!(
        "aws_iam_policy.p < data.aws_iam_policy_document.d: Allow s3:getobject on {arn}; Deny s3:* on arn:aws:s3:::fixed {arn}"
    );
    assert_eq!(lines(&extracted(&folder)), [expected]);
}

/// All of them refer to the same things, so the plan does not tell them apart.
#[test]
fn what_is_made_of_a_document_is_not_the_document() {
    for (name, value) in [
        (
            "replace",
            r#"replace(data.aws_iam_policy_document.d.json, "Deny", "Allow")"#,
        ),
        ("text", r#""${data.aws_iam_policy_document.d.json} ""#),
        (
            "conditional",
            r#"data.aws_iam_policy_document.d.json == "" ? "x" : "y""#,
        ),
        (
            "encode",
            "jsonencode(merge(jsondecode(data.aws_iam_policy_document.d.json), { Statement = [] }))",
        ),
        ("try", r#"try(data.aws_iam_policy_document.d.json, "{}")"#),
        ("heredoc", "<<EOT\n${data.aws_iam_policy_document.d.json}\nEOT"),
    ] {
        let code = format!("{DOCUMENT}resource \"aws_iam_policy\" \"p\" {{\n  policy = {value}\n}}\n");
        assert!(!is_itself(name, &plan(&[DOC]), &[("main.tf", &code)]), "{name}");
    }
}

/// Code that is not that of the plan, or not all of it, is not believed.
#[test]
fn other_code_is_not_believed() {
    let code = format!("{DOCUMENT}{POLICY}");
    let override_policy = "resource \"aws_iam_policy\" \"p\" {\n  policy = replace(data.aws_iam_policy_document.d.json, \"Deny\", \"Allow\")\n}\n";
    let dynamic = DOCUMENT.replace(
        "  statement {\n    effect ",
        "  dynamic \"statement\" {\n    for_each = []\n    content {}\n  }\n  statement {\n    effect ",
    );
    for (name, files) in [
        (
            "more",
            &[
                ("main.tf", code.as_str()),
                ("more.tf", "resource \"aws_s3_bucket\" \"c\" {}\n"),
            ][..],
        ),
        ("less", &[("main.tf", POLICY)]),
        (
            "override",
            &[("main.tf", &code), ("override.tf", override_policy)],
        ),
        ("twice", &[("main.tf", &code), ("zwice.tf", override_policy)]),
        ("json", &[("main.tf", &code), ("x_override.tf.json", "{}")]),
        ("tofu", &[("main.tf", &code), ("main.tofu", "")]),
        ("broken", &[("main.tf", &code), ("broken.tf", "resource {{{")]),
        ("dynamic", &[("main.tf", &format!("{dynamic}{POLICY}"))]),
    ] {
        assert!(!is_itself(name, &plan(&[DOC]), files), "{name}");
    }
    // The same blocks, but they refer to something else than the plan says.
    let other = code.replace(
        "data.aws_iam_policy_document.d.json",
        "data.aws_iam_policy_document.d.minified_json",
    );
    assert!(!is_itself("other", &plan(&[DOC]), &[("main.tf", &other)]));
    let bucket = code.replace("aws_s3_bucket.b.arn}/*\"]", "aws_s3_bucket.b.id}/*\"]");
    assert!(!is_itself("bucket", &plan(&[DOC]), &[("main.tf", &bucket)]));
}

/// `"${arn}/*"` and `arn` are not the same: only the code tells that the Deny is about something else.
#[test]
fn the_text_around_unknown_values_counts() {
    let code = format!("{DOCUMENT}{POLICY}");
    let bare = code.replacen("[\"${aws_s3_bucket.b.arn}/*\"]", "[aws_s3_bucket.b.arn]", 1);
    let folder = folder("around", &plan(&[DOC]), &[("main.tf", &bare)]);
    let ran = run(
        &folder,
        &["check", "--source", "src", "--format", "json", "plan.json"],
    );
    let report = ran.json();
    let open: Vec<&str> = findings(&report, "UNDECIDED")
        .iter()
        .map(|finding| text(finding, "standard"))
        .collect();
    let failed: Vec<&str> = findings(&report, "FAIL")
        .iter()
        .map(|finding| text(finding, "standard"))
        .collect();
    assert!(
        [&open, &failed].iter().any(|found| **found == ["get"]),
        "{open:?} {failed:?}"
    );
}

#[test]
fn locals_and_modules_are_followed_in_code() {
    let local = format!(
        "{DOCUMENT}locals {{\n  doc = data.aws_iam_policy_document.d.json\n}}\nresource \"aws_iam_policy\" \"p\" {{\n  policy = local.doc\n}}\n"
    );
    assert!(is_itself("local", &plan(&["local.doc"]), &[("main.tf", &local)]));
    let made = local.replace(
        "doc = data.aws_iam_policy_document.d.json",
        "doc = trimspace(data.aws_iam_policy_document.d.json)",
    );
    assert!(!is_itself(
        "local-made",
        &plan(&["local.doc"]),
        &[("main.tf", &made)]
    ));

    let child = "variable \"document\" {}\noutput \"out\" {\n  value = var.document\n}\n";
    let caller = format!(
        "{DOCUMENT}module \"m\" {{\n  source   = \"./m\"\n  document = data.aws_iam_policy_document.d.json\n}}\n\
        resource \"aws_iam_policy\" \"p\" {{\n  policy = module.m.out\n}}\n"
    );
    let through = |name: &str, caller: &str, child: &str, refers: &[&str]| {
        let plan = plan(&["module.m.out"]).call(
            "",
            "m",
            json!({"document": references(&[DOC])}),
            json!({"out": {"references": refers}}),
        );
        is_itself(name, &plan, &[("main.tf", caller), ("m/main.tf", child)])
    };
    let variable = &["var.document"][..];
    assert!(through("module", &caller, child, variable));
    let made = child.replace("= var.document", "= upper(var.document)");
    assert!(!through("module-out", &caller, &made, variable));
    let upper = caller.replace(
        "document = data.aws_iam_policy_document.d.json",
        "document = upper(data.aws_iam_policy_document.d.json)",
    );
    assert!(!through("module-in", &upper, child, variable));
    let part = child.replace("= var.document", "= var.document.json");
    assert!(!through("module-other", &caller, &part, variable));
    let refers = &["var.document.json", "var.document"];
    assert!(!through("module-part", &caller, &part, refers));
    let remote = caller.replace("\"./m\"", "\"registry/m/aws\"");
    assert!(!through("module-remote", &remote, child, variable));
}

/// What it merges must be the documents themselves too.
#[test]
fn merged_documents_are_followed_in_code() {
    let with = |list: &str| {
        let more =
            format!("  source_policy_documents = {list}\n  statement {{\n    actions   = [\"s3:GetObject\"]");
        let own = DOCUMENT.replacen("  statement {\n    actions   = [\"s3:GetObject\"]", &more, 1);
        format!(
            "{own}data \"aws_iam_policy_document\" \"base\" {{\n  statement {{\n    sid = \"Base\"\n    actions = [\"s3:List*\"]\n    resources = [\"*\"]\n  }}\n}}\n{POLICY}"
        )
    };
    let mut plan = plan(&[DOC]).statements(
        "data.aws_iam_policy_document.base",
        &[json!({"sid": "Base", "actions": ["s3:List*"], "resources": ["*"]})],
        json!([{}]),
    );
    let document = plan
        .changes
        .iter_mut()
        .find(|entry| entry["address"] == "data.aws_iam_policy_document.d")
        .unwrap();
    document["change"]["after"]["source_policy_documents"] = json!([null]);
    document["change"]["after_unknown"]["source_policy_documents"] = json!([true]);
    plan.expression(
        "d",
        "source_policy_documents",
        references(&["data.aws_iam_policy_document.base.json"]),
    );
    assert!(is_itself(
        "merged",
        &plan,
        &[("main.tf", &with("[data.aws_iam_policy_document.base.json]"))]
    ));
    let made = with("[upper(data.aws_iam_policy_document.base.json)]");
    assert!(!is_itself("merged-made", &plan, &[("main.tf", &made)]));
    let made = with("compact([data.aws_iam_policy_document.base.json])");
    assert!(!is_itself("merged-compact", &plan, &[("main.tf", &made)]));
}

/// The `statement` block of the data source, whatever else is merged.
#[test]
fn statements_stand_at_their_blocks() {
    let open = DOCUMENT.replace("effect    = \"Deny\"", "effect    = \"Allow\"");
    let code = format!("{open}{POLICY}");
    let mut plan = plan(&[DOC]);
    let document = plan
        .changes
        .iter_mut()
        .find(|entry| entry["mode"] == "data")
        .unwrap();
    document["change"]["after"]["statement"][1]["effect"] = json!("Allow");
    document["change"]["after"]["source_policy_documents"] =
        json!([r#"{"Statement": [{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]}"#]);
    let code = code.replacen(
        "  statement {",
        "  source_policy_documents = [jsonencode({ Statement = [] })]\n  statement {",
        1,
    );
    let folder = folder("blocks", &plan, &[("main.tf", &code)]);
    let standards =
        "version: 1\nstandards:\n  - {id: list, check: access-not-granted, actions: [\"s3:ListBucket\"]}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let at = |arguments: &[&str]| {
        let report = run(&folder, arguments).json();
        let found = findings(&report, "FAIL");
        assert_eq!(found.len(), 1, "{report}");
        let statement = &found[0]["statements"][0];
        assert_eq!(statement["index"], 2);
        assert!(text(found[0], "message").ends_with("(rebuilt from data.aws_iam_policy_document.d)"));
        (
            text(&statement["location"], "uri").to_owned(),
            statement["location"]["startLine"].as_u64().unwrap(),
        )
    };
    let line = code.lines().position(|line| line.contains("effect ")).unwrap() as u64;
    assert_eq!(
        at(&["check", "--source", "src", "--format", "json", "plan.json"]),
        ("src/main.tf".to_owned(), line)
    );
    assert_eq!(
        at(&["check", "--format", "json", "plan.json"]),
        ("plan.json".to_owned(), 1)
    );
}
