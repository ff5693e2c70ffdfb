//! Nodes that the transform writes: they stand where the construct stands that they are written for.

use crate::source::{Node, NodeKind, Span, Style};

use super::super::syntax::View;

/// Writes nodes at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen(pub Span);

impl Pen {
    fn node(self, kind: NodeKind) -> Node {
        Node {
            span: self.0,
            tag: None,
            kind,
        }
    }

    /// A string.
    pub fn text(self, text: impl Into<String>) -> Node {
        self.node(NodeKind::Scalar(text.into(), Style::Quoted))
    }

    /// `true`.
    pub fn yes(self) -> Node {
        self.node(NodeKind::Scalar("true".to_owned(), Style::Plain))
    }

    /// A list.
    pub fn list(self, items: Vec<Node>) -> Node {
        self.node(NodeKind::List(items))
    }

    /// A list of strings.
    pub fn texts(self, texts: &[&str]) -> Node {
        self.list(texts.iter().map(|text| self.text(*text)).collect())
    }

    /// A mapping.
    pub fn map<K: Into<String>>(self, entries: impl IntoIterator<Item = (K, Node)>) -> Node {
        let entries = entries.into_iter();
        self.node(NodeKind::Map(
            entries.map(|(key, value)| (self.text(key), value)).collect(),
        ))
    }

    /// A call of an intrinsic function.
    pub fn call(self, function: &str, argument: Node) -> Node {
        self.map([(function, argument)])
    }

    /// `Ref`.
    pub fn reference(self, name: &str) -> Node {
        self.call("Ref", self.text(name))
    }

    /// `Fn::GetAtt`.
    pub fn attribute(self, id: &str, name: &str) -> Node {
        self.call("Fn::GetAtt", self.texts(&[id, name]))
    }

    /// `Fn::Sub` with variables, which may be none.
    pub fn sub(self, text: &str, variables: Vec<(&str, Node)>) -> Node {
        let argument = if variables.is_empty() {
            self.text(text)
        } else {
            self.list(vec![self.text(text), self.map(variables)])
        };
        self.call("Fn::Sub", argument)
    }

    /// `Fn::If`; without `otherwise` there is nothing in the other case.
    pub fn either(self, condition: Node, then: Node, otherwise: Option<Node>) -> Node {
        let otherwise = otherwise.unwrap_or_else(|| self.reference("AWS::NoValue"));
        self.call("Fn::If", self.list(vec![condition, then, otherwise]))
    }

    /// A statement that allows these actions.
    pub fn allow(self, actions: &[&str], resource: Node) -> Node {
        self.map([
            ("Effect", self.text("Allow")),
            ("Action", self.texts(actions)),
            ("Resource", resource),
        ])
    }

    /// A document of these statements, without a version unless one is given.
    pub fn document(self, version: Option<&str>, statements: Vec<Node>) -> Node {
        let version = version.map(|version| ("Version", self.text(version)));
        let statements = ("Statement", self.list(statements));
        self.map(version.into_iter().chain([statements]))
    }

    /// The trust policy of a role for one service.
    pub fn trust(self, service: &str) -> Node {
        let statement = self.map([
            ("Effect", self.text("Allow")),
            ("Principal", self.map([("Service", self.texts(&[service]))])),
            ("Action", self.texts(&["sts:AssumeRole"])),
        ]);
        self.document(Some("2012-10-17"), vec![statement])
    }

    /// The statement of a queue or topic that takes what a source sends.
    pub fn sent_from(self, principal: Node, action: &str, resource: Node, source: Node) -> Node {
        self.map([
            ("Effect", self.text("Allow")),
            ("Principal", principal),
            ("Action", self.text(action)),
            ("Resource", resource),
            (
                "Condition",
                self.map([("ArnEquals", self.map([("aws:SourceArn", source)]))]),
            ),
        ])
    }

    /// A copy of a node, at this place.
    pub fn copy(self, node: &Node) -> Node {
        let kind = match &node.kind {
            NodeKind::Scalar(..) => node.kind.clone(),
            NodeKind::List(items) => NodeKind::List(items.iter().map(|item| self.copy(item)).collect()),
            NodeKind::Map(entries) => NodeKind::Map(
                entries
                    .iter()
                    .map(|(key, value)| (self.copy(key), self.copy(value)))
                    .collect(),
            ),
        };
        Node {
            tag: node.tag.clone(),
            ..self.node(kind)
        }
    }
}

/// A node of what is looked at.
pub(super) fn node(view: View<'_>) -> Node {
    Node {
        span: view.span,
        tag: view.tag.map(str::to_owned),
        kind: view.kind.clone(),
    }
}

/// How many nodes there are in a node.
pub(super) fn size(kind: &NodeKind) -> usize {
    1 + match kind {
        NodeKind::Scalar(..) => 0,
        NodeKind::List(items) => items.iter().map(|item| size(&item.kind)).sum(),
        NodeKind::Map(entries) => entries
            .iter()
            .map(|(key, value)| size(&key.kind) + size(&value.kind))
            .sum(),
    }
}

/// Whether two nodes say the same, wherever they stand.
pub(super) fn same(left: &Node, right: &Node) -> bool {
    left.tag == right.tag
        && match (&left.kind, &right.kind) {
            (NodeKind::Scalar(left, _), NodeKind::Scalar(right, _)) => left == right,
            (NodeKind::List(left), NodeKind::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
            }
            (NodeKind::Map(left), NodeKind::Map(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| same(&left.0, &right.0) && same(&left.1, &right.1))
            }
            (NodeKind::Scalar(..) | NodeKind::List(_) | NodeKind::Map(_), _) => false,
        }
}
