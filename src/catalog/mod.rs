//! Bundled facts: AWS managed policies and the service authorization reference (advisory; see data/NOTICE.md).

mod authorization;
mod bundle;
mod managed;

pub use authorization::{ActionFacts, action, actions_of, rcp_supported_services, services};
pub use managed::{managed_policies, managed_policy, managed_policy_arn};
