//! Reading inputs: which files are read, which are refused, and what is said.

use super::super::scratch::Scratch;
use super::*;

const PLAN: &str = r#"{"format_version":"1.2","resource_changes":[]}"#;
const TEMPLATE: &str = "Resources: {}\n";
const POLICY: &str = r#"{"Statement":[]}"#;

impl Scratch {
    /// What loading yields, a line each: inputs, errors, notes. The directory is `R`.
    fn load(&self, paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| self.0.join(path)).collect();
        let loaded = load(&paths, &Limits::default());
        let inputs = loaded
            .inputs
            .iter()
            .map(|input| format!("{:?} {}", input.kind, loaded.files[input.file.0].name));
        let errors = loaded.errors.iter().map(|error| {
            let usage = if error.usage { "usage" } else { "error" };
            format!("{usage} {error}")
        });
        let notes = loaded.notes.iter().map(|note| format!("note {note}"));
        let root = self.0.display().to_string();
        inputs
            .chain(errors)
            .chain(notes)
            .map(|line| line.replace(&root, "R"))
            .collect()
    }

    fn check(&self, paths: &[&str], expected: &[&str]) {
        let got = self.load(paths);
        let same = got.len() == expected.len()
            && got
                .iter()
                .zip(expected)
                .all(|(got, expected)| got.starts_with(expected));
        assert!(same, "{got:#?} is not {expected:#?}");
    }
}

#[test]
fn files() {
    let scratch = Scratch::new(
        "files",
        &[("a", PLAN), ("b.tf", TEMPLATE), ("c", "null"), ("d", "{\n\"a\":")],
    );
    scratch.check(&["a", "b.tf"], &["TerraformPlan R/a", "Template R/b.tf"]);
    Scratch::new("code", &[("m.tf", "resource \"a\" \"b\" {\n")]).check(
        &["m.tf"],
        &["error R/m.tf: Terraform code is not read as an input"],
    );
    scratch.check(
        &["c", "a", "d", "e"],
        &[
            "TerraformPlan R/a",
            "error R/c: not a Terraform plan",
            "error R/d:2:5: the text ends too early",
            "error R/e: no such file or directory",
        ],
    );
    scratch.check(
        &["a", "none/a", "./a"],
        &[
            "TerraformPlan R/a",
            "error R/none/a: no such",
            "note `R/./a` is the same file",
        ],
    );
}

