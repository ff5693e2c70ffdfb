//! Strict JSON (RFC 8259) as a stream of events with byte offsets. It keeps its own stack, so nesting cannot overflow the
//! thread's, and it copies only strings that hold escapes. A general parser was decided against because none gives
//! offsets, the spelling of numbers and strictness together.

use std::borrow::Cow;

use super::Span;
use super::tree::Style;

/// One step through a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonEvent<'t> {
    /// `{`.
    MapStart(Span),
    /// A member's name, unescaped.
    Key(Cow<'t, str>, Span),
    /// `[`.
    ListStart(Span),
    /// `}` or `]`.
    End(Span),
    /// A string, unescaped, or the spelling of a number, `true`, `false` or `null`.
    Scalar(Cow<'t, str>, Style, Span),
}

/// What is wrong with a text, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte offset.
    pub at: usize,
    /// What is wrong; quotes nothing of the text.
    pub message: String,
}

impl Fault {
    /// A fault with a message.
    pub fn new(at: usize, message: impl Into<String>) -> Fault {
        Fault {
            at,
            message: message.into(),
        }
    }
}

/// Reads the events of one JSON value.
#[derive(Debug, Clone)]
pub(super) struct JsonReader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Container>,
    state: State,
    depth: usize,
    /// Texts below so many containers are checked, and given as empty.
    told: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    List,
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value must follow.
    Value,
    /// Just after `[`: a value or `]`.
    FirstItem,
    /// Just after `{`: a key or `}`.
    FirstKey,
    /// After a value inside a container.
    AfterValue,
    /// After the root value.
    Done,
}

impl<'t> JsonReader<'t> {
    /// A reader at the start of a text; containers nested deeper than `depth` are a fault.
    pub fn new(text: &'t str, depth: usize) -> JsonReader<'t> {
        JsonReader {
            text,
            at: 0,
            open: Vec::new(),
            state: State::Value,
            depth,
            told: usize::MAX,
        }
    }

    /// The same, for those who only look at the first levels: texts below so many containers are checked, and given as
    /// empty.
    pub fn outline(text: &'t str, depth: usize, told: usize) -> JsonReader<'t> {
        JsonReader {
            told,
            ..JsonReader::new(text, depth)
        }
    }

    /// The next event; `None` when the root value is complete.
    pub fn next_event(&mut self) -> Result<Option<JsonEvent<'t>>, Fault> {
        self.skip_whitespace();
        match self.state {
            State::Done => Ok(None),
            State::Value => self.value().map(Some),
            State::FirstItem => match self.peek() {
                Some(b']') => self.close().map(Some),
                _ => self.value().map(Some),
            },
            State::FirstKey => match self.peek() {
                Some(b'}') => self.close().map(Some),
                _ => self.key().map(Some),
            },
            State::AfterValue => self.after_value().map(Some),
        }
    }

    /// A fault when anything but whitespace follows the root value.
    pub fn finish(&mut self) -> Result<(), Fault> {
        self.skip_whitespace();
        if self.at < self.text.len() {
            return Err(Fault::new(
                self.at,
                "there is more text after the JSON value: one value is expected",
            ));
        }
        Ok(())
    }

    fn after_value(&mut self) -> Result<JsonEvent<'t>, Fault> {
        let inside = self.open.last().copied();
        match (self.peek(), inside) {
            (Some(b','), Some(Container::List)) => {
                self.at += 1;
                self.skip_whitespace();
                self.value()
            }
            (Some(b','), Some(Container::Map)) => {
                self.at += 1;
                self.skip_whitespace();
                self.key()
            }
            (Some(b']'), Some(Container::List)) | (Some(b'}'), Some(Container::Map)) => self.close(),
            (None, _) => Err(self.truncated()),
            (_, Some(Container::List)) => Err(Fault::new(self.at, "expected `,` or `]`")),
            (_, _) => Err(Fault::new(self.at, "expected `,` or `}`")),
        }
    }

