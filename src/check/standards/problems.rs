//! Problems of a standards file, each with its place; and the words they are told in.

use crate::source::{Node, NodeKind, SourceFile, Span, region};

use super::StandardsError;
use super::nearest::nearest;

/// The problems found so far.
pub(super) struct Problems<'a> {
    file: &'a SourceFile,
    found: Vec<(Span, String)>,
}

impl<'a> Problems<'a> {
    /// None yet.
    pub(super) fn new(file: &'a SourceFile) -> Problems<'a> {
        Problems {
            file,
            found: Vec::new(),
        }
    }

    /// Notes a problem at a node.
    pub(super) fn add(&mut self, node: &Node, message: impl Into<String>) {
        self.found.push((node.span, message.into()));
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `file:line:column: message` of each, in the order of the file.
    pub(super) fn into_errors(mut self) -> Vec<StandardsError> {
        self.found.sort_by_key(|(span, _)| span.start);
        self.found.dedup();
        let placed = self.found.iter();
        placed
            .map(|(span, message)| StandardsError(located(self.file, *span, message)))
            .collect()
    }
}

/// `file:line:column: message`.
pub(super) fn located(file: &SourceFile, span: Span, message: &str) -> String {
    let place = region(file, span);
    format!(
        "{}:{}:{}: {message}",
        file.name, place.start_line, place.start_column
    )
}

/// What to say of a word that is none of `words`: names it where it can be shown, and the nearest valid one.
pub(super) fn unknown_word(what: &str, word: &str, words: &[&str]) -> String {
    let shown = if is_word(word) {
        format!("unknown {what} `{word}`")
    } else {
        format!("unknown {what}")
    };
    match nearest(word, words.iter().copied()) {
        Some(known) => format!("{shown}; did you mean `{known}`?"),
        None => format!("{shown}; valid: {}", listed(words)),
    }
}

/// `` `a`, `b`, `c` ``.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// The value of a key of a mapping.
pub(super) fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    entries(node)
        .find(|(name, _)| name == &key)
        .map(|(_, value)| value)
}

/// The keys and values of a mapping.
pub(super) fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let pairs = match &node.kind {
        NodeKind::Map(pairs) => pairs.as_slice(),
        NodeKind::Scalar(..) | NodeKind::List(_) => &[],
    };
    pairs
        .iter()
        .map(|(key, value)| (scalar(key).unwrap_or(""), value))
}

/// The elements of a list.
pub(super) fn elements(node: &Node) -> &[Node] {
    match &node.kind {
        NodeKind::List(items) => items,
        NodeKind::Scalar(..) | NodeKind::Map(_) => &[],
    }
}

/// The text of a scalar.
pub(super) fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Scalar(text, _) => Some(text),
        NodeKind::List(_) | NodeKind::Map(_) => None,
    }
}

/// Only short plain words are repeated in messages: what else stands there may be a secret.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':');
    !text.is_empty() && text.len() <= 40 && text.bytes().all(plain)
}
