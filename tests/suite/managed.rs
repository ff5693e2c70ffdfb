//! The bundled AWS managed policies: each against itself, and against itself with one action more. With
//! `KEYAKI_CASES=all` also by Z3, which takes minutes; a sample of them always.

use std::time::Instant;

use keyaki::catalog::managed_policies;
use keyaki::check::{self, Check, Engine, Options, Reference, Subject, Verdict};
use keyaki::extract::{Before, PolicyKind};
use keyaki::iam::{DocumentKind, PolicyDocument, Value, parse_document};

/// An action that no policy names.
const UNHEARD_OF: &str = "keyakitest:Nothing";

#[test]
fn managed_policies_allow_what_they_allow_and_no_more() {
    let policies = managed_policies();
    assert!(policies.len() > 1_000);
    let mut times = Vec::new();
    let mut covered = 0;
    for (arn, text) in &policies {
        let document = parsed(text);
        let start = Instant::now();
        let verdict = compare(&document, &document, Engine::Glob);
        assert!(matches!(verdict, Verdict::Pass(_)), "{arn}: {verdict:?}");
        let more = with_one_action_more(text);
        let last = more.statements.len() - 1;
        match compare(&more, &document, Engine::Glob) {
            Verdict::Fail(finding) => {
                let guilty: Vec<usize> = finding
                    .statements
                    .iter()
                    .map(|statement| statement.index)
                    .collect();
                assert_eq!(guilty, [last], "{arn}");
                assert!(
                    finding.counterexample.action.eq_ignore_ascii_case(UNHEARD_OF),
                    "{arn}"
                );
            }
            // It allows the action already, or denies it whatever is added.
            Verdict::Pass(_) => {
                covered += 1;
                assert!(speaks_of_everything(text), "{arn}");
            }
            other => panic!("{arn}: {other:?}"),
        }
        times.push(start.elapsed());
    }
    assert!(covered < 40, "{covered}");
    times.sort_unstable();
    eprintln!(
        "{} policies, two questions each: median {:.1?}, p99 {:.1?}, worst {:.1?}",
        times.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
}

#[cfg(feature = "z3")]
#[test]
fn both_engines_agree_on_managed_policies() {
    let all = std::env::var("KEYAKI_CASES").is_ok_and(|text| text == "all");
    let policies = managed_policies();
    let (mut asked, mut unconfirmed) = (0, 0);
    for (arn, text) in policies.iter().step_by(if all { 1 } else { 40 }) {
        let document = parsed(text);
        for new in [&document, &with_one_action_more(text)] {
            asked += 1;
            unconfirmed += usize::from(match compare(new, &document, Engine::Both) {
                Verdict::Pass(proof) => proof.unconfirmed,
                Verdict::Fail(finding) => finding.unconfirmed,
                other => panic!("{arn}: {other:?}"),
            });
        }
    }
    eprintln!("asked {asked}, unconfirmed {unconfirmed}");
    assert!(
        unconfirmed * 100 <= asked * 3,
        "{unconfirmed} of {asked} are unconfirmed"
    );
}

fn parsed(text: &str) -> PolicyDocument {
    parse_document(&Value::text(text), DocumentKind::Identity)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .document
}

fn with_one_action_more(text: &str) -> PolicyDocument {
    let mut policy: serde_json::Value = serde_json::from_str(text).unwrap();
    if !policy["Statement"].is_array() {
        policy["Statement"] = serde_json::json!([policy["Statement"]]);
    }
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.push(serde_json::json!({"Effect": "Allow", "Action": UNHEARD_OF, "Resource": "*"}));
    parsed(&policy.to_string())
}

/// Whether some statement is about all actions or all but some.
fn speaks_of_everything(text: &str) -> bool {
    let policy: serde_json::Value = serde_json::from_str(text).unwrap();
    let text = policy.to_string();
    text.contains(r#""NotAction""#) || text.contains(r#""Action":"*""#) || text.contains(r#""Action":["*"]"#)
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
