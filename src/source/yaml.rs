//! The tree of one YAML document, from the events of `saphyr-parser`. The events are first laid out flat, and aliases are
//! expanded from there under the budget of nodes, so that an alias bomb costs neither time nor memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::Span;
use super::expand::Builder;
use super::json::{Fault, too_deep};
use super::load::Limits;
use super::tree::{DEEPEST, Node, Style, is_continuation, too_many_nodes};

/// Reads exactly one document.
pub(super) fn tree(text: &str, limits: &Limits) -> Result<Node, Fault> {
    refuse_odd_characters(text)?;
    let limits = Limits {
        depth: limits.depth.min(DEEPEST),
        ..*limits
    };
    let mut layout = Layout::new(text, limits);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| layout.fault(&error))?;
        layout.push(event, span)?;
    }
    let builder = Builder {
        text,
        entries: &layout.entries,
        limits,
    };
    builder.document()
}

/// Refuses what other readers of YAML take differently: NUL ends the input for some, and YAML 1.1 breaks lines at three
/// characters that YAML 1.2 does not, so that a comment could hide content. Directives must be ASCII because the parser
/// counts bytes for characters there, which would shift all places.
fn refuse_odd_characters(text: &str) -> Result<(), Fault> {
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        match line.trim_start().chars().next() {
            Some('%') if !line.is_ascii() => return Err(Fault::new(at, "a YAML directive must be ASCII")),
            None | Some('%' | '#') => at += line.len(),
            Some(_) => break,
        }
    }
    let odd = text
        .char_indices()
        .find(|(_, c)| matches!(c, '\0' | '\u{85}' | '\u{2028}' | '\u{2029}'));
    match odd {
        None => Ok(()),
        Some((at, '\0')) => Err(Fault::new(at, "a NUL character: is this a binary file?")),
        Some((at, c)) => {
            let code = u32::from(c);
            let message =
                format!("character U+{code:04X} breaks a line in YAML 1.1 only: write it as an escape");
            Err(Fault::new(at, message))
        }
    }
}

/// The events of a document, flat: a collection is followed by its content.
struct Layout<'t> {
    text: &'t str,
    limits: Limits,
    offsets: Offsets<'t>,
    entries: Vec<Entry<'t>>,
    /// Collections that are not closed: their entry, and where their last child ended.
    open: Vec<(usize, usize)>,
    anchors: BTreeMap<usize, usize>,
    documents: usize,
    /// Where the content ends of a text that does not end its last line.
    unfinished_line: Option<usize>,
}

/// One node or alias.
pub(super) struct Entry<'t> {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub content: Content<'t>,
    /// Its tag, as written.
    pub tag: Option<Cow<'t, Tag>>,
    /// The entry after this one and all its content.
    pub next: usize,
}

/// The content of an [`Entry`].
pub(super) enum Content<'t> {
    /// Text, and how it was written.
    Scalar(Cow<'t, str>, Style),
    /// Items follow.
    List,
    /// Keys and values follow in turn.
    Map,
    /// The entry of the anchored node.
    Alias(usize),
}

