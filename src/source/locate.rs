//! From byte spans to lines and columns.

use super::{SourceFile, Span};

/// Lines and columns of a span: 1-based; columns count characters (Unicode code points); the end column is one past the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// First line.
    pub start_line: usize,
    /// First column.
    pub start_column: usize,
    /// Last line.
    pub end_line: usize,
    /// One past the last column.
    pub end_column: usize,
}

/// The region of a span.
pub fn region(file: &SourceFile, span: Span) -> Region {
    let _ = (file, span);
    todo!()
}
