//! Every row of the table of where policies live in templates: read as its kind says, or in the list of what is not read
//! yet and why.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extract::{
    CloudFormationOptions, Extraction, PolicyKind, Row, RowKind, cloudformation_rows, extract_template,
};
use crate::source::{FileId, Limits, parse_yaml};

/// What a row gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A policy.
    Policy(PolicyKind),
    /// A gap.
    Gap,
    /// Neither.
    Nothing,
}

/// Rows that may give access and are not read yet, and why: undecided wherever they are there. A new row is added here,
/// or read.
const UNREAD: [(&str, &str, &str); 15] = [
    (
        "AWS::SSO::PermissionSet",
        "CustomerManagedPolicyReferences[].Name",
        "the name is that of a policy in each account it is provisioned to",
    ),
    (
        "AWS::Signer::ProfilePermission",
        "-",
        "which resources the actions of a profile are on is not documented",
    ),
    (
        "AWS::EntityResolution::PolicyStatement",
        "-",
        "a statement whose principal and condition are in a form of their own",
    ),
    (
        "AWS::QBusiness::Permission",
        "-",
        "conditions in a form of their own",
    ),
    (
        "AWS::CodeGuruProfiler::ProfilingGroup",
        "AgentPermissions.Principals",
        "the actions are those of a group of actions of the service",
    ),
    (
        "AWS::RAM::ResourceShare",
        "Principals",
        "what is shared is told by permissions that the service keeps",
    ),
    (
        "AWS::EC2::VPCEndpointServicePermissions",
        "AllowedPrincipals",
        "who may connect is no policy of actions",
    ),
    (
        "AWS::S3::AccessGrant",
        "Grantee.GranteeIdentifier",
        "grantees may be users of a directory",
    ),
    (
        "AWS::LakeFormation::Permissions",
        "-",
        "permissions on tables, in words of the service",
    ),
    (
        "AWS::LakeFormation::PrincipalPermissions",
        "-",
        "permissions on tables, in words of the service",
    ),
    (
        "AWS::EKS::AccessEntry",
        "AccessPolicies[].PolicyArn",
        "permissions within a cluster, in words of the service",
    ),
    (
        "AWS::LicenseManager::Grant",
        "Principals",
        "what a license entitles to is not in the template",
    ),
    (
        "AWS::RAM::Permission",
        "PolicyTemplate",
        "a fragment without principals: who gets it is told by shares",
    ),
    (
        "AWS::CloudFormation::Stack",
        "TemplateURL",
        "followed where the template is a file: see the tests of nested stacks",
    ),
    (
        "AWS::CloudFormation::StackSet",
        "TemplateBody",
        "the stacks of a set are in accounts and regions that the template need not tell",
    ),
];

