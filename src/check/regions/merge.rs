//! Regions that differ in one element only are one region.

use crate::iam::{ElementSet, Pattern, ResourceSet, Spelling, Statement};

use super::boxes::action_texts;
use super::meet::{self, Meet};
use super::search::Found;
use super::words::part;
use super::{Entries, Part, Region};

/// Regions that differ in one element only, as one.
pub(super) fn merged(
    found: Vec<Found>,
    element: fn(&mut Part) -> &mut Entries,
    merge: fn(&mut Statement, &Statement) -> bool,
    spelling: Spelling,
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
        known.region.part = part(&known.candidate.base, spelling);
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

/// Adds the actions of another box.
pub(super) fn merge_actions(into: &mut Statement, from: &Statement) -> bool {
    let texts = [action_texts(into), action_texts(from)].concat();
    let (ElementSet::In(own), ElementSet::In(more)) = (&into.action, &from.action) else {
        return into.action == from.action;
    };
    let all: Vec<(Pattern, String)> = own.iter().chain(more).cloned().zip(texts).collect();
    let kept = widest(all, |(one, _), (other, _)| {
        meet::actions(one, other) == Meet::First
    });
    let (patterns, texts): (Vec<Pattern>, Vec<String>) = kept.into_iter().unzip();
    into.action = ElementSet::In(patterns);
    into.spelled = texts.into_iter().map(String::into_boxed_str).collect();
    true
}

/// Adds the resources of another box.
pub(super) fn merge_resources(into: &mut Statement, from: &Statement) -> bool {
    let (ResourceSet::In(own), ResourceSet::In(more)) = (&into.resource, &from.resource) else {
        return into.resource == from.resource;
    };
    let all = own.iter().chain(more).cloned().collect();
    into.resource = ResourceSet::In(widest(all, |one, other| {
        meet::resources(one, other) == Meet::First
    }));
    true
}

/// The entries that do not lie within another one; of equal ones the first.
fn widest<T>(entries: Vec<T>, within: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for entry in entries {
        if !kept.iter().any(|known| within(&entry, known)) {
            kept.retain(|known| !within(known, &entry));
            kept.push(entry);
        }
    }
    kept
}
