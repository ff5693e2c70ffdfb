//! Principals as wholes: each way in which one gains access although no document changes, and the ways in which it only
//! seems to. Plans and templates are made here, one line a resource.

mod lists;
mod planned;
mod templates;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::run::run;

/// What is told of a principal: the verdict of a standard, and what its message must hold.
type Told<'t> = (&'t str, &'t str, &'t str);

/// Checks an input against a standard, and compares the verdicts of principals with what is expected: every one that is
/// not PASS is listed, and PASS is expected of those that are listed so.
fn check(name: &str, input: &str, standard: &str, expected: &[Told<'_>]) {
    compare(name, &report(name, input, standard), expected);
}

fn compare(name: &str, report: &Value, expected: &[Told<'_>]) {
    let findings = report["findings"].as_array().unwrap();
    let found = |address: &str| {
        let mut own = findings
            .iter()
            .filter(|finding| finding["address"] == address && finding["standard"] == "s");
        own.next()
    };
    for (address, verdict, words) in expected {
        let finding = found(address);
        let actual = finding.map_or("PASS", |finding| finding["verdict"].as_str().unwrap());
        assert_eq!(actual, *verdict, "{name}: {address}\n{report:#}");
        let message = finding.map_or("", |finding| finding["message"].as_str().unwrap());
        assert!(message.contains(words), "{name}: {address}: {message}");
    }
    let listed = |finding: &&Value| {
        expected
            .iter()
            .any(|(address, ..)| finding["address"] == *address && finding["standard"] == "s")
    };
    let unexpected: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["standard"] == "s" && !listed(finding))
        .collect();
    assert!(unexpected.is_empty(), "{name}: {unexpected:#?}");
    assert!(
        report["standards"][0]["matched"].as_u64() >= Some(expected.len() as u64),
        "{name}: {report:#}"
    );
}

/// The JSON report of an input under one standard, `s`.
fn report(name: &str, input: &str, standard: &str) -> Value {
    let folder = folder(name);
    fs::write(folder.join("input.json"), input).unwrap();
    let standards = format!("version: 1\nstandards:\n- {{id: s, {standard}}}\n");
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let ran = run(
        &folder,
        &[
            "check",
            "input.json",
            "--standards",
            "keyaki.yaml",
            "--format",
            "json",
        ],
    );
    assert!(
        matches!(ran.status, 0 | 1 | 4),
        "{name}: {}\n{}\n{input}",
        ran.status,
        ran.stderr
    );
    fs::remove_dir_all(&folder).unwrap();
    ran.json()
}

fn folder(name: &str) -> PathBuf {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let folder = std::env::temp_dir().join(format!("keyaki-principals-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}
