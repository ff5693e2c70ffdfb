//! Whether a condition holds for a request (semantics.md 3.5 to 3.7).

use super::super::document::{Condition, ConditionValues};
use super::super::keys::key_facts;
use super::super::operator::Quantifier;
use super::super::pattern::Pattern;
use super::super::request::{ReadingId, Request};
use super::super::typed::{decode_base64, parse_instant, parse_number};
use super::fill::{Filled, arn_matches, fill};

/// Whether the condition holds.
pub(super) fn holds(condition: &Condition, request: &Request) -> bool {
    let operator = condition.operator;
    let present: &[String] = request.context.get(&condition.key).map_or(&[], Vec::as_slice);
    if let ConditionValues::Null(wanted) = &condition.values {
        return wanted.contains(&present.is_empty());
    }
    if present.is_empty() {
        return match operator.quantifier {
            Quantifier::ForAll => true,
            Quantifier::ForAny => operator.if_exists && request.reading(&ReadingId::ForAnyIfExists),
            Quantifier::One => operator.if_exists || operator.negated,
        };
    }
    let one = |value: &String| value_holds(condition, value, request);
    match operator.quantifier {
        Quantifier::ForAll => present.iter().all(one),
        Quantifier::ForAny => present.iter().any(one),
        Quantifier::One if key_facts(&condition.key).multivalued => {
            request.reading(&condition.non_set_reading())
        }
        Quantifier::One => present.iter().any(one),
    }
}

/// Whether one value passes the operator; a negated operator means that no value of the policy matches.
fn value_holds(condition: &Condition, value: &str, request: &Request) -> bool {
    let matched = value_matches(&condition.values, value, request);
    if !condition.operator.negated {
        return matched;
    }
    let as_documented =
        !has_unresolved(&condition.values, request) || request.reading(&ReadingId::UnresolvedVariableNegated);
    !matched && as_documented
}

fn value_matches(values: &ConditionValues, value: &str, request: &Request) -> bool {
    match values {
        ConditionValues::Text(patterns) => patterns.iter().any(|pattern| match fill(pattern, request) {
            Filled::Glob(glob) => glob.matches(value),
            Filled::Unresolved => false,
        }),
        ConditionValues::Folded(patterns) => patterns.iter().any(|pattern| match fill(pattern, request) {
            Filled::Glob(glob) => glob.matches_folded(value),
            Filled::Unresolved => false,
        }),
        ConditionValues::Arn(arns) => arns.iter().any(|arn| arn_matches(arn, value, request)),
        ConditionValues::Number(comparison, numbers) => {
            parse_number(value).is_some_and(|own| numbers.iter().any(|number| comparison.holds(&own, number)))
        }
        ConditionValues::Date(comparison, dates) => {
            parse_instant(value).is_some_and(|own| dates.iter().any(|date| comparison.holds(&own, date)))
        }
        ConditionValues::Ip(ranges) => {
            let address = value.parse::<std::net::IpAddr>().ok();
            address.is_some_and(|own| ranges.iter().any(|range| range.contains(&own)))
        }
        ConditionValues::Binary(constants) => {
            decode_base64(value).is_some_and(|own| constants.contains(&own))
        }
        ConditionValues::Null(_) => false,
    }
}

fn has_unresolved(values: &ConditionValues, request: &Request) -> bool {
    let unresolved = |pattern: &Pattern| {
        pattern.variables().next().is_some() && matches!(fill(pattern, request), Filled::Unresolved)
    };
    match values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
            patterns.iter().any(unresolved)
        }
        ConditionValues::Arn(arns) => arns.iter().any(|arn| arn.segments.iter().any(unresolved)),
        ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Ip(_)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => false,
    }
}
