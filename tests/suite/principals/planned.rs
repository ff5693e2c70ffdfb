//! Terraform plans.

use serde_json::{Map, Value, json};

use super::{check, report};

pub const BEFORE: &str = "check: no-new-access, reference: before, on: principal, scope: {kinds: [identity]}";
const NO_DELETE: &str =
    "check: access-not-granted, actions: ['s3:DeleteBucket'], on: principal, scope: {kinds: [identity]}";

/// A plan of resources `TYPE.NAME: BEFORE -> AFTER`, both JSON objects in which `$s3`, `$deny`, … stand for documents and
/// `"?"` for what is known after apply; the sides may be missing. `= OBJECT` is a resource that stays. References of the
/// configuration follow after `with`.
pub fn plan(resources: &[&str]) -> String {
    let mut changes = Vec::new();
    let mut configured = Vec::new();
    for line in resources {
        let (head, references) = line.split_once(" with ").unwrap_or((line, "{}"));
        let (address, sides) = head.split_once(": ").unwrap();
        let (resource_type, name) = address.split_once('.').unwrap();
        let (before, after) = match sides.strip_prefix("= ") {
            Some(same) => (Some(side(same)), Some(side(same))),
            None => {
                let (before, after) = sides.split_once("->").unwrap();
                (object(before), object(after))
            }
        };
        let actions = match (&before, &after) {
            (None, _) => json!(["create"]),
            (_, None) if references.contains("forget") => json!(["forget"]),
            (_, None) => json!(["delete"]),
            (before, after) if before == after => json!(["no-op"]),
            _ => json!(["update"]),
        };
        let mut unknown = Map::new();
        let after = after.map(|after| without_unknowns(after, &mut unknown));
        changes.push(json!({
            "address": address, "mode": "managed", "type": resource_type, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown}
        }));
        if head.ends_with("->") {
            continue;
        }
        let references: Value = serde_json::from_str(references).unwrap();
        let expressions: Map<String, Value> = references
            .as_object()
            .unwrap()
            .iter()
            .map(|(attribute, references)| match references {
                Value::Array(_) if attribute == "inline_policy" => (attribute.clone(), references.clone()),
                references => (attribute.clone(), json!({"references": references})),
            })
            .collect();
        configured.push(json!({
            "mode": "managed", "type": resource_type, "name": name, "expressions": expressions
        }));
    }
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}}
    })
    .to_string()
}

fn object(text: &str) -> Option<Value> {
    let text = text.trim();
    (!text.is_empty()).then(|| side(text))
}

