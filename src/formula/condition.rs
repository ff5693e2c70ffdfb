//! What a condition means (semantics.md 3.5 to 3.7): missing keys, set operators over slots, typed values.

use ipnet::IpNet;

use crate::iam::{
    Comparison, Condition, ConditionValues, ContextKey, Pattern, Piece, Quantifier, Rational, ReadingId,
    Test, key_facts,
};

use super::arn::Case;
use super::keys::{ValueTest, present, value_passes};
use super::texts::all_resolved;
use super::vocabulary::epoch_instant;
use super::{Fact, Formula, Interval, Slot, ValueSet, Vocabulary, and, fact, not, or};

/// When the condition holds.
pub fn condition(condition: &Condition, vocabulary: &Vocabulary) -> Formula {
    let operator = condition.operator;
    let there = present(&condition.key, vocabulary);
    if let ConditionValues::Null(wanted) = &condition.values {
        let absent = wanted.contains(&true).then(|| not(&there));
        let present = wanted.contains(&false).then_some(there);
        return or(absent.into_iter().chain(present));
    }
    let slots = vocabulary.slots(&condition.key);
    let used = |slot: &Slot| match slots.as_slice() {
        // The one slot of a key that may be read off the principal is there when the key is.
        [_] => there.clone(),
        _ => fact(Fact::Present(slot.clone())),
    };
    let passes = |slot: &Slot| value(condition, slot, vocabulary);
    match operator.quantifier {
        Quantifier::ForAll => and(slots.iter().map(|slot| or([not(&used(slot)), passes(slot)]))),
        Quantifier::ForAny => {
            let some = or(slots.iter().map(|slot| and([used(slot), passes(slot)])));
            let missing = if operator.if_exists {
                and([not(&there), fact(Fact::Reading(ReadingId::ForAnyIfExists))])
            } else {
                Formula::False
            };
            or([some, missing])
        }
        Quantifier::One => {
            let some = if key_facts(&condition.key).multivalued {
                and([there.clone(), fact(Fact::Reading(condition.non_set_reading()))])
            } else {
                or(slots.iter().map(|slot| and([used(slot), passes(slot)])))
            };
            let missing = if operator.if_exists || operator.negated {
                not(&there)
            } else {
                Formula::False
            };
            or([some, missing])
        }
    }
}

/// The value in the slot passes the operator.
fn value(condition: &Condition, slot: &Slot, vocabulary: &Vocabulary) -> Formula {
    let passes = |test| value_passes(slot, &test, vocabulary);
    let read = |patterns: &[Pattern]| -> Vec<Pattern> {
        let wild = condition.operator.test == Test::StringLike;
        let one = |pattern: &Pattern| {
            if wild {
                pattern.clone()
            } else {
                holes_as_text(pattern)
            }
        };
        patterns.iter().map(one).collect()
    };
    let matched = match &condition.values {
        ConditionValues::Text(patterns) => passes(ValueTest::Text(&read(patterns), Case::Sensitive)),
        ConditionValues::Folded(patterns) => passes(ValueTest::Text(&read(patterns), Case::Folded)),
        ConditionValues::Arn(arns) => passes(ValueTest::Arn(arns)),
        ConditionValues::Number(comparison, numbers) => {
            passes(numbers_test(&condition.key, *comparison, numbers))
        }
        ConditionValues::Date(comparison, dates) => {
            let intervals = dates.iter().map(|date| interval(*comparison, date)).collect();
            passes(ValueTest::Set(ValueSet::Instants(intervals)))
        }
        ConditionValues::Ip(ranges) => passes(ValueTest::Set(ValueSet::Addresses(merged(ranges).into()))),
        ConditionValues::Binary(constants) => {
            let patterns: Vec<Pattern> = constants
                .iter()
                .map(|bytes| Pattern::literal(&encode_base64(bytes)))
                .collect();
            passes(ValueTest::Text(&patterns, Case::Sensitive))
        }
        // Answered by the caller.
        ConditionValues::Null(_) => Formula::False,
    };
    if !condition.operator.negated {
        return matched;
    }
    let resolved = match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
            all_resolved(patterns.iter(), vocabulary)
        }
        ConditionValues::Arn(arns) => all_resolved(
            arns.iter().flat_map(|arn| arn.segments.iter().take(5)),
            vocabulary,
        ),
        ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Ip(_)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => Formula::True,
    };
    and([
        not(&matched),
        or([
            resolved,
            fact(Fact::Reading(ReadingId::UnresolvedVariableNegated)),
        ]),
    ])
}

/// The pattern of an operator that knows no wildcards: none counts in the value of a hole either.
fn holes_as_text(pattern: &Pattern) -> Pattern {
    if pattern.plain().is_some() {
        return pattern.clone();
    }
    let as_text = |piece: &Piece| match piece {
        Piece::Hole(hole) => Piece::Hole(hole.as_text()),
        other => other.clone(),
    };
    pattern.pieces().iter().map(as_text).collect()
}

/// Numbers as intervals; of `aws:EpochTime`, which is the same variable as `aws:CurrentTime`, as instants.
fn numbers_test<'a>(key: &ContextKey, comparison: Comparison, numbers: &[Rational]) -> ValueTest<'a> {
    if key.folded() != "aws:epochtime" {
        return ValueTest::Set(ValueSet::Numbers(
            numbers
                .iter()
                .map(|number| interval(comparison, number))
                .collect(),
        ));
    }
    let instants = numbers.iter().filter_map(epoch_instant);
    let instants = instants.map(|instant| interval(comparison, &instant));
    ValueTest::Set(ValueSet::Instants(instants.collect()))
}

fn interval<T: Clone>(comparison: Comparison, bound: &T) -> Interval<T> {
    let bound = |closed| Some((bound.clone(), closed));
    match comparison {
        Comparison::Equal => Interval {
            low: bound(true),
            high: bound(true),
        },
        Comparison::Less => Interval {
            low: None,
            high: bound(false),
        },
        Comparison::LessOrEqual => Interval {
            low: None,
            high: bound(true),
        },
        Comparison::Greater => Interval {
            low: bound(false),
            high: None,
        },
        Comparison::GreaterOrEqual => Interval {
            low: bound(true),
            high: None,
        },
    }
}

fn merged(ranges: &[IpNet]) -> Vec<IpNet> {
    IpNet::aggregate(&ranges.to_vec())
}

/// Standard base64 with padding: the one spelling that stands for the bytes in formulas.
fn encode_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_u32, |group, at| {
            (group << 8) | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for digit in 0..4_usize {
            let index = (group >> (18 - 6 * digit)) & 63;
            let letter = ALPHABET.get(index as usize).copied().map_or('=', char::from);
            text.push(if digit <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_canonical_spelling() {
        for text in ["", "YQ==", "YWI=", "YWJj", "a2V5YWtp"] {
            let bytes = crate::iam::decode_base64(text).expect("valid");
            assert_eq!(encode_base64(&bytes), text);
        }
    }
}
