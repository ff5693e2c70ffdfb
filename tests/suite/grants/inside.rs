//! Templates inside a plan.

use serde_json::{Value, json};

use super::{FOREIGN, GROWTH, OWN, STANDARDS, change, verdicts};

/// A template inside a plan is judged as the template is, with the parameters that the plan gives it.
#[test]
fn templates_inside_a_plan_are_judged() {
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Ref": "Who"}}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*"}]});
    let template = json!({"Parameters": {"Who": {"Type": "String"}}, "Resources": {"P": {"Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "b", "PolicyDocument": policy}}}})
    .to_string();
    let stack = |name: &str, who: Option<&str>| {
        let (parameters, unknown) = match who {
            Some(who) => (json!({"Who": who}), json!({})),
            None => (Value::Null, json!({"parameters": true})),
        };
        let after = json!({"template_body": template, "parameters": parameters});
        change("aws_cloudformation_stack", name, Value::Null, after, unknown)
    };
    let state = json!({"Bucket": "b", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}});
    let made = json!({"type_name": "AWS::S3::BucketPolicy", "desired_state": state.to_string()});
    let set = json!({"template_body": template, "parameters": {"Who": OWN}});
    let changes = [
        stack("own", Some(OWN)),
        stack("far", Some(FOREIGN)),
        stack("who", None),
        change("aws_cloudformation_stack_set", "set", Value::Null, set, json!({})),
        change(
            "aws_cloudcontrolapi_resource",
            "made",
            Value::Null,
            made,
            json!({}),
        ),
    ];
    let (found, passed) = verdicts("templates", STANDARDS, &changes);
    let expected = [
        "FAIL external aws_cloudcontrolapi_resource.made/desired_state/BucketPolicy/PolicyDocument",
        "FAIL external aws_cloudformation_stack.far/template_body/P/PolicyDocument",
        "FAIL public aws_cloudcontrolapi_resource.made/desired_state/BucketPolicy/PolicyDocument",
        "UNDECIDED external aws_cloudformation_stack.who/template_body/P/PolicyDocument",
        "UNDECIDED external aws_cloudformation_stack_set.set/template_body/P/PolicyDocument",
        "UNDECIDED public aws_cloudformation_stack.who/template_body/P/PolicyDocument",
        "UNDECIDED public aws_cloudformation_stack_set.set/template_body/P/PolicyDocument",
    ];
    assert_eq!(found, expected);
    assert_eq!(passed, 3);
}

/// A stack that stays allows nothing new, whatever its parameters are.
#[test]
fn a_stack_that_stays_allows_nothing_new() {
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": {"Ref": "Who"}}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*"}]});
    let allowed =
        json!({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Ref": "Who"}}]});
    let assume = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let template = |action: &str| {
        json!({"Parameters": {"Who": {"Type": "String"}}, "Resources": {
            "P": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "b", "PolicyDocument": policy}},
            "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": assume,
                "Policies": [{"PolicyName": "p", "PolicyDocument": allowed}]}}}})
        .to_string()
        .replace("s3:GetObject", action)
    };
    let standards =
        format!("{GROWTH}  - {{id: whole, check: no-new-access, reference: before, on: principal}}\n");
    let stack = |before: &str, after: &str| {
        let of = |action: &str| json!({"template_body": template(action)});
        change("aws_cloudformation_stack", "s", of(before), of(after), json!({}))
    };
    let (found, passed) = verdicts(
        "stack-stays",
        &standards,
        &[stack("s3:GetObject", "s3:GetObject")],
    );
    assert_eq!((found, passed), (Vec::new(), 6));
    let (found, passed) = verdicts("stack-grows", &standards, &[stack("s3:GetObject", "s3:*")]);
    let at = "aws_cloudformation_stack.s/template_body";
    let expected = [
        format!("FAIL growth {at}/R/Policies/0/PolicyDocument"),
        format!("FAIL whole {at}/R"),
        // Whom the parameter lets in is not told, and may be nobody.
        format!("UNDECIDED growth {at}/P/PolicyDocument"),
        format!("UNDECIDED whole {at}/P/PolicyDocument"),
    ];
    // The trust policy is as it was.
    assert_eq!((found, passed), (expected.to_vec(), 2));
}
