//! Regions as they are shown, for each check.

use serde_json::json;

use super::*;
use crate::check::question::{Fields, read_question};
use crate::check::{Explain, Options, Subject, Verdict, check, prepare};
use crate::extract::Before;

/// The regions of a batch question that fails.
fn regions_of(line: &serde_json::Value, options: &Options) -> Regions {
    let text = line.to_string();
    let fields: Fields<'_> = serde_json::from_str(&text).expect("an object");
    let question = read_question(&fields).expect("a question");
    let subject = Subject {
        document: &question.document,
        kind: question.kind,
        resource_type: question.resource_type.as_deref(),
        holes: &[],
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    };
    match check(&question.check, &prepare(subject), options) {
        Verdict::Fail(finding) => finding.regions.expect("regions"),
        other => panic!("{other:?}"),
    }
}

fn shown(line: &serde_json::Value) -> Vec<String> {
    let options = Options {
        explain: Explain::Regions,
        ..Options::default()
    };
    let regions = regions_of(line, &options);
    assert!(!regions.at_least, "{regions:?}");
    let each = regions.listed.iter();
    each.map(|region| format!("{}: {}", region.extent.word(), region.text()))
        .collect()
}

fn document(statements: serde_json::Value) -> serde_json::Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn granted(statements: serde_json::Value, access: serde_json::Value, expected: &[&str]) {
    let line =
        json!({"check": "access-not-granted", "policyDocument": document(statements), "access": [access]});
    assert_eq!(shown(&line), expected, "{line}");
}

fn grown(new: serde_json::Value, old: serde_json::Value, expected: &[&str]) {
    let line = json!({
        "check": "no-new-access", "newPolicyDocument": document(new), "existingPolicyDocument": document(old),
    });
    assert_eq!(shown(&line), expected, "{line}");
}

