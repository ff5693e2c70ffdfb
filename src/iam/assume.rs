//! A document with values put in for holes and facts: what it says if these are the values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{
    Condition, ConditionValues, DocumentKind, ElementSet, PolicyDocument, ResourceSet, Statement, Version,
    shown_fact,
};
use super::operator::Test;
use super::parse::fill_resource;
use super::pattern::{HoleId, Pattern, Piece};
use super::principal::{PrincipalEntry, PrincipalSet, parse_aws_principal};
use super::resource::{ArnPattern, ResourcePattern, split_arn};

impl PolicyDocument {
    /// The document if holes have these values and facts this truth. In actions, resources, ARNs and `StringLike`, `*`
    /// and `?` in a value are wildcards, as they would be in the deployed document. Statements whose guard fails are
    /// left out; holes and facts without a value stay.
    pub fn assuming(
        &self,
        kind: DocumentKind,
        holes: &BTreeMap<HoleId, String>,
        facts: &BTreeMap<Arc<str>, bool>,
    ) -> PolicyDocument {
        let filled = |(hole, value): (&HoleId, &String)| (hole.clone(), Filling::Text(value.clone()));
        let holes = holes.iter().map(filled).collect();
        let reading = Reading {
            version: self.version,
            kind,
            holes: &holes,
        };
        let kept = self.statements.iter().filter(|statement| {
            !statement.guard.iter().any(|literal| {
                facts
                    .get(&literal.name)
                    .is_some_and(|truth| *truth != literal.holds)
            })
        });
        let statements = kept
            .map(|statement| reading.statement(statement, facts))
            .collect();
        PolicyDocument {
            version: self.version,
            statements,
        }
    }
}

impl PolicyDocument {
    /// The document with all that is not known in it under names of its own: holes but for `kept`, and facts.
    pub fn renaming_unknowns(
        &self,
        kind: DocumentKind,
        kept: impl Fn(&HoleId) -> bool,
        suffix: &str,
    ) -> PolicyDocument {
        let renamed = |hole: &HoleId| {
            let new = HoleId::new(&format!("{}{suffix}", hole.0));
            (hole.clone(), Filling::Hole(new))
        };
        let holes = self.holes();
        let holes = holes
            .into_iter()
            .filter(|hole| !kept(hole))
            .map(renamed)
            .collect();
        let reading = Reading {
            version: self.version,
            kind,
            holes: &holes,
        };
        let statement = |statement: &Statement| {
            let mut renamed = reading.statement(statement, &BTreeMap::new());
            for fact in &mut renamed.guard {
                let (shown, rest) = fact.name.split_at(shown_fact(&fact.name).len());
                fact.name = format!("{shown}{suffix}{rest}").into();
            }
            if let ResourceSet::In(entries) | ResourceSet::NotIn(entries) = &mut renamed.resource {
                for entry in entries {
                    if let ResourcePattern::Unreadable(text) = entry
                        && text.contains("{{hole:")
                    {
                        *text = format!("{text}{suffix}").into();
                    }
                }
            }
            renamed
        };
        PolicyDocument {
            version: self.version,
            statements: self.statements.iter().map(statement).collect(),
        }
    }
}

/// What is put in for a hole.
enum Filling {
    Text(String),
    Hole(HoleId),
}

struct Reading<'a> {
    version: Version,
    kind: DocumentKind,
    holes: &'a BTreeMap<HoleId, Filling>,
}

/// Whether wildcards in a value count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wildcards {
    Active,
    Literal,
}

