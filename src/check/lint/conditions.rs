//! Traps of the `Condition` block: what an operator does with a missing key, a wildcard, a variable or a key that it is
//! not made for (semantics.md 3.5 to 3.9).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::catalog;
use crate::formula::{and, not, or, present};
use crate::iam::{
    ArnPattern, Condition, ConditionValues, ContextKey, Effect, Pattern, Piece, Quantifier, ResourcePattern,
    ResourceSet, Segment, Statement, Test, Version, key_facts,
};

use super::{Lint, Notes, listed, quoted};

/// Ids that are given out at random: a wildcard there names no group (semantics.md 3.9).
const IDS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
];

const MFA: &str = "aws:multifactorauthpresent";

/// Notes the traps of a statement.
pub(super) fn lint(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    for (at, condition) in statement.conditions.iter().enumerate() {
        if statement.effect == Effect::Allow && condition.operator.quantifier == Quantifier::ForAll {
            for_all_values(lint, statement, condition, notes);
        }
        if statement.effect == Effect::Deny && is_without_mfa(condition) {
            without_mfa(lint, statement, at, notes);
        }
        literal_wildcards(statement, condition, notes);
        wildcards_in_ids(statement, condition, notes);
        private_addresses(statement, condition, notes);
        root_arns(statement, condition, notes);
        set_operator(statement, condition, notes);
    }
    variables(lint.document.version, statement, notes);
}

/// A request without the key gets in: proved by one that does.
fn for_all_values(lint: &Lint<'_>, statement: &Statement, condition: &Condition, notes: &mut Notes) {
    const RULE: &str = "for-all-values-allow";
    let key = &condition.key;
    // A tag in the request is a tag key in the request.
    let names_a_tag = |other: &Condition| {
        let positive = !other.operator.negated && !other.operator.if_exists;
        positive
            && other.operator.quantifier != Quantifier::ForAll
            && other.key.folded().starts_with("aws:requesttag/")
            && other.values != ConditionValues::Null(vec![true])
    };
    let implied = key.folded() == "aws:tagkeys" && statement.conditions.iter().any(names_a_tag);
    if implied || !lint.prover.may_ask(RULE) {
        return;
    }
    let missing = not(&present(key, lint.prover.vocabulary()));
    let allowed = and([
        lint.prover.matches(statement),
        missing,
        not(&lint.prover.some_deny()),
    ]);
    if lint.prover.is_possible(RULE, allowed) {
        let more = if key_facts(key).multivalued || is_multivalued(key) {
            ""
        } else {
            " (a key with a single value)"
        };
        notes.add(
            RULE,
            statement,
            format!(
                "`ForAllValues` on `{key}`{more} is true for a request without the key: the statement allows it"
            ),
        );
    }
}

fn is_multivalued(key: &ContextKey) -> bool {
    catalog::condition_key(key.folded()).is_some_and(|entry| entry.multivalued)
}

fn is_without_mfa(condition: &Condition) -> bool {
    let operator = condition.operator;
    let only_false = match &condition.values {
        ConditionValues::Folded(values) => values
            .iter()
            .all(|value| value.as_literal().as_deref() == Some("false")),
        _ => false,
    };
    condition.key.folded() == MFA
        && operator.test == Test::Bool
        && operator.quantifier == Quantifier::One
        && !operator.if_exists
        && only_false
}

/// A request without the key, on what the statement is about, is denied by no other statement either.
fn without_mfa(lint: &Lint<'_>, statement: &Statement, at: usize, notes: &mut Notes) {
    const RULE: &str = "mfa-missing-key";
    let Some(condition) = statement.conditions.get(at) else {
        return;
    };
    if !lint.prover.may_ask(RULE) {
        return;
    }
    let mut others = statement.clone();
    others.conditions.remove(at);
    let denies = lint.document.statements.iter().filter(|other| {
        let is_other = other.index != statement.index;
        other.effect == Effect::Deny && is_other
    });
    let denied = or(denies.map(|other| lint.prover.matches(other)).collect::<Vec<_>>());
    let missed = and([
        lint.prover.matches(&others),
        not(&present(&condition.key, lint.prover.vocabulary())),
        not(&denied),
    ]);
    if lint.prover.is_possible(RULE, missed) {
        notes.add(
            RULE,
            statement,
            "`Bool` with `false` on `aws:MultiFactorAuthPresent` does not deny requests that do not carry the key, as \
             those with long-term credentials: use `BoolIfExists`",
        );
    }
}

