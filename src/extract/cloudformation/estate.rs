//! The templates of one deployment: the root and the stacks nested in it, the sections of each, and what resolving finds
//! out on the way and they share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::extract::Hole;
use crate::iam::{HoleId, Text};
use crate::source::FileId;

use super::CloudFormationOptions;
use super::nested::Opened;
use super::parameters::{Parameter, read_parameters};
use super::syntax::{View, is_expansion, key_text};
use super::template::Template;

/// What the templates of one deployment share: the holes, the facts, the budget.
pub(super) struct Estate<'n> {
    pub stacks: Vec<Stack<'n>>,
    pub holes: RefCell<BTreeMap<HoleId, Hole>>,
    pub facts: RefCell<Vec<Fact>>,
    pub steps: Cell<usize>,
    pub secret: Cell<bool>,
    /// Names of holes that hold a secret, to tell them apart once it is taken out.
    pub hidden: RefCell<Vec<String>>,
}

/// One template with its sections.
pub(super) struct Stack<'n> {
    /// The file.
    pub file: FileId,
    /// What the command line says; of a nested stack, what the stack that holds it says too.
    pub options: &'n CloudFormationOptions,
    /// What stands before the logical ids of a nested stack: `Network.`.
    pub prefix: &'n str,
    /// The parameters.
    pub parameters: BTreeMap<String, Parameter>,
    /// The resources in order; functions that write resources are left out.
    pub resources: Vec<Resource<'n>>,
    pub by_name: BTreeMap<&'n str, usize>,
    /// The `Conditions` section.
    pub conditions: Option<View<'n>>,
    /// The `Mappings` section.
    pub mappings: Option<View<'n>>,
    /// The `Outputs` section.
    pub outputs: Option<View<'n>>,
    /// Whether something may add resources to the template before it is deployed.
    pub expands: bool,
    /// The stack and resource that this one is nested in.
    pub parent: Option<(usize, Resource<'n>)>,
    /// The stacks nested in this one, by logical id.
    pub children: BTreeMap<&'n str, usize>,
    /// Why a nested stack is not followed, by logical id.
    pub unfollowed: &'n BTreeMap<String, String>,
}

/// A resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'n> {
    /// The logical id; of a nested stack, after those of the stacks around it: `Network.Role`.
    pub id: &'n str,
    /// The logical id in its template.
    pub local: &'n str,
    /// `AWS::IAM::Role`.
    pub resource_type: &'n str,
    /// The whole resource.
    pub view: View<'n>,
}

/// A fact that only the deployment decides: two texts are equal.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub left: Text,
    pub right: Text,
    pub name: Arc<str>,
}

/// The resources of a template in order, functions that write resources left out: logical id, type, resource; and whether
/// there are such functions.
pub(super) type Listing<'n> = (Vec<(&'n str, &'n str, View<'n>)>, bool);

/// Lists the resources. `Err` when the tree is no template that can be read at all; it quotes nothing but keys.
pub(super) fn list_resources(root: View<'_>) -> Result<Listing<'_>, String> {
    if root.entries().is_none() {
        return Err("the template is not a mapping".to_owned());
    }
    let section = root.get("Resources").ok_or("the template has no `Resources`")?;
    let entries = section.entries().ok_or("`Resources` is not a mapping")?;
    let mut resources = Vec::new();
    let mut expands = false;
    for (key, value) in entries {
        let id = key_text(key).ok_or("a logical id is not a text")?;
        if is_expansion(id) {
            expands = true;
            continue;
        }
        let view = View::of(value);
        let resource_type = match (view.entries(), view.get("Type").and_then(View::scalar)) {
            (None, _) => return Err(format!("resource `{id}` is not a mapping")),
            (Some(_), None | Some("")) => return Err(format!("resource `{id}` has no `Type`")),
            (Some(_), Some(resource_type)) => resource_type,
        };
        resources.push((id, resource_type, view));
    }
    Ok((resources, expands))
}

impl<'n> Estate<'n> {
    /// Opens templates, the root first and each nested stack behind the one that holds it.
    pub fn open(opened: &'n [Opened<'n>], options: &'n CloudFormationOptions) -> Result<Estate<'n>, String> {
        let mut stacks: Vec<Stack<'n>> = Vec::new();
        for (position, one) in opened.iter().enumerate() {
            let root = one.root();
            let (listed, has_functions) = list_resources(root)?;
            let mut resources = Vec::new();
            let mut by_name = BTreeMap::new();
            for (local, resource_type, view) in listed {
                by_name.insert(local, resources.len());
                resources.push(Resource {
                    id: one.ids.get(local).map_or(local, String::as_str),
                    local,
                    resource_type,
                    view,
                });
            }
            let mut parent = None;
            if let Some((holder, local)) = &one.parent
                && let Some(stack) = stacks.get_mut(*holder)
            {
                stack.children.insert(local.as_str(), position);
                let resource = stack.by_name.get(local.as_str());
                let resource = resource.and_then(|at| stack.resources.get(*at));
                parent = resource.map(|resource| (*holder, *resource));
            }
            stacks.push(Stack {
                file: one.file,
                options: one.options.as_ref().unwrap_or(options),
                prefix: &one.prefix,
                parameters: read_parameters(root.get("Parameters")),
                resources,
                by_name,
                conditions: root.get("Conditions"),
                mappings: root.get("Mappings"),
                outputs: root.get("Outputs"),
                expands: has_functions || !one.transforms.is_empty() || root.get("Fn::Transform").is_some(),
                parent,
                children: BTreeMap::new(),
                unfollowed: &one.unfollowed,
            });
        }
        Ok(Estate {
            stacks,
            holes: RefCell::default(),
            facts: RefCell::default(),
            steps: Cell::new(0),
            secret: Cell::new(false),
            hidden: RefCell::new(Vec::new()),
        })
    }

    /// The templates, the root first.
    pub fn templates(&'n self) -> impl Iterator<Item = Template<'n>> {
        self.stacks.iter().map(|stack| Template::of(self, stack))
    }
}