/// Types whose statements are made from properties: what these must be.
fn synthesised() -> BTreeMap<(&'static str, &'static str), Value> {
    BTreeMap::from([
        (
            ("AWS::Lambda::Permission", "-"),
            json!({"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "*"}),
        ),
        (
            ("AWS::Lambda::LayerVersionPermission", "-"),
            json!({"LayerVersionArn": "arn:aws:lambda:eu-west-1:111122223333:layer:l:1",
                "Principal": "*", "Action": "lambda:GetLayerVersion"}),
        ),
        (
            ("AWS::ACMPCA::Permission", "-"),
            json!({"CertificateAuthorityArn": "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/c",
                "Actions": ["IssueCertificate"], "Principal": "acm.amazonaws.com"}),
        ),
        (
            ("AWS::S3::Bucket", "AccessControl"),
            json!({"AccessControl": "PublicRead"}),
        ),
        (
            ("AWS::Lambda::Url", "AuthType"),
            json!({"AuthType": "AWS_IAM", "TargetFunctionArn": "f"}),
        ),
    ])
}

fn expected(row: &Row) -> Expected {
    let is_unread = |(resource_type, path, _): &(&str, &str, &str)| {
        (*resource_type, *path) == (row.resource_type, row.path)
    };
    if UNREAD.iter().any(is_unread) {
        return Expected::Gap;
    }
    let last = row.path.rsplit('.').next().unwrap_or_default();
    Expected::Policy(match row.kind {
        RowKind::IdentityManaged | RowKind::IdentityInline | RowKind::IdentityIot | RowKind::SsoInline => {
            PolicyKind::Identity
        }
        RowKind::AttachManaged if !matches!(last, "Roles" | "Users" | "Groups") => PolicyKind::Identity,
        RowKind::SsoAttach => PolicyKind::Identity,
        RowKind::Trust => PolicyKind::Trust,
        RowKind::Resource if row.resource_type == "AWS::EC2::VPCEndpoint" => PolicyKind::Endpoint,
        RowKind::Resource | RowKind::OrgResource | RowKind::ResourceStatement => PolicyKind::Resource,
        RowKind::Session => PolicyKind::Session,
        RowKind::ScpRcp => PolicyKind::Scp,
        RowKind::Synth | RowKind::Acl => PolicyKind::Grant,
        _ => return Expected::Nothing,
    })
}

/// A value that such a row holds.
fn value(row: &Row, expected: Expected) -> Value {
    const ARN: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let last = row.path.rsplit('.').next().unwrap_or_default();
    let document = |more: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject"});
        statement
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    match expected {
        Expected::Policy(_) if last.ends_with("Arns") || last == "ManagedPolicies" => json!([ARN]),
        Expected::Policy(_) if last.ends_with("Arn") => json!(ARN),
        Expected::Policy(PolicyKind::Resource) if last == "Body" => json!({"openapi": "3.0.1",
            "x-amazon-apigateway-policy": document(json!({"Principal": "*", "Resource": "*"}))}),
        Expected::Policy(_) if row.kind == RowKind::ResourceStatement => {
            json!({"Effect": "Allow", "Action": "events:PutEvents", "Principal": "*", "Resource": "*"})
        }
        Expected::Policy(PolicyKind::Resource | PolicyKind::Endpoint) => {
            document(json!({"Principal": "*", "Resource": "*"}))
        }
        Expected::Policy(PolicyKind::Trust) => {
            document(json!({"Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}))
        }
        Expected::Policy(_) => document(json!({"Resource": "*"})),
        Expected::Gap if last.ends_with('s') => json!(["x"]),
        Expected::Gap => json!("x"),
        Expected::Nothing => match row.kind {
            // What looks like a policy and is none.
            RowKind::OtherLang => document(json!({"Resource": "*"})),
            RowKind::AttachManaged | RowKind::Membership => json!(["x"]),
            RowKind::Boundary | RowKind::SsoBoundary if last.ends_with("Policies") => json!([ARN]),
            RowKind::Boundary | RowKind::SsoBoundary => json!(ARN),
            _ => json!("x"),
        },
    }
}

fn at(row: &Row, value: Value) -> Value {
    if row.path == "-" {
        return json!({});
    }
    row.path
        .rsplit('.')
        .fold(value, |inner, segment| match segment.strip_suffix("[]") {
            Some(name) => json!({name: [inner]}),
            None => json!({segment: inner}),
        })
}

fn extracted(row: &Row, mut properties: Value) -> Extraction {
    let members = properties.as_object_mut().unwrap();
    // What is required beside the row.
    if row.resource_type == "AWS::Organizations::Policy" {
        members.insert("Type".to_owned(), json!("SERVICE_CONTROL_POLICY"));
    }
    if row.resource_type == "AWS::IAM::Role" && row.path != "AssumeRolePolicyDocument" {
        members.insert(
            "AssumeRolePolicyDocument".to_owned(),
            json!({"Version": "2012-10-17", "Statement": []}),
        );
    }
    if matches!(row.kind, RowKind::AttachManaged) && row.resource_type == "AWS::IAM::ManagedPolicy" {
        members.insert(
            "PolicyDocument".to_owned(),
            json!({"Version": "2012-10-17", "Statement": []}),
        );
    }
    let template = json!({"Parameters": {"Later": {"Type": "String"}},
        "Resources": {"R": {"Type": row.resource_type, "Properties": properties}}});
    let tree = parse_yaml(&template.to_string(), FileId(0), &Limits::default()).unwrap();
    extract_template(&tree, FileId(0), &CloudFormationOptions::default()).unwrap()
}

/// Serverless resources are expanded before the table is asked.
fn rows() -> impl Iterator<Item = &'static Row> {
    cloudformation_rows()
        .iter()
        .filter(|row| !row.resource_type.starts_with("AWS::Serverless::"))
}

fn kinds(row: &Row, found: &Extraction) -> (Vec<PolicyKind>, usize) {
    let is_beside = |address: &str| {
        address.ends_with("/AssumeRolePolicyDocument") && row.path != "AssumeRolePolicyDocument"
            || address.ends_with("/PolicyDocument") && row.kind == RowKind::AttachManaged
    };
    let policies = found
        .policies
        .iter()
        .filter(|policy| !is_beside(&policy.origin.address));
    (policies.map(|policy| policy.kind).collect(), found.gaps.len())
}

#[test]
fn every_row_is_what_its_kind_says() {
    let made = synthesised();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows() {
        let expected = expected(row);
        let properties = match made.get(&(row.resource_type, row.path)) {
            Some(properties) => properties.clone(),
            None => at(row, value(row, expected)),
        };
        let found = extracted(row, properties.clone());
        let wanted = match expected {
            Expected::Policy(kind) => (vec![kind], 0),
            Expected::Gap => (vec![], 1),
            Expected::Nothing => (vec![], 0),
        };
        assert_eq!(
            kinds(row, &found),
            wanted,
            "{row:?}\n{properties}\n{:?}",
            found.gaps
        );
        assert!(
            found.policies.iter().all(|policy| policy.document.is_ok()),
            "{row:?} {:?}",
            found.policies
        );
        *counts.entry(format!("{expected:?}")).or_default() += 1;
    }
    let count = |expected: &str| counts.get(expected).copied().unwrap_or_default();
    assert_eq!(count("Gap"), UNREAD.len(), "{counts:?}");
    assert!(
        count("Policy(Resource)") >= 65 && count("Policy(Grant)") == 4,
        "{counts:?}"
    );
    assert!(UNREAD.iter().all(|(_, _, why)| !why.is_empty()));
}

/// What is known only at deployment is a gap, or a hole of a policy; never nothing.
#[test]
fn every_row_is_undecided_while_it_is_unknown() {
    let later = json!({"Ref": "Later"});
    for row in rows().filter(|row| row.path != "-") {
        if expected(row) == Expected::Nothing && row.kind != RowKind::Exposure {
            continue;
        }
        let found = extracted(row, at(row, later.clone()));
        let (policies, gaps) = kinds(row, &found);
        let has_hole = found.policies.iter().any(|policy| !policy.holes.is_empty());
        assert!(gaps > 0 || !policies.is_empty() && has_hole, "{row:?} {found:?}");
    }
}
