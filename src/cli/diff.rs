//! `keyaki diff`: what the new input allows that the old one does not, and the reverse.

use std::io::{BufWriter, Write};

use crate::scan;

use super::arguments::{DiffArgs, DiffFormat};
use super::check::{options, wants_color};
use super::discover::Standards;
use super::{Failure, Streams};

/// Runs the command.
pub(super) fn run(args: DiffArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let color = wants_color(args.reading.talk.color, streams.color);
    let scan_args = args.reading.into_scan();
    let options = options(scan_args, Some(&args.engine), Standards::None, streams)?;
    let report = scan::diff(args.old, args.new, args.kind, &options);
    if !report.usage.is_empty() {
        return Err(Failure::Usage(report.usage));
    }
    for error in report.errors.iter().chain(&report.internal) {
        let _ = writeln!(streams.stderr, "error: {error}");
    }
    let mut out = BufWriter::new(&mut *streams.stdout);
    match args.format {
        DiffFormat::Table => report.write_text(color, &mut out)?,
        DiffFormat::Json => report.write_json(&mut out)?,
    }
    out.flush()?;
    Ok(report.exit_status())
}
