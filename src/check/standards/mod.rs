//! The standards file: read strictly, unknown words refused with their place. The text is read twice on purpose: as a
//! spanned tree, under budgets and with places, and then by serde into what it says; a text the two do not read alike is
//! refused.

mod alike;
mod build;
mod grammar;
mod nearest;
mod problems;
mod raw;
mod reference;
mod scope;
#[cfg(test)]
mod tests;
mod value;
mod when;

use std::path::Path;

use crate::extract::PolicyKind;
use crate::source::{FileId, Limits, LoadError, SourceFile, parse_yaml, read_reference};

use super::{Standard, Trust};

pub use build::unknown_check;
pub use nearest::{nearest, nearest_within};

use problems::Problems;

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
    let name = path.display().to_string().replace('\\', "/");
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let file_name = path.file_name().and_then(|file| file.to_str());
    let relative =
        file_name.ok_or_else(|| vec![StandardsError(format!("{name}: not the name of a file"))])?;
    let file = read_reference(folder, relative, limits)
        .map_err(|error| vec![StandardsError(format!("{name}: {}", error.message))])?;
    let file = SourceFile { name, ..file };
    parse_standards(&file, limits, &|relative| {
        read_reference(folder, relative, limits)
    })
}

/// Reads the text of a standards file; `read` gives the files it names.
pub fn parse_standards(
    file: &SourceFile,
    limits: &Limits,
    read: &dyn Fn(&str) -> Result<SourceFile, LoadError>,
) -> Result<StandardsFile, Vec<StandardsError>> {
    let name = &file.name;
    // The tree comes first: its budgets stop alias bombs before serde sees them.
    let root = parse_yaml(&file.text, FileId(0), limits)
        .map_err(|error| vec![StandardsError(format!("{name}:{error}"))])?;
    let mut problems = Problems::new(file);
    grammar::check_shape(&root, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into_errors());
    }
    let unread = |error: serde_yaml::Error| vec![misread(name, &error)];
    let value: serde_yaml::Value = serde_yaml::from_str(&file.text).map_err(unread)?;
    if let Some(node) = alike::difference(&root, &value) {
        problems.add(node, MISREAD);
        return Err(problems.into_errors());
    }
    let raw: raw::RawFile = serde_yaml::from_str(&file.text).map_err(unread)?;
    let built = build::build(
        &raw,
        &root,
        file,
        &reference::Reader { read, limits },
        &mut problems,
    );
    if problems.is_empty() {
        Ok(built)
    } else {
        Err(problems.into_errors())
    }
}

/// What is said of a text that the two readers do not read alike.
const MISREAD: &str = "this YAML can be read in two ways; write it without merge keys and tags";

/// What serde refuses although the tree looked right. Its own message may quote the file and is not shown.
fn misread(name: &str, error: &serde_yaml::Error) -> StandardsError {
    let place = error
        .location()
        .map(|at| format!(":{}:{}", at.line(), at.column()))
        .unwrap_or_default();
    StandardsError(format!("{name}{place}: {MISREAD}"))
}
