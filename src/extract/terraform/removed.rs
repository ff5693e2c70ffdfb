//! Documents that a change takes away: a policy that is deleted or emptied, or that goes to another resource. What the
//! service applies instead may allow more (a Deny is gone), so the comparison with what is deployed is not decided.
//! Identity policies are not looked at here: they are compared by what is attached to whom.

use crate::extract::tables::Row;
use crate::extract::{IdentityChange, PolicyKind};

use super::Context;
use super::attributes::{Attribute, Value, attributes, marks_something};
use super::changes::as_it_was;
use super::documents::{Content, Presence, content, unknown_reason};
use super::found::Found;
use super::json::Json;
use super::resource::{Resource, View};
use super::rows::{Treatment, rows_of, treatment};

/// Adds a change for each attribute of a resource that held more documents than it will, or holds them for another
/// resource.
pub(super) fn extract(
    context: &Context<'_>,
    resource: &Resource<'_>,
    extra: &[(String, String, PolicyKind)],
    found: &mut Found,
) {
    let forgotten = !resource.actions.is_empty() && resource.actions.iter().all(|action| action == "forget");
    if resource.view != View::Change || resource.mode != "resource" || resource.before.is_none() || forgotten
    {
        return;
    }
    let rows = rows_of(&resource.resource_type).iter().filter_map(|row| {
        let kind = match treatment(row) {
            Treatment::Document(kind) => kind,
            Treatment::ControlPolicy => control_kind(resource)?,
            _ => return None,
        };
        let own =
            row.attaches_to == "self" || row.attaches_to.ends_with(" self") || kind == PolicyKind::Trust;
        Some((row.path, kind, own, Target::of(resource, row)))
    });
    detached(resource, found, context);
    let extra = extra
        .iter()
        .filter(|(resource_type, ..)| *resource_type == resource.resource_type)
        .map(|(_, path, kind)| (path.as_str(), *kind, false, Target::Same));
    for (path, kind, own, target) in rows.chain(extra) {
        // A resource that goes takes its own policy with it.
        if kind == PolicyKind::Identity || own && resource.after.is_none() {
            continue;
        }
        let was = documents(context, &as_it_was(resource), path);
        let will = documents(context, resource, path);
        let what = match target {
            _ if was == 0 => continue,
            _ if resource.after.is_none() => "the policy is deleted",
            _ if will < was => "the policy is removed",
            Target::Same => continue,
            Target::Other => "the policy goes to another resource",
            Target::Unknown => "whether the policy stays on its resource is known only after apply",
        };
        found.extraction.changes.push(IdentityChange {
            origin: resource.origin("", resource.place(context.text, context.file)),
            identities: Vec::new(),
            what: what.to_owned(),
            kind,
        });
    }
}

/// Adds a change where a control policy no longer applies to all that it did. Which kind of control policy it is, its
/// attachment does not tell.
fn detached(resource: &Resource<'_>, found: &mut Found, context: &Context<'_>) {
    let names: &[&str] = match resource.resource_type.as_str() {
        "aws_organizations_policy_attachment" => &["policy_id", "target_id"],
        "awscc_organizations_policy" => &["target_ids"],
        _ => return,
    };
    let own = resource.resource_type == "awscc_organizations_policy" && resource.after.is_none();
    let stays = |name: &&str| resource.after.is_some() && compare(resource, name) == Target::Same;
    // What goes with its policy is told with it.
    if own || names.iter().all(stays) {
        return;
    }
    for kind in [PolicyKind::Scp, PolicyKind::Rcp] {
        found.extraction.changes.push(IdentityChange {
            origin: resource.origin("", resource.place(context.text, context.file)),
            identities: Vec::new(),
            what: "a control policy no longer applies to all that it did".to_owned(),
            kind,
        });
    }
}

/// What is known of the resource that a policy is for, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Same,
    Other,
    Unknown,
}

impl Target {
    /// Compares the attributes that name the resource: in the table, those after `by`.
    pub fn of(resource: &Resource<'_>, row: &Row) -> Target {
        let Some((_, names)) = row.attaches_to.split_once(" by ") else {
            return Target::Same;
        };
        let names = names.split([' ', '(']).next().unwrap_or_default().split('+');
        let targets = names.map(|name| compare(resource, name));
        targets.max_by_key(|target| *target as u8).unwrap_or(Target::Same)
    }
}

/// Whether an attribute is as it was.
pub(super) fn compare(resource: &Resource<'_>, path: &str) -> Target {
    let texts = |resource: &Resource<'_>| -> Option<Vec<String>> {
        let found = attributes(resource, path).ok()?;
        let known = found.iter().filter_map(|attribute| match attribute.value {
            Value::Absent => None,
            Value::Known(value) => Some(value.string().ok().or_else(|| list_text(value))),
            Value::Unknown | Value::Misshapen => Some(None),
        });
        known.collect()
    };
    match (texts(&as_it_was(resource)), texts(resource)) {
        (Some(before), Some(after)) if before == after => Target::Same,
        (Some(_), Some(_)) => Target::Other,
        // The marks alone do not tell: it may become the same again.
        _ => Target::Unknown,
    }
}

/// A list of texts as one, whatever their order.
fn list_text(value: Json<'_>) -> Option<String> {
    let items = value.list().ok()?;
    let mut texts: Vec<String> = items
        .into_iter()
        .map(|item| item.string().ok())
        .collect::<Option<_>>()?;
    texts.sort();
    Some(format!("{texts:?}"))
}

/// How many documents are, or may be, at a path of what will be.
fn documents(context: &Context<'_>, resource: &Resource<'_>, path: &str) -> usize {
    let found = attributes(resource, path).unwrap_or_default();
    found
        .iter()
        .filter(|attribute| is_document(context, resource, path, attribute))
        .count()
}

fn is_document(context: &Context<'_>, resource: &Resource<'_>, path: &str, found: &Attribute<'_>) -> bool {
    match found.value {
        Value::Absent => false,
        Value::Known(value) => marks_something(found.marks) || is_text(value),
        // What is not configured is filled in by the provider: by what, nobody knows.
        Value::Unknown => {
            found.in_block || unknown_reason(context, resource, path, Presence::Computed).is_some()
        }
        Value::Misshapen => true,
    }
}

fn is_text(value: Json<'_>) -> bool {
    match content(value) {
        Ok(Content::Text(text)) => !matches!(text.trim(), "" | "{}"),
        Ok(Content::Nothing) => false,
        Ok(Content::Other) | Err(_) => true,
    }
}

fn control_kind(resource: &Resource<'_>) -> Option<PolicyKind> {
    let values = resource.before?.object().ok()?;
    match values.string("type").as_deref() {
        None | Some("SERVICE_CONTROL_POLICY") => Some(PolicyKind::Scp),
        Some("RESOURCE_CONTROL_POLICY") => Some(PolicyKind::Rcp),
        Some(_) => None,
    }
}
