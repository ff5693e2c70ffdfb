//! The blocks of one directory of Terraform source, from whichever syntax. Nothing names `hcl_edit` but this,
//! `hcl_statements` and `hcl_written`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};

use super::hcl_statements::{of_attributes, of_document, of_local};
use super::hcl_written::Expressions;
use super::statements::{DOCUMENT, Merged, Names, Part, Reading, Wanted, find, merged};
use super::{FileId, Place, Span};

/// Resource, data and module blocks by name, and local values.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    /// By mode, type and name.
    resources: BTreeMap<[String; 3], BlockPlaces>,
    calls: BTreeMap<String, Call>,
    locals: BTreeMap<String, BTreeMap<Reading, Vec<Part>>>,
    /// The parts of policy documents, once all files are read.
    documents: BTreeMap<String, Vec<Part>>,
    /// Of files in the native syntax.
    pub expressions: Expressions,
}

/// Whether a file's blocks change those of other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A file as any.
    Plain,
    /// Its attributes and nested blocks replace those of other files.
    Override,
}

/// Where the parts of a block stand.
#[derive(Debug, Clone, Default)]
pub(super) struct BlockPlaces {
    /// The line that names the block, without its body: an alert on a pull request is shown only when the diff has all
    /// of its lines. None where two files claim to be the block.
    pub header: Option<Place>,
    /// Attributes and nested blocks: `policy`, `inline_policy[0]`, `inline_policy[0].policy`. A dynamic block is there
    /// without index, since what it makes cannot be told by position.
    pub attributes: BTreeMap<String, Place>,
    /// What makes the statements of attributes, by path.
    pub statements: BTreeMap<String, Vec<Part>>,
    /// The `statement` blocks.
    pub own: Vec<Part>,
    /// Which other documents a policy document takes in, by the argument that names them.
    pub merges: BTreeMap<&'static str, bool>,
}

#[derive(Debug, Clone)]
struct Call {
    header: Option<Place>,
    /// The value of `source`, when it is a literal.
    source: Option<String>,
}

/// The arguments of a policy document that take others in.
pub(super) const MERGES: [&str; 4] = [
    "source_policy_documents",
    "source_json",
    "override_policy_documents",
    "override_json",
];

/// Adds the blocks of one file. The error is the line and column where it stops being HCL.
pub(super) fn read_blocks(
    text: &str,
    file: FileId,
    role: Role,
    blocks: &mut Blocks,
) -> Result<(), (usize, usize)> {
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let location = error.location();
        (location.line(), location.column())
    })?;
    for block in body.blocks() {
        blocks.expressions.add(block, file);
        let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
        match (block.ident.as_str(), labels.as_slice()) {
            (mode @ ("resource" | "data"), [resource_type, name]) => {
                let places = places(block, text, file);
                blocks.add_resource([mode, resource_type, name], places, role);
            }
            ("module", [name]) => {
                blocks.add_call(name, header(block, file), source(&block.body), role);
            }
            ("locals", []) => {
                for attribute in block.body.attributes() {
                    blocks.add_local(attribute.key.as_str(), of_local(attribute, file, text), role);
                }
            }
            (_, _) => {}
        }
    }
    Ok(())
}

impl Blocks {
    /// A resource or data block.
    pub fn block(&self, mode: &str, resource_type: &str, name: &str) -> Option<&BlockPlaces> {
        self.resources
            .get(&[mode.to_owned(), resource_type.to_owned(), name.to_owned()])
    }

    /// The place of a statement of a policy that an attribute of a block holds.
    pub fn statement(&self, block: &BlockPlaces, attribute_path: &str, wanted: &Wanted) -> Option<Place> {
        find(block.statements.get(attribute_path)?, self, wanted)
    }

    /// The header of a module call.
    pub fn call(&self, name: &str) -> Option<Place> {
        self.calls.get(name).and_then(|call| call.header)
    }

    /// The module calls, with the source that stands there literally.
    pub fn sources(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.calls
            .iter()
            .map(|(name, call)| (name.as_str(), call.source.as_deref()))
    }

    /// A block that is there already is being overridden: its place stays, the attributes of the later one win, and its
    /// nested blocks take the place of those of the same type. Without that, two files claim to be it.
    pub fn add_resource(&mut self, [mode, resource_type, name]: [&str; 3], places: BlockPlaces, role: Role) {
        let key = [mode.to_owned(), resource_type.to_owned(), name.to_owned()];
        let mut entry = match self.resources.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(places);
                return;
            }
            Entry::Occupied(entry) => entry,
        };
        let block = entry.get_mut();
        if role == Role::Plain {
            *block = BlockPlaces::default();
            return;
        }
        let first = |path: &str| path.split(['[', '.']).next().unwrap_or_default().to_owned();
        let replaced: Vec<String> = places.attributes.keys().map(|path| first(path)).collect();
        block
            .attributes
            .retain(|path, _| !replaced.contains(&first(path)));
        block
            .statements
            .retain(|path, _| !replaced.contains(&first(path)));
        block.attributes.extend(places.attributes);
        block.statements.extend(places.statements);
        block.merges.extend(places.merges);
        if !places.own.is_empty() {
            block.own = places.own;
        }
    }

    pub fn add_call(&mut self, name: &str, header: Place, source: Option<String>, role: Role) {
        match self.calls.entry(name.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(Call {
                    header: Some(header),
                    source,
                });
            }
            Entry::Occupied(mut entry) if role == Role::Override => {
                let call = entry.get_mut();
                call.source = source.or_else(|| call.source.take());
            }
            Entry::Occupied(mut entry) => {
                entry.insert(Call {
                    header: None,
                    source: None,
                });
            }
        }
    }

    pub fn add_local(&mut self, name: &str, readings: BTreeMap<Reading, Vec<Part>>, role: Role) {
        let known = self.locals.insert(name.to_owned(), readings).is_some();
        if known && role == Role::Plain {
            self.locals.insert(name.to_owned(), BTreeMap::new());
        }
    }

    /// To be called when all files are read.
    pub fn finish(&mut self) {
        for ([mode, resource_type, name], block) in &self.resources {
            if mode == "data" && resource_type == DOCUMENT && block.header.is_some() {
                let is = |names: [&str; 2]| names.iter().any(|name| block.merges.get(name) == Some(&true));
                let [source, source_json, over, over_json] = MERGES;
                let merge = Merged {
                    under: is([source, source_json]),
                    over: is([over, over_json]),
                };
                self.documents.insert(name.clone(), merged(&block.own, merge));
            }
        }
    }
}

