//! What findings and proofs rest on where AWS leaves room: the axioms about possible requests (semantics.md 3.9), and the
//! rows of the ambiguity register (semantics.md 3.14) that may be read either way.

use super::{Group, Rule};

const fn axiom(id: &'static str, title: &'static str, text: &'static str) -> Rule {
    Rule {
        id,
        group: Group::Axiom,
        severity: None,
        title,
        text,
        help: "Nothing, unless you know of a request that contradicts it: please report that one. `--axioms none` checks \
               without any, to compare with AWS.",
    }
}

const fn row(id: &'static str, title: &'static str, text: &'static str) -> Rule {
    Rule {
        id,
        group: Group::Ambiguity,
        severity: None,
        title,
        text,
        help: "Write the statement so that both readings say the same; the request of the finding shows where they do not.",
    }
}

/// What is taken for granted of requests. A PASS in the JSON report says on which of these it rests.
pub(super) const AXIOMS: &[Rule] = &[
    axiom(
        "A1",
        "An anonymous request says nothing of a principal",
        "Keys such as `aws:PrincipalArn` or `aws:PrincipalOrgID` are absent from a request without credentials.",
    ),
    axiom(
        "A2",
        "A VPC and its endpoint come together",
        "A request through a VPC endpoint carries both `aws:SourceVpc` and `aws:SourceVpce` and no public source address; \
         any other carries neither.",
    ),
    axiom(
        "A3",
        "Only services name a source",
        "`aws:SourceArn`, `aws:SourceAccount` and `aws:SourceOrgID` are there only when a service makes the request.",
    ),
    axiom(
        "A4",
        "`aws:PrincipalArn` and `aws:PrincipalAccount` are those of the principal",
        "The keys repeat who makes the request, and cannot name somebody else.",
    ),
    axiom(
        "A5",
        "The chain of calling services is there as a whole",
        "`aws:CalledVia` and its first and last come together, and then a service made the call on behalf of the principal.",
    ),
    axiom(
        "A6",
        "Organization paths begin with the organization's id",
        "`aws:PrincipalOrgPaths` and `aws:PrincipalOrgID` come together and name one organization.",
    ),
    axiom(
        "A7",
        "Multi-factor authentication comes with temporary credentials",
        "Requests with long-term credentials do not carry `aws:MultiFactorAuthPresent`.",
    ),
    axiom(
        "A8",
        "Current and epoch time are one",
        "`aws:CurrentTime` and `aws:EpochTime` tell the same instant, and a token was issued before it.",
    ),
    axiom(
        "A9",
        "Exactly users have a user name",
        "`aws:username` is there for IAM users only, and `aws:PrincipalType` is that of the kind of principal.",
    ),
    axiom(
        "A10",
        "The account of a resource's ARN is `aws:ResourceAccount`",
        "Where the ARN of a resource names an account, the key names the same.",
    ),
    axiom(
        "A11",
        "The account of a source's ARN is `aws:SourceAccount`",
        "Where `aws:SourceArn` names an account, the key names the same.",
    ),
    axiom(
        "A12",
        "A tag of the request is among its tag keys",
        "A request with `aws:RequestTag/KEY` has `KEY` in `aws:TagKeys`.",
    ),
    axiom(
        "A13",
        "Services and users of identity providers have neither account nor ARN",
        "`aws:PrincipalArn` and `aws:PrincipalAccount` are absent from requests of service principals and of users who come \
         straight from an identity provider.",
    ),
];

/// Rows of the ambiguity register that a request may need to be read one way or the other.
pub(super) const AMBIGUITIES: &[Rule] = &[
    row(
        "4",
        "Whom `{\"AWS\": \"*\"}` means in a Deny",
        "It may or may not mean services and users of identity providers; in an Allow it always does. The finding's request \
         is one that the Deny does not stop under one of the readings.",
    ),
    row(
        "5",
        "Whether `NotPrincipal` spares a principal without its account",
        "Whoever is listed is excluded, though his account is not; AWS documents that listing the account too is needed for \
         some principals.",
    ),
    row(
        "6",
        "A variable without a value under a negation",
        "Whether a negated operator, or `NotResource`, matches where a policy variable has no value is not documented.",
    ),
    row(
        "7",
        "`ForAnyValue:…IfExists` where the key is absent",
        "`IfExists` says that the condition holds, `ForAnyValue` that it does not.",
    ),
    row(
        "non-set-operator",
        "An operator for one value on a key with several",
        "Without `ForAllValues` or `ForAnyValue` it is not documented what holds when a request carries several values.",
    ),
];
