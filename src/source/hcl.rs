//! Blocks of Terraform source: module address and resource to the place of its block.

use std::path::Path;

use super::load::{LoadError, Limits};
use super::{Place, SourceFile};

/// The resource and module blocks of a configuration: root module and local modules.
#[derive(Debug, Clone, Default)]
pub struct TerraformSource {}

impl TerraformSource {
    /// Reads a directory. Files are appended to `files`. A .tf file that does not parse is a note, never lost silently.
    pub fn open(directory: &Path, limits: &Limits, files: &mut Vec<SourceFile>) -> Result<(TerraformSource, Vec<String>), LoadError> {
        let _ = (directory, limits, files);
        todo!()
    }

    /// The place of a block: module call names from the root (without instance keys), `resource` or `data`, type, name.
    /// In a remote module, the place of the first module call that cannot be followed.
    pub fn find(&self, modules: &[String], mode: &str, resource_type: &str, name: &str) -> Option<Place> {
        let _ = (modules, mode, resource_type, name);
        todo!()
    }
}
