//! SAM without running anything: serverless resources are written out as the plain resources that the transform makes of
//! them, as far as policies depend on it, and the rest of the extractor reads those. What is written stands where the
//! construct stands that it is written for. What SAM would refuse is not looked for, unless what it makes depends on it.

mod api;
mod apis;
mod connector;
mod constructs;
mod events;
mod function;
mod graphql;
mod other;
mod pen;
mod policies;
mod pull;
mod push;
mod resource_policy;
mod role;
mod schedule;
mod state_machine;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod websocket;
mod writer;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Node, NodeKind, Span};

use super::CloudFormationOptions;
use super::parameters::read_parameters;
use super::syntax::{View, is_expansion, key_text};

use self::apis::Apis;
use self::constructs::{Construct, Properties, properties, wrong_globals};
use self::function::Deployments;
use self::pen::Pen;
use self::types::{type_named, type_of};
use self::values::{Known, entries, is_nothing, member};
use self::writer::{Unknown, Writer};

/// A template with its serverless resources written out.
pub(super) struct Expanded {
    /// The template.
    pub tree: Node,
    /// What could not be told.
    pub unknown: Vec<Unknown>,
    /// Addresses of documents and attachments that nobody wrote.
    pub synthesised: BTreeSet<String>,
}

/// Writes out the serverless resources of a template. Those that are not known stay as they are. `None` when there is
/// nothing to write out, or too much.
pub(super) fn expand(root: View<'_>, options: &CloudFormationOptions) -> Option<Expanded> {
    let parameters = read_parameters(root.get("Parameters"));
    let known = Known {
        parameters: &parameters,
        options,
    };
    let section = root.get("Resources")?;
    let resources: Vec<(&str, View<'_>)> = section
        .entries()?
        .iter()
        .filter_map(|(key, value)| Some((key_text(key)?, View::of(value))))
        .collect();
    let globals = root.get("Globals").filter(|globals| !is_nothing(*globals));
    let mut writer = Writer::default();
    if let Some(globals) = globals {
        for (message, span) in wrong_globals(globals) {
            writer.unsupported("", "Globals".to_owned(), span, message);
        }
    }
    let (constructs, kept) = constructs(&resources, globals, &mut writer);
    write_all(&constructs, &resources, globals, &known, &mut writer);
    if writer.is_spent() {
        return None;
    }
    let tree = put_together(root, &resources, &kept, &mut writer);
    Some(Expanded {
        tree,
        unknown: writer.unknown,
        synthesised: writer.synthesised,
    })
}

/// The serverless resources, and the names of those that stay as they are.
fn constructs<'n>(
    resources: &[(&'n str, View<'n>)],
    globals: Option<View<'n>>,
    writer: &mut Writer,
) -> (Vec<Construct<'n>>, BTreeSet<&'n str>) {
    let mut found = Vec::new();
    let mut kept = BTreeSet::new();
    for (id, view) in resources {
        let kind = view.get("Type").and_then(View::scalar).and_then(type_of);
        let is_rewritten = view
            .entries()
            .unwrap_or_default()
            .iter()
            .any(|(key, _)| key_text(key).is_some_and(is_expansion));
        if let Some(kind) = kind.filter(|_| !is_rewritten) {
            match properties(*view, kind, globals) {
                Ok((properties, copied)) => {
                    writer.pay(copied);
                    let condition = view.get("Condition").map(pen::node);
                    let construct = Construct::new((*id).to_owned(), kind, view.span, condition, properties);
                    for (message, span) in construct.unknown() {
                        writer.unsupported(id, (*id).to_owned(), span, message);
                    }
                    found.push(construct);
                }
                Err((message, span)) => {
                    writer.unsupported(id, (*id).to_owned(), span, message);
                    kept.insert(*id);
                }
            }
        } else {
            kept.insert(*id);
        }
    }
    let embedded: Vec<Construct<'n>> = resources
        .iter()
        .flat_map(|(id, view)| embedded(id, *view, writer))
        .collect();
    found.extend(embedded);
    (found, kept)
}

/// The connectors that a resource has in its attribute `Connectors`.
fn embedded<'n>(id: &str, resource: View<'n>, writer: &mut Writer) -> Vec<Construct<'n>> {
    let Some(connectors) = resource
        .get("Connectors")
        .filter(|connectors| !is_nothing(*connectors))
    else {
        return Vec::new();
    };
    let Some(listed) = entries(connectors) else {
        writer.unsupported(
            id,
            format!("{id}/Connectors"),
            connectors.span,
            "`Connectors` is not a mapping",
        );
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in listed {
        let name = key_text(key).unwrap_or_default();
        let view = View::of(value);
        let span = Span {
            start: key.span.start,
            end: value.span.end.max(key.span.end),
        };
        let (Some(members), Some(kind)) = (
            member(view, "Properties").and_then(entries),
            type_named("Connector"),
        ) else {
            writer.unsupported(
                id,
                format!("{id}/Connectors/{name}"),
                span,
                "a connector has no properties",
            );
            continue;
        };
        let pen = Pen(span);
        let mut source = vec![(pen.text("Id"), pen.text(id))];
        let mut properties: Properties<'n> = Vec::new();
        for (key, value) in members {
            match key_text(key).unwrap_or_default() {
                "SourceReference" => {
                    source.extend(entries(View::of(value)).unwrap_or_default().iter().cloned())
                }
                name => properties.push((Cow::Borrowed(name), Cow::Borrowed(value))),
            }
        }
        let source = Node {
            span,
            tag: None,
            kind: NodeKind::Map(source),
        };
        properties.push((Cow::Borrowed("Source"), Cow::Owned(source)));
        let condition = view.get("Condition").map(pen::node);
        let construct = Construct::new(format!("{id}{name}"), kind, span, condition, properties);
        for (message, span) in construct.unknown() {
            writer.unsupported(id, format!("{id}/Connectors/{name}"), span, message);
        }
        found.push(construct);
    }
    found
}

