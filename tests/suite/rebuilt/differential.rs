//! Random data sources, all of whose inputs are known, rebuilt from a plan that defers them, against the documents that
//! a plain reading of the provider's rules makes of them.

use std::fs;

use serde_json::{Map, Value, json};

use crate::differential::Random;
use crate::run::{run, scratch};

use super::provider::{Source, document};

const DOCUMENTS: usize = 2_000;

/// One consumer a data source: of a type that takes principals, or of one that takes none.
const CONSUMERS: [&str; 2] = ["aws_iam_policy", "aws_sqs_queue_policy"];

#[test]
fn rebuilt_documents_are_what_the_provider_makes() {
    let mut random = Random(0x5eed_2026);
    let mut made: Vec<(Source, Result<Value, String>, bool)> = Vec::new();
    let (mut deferred, mut known, mut configured) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..DOCUMENTS {
        let with_principals = random.chance(50);
        let (source, change, expressions) = source(&mut random, at, with_principals, &made);
        let document = document(&source);
        let consumer = CONSUMERS[usize::from(with_principals)];
        let policy = |after: Value, unknown: Value| {
            json!({"address": format!("{consumer}.c{at}"), "mode": "managed", "type": consumer, "name": format!("c{at}"),
                "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown}})
        };
        deferred.push(
            json!({"address": format!("data.aws_iam_policy_document.d{at}"), "mode": "data",
            "type": "aws_iam_policy_document", "name": format!("d{at}"), "change": change}),
        );
        deferred.push(policy(json!({"name": "n"}), json!({"policy": true})));
        let text = document
            .as_ref()
            .map(Value::to_string)
            .unwrap_or_else(|_| "{".to_owned());
        known.push(policy(json!({"name": "n", "policy": text}), json!({})));
        configured.push(
            json!({"mode": "data", "type": "aws_iam_policy_document", "name": format!("d{at}"),
            "expressions": expressions}),
        );
        let reference = format!("data.aws_iam_policy_document.d{at}");
        configured.push(
            json!({"mode": "managed", "type": consumer, "name": format!("c{at}"), "expressions":
            {"policy": {"references": [format!("{reference}.json"), reference]}}}),
        );
        made.push((source, document, with_principals));
    }
    let plan = |changes: &[Value]| {
        json!({"format_version": "1.2", "resource_changes": changes,
            "configuration": {"root_module": {"resources": configured}}})
    };
    let folder = scratch("rebuilt-differential");
    let extracted = |name: &str, plan: Value| {
        fs::write(folder.join(name), plan.to_string()).unwrap();
        run(&folder, &["extract", name]).json()
    };
    let rebuilt = extracted("deferred.json", plan(&deferred));
    let expected = extracted("known.json", plan(&known));
    let (mut same, mut refused) = (0, 0);
    for (at, (_, document, with_principals)) in made.iter().enumerate() {
        let address = format!("{}.c{at}", CONSUMERS[usize::from(*with_principals)]);
        let seen = find(&rebuilt["policies"], &address).map(|policy| itself(&policy["document"]));
        let wanted = find(&expected["policies"], &address).filter(|policy| !policy["document"].is_null());
        let wanted = wanted
            .filter(|_| document.is_ok())
            .map(|policy| sorted(&policy["document"]));
        assert_eq!(seen, wanted, "{address}: {document:?}\n{}", deferred[2 * at]);
        match seen {
            Some(_) => same += 1,
            None => {
                assert!(find(&rebuilt["gaps"], &address).is_some(), "{address} is nowhere");
                refused += 1;
            }
        }
    }
    // The generator makes both in numbers.
    assert!(
        same > DOCUMENTS / 3 && refused > DOCUMENTS / 20,
        "{same} same, {refused} refused"
    );
    eprintln!("{same} rebuilt as the provider makes them, {refused} refused");
}

fn find<'v>(list: &'v Value, address: &str) -> Option<&'v Value> {
    list.as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["address"] == address)
}

/// The document that it is if the policy is that of the data source itself.
fn itself(document: &Value) -> Value {
    let mut document = document.clone();
    let statements = document["Statement"].as_array_mut().unwrap();
    for effect in ["Deny", "Allow"] {
        let last = statements.pop().unwrap();
        assert_eq!(
            (&last["Effect"], &last["Action"]),
            (&json!(effect), &json!(["*"]))
        );
    }
    sorted(&document)
}

