//! Reading inputs from disk: decoding, telling kinds apart by content, walking directories.

use std::path::{Path, PathBuf};

use super::{FileId, SourceFile};

/// Bounds on what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nesting depth of JSON and YAML.
    pub depth: usize,
    /// Nodes of a tree, after alias expansion.
    pub nodes: usize,
    /// Bytes of a template, policy or standards file.
    pub template_bytes: usize,
    /// Bytes of a plan.
    pub plan_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 128, nodes: 250_000, template_bytes: 64 << 20, plan_bytes: 2 << 30 }
    }
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// `terraform show -json PLAN`.
    TerraformPlan,
    /// A CloudFormation template (a SAM template too: its transform is reported by the extractor).
    Template,
    /// A bare IAM policy document.
    Policy,
}

/// One recognised input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// The file.
    pub file: FileId,
    /// What it is.
    pub kind: InputKind,
}

/// Everything read in a run.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The files; [`FileId`] is the position here.
    pub files: Vec<SourceFile>,
    /// The recognised inputs, in order.
    pub inputs: Vec<Input>,
    /// What could not be read or recognised.
    pub errors: Vec<LoadError>,
    /// Remarks: skipped links and the like.
    pub notes: Vec<String>,
}

/// Why a file could not be read or recognised. Quotes nothing of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct LoadError {
    /// The file, as users name it, with `:line:column` where known.
    pub file: String,
    /// What is wrong, what the file looks like, what to do.
    pub message: String,
    /// Whether this is a use of keyaki that is not supported (exit 2) and not a bad file (exit 3).
    pub usage: bool,
}

/// Reads the inputs: files, directories (walked, .gitignore respected, links not followed out of the root), `-`.
pub fn load(paths: &[PathBuf], limits: &Limits) -> Loaded {
    let _ = (paths, limits);
    todo!()
}

/// Decodes and recognises one text, as [`load`] does for a file of that name.
pub fn load_text(name: &str, bytes: Vec<u8>, limits: &Limits, loaded: &mut Loaded) {
    let _ = (name, bytes, limits, loaded);
    todo!()
}

/// Reads a file that a standards file names: inside `root`, regular, decoded.
pub fn read_reference(root: &Path, relative: &str, limits: &Limits) -> Result<SourceFile, LoadError> {
    let _ = (root, relative, limits);
    todo!()
}
