//! The `keyaki` binary.
fn main() {}
