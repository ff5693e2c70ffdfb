//! Hostile text wherever a policy, a template, a standards file or a path lets it in, in every format and command; and
//! canaries: values that a plan marks as sensitive are in no output at all.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::data::shared;
use crate::formats::FORMATS;
use crate::run::{Ran, repository, run, scratch};
use crate::wellformed::complain;

/// What each of these would do where it is not escaped: steer a terminal, forge a log command, break out of markup.
const HOSTILE: [&str; 12] = [
    "x\n::error::forged",
    "x\r\n##vso[task.setvariable]y",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\click",
    "\u{9b}31m\u{90}q\u{9c}",
    "\u{202e}gpj.exe\u{2066}\u{2069}\u{200f}",
    "a\u{2028}b\u{2029}c\u{0}\u{7f}",
    "]]><failure message=\"forged\"/>&amp;",
    "</code></details><script>alert(1)</script>",
    "| ` ``` [x](javascript:alert(1)) ![y](http://evil.example/z)",
    "{0} [statement](1) \\[2\\](3)",
    "\"] --> forged[\"%%{init: {}}%%\"]; click x \"javascript:alert(1)\"",
];

/// What must be so of the output of a command that is text for people.
fn complain_text(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let steers = |c: char| {
            matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' | '\u{200e}' | '\u{200f}')
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(steers), "{text}");
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##vso[") && !line.contains("##["), "{line}");
        }
    }
}

fn check_all(folder: &Path, arguments: &[&str], statuses: &[i32]) {
    for format in FORMATS {
        let ran = run(folder, &[&["check", "--format", format], arguments].concat());
        assert!(
            statuses.contains(&ran.status),
            "{format}: status {}: {}",
            ran.status,
            ran.stderr
        );
        complain(format, &ran.stdout).unwrap_or_else(|what| panic!("{arguments:?} as {format}: {what}"));
        complain_text(&Ran {
            stdout: String::new(),
            ..ran
        });
    }
}

fn write(folder: &Path, name: &str, document: &Value) {
    fs::write(folder.join(name), document.to_string()).unwrap();
}

const STANDARDS: &str = "version: 1\nstandards:\n  \
    - {id: no-public, severity: critical, check: no-public-access}\n  \
    - {id: grants, check: access-not-granted, actions: [\"s3:*\"]}\n  \
    - {id: tidy, check: lint, rules: [unknown-condition-key, not-an-arn, redundant-statement]}\n";

#[test]
fn in_the_text_of_a_policy() {
    let folder = scratch("injection-policy");
    fs::write(folder.join("keyaki.yaml"), STANDARDS).unwrap();
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        let statement = json!({
            "Sid": hostile, "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{hostile}/*"),
            "Condition": {"StringLike": {format!("aws:RequestTag/{hostile}"): hostile}},
        });
        let deny = json!({
            "Sid": hostile, "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/x": hostile}},
        });
        let document = json!({"Version": "2012-10-17", "Id": hostile, "Statement": [statement, deny]});
        let odd = json!({"Version": "2012-10-17", "Statement": [{hostile: 1, "Effect": hostile, "Action": hostile}]});
        let (good, bad) = (format!("policy{at}.json"), format!("odd{at}.json"));
        write(&folder, &good, &document);
        write(&folder, &bad, &odd);
        check_all(&folder, &[&good, &bad, "--suggest"], &[1, 3, 4]);
        for arguments in [
            &["diff", &bad, &good][..],
            &["diff", &good, &bad],
            &["check", &good, "-v"],
        ] {
            complain_text(&run(&folder, arguments));
        }
        for file in [&good, &bad] {
            let listed = run(&folder, &["extract", file]);
            complain_text(&listed);
            listed.json();
        }
    }
}

#[test]
fn in_a_path() {
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        let folder = scratch(&format!("injection-path-{at}"));
        fs::write(folder.join("keyaki.yaml"), STANDARDS).unwrap();
        let inner = folder.join(hostile.replace(['/', '\0'], "_"));
        fs::create_dir(&inner).unwrap();
        let template = fs::read_to_string(repository().join("fixtures/org-only/template.yaml")).unwrap();
        fs::write(inner.join("template.yaml"), template).unwrap();
        fs::write(inner.join("broken.json"), "{\"Statement\": [").unwrap();
        let inside = inner.strip_prefix(&folder).unwrap().to_str().unwrap();
        let (template, broken) = (
            format!("./{inside}/template.yaml"),
            format!("./{inside}/broken.json"),
        );
        check_all(&folder, &[&template, &broken, "missing"], &[3]);
        // A folder is walked.
        check_all(&folder, &["."], &[1, 3]);
    }
}

