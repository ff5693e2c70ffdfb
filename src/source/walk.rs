//! Walking a directory for inputs. What is not an input is skipped with a note; what was meant to be one and cannot be
//! read is an error, so that a broken template is never taken for none.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder};

use super::assembly::{is_assembly, load_assembly};
use super::decode::{decode, is_zip};
use super::load::{InputKind, Limits, Loaded, PLAN_BYTES, Seen, display_name, os_reason, read_bounded};
use super::nested::Company;
use super::recognise::{Reason, looks_relevant, recognise};

/// Adds the inputs below a directory, sorted by name. Hidden files and those that a .gitignore lists are left out, links
/// are not followed.
pub(super) fn walk(root: &Path, limits: &Limits, loaded: &mut Loaded, seen: &mut Seen) {
    let name = display_name(root);
    if is_assembly(root, limits) {
        return load_assembly(root, limits, loaded);
    }
    let (inputs_before, errors_before) = (loaded.inputs.len(), loaded.errors.len());
    let mut findings = Findings::default();
    let assemblies: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
    for entry in builder(root, limits, &assemblies).build() {
        match entry {
            Ok(entry) => visit(root, &entry, limits, loaded, seen, &mut findings),
            Err(error) => {
                let reason = error
                    .io_error()
                    .map_or_else(|| "cannot be walked".to_owned(), os_reason);
                loaded.fail(&name, format!("a part of the directory: {reason}"), false);
            }
        }
    }
    let assemblies = assemblies.lock().map(|found| found.clone()).unwrap_or_default();
    for assembly in assemblies {
        load_assembly(&assembly, limits, loaded);
    }
    let found = loaded.inputs.len() > inputs_before || findings.repeated > 0;
    if !found && loaded.errors.len() == errors_before {
        return match findings.terraform {
            0 => loaded.fail(&name, NOTHING, false),
            _ => loaded.fail(&name, TERRAFORM, true),
        };
    }
    if findings.terraform > 0 {
        loaded.notes.push(format!(
            "`{name}`: .tf files were not scanned, only plans, templates and policies are"
        ));
    }
    loaded.notes.extend(skipped_note(&name, &findings.skipped));
}

const NOTHING: &str = "no Terraform plan, template or policy in this directory; hidden files and files that a .gitignore \
                       lists are read only when named";
const TERRAFORM: &str = "directories of .tf files are not supported yet: run `terraform plan -out=tfplan && \
                         terraform show -json tfplan > plan.json` and give plan.json";

/// What is said of a file of Terraform code that is named as an input.
pub(super) const TERRAFORM_CODE: &str = "Terraform code is not read as an input: run `terraform plan -out=tfplan && \
                                         terraform show -json tfplan > plan.json`, give plan.json, and the code's \
                                         folder as `--source`";

/// Whether a file is Terraform code by its name.
pub(super) fn is_terraform_code(name: &str) -> bool {
    sort(Path::new(name)) == Sort::Terraform
}

/// What a walk meets besides inputs.
#[derive(Debug, Default)]
struct Findings {
    /// Files of Terraform source.
    terraform: usize,
    /// Inputs that were read before.
    repeated: usize,
    /// JSON and YAML files that are something else.
    skipped: Vec<String>,
}

/// Cloud assemblies are not walked but gathered: their manifests tell what is deployed.
fn builder(root: &Path, limits: &Limits, assemblies: &Arc<Mutex<Vec<PathBuf>>>) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    // What a run reads must not depend on the user's own settings, only on what is in the tree.
    builder
        .git_global(false)
        .ignore(false)
        .require_git(false)
        .follow_links(false);
    builder.sort_by_file_name(|one, other| one.cmp(other));
    let (limits, assemblies) = (*limits, assemblies.clone());
    builder.filter_entry(move |entry| {
        let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
        let is_one = is_folder && is_assembly(entry.path(), &limits);
        if is_one && let Ok(mut assemblies) = assemblies.lock() {
            assemblies.push(entry.path().to_owned());
        }
        !is_one
    });
    builder
}

fn visit(
    root: &Path,
    entry: &DirEntry,
    limits: &Limits,
    loaded: &mut Loaded,
    seen: &mut Seen,
    findings: &mut Findings,
) {
    let path = entry.path();
    let name = display_name(path.strip_prefix("./").unwrap_or(path));
    let Some(file_type) = entry.file_type() else {
        return;
    };
    if path == root || file_type.is_dir() {
        return;
    }
    if file_type.is_symlink() {
        loaded
            .notes
            .push(format!("`{name}` is a link and was skipped: name it to scan it"));
        return;
    }
    if !file_type.is_file() {
        loaded
            .notes
            .push(format!("`{name}` is no regular file and was skipped"));
        return;
    }
    let sort = sort(path);
    if sort == Sort::Terraform {
        findings.terraform += 1;
        return;
    }
    match std::fs::metadata(path) {
        Ok(metadata) => read(
            &Found {
                root,
                path,
                name,
                sort,
                metadata,
            },
            limits,
            loaded,
            seen,
            findings,
        ),
        Err(error) => loaded.fail(&name, os_reason(&error), false),
    }
}

