//! Whole plans through the extractor, one line a result.

use crate::extract::{Before, Extraction, Gap, GapReason, Policy, PolicyKind, one_by_one};
use crate::source::FileId;

use super::extract_plan;

mod earlier;
mod grants;
mod inner;
mod named;
mod permissions;
mod table;
mod templates;

const ALLOW: &str = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"#;
const ASSUME: &str = r#"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"}}}"#;
const BUCKET: &str = r#"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Principal\":\"*\",\"Resource\":\"arn:aws:s3:::b/*\"}]}"#;

/// Checks a plan of resources written as `TYPE.NAME ACTIONS before=… after=… unknown=…`, with `$ALLOW` and the like for
/// documents, and a configuration.
fn check(resources: &[&str], configuration: &str, expected: &[&str]) {
    let changes: Vec<String> = resources.iter().map(|resource| change(resource)).collect();
    let configuration = format!(
        "{{\"root_module\": {{{}}}}}",
        with_every_resource(resources, configuration)
    );
    let text = format!(
        "{{\"format_version\": \"1.2\", \"resource_changes\": [{}], \"configuration\": {configuration}}}",
        changes.join(",\n")
    );
    check_text(&text, expected);
}

/// As Terraform writes it, the configuration has an entry for every resource, also for one that sets nothing.
fn with_every_resource(resources: &[&str], configuration: &str) -> String {
    let mut entries: Vec<String> = Vec::new();
    for resource in resources {
        let (resource_type, rest) = resource.split_once('.').unwrap();
        let name = rest.split([' ', '[']).next().unwrap();
        let head = format!(r#""type": "{resource_type}", "name": "{name}""#);
        if !configuration.contains(&head) && !entries.iter().any(|entry| entry.contains(&head)) {
            entries.push(format!(r#"{{{head}, "expressions": {{}}}}"#));
        }
    }
    let entries = entries.join(", ");
    match configuration.split_once(r#""resources": ["#) {
        Some((before, after)) if !entries.is_empty() => {
            format!(r#"{before}"resources": [{entries}, {after}"#)
        }
        Some(_) => configuration.to_owned(),
        None if configuration.is_empty() => format!(r#""resources": [{entries}]"#),
        None => format!(r#"{configuration}, "resources": [{entries}]"#),
    }
}

fn check_text(text: &str, expected: &[&str]) {
    let text = text
        .replace("$ALLOW", ALLOW)
        .replace("$ASSUME", ASSUME)
        .replace("$BUCKET", BUCKET);
    let found = match extract_plan(
        &text,
        FileId(0),
        &[("corp_policy".into(), "doc".into(), PolicyKind::Resource)],
        None,
        &one_by_one,
    ) {
        Ok(found) => found,
        Err(message) => panic!("{message}\n{text}"),
    };
    assert_eq!(lines(&found), expected, "{text}");
}

/// One line a policy, a gap and a change.
fn lines(found: &Extraction) -> Vec<String> {
    let mut lines: Vec<String> = found.policies.iter().map(policy_line).collect();
    lines.extend(found.gaps.iter().map(gap_line));
    let change = |change: &crate::extract::IdentityChange| {
        format!(
            "change {}: {} {:?}",
            change.origin.address, change.what, change.identities
        )
    };
    lines.extend(found.changes.iter().map(change));
    lines
}

fn change(resource: &str) -> String {
    let (address, rest) = resource.split_once(' ').unwrap();
    let (resource_type, name) = address.split_once('.').unwrap();
    let (actions, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let actions: Vec<String> = actions.split('+').map(|action| format!("\"{action}\"")).collect();
    let part = |name: &str, default: &str| {
        let start = rest.find(&format!("{name}=")).map(|at| at + name.len() + 1);
        let value = start.map(|start| {
            let value = &rest[start..];
            let end = [" before=", " after=", " unknown=", " sensitive="]
                .iter()
                .filter_map(|next| value.find(next))
                .min();
            value[..end.unwrap_or(value.len())].to_owned()
        });
        value.unwrap_or(default.to_owned())
    };
    let (name, key) = name.split_once('[').unwrap_or((name, ""));
    let key = key.trim_end_matches(']').replace('\\', "");
    let index = if key.is_empty() {
        String::new()
    } else {
        format!("\"index\": {key}, ")
    };
    format!(
        r#"{{"address": "{address}", "mode": "managed", "type": "{resource_type}", "name": "{name}", {index}"change":
        {{"actions": [{}], "before": {}, "after": {}, "after_unknown": {}, "after_sensitive": {}}}}}"#,
        actions.join(","),
        part("before", "null"),
        part("after", "null"),
        part("unknown", "{}"),
        part("sensitive", "{}"),
    )
}

fn policy_line(policy: &Policy) -> String {
    let document = match &policy.document {
        Ok(document) => format!("{} statements", document.statements.len()),
        Err(_) => "invalid".to_owned(),
    };
    let before = match &policy.before {
        Before::NotTold => "not told",
        Before::Created => "new",
        Before::Document(document) if Ok(document) == policy.document.as_ref() => "same",
        Before::Document(_) => "other",
        Before::Unreadable(_) => "unreadable",
    };
    let attached = if policy.attached_to.is_empty() {
        String::new()
    } else {
        format!(" {:?}", policy.attached_to)
    };
    let word = policy.provenance.word();
    format!(
        "{} {}: {} {document}, {before}{attached}",
        word,
        policy.origin.address,
        policy.kind.word()
    )
}

fn gap_line(gap: &Gap) -> String {
    let reason = match &gap.reason {
        GapReason::UnknownUntilApply(what) => format!("unknown: {what}"),
        GapReason::UnknownManagedPolicy(arn) => format!("managed: {arn}"),
        GapReason::Unsupported(_) => "unsupported".to_owned(),
        GapReason::UnknownType(_) => "type".to_owned(),
        GapReason::UnexpectedShape(_) => "shape".to_owned(),
        GapReason::Incomplete(_) => "incomplete".to_owned(),
    };
    format!("gap {}: {reason}", gap.origin.address)
}

#[test]
fn what_is_taken_away_is_told() {
    let gone = |what: &str, address: &str| format!("change {address}: {what} []");
    for (resource, what) in [
        (
            "aws_s3_bucket_policy.p delete before={\"bucket\": \"b\", \"policy\": \"$BUCKET\"}",
            "the policy is deleted",
        ),
        (
            "aws_sqs_queue.p update before={\"policy\": \"$BUCKET\"} after={\"policy\": \"\"}",
            "the policy is removed",
        ),
        (
            "aws_kms_key.p update before={\"policy\": \"$BUCKET\"} after={} unknown={\"policy\": true}",
            "the policy is removed",
        ),
    ] {
        let address = resource.split_once(' ').unwrap().0;
        check(&[resource], "", &[&gone(what, address)]);
    }
    // A queue that goes takes its policy with it; what is forgotten stays.
    check(
        &["aws_sqs_queue.p delete before={\"policy\": \"$BUCKET\"}"],
        "",
        &[],
    );
    check(
        &["aws_s3_bucket_policy.p forget before={\"policy\": \"$BUCKET\"}"],
        "",
        &[],
    );
}

#[test]
fn documents_of_each_kind() {
    check(
        &[
            r#"aws_iam_policy.p create after={"policy": "$ALLOW"}"#,
            r#"aws_iam_role.r create after={"name": "r", "assume_role_policy": "$ASSUME",
                "inline_policy": [{"name": "a", "policy": "$ALLOW"}, {"name": "b", "policy": "no"}]}
                unknown={"inline_policy": [{}, {}], "managed_policy_arns": true}"#,
            r#"aws_s3_bucket_policy.b update before={"policy": "$BUCKET"} after={"policy": "$BUCKET"}"#,
            r#"aws_vpc_endpoint.e create after={"policy": "$BUCKET"}"#,
            r#"aws_organizations_policy.s create after={"content": "$ALLOW"}"#,
            r#"aws_organizations_policy.r create after={"type": "RESOURCE_CONTROL_POLICY", "content": "$BUCKET"}"#,
            r#"aws_organizations_policy.t create after={"type": "TAG_POLICY", "content": "{}"}"#,
            r#"aws_transfer_user.t create after={"policy": "$ALLOW"}"#,
            r#"aws_s3control_multi_region_access_point_policy.m create after={"details": [{"policy": "$BUCKET"}]}"#,
            r#"awscc_iam_user.u create after={"policies": [{"policy_name": "n", "policy_document": "$ALLOW"}]}"#,
            r#"awscc_kms_key.k create after={"key_policy": {"Statement": []}}"#,
            r#"corp_policy.c create after={"doc": "$BUCKET"}"#,
        ],
        "",
        &[
            "literal aws_iam_policy.p: identity 1 statements, new",
            "literal aws_iam_role.r/inline_policy[0]: identity 1 statements, new [\"aws_iam_role.r\"]",
            "literal aws_iam_role.r/inline_policy[1]: identity invalid, new [\"aws_iam_role.r\"]",
            "literal aws_iam_role.r/assume_role_policy: trust 1 statements, new",
            "literal aws_s3_bucket_policy.b: resource 1 statements, same",
            "literal aws_vpc_endpoint.e: endpoint 1 statements, new",
            "literal aws_organizations_policy.s: scp 1 statements, new",
            "literal aws_organizations_policy.r: rcp invalid, new",
            "literal aws_transfer_user.t: session 1 statements, new",
            "literal aws_s3control_multi_region_access_point_policy.m: resource 1 statements, new",
            "literal awscc_iam_user.u/policies[0]: identity 1 statements, new [\"awscc_iam_user.u\"]",
            "literal awscc_kms_key.k: resource 0 statements, new",
            "literal corp_policy.c/doc: resource 1 statements, new",
        ],
    );
}

#[test]
fn actions_do_not_hide_policies() {
    for actions in [
        "no-op",
        "read",
        "update",
        "create",
        "delete+create",
        "create+delete",
        "create+forget",
        "open",
    ] {
        let resource = format!("aws_iam_policy.p {actions} after={{\"policy\": \"$ALLOW\"}}");
        check(
            &[&resource],
            "",
            &["literal aws_iam_policy.p: identity 1 statements, new"],
        );
    }
    check(
        &[r#"aws_iam_policy.p delete before={"policy": "$ALLOW"}"#],
        "",
        &["change aws_iam_policy.p: the policy is deleted []"],
    );
    check(
        &["aws_iam_policy.p no-op", "aws_iam_policy.q create"],
        "",
        &["gap aws_iam_policy.q: shape"],
    );
    let without_actions = change(r#"aws_iam_policy.p x after={"policy": "$ALLOW"}"#).replace("[\"x\"]", "[]");
    check_text(
        &format!("{{\"format_version\": \"1.0\", \"resource_changes\": [{without_actions}]}}"),
        &["gap aws_iam_policy.p: shape"],
    );
    let deposed = change(r#"aws_iam_policy.p delete before={"policy": "$ALLOW"} after={"policy": "$ALLOW"}"#);
    let deposed = deposed.replacen('{', "{\"deposed\": \"x\",", 1);
    check_text(
        &format!("{{\"format_version\": \"1.0\", \"resource_changes\": [{deposed}]}}"),
        &[],
    );
}

#[test]
fn unknown_and_missing_values_are_gaps() {
    let configured = r#""resources": [
        {"type": "aws_s3_bucket", "name": "b", "expressions": {}},
        {"type": "aws_s3_bucket", "name": "c", "expressions": {"policy": {"references": ["local.p"]}}},
        {"type": "aws_iam_role", "name": "r", "expressions": {"assume_role_policy": {}}},
        {"type": "aws_iam_policy", "name": "p", "expressions":
            {"policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}}]"#;
    check(
        &[
            r#"aws_s3_bucket.b create after={} unknown={"policy": true}"#,
            r#"aws_s3_bucket.c create after={} unknown={"policy": true}"#,
            r#"aws_iam_role.r create after={} unknown={"assume_role_policy": true, "inline_policy": true, "managed_policy_arns": true}"#,
            r#"aws_iam_policy.p create after={} unknown={"policy": true}"#,
            r#"aws_s3_bucket_policy.p create after={"policy": null}"#,
            r#"aws_kms_key.k create after={}"#,
            r#"aws_kms_key.u create after={} unknown={"policy": true}"#,
            r#"aws_kms_key.e create after={"policy": ""}"#,
            r#"aws_iam_policy.e create after={"policy": ""}"#,
            r#"aws_iam_policy.s create after={"policy": ["x"]}"#,
            r#"aws_iam_policy.m create after={"policy": "$ALLOW"} unknown={"policy": [true]}"#,
            r#"aws_s3_access_point.a create after={"policy": "{}"}"#,
            r#"awscc_kms_key.k create after={"key_policy": {"Statement": []}} unknown={"key_policy": {"Id": true}}"#,
            r#"aws_organizations_policy.o create after={"content": "$ALLOW"} unknown={"type": true}"#,
        ],
        configured,
        &[
            "literal aws_iam_policy.e: identity invalid, new",
            "gap aws_s3_bucket.c: unknown: local.p",
            "gap aws_iam_role.r/assume_role_policy: unknown: the expression of `assume_role_policy`",
            "gap aws_iam_policy.p: unknown: data.aws_iam_policy_document.d.json",
            "gap aws_s3_bucket_policy.p: shape",
            "gap aws_iam_policy.s: shape",
            "gap aws_iam_policy.m: shape",
            "gap awscc_kms_key.k: unknown: the expression of `key_policy`",
            "gap aws_organizations_policy.o: shape",
        ],
    );
}

#[test]
fn attachments() {
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let configured = r#""resources": [
        {"type": "aws_iam_role_policy_attachment", "name": "own", "expressions":
            {"role": {"references": ["aws_iam_role.r.name"]}, "policy_arn": {"references": ["aws_iam_policy.p.arn"]}}},
        {"type": "aws_iam_role_policy_attachment", "name": "local", "expressions":
            {"policy_arn": {"references": ["local.arn", "aws_iam_policy.p.arn"]}}}]"#;
    check(
        &[
            r#"aws_iam_role.r create after={"assume_role_policy": "$ASSUME"} unknown={"name": true, "managed_policy_arns": true}"#,
            r#"aws_iam_role.s create after={"name": "s", "assume_role_policy": "$ASSUME", "managed_policy_arns":
                ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/Unheard", "arn:aws:iam::123456789012:policy/x/q"]}"#,
            r#"aws_iam_policy.p create after={"policy": "$ALLOW"} unknown={"arn": true}"#,
            r#"aws_iam_policy.q create after={"name": "q", "path": "/x/", "policy": "$ALLOW"} unknown={"arn": true}"#,
            r#"aws_iam_role_policy_attachment.own create after={} unknown={"role": true, "policy_arn": true}"#,
            r#"aws_iam_role_policy_attachment.local create after={"role": "s"} unknown={"policy_arn": true}"#,
            r#"aws_iam_role_policy_attachment.aws create after={"role": "s", "policy_arn": "arn:aws-cn:iam::aws:policy/AdministratorAccess"}"#,
            r#"aws_iam_user_policy_attachment.other create after={"user": "u", "policy_arn": "arn:aws:iam::123456789012:policy/q"}"#,
            r#"aws_iam_user_policy_attachment.none create after={"user": "u"}"#,
        ],
        configured,
        &[
            "literal aws_iam_role.r/assume_role_policy: trust 1 statements, new",
            "literal aws_iam_role.s/assume_role_policy: trust 1 statements, new",
            "catalog aws_iam_role.s/managed_policy_arns[0]: identity 1 statements, new [\"aws_iam_role.s\"]",
            "literal aws_iam_policy.p: identity 1 statements, new [\"aws_iam_role.r\"]",
            "literal aws_iam_policy.q: identity 1 statements, new [\"aws_iam_role.s\"]",
            "catalog aws_iam_role_policy_attachment.aws: identity 1 statements, new [\"aws_iam_role.s\"]",
            "gap aws_iam_role.s/managed_policy_arns[1]: managed: arn:aws:iam::aws:policy/Unheard",
            "gap aws_iam_role_policy_attachment.local: unknown: local.arn, aws_iam_policy.p.arn",
            "gap aws_iam_user_policy_attachment.other: managed: arn:aws:iam::123456789012:policy/q",
            "gap aws_iam_user_policy_attachment.none: shape",
            "change aws_iam_user_policy_attachment.other: an attached policy is added [\"user/u\"]",
            "change aws_iam_user_policy_attachment.none: an attached policy is added [\"user/u\"]",
        ],
    );
    let read = format!(
        r#"{{"format_version": "1.2", "resource_changes": [{}], "prior_state": {{"values": {{"root_module": {{"resources":
        [{{"mode": "data", "type": "aws_iam_policy", "name": "d", "values": {{"arn": "{admin}", "policy": "$ALLOW"}}}}]}}}}}}}}"#,
        change(&format!(
            r#"aws_ssoadmin_managed_policy_attachment.a no-op before={{"managed_policy_arn": "{admin}"}} after={{"managed_policy_arn": "{admin}"}}"#
        ))
    );
    check_text(
        &read,
        &["reconstructed aws_ssoadmin_managed_policy_attachment.a: identity 1 statements, same"],
    );
}

