//! Policy documents that are known only after apply, rebuilt from the plan.

mod differential;
mod provider;
