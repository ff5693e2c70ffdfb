//! Names that AWS does not know, by the bundled catalog: services, actions, condition keys; and actions on resources that
//! they do not take.

use std::collections::BTreeSet;

use crate::catalog::{self, ActionFacts};
use crate::check::standards::nearest_within;
use crate::iam::{
    ArnPattern, ConditionValues, ContextKey, ElementSet, Pattern, ResourcePattern, ResourceSet, Segment,
    Statement, Token,
};

use super::cover::{meet, outline};
use super::{NAMED, Notes, listed, quoted};

/// One letter in so many may be wrong in a misspelt name.
const SHARE: usize = 4;

/// Notes the names of a statement that are not known.
pub(super) fn lint(statement: &Statement, notes: &mut Notes) {
    let patterns: &[Pattern] = match &statement.action {
        ElementSet::Any => &[],
        ElementSet::In(patterns) | ElementSet::NotIn(patterns) => patterns,
    };
    let mut misfits = Vec::new();
    let mut unknown = Vec::new();
    for pattern in patterns {
        match known(pattern) {
            Known::Open => {}
            Known::NoService(prefix) => no_service(statement, &prefix, notes),
            Known::NoAction => unknown.push(pattern),
            Known::Actions(facts) => {
                if let (ResourceSet::In(entries), ElementSet::In(_)) =
                    (&statement.resource, &statement.action)
                    && !facts.iter().any(|facts| takes_some(facts, entries))
                {
                    misfits.push(shown(pattern, &facts));
                }
            }
        }
    }
    no_actions(statement, &unknown, notes);
    if !misfits.is_empty() {
        let (verb, them) = match misfits.as_slice() {
            [_] => ("takes", "it"),
            _ => ("take", "them"),
        };
        notes.add(
            "unsupported-resource",
            statement,
            format!(
                "{} {verb} none of the resources listed: the statement says nothing of {them}",
                listed(&misfits)
            ),
        );
    }
    keys(statement, notes);
}

