//! Checks, results that no standard names, and reasons why there is no answer.

use super::{Group, Rule};

const fn check(id: &'static str, title: &'static str, text: &'static str, help: &'static str) -> Rule {
    row(Group::Check, id, title, text, help)
}

const fn reason(id: &'static str, title: &'static str, text: &'static str, help: &'static str) -> Rule {
    row(Group::Reason, id, title, text, help)
}

const fn row(
    group: Group,
    id: &'static str,
    title: &'static str,
    text: &'static str,
    help: &'static str,
) -> Rule {
    Rule {
        id,
        group,
        severity: None,
        title,
        text,
        help,
    }
}

/// The checks of a standards file.
pub(super) const CHECKS: &[Rule] = &[
    check(
        "no-new-access",
        "The policy allows nothing that its reference does not allow",
        "It fails when some possible request is allowed by the policy and not by the reference: a document, or what is \
         deployed now (`reference: before`).",
        "Narrow the statements that the finding names, or widen the reference.",
    ),
    check(
        "access-not-granted",
        "The policy does not grant the access that the standard names",
        "It fails when some possible request with one of the actions, on one of the resources, by one of the principals \
         and under `when` is allowed. A list that is absent means any.",
        "Narrow the statements that the finding names, or deny the access.",
    ),
    check(
        "access-granted",
        "The policy grants the access that the standard names",
        "It fails when some possible request of those that the standard names is not allowed. What is unknown counts \
         against granting.",
        "Add the Allow that is missing, or narrow the Deny that the finding names.",
    ),
    check(
        "access-denied",
        "The policy explicitly denies the requests that the standard names",
        "It fails when some possible request of those that the standard names is not explicitly denied: a guardrail that \
         the policy must have.",
        "Add the Deny, or widen its conditions so that they also hold when a key is missing.",
    ),
    check(
        "equivalent",
        "The policy allows what its reference allows, no more and no less",
        "It fails when either of the two allows a possible request that the other does not.",
        "Compare the request of the finding with both policies.",
    ),
    check(
        "no-public-access",
        "The policy lets nobody in whom its owner does not know",
        "It fails when somebody unrelated can get in: anonymously, from any account, or through a service on a \
         stranger's behalf.",
        "Name the principals, or restrict the statement to fixed accounts, organizations, networks or sources.",
    ),
    check(
        "no-external-access",
        "The policy lets nobody in from outside the zone of trust",
        "It fails when a principal outside of `trust` in the standards file can get in. The account of the input always \
         belongs to the zone.",
        "Restrict the statement to principals of the zone, or add those who are trusted to `trust`.",
    ),
    check(
        "lint",
        "The policy has none of the defects that the standard names",
        "It fails for each note of one of the `rules` on the policy. Without such a standard, these are notes and never \
         change the exit status. It asks for what can be proved: a defect that depends on unknown values is none.",
        "See `keyaki explain RULE` for the rule that the finding names.",
    ),
];

/// Results that no standard names.
pub(super) const RESULTS: &[Rule] = &[
    row(
        Group::Result,
        "undecided",
        "The answer depends on what is not known yet",
        "A policy could not be read, or a question about it could not be decided. It is not proved to be safe.",
        "Give the missing values, or review the policy by hand and add an `ignore` entry with a reason.",
    ),
    row(
        Group::Result,
        "invalid-policy",
        "The policy is not valid",
        "AWS would refuse the policy, or its meaning is not defined, so that nothing can be said of what it allows.",
        "Correct the policy as the message says.",
    ),
];

/// Why there is no answer.
pub(super) const REASONS: &[Rule] = &[
    reason(
        "unknown-value",
        "The answer depends on a value that is known only later",
        "With some values of the unknowns that the message names the standard is violated, with others it is not.",
        "Build the policy from values that are known before it is deployed, or give them: `--parameters`, `--account`, \
         `--region`, `--source`.",
    ),
    reason(
        "policy-variable",
        "The answer depends on the value of a policy variable",
        "The policy compares with `${…}`, and no proof was found for all values it may have.",
        "Review the statement by hand, or write it without the variable.",
    ),
    reason(
        "step-limit",
        "The engine gave up",
        "The question takes more steps than the limit allows. Limits count steps, so that every machine gives the same \
         answer.",
        "Raise the limit with `--limit steps=N`, or split the policy.",
    ),
    reason(
        "unsupported",
        "Something is not supported",
        "The policy, or the way it is put together, uses something that cannot be judged; the message names it.",
        "Review it by hand, and add an `ignore` entry with a reason.",
    ),
    reason(
        "no-request",
        "Nobody named makes such a request",
        "What must be granted is asked for by principals who make no request under a policy of this kind, so that a PASS \
         would say nothing.",
        "Name principals whom the policy is about, or restrict the standard's `scope`.",
    ),
    reason(
        "before-unreadable",
        "What is deployed now cannot be read",
        "The standard compares with the deployed version, which is no policy, is not known, or cannot be told to be the predecessor.",
        "Make the plan anew, or compare with a document.",
    ),
    reason(
        "composed-comparison",
        "What is attached to an identity changes",
        "What an identity may do is the sum of its policies. When attachments change, comparing one document with its \
         predecessor says nothing.",
        "Ask the standard of principals as wholes, with `on: principal`, or review by hand what is attached.",
    ),
    reason(
        "assignment-comparison",
        "A principal is assigned to a permission set",
        "Whoever is assigned to a permission set gets all that it allows in that account. Who that is, is not compared.",
        "Review the assignment by hand.",
    ),
    reason(
        "default-comparison",
        "A policy is created or deleted where the service has a default",
        "Without a policy of its own the service applies a default, and the comparison with it is not supported.",
        "Review the change by hand.",
    ),
    reason(
        "unknown-until-apply",
        "A policy that is known only later",
        "The whole document, or what makes it one, depends on something that is known only after deployment.",
        "Build the policy from values that are known before apply (names and account ids instead of attributes of new \
         resources), or apply what it depends on first and plan again.",
    ),
    reason(
        "unknown-managed-policy",
        "An attached policy that is nowhere to be found",
        "The input attaches a managed policy that it does not define and that is none of the bundled AWS managed policies.",
        "Add its document to the input, or check it by itself.",
    ),
    reason(
        "unknown-type",
        "A resource type that seems to hold a policy",
        "The type is not in the table of where policies live, but one of its attributes looks like a policy document.",
        "Declare the attribute under `policy_attributes` in the standards file if it holds a policy, or list the type under \
         `ignore` with a reason.",
    ),
    reason(
        "unexpected-shape",
        "A value that is not what its place wants",
        "Something else stands where a policy, or part of one, is expected.",
        "Correct the input at the place that the finding names.",
    ),
    reason(
        "incomplete",
        "A plan that is not the whole truth",
        "The plan says itself that it is incomplete or that an error ended it.",
        "Plan again until the plan is complete.",
    ),
    reason(
        "internal-error",
        "A defect of keyaki",
        "The question could not be answered because of a defect. It never counts as a pass.",
        "Please report it with the policy, if you can share it.",
    ),
];
