//! From the flat entries of a YAML document to nodes: aliases and merge keys are expanded under the budgets, keys and tags
//! are checked.

use std::collections::HashSet;

use saphyr_parser::Tag;

use super::Span;
use super::json::{Fault, too_deep};
use super::load::Limits;
use super::tree::{Node, NodeKind, Style, check_unique, too_many_nodes};
use super::yaml::{Content, Entry};

/// Expands entries into nodes.
pub(super) struct Builder<'a, 't> {
    pub text: &'t str,
    pub entries: &'a [Entry<'t>],
    pub limits: Limits,
}

impl Builder<'_, '_> {
    /// The node of the whole document.
    pub fn document(&self) -> Result<Node, Fault> {
        let mut nodes = 0;
        let root = match self.entries.first() {
            Some(_) => self.node(0, 0, &mut nodes)?,
            None => return Err(empty()),
        };
        match &root.kind {
            NodeKind::Scalar(text, Style::Plain) if text.is_empty() && root.tag.is_none() => Err(empty()),
            NodeKind::Scalar(..) | NodeKind::List(_) | NodeKind::Map(_) => Ok(root),
        }
    }

    /// The node of an entry inside `depth` collections.
    fn node(&self, at: usize, depth: usize, nodes: &mut usize) -> Result<Node, Fault> {
        let Some(entry) = self.entries.get(at) else {
            return Err(Fault::new(self.text.len(), "a value is missing"));
        };
        if let Content::Alias(target) = entry.content {
            return self.node(target, depth, nodes);
        }
        *nodes += 1;
        if *nodes > self.limits.nodes {
            return Err(too_many_nodes(entry.span.start, self.limits.nodes));
        }
        let kind = match &entry.content {
            Content::Scalar(text, style) => {
                let style = scalar_style(entry, text, *style)?;
                NodeKind::Scalar(text.clone().into_owned(), style)
            }
            Content::List | Content::Map if depth >= self.limits.depth => {
                return Err(too_deep(entry.span.start, self.limits.depth));
            }
            Content::List => NodeKind::List(self.list(at, entry.next, depth + 1, nodes)?),
            Content::Map => NodeKind::Map(self.map(at, entry.next, depth + 1, nodes)?),
            Content::Alias(_) => NodeKind::List(Vec::new()),
        };
        Ok(Node {
            span: entry.span,
            tag: local_tag(entry)?,
            kind,
        })
    }

    fn list(&self, at: usize, next: usize, depth: usize, nodes: &mut usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        let mut item = at + 1;
        while item < next {
            items.push(self.node(item, depth, nodes)?);
            item = self.after(item, next);
        }
        Ok(items)
    }

    fn map(
        &self,
        at: usize,
        next: usize,
        depth: usize,
        nodes: &mut usize,
    ) -> Result<Vec<(Node, Node)>, Fault> {
        let mut entries = Vec::new();
        let mut merges = Vec::new();
        let mut merge_key = None;
        let mut item = at + 1;
        while item < next {
            let key = self.key(item)?;
            let value = self.after(item, next);
            item = self.after(value, next);
            match &key.kind {
                NodeKind::Scalar(text, Style::Plain) if text == "<<" => {
                    if merge_key.replace(key.span.start).is_some() {
                        return Err(Fault::new(
                            key.span.start,
                            "a second `<<` in one mapping: use one with a list",
                        ));
                    }
                    merges = self.merged(value, depth, nodes)?;
                }
                NodeKind::Scalar(text, Style::Quoted) if text == "<<" => {
                    return Err(Fault::new(
                        key.span.start,
                        "a quoted `<<` key is read differently by different tools",
                    ));
                }
                NodeKind::Scalar(..) | NodeKind::List(_) | NodeKind::Map(_) => {
                    entries.push((key, self.node(value, depth, nodes)?));
                }
            }
        }
        check_unique(self.text, &entries)?;
        if merge_key.is_some() {
            let mut names: HashSet<String> = entries
                .iter()
                .filter_map(|(key, _)| key.as_scalar().map(str::to_owned))
                .collect();
            entries.extend(
                merges
                    .into_iter()
                    .filter(|(key, _)| key.as_scalar().is_some_and(|name| names.insert(name.to_owned()))),
            );
        }
        Ok(entries)
    }

