//! From a counterexample to a finding: all guilty statements, why no Deny applied, what is assumed.

use crate::formula::{Formula, and, not};
use crate::iam::{Effect, Element, PolicyDocument, Request, Statement, evaluate, mismatch};
use crate::solve::decide;

use super::engines::Engines;
use super::hint::{named_actions, named_resources, violation};
use super::message::{fail_message, missing_allow, reason};
use super::options::Explain;
use super::question_formula::{Forbidden, Question};
use super::reach::{is_covered, is_out_of_reach};
use super::realistic::realistic;
use super::regions::regions;
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
    let regions = match engines.options().explain {
        // What is refused has no regions: there is nothing that grants it.
        _ if question.violation == Violation::Refused => None,
        Explain::Nothing => None,
        Explain::Regions | Explain::Change => Some(regions(question, &statements, &request, engines)),
    };
    Finding {
        regions,
        change: None,
        violation: question.violation,
        statements,
        message: fail_message(question).to_owned(),
        reasons,
        denies: match question.violation {
            Violation::Allowed | Violation::NotDenied => {
                let documents = [question.document].into_iter().chain(question.boundary);
                documents
                    .flat_map(|document| missed_denies(document, &request))
                    .collect()
            }
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
            document: None,
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
        if indices.contains(index) || !seen.contains(index) && has_nothing_to_do(question, *index) {
            continue;
        }
        // Most statements have nothing to do with it, which shows without the Denies.
        let possible = || {
            let about = and([matches.clone(), question.forbidden_requests.clone()]);
            let formula = and([matches.clone(), not_denied.clone()]);
            about != Formula::False
                && engines.admits(&about, &question.symbols)
                && engines.violates(|solver| decide(&formula, &question.symbols, solver))
        };
        if seen.contains(index) || lets_through(question, *index, request) || possible() {
            indices.push(*index);
        }
    }
    indices
}

/// Whether all statements of that index surely let no forbidden request through, by their actions.
fn has_nothing_to_do(question: &Question<'_>, index: usize) -> bool {
    let is_harmless = |statement: &Statement| match &question.forbidden {
        Forbidden::Boxes(boxes) => !boxes.is_empty() && is_out_of_reach(statement, boxes),
        Forbidden::NotAllowedBy(reference, None) => is_covered(statement, reference),
        Forbidden::NotAllowedBy(_, Some(_)) | Forbidden::AllowedBy(_) | Forbidden::Strangers(_) => false,
    };
    let mut statements = question.document.statements.iter();
    statements.all(|statement| statement.index != index || is_harmless(statement))
}

/// Whether the statement surely lets a forbidden request through: the counterexample on what the statement itself names,
/// or a request that its text suggests. A quick test that spares most searches.
fn lets_through(question: &Question<'_>, index: usize, request: &Request) -> bool {
    let statements = question.document.statements.iter();
    let mut own = statements.filter(|statement| statement.index == index);
    own.any(|statement| {
        let actions: Vec<String> = named_actions(statement).take(MAX_TRIES).collect();
        let resources: Vec<String> = named_resources(statement).take(MAX_TRIES).collect();
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
            || violation(question, statement).is_some()
    })
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
            document: None,
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
