//! The table of seeded bugs (`tests/seeded_bugs.py` tries them): each replacement can still be made, so that code which
//! moves takes its bugs along.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::data::project;

/// Fewer bugs than this are no evidence.
const LEAST: usize = 60;

#[test]
fn every_seeded_bug_can_be_put_in() {
    let text = fs::read_to_string(project().join("tests/seeded_bugs.json")).unwrap();
    let bugs: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(bugs.len() >= LEAST, "{} bugs", bugs.len());
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for bug in &bugs {
        let name = bug["name"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        assert!(!bug["what"].as_str().unwrap().is_empty(), "{name}");
        let edits = bug["edits"].as_array().unwrap();
        assert!(!edits.is_empty(), "{name} changes nothing");
        for edit in edits {
            let [file, from, to] = ["file", "from", "to"].map(|key| edit[key].as_str().unwrap());
            assert!(file.starts_with("src/") && from != to, "{name}");
            let source = fs::read_to_string(project().join(file)).unwrap_or_default();
            let count = source.matches(from).count();
            if count != 1 {
                wrong.push(format!("{name}: {file} has {count} of `{from}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
