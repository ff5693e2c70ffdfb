//! The glob engine beside Z3's strings on 200 distinct questions: AWS managed policies against themselves, with and without
//! one action more. One pass each, in one run; what Z3 gives up on counts with the time it took. `KEYAKI_BENCH_EXPORT`
//! names a file for the questions and the times (a JSON object a line), for `compare.py`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on should stop"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use keyaki::catalog::managed_policies;
use keyaki::check::{self, Check, Engine, Options, Reference, Subject, Verdict};
use keyaki::extract::{Before, PolicyKind};
use keyaki::iam::{DocumentKind, PolicyDocument, Value, parse_document};

const QUESTIONS: usize = 200;

fn main() {
    let policies = managed_policies();
    let step = policies.len() * 2 / QUESTIONS;
    let texts: Vec<(String, &str)> = policies
        .iter()
        .step_by(step)
        .flat_map(|(_, text)| [(text.to_string(), &**text), (with_one_action_more(text), &**text)])
        .take(QUESTIONS)
        .collect();
    let questions: Vec<(PolicyDocument, PolicyDocument)> = texts
        .iter()
        .map(|(new, old)| (parsed(new), parsed(old)))
        .collect();
    let glob = ask(&questions, Engine::Glob);
    report("glob", &glob);
    if let Some(path) = std::env::var_os("KEYAKI_BENCH_EXPORT") {
        std::fs::write(path, exported(&texts, &glob)).unwrap();
    }
    if cfg!(feature = "z3") {
        let z3 = ask(&questions, Engine::Z3);
        report("z3", &z3);
        for (((_, glob), (_, z3)), (new, _)) in glob.iter().zip(&z3).zip(&texts) {
            assert!(glob.is_none() || z3.is_none() || glob == z3, "{new}");
        }
        let mut ratios: Vec<f64> = glob
            .iter()
            .zip(&z3)
            .map(|((glob, _), (z3, _))| z3.as_secs_f64() / glob.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!("z3 / glob: median {:.0} x", ratios[ratios.len() / 2]);
    }
}

/// An answer: whether access is new, if that was decided.
type Answer = Option<bool>;

/// The questions, what the glob engine answered and how long it took, a line each.
fn exported(texts: &[(String, &str)], answers: &[(Duration, Answer)]) -> String {
    let mut lines = String::new();
    for ((new, old), (time, answer)) in texts.iter().zip(answers) {
        let line =
            serde_json::json!({"new": new, "old": old, "seconds": time.as_secs_f64(), "violated": answer});
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// Each answer and the time it took.
fn ask(questions: &[(PolicyDocument, PolicyDocument)], engine: Engine) -> Vec<(Duration, Answer)> {
    questions
        .iter()
        .map(|(new, old)| {
            let start = Instant::now();
            let verdict = compare(new, old, engine);
            let answer = match verdict {
                Verdict::Pass(_) => Some(false),
                Verdict::Fail(_) => Some(true),
                Verdict::Undecided(_) => None,
                other => panic!("{other:?}"),
            };
            (start.elapsed(), answer)
        })
        .collect()
}

fn report(engine: &str, answers: &[(Duration, Answer)]) {
    let mut times: Vec<Duration> = answers.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let total: Duration = times.iter().sum();
    println!(
        "{engine}: {} questions, {} undecided, total {total:.1?}, median {:.1?}, p90 {:.1?}, p99 {:.1?}, worst {:.1?}",
        times.len(),
        answers.iter().filter(|(_, answer)| answer.is_none()).count(),
        at(50),
        at(90),
        at(99),
        at(100),
    );
}

fn compare(new: &PolicyDocument, old: &PolicyDocument, engine: Engine) -> Verdict {
    let prepared = check::prepare(Subject {
        document: new,
        kind: PolicyKind::Identity,
        resource_type: None,
        holes: &[],
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    });
    let check = Check::NoNewAccess {
        reference: Reference::Document(old.clone().into()),
    };
    let options = Options {
        engine,
        ..Options::default()
    };
    check::check(&check, &prepared, &options)
}

fn parsed(text: &str) -> PolicyDocument {
    match parse_document(&Value::text(text), DocumentKind::Identity) {
        Ok(parsed) => parsed.document,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn with_one_action_more(text: &str) -> String {
    let mut policy: serde_json::Value = serde_json::from_str(text).unwrap();
    if !policy["Statement"].is_array() {
        policy["Statement"] = serde_json::json!([policy["Statement"]]);
    }
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.push(serde_json::json!({"Effect": "Allow", "Action": "keyakitest:Nothing", "Resource": "*"}));
    policy.to_string()
}
