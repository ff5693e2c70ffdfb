//! Reading Terraform code: the files of a directory and of the local modules it calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::decode::decode;
use super::hcl::{Directory, TerraformSource};
use super::hcl_blocks::{Blocks, Role, read_blocks};
use super::hcl_json::read_json_blocks;
use super::load::{Limits, TEMPLATE_BYTES, display_name, os_reason, read_bounded};
use super::{FileId, SourceFile};

/// No configuration has this many modules; a tree that leads here by mistake might.
pub(super) const MOST_DIRECTORIES: usize = 2_000;

/// What is read, and what is to be said of it.
pub(super) struct Code<'a> {
    pub limits: &'a Limits,
    files: &'a mut Vec<SourceFile>,
    pub notes: Vec<String>,
}

impl<'a> Code<'a> {
    pub fn new(limits: &'a Limits, files: &'a mut Vec<SourceFile>) -> Code<'a> {
        Code {
            limits,
            files,
            notes: Vec::new(),
        }
    }

    /// Adds the blocks of a file. Whether it was understood, expressions included: those of `.tf.json` are not, and of
    /// `.tofu` it is not known whether it is meant.
    pub fn file(&mut self, name: String, text: String, blocks: &mut Blocks) -> bool {
        let Some(syntax) = syntax(&name) else { return false };
        let (file, role) = (FileId(self.files.len()), role(&name));
        let read = match syntax {
            Syntax::Native => read_blocks(&text, file, role, blocks),
            Syntax::Json => read_json_blocks(&text, file, role, self.limits, blocks),
        };
        match read {
            Ok(()) => {
                let is_whole = name.ends_with(".tf");
                self.files.push(SourceFile { name, text });
                is_whole
            }
            Err((line, column)) => {
                self.notes.push(format!(
                    "`{name}:{line}:{column}`: not understood as Terraform source: its blocks are not located"
                ));
                false
            }
        }
    }

    /// What is to be said.
    pub fn finish(self) -> Vec<String> {
        self.notes
    }
}

/// Files in the order in which they are read: those of override files come last, as their attributes win.
pub(super) fn in_order(names: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let names: BTreeSet<(bool, String)> = names
        .filter(|file| !file.starts_with(['.', '#']) && !file.ends_with('~') && syntax(file).is_some())
        .map(|file| (role(&file) == Role::Override, file))
        .collect();
    names.into_iter().map(|(_, file)| file)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Native,
    Json,
}

fn syntax(file: &str) -> Option<Syntax> {
    let ends = |ends: [&str; 2]| ends.iter().any(|end| file.ends_with(end));
    if ends([".tf", ".tofu"]) {
        Some(Syntax::Native)
    } else if ends([".tf.json", ".tofu.json"]) {
        Some(Syntax::Json)
    } else {
        None
    }
}

fn role(file: &str) -> Role {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    match stem == "override" || stem.ends_with("_override") {
        true => Role::Override,
        false => Role::Plain,
    }
}

/// The code in a directory, whose real path and name these are, and in the local modules it calls.
pub(super) fn read_directory(code: &mut Code<'_>, root: &Path, name: &Path) -> TerraformSource {
    let mut reader = Reader {
        bounds: bounds(root),
        code,
    };
    let mut source = TerraformSource {
        root: root.to_owned(),
        directories: BTreeMap::new(),
    };
    let mut waiting = vec![(root.to_owned(), plain(name))];
    while let Some((real, name)) = waiting.pop() {
        if source.directories.contains_key(&real) {
            continue;
        }
        if source.directories.len() >= MOST_DIRECTORIES {
            reader.code.notes.push(format!(
                "only the first {MOST_DIRECTORIES} directories of Terraform source were read"
            ));
            break;
        }
        let (blocks, is_whole) = reader.directory(&real, &name);
        let mut followed = BTreeMap::new();
        for (call, source) in blocks.sources() {
            let target = source.and_then(|source| reader.local_module(&real, &name, call, source));
            if let Some((target, target_name)) = target {
                waiting.push((target.clone(), target_name));
                followed.insert(call.to_owned(), target);
            }
        }
        source.directories.insert(
            real,
            Directory {
                blocks,
                followed,
                is_whole,
            },
        );
    }
    source
}

/// What source may be read: below the repository, or below the directory itself when it is in none.
pub(super) fn bounds(root: &Path) -> PathBuf {
    root.ancestors()
        .find(|directory| directory.join(".git").exists())
        .unwrap_or(root)
        .to_owned()
}

struct Reader<'c, 'a> {
    bounds: PathBuf,
    code: &'c mut Code<'a>,
}

