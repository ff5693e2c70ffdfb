//! Which standards file is used: the one that is named, or the nearest `keyaki.yaml` up to the repository root.

use std::path::{Path, PathBuf};

use crate::check::standards::{StandardsFile, read_standards};
use crate::source::Limits;

use super::{Failure, Streams};

const NAME: &str = "keyaki.yaml";

/// What to paste when there is none.
const EXAMPLE: &str = "\
# keyaki.yaml
version: 1
standards:
  - {id: no-public, severity: critical, check: no-public-access}
  - {id: no-passrole, severity: high, check: access-not-granted, actions: [\"iam:PassRole\"]}";

/// Whether a standards file must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standards {
    /// There must be one.
    Required,
    /// It is used if there is one.
    Optional,
    /// It is not looked for.
    None,
}

/// Reads the standards file and says on standard error which one it is. Its warnings are remarks of the report.
pub(super) fn standards(
    named: Option<&Path>,
    wanted: Standards,
    limits: &Limits,
    quiet: Quiet,
    streams: &mut Streams<'_>,
) -> Result<StandardsFile, Failure> {
    if wanted == Standards::None {
        return Ok(StandardsFile::default());
    }
    match (find(named)?, wanted) {
        (Some(path), _) => read(&path, limits, quiet, streams),
        (None, Standards::Optional | Standards::None) => Ok(StandardsFile::default()),
        (None, Standards::Required) => Err(Failure::usage(format!(
            "no standards: name a file with `--standards FILE`, or put a keyaki.yaml here or in a folder above, up to \
             the repository root, for example:\n\n{EXAMPLE}\n"
        ))),
    }
}

/// Whether remarks are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    Yes,
    No,
}

fn find(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named {
        return Ok(Some(path.to_owned()));
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("the current directory cannot be found: {error}")))?;
    Ok(nearest_file(&here).map(|found| shortened(&found, &here)))
}

/// The nearest file from `here` up to the folder that holds `.git`. Outside of a repository only `here` counts: what
/// lies in a parent folder there may belong to somebody else.
fn nearest_file(here: &Path) -> Option<PathBuf> {
    let root = here
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(here);
    let candidates = here.ancestors().take_while(|folder| folder.starts_with(root));
    candidates
        .map(|folder| folder.join(NAME))
        .find(|path| path.is_file())
}

/// The path relative to `here`, as users would write it: reports show no absolute paths.
fn shortened(path: &Path, here: &Path) -> PathBuf {
    let ups = here
        .ancestors()
        .position(|folder| Some(folder) == path.parent())
        .unwrap_or(0);
    std::iter::repeat_n("..", ups).collect::<PathBuf>().join(NAME)
}

fn read(
    path: &Path,
    limits: &Limits,
    quiet: Quiet,
    streams: &mut Streams<'_>,
) -> Result<StandardsFile, Failure> {
    let file = read_standards(path, limits)
        .map_err(|errors| Failure::Standards(errors.iter().map(ToString::to_string).collect()))?;
    if quiet == Quiet::No {
        let _ = writeln!(streams.stderr, "standards: {}", file.name);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::standards::parse_standards;
    use crate::source::{LoadError, SourceFile};

    #[test]
    fn the_example_can_be_pasted() {
        let file = SourceFile {
            name: NAME.to_owned(),
            text: EXAMPLE.to_owned(),
        };
        let none = |_: &str| {
            Err(LoadError {
                file: String::new(),
                message: String::new(),
                usage: true,
            })
        };
        assert_eq!(
            parse_standards(&file, &Limits::default(), &none)
                .unwrap()
                .standards
                .len(),
            2
        );
    }

    #[test]
    fn paths_are_relative() {
        for (path, expected) in [
            ("/a/b/keyaki.yaml", "keyaki.yaml"),
            ("/a/keyaki.yaml", "../keyaki.yaml"),
        ] {
            assert_eq!(shortened(Path::new(path), Path::new("/a/b")), Path::new(expected));
        }
    }
}
