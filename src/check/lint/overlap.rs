//! Statements and entries that others of the same document make void: covered by statements of the same effect, or denied.
//! Boxes are compared entry by entry first; what that finds is proved by the engine. Statements are taken away one after
//! the other, so that of two that cover each other only one is noted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::extract::PolicyKind;
use crate::formula::{and, not, or};
use crate::iam::{
    Effect, ElementSet, Pattern, PrincipalEntry, PrincipalSet, ResourcePattern, ResourceSet, Statement,
};

use super::{Lint, Notes, cover, listed, named, quoted};

/// Statements of a document that are compared.
const MAX_STATEMENTS: usize = 300;
/// Entries of a statement times those of the others.
const MAX_PAIRS: usize = 1_000_000;

/// What a comparison is about: the rules it may break, and how that is told.
struct Comparison {
    whole: &'static str,
    entries: &'static str,
}

const REDUNDANT: Comparison = Comparison {
    whole: "redundant-statement",
    entries: "redundant-entry",
};
const DENIED: Comparison = Comparison {
    whole: "denied-statement",
    entries: "denied-entry",
};
const IDLE: &str = "idle-deny";

/// Notes what others make void. Statements of `unmatchable` are noted already.
pub(super) fn lint(lint: &Lint<'_>, unmatchable: &BTreeSet<usize>, notes: &mut Notes) {
    let able = lint
        .statements
        .iter()
        .filter(|statement| !unmatchable.contains(&statement.index));
    let mut work: Vec<Cow<'_, Statement>> = able.map(|statement| Cow::Borrowed(*statement)).collect();
    if work.len() > MAX_STATEMENTS {
        [REDUNDANT.whole, REDUNDANT.entries, DENIED.whole, DENIED.entries]
            .into_iter()
            .for_each(|rule| lint.prover.give_up(rule));
        return;
    }
    idle(lint, &work, notes);
    for effect in [Effect::Deny, Effect::Allow] {
        // Of equal statements the first stays.
        for at in (0..work.len()).rev() {
            let Some(small) = work.get(at).filter(|small| small.effect == effect).cloned() else {
                continue;
            };
            let denies: Vec<&Statement> = others(&work, at, Effect::Deny)
                .filter(|large| effect == Effect::Allow && may_cover(large, &small, denies_all))
                .collect();
            let alike: Vec<&Statement> = others(&work, at, effect)
                .filter(|large| may_cover(large, &small, names_all))
                .collect();
            if denies.is_empty() && alike.is_empty() {
                continue;
            }
            let left = compare(lint, &DENIED, &small, denies, notes)
                .and_then(|rest| compare(lint, &REDUNDANT, &rest, alike, notes));
            match (left, work.get_mut(at)) {
                (Some(left), Some(place)) => *place = Cow::Owned(left),
                (None, _) => drop(work.remove(at)),
                (Some(_), None) => {}
            }
        }
    }
}

fn others<'w>(
    work: &'w [Cow<'_, Statement>],
    at: usize,
    effect: Effect,
) -> impl Iterator<Item = &'w Statement> {
    work.iter()
        .enumerate()
        .filter(move |(other, statement)| *other != at && statement.effect == effect)
        .map(|(_, statement)| &**statement)
}

/// Whether guard, conditions and principals leave it open that `large` covers part of `small`.
fn may_cover(
    large: &Statement,
    small: &Statement,
    principals: fn(&PrincipalSet, &PrincipalSet) -> bool,
) -> bool {
    let guarded = large.guard.iter().all(|literal| small.guard.contains(literal));
    let asked = large.conditions.iter().all(|condition| {
        let same_key = |own: &crate::iam::Condition| own.key == condition.key;
        small.conditions.iter().any(same_key)
    });
    guarded && asked && principals(&large.principal, &small.principal)
}

/// Whether the principals of one grant are all named by another in the same way: to grant to an account is not to grant to
/// its roles (semantics.md 3.11), and what `{"AWS": "*"}` means besides AWS principals is not sure.
fn names_all(large: &PrincipalSet, small: &PrincipalSet) -> bool {
    let by_star = |large: &[PrincipalEntry], entry: &PrincipalEntry| {
        let is_aws = !matches!(
            entry,
            PrincipalEntry::Everyone
                | PrincipalEntry::Service(_)
                | PrincipalEntry::Federated(_)
                | PrincipalEntry::Canonical(_)
        );
        large.contains(&PrincipalEntry::Everyone) || (is_aws && large.contains(&PrincipalEntry::AnyAws))
    };
    match (large, small) {
        (PrincipalSet::Absent, PrincipalSet::Absent) => true,
        (PrincipalSet::In(large), PrincipalSet::In(small)) => small
            .iter()
            .all(|entry| large.contains(entry) || by_star(large, entry)),
        (PrincipalSet::In(large), PrincipalSet::NotIn(_)) => large.contains(&PrincipalEntry::Everyone),
        (PrincipalSet::NotIn(large), PrincipalSet::NotIn(small)) => large == small,
        (PrincipalSet::Absent, _) | (_, PrincipalSet::Absent) | (PrincipalSet::NotIn(_), _) => false,
    }
}

