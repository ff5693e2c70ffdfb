//! From symbolic places to URIs, lines and columns. Files are indexed once, and only those with findings: a plan is often
//! one line of many megabytes.

use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use crate::source::{FileId, LineIndex, Place, Region, SourceFile, Span};

use super::Location;

/// Locates places in the files of a run.
pub(super) struct Locator<'a> {
    files: &'a [SourceFile],
    root: &'a Path,
    indices: Vec<OnceLock<Index>>,
}

/// What is kept of a file.
struct Index {
    lines: LineIndex,
    /// Where characters begin that UTF-16 writes as two code units; there are none in nearly all files.
    pairs: Vec<usize>,
}

impl Index {
    fn new(file: &SourceFile) -> Index {
        let text = if file.text.is_ascii() { "" } else { &file.text };
        let bytes = text.bytes().enumerate();
        Index {
            lines: LineIndex::new(file),
            pairs: bytes
                .filter(|(_, byte)| *byte >= 0xf0)
                .map(|(at, _)| at)
                .collect(),
        }
    }

    /// How many such characters stand before an offset in its line.
    fn surrogates(&self, file: &SourceFile, offset: usize) -> usize {
        if self.pairs.is_empty() {
            return 0;
        }
        let before = file.text.get(..offset).unwrap_or(&file.text);
        let start = before.rfind('\n').unwrap_or(0);
        let until = |offset: usize| self.pairs.partition_point(|at| *at < offset);
        until(before.len()) - until(start)
    }
}

impl<'a> Locator<'a> {
    /// A locator; URIs are relative to `root`.
    pub(super) fn new(files: &'a [SourceFile], root: &'a Path) -> Locator<'a> {
        Locator {
            files,
            root,
            indices: files.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The location of a place. A file that is not there (never, for places of extractors) gives its first character.
    pub(super) fn locate(&self, place: Place) -> Location {
        let FileId(position) = place.file;
        match (self.files.get(position), self.indices.get(position)) {
            (Some(file), Some(cell)) => {
                let index = cell.get_or_init(|| Index::new(file));
                let Span { start, end } = place.span;
                Location {
                    uri: uri(&file.name, self.root),
                    region: index.lines.region(file, place.span),
                    surrogates: (
                        index.surrogates(file, start),
                        index.surrogates(file, end.max(start)),
                    ),
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
                surrogates: (0, 0),
            },
        }
    }
}

/// The URI reference of a file: relative to `root` when under it, and relative in any case, because code scanning
/// refuses a whole report for one absolute URI. Percent-encoded (RFC 3986), never empty.
fn uri(name: &str, root: &Path) -> String {
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

/// The folder that all these files are in, with a `/` at its end; nothing for the folder that URIs are relative to.
pub(super) fn category<'n>(names: impl Iterator<Item = &'n str>, root: &Path) -> String {
    let folders = names.map(|name| {
        let uri = uri(name, root);
        uri.rsplit_once('/')
            .map_or_else(String::new, |(folder, _)| format!("{folder}/"))
    });
    let shared = folders.reduce(|left, right| {
        let steps = left.split_inclusive('/').zip(right.split_inclusive('/'));
        steps
            .take_while(|(left, right)| left == right)
            .map(|(left, _)| left)
            .collect()
    });
    shared.unwrap_or_default()
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

/// The text that was percent-encoded.
pub(super) fn decoded(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                after.get(2..).unwrap_or_default()
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
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

    #[test]
    fn runs_are_told_apart_by_folder() {
        for (names, expected) in [
            (&[][..], ""),
            (&["plan.json"], ""),
            (&["a/b/plan.json"], "a/b/"),
            (&["a/b/x.json", "a/c/y.json"], "a/"),
            (&["a/x.json", "ab/y.json"], ""),
            (&["<stdin>"], ""),
        ] {
            assert_eq!(
                category(names.iter().copied(), Path::new("/r")),
                expected,
                "{names:?}"
            );
        }
    }

    #[test]
    fn paths_are_decoded() {
        for path in ["a b/ünï%.json", "%41", "a"] {
            let encoded: Vec<String> = path.split('/').map(percent_encode).collect();
            assert_eq!(decoded(&encoded.join("/")), path);
        }
        assert_eq!(decoded("a%4"), "a%4");
        assert_eq!(decoded("%+1"), "%+1");
    }

    #[test]
    fn places_are_located() {
        let files = [SourceFile {
            name: "a b.json".to_string(),
            text: "é\n木x".to_string(),
        }];
        let locator = Locator::new(&files, Path::new("/r"));
        let place = |file| Place {
            file: FileId(file),
            span: Span { start: 6, end: 7 },
        };
        let Location { uri, region, .. } = locator.locate(place(0));
        let Region {
            start_line,
            start_column,
            end_line,
            end_column,
        } = region;
        assert_eq!(uri, "a%20b.json");
        assert_eq!((start_line, start_column, end_line, end_column), (2, 2, 2, 3));
        assert_eq!(
            locator.locate(place(1)).region.start_line,
            1,
            "never below the first line"
        );
    }

    #[test]
    fn readers_that_count_utf_16_are_told_the_difference() {
        let text = "😀 a\n木😀😀 b 😀 c";
        let files = [SourceFile {
            name: "a.json".to_string(),
            text: text.to_string(),
        }];
        let locator = Locator::new(&files, Path::new("/r"));
        for (from, to) in [("😀 a", " a"), ("b", "c"), ("a", "木"), ("c", "")] {
            let start = text.find(from).unwrap();
            let end = match to {
                "" => text.len(),
                to => text[start..].find(to).unwrap() + start,
            };
            let place = Place {
                file: FileId(0),
                span: Span { start, end },
            };
            let Location {
                region, surrogates, ..
            } = locator.locate(place);
            let column = |offset: usize| {
                let line = text[..offset].rsplit('\n').next().unwrap();
                line.encode_utf16().count() + 1
            };
            assert_eq!(region.start_column + surrogates.0, column(start), "{from}");
            assert_eq!(region.end_column + surrogates.1, column(end), "{to}");
        }
    }
}
