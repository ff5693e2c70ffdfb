//! Grants of services other than S3 and Lambda: whom they let in, and to what.

use super::check;
use super::permissions::{allows, seen};

pub(super) const FOREIGN: &str = "arn:aws:iam::444455556666:role/r";
const IMAGE: &str = "ec2:runinstances,ec2:createfleet,ec2:modifyfleet,ec2:requestspotfleet,ec2:requestspotinstances,ec2:createreplacerootvolumetask,ec2:copyimage,ec2:createstoreimagetask,ec2:cancelimagelaunchpermission on arn:aws:ec2:eu-west-1::image/ami-1";
const ORGANIZATION: &str = "arn:aws:organizations::444455556666:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::444455556666:ou/o-abcdefghij/ou-ab12-abcdefgh";

/// That an attribute is set by an expression.
pub(super) fn set(resource_type: &str, attribute: &str) -> String {
    format!(
        r#""resources": [{{"type": "{resource_type}", "name": "a", "expressions": {{"{attribute}": {{"references": ["var.x"]}}}}}}]"#
    )
}

pub(super) fn no(resource_type: &str, attribute: &str) -> String {
    format!("{resource_type}.a: unexpected `{attribute}` is missing or is not what a permission takes")
}

/// An attribute that is known after apply, in a resource that has all others.
pub(super) fn unknown(resource_type: &str, rest: &str, attribute: &str) {
    let resource = format!(r#"{resource_type}.a create after={{{rest}}} unknown={{"{attribute}": true}}"#);
    let gap = format!("{resource_type}.a: unknown var.x");
    allows(&resource, &set(resource_type, attribute), &[&gap]);
}

/// Whoever is let in is known after apply: anybody or nobody.
pub(super) fn whoever(resource_type: &str, rest: &str, attribute: &str) {
    let resource = format!(r#"{resource_type}.a create after={{{rest}}} unknown={{"{attribute}": true}}"#);
    let start = format!("AWS {{{{hole:{resource_type}.a.{attribute}");
    let seen = seen(&resource, &set(resource_type, attribute));
    assert!(
        !seen.is_empty() && seen.iter().all(|line| line.starts_with(&start)),
        "{seen:?}"
    );
}

#[test]
fn endpoint_services() {
    let service = |principals: &str, more: &str| {
        format!(
            r#"aws_vpc_endpoint_service.a create after={{"allowed_principals": {principals}{more}}} unknown={{"id": true}}"#
        )
    };
    let on = "may ec2:createvpcendpoint on arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint-service/{{hole:aws_vpc_endpoint_service.a.id}}";
    allows(&service("[]", ""), "", &[]);
    allows(&service("null", ""), "", &[]);
    allows(&service(r#"["*"]"#, ""), "", &[&format!("* {on}")]);
    allows(
        &service(&format!(r#"["{FOREIGN}", "arn:aws:iam::444455556666:root"]"#), ""),
        "",
        &[&format!("AWS {FOREIGN} {on}"), &format!("AWS 444455556666 {on}")],
    );
    // A resource may be in another region than the provider.
    allows(
        r#"aws_vpc_endpoint_service_allowed_principal.a create after={"principal_arn": "*", "vpc_endpoint_service_id": "vpce-svc-1", "region": "us-east-1"}"#,
        "",
        &[
            "* may ec2:createvpcendpoint on arn:aws:ec2:us-east-1:111122223333:vpc-endpoint-service/vpce-svc-1",
        ],
    );
    allows(
        r#"awscc_ec2_vpc_endpoint_service_permissions.a create after={"allowed_principals": ["arn:aws:iam::111122223333:user/u"], "service_id": "vpce-svc-1"}"#,
        "",
        &[
            "AWS arn:aws:iam::111122223333:user/u may ec2:createvpcendpoint on arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint-service/vpce-svc-1",
        ],
    );
    for odd in [
        "arn:aws:iam::444455556666:*",
        "arn:aws:iam::444455556666:role/*",
        "someone",
        "",
    ] {
        let gap = no("aws_vpc_endpoint_service", "allowed_principals");
        allows(&service(&format!(r#"["{odd}"]"#), ""), "", &[&gap]);
    }
    whoever(
        "aws_vpc_endpoint_service",
        r#""id": "vpce-svc-1""#,
        "allowed_principals",
    );
    whoever(
        "aws_vpc_endpoint_service_allowed_principal",
        r#""vpc_endpoint_service_id": "s""#,
        "principal_arn",
    );
    whoever(
        "awscc_ec2_vpc_endpoint_service_permissions",
        r#""service_id": "s""#,
        "allowed_principals",
    );
    // One of several that is not known may be anybody.
    let on = "may ec2:createvpcendpoint on arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint-service/s";
    allows(
        r#"aws_vpc_endpoint_service.a create after={"id": "s", "allowed_principals": ["arn:aws:iam::111122223333:root", null]} unknown={"allowed_principals": [false, true]}"#,
        &set("aws_vpc_endpoint_service", "allowed_principals"),
        &[
            &format!("AWS 111122223333 {on}"),
            &format!("AWS {{{{hole:aws_vpc_endpoint_service.a.allowed_principals}}}} {on}"),
        ],
    );
}

#[test]
fn images_and_snapshots() {
    let image =
        |who: &str| format!(r#"aws_ami_launch_permission.a create after={{"image_id": "ami-1", {who}}}"#);
    allows(
        &image(r#""group": "all", "account_id": """#),
        "",
        &[&format!("* may {IMAGE}")],
    );
    allows(
        &image(r#""account_id": "444455556666", "group": null"#),
        "",
        &[&format!("AWS 444455556666 may {IMAGE}")],
    );
    allows(
        &image(&format!(r#""organization_arn": "{ORGANIZATION}""#)),
        "",
        &[&format!(
            "AWS * may {IMAGE} if StringEquals aws:PrincipalOrgID o-abcdefghij"
        )],
    );
    allows(
        &image(&format!(r#""organizational_unit_arn": "{UNIT}""#)),
        "",
        &[&format!(
            "AWS * may {IMAGE} if StringEquals aws:PrincipalOrgID o-abcdefghij if ForAnyValue:StringLike aws:PrincipalOrgPaths o-abcdefghij/*/ou-ab12-abcdefgh/*"
        )],
    );
    for (name, odd) in [
        ("group", "some"),
        ("account_id", "all"),
        ("account_id", "*"),
        (
            "organization_arn",
            "arn:aws:organizations::444455556666:organization/*",
        ),
        (
            "organizational_unit_arn",
            "arn:aws:organizations::444455556666:ou/o-abcdefghij/*",
        ),
    ] {
        let gap = no("aws_ami_launch_permission", name);
        allows(&image(&format!(r#""{name}": "{odd}""#)), "", &[&gap]);
    }
    for name in [
        "account_id",
        "group",
        "organization_arn",
        "organizational_unit_arn",
    ] {
        whoever("aws_ami_launch_permission", r#""image_id": "ami-1""#, name);
    }
    allows(
        r#"aws_ami_launch_permission.a create after={"group": "all"} unknown={"image_id": true}"#,
        &set("aws_ami_launch_permission", "image_id"),
        &[&format!("* may {IMAGE}").replace("ami-1", "{{hole:aws_ami_launch_permission.a.image_id}}")],
    );
    let snapshot = r#"aws_snapshot_create_volume_permission.a create after={"snapshot_id": "snap-1", "account_id": "444455556666"}"#;
    allows(
        snapshot,
        "",
        &[
            "AWS 444455556666 may ec2:createvolume,ec2:copysnapshot,ec2:copyimage,ec2:registerimage,ec2:runinstances,ec2:requestspotfleet,ec2:requestspotinstances,ec2:createreplacerootvolumetask,ec2:enablefastsnapshotrestores,ebs:getsnapshotblock,ebs:listsnapshotblocks,ebs:listchangedblocks on arn:aws:ec2:eu-west-1::snapshot/snap-1",
        ],
    );
    whoever(
        "aws_snapshot_create_volume_permission",
        r#""snapshot_id": "s""#,
        "account_id",
    );
}

/// What the permissions of a share allow is in no table: whom they let in is.
#[test]
fn shares() {
    let share = "arn:aws:ram:eu-west-1:111122223333:resource-share/s";
    let association = |principal: &str| {
        format!(
            r#"aws_ram_principal_association.a create after={{"principal": "{principal}", "resource_share_arn": "{share}"}}"#
        )
    };
    let open = "{{hole:aws_ram_principal_association.a.actions}} on {{hole:aws_ram_principal_association.a.resources}}";
    let lets_in = |who: &str, condition: &str| {
        [
            format!("{who} may ram:getresourceshares on {share}{condition}"),
            format!("{who} may {open}{condition}"),
        ]
    };
    let [sees, gets] = lets_in("AWS 444455556666", "");
    allows(&association("444455556666"), "", &[&sees, &gets]);
    let [sees, gets] = lets_in("AWS *", " if StringEquals aws:PrincipalOrgID o-abcdefghij");
    allows(&association(ORGANIZATION), "", &[&sees, &gets]);
    whoever(
        "aws_ram_principal_association",
        &format!(r#""resource_share_arn": "{share}""#),
        "principal",
    );
    let whole = |principals: &str| {
        format!(r#"awscc_ram_resource_share.a create after={{"principals": {principals}, "name": "s"}}"#)
    };
    allows(&whole("[]"), "", &[]);
    allows(&whole("null"), "", &[]);
    allows(
        &whole(&format!(r#"["{FOREIGN}"]"#)),
        "",
        &[
            &format!(
                "AWS {FOREIGN} may ram:getresourceshares on arn:aws:ram:eu-west-1:111122223333:resource-share/{{{{hole:awscc_ram_resource_share.a.arn}}}}"
            ),
            &format!(
                "AWS {FOREIGN} may {}",
                open.replace("aws_ram_principal_association", "awscc_ram_resource_share")
            ),
        ],
    );
    whoever("awscc_ram_resource_share", r#""name": "s""#, "principals");
}

/// What a share shares and what its permissions allow let nobody in, but change what is let.
#[test]
fn changes_to_shares() {
    let share = |actions: &str, before: &str, after: &str, unknown: &str| {
        format!("aws_ram_resource_share.a {actions} before={before} after={after} unknown={unknown}")
    };
    let (one, two) = (r#"{"permission_arns": ["p"]}"#, r#"{"permission_arns": ["q"]}"#);
    check(&[&share("create", "null", one, "{}")], "", &[]);
    check(&[&share("no-op", one, one, "{}")], "", &[]);
    let changed = "change aws_ram_resource_share.a: the permissions of a share change []";
    check(&[&share("update", one, two, "{}")], "", &[changed]);
    check(&[&share("update", one, "{}", "{}")], "", &[changed]);
    let unknown = r#"{"permission_arns": true}"#;
    check(&[&share("update", one, "{}", unknown)], "", &[changed]);
    let template = |actions: &str, before: &str| {
        format!(r#"awscc_ram_permission.a {actions} before={before} after={{"policy_template": "{{}}"}}"#)
    };
    check(&[&template("create", "null")], "", &[]);
    check(
        &[&template("update", r#"{"policy_template": "[]"}"#)],
        "",
        &["change awscc_ram_permission.a: what a permission of shares allows changes []"],
    );
    let added = "change aws_ram_resource_association.a: a resource is added to a share []";
    let known = r#"{"resource_arn": "r", "resource_share_arn": "s"}"#;
    let association = |actions: &str, before: &str, after: &str, unknown: &str| {
        format!("aws_ram_resource_association.a {actions} before={before} after={after} unknown={unknown}")
    };
    check(&[&association("create", "null", known, "{}")], "", &[added]);
    check(&[&association("no-op", known, known, "{}")], "", &[]);
    check(&[&association("delete", known, "null", "{}")], "", &[]);
    let other = known.replace("\"r\"", "\"q\"");
    check(
        &[&association("delete+create", &other, known, "{}")],
        "",
        &[added],
    );
    // Whoever is let in by a new share is new.
    let refers = |to: &str| {
        format!(
            r#""resources": [{{"type": "aws_ram_resource_association", "name": "a", "expressions": {{"resource_share_arn": {{"references": ["{to}"]}}}}}}]"#
        )
    };
    let of_new = association(
        "create",
        "null",
        r#"{"resource_arn": "r"}"#,
        r#"{"resource_share_arn": true}"#,
    );
    check(&[&of_new], &refers("aws_ram_resource_share.s.arn"), &[]);
    check(&[&of_new], &refers("var.x"), &[added]);
}

/// What a statement that goes took from the others is not compared.
#[test]
fn statements_that_deny_and_go() {
    let bus = |effect: &str| {
        format!(
            r#"{{"event_bus_name": "b", "statement": "{{\"Effect\": \"{effect}\", \"Principal\": \"*\", \"Action\": \"events:PutEvents\", \"Resource\": \"*\"}}"}}"#
        )
    };
    let entity = |effect: &str| {
        format!(
            r#"{{"arn": "a", "effect": "{effect}", "action": ["entityresolution:UseWorkflow"], "principal": ["*"]}}"#
        )
    };
    let odd = r#"{"statement": "odd", "effect": "Odd"}"#;
    for (resource_type, allow, deny) in [
        ("awscc_events_event_bus_policy", bus("Allow"), bus("Deny")),
        (
            "awscc_entityresolution_policy_statement",
            entity("Allow"),
            entity("Deny"),
        ),
    ] {
        let change = format!("change {resource_type}.a: a statement that may deny is removed or changed []");
        let policy = |before: &str| format!("synthesised {resource_type}.a: grant 1 statements, {before}");
        let resource = |actions: &str, before: &str, after: &str| {
            format!("{resource_type}.a {actions} before={before} after={after}")
        };
        check(&[&resource("delete", &allow, "null")], "", &[]);
        check(&[&resource("delete", &deny, "null")], "", &[&change]);
        check(&[&resource("delete", odd, "null")], "", &[&change]);
        check(&[&resource("forget", &deny, "null")], "", &[]);
        check(&[&resource("no-op", &deny, &deny)], "", &[&policy("same")]);
        check(
            &[&resource("update", &deny, &allow)],
            "",
            &[&policy("other"), &change],
        );
        check(&[&resource("update", &allow, &deny)], "", &[&policy("other")]);
    }
}

#[test]
fn signing_and_profiling() {
    for resource_type in [
        "aws_signer_signing_profile_permission",
        "awscc_signer_profile_permission",
    ] {
        let permission = |more: &str| {
            format!(
                r#"{resource_type}.a create after={{"profile_name": "p", "action": "signer:StartSigningJob", "statement_id": "S"{more}}}"#
            )
        };
        let on = "may signer:startsigningjob on arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p,arn:aws:signer:eu-west-1:111122223333:/signing-jobs/*";
        allows(
            &permission(r#", "principal": "444455556666""#),
            "",
            &[&format!("S: AWS 444455556666 {on}")],
        );
        allows(
            &permission(
                r#", "principal": "arn:aws:iam::111122223333:role/r", "profile_version": "abcdefghij""#,
            ),
            "",
            &[&format!(
                "S: AWS arn:aws:iam::111122223333:role/r {on} if StringEquals signer:ProfileVersion abcdefghij"
            )],
        );
        whoever(
            resource_type,
            r#""profile_name": "p", "action": "signer:StartSigningJob""#,
            "principal",
        );
        unknown(
            resource_type,
            r#""profile_name": "p", "principal": "444455556666""#,
            "action",
        );
    }
    let group = |principals: &str| {
        format!(
            r#"awscc_codeguruprofiler_profiling_group.a create after={{"profiling_group_name": "g", "agent_permissions": {{"principals": {principals}}}}}"#
        )
    };
    allows(&group("[]"), "", &[]);
    allows(
        r#"awscc_codeguruprofiler_profiling_group.a create after={"profiling_group_name": "g"}"#,
        "",
        &[],
    );
    allows(
        &group(&format!(r#"["{FOREIGN}", "arn:aws:iam::111122223333:user/u"]"#)),
        "",
        &[&format!(
            "AWS {FOREIGN},AWS arn:aws:iam::111122223333:user/u may codeguru-profiler:configureagent,codeguru-profiler:postagentprofile on arn:aws:codeguru-profiler:eu-west-1:111122223333:profilingGroup/g"
        )],
    );
    whoever(
        "awscc_codeguruprofiler_profiling_group",
        r#""profiling_group_name": "g""#,
        "agent_permissions",
    );
}

#[test]
fn statements_of_other_services() {
    let arn = "arn:aws:entityresolution:eu-west-1:111122223333:idnamespace/n";
    let entity = |effect: &str, principal: &str, more: &str| {
        format!(
            r#"awscc_entityresolution_policy_statement.a create after={{"arn": "{arn}", "statement_id": "S", "effect": "{effect}", "action": ["entityresolution:UseIdNamespace"], "principal": ["{principal}"]{more}}}"#
        )
    };
    let on = format!("may entityresolution:useidnamespace on {arn}");
    allows(
        &entity("Allow", "444455556666", ""),
        "",
        &[&format!("S: AWS 444455556666 {on}")],
    );
    allows(&entity("Allow", "*", ""), "", &[&format!("S: * {on}")]);
    allows(
        &entity(
            "Allow",
            "entityresolution.amazonaws.com",
            r#", "condition": "{\"StringEquals\": {\"aws:SourceAccount\": \"111122223333\"}}""#,
        ),
        "",
        &[&format!(
            "S: Service entityresolution.amazonaws.com {on} if StringEquals aws:SourceAccount 111122223333"
        )],
    );
    let named = "awscc_entityresolution_policy_statement";
    allows(&entity("Maybe", "*", ""), "", &[&no(named, "effect")]);
    allows(
        &entity("Allow", "*", r#", "condition": "[]""#),
        "",
        &[&no(named, "condition")],
    );
    whoever(
        named,
        r#""arn": "a", "effect": "Allow", "action": ["entityresolution:UseIdNamespace"]"#,
        "principal",
    );
    unknown(
        named,
        r#""arn": "a", "effect": "Allow", "action": ["entityresolution:UseIdNamespace"], "principal": ["*"]"#,
        "condition",
    );
    let application = |principal: &str, more: &str| {
        format!(
            r#"awscc_qbusiness_permission.a create after={{"application_id": "i", "actions": ["qbusiness:SearchRelevantContent"], "principal": "{principal}", "statement_id": "S"{more}}}"#
        )
    };
    let on = "may qbusiness:searchrelevantcontent on arn:aws:qbusiness:eu-west-1:111122223333:application/i,arn:aws:qbusiness:eu-west-1:111122223333:application/i/*";
    allows(
        &application(FOREIGN, ""),
        "",
        &[&format!("S: AWS {FOREIGN} {on}")],
    );
    allows(
        &application(
            FOREIGN,
            r#", "conditions": [{"condition_operator": "StringEquals", "condition_key": "aws:PrincipalTag/t", "condition_values": ["v"]}]"#,
        ),
        "",
        &[&format!(
            "S: AWS {FOREIGN} {on} if StringEquals aws:PrincipalTag/t v"
        )],
    );
    whoever(
        "awscc_qbusiness_permission",
        r#""application_id": "i", "actions": ["qbusiness:Chat"]"#,
        "principal",
    );
    unknown(
        "awscc_qbusiness_permission",
        r#""application_id": "i", "actions": ["qbusiness:Chat"], "principal": "444455556666""#,
        "conditions",
    );
    let license = |who: &str, operation: &str| {
        format!(
            r#"awscc_licensemanager_grant.a create after={{"principals": ["{who}"], "license_arn": "arn:aws:license-manager::111122223333:license:l", "allowed_operations": ["{operation}"]}}"#
        )
    };
    allows(
        &license("arn:aws:iam::444455556666:root", "ExtendConsumptionLicense"),
        "",
        &[
            "AWS 444455556666 may license-manager:extendlicenseconsumption on arn:aws:license-manager::111122223333:license:l",
        ],
    );
    allows(
        &license(ORGANIZATION, "CheckInLicense"),
        "",
        &[
            "AWS * may license-manager:checkinlicense on arn:aws:license-manager::111122223333:license:l if StringEquals aws:PrincipalOrgID o-abcdefghij",
        ],
    );
    let odd = no("awscc_licensemanager_grant", "allowed_operations");
    allows(&license("444455556666", "Surprise"), "", &[&odd]);
    whoever(
        "awscc_licensemanager_grant",
        r#""license_arn": "l", "allowed_operations": ["CreateToken"]"#,
        "principals",
    );
    unknown(
        "awscc_licensemanager_grant",
        r#""license_arn": "l", "principals": ["444455556666"]"#,
        "allowed_operations",
    );
}