/// The order within elements says nothing.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sort = |(name, member): (&String, &Value)| {
                let mut member = sorted(member);
                if name != "Statement"
                    && let Value::Array(items) = &mut member
                {
                    items.sort_by_key(Value::to_string);
                }
                (name.clone(), member)
            };
            Value::Object(members.iter().map(sort).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn pick<T: Clone>(random: &mut Random, items: &[T]) -> T {
    items[random.below(items.len())].clone()
}

const SIDS: [&str; 5] = ["", "", "A", "B", "C"];
const ACTIONS: [&str; 5] = ["s3:GetObject", "s3:*", "*", "iam:PassRole", "sqs:SendMessage"];
const RESOURCES: [&str; 5] = [
    "*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::&{aws:username}/*",
    "arn:aws:s3:::b",
    "arn:aws:sqs:*:*:q",
];
const PRINCIPALS: [(&str, &str); 5] = [
    ("*", "*"),
    ("AWS", "*"),
    ("AWS", "111122223333"),
    ("AWS", "arn:aws:iam::111122223333:role/r"),
    ("Service", "s3.amazonaws.com"),
];
const CONDITIONS: [(&str, &str, &str); 5] = [
    ("StringEquals", "aws:PrincipalTag/t", "a"),
    ("StringEquals", "aws:PrincipalTag/t", "&{aws:username}"),
    ("StringLike", "s3:prefix", "b*"),
    ("Bool", "aws:SecureTransport", "true"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::a"),
];
const VERSIONS: [Value; 4] = [Value::Null, Value::Null, Value::Null, Value::Bool(true)];

fn version(random: &mut Random) -> Value {
    match pick(random, &VERSIONS) {
        Value::Null if random.chance(80) => Value::Null,
        Value::Null => json!("2008-10-17"),
        _ => json!("2012-10-17"),
    }
}

/// Some of the texts, each once; `null`, an empty list or nothing at all where there are none.
fn set(random: &mut Random, texts: &[&str]) -> Value {
    let mut chosen: Vec<&str> = Vec::new();
    for _ in 0..=random.below(2) {
        let text = pick(random, texts);
        if !chosen.contains(&text) {
            chosen.push(text);
        }
    }
    json!(chosen)
}

fn block(random: &mut Random, with_principals: bool) -> Value {
    let mut block = json!({"sid": pick(random, &SIDS), "effect": pick(random, &[json!(null), json!("Allow"), json!("Deny")]),
        "not_principals": [], "principals": [], "condition": []});
    let (action, other) = if random.chance(80) {
        ("actions", "not_actions")
    } else {
        ("not_actions", "actions")
    };
    block[action] = set(random, &ACTIONS);
    block[other] = pick(random, &[json!(null), json!([])]);
    let (resource, other) = if random.chance(85) {
        ("resources", "not_resources")
    } else {
        ("not_resources", "resources")
    };
    block[resource] = set(random, &RESOURCES);
    block[other] = json!(null);
    if random.chance(3) {
        block["not_actions"] = json!(["s3:*"]);
        block["actions"] = json!(["s3:*"]);
    }
    if with_principals {
        let mut principals: Vec<Value> = Vec::new();
        for _ in 0..=random.below(3) {
            let (kind, identifier) = pick(random, &PRINCIPALS);
            let identifiers = if random.chance(20) && kind == "AWS" {
                json!([identifier, "999999999999"])
            } else {
                json!([identifier])
            };
            let principal = json!({"type": kind, "identifiers": identifiers});
            if !principals.contains(&principal) {
                principals.push(principal);
            }
        }
        let name = if random.chance(90) {
            "principals"
        } else {
            "not_principals"
        };
        block[name] = json!(principals);
    }
    let mut conditions: Vec<Value> = Vec::new();
    for _ in 0..random.below(4) {
        let (test, variable, value) = pick(random, &CONDITIONS);
        let values = if random.chance(25) {
            json!([value, value])
        } else {
            json!([value])
        };
        let condition = json!({"test": test, "variable": variable, "values": values});
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    block["condition"] = json!(conditions);
    if random.chance(30) {
        let members = block.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
    }
    block
}

/// A document as JSON text, with what people write there.
fn text(random: &mut Random, with_principals: bool) -> Value {
    if random.chance(5) {
        return Value::Null;
    }
    let mut statements = Vec::new();
    for _ in 0..=random.below(2) {
        let mut statement = json!({"Effect": pick(random, &["Allow", "Deny"]), "Action": pick(random, &ACTIONS), "Resource": pick(random, &RESOURCES)});
        if random.chance(60) {
            statement["Sid"] = json!(pick(random, &SIDS));
        }
        if random.chance(30) {
            statement["Action"] = json!([pick(random, &ACTIONS), "s3:PutObject"]);
        }
        if with_principals {
            statement["Principal"] = pick(
                random,
                &[
                    json!("*"),
                    json!("111122223333"),
                    json!({"AWS": "*"}),
                    json!({"AWS": ["111122223333", "999999999999"], "Service": "s3.amazonaws.com"}),
                    json!({"*": "*"}),
                ],
            );
        }
        if random.chance(50) {
            statement["Condition"] = pick(
                random,
                &[
                    json!({"Bool": {"aws:SecureTransport": true}}),
                    json!({"NumericLessThan": {"s3:max-keys": 10}}),
                    json!({"NumericLessThan": {"s3:max-keys": 10}, "StringEquals": {"s3:prefix": ["a", "b"]}}),
                    json!({"StringEquals": {"s3:prefix": "a", "aws:PrincipalTag/t": null}}),
                ],
            );
        }
        if random.chance(5) {
            statement["Comment"] = json!("nothing");
        }
        statements.push(statement);
    }
    let mut document = json!({"Statement": statements});
    if random.chance(4) {
        document["Statement"] = document["Statement"][0].clone();
    }
    if random.chance(70) {
        document["Version"] = json!(pick(random, &["2008-10-17", "2012-10-17"]));
    }
    json!(document.to_string())
}

/// The marks that Terraform writes beside a value all of which is known.
fn marks(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(marks).collect(),
        Value::Object(members) => {
            let deep = |(name, member): (&String, &Value)| match member {
                Value::Array(_) | Value::Object(_) => Some((name.clone(), marks(member))),
                _ => None,
            };
            Value::Object(members.iter().filter_map(deep).collect())
        }
        _ => json!(false),
    }
}

/// A data source, what a plan says of its change, and its configuration. What it merges are texts, or earlier documents.
fn source(
    random: &mut Random,
    at: usize,
    with_principals: bool,
    made: &[(Source, Result<Value, String>, bool)],
) -> (Source, Value, Value) {
    let mut blocks = Vec::new();
    for _ in 0..random.below(4) {
        blocks.push(block(random, with_principals));
    }
    let mut arguments = Map::new();
    arguments.insert("statement".to_owned(), json!(blocks));
    arguments.insert("version".to_owned(), version(random));
    arguments.insert("policy_id".to_owned(), pick(random, &[json!(null), json!("id")]));
    let mut after = arguments.clone();
    let mut unknown =
        json!({"id": true, "json": true, "minified_json": true, "statement": marks(&json!(blocks))});
    let mut expressions = json!({"statement": blocks.iter().map(|_| json!({})).collect::<Vec<_>>()});
    let mut lists = [Vec::new(), Vec::new()];
    for (list, name) in lists
        .iter_mut()
        .zip(["source_policy_documents", "override_policy_documents"])
    {
        if random.chance(55) {
            after.insert(name.to_owned(), Value::Null);
            continue;
        }
        let (mut values, mut marks, mut references) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..random.below(3) {
            let earlier = random.below(at.max(1));
            let usable = made
                .get(earlier)
                .filter(|(_, document, principals)| document.is_ok() && *principals == with_principals);
            match usable {
                Some((_, document, _))
                    if random.chance(60)
                        && !references.contains(&format!("data.aws_iam_policy_document.d{earlier}")) =>
                {
                    list.push(json!(document.as_ref().unwrap().to_string()));
                    values.push(Value::Null);
                    marks.push(json!(true));
                    references.extend([
                        format!("data.aws_iam_policy_document.d{earlier}.json"),
                        format!("data.aws_iam_policy_document.d{earlier}"),
                    ]);
                }
                _ => {
                    let text = text(random, with_principals);
                    list.push(text.clone());
                    values.push(text);
                    marks.push(json!(false));
                }
            }
        }
        after.insert(name.to_owned(), json!(values));
        unknown[name] = json!(marks);
        expressions[name] = if references.is_empty() {
            json!({})
        } else {
            json!({"references": references})
        };
    }
    let change = json!({"actions": ["read"], "before": null, "after": after, "after_unknown": unknown});
    let [sources, overrides] = lists;
    (
        Source {
            arguments,
            sources,
            overrides,
        },
        change,
        expressions,
    )
}
