//! Policy documents at the attributes of a resource: each becomes a policy, a gap, or is counted as no policy.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::extract::tables::Row;
use crate::extract::{Before, Gap, GapReason, Policy, PolicyKind, Provenance};
use crate::iam::{DocumentKind, Invalid, Parsed, parse_document, parse_json};

use super::Context;
use super::attributes::{Attribute, Value, attributes, block_name, marks_something};
use super::changes::as_it_was;
use super::configuration::Configured;
use super::earlier::was_unknown;
use super::found::{Found, Link};
use super::json::{Json, Shape};
use super::rebuild::{Made, rebuild};
use super::removed::Target;
use super::resource::{Resource, View};
use super::rows::{documents_of, is_computed, is_required, rows_of};
use super::ties;

/// An attribute that holds documents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<'r> {
    /// As in the table: `inline_policy[].policy`.
    pub path: &'r str,
    pub kind: PolicyKind,
    pub presence: Presence,
    /// Whether it is the only such attribute of its type: then the address of the resource names it.
    pub is_only: bool,
}

/// What it means when an attribute is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// The provider demands it.
    Required,
    /// It may be missing.
    Optional,
    /// It may be missing, and then the provider fills it in.
    Computed,
}

impl<'r> Slot<'r> {
    /// The slot of a row of the table.
    pub fn of_row(row: &'r Row, kind: PolicyKind) -> Slot<'r> {
        let presence = match (is_required(row), is_computed(row)) {
            (true, _) => Presence::Required,
            (false, true) => Presence::Computed,
            (false, false) => Presence::Optional,
        };
        Slot {
            path: row.path,
            kind,
            presence,
            is_only: documents_of(row.resource_type) == 1,
        }
    }
}

/// Adds what is at a slot of a resource, and links identity policies to those they are attached to.
pub(super) fn extract<'a>(context: &Context<'a>, resource: &Resource<'a>, slot: Slot<'_>, found: &mut Found) {
    let (policies, gaps) = (found.extraction.policies.len(), found.extraction.gaps.len());
    extract_attributes(context, resource, slot, found);
    if slot.kind != PolicyKind::Identity {
        return;
    }
    let targets = context.identities.targets(&context.configuration, resource);
    for policy in found.extraction.policies.iter().skip(policies) {
        let inline = inline_name(resource, slot, &policy.origin.address);
        found.links.push(Link {
            inline: Some(inline),
            ..ties::link(
                context,
                resource,
                slot.path,
                policy.origin.address.clone(),
                &targets,
            )
        });
    }
    if !targets.untold.is_empty() || found.extraction.gaps.len() > gaps {
        found.open(&targets);
    }
}

/// The name of the inline policy whose document has that address, where it is known.
fn inline_name(resource: &Resource<'_>, slot: Slot<'_>, address: &str) -> Option<String> {
    let values = resource.after?.object().ok()?;
    let Some((blocks, _)) = slot.path.split_once("[]") else {
        return values.string("name").or_else(|| values.string("policy_name"));
    };
    let (_, attribute) = address.rsplit_once(&format!("/{blocks}["))?;
    let at: usize = attribute.split(']').next()?.parse().ok()?;
    let block = values.get(blocks)?.list().ok()?.into_iter().nth(at)?;
    block_name(block)
}

fn extract_attributes<'a>(context: &Context<'a>, resource: &Resource<'a>, slot: Slot<'_>, found: &mut Found) {
    let attributes = match attributes(resource, slot.path) {
        Ok(attributes) => attributes,
        Err(error) => {
            let invalid = Invalid {
                message: error.in_text(context.text),
                statement: None,
            };
            let origin = resource.origin("", resource.place(context.text, context.file));
            found.policy(policy(resource, slot.kind, origin, Err(invalid)));
            return;
        }
    };
    if attributes.is_empty() && slot.presence == Presence::Required {
        found.gap(missing(context, resource, slot));
    } else if attributes.is_empty() && is_untold(context, resource) && !has_member(resource, slot.path) {
        let reason = unknown_reason(context, resource, slot.path, Presence::Computed);
        found.gap_if(reason.map(|reason| Gap {
            reason,
            ..missing(context, resource, slot)
        }));
    }
    for attribute in attributes {
        at_attribute(context, resource, slot, &attribute, found);
    }
}

