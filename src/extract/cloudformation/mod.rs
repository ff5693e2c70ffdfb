//! CloudFormation templates: every property is resolved in each world that the undecided conditions leave open, and
//! what is known only at deployment becomes a hole. Nothing is evaluated by guessing a value.

mod attachments;
mod conditions;
mod earlier;
mod emit;
mod intrinsics;
mod looks_like;
mod misplaced;
mod parameters;
mod permissions;
mod policy;
mod principals;
mod references;
mod removed;
mod resources;
mod sam;
mod sides;
mod syntax;
mod template;
mod transforms;
mod treatment;
mod values;
mod walk;

use std::collections::BTreeMap;

use crate::source::{FileId, Node};

use self::attachments::read_links;
pub use self::earlier::{EarlierTemplate, extract_template_since};
use self::emit::Site;
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
    /// Account, region and partition, where given.
    pub environment: Environment,
    /// Extra places to look for policies: type, property path, kind.
    pub extra: Vec<(String, String, super::PolicyKind)>,
}

/// Everything in a template. `Err` only when the tree is no template that can be read at all (no resources, a
/// resource without `Type`); the message quotes nothing of the file but keys.
pub fn extract_template(
    tree: &Node,
    file: FileId,
    options: &CloudFormationOptions,
) -> Result<Extraction, String> {
    let written = View::of(tree);
    if written.entries().is_none() {
        return Err("the template is not a mapping".to_owned());
    }
    let transforms = names(written);
    let expanded = expanded(written, options);
    let root = expanded
        .as_ref()
        .map_or(written, |expanded| View::of(&expanded.tree));
    let template = Template::open(root, file, options, &transforms)?;
    let mut extraction = Extraction {
        environment: options.environment.clone(),
        ..Extraction::default()
    };
    let links = read_links(&template, &mut extraction);
    for resource in &template.resources {
        read_resource(
            Site {
                template: &template,
                resource: *resource,
            },
            &links,
            &mut extraction,
        );
    }
    read_transforms(written, file, &transforms, &mut extraction);
    if let Some(expanded) = expanded.as_ref() {
        tell_expanded(&template, expanded, &mut extraction);
    }
    extraction.principals = principals(&template, &links, &extraction);
    hide_secrets(&template, &mut extraction);
    Ok(extraction)
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
            address: unknown.address.clone(),
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
        if expanded.synthesised.contains(&policy.origin.address) {
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
