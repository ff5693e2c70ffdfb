//! A template of a deployment, and where resolution stands in it. What resolving finds out on the way (holes, facts,
//! budget) it shares with the other templates of the deployment.

use std::ops::Deref;

use crate::extract::{GapReason, Hole};
use crate::iam::{Guard, GuardLiteral, HoleId, Text, TextPiece};
use crate::source::{Place, Span};

pub(super) use super::estate::Resource;
use super::estate::{Estate, Fact, Stack};
use super::parameters::Parameter;
use super::syntax::View;
use super::values::{FactId, Fault, World, describe};

/// Steps of resolution in one template; each value costs one, long texts more.
const MOST_STEPS: usize = 4_000_000;
/// Nesting of resolution: values in values, functions in functions, names that refer to names.
const MOST_DEPTH: usize = 160;

/// A template: its own sections, and what it shares.
#[derive(Clone, Copy)]
pub(super) struct Template<'n> {
    estate: &'n Estate<'n>,
    stack: &'n Stack<'n>,
}

impl<'n> Deref for Template<'n> {
    type Target = Stack<'n>;

    fn deref(&self) -> &Stack<'n> {
        self.stack
    }
}

impl<'n> Template<'n> {
    /// A template of a deployment.
    pub fn of(estate: &'n Estate<'n>, stack: &'n Stack<'n>) -> Template<'n> {
        Template { estate, stack }
    }

    /// A resource of this template by its logical id.
    pub fn resource(&self, id: &str) -> Option<Resource<'n>> {
        self.by_name
            .get(id)
            .and_then(|position| self.resources.get(*position))
            .copied()
    }

    /// All resources of the deployment, each with its template.
    pub fn everything(&self) -> impl Iterator<Item = (Template<'n>, Resource<'n>)> + use<'n> {
        let templates = self.estate.templates();
        templates.flat_map(|template| {
            let resources = template.stack.resources.iter();
            resources.map(move |resource| (template, *resource))
        })
    }

    /// The template that holds this one, and the resource that it is in it.
    pub fn holder(&self) -> Option<(Template<'n>, Resource<'n>)> {
        let (position, resource) = self.stack.parent?;
        Some((self.at(position)?, resource))
    }

    /// The template of a nested stack that is followed.
    pub fn nested(&self, local: &str) -> Option<Template<'n>> {
        self.at(*self.children.get(local)?)
    }

    fn at(&self, position: usize) -> Option<Template<'n>> {
        let stack = self.estate.stacks.get(position)?;
        Some(Template {
            estate: self.estate,
            stack,
        })
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> Option<View<'n>> {
        self.stack.outputs?.get(name)?.get("Value")
    }

    /// A parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&'n Parameter> {
        self.stack.parameters.get(name)
    }

    /// A name that only this template has.
    pub fn own(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A place in the template's file.
    pub fn place(&self, span: Span) -> Place {
        Place {
            file: self.file,
            span,
        }
    }

    /// Notes a hole; the first description of a name stays.
    pub fn note_hole(&self, hole: Hole) -> HoleId {
        let id = hole.id.clone();
        self.estate.holes.borrow_mut().entry(id.clone()).or_insert(hole);
        id
    }

    /// A hole by its name.
    pub fn hole(&self, id: &HoleId) -> Option<Hole> {
        self.estate.holes.borrow().get(id).cloned()
    }

    /// Replaces what is known of a hole.
    pub fn refine_hole(&self, hole: Hole) {
        self.estate.holes.borrow_mut().insert(hole.id.clone(), hole);
    }

    /// Whether a text is this one when every parameter takes its default.
    pub fn is_default(&self, text: &Text, key: &str) -> bool {
        self.with_defaults(text).as_deref() == Some(key)
    }

    /// A hole computed from others, with no more known of it.
    pub fn derived_hole(&self, id: &str, from: &[HoleId]) -> HoleId {
        let shown = self.shown_name(id);
        let id = shown.as_str();
        let sources: Vec<Hole> = from.iter().filter_map(|id| self.hole(id)).collect();
        let origins = sources
            .iter()
            .map(|hole| hole.origin.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let origin = match (id.split_once('('), origins.is_empty()) {
            (Some((function, _)), false) => format!("{function} of {origins}"),
            _ => id.to_owned(),
        };
        let stable =
            !sources.is_empty() && sources.len() == from.len() && sources.iter().all(|hole| hole.stable);
        self.note_hole(Hole {
            id: HoleId::new(id),
            origin,
            default: None,
            allowed: Vec::new(),
            stable,
            plain: false,
        })
    }

    /// The fact that two texts are equal.
    pub fn fact(&self, left: &Text, right: &Text) -> FactId {
        let (left, right) = ordered(left, right);
        let mut facts = self.estate.facts.borrow_mut();
        if let Some(known) = facts
            .iter()
            .position(|fact| fact.left == left && fact.right == right)
        {
            return FactId(known);
        }
        let mut name = self.without_secrets(format!("{} == {}", describe(&left), describe(&right)));
        // Names are what makes two facts the same later on: different facts must not share one.
        while facts.iter().any(|fact| *fact.name == *name) {
            name.push('\'');
        }
        facts.push(Fact {
            left,
            right,
            name: name.into(),
        });
        FactId(facts.len() - 1)
    }

    /// The name of a hole without secrets; different names stay different.
    fn shown_name(&self, name: &str) -> String {
        let shown = self.without_secrets(name.to_owned());
        if shown == name {
            return shown;
        }
        let mut hidden = self.estate.hidden.borrow_mut();
        let position = hidden
            .iter()
            .position(|known| known == name)
            .unwrap_or(hidden.len());
        if position == hidden.len() {
            hidden.push(name.to_owned());
        }
        format!("{shown} #{position}")
    }

    /// A text without the values that parameters with `NoEcho` have or may have.
    pub fn without_secrets(&self, text: String) -> String {
        let stacks = self.estate.stacks.iter();
        let values = stacks.flat_map(|stack| {
            let secret = stack.parameters.iter().filter(|(_, parameter)| parameter.no_echo);
            secret.flat_map(|(name, parameter)| {
                let given = stack.options.parameters.get(name);
                let values = given
                    .into_iter()
                    .chain(&parameter.default)
                    .chain(&parameter.allowed);
                values.map(move |value| (name, value))
            })
        });
        values
            .filter(|(_, value)| !value.is_empty())
            .fold(text, |text, (parameter, value)| {
                text.replace(value.as_str(), &format!("<{parameter}>"))
            })
    }

    /// The text that a hole equals in a world.
    pub fn known_in(&self, hole: &HoleId, world: &World) -> Option<Text> {
        let facts = self.estate.facts.borrow();
        world.facts().filter(|(_, truth)| *truth).find_map(|(id, _)| {
            let fact = facts.get(id.0)?;
            (super::values::only_hole(&fact.left) == Some(hole) && fact.right.as_literal().is_some())
                .then(|| fact.right.clone())
        })
    }

    /// The texts that a hole does not equal in a world.
    pub fn excluded_in(&self, hole: &HoleId, world: &World) -> Vec<String> {
        let facts = self.estate.facts.borrow();
        world
            .facts()
            .filter(|(_, truth)| !*truth)
            .filter_map(|(id, _)| {
                let fact = facts.get(id.0)?;
                (super::values::only_hole(&fact.left) == Some(hole))
                    .then(|| fact.right.as_literal().map(str::to_owned))
                    .flatten()
            })
            .collect()
    }

    /// A world as the guard of a statement, ordered by name.
    pub fn guard(&self, world: &World) -> Guard {
        let facts = self.estate.facts.borrow();
        let mut guard: Guard = world
            .facts()
            .filter_map(|(id, holds)| {
                Some(GuardLiteral {
                    name: facts.get(id.0)?.name.clone(),
                    holds,
                })
            })
            .collect();
        guard.sort();
        guard
    }

    /// The truth of a fact, by name, when every parameter takes its default; `None` when one has none.
    pub fn default_truth(&self, name: &str) -> Option<bool> {
        let (left, right) = {
            let facts = self.estate.facts.borrow();
            let fact = facts.iter().find(|fact| *fact.name == *name)?;
            (fact.left.clone(), fact.right.clone())
        };
        Some(self.with_defaults(&left)? == self.with_defaults(&right)?)
    }

    fn with_defaults(&self, text: &Text) -> Option<String> {
        text.0
            .iter()
            .map(|piece| match piece {
                TextPiece::Lit(lit) => Some(lit.clone()),
                TextPiece::Hole(hole) => self.hole(hole)?.default,
            })
            .collect()
    }

    /// Notes that a value that must not be shown was read.
    pub fn note_secret(&self) {
        self.estate.secret.set(true);
    }

    /// Whether one was since the last call.
    pub fn take_secret(&self) -> bool {
        self.estate.secret.replace(false)
    }

    fn spend(&self, steps: usize) -> Result<(), Fault> {
        let total = self.estate.steps.get().saturating_add(steps);
        self.estate.steps.set(total);
        if total > MOST_STEPS {
            return Err(Fault::unsupported("resolving the template takes too many steps"));
        }
        Ok(())
    }
}

/// The same two texts in the same order: a hole alone first, else by spelling.
fn ordered(left: &Text, right: &Text) -> (Text, Text) {
    let key = |text: &Text| {
        (
            super::values::only_hole(text).is_none(),
            text.as_literal().is_some(),
            describe(text),
        )
    };
    if key(left) <= key(right) {
        (left.clone(), right.clone())
    } else {
        (right.clone(), left.clone())
    }
}

/// Where resolution stands: the template, the world and how deep it is.
#[derive(Clone, Copy)]
pub(super) struct Scope<'t, 'n> {
    /// The template.
    pub template: &'t Template<'n>,
    /// The world.
    pub world: &'t World,
    depth: usize,
}

impl<'t, 'n> Scope<'t, 'n> {
    /// The scope in which a property is resolved.
    pub fn new(template: &'t Template<'n>, world: &'t World) -> Scope<'t, 'n> {
        Scope {
            template,
            world,
            depth: 0,
        }
    }

    /// The same place of resolution in another template of the deployment.
    pub fn within<'o>(self, template: &'o Template<'n>) -> Scope<'o, 'n>
    where
        't: 'o,
    {
        Scope {
            template,
            world: self.world,
            depth: self.depth,
        }
    }

    /// One level deeper; a fault when that is too deep, as it is when names refer to each other in a circle.
    pub fn deeper(self) -> Result<Scope<'t, 'n>, Fault> {
        self.template.spend(1)?;
        if self.depth >= MOST_DEPTH {
            return Err(Fault::Gap(GapReason::UnexpectedShape(
                "values refer to each other in a circle, or nest too deep".to_owned(),
            )));
        }
        Ok(Scope {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Pays for a text that was built.
    pub fn pay(self, text: &Text) -> Result<(), Fault> {
        let length: usize = text
            .0
            .iter()
            .map(|piece| match piece {
                TextPiece::Lit(lit) => lit.len() / 16 + 1,
                TextPiece::Hole(_) => 1,
            })
            .sum();
        self.template.spend(length)
    }
}
