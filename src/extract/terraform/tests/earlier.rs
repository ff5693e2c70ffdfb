//! States as inputs, and plans compared with earlier states and plans.

use crate::extract::{EarlierTerraform, Extraction, extract_plan_since, extract_state, one_by_one};
use crate::source::{FileId, InputKind};

use super::{ALLOW, ASSUME, BUCKET, change, lines};

/// A state of resources written as `TYPE.NAME VALUES`, all in the module `m["a.b/c"]` where the name starts with `m_`.
fn state(resources: &[&str]) -> String {
    let entry = |resource: &&str| {
        let (address, values) = resource.split_once(' ').unwrap();
        let (resource_type, name) = address.split_once('.').unwrap();
        let (mode, resource_type) = match resource_type.strip_prefix("data-") {
            Some(resource_type) => ("data", resource_type),
            None => ("managed", resource_type),
        };
        let module = if name.starts_with("m_") {
            r#"module.m[\"a.b/c\"]."#
        } else {
            ""
        };
        format!(
            r#"{{"address": "{module}{resource_type}.{name}", "mode": "{mode}", "type": "{resource_type}", "name": "{name}",
            "schema_version": 0, "values": {values}, "sensitive_values": {{}}}}"#
        )
    };
    let (nested, root): (Vec<&str>, Vec<&str>) = resources.iter().partition(|r| r.contains(".m_"));
    let join = |resources: &[&str]| resources.iter().map(entry).collect::<Vec<_>>().join(",");
    text(&format!(
        r#"{{"format_version": "1.0", "terraform_version": "1.11.4", "values": {{"root_module": {{"resources": [{}],
        "child_modules": [{{"address": "module.m[\"a.b/c\"]", "resources": [{}]}}]}}}}}}"#,
        join(&root),
        join(&nested)
    ))
}

fn plan(resources: &[&str], expressions: &str) -> String {
    let changes: Vec<String> = resources.iter().map(|resource| change(resource)).collect();
    text(&format!(
        r#"{{"format_version": "1.2", "resource_changes": [{}], "configuration": {{"root_module": {{"resources": [{expressions}]}}}}}}"#,
        changes.join(",")
    ))
}

fn text(text: &str) -> String {
    let text = text.replace("$ALLOW", ALLOW).replace("$ASSUME", ASSUME);
    text.replace("$BUCKET", BUCKET)
}

fn since(new: &str, old: &str, kind: InputKind) -> Extraction {
    let earlier = EarlierTerraform::read(old, kind, &[]).unwrap();
    extract_plan_since(new, FileId(0), &[], None, &earlier, &one_by_one).unwrap()
}

#[test]
fn states_are_what_is_deployed() {
    let text = state(&[
        r#"data-aws_caller_identity.me {"account_id": "111122223333"}"#,
        r#"aws_iam_role.r {"name": "r", "assume_role_policy": "$ASSUME", "inline_policy": []}"#,
        r#"aws_iam_role_policy.p {"role": "r", "policy": "$ALLOW"}"#,
        r#"aws_s3_bucket_policy.m_b {"bucket": "b", "policy": "$BUCKET"}"#,
        r#"aws_s3_bucket_policy.none {"bucket": "b"}"#,
        r#"corp_thing.x {"doc": "$ALLOW"}"#,
    ]);
    let found = extract_state(&text, FileId(0), &[], None, &one_by_one).unwrap();
    assert_eq!(
        lines(&found),
        [
            r#"literal aws_iam_role.r/assume_role_policy: trust 1 statements, not told"#,
            r#"literal aws_iam_role_policy.p: identity 1 statements, not told ["aws_iam_role.r"]"#,
            r#"literal module.m["a.b/c"].aws_s3_bucket_policy.m_b: resource 1 statements, not told"#,
            "gap aws_s3_bucket_policy.none: shape",
            "gap corp_thing.x/doc: type",
        ]
    );
    assert_eq!(found.environment.account.as_deref(), Some("111122223333"));
    assert!(found.changes.is_empty() && found.unchanged.is_empty());
    assert_eq!(found.notes[0].id, "state");
}

