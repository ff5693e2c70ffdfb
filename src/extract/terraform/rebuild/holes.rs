//! The holes of a rebuilt document. The plan tells of an unknown value only what its expression refers to, not how: two
//! of them are the same value only where the code is known to name the same thing. So each place has a hole of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::extract::Hole;
use crate::extract::terraform::addresses::{longest, steps};
use crate::extract::terraform::configuration::Configuration;
use crate::extract::terraform::json::{Json, Shape};
use crate::extract::terraform::resource::Resource;
use crate::iam::{FACT_SEPARATOR, HoleId, Text, TextPiece};
use crate::source::{Written, WrittenAt, WrittenPiece};

use super::code::Code;
use super::follow::{Site, is_key};

/// More references than this are not spelled out.
const SPELLED_OUT: usize = 3;

/// Nobody writes an expression with more.
const MOST_REFERENCES: usize = 1_000;

/// A `statement` block, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(pub usize);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`statement[{}]`", self.0)
    }
}

/// The holes of one data source.
pub(super) struct Holes<'h, 'a> {
    source: &'h Resource<'a>,
    /// The configuration of each block, where it is sure which is which.
    blocks: Vec<Json<'a>>,
    /// The code, where its blocks are those of the plan.
    code: Option<(&'h Configuration<'a>, &'h Code<'a>)>,
    count: usize,
    found: BTreeMap<HoleId, Hole>,
    /// What attributes refer to, by block and name.
    spelled: BTreeMap<(usize, String), String>,
}

impl<'h, 'a> Holes<'h, 'a> {
    /// `blocks` are the configured blocks; there are `count` of them in the plan. Those that the configuration leaves out
    /// (dynamic ones) make that number another.
    pub fn new(source: &'h Resource<'a>, blocks: Vec<Json<'a>>, count: usize) -> Holes<'h, 'a> {
        Holes {
            source,
            blocks: if blocks.len() == count { blocks } else { Vec::new() },
            code: None,
            count,
            found: BTreeMap::new(),
            spelled: BTreeMap::new(),
        }
    }

    /// The same, with what the code tells.
    pub fn with_code(self, configuration: &'h Configuration<'a>, code: &'h Code<'a>) -> Holes<'h, 'a> {
        let written = code.statement_count(configuration, &self.source.modules, &self.source.name);
        let is_same = written == Some(self.count);
        Holes {
            code: is_same.then_some((configuration, code)),
            ..self
        }
    }

    /// The hole at `resources[1]` of a block.
    pub fn hole(&mut self, at: At, path: &str) -> HoleId {
        let place = format!("{}.statement[{}].{path}", self.source.address, at.0);
        let references = self.references(at, path);
        let id = match references.is_empty() {
            true => HoleId::new(&plain(&place)),
            false => HoleId::new(&plain(&format!("{references} at {place}"))),
        };
        let origin = match references.is_empty() {
            true => place,
            false => references,
        };
        self.add(id, origin)
    }

    fn add(&mut self, id: HoleId, origin: String) -> HoleId {
        let hole = Hole {
            id: id.clone(),
            origin,
            default: None,
            allowed: Vec::new(),
            stable: false,
            plain: false,
        };
        self.found.insert(id.clone(), hole);
        id
    }

    /// The texts that the code has for the unknown elements of a set or list, where that is sure: its other elements are
    /// those that are known. References to the same thing are the same hole.
    pub fn written(&mut self, at: At, path: &str, known: &[String], unknown: usize) -> Vec<Text> {
        self.templates(at, path, known, unknown).unwrap_or_default()
    }

    fn templates(&mut self, at: At, path: &str, known: &[String], unknown: usize) -> Option<Vec<Text>> {
        let (configuration, code) = self.code.filter(|_| unknown > 0)?;
        let path = format!("statement[{}].{path}", at.0);
        let source = self.source;
        let told = self.told(at, &path);
        let place = WrittenAt::Attribute(source.mode, &source.resource_type, &source.name, &path);
        let written = code.written(configuration, &source.modules, place, Some(&told))?;
        let Written::List(items) = written else {
            return None;
        };
        let (mut constant, mut open) = (BTreeSet::new(), Vec::new());
        for item in items {
            let Some(Written::Text(pieces)) = item else {
                return None;
            };
            match pieces.as_slice() {
                [WrittenPiece::Literal(text)] => drop(constant.insert(text)),
                pieces => open.push(pieces),
            }
        }
        let known: BTreeSet<&String> = known.iter().collect();
        if constant != known || open.len() != unknown {
            return None;
        }
        open.into_iter().map(|pieces| self.text(pieces)).collect()
    }

