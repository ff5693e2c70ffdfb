//! What to do about an answer that could not be given: one sentence for people, by the reason and the unknown values.

use crate::check::rules::rule;

use super::{Entry, Verdict};

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
    // What a plan does not know it will know after apply.
    let reason = match reason {
        "unknown-value" => "unknown-until-apply",
        other => other,
    };
    rule(reason).map(|rule| clause(rule.help))
}

/// The page's advice as the end of a sentence.
fn clause(help: &str) -> String {
    let help = help.trim_end_matches('.');
    let mut letters = help.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
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
        check(
            "aws_iam_policy",
            Some("step-limit"),
            &[],
            Some("`--limit steps=N`"),
        );
        check("aws_iam_policy", Some("no-such-reason"), &[], None);
        check("aws_iam_policy", None, &[], None);
    }

    #[test]
    fn violations_need_no_advice() {
        assert_eq!(advice(&entry()), None);
    }
}
