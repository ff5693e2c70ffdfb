//! Public and external access.

use super::*;

fn check(asked: &Check, kind: PolicyKind, rows: &[(&str, &str)]) {
    check_rows(asked, kind, &Known::default(), rows);
}

#[test]
fn an_identity_provider_that_is_unknown_may_be_a_shared_one() {
    let trust = |provider: &str, rest: &str| {
        format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{{"Federated":"{provider}"}}{rest}}}"#
        )
    };
    for (provider, rest, expected) in [
        ("{{P}}", "", "UNDECIDED"),
        (
            "arn:aws:iam::{{A}}:oidc-provider/token.actions.githubusercontent.com",
            "",
            "FAIL",
        ),
        ("arn:aws:iam::123456789012:oidc-provider/{{H}}", "", "UNDECIDED"),
        (
            "arn:aws:iam::123456789012:oidc-provider/idp.example.com",
            "",
            "PASS",
        ),
        ("arn:aws:iam::{{A}}:saml-provider/{{H}}", "", "PASS"),
        ("*", "", "FAIL"),
        (
            "{{P}}",
            r#","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/*"}}"#,
            "PASS",
        ),
    ] {
        check(
            &public(),
            PolicyKind::Trust,
            &[(&trust(provider, rest), expected)],
        );
    }
}

/// Bucket policies under one condition; whoever meets it may read.
fn conditional(condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{{{condition}}}}}"#
    )
}

