//! Statements and entries that no request can match, because their principals and conditions exclude each other. Each
//! element by itself can be met, or another rule says so; only what speaks of the same thing twice is asked of the
//! engine.

use std::collections::BTreeSet;

use crate::iam::{
    Condition, ConditionValues, ContextKey, ElementSet, Pattern, PrincipalEntry, PrincipalSet, Quantifier,
    ResourcePattern, ResourceSet, Statement,
};

use super::{Lint, Notes, listed, quoted};

const STATEMENT: &str = "unmatchable-statement";
const CONDITIONS: &str = "contradictory-conditions";
const ENTRY: &str = "unmatchable-entry";

/// At most so many entries of a statement are tried one by one.
const MAX_ENTRIES: usize = 32;

/// Notes what can never match. Returns the indices of the statements.
pub(super) fn lint(lint: &Lint<'_>, notes: &mut Notes) -> BTreeSet<usize> {
    let mut unmatchable = BTreeSet::new();
    for statement in &lint.statements {
        let mut subjects = subjects(statement);
        if !subjects.may_clash() {
            continue;
        }
        let rule = if statement.conditions.len() > 1 {
            CONDITIONS
        } else {
            STATEMENT
        };
        if lint.prover.is_empty(rule, lint.prover.matches(statement)) {
            unmatchable.insert(statement.index);
            blame(lint, statement, notes);
        } else {
            entries(lint, statement, &mut subjects, notes);
        }
    }
    unmatchable
}

/// What the elements of a statement speak of: twice the same thing may clash.
#[derive(Default)]
struct Subjects {
    principal: usize,
    networks: usize,
    callers: usize,
    organization: usize,
    keys: BTreeSet<ContextKey>,
    twice: BTreeSet<ContextKey>,
}

impl Subjects {
    fn add(&mut self, key: &ContextKey) {
        if let Some(count) = self.group(key) {
            // Read off the principal: some values suit no principal at all.
            *count += match key.folded() {
                "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" | "aws:userid" => 2,
                _ => 1,
            };
        }
        let key = match key.folded() {
            "aws:epochtime" => ContextKey::new("aws:CurrentTime"),
            _ => key.clone(),
        };
        if !self.keys.insert(key.clone()) {
            self.twice.insert(key);
        }
    }

    /// How often the keys that the axioms tie to this one are spoken of.
    fn group(&mut self, key: &ContextKey) -> Option<&mut usize> {
        match key.folded() {
            "aws:principalarn"
            | "aws:principalaccount"
            | "aws:principaltype"
            | "aws:userid"
            | "aws:username" => Some(&mut self.principal),
            "aws:sourceip" | "aws:sourcevpc" | "aws:sourcevpce" | "aws:vpcsourceip" => {
                Some(&mut self.networks)
            }
            "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" | "aws:viaawsservice" => {
                Some(&mut self.callers)
            }
            "aws:principalorgid" | "aws:principalorgpaths" => Some(&mut self.organization),
            _ => None,
        }
    }

    fn may_clash(&self) -> bool {
        !self.twice.is_empty()
            || [self.principal, self.networks, self.callers, self.organization]
                .into_iter()
                .any(|count| count > 1)
    }
}

impl Subjects {
    /// Whether a condition on the key may clash with something else.
    fn clashes_on(&mut self, key: &ContextKey) -> bool {
        let tied = self.group(key).is_some_and(|count| *count > 1);
        tied || self.twice.contains(key) || key.folded() == "aws:epochtime"
    }
}

fn subjects(statement: &Statement) -> Subjects {
    let mut subjects = Subjects::default();
    for condition in &statement.conditions {
        subjects.add(&condition.key);
        let patterns = patterns(condition);
        patterns
            .flat_map(Pattern::variables)
            .for_each(|key| subjects.add(key));
    }
    if let ResourceSet::In(entries) = &statement.resource {
        // Alternatives: none of them needs its variables unless all do.
        let mut shared: Option<BTreeSet<&ContextKey>> = None;
        for entry in entries {
            let own: BTreeSet<&ContextKey> = match entry {
                ResourcePattern::Arn { arn, .. } => {
                    arn.segments.iter().flat_map(Pattern::variables).collect()
                }
                _ => BTreeSet::new(),
            };
            shared = Some(match shared {
                Some(shared) => shared.intersection(&own).copied().collect(),
                None => own,
            });
        }
        shared.into_iter().flatten().for_each(|key| subjects.add(key));
    }
    let named = |entries: &[PrincipalEntry]| {
        let open =
            |entry: &PrincipalEntry| matches!(entry, PrincipalEntry::Everyone | PrincipalEntry::AnyAws);
        !entries.iter().any(open)
    };
    if let PrincipalSet::In(entries) = &statement.principal
        && named(entries)
    {
        subjects.principal += 1;
    }
    subjects
}

