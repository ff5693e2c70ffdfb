//! Plans in which lists of what is attached, and who is in what, decide what principals gain.

use super::planned::{BEFORE, GROUP, ROLE, SET, USER, plan};
use super::{Told, check, report};

#[test]
fn access_is_gained_through_lists_and_groups() {
    const HOLDS_BOTH: &str = r#"aws_iam_role.r: = {"name": "r", "assume_role_policy": "{\"Statement\":[]}", "managed_policy_arns": [$p, $q], "inline_policy": []}"#;
    const REPEATS: &str = r#"aws_iam_role.r: = {"name": "r", "assume_role_policy": "{\"Statement\":[]}", "inline_policy": [{"name": "p", "policy": $s3}, {"name": "q", "policy": $deny}]}"#;
    const ALLOWS: &str = r#"aws_iam_policy.p: = {"name": "p", "arn": $p, "policy": $s3}"#;
    const DENIES: &str = r#"aws_iam_policy.q: = {"name": "q", "arn": $q, "policy": $deny}"#;
    const OF_ROLE: &str = r#"aws_iam_role_policy_attachment.p: = {"role": "r", "policy_arn": $p}"#;
    const OF_USER: &str = r#"aws_iam_user_policy_attachment.p: = {"user": "u", "policy_arn": $p}"#;
    const JOINED: &str = r#"aws_iam_user_group_membership.m: = {"user": "u", "groups": ["g"]}"#;
    const GONE: &str = "no longer attached: `aws_iam_policy.q`";
    const OF_SET: &str = r#""permission_set_arn": "arn:aws:sso:::permissionSet/i/s""#;
    let of_set = |line: &str| line.replace("$set", OF_SET);
    let set_allows = of_set(r#"aws_ssoadmin_permission_set_inline_policy.i: = {$set, "inline_policy": $s3}"#);
    let cases: Vec<(&str, Vec<String>, Told<'_>)> = vec![
        (
            "an exclusive list loses a Deny",
            [HOLDS_BOTH, ALLOWS, DENIES, OF_ROLE, r#"aws_iam_role_policy_attachments_exclusive.e: {"role_name": "r", "policy_arns": [$p, $q]} -> {"role_name": "r", "policy_arns": [$p]}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "FAIL", GONE),
        ),
        (
            "an exclusive list comes without a Deny",
            [HOLDS_BOTH, ALLOWS, DENIES, OF_ROLE, r#"aws_iam_role_policy_attachments_exclusive.e: -> {"role_name": "r", "policy_arns": [$p]}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "UNDECIDED", "aws_iam_role_policy_attachments_exclusive.e"),
        ),
        (
            "an exclusive list of a user loses a Deny",
            [USER, ALLOWS, DENIES, OF_USER, r#"aws_iam_user_policy_attachments_exclusive.e: {"user_name": "u", "policy_arns": [$p, $q]} -> {"user_name": "u", "policy_arns": [$p]}"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", GONE),
        ),
        (
            "an exclusive list of a group loses a Deny",
            [USER, GROUP, ALLOWS, DENIES, OF_USER, JOINED, r#"aws_iam_group_policy_attachments_exclusive.e: {"group_name": "g", "policy_arns": [$q]} -> {"group_name": "g", "policy_arns": []}"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", GONE),
        ),
        (
            "an exclusive list of inline policies loses a Deny",
            [REPEATS, r#"aws_iam_role_policy.p: = {"role": "r", "name": "p", "policy": $s3}"#, r#"aws_iam_role_policies_exclusive.e: {"role_name": "r", "policy_names": ["p", "q"]} -> {"role_name": "r", "policy_names": ["p"]}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "UNDECIDED", "aws_iam_role_policies_exclusive.e"),
        ),
        (
            "the account-wide list of a Deny loses a role",
            [HOLDS_BOTH, ALLOWS, DENIES, OF_ROLE, r#"aws_iam_policy_attachment.e: {"name": "e", "policy_arn": $q, "roles": ["r"]} -> {"name": "e", "policy_arn": $q, "roles": []}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "FAIL", GONE),
        ),
        (
            "the list of a role loses a Deny",
            [r#"aws_iam_role.r: {"name": "r", "assume_role_policy": "{\"Statement\":[]}", "managed_policy_arns": [$p, $q]} -> {"name": "r", "assume_role_policy": "{\"Statement\":[]}", "managed_policy_arns": [$p]} with {"managed_policy_arns": []}"#, ALLOWS, DENIES].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "FAIL", GONE),
        ),
        (
            "a Deny of a user is detached",
            [USER, ALLOWS, DENIES, OF_USER, r#"aws_iam_user_policy_attachment.q: {"user": "u", "policy_arn": $q} ->"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", GONE),
        ),
        (
            "a Deny of a group is detached",
            [USER, GROUP, ALLOWS, DENIES, OF_USER, JOINED, r#"aws_iam_group_policy_attachment.q: {"group": "g", "policy_arn": $q} ->"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", GONE),
        ),
        (
            "a group that denies is deleted",
            [USER, r#"aws_iam_group.g: {"name": "g"} ->"#, r#"aws_iam_group_policy.q: {"group": "g", "name": "q", "policy": $deny} ->"#, r#"aws_iam_user_policy.p: = {"user": "u", "name": "p", "policy": $s3}"#, r#"aws_iam_user_group_membership.m: {"user": "u", "groups": ["g"]} ->"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", "no longer attached: `aws_iam_group_policy.q`"),
        ),
        (
            "a group that denies no longer lists a user",
            [USER, GROUP, r#"aws_iam_group_policy.q: = {"group": "g", "name": "q", "policy": $deny}"#, r#"aws_iam_user_policy.p: = {"user": "u", "name": "p", "policy": $s3}"#, r#"aws_iam_group_membership.m: {"group": "g", "name": "m", "users": ["u"]} -> {"group": "g", "name": "m", "users": []}"#].map(str::to_owned).to_vec(),
            ("aws_iam_user.u", "FAIL", "no longer attached: `aws_iam_group_policy.q`"),
        ),
        (
            "an attachment goes to another role",
            [ROLE, ALLOWS, r#"aws_iam_role_policy_attachment.p: {"role": "elsewhere", "policy_arn": $p} -> {"role": "r", "policy_arn": $p}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "FAIL", "of `aws_iam_policy.p`"),
        ),
        (
            "a budget may attach a policy",
            [ROLE, ALLOWS, r#"aws_budgets_budget_action.b: -> {"definition": [{"iam_action_definition": [{"policy_arn": $p, "roles": ["r"]}]}]}"#].map(str::to_owned).to_vec(),
            ("aws_iam_role.r", "UNDECIDED", "comes into force"),
        ),
        (
            "a permission set gets an inline policy",
            vec![SET.to_owned(), of_set(r#"aws_ssoadmin_permission_set_inline_policy.i: -> {$set, "inline_policy": $s3}"#)],
            ("aws_ssoadmin_permission_set.s", "FAIL", "of `aws_ssoadmin_permission_set_inline_policy.i`"),
        ),
        (
            "a permission set gets a policy that each account has",
            vec![SET.to_owned(), of_set(r#"aws_ssoadmin_customer_managed_policy_attachment.a: -> {$set, "customer_managed_policy_reference": [{"name": "p", "path": "/"}]}"#)],
            ("aws_ssoadmin_permission_set.s", "UNDECIDED", "aws_ssoadmin_customer_managed_policy_attachment.a"),
        ),
        (
            "a permission set loses an inline Deny",
            vec![
                SET.to_owned(),
                of_set(r#"aws_ssoadmin_managed_policy_attachment.a: = {$set, "managed_policy_arn": $admin}"#),
                of_set(r#"aws_ssoadmin_permission_set_inline_policy.i: {$set, "inline_policy": $deny} ->"#),
            ],
            ("aws_ssoadmin_permission_set.s", "FAIL", "no longer attached: `aws_ssoadmin_permission_set_inline_policy.i`"),
        ),
        (
            "a permission set loses a managed Deny",
            vec![
                SET.to_owned(),
                set_allows.clone(),
                of_set(r#"aws_ssoadmin_managed_policy_attachment.a: {$set, "managed_policy_arn": "arn:aws:iam::aws:policy/AWSDenyAll"} ->"#),
            ],
            ("aws_ssoadmin_permission_set.s", "FAIL", "no longer attached: `arn:aws:iam::aws:policy/AWSDenyAll`"),
        ),
        (
            "a permission set loses a boundary that each account has",
            vec![
                SET.to_owned(),
                set_allows,
                of_set(r#"aws_ssoadmin_permissions_boundary_attachment.b: {$set, "permissions_boundary": [{"customer_managed_policy_reference": [{"name": "q", "path": "/"}]}]} ->"#),
            ],
            ("aws_ssoadmin_permission_set.s", "UNDECIDED", "aws_ssoadmin_permissions_boundary_attachment.b"),
        ),
        (
            "a user of the other provider joins a group",
            [r#"awscc_iam_user.u: {"user_name": "u", "groups": []} -> {"user_name": "u", "groups": ["g"]}"#, GROUP, r#"aws_iam_group_policy.p: = {"group": "g", "name": "p", "policy": $s3}"#].map(str::to_owned).to_vec(),
            ("awscc_iam_user.u", "FAIL", "of `aws_iam_group_policy.p`"),
        ),
    ];
    for (name, resources, expected) in cases {
        let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
        check(name, &plan(&resources), BEFORE, &[expected]);
    }
}

/// Who may use a permission set, and what control policies apply to, is not compared yet: never a silent pass.
#[test]
fn what_is_assigned_and_what_controls_is_told() {
    let set = r#""permission_set_arn": "arn:aws:sso:::permissionSet/i/s""#;
    let assignment = format!(
        r#"aws_ssoadmin_account_assignment.a: -> {{{set}, "principal_id": "x", "principal_type": "USER", "target_id": "123456789012"}}"#
    );
    let detached =
        r#"aws_organizations_policy_attachment.a: {"policy_id": "p-1", "target_id": "123456789012"} ->"#;
    let moved = r#"aws_organizations_policy_attachment.a: {"policy_id": "p-1", "target_id": "123456789012"} -> {"policy_id": "p-1", "target_id": "444455556666"}"#;
    let stays =
        r#"aws_organizations_policy_attachment.a: = {"policy_id": "p-1", "target_id": "123456789012"}"#;
    let added =
        r#"aws_organizations_policy_attachment.a: -> {"policy_id": "p-1", "target_id": "123456789012"}"#;
    let control = r#"aws_organizations_policy.q: = {"id": "p-1", "name": "q", "content": $deny, "type": "SERVICE_CONTROL_POLICY"}"#;
    let other = r#"awscc_organizations_policy.q: {"name": "q", "content": $deny, "type": "SERVICE_CONTROL_POLICY", "target_ids": ["a", "b"]} -> {"name": "q", "content": $deny, "type": "SERVICE_CONTROL_POLICY", "target_ids": ["b"]}"#;
    let standard = "check: no-new-access, reference: before, scope: {kinds: [trust, scp]}";
    for (name, resources, expected) in [
        (
            "assigned",
            vec![SET, &assignment],
            Some((
                "aws_ssoadmin_account_assignment.a",
                "UNDECIDED",
                "assigned to a permission set",
            )),
        ),
        (
            "scp-detached",
            vec![control, detached],
            Some((
                "aws_organizations_policy_attachment.a",
                "UNDECIDED",
                "control policy",
            )),
        ),
        (
            "scp-moved",
            vec![control, moved],
            Some((
                "aws_organizations_policy_attachment.a",
                "UNDECIDED",
                "control policy",
            )),
        ),
        (
            "scp-targets",
            vec![other],
            Some(("awscc_organizations_policy.q", "UNDECIDED", "control policy")),
        ),
        ("scp-stays", vec![control, stays], None),
        ("scp-added", vec![control, added], None),
    ] {
        let report = report(name, &plan(&resources), standard);
        let findings = report["findings"].as_array().unwrap();
        let told = findings.iter().find(|finding| finding["standard"] != "");
        match (told, expected) {
            (None, None) => {}
            (Some(finding), Some((address, verdict, words))) => {
                assert_eq!(
                    (finding["address"].as_str(), finding["verdict"].as_str()),
                    (Some(address), Some(verdict)),
                    "{name}"
                );
                assert!(
                    finding["message"].as_str().unwrap().contains(words),
                    "{name}: {finding:#}"
                );
            }
            (told, expected) => panic!("{name}: {told:#?} and not {expected:?}"),
        }
    }
}
