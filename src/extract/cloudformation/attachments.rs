//! What is attached to whom: identities by logical id, managed policies of the template by reference, AWS managed
//! policies by ARN from the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::managed::{attached_policy, is_aws_managed};
use crate::extract::{Before, Extraction, GapReason, Policy, PolicyKind, Provenance, Row, RowKind};
use crate::iam::{PolicyDocument, Text, TextPiece};

use super::emit::{Site, block, default_facts, emit, gap, origin_of};
use super::intrinsics::{Head, resolve};
use super::policy::{heads, read_document};
use super::references::reference;
use super::resources::worlds_of;
use super::template::{Resource, Scope, Template};
use super::values::{Symbolic, World, alternatives, describe};
use super::walk::{Spot, elements, walk};

pub(super) const PRINCIPALS: &[(&str, &str)] = &[
    ("AWS::IAM::Role", "role"),
    ("AWS::IAM::User", "user"),
    ("AWS::IAM::Group", "group"),
    ("AWS::SSO::PermissionSet", "permission-set"),
];
const MANAGED: &str = "AWS::IAM::ManagedPolicy";

/// Who is attached to which policy resource, unconditionally: whenever both are there.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    by_policy: BTreeMap<String, BTreeSet<String>>,
}

impl Links {
    /// The identities that a policy resource is attached to.
    pub fn holders(&self, policy: &str) -> impl Iterator<Item = &String> {
        self.by_policy.get(policy).into_iter().flatten()
    }

