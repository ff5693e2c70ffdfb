//! `keyaki explain` has a page for everything that a report, a message or the code names by an id.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::data::shared;
use crate::run::{Ran, repository, run, run_with_input, scratch, text};

/// Words with a hyphen in the code that are no ids of reports: of AWS, of arguments, of formats and of examples.
const OTHER_WORDS: &[&str] = &[
    "add-condition",
    "add-deny",
    "assumed-role",
    "aws-cn",
    "drop-actions",
    "drop-principals",
    "drop-resources",
    "drop-statements",
    "execute-api",
    "federated-user",
    "hcl-attributes",
    "hcl-dynamic",
    "hcl-line",
    "hcl-none",
    "hcl-override",
    "not-scanned",
    "o-a1b2c3d4e5",
    "permission-set",
    "plan-bytes",
    "security-severity",
    "template-bytes",
    "unknown-region",
    "us-east-1",
    "very-high",
    "vpc-1a2b3c4d",
    "vpce-1a2b3c4d",
];

/// What an id follows where it is used.
const BEFORE_IDS: &[&str] = &[
    "id: ",
    "remark(",
    "note(",
    "undecided(",
    "with_id(",
    "refused(&messages, ",
];

/// The ids that are listed.
fn listed() -> BTreeSet<String> {
    let all = run(repository(), &["explain"]);
    assert_eq!(all.status, 0, "{}", all.stderr);
    let rows = all.stdout.lines().filter_map(|line| line.strip_prefix("  "));
    rows.filter_map(|row| row.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        match path.is_dir() {
            _ if is_test => {}
            true => sources(&path, into),
            false if path.extension().is_some_and(|extension| extension == "rs") => into.push(path),
            false => {}
        }
    }
}

/// The code without its tests, which come last in a file.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

fn literals(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices('"') {
        let rest = &code[at + 1..];
        let word = rest.split('"').next().unwrap_or_default();
        if !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            found.push((at, word));
        }
    }
    found
}

