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
            vec![("R", "UNDECIDED", "P == prod")],
        ),
        (
            "template: one of two boundaries is there, and neither lets it through",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Fn::If": ["C", {"Ref": "B"}, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "template: one of two boundaries lets it through",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Fn::If": ["C", {"Ref": "B"}, "arn:aws:iam::aws:policy/AmazonS3FullAccess"]}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#,
            ],
            vec![("R", "UNDECIDED", "P == prod")],
        ),
        (
            "template: one of two boundaries is made elsewhere",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Fn::If": ["C", {"Ref": "B"}, "arn:aws:iam::123456789012:policy/x"]}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#,
            ],
            vec![("R", "UNDECIDED", "the boundary of `R`")],
        ),
        (
            "template: the role and its boundary are there under the same condition",
            vec![
                r#"R AWS::IAM::Role: {"Condition": "C", "PermissionsBoundary": {"Fn::If": ["C", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"B AWS::IAM::ManagedPolicy: {"Condition": "C", "PolicyDocument": $read}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "template: an addition to a group that denies is there under a condition",
            vec![
                r#"U AWS::IAM::User: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"G AWS::IAM::Group: {"Policies": [{"PolicyName": "p", "PolicyDocument": $deny}]}"#,
                r#"A AWS::IAM::UserToGroupAddition: {"Condition": "C", "GroupName": {"Ref": "G"}, "Users": [{"Ref": "U"}]}"#,
            ],
            vec![("U", "UNDECIDED", "whether `A` puts `U` into `G`")],
        ),
        (
            "template: a group and a role of the same name",
            vec![
                r#"R AWS::IAM::Role: {"RoleName": "ops", "Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#,
                r#"G AWS::IAM::Group: {"GroupName": "ops"}"#,
                r#"P AWS::IAM::Policy: {"PolicyName": "p", "PolicyDocument": $s3, "Groups": ["ops"]}"#,
            ],
            vec![("R", "PASS", ""), ("G", "FAIL", "of `P/PolicyDocument`")],
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

/// A name, the earlier resources, the new ones, and what is told.
type Grown<'t> = (&'t str, Vec<&'t str>, Vec<&'t str>, Vec<super::Told<'t>>);

/// What is attached now, compared with an earlier template.
#[test]
fn growth_is_told_of_whole_principals() {
    const ROLE: &str = r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#;
    const BARE: &str = "R AWS::IAM::Role: {}";
    const OTHER: &str = r#"Q AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#;
    let cases: Vec<Grown<'_>> = vec![
        ("nothing changes", vec![ROLE], vec![ROLE], vec![("R", "PASS", "")]),
        (
            "a document moves into a policy of its own",
            vec![ROLE],
            vec![
                BARE,
                r#"P AWS::IAM::Policy: {"PolicyName": "p", "PolicyDocument": $read, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "a policy is attached",
            vec![ROLE],
            vec![
                ROLE,
                r#"P AWS::IAM::Policy: {"PolicyName": "p", "PolicyDocument": $s3, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![("R", "FAIL", "statement 0 \"s3\" of `P/PolicyDocument`")],
        ),
        (
            "an AWS managed policy is attached",
            vec![ROLE],
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $read}], "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}"#,
            ],
            vec![("R", "FAIL", "of `R/ManagedPolicyArns/0`")],
        ),
        (
            "an AWS managed policy goes",
            vec![
                r#"R AWS::IAM::Role: {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}"#,
            ],
            vec![ROLE],
            vec![("R", "PASS", "")],
        ),
        (
            "a Deny goes",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"D AWS::IAM::Policy: {"PolicyName": "d", "PolicyDocument": $deny, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#],
            vec![("R", "FAIL", "s3:DeleteBucket")],
        ),
        (
            "a Deny stays",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                r#"D AWS::IAM::Policy: {"PolicyName": "d", "PolicyDocument": $deny, "Roles": [{"Ref": "R"}]}"#,
            ],
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}, {"PolicyName": "d", "PolicyDocument": $deny}]}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "a boundary goes",
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Ref": "B"}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                BOUNDARY,
            ],
            vec![r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#],
            vec![("R", "FAIL", "")],
        ),
        (
            "a boundary comes",
            vec![r#"R AWS::IAM::Role: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#],
            vec![
                r#"R AWS::IAM::Role: {"PermissionsBoundary": {"Ref": "B"}, "Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#,
                BOUNDARY,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "a role is made",
            vec![ROLE],
            vec![ROLE, OTHER],
            vec![("R", "PASS", ""), ("Q", "FAIL", "")],
        ),
        (
            "a role goes",
            vec![ROLE, OTHER],
            vec![ROLE],
            vec![("R", "PASS", "")],
        ),
        (
            "a user joins a group",
            vec!["U AWS::IAM::User: {}", GROUP],
            vec![r#"U AWS::IAM::User: {"Groups": [{"Ref": "G"}]}"#, GROUP],
            vec![
                ("U", "FAIL", "of `G/Policies/0/PolicyDocument`"),
                ("G", "PASS", ""),
            ],
        ),
        (
            "a user joins by an addition under a condition",
            vec!["U AWS::IAM::User: {}", GROUP],
            vec![
                "U AWS::IAM::User: {}",
                GROUP,
                r#"A AWS::IAM::UserToGroupAddition: {"Condition": "C", "GroupName": {"Ref": "G"}, "Users": [{"Ref": "U"}]}"#,
            ],
            vec![
                ("U", "UNDECIDED", "whether `A` puts `U` into `G`"),
                ("G", "PASS", ""),
            ],
        ),
        (
            "what nobody knows stays",
            vec![r#"R AWS::IAM::Role: {"ManagedPolicyArns": ["arn:aws:iam::123456789012:policy/x"]}"#],
            vec![
                r#"R AWS::IAM::Role: {"ManagedPolicyArns": ["arn:aws:iam::123456789012:policy/x"], "Policies": [{"PolicyName": "p", "PolicyDocument": $deny}]}"#,
            ],
            vec![("R", "PASS", "")],
        ),
        (
            "what nobody knows comes",
            vec![ROLE],
            vec![
                r#"R AWS::IAM::Role: {"ManagedPolicyArns": ["arn:aws:iam::123456789012:policy/x"], "Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#,
            ],
            vec![("R", "UNDECIDED", "policy/x` allows")],
        ),
        (
            "what nobody knows may be another",
            vec![r#"R AWS::IAM::Role: {"ManagedPolicyArns": [{"Ref": "P"}]}"#],
            vec![r#"R AWS::IAM::Role: {"ManagedPolicyArns": [{"Ref": "P"}]}"#],
            vec![("R", "UNDECIDED", "")],
        ),
        (
            "a condition may come to hold",
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"Fn::If": ["C", {"PolicyName": "p", "PolicyDocument": $read}, {"Ref": "AWS::NoValue"}]}]}"#,
            ],
            vec![
                r#"R AWS::IAM::Role: {"Policies": [{"Fn::If": ["C", {"PolicyName": "p", "PolicyDocument": $read}, {"Ref": "AWS::NoValue"}]}]}"#,
            ],
            vec![("R", "UNDECIDED", "")],
        ),
        (
            "a logical id of another type",
            vec![r#"R AWS::IAM::User: {"Policies": [{"PolicyName": "p", "PolicyDocument": $read}]}"#],
            vec![ROLE],
            vec![("R", "FAIL", "")],
        ),
    ];
    for (name, old, new, expected) in cases {
        let folder = folder(name);
        std::fs::write(folder.join("old.json"), template(&old)).unwrap();
        std::fs::write(folder.join("new.json"), template(&new)).unwrap();
        let standards = "version: 1\nstandards: [{id: s, check: no-new-access, reference: before, on: principal, scope: {kinds: [identity]}}]\n";
        std::fs::write(folder.join("keyaki.yaml"), standards).unwrap();
        let ran = run(
            &folder,
            &["check", "new.json", "--before", "old.json", "--format", "json"],
        );
        super::compare(name, &ran.json(), &expected);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

const BOUNDARY: &str = r#"B AWS::IAM::ManagedPolicy: {"PolicyDocument": $read}"#;
const GROUP: &str = r#"G AWS::IAM::Group: {"Policies": [{"PolicyName": "p", "PolicyDocument": $s3}]}"#;

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
