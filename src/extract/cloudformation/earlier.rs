//! What was deployed, from an earlier template: the document at the same place of the resource of the same logical id.
//! Where it is not certain that it is the one that the new document replaces, the answer is that it cannot be told.

use std::collections::BTreeSet;

use crate::extract::{
    Before, Extraction, GapReason, Hole, Policy, PolicyKind, Provenance, Row, RowKind, cloudformation_rows,
};
use crate::iam::{HoleId, PolicyDocument};
use crate::source::{FileId, Node};

use super::deployed;
use super::nested;
use super::removed;
use super::sides::{Sides, resources, same_view, texts};
use super::stacks::Stacks;
use super::syntax::{View, key_text};
use super::{CloudFormationOptions, extract_template};

/// An earlier template, extracted.
#[derive(Debug)]
pub struct EarlierTemplate {
    tree: Node,
    file: FileId,
    options: CloudFormationOptions,
    extraction: Extraction,
}

/// Why most in nested stacks is not compared.
pub(super) const NESTED: &str = "it is in a nested stack: compare the nested templates one by one";

/// What is put behind the names of unknown values of the earlier template.
pub(super) const SUFFIX: &str = " (before)";

impl EarlierTemplate {
    /// Extracts it, with the options for the new one. Errors are those of [`extract_template`].
    pub fn read(
        tree: Node,
        file: FileId,
        options: &CloudFormationOptions,
    ) -> Result<EarlierTemplate, String> {
        let extraction = extract_template(&tree, file, options)?;
        Ok(EarlierTemplate {
            tree,
            file,
            options: options.clone(),
            extraction,
        })
    }
}

/// Everything in a template, compared with an earlier one. Errors are those of [`extract_template`].
pub fn extract_template_since(
    tree: &Node,
    file: FileId,
    options: &CloudFormationOptions,
    earlier: &EarlierTemplate,
) -> Result<Extraction, String> {
    let mut new = extract_template(tree, file, options)?;
    let olds = nested::open(&earlier.tree, earlier.file, &earlier.options)?;
    let news = nested::open(tree, file, options)?;
    let (Some(old), Some(own)) = (olds.first(), news.first()) else {
        return Err("the template cannot be opened".to_owned());
    };
    let roots = (old.root(), own.root());
    let sides = Sides::of(roots.0, roots.1, options);
    let stacks = Stacks::of(&olds, &news, &sides);
    let pair = Pair {
        old: &earlier.extraction,
        sides,
        stacks,
        roots,
    };
    let told: Vec<(Before, Vec<Hole>)> = new
        .policies
        .iter()
        .map(|policy| pair.before(policy, &new))
        .collect();
    removed::extract(&pair, file, &mut new);
    for (policy, (before, holes)) in new.policies.iter_mut().zip(told) {
        policy.sensitive |= pair.was_sensitive(policy);
        policy.before = before;
        policy.holes.extend(holes);
    }
    deployed::principals(&pair, &mut new);
    new.unchanged = pair.sides.alike().map(str::to_owned).collect();
    Ok(new)
}

/// The earlier template beside the new one.
pub(super) struct Pair<'n> {
    /// What was found in the earlier one.
    pub old: &'n Extraction,
    /// Both as written.
    pub sides: Sides<'n>,
    /// The nested stacks that are followed in both.
    pub stacks: Stacks<'n>,
    roots: (View<'n>, View<'n>),
}

