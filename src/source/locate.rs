//! From byte spans to lines and columns. Lines end at `\n` (so also at `\r\n`); a carriage return alone does not end one.

use super::tree::is_continuation;
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

/// The region of a span. Builds a [`LineIndex`] each time: for many spans of one file, build one and keep it.
pub fn region(file: &SourceFile, span: Span) -> Region {
    LineIndex::new(file).region(file, span)
}

/// Bytes between two stored character counts: bounds the counting for a column, also when a file is one long line.
const BLOCK: usize = 4096;

/// Where the lines of one file start, and how many characters precede each block of it; no blocks where every byte is a
/// character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    line_starts: Vec<usize>,
    characters: Vec<usize>,
}

impl LineIndex {
    /// Reads a file once.
    pub fn new(file: &SourceFile) -> LineIndex {
        let bytes = file.text.as_bytes();
        let newlines = file.text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(newlines).collect();
        let mut before = 0;
        let blocks = if bytes.is_ascii() { &[] } else { bytes };
        let characters = blocks
            .chunks(BLOCK)
            .map(|block| {
                let here = before;
                before += count(block);
                here
            })
            .collect();
        LineIndex {
            line_starts,
            characters,
        }
    }

    /// The region of a span of the file the index was built for. A span beyond the text is clamped to it.
    pub fn region(&self, file: &SourceFile, span: Span) -> Region {
        let (start_line, start_column) = self.position(file, span.start);
        let (end_line, end_column) = self.position(file, span.end.max(span.start));
        Region {
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }

    fn position(&self, file: &SourceFile, offset: usize) -> (usize, usize) {
        let offset = offset.min(file.text.len());
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
            .copied()
            .unwrap_or(0);
        let column = self.characters_before(file, offset) - self.characters_before(file, start) + 1;
        (line, column)
    }

    fn characters_before(&self, file: &SourceFile, offset: usize) -> usize {
        if self.characters.is_empty() {
            return offset;
        }
        let block = offset / BLOCK;
        let Some(before) = self.characters.get(block) else {
            // The end of a text whose length is a multiple of the block.
            let last = self.characters.last().copied().unwrap_or(0);
            let rest = file.text.as_bytes().chunks(BLOCK).last().unwrap_or_default();
            return last + count(rest);
        };
        before
            + count(
                file.text
                    .as_bytes()
                    .get(block * BLOCK..offset)
                    .unwrap_or_default(),
            )
    }
}

fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| !is_continuation(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, span: (usize, usize), expected: (usize, usize, usize, usize)) {
        let file = SourceFile {
            name: "f".into(),
            text: text.into(),
        };
        let got = region(
            &file,
            Span {
                start: span.0,
                end: span.1,
            },
        );
        let got = (got.start_line, got.start_column, got.end_line, got.end_column);
        assert_eq!(got, expected, "{span:?} of {text:?}");
    }

    #[test]
    fn regions() {
        check("", (0, 0), (1, 1, 1, 1));
        check("abc", (0, 3), (1, 1, 1, 4));
        check("abc", (7, 9), (1, 4, 1, 4));
        check("abc", (2, 1), (1, 3, 1, 3));
        check("a\nbc\n", (2, 4), (2, 1, 2, 3));
        check("a\nbc\n", (2, 5), (2, 1, 3, 1));
        check("a\r\nbc", (3, 5), (2, 1, 2, 3));
        check("a\rbc", (2, 3), (1, 3, 1, 4));
        check("é日😀x", (2, 9), (1, 2, 1, 4));
        check("é\n日x", (6, 7), (2, 2, 2, 3));
    }

    #[test]
    fn long_lines() {
        let text = "é".repeat(3 * BLOCK);
        check(&text, (2 * BLOCK, 6 * BLOCK), (1, BLOCK + 1, 1, 3 * BLOCK + 1));
        let text = format!("x{}\ny", "日".repeat(BLOCK));
        check(&text, (1 + 3 * BLOCK, 3 + 3 * BLOCK), (1, BLOCK + 2, 2, 2));
    }
}
