//! `access-granted`: every request of the box is allowed, whatever the unknown values, however the policy is read.

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/r";
const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

fn must_grant(principals: &[&str], actions: &[&str], resources: &[&str], when: &str) -> Check {
    let access = access(actions, resources, principals, when);
    elements::check_granted(&access).expect("a box of `access-granted`");
    Check::AccessGranted { boxes: vec![access] }
}

/// A role must be able to read objects.
fn reads(resources: &[&str]) -> Check {
    must_grant(&[ROLE], &["s3:GetObject"], resources, "")
}

fn check(asked: &Check, rows: &[(&str, &str)]) {
    check_rows(asked, PolicyKind::Identity, &Known::default(), rows);
}

fn check_resource(asked: &Check, rows: &[(&str, &str)]) {
    check_rows(asked, PolicyKind::Resource, &Known::default(), rows);
}

#[test]
fn all_of_the_box_must_be_allowed() {
    check(
        &reads(&[]),
        &[
            (ALL, "PASS"),
            ("", "FAIL"),
            (r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#, "PASS"),
            (
                r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
                "FAIL",
            ),
            (r#"{"Effect":"Allow","NotAction":"ec2:*","Resource":"*"}"#, "PASS"),
            (
                r#"{"Effect":"Allow","NotAction":"s3:Get*","Resource":"*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/*"}"#,
                "FAIL",
            ),
            // Two statements that grant it together.
            (
                r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/*"},
                   {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#,
                "PASS",
            ),
        ],
    );
    check(
        &reads(&["arn:aws:s3:::b/*"]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/?*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::c/*"}"#,
                "PASS",
            ),
        ],
    );
    check(
        &must_grant(&[ROLE], &["s3:*", "kms:Decrypt"], &[], ""),
        &[
            (
                r#"{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"}"#,
                "PASS",
            ),
            (r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, "FAIL"),
            (
                r#"{"Effect":"Allow","Action":["s3:Get*","kms:*"],"Resource":"*"}"#,
                "FAIL",
            ),
        ],
    );
}

#[test]
fn no_deny_may_stand_in_the_way() {
    let with = |deny: &str| format!("{ALL},{deny}");
    for (deny, expected) in [
        (r#"{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}"#, "FAIL"),
        (r#"{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}"#, "PASS"),
        (r#"{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}"#, "PASS"),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::secret/*"}"#,
            "FAIL",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
            "FAIL",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"999988887777"}}}"#,
            "PASS",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/r"}}}"#,
            "PASS",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}}"#,
            "FAIL",
        ),
    ] {
        check(&reads(&[]), &[(&with(deny), expected)]);
    }
    let over_tls = must_grant(
        &[ROLE],
        &["s3:GetObject"],
        &[],
        r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
    );
    let deny = r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
    check(&over_tls, &[(&with(deny), "PASS"), (ALL, "PASS")]);
}

#[test]
fn conditions_of_an_allow_must_always_hold() {
    let allow = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}}}"#)
    };
    let mfa = must_grant(
        &[ROLE],
        &["s3:GetObject"],
        &[],
        r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
    );
    for (asked, condition, expected) in [
        (
            reads(&[]),
            r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#,
            "FAIL",
        ),
        (mfa, r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#, "PASS"),
        (reads(&[]), r#""StringNotEquals":{"aws:username":"u"}"#, "PASS"),
        (
            reads(&[]),
            r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#,
            "FAIL",
        ),
        (
            reads(&[]),
            r#""ForAllValues:StringLike":{"aws:TagKeys":"*"}"#,
            "PASS",
        ),
        (
            reads(&[]),
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}"#,
            "PASS",
        ),
        // Whether a plain operator matches a key with several values is read both ways.
        (reads(&[]), r#""StringLikeIfExists":{"aws:TagKeys":"*"}"#, "FAIL"),
        (
            reads(&[]),
            r#""StringNotEquals":{"aws:PrincipalTag/a":"${aws:PrincipalTag/b}"}"#,
            "FAIL",
        ),
    ] {
        check(&asked, &[(&allow(condition), expected)]);
    }
}

#[test]
fn unknown_values_never_help_to_grant() {
    let on_b = reads(&["arn:aws:s3:::b/*"]);
    check(
        &on_b,
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"{{R}}"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":{"?":"R"}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":{"?":"A"},"Resource":"*"}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:{{A}}","Resource":"*"}"#,
                "UNDECIDED",
            ),
            (r#"{"Effect":{"?":"E"},"Action":"*","Resource":"*"}"#, "UNDECIDED"),
            (r#"{"?":"S"}"#, "UNDECIDED"),
            (
                r#"{"if":"C","then":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"?":"C"}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"{{P}}"}}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"{{P}}"}}}"#,
                "UNDECIDED",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"not an arn"}"#,
                "UNDECIDED",
            ),
            // Not allowed whatever the value is.
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b-{{B}}/*"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"ec2:*","Resource":{"?":"R"}}"#,
                "FAIL",
            ),
            // Allowed whatever the value is.
            (
                r#"{"Effect":"Allow","Action":["s3:*","ec2:{{A}}"],"Resource":["*","{{R}}"]}"#,
                "PASS",
            ),
            (
                r#"{"if":"C","then":{"Effect":"Allow","Action":"*","Resource":"*"}},
                   {"unless":"C","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#,
                "PASS",
            ),
        ],
    );
    // On any resource some request is out of reach of every value.
    check(
        &reads(&[]),
        &[(
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#,
            "FAIL",
        )],
    );
}

#[test]
fn unknown_values_may_always_deny() {
    let with = |deny: &str| format!("{ALL},{deny}");
    let on_b = reads(&["arn:aws:s3:::b/*"]);
    for (deny, expected) in [
        (
            r#"{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::{{B}}/*"}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":"Deny","Action":"s3:*","Resource":{"?":"R"}}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":"Deny","Action":{"?":"A"},"Resource":"*"}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"?":"C"}}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"not an arn"}"#,
            "UNDECIDED",
        ),
        (
            r#"{"if":"C","then":{"Effect":"Deny","Action":"*","Resource":"*"}}"#,
            "UNDECIDED",
        ),
        (
            r#"{"Effect":{"?":"E"},"Action":"s3:*","Resource":"*"}"#,
            "UNDECIDED",
        ),
        (r#"{"?":"S"}"#, "UNDECIDED"),
        // The request may copy the value.
        (
            r#"{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/{{K}}"}"#,
            "FAIL",
        ),
        (
            r#"{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b-{{B}}/*"}"#,
            "PASS",
        ),
        (
            r#"{"Effect":"Deny","Action":"ec2:*","Resource":{"?":"R"}}"#,
            "PASS",
        ),
    ] {
        check(&on_b, &[(&with(deny), expected)]);
    }
}

#[test]
fn parameters() {
    let text = r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{P}}/*"}"#;
    for (default, allowed, expected) in [
        (None, [].as_slice(), "UNDECIDED"),
        (Some("b"), &[], "UNDECIDED"),
        (Some("c"), &[], "FAIL"),
        (None, &["b"], "PASS"),
        (None, &["b", "c"], "UNDECIDED"),
        // Neither value would do, but where nothing may match a hole is any text.
        (None, &["c", "d"], "UNDECIDED"),
        (Some("b"), &["b", "c"], "UNDECIDED"),
        (Some("c"), &["b", "c"], "FAIL"),
    ] {
        let known = Known {
            holes: vec![parameter("P", default, allowed)],
            ..Known::default()
        };
        let asked = reads(&["arn:aws:s3:::b/*"]);
        check_rows(&asked, PolicyKind::Identity, &known, &[(text, expected)]);
    }
}

#[test]
fn short_arns_count_against_granting() {
    check(
        &reads(&["arn:aws:s3:::secret"]),
        &[
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3*secret"}"#,
                "FAIL",
            ),
            // Where both readings agree.
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3*"}"#,
                "PASS",
            ),
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3*other"}"#,
                "PASS",
            ),
        ],
    );
}

#[test]
fn principals() {
    const LAMBDA: &str = "lambda.amazonaws.com";
    const ROOT: &str = "arn:aws:iam::123456789012:root";
    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/r/s";
    let to = |principal: &str| {
        format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:*","Resource":"*"}}"#)
    };
    for (asked, principal, expected) in [
        (ROLE, "\"*\"", "PASS"),
        (ROLE, r#"{"AWS":"*"}"#, "PASS"),
        (ROLE, r#"{"AWS":"123456789012"}"#, "PASS"),
        (ROLE, r#"{"AWS":"arn:aws:iam::123456789012:role/r"}"#, "PASS"),
        (ROLE, r#"{"AWS":"arn:aws:iam::123456789012:role/p/r"}"#, "FAIL"),
        (
            ROLE,
            r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#,
            "FAIL",
        ),
        (ROLE, r#"{"AWS":"999988887777"}"#, "FAIL"),
        (
            SESSION,
            r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#,
            "PASS",
        ),
        // The session does not tell the path of its role.
        (SESSION, r#"{"AWS":"arn:aws:iam::123456789012:role/r"}"#, "FAIL"),
        (ROOT, r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, "PASS"),
        (ROOT, r#"{"AWS":"arn:aws:iam::123456789012:role/r"}"#, "FAIL"),
        ("123456789012", r#"{"AWS":"123456789012"}"#, "PASS"),
        (LAMBDA, r#"{"Service":"lambda.amazonaws.com"}"#, "PASS"),
        (LAMBDA, r#"{"Service":"s3.amazonaws.com"}"#, "FAIL"),
        (LAMBDA, "\"*\"", "PASS"),
        // Whether services are meant is read both ways.
        (LAMBDA, r#"{"AWS":"*"}"#, "FAIL"),
        (ROLE, r#"{"AWS":"{{P}}"}"#, "UNDECIDED"),
        (ROLE, r#"{"AWS":"arn:aws:iam::{{A}}:root"}"#, "UNDECIDED"),
    ] {
        let asked = must_grant(&[asked], &["s3:GetObject"], &[], "");
        check_resource(&asked, &[(&to(principal), expected)]);
    }
    let both = must_grant(&[ROLE, LAMBDA], &["s3:GetObject"], &[], "");
    check_resource(
        &both,
        &[
            (&to("\"*\""), "PASS"),
            (&to(r#"{"Service":"lambda.amazonaws.com"}"#), "FAIL"),
            (
                &to(r#"{"Service":"lambda.amazonaws.com","AWS":"123456789012"}"#),
                "PASS",
            ),
        ],
    );
    let all = to("\"*\"");
    for (deny, expected) in [
        (r#""Principal":{"AWS":"123456789012"}"#, "FAIL"),
        (r#""Principal":{"AWS":"999988887777"}"#, "PASS"),
        // The account is not listed: whether the role is spared is read both ways.
        (
            r#""NotPrincipal":{"AWS":"arn:aws:iam::123456789012:role/r"}"#,
            "FAIL",
        ),
        (
            r#""NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:role/r"]}"#,
            "PASS",
        ),
    ] {
        let deny = format!(r#"{all},{{"Effect":"Deny",{deny},"Action":"*","Resource":"*"}}"#);
        check_resource(
            &must_grant(&[ROLE], &["s3:GetObject"], &[], ""),
            &[(&deny, expected)],
        );
    }
}

#[test]
fn roles_can_be_assumed() {
    let asked = must_grant(&[ROLE], &["sts:AssumeRole"], &[], "");
    let rows = [
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}"#,
            "PASS",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole",
                "Condition":{"StringEquals":{"sts:ExternalId":"x"}}}"#,
            "FAIL",
        ),
    ];
    check_rows(&asked, PolicyKind::Trust, &Known::default(), &rows);
}

#[test]
fn nothing_is_granted_to_nobody() {
    let service = must_grant(&["lambda.amazonaws.com"], &["s3:GetObject"], &[], "");
    check(&service, &[(ALL, "UNDECIDED")]);
    let both = must_grant(&[ROLE, "lambda.amazonaws.com"], &["s3:GetObject"], &[], "");
    check(&both, &[(ALL, "UNDECIDED"), ("", "FAIL")]);
    let never = must_grant(
        &[ROLE],
        &["s3:GetObject"],
        &[],
        r#"{"StringEquals":{"aws:PrincipalAccount":"999988887777"}}"#,
    );
    check(&never, &[(ALL, "UNDECIDED")]);
    let Verdict::Undecided(undecided) = verdict(
        &both,
        &document(ALL, PolicyKind::Identity),
        PolicyKind::Identity,
        &Known::default(),
    ) else {
        panic!("undecided")
    };
    assert_eq!(undecided.id, "no-request");
    assert!(
        undecided.message.contains("`principals[1]`"),
        "{}",
        undecided.message
    );
}

#[test]
fn what_a_box_must_name() {
    for (principals, actions, expected) in [
        (&[][..], &["s3:*"][..], "needs `principals`"),
        (&[ROLE], &[], "needs `actions`"),
        (&["*"], &["s3:*"], "without wildcards"),
        (
            &[ROLE, "arn:aws:iam::123456789012:role/*"],
            &["s3:*"],
            "without wildcards",
        ),
        (&["arn:aws:iam::*:user/a"], &["s3:*"], "without wildcards"),
        (&["*.amazonaws.com"], &["s3:*"], "without wildcards"),
    ] {
        let error = elements::check_granted(&access(actions, &[], principals, ""));
        let error = error.expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
    assert!(elements::check_granted(&access(&["s3:Get*"], &["*"], &["123456789012"], "")).is_ok());
}

#[test]
fn findings_name_the_deny_or_the_missing_allow() {
    let of = |asked: &Check, text: &str| finding(asked, text, PolicyKind::Identity, &Known::default());
    let found = of(
        &reads(&[]),
        r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}"#,
    );
    assert_eq!(found.violation, Violation::Refused);
    assert_eq!(
        found.message,
        "The policy document does not grant one or more of the listed requests."
    );
    assert_eq!(
        found.reasons,
        ["No statement allows one or more of the listed requests."]
    );
    assert!(
        found.statements.is_empty() && found.denies.is_empty(),
        "{found:?}"
    );
    assert_eq!(found.counterexample.action, "s3:GetObject");
    assert!(found.realistic);
    let told = crate::check::sentence(&found, Some(&["r".to_owned()]));
    assert!(
        told.starts_with("`r` cannot `s3:GetObject` on") && told.ends_with(": no statement allows it"),
        "{told}"
    );
    let denied = format!(
        r#"{ALL},{{"Effect":"Deny","Action":"ec2:*","Resource":"*"}},
           {{"Sid":"Secret","Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::secret/*"}},
           {{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}"#
    );
    let found = of(&reads(&[]), &denied);
    let indices: Vec<usize> = found.statements.iter().map(|statement| statement.index).collect();
    assert_eq!(indices, [2, 3], "{found:?}");
    assert_eq!(found.statements[0].sid.as_deref(), Some("Secret"));
    assert_eq!(
        found.reasons[0],
        "One or more of the listed requests are denied in the statement with index: 2."
    );
    let told = crate::check::sentence(&found, None);
    assert!(
        told.contains("cannot `s3:GetObject`") && told.ends_with("because of statements 2 \"Secret\" and 3"),
        "{told}"
    );
    // A plausible action is looked for among those that must be granted.
    let wide = must_grant(&[ROLE], &["s3:*"], &[], "");
    let found = of(&wide, r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#);
    assert!(found.realistic, "{found:?}");
}

/// What holds of every document: all granted means that some is granted, and a Deny grants nothing.
#[test]
fn relations_between_documents() {
    let documents = [
        ALL,
        "",
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"u"}}}"#,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}"#,
        r#"{"Effect":{"?":"E"},"Action":"s3:*","Resource":"*"}"#,
    ];
    let deny = r#"{"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::b/secret"}"#;
    let user = "arn:aws:iam::123456789012:user/u";
    let of = |asked: &Check, text: &str| {
        let document = document(text, PolicyKind::Identity);
        word(&verdict(
            asked,
            &document,
            PolicyKind::Identity,
            &Known::default(),
        ))
    };
    for resources in [&[][..], &["arn:aws:s3:::b/*"], &["arn:aws:s3:::home/u/*"]] {
        let granted = must_grant(&[user], &["s3:GetObject"], resources, "");
        let not_granted = Check::AccessNotGranted {
            boxes: vec![access(&["s3:GetObject"], resources, &[user], "")],
        };
        for text in documents {
            let (all, none) = (of(&granted, text), of(&not_granted, text));
            assert!(all != "PASS" || none == "FAIL", "{text}: {all} {none}");
            assert!(none != "PASS" || all == "FAIL", "{text}: {all} {none}");
            let denied = if text.is_empty() {
                deny.to_owned()
            } else {
                format!("{text},{deny}")
            };
            let less = of(&granted, &denied);
            assert!(all == "PASS" || less != "PASS", "{text}: {all} {less}");
            let twice = [text, text].join(if text.is_empty() { "" } else { "," });
            assert_eq!(of(&granted, &twice), all, "{text}");
        }
    }
}
