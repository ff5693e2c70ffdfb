//! `action.yml`: its steps run as a runner runs them, each script with the environment that its inputs make, hostile
//! inputs too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::run::{repository, scratch};
use crate::wellformed::{complain, parsed};

/// What one run of the action left behind.
struct Job {
    status: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

fn action() -> Value {
    serde_yaml::from_str(&fs::read_to_string(repository().join("action.yml")).unwrap()).unwrap()
}

/// Runs the steps until one fails. `workspace` is the checkout.
fn job(workspace: &Path, inputs: &[(&str, &str)]) -> Job {
    let action = action();
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        let default = input["default"]
            .as_str()
            .expect("every input has a text as default");
        values.insert(format!("inputs.{}", name.as_str().unwrap()), default.to_owned());
    }
    let keyaki = env!("CARGO_BIN_EXE_keyaki");
    for (name, value) in [("keyaki", keyaki)].iter().chain(inputs) {
        let known = values.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(known.is_some(), "the action has no input {name}");
    }
    values.insert(
        "github.action_path".to_owned(),
        repository().display().to_string(),
    );
    let runner = scratch(&format!("{}-runner", workspace.file_name().unwrap().display()));
    let mut job = Job {
        status: 0,
        log: String::new(),
        outputs: BTreeMap::new(),
        summary: String::new(),
    };
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        let (status, log, summary) = run_step(step, &mut values, workspace, &runner);
        job.status = status;
        job.log.push_str(&log);
        job.summary.push_str(&summary);
        if status != 0 {
            break;
        }
    }
    for (name, output) in action["outputs"].as_mapping().unwrap() {
        let value = evaluated(output["value"].as_str().unwrap(), &values);
        job.outputs.insert(name.as_str().unwrap().to_owned(), value);
    }
    job
}

/// Runs one step, and adds its outputs to the values.
fn run_step(
    step: &Value,
    values: &mut BTreeMap<String, String>,
    workspace: &Path,
    runner: &Path,
) -> (i32, String, String) {
    assert_eq!(step["shell"].as_str(), Some("bash"));
    let id = step["id"].as_str().unwrap();
    let file = |name: &str| runner.join(format!("{id}-{name}"));
    for name in ["output", "summary"] {
        fs::write(file(name), "").unwrap();
    }
    fs::write(file("script.sh"), step["run"].as_str().unwrap()).unwrap();
    let mut command = Command::new("bash");
    // As a runner does it.
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail"])
        .arg(file("script.sh"))
        .current_dir(workspace)
        .env("GITHUB_OUTPUT", file("output"))
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .env("GITHUB_WORKSPACE", workspace);
    for (name, value) in step["env"].as_mapping().unwrap() {
        command.env(name.as_str().unwrap(), evaluated(value.as_str().unwrap(), values));
    }
    let output = command.output().unwrap();
    for line in fs::read_to_string(file("output")).unwrap().lines() {
        let (name, value) = line.split_once('=').expect("NAME=VALUE");
        let known = values.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
        assert_eq!(known, None, "an output is set twice: {line}");
    }
    let log = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let summary = fs::read_to_string(file("summary")).unwrap();
    (output.status.code().unwrap_or(-1), log.into_owned(), summary)
}

/// The text with the value for `${{ name }}`; a text holds at most one.
fn evaluated(text: &str, values: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else {
        return text.to_owned();
    };
    let (name, after) = rest.split_once("}}").unwrap();
    assert!(!after.contains("${{"), "{text}");
    let name = name.trim();
    let is_input = !name.starts_with("steps.");
    let value = values.get(name);
    assert!(value.is_some() || !is_input, "{name} is not known");
    format!("{before}{}{after}", value.map_or("", String::as_str))
}

/// A checkout with the web shop in it.
fn checkout(name: &str) -> PathBuf {
    let folder = scratch(name);
    fs::create_dir(folder.join(".git")).unwrap();
    copy(&repository().join("fixtures/webshop"), &folder.join("infra"));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn scripts_get_their_inputs_through_the_environment() {
    let action = action();
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert!(
            !step["run"].as_str().unwrap().contains("${{"),
            "an input may become part of a script: {step:?}"
        );
    }
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        assert!(input["description"].as_str().is_some(), "{name:?}");
    }
}

#[test]
fn the_action_leaves_alerts_a_summary_and_annotations() {
    let folder = checkout("action");
    let job = job(
        &folder,
        &[
            ("inputs", "plan.json"),
            ("source", "."),
            ("working-directory", "infra"),
            ("options", "--changed-only\n--no-progress\n"),
        ],
    );
    assert_eq!(job.status, 1, "{}", job.log);
    assert_eq!(job.outputs["exit-status"], "1");
    assert_eq!(job.outputs["sarif-file"], "infra/keyaki.sarif");
    let sarif = fs::read_to_string(folder.join("infra/keyaki.sarif")).unwrap();
    complain("sarif", &sarif).unwrap();
    assert!(parsed(&sarif).unwrap()["runs"][0]["results"][0].is_object());
    complain("markdown", &job.summary).unwrap();
    assert!(job.summary.contains("no-public"), "{}", job.summary);
    assert!(job.log.contains("::error file="), "{}", job.log);
}

#[test]
fn the_action_passes_what_passes() {
    let folder = checkout("action-passes");
    let standards = "version: 1\nstandards: [{id: s, check: access-not-granted, actions: [\"organizations:LeaveOrganization\"]}]\n";
    fs::write(folder.join("own.yaml"), standards).unwrap();
    let job = job(
        &folder,
        &[
            ("inputs", "infra/plan.json"),
            ("standards", "own.yaml"),
            ("fail-on", "high"),
            ("sarif-file", ""),
            ("summary", "false"),
            ("annotations", "false"),
            ("allow-undecided", "true"),
        ],
    );
    assert_eq!(job.status, 0, "{}", job.log);
    assert_eq!(
        (
            job.outputs["exit-status"].as_str(),
            job.outputs["sarif-file"].as_str()
        ),
        ("0", "")
    );
    assert!(job.summary.is_empty() && !folder.join("keyaki.sarif").exists());
    assert!(!job.log.contains("\n::"), "{}", job.log);
}

#[test]
fn hostile_inputs_run_nothing() {
    let attacks = [
        "$(touch pwned)",
        "`touch pwned`",
        "; touch pwned; #",
        "\"; touch pwned; \"",
        "'; touch pwned; '",
        "plan.json && touch pwned",
        "--output=json=pwned",
        "x\nexit-status=0\nsarif-file=y",
        "%0A::warning::x",
    ];
    let names = [
        "inputs",
        "standards",
        "source",
        "before",
        "fail-on",
        "sarif-file",
        "working-directory",
        "allow-undecided",
        "summary",
        "annotations",
        "keyaki",
    ];
    let folder = checkout("action-hostile");
    for name in names {
        for attack in attacks {
            let mut inputs = vec![("inputs", "infra/plan.json"), ("standards", "infra/keyaki.yaml")];
            inputs.push((name, attack));
            let job = job(&folder, &inputs);
            let pwned = [folder.join("pwned"), repository().join("pwned")];
            assert!(pwned.iter().all(|path| !path.exists()), "{name}: {attack}");
            // Words that are no `true` switch nothing on, a file may have any name of one line, and an option is an
            // option: then the plan is judged as ever.
            assert_ne!(job.status, 0, "{name}: {attack}: {}", job.log);
            let status = &job.outputs["exit-status"];
            assert_ne!(status, "0", "{name}: {attack}");
            assert_ne!(job.outputs["sarif-file"], "y", "{name}: {attack}");
        }
    }
}
