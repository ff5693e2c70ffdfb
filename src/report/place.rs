//! From symbolic places to URIs, lines and columns. Files are indexed once, and only those with findings: a plan is often
//! one line of many megabytes.

use std::cell::OnceCell;
use std::path::{Component, Path, PathBuf};

use crate::source::{FileId, Place, Region, SourceFile, Span};

use super::Location;

/// Bytes between two character counts of an index.
const BLOCK: usize = 4096;

/// Locates places in the files of a run.
pub(super) struct Locator<'a> {
    files: &'a [SourceFile],
    root: &'a Path,
    indices: Vec<OnceCell<Index>>,
}

/// The index of one file.
struct Index {
    /// The first byte of each line.
    lines: Vec<usize>,
    /// The characters before each block.
    characters: Vec<usize>,
}

impl<'a> Locator<'a> {
    /// A locator; URIs are relative to `root`.
    pub(super) fn new(files: &'a [SourceFile], root: &'a Path) -> Locator<'a> {
        Locator {
            files,
            root,
            indices: files.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// The location of a place. A file that is not there (never, for places of extractors) gives its first character.
    pub(super) fn locate(&self, place: Place) -> Location {
        let FileId(position) = place.file;
        match (self.files.get(position), self.indices.get(position)) {
            (Some(file), Some(cell)) => {
                let index = cell.get_or_init(|| Index::new(&file.text));
                Location {
                    uri: uri(&file.name, self.root),
                    region: index.region(&file.text, place.span),
                }
            }
            _ => Location {
                uri: "unknown".to_string(),
                region: Region {
                    start_line: 1,
                    start_column: 1,
                    end_line: 1,
                    end_column: 2,
                },
            },
        }
    }
}

impl Index {
    fn new(text: &str) -> Index {
        let feeds = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(feeds).collect();
        let mut before = 0;
        let characters = text
            .as_bytes()
            .chunks(BLOCK)
            .map(|block| {
                let here = before;
                before += starts(block);
                here
            })
            .collect();
        Index { lines, characters }
    }

    fn region(&self, text: &str, span: Span) -> Region {
        let end = span.end.min(text.len());
        let (start_line, start_column) = self.position(text, span.start.min(end));
        let (end_line, end_column) = self.position(text, end);
        Region {
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }

    /// 1-based line and column of a byte.
    fn position(&self, text: &str, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line
            .checked_sub(1)
            .and_then(|line| self.lines.get(line))
            .copied()
            .unwrap_or(0);
        let column = self
            .characters_before(text, at)
            .saturating_sub(self.characters_before(text, start))
            + 1;
        (line.max(1), column)
    }

    fn characters_before(&self, text: &str, at: usize) -> usize {
        let block = at / BLOCK;
        match self.characters.get(block) {
            Some(before) => before + starts(text.as_bytes().get(block * BLOCK..at).unwrap_or_default()),
            // `at` is the end of a text that fills its last block.
            None => self.characters.last().map_or(0, |before| {
                let from = (self.characters.len() - 1) * BLOCK;
                before + starts(text.as_bytes().get(from..at).unwrap_or_default())
            }),
        }
    }
}

/// How many characters begin in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The URI reference of a file: relative to `root` when under it, and relative in any case, because code scanning
/// refuses a whole report for one absolute URI. Percent-encoded (RFC 3986), never empty.
pub(super) fn uri(name: &str, root: &Path) -> String {
    if name == "<stdin>" || name == "-" {
        return "stdin".to_string();
    }
    let path = lexically_normal(&root.join(name));
    let inside = path
        .strip_prefix(lexically_normal(root))
        .map_or_else(|_| lexically_normal(Path::new(name)), Path::to_path_buf);
    let segments: Vec<String> = inside
        .components()
        .filter_map(|component| match component {
            Component::Normal(segment) => Some(percent_encode(&segment.to_string_lossy())),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect();
    if segments.is_empty() {
        "unnamed".to_string()
    } else {
        segments.join("/")
    }
}

/// The path without `.` and, where possible, without `..`; links are not followed.
fn lexically_normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn percent_encode(segment: &str) -> String {
    segment
        .bytes()
        .fold(String::with_capacity(segment.len()), |mut encoded, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
            encoded
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_and_encoded() {
        let root = Path::new("/home/u/repo");
        for (name, expected) in [
            ("plan.json", "plan.json"),
            ("./infra/plan.json", "infra/plan.json"),
            ("infra/../plan.json", "plan.json"),
            ("/home/u/repo/a b/p.json", "a%20b/p.json"),
            ("../repo/p.json", "p.json"),
            ("../other/p.json", "other/p.json"),
            ("/tmp/p.json", "tmp/p.json"),
            ("c:x/ünï%.json", "c%3Ax/%C3%BCn%C3%AF%25.json"),
            ("git::https://x", "git%3A%3Ahttps%3A/x"),
            ("<stdin>", "stdin"),
            ("", "unnamed"),
            ("..", "unnamed"),
        ] {
            assert_eq!(uri(name, root), expected, "{name}");
        }
    }

    fn check(text: &str, span: (usize, usize), expected: (usize, usize, usize, usize)) {
        let files = [SourceFile {
            name: "f".to_string(),
            text: text.to_string(),
        }];
        let locator = Locator::new(&files, Path::new("/r"));
        let place = Place {
            file: FileId(0),
            span: Span {
                start: span.0,
                end: span.1,
            },
        };
        let Region {
            start_line,
            start_column,
            end_line,
            end_column,
        } = locator.locate(place).region;
        assert_eq!((start_line, start_column, end_line, end_column), expected);
    }

    #[test]
    fn columns_count_characters() {
        check("", (0, 0), (1, 1, 1, 1));
        check("ab\ncd", (0, 2), (1, 1, 1, 3));
        check("ab\ncd", (3, 5), (2, 1, 2, 3));
        check("é木x\r\ny", (5, 6), (1, 3, 1, 4));
        check("é木x\r\ny", (8, 9), (2, 1, 2, 2));
        check("ab", (7, 9), (1, 3, 1, 3));
        let long = format!("\n{}z", "é".repeat(BLOCK * 2));
        check(
            &long,
            (long.len() - 1, long.len()),
            (2, BLOCK * 2 + 1, 2, BLOCK * 2 + 2),
        );
        let full = "a".repeat(BLOCK * 2);
        check(&full, (0, BLOCK * 2), (1, 1, 1, BLOCK * 2 + 1));
    }
}
