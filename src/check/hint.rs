//! Requests that a statement's own text suggests. They are tried before an engine searches: most violations are that
//! plain, and a request is checked much faster than found. A hint decides nothing by itself: it counts only when the
//! formula of the question holds for it and the reference reading agrees.

use std::collections::BTreeMap;

use crate::formula::{Formula, Model, Variable, derived_value, domain, holds, model_of, request};
use crate::iam::{
    ArnPattern, Condition, ConditionValues, ContextKey, Effect, ElementSet, Pattern, Principal,
    PrincipalEntry, PrincipalKind, PrincipalSet, Quantifier, Request, ResourcePattern, ResourceSet, Segment,
    Statement,
};
use crate::solve::{Answer, Solver};

use super::question_formula::Question;
use super::realistic::{FOREIGN_ACCOUNT, OWN_ACCOUNT, pattern_example, written_example};
use super::{Check, Violation};

/// At most so many actions, and so many resources, are tried with each other.
const MAX_NAMED: usize = 3;

/// At most so many deeds are tried for an actor.
const MAX_DEEDS: usize = 4;

/// At most so many Allow statements are looked at for a first hint.
const MAX_STATEMENTS: usize = 12;

/// A solver that knows a model that may do.
pub(super) struct Hinted<'a> {
    pub(super) solver: &'a dyn Solver,
    pub(super) hint: Option<&'a Model>,
}

impl Solver for Hinted<'_> {
    fn name(&self) -> &'static str {
        self.solver.name()
    }

    fn solve(&self, formula: &Formula) -> Answer {
        match self.hint {
            Some(hint) if holds(formula, hint) => Answer::Sat(hint.clone()),
            _ => self.solver.solve(formula),
        }
    }
}

/// A model of a violation that some Allow statement suggests.
pub(super) fn hint(question: &Question<'_>) -> Option<Model> {
    if question.violation != Violation::Allowed {
        return None;
    }
    let allows = question
        .document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow);
    allows
        .take(MAX_STATEMENTS)
        .find_map(|statement| violation(question, statement))
}

/// A model of a possible violation through that statement, as far as its text suggests one.
pub(super) fn violation(question: &Question<'_>, statement: &Statement) -> Option<Model> {
    if !statement.guard.is_empty() {
        return None;
    }
    let deeds = deeds(question, statement);
    if deeds.is_empty() {
        return None;
    }
    actors(question, statement)
        .into_iter()
        .find_map(|(principal, context)| {
            let mut candidate = Request {
                principal,
                action: String::new(),
                resource: String::new(),
                context,
                readings: BTreeMap::new(),
                holes: BTreeMap::new(),
                facts: BTreeMap::new(),
            };
            let tried = |(action, resource): &(String, String)| {
                candidate.action.clone_from(action);
                candidate.resource.clone_from(resource);
                accepted(question, statement, &candidate)
            };
            deeds.iter().find_map(tried)
        })
}

/// The model of a candidate that is a violation by the reference reading, also when read back from the model.
fn accepted(question: &Question<'_>, statement: &Statement, candidate: &Request) -> Option<Model> {
    if !question.kinds.contains(&candidate.principal.kind())
        || !crate::iam::matches(statement, candidate)
        || !question.is_violated_by(candidate)
    {
        return None;
    }
    let vocabulary = &question.symbols.vocabulary;
    let model = model_of(candidate, vocabulary)?;
    let read_back = request(&model, vocabulary, candidate.principal.kind());
    (question.is_violated_by(&read_back) && holds(&question.rest, &model)).then_some(model)
}

/// Who may ask, each in the least context that the statement's conditions want.
fn actors(
    question: &Question<'_>,
    statement: &Statement,
) -> Vec<(Principal, BTreeMap<ContextKey, Vec<String>>)> {
    let user = |account: &str| Principal::User {
        partition: "aws".to_owned(),
        account: account.to_owned(),
        path: "someone".to_owned(),
    };
    let mut principals = match question.check {
        Check::NoPublicAccess { .. } => vec![Principal::Anonymous, user(FOREIGN_ACCOUNT)],
        Check::NoExternalAccess { .. } => vec![user(FOREIGN_ACCOUNT), Principal::Anonymous],
        Check::NoNewAccess { .. }
        | Check::AccessNotGranted { .. }
        | Check::AccessDenied { .. }
        | Check::AccessGranted { .. }
        | Check::Equivalent { .. }
        | Check::Lint { .. } => {
            let account = question.account.unwrap_or(OWN_ACCOUNT);
            if question.kinds.contains(&PrincipalKind::User) {
                vec![user(account)]
            } else {
                vec![Principal::RoleSession {
                    partition: "aws".to_owned(),
                    account: account.to_owned(),
                    path: "someone".to_owned(),
                    session: "session".to_owned(),
                }]
            }
        }
    };
    if let PrincipalSet::In(entries) = &statement.principal {
        principals.extend(entries.iter().take(MAX_NAMED).filter_map(principal_example));
    }
    let is_meant = |principal: &Principal| is_principal_of(statement, principal);
    principals
        .into_iter()
        .filter(is_meant)
        .filter_map(|principal| {
            let context = context(question, statement, &principal)?;
            Some((principal, context))
        })
        .collect()
}

fn is_principal_of(statement: &Statement, principal: &Principal) -> bool {
    let PrincipalSet::In(entries) = &statement.principal else {
        return true;
    };
    let account = principal.account().map(|(_, account)| account);
    entries.iter().any(|entry| match entry {
        PrincipalEntry::Everyone | PrincipalEntry::AnyAws => true,
        PrincipalEntry::Account(listed) => account.is_some_and(|own| listed.matches(own) == Some(true)),
        other => principal_example(other).as_ref() == Some(principal),
    })
}