fn side(text: &str) -> Value {
    let mut text = text.to_owned();
    for (name, effect, action, resource) in [
        ("$s3", "Allow", "s3:*", "*"),
        ("$read", "Allow", "s3:GetObject", "*"),
        ("$list", "Allow", "s3:ListBucket", "*"),
        ("$denynothing", "Deny", "s3:DeleteBucket", "arn:aws:s3:::none"),
        ("$deny", "Deny", "s3:DeleteBucket", "*"),
        ("$all", "Allow", "*", "*"),
    ] {
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{"Sid": name.trim_start_matches('$'), "Effect": effect, "Action": action, "Resource": resource}]
        });
        text = text.replace(name, &json!(document.to_string()).to_string());
    }
    for (name, arn) in [
        ("$admin", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("$viewer", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
        ("$p", "arn:aws:iam::123456789012:policy/p"),
        ("$q", "arn:aws:iam::123456789012:policy/q"),
        ("$elsewhere", "arn:aws:iam::123456789012:policy/elsewhere"),
    ] {
        text = text.replace(name, &format!("\"{arn}\""));
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Takes what is known after apply out, and marks it.
fn without_unknowns(after: Value, unknown: &mut Map<String, Value>) -> Value {
    let Value::Object(after) = after else { return after };
    let (unknowns, known): (Vec<_>, Vec<_>) = after.into_iter().partition(|(_, value)| value == "?");
    unknown.extend(unknowns.into_iter().map(|(name, _)| (name, json!(true))));
    Value::Object(known.into_iter().collect())
}

pub const ROLE: &str = r#"aws_iam_role.r: = {"name": "r", "arn": "arn:aws:iam::123456789012:role/r", "assume_role_policy": "{\"Statement\":[]}", "managed_policy_arns": [], "inline_policy": []}"#;
pub const USER: &str = r#"aws_iam_user.u: = {"name": "u"}"#;
pub const GROUP: &str = r#"aws_iam_group.g: = {"name": "g"}"#;
pub const SET: &str =
    r#"aws_ssoadmin_permission_set.s: = {"name": "s", "arn": "arn:aws:sso:::permissionSet/i/s"}"#;

#[test]
fn access_is_gained_although_no_document_changes() {
    const GAINED: &str = "because of statement 0 \"s3\" of ";
    for (name, resources, expected) in [
        (
            "a policy is attached",
            vec![
                ROLE,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.a: -> {"role": "r", "policy_arn": $p}"#,
            ],
            ("aws_iam_role.r", "FAIL", "of `aws_iam_policy.p`"),
        ),
        (
            "an AWS managed policy is attached",
            vec![
                ROLE,
                r#"aws_iam_role_policy_attachment.a: -> {"role": "r", "policy_arn": $admin}"#,
            ],
            ("aws_iam_role.r", "FAIL", "of `aws_iam_role_policy_attachment.a`"),
        ),
        (
            "a policy is attached by the list of the role",
            vec![
                r#"aws_iam_role.r: {"name": "r", "managed_policy_arns": []} -> {"name": "r", "managed_policy_arns": [$admin]} with {"managed_policy_arns": []}"#,
            ],
            (
                "aws_iam_role.r",
                "FAIL",
                "of `aws_iam_role.r/managed_policy_arns[0]`",
            ),
        ),
        (
            "a policy is attached by an exclusive list",
            vec![
                ROLE,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_role_policy_attachments_exclusive.e: {"role_name": "r", "policy_arns": []} -> {"role_name": "r", "policy_arns": [$p]}"#,
            ],
            ("aws_iam_role.r", "FAIL", GAINED),
        ),
        (
            "a policy is attached by the account-wide list",
            vec![
                USER,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_policy_attachment.e: {"name": "e", "policy_arn": $p, "users": []} -> {"name": "e", "policy_arn": $p, "users": ["u"]}"#,
            ],
            ("aws_iam_user.u", "FAIL", GAINED),
        ),
        (
            "a policy is attached by reference",
            vec![
                r#"aws_iam_role.r: {"name": "r"} -> {"name": "r"}"#,
                r#"aws_iam_policy.p: -> {"name": "p", "arn": "?", "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.a: -> {"role": "r", "policy_arn": "?"} with {"policy_arn": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}"#,
            ],
            ("aws_iam_role.r", "FAIL", "of `aws_iam_policy.p`"),
        ),
        (
            "an inline policy is added",
            vec![
                ROLE,
                r#"aws_iam_role_policy.i: -> {"role": "r", "name": "i", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "FAIL", "of `aws_iam_role_policy.i`"),
        ),
        (
            "an inline policy goes to another role",
            vec![
                ROLE,
                r#"aws_iam_role.other: = {"name": "other"}"#,
                r#"aws_iam_role_policy.i: {"role": "other", "name": "i", "policy": $s3} -> {"role": "r", "name": "i", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "FAIL", GAINED),
        ),
        (
            "a Deny is detached",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p, $q]}"#,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $deny}"#,
                r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#,
                r#"aws_iam_role_policy_attachment.q: {"role": "r", "policy_arn": $q} ->"#,
            ],
            ("aws_iam_role.r", "FAIL", "no longer attached: `aws_iam_policy.q`"),
        ),
        (
            "a Deny is deleted with its policy",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p, $q]}"#,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_policy.q: {"name": "q", "arn": $q, "policy": $deny} ->"#,
                r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#,
                r#"aws_iam_role_policy_attachment.q: {"role": "r", "policy_arn": $q} ->"#,
            ],
            ("aws_iam_role.r", "FAIL", GAINED),
        ),
        (
            "an inline Deny is deleted, and the role repeats it",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "inline_policy": [{"name": "p", "policy": $s3}, {"name": "q", "policy": $deny}]}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy.q: {"role": "r", "name": "q", "policy": $deny} ->"#,
            ],
            (
                "aws_iam_role.r",
                "FAIL",
                "no longer attached: `aws_iam_role_policy.q`",
            ),
        ),
        (
            "a Deny is narrowed",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy.q: {"role": "r", "name": "q", "policy": $deny} -> {"role": "r", "name": "q", "policy": $denynothing}"#,
            ],
            ("aws_iam_role.r", "FAIL", "changed: `aws_iam_role_policy.q`"),
        ),
        (
            "a boundary is removed",
            vec![
                r#"aws_iam_role.r: {"name": "r", "permissions_boundary": $q} -> {"name": "r", "permissions_boundary": null}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $read}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            (
                "aws_iam_role.r",
                "FAIL",
                "without its boundary `aws_iam_policy.q`",
            ),
        ),
        (
            "a boundary is widened",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $q}"#,
                r#"aws_iam_policy.q: {"name": "q", "arn": $q, "policy": $read} -> {"name": "q", "arn": $q, "policy": $all}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "FAIL", "changed: `aws_iam_policy.q`"),
        ),
        (
            "a boundary is replaced by a wider one",
            vec![
                r#"aws_iam_user.u: {"name": "u", "permissions_boundary": $viewer} -> {"name": "u", "permissions_boundary": $admin}"#,
                r#"aws_iam_user_policy.p: = {"user": "u", "name": "p", "policy": $s3}"#,
            ],
            ("aws_iam_user.u", "FAIL", "its boundary is"),
        ),
        (
            "a user joins a group",
            vec![
                USER,
                GROUP,
                r#"aws_iam_group_policy.p: = {"group": "g", "name": "p", "policy": $s3}"#,
                r#"aws_iam_user_group_membership.m: -> {"user": "u", "groups": ["g"]}"#,
            ],
            ("aws_iam_user.u", "FAIL", "of `aws_iam_group_policy.p`"),
        ),
        (
            "a user is listed by a group",
            vec![
                USER,
                GROUP,
                r#"aws_iam_group_policy.p: = {"group": "g", "name": "p", "policy": $s3}"#,
                r#"aws_iam_group_membership.m: {"group": "g", "name": "m", "users": []} -> {"group": "g", "name": "m", "users": ["u"]}"#,
            ],
            ("aws_iam_user.u", "FAIL", GAINED),
        ),
        (
            "a user leaves a group that denies",
            vec![
                USER,
                GROUP,
                r#"aws_iam_user_policy.p: = {"user": "u", "name": "p", "policy": $s3}"#,
                r#"aws_iam_group_policy.q: = {"group": "g", "name": "q", "policy": $deny}"#,
                r#"aws_iam_user_group_membership.m: {"user": "u", "groups": ["g"]} ->"#,
            ],
            (
                "aws_iam_user.u",
                "FAIL",
                "no longer attached: `aws_iam_group_policy.q`",
            ),
        ),
        (
            "a permission set gets a managed policy",
            vec![
                SET,
                r#"aws_ssoadmin_managed_policy_attachment.a: -> {"permission_set_arn": "arn:aws:sso:::permissionSet/i/s", "managed_policy_arn": $admin}"#,
            ],
            (
                "aws_ssoadmin_permission_set.s",
                "FAIL",
                "`aws_ssoadmin_managed_policy_attachment.a`",
            ),
        ),
        (
            "a permission set loses its boundary",
            vec![
                SET,
                r#"aws_ssoadmin_permission_set_inline_policy.i: = {"permission_set_arn": "arn:aws:sso:::permissionSet/i/s", "inline_policy": $s3}"#,
                r#"aws_ssoadmin_permissions_boundary_attachment.b: {"permission_set_arn": "arn:aws:sso:::permissionSet/i/s", "permissions_boundary": [{"managed_policy_arn": $viewer}]} ->"#,
            ],
            ("aws_ssoadmin_permission_set.s", "FAIL", "without its boundary"),
        ),
        (
            "a role that is made elsewhere gets a policy",
            vec![r#"aws_iam_role_policy.p: -> {"role": "made-elsewhere", "name": "p", "policy": $s3}"#],
            ("role/made-elsewhere", "FAIL", GAINED),
        ),
        (
            "a new role allows something",
            vec![
                r#"aws_iam_role.r: -> {"name": "r"}"#,
                r#"aws_iam_role_policy.p: -> {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "FAIL", GAINED),
        ),
    ] {
        check(name, &plan(&resources), BEFORE, &[expected]);
    }
}

