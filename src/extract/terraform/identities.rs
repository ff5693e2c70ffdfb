//! The roles, users, groups and permission sets of a plan, and which of them a resource is about.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{Value, attributes};
use super::configuration::{Configuration, Configured, Target};
use super::json::{Json, Shape};
use super::resource::{Resource, View};

/// An identity of the plan.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub address: String,
    /// `role`, `user`, `group`, `permission-set`.
    pub principal_type: &'static str,
    /// Whether the plan creates it: then nothing is attached to it but what the plan attaches.
    pub is_created: bool,
    /// Whether it is there after apply.
    pub stays: bool,
    /// Whether the planned changes tell of it.
    pub is_told: bool,
    /// Its position among the resources.
    pub at: usize,
}

/// The identities that a resource is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// Addresses of identities of the plan; `role/NAME` for those that it does not hold.
    pub identities: BTreeSet<String>,
    /// Kinds of identities of which some cannot be told.
    pub untold: BTreeSet<&'static str>,
}

impl Targets {
    /// The identities, if all of them are told.
    pub fn all_told(&self) -> Option<&BTreeSet<String>> {
        Some(&self.identities).filter(|_| self.untold.is_empty())
    }
}

/// The identities of a plan.
#[derive(Debug, Default)]
pub(super) struct Identities {
    all: BTreeMap<String, Identity>,
    /// By principal type and name (or ARN, for permission sets).
    by_name: BTreeMap<(&'static str, String), BTreeSet<String>>,
    by_block: BTreeMap<Block, BTreeSet<String>>,
    /// The same by instance key.
    by_key: BTreeMap<Block, BTreeMap<String, BTreeSet<String>>>,
}

/// Module calls, type and name.
type Block = (Vec<String>, String, String);

/// Types of identities: what they are, and the attribute others name them by.
const IDENTITY_TYPES: [(&str, &str, &str); 8] = [
    ("aws_iam_role", "role", "name"),
    ("aws_iam_user", "user", "name"),
    ("aws_iam_group", "group", "name"),
    ("aws_ssoadmin_permission_set", "permission-set", "arn"),
    ("awscc_iam_role", "role", "role_name"),
    ("awscc_iam_user", "user", "user_name"),
    ("awscc_iam_group", "group", "group_name"),
    ("awscc_sso_permission_set", "permission-set", "permission_set_arn"),
];

/// Which attributes name the identities that a resource is about.
const TARGET_ATTRIBUTES: [(&str, &str, &str); 44] = [
    ("aws_iam_role_policy", "role", "role"),
    ("aws_iam_user_policy", "user", "user"),
    ("aws_iam_group_policy", "group", "group"),
    ("aws_iam_role_policy_attachment", "role", "role"),
    ("aws_iam_user_policy_attachment", "user", "user"),
    ("aws_iam_group_policy_attachment", "group", "group"),
    ("aws_iam_policy_attachment", "roles", "role"),
    ("aws_iam_policy_attachment", "users", "user"),
    ("aws_iam_policy_attachment", "groups", "group"),
    ("aws_iam_role_policy_attachments_exclusive", "role_name", "role"),
    ("aws_iam_user_policy_attachments_exclusive", "user_name", "user"),
    (
        "aws_iam_group_policy_attachments_exclusive",
        "group_name",
        "group",
    ),
    ("aws_iam_role_policies_exclusive", "role_name", "role"),
    ("aws_iam_user_policies_exclusive", "user_name", "user"),
    ("aws_iam_group_policies_exclusive", "group_name", "group"),
    ("aws_iam_group_membership", "users", "user"),
    ("aws_iam_user_group_membership", "user", "user"),
    (
        "aws_ssoadmin_permission_set_inline_policy",
        "permission_set_arn",
        "permission-set",
    ),
    (
        "aws_ssoadmin_managed_policy_attachment",
        "permission_set_arn",
        "permission-set",
    ),
    (
        "aws_ssoadmin_customer_managed_policy_attachment",
        "permission_set_arn",
        "permission-set",
    ),
    (
        "aws_ssoadmin_permissions_boundary_attachment",
        "permission_set_arn",
        "permission-set",
    ),
    (
        "aws_budgets_budget_action",
        "definition.iam_action_definition.roles",
        "role",
    ),
    (
        "aws_budgets_budget_action",
        "definition.iam_action_definition.users",
        "user",
    ),
    (
        "aws_budgets_budget_action",
        "definition.iam_action_definition.groups",
        "group",
    ),
    (
        "awscc_budgets_budgets_action",
        "definition.iam_action_definition.roles",
        "role",
    ),
    (
        "awscc_budgets_budgets_action",
        "definition.iam_action_definition.users",
        "user",
    ),
    (
        "awscc_budgets_budgets_action",
        "definition.iam_action_definition.groups",
        "group",
    ),
    ("awscc_iam_managed_policy", "roles", "role"),
    ("awscc_iam_managed_policy", "users", "user"),
    ("awscc_iam_managed_policy", "groups", "group"),
    ("awscc_iam_policy", "roles", "role"),
    ("awscc_iam_policy", "users", "user"),
    ("awscc_iam_policy", "groups", "group"),
    ("awscc_iam_role_policy", "role_name", "role"),
    ("awscc_iam_user_policy", "user_name", "user"),
    ("awscc_iam_group_policy", "group_name", "group"),
    ("awscc_iam_user_to_group_addition", "users", "user"),
    // Identities are about themselves.
    ("aws_iam_role", "", "role"),
    ("aws_iam_user", "", "user"),
    ("aws_iam_group", "", "group"),
    ("awscc_iam_role", "", "role"),
    ("awscc_iam_user", "", "user"),
    ("awscc_iam_group", "", "group"),
    ("awscc_sso_permission_set", "", "permission-set"),
];

impl Identities {
    /// Indexes the identities among the resources.
    pub fn read(resources: &[Resource<'_>]) -> Identities {
        let mut identities = Identities::default();
        for (at, resource) in resources
            .iter()
            .enumerate()
            .filter(|(_, resource)| resource.mode == "resource" && !resource.deposed)
        {
            let Some((_, principal_type, attribute)) = identity_type(&resource.resource_type) else {
                continue;
            };
            for values in [resource.after, resource.before].into_iter().flatten() {
                let name = values.object().ok().and_then(|values| values.string(attribute));
                push(
                    &mut identities.by_name,
                    name.map(|name| (principal_type, name)),
                    &resource.address,
                );
            }
            let block = (
                resource.modules.clone(),
                resource.resource_type.clone(),
                resource.name.clone(),
            );
            if let Some(key) = resource.index {
                let of_block = identities.by_key.entry(block.clone()).or_default();
                push(of_block, Some(key.to_owned()), &resource.address);
            }
            push(&mut identities.by_block, Some(block), &resource.address);
            // The planned changes come first.
            identities
                .all
                .entry(resource.address.clone())
                .or_insert_with(|| Identity {
                    address: resource.address.clone(),
                    principal_type,
                    is_created: resource.view == View::Change && resource.is_created(),
                    stays: resource.stays(),
                    is_told: resource.view == View::Change,
                    at,
                });
        }
        identities
    }

    /// All of them, by address.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.all.values()
    }