/// Writes everything in the order of the transform: what starts APIs first, and connectors last.
fn write_all<'n>(
    constructs: &[Construct<'n>],
    resources: &[(&'n str, View<'n>)],
    globals: Option<View<'n>>,
    known: &Known<'_>,
    writer: &mut Writer,
) {
    let (mut apis, implied) = Apis::read(constructs, resources, globals, known, writer);
    let of_kind = |name: &'static str| {
        constructs
            .iter()
            .filter(move |construct| construct.kind.name == name)
    };
    let mut deployments = Deployments::default();
    for of in of_kind("Function") {
        function::function(of, &mut apis, known, writer);
        deployments.read(of, known, writer);
        if writer.is_spent() {
            return;
        }
    }
    for of in of_kind("StateMachine") {
        state_machine::state_machine(of, &mut apis, known, writer);
    }
    for of in constructs.iter().chain(&implied) {
        match of.kind.name {
            "Api" => api::rest_api(of, &mut apis, known, writer),
            "HttpApi" => api::http_api(of, known, writer),
            "GraphQLApi" => graphql::graphql_api(of, known, writer),
            "WebSocketApi" => websocket::websocket_api(of, known, writer),
            "Function" | "StateMachine" | "Connector" => {}
            _ => other::plain_resource(of, writer),
        }
    }
    if let Some(of) = deployments.first(constructs) {
        deployments.write(of, writer);
    }
    for of in of_kind("Connector") {
        connector::connector(of, resources, writer);
    }
}

/// The template with what was written in the place of what it was written for.
fn put_together(
    root: View<'_>,
    resources: &[(&str, View<'_>)],
    kept: &BTreeSet<&str>,
    writer: &mut Writer,
) -> Node {
    let mut written: BTreeMap<String, Vec<(Node, Node)>> = BTreeMap::new();
    let mut last = Vec::new();
    let names: BTreeSet<&str> = resources.iter().map(|(id, _)| *id).collect();
    for resource in writer.take_resources() {
        if kept.contains(resource.id.as_str()) {
            let message = format!(
                "the template has a resource `{}` that SAM writes too",
                resource.id
            );
            let (owner, id, span) = (resource.owner.clone(), resource.id.clone(), resource.span);
            writer.unsupported(&owner, id, span, message);
        }
        let owner = resource.owner.clone();
        if names.contains(owner.as_str()) {
            written.entry(owner).or_default().push(resource.into_entry());
        } else {
            last.push(resource.into_entry());
        }
    }
    let mut entries: Vec<(Node, Node)> = Vec::new();
    for (id, view) in resources {
        if kept.contains(id) {
            entries.push((Pen(view.span).text(*id), pen::node(*view)));
        }
        entries.extend(written.remove(*id).unwrap_or_default());
    }
    entries.extend(last);
    let conditions = std::mem::take(&mut writer.conditions);
    with_sections(root, entries, conditions)
}

fn with_sections(root: View<'_>, resources: Vec<(Node, Node)>, conditions: BTreeMap<String, Node>) -> Node {
    let map = |span: Span, entries: Vec<(Node, Node)>| Node {
        span,
        tag: None,
        kind: NodeKind::Map(entries),
    };
    let added = conditions
        .into_iter()
        .map(|(name, condition)| (Pen(condition.span).text(name), condition));
    let mut known: Vec<(Node, Node)> = Vec::new();
    let mut resources = Some(resources);
    let mut sections: Vec<(Node, Node)> = Vec::new();
    for (key, value) in root.entries().unwrap_or_default() {
        match key_text(key) {
            Some("Resources") => {
                let resources = resources.take().unwrap_or_default();
                sections.push((key.clone(), map(value.span, resources)));
            }
            Some("Conditions") => known.extend(View::of(value).entries().unwrap_or_default().iter().cloned()),
            _ => sections.push((key.clone(), value.clone())),
        }
    }
    known.extend(added);
    if !known.is_empty() || root.get("Conditions").is_some() {
        let span = root.get("Conditions").map_or(root.span, |section| section.span);
        sections.push((Pen(span).text("Conditions"), map(span, known)));
    }
    map(root.span, sections)
}
