//! Making a document: what a data source merges, then its own blocks, then what overrides them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::terraform::Context;
use crate::extract::terraform::attributes::marks_something;
use crate::extract::terraform::configuration::Configured;
use crate::extract::terraform::json::Json;
use crate::extract::terraform::resource::Resource;
use crate::extract::{BlockAddress, Hole, PolicyKind, Rebuilt, StatementBlock};
use crate::iam::{DocumentKind, GuardLiteral, HoleId, Invalid, Parsed, Value, parse_document};
use crate::source::{Place, Written, WrittenAt};

use super::follow::{Expression, Followed, Site, follow, is_key};
use super::holes::{At, Holes};
use super::marked::{Marked, State};
use super::merge::{Document, Statement};
use super::read::read;
use super::statement::statement;
use super::{Deferred, MOST_IN_ALL, Why};

/// The document of a data source.
#[derive(Debug)]
pub(super) struct Merged {
    version: String,
    statements: Vec<Statement>,
    holes: BTreeMap<HoleId, Hole>,
    sensitive: bool,
    /// Whether it is surely made of what it merges, and not of something made of that.
    pub is_itself: bool,
}

/// The same as a document of one kind.
#[derive(Debug)]
pub(in crate::extract::terraform) struct Made {
    pub parsed: Result<Parsed, Invalid>,
    pub holes: Vec<Hole>,
    pub default_facts: Vec<(Arc<str>, bool)>,
    pub places: Vec<Place>,
    pub rebuilt: Arc<Rebuilt>,
    pub sensitive: bool,
}

/// One document that another is made of.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Text(Json<'a>),
    /// That of another data source.
    Source(Followed),
}

/// What a data source is made of.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    sources: Vec<Part<'a>>,
    overrides: Vec<Part<'a>>,
}

impl Parts<'_> {
    /// The data sources it needs.
    pub fn needs(&self) -> impl Iterator<Item = usize> {
        let all = self.sources.iter().chain(&self.overrides);
        all.filter_map(|part| match part {
            Part::Source(followed) => Some(followed.at),
            Part::Text(_) => None,
        })
    }
}

/// The attributes that are no input, or do not bear on what the document allows.
const IDLE: [&str; 4] = ["id", "json", "minified_json", "policy_id"];

impl<'a> Deferred<'a> {
    /// What a data source is made of besides its own blocks.
    pub(super) fn parts(&self, context: &Context<'a>, at: usize) -> Result<Parts<'a>, Why> {
        let source = self.source(at)?;
        let mut parts = Parts::default();
        for (list, single, parts) in [
            ("source_policy_documents", "source_json", &mut parts.sources),
            ("override_policy_documents", "override_json", &mut parts.overrides),
        ] {
            self.several(context, source, list, parts)?;
            // Only older providers know it.
            single_part(source, single, parts)?;
        }
        Ok(parts)
    }

    fn source(&self, at: usize) -> Result<&Resource<'a>, Why> {
        self.sources.get(at).ok_or_else(|| Why::told("cannot be told"))
    }

    /// A list of documents. What is unknown in it is that of other data sources, in the order of their references.
    fn several(
        &self,
        context: &Context<'a>,
        source: &Resource<'a>,
        name: &str,
        parts: &mut Vec<Part<'a>>,
    ) -> Result<(), Why> {
        let list = member(source, name)?;
        if matches!(list.state(), State::Unknown) {
            return Err(unknown(name));
        }
        let elements = list.elements().map_err(|_| misfit(name))?;
        let count = elements.iter().filter(|element| is_unknown(element)).count();
        let mut others = match count {
            0 => Vec::new(),
            _ => self.others(context, source, name, &elements),
        }
        .into_iter();
        if others.len() != count {
            return Err(unknown(name));
        }
        for element in elements {
            match element.state() {
                State::Absent => {}
                State::There(value) => parts.push(Part::Text(value)),
                State::Unknown => parts.extend(others.next().map(Part::Source)),
            }
        }
        Ok(())
    }

