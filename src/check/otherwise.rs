//! The rows of the ambiguity register (semantics.md 3.14) that are fixed: a PASS that would be a FAIL under the other
//! reading says so in a note. Each row is looked at only where its words stand in the policy.

use crate::extract::PolicyKind;
use crate::formula::{Model, ResourceReading, Vocabulary};
use crate::iam::{
    ArnPattern, Condition, ConditionValues, Effect, Glob, Pattern, Piece, PolicyDocument, PrincipalEntry,
    PrincipalSet, ResourcePattern, ResourceSet, Statement,
};
use crate::solve::{Solver, decide};

use super::hint::{Hinted, hint};
use super::proof::Passed;
use super::question_formula::{Question, question};
use super::stranger::Doubt;
use super::subject::{Prepared, Subject, prepare_in};
use super::{Check, ReadingNote};

/// Pairs of resource patterns that are compared before a search is thought cheaper.
const MAX_PAIRS: usize = 2_000;

const CROSSING: ReadingNote = ReadingNote {
    row: "1",
    id: "colon-crossing",
    message: "passes only because `*` in a resource does not reach over a colon",
};
const CASE: ReadingNote = ReadingNote {
    row: "3",
    id: "resource-case",
    message: "passes only because upper and lower case differ in resources",
};
const USER_ID: ReadingNote = ReadingNote {
    row: "13",
    id: "userid-session",
    message: "passes only because `aws:userid` with a fixed role id and any session name counts as a fixed value",
};
const PRINCIPAL_ARN: ReadingNote = ReadingNote {
    row: "14",
    id: "principal-arn-account",
    message: "passes only because `aws:PrincipalArn` with a fixed account and wildcards counts as a fixed value",
};
const SERVICE: ReadingNote = ReadingNote {
    row: "15",
    id: "confused-deputy",
    message: "a service is let in whoever it acts for: tie it to an account with `aws:SourceAccount`, `aws:SourceArn` \
              or `aws:SourceOrgID`",
};
const DIRECT: ReadingNote = ReadingNote {
    row: "16",
    id: "direct-grant",
    message: "names principals where the reference names their account only: a direct grant needs no identity policy \
              and escapes permissions boundaries",
};

/// The notes of a question that was answered with PASS.
pub(super) fn notes(passed: &Passed<'_>) -> Vec<ReadingNote> {
    let subject = passed.prepared.subject;
    let reference = passed.reference;
    let mut notes = Vec::new();
    if crosses(passed.asked.0, subject.document, reference) && fails_read(passed, ResourceReading::Crossing) {
        notes.push(CROSSING);
    }
    if case_counts(passed.asked.0, subject.document, reference) && fails_read(passed, ResourceReading::Folded)
    {
        notes.push(CASE);
    }
    if matches!(passed.asked.0, Check::NoPublicAccess { .. }) {
        for (doubt, note, spoken_of) in [
            (Doubt::UserId, USER_ID, names_user_ids(subject.document)),
            (
                Doubt::PrincipalArn,
                PRINCIPAL_ARN,
                names_principal_arns(subject.document),
            ),
            (Doubt::NamedService, SERVICE, lets_services_in(&subject)),
        ] {
            if spoken_of
                && fails_in(
                    passed,
                    &prepare_in(subject, usual(passed), Some(doubt)),
                    reference,
                )
            {
                notes.push(note);
            }
        }
    }
    if let (Check::NoNewAccess { .. }, Some(reference)) = (passed.asked.0, reference)
        && names_accounts(reference)
    {
        let (document, reference) = (direct(subject.document), direct(reference));
        let subject = Subject {
            document: &document,
            ..subject
        };
        if fails_in(
            passed,
            &prepare_in(subject, usual(passed), None),
            Some(&reference),
        ) {
            notes.push(DIRECT);
        }
    }
    notes
}

fn usual(passed: &Passed<'_>) -> Vocabulary {
    Vocabulary::under(passed.options.axioms)
}

fn fails_read(passed: &Passed<'_>, reading: ResourceReading) -> bool {
    let mut vocabulary = usual(passed);
    vocabulary.read_resources(reading);
    let prepared = prepare_in(passed.prepared.subject, vocabulary, None);
    // No hint: those are told by the usual reading.
    violates(
        passed,
        &asked_otherwise(passed, &prepared, passed.reference),
        None,
    )
}

