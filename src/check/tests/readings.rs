//! The ambiguity register: for each row how it is read, that a policy never exceeds itself, and that a counterexample
//! replays under the readings it carries.

use super::*;
use crate::check::register::{REGISTER, Treatment};
use crate::iam::{Decision, evaluate};

const READ: &str = r#""Action":"s3:GetObject","Resource":"*""#;

fn allow(rest: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":"*",{READ}{rest}}}"#)
}

fn deny(principal: &str, rest: &str) -> String {
    format!(r#"{{"Effect":"Deny",{principal},{READ}{rest}}}"#)
}

fn on(resource: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"{resource}"}}"#)
}

/// A row, a question, what is asked of, the verdict, and the readings of a FAIL or the notes of a PASS.
type Case = (&'static str, Check, String, &'static str, &'static [&'static str]);

fn cases() -> Vec<Case> {
    let any = || granted(&["s3:GetObject"], &[]);
    let resource = |text: &str| granted(&[], &[text]);
    let by = |principal: &str, when: &str| Check::AccessNotGranted {
        boxes: vec![access(&[], &[], &[principal], when)],
    };
    let when = |when: &str| Check::AccessNotGranted {
        boxes: vec![access(&[], &[], &[], when)],
    };
    let role = "arn:aws:iam::123456789012:role/r";
    let reference = |text: &str| no_more_than(text, PolicyKind::Resource);
    let if_exists = |operator: &str| {
        format!(r#","Condition":{{"{operator}":{{"aws:TagKeys":"a"}},"Null":{{"aws:TagKeys":"true"}}}}"#)
    };
    vec![
        (
            "1",
            resource("arn:aws:x:eu-west-1:123456789012:a:stack/b"),
            on("arn:aws:x:*:*:stack/*"),
            "PASS",
            &["colon-crossing"],
        ),
        (
            "1",
            resource("arn:aws:x:eu-west-1:123456789012:a:stack/b"),
            on("arn:aws:x:eu-west-1:123456789012:stack/*"),
            "PASS",
            &[],
        ),
        (
            "1",
            resource("arn:aws:x:eu-west-1:123456789012:a:stack/b"),
            on("arn:aws:x:*:*:*stack/*"),
            "FAIL",
            &[],
        ),
        (
            "2",
            resource("arn:aws:s3::::b"),
            on("arn:aws:s3:?::b"),
            "PASS",
            &[],
        ),
        (
            "2",
            resource("arn:aws:s3:::a:b"),
            on("arn:aws:s3:::a?b"),
            "FAIL",
            &[],
        ),
        (
            "3",
            resource("arn:aws:s3:::bucket/a"),
            on("arn:aws:s3:::Bucket/*"),
            "PASS",
            &["resource-case"],
        ),
        (
            "3",
            resource("arn:aws:s3:::other/a"),
            on("arn:aws:s3:::Bucket/*"),
            "PASS",
            &[],
        ),
        (
            "3",
            reference(&on("arn:aws:s3:::bucket/*")),
            on("arn:aws:s3:::Bucket/*"),
            "FAIL",
            &[],
        ),
        (
            "4",
            by("s3.amazonaws.com", ""),
            [allow(""), deny(r#""Principal":{"AWS":"*"}"#, "")].join(","),
            "FAIL",
            &["4"],
        ),
        (
            "4",
            by("s3.amazonaws.com", ""),
            [allow(""), deny(r#""Principal":"*""#, "")].join(","),
            "PASS",
            &[],
        ),
        (
            "4",
            by("s3.amazonaws.com", ""),
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},{READ}}}"#),
            "FAIL",
            &[],
        ),
        (
            "5",
            reference(
                &[
                    allow(""),
                    deny(&format!(r#""NotPrincipal":{{"AWS":"{role}"}}"#), ""),
                ]
                .join(","),
            ),
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{role}"}},{READ}}}"#),
            "FAIL",
            &["5"],
        ),
        (
            "5",
            reference(
                &[
                    allow(""),
                    deny(
                        &format!(r#""NotPrincipal":{{"AWS":["{role}","123456789012"]}}"#),
                        "",
                    ),
                ]
                .join(","),
            ),
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{role}"}},{READ}}}"#),
            "PASS",
            &[],
        ),
        (
            "6",
            by(role, ""),
            [
                allow(""),
                deny(
                    r#""Principal":"*""#,
                    r#","Condition":{"StringNotEquals":{"s3:prefix":"${aws:username}"}}"#,
                ),
            ]
            .join(","),
            "FAIL",
            &["6"],
        ),
        (
            "6",
            by(role, ""),
            allow(
                r#","Condition":{"StringNotEquals":{"s3:prefix":"${aws:username}"},"Null":{"s3:prefix":"false"}}"#,
            ),
            "FAIL",
            &[],
        ),
        (
            "7",
            any(),
            allow(&if_exists("ForAnyValue:StringEqualsIfExists")),
            "FAIL",
            &[],
        ),
        (
            "7",
            when(r#"{"Null":{"aws:TagKeys":"true"}}"#),
            [
                allow(""),
                deny(
                    r#""Principal":"*""#,
                    r#","Condition":{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}}"#,
                ),
            ]
            .join(","),
            "FAIL",
            &["7"],
        ),
        (
            "8",
            any(),
            allow(r#","Condition":{"NumericEquals":{"s3:max-keys":"ten"}}"#),
            "ERROR",
            &[],
        ),
        (
            "8",
            any(),
            allow(r#","Condition":{"NotIpAddress":{"aws:SourceIp":"1.2.3"}}"#),
            "ERROR",
            &[],
        ),
        (
            "8",
            any(),
            allow(r#","Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}}"#),
            "ERROR",
            &[],
        ),
        (
            "9",
            any(),
            allow(r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":[]}}"#),
            "ERROR",
            &[],
        ),
        (
            "9",
            any(),
            r#"{"Effect":"Allow","Principal":"*","Action":[],"Resource":"*"}"#.to_owned(),
            "ERROR",
            &[],
        ),
        (
            "10",
            any(),
            allow(
                r#","Condition":{"ForAllValues:StringNotLike":{"aws:ResourceOrgPaths":"o-a/*"},"Null":{"aws:ResourceOrgPaths":"true"}}"#,
            ),
            "FAIL",
            &[],
        ),
        (
            "10",
            any(),
            allow(
                r#","Condition":{"ForAllValues:StringNotLike":{"aws:ResourceOrgPaths":"*"},"Null":{"aws:ResourceOrgPaths":"false"}}"#,
            ),
            "PASS",
            &[],
        ),
        (
            "11",
            any(),
            allow(
                r#","Condition":{"Bool":{"aws:SecureTransport":"${aws:username, 'true'}"},"Null":{"aws:username":"true"}}"#,
            ),
            "FAIL",
            &[],
        ),
        (
            "12",
            when(r#"{"NotIpAddress":{"aws:SourceIp":"2001:db8::1/128"}}"#),
            allow(r#","Condition":{"IpAddress":{"aws:SourceIp":"2001:db8::1"}}"#),
            "PASS",
            &[],
        ),
        (
            "12",
            when(r#"{"IpAddress":{"aws:SourceIp":"2001:db8::1/128"}}"#),
            allow(r#","Condition":{"IpAddress":{"aws:SourceIp":"2001:db8::1"}}"#),
            "FAIL",
            &[],
        ),
        (
            "13",
            public(),
            allow(r#","Condition":{"StringLike":{"aws:userid":"AROAEXAMPLE:*"}}"#),
            "PASS",
            &["userid-session"],
        ),
        (
            "13",
            public(),
            allow(r#","Condition":{"StringEquals":{"aws:userid":"AROAEXAMPLE:ci"}}"#),
            "PASS",
            &[],
        ),
        (
            "14",
            public(),
            allow(r#","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#),
            "PASS",
            &["principal-arn-account"],
        ),
        (
            "14",
            public(),
            allow(&format!(
                r#","Condition":{{"ArnLike":{{"aws:PrincipalArn":"{role}"}}}}"#
            )),
            "PASS",
            &[],
        ),
        (
            "15",
            public(),
            format!(r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},{READ}}}"#),
            "PASS",
            &["confused-deputy"],
        ),
        (
            "15",
            public(),
            format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},{READ},"Condition":{{"StringEquals":{{"aws:SourceAccount":"123456789012"}}}}}}"#
            ),
            "PASS",
            &[],
        ),
        (
            "16",
            reference(&format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"123456789012"}},{READ}}}"#
            )),
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{role}"}},{READ}}}"#),
            "PASS",
            &["direct-grant"],
        ),
        (
            "16",
            reference(&format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":["123456789012","{role}"]}},{READ}}}"#
            )),
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{role}"}},{READ}}}"#),
            "PASS",
            &[],
        ),
        (
            "17",
            by("arn:aws:iam::123456789012:role/r", ""),
            allow(r#","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*"}}"#),
            "FAIL",
            &[],
        ),
        (
            "17",
            any(),
            allow(r#","Condition":{"ArnLike":{"aws:PrincipalArn":"*"}}"#),
            "FAIL",
            &[],
        ),
        (
            "17",
            any(),
            allow(r#","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012"}}"#),
            "ERROR",
            &[],
        ),
        (
            "non-set-operator",
            any(),
            allow(r#","Condition":{"StringEquals":{"aws:TagKeys":"a"}}"#),
            "FAIL",
            &["non-set-operator"],
        ),
    ]
}

#[test]
fn every_row_is_read_as_the_register_says() {
    for (row, asked, text, expected, said) in cases() {
        let kind = PolicyKind::Resource;
        let parsed = parse_document(&statements(&text), kind.document_kind());
        let Ok(parsed) = parsed else {
            assert_eq!(expected, "ERROR", "row {row}: {text}");
            continue;
        };
        let found = verdict(&asked, &parsed.document, kind, &Known::default());
        assert_eq!(word(&found), expected, "row {row}: {text}\n{found:?}");
        match found {
            Verdict::Pass(proof) => {
                let notes: Vec<&str> = proof.notes.iter().map(|note| note.id).collect();
                assert_eq!(notes, said, "row {row}: {text}");
                assert!(proof.notes.iter().all(|note| note.row == row), "row {row}");
            }
            Verdict::Fail(finding) => {
                assert_eq!(finding.readings, said, "row {row}: {text}");
                let again = evaluate(&parsed.document, &finding.counterexample);
                assert_eq!(again.decision, Decision::Allowed, "row {row}: {text}");
            }
            other => panic!("row {row}: {text}: {other:?}"),
        }
        let itself = verdict(
            &no_more_than(&text, kind),
            &parsed.document,
            kind,
            &Known::default(),
        );
        match itself {
            Verdict::Pass(proof) => assert!(proof.notes.is_empty(), "row {row}: {text}: {:?}", proof.notes),
            other => panic!("row {row}: {text}: {other:?}"),
        }
    }
}

#[test]
fn every_row_has_a_case() {
    let rows: Vec<&str> = REGISTER.iter().map(|row| row.id).collect();
    let numbers: Vec<String> = (1..=17).map(|number| number.to_string()).collect();
    assert_eq!(rows[..17], numbers);
    for row in REGISTER {
        let own = cases().into_iter().filter(|case| case.0 == row.id);
        let own: Vec<Case> = own.collect();
        assert!(!own.is_empty(), "{}", row.id);
        match row.treatment {
            Treatment::Noted(note) => {
                assert!(own.iter().any(|case| case.4 == [note]), "{}", row.id);
                assert!(
                    own.iter().any(|case| case.3 == "PASS" && case.4.is_empty()),
                    "{}",
                    row.id
                );
            }
            Treatment::Free => assert!(own.iter().any(|case| case.4 == [row.id]), "{}", row.id),
            Treatment::Fixed => {}
        }
    }
}