impl<'t> Layout<'t> {
    fn new(text: &'t str, limits: Limits) -> Layout<'t> {
        let last_line = text.rsplit(['\n', '\r']).next().unwrap_or_default();
        let unfinished_line = (!last_line.trim().is_empty()).then(|| text.trim_end().len());
        Layout {
            text,
            limits,
            offsets: Offsets::new(text),
            entries: Vec::new(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            documents: 0,
            unfinished_line,
        }
    }

    /// The parser's own error. It reads ahead through opening brackets, and gives up at 256 of them.
    fn fault(&self, error: &ScanError) -> Fault {
        let at = self.offsets.byte(error.marker());
        match error.info() {
            "recursion limit exceeded" => Fault::new(at, "brackets nested deeper than 255 levels"),
            info => Fault::new(at, format!("not YAML: {info}")),
        }
    }

    fn push(&mut self, event: Event<'t>, span: saphyr_parser::Span) -> Result<(), Fault> {
        let span = self.offsets.span(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                match self.documents {
                    1 => Ok(()),
                    _ => Err(Fault::new(
                        span.start,
                        "a second YAML document starts here: one is expected",
                    )),
                }
            }
            Event::Alias(id) => {
                let Some(&target) = self.anchors.get(&id) else {
                    return Err(Fault::new(span.start, "an alias without an anchor"));
                };
                if self.open.iter().any(|(entry, _)| *entry == target) {
                    return Err(Fault::new(span.start, "an alias stands inside its own anchor"));
                }
                self.leaf(Content::Alias(target), None, 0, span)
            }
            Event::Scalar(value, style, anchor, tag) => {
                let span = self.scalar_span(&value, style, tag.is_some() || anchor > 0, span);
                let value = self.without_added_newline(value, style, span);
                let style = if style == ScalarStyle::Plain {
                    Style::Plain
                } else {
                    Style::Quoted
                };
                self.leaf(Content::Scalar(value, style), tag, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => self.enter(Content::List, tag, anchor, span),
            Event::MappingStart(anchor, tag) => self.enter(Content::Map, tag, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span);
                Ok(())
            }
        }
    }

    fn leaf(
        &mut self,
        content: Content<'t>,
        tag: Option<Cow<'t, Tag>>,
        anchor: usize,
        span: Span,
    ) -> Result<(), Fault> {
        self.add(content, tag, anchor, span)?;
        self.child_ends(span.end);
        Ok(())
    }

    fn enter(
        &mut self,
        content: Content<'t>,
        tag: Option<Cow<'t, Tag>>,
        anchor: usize,
        span: Span,
    ) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth {
            return Err(too_deep(span.start, self.limits.depth));
        }
        let entry = self.add(content, tag, anchor, span)?;
        self.open.push((entry, span.start));
        Ok(())
    }

    fn add(
        &mut self,
        content: Content<'t>,
        tag: Option<Cow<'t, Tag>>,
        anchor: usize,
        span: Span,
    ) -> Result<usize, Fault> {
        let entry = self.entries.len();
        // Keys are entries here but no nodes of their own in the budget, hence twice.
        if entry > self.limits.nodes.saturating_mul(2) {
            return Err(too_many_nodes(span.start, self.limits.nodes));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, entry);
        }
        self.entries.push(Entry {
            span,
            content,
            tag,
            next: entry + 1,
        });
        Ok(entry)
    }

    /// Closes the innermost collection. In block style the end event stands where the next thing starts, so the end is
    /// that of the last child; in flow style it is the bracket.
    fn close(&mut self, span: Span) {
        let Some((entry, last_end)) = self.open.pop() else {
            return;
        };
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        let end = if written.starts_with([']', '}']) {
            span.start + 1
        } else {
            last_end
        };
        let next = self.entries.len();
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.next = next;
            entry.span.end = end.max(entry.span.start);
        }
        self.child_ends(end);
    }

    fn child_ends(&mut self, end: usize) {
        if let Some((_, last_end)) = self.open.last_mut() {
            *last_end = end.max(*last_end);
        }
    }

    /// The value of a block scalar at the very end of a text that ends without newline: the parser adds one there, other
    /// readers do not.
    fn without_added_newline(&self, value: Cow<'t, str>, style: ScalarStyle, span: Span) -> Cow<'t, str> {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let at_end = self.unfinished_line.is_some_and(|end| span.end >= end);
        match value.strip_suffix('\n') {
            Some(stripped) if block && at_end => Cow::Owned(stripped.to_owned()),
            Some(_) | None => value,
        }
    }

    /// The span of a scalar: a missing value has the span of some neighbouring token, and block scalars run on to the
    /// next token.
    fn scalar_span(&self, value: &str, style: ScalarStyle, decorated: bool, span: Span) -> Span {
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        match style {
            ScalarStyle::Plain if value.is_empty() && !decorated => {
                let colon = self
                    .text
                    .get(span.start..)
                    .is_some_and(|rest| rest.starts_with(':'));
                let start = if colon { span.start + 1 } else { span.start };
                Span { start, end: start }
            }
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => Span {
                start: span.start,
                end: span.start + written.trim_end().len(),
            },
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => span,
        }
    }
}

/// Byte offsets of character offsets.
struct Offsets<'t> {
    text: &'t str,
    /// Byte offset of each [`STEP`]th character.
    steps: Vec<usize>,
}

const STEP: usize = 64;

impl<'t> Offsets<'t> {
    fn new(text: &'t str) -> Offsets<'t> {
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| !is_continuation(*byte))
            .map(|(at, _)| at);
        Offsets {
            text,
            steps: starts.step_by(STEP).collect(),
        }
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.byte(&span.start);
        Span {
            start,
            end: self.byte(&span.end).max(start),
        }
    }

    fn byte(&self, marker: &Marker) -> usize {
        let Some(&from) = self.steps.get(marker.index() / STEP) else {
            return self.text.len();
        };
        let rest = self.text.get(from..).unwrap_or_default();
        rest.char_indices()
            .nth(marker.index() % STEP)
            .map_or(self.text.len(), |(at, _)| from + at)
    }
}

#[cfg(test)]
mod tests;
