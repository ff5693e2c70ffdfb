//! Random data sources of which a part is known only after apply, with their code: what is proved of them holds of the
//! documents that they turn out to be, and what fails fails there too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Map, Value, json};

use crate::differential::Random;
use crate::run::{run, scratch, text};

use super::plan::{Plan, references};
use super::provider::{Source, document};

const DOCUMENTS: usize = 300;

const STANDARDS: &str = "version: 1\nstandards:
  - {id: get-a, check: access-not-granted, actions: [\"s3:GetObject\"], resources: [\"arn:aws:s3:::a/*\"]}
  - {id: get, check: access-not-granted, actions: [\"s3:GetObject\"]}
  - {id: put, check: access-not-granted, actions: [\"s3:PutObject\"], resources: [\"arn:aws:s3:::c/*\"]}
  - {id: public, check: no-public-access}
  - {id: denied, check: access-denied, actions: [\"s3:PutObject\"], resources: [\"arn:aws:s3:::a/*\"]}\n";

/// What is unknown, and what it turns out to be: two of them are the same bucket.
const BUCKETS: [(&str, &str); 3] = [
    ("aws_s3_bucket.b0.arn", "arn:aws:s3:::a"),
    ("aws_s3_bucket.b1.arn", "arn:aws:s3:::b"),
    ("aws_s3_bucket.b2.arn", "arn:aws:s3:::a"),
];
const ROLES: [(&str, &str); 2] = [
    ("aws_iam_role.r0.arn", "arn:aws:iam::111122223333:role/r"),
    ("aws_iam_role.r1.arn", "*"),
];

/// One element of a list: how the code writes it, what the plan knows of it, what it is.
struct Element {
    code: String,
    plan: Value,
    is: String,
    refers: Option<&'static str>,
}

fn known(text: &str) -> Element {
    Element {
        code: format!("\"{text}\""),
        plan: json!(text),
        is: text.to_owned(),
        refers: None,
    }
}

fn open((reference, value): (&'static str, &str), suffix: &str) -> Element {
    Element {
        code: match suffix {
            "" => reference.to_owned(),
            suffix => format!("\"${{{reference}}}{suffix}\""),
        },
        plan: Value::Null,
        is: format!("{value}{suffix}"),
        refers: Some(reference),
    }
}

fn resource(random: &mut Random) -> Element {
    match random.below(10) {
        0 => known("*"),
        1 => known("arn:aws:s3:::a/*"),
        2 => known("arn:aws:s3:::c/*"),
        3 => open(BUCKETS[random.below(3)], ""),
        _ => open(BUCKETS[random.below(3)], "/*"),
    }
}

/// A list as code, in the plan, as marks, as it is, and what it refers to.
struct List {
    code: String,
    plan: Value,
    marks: Value,
    is: Value,
    refers: Value,
}

fn list(elements: Vec<Element>) -> List {
    let mut seen: Vec<String> = Vec::new();
    let elements: Vec<Element> = elements
        .into_iter()
        .filter(|element| {
            !seen.contains(&element.code) && {
                seen.push(element.code.clone());
                true
            }
        })
        .collect();
    let join: Vec<&str> = elements.iter().map(|element| element.code.as_str()).collect();
    let refers: Vec<&str> = elements.iter().filter_map(|element| element.refers).collect();
    let mut is: Vec<&String> = Vec::new();
    for element in &elements {
        if !is.contains(&&element.is) {
            is.push(&element.is);
        }
    }
    List {
        code: format!("[{}]", join.join(", ")),
        plan: elements.iter().map(|element| element.plan.clone()).collect(),
        marks: elements
            .iter()
            .map(|element| json!(element.plan.is_null()))
            .collect(),
        is: json!(is),
        refers: if refers.is_empty() {
            json!({})
        } else {
            references(&refers)
        },
    }
}

#[test]
fn what_is_said_of_unknown_values_holds_of_all() {
    let mut random = Random(0xfeed_2027);
    let mut plan = Plan::default();
    let mut code = String::new();
    let mut real = Vec::new();
    for (address, _) in BUCKETS.iter().chain(&ROLES) {
        let address = address.trim_end_matches(".arn");
        let (kind, name) = address.split_once('.').unwrap();
        writeln!(code, "resource \"{kind}\" \"{name}\" {{\n}}").unwrap();
        let after = match kind {
            "aws_iam_role" => {
                json!({"assume_role_policy": json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}).to_string()})
            }
            _ => json!({}),
        };
        let change =
            json!({"actions": ["create"], "before": null, "after": after, "after_unknown": {"arn": true}});
        plan = plan.change(address, change, json!({}));
    }
    for at in 0..DOCUMENTS {
        let with_principals = random.chance(50);
        let consumer = if with_principals {
            "aws_sqs_queue_policy"
        } else {
            "aws_iam_policy"
        };
        let (mut blocks, mut marks, mut configured, mut is) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        writeln!(code, "data \"aws_iam_policy_document\" \"d{at}\" {{").unwrap();
        for _ in 0..=random.below(3) {
            let effect = if random.chance(60) { "Allow" } else { "Deny" };
            let action = ["s3:GetObject", "s3:*", "s3:PutObject"][random.below(3)];
            let name = if random.chance(90) {
                "resources"
            } else {
                "not_resources"
            };
            let resources = list((0..=random.below(2)).map(|_| resource(&mut random)).collect());
            let mut block = json!({"effect": effect, "actions": [action], name: resources.plan});
            let mut mark = json!({name: resources.marks});
            let mut expressions = json!({name: resources.refers});
            let mut own = json!({"effect": effect, "actions": [action], name: resources.is});
            writeln!(
                code,
                "  statement {{\n    effect = \"{effect}\"\n    actions = [\"{action}\"]\n    {name} = {}",
                resources.code
            )
            .unwrap();
            if with_principals {
                let element = match random.below(4) {
                    0 => known("*"),
                    1 => known("arn:aws:iam::111122223333:role/r"),
                    _ => open(ROLES[random.below(2)], ""),
                };
                let who = list(vec![element]);
                block["principals"] = json!([{"type": "AWS", "identifiers": who.plan}]);
                mark["principals"] = json!([{"identifiers": who.marks}]);
                expressions["principals"] = json!([{"identifiers": who.refers}]);
                own["principals"] = json!([{"type": "AWS", "identifiers": who.is}]);
                writeln!(
                    code,
                    "    principals {{\n      type = \"AWS\"\n      identifiers = {}\n    }}",
                    who.code
                )
                .unwrap();
            }
            if random.chance(25) {
                let element = if random.chance(30) {
                    known("arn:aws:s3:::a")
                } else {
                    open(BUCKETS[random.below(3)], "")
                };
                let values = list(vec![element]);
                let condition = |values: &Value| json!([{"test": "ArnEquals", "variable": "aws:SourceArn", "values": values}]);
                block["condition"] = condition(&values.plan);
                mark["condition"] = json!([{"values": values.marks}]);
                expressions["condition"] = json!([{"values": values.refers}]);
                own["condition"] = condition(&values.is);
                writeln!(code, "    condition {{\n      test = \"ArnEquals\"\n      variable = \"aws:SourceArn\"\n      values = {}\n    }}", values.code).unwrap();
            }
            writeln!(code, "  }}").unwrap();
            blocks.push(block);
            marks.push(mark);
            configured.push(expressions);
            is.push(own);
        }
        let reference = format!("data.aws_iam_policy_document.d{at}");
        writeln!(
            code,
            "}}\nresource \"{consumer}\" \"c{at}\" {{\n  policy = {reference}.json\n}}"
        )
        .unwrap();
        plan = plan
            .document(
                &reference,
                json!({"statement": blocks}),
                json!({"statement": marks}),
                json!({"statement": configured}),
            )
            .policy(&format!("{consumer}.c{at}"), &[&format!("{reference}.json")]);
        let arguments = Map::from_iter([("statement".to_owned(), json!(is))]);
        let source = Source {
            arguments,
            sources: Vec::new(),
            overrides: Vec::new(),
        };
        real.push((format!("{consumer}.c{at}"), document(&source).unwrap()));
    }
    let folder = scratch("rebuilt-unknown");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/main.tf"), code).unwrap();
    fs::write(folder.join("keyaki.yaml"), STANDARDS).unwrap();
    fs::write(folder.join("deferred.json"), plan.json().to_string()).unwrap();
    let mut known = plan.json();
    for entry in known["resource_changes"].as_array_mut().unwrap() {
        if let Some((_, document)) = real.iter().find(|(address, _)| entry["address"] == *address) {
            entry["change"]["after"]["policy"] = json!(document.to_string());
            entry["change"]["after_unknown"] = json!({});
        }
    }
    fs::write(folder.join("known.json"), known.to_string()).unwrap();
    let verdicts = |file: &str| -> BTreeMap<(String, String), String> {
        let report = run(&folder, &["check", "--source", "src", "--format", "json", file]).json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let place = (
                    text(finding, "address").to_owned(),
                    text(finding, "standard").to_owned(),
                );
                (place, text(finding, "verdict").to_owned())
            })
            .collect()
    };
    let (unknown, known) = (verdicts("deferred.json"), verdicts("known.json"));
    let mut count: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (address, document) in &real {
        for standard in ["get-a", "get", "put", "public", "denied"] {
            let place = (address.clone(), standard.to_owned());
            let of = |verdicts: &'_ BTreeMap<(String, String), String>| match verdicts
                .get(&place)
                .map(String::as_str)
            {
                None => "PASS",
                Some("FAIL") => "FAIL",
                Some("UNDECIDED") => "UNDECIDED",
                Some(other) => panic!("{place:?}: {other}"),
            };
            let (before, after) = (of(&unknown), of(&known));
            assert!(
                before == "UNDECIDED" || before == after,
                "{place:?}: {before}, but {after}: {document}"
            );
            *count.entry((before, after)).or_default() += 1;
        }
    }
    eprintln!("{count:?}");
    for pair in [
        ("PASS", "PASS"),
        ("FAIL", "FAIL"),
        ("UNDECIDED", "PASS"),
        ("UNDECIDED", "FAIL"),
    ] {
        assert!(
            count.get(&pair).is_some_and(|count| *count >= 20),
            "{pair:?}: {count:?}"
        );
    }
}