#[test]
fn who_has_a_policy_is_told_wholly_or_not_at_all() {
    check(
        &[
            r#"aws_iam_policy.p create after={"name": "p", "policy": "$ALLOW"}"#,
            r#"aws_iam_policy_attachment.a create after={"roles": ["r"], "policy_arn": "arn:aws:iam::123456789012:policy/p"} unknown={"users": true}"#,
            r#"aws_iam_policy.q create after={"name": "q", "policy": "$ALLOW"}"#,
            r#"aws_iam_policy_attachment.b create after={"roles": ["r"], "groups": ["g"], "policy_arn": "arn:aws:iam::123456789012:policy/q"}"#,
        ],
        "",
        &[
            "literal aws_iam_policy.p: identity 1 statements, new",
            "literal aws_iam_policy.q: identity 1 statements, new [\"group/g\", \"role/r\"]",
            "change aws_iam_policy_attachment.a: an attached policy is added []",
            "change aws_iam_policy_attachment.b: an attached policy is added [\"group/g\", \"role/r\"]",
        ],
    );
}

#[test]
fn changes_of_identities() {
    let role = r#"aws_iam_role.r no-op before={"name": "r", "assume_role_policy": "$ASSUME"} after={"name": "r", "assume_role_policy": "$ASSUME"}"#;
    let trust = "literal aws_iam_role.r/assume_role_policy: trust 1 statements, same";
    let inline = |actions: &str, before: &str, after: &str| {
        let part = |name: &str, role: &str| match role {
            "" => String::new(),
            role => format!(" {name}={{\"role\": \"{role}\", \"policy\": \"$ALLOW\"}}"),
        };
        format!(
            "aws_iam_role_policy.i {actions}{}{}",
            part("before", before),
            part("after", after)
        )
    };
    let document = |before: &str, role: &str| {
        format!("literal aws_iam_role_policy.i: identity 1 statements, {before} [\"{role}\"]")
    };
    check(
        &[role, &inline("create", "", "r")],
        "",
        &[
            trust,
            &document("new", "aws_iam_role.r"),
            "change aws_iam_role_policy.i: an inline policy is added [\"aws_iam_role.r\"]",
        ],
    );
    check(
        &[role, &inline("update", "r", "r")],
        "",
        &[trust, &document("same", "aws_iam_role.r")],
    );
    check(
        &[role, &inline("update", "r", "o")],
        "",
        &[
            trust,
            &document("same", "role/o"),
            "change aws_iam_role_policy.i: an inline policy is changed [\"aws_iam_role.r\", \"role/o\"]",
        ],
    );
    check(
        &[role, &inline("delete", "r", "")],
        "",
        &[
            trust,
            "change aws_iam_role_policy.i: an inline policy is removed [\"aws_iam_role.r\"]",
        ],
    );
    // Gone with its role.
    check(
        &[
            r#"aws_iam_role.r delete before={"name": "r"}"#,
            &inline("delete", "r", ""),
        ],
        "",
        &[],
    );
    // A new role, or one that only moves, changes nothing for others.
    check(
        &[
            r#"aws_iam_role.r create after={"name": "r", "assume_role_policy": "$ASSUME"}"#,
            &inline("create", "", "r"),
        ],
        "",
        &[
            "literal aws_iam_role.r/assume_role_policy: trust 1 statements, new",
            &document("new", "aws_iam_role.r"),
        ],
    );
    check(
        &[r#"aws_iam_user.u update before={"name": "u", "permissions_boundary": "a"} after={"name": "u"}"#],
        "",
        &["change aws_iam_user.u: the permissions boundary is changed [\"aws_iam_user.u\"]"],
    );
    check(
        &[r#"aws_iam_user.u update before={"name": "u"} after={"name": "u", "permissions_boundary": ""}"#],
        "",
        &[],
    );
    check(
        &[
            r#"aws_iam_policy.p delete before={"arn": "arn:p", "policy": "$ALLOW"}"#,
            r#"aws_iam_user_policy_attachment.a delete before={"user": "u", "policy_arn": "arn:p"}"#,
        ],
        "",
        &[
            "change aws_iam_policy.p: the policy is deleted [\"user/u\"]",
            "change aws_iam_user_policy_attachment.a: an attached policy is removed [\"user/u\"]",
        ],
    );
}

#[test]
fn what_is_not_read_is_a_gap() {
    check(
        &[
            r#"aws_newservice_policy.n create after={"p": "$BUCKET", "tags": {}}"#,
            r#"terraform_data.t create after={"input": {"Statement": {"Effect": "Allow"}}}"#,
            r#"terraform_data.u create after={"input": "nothing"}"#,
            r#"aws_ecr_lifecycle_policy.e create after={"policy": "$BUCKET"}"#,
            r#"aws_iot_policy.i create after={"policy": "$ALLOW"}"#,
            r#"aws_s3_bucket.private create after={"acl": "private"}"#,
            r#"aws_s3_bucket.public create after={"acl": "public-read"}"#,
            r#"aws_lambda_function_url.iam create after={"authorization_type": "AWS_IAM"}"#,
            r#"aws_lambda_function_url.none create after={"authorization_type": "NONE"}"#,
            r#"aws_kms_grant.g create after={"grantee_principal": "x"}"#,
            r#"aws_cloudformation_stack.s create after={"template_body": "x"}"#,
            r#"aws_iam_role.b create after={"assume_role_policy": "$ASSUME", "permissions_boundary": "x", "extra": "$ALLOW"}"#,
        ],
        "",
        &[
            "literal aws_iot_policy.i: identity 1 statements, new",
            "literal aws_iam_role.b/assume_role_policy: trust 1 statements, new",
            "gap aws_newservice_policy.n/p: type",
            "gap terraform_data.t/input: type",
            "gap aws_s3_bucket.public/acl: shape",
            "gap aws_lambda_function_url.none: shape",
            "gap aws_kms_grant.g: shape",
            "gap aws_cloudformation_stack.s: unsupported",
            "gap aws_iam_role.b/extra: type",
        ],
    );
}

#[test]
fn unknown_attributes_named_policy_are_gaps_when_configured() {
    let configured = r#""resources": [
        {"type": "aws_newservice_policy", "name": "n", "expressions": {"policy": {"references": ["local.p"]}}},
        {"type": "aws_newservice_policy", "name": "m", "expressions": {}},
        {"type": "aws_api_gateway_rest_api", "name": "a", "expressions": {"body": {}}}]"#;
    check(
        &[
            r#"aws_newservice_policy.n create after={} unknown={"policy": true}"#,
            r#"aws_newservice_policy.m create after={} unknown={"policy": true}"#,
            r#"aws_api_gateway_rest_api.a create after={} unknown={"policy": true, "body": true}"#,
        ],
        configured,
        &[
            "gap aws_newservice_policy.n/policy: unknown: local.p",
            "gap aws_api_gateway_rest_api.a/body: unknown: the expression of `body`",
        ],
    );
}

#[test]
fn unknown_names_are_traced_by_instance() {
    let configured = r#""resources": [
        {"type": "aws_iam_role_policy_attachment", "name": "a", "for_each_expression": {"references":
            ["aws_iam_policy.p"]}, "expressions": {
            "role": {"references": ["aws_iam_role.r", "each.key"]},
            "policy_arn": {"references": ["each.value.arn", "each.value"]}}},
        {"type": "aws_iam_role_policy", "name": "i", "expressions": {
            "role": {"references": ["aws_iam_role.r"]}, "policy": {}}}]"#;
    let indexed = |resource: &str, key: &str| resource.replace("[K]", &format!("[\\\"{key}\\\"]"));
    let role = r#"aws_iam_role.r[K] create after={"assume_role_policy": "$ASSUME"} unknown={"name": true}"#;
    let attachment =
        r#"aws_iam_role_policy_attachment.a[K] create after={} unknown={"role": true, "policy_arn": true}"#;
    let inline = r#"aws_iam_role_policy.i create after={"policy": "$ALLOW"} unknown={"role": true}"#;
    let policy = r#"aws_iam_policy.p create after={"policy": "$ALLOW"} unknown={"arn": true}"#;
    check(
        &[
            &indexed(role, "x"),
            &indexed(role, "y"),
            &indexed(attachment, "y"),
            inline,
            policy,
        ],
        configured,
        &[
            "literal aws_iam_role.r[\"x\"]/assume_role_policy: trust 1 statements, new",
            "literal aws_iam_role.r[\"y\"]/assume_role_policy: trust 1 statements, new",
            "literal aws_iam_role_policy.i: identity 1 statements, new",
            "literal aws_iam_policy.p: identity 1 statements, new [\"aws_iam_role.r[\\\"y\\\"]\"]",
            "change aws_iam_role_policy.i: an inline policy is added []",
        ],
    );
}