#[test]
fn what_does_not_change_passes() {
    for (name, resources, expected) in [
        (
            "nothing changes",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "nothing changes, and something attached is known to nobody",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p, $elsewhere]}"#,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#,
                r#"aws_iam_role_policy_attachment.e: = {"role": "r", "policy_arn": $elsewhere}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "an Allow is detached",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p]}"#,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.p: {"role": "r", "policy_arn": $p} ->"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "an Allow is deleted with its policy, and the role repeats it",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p]}"#,
                r#"aws_iam_policy.p: {"name": "p", "arn": $p, "policy": $s3} ->"#,
                r#"aws_iam_role_policy_attachment.p: {"role": "r", "policy_arn": $p} ->"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "a policy moves from one document to another",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: {"role": "r", "name": "p", "policy": $s3} ->"#,
                r#"aws_iam_policy.p: -> {"name": "p", "arn": "?", "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.a: -> {"role": "r", "policy_arn": "?"} with {"policy_arn": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "an Allow goes with the Deny that covered it",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: {"role": "r", "name": "p", "policy": $s3} ->"#,
                r#"aws_iam_role_policy.q: {"role": "r", "name": "q", "policy": $deny} ->"#,
                r#"aws_iam_role_policy.l: = {"role": "r", "name": "l", "policy": $list}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "a boundary is added",
            vec![
                r#"aws_iam_role.r: {"name": "r"} -> {"name": "r", "permissions_boundary": $q}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $read}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "a policy is attached within the boundary, which lets nothing new through",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $q}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $read}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $read}"#,
                r#"aws_iam_role_policy.n: -> {"role": "r", "name": "n", "policy": $s3}"#,
            ],
            ("aws_iam_role.r", "PASS", ""),
        ),
        (
            "a user leaves a group that allows",
            vec![
                USER,
                r#"aws_iam_group.g: {"name": "g"} ->"#,
                r#"aws_iam_group_policy.p: {"group": "g", "name": "p", "policy": $s3} ->"#,
                r#"aws_iam_user_group_membership.m: {"user": "u", "groups": ["g"]} ->"#,
            ],
            ("aws_iam_user.u", "PASS", ""),
        ),
    ] {
        check(name, &plan(&resources), BEFORE, &[expected]);
    }
}