fn patterns(condition: &Condition) -> Box<dyn Iterator<Item = &Pattern> + '_> {
    match &condition.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => Box::new(patterns.iter()),
        ConditionValues::Arn(arns) => Box::new(arns.iter().flat_map(|arn| &arn.segments)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Widens one element of a statement.
type Relax = fn(&mut Statement);

/// Says which elements exclude each other: those that cannot be left out one after the other.
fn blame(lint: &Lint<'_>, statement: &Statement, notes: &mut Notes) {
    let mut core = (*statement).clone();
    let empty = |core: &Statement| lint.prover.is_empty(STATEMENT, lint.prover.matches(core));
    let mut elements = Vec::new();
    let relaxations: [(&str, Relax); 3] = [
        ("`Action`", |core| core.action = ElementSet::Any),
        ("`Resource`", |core| core.resource = ResourceSet::Any),
        ("`Principal`", |core| core.principal = PrincipalSet::Absent),
    ];
    for (name, relax) in relaxations {
        let mut wider = core.clone();
        relax(&mut wider);
        if wider == core || empty(&wider) {
            core = wider;
        } else {
            elements.push(name.to_owned());
        }
    }
    for at in (0..core.conditions.len()).rev() {
        let mut wider = core.clone();
        wider.conditions.remove(at);
        if empty(&wider) {
            core = wider;
        }
    }
    let keys: BTreeSet<String> = core
        .conditions
        .iter()
        .map(|condition| quoted(&condition.key))
        .collect();
    let keys: Vec<String> = keys.into_iter().collect();
    match (elements.is_empty(), core.conditions.as_slice()) {
        (true, [only]) => notes.add(
            CONDITIONS,
            statement,
            format!("its condition on `{}` can never hold", only.key),
        ),
        (true, _) => notes.add(
            CONDITIONS,
            statement,
            format!("its conditions on {} cannot hold together", listed(&keys)),
        ),
        (false, []) => notes.add(
            STATEMENT,
            statement,
            format!("no request can match its {}", listed(&elements)),
        ),
        (false, _) => notes.add(
            STATEMENT,
            statement,
            format!(
                "no request can match its {} and its conditions on {}",
                listed(&elements),
                listed(&keys)
            ),
        ),
    }
}

/// Notes single principals and condition values that can never match while the statement can.
fn entries(lint: &Lint<'_>, statement: &Statement, subjects: &mut Subjects, notes: &mut Notes) {
    if let PrincipalSet::In(entries) = &statement.principal
        && subjects.principal > 1
    {
        let narrowed = |at: usize| {
            let entry = entries.get(at)?;
            let dangling = matches!(entry, PrincipalEntry::Dangling(_));
            (!dangling).then(|| Statement {
                principal: PrincipalSet::In(vec![entry.clone()]),
                ..(*statement).clone()
            })
        };
        dead(lint, statement, (entries.len(), "`Principal`"), narrowed, notes);
    }
    for (at, condition) in statement.conditions.iter().enumerate() {
        // Only a single value that matches can be said to do so: all values of the request must match some.
        if condition.operator.negated
            || condition.operator.quantifier == Quantifier::ForAll
            || !subjects.clashes_on(&condition.key)
        {
            continue;
        }
        let narrowed = |value: usize| {
            let mut narrowed = (*statement).clone();
            let line = narrowed.conditions.get_mut(at)?;
            line.values = one_value(&line.values, value)?;
            // Without the key every value is met.
            line.operator.if_exists = false;
            Some(narrowed)
        };
        let place = quoted(&condition.key);
        dead(
            lint,
            statement,
            (count(&condition.values), &place),
            narrowed,
            notes,
        );
    }
}

fn dead(
    lint: &Lint<'_>,
    statement: &Statement,
    (count, place): (usize, &str),
    narrowed: impl Fn(usize) -> Option<Statement>,
    notes: &mut Notes,
) {
    if count < 2 {
        return;
    }
    if count > MAX_ENTRIES {
        return lint.prover.give_up(ENTRY);
    }
    let never = |at: &usize| {
        narrowed(*at).is_some_and(|narrowed| lint.prover.is_empty(ENTRY, lint.prover.matches(&narrowed)))
    };
    let at: Vec<String> = (0..count).filter(never).map(|at| at.to_string()).collect();
    if !at.is_empty() && at.len() < count {
        let word = if at.len() == 1 { "entry" } else { "entries" };
        notes.add(
            ENTRY,
            statement,
            format!(
                "{word} {} of {place} can never match: the rest of the statement excludes it",
                listed(&at)
            ),
        );
    }
}

fn count(values: &ConditionValues) -> usize {
    match values {
        ConditionValues::Text(values) | ConditionValues::Folded(values) => values.len(),
        ConditionValues::Arn(values) => values.len(),
        ConditionValues::Number(_, values) => values.len(),
        ConditionValues::Date(_, values) => values.len(),
        ConditionValues::Ip(values) => values.len(),
        ConditionValues::Binary(values) => values.len(),
        // `true` and `false` are no list to choose from.
        ConditionValues::Null(_) => 0,
    }
}

fn one_value(values: &ConditionValues, at: usize) -> Option<ConditionValues> {
    Some(match values {
        ConditionValues::Text(values) => ConditionValues::Text(vec![values.get(at)?.clone()]),
        ConditionValues::Folded(values) => ConditionValues::Folded(vec![values.get(at)?.clone()]),
        ConditionValues::Arn(values) => ConditionValues::Arn(vec![values.get(at)?.clone()]),
        ConditionValues::Number(comparison, values) => {
            ConditionValues::Number(*comparison, vec![values.get(at)?.clone()])
        }
        ConditionValues::Date(comparison, values) => {
            ConditionValues::Date(*comparison, vec![*values.get(at)?])
        }
        ConditionValues::Ip(values) => ConditionValues::Ip(vec![*values.get(at)?]),
        ConditionValues::Binary(values) => ConditionValues::Binary(vec![values.get(at)?.clone()]),
        ConditionValues::Null(_) => return None,
    })
}
