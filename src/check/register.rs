//! The ambiguity register (semantics.md 3.14): what AWS documents in two ways or not at all, how each row is read here, and
//! where that is decided.

/// How a row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// One way.
    Fixed,
    /// One way; a PASS that would be a FAIL the other way has this note.
    Noted(&'static str),
    /// Either way, the same on both sides of a comparison; the request of a FAIL carries the reading.
    Free,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The row, as findings name it.
    pub id: &'static str,
    /// How it is read.
    pub treatment: Treatment,
    /// The reading; of a free row, the default.
    pub reading: &'static str,
    /// The module that decides it.
    pub place: &'static str,
}

const fn row(id: &'static str, treatment: Treatment, reading: &'static str, place: &'static str) -> Row {
    Row {
        id,
        treatment,
        reading,
        place,
    }
}

/// All rows, in order.
pub const REGISTER: &[Row] = &[
    row(
        "1",
        Treatment::Noted("colon-crossing"),
        "`*` in a resource does not reach over a colon before the last segment",
        "iam::resource, check::otherwise",
    ),
    row(
        "2",
        Treatment::Fixed,
        "`?` matches a colon in the last segment only",
        "iam::resource",
    ),
    row(
        "3",
        Treatment::Noted("resource-case"),
        "case counts in resources",
        "iam::resource, check::otherwise",
    ),
    row(
        "4",
        Treatment::Free,
        "`{\"AWS\": \"*\"}` in a Deny means services and users of identity providers too; in an Allow it always does",
        "iam::evaluate::principal, formula::principal",
    ),
    row(
        "5",
        Treatment::Free,
        "`NotPrincipal` excludes whom it lists, though it does not list their account",
        "iam::evaluate::principal, formula::principal",
    ),
    row(
        "6",
        Treatment::Free,
        "a negated operator, and `NotResource`, match where a variable has no value",
        "iam::evaluate, formula::condition, formula::meaning",
    ),
    row(
        "7",
        Treatment::Free,
        "`ForAnyValue:…IfExists` holds where the key is absent",
        "iam::evaluate::condition, formula::condition",
    ),
    row(
        "8",
        Treatment::Fixed,
        "a value of the wrong type makes the policy invalid",
        "iam::parse::condition",
    ),
    row(
        "9",
        Treatment::Fixed,
        "an empty list of values makes the policy invalid",
        "iam::parse",
    ),
    row(
        "10",
        Treatment::Fixed,
        "`ForAllValues` holds where the key is absent, whatever the operator",
        "iam::evaluate::condition, formula::condition",
    ),
    row(
        "11",
        Treatment::Fixed,
        "`Bool` takes policy variables",
        "iam::parse::condition",
    ),
    row(
        "12",
        Treatment::Fixed,
        "an IPv6 address without a prefix length is itself only",
        "iam::typed",
    ),
    row(
        "13",
        Treatment::Noted("userid-session"),
        "`aws:userid` with a fixed role id and any session is a fixed value",
        "check::stranger::anchors",
    ),
    row(
        "14",
        Treatment::Noted("principal-arn-account"),
        "`aws:PrincipalArn` with a fixed account and wildcards is a fixed value",
        "check::stranger::anchors",
    ),
    row(
        "15",
        Treatment::Noted("confused-deputy"),
        "a service that is named is no stranger, whoever it acts for",
        "check::stranger",
    ),
    row(
        "16",
        Treatment::Noted("direct-grant"),
        "who names an account names its users, roles and sessions",
        "formula::principal, check::otherwise",
    ),
    row(
        "17",
        Treatment::Fixed,
        "an ARN condition of fewer than six parts that ends in `*` is completed; others are invalid",
        "iam::parse::condition",
    ),
    row(
        "non-set-operator",
        Treatment::Free,
        "an operator without `ForAllValues` or `ForAnyValue` on a key with several values does not hold",
        "iam::evaluate::condition, formula::condition",
    ),
];
