//! The reference reading of a request against documents, written for obviousness: no solver shares code with it.

mod authorize;
mod condition;
mod fill;
mod principal;

use super::document::{Condition, Effect, ElementSet, PolicyDocument, ResourceSet, Statement};
use super::pattern::Pattern;
use super::principal::PrincipalEntry;
use super::request::{ReadingId, Request};
use super::resource::ResourcePattern;
pub use authorize::{Authorization, Missing, Policies, PolicyPosition, authorize};
use fill::{Filled, arn_matches, fill, filled_matches};

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

/// The elements of a statement that can fail to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// A fact known only at deployment.
    Guard,
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// The condition of this position.
    Condition(usize),
}

/// Evaluates one document: an explicit Deny wins, then any Allow.
pub fn evaluate(document: &PolicyDocument, request: &Request) -> Evaluation {
    let matching = |effect: Effect| -> Vec<usize> {
        let mut indices: Vec<usize> = document
            .statements
            .iter()
            .filter(|statement| statement.effect == effect && matches(statement, request))
            .map(|statement| statement.index)
            .collect();
        indices.dedup();
        indices
    };
    let (allows, denies) = (matching(Effect::Allow), matching(Effect::Deny));
    let decision = match (denies.is_empty(), allows.is_empty()) {
        (false, _) => Decision::ExplicitDeny,
        (true, false) => Decision::Allowed,
        (true, true) => Decision::ImplicitDeny,
    };
    Evaluation {
        decision,
        allows,
        denies,
    }
}

/// Whether a statement matches the request, whatever its effect.
pub fn matches(statement: &Statement, request: &Request) -> bool {
    mismatch(statement, request).is_none()
}

/// The first element of the statement that does not match the request; `None` when the statement matches.
pub fn mismatch(statement: &Statement, request: &Request) -> Option<Element> {
    let fact = |name| request.facts.get(name).copied().unwrap_or(false);
    if !statement
        .guard
        .iter()
        .all(|literal| fact(&literal.name) == literal.holds)
    {
        return Some(Element::Guard);
    }
    if !action_matches(&statement.action, request) {
        return Some(Element::Action);
    }
    if !resource_matches(statement, request) {
        return Some(Element::Resource);
    }
    if !principal::matches(&statement.principal, statement.effect, request) {
        return Some(Element::Principal);
    }
    let failing = statement
        .conditions
        .iter()
        .position(|condition| !condition::holds(condition, request));
    failing.map(Element::Condition)
}

/// Whether any of the patterns matches the action, as in `Action`.
pub fn action_listed(patterns: &[Pattern], request: &Request) -> bool {
    let action = request.action.to_ascii_lowercase();
    patterns
        .iter()
        .any(|pattern| filled_matches(pattern, &action, request))
}

/// Whether any of the entries matches the resource, as in the `Resource` of an Allow.
pub fn resource_listed(entries: &[ResourcePattern], request: &Request) -> bool {
    entries
        .iter()
        .any(|entry| entry_matches(entry, request) || matches_across_colons(entry, request))
}

/// Whether any of the entries means the principal, as in the `Principal` of an Allow.
pub fn principal_listed(entries: &[PrincipalEntry], request: &Request) -> bool {
    entries
        .iter()
        .any(|entry| principal::means(entry, Effect::Allow, request))
}

/// Whether all of the conditions hold.
pub fn conditions_hold(conditions: &[Condition], request: &Request) -> bool {
    conditions
        .iter()
        .all(|condition| condition::holds(condition, request))
}

fn action_matches(actions: &ElementSet, request: &Request) -> bool {
    match actions {
        ElementSet::Any => true,
        ElementSet::In(patterns) => action_listed(patterns, request),
        ElementSet::NotIn(patterns) => !action_listed(patterns, request),
    }
}

fn resource_matches(statement: &Statement, request: &Request) -> bool {
    let matches = |entry: &ResourcePattern| {
        entry_matches(entry, request)
            || (statement.reads_short_arns_widely() && matches_across_colons(entry, request))
    };
    match &statement.resource {
        ResourceSet::Any => true,
        ResourceSet::In(entries) => entries.iter().any(matches),
        ResourceSet::NotIn(entries) => {
            let unresolved = entries.iter().any(|entry| match entry {
                ResourcePattern::Arn { arn, .. } => arn.segments.iter().any(|segment| {
                    segment.variables().next().is_some()
                        && matches!(fill(segment, request), Filled::Unresolved)
                }),
                ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => false,
            });
            let as_documented = !unresolved || request.reading(&ReadingId::UnresolvedVariableNegated);
            as_documented && !entries.iter().any(matches)
        }
    }
}

fn entry_matches(entry: &ResourcePattern, request: &Request) -> bool {
    match entry {
        ResourcePattern::Any => true,
        ResourcePattern::Nothing => false,
        ResourcePattern::Unreadable(text) => request.facts.get(text).copied().unwrap_or(false),
        ResourcePattern::Arn { arn, .. } => arn_matches(arn, &request.resource, request),
    }
}

/// Whether the resource matches a short ARN as one text.
fn matches_across_colons(entry: &ResourcePattern, request: &Request) -> bool {
    match entry {
        ResourcePattern::Arn {
            short: Some(short), ..
        } => match fill(short, request) {
            Filled::Glob(glob) => glob.matches(&request.resource),
            Filled::Unresolved => false,
        },
        ResourcePattern::Arn { short: None, .. }
        | ResourcePattern::Any
        | ResourcePattern::Nothing
        | ResourcePattern::Unreadable(_) => false,
    }
}

#[cfg(test)]
mod tests;
