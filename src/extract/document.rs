//! Policy documents written as plain JSON or YAML: from the spanned tree to the value that documents are parsed from.

use crate::iam::{Invalid, Value};
use crate::source::{FileId, Node, NodeKind, Place, Style};

/// The value of a document written without intrinsics. YAML tags are refused: nothing says what they mean here.
pub(super) fn value_of(node: &Node) -> Result<Value, Invalid> {
    if node.tag.is_some() {
        return Err(Invalid {
            message: "a policy document has no YAML tags".to_owned(),
            statement: None,
        });
    }
    match &node.kind {
        NodeKind::Scalar(text, Style::Quoted) => Ok(Value::text(text.as_str())),
        NodeKind::Scalar(text, Style::Plain) => Ok(plain(text)),
        NodeKind::List(items) => Ok(Value::List(items.iter().map(value_of).collect::<Result<_, _>>()?)),
        NodeKind::Map(entries) => Ok(Value::Object(
            entries
                .iter()
                .map(|(key, value)| Ok((key_of(key)?, value_of(value)?)))
                .collect::<Result<_, _>>()?,
        )),
    }
}

/// The place of each element of `Statement`, in order; of the single statement if it is no list.
pub(super) fn statement_places(node: &Node, file: FileId) -> Vec<Place> {
    let place = |node: &Node| Place {
        file,
        span: node.span,
    };
    match entry(node, "Statement") {
        Some(Node {
            kind: NodeKind::List(items),
            ..
        }) => items.iter().map(place).collect(),
        Some(single) => vec![place(single)],
        None => Vec::new(),
    }
}

/// The value under a key of a mapping.
pub(super) fn entry<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let NodeKind::Map(entries) = &node.kind else {
        return None;
    };
    let named = |key: &Node| matches!(&key.kind, NodeKind::Scalar(text, _) if text == name);
    entries.iter().find(|(key, _)| named(key)).map(|(_, value)| value)
}

fn key_of(node: &Node) -> Result<String, Invalid> {
    match (&node.kind, &node.tag) {
        (NodeKind::Scalar(text, _), None) => Ok(text.clone()),
        _ => Err(Invalid {
            message: "a key of a policy document is not text".to_owned(),
            statement: None,
        }),
    }
}

/// A plain scalar by the YAML 1.1 words that CloudFormation and AWS tools read; JSON's are among them.
fn plain(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => Value::Null,
        "true" | "yes" | "on" => Value::Bool(true),
        "false" | "no" | "off" => Value::Bool(false),
        _ if is_json_number(text) && !is_account(text) => Value::Number(text.to_owned()),
        _ => Value::text(text),
    }
}

/// Twelve digits are an account id, whose leading zeros are part of it.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_json_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn node(kind: NodeKind) -> Node {
        Node {
            span: Span { start: 3, end: 9 },
            tag: None,
            kind,
        }
    }

    #[test]
    fn plain_scalars_are_typed() {
        for (text, value) in [
            ("2012-10-17", Value::text("2012-10-17")),
            ("123456789012", Value::text("123456789012")),
            ("012345678901", Value::text("012345678901")),
            ("1.50", Value::Number("1.50".to_owned())),
            ("-3", Value::Number("-3".to_owned())),
            ("1e3", Value::Number("1e3".to_owned())),
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("null", Value::Null),
            ("s3:Get*", Value::text("s3:Get*")),
            ("0x1F", Value::text("0x1F")),
            ("inf", Value::text("inf")),
        ] {
            assert_eq!(
                value_of(&node(NodeKind::Scalar(text.to_owned(), Style::Plain))),
                Ok(value),
                "{text}"
            );
        }
        let quoted = node(NodeKind::Scalar("yes".to_owned(), Style::Quoted));
        assert_eq!(value_of(&quoted), Ok(Value::text("yes")));
        let tagged = Node {
            tag: Some("Ref".to_owned()),
            ..quoted
        };
        assert!(value_of(&tagged).is_err());
    }

    #[test]
    fn statements_have_places() {
        let key = node(NodeKind::Scalar("Statement".to_owned(), Style::Quoted));
        let statement = || node(NodeKind::Map(Vec::new()));
        for (value, count) in [
            (statement(), 1),
            (node(NodeKind::List(vec![statement(), statement()])), 2),
        ] {
            let document = node(NodeKind::Map(vec![(key.clone(), value)]));
            assert_eq!(statement_places(&document, FileId(0)).len(), count);
        }
        assert!(statement_places(&statement(), FileId(0)).is_empty());
    }
}