#[test]
fn what_is_not_known_is_never_a_pass() {
    for (name, resources, expected) in [
        (
            "a policy that is made elsewhere is attached",
            vec![
                ROLE,
                r#"aws_iam_role_policy_attachment.e: -> {"role": "r", "policy_arn": $elsewhere}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "what the policy `arn:aws:iam::123456789012:policy/elsewhere` allows",
            )],
        ),
        (
            "a policy that is made elsewhere is detached: it may deny",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.e: {"role": "r", "policy_arn": $elsewhere} ->"#,
            ],
            vec![("aws_iam_role.r", "UNDECIDED", "denied")],
        ),
        (
            "a document is known after apply",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: {"role": "r", "name": "p", "policy": $s3} -> {"role": "r", "name": "p", "policy": "?"} with {"policy": ["local.p"]}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "what is at `aws_iam_role_policy.p` allows",
            )],
        ),
        (
            "new access stays new whatever else is attached, and what that would have to leave is told",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: -> {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.e: = {"role": "r", "policy_arn": $elsewhere}"#,
            ],
            vec![("aws_iam_role.r", "FAIL", "of `aws_iam_role_policy.p`")],
        ),
        (
            "the boundary is known to nobody: what is attached may be within it",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $elsewhere}"#,
                r#"aws_iam_role_policy.p: -> {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            vec![("aws_iam_role.r", "UNDECIDED", "lets through")],
        ),
        (
            "a boundary that is known to nobody is removed",
            vec![
                r#"aws_iam_role.r: {"name": "r", "permissions_boundary": $elsewhere} -> {"name": "r"}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            vec![("aws_iam_role.r", "UNDECIDED", "lets through")],
        ),
        (
            "a user joins a group that is made elsewhere",
            vec![
                USER,
                r#"aws_iam_user_group_membership.m: -> {"user": "u", "groups": ["made-elsewhere"]}"#,
            ],
            vec![("aws_iam_user.u", "UNDECIDED", "the group `made-elsewhere`")],
        ),
        (
            "nobody knows which role a policy is attached to",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: -> {"role": "?", "name": "p", "policy": $s3} with {"role": ["local.role"]}"#,
            ],
            vec![
                (
                    "aws_iam_role.r",
                    "UNDECIDED",
                    "to which role `aws_iam_role_policy.p` is attached",
                ),
                ("aws_iam_role_policy.p", "FAIL", ""),
            ],
        ),
        (
            "an exclusive list may take the Deny away",
            vec![
                ROLE,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $deny}"#,
                r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#,
                r#"aws_iam_role_policy_attachment.q: = {"role": "r", "policy_arn": $q}"#,
                r#"aws_iam_role_policy_attachments_exclusive.e: -> {"role_name": "r", "policy_arns": [$p]}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "whether `aws_iam_role_policy_attachments_exclusive.e` leaves `aws_iam_policy.q` attached",
            )],
        ),
        (
            "an exclusive list of names may take the Deny away",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy.q: = {"role": "r", "name": "q", "policy": $deny}"#,
                r#"aws_iam_role_policies_exclusive.e: -> {"role_name": "r", "policy_names": ["p"]}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "whether `aws_iam_role_policies_exclusive.e` leaves",
            )],
        ),
        (
            "the account-wide list of another resource may take the Deny away",
            vec![
                ROLE,
                USER,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $deny}"#,
                r#"aws_iam_role_policy_attachment.q: = {"role": "r", "policy_arn": $q}"#,
                r#"aws_iam_policy_attachment.e: -> {"name": "e", "policy_arn": $q, "users": ["u"]}"#,
            ],
            vec![
                (
                    "aws_iam_role.r",
                    "UNDECIDED",
                    "whether `aws_iam_policy_attachment.e` leaves `aws_iam_policy.q` attached",
                ),
                ("aws_iam_user.u", "PASS", ""),
            ],
        ),
        (
            "the only list of a group leaves out a member that another resource names",
            vec![
                USER,
                GROUP,
                r#"aws_iam_user_policy.p: = {"user": "u", "name": "p", "policy": $s3}"#,
                r#"aws_iam_group_policy.q: = {"group": "g", "name": "q", "policy": $deny}"#,
                r#"aws_iam_user_group_membership.m: = {"user": "u", "groups": ["g"]}"#,
                r#"aws_iam_group_membership.e: -> {"group": "g", "name": "e", "users": []}"#,
            ],
            vec![(
                "aws_iam_user.u",
                "UNDECIDED",
                "whether `aws_iam_group_membership.e` leaves `aws_iam_user.u` in",
            )],
        ),
        (
            "a Deny is attached only when a budget is spent",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: -> {"role": "r", "name": "p", "policy": $list}"#,
                r#"aws_iam_role_policy.d: {"role": "r", "name": "d", "policy": $denynothing} ->"#,
                r#"aws_budgets_budget_action.b: = {"definition": [{"iam_action_definition": [{"policy_arn": $admin, "roles": ["r"]}]}]}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "whether `aws_budgets_budget_action.b` comes into force",
            )],
        ),
        (
            "an attachment is forgotten and stays",
            vec![
                ROLE,
                r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.p: {"role": "r", "policy_arn": $p} -> with {"forget": []}"#,
            ],
            vec![("aws_iam_role.r", "UNDECIDED", "which is forgotten")],
        ),
    ] {
        check(name, &plan(&resources), BEFORE, &expected);
    }
}