#[test]
fn in_a_standards_file() {
    let folder = scratch("injection-standards");
    fs::copy(
        repository().join("fixtures/org-only/template.yaml"),
        folder.join("template.yaml"),
    )
    .unwrap();
    let mut read = 0;
    for hostile in HOSTILE {
        let described = json!({
            "version": 1,
            "standards": [{"id": "no-public", "description": hostile, "severity": "critical", "check": "no-public-access"}],
            "ignore": [{"type": "x", "reason": hostile}],
        });
        write(&folder, "keyaki.yaml", &described);
        let ran = run(&folder, &["check", "template.yaml"]);
        complain_text(&ran);
        // YAML knows no controls: such a file is refused.
        if ran.status != 2 {
            read += 1;
            check_all(&folder, &["template.yaml"], &[1]);
        }
        complain_text(&run(&folder, &["explain", "no-public"]));
        complain_text(&run(
            &folder,
            &["explain", hostile.trim_matches('\0').replace('\0', "").as_str()],
        ));
        let odd = json!({"version": 1, hostile: 1, "standards": [{"id": hostile, "check": hostile}]});
        write(&folder, "odd.yaml", &odd);
        let ran = run(&folder, &["check", "template.yaml", "--standards", "odd.yaml"]);
        assert_eq!(ran.status, 2);
        complain_text(&ran);
    }
    assert!(read >= 6, "{read}");
}

/// A plan whose sensitive values are in each place that a report could quote: resources, conditions, keys, Sids that are
/// none, what is before and after, unread attributes, variables, and policies that cannot be read.
fn secret_plan() -> Value {
    let statement = |effect: &str, resource: &str, value: &str| {
        json!({
            "Effect": effect, "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": [format!("arn:aws:s3:::{resource}/*"), format!("arn:aws:s3:::{resource}")],
            "Condition": {"StringLike": {"aws:Referer": [value, format!("{value}*")], "aws:UserAgent": value}},
        })
    };
    let document = |bucket: &str, value: &str| {
        let statements = [
            statement("Allow", bucket, value),
            statement("Deny", &format!("{bucket}-x"), value),
        ];
        json!({"Version": "2012-10-17", "Id": "CANARY-id", "Statement": statements}).to_string()
    };
    let texts = [
        document("CANARY-bucket", "CANARY-value"),
        "{\"Statement\": [{\"Effect\": \"CANARY-effect\", \"CANARY-key\": 1}]}".to_owned(),
        "{\"Statement\": CANARY-broken".to_owned(),
        "CANARY-text".to_owned(),
    ];
    let resources = texts.iter().enumerate().map(|(at, text)| {
        let address = format!("aws_s3_bucket_policy.p{at}");
        let after = json!({"bucket": "CANARY-name", "policy": text, "tags": {"CANARY-tag": "CANARY-tag"}});
        let sensitive = json!({"policy": true, "bucket": true, "tags": true});
        let before = json!({"bucket": "CANARY-name", "policy": document("CANARY-old", "CANARY-before")});
        json!({
            "address": address, "mode": "managed", "type": "aws_s3_bucket_policy", "name": format!("p{at}"),
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": ["update"], "before": before, "after": after, "after_unknown": {},
                "before_sensitive": sensitive, "after_sensitive": sensitive,
            },
        })
    });
    let database = json!({
        "address": "aws_db_instance.d", "mode": "managed", "type": "aws_db_instance", "name": "d",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": ["create"], "before": null, "after": {"password": "CANARY-password", "user": "CANARY-user"},
            "after_unknown": {}, "before_sensitive": false, "after_sensitive": {"password": true},
        },
    });
    let changes: Vec<Value> = resources.chain([database]).collect();
    let planned: Vec<Value> = changes
        .iter()
        .map(|change| {
            let mut planned = change.clone();
            planned["values"] = change["change"]["after"].clone();
            planned["sensitive_values"] = change["change"]["after_sensitive"].clone();
            planned.as_object_mut().unwrap().remove("change");
            planned
        })
        .collect();
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4",
        "variables": {"secret": {"value": "CANARY-variable"}},
        "planned_values": {"root_module": {"resources": planned}, "outputs": {"o": {"sensitive": true, "value": "CANARY-output"}}},
        "resource_changes": changes,
        "configuration": {"root_module": {}},
    })
}

