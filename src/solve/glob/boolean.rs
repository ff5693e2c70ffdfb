//! The Boolean side: clauses for what is left of a skeleton, put to a SAT core. Formulas are in negation normal form, so
//! each branch needs a clause in one direction only.

use std::cell::Cell;

use batsat::{Callbacks, Lit, Solver, SolverInterface, SolverOpts, lbool};

use super::skeleton::{Literal, Node};
use super::steps::{Steps, Stop};

/// The SAT core with the clauses so far.
pub(super) struct Boolean {
    solver: Solver<Ticks>,
    /// The core's literals of the atoms.
    atoms: Vec<Option<Lit>>,
    true_atoms: Vec<bool>,
}

/// Counts how often the core asks whether to stop, which it does at every decision.
#[derive(Debug, Default)]
struct Ticks {
    asked: Cell<u64>,
    limit: u64,
}

impl Callbacks for Ticks {
    fn stop(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() > self.limit
    }
}

impl Boolean {
    /// A core that knows the branchings.
    pub(super) fn of(atoms: usize, branchings: &[Vec<Node>], steps: &Steps) -> Result<Boolean, Stop> {
        let limit = steps.left() / TICK as u64;
        let solver = Solver::new(
            SolverOpts::default(),
            Ticks {
                asked: Cell::new(0),
                limit,
            },
        );
        let mut boolean = Boolean {
            solver,
            atoms: vec![None; atoms],
            true_atoms: Vec::new(),
        };
        for parts in branchings {
            let mut clause = Vec::with_capacity(parts.len());
            for part in parts {
                clause.push(boolean.node(part, steps)?);
            }
            boolean.add(clause, steps)?;
        }
        Ok(boolean)
    }

    /// Finds values of the atoms; `None` if there are none.
    pub(super) fn solve(&mut self, steps: &Steps) -> Result<Option<&[bool]>, Stop> {
        let before = self.solver.cb().asked.get();
        let answer = self.solver.solve_limited(&[]);
        let asked = self.solver.cb().asked.get().saturating_sub(before);
        steps.spend(usize::try_from(asked).unwrap_or(usize::MAX).saturating_mul(TICK))?;
        if answer == lbool::FALSE {
            return Ok(None);
        }
        if answer != lbool::TRUE {
            return Err(Stop::Exhausted);
        }
        let solver = &self.solver;
        self.true_atoms = self
            .atoms
            .iter()
            .map(|lit| lit.is_some_and(|lit| solver.value_lit(lit) == lbool::TRUE))
            .collect();
        Ok(Some(&self.true_atoms))
    }

    /// Whether some clause has the atom.
    pub(super) fn has(&self, atom: usize) -> bool {
        self.atoms.get(atom).is_some_and(Option::is_some)
    }

    /// Rules out that all of these literals hold.
    pub(super) fn forbid(&mut self, literals: &[Literal], steps: &Steps) -> Result<(), Stop> {
        let clause = literals.iter().map(|literal| !self.literal(*literal)).collect();
        self.add(clause, steps)
    }

    /// A core literal that implies the node.
    fn node(&mut self, node: &Node, steps: &Steps) -> Result<Lit, Stop> {
        match node {
            Node::Literal(literal) => Ok(self.literal(*literal)),
            Node::All(parts) => {
                let name = self.fresh();
                for part in parts {
                    let part = self.node(part, steps)?;
                    self.add(vec![!name, part], steps)?;
                }
                Ok(name)
            }
            Node::Any(parts) => {
                let name = self.fresh();
                let mut clause = vec![!name];
                for part in parts {
                    clause.push(self.node(part, steps)?);
                }
                self.add(clause, steps)?;
                Ok(name)
            }
        }
    }

    fn literal(&mut self, literal: Literal) -> Lit {
        let lit = match self.atoms.get(literal.atom) {
            Some(Some(lit)) => *lit,
            Some(None) | None => {
                let lit = self.fresh();
                if let Some(known) = self.atoms.get_mut(literal.atom) {
                    *known = Some(lit);
                }
                lit
            }
        };
        lit.apply_sign(literal.holds)
    }

    /// Tried false first: an atom that no branch needs costs nothing.
    fn fresh(&mut self) -> Lit {
        Lit::new(self.solver.new_var(lbool::FALSE, true), true)
    }

    fn add(&mut self, mut clause: Vec<Lit>, steps: &Steps) -> Result<(), Stop> {
        steps.spend(4 + clause.len())?;
        self.solver.add_clause_reuse(&mut clause);
        Ok(())
    }
}

/// Steps of one decision of the core.
const TICK: usize = 8;