/// A constant key names its instance, whatever the key of the resource that refers to it.
#[test]
fn constant_keys_name_their_instances() {
    let configured = r#""resources": [
        {"type": "aws_iam_role_policy", "name": "i", "expressions": {"policy": {},
            "role": {"references": ["aws_iam_role.r[\"x\"].id", "aws_iam_role.r[\"x\"]", "aws_iam_role.r"]}}},
        {"type": "aws_iam_role_policy_attachment", "name": "a", "expressions": {
            "role": {"references": ["aws_iam_role.r", "each.key"]},
            "policy_arn": {"references": ["aws_iam_policy.p[\"x\"].arn", "aws_iam_policy.p[\"x\"]", "aws_iam_policy.p"]}}},
        {"type": "aws_iam_role_policy_attachment", "name": "b", "expressions": {
            "role": {"references": ["aws_iam_role.r[\"z\"].name", "aws_iam_role.r[\"z\"]", "aws_iam_role.r"]},
            "policy_arn": {"references": ["aws_iam_policy.p", "each.key"]}}}]"#;
    let indexed = |resource: &str, key: &str| resource.replace("[K]", &format!("[\\\"{key}\\\"]"));
    let role = r#"aws_iam_role.r[K] create after={"assume_role_policy": "$ASSUME"} unknown={"name": true}"#;
    let policy = r#"aws_iam_policy.p[K] create after={"policy": "$ALLOW"} unknown={"arn": true}"#;
    let inline = r#"aws_iam_role_policy.i[K] create after={"policy": "$ALLOW"} unknown={"role": true}"#;
    let attachment =
        r#"aws_iam_role_policy_attachment.a[K] create after={} unknown={"role": true, "policy_arn": true}"#;
    let lost = attachment.replace(".a[", ".b[");
    check(
        &[
            &indexed(role, "x"),
            &indexed(role, "y"),
            &indexed(policy, "x"),
            &indexed(policy, "y"),
            &indexed(inline, "y"),
            &indexed(attachment, "y"),
            &indexed(&lost, "y"),
        ],
        configured,
        &[
            r#"literal aws_iam_role.r["x"]/assume_role_policy: trust 1 statements, new"#,
            r#"literal aws_iam_role.r["y"]/assume_role_policy: trust 1 statements, new"#,
            r#"literal aws_iam_policy.p["x"]: identity 1 statements, new ["aws_iam_role.r[\"y\"]"]"#,
            r#"literal aws_iam_policy.p["y"]: identity 1 statements, new"#,
            r#"literal aws_iam_role_policy.i["y"]: identity 1 statements, new ["aws_iam_role.r[\"x\"]"]"#,
            r#"change aws_iam_role_policy_attachment.b["y"]: an attached policy is added []"#,
        ],
    );
}