#[test]
fn an_empty_state_holds_nothing() {
    let found = extract_state(r#"{"format_version": "1.0"}"#, FileId(0), &[], None, &one_by_one).unwrap();
    assert!(found.policies.is_empty() && found.gaps.is_empty());
    for (text, message) in [
        (
            r#"{"format_version": "2.0", "values": {}}"#,
            "unsupported state format",
        ),
        (r#"{"format_version": "1.0", "values": []}"#, "1:"),
    ] {
        let error = extract_state(text, FileId(0), &[], None, &one_by_one).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

/// A leftover of a replacement that did not end well is still there.
#[test]
fn leftovers_in_a_state_are_deployed() {
    let text = state(&[r#"aws_s3_bucket_policy.b {"bucket": "b", "policy": "$BUCKET"}"#])
        .replace(r#""schema_version": 0"#, r#""deposed_key": "aabbccdd""#);
    let found = extract_state(&text, FileId(0), &[], None, &one_by_one).unwrap();
    assert_eq!(found.policies.len(), 1);
    let earlier = EarlierTerraform::read(&text, InputKind::TerraformState, &[]).unwrap();
    let new = plan(
        &[r#"aws_s3_bucket_policy.b create after={"bucket": "b", "policy": "$BUCKET"}"#],
        "",
    );
    let found = extract_plan_since(&new, FileId(0), &[], None, &earlier, &one_by_one).unwrap();
    assert_eq!(
        lines(&found),
        ["literal aws_s3_bucket_policy.b: resource 1 statements, new"]
    );
}

#[test]
fn an_earlier_state_counts_instead_of_the_plans_own_before() {
    let old = state(&[
        r#"aws_s3_bucket_policy.same {"bucket": "b", "policy": "$BUCKET"}"#,
        r#"aws_s3_bucket_policy.other {"bucket": "b", "policy": "$BUCKET"}"#,
        r#"aws_s3_bucket_policy.gone {"bucket": "b", "policy": "$BUCKET"}"#,
        r#"aws_s3_bucket_policy.from {"bucket": "b", "policy": "$BUCKET"}"#,
        r#"aws_iam_role.r {"name": "r", "assume_role_policy": "$ASSUME"}"#,
        r#"aws_iam_role_policy.p {"role": "r", "policy": "$ALLOW"}"#,
    ]);
    let other = BUCKET.replace("GetObject", "PutObject");
    let moved = plan(
        &[r#"aws_s3_bucket_policy.to no-op before={} after={"bucket": "b", "policy": "$BUCKET"}"#],
        "",
    )
    .replace(
        r#""mode": "managed""#,
        r#""previous_address": "aws_s3_bucket_policy.from", "mode": "managed""#,
    );
    let moved = moved
        .split_once('[')
        .unwrap()
        .1
        .split_once(r#"], "configuration""#)
        .unwrap()
        .0
        .to_owned();
    let new = plan(
        &[
            r#"aws_s3_bucket_policy.same create after={"bucket": "b", "policy": "$BUCKET"}"#,
            &format!(
                r#"aws_s3_bucket_policy.other no-op before={{"bucket": "b", "policy": "{other}"}} after={{"bucket": "b", "policy": "{other}"}}"#
            ),
            r#"aws_s3_bucket_policy.new no-op before={"bucket": "b", "policy": "$BUCKET"} after={"bucket": "b", "policy": "$BUCKET"}"#,
            r#"aws_iam_role.r no-op before={"name": "r", "assume_role_policy": "$ASSUME"} after={"name": "r", "assume_role_policy": "$ASSUME"}"#,
        ],
        "",
    )
    .replacen(r#""resource_changes": ["#, &format!(r#""resource_changes": [{moved}, "#), 1);
    let found = since(&new, &old, InputKind::TerraformState);
    assert_eq!(
        lines(&found),
        [
            "literal aws_s3_bucket_policy.to: resource 1 statements, same",
            "literal aws_s3_bucket_policy.same: resource 1 statements, same",
            "literal aws_s3_bucket_policy.other: resource 1 statements, other",
            "literal aws_s3_bucket_policy.new: resource 1 statements, new",
            "literal aws_iam_role.r/assume_role_policy: trust 1 statements, same",
            r#"change aws_iam_role_policy.p: an inline policy is removed ["aws_iam_role.r"]"#,
            "change aws_s3_bucket_policy.gone: the policy is deleted []",
        ]
    );
    let unchanged: Vec<&str> = found.unchanged.iter().map(String::as_str).collect();
    assert_eq!(
        unchanged,
        [
            "aws_iam_role.r",
            "aws_s3_bucket_policy.same",
            "aws_s3_bucket_policy.to"
        ]
    );
}

#[test]
fn what_an_earlier_plan_did_not_know_is_not_known() {
    let configured = r#"{"type": "aws_s3_bucket_policy", "name": "u", "expressions": {"policy": {"references": ["local.x"]}}},
        {"type": "aws_sqs_queue", "name": "q", "expressions": {}},
        {"type": "aws_iam_role", "name": "r", "expressions": {}}"#;
    let old = plan(
        &[
            r#"aws_s3_bucket_policy.k create after={"bucket": "b", "policy": "$BUCKET"}"#,
            r#"aws_s3_bucket_policy.u create after={"bucket": "b"} unknown={"policy": true}"#,
            r#"aws_sqs_queue.q create after={"name": "q"} unknown={"policy": true}"#,
            r#"aws_iam_role.r create after={"name": "r", "assume_role_policy": "$ASSUME"} unknown={"managed_policy_arns": true, "inline_policy": true}"#,
            r#"aws_s3_bucket_policy.d delete before={"bucket": "b", "policy": "$BUCKET"}"#,
        ],
        configured,
    );
    let new = plan(
        &[
            r#"aws_s3_bucket_policy.k no-op after={"bucket": "b", "policy": "$BUCKET"}"#,
            r#"aws_s3_bucket_policy.u no-op after={"bucket": "b", "policy": "$BUCKET"}"#,
            r#"aws_s3_bucket_policy.d create after={"bucket": "b", "policy": "$BUCKET"}"#,
            r#"aws_sqs_queue.q update after={"name": "q", "policy": ""}"#,
            r#"aws_iam_role.r no-op after={"name": "r", "assume_role_policy": "$ASSUME", "managed_policy_arns": ["x"]}"#,
        ],
        configured,
    );
    let found = since(&new, &old, InputKind::TerraformPlan);
    assert_eq!(
        lines(&found),
        [
            "literal aws_s3_bucket_policy.k: resource 1 statements, same",
            "literal aws_s3_bucket_policy.u: resource 1 statements, unreadable",
            "literal aws_s3_bucket_policy.d: resource 1 statements, new",
            "literal aws_iam_role.r/assume_role_policy: trust 1 statements, same",
            "gap aws_iam_role.r/managed_policy_arns[0]: managed: x",
        ]
    );
    assert_eq!(
        found.unchanged.iter().collect::<Vec<_>>(),
        ["aws_s3_bucket_policy.k"]
    );
    // A document that was configured and not known may have been taken away.
    let queue =
        r#"{"type": "aws_sqs_queue", "name": "q", "expressions": {"policy": {"references": ["local.x"]}}}"#;
    let old = plan(
        &[r#"aws_sqs_queue.q create after={"name": "q"} unknown={"policy": true}"#],
        queue,
    );
    let new = plan(&[r#"aws_sqs_queue.q update after={"name": "q"}"#], configured);
    assert_eq!(
        lines(&since(&new, &old, InputKind::TerraformPlan)),
        ["change aws_sqs_queue.q: the policy is removed []"]
    );
}

#[test]
fn one_of_several_earlier_resources_is_not_known() {
    let bucket = r#"aws_s3_bucket_policy.b {"bucket": "b", "policy": "$BUCKET"}"#;
    let old = state(&[bucket, bucket]);
    let new = plan(
        &[r#"aws_s3_bucket_policy.b no-op after={"bucket": "b", "policy": "$BUCKET"}"#],
        "",
    );
    let found = since(&new, &old, InputKind::TerraformState);
    assert_eq!(
        lines(&found)[0],
        "literal aws_s3_bucket_policy.b: resource 1 statements, unreadable"
    );
    assert!(found.unchanged.is_empty());
}

#[test]
fn what_only_the_planned_values_tell_of_does_not_go() {
    let old = state(&[r#"aws_s3_bucket_policy.b {"bucket": "b", "policy": "$BUCKET"}"#]);
    let new = r#"{"format_version": "1.2", "resource_changes": [], "planned_values": {"root_module": {"resources": [
        {"address": "aws_s3_bucket_policy.b", "mode": "managed", "type": "aws_s3_bucket_policy", "name": "b",
        "values": {"bucket": "b"}}]}}}"#;
    assert_eq!(
        lines(&since(new, &old, InputKind::TerraformState)),
        ["gap aws_s3_bucket_policy.b: shape"]
    );
}

#[test]
fn sensitive_values_of_states_are_not_shown() {
    let secret = state(&[r#"aws_s3_bucket_policy.b {"bucket": "b", "policy": "$BUCKET"}"#]).replace(
        r#""sensitive_values": {}"#,
        r#""sensitive_values": {"policy": true}"#,
    );
    assert!(
        extract_state(&secret, FileId(0), &[], None, &one_by_one)
            .unwrap()
            .policies[0]
            .sensitive
    );
    let new = plan(
        &[r#"aws_s3_bucket_policy.b update after={"bucket": "b", "policy": "$BUCKET"}"#],
        "",
    );
    let found = since(&new, &secret, InputKind::TerraformState);
    assert!(
        found.policies[0].sensitive,
        "what is said may repeat the earlier one"
    );
}

#[test]
fn partial_plans_do_not_tell_what_is_deployed() {
    let partial = plan(&[], "").replace(r#""format_version""#, r#""errored": true, "format_version""#);
    let error = EarlierTerraform::read(&partial, InputKind::TerraformPlan, &[]).unwrap_err();
    assert!(error.contains("does not tell all that is deployed"), "{error}");
    assert!(EarlierTerraform::read("{}", InputKind::Policy, &[]).is_err());
}

#[test]
fn what_a_plan_leaves_alone() {
    let found = super::extract_plan(
        &plan(
            &[
                r#"aws_sqs_queue.same no-op before={"policy": "$ALLOW"} after={"policy": "$ALLOW"}"#,
                r#"aws_sqs_queue.lies no-op before={"policy": "$ALLOW"} after={"policy": "$BUCKET"}"#,
                r#"aws_sqs_queue.marked no-op before={"policy": "$ALLOW"} after={"policy": "$ALLOW"} unknown={"policy": true}"#,
                r#"aws_sqs_queue.read read before={"policy": "$ALLOW"} after={"policy": "$ALLOW"}"#,
                r#"aws_sqs_queue.twice no-op before={"policy": "$ALLOW"} after={"policy": "$ALLOW"}"#,
                r#"aws_sqs_queue.twice update before={"policy": "$ALLOW"} after={"policy": "$BUCKET"}"#,
            ],
            "",
        ),
        FileId(0),
        &[],
        None,
        &one_by_one,
    )
    .unwrap();
    assert_eq!(found.unchanged.iter().collect::<Vec<_>>(), ["aws_sqs_queue.same"]);
}