fn fails_in(passed: &Passed<'_>, prepared: &Prepared<'_>, reference: Option<&PolicyDocument>) -> bool {
    let question = asked_otherwise(passed, prepared, reference);
    violates(passed, &question, hint(&question).as_ref())
}

fn asked_otherwise<'a>(
    passed: &Passed<'a>,
    prepared: &Prepared<'a>,
    reference: Option<&PolicyDocument>,
) -> Question<'a> {
    let document = prepared.subject.document;
    question(passed.asked, document, reference, prepared, passed.options)
}

fn violates(passed: &Passed<'_>, question: &Question<'_>, hint: Option<&Model>) -> bool {
    let decide =
        |solver: &dyn Solver| decide(&question.formula(), &question.symbols, &Hinted { solver, hint });
    passed.engines.violates(decide)
}

/// The resource patterns that a violating request must match one of, beside those that the policy allows: what is asked
/// for, what Deny statements except, what the reference denies or excepts.
fn asked<'a>(
    check: &'a Check,
    document: &'a PolicyDocument,
    reference: Option<&'a PolicyDocument>,
) -> impl Iterator<Item = &'a ArnPattern> {
    let excepted = resources(document, None, Some(Effect::Deny));
    let theirs = reference
        .into_iter()
        .flat_map(|document| resources(document, Some(Effect::Deny), Some(Effect::Allow)));
    boxes(check).chain(excepted).chain(theirs)
}

/// The resource patterns that a violating request must not match.
fn excluded<'a>(
    document: &'a PolicyDocument,
    reference: Option<&'a PolicyDocument>,
) -> impl Iterator<Item = &'a ArnPattern> {
    let own = resources(document, Some(Effect::Deny), Some(Effect::Allow));
    let theirs = reference
        .into_iter()
        .flat_map(|document| resources(document, Some(Effect::Allow), None));
    own.chain(theirs)
}

/// Whether a violation could come of a `*` that reaches over colons: what is allowed then matches more of what is asked
/// for, or more than what is excluded. No pattern needs that to match anything at all.
fn crosses(check: &Check, document: &PolicyDocument, reference: Option<&PolicyDocument>) -> bool {
    let allowed = resources(document, Some(Effect::Allow), None);
    let crossing: Vec<&ArnPattern> = allowed.filter(|arn| arn.crosses_colons()).collect();
    let asked: Vec<&ArnPattern> = asked(check, document, reference).collect();
    if asked.iter().any(|arn| arn.crosses_colons()) {
        return true;
    }
    if crossing.is_empty() {
        return false;
    }
    excluded(document, reference).next().is_some()
        || crossing.len() * asked.len() > MAX_PAIRS
        || crossing
            .iter()
            .any(|one| asked.iter().any(|other| meet(&globs(one), &globs(other))))
}

/// Whether what is allowed and what is asked for have something in common only without case. What is excluded does not
/// count: it grows as much as what it covers.
fn case_counts(check: &Check, document: &PolicyDocument, reference: Option<&PolicyDocument>) -> bool {
    let asked: Vec<&ArnPattern> = asked(check, document, reference).collect();
    let allowed: Vec<&ArnPattern> = resources(document, Some(Effect::Allow), None).collect();
    let mut segments = allowed.iter().chain(&asked).flat_map(|arn| &arn.segments);
    if asked.is_empty() || !segments.any(Pattern::may_have_upper_case) {
        return false;
    }
    let read = |arn: &&ArnPattern| globs(arn).map(|glob| (lower(&glob), glob));
    let asked: Vec<_> = asked.iter().map(read).collect();
    let allowed: Vec<_> = allowed.iter().map(read).collect();
    let differ = |one: &Option<(Glob, Glob)>, other: &Option<(Glob, Glob)>| match (one, other) {
        (Some((low, glob)), Some((other_low, other))) => low.intersects(other_low) && !glob.intersects(other),
        _ => true,
    };
    allowed.len() * asked.len() > MAX_PAIRS
        || allowed
            .iter()
            .any(|one| asked.iter().any(|other| differ(one, other)))
        || asked
            .iter()
            .any(|one| asked.iter().any(|other| differ(one, other)))
}

/// The pattern as one glob; `None` when it has unknown parts.
fn globs(arn: &ArnPattern) -> Option<Glob> {
    arn.text().as_glob()
}

