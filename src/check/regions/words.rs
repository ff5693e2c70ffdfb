//! A region in words: `s3:Get*` on `arn:aws:s3:::logs/*` by anyone, only if …, unless ….

use crate::iam::{
    Comparison, Condition, ConditionValues, ElementSet, PrincipalEntry, PrincipalSet, Quantifier,
    ResourceSet, Spelling, Statement, Test, operator_names, shown_fact,
};

use super::boxes::action_texts;
use super::{ConditionText, Entries, Exception, Part, Region, Source, Strangers};

/// More entries of one element than this are counted.
const MAX_ENTRIES: usize = 8;

/// A statement's elements as they are written.
pub(super) fn part(statement: &Statement, spelling: Spelling) -> Part {
    let actions = match &statement.action {
        ElementSet::Any => Entries::Any,
        ElementSet::In(_) => Entries::In(action_texts(statement)),
        ElementSet::NotIn(_) => Entries::NotIn(action_texts(statement)),
    };
    let texts = |entries: &[crate::iam::ResourcePattern]| {
        entries.iter().map(|entry| spelling.resource(entry)).collect()
    };
    let resources = match &statement.resource {
        ResourceSet::Any => Entries::Any,
        ResourceSet::In(entries) => Entries::In(texts(entries)),
        ResourceSet::NotIn(entries) => Entries::NotIn(texts(entries)),
    };
    let texts = |entries: &[PrincipalEntry]| {
        let text = |entry| {
            spelling
                .principal(entry)
                .map_or_else(|| "*".to_owned(), |(_, text)| text)
        };
        entries.iter().map(text).collect()
    };
    let principals = match &statement.principal {
        PrincipalSet::Absent => Entries::Any,
        PrincipalSet::In(entries) => Entries::In(texts(entries)),
        PrincipalSet::NotIn(entries) => Entries::NotIn(texts(entries)),
    };
    Part {
        actions,
        resources,
        principals,
        conditions: statement
            .conditions
            .iter()
            .map(|line| condition(line, spelling))
            .collect(),
        facts: statement
            .guard
            .iter()
            .map(|fact| (shown_fact(&fact.name).to_owned(), fact.holds))
            .collect(),
    }
}

fn condition(line: &Condition, spelling: Spelling) -> ConditionText {
    let values = spelling.values(line);
    ConditionText {
        operator: operator_names(line.operator)
            .into_iter()
            .next()
            .unwrap_or_default(),
        key: line.key.written().to_owned(),
        text: condition_words(line, &values),
        values,
    }
}

/// A condition in words.
pub(in crate::check) fn condition_text(line: &Condition, spelling: Spelling) -> String {
    condition(line, spelling).text
}

/// The elements of a statement in words.
pub(in crate::check) fn statement_text(statement: &Statement, spelling: Spelling) -> String {
    region(&Region {
        statements: Vec::new(),
        part: part(statement, spelling),
        unless: Vec::new(),
        strangers: None,
        extent: super::Extent::Within,
    })
}

fn condition_words(line: &Condition, values: &[String]) -> String {
    let operator = line.operator;
    let key = format!("`{}`", line.key.written());
    if let ConditionValues::Null(wanted) = &line.values {
        return match (wanted.contains(&true), wanted.contains(&false)) {
            (true, false) => format!("{key} is absent"),
            (false, true) => format!("{key} is present"),
            _ => format!("{key} is present or absent"),
        };
    }
    let subject = match operator.quantifier {
        Quantifier::One => key,
        Quantifier::ForAny => format!("some value of {key}"),
        Quantifier::ForAll => format!("every value of {key}"),
    };
    let verb = verb(operator.test, operator.negated);
    let values = listed(values, "or");
    // A negated test holds without the key too.
    let absent = match operator.quantifier {
        Quantifier::One => operator.if_exists || operator.negated,
        Quantifier::ForAny => operator.if_exists,
        Quantifier::ForAll => true,
    };
    let absent = if absent { " or is absent" } else { "" };
    format!("{subject} {verb} {values}{absent}")
}

