//! Terraform plans and states (`terraform show -json`): policies from what will be, what was from `before`, and a gap for
//! all that is known only after apply.

mod addresses;
mod attachments;
mod attributes;
mod boundary;
mod changes;
mod composition;
mod configuration;
mod deployed;
mod documents;
mod earlier;
mod environment;
mod found;
mod identities;
mod json;
mod looks_like;
mod openapi;
mod permissions;
mod plan;
mod policies;
mod principals;
mod rebuild;
mod removed;
mod resource;
mod rows;
mod shares;
mod templates;
mod ties;
mod unsupported;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use crate::source::{FileId, Place, Span, TerraformSource};

use super::tables::Row;
use super::{Environment, Extraction, Gap, GapReason, Origin, PolicyKind, Runner};
use configuration::Configuration;
use documents::{Documents, Presence, Slot};
pub use earlier::EarlierTerraform;
use found::Found;
use identities::Identities;
use json::Json;
use policies::ManagedPolicies;
use rebuild::Deferred;
use resource::{Resource, View};
pub use rows::only_document;
use rows::{Treatment, rows_of, treatment};

/// Everything in a plan. `Err` only when the text is no plan that can be read at all: malformed JSON, duplicate keys,
/// unsupported format version, no planned changes section. The message has `line:column` where known and quotes nothing.
/// `source` is the Terraform code that the plan was made of, if it is given; what is found does not depend on how `run`
/// runs.
pub fn extract_plan(
    text: &str,
    file: FileId,
    extra: &[(String, String, PolicyKind)],
    source: Option<&TerraformSource>,
    run: Runner<'_>,
) -> Result<Extraction, String> {
    let keep = |resource: &Resource<'_>| is_of_interest(resource, extra);
    let plan = plan::read(text, &keep, run)?;
    Ok(extract((text, file), extra, (None, source), plan, run))
}

/// Everything in a plan, compared with what an earlier plan or state tells, and not with what the plan does.
pub fn extract_plan_since<'a>(
    text: &'a str,
    file: FileId,
    extra: &[(String, String, PolicyKind)],
    source: Option<&'a TerraformSource>,
    earlier: &EarlierTerraform<'a>,
    run: Runner<'_>,
) -> Result<Extraction, String> {
    let keep = |resource: &Resource<'_>| is_of_interest(resource, extra);
    let plan = plan::read(text, &keep, run)?;
    Ok(extract((text, file), extra, (Some(earlier), source), plan, run))
}

/// Everything in a state, all of which is deployed. Compared with an earlier plan or state if there is one. Errors are
/// those of [`extract_plan`].
pub fn extract_state<'a>(
    text: &'a str,
    file: FileId,
    extra: &[(String, String, PolicyKind)],
    earlier: Option<&EarlierTerraform<'a>>,
    run: Runner<'_>,
) -> Result<Extraction, String> {
    let keep = |resource: &Resource<'_>| is_of_interest(resource, extra);
    let state = plan::read_deployed(text, &keep, run)?;
    Ok(extract((text, file), extra, (earlier, None), state, run))
}

fn extract<'a>(
    input: (&'a str, FileId),
    extra: &[(String, String, PolicyKind)],
    (earlier, source): (Option<&EarlierTerraform<'a>>, Option<&'a TerraformSource>),
    mut plan: plan::Plan<'a>,
    run: Runner<'_>,
) -> Extraction {
    if let Some(earlier) = earlier {
        earlier.tell(&mut plan);
    }
    let mut context = Context::new(input, &plan, earlier, source);
    let mut found = Found::default();
    for reason in &plan.incomplete {
        found.gap(whole_plan(&context, GapReason::Incomplete((*reason).to_owned())));
    }
    let chunks = found_in(&context, &plan.resources, extra, run);
    let policies = chunks.iter().map(|chunk| chunk.extraction.policies.len());
    found.extraction.policies.reserve_exact(policies.sum());
    for chunk in chunks {
        found.append(chunk);
    }
    deployed::compose(&mut context, &plan, &mut found);
    let mut extraction = found.extraction;
    extraction.principals.extend(found.nested);
    let notes = plan
        .notes
        .into_iter()
        .chain(std::mem::take(&mut extraction.notes));
    Extraction {
        environment: context.environment,
        unchanged: unchanged(&plan.resources),
        notes: notes.collect(),
        ..extraction
    }
}

