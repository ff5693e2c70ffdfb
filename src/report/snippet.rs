//! A piece of source that a finding is about: lines of a file, and what is marked in them.

use std::ops::Range;

/// Lines of a file, with marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The number of the first line.
    pub line: usize,
    /// Whole lines.
    pub text: String,
    /// What is marked; at least one is guilty.
    pub marks: Vec<Mark>,
}

/// Something marked in a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where: bytes of the text, in one line.
    pub span: Range<usize>,
    /// What is said of it; may be empty.
    pub label: String,
    /// Whether it is to blame, and not only concerned.
    pub guilty: bool,
}

impl Snippet {
    /// The line of the first guilty mark.
    pub fn guilty_line(&self) -> usize {
        let guilty = self.marks.iter().find(|mark| mark.guilty);
        let before = guilty.and_then(|mark| self.text.get(..mark.span.start));
        self.line + before.map_or(0, |before| before.matches('\n').count())
    }
}
