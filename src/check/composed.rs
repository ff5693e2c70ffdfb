//! A principal as one question: its documents as one document, within its boundary, and the same of what was attached
//! before. What is not known becomes a fact: of a document nobody can read, whether it allows the request; of one that
//! may not be attached, whether it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::extract::{Before, Composition, Deployed, ExtractedPrincipal, Hole, Part, PolicyKind};
use crate::iam::{
    Effect, ElementSet, FACT_SEPARATOR, Guard, GuardLiteral, PolicyDocument, PrincipalKind, PrincipalSet,
    ResourceSet, Spelled, Statement, Version,
};

use super::options::{Explain, Options};
use super::subject::{Subject, Whole, prepare};
use super::{Check, Finding, Proof, Reference, Verdict};

/// A principal, ready to be asked about.
#[derive(Debug)]
pub struct Composed {
    document: PolicyDocument,
    boundary: Option<PolicyDocument>,
    before: Before,
    boundary_before: Option<PolicyDocument>,
    holes: Vec<Hole>,
    default_facts: Vec<(Arc<str>, bool)>,
    kinds: &'static [PrincipalKind],
    /// Of each statement, by its index here: the address of its document and its index there.
    places: Vec<(Arc<str>, usize)>,
    /// What is attached now and cannot be read.
    unread: Vec<String>,
    is_unchanged: bool,
}

/// Puts the documents of a principal together.
pub fn compose(principal: &ExtractedPrincipal) -> Composed {
    let now = &principal.now;
    let mut side = Side::default();
    let document = side.identity(&now.documents, |_| STAYS);
    let boundary = side.boundary(&now.boundary);
    let places = std::mem::take(&mut side.places);
    let (before, boundary_before) = match &principal.before {
        Deployed::NotTold => (Before::NotTold, None),
        Deployed::Created => (Before::Created, None),
        Deployed::Unreadable(why) => (Before::Unreadable(why.clone()), None),
        Deployed::Composition(before) => {
            let document = side.identity(&before.documents, |part| was(part, now));
            let boundary = side.boundary(&before.boundary);
            (Before::Document(document), boundary)
        }
    };
    Composed {
        document,
        boundary,
        before,
        boundary_before,
        holes: side.holes,
        default_facts: side.default_facts.into_iter().collect(),
        kinds: kinds(principal.principal_type),
        places,
        unread: unread(now),
        is_unchanged: !principal.is_changed(),
    }
}

fn unread(now: &Composition) -> Vec<String> {
    let unread = now
        .documents
        .iter()
        .filter_map(|part| part.document.content.as_ref().err());
    unread.map(|what| does(what, "denies")).collect()
}

/// What the unread document that is called so does, for users.
fn does(called: &str, verb: &str) -> String {
    match called.starts_with("what ") {
        true => format!("{called} {verb}"),
        false => format!("what {called} {verb}"),
    }
}

impl Composed {
    /// Decides a check of the principal as a whole. The account is that of the principal, if known.
    pub fn check(&self, check: &Check, account: Option<&str>, options: &Options) -> Verdict {
        if self.is_unchanged && matches!(check.reference(), Some(Reference::Before)) {
            return Verdict::Pass(Proof {
                solver: "unchanged",
                ..Proof::default()
            });
        }
        let subject = Subject {
            document: &self.document,
            kind: PolicyKind::Identity,
            resource_type: None,
            holes: &self.holes,
            before: &self.before,
            default_facts: &self.default_facts,
            account,
            whole: Some(Whole {
                kinds: self.kinds,
                boundary: self.boundary.as_ref(),
                boundary_before: self.boundary_before.as_ref(),
            }),
        };
        // Regions and changes are about one document.
        let options = Options {
            explain: Explain::Nothing,
            ..*options
        };
        let mut verdict = super::check(check, &prepare(subject), &options);
        if let Verdict::Fail(finding) = &mut verdict {
            self.attribute(finding);
        }
        verdict
    }

    /// Tells statements by their documents.
    fn attribute(&self, finding: &mut Finding) {
        for statement in &mut finding.statements {
            if let Some((address, index)) = self.places.get(statement.index) {
                (statement.document, statement.index) = (Some(address.clone()), *index);
            }
        }
        for deny in &mut finding.denies {
            if let Some((address, index)) = self.places.get(deny.index) {
                (deny.document, deny.index) = (Some(address.clone()), *index);
            }
        }
        // It is a violation as far as nothing that cannot be read denies the request.
        let assumed = self.unread.iter().map(|name| (name.clone(), "false".to_owned()));
        finding.assumes.extend(assumed);
        finding.assumes.sort();
        finding.assumes.dedup();
        // They name statements by their place here.
        finding.reasons.clear();
    }
}

