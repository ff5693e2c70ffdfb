//! Whether a principal is meant by a `Principal` or `NotPrincipal` element (semantics.md 3.4).

use super::super::document::Effect;
use super::super::pattern::Pattern;
use super::super::principal::{PrincipalEntry, PrincipalSet};
use super::super::request::{Principal, ReadingId, Request};
use super::fill::filled_matches;

/// Whether the element means the request's principal.
pub(super) fn matches(set: &PrincipalSet, effect: Effect, request: &Request) -> bool {
    match set {
        PrincipalSet::Absent => true,
        PrincipalSet::In(entries) => entries.iter().any(|entry| means(entry, effect, request)),
        PrincipalSet::NotIn(entries) => !entries.iter().any(|entry| {
            let excluded =
                parent_listed(entry, entries) || request.reading(&ReadingId::NotPrincipalWithoutParent);
            means(entry, effect, request) && excluded
        }),
    }
}

/// Whether the entry means the request's principal.
pub(super) fn means(entry: &PrincipalEntry, effect: Effect, request: &Request) -> bool {
    let is = |pattern: &Pattern, text: &str| filled_matches(pattern, text, request);
    match (entry, &request.principal) {
        (PrincipalEntry::Everyone, _) => true,
        (PrincipalEntry::AnyAws, Principal::Service(_) | Principal::Federated(_)) => {
            effect == Effect::Allow || request.reading(&ReadingId::AnyAwsDeniesAll)
        }
        (PrincipalEntry::AnyAws, _) => true,
        (PrincipalEntry::Account(account), principal) => {
            principal.account().is_some_and(|(_, own)| is(account, own))
        }
        (
            PrincipalEntry::Role {
                partition,
                account,
                path,
            },
            Principal::RoleSession {
                partition: p,
                account: a,
                path: own,
                ..
            },
        )
        | (
            PrincipalEntry::User {
                partition,
                account,
                path,
            },
            Principal::User {
                partition: p,
                account: a,
                path: own,
            },
        )
        | (
            PrincipalEntry::FederatedUser {
                partition,
                account,
                name: path,
            },
            Principal::FederatedUser {
                partition: p,
                account: a,
                name: own,
            },
        ) => is(partition, p) && is(account, a) && is(path, own),
        (
            PrincipalEntry::Session {
                partition,
                account,
                role,
                session,
            },
            Principal::RoleSession {
                partition: p,
                account: a,
                path,
                session: own,
            },
        ) => {
            // The ARN of a session has the role's name without its path.
            let name = path.rsplit('/').next().unwrap_or(path);
            is(partition, p) && is(account, a) && is(role, name) && is(session, own)
        }
        (PrincipalEntry::Service(name), Principal::Service(own))
        | (PrincipalEntry::Federated(name), Principal::Federated(own))
        | (PrincipalEntry::Canonical(name), Principal::Canonical(own)) => is(name, own),
        (PrincipalEntry::Unknown(hole), _) => request.facts.get(&hole.0).copied().unwrap_or(false),
        (PrincipalEntry::Dangling(_), _) => false,
        (
            PrincipalEntry::Role { .. }
            | PrincipalEntry::User { .. }
            | PrincipalEntry::FederatedUser { .. }
            | PrincipalEntry::Session { .. }
            | PrincipalEntry::Service(_)
            | PrincipalEntry::Federated(_)
            | PrincipalEntry::Canonical(_),
            _,
        ) => false,
    }
}

/// Whether the account of a listed user, role or session is listed too: only then `NotPrincipal` surely excludes it.
fn parent_listed(entry: &PrincipalEntry, entries: &[PrincipalEntry]) -> bool {
    match entry {
        PrincipalEntry::Role { account, .. }
        | PrincipalEntry::User { account, .. }
        | PrincipalEntry::Session { account, .. }
        | PrincipalEntry::FederatedUser { account, .. } => {
            entries.contains(&PrincipalEntry::Account(account.clone()))
        }
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Account(_)
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => true,
    }
}