/// Whether a Deny may concern all principals of a grant: an account means all that belongs to it.
fn denies_all(large: &PrincipalSet, small: &PrincipalSet) -> bool {
    let by_account = |large: &[PrincipalEntry], entry: &PrincipalEntry| match entry {
        PrincipalEntry::Role { account, .. }
        | PrincipalEntry::User { account, .. }
        | PrincipalEntry::Session { account, .. }
        | PrincipalEntry::FederatedUser { account, .. } => {
            large.contains(&PrincipalEntry::Account(account.clone()))
        }
        _ => false,
    };
    let star = [PrincipalEntry::Everyone, PrincipalEntry::AnyAws];
    match (large, small) {
        (PrincipalSet::In(large), PrincipalSet::In(small)) => {
            let starred = star.iter().any(|entry| large.contains(entry));
            starred
                || small
                    .iter()
                    .all(|entry| large.contains(entry) || by_account(large, entry))
        }
        (PrincipalSet::NotIn(spared), PrincipalSet::In(small)) => {
            !small.iter().any(|entry| spared.contains(entry))
        }
        (large, small) => names_all(large, small),
    }
}

/// Notes what the others make void of a statement. What is left of it; `None` when that is nothing.
fn compare(
    lint: &Lint<'_>,
    comparison: &Comparison,
    small: &Statement,
    mut others: Vec<&Statement>,
    notes: &mut Notes,
) -> Option<Statement> {
    if others.is_empty() {
        return Some(small.clone());
    }
    let size = |statement: &Statement| actions(statement).len() + resources(statement).len();
    if others.iter().map(|large| size(large)).sum::<usize>() * size(small) > MAX_PAIRS {
        lint.prover.give_up(comparison.whole);
        lint.prover.give_up(comparison.entries);
        return Some(small.clone());
    }
    // Those that ask the least are the likeliest to cover.
    others.sort_by_key(|large| (large.conditions.len(), large.index));
    let coverers = Coverers::of(small, &others);
    if let Some(by) = coverers.of_all()
        && proved(lint, comparison.whole, small, &others, &by)
    {
        tell_whole(comparison, small, &at(&others, &by), notes);
        return None;
    }
    let mut left = small.clone();
    let (dead, by) = coverers.actions();
    if let ElementSet::In(patterns) = &small.action
        && !dead.is_empty()
    {
        let void = Statement {
            action: ElementSet::In(pick(patterns, |at| dead.contains(&at))),
            ..small.clone()
        };
        if proved(lint, comparison.entries, &void, &others, &by) {
            let names: Vec<String> = pick(patterns, |at| dead.contains(&at))
                .iter()
                .map(quoted)
                .collect();
            tell_entries(comparison, (small, "`Action`"), &names, &at(&others, &by), notes);
            left.action = ElementSet::In(pick(patterns, |at| !dead.contains(&at)));
        }
    }
    let (dead, by) = Coverers::of(&left, &others).resources();
    if let ResourceSet::In(entries) = &small.resource
        && !dead.is_empty()
    {
        let void = Statement {
            resource: ResourceSet::In(pick(entries, |at| dead.contains(&at))),
            ..left.clone()
        };
        if dead.len() < entries.len() && proved(lint, comparison.entries, &void, &others, &by) {
            let names: Vec<String> = dead.iter().map(|at| format!("entry {at}")).collect();
            tell_entries(
                comparison,
                (small, "`Resource`"),
                &names,
                &at(&others, &by),
                notes,
            );
            left.resource = ResourceSet::In(pick(entries, |at| !dead.contains(&at)));
        }
    }
    Some(left)
}

/// Which statements cover which entries of a statement.
struct Coverers {
    /// For each action, which of the others cover it.
    actions: Vec<Vec<bool>>,
    /// For each resource.
    resources: Vec<Vec<bool>>,
}

impl Coverers {
    fn of(small: &Statement, others: &[&Statement]) -> Coverers {
        let by = |covers: &dyn Fn(&Statement) -> bool| others.iter().map(|large| covers(large)).collect();
        Coverers {
            actions: actions(small)
                .iter()
                .map(|part| by(&|large| covers_action(&large.action, part)))
                .collect(),
            resources: resources(small)
                .iter()
                .map(|part| by(&|large| covers_resource(&large.resource, part)))
                .collect(),
        }
    }

