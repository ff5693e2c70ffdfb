//! The tests of the whole: the binary against fixtures, hostile inputs, real plans and questions with known answers; the
//! engines against each other; the layers of the code. One binary, a module an area.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test says what went wrong by panicking"
)]

mod batch;
mod before;
mod cli;
mod conformance;
mod corpus;
mod data;
mod diff;
mod differential;
#[cfg(feature = "z3")]
mod engines;
mod fixtures;
mod formats;
mod formulas;
mod fuzzed;
mod hostile;
mod layers;
mod lines;
mod managed;
mod metamorphic;
mod oracle;
mod principals;
mod quiet;
mod run;
mod sam;
mod scale;
mod seeded;
mod terraform;
mod wellformed;
