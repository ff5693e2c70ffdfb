//! What has been found so far, with what is needed only until the principals are put together.

use std::collections::BTreeSet;

use crate::extract::{ExtractedPrincipal, Extraction, Gap, Origin, Policy};

use super::identities::Targets;

/// An extraction in the making.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub extraction: Extraction,
    /// The principals of templates inside the plan.
    pub nested: Vec<ExtractedPrincipal>,
    /// Policies attached to identities by reference.
    pub links: Vec<Link>,
    /// Identities of which not all attachments are known.
    open: BTreeSet<String>,
    /// Kinds of identities any of which may have more attached to it.
    open_types: BTreeSet<&'static str>,
}

/// A policy attached to identities.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Its address in the plan, or its ARN. Of what cannot be read, what tells it from others.
    pub policy: String,
    /// The address that its document has among the policies found.
    pub at: String,
    pub targets: Targets,
    /// The resource that attaches it.
    pub by: Origin,
    /// The name of an inline policy where that is known; `None` for managed policies.
    pub inline: Option<Option<String>>,
    /// Whether the resource only repeats what was found attached while planning.
    pub is_echo: bool,
    /// Whether it cannot be told if the resource only repeats it: the plan has no configuration of it.
    pub may_be_echo: bool,
    /// Whether only the planned values tell of it, so that nothing says what was before.
    pub is_untold: bool,
    /// What it is, for users, where it cannot be read.
    pub unread: Option<String>,
}

impl Found {
    /// Adds a policy.
    pub fn policy(&mut self, policy: Policy) {
        self.extraction.policies.push(policy);
    }

    /// Adds a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.extraction.gaps.push(gap);
    }

    /// Adds a gap, if there is one.
    pub fn gap_if(&mut self, gap: Option<Gap>) {
        self.extraction.gaps.extend(gap);
    }

    /// Counts an attribute that is there and holds no policy.
    pub fn no_policy(&mut self) {
        self.extraction.not_policies += 1;
    }

    /// Adds what was found after it.
    pub fn append(&mut self, other: Found) {
        let Found {
            extraction,
            nested,
            links,
            open,
            open_types,
        } = other;
        // Taken apart, so that a new field is not forgotten here.
        let Extraction {
            policies,
            gaps,
            changes,
            principals,
            environment: _,
            unchanged,
            not_policies,
            names,
            nested: files,
            notes,
        } = extraction;
        let own = &mut self.extraction;
        own.policies.extend(policies);
        own.gaps.extend(gaps);
        own.changes.extend(changes);
        own.principals.extend(principals);
        own.unchanged.extend(unchanged);
        own.not_policies += not_policies;
        own.names.extend(names);
        own.nested.extend(files);
        own.notes.extend(notes);
        self.nested.extend(nested);
        self.links.extend(links);
        self.open.extend(open);
        self.open_types.extend(open_types);
    }

    /// Marks identities of which something attached is not known.
    pub fn open(&mut self, targets: &Targets) {
        self.open.extend(targets.identities.iter().cloned());
        self.open_types.extend(targets.untold.iter().copied());
    }

    /// Whether more may be attached to an identity than is known.
    pub fn is_open(&self, address: &str, principal_type: &str) -> bool {
        self.open.contains(address) || self.open_types.contains(principal_type)
    }
}
