//! Which checks apply to which kinds of policy (interface.md, Checks).

use crate::extract::PolicyKind;

use super::Check;

/// Whether the check can be asked of policies of that kind at all.
pub fn applies(check: &Check, kind: PolicyKind) -> bool {
    use PolicyKind::{Grant, Identity, Rcp, Resource, Scp, Trust};
    match check {
        Check::NoNewAccess { .. } | Check::Equivalent { .. } | Check::Lint { .. } => true,
        Check::AccessGranted { .. } => matches!(kind, Identity | Resource | Trust),
        Check::AccessNotGranted { .. } => matches!(kind, Identity | Resource | Trust | Grant),
        Check::AccessDenied { .. } => matches!(kind, Identity | Resource | Trust | Scp | Rcp),
        Check::NoPublicAccess { .. } | Check::NoExternalAccess { .. } => {
            matches!(kind, Resource | Trust | Grant)
        }
    }
}

/// The kinds a check is asked of when the standard names none: identity, resource, trust and grant, as far as it applies.
/// The others are composed, and judged alone only when named.
pub fn default_kinds(check: &Check) -> Vec<PolicyKind> {
    // A defect of a document is one wherever it stands.
    if matches!(check, Check::Lint { .. }) {
        return PolicyKind::ALL.to_vec();
    }
    let usual = [
        PolicyKind::Identity,
        PolicyKind::Resource,
        PolicyKind::Trust,
        PolicyKind::Grant,
    ];
    usual.into_iter().filter(|kind| applies(check, *kind)).collect()
}
