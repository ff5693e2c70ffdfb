//! Entries that another entry of the same list covers: found by comparing patterns, proved by the engine.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::formula::{and, not, or};
use crate::iam::{
    Condition, ConditionValues, ElementSet, Pattern, PrincipalEntry, PrincipalSet, Quantifier, ResourceSet,
    Statement, key_facts,
};

use super::{Lint, Notes, cover, listed, quoted};

const RULE: &str = "redundant-entry";

/// Lists longer than this are not looked through.
const MAX_ENTRIES: usize = 1_000;

/// Notes the entries of all lists that others of the list cover.
pub(super) fn lint(lint: &Lint<'_>, notes: &mut Notes) {
    for statement in lint.document.statements.iter() {
        actions(lint, statement, notes);
        resources(lint, statement, notes);
        principals(lint, statement, notes);
        for condition in &statement.conditions {
            values(lint, statement, condition, notes);
        }
    }
}

fn actions(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    let (ElementSet::In(patterns) | ElementSet::NotIn(patterns)) = &statement.action else {
        return;
    };
    let covered = covered(lint, patterns, cover::pattern);
    if covered.is_empty() {
        return;
    }
    let only = |action| Statement {
        action,
        ..bare(statement)
    };
    let rest = kept(patterns, &covered);
    let rest = match &statement.action {
        ElementSet::NotIn(_) => ElementSet::NotIn(rest),
        ElementSet::Any | ElementSet::In(_) => ElementSet::In(rest),
    };
    let found = covered.iter().filter_map(|at| patterns.get(*at));
    let names = found.map(quoted).collect();
    let (with, without) = (only(statement.action.clone()), only(rest));
    told(lint, (statement, "`Action`"), (&with, &without), names, notes);
}

fn resources(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    let (ResourceSet::In(entries) | ResourceSet::NotIn(entries)) = &statement.resource else {
        return;
    };
    let covered = covered(lint, entries, cover::resource);
    if covered.is_empty() {
        return;
    }
    let only = |resource| Statement {
        resource,
        ..bare(statement)
    };
    let rest = kept(entries, &covered);
    let rest = match &statement.resource {
        ResourceSet::NotIn(_) => ResourceSet::NotIn(rest),
        ResourceSet::Any | ResourceSet::In(_) => ResourceSet::In(rest),
    };
    let (with, without) = (only(statement.resource.clone()), only(rest));
    let names = numbered("entry", &covered);
    told(lint, (statement, "`Resource`"), (&with, &without), names, notes);
}

/// Principals beside one that means everybody, or written twice. An account beside one of its roles is another matter: a
/// grant to the account leaves the decision to it.
fn principals(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    let (PrincipalSet::In(entries) | PrincipalSet::NotIn(entries)) = &statement.principal else {
        return;
    };
    let covers =
        |large: &PrincipalEntry, small: &PrincipalEntry| large == small || *large == PrincipalEntry::Everyone;
    let covered = covered(lint, entries, covers);
    if covered.is_empty() {
        return;
    }
    let only = |principal| Statement {
        principal,
        ..bare(statement)
    };
    let rest = kept(entries, &covered);
    let rest = match &statement.principal {
        PrincipalSet::NotIn(_) => PrincipalSet::NotIn(rest),
        PrincipalSet::Absent | PrincipalSet::In(_) => PrincipalSet::In(rest),
    };
    let (with, without) = (only(statement.principal.clone()), only(rest));
    let names = numbered("entry", &covered);
    told(lint, (statement, "`Principal`"), (&with, &without), names, notes);
}

/// `entry 1`, `entry 3`.
fn numbered(word: &str, at: &[usize]) -> Vec<String> {
    at.iter().map(|at| format!("{word} {at}")).collect()
}

fn values(lint: &Lint<'_>, statement: &Statement, condition: &Condition, notes: &mut Notes) {
    // What an operator for one value does with several is not specified.
    if condition.operator.quantifier == Quantifier::One && key_facts(&condition.key).multivalued {
        return;
    }
    let wild = |large: &Pattern, small: &Pattern| cover::pattern(large, small);
    let (covered, rest) = match &condition.values {
        ConditionValues::Text(values) => {
            let covered = covered(lint, values, wild);
            let rest = kept(values, &covered);
            (covered, ConditionValues::Text(rest))
        }
        ConditionValues::Folded(values) => {
            let covered = covered(lint, values, wild);
            let rest = kept(values, &covered);
            (covered, ConditionValues::Folded(rest))
        }
        ConditionValues::Arn(values) => {
            let covered = covered(lint, values, cover::arn);
            let rest = kept(values, &covered);
            (covered, ConditionValues::Arn(rest))
        }
        ConditionValues::Ip(values) => {
            let covered = covered(lint, values, contains);
            let rest = kept(values, &covered);
            (covered, ConditionValues::Ip(rest))
        }
        ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => return,
    };
    if covered.is_empty() {
        return;
    }
    let line = |values| Statement {
        conditions: vec![Condition {
            values,
            ..condition.clone()
        }],
        ..bare(statement)
    };
    let at = numbered("value", &covered);
    let (with, narrowed) = (line(condition.values.clone()), line(rest));
    told(
        lint,
        (statement, &quoted(&condition.key)),
        (&with, &narrowed),
        at,
        notes,
    );
}

fn contains(large: &IpNet, small: &IpNet) -> bool {
    let family = matches!(
        (large.addr(), small.addr()),
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_))
    );
    family && large.contains(small)
}

/// The statement without its elements.
fn bare(statement: &Statement) -> Statement {
    Statement {
        index: statement.index,
        sid: None,
        effect: statement.effect,
        principal: PrincipalSet::Absent,
        action: ElementSet::Any,
        resource: ResourceSet::Any,
        conditions: Vec::new(),
        guard: Vec::new(),
        spelled: [].into(),
    }
}

/// The positions of entries that another one covers; of two that are the same, the later.
fn covered<T>(lint: &Lint<'_>, entries: &[T], covers: impl Fn(&T, &T) -> bool) -> Vec<usize> {
    if entries.len() > MAX_ENTRIES {
        lint.prover.give_up(RULE);
        return Vec::new();
    }
    let is_covered = |(at, small): &(usize, &T)| {
        entries.iter().enumerate().any(|(other, large)| {
            other != *at && covers(large, small) && (other < *at || !covers(small, large))
        })
    };
    let numbered = entries.iter().enumerate();
    numbered.filter(is_covered).map(|(at, _)| at).collect()
}

fn kept<T: Clone>(entries: &[T], covered: &[usize]) -> Vec<T> {
    let numbered = entries.iter().enumerate();
    numbered
        .filter(|(at, _)| !covered.contains(at))
        .map(|(_, entry)| entry.clone())
        .collect()
}

/// One note on a list, if it is proved that it means the same without the entries: by the patterns themselves where they
/// are plain, else by the engine. With fewer entries a list matches less, a negated one more.
fn told(
    lint: &Lint<'_>,
    (statement, place): (&Statement, &str),
    (with, without): (&Statement, &Statement),
    names: Vec<String>,
    notes: &mut Notes,
) {
    let differ = || {
        let (with, without) = (lint.prover.matches(with), lint.prover.matches(without));
        or([and([with.clone(), not(&without)]), and([without, not(&with)])])
    };
    if cover::is_plain(with) || lint.prover.is_empty(RULE, differ()) {
        let verb = if names.len() == 1 { "adds" } else { "add" };
        notes.add(
            RULE,
            statement,
            format!(
                "{} of {place} {verb} nothing to the other entries",
                listed(&names)
            ),
        );
    }
}
