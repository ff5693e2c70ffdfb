//! Regions that differ in one element only are one region.

use crate::iam::{ElementSet, ResourceSet, Statement};

use super::boxes::action_texts;
use super::search::Found;
use super::{Entries, Part, Region};

/// Regions that differ in one element only, as one.
pub(super) fn merged(
    found: Vec<Found>,
    element: fn(&mut Part) -> &mut Entries,
    merge: fn(&mut Statement, &Statement) -> bool,
) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for next in found {
        let rest = |region: &Region| {
            let mut part = region.part.clone();
            *element(&mut part) = Entries::Any;
            (part, region.unless.clone(), region.extent)
        };
        let alike = kept
            .iter_mut()
            .find(|known| rest(&known.region) == rest(&next.region));
        let Some(known) = alike else {
            kept.push(next);
            continue;
        };
        if !merge(&mut known.candidate.base, &next.candidate.base) {
            kept.push(next);
            continue;
        }
        let mut more = next.region.part.clone();
        join(element(&mut known.region.part), element(&mut more));
        for index in next.region.statements {
            if !known.region.statements.contains(&index) {
                known.region.statements.push(index);
            }
        }
        for out in next.candidate.out {
            if !known.candidate.out.contains(&out) {
                known.candidate.out.push(out);
            }
        }
    }
    kept
}

fn join(into: &mut Entries, from: &Entries) {
    if let (Entries::In(into), Entries::In(from)) = (into, from) {
        for text in from {
            if !into.contains(text) {
                into.push(text.clone());
            }
        }
    }
}

/// Adds the actions of another box.
pub(super) fn merge_actions(into: &mut Statement, from: &Statement) -> bool {
    let (mut spelled, other) = (action_texts(into), action_texts(from));
    let (ElementSet::In(own), ElementSet::In(more)) = (&mut into.action, &from.action) else {
        return into.action == from.action;
    };
    for (pattern, text) in more.iter().zip(other) {
        if !own.contains(pattern) {
            own.push(pattern.clone());
            spelled.push(text);
        }
    }
    into.spelled = spelled.into_iter().map(String::into_boxed_str).collect();
    true
}

/// Adds the resources of another box.
pub(super) fn merge_resources(into: &mut Statement, from: &Statement) -> bool {
    let (ResourceSet::In(own), ResourceSet::In(more)) = (&mut into.resource, &from.resource) else {
        return into.resource == from.resource;
    };
    for entry in more {
        if !own.contains(entry) {
            own.push(entry.clone());
        }
    }
    true
}