    /// The data sources whose documents the unknown elements of a list are, in order.
    fn others(
        &self,
        context: &Context<'a>,
        source: &Resource<'a>,
        name: &str,
        elements: &[Marked<'a>],
    ) -> Vec<Followed> {
        let Configured::Yes(references) = context.configuration.attribute(source, name) else {
            return Vec::new();
        };
        let Some(site) = Site::of(source) else {
            return Vec::new();
        };
        let follow = |expression| follow(&context.configuration, &self.code, &self.index, &site, expression);
        let place = WrittenAt::Attribute(source.mode, &source.resource_type, &source.name, name);
        let written = self
            .code
            .written(&context.configuration, &source.modules, place, Some(&references));
        if let Some(Written::List(items)) = written
            && items.len() == elements.len()
        {
            let unknown = items
                .iter()
                .zip(elements)
                .filter(|(_, element)| is_unknown(element));
            let others: Option<Vec<Followed>> = unknown
                .map(|(item, _)| {
                    follow(Expression {
                        references: None,
                        written: item.as_ref(),
                    })
                })
                .collect();
            if let Some(others) = others {
                return others;
            }
        }
        // The plan lists what the elements refer to, each once.
        let keys: Vec<String> = references
            .iter()
            .filter(|reference| is_key(reference))
            .cloned()
            .collect();
        let others = references.into_iter().filter(|reference| !is_key(reference));
        let followed = others.filter_map(|reference| {
            let with_keys: Vec<String> = keys.iter().cloned().chain([reference]).collect();
            follow(Expression {
                references: Some(with_keys),
                written: None,
            })
        });
        followed.collect()
    }

    /// Merges the parts of a data source, all of which are merged themselves.
    pub(super) fn merge(&self, context: &Context<'a>, at: usize, parts: &Parts<'a>) -> Result<Merged, Why> {
        let source = self.source(at)?;
        let too_many = || Why::told("is one of too many documents that are known only after apply");
        if self.spent.get() > MOST_IN_ALL {
            return Err(too_many());
        }
        nothing_else(context, source)?;
        let mut made = Merging {
            deferred: self,
            context,
            document: Document::default(),
            holes: BTreeMap::new(),
            sensitive: marks_something(source.sensitive),
            is_itself: true,
        };
        let mut sids = BTreeSet::new();
        for part in &parts.sources {
            made.add(*part, Some(&mut sids))?;
        }
        made.own(source, !parts.sources.is_empty() || !parts.overrides.is_empty())?;
        for part in &parts.overrides {
            made.add(*part, None)?;
        }
        let size = made.document.statements.len().saturating_add(made.holes.len());
        self.spent.set(self.spent.get().saturating_add(size));
        if self.spent.get() > MOST_IN_ALL {
            return Err(too_many());
        }
        Ok(Merged {
            version: made.document.version,
            statements: made.document.statements,
            holes: made.holes,
            sensitive: made.sensitive,
            is_itself: made.is_itself,
        })
    }
}

/// A document in the making.
struct Merging<'m, 'a> {
    deferred: &'m Deferred<'a>,
    context: &'m Context<'a>,
    document: Document,
    holes: BTreeMap<HoleId, Hole>,
    sensitive: bool,
    is_itself: bool,
}

impl<'a> Merging<'_, 'a> {
    /// Merges a part. No two statements of sources may have the same `Sid`.
    fn add(&mut self, part: Part<'a>, sids: Option<&mut BTreeSet<Arc<str>>>) -> Result<(), Why> {
        let (version, statements, merged);
        let (version, statements) = match part {
            Part::Text(json) => {
                let text = json
                    .string()
                    .map_err(|_| Why::told("merges something that is no text"))?;
                let place = json.place(self.context.text, self.context.file);
                (version, statements) = read(&text, place)?;
                (version.as_str(), statements.as_slice())
            }
            Part::Source(followed) => {
                merged = self.deferred.merged.borrow().get(&followed.at).cloned();
                let Some(result) = &merged else {
                    return Err(Why::told("merges a document that cannot be told"));
                };
                let part = result.as_ref().map_err(Clone::clone)?;
                self.holes.extend(part.holes.clone());
                self.sensitive |= part.sensitive;
                self.is_itself &= part.is_itself && followed.is_itself;
                (part.version.as_str(), part.statements.as_slice())
            }
        };
        if let Some(sids) = sids {
            let named = statements.iter().filter_map(|statement| statement.sid.clone());
            for sid in named {
                if !sids.insert(sid) {
                    return Err(Why::told(
                        "merges two statements with the same `Sid`, which the provider refuses",
                    ));
                }
            }
        }
        self.document.merge(version, statements)
    }

