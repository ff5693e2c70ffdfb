//! Everything that a report names by an id, as tables: lint rules, notes, reasons why there is no answer, checks. What
//! `keyaki explain` says.

mod answers;
mod errors;
mod lint;
mod notes;
mod open;

use super::Severity;

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A defect of a policy that lint proves.
    Lint,
    /// A remark on how a policy was read.
    Parser,
    /// A reading of the policy language that a PASS rests on.
    Reading,
    /// A remark on the run.
    Run,
    /// A check of the standards file.
    Check,
    /// What a finding is when no standard says so.
    Result,
    /// Why there is no answer.
    Reason,
    /// What went wrong with a run.
    Error,
    /// What is taken for granted of requests.
    Axiom,
    /// What AWS leaves open, and a request depends on.
    Ambiguity,
}

impl Group {
    /// All groups, in the order of lists.
    pub const ALL: [Group; 10] = [
        Group::Lint,
        Group::Parser,
        Group::Reading,
        Group::Run,
        Group::Check,
        Group::Result,
        Group::Reason,
        Group::Error,
        Group::Axiom,
        Group::Ambiguity,
    ];

    /// What the ids of the group are, for headings.
    pub fn title(self) -> &'static str {
        match self {
            Group::Lint => "lint rules",
            Group::Parser => "notes on how a policy is read",
            Group::Reading => "readings that a PASS rests on",
            Group::Run => "notes on a run",
            Group::Check => "checks",
            Group::Result => "results that no standard names",
            Group::Reason => "reasons of UNDECIDED",
            Group::Error => "errors",
            Group::Axiom => "axioms about requests that a PASS may rest on",
            Group::Ambiguity => "readings that a request may depend on",
        }
    }
}

/// What is to be said of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable, in kebab case; axioms and ambiguities have the names of their registers.
    pub id: &'static str,
    /// What it stands for.
    pub group: Group,
    /// How bad it is, for notes on policies.
    pub severity: Option<Severity>,
    /// One line, without a full stop.
    pub title: &'static str,
    /// What it means, in sentences.
    pub text: &'static str,
    /// What to do, in sentences.
    pub help: &'static str,
}

/// All rules: by group, in the order of [`Group::ALL`].
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        lint::LINT,
        notes::PARSER,
        notes::READINGS,
        notes::RUN,
        answers::CHECKS,
        answers::RESULTS,
        answers::REASONS,
        errors::ERRORS,
        open::AXIOMS,
        open::AMBIGUITIES,
    ]
    .into_iter()
    .flatten()
}

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// The rules that a standard with `check: lint` may name: those about a policy.
pub fn policy_rules() -> impl Iterator<Item = &'static Rule> {
    [lint::LINT, notes::PARSER].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::check::register::{REGISTER, Treatment};
    use crate::formula::Axiom;

    #[test]
    fn every_rule_is_explained_once() {
        let mut seen = BTreeSet::new();
        for rule in rules() {
            assert!(seen.insert(rule.id), "{} is there twice", rule.id);
            let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(
                rule.id.bytes().all(kebab) || rule.group == Group::Axiom,
                "{}",
                rule.id
            );
            assert!(
                !rule.title.is_empty() && !rule.title.ends_with('.'),
                "{}",
                rule.id
            );
            for text in [rule.text, rule.help] {
                assert!(text.len() > 10 && text.ends_with('.'), "{}: {text}", rule.id);
            }
        }
        let groups: Vec<Group> = rules().map(|rule| rule.group).collect();
        assert!(groups.is_sorted());
        assert!(policy_rules().all(|rule| rule.severity.is_some()));
    }

    #[test]
    fn registers_are_explained() {
        for axiom in Axiom::all() {
            assert_eq!(rule(axiom.id()).map(|rule| rule.group), Some(Group::Axiom));
        }
        for row in REGISTER {
            match row.treatment {
                Treatment::Fixed => {}
                Treatment::Noted(id) => assert!(rule(id).is_some(), "{id}"),
                Treatment::Free => {
                    assert_eq!(
                        rule(row.id).map(|rule| rule.group),
                        Some(Group::Ambiguity),
                        "{}",
                        row.id
                    );
                }
            }
        }
    }
}