/// Whether the first name of a path is there, be it empty.
fn has_member(resource: &Resource<'_>, path: &str) -> bool {
    let name = path.split(['.', '[']).next().unwrap_or_default();
    let values = resource.after.and_then(|values| values.object().ok());
    values.is_some_and(|values| values.get(name).is_some())
}

/// Whether only `planned_values` tells of a resource.
pub(super) fn is_untold(context: &Context<'_>, resource: &Resource<'_>) -> bool {
    resource.view == View::Planned && !context.is_told_by_changes(&resource.address)
}

/// The reason of a gap for an attribute that is known after apply, if it is configured or must be there; `None` if
/// only the provider fills it in.
pub(super) fn unknown_reason(
    context: &Context<'_>,
    resource: &Resource<'_>,
    path: &str,
    presence: Presence,
) -> Option<GapReason> {
    let depends = |references: &[String]| match references {
        [] => GapReason::UnknownUntilApply(format!("the expression of `{path}`")),
        references => GapReason::UnknownUntilApply(references.join(", ")),
    };
    match (context.configuration.attribute(resource, path), presence) {
        (Configured::Yes(references), _) => Some(depends(&references)),
        (Configured::No, Presence::Required) => Some(depends(&[])),
        (Configured::No, Presence::Optional | Presence::Computed) => None,
        // Without a configuration it cannot be told who fills it in.
        (Configured::NotTold, _) => Some(depends(&[])),
    }
}

/// A policy at a resource, with nothing known of it but its document.
pub(super) fn policy(
    resource: &Resource<'_>,
    kind: PolicyKind,
    origin: crate::extract::Origin,
    parsed: Result<Parsed, Invalid>,
) -> Policy {
    let (document, notes) = match parsed {
        Ok(Parsed { document, notes }) => (Ok(document), notes),
        Err(invalid) => (Err(invalid), Vec::new()),
    };
    Policy {
        document,
        kind,
        origin,
        before: Before::Created,
        attached_to: Vec::new(),
        holes: Vec::new(),
        provenance: Provenance::Literal,
        sensitive: false,
        changed: resource.is_changed(),
        notes,
        default_facts: Vec::new(),
    }
}

/// What a value holds, where a document is expected.
pub(super) enum Content {
    /// Nothing: no policy.
    Nothing,
    /// The text of a document.
    Text(String),
    /// Something that no document is.
    Other,
}

/// The content of a value: documents are JSON texts, or objects in some providers.
pub(super) fn content(value: Json<'_>) -> Result<Content, Invalid> {
    match value.shape() {
        Shape::Null => Ok(Content::Nothing),
        Shape::Object => Ok(Content::Text(value.text().to_owned())),
        Shape::String => match value.string() {
            Ok(text) => Ok(Content::Text(text)),
            Err(_) => Err(Invalid {
                message: "the text of the policy has an escape that means no character".to_owned(),
                statement: None,
            }),
        },
        Shape::Bool(_) | Shape::Number | Shape::List => Ok(Content::Other),
    }
}

/// What each text is as each kind of document.
type ByText<'a> = HashMap<(&'a str, DocumentKind), Result<Parsed, Invalid>>;

/// The documents of a plan that were parsed, by their text in the plan: equal ones are parsed once and shared.
#[derive(Debug, Default)]
pub(super) struct Documents<'a>(Mutex<ByText<'a>>);

impl<'a> Documents<'a> {
    /// Parses the text of a value.
    fn parse(&self, value: Json<'a>, text: &str, kind: PolicyKind) -> Result<Parsed, Invalid> {
        let key = (value.text(), kind.document_kind());
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = known().get(&key) {
            return parsed.clone();
        }
        let parsed = parse(text, kind);
        known().entry(key).or_insert(parsed).clone()
    }
}

