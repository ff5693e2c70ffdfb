//! The code in a saved plan (`terraform plan -out=FILE`): a zip archive with a folder `tfconfig/m-KEY` for each module and a
//! list of the modules. It is read as a file from strangers: whatever Terraform does not write is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use zip::ZipArchive;

use super::code::{Code, MOST_DIRECTORIES, bounds, in_order, is_local, outside, plain};
use super::decode::decode;
use super::hcl::{Directory, TerraformSource};
use super::hcl_blocks::Blocks;
use super::load::{PLAN_BYTES, TEMPLATE_BYTES, display_name, os_reason};

/// Where the list of modules is.
const MODULES: &str = "tfconfig/modules.json";
/// No saved plan has more entries.
const MOST_ENTRIES: usize = 50_000;

/// A module, as the list tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Module {
    /// The names of the calls from the root, with dots between them.
    key: String,
    #[serde(default)]
    source: String,
    /// Its directory, from the one in which the plan was made.
    dir: String,
}

/// The code in a saved plan. The error says why it is refused.
pub(super) fn read(code: &mut Code<'_>, path: &Path, metadata: &Metadata) -> Result<TerraformSource, String> {
    PLAN_BYTES.of(code.limits).check(metadata.len())?;
    let file = File::open(path).map_err(|error| os_reason(&error))?;
    let mut archive = Archive::open(file, TEMPLATE_BYTES.of(code.limits).bytes())?;
    let listed = archive.text(MODULES)?.ok_or(
        "a zip archive, but no saved plan: give what `terraform plan -out=FILE` wrote, or a directory",
    )?;
    let modules: Vec<Module> = serde_json::from_str(&listed)
        .map_err(|_| format!("`{MODULES}` in it is not the list of modules that Terraform writes"))?;
    if modules.len() > MOST_DIRECTORIES {
        return Err(format!("more than {MOST_DIRECTORIES} modules"));
    }
    let mut keys = BTreeSet::new();
    if !modules.iter().all(|module| keys.insert(module.key.as_str())) {
        return Err("a module is listed twice in it".to_owned());
    }
    let root = modules
        .iter()
        .find(|module| module.key.is_empty())
        .ok_or("the root module is not listed in it")?;
    let base = base(path, root, &archive);
    let mut source = TerraformSource::default();
    for module in &modules {
        let mut blocks = Blocks::default();
        let mut is_whole = true;
        match place(&base, module) {
            // What is in remote modules is found at the calls of them.
            _ if !is_reachable(module, &modules) => is_whole = false,
            None => {
                is_whole = false;
                code.notes.push(outside(&module.key));
            }
            Some(directory) => {
                let files: Vec<String> = in_order(archive.files_of(&module.key)).collect();
                for file in files {
                    let name = display_name(&directory.join(&file));
                    let entry = format!("{}{file}", folder(&module.key));
                    let text = archive.text(&entry)?;
                    is_whole &= text.is_some_and(|text| code.file(name, text, &mut blocks));
                }
            }
        }
        blocks.finish();
        let followed = BTreeMap::new();
        let entry = Directory {
            blocks,
            followed,
            is_whole,
        };
        source.directories.insert(PathBuf::from(&module.key), entry);
    }
    for module in &modules {
        if module.key.is_empty() || !is_local(&module.source) || place(&base, module).is_none() {
            continue;
        }
        let (parent, call) = module.key.rsplit_once('.').unwrap_or(("", &module.key));
        if let Some(parent) = source.directories.get_mut(Path::new(parent)) {
            parent
                .followed
                .insert(call.to_owned(), PathBuf::from(&module.key));
        }
    }
    Ok(source)
}

/// Whether only local modules lead to a module.
fn is_reachable(module: &Module, modules: &[Module]) -> bool {
    let sources: BTreeMap<&str, &str> = modules
        .iter()
        .map(|module| (module.key.as_str(), module.source.as_str()))
        .collect();
    let ends = module.key.match_indices('.').map(|(at, _)| at);
    let mut above = ends
        .chain([module.key.len()])
        .filter_map(|end| module.key.get(..end))
        .filter(|key| !key.is_empty());
    above.all(|key| sources.get(key).copied().is_some_and(is_local))
}

