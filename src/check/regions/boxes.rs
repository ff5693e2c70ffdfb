//! Where regions come from: what an Allow statement writes, met with what the check forbids. Each box is a statement, and
//! what is taken out of it are statements too, so that a region is a small policy and means what one means.

use crate::catalog;
use crate::iam::{
    Condition, Effect, ElementSet, Pattern, PrincipalEntry, PrincipalSet, ResourcePattern, ResourceSet,
    Spelled, Statement, Token,
};

use super::Source;
use super::meet::{self, Meet};

/// A box and what is taken out of it.
#[derive(Debug, Clone)]
pub(in crate::check) struct Candidate {
    /// The box, as an Allow.
    pub(in crate::check) base: Statement,
    /// What is taken out, as Denies.
    pub(in crate::check) out: Vec<(Source, Statement)>,
}

/// What both statements speak of, as far as it can be written; `None` when that is nothing.
pub(in crate::check) fn meeting(own: &Statement, other: &Statement) -> Option<Candidate> {
    let mut out = Vec::new();
    let (action, spelled) = actions(own, other, &mut out)?;
    let resource = resources(own, other, &mut out)?;
    let principal = principals(own, other, &mut out);
    let mut conditions = own.conditions.clone();
    conditions.extend(
        other
            .conditions
            .iter()
            .filter(|line| !own.conditions.contains(line))
            .cloned(),
    );
    let mut guard = own.guard.clone();
    guard.extend(
        other
            .guard
            .iter()
            .filter(|fact| !own.guard.contains(fact))
            .cloned(),
    );
    let base = Statement {
        effect: Effect::Allow,
        action,
        spelled,
        resource,
        principal,
        conditions,
        guard,
        ..own.clone()
    };
    Some(Candidate { base, out })
}

/// A statement about everything.
pub(super) fn everything() -> Statement {
    Statement {
        index: 0,
        sid: None,
        effect: Effect::Allow,
        principal: PrincipalSet::Absent,
        action: ElementSet::Any,
        spelled: [].into(),
        resource: ResourceSet::Any,
        conditions: Vec::<Condition>::new(),
        guard: Vec::new(),
    }
}

/// The statement as one that takes its requests away.
pub(super) fn as_deny(statement: &Statement) -> Statement {
    // To an Allow, `{"AWS": "*"}` is everybody; to a Deny that is one of two readings.
    let principal = match &statement.principal {
        PrincipalSet::In(entries)
            if statement.effect == Effect::Allow && entries.contains(&PrincipalEntry::AnyAws) =>
        {
            PrincipalSet::In(vec![PrincipalEntry::Everyone])
        }
        other => other.clone(),
    };
    Statement {
        effect: Effect::Deny,
        principal,
        ..statement.clone()
    }
}

/// The texts of a statement's action entries, as they are written or as AWS writes them.
pub(in crate::check) fn action_texts(statement: &Statement) -> Vec<String> {
    let (ElementSet::In(patterns) | ElementSet::NotIn(patterns)) = &statement.action else {
        return Vec::new();
    };
    let text = |(at, pattern): (usize, &Pattern)| action_text(statement, at, pattern);
    patterns.iter().enumerate().map(text).collect()
}

/// The text of one action entry, by its position.
fn action_text(statement: &Statement, at: usize, pattern: &Pattern) -> String {
    match statement.spelled.get(at) {
        Some(text) => text.to_string(),
        None => catalogued(pattern),
    }
}

/// An action pattern in the letters of the first real action that it matches.
fn catalogued(pattern: &Pattern) -> String {
    let plain = || pattern.to_string();
    let Some(glob) = pattern.as_glob() else {
        return plain();
    };
    let text = plain();
    if let Some(facts) = catalog::action(&text) {
        return facts.name.to_owned();
    }
    let Some((service, _)) = text.split_once(':') else {
        return text;
    };
    let names = catalog::actions_of(service);
    let Some(name) = names.iter().find(|name| glob.matches_folded(name)) else {
        return text;
    };
    let is_letter = |token: &&Token| matches!(token, Token::Char(_));
    let letters: Vec<char> = name.chars().collect();
    let head = glob.tokens().iter().take_while(is_letter).count();
    let tail = glob.tokens().iter().rev().take_while(is_letter).count();
    let length = glob.tokens().len();
    let letter = |(at, token): (usize, &Token)| match token {
        Token::Any => '?',
        Token::Star => '*',
        Token::Char(c) => {
            let from_end = length - at;
            let known = if at < head {
                letters.get(at)
            } else if from_end <= tail {
                letters.len().checked_sub(from_end).and_then(|at| letters.get(at))
            } else {
                None
            };
            known
                .filter(|known| known.eq_ignore_ascii_case(c))
                .copied()
                .unwrap_or(*c)
        }
    };
    glob.tokens().iter().enumerate().map(letter).collect()
}

