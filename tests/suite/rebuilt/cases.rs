//! What is rebuilt and what is not, one plan a case: a document, holes at their places, or the reason.

use std::fs;

use serde_json::{Value, json};

use crate::run::{run, scratch, text};

use super::plan::{Plan, references};

const DOC: &str = "data.aws_iam_policy_document.d.json";

fn block(sid: &str, effect: &str, actions: &[&str], resources: Value) -> Value {
    json!({"sid": sid, "effect": effect, "actions": actions, "not_actions": null, "resources": resources,
        "not_resources": null, "principals": [], "not_principals": [], "condition": []})
}

fn allow(resources: Value) -> Value {
    let mut block = block("", "Allow", &["s3:GetObject"], resources);
    block["sid"] = Value::Null;
    block["effect"] = Value::Null;
    block
}

/// What was found, a line an address: statements in brief, or why there are none.
fn found(name: &str, plan: &Value) -> Vec<String> {
    let folder = scratch(&format!("rebuilt-{name}"));
    fs::write(folder.join("plan.json"), plan.to_string()).unwrap();
    let report = run(&folder, &["extract", "plan.json"]).json();
    lines(&report)
}

/// The lines of an extraction.
pub fn lines(report: &Value) -> Vec<String> {
    let policies = report["policies"].as_array().unwrap().iter().map(|policy| {
        let mut statements = policy["document"]["Statement"].as_array().unwrap().clone();
        let from = policy["rebuiltFrom"].as_str().unwrap_or("-");
        let maybe = if policy.get("guards").is_some() {
            statements.truncate(statements.len() - 2);
            "?"
        } else {
            ""
        };
        let told: Vec<String> = statements.iter().map(brief).collect();
        format!("{}{maybe} < {from}: {}", text(policy, "address"), told.join("; "))
    });
    let gaps = report["gaps"].as_array().unwrap().iter();
    let gaps = gaps.map(|gap| {
        let reason = text(gap, "reason").trim_start_matches("not known before it is deployed: depends on ");
        format!("{}: {reason}", text(gap, "address"))
    });
    policies.chain(gaps).collect()
}

