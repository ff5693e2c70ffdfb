//! What a node of a template says before anything is resolved: a call of an intrinsic function, in its short form (a
//! YAML tag) or its long form (a mapping with one key), or a plain value.

use crate::extract::GapReason;
use crate::source::{Node, NodeKind, Span, Style};

use super::values::Fault;

/// A node, or the argument of a short-form call: the same node without its tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'n> {
    /// Where it stands.
    pub span: Span,
    /// The tag that is still to be read.
    pub tag: Option<&'n str>,
    /// The content.
    pub kind: &'n NodeKind,
}

impl<'n> View<'n> {
    /// The view of a whole node.
    pub fn of(node: &'n Node) -> View<'n> {
        View {
            span: node.span,
            tag: node.tag.as_deref(),
            kind: &node.kind,
        }
    }

    /// The entries of a mapping that is no call.
    pub fn entries(self) -> Option<&'n [(Node, Node)]> {
        match (self.tag, self.kind) {
            (None, NodeKind::Map(entries)) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn items(self) -> Option<&'n [Node]> {
        match (self.tag, self.kind) {
            (None, NodeKind::List(items)) => Some(items),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn scalar(self) -> Option<&'n str> {
        match (self.tag, self.kind) {
            (None, NodeKind::Scalar(text, _)) => Some(text),
            _ => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(self, key: &str) -> Option<View<'n>> {
        let (_, value) = self
            .entries()?
            .iter()
            .find(|(name, _)| key_text(name) == Some(key))?;
        Some(View::of(value))
    }
}

/// The text of a key.
pub(super) fn key_text(key: &Node) -> Option<&str> {
    match &key.kind {
        NodeKind::Scalar(text, _) => Some(text),
        NodeKind::List(_) | NodeKind::Map(_) => None,
    }
}

/// A call of an intrinsic function.
#[derive(Debug, Clone)]
pub(super) struct Call<'n> {
    /// The long name: `Ref`, `Fn::Sub`, `Condition`.
    pub name: String,
    /// The argument.
    pub argument: View<'n>,
}

/// The call that a node is, if it is one. A mapping in which a function stands beside other keys is a fault: it is not
/// known which of the two CloudFormation would read.
pub(super) fn call(view: View<'_>) -> Result<Option<Call<'_>>, Fault> {
    if let Some(tag) = view.tag {
        let name = match tag {
            "Ref" | "Condition" => tag.to_owned(),
            _ => format!("Fn::{}", tag.strip_prefix("Fn::").unwrap_or(tag)),
        };
        return Ok(Some(Call {
            name,
            argument: View { tag: None, ..view },
        }));
    }
    let NodeKind::Map(entries) = view.kind else {
        return Ok(None);
    };
    let Some((name, value)) = entries.iter().find_map(|(key, value)| {
        key_text(key)
            .filter(|key| is_function(key))
            .map(|key| (key, value))
    }) else {
        return Ok(None);
    };
    if entries.len() > 1 && !is_expansion(name) {
        return Err(Fault::Gap(GapReason::UnexpectedShape(format!(
            "`{name}` stands beside other keys"
        ))));
    }
    Ok(Some(Call {
        name: name.to_owned(),
        argument: View::of(value),
    }))
}

/// Whether a key is the name of a function.
pub(super) fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// Whether a function writes keys into the mapping it stands in, so that it may have neighbours.
pub(super) fn is_expansion(name: &str) -> bool {
    name == "Fn::Transform" || name.starts_with("Fn::ForEach")
}

/// The words that YAML 1.1, which CloudFormation reads, takes for booleans when they are not quoted.
pub(super) fn boolean(text: &str, style: Style) -> Option<bool> {
    if style == Style::Quoted {
        return None;
    }
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Whether a scalar is a null.
pub(super) fn is_null(text: &str, style: Style) -> bool {
    style == Style::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
