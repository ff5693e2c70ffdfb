//! Which subjects are equal, so that they are decided once: a key that is quick to take, then a comparison in full. Only
//! the comparison counts; the key must only be the same for equal subjects.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::check::Subject;
use crate::extract::Before;
use crate::iam::{
    Condition, ConditionValues, Effect, ElementSet, PolicyDocument, PrincipalSet, ResourcePattern,
    ResourceSet, Statement,
};

/// A key: the same for equal subjects.
pub(super) fn key(subject: &Subject<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject.kind.hash(&mut hasher);
    hash_document(subject.document, &mut hasher);
    if let Before::Document(before) = subject.before {
        hash_document(before, &mut hasher);
    }
    hasher.finish()
}

/// Whether two subjects are equal in everything an answer depends on but the standard.
pub(super) fn same(left: &Subject<'_>, right: &Subject<'_>) -> bool {
    // Taken apart, so that a new field is not forgotten here.
    let Subject {
        document,
        kind,
        resource_type,
        holes,
        before,
        default_facts,
        account,
        // Principals are questions of their own.
        whole: _,
    } = *left;
    document == right.document
        && kind == right.kind
        && resource_type == right.resource_type
        && holes == right.holes
        && same_before(before, right.before)
        && default_facts == right.default_facts
        && account == right.account
}

fn same_before(left: &Before, right: &Before) -> bool {
    match (left, right) {
        (Before::NotTold, Before::NotTold) | (Before::Created, Before::Created) => true,
        (Before::Document(left), Before::Document(right)) => left == right,
        (Before::Unreadable(left), Before::Unreadable(right)) => left == right,
        (Before::NotTold | Before::Created | Before::Document(_) | Before::Unreadable(_), _) => false,
    }
}

fn hash_document(document: &PolicyDocument, hasher: &mut impl Hasher) {
    document.statements.len().hash(hasher);
    for statement in document.statements.iter() {
        hash_statement(statement, hasher);
    }
}

fn hash_statement(statement: &Statement, hasher: &mut impl Hasher) {
    let Statement {
        sid,
        effect,
        principal,
        action,
        resource,
        conditions,
        ..
    } = statement;
    sid.hash(hasher);
    (*effect == Effect::Allow).hash(hasher);
    match principal {
        PrincipalSet::Absent => {}
        PrincipalSet::In(entries) | PrincipalSet::NotIn(entries) => format!("{entries:?}").hash(hasher),
    }
    match action {
        ElementSet::Any => {}
        ElementSet::In(patterns) | ElementSet::NotIn(patterns) => patterns.hash(hasher),
    }
    match resource {
        ResourceSet::Any => {}
        ResourceSet::In(patterns) | ResourceSet::NotIn(patterns) => {
            patterns.iter().for_each(|pattern| hash_resource(pattern, hasher));
        }
    }
    conditions
        .iter()
        .for_each(|condition| hash_condition(condition, hasher));
}

fn hash_resource(pattern: &ResourcePattern, hasher: &mut impl Hasher) {
    match pattern {
        ResourcePattern::Any | ResourcePattern::Nothing => 0.hash(hasher),
        ResourcePattern::Arn { arn, .. } => arn.hash(hasher),
        ResourcePattern::Unreadable(text) => text.hash(hasher),
    }
}

fn hash_condition(condition: &Condition, hasher: &mut impl Hasher) {
    condition.operator.hash(hasher);
    condition.key.hash(hasher);
    match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns.hash(hasher),
        ConditionValues::Arn(patterns) => patterns.hash(hasher),
        ConditionValues::Number(_, numbers) => numbers.hash(hasher),
        ConditionValues::Date(_, instants) => instants.hash(hasher),
        ConditionValues::Ip(ranges) => ranges.hash(hasher),
        ConditionValues::Binary(values) => values.hash(hasher),
        ConditionValues::Null(values) => values.hash(hasher),
    }
}
