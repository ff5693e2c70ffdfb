//! What AWS's CloudFormation validator extracts of templates, with its own tests as cases: the same documents are found
//! here, of the same principals. Where a document of ours has a hole, theirs may have any text.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::data::shared;
use crate::run::{run, scratch, text};

/// Cases that differ, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "test_returns_a_dashboard_resource_with_references_resolved",
        MAY_BE_A_LIST,
    ),
    (
        "test_returns_an_event_ds_resource_with_references_resolved",
        MAY_BE_A_LIST,
    ),
    (
        "WhenParsingACodeArtifactDomainPolicyWithReferencesInEachField.test_returns_a_resource_with_references_resolved",
        MAY_BE_A_LIST,
    ),
    (
        "test_has_organization_id",
        "the template of the case lacks the property that the answer is made of",
    ),
    (
        "WhenParsingASecretsManagerPolicyWithReferencesInEachField.test_returns_a_resource_with_references_resolved",
        "the ARN of a secret ends in characters that the service chooses, which the validator leaves out",
    ),
    ("test_returns_permission_set_with_attached_policies", STUBBED),
    ("test_returns_role_with_attached_policies", STUBBED),
];

const MAY_BE_A_LIST: &str =
    "an attribute that is not known to be a text makes the statement depend on it as a whole";
const STUBBED: &str = "the documents of AWS managed policies are made up in the case; ours are those of AWS";

/// Refused cases of which nothing has to be told: the names of things are of another type, a property that names what a
/// document is for is missing or wrong, a property is missing that need not be there.
const QUIET: &[&str] = &[
    "raises_an_error", // The URL of a queue.
    "with_invalid_backup_vault_name_type",
    "with_invalid_domain_name_type",
    "with_invalid_group_name_type",
    "with_invalid_name_type",
    "with_invalid_path_type",
    "with_invalid_queues_item_type",
    "with_invalid_queues_type",
    "with_invalid_resource_arn_type",
    "with_invalid_role_name",
    "with_invalid_secret_id_type",
    "with_invalid_topics_item_type",
    "with_invalid_vpc_configuration_type",
    "with_no_key_policy",
    "with_no_name",
    "with_no_policy",
    "with_no_policy_document",
    "with_no_properties",
    "with_no_queues",
    "with_no_resource_arn",
    "with_no_resource_policy",
    "with_no_secret_id",
    "with_no_table_bucket_arn",
];

/// What a principal has: its type, its documents, its trust policy.
#[derive(Debug)]
struct Principal {
    kind: String,
    documents: Vec<Value>,
    trust: Vec<Value>,
}

#[derive(Debug, Default)]
struct Told {
    principals: Vec<Principal>,
    /// Documents of resources, and of policies that no principal of the template has.
    others: Vec<Value>,
}

#[test]
fn what_the_validator_extracts_is_found() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("conformance/cfn_parse");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let scratch = scratch("parsed");
    let (mut compared, mut wrong) = (0, Vec::new());
    for name in &names {
        let case: Value = serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap();
        let Some(expected) = case.get("expected") else {
            continue;
        };
        compared += 1;
        let found = found(&scratch, &case);
        let expected = expected_of(&scratch, expected);
        let difference = difference(&expected, &found);
        let short = name.trim_end_matches(".json");
        match (
            EXCEPTIONS.iter().find(|(known, _)| short.ends_with(known)),
            difference,
        ) {
            (None, Some(difference)) => wrong.push(format!("{short}: {difference}")),
            (Some((_, reason)), None) => wrong.push(format!("{short}: no exception any more: {reason}")),
            _ => {}
        }
    }
    assert!(compared >= 84, "{compared} cases");
    for (known, _) in EXCEPTIONS {
        assert!(
            names
                .iter()
                .any(|name| name.trim_end_matches(".json").ends_with(known)),
            "{known}"
        );
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What the validator gives up on as a whole is told where it stands, and no more than that is lost.
#[test]
fn what_the_validator_refuses_is_told() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("conformance/cfn_parse");
    let scratch = scratch("refused");
    let (mut refused, mut quiet) = (0, Vec::new());
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        if case.get("expected_error").is_none() {
            continue;
        }
        refused += 1;
        let report = extract(&scratch, &case["template"], Some(&case));
        let list = |key: &str| report[key].as_array().map_or(0, Vec::len);
        let invalid = report["policies"]
            .as_array()
            .unwrap()
            .iter()
            .any(|policy| policy["document"].is_null());
        if list("gaps") == 0 && list("errors") == 0 && !invalid {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            quiet.push(name.rsplit_once(".test_").unwrap().1.to_owned());
        }
    }
    assert!(refused >= 92, "{refused} cases");
    // What is wrong with those has no bearing on what their policies allow.
    quiet.sort();
    quiet.dedup();
    assert_eq!(quiet, QUIET);
}

