//! Nested stacks: where their templates are, and which of them are followed. Reading files is the caller's, who also
//! keeps to the given folder; here the depth and the number of stacks are bounded, and circles are broken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::source::{FileId, Node, NodeKind};

use super::CloudFormationOptions;
use super::estate::list_resources;
use super::parameters::{read_parameters, scalar_text};
use super::sam::Expanded;
use super::syntax::{View, call, key_text};
use super::transforms::names;

/// The type of a nested stack.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";
const APPLICATION: &str = "AWS::Serverless::Application";
/// Stacks in stacks.
const MOST_DEPTH: usize = 16;
/// Stacks of one deployment.
const MOST_STACKS: usize = 500;

/// Where the template of a nested stack is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NestedLocation {
    /// A path, relative to the folder of the template that holds the stack.
    Path(String),
    /// The last part of a URL, by which a cloud assembly may know a file.
    Asset(String),
}

/// The templates of nested stacks that could be read, and why others could not.
#[derive(Debug, Clone, Default)]
pub struct NestedTemplates {
    trees: BTreeMap<FileId, Arc<Node>>,
    found: BTreeMap<(FileId, NestedLocation), Result<FileId, String>>,
}

impl NestedTemplates {
    /// Adds a parsed template.
    pub fn add_tree(&mut self, file: FileId, tree: Arc<Node>) {
        self.trees.insert(file, tree);
    }

    /// Tells what is at a location that a template names, or why that is not known: a phrase for users that names the
    /// file and what to do.
    pub fn add(&mut self, holder: FileId, location: NestedLocation, found: Result<FileId, String>) {
        self.found.insert((holder, location), found);
    }

    /// A template that was added.
    pub fn tree(&self, file: FileId) -> Option<Arc<Node>> {
        self.trees.get(&file).cloned()
    }

    fn get(&self, holder: FileId, location: &NestedLocation) -> Result<(FileId, &Node), String> {
        let found = self.found.get(&(holder, location.clone()));
        let unread = || match location {
            NestedLocation::Path(_) => {
                "the nested template was not read, as this one is not a file; check it by itself".to_owned()
            }
            NestedLocation::Asset(_) => REMOTE.to_owned(),
        };
        let file = found.cloned().unwrap_or_else(|| Err(unread()))?;
        let tree = self.trees.get(&file).ok_or_else(unread)?;
        Ok((file, tree))
    }
}

const REMOTE: &str = "the nested template is not a local file, so it is not followed; check it by itself, or give the \
                      template as it is before `aws cloudformation package`";

/// The locations that the nested stacks of a template name.
pub fn nested_locations(tree: &Node) -> BTreeSet<NestedLocation> {
    let section = View::of(tree).get("Resources").and_then(View::entries);
    let resources = section
        .unwrap_or_default()
        .iter()
        .map(|(_, value)| View::of(value));
    resources
        .filter(|resource| {
            let resource_type = resource.get("Type").and_then(View::scalar);
            matches!(resource_type, Some(STACK | APPLICATION))
        })
        .filter_map(|resource| location(resource).ok())
        .collect()
}

/// Where the template of a nested stack is: what the CDK notes in the metadata, else what the property says.
fn location(resource: View<'_>) -> Result<NestedLocation, String> {
    let noted = |name: &str| resource.get("Metadata")?.get(name)?.scalar();
    if noted("aws:asset:property") == Some("TemplateURL")
        && let Some(path) = noted("aws:asset:path")
    {
        return Ok(NestedLocation::Path(path.to_owned()));
    }
    let properties = resource.get("Properties");
    let written = properties.and_then(|properties| {
        let names = ["TemplateURL", "Location"];
        names.into_iter().find_map(|name| properties.get(name))
    });
    let written = written.ok_or("the nested stack names no template")?;
    match written.scalar() {
        Some("") => Err("the nested stack names no template".to_owned()),
        Some(url) if url.contains("://") => Ok(NestedLocation::Asset(last_part(url))),
        Some(path) => Ok(NestedLocation::Path(path.to_owned())),
        None if matches!(written.kind, NodeKind::Map(_))
            && call(written).is_ok_and(|call| call.is_none()) =>
        {
            Err("an application of a repository is not followed; check its template by itself".to_owned())
        }
        None => last_text(written)
            .map(|text| NestedLocation::Asset(last_part(text)))
            .ok_or_else(|| REMOTE.to_owned()),
    }
}

