//! What is synthesised from resources without a document.

use super::super::extract_plan;
use super::{BUCKET, change, check, with_every_resource};
use crate::extract::{GapReason, Provenance, one_by_one};
use crate::iam::{
    Effect, ElementSet, PrincipalSet, ResourceSet, Spelling, Statement, Version, operator_names,
};
use crate::source::FileId;

const WRITER: Spelling = Spelling {
    version: Version::V2012,
};

/// `PRINCIPAL may ACTION on RESOURCE if CONDITION`.
fn said(statement: &Statement) -> String {
    assert_eq!(statement.effect, Effect::Allow);
    let who: Vec<String> = match &statement.principal {
        PrincipalSet::In(entries) => entries
            .iter()
            .map(|entry| match WRITER.principal(entry) {
                Some((kind, name)) => format!("{kind} {name}"),
                None => "*".to_owned(),
            })
            .collect(),
        other => panic!("{other:?}"),
    };
    let actions: Vec<String> = match &statement.action {
        ElementSet::In(actions) => actions.iter().map(|action| WRITER.action(action)).collect(),
        other => panic!("{other:?}"),
    };
    let resources: Vec<String> = match &statement.resource {
        ResourceSet::In(resources) => resources
            .iter()
            .map(|resource| WRITER.resource(resource))
            .collect(),
        ResourceSet::Any => vec!["*".to_owned()],
        other => panic!("{other:?}"),
    };
    let conditions: String = statement
        .conditions
        .iter()
        .map(|condition| {
            let operator = operator_names(condition.operator).swap_remove(0);
            let values = WRITER.values(condition).join(",");
            format!(" if {operator} {} {values}", condition.key.written())
        })
        .collect();
    let sid = statement
        .sid
        .as_deref()
        .map(|sid| format!("{sid}: "))
        .unwrap_or_default();
    format!(
        "{sid}{} may {} on {}{conditions}",
        who.join(","),
        actions.join(","),
        resources.join(",")
    )
}

/// What a created resource allows, or its gap; with a region, an account and a partition that are known.
pub(super) fn allows(resource: &str, configuration: &str, expected: &[&str]) {
    assert_eq!(seen(resource, configuration), expected, "{resource}");
}

pub(super) fn seen(resource: &str, configuration: &str) -> Vec<String> {
    const PRIOR: &str = r#""prior_state": {"values": {"root_module": {"resources": [
        {"address": "data.aws_caller_identity.c", "mode": "data", "type": "aws_caller_identity", "name": "c", "values": {"account_id": "111122223333"}},
        {"address": "data.aws_region.r", "mode": "data", "type": "aws_region", "name": "r", "values": {"name": "eu-west-1"}},
        {"address": "data.aws_partition.p", "mode": "data", "type": "aws_partition", "name": "p", "values": {"partition": "aws"}}]}}}"#;
    let text = format!(
        "{{\"format_version\": \"1.2\", {PRIOR}, \"resource_changes\": [{}], \"configuration\": {{\"root_module\": {{{}}}}}}}",
        change(resource),
        with_every_resource(&[resource], configuration)
    );
    let text = text.replace("$BUCKET", BUCKET);
    let found = extract_plan(&text, FileId(0), &[], None, &one_by_one)
        .unwrap_or_else(|message| panic!("{message}\n{text}"));
    let mut seen = Vec::new();
    for policy in &found.policies {
        let document = policy
            .document
            .as_ref()
            .unwrap_or_else(|invalid| panic!("{invalid:?}"));
        assert!(policy.provenance == Provenance::Synthesised || resource.contains("x-amazon"));
        seen.extend(document.statements.iter().map(said));
    }
    seen.extend(found.gaps.iter().map(|gap| {
        let word = match &gap.reason {
            GapReason::UnknownUntilApply(on) => format!("unknown {on}"),
            GapReason::Unsupported(what) => format!("unsupported {what}"),
            GapReason::UnexpectedShape(what) => format!("unexpected {what}"),
            other => format!("{other:?}"),
        };
        format!("{}: {word}", gap.origin.address)
    }));
    seen
}

