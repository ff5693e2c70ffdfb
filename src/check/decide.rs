//! One question: does this policy meet this check? The engines, and the replay of what they answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::Before;
use crate::formula::request;
use crate::iam::{HoleId, PolicyDocument, shown_fact};
use crate::solve::{Decision, Reason, decide};

use super::blame::finding;
use super::engines::{Answered, Engines};
use super::granted::reading;
use super::hint::hint;
use super::options::Options;
use super::proof::Passed;
use super::question_formula::{Question, question};
use super::reach::{all_covered, all_out_of_reach};
use super::subject::{Prepared, Subject, Whole, prepare};
use super::ways::violations;
use super::{Check, Proof, Reference, Undecided, Verdict, Violation};

/// Decides whether some request violates the check in that way.
pub(super) fn violated(
    check: &Check,
    violation: Violation,
    prepared: &Prepared<'_>,
    options: &Options,
) -> Verdict {
    let read = reading(check, violation, prepared.subject.document);
    let as_read = read.as_ref().map(|document| {
        prepare(Subject {
            document,
            ..prepared.subject
        })
    });
    let prepared = as_read.as_ref().unwrap_or(prepared);
    let subject = prepared.subject;
    let engines = Engines::new(options);
    if let (Check::AccessNotGranted { boxes }, Some(solver)) = (check, engines.quick())
        && all_out_of_reach(subject.document, boxes)
    {
        return Verdict::Pass(Proof {
            solver,
            ..Proof::default()
        });
    }
    let reference = match reference(check, subject.before) {
        Ok(reference) => reference,
        Err(reason) => return Verdict::Undecided(undecided("before-unreadable", reason, Vec::new())),
    };
    let asked = (check, violation);
    if let (Check::NoNewAccess { .. }, None, Some(reference)) = (check, subject.whole, reference)
        && let Some(solver) = engines.quick()
        && all_covered(subject.document, reference)
    {
        return Verdict::Pass(Proof {
            solver,
            ..Proof::default()
        });
    }
    let question = question(asked, subject.document, reference, prepared, options);
    let hint = hint(&question);
    let passed = Passed {
        asked,
        reference,
        prepared,
        options,
        engines: &engines,
    };
    if hint.is_none() && violation != Violation::Refused {
        match passed.without_axioms(&question) {
            Ok(Some(Answered {
                solver, unconfirmed, ..
            })) => return Verdict::Pass(passed.proof(Vec::new(), solver, unconfirmed)),
            Ok(None) => {}
            Err(message) => return Verdict::Internal(message),
        }
    }
    let answered = engines.ask(hint.as_ref(), |solver| {
        decide(&question.formula(), &question.symbols, solver)
    });
    let Answered {
        decision,
        solver,
        unconfirmed,
    } = match answered {
        Ok(answered) => answered,
        Err(message) => return Verdict::Internal(message),
    };
    if matches!(decision, Decision::Proved)
        && let Some(at) = question.idle_principal(&engines)
    {
        let message = format!("`principals[{at}]` makes no such request under a policy of this kind");
        return Verdict::Undecided(undecided("no-request", message, Vec::new()));
    }
    match decision {
        Decision::Proved => Verdict::Pass(passed.proof(passed.axioms(&question), solver, unconfirmed)),
        Decision::GaveUp(reason) => Verdict::Undecided(gave_up(&reason)),
        Decision::Violated(model) => {
            let request = request(&model, &question.symbols.vocabulary, question.kind);
            if question.is_violated_by(&request) {
                return Verdict::Fail(Box::new(finding(
                    &question,
                    request,
                    &engines,
                    solver,
                    unconfirmed,
                )));
            }
            if question.rests_on_unknowns(&request) {
                let names = subject.holes.iter().map(|hole| hole.id.0.to_string()).collect();
                return by_default(asked, reference, prepared, options, &engines)
                    .unwrap_or_else(|| Verdict::Undecided(depends(names)));
            }
            Verdict::Internal("a counterexample does not replay".to_owned())
        }
        Decision::Depends(names) => match by_default(asked, reference, prepared, options, &engines) {
            Some(verdict) => verdict,
            None => Verdict::Undecided(depends(names)),
        },
    }
}

