//! One spanned tree for JSON and YAML, built from parser events under budgets. Values of scalars stay text, as they
//! were spelt: what `012345678901` or `yes` means is for the reader of the tree.

use std::borrow::Cow;
use std::collections::HashMap;

use super::json::{Fault, JsonEvent, JsonReader};
use super::load::Limits;
use super::yaml;
use super::{FileId, Span};

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands; for an alias, where the anchored node stands.
    pub span: Span,
    /// YAML tag without the `!` (`Ref`, `Sub`); `None` for JSON and untagged nodes.
    pub tag: Option<String>,
    /// Its content.
    pub kind: NodeKind,
}

/// The content of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar: its text, unescaped, and how it was written. Numbers keep their spelling.
    Scalar(String, Style),
    /// A list.
    List(Vec<Node>),
    /// A mapping in source order: key nodes are scalars and unique; YAML merge keys are expanded, merged entries last.
    Map(Vec<(Node, Node)>),
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Unquoted YAML, or a JSON `true`, `false`, `null` or number.
    Plain,
    /// Quoted in either language, a YAML block scalar, or tagged `!!str`: always a string.
    Quoted,
}

/// Why a file could not be parsed; quotes nothing of the file but short keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseError {
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// No limit on depth goes beyond this: trees are dropped and walked by recursion.
pub(super) const DEEPEST: usize = 1000;

/// Parses strict JSON: one value, unique keys, nothing after it.
pub fn parse_json(text: &str, file: FileId, limits: &Limits) -> Result<Node, ParseError> {
    let _ = file;
    json_tree(text, limits).map_err(|fault| located(text, &fault))
}

/// Parses one YAML document.
pub fn parse_yaml(text: &str, file: FileId, limits: &Limits) -> Result<Node, ParseError> {
    let _ = file;
    yaml::tree(text, limits).map_err(|fault| located(text, &fault))
}

/// Parses a template or policy as what it is: JSON when it starts like JSON, else YAML.
pub fn parse_tree(text: &str, file: FileId, limits: &Limits) -> Result<Node, ParseError> {
    if looks_like_json(text) {
        parse_json(text, file, limits)
    } else {
        parse_yaml(text, file, limits)
    }
}

/// Whether a text starts like JSON and not like YAML in flow style: with `{"`, `{}`, `["`, `[{`, `[[` or `[]`, white
/// space aside. Such a text is never read as YAML, where a trailing comma or a missing bracket may mean something else.
pub(super) fn looks_like_json(text: &str) -> bool {
    let json_space = [' ', '\t', '\n', '\r'];
    let text = text.trim_start_matches(json_space);
    let starts = |rest: &str, with: &[char]| rest.trim_start_matches(json_space).starts_with(with);
    match (text.strip_prefix('{'), text.strip_prefix('[')) {
        (Some(rest), _) => starts(rest, &['"', '}']) || rest.trim().is_empty(),
        (_, Some(rest)) => starts(rest, &['"', '{', '[', ']']) || rest.trim().is_empty(),
        (None, None) => false,
    }
}

/// A fault as a line and column of the text. Lines end at `\n`.
pub(super) fn located(text: &str, fault: &Fault) -> ParseError {
    let (line, column) = position(text, fault.at);
    ParseError {
        line,
        column,
        message: fault.message.clone(),
    }
}

/// 1-based line and column, in characters, of a byte offset.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
    let line_start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let lines = before.iter().filter(|&&byte| byte == b'\n').count();
    let column = before
        .iter()
        .skip(line_start)
        .filter(|&&byte| !is_continuation(byte))
        .count();
    (lines + 1, column + 1)
}

/// Whether a byte of UTF-8 is not the first of its character.
pub(super) fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Refuses a mapping that has a key twice, naming both places.
pub(super) fn check_unique(text: &str, entries: &[(Node, Node)]) -> Result<(), Fault> {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        let Some(name) = key.as_scalar() else { continue };
        if let Some(first) = seen.insert(name, key.span.start) {
            let (line, column) = position(text, first);
            let message = format!("{} stands twice, first at {line}:{column}", quoted_key(name));
            return Err(Fault::new(key.span.start, message));
        }
    }
    Ok(())
}

/// A key as messages may show it: only short, plain ones, since keys are seldom secrets but may be.
pub(super) fn quoted_key(name: &str) -> Cow<'static, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '/' | ' ');
    if !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        Cow::Owned(format!("key `{name}`"))
    } else {
        Cow::Borrowed("a key")
    }
}

/// The fault of a tree with more nodes than the limit.
pub(super) fn too_many_nodes(at: usize, nodes: usize) -> Fault {
    Fault::new(
        at,
        format!("more than {nodes} nodes, aliases expanded: raise with `--limit nodes=N`"),
    )
}

