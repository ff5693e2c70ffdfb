//! keyaki proves what the IAM policies in a Terraform plan or CloudFormation template allow, before they are deployed.
//!
//! # The map
//!
//! ```text
//!  paths       SourceFile       Policy + Gap          Verdict             Row             bytes
//!    | 1 load     | 2 extract      | 3 check (rayon)     | 4 locate         | 5 summarise    | 6 report
//!    v            v                v                     v                  v                v
//!  source::load extract::extract  check::check           source::locate    Report::new      Reporter::write
//!                                 = allowed ∧ forbidden ∧ possible -> solve -> replay -> blame
//! ```
//!
//! # Layers
//!
//! Each module may name only those listed beside it; `tests/suite/layers.rs` fails when one names another.
//!
//! ```text
//! source   -                                                    files, regions, the spanned tree, HCL spans
//! iam      -                                                    the policy language, and its reference reading
//! catalog  iam                                                  bundled facts: AWS managed policies, service authorization
//! extract  source iam catalog                                   where policies live in plans and templates
//! formula  iam                                                  the one small IR; what a policy means; possible requests
//! solve    iam formula                                          deciding a formula: the glob engine, Z3
//! check    source iam catalog extract formula solve             standards, verdicts, findings, blame
//! report   source iam catalog extract check                     one file a format
//! scan     source iam catalog extract formula solve check report    the pipeline
//! cli      source iam catalog extract formula solve check report scan    arguments in, exit status out
//! ```
//!
//! # Invariants
//!
//! - `iam` does no I/O, and never fails after parsing.
//! - `solve` never sees a policy: only formulas.
//! - `report` decides nothing.
//! - Only `source::load`, the writing of reports and `main` touch the outside.
//! - Only `scan` is parallel; nothing but `solve::z3` names the `z3` crate.
//! - An unknown is never a pass.

#![cfg_attr(
    test,
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test says what went wrong by panicking"
    )
)]

pub mod catalog;
pub mod check;
pub mod cli;
pub mod extract;
pub mod formula;
pub mod iam;
pub mod report;
pub mod scan;
pub mod solve;
pub mod source;
