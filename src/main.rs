//! The `keyaki` binary.

use std::io::{self, BufReader, IsTerminal, Write};
use std::process::ExitCode;
use std::thread;

use anyhow::Context;
use keyaki::cli::{self, Streams, Wish};

/// Formulas are many small parts: the system's allocator took a fifth of a run on one thread, a third on two.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of the thread that does the work: engines recurse over formulas.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    cli::silence_panics();
    match in_large_stack() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let cause = error.downcast_ref::<io::Error>().map(io::Error::kind);
            // Whoever closed the pipe knows.
            if cause != Some(io::ErrorKind::BrokenPipe) {
                // Nobody is left to be told when standard error is gone too.
                let _ = writeln!(io::stderr(), "error: {error:#}");
            }
            ExitCode::from(cli::OUTPUT_FAILED)
        }
    }
}

fn in_large_stack() -> anyhow::Result<u8> {
    let worker = thread::Builder::new()
        .stack_size(STACK)
        .spawn(run)
        .context("a thread cannot be started")?;
    // What panics has said so already.
    worker.join().unwrap_or(Ok(cli::INTERNAL))
}

fn run() -> anyhow::Result<u8> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let variable = |name: &str| std::env::var(name).ok();
    let here = std::env::current_dir().unwrap_or_default();
    let is_terminal = io::stdout().is_terminal();
    let links = is_terminal
        .then(|| cli::terminal_links(variable, &here))
        .flatten();
    let streams = Streams {
        // Not locked: an input `-` is read by another thread.
        stdin: &mut BufReader::new(io::stdin()),
        stdout: &mut io::stdout().lock(),
        stderr: &mut io::stderr(),
        color: wish(is_terminal && !no_color),
        progress: wish(io::stderr().is_terminal()),
        terminal_links: links,
        web_links: cli::web_links(variable, &here),
    };
    cli::run(std::env::args_os(), streams).context("standard output cannot be written")
}

fn wish(yes: bool) -> Wish {
    if yes { Wish::Yes } else { Wish::No }
}
