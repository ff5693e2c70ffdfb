//! The blocks of one directory of Terraform source. Nothing names `hcl_edit` but this, `hcl_statements` and
//! `hcl_written`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};

use super::hcl_statements::{DOCUMENT, Statements, statements};
use super::hcl_written::{Written, attributes as written_attributes, count, nested, written};
use super::{FileId, Place, Span};

/// Resource, data and module blocks by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    /// By mode, type and name.
    resources: BTreeMap<[String; 3], BlockPlaces>,
    calls: BTreeMap<String, Call>,
    /// Simple values of outputs, and local values; `None` for what is there twice.
    outputs: BTreeMap<String, Option<Written>>,
    locals: BTreeMap<String, Option<Written>>,
}

/// An expression of Terraform code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenAt<'n> {
    /// An attribute of a resource or data source, by mode, type, name and path (`statement[0].resources`).
    Attribute(&'n str, &'n str, &'n str, &'n str),
    /// An argument of a module call: call and name.
    Argument(&'n str, &'n str),
    /// The value of an output.
    Output(&'n str),
    /// A local value.
    Local(&'n str),
}

/// Where the parts of a block stand.
#[derive(Debug, Clone)]
pub(super) struct BlockPlaces {
    /// The line that names the block, without its body: an alert on a pull request is shown only when the diff has all
    /// of its lines.
    pub header: Place,
    /// Attributes and nested blocks: `policy`, `inline_policy[0]`, `inline_policy[0].policy`. A dynamic block is there
    /// without index, since what it makes cannot be told by position.
    attributes: BTreeMap<String, Place>,
    /// Where the statements of attributes are, by path.
    statements: BTreeMap<String, Statements>,
    /// Simple expressions, by path.
    written: BTreeMap<String, Written>,
    /// Where its `statement` blocks are, if it has no dynamic ones.
    statement_blocks: Option<Vec<Place>>,
}

#[derive(Debug, Clone)]
struct Call {
    header: Place,
    /// The value of `source`, when it is a literal.
    source: Option<String>,
    /// Simple arguments.
    written: BTreeMap<String, Written>,
}

/// Adds the blocks of one file. The error is the line and column where it stops being HCL.
pub(super) fn read_blocks(text: &str, file: FileId, blocks: &mut Blocks) -> Result<(), (usize, usize)> {
    let body = hcl_edit::parser::parse_body(text).map_err(|error| {
        let location = error.location();
        (location.line(), location.column())
    })?;
    for block in body.blocks() {
        let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
        match (block.ident.as_str(), labels.as_slice()) {
            (mode @ ("resource" | "data"), [resource_type, name]) => {
                let key = [mode.to_owned(), (*resource_type).to_owned(), (*name).to_owned()];
                let places = BlockPlaces {
                    header: header(block, file),
                    attributes: attributes(&block.body, text, file),
                    statements: statements(&block.body, text, file),
                    written: match *resource_type == DOCUMENT {
                        true => nested(&block.body),
                        false => written_attributes(&block.body),
                    },
                    statement_blocks: count(&block.body, "statement")
                        .map(|_| nested_places(&block.body, file)),
                };
                blocks.add_resource(key, places);
            }
            ("module", [name]) => blocks.add_call(name, call(block, file)),
            ("output", [name]) => {
                let value = block.body.get_attribute("value");
                add_once(
                    &mut blocks.outputs,
                    name,
                    value.and_then(|value| written(&value.value)),
                );
            }
            ("locals", []) => {
                for attribute in block.body.attributes() {
                    add_once(
                        &mut blocks.locals,
                        attribute.key.as_str(),
                        written(&attribute.value),
                    );
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

    /// The place of a statement of a policy that an attribute of a block holds, by index in the document.
    pub fn statement(&self, block: &BlockPlaces, attribute_path: &str, index: usize) -> Option<Place> {
        let statements = match block.statements.get(attribute_path)? {
            Statements::Here(places) => return places.get(index).copied(),
            Statements::Document(name) => self.block("data", DOCUMENT, name)?.statements.get("statement")?,
        };
        match statements {
            Statements::Here(places) => places.get(index).copied(),
            Statements::Document(_) => None,
        }
    }

    /// The place of a `statement` block of a policy document that has `count` of them.
    pub fn statement_block(&self, name: &str, (index, count): (usize, usize)) -> Option<Place> {
        let places = self.block("data", DOCUMENT, name)?.statement_blocks.as_ref()?;
        places.get(index).filter(|_| places.len() == count).copied()
    }

    /// An expression, where it is simple and stands in one place only.
    pub fn written(&self, at: WrittenAt<'_>) -> Option<&Written> {
        match at {
            WrittenAt::Attribute(mode, resource_type, name, path) => {
                self.block(mode, resource_type, name)?.written.get(path)
            }
            WrittenAt::Argument(call, name) => self.calls.get(call)?.written.get(name),
            WrittenAt::Output(name) => self.outputs.get(name)?.as_ref(),
            WrittenAt::Local(name) => self.locals.get(name)?.as_ref(),
        }
    }

    /// How many `statement` blocks a policy document has; `None` where some are dynamic.
    pub fn statement_count(&self, name: &str) -> Option<usize> {
        self.block("data", DOCUMENT, name)?
            .statement_blocks
            .as_ref()
            .map(Vec::len)
    }

    /// Mode, type and name of all resources and data sources.
    pub fn names(&self) -> impl Iterator<Item = &[String; 3]> {
        self.resources.keys()
    }

    /// The header of a module call.
    pub fn call(&self, name: &str) -> Option<Place> {
        self.calls.get(name).map(|call| call.header)
    }

    /// The module calls with a literal source.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.calls
            .iter()
            .filter_map(|(name, call)| Some((name.as_str(), call.source.as_deref()?)))
    }

    /// A block that is there already is being overridden: its place stays, the attributes of the later one win.
    fn add_resource(&mut self, key: [String; 3], places: BlockPlaces) {
        match self.resources.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(places)),
            Entry::Occupied(mut entry) => {
                let block = entry.get_mut();
                // How the two are merged differs by attribute: where statements end up is not told.
                block.statements.clear();
                block.written.clear();
                block.statement_blocks = None;
                block.attributes.extend(places.attributes);
            }
        }
    }

    fn add_call(&mut self, name: &str, call: Call) {
        match self.calls.entry(name.to_owned()) {
            Entry::Vacant(entry) => drop(entry.insert(call)),
            Entry::Occupied(mut entry) => {
                let first = entry.get_mut();
                first.source = call.source.or_else(|| first.source.take());
                first.written.clear();
            }
        }
    }
}

impl BlockPlaces {
    /// The place of an attribute or nested block. A nested block without index is the first; what comes from a dynamic
    /// block is at that block.
    pub fn attribute(&self, path: &str) -> Option<Place> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, format!(".{rest}")),
            None => (path, String::new()),
        };
        let name = first.split('[').next().unwrap_or(first);
        let candidates = [path.to_owned(), format!("{first}[0]{rest}"), name.to_owned()];
        candidates
            .iter()
            .find_map(|candidate| self.attributes.get(candidate))
            .copied()
    }
}