/// What makes the requests of a principal of that type. The session of a federated user has no more than the user's.
fn kinds(principal_type: &str) -> &'static [PrincipalKind] {
    match principal_type {
        "role" | "permission-set" => &[PrincipalKind::RoleSession],
        _ => &[PrincipalKind::User, PrincipalKind::FederatedUser],
    }
}

/// What an unknown document is taken to say: something of every request, as a fact decides.
#[derive(Debug, Clone, Copy)]
struct Unknown {
    effect: Effect,
    /// Whether nothing is said of requests when everything unknown takes its default.
    is_silent_by_default: bool,
}

/// An unknown document that is attached now may allow anything; what it denies can only take away.
const STAYS: Unknown = Unknown {
    effect: Effect::Allow,
    is_silent_by_default: true,
};

/// An unknown document that goes may have denied anything.
const GOES: Unknown = Unknown {
    effect: Effect::Deny,
    is_silent_by_default: false,
};

/// An unknown document that was attached before: where it surely stays, it allows the same now, and what it denied it
/// still denies.
fn was(part: &Part, now: &Composition) -> Unknown {
    let is_it = |other: &&Part| other.document.key == part.document.key;
    let stays = |other: &Part| other.doubt.is_none() && other.document.content.is_err();
    match now.documents.iter().find(is_it) {
        Some(other) if stays(other) => STAYS,
        Some(_) | None => GOES,
    }
}

/// One side of a question in the making: now, then before.
#[derive(Debug, Default)]
struct Side {
    places: Vec<(Arc<str>, usize)>,
    holes: Vec<Hole>,
    default_facts: BTreeMap<Arc<str>, bool>,
}

impl Side {
    /// The documents as one.
    fn identity(&mut self, parts: &[Part], unknown: impl Fn(&Part) -> Unknown) -> PolicyDocument {
        let mut statements = Vec::new();
        for part in parts {
            match &part.document.content {
                Ok(document) => self.add(part, document, &mut statements),
                Err(what) => {
                    let read = unknown(part);
                    let name = match read.effect {
                        Effect::Allow => fact(&does(what, "allows"), &part.document.key),
                        Effect::Deny => fact(&does(what, "denied"), &part.document.key),
                    };
                    if read.is_silent_by_default {
                        self.default_facts.insert(name.clone(), false);
                    }
                    statements.push(self.everything(read.effect, part, name));
                }
            }
        }
        together(statements)
    }

    /// The boundary; `None` where there is none. One that is unknown lets through what a fact says.
    fn boundary(&mut self, parts: &[Part]) -> Option<PolicyDocument> {
        let mut statements = Vec::new();
        for part in parts {
            match &part.document.content {
                Ok(document) => self.add(part, document, &mut statements),
                Err(what) => {
                    let name = fact(&does(what, "lets through"), &part.document.key);
                    statements.push(self.everything(Effect::Allow, part, name));
                }
            }
        }
        (!parts.is_empty()).then(|| together(statements))
    }

    fn add(&mut self, part: &Part, document: &PolicyDocument, statements: &mut Vec<Statement>) {
        let first = self.places.len();
        let mut last = first;
        for statement in document.statements.iter() {
            let index = first + statement.index;
            last = last.max(index + 1);
            let mut statement = statement.clone();
            statement.index = index;
            statement.guard.extend(doubt(part));
            statements.push(statement);
        }
        let address: Arc<str> = part.document.origin.address.as_str().into();
        self.places
            .extend((first..last).map(|index| (address.clone(), index - first)));
        for hole in &part.document.holes {
            if !self.holes.contains(hole) {
                self.holes.push(hole.clone());
            }
        }
        self.default_facts
            .extend(part.document.default_facts.iter().cloned());
    }

    /// A statement about every request.
    fn everything(&mut self, effect: Effect, part: &Part, name: Arc<str>) -> Statement {
        self.places
            .push((part.document.origin.address.as_str().into(), 0));
        Statement {
            index: self.places.len() - 1,
            sid: None,
            effect,
            principal: PrincipalSet::Absent,
            action: ElementSet::Any,
            spelled: Spelled::default(),
            resource: ResourceSet::Any,
            conditions: Vec::new(),
            guard: guard(name, part),
        }
    }
}

fn together(statements: Vec<Statement>) -> PolicyDocument {
    PolicyDocument {
        // What the versions differ in has been read already.
        version: Version::V2012,
        statements: statements.into(),
    }
}

/// A fact that nobody understands: a PASS holds whichever way it is.
fn fact(shown: &str, key: &str) -> Arc<str> {
    format!("{shown}{FACT_SEPARATOR}{key}").into()
}

fn guard(name: Arc<str>, part: &Part) -> Guard {
    let own = GuardLiteral { name, holds: true };
    [own].into_iter().chain(doubt(part)).collect()
}

fn doubt(part: &Part) -> Option<GuardLiteral> {
    let why = part.doubt.as_ref()?;
    Some(GuardLiteral {
        name: fact(why, &part.document.key),
        holds: true,
    })
}