    fn close(&mut self) -> Result<JsonEvent<'t>, Fault> {
        let start = self.at;
        self.at += 1;
        self.open.pop();
        self.value_done();
        Ok(JsonEvent::End(Span { start, end: self.at }))
    }

    fn value_done(&mut self) {
        self.state = if self.open.is_empty() {
            State::Done
        } else {
            State::AfterValue
        };
    }

    fn value(&mut self) -> Result<JsonEvent<'t>, Fault> {
        let start = self.at;
        match self.peek() {
            None => Err(self.truncated()),
            Some(b'{') => {
                self.enter(Container::Map, State::FirstKey)?;
                Ok(JsonEvent::MapStart(Span { start, end: self.at }))
            }
            Some(b'[') => {
                self.enter(Container::List, State::FirstItem)?;
                Ok(JsonEvent::ListStart(Span { start, end: self.at }))
            }
            Some(b'"') => {
                let text = self.string()?;
                self.value_done();
                Ok(JsonEvent::Scalar(
                    text,
                    Style::Quoted,
                    Span { start, end: self.at },
                ))
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.plain(start)
            }
            Some(_) => {
                let rest = self.text.get(start..).unwrap_or_default();
                let word = ["true", "false", "null"]
                    .into_iter()
                    .find(|word| rest.starts_with(word));
                let Some(word) = word else {
                    return Err(Fault::new(start, "expected a JSON value"));
                };
                self.at += word.len();
                self.plain(start)
            }
        }
    }

    fn plain(&mut self, start: usize) -> Result<JsonEvent<'t>, Fault> {
        // `truefalse` and `01` are refused here, at the character that should not be there.
        if self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80)
        {
            return Err(Fault::new(self.at, "expected the end of a JSON number or word"));
        }
        self.value_done();
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok(JsonEvent::Scalar(
            Cow::Borrowed(text),
            Style::Plain,
            Span { start, end: self.at },
        ))
    }

    fn enter(&mut self, container: Container, state: State) -> Result<(), Fault> {
        if self.open.len() >= self.depth {
            return Err(too_deep(self.at, self.depth));
        }
        self.at += 1;
        self.open.push(container);
        self.state = state;
        Ok(())
    }

    fn key(&mut self) -> Result<JsonEvent<'t>, Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => {}
            None => return Err(self.truncated()),
            Some(b'}') => return Err(Fault::new(start, "a comma before `}` is not JSON")),
            Some(_) => return Err(Fault::new(start, "expected a key in double quotes")),
        }
        let text = self.string()?;
        let end = self.at;
        self.skip_whitespace();
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return Err(self.truncated()),
            Some(_) => return Err(Fault::new(self.at, "expected `:` after a key")),
        }
        self.state = State::Value;
        Ok(JsonEvent::Key(text, Span { start, end }))
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match (self.at > start, self.peek()) {
            (true, _) => Ok(()),
            (false, None) => Err(self.truncated()),
            (false, Some(_)) => Err(Fault::new(start, "expected a digit")),
        }
    }

    /// A string at an opening quote; leaves the reader after the closing one.
    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        self.at += 1;
        if self.open.len() > self.told {
            return self.pass_string().map(|()| Cow::Borrowed(""));
        }
        let mut unescaped = String::new();
        loop {
            let start = self.at;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            let Some(length) = rest
                .iter()
                .position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20)
            else {
                return Err(self.in_string());
            };
            self.at += length;
            let piece = self.text.get(start..self.at).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if unescaped.is_empty() {
                        return Ok(Cow::Borrowed(piece));
                    }
                    unescaped.push_str(piece);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(piece);
                    unescaped.push(self.escape()?);
                }
                _ => return Err(self.control_character()),
            }
        }
    }

    /// As [`Self::string`], after the opening quote, where nobody wants the text.
    fn pass_string(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.escape()?;
                }
                Some(byte) if byte < 0x20 => return Err(self.control_character()),
                Some(_) => self.at += 1,
                None => return Err(self.in_string()),
            }
        }
    }

    fn control_character(&self) -> Fault {
        Fault::new(
            self.at,
            "a control character inside a string must be written as an escape",
        )
    }

    fn in_string(&self) -> Fault {
        Fault::new(
            self.text.len(),
            "the text ends inside a string: is the file cut off?",
        )
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let letter = self.text.as_bytes().get(start + 1).copied();
        self.at += 2;
        match letter {
            Some(b'"') => Ok('"'),
            Some(b'\\') => Ok('\\'),
            Some(b'/') => Ok('/'),
            Some(b'b') => Ok('\u{8}'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'n') => Ok('\n'),
            Some(b'r') => Ok('\r'),
            Some(b't') => Ok('\t'),
            Some(b'u') => self.unicode_escape(start),
            None => Err(self.in_string()),
            Some(_) => Err(Fault::new(start, "not a JSON escape")),
        }
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, Fault> {
        let lone = || Fault::new(start, "half of a surrogate pair: not a character");
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF => {
                if self.text.as_bytes().get(self.at..self.at + 2) != Some(b"\\u") {
                    return Err(lone());
                }
                self.at += 2;
                let second = self.hex()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(lone());
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(lone)
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Fault::new(self.at, "expected four hexadecimal digits"));
        }
        self.at += 4;
        Ok(digits.iter().fold(0, |code, &digit| {
            (code << 4) + char::from(digit).to_digit(16).unwrap_or(0)
        }))
    }

    fn truncated(&self) -> Fault {
        let what = if self.open.is_empty() {
            "expected a JSON value"
        } else {
            "the text ends too early: is the file cut off?"
        };
        Fault::new(self.text.len(), what)
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// The fault of a text nested deeper than the limit.
pub(super) fn too_deep(at: usize, depth: usize) -> Fault {
    Fault::new(
        at,
        format!("nested deeper than {depth} levels: raise with `--limit depth=N`"),
    )
}
