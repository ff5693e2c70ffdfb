//! Rows of the table that may give access and are not read as policies: a gap where they are there, unless their value
//! is known to give none.

use crate::extract::tables::{Row, RowKind};
use crate::extract::{Gap, GapReason, PolicyKind};

use super::Context;
use super::attributes::{Attribute, Value, attributes};
use super::documents::{Presence, is_untold, unknown_reason};
use super::found::Found;
use super::json::{Json, Shape};
use super::resource::Resource;
use super::rows::{is_computed, rows_of};

/// Adds a gap if what the row points at is there.
pub(super) fn extract(
    context: &Context<'_>,
    resource: &Resource<'_>,
    row: &Row,
    what: &str,
    found: &mut Found,
) {
    let place = resource.place(context.text, context.file);
    let gap = |suffix: &str, reason: GapReason| Gap {
        origin: resource.origin(suffix, place),
        reason,
        kind: Some(PolicyKind::Grant).filter(|_| is_grant(row)),
    };
    let unsupported = || GapReason::Unsupported(format!("{what} is not read yet"));
    if row.path == "-" {
        return found.gap(gap("", unsupported()));
    }
    let attributes = match attributes(resource, row.path) {
        Ok(attributes) => attributes,
        Err(error) => return found.gap(gap("", GapReason::UnexpectedShape(error.in_text(context.text)))),
    };
    let presence = if is_computed(row) {
        Presence::Computed
    } else {
        Presence::Optional
    };
    for Attribute { path, value, .. } in attributes {
        let is_only = rows_of(&resource.resource_type).len() == 1;
        let suffix = if is_only {
            String::new()
        } else {
            format!("/{path}")
        };
        match value {
            Value::Absent if is_untold(context, resource) => {
                let reason = unknown_reason(context, resource, row.path, Presence::Computed);
                found.gap_if(reason.map(|reason| gap(&suffix, reason)));
            }
            Value::Absent => {}
            Value::Misshapen => {
                let reason = format!("`{}` has an unexpected shape", row.path);
                found.gap(gap(&suffix, GapReason::UnexpectedShape(reason)));
            }
            Value::Unknown => match unknown_reason(context, resource, row.path, presence) {
                Some(reason) => found.gap(gap(&suffix, reason)),
                None => found.no_policy(),
            },
            Value::Known(value) if is_harmless(row, value) => found.no_policy(),
            Value::Known(_) => found.gap(gap(&suffix, unsupported())),
        }
    }
}

fn is_grant(row: &Row) -> bool {
    matches!(
        row.kind,
        RowKind::Synth | RowKind::Grant | RowKind::Acl | RowKind::Exposure
    )
}

/// Values that give nobody access.
fn is_harmless(row: &Row, value: Json<'_>) -> bool {
    let is = |words: &[&str]| value.string().is_ok_and(|text| words.contains(&text.as_str()));
    match row.kind {
        RowKind::Acl => is(&["private", "Private", ""]) || value.list().is_ok_and(|items| items.is_empty()),
        RowKind::Exposure => is(&["AWS_IAM"]),
        _ => match value.shape() {
            Shape::List => value.list().is_ok_and(|items| items.is_empty()),
            Shape::String => is(&[""]),
            Shape::Null => true,
            Shape::Bool(_) | Shape::Number | Shape::Object => false,
        },
    }
}
