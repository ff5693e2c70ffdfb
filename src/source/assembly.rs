//! Cloud assemblies, which CDK apps write (`cdk.out`): the manifest tells the stacks, where they are deployed to and the
//! assets they use; assemblies may hold others. Nothing outside of the directory is read.
//! Reference: the package `@aws-cdk/cloud-assembly-schema`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::decode;
use super::load::{InputKind, Limits, Loaded, TEMPLATE_BYTES, display_name, read_bounded};
use super::nested::{Company, TemplatePlace, local_path};
use super::recognise::recognise;
use super::tree::{Node, NodeKind, parse_json};
use super::{FileId, Input};

/// Assemblies in an assembly.
const MOST_ASSEMBLIES: usize = 200;
/// Stacks of an assembly and those in it.
const MOST_STACKS: usize = 2_000;

/// What a cloud assembly tells of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackFacts {
    /// The path of its construct, which is how the CDK shows it.
    pub name: Option<String>,
    /// The account it is deployed to, where the app says.
    pub account: Option<String>,
    /// The region it is deployed to, where the app says.
    pub region: Option<String>,
}

/// Whether a directory is a cloud assembly: it has a `cdk.out` file, or a manifest with artifacts of the CDK.
pub(super) fn is_assembly(root: &Path, limits: &Limits) -> bool {
    if root.join("cdk.out").is_file() {
        return true;
    }
    let manifest = root.join("manifest.json");
    let text = std::fs::metadata(&manifest)
        .ok()
        .filter(Metadata::is_file)
        .and_then(|metadata| read_bounded(&manifest, &metadata, TEMPLATE_BYTES.of(limits)).ok())
        .and_then(|bytes| decode(bytes).ok());
    let is_manifest = |text: &String| {
        let types = ["aws:cloudformation:stack", "cdk:cloud-assembly", "cdk:tree"];
        ["\"artifacts\"", "\"version\""]
            .iter()
            .all(|word| text.contains(word))
            && types.iter().any(|word| text.contains(word))
    };
    text.as_ref().is_some_and(is_manifest)
}

/// Adds the stacks of an assembly, in the order of the manifests. What is wrong with one stack does not hide others.
pub(super) fn load_assembly(root: &Path, limits: &Limits, loaded: &mut Loaded) {
    let errors = loaded.errors.len();
    let mut found = Found::default();
    let place = TemplatePlace::new(
        &root.join("manifest.json"),
        root,
        Company::Assembly(root.to_owned()),
    );
    let mut pending = vec![place];
    let mut seen = BTreeSet::new();
    while let Some(manifest) = pending.pop() {
        let name = manifest.name();
        if !manifest.real().is_none_or(|real| seen.insert(real)) {
            loaded.fail(&name, "the assembly holds itself", false);
            continue;
        }
        if seen.len() > MOST_ASSEMBLIES {
            let message = format!("more than {MOST_ASSEMBLIES} assemblies in one: give them one by one");
            loaded.fail(&name, message, false);
            break;
        }
        let tree = match read_json(&manifest, limits) {
            Ok(tree) => tree,
            Err(message) => {
                loaded.fail(&name, message, false);
                continue;
            }
        };
        let Some(artifacts) = member(&tree, "artifacts").and_then(entries) else {
            loaded.fail(
                &name,
                "the manifest has no `artifacts`: run `cdk synth` again",
                false,
            );
            continue;
        };
        if member(&tree, "missing").is_some_and(|missing| !is_empty(missing)) {
            loaded.notes.push(format!(
                "`{name}`: the app was synthesised before it could look up its context, so some values are not the real ones"
            ));
        }
        let mut inner = Vec::new();
        for (id, artifact) in artifacts {
            if let Err(message) = found.read(id, artifact, &manifest, &mut inner, limits) {
                let id = text(id).unwrap_or_default();
                loaded.fail(&name, format!("artifact `{}`: {message}", shown(id)), false);
            }
        }
        pending.extend(inner.into_iter().rev());
    }
    if found.stacks.is_empty() && loaded.errors.len() == errors {
        loaded.fail(&display_name(root), "the cloud assembly holds no stack", false);
    }
    found.add(limits, loaded);
}

/// An id as messages show it.
fn shown(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    id.chars().filter(|c| plain(*c)).take(80).collect()
}

