//! What lies around the templates of a run: the templates of their nested stacks, and what a cloud assembly tells of
//! them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use crate::extract::{CloudFormationOptions, Environment, NestedLocation, NestedTemplates, nested_locations};
use crate::source::{
    FileId, Input, InputKind, Limits, Node, NodeKind, SourceFile, TemplatePlace, local_path, read_nested,
};

use super::ScanOptions;
use super::imports::Imports;
use super::read::parse_tree;

/// Templates of nested stacks in a run.
const MOST_FILES: usize = 1_000;
/// All their nodes, as a multiple of what one file may have.
const MOST_NODES: usize = 8;

/// What lies around templates.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    places: BTreeMap<FileId, TemplatePlace>,
    nested: Arc<NestedTemplates>,
    imports: Imports,
}

impl Surroundings {
    /// Where a template is.
    pub(super) fn place(&self, file: FileId) -> Option<&TemplatePlace> {
        self.places.get(&file)
    }

    /// A template that was parsed for its nested stacks.
    pub(super) fn tree(&self, file: FileId) -> Option<Arc<Node>> {
        self.nested.tree(file)
    }

    /// With what the templates import from each other.
    pub(super) fn importing(mut self, imports: Imports) -> Surroundings {
        self.imports = imports;
        self
    }

    /// How a template is read. What the command line says of the environment wins over what an assembly tells.
    pub(super) fn template_options(&self, file: FileId, options: &ScanOptions) -> CloudFormationOptions {
        let facts = self.places.get(&file).map(|place| &place.facts);
        let given = &options.environment;
        CloudFormationOptions {
            parameters: options.parameters.clone(),
            assume_defaults: options.assume_defaults,
            exports: options.exports.clone(),
            imports: self.imports.get(&file).cloned().unwrap_or_default(),
            environment: Environment {
                account: given
                    .account
                    .clone()
                    .or(facts.and_then(|facts| facts.account.clone())),
                region: given
                    .region
                    .clone()
                    .or(facts.and_then(|facts| facts.region.clone())),
                partition: given.partition.clone(),
            },
            extra: options.standards.policy_attributes.clone(),
            nested: self.nested.clone(),
        }
    }
}

/// Reads the templates of the nested stacks of the inputs, and of theirs, behind the other files.
pub(super) fn follow(
    inputs: &[Input],
    places: BTreeMap<FileId, TemplatePlace>,
    files: &mut Vec<SourceFile>,
    limits: &Limits,
) -> Surroundings {
    let mut following = Following {
        limits,
        known: BTreeMap::new(),
        count: 0,
        bytes: 0,
        nodes: 0,
        nested: NestedTemplates::default(),
        pending: VecDeque::new(),
    };
    for input in inputs.iter().filter(|input| input.kind == InputKind::Template) {
        if let Some(place) = places.get(&input.file) {
            let key = place.key().to_owned();
            following.known.entry(key).or_insert(input.file);
            following.queue(input.file, place, files);
        }
    }
    while let Some((file, place)) = following.pending.pop_front() {
        // That a file cannot be parsed is told where it is extracted.
        let Ok(tree) = following.tree(file, files) else {
            continue;
        };
        for location in nested_locations(&tree) {
            if let Some(found) = following.find(&location, &place, files) {
                following.nested.add(file, location, found);
            }
        }
    }
    Surroundings {
        places,
        nested: Arc::new(following.nested),
        imports: Imports::new(),
    }
}

/// Whether a text may name a nested stack.
fn may_nest(text: &str) -> bool {
    ["CloudFormation::Stack", "Serverless::Application"]
        .iter()
        .any(|word| text.contains(word))
}

struct Following<'l> {
    limits: &'l Limits,
    /// The files by where they were found.
    known: BTreeMap<PathBuf, FileId>,
    count: usize,
    bytes: usize,
    nodes: usize,
    nested: NestedTemplates,
    pending: VecDeque<(FileId, TemplatePlace)>,
}

impl Following<'_> {
    fn queue(&mut self, file: FileId, place: &TemplatePlace, files: &[SourceFile]) {
        if files.get(file.0).is_some_and(|file| may_nest(&file.text)) {
            self.pending.push_back((file, place.clone()));
        }
    }

    /// The parsed file; all of them together are bounded.
    fn tree(&mut self, file: FileId, files: &[SourceFile]) -> Result<Arc<Node>, String> {
        if let Some(tree) = self.nested.tree(file) {
            return Ok(tree);
        }
        let source = files.get(file.0).ok_or("it is not there")?;
        let tree = parse_tree(source, file, self.limits).map_err(|error| format!("{error}"))?;
        self.nodes = self.nodes.saturating_add(size(&tree));
        if self.nodes > self.limits.nodes.saturating_mul(MOST_NODES) {
            return Err(
                "too much beside the other nested templates: raise with `--limit nodes=N`".to_owned(),
            );
        }
        let tree = Arc::new(tree);
        self.nested.add_tree(file, tree.clone());
        Ok(tree)
    }

    /// What is at a location that a template names; `None` where only a URL is known.
    fn find(
        &mut self,
        location: &NestedLocation,
        place: &TemplatePlace,
        files: &mut Vec<SourceFile>,
    ) -> Option<Result<FileId, String>> {
        let (shown, next) = match location {
            NestedLocation::Path(text) => (text, local_path(text).and_then(|path| place.next(path))),
            NestedLocation::Asset(name) => (name, Ok(place.asset(name)?)),
        };
        let found = next.and_then(|next| self.read(&next, files));
        Some(found.map_err(|message| format!("the nested template `{shown}` is not followed: {message}")))
    }

    fn read(&mut self, place: &TemplatePlace, files: &mut Vec<SourceFile>) -> Result<FileId, String> {
        let known = self.known.get(place.key()).copied();
        let file = match known {
            Some(file) => file,
            None => {
                let source = read_nested(place, self.limits)?;
                self.count += 1;
                self.bytes = self.bytes.saturating_add(source.text.len());
                if self.count > MOST_FILES || self.bytes > self.limits.template_bytes {
                    return Err(format!(
                        "one of more than {MOST_FILES} nested templates, or {} bytes of them: check it by itself",
                        self.limits.template_bytes
                    ));
                }
                let file = FileId(files.len());
                files.push(source);
                self.known.insert(place.key().to_owned(), file);
                self.queue(file, place, files);
                file
            }
        };
        self.tree(file, files)?;
        Ok(file)
    }
}

/// The nodes of a tree.
fn size(tree: &Node) -> usize {
    let mut count = 0;
    let mut pending = vec![tree];
    while let Some(node) = pending.pop() {
        count += 1;
        match &node.kind {
            NodeKind::Scalar(..) => {}
            NodeKind::List(items) => pending.extend(items),
            NodeKind::Map(entries) => pending.extend(entries.iter().flat_map(|(key, value)| [key, value])),
        }
    }
    count
}
