//! Every row of the table of policy locations, in the smallest plan that has it: a row that is read yields one policy of its
//! kind, one that is not yet read a gap, and one that is no policy nothing. What is expected is told by the kind of the row
//! and the lists here, not by what the extraction decides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::extract_plan;
use crate::extract::tables::{Row, RowKind, terraform_rows};
use crate::extract::{Extraction, GapReason, PolicyKind, one_by_one};
use crate::source::FileId;

/// What is expected of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// One policy.
    Policy(PolicyKind),
    /// One gap.
    Gap,
    /// Neither.
    Nothing,
}

/// Rows that may give access and are not read, each with the reason: undecided wherever they are there. A new row is
/// added here, or read.
const UNREAD: [(&str, &str, &str); 4] = [
    (
        "aws_ssoadmin_customer_managed_policy_attachment",
        "customer_managed_policy_reference.name",
        "read where the plan has a policy of that name and path, else no account's policy of that name is there",
    ),
    (
        "awscc_sso_permission_set",
        "customer_managed_policy_references[].name",
        "the same",
    ),
    (
        "awscc_lambda_url",
        "auth_type",
        "lets in whom a permission of its function does, which may be anywhere unless the function is new",
    ),
    (
        "awscc_cloudformation_stack",
        "template_url",
        "the template is not in the plan",
    ),
];

/// Rows that name whoever is let in: anybody or nobody while that is not known, with all else that the resource needs.
const WHOEVER: [(&str, &str, &str); 4] = [
    ("aws_vpc_endpoint_service", "allowed_principals", "{}"),
    (
        "aws_vpc_endpoint_service_allowed_principal",
        "principal_arn",
        r#"{"vpc_endpoint_service_id": "s"}"#,
    ),
    (
        "awscc_ec2_vpc_endpoint_service_permissions",
        "allowed_principals",
        r#"{"service_id": "s"}"#,
    ),
    ("awscc_ram_resource_share", "principals", "{}"),
];

/// Rows that hold a template, which is read.
const TEMPLATES: [(&str, &str); 4] = [
    ("aws_cloudformation_stack", "template_body"),
    ("aws_cloudformation_stack_set", "template_body"),
    ("aws_cloudcontrolapi_resource", "desired_state"),
    ("awscc_cloudformation_stack_set", "template_body"),
];

/// Rows that let nobody in by themselves: only a change to them is undecided.
const NOBODY: [(&str, &str); 3] = [
    ("aws_ram_resource_association", "resource_arn"),
    ("aws_ram_resource_share", "permission_arns"),
    ("awscc_ram_permission", "policy_template"),
];

