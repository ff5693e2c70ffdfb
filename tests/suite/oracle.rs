//! Counterexamples put to an evaluator that others wrote: `tools/oracle` of the test data, with its npm package in the
//! folder that `ORACLE_NPM` names. Its known limits are in its README.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::data::shared;
use crate::run::run_with_input;

#[test]
fn another_evaluator_confirms_counterexamples() {
    let Some(shared) = shared() else { return };
    if std::env::var_os("ORACLE_NPM").is_none() {
        eprintln!("skipped: ORACLE_NPM not set");
        return;
    }
    let mut records = Vec::new();
    let mut beyond = 0;
    for name in ["traps", "aws_samples", "quacky", "article"] {
        let text = std::fs::read_to_string(shared.join(format!("cases/{name}.jsonl"))).unwrap();
        let ran = run_with_input(&shared, &["batch"], &text);
        for (question, answer) in lines(&text).iter().zip(lines(&ran.stdout)) {
            if answer["result"] != "FAIL" {
                continue;
            }
            match record(question, &answer) {
                Some(record) => records.push(record),
                None => beyond += 1,
            }
        }
    }
    let answers = ask(&shared.join("tools/oracle/oracle.mjs"), &records);
    let refused: Vec<String> = records
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer["confirmed"] != true && answer["verdict"] != "Allowed")
        .map(|(record, answer)| format!("{answer}\n  {record}"))
        .collect();
    eprintln!(
        "{} counterexamples, {beyond} more beyond its limits, {} not confirmed",
        records.len(),
        refused.len()
    );
    assert!(records.len() > 250 && answers.len() == records.len());
    assert!(refused.len() * 100 <= records.len(), "{}", refused.join("\n"));
}

/// What the other evaluator is asked; `None` where it must not be believed.
fn record(question: &Value, answer: &Value) -> Option<Value> {
    let found = &answer["counterexample"];
    let documents = [
        &question["policyDocument"],
        &question["newPolicyDocument"],
        &question["existingPolicyDocument"],
    ];
    let documents: Vec<Value> = documents
        .into_iter()
        .filter(|one| !one.is_null())
        .map(read)
        .collect();
    if documents.iter().any(|document| is_beyond(document, found)) {
        return None;
    }
    let resource = found["resource"].as_str()?;
    let request = json!({
        "principal": principal(&found["principal"])?,
        "action": found["action"],
        "resource": resource,
        "resource_account": "999999999999",
        "context": found["context"],
        "wildcard_only": resource == "*",
    });
    let request = |document: &Value| {
        let mut request = request.clone();
        if !is_resource_policy(document) {
            request["resource_account"] = json!(account(&found["principal"]));
        }
        request
    };
    let policies = |document: &Value| {
        let outsider = found["principal"]
            .as_str()
            .is_none_or(|text| !text.starts_with("arn:"));
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        if !is_resource_policy(document) {
            json!({"identity": [document]})
        } else if outsider {
            json!({"identity": [], "resource": document})
        } else {
            json!({"identity": [all], "resource": document})
        }
    };
    match documents.as_slice() {
        [new, old] => Some(
            json!({"id": question["id"], "new": policies(new), "old": policies(old), "request": request(new)}),
        ),
        [only] => Some(json!({"id": question["id"], "policies": policies(only), "request": request(only)})),
        _ => None,
    }
}

fn read(document: &Value) -> Value {
    match document.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => document.clone(),
    }
}

fn principal(found: &Value) -> Option<Value> {
    match found.as_str() {
        Some("*" | "anonymous") => Some(json!({"type": "Anonymous"})),
        Some(text) => Some(json!(text)),
        None => found.get("type").map(|_| found.clone()),
    }
}

fn account(found: &Value) -> String {
    let text = found.as_str().unwrap_or_default();
    text.split(':').nth(4).unwrap_or_default().to_owned()
}

fn statements(document: &Value) -> Vec<&Value> {
    match &document["Statement"] {
        Value::Array(statements) => statements.iter().collect(),
        one => vec![one],
    }
}

fn is_resource_policy(document: &Value) -> bool {
    statements(document)
        .iter()
        .any(|statement| statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some())
}

/// Whether a document or a request is of the sort that the README says it must not be believed on.
fn is_beyond(document: &Value, found: &Value) -> bool {
    let text = document.to_string();
    let request = found.to_string();
    let old_variables = document["Version"] != "2012-10-17" && text.contains("${");
    let resource = found["resource"].as_str().unwrap_or_default();
    let principal = found["principal"].as_str().unwrap_or_default();
    // What is in an identity policy counts for a key only if the key's own policy says so, and the shorthand for its own
    // resource only within API Gateway.
    let needs_more = found["action"]
        .as_str()
        .is_some_and(|action| action.starts_with("kms:"))
        && !is_resource_policy(document)
        || text.contains("\"execute-api:/");
    old_variables
        || needs_more
        || resources(document).iter().any(|text| has_early_wildcard(text))
        || text.contains(r#""NotPrincipal""#)
        || request.contains("Federated")
        || (resource != "*" && resource.contains(['*', '?']))
        || (!principal.starts_with("arn:") && principal.contains('/'))
}

fn resources(document: &Value) -> Vec<String> {
    let elements = statements(document)
        .into_iter()
        .flat_map(|statement| [statement.get("Resource"), statement.get("NotResource")])
        .flatten();
    let entries = elements.flat_map(|element| match element {
        Value::Array(entries) => entries.clone(),
        one => vec![one.clone()],
    });
    entries
        .filter_map(|entry| Some(entry.as_str()?.to_owned()))
        .collect()
}

/// A wildcard before the first `/` or `:` of the resource part.
fn has_early_wildcard(arn: &str) -> bool {
    let rest = arn.splitn(6, ':').nth(5).unwrap_or_default();
    rest.find(['/', ':'])
        .is_some_and(|at| rest[..at].contains(['*', '?']))
}

fn ask(script: &std::path::Path, records: &[Value]) -> Vec<Value> {
    let mut child = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input: String = records.iter().map(|record| format!("{record}\n")).collect();
    let output = thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input.as_bytes())));
        child.wait_with_output().unwrap()
    });
    lines(&String::from_utf8(output.stdout).unwrap())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
