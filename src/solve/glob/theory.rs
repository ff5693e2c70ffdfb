//! The theory of the variables: is there a value for one variable that makes these literals true? Each variable is
//! decided by itself; answers are remembered.

use std::collections::{BTreeMap, BTreeSet};

use crate::formula::{CharClass, Domain, Run, ValueSet, Variable, domain};
use crate::iam::{KeyType, PrincipalKind, key_facts};

use super::cover::Case;
use super::globset::GlobSet;
use super::skeleton::{AtomClaim, Literal, Skeleton};
use super::steps::{Steps, Stop};
use super::strings::{Effort, Found, Question, find};
use super::values;

/// Sets of at most so many globs are compared beyond need.
const SMALL: usize = 32;

/// A value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text.
    Text(String),
    /// A principal kind.
    Kind(PrincipalKind),
}

/// Whether literals of one variable can be true together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Feasible {
    /// With this value.
    Yes(Value),
    /// Already these of them cannot.
    No(Vec<Literal>),
    /// Quick effort did not tell.
    Unsure,
    /// Not decided, and why.
    Undecided(&'static str),
}

/// The theory of the variables of one skeleton.
#[derive(Debug)]
pub(super) struct Theory<'a> {
    variables: Vec<(Domain, Sort)>,
    sets: Vec<Set<'a>>,
    lenders: Vec<Vec<usize>>,
    /// Literals that were compared with all literals of that sign.
    compared: BTreeSet<(Literal, bool)>,
    /// The atoms of each variable.
    atoms: Vec<Vec<usize>>,
    known: BTreeMap<(usize, Effort), BTreeMap<Vec<Literal>, Feasible>>,
}

/// How a variable's values are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Kind,
    /// Texts of the domain.
    Text,
    /// `true` and `false`.
    Bool,
    /// Texts of which some comparisons read as numbers, dates or addresses; all values are of the sort, if there is one.
    Typed(Option<values::Sort>),
}

