//! The property `Policies`: managed policies by name or ARN, documents, and the policy templates of SAM, whose table is
//! bundled.

use std::sync::LazyLock;

use crate::catalog::managed_policy_arn;
use crate::extract::GapReason;
use crate::source::{FileId, Limits, Node, NodeKind, Span, parse_json};

use super::super::intrinsics::PROCESSED;
use super::super::syntax::{View, key_text};
use super::pen::Pen;
use super::values::{branches, called, entries, is_no_value, plain};

/// An entry of `Policies`, read.
pub(super) enum Entry {
    /// The ARN of a managed policy, or conditionals around ARNs.
    Managed(Node),
    /// A document, or conditionals around documents.
    Document {
        /// The document.
        document: Node,
        /// Whether it comes from a policy template.
        made: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Managed,
    Document,
    Template,
    Nothing,
}

static TEMPLATES: LazyLock<Option<Node>> = LazyLock::new(|| {
    let text = include_str!("../../data/sam_policy_templates.json");
    parse_json(text, FileId(0), &Limits::default()).ok()
});

/// The entries, each with its place.
pub(super) fn read_policies(policies: View<'_>) -> Vec<(Span, Result<Entry, GapReason>)> {
    match plain(policies) {
        Some(NodeKind::List(items)) => items
            .iter()
            .map(|item| (item.span, read_entry(View::of(item))))
            .collect(),
        Some(NodeKind::Scalar(text, _)) if text.is_empty() => Vec::new(),
        Some(NodeKind::Map(entries)) if entries.is_empty() => Vec::new(),
        _ => vec![(policies.span, read_entry(policies))],
    }
}

fn read_entry(entry: View<'_>) -> Result<Entry, GapReason> {
    Ok(match shape(entry)? {
        Shape::Managed | Shape::Nothing => Entry::Managed(convert(entry, &arn)?),
        Shape::Document => Entry::Document {
            document: convert(entry, &|view| Ok(super::pen::node(view)))?,
            made: false,
        },
        Shape::Template => Entry::Document {
            document: convert(entry, &from_template)?,
            made: true,
        },
    })
}

fn shape(entry: View<'_>) -> Result<Shape, GapReason> {
    if is_no_value(entry) {
        return Ok(Shape::Nothing);
    }
    if let Some((_, then, otherwise)) = branches(entry) {
        return match (shape(View::of(then))?, shape(View::of(otherwise))?) {
            (left, right) if left == right => Ok(left),
            (Shape::Nothing, shape) | (shape, Shape::Nothing) => Ok(shape),
            _ => Err(unsupported(
                "a condition chooses between policies of different kinds",
            )),
        };
    }
    match (called(entry), plain(entry)) {
        (Some(call), _) if call.name == "Fn::If" || call.name == "Fn::Transform" => Err(unsupported(
            &format!("`{}` is not used as SAM defines it", call.name),
        )),
        (Some(_), _) => Ok(Shape::Managed),
        (None, Some(NodeKind::Scalar(..))) => Ok(Shape::Managed),
        (None, Some(NodeKind::Map(members))) => {
            if members.iter().any(|(key, _)| key_text(key) == Some("Statement")) {
                return Ok(Shape::Document);
            }
            match members.as_slice() {
                [(key, _)] if template(key_text(key).unwrap_or_default()).is_some() => Ok(Shape::Template),
                [(key, _)] => Err(unsupported(&format!(
                    "`{}` is no policy template of SAM that is known",
                    key_text(key).unwrap_or_default()
                ))),
                _ => Err(shapeless()),
            }
        }
        (None, _) => Err(shapeless()),
    }
}

fn unsupported(message: &str) -> GapReason {
    GapReason::Unsupported(format!("{message}; {PROCESSED}"))
}

fn shapeless() -> GapReason {
    GapReason::UnexpectedShape("neither a managed policy nor a document nor a policy template".to_owned())
}

/// Converts what stands behind the conditionals.
fn convert(entry: View<'_>, leaf: &dyn Fn(View<'_>) -> Result<Node, GapReason>) -> Result<Node, GapReason> {
    if is_no_value(entry) {
        return Ok(super::pen::node(entry));
    }
    let Some((condition, then, otherwise)) = branches(entry) else {
        return leaf(entry);
    };
    let then = convert(View::of(then), leaf)?;
    let otherwise = convert(View::of(otherwise), leaf)?;
    Ok(Pen(entry.span).either(condition.clone(), then, Some(otherwise)))
}

/// The ARN of a managed policy that is given by name or ARN.
fn arn(entry: View<'_>) -> Result<Node, GapReason> {
    Ok(match entry.scalar().and_then(managed_policy_arn) {
        Some(arn) => Pen(entry.span).text(arn),
        None => super::pen::node(entry),
    })
}

fn template(name: &str) -> Option<&'static Node> {
    TEMPLATES.as_ref()?.get(name)
}

/// The document that a policy template comes to, at the place where it is named.
fn from_template(entry: View<'_>) -> Result<Node, GapReason> {
    let named = entries(entry).and_then(<[_]>::first);
    let (name, given) = named.ok_or_else(shapeless)?;
    let row = template(key_text(name).unwrap_or_default()).ok_or_else(shapeless)?;
    let given = entries(View::of(given)).ok_or_else(|| {
        GapReason::UnexpectedShape("the parameters of a policy template are no mapping".to_owned())
    })?;
    let wanted = row.get("parameters").and_then(Node::as_list).unwrap_or_default();
    let wanted: Vec<&str> = wanted.iter().filter_map(Node::as_scalar).collect();
    if let Some(missing) = wanted
        .iter()
        .find(|wanted| !given.iter().any(|(key, _)| key_text(key) == Some(wanted)))
    {
        return Err(GapReason::UnexpectedShape(format!(
            "the policy template wants `{missing}`"
        )));
    }
    let statement = row.get("statement").ok_or_else(shapeless)?;
    let pen = Pen(entry.span);
    Ok(pen.map([("Statement", fill(statement, &wanted, given, pen))]))
}

fn fill(node: &Node, wanted: &[&str], given: &[(Node, Node)], pen: Pen) -> Node {
    let kind = match &node.kind {
        NodeKind::Scalar(..) => return pen.copy(node),
        NodeKind::List(items) => {
            NodeKind::List(items.iter().map(|item| fill(item, wanted, given, pen)).collect())
        }
        NodeKind::Map(entries) => {
            let name = node
                .get("Ref")
                .and_then(Node::as_scalar)
                .filter(|name| wanted.contains(name));
            if let Some((_, value)) =
                name.and_then(|name| given.iter().find(|(key, _)| key_text(key) == Some(name)))
            {
                return value.clone();
            }
            let entries = entries.iter();
            NodeKind::Map(
                entries
                    .map(|(key, value)| (pen.copy(key), fill(value, wanted, given, pen)))
                    .collect(),
            )
        }
    };
    Node {
        span: pen.0,
        tag: None,
        kind,
    }
}
