//! Findings and notes as results: the place, the way from what a policy is attached to to its statement, and what code
//! scanning does not show but other readers do.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::check::{Severity, request_json};

use super::super::fingerprint::hash;
use super::super::groups::{Group, NoteGroup};
use super::super::regions::region_json;
use super::super::{Entry, EntryStatement, Location, UNDECIDED_RULE, Verdict, single_line};
use super::object::{
    ArtifactLocation, CodeFlow, Fingerprints, LocationObject, LogicalLocation, Message, PhysicalLocation,
    RegionObject, ResultObject, ThreadFlow, ThreadFlowLocation,
};
use super::{MESSAGE, level, message_text};

/// Instances that are named when results at one place are joined.
const NAMED: usize = 100;
/// Related locations, and steps of a code flow.
const RELATED: usize = 20;
/// Characters of a property.
const PROPERTY: usize = 2_000;

/// How much a result says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything.
    All,
    /// What has to be there: the result is one of those that nobody is shown.
    Least,
}

/// The result of a group; `None` when its rule is not listed.
pub(super) fn result<'a>(
    group: &Group<'a>,
    positions: &BTreeMap<String, usize>,
    detail: Detail,
) -> Option<ResultObject<'a>> {
    let entry = group.first;
    let rule = entry.rule();
    let (related, flow) = match detail {
        Detail::All => (related(entry), flow(entry)),
        Detail::Least => (Vec::new(), None),
    };
    Some(ResultObject {
        rule_id: rule,
        rule_index: *positions.get(rule)?,
        level: level(entry.verdict, entry.severity),
        message: Message {
            text: format!("{}{}", message_text(&told(group), MESSAGE), links(&related)),
        },
        locations: [LocationObject {
            logical_locations: logical(&group.addresses),
            ..located(entry.place())
        }],
        related_locations: related,
        code_flows: flow.into_iter().collect(),
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", entry.fingerprint),
            finding: hash(&[&entry.fingerprint, &entry.address]),
            evidence: &entry.evidence,
        },
        properties: properties(group, detail),
    })
}

/// The result of a group of notes; `None` when its rule is not listed.
pub(super) fn note_result<'a>(
    group: &NoteGroup<'a>,
    positions: &BTreeMap<String, usize>,
) -> Option<ResultObject<'a>> {
    let (note, about) = (group.first, group.about);
    let told = format!("{}: {}{}", note.address, note.message, more(&group.addresses));
    Some(ResultObject {
        rule_id: &note.id,
        rule_index: *positions.get(&note.id)?,
        level: "note",
        message: Message {
            text: message_text(&told, MESSAGE),
        },
        locations: [LocationObject {
            logical_locations: logical(&group.addresses),
            ..located(about.place())
        }],
        related_locations: Vec::new(),
        code_flows: Vec::new(),
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", about.fingerprint),
            finding: hash(&[&about.fingerprint, &note.address]),
            evidence: &about.evidence,
        },
        properties: json!({
            "verdict": "NOTE",
            "severity": about.severity.word(),
            "standard": note.id,
        }),
    })
}

fn told(group: &Group<'_>) -> String {
    let entry = group.first;
    let about = match entry.verdict {
        Verdict::Undecided if entry.standard != UNDECIDED_RULE => {
            format!("{}: {}: ", entry.address, entry.standard)
        }
        Verdict::Fail | Verdict::Undecided | Verdict::Error => format!("{}: ", entry.address),
    };
    format!("{about}{}{}", entry.message, more(&group.addresses))
}

/// How many instances there are besides the first, and which.
fn more(addresses: &[&str]) -> String {
    match addresses {
        [] | [_] => String::new(),
        [_, others @ ..] => {
            let named = single_line(&others.join(", "), PROPERTY);
            format!(" (and {} more instances: {named})", others.len())
        }
    }
}

/// A place, without a name or words.
fn located(location: &Location) -> LocationObject<'_> {
    let Location {
        uri,
        region,
        surrogates: (before_start, before_end),
    } = location;
    LocationObject {
        id: None,
        message: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri },
            region: RegionObject {
                start_line: region.start_line,
                start_column: region.start_column + before_start,
                end_line: region.end_line,
                end_column: region.end_column + before_end,
            },
        },
        logical_locations: Vec::new(),
    }
}

fn logical<'a>(addresses: &[&'a str]) -> Vec<LogicalLocation<'a>> {
    let named = addresses.iter().take(NAMED);
    named
        .map(|address| LogicalLocation {
            fully_qualified_name: address,
            kind: "resource",
        })
        .collect()
}

