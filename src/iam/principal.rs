//! `Principal` and `NotPrincipal` elements (semantics.md 3.4).

use super::pattern::{HoleId, Pattern};

/// Whom a statement speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalSet {
    /// No element: an identity policy.
    Absent,
    /// `Principal`: any of these.
    In(Vec<PrincipalEntry>),
    /// `NotPrincipal`: none of these.
    NotIn(Vec<PrincipalEntry>),
}

/// One principal of an element. Patterns hold wildcards only in reference documents, holes anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalEntry {
    /// `"*"`: everyone.
    Everyone,
    /// `{"AWS": "*"}`: everyone too, but whether services and federated users are meant is ambiguity row 4.
    AnyAws,
    /// An account id or its root ARN: every principal of that account.
    Account(Pattern),
    /// A role ARN: the role and its sessions. `path` is the part after `role/`.
    Role {
        /// Partition.
        partition: Pattern,
        /// Account id.
        account: Pattern,
        /// Path and name, without `role/`.
        path: Pattern,
    },
    /// A user ARN. `path` is the part after `user/`.
    User {
        /// Partition.
        partition: Pattern,
        /// Account id.
        account: Pattern,
        /// Path and name, without `user/`.
        path: Pattern,
    },
    /// `arn:…:sts::A:assumed-role/R/S`: exactly that session.
    Session {
        /// Partition.
        partition: Pattern,
        /// Account id.
        account: Pattern,
        /// Role name, without path.
        role: Pattern,
        /// Session name.
        session: Pattern,
    },
    /// `arn:…:sts::A:federated-user/U`.
    FederatedUser {
        /// Partition.
        partition: Pattern,
        /// Account id.
        account: Pattern,
        /// Name.
        name: Pattern,
    },
    /// `{"Service": "lambda.amazonaws.com"}`; `*` is any service.
    Service(Pattern),
    /// `{"Federated": …}`: an identity provider, by ARN or domain; `*` is any.
    Federated(Pattern),
    /// `{"CanonicalUser": …}`: an opaque S3 account.
    Canonical(Pattern),
    /// `AIDA…`, `AROA…`: the id of a deleted principal, which matches nobody.
    Dangling(String),
    /// An `AWS` principal that is unknown as a whole: anybody or nobody.
    Unknown(HoleId),
}

/// Splits an `AWS` principal into its form. `None` when it is none of the forms; wildcards within are left to the
/// caller to refuse. Text with holes is split at its literal colons and slashes.
pub fn parse_aws_principal(pattern: &Pattern) -> Option<PrincipalEntry> {
    use super::pattern::Piece;
    if pattern.is_star() {
        return Some(PrincipalEntry::AnyAws);
    }
    if let [Piece::Hole(hole)] = &*pattern.pieces() {
        return Some(PrincipalEntry::Unknown(hole.clone()));
    }
    let segments = pattern.splitn(6, ':');
    let own = |pieces: &[Piece]| Pattern::new(pieces.to_vec());
    let [first, partition, service, region, account, rest] = segments.as_slice() else {
        let text = pattern.as_literal()?;
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(PrincipalEntry::Account(pattern.clone()));
        }
        let dangling = text.len() >= 16
            && ["AIDA", "AROA", "AGPA", "ANPA"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        return dangling.then_some(PrincipalEntry::Dangling(text));
    };
    if first.as_literal().as_deref() != Some("arn")
        || !region.is_empty()
        || account.is_empty()
        || partition.is_empty()
    {
        return None;
    }
    let service = service.as_literal()?;
    let rest = rest.pieces();
    let literal = |pieces: &[Piece]| own(pieces).as_literal();
    let (kind, name) = match rest.iter().position(|piece| *piece == Piece::Char('/')) {
        Some(at) => {
            let (kind, name) = rest.split_at_checked(at)?;
            (literal(kind)?, name.get(1..)?)
        }
        None => (literal(&rest)?, [].as_slice()),
    };
    let (partition, account) = (partition.clone(), account.clone());
    match (service.as_str(), kind.as_str()) {
        ("iam", "root") if name.is_empty() => Some(PrincipalEntry::Account(account)),
        ("iam", "role") if !name.is_empty() => Some(PrincipalEntry::Role {
            partition,
            account,
            path: own(name),
        }),
        ("iam", "user") if !name.is_empty() => Some(PrincipalEntry::User {
            partition,
            account,
            path: own(name),
        }),
        ("sts", "assumed-role") => {
            let at = name.iter().position(|piece| *piece == Piece::Char('/'))?;
            let (role, session) = name.split_at_checked(at)?;
            let session = session
                .get(1..)
                .filter(|session| !session.is_empty() && !role.is_empty())?;
            Some(PrincipalEntry::Session {
                partition,
                account,
                role: own(role),
                session: own(session),
            })
        }
        ("sts", "federated-user") if !name.is_empty() => Some(PrincipalEntry::FederatedUser {
            partition,
            account,
            name: own(name),
        }),
        _ => None,
    }
}