    /// Merges the blocks of the data source itself.
    fn own(&mut self, source: &Resource<'a>, has_parts: bool) -> Result<(), Why> {
        let version = match member(source, "version")?.state() {
            State::Absent => "2012-10-17".to_owned(),
            State::There(value) => value.string().map_err(|_| misfit("version"))?,
            State::Unknown => return Err(unknown("version")),
        };
        let blocks = member(source, "statement")?;
        if matches!(blocks.state(), State::Unknown) {
            return Err(unknown("statement"));
        }
        let blocks = blocks.elements().map_err(|_| misfit("statement"))?;
        if blocks.len() > super::MOST_STATEMENTS {
            return Err(Why::told(format!(
                "has more than {} statements",
                super::MOST_STATEMENTS
            )));
        }
        let (configuration, code) = (&self.context.configuration, &self.deferred.code);
        let configured = configuration.blocks(source, "statement");
        let mut holes = Holes::new(source, configured, blocks.len()).with_code(configuration, code);
        let mut statements = Vec::new();
        let mut sids = BTreeSet::new();
        for (index, block) in blocks.iter().enumerate() {
            let State::There(json) = block.state() else {
                return Err(Why::told(format!(
                    "has a {} that is known only after apply",
                    At(index)
                )));
            };
            let read = statement(*block, &version, At(index), &mut holes)?;
            if holes.len() > super::MOST_HOLES {
                return Err(Why::told(format!(
                    "has more than {} unknown values",
                    super::MOST_HOLES
                )));
            }
            if read.sid_is_unknown && has_parts {
                return Err(Why::told("has an unknown `sid` and merges other documents"));
            }
            if read.sid.as_ref().is_some_and(|sid| !sids.insert(sid.clone())) {
                return Err(Why::told(
                    "has two statements with the same `sid`, which the provider refuses",
                ));
            }
            statements.push(Statement {
                sid: read.sid,
                value: Arc::new(read.value),
                place: json.place(self.context.text, self.context.file),
                block: Some(Arc::new(StatementBlock {
                    block: block_address(source),
                    index,
                    count: blocks.len(),
                })),
            });
        }
        self.holes.extend(holes.found());
        self.document.merge(&version, &statements)
    }
}

fn is_unknown(element: &Marked<'_>) -> bool {
    matches!(element.state(), State::Unknown)
}

/// A document beside the list of documents: which of them comes first differs by provider.
fn single_part<'a>(source: &Resource<'a>, name: &str, parts: &mut Vec<Part<'a>>) -> Result<(), Why> {
    match member(source, name)?.state() {
        State::Absent => Ok(()),
        State::There(value) if value.text() == "\"\"" => Ok(()),
        State::There(value) if parts.is_empty() => {
            parts.push(Part::Text(value));
            Ok(())
        }
        State::There(_) => Err(Why::told(format!("has a `{name}` beside a list of documents"))),
        State::Unknown => Err(unknown(name)),
    }
}

fn block_address(source: &Resource<'_>) -> BlockAddress {
    BlockAddress {
        modules: source.modules.clone(),
        mode: source.mode,
        resource_type: source.resource_type.clone(),
        name: source.name.clone(),
    }
}

fn member<'a>(source: &Resource<'a>, name: &str) -> Result<Marked<'a>, Why> {
    let all = Marked::new(source.after, source.unknown);
    if matches!(all.state(), State::Unknown) && source.unknown.is_some_and(Json::is_true) {
        return Err(Why::told("is unknown as a whole"));
    }
    let members = all.members().map_err(|_| misfit(name))?;
    let found = members.into_iter().find(|(own, _)| own == name);
    Ok(found.map_or(Marked::new(None, None), |(_, member)| member))
}

