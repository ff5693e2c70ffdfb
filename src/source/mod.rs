//! Files: loading and decoding them, telling them apart, places in them, the spanned tree of JSON and YAML, and blocks
//! of Terraform source. Everything later refers to a file by [`Place`].

mod assembly;
mod code;
mod decode;
mod expand;
mod hcl;
mod hcl_blocks;
mod hcl_json;
mod hcl_statements;
mod hcl_written;
mod json;
mod load;
mod locate;
mod nested;
mod recognise;
mod saved_plan;
#[cfg(test)]
mod scratch;
mod statements;
mod tree;
mod walk;
mod yaml;

pub use assembly::StackFacts;
pub use hcl::{BlockName, TerraformSource};
pub use hcl_written::{Written, WrittenAt, WrittenPiece};
pub use load::{Input, InputKind, Limits, LoadError, Loaded, load, load_text, read_reference};
pub use locate::{LineIndex, Region, region};
pub use nested::{Company, TemplatePlace, local_path, read_nested};
pub use recognise::says_state;
pub use statements::{Sketch, Told, Wanted};
pub use tree::{Node, NodeKind, ParseError, Style, parse_json, parse_tree, parse_yaml};

/// A decoded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// How users name it: the path as given, with `/`; `<stdin>` for standard input.
    pub name: String,
    /// Its text, decoded, without a byte order mark.
    pub text: String,
}

/// A file, by its position in the run's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// A byte range of a file's decoded text; `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place in a file: symbolic until it is located as lines and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}