fn literal_wildcards(statement: &Statement, condition: &Condition, notes: &mut Notes) {
    if !matches!(
        condition.operator.test,
        Test::StringEquals | Test::StringEqualsIgnoreCase
    ) {
        return;
    }
    let wild = |pattern: &Pattern| {
        let text = pattern.to_string();
        let has = |c| pattern.pieces().contains(&Piece::Char(c));
        // `?` begins the query of a web address.
        has('*') || (has('?') && !text.contains("://"))
    };
    let at = positions(texts(condition), wild);
    if !at.is_empty() {
        notes.add(
            "literal-wildcard",
            statement,
            format!(
                "{} for `{}`: `*` and `?` are ordinary characters under `StringEquals` and its family; use `StringLike`",
                values(&at),
                condition.key
            ),
        );
    }
}

fn wildcards_in_ids(statement: &Statement, condition: &Condition, notes: &mut Notes) {
    // What lets in: a match in an Allow, or what a Deny spares.
    let lets_in = condition.operator.negated == (statement.effect == Effect::Deny);
    if !IDS.contains(&condition.key.folded()) || condition.operator.test != Test::StringLike || !lets_in {
        return;
    }
    let wild = |pattern: &Pattern| {
        let mut pieces = pattern.pieces().into_owned().into_iter();
        pieces.any(|piece| matches!(piece, Piece::Star | Piece::Any))
    };
    let at = positions(texts(condition), wild);
    if !at.is_empty() {
        notes.add(
            "wildcard-in-id",
            statement,
            format!(
                "{} for `{}`: a wildcard in an id that is given out at random lets others in too",
                values(&at),
                condition.key
            ),
        );
    }
}

fn private_addresses(statement: &Statement, condition: &Condition, notes: &mut Notes) {
    let (ConditionValues::Ip(ranges), "aws:sourceip") = (&condition.values, condition.key.folded()) else {
        return;
    };
    let at = positions(ranges, is_private);
    if !at.is_empty() {
        notes.add(
            "private-source-ip",
            statement,
            format!(
                "{} for `{}`: a private address is never the source that `aws:SourceIp` tells",
                values(&at),
                condition.key
            ),
        );
    }
}

fn is_private(range: &IpNet) -> bool {
    match (range.network(), range.broadcast()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            first.is_private() && last.is_private() && {
                let block = |address: std::net::Ipv4Addr| match address.octets() {
                    [10, ..] => 1,
                    [172, ..] => 2,
                    _ => 3,
                };
                block(first) == block(last)
            }
        }
        (IpAddr::V6(first), IpAddr::V6(_)) => first.is_unique_local() && range.prefix_len() >= 7,
        _ => false,
    }
}

fn root_arns(statement: &Statement, condition: &Condition, notes: &mut Notes) {
    let lets_in = statement.effect == Effect::Allow && !condition.operator.negated;
    if !lets_in || condition.key.folded() != "aws:principalarn" {
        return;
    }
    let is_root = |arn: &ArnPattern| {
        let literal = |segment| arn.segment(segment).as_literal();
        literal(Segment::Service).as_deref() == Some("iam")
            && literal(Segment::Rest).as_deref() == Some("root")
            && literal(Segment::Account).is_some_and(|account| account.len() == 12)
    };
    let at = match &condition.values {
        ConditionValues::Arn(arns) => positions(arns, is_root),
        ConditionValues::Text(patterns) => positions(patterns, |pattern| {
            crate::iam::split_arn(pattern).is_some_and(|(arn, _)| is_root(&arn))
        }),
        _ => Vec::new(),
    };
    if !at.is_empty() {
        notes.add(
            "root-principal-arn",
            statement,
            format!(
                "{} for `{}` is the root user of the account, not the account",
                values(&at),
                condition.key
            ),
        );
    }
}