/// A violation when every parameter takes its default, or the facts that alone stand between the policy and a PASS; `None`
/// when there is neither, or no default.
fn by_default(
    asked: (&Check, Violation),
    reference: Option<&PolicyDocument>,
    prepared: &Prepared<'_>,
    options: &Options,
    engines: &Engines,
) -> Option<Verdict> {
    let subject = prepared.subject;
    let with_default = subject
        .holes
        .iter()
        .filter_map(|hole| Some((hole.id.clone(), hole.default.clone()?)));
    let holes: BTreeMap<HoleId, String> = with_default.collect();
    let facts: BTreeMap<Arc<str>, bool> = subject.default_facts.iter().cloned().collect();
    if holes.is_empty() && facts.is_empty() {
        return None;
    }
    let assuming =
        |document: &PolicyDocument| document.assuming(subject.kind.document_kind(), &holes, &facts);
    let document = assuming(subject.document);
    // What is unknown of a whole principal is the same before and now.
    let (reference_assumed, boundary, boundary_before) = match subject.whole {
        Some(whole) => (
            reference.map(assuming),
            whole.boundary.map(assuming),
            whole.boundary_before.map(assuming),
        ),
        None => (None, None, None),
    };
    let assumed = prepare(Subject {
        document: &document,
        whole: subject.whole.map(|whole| Whole {
            boundary: boundary.as_ref(),
            boundary_before: boundary_before.as_ref(),
            ..whole
        }),
        ..subject
    });
    let reference = reference_assumed.as_ref().or(reference);
    let question = question(asked, &document, reference, &assumed, options);
    let answered = engines
        .ask(None, |solver| {
            decide(&question.formula(), &question.symbols, solver)
        })
        .ok()?;
    let model = match answered.decision {
        Decision::Violated(model) => model,
        // Nothing else is needed for a PASS than that these facts hold.
        Decision::Proved if holes.is_empty() => {
            let held = facts.into_iter().filter(|(_, truth)| *truth);
            let held: BTreeSet<String> = held.map(|(fact, _)| shown_fact(&fact).to_owned()).collect();
            let names: Vec<String> = held.into_iter().collect();
            return (!names.is_empty()).then(|| Verdict::Undecided(depends(names)));
        }
        Decision::Proved | Decision::GaveUp(_) | Decision::Depends(_) => return None,
    };
    let request = request(&model, &question.symbols.vocabulary, question.kind);
    if !question.is_violated_by(&request) {
        return None;
    }
    let mut finding = finding(&question, request, engines, answered.solver, answered.unconfirmed);
    let used = subject.document.holes();
    let named = holes.into_iter().filter(|(hole, _)| used.contains(hole));
    finding
        .assumes
        .extend(named.map(|(hole, value)| (hole.0.to_string(), value)));
    finding.assumes.extend(
        facts
            .into_iter()
            .map(|(fact, truth)| (shown_fact(&fact).to_owned(), truth.to_string())),
    );
    finding.assumes.sort();
    finding.assumes.dedup();
    Some(Verdict::Fail(Box::new(finding)))
}

/// The question about a prepared subject; `None` when what it is compared with cannot be read.
pub(super) fn question_of<'a>(
    check: &'a Check,
    prepared: &Prepared<'a>,
    options: &Options,
) -> Option<Question<'a>> {
    let subject = prepared.subject;
    let reference = reference(check, subject.before).ok()?;
    let violation = *violations(check).first()?;
    Some(question(
        (check, violation),
        subject.document,
        reference,
        prepared,
        options,
    ))
}

/// The document that a check compares with: `Err` when it cannot be read.
fn reference<'a>(check: &'a Check, before: &'a Before) -> Result<Option<&'a PolicyDocument>, String> {
    match check.reference() {
        Some(Reference::Document(document)) => Ok(Some(document)),
        Some(Reference::Before) => match before {
            Before::Document(document) => Ok(Some(document)),
            Before::Created => Ok(None),
            Before::NotTold => Err("the input does not say what is deployed now".to_owned()),
            Before::Unreadable(reason) => Err(format!("what is deployed now cannot be read: {reason}")),
        },
        None => Ok(None),
    }
}

fn undecided(id: &'static str, message: String, holes: Vec<String>) -> Undecided {
    Undecided { id, message, holes }
}

fn depends(names: Vec<String>) -> Undecided {
    let variables = names.iter().all(|name| name.starts_with("${"));
    let id = if variables && !names.is_empty() {
        "policy-variable"
    } else {
        "unknown-value"
    };
    undecided(id, format!("depends on {}", names.join(", ")), names)
}

fn gave_up(reason: &Reason) -> Undecided {
    match reason {
        Reason::StepLimit(limit) => undecided(
            "step-limit",
            format!("the engine gave up after {limit} steps (raise with --limit steps=N)"),
            Vec::new(),
        ),
        Reason::Unsupported(what) => undecided("unsupported", what.clone(), Vec::new()),
    }
}
