//! Policy variables.

use super::*;

fn check(asked: &Check, rows: &[(&str, &str)]) {
    check_rows(asked, PolicyKind::Identity, &Known::default(), rows);
}

#[test]
fn a_variable_that_is_a_whole_arn() {
    check(
        &granted(&["s3:GetObject"], &["arn:aws:s3:::secret"]),
        &[(
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"${aws:PrincipalTag/t}",
                    "Condition":{"StringEquals":{"aws:PrincipalTag/t":"arn:aws:s3:::secret"}}}"#,
            "UNDECIDED",
        )],
    );
    check(
        &granted(&["s3:GetObject"], &[]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*",
                    "Condition":{"StringLike":{"aws:SourceArn":"arn:aws:${aws:PrincipalTag/t}"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalAccount}/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn the_same_template_is_the_same_text() {
    let home = r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}"#;
    check(
        &no_more_than(home, PolicyKind::Identity),
        &[
            (home, "PASS"),
            (
                r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::home/${AWS:UserName}/a*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:userid}/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/bob/*",
                "Condition":{"StringEquals":{"aws:username":"bob"}}}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/bob/*",
                "Condition":{"StringEqualsIgnoreCase":{"aws:username":"bob"}}}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username, 'x'}/*"}"#,
                "FAIL",
            ),
        ],
    );
    check(
        &granted(&["s3:*"], &["arn:aws:s3:::home/x/*"]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:PrincipalTag/t, 'x'}/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:PrincipalTag/t, 'y'}/*",
                "Condition":{"Null":{"aws:PrincipalTag/t":"true"}}}"#,
                "PASS",
            ),
        ],
    );
}
