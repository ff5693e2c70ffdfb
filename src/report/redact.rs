//! Findings of policies whose values must not be shown: what stays is a list, and everything that is not on it is
//! replaced. Principal, action, statement index and Sid stay.

use std::collections::BTreeMap;

use crate::check::{Finding, MissedDeny};
use crate::iam::Request;

/// What stands for a value that is not shown.
pub(super) const SENSITIVE: &str = "(sensitive)";

/// The finding with every value that may come from the document replaced.
pub(super) fn redacted(finding: &Finding) -> Finding {
    let hide = || SENSITIVE.to_string();
    let request = &finding.counterexample;
    Finding {
        violation: finding.violation,
        statements: finding.statements.clone(),
        message: finding.message.clone(),
        reasons: finding.reasons.clone(),
        counterexample: Request {
            principal: request.principal.clone(),
            action: request.action.clone(),
            resource: hide(),
            context: request
                .context
                .keys()
                .map(|key| (key.clone(), vec![hide()]))
                .collect(),
            readings: BTreeMap::new(),
            holes: request.holes.keys().map(|hole| (hole.clone(), hide())).collect(),
            facts: request.facts.clone(),
        },
        assumes: finding
            .assumes
            .iter()
            .map(|(name, _)| (name.clone(), hide()))
            .collect(),
        denies: finding
            .denies
            .iter()
            .map(|deny| MissedDeny {
                document: deny.document.clone(),
                index: deny.index,
                sid: deny.sid.clone(),
                why: hide(),
            })
            .collect(),
        // They are made of the document's own entries.
        regions: None,
        change: None,
        realistic: finding.realistic,
        readings: finding.readings.clone(),
        solver: finding.solver,
        unconfirmed: finding.unconfirmed,
    }
}