/// Whether the two match a common text; what is unknown may.
fn meet(one: &Option<Glob>, other: &Option<Glob>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.intersects(other),
        _ => true,
    }
}

/// The patterns of `Resource` in statements of one effect and of `NotResource` in those of the other.
fn resources(
    document: &PolicyDocument,
    within: Option<Effect>,
    except: Option<Effect>,
) -> impl Iterator<Item = &ArnPattern> {
    let entries = document
        .statements
        .iter()
        .flat_map(move |statement| match &statement.resource {
            ResourceSet::In(entries) if Some(statement.effect) == within => entries.as_slice(),
            ResourceSet::NotIn(entries) if Some(statement.effect) == except => entries.as_slice(),
            ResourceSet::Any | ResourceSet::In(_) | ResourceSet::NotIn(_) => &[],
        });
    entries.filter_map(arn)
}

fn boxes(check: &Check) -> impl Iterator<Item = &ArnPattern> {
    let boxes = match check {
        Check::AccessNotGranted { boxes }
        | Check::AccessGranted { boxes }
        | Check::AccessDenied { boxes } => boxes.as_slice(),
        Check::NoNewAccess { .. }
        | Check::Equivalent { .. }
        | Check::NoPublicAccess { .. }
        | Check::NoExternalAccess { .. }
        | Check::Lint { .. } => &[],
    };
    boxes.iter().flat_map(|access| &access.resources).filter_map(arn)
}

fn arn(entry: &ResourcePattern) -> Option<&ArnPattern> {
    match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    }
}

fn lower(glob: &Glob) -> Glob {
    Glob::new(
        glob.tokens()
            .iter()
            .map(|token| token.to_ascii_lowercase())
            .collect(),
    )
}

fn values_of<'a>(document: &'a PolicyDocument, name: &str) -> impl Iterator<Item = &'a ConditionValues> {
    let lines = document
        .statements
        .iter()
        .flat_map(|statement| &statement.conditions);
    lines
        .filter(move |line: &&Condition| line.key.folded() == name)
        .map(|line| &line.values)
}

fn names_user_ids(document: &PolicyDocument) -> bool {
    values_of(document, "aws:userid").any(|values| match values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
            patterns.iter().any(has_wildcard)
        }
        _ => false,
    })
}

fn names_principal_arns(document: &PolicyDocument) -> bool {
    values_of(document, "aws:principalarn").any(|values| match values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
            patterns.iter().any(has_wildcard)
        }
        ConditionValues::Arn(arns) => arns.iter().flat_map(|arn| &arn.segments).any(has_wildcard),
        _ => false,
    })
}

fn has_wildcard(pattern: &Pattern) -> bool {
    let pieces = pattern.pieces();
    pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Star | Piece::Any))
}

/// Whether an Allow names a service. A role that a service may assume is passed to it by somebody who may pass it, so
/// trust policies are left out: nearly all would be noted.
fn lets_services_in(subject: &Subject<'_>) -> bool {
    subject.kind != PolicyKind::Trust
        && allowed_principals(subject.document).any(|entry| matches!(entry, PrincipalEntry::Service(_)))
}

fn allowed_principals(document: &PolicyDocument) -> impl Iterator<Item = &PrincipalEntry> {
    let allows = document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow);
    allows.flat_map(|statement| match &statement.principal {
        PrincipalSet::In(entries) => entries.as_slice(),
        PrincipalSet::Absent | PrincipalSet::NotIn(_) => &[],
    })
}

fn is_account(entry: &PrincipalEntry) -> bool {
    matches!(entry, PrincipalEntry::Account(_))
}

fn names_accounts(document: &PolicyDocument) -> bool {
    allowed_principals(document).any(is_account)
}

/// The document as far as its Allow statements name somebody else than accounts.
fn direct(document: &PolicyDocument) -> PolicyDocument {
    let kept = |statement: &Statement| match &statement.principal {
        PrincipalSet::In(entries) if statement.effect == Effect::Allow => {
            let entries = entries.iter().filter(|entry| !is_account(entry));
            Statement {
                principal: PrincipalSet::In(entries.cloned().collect()),
                ..statement.clone()
            }
        }
        PrincipalSet::Absent | PrincipalSet::In(_) | PrincipalSet::NotIn(_) => statement.clone(),
    };
    PolicyDocument {
        version: document.version,
        statements: document.statements.iter().map(kept).collect(),
    }
}
