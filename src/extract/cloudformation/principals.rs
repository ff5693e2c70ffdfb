//! The identities of a template with all that is attached to them: documents, those of groups, a boundary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::{
    AttachedDocument, Composition, Deployed, ExtractedPrincipal, Extraction, Gap, GapReason, Origin, Part,
    Policy, PolicyKind,
};
use crate::iam::{FACT_SEPARATOR, HoleId};

use super::attachments::{Links, PRINCIPALS, identity, listed, naming};
use super::boundary::boundary;
use super::emit::{Site, origin_of};
use super::intrinsics::resolve;
use super::nested::STACK;
use super::references::property;
use super::resources::worlds_of;
use super::template::{Resource, Scope, Template};
use super::values::{Symbolic, World, alternatives};

/// The identities of the template, once all policies are read.
pub(super) fn principals(
    templates: &[Template<'_>],
    links: &Links,
    extraction: &Extraction,
) -> Vec<ExtractedPrincipal> {
    let Some(root) = templates.first() else {
        return Vec::new();
    };
    let attached = Attached::read(root, links, extraction);
    let rows = root.everything().filter_map(|(template, resource)| {
        let row = PRINCIPALS
            .iter()
            .find(|(known, _)| *known == resource.resource_type)?;
        let is_there = !worlds_of(&template, resource).is_ok_and(|worlds| worlds.is_empty());
        is_there.then_some((template, resource, row.1))
    });
    let known: Vec<(Template<'_>, Resource<'_>, &'static str)> = rows.collect();
    let own: BTreeMap<&str, Vec<Part>> = known
        .iter()
        .map(|(template, resource, _)| (resource.id, attached.documents(template, *resource)))
        .collect();
    let memberships: Vec<Membership> = root
        .everything()
        .flat_map(|(template, resource)| memberships(&template, resource))
        .collect();
    let compose = |(template, resource, principal_type): (Template<'_>, Resource<'_>, &'static str)| {
        let template = &template;
        let mut parts = own.get(resource.id).cloned().unwrap_or_default();
        if principal_type == "user" {
            let unknown_name = has_unknown_name(template, resource);
            let user = User {
                id: resource.id,
                unknown_name,
                worlds: worlds_of(template, resource).unwrap_or_default(),
            };
            parts.extend(given(template, &user, &memberships, &own));
        }
        let documents = each_once(parts);
        let sure = documents.iter().filter(|part| part.doubt.is_none());
        let policies = sure
            .map(|part| part.document.key.clone())
            .filter(|key| !key.contains(FACT_SEPARATOR));
        let mut trusts = extraction.policies.iter().filter(|policy| {
            policy.kind == PolicyKind::Trust && policy.attached_to.iter().any(|id| id == resource.id)
        });
        let boundary = boundary(template, resource, extraction);
        let unread = documents.iter().chain(&boundary.parts);
        ExtractedPrincipal {
            address: resource.id.to_owned(),
            principal_type,
            policies: policies.collect(),
            boundary: boundary.shown,
            trust: trusts.next().map(|policy| policy.origin.address.clone()),
            open: attached.is_open || unread.into_iter().any(|part| part.document.content.is_err()),
            origin: origin(template, resource, resource.id),
            now: Composition {
                documents,
                boundary: boundary.parts,
            },
            before: Deployed::NotTold,
        }
    };
    known.into_iter().map(compose).collect()
}

/// The parts, each document once: what is sure wins.
fn each_once(parts: Vec<Part>) -> Vec<Part> {
    let mut kept: Vec<Part> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for part in parts {
        let known = at.get(&part.document.key).and_then(|at| kept.get_mut(*at));
        match known {
            Some(known) if part.doubt.is_none() => known.doubt = None,
            Some(_) => {}
            None => {
                at.insert(part.document.key.clone(), kept.len());
                kept.push(part);
            }
        }
    }
    kept
}

pub(super) fn origin(template: &Template<'_>, resource: Resource<'_>, address: &str) -> Origin {
    let site = Site { template, resource };
    origin_of(
        site,
        address.to_owned(),
        template.place(resource.view.span),
        Vec::new(),
    )
}

/// What is attached to whom, by logical id.
#[derive(Default)]
struct Attached {
    by_identity: BTreeMap<String, Vec<Part>>,
    /// What is attached to an identity by a name that is not known: it may be that of any.
    adrift: Vec<Part>,
    /// What is attached to an identity by a name that may be that of one whose name is not known.
    named: Vec<Part>,
    /// Whether the template as a whole may hold more.
    is_open: bool,
}

impl Attached {
    fn read(template: &Template<'_>, links: &Links, extraction: &Extraction) -> Attached {
        let mut attached = Attached::default();
        let ids: BTreeSet<&str> = template.everything().map(|(_, resource)| resource.id).collect();
        let policies = extraction.policies.iter();
        for policy in policies.filter(|policy| policy.kind == PolicyKind::Identity) {
            let document = document(policy);
            for name in &policy.attached_to {
                attached.add(template, name, &document, &ids);
            }
        }
        for gap in &extraction.gaps {
            attached.add_gap(template, gap, links, &ids);
        }
        attached
    }

    fn add(
        &mut self,
        template: &Template<'_>,
        name: &str,
        document: &Arc<AttachedDocument>,
        ids: &BTreeSet<&str>,
    ) {
        if ids.contains(name) {
            let own = self.by_identity.entry(name.to_owned()).or_default();
            return own.push(Part::sure(document.clone()));
        }
        let part = Part {
            document: document.clone(),
            doubt: Some(format!("to whom `{}` is attached", document.origin.address).into()),
        };
        if is_name(template, name) {
            self.named.push(part);
        } else {
            self.adrift.push(part);
        }
    }

    /// What could not be read is attached to those that its policy is attached to; to anyone, where that cannot be told.
    fn add_gap(&mut self, template: &Template<'_>, gap: &Gap, links: &Links, ids: &BTreeSet<&str>) {
        if !matches!(gap.kind, None | Some(PolicyKind::Identity)) {
            return;
        }
        let address = gap.origin.address.as_str();
        let id = address.split('/').next().unwrap_or_default();
        let resource_type = gap.origin.resource_type.as_str();
        let is_principal = PRINCIPALS.iter().any(|(known, _)| *known == resource_type);
        let elsewhere = resource_type == STACK || resource_type.ends_with("::MODULE");
        if !ids.contains(id) || elsewhere {
            self.is_open = true;
        } else if is_principal {
            self.add(template, id, &unread_gap(gap), ids);
        } else if resource_type == "AWS::IAM::UserToGroupAddition" {
            self.adrift.push(Part::sure(unread_gap(gap)));
        } else if !naming(resource_type).is_empty() {
            if address.ends_with("/PolicyDocument") {
                for holder in links.holders(id) {
                    self.add(template, holder, &unread_gap(gap), ids);
                }
            } else {
                self.adrift.push(Part::sure(unread_gap(gap)));
            }
        }
    }

    /// The documents of an identity, its groups left out.
    fn documents(&self, template: &Template<'_>, resource: Resource<'_>) -> Vec<Part> {
        let mut parts = self.by_identity.get(resource.id).cloned().unwrap_or_default();
        parts.extend(self.adrift.iter().cloned());
        if has_unknown_name(template, resource) {
            parts.extend(self.named.iter().cloned());
        }
        parts
    }
}

/// Whether a text is the name of an identity, and does not stand for an unknown one.
fn is_name(template: &Template<'_>, text: &str) -> bool {
    let in_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    !text.is_empty() && text.chars().all(in_name) && template.hole(&HoleId::new(text)).is_none()
}

/// Whether an identity is given a name that is not known.
fn has_unknown_name(template: &Template<'_>, resource: Resource<'_>) -> bool {
    let world = World::default();
    ["RoleName", "UserName", "GroupName"].into_iter().any(|name| {
        match property(resource, name, Scope::new(template, &world)) {
            Ok(None) => false,
            Ok(Some(value)) => value.as_literal().is_none(),
            Err(_) => true,
        }
    })
}

pub(super) fn document(policy: &Policy) -> Arc<AttachedDocument> {
    let address = &policy.origin.address;
    Arc::new(AttachedDocument {
        key: address.clone(),
        origin: policy.origin.clone(),
        content: match &policy.document {
            Ok(document) => Ok(document.clone()),
            Err(_) => Err(format!("the policy `{address}`, which is not valid,")),
        },
        holes: policy.holes.clone(),
        default_facts: policy.default_facts.clone(),
        sensitive: policy.sensitive,
    })
}

fn unread_gap(gap: &Gap) -> Arc<AttachedDocument> {
    let address = &gap.origin.address;
    let (key, what) = match &gap.reason {
        GapReason::UnknownManagedPolicy(arn) if arn.starts_with("arn:") => {
            (arn.clone(), format!("the policy `{arn}`"))
        }
        _ => (
            format!("{address}{FACT_SEPARATOR}"),
            format!("what is at `{address}`"),
        ),
    };
    unread(key, what, &gap.origin)
}

pub(super) fn unread(key: String, what: String, origin: &Origin) -> Arc<AttachedDocument> {
    Arc::new(AttachedDocument {
        key,
        origin: origin.clone(),
        content: Err(what),
        holes: Vec::new(),
        default_facts: Vec::new(),
        sensitive: false,
    })
}

/// Users in groups, as one resource tells.
struct Membership {
    /// Logical ids or names; `None` when it may be anyone.
    users: Option<BTreeSet<String>>,
    /// The same of groups, each with whether it is so whatever the conditions.
    groups: Option<BTreeMap<String, bool>>,
    /// When it is so.
    worlds: Vec<World>,
    by: Origin,
}

/// The memberships that a resource tells of.
fn memberships(template: &Template<'_>, resource: Resource<'_>) -> Option<Membership> {
    let (users, groups) = match resource.resource_type {
        "AWS::IAM::User" => (None, "Groups"),
        "AWS::IAM::UserToGroupAddition" => (Some("Users"), "GroupName"),
        _ => return None,
    };
    let Ok(worlds) = worlds_of(template, resource) else {
        return Some(Membership {
            users: None,
            groups: None,
            worlds: Vec::new(),
            by: origin(template, resource, resource.id),
        });
    };
    let own = || Some(BTreeMap::from([(resource.id.to_owned(), true)]));
    let users = users.map_or_else(own, |path| {
        named(template, resource, (path, "AWS::IAM::User"), &worlds)
    });
    let mut groups = named(template, resource, (groups, "AWS::IAM::Group"), &worlds);
    let surely = users.iter().flatten().all(|(_, surely)| *surely);
    for always in groups.iter_mut().flat_map(BTreeMap::values_mut) {
        *always &= surely;
    }
    Some(Membership {
        users: users.map(|users| users.into_keys().collect()),
        groups,
        worlds,
        by: origin(template, resource, resource.id),
    })
}

/// The identities that a property names, and whether in all worlds; `None` when some cannot be told.
fn named(
    template: &Template<'_>,
    resource: Resource<'_>,
    (path, resource_type): (&str, &str),
    worlds: &[World],
) -> Option<BTreeMap<String, bool>> {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for spot in listed(Site { template, resource }, path, worlds) {
        let spot = spot.ok()?;
        let values = alternatives(&spot.worlds, |world| {
            let scope = Scope::new(template, world);
            Ok(match resolve(spot.view, scope)? {
                Symbolic::Missing => None,
                value => Some(identity(&value, resource_type, scope)?),
            })
        });
        let values = values.ok()?;
        let always = values.len() == 1 && spot.worlds == *worlds;
        for name in values.into_iter().filter_map(|(_, name)| name) {
            *found.entry(name).or_insert(false) |= always;
        }
    }
    Some(found)
}

/// A user of the template.
struct User<'n> {
    id: &'n str,
    unknown_name: bool,
    /// When it is there.
    worlds: Vec<World>,
}

/// What a user has of its groups.
fn given(
    template: &Template<'_>,
    user: &User<'_>,
    memberships: &[Membership],
    own: &BTreeMap<&str, Vec<Part>>,
) -> Vec<Part> {
    let mut parts = Vec::new();
    for membership in memberships {
        let by = &membership.by.address;
        let is_adrift = match &membership.users {
            None => true,
            Some(users) => users.iter().any(|name| {
                !own.contains_key(name.as_str()) && (user.unknown_name || !is_name(template, name))
            }),
        };
        let is_named = membership
            .users
            .as_ref()
            .is_some_and(|users| users.contains(user.id));
        if !is_named && !is_adrift {
            continue;
        }
        let Some(groups) = &membership.groups else {
            let what = format!("a group that `{by}` names");
            parts.push(Part::sure(unread(
                format!("{by}{FACT_SEPARATOR}"),
                what,
                &membership.by,
            )));
            continue;
        };
        // What tells of it may not be there when the user is.
        let is_there = membership.worlds == user.worlds || membership.worlds == [World::default()];
        for (group, always) in groups {
            let doubt = (!is_named || !always || !is_there)
                .then(|| Arc::from(format!("whether `{by}` puts `{}` into `{group}`", user.id)));
            let unknown = || {
                let what = format!("the group `{group}`, of which not all is known,");
                vec![Part::sure(unread(format!("group/{group}"), what, &membership.by))]
            };
            let documents = own.get(group.as_str()).cloned().unwrap_or_else(unknown);
            parts.extend(documents.into_iter().map(|part| Part {
                doubt: part.doubt.or_else(|| doubt.clone()),
                ..part
            }));
        }
    }
    parts
}
