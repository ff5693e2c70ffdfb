//! The principals of a plan and what is attached to them, now and before.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::{Composition, Deployed, ExtractedPrincipal, Origin, Policy, PolicyKind};
use crate::iam::FACT_SEPARATOR;
use crate::source::Place;

use super::boundary::{self, Boundary, OF_PERMISSION_SETS, boundary};
use super::composition::{Side, Tied, named_type};
use super::found::{Found, Link};
use super::resource::Resource;
use super::ties::{Membership, exclusives, membership};
use super::{Context, Time};

/// What one side of a plan tells: the context its resources are read in, and what they hold.
pub(super) struct Told<'p, 'a> {
    pub context: &'p Context<'a>,
    pub resources: &'p [Resource<'a>],
    pub found: &'p mut Found,
}

/// Puts the principals together, and tells managed policies of the plan to whom they are attached.
pub(super) fn compose(mut now: Told<'_, '_>, mut before: Told<'_, '_>) {
    let links = std::mem::take(&mut now.found.links);
    for link in links.iter().filter(|link| !link.targets.untold.is_empty()) {
        now.found.open(&link.targets);
    }
    attach(&links, &mut now.found.extraction.policies);
    let before_links = std::mem::take(&mut before.found.links);
    let tied = Tied::read(&before_links);
    let mut deployed = side(&mut before, &before_links, &tied);
    let compositions = side(&mut now, &links, &tied);
    let facts = Facts::read(&now, &links);
    let principals = compositions
        .into_iter()
        .filter_map(|(address, side)| {
            let before = deployed.remove(&address).map(|side| side.composition);
            principal(&now, &facts, address, side, before.unwrap_or_default())
        })
        .collect();
    now.found.extraction.principals = principals;
}

/// What all principals are looked up in.
struct Facts {
    /// Addresses of trust policies, by role.
    trusts: BTreeMap<String, String>,
    /// Resources with gaps.
    gaps: BTreeSet<String>,
    /// The identities of which nothing says what was attached before; `None` when it may be any.
    untold: Option<BTreeSet<String>>,
}

impl Facts {
    fn read(now: &Told<'_, '_>, links: &[Link]) -> Facts {
        let extraction = &now.found.extraction;
        let policies = extraction.policies.iter();
        let trusts = policies
            .filter(|policy| policy.kind == PolicyKind::Trust)
            .map(|policy| {
                let address = &policy.origin.address;
                (resource_of(address).to_owned(), address.clone())
            });
        let gaps = extraction.gaps.iter();
        Facts {
            trusts: trusts.collect(),
            gaps: gaps
                .map(|gap| resource_of(&gap.origin.address).to_owned())
                .collect(),
            untold: untold_before(now, links),
        }
    }
}

/// What is composed of an identity on one side.
struct Composed {
    composition: Composition,
    /// Address or ARN of its boundary.
    boundary: Option<String>,
    is_open: bool,
}

/// The identities of one side by address, and of those that are only named.
fn side(told: &mut Told<'_, '_>, links: &[Link], tied: &Tied) -> BTreeMap<String, Composed> {
    let context = told.context;
    let there: Vec<&Resource<'_>> = told
        .resources
        .iter()
        .filter(|resource| resource.mode == "resource" && !resource.deposed && resource.stays())
        .collect();
    let memberships: Vec<Membership> = there
        .iter()
        .filter_map(|resource| membership(context, resource))
        .collect();
    let exclusives: Vec<_> = if context.time == Time::Before {
        Vec::new()
    } else {
        there
            .iter()
            .flat_map(|resource| exclusives(context, resource))
            .collect()
    };
    let identities = context.identities.iter().filter(|identity| identity.stays);
    let compositions = Side {
        identities: identities
            .map(|identity| (identity.address.clone(), identity.principal_type))
            .collect(),
        policies: &told.found.extraction.policies,
        links,
        memberships: &memberships,
        exclusives: &exclusives,
        tied,
        unread: &|address| context.unread(address),
    }
    .compose();
    for membership in &memberships {
        open_members(context, membership, told.found);
    }
    let mut composed: BTreeMap<String, Composed> = compositions
        .into_iter()
        .map(|(address, composition)| {
            let none = Composed {
                composition,
                boundary: None,
                is_open: false,
            };
            (address, none)
        })
        .collect();
    for resource in there {
        bound(told, resource, &mut composed);
    }
    composed
}

/// Users are open where their groups are.
fn open_members(context: &Context<'_>, membership: &Membership, found: &mut Found) {
    let open = |group: &String| context.identities.get(group).is_none_or(|group| !group.stays);
    let is_open = !membership.groups.untold.is_empty() || membership.groups.identities.iter().any(open);
    if is_open || !membership.users.untold.is_empty() {
        found.open(&membership.users);
    }
}

/// Gives an identity the boundary that a resource names.
fn bound(told: &Told<'_, '_>, resource: &Resource<'_>, composed: &mut BTreeMap<String, Composed>) {
    let context = told.context;
    let bounded: Vec<String> = if resource.resource_type == OF_PERMISSION_SETS {
        let targets = context.identities.targets(&context.configuration, resource);
        targets.identities.into_iter().collect()
    } else if context.identities.get(&resource.address).is_some() {
        vec![resource.address.clone()]
    } else {
        return;
    };
    let boundary = boundary(context, resource);
    let parts = boundary::part(context, resource, &boundary, told.found);
    for address in bounded {
        let Some(composed) = composed.get_mut(&address).filter(|_| boundary != Boundary::None) else {
            continue;
        };
        composed.composition.boundary.clone_from(&parts);
        composed.is_open |= boundary == Boundary::Untold;
        composed.boundary = match &boundary {
            Boundary::Is(text) => Some(text.clone()),
            Boundary::None | Boundary::Untold => None,
        };
    }
}