#[test]
fn anchors_keep_strangers_out_when_their_value_is_fixed() {
    for (condition, expected) in [
        (r#""StringEquals":{"aws:SourceVpc":"vpc-91237329"}"#, "PASS"),
        (r#""StringLike":{"aws:SourceVpc":"vpc-91237329"}"#, "PASS"),
        (r#""StringLike":{"aws:SourceVpc":"vpc-*"}"#, "FAIL"),
        (r#""StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}"#, "FAIL"),
        (r#""StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}"#, "FAIL"),
        (r#""StringEquals":{"aws:PrincipalOrgID":"o-a"}"#, "PASS"),
        (
            r#""ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a"}"#,
            "FAIL",
        ),
        (
            r#""ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a/r-1/*"}"#,
            "PASS",
        ),
        (
            r#""ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-1/*"}"#,
            "FAIL",
        ),
        (
            r#""ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-a/*"}"#,
            "FAIL",
        ),
        (
            r#""StringEquals":{"aws:PrincipalAccount":"123456789012"}"#,
            "PASS",
        ),
        (
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:*"}"#,
            "PASS",
        ),
        (
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}"#,
            "FAIL",
        ),
        (r#""StringLike":{"aws:userid":"AROAEXAMPLE:*"}"#, "PASS"),
        (r#""StringLike":{"aws:userid":"AROA*"}"#, "FAIL"),
        (
            r#""ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:t"}"#,
            "PASS",
        ),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}"#, "PASS"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}"#, "FAIL"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:t"}"#, "FAIL"),
        (r#""StringEquals":{"aws:SourceAccount":"123456789012"}"#, "PASS"),
        (r#""StringEquals":{"aws:SourceOwner":"123456789012"}"#, "PASS"),
        (r#""StringEquals":{"aws:SourceOrgID":"o-a"}"#, "PASS"),
        (r#""StringEquals":{"kms:CallerAccount":"123456789012"}"#, "PASS"),
        (
            r#""StringEquals":{"s3:DataAccessPointAccount":"123456789012"}"#,
            "PASS",
        ),
        (r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#, "PASS"),
        (r#""IpAddress":{"aws:SourceIp":"11.0.0.0/8"}"#, "PASS"),
        (r#""IpAddress":{"aws:SourceIp":"0.0.0.0/1"}"#, "FAIL"),
        (
            r#""IpAddress":{"aws:SourceIp":["11.0.0.0/8","12.0.0.0/8"]}"#,
            "FAIL",
        ),
        (r#""IpAddress":{"aws:SourceIp":"2001:db8::/32"}"#, "PASS"),
        (r#""IpAddress":{"aws:SourceIp":"2000::/16"}"#, "FAIL"),
        (r#""NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#, "FAIL"),
        (r#""StringEquals":{"aws:Referer":"https://example.com/"}"#, "FAIL"),
        (r#""StringEquals":{"sts:ExternalId":"secret"}"#, "FAIL"),
        (
            r#""StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}"#,
            "FAIL",
        ),
        (r#""StringEquals":{"aws:PrincipalOrgID":"{{O}}"}"#, "PASS"),
        (r#""StringLike":{"aws:PrincipalOrgID":"{{O}}"}"#, "PASS"),
    ] {
        check(
            &public(),
            PolicyKind::Resource,
            &[(&conditional(condition), expected)],
        );
    }
    let known = Known {
        holes: vec![parameter("O", None, &[])],
        ..Known::default()
    };
    let open = conditional(r#""StringLike":{"aws:PrincipalOrgID":"{{O}}"}"#);
    let exact = conditional(r#""StringEquals":{"aws:PrincipalOrgID":"{{O}}"}"#);
    check_rows(
        &public(),
        PolicyKind::Resource,
        &known,
        &[(&open, "UNDECIDED"), (&exact, "PASS")],
    );
}

#[test]
fn nobody_anonymous_has_an_organization() {
    let text = conditional(r#""StringLike":{"aws:PrincipalOrgID":"o-*"}"#);
    let found = super::finding(&public(), &text, PolicyKind::Resource, &Known::default());
    assert_ne!(found.counterexample.principal, crate::iam::Principal::Anonymous);
}

#[test]
fn principals_and_denies() {
    let read = r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*""#;
    for (statement, expected) in [
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"123456789012"}},{read}}}"#),
            "PASS",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},{read}}}"#),
            "FAIL",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},{read}}}"#),
            "PASS",
        ),
        (
            format!(r#"{{"Effect":"Allow","NotPrincipal":{{"AWS":"123456789012"}},{read}}}"#),
            "FAIL",
        ),
        (
            format!(
                r#"{{"Effect":"Allow","Principal":"*",{read}}},{{"Effect":"Deny","NotPrincipal":{{"AWS":"123456789012"}},{read}}}"#
            ),
            "PASS",
        ),
        (
            format!(
                r#"{{"Effect":"Allow","Principal":"*",{read}}},
                   {{"Effect":"Deny","Principal":"*",{read},"Condition":{{"StringNotEquals":{{"aws:PrincipalOrgID":"o-a"}}}}}}"#
            ),
            "PASS",
        ),
        (
            format!(
                r#"{{"Effect":"Allow","Principal":"*",{read}}},
                   {{"Effect":"Deny","Principal":"*",{read},"Condition":{{"StringNotEqualsIfExists":{{"aws:PrincipalOrgID":"o-a"}},"Null":{{"aws:PrincipalOrgID":"false"}}}}}}"#
            ),
            "FAIL",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{{{{P}}}}"}},{read}}}"#),
            "UNDECIDED",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{{{{A}}}}:role/r"}},{read}}}"#),
            "PASS",
        ),
    ] {
        check(&public(), PolicyKind::Resource, &[(&statement, expected)]);
    }
}

#[test]
fn the_zone_of_trust() {
    let read = r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*""#;
    for (statement, expected) in [
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"123456789012"}},{read}}}"#),
            "PASS",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"999988887777"}},{read}}}"#),
            "FAIL",
        ),
        (
            format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::999988887777:role/auditor"}},{read}}}"#
            ),
            "PASS",
        ),
        (
            format!(r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},{read}}}"#),
            "PASS",
        ),
        (
            conditional(r#""StringEquals":{"aws:PrincipalOrgID":"o-ours"}"#),
            "PASS",
        ),
        (
            conditional(r#""StringEquals":{"aws:PrincipalOrgID":"o-other"}"#),
            "FAIL",
        ),
        (
            conditional(r#""StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}"#),
            "PASS",
        ),
        (
            conditional(r#""StringEquals":{"aws:SourceVpce":"vpce-other"}"#),
            "FAIL",
        ),
        (
            conditional(r#""IpAddress":{"aws:SourceIp":"10.1.0.0/16"}"#),
            "PASS",
        ),
        (
            conditional(r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#),
            "FAIL",
        ),
    ] {
        check(&external(), PolicyKind::Resource, &[(&statement, expected)]);
    }
    let trust = match external() {
        Check::NoExternalAccess { trust } => trust,
        other => panic!("{other:?}"),
    };
    let deputy = Check::NoExternalAccess {
        trust: Trust {
            service_principals: ServicePrincipals::ConfusedDeputy,
            ..trust
        },
    };
    let service = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},{read},"Condition":{{{condition}}}}}"#
        )
    };
    for (condition, expected) in [
        ("", "FAIL"),
        (r#""StringEquals":{"aws:SourceAccount":"123456789012"}"#, "PASS"),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:*:123456789012:*"}"#,
            "PASS",
        ),
        (r#""StringEquals":{"aws:SourceAccount":"999988887777"}"#, "FAIL"),
    ] {
        check(&deputy, PolicyKind::Resource, &[(&service(condition), expected)]);
    }
}
