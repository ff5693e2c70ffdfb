//! What a template inside a plan holds, told as part of the plan: under the address and at the place of its resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::terraform::Context;
use crate::extract::terraform::found::Found;
use crate::extract::terraform::resource::Resource;
use crate::extract::{
    AttachedDocument, Before, Composition, Deployed, ExtractedPrincipal, Extraction, Hole, Origin, Part,
    Policy,
};

/// What is known of the template as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// The input does not tell.
    NotTold,
    /// There was none.
    Created,
    /// It stays, with all that it was deployed with.
    Same,
    /// There was one that is not read, or with other values.
    Unreadable,
    /// It was compared.
    Compared,
}

/// Adds all that was found in a template.
pub(super) fn add(
    context: &Context<'_>,
    resource: &Resource<'_>,
    body: &str,
    (extraction, earlier): (Extraction, Earlier),
    found: &mut Found,
) {
    let mut renamed = Renamed {
        prefix: format!("{}/{body}/", resource.address),
        home: resource.origin("", resource.place(context.text, context.file)),
        stays: earlier == Earlier::Same,
        documents: BTreeMap::new(),
    };
    let own: BTreeSet<String> = extraction
        .principals
        .iter()
        .map(|principal| principal.address.clone())
        .collect();
    found.extraction.not_policies += extraction.not_policies;
    for mut policy in extraction.policies {
        policy.origin = renamed.origin(&policy.origin);
        policy.changed = resource.is_changed();
        for identity in policy.attached_to.iter_mut().filter(|name| own.contains(*name)) {
            *identity = renamed.address(identity);
        }
        match earlier {
            Earlier::Compared => {}
            Earlier::NotTold => policy.before = Before::NotTold,
            Earlier::Created => policy.before = Before::Created,
            Earlier::Same => same(&mut policy),
            Earlier::Unreadable => policy.before = Before::Unreadable(UNREADABLE.to_owned()),
        }
        found.policy(policy);
    }
    for mut gap in extraction.gaps {
        gap.origin = renamed.origin(&gap.origin);
        found.gap(gap);
    }
    for mut change in extraction.changes {
        change.origin = renamed.origin(&change.origin);
        // A name may be that of any identity around the template.
        match change.identities.iter().all(|name| own.contains(name)) {
            true => {
                let names = change.identities.iter();
                change.identities = names.map(|name| renamed.address(name)).collect();
            }
            false => change.identities.clear(),
        }
        found.extraction.changes.push(change);
    }
    for mut note in extraction.notes {
        note.address = renamed.address(&note.address);
        found.extraction.notes.push(note);
    }
    for principal in extraction.principals {
        let principal = renamed.principal(principal, earlier);
        found.nested.push(principal);
    }
}

const UNREADABLE: &str = "the template as it was cannot be read, or had other parameters";

fn stable(hole: Hole) -> Hole {
    Hole { stable: true, ..hole }
}

/// What is deployed is what will be.
fn same(policy: &mut Policy) {
    let holes = std::mem::take(&mut policy.holes);
    policy.holes = holes.into_iter().map(stable).collect();
    policy.before = match &policy.document {
        Ok(document) => Before::Document(document.clone()),
        Err(invalid) => Before::Unreadable(invalid.message.clone()),
    };
}

/// Puts the resource of the plan before addresses of its template.
struct Renamed {
    prefix: String,
    /// The resource.
    home: Origin,
    /// Whether the template stays as it is: then so do its unknown values.
    stays: bool,
    /// Documents with their renamed copies, by where they are: shared ones stay shared.
    documents: BTreeMap<usize, [Arc<AttachedDocument>; 2]>,
}

impl Renamed {
    fn address(&self, address: &str) -> String {
        match address.starts_with("arn:") {
            true => address.to_owned(),
            false => format!("{}{address}", self.prefix),
        }
    }

    /// Places inside the text of a template are none in the plan: those of its resource stand for them.
    fn origin(&self, origin: &Origin) -> Origin {
        Origin {
            address: self.address(&origin.address),
            resource_type: origin.resource_type.clone(),
            ..self.home.clone()
        }
    }

    fn principal(&mut self, principal: ExtractedPrincipal, earlier: Earlier) -> ExtractedPrincipal {
        let now = self.composition(principal.now);
        let before = match (earlier, principal.before) {
            (Earlier::Compared, Deployed::Composition(before)) => {
                Deployed::Composition(self.composition(before))
            }
            (Earlier::Compared, before) => before,
            (Earlier::NotTold, _) => Deployed::NotTold,
            (Earlier::Created, _) => Deployed::Created,
            (Earlier::Same, _) => Deployed::Composition(now.clone()),
            (Earlier::Unreadable, _) => Deployed::Unreadable(UNREADABLE.to_owned()),
        };
        let all = |addresses: Vec<String>| addresses.iter().map(|address| self.address(address)).collect();
        ExtractedPrincipal {
            address: self.address(&principal.address),
            policies: all(principal.policies),
            boundary: principal.boundary.map(|address| self.address(&address)),
            trust: principal.trust.map(|address| self.address(&address)),
            // The plan around the template may attach more.
            open: true,
            origin: self.origin(&principal.origin),
            now,
            before,
            principal_type: principal.principal_type,
        }
    }

    fn composition(&mut self, composition: Composition) -> Composition {
        let mut parts = |parts: Vec<Part>| -> Vec<Part> {
            parts
                .into_iter()
                .map(|part| Part {
                    document: self.document(&part.document),
                    doubt: part.doubt,
                })
                .collect()
        };
        Composition {
            documents: parts(composition.documents),
            boundary: parts(composition.boundary),
        }
    }

    fn document(&mut self, document: &Arc<AttachedDocument>) -> Arc<AttachedDocument> {
        let at = Arc::as_ptr(document) as usize;
        if let Some([_, known]) = self.documents.get(&at) {
            return known.clone();
        }
        let renamed = Arc::new(AttachedDocument {
            key: self.address(&document.key),
            origin: self.origin(&document.origin),
            holes: match self.stays {
                true => document.holes.iter().cloned().map(stable).collect(),
                false => document.holes.clone(),
            },
            ..AttachedDocument::clone(document)
        });
        self.documents.insert(at, [document.clone(), renamed.clone()]);
        renamed
    }
}
