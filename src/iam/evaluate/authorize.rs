//! Whether a request is allowed by all policies that bear on it together (semantics.md 3.11), rule by rule and on top of
//! the reading of single documents. What is given is all there is: an absent policy grants nothing and limits nothing.

use super::super::document::{Effect, PolicyDocument, Statement};
use super::super::pattern::{Pattern, Piece};
use super::super::principal::{PrincipalEntry, PrincipalSet};
use super::super::request::{Principal, Request};
use super::{Decision, matches, principal};

/// The policies that bear on a request. An empty list is a policy that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// The policies of the principal and of its groups.
    pub identity: Vec<PolicyDocument>,
    /// The policy of the resource; of a role, its trust policy.
    pub resource: Option<PolicyDocument>,
    /// The permissions boundary of the principal.
    pub boundary: Vec<PolicyDocument>,
    /// The policy of the session.
    pub session: Option<PolicyDocument>,
    /// The service control policies over the principal's account, a list for each level.
    pub scps: Vec<Vec<PolicyDocument>>,
    /// The resource control policies over the resource's account, a list for each level, where its service supports
    /// them. `RCPFullAWSAccess`, which is attached everywhere, is not listed.
    pub rcps: Vec<Vec<PolicyDocument>>,
    /// The policy of the VPC endpoint that the request passes through.
    pub endpoint: Vec<PolicyDocument>,
}

/// Which of the policies; positions are 0-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyPosition {
    /// An identity policy.
    Identity(usize),
    /// The resource policy.
    Resource,
    /// A permissions boundary.
    Boundary(usize),
    /// The session policy.
    Session,
    /// A service control policy: level and position.
    Scp(usize, usize),
    /// A resource control policy: level and position.
    Rcp(usize, usize),
    /// A VPC endpoint policy.
    Endpoint(usize),
}

/// What does not allow a request and would have to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The identity policies.
    Identity,
    /// The resource policy.
    Resource,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// A level of service control policies.
    ScpLevel(usize),
    /// The VPC endpoint policy.
    Endpoint,
}

/// The decision of all policies together, and which of them made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The decision.
    pub decision: Decision,
    /// The statements that made it: of an explicit deny every Deny that applies, of an allowed request the identity and
    /// resource statements that grant it (none for what a root user may do by itself). Empty for an implicit deny.
    pub statements: Vec<(PolicyPosition, usize)>,
    /// Of an implicit deny: what does not allow the request. Empty otherwise.
    pub missing: Vec<Missing>,
}

/// Decides a request on a resource of that account. Nothing is derived: neither context keys from the principal nor
/// policies from the defaults of services.
pub fn authorize(request: &Request, resource_account: &str, given: &Policies) -> Authorization {
    let side = side(&request.principal, resource_account);
    let policies = binding(&request.principal, &side, given);
    let denies = denies(request, &policies);
    if !denies.is_empty() {
        return Authorization {
            decision: Decision::ExplicitDeny,
            statements: denies,
            missing: Vec::new(),
        };
    }
    let granted = Granted::of(request, &policies);
    let mut missing = match side {
        Side::SameAccount => missing_in_account(request, &policies, &granted),
        Side::CrossAccount => missing_across_accounts(request, &policies, &granted),
        Side::Outside => missing_for_outsiders(&granted),
    };
    missing.extend(missing_guards(request, &policies));
    if missing.is_empty() {
        Authorization {
            decision: Decision::Allowed,
            statements: granted.statements(),
            missing,
        }
    } else {
        Authorization {
            decision: Decision::ImplicitDeny,
            statements: Vec::new(),
            missing,
        }
    }
}

/// How the principal stands to the resource.
enum Side {
    /// Of the resource's account.
    SameAccount,
    /// Of another account.
    CrossAccount,
    /// Of no account: nobody, a service, a user of an identity provider.
    Outside,
}

fn side(principal: &Principal, resource_account: &str) -> Side {
    match principal {
        Principal::Anonymous | Principal::Service(_) | Principal::Federated(_) => Side::Outside,
        // An account under a name that tells nothing of it: never taken for the resource's own.
        Principal::Canonical(_) => Side::CrossAccount,
        Principal::Root { account, .. }
        | Principal::User { account, .. }
        | Principal::RoleSession { account, .. }
        | Principal::FederatedUser { account, .. } => {
            if account == resource_account {
                Side::SameAccount
            } else {
                Side::CrossAccount
            }
        }
    }
}

/// The policies that bind this principal: those of an account only its own, SCPs and RCPs no service-linked role.
fn binding(principal: &Principal, side: &Side, given: &Policies) -> Policies {
    let mut policies = given.clone();
    if matches!(side, Side::Outside) {
        policies.identity.clear();
        policies.boundary.clear();
        policies.session = None;
        policies.scps.clear();
    }
    if matches!(principal, Principal::RoleSession { path, .. } if path.starts_with("aws-service-role/")) {
        policies.scps.clear();
        policies.rcps.clear();
    }
    policies
}

