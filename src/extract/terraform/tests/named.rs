//! Customer managed policies that a permission set has by name.

use super::super::extract_plan;
use super::{ALLOW, change, check};
use crate::extract::ExtractedPrincipal;
use crate::extract::one_by_one;
use crate::source::FileId;

const SET: &str = r#"aws_ssoadmin_permission_set.s create after={"name": "s", "arn": "set"}"#;

fn attached(reference: &str, unknown: &str) -> String {
    format!(
        r#"aws_ssoadmin_customer_managed_policy_attachment.a create after={{"permission_set_arn": "set", "customer_managed_policy_reference": [{reference}]}} unknown={unknown}"#
    )
}

#[test]
fn a_policy_of_the_plan_is_meant_by_its_name_and_path() {
    let policy = |path: &str| {
        format!(r#"aws_iam_policy.p create after={{"name": "p", "path": "{path}", "policy": "$ALLOW"}}"#)
    };
    let gap = |policy: &str| {
        format!(
            "gap aws_ssoadmin_customer_managed_policy_attachment.a/customer_managed_policy_reference[0]: managed: {policy}"
        )
    };
    let line = "literal aws_iam_policy.p: identity 1 statements, new";
    let linked = format!("{line} [\"aws_ssoadmin_permission_set.s\"]");
    for (path, reference, expected) in [
        ("/", r#"{"name": "p"}"#, vec![linked.clone()]),
        ("/", r#"{"name": "p", "path": "/"}"#, vec![linked.clone()]),
        ("/t/", r#"{"name": "p", "path": "/t/"}"#, vec![linked]),
        (
            "/",
            r#"{"name": "p", "path": "/t/"}"#,
            vec![line.to_owned(), gap("/t/p")],
        ),
        ("/t/", r#"{"name": "p"}"#, vec![line.to_owned(), gap("/p")]),
        ("/", r#"{"name": "q"}"#, vec![line.to_owned(), gap("/q")]),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&[SET, &policy(path), &attached(reference, "{}")], "", &expected);
    }
}

#[test]
fn what_is_not_known_of_a_name_is_a_gap() {
    let policy = r#"aws_iam_policy.p create after={"name": "p", "policy": "$ALLOW"}"#;
    let line = "literal aws_iam_policy.p: identity 1 statements, new";
    let gap = "gap aws_ssoadmin_customer_managed_policy_attachment.a/customer_managed_policy_reference[0]";
    let marks = |name: &str| format!(r#"{{"customer_managed_policy_reference": [{{"{name}": true}}]}}"#);
    let configured = r#""resources": [{"type": "aws_ssoadmin_customer_managed_policy_attachment", "name": "a", "expressions": {"customer_managed_policy_reference": [{"name": {"references": ["var.x"]}}]}}]"#;
    check(
        &[SET, policy, &attached("{}", &marks("name"))],
        configured,
        &[line, &format!("{gap}: unknown: var.x")],
    );
    for (reference, unknown) in [
        (r#"{"name": "p"}"#, marks("path")),
        (r#"{"name": ""}"#, "{}".to_owned()),
        (r#"{"name": ["p"]}"#, "{}".to_owned()),
    ] {
        check(
            &[SET, policy, &attached(reference, &unknown)],
            "",
            &[line, &format!("{gap}: shape")],
        );
    }
    // Of two with that name, each is in an account of its own.
    check(
        &[
            SET,
            policy,
            r#"aws_iam_policy.q create after={"name": "p", "policy": "$ALLOW"}"#,
            &attached(r#"{"name": "p"}"#, "{}"),
        ],
        "",
        &[
            line,
            "literal aws_iam_policy.q: identity 1 statements, new",
            &format!("{gap}: managed: /p"),
        ],
    );
}

/// Other accounts may have another policy of that name.
#[test]
fn sets_with_named_policies_stay_open() {
    let principal = |resources: &[&str]| -> ExtractedPrincipal {
        let changes: Vec<String> = resources.iter().map(|resource| change(resource)).collect();
        let text = format!(
            r#"{{"format_version": "1.2", "resource_changes": [{}], "configuration": {{"root_module": {{}}}}}}"#,
            changes.join(",")
        );
        let found = extract_plan(&text.replace("$ALLOW", ALLOW), FileId(0), &[], None, &one_by_one).unwrap();
        let [principal] = found.principals.as_slice() else {
            panic!("{:?}", found.principals);
        };
        principal.clone()
    };
    let policy = r#"aws_iam_policy.p create after={"name": "p", "policy": "$ALLOW"}"#;
    let set = r#"awscc_sso_permission_set.s create after={"name": "s", "customer_managed_policy_references": [{"name": "p"}]}"#;
    let named = [
        principal(&[SET, policy, &attached(r#"{"name": "p"}"#, "{}")]),
        principal(&[set, policy]),
    ];
    for principal in named {
        assert_eq!(
            (principal.policies.as_slice(), principal.open),
            (&["aws_iam_policy.p".to_owned()][..], true)
        );
    }
    let unnamed = principal(&[SET, policy]);
    assert_eq!((unnamed.policies.len(), unnamed.open), (0, false));
}