#[derive(Default)]
struct Found {
    stacks: Vec<TemplatePlace>,
    /// By the last part of the key in the bucket; nothing where two files have the same.
    assets: BTreeMap<String, Option<PathBuf>>,
}

impl Found {
    /// Takes note of an artifact. `Err` is a phrase for users.
    fn read(
        &mut self,
        id: &Node,
        artifact: &Node,
        manifest: &TemplatePlace,
        inner: &mut Vec<TemplatePlace>,
        limits: &Limits,
    ) -> Result<(), String> {
        let property = |name: &str| member(artifact, "properties").and_then(|all| member(all, name));
        let path = |name: &str| {
            let path = property(name)
                .and_then(text)
                .ok_or_else(|| format!("`{name}` is missing or not a text"))?;
            let within = |message: String| format!("`{name}`: {message}");
            let local = local_path(path).map_err(within)?;
            Ok::<_, String>(local)
        };
        match member(artifact, "type").and_then(text) {
            Some("aws:cloudformation:stack") => {
                let path = path("templateFile")?;
                let mut place = manifest
                    .next(path)
                    .map_err(|message| format!("its template: {message}"))?;
                let named = member(artifact, "displayName").and_then(text).or(text(id));
                let (account, region) = environment(member(artifact, "environment").and_then(text));
                place.facts = StackFacts {
                    name: named.map(str::to_owned),
                    account,
                    region,
                };
                if self.stacks.len() >= MOST_STACKS {
                    return Err(format!(
                        "more than {MOST_STACKS} stacks: give the assemblies one by one"
                    ));
                }
                self.stacks.push(place);
            }
            Some("cdk:cloud-assembly") => {
                let path = path("directoryName")?;
                let place = manifest.next(&path.join("manifest.json"));
                inner.push(place.map_err(|message| format!("its manifest: {message}"))?);
            }
            Some("cdk:asset-manifest") => {
                let path = path("file")?;
                let place = manifest
                    .next(path)
                    .map_err(|message| format!("its manifest: {message}"))?;
                self.read_assets(&read_json(&place, limits)?, &place);
            }
            Some(_) => {}
            None => return Err("has no `type`".to_owned()),
        }
        Ok(())
    }

    /// Takes note of the files that may be nested templates.
    fn read_assets(&mut self, manifest: &Node, place: &TemplatePlace) {
        let files = member(manifest, "files").and_then(entries).unwrap_or_default();
        for (_, file) in files {
            let source = member(file, "source");
            let path = source.and_then(|source| member(source, "path")).and_then(text);
            let path = path.and_then(|path| local_path(path).ok());
            let Some(path) = path.filter(|path| path.extension().is_some_and(|end| end == "json")) else {
                continue;
            };
            let Ok(path) = place.next(path).map(TemplatePlace::into_path) else {
                continue;
            };
            let destinations = member(file, "destinations").and_then(entries).unwrap_or_default();
            for (_, destination) in destinations {
                let key = member(destination, "objectKey")
                    .and_then(text)
                    .unwrap_or_default();
                let last = key.rsplit('/').next().unwrap_or_default();
                if !last.is_empty() {
                    let known = self
                        .assets
                        .entry(last.to_owned())
                        .or_insert_with(|| Some(path.clone()));
                    if known.as_ref() != Some(&path) {
                        *known = None;
                    }
                }
            }
        }
    }

    /// Reads the templates of the stacks.
    fn add(self, limits: &Limits, loaded: &mut Loaded) {
        let assets = self.assets.into_iter();
        let assets: Arc<BTreeMap<String, PathBuf>> =
            Arc::new(assets.filter_map(|(name, path)| Some((name, path?))).collect());
        for mut place in self.stacks {
            place.assets = assets.clone();
            let name = place.name();
            let read = place
                .read(limits)
                .and_then(|text| match recognise(&text, limits) {
                    Ok(InputKind::Template) => Ok(text),
                    Ok(_) => Err("no CloudFormation template".to_owned()),
                    Err(refusal) => Err(refusal.message),
                });
            match read {
                Ok(text) => {
                    loaded.add(&name, text, InputKind::Template);
                    if let Some(Input { file, .. }) = loaded.inputs.last() {
                        loaded.places.insert(*file, place);
                    }
                }
                Err(message) => loaded.fail(&name, message, false),
            }
        }
    }
}

