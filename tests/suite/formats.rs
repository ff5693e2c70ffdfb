//! Every format on the fixtures, read back as what it is; several outputs of one run; outputs that cannot be written; and
//! hostile names in every format.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::data::shared;
use crate::run::{Ran, repository, run, scratch, text};
use crate::wellformed::{complain, last_line_has_totals, parsed};

/// All formats.
pub const FORMATS: [&str; 9] = [
    "table", "full", "json", "jsonl", "sarif", "markdown", "junit", "gitlab", "github",
];

/// Inputs of the fixtures and what they are checked with.
const INPUTS: [&[&str]; 4] = [
    &[
        "fixtures/org-only/template.yaml",
        "--standards",
        "fixtures/org-only/keyaki.yaml",
    ],
    &[
        "fixtures/stack/template.yaml",
        "--standards",
        "fixtures/stack/keyaki.yaml",
    ],
    &[
        "fixtures/webshop/plan.json",
        "--standards",
        "fixtures/webshop/keyaki.yaml",
        "--source",
        "fixtures/webshop",
    ],
    // Places in the plan, and standards that are about nothing.
    &[
        "fixtures/webshop/plan.json",
        "fixtures/stack/template.yaml",
        "README.md",
        "--standards",
        "fixtures/webshop/keyaki.yaml",
    ],
];

fn check(input: &[&str], more: &[&str]) -> Ran {
    run(repository(), &[&["check"], input, more].concat())
}

#[test]
fn every_format_is_well_formed_and_the_same_each_time() {
    for input in INPUTS {
        let with = |jobs: &str| {
            let (folder, arguments) = outputs("each-time");
            let arguments = arguments.iter().map(String::as_str);
            let ran = check(
                input,
                &arguments.chain(["--jobs", jobs, "-q"]).collect::<Vec<_>>(),
            );
            let written = FORMATS.map(|format| fs::read_to_string(folder.join(format)).unwrap());
            (ran.status, written)
        };
        let (one, two, again) = (with("1"), with("2"), with("2"));
        assert!(one == two && two == again, "{input:?} differs");
        let json = parsed(&one.1[2]).unwrap();
        for (format, written) in FORMATS.into_iter().zip(&one.1) {
            complain(format, written).unwrap_or_else(|what| panic!("{input:?} as {format}: {what}"));
            says_all(format, written, &json);
        }
    }
}

/// Threads and repetition change no byte of any output.
#[test]
fn outputs_do_not_depend_on_threads_or_luck() {
    let mut first: Option<Vec<String>> = None;
    for jobs in ["1", "2", "4", "8", "16", "2", "16"] {
        let (folder, arguments) = outputs("threads");
        let arguments = arguments.iter().map(String::as_str);
        let more = ["--jobs", jobs, "--suggest"];
        let ran = check(INPUTS[2], &arguments.chain(more).collect::<Vec<_>>());
        let written = FORMATS.map(|format| fs::read_to_string(folder.join(format)).unwrap());
        let all: Vec<String> = written.into_iter().chain([ran.stdout, ran.stderr]).collect();
        match &first {
            None => first = Some(all),
            Some(first) => assert!(*first == all, "{jobs} threads make a difference"),
        }
    }
}

/// No format leaves a finding out: each names the standards and addresses of all of them.
fn says_all(format: &str, shown: &str, json: &Value) {
    // Cells of a table are cut and wrapped; the lines below are not.
    for finding in json["findings"].as_array().unwrap() {
        let (standard, address) = (text(finding, "standard"), text(finding, "address"));
        let address = match format {
            "json" | "jsonl" | "gitlab" => address.replace('"', "\\\""),
            "sarif" => address
                .replace('"', "\\\"")
                .replace('[', "\\\\[")
                .replace(']', "\\\\]"),
            "junit" => address.replace('"', "&quot;"),
            _ => address.to_owned(),
        };
        assert!(shown.contains(&address), "{format} does not name {address}");
        // One rule is for all that is undecided: the message names the standard.
        assert!(shown.contains(standard), "{format} does not name {standard}");
    }
    for error in json["errors"].as_array().unwrap() {
        let name = error
            .as_str()
            .unwrap()
            .split(':')
            .next()
            .unwrap()
            .trim_matches('`');
        assert!(shown.contains(name), "{format} does not name {name}");
    }
}

/// A fresh folder, and the arguments that write every format into it.
fn outputs(name: &str) -> (PathBuf, Vec<String>) {
    let folder = scratch(name);
    let arguments = FORMATS.iter().flat_map(|format| {
        let path = folder.join(format).to_string_lossy().into_owned();
        ["--output".to_owned(), format!("{format}={path}")]
    });
    let arguments = arguments.collect();
    (folder, arguments)
}

