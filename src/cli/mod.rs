//! The command line: arguments in, exit status out. Everything a command touches outside is handed to [`run`].

mod arguments;
mod batch;
mod check;
mod completions;
mod diff;
mod discover;
mod explain;
mod exports;
mod extract;
mod limits;
mod man;
mod parameters;
mod status;
mod surroundings;
mod words;

use std::ffi::OsString;
use std::io::{self, BufRead, LineWriter, Write};
use std::panic::{self, AssertUnwindSafe};

use clap::Parser;
use clap::error::ErrorKind;

use crate::check::standards::nearest;
use crate::report::Sanitised;

use arguments::{Cli, Command};

pub use status::{INTERNAL, OUTPUT_FAILED, silence_panics};
pub use surroundings::{terminal_links, web_links};

/// The standard streams, and what is known of them.
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn BufRead,
    /// Standard output.
    pub stdout: &'a mut dyn Write,
    /// Standard error.
    pub stderr: &'a mut dyn Write,
    /// Whether standard output is a terminal that wants colours.
    pub color: Wish,
    /// Whether standard error is a terminal that wants to see progress.
    pub progress: Wish,
    /// What locations are appended to in links on standard output; none where it shows no links.
    pub terminal_links: Option<String>,
    /// What locations are appended to in links of a web page, where that is known.
    pub web_links: Option<String>,
}

/// What a stream would like, when the arguments leave it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It would.
    Yes,
    /// It would not.
    No,
}

/// Commands of the interface that are not there yet.
const NOT_YET: &[&str] = &["query", "init", "schema", "standards", "serve", "lsp"];

/// The commands that are there.
const COMMANDS: &[&str] = &[
    "check",
    "diff",
    "extract",
    "batch",
    "explain",
    "completions",
    "man",
];

/// A use of keyaki that cannot be: exit status 2, nothing scanned.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Bad usage: one message a line.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
    /// A bad standards file: one message a line.
    #[error("{}", .0.join("\n"))]
    Standards(Vec<String>),
    /// Standard output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl Failure {
    fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(vec![message.into()])
    }
}

/// Runs keyaki and returns the exit status (interface.md, Exit status). An error is a standard output that cannot be
/// written; a broken pipe is none to speak of.
pub fn run(args: impl IntoIterator<Item = OsString>, streams: Streams<'_>) -> io::Result<u8> {
    let Streams {
        stdin,
        stdout,
        stderr,
        color,
        progress,
        terminal_links,
        web_links,
    } = streams;
    // Messages may carry names from the input: nothing reaches the terminal but through this writer.
    let mut stderr = Sanitised::new(LineWriter::new(stderr));
    let streams = Streams {
        stdin,
        stdout,
        stderr: &mut stderr,
        color,
        progress,
        terminal_links,
        web_links,
    };
    let result = panic::catch_unwind(AssertUnwindSafe(|| dispatch(args, streams)));
    match result {
        Ok(Ok(status)) => Ok(status),
        Ok(Err(Failure::Usage(messages))) => Ok(refused(&messages, "bad-usage", &mut stderr)),
        Ok(Err(Failure::Standards(messages))) => Ok(refused(&messages, "bad-standards", &mut stderr)),
        Ok(Err(Failure::Output(error))) => Err(error),
        Err(_) => Ok(status::INTERNAL),
    }
}

/// Says why nothing was scanned, with the id under which `keyaki explain` says more.
fn refused(messages: &[String], id: &str, stderr: &mut dyn Write) -> u8 {
    for message in messages {
        // An example to paste may follow the message.
        let (line, rest) = message.split_once('\n').unwrap_or((message, ""));
        let gap = if rest.is_empty() { "" } else { "\n" };
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(stderr, "error: {line} ({id}){gap}{rest}");
    }
    status::USAGE
}

fn dispatch(args: impl IntoIterator<Item = OsString>, mut streams: Streams<'_>) -> Result<u8, Failure> {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            write!(streams.stdout, "{}", error.render())?;
            streams.stdout.flush()?;
            return Ok(status::OK);
        }
        Err(error) => {
            let _ = write!(streams.stderr, "{}", error.render());
            return Ok(status::USAGE);
        }
    };
    match cli.command {
        Command::Check(args) => check::run(*args, &mut streams),
        Command::Diff(args) => diff::run(*args, &mut streams),
        Command::Extract(args) => extract::run(*args, &mut streams),
        Command::Batch(args) => batch::run(&args, &mut streams),
        Command::Explain(args) => explain::run(&args, &mut streams),
        Command::Completions(args) => completions::run(&args, &mut streams),
        Command::Man(args) => man::run(&args, &mut streams),
        Command::Other(words) => Err(other(&words)),
    }
}

/// A word that is no command: not there yet, misspelt, or an input without `check`.
fn other(words: &[OsString]) -> Failure {
    let word = words
        .first()
        .map(|word| word.to_string_lossy())
        .unwrap_or_default();
    if NOT_YET.contains(&word.as_ref()) {
        return Failure::usage(format!("`keyaki {word}` is not supported yet"));
    }
    match nearest(&word, COMMANDS.iter().chain(NOT_YET).copied()) {
        Some(known) => Failure::usage(format!(
            "unknown command `{word}`; did you mean `keyaki {known}`?"
        )),
        None => Failure::usage(format!(
            "unknown command `{word}`; to scan a file, use `keyaki check FILE`"
        )),
    }
}