/// An atom's set, prepared.
#[derive(Debug)]
pub(super) enum Set<'a> {
    /// A fact: no set.
    None,
    /// Globs.
    Globs(GlobSet<'a>),
    /// Anything else.
    Other(&'a ValueSet),
}

impl<'a> Theory<'a> {
    /// The theory of a skeleton.
    pub(super) fn of(skeleton: &Skeleton<'a>) -> Result<Theory<'a>, Stop> {
        let mut typed = vec![false; skeleton.variables.len()];
        let mut sets = Vec::with_capacity(skeleton.atoms.len());
        for claim in &skeleton.atoms {
            let AtomClaim::Member(number, set) = claim else {
                sets.push(Set::None);
                continue;
            };
            let is_kind = matches!(skeleton.variables.get(*number), Some(Variable::PrincipalKind));
            match set {
                ValueSet::Globs(globs) if !is_kind => sets.push(Set::Globs(GlobSet::new(globs, Case::Exact))),
                ValueSet::Folded(globs) if !is_kind => {
                    sets.push(Set::Globs(GlobSet::new(globs, Case::Folded)))
                }
                ValueSet::Numbers(_) | ValueSet::Instants(_) | ValueSet::Addresses(_) if !is_kind => {
                    if let Some(typed) = typed.get_mut(*number) {
                        *typed = true;
                    }
                    sets.push(Set::Other(set));
                }
                ValueSet::Kinds(_) if is_kind => sets.push(Set::Other(set)),
                ValueSet::Templates { .. } => return Err(Stop::Unsupported("a pattern with variables")),
                ValueSet::Globs(_)
                | ValueSet::Folded(_)
                | ValueSet::Numbers(_)
                | ValueSet::Instants(_)
                | ValueSet::Addresses(_)
                | ValueSet::Kinds(_) => {
                    return Err(Stop::Unsupported("a set of another kind than its variable"));
                }
            }
        }
        let variables: Vec<(Domain, Sort)> = skeleton
            .variables
            .iter()
            .zip(typed)
            .map(|(variable, typed)| (domain(variable), sort(variable, typed)))
            .collect();
        let mut atoms = vec![Vec::new(); skeleton.variables.len()];
        for atom in 0..skeleton.atoms.len() {
            if let Some(atoms) = skeleton
                .variable_of(atom)
                .and_then(|variable| atoms.get_mut(variable))
            {
                atoms.push(atom);
            }
        }
        let lenders = lenders(skeleton, &sets, &variables);
        Ok(Theory {
            variables,
            sets,
            lenders,
            compared: BTreeSet::new(),
            atoms,
            known: BTreeMap::new(),
        })
    }

    /// Whether there is a value of the variable that makes all the literals, which are about it, true.
    pub(super) fn feasible(
        &mut self,
        variable: usize,
        literals: &[Literal],
        effort: Effort,
        steps: &Steps,
    ) -> Result<Feasible, Stop> {
        let mut literals = literals.to_vec();
        literals.sort_unstable();
        literals.dedup();
        let place = (variable, effort);
        if let Some(answer) = self.known.get(&place).and_then(|known| known.get(&literals)) {
            return Ok(answer.clone());
        }
        let answer = self.decide(variable, &literals, effort, steps)?;
        self.known
            .entry(place)
            .or_default()
            .insert(literals, answer.clone());
        Ok(answer)
    }

    /// Atoms whose globs have symbols, which make texts possible that are not otherwise: what is infeasible may become
    /// feasible when one of these holds too. Only for variables where that makes a difference.
    pub(super) fn lenders(&self, variable: usize) -> &[usize] {
        self.lenders.get(variable).map_or(&[], Vec::as_slice)
    }

    /// Forgets the lenders that are left in no clause.
    pub(super) fn keep_lenders(&mut self, keep: impl Fn(usize) -> bool) {
        for lenders in &mut self.lenders {
            lenders.retain(|atom| keep(*atom));
        }
    }

    /// The literals of an infeasible set that are needed to make it so.
    pub(super) fn core(
        &mut self,
        variable: usize,
        infeasible: Vec<Literal>,
        steps: &Steps,
    ) -> Result<Vec<Literal>, Stop> {
        let mut core = infeasible;
        let mut at = 0;
        while core.len() > 1
            && let Some(literal) = core.get(at).copied()
        {
            let fewer: Vec<Literal> = core.iter().copied().filter(|other| *other != literal).collect();
            match self.decide(variable, &fewer, Effort::Quick, steps)? {
                Feasible::No(_) => core = fewer,
                Feasible::Yes(_) | Feasible::Unsure | Feasible::Undecided(_) => at += 1,
            }
        }
        Ok(core)
    }

    /// After two literals turned out to exclude each other: which others exclude one of them. Asking now saves a round of
    /// the Boolean core for each. Only small sets are asked about, of atoms that pass the filter.
    pub(super) fn alike(
        &mut self,
        variable: usize,
        core: &[Literal],
        filter: impl Fn(usize) -> bool,
        steps: &Steps,
    ) -> Result<Vec<[Literal; 2]>, Stop> {
        let [one, two] = core else { return Ok(Vec::new()) };
        if !self.lenders(variable).is_empty() || !self.is_small(one.atom) || !self.is_small(two.atom) {
            return Ok(Vec::new());
        }
        let atoms: Vec<usize> = self.atoms.get(variable).into_iter().flatten().copied().collect();
        let mut pairs = Vec::new();
        for (kept, replaced) in [(*one, *two), (*two, *one)] {
            if !self.compared.insert((kept, replaced.holds)) {
                continue;
            }
            for atom in atoms
                .iter()
                .copied()
                .filter(|atom| filter(*atom) && self.is_small(*atom))
            {
                let other = Literal {
                    atom,
                    holds: replaced.holds,
                };
                let pair = [kept, other];
                if kept.atom != atom
                    && other != replaced
                    && let Feasible::No(_) = self.decide(variable, &pair, Effort::Quick, steps)?
                {
                    pairs.push(pair);
                }
            }
        }
        Ok(pairs)
    }

    fn is_small(&self, atom: usize) -> bool {
        match self.sets.get(atom) {
            Some(Set::Globs(globs)) => globs.len() <= SMALL,
            Some(Set::None | Set::Other(_)) | None => false,
        }
    }

    fn decide(
        &self,
        variable: usize,
        literals: &[Literal],
        effort: Effort,
        steps: &Steps,
    ) -> Result<Feasible, Stop> {
        let Some((domain, sort)) = self.variables.get(variable) else {
            return Err(Stop::Unsupported("internal: a variable without a number"));
        };
        match sort {
            Sort::Kind => Ok(self.kind(literals)),
            Sort::Text => self.text(*domain, literals, effort, steps),
            Sort::Bool => self.bool(*domain, literals, effort, steps),
            Sort::Typed(sort) => self.typed(*sort, *domain, literals, effort, steps),
        }
    }

    fn set(&self, literal: Literal) -> &Set<'a> {
        self.sets.get(literal.atom).unwrap_or(&Set::None)
    }

    fn kind(&self, literals: &[Literal]) -> Feasible {
        let fits = |kind: &PrincipalKind| {
            literals.iter().all(|literal| match self.set(*literal) {
                Set::Other(ValueSet::Kinds(kinds)) => kinds.contains(*kind) == literal.holds,
                Set::None | Set::Globs(_) | Set::Other(_) => false,
            })
        };
        match PrincipalKind::ALL.iter().find(|kind| fits(kind)) {
            Some(kind) => Feasible::Yes(Value::Kind(*kind)),
            None => Feasible::No(literals.to_vec()),
        }
    }

    fn text(
        &self,
        domain: Domain,
        literals: &[Literal],
        effort: Effort,
        steps: &Steps,
    ) -> Result<Feasible, Stop> {
        let mut question = Question {
            domain,
            positives: Vec::new(),
            negatives: Vec::new(),
        };
        let mut negatives = Vec::new();
        for literal in literals {
            let Set::Globs(globs) = self.set(*literal) else {
                continue;
            };
            if literal.holds {
                question.positives.push(globs);
            } else {
                question.negatives.push(globs);
                negatives.push(*literal);
            }
        }
        Ok(match find(&question, effort, steps)? {
            Found::Text(text) => Feasible::Yes(Value::Text(text)),
            Found::Unsure => Feasible::Unsure,
            Found::Nothing(used) => {
                let used = negatives
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| used.contains(number));
                let positives = literals.iter().filter(|literal| literal.holds);
                Feasible::No(
                    positives
                        .chain(used.map(|(_, literal)| literal))
                        .copied()
                        .collect(),
                )
            }
        })
    }

    /// Every comparison is tried on both values; symbols can only come from globs.
    fn bool(
        &self,
        domain: Domain,
        literals: &[Literal],
        effort: Effort,
        steps: &Steps,
    ) -> Result<Feasible, Stop> {
        if literals
            .iter()
            .all(|literal| matches!(self.set(*literal), Set::Globs(_)))
        {
            return self.text(domain, literals, effort, steps);
        }
        self.typed(Some(values::Sort::Bool), domain, literals, effort, steps)
    }

    fn typed(
        &self,
        sort: Option<values::Sort>,
        domain: Domain,
        literals: &[Literal],
        effort: Effort,
        steps: &Steps,
    ) -> Result<Feasible, Stop> {
        let sets: Vec<(&Set<'_>, bool)> = literals
            .iter()
            .map(|literal| (self.set(*literal), literal.holds))
            .collect();
        match values::find(sort, &sets, steps)? {
            values::Outcome::Text(text) => return Ok(Feasible::Yes(Value::Text(text))),
            values::Outcome::Nothing => return Ok(Feasible::No(literals.to_vec())),
            values::Outcome::Open => {}
        }
        // One kind of comparison alone may be infeasible: that is enough.
        let globs: Vec<Literal> = literals
            .iter()
            .copied()
            .filter(|literal| matches!(self.set(*literal), Set::Globs(_)))
            .collect();
        if !globs.is_empty() {
            match self.text(domain, &globs, effort, steps)? {
                Feasible::No(core) => return Ok(Feasible::No(core)),
                // The comparisons may like that text too.
                Feasible::Yes(Value::Text(text)) if values::fits(&text, sort, &sets, steps)? => {
                    return Ok(Feasible::Yes(Value::Text(text)));
                }
                Feasible::Unsure if sort.is_none() && globs.len() == literals.len() => {
                    return Ok(Feasible::Unsure);
                }
                Feasible::Yes(_) | Feasible::Unsure | Feasible::Undecided(_) => {}
            }
        }
        for only in values::Sort::COMPARED {
            let part: Vec<Literal> = literals
                .iter()
                .copied()
                .filter(|literal| values::sort_of(self.set(*literal)) == Some(only))
                .collect();
            let sets: Vec<(&Set<'_>, bool)> = part
                .iter()
                .map(|literal| (self.set(*literal), literal.holds))
                .collect();
            if !part.is_empty()
                && part.len() < literals.len()
                && values::find(sort, &sets, steps)? == values::Outcome::Nothing
            {
                return Ok(Feasible::No(part));
            }
        }
        Ok(Feasible::Undecided("mixed comparisons of one key"))
    }
}

fn lenders(skeleton: &Skeleton<'_>, sets: &[Set<'_>], variables: &[(Domain, Sort)]) -> Vec<Vec<usize>> {
    let mut lenders = vec![Vec::new(); variables.len()];
    for (atom, (set, asserted)) in sets.iter().zip(&skeleton.asserted).enumerate() {
        let Some(variable) = skeleton.variable_of(atom) else {
            continue;
        };
        let bounded = variables.get(variable).is_some_and(|(domain, sort)| match sort {
            Sort::Kind => false,
            Sort::Bool | Sort::Typed(Some(_)) => true,
            Sort::Text | Sort::Typed(None) => !is_open(*domain),
        });
        if *asserted
            && bounded
            && matches!(set, Set::Globs(globs) if globs.has_symbol())
            && let Some(lenders) = lenders.get_mut(variable)
        {
            lenders.push(atom);
        }
    }
    lenders
}

/// Whether the domain has texts of any characters: a symbol in a text can then be replaced by a character that nothing
/// names.
fn is_open(domain: Domain) -> bool {
    matches!(
        domain.0,
        [[Run {
            class: CharClass::Any,
            max: None,
            ..
        }]]
    )
}

fn sort(variable: &Variable, typed: bool) -> Sort {
    match variable {
        Variable::PrincipalKind => Sort::Kind,
        Variable::Key(slot) => match key_facts(&slot.key).key_type {
            KeyType::Bool => Sort::Bool,
            KeyType::Number => Sort::Typed(Some(values::Sort::Number)),
            KeyType::Date => Sort::Typed(Some(values::Sort::Instant)),
            KeyType::Address => Sort::Typed(Some(values::Sort::Address)),
            KeyType::Text | KeyType::Arn if typed => Sort::Typed(None),
            KeyType::Text | KeyType::Arn => Sort::Text,
        },
        Variable::Action
        | Variable::Resource(_)
        | Variable::PrincipalPartition
        | Variable::PrincipalAccount
        | Variable::PrincipalPath
        | Variable::PrincipalSession
        | Variable::PrincipalService
        | Variable::PrincipalProvider
        | Variable::PrincipalCanonical
        | Variable::KeySegment(..) => {
            if typed {
                Sort::Typed(None)
            } else {
                Sort::Text
            }
        }
    }
}