/// What the catalog has for an action pattern.
enum Known {
    /// Cannot be told: the service is not fixed, or part of the pattern is unknown.
    Open,
    /// No such service.
    NoService(String),
    /// A service, but no such action.
    NoAction,
    /// The actions it matches.
    Actions(Vec<&'static ActionFacts>),
}

fn known(pattern: &Pattern) -> Known {
    let Some(glob) = pattern.as_glob() else {
        return Known::Open;
    };
    let parts = pattern.splitn(2, ':');
    let [prefix, name] = parts.as_slice() else {
        return Known::Open;
    };
    let Some(prefix) = prefix.as_literal() else {
        return Known::Open;
    };
    if name.is_empty() || glob.is_star() {
        return Known::Open;
    }
    if !catalog::is_service(&prefix) {
        return Known::NoService(prefix);
    }
    let Some(name) = name.as_glob() else {
        return Known::Open;
    };
    let actions: Vec<&ActionFacts> = match name.as_literal() {
        Some(literal) => catalog::facts(&prefix, &literal).into_iter().collect(),
        None => {
            let begin: String = name.tokens().iter().map_while(character).collect();
            catalog::facts_from(&prefix, &begin)
                .filter(|(known, _)| name.matches(known))
                .map(|(_, facts)| facts)
                .collect()
        }
    };
    if actions.is_empty() {
        Known::NoAction
    } else {
        Known::Actions(actions)
    }
}

fn character(token: &Token) -> Option<char> {
    match token {
        Token::Char(c) => Some(*c),
        Token::Any | Token::Star => None,
    }
}

fn no_service(statement: &Statement, prefix: &str, notes: &mut Notes) {
    let near = nearest_within(prefix, catalog::services(), SHARE);
    notes.add(
        "unknown-service",
        statement,
        format!("no service has the prefix `{prefix}`{}", meant(near)),
    );
}

/// A note for each pattern, with what may have been meant; one for all where there are many.
fn no_actions(statement: &Statement, patterns: &[&Pattern], notes: &mut Notes) {
    const RULE: &str = "unknown-action";
    if patterns.len() > NAMED {
        let names: Vec<String> = patterns.iter().map(quoted).collect();
        return notes.add(
            RULE,
            statement,
            format!("{} are no actions, or match none", listed(&names)),
        );
    }
    for pattern in patterns {
        let message = match pattern.as_literal() {
            Some(name) => {
                let (prefix, own) = name.split_once(':').unwrap_or_default();
                let known = catalog::actions_of(prefix).iter().copied();
                let near = nearest_within(own, known.filter_map(after_colon), SHARE);
                let near = near.map(|near| format!("{prefix}:{near}"));
                format!("`{name}` is not an action{}", meant(near.as_deref()))
            }
            None => format!("`{pattern}` matches no action of its service"),
        };
        notes.add(RULE, statement, message);
    }
}

fn after_colon(name: &str) -> Option<&str> {
    name.split_once(':').map(|(_, name)| name)
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The pattern, in AWS's spelling where it is one action.
fn shown(pattern: &Pattern, facts: &[&ActionFacts]) -> String {
    match (pattern.as_literal(), facts) {
        (Some(_), [only]) => quoted(only.name),
        _ => quoted(pattern),
    }
}

/// Whether the action takes a resource that one of the entries may match.
fn takes_some(facts: &ActionFacts, entries: &[ResourcePattern]) -> bool {
    entries.iter().any(|entry| match entry {
        // What cannot be read may turn out to be anything.
        ResourcePattern::Any | ResourcePattern::Unreadable(_) => true,
        ResourcePattern::Nothing => false,
        ResourcePattern::Arn { arn, .. } if arn.whole.is_some() => true,
        ResourcePattern::Arn { arn, .. } => facts.resources.iter().any(|form| may_be(arn, form)),
    })
}

/// Whether an ARN pattern may match an ARN of a documented form (`arn:${Partition}:s3:::${BucketName}`).
fn may_be(arn: &ArnPattern, form: &str) -> bool {
    let bucket = form == "arn:${Partition}:s3:::${BucketName}";
    let mut parts = form.splitn(6, ':').skip(2);
    // The partition is every form's own; the service tells most forms apart.
    let segments = [Segment::Service, Segment::Region, Segment::Account, Segment::Rest];
    segments.into_iter().all(|segment| {
        parts
            .next()
            .is_some_and(|part| segment_may_be(arn.segment(segment), segment, part))
    }) && !(bucket && has_slash(arn.segment(Segment::Rest)))
}

fn segment_may_be(pattern: &Pattern, segment: Segment, form: &str) -> bool {
    // Some services leave region and account empty in practice, whatever the form says.
    let may_be_empty = matches!(segment, Segment::Region | Segment::Account);
    if pattern.is_star() || form == "*" || (may_be_empty && (form.contains("${") || pattern.is_empty())) {
        return true;
    }
    let begins_alike = pattern.plain().is_none_or(|tokens| {
        let fixed = form.split("${").next().unwrap_or_default();
        let pairs = tokens.iter().zip(fixed.chars());
        pairs
            .map_while(|(token, c)| match token {
                Token::Char(own) => Some(*own == c),
                Token::Any => Some(true),
                Token::Star => None,
            })
            .all(|same| same)
    });
    begins_alike && meet(pattern, &form_pattern(form))
}

/// The name of a bucket has no `/`.
fn has_slash(rest: &Pattern) -> bool {
    outline(rest).tokens().contains(&Token::Char('/'))
}

/// A part of a form with `${Name}` as `*`.
fn form_pattern(form: &str) -> Pattern {
    let mut text = String::with_capacity(form.len());
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    Pattern::glob(&text)
}

/// Notes condition keys, and keys of policy variables, that are not known.
fn keys(statement: &Statement, notes: &mut Notes) {
    let conditions = statement.conditions.iter().map(|condition| &condition.key);
    let mut names: BTreeSet<&ContextKey> = conditions.collect();
    for condition in &statement.conditions {
        match &condition.values {
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
                names.extend(patterns.iter().flat_map(Pattern::variables));
            }
            ConditionValues::Arn(arns) => {
                let patterns = arns.iter().flat_map(|arn| &arn.segments);
                names.extend(patterns.flat_map(Pattern::variables));
            }
            _ => {}
        }
    }
    if let ResourceSet::In(entries) | ResourceSet::NotIn(entries) = &statement.resource {
        for entry in entries {
            if let ResourcePattern::Arn { arn, .. } = entry {
                names.extend(arn.segments.iter().flat_map(Pattern::variables));
            }
        }
    }
    for key in names {
        if !is_of_provider(key) && catalog::condition_key(key.folded()).is_none() {
            let plain = |known: &&str| !known.contains(['$', '*', '<']);
            let known = catalog::keys_near(key.folded()).into_iter().filter(plain);
            let near = nearest_within(key.written(), known, SHARE + 1);
            notes.add(
                "unknown-condition-key",
                statement,
                format!("`{key}` is not a condition key{}", meant(near)),
            );
        }
    }
}

/// Claims of identity providers are keys too: `oidc.example.com/id:sub`.
fn is_of_provider(key: &ContextKey) -> bool {
    let prefix = key.folded().rsplit_once(':').map_or("", |(prefix, _)| prefix);
    prefix.contains('.')
}
