//! How long a plan takes against five standards, beside what `serde_json` takes to parse the same file, and how that
//! grows with threads and with copies of policies. `KEYAKI_BENCH_POLICIES` asks for more policies than 1,000.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that cannot go on should stop"
)]

/// As in the binary.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod generate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use generate::{Size, plan, template};
use keyaki::check::Options;
use keyaki::check::standards::read_standards;
use keyaki::extract::Environment;
use keyaki::report::Report;
use keyaki::scan::{self, Progress, ScanOptions};
use keyaki::source::Limits;

const SEED: u64 = 20_260_101;

const STANDARDS: &str = r#"
version: 1
trust:
  accounts: ["123456789012"]
  organizations: ["o-a1b2c3d4e5"]
standards:
  - {id: no-passrole, severity: high, check: access-not-granted, actions: ["iam:PassRole"]}
  - id: no-bucket-deletion
    check: access-not-granted
    actions: ["s3:DeleteBucket"]
    resources: ["arn:aws:s3:::prod-*"]
    when: {BoolIfExists: {"aws:MultiFactorAuthPresent": "false"}}
  - {id: no-public, severity: critical, check: no-public-access}
  - {id: only-ours, severity: high, check: no-external-access}
  - {id: within-ceiling, check: no-new-access, reference: ceiling.json, scope: {kinds: [identity]}}
"#;

const CEILING: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "kms:ReEncrypt*"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "arn:aws:iam::123456789012:*"},
    {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::audit-*"}
]}"#;

fn time_scan(criterion: &mut Criterion) {
    let files = Files::write(policies());
    let text = fs::read_to_string(&files.plan).unwrap();
    let mut group = criterion.benchmark_group("plan");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4));
    group.bench_function("parse", |bencher| bencher.iter(|| parse(&text)));
    group.bench_function("check", |bencher| bencher.iter(|| check(&files, &files.plan, 1)));
    group.finish();
}

criterion_group!(benches, time_scan);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    figures();
}

/// The figures that are ratios, each the best of several runs: for policies that all differ, then for copies of them.
fn figures() {
    let files = Files::write(policies());
    for (title, plan, runs) in [("distinct", &files.plan, 5), ("deduplicated", &files.copies, 2)] {
        figures_of(title, &files, plan, runs);
    }
    figures_of_large(&files);
    figures_of_template(&files);
}

fn figures_of(title: &str, files: &Files, plan: &Path, runs: usize) {
    let text = fs::read_to_string(plan).unwrap();
    let parsed = best(runs, || parse(&text));
    let report = check(files, plan, 1);
    let one = best(runs, || check(files, plan, 1));
    let two = best(runs, || check(files, plan, 2));
    let [reading, reading_parallel] =
        [1, 2].map(|jobs| best(runs, || scan::extract(&options(files, plan, jobs))));
    println!();
    println!(
        "{title}: {} policies ({} distinct), {} bytes",
        report.policies.found,
        report.policies.distinct,
        text.len()
    );
    println!("  verdicts            {:?}", report.results);
    println!("  serde_json          {parsed:.1?}");
    println!(
        "  check, 1 thread     {one:.1?}, {:.1} x serde_json",
        ratio(one, parsed)
    );
    println!(
        "  check, 2 threads    {two:.1?}, {:.1} x serde_json, {:.2} x faster",
        ratio(two, parsed),
        ratio(one, two)
    );
    println!(
        "  of that, reading    {reading:.1?}, {:.1} x serde_json; 2 threads {reading_parallel:.1?}, {:.1} x serde_json",
        ratio(reading, parsed),
        ratio(reading_parallel, parsed)
    );
    let (checking, parallel) = (one.saturating_sub(reading), two.saturating_sub(reading_parallel));
    println!(
        "  the rest            {checking:.1?}, {:.1} x serde_json; 2 threads {parallel:.1?}, {:.1} x serde_json",
        ratio(checking, parsed),
        ratio(parallel, parsed)
    );
    match peak_memory(files, plan) {
        Some(bytes) => println!(
            "  peak memory         {bytes} bytes, {:.1} x the file",
            bytes as f64 / text.len() as f64
        ),
        None => println!("  peak memory         not known on this system"),
    }
}

