//! Integration tests: one binary, a module an area.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on should stop"
)]

mod data;
#[cfg(feature = "z3")]
mod engines;
mod layers;
