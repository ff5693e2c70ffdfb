//! Policy documents that are known only after apply, rebuilt from the plan.

mod bounds;
mod cases;
mod code;
mod differential;
mod made;
mod plan;
mod provider;
mod unknown;