/// `Allow s3:getobject on *`, with its other elements as JSON.
fn brief(statement: &Value) -> String {
    let mut rest = statement.as_object().unwrap().clone();
    let mut take = |key: &str| rest.remove(key);
    let effect = take("Effect").unwrap();
    let list = |value: Option<Value>| {
        let items = value.iter().flat_map(|value| value.as_array().unwrap());
        items
            .map(|item| item.as_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (actions, resources) = (list(take("Action")), list(take("Resource")));
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(" {}", Value::Object(rest))
    };
    format!("{} {actions} on {resources}{more}", effect.as_str().unwrap())
}

fn check(name: &str, plan: &Plan, expected: &[&str]) {
    assert_eq!(found(name, &plan.json()), expected, "{name}");
}

#[test]
fn holes_stand_where_the_values_are_unknown() {
    let blocks = [allow(json!([null, "arn:aws:s3:::known"]))];
    let marks = json!([{"actions": [false], "resources": [true, false]}]);
    let expressions = json!({"statement": [{"resources": references(&["aws_s3_bucket.b.arn"])}]});
    let plan = Plan::default()
        .document(
            "data.aws_iam_policy_document.d",
            json!({"statement": blocks}),
            json!({"statement": marks}),
            expressions,
        )
        .policy("aws_iam_policy.p", &[DOC]);
    let hole = "{{hole:aws_s3_bucket.b.arn at data.aws_iam_policy_document.d.statement[0].resources[0]}}";
    let expected = format!(
        "aws_iam_policy.p? < data.aws_iam_policy_document.d: Allow s3:getobject on arn:aws:s3:::known {hole}"
    );
    check("holes", &plan, &[&expected]);
}

/// A list that is unknown as a whole may hold anything: the statement holds or not.
#[test]
fn unknown_sets_guard_their_statement() {
    let mut known = block("Known", "Deny", &["s3:*"], json!(["*"]));
    known["effect"] = json!("Deny");
    for (attribute, mark) in [
        ("resources", json!(true)),
        ("actions", json!(true)),
        ("condition", json!(true)),
    ] {
        let mut open = allow(json!(["arn:aws:s3:::a"]));
        open[attribute] = Value::Null;
        let marks = json!([{attribute: mark}, {}]);
        let plan = Plan::default()
            .statements("data.aws_iam_policy_document.d", &[open, known.clone()], marks)
            .policy("aws_iam_policy.p", &[DOC]);
        let folder = scratch(&format!("rebuilt-sets-{attribute}"));
        fs::write(folder.join("plan.json"), plan.json().to_string()).unwrap();
        let report = run(&folder, &["extract", "plan.json"]).json();
        let guards = report["policies"][0]["guards"].as_array().unwrap();
        let first = guards[0].to_string();
        let name = format!("data.aws_iam_policy_document.d.statement[0].{attribute}");
        assert!(first.contains(&name), "{attribute}: {first}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    let one = || allow(json!(["*"]));
    let document = |after: Value, unknown: Value, expressions: Value| {
        Plan::default()
            .document("data.aws_iam_policy_document.d", after, unknown, expressions)
            .policy("aws_iam_policy.p", &[DOC])
    };
    let sid = |sid: &str| block(sid, "Allow", &["s3:*"], json!(["*"]));
    let own = "data.aws_iam_policy_document.d";
    for (name, plan, expected) in [
        (
            "dynamic",
            document(json!({}), json!({"statement": true}), json!({})),
            "has a `statement` that is known only after apply",
        ),
        (
            "block",
            document(
                json!({"statement": [null]}),
                json!({"statement": [true]}),
                json!({}),
            ),
            "has a `statement[0]` that is known only after apply",
        ),
        (
            "version",
            document(json!({"statement": [one()]}), json!({"version": true}), json!({})),
            "has a `version` that is known only after apply",
        ),
        (
            "sources",
            document(
                json!({"statement": [one()]}),
                json!({"source_policy_documents": true}),
                json!({}),
            ),
            "has a `source_policy_documents` that is known only after apply",
        ),
        (
            "override",
            document(
                json!({"statement": [one()], "override_policy_documents": [null]}),
                json!({"override_policy_documents": [true]}),
                json!({"override_policy_documents": references(&["local.other"])}),
            ),
            "has a `override_policy_documents` that is known only after apply",
        ),
        (
            "sid",
            document(
                json!({"statement": [one()], "source_policy_documents": ["{\"Statement\": []}"]}),
                json!({"statement": [{"sid": true}]}),
                json!({}),
            ),
            "has an unknown `sid` and merges other documents",
        ),
        (
            "twice",
            document(json!({"statement": [sid("A"), sid("A")]}), json!({}), json!({})),
            "has two statements with the same `sid`, which the provider refuses",
        ),
        (
            "later",
            document(
                json!({"statement": [one()], "max_policy_size": 6144}),
                json!({}),
                json!({}),
            ),
            "has an attribute that is not understood",
        ),
        (
            "nested",
            document(
                json!({"statement": [{"actions": ["s3:*"], "resources": ["*"], "unless": "x"}]}),
                json!({}),
                json!({}),
            ),
            "has an attribute in `statement[0]` that is not understood",
        ),
        (
            "null",
            document(json!({"statement": [allow(json!([null]))]}), json!({}), json!({})),
            "has a `null` in a list in `statement[0]`",
        ),
        (
            "shape",
            document(json!({"statement": [allow(json!("*"))]}), json!({}), json!({})),
            "has an unexpected shape in `statement[0]`",
        ),
        (
            "text",
            document(
                json!({"statement": [one()], "source_policy_documents": ["{"]}),
                json!({}),
                json!({}),
            ),
            "merges a document that is no JSON that can be read",
        ),
        (
            "single",
            document(
                json!({"statement": [one()], "override_policy_documents": ["{\"Statement\": {\"Effect\": \"Deny\"}}"]}),
                json!({}),
                json!({}),
            ),
            "merges a document that has a `Statement` that is no list, which the provider refuses",
        ),
    ] {
        check(
            name,
            &plan,
            &[&format!("aws_iam_policy.p: {own}, which {expected}")],
        );
    }
}

/// What is referred to beside the document, and what leads elsewhere, is as unknown as before.
#[test]
fn what_leads_elsewhere_is_a_gap() {
    for (name, referred, expected) in [
        (
            "two",
            &[DOC, "aws_s3_bucket.b.arn"][..],
            "data.aws_iam_policy_document.d.json, aws_s3_bucket.b.arn",
        ),
        ("local", &["local.document"], "local.document"),
        ("variable", &["var.document"], "var.document"),
        (
            "other",
            &["data.aws_iam_policy_document.e.json"],
            "data.aws_iam_policy_document.e.json",
        ),
        (
            "attribute",
            &["data.aws_iam_policy_document.d.id"],
            "data.aws_iam_policy_document.d.id",
        ),
    ] {
        let plan = Plan::default()
            .statements(
                "data.aws_iam_policy_document.d",
                &[allow(json!(["*"]))],
                json!([{}]),
            )
            .policy("aws_iam_policy.p", referred);
        check(name, &plan, &[&format!("aws_iam_policy.p: {expected}")]);
    }
}

/// A data source that was read while planning is none that is deferred, and what it was before says nothing.
#[test]
fn only_deferred_sources_count() {
    let mut plan = Plan::default()
        .statements(
            "data.aws_iam_policy_document.d",
            &[allow(json!(["*"]))],
            json!([{}]),
        )
        .policy("aws_iam_policy.p", &[DOC])
        .json();
    plan["resource_changes"][0]["change"]["actions"] = json!(["no-op"]);
    assert_eq!(found("read", &plan), [format!("aws_iam_policy.p: {DOC}")]);
    plan["resource_changes"][0]["change"]["actions"] = json!(["read"]);
    let again = plan["resource_changes"][0].clone();
    plan["resource_changes"].as_array_mut().unwrap().push(again);
    assert_eq!(found("told-twice", &plan), [format!("aws_iam_policy.p: {DOC}")]);
}

#[test]
fn instances_are_told_apart() {
    let only = |resource: &str| [allow(json!([format!("arn:aws:s3:::{resource}")]))];
    let source = "data.aws_iam_policy_document.d";
    let mut plan = Plan::default();
    for key in ["\"a\"", "\"b.c\""] {
        let name = key.trim_matches('"');
        plan = plan
            .statements(&format!("{source}[{key}]"), &only(name), json!([{}]))
            .policy(&format!("aws_iam_policy.each[{key}]"), &[source, "each.key"]);
    }
    plan = plan.policy("aws_iam_policy.one", &[&format!("{source}[\"b.c\"].json")]);
    plan = plan.policy("aws_iam_policy.none", &[&format!("{source}[\"x\"].json")]);
    plan = plan.policy("aws_iam_policy.all", &[source]);
    plan = plan.policy("aws_iam_policy.wrong[\"z\"]", &[source, "each.key"]);
    let of = |key: &str| format!("? < {source}[\"{key}\"]: Allow s3:getobject on arn:aws:s3:::{key}");
    let expected = [
        format!("aws_iam_policy.each[\"a\"]{}", of("a")),
        format!("aws_iam_policy.each[\"b.c\"]{}", of("b.c")),
        format!("aws_iam_policy.one{}", of("b.c")),
        format!("aws_iam_policy.none: {source}[\"x\"].json"),
        format!("aws_iam_policy.all: {source}"),
        format!("aws_iam_policy.wrong[\"z\"]: {source}, each.key"),
    ];
    assert_eq!(found("instances", &plan.json()), expected);
}

/// The single instance of `count = 1`, through a splat.
#[test]
fn one_instance_is_enough() {
    let plan = Plan::default()
        .statements(
            "data.aws_iam_policy_document.d[0]",
            &[allow(json!(["*"]))],
            json!([{}]),
        )
        .policy("aws_iam_policy.p", &["data.aws_iam_policy_document.d"])
        .policy("aws_iam_policy.q", &["data.aws_iam_policy_document.d[0].json"]);
    let expected = ["p", "q"].map(|name| {
        format!("aws_iam_policy.{name}? < data.aws_iam_policy_document.d[0]: Allow s3:getobject on *")
    });
    assert_eq!(found("one", &plan.json()), expected);
}

#[test]
fn modules_are_followed() {
    let only = |resource: &str| [allow(json!([format!("arn:aws:s3:::{resource}")]))];
    let data = "data.aws_iam_policy_document.d";
    let mut plan = Plan::default()
        .call(
            "",
            "m",
            json!({"document": references(&[DOC])}),
            json!({"out": references(&["var.document"]), "own": references(&[DOC])}),
        )
        .call(
            "m",
            "n",
            json!({"document": references(&["var.document"])}),
            json!({}),
        )
        .statements(data, &only("root"), json!([{}]));
    for key in ["0", "1"] {
        let module = format!("module.m[{key}]");
        plan = plan
            .statements(
                &format!("{module}.{data}"),
                &only(&format!("m{key}")),
                json!([{}]),
            )
            .policy(&format!("{module}.aws_iam_policy.own"), &[DOC])
            .policy(
                &format!("{module}.module.n.aws_iam_policy.deep"),
                &["var.document"],
            )
            .policy(&format!("aws_iam_policy.const{key}"), &[&format!("{module}.own")]);
    }
    plan = plan
        .policy("aws_iam_policy.round", &["module.m[0].out"])
        .policy("aws_iam_policy.lost", &["module.m", "count.index"])
        .policy("aws_iam_policy.none", &["module.m.own"]);
    let of = |address: &str, module: &str, resource: &str| {
        format!("{address}? < {module}{data}: Allow s3:getobject on arn:aws:s3:::{resource}")
    };
    let expected = [
        of("module.m[0].aws_iam_policy.own", "module.m[0].", "m0"),
        of("module.m[0].module.n.aws_iam_policy.deep", "", "root"),
        of("aws_iam_policy.const0", "module.m[0].", "m0"),
        of("module.m[1].aws_iam_policy.own", "module.m[1].", "m1"),
        of("module.m[1].module.n.aws_iam_policy.deep", "", "root"),
        of("aws_iam_policy.const1", "module.m[1].", "m1"),
        of("aws_iam_policy.round", "", "root"),
        "aws_iam_policy.lost: module.m, count.index".to_owned(),
        "aws_iam_policy.none: module.m.own".to_owned(),
    ];
    assert_eq!(found("modules", &plan.json()), expected);
}

/// A statement that another document overrides does not come back, and one that it adds is not lost.
#[test]
fn documents_are_merged_through_each_other() {
    let list = |address: &str| references(&[address]);
    let one = |sid: &str, effect: &str, resource: &str| block(sid, effect, &["s3:*"], json!([resource]));
    let data = "data.aws_iam_policy_document";
    let plan = Plan::default()
        .statements(&format!("{data}.base"), &[one("A", "Allow", "arn:aws:s3:::base"), one("B", "Allow", "arn:aws:s3:::base")], json!([{}, {}]))
        .statements(&format!("{data}.guard"), &[one("B", "Deny", "arn:aws:s3:::guard"), one("", "Deny", "arn:aws:s3:::more")], json!([{}, {}]))
        .document(
            &format!("{data}.d"),
            json!({"statement": [one("A", "Allow", "arn:aws:s3:::own")], "source_policy_documents": [null], "override_policy_documents": [null]}),
            json!({"source_policy_documents": [true], "override_policy_documents": [true]}),
            json!({"source_policy_documents": list(&format!("{data}.base.json")), "override_policy_documents": list(&format!("{data}.guard.json")),
                "statement": [{}]}),
        )
        .policy("aws_iam_policy.p", &[DOC]);
    let expected = "aws_iam_policy.p? < data.aws_iam_policy_document.d: Allow s3:* on arn:aws:s3:::own {\"Sid\":\"A\"}; \
        Deny s3:* on arn:aws:s3:::guard {\"Sid\":\"B\"}; Deny s3:* on arn:aws:s3:::more";
    check("merged", &plan, &[expected]);
}

/// Data sources that are made of each other, whichever is asked for first.
#[test]
fn circles_end() {
    let data = |name: &str| format!("data.aws_iam_policy_document.{name}");
    let of = |plan: Plan, name: &str, other: &str| {
        plan.document(
            &data(name),
            json!({"statement": [allow(json!(["*"]))], "source_policy_documents": [null]}),
            json!({"source_policy_documents": [true]}),
            json!({"source_policy_documents": references(&[&format!("{}.json", data(other))])}),
        )
        .policy(
            &format!("aws_iam_policy.{name}"),
            &[&format!("{}.json", data(name))],
        )
    };
    let mut plan = Plan::default();
    for (name, other) in [("a", "b"), ("b", "c"), ("c", "a"), ("s", "s"), ("x", "a")] {
        plan = of(plan, name, other);
    }
    for line in found("circles", &plan.json()) {
        assert!(line.ends_with("is made of itself"), "{line}");
    }
    // Variables and outputs that lead to each other.
    let plan = Plan::default()
        .call(
            "",
            "a",
            json!({"in": references(&["module.b.out"])}),
            json!({"out": references(&["var.in"])}),
        )
        .call(
            "",
            "b",
            json!({"in": references(&["module.a.out"])}),
            json!({"out": references(&["var.in"])}),
        )
        .policy("aws_iam_policy.p", &["module.a.out"]);
    check("module-circles", &plan, &["aws_iam_policy.p: module.a.out"]);
}