    /// The identities that the documents of a row belong to.
    pub fn identities(&self, resource: &str, row: &Row) -> Vec<String> {
        match (row.kind, row.attaches_to) {
            (
                RowKind::IdentityManaged | RowKind::IdentityInline | RowKind::SsoInline | RowKind::Trust,
                "self",
            ) => vec![resource.to_owned()],
            (RowKind::IdentityManaged | RowKind::IdentityInline, _) => self
                .by_policy
                .get(resource)
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The properties of policy resources that name identities.
pub(super) fn naming(resource_type: &str) -> &'static [&'static str] {
    match resource_type {
        MANAGED | "AWS::IAM::Policy" => &["Roles[]", "Users[]", "Groups[]"],
        "AWS::IAM::RolePolicy" => &["RoleName"],
        "AWS::IAM::UserPolicy" => &["UserName"],
        "AWS::IAM::GroupPolicy" => &["GroupName"],
        _ => &[],
    }
}

/// The properties of identities that list managed policies.
fn listing(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => Some("ManagedPolicyArns"),
        "AWS::SSO::PermissionSet" => Some("ManagedPolicies"),
        _ => None,
    }
}

/// Reads who is attached to what. Conditional attachments of policies to the identities that they name are policies of
/// their own and are added at once; those in lists of identities are added with the identity.
pub(super) fn read_links(templates: &[Template<'_>], extraction: &mut Extraction) -> Links {
    let mut links = Links::default();
    let sites = templates.iter().flat_map(|template| {
        let resources = template.resources.iter();
        resources.map(move |resource| Site {
            template,
            resource: *resource,
        })
    });
    for site in sites {
        let Site { template, resource } = site;
        let Ok(worlds) = worlds_of(template, resource) else {
            continue;
        };
        for path in naming(resource.resource_type) {
            for spot in walk(template, resource, &worlds, path) {
                match spot {
                    Ok(spot) => name_identities(site, path, &spot, &worlds, &mut links, extraction),
                    Err(blocked) => block(site, blocked, Some(PolicyKind::Identity), extraction),
                }
            }
        }
        if let Some(path) = listing(resource.resource_type) {
            for spot in listed(site, path, &worlds).into_iter().flatten() {
                for (policy, found) in in_template(template, &spot).unwrap_or_default() {
                    if found == worlds {
                        links
                            .by_policy
                            .entry(policy)
                            .or_default()
                            .insert(resource.id.to_owned());
                    }
                }
            }
        }
    }
    links
}

fn name_identities(
    site: Site<'_, '_>,
    path: &str,
    spot: &Spot<'_>,
    whole: &[World],
    links: &mut Links,
    extraction: &mut Extraction,
) {
    let found = alternatives(&spot.worlds, |world| {
        let scope = Scope::new(site.template, world);
        Ok(match resolve(spot.view, scope)? {
            Symbolic::Missing => None,
            value => Some(identity(&value, kind_of(path), scope)?),
        })
    });
    let found = match found {
        Ok(found) => found,
        Err(reason) => {
            return gap(
                site,
                spot.address.clone(),
                spot.view.span,
                reason,
                Some(PolicyKind::Identity),
                extraction,
            );
        }
    };
    let mut groups: BTreeMap<String, Vec<World>> = BTreeMap::new();
    for (world, name) in found {
        if let Some(name) = name {
            groups.entry(name).or_default().push(world);
        }
    }
    for (name, worlds) in groups {
        if worlds == whole {
            links
                .by_policy
                .entry(site.resource.id.to_owned())
                .or_default()
                .insert(name);
        } else if let Some(document) = document_of(site.resource) {
            let found = read_document(site.template, &worlds, document);
            emit(
                site,
                spot.address.clone(),
                document,
                PolicyKind::Identity,
                &[name],
                found,
                extraction,
            );
        }
    }
}

fn document_of(resource: Resource<'_>) -> Option<super::syntax::View<'_>> {
    resource
        .view
        .get("Properties")
        .and_then(|properties| properties.get("PolicyDocument"))
}

/// The type of the identities that a property names: `Roles[]`, `GroupName`.
fn kind_of(path: &str) -> &'static str {
    match path {
        path if path.starts_with("Role") => "AWS::IAM::Role",
        path if path.starts_with("User") => "AWS::IAM::User",
        _ => "AWS::IAM::Group",
    }
}

/// The logical id of the identity of a type that has this name, else the name.
pub(super) fn identity(
    name: &Symbolic,
    resource_type: &str,
    scope: Scope<'_, '_>,
) -> Result<String, super::values::Fault> {
    let everything = scope.template.everything();
    for (template, resource) in everything.filter(|(_, resource)| resource.resource_type == resource_type) {
        if reference(resource.local, scope.within(&template))? == *name {
            return Ok(resource.id.to_owned());
        }
    }
    Ok(name.as_literal().unwrap_or_else(|| name.describe()))
}

pub(super) type Listed<'n> = Vec<Result<Spot<'n>, super::walk::Blocked>>;

/// The ARNs at a path, which is a list or one ARN.
pub(super) fn listed<'n>(site: Site<'_, 'n>, path: &str, worlds: &[World]) -> Listed<'n> {
    walk(site.template, site.resource, worlds, path)
        .into_iter()
        .flat_map(|spot| match spot {
            Ok(spot) if is_list(site.template, &spot) => elements(site.template, spot),
            other => vec![other],
        })
        .collect()
}

fn is_list(template: &Template<'_>, spot: &Spot<'_>) -> bool {
    heads(template, &spot.worlds, spot.view).is_ok_and(|heads| {
        heads.iter().any(|(head, _)| match head {
            Head::Node(node) => node.items().is_some(),
            Head::Value(value) => matches!(value, Symbolic::List(_) | Symbolic::Unknown(_)),
            Head::Missing => false,
        })
    })
}

/// A text, `None` where there is none, and the worlds in which a spot has it.
pub(super) type TextInWorlds = (Option<Text>, Vec<World>);

/// The texts of a spot with their worlds; texts that are equal stand together.
pub(super) fn texts(template: &Template<'_>, spot: &Spot<'_>) -> Result<Vec<TextInWorlds>, GapReason> {
    let mut groups: Vec<TextInWorlds> = Vec::new();
    for (world, value) in alternatives(&spot.worlds, |world| {
        resolve(spot.view, Scope::new(template, world))
    })? {
        if value == Symbolic::Missing {
            continue;
        }
        let text = value.as_text();
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, worlds)) => worlds.push(world),
            None => groups.push((text, vec![world])),
        }
    }
    Ok(groups)
}

/// The managed policies of the template that a spot names, with the worlds in which it does.
fn in_template(template: &Template<'_>, spot: &Spot<'_>) -> Result<Vec<(String, Vec<World>)>, GapReason> {
    Ok(texts(template, spot)?
        .into_iter()
        .filter_map(|(text, worlds)| Some((managed_with(template, &text?, &worlds)?.1.id.to_owned(), worlds)))
        .collect())
}

/// The managed policy of the template that has this ARN in these worlds.
pub(super) fn managed_with<'n>(
    template: &Template<'n>,
    arn: &Text,
    worlds: &[World],
) -> Option<(Template<'n>, Resource<'n>)> {
    let mut managed = template
        .everything()
        .filter(|(_, resource)| resource.resource_type == MANAGED);
    managed.find(|(template, resource)| {
        worlds.iter().all(|world| {
            reference(resource.local, Scope::new(template, world))
                .is_ok_and(|known| known.as_text().as_ref() == Some(arn))
        })
    })
}

