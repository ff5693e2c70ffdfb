//! `keyaki diff`: what is printed of two inputs, and the exit status.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Ran, run, scratch};

/// A document with an Allow of these actions on one bucket.
fn policy(actions: &[&str]) -> String {
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::logs/*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A template with one policy on a bucket that a parameter names.
fn template(name: &str, action: &str) -> String {
    let statement = json!({
        "Effect": "Allow", "Action": action, "Resource": {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"},
    });
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let policy = json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}});
    json!({"Parameters": {"Bucket": {"Type": "String"}}, "Resources": {name: policy}}).to_string()
}

/// Compares two texts; the folder has that name.
fn compare(name: &str, old: &str, new: &str, options: &[&str]) -> Ran {
    let folder = scratch(&format!("diff-{name}"));
    fs::write(folder.join("old.json"), old).unwrap();
    fs::write(folder.join("new.json"), new).unwrap();
    run(&folder, &[&["diff", "old.json", "new.json"], options].concat())
}

#[test]
fn both_directions_are_told() {
    let (old, new) = (
        policy(&["s3:Get*", "s3:ListBucket"]),
        policy(&["s3:Get*", "s3:PutObject"]),
    );
    let more = "  + `s3:PutObject` on `arn:aws:s3:::logs/*`\n";
    let less = "  - `s3:ListBucket` on `arn:aws:s3:::logs/*`\n";
    let ran = compare("both", &old, &new, &[]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        format!("policy (identity): more and less\n{more}{less}1 policy: 1 more and less\n")
    );
    let report = compare("json", &old, &new, &["--format", "json"]).json();
    let entry = &report["policies"][0];
    assert_eq!(entry["result"], "more and less");
    let region = &entry["more"]["regions"][0];
    assert_eq!(region["actions"], json!(["s3:PutObject"]));
    assert_eq!(region["extent"], "exactly");
    assert_eq!(entry["more"]["example"]["action"], "s3:PutObject");
    assert_eq!(entry["less"]["regions"][0]["actions"], json!(["s3:ListBucket"]));
}

#[test]
fn the_exit_status_is_about_more_access() {
    let (some, all) = (policy(&["s3:Get*"]), policy(&["s3:*"]));
    for (name, old, new, status, word) in [
        ("more", &some, &all, 1, "more"),
        ("less", &all, &some, 0, "less"),
        (
            "same",
            &policy(&["s3:GetObject", "s3:Get*"]),
            &some,
            0,
            "equivalent",
        ),
    ] {
        let ran = compare(name, old, new, &[]);
        assert_eq!(ran.status, status, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(
            ran.stdout.starts_with(&format!("policy (identity): {word}\n")),
            "{}",
            ran.stdout
        );
        for solver in ["glob", "auto"] {
            let ran = compare(name, old, new, &["--solver", solver, "--limit", "steps=1000000"]);
            assert_eq!(ran.status, status, "{name}: {}{}", ran.stdout, ran.stderr);
        }
    }
}

#[test]
fn a_parameter_may_be_given_two_values() {
    let (old, new) = (template("P", "s3:GetObject"), template("P", "s3:PutObject"));
    let ran = compare("hole", &old, &old, &[]);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout
            .contains("UNDECIDED whether the new side allows more: depends on Bucket"),
        "{}",
        ran.stdout
    );
    let ran = compare("given", &old, &old, &["--parameters", "Bucket=b"]);
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("equivalent"), "{}", ran.stdout);
    // Another action is new access whatever the bucket.
    let ran = compare("action", &old, &new, &[]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
}

#[test]
fn documents_are_matched_by_address() {
    let (old, new) = (template("P", "s3:GetObject"), template("Q", "s3:GetObject"));
    let ran = compare("address", &old, &new, &["--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let report = ran.json();
    let policies = report["policies"].as_array().unwrap();
    let told: Vec<_> = policies
        .iter()
        .map(|entry| {
            (
                entry["address"].as_str().unwrap(),
                entry["sides"].clone(),
                entry["result"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Q/PolicyDocument", json!("new"), json!("more")),
            ("P/PolicyDocument", json!("old"), json!("less")),
        ]
    );
}

#[test]
fn kinds_are_told_or_given() {
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    let open = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let ran = compare("kinds", &open, &policy(&["s3:GetObject"]), &[]);
    assert_eq!(ran.status, 4, "{}", ran.stdout);
    assert!(ran.stdout.contains("--kind"), "{}", ran.stdout);
    let ran = compare(
        "scp",
        &policy(&["s3:*"]),
        &policy(&["s3:Get*"]),
        &["--kind", "scp"],
    );
    assert_eq!(
        (ran.status, ran.stdout.contains("policy (scp): less")),
        (0, true),
        "{}",
        ran.stdout
    );
    let ran = compare("unfit", &policy(&["s3:*"]), &open, &["--kind", "resource"]);
    assert_eq!(
        ran.status, 3,
        "a document of another kind is not valid: {}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_compared_is_refused_or_reported() {
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x"}).to_string();
    for (name, old, options, status, words) in [
        (
            "state",
            state.as_str(),
            &[][..],
            2,
            "old.json: this is a raw Terraform state",
        ),
        ("broken", "{", &[], 3, "old.json"),
        ("neither", "{}", &[], 3, "old.json"),
        (
            "invalid",
            r#"{"Statement": [{"Effect": "allow"}]}"#,
            &[],
            3,
            "statement 0",
        ),
        ("option", "{}", &["--format", "sarif"], 2, "sarif"),
        ("kind", "{}", &["--kind", "bucket"], 2, "bucket"),
    ] {
        let ran = compare(name, old, &policy(&["s3:*"]), options);
        assert_eq!(ran.status, status, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(words), "{name}: {}", ran.stderr);
    }
    let missing = run(Path::new("."), &["diff", "missing-a.json", "missing-b.json"]);
    assert_eq!(missing.status, 3);
    assert_eq!(run(Path::new("."), &["diff", "missing-a.json"]).status, 2);
}

/// A plan against the state it starts from.
#[test]
fn states_are_compared_by_address() {
    let values = |actions: &[&str]| json!({"user": "u", "policy": policy(actions)});
    let entry = |key: &str, value: Value| {
        let mut entry = json!({"address": "aws_iam_user_policy.p", "mode": "managed", "type": "aws_iam_user_policy",
            "name": "p"});
        entry[key] = value;
        entry
    };
    let old = json!({"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources":
        [entry("values", values(&["s3:GetObject"]))]}}});
    let change = json!({"actions": ["update"], "before": values(&["s3:GetObject"]), "after": values(&["s3:*"]),
        "after_unknown": {}});
    let new = json!({"format_version": "1.2", "resource_changes": [entry("change", change)]});
    let ran = compare("state-plan", &old.to_string(), &new.to_string(), &[]);
    assert_eq!(ran.status, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("aws_iam_user_policy.p"), "{}", ran.stdout);
    let ran = compare("state-state", &old.to_string(), &old.to_string(), &[]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_report_is_versioned() {
    let one = policy(&["s3:*"]);
    let report: Value = compare("version", &one, &one, &["--format", "json"]).json();
    assert_eq!(report["version"], 1);
    assert_eq!(
        (&report["old"], &report["new"]),
        (&json!("old.json"), &json!("new.json"))
    );
    assert_eq!(report["policies"][0]["more"], json!({"result": "none"}));
}

/// Several stacks are compared by their paths within what is given.
#[test]
fn folders_and_assemblies_are_compared_stack_by_stack() {
    let folder = scratch("diff-stacks");
    let write = |path: &str, text: &str| {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), text).unwrap();
    };
    let plain = |action: &str| template("P", action).replace("${Bucket}", "logs");
    for (path, action) in [
        ("old/a.json", "s3:GetObject"),
        ("old/in/b.json", "s3:GetObject"),
        ("old/gone.json", "s3:GetObject"),
        ("new/a.json", "s3:GetObject"),
        ("new/in/b.json", "s3:*"),
        ("new/made.json", "s3:GetObject"),
        ("other/x.json", "s3:GetObject"),
        ("other/y.json", "s3:GetObject"),
    ] {
        write(path, &plain(action));
    }
    let told = |old: &str, new: &str| {
        let report = run(&folder, &["diff", old, new, "--format", "json"]).json();
        let entries = report["policies"].as_array().unwrap().iter();
        let line = |entry: &Value| {
            let word = |key: &str| entry[key].as_str().unwrap().to_owned();
            format!(
                "{} {} {} {}",
                word("input"),
                word("address"),
                word("sides"),
                word("result")
            )
        };
        entries.map(line).collect::<Vec<_>>()
    };
    let expected = [
        "a.json P/PolicyDocument both equivalent",
        "in/b.json P/PolicyDocument both more",
        "made.json P/PolicyDocument new more",
        "gone.json P/PolicyDocument old less",
    ];
    assert_eq!(told("old", "new"), expected);
    assert_eq!(told("./old/", "new/"), expected);
    let ran = run(&folder, &["diff", "old", "new"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout
            .contains("in/b.json P/PolicyDocument (identity): more\n"),
        "{}",
        ran.stdout
    );
    // What has no names in common is not guessed at.
    for (old, new) in [("old", "other"), ("old/a.json", "other"), ("other", "old/a.json")] {
        let ran = run(&folder, &["diff", old, new]);
        assert_eq!(ran.status, 2, "{old} {new}");
        assert!(ran.stderr.contains("no two are named alike"), "{}", ran.stderr);
    }
    // Single files need not be named alike.
    assert_eq!(run(&folder, &["diff", "old/a.json", "other/x.json"]).status, 0);
    let manifest = |files: &[&str]| {
        let stacks = files.iter().enumerate().map(|(at, file)| {
            (
                format!("S{at}"),
                json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}),
            )
        });
        json!({"version": "48.0.0", "artifacts": stacks.collect::<serde_json::Map<_, _>>()}).to_string()
    };
    for side in ["one", "two"] {
        let action = if side == "one" {
            "s3:GetObject"
        } else {
            "s3:PutObject"
        };
        write(&format!("{side}/manifest.json"), &manifest(&["a.json", "b.json"]));
        write(&format!("{side}/a.json"), &plain("s3:GetObject"));
        write(&format!("{side}/b.json"), &plain(action));
    }
    assert_eq!(
        told("one", "two"),
        [
            "a.json P/PolicyDocument both equivalent",
            "b.json P/PolicyDocument both more and less"
        ]
    );
    write("two/manifest.json", &manifest(&["a.json", "a.json"]));
    let ran = run(&folder, &["diff", "one", "two"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("several stacks of one file"),
        "{}",
        ran.stderr
    );
}
