//! The unknown values that a document names.

use std::collections::BTreeSet;

use super::document::{Condition, ConditionValues, ElementSet, PolicyDocument, ResourceSet, Statement};
use super::pattern::{HoleId, Pattern};
use super::principal::{PrincipalEntry, PrincipalSet};
use super::resource::{ArnPattern, ResourcePattern};

impl PolicyDocument {
    /// All holes of the document.
    pub fn holes(&self) -> BTreeSet<&HoleId> {
        let statements = self.statements.iter();
        statements
            .flat_map(|statement| {
                let elements = statement.action.patterns().iter();
                elements
                    .flat_map(Pattern::holes)
                    .chain(statement.resource.holes())
                    .chain(statement.who())
            })
            .collect()
    }
}

impl Statement {
    /// The holes of its principals and conditions: where it says who may come in.
    pub fn who(&self) -> impl Iterator<Item = &HoleId> {
        let conditions = self.conditions.iter().flat_map(Condition::holes);
        self.principal.holes().chain(conditions)
    }
}

impl ElementSet {
    /// What it lists.
    fn patterns(&self) -> &[Pattern] {
        match self {
            ElementSet::Any => &[],
            ElementSet::In(patterns) | ElementSet::NotIn(patterns) => patterns,
        }
    }
}

impl ResourceSet {
    fn holes(&self) -> impl Iterator<Item = &HoleId> {
        let entries: &[ResourcePattern] = match self {
            ResourceSet::Any => &[],
            ResourceSet::In(entries) | ResourceSet::NotIn(entries) => entries,
        };
        let arns = entries.iter().filter_map(|entry| match entry {
            ResourcePattern::Arn { arn, .. } => Some(arn),
            ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
        });
        arns.flat_map(ArnPattern::holes)
    }
}

impl ArnPattern {
    fn holes(&self) -> impl Iterator<Item = &HoleId> {
        self.segments.iter().chain(&self.whole).flat_map(Pattern::holes)
    }
}

impl PrincipalSet {
    fn holes(&self) -> impl Iterator<Item = &HoleId> {
        let entries: &[PrincipalEntry] = match self {
            PrincipalSet::Absent => &[],
            PrincipalSet::In(entries) | PrincipalSet::NotIn(entries) => entries,
        };
        entries.iter().flat_map(|entry| {
            let patterns = entry.patterns().into_iter().flat_map(Pattern::holes);
            let whole = match entry {
                PrincipalEntry::Unknown(hole) => Some(hole),
                _ => None,
            };
            patterns.chain(whole)
        })
    }
}

impl PrincipalEntry {
    fn patterns(&self) -> Vec<&Pattern> {
        match self {
            PrincipalEntry::Everyone
            | PrincipalEntry::AnyAws
            | PrincipalEntry::Dangling(_)
            | PrincipalEntry::Unknown(_) => Vec::new(),
            PrincipalEntry::Account(name)
            | PrincipalEntry::Service(name)
            | PrincipalEntry::Federated(name)
            | PrincipalEntry::Canonical(name) => vec![name],
            PrincipalEntry::Role {
                partition,
                account,
                path,
            }
            | PrincipalEntry::User {
                partition,
                account,
                path,
            } => vec![partition, account, path],
            PrincipalEntry::Session {
                partition,
                account,
                role,
                session,
            } => vec![partition, account, role, session],
            PrincipalEntry::FederatedUser {
                partition,
                account,
                name,
            } => vec![partition, account, name],
        }
    }
}

impl Condition {
    fn holes(&self) -> impl Iterator<Item = &HoleId> {
        let (patterns, arns): (&[Pattern], &[ArnPattern]) = match &self.values {
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => (patterns, &[]),
            ConditionValues::Arn(arns) => (&[], arns),
            ConditionValues::Number(..)
            | ConditionValues::Date(..)
            | ConditionValues::Ip(_)
            | ConditionValues::Binary(_)
            | ConditionValues::Null(_) => (&[], &[]),
        };
        let patterns = patterns.iter().flat_map(Pattern::holes);
        patterns.chain(arns.iter().flat_map(ArnPattern::holes))
    }
}

#[cfg(test)]
mod tests {
    use crate::iam::{DocumentKind, Text, TextPiece, Value, parse_document, parse_json};

    use super::*;

    #[test]
    fn holes_are_found_in_every_element() {
        let source = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"AWS": ["<who>", "arn:aws:iam::<account>:role/x"]}, "Action": "s3:<action>",
            "Resource": ["arn:aws:s3:::<bucket>/*"],
            "Condition": {"StringLike": {"aws:PrincipalTag/t": "a-<tag>"}, "ArnLike": {"aws:SourceArn": "<arn>"}}}}"#;
        let parsed = parse_document(&holed(parse_json(source).expect("JSON")), DocumentKind::Resource)
            .expect("a document");
        let names = |holes: BTreeSet<&HoleId>| -> Vec<String> {
            holes.into_iter().map(|hole| hole.0.to_string()).collect()
        };
        let document = parsed.document;
        assert_eq!(
            names(document.holes()),
            ["account", "action", "arn", "bucket", "tag", "who"]
        );
        let who = document.statements.iter().flat_map(Statement::who).collect();
        assert_eq!(names(who), ["account", "arn", "tag", "who"]);
    }

    /// The value with `<name>` in its texts read as holes.
    fn holed(value: Value) -> Value {
        match value {
            Value::String(text) => {
                let whole = text.as_literal().unwrap_or_default().to_owned();
                let mut pieces = Vec::new();
                for (at, part) in whole.split(['<', '>']).enumerate() {
                    pieces.push(if at % 2 == 1 {
                        TextPiece::Hole(HoleId::new(part))
                    } else {
                        TextPiece::Lit(part.to_owned())
                    });
                }
                pieces.retain(|piece| !matches!(piece, TextPiece::Lit(text) if text.is_empty()));
                Value::String(Text(pieces))
            }
            Value::List(items) => Value::List(items.into_iter().map(holed).collect()),
            Value::Object(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, holed(value)))
                    .collect(),
            ),
            other => other,
        }
    }
}