/// Reads the managed policies that a resource lists by ARN.
pub(super) fn attach(
    site: Site<'_, '_>,
    path: &str,
    kind: PolicyKind,
    worlds: &[World],
    links: &Links,
    extraction: &mut Extraction,
) {
    for spot in listed(site, path, worlds) {
        let spot = match spot {
            Ok(spot) => spot,
            Err(blocked) => {
                block(site, blocked, Some(kind), extraction);
                continue;
            }
        };
        let found = match texts(site.template, &spot) {
            Ok(found) => found,
            Err(reason) => {
                gap(site, spot.address, spot.view.span, reason, Some(kind), extraction);
                continue;
            }
        };
        for (text, worlds) in found {
            attach_one(site, &spot, text, &worlds, kind, links, extraction);
        }
    }
}

fn attach_one(
    site: Site<'_, '_>,
    spot: &Spot<'_>,
    arn: Option<Text>,
    worlds: &[World],
    kind: PolicyKind,
    links: &Links,
    extraction: &mut Extraction,
) {
    let template = site.template;
    let unknown = |reason: GapReason, extraction: &mut Extraction| {
        gap(
            site,
            spot.address.clone(),
            spot.view.span,
            reason,
            Some(kind),
            extraction,
        );
    };
    let Some(arn) = arn else {
        return unknown(
            GapReason::UnexpectedShape("an attached policy is not an ARN".to_owned()),
            extraction,
        );
    };
    let identities = identities(site.resource);
    if let Some((of_policy, policy)) = managed_with(template, &arn, worlds) {
        let linked = links
            .by_policy
            .get(policy.id)
            .is_some_and(|known| known.contains(site.resource.id));
        if !linked && let Some(document) = document_of(policy) {
            // Attached in some worlds only: a policy of its own, with those worlds as guards.
            let found = read_document(&of_policy, worlds, document);
            let (policies, gaps) = (extraction.policies.len(), extraction.gaps.len());
            emit(
                site,
                spot.address.clone(),
                document,
                kind,
                &identities,
                found,
                extraction,
            );
            // The document may stand in the template of another stack.
            let of_policies = extraction.policies.iter_mut().skip(policies);
            let of_gaps = extraction.gaps.iter_mut().skip(gaps);
            of_policies
                .map(|policy| &mut policy.origin)
                .chain(of_gaps.map(|gap| &mut gap.origin))
                .for_each(|origin| origin.place.file = of_policy.file);
        }
        return;
    }
    let Some(arn) = without_partition(&arn) else {
        let reason =
            GapReason::UnknownManagedPolicy(format!("attached by an ARN that depends on {}", describe(&arn)));
        return unknown(reason, extraction);
    };
    match attached_policy(&arn).filter(|_| is_aws_managed(&arn)) {
        Some(document) => {
            let document = guarded(document, worlds, template);
            let facts: BTreeSet<Arc<str>> = document
                .statements
                .iter()
                .flat_map(|statement| statement.guard.iter().map(|literal| literal.name.clone()))
                .collect();
            extraction.policies.push(Policy {
                document: Ok(document),
                kind,
                origin: origin_of(
                    site,
                    spot.address.clone(),
                    template.place(spot.view.span),
                    Vec::new(),
                ),
                before: Before::NotTold,
                attached_to: identities,
                holes: Vec::new(),
                provenance: Provenance::Catalog,
                sensitive: template.take_secret(),
                changed: true,
                notes: Vec::new(),
                default_facts: default_facts(template, &facts),
            });
        }
        None => unknown(GapReason::UnknownManagedPolicy(arn), extraction),
    }
}

fn identities(resource: Resource<'_>) -> Vec<String> {
    if PRINCIPALS
        .iter()
        .any(|(known, _)| *known == resource.resource_type)
    {
        vec![resource.id.to_owned()]
    } else {
        Vec::new()
    }
}

/// The ARN, with the commercial partition where the template leaves the partition to the deployment: the AWS managed
/// policies of the catalog are its.
pub(super) fn without_partition(arn: &Text) -> Option<String> {
    arn.0
        .iter()
        .map(|piece| match piece {
            TextPiece::Lit(lit) => Some(lit.as_str()),
            TextPiece::Hole(hole) => (&*hole.0 == "AWS::Partition").then_some("aws"),
        })
        .collect()
}

/// The document, its statements there in these worlds only.
pub(super) fn guarded(document: PolicyDocument, worlds: &[World], template: &Template<'_>) -> PolicyDocument {
    let statements = document
        .statements
        .iter()
        .flat_map(|statement| {
            worlds.iter().map(|world| {
                let mut statement = statement.clone();
                statement.guard = template.guard(world);
                statement
            })
        })
        .collect();
    PolicyDocument {
        statements,
        ..document
    }
}