    /// The entries a `<<` brings: those of a mapping, or of a list of mappings, the earlier ones first.
    fn merged(&self, at: usize, depth: usize, nodes: &mut usize) -> Result<Vec<(Node, Node)>, Fault> {
        let wrong = |span: Span| Fault::new(span.start, "`<<` merges a mapping or a list of mappings only");
        let value = self.node(at, depth.saturating_sub(1), nodes)?;
        let (span, tag) = (value.span, value.tag);
        if tag.is_some() {
            return Err(wrong(span));
        }
        let mut merged = Vec::new();
        match value.kind {
            NodeKind::Map(entries) => merged = entries,
            NodeKind::List(items) => {
                for item in items {
                    match (item.tag, item.kind) {
                        (None, NodeKind::Map(entries)) => merged.extend(entries),
                        (_, _) => return Err(wrong(item.span)),
                    }
                }
            }
            NodeKind::Scalar(..) => return Err(wrong(span)),
        }
        Ok(merged)
    }

    fn key(&self, at: usize) -> Result<Node, Fault> {
        // A key is no node of its own in the budget: it comes with its value.
        let key = self.node(at, 0, &mut 0)?;
        let place = self.entries.get(at).map_or(key.span, |entry| entry.span);
        let text = match (&key.tag, &key.kind) {
            (None, NodeKind::Scalar(text, style)) => {
                (!text.is_empty() || *style == Style::Quoted).then_some(())
            }
            (Some(_), _) | (None, NodeKind::List(_) | NodeKind::Map(_)) => None,
        };
        match text {
            Some(()) => Ok(key),
            None => Err(Fault::new(place.start, "a key of a mapping must be a plain text")),
        }
    }

    fn after(&self, at: usize, next: usize) -> usize {
        self.entries.get(at).map_or(next, |entry| entry.next)
    }
}

fn empty() -> Fault {
    Fault::new(0, "the file is empty or holds comments only")
}

/// The namespace of YAML's own tags (`!!str` and others).
const CORE: &str = "tag:yaml.org,2002:";

/// The whole name of a tag.
fn tag_name(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

/// The local tag of an entry, without the `!`. YAML's own tags, and the bare `!`, are no local tags.
fn local_tag(entry: &Entry<'_>) -> Result<Option<String>, Fault> {
    let Some(tag) = &entry.tag else { return Ok(None) };
    let name = tag_name(tag);
    if let Some(core) = name.strip_prefix(CORE) {
        return match (core, &entry.content) {
            ("str" | "int" | "float" | "bool" | "null", Content::Scalar(..))
            | ("seq", Content::List)
            | ("map", Content::Map) => Ok(None),
            (_, _) => Err(Fault::new(
                entry.span.start,
                "this YAML tag is unknown, or does not fit its value",
            )),
        };
    }
    match name.strip_prefix('!') {
        Some("") => Ok(None),
        Some(local) if !local.contains('!') => Ok(Some(local.to_owned())),
        Some(_) | None => Err(Fault::new(entry.span.start, "this YAML tag is unknown")),
    }
}

/// How a scalar counts: a tag can make a plain one a string.
fn scalar_style(entry: &Entry<'_>, text: &str, style: Style) -> Result<Style, Fault> {
    let Some(tag) = &entry.tag else { return Ok(style) };
    let name = tag_name(tag);
    let Some(core) = name.strip_prefix(CORE) else {
        return Ok(if name == "!" { Style::Quoted } else { style });
    };
    let lower = text.to_ascii_lowercase();
    let number = lower.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let fits = match core {
        "str" => return Ok(Style::Quoted),
        "int" | "float" => number,
        "bool" => matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "on" | "off"),
        "null" => matches!(lower.as_str(), "" | "~" | "null"),
        _ => false,
    };
    if fits {
        Ok(Style::Plain)
    } else {
        Err(Fault::new(
            entry.span.start,
            "this YAML tag is unknown, or does not fit its value",
        ))
    }
}