fn actions(
    own: &Statement,
    other: &Statement,
    out: &mut Vec<(Source, Statement)>,
) -> Option<(ElementSet, Spelled)> {
    use ElementSet::{Any, In, NotIn};
    let mut without = |statement: &Statement, entries: &[Pattern]| {
        let spelled = statement.spelled.clone();
        out.push((
            Source::Own,
            Statement {
                effect: Effect::Deny,
                action: In(entries.to_vec()),
                spelled,
                ..everything()
            },
        ));
    };
    Some(match (&own.action, &other.action) {
        (_, Any) => (own.action.clone(), own.spelled.clone()),
        (Any, _) => (other.action.clone(), other.spelled.clone()),
        (In(_), NotIn(entries)) => {
            without(other, entries);
            (own.action.clone(), own.spelled.clone())
        }
        (NotIn(entries), In(_)) => {
            without(own, entries);
            (other.action.clone(), other.spelled.clone())
        }
        (NotIn(ours), NotIn(theirs)) => {
            let more = theirs.iter().filter(|entry| !ours.contains(entry));
            let entries: Vec<Pattern> = ours.iter().chain(more).cloned().collect();
            (NotIn(entries), [].into())
        }
        (In(ours), In(theirs)) => {
            let mut entries: Vec<(Pattern, String)> = Vec::new();
            for (at, one) in ours.iter().enumerate() {
                for (other_at, two) in theirs.iter().enumerate() {
                    let met = match meet::actions(one, two) {
                        Meet::Nothing => Vec::new(),
                        Meet::First | Meet::Unwritten => vec![(one.clone(), action_text(own, at, one))],
                        Meet::Second => vec![(two.clone(), action_text(other, other_at, two))],
                        Meet::These(these) => these
                            .into_iter()
                            .map(|pattern| {
                                let text = catalogued(&pattern);
                                (pattern, text)
                            })
                            .collect(),
                    };
                    for entry in met {
                        if !entries.iter().any(|(known, _)| *known == entry.0) {
                            entries.push(entry);
                        }
                    }
                }
            }
            if entries.is_empty() {
                return None;
            }
            let (patterns, texts): (Vec<Pattern>, Vec<String>) = entries.into_iter().unzip();
            (
                In(patterns),
                texts.into_iter().map(String::into_boxed_str).collect(),
            )
        }
    })
}

fn resources(own: &Statement, other: &Statement, out: &mut Vec<(Source, Statement)>) -> Option<ResourceSet> {
    use ResourceSet::{Any, In, NotIn};
    let mut without = |entries: &[ResourcePattern]| {
        out.push((
            Source::Own,
            Statement {
                effect: Effect::Deny,
                resource: In(entries.to_vec()).without_short(),
                ..everything()
            },
        ));
    };
    Some(match (&own.resource, &other.resource) {
        (_, Any) => own.resource.clone(),
        (Any, _) => other.resource.clone(),
        (In(_), NotIn(entries)) => {
            without(entries);
            own.resource.clone()
        }
        (NotIn(entries), In(_)) => {
            without(entries);
            other.resource.clone()
        }
        (NotIn(ours), NotIn(theirs)) => {
            let more = theirs.iter().filter(|entry| !ours.contains(entry));
            NotIn(ours.iter().chain(more).cloned().collect())
        }
        (In(ours), In(theirs)) => {
            let mut entries: Vec<ResourcePattern> = Vec::new();
            for (one, two) in ours
                .iter()
                .flat_map(|one| theirs.iter().map(move |two| (one, two)))
            {
                let met = match meet::resources(one, two) {
                    Meet::Nothing => Vec::new(),
                    Meet::First | Meet::Unwritten => vec![one.clone()],
                    Meet::Second => vec![two.clone()],
                    Meet::These(these) => these,
                };
                for entry in met {
                    if !entries.contains(&entry) {
                        entries.push(entry);
                    }
                }
            }
            if entries.is_empty() {
                return None;
            }
            In(entries)
        }
    })
}

fn principals(own: &Statement, other: &Statement, out: &mut Vec<(Source, Statement)>) -> PrincipalSet {
    use PrincipalSet::{Absent, In, NotIn};
    let everybody = |set: &PrincipalSet| match set {
        Absent => true,
        In(entries) => entries
            .iter()
            .any(|entry| matches!(entry, PrincipalEntry::Everyone | PrincipalEntry::AnyAws)),
        NotIn(_) => false,
    };
    match (&own.principal, &other.principal) {
        (_, set) if everybody(set) => own.principal.clone(),
        (set, NotIn(entries)) => {
            out.push((
                Source::Own,
                Statement {
                    effect: Effect::Deny,
                    principal: In(entries.clone()),
                    ..everything()
                },
            ));
            set.clone()
        }
        (set, _) if everybody(set) => other.principal.clone(),
        // Which of them have somebody in common is for the engine to tell.
        (set, _) => set.clone(),
    }
}
