//! The principals of a plan and what is attached to them.

use std::collections::BTreeSet;

use crate::extract::{ExtractedPrincipal, PolicyKind, Provenance};

use super::Context;
use super::attributes::{Value, attributes};
use super::found::Found;
use super::policies::Meaning;
use super::resource::Resource;

/// Puts the principals together, and tells managed policies of the plan to whom they are attached.
pub(super) fn compose(context: &Context<'_>, resources: &[Resource<'_>], found: &mut Found) {
    for link in &found.links {
        let own = |policy: &&mut crate::extract::Policy| policy.origin.address == link.policy;
        for policy in found.extraction.policies.iter_mut().filter(own) {
            policy.attached_to.extend(link.targets.identities.iter().cloned());
        }
    }
    for policy in &mut found.extraction.policies {
        policy.attached_to.sort();
        policy.attached_to.dedup();
    }
    let links = std::mem::take(&mut found.links);
    for link in links.iter().filter(|link| !link.targets.untold.is_empty()) {
        found.open(&link.targets);
    }
    let mut addresses: BTreeSet<(String, &'static str)> = context
        .identities
        .iter()
        .filter(|identity| identity.stays)
        .map(|identity| (identity.address.clone(), identity.principal_type))
        .collect();
    let attached = found
        .extraction
        .policies
        .iter()
        .flat_map(|policy| &policy.attached_to);
    for address in attached.chain(links.iter().flat_map(|link| &link.targets.identities)) {
        let outside = ["role", "user", "group", "permission-set"]
            .into_iter()
            .find(|word| {
                address
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with('/'))
            });
        addresses.extend(outside.map(|word| (address.clone(), word)));
    }
    for (address, principal_type) in addresses {
        let resource = resources
            .iter()
            .find(|resource| resource.address == address && resource.stays());
        let mut policies: BTreeSet<String> = found
            .extraction
            .policies
            .iter()
            .filter(|policy| policy.kind == PolicyKind::Identity && policy.attached_to.contains(&address))
            .filter(|policy| policy.provenance == Provenance::Literal)
            .map(|policy| policy.origin.address.clone())
            .collect();
        let linked = links
            .iter()
            .filter(|link| link.targets.identities.contains(&address));
        policies.extend(linked.map(|link| link.policy.clone()));
        let boundary = resource.map_or(Boundary::None, |resource| boundary(context, resource));
        let has_gap = found
            .extraction
            .gaps
            .iter()
            .any(|gap| gap.origin.address == address || is_below(&gap.origin.address, &address));
        let trust =
            found.extraction.policies.iter().find(|policy| {
                policy.kind == PolicyKind::Trust && is_below(&policy.origin.address, &address)
            });
        let open = resource.is_none()
            || has_gap
            || boundary == Boundary::Untold
            || found.is_open(&address, principal_type);
        found.extraction.principals.push(ExtractedPrincipal {
            principal_type,
            policies: policies.into_iter().collect(),
            boundary: match boundary {
                Boundary::Is(text) => Some(text),
                Boundary::None | Boundary::Untold => None,
            },
            trust: trust.map(|policy| policy.origin.address.clone()),
            open,
            address,
        });
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Boundary {
    None,
    /// An address of the plan, or an ARN.
    Is(String),
    Untold,
}

fn boundary(context: &Context<'_>, resource: &Resource<'_>) -> Boundary {
    const PATH: &str = "permissions_boundary";
    let Ok(attributes) = attributes(resource, PATH) else {
        return Boundary::Untold;
    };
    match attributes.first().map(|attribute| attribute.value) {
        None | Some(Value::Absent) => Boundary::None,
        Some(Value::Known(value)) => match value.string() {
            Ok(arn) if arn.is_empty() => Boundary::None,
            Ok(arn) => match context.policies.meaning(&arn) {
                Meaning::Planned(address) => Boundary::Is(address),
                Meaning::Read(_) | Meaning::Elsewhere => Boundary::Is(arn),
            },
            Err(_) => Boundary::Untold,
        },
        Some(Value::Unknown) => {
            let referred = context
                .policies
                .referred(&context.configuration, resource, PATH)
                .unwrap_or_default();
            match referred.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => Boundary::Is(only.clone()),
                _ => Boundary::Untold,
            }
        }
        Some(Value::Misshapen) => Boundary::Untold,
    }
}

/// Whether an address is that of an attribute of a resource.
fn is_below(address: &str, resource: &str) -> bool {
    address
        .strip_prefix(resource)
        .is_some_and(|rest| rest.starts_with('/'))
}