    /// The first that covers both entries.
    fn first(left: &[bool], right: &[bool]) -> Option<usize> {
        left.iter().zip(right).position(|(left, right)| *left && *right)
    }

    /// Those that together cover everything, if they do.
    fn of_all(&self) -> Option<BTreeSet<usize>> {
        let mut by = BTreeSet::new();
        for action in &self.actions {
            for resource in &self.resources {
                by.insert(Self::first(action, resource)?);
            }
        }
        Some(by)
    }

    /// The actions that are covered on every resource, and by whom.
    fn actions(&self) -> (Vec<usize>, BTreeSet<usize>) {
        Self::lines(&self.actions, &self.resources)
    }

    /// The resources that are covered for every action, and by whom.
    fn resources(&self) -> (Vec<usize>, BTreeSet<usize>) {
        Self::lines(&self.resources, &self.actions)
    }

    fn lines(lines: &[Vec<bool>], columns: &[Vec<bool>]) -> (Vec<usize>, BTreeSet<usize>) {
        let mut dead = Vec::new();
        let mut by = BTreeSet::new();
        for (at, line) in lines.iter().enumerate() {
            let own: Option<Vec<usize>> = columns.iter().map(|column| Self::first(line, column)).collect();
            if let Some(own) = own {
                dead.push(at);
                by.extend(own);
            }
        }
        (dead, by)
    }
}

/// One entry of `Action`, or the whole element where it is no list.
enum ActionPart<'a> {
    One(&'a Pattern),
    Any,
    NotIn(&'a [Pattern]),
}

/// One entry of `Resource`, or the whole element where it is no list.
enum ResourcePart<'a> {
    One(&'a ResourcePattern),
    Any,
    NotIn(&'a [ResourcePattern]),
}

fn actions(statement: &Statement) -> Vec<ActionPart<'_>> {
    match &statement.action {
        ElementSet::Any => vec![ActionPart::Any],
        ElementSet::In(patterns) => patterns.iter().map(ActionPart::One).collect(),
        ElementSet::NotIn(patterns) => vec![ActionPart::NotIn(patterns)],
    }
}

fn resources(statement: &Statement) -> Vec<ResourcePart<'_>> {
    match &statement.resource {
        ResourceSet::Any => vec![ResourcePart::Any],
        ResourceSet::In(entries) => entries.iter().map(ResourcePart::One).collect(),
        ResourceSet::NotIn(entries) => vec![ResourcePart::NotIn(entries)],
    }
}

fn covers_action(large: &ElementSet, small: &ActionPart<'_>) -> bool {
    let any =
        |patterns: &[Pattern], small: &Pattern| patterns.iter().any(|large| cover::pattern(large, small));
    match (large, small) {
        (ElementSet::Any, _) => true,
        (ElementSet::In(patterns), ActionPart::One(small)) => any(patterns, small),
        (ElementSet::NotIn(spared), ActionPart::One(small)) => {
            !spared.iter().any(|spared| cover::meet(spared, small))
        }
        (ElementSet::NotIn(spared), ActionPart::NotIn(listed)) => {
            spared.iter().all(|spared| any(listed, spared))
        }
        (ElementSet::In(_), ActionPart::Any | ActionPart::NotIn(_))
        | (ElementSet::NotIn(_), ActionPart::Any) => false,
    }
}

fn covers_resource(large: &ResourceSet, small: &ResourcePart<'_>) -> bool {
    let any = |entries: &[ResourcePattern], small: &ResourcePattern| {
        entries.iter().any(|large| cover::resource(large, small))
    };
    match (large, small) {
        (ResourceSet::Any, _) => true,
        (ResourceSet::In(entries), ResourcePart::One(small)) => any(entries, small),
        (ResourceSet::NotIn(spared), ResourcePart::NotIn(listed)) => {
            spared.iter().all(|spared| any(listed, spared))
        }
        (ResourceSet::NotIn(spared), ResourcePart::One(small)) => {
            !spared.iter().any(|spared| may_meet(spared, small))
        }
        (ResourceSet::In(_), ResourcePart::Any | ResourcePart::NotIn(_))
        | (ResourceSet::NotIn(_), ResourcePart::Any) => false,
    }
}

fn may_meet(left: &ResourcePattern, right: &ResourcePattern) -> bool {
    match (left, right) {
        (ResourcePattern::Arn { arn: left, .. }, ResourcePattern::Arn { arn: right, .. }) => left
            .segments
            .iter()
            .zip(&right.segments)
            .rev()
            .all(|(left, right)| cover::meet(left, right)),
        _ => true,
    }
}

