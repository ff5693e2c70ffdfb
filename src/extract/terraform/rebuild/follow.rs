//! From what an expression refers to, through variables and outputs of modules, to the one data source whose document it
//! is. Local values are in no plan: there the trail ends.

use std::collections::BTreeMap;

use crate::extract::terraform::addresses::{Step, steps};
use crate::extract::terraform::configuration::Configuration;
use crate::extract::terraform::resource::Resource;

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
        let depth = steps
            .chunks(2)
            .take_while(|pair| {
                pair.len() == 2
                    && pair
                        .iter()
                        .next()
                        .is_some_and(|step| step.name == "module" && step.key.is_none())
            })
            .count();
        let modules = steps
            .chunks(2)
            .take(depth)
            .filter_map(|pair| pair.last().cloned());
        Some(Site {
            modules: modules.collect(),
            key: steps.last()?.key.clone(),
        })
    }

    fn names(&self) -> Vec<String> {
        self.modules.iter().map(|step| step.name.clone()).collect()
    }

    /// The address of the module instance, with what is in it told apart by name.
    fn block(&self, name: &str) -> String {
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
            let instances = self.0.entry(site.block(&source.name)).or_default();
            let told = instances.entry(site.key).or_insert(Some(position));
            *told = told.filter(|told| *told == position);
        }
    }

    /// The instance that a reference means. `keyed` tells whether the expression names the key of its own instance.
    fn instance(&self, site: &Site, name: &str, key: Option<&String>, keyed: bool) -> Option<usize> {
        let instances = self.0.get(&site.block(name))?;
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

/// The data source that references lead to, if it is one and nothing else.
pub(super) fn follow(
    configuration: &Configuration<'_>,
    index: &Index,
    site: &Site,
    references: &[String],
) -> Option<usize> {
    let mut site = site.clone();
    let mut references = references.to_vec();
    for _ in 0..MOST_STEPS {
        let keyed = references.iter().any(|reference| is_key(reference));
        references.retain(|reference| !is_key(reference));
        let [reference] = references.as_slice() else {
            return None;
        };
        let steps = steps(reference)?;
        let key_of = |at: usize| steps.get(at).and_then(|step| step.key.as_ref());
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        match names.as_slice() {
            // After an instance key that is not constant, the plan leaves the attribute out.
            ["data", DOCUMENT, name] | ["data", DOCUMENT, name, "json" | "minified_json"] => {
                return index.instance(&site, name, key_of(2), keyed);
            }
            ["module", call, output, ..] => {
                let own = site.key.clone().filter(|_| keyed);
                site.modules.push(Step {
                    name: (*call).to_owned(),
                    key: key_of(1).cloned().or(own),
                });
                references = configuration.output(&site.names(), output)?;
                site.key = None;
            }
            ["var", name, ..] => {
                let call = site.modules.pop()?;
                references = configuration.argument(&site.names(), &call.name, name)?;
                site.key = call.key;
            }
            _ => return None,
        }
    }
    None
}