fn extract(folder: &Path, template: &Value, case: Option<&Value>) -> Value {
    fs::write(folder.join("t.json"), template.to_string()).unwrap();
    let mut arguments = vec!["extract".to_owned(), "t.json".to_owned()];
    if let Some(case) = case {
        for name in ["account", "region", "partition"] {
            arguments.push(format!("--{name}"));
            arguments.push(text(&case["account_config"], name).to_owned());
        }
        for (name, value) in case["parameters"].as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            arguments.extend(["--parameters".to_owned(), format!("{name}={value}")]);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = run(folder, &arguments);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{template:#}", ran.stderr))
}

/// What is found in a template. The parameters of the cases have no `Type`, which CloudFormation asks for.
fn found(folder: &Path, case: &Value) -> Told {
    let mut template = case["template"].clone();
    for (_, parameter) in template["Parameters"].as_object_mut().into_iter().flatten() {
        if parameter.get("Type").is_none() {
            parameter["Type"] = json!("String");
        }
    }
    let report = extract(folder, &template, Some(case));
    let policies = report["policies"].as_array().unwrap();
    let document = |address: &Value| {
        let mut same = policies.iter().filter(|policy| policy["address"] == *address);
        same.next().map(|policy| match &policy["document"] {
            Value::Null => json!({"invalid": policy["error"]}),
            document => document.clone(),
        })
    };
    let principals = report["principals"].as_array().unwrap().iter();
    let addresses: Vec<&Value> = principals
        .clone()
        .map(|principal| &principal["address"])
        .collect();
    let is_of_identity = case["kind"] == "identity";
    // The validator's parser of resources passes identities over, and the other way around.
    let told = principals.filter(|_| is_of_identity).map(|principal| Principal {
        kind: text(principal, "type").to_owned(),
        documents: principal["policies"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(document)
            .collect(),
        trust: document(&principal["trust"]).into_iter().collect(),
    });
    let others = policies.iter().filter(|policy| {
        let holders = policy["attachedTo"].as_array().unwrap();
        let of_kind = (policy["kind"] == "identity") == is_of_identity;
        of_kind && !holders.iter().any(|holder| addresses.contains(&holder))
    });
    let documents: Vec<Value> = others.map(|policy| policy["document"].clone()).collect();
    Told {
        principals: told.collect(),
        others: statements(&documents),
    }
}

/// The statements of documents, each once: the validator puts permissions together that are for the same function, and
/// has one document as often as it names queues or topics.
fn statements(documents: &[Value]) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for document in documents {
        for statement in document["Statement"].as_array().into_iter().flatten() {
            let mut statement = statement.clone();
            if statement["Principal"] == json!({"AWS": ["*"]}) {
                statement["Principal"] = json!("*");
            }
            let told = json!({"Version": document["Version"], "Statement": statement});
            if !found.contains(&told) {
                found.push(told);
            }
        }
    }
    found
}

/// What the validator finds, its documents spelt as ours are.
fn expected_of(folder: &Path, expected: &Value) -> Told {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let documents = |policies: &Value, kind: &str| -> Vec<Value> {
        let documents = list(policies);
        let documents = documents.iter().map(|policy| &policy["Policy"]);
        // An access control list is in the answer without a document.
        documents
            .filter(|document| !document.is_null())
            .map(|document| spelt(folder, document, kind))
            .collect()
    };
    let mut told = Told::default();
    for (key, kind) in [
        ("Roles", "role"),
        ("Users", "user"),
        ("Groups", "group"),
        ("PermissionSets", "permission-set"),
    ] {
        for principal in list(&expected[key]) {
            let trust = principal
                .get("TrustPolicy")
                .map(|trust| spelt(folder, trust, "trust"));
            told.principals.push(Principal {
                kind: kind.to_owned(),
                documents: documents(&principal["Policies"], "identity"),
                trust: trust.into_iter().collect(),
            });
        }
    }
    let resources: Vec<Value> = list(&expected["Resources"])
        .into_iter()
        .map(|resource| resource["Policy"].clone())
        .collect();
    let mut others = documents(&expected["OrphanedPolicies"], "identity");
    others.extend(documents(&Value::Array(resources), "resource"));
    told.others = statements(&others);
    told
}

/// A document as `keyaki extract` spells it.
fn spelt(folder: &Path, document: &Value, kind: &str) -> Value {
    let resource = match kind {
        "resource" => json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": document}}),
        "trust" => json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}),
        _ => json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}),
    };
    let report = extract(folder, &json!({"Resources": {"P": resource}}), None);
    match &report["policies"][0]["document"] {
        // One that is not valid is compared as it is.
        Value::Null => json!({"invalid": report["policies"][0]["error"]}),
        spelt => spelt.clone(),
    }
}

