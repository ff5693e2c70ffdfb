//! What a standard was asked of: a document alone, or a principal with everything attached to it.

use crate::check::{Check, Finding, GuiltyStatement, Reference, Standard};
use crate::extract::{Composition, Deployed, ExtractedPrincipal, Origin, Part, Policy, PolicyKind};

use crate::iam::shown_fact;

use super::super::fingerprint::{Evidence, without_instance_keys};
use super::super::outcome::Remark;

/// What a standard was asked of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Judged<'a> {
    /// A document alone.
    Policy(&'a Policy),
    /// A principal as a whole.
    Principal(&'a ExtractedPrincipal),
}

impl<'a> Judged<'a> {
    /// Where it stands.
    pub(super) fn origin(self) -> &'a Origin {
        match self {
            Judged::Policy(policy) => &policy.origin,
            Judged::Principal(principal) => &principal.origin,
        }
    }

    /// Where a document of it stands, by its address.
    pub(super) fn origin_of(self, address: Option<&str>) -> &'a Origin {
        let Judged::Principal(principal) = self else {
            return self.origin();
        };
        let mut documents = principal.now.parts().map(|part| &part.document.origin);
        documents
            .find(|origin| Some(origin.address.as_str()) == address)
            .unwrap_or(&principal.origin)
    }

    /// What it is.
    pub(super) fn kind(self) -> PolicyKind {
        match self {
            Judged::Policy(policy) => policy.kind,
            Judged::Principal(_) => PolicyKind::Identity,
        }
    }

    /// Whether its values must not be shown.
    pub(super) fn is_sensitive(self) -> bool {
        match self {
            Judged::Policy(policy) => policy.sensitive,
            Judged::Principal(principal) => {
                let before = before(principal).into_iter().flat_map(Composition::parts);
                principal
                    .now
                    .parts()
                    .chain(before)
                    .any(|part| part.document.sensitive)
            }
        }
    }

    /// Who holds it, where it speaks of its holders: other kinds say themselves who they let in.
    pub(super) fn holders(self) -> Option<&'a [String]> {
        match self {
            Judged::Principal(principal) => Some(std::slice::from_ref(&principal.address)),
            Judged::Policy(policy) => match policy.kind {
                PolicyKind::Identity => Some(&policy.attached_to),
                PolicyKind::Resource
                | PolicyKind::Trust
                | PolicyKind::Grant
                | PolicyKind::Boundary
                | PolicyKind::Session
                | PolicyKind::Scp
                | PolicyKind::Rcp
                | PolicyKind::Endpoint => None,
            },
        }
    }

    /// Whether it is attached to, or is, a principal that the input does not fully define.
    pub(super) fn is_open(self, principals: &[ExtractedPrincipal]) -> bool {
        match self {
            Judged::Principal(principal) => principal.open,
            Judged::Policy(policy) => principals
                .iter()
                .any(|principal| principal.open && policy.attached_to.contains(&principal.address)),
        }
    }

    /// The hash of what was judged.
    pub(super) fn evidence(self, evidence: &mut Evidence<'a>, standard: &'a Standard) -> String {
        match self {
            Judged::Policy(policy) => evidence.of(policy, Some(standard)),
            Judged::Principal(principal) => evidence.of_principal(principal, standard),
        }
    }

    /// What is said after a violation of documents that nobody wrote as they are; the first of them for a principal.
    pub(super) fn rebuilt(self, finding: &Finding) -> String {
        let documents = finding
            .statements
            .iter()
            .map(|statement| statement.document.as_deref());
        let mut origins = documents.chain([None]).map(|document| self.origin_of(document));
        match origins.find_map(|origin| origin.rebuilt.as_ref()) {
            Some(rebuilt) => format!(" (rebuilt from {})", rebuilt.from),
            None => String::new(),
        }
    }

    /// What is said after a violation: how the principal changes, where the standard compares.
    pub(super) fn changes(self, check: &Check) -> String {
        match (self, check.reference()) {
            (Judged::Principal(principal), Some(Reference::Before)) => {
                before(principal).map_or_else(String::new, |before| changes(before, &principal.now))
            }
            _ => String::new(),
        }
    }
}

fn before(principal: &ExtractedPrincipal) -> Option<&Composition> {
    match &principal.before {
        Deployed::Composition(before) => Some(before),
        Deployed::NotTold | Deployed::Created | Deployed::Unreadable(_) => None,
    }
}

/// What is taken away or differs, each in a few words; what is added is blamed itself.
fn changes(before: &Composition, now: &Composition) -> String {
    let gone = without(&before.documents, &now.documents);
    let boundary_gone = without(&before.boundary, &now.boundary);
    let boundary_new = without(&now.boundary, &before.boundary);
    let mut said = Vec::new();
    if !gone.is_empty() {
        said.push(format!("no longer attached: {}", gone.join(", ")));
    }
    let kept = before.parts().filter_map(|was| {
        let is = now.parts().find(|is| is.document.key == was.document.key)?;
        (is.document.content != was.document.content).then(|| named(is))
    });
    let mut kept: Vec<String> = kept.collect();
    kept.dedup();
    if !kept.is_empty() {
        said.push(format!("changed: {}", kept.join(", ")));
    }
    if !boundary_gone.is_empty() && now.boundary.is_empty() {
        said.push(format!("without its boundary {}", boundary_gone.join(", ")));
    } else if !boundary_gone.is_empty() {
        let (gone, new) = (boundary_gone.join(", "), boundary_new.join(", "));
        said.push(format!("its boundary is {new} instead of {gone}"));
    }
    said.iter().map(|said| format!("; {said}")).collect()
}

/// The parts of one list that the other has not, by name.
fn without(parts: &[Part], others: &[Part]) -> Vec<String> {
    let is_among = |part: &&Part| others.iter().any(|other| other.document.key == part.document.key);
    parts.iter().filter(|part| !is_among(part)).map(named).collect()
}

fn named(part: &Part) -> String {
    format!("`{}`", shown_fact(&part.document.key))
}

/// What tells a statement from others of what was judged.
pub(super) fn told_statement(statement: &GuiltyStatement) -> String {
    let own = match &statement.sid {
        Some(sid) => sid.to_string(),
        None => statement.index.to_string(),
    };
    match &statement.document {
        Some(address) => format!("{} {own}", without_instance_keys(address)),
        None => own,
    }
}

/// What is said of a PASS of a principal that the input does not fully define.
pub(super) fn open(principal: &ExtractedPrincipal, standard: &Standard) -> Remark {
    Remark {
        id: "open-principal".to_string(),
        address: principal.address.clone(),
        message: format!(
            "{}: passes for what this input attaches; more may be attached elsewhere",
            standard.id
        ),
        about: None,
    }
}