#[test]
fn directories() {
    let scratch = Scratch::new(
        "directories",
        &[
            ("b/plan.json", PLAN),
            ("a.yaml", TEMPLATE),
            ("b/policy.json", POLICY),
            ("b/plan", PLAN),
            (".hidden/plan.json", PLAN),
            ("ignored/plan.json", PLAN),
            (".gitignore", "ignored/\n"),
            ("package.json", r#"{"name":"x"}"#),
            ("many.yml", "a: 1\n---\nb: 2\n"),
            ("notes.md", "Resources: [\n"),
        ],
    );
    scratch.check(
        &[""],
        &[
            "Template R/a.yaml",
            "TerraformPlan R/b/plan",
            "TerraformPlan R/b/plan.json",
            "Policy R/b/policy.json",
            "note `R/`: 2 JSON or YAML files are no plan, template or policy: `R/many.yml`, `R/package.json`",
        ],
    );
    scratch.check(
        &["a.yaml", "b", "b/plan"],
        &[
            "Template R/a.yaml",
            "TerraformPlan R/b/plan",
            "TerraformPlan R/b/plan.json",
            "Policy R/b/policy.json",
            "note `R/b/plan` is the same file as `R/b/plan`",
        ],
    );
}

#[test]
fn broken_inputs_in_directories_are_errors() {
    let broken = [
        ("a.yaml", "Resources:\n  a: [\n"),
        ("b.json", r#"{"Statement":[}"#),
        ("c.json", r#"{"resource_changes":["#),
        ("d.yml", "a: 1\n---\nAWSTemplateFormatVersion: x\n"),
        ("e.json", r#"{"version":4,"lineage":""}"#),
        ("f.tfstate", r#"{"version":4,"lineage":""}"#),
    ];
    Scratch::new("broken", &broken).check(
        &[""],
        &[
            "error R/a.yaml:",
            "error R/b.json:1:15:",
            "error R/c.json:1:22:",
            "error R/d.yml:2:1:",
            "error R/e.json: this is a raw",
            "note `R/f.tfstate` was skipped: this is a raw",
        ],
    );
}

#[test]
fn unsupported_directories() {
    Scratch::new("tf", &[("main.tf", ""), ("x.json", "{}")])
        .check(&[""], &["usage R/: directories of .tf files"]);
    Scratch::new("tf-nested", &[("m/main.tf", "")]).check(&[""], &["usage R/: directories of .tf files"]);
    Scratch::new("tf-plan", &[("main.tf", ""), ("p.json", PLAN)]).check(
        &[""],
        &["TerraformPlan R/p.json", "note `R/`: .tf files were not scanned"],
    );
    Scratch::new("nothing", &[("a.txt", "")])
        .check(&[""], &["error R/: no Terraform plan, template or policy"]);
}

#[cfg(unix)]
#[test]
fn links_and_devices() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new("links", &[("in/a.json", PLAN), ("out/b.json", PLAN)]);
    symlink(scratch.0.join("out"), scratch.0.join("in/out")).unwrap();
    symlink(scratch.0.join("out/b.json"), scratch.0.join("in/b.json")).unwrap();
    symlink(scratch.0.join("in"), scratch.0.join("in/loop")).unwrap();
    symlink(scratch.0.join("in"), scratch.0.join("linked")).unwrap();
    let notes = [
        "note `R/in/b.json` is a link",
        "note `R/in/loop` is a link",
        "note `R/in/out` is a link",
    ];
    scratch.check(&["in"], &[&["TerraformPlan R/in/a.json"], &notes[..]].concat());
    scratch.check(&["in/b.json"], &["TerraformPlan R/in/b.json"]);
    let linked = scratch.load(&["linked"]);
    assert_eq!(
        linked.first().map(String::as_str),
        Some("TerraformPlan R/linked/a.json"),
        "{linked:?}"
    );
    let zero = load(&[PathBuf::from("/dev/zero")], &Limits::default());
    assert_eq!(
        zero.errors.first().map(ToString::to_string).as_deref(),
        Some("/dev/zero: a device, not a file")
    );
}

#[test]
fn limits_on_bytes() {
    let scratch = Scratch::new("limits", &[("a.json", PLAN), ("b.yaml", TEMPLATE)]);
    let paths = [scratch.0.join("a.json"), scratch.0.join("b.yaml")];
    let loaded = load(
        &paths,
        &Limits {
            plan_bytes: 20,
            template_bytes: 5,
            ..Limits::default()
        },
    );
    let messages: Vec<&str> = loaded.errors.iter().map(|error| error.message.as_str()).collect();
    assert!(
        messages.first().unwrap().contains("--limit plan-bytes=N"),
        "{messages:?}"
    );
    assert!(
        messages.last().unwrap().contains("--limit template-bytes=N"),
        "{messages:?}"
    );
    assert!(loaded.inputs.is_empty());
}

#[test]
fn references() {
    let scratch = Scratch::new(
        "references",
        &[
            ("std/a.json", POLICY),
            ("std/sub/b.json", POLICY),
            ("c.json", POLICY),
        ],
    );
    let root = scratch.0.join("std");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(scratch.0.join("c.json"), root.join("out.json")).unwrap();
        std::os::unix::fs::symlink(root.join("a.json"), root.join("in.json")).unwrap();
    }
    for relative in ["a.json", "./a.json", "sub/b.json", "in.json"] {
        let file = read_reference(&root, relative, &Limits::default()).unwrap();
        assert_eq!((file.name.as_str(), file.text.as_str()), (relative, POLICY));
    }
    let absolute = scratch.0.join("c.json").display().to_string();
    let refused = [
        "",
        "../c.json",
        "sub/../a.json",
        "out.json",
        "sub",
        "missing.json",
        "/dev/zero",
        "C:\\a.json",
        "https://example.com/a.json",
        &absolute,
    ];
    for relative in refused {
        let error = read_reference(&root, relative, &Limits::default()).unwrap_err();
        assert!(error.usage, "{relative}: {error}");
    }
    let small = Limits {
        template_bytes: 5,
        ..Limits::default()
    };
    assert!(
        read_reference(&root, "a.json", &small)
            .unwrap_err()
            .message
            .contains("--limit template-bytes=N")
    );
}
