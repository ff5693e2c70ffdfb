//! A change that mends a policy: the smallest that was found. Each is applied to the parsed document and proved before
//! it is shown: the check passes, nothing more is allowed than before, and what else is lost is told.

mod candidates;

use crate::formula::{Formula, Meaning, and, not};
use crate::iam::{PolicyDocument, Statement};
use crate::solve::{Decision, decide};

use super::decide::question_of;
use super::engines::Engines;
use super::options::{Explain, Options};
use super::question_formula::Question;
use super::subject::{Prepared, Subject, prepare, prepare_with};
use super::{Check, Finding, Verdict, check};
use candidates::{Edit, edits};

/// At most so many changes are tried.
const MAX_TRIED: usize = 12;

/// A change that mends a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// The change in words, for users: lower case, no full stop.
    pub text: String,
    /// What of a statement is put in its place, by index; nothing where it goes.
    pub replaced: Vec<(usize, Vec<Statement>)>,
    /// Statements that are added.
    pub added: Vec<Statement>,
    /// Whether allowed requests are lost that the check does not forbid.
    pub loses: Loss,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Drops entries of `Action`.
    DropActions,
    /// Drops entries of `Resource`.
    DropResources,
    /// Drops entries of `Principal`.
    DropPrincipals,
    /// Adds a condition.
    AddCondition,
    /// Narrows a statement to what the reference allows.
    Narrow,
    /// Adds a Deny statement.
    AddDeny,
    /// Drops statements.
    DropStatements,
}

impl ChangeKind {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            ChangeKind::DropActions => "drop-actions",
            ChangeKind::DropResources => "drop-resources",
            ChangeKind::DropPrincipals => "drop-principals",
            ChangeKind::AddCondition => "add-condition",
            ChangeKind::Narrow => "narrow",
            ChangeKind::AddDeny => "add-deny",
            ChangeKind::DropStatements => "drop-statements",
        }
    }
}

/// What is lost besides the forbidden requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: proved.
    NothingElse,
    /// Something: the change is narrower than needed.
    Other,
    /// The engine did not tell.
    NotDecided,
}

impl Loss {
    /// The words in reports.
    pub fn words(self) -> &'static str {
        match self {
            Loss::NothingElse => "loses nothing else",
            Loss::Other => "narrower than needed",
            Loss::NotDecided => "what else it loses is not decided",
        }
    }
}

/// The change that mends a policy which violates the check, if one was found: the first that loses nothing else, or
/// else the first that mends it.
pub fn suggest(
    check: &Check,
    prepared: &Prepared<'_>,
    finding: &Finding,
    options: &Options,
) -> Option<Change> {
    let options = Options {
        explain: Explain::Nothing,
        ..*options
    };
    let engines = Engines::new(&options);
    let question = question_of(check, prepared, &options)?;
    let (mut first, mut last) = (None, None);
    for edit in edits(&question, prepared.subject, finding, &engines)
        .into_iter()
        .take(MAX_TRIED)
    {
        let Some(loses) = mends(check, prepared, &edit, &engines) else {
            continue;
        };
        let change = edit.with(loses);
        if loses == Loss::NothingElse {
            return Some(change);
        }
        // Without a whole statement more may be lost than was ever meant to be.
        match change.kind {
            ChangeKind::DropStatements => drop(last.get_or_insert(change)),
            ChangeKind::DropActions
            | ChangeKind::DropResources
            | ChangeKind::DropPrincipals
            | ChangeKind::AddCondition
            | ChangeKind::Narrow
            | ChangeKind::AddDeny => drop(first.get_or_insert(change)),
        }
    }
    first.or(last)
}

/// What an edit loses, if the edited document passes and allows nothing that the document does not.
fn mends(check_asked: &Check, prepared: &Prepared<'_>, edit: &Edit, engines: &Engines) -> Option<Loss> {
    let options = engines.options();
    let edited = edit.applied(prepared.subject.document);
    let subject = Subject {
        document: &edited,
        ..prepared.subject
    };
    if !matches!(check(check_asked, &prepare(subject), options), Verdict::Pass(_)) {
        return None;
    }
    // The question about the document as it is, in the terms of both.
    let both = prepare_with(prepared.subject, &edited);
    let question = question_of(check_asked, &both, options)?;
    let new = Meaning::of(&edited, &question.symbols.vocabulary).allowed();
    let old = question.meaning.allowed();
    let asked = |formula: &Formula| ask(formula, &question, engines);
    if asked(&and([new.clone(), not(&old)])) != Some(false) {
        return None;
    }
    let lost = and([old, not(&question.forbidden_requests), not(&new)]);
    Some(match asked(&lost) {
        Some(false) => Loss::NothingElse,
        Some(true) => Loss::Other,
        None => Loss::NotDecided,
    })
}

/// Whether some possible request satisfies the formula.
fn ask(formula: &Formula, question: &Question<'_>, engines: &Engines) -> Option<bool> {
    let formula = and([formula.clone(), question.possible.clone()]);
    if formula == Formula::False {
        return Some(false);
    }
    match engines.first(|solver| decide(&formula, &question.symbols, solver)) {
        Decision::Proved => Some(false),
        Decision::Violated(_) => Some(true),
        Decision::Depends(_) | Decision::GaveUp(_) => None,
    }
}

impl Edit {
    /// The document with the edit.
    fn applied(&self, document: &PolicyDocument) -> PolicyDocument {
        let kept = document.statements.iter().flat_map(|statement| {
            match self.replaced.iter().find(|(old, _)| old == statement) {
                Some((_, new)) => new.clone(),
                None => vec![statement.clone()],
            }
        });
        PolicyDocument {
            version: document.version,
            statements: kept.chain(self.added.iter().cloned()).collect(),
        }
    }

    fn with(self, loses: Loss) -> Change {
        let replaced = self.replaced.into_iter().map(|(old, new)| (old.index, new));
        Change {
            kind: self.kind,
            text: self.text,
            replaced: replaced.collect(),
            added: self.added,
            loses,
        }
    }
}

#[cfg(test)]
mod tests;