/// The folder of a module's files.
fn folder(key: &str) -> String {
    format!("tfconfig/m-{key}/")
}

/// Where the plan was made, as best can be told: where the saved plan is, or else here, whichever has the files of the root
/// module; here where neither has.
fn base(plan: &Path, root: &Module, archive: &Archive) -> PathBuf {
    let beside = plan.parent().map(Path::to_owned).unwrap_or_default();
    let has_all = |base: &&PathBuf| {
        let directory = base.join(&root.dir);
        let mut files = archive.files_of("").peekable();
        files.peek().is_some() && files.all(|file| directory.join(file).is_file())
    };
    let found = [beside, PathBuf::new()].iter().find(has_all).cloned();
    found.unwrap_or_default()
}

/// The directory of a module, if it is in the repository.
fn place(base: &Path, module: &Module) -> Option<PathBuf> {
    let written = Path::new(&module.dir);
    let is_relative = written.components().all(|part| {
        matches!(part, Component::CurDir | Component::ParentDir)
            || matches!(part, Component::Normal(name) if name != ".terraform")
    });
    if !is_relative || module.dir.contains(['\\', ':', '\0']) {
        return None;
    }
    let here = Path::new(".").join(base).canonicalize().ok()?;
    let inside = plain(&here.join(written)).starts_with(bounds(&here));
    inside.then(|| plain(&base.join(written)))
}

/// A zip archive that is as Terraform makes them.
struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// Positions by name.
    entries: BTreeMap<String, usize>,
    /// Bytes of code that may still be read.
    budget: u64,
    most: usize,
}

impl Archive {
    fn open(file: File, most: usize) -> Result<Archive, String> {
        let damaged = |_| "damaged, or no zip archive as Terraform writes them".to_owned();
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        if zip.len() > MOST_ENTRIES {
            return Err(format!("more than {MOST_ENTRIES} entries"));
        }
        if zip.has_duplicate_names() {
            return Err("two entries have the same name".to_owned());
        }
        if zip.has_overlapping_entries().map_err(damaged)? {
            return Err("entries that overlap".to_owned());
        }
        let mut entries = BTreeMap::new();
        let mut declared = 0_u64;
        for at in 0..zip.len() {
            let entry = zip.by_index_data(at).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."))
                && !name.contains(['\\', ':'])
                && !name.contains(char::is_control);
            if entry.is_symlink() || !entry.is_file() || !is_plain {
                return Err("an entry that is no plain file below the folder of the plan".to_owned());
            }
            if entry.encrypted() {
                return Err("encrypted".to_owned());
            }
            if name.starts_with("tfconfig/") {
                declared = declared.saturating_add(entry.size());
            }
            if entries.insert(name, at).is_some() {
                return Err("two entries have the same name".to_owned());
            }
        }
        let archive = Archive {
            zip,
            entries,
            budget: most as u64,
            most,
        };
        match declared > archive.budget {
            true => Err(archive.too_large()),
            false => Ok(archive),
        }
    }

    fn too_large(&self) -> String {
        format!(
            "it holds more than {} bytes of code: raise with `--limit template-bytes=N`",
            self.most
        )
    }

    /// The names of the files of a module.
    fn files_of(&self, key: &str) -> impl Iterator<Item = String> {
        let folder = folder(key);
        self.entries
            .keys()
            .filter_map(move |name| name.strip_prefix(&folder).map(str::to_owned))
            .filter(|name| !name.contains('/'))
    }

    /// The text of an entry. It is not believed how large it says it is.
    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.entries.get(name) else {
            return Ok(None);
        };
        let entry = self.zip.by_index(*at);
        let entry = entry.map_err(|_| format!("`{name}` in it is not compressed as Terraform does"))?;
        let mut bytes = Vec::new();
        let read = entry.take(self.budget + 1).read_to_end(&mut bytes);
        let read = read.map_err(|_| format!("`{name}` in it is damaged"))?;
        match self.budget.checked_sub(read as u64) {
            None => return Err(self.too_large()),
            Some(rest) => self.budget = rest,
        }
        let text = decode(bytes).map_err(|message| format!("`{name}` in it is {message}"))?;
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests;
