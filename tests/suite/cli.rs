//! The command line: what is printed, and the exit status.

use std::fs;
use std::path::Path;

use crate::run::{Ran, repository, run, run_with_input, scratch, text};

const PLAN: &str = "fixtures/webshop/plan.json";
const STANDARDS: &str = "fixtures/webshop/keyaki.yaml";

#[test]
fn the_first_command_of_the_readme_shows_findings() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let line = readme
        .lines()
        .find(|line| line.contains("--exit-zero"))
        .expect("a command with --exit-zero");
    let (build, arguments) = line.split_once(" && target/release/keyaki ").expect("keyaki");
    assert!(build.ends_with("&& cargo build --release --locked"), "{build}");
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let shown = run(repository(), &arguments);
    assert_eq!(shown.status, 0, "{}", shown.stderr);
    let failing: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|argument| *argument != "--exit-zero")
        .collect();
    let judged = run(repository(), &failing);
    assert_eq!(judged.status, 1, "{}", judged.stderr);
    assert_eq!(shown.stdout, judged.stdout);
    assert!(judged.stdout.contains("no-public") && judged.stdout.contains("aws_s3_bucket_policy.site"));
    assert!(readme.contains("cargo test --locked"));
}

#[test]
fn the_standards_of_the_readme_are_read() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, section) = readme.split_once("## The standards file").expect("the section");
    let (_, block) = section.split_once("```yaml\n").expect("an example");
    let (standards, _) = block.split_once("```").expect("its end");
    let folder = scratch("readme-standards");
    fs::create_dir(folder.join("ceilings")).unwrap();
    let copy =
        |from: &str, to: &str| fs::copy(repository().join("fixtures/webshop").join(from), folder.join(to));
    copy("plan.json", "plan.json").unwrap();
    copy("ceilings/service.json", "ceilings/developer.json").unwrap();
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let ran = run(&folder, &["check", "plan.json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
}

#[test]
fn output_does_not_depend_on_threads() {
    for input in [PLAN, "fixtures/stack/template.yaml", "fixtures"] {
        for format in ["table", "json", "sarif"] {
            let with = |jobs: &str| {
                run(
                    repository(),
                    &[
                        "check",
                        input,
                        "--standards",
                        STANDARDS,
                        "--format",
                        format,
                        "--jobs",
                        jobs,
                    ],
                )
            };
            let (one, two, eight) = (with("1"), with("2"), with("8"));
            assert!(!one.stdout.is_empty(), "{}", one.stderr);
            for other in [two, eight] {
                assert_eq!(one.status, other.status);
                assert!(one.stdout == other.stdout, "{input} as {format} differs");
                assert!(
                    one.stderr == other.stderr,
                    "{input} as {format} differs on standard error"
                );
            }
        }
    }
}

#[test]
fn without_standards_an_example_is_shown() {
    let folder = scratch("no-standards");
    // The search for a standards file ends at the root of a repository.
    fs::create_dir(folder.join(".git")).unwrap();
    fs::copy(repository().join(PLAN), folder.join("plan.json")).unwrap();
    let ran = run(&folder, &["check", "plan.json"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    let (_, example) = ran
        .stderr
        .split_once("\n\n")
        .expect("an example after an empty line");
    assert_eq!(example.trim_end().lines().count(), 5, "{example}");
    fs::write(folder.join("keyaki.yaml"), example).unwrap();
    let ran = run(&folder, &["check", "plan.json"]);
    assert!(
        [0, 1, 4].contains(&ran.status),
        "the example is no standards file:\n{example}\n{}",
        ran.stderr
    );
}

#[test]
fn the_nearest_standards_file_is_taken_and_named() {
    let ran = run(&repository().join("fixtures/webshop"), &["check", "plan.json"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!((ran.stdout + &ran.stderr).contains("keyaki.yaml"));
}

#[test]
fn what_is_not_there_yet_is_refused() {
    let options: [&[&str]; 6] = [
        &["--baseline", "x.json"],
        &["--dump-query", "x"],
        &["--format", "html"],
        &["--no-waivers"],
        &["--output", "html=x.html"],
        &["--today", "2026-01-01"],
    ];
    for options in options {
        let arguments = [&["check", PLAN, "--standards", STANDARDS], options].concat();
        check_refused(&run(repository(), &arguments), &format!("{options:?}"));
    }
    for command in [&["query", "who can s3:GetObject", PLAN][..], &["serve"], &["lsp"]] {
        check_refused(&run(repository(), command), &format!("{command:?}"));
    }
    for keys in [
        "extends: keyaki:baseline",
        "guardrails: {permissions_boundary: b.json}",
        "waivers: []",
    ] {
        let ran = check_with(&format!("version: 1\n{keys}\n{NO_PASSROLE}"));
        check_refused(&ran, keys);
        assert!(ran.stderr.contains("keyaki.yaml:2:1"), "{}", ran.stderr);
    }
    for standard in [
        "check: access-not-granted, all_of: [\"iam:PassRole\"]",
        "check: access-denied, actions: [\"iam:PassRole\"], on: principal",
        "check: access-not-granted, actions: [\"iam:PassRole\"], real_requests: true",
    ] {
        let ran = check_with(&format!("version: 1\nstandards:\n  - {{id: s, {standard}}}\n"));
        check_refused(&ran, standard);
    }
}

const NO_PASSROLE: &str =
    "standards:\n  - {id: no-passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}\n";

/// Checks a small template with that standards file.
fn check_with(standards: &str) -> Ran {
    let folder = scratch("refused");
    fs::copy(
        repository().join("fixtures/org-only/template.yaml"),
        folder.join("template.yaml"),
    )
    .unwrap();
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    run(&folder, &["check", "template.yaml"])
}

fn check_refused(ran: &Ran, what: &str) {
    let refused = ran.status == 2 && ran.stderr.contains("not supported yet");
    assert!(
        refused,
        "{what}: status {}: {}{}",
        ran.status, ran.stdout, ran.stderr
    );
}

#[test]
fn bad_usage_is_status_2() {
    for (arguments, words) in [
        (
            &["check", PLAN, "--standards", "missing.yaml"][..],
            "missing.yaml",
        ),
        (
            &["check", PLAN, "--standards", STANDARDS, "--format", "xlsx"],
            "xlsx",
        ),
        (
            &["check", PLAN, "--standards", STANDARDS, "--fail-on", "sometimes"],
            "sometimes",
        ),
        (
            &[
                "check",
                "fixtures/article/template.yaml",
                "--standards",
                "fixtures/before/keyaki.yaml",
            ],
            "--before",
        ),
        (&["chek"], "chek"),
    ] {
        let ran = run(repository(), arguments);
        assert_eq!(ran.status, 2, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert!(
            ran.stdout.is_empty(),
            "{arguments:?}: nothing is scanned, but printed is {}",
            ran.stdout
        );
    }
}

#[test]
fn unreadable_inputs_are_status_3() {
    for input in ["missing.json", "README.md", "Cargo.toml"] {
        let ran = run(repository(), &["check", input, "--standards", STANDARDS]);
        assert_eq!(ran.status, 3, "{input}: {}{}", ran.stdout, ran.stderr);
        assert!((ran.stdout + &ran.stderr).contains(input), "{input}");
    }
    let ran = run(
        repository(),
        &[
            "check",
            "missing.json",
            PLAN,
            "--standards",
            STANDARDS,
            "--exit-zero",
        ],
    );
    assert_eq!(ran.status, 3, "no option hides an unreadable input");
}

#[test]
fn standard_input_is_read() {
    let plan = fs::read_to_string(repository().join(PLAN)).unwrap();
    let arguments = ["check", "-", "--standards", STANDARDS, "--format", "json"];
    let piped = run_with_input(repository(), &arguments, &plan);
    assert_eq!(piped.status, 1, "{}", piped.stderr);
    let named = run(
        repository(),
        &["check", PLAN, "--standards", STANDARDS, "--format", "json"],
    );
    let (piped, named) = (piped.json(), named.json());
    assert_eq!(piped["summary"], named["summary"]);
    assert!(
        piped["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|finding| text(finding, "input") == "<stdin>")
    );
}

#[test]
fn several_inputs_and_directories_add_up() {
    let found = |inputs: &[&str]| {
        let arguments = [&["check", "--standards", STANDARDS, "--format", "json"], inputs].concat();
        let ran = run(repository(), &arguments);
        assert!([1, 4].contains(&ran.status), "{inputs:?}: {}", ran.stderr);
        ran.json()["summary"]["policies"]["found"].as_u64().unwrap()
    };
    let stack = "fixtures/stack/template.yaml";
    assert_eq!(found(&[PLAN, stack]), found(&[PLAN]) + found(&[stack]));
    let folder = scratch("directory");
    let (inner, ignored) = (folder.join("inner"), folder.join("ignored"));
    for folder in [&inner, &ignored] {
        fs::create_dir(folder).unwrap();
    }
    let copy = |from: &str, to: &Path| fs::copy(repository().join(from), to).unwrap();
    copy(PLAN, &folder.join("plan.json"));
    copy(stack, &inner.join("stack.yaml"));
    copy(stack, &ignored.join("stack.yaml"));
    fs::create_dir(folder.join(".git")).unwrap();
    fs::write(folder.join(".gitignore"), "ignored/\n").unwrap();
    assert_eq!(found(&[folder.to_str().unwrap()]), found(&[PLAN, stack]));
}

#[test]
fn an_input_without_policies_says_so() {
    let folder = scratch("no-policies");
    fs::write(
        folder.join("template.yaml"),
        "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n",
    )
    .unwrap();
    fs::write(folder.join("keyaki.yaml"), format!("version: 1\n{NO_PASSROLE}")).unwrap();
    let ran = run(&folder, &["check", "template.yaml"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!((ran.stdout + &ran.stderr).contains("0 policies"));
    let ran = run(&folder, &["check", "template.yaml", "--require-policies"]);
    assert!(
        ran.status == 3 || (ran.status == 2 && ran.stderr.contains("not supported yet")),
        "{}",
        ran.stderr
    );
}

/// A policy with defects that no standard forbids.
const REDUNDANT: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Sid": "Again", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
]}"#;

#[test]
fn notes_never_change_the_exit_status() {
    let folder = scratch("notes");
    fs::write(folder.join("policy.json"), REDUNDANT).unwrap();
    fs::write(folder.join("keyaki.yaml"), format!("version: 1\n{NO_PASSROLE}")).unwrap();
    let report = |format: &str| {
        let ran = run(&folder, &["check", "policy.json", "--format", format]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran
    };
    assert!(
        report("table")
            .stdout
            .contains("note: policy: statement 1 \"Again\": it allows nothing"),
        "{}",
        report("table").stdout
    );
    let json = report("json").json();
    let note = &json["notes"][0];
    assert_eq!(text(note, "id"), "redundant-statement");
    assert_eq!(text(note, "severity"), "low");
    assert_eq!(note["statement"]["index"], 1);
    assert_eq!(note["statement"]["location"]["startLine"], 3);
    let sarif = report("sarif").json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(text(result, "level"), "note");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 3);
    let rule = result["ruleIndex"].as_u64().unwrap() as usize;
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][rule];
    assert_eq!(text(rule, "id"), "redundant-statement");
}

#[test]
fn a_standard_makes_notes_findings() {
    let folder = scratch("lint");
    fs::write(folder.join("policy.json"), REDUNDANT).unwrap();
    let check = |rules: &str| {
        let standard = format!("{{id: tidy, severity: high, check: lint, rules: [{rules}]}}");
        fs::write(
            folder.join("keyaki.yaml"),
            format!("version: 1\nstandards: [{standard}]\n"),
        )
        .unwrap();
        run(&folder, &["check", "policy.json", "--format", "json"])
    };
    let ran = check("redundant-statement, short-arn");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let report = ran.json();
    let finding = &report["findings"][0];
    assert_eq!(text(finding, "standard"), "tidy");
    assert_eq!(text(finding, "severity"), "high");
    assert!(text(finding, "message").ends_with("(redundant-statement)"));
    assert_eq!(finding["statements"][0]["index"], 1);
    assert_eq!(report["notes"], serde_json::json!([]), "a finding is no note");
    assert_eq!(report["summary"]["results"]["fail"], 1);
    let ran = check("short-arn");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["notes"][0]["id"], "redundant-statement");
    let ran = check("redundant-statment");
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("did you mean `redundant-statement`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn ids_are_explained() {
    let folder = scratch("explain");
    let explained = run(&folder, &["explain", "for-all-values-allow"]);
    assert_eq!(explained.status, 0, "{}", explained.stderr);
    assert!(
        explained
            .stdout
            .starts_with("for-all-values-allow (lint rule, severity medium)\n")
    );
    let all = run(&folder, &["explain"]);
    assert_eq!(all.status, 0, "{}", all.stderr);
    for id in ["short-arn", "no-public-access", "unknown-value", "invalid-policy"] {
        assert!(all.stdout.contains(&format!("\n  {id} ")), "{}", all.stdout);
    }
    let unknown = run(&folder, &["explain", "shrt-arn"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(
        unknown
            .stderr
            .contains("did you mean `keyaki explain short-arn`?"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn assumed_defaults_are_told_in_every_report() {
    let folder = scratch("cli-defaults");
    let template = r#"
Parameters:
  Who: {Type: String, Default: "123456789012"}
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: b
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {Effect: Allow, Principal: {AWS: !Ref Who}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*"}
"#;
    fs::write(folder.join("template.yaml"), template).unwrap();
    let standards = "version: 1\ntrust: {accounts: [\"123456789012\"]}\nstandards:\n  - {id: ours, check: no-external-access}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    assert_eq!(run(&folder, &["check", "template.yaml"]).status, 4);
    for format in [
        "table", "full", "json", "jsonl", "sarif", "markdown", "junit", "gitlab", "github",
    ] {
        let assumed = ["check", "template.yaml", "--assume-defaults", "--format", format];
        let ran = run(&folder, &assumed);
        assert_eq!(ran.status, 0, "{format}: {}{}", ran.stdout, ran.stderr);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("defaults-assumed"), "{format}: {told}");
    }
    let given = run(
        &folder,
        &[
            "check",
            "template.yaml",
            "--parameters",
            "Who=123456789012",
            "--format",
            "json",
        ],
    );
    assert!(given.status == 0 && !given.stdout.contains("defaults-assumed"));
}
