//! Plans of any size and shape: what is rebuilt takes time and memory in line with the plan, and what would take more is
//! told and not rebuilt.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::run::{Ran, run, scratch};

use super::plan::{Plan, references};

/// Generous, as builds without optimisation run on loaded machines; what takes time in the square is far beyond it.
const MOST_TIME: Duration = Duration::from_secs(90);

fn block(resource: &str) -> Value {
    json!({"sid": null, "effect": null, "actions": ["s3:GetObject"], "resources": [resource]})
}

fn data(name: &str) -> String {
    format!("data.aws_iam_policy_document.{name}")
}

fn extract(name: &str, plan: &Value) -> Ran {
    let folder = scratch(&format!("rebuilt-bounds-{name}"));
    fs::write(folder.join("plan.json"), plan.to_string()).unwrap();
    let start = Instant::now();
    let ran = run(&folder, &["extract", "plan.json"]);
    let took = start.elapsed();
    assert!(took < MOST_TIME, "{name}: {took:?}");
    eprintln!("{name}: {took:?}");
    ran
}

fn count(report: &Value, list: &str) -> usize {
    report[list].as_array().unwrap().len()
}

#[test]
fn ten_thousand_instances_are_told_apart() {
    const INSTANCES: usize = 10_000;
    let mut plan = Plan::default()
        .statements(
            &format!("{}[\"first\"]", data("d")),
            &[block("arn:aws:s3:::first")],
            json!([{}]),
        )
        .policy("aws_iam_policy.p[\"first\"]", &[&data("d"), "each.key"])
        .json();
    let entries = plan["resource_changes"].as_array_mut().unwrap();
    let [source, policy] = [entries[0].clone(), entries[1].clone()];
    for at in 1..INSTANCES {
        let key = format!("k.{at}");
        for (entry, start) in [(&source, data("d")), (&policy, "aws_iam_policy.p".to_owned())] {
            let mut entry = entry.clone();
            entry["address"] = json!(format!("{start}[\"{key}\"]"));
            entry["index"] = json!(key);
            if start != "aws_iam_policy.p" {
                entry["change"]["after"]["statement"][0]["resources"] =
                    json!([format!("arn:aws:s3:::{key}")]);
            }
            entries.push(entry);
        }
    }
    let report = extract("instances", &plan).json();
    assert_eq!(
        (count(&report, "policies"), count(&report, "gaps")),
        (INSTANCES, 0)
    );
    for policy in report["policies"].as_array().unwrap() {
        let key = policy["address"].as_str().unwrap().split('"').nth(1).unwrap();
        let resources = &policy["document"]["Statement"][0]["Resource"];
        assert_eq!(*resources, json!([format!("arn:aws:s3:::{key}")]));
    }
}

