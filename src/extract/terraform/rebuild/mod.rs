//! Policy documents that are known only after apply because an `aws_iam_policy_document` is read only then: the plan has
//! its blocks all the same, so the document is made here of what is known (extraction.md 3.3 and 4.4). What is not known
//! of it is a hole at exactly its place.
//!
//! The plan does not tell what an expression does with what it refers to: whether the policy is the document itself, or
//! what some function makes of it, is a fact of its own. A PASS holds whichever way it is.

mod code;
mod follow;
mod holes;
mod make;
mod marked;
mod merge;
mod read;
mod statement;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use crate::extract::{GapReason, PolicyKind};
use crate::source::{TerraformSource, WrittenAt};

use super::Context;
use super::configuration::Configured;
use super::resource::{Resource, View};
use code::Code;
use follow::{DOCUMENT, Expression, Followed, Index, Site, follow};
pub(super) use make::Made;
use make::Merged;

/// A policy has 20 kilobytes at most; whoever writes more wants something else.
const MOST_STATEMENTS: usize = 10_000;

/// The unknown values of one data source.
const MOST_HOLES: usize = 10_000;

/// The statements and unknown values of all rebuilt documents of a plan.
const MOST_IN_ALL: usize = 500_000;

/// Why a document could not be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Why {
    /// The data source it is about, where that is another one.
    at: Option<Arc<str>>,
    /// What is wrong with it: goes on after its address.
    what: Arc<str>,
}

impl Why {
    fn told(what: impl Into<String>) -> Why {
        Why {
            at: None,
            what: what.into().into(),
        }
    }

    fn at(self, address: &str) -> Why {
        Why {
            at: self.at.or_else(|| Some(address.into())),
            ..self
        }
    }
}

/// What was made of data sources so far.
type Known<K, V> = RefCell<BTreeMap<K, Result<Arc<V>, Why>>>;

/// The deferred documents of a plan, and what was made of them so far.
#[derive(Debug, Default)]
pub(super) struct Deferred<'a> {
    sources: Vec<Resource<'a>>,
    index: Index,
    merged: Known<usize, Merged>,
    made: Known<(usize, PolicyKind, bool), Made>,
    code: Code<'a>,
    /// How many statements and unknown values there are so far.
    spent: Cell<usize>,
}

impl<'a> Deferred<'a> {
    /// Finds them among the resources of a plan.
    pub fn read(resources: &[Resource<'a>], source: Option<&'a TerraformSource>) -> Deferred<'a> {
        let is_deferred = |resource: &&Resource<'a>| {
            resource.view == View::Change
                && resource.mode == "data"
                && resource.resource_type == DOCUMENT
                && resource.after.is_some()
                && resource.actions == ["read"]
        };
        let mut deferred = Deferred {
            code: Code::new(source),
            ..Deferred::default()
        };
        for source in resources.iter().filter(is_deferred) {
            deferred.index.add(source, deferred.sources.len());
            deferred.sources.push(source.clone());
        }
        deferred
    }

    /// What is made of a data source, those it merges included. Without recursion: the chain of those is as long as whoever
    /// wrote the plan likes.
    fn merged(&self, context: &Context<'a>, wanted: usize) -> Result<Arc<Merged>, Why> {
        let mut pending = vec![wanted];
        let mut open = BTreeSet::new();
        while let Some(at) = pending.last().copied() {
            if self.merged.borrow().contains_key(&at) {
                pending.pop();
                continue;
            }
            let result = match self.parts(context, at) {
                Ok(parts) => {
                    open.insert(at);
                    let missing: Vec<usize> = {
                        let merged = self.merged.borrow();
                        parts.needs().filter(|need| !merged.contains_key(need)).collect()
                    };
                    match missing.iter().any(|need| open.contains(need)) {
                        true => Err(Why::told("is made of itself")),
                        false if !missing.is_empty() => {
                            pending.extend(missing);
                            continue;
                        }
                        false => self.merge(context, at, &parts),
                    }
                }
                Err(why) => Err(why),
            };
            open.remove(&at);
            pending.pop();
            let address = self.sources.get(at).map_or("", |source| source.address.as_str());
            let result = result.map(Arc::new).map_err(|why| why.at(address));
            self.merged.borrow_mut().insert(at, result);
        }
        let merged = self.merged.borrow();
        let lost = || Err(Why::told("cannot be told"));
        merged.get(&wanted).cloned().unwrap_or_else(lost)
    }

    /// What a data source makes as a document of that kind.
    fn made(&self, context: &Context<'a>, followed: Followed, kind: PolicyKind) -> Result<Arc<Made>, Why> {
        let Followed { at, is_itself } = followed;
        let key = (at, kind, is_itself);
        let known = self.made.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let address = self.sources.get(at).map_or("", |source| source.address.as_str());
            let merged = self.merged(context, at);
            let made = merged.and_then(|merged| {
                let itself = is_itself && merged.is_itself;
                make::made(&merged, address, kind, itself).map(Arc::new)
            });
            self.made.borrow_mut().insert(key, made.clone());
            made
        })
    }
}

/// The document that an attribute of a resource will have, which is unknown as a whole. `None` where it is not known to be
/// made of one deferred data source.
pub(super) fn rebuild<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    path: &str,
    kind: PolicyKind,
) -> Option<Result<Arc<Made>, GapReason>> {
    let Configured::Yes(references) = context.configuration.attribute(resource, path) else {
        return None;
    };
    // Made one by one: what is found does not depend on who asks first.
    let deferred = &*context.deferred.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::of(resource).filter(|_| resource.view == View::Change)?;
    let place = WrittenAt::Attribute(resource.mode, &resource.resource_type, &resource.name, path);
    let written = deferred.code.written(
        &context.configuration,
        &resource.modules,
        place,
        Some(&references),
    );
    let expression = Expression {
        references: Some(references),
        written,
    };
    let followed = follow(
        &context.configuration,
        &deferred.code,
        &deferred.index,
        &site,
        expression,
    )?;
    let source = deferred.sources.get(followed.at);
    let address = source.map_or("", |source| source.address.as_str());
    Some(deferred.made(context, followed, kind).map_err(|why| {
        let of = match &why.at {
            Some(other) if **other != *address => format!("{address}, of which {other} {}", why.what),
            _ => format!("{address}, which {}", why.what),
        };
        GapReason::UnknownUntilApply(of)
    }))
}
