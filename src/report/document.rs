//! A policy document as normalised JSON: lists everywhere, actions in lower case, unknown values as `{{hole:NAME}}`. Two
//! documents with the same normalised form mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::extract::PolicyKind;
use crate::iam::{
    ArnPattern, Condition, ConditionValues, Effect, ElementSet, Instant, OPERATORS, Operator, Pattern, Piece,
    PolicyDocument, PrincipalEntry, PrincipalSet, Quantifier, Rational, ResourcePattern, ResourceSet,
    Statement, Test, Version,
};

/// How the characters of a pattern are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// `*` and `?` are wildcards, so a literal one is written `${*}`.
    Glob,
    /// `*` and `?` are themselves.
    Literal,
}

/// The normalised JSON of a document.
pub fn document_json(document: &PolicyDocument, kind: PolicyKind) -> Value {
    let version = match document.version {
        Version::V2008 => "2008-10-17",
        Version::V2012 => "2012-10-17",
    };
    let writer = Writer {
        version: document.version,
    };
    let statements: Vec<Value> = document
        .statements
        .iter()
        .map(|statement| writer.statement(statement, kind))
        .collect();
    json!({"Version": version, "Statement": statements})
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

struct Writer {
    version: Version,
}

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
        let (name, actions) = match &statement.action {
            ElementSet::Any => ("Action", vec!["*".to_string()]),
            ElementSet::In(patterns) => ("Action", self.globs(patterns)),
            ElementSet::NotIn(patterns) => ("NotAction", self.globs(patterns)),
        };
        object.insert(name.to_string(), json!(actions));
        let (name, resources) = match &statement.resource {
            ResourceSet::Any => ("Resource", vec!["*".to_string()]),
            ResourceSet::In(patterns) => ("Resource", self.resources(patterns)),
            ResourceSet::NotIn(patterns) => ("NotResource", self.resources(patterns)),
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
            let Some((principal_type, text)) = self.principal(entry) else {
                return json!("*");
            };
            by_type.entry(principal_type).or_default().push(text);
        }
        json!(by_type)
    }

    /// Type and text of a principal; `None` for everyone.
    fn principal(&self, entry: &PrincipalEntry) -> Option<(&'static str, String)> {
        let text = |pattern: &Pattern| self.pattern(pattern, Meaning::Glob);
        Some(match entry {
            PrincipalEntry::Everyone => return None,
            PrincipalEntry::AnyAws => ("AWS", "*".to_string()),
            PrincipalEntry::Account(account) => ("AWS", text(account)),
            PrincipalEntry::Role {
                partition,
                account,
                path,
            } => (
                "AWS",
                format!(
                    "arn:{}:iam::{}:role/{}",
                    text(partition),
                    text(account),
                    text(path)
                ),
            ),
            PrincipalEntry::User {
                partition,
                account,
                path,
            } => (
                "AWS",
                format!(
                    "arn:{}:iam::{}:user/{}",
                    text(partition),
                    text(account),
                    text(path)
                ),
            ),
            PrincipalEntry::Session {
                partition,
                account,
                role,
                session,
            } => {
                let (partition, account) = (text(partition), text(account));
                (
                    "AWS",
                    format!(
                        "arn:{partition}:sts::{account}:assumed-role/{}/{}",
                        text(role),
                        text(session)
                    ),
                )
            }
            PrincipalEntry::FederatedUser {
                partition,
                account,
                name,
            } => (
                "AWS",
                format!(
                    "arn:{}:sts::{}:federated-user/{}",
                    text(partition),
                    text(account),
                    text(name)
                ),
            ),
            PrincipalEntry::Service(name) => ("Service", text(name)),
            PrincipalEntry::Federated(name) => ("Federated", text(name)),
            PrincipalEntry::Canonical(name) => ("CanonicalUser", text(name)),
            PrincipalEntry::Dangling(id) => ("AWS", id.clone()),
            PrincipalEntry::Unknown(hole) => ("AWS", hole.to_string()),
        })
    }

    fn globs(&self, patterns: &[Pattern]) -> Vec<String> {
        patterns
            .iter()
            .map(|pattern| self.pattern(pattern, Meaning::Glob))
            .collect()
    }

    fn resources(&self, patterns: &[ResourcePattern]) -> Vec<String> {
        patterns
            .iter()
            .map(|pattern| match pattern {
                ResourcePattern::Any => "*".to_string(),
                ResourcePattern::Arn {
                    short: Some(written), ..
                } => self.pattern(written, Meaning::Glob),
                ResourcePattern::Arn { arn, short: None } => self.arn(arn),
                ResourcePattern::Nothing => "arn:".to_string(),
                ResourcePattern::Unreadable(text) => text.to_string(),
            })
            .collect()
    }

    fn arn(&self, arn: &ArnPattern) -> String {
        match &arn.whole {
            Some(whole) => self.pattern(whole, Meaning::Glob),
            None => format!("arn:{}", self.globs(&arn.segments).join(":")),
        }
    }

    fn conditions(&self, conditions: &[Condition]) -> Value {
        let mut block: Map<String, Value> = Map::new();
        for condition in conditions {
            let values = self.values(condition);
            let key = condition.key.written();
            // Spellings of one operator are alike (`ArnEquals`, `ArnLike`, other case): each line keeps its own entry.
            let free = spellings(condition.operator)
                .into_iter()
                .find(|name| block.get(name).is_none_or(|keys| keys.get(key).is_none()));
            let Some(name) = free else { continue };
            if let Value::Object(keys) = block.entry(name).or_insert_with(|| json!({})) {
                keys.insert(key.to_string(), values);
            }
        }
        Value::Object(block)
    }

    fn values(&self, condition: &Condition) -> Value {
        let meaning = match condition.operator.test {
            Test::StringLike => Meaning::Glob,
            Test::StringEquals
            | Test::StringEqualsIgnoreCase
            | Test::Numeric(_)
            | Test::Date(_)
            | Test::Bool
            | Test::Binary
            | Test::IpAddress
            | Test::Arn
            | Test::Null => Meaning::Literal,
        };
        match &condition.values {
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns
                .iter()
                .map(|pattern| self.pattern(pattern, meaning))
                .collect(),
            ConditionValues::Arn(patterns) => patterns.iter().map(|pattern| self.arn(pattern)).collect(),
            ConditionValues::Number(_, numbers) => numbers.iter().map(decimal).collect(),
            ConditionValues::Date(_, instants) => instants.iter().map(|instant| date(*instant)).collect(),
            ConditionValues::Ip(ranges) => ranges.iter().map(ToString::to_string).collect(),
            ConditionValues::Binary(values) => values.iter().map(|bytes| base64(bytes)).collect(),
            ConditionValues::Null(values) => values.iter().map(ToString::to_string).collect(),
        }
    }

    fn pattern(&self, pattern: &Pattern, meaning: Meaning) -> String {
        let variables = self.version == Version::V2012;
        let pieces = pattern.pieces();
        let mut text = String::with_capacity(pieces.len());
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Char(c @ ('*' | '?')) if meaning == Meaning::Glob => {
                    text.push_str(&format!("${{{c}}}"))
                }
                Piece::Char('$') if variables && pieces.peek() == Some(&&Piece::Char('{')) => {
                    text.push_str("${$}")
                }
                Piece::Char(c) => text.push(*c),
                Piece::Any => text.push('?'),
                Piece::Star => text.push('*'),
                Piece::Var(key, None) => text.push_str(&format!("${{{key}}}")),
                Piece::Var(key, Some(default)) => text.push_str(&format!("${{{key}, '{default}'}}")),
                Piece::Hole(hole) => text.push_str(&hole.to_string()),
            }
        }
        text
    }
}