/// Every Deny that applies, in whichever policy.
fn denies(request: &Request, policies: &Policies) -> Vec<(PolicyPosition, usize)> {
    let mut found = Vec::new();
    for (position, document) in policies.all() {
        let denies = document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Deny);
        for statement in denies {
            let unsparing =
                position == PolicyPosition::Resource && denies_bounded(statement, request, policies);
            if matches(statement, request) || unsparing {
                found.push((position, statement.index));
            }
        }
    }
    found
}

/// `NotPrincipal` in a Deny of a resource policy spares nobody who has a permissions boundary, whoever is listed
/// (semantics.md 3.4).
fn denies_bounded(statement: &Statement, request: &Request, policies: &Policies) -> bool {
    let has_boundary = !policies.boundary.is_empty()
        && matches!(
            request.principal,
            Principal::User { .. } | Principal::RoleSession { .. }
        );
    let of_everyone = || Statement {
        principal: PrincipalSet::In(vec![PrincipalEntry::Everyone]),
        ..statement.clone()
    };
    has_boundary && matches!(statement.principal, PrincipalSet::NotIn(_)) && matches(&of_everyone(), request)
}

/// How far an Allow of a resource policy reaches a principal of the resource's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It names the account, which may give the access to the principal.
    Account,
    /// It names the role: as if an identity policy of the role allowed it.
    Role,
    /// It names the user or the session, or everyone: nothing else need allow it, and no boundary limits it.
    Direct,
}

/// The Allow statements that match a request.
struct Granted {
    identity: Vec<(PolicyPosition, usize)>,
    resource: Vec<(Reach, usize)>,
}

impl Granted {
    fn of(request: &Request, policies: &Policies) -> Granted {
        let numbered = policies.identity.iter().enumerate();
        let identity = numbered.flat_map(|(at, document)| {
            let allows = allows(document, request);
            allows.map(move |statement| (PolicyPosition::Identity(at), statement.index))
        });
        let resource = policies.resource.iter().flat_map(|document| {
            let allows = allows(document, request);
            allows.map(|statement| (reach(statement, request), statement.index))
        });
        Granted {
            identity: identity.collect(),
            resource: resource.collect(),
        }
    }

    fn reach(&self) -> Option<Reach> {
        self.resource.iter().map(|(reach, _)| *reach).max()
    }

    fn statements(self) -> Vec<(PolicyPosition, usize)> {
        let resource = self.resource.into_iter();
        let resource = resource.map(|(_, index)| (PolicyPosition::Resource, index));
        self.identity.into_iter().chain(resource).collect()
    }
}

/// The Allow statements of a document that match.
fn allows<'a>(document: &'a PolicyDocument, request: &'a Request) -> impl Iterator<Item = &'a Statement> {
    let statements = document.statements.iter();
    statements.filter(|statement| statement.effect == Effect::Allow && matches(statement, request))
}

/// The farthest that any of the statement's principals reaches. `NotPrincipal` means everyone else.
fn reach(statement: &Statement, request: &Request) -> Reach {
    let PrincipalSet::In(entries) = &statement.principal else {
        return Reach::Direct;
    };
    let meant = entries
        .iter()
        .filter(|entry| principal::means(entry, statement.effect, request));
    let reach = meant.map(|entry| match entry {
        PrincipalEntry::Account(_) => Reach::Account,
        PrincipalEntry::Role { .. } => Reach::Role,
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::User { .. }
        | PrincipalEntry::Session { .. }
        | PrincipalEntry::FederatedUser { .. }
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => Reach::Direct,
    });
    reach.max().unwrap_or(Reach::Account)
}

/// Same account: either side may grant, but a key policy or trust policy must.
fn missing_in_account(request: &Request, policies: &Policies, granted: &Granted) -> Vec<Missing> {
    let reach = granted.reach();
    if reach == Some(Reach::Direct) {
        return Vec::new();
    }
    let mut missing = missing_limits(request, policies);
    if reach != Some(Reach::Role) {
        missing.extend(missing_identity(request, granted));
        if reach.is_none() && resource_policy_must_allow(request) {
            missing.push(Missing::Resource);
        }
    }
    missing
}

/// Another account: both sides must grant, each for its own account.
fn missing_across_accounts(request: &Request, policies: &Policies, granted: &Granted) -> Vec<Missing> {
    let mut missing = missing_limits(request, policies);
    missing.extend(missing_identity(request, granted));
    missing.extend(missing_for_outsiders(granted));
    missing
}

/// No account: the resource policy alone grants.
fn missing_for_outsiders(granted: &Granted) -> Vec<Missing> {
    if granted.resource.is_empty() {
        vec![Missing::Resource]
    } else {
        Vec::new()
    }
}

/// A root user needs no identity policy.
fn missing_identity(request: &Request, granted: &Granted) -> Option<Missing> {
    let allowed = !granted.identity.is_empty() || matches!(request.principal, Principal::Root { .. });
    (!allowed).then_some(Missing::Identity)
}

