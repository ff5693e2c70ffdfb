//! Who must not get in (semantics.md 1.6): strangers to the owner of a policy, or to a zone of trust. A stranger is a few
//! *arms*, each a set of principal kinds, principals it is none of, and conditions in the policy language; so the same
//! thing is a formula for the engines and a plain test for the replay.

mod anchors;
mod providers;

use crate::formula::{Formula, Vocabulary, and, condition, kind_in, not, or, principal_entries};
use crate::iam::{
    Condition, Pattern, PolicyDocument, PrincipalEntry, PrincipalKind, Request, conditions_hold,
    principal_listed,
};

use super::{ServicePrincipals, Trust};
use anchors::Anchors;
use providers::shared_providers;

/// Principals of accounts.
const ACCOUNT_KINDS: [PrincipalKind; 4] = [
    PrincipalKind::Root,
    PrincipalKind::User,
    PrincipalKind::RoleSession,
    PrincipalKind::FederatedUser,
];

/// One way to be a stranger.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    kinds: Vec<PrincipalKind>,
    /// If not empty, the principal is one of these.
    within: Vec<PrincipalEntry>,
    /// The principal is none of these.
    outside: Vec<PrincipalEntry>,
    conditions: Vec<Condition>,
}

/// All ways to be a stranger.
#[derive(Debug, Clone)]
pub(super) struct Stranger(Vec<Arm>);

/// What is known of whose policy it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The account, if known.
    pub(super) account: Option<&'a str>,
    /// Holes whose value may hold wildcards: parameters.
    pub(super) open_holes: &'a [crate::iam::HoleId],
    /// The CloudFormation name of the resource type, if known.
    pub(super) resource_type: Option<&'a str>,
    /// Which row of the ambiguity register is read the other way.
    pub(super) doubt: Option<Doubt>,
}

/// A row of the ambiguity register (semantics.md 3.14) about who is a stranger, read against its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Row 13: `aws:userid` with a fixed role id and any session keeps nobody out.
    UserId,
    /// Row 14: `aws:PrincipalArn` with a fixed account and wildcards keeps nobody out.
    PrincipalArn,
    /// Row 15: a service that the document names may act for a stranger.
    NamedService,
}

/// A stranger to the owner of a document: an anonymous caller, or somebody of an account, organization, network and
/// source that the document does not name as a fixed value.
pub(super) fn public(document: &PolicyDocument, owner: Owner<'_>) -> Stranger {
    let anchors = Anchors::named_in(document, owner);
    let conditions = anchors.conditions();
    let named = anchors.principals();
    let of = |kinds: &[PrincipalKind], outside: Vec<PrincipalEntry>| Arm {
        kinds: kinds.to_vec(),
        within: Vec::new(),
        outside,
        conditions: conditions.clone(),
    };
    let accounts = named
        .iter()
        .filter(|entry| matches!(entry, PrincipalEntry::Account(_)))
        .cloned()
        .collect();
    let services = named
        .iter()
        .filter(|entry| matches!(entry, PrincipalEntry::Service(_)))
        .filter(|_| owner.doubt != Some(Doubt::NamedService))
        .cloned()
        .collect();
    let canonical = named
        .iter()
        .filter(|entry| matches!(entry, PrincipalEntry::Canonical(_)))
        .cloned()
        .collect();
    let mut arms = vec![
        of(&[PrincipalKind::Anonymous], Vec::new()),
        of(&ACCOUNT_KINDS, accounts),
        of(&[PrincipalKind::Service], services),
        of(&[PrincipalKind::Canonical], canonical),
    ];
    arms.extend(shared_provider_arms(document, owner, &conditions));
    Stranger(arms)
}

