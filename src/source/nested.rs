//! Files that a template names: the templates of its nested stacks. They are read below the given folder only.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::SourceFile;
use super::assembly::StackFacts;
use super::decode::decode;
use super::load::{InputKind, Limits, TEMPLATE_BYTES, display_name, os_reason, read_bounded};
use super::recognise::recognise;

/// How a template came to be an input, which tells what it is deployed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Company {
    /// The user named it.
    #[default]
    Named,
    /// It was found below a folder.
    Walked,
    /// It is a stack of the cloud assembly in this folder.
    Assembly(PathBuf),
}

/// Where a template is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplatePlace {
    /// The file.
    path: PathBuf,
    /// The same, as users see it.
    shown: PathBuf,
    /// Nothing outside is read.
    root: PathBuf,
    /// In a cloud assembly, the files by the last part of the URL they will have.
    pub(super) assets: Arc<BTreeMap<String, PathBuf>>,
    /// What a cloud assembly tells of the stack.
    pub facts: StackFacts,
    /// What it is deployed with.
    pub company: Company,
}

impl TemplatePlace {
    /// The place of a file that was given, or found below a folder that was.
    pub(super) fn new(path: &Path, root: &Path, company: Company) -> TemplatePlace {
        TemplatePlace {
            company,
            path: path.to_owned(),
            shown: plain(path),
            root: root.to_owned(),
            ..TemplatePlace::default()
        }
    }

    /// What tells this place from others: what a file names depends on where it was found.
    pub fn key(&self) -> &Path {
        &self.shown
    }

    /// The file as it really is, links followed.
    pub(super) fn real(&self) -> Option<PathBuf> {
        self.path.canonicalize().ok()
    }

    /// The file as users see it.
    pub(super) fn name(&self) -> String {
        display_name(&self.shown)
    }

    /// The text of the file. `Err` is a phrase for users.
    pub(super) fn read(&self, limits: &Limits) -> Result<String, String> {
        let metadata = std::fs::metadata(&self.path).map_err(|error| os_reason(&error))?;
        if !metadata.is_file() {
            return Err("not a regular file".to_owned());
        }
        decode(read_bounded(&self.path, &metadata, TEMPLATE_BYTES.of(limits))?)
    }

    /// The place of the file that a cloud assembly has by the last part of its URL.
    pub fn asset(&self, name: &str) -> Option<TemplatePlace> {
        let path = self.assets.get(name)?;
        Some(TemplatePlace {
            path: path.clone(),
            shown: plain(path),
            ..self.clone()
        })
    }

    /// The file, links not followed.
    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }

    /// The place of what a template names by a path relative to its own folder. `Err` is a phrase for users.
    pub fn next(&self, path: &Path) -> Result<TemplatePlace, String> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let joined = folder.join(path);
        let out = || {
            format!(
                "it leads out of `{}`: give a folder that holds both as the input",
                display_name(&self.root)
            )
        };
        // Whether there is such a file outside is not even looked at.
        let shown = plain(&joined);
        let below = shown
            .strip_prefix(plain(&self.root))
            .map(|rest| rest.components().next());
        let is_below = below.is_ok_and(|first| first != Some(Component::ParentDir));
        if !is_below {
            return Err(out());
        }
        let found = joined.canonicalize().map_err(|error| os_reason(&error))?;
        let root = self.root.canonicalize().map_err(|error| os_reason(&error))?;
        if !found.starts_with(&root) {
            return Err(out());
        }
        Ok(TemplatePlace {
            shown,
            path: joined,
            root: self.root.clone(),
            assets: self.assets.clone(),
            facts: self.facts.clone(),
            company: self.company.clone(),
        })
    }
}

/// Whether a text that stands in a template may be a path to follow. `Err` is a phrase for users.
pub fn local_path(text: &str) -> Result<&Path, String> {
    let path = Path::new(text);
    let drive = text.as_bytes().get(1) == Some(&b':');
    if path.is_absolute() || text.starts_with(['/', '\\', '~']) || drive {
        return Err("not a relative path".to_owned());
    }
    if text.is_empty() || text.contains(['\\', '\0']) {
        return Err("not a path: write a relative path with `/`".to_owned());
    }
    Ok(path)
}

/// Reads the template at a place. `Err` is a phrase for users.
pub fn read_nested(place: &TemplatePlace, limits: &Limits) -> Result<SourceFile, String> {
    let text = place.read(limits)?;
    match recognise(&text, limits) {
        Ok(InputKind::Template) => Ok(SourceFile {
            name: place.name(),
            text,
        }),
        Ok(InputKind::TerraformPlan | InputKind::TerraformState | InputKind::Policy) | Err(_) => {
            Err("no CloudFormation template".to_owned())
        }
    }
}

/// A path without `.` and, where that is plain, `..`: for users, not for access.
fn plain(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        let last = found.components().next_back();
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                found.pop();
            }
            _ => found.push(part),
        }
    }
    found
}