/// An input that a later provider may know and this code does not.
fn nothing_else(context: &Context<'_>, source: &Resource<'_>) -> Result<(), Why> {
    const READ: [&str; 6] = [
        "statement",
        "version",
        "source_policy_documents",
        "override_policy_documents",
        "source_json",
        "override_json",
    ];
    let members = Marked::new(source.after, source.unknown).members();
    for (name, member) in members.map_err(|_| Why::told("has an unexpected shape"))? {
        if READ.contains(&name.as_str()) || IDLE.contains(&name.as_str()) {
            continue;
        }
        let configured = || context.configuration.attribute(source, &name) != Configured::No;
        let is_input = match member.state() {
            State::Absent => false,
            State::There(_) => true,
            // Nobody set it: the provider will.
            State::Unknown => configured(),
        };
        if is_input {
            return Err(Why::told("has an attribute that is not understood"));
        }
    }
    Ok(())
}

fn unknown(name: &str) -> Why {
    Why::told(format!("has a `{name}` that is known only after apply"))
}

fn misfit(name: &str) -> Why {
    Why::told(format!("has a `{name}` of an unexpected shape"))
}

/// The document of one kind. Where the policy is not surely `itself`, it may be anything else.
pub(super) fn made(merged: &Merged, address: &str, kind: PolicyKind, itself: bool) -> Result<Made, Why> {
    let statements = merged
        .statements
        .iter()
        .map(|statement| (*statement.value).clone());
    let mut list: Vec<Value> = statements.collect();
    let mut default_facts = Vec::new();
    if !itself {
        default_facts = doubt(&mut list, address, kind.document_kind());
    }
    let mut entries = vec![("Version".to_owned(), Value::text(merged.version.as_str()))];
    if !merged.statements.is_empty() {
        entries.push(("Statement".to_owned(), Value::List(list)));
    }
    let parsed = match parse_document(&Value::Object(entries), kind.document_kind()) {
        // It may be valid all the same, if it is another one or once everything is known.
        Err(invalid) if !itself || !merged.holes.is_empty() => {
            let what = "makes a document that is not valid here";
            return Err(Why::told(match merged.sensitive {
                true => what.to_owned(),
                false => format!("{what} ({invalid})"),
            }));
        }
        parsed => parsed,
    };
    let blocks = merged.statements.iter().map(|statement| statement.block.clone());
    Ok(Made {
        parsed,
        holes: merged.holes.values().cloned().collect(),
        default_facts,
        places: merged
            .statements
            .iter()
            .map(|statement| statement.place)
            .collect(),
        rebuilt: Arc::new(Rebuilt {
            from: address.to_owned(),
            statements: blocks.collect(),
        }),
        sensitive: merged.sensitive,
    })
}

/// Has the statements hold only if the policy is the document of the data source itself. The facts, and what to take them
/// for.
fn doubt(list: &mut Vec<Value>, address: &str, kind: DocumentKind) -> Vec<(Arc<str>, bool)> {
    let itself: Arc<str> =
        format!("whether the policy is that of {address} itself, which only the code tells (--source)")
            .into();
    let denies: Arc<str> = format!("what a policy made of {address} denies").into();
    let is = |fact: &Arc<str>, holds| GuardLiteral {
        name: fact.clone(),
        holds,
    };
    for statement in list.iter_mut() {
        let own = std::mem::replace(statement, Value::Null);
        *statement = Value::Guarded(vec![is(&itself, true)], Box::new(own));
    }
    let otherwise = anything(kind).into_iter().map(|(effect, value)| {
        let mut guard = vec![is(&itself, false)];
        if effect == "Deny" {
            guard.push(is(&denies, true));
        }
        Value::Guarded(guard, Box::new(value))
    });
    list.push(Value::List(otherwise.collect()));
    vec![(itself, true), (denies, false)]
}

/// Statements about every request, by effect.
fn anything(kind: DocumentKind) -> Vec<(&'static str, Value)> {
    let statement = |effect: &'static str| {
        let star = || Value::text("*");
        let mut made = vec![("Effect", Value::text(effect)), ("Action", star())];
        match kind {
            DocumentKind::Identity | DocumentKind::Scp => made.push(("Resource", star())),
            DocumentKind::Resource | DocumentKind::Rcp => {
                made.extend([("Resource", star()), ("Principal", star())])
            }
            DocumentKind::Trust => made.push(("Principal", star())),
        }
        let made = made.into_iter().map(|(name, value)| (name.to_owned(), value));
        (effect, Value::Object(made.collect()))
    };
    match kind {
        DocumentKind::Rcp => vec![statement("Deny")],
        _ => vec![statement("Allow"), statement("Deny")],
    }
}
