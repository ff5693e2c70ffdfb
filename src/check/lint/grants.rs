//! Traps of `Principal` and of the negated elements (semantics.md 3.2 to 3.4).

use crate::extract::PolicyKind;
use crate::formula::{and, kind_in, not, present};
use crate::iam::{
    ContextKey, Effect, ElementSet, PrincipalEntry, PrincipalKind, PrincipalSet, ResourceSet, Statement,
};

use super::{Lint, Notes, cover, listed};

/// Keys that say on whose behalf a service acts.
const SOURCES: &[&str] = &[
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "kms:CallerAccount",
];

/// Notes the traps of a statement.
pub(super) fn lint(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    let grants = matches!(
        lint.kind,
        PolicyKind::Identity | PolicyKind::Resource | PolicyKind::Trust
    );
    if statement.effect == Effect::Allow && grants {
        if matches!(statement.action, ElementSet::NotIn(_)) {
            notes.add(
                "not-action-allow",
                statement,
                "`NotAction` allows every action but those listed, future ones included",
            );
        }
        if matches!(statement.resource, ResourceSet::NotIn(_)) {
            notes.add(
                "not-resource-allow",
                statement,
                "`NotResource` allows the actions on every resource but those listed",
            );
        }
    }
    match &statement.principal {
        PrincipalSet::Absent => {}
        PrincipalSet::In(entries) => {
            dangling(statement, "Principal", entries, notes);
            if lint.kind == PolicyKind::Resource && statement.effect == Effect::Allow {
                confused_deputy(lint, statement, entries, notes);
            }
        }
        PrincipalSet::NotIn(entries) => {
            dangling(statement, "NotPrincipal", entries, notes);
            if statement.effect == Effect::Deny {
                without_parent(statement, entries, notes);
            }
        }
    }
}

fn dangling(statement: &Statement, element: &str, entries: &[PrincipalEntry], notes: &mut Notes) {
    if entries
        .iter()
        .any(|entry| matches!(entry, PrincipalEntry::Dangling(_)))
    {
        notes.add(
            "dangling-principal",
            statement,
            format!("`{element}` holds the id of a principal that was deleted, which matches nobody"),
        );
    }
}

fn without_parent(statement: &Statement, entries: &[PrincipalEntry], notes: &mut Notes) {
    let spared = |account| entries.contains(&PrincipalEntry::Account(account));
    let lonely = entries.iter().any(|entry| match entry {
        PrincipalEntry::Role { account, .. }
        | PrincipalEntry::User { account, .. }
        | PrincipalEntry::Session { account, .. }
        | PrincipalEntry::FederatedUser { account, .. } => !spared(account.clone()),
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Account(_)
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => false,
    });
    if lonely {
        notes.add(
            "not-principal-parent",
            statement,
            "`NotPrincipal` lists a user, role or session whose account it does not list: it may be denied all the same",
        );
    }
}

/// A service gets in without a word on whom it acts for: proved by a request that does.
fn confused_deputy(lint: &Lint<'_>, statement: &Statement, entries: &[PrincipalEntry], notes: &mut Notes) {
    const RULE: &str = "confused-deputy";
    let services: Vec<String> = entries
        .iter()
        .filter_map(|entry| match entry {
            PrincipalEntry::Service(name) => name.as_literal(),
            _ => None,
        })
        .map(|name| format!("`{name}`"))
        .collect();
    let tied = statement.conditions.iter().any(|condition| {
        let key = condition.key.folded();
        let source = SOURCES.iter().any(|source| source.eq_ignore_ascii_case(key));
        source || key.starts_with("kms:encryptioncontext")
    });
    if services.is_empty() || tied {
        return;
    }
    let message = format!(
        "{} may come in on anybody's behalf: no condition says which source, account or organization it acts for",
        listed(&services)
    );
    if statement.conditions.is_empty() && cover::is_plain(statement) && !lint.denies {
        return notes.add(RULE, statement, message);
    }
    if !lint.prover.may_ask(RULE) {
        return;
    }
    let vocabulary = lint.prover.vocabulary();
    let absent = SOURCES
        .iter()
        .filter(|name| vocabulary.mentions(name))
        .map(|name| not(&present(&ContextKey::new(name), vocabulary)));
    let parts = [
        lint.prover.matches(statement),
        kind_in(&[PrincipalKind::Service]),
        not(&lint.prover.some_deny()),
    ];
    if lint
        .prover
        .is_possible(RULE, and(parts.into_iter().chain(absent)))
    {
        notes.add(RULE, statement, message);
    }
}
