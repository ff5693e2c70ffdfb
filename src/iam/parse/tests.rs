use super::*;
use crate::iam::parse_json;

fn refused(statement: &str, kind: DocumentKind, expected: &str) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    let value = parse_json(&text).expect("JSON");
    let error = parse_document(&value, kind).expect_err(statement);
    assert!(error.message.contains(expected), "{statement}: {}", error.message);
}

#[test]
fn invalid_statements_are_refused_with_their_place() {
    let identity = DocumentKind::Identity;
    for (statement, expected) in [
        (
            r#"{"Effect":"allow","Action":"*","Resource":"*"}"#,
            "statement 0: `Effect` must be `Allow` or `Deny`",
        ),
        (
            r#"{"effect":"Allow","Action":"*","Resource":"*"}"#,
            "write `Effect`",
        ),
        (
            r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#,
            "`Action` must not be empty",
        ),
        (
            r#"{"Effect":"Allow","Action":"*"}"#,
            "`Resource` or `NotResource` is missing",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#,
            "cannot both",
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:Get Object","Resource":"*"}"#,
            "which no action has",
        ),
        (
            r#"{"Effect":"Allow","Action":"s3","Resource":"*"}"#,
            "service:Action",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}"#,
            "`Conditions` is not an element",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringMatches":{"a:b":"c"}}}"#,
            "not a condition operator",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:b":"ten"}}}"#,
            "no number",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a:b":"c","A:B":"d"}}}"#,
            "has the key `A:B` twice",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"maybe"}}}"#,
            "`true` or `false`",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":[]}}}"#,
            "at least one value",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true","A:B":"true"}}}"#,
            "twice",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a${b}}"}"#,
            "policy variable",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#,
            "must not have `Principal`",
        ),
        (
            r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
            "must be an object, not a list",
        ),
        ("null", "must be an object, not null"),
    ] {
        refused(statement, identity, expected);
    }
    for (statement, expected) in [
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
            "`Principal` is missing",
        ),
        (
            r#"{"Effect":"Allow","Principal":{},"Action":"*"}"#,
            "must not be empty",
        ),
        (
            r#"{"Effect":"Allow","Principal":["*"],"Action":"*"}"#,
            "or an object, not a list",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"aws":"*"},"Action":"*"}"#,
            "write `AWS`",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/a*"},"Action":"*"}"#,
            "wildcard",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"12345"},"Action":"*"}"#,
            "no account, user or role",
        ),
    ] {
        refused(statement, DocumentKind::Resource, expected);
    }
}

#[test]
fn variables_are_read_only_under_2012() {
    let resource = |version: &str| {
        let text = format!(
            r#"{{"Version":"{version}","Statement":{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${{aws:username}}"}}}}"#
        );
        let document = parse_document(&Value::text(text), DocumentKind::Identity)
            .expect("valid")
            .document;
        format!("{:?}", document.statements[0].resource)
    };
    assert!(resource("2012-10-17").contains("ContextKey"));
    assert!(!resource("2008-10-17").contains("ContextKey"));
}

#[test]
fn unknown_parts_become_guards_or_holes() {
    let hole = || Value::Unknown(crate::iam::HoleId::new("h"));
    let statement = |action: Value, effect: Value| {
        let value = Value::Object(vec![(
            "Statement".into(),
            Value::List(vec![Value::Object(vec![
                ("Effect".into(), effect),
                ("Action".into(), action),
                ("Resource".into(), Value::text("*")),
            ])]),
        )]);
        parse_document(&value, DocumentKind::Identity)
            .expect("valid")
            .document
            .statements
    };
    assert_eq!(statement(hole(), Value::text("Allow")).len(), 1);
    assert_eq!(statement(hole(), Value::text("Allow"))[0].guard.len(), 1);
    let either = statement(Value::text("s3:*"), hole());
    assert_eq!(either.len(), 2);
    // One fact, both ways: it allows or else it denies.
    assert_eq!(either[0].guard[0].name, either[1].guard[0].name);
    assert_ne!(either[0].guard[0].holds, either[1].guard[0].holds);
}

/// What hangs on one unknown value in different ways must not be taken for one fact: a Deny of what an Allow leaves out
/// would seem to deny it all.
#[test]
fn different_elements_are_different_facts() {
    let hole = || Value::Unknown(crate::iam::HoleId::new("h"));
    let statement = |effect: &str, element: &str, value: Value| {
        Value::Object(vec![
            ("Effect".into(), Value::text(effect)),
            (element.into(), value),
            ("Resource".into(), Value::text("*")),
        ])
    };
    let guards = |statements: Vec<Value>| {
        let value = Value::Object(vec![("Statement".into(), Value::List(statements))]);
        let document = parse_document(&value, DocumentKind::Identity)
            .expect("valid")
            .document;
        document
            .statements
            .iter()
            .map(|statement| statement.guard[0].name.clone())
            .collect::<Vec<_>>()
    };
    let names = guards(vec![
        statement("Allow", "NotAction", hole()),
        statement("Deny", "Action", hole()),
        statement("Allow", "Action", Value::List(vec![Value::text("s3:*"), hole()])),
        statement("Deny", "Action", hole()),
    ]);
    assert_ne!(names[0], names[1]);
    assert_ne!(names[1], names[2]);
    assert_eq!(names[1], names[3]);
    let whole = guards(vec![hole()]);
    assert_ne!(whole[0], whole[1]);
    assert_eq!(super::super::shown_fact(&whole[0]), "h");
}
