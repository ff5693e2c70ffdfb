//! Terraform plans (`terraform show -json`).

use crate::source::FileId;

use super::Extraction;

/// Everything in a plan. `Err` only when the text is no plan that can be read at all: malformed JSON, duplicate keys,
/// unsupported format version, no planned changes section. The message has `line:column` where known and quotes nothing.
pub fn extract_plan(
    text: &str,
    file: FileId,
    extra: &[(String, String, super::PolicyKind)],
) -> Result<Extraction, String> {
    let _ = (text, file, extra);
    todo!()
}