fn set_operator(statement: &Statement, condition: &Condition, notes: &mut Notes) {
    let plain = condition.operator.quantifier == Quantifier::One && condition.operator.test != Test::Null;
    if plain && (key_facts(&condition.key).multivalued || is_multivalued(&condition.key)) {
        notes.add(
            "set-operator-missing",
            statement,
            format!(
                "`{}` may hold several values: its operator needs `ForAnyValue:` or `ForAllValues:`",
                condition.key
            ),
        );
    }
}

/// Variables that are none: in an old version, or of a key with several values.
fn variables(version: Version, statement: &Statement, notes: &mut Notes) {
    let resources: &[ResourcePattern] = match &statement.resource {
        ResourceSet::Any => &[],
        ResourceSet::In(entries) | ResourceSet::NotIn(entries) => entries,
    };
    let of_entry = |entry: &ResourcePattern| match entry {
        ResourcePattern::Arn { arn, .. } => arn.segments.to_vec(),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => Vec::new(),
    };
    let mut patterns: Vec<(String, Pattern)> = Vec::new();
    for entry in resources {
        let named = of_entry(entry)
            .into_iter()
            .map(|pattern| ("`Resource`".to_owned(), pattern));
        patterns.extend(named.filter(|(_, pattern)| may_hold_variable(version, pattern)));
    }
    for condition in &statement.conditions {
        let own = all_patterns(condition)
            .into_iter()
            .filter(|pattern| may_hold_variable(version, pattern));
        patterns.extend(own.map(|pattern| (quoted(&condition.key), pattern)));
    }
    for (place, pattern) in patterns {
        match version {
            Version::V2008 => notes.add(
                "literal-variable",
                statement,
                format!("{place} holds `${{…}}`, which is literal text without `Version` 2012-10-17"),
            ),
            Version::V2012 => {
                for key in pattern.variables().filter(|key| key_facts(key).multivalued) {
                    notes.add(
                        "multivalued-variable",
                        statement,
                        format!("{place} uses `{key}` as a variable, which may hold several values"),
                    );
                }
            }
        }
    }
}

/// Cheap: most patterns hold no `$` at all.
fn may_hold_variable(version: Version, pattern: &Pattern) -> bool {
    match version {
        Version::V2012 => pattern.variables().next().is_some(),
        Version::V2008 => {
            pattern.pieces().contains(&Piece::Char('$')) && {
                let text = pattern.to_string();
                let body = text.split_once("${").and_then(|(_, rest)| rest.split_once('}'));
                body.is_some_and(|(body, _)| body.contains(':'))
            }
        }
    }
}

fn texts(condition: &Condition) -> &[Pattern] {
    match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns,
        _ => &[],
    }
}

fn all_patterns(condition: &Condition) -> Vec<Pattern> {
    match &condition.values {
        ConditionValues::Arn(arns) => arns.iter().flat_map(|arn| arn.segments.to_vec()).collect(),
        _ => texts(condition).to_vec(),
    }
}

/// The positions of what passes a test.
fn positions<T>(items: &[T], test: impl Fn(&T) -> bool) -> Vec<usize> {
    let numbered = items.iter().enumerate();
    numbered
        .filter(|(_, item)| test(item))
        .map(|(at, _)| at)
        .collect()
}

/// `value 0`, `values 0 and 2`.
fn values(at: &[usize]) -> String {
    let numbers: Vec<String> = at.iter().map(ToString::to_string).collect();
    let word = if at.len() == 1 { "value" } else { "values" };
    format!("{word} {}", listed(&numbers))
}
