//! The lint rules: what each proves, and what to do about it.

use super::{Group, Rule, Severity};

const fn lint(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    text: &'static str,
    help: &'static str,
) -> Rule {
    Rule {
        id,
        group: Group::Lint,
        severity: Some(severity),
        title,
        text,
        help,
    }
}

/// The lint rules, those that are decided by the engine first.
pub(super) const LINT: &[Rule] = &[
    lint(
        "unmatchable-statement",
        Severity::Medium,
        "A statement that no request can match",
        "The principals, resources and conditions of the statement exclude each other: no possible request matches all \
         of them, whatever its unknown values turn out to be. An Allow like this grants nothing, and a Deny protects \
         nothing.",
        "Correct the element that the message names, or remove the statement.",
    ),
    lint(
        "contradictory-conditions",
        Severity::Medium,
        "Conditions of a statement that cannot hold together",
        "All operators and keys of a `Condition` block must hold at once. No possible request meets the conditions that \
         the message names, so that the statement never applies.",
        "Put alternatives into the values of one key, or into statements of their own; remove what contradicts.",
    ),
    lint(
        "unmatchable-entry",
        Severity::Medium,
        "A principal or condition value that can never match in its statement",
        "The rest of the statement excludes every request that the entry would match, while the other entries of the \
         list can match. The entry has no effect.",
        "Remove the entry, or correct what excludes it.",
    ),
    lint(
        "redundant-statement",
        Severity::Low,
        "A statement that adds nothing to the others",
        "Every request that the statement matches is matched by other statements of the same effect, which the message \
         names. The policy means the same without it.",
        "Remove the statement, or narrow the others if they are wider than intended.",
    ),
    lint(
        "redundant-entry",
        Severity::Low,
        "List entries that add nothing to what is there",
        "The entry is covered by another entry of the same list, or all it contributes to its statement is contributed \
         by other statements of the same effect. The policy means the same without it.",
        "Remove the entry, or narrow the wider one if it is wider than intended.",
    ),
    lint(
        "denied-statement",
        Severity::Medium,
        "An Allow that is denied as a whole",
        "A Deny of the same policy matches every request that this Allow matches. An explicit Deny always wins, so the \
         statement grants nothing.",
        "Remove the Allow, or narrow the Deny that the message names.",
    ),
    lint(
        "denied-entry",
        Severity::Low,
        "Entries of an Allow that are denied as a whole",
        "A Deny of the same policy matches every request that the entry would let the statement allow. An explicit Deny \
         always wins, so the entry grants nothing.",
        "Remove the entry, or narrow the Deny that the message names.",
    ),
    lint(
        "idle-deny",
        Severity::Low,
        "A Deny that takes nothing away",
        "No Allow of the policy grants any of what the statement denies, and in a policy of this kind (a trust policy, a \
         VPC endpoint policy) what it does not allow is refused anyway. It is not reported for other kinds, where a \
         Deny guards against what other policies allow.",
        "Remove the statement, or check whether its actions, principals and conditions are what was meant.",
    ),
    lint(
        "for-all-values-allow",
        Severity::Medium,
        "`ForAllValues` in an Allow without a test that the key is there",
        "`ForAllValues` is true when the request does not carry the key at all. The statement therefore allows requests \
         without the key; on a key with a single value, such as `aws:PrincipalOrgID`, that lets in everyone who has no \
         such value.",
        "Use the plain operator on a key with a single value. On a key with several, add `\"Null\": {\"KEY\": \"false\"}` \
         to the same `Condition`, unless requests without it are meant to be allowed.",
    ),
    lint(
        "literal-wildcard",
        Severity::Medium,
        "A wildcard where it is an ordinary character",
        "`StringEquals` and its family compare text exactly: `*` and `?` match only themselves. A positive condition \
         with such a value nearly never holds, and a negated one nearly always does.",
        "Use `StringLike` (`StringNotLike`) for patterns.",
    ),
    lint(
        "literal-variable",
        Severity::Medium,
        "A policy variable that is read as text",
        "`${…}` is a policy variable only under `\"Version\": \"2012-10-17\"`. In an older version, which is also what \
         holds when `Version` is missing, it is literal text that nearly nothing matches.",
        "Add `\"Version\": \"2012-10-17\"` to the policy.",
    ),
    lint(
        "multivalued-variable",
        Severity::Medium,
        "A policy variable whose key holds several values",
        "Only keys with a single value can be used as policy variables. The variable never has a value, so that the \
         pattern it stands in matches nothing.",
        "Compare the key itself with `ForAnyValue` or `ForAllValues`.",
    ),
    lint(
        "set-operator-missing",
        Severity::Medium,
        "A key with several values under an operator for one",
        "The key may hold several values in one request, and what an operator without `ForAnyValue` or `ForAllValues` \
         does then is not specified.",
        "Say whether all values must match (`ForAllValues:`, with a `Null` test in an Allow) or any (`ForAnyValue:`).",
    ),
    lint(
        "wildcard-in-id",
        Severity::Medium,
        "A wildcard in an account, organization or network id",
        "Ids of accounts, organizations, VPCs and VPC endpoints are given out at random: a pattern over them does not \
         name a group that belongs together, and anybody can own a match.",
        "List the ids, or use a key that says what is meant, such as `aws:PrincipalOrgID`.",
    ),
    lint(
        "private-source-ip",
        Severity::Medium,
        "A private address range where public addresses stand",
        "`aws:SourceIp` is the public address a request comes from. Requests through a VPC endpoint do not carry it, so \
         that a private range never matches.",
        "Use `aws:VpcSourceIp`, `aws:SourceVpc` or `aws:SourceVpce` for requests from a VPC.",
    ),
    lint(
        "mfa-missing-key",
        Severity::Medium,
        "A Deny without MFA that misses long-term credentials",
        "`aws:MultiFactorAuthPresent` is there only in requests with temporary credentials. `Bool` with `false` does not \
         match a request with an access key, which carries no such key: it is not denied.",
        "Use `BoolIfExists` in the Deny.",
    ),
    lint(
        "root-principal-arn",
        Severity::Low,
        "`aws:PrincipalArn` of an account's root means its root user only",
        "In `Principal` the ARN `arn:aws:iam::ACCOUNT:root` stands for the whole account; in `aws:PrincipalArn` it is the \
         root user alone, and no role or other user matches.",
        "Use `aws:PrincipalAccount` for the whole account.",
    ),
    lint(
        "not-action-allow",
        Severity::Low,
        "An Allow with `NotAction`",
        "The statement allows every action but those listed, in all services, those that AWS will add included.",
        "List the actions that are meant, or deny the others in a statement of its own.",
    ),
    lint(
        "not-resource-allow",
        Severity::Low,
        "An Allow with `NotResource`",
        "The statement allows its actions on every resource but those listed, future ones and those of other accounts \
         included.",
        "List the resources that are meant, or deny the others in a statement of its own.",
    ),
    lint(
        "not-principal-parent",
        Severity::Medium,
        "`NotPrincipal` lists a user, role or session without its account",
        "A Deny with `NotPrincipal` spares a role or user for sure only when its account is listed too; it also always \
         denies principals that have a permissions boundary.",
        "Deny with `Principal: \"*\"` and `ArnNotLike` on `aws:PrincipalArn` instead.",
    ),
    lint(
        "dangling-principal",
        Severity::Medium,
        "A principal that was deleted",
        "An id such as `AROA…` or `AIDA…` stands in `Principal` where AWS has replaced the ARN of a role or user that was \
         deleted. It matches nobody, also not a new role of the same name.",
        "Replace it by the ARN of the principal that is meant, or remove it.",
    ),
    lint(
        "confused-deputy",
        Severity::Medium,
        "A service may come in on anybody's behalf",
        "The statement lets an AWS service in without asking for whom it acts: another account could make the service \
         use this resource.",
        "Add a condition on `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID`.",
    ),
    lint(
        "malformed-arn",
        Severity::Medium,
        "An ARN that names nothing",
        "No resource has such an ARN: its account is not twelve digits, or its partition is none of AWS.",
        "Correct the ARN.",
    ),
    lint(
        "unknown-service",
        Severity::Medium,
        "A service prefix that AWS does not know",
        "The bundled service authorization reference has no service of that prefix. It is advisory: a new service may be \
         missing, and verdicts do not rest on it.",
        "Check the spelling; the message names the nearest prefix if there is one.",
    ),
    lint(
        "unknown-action",
        Severity::Medium,
        "An action that AWS does not know",
        "The bundled service authorization reference has no such action, or none that the pattern matches. It is \
         advisory: a new action may be missing, and verdicts do not rest on it.",
        "Check the spelling; the message names the nearest action if there is one.",
    ),
    lint(
        "unknown-condition-key",
        Severity::Medium,
        "A condition key that AWS does not know",
        "Neither the global condition keys nor those of the service have that name. A request never carries it: a \
         positive condition on it never holds, a negated one and `IfExists` always do. The list is advisory: a new key \
         may be missing, and verdicts do not rest on it.",
        "Check the spelling; the message names the nearest key if there is one.",
    ),
    lint(
        "unsupported-resource",
        Severity::Low,
        "Actions that take none of the resources of their statement",
        "By the bundled service authorization reference, the actions take resources of another form than those that the \
         statement lists (an object where a bucket is listed, or only `*`). They are never allowed or denied by this \
         statement. The reference is advisory, and verdicts do not rest on it.",
        "Give these actions a statement with the resources they take.",
    ),
];
