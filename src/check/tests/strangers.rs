//! Public and external access.

use super::*;

fn check(asked: &Check, kind: PolicyKind, rows: &[(&str, &str)]) {
    check_rows(asked, kind, &Known::default(), rows);
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
fn strangers_of_any_kind_look_like_somebody() {
    use crate::iam::Principal;
    let canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    for (principal, expected) in [
        (r#""*""#, Principal::Anonymous),
        (
            r#"{"Service":"*"}"#,
            Principal::Service("sns.amazonaws.com".into()),
        ),
        (
            r#"{"Federated":"*"}"#,
            Principal::Federated("cognito-identity.amazonaws.com".into()),
        ),
        (r#"{"CanonicalUser":"*"}"#, Principal::Canonical(canonical.into())),
    ] {
        let text =
            format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"*"}}"#);
        let found = super::finding(&public(), &text, PolicyKind::Resource, &Known::default());
        assert_eq!(found.counterexample.principal, expected, "{principal}");
        assert_eq!(
            found.counterexample.resource, "arn:aws:s3:::example-bucket/example-object",
            "{principal}"
        );
    }
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

/// A bucket or other policy under a resource type.
fn of_type(resource_type: &str, kind: PolicyKind, rows: &[(&str, &str)]) {
    let known = Known {
        resource_type: Some(resource_type),
        ..Known::default()
    };
    check_rows(&public(), kind, &known, rows);
}

#[test]
fn what_a_service_does_not_send_fixes_nothing() {
    let point = r#""ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:123456789012:accesspoint/*"}"#;
    let one_point =
        r#""ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:eu-west-1:123456789012:accesspoint/a"}"#;
    let caller = r#""StringEquals":{"kms:CallerAccount":"123456789012"}"#;
    let mounted = r#""Bool":{"elasticfilesystem:AccessedViaMountTarget":"true"}"#;
    let not_mounted = r#""Bool":{"elasticfilesystem:AccessedViaMountTarget":"false"}"#;
    let source = r#""StringEquals":{"aws:SourceAccount":"123456789012"}"#;
    for (resource_type, condition, expected) in [
        ("AWS::S3::Bucket", point, "PASS"),
        ("AWS::S3::Bucket", one_point, "PASS"),
        ("AWS::S3::AccessPoint", point, "FAIL"),
        ("AWS::S3::AccessPoint", one_point, "PASS"),
        ("AWS::S3Outposts::AccessPoint", point, "FAIL"),
        ("AWS::S3Express::AccessPoint", point, "FAIL"),
        ("AWS::SQS::Queue", point, "FAIL"),
        ("AWS::KMS::Key", caller, "PASS"),
        ("AWS::S3::Bucket", caller, "FAIL"),
        ("AWS::EFS::FileSystem", mounted, "PASS"),
        ("AWS::EFS::FileSystem", not_mounted, "FAIL"),
        ("AWS::S3::Bucket", mounted, "FAIL"),
        ("AWS::DynamoDB::Table", source, "PASS"),
        ("AWS::DynamoDB::Stream", source, "PASS"),
        ("AWS::OpenSearchService::Domain", source, "PASS"),
        ("AWS::Kinesis::Stream", source, "PASS"),
        ("AWS::Kinesis::StreamConsumer", source, "PASS"),
        ("AWS::Lambda::Function", source, "PASS"),
        ("AWS::S3Express::DirectoryBucket", source, "PASS"),
        ("AWS::S3::Glacier", source, "PASS"),
        ("AWS::S3Outposts::Bucket", source, "PASS"),
        ("AWS::SecretsManager::Secret", source, "PASS"),
        ("AWS::SNS::Topic", source, "PASS"),
        ("AWS::S3Tables::TableBucket", source, "PASS"),
        ("AWS::S3Tables::Table", source, "PASS"),
        ("AWS::ApiGateway::RestApi", source, "PASS"),
        ("AWS::CodeArtifact::Domain", source, "PASS"),
        ("AWS::Backup::BackupVault", source, "PASS"),
        ("AWS::CloudTrail::Dashboard", source, "PASS"),
        ("AWS::CloudTrail::EventDataStore", source, "PASS"),
    ] {
        let text = conditional(condition);
        of_type(resource_type, PolicyKind::Resource, &[(&text, expected)]);
        of_type(resource_type, PolicyKind::Resource, &[(&conditional(""), "FAIL")]);
    }
    // Without a resource type, its own words tell an access point.
    let text = format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:eu-west-1:123456789012:accesspoint/a/object/*","Condition":{{{point}}}}}"#
    );
    check(
        &public(),
        PolicyKind::Resource,
        &[(&text, "FAIL"), (&conditional(point), "PASS")],
    );
}

#[test]
fn addresses_that_nobody_comes_from_do_not_count() {
    for (ranges, expected) in [
        (
            r#"["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16","203.0.113.0/24"]"#,
            "PASS",
        ),
        (r#"["10.0.0.0/8","11.0.0.0/8"]"#, "PASS"),
        (r#"["11.0.0.0/8","13.0.0.0/8"]"#, "FAIL"),
        (r#""8.0.0.0/6""#, "FAIL"),
        (r#"["2001:db8::/33","2001:db8:8000::/33"]"#, "PASS"),
        (r#"["2001:db8::/32","2001:db9::/32"]"#, "FAIL"),
    ] {
        let text = conditional(&format!(r#""IpAddress":{{"aws:SourceIp":{ranges}}}"#));
        check(&public(), PolicyKind::Resource, &[(&text, expected)]);
    }
}

#[test]
fn case_does_not_make_an_anchor_free() {
    for (condition, expected) in [
        (r#""StringEqualsIgnoreCase":{"aws:PrincipalOrgID":"O-A"}"#, "PASS"),
        (
            r#""StringNotEqualsIgnoreCase":{"aws:PrincipalOrgID":"o-a"}"#,
            "FAIL",
        ),
    ] {
        check(
            &public(),
            PolicyKind::Resource,
            &[(&conditional(condition), expected)],
        );
    }
}

#[test]
fn services_come_in_by_name_or_as_everybody() {
    let read = r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*""#;
    let all = format!(r#"{{"Effect":"Allow","Principal":"*",{read}}}"#);
    let deny = |condition: &str| {
        format!(r#"{all},{{"Effect":"Deny","Principal":"*",{read},"Condition":{{{condition}}}}}"#)
    };
    for (text, expected) in [
        // Only services are let in, and they act for anybody.
        (deny(r#""Bool":{"aws:PrincipalIsAWSService":"false"}"#), "FAIL"),
        (
            deny(r#""StringNotEquals":{"aws:SourceAccount":"123456789012"}"#),
            "PASS",
        ),
        (
            deny(r#""StringNotEqualsIfExists":{"aws:SourceAccount":"123456789012"}"#),
            "PASS",
        ),
        (
            deny(r#""StringNotEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}"#),
            "PASS",
        ),
    ] {
        check(&public(), PolicyKind::Resource, &[(&text, expected)]);
    }
}

#[test]
fn a_deputy_is_tied_to_the_zone() {
    let Check::NoExternalAccess { trust } = external() else {
        panic!("external access")
    };
    let deputy = Check::NoExternalAccess {
        trust: Trust {
            service_principals: ServicePrincipals::ConfusedDeputy,
            ..trust
        },
    };
    let service = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"*","Condition":{{{condition}}}}}"#
        )
    };
    for (condition, expected) in [
        (r#""StringEquals":{"aws:SourceOrgID":"o-ours"}"#, "PASS"),
        (r#""StringEquals":{"aws:SourceOrgID":"o-other"}"#, "FAIL"),
        (
            r#""ForAnyValue:StringLike":{"aws:SourceOrgPaths":"o-ours/*"}"#,
            "PASS",
        ),
        (
            r#""StringEqualsIfExists":{"aws:SourceAccount":"123456789012"}"#,
            "FAIL",
        ),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:topic"}"#, "FAIL"),
        (r#""StringLike":{"aws:SourceAccount":"1234*"}"#, "FAIL"),
    ] {
        let text = service(condition);
        check(&deputy, PolicyKind::Resource, &[(&text, expected)]);
        check(&external(), PolicyKind::Resource, &[(&text, "PASS")]);
    }
}
