//! What is deployed: `--before` with templates, states, plans and policies, `--changed-only`, and states as inputs.

use std::fs;

use serde_json::{Value, json};

use crate::run::{Ran, findings, repository, run, scratch, text};

const GROWTH: &str = "version: 1\nstandards:\n  - {id: growth, check: no-new-access, reference: before}\n";
const PASSROLE: &str =
    "version: 1\nstandards:\n  - {id: passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}\n";

/// Runs `keyaki check new` in a folder of its own; `before` is written when it is not empty.
fn check(name: &str, standards: &str, new: &str, before: &str, options: &[&str]) -> Ran {
    let folder = scratch(&format!("before-{name}"));
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    fs::write(folder.join("new"), new).unwrap();
    let mut arguments = vec!["check", "new", "--format", "json"];
    if !before.is_empty() {
        fs::write(folder.join("old"), before).unwrap();
        arguments.extend(["--before", "old"]);
    }
    arguments.extend(options);
    run(&folder, &arguments)
}

/// The findings as `VERDICT ADDRESS`, and how many pass and are left out.
fn told(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let mut lines: Vec<String> = ["FAIL", "UNDECIDED", "ERROR"]
        .iter()
        .flat_map(|verdict| findings(&report, verdict))
        .map(|finding| format!("{} {}", text(finding, "verdict"), text(finding, "address")))
        .collect();
    lines.sort();
    let summary = &report["summary"];
    let (pass, unchanged) = (&summary["results"]["pass"], &summary["policies"]["unchanged"]);
    lines.push(format!("{pass} pass, {unchanged} unchanged"));
    lines
}

fn document(effect: &str, action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]})
}

fn bucket(action: &str) -> Value {
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": action,
        "Resource": "arn:aws:s3:::b/*"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn template(resources: &Value) -> String {
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Parameters": {"P": {"Type": "String"}}, "Resources": resources})
        .to_string()
}

fn bucket_policy(bucket_name: Value, policy: Value) -> Value {
    json!({"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": bucket_name, "PolicyDocument": policy}})
}

fn role(policies: &[(&str, Value)], managed: &[&str]) -> Value {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}]});
    let policies: Vec<Value> = policies
        .iter()
        .map(|(name, document)| json!({"PolicyName": name, "PolicyDocument": document}))
        .collect();
    json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies,
        "ManagedPolicyArns": managed}})
}