fn difference(expected: &Told, found: &Told) -> Option<String> {
    let mut left: Vec<&Principal> = found.principals.iter().collect();
    for principal in &expected.principals {
        let same = |other: &&Principal| {
            other.kind == principal.kind
                && all_fit(&principal.documents, &other.documents)
                && all_fit(&principal.trust, &other.trust)
        };
        match left.iter().position(same) {
            Some(at) => {
                left.remove(at);
            }
            None => return Some(format!("no {principal:?} in {:?}", found.principals)),
        }
    }
    if !left.is_empty() {
        return Some(format!("theirs has no {left:?}"));
    }
    (!all_fit(&expected.others, &found.others)).then(|| {
        format!(
            "resources:\n    {}\n    {}",
            json!(expected.others),
            json!(found.others)
        )
    })
}

/// Whether the documents are the same in any order.
fn all_fit(expected: &[Value], found: &[Value]) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    let all = expected.iter().all(|document| {
        let at = left.iter().position(|other| fits(document, other));
        at.map(|at| left.remove(at)).is_some()
    });
    all && left.is_empty()
}

/// Whether a value is one of ours, holes aside.
fn fits(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(expected), Value::String(found)) => text_fits(expected, found),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(one, other)| fits(one, other))
        }
        (Value::Object(expected), Value::Object(found)) => {
            let same = |key: &String| found.get(key).is_some_and(|other| fits(&expected[key], other));
            expected.len() == found.len() && expected.keys().all(same)
        }
        _ => expected == found,
    }
}

/// A text with holes is any text with the same parts around them.
fn text_fits(expected: &str, found: &str) -> bool {
    let mut parts = found.split("{{hole:");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = expected.strip_prefix(first) else {
        return false;
    };
    let mut ends_with_hole = false;
    for part in parts {
        let after = part.split_once("}}").map_or("", |(_, after)| after);
        ends_with_hole = after.is_empty();
        match rest.find(after) {
            Some(at) => rest = &rest[at + after.len()..],
            None => return false,
        }
    }
    rest.is_empty() || ends_with_hole
}
