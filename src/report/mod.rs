//! Reports: one file a format. A report decides nothing.

use std::io::{self, Write};

/// A format.
pub trait Reporter {
    /// Writes the report.
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()>;
}

/// Everything a run found, ready to print.
#[derive(Debug, Clone, Default)]
pub struct Report {}
