//! The standards file: read strictly, unknown words refused with their place.

use std::path::Path;

use crate::extract::PolicyKind;
use crate::source::Limits;

use super::{Standard, Trust};

/// A standards file, ready to check.
#[derive(Debug, Clone, Default)]
pub struct StandardsFile {
    /// How users name the file.
    pub name: String,
    /// The standards, in order.
    pub standards: Vec<Standard>,
    /// The zone of trust.
    pub trust: Trust,
    /// Types and addresses that are left out, with a reason.
    pub ignore: Vec<Ignore>,
    /// Extra places to look for policies: type, attribute path, kind.
    pub policy_attributes: Vec<(String, String, PolicyKind)>,
    /// Warnings, with their places.
    pub warnings: Vec<String>,
}

/// One `ignore` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// Glob over resource types.
    pub resource_type: Option<String>,
    /// Glob over addresses.
    pub address: Option<String>,
    /// Why.
    pub reason: String,
}

/// A problem of a standards file: `file:line:column: what is wrong, and the nearest valid word`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StandardsError(pub String);

/// Reads a standards file. All problems are returned, in order.
pub fn read_standards(path: &Path, limits: &Limits) -> Result<StandardsFile, Vec<StandardsError>> {
    let _ = (path, limits);
    todo!()
}