fn verb(test: Test, negated: bool) -> &'static str {
    let pick = |plain, negative| if negated { negative } else { plain };
    let compared = |comparison| match comparison {
        Comparison::Equal => pick("is", "is not"),
        Comparison::Less => "is less than",
        Comparison::LessOrEqual => "is at most",
        Comparison::Greater => "is greater than",
        Comparison::GreaterOrEqual => "is at least",
    };
    match test {
        Test::StringEquals | Test::Bool | Test::Binary | Test::Null => pick("is", "is not"),
        Test::StringEqualsIgnoreCase => pick("is, in any case,", "is not, in any case,"),
        Test::StringLike | Test::Arn => pick("is like", "is not like"),
        Test::IpAddress => pick("is in", "is not in"),
        Test::Numeric(comparison) | Test::Date(comparison) => compared(comparison),
    }
}

fn listed(values: &[String], word: &str) -> String {
    let quoted: Vec<String> = values
        .iter()
        .take(MAX_ENTRIES)
        .map(|value| format!("`{value}`"))
        .collect();
    let more = values.len().saturating_sub(MAX_ENTRIES);
    match (quoted.as_slice(), more) {
        (_, 1..) => format!("{} {word} {more} more", quoted.join(", ")),
        ([only], 0) => only.clone(),
        ([head @ .., last], 0) => format!("{} {word} {last}", head.join(", ")),
        ([], 0) => String::new(),
    }
}

/// The region in one sentence, without a full stop.
pub(super) fn region(region: &Region) -> String {
    let part = &region.part;
    let mut text = format!(
        "{} on {}",
        entries(&part.actions, "any action"),
        entries(&part.resources, "any resource")
    );
    match (principals(&part.principals), region.strangers) {
        (Some(who), None) => text.push_str(&format!(" by {who}")),
        (Some(who), Some(Strangers::Public)) => {
            text.push_str(&format!(" by {who} whom the owner does not know"))
        }
        (Some(who), Some(Strangers::External)) => {
            text.push_str(&format!(" by {who} outside the zone of trust"));
        }
        (None, _) => {}
    }
    let conditions = conditions(part);
    if !conditions.is_empty() {
        text.push_str(&format!(", only if {}", conditions.join(" and ")));
    }
    for exception in &region.unless {
        text.push_str(&format!(", unless {}", unless(exception)));
    }
    text
}

fn unless(exception: &Exception) -> String {
    let part = &exception.part;
    let mut words = Vec::new();
    if part.actions != Entries::Any {
        words.push(entries(&part.actions, "any action"));
    }
    if part.resources != Entries::Any {
        words.push(format!("on {}", entries(&part.resources, "any resource")));
    }
    words.extend(principals(&part.principals).map(|who| format!("by {who}")));
    let conditions = conditions(part).join(" and ");
    if !conditions.is_empty() {
        let join = if words.is_empty() { "" } else { "if " };
        words.push(format!("{join}{conditions}"));
    }
    let why = match exception.source {
        Source::Deny(index) => format!(" (denied by statement {index})"),
        Source::Reference(_) => " (allowed by the reference)".to_owned(),
        Source::Own => String::new(),
    };
    format!("{}{why}", words.join(" "))
}

fn conditions(part: &Part) -> Vec<String> {
    let lines = part.conditions.iter().map(|line| line.text.clone());
    let fact = |(name, holds): &(String, bool)| {
        if *holds {
            format!("`{name}` holds")
        } else {
            format!("`{name}` does not hold")
        }
    };
    lines.chain(part.facts.iter().map(fact)).collect()
}

fn entries(entries: &Entries, any: &str) -> String {
    match entries {
        Entries::Any => any.to_owned(),
        Entries::In(texts) if texts.iter().any(|text| text == "*") => any.to_owned(),
        Entries::In(texts) => {
            let shown: Vec<String> = texts
                .iter()
                .take(MAX_ENTRIES)
                .map(|text| format!("`{text}`"))
                .collect();
            let more = texts.len().saturating_sub(MAX_ENTRIES);
            match more {
                0 => shown.join(", "),
                more => format!("{} and {more} more", shown.join(", ")),
            }
        }
        Entries::NotIn(texts) => format!("{any} but {}", listed(texts, "and")),
    }
}

/// Whom the part speaks of; nothing where the policy does not say.
fn principals(set: &Entries) -> Option<String> {
    match set {
        Entries::Any => None,
        Entries::In(texts) if texts.iter().any(|text| text == "*") => Some("anyone".to_owned()),
        Entries::In(_) => Some(entries(set, "anyone")),
        Entries::NotIn(_) => Some(entries(set, "anyone")),
    }
}
