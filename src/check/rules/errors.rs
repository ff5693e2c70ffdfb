//! What can go wrong with a run: the ids that error messages end in, by exit status.

use super::{Group, Rule};

const fn error(id: &'static str, title: &'static str, text: &'static str, help: &'static str) -> Rule {
    Rule {
        id,
        group: Group::Error,
        severity: None,
        title,
        text,
        help,
    }
}

/// The ids of error messages.
pub(super) const ERRORS: &[Rule] = &[
    error(
        "bad-usage",
        "A command line that cannot be followed (exit status 2)",
        "An option, a command or a file that the arguments name is not there, or not what the command takes. Nothing was \
         scanned.",
        "Correct what the message names; `keyaki COMMAND --help` lists the options.",
    ),
    error(
        "bad-standards",
        "A standards file that cannot be followed (exit status 2)",
        "The file has an unknown or misplaced key or value, or names a file that cannot be read. Nothing was scanned: half \
         of a standards file would let policies pass that the other half forbids.",
        "Correct the line that the message names; where a word is misspelt, the nearest one is told.",
    ),
    error(
        "unreadable-input",
        "An input that cannot be opened (exit status 3)",
        "The file is not there, may not be read, is too large, or is of a kind that keyaki does not read: a saved binary \
         plan, a raw state, the event stream of `terraform plan -json`. Or a folder holds nothing to check. Policies in it, \
         if there are any, were not checked.",
        "Give the path of a `terraform show -json` plan or state, a template or a policy; the message names the command \
         where one makes such a file, and `--limit` where a limit stood in the way. Hidden files, and those that \
         `.gitignore` lists, are read when they are named.",
    ),
    error(
        "broken-input",
        "An input that is not what it seems (exit status 3)",
        "The text is not JSON or YAML, or what stands in it does not make a plan, a template or a policy. Nothing of it was \
         checked: what cannot be read may hold anything.",
        "Correct the line that the message names, or make the file anew.",
    ),
    error(
        "no-input",
        "Nothing to scan (exit status 3)",
        "None of the inputs is a plan, a template or a policy.",
        "Name the files to check.",
    ),
    error(
        "unreadable-before",
        "An earlier version that cannot be read (exit status 3)",
        "The file of `--before` holds no plan, state or template of the kind of the input, so that standards with \
         `reference: before` have nothing to compare with.",
        "Give the deployed template, an earlier plan, or a state.",
    ),
    error(
        "unwritable-output",
        "A report that cannot be written (exit status 3)",
        "The file of an `--output`, or standard output, cannot be written. Files are written whole or not at all.",
        "Give a path in a folder that is there and may be written to.",
    ),
];
