//! Terraform plans (`terraform show -json`): policies from what will be, what was from `before`, and a gap for all that
//! is known only after apply.

mod addresses;
mod attributes;
mod configuration;
mod documents;
mod environment;
mod json;
mod looks_like;
mod plan;
mod resource;
mod rows;

use std::collections::BTreeSet;

use crate::source::{FileId, Place, Span};

use super::{Extraction, Gap, GapReason, Origin, PolicyKind};
use configuration::Configuration;
use documents::{Presence, Slot};
use resource::{Resource, View};
use rows::{Treatment, rows_of, treatment};

/// Everything in a plan. `Err` only when the text is no plan that can be read at all: malformed JSON, duplicate keys,
/// unsupported format version, no planned changes section. The message has `line:column` where known and quotes nothing.
pub fn extract_plan(
    text: &str,
    file: FileId,
    extra: &[(String, String, PolicyKind)],
) -> Result<Extraction, String> {
    let keep = |resource: &Resource<'_>| is_of_interest(resource, extra);
    let plan = plan::read(text, &keep)?;
    let told = plan.resources.iter().filter(|resource| resource.view == View::Change);
    let context = Context {
        text,
        file,
        configuration: Configuration::read(plan.configuration.as_ref()),
        told: told.map(|resource| resource.address.clone()).collect(),
    };
    let mut found = Found::default();
    for reason in &plan.incomplete {
        found.gaps.push(whole_plan(&context, GapReason::Incomplete((*reason).to_owned())));
    }
    for resource in &plan.resources {
        extract_resource(&context, resource, extra, &mut found);
    }
    found.environment = environment::environment(&plan.prior, plan.configuration.as_ref());
    found.notes = plan.notes;
    Ok(found)
}

/// What is being filled.
type Found = Extraction;

/// What all parts of the extraction look things up in.
struct Context<'a> {
    text: &'a str,
    file: FileId,
    configuration: Configuration<'a>,
    /// Addresses that `resource_changes` tells of.
    told: BTreeSet<String>,
}

impl Context<'_> {
    fn is_told_by_changes(&self, address: &str) -> bool {
        self.told.contains(address)
    }
}

fn is_of_interest(resource: &Resource<'_>, extra: &[(String, String, PolicyKind)]) -> bool {
    match (resource.view, resource.mode) {
        (View::Prior, "data") => PRIOR_DATA.contains(&resource.resource_type.as_str()),
        (View::Prior, _) => false,
        (View::Change | View::Planned, "data") => resource.resource_type == "aws_iam_policy_document",
        (View::Change | View::Planned, _) => {
            !rows_of(&resource.resource_type).is_empty()
                || extra.iter().any(|(resource_type, ..)| *resource_type == resource.resource_type)
                || resource.resource_type.is_empty()
                || resource.after.is_some_and(looks_like::may_look_like_policy)
        }
    }
}

/// Data sources that were read while planning and tell something.
const PRIOR_DATA: [&str; 4] = ["aws_caller_identity", "aws_partition", "aws_region", "aws_iam_policy"];

fn extract_resource<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    extra: &[(String, String, PolicyKind)],
    found: &mut Found,
) {
    if resource.deposed {
        return;
    }
    if resource.mode == "data" {
        // A building block: what uses it is checked, or is a gap.
        found.not_policies += 1;
        return;
    }
    if resource.view == View::Change && resource.actions.is_empty() {
        let reason = "the change has no actions, so it cannot be told what happens".to_owned();
        found.gaps.push(whole_resource(context, resource, GapReason::UnexpectedShape(reason)));
    }
    if resource.after.is_none() {
        return;
    }
    let rows = rows_of(&resource.resource_type);
    for row in rows {
        match treatment(row) {
            Treatment::Document(kind) => documents::extract(context, resource, Slot::of_row(row, kind), found),
            Treatment::ControlPolicy => {}
            Treatment::Attachment(_) | Treatment::Permission => {}
            Treatment::Unsupported(_) => {}
            Treatment::Data => {}
            Treatment::Never => found.not_policies += 1,
        }
    }
    for (_, path, kind) in extra.iter().filter(|(resource_type, ..)| *resource_type == resource.resource_type) {
        let slot = Slot { path, kind: *kind, presence: Presence::Optional, is_only: false };
        documents::extract(context, resource, slot, found);
    }
    let known: Vec<&str> = rows
        .iter()
        .map(|row| row.path)
        .chain(extra.iter().map(|(_, path, _)| path.as_str()))
        .filter_map(|path| path.split(['.', '[']).next())
        .collect();
    looks_like::extract(context, resource, &known, found);
}

fn whole_resource(context: &Context<'_>, resource: &Resource<'_>, reason: GapReason) -> Gap {
    Gap { origin: resource.origin("", resource.place(context.text, context.file)), reason, kind: None }
}

fn whole_plan(context: &Context<'_>, reason: GapReason) -> Gap {
    let place = Place { file: context.file, span: Span { start: 0, end: 0 } };
    let origin = Origin {
        address: "plan".to_owned(),
        resource_type: String::new(),
        place,
        statements: Vec::new(),
        block: None,
    };
    Gap { origin, reason, kind: None }
}
