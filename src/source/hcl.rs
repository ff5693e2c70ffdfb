//! Blocks of Terraform source: from a module address and a resource to the place of its block. Local modules are
//! followed when a block is looked up and never expanded as a tree, so neither cycles nor deep fan-out cost anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::decode::decode;
use super::hcl_blocks::{Blocks, WrittenAt, read_blocks};
use super::hcl_written::Written;
use super::load::{Limits, LoadError, TEMPLATE_BYTES, display_name, os_reason, read_bounded};
use super::{FileId, Place, SourceFile};

/// The resource and module blocks of a configuration: root module and local modules.
#[derive(Debug, Clone, Default)]
pub struct TerraformSource {
    root: PathBuf,
    /// By real path.
    directories: BTreeMap<PathBuf, Directory>,
}

/// One directory of source.
#[derive(Debug, Clone, Default)]
struct Directory {
    blocks: Blocks,
    /// Module calls whose source is a directory that was read.
    followed: BTreeMap<String, PathBuf>,
    /// Whether all of its code was read: what was not may override the rest.
    is_whole: bool,
}

/// No configuration has this many modules; a tree that leads here by mistake might.
const MOST_DIRECTORIES: usize = 2_000;

impl TerraformSource {
    /// Reads a directory and the local modules it calls. Files are appended to `files`. Notes tell what was not read: a
    /// file that does not parse loses its own blocks only.
    pub fn open(
        directory: &Path,
        limits: &Limits,
        files: &mut Vec<SourceFile>,
    ) -> Result<(TerraformSource, Vec<String>), LoadError> {
        let refused = |message: String| LoadError {
            file: display_name(directory),
            message,
            usage: true,
        };
        let root = directory
            .canonicalize()
            .map_err(|error| refused(os_reason(&error)))?;
        if !root.is_dir() {
            return Err(refused(
                "not a directory; other places of source are not supported yet".into(),
            ));
        }
        let mut reader = Reader {
            bounds: bounds(&root),
            limits,
            files,
            notes: Vec::new(),
        };
        let mut source = TerraformSource {
            root: root.clone(),
            directories: BTreeMap::new(),
        };
        let mut waiting = vec![(root, plain(directory))];
        while let Some((real, name)) = waiting.pop() {
            if source.directories.contains_key(&real) {
                continue;
            }
            if source.directories.len() >= MOST_DIRECTORIES {
                reader.notes.push(format!(
                    "only the first {MOST_DIRECTORIES} directories of Terraform source were read"
                ));
                break;
            }
            let (blocks, is_whole) = reader.directory(&real, &name);
            let mut followed = BTreeMap::new();
            for (call, source) in blocks.sources() {
                if let Some((target, target_name)) = reader.local_module(&real, &name, call, source) {
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
        Ok((source, reader.notes))
    }

    /// The place of a block's header: module call names from the root (without instance keys), `resource` or `data`,
    /// type, name. In a remote module, the place of the first module call that cannot be followed.
    pub fn find(&self, modules: &[String], mode: &str, resource_type: &str, name: &str) -> Option<Place> {
        match self.module(modules)? {
            Module::Read(directory) => directory
                .blocks
                .block(mode, resource_type, name)
                .map(|block| block.header),
            Module::Remote(call) => Some(call),
        }
    }

    /// The place of an attribute that stands literally in a block, from its key to the end of its value. The path names
    /// it as addresses do: `policy`, `inline_policy[0].policy`; `inline_policy[0]` is the header of the nested block.
    pub fn find_attribute(
        &self,
        modules: &[String],
        mode: &str,
        resource_type: &str,
        name: &str,
        attribute_path: &str,
    ) -> Option<Place> {
        match self.module(modules)? {
            Module::Read(directory) => directory
                .blocks
                .block(mode, resource_type, name)
                .and_then(|block| block.attribute(attribute_path)),
            Module::Remote(_) => None,
        }
    }

    /// The place of a statement, by its index in the document that an attribute of the block holds; none where that is not
    /// sure.
    pub fn find_statement(
        &self,
        modules: &[String],
        mode: &str,
        resource_type: &str,
        name: &str,
        (attribute_path, index): (&str, usize),
    ) -> Option<Place> {
        let Module::Read(directory) = self.module(modules)? else {
            return None;
        };
        let block = directory.blocks.block(mode, resource_type, name)?;
        directory.blocks.statement(block, attribute_path, index)
    }

    /// The place of the `statement` block of a policy document that has `count` of them; none where that is not sure.
    pub fn find_block(&self, modules: &[String], name: &str, index: usize, count: usize) -> Option<Place> {
        match self.module(modules)? {
            Module::Read(directory) => directory.blocks.statement_block(name, (index, count)),
            Module::Remote(_) => None,
        }
    }

    /// An expression, where it is simple and its module was read whole.
    pub fn written(&self, modules: &[String], at: WrittenAt<'_>) -> Option<&Written> {
        self.whole(modules)?.blocks.written(at)
    }

    /// How many `statement` blocks a policy document has; none where some are dynamic.
    pub fn statement_count(&self, modules: &[String], name: &str) -> Option<usize> {
        self.whole(modules)?.blocks.statement_count(name)
    }

    /// Mode, type and name of the resources and data sources of a module that was read whole.
    pub fn names(&self, modules: &[String]) -> Option<BTreeSet<&[String; 3]>> {
        Some(self.whole(modules)?.blocks.names().collect())
    }

    fn whole(&self, modules: &[String]) -> Option<&Directory> {
        match self.module(modules)? {
            Module::Read(directory) => Some(directory).filter(|directory| directory.is_whole),
            Module::Remote(_) => None,
        }
    }

    fn module(&self, modules: &[String]) -> Option<Module<'_>> {
        let mut directory = self.directories.get(&self.root)?;
        for call in modules {
            match directory.followed.get(call) {
                Some(target) => directory = self.directories.get(target)?,
                None => return directory.blocks.call(call).map(Module::Remote),
            }
        }
        Some(Module::Read(directory))
    }
}

enum Module<'a> {
    Read(&'a Directory),
    /// Where the call stands that cannot be followed.
    Remote(Place),
}

/// What source may be read: below the repository, or below the directory itself when it is in none.
fn bounds(root: &Path) -> PathBuf {
    root.ancestors()
        .find(|directory| directory.join(".git").exists())
        .unwrap_or(root)
        .to_owned()
}

struct Reader<'a> {
    bounds: PathBuf,
    limits: &'a Limits,
    files: &'a mut Vec<SourceFile>,
    notes: Vec<String>,
}

impl Reader<'_> {
    /// The blocks of all files of a directory; those of override files come last, as their attributes win. Whether all
    /// of them were read.
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
                self.notes.push(format!("`{shown}`: {}", os_reason(&error)));
                return (blocks, false);
            }
        };
        let names: BTreeSet<(bool, String)> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|file| !file.starts_with(['.', '#']) && !file.ends_with('~'))
            .map(|file| (is_override(&file), file))
            .collect();
        let others = names
            .iter()
            .filter(|(_, file)| file.ends_with(".tf.json") || file.contains(".tofu"))
            .count();
        if others > 0 {
            self.notes.push(format!(
                "`{shown}`: {others} .tf.json or .tofu files are not read for places"
            ));
        }
        let sources: Vec<&String> = names
            .iter()
            .map(|(_, file)| file)
            .filter(|file| file.ends_with(".tf"))
            .collect();
        if sources.is_empty() {
            self.notes.push(format!("`{shown}`: there are no .tf files"));
        }
        let mut is_whole = others == 0;
        for file in sources {
            is_whole &= self.file(&real.join(file), &name.join(file), &mut blocks);
        }
        (blocks, is_whole)
    }

    /// Whether the file was read.
    fn file(&mut self, real: &Path, name: &Path, blocks: &mut Blocks) -> bool {
        let name = display_name(name);
        let text = match self.text(real) {
            Ok(text) => text,
            Err(message) => {
                self.notes.push(format!("`{name}`: {message}"));
                return false;
            }
        };
        match read_blocks(&text, FileId(self.files.len()), blocks) {
            Ok(()) => {
                self.files.push(SourceFile { name, text });
                true
            }
            Err((line, column)) => {
                self.notes.push(format!(
                    "`{name}:{line}:{column}`: not understood as Terraform source: its blocks are not located"
                ));
                false
            }
        }
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
        decode(read_bounded(&path, &metadata, TEMPLATE_BYTES.of(self.limits))?)
    }

    /// The directory of a module call whose source is a relative path; others are remote modules.
    fn local_module(
        &mut self,
        real: &Path,
        name: &Path,
        call: &str,
        source: &str,
    ) -> Option<(PathBuf, PathBuf)> {
        if !source.starts_with("./") && !source.starts_with("../") {
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
                self.notes.push(format!(
                    "module `{call}`: its source is outside of the repository and was not read"
                ));
                None
            }
            None => {
                self.notes
                    .push(format!("module `{call}`: its source directory was not found"));
                None
            }
        }
    }
}