fn attributes(body: &Body, text: &str, file: FileId) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for attribute in body.attributes() {
        places.extend(attribute_place(attribute, text, file).map(|place| (attribute.key.to_string(), place)));
    }
    let dynamic: Vec<&str> = body
        .get_blocks("dynamic")
        .filter_map(|block| {
            let name = block.labels.first()?.as_str();
            places.insert(name.to_owned(), header(block, file));
            Some(name)
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for block in body.blocks().filter(|block| block.ident.as_str() != "dynamic") {
        let name = block.ident.as_str();
        if dynamic.contains(&name) {
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

fn call(block: &Block, file: FileId) -> Call {
    Call {
        header: header(block, file),
        source: source(&block.body),
        written: written_attributes(&block.body),
    }
}

/// What is there twice is known of neither.
fn add_once(found: &mut BTreeMap<String, Option<Written>>, name: &str, value: Option<Written>) {
    match found.entry(name.to_owned()) {
        Entry::Vacant(entry) => drop(entry.insert(value)),
        Entry::Occupied(mut entry) => drop(entry.insert(None)),
    }
}

fn nested_places(body: &Body, file: FileId) -> Vec<Place> {
    let spans = body
        .get_blocks("statement")
        .map(|block| block.span().unwrap_or_default());
    let place = |Range { start, end }: Range<usize>| Place {
        file,
        span: Span { start, end },
    };
    spans.map(place).collect()
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