impl<'n> Pair<'n> {
    /// The deployed document, and its unknown values.
    fn before(&self, policy: &Policy, new: &Extraction) -> (Before, Vec<Hole>) {
        let address = &policy.origin.address;
        let id = resource_of(address);
        let unreadable = |why: &str| (Before::Unreadable(why.to_owned()), Vec::new());
        if let Some(gap) = self.rewritten() {
            return unreadable(&format!(
                "the earlier template is not all that was deployed: {gap}"
            ));
        }
        if self.is_nested(address) {
            let is_compared = self.stacks.compared(id, self.old).is_some();
            if policy.kind == PolicyKind::Identity && is_compared {
                if !self.is_kept(id) {
                    return (Before::Created, Vec::new());
                }
                if policy.provenance == Provenance::Catalog {
                    return (self.attached(policy, id), Vec::new());
                }
            }
            return match self.was_nested(policy, new, is_compared) {
                Some((document, was)) => self.renamed(document, was, policy),
                None => unreadable(NESTED),
            };
        }
        if !self.sides.is_kept(id) {
            return (Before::Created, Vec::new());
        }
        if policy.provenance == Provenance::Catalog {
            return (self.attached(policy, id), Vec::new());
        }
        let at_address = |policies: &'_ [Policy]| -> usize {
            let same = policies.iter().filter(|other| other.origin.address == *address);
            same.count()
        };
        if at_address(&self.old.policies) > 1 || at_address(&new.policies) > 1 {
            return unreadable("its place stands for several documents");
        }
        let was = self
            .old
            .policies
            .iter()
            .find(|was| was.origin.address == *address);
        let Some(was) = was.filter(|was| was.kind == policy.kind) else {
            return unreadable(
                match self
                    .old
                    .gaps
                    .iter()
                    .any(|gap| resource_of(&gap.origin.address) == id)
                {
                    true => "the earlier template does not tell it",
                    false => {
                        "the resource had no document at this place, so it may have been anywhere or none"
                    }
                },
            );
        };
        if !self.stays_on_its_resource(policy) {
            return unreadable("it cannot be told whether it stays on the resource that it is for");
        }
        match &was.document {
            Ok(document) => self.renamed(document, was, policy),
            Err(invalid) => unreadable(&format!("the deployed policy is not valid: {}", invalid.message)),
        }
    }

    /// An AWS managed policy, which is the same document wherever it stood in the list of its identity.
    fn attached(&self, policy: &Policy, id: &str) -> Before {
        let mut were =
            self.old.policies.iter().filter(|was| {
                was.provenance == Provenance::Catalog && resource_of(&was.origin.address) == id
            });
        match (&policy.document, were.any(|was| was.document == policy.document)) {
            (Ok(document), true) => Before::Document(document.clone()),
            (Ok(_) | Err(_), _) => Before::Created,
        }
    }

    /// The logical ids of resources of a type that are not alike.
    pub fn changed_of_type(&self, resource_type: &str) -> BTreeSet<&'n str> {
        let of = |root: View<'n>| resources(root).into_iter();
        let both = of(self.roots.0).chain(of(self.roots.1));
        both.filter(|(_, view)| view.get("Type").and_then(View::scalar) == Some(resource_type))
            .map(|(id, _)| id)
            .filter(|id| !self.sides.is_alike(id))
            .collect()
    }

    /// The deployed document of a resource in a nested stack, where it is about that resource: what else it may be about
    /// is not compared there.
    fn was_nested<'p>(
        &'p self,
        policy: &Policy,
        new: &Extraction,
        is_compared: bool,
    ) -> Option<(&'p PolicyDocument, &'p Policy)> {
        let about_itself = match policy.kind {
            PolicyKind::Trust | PolicyKind::Grant => true,
            // Who has it is compared as a whole.
            PolicyKind::Identity => is_compared,
            _ => is_own(policy),
        };
        let origin = &policy.origin;
        let at_address = |policies: &'_ [Policy]| {
            let same = policies
                .iter()
                .filter(|other| other.origin.address == origin.address);
            same.count()
        };
        let was = self
            .old
            .policies
            .iter()
            .find(|was| was.origin.address == origin.address)?;
        let same = was.kind == policy.kind && was.origin.resource_type == origin.resource_type;
        let is_one = at_address(&self.old.policies) == 1 && at_address(&new.policies) == 1;
        let document = was.document.as_ref().ok()?;
        (about_itself && same && is_one).then_some((document, was))
    }

    /// Whether something is in a nested stack, of either side.
    pub fn is_nested(&self, address: &str) -> bool {
        let id = resource_of(address);
        let of = |root: View<'_>| resources(root).contains_key(id);
        id.contains('.') && !of(self.roots.0) && !of(self.roots.1)
    }

    /// Whether a resource is in both with the same type, and all stacks around it are.
    pub fn is_kept(&self, id: &str) -> bool {
        match self.stacks.find(id) {
            Some(stack) if self.is_nested(id) => stack.is_kept(id),
            _ => self.sides.is_kept(id),
        }
    }

    /// Whether no attribute of a resource can have changed.
    pub fn is_fixed(&self, id: &str) -> bool {
        match self.stacks.find(id) {
            Some(stack) if self.is_nested(id) => stack.is_fixed(id),
            _ => self.sides.is_fixed(id),
        }
    }

    /// Whether a text names something that may have another value, in whatever template.
    pub fn may_move(&self, text: &str) -> bool {
        self.sides.may_move(text) || self.stacks.may_move(text)
    }

    /// Whether the earlier template has an identity of that logical id.
    pub fn was_identity(&self, id: &str) -> bool {
        self.old.principals.iter().any(|was| was.address == id)
    }

    /// Whether the groups of a user are written otherwise, or may be others.
    pub fn has_other_groups(&self, id: &str) -> bool {
        let (roots, local) = match self.stacks.find(id) {
            Some(stack) if self.is_nested(id) => (stack.roots, stack.local(id)),
            _ => (self.roots, id),
        };
        let groups = |root: View<'n>| resources(root).get(local)?.get("Properties")?.get("Groups");
        match (groups(roots.0), groups(roots.1)) {
            (None, None) => false,
            (Some(old), Some(new)) => {
                let may_move = || texts(new).into_iter().any(|text| self.may_move(text));
                !same_view(old, new) || may_move()
            }
            _ => true,
        }
    }

    /// Whether an unknown value is the same in both: a pseudo parameter of the stack, or something of a resource that
    /// stays.
    pub fn has_same_value(&self, id: &HoleId, is_stable: bool) -> bool {
        if id.0.starts_with("AWS::") && is_stable {
            return true;
        }
        // What another stack of the run exports is that stack's.
        if id.0.contains(": ") {
            return false;
        }
        let first = |name: &str| self.sides.is_fixed(name.split('.').next().unwrap_or_default());
        match self.stacks.find(&id.0) {
            Some(stack) if self.is_nested(&id.0) => stack.is_fixed(&id.0),
            _ => first(&id.0),
        }
    }

    /// The earlier document. Its unknown values may be others now, but for those that cannot change in between.
    fn renamed(&self, document: &PolicyDocument, was: &Policy, policy: &Policy) -> (Before, Vec<Hole>) {
        let holds = |holes: &[Hole], id: &HoleId| holes.iter().any(|hole| hole.id == *id && hole.stable);
        let same_value =
            |id: &HoleId| self.has_same_value(id, holds(&was.holes, id) && holds(&policy.holes, id));
        let has_guards = document
            .statements
            .iter()
            .any(|statement| !statement.guard.is_empty());
        if !has_guards && document.holes().into_iter().all(&same_value) {
            return (Before::Document(document.clone()), Vec::new());
        }
        let document = document.renaming_unknowns(policy.kind.document_kind(), same_value, SUFFIX);
        let holes = was.holes.iter().map(|hole| Hole {
            id: HoleId::new(&format!("{}{SUFFIX}", hole.id.0)),
            default: None,
            ..hole.clone()
        });
        (Before::Document(document), holes.collect())
    }

    /// Whether a document that is for another resource is known to be for the same one as before: all beside it is the
    /// same, and nothing there can have another value.
    fn stays_on_its_resource(&self, policy: &Policy) -> bool {
        let depends_on_properties = match policy.kind {
            // What is attached to whom is compared as a whole; a permission says itself what it is for.
            PolicyKind::Identity | PolicyKind::Trust | PolicyKind::Grant => false,
            PolicyKind::Resource
            | PolicyKind::Boundary
            | PolicyKind::Session
            | PolicyKind::Scp
            | PolicyKind::Rcp
            | PolicyKind::Endpoint => !is_own(policy),
        };
        let id = resource_of(&policy.origin.address);
        if !depends_on_properties || self.sides.is_fixed(id) {
            return true;
        }
        let own = path_of(&policy.origin.address).next().unwrap_or_default();
        let others = |root: View<'n>| {
            resources(root)
                .get(id)
                .and_then(|resource| resource.get("Properties"))
        };
        let (Some(old), Some(new)) = (others(self.roots.0), others(self.roots.1)) else {
            return false;
        };
        let (old, new) = (beside(old, own), beside(new, own));
        let same = |((name, value), (other, theirs)): (&(&str, View<'_>), &(&str, View<'_>))| {
            name == other && same_view(*value, *theirs)
        };
        let mut values = new.iter().flat_map(|(_, value)| texts(*value));
        old.len() == new.len()
            && old.iter().zip(&new).all(same)
            && !values.any(|text| self.sides.may_move(text))
    }

    fn was_sensitive(&self, policy: &Policy) -> bool {
        let mut same = self.old.policies.iter();
        same.any(|was| was.sensitive && was.origin.address == policy.origin.address)
    }

    /// Why the earlier template is not what was deployed, if something rewrites it.
    pub fn rewritten(&self) -> Option<String> {
        let own = resources(self.roots.0);
        let is_of_resource = |address: &str| {
            let id = resource_of(address);
            own.contains_key(id)
                || id
                    .split_once('.')
                    .is_some_and(|(stack, _)| own.contains_key(stack))
        };
        let gap = self
            .old
            .gaps
            .iter()
            .find(|gap| !is_of_resource(&gap.origin.address))?;
        let (GapReason::UnknownUntilApply(text)
        | GapReason::UnknownManagedPolicy(text)
        | GapReason::Unsupported(text)
        | GapReason::UnknownType(text)
        | GapReason::UnexpectedShape(text)
        | GapReason::Incomplete(text)) = &gap.reason;
        Some(text.clone())
    }
}

