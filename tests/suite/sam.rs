//! SAM against the transform itself: what is found in a template is what is found in what the transform made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use keyaki::extract::{CloudFormationOptions, Environment, Extraction, Part, extract_template};
use keyaki::source::{FileId, Limits, parse_tree};

use crate::data::{project, shared};

/// Files whose two sides differ, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "api_with_custom_domain_security_policy_private",
        "the logical id of a domain name ends in a hash of it",
    ),
    ("connector_dependson_replace", NO_SUCH_NAME),
    ("connector_hardcoded_lambda_arn", NO_SUCH_NAME),
    ("connector_hardcoded_props", NO_SUCH_NAME),
    (
        "function_with_alias_and_event_sources",
        "the managed policies are listed in another order: the tests of the transform sort lists",
    ),
];

const NO_SUCH_NAME: &str =
    "a name that nothing has is open where resources may be added, and refused where not";

#[test]
fn what_the_transform_makes_is_what_is_found() {
    let Some(shared) = shared() else { return };
    check(&shared.join("corpus/sam_pairs"), 100, EXCEPTIONS);
}

/// Templates of our own, and what aws-sam-translator 1.110.0 makes of them.
#[test]
fn more_events_and_apis_are_found() {
    check(&project().join("tests/suite/sam_pairs"), 2, &[]);
}

fn check(folder: &Path, at_least: usize, exceptions: &[(&str, &str)]) {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".in.yaml").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= at_least, "{} pairs", names.len());
    let mut wrong = Vec::new();
    for name in &names {
        let written = found(&folder.join(format!("{name}.in.yaml")));
        let made = found(&folder.join(format!("{name}.out.json")));
        let differs = written != made;
        match exceptions.iter().find(|(known, _)| known == name) {
            None if differs => wrong.push(difference(name, &written, &made)),
            Some((_, reason)) if !differs => wrong.push(format!("{name}: no exception any more: {reason}")),
            None | Some(_) => {}
        }
    }
    for (name, _) in exceptions {
        assert!(names.iter().any(|known| known == name), "{name} is not there");
    }
    assert!(
        wrong.is_empty(),
        "{} of {} pairs:\n{}",
        wrong.len(),
        names.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_tables_are_those_of_the_package() {
    let script = project().join("tests/sam_tables.py");
    let ran = Command::new("python3").arg(&script).arg("--check").output();
    match ran.map(|output| (output.status.code(), output.stdout)) {
        Ok((Some(0), _)) => {}
        Ok((Some(77), told)) => eprintln!("{}", String::from_utf8_lossy(&told).trim()),
        Ok((status, told)) => panic!("status {status:?}: {}", String::from_utf8_lossy(&told)),
        Err(error) => eprintln!("skipped: python3 cannot be run: {error}"),
    }
}

/// Everything found, by its address.
fn found(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap();
    let tree = parse_tree(&text, FileId(0), &Limits::default()).unwrap();
    let options = CloudFormationOptions {
        assume_defaults: true,
        environment: Environment {
            partition: Some("aws".to_owned()),
            ..Environment::default()
        },
        ..CloudFormationOptions::default()
    };
    told(&extract_template(&tree, FileId(0), &options).unwrap())
}

fn told(extraction: &Extraction) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for policy in &extraction.policies {
        let origin = &policy.origin;
        let what = format!(
            "{} {} of {:?}: {:?}",
            policy.kind.word(),
            origin.resource_type,
            policy.attached_to,
            policy.document
        );
        let key = format!("{} {}", origin.address, policy.kind.word());
        assert!(told.insert(key, what).is_none(), "{} twice", origin.address);
    }
    for principal in &extraction.principals {
        let mut policies = principal.policies.clone();
        policies.sort();
        // The documents are compared above; their places differ.
        let mut documents: Vec<_> = principal.now.documents.iter().map(part).collect();
        documents.sort();
        told.insert(
            format!("principal {}", principal.address),
            format!(
                "{} {policies:?} {documents:?} within {:?} {:?}, trust {:?}, open: {}",
                principal.principal_type,
                principal.boundary,
                principal.now.boundary.iter().map(part).collect::<Vec<_>>(),
                principal.trust,
                principal.open,
            ),
        );
    }
    for gap in &extraction.gaps {
        let key = format!("gap {}", gap.origin.address);
        told.insert(key, format!("{:?} {:?}", gap.kind, gap.reason));
    }
    told
}

/// A part of a principal: which document, whether for sure, and whether it could be read.
fn part(part: &Part) -> (&str, bool, bool) {
    let document = &part.document;
    (&document.key, part.doubt.is_some(), document.content.is_ok())
}

fn difference(name: &str, written: &BTreeMap<String, String>, made: &BTreeMap<String, String>) -> String {
    let mut lines = vec![format!("{name}:")];
    for (address, what) in written {
        match made.get(address) {
            None => lines.push(format!("  only in the template: {address}: {what:.500}")),
            Some(other) if other != what => {
                lines.push(format!("  {address}:\n    {what:.2000}\n    {other:.2000}"));
            }
            Some(_) => {}
        }
    }
    for (address, what) in made.iter().filter(|(address, _)| !written.contains_key(*address)) {
        lines.push(format!("  only in what is made of it: {address}: {what:.500}"));
    }
    lines.join("\n")
}
