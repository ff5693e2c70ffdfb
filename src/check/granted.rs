//! What a document surely grants: `access-granted` passes only if a request is allowed however the document is read, so
//! every reading that elsewhere widens a grant or narrows a Deny is turned round here.

use crate::formula::{and, crossing_arns};
use crate::iam::{
    Effect, Pattern, PolicyDocument, PrincipalEntry, PrincipalSet, ResourcePattern, ResourceSet, Statement,
};
use crate::solve::decide;

use super::engines::Engines;
use super::question_formula::Question;
use super::{AccessBox, Check, Violation};

/// The document as it must be read to show this violation; `None` when it stays as it is.
pub(super) fn reading(
    check: &Check,
    violation: Violation,
    document: &PolicyDocument,
) -> Option<PolicyDocument> {
    let read = match (check, violation) {
        (Check::AccessGranted { .. }, _) => surely_granting(document),
        // On the side that must cover the other, as a reference.
        (Check::Equivalent { .. }, Violation::Refused) => document.as_reference(),
        _ => return None,
    };
    (read != *document).then_some(read)
}

/// A short ARN grants by its completion only, and denies across colons too (semantics.md 3.3); `{"AWS": "*"}` grants
/// nothing to services (semantics.md 3.14, row 4).
fn surely_granting(document: &PolicyDocument) -> PolicyDocument {
    let statement = |statement: &Statement| {
        let (principal, resource) = match statement.effect {
            Effect::Allow => (
                without_services(&statement.principal),
                granting(&statement.resource),
            ),
            Effect::Deny => (statement.principal.clone(), denying(&statement.resource)),
        };
        Statement {
            principal,
            resource,
            ..statement.clone()
        }
    };
    PolicyDocument {
        version: document.version,
        statements: document.statements.iter().map(statement).collect(),
    }
}

fn without_services(principal: &PrincipalSet) -> PrincipalSet {
    let entry = |entry: &PrincipalEntry| match entry {
        PrincipalEntry::AnyAws => PrincipalEntry::Account(Pattern::star()),
        other => other.clone(),
    };
    match principal {
        PrincipalSet::In(entries) => PrincipalSet::In(entries.iter().map(entry).collect()),
        PrincipalSet::Absent | PrincipalSet::NotIn(_) => principal.clone(),
    }
}

fn granting(resource: &ResourceSet) -> ResourceSet {
    match resource {
        ResourceSet::NotIn(entries) => ResourceSet::NotIn(across_colons(entries)),
        ResourceSet::Any | ResourceSet::In(_) => resource.without_short(),
    }
}

fn denying(resource: &ResourceSet) -> ResourceSet {
    match resource {
        ResourceSet::In(entries) => ResourceSet::In(across_colons(entries)),
        ResourceSet::Any | ResourceSet::NotIn(_) => resource.without_short(),
    }
}

/// The entries with every short ARN written out: its completion, and all that it matches as one text.
fn across_colons(entries: &[ResourcePattern]) -> Vec<ResourcePattern> {
    let plain = |arn| ResourcePattern::Arn { arn, short: None };
    let written_out = |entry: &ResourcePattern| match entry {
        ResourcePattern::Arn {
            arn,
            short: Some(text),
        } => {
            let others = match crossing_arns(text) {
                Some(arns) => arns.into_iter().map(plain).collect(),
                None => vec![ResourcePattern::Unreadable(
                    format!("the short ARN `{text}`").into(),
                )],
            };
            [vec![plain(arn.clone())], others].concat()
        }
        other => vec![other.clone()],
    };
    entries.iter().flat_map(written_out).collect()
}

/// A principal of the boxes, by its position, of which no request is in question: “all its requests are allowed” would
/// say nothing of it.
pub(super) fn idle_principal(
    boxes: &[AccessBox],
    question: &Question<'_>,
    engines: &Engines,
) -> Option<usize> {
    let alone = |access: &AccessBox, principal: &PrincipalEntry| AccessBox {
        principals: vec![principal.clone()],
        ..access.clone()
    };
    let idle = |access: &AccessBox, principal: &PrincipalEntry| {
        let asked = alone(access, principal).formula(&question.symbols.vocabulary);
        let formula = and([asked, question.rest.clone()]);
        !engines.violates(|solver| decide(&formula, &question.symbols, solver))
    };
    boxes.iter().find_map(|access| {
        let mut principals = access.principals.iter();
        principals.position(|principal| idle(access, principal))
    })
}
