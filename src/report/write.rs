//! Writing: the one writer through which all text for people goes, so that nothing in a policy can steer a terminal or a
//! CI log, and files that are either there whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A writer that makes text harmless: control characters, bidirectional controls and line separators are written as
/// `\u{…}`, and no line can be read as a log command (`::` at its start, `##[` or `##vso[` anywhere).
#[derive(Debug)]
pub struct Sanitised<W: Write> {
    inner: W,
    /// The first bytes of a character whose rest has not come yet.
    partial: Vec<u8>,
    line: LineState,
}

/// What stands at the end of the line so far, as far as log commands care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineState {
    /// Nothing but white space.
    Blank,
    /// One colon after nothing but white space.
    Colon,
    /// A run of `#`, of one or of more.
    Hashes(bool),
    /// `##` and that much of `vso`.
    Vso(usize),
    /// Anything else.
    Text,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tint {
    /// For violations.
    Red,
    /// For what is not decided.
    Yellow,
    /// For what is well.
    Green,
    /// For headings.
    Bold,
}

impl Tint {
    fn code(self) -> &'static [u8] {
        match self {
            Tint::Red => b"\x1b[31m",
            Tint::Yellow => b"\x1b[33m",
            Tint::Green => b"\x1b[32m",
            Tint::Bold => b"\x1b[1m",
        }
    }
}

impl<W: Write> Sanitised<W> {
    /// A writer to `inner`, at the start of a line.
    pub fn new(inner: W) -> Sanitised<W> {
        Sanitised {
            inner,
            partial: Vec::new(),
            line: LineState::Blank,
        }
    }

    /// A writer to `inner`, in the middle of a line that is no log command but one's own.
    pub(super) fn within_line(inner: W) -> Sanitised<W> {
        Sanitised {
            line: LineState::Text,
            ..Sanitised::new(inner)
        }
    }

    /// Writes text as a link. Beside [`Sanitised::tinted`] and [`Sanitised::styled`] the only way for an escape sequence
    /// to pass. A target that is more than an encoded URI is no link.
    pub(super) fn linked(&mut self, uri: &str, text: &str) -> io::Result<()> {
        let encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/%".contains(&byte);
        if !uri.bytes().all(encoded) {
            return self.write_all(text.as_bytes());
        }
        write!(self.inner, "\x1b]8;;{uri}\x1b\\")?;
        self.write_all(text.as_bytes())?;
        self.inner.write_all(b"\x1b]8;;\x1b\\")
    }

    /// Writes text whose colours are set by escape sequences; all other escape sequences are made harmless.
    pub(super) fn styled(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\x1b[") {
            self.write_all(before.as_bytes())?;
            let code = after.split_once('m').map(|(code, _)| code);
            let is_style = |code: &&str| code.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
            match code.filter(is_style) {
                Some(code) => {
                    write!(self.inner, "\x1b[{code}m")?;
                    rest = after.get(code.len() + 1..).unwrap_or_default();
                }
                None => {
                    self.write_all(b"\x1b[")?;
                    rest = after;
                }
            }
        }
        self.write_all(rest.as_bytes())
    }

    /// Writes text in a colour.
    pub fn tinted(&mut self, tint: Tint, text: &str) -> io::Result<()> {
        self.inner.write_all(tint.code())?;
        self.write_all(text.as_bytes())?;
        self.inner.write_all(b"\x1b[0m")
    }

    fn write_char(&mut self, c: char) -> io::Result<()> {
        let (next, command) = step(self.line, c);
        self.line = next;
        if command || is_unsafe(c) {
            return write!(self.inner, "\\u{{{:x}}}", u32::from(c));
        }
        self.inner.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

impl<W: Write> Write for Sanitised<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.partial);
        let mut rest = pending.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    text.chars().try_for_each(|c| self.write_char(c))?;
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
                    let text = std::str::from_utf8(valid).unwrap_or_default();
                    text.chars().try_for_each(|c| self.write_char(c))?;
                    let Some(length) = error.error_len() else {
                        self.partial = after.to_vec();
                        break;
                    };
                    self.write_char(char::REPLACEMENT_CHARACTER)?;
                    rest = after.get(length..).unwrap_or_default();
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The state after one more character, and whether that character would complete a log command. Runners trim the line
/// before they look for `::`, and look for the older forms anywhere in it.
fn step(line: LineState, c: char) -> (LineState, bool) {
    match (line, c) {
        (_, '\n') => (LineState::Blank, false),
        (LineState::Colon, ':') => (LineState::Text, true),
        (LineState::Hashes(true) | LineState::Vso(3), '[') => (LineState::Text, true),
        (LineState::Hashes(_), '#') => (LineState::Hashes(true), false),
        (_, '#') => (LineState::Hashes(false), false),
        (LineState::Hashes(true), 'v' | 'V') => (LineState::Vso(1), false),
        (LineState::Vso(1), 's' | 'S') => (LineState::Vso(2), false),
        (LineState::Vso(2), 'o' | 'O') => (LineState::Vso(3), false),
        (LineState::Blank, ':') => (LineState::Colon, false),
        (LineState::Blank, c) if c.is_whitespace() => (LineState::Blank, false),
        // What is written as an escape is visible text.
        _ => (LineState::Text, false),
    }
}

/// Whether a character may do something else than show: controls but tab and line feed, bidirectional controls, line
/// and paragraph separators.
pub(super) fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}')
}

