//! Principals (semantics.md 3.4): an account contains its users, roles and sessions; a role contains its sessions.

use crate::iam::{Effect, Pattern, PrincipalEntry, PrincipalKind, PrincipalSet, ReadingId};

use super::arn::Case;
use super::keys::{IAM_KINDS, kind_in};
use super::texts::any_of;
use super::{Fact, Formula, Variable, Vocabulary, and, fact, not, or, unknown};

/// When the element means the request's principal.
pub(super) fn principal_set(set: &PrincipalSet, effect: Effect, vocabulary: &Vocabulary) -> Formula {
    match set {
        PrincipalSet::Absent => Formula::True,
        PrincipalSet::In(entries) => or(entries.iter().map(|entry| means(entry, effect, vocabulary))),
        PrincipalSet::NotIn(entries) => not(&or(entries.iter().map(|entry| {
            let excluded = if parent_listed(entry, entries) {
                Formula::True
            } else {
                fact(Fact::Reading(ReadingId::NotPrincipalWithoutParent))
            };
            and([means(entry, effect, vocabulary), excluded])
        }))),
    }
}

/// When the principal is any of the entries, as in an Allow.
pub fn principal_entries(entries: &[PrincipalEntry], vocabulary: &Vocabulary) -> Formula {
    or(entries
        .iter()
        .map(|entry| means(entry, Effect::Allow, vocabulary)))
}

fn means(entry: &PrincipalEntry, effect: Effect, vocabulary: &Vocabulary) -> Formula {
    let text = |variable: Variable, pattern: &Pattern| {
        any_of(
            &variable,
            std::slice::from_ref(pattern),
            Case::Sensitive,
            vocabulary,
        )
    };
    let arn = |kind, partition: &Pattern, account: &Pattern, path: Formula| {
        and([
            kind_in(&[kind]),
            text(Variable::PrincipalPartition, partition),
            text(Variable::PrincipalAccount, account),
            path,
        ])
    };
    let path = |prefix: &str, path: &Pattern| text(Variable::PrincipalPath, &prefixed(prefix, path));
    match entry {
        PrincipalEntry::Everyone => Formula::True,
        PrincipalEntry::AnyAws => match effect {
            Effect::Allow => Formula::True,
            Effect::Deny => or([
                not(&kind_in(&[PrincipalKind::Service, PrincipalKind::Federated])),
                fact(Fact::Reading(ReadingId::AnyAwsDeniesAll)),
            ]),
        },
        PrincipalEntry::Account(account) => {
            and([kind_in(&IAM_KINDS), text(Variable::PrincipalAccount, account)])
        }
        PrincipalEntry::Role {
            partition,
            account,
            path: own,
        } => arn(PrincipalKind::RoleSession, partition, account, path("role/", own)),
        PrincipalEntry::User {
            partition,
            account,
            path: own,
        } => arn(PrincipalKind::User, partition, account, path("user/", own)),
        PrincipalEntry::FederatedUser {
            partition,
            account,
            name,
        } => arn(
            PrincipalKind::FederatedUser,
            partition,
            account,
            path("federated-user/", name),
        ),
        PrincipalEntry::Session {
            partition,
            account,
            role,
            session,
        } => {
            // The ARN of a session has the role's name without its path.
            let any_path = prefixed("role/*/", role);
            let role = or([path("role/", role), text(Variable::PrincipalPath, &any_path)]);
            let session = text(Variable::PrincipalSession, session);
            arn(
                PrincipalKind::RoleSession,
                partition,
                account,
                and([role, session]),
            )
        }
        PrincipalEntry::Service(name) => and([
            kind_in(&[PrincipalKind::Service]),
            text(Variable::PrincipalService, name),
        ]),
        PrincipalEntry::Federated(name) => and([
            kind_in(&[PrincipalKind::Federated]),
            text(Variable::PrincipalProvider, name),
        ]),
        PrincipalEntry::Canonical(name) => and([
            kind_in(&[PrincipalKind::Canonical]),
            text(Variable::PrincipalCanonical, name),
        ]),
        PrincipalEntry::Dangling(_) => Formula::False,
        PrincipalEntry::Unknown(hole) => unknown(hole),
    }
}

/// The pattern after a prefix in which `*` is a wildcard.
fn prefixed(prefix: &str, pattern: &Pattern) -> Pattern {
    Pattern::concat(&[&Pattern::glob(prefix), pattern])
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