#[test]
fn what_a_plan_marks_as_sensitive_is_nowhere() {
    let folder = scratch("injection-canaries");
    let standards = "version: 1\nstandards:\n  \
        - {id: no-public, severity: critical, check: no-public-access}\n  \
        - {id: grants, check: access-not-granted, actions: [\"s3:GetObject\"]}\n  \
        - {id: denied, check: access-denied, actions: [\"s3:GetObject\"]}\n  \
        - {id: grown, check: no-new-access, reference: before}\n  \
        - {id: tidy, check: lint, rules: [redundant-statement, redundant-entry, unmatchable-entry]}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    write(&folder, "plan.json", &secret_plan());
    let mut other = secret_plan();
    other["resource_changes"].as_array_mut().unwrap().truncate(1);
    other["planned_values"]["root_module"]["resources"]
        .as_array_mut()
        .unwrap()
        .truncate(1);
    write(&folder, "other.json", &other);
    let silent = |arguments: &[&str]| {
        let ran = run(&folder, arguments);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        let at = all.find("CANARY");
        assert_eq!(
            at,
            None,
            "{arguments:?}: …{}",
            at.map_or("", |at| &all[at.saturating_sub(200)..at + 20])
        );
        ran
    };
    for format in FORMATS {
        let ran = silent(&["check", "plan.json", "--suggest", "-v", "--format", format]);
        assert_eq!(ran.status, 3, "{format}");
        for said in ["no-public", "aws_s3_bucket_policy.p0", "aws_s3_bucket_policy.p2"] {
            assert!(
                ran.stdout.contains(said),
                "{format} does not say {said}: {}",
                ran.stdout
            );
        }
    }
    silent(&["check", "other.json", "--before", "plan.json"]);
    silent(&[
        "check",
        "plan.json",
        "--solver",
        "glob",
        "--axioms",
        "none",
        "--limit",
        "steps=1",
    ]);
    silent(&["diff", "plan.json", "other.json"]);
    silent(&["diff", "plan.json", "other.json", "--format", "json"]);
    silent(&["extract", "plan.json"]);
}

/// Canaries stand where a plan or template says that values are sensitive, and in what cannot be read.
#[test]
fn canaries_are_in_no_output() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("hostile");
    let canaries = fs::read_to_string(folder.join("canaries.txt")).unwrap();
    let canaries: Vec<&str> = canaries.lines().filter(|line| !line.is_empty()).collect();
    let mut with_canary = 0;
    for part in ["tfplan", "cfn", "policies"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if !canaries.iter().any(|canary| text.contains(canary)) {
                continue;
            }
            with_canary += 1;
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            let standards = ["--standards", "standards.yaml"];
            for arguments in [
                &["check", name, "-v", "--suggest", "--format", "full"][..],
                &["check", name, "-v", "--suggest", "--format", "json"],
                &["check", name, "--suggest", "--format", "sarif"],
                &["check", name, "--suggest", "--format", "markdown"],
                &["check", name, "--format", "jsonl"],
                &["check", name, "--format", "junit"],
                &["check", name, "--format", "gitlab"],
                &["check", name, "--format", "github"],
                &["check", name, "--solver", "glob", "--axioms", "none"],
                &["extract", name],
                &["diff", name, "tfplan/000_ok.json"],
                &["diff", "tfplan/000_ok.json", name, "--format", "json"],
            ] {
                let more = if arguments[0] == "check" {
                    &standards[..]
                } else {
                    &[]
                };
                let ran = run(&folder, &[arguments, more].concat());
                for canary in &canaries {
                    let shown = ran.stdout.contains(canary) || ran.stderr.contains(canary);
                    // What a plan does not mark as sensitive may be extracted: that command prints policies.
                    assert!(!shown, "{arguments:?} shows {canary}");
                }
            }
        }
    }
    assert!(with_canary > 0, "no file holds a canary");
}
