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
        "format-version",
        "A plan of a newer minor format",
        "The plan says that it is of a newer minor version of its format than is known. Newer minor versions only add.",
        "Nothing needs to be done.",
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
        "unused-ignore",
        "An `ignore` entry that matches nothing",
        "No policy and nothing unreadable has the type and address of the entry.",
        "Correct or remove the entry.",
    ),
    run(
        "unconfirmed",
        "Answers that come from one engine only",
        "Under `--solver both`, the second engine gave up on some questions. The answers of the first stand.",
        "Raise the limits with `--limit steps=N` or `--limit rlimit=N` to have them confirmed.",
    ),
];
