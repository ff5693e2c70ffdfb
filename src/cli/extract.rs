//! `keyaki extract`: the policies found, as JSON.

use crate::report::write_json_line;
use crate::scan;

use super::arguments::ExtractArgs;
use super::check::options;
use super::discover::Standards;
use super::{Failure, Streams};

/// Runs the command.
pub(super) fn run(args: ExtractArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let options = options(args.scan, None, Standards::Optional, streams)?;
    let report = scan::extract(&options);
    if !report.usage.is_empty() {
        return Err(Failure::Usage(report.usage));
    }
    for error in report.errors.iter().chain(&report.internal) {
        let _ = writeln!(streams.stderr, "error: {error}");
    }
    write_json_line(&report.to_json(), streams.stdout)?;
    streams.stdout.flush()?;
    Ok(report.exit_status())
}