    /// The identity of that address.
    pub fn get(&self, address: &str) -> Option<&Identity> {
        self.all.get(address)
    }

    /// The identities that a resource is about, by what will be.
    pub fn targets(&self, configuration: &Configuration<'_>, resource: &Resource<'_>) -> Targets {
        let mut targets = Targets::default();
        for (_, path, principal_type) in TARGET_ATTRIBUTES
            .iter()
            .filter(|row| row.0 == resource.resource_type)
        {
            if path.is_empty() {
                targets.identities.insert(resource.address.clone());
            } else {
                self.add_at(configuration, resource, path, principal_type, &mut targets);
            }
        }
        targets
    }

    /// The identities of one type that an attribute of a resource names.
    pub fn named(
        &self,
        configuration: &Configuration<'_>,
        resource: &Resource<'_>,
        path: &str,
        principal_type: &'static str,
    ) -> Targets {
        let mut targets = Targets::default();
        self.add_at(configuration, resource, path, principal_type, &mut targets);
        targets
    }

    fn add_at(
        &self,
        configuration: &Configuration<'_>,
        resource: &Resource<'_>,
        path: &str,
        principal_type: &'static str,
        targets: &mut Targets,
    ) {
        let Ok(attributes) = attributes(resource, path) else {
            targets.untold.insert(principal_type);
            return;
        };
        for attribute in attributes {
            let is_told = match attribute.value {
                Value::Absent => true,
                // A name that must not be shown stands for an identity only if the plan has that.
                Value::Known(value) if attribute.is_sensitive => {
                    let mut named = Targets::default();
                    let is_told = self.add_named(value, principal_type, &mut named)
                        && named
                            .identities
                            .iter()
                            .all(|address| self.all.contains_key(address));
                    targets
                        .identities
                        .extend(named.identities.into_iter().filter(|_| is_told));
                    is_told
                }
                Value::Known(value) => self.add_named(value, principal_type, targets),
                Value::Unknown => false,
                Value::Misshapen => false,
            };
            let is_told = is_told || self.add_referred(configuration, resource, path, targets);
            if !is_told {
                targets.untold.insert(principal_type);
            }
        }
    }

