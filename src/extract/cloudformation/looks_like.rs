//! Whether something in a resource of an unknown type looks like a policy: a mapping with `Statement` whose members
//! have `Effect`, or a text that has both words in quotation marks.

use crate::source::{Node, NodeKind, Span};

use super::syntax::{View, call, key_text};

/// Where the first such thing stands.
pub(super) fn policy_in(view: View<'_>) -> Option<Span> {
    if let NodeKind::Map(entries) = view.kind
        && is_document(entries)
    {
        return Some(view.span);
    }
    // The pieces that a function puts together are judged together.
    if matches!(call(view), Ok(Some(_)) | Err(_)) {
        let mut text = String::new();
        gather(view.kind, &mut text);
        if is_text(&text) {
            return Some(view.span);
        }
    }
    match view.kind {
        NodeKind::Scalar(text, _) => is_text(text).then_some(view.span),
        NodeKind::List(items) => items.iter().find_map(|item| policy_in(View::of(item))),
        NodeKind::Map(entries) => entries.iter().find_map(|(_, value)| policy_in(View::of(value))),
    }
}

/// Whether the entries are those of a policy document.
pub(super) fn is_document(entries: &[(Node, Node)]) -> bool {
    entries
        .iter()
        .any(|(key, value)| key_text(key) == Some("Statement") && has_effect(value))
}

fn has_effect(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scalar(..) => false,
        NodeKind::List(items) => items.iter().any(has_effect),
        NodeKind::Map(entries) => entries
            .iter()
            .any(|(key, value)| key_text(key) == Some("Effect") || has_effect(value)),
    }
}

/// Whether a text may be a policy document.
pub(super) fn is_text(text: &str) -> bool {
    text.contains("\"Statement\"") && text.contains("\"Effect\"")
}

fn gather(kind: &NodeKind, text: &mut String) {
    match kind {
        NodeKind::Scalar(scalar, _) => text.push_str(scalar),
        NodeKind::List(items) => items.iter().for_each(|item| gather(&item.kind, text)),
        NodeKind::Map(entries) => entries.iter().for_each(|(_, value)| gather(&value.kind, text)),
    }
}