#[test]
fn several_outputs_come_from_one_run() {
    let (folder, arguments) = outputs("outputs");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // With a suggestion, all formats are explained alike.
    let ran = check(INPUTS[1], &[&arguments[..], &["--suggest"]].concat());
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for format in FORMATS {
        let written = fs::read_to_string(folder.join(format)).unwrap();
        let printed = check(INPUTS[1], &["--format", format, "--suggest"]);
        assert!(written == printed.stdout, "{format} differs from what is printed");
    }
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        FORMATS.len(),
        "nothing is left beside them"
    );
}

#[test]
fn an_output_that_cannot_be_written_is_status_3() {
    let folder = scratch("no-output");
    fs::create_dir(folder.join("taken")).unwrap();
    let whole = folder.join("whole.json");
    let output = |format: &str, path: &Path| format!("{format}={}", path.to_string_lossy());
    for missing in [folder.join("missing/report.xml"), folder.join("taken")] {
        let (bad, good) = (output("junit", &missing), output("json", &whole));
        let ran = check(INPUTS[0], &["--exit-zero", "--output", &bad, "--output", &good]);
        assert_eq!(ran.status, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
        assert!(
            ran.stdout.contains("FAIL"),
            "it is printed all the same: {}",
            ran.stdout
        );
        assert!(
            parsed(&fs::read_to_string(&whole).unwrap()).is_ok(),
            "the others are written"
        );
        fs::remove_file(&whole).unwrap();
        let left: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["taken"], "no half file is left");
    }
}