#[test]
fn every_id_in_the_code_has_a_page() {
    let listed = listed();
    let mut files = Vec::new();
    sources(&repository().join("src"), &mut files);
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for file in &files {
        let path = file.strip_prefix(repository()).unwrap().display().to_string();
        if path.starts_with("src/check/rules") {
            continue;
        }
        let code = code(file);
        // Extractors and catalogs are full of words of AWS; ids are used there like everywhere else.
        let of_aws = ["src/extract", "src/catalog", "src/cli/arguments.rs"]
            .iter()
            .any(|place| path.starts_with(place));
        for (at, word) in literals(&code) {
            let before = code[..at].trim_end();
            let used = BEFORE_IDS.iter().any(|words| before.ends_with(words.trim_end()));
            let hyphen = word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.contains('-')
                && !word.starts_with('-')
                && !word.ends_with('-');
            if !(used || (hyphen && !of_aws)) || OTHER_WORDS.contains(&word) {
                continue;
            }
            seen.insert(word.to_owned());
            // The standard that `keyaki diff` asks about is in no report.
            if !listed.contains(word) && word != "diff" {
                missing.push(format!("{path}: {word}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "`keyaki explain` has no page for {missing:#?}"
    );
    assert!(
        seen.len() > 60 && seen.contains("redundant-entry") && seen.contains("views-differ"),
        "{seen:?}"
    );
}

/// The ids that errors end in.
fn error_ids(ran: &Ran) -> Vec<String> {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    let errors = all.lines().filter(|line| line.starts_with("error: "));
    errors
        .map(|line| {
            let id = line.strip_suffix(')').and_then(|line| line.rsplit_once(" ("));
            id.unwrap_or_else(|| panic!("no id: {line}")).1.to_owned()
        })
        .collect()
}

#[test]
fn every_error_has_an_id() {
    let folder = scratch("error-ids");
    let file = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    file(
        "keyaki.yaml",
        "version: 1\nstandards: [{id: s, check: no-public-access}]\n",
    );
    file("bad.yaml", "version: 1\nstandard: []\n");
    file("broken.json", "{\"Statement\": [");
    file("other.md", "# nothing");
    file("policy.json", r#"{"Version": "2012-10-17", "Statement": []}"#);
    file("empty.yaml", "Resources: {}");
    file(
        "plan.json",
        r#"{"format_version": "9.0", "planned_values": {}, "resource_changes": []}"#,
    );
    fs::create_dir(folder.join("nothing")).unwrap();
    let listed = listed();
    for (arguments, expected) in [
        (&["check", "missing.json"][..], "unreadable-input"),
        (&["check", "broken.json"], "broken-input"),
        (&["check", "plan.json"], "broken-input"),
        (&["check", "nothing"], "unreadable-input"),
        (
            &["check", "policy.json", "--standards", "bad.yaml"],
            "bad-standards",
        ),
        (
            &["check", "policy.json", "--standards", "none.yaml"],
            "bad-standards",
        ),
        (
            &["check", "policy.json", "--output", "json=nothing/x/y.json"],
            "unwritable-output",
        ),
        (
            &[
                "check",
                "policy.json",
                "--output",
                "json=a",
                "--output",
                "sarif=./a",
            ],
            "bad-usage",
        ),
        (
            &["check", "empty.yaml", "--before", "nothing"],
            "unreadable-before",
        ),
        (&["check", "policy.json", "--baseline", "x"], "bad-usage"),
        (&["chek"], "bad-usage"),
        (&["explain", "shrt-arn"], "bad-usage"),
        (&["man", "chek"], "bad-usage"),
        (&["diff", "policy.json", "broken.json"], "broken-input"),
        (&["extract", "missing.json"], "unreadable-input"),
    ] {
        let ran = run(&folder, arguments);
        assert!(
            [2, 3].contains(&ran.status),
            "{arguments:?}: status {}",
            ran.status
        );
        let mut ids = error_ids(&ran);
        ids.dedup();
        assert_eq!(ids, [expected], "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(listed.contains(expected), "{expected} has no page");
    }
    let piped = run_with_input(&folder, &["check", "-"], "{");
    assert_eq!(error_ids(&piped), ["broken-input"]);
}

#[test]
fn standards_of_ones_own_are_explained() {
    let webshop = repository().join("fixtures/webshop");
    let ran = run(&webshop, &["explain", "no-passrole"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let expected =
        "no-passrole (standard of keyaki.yaml, severity high, check access-not-granted)\n\nRoles are handed";
    assert!(ran.stdout.starts_with(expected), "{}", ran.stdout);
    let named = run(
        repository(),
        &[
            "explain",
            "no-passrole",
            "--standards",
            "fixtures/webshop/keyaki.yaml",
        ],
    );
    assert_eq!(named.status, 0, "{}", named.stderr);
    let near = run(&webshop, &["explain", "no-pasrole"]);
    assert!(
        near.status == 2 && near.stderr.contains("`keyaki explain no-passrole`"),
        "{}",
        near.stderr
    );
    // An id of keyaki's own needs no standards file that can be read.
    let folder = scratch("explain-broken");
    fs::write(folder.join("keyaki.yaml"), "nonsense").unwrap();
    assert_eq!(run(&folder, &["explain", "A1"]).status, 0);
    assert_eq!(run(&folder, &["explain", "step-limit"]).status, 0);
}

/// The paragraphs of a page after its heading, each in one line.
fn page(id: &str) -> Vec<String> {
    let shown = run(repository(), &["explain", id]);
    assert_eq!(shown.status, 0, "{id}: {}", shown.stderr);
    let paragraphs = shown.stdout.split("\n\n").skip(1);
    paragraphs
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The pages are the help of SARIF rules too, and the README names what it does not explain itself.
#[test]
fn pages_have_one_source() {
    let arguments = [
        "check",
        "fixtures/webshop/plan.json",
        "--standards",
        "fixtures/webshop/keyaki.yaml",
    ];
    let log = run(repository(), &[&arguments[..], &["--format", "sarif"]].concat()).json();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let mut compared = 0;
    for rule in rules {
        let full = text(&rule["fullDescription"], "text");
        let check = full
            .rsplit_once(" (check ")
            .map(|(_, check)| check.trim_end_matches(')'));
        let id = check.unwrap_or_else(|| text(rule, "id"));
        let [_, meaning, help] = &page(id)[..] else {
            panic!("{id}")
        };
        for said in [text(&rule["help"], "text"), text(&rule["help"], "markdown")] {
            assert!(
                said.contains(meaning.as_str()) && said.contains(help.as_str()),
                "{id}: {said}"
            );
        }
        compared += 1;
    }
    assert!(compared > 9, "{compared}");
    let undecided = rules.iter().find(|rule| rule["id"] == "undecided").unwrap();
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let all = run(repository(), &["explain"]).stdout;
    let ids = |group: &str| {
        let (_, rest) = all
            .split_once(&format!("{group}:\n"))
            .unwrap_or_else(|| panic!("no {group}"));
        let rows = rest.lines().map_while(|line| line.strip_prefix("  "));
        rows.filter_map(|row| row.split(' ').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for check in ids("checks") {
        assert!(
            readme.contains(&format!("| `{check}` |")),
            "the README does not name {check}"
        );
    }
    for reason in ids("reasons of UNDECIDED") {
        let row = format!("| `{reason}` |");
        assert!(text(&undecided["help"], "markdown").contains(&row), "{reason}");
    }
    assert!(readme.contains("`keyaki explain"));
}

/// Whatever a report names by an id, of all the inputs there are.
#[test]
fn every_id_in_a_report_has_a_page() {
    let listed = listed();
    let mut inputs: Vec<PathBuf> = [
        "webshop/plan.json",
        "stack/template.yaml",
        "org-only/template.yaml",
        "article/template.yaml",
    ]
    .map(|name| repository().join("fixtures").join(name))
    .to_vec();
    let mut folders = Vec::new();
    if let Some(shared) = shared() {
        folders = [
            "corpus/tfplan",
            "corpus/cfn",
            "hostile/tfplan",
            "hostile/cfn",
            "hostile/policies",
        ]
        .map(|name| shared.join(name))
        .to_vec();
    }
    for folder in folders {
        inputs.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    inputs.sort();
    let folder = scratch("ids-in-reports");
    let standards = "version: 1\ntrust: {accounts: [\"123456789012\"]}\nstandards:\n  \
        - {id: tidy, check: lint, rules: [redundant-statement]}\n  \
        - {id: s, check: no-external-access}\n  \
        - {id: t, check: access-not-granted, actions: [\"iam:PassRole\"]}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for input in inputs {
        let ran = run(&folder, &["check", &input.to_string_lossy(), "--format", "json"]);
        if ran.status == 2 {
            continue;
        }
        let report = ran.json();
        let mut ids: Vec<String> = Vec::new();
        for note in report["notes"].as_array().unwrap() {
            ids.push(text(note, "id").to_owned());
        }
        for finding in report["findings"].as_array().unwrap() {
            ids.extend(finding["reason"].as_str().map(str::to_owned));
            let readings = finding["readings"].as_array().into_iter().flatten();
            ids.extend(readings.map(|row| row.as_str().unwrap().to_owned()));
        }
        for proof in report["proofs"].as_array().unwrap() {
            let axioms = proof["axioms"].as_array().unwrap().iter();
            ids.extend(axioms.map(|axiom| axiom.as_str().unwrap().to_owned()));
        }
        for error in report["errors"].as_array().unwrap() {
            let id = error
                .as_str()
                .unwrap()
                .strip_suffix(')')
                .and_then(|error| error.rsplit_once(" ("));
            ids.push(id.map_or_else(|| error.to_string(), |(_, id)| id.to_owned()));
        }
        for id in ids {
            if !listed.contains(&id) {
                missing.insert(format!("{}: {id}", input.display()));
            }
            seen.insert(id);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen.len() >= 4, "{seen:?}");
}
