//! Options whose value is one of a few words: the words are known to completions, errors are our own.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

/// Reads a value with `parse`; completions offer `words`.
#[derive(Clone)]
pub(super) struct OneOf<T> {
    pub(super) parse: fn(&str) -> Result<T, String>,
    pub(super) words: &'static [&'static str],
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for OneOf<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let parse = self.parse;
        StringValueParser::new()
            .try_map(move |text| parse(&text))
            .parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;
    use clap::{CommandFactory, Parser};

    use super::super::arguments::Cli;

    /// The words that completions offer are those that are read.
    #[test]
    fn what_is_offered_is_taken() {
        let cli = Cli::command();
        let mut seen = 0;
        for command in cli.get_subcommands() {
            let of_words = command
                .get_arguments()
                .filter(|argument| argument.is_hide_possible_values_set());
            for argument in of_words {
                for word in argument.get_possible_values() {
                    let option = argument.get_long().map(|name| format!("--{name}"));
                    let words = ["keyaki".to_owned(), command.get_name().to_owned()];
                    let words = words
                        .into_iter()
                        .chain(option)
                        .chain([word.get_name().to_owned()]);
                    let refused = Cli::try_parse_from(words)
                        .is_err_and(|error| error.kind() == ErrorKind::ValueValidation);
                    // `--solver z3` needs a keyaki that was built with it.
                    let built = cfg!(feature = "z3") || !matches!(word.get_name(), "z3" | "both");
                    assert_eq!(refused, !built, "{argument} {}", word.get_name());
                    seen += 1;
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }
}
