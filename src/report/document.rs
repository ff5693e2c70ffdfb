//! A policy document as normalised JSON: lists everywhere, actions in lower case, unknown values as `{{hole:NAME}}`. Two
//! documents with the same normalised form mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::check::Change;
use crate::extract::PolicyKind;
use crate::iam::{
    Condition, Effect, ElementSet, Pattern, PolicyDocument, PrincipalEntry, PrincipalSet, ResourcePattern,
    ResourceSet, Spelling, Statement, Version, operator_names,
};

/// The normalised JSON of a document.
pub fn document_json(document: &PolicyDocument, kind: PolicyKind) -> Value {
    let version = match document.version {
        Version::V2008 => "2008-10-17",
        Version::V2012 => "2012-10-17",
    };
    let writer = Writer(Spelling {
        version: document.version,
    });
    let statements: Vec<Value> = document
        .statements
        .iter()
        .map(|statement| writer.statement(statement, kind))
        .collect();
    json!({"Version": version, "Statement": statements})
}

/// A change to a document: what is put in the place of statements, and what is added.
pub(super) fn change_json(change: &Change, kind: Option<PolicyKind>) -> Value {
    let writer = Writer(Spelling {
        version: Version::V2012,
    });
    let statement = |statement: &Statement| {
        let mut object = writer.statement(statement, kind.unwrap_or(PolicyKind::Resource));
        if !statement.spelled.is_empty() {
            for name in ["Action", "NotAction"] {
                if let Some(actions) = object.get_mut(name) {
                    *actions = json!(*statement.spelled);
                }
            }
        }
        object
    };
    let replaced: Vec<Value> = change
        .replaced
        .iter()
        .map(|(index, new)| json!({"index": index, "by": new.iter().map(statement).collect::<Vec<_>>()}))
        .collect();
    json!({
        "kind": change.kind.word(),
        "text": change.text,
        "loses": change.loses.words(),
        "replace": replaced,
        "add": change.added.iter().map(statement).collect::<Vec<_>>(),
    })
}

/// What a change puts in the place of statements (index and statement) and what it adds, as JSON.
pub(super) fn changed_statements(change: &Change, kind: Option<PolicyKind>) -> Vec<(Option<usize>, Value)> {
    let json = change_json(change, kind);
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let replaced = change.replaced.iter().zip(list(json.get("replace")));
    let replaced = replaced.flat_map(|((index, _), by)| {
        let by = list(by.get("by")).into_iter();
        by.map(|statement| (Some(*index), statement)).collect::<Vec<_>>()
    });
    let added = list(json.get("add"))
        .into_iter()
        .map(|statement| (None, statement));
    replaced.chain(added).collect()
}

/// The statements that are there only under facts known at deployment: position in the normalised document, and facts.
pub(super) fn guards_json(document: &PolicyDocument) -> Value {
    document
        .statements
        .iter()
        .enumerate()
        .filter(|(_, statement)| !statement.guard.is_empty())
        .map(|(position, statement)| {
            let facts: Vec<Value> = statement
                .guard
                .iter()
                .map(|fact| json!({"name": crate::iam::shown_fact(&fact.name), "holds": fact.holds}))
                .collect();
            json!({"statement": position, "facts": facts})
        })
        .collect()
}

struct Writer(Spelling);

impl Writer {
    fn statement(&self, statement: &Statement, kind: PolicyKind) -> Value {
        let mut object = Map::new();
        if let Some(sid) = &statement.sid {
            object.insert("Sid".to_string(), json!(&**sid));
        }
        let effect = match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        object.insert("Effect".to_string(), json!(effect));
        match &statement.principal {
            PrincipalSet::Absent => {}
            PrincipalSet::In(entries) => {
                object.insert("Principal".to_string(), self.principals(entries));
            }
            PrincipalSet::NotIn(entries) => {
                object.insert("NotPrincipal".to_string(), self.principals(entries));
            }
        }
        let actions = |patterns: &[Pattern]| -> Vec<String> {
            patterns.iter().map(|pattern| self.0.action(pattern)).collect()
        };
        let (name, actions) = match &statement.action {
            ElementSet::Any => ("Action", vec!["*".to_string()]),
            ElementSet::In(patterns) => ("Action", actions(patterns)),
            ElementSet::NotIn(patterns) => ("NotAction", actions(patterns)),
        };
        object.insert(name.to_string(), json!(actions));
        let resources = |entries: &[ResourcePattern]| -> Vec<String> {
            entries.iter().map(|entry| self.0.resource(entry)).collect()
        };
        let (name, resources) = match &statement.resource {
            ResourceSet::Any => ("Resource", vec!["*".to_string()]),
            ResourceSet::In(patterns) => ("Resource", resources(patterns)),
            ResourceSet::NotIn(patterns) => ("NotResource", resources(patterns)),
        };
        // A trust policy has no resource.
        if kind != PolicyKind::Trust || statement.resource != ResourceSet::Any {
            object.insert(name.to_string(), json!(resources));
        }
        if !statement.conditions.is_empty() {
            object.insert("Condition".to_string(), self.conditions(&statement.conditions));
        }
        Value::Object(object)
    }