impl Reading<'_> {
    fn statement(&self, statement: &Statement, facts: &BTreeMap<Arc<str>, bool>) -> Statement {
        let patterns = |patterns: &[Pattern]| -> Vec<Pattern> {
            patterns
                .iter()
                .map(|pattern| self.fill(pattern, Wildcards::Active).to_ascii_lowercase())
                .collect()
        };
        let action = match &statement.action {
            ElementSet::Any => ElementSet::Any,
            ElementSet::In(entries) => ElementSet::In(patterns(entries)),
            ElementSet::NotIn(entries) => ElementSet::NotIn(patterns(entries)),
        };
        let mut spelled = statement.spelled.clone();
        if action != statement.action
            && let ElementSet::In(entries) | ElementSet::NotIn(entries) = &action
        {
            spelled = entries.iter().map(|entry| entry.to_string().into()).collect();
        }
        let resource_entry = |entry| {
            fill_resource(entry, self.version, self.kind, |p| {
                self.fill(p, Wildcards::Active)
            })
        };
        let resource = match &statement.resource {
            ResourceSet::Any => ResourceSet::Any,
            ResourceSet::In(entries) => ResourceSet::In(entries.iter().map(resource_entry).collect()),
            ResourceSet::NotIn(entries) => ResourceSet::NotIn(entries.iter().map(resource_entry).collect()),
        };
        let principals =
            |entries: &[PrincipalEntry]| entries.iter().map(|entry| self.principal(entry)).collect();
        let principal = match &statement.principal {
            PrincipalSet::Absent => PrincipalSet::Absent,
            PrincipalSet::In(entries) => PrincipalSet::In(principals(entries)),
            PrincipalSet::NotIn(entries) => PrincipalSet::NotIn(principals(entries)),
        };
        Statement {
            action,
            spelled,
            resource,
            principal,
            conditions: statement
                .conditions
                .iter()
                .map(|condition| self.condition(condition))
                .collect(),
            guard: statement
                .guard
                .iter()
                .filter(|literal| !facts.contains_key(&literal.name))
                .cloned()
                .collect(),
            ..statement.clone()
        }
    }

    fn fill(&self, pattern: &Pattern, wildcards: Wildcards) -> Pattern {
        if pattern.plain().is_some() {
            return pattern.clone();
        }
        let filled = |piece: &Piece| match piece {
            Piece::Hole(hole) => match (self.holes.get(hole), wildcards) {
                (Some(Filling::Hole(new)), _) => vec![Piece::Hole(new.clone())],
                (Some(Filling::Text(value)), Wildcards::Active) => Pattern::glob(value).pieces().into_owned(),
                (Some(Filling::Text(value)), Wildcards::Literal) => {
                    Pattern::literal(value).pieces().into_owned()
                }
                (None, _) => vec![piece.clone()],
            },
            other => vec![other.clone()],
        };
        pattern.pieces().iter().flat_map(filled).collect()
    }

    fn principal(&self, entry: &PrincipalEntry) -> PrincipalEntry {
        let fill = |pattern: &Pattern| self.fill(pattern, Wildcards::Literal);
        match entry {
            PrincipalEntry::Unknown(hole) => match self.holes.get(hole) {
                Some(Filling::Hole(new)) => PrincipalEntry::Unknown(new.clone()),
                Some(Filling::Text(value)) if value == "*" => PrincipalEntry::AnyAws,
                Some(Filling::Text(value)) => {
                    parse_aws_principal(&Pattern::literal(value)).unwrap_or_else(|| entry.clone())
                }
                None => entry.clone(),
            },
            PrincipalEntry::Account(account) => PrincipalEntry::Account(fill(account)),
            PrincipalEntry::Role {
                partition,
                account,
                path,
            } => PrincipalEntry::Role {
                partition: fill(partition),
                account: fill(account),
                path: fill(path),
            },
            PrincipalEntry::User {
                partition,
                account,
                path,
            } => PrincipalEntry::User {
                partition: fill(partition),
                account: fill(account),
                path: fill(path),
            },
            PrincipalEntry::Session {
                partition,
                account,
                role,
                session,
            } => PrincipalEntry::Session {
                partition: fill(partition),
                account: fill(account),
                role: fill(role),
                session: fill(session),
            },
            PrincipalEntry::FederatedUser {
                partition,
                account,
                name,
            } => PrincipalEntry::FederatedUser {
                partition: fill(partition),
                account: fill(account),
                name: fill(name),
            },
            PrincipalEntry::Service(name) => PrincipalEntry::Service(fill(name)),
            PrincipalEntry::Federated(name) => PrincipalEntry::Federated(fill(name)),
            PrincipalEntry::Canonical(name) => PrincipalEntry::Canonical(fill(name)),
            PrincipalEntry::Everyone | PrincipalEntry::AnyAws | PrincipalEntry::Dangling(_) => entry.clone(),
        }
    }

    fn condition(&self, condition: &Condition) -> Condition {
        let wildcards = if condition.operator.test == Test::StringLike {
            Wildcards::Active
        } else {
            Wildcards::Literal
        };
        let values = match &condition.values {
            ConditionValues::Text(patterns) => ConditionValues::Text(
                patterns
                    .iter()
                    .map(|pattern| self.fill(pattern, wildcards))
                    .collect(),
            ),
            ConditionValues::Folded(patterns) => ConditionValues::Folded(
                patterns
                    .iter()
                    .map(|pattern| self.fill(pattern, wildcards).to_ascii_lowercase())
                    .collect(),
            ),
            ConditionValues::Arn(arns) => {
                ConditionValues::Arn(arns.iter().map(|arn| self.arn(arn)).collect())
            }
            other @ (ConditionValues::Number(..)
            | ConditionValues::Date(..)
            | ConditionValues::Ip(_)
            | ConditionValues::Binary(_)
            | ConditionValues::Null(_)) => other.clone(),
        };
        Condition {
            values,
            ..condition.clone()
        }
    }

    fn arn(&self, arn: &ArnPattern) -> ArnPattern {
        let whole = arn
            .whole
            .as_ref()
            .map(|whole| self.fill(whole, Wildcards::Active));
        let star = Pattern::star;
        match whole {
            Some(whole) if whole.is_star() => ArnPattern {
                segments: std::array::from_fn(|_| star()),
                whole: None,
            },
            Some(whole) => split_arn(&whole).map_or_else(|| arn.clone(), |(arn, _)| arn),
            None => {
                let segments = arn
                    .segments
                    .each_ref()
                    .map(|segment| self.fill(segment, Wildcards::Active));
                ArnPattern {
                    segments,
                    whole: None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Text, TextPiece, Value, parse_document, parse_json};

    #[test]
    fn values_are_read_as_if_written() {
        let hole = Value::String(Text(vec![TextPiece::Hole(HoleId::new("P"))]));
        let statement = |resource: Value| {
            Value::Object(vec![
                ("Effect".into(), Value::text("Allow")),
                ("Action".into(), Value::text("s3:*")),
                ("Resource".into(), resource),
            ])
        };
        let document = |statement: Value| {
            let value = Value::Object(vec![("Statement".into(), Value::List(vec![statement]))]);
            parse_document(&value, DocumentKind::Identity)
                .expect("valid")
                .document
        };
        let holes = BTreeMap::from([(HoleId::new("P"), "arn:aws:s3:::b/*".to_owned())]);
        let assumed = document(statement(hole)).assuming(DocumentKind::Identity, &holes, &BTreeMap::new());
        let written = document(statement(parse_json("\"arn:aws:s3:::b/*\"").expect("JSON")));
        assert_eq!(assumed, written);
    }
}
