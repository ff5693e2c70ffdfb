//! The `keyaki` binary.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use keyaki::cli::{self, Streams, Wish};

fn main() -> ExitCode {
    cli::silence_panics();
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let broken_pipe = error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
            if !broken_pipe {
                // Nobody is left to be told when standard error is gone too.
                let _ = writeln!(io::stderr(), "error: {error:#}");
            }
            ExitCode::from(cli::OUTPUT_FAILED)
        }
    }
}

fn run() -> anyhow::Result<u8> {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let streams = Streams {
        stdin: &mut io::stdin().lock(),
        stdout: &mut io::stdout().lock(),
        stderr: &mut io::stderr(),
        color: wish(io::stdout().is_terminal() && !no_color),
        progress: wish(io::stderr().is_terminal()),
    };
    cli::run(std::env::args_os(), streams).context("standard output cannot be written")
}

fn wish(yes: bool) -> Wish {
    if yes { Wish::Yes } else { Wish::No }
}
