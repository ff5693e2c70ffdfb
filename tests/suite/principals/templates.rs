//! CloudFormation templates.

use serde_json::{Map, Value, json};

use super::{check, folder};
use crate::run::run;

const NO_DELETE: &str =
    "check: access-not-granted, actions: ['s3:DeleteBucket'], on: principal, scope: {kinds: [identity]}";

/// A template of resources `ID TYPE: PROPERTIES`, in which `$s3`, `$deny`, … stand for documents. `C` is a condition on
/// a parameter.
fn template(resources: &[&str]) -> String {
    let mut all = Map::new();
    for line in resources {
        let (head, properties) = line.split_once(": ").unwrap();
        let (id, resource_type) = head.split_once(' ').unwrap();
        let mut properties = properties.to_owned();
        for (name, effect, action) in [
            ("$s3", "Allow", "s3:*"),
            ("$read", "Allow", "s3:GetObject"),
            ("$deny", "Deny", "s3:DeleteBucket"),
        ] {
            let document = json!({"Version": "2012-10-17", "Statement": [
                {"Sid": name.trim_start_matches('$'), "Effect": effect, "Action": action, "Resource": "*"}
            ]});
            properties = properties.replace(name, &document.to_string());
        }
        let mut properties: Value = serde_json::from_str(&properties).unwrap();
        if resource_type == "AWS::IAM::Role" {
            properties["AssumeRolePolicyDocument"] = json!({"Version": "2012-10-17", "Statement": []});
        }
        let condition = properties.as_object_mut().unwrap().remove("Condition");
        let mut resource = json!({"Type": resource_type, "Properties": properties});
        if let Some(condition) = condition {
            resource["Condition"] = condition;
        }
        all.insert(id.to_owned(), resource);
    }
    json!({
        "Parameters": {"P": {"Type": "String"}, "Name": {"Type": "String"}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "prod"]}},
        "Resources": all
    })
    .to_string()
}

#[test]
fn requests_are_asked_of_whole_principals() {
    for (name, resources, expected) in [
        (
            "template: a document of its own denies it",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"D AWS::IAM::Policy: {"PolicyName": "d", "PolicyDocument": $deny, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "template: a managed policy allows it",
            vec![
                r#"R AWS::IAM::Role: {"ManagedPolicyArns": [{"Ref": "M"}]}"#,
                r#"M AWS::IAM::ManagedPolicy: {"PolicyDocument": $s3}"#,
            ],
            vec![("R", "FAIL", "because of statement 0 \"s3\" of `M/PolicyDocument`")],
        ),
        (
            "template: the Deny is there only under a condition",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"D AWS::IAM::Policy: {"Condition": "C", "PolicyName": "d", "PolicyDocument": $deny, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![("R", "UNDECIDED", "")],
        ),
        (
            "template: the boundary does not let it through",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Ref": "B"}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "template: an AWS managed boundary does not let it through",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess"}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "template: the boundary is there only under a condition",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Fn::If": ["C", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#,
            ],
            vec![("R", "UNDECIDED", "the boundary of `R`")],
        ),
        (
            "template: a group allows it",
            vec![
                r#"U AWS::IAM::User: {"Groups": [{"Ref": "G"}]}"#,
                r#"G AWS::IAM::Group: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
            ],
            vec![
                ("U", "FAIL", "of `G/Policies/0/PolicyDocument`"),
                ("G", "FAIL", "of `G/Policies/0/PolicyDocument`"),
            ],
        ),
        (
            "template: a user is added to a group that denies",
            vec![
                r#"U AWS::IAM::User: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"G AWS::IAM::Group: {"Policies": [{"PolicyName": "p", "PolicyDocument": $deny}]}"#,
                r#"A AWS::IAM::UserToGroupAddition: {"GroupName": {"Ref": "G"}, "Users": [{"Ref": "U"}]}"#,
            ],
            vec![("U", "PASS", "")],
        ),
        (
            "template: a user is added to a group that denies, under a condition",
            vec![
                r#"U AWS::IAM::User: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"G AWS::IAM::Group: {"Policies": [{"PolicyName": "p", "PolicyDocument": $deny}]}"#,
                r#"A AWS::IAM::UserToGroupAddition: {"GroupName": {"Ref": "G"}, "Users": [{"Fn::If": ["C", {"Ref": "U"}, {"Ref": "AWS::NoValue"}]}]}"#,
            ],
            vec![("U", "UNDECIDED", "whether `A` puts `U` into `G`")],
        ),
        (
            "template: a group that is made elsewhere",
            vec![r#"U AWS::IAM::User: {"Groups": ["admins"]}"#],
            vec![("U", "UNDECIDED", "the group `admins`")],
        ),
        (
            "template: a policy that is made elsewhere",
            vec![r#"R AWS::IAM::Role: {"ManagedPolicyArns": ["arn:aws:iam::123456789012:policy/x"]}"#],
            vec![("R", "UNDECIDED", "policy/x` allows")],
        ),
        (
            "template: a policy for a role whose name is known later",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#,
                r#"D AWS::IAM::Policy: {"PolicyName": "d", "PolicyDocument": $s3, "Roles": [{"Ref": "Name"}]}"#,
            ],
            vec![
                ("R", "UNDECIDED", "to whom `D/PolicyDocument` is attached"),
                ("D/PolicyDocument", "FAIL", ""),
            ],
        ),
        (
            "template: a role whose name is known later",
            vec![
                r#"R AWS::IAM::Role: {"RoleName": {"Ref": "Name"}, "Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#,
                r#"D AWS::IAM::Policy: {"PolicyName": "d", "PolicyDocument": $s3, "Roles": ["other"]}"#,
            ],
            vec![
                ("R", "UNDECIDED", "to whom `D/PolicyDocument` is attached"),
                ("D/PolicyDocument", "FAIL", ""),
            ],
        ),
    ] {
        check(name, &template(&resources), NO_DELETE, &expected);
    }
}

#[test]
fn what_is_deployed_is_not_told() {
    let folder = folder("deployed");
    let resources = [r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#];
    std::fs::write(folder.join("t.json"), template(&resources)).unwrap();
    let standards =
        "version: 1\nstandards: [{id: s, check: no-new-access, reference: before, on: principal}]\n";
    std::fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let ran = run(&folder, &["check", "t.json", "--standards", "keyaki.yaml"]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("standard `s` compares with what is deployed"),
        "{}",
        ran.stderr
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
