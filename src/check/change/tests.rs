//! Changes as they are shown, and that each of them mends.

use serde_json::{Value, json};

use super::*;
use crate::check::question::{Fields, Question as Asked, read_question};
use crate::extract::Before;

fn read(line: &Value) -> Asked {
    let text = line.to_string();
    let fields: Fields<'_> = serde_json::from_str(&text).expect("an object");
    read_question(&fields).expect("a question")
}

fn subject<'a>(asked: &'a Asked, document: &'a PolicyDocument) -> Subject<'a> {
    Subject {
        document,
        kind: asked.kind,
        resource_type: asked.resource_type.as_deref(),
        holes: &[],
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    }
}

/// The change that is suggested for a question that fails, applied anew and proved to mend.
fn change_for(line: &Value) -> Option<Change> {
    let asked = read(line);
    let options = Options {
        explain: Explain::Change,
        ..Options::default()
    };
    let answer = check(&asked.check, &prepare(subject(&asked, &asked.document)), &options);
    let Verdict::Fail(finding) = answer else {
        panic!("{line}: {answer:?}");
    };
    let change = finding.change?;
    let kept = asked.document.statements.iter().flat_map(|statement| {
        let new = change
            .replaced
            .iter()
            .find(|(index, _)| *index == statement.index);
        new.map_or_else(|| vec![statement.clone()], |(_, new)| new.clone())
    });
    let mended = PolicyDocument {
        version: asked.document.version,
        statements: kept.chain(change.added.iter().cloned()).collect(),
    };
    let plain = Options::default();
    let passes = check(&asked.check, &prepare(subject(&asked, &mended)), &plain);
    assert!(
        matches!(passes, Verdict::Pass(_)),
        "{line}: {change:?}: {passes:?}"
    );
    let not_wider = Check::NoNewAccess {
        reference: crate::check::Reference::Document(std::sync::Arc::new(asked.document.clone())),
    };
    let grown = check(&not_wider, &prepare(subject(&asked, &mended)), &plain);
    assert!(matches!(grown, Verdict::Pass(_)), "{line}: {change:?}: {grown:?}");
    Some(change)
}

fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn shown(line: &Value, expected: &str) {
    let change = change_for(line).expect("a change");
    let text = format!("{}: {}", change.loses.words(), change.text);
    assert_eq!(text, expected, "{line}");
}

#[test]
fn the_least_damage_is_done() {
    let granted = |statements: Value, access: Value| json!({"check": "access-not-granted", "policyDocument": document(statements), "access": [access]});
    shown(
        &granted(
            json!([{"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteBucket"], "Resource": "*"}]),
            json!({"actions": ["s3:DeleteBucket"]}),
        ),
        "loses nothing else: in statement 0, drop the action `s3:DeleteBucket`",
    );
    shown(
        &granted(
            json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]),
            json!({"actions": ["s3:DeleteBucket"], "resources": ["arn:aws:s3:::prod-*"]}),
        ),
        "loses nothing else: add a Deny statement: `s3:DeleteBucket` on `arn:aws:s3:::prod-*`",
    );
    shown(
        &granted(
            json!([{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}]),
            json!({"actions": ["s3:*"], "resources": ["arn:aws:s3:::b/*"]}),
        ),
        "loses nothing else: in statement 0, drop the resource `arn:aws:s3:::b/*`",
    );
    shown(
        &granted(
            json!([{"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "*"}]),
            json!({"actions": ["s3:DeleteBucket"], "when": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}),
        ),
        "loses nothing else: to statement 0, add the condition that `aws:MultiFactorAuthPresent` is `true` or is absent",
    );
}

#[test]
fn new_access_is_narrowed() {
    let grown = |new: Value, old: Value| json!({"check": "no-new-access", "newPolicyDocument": document(new), "existingPolicyDocument": document(old)});
    let allow = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::b/*"});
    shown(
        &grown(json!([allow("s3:Get*")]), json!([allow("s3:GetObject")])),
        "loses nothing else: narrow statement 0 to what the reference allows: `s3:GetObject` on `arn:aws:s3:::b/*`",
    );
    shown(
        &grown(
            json!([allow("s3:GetObject"), allow("s3:PutObject")]),
            json!([allow("s3:GetObject")]),
        ),
        "loses nothing else: drop statement 1",
    );
    let deny = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    shown(
        &grown(json!([allow("s3:*")]), json!([allow("s3:*"), deny])),
        "loses nothing else: add the Deny statements of the reference",
    );
}

#[test]
fn strangers_are_kept_out() {
    let principals = json!({"AWS": ["123456789012", "111122223333"]});
    let statement = json!({"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"});
    shown(
        &json!({
            "check": "no-external-access", "policyDocument": document(json!([statement])),
            "trust": {"accounts": ["123456789012"]}, "resourceType": "AWS::IAM::AssumeRolePolicyDocument",
        }),
        "loses nothing else: in statement 0, drop the principal `111122223333`",
    );
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
    let line = json!({"check": "no-public-access", "policyDocument": document(json!([open]))});
    let change = change_for(&line).expect("a change");
    assert_eq!(change.kind, ChangeKind::AddCondition);
    assert!(
        change.text.contains("put your own account there"),
        "{}",
        change.text
    );
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn most_traps_can_be_mended() {
    let Some(folder) = std::env::var_os("KEYAKI_TEST_DATA").filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: KEYAKI_TEST_DATA not set");
        return;
    };
    let text =
        std::fs::read_to_string(std::path::Path::new(&folder).join("cases/traps.jsonl")).expect("traps");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let failing: Vec<Value> = lines.filter(|line| line["expected"] == "FAIL").collect();
    let mended = failing.iter().filter(|line| change_for(line).is_some()).count();
    assert!(mended * 10 >= failing.len() * 8, "{mended} of {}", failing.len());
}
