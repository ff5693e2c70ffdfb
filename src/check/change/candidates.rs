//! Changes that may mend a policy, those that do the least damage first. Whether they do is for the engine to tell.

use crate::iam::{
    Condition, ConditionValues, ContextKey, DocumentKind, Effect, ElementSet, Operator, Pattern,
    PrincipalEntry, PrincipalSet, Quantifier, ResourceSet, Spelling, Statement, Test,
};

use super::super::engines::Engines;
use super::super::question_formula::{Forbidden, Question};
use super::super::regions::{self, Found, Meet, Source};
use super::super::subject::Subject;
use super::super::{Check, Finding};
use super::ChangeKind;

/// Stands for an account that is not known.
const SOME_ACCOUNT: &str = "123456789012";

/// A change to a document.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) kind: ChangeKind,
    pub(super) text: String,
    /// Statements of the document, and what is put in their place.
    pub(super) replaced: Vec<(Statement, Vec<Statement>)>,
    pub(super) added: Vec<Statement>,
}

/// What is looked at to find changes.
struct Wound<'a> {
    question: &'a Question<'a>,
    subject: Subject<'a>,
    guilty: Vec<&'a Statement>,
    found: Vec<Found>,
}

/// The changes to try, in order.
pub(super) fn edits(
    question: &Question<'_>,
    subject: Subject<'_>,
    finding: &Finding,
    engines: &Engines,
) -> Vec<Edit> {
    let is_guilty = |statement: &&Statement| {
        statement.effect == Effect::Allow
            && finding
                .statements
                .iter()
                .any(|guilty| guilty.index == statement.index)
    };
    let wound = Wound {
        question,
        subject,
        guilty: question.document.statements.iter().filter(is_guilty).collect(),
        found: regions::found(question, &finding.statements, &finding.counterexample, engines),
    };
    let mut edits = Vec::new();
    edits.extend(wound.drop_actions());
    edits.extend(wound.drop_resources());
    edits.extend(wound.drop_principals());
    edits.extend(wound.drop_statements());
    edits.extend(wound.add_conditions());
    edits.extend(wound.narrow());
    // Last: a Deny holds against what other policies allow too.
    edits.extend(wound.add_denies());
    edits
}