/// Parses the text of a document.
pub(super) fn parse(text: &str, kind: PolicyKind) -> Result<Parsed, Invalid> {
    parse_document(&parse_json(text)?, kind.document_kind())
}

fn at_attribute<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    slot: Slot<'_>,
    attribute: &Attribute<'a>,
    found: &mut Found,
) {
    let gap = |reason| gap(context, resource, slot, attribute, reason);
    match attribute.value {
        Value::Absent if slot.presence == Presence::Required => {
            // What is unknown has no mark in `planned_values`; there the changes have told of it.
            if resource.view == View::Change || !context.is_told_by_changes(&resource.address) {
                found.gap(missing(context, resource, slot));
            }
        }
        // What is unknown has no mark in `planned_values`, but it is configured.
        Value::Absent if is_untold(context, resource) => {
            let presence = if attribute.in_block {
                Presence::Required
            } else {
                Presence::Computed
            };
            if let Some(reason) = unknown_reason(context, resource, slot.path, presence) {
                found.gap(gap(reason));
            }
        }
        Value::Absent => {}
        Value::Misshapen => found.gap(gap(unexpected(slot.path))),
        Value::Unknown => {
            match rebuild(context, resource, slot.path, slot.kind) {
                Some(Ok(made)) => return found.policy(rebuilt(context, resource, slot, attribute, &made)),
                Some(Err(reason)) => return found.gap(gap(reason)),
                None => {}
            }
            let presence = if attribute.in_block {
                Presence::Required
            } else {
                slot.presence
            };
            match unknown_reason(context, resource, slot.path, presence) {
                Some(reason) => found.gap(gap(reason)),
                None => found.no_policy(),
            }
        }
        Value::Known(value) if value.shape() == Shape::Object && marks_something(attribute.marks) => {
            let reason = unknown_reason(context, resource, slot.path, Presence::Required);
            if let Some(reason) = reason {
                found.gap(gap(reason));
            }
        }
        Value::Known(value) => match content(value) {
            Ok(Content::Nothing) => {}
            Ok(Content::Text(text)) if is_no_policy(&text, resource, slot) => found.no_policy(),
            Ok(Content::Text(text)) => {
                let parsed = context.documents.parse(value, &text, slot.kind);
                found.policy(known(context, resource, slot, attribute, parsed));
            }
            Ok(Content::Other) => found.gap(gap(unexpected(slot.path))),
            Err(invalid) => found.policy(known(context, resource, slot, attribute, Err(invalid))),
        },
    }
}

/// Providers write an empty text for an attribute that is not set, and access points `{}` to take a policy away.
fn is_no_policy(text: &str, resource: &Resource<'_>, slot: Slot<'_>) -> bool {
    match text.trim() {
        "" => slot.presence != Presence::Required,
        "{}" => resource.resource_type == "aws_s3_access_point",
        _ => false,
    }
}

fn known<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    slot: Slot<'_>,
    attribute: &Attribute<'a>,
    parsed: Result<Parsed, Invalid>,
) -> Policy {
    let origin = origin(context, resource, slot, attribute);
    Policy {
        before: before(context, resource, slot, attribute),
        sensitive: attribute.is_sensitive || was_sensitive(resource, slot),
        ..policy(resource, slot.kind, origin, parsed)
    }
}

/// A document that is known only after apply, as far as its data source tells.
fn rebuilt<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    slot: Slot<'_>,
    attribute: &Attribute<'a>,
    made: &Made,
) -> Policy {
    let policy = known(context, resource, slot, attribute, made.parsed.clone());
    Policy {
        origin: crate::extract::Origin {
            statements: made.places.clone(),
            rebuilt: Some(made.rebuilt.clone()),
            ..policy.origin
        },
        holes: made.holes.clone(),
        default_facts: made.default_facts.clone(),
        provenance: Provenance::Reconstructed,
        sensitive: policy.sensitive || made.sensitive,
        ..policy
    }
}

