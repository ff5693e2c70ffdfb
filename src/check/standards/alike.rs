//! Whether both YAML readers see the same in a text. Places come from one and values from the other, so a difference
//! could drop a standard unseen.

use serde_yaml::Value;

use crate::source::{Node, NodeKind, Style};

/// The first node that serde sees otherwise.
pub(super) fn difference<'n>(node: &'n Node, value: &Value) -> Option<&'n Node> {
    match (&node.kind, value) {
        (NodeKind::Scalar(text, style), value) => (!same_scalar(text, *style, value)).then_some(node),
        (NodeKind::List(items), Value::Sequence(values)) if items.len() == values.len() => {
            let mut pairs = items.iter().zip(values);
            pairs.find_map(|(item, value)| difference(item, value))
        }
        (NodeKind::Map(pairs), Value::Mapping(values)) if pairs.len() == values.len() => {
            let mut both = pairs.iter().zip(values);
            both.find_map(|((key, item), (name, value))| {
                difference(key, name).or_else(|| difference(item, value))
            })
        }
        (NodeKind::List(_) | NodeKind::Map(_), _) => Some(node),
    }
}

/// Numbers are compared as they are used: by serde as text, in conditions by their spelling.
fn same_scalar(text: &str, style: Style, value: &Value) -> bool {
    match (style, value) {
        (_, Value::String(other)) => text == other,
        (Style::Plain, Value::Null | Value::Bool(_) | Value::Number(_)) => true,
        (Style::Quoted, Value::Null | Value::Bool(_) | Value::Number(_)) => false,
        (_, Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Limits, parse_yaml};

    fn check(text: &str, value: &str, alike: bool) {
        let node = parse_yaml(text, FileId(0), &Limits::default()).unwrap();
        let value = serde_yaml::from_str(value).unwrap();
        assert_eq!(difference(&node, &value).is_none(), alike, "{text}");
    }

    #[test]
    fn the_same_text_is_read_alike() {
        for text in [
            "{a: [1, 0123, 1.50, true, ~, 'x', \"y\\u00e9\"], on: yes, no: &n {b: c}, d: *n, e: 2026-01-01}",
            "a: |\n  text\n  more\nb: >-\n  folded\n  text\n",
            "- a\n- - b\n  - c\n",
        ] {
            check(text, text, true);
        }
        check(
            "a: &m {x: 1}\nb: {<<: *m}\n",
            "a: &m {x: 1}\nb: {<<: *m}\n",
            false,
        );
    }

    #[test]
    fn differences_are_seen() {
        for (text, value) in [
            ("[a]", "[a, b]"),
            ("{a: b}", "{a: c}"),
            ("{a: b}", "{c: b}"),
            ("a", "[a]"),
            ("'1'", "1"),
            ("[a]", "{a: b}"),
        ] {
            check(text, value, false);
        }
    }
}