impl Wound<'_> {
    /// The boxes of the regions that come from a statement.
    fn boxes<'b>(&'b self, statement: &'b Statement) -> impl Iterator<Item = &'b Statement> {
        let bases = self.found.iter().map(|found| &found.candidate.base);
        bases.filter(move |base| base.index == statement.index)
    }

    fn drop_actions(&self) -> Option<Edit> {
        let mut dropped = Vec::new();
        let edit = |statement: &Statement| {
            let ElementSet::In(patterns) = &statement.action else {
                return None;
            };
            let touched = |pattern: &Pattern| {
                self.boxes(statement).any(|found| match &found.action {
                    ElementSet::In(others) => others
                        .iter()
                        .any(|other| regions::actions_meet(pattern, other) != Meet::Nothing),
                    ElementSet::Any | ElementSet::NotIn(_) => true,
                })
            };
            let texts = regions::action_texts(statement);
            let all = patterns.iter().cloned().zip(texts);
            let (gone, kept): (Vec<_>, Vec<_>) = all.partition(|(pattern, _)| touched(pattern));
            if gone.is_empty() || kept.is_empty() {
                return None;
            }
            dropped.extend(gone.into_iter().map(|(_, text)| text));
            let (patterns, texts): (Vec<Pattern>, Vec<String>) = kept.into_iter().unzip();
            Some(Statement {
                action: ElementSet::In(patterns),
                spelled: texts.into_iter().map(String::into_boxed_str).collect(),
                ..statement.clone()
            })
        };
        let replaced = self.each(edit)?;
        let text = format!("in {}, drop {}", of(&replaced), listed("action", &dropped));
        Some(replacing(ChangeKind::DropActions, text, replaced))
    }

    fn drop_resources(&self) -> Option<Edit> {
        let spelling = self.spelling();
        let mut dropped = Vec::new();
        let edit = |statement: &Statement| {
            let ResourceSet::In(entries) = &statement.resource else {
                return None;
            };
            let touched = |entry: &_| {
                self.boxes(statement).any(|found| match &found.resource {
                    ResourceSet::In(others) => others
                        .iter()
                        .any(|other| regions::resources_meet(entry, other) != Meet::Nothing),
                    ResourceSet::Any | ResourceSet::NotIn(_) => true,
                })
            };
            let (gone, kept): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(touched);
            if gone.is_empty() || kept.is_empty() {
                return None;
            }
            dropped.extend(gone.iter().map(|entry| spelling.resource(entry)));
            Some(Statement {
                resource: ResourceSet::In(kept),
                ..statement.clone()
            })
        };
        let replaced = self.each(edit)?;
        let text = format!("in {}, drop {}", of(&replaced), listed("resource", &dropped));
        Some(replacing(ChangeKind::DropResources, text, replaced))
    }

    fn drop_principals(&self) -> Option<Edit> {
        let spelling = self.spelling();
        let mut dropped = Vec::new();
        let edit = |statement: &Statement| {
            let PrincipalSet::In(entries) = &statement.principal else {
                return None;
            };
            let touched = |entry: &PrincipalEntry| {
                self.boxes(statement).any(|found| match &found.principal {
                    PrincipalSet::In(others) => others.contains(entry),
                    PrincipalSet::Absent | PrincipalSet::NotIn(_) => true,
                })
            };
            let (gone, kept): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(touched);
            if gone.is_empty() || kept.is_empty() {
                return None;
            }
            let text = |entry| {
                spelling
                    .principal(entry)
                    .map_or_else(|| "*".to_owned(), |(_, text)| text)
            };
            dropped.extend(gone.iter().map(text));
            Some(Statement {
                principal: PrincipalSet::In(kept),
                ..statement.clone()
            })
        };
        let replaced = self.each(edit)?;
        let text = format!("in {}, drop {}", of(&replaced), listed("principal", &dropped));
        Some(replacing(ChangeKind::DropPrincipals, text, replaced))
    }

    fn add_conditions(&self) -> Vec<Edit> {
        let wanted: Vec<(Condition, &str)> = match self.question.check {
            Check::AccessNotGranted { boxes } => match boxes.as_slice() {
                [only] => only
                    .when
                    .iter()
                    .filter_map(negated)
                    .map(|line| (line, ""))
                    .collect(),
                _ => Vec::new(),
            },
            Check::NoPublicAccess { .. } => self.fences(&[], &[]),
            Check::NoExternalAccess { trust } => self.fences(&trust.accounts, &trust.organizations),
            Check::NoNewAccess { .. }
            | Check::AccessDenied { .. }
            | Check::AccessGranted { .. }
            | Check::Equivalent { .. }
            | Check::Lint { .. } => Vec::new(),
        };
        let edit = |(line, remark): (Condition, &str)| {
            let replaced = self.each(|statement| {
                let mut conditions = statement.conditions.clone();
                conditions.push(line.clone());
                Some(Statement {
                    conditions,
                    ..statement.clone()
                })
            })?;
            let words = regions::condition_text(&line, self.spelling());
            let text = format!("to {}, add the condition that {words}{remark}", of(&replaced));
            Some(replacing(ChangeKind::AddCondition, text, replaced))
        };
        wanted.into_iter().filter_map(edit).collect()
    }

    /// Conditions that keep strangers out: the caller is of an account or organization of the zone, or acts for one.
    fn fences(&self, accounts: &[String], organizations: &[String]) -> Vec<(Condition, &'static str)> {
        let mut accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        accounts.extend(self.question.account.filter(|own| !accounts.contains(own)));
        let remark = if accounts.is_empty() {
            accounts.push(SOME_ACCOUNT);
            " (put your own account there)"
        } else {
            ""
        };
        let organizations: Vec<&str> = organizations.iter().map(String::as_str).collect();
        let mut fences = Vec::new();
        if !organizations.is_empty() {
            fences.push((equals("aws:PrincipalOrgID", &organizations), ""));
        }
        fences.push((equals("aws:PrincipalAccount", &accounts), remark));
        fences.push((equals("aws:SourceAccount", &accounts), remark));
        fences
    }

    /// Each guilty statement narrowed to what it has in common with the Allows of the reference, with its Denies.
    fn narrow(&self) -> Vec<Edit> {
        let Forbidden::NotAllowedBy(reference, _) = &self.question.forbidden else {
            return Vec::new();
        };
        let of_effect = |effect: Effect| {
            reference
                .statements
                .iter()
                .filter(move |own| own.effect == effect)
        };
        let denies: Vec<Statement> = of_effect(Effect::Deny).cloned().collect();
        let mut edits = Vec::new();
        if !denies.is_empty() {
            edits.push(Edit {
                kind: ChangeKind::AddDeny,
                text: "add the Deny statements of the reference".to_owned(),
                replaced: Vec::new(),
                added: denies.clone(),
            });
        }
        let replaced = self.each_as(|statement| {
            let met = of_effect(Effect::Allow).filter_map(|other| regions::meeting(statement, other));
            // What cannot be written as one statement is left out.
            let whole = met.filter(|met| met.out.is_empty()).map(|met| met.base);
            let mut statements: Vec<Statement> = Vec::new();
            for base in whole {
                if !statements.contains(&base) {
                    statements.push(base);
                }
            }
            (!statements.is_empty()).then_some(statements)
        });
        if let Some(replaced) = replaced {
            let parts = replaced.iter().flat_map(|(_, new)| new);
            let parts: Vec<String> = parts
                .map(|new| regions::statement_text(new, self.spelling()))
                .collect();
            let text = format!(
                "narrow {} to what the reference allows: {}",
                of(&replaced),
                parts.join("; ")
            );
            edits.push(Edit {
                added: Vec::new(),
                ..replacing(ChangeKind::Narrow, text.clone(), replaced.clone())
            });
            if !denies.is_empty() {
                edits.push(Edit {
                    added: denies,
                    ..replacing(
                        ChangeKind::Narrow,
                        format!("{text}; and add the Deny statements of the reference"),
                        replaced,
                    )
                });
            }
        }
        edits
    }

    /// Denies of what is forbidden: of the boxes of the check, else of the regions.
    fn add_denies(&self) -> Vec<Edit> {
        let denies: Vec<Statement> = match &self.question.forbidden {
            Forbidden::Boxes(boxes) => boxes.iter().map(|access| access.as_statement()).collect(),
            Forbidden::AllowedBy(_) => return Vec::new(),
            Forbidden::NotAllowedBy(..) | Forbidden::Strangers(_) => {
                let from_reference = |found: &Found| {
                    let mut out = found.candidate.out.iter();
                    out.any(|(source, _)| !matches!(source, Source::Deny(_)))
                };
                if self.found.is_empty() || self.found.iter().any(from_reference) {
                    return Vec::new();
                }
                self.found
                    .iter()
                    .map(|found| found.candidate.base.clone())
                    .collect()
            }
        };
        let everyone = match self.subject.kind.document_kind() {
            DocumentKind::Identity | DocumentKind::Scp => PrincipalSet::Absent,
            DocumentKind::Resource | DocumentKind::Trust | DocumentKind::Rcp => {
                PrincipalSet::In(vec![PrincipalEntry::Everyone])
            }
        };
        let next = self
            .question
            .document
            .statements
            .iter()
            .map(|own| own.index + 1)
            .max();
        let deny = |(at, statement): (usize, Statement)| {
            let principal = match &statement.principal {
                PrincipalSet::Absent => everyone.clone(),
                PrincipalSet::In(entries) if entries.contains(&PrincipalEntry::AnyAws) => everyone.clone(),
                other => other.clone(),
            };
            let spelled = regions::action_texts(&statement).into_iter();
            Statement {
                index: next.unwrap_or(0) + at,
                sid: None,
                effect: Effect::Deny,
                principal,
                spelled: spelled.map(String::into_boxed_str).collect(),
                resource: statement.resource.without_short(),
                ..statement
            }
        };
        let added: Vec<Statement> = denies.into_iter().enumerate().map(deny).collect();
        let parts: Vec<String> = added
            .iter()
            .map(|deny| regions::statement_text(deny, self.spelling()))
            .collect();
        let what = if added.len() == 1 {
            "a Deny statement"
        } else {
            "Deny statements"
        };
        vec![Edit {
            kind: ChangeKind::AddDeny,
            text: format!("add {what}: {}", parts.join("; ")),
            replaced: Vec::new(),
            added,
        }]
    }

    fn drop_statements(&self) -> Option<Edit> {
        let replaced = self.each_as(|_| Some(Vec::new()))?;
        let text = format!("drop {}", of(&replaced));
        Some(replacing(ChangeKind::DropStatements, text, replaced))
    }

    /// Each guilty statement and what is put in its place. One of which nothing is kept goes.
    fn each(
        &self,
        mut edit: impl FnMut(&Statement) -> Option<Statement>,
    ) -> Option<Vec<(Statement, Vec<Statement>)>> {
        self.each_as(|statement| edit(statement).map(|new| vec![new]))
    }

    /// As [`Wound::each`], by any number of statements.
    fn each_as(
        &self,
        mut edit: impl FnMut(&Statement) -> Option<Vec<Statement>>,
    ) -> Option<Vec<(Statement, Vec<Statement>)>> {
        let edited: Vec<_> = self
            .guilty
            .iter()
            .map(|statement| ((*statement).clone(), edit(statement)))
            .collect();
        let some = edited.iter().any(|(_, new)| new.is_some());
        some.then(|| {
            let replaced = edited.into_iter();
            replaced
                .map(|(old, new)| (old, new.unwrap_or_default()))
                .collect()
        })
    }

    fn spelling(&self) -> Spelling {
        Spelling {
            version: self.question.document.version,
        }
    }
}