/// Whether it shows without the engine that the others match whatever the statement matches: plain lists, and of each
/// condition of the others an equal one.
fn is_evident(small: &Statement, larges: &[&Statement]) -> bool {
    let asks_no_more = |large: &&Statement| {
        let is_list =
            !matches!(large.action, ElementSet::NotIn(_)) && !matches!(large.resource, ResourceSet::NotIn(_));
        let met = large
            .conditions
            .iter()
            .all(|condition| small.conditions.contains(condition));
        is_list && met && names_all(&large.principal, &small.principal) && cover::is_plain(large)
    };
    cover::is_plain(small) && larges.iter().all(asks_no_more)
}

/// Whether it is proved that the others match whatever the statement matches.
fn proved(
    lint: &Lint<'_>,
    rule: &'static str,
    small: &Statement,
    others: &[&Statement],
    by: &BTreeSet<usize>,
) -> bool {
    let larges: Vec<&Statement> = by.iter().filter_map(|at| others.get(*at).copied()).collect();
    if is_evident(small, &larges) {
        return true;
    }
    let larges = larges.into_iter().map(|large| {
        // What a statement surely matches: short ARNs by completion only.
        lint.prover.matches(&Statement {
            resource: large.resource.without_short(),
            ..large.clone()
        })
    });
    let larges = or(larges.collect::<Vec<_>>());
    lint.prover
        .is_empty(rule, and([lint.prover.matches(small), not(&larges)]))
}

/// Denies of a trust or endpoint policy that concern nothing it allows: what these do not allow is refused anyway.
fn idle(lint: &Lint<'_>, work: &[Cow<'_, Statement>], notes: &mut Notes) {
    if !matches!(lint.kind, PolicyKind::Trust | PolicyKind::Endpoint) || work.len() < lint.statements.len() {
        return;
    }
    if lint.statements.len() < lint.document.statements.len() {
        return;
    }
    let allows = work.iter().filter(|statement| statement.effect == Effect::Allow);
    let allowed = or(allows
        .map(|statement| lint.prover.matches(statement))
        .collect::<Vec<_>>());
    for deny in work.iter().filter(|statement| statement.effect == Effect::Deny) {
        if lint
            .prover
            .is_empty(IDLE, and([lint.prover.matches(deny), allowed.clone()]))
        {
            notes.add(IDLE, deny, "it denies nothing that the policy allows");
        }
    }
}

fn at<'s>(others: &[&'s Statement], by: &BTreeSet<usize>) -> Vec<&'s Statement> {
    let mut found: Vec<&Statement> = by.iter().filter_map(|at| others.get(*at).copied()).collect();
    found.sort_by_key(|statement| statement.index);
    found
}

fn pick<T: Clone>(entries: &[T], keep: impl Fn(usize) -> bool) -> Vec<T> {
    let numbered = entries.iter().enumerate();
    numbered
        .filter(|(at, _)| keep(*at))
        .map(|(_, entry)| entry.clone())
        .collect()
}

fn tell_whole(comparison: &Comparison, small: &Statement, by: &[&Statement], notes: &mut Notes) {
    let names = statements(by);
    let message = match (comparison.whole == DENIED.whole, small.effect) {
        (true, _) => format!("everything it allows is denied by {names}"),
        (false, Effect::Allow) => format!("it allows nothing that is not allowed by {names} already"),
        (false, Effect::Deny) => format!("it denies nothing that is not denied by {names} already"),
    };
    notes.add(comparison.whole, small, message);
}

fn tell_entries(
    comparison: &Comparison,
    (small, place): (&Statement, &str),
    entries: &[String],
    by: &[&Statement],
    notes: &mut Notes,
) {
    let (adds, is) = if entries.len() == 1 {
        ("adds", "is")
    } else {
        ("add", "are")
    };
    let (entries, names) = (listed(entries), statements(by));
    let message = match (comparison.entries == DENIED.entries, small.effect) {
        (true, _) => format!("{entries} of {place} {is} denied by {names}"),
        (false, Effect::Allow) => {
            format!("{entries} of {place} {adds} nothing to what is allowed by {names}")
        }
        (false, Effect::Deny) => format!("{entries} of {place} {adds} nothing to what is denied by {names}"),
    };
    notes.add(comparison.entries, small, message);
}

/// `statement 0`, `statements 0 "A" and 2`.
fn statements(by: &[&Statement]) -> String {
    let names: Vec<String> = by.iter().map(|statement| named(statement)).collect();
    let word = if names.len() == 1 {
        "statement"
    } else {
        "statements"
    };
    format!("{word} {}", listed(&names))
}