#[test]
fn without_a_configuration_what_a_role_repeats_is_in_doubt() {
    let resources = [
        r#"aws_iam_role.r: = {"name": "r", "managed_policy_arns": [$p, $q]}"#,
        r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#,
        r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $deny}"#,
        r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#,
        r#"aws_iam_role_policy_attachment.q: {"role": "r", "policy_arn": $q} ->"#,
    ];
    let mut plan: Value = serde_json::from_str(&plan(&resources)).unwrap();
    plan.as_object_mut().unwrap().remove("configuration");
    let words = "whether `aws_iam_policy.q` is still attached";
    check(
        "no configuration",
        &plan.to_string(),
        BEFORE,
        &[("aws_iam_role.r", "UNDECIDED", words)],
    );
}

#[test]
fn requests_are_asked_of_whole_principals() {
    for (name, resources, expected) in [
        (
            "another document denies it",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy.q: = {"role": "r", "name": "q", "policy": $deny}"#,
            ],
            vec![("aws_iam_role.r", "PASS", "")],
        ),
        (
            "the boundary does not let it through",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $q}"#,
                r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $read}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            vec![("aws_iam_role.r", "PASS", "")],
        ),
        (
            "the boundary denies nothing of it",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $admin}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            vec![("aws_iam_role.r", "FAIL", "`aws_iam_role.r` can `s3:DeleteBucket`")],
        ),
        (
            "a group allows it, and the boundary of the user does not",
            vec![
                r#"aws_iam_user.u: = {"name": "u", "permissions_boundary": $viewer}"#,
                GROUP,
                r#"aws_iam_group_policy.p: = {"group": "g", "name": "p", "policy": $s3}"#,
                r#"aws_iam_group_membership.m: = {"group": "g", "name": "m", "users": ["u"]}"#,
            ],
            vec![
                ("aws_iam_user.u", "PASS", ""),
                ("aws_iam_group.g", "FAIL", "of `aws_iam_group_policy.p`"),
            ],
        ),
        (
            "a policy that is attached to nobody is asked alone",
            vec![r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#],
            vec![("aws_iam_policy.p", "FAIL", "whoever this policy is attached to")],
        ),
        (
            "the boundary is known to nobody",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $elsewhere}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
            ],
            vec![(
                "aws_iam_role.r",
                "UNDECIDED",
                "the boundary `arn:aws:iam::123456789012:policy/elsewhere`",
            )],
        ),
        (
            "the boundary is known to nobody, and nothing needs it",
            vec![
                r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $elsewhere}"#,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $read}"#,
            ],
            vec![("aws_iam_role.r", "PASS", "")],
        ),
        (
            "a document is not known, and another allows it",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
                r#"aws_iam_role_policy_attachment.e: = {"role": "r", "policy_arn": $elsewhere}"#,
            ],
            vec![("aws_iam_role.r", "FAIL", "of `aws_iam_role_policy.p`")],
        ),
        (
            "a document is not known",
            vec![
                ROLE,
                r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $read}"#,
                r#"aws_iam_role_policy_attachment.e: = {"role": "r", "policy_arn": $elsewhere}"#,
            ],
            vec![("aws_iam_role.r", "UNDECIDED", "policy/elsewhere` allows")],
        ),
        (
            "a customer managed policy of a permission set is known by name only",
            vec![
                SET,
                r#"aws_ssoadmin_customer_managed_policy_attachment.c: = {"permission_set_arn": "arn:aws:sso:::permissionSet/i/s", "customer_managed_policy_reference": [{"name": "p", "path": "/"}]}"#,
            ],
            vec![(
                "aws_ssoadmin_permission_set.s",
                "UNDECIDED",
                "aws_ssoadmin_customer_managed_policy_attachment.c",
            )],
        ),
    ] {
        check(name, &plan(&resources), NO_DELETE, &expected);
    }
}