fn replacing(kind: ChangeKind, text: String, replaced: Vec<(Statement, Vec<Statement>)>) -> Edit {
    Edit {
        kind,
        text,
        replaced,
        added: Vec::new(),
    }
}

/// The statements in words, those that go told apart.
fn of(replaced: &[(Statement, Vec<Statement>)]) -> String {
    let mut indices: Vec<usize> = replaced.iter().map(|(old, _)| old.index).collect();
    indices.dedup();
    let texts: Vec<String> = indices.iter().map(ToString::to_string).collect();
    let gone = replaced.iter().filter(|(_, new)| new.is_empty()).count();
    let gone = if gone > 0 && gone < replaced.len() {
        let all = replaced.iter().filter(|(_, new)| new.is_empty());
        let all: Vec<String> = all.map(|(old, _)| old.index.to_string()).collect();
        format!(" (and drop statement {})", all.join(", "))
    } else {
        String::new()
    };
    match texts.as_slice() {
        [only] => format!("statement {only}{gone}"),
        _ => format!("statements {}{gone}", texts.join(", ")),
    }
}

fn listed(what: &str, texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
    match quoted.as_slice() {
        [only] => format!("the {what} {only}"),
        _ => format!("the {what}s {}", quoted.join(", ")),
    }
}

fn equals(key: &str, values: &[&str]) -> Condition {
    Condition {
        operator: Operator {
            quantifier: Quantifier::One,
            test: Test::StringEquals,
            negated: false,
            if_exists: false,
        },
        key: ContextKey::new(key),
        values: ConditionValues::Text(values.iter().map(|value| Pattern::literal(value)).collect()),
    }
}

