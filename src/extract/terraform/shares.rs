//! Changes to what shares of the Resource Access Manager share, and to what their permissions allow: neither lets anybody
//! in by itself, but whoever is in may do more, which no table tells. So the comparison with what is deployed is not decided.

use crate::extract::{IdentityChange, PolicyKind};

use super::Context;
use super::attributes::{Value, attributes};
use super::configuration::{Configured, Target as Reference};
use super::found::Found;
use super::removed::{Target, compare};
use super::resource::{Resource, View};

const SHARE: &str = "resource_share_arn";

/// Adds what a resource change does to those whom shares let in.
pub(super) fn extract(context: &Context<'_>, resource: &Resource<'_>, found: &mut Found) {
    let stays = resource.after.is_some() && resource.mode == "resource" && !resource.deposed;
    if resource.view != View::Change || !stays || !resource.is_changed() {
        return;
    }
    let is_new = resource.before.is_none();
    let other = |name: &str| compare(resource, name) != Target::Same;
    let what = match resource.resource_type.as_str() {
        "aws_ram_resource_share" if !is_new && other("permission_arns") => {
            "the permissions of a share change"
        }
        "awscc_ram_permission" if !is_new && other("policy_template") => {
            "what a permission of shares allows changes"
        }
        "aws_ram_resource_association" if is_of_new_share(context, resource) => return,
        "aws_ram_resource_association" if is_new || other("resource_arn") || other(SHARE) => {
            "a resource is added to a share"
        }
        _ => return,
    };
    found.extraction.changes.push(IdentityChange {
        origin: resource.origin("", resource.place(context.text, context.file)),
        identities: Vec::new(),
        what: what.to_owned(),
        kind: PolicyKind::Grant,
    });
}

/// Whether the share is one of the plan whose ARN is not known: it is made when the plan is applied, and so is whatever
/// lets somebody in.
fn is_of_new_share(context: &Context<'_>, resource: &Resource<'_>) -> bool {
    let Configured::Yes(references) = context.configuration.attribute(resource, SHARE) else {
        return false;
    };
    let found = attributes(resource, SHARE).unwrap_or_default();
    let is_unknown = matches!(found.first().map(|found| found.value), Some(Value::Unknown));
    let targets = context.configuration.trace(resource, &references);
    is_unknown
        && !targets.is_empty()
        && targets.iter().all(|target| {
            matches!(target, Reference::Resource { mode: "resource", resource_type, .. }
                if resource_type == "aws_ram_resource_share")
        })
}
