//! Managed policies that an ARN may mean: those of the plan, and those that were read while planning.

use std::collections::{BTreeMap, BTreeSet};

use super::configuration::{Configuration, Configured, Target};
use super::json::{Json, Object};
use super::resource::Resource;

/// The managed policies of a plan.
#[derive(Debug, Default)]
pub(super) struct ManagedPolicies<'a> {
    /// Addresses by ARN, where that is known.
    by_arn: BTreeMap<String, String>,
    /// Addresses by `policy/path/name`, the end of the ARN that they will get.
    by_name: BTreeMap<String, String>,
    /// Names of the same form that several policies have, each in an account of its own.
    shared_names: BTreeSet<String>,
    by_block: BTreeMap<Block, BTreeSet<String>>,
    /// The same by instance key.
    by_key: BTreeMap<Block, BTreeMap<String, BTreeSet<String>>>,
    /// ARNs of policies that the plan deletes.
    gone: BTreeSet<String>,
    /// Documents of data sources by ARN.
    read: BTreeMap<String, Json<'a>>,
    account: Account,
}

/// Module calls, type and name.
type Block = (Vec<String>, String, String);

/// In which account the policies of a plan are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Account {
    /// In this one.
    Told(String),
    /// In one that the plan does not tell.
    #[default]
    Single,
    /// There may be several.
    Several,
}

/// What an ARN means.
#[derive(Debug, Clone)]
pub(super) enum Meaning<'a> {
    /// A policy of the plan, which is checked at its own address.
    Planned(String),
    /// A policy that was read while planning.
    Read(Json<'a>),
    /// A policy that the plan deletes.
    Gone,
    /// Nothing that the plan knows.
    Elsewhere,
}

/// Types of managed policies, with the attributes for ARN, name and path.
const TYPES: [(&str, &str, &str, &str); 2] = [
    ("aws_iam_policy", "arn", "name", "path"),
    (
        "awscc_iam_managed_policy",
        "policy_arn",
        "managed_policy_name",
        "path",
    ),
];

/// Whether resources of a type are managed policies.
pub(super) fn is_managed_policy(resource_type: &str) -> bool {
    TYPES.iter().any(|row| row.0 == resource_type)
}

impl<'a> ManagedPolicies<'a> {
    /// Indexes the policies among the resources of the plan and the data sources of its prior state.
    pub fn read(resources: &[Resource<'a>], prior: &[Resource<'a>], account: Account) -> ManagedPolicies<'a> {
        let mut policies = ManagedPolicies {
            account,
            ..ManagedPolicies::default()
        };
        for resource in resources.iter().filter(|resource| resource.mode == "resource") {
            let Some(row) = TYPES.iter().find(|row| row.0 == resource.resource_type) else {
                continue;
            };
            if resource.stays() {
                policies.add(resource, row);
            } else if resource.is_deleted() {
                let before = resource.before.and_then(|values| values.object().ok());
                policies
                    .gone
                    .extend(before.and_then(|values| values.string(row.1)));
            }
        }
        for source in prior.iter().filter(|source| source.mode == "data") {
            let Some(values) = source.after.and_then(|values| values.object().ok()) else {
                continue;
            };
            if let (Some(arn), Some(document)) = (values.string("arn"), values.get("policy")) {
                policies.read.insert(arn, document);
            }
        }
        policies
    }

    /// What an ARN means in this plan.
    pub fn meaning(&self, arn: &str) -> Meaning<'a> {
        if let Some(address) = self.by_arn.get(arn) {
            return Meaning::Planned(address.clone());
        }
        if let Some(document) = self.read.get(arn) {
            return Meaning::Read(*document);
        }
        match self.by_name.get(self.own_name(arn).unwrap_or_default()) {
            Some(address) => Meaning::Planned(address.clone()),
            None if self.gone.contains(arn) => Meaning::Gone,
            None => Meaning::Elsewhere,
        }
    }

    /// The only policy of the plan with that path and name.
    pub fn named(&self, path: &str, name: &str) -> Option<&String> {
        let name = format!("policy{path}{name}");
        let is_one = !self.shared_names.contains(&name);
        self.by_name.get(&name).filter(|_| is_one)
    }

    /// `policy/path/name` of an ARN that may be one of the plan's own account.
    fn own_name<'t>(&self, arn: &'t str) -> Option<&'t str> {
        let mut parts = arn.splitn(6, ':');
        let [arn, _, service, region, account, name] =
            std::array::from_fn(|_| parts.next().unwrap_or_default());
        let is_own = match &self.account {
            Account::Told(own) => own == account,
            Account::Single => account != "aws",
            Account::Several => false,
        };
        (arn == "arn" && service == "iam" && region.is_empty() && is_own).then_some(name)
    }

    /// The policies that an attribute refers to when its value is not known; `None` if any of it is something else.
    pub fn referred(
        &self,
        configuration: &Configuration<'_>,
        resource: &Resource<'_>,
        path: &str,
    ) -> Option<BTreeSet<String>> {
        let Configured::Yes(references) = configuration.attribute(resource, path) else {
            return None;
        };
        let mut addresses = BTreeSet::new();
        for target in configuration.trace(resource, &references) {
            let Target::Resource {
                modules,
                mode: "resource",
                resource_type,
                name,
                key,
                attribute,
            } = target
            else {
                return None;
            };
            // After an instance key that is not constant, the plan leaves the attribute out.
            if !matches!(attribute.as_str(), "" | "arn" | "id" | "policy_arn") {
                return None;
            }
            // One ARN is that of one instance: where the key is not told, the one of the referring resource's own key.
            let is_one = matches!(path, "policy_arn" | "managed_policy_arn" | "permissions_boundary");
            let block = (modules, resource_type, name);
            let with_key = |key: &str| self.by_key.get(&block)?.get(key);
            let same_key = || with_key(resource.index.filter(|_| is_one)?);
            let meant = match &key {
                Some(key) => with_key(key)?,
                None => same_key().or_else(|| self.by_block.get(&block))?,
            };
            addresses.extend(meant.iter().cloned());
        }
        Some(addresses).filter(|addresses| !addresses.is_empty())
    }

    fn add(&mut self, resource: &Resource<'a>, row: &(&str, &str, &str, &str)) {
        let (_, arn, name, path) = row;
        let after = resource
            .after
            .and_then(|values| values.object().ok())
            .unwrap_or_default();
        let before = resource
            .before
            .and_then(|values| values.object().ok())
            .unwrap_or_default();
        for arn in [after.string(arn), before.string(arn)].into_iter().flatten() {
            self.by_arn.insert(arn, resource.address.clone());
        }
        if let Some(name) = after.string(name) {
            let name = format!("policy{}{name}", path_of(&after, path));
            let other = self.by_name.insert(name.clone(), resource.address.clone());
            if other.is_some_and(|other| other != resource.address) {
                self.shared_names.insert(name);
            }
        }
        let block = (
            resource.modules.clone(),
            resource.resource_type.clone(),
            resource.name.clone(),
        );
        if let Some(key) = resource.index {
            let of_block = self.by_key.entry(block.clone()).or_default();
            let with_key = of_block.entry(key.to_owned()).or_default();
            with_key.insert(resource.address.clone());
        }
        self.by_block
            .entry(block)
            .or_default()
            .insert(resource.address.clone());
    }
}

fn path_of(values: &Object<'_>, attribute: &str) -> String {
    values.string(attribute).unwrap_or_else(|| "/".to_owned())
}
