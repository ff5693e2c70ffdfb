//! Lazy reading of plan JSON: a value stays text until somebody looks into it, so that a plan of any size costs little
//! more memory than its file. No tree of the whole plan is ever built.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::source::{FileId, Place, Span};

/// A JSON value of the plan, unparsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<'a>(&'a RawValue);

/// What a [`Json`] is, by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Bool(bool),
    Number,
    String,
    List,
    Object,
}

/// Why a part of a plan could not be read, and where. Quotes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    address: usize,
    message: String,
}

impl Unreadable {
    /// The message with `line:column` in the plan.
    pub fn in_text(&self, text: &str) -> String {
        let offset = self.address.saturating_sub(text.as_ptr().addr());
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{line}:{column}: {}", self.message)
    }
}

/// The whole text as one object.
pub(super) fn parse_object(text: &str) -> Result<Object<'_>, Unreadable> {
    serde_json::from_str(text).map_err(|error| unreadable(text, &error))
}

/// The whole text as one value.
pub(super) fn parse(text: &str) -> Result<Json<'_>, Unreadable> {
    serde_json::from_str(text)
        .map(Json)
        .map_err(|error| unreadable(text, &error))
}

impl<'a> Json<'a> {
    /// What this is.
    pub fn shape(self) -> Shape {
        match self.0.get().bytes().next() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::List,
            Some(b'"') => Shape::String,
            Some(b'n') => Shape::Null,
            Some(b't') => Shape::Bool(true),
            Some(b'f') => Shape::Bool(false),
            _ => Shape::Number,
        }
    }

    /// Its text as written.
    pub fn text(self) -> &'a str {
        self.0.get()
    }

    /// Whether it is `true`.
    pub fn is_true(self) -> bool {
        self.shape() == Shape::Bool(true)
    }

    /// Its members. An error if it is no object, or if two keys are equal after unescaping.
    pub fn object(self) -> Result<Object<'a>, Unreadable> {
        self.read()
    }

    /// Its elements. An error if it is no list.
    pub fn list(self) -> Result<Vec<Json<'a>>, Unreadable> {
        Ok(self.read::<Vec<&'a RawValue>>()?.into_iter().map(Json).collect())
    }

    /// Its text, unescaped. An error if it is no string, or has escapes that mean no character.
    pub fn string(self) -> Result<String, Unreadable> {
        self.read()
    }

    /// Where it stands in the plan; the start of the plan, if it is from an earlier one.
    pub fn place(self, plan: &str, file: FileId) -> Place {
        let length = self.text().len();
        let start = self.text().as_ptr().addr().checked_sub(plan.as_ptr().addr());
        let start = start.filter(|start| start.saturating_add(length) <= plan.len());
        let span = start.map_or(Span { start: 0, end: 0 }, |start| Span {
            start,
            end: start + length,
        });
        Place { file, span }
    }

    fn read<T: Deserialize<'a>>(self) -> Result<T, Unreadable> {
        serde_json::from_str(self.text()).map_err(|error| unreadable(self.text(), &error))
    }
}

/// An object: its members in source order, keys unique.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<'a>(pub Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// The value of a key; `None` if there is none or it is `null`.
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        let value = self
            .0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value);
        value.filter(|value| value.shape() != Shape::Null)
    }

    /// The text of a key; `None` if there is none or it is no string.
    pub fn string(&self, key: &str) -> Option<String> {
        self.get(key)?.string().ok()
    }

    /// The value of a key that holds an object; `None` if there is none or it cannot be read as one.
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object().ok()
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

/// Objects of up to so many members are looked through for a duplicate key.
const FEW: usize = 24;

struct ObjectVisitor;

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            // Most objects are small: then looking through them is faster than to keep a set.
            if members.len() == FEW {
                seen.extend(members.iter().map(|(name, _)| name.clone()));
            }
            let is_known = if members.len() < FEW {
                members.iter().any(|(name, _)| *name == key)
            } else {
                !seen.insert(key.clone())
            };
            if is_known {
                return Err(M::Error::custom("duplicate key"));
            }
            members.push((key, Json(map.next_value()?)));
        }
        Ok(Object(members))
    }
}

