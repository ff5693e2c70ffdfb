//! Ten templates whose findings are derived by hand. A comment at the end of the line where a finding stands says which:
//! `# FAIL STANDARD INDEX` on the line of the guilty statement, `# UNDECIDED STANDARD` or `# FAIL STANDARD` on the line
//! of what was judged. JSON has no comments, and must have no findings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{repository, run, text};

#[test]
fn findings_derived_by_hand() {
    let folder = repository().join("tests/suite/templates");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "keyaki.yaml")
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    let different: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let (found, written) = (found(&folder, name), written(&folder, name));
            (found != written).then(|| format!("{name}:\n  {found:?}\n  {written:?}"))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The findings that the comments of a template tell of, as `LINE: VERDICT STANDARD INDEX`.
fn written(folder: &Path, name: &str) -> Vec<String> {
    let content = fs::read_to_string(folder.join(name)).unwrap();
    let mut lines: Vec<String> = content
        .lines()
        .enumerate()
        .flat_map(|(at, line)| {
            let line = line.trim_end_matches("\",");
            let notes = line.split('#').skip(1).map(str::trim);
            let notes = notes.filter(|note| note.starts_with("FAIL ") || note.starts_with("UNDECIDED "));
            notes.map(move |note| format!("{}: {note}", at + 1))
        })
        .collect();
    lines.sort();
    lines
}

fn found(folder: &Path, name: &str) -> Vec<String> {
    let ran = run(
        folder,
        &["check", name, "--format", "json", "--region", "eu-west-1"],
    );
    let report = ran.json();
    assert!(
        report["errors"].as_array().unwrap().is_empty(),
        "{name}: {report:#}"
    );
    let mut lines: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(lines)
        .collect();
    lines.sort();
    lines
}

/// A line for each guilty statement, or one for what has none.
fn lines(finding: &Value) -> Vec<String> {
    let told = format!("{} {}", text(finding, "verdict"), text(finding, "standard"));
    let statements = finding["statements"].as_array().unwrap();
    if statements.is_empty() {
        return vec![format!("{}: {told}", finding["location"]["startLine"])];
    }
    let line = |statement: &Value| {
        let at = match &statement["location"] {
            Value::Null => &finding["location"]["startLine"],
            location => &location["startLine"],
        };
        format!("{at}: {told} {}", statement["index"])
    };
    statements.iter().map(line).collect()
}
