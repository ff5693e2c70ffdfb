//! Hostile inputs: every file ends in time, in little memory, with a status that its index allows, and shows no secret.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::data::{keyaki, shared};
use crate::run::scratch;

/// Files that need something of a later version: the file, what is missing, the status seen. Never status 0.
const EXCEPTIONS: [(&str, &str, i32); 0] = [];

/// What must be said of some files, beside the status.
const SAID: [(&str, &str); 6] = [
    ("tfplan/001_admin.json", "no-passrole"),
    ("tfplan/019_binary_plan.tfplan", "terraform show -json"),
    ("tfplan/030_format_2.0.json", "unsupported plan format"),
    ("tfplan/186_prior_state_only.json", "no planned changes"),
    ("tfplan/187_empty_plan.json", "0 policies"),
    ("cfn/001_admin.yaml", "cfn/001_admin.yaml"),
];

const FORMATS: [&[&str]; 5] = [
    &["--format", "table"],
    &["--format", "table", "-v"],
    &["--format", "json"],
    &["--format", "sarif"],
    &["--format", "full"],
];

const MEGABYTE: u64 = 1 << 20;
const MOST_MEMORY: u64 = 200 * MEGABYTE;

/// Two seconds; builds without optimisation get three times as much.
const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });

struct Row {
    file: String,
    statuses: Vec<i32>,
}

struct Measured {
    status: i32,
    output: String,
    time: Duration,
    memory: u64,
}

#[test]
fn hostile_inputs_do_no_harm() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("hostile");
    let rows = index(&folder);
    let canaries = fs::read_to_string(folder.join("canaries.txt")).unwrap();
    let canaries: Vec<&str> = canaries.lines().filter(|line| !line.is_empty()).collect();
    assert!(rows.len() > 100 && canaries.len() >= 5);
    let mut wrong = Vec::new();
    for row in &rows {
        for format in FORMATS {
            let measured = measure(&folder, &arguments(&row.file), format);
            let complaints = [
                complain_status(row, &measured),
                complain_bounds(&measured),
                complain_content(row, &measured, &canaries, format),
            ];
            wrong.extend(
                complaints
                    .into_iter()
                    .flatten()
                    .map(|what| format!("{} as {}: {what}", row.file, format.join(" "))),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} complaints:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn exceptions_are_few() {
    assert!(EXCEPTIONS.len() <= 10);
    assert!(
        EXCEPTIONS
            .iter()
            .all(|(_, missing, status)| *status != 0 && !missing.is_empty())
    );
}

fn complain_status(row: &Row, measured: &Measured) -> Option<String> {
    let allowed = row.statuses.contains(&measured.status);
    let exception = EXCEPTIONS.iter().find(|(file, ..)| *file == row.file);
    match exception {
        Some((_, missing, _)) if allowed => Some(format!("no exception is needed any more ({missing})")),
        Some((.., status)) if *status == measured.status => None,
        _ if allowed => None,
        _ => Some(format!(
            "status {}, allowed {:?}: {}",
            measured.status, row.statuses, measured.output
        )),
    }
}

fn complain_bounds(measured: &Measured) -> Option<String> {
    if measured.time > MOST_TIME {
        return Some(format!("took {:?}", measured.time));
    }
    (measured.memory > MOST_MEMORY).then(|| format!("took {} MB", measured.memory / MEGABYTE))
}

fn complain_content(row: &Row, measured: &Measured, canaries: &[&str], format: &[&str]) -> Option<String> {
    if measured.output.contains("panicked") {
        return Some(measured.output.clone());
    }
    if let Some(at) = canaries
        .iter()
        .position(|canary| measured.output.contains(canary))
    {
        return Some(format!("shows canary {at}"));
    }
    let steers =
        |c: char| matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' | '\u{202a}'..='\u{202e}');
    if measured.output.contains(steers) {
        return Some("shows a control character".to_owned());
    }
    let said = SAID
        .iter()
        .filter(|(file, _)| format.contains(&"table") && *file == row.file);
    said.map(|(_, words)| words)
        .find(|words| !measured.output.contains(**words))
        .map(|words| format!("does not say `{words}`: {}", measured.output))
}

fn index(folder: &Path) -> Vec<Row> {
    let table = fs::read_to_string(folder.join("index.tsv")).unwrap();
    let rows = table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let mut columns = line.split('\t');
        let file = columns.next().unwrap().to_owned();
        let statuses = columns
            .next()
            .unwrap()
            .split(',')
            .map(|status| status.trim().parse().unwrap())
            .collect();
        Row { file, statuses }
    });
    rows.collect()
}

fn arguments(file: &str) -> Vec<&str> {
    match file.starts_with("standards/") {
        true => vec!["check", "--standards", file, "tfplan/000_ok.json"],
        false => vec!["check", "--standards", "standards.yaml", file],
    }
}

/// Runs, and watches the peak of the resident memory where the system tells it.
fn measure(folder: &Path, arguments: &[&str], format: &[&str]) -> Measured {
    let scratch = scratch("hostile");
    let path = |name: &str| scratch.join(name);
    let start = Instant::now();
    let mut child = keyaki()
        .current_dir(folder)
        .args(arguments)
        .args(format)
        .stdin(Stdio::null())
        .stdout(File::create(path("stdout")).unwrap())
        .stderr(File::create(path("stderr")).unwrap())
        .spawn()
        .unwrap();
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        if start.elapsed() > 4 * MOST_TIME {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(1));
    };
    let time = start.elapsed();
    let read = |name: &str| String::from_utf8_lossy(&fs::read(path(name)).unwrap()).into_owned();
    Measured {
        status,
        output: read("stdout") + &read("stderr"),
        time,
        memory,
    }
}

fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