/// Resources that are looked at in one go.
const CHUNK: usize = 32;

/// What is found in the resources, in their order. Those with unknown policies come one by one: they share what is rebuilt.
fn found_in<'a>(
    context: &Context<'a>,
    resources: &[Resource<'a>],
    extra: &[(String, String, PolicyKind)],
    run: Runner<'_>,
) -> Vec<Found> {
    let mut chunks: Vec<&[Resource<'a>]> = Vec::new();
    let has_unknown = |resource: &Resource<'a>| has_unknown(resource, extra);
    for alike in resources.chunk_by(|one, next| has_unknown(one) == has_unknown(next)) {
        chunks.extend(alike.chunks(CHUNK));
    }
    let found: Vec<OnceLock<Found>> = chunks.iter().map(|_| OnceLock::new()).collect();
    run(chunks.len(), &|at| {
        if let (Some(chunk), Some(found)) = (chunks.get(at), found.get(at))
            && !chunk.first().is_some_and(has_unknown)
        {
            found.get_or_init(|| found_in_chunk(context, chunk, extra));
        }
    });
    let left = |(found, chunk): (OnceLock<Found>, &[Resource<'a>])| {
        found
            .into_inner()
            .unwrap_or_else(|| found_in_chunk(context, chunk, extra))
    };
    found.into_iter().zip(chunks).map(left).collect()
}

/// Whether a policy of a resource may be known only after apply.
fn has_unknown(resource: &Resource<'_>, extra: &[(String, String, PolicyKind)]) -> bool {
    let Some(marks) = resource.unknown.map(Json::text) else {
        return false;
    };
    let rows = rows_of(&resource.resource_type).iter().map(|row| row.path);
    let mut paths = rows.chain(extra.iter().map(|(_, path, _)| path.as_str()));
    let is_marked = |path: &str| marks.contains(path.split(['.', '[']).next().unwrap_or_default());
    marks == "true" || marks.contains("true") && paths.any(is_marked)
}

fn found_in_chunk<'a>(
    context: &Context<'a>,
    resources: &[Resource<'a>],
    extra: &[(String, String, PolicyKind)],
) -> Found {
    let mut found = Found::default();
    for resource in resources {
        changes::extract(context, resource, &mut found);
        removed::extract(context, resource, extra, &mut found);
        shares::extract(context, resource, &mut found);
        permissions::lifted(context, resource, &mut found);
        templates::removed(context, resource, &mut found);
        let gaps = found.extraction.gaps.len();
        extract_resource(context, resource, extra, &mut found);
        ties::link_unread(context, resource, gaps, &mut found);
        ties::link_forgotten(context, resource, &mut found);
    }
    found
}

/// The addresses that the plan leaves as they are, whichever of its parts tells of them.
fn unchanged(resources: &[Resource<'_>]) -> BTreeSet<String> {
    let (stay, change): (Vec<_>, Vec<_>) = resources
        .iter()
        .partition(|resource| earlier::is_unchanged(resource));
    let mut addresses: BTreeSet<String> = stay
        .into_iter()
        .map(|resource| resource.address.clone())
        .collect();
    for resource in change {
        addresses.remove(&resource.address);
    }
    addresses
}

/// What all parts of the extraction look things up in.
struct Context<'a> {
    text: &'a str,
    file: FileId,
    configuration: Configuration<'a>,
    identities: Identities,
    policies: ManagedPolicies<'a>,
    documents: Documents<'a>,
    deferred: Mutex<Deferred<'a>>,
    environment: Environment,
    /// Addresses that `resource_changes` tells of.
    told: BTreeSet<String>,
    /// Identities by the ARNs of what was attached to them before.
    attached_before: BTreeMap<String, BTreeSet<String>>,
    /// Which side of the plan is looked at.
    time: Time,
}

/// The sides of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// What is deployed.
    Before,
    /// What will be.
    Now,
}

impl<'a> Context<'a> {
    fn new(
        (text, file): (&'a str, FileId),
        plan: &plan::Plan<'a>,
        earlier: Option<&EarlierTerraform<'a>>,
        source: Option<&'a TerraformSource>,
    ) -> Context<'a> {
        let told = plan
            .resources
            .iter()
            .filter(|resource| resource.view == View::Change);
        let configuration = plan.configuration.as_ref();
        let environment = environment::environment(&plan.prior, configuration);
        let account = match plan.configuration {
            Some(_) => environment::account(&environment, configuration),
            // Without a configuration it cannot be told how many providers there are.
            None if plan.is_state => policies::Account::Several,
            None => environment::account(&environment, configuration),
        };
        let mut context = Context {
            text,
            file,
            configuration: Configuration::read(configuration)
                .since(earlier.map(EarlierTerraform::configuration)),
            identities: Identities::read(&plan.resources),
            documents: Documents::default(),
            deferred: Mutex::new(Deferred::read(&plan.resources, source)),
            policies: ManagedPolicies::read(&plan.resources, &plan.prior, account),
            environment,
            told: told.map(|resource| resource.address.clone()).collect(),
            attached_before: BTreeMap::new(),
            time: Time::Now,
        };
        for resource in &plan.resources {
            let values = resource.before.and_then(|values| values.object().ok());
            if let Some(arn) = values.and_then(|values| values.string("policy_arn")) {
                let was = context
                    .identities
                    .targets(&context.configuration, &changes::as_it_was(resource));
                context
                    .attached_before
                    .entry(arn)
                    .or_default()
                    .extend(was.identities);
            }
        }
        context
    }

    fn is_told_by_changes(&self, address: &str) -> bool {
        self.told.contains(address)
    }
}

fn is_of_interest(resource: &Resource<'_>, extra: &[(String, String, PolicyKind)]) -> bool {
    match (resource.view, resource.mode) {
        (View::Prior, "data") => PRIOR_DATA.contains(&resource.resource_type.as_str()),
        (View::Prior | View::Before, _) => false,
        (View::State, "data") => {
            PRIOR_DATA.contains(&resource.resource_type.as_str())
                || resource.resource_type == "aws_iam_policy_document"
        }
        (View::Change | View::Planned, "data") => resource.resource_type == "aws_iam_policy_document",
        (View::Change | View::Planned | View::State, _) => {
            !rows_of(&resource.resource_type).is_empty()
                || identities::is_identity(&resource.resource_type)
                || extra
                    .iter()
                    .any(|(resource_type, ..)| *resource_type == resource.resource_type)
                || resource.resource_type.is_empty()
                || resource.after.is_some_and(looks_like::may_look_like_policy)
                || looks_like::may_be_unknown(resource)
        }
    }
}

/// Data sources that were read while planning and tell something.
const PRIOR_DATA: [&str; 4] = [
    "aws_caller_identity",
    "aws_partition",
    "aws_region",
    "aws_iam_policy",
];

fn extract_resource<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    extra: &[(String, String, PolicyKind)],
    found: &mut Found,
) {
    // A leftover of an earlier replacement is only ever destroyed; one that does anything else is none.
    let destroyed = resource.actions.iter().all(|action| action == "delete");
    // In a state it is still there.
    if resource.view != View::State && resource.deposed && (destroyed || resource.after.is_none()) {
        return;
    }
    if resource.mode == "data" {
        // A building block: what uses it is checked, or is a gap.
        found.no_policy();
        return;
    }
    if resource.view == View::Change && resource.actions.is_empty() {
        let reason = "the change has no actions, so it cannot be told what happens".to_owned();
        found.gap(whole_resource(
            context,
            resource,
            GapReason::UnexpectedShape(reason),
        ));
        return;
    }
    if resource.after.is_none() {
        if !is_gone(resource) {
            let reason = "the plan does not tell its values".to_owned();
            found.gap(whole_resource(
                context,
                resource,
                GapReason::UnexpectedShape(reason),
            ));
        }
        return;
    }
    let rows = rows_of(&resource.resource_type);
    for row in rows {
        match treatment(row) {
            Treatment::Document(kind) => {
                documents::extract(context, resource, Slot::of_row(row, kind), found)
            }
            Treatment::ControlPolicy => control_policy(context, resource, row, found),
            Treatment::Attachment(kind) => attachments::extract(context, resource, row, kind, found),
            Treatment::NamedAttachment => attachments::extract_named(context, resource, row, found),
            Treatment::OpenApi => openapi::extract(context, resource, row, found),
            Treatment::Permission(synthesis) => permissions::extract(context, resource, synthesis, found),
            Treatment::Unsupported(what) => unsupported::extract(context, resource, row, what, found),
            Treatment::Template => templates::extract(context, resource, extra, found),
            Treatment::Data => {}
            Treatment::Never => count_other(resource, row, found),
        }
    }
    for (_, path, kind) in extra
        .iter()
        .filter(|(resource_type, ..)| *resource_type == resource.resource_type)
    {
        let slot = Slot {
            path,
            kind: *kind,
            presence: Presence::Optional,
            is_only: false,
        };
        documents::extract(context, resource, slot, found);
    }
    let known: Vec<&str> = rows
        .iter()
        .map(|row| row.path)
        .chain(extra.iter().map(|(_, path, _)| path.as_str()))
        .chain(templates::body(&resource.resource_type))
        .filter_map(|path| path.split(['.', '[']).next())
        .collect();
    looks_like::extract(context, resource, &known, found);
    looks_like::extract_unknown(context, resource, &known, found);
}