#[test]
fn quiet_reports_have_findings_and_totals_only() {
    for format in ["table", "full"] {
        let ran = check(INPUTS[0], &["--format", format, "-q"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
        assert!(ran.stdout.contains("no-public"), "{}", ran.stdout);
        for left_out in ["MATCHED", "note:"] {
            assert!(!ran.stdout.contains(left_out), "{}", ran.stdout);
        }
        last_line_has_totals(&ran.stdout).unwrap();
    }
}

#[test]
fn colours_are_told_by_option() {
    let colored = |when: &str| {
        let ran = check(INPUTS[0], &["--format", "full", "--color", when]);
        ran.stdout.contains('\u{1b}')
    };
    assert_eq!(["always", "never", "auto"].map(colored), [true, false, false]);
}

/// The element that lets the counterexample in is what is marked.
#[test]
fn the_guilty_element_is_marked() {
    let marked = |input: &[&str]| -> Vec<(String, String)> {
        let ran = check(input, &["--format", "full"]);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        let carets = lines.windows(2).filter_map(|pair| {
            let start = pair[1].find('^')?;
            let width = pair[1][start..].chars().take_while(|c| *c == '^').count();
            let code: String = pair[0].chars().skip(start).take(width).collect();
            Some((code, pair[1][start + width..].trim().to_owned()))
        });
        carets.collect()
    };
    let of = |code: &str, label: &str| (code.to_owned(), label.to_owned());
    assert_eq!(marked(INPUTS[0]), [of("\"*\"", "principal anonymous")]);
    let code = marked(INPUTS[2]);
    for (element, label) in [
        ("\"iam:Pass*\"", "action iam:PassRole"),
        ("\"*\"", "principal anonymous"),
    ] {
        assert!(code.contains(&of(element, label)), "{code:?}");
    }
    let stack = marked(INPUTS[1]);
    assert!(stack.contains(&of("\"*\"", "principal anonymous")), "{stack:?}");
    assert!(
        stack.contains(&of("\"s3:Delete*\"", "action s3:DeleteBucket")),
        "{stack:?}"
    );
}

/// Looking for changes takes longer than finding violations: `full` has them for the worst, `--suggest` for all.
#[test]
fn changes_are_looked_for_where_somebody_reads_them() {
    let folder = scratch("many-changes");
    let count = 103;
    let resources: serde_json::Map<String, Value> = (0..count)
        .map(|at| {
            let statement = serde_json::json!({
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::bucket-{at}/*"),
            });
            let document = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
            let properties =
                serde_json::json!({"Bucket": format!("bucket-{at}"), "PolicyDocument": document});
            let resource = serde_json::json!({"Type": "AWS::S3::BucketPolicy", "Properties": properties});
            (format!("Bucket{at:03}"), resource)
        })
        .collect();
    let template = serde_json::json!({"Resources": resources});
    fs::write(folder.join("template.json"), template.to_string()).unwrap();
    let standards = "version: 1\nstandards:\n  \
        - {id: reads, severity: low, check: access-not-granted, actions: [\"s3:GetObject\"], scope: {addresses: [Bucket00*]}}\n  \
        - {id: no-public, severity: high, check: no-public-access}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let changed = |more: &[&str]| {
        let arguments = [
            &[
                "check",
                "template.json",
                "--format",
                "full",
                "--output",
                "json=r.json",
            ],
            more,
        ]
        .concat();
        let ran = run(&folder, &arguments);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let report = parsed(&fs::read_to_string(folder.join("r.json")).unwrap()).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let has = |severity: &str| {
            let of = findings.iter().filter(|finding| finding["severity"] == severity);
            of.filter(|finding| finding["change"].is_object()).count()
        };
        let told = ran
            .stdout
            .contains("the 100 most severe of 113 different violations");
        (has("high"), has("low"), told)
    };
    assert_eq!(changed(&[]), (100, 0, true));
    assert_eq!(changed(&["--suggest"]), (103, 10, false));
}

/// Plans hold values of every kind: their text is quoted in no format.
#[test]
fn plans_are_not_quoted() {
    for format in FORMATS {
        let ran = check(
            &[
                "fixtures/webshop/plan.json",
                "--standards",
                "fixtures/webshop/keyaki.yaml",
            ],
            &["--format", format],
        );
        assert!(!ran.stdout.contains("format_version"), "{format}");
        assert!(!ran.stdout.contains("resource_changes"), "{format}");
        assert!(!ran.stdout.contains("^^^"), "{format}");
    }
}

/// Names that try to break out of each format, in a template and in a plan.
#[test]
fn hostile_names_stay_names() {
    let folder = scratch("hostile-names");
    let names = [
        "x\n::error::y",
        "x ##[group]z",
        "x ##vso[task]z",
        "\u{1b}[2J\u{9b}31m",
        "\u{1b}]8;;http://evil\u{7}x",
        "\u{202e}gnp\u{2066}",
        "a|b|c",
        "`a` ``b`` ```",
        "</details><script>alert(1)</script>",
        "<!-- x --> & ]]> &lt;",
        "\" name=\"y\"><failure/>",
        "[x](javascript:alert)",
        "@everyone #1 http://evil.example",
        "{0} [1](2) %0A%0D %25",
        "\"]; x --> y; %%{init: {}}%%",
        "=cmd|' /C calc'!A1",
        "\u{0}\u{fffe}\u{ffff}",
        "\\| \\` \\\\",
        "/close",
    ];
    let resources: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            let statement =
                serde_json::json!({"Sid": "S", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"});
            let document = serde_json::json!({"Version": "2012-10-17", "Statement": [statement]});
            let properties =
                serde_json::json!({"PolicyName": name, "Roles": [name], "PolicyDocument": document});
            let resource = serde_json::json!({"Type": "AWS::IAM::Policy", "Properties": properties});
            ((*name).to_owned(), resource)
        })
        .collect();
    let template = serde_json::json!({"Resources": resources});
    fs::write(folder.join("template.json"), template.to_string()).unwrap();
    let standard = "{id: no-passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}";
    fs::write(
        folder.join("keyaki.yaml"),
        format!("version: 1\nstandards: [{standard}]\n"),
    )
    .unwrap();
    for format in FORMATS {
        let ran = run(&folder, &["check", "template.json", "--format", format]);
        assert_eq!(ran.status, 1, "{format}: {}", ran.stderr);
        complain(format, &ran.stdout).unwrap_or_else(|what| panic!("{format}: {what}"));
    }
    let json = run(&folder, &["check", "template.json", "--format", "json"]).json();
    let seen: BTreeSet<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| text(finding, "address").to_owned())
        .collect();
    let wanted: BTreeSet<String> = names
        .iter()
        .map(|name| format!("{name}/PolicyDocument"))
        .collect();
    assert_eq!(seen, wanted, "data keeps the names as they are");
}

/// The hostile files of the test data, in every format.
#[test]
fn hostile_files_break_no_format() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("hostile");
    let index = fs::read_to_string(folder.join("index.tsv")).unwrap();
    let canaries = fs::read_to_string(folder.join("canaries.txt")).unwrap();
    let files = index
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next())
        .filter(|file| !file.starts_with("standards/"));
    let (outputs, arguments) = outputs("hostile-outputs");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in files {
        let scan = ["check", "--standards", "standards.yaml", file];
        let arguments: Vec<&str> = scan
            .into_iter()
            .chain(arguments.iter().map(String::as_str))
            .collect();
        let ran = run(&folder, &arguments);
        let secret = |text: &str| canaries.lines().any(|canary| text.contains(canary));
        for format in FORMATS {
            let text = fs::read_to_string(outputs.join(format)).unwrap_or_default();
            checked += 1;
            if let Err(what) = complain(format, &text) {
                wrong.push(format!("{file} as {format}: {what}"));
            }
            if secret(&text) || secret(&ran.stderr) {
                wrong.push(format!("{file} as {format} shows a secret"));
            }
        }
    }
    assert!(
        checked > 900 && canaries.lines().all(|canary| !canary.is_empty()),
        "{checked}"
    );
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
