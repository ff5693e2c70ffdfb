//! Adding what was found in a resource to what is extracted: a policy, or a gap.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::extract::{Before, Extraction, Gap, GapReason, Hole, Origin, Policy, PolicyKind, Provenance};
use crate::iam::{HoleId, TextPiece, Value};
use crate::source::{Place, Span};

use super::narrowed::parse_narrowed;
use super::policy::{Drawn, Found};
use super::syntax::View;
use super::template::{Resource, Template};
use super::walk::Blocked;

/// Where what is being read stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'t, 'n> {
    /// The template.
    pub template: &'t Template<'n>,
    /// The resource.
    pub resource: Resource<'n>,
}

/// Adds what was found at a place.
pub(super) fn emit(
    site: Site<'_, '_>,
    address: String,
    view: View<'_>,
    kind: PolicyKind,
    attached: &[String],
    found: Result<Found, GapReason>,
    extraction: &mut Extraction,
) {
    let secret = site.template.take_secret();
    let place = site.template.place(view.span);
    let found = match found {
        Ok(found) => found,
        Err(reason) => return gap(site, address, view.span, reason, Some(kind), extraction),
    };
    let (document, notes, statements, value) = match found {
        Found::Absent => {
            extraction.not_policies += 1;
            return;
        }
        Found::Invalid(invalid) => (Err(invalid), Vec::new(), Vec::new(), None),
        Found::Document(Drawn { value, statements }) => {
            match parse_narrowed(value, kind.document_kind(), site.template) {
                (value, Ok(parsed)) => (Ok(parsed.document), parsed.notes, statements, Some(value)),
                (value, Err(invalid)) => (Err(invalid), Vec::new(), statements, Some(value)),
            }
        }
    };
    let mut parts = Parts::default();
    if let Some(value) = &value {
        gather(value, &mut parts);
    }
    let holes: Vec<Hole> = parts
        .holes
        .iter()
        .filter_map(|hole| site.template.hole(hole))
        .collect();
    extraction.policies.push(Policy {
        document,
        kind,
        origin: origin_of(site, address, place, statements),
        before: Before::NotTold,
        attached_to: attached.to_vec(),
        holes,
        provenance: Provenance::Literal,
        sensitive: secret,
        changed: true,
        notes,
        default_facts: default_facts(site.template, &parts.facts),
    });
}

/// The truth of these facts where every parameter has a default.
pub(super) fn default_facts(template: &Template<'_>, facts: &BTreeSet<Arc<str>>) -> Vec<(Arc<str>, bool)> {
    facts
        .iter()
        .filter_map(|name| Some((name.clone(), template.default_truth(name)?)))
        .collect()
}

/// The origin of something in a resource.
pub(super) fn origin_of(site: Site<'_, '_>, address: String, place: Place, statements: Vec<Place>) -> Origin {
    Origin {
        address,
        resource_type: site.resource.resource_type.to_owned(),
        place,
        statements,
        block: None,
        rebuilt: None,
    }
}

/// Adds a gap.
pub(super) fn gap(
    site: Site<'_, '_>,
    address: String,
    span: Span,
    reason: GapReason,
    kind: Option<PolicyKind>,
    extraction: &mut Extraction,
) {
    let origin = origin_of(site, address, site.template.place(span), Vec::new());
    extraction.gaps.push(Gap { origin, reason, kind });
}

/// Adds the gap of a path that cannot be followed.
pub(super) fn block(
    site: Site<'_, '_>,
    blocked: Blocked,
    kind: Option<PolicyKind>,
    extraction: &mut Extraction,
) {
    gap(
        site,
        blocked.address,
        blocked.span,
        blocked.reason,
        kind,
        extraction,
    );
}

/// The holes of a value.
pub(super) fn holes_of(value: &Value) -> BTreeSet<HoleId> {
    let mut parts = Parts::default();
    gather(value, &mut parts);
    parts.holes
}

#[derive(Default)]
struct Parts {
    holes: BTreeSet<HoleId>,
    facts: BTreeSet<Arc<str>>,
}

fn gather(value: &Value, parts: &mut Parts) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => parts.holes.extend(text.0.iter().filter_map(|piece| match piece {
            TextPiece::Hole(hole) => Some(hole.clone()),
            TextPiece::Lit(_) => None,
        })),
        Value::List(items) => items.iter().for_each(|item| gather(item, parts)),
        Value::Object(entries) => entries.iter().for_each(|(_, item)| gather(item, parts)),
        Value::Unknown(hole) => {
            parts.holes.insert(hole.clone());
        }
        Value::Guarded(guard, item) => {
            parts
                .facts
                .extend(guard.iter().map(|literal| literal.name.clone()));
            gather(item, parts);
        }
    }
}