#[test]
fn templates_are_compared_by_logical_id() {
    let read = || bucket("s3:GetObject");
    let all = || bucket("s3:*");
    let name = || json!("b");
    let parameter = || json!({"Ref": "P"});
    let one = |bucket_name: Value, policy: Value| json!({"B": bucket_policy(bucket_name, policy)});
    let attribute = || {
        let mut policy = read();
        policy["Statement"][0]["Resource"] = json!({"Fn::Sub": "${Bucket.Arn}/*"});
        policy
    };
    let holed = |properties: Value| {
        json!({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties},
            "B": bucket_policy(json!({"Ref": "Bucket"}), attribute())})
    };
    let undecided = &["UNDECIDED B/PolicyDocument", "0 pass, 0 unchanged"][..];
    let cases: Vec<(&str, Value, Value, i32, &[&str])> = vec![
        (
            "same",
            one(name(), read()),
            one(name(), read()),
            0,
            &["1 pass, 0 unchanged"],
        ),
        (
            "less",
            one(name(), all()),
            one(name(), read()),
            0,
            &["1 pass, 0 unchanged"],
        ),
        (
            "more",
            one(name(), read()),
            one(name(), all()),
            1,
            &["FAIL B/PolicyDocument", "0 pass, 0 unchanged"],
        ),
        (
            "new",
            json!({"T": {"Type": "AWS::SNS::Topic"}}),
            one(name(), read()),
            1,
            &["FAIL B/PolicyDocument", "0 pass, 0 unchanged"],
        ),
        (
            "other-bucket",
            one(json!("c"), read()),
            one(name(), read()),
            4,
            undecided,
        ),
        (
            "any-bucket",
            one(parameter(), read()),
            one(parameter(), read()),
            4,
            undecided,
        ),
        (
            "gone",
            one(name(), read()),
            json!({"T": {"Type": "AWS::SNS::Topic"}}),
            4,
            undecided,
        ),
        (
            "fixed-attribute",
            holed(json!({"BucketName": "b"})),
            holed(json!({"BucketName": "b"})),
            0,
            &["1 pass, 0 unchanged"],
        ),
        (
            "renamed",
            holed(json!({"BucketName": {"Ref": "P"}})),
            holed(json!({"BucketName": {"Ref": "P"}})),
            4,
            undecided,
        ),
    ];
    for (case, old, new, status, expected) in cases {
        let ran = check(case, GROWTH, &template(&new), &template(&old), &[]);
        assert_eq!(
            (ran.status, told(&ran)),
            (status, expected.iter().map(|line| (*line).to_owned()).collect()),
            "{case}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

/// What is given for both is the same for both.
#[test]
fn a_given_parameter_has_one_value() {
    let resources = json!({"B": bucket_policy(json!({"Ref": "P"}), bucket("s3:GetObject"))});
    let text = template(&resources);
    let ran = check("given", GROWTH, &text, &text, &["--parameters", "P=b"]);
    assert_eq!(
        (ran.status, told(&ran)),
        (0, vec!["1 pass, 0 unchanged".to_owned()])
    );
}

#[test]
fn identities_of_templates_are_not_judged_by_one_document() {
    let (read, write) = (|| document("Allow", "s3:Get*"), || document("Allow", "s3:Put*"));
    let deny = || document("Deny", "s3:*");
    let one = |policies: &[(&str, Value)], managed: &[&str]| json!({"R": role(policies, managed)});
    let trust = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    for (case, old, new, status) in [
        (
            "same",
            one(&[("a", read())], &[trust]),
            one(&[("a", read())], &[trust]),
            0,
        ),
        ("more", one(&[("a", read())], &[]), one(&[("a", write())], &[]), 1),
        ("swapped", one(&[], &[trust, admin]), one(&[], &[admin, trust]), 0),
        ("attached", one(&[], &[trust]), one(&[], &[trust, admin]), 4),
        (
            "detached",
            one(&[("a", read())], &[trust]),
            one(&[("a", read())], &[]),
            4,
        ),
        (
            "added",
            one(&[("a", read())], &[]),
            one(&[("a", read()), ("b", write())], &[]),
            4,
        ),
        (
            "deny-is-gone",
            one(&[("a", read()), ("b", deny())], &[]),
            one(&[("a", read())], &[]),
            4,
        ),
        (
            "deny-is-less",
            one(&[("a", read()), ("b", deny())], &[]),
            one(&[("a", read()), ("b", document("Deny", "s3:Put*"))], &[]),
            4,
        ),
        (
            "deny-is-more",
            one(&[("a", read())], &[]),
            json!({"R": role(&[("a", {
                let mut both = read();
                let denied = deny()["Statement"][0].clone();
                both["Statement"].as_array_mut().unwrap().push(denied);
                both
            })], &[])}),
            0,
        ),
    ] {
        let ran = check(
            &format!("identity-{case}"),
            GROWTH,
            &template(&new),
            &template(&old),
            &[],
        );
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn boundaries_and_names_of_holders_count() {
    let with = |key: &str, value: Value| {
        let mut role = role(&[("a", document("Allow", "s3:Get*"))], &[]);
        role["Properties"][key] = value;
        template(&json!({"R": role}))
    };
    let holder = |name: Value| {
        let properties =
            json!({"PolicyName": "p", "PolicyDocument": document("Allow", "s3:Get*"), "Roles": [name]});
        template(&json!({"P1": {"Type": "AWS::IAM::Policy", "Properties": properties}}))
    };
    let boundary = |name: &str| {
        with(
            "PermissionsBoundary",
            json!(format!("arn:aws:iam::aws:policy/{name}")),
        )
    };
    for (case, old, new, status) in [
        (
            "boundary",
            boundary("ReadOnlyAccess"),
            boundary("ReadOnlyAccess"),
            0,
        ),
        (
            "wider",
            boundary("ReadOnlyAccess"),
            boundary("AdministratorAccess"),
            4,
        ),
        (
            "any-boundary",
            with("PermissionsBoundary", json!({"Ref": "P"})),
            with("PermissionsBoundary", json!({"Ref": "P"})),
            4,
        ),
        ("holder", holder(json!("r")), holder(json!("r")), 0),
        ("other-holder", holder(json!("r")), holder(json!("s")), 4),
        (
            "any-holder",
            holder(json!({"Ref": "P"})),
            holder(json!({"Ref": "P"})),
            4,
        ),
    ] {
        let ran = check(&format!("of-{case}"), GROWTH, &new, &old, &[]);
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let template = template(&json!({"B": bucket_policy(json!("b"), bucket("s3:GetObject"))}));
    let state = json!({"format_version": "1.0", "values": {"root_module": {}}}).to_string();
    let partial = json!({"format_version": "1.2", "errored": true, "resource_changes": []}).to_string();
    let plan = json!({"format_version": "1.2", "resource_changes": []}).to_string();
    let cases: [(&str, &str, &str, i32, &str); 5] = [
        ("none", &template, "", 2, "--before FILE"),
        ("kinds", &template, &state, 2, "cannot be the deployed version"),
        (
            "partial",
            &plan,
            &partial,
            3,
            "does not tell all that is deployed",
        ),
        ("nothing", &plan, "{}", 3, "old"),
        ("many", &plan, &state, 2, "one input"),
    ];
    for (case, new, old, status, words) in cases {
        let fixture = repository().join("fixtures/article/plan.json");
        let second = [fixture.to_str().unwrap()];
        let options: &[&str] = if case == "many" { &second } else { &[] };
        let ran = check(&format!("refused-{case}"), GROWTH, new, old, options);
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
        assert!(
            (ran.stdout.clone() + &ran.stderr).contains(words),
            "{case}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

#[test]
fn bare_policies_have_a_before_too() {
    let (read, all) = (document("Allow", "s3:Get*"), document("Allow", "s3:*"));
    for (case, old, new, status) in [("less", &all, &read, 0), ("more", &read, &all, 1)] {
        let ran = check(
            &format!("bare-{case}"),
            GROWTH,
            &new.to_string(),
            &old.to_string(),
            &[],
        );
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}

fn resource(address: &str, values: &Value) -> Value {
    let (resource_type, name) = address.split_once('.').unwrap();
    json!({"address": address, "mode": "managed", "type": resource_type, "name": name, "values": values,
        "schema_version": 0, "sensitive_values": {}})
}

fn state(resources: &[(&str, Value)]) -> String {
    let resources: Vec<Value> = resources
        .iter()
        .map(|(address, values)| resource(address, values))
        .collect();
    json!({"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": resources}}})
        .to_string()
}

/// Address, before, after.
type Change<'a> = (&'a str, Value, Value);

fn plan(changes: &[Change<'_>]) -> String {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(address, before, after)| {
            let (resource_type, name) = address.split_once('.').unwrap();
            let action = match (before, after) {
                (Value::Null, _) => "create",
                (_, Value::Null) => "delete",
                (before, after) if before == after => "no-op",
                _ => "update",
            };
            json!({"address": address, "mode": "managed", "type": resource_type, "name": name,
                "change": {"actions": [action], "before": before, "after": after, "after_unknown": {}}})
        })
        .collect();
    json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes}).to_string()
}

fn on_bucket(action: &str) -> Value {
    json!({"bucket": "b", "policy": bucket(action).to_string()})
}

fn of_user(document: &Value) -> Value {
    json!({"user": "u", "name": "p", "policy": document.to_string()})
}

#[test]
fn states_are_checked_as_deployed() {
    let admin = of_user(&document("Allow", "*"));
    let new = state(&[("aws_iam_user_policy.a", admin.clone())]);
    let ran = check("state", PASSROLE, &new, "", &[]);
    assert_eq!(told(&ran), ["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"]);
    assert_eq!(text(&ran.json()["notes"][0], "id"), "state");
    let ran = check("state-growth", GROWTH, &new, "", &[]);
    assert!(
        ran.status == 2 && ran.stderr.contains("--before FILE"),
        "{}",
        ran.stderr
    );
    let old = state(&[("aws_iam_user_policy.a", of_user(&document("Allow", "s3:*")))]);
    let ran = check("state-since", GROWTH, &new, &old, &[]);
    assert_eq!(told(&ran), ["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"]);
    let ran = check("state-same", GROWTH, &new, &new, &["--changed-only"]);
    assert_eq!(
        (ran.status, told(&ran)),
        (0, vec!["0 pass, 1 unchanged".to_owned()])
    );
    let raw =
        json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "resources": []});
    let ran = check("state-raw", PASSROLE, &raw.to_string(), "", &[]);
    assert!(
        ran.status == 3 && (ran.stdout.clone() + &ran.stderr).contains("terraform show -json STATEFILE"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}

/// The plan's own `before` does not count where another version is given.
#[test]
fn a_state_or_plan_counts_instead_of_the_plans_own_before() {
    let new = plan(&[("aws_s3_bucket_policy.b", on_bucket("s3:*"), on_bucket("s3:*"))]);
    assert_eq!(check("own", GROWTH, &new, "", &[]).status, 0);
    let narrow = [("aws_s3_bucket_policy.b", on_bucket("s3:GetObject"))];
    let planned = plan(&[("aws_s3_bucket_policy.b", Value::Null, on_bucket("s3:GetObject"))]);
    let elsewhere = state(&[("aws_s3_bucket_policy.c", on_bucket("s3:*"))]);
    for (case, old, status) in [
        ("state", state(&narrow), 1),
        ("plan", planned, 1),
        ("wide", state(&[("aws_s3_bucket_policy.b", on_bucket("s3:*"))]), 0),
        // Of the policy that is gone nothing is known; the new one is new.
        ("elsewhere", elsewhere, 1),
    ] {
        let ran = check(&format!("instead-{case}"), GROWTH, &new, &old, &[]);
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn only_what_changes_is_checked() {
    let admin = of_user(&document("Allow", "*"));
    let tagged =
        |name: &str| json!({"user": "u", "name": name, "policy": document("Allow", "*").to_string()});
    let user = || json!({"name": "u"});
    let unknown = || json!({"user": "u", "policy_arn": "arn:aws:iam::111122223333:policy/x"});
    let group = || json!({"group": "g", "policy": document("Allow", "*").to_string()});
    let acl = |acl: &str| json!({"bucket": "b", "acl": acl});
    let cases: Vec<(&str, Vec<Change<'_>>, &[&str])> = vec![
        (
            "unchanged",
            vec![("aws_iam_user_policy.a", admin.clone(), admin.clone())],
            &["0 pass, 1 unchanged"],
        ),
        (
            "changed",
            vec![(
                "aws_iam_user_policy.a",
                of_user(&document("Allow", "s3:*")),
                admin.clone(),
            )],
            &["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"],
        ),
        (
            "created",
            vec![("aws_iam_user_policy.a", Value::Null, admin.clone())],
            &["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"],
        ),
        (
            "same-document",
            vec![("aws_iam_user_policy.a", tagged("p"), tagged("q"))],
            &["0 pass, 1 unchanged"],
        ),
        (
            "other-user",
            vec![(
                "aws_iam_user_policy.a",
                json!({"user": "v", "policy": document("Allow", "*").to_string()}),
                json!({"user": "u", "policy": document("Allow", "*").to_string()}),
            )],
            &["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"],
        ),
        (
            "boundary",
            vec![
                (
                    "aws_iam_user.u",
                    json!({"name": "u", "permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
                    user(),
                ),
                ("aws_iam_user_policy.a", admin.clone(), admin.clone()),
            ],
            &["FAIL aws_iam_user_policy.a", "0 pass, 0 unchanged"],
        ),
        (
            "deny-is-less",
            vec![
                ("aws_iam_user.u", user(), user()),
                ("aws_iam_user_policy.a", admin.clone(), admin.clone()),
                (
                    "aws_iam_user_policy.d",
                    of_user(&document("Deny", "*")),
                    of_user(&document("Deny", "s3:*")),
                ),
            ],
            &["FAIL aws_iam_user_policy.a", "1 pass, 0 unchanged"],
        ),
        (
            "member",
            vec![
                ("aws_iam_user.u", user(), user()),
                ("aws_iam_group.g", json!({"name": "g"}), json!({"name": "g"})),
                ("aws_iam_group_policy.p", group(), group()),
                (
                    "aws_iam_user_group_membership.m",
                    Value::Null,
                    json!({"user": "u", "groups": ["g"]}),
                ),
            ],
            &["FAIL aws_iam_group_policy.p", "0 pass, 0 unchanged"],
        ),
        (
            "gap-stays",
            vec![("aws_s3_bucket_acl.a", acl("aws-exec-read"), acl("aws-exec-read"))],
            &["0 pass, 1 unchanged"],
        ),
        (
            "gap-changes",
            vec![("aws_s3_bucket_acl.a", acl("private"), acl("aws-exec-read"))],
            &["UNDECIDED aws_s3_bucket_acl.a", "0 pass, 0 unchanged"],
        ),
        (
            "gap-of-a-changed-identity",
            vec![
                (
                    "aws_iam_user.u",
                    json!({"name": "u", "permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
                    user(),
                ),
                ("aws_iam_user_policy_attachment.x", unknown(), unknown()),
            ],
            &[
                "UNDECIDED aws_iam_user_policy_attachment.x",
                "0 pass, 0 unchanged",
            ],
        ),
    ];
    for (case, changes, expected) in cases {
        let ran = check(
            &format!("only-{case}"),
            PASSROLE,
            &plan(&changes),
            "",
            &["--changed-only"],
        );
        assert_eq!(told(&ran), expected, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_template_tells_what_changes_only_beside_an_earlier_one() {
    let two = |action: &str| {
        template(
            &json!({"A": bucket_policy(json!("a"), bucket("iam:*")), "B": bucket_policy(json!("b"), bucket(action))}),
        )
    };
    let ran = check(
        "only-template",
        PASSROLE,
        &two("iam:PassRole"),
        "",
        &["--changed-only"],
    );
    assert_eq!(
        told(&ran),
        [
            "FAIL A/PolicyDocument",
            "FAIL B/PolicyDocument",
            "0 pass, 0 unchanged"
        ]
    );
    assert_eq!(text(&ran.json()["notes"][0], "id"), "changed-only");
    let options = ["--changed-only"];
    let ran = check(
        "only-since",
        PASSROLE,
        &two("iam:PassRole"),
        &two("s3:*"),
        &options,
    );
    assert_eq!(told(&ran), ["FAIL B/PolicyDocument", "0 pass, 1 unchanged"]);
}

/// What one document no longer denies, another allows: neither grows, and what they allow together does.
#[test]
fn a_deny_that_shrinks_is_never_passed_over() {
    let admin = of_user(&document("Allow", "s3:*"));
    let new = plan(&[
        ("aws_iam_user.u", json!({"name": "u"}), json!({"name": "u"})),
        ("aws_iam_user_policy.a", admin.clone(), admin.clone()),
        (
            "aws_iam_user_policy.d",
            of_user(&document("Deny", "s3:*")),
            of_user(&document("Deny", "s3:Get*")),
        ),
    ]);
    let ran = check("deny", GROWTH, &new, "", &[]);
    assert_eq!(
        (ran.status, told(&ran)),
        (
            4,
            vec![
                "UNDECIDED aws_iam_user_policy.a".to_owned(),
                "1 pass, 0 unchanged".to_owned()
            ]
        )
    );
}

#[test]
fn serverless_resources_are_compared_as_written_out() {
    let function = |action: &str, auth: &str| {
        json!({
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {
                "Handler": "a.b", "Runtime": "python3.13", "CodeUri": "s3://b/k",
                "Policies": [{"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}],
                "FunctionUrlConfig": {"AuthType": auth},
            }}},
        })
        .to_string()
    };
    let read = function("s3:GetObject", "AWS_IAM");
    for (case, new, status) in [
        ("same", read.clone(), 0),
        ("fewer", function("s3:GetObjectAcl", "AWS_IAM"), 1),
        ("wider", function("s3:Get*", "AWS_IAM"), 1),
        ("public", function("s3:GetObject", "NONE"), 1),
    ] {
        let ran = check(&format!("serverless-{case}"), GROWTH, &new, &read, &[]);
        assert_eq!(ran.status, status, "{case}: {}{}", ran.stdout, ran.stderr);
    }
}