fn unreadable(text: &str, error: &serde_json::Error) -> Unreadable {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 2)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    let full = error.to_string();
    let message = match full.as_str() {
        message if message.starts_with("duplicate key") => "duplicate key",
        message if message.starts_with("invalid type") => "a value of another type was expected",
        message if message.starts_with("EOF") => "the file ends too early",
        message if message.starts_with("trailing characters") => {
            "there is text after the end of the JSON value"
        }
        message
            if message.contains("surrogate")
                || message.contains("hex escape")
                || message.contains("escape") =>
        {
            "a string has an escape that means no character"
        }
        message if message.contains("control character") => "a string has a control character",
        _ => "malformed JSON",
    };
    Unreadable {
        address: text.as_ptr().addr() + offset,
        message: message.to_owned(),
    }
}

/// Whether two values have the same text, whitespace between tokens aside.
pub(super) fn same_text(left: Json<'_>, right: Json<'_>) -> bool {
    left.text() == right.text() || significant(left.text()).eq(significant(right.text()))
}

fn significant(text: &str) -> impl Iterator<Item = u8> {
    let mut in_string = false;
    let mut escaped = false;
    text.bytes().filter(move |byte| {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        in_string = *byte == b'"';
        !byte.is_ascii_whitespace()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, message: &str) {
        let error = parse(text).and_then(Json::object).map(|_| ()).unwrap_err();
        assert_eq!(error.in_text(text), message, "{text}");
    }

    #[test]
    fn errors_have_places_and_quote_nothing() {
        check("{\"a\": 1,\n \"\\u0061\": 2}", "2:9: duplicate key");
        check("{\"a\": s3cret}", "1:7: malformed JSON");
        check("[\"s3cret\"]", "1:1: a value of another type was expected");
        check(
            "{\"a\": 1} {}",
            "1:10: there is text after the end of the JSON value",
        );
        check("{\"a\": ", "1:6: the file ends too early");
    }

    #[test]
    fn duplicate_keys_are_found_in_objects_of_any_size() {
        for (size, again) in [(2, 0), (FEW, FEW - 1), (FEW + 1, 0), (FEW + 5, FEW + 4)] {
            let members: Vec<String> = (0..size).map(|key| format!("\"k{key}\": 1")).collect();
            let text = |more: &str| format!("{{{}{more}}}", members.join(", "));
            assert!(parse_object(&text("")).is_ok(), "{size}");
            assert!(
                parse_object(&text(&format!(", \"k{again}\": 2"))).is_err(),
                "{size} {again}"
            );
        }
    }

    #[test]
    fn values_are_read_when_asked() {
        let text = " {\"a\": [1, \"x\\n\"], \"b\": null}";
        let object = parse(text).unwrap().object().unwrap();
        let list = object.get("a").unwrap().list().unwrap();
        assert_eq!(list[1].string().unwrap(), "x\n");
        assert!(object.get("b").is_none() && list[0].string().is_err());
        let place = object.get("a").unwrap().place(text, FileId(0));
        assert_eq!(&text[place.span.start..place.span.end], "[1, \"x\\n\"]");
    }

    #[test]
    fn deep_values_are_passed_over() {
        let text = format!("{{\"a\": {}{}, \"b\": true}}", "[".repeat(5000), "]".repeat(5000));
        assert!(
            parse(&text)
                .unwrap()
                .object()
                .unwrap()
                .get("b")
                .unwrap()
                .is_true()
        );
    }

    #[test]
    fn layout_does_not_count() {
        let (left, right) = ("{\"a\" : [1, \" x \\\" y\"]}", "{\"a\":[1,\" x \\\" y\"]}");
        assert!(same_text(parse(left).unwrap(), parse(right).unwrap()));
        assert!(!same_text(parse("\"a b\"").unwrap(), parse("\"ab\"").unwrap()));
    }
}