/// Text of a file as one line: line feeds and tabs are written as escapes too, and what is longer than `limit` characters
/// is cut with an ellipsis.
pub fn single_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit));
    for (count, c) in text.chars().enumerate() {
        if count >= limit {
            line.push('…');
            break;
        }
        if c == '\n' || c == '\t' || is_unsafe(c) {
            line.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
    line
}

/// Writes a file whole: beside it first, then moved over it. What is there and is no regular file (a pipe, a device) is
/// written to as it is.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(bytes)?;
        return file.flush();
    }
    // A link stays a link: its target is replaced.
    let target = if existing.is_some() {
        fs::canonicalize(path)?
    } else {
        path.to_path_buf()
    };
    let (file, beside) = create_beside(&target)?;
    let moved = fill(file, bytes)
        .and_then(|()| match &existing {
            Some(metadata) => fs::set_permissions(&beside, metadata.permissions()),
            None => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, &target));
    if moved.is_err() {
        // The first error is the one to tell; a file that cannot be removed is only litter.
        let _ = fs::remove_file(&beside);
    }
    moved
}

fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_string_lossy()
        .into_owned();
    for attempt in 0..100 {
        let beside = target.with_file_name(format!(".{name}.{}.{attempt}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "too many unfinished files beside it",
    ))
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitised(parts: &[&[u8]]) -> String {
        let mut bytes = Vec::new();
        let mut out = Sanitised::new(&mut bytes);
        for part in parts {
            out.write_all(part).unwrap();
        }
        String::from_utf8(bytes).unwrap()
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(sanitised(&[text.as_bytes()]), expected);
        let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(sanitised(&single), expected, "byte by byte");
    }

    #[test]
    fn text_cannot_steer_a_terminal_or_a_log() {
        for (text, expected) in [
            ("plain é 木\n\tx", "plain é 木\n\tx"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("a\rb\u{0}\u{7f}\u{9b}", "a\\u{d}b\\u{0}\\u{7f}\\u{9b}"),
            ("\u{202e}x\u{2069}\u{2028}", "\\u{202e}x\\u{2069}\\u{2028}"),
            ("\u{61c}a\u{200e}b\u{200f}", "\\u{61c}a\\u{200e}b\\u{200f}"),
            ("::error::x", ":\\u{3a}error::x"),
            ("a\n  ::add-mask::", "a\n  :\\u{3a}add-mask::"),
            ("a::b", "a::b"),
            (": :", ": :"),
            ("##[error]", "##\\u{5b}error]"),
            ("x ###[y", "x ###\\u{5b}y"),
            ("x ##vso[task", "x ##vso\\u{5b}task"),
            ("## heading [x]", "## heading [x]"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn only_colours_and_links_of_our_own_pass() {
        let mut bytes = Vec::new();
        let mut out = Sanitised::new(&mut bytes);
        out.styled("\u{1b}[1;31mx\u{1b}[0m \u{1b}[2Jy\u{1b}]8;;z\u{1b}[")
            .unwrap();
        out.linked("file:///a%20b", "t").unwrap();
        out.linked("file:///a\u{1b}b", "t").unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\u{1b}[1;31mx\u{1b}[0m \\u{1b}[2Jy\\u{1b}]8;;z\\u{1b}[\u{1b}]8;;file:///a%20b\u{1b}\\t\u{1b}]8;;\u{1b}\\t"
        );
    }

    #[test]
    fn broken_characters_are_replaced() {
        assert_eq!(sanitised(&[b"a\xffb"]), "a\u{fffd}b");
        assert_eq!(sanitised(&[b"\xe2\x80", b"\xae"]), "\\u{202e}");
    }

    #[test]
    fn lines_are_single_and_short() {
        assert_eq!(single_line("a\nb\tc\u{1b}", 10), "a\\u{a}b\\u{9}c\\u{1b}");
        assert_eq!(single_line("abcdef", 3), "abc…");
        assert_eq!(single_line("abc", 3), "abc");
    }

    #[test]
    fn files_are_replaced_whole() {
        let folder = std::env::temp_dir().join(format!("keyaki-write-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        assert!(write_atomically(&folder.join("missing/report.json"), b"").is_err());
        assert!(write_atomically(&folder, b"").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