/// The identities to which resources tie something of which nothing says what was before; `None` when it may be any.
fn untold_before(now: &Told<'_, '_>, links: &[Link]) -> Option<BTreeSet<String>> {
    let untold = links.iter().filter(|link| link.is_untold);
    let all: Option<Vec<_>> = untold.map(|link| link.targets.all_told()).collect();
    let ties = now.resources.iter().filter(|resource| {
        super::documents::is_untold(now.context, resource) && membership(now.context, resource).is_some()
    });
    (ties.count() == 0).then_some(())?;
    Some(all?.into_iter().flatten().cloned().collect())
}

fn principal(
    now: &Told<'_, '_>,
    facts: &Facts,
    address: String,
    side: Composed,
    before: Composition,
) -> Option<ExtractedPrincipal> {
    let context = now.context;
    let principal_type = principal_type(context, &address)?;
    let resource = context.identities.get(&address).filter(|identity| identity.stays);
    let told = side
        .composition
        .documents
        .iter()
        .filter(|part| part.doubt.is_none());
    let policies: BTreeSet<&str> = told.map(|part| part.document.key.as_str()).collect();
    let policies = policies.into_iter().filter(|key| !key.contains(FACT_SEPARATOR));
    let is_open = resource.is_none()
        || side.is_open
        || facts.gaps.contains(&address)
        || now.found.is_open(&address, principal_type);
    Some(ExtractedPrincipal {
        principal_type,
        policies: policies.map(str::to_owned).collect(),
        boundary: side.boundary,
        trust: facts.trusts.get(&address).cloned(),
        open: is_open,
        before: deployed(context, &address, before, &facts.untold),
        origin: origin(now, &address, principal_type, &side.composition),
        now: side.composition,
        address,
    })
}

fn deployed(
    context: &Context<'_>,
    address: &str,
    before: Composition,
    untold: &Option<BTreeSet<String>>,
) -> Deployed {
    let identity = context.identities.get(address);
    if identity.is_some_and(|identity| identity.is_created) {
        return Deployed::Created;
    }
    let is_told = identity.is_none_or(|identity| identity.is_told);
    let is_known = untold.as_ref().is_some_and(|untold| !untold.contains(address));
    if is_told && is_known {
        Deployed::Composition(before)
    } else {
        Deployed::Unreadable("the plan does not tell what was attached".to_owned())
    }
}

/// Where a principal stands: its resource, or what is attached to one that the plan only names.
fn origin(now: &Told<'_, '_>, address: &str, principal_type: &str, composition: &Composition) -> Origin {
    let context = now.context;
    if let Some(resource) = context
        .identities
        .get(address)
        .and_then(|identity| now.resources.get(identity.at))
    {
        return resource.origin("", resource.place(context.text, context.file));
    }
    let first = composition.parts().next().map(|part| part.document.origin.place);
    let whole = Place {
        file: context.file,
        span: crate::source::Span { start: 0, end: 0 },
    };
    Origin {
        address: address.to_owned(),
        resource_type: match principal_type {
            "role" => "aws_iam_role",
            "user" => "aws_iam_user",
            "group" => "aws_iam_group",
            _ => "aws_ssoadmin_permission_set",
        }
        .to_owned(),
        place: first.unwrap_or(whole),
        statements: Vec::new(),
        block: None,
        rebuilt: None,
    }
}

fn principal_type(context: &Context<'_>, address: &str) -> Option<&'static str> {
    let known = context.identities.get(address);
    known
        .map(|identity| identity.principal_type)
        .or_else(|| named_type(address))
}

/// Tells policies of the plan to whom they are attached; not at all if that is told only in part, since nobody may take
/// the part for the whole.
fn attach(links: &[Link], policies: &mut [Policy]) {
    let mut by_policy: BTreeMap<&str, Option<BTreeSet<&String>>> = BTreeMap::new();
    for link in links {
        let all = by_policy
            .entry(&link.policy)
            .or_insert_with(|| Some(BTreeSet::new()));
        match (all.as_mut(), link.targets.all_told()) {
            (Some(all), Some(identities)) => all.extend(identities),
            _ => *all = None,
        }
    }
    for policy in policies {
        if let Some(linked) = by_policy.get(policy.origin.address.as_str()) {
            policy.attached_to = linked
                .iter()
                .flatten()
                .map(|address| (*address).clone())
                .collect();
        }
    }
}

/// The address of the resource without that of the attribute. An instance key may hold a `/`.
pub(super) fn resource_of(address: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in address.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'/' if !quoted => return address.get(..at).unwrap_or(address),
            _ => {}
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::resource_of;

    #[test]
    fn attributes_are_told_from_instance_keys() {
        for (address, resource) in [
            ("aws_iam_role.r", "aws_iam_role.r"),
            ("aws_iam_role.r/inline_policy[0]", "aws_iam_role.r"),
            (
                r#"aws_iam_role.r["a/b"]/assume_role_policy"#,
                r#"aws_iam_role.r["a/b"]"#,
            ),
            (r#"aws_iam_role.r["a\"/b"]/x"#, r#"aws_iam_role.r["a\"/b"]"#),
        ] {
            assert_eq!(resource_of(address), resource, "{address}");
        }
    }
}