impl Names for Blocks {
    fn local(&self, name: &str, reading: Reading) -> Option<&[Part]> {
        self.locals.get(name)?.get(&reading).map(Vec::as_slice)
    }

    fn document(&self, name: &str) -> Option<&[Part]> {
        self.documents.get(name).map(Vec::as_slice)
    }
}

impl BlockPlaces {
    /// The place of an attribute or nested block. A nested block without index is the first; what comes from a dynamic
    /// block is at that block. Nested blocks are often sets, which the plan orders otherwise than the code, so that they
    /// are told only where there is one.
    pub fn attribute(&self, path: &str) -> Option<Place> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, format!(".{rest}")),
            None => (path, String::new()),
        };
        let name = first.split('[').next().unwrap_or(first);
        if self.attributes.contains_key(&format!("{name}[1]")) {
            return None;
        }
        let candidates = [path.to_owned(), format!("{first}[0]{rest}"), name.to_owned()];
        candidates
            .iter()
            .find_map(|candidate| self.attributes.get(candidate))
            .copied()
    }
}

fn places(block: &Block, text: &str, file: FileId) -> BlockPlaces {
    let body = &block.body;
    let mut statements = of_attributes(body, file, text);
    let mut names: BTreeMap<&str, (usize, &Block)> = BTreeMap::new();
    for nested in body.blocks() {
        names.entry(nested.ident.as_str()).or_insert((0, nested)).0 += 1;
    }
    let dynamic: Vec<&str> = body
        .get_blocks("dynamic")
        .filter_map(|block| Some(block.labels.first()?.as_str()))
        .collect();
    for (name, (count, nested)) in names {
        if count == 1 && !dynamic.contains(&name) {
            let of_nested = of_attributes(&nested.body, file, text);
            statements.extend(
                of_nested
                    .into_iter()
                    .map(|(path, parts)| (format!("{name}[0].{path}"), parts)),
            );
        }
    }
    let is_none = |value: &Expression| match value {
        Expression::Null(_) => true,
        Expression::Array(array) => array.is_empty(),
        value => value.as_str() == Some(""),
    };
    let merges = MERGES.into_iter().filter_map(|name| {
        let attribute = body.get_attribute(name)?;
        Some((name, !is_none(&attribute.value)))
    });
    BlockPlaces {
        header: Some(header(block, file)),
        attributes: attributes(body, text, file),
        statements,
        own: of_document(body, file),
        merges: merges.collect(),
    }
}

fn attributes(body: &Body, text: &str, file: FileId) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for attribute in body.attributes() {
        places.extend(attribute_place(attribute, text, file).map(|place| (attribute.key.to_string(), place)));
    }
    let mut dynamic: Vec<&str> = Vec::new();
    for block in body.get_blocks("dynamic") {
        let Some(name) = block.labels.first().map(BlockLabel::as_str) else {
            continue;
        };
        // Which of two made what the plan has cannot be told.
        match dynamic.contains(&name) {
            true => drop(places.remove(name)),
            false => drop(places.insert(name.to_owned(), header(block, file))),
        }
        dynamic.push(name);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for block in body.blocks().filter(|block| block.ident.as_str() != "dynamic") {
        let name = block.ident.as_str();
        if dynamic.contains(&name) {
            places.remove(name);
            continue;
        }
        let count = counts.entry(name).or_default();
        let path = format!("{name}[{count}]");
        *count += 1;
        for attribute in block.body.attributes() {
            let place = attribute_place(attribute, text, file);
            places.extend(place.map(|place| (format!("{path}.{}", attribute.key.as_str()), place)));
        }
        places.insert(path, header(block, file));
    }
    places
}

fn source(body: &Body) -> Option<String> {
    body.get_attribute("source")?.value.as_str().map(str::to_owned)
}

/// The words before the brace.
fn header(block: &Block, file: FileId) -> Place {
    let ident = block.ident.span().unwrap_or_default();
    let end = match block.labels.last() {
        Some(BlockLabel::Ident(label)) => label.span(),
        Some(BlockLabel::String(label)) => label.span(),
        None => None,
    };
    let end = end.map_or(ident.end, |span| span.end).max(ident.start);
    Place {
        file,
        span: Span {
            start: ident.start,
            end,
        },
    }
}

fn attribute_place(attribute: &Attribute, text: &str, file: FileId) -> Option<Place> {
    let Range { start, .. } = attribute.key.span()?;
    let Range { end, .. } = attribute.value.span()?;
    let end = start + text.get(start..end)?.trim_end().len();
    Some(Place {
        file,
        span: Span { start, end },
    })
}
