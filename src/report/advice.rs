//! What to do about an answer that could not be given: one sentence for people, by the reason and the unknown values.

use super::{Entry, Verdict};

/// What to do for each reason; reasons whose message says so itself are not listed.
const BY_REASON: [(&str, &str); 6] = [
    (
        "unknown-until-apply",
        "build the policy from values that are known before apply (names and account ids instead of attributes of new \
         resources), or apply what it depends on first and plan again",
    ),
    (
        "unknown-managed-policy",
        "add the document to the input, or check it by itself",
    ),
    (
        "unknown-type",
        "declare the attribute under `policy_attributes` in the standards file if it holds a policy, or list the type \
         under `ignore` with a reason",
    ),
    (
        "composed-comparison",
        "review this change of what is attached by hand",
    ),
    (
        "no-request",
        "name principals that such a policy is about, or narrow the `scope` of the standard",
    ),
    (
        "policy-variable",
        "review by hand, or write the statement without the variable",
    ),
];

/// Options that tell unknown values of a template.
const BY_HOLE: [(&str, &str); 3] = [
    ("AWS::AccountId", "--account ID"),
    ("AWS::Region", "--region REGION"),
    ("AWS::Partition", "--partition aws"),
];

/// What to do when nothing but the code is missing.
const CODE: &str = "give the Terraform code of the plan with `--source`; where it does more than refer to the document, \
    apply what that depends on first and plan again";

/// What to do about an UNDECIDED, if there is something.
pub(super) fn advice(entry: &Entry) -> Option<String> {
    if entry.verdict != Verdict::Undecided {
        return None;
    }
    let reason = entry.reason?;
    let in_template = entry.resource_type.starts_with("AWS::");
    if in_template && matches!(reason, "unknown-value" | "unknown-until-apply") {
        return Some(values_of_template(entry));
    }
    if !entry.holes.is_empty() && entry.holes.iter().all(|name| name.ends_with("(--source)")) {
        return Some(CODE.to_string());
    }
    let reason = match reason {
        "unknown-value" => "unknown-until-apply",
        other => other,
    };
    let row = BY_REASON.iter().find(|(id, _)| *id == reason);
    row.map(|(_, advice)| (*advice).to_string())
}

fn values_of_template(entry: &Entry) -> String {
    let named = BY_HOLE
        .iter()
        .filter(|(hole, _)| entry.holes.iter().any(|name| name == hole) || entry.message.contains(hole));
    let options: Vec<&str> = named.map(|(_, option)| *option).collect();
    match options.as_slice() {
        [] => "give values of parameters with `--parameters NAME=VALUE`, or name resources in the template"
            .to_string(),
        options => format!("give `{}`", options.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;

    #[track_caller]
    fn check(resource_type: &str, reason: Option<&'static str>, holes: &[&str], expected: Option<&str>) {
        let entry = Entry {
            verdict: Verdict::Undecided,
            resource_type: resource_type.to_string(),
            reason,
            holes: holes.iter().map(|hole| (*hole).to_string()).collect(),
            ..entry()
        };
        let advice = advice(&entry);
        match expected {
            Some(part) => assert!(
                advice.as_ref().is_some_and(|text| text.contains(part)),
                "{advice:?}"
            ),
            None => assert_eq!(advice, None),
        }
    }

    #[test]
    fn what_to_do() {
        check(
            "aws_sqs_queue_policy",
            Some("unknown-until-apply"),
            &[],
            Some("apply what it depends on"),
        );
        check(
            "aws_iam_policy",
            Some("unknown-value"),
            &["x"],
            Some("apply what it depends on"),
        );
        check(
            "aws_iam_policy",
            Some("unknown-value"),
            &["whether it is, which only the code tells (--source)"],
            Some("with `--source`"),
        );
        check(
            "corp_thing",
            Some("unknown-type"),
            &[],
            Some("`policy_attributes`"),
        );
        check(
            "AWS::IAM::Role",
            Some("unknown-value"),
            &["Stage"],
            Some("--parameters"),
        );
        check(
            "AWS::IAM::Role",
            Some("unknown-value"),
            &["AWS::AccountId", "Q"],
            Some("`--account ID`"),
        );
        check(
            "AWS::IAM::Role",
            Some("composed-comparison"),
            &[],
            Some("by hand"),
        );
        check("aws_iam_policy", Some("step-limit"), &[], None);
        check("aws_iam_policy", None, &[], None);
    }

    #[test]
    fn violations_need_no_advice() {
        assert_eq!(advice(&entry()), None);
    }
}
