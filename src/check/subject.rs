//! What is checked: a policy, what is known about it, and the work on it that all standards share.

use std::sync::Arc;

use crate::extract::{Before, Hole, PolicyKind};
use crate::formula::{Axioms, Meaning, Vocabulary};
use crate::iam::{FACT_SEPARATOR, PolicyDocument, PrincipalKind};
use crate::solve::{HoleFacts, Symbols};

use super::stranger::Doubt;

/// What is checked: a document and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The document.
    pub document: &'a PolicyDocument,
    /// What it is.
    pub kind: PolicyKind,
    /// The CloudFormation name of the resource type, if known.
    pub resource_type: Option<&'a str>,
    /// Its holes.
    pub holes: &'a [Hole],
    /// What was deployed before.
    pub before: &'a Before,
    /// Guard facts under the defaults of parameters.
    pub default_facts: &'a [(Arc<str>, bool)],
    /// The account the policy will live in, if known.
    pub account: Option<&'a str>,
    /// Where a whole principal is asked about and the document is all of its identity policies: what else is known of it.
    pub whole: Option<Whole<'a>>,
}

/// What is known of a principal besides its identity policies.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a> {
    /// What makes its requests.
    pub kinds: &'a [PrincipalKind],
    /// Its permissions boundary: nothing is allowed that this does not allow too.
    pub boundary: Option<&'a PolicyDocument>,
    /// The boundary it had before.
    pub boundary_before: Option<&'a PolicyDocument>,
}

/// Work that is done once for a policy and shared by all standards.
#[derive(Debug)]
pub struct Prepared<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) meaning: Meaning,
    /// A row of the ambiguity register that is read against its default.
    pub(super) doubt: Option<Doubt>,
}

/// Prepares a subject.
pub fn prepare(subject: Subject<'_>) -> Prepared<'_> {
    prepare_in(subject, Vocabulary::default(), None)
}

/// Prepares a subject under readings of the ambiguity register that are not the default.
pub(super) fn prepare_in(
    subject: Subject<'_>,
    mut vocabulary: Vocabulary,
    doubt: Option<Doubt>,
) -> Prepared<'_> {
    vocabulary.add_document(subject.document);
    let meaning = Meaning::of(subject.document, &vocabulary);
    Prepared {
        subject,
        vocabulary,
        meaning,
        doubt,
    }
}

/// As [`prepare`], in the terms of another document too.
pub(super) fn prepare_with<'a>(subject: Subject<'a>, other: &PolicyDocument) -> Prepared<'a> {
    let mut prepared = prepare(subject);
    prepared.vocabulary.add_document(other);
    prepared.meaning = Meaning::of(subject.document, &prepared.vocabulary);
    prepared
}

impl Prepared<'_> {
    /// What the document speaks of, under these axioms.
    pub(super) fn vocabulary_under(&self, document: &PolicyDocument, axioms: Axioms) -> Vocabulary {
        if axioms == self.vocabulary.axioms() {
            return self.vocabulary.clone();
        }
        let mut vocabulary = Vocabulary::under(axioms);
        vocabulary.read_resources(self.vocabulary.resource_reading());
        vocabulary.add_document(document);
        vocabulary
    }
}

/// What is known of the symbols of a document and of others that are asked about with it.
pub(super) fn symbols(
    document: &PolicyDocument,
    others: &[&PolicyDocument],
    holes: &[Hole],
    vocabulary: Vocabulary,
) -> Symbols {
    let facts = |hole: &Hole| HoleFacts {
        id: hole.id.clone(),
        allowed: hole.allowed.clone(),
    };
    Symbols {
        vocabulary,
        holes: holes.iter().map(facts).collect(),
        conditions: conditions([document].iter().chain(others).copied(), holes),
    }
}

/// Guards that say exactly when a statement is there: those that are not holes.
fn conditions<'d>(documents: impl Iterator<Item = &'d PolicyDocument>, holes: &[Hole]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let statements = documents.flat_map(|document| document.statements.iter());
    for literal in statements.flat_map(|statement| &statement.guard) {
        let is_hole =
            literal.name.contains(FACT_SEPARATOR) || holes.iter().any(|hole| hole.id.0 == literal.name);
        if !is_hole && !names.contains(&literal.name) {
            names.push(literal.name.clone());
        }
    }
    names
}

/// The principals that can make requests under the document of a subject, as far as a question speaks of them.
pub(super) fn possible_kinds(subject: &Subject<'_>, vocabulary: &Vocabulary) -> Vec<PrincipalKind> {
    let mut kinds = match subject.whole {
        Some(whole) => whole.kinds.to_vec(),
        None => principal_kinds(subject.kind).to_vec(),
    };
    // A canonical user id is one account's, under another name: a kind of its own only where a policy speaks of one.
    if !vocabulary.has_canonical_users() {
        kinds.retain(|kind| *kind != PrincipalKind::Canonical);
    }
    kinds
}

/// The principals that can make requests under a policy of that kind.
fn principal_kinds(kind: PolicyKind) -> &'static [PrincipalKind] {
    const IDENTITIES: &[PrincipalKind] = &[
        PrincipalKind::User,
        PrincipalKind::RoleSession,
        PrincipalKind::FederatedUser,
    ];
    match kind {
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => IDENTITIES,
        PolicyKind::Scp => &[
            PrincipalKind::User,
            PrincipalKind::RoleSession,
            PrincipalKind::FederatedUser,
            PrincipalKind::Root,
        ],
        PolicyKind::Resource
        | PolicyKind::Trust
        | PolicyKind::Grant
        | PolicyKind::Rcp
        | PolicyKind::Endpoint => &PrincipalKind::ALL,
    }
}