#[test]
fn access_control_lists_of_buckets() {
    let list = "s3:listbucket,s3:listbucketversions,s3:listbucketmultipartuploads";
    let read = format!("* may {list} on arn:aws:s3:::b");
    let write = "* may s3:putobject,s3:deleteobject on arn:aws:s3:::b/*";
    let acl = |acl: &str| format!(r#"aws_s3_bucket_acl.a create after={{"bucket": "b", "acl": "{acl}"}}"#);
    allows(&acl("private"), "", &[]);
    allows(&acl("public-read"), "", &[&read]);
    allows(&acl("public-read-write"), "", &[&read, write]);
    allows(
        &acl("authenticated-read"),
        "",
        &[&format!(
            "AWS * may {list} on arn:aws:s3:::b if StringNotEquals aws:PrincipalAccount anonymous"
        )],
    );
    allows(
        &acl("log-delivery-write"),
        "",
        &[
            "Service logging.s3.amazonaws.com may s3:putobject,s3:deleteobject on arn:aws:s3:::b/*",
            "Service logging.s3.amazonaws.com may s3:getbucketacl on arn:aws:s3:::b",
        ],
    );
    let unsupported = "unsupported a canned access control list that names other accounts is not read yet";
    for name in ["aws-exec-read", "bucket-owner-read", "surprise"] {
        allows(&acl(name), "", &[&format!("aws_s3_bucket_acl.a: {unsupported}")]);
    }
    let policy = |grants: &str| {
        format!(
            r#"aws_s3_bucket_acl.a create after={{"bucket": "b", "acl": null, "access_control_policy": [{{"owner": [{{"id": "me"}}], "grant": [{grants}]}}]}}"#
        )
    };
    let grant = |grantee: &str, what: &str| format!(r#"{{"grantee": [{grantee}], "permission": "{what}"}}"#);
    let group = |name: &str| {
        format!(r#"{{"type": "Group", "uri": "http://acs.amazonaws.com/groups/{name}", "id": ""}}"#)
    };
    let user = |id: &str| format!(r#"{{"type": "CanonicalUser", "id": "{id}", "uri": ""}}"#);
    allows(&policy(&grant(&user("me"), "FULL_CONTROL")), "", &[]);
    allows(&policy(&grant(&group("global/AllUsers"), "READ")), "", &[&read]);
    allows(
        &policy(&grant(&group("global/AllUsers"), "WRITE_ACP")),
        "",
        &["* may s3:putbucketacl on arn:aws:s3:::b"],
    );
    allows(
        &policy(&grant(&user("you"), "FULL_CONTROL")),
        "",
        &[
            &format!("CanonicalUser you may {list},s3:getbucketacl,s3:putbucketacl on arn:aws:s3:::b"),
            "CanonicalUser you may s3:putobject,s3:deleteobject on arn:aws:s3:::b/*",
        ],
    );
    allows(
        &policy(&grant(
            r#"{"type": "AmazonCustomerByEmail", "email_address": "a@b"}"#,
            "READ",
        )),
        "",
        &["aws_s3_bucket_acl.a: unsupported a grant by mail address is not read yet"],
    );
    allows(
        &policy(&grant(&group("global/Surprise"), "READ")),
        "",
        &[
            "aws_s3_bucket_acl.a: unexpected `access_control_policy` is missing or is not what a permission takes",
        ],
    );
    allows(
        &policy(&grant(&group("global/AllUsers"), "SURPRISE")),
        "",
        &["aws_s3_bucket_acl.a: unexpected `permission` is missing or is not what a permission takes"],
    );
}

#[test]
fn what_is_not_known_of_access_control_lists() {
    let configured = |resource_type: &str, attribute: &str| {
        format!(
            r#""resources": [{{"type": "{resource_type}", "name": "a", "expressions": {{"{attribute}": {{"references": ["var.x"]}}}}}}]"#
        )
    };
    let unknown = |resource_type: &str, attribute: &str| {
        format!(r#"{resource_type}.a create after={{"bucket": "b"}} unknown={{"{attribute}": true}}"#)
    };
    for (resource_type, attribute, suffix) in [
        ("aws_s3_bucket_acl", "acl", ""),
        ("aws_s3_bucket_acl", "access_control_policy", ""),
        ("aws_s3_bucket", "acl", "/acl"),
        ("aws_s3_bucket", "grant", "/grant"),
        ("aws_s3_object", "acl", ""),
    ] {
        let resource = unknown(resource_type, attribute);
        allows(&resource, "", &[]);
        allows(
            &resource,
            &configured(resource_type, attribute),
            &[&format!("{resource_type}.a{suffix}: unknown var.x")],
        );
    }
    // The bucket may be known later than the list.
    allows(
        r#"aws_s3_bucket_acl.a create after={"acl": "public-read"} unknown={"bucket": true}"#,
        &configured("aws_s3_bucket_acl", "bucket"),
        &[
            "* may s3:listbucket,s3:listbucketversions,s3:listbucketmultipartuploads on arn:aws:s3:::{{hole:aws_s3_bucket_acl.a.bucket}}",
        ],
    );
    let partly = r#"aws_s3_bucket.a create after={"bucket": "b", "grant": [{"type": "Group", "permissions": ["READ"]}]} unknown={"grant": [{"uri": true}]}"#;
    allows(
        partly,
        &configured("aws_s3_bucket", "grant"),
        &["aws_s3_bucket.a/grant: unknown var.x"],
    );
}

#[test]
fn grants_of_buckets_and_objects() {
    let grants = |grants: &str| {
        format!(
            r#"aws_s3_bucket.a update before={{"bucket": "b"}} after={{"bucket": "b", "grant": [{grants}]}}"#
        )
    };
    let owner = r#"{"type": "CanonicalUser", "id": "me", "permissions": ["FULL_CONTROL"], "uri": ""}"#;
    let public = r#"{"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AllUsers", "id": "", "permissions": ["READ_ACP"]}"#;
    let read = "* may s3:getbucketacl on arn:aws:s3:::b";
    // What the provider fills in.
    allows(&grants(owner), "", &[]);
    allows(&grants(&format!("{owner}, {public}")), "", &[read]);
    let configured = r#""resources": [{"type": "aws_s3_bucket", "name": "a", "expressions": {"grant": [{"id": {"references": ["var.x"]}}]}}]"#;
    let found = ["me may"];
    let text = "CanonicalUser me may s3:listbucket,s3:listbucketversions,s3:listbucketmultipartuploads,s3:getbucketacl,s3:putbucketacl on arn:aws:s3:::b";
    assert!(text.contains(found[0]));
    allows(
        &grants(owner),
        configured,
        &[
            text,
            "CanonicalUser me may s3:putobject,s3:deleteobject on arn:aws:s3:::b/*",
        ],
    );
    for resource_type in ["aws_s3_object", "aws_s3_bucket_object", "aws_s3_object_copy"] {
        let object = |acl: &str| {
            format!(r#"{resource_type}.o create after={{"bucket": "b", "key": "k/e", "acl": "{acl}"}}"#)
        };
        allows(&object("private"), "", &[]);
        allows(
            &object("public-read"),
            "",
            &["* may s3:getobject,s3:getobjectversion on arn:aws:s3:::b/k/e"],
        );
        allows(
            &object("public-read-write"),
            "",
            &["* may s3:getobject,s3:getobjectversion on arn:aws:s3:::b/k/e"],
        );
    }
    allows(
        &format!(r#"aws_s3_object_copy.a create after={{"bucket": "b", "key": "k", "grant": [{public}]}}"#),
        "",
        &["* may s3:getobjectacl,s3:getobjectversionacl on arn:aws:s3:::b/k"],
    );
}

#[test]
fn permissions_of_functions_and_layers() {
    let url = |kind: &str| {
        format!(
            r#"aws_lambda_function_url.u create after={{"authorization_type": "{kind}", "function_name": "f", "qualifier": "live"}}"#
        )
    };
    allows(&url("AWS_IAM"), "", &[]);
    allows(
        &url("NONE"),
        "",
        &[
            "* may lambda:invokefunctionurl on arn:aws:lambda:eu-west-1:111122223333:function:f:live if StringEquals lambda:FunctionUrlAuthType NONE",
        ],
    );
    allows(
        r#"awscc_lambda_permission.p create after={"function_name": "f", "action": "lambda:InvokeFunction", "principal": "sns.amazonaws.com", "source_arn": "arn:aws:sns:eu-west-1:111122223333:t"}"#,
        "",
        &[
            "Service sns.amazonaws.com may lambda:invokefunction on arn:aws:lambda:eu-west-1:111122223333:function:f if ArnEquals aws:SourceArn arn:aws:sns:eu-west-1:111122223333:t",
        ],
    );
    let layer = |name: &str| {
        format!(
            r#"aws_lambda_layer_version_permission.l create after={{"layer_name": "{name}", "version_number": 3, "principal": "*", "organization_id": "o-abcdefghij", "action": "lambda:GetLayerVersion", "statement_id": "Org"}}"#
        )
    };
    let allowed = "Org: * may lambda:getlayerversion on arn:aws:lambda:eu-west-1:111122223333:layer:l:3 if StringEquals aws:PrincipalOrgID o-abcdefghij";
    allows(&layer("l"), "", &[allowed]);
    allows(
        &layer("arn:aws:lambda:eu-west-1:111122223333:layer:l"),
        "",
        &[allowed],
    );
    allows(
        r#"awscc_lambda_layer_version_permission.l create after={"layer_version_arn": "arn:aws:lambda:eu-west-1:111122223333:layer:l:3", "principal": "444455556666", "action": "lambda:GetLayerVersion"}"#,
        "",
        &["AWS 444455556666 may lambda:getlayerversion on arn:aws:lambda:eu-west-1:111122223333:layer:l:3"],
    );
}

#[test]
fn permissions_of_other_services() {
    let event = |more: &str| {
        format!(
            r#"aws_cloudwatch_event_permission.e create after={{"statement_id": "S", "principal": "*"{more}}}"#
        )
    };
    allows(
        &event(""),
        "",
        &["S: * may events:putevents on arn:aws:events:eu-west-1:111122223333:event-bus/default"],
    );
    let condition = r#", "event_bus_name": "orders", "action": "events:PutRule", "condition": [{"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": "o-abcdefghij"}]"#;
    allows(
        &event(condition),
        "",
        &[
            "S: * may events:putrule on arn:aws:events:eu-west-1:111122223333:event-bus/orders if StringEquals aws:PrincipalOrgID o-abcdefghij",
        ],
    );
    allows(
        r#"awscc_events_event_bus_policy.e create after={"statement": "{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"events:PutEvents\", \"Resource\": \"arn:aws:events:eu-west-1:111122223333:event-bus/b\"}"}"#,
        "",
        &["* may events:putevents on arn:aws:events:eu-west-1:111122223333:event-bus/b"],
    );
    allows(
        r#"aws_acmpca_permission.p create after={"certificate_authority_arn": "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/c", "actions": ["IssueCertificate", "GetCertificate"], "principal": "acm.amazonaws.com", "source_account": "111122223333"}"#,
        "",
        &[
            "Service acm.amazonaws.com may acm-pca:issuecertificate,acm-pca:getcertificate on arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/c if StringEquals aws:SourceAccount 111122223333",
        ],
    );
    let grant = |more: &str| {
        format!(
            r#"aws_kms_grant.g create after={{"key_id": "k", "grantee_principal": "arn:aws:iam::444455556666:role/r", "operations": ["Decrypt", "CreateGrant"]{more}}}"#
        )
    };
    let given = "AWS arn:aws:iam::444455556666:role/r may kms:decrypt,kms:creategrant on arn:aws:kms:eu-west-1:111122223333:key/k";
    allows(&grant(r#", "constraints": []"#), "", &[given]);
    allows(
        &grant(r#", "retiring_principal": "arn:aws:iam::444455556666:role/q""#),
        "",
        &[
            given,
            "AWS arn:aws:iam::444455556666:role/q may kms:retiregrant on arn:aws:kms:eu-west-1:111122223333:key/k",
        ],
    );
    allows(
        &grant(r#", "constraints": [{"encryption_context_equals": {"a": "b"}}]"#),
        "",
        &[
            "aws_kms_grant.g: unsupported a grant with `constraints` on the encryption context is not read yet",
        ],
    );
    let unknown = r#"aws_kms_grant.g create after={"key_id": "k", "operations": ["Decrypt"]} unknown={"grantee_principal": true}"#;
    let configured = r#""resources": [{"type": "aws_kms_grant", "name": "g", "expressions": {"grantee_principal": {"references": ["aws_iam_role.r.arn"]}}}]"#;
    allows(
        unknown,
        configured,
        &[
            "AWS {{hole:aws_kms_grant.g.grantee_principal}} may kms:decrypt on arn:aws:kms:eu-west-1:111122223333:key/k",
        ],
    );
}

#[test]
fn policies_in_api_descriptions() {
    let body = |body: &str| {
        let body = body.replace('"', "\\\"");
        format!(r#"aws_api_gateway_rest_api.a create after={{"body": "{body}"}}"#)
    };
    let policy = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:eu-west-1:111122223333:a/*"}}"#;
    let allowed = "* may execute-api:invoke on arn:aws:execute-api:eu-west-1:111122223333:a/*";
    allows(
        &body(&format!(
            r#"{{"openapi": "3.0.1", "x-amazon-apigateway-policy": {policy}}}"#
        )),
        "",
        &[allowed],
    );
    allows(&body(r#"{"openapi": "3.0.1"}"#), "", &[]);
    allows(&body("openapi: 3.0.1"), "", &[]);
    allows(
        &body("x-amazon-apigateway-policy: {}"),
        "",
        &[
            "aws_api_gateway_rest_api.a/body: unsupported a policy inside an OpenAPI body that is not JSON is not read yet",
        ],
    );
}

/// What was there before is told as what will be.
#[test]
fn lists_before_a_change() {
    let acl = |before: &str, after: &str| {
        format!(
            r#"aws_s3_bucket_acl.a update before={{"bucket": "b", "acl": "{before}"}} after={{"bucket": "b", "acl": "{after}"}}"#
        )
    };
    check(&[&acl("private", "private")], "", &[]);
    check(&[&acl("public-read", "private")], "", &[]);
    let line = |statements: usize, before: &str| {
        format!("synthesised aws_s3_bucket_acl.a: grant {statements} statements, {before}")
    };
    check(&[&acl("private", "public-read")], "", &[&line(1, "other")]);
    check(&[&acl("public-read", "public-read")], "", &[&line(1, "same")]);
    check(
        &[&acl("aws-exec-read", "public-read")],
        "",
        &[&line(1, "unreadable")],
    );
}