    fn text(&mut self, pieces: &[WrittenPiece]) -> Option<Text> {
        let mut text = Text::default();
        for piece in pieces {
            text.push(match piece {
                WrittenPiece::Literal(text) => TextPiece::Lit(text.clone()),
                WrittenPiece::Reference(reference) => TextPiece::Hole(self.named(reference)?),
            });
        }
        Some(text)
    }

    /// The hole of a reference: one for each thing that it may mean here.
    fn named(&mut self, reference: &str) -> Option<HoleId> {
        let site = Site::of(self.source)?;
        let steps = steps(reference)?;
        let root = steps.first()?.name.as_str();
        let keyed = steps.iter().any(|step| step.key.as_deref().is_some_and(is_key));
        let name = match root {
            "each" | "count" | "self" | "path" | "terraform" => {
                format!("{reference} at {}", self.source.address)
            }
            _ if keyed => {
                let key = site.key()?;
                let reference = reference.replace("[each.key]", key).replace("[count.index]", key);
                site.address(&reference)
            }
            _ => site.address(reference),
        };
        let name = plain(&name);
        Some(self.add(HoleId::new(&name), name))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// All of them.
    pub fn found(self) -> BTreeMap<HoleId, Hole> {
        self.found
    }

    /// What the expression at a path of nested attributes refers to: `statement[0].principals[0].identifiers`.
    fn told(&self, at: At, path: &str) -> Vec<String> {
        let names = path.split('.').skip(1);
        let names = names.map(|segment| segment.split('[').next().unwrap_or_default());
        let mut reached: Vec<Json<'a>> = self.blocks.get(at.0).copied().into_iter().collect();
        for name in names {
            let found = reached.iter().filter_map(|json| json.object().ok()?.get(name));
            reached = found
                .flat_map(|json| match json.shape() {
                    Shape::List => json.list().unwrap_or_default(),
                    _ => vec![json],
                })
                .collect();
        }
        let mut found = Vec::new();
        reached.into_iter().for_each(|json| gather(json, &mut found));
        found
    }

    /// What an attribute of a block refers to, in words.
    fn references(&mut self, at: At, path: &str) -> String {
        let attribute = path.split(['.', '[']).next().unwrap_or_default();
        let key = (at.0, attribute.to_owned());
        if let Some(known) = self.spelled.get(&key) {
            return known.clone();
        }
        let found = self.told(at, &format!("statement.{attribute}"));
        let found = longest(&found);
        let more = if found.len() > SPELLED_OUT { ", …" } else { "" };
        let shown: Vec<&str> = found.into_iter().take(SPELLED_OUT).collect();
        let spelled = format!("{}{more}", shown.join(", "));
        self.spelled.insert(key, spelled.clone());
        spelled
    }
}

/// A name without what separates the parts of names.
fn plain(name: &str) -> String {
    name.replace(FACT_SEPARATOR, "?")
}

/// The references of an expression, or of those of nested blocks, which have no blocks themselves.
fn gather(json: Json<'_>, found: &mut Vec<String>) {
    let blocks = match json.shape() {
        Shape::List => json.list().unwrap_or_default(),
        _ => vec![json],
    };
    for block in blocks {
        if found.len() > MOST_REFERENCES {
            return;
        }
        let Ok(members) = block.object() else { continue };
        let nested = members.0.iter().filter_map(|(_, member)| member.object().ok());
        for expression in nested.chain([members.clone()]) {
            let references = expression.get("references").and_then(|list| list.list().ok());
            let references = references.unwrap_or_default().into_iter();
            found.extend(references.filter_map(|reference| reference.string().ok()));
        }
    }
}