/// A stranger to a zone of trust.
pub(super) fn external(document: &PolicyDocument, trust: &Trust, owner: Owner<'_>) -> Stranger {
    let mut accounts: Vec<Pattern> = trust
        .accounts
        .iter()
        .map(|account| Pattern::literal(account))
        .collect();
    accounts.extend(owner.account.map(Pattern::literal));
    // An account that is not known yet is the input's own where the document names it.
    let own = Pattern::new(vec![crate::iam::Piece::Hole(crate::iam::HoleId::new(
        "AWS::AccountId",
    ))]);
    if owner.account.is_none() && anchors::mentions_hole(document, "AWS::AccountId") {
        accounts.push(own);
    }
    let conditions = anchors::zone_conditions(document, trust, &accounts);
    let mut outside: Vec<PrincipalEntry> = accounts.iter().cloned().map(PrincipalEntry::Account).collect();
    outside.extend(
        trust
            .principals
            .iter()
            .filter_map(|arn| crate::iam::parse_aws_principal(&Pattern::literal(arn))),
    );
    let of = |kinds: &[PrincipalKind], outside: Vec<PrincipalEntry>| Arm {
        kinds: kinds.to_vec(),
        within: Vec::new(),
        outside,
        conditions: conditions.clone(),
    };
    let mut arms = vec![
        of(&[PrincipalKind::Anonymous], Vec::new()),
        of(&ACCOUNT_KINDS, outside),
        of(&[PrincipalKind::Canonical], Vec::new()),
        of(&[PrincipalKind::Federated], trusted_providers(&accounts)),
    ];
    match trust.service_principals {
        ServicePrincipals::Trusted => {}
        ServicePrincipals::ConfusedDeputy => arms.push(of(&[PrincipalKind::Service], Vec::new())),
    }
    arms.extend(shared_provider_arms(document, owner, &conditions));
    Stranger(arms)
}

/// Identity providers of trusted accounts, and the shared ones, which have arms of their own.
fn trusted_providers(accounts: &[Pattern]) -> Vec<PrincipalEntry> {
    let of_account = |account: &Pattern| {
        let (head, tail) = (Pattern::glob("arn:*:iam::"), Pattern::glob(":*"));
        PrincipalEntry::Federated(Pattern::concat(&[&head, account, &tail]))
    };
    let shared = providers::BUILT_IN
        .iter()
        .map(|name| PrincipalEntry::Federated(Pattern::literal(name)));
    accounts.iter().map(of_account).chain(shared).collect()
}

/// A tenant of a shared identity provider that the document trusts without naming the tenant.
fn shared_provider_arms(document: &PolicyDocument, owner: Owner<'_>, conditions: &[Condition]) -> Vec<Arm> {
    let arm = |(entry, tenant): (PrincipalEntry, Vec<Condition>)| Arm {
        kinds: vec![PrincipalKind::Federated],
        within: vec![entry],
        outside: Vec::new(),
        conditions: conditions.iter().cloned().chain(tenant).collect(),
    };
    shared_providers(document, owner.open_holes)
        .into_iter()
        .map(arm)
        .collect()
}

impl Stranger {
    /// Requests by a stranger.
    pub(super) fn formula(&self, vocabulary: &Vocabulary) -> Formula {
        or(self.0.iter().map(|arm| {
            let within = if arm.within.is_empty() {
                Formula::True
            } else {
                principal_entries(&arm.within, vocabulary)
            };
            and([
                kind_in(&arm.kinds),
                within,
                not(&principal_entries(&arm.outside, vocabulary)),
            ]
            .into_iter()
            .chain(arm.conditions.iter().map(|line| condition(line, vocabulary))))
        }))
    }

    /// What a stranger speaks of.
    pub(super) fn add_to(&self, vocabulary: &mut Vocabulary) {
        for arm in &self.0 {
            vocabulary.add_principals(&arm.within);
            vocabulary.add_principals(&arm.outside);
            arm.conditions
                .iter()
                .for_each(|line| vocabulary.add_condition(line));
        }
    }

    /// Whether a concrete request comes from a stranger.
    pub(super) fn makes(&self, request: &Request) -> bool {
        self.0.iter().any(|arm| {
            arm.kinds.contains(&request.principal.kind())
                && (arm.within.is_empty() || principal_listed(&arm.within, request))
                && !principal_listed(&arm.outside, request)
                && conditions_hold(&arm.conditions, request)
        })
    }
}
