//! Bundled facts: AWS managed policies and the service authorization reference (advisory; see data/NOTICE.md).

mod authorization;
mod bundle;
mod conditions;
mod managed;

pub use authorization::{
    ActionFacts, action, actions_of, facts, facts_from, is_service, rcp_supported_services, services, unpack,
};
pub use conditions::{KeyEntry, condition_key, keys_near};
pub use managed::{managed_policies, managed_policy, managed_policy_arn};