impl Reader<'_, '_> {
    /// The blocks of all files of a directory, and whether all of them were understood.
    fn directory(&mut self, real: &Path, name: &Path) -> (Blocks, bool) {
        let mut blocks = Blocks::default();
        let shown = if name.as_os_str().is_empty() {
            ".".to_owned()
        } else {
            display_name(name)
        };
        let entries = match std::fs::read_dir(real) {
            Ok(entries) => entries,
            Err(error) => {
                self.code.notes.push(format!("`{shown}`: {}", os_reason(&error)));
                return (blocks, false);
            }
        };
        let (mut none, mut is_whole) = (true, true);
        let mut names = Vec::new();
        for entry in entries {
            match entry.map(|entry| entry.file_name().into_string()) {
                Ok(Ok(name)) => names.push(name),
                // Terraform may read what cannot be named here.
                Ok(Err(_)) | Err(_) => is_whole = false,
            }
        }
        for file in in_order(names.into_iter()) {
            none = false;
            let name = display_name(&name.join(&file));
            match self.text(&real.join(&file)) {
                Ok(text) => is_whole &= self.code.file(name, text, &mut blocks),
                Err(message) => {
                    is_whole = false;
                    self.code.notes.push(format!("`{name}`: {message}"));
                }
            }
        }
        if none {
            self.code.notes.push(format!("`{shown}`: there are no .tf files"));
        }
        blocks.finish();
        (blocks, is_whole)
    }

    fn text(&self, path: &Path) -> Result<String, String> {
        let path = path.canonicalize().map_err(|error| os_reason(&error))?;
        if !path.starts_with(&self.bounds) {
            return Err("a link that leads out of the repository".into());
        }
        let metadata = std::fs::metadata(&path).map_err(|error| os_reason(&error))?;
        if !metadata.is_file() {
            return Err("not a regular file".into());
        }
        decode(read_bounded(
            &path,
            &metadata,
            TEMPLATE_BYTES.of(self.code.limits),
        )?)
    }

    /// The directory of a module call whose source is a relative path; others are remote modules.
    fn local_module(
        &mut self,
        real: &Path,
        name: &Path,
        call: &str,
        source: &str,
    ) -> Option<(PathBuf, PathBuf)> {
        if !is_local(source) {
            return None;
        }
        let target = real
            .join(source)
            .canonicalize()
            .ok()
            .filter(|target| target.is_dir());
        match target {
            Some(target) if target.starts_with(&self.bounds) => {
                let joined = name.join(source);
                let short = plain(&joined);
                // Leaving out `a/..` changes the meaning of a path when `a` is a link.
                let same = Path::new(".")
                    .join(&short)
                    .canonicalize()
                    .is_ok_and(|real| real == target);
                Some((target, if same { short } else { joined }))
            }
            Some(_) => {
                self.code.notes.push(outside(call));
                None
            }
            None => {
                self.code
                    .notes
                    .push(format!("module `{call}`: its source directory was not found"));
                None
            }
        }
    }
}

/// Whether the source of a module is a path in the same repository.
pub(super) fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../")
}

/// What is said of a module that is in no place that may be named.
pub(super) fn outside(call: &str) -> String {
    format!("module `{call}`: its source is outside of the repository and was not read")
}

/// A path without `.` and, where it can be told from the path alone, without `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let inside = matches!(plain.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if inside => {
                plain.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                plain.push(part)
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths() {
        for (path, expected) in [
            (".", ""),
            ("./a/../b", "b"),
            ("../a", "../a"),
            ("../../a/.", "../../a"),
            ("/a/../../b", "/../b"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn code_with_a_file_that_cannot_be_named_is_not_whole() {
        use std::os::unix::ffi::OsStrExt as _;
        let scratch =
            super::super::scratch::Scratch::new("code-names", &[("main.tf", "resource \"a\" \"b\" {}\n")]);
        let is_whole = || {
            let opened = TerraformSource::open(&scratch.0, &Limits::default(), &mut Vec::new());
            opened.unwrap().0.names(&[]).is_some()
        };
        assert!(is_whole());
        let name = std::ffi::OsStr::from_bytes(b"\xff_override.tf");
        std::fs::write(scratch.0.join(name), "").unwrap();
        assert!(!is_whole());
    }

    #[test]
    fn override_files_come_last() {
        let names = [
            "a_override.tf",
            "z.tf",
            "override.tf.json",
            "b.tofu",
            ".h.tf",
            "x.tf~",
            "y.txt",
            "o.tf.json",
        ];
        let ordered: Vec<String> = in_order(names.into_iter().map(str::to_owned)).collect();
        assert_eq!(
            ordered,
            ["b.tofu", "o.tf.json", "z.tf", "a_override.tf", "override.tf.json"]
        );
        assert_eq!(role("x_override/main.tf"), Role::Plain);
    }
}
