//! `keyaki man`: manual pages, as `man` reads them.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::check::standards::nearest;

use super::arguments::{Cli, ManArgs};
use super::{COMMANDS, Failure, Streams, status};

/// Runs the command: the page of keyaki, or of one of its commands, on standard output.
pub(super) fn run(args: &ManArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let page = match &args.command {
        None => page(None)?,
        Some(name) if COMMANDS.contains(&name.as_str()) => page(Some(name))?,
        Some(name) => return Err(Failure::usage(unknown(name))),
    };
    streams.stdout.write_all(&page)?;
    streams.stdout.flush()?;
    Ok(status::OK)
}

fn unknown(name: &str) -> String {
    match nearest(name, COMMANDS.iter().copied()) {
        Some(known) => format!("unknown command `{name}`; did you mean `keyaki man {known}`?"),
        None => format!("unknown command `{name}`; one of {}", COMMANDS.join(", ")),
    }
}

fn page(name: Option<&str>) -> io::Result<Vec<u8>> {
    let mut all = Cli::command();
    // Names of commands become `keyaki-check`, and their usage that of a whole command line.
    all.build();
    let command = name.and_then(|name| all.find_subcommand(name)).unwrap_or(&all);
    let mut bytes = Vec::new();
    Man::new(command.clone())
        .manual("keyaki manual")
        .source(concat!("keyaki ", env!("CARGO_PKG_VERSION")))
        .render(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let text = |name| String::from_utf8(page(name).unwrap()).unwrap();
        assert!(text(None).contains(".TH keyaki 1"), "{}", text(None));
        for name in COMMANDS {
            let page = text(Some(name));
            assert!(page.contains(&format!(".TH keyaki-{name} 1")), "{page}");
            assert!(!page.contains("dump"), "what is hidden stays hidden");
        }
        assert!(unknown("chek").contains("`keyaki man check`"));
    }
}