/// Whether any document at the slot was sensitive: what is said of the new one may repeat it.
fn was_sensitive(resource: &Resource<'_>, slot: Slot<'_>) -> bool {
    resource.before_sensitive.is_some()
        && attributes(&as_it_was(resource), slot.path)
            .map_or(true, |found| found.iter().any(|attribute| attribute.is_sensitive))
}

/// Said of what an earlier plan does not tell.
pub(super) const UNKNOWN_BEFORE: &str = "the earlier plan knows it only after apply";

/// The deployed version: the same attribute before the change, whatever the change does.
fn before<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    slot: Slot<'_>,
    attribute: &Attribute<'a>,
) -> Before {
    if resource.view == View::State {
        return Before::NotTold;
    }
    if resource.view != View::Change {
        let told = context.is_told_by_changes(&resource.address);
        let what = if told {
            "the plan tells of it in two ways"
        } else {
            "the plan does not tell what was there"
        };
        return Before::Unreadable(what.to_owned());
    }
    if was_unknown(context, resource, slot.path) {
        return Before::Unreadable(UNKNOWN_BEFORE.to_owned());
    }
    let Some(value) = attribute.before else {
        return Before::Created;
    };
    let row = rows_of(&resource.resource_type)
        .iter()
        .find(|row| row.path == slot.path);
    match row.map_or(Target::Same, |row| Target::of(resource, row)) {
        Target::Same => {}
        Target::Other => return Before::Created,
        Target::Unknown => {
            return Before::Unreadable(
                "whether it stays on its resource is known only after apply".to_owned(),
            );
        }
    }
    match content(value) {
        Ok(Content::Nothing) => Before::Created,
        Ok(Content::Text(text)) if text.trim().is_empty() => Before::Created,
        Ok(Content::Text(text)) if is_no_policy(&text, resource, slot) => Before::Created,
        Ok(Content::Text(text)) => match context.documents.parse(value, &text, slot.kind) {
            Ok(parsed) => Before::Document(parsed.document),
            Err(invalid) => {
                Before::Unreadable(format!("the deployed policy is not valid: {}", invalid.message))
            }
        },
        Ok(Content::Other) => Before::Unreadable("the deployed policy has an unexpected shape".to_owned()),
        Err(invalid) => Before::Unreadable(invalid.message),
    }
}

fn origin(
    context: &Context<'_>,
    resource: &Resource<'_>,
    slot: Slot<'_>,
    attribute: &Attribute<'_>,
) -> crate::extract::Origin {
    let alone = slot.is_only && !slot.path.contains("[]");
    let suffix = if alone || attribute.path.is_empty() {
        String::new()
    } else {
        format!("/{}", attribute.path)
    };
    let place = match (attribute.value, attribute.nearest) {
        (Value::Known(json), _) | (_, Some(json)) => json.place(context.text, context.file),
        _ => resource.place(context.text, context.file),
    };
    resource.origin(&suffix, place)
}

fn gap(
    context: &Context<'_>,
    resource: &Resource<'_>,
    slot: Slot<'_>,
    attribute: &Attribute<'_>,
    reason: GapReason,
) -> Gap {
    Gap {
        origin: origin(context, resource, slot, attribute),
        reason,
        kind: Some(slot.kind),
    }
}

fn missing(context: &Context<'_>, resource: &Resource<'_>, slot: Slot<'_>) -> Gap {
    let name = slot.path.split('.').next().unwrap_or_default();
    let suffix = if slot.is_only {
        String::new()
    } else {
        format!("/{name}")
    };
    Gap {
        origin: resource.origin(&suffix, resource.place(context.text, context.file)),
        reason: GapReason::UnexpectedShape(format!("required attribute missing: `{}`", slot.path)),
        kind: Some(slot.kind),
    }
}

fn unexpected(path: &str) -> GapReason {
    GapReason::UnexpectedShape(format!("`{path}` has an unexpected shape"))
}
