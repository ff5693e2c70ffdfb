use std::collections::BTreeMap;

use super::*;
use crate::iam::{ContextKey, DocumentKind, Principal, Value, parse_document};

fn request(principal: Principal, action: &str, resource: &str, context: &[(&str, &[&str])]) -> Request {
    let context = context
        .iter()
        .map(|(key, values)| {
            (
                ContextKey::new(key),
                values.iter().map(|value| (*value).to_owned()).collect(),
            )
        })
        .collect();
    Request {
        principal,
        action: action.to_owned(),
        resource: resource.to_owned(),
        context,
        readings: BTreeMap::new(),
        holes: BTreeMap::new(),
        facts: BTreeMap::new(),
    }
}

fn user() -> Principal {
    Principal::User {
        partition: "aws".into(),
        account: "123456789012".into(),
        path: "a".into(),
    }
}

fn check(kind: DocumentKind, statement: &str, request: &Request, expected: bool) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
    let document = parse_document(&Value::text(text), kind)
        .expect(statement)
        .document;
    let allowed = evaluate(&document, request).decision == Decision::Allowed;
    assert_eq!(allowed, expected, "{statement}\n{request:?}");
}

#[test]
fn resources_match_by_segments() {
    for (pattern, resource, expected) in [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y", true),
        (
            "arn:aws:ec2:*:*:instance/*",
            "arn:aws:ec2:us-east-1:123456789012:instance/i",
            true,
        ),
        (
            "arn:aws:ec2:*:instance/*",
            "arn:aws:ec2:us-east-1:123456789012:instance/i",
            true,
        ),
        ("arn:aws:*:instance", "arn:aws:ec2:eu:1:instance", true),
        (
            "arn:aws:ec2:us*",
            "arn:aws:ec2:us-east-1:123456789012:instance/i",
            true,
        ),
        (
            "arn:aws:cloudformation:*:stack/x",
            "arn:aws:cloudformation:eu:1:other/x",
            false,
        ),
        ("*", "*", true),
        ("arn:aws:s3:::*", "*", false),
        ("arn:aws:s3:::${aws:username}", "arn:aws:s3:::bob", true),
        ("arn:aws:s3:::${aws:userid}", "arn:aws:s3:::bob", false),
        ("arn:aws:s3:::${aws:userid, 'bob'}", "arn:aws:s3:::bob", true),
        ("execute-api:/stage", "arn:aws:execute-api:eu:1:abc/stage", true),
    ] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        let request = request(user(), "x:Y", resource, &[("aws:username", &["bob"])]);
        check(DocumentKind::Identity, &statement, &request, expected);
    }
}

#[test]
fn conditions_follow_the_missing_key_table() {
    let none: &[(&str, &[&str])] = &[];
    for (condition, context, expected) in [
        (r#""StringEquals":{"a:k":"v"}"#, none, false),
        (r#""StringNotEquals":{"a:k":"v"}"#, none, true),
        (r#""StringEqualsIfExists":{"a:k":"v"}"#, none, true),
        (r#""ForAllValues:StringEquals":{"aws:TagKeys":"v"}"#, none, true),
        (
            r#""ForAnyValue:StringNotEquals":{"aws:TagKeys":"v"}"#,
            none,
            false,
        ),
        (r#""Null":{"a:k":"true"}"#, none, true),
        (r#""Null":{"a:k":false}"#, none, false),
        (r#""NumericLessThan":{"a:k":[5,50]}"#, &[("A:K", &["10"])], true),
        (r#""NumericNotEquals":{"a:k":5}"#, &[("a:k", &["five"])], true),
        (
            r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
            &[("aws:SourceIp", &["10.9.9.9"])],
            true,
        ),
        (
            r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
            &[("aws:SourceIp", &["2001:db8::1"])],
            true,
        ),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s:*:1:f/*"}"#,
            &[("aws:SourceArn", &["arn:aws:s:e:x:1:f/a"])],
            false,
        ),
        (
            r#""Bool":{"aws:SecureTransport":"True"}"#,
            &[("aws:SecureTransport", &["true"])],
            true,
        ),
        (
            r#""ForAnyValue:StringEquals":{"aws:TagKeys":"a"}"#,
            &[("aws:TagKeys", &["b", "a"])],
            true,
        ),
        (
            r#""ForAllValues:StringEquals":{"aws:TagKeys":"a"}"#,
            &[("aws:TagKeys", &["b", "a"])],
            false,
        ),
        (
            r#""DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#,
            &[("aws:CurrentTime", &["1700000000"])],
            true,
        ),
        (r#""BinaryEquals":{"a:k":"YQ=="}"#, &[("a:k", &["YQ=="])], true),
        (
            r#""StringNotEquals":{"a:k":"${a:other}"}"#,
            &[("a:k", &["v"])],
            true,
        ),
        (
            r#""StringEqualsIgnoreCase":{"a:k":"OPS"}"#,
            &[("a:k", &["ops"])],
            true,
        ),
    ] {
        let statement =
            format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}}}"#);
        check(
            DocumentKind::Identity,
            &statement,
            &request(user(), "x:Y", "*", context),
            expected,
        );
    }
}

#[test]
fn principals_contain_each_other() {
    let session = Principal::RoleSession {
        partition: "aws".into(),
        account: "123456789012".into(),
        path: "p/r".into(),
        session: "s".into(),
    };
    for (element, principal, expected) in [
        (r#""Principal":"*""#, Principal::Anonymous, true),
        (r#""Principal":{"AWS":"123456789012"}"#, session.clone(), true),
        (
            r#""Principal":{"AWS":"arn:aws:iam::123456789012:role/p/r"}"#,
            session.clone(),
            true,
        ),
        (
            r#""Principal":{"AWS":"arn:aws:iam::123456789012:role/r"}"#,
            session.clone(),
            false,
        ),
        (
            r#""Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#,
            session.clone(),
            true,
        ),
        (
            r#""Principal":{"Service":"lambda.amazonaws.com"}"#,
            Principal::Service("lambda.amazonaws.com".into()),
            true,
        ),
        (
            r#""Principal":{"AWS":"123456789012"}"#,
            Principal::Service("lambda.amazonaws.com".into()),
            false,
        ),
        (r#""NotPrincipal":{"AWS":"123456789012"}"#, session, false),
        (
            r#""NotPrincipal":{"AWS":"123456789012"}"#,
            Principal::Anonymous,
            true,
        ),
    ] {
        let statement = format!(r#"{{"Effect":"Allow",{element},"Action":"*"}}"#);
        check(
            DocumentKind::Resource,
            &statement,
            &request(principal, "x:Y", "arn:aws:s3:::b", &[]),
            expected,
        );
    }
}
