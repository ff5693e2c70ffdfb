//! The serverless resources of a template: their properties, with those of `Globals` merged in, and what of them is known.

use std::borrow::Cow;

use crate::source::{Node, NodeKind, Span};

use super::super::syntax::{View, key_text};
use super::pen;
use super::types::{Type, section_named};
use super::values::{entries, is_nothing, plain};

/// Properties by name: those of the template, and merged ones.
pub(super) type Properties<'n> = Vec<(Cow<'n, str>, Cow<'n, Node>)>;

/// A serverless resource.
pub(super) struct Construct<'n> {
    /// The logical id.
    pub id: String,
    /// What is known of its type.
    pub kind: &'static Type,
    /// Where it stands.
    pub span: Span,
    /// Its `Condition`.
    pub condition: Option<Node>,
    properties: Properties<'n>,
}

/// What is wrong with a resource or with `Globals`, and where.
pub(super) type Wrong = (String, Span);

impl<'n> Construct<'n> {
    /// A construct of these properties.
    pub fn new(
        id: String,
        kind: &'static Type,
        span: Span,
        condition: Option<Node>,
        properties: Properties<'n>,
    ) -> Construct<'n> {
        Construct {
            id,
            kind,
            span,
            condition,
            properties,
        }
    }

    /// A property; a null is nothing.
    pub fn get(&self, name: &str) -> Option<View<'_>> {
        let (_, value) = self.properties.iter().find(|(known, _)| known == name)?;
        Some(View::of(value)).filter(|value| !is_nothing(*value))
    }

    /// The properties that go over as they are.
    pub fn passed(&self) -> impl Iterator<Item = (&str, &Node)> {
        let passed = |name: &str| self.kind.passed.contains(&name);
        self.properties
            .iter()
            .filter(move |(name, _)| passed(name))
            .map(|(name, value)| (&**name, &**value))
    }

    /// The properties that are not known.
    pub fn unknown(&self) -> impl Iterator<Item = Wrong> {
        let known = |name: &str| self.kind.read.contains(&name) || self.kind.passed.contains(&name);
        let unknown = self.properties.iter().filter(move |(name, _)| !known(name));
        unknown.map(|(name, value)| {
            let message = format!(
                "`{name}` is no property of `AWS::Serverless::{}` that is known",
                self.kind.name
            );
            (message, value.span)
        })
    }
}

/// The properties of a resource with those of `Globals`. The number is that of the nodes that were copied.
pub(super) fn properties<'n>(
    resource: View<'n>,
    kind: &Type,
    globals: Option<View<'n>>,
) -> Result<(Properties<'n>, usize), Wrong> {
    let own = match resource
        .get("Properties")
        .filter(|properties| !is_nothing(*properties))
    {
        None => &[],
        Some(properties) => {
            entries(properties).ok_or(("the properties are not a mapping".to_owned(), properties.span))?
        }
    };
    let section = globals.and_then(|globals| globals.get(kind.name));
    let ignored = Ignored::read(resource)?;
    let shared = section.and_then(entries).unwrap_or_default();
    let mut merged: Properties<'n> = Vec::new();
    let mut copied = 0;
    for (key, value) in shared {
        let Some(name) = key_text(key).filter(|name| !ignored.holds(name)) else {
            continue;
        };
        let value = match own.iter().find(|(key, _)| key_text(key) == Some(name)) {
            None => Cow::Borrowed(value),
            Some((_, own)) if is_leaf(value) || is_leaf(own) => Cow::Borrowed(own),
            Some((_, own)) => {
                copied += pen::size(&value.kind) + pen::size(&own.kind);
                Cow::Owned(merge(value, own))
            }
        };
        merged.push((Cow::Borrowed(name), value));
    }
    for (key, value) in own {
        let name = key_text(key).ok_or(("a key is not a text".to_owned(), key.span))?;
        if !merged.iter().any(|(known, _)| known == name) {
            merged.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
    }
    Ok((merged, copied))
}

/// Which properties of `Globals` a resource does not want.
enum Ignored<'n> {
    All,
    These(Vec<&'n str>),
}

impl<'n> Ignored<'n> {
    fn read(resource: View<'n>) -> Result<Ignored<'n>, Wrong> {
        let Some(attribute) = resource.get("IgnoreGlobals").filter(|view| !is_nothing(*view)) else {
            return Ok(Ignored::These(Vec::new()));
        };
        let names = attribute
            .items()
            .and_then(|items| items.iter().map(Node::as_scalar).collect::<Option<Vec<_>>>());
        match (attribute.scalar(), names) {
            (Some("*"), _) => Ok(Ignored::All),
            (_, Some(names)) => Ok(Ignored::These(names)),
            (_, None) => Err((
                "`IgnoreGlobals` is neither `*` nor a list of names".to_owned(),
                attribute.span,
            )),
        }
    }

    fn holds(&self, name: &str) -> bool {
        match self {
            Ignored::All => true,
            Ignored::These(names) => names.contains(&name),
        }
    }
}

/// What is taken whole from the resource, and never merged.
fn is_leaf(node: &Node) -> bool {
    !matches!(plain(View::of(node)), Some(NodeKind::List(_) | NodeKind::Map(_)))
}

/// Lists are put together, mappings merged, and of all else that of the resource is taken.
fn merge(global: &Node, own: &Node) -> Node {
    let kind = match (plain(View::of(global)), plain(View::of(own))) {
        (Some(NodeKind::List(global)), Some(NodeKind::List(own))) => {
            NodeKind::List(global.iter().chain(own).cloned().collect())
        }
        (Some(NodeKind::Map(global)), Some(NodeKind::Map(own))) => {
            let same = |entries: &[(Node, Node)], key: &Node| {
                let found = entries.iter().find(|(known, _)| key_text(known) == key_text(key));
                found.map(|(_, value)| value.clone())
            };
            let shared = global.iter().map(|(key, value)| match same(own, key) {
                Some(own) => (key.clone(), merge(value, &own)),
                None => (key.clone(), value.clone()),
            });
            let added = own.iter().filter(|(key, _)| same(global, key).is_none()).cloned();
            NodeKind::Map(shared.chain(added).collect())
        }
        _ => return own.clone(),
    };
    Node {
        span: own.span,
        tag: None,
        kind,
    }
}

/// What in `Globals` the transform does not know.
pub(super) fn wrong_globals(globals: View<'_>) -> Vec<Wrong> {
    let Some(sections) = entries(globals) else {
        return vec![("`Globals` is not a mapping".to_owned(), globals.span)];
    };
    let mut wrong = Vec::new();
    for (key, section) in sections {
        let name = key_text(key).unwrap_or_default();
        if name == "WebSocketApi" {
            continue;
        }
        let Some(kind) = section_named(name) else {
            wrong.push((
                format!("`Globals` has no section `{name}` that is known"),
                key.span,
            ));
            continue;
        };
        let Some(properties) = entries(View::of(section)) else {
            wrong.push((format!("`{name}` in `Globals` is not a mapping"), section.span));
            continue;
        };
        for (key, _) in properties {
            let property = key_text(key).unwrap_or_default();
            if !kind.global.contains(&property) {
                wrong.push((
                    format!("`{property}` is no property of `{name}` in `Globals` that is known"),
                    key.span,
                ));
            }
        }
    }
    wrong
}
