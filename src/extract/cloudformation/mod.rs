//! CloudFormation templates: every property is resolved in each world that the undecided conditions leave open, and
//! what is known only at deployment becomes a hole. Nothing is evaluated by guessing a value.

mod acl;
mod attachments;
mod boundary;
mod conditions;
mod deployed;
mod earlier;
mod emit;
mod estate;
mod exported;
mod intrinsics;
mod looks_like;
mod misplaced;
mod narrowed;
mod nested;
mod parameters;
mod pattern;
mod permissions;
mod policy;
mod principals;
mod references;
mod removed;
mod resources;
mod sam;
mod shapes;
mod sides;
mod stacks;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod transforms;
mod treatment;
mod urls;
mod values;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::{FileId, Node};

use self::attachments::read_links;
pub use self::earlier::{EarlierTemplate, extract_template_since};
use self::emit::Site;
use self::estate::Estate;
pub use self::exported::{Imported, exports_of};
pub use self::nested::{NestedLocation, NestedTemplates, nested_locations};
use self::principals::principals;
use self::resources::{read_resource, worlds_of};
use self::sam::Expanded;
use self::syntax::View;
use self::template::Template;
use self::transforms::{SERVERLESS, names, read_transforms};
use super::{Environment, Extraction, Gap, GapReason, Origin, Provenance};

/// What the command line says about a template's environment.
#[derive(Debug, Clone, Default)]
pub struct CloudFormationOptions {
    /// Given parameter values.
    pub parameters: BTreeMap<String, String>,
    /// Whether parameters that are not given take their defaults as if given.
    pub assume_defaults: bool,
    /// Values of exports of other stacks, by name.
    pub exports: BTreeMap<String, String>,
    /// What other stacks of the run export, by name.
    pub imports: Arc<BTreeMap<String, Imported>>,
    /// Account, region and partition, where given.
    pub environment: Environment,
    /// Extra places to look for policies: type, property path, kind.
    pub extra: Vec<(String, String, super::PolicyKind)>,
    /// The templates of nested stacks.
    pub nested: Arc<NestedTemplates>,
}

/// Everything in a template. `Err` only when the tree is no template that can be read at all (no resources, a
/// resource without `Type`); the message quotes nothing of the file but keys.
pub fn extract_template(
    tree: &Node,
    file: FileId,
    options: &CloudFormationOptions,
) -> Result<Extraction, String> {
    let opened = nested::open(tree, file, options)?;
    let estate = Estate::open(&opened, options)?;
    let templates: Vec<Template<'_>> = estate.templates().collect();
    let mut extraction = Extraction {
        environment: options.environment.clone(),
        ..Extraction::default()
    };
    let links = read_links(&templates, &mut extraction);
    for (template, opened) in templates.iter().zip(&opened) {
        for resource in &template.resources {
            read_resource(
                Site {
                    template,
                    resource: *resource,
                },
                &links,
                &mut extraction,
            );
        }
        read_transforms(opened, &mut extraction);
        extraction.names.extend(construct_paths(template));
        if let Some(expanded) = &opened.expanded {
            tell_expanded(template, expanded, &mut extraction);
        }
    }
    extraction.nested = templates.iter().filter_map(there).collect();
    extraction.principals = principals(&templates, &links, &extraction);
    if let Some(template) = templates.first() {
        hide_secrets(template, &mut extraction);
    }
    Ok(extraction)
}

/// The file of a nested stack that is there in some world.
fn there(template: &Template<'_>) -> Option<FileId> {
    let (holder, stack) = template.holder()?;
    let worlds = worlds_of(&holder, stack).ok()?;
    (!worlds.is_empty()).then_some(template.file)
}

/// The paths of the constructs that the CDK made the resources of.
fn construct_paths(template: &Template<'_>) -> impl Iterator<Item = (String, String)> {
    const LONGEST: usize = 300;
    let named = template.resources.iter().filter_map(|resource| {
        let path = resource.view.get("Metadata")?.get("aws:cdk:path")?.scalar()?;
        Some((resource.id, path.strip_suffix("/Resource").unwrap_or(path)))
    });
    let short = named.filter(|(_, path)| !path.is_empty() && path.len() <= LONGEST);
    short.map(|(id, path)| (id.to_owned(), path.to_owned()))
}

/// The template with its serverless resources written out, if it has any.
fn expanded(written: View<'_>, options: &CloudFormationOptions) -> Option<Expanded> {
    let is_serverless = names(written).iter().any(|transform| transform == SERVERLESS);
    is_serverless.then(|| sam::expand(written, options)).flatten()
}

/// Tells what of the serverless resources could not be told, and which documents nobody wrote.
fn tell_expanded(template: &Template<'_>, expanded: &Expanded, extraction: &mut Extraction) {
    for unknown in &expanded.unknown {
        let resource = template.resource(&unknown.owner);
        if resource
            .is_some_and(|resource| worlds_of(template, resource).is_ok_and(|worlds| worlds.is_empty()))
        {
            continue;
        }
        let origin = Origin {
            address: template.own(&unknown.address),
            resource_type: resource.map_or_else(String::new, |resource| resource.resource_type.to_owned()),
            place: template.place(unknown.span),
            statements: Vec::new(),
            block: None,
            rebuilt: None,
        };
        extraction.gaps.push(Gap {
            origin,
            reason: unknown.reason.clone(),
            kind: unknown.kind,
        });
    }
    for policy in &mut extraction.policies {
        let local = policy.origin.address.strip_prefix(template.prefix);
        if local.is_some_and(|local| expanded.synthesised.contains(local)) {
            policy.provenance = Provenance::Synthesised;
        }
    }
}

/// Takes values that must not be shown out of what is shown beside the documents.
fn hide_secrets(template: &Template<'_>, extraction: &mut Extraction) {
    let hide = |text: &mut String| *text = template.without_secrets(std::mem::take(text));
    for gap in &mut extraction.gaps {
        let (GapReason::UnknownUntilApply(text)
        | GapReason::UnknownManagedPolicy(text)
        | GapReason::Unsupported(text)
        | GapReason::UnknownType(text)
        | GapReason::UnexpectedShape(text)
        | GapReason::Incomplete(text)) = &mut gap.reason;
        hide(text);
    }
    extraction
        .policies
        .iter_mut()
        .flat_map(|policy| &mut policy.attached_to)
        .for_each(hide);
    for principal in &mut extraction.principals {
        let shown = principal.policies.iter_mut().chain(&mut principal.boundary);
        shown.chain([&mut principal.address]).for_each(hide);
    }
}