/// The condition that holds when another does not, where there is one.
fn negated(line: &Condition) -> Option<Condition> {
    let operator = line.operator;
    if operator.quantifier != Quantifier::One {
        return None;
    }
    let with = |negated: bool, if_exists: bool| Operator {
        negated,
        if_exists,
        ..operator
    };
    let (operator, values) = match (&line.values, operator.test) {
        (ConditionValues::Null(wanted), _) => {
            let [wanted] = wanted.as_slice() else { return None };
            (operator, ConditionValues::Null(vec![!wanted]))
        }
        (ConditionValues::Folded(wanted), Test::Bool) => {
            let [wanted] = wanted.as_slice() else { return None };
            let other = match wanted.as_literal()?.as_str() {
                "true" => "false",
                "false" => "true",
                _ => return None,
            };
            let values = ConditionValues::Folded(vec![Pattern::literal(other)]);
            (with(false, !operator.if_exists), values)
        }
        (
            values,
            Test::StringEquals
            | Test::StringEqualsIgnoreCase
            | Test::StringLike
            | Test::IpAddress
            | Test::Arn,
        ) => {
            // Without the key a plain test fails and a negated one holds.
            if operator.negated {
                (with(false, false), values.clone())
            } else if operator.if_exists {
                return None;
            } else {
                (with(true, false), values.clone())
            }
        }
        _ => return None,
    };
    Some(Condition {
        operator,
        key: line.key.clone(),
        values,
    })
}