/// Whether a resource without values is rightly without: it goes, or there was none and nothing happens.
fn is_gone(resource: &Resource<'_>) -> bool {
    let all = |words: &[&str]| {
        resource
            .actions
            .iter()
            .all(|action| words.contains(&action.as_str()))
    };
    resource.view == View::Change
        && (all(&["delete", "forget"]) || resource.before.is_none() && all(&["no-op"]))
}

/// Counts an attribute in another language, where it is there.
fn count_other(resource: &Resource<'_>, row: &Row, found: &mut Found) {
    let attributes = attributes::attributes(resource, row.path).unwrap_or_default();
    if attributes
        .iter()
        .any(|attribute| matches!(attribute.value, attributes::Value::Known(_)))
    {
        found.no_policy();
    }
}

/// A policy of an organization: which language it is in is told by its type.
fn control_policy<'a>(context: &Context<'a>, resource: &Resource<'a>, row: &'static Row, found: &mut Found) {
    let kind = match attributes::attributes(resource, "type")
        .unwrap_or_default()
        .first()
        .map(|found| found.value)
    {
        Some(attributes::Value::Absent) => Some("SERVICE_CONTROL_POLICY".to_owned()),
        Some(attributes::Value::Known(value)) => value.string().ok(),
        Some(attributes::Value::Unknown | attributes::Value::Misshapen) | None => None,
    };
    match kind.as_deref() {
        Some("SERVICE_CONTROL_POLICY") => {
            documents::extract(context, resource, Slot::of_row(row, PolicyKind::Scp), found);
        }
        Some("RESOURCE_CONTROL_POLICY") => {
            documents::extract(context, resource, Slot::of_row(row, PolicyKind::Rcp), found);
        }
        Some(_) => found.no_policy(),
        None => {
            let reason = "`type` is not known, so neither is the language of the policy".to_owned();
            found.gap(whole_resource(
                context,
                resource,
                GapReason::UnexpectedShape(reason),
            ));
        }
    }
}

fn whole_resource(context: &Context<'_>, resource: &Resource<'_>, reason: GapReason) -> Gap {
    Gap {
        origin: resource.origin("", resource.place(context.text, context.file)),
        reason,
        kind: None,
    }
}

fn whole_plan(context: &Context<'_>, reason: GapReason) -> Gap {
    let place = Place {
        file: context.file,
        span: Span { start: 0, end: 0 },
    };
    let origin = Origin {
        address: "plan".to_owned(),
        resource_type: String::new(),
        place,
        statements: Vec::new(),
        block: None,
        rebuilt: None,
    };
    Gap {
        origin,
        reason,
        kind: None,
    }
}

#[cfg(test)]
mod tests;
