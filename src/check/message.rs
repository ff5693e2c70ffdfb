//! Messages: those of the AWS API word for word (semantics.md 1.2), and one sentence for people.

use super::{Check, Finding};

/// The message of a PASS.
pub fn pass_message(check: &Check) -> &'static str {
    let _ = check;
    todo!()
}

/// Who can do what on what, because of which statement.
pub fn sentence(finding: &Finding) -> String {
    let _ = finding;
    todo!()
}
