//! What the Terraform code of a plan tells that the plan does not: how an expression is written. It is believed only where
//! it is the code of the plan: the module has the same resources, and the expression refers to the same things.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::extract::terraform::addresses::{longest, steps};
use crate::extract::terraform::configuration::Configuration;
use crate::source::{TerraformSource, Written, WrittenAt};

use super::follow::is_key;

/// The code, if it is given.
#[derive(Debug, Default)]
pub(super) struct Code<'s> {
    source: Option<&'s TerraformSource>,
    /// Whether the code of a module is that of the plan, for those that were asked about.
    same: RefCell<BTreeMap<Vec<String>, bool>>,
}

impl<'s> Code<'s> {
    pub fn new(source: Option<&'s TerraformSource>) -> Code<'s> {
        Code {
            source,
            same: RefCell::default(),
        }
    }

    /// An expression that refers to these, as it is written. `None` where that is not simple or not sure; the references
    /// of local values are in no plan.
    pub fn written(
        &self,
        configuration: &Configuration<'_>,
        modules: &[String],
        at: WrittenAt<'_>,
        references: Option<&[String]>,
    ) -> Option<&'s Written> {
        let source = self.source_of(configuration, modules)?;
        let written = source.written(modules, at)?;
        let own = written.references()?;
        references
            .is_none_or(|told| same_references(&own, told))
            .then_some(written)
    }

    /// How many `statement` blocks a data source is written with; `None` where some are dynamic, or it is not sure.
    pub fn statement_count(
        &self,
        configuration: &Configuration<'_>,
        modules: &[String],
        name: &str,
    ) -> Option<usize> {
        self.source_of(configuration, modules)?
            .statement_count(modules, name)
    }

    /// The code of a module, if it is that of the plan.
    fn source_of(
        &self,
        configuration: &Configuration<'_>,
        modules: &[String],
    ) -> Option<&'s TerraformSource> {
        let source = self.source?;
        let known = self.same.borrow().get(modules).copied();
        let is_same = known.unwrap_or_else(|| {
            let planned = configuration.names(modules);
            let is_same = planned.is_some() && planned == names(source, modules);
            self.same.borrow_mut().insert(modules.to_vec(), is_same);
            is_same
        });
        is_same.then_some(source)
    }
}

fn names(source: &TerraformSource, modules: &[String]) -> Option<BTreeSet<(String, String, String)>> {
    let names = source.names(modules)?.into_iter();
    Some(
        names
            .map(|[mode, kind, name]| (mode.clone(), kind.clone(), name.clone()))
            .collect(),
    )
}

/// Whether the plan tells the same of an expression: after a key that is not constant, it leaves the rest out.
fn same_references(own: &[&str], told: &[String]) -> bool {
    let mut all: Vec<String> = Vec::new();
    for reference in own {
        let Some(steps) = steps(reference) else {
            return false;
        };
        let mut known = String::new();
        for step in &steps {
            if !known.is_empty() {
                known.push('.');
            }
            known.push_str(&step.name);
            match &step.key {
                Some(key) if is_key(key) => {
                    all.push(key.clone());
                    break;
                }
                Some(key) => known.push_str(&format!("[{key}]")),
                None => {}
            }
        }
        all.push(known);
    }
    let own: BTreeSet<&str> = longest(&all).into_iter().collect();
    let told: BTreeSet<&str> = longest(told).into_iter().collect();
    own == told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_compared_as_plans_tell_them() {
        for (own, told, same) in [
            (&["data.t.n.json"][..], &["data.t.n.json"][..], true),
            (&["data.t.n.json"], &["data.t.n.json", "data.t.n"], true),
            (&["data.t.n[each.key].json"], &["data.t.n", "each.key"], true),
            (&["data.t.n[count.index].json"], &["data.t.n", "each.key"], false),
            (&["data.t.n[0].json"], &["data.t.n[0].json", "data.t.n[0]"], true),
            (&["data.t.n.json"], &["data.t.n.json", "var.x"], false),
            (&["data.t.n.json"], &[], false),
            (&["a.b.arn", "a.b.arn"], &["a.b.arn"], true),
        ] {
            let told: Vec<String> = told.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(same_references(own, &told), same, "{own:?} {told:?}");
        }
    }
}