/// Account and region of `aws://123456789012/us-east-1`, where they are told.
fn environment(text: Option<&str>) -> (Option<String>, Option<String>) {
    let pair = text.and_then(|text| text.strip_prefix("aws://")?.split_once('/'));
    let Some((account, region)) = pair else {
        return (None, None);
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_region = region != "unknown-region" && !region.is_empty() && region.bytes().all(in_region);
    (
        is_account.then(|| account.to_owned()),
        is_region.then(|| region.to_owned()),
    )
}

fn read_json(place: &TemplatePlace, limits: &Limits) -> Result<Node, String> {
    let text = place.read(limits)?;
    parse_json(&text, FileId(0), limits).map_err(|error| error.to_string())
}

fn entries(node: &Node) -> Option<&[(Node, Node)]> {
    match &node.kind {
        NodeKind::Map(entries) => Some(entries),
        NodeKind::List(_) | NodeKind::Scalar(..) => None,
    }
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let mut entries = entries(node)?.iter();
    entries
        .find(|(key, _)| text(key) == Some(name))
        .map(|(_, value)| value)
}

fn text(node: &Node) -> Option<&str> {
    node.as_scalar()
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        NodeKind::List(items) => items.is_empty(),
        NodeKind::Map(entries) => entries.is_empty(),
        NodeKind::Scalar(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::load;
    use super::super::scratch::Scratch;
    use super::*;

    const TEMPLATE: &str = r#"{"Resources":{}}"#;

    /// What loading a folder yields, a line each: stacks with what is told of them, and errors.
    fn told(scratch: &Scratch, path: &str) -> Vec<String> {
        let loaded = load(&[scratch.0.join(path)], &Limits::default());
        let root = scratch.0.display().to_string();
        let stacks = loaded.inputs.iter().map(|input| {
            let facts = &loaded.places[&input.file].facts;
            let or = |value: &Option<String>| value.clone().unwrap_or("?".to_owned());
            let name = loaded.files[input.file.0].name.clone();
            format!(
                "{name} {} {} {}",
                or(&facts.name),
                or(&facts.account),
                or(&facts.region)
            )
        });
        let errors = loaded.errors.iter().map(|error| format!("! {error}"));
        let notes = loaded.notes.iter().map(|note| format!("note {note}"));
        let lines = stacks.chain(errors).chain(notes);
        lines.map(|line| line.replace(&root, "R")).collect()
    }

    fn check(name: &str, files: &[(&str, &str)], expected: &[&str]) {
        let scratch = Scratch::new(&format!("assembly-{name}"), files);
        assert_eq!(told(&scratch, ""), expected, "{name}");
    }

    fn manifest(artifacts: &str) -> String {
        format!("{{\"version\":\"48.0.0\",\"artifacts\":{{{artifacts}}}}}")
    }

    fn stack(id: &str, environment: &str, file: &str) -> String {
        format!(
            "\"{id}\":{{\"type\":\"aws:cloudformation:stack\",\"environment\":\"{environment}\",\
             \"properties\":{{\"templateFile\":\"{file}\"}},\"displayName\":\"App/{id}\"}}"
        )
    }

    fn inner(id: &str, folder: &str) -> String {
        format!(
            "\"{id}\":{{\"type\":\"cdk:cloud-assembly\",\"properties\":{{\"directoryName\":\"{folder}\"}}}}"
        )
    }

    #[test]
    fn the_stacks_of_an_assembly_and_those_in_it() {
        let root = [
            stack("A", "aws://123456789012/eu-west-1", "A.template.json"),
            inner("assembly-Prod", "assembly-Prod"),
            stack("B", "aws://unknown-account/unknown-region", "B.template.json"),
            "\"Tree\":{\"type\":\"cdk:tree\",\"properties\":{\"file\":\"tree.json\"}}".to_owned(),
        ];
        let files = [
            ("cdk.out", "{}"),
            ("manifest.json", &manifest(&root.join(","))),
            ("A.template.json", TEMPLATE),
            ("B.template.json", TEMPLATE),
            (
                "assembly-Prod/manifest.json",
                &manifest(&stack("C", "aws://0/x y", "C.template.json")),
            ),
            ("assembly-Prod/C.template.json", TEMPLATE),
            ("unused.template.json", TEMPLATE),
        ];
        let expected = [
            "R/A.template.json App/A 123456789012 eu-west-1",
            "R/B.template.json App/B ? ?",
            "R/assembly-Prod/C.template.json App/C ? ?",
        ];
        check("whole", &files, &expected);
        // A folder that holds one is walked, and what the manifest does not name is none of its stacks.
        let scratch = Scratch::new("assembly-around", &[("plain.yaml", "Resources: {}\n")]);
        for (name, text) in files {
            let path = scratch.0.join("app/cdk.out").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = told(&scratch, "");
        assert_eq!(found[0], "R/plain.yaml ? ? ?");
        assert_eq!(
            found[1],
            "R/app/cdk.out/A.template.json App/A 123456789012 eu-west-1"
        );
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn hostile_manifests() {
        let one = |artifacts: &str| manifest(artifacts);
        let cases = [
            ("none", one(""), "! R/: the cloud assembly holds no stack"),
            (
                "json",
                "{\"version\":1,\"artifacts\":".to_owned(),
                "! R/manifest.json: 1:26: the text ends too early",
            ),
            (
                "list",
                "{\"version\":1,\"artifacts\":[]}".to_owned(),
                "! R/manifest.json: the manifest has no `artifacts`: run `cdk synth` again",
            ),
            (
                "type",
                one("\"X\":{}"),
                "! R/manifest.json: artifact `X`: has no `type`",
            ),
            (
                "file",
                one(&stack("X", "", "")),
                "! R/manifest.json: artifact `X`: `templateFile`: not a path: write a relative path with `/`",
            ),
            (
                "absolute",
                one(&stack("X", "", "/etc/passwd")),
                "! R/manifest.json: artifact `X`: `templateFile`: not a relative path",
            ),
            (
                "missing",
                one(&stack("X", "", "x.json")),
                "! R/manifest.json: artifact `X`: its template: no such file or directory",
            ),
            (
                "outside",
                one(&stack("X", "", "../../../../../../../../../../etc/passwd")),
                "! R/manifest.json: artifact `X`: its template: it leads out of `R/`: give a folder that holds both as the input",
            ),
            (
                "circle",
                one(&inner("X", ".")),
                "! R/manifest.json: the assembly holds itself",
            ),
            (
                "no folder",
                one(&inner("X", "x")),
                "! R/manifest.json: artifact `X`: its manifest: no such file or directory",
            ),
            (
                "escape",
                one("\"\\u001b[31mX\":{}"),
                "! R/manifest.json: artifact `31mX`: has no `type`",
            ),
            (
                "other",
                one(&stack("X", "", "manifest.json")),
                "! R/manifest.json: this is the manifest of a `cdk.out` directory",
            ),
        ];
        for (name, manifest, expected) in cases {
            let found = told(
                &Scratch::new(
                    &format!("assembly-{name}"),
                    &[("cdk.out", "{}"), ("manifest.json", &manifest)],
                ),
                "",
            );
            assert!(
                found.first().is_some_and(|line| line.starts_with(expected)),
                "{name}: {found:?}"
            );
        }
        check(
            "without",
            &[("cdk.out", "{}")],
            &["! R/manifest.json: no such file or directory"],
        );
    }

    #[test]
    fn one_broken_stack_hides_no_other() {
        let artifacts = [stack("X", "", "../x"), stack("Y", "", "Y.json")].join(",");
        let files = [
            ("manifest.json", manifest(&artifacts)),
            ("Y.json", TEMPLATE.to_owned()),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let expected = [
            "R/Y.json App/Y ? ?",
            "! R/manifest.json: artifact `X`: its template: it leads out of `R/`: give a folder that holds both as the input",
        ];
        check("one", &files, &expected);
    }

    #[test]
    fn very_many_stacks_are_refused() {
        let artifacts: Vec<String> = (0..=MOST_STACKS)
            .map(|at| stack(&format!("S{at}"), "", "a.json"))
            .collect();
        let text = manifest(&artifacts.join(","));
        let scratch = Scratch::new("assembly-many", &[("manifest.json", &text), ("a.json", TEMPLATE)]);
        let found = told(&scratch, "");
        assert_eq!(found.len(), MOST_STACKS + 1);
        assert!(
            found[MOST_STACKS].contains("more than 2000 stacks"),
            "{}",
            found[MOST_STACKS]
        );
    }
}
