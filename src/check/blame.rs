//! From a counterexample to a finding: all guilty statements, why no Deny applied, what is assumed.

use crate::formula::{Formula, Variable, and, domain, not};
use crate::iam::{
    Effect, Element, ElementSet, Pattern, PolicyDocument, Request, ResourcePattern, ResourceSet, Segment,
    Statement, evaluate, mismatch,
};
use crate::solve::decide;

use super::decide::Question;
use super::engines::Engines;
use super::message::{fail_message, missing_allow, reason};
use super::realistic::{pattern_example, realistic, written_example};
use super::{Finding, GuiltyStatement, MissedDeny, Violation};

/// At most so many requests are tried for a statement.
const MAX_TRIES: usize = 6;

/// The finding of a violated question.
pub(super) fn finding(
    question: &Question<'_>,
    request: Request,
    engines: &Engines,
    solver: &'static str,
    unconfirmed: bool,
) -> Finding {
    let (request, is_realistic) = realistic(question, request);
    let statements = guilty(question, &request, engines);
    let mut reasons: Vec<String> = statements
        .iter()
        .map(|statement| reason(question, statement))
        .collect();
    if question.violation == Violation::Refused && statements.is_empty() {
        reasons.push(missing_allow(question).to_owned());
    }
    let mut assumes: Vec<(String, String)> = request
        .holes
        .iter()
        .map(|(hole, value)| (hole.0.to_string(), value.clone()))
        .collect();
    let conditions = request
        .facts
        .iter()
        .filter(|(name, _)| question.symbols.conditions.contains(name));
    assumes.extend(conditions.map(|(name, truth)| (name.to_string(), truth.to_string())));
    let unusual = request
        .readings
        .iter()
        .filter(|(id, reading)| **reading != id.default_reading());
    let readings = if needs_unusual_reading(question, &request) {
        unusual.map(|(id, _)| id.row()).collect()
    } else {
        Vec::new()
    };
    Finding {
        violation: question.violation,
        statements,
        message: fail_message(question).to_owned(),
        reasons,
        denies: match question.violation {
            Violation::Allowed | Violation::NotDenied => missed_denies(question.document, &request),
            Violation::Refused => Vec::new(),
        },
        counterexample: request,
        assumes,
        realistic: is_realistic,
        readings,
        solver,
        unconfirmed,
    }
}

/// Whether the request violates the check only under its readings of ambiguities, not under the usual ones.
fn needs_unusual_reading(question: &Question<'_>, request: &Request) -> bool {
    let usual = Request {
        readings: std::collections::BTreeMap::new(),
        ..request.clone()
    };
    !question.is_violated_by(&usual)
}

/// The statements to blame. The one of the counterexample is among them, if there is one.
fn guilty(question: &Question<'_>, request: &Request, engines: &Engines) -> Vec<GuiltyStatement> {
    let indices = match question.violation {
        Violation::Allowed => letting_through(question, request, engines),
        Violation::NotDenied => Vec::new(),
        Violation::Refused => refusing(question, request, engines),
    };
    let sid = |index: usize| {
        question
            .document
            .statements
            .iter()
            .find(|statement| statement.index == index)?
            .sid
            .clone()
    };
    indices
        .into_iter()
        .map(|index| GuiltyStatement {
            index,
            sid: sid(index),
        })
        .collect()
}

/// Every Deny statement that refuses a request which must be allowed; none where the counterexample lacks an Allow.
fn refusing(question: &Question<'_>, request: &Request, engines: &Engines) -> Vec<usize> {
    let seen = evaluate(question.document, request).denies;
    if seen.is_empty() {
        return Vec::new();
    }
    let refuses = |matches: &Formula| {
        let formula = and([matches.clone(), question.rest.clone()]);
        engines.violates(|solver| decide(&formula, &question.symbols, solver))
    };
    let denies = question.meaning.denies.iter();
    let mut indices: Vec<usize> = denies
        .filter(|(index, matches)| seen.contains(index) || refuses(matches))
        .map(|(index, _)| *index)
        .collect();
    indices.dedup();
    indices
}

