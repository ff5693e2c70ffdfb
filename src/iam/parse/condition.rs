//! The `Condition` block (semantics.md 3.5, 3.6).

use std::collections::BTreeMap;

use super::super::document::{Condition, ConditionValues};
use super::super::json::shown;
use super::super::keys::ContextKey;
use super::super::operator::{Operator, Test, operator};
use super::super::pattern::{Pattern, Piece};
use super::super::resource::{ArnPattern, split_arn};
use super::super::typed::{decode_base64, parse_cidr, parse_instant, parse_number};
use super::super::value::{Text, TextPiece, Value};
use super::statement::assume;
use super::text::{Wildcards, pattern};
use super::{Context, Invalid, kind_of};

/// The conditions of a block, flattened; all must hold.
pub(super) fn conditions(value: &Value, context: &mut Context) -> Result<Vec<Condition>, Invalid> {
    let operators = match value {
        Value::Object(operators) => operators,
        Value::Unknown(hole) => {
            assume(hole, "in Condition", context);
            return Ok(Vec::new());
        }
        other => {
            return Err(context.invalid(format!("`Condition` must be an object, not {}", kind_of(other))));
        }
    };
    let mut conditions = Vec::new();
    let mut seen: BTreeMap<Operator, &str> = BTreeMap::new();
    for (name, keys) in operators {
        let Some((operator, documented)) = operator(name) else {
            return Err(context.invalid(format!("`{}` is not a condition operator", shown(name))));
        };
        if !documented {
            context.note(
                "operator-case",
                format!("`{}` is read without regard to case", shown(name)),
            );
        }
        // `ArnLike` and `ArnEquals` are one operator here but may both be written.
        if seen
            .insert(operator, name)
            .is_some_and(|other| other.eq_ignore_ascii_case(name))
        {
            return Err(context.invalid(format!("`{}` is there twice", shown(name))));
        }
        keys_of(keys, name, operator, context, &mut conditions)?;
    }
    Ok(conditions)
}

fn keys_of(
    value: &Value,
    name: &str,
    operator: Operator,
    context: &mut Context,
    conditions: &mut Vec<Condition>,
) -> Result<(), Invalid> {
    let keys = match value {
        Value::Object(keys) => keys,
        Value::Unknown(hole) => {
            assume(hole, &format!("in {operator:?}"), context);
            return Ok(());
        }
        other => {
            return Err(context.invalid(format!(
                "`{}` must be an object, not {}",
                shown(name),
                kind_of(other)
            )));
        }
    };
    let first = conditions.len();
    for (key, values) in keys {
        if key.is_empty() || key.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(context.invalid(format!(
                "`{}` has a condition key that cannot be read",
                shown(name)
            )));
        }
        let key = ContextKey::new(key);
        if conditions.iter().skip(first).any(|earlier| earlier.key == key) {
            return Err(context.invalid(format!(
                "`{}` has the key `{}` twice (keys are compared without case)",
                shown(name),
                shown(key.written())
            )));
        }
        if let Some(values) = values_of(values, operator, &key, context)? {
            conditions.push(Condition {
                operator,
                key,
                values,
            });
        }
    }
    Ok(())
}

