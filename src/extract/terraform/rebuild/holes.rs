//! The holes of a rebuilt document. The plan tells of an unknown value only what its expression refers to, not how: two
//! of them are the same value only where the code is known to name the same thing. So each place has a hole of its own.

use std::collections::BTreeMap;
use std::fmt;

use crate::extract::Hole;
use crate::extract::terraform::addresses::longest;
use crate::extract::terraform::json::{Json, Shape};
use crate::iam::{HoleId, Text};

/// More references than this are not spelled out.
const SPELLED_OUT: usize = 3;

/// A `statement` block, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(pub usize);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`statement[{}]`", self.0)
    }
}

/// The holes of one data source.
pub(super) struct Holes<'a> {
    /// Its address.
    address: String,
    /// The configuration of each block, where it is sure which is which.
    blocks: Vec<Json<'a>>,
    found: BTreeMap<HoleId, Hole>,
}

impl<'a> Holes<'a> {
    /// `blocks` are the configured blocks; there are `count` of them in the plan. Those that the configuration leaves out
    /// (dynamic ones) make that number another.
    pub fn new(address: &str, blocks: Vec<Json<'a>>, count: usize) -> Holes<'a> {
        Holes {
            address: address.to_owned(),
            blocks: if blocks.len() == count { blocks } else { Vec::new() },
            found: BTreeMap::new(),
        }
    }

    /// The hole at `resources[1]` of a block.
    pub fn hole(&mut self, at: At, path: &str) -> HoleId {
        let place = format!("{}.statement[{}].{path}", self.address, at.0);
        let references = self.references(at, path);
        let id = match references.is_empty() {
            true => HoleId::new(&place),
            false => HoleId::new(&format!("{references} at {place}")),
        };
        let origin = match references.is_empty() {
            true => place,
            false => references,
        };
        let hole = Hole {
            id: id.clone(),
            origin,
            default: None,
            allowed: Vec::new(),
            stable: false,
        };
        self.found.insert(id.clone(), hole);
        id
    }

    /// The texts that the code has for the unknown elements of a set or list, where that is sure.
    pub fn written(&mut self, _at: At, _path: &str, _known: &[String], _unknown: usize) -> Vec<Text> {
        Vec::new()
    }

    /// All of them.
    pub fn found(self) -> BTreeMap<HoleId, Hole> {
        self.found
    }

    /// What an attribute of a block refers to.
    fn references(&self, at: At, path: &str) -> String {
        let attribute = path.split(['.', '[']).next().unwrap_or_default();
        let block = self.blocks.get(at.0).and_then(|block| block.object().ok());
        let mut found = Vec::new();
        if let Some(expression) = block.and_then(|block| block.get(attribute)) {
            gather(expression, &mut found);
        }
        let found = longest(&found);
        let more = if found.len() > SPELLED_OUT { ", …" } else { "" };
        let shown: Vec<&str> = found.into_iter().take(SPELLED_OUT).collect();
        format!("{}{more}", shown.join(", "))
    }
}

/// The references of an expression, or of those of nested blocks, which have no blocks themselves.
fn gather(json: Json<'_>, found: &mut Vec<String>) {
    let blocks = match json.shape() {
        Shape::List => json.list().unwrap_or_default(),
        _ => vec![json],
    };
    for block in blocks {
        let Ok(members) = block.object() else { continue };
        let nested = members.0.iter().filter_map(|(_, member)| member.object().ok());
        for expression in nested.chain([members.clone()]) {
            let references = expression.get("references").and_then(|list| list.list().ok());
            let references = references.unwrap_or_default().into_iter();
            found.extend(references.filter_map(|reference| reference.string().ok()));
        }
    }
}
