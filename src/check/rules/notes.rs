//! Remarks of the parser on a policy, and remarks on a run.

use super::{Group, Rule, Severity};

const fn parser(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    text: &'static str,
    help: &'static str,
) -> Rule {
    Rule {
        id,
        group: Group::Parser,
        severity: Some(severity),
        title,
        text,
        help,
    }
}

const fn reading(id: &'static str, title: &'static str, text: &'static str, help: &'static str) -> Rule {
    Rule {
        id,
        group: Group::Reading,
        severity: None,
        title,
        text,
        help,
    }
}

const fn run(id: &'static str, title: &'static str, text: &'static str, help: &'static str) -> Rule {
    Rule {
        id,
        group: Group::Run,
        severity: None,
        title,
        text,
        help,
    }
}

/// Readings of the ambiguity register (semantics.md 3.14) under which a PASS would be a FAIL.
pub(super) const READINGS: &[Rule] = &[
    reading(
        "colon-crossing",
        "Passes only because `*` in a resource does not reach over a colon",
        "AWS says that `*` in an ARN does not match a colon outside of the last part; not every service keeps to it.",
        "Write the parts of the ARN out, so that both readings say the same.",
    ),
    reading(
        "resource-case",
        "Passes only because upper and lower case differ in resources",
        "Resources are compared with case. Some services compare names of resources without.",
        "Write the resource in the case in which it was created, or list both.",
    ),
    reading(
        "userid-session",
        "Passes only because `aws:userid` with a fixed role id counts as a fixed value",
        "`AROA…:*` stands for any session of one role. AWS does not say whether that counts as a fixed value.",
        "Name the role with `aws:PrincipalArn`, or the account with `aws:PrincipalAccount`.",
    ),
    reading(
        "principal-arn-account",
        "Passes only because `aws:PrincipalArn` with a fixed account counts as a fixed value",
        "A pattern with wildcards whose account is written out lets in that account alone, but AWS speaks of fixed values.",
        "Add `aws:PrincipalAccount` with the account.",
    ),
    reading(
        "direct-grant",
        "Names principals where the reference names their account only",
        "A grant to an account still needs a policy of the identity. A grant to a role or user of it does not, and is not \
         limited by a permissions boundary.",
        "Name the account as the reference does, if that was meant.",
    ),
];

/// Remarks of the parser.
pub(super) const PARSER: &[Rule] = &[
    parser(
        "operator-case",
        Severity::Low,
        "A condition operator in another case",
        "AWS documents one spelling of each operator. Another case is read as the same operator, which is not documented.",
        "Write the operator as documented.",
    ),
    parser(
        "bare-account-principal",
        Severity::Medium,
        "`Principal` is a bare account",
        "Only `\"*\"` may stand for `Principal` by itself. A bare account id is read as `{\"AWS\": …}`, but IAM refuses it.",
        "Write `{\"AWS\": \"ACCOUNT\"}`.",
    ),
    parser(
        "short-arn",
        Severity::Low,
        "An ARN with fewer than six parts",
        "A resource ARN has six parts. What is missing is completed with `*` where the policy's kind allows it; an Allow \
         is also read as a pattern over the whole text, which may match more.",
        "Write all six parts of the ARN.",
    ),
    parser(
        "not-an-arn",
        Severity::Medium,
        "A resource that is neither `*` nor an ARN",
        "Nothing is known of what such a text matches: in an Allow it may match anything, in a Deny nothing.",
        "Write `*` or an ARN.",
    ),
    parser(
        "empty-statement",
        Severity::Low,
        "A policy without statements",
        "The list of statements is empty: the policy grants nothing and denies nothing.",
        "Remove the policy, or add what it was meant to say.",
    ),
    parser(
        "not-principal-allow",
        Severity::High,
        "An Allow with `NotPrincipal`",
        "The statement grants to everyone but those listed, anonymous callers included. AWS documents `NotPrincipal` for \
         Deny only.",
        "List in `Principal` who is meant.",
    ),
    parser(
        "star-principal-group",
        Severity::Low,
        "`Principal` is `{\"*\": \"*\"}`",
        "The group `*` is not documented. It is read as everyone.",
        "Write `\"*\"`.",
    ),
];

/// Remarks on a run.
pub(super) const RUN: &[Rule] = &[
    run(
        "standards",
        "A warning about the standards file",
        "The standards file can be read, but something in it may not mean what was intended; the message says where.",
        "Change the standards file as the message says.",
    ),
    run(
        "input",
        "A remark on what was read",
        "Something among the inputs was skipped or read otherwise than one might expect; the message names it.",
        "Name the file directly if it was meant to be scanned.",
    ),
    run(
        "source",
        "A remark on the Terraform code given with `--source`",
        "Part of the code could not be read. Findings there are located in the plan instead.",
        "Correct the file that the message names; verdicts do not depend on it.",
    ),
    run(
        "open-principal",
        "A principal that the input does not fully define",
        "The standard is asked of principals as wholes and passes for what this input attaches. More may be attached to \
         this one elsewhere.",
        "Check where the principal is defined, or everything that is attached to it, in one input.",
    ),
    run(
        "format-version",
        "A plan of a newer minor format",
        "The plan says that it is of a newer minor version of its format than is known. Newer minor versions only add.",
        "Nothing needs to be done.",
    ),
    run(
        "state",
        "The input is a state",
        "`terraform show -json` without a plan file shows the state: what is deployed is checked, not what a plan would \
         change.",
        "Give the output of `terraform show -json PLANFILE` if a plan was meant.",
    ),
    run(
        "changed-only",
        "`--changed-only` leaves out nothing of an input",
        "Only a plan tells what it changes. Of another input everything counts as changed, unless `--before` tells what is \
         deployed.",
        "Give the deployed version with `--before`.",
    ),
    run(
        "views-differ",
        "Two parts of a plan say different things of one resource",
        "A plan describes each resource in its planned values and in its changes. Where both hold a policy they should \
         agree.",
        "Make the plan anew with `terraform show -json`.",
    ),
    run(
        "ignored",
        "Something was left out by an `ignore` entry",
        "An entry of `ignore` in the standards file names this address or type. It is counted as ignored and not checked.",
        "Remove the entry when it no longer holds.",
    ),
    run(
        "defaults-assumed",
        "Parameters take their defaults",
        "With `--assume-defaults`, a parameter that is not given has the value of its `Default`. Whoever deploys the template \
         with another value gets policies that were not checked.",
        "Give the values of the deployment with `--parameters`, or leave `--assume-defaults` out.",
    ),
    run(
        "unused-ignore",
        "An `ignore` entry that matches nothing",
        "No policy and nothing unreadable has the type and address of the entry.",
        "Correct or remove the entry.",
    ),
    run(
        "changes-cut",
        "A change is suggested for the worst violations only",
        "A change that mends a policy is proved to mend it, which takes longer than to find the violation. A report with \
         very many violations has one for the most severe.",
        "Pass `--suggest` to have one looked for everywhere.",
    ),
    run(
        "unconfirmed",
        "Answers that come from one engine only",
        "Under `--solver both`, the second engine gave up on some questions. The answers of the first stand.",
        "Raise the limits with `--limit steps=N` or `--limit rlimit=N` to have them confirmed.",
    ),
];
