//! Templates inside a plan.

use super::super::extract_plan;
use super::{change, check, lines, with_every_resource};
use crate::extract::Extraction;
use crate::extract::one_by_one;
use crate::source::FileId;

const GAP: &str = "gap aws_cloudformation_stack.s";

/// A text as a JSON text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn policy(principal: &str) -> String {
    format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "s3:GetObject", "Resource": "*"}}}}"#
    )
}

/// A template with a bucket's policy for a principal.
fn template(principal: &str) -> String {
    let policy = policy(principal);
    format!(
        r#"{{"Parameters": {{"Who": {{"Type": "String", "Default": "111122223333"}}}}, "Resources": {{"P": {{"Type": "AWS::S3::BucketPolicy", "Properties": {{"Bucket": "b", "PolicyDocument": {policy}}}}}}}}}"#
    )
}

const WHO: &str = r#"{"AWS": {"Ref": "Who"}}"#;

fn stack(actions: &str, before: &str, after: &str, unknown: &str) -> String {
    format!("aws_cloudformation_stack.s {actions} before={before} after={after} unknown={unknown}")
}

fn body(template: &str, more: &str) -> String {
    format!(r#"{{"template_body": {}{more}}}"#, quoted(template))
}

#[test]
fn a_template_is_read_where_it_is_known() {
    let at = "aws_cloudformation_stack.s/template_body/P/PolicyDocument";
    let line = |before: &str| format!("literal {at}: resource 1 statements, {before}");
    let new = body(&template("\"*\""), "");
    check(&[&stack("create", "null", &new, "{}")], "", &[&line("new")]);
    check(&[&stack("no-op", &new, &new, "{}")], "", &[&line("same")]);
    let other = body(&template(r#"{"AWS": "111122223333"}"#), "");
    check(&[&stack("update", &other, &new, "{}")], "", &[&line("other")]);
    // With other parameters, the same text is another template.
    let given = |value: &str| {
        body(
            &template(WHO),
            &format!(r#", "parameters": {{"Who": "{value}"}}"#),
        )
    };
    let (one, two) = (given("111122223333"), given("444455556666"));
    check(&[&stack("no-op", &one, &one, "{}")], "", &[&line("same")]);
    check(&[&stack("update", &one, &two, "{}")], "", &[&line("unreadable")]);
    let yaml = "Resources:\n  P:\n    Type: AWS::S3::BucketPolicy\n    Properties:\n      Bucket: b\n      PolicyDocument:\n        Statement: {Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}\n";
    check(
        &[&stack("create", "null", &body(yaml, ""), "{}")],
        "",
        &[&line("new")],
    );
}

#[test]
fn what_is_not_in_the_plan_is_a_gap() {
    let known = body(&template("\"*\""), "");
    let configured = |name: &str| {
        format!(
            r#""resources": [{{"type": "aws_cloudformation_stack", "name": "s", "expressions": {{"{name}": {{"references": ["var.x"]}}}}}}]"#
        )
    };
    check(
        &[&stack("create", "null", "{}", r#"{"template_body": true}"#)],
        &configured("template_body"),
        &[&format!("{GAP}: unknown: var.x")],
    );
    // What is told of the body is what the template at the URL was.
    let at_url = body(&template("\"*\""), r#", "template_url": "https://example.com/t""#);
    check(
        &[&stack("create", "null", &at_url, "{}")],
        "",
        &[&format!("{GAP}: unsupported")],
    );
    check(
        &[&stack("update", &known, &known, r#"{"template_url": true}"#)],
        &configured("template_url"),
        &[&format!("{GAP}: unsupported")],
    );
    for broken in ["[", "{\"Resources\": {}, \"Resources\": {}}", "text"] {
        check(
            &[&stack("create", "null", &body(broken, ""), "{}")],
            "",
            &[&format!("{GAP}: unsupported")],
        );
    }
    check(
        &[&stack("create", "null", "{}", "{}")],
        "",
        &[&format!("{GAP}: shape")],
    );
    let secret = format!(
        r#"{} sensitive={{"parameters": true}}"#,
        stack("create", "null", &known, "{}")
    );
    check(&[&secret], "", &[&format!("{GAP}: unsupported")]);
    check(
        &[r#"awscc_cloudformation_stack.s create after={"template_url": "https://example.com/t"}"#],
        "",
        &["gap awscc_cloudformation_stack.s: unsupported"],
    );
}

fn found(resources: &[&str], configuration: &str) -> Extraction {
    let changes: Vec<String> = resources.iter().map(|resource| change(resource)).collect();
    let configuration = with_every_resource(resources, configuration);
    let text = format!(
        r#"{{"format_version": "1.2", "resource_changes": [{}], "configuration": {{"root_module": {{{configuration}}}}}}}"#,
        changes.join(",")
    );
    extract_plan(&text, FileId(0), &[], None, &one_by_one).unwrap()
}

/// Parameters that are not known keep all values that they may take; a new stack takes the defaults of the others.
#[test]
fn parameters_of_stacks() {
    let holes = |resource: &str, configuration: &str| -> Vec<String> {
        let found = found(&[resource], configuration);
        let [policy] = found.policies.as_slice() else {
            panic!("{:?}", lines(&found));
        };
        policy.holes.iter().map(|hole| hole.id.0.to_string()).collect()
    };
    let none: [&str; 0] = [];
    let with = |more: &str| body(&template(WHO), more);
    let own = with(r#", "parameters": {"Who": "111122223333"}"#);
    assert_eq!(holes(&stack("create", "null", &own, "{}"), ""), none);
    assert_eq!(holes(&stack("create", "null", &with(""), "{}"), ""), none);
    let unknown = r#"{"parameters": true}"#;
    assert_eq!(holes(&stack("create", "null", &with(""), unknown), ""), none);
    let configured = r#""resources": [{"type": "aws_cloudformation_stack", "name": "s", "expressions": {"parameters": {"references": ["var.x"]}}}]"#;
    assert_eq!(
        holes(&stack("create", "null", &with(""), unknown), configured),
        ["Who"]
    );
    let partly = with(r#", "parameters": {}"#);
    let marks = r#"{"parameters": {"Who": true}}"#;
    assert_eq!(
        holes(&stack("create", "null", &partly, marks), configured),
        ["Who"]
    );
    // An update may leave what was given before.
    assert_eq!(holes(&stack("no-op", &with(""), &with(""), "{}"), ""), ["Who"]);
    let tagged = with(r#", "tags": {"a": "b"}"#);
    assert_eq!(
        holes(&stack("update", &with(""), &tagged, "{}"), ""),
        ["Who", "Who (before)"]
    );
    let sets = ["aws_cloudformation_stack_set", "awscc_cloudformation_stack_set"];
    for set in sets {
        let set = format!("{set}.s create after={}", with(""));
        assert_eq!(holes(&set, ""), ["Who"]);
    }
}

/// What goes with a stack and is not its own may have denied.
#[test]
fn stacks_that_go() {
    let at = "change aws_cloudformation_stack.s";
    let known = body(&template("\"*\""), "");
    let gone = format!("{at}/template_body/P/PolicyDocument: the policy is deleted []");
    check(&[&stack("delete", &known, "null", "{}")], "", &[&gone]);
    check(&[&stack("forget", &known, "null", "{}")], "", &[]);
    let unread = format!("{at}: what is in its template, which is not read, is deleted []");
    let at_url = r#"{"template_url": "https://example.com/t"}"#;
    check(&[&stack("delete", at_url, "null", "{}")], "", &[&unread]);
    let inline = r#"{"Resources": {"I": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": ["r"], "PolicyDocument": {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}}}}}"#;
    let gone = format!("{at}/template_body/I/PolicyDocument: the policy is deleted []");
    check(&[&stack("delete", &body(inline, ""), "null", "{}")], "", &[&gone]);
    // An update may take away as much.
    let none = body(r#"{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}"#, "");
    check(&[&stack("update", &body(inline, ""), &none, "{}")], "", &[&gone]);
    let harmless = r#"aws_cloudcontrolapi_resource.c delete before={"type_name": "AWS::ECS::Cluster", "desired_state": "{}"}"#;
    check(&[harmless], "", &[]);
}

#[test]
fn resources_of_the_cloud_control_api() {
    let made = |type_name: &str, state: &str| {
        format!(
            r#"aws_cloudcontrolapi_resource.c create after={{"type_name": "{type_name}", "desired_state": {}}}"#,
            quoted(state)
        )
    };
    let state = format!(r#"{{"Bucket": "b", "PolicyDocument": {}}}"#, policy("\"*\""));
    check(
        &[&made("AWS::S3::BucketPolicy", &state)],
        "",
        &[
            "literal aws_cloudcontrolapi_resource.c/desired_state/BucketPolicy/PolicyDocument: resource 1 statements, new",
        ],
    );
    check(&[&made("AWS::ECS::Cluster", r#"{"ClusterName": "c"}"#)], "", &[]);
    let gap = "gap aws_cloudcontrolapi_resource.c";
    for broken in [
        "[]",
        "text",
        // Nothing gets out of the object.
        r#"{}}, "Q": {"Type": "AWS::ECS::Cluster", "Properties": {}"#,
    ] {
        check(
            &[&made("AWS::S3::BucketPolicy", broken)],
            "",
            &[&format!("{gap}: shape")],
        );
    }
    check(
        &[&made("Corp::Odd::Type", &state)],
        "",
        &[&format!("{gap}/desired_state/Type: type")],
    );
    check(&[&made(r#"A\"B"#, &state)], "", &[&format!("{gap}: shape")]);
}

/// What is around a template may attach more to its roles, and what is in it to those of the plan.
#[test]
fn principals_of_templates_are_open() {
    let role = r#"{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}, "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}}}}"#;
    let inline = r#"{"Resources": {"I": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": ["r"], "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}}}}"#;
    let assume = quoted(
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}"#,
    );
    let own = format!(r#"aws_iam_role.r create after={{"name": "r", "assume_role_policy": {assume}}}"#);
    let open = |text: &str| -> Vec<(String, bool, Vec<String>)> {
        let stack = stack("create", "null", &body(text, ""), "{}");
        let found = found(&[&own, &stack], "");
        assert!(found.gaps.is_empty(), "{:?}", found.gaps);
        found
            .principals
            .into_iter()
            .map(|principal| (principal.address, principal.open, principal.policies))
            .collect()
    };
    let at = "aws_cloudformation_stack.s/template_body/R".to_owned();
    assert_eq!(
        open(role),
        [
            ("aws_iam_role.r".to_owned(), false, Vec::new()),
            (at.clone(), true, vec![format!("{at}/Policies/0/PolicyDocument")]),
        ]
    );
    assert_eq!(open(inline), [("aws_iam_role.r".to_owned(), true, Vec::new())]);
}
