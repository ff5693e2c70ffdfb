//! What is allowed, denied, and by which statement.

use super::*;

fn check(asked: &Check, rows: &[(&str, &str)]) {
    check_rows(asked, PolicyKind::Identity, &Known::default(), rows);
}

#[test]
fn keys_that_are_seen_in_several_ways() {
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "NumericLessThan":{"aws:EpochTime":"1700000000"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "NumericLessThan":{"aws:EpochTime":"1700000000"},"DateGreaterThan":{"aws:CurrentTime":"2024-01-01T00:00:00Z"}}}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "StringEquals":{"aws:SourceArn":"arn:aws:s3:::a"},"ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:::a"}}}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "StringLike":{"aws:SourceArn":"arn:?ws:s3:::a*"},"StringNotEquals":{"aws:SourceArn":"arn:aws:s3:::a"}}}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn short_arns_do_not_narrow_a_grant() {
    check(
        &granted(&["s3:GetObject"], &["arn:aws:s3:::secret"]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn boxes_and_messages() {
    let text = r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Sid":"Two","Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"},
        {"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*"}"#;
    let on = ["arn:aws:s3:::b/*"];
    for (asked, message, reason) in [
        (
            granted(&["s3:GetObject"], &[]),
            "The policy document grants access to perform one or more of the listed actions.",
            "One or more of the listed actions in the statement with index: 2.",
        ),
        (
            granted(&["s3:GetObject"], &on),
            "The policy document grants access to one or more listed resources to perform one or more listed actions.",
            "One or more of the listed actions and/or resources in the statement with index: 2.",
        ),
        (
            no_more_than(
                r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#,
                PolicyKind::Identity,
            ),
            "The modified permissions grant new access compared to your existing policy.",
            "New access in the statement with index: 2.",
        ),
    ] {
        let found = finding(&asked, text, PolicyKind::Identity, &Known::default());
        assert_eq!(found.message, message);
        assert_eq!(found.reasons[0], reason);
        let indices: Vec<usize> = found.statements.iter().map(|statement| statement.index).collect();
        assert_eq!(indices, [2, 3], "all guilty statements");
        assert_eq!(found.denies.len(), 1);
        assert_eq!(found.denies[0].index, 1);
    }
    let found = finding(&granted(&[], &on), text, PolicyKind::Identity, &Known::default());
    assert_eq!(
        found.message,
        "The policy document grants access to one or more of the listed resources."
    );
}

#[test]
fn transport_must_be_denied() {
    let asked = Check::AccessDenied {
        boxes: vec![access(
            &["s3:*"],
            &[],
            &[],
            r#"{"Bool":{"aws:SecureTransport":"false"}}"#,
        )],
    };
    let deny = |condition: &str| {
        format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{{{condition}}}}}"#
        )
    };
    for (condition, expected) in [
        (r#""Bool":{"aws:SecureTransport":"false"}"#, "PASS"),
        (r#""BoolIfExists":{"aws:SecureTransport":"false"}"#, "PASS"),
        (r#""Bool":{"aws:SecureTransport":"true"}"#, "FAIL"),
        (r#""NumericLessThan":{"s3:TlsVersion":"1.2"}"#, "FAIL"),
        (r#""Bool":{"aws:SecureTransport":"{{T}}"}"#, "UNDECIDED"),
    ] {
        check_rows(
            &asked,
            PolicyKind::Resource,
            &Known::default(),
            &[(&deny(condition), expected)],
        );
    }
}

#[test]
fn boxes_with_principals_and_when() {
    let asked = |principals: &[&str], when: &str| Check::AccessNotGranted {
        boxes: vec![access(&["s3:DeleteBucket"], &[], principals, when)],
    };
    let text = r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"*",
        "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#;
    for (asked, expected) in [
        (asked(&["arn:aws:iam::123456789012:role/r"], ""), "FAIL"),
        (asked(&["arn:aws:iam::111122223333:role/r"], ""), "PASS"),
        (
            asked(&[], r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#),
            "PASS",
        ),
        (
            asked(&[], r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
            "FAIL",
        ),
        (asked(&["lambda.amazonaws.com"], ""), "PASS"),
    ] {
        check_rows(
            &asked,
            PolicyKind::Resource,
            &Known::default(),
            &[(text, expected)],
        );
    }
}

#[test]
fn axioms_turn_impossible_requests_into_passes() {
    let none = || Known {
        options: Options {
            axioms: Axioms::None,
            ..Options::default()
        },
        ..Known::default()
    };
    let allow = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"123456789012"}},"Action":"s3:*","Resource":"*","Condition":{{{condition}}}}}"#
        )
    };
    for condition in [
        // A2, A4, A9
        r#""StringEquals":{"aws:SourceVpce":"vpce-1"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#,
        r#""StringEquals":{"aws:PrincipalAccount":"999988887777"}"#,
        r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999988887777:*"}"#,
        r#""StringEquals":{"aws:username":"u"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}"#,
    ] {
        let asked = granted(&["s3:GetObject"], &[]);
        check_rows(
            &asked,
            PolicyKind::Resource,
            &Known::default(),
            &[(&allow(condition), "PASS")],
        );
        check_rows(
            &asked,
            PolicyKind::Resource,
            &none(),
            &[(&allow(condition), "FAIL")],
        );
    }
}

#[test]
fn several_values_of_one_key() {
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"false"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "ForAnyValue:StringEquals":{"aws:TagKeys":"a"},"ForAllValues:StringNotEquals":{"aws:TagKeys":"a"}}}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "ForAnyValue:StringEquals":{"aws:TagKeys":"a"},"ForAnyValue:StringLike":{"aws:TagKeys":"b*"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "ForAnyValue:StringEquals":{"lambda:SubnetIds":"a"},"ForAnyValue:StringLike":{"lambda:SubnetIds":"b*"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
                    "ForAnyValue:StringEquals":{"aws:RequestTag/t":"a"},"ForAnyValue:StringLike":{"aws:RequestTag/t":"b*"}}}"#,
                "PASS",
            ),
        ],
    );
}

#[test]
fn accounts_that_cannot_be() {
    let text = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::12345678901234:root"},"Action":"s3:*","Resource":"*"}"#;
    check_rows(
        &granted(&["s3:GetObject"], &[]),
        PolicyKind::Resource,
        &Known::default(),
        &[(text, "FAIL")],
    );
    let reference = no_more_than(text, PolicyKind::Resource);
    check_rows(
        &reference,
        PolicyKind::Resource,
        &Known::default(),
        &[(text, "PASS")],
    );
}