/// Every Allow statement that by itself lets a forbidden request through.
fn letting_through(question: &Question<'_>, request: &Request, engines: &Engines) -> Vec<usize> {
    let seen = evaluate(question.document, request).allows;
    let not_denied = and([not(&question.meaning.some_deny()), question.rest.clone()]);
    let mut indices: Vec<usize> = Vec::new();
    for (index, matches) in &question.meaning.allows {
        if indices.contains(index) {
            continue;
        }
        let formula = and([matches.clone(), not_denied.clone()]);
        let possible = || {
            formula != Formula::False
                && engines.violates(|solver| decide(&formula, &question.symbols, solver))
        };
        if seen.contains(index) || lets_through(question, *index, request) || possible() {
            indices.push(*index);
        }
    }
    indices
}

/// Whether the statement surely lets a forbidden request through: the counterexample, on what the statement itself names.
/// A quick test that spares most searches.
fn lets_through(question: &Question<'_>, index: usize, request: &Request) -> bool {
    let statements = question.document.statements.iter();
    let mut own = statements.filter(|statement| statement.index == index);
    own.any(|statement| {
        let actions = named_actions(statement);
        let resources = named_resources(statement);
        let tried = |action: &String, resource: &String| {
            let candidate = Request {
                action: action.clone(),
                resource: resource.clone(),
                ..request.clone()
            };
            mismatch(statement, &candidate).is_none() && question.is_violated_by(&candidate)
        };
        let actions = std::iter::once(&request.action).chain(&actions);
        actions
            .flat_map(|action| {
                let resources = std::iter::once(&request.resource).chain(&resources);
                resources.map(move |resource| (action, resource))
            })
            .take(MAX_TRIES)
            .any(|(action, resource)| tried(action, resource))
    })
}

/// Actions that the statement names, well-formed ones only.
fn named_actions(statement: &Statement) -> Vec<String> {
    let patterns: &[Pattern] = match &statement.action {
        ElementSet::In(patterns) => patterns,
        ElementSet::Any | ElementSet::NotIn(_) => &[],
    };
    let texts = patterns
        .iter()
        .filter_map(|pattern| pattern_example(pattern, "x"));
    texts
        .filter(|text| domain(&Variable::Action).accepts(text))
        .collect()
}

/// Resources that the statement names, well-formed ones only.
fn named_resources(statement: &Statement) -> Vec<String> {
    let entries: &[ResourcePattern] = match &statement.resource {
        ResourceSet::In(entries) => entries,
        ResourceSet::Any | ResourceSet::NotIn(_) => &[],
    };
    entries
        .iter()
        .filter_map(|entry| match entry {
            ResourcePattern::Arn { arn, .. } => written_example(arn),
            ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
        })
        .filter(|text| {
            let mut parts = text.splitn(6, ':').skip(1);
            Segment::ALL.into_iter().all(|segment| {
                let part = parts.next();
                part.is_some_and(|part| domain(&Variable::Resource(segment)).accepts(part))
            })
        })
        .collect()
}

/// For each Deny, the first element that keeps it from applying.
fn missed_denies(document: &PolicyDocument, request: &Request) -> Vec<MissedDeny> {
    let denies = document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Deny);
    let missed = denies.filter_map(|statement| {
        let element = mismatch(statement, request)?;
        Some(MissedDeny {
            index: statement.index,
            sid: statement.sid.clone(),
            why: why(statement, &element),
        })
    });
    missed.collect()
}

fn why(statement: &Statement, element: &Element) -> String {
    match element {
        Element::Guard => "it is there only under a condition that does not hold here".to_owned(),
        Element::Principal => "it does not apply to this principal".to_owned(),
        Element::Action => "it does not cover this action".to_owned(),
        Element::Resource => "it does not cover this resource".to_owned(),
        Element::Condition(at) => match statement.conditions.get(*at) {
            Some(condition) => format!("its condition on `{}` does not hold", condition.key),
            None => "its condition does not hold".to_owned(),
        },
    }
}
