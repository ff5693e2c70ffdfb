//! A concrete request: who does what on which resource, in which context.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys::ContextKey;
use super::pattern::HoleId;

/// One request. It carries its reading of ambiguities and its values for holes, so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// `service:Action`.
    pub action: String,
    /// An ARN, or `*` for an action that takes no resource.
    pub resource: String,
    /// The context keys that are present, each with its values (one for a single-valued key). A key that is not here is
    /// absent from the request. Nothing is derived from the principal.
    pub context: BTreeMap<ContextKey, Vec<String>>,
    /// How the ambiguities of semantics.md 3.14 are read; one that is not here takes its default.
    pub readings: BTreeMap<ReadingId, bool>,
    /// The values of holes.
    pub holes: BTreeMap<HoleId, String>,
    /// The facts of guards; one that is not here is false.
    pub facts: BTreeMap<Arc<str>, bool>,
}

/// A principal of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// Nobody signed the request.
    Anonymous,
    /// The root user of an account.
    Root {
        /// Partition.
        partition: String,
        /// Twelve digits.
        account: String,
    },
    /// An IAM user; `path` is path and name.
    User {
        /// Partition.
        partition: String,
        /// Twelve digits.
        account: String,
        /// `name` or `path/name`.
        path: String,
    },
    /// A session of an IAM role; `path` is path and name of the role.
    RoleSession {
        /// Partition.
        partition: String,
        /// Twelve digits.
        account: String,
        /// `name` or `path/name` of the role.
        path: String,
        /// Session name.
        session: String,
    },
    /// A GetFederationToken session.
    FederatedUser {
        /// Partition.
        partition: String,
        /// Twelve digits.
        account: String,
        /// Name.
        name: String,
    },
    /// An AWS service, by its principal name.
    Service(String),
    /// A user of an identity provider (`sts:AssumeRoleWith…`), by the provider.
    Federated(String),
    /// An S3 canonical user id.
    Canonical(String),
}

/// The kinds of [`Principal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// Unsigned.
    Anonymous,
    /// Account root user.
    Root,
    /// IAM user.
    User,
    /// Role session.
    RoleSession,
    /// GetFederationToken session.
    FederatedUser,
    /// AWS service.
    Service,
    /// Identity provider user.
    Federated,
    /// S3 canonical user.
    Canonical,
}

impl PrincipalKind {
    /// All kinds, in order.
    pub const ALL: [PrincipalKind; 8] = [
        PrincipalKind::Anonymous,
        PrincipalKind::Root,
        PrincipalKind::User,
        PrincipalKind::RoleSession,
        PrincipalKind::FederatedUser,
        PrincipalKind::Service,
        PrincipalKind::Federated,
        PrincipalKind::Canonical,
    ];
}

impl Principal {
    /// The ARN by which a caller is known. That of a session names its role without the path, unlike [`Principal::arn`].
    pub fn caller_arn(&self) -> Option<String> {
        match self {
            Principal::RoleSession {
                partition,
                account,
                path,
                session,
            } => {
                let role = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
                Some(format!(
                    "arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
                ))
            }
            Principal::Root { .. }
            | Principal::User { .. }
            | Principal::FederatedUser { .. }
            | Principal::Anonymous
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::Canonical(_) => self.arn(),
        }
    }

    /// Which kind this is.
    pub fn kind(&self) -> PrincipalKind {
        match self {
            Principal::Anonymous => PrincipalKind::Anonymous,
            Principal::Root { .. } => PrincipalKind::Root,
            Principal::User { .. } => PrincipalKind::User,
            Principal::RoleSession { .. } => PrincipalKind::RoleSession,
            Principal::FederatedUser { .. } => PrincipalKind::FederatedUser,
            Principal::Service(_) => PrincipalKind::Service,
            Principal::Federated(_) => PrincipalKind::Federated,
            Principal::Canonical(_) => PrincipalKind::Canonical,
        }
    }

    /// Partition and account of a principal that has one.
    pub fn account(&self) -> Option<(&str, &str)> {
        match self {
            Principal::Root { partition, account }
            | Principal::User {
                partition, account, ..
            }
            | Principal::RoleSession {
                partition, account, ..
            }
            | Principal::FederatedUser {
                partition, account, ..
            } => Some((partition, account)),
            Principal::Anonymous
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::Canonical(_) => None,
        }
    }
}

/// An ambiguity of semantics.md 3.14 that is read freely: the row, and for the opaque row what is meant
/// (operator, key, values).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadingId {
    /// Row 4: a Deny of `{"AWS":"*"}` also means services and federated users. Default true.
    AnyAwsDeniesAll,
    /// Row 5: `NotPrincipal` lists a user or role but not its account; whether it is excluded all the same. Default true.
    NotPrincipalWithoutParent,
    /// Row 6: a negated operator with a variable that has no value matches. Default true.
    UnresolvedVariableNegated,
    /// Row 7: `ForAnyValue:…IfExists` is true on a missing key. Default true.
    ForAnyIfExists,
    /// A non-set operator on a multivalued key: one free Boolean for each operator, key and values. Default false.
    NonSetOperator(Arc<str>),
}

impl ReadingId {
    /// The readings that are the same for all policies.
    pub const SHARED: [ReadingId; 4] = [
        ReadingId::AnyAwsDeniesAll,
        ReadingId::NotPrincipalWithoutParent,
        ReadingId::UnresolvedVariableNegated,
        ReadingId::ForAnyIfExists,
    ];

    /// What is assumed when a request does not say.
    pub fn default_reading(&self) -> bool {
        match self {
            ReadingId::AnyAwsDeniesAll
            | ReadingId::NotPrincipalWithoutParent
            | ReadingId::UnresolvedVariableNegated
            | ReadingId::ForAnyIfExists => true,
            ReadingId::NonSetOperator(_) => false,
        }
    }

    /// The row of the register, as reports name it.
    pub fn row(&self) -> &'static str {
        match self {
            ReadingId::AnyAwsDeniesAll => "4",
            ReadingId::NotPrincipalWithoutParent => "5",
            ReadingId::UnresolvedVariableNegated => "6",
            ReadingId::ForAnyIfExists => "7",
            ReadingId::NonSetOperator(_) => "non-set-operator",
        }
    }
}

impl Request {
    /// How an ambiguity is read in this request.
    pub fn reading(&self, id: &ReadingId) -> bool {
        self.readings
            .get(id)
            .copied()
            .unwrap_or_else(|| id.default_reading())
    }
}

impl Principal {
    /// `aws:PrincipalArn` of this principal: of a role session, the role's. `None` for principals without one.
    pub fn arn(&self) -> Option<String> {
        match self {
            Principal::Root { partition, account } => Some(format!("arn:{partition}:iam::{account}:root")),
            Principal::User {
                partition,
                account,
                path,
            } => Some(format!("arn:{partition}:iam::{account}:user/{path}")),
            Principal::RoleSession {
                partition,
                account,
                path,
                ..
            } => Some(format!("arn:{partition}:iam::{account}:role/{path}")),
            Principal::FederatedUser {
                partition,
                account,
                name,
            } => Some(format!("arn:{partition}:sts::{account}:federated-user/{name}")),
            Principal::Anonymous
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::Canonical(_) => None,
        }
    }
}
