//! What README.md and .github/ci.md tell people to paste, pasted: into a scratch repository with a plan that a real
//! Terraform made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::run::{repository, scratch};
use crate::wellformed::complain;

/// A policy in a resource that needs no provider.
const CODE: &str = r#"variable "reader" {
  default = "*"
}

resource "terraform_data" "bucket_policy" {
  input = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Read"
      Effect    = "Allow"
      Principal = var.reader
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::reports/*"
    }]
  })
}
"#;

const STANDARDS: &str = "\
version: 1
trust: {accounts: [\"123456789012\"]}
standards:
  - {id: no-public, severity: critical, check: no-public-access}
policy_attributes:
  - {type: terraform_data, attribute: input, kind: resource}
";

/// The fenced blocks of that language in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let fence = format!("```{language}\n");
    let inside = text.split(fence.as_str()).skip(1);
    inside
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// The block that contains those words.
fn block(page: &str, language: &str, words: &str) -> String {
    let found = blocks(page, language)
        .into_iter()
        .find(|block| block.contains(words));
    found.unwrap_or_else(|| panic!("no {language} block with `{words}` in {page}"))
}

fn yaml(page: &str, words: &str) -> Value {
    serde_yaml::from_str(&block(page, "yaml", words)).unwrap()
}

struct Pasted {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Runs a script in that folder, with `keyaki` on the PATH.
fn paste(folder: &Path, script: &str, variables: &[(&str, &str)]) -> Pasted {
    let keyaki = Path::new(env!("CARGO_BIN_EXE_keyaki")).parent().unwrap();
    let path = format!("{}:{}", keyaki.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    Pasted {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What `cdk synth` writes, as far as it is read.
const ASSEMBLY: &str = r#"{"version": "36.0.0", "artifacts": {"Shop": {"type": "aws:cloudformation:stack",
    "environment": "aws://123456789012/eu-west-1", "properties": {"templateFile": "Shop.template.json"}}}}"#;
const STACK: &str = r#"{"Resources": {"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "reports",
    "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}]}}}}}"#;

/// A repository with templates, plans and what else the pages name. `None` without Terraform, which is said.
fn project(name: &str) -> Option<PathBuf> {
    let folder = scratch(name);
    let path = |file: &str| folder.join(file);
    let fixture =
        |from: &str, to: &str| fs::copy(repository().join("fixtures").join(from), path(to)).unwrap();
    for inner in [".git", "templates", "ceilings", "cdk.out"] {
        fs::create_dir(path(inner)).unwrap();
    }
    fs::write(path("main.tf"), CODE).unwrap();
    fs::write(path("keyaki.yaml"), STANDARDS).unwrap();
    fixture("org-only/template.yaml", "templates/reports.yaml");
    fixture("org-only/template.yaml", "new.yaml");
    fixture("org-only/template.yaml", "deployed.yaml");
    fixture("webshop/ceilings/service.json", "old.json");
    fixture("webshop/ceilings/service.json", "new.json");
    fs::write(path("cdk.out/manifest.json"), ASSEMBLY).unwrap();
    fs::write(path("cdk.out/Shop.template.json"), STACK).unwrap();
    let question =
        r#"{"id":"1","check":"no-public-access","policyDocument":{"Version":"2012-10-17","Statement":[]}}"#;
    fs::write(path("questions.jsonl"), format!("{question}\n")).unwrap();
    let made = Command::new("terraform")
        .args(["init", "-input=false", "-no-color"])
        .current_dir(&folder)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: terraform is not there");
        return None;
    }
    Some(folder)
}

fn plan(folder: &Path) {
    let script =
        "terraform plan -input=false -no-color -out=tfplan && terraform show -json tfplan > plan.json";
    let made = paste(folder, script, &[]);
    assert_eq!(made.status, 0, "{}{}", made.stdout, made.stderr);
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_readme_on_github() {
    let Some(folder) = project("snippet-github") else {
        return;
    };
    plan(&folder);
    let steps = yaml("README.md", "upload-sarif");
    let runs: Vec<&str> = steps
        .as_sequence()
        .unwrap()
        .iter()
        .filter_map(|step| step["run"].as_str())
        .collect();
    assert_eq!(runs.len(), 2);
    let done = paste(&folder, &runs.join("\n"), &[]);
    assert_eq!(done.status, 1, "{}{}", done.stdout, done.stderr);
    let sarif = read(&folder, "keyaki.sarif");
    complain("sarif", &sarif).unwrap();
    let log: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "main.tf");
    assert_eq!(place["region"]["startLine"], 8, "the statement: {place}");
}

#[test]
fn the_commands_of_the_readme() {
    let Some(folder) = project("snippet-readme") else {
        return;
    };
    plan(&folder);
    let commands = block("README.md", "sh", "keyaki check templates/");
    let lines: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("keyaki "))
        .collect();
    assert!(lines.len() >= 8, "{lines:?}");
    for line in lines {
        let done = paste(&folder, line, &[]);
        assert!(
            [0, 1].contains(&done.status),
            "{line}: {}{}",
            done.stdout,
            done.stderr
        );
        let to_file = line.contains(" > ");
        assert!(to_file || !done.stdout.is_empty(), "{line} says nothing");
    }
    assert!(read(&folder, "answers.jsonl").contains("\"PASS\""));
}

#[test]
fn gitlab_and_others() {
    let Some(folder) = project("snippet-gitlab") else {
        return;
    };
    let job = yaml(".github/ci.md", "gl-code-quality");
    let lines = job["keyaki"]["script"].as_sequence().unwrap();
    let script: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    let done = paste(&folder, &script.join("\n"), &[]);
    assert_eq!(done.status, 1, "{}{}", done.stdout, done.stderr);
    let reports = &job["keyaki"]["artifacts"]["reports"];
    complain("gitlab", &read(&folder, reports["codequality"].as_str().unwrap())).unwrap();
    complain("junit", &read(&folder, reports["junit"].as_str().unwrap())).unwrap();
    let generic = block(".github/ci.md", "sh", "markdown=keyaki.md");
    assert_eq!(paste(&folder, &generic, &[]).status, 1);
    complain("markdown", &read(&folder, "keyaki.md")).unwrap();
}

#[test]
fn the_wrapper_of_terraform() {
    let Some(folder) = project("snippet-wrapper") else {
        return;
    };
    let wrapper = block(".github/ci.md", "sh", "plan.sh");
    fs::write(folder.join("plan.sh"), wrapper).unwrap();
    let bad = paste(&folder, "sh plan.sh -no-color", &[]);
    assert_eq!(bad.status, 1, "{}{}", bad.stdout, bad.stderr);
    assert!(bad.stdout.contains("main.tf:8"), "{}", bad.stdout);
    let good = paste(
        &folder,
        "sh plan.sh -no-color -var reader=123456789012 -target=terraform_data.bucket_policy",
        &[],
    );
    assert_ne!(
        good.status, 1,
        "options reach terraform: {}{}",
        good.stdout, good.stderr
    );
    let broken = paste(&folder, "sh plan.sh -no-color -var other=x", &[]);
    assert_eq!(broken.status, 1, "terraform's own status");
    assert!(
        !broken.stdout.contains("policies:"),
        "nothing is checked: {}",
        broken.stdout
    );
    let left = ["plan.json", "keyaki.sarif"].map(|name| folder.join(name).exists());
    assert_eq!(left, [false, false]);
}

#[test]
fn the_steps_of_atlantis() {
    let Some(folder) = project("snippet-atlantis") else {
        return;
    };
    let workflow = yaml(".github/ci.md", "SHOWFILE");
    let steps = workflow["workflows"]["keyaki"]["plan"]["steps"]
        .as_sequence()
        .unwrap();
    // What the steps that are Atlantis' own do.
    plan(&folder);
    fs::remove_file(folder.join("plan.json")).unwrap();
    let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let files = [("PLANFILE", "tfplan"), ("SHOWFILE", "shown.json")];
    let [show, check] = runs[..] else {
        panic!("{runs:?}")
    };
    assert_eq!(paste(&folder, show, &files).status, 0);
    let done = paste(&folder, check, &files);
    assert_eq!(done.status, 1, "{}{}", done.stdout, done.stderr);
    assert!(
        done.stdout.contains("main.tf:8") && !done.stdout.contains('\u{1b}'),
        "{}",
        done.stdout
    );
}

#[test]
fn the_result_of_a_run_task() {
    let Some(folder) = project("snippet-task") else {
        return;
    };
    plan(&folder);
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("skipped: jq is not there");
        return;
    }
    let done = paste(&folder, &block(".github/ci.md", "sh", "task-results"), &[]);
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
    let result: serde_json::Value = serde_json::from_str(&read(&folder, "result.json")).unwrap();
    assert_eq!(result["data"]["attributes"]["status"], "failed");
    let outcome = &result["data"]["relationships"]["outcomes"]["data"][0]["attributes"]["body"];
    assert!(outcome.as_str().unwrap().contains("no-public"), "{outcome}");
}

#[test]
fn shells_and_manuals() {
    let folder = scratch("snippet-shell");
    let done = paste(&folder, &block(".github/ci.md", "sh", "completions"), &[]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let script = ". ./keyaki.bash; COMP_WORDS=(keyaki check --fail); COMP_CWORD=2; _keyaki keyaki --fail check; echo \"${COMPREPLY[@]}\"";
    let offered = Command::new("bash")
        .args(["-c", script])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&offered.stdout).trim(), "--fail-on");
    assert!(read(&folder, "keyaki-check.1").contains(".SH OPTIONS"));
}

/// The workflow for GitHub uses inputs and outputs that the action has.
#[test]
fn the_workflow_fits_the_action() {
    let action: Value = serde_yaml::from_str(&read(repository(), "action.yml")).unwrap();
    let workflow = yaml(".github/ci.md", "runs-on");
    let steps = workflow["jobs"]["keyaki"]["steps"].as_sequence().unwrap();
    let own = steps
        .iter()
        .find(|step| {
            step["uses"]
                .as_str()
                .is_some_and(|uses| uses.contains("/keyaki@"))
        })
        .unwrap();
    for (name, _) in own["with"].as_mapping().unwrap() {
        assert!(action["inputs"].get(name).is_some(), "{name:?}");
    }
    let block = block(".github/ci.md", "yaml", "runs-on");
    let outputs = block.split("steps.keyaki.outputs.").skip(1);
    for output in outputs {
        let name: String = output
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        assert!(action["outputs"].get(name.as_str()).is_some(), "{name}");
    }
    let hooks: Value = serde_yaml::from_str(&read(repository(), ".pre-commit-hooks.yaml")).unwrap();
    let ids: Vec<&str> = hooks
        .as_sequence()
        .unwrap()
        .iter()
        .filter_map(|hook| hook["id"].as_str())
        .collect();
    let pasted = yaml(".github/ci.md", "rev:");
    let id = pasted["repos"][0]["hooks"][0]["id"].as_str().unwrap();
    assert!(ids.contains(&id), "{id}");
}
