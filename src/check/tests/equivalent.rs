//! `equivalent`: neither side allows what the other does not.

use super::*;

fn same_as(reference: &str, kind: PolicyKind) -> Check {
    match no_more_than(reference, kind) {
        Check::NoNewAccess { reference } => Check::Equivalent { reference },
        other => panic!("{other:?}"),
    }
}

fn check(reference: &str, rows: &[(&str, &str)]) {
    let asked = same_as(reference, PolicyKind::Identity);
    check_rows(&asked, PolicyKind::Identity, &Known::default(), rows);
}

#[test]
fn either_side_counts() {
    check(
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*"}"#,
        &[
            (
                r#"{"Effect":"Allow","Action":["s3:PutObject","S3:getobject"],"Resource":"*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","NotAction":["s3:GetObject","s3:PutObject"],"Resource":"*"}"#,
                "PASS",
            ),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, "FAIL"),
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
                "FAIL",
            ),
            ("", "FAIL"),
            (
                r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"*"},
                   {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::secret/*"}"#,
                "FAIL",
            ),
        ],
    );
    check(
        "",
        &[
            ("", "PASS"),
            (r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#, "PASS"),
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn the_finding_tells_the_direction() {
    let reference = r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#;
    let asked = same_as(reference, PolicyKind::Identity);
    let of = |text: &str| finding(&asked, text, PolicyKind::Identity, &Known::default());
    let more = of(
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"*"}"#,
    );
    assert_eq!(more.violation, Violation::Allowed);
    assert_eq!(
        more.message,
        "The policy document grants access that the reference does not grant."
    );
    assert_eq!(more.statements[0].index, 1);
    assert_eq!(more.counterexample.action, "s3:DeleteBucket");
    let denied = of(
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}"#,
    );
    assert_eq!(denied.violation, Violation::Refused);
    assert_eq!(
        denied.message,
        "The policy document does not grant access that the reference grants."
    );
    assert_eq!(denied.statements[0].index, 1);
    assert_eq!(
        denied.reasons,
        ["Access that the reference grants is denied in the statement with index: 1."]
    );
    let missing = of(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#);
    assert_eq!(missing.violation, Violation::Refused);
    assert!(missing.statements.is_empty());
    assert_eq!(
        missing.reasons,
        ["No statement allows access that the reference grants."]
    );
    assert!(missing.realistic, "{missing:?}");
    assert!(
        missing.counterexample.action.starts_with("s3:Get"),
        "{}",
        missing.counterexample.action
    );
}

#[test]
fn unknown_values() {
    let holes = r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#;
    check(
        holes,
        &[
            (holes, "PASS"),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{C}}/*"}"#,
                "UNDECIDED",
            ),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, "FAIL"),
            ("", "FAIL"),
        ],
    );
    check(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
        &[
            (holes, "UNDECIDED"),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"},{"?":"S"}"#,
                "UNDECIDED",
            ),
            // Undecided in one direction, and wrong in the other.
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
                   {"Effect":"Allow","Action":"s3:PutObject","Resource":{"?":"R"}}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn what_is_deployed() {
    let text = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let asked = Check::Equivalent {
        reference: Reference::Before,
    };
    let other = r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#;
    for (before, expected) in [
        (Before::Document(document(text, PolicyKind::Identity)), "PASS"),
        (Before::Document(document(other, PolicyKind::Identity)), "FAIL"),
        (Before::Document(document("", PolicyKind::Identity)), "FAIL"),
        (Before::Created, "FAIL"),
        (Before::NotTold, "UNDECIDED"),
        (Before::Unreadable("x".to_owned()), "UNDECIDED"),
    ] {
        let document = document(text, PolicyKind::Identity);
        let prepared = prepare(Subject {
            document: &document,
            kind: PolicyKind::Identity,
            resource_type: None,
            holes: &[],
            before: &before,
            default_facts: &[],
            account: None,
            whole: None,
        });
        let verdict = crate::check::check(&asked, &prepared, &Options::default());
        assert_eq!(word(&verdict), expected, "{before:?}");
    }
}

/// What holds of every document: it is equivalent to itself, and what allows no more and no less is equivalent.
#[test]
fn relations_between_documents() {
    let documents = [
        r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"NotAction":"s3:*","NotResource":"arn:aws:s3:::b/*"}"#,
        r#"{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
           {"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*","Condition":{"StringLike":{"k":"{{V}}"}}}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}"#,
    ];
    let of = |asked: &Check, text: &str| {
        let document = document(text, PolicyKind::Resource);
        word(&verdict(
            asked,
            &document,
            PolicyKind::Resource,
            &Known::default(),
        ))
    };
    for one in documents {
        assert_eq!(of(&same_as(one, PolicyKind::Resource), one), "PASS", "{one}");
        for other in documents {
            let both = [
                of(&no_more_than(one, PolicyKind::Resource), other),
                of(&no_more_than(other, PolicyKind::Resource), one),
            ];
            let expected = if both.contains(&"FAIL") {
                "FAIL"
            } else if both.contains(&"UNDECIDED") {
                "UNDECIDED"
            } else {
                "PASS"
            };
            assert_eq!(
                of(&same_as(one, PolicyKind::Resource), other),
                expected,
                "{one}\n{other}"
            );
        }
    }
}
