//! A bare policy document as an input.

use crate::source::{FileId, Node};

use super::Extraction;

/// The one policy of a bare document. Its kind is told by its elements: a principal makes it a resource policy, or a
/// trust policy when all its actions are `sts:AssumeRole…` and it has no resource; else it is an identity policy.
pub fn extract_bare_policy(tree: &Node, file: FileId) -> Extraction {
    let _ = (tree, file);
    todo!()
}