/// A regular file below the root.
struct Found<'a> {
    root: &'a Path,
    path: &'a Path,
    name: String,
    sort: Sort,
    metadata: Metadata,
}

fn read(file: &Found<'_>, limits: &Limits, loaded: &mut Loaded, seen: &mut Seen, findings: &mut Findings) {
    let name = &file.name;
    let candidate = file.sort == Sort::Candidate;
    match starts(file) {
        Ok(Start::Zip) => {
            let note = "is a saved plan and was skipped: give the output of `terraform show -json PLANFILE`";
            loaded.notes.push(format!("`{name}` {note}"));
            return;
        }
        Ok(Start::Json) => {}
        Ok(Start::Other) if candidate => {}
        Ok(Start::Other) => return,
        Err(message) if candidate => return loaded.fail(name, message, false),
        Err(message) => {
            loaded.notes.push(format!("`{name}` was skipped: {message}"));
            return;
        }
    }
    let read = || read_bounded(file.path, &file.metadata, PLAN_BYTES.of(limits));
    let bytes = match read() {
        Ok(bytes) => bytes,
        Err(message) => return loaded.fail(name, message, false),
    };
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(message) => {
            let relevant = read().is_ok_and(|bytes| looks_relevant(&String::from_utf8_lossy(&bytes)));
            match candidate && relevant {
                true => loaded.fail(name, message, false),
                false => findings.skip(file),
            }
            return;
        }
    };
    match recognise(&text, limits) {
        // A `format_version` alone is too little to take a file nobody named for a plan.
        Ok(InputKind::TerraformPlan | InputKind::TerraformState) if !is_plan(&text) => findings.skip(file),
        Ok(kind) => match seen.again(file.path, name) {
            Some(note) => {
                findings.repeated += 1;
                loaded.notes.push(note);
            }
            None => {
                loaded.add(name, text, kind);
                loaded.place(file.path, file.root, Company::Walked);
            }
        },
        Err(refusal) => match refusal.reason {
            Reason::Malformed if candidate && looks_relevant(&text) => loaded.refuse(name, refusal),
            Reason::Unsupported if candidate => loaded.refuse(name, refusal),
            Reason::Unsupported => loaded
                .notes
                .push(format!("`{name}` was skipped: {}", refusal.message)),
            Reason::Malformed | Reason::Unknown => findings.skip(file),
        },
    }
}

impl Findings {
    fn skip(&mut self, file: &Found<'_>) {
        if file.sort == Sort::Candidate {
            self.skipped.push(file.name.clone());
        }
    }
}

fn is_plan(text: &str) -> bool {
    [
        "\"resource_changes\"",
        "\"planned_values\"",
        "\"terraform_version\"",
    ]
    .iter()
    .any(|key| text.contains(key))
}

/// What a name says of a file that nobody named; content decides all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Terraform source.
    Terraform,
    /// JSON or YAML.
    Candidate,
    /// Anything else: an input only when it starts like JSON.
    Other,
}

fn sort(path: &Path) -> Sort {
    const TERRAFORM: [&str; 4] = [".tf", ".tofu", ".tf.json", ".tofu.json"];
    const CANDIDATES: [&str; 4] = [".json", ".yaml", ".yml", ".template"];
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match (ends(&TERRAFORM), ends(&CANDIDATES)) {
        (true, _) => Sort::Terraform,
        (false, true) => Sort::Candidate,
        (false, false) => Sort::Other,
    }
}

enum Start {
    Zip,
    Json,
    Other,
}

/// Looks at the first bytes, so that files that cannot be inputs are not read whole.
fn starts(file: &Found<'_>) -> Result<Start, String> {
    use std::io::Read;
    let mut head = Vec::new();
    let opened = std::fs::File::open(file.path).map_err(|error| os_reason(&error))?;
    opened
        .take(64)
        .read_to_end(&mut head)
        .map_err(|error| os_reason(&error))?;
    let first = head
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xEF | 0xBB | 0xBF | 0xFF | 0xFE | 0));
    Ok(match first {
        Some(_) if is_zip(&head) && head.windows(6).any(|name| name == b"tfplan") => Start::Zip,
        Some(b'{') => Start::Json,
        Some(_) | None => Start::Other,
    })
}

fn skipped_note(root: &str, skipped: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    let shown: Vec<String> = skipped
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match skipped.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let files = if skipped.len() == 1 {
        "file is"
    } else {
        "files are"
    };
    (!skipped.is_empty()).then(|| {
        format!(
            "`{root}`: {} JSON or YAML {files} no plan, template or policy: {}{more}",
            skipped.len(),
            shown.join(", ")
        )
    })
}
