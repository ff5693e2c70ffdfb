use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::hcl::BlockName;
use super::super::load::Limits;
use super::super::scratch::Scratch;
use super::super::{LoadError, SourceFile};
use super::*;

const MAIN: &str = "module \"m\" {\n  source = \"./m\"\n}\nmodule \"far\" {\n  source = \"x/y/aws\"\n}\nmodule \"out\" {\n  source = \"../../out\"\n}\n";
const INNER: &str = "resource \"a\" \"b\" {}\nmodule \"deep\" {\n  source = \"../deep\"\n}\n";
const LIST: &str = r#"[{"Key": "", "Dir": "."}, {"Key": "m", "Source": "./m", "Dir": "m"}, {"Key": "m.deep", "Source": "../deep", "Dir": "deep"},
    {"Key": "far", "Source": "registry.terraform.io/x/y/aws", "Version": "1.0.0", "Dir": ".terraform/modules/far"},
    {"Key": "far.inner", "Source": "./inner", "Dir": ".terraform/modules/far/inner"},
    {"Key": "out", "Source": "../../out", "Dir": "../../out"}]"#;

fn plan() -> Vec<(&'static str, &'static str)> {
    vec![
        ("tfplan", "binary"),
        ("tfconfig/m-/main.tf", MAIN),
        ("tfconfig/m-m/a.tf.json", "{\"resource\": {\"a\": {\"j\": {}}}}"),
        ("tfconfig/m-m/main.tf", INNER),
        ("tfconfig/m-m.deep/main.tf", "resource \"a\" \"c\" {}\n"),
        ("tfconfig/m-far/main.tf", "resource \"a\" \"b\" {}\n"),
        ("tfconfig/m-far.inner/main.tf", "resource \"a\" \"b\" {}\n"),
        ("tfconfig/m-out/main.tf", "resource \"a\" \"b\" {}\n"),
        ("tfconfig/modules.json", LIST),
        (".terraform.lock.hcl", ""),
    ]
}

fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

type Opened = Result<(TerraformSource, Vec<String>), LoadError>;

fn open(name: &str, bytes: &[u8], limits: &Limits, files: &mut Vec<SourceFile>) -> Opened {
    let scratch = Scratch::new(
        &format!("saved-{name}"),
        &[("repo/.git/x", ""), ("repo/infra/main.tf", MAIN)],
    );
    let path = scratch.0.join("repo/infra/tfplan");
    std::fs::write(&path, bytes).unwrap();
    let opened = TerraformSource::open(&path, limits, files);
    for file in files {
        let root = scratch.0.display().to_string();
        file.name = file.name.replace(&format!("{root}/"), "");
    }
    opened
}

#[test]
fn modules_are_found_by_their_keys() {
    let mut files = Vec::new();
    let (source, notes) = open("modules", &zip(&plan()), &Limits::default(), &mut files).unwrap();
    let check = |modules: &[&str], name: &str, expected: &str| {
        let modules: Vec<String> = modules.iter().map(|module| (*module).to_owned()).collect();
        let block = BlockName {
            modules: &modules,
            mode: "resource",
            resource_type: "a",
            name,
        };
        let found = source.find(&block).map(|place| {
            let file = &files[place.file.0];
            format!("{} {}", file.name, &file.text[place.span.start..place.span.end])
        });
        assert_eq!(found.unwrap_or_default(), expected, "{modules:?}");
    };
    check(&["m"], "b", "repo/infra/m/main.tf resource \"a\" \"b\"");
    check(&["m"], "j", "repo/infra/m/a.tf.json \"j\"");
    check(
        &["m", "deep"],
        "c",
        "repo/infra/deep/main.tf resource \"a\" \"c\"",
    );
    check(&["far"], "b", "repo/infra/main.tf module \"far\"");
    check(&["far", "inner"], "b", "repo/infra/main.tf module \"far\"");
    check(&["out"], "b", "repo/infra/main.tf module \"out\"");
    check(&["m", "gone"], "b", "");
    check(&["deep"], "c", "");
    assert_eq!(
        notes,
        ["module `out`: its source is outside of the repository and was not read"]
    );
    assert_eq!(files.len(), 4, "remote modules are not read");
}

/// What is refused, and the words of it.
fn refused(name: &str, bytes: &[u8], limits: &Limits, words: &str) {
    let mut files = Vec::new();
    let error = open(name, bytes, limits, &mut files).unwrap_err();
    assert!(!error.usage && error.file.ends_with("tfplan"), "{name}: {error}");
    assert!(error.message.contains(words), "{name}: {error}");
}

