//! CloudFormation templates.

use std::collections::BTreeMap;

use crate::source::{FileId, Node};

use super::{Environment, Extraction};

/// What the command line says about a template's environment.
#[derive(Debug, Clone, Default)]
pub struct CloudFormationOptions {
    /// Given parameter values.
    pub parameters: BTreeMap<String, String>,
    /// Whether parameters that are not given take their defaults as if given.
    pub assume_defaults: bool,
    /// Account, region and partition, where given.
    pub environment: Environment,
    /// Extra places to look for policies: type, property path, kind.
    pub extra: Vec<(String, String, super::PolicyKind)>,
}

/// Everything in a template. `Err` only when the tree is no template that can be read at all (no resource types, a
/// resource without `Type`); the message quotes nothing of the file but keys.
pub fn extract_template(
    tree: &Node,
    file: FileId,
    options: &CloudFormationOptions,
) -> Result<Extraction, String> {
    let _ = (tree, file, options);
    todo!()
}