/// A path without `.` and, where it can be told from the path alone, without `..`.
fn plain(path: &Path) -> PathBuf {
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

fn is_override(file: &str) -> bool {
    file == "override.tf" || file.ends_with("_override.tf")
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    const MAIN: &str = "\u{feff}# é\r\nresource \"aws_iam_role\" \"r\" {\r\n  name = \"x\"\r\n  inline_policy {\r\n    policy = jsonencode({\r\n      a = 1\r\n    })\r\n  }\r\n  inline_policy {\r\n    policy = \"{}\"\r\n  }\r\n}\r\ndata aws_iam_policy_document d {}\r\n\
        module \"near\" {\r\n  source = \"./modules/near\"\r\n}\r\nmodule \"far\" {\r\n  source = \"terraform-aws-modules/iam/aws\"\r\n}\r\n";
    const NEAR: &str = "resource \"aws_sqs_queue\" \"q\" {\n  policy = <<-EOT\n    {}\n  EOT\n}\nmodule \"deep\" {\n  source = \"../deep\"\n}\nmodule \"gone\" {\n  source = \"./gone\"\n}\nmodule \"out\" {\n  source = \"../../../\"\n}\n";
    const DEEP: &str =
        "resource \"aws_kms_key\" \"k\" { policy = \"{}\" }\nmodule \"up\" {\n  source = \"../../\"\n}\n";

    /// A configuration, with the lookups of it.
    struct Opened {
        _scratch: Scratch,
        source: TerraformSource,
        files: Vec<SourceFile>,
        notes: Vec<String>,
        root: String,
    }

    fn open(name: &str, files: &[(&str, &str)]) -> Opened {
        let scratch = Scratch::new(name, files);
        let mut files = Vec::new();
        let (source, notes) = TerraformSource::open(&scratch.0, &Limits::default(), &mut files).unwrap();
        let root = scratch.0.display().to_string();
        Opened {
            _scratch: scratch,
            source,
            files,
            notes,
            root,
        }
    }

    impl Opened {
        fn text(&self, place: Option<Place>) -> String {
            let Some(place) = place else { return "none".into() };
            let file = &self.files[place.file.0];
            let text = &file.text[place.span.start..place.span.end];
            format!("{} {text}", file.name.replace(&format!("{}/", self.root), ""))
        }

        /// `address` is `module.module.type.name`, with `data.` before the type.
        fn check(&self, address: &str, attribute: &str, expected: &str) {
            let mut parts: Vec<String> = address.split('.').map(str::to_owned).collect();
            let name = parts.pop().unwrap();
            let resource_type = parts.pop().unwrap();
            let mode = if parts.last().is_some_and(|part| part == "data") {
                "data"
            } else {
                "resource"
            };
            parts.retain(|part| part != "data");
            let place = match attribute {
                "" => self.source.find(&parts, mode, &resource_type, &name),
                path => self
                    .source
                    .find_attribute(&parts, mode, &resource_type, &name, path),
            };
            assert_eq!(self.text(place), expected, "{address} {attribute}");
        }
    }

    #[test]
    fn blocks_and_modules() {
        let opened = open(
            "hcl",
            &[
                (".git/x", ""),
                ("main.tf", MAIN),
                ("modules/near/q.tf", NEAR),
                ("modules/deep/k.tf", DEEP),
            ],
        );
        opened.check("aws_iam_role.r", "", "main.tf resource \"aws_iam_role\" \"r\"");
        opened.check(
            "data.aws_iam_policy_document.d",
            "",
            "main.tf data aws_iam_policy_document d",
        );
        opened.check("aws_iam_policy_document.d", "", "none");
        opened.check(
            "near.aws_sqs_queue.q",
            "",
            "modules/near/q.tf resource \"aws_sqs_queue\" \"q\"",
        );
        opened.check(
            "near.deep.aws_kms_key.k",
            "",
            "modules/deep/k.tf resource \"aws_kms_key\" \"k\"",
        );
        opened.check(
            "near.deep.up.aws_iam_role.r",
            "",
            "main.tf resource \"aws_iam_role\" \"r\"",
        );
        opened.check(
            "near.deep.up.near.deep.aws_kms_key.k",
            "",
            "modules/deep/k.tf resource \"aws_kms_key\" \"k\"",
        );
        opened.check("near.aws_kms_key.k", "", "none");
        opened.check("far.aws_iam_role.r", "", "main.tf module \"far\"");
        opened.check("far.inner.aws_iam_role.r", "", "main.tf module \"far\"");
        opened.check(
            "near.gone.aws_iam_role.r",
            "",
            "modules/near/q.tf module \"gone\"",
        );
        opened.check("near.out.aws_iam_role.r", "", "modules/near/q.tf module \"out\"");
        opened.check("nowhere.aws_iam_role.r", "", "none");
        let notes = [
            "module `gone`: its source directory was not found",
            "module `out`: its source is outside of the repository and was not read",
        ];
        assert_eq!(opened.notes, notes);
    }

    #[test]
    fn attributes() {
        let opened = open(
            "hcl-attributes",
            &[
                ("main.tf", MAIN),
                ("modules/near/q.tf", NEAR),
                ("modules/deep/k.tf", DEEP),
            ],
        );
        opened.check("aws_iam_role.r", "name", "main.tf name = \"x\"");
        let nested = "main.tf policy = jsonencode({\r\n      a = 1\r\n    })";
        opened.check("aws_iam_role.r", "inline_policy[0].policy", nested);
        opened.check("aws_iam_role.r", "inline_policy.policy", nested);
        opened.check(
            "aws_iam_role.r",
            "inline_policy[1].policy",
            "main.tf policy = \"{}\"",
        );
        opened.check("aws_iam_role.r", "inline_policy[1]", "main.tf inline_policy");
        opened.check("aws_iam_role.r", "inline_policy[2].policy", "none");
        opened.check("aws_iam_role.r", "policy", "none");
        opened.check(
            "near.aws_sqs_queue.q",
            "policy",
            "modules/near/q.tf policy = <<-EOT\n    {}\n  EOT",
        );
        opened.check("far.aws_iam_role.r", "name", "none");
        let text = "resource \"a\" \"b\" {\n  dynamic \"p\" {\n    for_each = []\n    content {}\n  }\n  p {\n    q = 1\n  }\n}\n";
        let dynamic = open("hcl-dynamic", &[("a.tf", text)]);
        dynamic.check("a.b", "p[0].q", "a.tf dynamic \"p\"");
        let one_line = open(
            "hcl-line",
            &[("a.tf", "resource \"a\" \"b\" { policy = \"{}\" }\n")],
        );
        one_line.check("a.b", "policy", "a.tf policy = \"{}\"");
    }

    #[test]
    fn overrides_and_broken_files() {
        let opened = open(
            "hcl-override",
            &[
                ("a_override.tf", "resource \"a\" \"b\" {\n  x = 2\n}\n"),
                ("main.tf", "resource \"a\" \"b\" {\n  x = 1\n  y = 1\n}\n"),
                ("broken.tf", "resource \"a\" \"c\" {\n  x = = 1\n}\n"),
                (".hidden.tf", "resource \"a\" \"d\" {}\n"),
                ("z.tf.json", "{}"),
            ],
        );
        opened.check("a.b", "", "main.tf resource \"a\" \"b\"");
        opened.check("a.b", "x", "a_override.tf x = 2");
        opened.check("a.b", "y", "main.tf y = 1");
        opened.check("a.c", "", "none");
        opened.check("a.d", "", "none");
        let notes = opened.notes.join("\n");
        assert!(notes.contains("broken.tf:2:7`: not understood"), "{notes}");
        assert!(notes.contains("1 .tf.json or .tofu files"), "{notes}");
    }

    #[test]
    fn not_a_directory() {
        let scratch = Scratch::new("hcl-none", &[("a.tf", "")]);
        for path in ["missing", "a.tf"] {
            let opened = TerraformSource::open(&scratch.0.join(path), &Limits::default(), &mut Vec::new());
            assert!(opened.unwrap_err().usage);
        }
    }

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
}
