//! The rule of unknown values: PASS for all values, FAIL whatever the value, else UNDECIDED.

use super::*;

fn check(asked: &Check, rows: &[(&str, &str)]) {
    check_rows(asked, PolicyKind::Identity, &Known::default(), rows);
}

#[test]
fn an_effect_or_a_statement_that_is_unknown() {
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":{"?":"E"},"Action":"s3:*","Resource":"*"}"#,
                "UNDECIDED",
            ),
            (r#"{"Effect":{"?":"E"},"Action":"ec2:*","Resource":"*"}"#, "PASS"),
            (r#"{"?":"S"}"#, "UNDECIDED"),
            (
                r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"?":"S"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":{"?":"E"},"Action":"s3:*","Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":{"?":"E"},"Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#,
                "PASS",
            ),
        ],
    );
}

#[test]
fn an_element_that_is_unknown_as_a_whole() {
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":"Allow","Action":{"?":"A"},"Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":["s3:GetObject",{"?":"A"}],"Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"ec2:*","Resource":{"?":"R"}}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":{"?":"R"}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"?":"C"}}"#,
                "UNDECIDED",
            ),
            // The complement of an unknown set is not the set.
            (
                r#"{"Effect":"Allow","NotAction":{"?":"A"},"Resource":"*"},
                   {"Effect":"Deny","Action":{"?":"A"},"Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":{"?":"R"}},
                   {"Effect":"Deny","Action":"s3:*","NotResource":{"?":"R"}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":{"?":"V"}}}},
                   {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"k":{"?":"V"}}}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"k":"{{V}}"}}},
                   {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericGreaterThan":{"k":"{{V}}"}}}"#,
                "UNDECIDED",
            ),
        ],
    );
    let same = r#"{"Effect":"Allow","NotAction":{"?":"A"},"Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":{"?":"I"}}}}"#;
    check(&no_more_than(same, PolicyKind::Identity), &[(same, "PASS")]);
    check(
        &no_more_than(
            r#"{"Effect":"Allow","Action":{"?":"A"},"Resource":"*"}"#,
            PolicyKind::Identity,
        ),
        &[
            (r#"{"Effect":"Allow","Action":{"?":"A"},"Resource":"*"}"#, "PASS"),
            (
                r#"{"Effect":"Allow","NotAction":{"?":"A"},"Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":["s3:GetObject",{"?":"A"}],"Resource":"*"}"#,
                "UNDECIDED",
            ),
        ],
    );
}

#[test]
fn the_arn_of_a_principal_that_is_unknown() {
    let on_principal = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{{condition}}}}}"#)
    };
    for (condition, expected) in [
        (r#""ArnLike":{"aws:PrincipalArn":"{{P}}"}"#, "UNDECIDED"),
        (r#""ArnEquals":{"aws:PrincipalArn":"{{P}}"}"#, "UNDECIDED"),
        (r#""ArnLike":{"aws:PrincipalArn":"{{P}}/*"}"#, "UNDECIDED"),
        (
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:{{S}}::123456789012:role/r"}"#,
            "UNDECIDED",
        ),
        (r#""StringEquals":{"aws:PrincipalArn":"{{P}}"}"#, "UNDECIDED"),
        (
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:s3::{{A}}:role/r"}"#,
            "PASS",
        ),
        (
            r#""ArnLike":{"aws:PrincipalArn":"{{P}}"},"ArnNotLike":{"aws:PrincipalArn":"{{P}}"}"#,
            "PASS",
        ),
    ] {
        check(
            &granted(&["s3:GetObject"], &[]),
            &[(&on_principal(condition), expected)],
        );
    }
}

#[test]
fn wildcards_of_a_value_count_where_the_operator_says() {
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"k":"{{V}}"}}},
                   {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"{{V}}"}}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"{{V}}"}}},
                   {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"k":"{{V}}"}}}"#,
                "PASS",
            ),
        ],
    );
}

#[test]
fn a_hole_may_be_the_head_of_an_arn() {
    check(
        &granted(&["s3:GetObject"], &["arn:aws:s3:::prod/key"]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"{{H}}:s3:::prod/*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:{{H}}/*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:{{H}}:prod/key"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"{{H}}"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"{{H}}/*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"{{H}}/other"}"#,
                "PASS",
            ),
        ],
    );
}

#[test]
fn a_hole_in_a_pattern() {
    let bucket = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{B}}/*"}"#;
    check(&granted(&["s3:GetObject"], &[]), &[(bucket, "FAIL")]);
    check(&granted(&["s3:PutObject"], &[]), &[(bucket, "PASS")]);
    check(
        &granted(&["s3:GetObject"], &["arn:aws:s3:::prod-*"]),
        &[
            (bucket, "UNDECIDED"),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::prod-{{B}}"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::dev-{{B}}"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},
                   {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},
                   {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::x{{B}}"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"},
                   {"Effect":"Deny","Action":"s3:*","Resource":["arn:aws:s3:::{{B}}","arn:aws:s3:::{{B}}/*"]}"#,
                "PASS",
            ),
        ],
    );
    check(
        &no_more_than(bucket, PolicyKind::Identity),
        &[
            (bucket, "PASS"),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{B}}/a/*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{C}}/*"}"#,
                "UNDECIDED",
            ),
        ],
    );
}

#[test]
fn parameters_with_defaults_and_allowed_values() {
    let text = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{B}}"}"#;
    let asked = granted(&["s3:GetObject"], &["arn:aws:s3:::prod*"]);
    for (default, allowed, expected) in [
        (None, &[][..], "UNDECIDED"),
        (Some("prod-a"), &[][..], "FAIL"),
        (Some("dev"), &[][..], "UNDECIDED"),
        (None, &["dev", "test"][..], "PASS"),
        (None, &["dev", "prod"][..], "UNDECIDED"),
        (Some("prod"), &["dev", "prod"][..], "FAIL"),
        (None, &["*", "dev"][..], "UNDECIDED"),
    ] {
        let known = Known {
            holes: vec![parameter("B", default, allowed)],
            ..Known::default()
        };
        check_rows(&asked, PolicyKind::Identity, &known, &[(text, expected)]);
    }
    let known = Known {
        holes: vec![parameter("B", Some("prod-a"), &[])],
        ..Known::default()
    };
    let found = finding(&asked, text, PolicyKind::Identity, &known);
    assert_eq!(found.assumes, [("B".to_owned(), "prod-a".to_owned())]);
}

#[test]
fn statements_under_conditions() {
    let asked = granted(&["s3:GetObject"], &[]);
    let rows = &[
        (
            r#"{"if":"P","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#,
            "UNDECIDED",
        ),
        (
            r#"{"if":"P","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}},
               {"unless":"P","then":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#,
            "FAIL",
        ),
        (
            r#"{"if":"P","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}},
               {"if":"P","then":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#,
            "PASS",
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},
               {"if":"P","then":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#,
            "UNDECIDED",
        ),
        // A hole of the name of a condition is no condition.
        (
            r#"{"if":"P","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}},
               {"Effect":"Deny","Action":{"?":"P"},"Resource":"*"}"#,
            "UNDECIDED",
        ),
    ];
    check(&asked, rows);
    let known = Known {
        facts: vec![("P".into(), true)],
        ..Known::default()
    };
    let conditional = r#"{"if":"P","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    check_rows(&asked, PolicyKind::Identity, &known, &[(conditional, "FAIL")]);
    let found = finding(&asked, conditional, PolicyKind::Identity, &known);
    assert_eq!(found.assumes, [("P".to_owned(), "true".to_owned())]);
}