/// The logical id in an address.
pub(super) fn resource_of(address: &str) -> &str {
    address.split('/').next().unwrap_or_default()
}

/// Whether a document is about the resource that it is written in.
pub(super) fn is_own(policy: &Policy) -> bool {
    row_of(policy).is_some_and(|row| row.attaches_to == "self" || row.kind == RowKind::Trust)
}

/// The row of the table that a policy was found by.
fn row_of(policy: &Policy) -> Option<&'static Row> {
    let fits = |row: &&Row| {
        let segments = row.path.split('.').map(|segment| segment.trim_end_matches("[]"));
        row.resource_type == policy.origin.resource_type && segments.eq(path_of(&policy.origin.address))
    };
    cloudformation_rows().iter().find(fits)
}

/// The names of an address after the logical id, without positions.
fn path_of(address: &str) -> impl Iterator<Item = &str> {
    let is_position = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    address
        .split('/')
        .skip(1)
        .filter(move |segment| !is_position(segment))
}

fn beside<'n>(properties: View<'n>, own: &str) -> Vec<(&'n str, View<'n>)> {
    let entries = properties.entries().unwrap_or_default();
    entries
        .iter()
        .filter_map(|(key, value)| Some((key_text(key)?, View::of(value))))
        .filter(|(name, _)| *name != own)
        .collect()
}