impl Node {
    /// The text of a scalar.
    pub fn as_scalar(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(text, _) => Some(text),
            NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            NodeKind::Scalar(..) | NodeKind::Map(_) => None,
        }
    }

    /// The entries of a mapping.
    pub fn as_map(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::Scalar(..) | NodeKind::List(_) => None,
        }
    }

    /// The value of a mapping's key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?
            .iter()
            .find(|(name, _)| name.as_scalar() == Some(key))
            .map(|(_, value)| value)
    }
}

/// A container that is being filled.
struct Open {
    start: usize,
    key: Option<Node>,
    kind: NodeKind,
}

fn json_tree(text: &str, limits: &Limits) -> Result<Node, Fault> {
    let mut reader = JsonReader::new(text, limits.depth.min(DEEPEST));
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    while let Some(event) = reader.next_event()? {
        let node = match event {
            JsonEvent::Key(name, span) => {
                let key = Node {
                    span,
                    tag: None,
                    kind: NodeKind::Scalar(name.into_owned(), Style::Quoted),
                };
                if let Some(map) = open.last_mut() {
                    map.key = Some(key);
                }
                continue;
            }
            JsonEvent::MapStart(span) => {
                open.push(Open {
                    start: span.start,
                    key: None,
                    kind: NodeKind::Map(Vec::new()),
                });
                continue;
            }
            JsonEvent::ListStart(span) => {
                open.push(Open {
                    start: span.start,
                    key: None,
                    kind: NodeKind::List(Vec::new()),
                });
                continue;
            }
            JsonEvent::End(span) => {
                let Some(done) = open.pop() else { continue };
                if let NodeKind::Map(entries) = &done.kind {
                    check_unique(text, entries)?;
                }
                Node {
                    span: Span {
                        start: done.start,
                        end: span.end,
                    },
                    tag: None,
                    kind: done.kind,
                }
            }
            JsonEvent::Scalar(value, style, span) => Node {
                span,
                tag: None,
                kind: NodeKind::Scalar(value.into_owned(), style),
            },
        };
        nodes += 1;
        if nodes > limits.nodes {
            return Err(too_many_nodes(node.span.start, limits.nodes));
        }
        match open.last_mut() {
            None => {
                reader.finish()?;
                return Ok(node);
            }
            Some(Open {
                kind: NodeKind::Map(entries),
                key,
                ..
            }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
            Some(Open {
                kind: NodeKind::List(items),
                ..
            }) => items.push(node),
            Some(Open {
                kind: NodeKind::Scalar(..),
                ..
            }) => {}
        }
    }
    Err(Fault::new(text.len(), "expected a JSON value"))
}

/// A tree in one line: `Tag!` before a node, quoted scalars in double quotes.
#[cfg(test)]
pub(super) fn sketch(node: &Node) -> String {
    let tag = node.tag.as_ref().map(|tag| format!("{tag}!")).unwrap_or_default();
    let body = match &node.kind {
        NodeKind::Scalar(text, Style::Plain) => text.clone(),
        NodeKind::Scalar(text, Style::Quoted) => format!("{text:?}"),
        NodeKind::List(items) => format!("[{}]", items.iter().map(sketch).collect::<Vec<_>>().join(",")),
        NodeKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}:{}", sketch(key), sketch(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    };
    tag + &body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match parse_json(text, FileId(0), &Limits::default()) {
            Ok(node) => sketch(&node),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{:?}", text.get(..200).unwrap_or(text));
    }

    #[test]
    fn values() {
        check("null", "null");
        check(" [ ] ", "[]");
        check("{}", "{}");
        check(
            r#"{"a":[1,-0.50e+3,true,false,null,"x"],"b":{"c":{}}}"#,
            r#"{"a":[1,-0.50e+3,true,false,null,"x"],"b":{"c":{}}}"#,
        );
        check("[012345678901]", "1:3: expected the end of a JSON number or word");
        check(
            "[123456789012345678901234567890]",
            "[123456789012345678901234567890]",
        );
        check(
            r#""\"\\\/\b\f\n\r\tAé\ud83d\ude00\u0000""#,
            "\"\\\"\\\\/\\u{8}\\u{c}\\n\\r\\tAé😀\\0\"",
        );
        check("\"\u{7f}\"", "\"\\u{7f}\"");
    }

    #[test]
    fn malformed() {
        check("", "1:1: expected a JSON value");
        check("{\"a\":1", "1:7: the text ends too early: is the file cut off?");
        check("{\"a\":", "1:6: the text ends too early: is the file cut off?");
        check("{\"a", "1:4: the text ends inside a string: is the file cut off?");
        check(
            "\"a\\",
            "1:4: the text ends inside a string: is the file cut off?",
        );
        check("{\"a\":1,}", "1:8: a comma before `}` is not JSON");
        check("[1,]", "1:4: expected a JSON value");
        check("[1 2]", "1:4: expected `,` or `]`");
        check("{\"a\" 1}", "1:6: expected `:` after a key");
        check("{\"a\":1 \"b\":2}", "1:8: expected `,` or `}`");
        check("{a:1}", "1:2: expected a key in double quotes");
        check("{'a':1}", "1:2: expected a key in double quotes");
        check("[1}", "1:3: expected `,` or `]`");
        check("// c\n1", "1:1: expected a JSON value");
        check("NaN", "1:1: expected a JSON value");
        check("nullx", "1:5: expected the end of a JSON number or word");
        check("-", "1:2: expected a JSON value");
        check("-x", "1:2: expected a digit");
        check("1.x", "1:3: expected a digit");
        check("[1e]", "1:4: expected a digit");
        check("+1", "1:1: expected a JSON value");
        check(
            "{} {}",
            "1:4: there is more text after the JSON value: one value is expected",
        );
        check("1\u{a0}", "1:2: expected the end of a JSON number or word");
        check(
            "[\"é\n\"]",
            "1:4: a control character inside a string must be written as an escape",
        );
        check(
            "\"\t\"",
            "1:2: a control character inside a string must be written as an escape",
        );
        check(r#""\ud800""#, "1:2: half of a surrogate pair: not a character");
        check(r#""\ud800A""#, "1:2: half of a surrogate pair: not a character");
        check(r#""\ude00""#, "1:2: half of a surrogate pair: not a character");
        check(r#""\u12g4""#, "1:4: expected four hexadecimal digits");
        check(r#""\u+123""#, "1:4: expected four hexadecimal digits");
        check(r#""\x""#, "1:2: not a JSON escape");
    }

    #[test]
    fn duplicate_keys() {
        check("{\"a\":1,\n\"a\":2}", "2:1: key `a` stands twice, first at 1:2");
        check(
            r#"{"Effect":1,"\u0045ffect":2}"#,
            "1:13: key `Effect` stands twice, first at 1:2",
        );
        check("{\"a\":1,\"A\":2}", r#"{"a":1,"A":2}"#);
        let secret = "{\"hunter2=\":1,\"hunter2=\":2}";
        check(secret, "1:15: a key stands twice, first at 1:2");
    }

    #[test]
    fn budgets() {
        let levels = |count: usize| "[".repeat(count) + &"]".repeat(count);
        assert!(parse_json(&levels(128), FileId(0), &Limits::default()).is_ok());
        check(
            &levels(129),
            "1:129: nested deeper than 128 levels: raise with `--limit depth=N`",
        );
        check(
            &"[".repeat(100_000),
            "1:129: nested deeper than 128 levels: raise with `--limit depth=N`",
        );
        check(
            &"{\"a\":".repeat(100_000),
            "1:641: nested deeper than 128 levels: raise with `--limit depth=N`",
        );
        let limits = Limits {
            nodes: 4,
            ..Limits::default()
        };
        assert!(parse_json("{\"a\":[1,2]}", FileId(0), &limits).is_ok());
        let error = parse_json("{\"a\":[1,2,3]}", FileId(0), &limits)
            .map(|_| ())
            .unwrap_err();
        assert!(error.message.contains("--limit nodes=N"), "{error}");
        let limits = Limits {
            depth: usize::MAX,
            ..Limits::default()
        };
        let error = parse_json(&levels(100_000), FileId(0), &limits)
            .map(|_| ())
            .unwrap_err();
        assert!(error.message.contains("1000 levels"), "{error}");
    }

    #[test]
    fn spans() {
        let text = "{ \"é\" : [ 1.50 , \"b\\n\" ] }";
        let node = parse_json(text, FileId(0), &Limits::default()).unwrap();
        let slice = |node: &Node| text[node.span.start..node.span.end].to_owned();
        assert_eq!(slice(&node), text);
        let (key, list) = &node.as_map().unwrap()[0];
        assert_eq!(slice(key), "\"é\"");
        assert_eq!(slice(list), "[ 1.50 , \"b\\n\" ]");
        assert_eq!(slice(&list.as_list().unwrap()[0]), "1.50");
        assert_eq!(slice(&list.as_list().unwrap()[1]), "\"b\\n\"");
    }

    #[test]
    fn telling_json_from_yaml() {
        for text in ["{\"a\":1}", " \n{ \n\"a\"", "{}", "{", "[", "[[1]]", "[\"a\"]"] {
            assert!(looks_like_json(text), "{text:?}");
        }
        for text in [
            "",
            "{a: 1}",
            "[a]",
            "a: 1",
            "[command]/usr/bin/x",
            "# c\n{}",
            "\"a\"",
        ] {
            assert!(!looks_like_json(text), "{text:?}");
        }
    }
}
