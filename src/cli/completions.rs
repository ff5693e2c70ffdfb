//! `keyaki completions`: what a shell reads to complete commands and options.

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};

use super::arguments::{Cli, CompletionsArgs};
use super::{COMMANDS, Failure, Streams, status};

/// Runs the command: the script for that shell, on standard output.
pub(super) fn run(args: &CompletionsArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    streams.stdout.write_all(&script(args.shell))?;
    streams.stdout.flush()?;
    Ok(status::OK)
}

/// The generator panics when it cannot write: it writes to memory.
fn script(shell: Shell) -> Vec<u8> {
    let mut bytes = Vec::new();
    let all = Cli::command();
    let commands = COMMANDS
        .iter()
        .filter_map(|name| Some(offered(name, all.find_subcommand(name)?)));
    let mut shown = offered("keyaki", &all).subcommands(commands);
    generate(shell, &mut shown, "keyaki", &mut bytes);
    bytes
}

/// The command without what is hidden: some generators offer that too.
fn offered(name: &'static str, command: &Command) -> Command {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    Command::new(name)
        .about(command.get_about().cloned().unwrap_or_default())
        .args(shown.cloned())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for word in ["check", "explain", "standards", "fail-on"] {
                assert!(script.contains(word), "{shell} misses {word}");
            }
            for hidden in ["--baseline", "dump-query"] {
                assert!(!script.contains(hidden), "{shell} offers {hidden}");
            }
        }
    }
}