fn last_part(url: &str) -> String {
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The last text that an `Fn::Sub` or `Fn::Join` puts together.
fn last_text(view: View<'_>) -> Option<&str> {
    let call = call(view).ok().flatten()?;
    match (call.name.as_str(), call.argument.items()) {
        ("Fn::Sub", None) => call.argument.scalar(),
        ("Fn::Sub", Some([text, ..])) => View::of(text).scalar(),
        ("Fn::Join", Some([_, parts])) => View::of(View::of(parts).items()?.last()?).scalar(),
        _ => None,
    }
}

/// A template of the deployment, before its sections are read.
pub(super) struct Opened<'n> {
    /// The file.
    pub file: FileId,
    /// As written.
    pub written: View<'n>,
    /// With the serverless resources written out, if there are any.
    pub expanded: Option<Expanded>,
    /// What rewrites the template.
    pub transforms: Vec<String>,
    /// What stands before logical ids; empty for the root.
    pub prefix: String,
    /// The logical ids with that before them; empty for the root.
    pub ids: BTreeMap<String, String>,
    /// The position of the template that holds this one, and the logical id there.
    pub parent: Option<(usize, String)>,
    /// The options of a nested stack.
    pub options: Option<CloudFormationOptions>,
    /// Why nested stacks are not followed, by logical id.
    pub unfollowed: BTreeMap<String, String>,
}

impl<'n> Opened<'n> {
    fn new(file: FileId, tree: &'n Node, options: &CloudFormationOptions) -> Opened<'n> {
        let written = View::of(tree);
        Opened {
            file,
            written,
            expanded: super::expanded(written, options),
            transforms: names(written),
            prefix: String::new(),
            ids: BTreeMap::new(),
            parent: None,
            options: None,
            unfollowed: BTreeMap::new(),
        }
    }

    /// The template that is read.
    pub fn root(&self) -> View<'_> {
        let expanded = self.expanded.as_ref();
        expanded.map_or(self.written, |expanded| View::of(&expanded.tree))
    }

    /// The nested stacks: logical id, location, and the parameters that are given to it as texts.
    fn stacks(&self) -> Vec<Nested> {
        let (resources, _) = list_resources(self.root()).unwrap_or_default();
        let stacks = resources
            .into_iter()
            .filter(|(_, resource_type, _)| *resource_type == STACK);
        let nested = stacks.map(|(id, _, view)| Nested {
            id: id.to_owned(),
            location: location(view),
            given: given(view),
        });
        nested.collect()
    }
}

struct Nested {
    id: String,
    location: Result<NestedLocation, String>,
    given: Option<BTreeMap<String, Option<String>>>,
}

/// The parameters that a nested stack is given, with their texts where they are such; `None` when it cannot be told
/// which are given.
fn given(stack: View<'_>) -> Option<BTreeMap<String, Option<String>>> {
    let none = BTreeMap::new();
    let Some(properties) = stack.get("Properties") else {
        return Some(none);
    };
    properties.entries()?;
    let Some(parameters) = properties.get("Parameters") else {
        return Some(none);
    };
    if call(parameters).ok()?.is_some() {
        return None;
    }
    let pairs = parameters.entries()?.iter();
    let pairs = pairs.map(|(name, value)| Some((key_text(name)?.to_owned(), scalar_text(View::of(value)))));
    pairs.collect()
}

