//! Blocks of Terraform source: from a module address and a resource to the place of its block. Local modules are
//! followed when a block is looked up and never expanded as a tree, so neither cycles nor deep fan-out cost anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::code::Code;
use super::decode::is_zip;
use super::hcl_blocks::{BlockPlaces, Blocks};
use super::hcl_written::{Expressions, Written, WrittenAt};
use super::load::{Limits, LoadError, display_name, os_reason, starts_with};
use super::statements::Wanted;
use super::{Place, SourceFile, code, saved_plan};

/// The resource and module blocks of a configuration: root module and local modules.
#[derive(Debug, Clone, Default)]
pub struct TerraformSource {
    pub(super) root: PathBuf,
    /// By real path, or by the key of the module in a saved plan.
    pub(super) directories: BTreeMap<PathBuf, Directory>,
}

/// One directory of source.
#[derive(Debug, Clone, Default)]
pub(super) struct Directory {
    pub blocks: Blocks,
    /// Module calls whose source is a directory that was read.
    pub followed: BTreeMap<String, PathBuf>,
    /// Whether all of its code was read and understood, expressions included: what was not may override the rest.
    pub is_whole: bool,
}

/// A block of a configuration.
#[derive(Debug, Clone, Copy)]
pub struct BlockName<'n> {
    /// Module call names from the root, without instance keys.
    pub modules: &'n [String],
    /// `resource` or `data`.
    pub mode: &'n str,
    /// Its type.
    pub resource_type: &'n str,
    /// Its name.
    pub name: &'n str,
}

impl TerraformSource {
    /// Reads the code of a configuration: a directory with the local modules it calls, or a saved plan, which holds the
    /// code that it was made from. Files are appended to `files`. Notes tell what was not read: a file that does not parse
    /// loses its own blocks only. A saved plan that is not as Terraform makes them is refused whole.
    pub fn open(
        path: &Path,
        limits: &Limits,
        files: &mut Vec<SourceFile>,
    ) -> Result<(TerraformSource, Vec<String>), LoadError> {
        let refused = |message: String| LoadError {
            file: display_name(path),
            message,
            usage: true,
        };
        let metadata = std::fs::metadata(path).map_err(|error| refused(os_reason(&error)))?;
        let mut code = Code::new(limits, files);
        let source = if metadata.is_dir() {
            let root = path.canonicalize().map_err(|error| refused(os_reason(&error)))?;
            code::read_directory(&mut code, &root, path)
        } else if metadata.is_file() && is_zip(&starts_with(path).map_err(&refused)?) {
            saved_plan::read(&mut code, path, &metadata).map_err(|message| LoadError {
                usage: false,
                ..refused(message)
            })?
        } else {
            return Err(refused(NEITHER.to_owned()));
        };
        let notes = code.finish();
        Ok((source, notes))
    }

    /// The place of a block's header. In a remote module, the place of the first module call that cannot be followed.
    pub fn find(&self, block: &BlockName<'_>) -> Option<Place> {
        match self.module(block.modules)? {
            Module::Read(directory) => directory.block(block)?.header,
            Module::Remote(call) => Some(call),
        }
    }

    /// The place of an attribute that stands literally in a block, from its key to the end of its value. The path names
    /// it as addresses do: `policy`, `inline_policy[0].policy`; `inline_policy[0]` is the header of the nested block.
    pub fn find_attribute(&self, block: &BlockName<'_>, attribute_path: &str) -> Option<Place> {
        match self.module(block.modules)? {
            Module::Read(directory) => directory.block(block)?.attribute(attribute_path),
            Module::Remote(_) => None,
        }
    }

    /// The place of a statement of the document that an attribute of the block holds; none where that is not sure.
    pub fn find_statement(
        &self,
        block: &BlockName<'_>,
        attribute_path: &str,
        wanted: &Wanted,
    ) -> Option<Place> {
        let Module::Read(directory) = self.module(block.modules)? else {
            return None;
        };
        let found = directory.block(block)?;
        directory.blocks.statement(found, attribute_path, wanted)
    }

    /// The place of the `statement` block of a policy document that has `count` of them; none where that is not sure.
    pub fn find_block(&self, modules: &[String], name: &str, index: usize, count: usize) -> Option<Place> {
        match self.module(modules)? {
            Module::Read(directory) => {
                let places = directory.blocks.expressions.statements(name)?;
                places.get(index).filter(|_| places.len() == count).copied()
            }
            Module::Remote(_) => None,
        }
    }

    /// An expression, where it is simple and its module was read whole.
    pub fn written(&self, modules: &[String], at: WrittenAt<'_>) -> Option<&Written> {
        self.whole(modules)?.written(at)
    }

    /// How many `statement` blocks a policy document has; none where some are dynamic.
    pub fn statement_count(&self, modules: &[String], name: &str) -> Option<usize> {
        Some(self.whole(modules)?.statements(name)?.len())
    }

    /// Mode, type and name of the resources and data sources of a module that was read whole.
    pub fn names(&self, modules: &[String]) -> Option<BTreeSet<&[String; 3]>> {
        Some(self.whole(modules)?.names().collect())
    }

    fn whole(&self, modules: &[String]) -> Option<&Expressions> {
        match self.module(modules)? {
            Module::Read(directory) if directory.is_whole => Some(&directory.blocks.expressions),
            Module::Read(_) | Module::Remote(_) => None,
        }
    }

    fn module(&self, modules: &[String]) -> Option<Module<'_>> {
        let mut directory = self.directories.get(&self.root)?;
        for call in modules {
            match directory.followed.get(call) {
                Some(target) => directory = self.directories.get(target)?,
                None => return directory.blocks.call(call).map(Module::Remote),
            }
        }
        Some(Module::Read(directory))
    }
}

const NEITHER: &str = "neither a directory of Terraform code nor a saved plan (`terraform plan -out=FILE`) that can be \
                       read: encrypted plans cannot";

enum Module<'a> {
    Read(&'a Directory),
    /// Where the call stands that cannot be followed.
    Remote(Place),
}

impl Directory {
    fn block(&self, block: &BlockName<'_>) -> Option<&BlockPlaces> {
        self.blocks.block(block.mode, block.resource_type, block.name)
    }
}

#[cfg(test)]
mod tests;