#[test]
fn entries_are_met_with_what_is_forbidden() {
    let allow = |action: serde_json::Value, resource: serde_json::Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    granted(
        json!([allow(
            json!(["S3:Get*", "s3:List*", "sqs:*"]),
            json!("arn:aws:s3:::logs/*")
        )]),
        json!({"actions": ["s3:*"]}),
        &["exactly: `S3:Get*`, `s3:List*` on `arn:aws:s3:::logs/*`"],
    );
    granted(
        json!([allow(json!("s3:*"), json!("*"))]),
        json!({"actions": ["s3:DeleteBucket", "s3:PutBucket*"], "resources": ["arn:aws:s3:::prod-*"]}),
        &["exactly: `s3:DeleteBucket`, `s3:PutBucket*` on `arn:aws:s3:::prod-*`"],
    );
    granted(
        json!([allow(json!("s3:GetObject"), json!("arn:aws:s3:::*-logs/*"))]),
        json!({"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::prod-*"]}),
        &["exactly: `s3:GetObject` on `arn:aws:s3:::prod-logs/*`, `arn:aws:s3:::prod-*-logs/*`"],
    );
    granted(
        json!([{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"}]),
        json!({"actions": ["s3:Delete*"]}),
        &["exactly: `s3:Delete*` on any resource, unless `s3:DeleteBucket`"],
    );
    granted(
        json!([
            allow(json!("acme:DoThing"), json!("*")),
            allow(json!("acme:Do*"), json!("*"))
        ]),
        json!({"actions": ["acme:*"]}),
        &["exactly: `acme:Do*` on any resource"],
    );
}

#[test]
fn denies_take_requests_out() {
    let allow =
        json!({"Effect": "Allow", "Action": ["s3:Get*", "s3:Put*"], "Resource": "arn:aws:s3:::logs/*"});
    granted(
        json!([
            allow,
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
             "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
            {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/audit/*"}
        ]),
        json!({"actions": ["s3:*"]}),
        &[
            "exactly: `s3:Get*` on `arn:aws:s3:::logs/*`, unless `aws:SourceIp` is in `10.0.0.0/8` \
             (denied by statement 1)",
            "exactly: `s3:Put*` on `arn:aws:s3:::logs/*`, unless `aws:SourceIp` is in `10.0.0.0/8` \
             (denied by statement 1), unless `s3:PutObject` on `arn:aws:s3:::logs/audit/*` (denied by statement 3)",
        ],
    );
    granted(
        json!([allow, {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]),
        json!({"actions": ["s3:*"]}),
        &["exactly: `s3:Get*` on `arn:aws:s3:::logs/*`"],
    );
}

#[test]
fn what_the_reference_allows_is_taken_out() {
    let allow = |action: serde_json::Value, resource: serde_json::Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let (a, b) = ("arn:aws:s3:::a/*", "arn:aws:s3:::b/*");
    grown(
        json!([allow(json!(["s3:GetObject", "s3:PutObject"]), json!([a, b]))]),
        json!([
            allow(json!("s3:GetObject"), json!(a)),
            allow(json!("s3:PutObject"), json!(b))
        ]),
        &[
            "exactly: `s3:GetObject` on `arn:aws:s3:::b/*`",
            "exactly: `s3:PutObject` on `arn:aws:s3:::a/*`",
        ],
    );
    grown(
        json!([allow(json!("s3:Get*"), json!(a))]),
        json!([allow(json!("s3:GetObject"), json!(a))]),
        &["exactly: `s3:Get*` on `arn:aws:s3:::a/*`, unless `s3:GetObject` (allowed by the reference)"],
    );
    let mut fenced = allow(json!("s3:GetObject"), json!(a));
    fenced["Condition"] = json!({"StringEquals": {"aws:PrincipalTag/t": "a"}});
    grown(
        json!([allow(json!("s3:GetObject"), json!(a))]),
        json!([fenced]),
        &[
            "exactly: `s3:GetObject` on `arn:aws:s3:::a/*`, unless `aws:PrincipalTag/t` is `a` (allowed by the reference)",
        ],
    );
    grown(
        json!([allow(json!("s3:*"), json!("*"))]),
        json!([allow(json!("s3:*"), json!("*")), {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]),
        &["exactly: `s3:DeleteBucket` on any resource"],
    );
    grown(
        json!([allow(json!("s3:GetObject"), json!(a))]),
        json!([]),
        &["exactly: `s3:GetObject` on `arn:aws:s3:::a/*`"],
    );
}

#[test]
fn strangers_are_told_apart() {
    let statement = json!({
        "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::123456789012:role/r", "*"]}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    });
    let line = json!({"check": "no-public-access", "policyDocument": document(json!([statement]))});
    assert_eq!(
        shown(&line),
        [
            "exactly: `s3:GetObject` on `arn:aws:s3:::b/*` by anyone whom the owner does not know, only if \
             `aws:SecureTransport` is `true`"
        ]
    );
    let principals = json!({"AWS": ["123456789012", "111122223333"]});
    let statement = json!({"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"});
    let line = json!({
        "check": "no-external-access", "policyDocument": document(json!([statement])),
        "trust": {"accounts": ["123456789012"]}, "resourceType": "AWS::IAM::AssumeRolePolicyDocument",
    });
    assert_eq!(
        shown(&line),
        ["exactly: `sts:AssumeRole` on any resource by `111122223333` outside the zone of trust"]
    );
}

#[test]
fn what_is_not_denied() {
    let line = json!({
        "check": "access-denied", "actions": ["s3:*"], "when": {"Bool": {"aws:SecureTransport": "false"}},
        "policyDocument": document(json!([
            {"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ])),
    });
    assert_eq!(
        shown(&line),
        [
            "exactly: `s3:*` on any resource, only if `aws:SecureTransport` is `false`, unless `s3:Get*` \
             (denied by statement 0)"
        ]
    );
}

#[test]
fn the_list_is_capped_and_the_work_bounded() {
    let statements: Vec<serde_json::Value> = (0..14)
        .map(|at| {
            json!({"Effect": "Allow", "Action": format!("s3:Get{}", "x".repeat(at + 1)),
                   "Resource": format!("arn:aws:s3:::b{at}"),
                   "Condition": {"StringEquals": {"aws:PrincipalTag/t": at.to_string()}}})
        })
        .collect();
    let line = json!({"check": "access-not-granted", "policyDocument": document(json!(statements)),
                      "access": [{"actions": ["s3:Get*"]}]});
    let options = Options {
        explain: Explain::Regions,
        ..Options::default()
    };
    let regions = regions_of(&line, &options);
    assert_eq!(
        (regions.listed.len(), regions.more, regions.at_least),
        (10, 4, false)
    );
    let first = regions_of(&line, &options);
    assert_eq!(first, regions);
    let poor = Options {
        steps: 3_000,
        ..options
    };
    let regions = regions_of(&line, &poor);
    assert!(
        regions
            .listed
            .iter()
            .all(|region| region.extent == Extent::Within),
        "nothing is said to be exact without a proof"
    );
}

/// The questions of a file of test data that lies outside of the project; none where it is absent.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn cases(file: &str) -> Vec<serde_json::Value> {
    let Some(folder) = std::env::var_os("KEYAKI_TEST_DATA").filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: KEYAKI_TEST_DATA not set");
        return Vec::new();
    };
    let path = std::path::Path::new(&folder).join("cases").join(file);
    let text = std::fs::read_to_string(path).expect("test data");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn every_violation_has_a_region() {
    let options = Options {
        explain: Explain::Regions,
        ..Options::default()
    };
    for file in ["traps.jsonl", "article.jsonl", "aws_samples.jsonl"] {
        let failing: Vec<_> = cases(file)
            .into_iter()
            .filter(|case| case["expected"] == "FAIL")
            .collect();
        let exact = failing.iter().filter(|line| {
            let regions = regions_of(line, &options);
            assert!(!regions.listed.is_empty(), "{line}");
            regions
                .listed
                .iter()
                .all(|region| region.extent == Extent::Exactly)
        });
        let exact = exact.count();
        assert!(
            exact * 10 >= failing.len() * 9,
            "{file}: {exact} of {}",
            failing.len()
        );
    }
}
