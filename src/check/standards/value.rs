//! A `Condition` block or a whole policy from the spanned tree, as the policy language's parser takes it.

use crate::iam::Value;
use crate::source::{Node, NodeKind, Style};

/// The value. Numbers keep their spelling. An error names the node with a tag, which has no meaning in a policy.
pub(super) fn policy_value(node: &Node) -> Result<Value, &Node> {
    if node.tag.is_some() {
        return Err(node);
    }
    match &node.kind {
        NodeKind::Scalar(text, Style::Quoted) => Ok(Value::text(text.as_str())),
        NodeKind::Scalar(text, Style::Plain) => Ok(plain(text)),
        NodeKind::List(items) => {
            let values: Result<Vec<Value>, &Node> = items.iter().map(policy_value).collect();
            values.map(Value::List)
        }
        NodeKind::Map(pairs) => {
            let entries: Result<Vec<(String, Value)>, &Node> = pairs
                .iter()
                .map(|(key, value)| object_entry(key, value))
                .collect();
            entries.map(Value::Object)
        }
    }
}

fn object_entry<'n>(key: &'n Node, value: &'n Node) -> Result<(String, Value), &'n Node> {
    let name = super::problems::scalar(key).ok_or(key)?;
    Ok((name.to_owned(), policy_value(value)?))
}

/// An unquoted scalar: what JSON would call it, else text. A leading zero is no number: account ids keep theirs.
fn plain(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" | "~" | "" => Value::Null,
        _ if is_json_number(text) => Value::Number(text.to_owned()),
        _ => Value::text(text),
    }
}

fn is_json_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_json_calls_them() {
        for (text, expected) in [
            ("true", Value::Bool(true)),
            ("no", Value::text("no")),
            ("012345678901", Value::text("012345678901")),
            ("123456789012", Value::Number("123456789012".into())),
            ("1.50", Value::Number("1.50".into())),
            ("1e400", Value::Number("1e400".into())),
            ("2012-10-17", Value::text("2012-10-17")),
            ("-", Value::text("-")),
            (".5", Value::text(".5")),
            ("", Value::Null),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