/// The other places: the other guilty statements, the policy, and what it is attached to. Each has a number, by which the
/// message refers to it.
fn related(entry: &Entry) -> Vec<LocationObject<'_>> {
    let primary = entry.place();
    let statements = entry.statements.iter().filter_map(|statement| {
        let location = statement.location.as_ref().filter(|place| *place != primary)?;
        Some((words(statement), location))
    });
    let policy = (&entry.location != primary).then(|| ("policy".to_string(), &entry.location));
    let attached = entry
        .attachments
        .iter()
        .map(|(address, location)| (format!("attached to {address}"), location));
    statements
        .chain(policy)
        .chain(attached)
        .take(RELATED)
        .enumerate()
        .map(|(position, (text, location))| LocationObject {
            id: Some(position + 1),
            message: Some(message(&text)),
            ..located(location)
        })
        .collect()
}

/// The related places in a message, as links.
fn links(related: &[LocationObject<'_>]) -> String {
    let links: Vec<String> = related
        .iter()
        .filter_map(|location| Some(format!("[{}]({})", location.message.as_ref()?.text, location.id?)))
        .collect();
    match links.as_slice() {
        [] => String::new(),
        links => format!(" – {}", links.join(", ")),
    }
}

/// From what the policy is attached to over the policy to its guilty statements; none where that is one place only.
fn flow(entry: &Entry) -> Option<CodeFlow<'_>> {
    let attached = entry
        .attachments
        .iter()
        .map(|(address, location)| (format!("attached to {address}"), location));
    let policy = (format!("policy {}", entry.address), &entry.location);
    let statements = entry.statements.iter().map(|statement| {
        let location = statement.location.as_ref().unwrap_or(&entry.location);
        (words(statement), location)
    });
    let steps: Vec<ThreadFlowLocation<'_>> = attached
        .take(RELATED)
        .chain([policy])
        .chain(statements.take(RELATED))
        .map(|(text, location)| ThreadFlowLocation {
            location: LocationObject {
                message: Some(message(&text)),
                ..located(location)
            },
        })
        .collect();
    (steps.len() > 1).then_some(CodeFlow {
        thread_flows: [ThreadFlow { locations: steps }],
    })
}

fn words(statement: &EntryStatement) -> String {
    match &statement.sid {
        Some(sid) => format!("statement {} \"{sid}\"", statement.index),
        None => format!("statement {}", statement.index),
    }
}

fn message(text: &str) -> Message {
    Message {
        text: message_text(text, MESSAGE),
    }
}

/// What is known of a finding besides: the JSON report has the same under the same names.
fn properties(group: &Group<'_>, detail: Detail) -> Value {
    let entry = group.first;
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| drop(object.insert(name.to_string(), value));
    set("verdict", json!(entry.verdict.word()));
    set("severity", json!(entry.severity.word()));
    set("standard", json!(entry.standard));
    if group.addresses.len() > 1 {
        set(
            "instances",
            json!(group.addresses.iter().take(NAMED).collect::<Vec<_>>()),
        );
        set("instanceCount", json!(group.addresses.len()));
    }
    if detail == Detail::Least {
        return Value::Object(object);
    }
    if let Some(reason) = entry.reason {
        set("reason", json!(reason));
    }
    if let Some(request) = &entry.counterexample {
        set("counterexample", request_json(request));
    }
    if let Some(realistic) = entry.realistic {
        set("realistic", json!(realistic));
    }
    if !entry.readings.is_empty() {
        set("readings", json!(entry.readings));
    }
    if !entry.assumes.is_empty() {
        let assumes = entry.assumes.iter();
        let assumes: Vec<Value> = assumes
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        set("assumes", json!(assumes));
    }
    if let Some(regions) = &entry.regions {
        set(
            "regions",
            regions.listed.iter().map(region_json).collect::<Vec<_>>().into(),
        );
        set(
            "moreRegions",
            json!({"count": regions.more, "atLeast": regions.at_least}),
        );
    }
    if let Some(change) = &entry.change {
        set("change", json!(single_line(&change.text, PROPERTY)));
    }
    if entry.open {
        set("open", json!(true));
    }
    Value::Object(object)
}

/// The level of a verdict.
pub(super) fn level_of(verdict: Verdict, severity: Severity) -> &'static str {
    match (verdict, severity) {
        (Verdict::Error, _) | (Verdict::Fail, Severity::Critical | Severity::High) => "error",
        (Verdict::Undecided, _) | (Verdict::Fail, Severity::Medium) => "warning",
        (Verdict::Fail, Severity::Low) => "note",
    }
}
