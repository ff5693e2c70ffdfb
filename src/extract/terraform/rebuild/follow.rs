//! From what an expression refers to, through variables and outputs of modules, to the one data source whose document it
//! is. Local values are in no plan: only where the code is given does the trail go on there.

use std::collections::BTreeMap;

use crate::extract::terraform::addresses::{Step, steps};
use crate::extract::terraform::configuration::Configuration;
use crate::extract::terraform::resource::Resource;
use crate::source::{Written, WrittenAt};

use super::code::Code;

/// The type of data sources that write policy documents.
pub(super) const DOCUMENT: &str = "aws_iam_policy_document";

/// No expression goes through as many variables and outputs as this.
const MOST_STEPS: usize = 100;

/// Where an expression is evaluated: an instance of a module, and the instance key of what it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Site {
    modules: Vec<Step>,
    key: Option<String>,
}

impl Site {
    /// The site of the expressions of a resource. `None` if its address cannot be read.
    pub fn of(resource: &Resource<'_>) -> Option<Site> {
        let steps = steps(&resource.address)?;
        let modules = steps.chunks(2).map_while(|pair| match pair {
            [word, call] if word.name == "module" && word.key.is_none() => Some(call.clone()),
            _ => None,
        });
        Some(Site {
            modules: modules.collect(),
            key: steps.last()?.key.clone(),
        })
    }

    /// The names of the module calls.
    pub fn names(&self) -> Vec<String> {
        self.modules.iter().map(|step| step.name.clone()).collect()
    }

    /// The key of the instance that the expressions belong to.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The address of something in the module instance, by its name there.
    pub fn address(&self, name: &str) -> String {
        let modules = self.modules.iter().map(|step| match &step.key {
            Some(key) => format!("module.{}[{key}].", step.name),
            None => format!("module.{}.", step.name),
        });
        format!("{}{name}", modules.collect::<String>())
    }
}

/// The deferred documents of a plan: by block and instance key, their positions; `None` for one that is told twice.
#[derive(Debug, Default)]
pub(super) struct Index(BTreeMap<String, BTreeMap<Option<String>, Option<usize>>>);

impl Index {
    pub fn add(&mut self, source: &Resource<'_>, position: usize) {
        if let Some(site) = Site::of(source) {
            let instances = self.0.entry(site.address(&source.name)).or_default();
            let told = instances.entry(site.key).or_insert(Some(position));
            *told = told.filter(|told| *told == position);
        }
    }

    /// Whether there is an instance with exactly that key.
    fn has(&self, site: &Site, name: &str, key: Option<&String>) -> bool {
        let instances = self.0.get(&site.address(name));
        instances.is_some_and(|instances| instances.contains_key(&key.cloned()))
    }

    /// The instance that a reference means. `keyed` tells whether the expression names the key of its own instance.
    fn instance(&self, site: &Site, name: &str, key: Option<&String>, keyed: bool) -> Option<usize> {
        let instances = self.0.get(&site.address(name))?;
        let with = |key: Option<&String>| instances.get(&key.cloned());
        let found = match key {
            Some(_) => with(key),
            None if keyed && site.key.is_some() => with(site.key.as_ref()).or_else(|| with(None)),
            None => with(None).or_else(|| instances.values().next().filter(|_| instances.len() == 1)),
        };
        *found?
    }
}

/// Whether a reference is the key of the own instance.
pub(super) fn is_key(reference: &str) -> bool {
    matches!(reference, "each.key" | "count.index")
}

/// An expression at a site: what the plan says that it refers to, and what the code has for it where that is sure.
#[derive(Debug, Clone)]
pub(super) struct Expression<'s> {
    /// `None` for what is in no plan.
    pub references: Option<Vec<String>>,
    pub written: Option<&'s Written>,
}

/// Where an expression leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Followed {
    /// The data source, by its position.
    pub at: usize,
    /// Whether the expression is surely its document, and not something made of it.
    pub is_itself: bool,
}

/// The data source that an expression leads to, if it is one and nothing else.
pub(super) fn follow(
    configuration: &Configuration<'_>,
    code: &Code<'_>,
    index: &Index,
    site: &Site,
    expression: Expression<'_>,
) -> Option<Followed> {
    let mut site = site.clone();
    let mut expression = expression;
    let mut is_itself = true;
    for _ in 0..MOST_STEPS {
        let (reference, keyed) = match expression.written.and_then(Written::reference) {
            Some(reference) => (reference.to_owned(), false),
            None => {
                is_itself = false;
                only(expression.references.as_deref()?)?
            }
        };
        let mut steps = steps(&reference)?;
        for step in &mut steps {
            if step.key.as_deref().is_some_and(is_key) {
                step.key = Some(site.key.clone()?);
            }
        }
        let key_of = |at: usize| steps.get(at).and_then(|step| step.key.clone());
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        match names.as_slice() {
            // After an instance key that is not constant, the plan leaves the attribute out.
            ["data", DOCUMENT, name, rest @ ..] if matches!(rest, [] | ["json" | "minified_json"]) => {
                let at = index.instance(&site, name, key_of(2).as_ref(), keyed)?;
                // Without a key it is that instance only if there are no others by key.
                let is_told = !rest.is_empty() && index.has(&site, name, key_of(2).as_ref());
                return Some(Followed {
                    at,
                    is_itself: is_itself && is_told,
                });
            }
            ["module", call, output, rest @ ..] => {
                let own = site.key.clone().filter(|_| keyed);
                site.modules.push(Step {
                    name: (*call).to_owned(),
                    key: key_of(1).or(own),
                });
                is_itself &= rest.is_empty();
                let references = configuration.output(&site.names(), output)?;
                let at = WrittenAt::Output(output);
                let written = code.written(configuration, &site.names(), at, Some(&references));
                expression = Expression {
                    references: Some(references),
                    written,
                };
                site.key = None;
            }
            ["var", name, rest @ ..] => {
                let call = site.modules.pop()?;
                is_itself &= rest.is_empty() && key_of(1).is_none();
                let references = configuration.argument(&site.names(), &call.name, name)?;
                let at = WrittenAt::Argument(&call.name, name);
                let written = code.written(configuration, &site.names(), at, Some(&references));
                expression = Expression {
                    references: Some(references),
                    written,
                };
                site.key = call.key;
            }
            ["local", name, rest @ ..] => {
                is_itself &= rest.is_empty() && key_of(1).is_none();
                let written = code.written(configuration, &site.names(), WrittenAt::Local(name), None);
                expression = Expression {
                    references: None,
                    written,
                };
            }
            _ => return None,
        }
    }
    None
}

/// The one reference among those of an expression, and whether it names the key of its own instance too.
fn only(references: &[String]) -> Option<(String, bool)> {
    let keyed = references.iter().any(|reference| is_key(reference));
    let mut others = references.iter().filter(|reference| !is_key(reference));
    let only = others.next().filter(|_| others.next().is_none())?;
    Some((only.clone(), keyed))
}
