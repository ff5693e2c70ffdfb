//! Where test data lives, and the binary under test.

use std::path::PathBuf;
use std::process::Command;

/// The folder of cases, corpora and hostile inputs; `None`, with a notice, where it is not given.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYAKI_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: KEYAKI_TEST_DATA not set");
    }
    folder
}

/// The `keyaki` binary of this build.
pub fn keyaki() -> Command {
    Command::new(env!("CARGO_BIN_EXE_keyaki"))
}
