//! The policy language: documents parsed strictly into types, requests, and `evaluate`, the reference reading of one
//! against the other. Nothing here does I/O, and nothing fails after parsing.

mod assume;
mod document;
mod evaluate;
mod glob;
mod holes;
mod json;
mod keys;
mod operator;
mod parse;
mod pattern;
mod principal;
mod request;
mod resource;
mod search;
mod spelling;
mod typed;
mod value;

pub use document::{
    Condition, ConditionValues, DocumentKind, Effect, ElementSet, FACT_SEPARATOR, Guard, GuardLiteral,
    PolicyDocument, ResourceSet, Sid, Spelled, Statement, Version, shown_fact,
};
pub use evaluate::{
    Authorization, Decision, Element, Evaluation, Missing, Policies, PolicyPosition, action_listed,
    authorize, conditions_hold, evaluate, matches, mismatch, principal_listed, resource_listed,
};
pub use glob::{Glob, Token};
pub use json::parse_json;
pub use keys::{ContextKey, KeyFacts, KeyType, key_facts};
pub use operator::{Comparison, OPERATORS, Operator, Quantifier, Test, operator};
pub use parse::{
    Invalid, Note, Parsed, parse_condition_block, parse_document, parse_reference, parse_resource_pattern,
};
pub use pattern::{HoleId, Pattern, Piece, is_symbol};
pub use principal::{PrincipalEntry, PrincipalSet, parse_aws_principal};
pub use request::{Principal, PrincipalKind, ReadingId, Request};
pub use resource::{ArnPattern, ResourcePattern, Segment, split_arn};
pub use spelling::{Spelling, operator_names};
pub use typed::{Instant, Rational, decode_base64, parse_cidr, parse_instant, parse_number};
pub use value::{Text, TextPiece, Value};