/// The names of an operator, the usual one first, then spellings in another case, of which there are enough for all
/// lines of one key that a document can hold.
fn spellings(operator: Operator) -> Vec<String> {
    let quantifier = match operator.quantifier {
        Quantifier::One => "",
        Quantifier::ForAny => "ForAnyValue:",
        Quantifier::ForAll => "ForAllValues:",
    };
    let suffix = if operator.if_exists { "IfExists" } else { "" };
    let usual: Vec<String> = OPERATORS
        .iter()
        .filter(|(_, test, negated)| *test == operator.test && *negated == operator.negated)
        .map(|(name, _, _)| format!("{quantifier}{name}{suffix}"))
        .collect();
    let lower = usual
        .first()
        .map(|name| name.to_ascii_lowercase())
        .unwrap_or_default();
    let other: Vec<String> = (0..lower.len())
        .map(|at| {
            lower
                .char_indices()
                .map(|(i, c)| if i == at { c.to_ascii_uppercase() } else { c })
                .collect()
        })
        .collect();
    usual.into_iter().chain([lower]).chain(other).collect()
}

/// A number as an exact decimal: every parsed number has one.
fn decimal(number: &Rational) -> String {
    let ten = Rational::from_integer(10.into());
    let mut scaled = number.clone();
    let mut places = 0_usize;
    while !scaled.is_integer() && places < 5_000 {
        scaled *= &ten;
        places += 1;
    }
    if !scaled.is_integer() {
        return number.to_string();
    }
    let digits = scaled.to_integer().to_string();
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits.as_str()), |digits| ("-", digits));
    let padded = format!("{digits:0>width$}", width = places + 1);
    match padded.split_at_checked(padded.len() - places) {
        Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{padded}"),
    }
}

fn date(instant: Instant) -> String {
    jiff::Timestamp::from_nanosecond(instant)
        .map_or_else(|_| instant.to_string(), |timestamp| timestamp.to_string())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS.get((value & 63) as usize).copied().unwrap_or(b'A'));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (position, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            text.push(if position <= chunk.len() {
                digit(group >> shift)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ContextKey, HoleId, operator, parse_number};

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
    fn literal_wildcards_and_holes_are_told_apart() {
        let writer = Writer {
            version: Version::V2012,
        };
        let pieces = vec![
            Piece::Char('*'),
            Piece::Star,
            Piece::Char('$'),
            Piece::Char('{'),
            Piece::Hole(HoleId::new("h")),
            Piece::Var(ContextKey::new("aws:username"), None),
        ];
        assert_eq!(
            writer.pattern(&Pattern::new(pieces), Meaning::Glob),
            "${*}*${$}{{{hole:h}}${aws:username}"
        );
        assert_eq!(writer.pattern(&Pattern::literal("a*"), Meaning::Literal), "a*");
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

    #[test]
    fn values_are_exact() {
        for (text, expected) in [("1.50", "1.5"), ("-0.05", "-0.05"), ("1e3", "1000"), ("0", "0")] {
            assert_eq!(decimal(&parse_number(text).unwrap()), expected);
        }
        for (bytes, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
    }
}