#[test]
fn statements_are_told_with_their_documents() {
    let plan = plan(&[
        r#"aws_iam_role.r: = {"name": "r", "permissions_boundary": $admin}"#,
        r#"aws_iam_role_policy.n: = {"role": "r", "name": "n", "policy": $denynothing}"#,
        r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#,
        r#"aws_iam_role_policy_attachment.e: = {"role": "r", "policy_arn": $elsewhere}"#,
    ]);
    let report = report("statements", &plan, NO_DELETE);
    let findings = report["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["standard"] == "s")
        .unwrap();
    let statement = &finding["statements"][0];
    assert_eq!(statement["address"], "aws_iam_role_policy.p");
    assert_eq!(
        (&statement["index"], &statement["sid"]),
        (&json!(0), &json!("s3"))
    );
    let column = statement["location"]["startColumn"].as_u64().unwrap();
    assert!(
        plan[usize::try_from(column).unwrap() - 1..].starts_with(r#""{\"Version"#),
        "{report:#}"
    );
    let deny = &finding["denies"][0];
    assert_eq!(
        (&deny["address"], &deny["index"]),
        (&json!("aws_iam_role_policy.n"), &json!(0))
    );
    assert_eq!(finding["open"], true);
    assert_eq!(
        finding["assumes"][0]["name"],
        "what the policy `arn:aws:iam::123456789012:policy/elsewhere` denies"
    );
    let principal = finding["counterexample"]["principal"].as_str().unwrap();
    assert!(
        principal.starts_with("arn:aws:sts::") && principal.contains(":assumed-role/"),
        "{principal}"
    );
}

#[test]
fn a_pass_of_what_is_not_fully_defined_says_so() {
    let plan =
        plan(&[r#"aws_iam_role_policy.p: = {"role": "made-elsewhere", "name": "p", "policy": $read}"#]);
    let report = report("open", &plan, NO_DELETE);
    assert_eq!(report["findings"], json!([]));
    let notes = report["notes"].as_array().unwrap();
    let note = notes.iter().find(|note| note["id"] == "open-principal").unwrap();
    assert_eq!(note["address"], "role/made-elsewhere");
    assert!(
        note["message"]
            .as_str()
            .unwrap()
            .contains("passes for what this input attaches")
    );
}
