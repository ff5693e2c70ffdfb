//! Plain JSON text as a [`Value`]: duplicate keys are refused (after unescaping), numbers keep their spelling.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::parse::Invalid;
use super::value::Value;

/// Under `arbitrary_precision` a number arrives as a map with this one key.
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// Reads a document from JSON text. Errors name line and column and quote nothing of the text but duplicate keys.
pub fn parse_json(text: &str) -> Result<Value, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::document("the policy is empty"));
    }
    serde_json::from_str::<Strict>(text)
        .map(|Strict(value)| value)
        .map_err(|error| Invalid::document(format!("the policy is not valid JSON: {error}")))
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER_KEY && object.is_empty() {
                return entries.next_value::<String>().map(Value::Number);
            }
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("duplicate key `{}`", shown(&key))));
            }
            let Strict(value) = entries.next_value()?;
            object.push((key, value));
        }
        Ok(Value::Object(object))
    }
}

/// A key as errors show it: short, printable, and without anything that looks like more than a name.
pub(super) fn shown(key: &str) -> String {
    let printable = key
        .chars()
        .map(|c| if c.is_ascii_graphic() && c != '`' { c } else { '?' });
    printable.take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_refused_after_unescaping() {
        let message = parse_json(r#"{"Effect":1,"Eff\u0065ct":2}"#).unwrap_err().message;
        assert!(message.contains("duplicate key `Effect`"), "{message}");
        assert!(parse_json(r#"[{"a":{"b":1,"b":1}}]"#).is_err());
        for bad in ["", "  ", "{", "{} {}", "[1,]", "NaN", "\"\\ud800\"", "{\"a\":1,}"] {
            assert!(parse_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let digits = "9".repeat(400);
        assert_eq!(parse_json(&digits), Ok(Value::Number(digits)));
        assert_eq!(
            parse_json("[1.50, true, null]"),
            Ok(Value::List(vec![
                Value::Number("1.50".into()),
                Value::Bool(true),
                Value::Null
            ]))
        );
    }
}
