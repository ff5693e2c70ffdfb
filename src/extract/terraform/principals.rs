//! The principals of a plan and what is attached to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::{ExtractedPrincipal, Policy, PolicyKind};

use super::Context;
use super::attributes::{Value, attributes};
use super::found::{Found, Link};
use super::policies::Meaning;
use super::resource::Resource;

/// Puts the principals together, and tells managed policies of the plan to whom they are attached.
pub(super) fn compose(context: &Context<'_>, resources: &[Resource<'_>], found: &mut Found) {
    let links = std::mem::take(&mut found.links);
    for link in links.iter().filter(|link| !link.targets.untold.is_empty()) {
        found.open(&link.targets);
    }
    attach(&links, &mut found.extraction.policies);
    let mut attached = Attached::default();
    for identity in context.identities.iter().filter(|identity| identity.stays) {
        attached.by_identity.entry(identity.address.clone()).or_default();
    }
    attached.read(&found.extraction.policies, &links);
    let gaps: BTreeSet<&str> = found
        .extraction
        .gaps
        .iter()
        .map(|gap| resource_of(&gap.origin.address))
        .collect();
    let resources: BTreeMap<&str, &Resource<'_>> = resources
        .iter()
        .filter(|resource| resource.stays())
        .map(|resource| (resource.address.as_str(), resource))
        .collect();
    let mut principals = Vec::new();
    for (address, policies) in attached.by_identity {
        let Some(principal_type) = principal_type(context, &address) else {
            continue;
        };
        let resource = resources.get(address.as_str());
        let boundary = resource.map_or(Boundary::None, |resource| boundary(context, resource));
        principals.push(ExtractedPrincipal {
            principal_type,
            policies: policies.into_iter().collect(),
            trust: attached.trusts.get(&address).cloned(),
            open: resource.is_none()
                || gaps.contains(address.as_str())
                || boundary == Boundary::Untold
                || found.is_open(&address, principal_type),
            boundary: match boundary {
                Boundary::Is(text) => Some(text),
                Boundary::None | Boundary::Untold => None,
            },
            address,
        });
    }
    found.extraction.principals = principals;
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

/// Policies by the identity they are attached to.
#[derive(Default)]
struct Attached {
    by_identity: BTreeMap<String, BTreeSet<String>>,
    trusts: BTreeMap<String, String>,
}

impl Attached {
    fn read(&mut self, policies: &[Policy], links: &[Link]) {
        for policy in policies.iter().filter(|policy| policy.kind == PolicyKind::Trust) {
            let address = &policy.origin.address;
            self.trusts
                .insert(resource_of(address).to_owned(), address.clone());
        }
        for link in links {
            for identity in &link.targets.identities {
                self.by_identity
                    .entry(identity.clone())
                    .or_default()
                    .insert(link.policy.clone());
            }
        }
    }
}

fn principal_type(context: &Context<'_>, address: &str) -> Option<&'static str> {
    let outside = || {
        let (word, _) = address.split_once('/')?;
        ["role", "user", "group", "permission-set"]
            .into_iter()
            .find(|known| *known == word)
    };
    context
        .identities
        .get(address)
        .map(|identity| identity.principal_type)
        .or_else(outside)
}

/// The address of the resource without that of the attribute. An instance key may hold a `/`.
fn resource_of(address: &str) -> &str {
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
        Some(Value::Known(_)) if attributes.iter().any(|attribute| attribute.is_sensitive) => {
            Boundary::Untold
        }
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
