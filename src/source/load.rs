//! Reading inputs: from files, standard input and directories into decoded, recognised texts. This and the walking of
//! directories are the only places that touch the file system for inputs.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::decode::decode;
use super::nested::{Company, TemplatePlace};
use super::recognise::{Refusal, recognise};
use super::walk::{TERRAFORM_CODE, is_terraform_code, walk};
use super::{FileId, SourceFile};

/// Bounds on what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nesting depth of JSON and YAML.
    pub depth: usize,
    /// Nodes of a tree, after alias expansion.
    pub nodes: usize,
    /// Bytes of a template, policy or standards file.
    pub template_bytes: usize,
    /// Bytes of a plan.
    pub plan_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            depth: 128,
            nodes: 250_000,
            template_bytes: 64 << 20,
            plan_bytes: 2 << 30,
        }
    }
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// `terraform show -json PLAN`.
    TerraformPlan,
    /// `terraform show -json` of a state.
    TerraformState,
    /// A CloudFormation template (a SAM template too: its transform is reported by the extractor).
    Template,
    /// A bare IAM policy document.
    Policy,
}

/// One recognised input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// The file.
    pub file: FileId,
    /// What it is.
    pub kind: InputKind,
}

/// Everything read in a run.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The files; [`FileId`] is the position here.
    pub files: Vec<SourceFile>,
    /// The recognised inputs, in order.
    pub inputs: Vec<Input>,
    /// What could not be read or recognised.
    pub errors: Vec<LoadError>,
    /// Remarks: skipped links and the like.
    pub notes: Vec<String>,
    /// Where the templates are, for what they name, and what else is known of them.
    pub places: BTreeMap<FileId, TemplatePlace>,
}

/// Why a file could not be read or recognised. Quotes nothing of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct LoadError {
    /// The file, as users name it, with `:line:column` where known.
    pub file: String,
    /// What is wrong, what the file looks like, what to do.
    pub message: String,
    /// Whether this is a use of keyaki that is not supported (exit 2) and not a bad file (exit 3).
    pub usage: bool,
}

/// Reads the inputs: files, directories (walked, .gitignore respected, links not followed), `-` for standard input. What
/// cannot be read is an error beside the others, which are read all the same.
pub fn load(paths: &[PathBuf], limits: &Limits) -> Loaded {
    let mut loaded = Loaded::default();
    let mut seen = Seen::default();
    let mut stdin_read = None;
    for path in paths {
        if path.as_os_str() == "-" {
            match stdin_read.replace(()) {
                None => load_stdin(limits, &mut loaded),
                Some(()) => loaded.fail("-", "standard input can be read once only", true),
            }
            continue;
        }
        let name = display_name(path);
        match std::fs::metadata(path) {
            Err(error) => loaded.fail(&name, os_reason(&error), false),
            Ok(metadata) if metadata.is_dir() => walk(path, limits, &mut loaded, &mut seen),
            Ok(metadata) => {
                if let Some(note) = seen.again(path, &name) {
                    loaded.notes.push(note);
                    continue;
                }
                match read_bounded(path, &metadata, PLAN_BYTES.of(limits)) {
                    Ok(bytes) => {
                        load_text(&name, bytes, limits, &mut loaded);
                        if metadata.is_file() {
                            let root = path.parent().filter(|root| !root.as_os_str().is_empty());
                            loaded.place(path, root.unwrap_or(Path::new(".")), Company::Named);
                        }
                    }
                    Err(message) => loaded.fail(&name, message, false),
                }
            }
        }
    }
    loaded
}

/// Decodes and recognises one text, as [`load`] does for a file of that name.
pub fn load_text(name: &str, bytes: Vec<u8>, limits: &Limits, loaded: &mut Loaded) {
    if bytes.len() > limits.plan_bytes {
        return loaded.fail(name, PLAN_BYTES.of(limits).message(), false);
    }
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(message) => return loaded.fail(name, message, false),
    };
    match recognise(&text, limits) {
        Ok(kind) => loaded.add(name, text, kind),
        Err(_) if is_terraform_code(name) => loaded.fail(name, TERRAFORM_CODE, false),
        Err(refusal) => loaded.refuse(name, refusal),
    }
}

/// Reads a file that a standards file names: inside `root`, regular, decoded. All errors are errors of usage, as they
/// are about what the standards file says. The name in the result is `relative`.
pub fn read_reference(root: &Path, relative: &str, limits: &Limits) -> Result<SourceFile, LoadError> {
    reference_text(root, relative, limits)
        .map(|text| SourceFile {
            name: relative.to_owned(),
            text,
        })
        .map_err(|message| LoadError {
            file: relative.to_owned(),
            message,
            usage: true,
        })
}

fn reference_text(root: &Path, relative: &str, limits: &Limits) -> Result<String, String> {
    if relative.contains("://") {
        return Err("a URL: only files beside the standards file are read".into());
    }
    if relative.is_empty() || relative.contains(['\\', '\0', ':']) {
        return Err("not a path: write a relative path with `/`".into());
    }
    let plain = Path::new(relative)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain {
        return Err("must be a relative path without `..`, beside or below the standards file".into());
    }
    let root = root.canonicalize().map_err(|error| os_reason(&error))?;
    let path = root
        .join(relative)
        .canonicalize()
        .map_err(|error| os_reason(&error))?;
    if !path.starts_with(&root) {
        return Err("a link that leads out of the standards file's directory".into());
    }
    let metadata = std::fs::metadata(&path).map_err(|error| os_reason(&error))?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    decode(read_bounded(&path, &metadata, TEMPLATE_BYTES.of(limits))?)
}

