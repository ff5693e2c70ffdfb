//! `keyaki check`: scan, print, write the outputs, and tell the exit status.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};

use crate::check::Explain;
use crate::extract::Environment;
use crate::report::{ExitFlags, Format, Look, Report, terminal_width, write_atomically, write_report};
use crate::scan::{Progress, ScanOptions, scan};

use super::arguments::{CheckArgs, Color, EngineArgs, Output, ScanArgs, TalkArgs};
use super::discover::{self, Quiet, Standards};
use super::exports::exports;
use super::limits::limits_and_options;
use super::parameters::parameters;
use super::{Failure, Streams, Wish, status};

/// Said when findings are located in the text of a plan, which nobody edits.
const HINT_SOURCE: &str =
    "hint: pass --source for alerts in your .tf (the folder of the code that this plan was made of)";

/// Violations that a change is looked for without `--suggest`.
const CHANGES: usize = 100;

/// Runs the command.
pub(super) fn run(args: CheckArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let refused = args.not_yet.given();
    if !refused.is_empty() {
        let each = refused
            .iter()
            .map(|name| format!("`{name}` is not supported yet"));
        return Err(Failure::Usage(each.collect()));
    }
    check_outputs(&args.output)?;
    let look = look(&args.scan.talk, streams);
    let quiet = quietness(&args.scan.talk);
    let explain = explain(&args);
    let changes = (!args.suggest).then_some(CHANGES);
    let mut options = options(args.scan, Some(&args.engine), Standards::Required, streams)?;
    options.engine.explain = explain;
    options.changes = changes;
    options.before = args.before;
    options.changed_only = args.changed_only;
    let report = scan(&options);
    if !report.usage_errors().is_empty() {
        return Err(Failure::Usage(report.usage_errors().to_vec()));
    }
    let flags = ExitFlags {
        allow_undecided: args.allow_undecided,
        require_policies: args.require_policies,
        exit_zero: args.exit_zero,
    };
    let scanned = report.exit_status(args.fail_on, flags);
    // Files first: a reader that closes standard output early must not cost them.
    let written = write_outputs(&report, &args.output, &look, streams);
    let printed = print(&report, args.format, &look, streams);
    if report.hint_source && quiet == Quiet::No {
        let _ = writeln!(streams.stderr, "{HINT_SOURCE}");
    }
    Ok(status::worse(status::worse(scanned, written), printed))
}

/// What is to be scanned, from the arguments.
pub(super) fn options(
    args: ScanArgs,
    engine: Option<&EngineArgs>,
    wanted: Standards,
    streams: &mut Streams<'_>,
) -> Result<ScanOptions, Failure> {
    let (limits, engine) = limits_and_options(&args.limits, engine);
    let quiet = quietness(&args.talk);
    let standards = discover::standards(args.standards.as_deref(), wanted, &limits, quiet, streams)?;
    if args.talk.verbose {
        let _ = writeln!(
            streams.stderr,
            "{} standards, {} inputs",
            standards.standards.len(),
            args.inputs.len()
        );
    }
    Ok(ScanOptions {
        standards,
        source: args.source,
        before: None,
        changed_only: false,
        changes: None,
        jobs: args.jobs,
        engine,
        parameters: parameters(&args.parameters, &limits)?,
        assume_defaults: args.assume_defaults,
        exports: exports(args.exports.as_deref(), &limits)?,
        environment: Environment {
            account: args.account,
            region: args.region,
            partition: args.partition,
        },
        limits,
        progress: progress(&args.talk, streams.progress),
        inputs: args.inputs,
    })
}

/// What is said of violations: regions and a change where a report shows them, or where a change is asked for.
fn explain(args: &CheckArgs) -> Explain {
    let shown = |format: Format| match format {
        Format::Full => Explain::Change,
        Format::Json | Format::Jsonl | Format::Sarif | Format::Markdown => Explain::Regions,
        Format::Table | Format::Junit | Format::Gitlab | Format::Github => Explain::Nothing,
    };
    let formats = args.output.iter().map(|output| output.format);
    let most = formats.chain([args.format]).map(shown).max();
    match args.suggest {
        true => Explain::Change,
        false => most.unwrap_or_default(),
    }
}

/// How the report looks on standard output. Links are escape sequences too: where colours are not wanted, neither are
/// they.
fn look(talk: &TalkArgs, streams: &Streams<'_>) -> Look {
    let plain = Look::default();
    let color = wants_color(talk.color, streams.color);
    Look {
        color,
        width: terminal_width().unwrap_or(plain.width),
        brief: talk.quiet,
        terminal_links: streams.terminal_links.clone().filter(|_| color),
        web_links: streams.web_links.clone(),
    }
}

fn quietness(talk: &TalkArgs) -> Quiet {
    if talk.quiet { Quiet::Yes } else { Quiet::No }
}

fn progress(talk: &TalkArgs, wish: Wish) -> Progress {
    if talk.quiet || talk.no_progress || wish == Wish::No {
        Progress::Off
    } else {
        Progress::Stderr
    }
}

pub(super) fn wants_color(color: Color, wish: Wish) -> bool {
    match color {
        Color::Auto => wish == Wish::Yes,
        Color::Always => true,
        Color::Never => false,
    }
}

/// Two outputs into one file would leave only the last.
fn check_outputs(outputs: &[Output]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    // `a` and `./a` are one file.
    let whole = |output: &Output| std::path::absolute(&output.path).unwrap_or_else(|_| output.path.clone());
    match outputs.iter().find(|output| !seen.insert(whole(output))) {
        Some(twice) => Err(Failure::usage(format!(
            "two outputs go to {}",
            twice.path.display()
        ))),
        None => Ok(()),
    }
}

fn write_outputs(report: &Report, outputs: &[Output], look: &Look, streams: &mut Streams<'_>) -> u8 {
    let mut worst = status::OK;
    let plain = Look {
        web_links: look.web_links.clone(),
        ..Look::default()
    };
    for output in outputs {
        let mut bytes = Vec::new();
        warn_of_cut(report, output.format, streams);
        let written = write_report(report, output.format, &plain, &mut bytes)
            .and_then(|()| write_atomically(&output.path, &bytes));
        if let Err(error) = written {
            let _ = writeln!(
                streams.stderr,
                "error: {} cannot be written: {error} (unwritable-output)",
                output.path.display()
            );
            worst = status::OUTPUT_FAILED;
        }
    }
    worst
}

fn warn_of_cut(report: &Report, format: Format, streams: &mut Streams<'_>) {
    for warning in report.cut(format) {
        let _ = writeln!(streams.stderr, "warning: {warning}");
    }
}

fn print(report: &Report, format: Format, look: &Look, streams: &mut Streams<'_>) -> u8 {
    warn_of_cut(report, format, streams);
    let mut out = BufWriter::new(&mut *streams.stdout);
    let printed = write_report(report, format, look, &mut out).and_then(|()| out.flush());
    match printed {
        Ok(()) => status::OK,
        Err(error) => {
            // Whoever closed the pipe knows.
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = writeln!(
                    streams.stderr,
                    "error: the report cannot be printed: {error} (unwritable-output)"
                );
            }
            status::OUTPUT_FAILED
        }
    }
}