fn policies() -> usize {
    std::env::var("KEYAKI_BENCH_POLICIES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000)
}

/// What a run reads.
struct Files {
    standards: PathBuf,
    plan: PathBuf,
    /// Every policy ten times.
    copies: PathBuf,
}

/// Policies and bytes of a large plan, and what a run of it may take on two cores.
const LARGE: (usize, usize) = (10_000, 100_000_000);
const MOST_SECONDS: f64 = 10.0;
const MOST_MEMORY: f64 = 4.0;

/// A plan as large as they get, one run each: time, memory, and how both grow from a quarter of it.
fn figures_of_large(files: &Files) {
    let run = |plan: &Path| {
        let bytes = fs::metadata(plan).unwrap().len();
        let parsed = best(1, || parse(&fs::read_to_string(plan).unwrap()));
        let start = Instant::now();
        let report = check(files, plan, 2);
        let time = start.elapsed();
        (
            bytes,
            parsed,
            time,
            report.policies.distinct,
            peak_memory(files, plan),
        )
    };
    let [large, quarter] = [1, 4].map(|part| {
        let size = Size {
            distinct: LARGE.0 / part,
            copies: 1,
            bytes: LARGE.1 / part,
        };
        let path = files.plan.with_file_name(format!("large-{part}.json"));
        fs::write(&path, plan(size, SEED)).unwrap();
        path
    });
    let (bytes, parsed, time, distinct, memory) = run(&large);
    let (_, _, less_time, _, less_memory) = run(&quarter);
    println!();
    println!("large: {distinct} distinct policies, {bytes} bytes, 2 threads");
    println!(
        "  check               {time:.1?} of {MOST_SECONDS} s, {:.1} x serde_json ({parsed:.1?})",
        ratio(time, parsed)
    );
    println!(
        "  growth              {:.1} x the time of a quarter of it",
        ratio(time, less_time)
    );
    if let (Some(memory), Some(less_memory)) = (memory, less_memory) {
        println!(
            "  peak memory         {memory} bytes, {:.1} x the file of {MOST_MEMORY}; {:.1} x that of a quarter",
            memory as f64 / bytes as f64,
            memory as f64 / less_memory as f64
        );
    }
}

/// Resources and bytes of a large template: as many resources as a stack may have, and more text than a service takes.
const TEMPLATE: (usize, usize) = (500, 4_500_000);

/// A large template, read as JSON and as YAML, of which JSON is a part.
fn figures_of_template(files: &Files) {
    let text = template(TEMPLATE.0, TEMPLATE.1);
    let parsed = best(3, || parse(&text));
    println!();
    println!(
        "template: {} resources, {} bytes, 2 threads",
        TEMPLATE.0,
        text.len()
    );
    for (format, name, text) in [
        ("JSON", "large.template.json", text.clone()),
        ("YAML", "large.template.yaml", format!("# flow style\n{text}\n")),
    ] {
        let path = files.plan.with_file_name(name);
        fs::write(&path, &text).unwrap();
        let report = check(files, &path, 2);
        let time = best(3, || check(files, &path, 2));
        let reading = best(3, || scan::extract(&options(files, &path, 2)));
        println!(
            "  check, {format}         {time:.1?}, {:.1} x serde_json ({parsed:.1?}); of that, reading {reading:.1?}; {} \
             policies, {:?}",
            ratio(time, parsed),
            report.policies.found,
            report.results
        );
        if let Some(memory) = peak_memory(files, &path) {
            println!(
                "  peak memory         {memory} bytes, {:.1} x the file",
                memory as f64 / text.len() as f64
            );
        }
    }
}

impl Files {
    fn write(distinct: usize) -> Files {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-scan");
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        write("ceiling.json", CEILING);
        Files {
            standards: write("keyaki.yaml", STANDARDS),
            plan: write(
                "plan.json",
                &plan(
                    Size {
                        distinct,
                        copies: 1,
                        bytes: 0,
                    },
                    SEED,
                ),
            ),
            copies: write(
                "copies.json",
                &plan(
                    Size {
                        distinct,
                        copies: 10,
                        bytes: 0,
                    },
                    SEED,
                ),
            ),
        }
    }
}

fn parse(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn options(files: &Files, input: &Path, jobs: usize) -> ScanOptions {
    ScanOptions {
        before: None,
        changes: None,
        changed_only: false,
        inputs: vec![input.to_path_buf()],
        standards: read_standards(&files.standards, &Limits::default()).unwrap(),
        source: None,
        jobs: Some(jobs),
        engine: Options::default(),
        parameters: Default::default(),
        assume_defaults: false,
        exports: Default::default(),
        environment: Environment::default(),
        limits: Limits::default(),
        progress: Progress::Off,
    }
}

fn check(files: &Files, input: &Path, jobs: usize) -> Report {
    let report = scan::scan(&options(files, input, jobs));
    assert!(
        report.internal.is_empty() && report.errors.is_empty(),
        "{:?} {:?}",
        report.internal,
        report.errors
    );
    report
}

fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> Duration {
    let once = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed()
    };
    (0..runs).map(once).min().unwrap()
}

fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

/// The peak of the resident memory of a run of the binary: the kernel's high-water mark, read as long as it runs.
fn peak_memory(files: &Files, plan: &Path) -> Option<u64> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keyaki"))
        .args(["check", "--jobs", "2", "--standards"])
        .arg(&files.standards)
        .arg(plan)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().ok()?.is_none() {
        let mark = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
        });
        peak = mark.map(|kilobytes| kilobytes * 1024).or(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}