fn with(entry: (&'static str, &'static str)) -> Vec<u8> {
    let mut entries = plan();
    entries.push(entry);
    zip(&entries)
}

#[test]
fn what_terraform_does_not_write_is_refused() {
    let limits = Limits::default();
    let check = |name: &str, bytes: &[u8], words: &str| refused(name, bytes, &limits, words);
    for (name, entry) in [
        ("up", "tfconfig/m-/../../../etc/x.tf"),
        ("absolute", "/etc/x.tf"),
        ("dot", "tfconfig/./x.tf"),
        ("backslash", "tfconfig\\..\\x.tf"),
        ("drive", "c:/x.tf"),
        ("control", "tfconfig/m-/x\u{7}.tf"),
        ("double", "tfconfig//x.tf"),
    ] {
        check(name, &with((entry, "")), "no plain file below the folder");
    }
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .add_symlink("tfconfig/m-/x.tf", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    check("link", &writer.finish().unwrap().into_inner(), "no plain file");
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .add_directory("tfconfig/m-/x.tf", SimpleFileOptions::default())
        .unwrap();
    check("folder", &writer.finish().unwrap().into_inner(), "no plain file");
    check("other", &zip(&[("a", "b")]), "no saved plan");
    check("list", &zip(&[(MODULES, "{}")]), "not the list of modules");
    check(
        "rootless",
        &zip(&[(MODULES, "[]")]),
        "the root module is not listed",
    );
    let twice = r#"[{"Key": "", "Dir": "."}, {"Key": "", "Dir": "."}]"#;
    check("twice", &zip(&[(MODULES, twice)]), "listed twice");
    let whole = zip(&plan());
    check("cut", &whole[..whole.len() / 2], "damaged");
    check("tail", &[&whole[..40], b"PK\x05\x06"].concat(), "damaged");
    // Names of entries that are the same but for what writers would not write: patched in place.
    let pair = with(("tfconfig/m-/naim.tf", ""));
    check(
        "same",
        &patched(&pair, b"tfconfig/m-/naim.tf", b"tfconfig/m-/main.tf"),
        "the same name",
    );
    let clear = zip(&[(MODULES, twice)]);
    check("encrypted", &flagged(&clear), "encrypted");
    let mut damaged = whole.clone();
    let at = find(&whole, MODULES.as_bytes()) + MODULES.len() + 12;
    damaged[at] ^= 0xFF;
    check("damaged", &damaged, "`tfconfig/modules.json` in it is damaged");
}

#[test]
fn bombs_are_refused() {
    let limits = Limits {
        template_bytes: 10_000,
        ..Limits::default()
    };
    let large = "#".repeat(20_000).leak();
    let bomb = with(("tfconfig/m-/bomb.tf", large));
    refused("bomb", &bomb, &limits, "--limit template-bytes=N");
    // The same, which says that it is small: in the list and before the data.
    let small = patched(&bomb, &20_000_u32.to_le_bytes(), &9_u32.to_le_bytes());
    assert_ne!(small, bomb);
    let mut files = Vec::new();
    let error = open("liar", &small, &limits, &mut files).unwrap_err();
    assert!(
        error.message.contains("bytes of code") || error.message.contains("damaged"),
        "{error}"
    );
    let tiny = Limits {
        plan_bytes: 10,
        ..Limits::default()
    };
    refused("large", &bomb, &tiny, "--limit plan-bytes=N");
}

/// Whatever is damaged in a saved plan: refused or read, never a crash, and never a file that is elsewhere.
#[test]
fn damage_anywhere() {
    let scratch = Scratch::new(
        "saved-damage",
        &[("repo/.git/x", ""), ("repo/infra/main.tf", MAIN)],
    );
    let path = scratch.0.join("repo/infra/tfplan");
    let whole = zip(&plan());
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        let mut files = Vec::new();
        let opened = TerraformSource::open(&path, &Limits::default(), &mut files);
        refused += usize::from(opened.is_err());
        for file in &files {
            let name = Path::new(&file.name);
            let folder = std::env::current_dir().unwrap();
            let here = name.is_relative() && plain(&folder.join(name)).starts_with(bounds(&folder));
            assert!(
                here || name.starts_with(scratch.0.join("repo")),
                "{at}: {}",
                file.name
            );
        }
    }
    assert!(refused > whole.len() / 3, "{refused} of {}", whole.len());
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
        .unwrap()
}

/// Every occurrence replaced by one of the same length.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len().saturating_sub(from.len()))
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// The first entry marked as encrypted, before its data and in the list.
fn flagged(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[6] |= 1;
    let listed = find(&bytes, b"PK\x01\x02") + 8;
    bytes[listed] |= 1;
    bytes
}