/// The values, typed. `None` when they are known only later and their type leaves no room for a hole: the statement is
/// guarded then.
fn values_of(
    value: &Value,
    operator: Operator,
    key: &ContextKey,
    context: &mut Context,
) -> Result<Option<ConditionValues>, Invalid> {
    let items = match value {
        Value::List(items) if items.is_empty() => {
            return Err(context.invalid(format!("`{}` must have at least one value", shown(key.written()))));
        }
        Value::List(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut texts = Vec::new();
    for item in items {
        texts.push(match item {
            Value::String(text) => text.clone(),
            Value::Number(number) => Text(vec![TextPiece::Lit(number.clone())]),
            Value::Bool(value) => Text(vec![TextPiece::Lit(value.to_string())]),
            Value::Unknown(hole) => {
                assume(
                    hole,
                    &format!("in {operator:?} {} {items:?}", key.folded()),
                    context,
                );
                return Ok(None);
            }
            other => {
                return Err(context.invalid(format!(
                    "`{}` must have strings, numbers or booleans, not {}",
                    shown(key.written()),
                    kind_of(other)
                )));
            }
        });
    }
    typed(&texts, operator, key, context)
}

fn typed(
    texts: &[Text],
    operator: Operator,
    key: &ContextKey,
    context: &mut Context,
) -> Result<Option<ConditionValues>, Invalid> {
    let element = shown(key.written());
    let patterns = |wildcards, context: &mut Context| -> Result<Vec<Pattern>, Invalid> {
        texts
            .iter()
            .map(|text| pattern(text, wildcards, &element, context))
            .collect()
    };
    let folded = |patterns: Vec<Pattern>| {
        ConditionValues::Folded(patterns.iter().map(Pattern::to_ascii_lowercase).collect())
    };
    let values = match operator.test {
        Test::StringEquals => ConditionValues::Text(patterns(Wildcards::Literal, context)?),
        Test::StringLike => ConditionValues::Text(patterns(Wildcards::Active, context)?),
        Test::StringEqualsIgnoreCase => folded(patterns(Wildcards::Literal, context)?),
        Test::Bool => {
            let patterns = patterns(Wildcards::Literal, context)?;
            let wrong = patterns
                .iter()
                .filter_map(Pattern::as_literal)
                .any(|text| !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false"));
            if wrong {
                return Err(context.invalid(format!("`{element}` must be `true` or `false`")));
            }
            folded(patterns)
        }
        Test::Arn => {
            let patterns = patterns(Wildcards::Active, context)?;
            // An unknown value in a short ARN may hold any of its colons.
            let short = |pattern: &&Pattern| split_arn(pattern).is_none_or(|(_, parts)| parts < 6);
            let open = patterns
                .iter()
                .filter(short)
                .find_map(|pattern| pattern.holes().next());
            if let Some(hole) = open {
                let what = format!("in {operator:?} {} {patterns:?}", key.folded());
                assume(hole, &what, context);
                return Ok(None);
            }
            ConditionValues::Arn(
                patterns
                    .iter()
                    .map(|p| arn(p, &element, context))
                    .collect::<Result<_, _>>()?,
            )
        }
        Test::Numeric(comparison) => match literals(texts, operator, key, context) {
            Some(texts) => ConditionValues::Number(
                comparison,
                parsed(&texts, parse_number, &element, "number", context)?,
            ),
            None => return Ok(None),
        },
        Test::Date(comparison) => match literals(texts, operator, key, context) {
            Some(texts) => ConditionValues::Date(
                comparison,
                parsed(&texts, parse_instant, &element, "date", context)?,
            ),
            None => return Ok(None),
        },
        Test::IpAddress => match literals(texts, operator, key, context) {
            Some(texts) => ConditionValues::Ip(parsed(&texts, parse_cidr, &element, "IP range", context)?),
            None => return Ok(None),
        },
        Test::Binary => match literals(texts, operator, key, context) {
            Some(texts) => {
                ConditionValues::Binary(parsed(&texts, decode_base64, &element, "base64 text", context)?)
            }
            None => return Ok(None),
        },
        Test::Null => match literals(texts, operator, key, context) {
            Some(texts) => ConditionValues::Null(parsed(
                &texts,
                parse_bool,
                &element,
                "`true` or `false`",
                context,
            )?),
            None => return Ok(None),
        },
    };
    Ok(Some(values))
}

/// The texts without holes; a hole guards the statement.
fn literals(
    texts: &[Text],
    operator: Operator,
    key: &ContextKey,
    context: &mut Context,
) -> Option<Vec<String>> {
    let hole = texts
        .iter()
        .flat_map(|text| &text.0)
        .find_map(|piece| match piece {
            TextPiece::Hole(hole) => Some(hole),
            TextPiece::Lit(_) => None,
        });
    if let Some(hole) = hole {
        assume(
            hole,
            &format!("in {operator:?} {} {texts:?}", key.folded()),
            context,
        );
        return None;
    }
    Some(
        texts
            .iter()
            .filter_map(|text| text.as_literal().map(str::to_owned))
            .collect(),
    )
}

fn parsed<T>(
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
    element: &str,
    what: &str,
    context: &Context,
) -> Result<Vec<T>, Invalid> {
    let refuse = || context.invalid(format!("`{element}` has a value that is no {what}"));
    texts.iter().map(|text| parse(text).ok_or_else(refuse)).collect()
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An ARN pattern of a condition (semantics.md 3.6, ambiguity row 17): `*` alone is any ARN; a short one is completed
/// when its last part ends in `*`.
fn arn(pattern: &Pattern, element: &str, context: &Context) -> Result<ArnPattern, Invalid> {
    let star = Pattern::star;
    if pattern.is_star() {
        return Ok(ArnPattern {
            segments: std::array::from_fn(|_| star()),
            whole: None,
        });
    }
    match split_arn(pattern) {
        Some((arn, 6)) => Ok(arn),
        Some((arn, _)) if pattern.pieces().last() == Some(&Piece::Star) => Ok(arn),
        Some(_) | None => {
            Err(context.invalid(format!("`{element}` has a value that is no ARN with six parts")))
        }
    }
}

/// Whether a condition uses policy variables.
pub(super) fn has_variable(condition: &Condition) -> bool {
    let any = |patterns: &[Pattern]| {
        patterns
            .iter()
            .any(|pattern| pattern.variables().next().is_some())
    };
    match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => any(patterns),
        ConditionValues::Arn(arns) => arns.iter().any(|arn| any(&arn.segments)),
        ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Ip(_)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => false,
    }
}