/// Opens a template and the nested stacks that can be followed: the root first, each behind the one that holds it.
/// `Err` only when the root is no template that can be read.
pub(super) fn open<'n>(
    tree: &'n Node,
    file: FileId,
    options: &'n CloudFormationOptions,
) -> Result<Vec<Opened<'n>>, String> {
    let root = Opened::new(file, tree, options);
    list_resources(root.root())?;
    let mut opened = vec![root];
    let mut position = 0;
    while let Some(holder) = opened.get(position) {
        let mut found = Vec::new();
        let mut unfollowed = BTreeMap::new();
        for stack in holder.stacks() {
            let room = opened.len() + found.len() < MOST_STACKS;
            match follow(&opened, position, &stack, options, room) {
                Ok(one) => found.push(one),
                Err(reason) => {
                    unfollowed.insert(stack.id, reason);
                }
            }
        }
        if let Some(holder) = opened.get_mut(position) {
            holder.unfollowed = unfollowed;
        }
        opened.extend(found);
        position += 1;
    }
    Ok(opened)
}

/// The stack at a resource of an opened template, or why it is not followed.
fn follow<'n>(
    opened: &[Opened<'n>],
    holder: usize,
    stack: &Nested,
    options: &'n CloudFormationOptions,
    room: bool,
) -> Result<Opened<'n>, String> {
    let location = stack.location.as_ref().map_err(Clone::clone)?;
    let around: Vec<&Opened<'n>> = std::iter::successors(opened.get(holder), |one| {
        one.parent
            .as_ref()
            .and_then(|(position, _)| opened.get(*position))
    })
    .collect();
    let holder_file = around.first().ok_or("the nested stack has no template")?.file;
    let (file, tree) = options.nested.get(holder_file, location)?;
    if around.iter().any(|one| one.file == file) {
        return Err("the nested template holds itself, so it is not followed any further".to_owned());
    }
    if around.len() >= MOST_DEPTH {
        return Err(format!(
            "stacks are nested deeper than {MOST_DEPTH} levels; check the nested template by itself"
        ));
    }
    if !room {
        return Err(format!(
            "there are more than {MOST_STACKS} nested stacks; check the nested template by itself"
        ));
    }
    list_resources(View::of(tree))
        .map_err(|message| format!("the nested template cannot be read: {message}"))?;
    // What is in a stack is told by the ids around it: those must not read like that.
    let has_dots = |root: View<'_>| {
        let (listed, _) = list_resources(root).unwrap_or_default();
        listed.iter().any(|(id, ..)| id.contains('.'))
    };
    if has_dots(View::of(tree)) || around.iter().any(|one| has_dots(one.root())) {
        return Err("logical ids are letters and digits: nested stacks are not followed here".to_owned());
    }
    let declared = read_parameters(View::of(tree).get("Parameters"));
    let mut parameters = BTreeMap::new();
    if let Some(given) = &stack.given {
        for (name, parameter) in &declared {
            let text = match given.get(name) {
                Some(text) => text.clone(),
                None => parameter.default.clone(),
            };
            parameters.extend(text.map(|text| (name.clone(), text)));
        }
    }
    let options = CloudFormationOptions {
        parameters,
        assume_defaults: false,
        exports: options.exports.clone(),
        imports: options.imports.clone(),
        environment: options.environment.clone(),
        extra: options.extra.clone(),
        nested: Arc::default(),
    };
    let mut one = Opened::new(file, tree, &options);
    let prefix = around.first().map_or("", |holder| holder.prefix.as_str());
    one.prefix = format!("{prefix}{}.", stack.id);
    let (listed, _) = list_resources(one.root()).unwrap_or_default();
    one.ids = listed
        .iter()
        .map(|(id, ..)| ((*id).to_owned(), format!("{}{id}", one.prefix)))
        .collect();
    one.parent = Some((holder, stack.id.clone()));
    one.options = Some(options);
    Ok(one)
}