fn load_stdin(limits: &Limits, loaded: &mut Loaded) {
    match read_at_most(io::stdin().lock(), PLAN_BYTES.of(limits)) {
        Ok(bytes) => load_text("<stdin>", bytes, limits, loaded),
        Err(message) => loaded.fail("<stdin>", message, false),
    }
}

impl Loaded {
    /// Adds a recognised input.
    pub(super) fn add(&mut self, name: &str, text: String, kind: InputKind) {
        let file = FileId(self.files.len());
        self.files.push(SourceFile {
            name: name.to_owned(),
            text,
        });
        self.inputs.push(Input { file, kind });
    }

    /// Notes where the file is that was added last, if it is a template. What it names is read below `root` only.
    pub(super) fn place(&mut self, path: &Path, root: &Path, company: Company) {
        let last = self
            .inputs
            .last()
            .filter(|input| input.kind == InputKind::Template);
        if let Some(input) = last.filter(|input| input.file.0 + 1 == self.files.len()) {
            let place = TemplatePlace::new(path, root, company);
            self.places.entry(input.file).or_insert(place);
        }
    }

    /// Records why a text is no input.
    pub(super) fn refuse(&mut self, name: &str, refusal: Refusal) {
        let file = match refusal.place {
            Some((line, column)) => format!("{name}:{line}:{column}"),
            None => name.to_owned(),
        };
        self.errors.push(LoadError {
            file,
            message: refusal.message,
            usage: false,
        });
    }

    /// Records an error.
    pub(super) fn fail(&mut self, name: &str, message: impl Into<String>, usage: bool) {
        self.errors.push(LoadError {
            file: name.to_owned(),
            message: message.into(),
            usage,
        });
    }
}

/// The files read so far, by where they really are, with the name they were first given.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<PathBuf, String>);

impl Seen {
    /// A note when a file was given before. Pipes have no lasting place and are never the same.
    pub fn again(&mut self, path: &Path, name: &str) -> Option<String> {
        let real = path.canonicalize().ok()?;
        let first = self.0.get(&real).cloned();
        match first {
            Some(first) => Some(format!("`{name}` is the same file as `{first}`: scanned once")),
            None => {
                self.0.insert(real, name.to_owned());
                None
            }
        }
    }
}

/// A limit on bytes, with the name that `--limit` has for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    bytes: usize,
    name: &'static str,
}

/// Which field of [`Limits`] bounds a file.
pub(super) struct BoundOf(&'static str, fn(&Limits) -> usize);

/// The bound of an input whose kind is not known yet.
pub(super) const PLAN_BYTES: BoundOf = BoundOf("plan-bytes", |limits| limits.plan_bytes);
/// The bound of all other files.
pub(super) const TEMPLATE_BYTES: BoundOf = BoundOf("template-bytes", |limits| limits.template_bytes);

impl BoundOf {
    /// The bound under the given limits.
    pub fn of(&self, limits: &Limits) -> Bound {
        Bound {
            bytes: (self.1)(limits),
            name: self.0,
        }
    }
}

impl Bound {
    /// How many bytes.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// An error when a file of that length is too large.
    pub fn check(self, length: u64) -> Result<(), String> {
        match length > self.bytes as u64 {
            true => Err(self.message()),
            false => Ok(()),
        }
    }

    fn message(self) -> String {
        format!(
            "larger than {} bytes: raise with `--limit {}=N`",
            self.bytes, self.name
        )
    }
}

/// Reads a file that is not larger than a bound. Pipes are read too (`<(terraform show -json tfplan)`), devices not.
pub(super) fn read_bounded(path: &Path, metadata: &Metadata, bound: Bound) -> Result<Vec<u8>, String> {
    if is_device(metadata) {
        return Err("a device, not a file".into());
    }
    if metadata.is_file() {
        bound.check(metadata.len())?;
    }
    read_at_most(File::open(path).map_err(|error| os_reason(&error))?, bound)
}

/// The first bytes of a file, by which some kinds of files are known.
pub(super) fn starts_with(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| os_reason(&error))?;
    let mut bytes = Vec::new();
    file.take(8)
        .read_to_end(&mut bytes)
        .map_err(|error| os_reason(&error))?;
    Ok(bytes)
}

fn read_at_most(from: impl Read, bound: Bound) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = (bound.bytes as u64).saturating_add(1);
    from.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| os_reason(&error))?;
    if bytes.len() > bound.bytes {
        Err(bound.message())
    } else {
        Ok(bytes)
    }
}

#[cfg(unix)]
fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let file_type = metadata.file_type();
    file_type.is_char_device() || file_type.is_block_device() || file_type.is_socket()
}

#[cfg(not(unix))]
fn is_device(_metadata: &Metadata) -> bool {
    false
}

/// Why the operating system refused, in its own words but without the number.
pub(super) fn os_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => {
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            format!("cannot be read: {}", words.to_lowercase())
        }
    }
}

/// A path as reports show it.
pub(super) fn display_name(path: &Path) -> String {
    let name = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        name.into_owned()
    } else {
        name.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

#[cfg(test)]
mod tests;
