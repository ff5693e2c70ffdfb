//! The permissions boundary of an identity. One that conditions decide is one in parts, each there under its own guards;
//! where there is none, all is let through.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::extract::managed::{attached_policy, is_aws_managed};
use crate::extract::{AttachedDocument, Extraction, Hole, Origin, Part, PolicyKind};
use crate::iam::{DocumentKind, FACT_SEPARATOR, PolicyDocument, Text, Value, parse_document};

use super::attachments::{guarded, managed_with, without_partition};
use super::emit::{default_facts, holes_of};
use super::narrowed::parse_narrowed;
use super::policy::{Found, read_document};
use super::principals::{document, origin, unread};
use super::references::property;
use super::resources::worlds_of;
use super::template::{Resource, Scope, Template};
use super::values::{Symbolic, World, alternatives};

const PATH: &str = "PermissionsBoundary";

/// The permissions boundary of an identity.
#[derive(Default)]
pub(super) struct Boundary {
    /// Address or ARN.
    pub shown: Option<String>,
    /// Its parts; none when there is no boundary.
    pub parts: Vec<Part>,
}

/// A boundary, `None` where there is none, and the worlds in which it is so.
type InWorlds = (Option<Symbolic>, Vec<World>);

/// The boundary of an identity.
pub(super) fn boundary(template: &Template<'_>, resource: Resource<'_>, extraction: &Extraction) -> Boundary {
    let address = format!("{}/{PATH}", resource.id);
    let place = origin(template, resource, &address);
    let untold = || Boundary {
        shown: Some("a boundary that a condition or a later value decides".to_owned()),
        parts: vec![nobody_knows(&address, resource, &place)],
    };
    let properties = resource.view.get("Properties");
    if properties.is_none_or(|all| all.entries().is_some() && all.get(PATH).is_none()) {
        return Boundary::default();
    }
    let Ok(worlds) = worlds_of(template, resource) else {
        return untold();
    };
    let found = alternatives(&worlds, |world| {
        property(resource, PATH, Scope::new(template, world))
    });
    let Ok(found) = found else { return untold() };
    let mut groups: Vec<InWorlds> = Vec::new();
    for (world, value) in found {
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, worlds)) => worlds.push(world),
            None => groups.push((value, vec![world])),
        }
    }
    match groups.as_slice() {
        [] | [(None, _)] => Boundary::default(),
        [(Some(value), _)] => match arn_of(value, resource) {
            Some(arn) => whole(template, &arn, &worlds, extraction, &place).unwrap_or_else(untold),
            None => untold(),
        },
        groups => Boundary {
            shown: untold().shown,
            parts: groups
                .iter()
                .map(|group| {
                    part(template, resource, group, &place)
                        .unwrap_or_else(|| nobody_knows(&address, resource, &place))
                })
                .collect(),
        },
    }
}

fn nobody_knows(address: &str, resource: Resource<'_>, place: &Origin) -> Part {
    Part::sure(unread(
        format!("{address}{FACT_SEPARATOR}"),
        format!("the boundary of `{}`", resource.id),
        place,
    ))
}

/// The ARN of a boundary; a permission set has it one level deeper.
fn arn_of(value: &Symbolic, resource: Resource<'_>) -> Option<Text> {
    match value {
        Symbolic::Map(entries) if resource.resource_type == "AWS::SSO::PermissionSet" => {
            match entries.as_slice() {
                [(key, value)] if key == "ManagedPolicyArn" => value.as_text(),
                _ => None,
            }
        }
        value => value.as_text(),
    }
}

/// A boundary that is there whenever the identity is.
fn whole(
    template: &Template<'_>,
    arn: &Text,
    worlds: &[World],
    extraction: &Extraction,
    place: &Origin,
) -> Option<Boundary> {
    let planned =
        managed_with(template, arn, worlds).map(|(_, policy)| format!("{}/PolicyDocument", policy.id));
    let shown = planned.clone().or_else(|| without_partition(arn))?;
    let of_template = extraction.policies.iter().filter(|policy| {
        Some(&policy.origin.address) == planned.as_ref() && policy.kind == PolicyKind::Identity
    });
    let mut parts: Vec<Part> = of_template.map(|policy| Part::sure(document(policy))).collect();
    if let Some(document) = of_catalog(&shown) {
        parts.push(Part::sure(Arc::new(AttachedDocument {
            content: Ok(document),
            ..(*unread(shown.clone(), String::new(), place)).clone()
        })));
    }
    if parts.len() != 1 {
        let what = format!("the boundary `{shown}`");
        parts = vec![Part::sure(unread(shown.clone(), what, place))];
    }
    Some(Boundary {
        shown: Some(shown),
        parts,
    })
}

fn of_catalog(arn: &str) -> Option<PolicyDocument> {
    attached_policy(arn).filter(|_| is_aws_managed(arn))
}

/// What lets through in some worlds: the statements of the boundary, or everything where there is none. `None` when
/// nobody knows.
fn part(
    template: &Template<'_>,
    resource: Resource<'_>,
    (value, worlds): &InWorlds,
    place: &Origin,
) -> Option<Part> {
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let of = |document: PolicyDocument, key: String, holes: Vec<Hole>, origin: Origin| {
        let statements = document.statements.iter();
        let facts = statements.flat_map(|statement| statement.guard.iter().map(|fact| fact.name.clone()));
        let facts: BTreeSet<Arc<str>> = facts.collect();
        Part::sure(Arc::new(AttachedDocument {
            key,
            origin,
            content: Ok(document),
            holes,
            default_facts: default_facts(template, &facts),
            sensitive: template.take_secret(),
        }))
    };
    let Some(value) = value else {
        let all = crate::iam::parse_json(all).ok()?;
        let all = parse_document(&all, DocumentKind::Identity).ok()?.document;
        let key = format!("no boundary{FACT_SEPARATOR}{}", place.address);
        return Some(of(guarded(all, worlds, template), key, Vec::new(), place.clone()));
    };
    let arn = arn_of(value, resource)?;
    if let Some((of_policy, policy)) = managed_with(template, &arn, worlds) {
        let view = policy.view.get("Properties")?.get("PolicyDocument")?;
        let Ok(Found::Document(drawn)) = read_document(&of_policy, worlds, view) else {
            return None;
        };
        let (value, parsed) = parse_narrowed(drawn.value, DocumentKind::Identity, &of_policy);
        let holes = holes(template, &value);
        let document = parsed.ok()?.document;
        let address = format!("{}/PolicyDocument", policy.id);
        let key = format!("{address}{FACT_SEPARATOR}{}", place.address);
        return Some(of(document, key, holes, origin(&of_policy, policy, &address)));
    }
    let arn = without_partition(&arn)?;
    let document = of_catalog(&arn)?;
    let key = format!("{arn}{FACT_SEPARATOR}{}", place.address);
    Some(of(
        guarded(document, worlds, template),
        key,
        Vec::new(),
        place.clone(),
    ))
}

fn holes(template: &Template<'_>, value: &Value) -> Vec<Hole> {
    let holes = holes_of(value).into_iter();
    holes.filter_map(|hole| template.hole(&hole)).collect()
}
