//! Condition operators as one table: name, test, whether it is negated. Quantifier and `IfExists` compose with every row.

/// A condition operator as written: `ForAllValues:StringNotLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    /// `ForAnyValue:`, `ForAllValues:`, or neither.
    pub quantifier: Quantifier,
    /// What is compared, and how.
    pub test: Test,
    /// Whether the values must *not* match.
    pub negated: bool,
    /// `…IfExists`: true when the key is missing.
    pub if_exists: bool,
}

/// How an operator treats a key with several values (semantics.md 3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantifier {
    /// No set operator.
    One,
    /// `ForAnyValue:`: some value of the request.
    ForAny,
    /// `ForAllValues:`: all values of the request; true when there is none.
    ForAll,
}

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// `StringEquals`: literal text.
    StringEquals,
    /// `StringEqualsIgnoreCase`: literal text, ASCII case ignored.
    StringEqualsIgnoreCase,
    /// `StringLike`: glob over the whole text.
    StringLike,
    /// `Numeric…`.
    Numeric(Comparison),
    /// `Date…`.
    Date(Comparison),
    /// `Bool`.
    Bool,
    /// `BinaryEquals`.
    Binary,
    /// `IpAddress`.
    IpAddress,
    /// `ArnEquals` and `ArnLike`, which behave alike.
    Arn,
    /// `Null`.
    Null,
}

/// How numbers and dates are compared: the request's value on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
}

/// Every condition operator of the language: name, test, negated (IAM condition operators page).
pub const OPERATORS: &[(&str, Test, bool)] = &[
    ("StringEquals", Test::StringEquals, false),
    ("StringNotEquals", Test::StringEquals, true),
    ("StringEqualsIgnoreCase", Test::StringEqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::StringEqualsIgnoreCase, true),
    ("StringLike", Test::StringLike, false),
    ("StringNotLike", Test::StringLike, true),
    ("NumericEquals", Test::Numeric(Comparison::Equal), false),
    ("NumericNotEquals", Test::Numeric(Comparison::Equal), true),
    ("NumericLessThan", Test::Numeric(Comparison::Less), false),
    (
        "NumericLessThanEquals",
        Test::Numeric(Comparison::LessOrEqual),
        false,
    ),
    ("NumericGreaterThan", Test::Numeric(Comparison::Greater), false),
    (
        "NumericGreaterThanEquals",
        Test::Numeric(Comparison::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Test::Date(Comparison::Equal), false),
    ("DateNotEquals", Test::Date(Comparison::Equal), true),
    ("DateLessThan", Test::Date(Comparison::Less), false),
    ("DateLessThanEquals", Test::Date(Comparison::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Comparison::Greater), false),
    (
        "DateGreaterThanEquals",
        Test::Date(Comparison::GreaterOrEqual),
        false,
    ),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::IpAddress, false),
    ("NotIpAddress", Test::IpAddress, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnLike", Test::Arn, false),
    ("ArnNotLike", Test::Arn, true),
    ("Null", Test::Null, false),
];

/// The operator of that name, and whether the spelling is the documented one (another case is read, with a warning).
/// `None` for an unknown operator or qualifier, and for `NullIfExists`, which does not exist.
pub fn operator(name: &str) -> Option<(Operator, bool)> {
    let (prefix, rest) = name
        .split_once(':')
        .map_or((None, name), |(prefix, rest)| (Some(prefix), rest));
    let quantifier = match prefix {
        None => Quantifier::One,
        Some(word) if word.eq_ignore_ascii_case("ForAnyValue") => Quantifier::ForAny,
        Some(word) if word.eq_ignore_ascii_case("ForAllValues") => Quantifier::ForAll,
        Some(_) => return None,
    };
    let suffix = "IfExists";
    let (base, if_exists) = match rest
        .len()
        .checked_sub(suffix.len())
        .and_then(|at| rest.split_at_checked(at))
    {
        Some((base, tail)) if tail.eq_ignore_ascii_case(suffix) => (base, true),
        _ => (rest, false),
    };
    let (canonical, test, negated) = OPERATORS
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(base))?;
    if *test == Test::Null && (if_exists || quantifier != Quantifier::One) {
        return None;
    }
    let qualifier = match quantifier {
        Quantifier::One => "",
        Quantifier::ForAny => "ForAnyValue:",
        Quantifier::ForAll => "ForAllValues:",
    };
    let documented = format!("{qualifier}{canonical}{}", if if_exists { suffix } else { "" });
    Some((
        Operator {
            quantifier,
            test: *test,
            negated: *negated,
            if_exists,
        },
        documented == name,
    ))
}

impl Comparison {
    /// Whether `left` compares so with `right`.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compose_with_qualifiers() {
        let (op, documented) = operator("ForAllValues:StringNotLikeIfExists").expect("known");
        assert_eq!(
            op,
            Operator {
                quantifier: Quantifier::ForAll,
                test: Test::StringLike,
                negated: true,
                if_exists: true
            }
        );
        assert!(documented);
        assert!(!operator("stringequals").expect("read").1);
        for unknown in [
            "StringMatches",
            "ForSomeValues:StringEquals",
            "NullIfExists",
            "IfExists",
            "",
            "ForAnyValue:",
        ] {
            assert_eq!(operator(unknown), None, "{unknown}");
        }
    }
}
