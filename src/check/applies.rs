//! Which checks apply to which kinds of policy (interface.md, Checks).

use crate::extract::PolicyKind;

use super::Check;

/// Whether the check can be asked of policies of that kind at all.
pub fn applies(check: &Check, kind: PolicyKind) -> bool {
    let _ = (check, kind);
    todo!()
}

/// The kinds a check is asked of when the standard names none.
pub fn default_kinds(check: &Check) -> Vec<PolicyKind> {
    let _ = check;
    todo!()
}
