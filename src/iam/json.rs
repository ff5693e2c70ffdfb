//! Plain JSON text as a [`Value`]: duplicate keys are refused (after unescaping), numbers keep their spelling.

use super::parse::Invalid;
use super::value::Value;

/// Reads a document from JSON text. Errors name line and column and quote nothing of the text.
pub fn parse_json(text: &str) -> Result<Value, Invalid> {
    let _ = text;
    todo!()
}