/// Types whose statements are made from attributes: what these must be.
fn synthesised() -> BTreeMap<(&'static str, &'static str), Value> {
    let function = json!({"function_name": "f", "action": "lambda:InvokeFunction", "principal": "*"});
    let authority = json!({"certificate_authority_arn": "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/c",
        "actions": ["IssueCertificate"], "principal": "acm.amazonaws.com"});
    let grants = json!([{"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}]);
    let object = json!({"bucket": "b", "key": "k", "acl": "public-read"});
    let role = "arn:aws:iam::111122223333:role/r";
    let sign = json!({"profile_name": "p", "principal": "111122223333", "action": "signer:StartSigningJob"});
    let grantee = json!({"grantee_type": "IAM", "grantee_identifier": role});
    let lake = json!({"data_lake_principal_identifier": role});
    BTreeMap::from([
        (
            ("aws_vpc_endpoint_service", "allowed_principals"),
            json!({"allowed_principals": ["*"]}),
        ),
        (
            ("aws_vpc_endpoint_service_allowed_principal", "principal_arn"),
            json!({"principal_arn": role, "vpc_endpoint_service_id": "vpce-svc-1"}),
        ),
        (
            ("awscc_ec2_vpc_endpoint_service_permissions", "allowed_principals"),
            json!({"allowed_principals": [role], "service_id": "vpce-svc-1"}),
        ),
        (
            ("aws_ami_launch_permission", "-"),
            json!({"image_id": "ami-1", "group": "all"}),
        ),
        (
            ("aws_snapshot_create_volume_permission", "-"),
            json!({"snapshot_id": "snap-1", "account_id": "111122223333"}),
        ),
        (
            ("aws_ram_principal_association", "-"),
            json!({"principal": "111122223333", "resource_share_arn": "arn:aws:ram:eu-west-1:111122223333:resource-share/s"}),
        ),
        (
            ("awscc_ram_resource_share", "principals"),
            json!({"principals": ["111122223333"]}),
        ),
        (("aws_signer_signing_profile_permission", "-"), sign.clone()),
        (("awscc_signer_profile_permission", "-"), sign),
        (
            (
                "awscc_codeguruprofiler_profiling_group",
                "agent_permissions.principals",
            ),
            json!({"profiling_group_name": "g", "agent_permissions": {"principals": [role]}}),
        ),
        (
            ("awscc_entityresolution_policy_statement", "-"),
            json!({"arn": "arn:aws:entityresolution:eu-west-1:111122223333:idnamespace/n", "effect": "Allow",
                "action": ["entityresolution:UseIdNamespace"], "principal": ["111122223333"]}),
        ),
        (
            ("awscc_qbusiness_permission", "-"),
            json!({"application_id": "a", "actions": ["qbusiness:Chat"], "principal": role}),
        ),
        (
            ("awscc_licensemanager_grant", "principals"),
            json!({"principals": ["arn:aws:iam::111122223333:root"], "license_arn": "arn:aws:license-manager::111122223333:license:l",
                "allowed_operations": ["CheckoutLicense"]}),
        ),
        (
            ("awscc_s3_bucket", "access_control"),
            json!({"access_control": "PublicRead"}),
        ),
        (
            ("aws_eks_access_policy_association", "policy_arn"),
            json!({"cluster_name": "c", "principal_arn": role, "policy_arn": "arn:aws:eks::aws:cluster-access-policy/p"}),
        ),
        (
            ("awscc_eks_access_entry", "access_policies[].policy_arn"),
            json!({"cluster_name": "c", "principal_arn": role,
                "access_policies": [{"policy_arn": "arn:aws:eks::aws:cluster-access-policy/p"}]}),
        ),
        (
            ("aws_lakeformation_permissions", "-"),
            json!({"principal": role, "permissions": ["SELECT"]}),
        ),
        (
            ("awscc_lakeformation_permissions", "-"),
            json!({"data_lake_principal": lake.clone(), "permissions": ["SELECT"]}),
        ),
        (
            ("awscc_lakeformation_principal_permissions", "-"),
            json!({"principal": lake, "permissions": ["SELECT"], "permissions_with_grant_option": []}),
        ),
        (
            ("aws_s3control_access_grant", "-"),
            json!({"permission": "READ", "grantee": [grantee.clone()]}),
        ),
        (
            ("awscc_s3_access_grant", "grantee.grantee_identifier"),
            json!({"permission": "READ", "grantee": grantee}),
        ),
        (("aws_lambda_permission", "-"), function.clone()),
        (("awscc_lambda_permission", "-"), function),
        (
            ("aws_lambda_layer_version_permission", "-"),
            json!({"layer_name": "l", "version_number": 1, "principal": "*", "action": "lambda:GetLayerVersion"}),
        ),
        (
            ("awscc_lambda_layer_version_permission", "-"),
            json!({"layer_version_arn": "arn:aws:lambda:eu-west-1:111122223333:layer:l:1", "principal": "*", "action": "lambda:GetLayerVersion"}),
        ),
        (
            ("aws_cloudwatch_event_permission", "-"),
            json!({"principal": "111122223333", "statement_id": "S"}),
        ),
        (
            ("awscc_events_event_bus_policy", "statement"),
            json!({"statement": json!({"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}).to_string()}),
        ),
        (("aws_acmpca_permission", "-"), authority.clone()),
        (("awscc_acmpca_permission", "-"), authority),
        (
            ("aws_kms_grant", "-"),
            json!({"key_id": "k", "grantee_principal": "arn:aws:iam::111122223333:role/r", "operations": ["Decrypt"]}),
        ),
        (
            ("aws_lambda_function_url", "authorization_type"),
            json!({"function_name": "f", "authorization_type": "NONE"}),
        ),
        (
            ("aws_s3_bucket_acl", "-"),
            json!({"bucket": "b", "acl": "public-read"}),
        ),
        (
            ("aws_s3_bucket", "acl"),
            json!({"bucket": "b", "acl": "public-read"}),
        ),
        (
            ("aws_s3_bucket", "grant"),
            json!({"bucket": "b", "grant": grants}),
        ),
        (("aws_s3_object", "acl"), object.clone()),
        (("aws_s3_bucket_object", "acl"), object.clone()),
        (("aws_s3_object_copy", "acl"), object),
        (
            ("aws_s3_object_copy", "grant"),
            json!({"bucket": "b", "key": "k", "grant": grants}),
        ),
    ])
}

fn expected(row: &Row) -> Expected {
    let key = (row.resource_type, row.path);
    if UNREAD.iter().any(|unread| (unread.0, unread.1) == key) {
        return Expected::Gap;
    }
    if NOBODY.contains(&key) {
        return Expected::Nothing;
    }
    if TEMPLATES.contains(&key) {
        return Expected::Policy(PolicyKind::Resource);
    }
    if synthesised().contains_key(&key) {
        return Expected::Policy(PolicyKind::Grant);
    }
    let is_list_of_names = matches!(row.path, "roles" | "users" | "groups");
    Expected::Policy(match row.kind {
        RowKind::IdentityManaged | RowKind::IdentityInline | RowKind::IdentityIot | RowKind::SsoInline => {
            PolicyKind::Identity
        }
        RowKind::AttachManaged if !is_list_of_names => PolicyKind::Identity,
        RowKind::AttachExclusive if row.path == "policy_arns" => PolicyKind::Identity,
        RowKind::SsoAttach => PolicyKind::Identity,
        RowKind::Trust => PolicyKind::Trust,
        RowKind::Resource if row.resource_type.contains("vpc_endpoint") => PolicyKind::Endpoint,
        RowKind::Resource | RowKind::OrgResource => PolicyKind::Resource,
        RowKind::Session => PolicyKind::Session,
        RowKind::ScpRcp => PolicyKind::Scp,
        _ => return Expected::Nothing,
    })
}

const ARN: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// A value that such a row holds.
fn value(row: &Row, expected: Expected) -> Value {
    let last = row.path.rsplit('.').next().unwrap_or_default();
    let statement = |more: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject"});
        let members = statement.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    match expected {
        Expected::Policy(_) if last.ends_with("arns") || last == "managed_policies" => json!([ARN]),
        Expected::Policy(_) if last.ends_with("arn") => json!(ARN),
        Expected::Policy(PolicyKind::Resource) if last == "body" => {
            let policy: Value =
                serde_json::from_str(&statement(json!({"Principal": "*", "Resource": "*"}))).unwrap();
            json!(json!({"openapi": "3.0.1", "x-amazon-apigateway-policy": policy}).to_string())
        }
        Expected::Policy(PolicyKind::Resource) if TEMPLATES.contains(&(row.resource_type, row.path)) => {
            let policy: Value =
                serde_json::from_str(&statement(json!({"Principal": "*", "Resource": "*"}))).unwrap();
            let properties = json!({"Bucket": "b", "PolicyDocument": policy});
            let resource = json!({"Type": "AWS::S3::BucketPolicy", "Properties": properties});
            match last {
                "desired_state" => json!(properties.to_string()),
                _ => json!(json!({"Resources": {"P": resource}}).to_string()),
            }
        }
        Expected::Policy(PolicyKind::Resource | PolicyKind::Endpoint) => {
            json!(statement(json!({"Principal": "*", "Resource": "*"})))
        }
        Expected::Policy(PolicyKind::Trust) => {
            json!(statement(
                json!({"Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}})
            ))
        }
        Expected::Policy(_) => json!(statement(json!({"Resource": "*"}))),
        Expected::Gap if last.ends_with('s') => json!(["x"]),
        Expected::Gap => json!("x"),
        // What looks like a policy and is none.
        Expected::Nothing => json!(statement(json!({"Resource": "*"}))),
    }
}

/// An object with a value at a path. Blocks are lists in the one provider and objects in the other.
fn at(row: &Row, value: Value) -> Value {
    if row.path == "-" {
        return json!({});
    }
    let blocks_are_lists = row.resource_type.starts_with("aws_");
    row.path.rsplit('.').fold(value, |inner, segment| {
        let name = segment.trim_end_matches("[]");
        let is_leaf = row.path.ends_with(segment) && !inner.is_object();
        match !is_leaf && (segment.ends_with("[]") || blocks_are_lists) {
            true => json!({name: [inner]}),
            false => json!({name: inner}),
        }
    })
}

fn extracted(row: &Row, after: &Value, unknown: &Value, expressions: &Value) -> Extraction {
    let (resource_type, name) = (row.resource_type, "r");
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": format!("{resource_type}.{name}"), "mode": "managed", "type": resource_type, "name": name,
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
        }],
        "configuration": {"root_module": {"resources": [{
            "address": format!("{resource_type}.{name}"), "mode": "managed", "type": resource_type, "name": name,
            "expressions": expressions,
        }]}},
    });
    extract_plan(&plan.to_string(), FileId(0), &[], None, &one_by_one).unwrap()
}

fn rows() -> impl Iterator<Item = &'static Row> {
    terraform_rows().iter().filter(|row| !row.data_source)
}

/// A role needs a trust policy, whatever else the row is about.
fn is_missing_elsewhere(row: &Row, message: &str) -> bool {
    let needed = rows().find(|other| {
        other.resource_type == row.resource_type
            && other.path != row.path
            && message == format!("required attribute missing: `{}`", other.path)
    });
    needed.is_some()
}

fn kinds(row: &Row, found: &Extraction) -> (Vec<PolicyKind>, usize) {
    let gaps = found.gaps.iter().filter(|gap| match &gap.reason {
        GapReason::UnexpectedShape(message) => !is_missing_elsewhere(row, message),
        _ => true,
    });
    (
        found.policies.iter().map(|policy| policy.kind).collect(),
        gaps.count(),
    )
}

#[test]
fn every_row_is_what_its_kind_says() {
    let made = synthesised();
    let mut counts = BTreeMap::new();
    for row in rows() {
        let expected = expected(row);
        let mut after = match made.get(&(row.resource_type, row.path)) {
            Some(after) => after.clone(),
            None => at(row, value(row, expected)),
        };
        if row.path == "desired_state" {
            after["type_name"] = json!("AWS::S3::BucketPolicy");
        }
        let found = extracted(row, &after, &json!({}), &json!({}));
        let wanted = match expected {
            Expected::Policy(kind) => (vec![kind], 0),
            Expected::Gap => (vec![], 1),
            Expected::Nothing => (vec![], 0),
        };
        assert_eq!(kinds(row, &found), wanted, "{row:?}\n{after}\n{:?}", found.gaps);
        assert!(
            found.policies.iter().all(|policy| policy.document.is_ok()),
            "{row:?} {:?}",
            found.policies
        );
        let count: &mut usize = counts.entry(format!("{expected:?}")).or_default();
        *count += 1;
    }
    // The table is as large as it was, and most of it is read.
    let count = |expected: &str| counts.get(expected).copied().unwrap_or_default();
    assert_eq!(count("Gap"), UNREAD.len());
    assert!(
        count("Policy(Grant)") >= 38 && count("Policy(Resource)") >= 130,
        "{counts:?}"
    );
}

/// What is known only after apply is a gap wherever it is configured.
#[test]
fn every_row_is_undecided_while_it_is_unknown() {
    for row in rows().filter(|row| row.path != "-") {
        let wanted = match (expected(row), row.kind) {
            (Expected::Nothing, _) => 0,
            (Expected::Policy(_) | Expected::Gap, _) => 1,
        };
        let expression = at(row, json!("x")).to_string();
        let expressions = expression.replace("\"x\"", r#"{"references": ["var.x"]}"#);
        let unknown = at(row, json!("x")).to_string().replace("\"x\"", "true");
        let after = at(row, json!("x")).to_string();
        let (name, _) = row.path.split_once(['.', '[']).unwrap_or((row.path, ""));
        let after: Value = match row.path == name {
            true => json!({}),
            false => {
                let mut after: Value = serde_json::from_str(&after).unwrap();
                without_leaf(&mut after);
                after
            }
        };
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let whoever = WHOEVER
            .iter()
            .find(|known| (known.0, known.1) == (row.resource_type, row.path));
        let after = whoever.map_or(after, |(.., rest)| parsed(rest));
        let found = extracted(row, &after, &parsed(&unknown), &parsed(&expressions));
        let wanted = match whoever {
            Some(_) => (vec![PolicyKind::Grant], 0),
            None => (vec![], wanted),
        };
        assert!(
            found.policies.iter().all(|policy| !policy.holes.is_empty()),
            "{row:?}"
        );
        assert_eq!(
            kinds(row, &found),
            wanted,
            "{row:?}\n{after} {unknown}\n{:?}",
            found.gaps
        );
    }
}

fn without_leaf(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_string());
            members.values_mut().for_each(without_leaf);
        }
        Value::Array(items) => items.iter_mut().for_each(without_leaf),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn rows_that_are_not_read_yet_are_in_the_table() {
    for (resource_type, path, reason) in UNREAD {
        assert!(
            !reason.is_empty() && rows().any(|row| (row.resource_type, row.path) == (resource_type, path)),
            "{resource_type} {path}"
        );
    }
    for (resource_type, path) in synthesised().keys() {
        assert!(
            rows().any(|row| (row.resource_type, row.path) == (*resource_type, *path)),
            "{resource_type} {path}"
        );
    }
}