    /// Adds what a name, or a list of names, stands for. Whether all of it is known.
    fn add_named(&self, value: Json<'_>, principal_type: &'static str, targets: &mut Targets) -> bool {
        match value.shape() {
            Shape::Null => false,
            Shape::List => {
                let mut is_told = true;
                for item in value.list().unwrap_or_default() {
                    is_told &= self.add_named(item, principal_type, targets);
                }
                is_told
            }
            Shape::String => {
                let Ok(name) = value.string() else { return false };
                if name.is_empty() {
                    return true;
                }
                match self.by_name.get(&(principal_type, name.clone())) {
                    Some(addresses) => targets.identities.extend(addresses.iter().cloned()),
                    None => {
                        targets.identities.insert(format!("{principal_type}/{name}"));
                    }
                }
                true
            }
            Shape::Bool(_) | Shape::Number | Shape::Object => false,
        }
    }

    /// Adds what the configured expression refers to. Whether all of it is an identity of the plan.
    fn add_referred(
        &self,
        configuration: &Configuration<'_>,
        resource: &Resource<'_>,
        path: &str,
        targets: &mut Targets,
    ) -> bool {
        let Configured::Yes(references) = configuration.attribute(resource, path) else {
            return false;
        };
        let traced = configuration.trace(resource, &references);
        let addresses: Option<Vec<String>> = traced
            .iter()
            .map(|target| self.instance(target, resource))
            .collect();
        let Some(addresses) = addresses.filter(|addresses| !addresses.is_empty()) else {
            return false;
        };
        targets.identities.extend(addresses);
        true
    }

    /// The instance that a reference means: the one of its key, the only one, or the one with the instance key of the
    /// referring resource.
    fn instance(&self, target: &Target, resource: &Resource<'_>) -> Option<String> {
        let Target::Resource {
            modules,
            mode: "resource",
            resource_type,
            name,
            key,
            ..
        } = target
        else {
            return None;
        };
        let block = (modules.clone(), resource_type.clone(), name.clone());
        let only = |addresses: &BTreeSet<String>| addresses.first().filter(|_| addresses.len() == 1).cloned();
        let with_key = |key: &str| only(self.by_key.get(&block)?.get(key)?);
        match (key, resource.index) {
            (Some(key), _) => with_key(key),
            (None, index) => only(self.by_block.get(&block)?).or_else(|| with_key(index?)),
        }
    }
}

/// Whether resources of a type tie something to identities, or are identities.
pub(super) fn bears_on_identities(resource_type: &str) -> bool {
    is_identity(resource_type) || TARGET_ATTRIBUTES.iter().any(|row| row.0 == resource_type)
}

/// Whether a type is one of identities.
pub(super) fn is_identity(resource_type: &str) -> bool {
    identity_type(resource_type).is_some()
}

/// The row of [`IDENTITY_TYPES`] for a type.
fn identity_type(resource_type: &str) -> Option<(&'static str, &'static str, &'static str)> {
    IDENTITY_TYPES.iter().find(|row| row.0 == resource_type).copied()
}

fn push<K: Ord>(map: &mut BTreeMap<K, BTreeSet<String>>, key: Option<K>, address: &str) {
    let Some(key) = key else { return };
    map.entry(key).or_default().insert(address.to_owned());
}
