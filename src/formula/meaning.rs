//! What a policy means as a formula: each statement is a box, the conjunction of its elements.

use crate::iam::{
    ArnPattern, Effect, ElementSet, FACT_SEPARATOR, Pattern, Piece, PolicyDocument, ReadingId,
    ResourcePattern, ResourceSet, Statement,
};

use super::arn::{Case, Subject, matches_any, split_matches};
use super::condition::condition;
use super::principal::principal_set;
use super::texts::{all_resolved, any_of};
use super::{Fact, Formula, ResourceReading, Variable, Vocabulary, and, fact, guard, not, or};

/// The meaning of a document: one formula a statement.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// Allow statements: index and when they match.
    pub allows: Vec<(usize, Formula)>,
    /// Deny statements: index and when they match.
    pub denies: Vec<(usize, Formula)>,
}

impl Meaning {
    /// The meaning of a document. Statements that can never match are left out.
    pub fn of(document: &PolicyDocument, vocabulary: &Vocabulary) -> Meaning {
        let of_effect = |effect: Effect| {
            let statements = document
                .statements
                .iter()
                .filter(|statement| statement.effect == effect);
            let meanings =
                statements.map(|statement| (statement.index, statement_formula(statement, vocabulary)));
            meanings
                .filter(|(_, formula)| *formula != Formula::False)
                .collect()
        };
        Meaning {
            allows: of_effect(Effect::Allow),
            denies: of_effect(Effect::Deny),
        }
    }

    /// Some Allow matches.
    pub fn some_allow(&self) -> Formula {
        or(self.allows.iter().map(|(_, formula)| formula.clone()))
    }

    /// Some Deny matches.
    pub fn some_deny(&self) -> Formula {
        or(self.denies.iter().map(|(_, formula)| formula.clone()))
    }

    /// The document allows the request.
    pub fn allowed(&self) -> Formula {
        and([self.some_allow(), not(&self.some_deny())])
    }
}

/// When a statement matches: the conjunction of its guard and its elements, whatever its effect does with it.
pub fn statement_formula(statement: &Statement, vocabulary: &Vocabulary) -> Formula {
    let guards = statement.guard.iter().map(|literal| {
        let fact = guard(&literal.name);
        if literal.holds { fact } else { not(&fact) }
    });
    and(guards
        .chain([
            actions(&statement.action, vocabulary),
            principal_set(&statement.principal, statement.effect, vocabulary),
            resources(statement, vocabulary),
        ])
        .chain(
            statement
                .conditions
                .iter()
                .map(|line| condition(line, vocabulary)),
        ))
}

fn actions(set: &ElementSet, vocabulary: &Vocabulary) -> Formula {
    match set {
        ElementSet::Any => Formula::True,
        ElementSet::In(patterns) => action_entries(patterns, vocabulary),
        ElementSet::NotIn(patterns) => not(&action_entries(patterns, vocabulary)),
    }
}

/// When the action matches any of the patterns.
pub fn action_entries(patterns: &[Pattern], vocabulary: &Vocabulary) -> Formula {
    any_of(&Variable::Action, patterns, Case::Sensitive, vocabulary)
}

fn resources(statement: &Statement, vocabulary: &Vocabulary) -> Formula {
    let matches = |entries: &[ResourcePattern]| {
        let own = resource_entries(entries, vocabulary);
        if statement.reads_short_arns_widely() {
            or([own, across_colons(entries, vocabulary)])
        } else {
            own
        }
    };
    match &statement.resource {
        ResourceSet::Any => Formula::True,
        ResourceSet::In(entries) => matches(entries),
        ResourceSet::NotIn(entries) => {
            let resolved = all_resolved(
                arns(entries).into_iter().flat_map(|arn| &arn.segments),
                vocabulary,
            );
            let as_documented = or([
                resolved,
                fact(Fact::Reading(ReadingId::UnresolvedVariableNegated)),
            ]);
            and([not(&matches(entries)), as_documented])
        }
    }
}

/// When the resource matches any of the entries. Only `*` means the pseudo resource.
pub fn resource_entries(entries: &[ResourcePattern], vocabulary: &Vocabulary) -> Formula {
    let is_arn = not(&fact(Fact::NoResource));
    let split: Vec<&ArnPattern> = arns(entries)
        .into_iter()
        .filter(|arn| !begins_with_variable(arn))
        .collect();
    let by_segments = match vocabulary.resource_reading() {
        ResourceReading::Segments => matches_any(&split, &Subject::Resource, Case::Sensitive, vocabulary),
        ResourceReading::Folded => {
            let lower: Vec<ArnPattern> = split.iter().map(|arn| arn.to_ascii_lowercase()).collect();
            matches_any(
                &lower.iter().collect::<Vec<_>>(),
                &Subject::Resource,
                Case::Folded,
                vocabulary,
            )
        }
        ResourceReading::Crossing => or([
            matches_any(&split, &Subject::Resource, Case::Sensitive, vocabulary),
            crossing(&split, vocabulary),
        ]),
    };
    let others = entries.iter().map(|entry| match entry {
        ResourcePattern::Any => Formula::True,
        // A variable that holds a whole ARN says nothing of single segments: left uninterpreted.
        ResourcePattern::Arn { arn, .. } if begins_with_variable(arn) => {
            guard(&format!("the resource `{}`{FACT_SEPARATOR}{arn:?}", whole_text(arn)).into())
        }
        // What is unknown as a whole may turn out to be `*`, which means the pseudo resource too.
        ResourcePattern::Arn {
            arn: ArnPattern {
                whole: Some(whole), ..
            },
            ..
        } => {
            let star = guard(&format!("the resource `{whole}`{FACT_SEPARATOR}{whole:?}").into());
            and([fact(Fact::NoResource), star])
        }
        ResourcePattern::Nothing | ResourcePattern::Arn { .. } => Formula::False,
        ResourcePattern::Unreadable(text) => guard(text),
    });
    or([and([is_arn.clone(), by_segments])].into_iter().chain(others))
}

/// When the resource matches a short ARN as one text.
fn across_colons(entries: &[ResourcePattern], vocabulary: &Vocabulary) -> Formula {
    let short = entries.iter().filter_map(|entry| match entry {
        ResourcePattern::Arn { short, .. } => short.clone(),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    });
    let short: Vec<_> = short.collect();
    let texts = split_matches(&short, &Subject::Resource, Case::Sensitive, vocabulary);
    and([not(&fact(Fact::NoResource)), texts])
}

/// The ARN, as one text, matches a pattern whose `*` reaches over colons.
fn crossing(arns: &[&ArnPattern], vocabulary: &Vocabulary) -> Formula {
    let texts: Vec<Pattern> = arns
        .iter()
        .filter(|arn| arn.crosses_colons())
        .map(|arn| arn.text())
        .collect();
    split_matches(&texts, &Subject::Resource, Case::Sensitive, vocabulary)
}

fn arns(entries: &[ResourcePattern]) -> Vec<&ArnPattern> {
    entries.iter().filter_map(arn_of).collect()
}

/// Whether an ARN pattern begins with a policy variable, so that even its segments hang on the variable's value.
pub(super) fn begins_with_variable(arn: &ArnPattern) -> bool {
    arn.whole
        .as_ref()
        .is_some_and(|whole| matches!(whole.pieces().first(), Some(Piece::Var(..))))
}

fn whole_text(arn: &ArnPattern) -> String {
    arn.whole.as_ref().map_or_else(String::new, ToString::to_string)
}

fn arn_of(entry: &ResourcePattern) -> Option<&ArnPattern> {
    match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    }
}
