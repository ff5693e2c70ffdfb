//! Notes on policies as results of level `note`, those that say the same at one place joined.

use std::collections::BTreeMap;

use super::super::outcome::{About, Remark};
use super::super::{Location, Report};
use super::object::{
    ArtifactLocation, Fingerprints, LocationObject, LogicalLocation, Message, PhysicalLocation, RegionObject,
    ResultObject, ResultProperties,
};
use super::{MESSAGE, NAMED, message_text};

/// A note, and the addresses it is about.
pub(super) struct NoteGroup<'a> {
    first: &'a Remark,
    about: &'a About,
    addresses: Vec<&'a str>,
}

/// The notes that have a place, the most severe first.
pub(super) fn note_groups(report: &Report) -> Vec<NoteGroup<'_>> {
    let mut groups: Vec<NoteGroup<'_>> = Vec::new();
    let mut positions: BTreeMap<(&str, &Location, &str), usize> = BTreeMap::new();
    for note in &report.notes {
        let Some(about) = &note.about else { continue };
        let key = (note.id.as_str(), place(about), note.message.as_str());
        match positions.get(&key).and_then(|position| groups.get_mut(*position)) {
            Some(group) => group.addresses.push(&note.address),
            None => {
                positions.insert(key, groups.len());
                groups.push(NoteGroup {
                    first: note,
                    about,
                    addresses: vec![&note.address],
                });
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.about.severity));
    groups
}

fn place(about: &About) -> &Location {
    let statement = about.statement.as_ref();
    statement
        .and_then(|statement| statement.location.as_ref())
        .unwrap_or(&about.location)
}

/// The result of a group; `None` when its rule is not listed.
pub(super) fn note_result<'a>(
    group: &NoteGroup<'a>,
    positions: &BTreeMap<String, usize>,
) -> Option<ResultObject<'a>> {
    let (note, about) = (group.first, group.about);
    let Location { uri, region } = place(about);
    let more = match group.addresses.len() {
        0 | 1 => String::new(),
        several => format!(" (and {} more instances)", several - 1),
    };
    let told = format!("{}: {}{more}", note.address, note.message);
    let names = group.addresses.iter().take(NAMED);
    Some(ResultObject {
        rule_id: &note.id,
        rule_index: *positions.get(&note.id)?,
        level: "note",
        message: Message {
            text: message_text(&told, MESSAGE),
        },
        locations: [LocationObject {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region: RegionObject {
                    start_line: region.start_line,
                    start_column: region.start_column,
                    end_line: region.end_line,
                    end_column: region.end_column,
                },
            },
            logical_locations: names
                .map(|address| LogicalLocation {
                    fully_qualified_name: address,
                    kind: "resource",
                })
                .collect(),
        }],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", about.fingerprint),
            evidence: &about.evidence,
        },
        properties: ResultProperties {
            verdict: "NOTE",
            severity: about.severity.word(),
            standard: &note.id,
        },
    })
}