#[test]
fn permissions_are_synthesised() {
    let permission = |name: &str, rest: &str, unknown: &str| {
        format!(
            r#"aws_lambda_permission.{name} create after={{"action": "lambda:InvokeFunction", "function_name": "f"{rest}}} unknown={unknown}"#
        )
    };
    check(
        &[
            &permission(
                "service",
                r#", "principal": "events.amazonaws.com""#,
                r#"{"source_arn": true}"#,
            ),
            &permission(
                "account",
                r#", "principal": "123456789012", "source_account": "123456789012""#,
                "{}",
            ),
            &permission(
                "anyone",
                r#", "principal": "*", "qualifier": "v1", "function_url_auth_type": "NONE""#,
                "{}",
            ),
            &permission("unknown", "", r#"{"principal": true}"#),
            &permission("odd", r#", "principal": "somebody""#, "{}"),
            &permission("function", r#", "principal": "*", "function_name": null"#, "{}"),
        ],
        "",
        &[
            "synthesised aws_lambda_permission.service: grant 1 statements, new",
            "synthesised aws_lambda_permission.account: grant 1 statements, new",
            "synthesised aws_lambda_permission.anyone: grant 1 statements, new",
            "synthesised aws_lambda_permission.unknown: grant 1 statements, new",
            "gap aws_lambda_permission.odd: shape",
            "gap aws_lambda_permission.function: shape",
        ],
    );
}

#[test]
fn partial_plans_are_gaps() {
    let policy = change(r#"aws_iam_policy.p create after={"policy": "$ALLOW"}"#);
    check_text(
        &format!(
            r#"{{"format_version": "1.2", "errored": true, "complete": false, "planned_values": {{}},
            "deferred_changes": [{{"reason": "x", "resource_change": {policy}}}]}}"#
        ),
        &[
            "literal aws_iam_policy.p: identity 1 statements, new",
            "gap plan: incomplete",
            "gap plan: incomplete",
            "gap plan: incomplete",
        ],
    );
    check_text(
        r#"{"format_version": "1.2", "planned_values": {"root_module": {"child_modules": [{"resources": [
            {"address": "module.m.aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p",
             "values": {"policy": "$ALLOW"}}]}]}}}"#,
        &["literal module.m.aws_iam_policy.p: identity 1 statements, unreadable"],
    );
    check_text(
        &format!(
            "{{\"format_version\": \"1.2\", \"surprise\": {}{}, \"resource_changes\": [{policy}]}}",
            "[".repeat(120),
            "]".repeat(120)
        ),
        &["literal aws_iam_policy.p: identity 1 statements, new"],
    );
}

#[test]
fn sensitive_values_and_places() {
    let text = format!(
        "{{\"format_version\": \"1.2\", \"resource_changes\": [{}]}}",
        change(r#"aws_iam_policy.p create after={"policy": "$ALLOW"} sensitive=true"#)
    )
    .replace("$ALLOW", ALLOW);
    let found = extract_plan(&text, FileId(7), &[], None, &one_by_one).unwrap();
    let policy = &found.policies[0];
    assert!(policy.sensitive && policy.changed);
    let span = policy.origin.place.span;
    assert_eq!(text[span.start..span.end], format!("\"{ALLOW}\""));
    let block = policy.origin.block.as_ref().unwrap();
    assert_eq!((block.mode, block.name.as_str()), ("resource", "p"));
}
