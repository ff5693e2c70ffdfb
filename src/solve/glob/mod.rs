//! The glob engine: a Boolean skeleton of the formula, a pass that rules out branches, a SAT core for what is left, and a
//! theory that finds a value for each variable or the literals that leave it none. Decided against: sending the strings
//! to a string solver, which costs a hundred times more on these questions.

mod boolean;
mod cover;
mod globset;
mod narrow;
mod needed;
mod places;
mod product;
mod simplify;
mod skeleton;
mod steps;
mod strings;
mod theory;
mod values;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod timing;

use std::collections::BTreeMap;

use super::{Answer, Reason, Solver};
use crate::formula::{Formula, Model, holds};
use boolean::Boolean;
use simplify::{Simplified, simplify};
use skeleton::{AtomClaim, Literal, Skeleton};
use steps::{Steps, Stop};
use strings::Effort;
use theory::{Feasible, Theory, Value};

/// The engine, with its step budget.
#[derive(Debug, Clone, Copy)]
pub struct GlobSolver {
    /// Steps before it gives up.
    pub steps: u64,
}

impl Solver for GlobSolver {
    fn name(&self) -> &'static str {
        "glob"
    }

    fn solve(&self, formula: &Formula) -> Answer {
        let narrowed = narrow::narrowed(formula);
        let narrowed = narrowed.as_ref().unwrap_or(formula);
        let answer = match decide(narrowed, &Steps::new(self.steps)) {
            Ok(answer) => answer,
            Err(Stop::Exhausted) => Answer::Unknown(Reason::StepLimit(self.steps)),
            Err(Stop::Unsupported(what)) => Answer::Unknown(Reason::Unsupported(what.to_owned())),
        };
        match answer {
            Answer::Sat(model) if !holds(formula, &model) => Answer::Unknown(Reason::Unsupported(
                "internal: witness does not satisfy the formula".to_owned(),
            )),
            Answer::Unsat | Answer::Sat(_) | Answer::Unknown(_) => answer,
        }
    }
}

fn decide(formula: &Formula, steps: &Steps) -> Result<Answer, Stop> {
    let (skeleton, root) = Skeleton::of(formula);
    let mut theory = Theory::of(&skeleton)?;
    let (fixed, branchings) = match simplify(root, &skeleton, &mut theory, steps)? {
        Simplified::Impossible => return Ok(Answer::Unsat),
        Simplified::Open { fixed, branchings } => (fixed, branchings),
    };
    let mut boolean = Boolean::of(skeleton.atoms.len(), &branchings, steps)?;
    for literal in &fixed {
        boolean.forbid(
            &[Literal {
                atom: literal.atom,
                holds: !literal.holds,
            }],
            steps,
        )?;
    }
    theory.keep_lenders(|atom| boolean.has(atom));
    let mut undecided = None;
    while let Some(values) = boolean.solve(steps)? {
        let mut literals = needed::literals(&fixed, &branchings, values);
        for atom in (0..skeleton.variables.len()).flat_map(|variable| theory.lenders(variable)) {
            let literal = Literal {
                atom: *atom,
                holds: true,
            };
            if values.get(*atom).copied().unwrap_or(false) && !literals.contains(&literal) {
                literals.push(literal);
            }
        }
        match realise(&skeleton, &literals, &mut theory, steps)? {
            Realised::Model(model) => return Ok(Answer::Sat(model)),
            Realised::Conflicts(cores) => {
                for (variable, core) in cores {
                    boolean.forbid(&core, steps)?;
                    for pair in theory.alike(variable, &core, |atom| boolean.has(atom), steps)? {
                        boolean.forbid(&pair, steps)?;
                    }
                }
            }
            Realised::Undecided(literals, what) => {
                undecided = Some(what);
                boolean.forbid(&literals, steps)?;
            }
        }
    }
    Ok(match undecided {
        None => Answer::Unsat,
        Some(what) => Answer::Unknown(Reason::Unsupported(what.to_owned())),
    })
}

/// What became of the literals of one Boolean model.
enum Realised {
    /// They hold here.
    Model(Model),
    /// Each of these sets of literals of a variable has no value. The atoms that could lend a symbol are among them, as they are.
    Conflicts(Vec<(usize, Vec<Literal>)>),
    /// It is not known whether these have one.
    Undecided(Vec<Literal>, &'static str),
}

fn realise(
    skeleton: &Skeleton<'_>,
    literals: &[Literal],
    theory: &mut Theory<'_>,
    steps: &Steps,
) -> Result<Realised, Stop> {
    let mut model = Model::default();
    let mut by_variable: BTreeMap<usize, Vec<Literal>> = BTreeMap::new();
    for literal in literals {
        match skeleton.atoms.get(literal.atom) {
            Some(AtomClaim::Fact(fact)) => drop(model.facts.insert((*fact).clone(), literal.holds)),
            Some(AtomClaim::Member(variable, _)) => by_variable.entry(*variable).or_default().push(*literal),
            None => return Err(Stop::Unsupported("internal: an atom without a number")),
        }
    }
    let mut conflicts = Vec::new();
    let mut undecided = None;
    for (number, literals) in by_variable {
        match theory.feasible(number, &literals, Effort::Exact, steps)? {
            Feasible::Yes(Value::Kind(kind)) => model.kind = Some(kind),
            Feasible::Yes(Value::Text(text)) => {
                if let Some(variable) = skeleton.variables.get(number) {
                    model.texts.insert((*variable).clone(), text);
                }
            }
            Feasible::No(core) => {
                let mut core = theory.core(number, core, steps)?;
                core.extend(theory.lenders(number).iter().map(|atom| {
                    let holds = literals.contains(&Literal {
                        atom: *atom,
                        holds: true,
                    });
                    Literal { atom: *atom, holds }
                }));
                conflicts.push((number, core));
            }
            Feasible::Undecided(what) => undecided = Some((literals, what)),
            Feasible::Unsure => return Err(Stop::Unsupported("internal: an exact search that is not sure")),
        }
    }
    Ok(match (conflicts.is_empty(), undecided) {
        (false, _) => Realised::Conflicts(conflicts),
        (true, Some((literals, what))) => Realised::Undecided(literals, what),
        (true, None) => Realised::Model(model),
    })
}
