//! Principals: which documents are attached to an identity, now and before the planned change. Documents are shared:
//! attaching one to a thousand roles costs a thousand references.

use std::sync::Arc;

use crate::iam::PolicyDocument;

use super::{Hole, Origin};

/// A principal of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractedPrincipal {
    /// Its address; `role/NAME` and the like for one that the input only names.
    pub address: String,
    /// `role`, `user`, `group`, `permission-set`.
    pub principal_type: &'static str,
    /// Addresses or ARNs of its policies, those of its groups included.
    pub policies: Vec<String>,
    /// Address or ARN of its boundary.
    pub boundary: Option<String>,
    /// Address of its trust policy.
    pub trust: Option<String>,
    /// Whether the input does not define it fully.
    pub open: bool,
    /// Where it stands; for one that the input only names, what is attached to it first.
    pub origin: Origin,
    /// What is attached to it, after the planned change where there is one.
    pub now: Composition,
    /// What was attached to it before.
    pub before: Deployed,
}

/// What was attached to a principal before the planned change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deployed {
    /// The input does not tell (templates).
    NotTold,
    /// The principal is new.
    Created,
    /// This.
    Composition(Composition),
    /// It cannot be read; says why.
    Unreadable(String),
}

/// All that decides what a principal may do by itself: what any of its documents allows and none denies, as far as the
/// boundary does the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Composition {
    /// Its documents and those of its groups, in order, each once.
    pub documents: Vec<Part>,
    /// Its permissions boundary; empty when it has none. Several are one in parts: each is there under its own guards.
    pub boundary: Vec<Part>,
}

/// One document of a composition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The document.
    pub document: Arc<AttachedDocument>,
    /// Why it is not sure that the document is attached, for users; `None` when it is sure.
    pub doubt: Option<Arc<str>>,
}

/// A document as something that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedDocument {
    /// What tells it from others: equal keys, before and now, mean the same document even where nobody knows what is in
    /// it. Users read it up to [`crate::iam::FACT_SEPARATOR`].
    pub key: String,
    /// Where it was found.
    pub origin: Origin,
    /// What is in it; where that is not known, what it is, for users (`the policy arn:…`).
    pub content: Result<PolicyDocument, String>,
    /// Its holes.
    pub holes: Vec<Hole>,
    /// Truth of its guard facts when every parameter takes its default.
    pub default_facts: Vec<(Arc<str>, bool)>,
    /// Whether its values must not be shown.
    pub sensitive: bool,
}

impl ExtractedPrincipal {
    /// Whether the planned change touches anything composed into it; always true where the input does not tell.
    pub fn is_changed(&self) -> bool {
        match &self.before {
            Deployed::Composition(before) => !self.now.is_same(before),
            Deployed::NotTold | Deployed::Created | Deployed::Unreadable(_) => true,
        }
    }
}

impl Part {
    /// A document that is surely attached.
    pub fn sure(document: Arc<AttachedDocument>) -> Part {
        Part {
            document,
            doubt: None,
        }
    }
}

impl Composition {
    /// All of its parts, boundary last.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.documents.iter().chain(&self.boundary)
    }

    /// Whether two compositions surely allow the same: the same documents, none in doubt.
    pub fn is_same(&self, other: &Composition) -> bool {
        same_parts(&self.documents, &other.documents) && same_parts(&self.boundary, &other.boundary)
    }
}

fn same_parts(left: &[Part], right: &[Part]) -> bool {
    let within = |inner: &[Part], outer: &[Part]| {
        inner.iter().all(|part| {
            part.doubt.is_none() && outer.iter().any(|other| same(&part.document, &other.document))
        })
    };
    within(left, right) && within(right, left)
}

/// Whether two documents are the same, whatever their holes; what is not known is the same only under the same key.
fn same(left: &AttachedDocument, right: &AttachedDocument) -> bool {
    match (&left.content, &right.content) {
        (Ok(left_document), Ok(right_document)) => {
            let shared = Arc::ptr_eq(&left_document.statements, &right_document.statements);
            let holes = left.holes == right.holes && left.holes.iter().all(|hole| hole.stable);
            (shared || left_document == right_document) && holes
        }
        (Err(_), Err(_)) => left.key == right.key,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}