/// A document of a million statements, one that doubles itself forty times, and many that each merge a large one.
#[test]
fn documents_beyond_all_bounds_are_not_rebuilt() {
    let blocks: Vec<Value> = (0..1_000_000).map(|_| json!({"actions": ["s3:*"]})).collect();
    let plan = Plan::default()
        .document(&data("d"), json!({"statement": blocks}), json!({}), json!({}))
        .policy("aws_iam_policy.p", &[&format!("{}.json", data("d"))]);
    let report = extract("million", &plan.json()).json();
    assert_eq!((count(&report, "policies"), count(&report, "gaps")), (0, 1));
    assert!(
        report["gaps"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("has more than 10000 statements")
    );

    let mut plan = Plan::default().statements(&data("x0"), &[block("*")], json!([{}]));
    for at in 1..40 {
        let list = references(&[&format!("{}.json", data(&format!("x{}", at - 1)))]);
        plan = plan.document(
            &data(&format!("x{at}")),
            json!({"statement": [], "source_policy_documents": [null], "override_policy_documents": [null]}),
            json!({"source_policy_documents": [true], "override_policy_documents": [true]}),
            json!({"source_policy_documents": list.clone(), "override_policy_documents": list}),
        );
    }
    let plan = plan
        .policy("aws_iam_policy.few", &[&format!("{}.json", data("x5"))])
        .policy("aws_iam_policy.many", &[&format!("{}.json", data("x39"))]);
    let report = extract("doubles", &plan.json()).json();
    assert_eq!((count(&report, "policies"), count(&report, "gaps")), (1, 1));
    assert_eq!(
        report["policies"][0]["document"]["Statement"]
            .as_array()
            .unwrap()
            .len(),
        32 + 2
    );

    // Those that can be told are no policies of queues, which takes less time to say than 5,000 statements each.
    let large: Vec<Value> = (0..5_000)
        .map(|at| block(&format!("arn:aws:s3:::b{at}")))
        .collect();
    let marks: Vec<Value> = large.iter().map(|_| json!({})).collect();
    let mut plan = Plan::default().statements(&data("large"), &large, json!(marks));
    for at in 0..150 {
        let list = references(&[&format!("{}.json", data("large"))]);
        plan = plan
            .document(
                &data(&format!("m{at}")),
                json!({"statement": [], "source_policy_documents": [null]}),
                json!({"source_policy_documents": [true]}),
                json!({"source_policy_documents": list}),
            )
            .policy(
                &format!("aws_sqs_queue_policy.m{at}"),
                &[&format!("{}.json", data(&format!("m{at}")))],
            );
    }
    let report = extract("large", &plan.json()).json();
    let gaps = report["gaps"].as_array().unwrap();
    let is = |what: &str| {
        gaps.iter()
            .filter(|gap| gap["reason"].as_str().unwrap().contains(what))
            .count()
    };
    assert_eq!((is("not valid here"), is("one of too many documents")), (99, 51));
}

/// A chain as long as the plan, and an expression with a million references.
#[test]
fn chains_and_lists_of_any_length_end() {
    const LENGTH: usize = 10_000;
    let mut plan = Plan::default().json();
    let (mut changes, mut configured) = (Vec::new(), Vec::new());
    for at in 0..LENGTH {
        let list = references(&[&format!("{}.json", data(&format!("c{}", at + 1)))]);
        let name = format!("c{at}");
        changes.push(
            json!({"address": data(&name), "mode": "data", "type": "aws_iam_policy_document", "name": name,
            "change": {"actions": ["read"], "after": {"statement": [], "source_policy_documents": [null]},
                "after_unknown": {"source_policy_documents": [true]}}}),
        );
        configured.push(
            json!({"mode": "data", "type": "aws_iam_policy_document", "name": name,
            "expressions": {"source_policy_documents": list}}),
        );
    }
    let end = Plan::default()
        .statements(&data(&format!("c{LENGTH}")), &[block("*")], json!([{}]))
        .policy("aws_iam_policy.p", &[&format!("{}.json", data("c0"))])
        .json();
    changes.extend(end["resource_changes"].as_array().unwrap().clone());
    configured.extend(
        end["configuration"]["root_module"]["resources"]
            .as_array()
            .unwrap()
            .clone(),
    );
    plan["resource_changes"] = json!(changes);
    plan["configuration"]["root_module"]["resources"] = json!(configured);
    let report = extract("chain", &plan).json();
    assert_eq!((count(&report, "policies"), count(&report, "gaps")), (1, 0));

    let many: Vec<String> = (0..200_000)
        .map(|at| format!("aws_s3_bucket.b[{at}].arn"))
        .collect();
    let mut plan = Plan::default()
        .statements(&data("d"), &[block("*")], json!([{}]))
        .policy("aws_iam_policy.p", &["local.x"])
        .json();
    let resources = plan
        .pointer_mut("/configuration/root_module/resources")
        .unwrap()
        .as_array_mut()
        .unwrap();
    resources[1]["expressions"]["policy"]["references"] = json!(many);
    let report = extract("references", &plan).json();
    assert_eq!((count(&report, "policies"), count(&report, "gaps")), (0, 1));

    let many: Vec<String> = (0..50_000)
        .map(|at| format!("aws_s3_bucket.b[{at}].arn"))
        .collect();
    let unknown = |count: usize| {
        let block = json!({"actions": ["s3:*"], "resources": vec![Value::Null; count]});
        let marks = json!([{"resources": vec![true; count]}]);
        let expressions = json!({"statement": [{"resources": {"references": many}}]});
        Plan::default()
            .document(
                &data("d"),
                json!({"statement": [block]}),
                json!({"statement": marks}),
                expressions,
            )
            .policy("aws_iam_policy.p", &[&format!("{}.json", data("d"))])
            .json()
    };
    let report = extract("unknown", &unknown(5_000)).json();
    assert_eq!(report["policies"][0]["holes"].as_array().unwrap().len(), 5_000);
    let report = extract("more-unknown", &unknown(200_000)).json();
    assert!(
        report["gaps"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("has more than 10000 unknown values")
    );
}
