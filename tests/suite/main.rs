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

mod action;
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
mod explained;
mod fixtures;
mod formats;
mod formulas;
mod fuzzed;
mod grants;
mod hostile;
mod imports;
mod injection;
mod layers;
mod lines;
mod managed;
mod metamorphic;
mod nested;
mod oracle;
mod parsed;
mod principals;
mod quiet;
mod rebuilt;
mod run;
mod sam;
mod sarif;
mod scale;
mod seeded;
mod snippets;
mod templates;
mod terraform;
mod wellformed;