/// A permissions boundary and a session policy, where there are any, must allow too.
fn missing_limits(request: &Request, policies: &Policies) -> Vec<Missing> {
    let mut missing = Vec::new();
    if !policies.boundary.is_empty() && !any_allows(&policies.boundary, request) {
        missing.push(Missing::Boundary);
    }
    if policies.session.is_some() && !any_allows(policies.session.as_slice(), request) {
        missing.push(Missing::Session);
    }
    missing
}

/// Some policy of each SCP level must allow, and that of a VPC endpoint whatever passes through it. RCPs always do: the
/// `RCPFullAWSAccess` of every level allows everything, and other RCPs only deny.
fn missing_guards(request: &Request, policies: &Policies) -> Vec<Missing> {
    let levels = policies.scps.iter().enumerate();
    let mut missing: Vec<Missing> = levels
        .filter(|(_, level)| !any_allows(level, request))
        .map(|(at, _)| Missing::ScpLevel(at))
        .collect();
    if !policies.endpoint.is_empty() && !any_allows(&policies.endpoint, request) {
        missing.push(Missing::Endpoint);
    }
    missing
}

fn any_allows(documents: &[PolicyDocument], request: &Request) -> bool {
    documents
        .iter()
        .any(|document| allows(document, request).next().is_some())
}

/// Assuming a role and using a KMS key: no identity policy suffices without the trust policy or the key policy.
fn resource_policy_must_allow(request: &Request) -> bool {
    let action = request.action.to_ascii_lowercase();
    let is_key = || {
        request
            .resource
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|rest| rest.starts_with("key/"))
    };
    action.starts_with("sts:assumerole") || (action.starts_with("kms:") && is_key())
}

impl Policies {
    /// The policies with every role named without its path: for a session's ARN, which does not tell the path either.
    /// An account has one role of a name, whatever its path.
    pub fn with_roles_by_name(&self) -> Policies {
        let each = |documents: &[PolicyDocument]| documents.iter().map(roles_by_name).collect();
        let levels = |levels: &[Vec<PolicyDocument>]| levels.iter().map(|level| each(level)).collect();
        Policies {
            identity: self.identity.clone(),
            resource: self.resource.as_ref().map(roles_by_name),
            boundary: self.boundary.clone(),
            session: self.session.clone(),
            scps: self.scps.clone(),
            rcps: levels(&self.rcps),
            endpoint: each(&self.endpoint),
        }
    }

    /// All of them, each with its position.
    fn all(&self) -> Vec<(PolicyPosition, &PolicyDocument)> {
        let mut all = listed(&self.identity, PolicyPosition::Identity);
        all.extend(listed(self.resource.as_slice(), |_| PolicyPosition::Resource));
        all.extend(listed(&self.boundary, PolicyPosition::Boundary));
        all.extend(listed(self.session.as_slice(), |_| PolicyPosition::Session));
        for (level, documents) in self.scps.iter().enumerate() {
            all.extend(listed(documents, |at| PolicyPosition::Scp(level, at)));
        }
        for (level, documents) in self.rcps.iter().enumerate() {
            all.extend(listed(documents, |at| PolicyPosition::Rcp(level, at)));
        }
        all.extend(listed(&self.endpoint, PolicyPosition::Endpoint));
        all
    }
}

fn roles_by_name(document: &PolicyDocument) -> PolicyDocument {
    let entry = |entry: &PrincipalEntry| match entry {
        PrincipalEntry::Role {
            partition,
            account,
            path,
        } => PrincipalEntry::Role {
            partition: partition.clone(),
            account: account.clone(),
            path: last_component(path),
        },
        other => other.clone(),
    };
    let each = |entries: &[PrincipalEntry]| entries.iter().map(entry).collect();
    let statement = |statement: &Statement| Statement {
        principal: match &statement.principal {
            PrincipalSet::Absent => PrincipalSet::Absent,
            PrincipalSet::In(entries) => PrincipalSet::In(each(entries)),
            PrincipalSet::NotIn(entries) => PrincipalSet::NotIn(each(entries)),
        },
        ..statement.clone()
    };
    PolicyDocument {
        version: document.version,
        statements: document.statements.iter().map(statement).collect(),
    }
}

fn last_component(path: &Pattern) -> Pattern {
    let pieces = path.pieces();
    let slash = pieces.iter().rposition(|piece| *piece == Piece::Char('/'));
    pieces
        .iter()
        .skip(slash.map_or(0, |at| at + 1))
        .cloned()
        .collect()
}

fn listed(
    documents: &[PolicyDocument],
    position: impl Fn(usize) -> PolicyPosition,
) -> Vec<(PolicyPosition, &PolicyDocument)> {
    let numbered = documents.iter().enumerate();
    numbered.map(|(at, document)| (position(at), document)).collect()
}

#[cfg(test)]
mod tests;