    fn principals(&self, entries: &[PrincipalEntry]) -> Value {
        let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for entry in entries {
            let Some((principal_type, text)) = self.0.principal(entry) else {
                return json!("*");
            };
            by_type.entry(principal_type).or_default().push(text);
        }
        json!(by_type)
    }

    fn conditions(&self, conditions: &[Condition]) -> Value {
        let mut block: Map<String, Value> = Map::new();
        for condition in conditions {
            let values = json!(self.0.values(condition));
            let key = condition.key.written();
            // Spellings of one operator are alike (`ArnEquals`, `ArnLike`, other case): each line keeps its own entry.
            let free = operator_names(condition.operator)
                .into_iter()
                .find(|name| block.get(name).is_none_or(|keys| keys.get(key).is_none()));
            let Some(name) = free else { continue };
            if let Value::Object(keys) = block.entry(name).or_insert_with(|| json!({})) {
                keys.insert(key.to_string(), values);
            }
        }
        Value::Object(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ArnPattern, ConditionValues, ContextKey, operator};

    fn statement() -> Statement {
        Statement {
            index: 0,
            sid: Some("A".into()),
            effect: Effect::Allow,
            principal: PrincipalSet::Absent,
            action: ElementSet::In(vec![Pattern::glob("s3:get*")]),
            resource: ResourceSet::Any,
            conditions: vec![],
            guard: vec![],
            spelled: [].into(),
        }
    }

    fn check(statement: Statement, kind: PolicyKind, expected: Value) {
        let document = PolicyDocument {
            version: Version::V2012,
            statements: [statement].into(),
        };
        assert_eq!(
            document_json(&document, kind),
            json!({"Version": "2012-10-17", "Statement": [expected]})
        );
    }

    #[test]
    fn statements_are_normalised() {
        check(
            statement(),
            PolicyKind::Identity,
            json!({"Sid": "A", "Effect": "Allow", "Action": ["s3:get*"], "Resource": ["*"]}),
        );
        let trust = Statement {
            sid: None,
            principal: PrincipalSet::In(vec![
                PrincipalEntry::Service(Pattern::literal("ec2.amazonaws.com")),
                PrincipalEntry::Account(Pattern::literal("111122223333")),
            ]),
            ..statement()
        };
        check(
            trust,
            PolicyKind::Trust,
            json!({"Effect": "Allow", "Action": ["s3:get*"],
                   "Principal": {"AWS": ["111122223333"], "Service": ["ec2.amazonaws.com"]}}),
        );
        let everyone = Statement {
            principal: PrincipalSet::NotIn(vec![PrincipalEntry::Everyone]),
            ..statement()
        };
        check(
            everyone,
            PolicyKind::Resource,
            json!({"Sid": "A", "Effect": "Allow", "NotPrincipal": "*", "Action": ["s3:get*"], "Resource": ["*"]}),
        );
    }

    #[test]
    fn lines_of_one_key_are_never_merged() {
        let (like, _) = operator("ArnLike").unwrap();
        let line = |text: &str| Condition {
            operator: like,
            key: ContextKey::new("aws:SourceArn"),
            values: ConditionValues::Arn(vec![ArnPattern {
                segments: [text, "s3", "", "", "b"].map(Pattern::literal),
                whole: None,
            }]),
        };
        let both = Statement {
            conditions: vec![line("aws"), line("aws-cn")],
            ..statement()
        };
        check(
            both,
            PolicyKind::Identity,
            json!({"Sid": "A", "Effect": "Allow", "Action": ["s3:get*"], "Resource": ["*"], "Condition": {
                "ArnEquals": {"aws:SourceArn": ["arn:aws:s3:::b"]}, "ArnLike": {"aws:SourceArn": ["arn:aws-cn:s3:::b"]}}}),
        );
    }
}
