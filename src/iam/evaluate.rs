//! The reference reading of a request against documents, written for obviousness: no solver shares code with it.

use super::document::{PolicyDocument, Statement};
use super::request::Request;

/// What a document says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Some Allow matches and no Deny.
    Allowed,
    /// Nothing matches.
    ImplicitDeny,
    /// Some Deny matches.
    ExplicitDeny,
}

/// The decision and the statements that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The decision.
    pub decision: Decision,
    /// Indices of the Allow statements that match.
    pub allows: Vec<usize>,
    /// Indices of the Deny statements that match.
    pub denies: Vec<usize>,
}

/// Evaluates one document.
pub fn evaluate(document: &PolicyDocument, request: &Request) -> Evaluation {
    let _ = (document, request);
    todo!()
}

/// Whether one statement matches the request, whatever its effect.
pub fn matches(statement: &Statement, document: &PolicyDocument, request: &Request) -> bool {
    let _ = (statement, document, request);
    todo!()
}

/// Whether the statement is an Allow that matches.
pub fn allows_statement(statement: &Statement, document: &PolicyDocument, request: &Request) -> bool {
    let _ = (statement, document, request);
    todo!()
}
