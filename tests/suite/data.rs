//! Where tests find their data, and the binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// The folder of public test data that is not part of the project, from `KEYAKI_TEST_DATA`; tests that need it pass
/// with a notice where it is not set.
#[allow(dead_code, reason = "each area uses what it needs")]
pub fn shared() -> Option<PathBuf> {
    static NOTICE: Once = Once::new();
    let folder = std::env::var_os("KEYAKI_TEST_DATA").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        NOTICE.call_once(|| eprintln!("skipped: KEYAKI_TEST_DATA not set"));
    }
    folder.map(PathBuf::from)
}

/// The folder of the project.
#[allow(dead_code, reason = "each area uses what it needs")]
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The binary under test.
#[allow(dead_code, reason = "each area uses what it needs")]
pub fn keyaki() -> Command {
    Command::new(env!("CARGO_BIN_EXE_keyaki"))
}
