//! Lint: defects of a single document that can be proved, whatever its unknown values turn out to be. Cheap tests come
//! first; the engine is asked only of what they leave over, with a small budget of its own. Out of budget, nothing is
//! said. Decided against: taste. A rule here says what a statement does or fails to do, never how it should look.

mod arns;
mod conditions;
mod cover;
mod grants;
mod names;
mod never;
mod overlap;
mod prover;
mod redundant;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::PolicyKind;
use crate::iam::{Effect, Note, PolicyDocument, Sid, Statement};

use super::subject::Prepared;
use super::{Proof, Undecided, Verdict};

use prover::Prover;

/// One note on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintNote {
    /// The id of its rule: one of [`super::rules::policy_rules`].
    pub rule: &'static str,
    /// 0-based index of the statement it is about, if one.
    pub statement: Option<usize>,
    /// The Sid of that statement.
    pub sid: Option<Sid>,
    /// What is to be said, with the place. Actions, operators and condition keys are quoted; other values are told by
    /// their position.
    pub message: String,
}

/// What lint found in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linted {
    /// The notes, by statement.
    pub notes: Vec<LintNote>,
    /// The rules whose engine ran out of its budget somewhere.
    pub gave_up: BTreeSet<&'static str>,
}

/// Lints a document.
pub fn lint(prepared: &Prepared<'_>) -> Linted {
    let document = prepared.subject.document;
    let lint = Lint {
        document,
        kind: prepared.subject.kind,
        prover: Prover::new(prepared),
        denies: document
            .statements
            .iter()
            .any(|statement| statement.effect == Effect::Deny),
        statements: alone(document),
    };
    let mut notes = Notes::default();
    for statement in document.statements.iter() {
        conditions::lint(&lint, statement, &mut notes);
        grants::lint(&lint, statement, &mut notes);
        arns::lint(statement, &mut notes);
        names::lint(statement, &mut notes);
    }
    let unmatchable = never::lint(&lint, &mut notes);
    redundant::lint(&lint, &mut notes);
    overlap::lint(&lint, &unmatchable, &mut notes);
    Linted {
        notes: notes.by_statement(),
        gave_up: lint.prover.gave_up(),
    }
}

/// The notes of the parser as notes of lint.
pub fn parser_notes(document: &PolicyDocument, notes: &[Note]) -> Vec<LintNote> {
    if notes.is_empty() {
        return Vec::new();
    }
    let statements = document.statements.iter();
    let sids: BTreeMap<usize, &Option<Sid>> = statements
        .map(|statement| (statement.index, &statement.sid))
        .collect();
    let of = |note: &Note| LintNote {
        rule: note.id,
        statement: note.statement,
        sid: note
            .statement
            .and_then(|index| sids.get(&index).copied()?.clone()),
        message: note.message.clone(),
    };
    notes.iter().map(of).collect()
}

/// The answer to a standard that asks for these rules: its notes, or a proof that there are none as far as the rules can
/// be decided.
pub fn verdict(rules: &[&'static str], linted: &Linted) -> Verdict {
    let asked = |note: &&LintNote| rules.contains(&note.rule);
    let notes: Vec<LintNote> = linted.notes.iter().filter(asked).cloned().collect();
    let open: Vec<&str> = rules
        .iter()
        .copied()
        .filter(|rule| linted.gave_up.contains(rule))
        .collect();
    match (notes.is_empty(), open.as_slice()) {
        (false, _) => Verdict::Noted(notes),
        (true, []) => Verdict::Pass(Proof {
            solver: "glob",
            ..Proof::default()
        }),
        (true, open) => Verdict::Undecided(Undecided {
            id: "step-limit",
            message: format!("lint gave up on {}", open.join(", ")),
            holes: Vec::new(),
        }),
    }
}

/// What the rules share.
struct Lint<'a> {
    document: &'a PolicyDocument,
    kind: PolicyKind,
    prover: Prover<'a>,
    /// Whether some statement denies.
    denies: bool,
    /// The statements that stand alone under their index: one of the source that holds in one form only.
    statements: Vec<&'a Statement>,
}

fn alone(document: &PolicyDocument) -> Vec<&Statement> {
    // Forms of one statement follow each other.
    let forms = document
        .statements
        .chunk_by(|left, right| left.index == right.index);
    forms
        .filter_map(|forms| match forms {
            [only] => Some(only),
            _ => None,
        })
        .collect()
}

/// The notes found so far.
#[derive(Default)]
struct Notes(Vec<LintNote>);

impl Notes {
    /// Adds a note on a statement.
    fn add(&mut self, rule: &'static str, statement: &Statement, message: impl std::fmt::Display) {
        let note = LintNote {
            rule,
            statement: Some(statement.index),
            sid: statement.sid.clone(),
            message: format!("statement {}: {message}", named(statement)),
        };
        self.0.push(note);
    }
}

impl Notes {
    /// The notes in the order of statements, each once.
    fn by_statement(mut self) -> Vec<LintNote> {
        self.0.sort_by_key(|note| note.statement);
        let mut seen: BTreeSet<(&'static str, String)> = BTreeSet::new();
        self.0
            .retain(|note| seen.insert((note.rule, note.message.clone())));
        self.0
    }
}

/// A statement by index and Sid: `2 "Admins"`.
fn named(statement: &Statement) -> String {
    match &statement.sid {
        Some(sid) => format!("{} \"{sid}\"", statement.index),
        None => statement.index.to_string(),
    }
}

/// At most so many names stand in a list of a message.
const NAMED: usize = 3;

/// `a`, `b` and `c`, or the first of them and how many more.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first, last] => format!("{first} and {last}"),
        [first, second, third] => format!("{first}, {second} and {third}"),
        more => {
            let shown: Vec<&str> = more.iter().take(NAMED).map(String::as_str).collect();
            format!("{} and {} more", shown.join(", "), more.len() - NAMED)
        }
    }
}

/// A name in backticks.
fn quoted(name: impl std::fmt::Display) -> String {
    format!("`{name}`")
}
