//! Literal texts of a formula that no well-formed request has (`arn:aws:iam::12345:root`): a policy that names one is
//! still judged by what it says. Each becomes a symbol, which every domain accepts; engines need not know.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::formula::{Claim, Formula, Model, ValueSet, Variable, domain, for_each_atom, member, not};
use crate::iam::{Glob, Segment, Token};

use super::map_atoms;

/// First of the symbols that stand for strays; holes use lower ones.
const FIRST: u32 = 0xF_0800;
/// At most so many: two strays must never share a symbol.
const MAX: usize = 0x7FF;

/// The stray texts of a formula by the symbol that stands for each.
#[derive(Debug, Default)]
pub(super) struct Strays(BTreeMap<char, String>);

/// The formula with its strays as symbols. Sets with other globs that match a stray hold its symbol too. `None` when there
/// are more strays than symbols.
pub(super) fn replaced(formula: &Formula) -> Option<(Formula, Strays)> {
    let mut found: BTreeMap<String, char> = BTreeMap::new();
    for_each_atom(formula, &mut |atom| {
        if let Claim::Member(variable, ValueSet::Globs(globs)) = &atom.claim
            && is_bounded(variable)
        {
            for text in globs.iter().filter_map(|glob| stray(glob, variable)) {
                if !found.contains_key(&text) {
                    let next = u32::try_from(found.len())
                        .unwrap_or(u32::MAX)
                        .saturating_add(FIRST);
                    found.insert(text, char::from_u32(next).unwrap_or('\u{F0FFF}'));
                }
            }
        }
    });
    if found.is_empty() {
        return Some((formula.clone(), Strays::default()));
    }
    if found.len() > MAX {
        return None;
    }
    let replaced = map_atoms(formula, &mut |atom| match &atom.claim {
        Claim::Member(variable, ValueSet::Globs(globs)) if is_bounded(variable) => {
            let kept = globs
                .iter()
                .filter(|glob| glob.as_literal().is_none_or(|text| !found.contains_key(&text)));
            let symbols = found
                .iter()
                .filter(|(text, _)| globs.iter().any(|glob| glob.matches(text)));
            let symbols = symbols.map(|(_, symbol)| Glob::new(vec![Token::Char(*symbol)]));
            let set: Arc<[Glob]> = kept.cloned().chain(symbols).collect();
            let claim = member(variable.clone(), ValueSet::Globs(set));
            if atom.holds { claim } else { not(&claim) }
        }
        Claim::Fact(_) | Claim::Member(..) => Formula::Atom(atom.clone()),
    });
    Some((
        replaced,
        Strays(found.into_iter().map(|(text, symbol)| (symbol, text)).collect()),
    ))
}

/// The text of a literal glob that the variable cannot have.
fn stray(glob: &Glob, variable: &Variable) -> Option<String> {
    let characters = glob.tokens().iter().map(|token| match token {
        Token::Char(c) => Some(*c),
        Token::Any | Token::Star => None,
    });
    let possible =
        characters.clone().any(|c| c.is_none()) || domain(variable).accepts_all(characters.flatten());
    if possible { None } else { glob.as_literal() }
}

impl Strays {
    /// Puts the texts back into a model.
    pub(super) fn restore(&self, model: &mut Model) {
        if self.0.is_empty() {
            return;
        }
        for text in model.texts.values_mut() {
            let mut characters = text.chars();
            if let (Some(symbol), None) = (characters.next(), characters.next())
                && let Some(stray) = self.0.get(&symbol)
            {
                text.clone_from(stray);
            }
        }
    }
}

/// Variables whose texts have a fixed form, for which policies in the wild hold texts of another.
fn is_bounded(variable: &Variable) -> bool {
    match variable {
        Variable::PrincipalPartition | Variable::PrincipalAccount => true,
        Variable::Resource(segment) | Variable::KeySegment(_, segment) => *segment != Segment::Rest,
        Variable::Action
        | Variable::PrincipalKind
        | Variable::PrincipalPath
        | Variable::PrincipalSession
        | Variable::PrincipalService
        | Variable::PrincipalProvider
        | Variable::PrincipalCanonical
        | Variable::Key(_) => false,
    }
}
