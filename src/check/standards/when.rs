//! `when`: only requests like this, in the `Condition` syntax of the policy language.

use crate::iam::{Condition, ContextKey, Quantifier, Test, Value, operator, parse_condition_block};
use crate::source::{Node, SourceFile};

use super::problems::{Problems, entries, located};
use super::value::policy_value;

/// The keys that every request carries (IAM global condition context keys page), lower case.
const ALWAYS_PRESENT: &[&str] = &[
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:useragent",
    "aws:userid",
    "aws:viaawsservice",
];

/// The conditions of a `when` block. Warnings are about keys that a request may lack.
pub(super) fn read_when(
    node: &Node,
    file: &SourceFile,
    problems: &mut Problems<'_>,
    warnings: &mut Vec<String>,
) -> Vec<Condition> {
    let value = match policy_value(node) {
        Ok(Value::Object(operators)) if operators.is_empty() => {
            problems.add(node, "`when` must not be empty");
            return Vec::new();
        }
        Ok(value) => value,
        Err(tagged) => {
            problems.add(tagged, "tags have no meaning in a condition");
            return Vec::new();
        }
    };
    match parse_condition_block(&value) {
        Ok((conditions, notes)) => {
            warnings.extend(
                notes
                    .iter()
                    .map(|note| located(file, node.span, &format!("`when`: {}", note.message))),
            );
            warn_of_absent_keys(node, file, warnings);
            conditions
        }
        Err(invalid) => {
            problems.add(guilty_block(node), format!("`when`: {invalid}"));
            Vec::new()
        }
    }
}

/// The operator's block that is not valid on its own, or all of `when`.
fn guilty_block(node: &Node) -> &Node {
    let invalid_alone = |(name, block): &(&str, &Node)| {
        let value = policy_value(block).map(|value| Value::Object(vec![((*name).to_owned(), value)]));
        value.is_ok_and(|value| parse_condition_block(&value).is_err())
    };
    entries(node).find(invalid_alone).map_or(node, |(_, block)| block)
}

/// A positive operator is false on a missing key: such requests are outside of the question, which is seldom meant.
fn warn_of_absent_keys(node: &Node, file: &SourceFile, warnings: &mut Vec<String>) {
    for (name, block) in entries(node) {
        let Some((operator, _)) = operator(name) else {
            continue;
        };
        let textual = match operator.test {
            Test::Bool | Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike => true,
            Test::Numeric(_) | Test::Date(_) | Test::Binary | Test::IpAddress | Test::Arn | Test::Null => {
                false
            }
        };
        let fails_without_key =
            !operator.negated && !operator.if_exists && operator.quantifier != Quantifier::ForAll;
        if !textual || !fails_without_key {
            continue;
        }
        for (key, values) in entries(block) {
            let folded = ContextKey::new(key);
            if !ALWAYS_PRESENT.contains(&folded.folded()) && !is_required(node, &folded) {
                let message = format!(
                    "`when`: requests without `{key}` are outside of this standard; `{name}IfExists` includes them"
                );
                warnings.push(located(file, values.span, &message));
            }
        }
    }
}

/// Whether the block says itself that the key must be there.
fn is_required(node: &Node, key: &ContextKey) -> bool {
    entries(node)
        .filter(|(name, _)| name.eq_ignore_ascii_case("Null"))
        .flat_map(|(_, block)| entries(block))
        .any(|(name, _)| ContextKey::new(name) == *key)
}
