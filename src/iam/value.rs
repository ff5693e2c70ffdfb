//! What a document is parsed from: JSON with holes. Extractors build it from plans and templates; `parse_json` builds
//! it from plain JSON text.

use super::document::Guard;
use super::pattern::HoleId;

/// A JSON value in which parts may be unknown until deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// JSON `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, in the spelling of the source, so that no digit is lost.
    Number(String),
    /// A string, with holes.
    String(Text),
    /// A list.
    List(Vec<Value>),
    /// An object, in source order. Keys are unique: whoever builds it refuses duplicates.
    Object(Vec<(String, Value)>),
    /// A whole value of unknown shape (string, list or object) that is known only later.
    Unknown(HoleId),
    /// A value that is there only if the guard holds (an unresolved `Fn::If`). Only allowed as an element of the
    /// `Statement` list (or as the single `Statement`), where builders must push it.
    Guarded(Guard, Box<Value>),
}

impl Value {
    /// A string without holes.
    pub fn text(text: impl Into<String>) -> Value {
        Value::String(Text(vec![TextPiece::Lit(text.into())]))
    }

    /// The value of an object's key; `None` for other values and missing keys.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string without holes.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => text.as_literal(),
            _ => None,
        }
    }
}

/// A string made of literal text and holes. Neighbouring literals are allowed; an empty list is the empty string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(pub Vec<TextPiece>);

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
    /// Literal text.
    Lit(String),
    /// A string known only later.
    Hole(HoleId),
}

impl Text {
    /// The text if it has no hole. (Callers that join pieces use [`Text::push`], which keeps literals merged.)
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [TextPiece::Lit(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends a piece, merging neighbouring literals and leaving empty ones out, so that equal texts have equal pieces.
    pub fn push(&mut self, piece: TextPiece) {
        if matches!(&piece, TextPiece::Lit(text) if text.is_empty()) {
            return;
        }
        if let (Some(TextPiece::Lit(last)), TextPiece::Lit(more)) = (self.0.last_mut(), &piece) {
            last.push_str(more);
            return;
        }
        self.0.push(piece);
    }
}