/// A principal that the entry means.
fn principal_example(entry: &PrincipalEntry) -> Option<Principal> {
    let plain = |pattern: &Pattern| pattern_example(pattern, "x");
    Some(match entry {
        PrincipalEntry::Account(account) => Principal::User {
            partition: "aws".to_owned(),
            account: plain(account)?,
            path: "someone".to_owned(),
        },
        PrincipalEntry::Role {
            partition,
            account,
            path,
        } => Principal::RoleSession {
            partition: plain(partition)?,
            account: plain(account)?,
            path: plain(path)?,
            session: "session".to_owned(),
        },
        PrincipalEntry::User {
            partition,
            account,
            path,
        } => Principal::User {
            partition: plain(partition)?,
            account: plain(account)?,
            path: plain(path)?,
        },
        PrincipalEntry::Service(name) => Principal::Service(plain(name)?),
        PrincipalEntry::Federated(name) => Principal::Federated(plain(name)?),
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Session { .. }
        | PrincipalEntry::FederatedUser { .. }
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => return None,
    })
}

/// The keys that the statement's conditions want, with one value each, and those that are read off the principal.
/// `None` where no value is at hand.
fn context(
    question: &Question<'_>,
    statement: &Statement,
    principal: &Principal,
) -> Option<BTreeMap<ContextKey, Vec<String>>> {
    let mut context = BTreeMap::new();
    for condition in &statement.conditions {
        let operator = condition.operator;
        let wanted = !operator.negated && !operator.if_exists && operator.quantifier != Quantifier::ForAll;
        let is_null = matches!(&condition.values, ConditionValues::Null(values) if values.contains(&true));
        if wanted && !is_null && derived_value(&condition.key, principal).is_none() {
            let value = value_example(condition)?;
            context
                .entry(condition.key.clone())
                .or_insert_with(|| vec![value]);
        }
    }
    for key in question.symbols.vocabulary.keys() {
        if let Some(Some(value)) = derived_value(key, principal) {
            context.insert(key.clone(), vec![value]);
        }
    }
    Some(context)
}

fn value_example(condition: &Condition) -> Option<String> {
    match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
            patterns.iter().find_map(|pattern| pattern_example(pattern, "x"))
        }
        ConditionValues::Arn(arns) => arns.iter().find_map(written_example),
        ConditionValues::Ip(ranges) => ranges.first().map(|range| range.addr().to_string()),
        ConditionValues::Null(_) => Some("example".to_owned()),
        ConditionValues::Number(..) | ConditionValues::Date(..) | ConditionValues::Binary(_) => None,
    }
}

/// What may be asked for: actions and resources that the statement or the check names.
fn deeds(question: &Question<'_>, statement: &Statement) -> Vec<(String, String)> {
    let boxes = question.boxes();
    let mut actions: Vec<String> = named_actions(statement).take(MAX_NAMED).collect();
    actions.extend(
        boxes
            .iter()
            .flat_map(|access| examples(&access.actions))
            .take(MAX_NAMED),
    );
    if actions.is_empty() {
        actions.extend(["s3:getobject", "sts:assumerole"].map(str::to_owned));
    }
    let mut resources: Vec<String> = named_resources(statement).take(MAX_NAMED).collect();
    let arns = boxes.iter().flat_map(|access| arns(&access.resources));
    resources.extend(
        arns.filter_map(written_example)
            .filter(|text| is_resource(text))
            .take(MAX_NAMED),
    );
    if matches!(statement.resource, ResourceSet::Any) {
        resources.push("*".to_owned());
    }
    let fits = |action: &&String| {
        is_listed(&statement.action, action)
            && (boxes.is_empty()
                || boxes
                    .iter()
                    .any(|access| access.actions.is_empty() || any_matches(&access.actions, action)))
    };
    let pairs = actions.iter().filter(fits).flat_map(|action| {
        resources
            .iter()
            .map(move |resource| (action.clone(), resource.clone()))
    });
    pairs.take(MAX_DEEDS).collect()
}

fn is_listed(set: &ElementSet, action: &str) -> bool {
    match set {
        ElementSet::Any => true,
        ElementSet::In(patterns) => any_matches(patterns, action),
        ElementSet::NotIn(patterns) => !any_matches(patterns, action),
    }
}

fn any_matches(patterns: &[Pattern], action: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.matches(action) == Some(true))
}

/// Actions that the statement names, well-formed ones only.
pub(super) fn named_actions(statement: &Statement) -> impl Iterator<Item = String> {
    examples(match &statement.action {
        ElementSet::In(patterns) => patterns,
        ElementSet::Any | ElementSet::NotIn(_) => &[],
    })
}

fn examples(patterns: &[Pattern]) -> impl Iterator<Item = String> {
    patterns
        .iter()
        .filter_map(|pattern| pattern_example(pattern, "x"))
        .filter(|text| domain(&Variable::Action).accepts(text))
}

/// Resources that the statement names, well-formed ones only.
pub(super) fn named_resources(statement: &Statement) -> impl Iterator<Item = String> {
    let entries: &[ResourcePattern] = match &statement.resource {
        ResourceSet::In(entries) => entries,
        ResourceSet::Any | ResourceSet::NotIn(_) => &[],
    };
    arns(entries)
        .filter_map(written_example)
        .filter(|text| is_resource(text))
}

fn arns(entries: &[ResourcePattern]) -> impl Iterator<Item = &ArnPattern> {
    entries.iter().filter_map(|entry| match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    })
}

fn is_resource(text: &str) -> bool {
    let mut parts = text.splitn(6, ':').skip(1);
    Segment::ALL.into_iter().all(|segment| {
        let part = parts.next();
        part.is_some_and(|part| domain(&Variable::Resource(segment)).accepts(part))
    })
}
