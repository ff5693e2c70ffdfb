//! The fixtures of the repository against the findings written beside them (`expected.json`): exactly these violations
//! with their statements and places, and nothing undecided that is not named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{findings, repository, run, statements, text};

const FOLDERS: [&str; 7] = [
    "article",
    "before/attached-policy",
    "before/deleted-deny",
    "before/detached-boundary",
    "org-only",
    "stack",
    "webshop",
];

#[test]
fn every_folder_is_checked() {
    let mut found = Vec::new();
    let fixtures = repository().join("fixtures");
    collect(&fixtures, &mut found);
    let names: Vec<_> = found
        .iter()
        .map(|folder| folder.strip_prefix(&fixtures).unwrap())
        .collect();
    assert_eq!(names, FOLDERS.map(Path::new));
}

#[test]
fn the_article() {
    check_folder("article");
}

#[test]
fn what_an_identity_may_do_is_the_sum_of_what_is_attached() {
    for folder in FOLDERS.iter().filter(|folder| folder.starts_with("before/")) {
        check_folder(folder);
    }
}

#[test]
fn a_condition_that_is_no_fence() {
    check_folder("org-only");
}

#[test]
fn a_realistic_template() {
    check_folder("stack");
}

#[test]
fn a_realistic_plan() {
    check_folder("webshop");
}

/// What is forbidden is told as regions, and most violations come with a change that mends them.
#[test]
fn violations_are_explained() {
    let (mut violations, mut mended) = (0, 0);
    for name in FOLDERS {
        let folder = repository().join("fixtures").join(name);
        let expected = read_json(&folder.join("expected.json"));
        for expected in expected["runs"].as_array().unwrap() {
            let arguments = expected["args"].as_array().unwrap().iter();
            let arguments = arguments.map(|argument| argument.as_str().unwrap());
            let arguments: Vec<&str> = arguments.chain(["--format", "json", "--suggest"]).collect();
            let ran = run(&folder, &arguments);
            let report = ran.json();
            for finding in findings(&report, "FAIL") {
                let regions = finding["regions"]
                    .as_array()
                    .unwrap_or_else(|| panic!("{name}: {finding:#}"));
                assert!(!regions.is_empty(), "{name}: {finding:#}");
                for region in regions {
                    assert!(
                        ["exactly", "within"].contains(&text(region, "extent")),
                        "{name}: {region:#}"
                    );
                    assert!(text(region, "text").contains(" on "), "{name}: {region:#}");
                }
                violations += 1;
                mended += u32::from(finding["change"]["text"].is_string());
            }
        }
    }
    assert!(
        violations > 20 && mended * 10 >= violations * 8,
        "{mended} of {violations}"
    );
}

/// The picture in the README is what the binary prints.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let table = fs::read_to_string(repository().join("fixtures/org-only/expected.txt")).unwrap();
    let ran = run(
        repository(),
        &[
            "check",
            "fixtures/org-only/template.yaml",
            "--standards",
            "fixtures/org-only/keyaki.yaml",
        ],
    );
    assert_eq!(ran.stdout, table);
    assert!(
        readme.contains(table.trim_end()),
        "the README shows something else than\n{table}"
    );
}

fn check_folder(name: &str) {
    let folder = repository().join("fixtures").join(name);
    let expected = read_json(&folder.join("expected.json"));
    for expected in expected["runs"].as_array().unwrap() {
        check(&folder, expected);
    }
}

fn check(folder: &Path, expected: &Value) {
    let mut arguments: Vec<&str> = expected["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a.as_str().unwrap())
        .collect();
    arguments.extend(["--format", "json"]);
    let name = format!(
        "{} {}",
        folder.file_name().unwrap().to_string_lossy(),
        arguments.join(" ")
    );
    let ran = run(folder, &arguments);
    let report = ran.json();
    assert_eq!(
        Some(i64::from(ran.status)),
        expected["exit"].as_i64(),
        "{name}: {}",
        ran.stderr
    );
    if let Some(found) = expected["found"].as_u64() {
        assert_eq!(
            report["summary"]["policies"]["found"].as_u64(),
            Some(found),
            "{name}"
        );
    }
    assert!(findings(&report, "ERROR").is_empty(), "{name}: {report:#}");
    check_violations(
        &name,
        &findings(&report, "FAIL"),
        expected["fail"].as_array().unwrap(),
    );
    check_undecided(
        &name,
        &findings(&report, "UNDECIDED"),
        expected["undecided"].as_array().unwrap(),
    );
}

fn check_violations(name: &str, found: &[&Value], expected: &[Value]) {
    let key = |finding: &Value, indices: Vec<u64>| {
        (
            text(finding, "standard").to_owned(),
            text(finding, "address").to_owned(),
            indices,
        )
    };
    let seen: BTreeSet<_> = found
        .iter()
        .map(|finding| key(finding, statements(finding)))
        .collect();
    let wanted: BTreeSet<_> = expected
        .iter()
        .map(|finding| {
            let indices = finding["statements"].as_array().unwrap();
            key(
                finding,
                indices.iter().map(|index| index.as_u64().unwrap()).collect(),
            )
        })
        .collect();
    assert_eq!(seen, wanted, "{name}: seen (left) and wanted (right) differ");
    for finding in found {
        assert!(
            finding["counterexample"]["action"].is_string(),
            "{name}: no counterexample in {finding:#}"
        );
        let matching = |other: &&Value| {
            other["standard"] == finding["standard"] && other["address"] == finding["address"]
        };
        check_place(name, finding, expected.iter().find(matching).unwrap());
    }
}

/// Where a violation is shown: at its first guilty statement, else at the policy.
fn check_place(name: &str, finding: &Value, expected: &Value) {
    let Some(lines) = expected["lines"].as_array() else {
        return;
    };
    let statement = &finding["statements"][0]["location"];
    let place = if statement.is_object() {
        statement
    } else {
        &finding["location"]
    };
    assert_eq!(place["uri"], expected["uri"], "{name}: {finding:#}");
    let line = place["startLine"].as_u64().unwrap();
    let (first, last) = (lines[0].as_u64().unwrap(), lines[1].as_u64().unwrap());
    assert!(
        (first..=last).contains(&line),
        "{name}: line {line} is not in {first}..={last}: {finding:#}"
    );
}

fn check_undecided(name: &str, found: &[&Value], expected: &[Value]) {
    let fits = |finding: &Value, wanted: &Value| {
        let address = wanted["address"] == "*" || wanted["address"] == finding["address"];
        let standard = wanted["standard"].is_null() || wanted["standard"] == finding["standard"];
        let words = wanted["mentions"].as_str().unwrap_or_default();
        address && standard && finding.to_string().contains(words)
    };
    for finding in found {
        assert!(
            expected.iter().any(|wanted| fits(finding, wanted)),
            "{name}: undecided is {finding:#}"
        );
    }
    for wanted in expected {
        assert!(
            found.iter().any(|finding| fits(finding, wanted)),
            "{name}: nothing undecided fits {wanted}: {found:#?}"
        );
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("expected.json").is_file() {
        found.push(folder.to_owned());
    }
    let mut inner: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inner.sort();
    inner
        .iter()
        .filter(|path| path.is_dir())
        .for_each(|path| collect(path, found));
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
