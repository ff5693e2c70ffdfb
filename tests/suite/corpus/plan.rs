//! The naive reading of a plan. Counted is, for each resource that stays (an entry of `resource_changes` whose `after`
//! is not null, without deposed objects) and each row of the table for its type:
//!
//! - a document: its text, if it is not empty or must be there; one too where it will be known after apply, unless it is
//!   an attribute that providers fill in and that is not configured; one too where one that must be there is missing;
//! - each ARN of an attachment that needs a document: of an AWS managed policy, or unknown; none for a policy of the same
//!   plan, which is counted where it stands, nor for an empty text in a list;
//! - one for a permission that is no document (`aws_lambda_permission`, grants), wherever it is configured;
//! - one for each text that looks like a policy in a resource whose type the table does not have.

use serde_json::Value;

use super::{Row, is_attachment, is_document, is_other_access};

/// How many policies and gaps the plan holds.
pub fn count(plan: &Value, rows: &[Row]) -> usize {
    let staying = entries(plan).iter().filter(|entry| {
        entry["mode"] != "data" && !entry["change"]["after"].is_null() && entry.get("deposed").is_none()
    });
    let count_entry = |entry: &Value| -> usize {
        let is_fitting = |row: &&Row| !row.is_data_source && entry["type"] == row.resource_type;
        let fitting: Vec<&Row> = rows.iter().filter(is_fitting).collect();
        match fitting.is_empty() {
            true => look_alikes(&entry["change"]["after"]),
            false => fitting.into_iter().map(|row| count_row(plan, entry, row)).sum(),
        }
    };
    staying.map(count_entry).sum()
}

/// The addresses of configured policy documents that are known only after apply: `aws_iam_role.r/assume_role_policy`.
pub fn unknown(plan: &Value, rows: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries(plan).iter().filter(|entry| entry["mode"] != "data") {
        let documents: Vec<&Row> = rows
            .iter()
            .filter(|row| !row.is_data_source && entry["type"] == row.resource_type && is_document(row))
            .collect();
        for row in &documents {
            let segments: Vec<&str> = row
                .path
                .split('.')
                .map(|segment| segment.trim_end_matches("[]"))
                .collect();
            let change = &entry["change"];
            let mut leaves = Vec::new();
            walk(&change["after"], &change["after_unknown"], &segments, &mut leaves);
            let is_unknown = leaves.iter().any(|(_, unknown)| *unknown);
            if is_unknown && configured(plan, entry, segments[0]).is_some() {
                let address = entry["address"].as_str().unwrap();
                found.push(match documents.len() {
                    1 => address.to_owned(),
                    _ => format!("{address}/{}", segments[0]),
                });
            }
        }
    }
    found
}

/// A value at a path, and whether it will be known only after apply.
type Leaf<'a> = (Option<&'a Value>, bool);

fn count_row(plan: &Value, entry: &Value, row: &Row) -> usize {
    let segments: Vec<&str> = row
        .path
        .split('.')
        .map(|segment| segment.trim_end_matches("[]"))
        .collect();
    let configured = configured(plan, entry, segments[0]);
    let mut leaves = Vec::new();
    walk(
        &entry["change"]["after"],
        &entry["change"]["after_unknown"],
        &segments,
        &mut leaves,
    );
    let sum = |count: &dyn Fn(&Leaf) -> usize| leaves.iter().map(count).sum();
    if is_document(row) && is_this_language(row, entry) {
        let is_filled_in = row.notes.contains("Optional+Computed") && configured.is_none();
        let is_required = row.kind == "trust" || (!row.attaches_to.contains("self") && segments.len() == 1);
        return sum(&|(value, unknown)| match value {
            _ if *unknown => usize::from(!is_filled_in),
            None | Some(Value::Null) => usize::from(is_required),
            Some(Value::String(text)) => usize::from(is_required || !matches!(text.trim(), "" | "{}")),
            Some(_) => 1,
        });
    }
    if is_attachment(row) {
        // An attachment without its policy is a mistake; elsewhere an empty text is none.
        let is_single = row.kind != "session" && matches!(row.path, "policy_arn" | "managed_policy_arn");
        let is_own = configured
            .as_ref()
            .is_some_and(|references| references.contains("_policy."));
        return sum(&|(value, unknown)| match value {
            _ if *unknown => usize::from(configured.is_some() && !is_own),
            Some(Value::String(arn)) if arn.is_empty() => usize::from(is_single),
            Some(Value::String(arn)) => usize::from(!is_created(plan, arn)),
            Some(Value::Array(arns)) => arns
                .iter()
                .filter(|arn| !is_created(plan, arn.as_str().unwrap_or("")))
                .count(),
            _ => 0,
        });
    }
    if is_other_access(row) {
        let is_harmless = |text: &str| matches!(text, "" | "private" | "AWS_IAM");
        return sum(&|(value, unknown)| match value {
            _ if *unknown => usize::from(configured.is_some()),
            None | Some(Value::Null) => 0,
            Some(Value::String(text)) => usize::from(!is_harmless(text)),
            Some(Value::Array(items)) => usize::from(!items.is_empty()),
            Some(_) => 1,
        });
    }
    0
}

fn look_alikes(value: &Value) -> usize {
    match value {
        Value::String(text) => usize::from(text.contains("\"Statement\"") && text.contains("\"Effect\"")),
        Value::Array(items) => items.iter().map(look_alikes).sum(),
        Value::Object(members) => members.values().map(look_alikes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// All leaves at a path; a block that is unknown as a whole is one unknown leaf, a block that is not there none.
fn walk<'a>(value: &'a Value, marks: &'a Value, segments: &[&str], found: &mut Vec<Leaf<'a>>) {
    let Some((name, rest)) = segments.split_first() else {
        found.push((Some(value), *marks == true));
        return;
    };
    if *name == "-" {
        found.push((Some(value), false));
        return;
    }
    let (value, marks) = (
        value.get(*name),
        if *marks == true { marks } else { &marks[*name] },
    );
    match value {
        _ if *marks == true => found.push((value, true)),
        None if rest.is_empty() => found.push((None, false)),
        None => {}
        Some(Value::Array(items)) if !rest.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                walk(item, marks.get(index).unwrap_or(&Value::Null), rest, found);
            }
        }
        Some(Value::Null) if !rest.is_empty() => {}
        Some(value) => walk(value, marks, rest, found),
    }
}

fn is_this_language(row: &Row, entry: &Value) -> bool {
    let policy_type = entry["change"]["after"]["type"].as_str();
    row.kind != "scp_rcp"
        || matches!(
            policy_type,
            None | Some("SERVICE_CONTROL_POLICY" | "RESOURCE_CONTROL_POLICY")
        )
}

/// Whether the plan itself holds the policy of that ARN: one of the same name and path.
fn is_created(plan: &Value, arn: &str) -> bool {
    let Some((owner, name)) = arn.split_once(":policy") else {
        return false;
    };
    let is_it = |entry: &Value| {
        let after = &entry["change"]["after"];
        let path = after["path"].as_str().unwrap_or("/");
        entry["type"] == "aws_iam_policy"
            && after["name"]
                .as_str()
                .is_some_and(|own| name == format!("{path}{own}"))
    };
    !owner.ends_with("::aws") && entries(plan).iter().any(is_it)
}

/// What the configuration says of an attribute, as text; `None` if it is not configured.
fn configured(plan: &Value, entry: &Value, attribute: &str) -> Option<String> {
    let mut module = &plan["configuration"]["root_module"];
    for name in modules(entry["module_address"].as_str().unwrap_or_default()) {
        module = &module["module_calls"][name]["module"];
    }
    let resources = module["resources"].as_array()?;
    let own = resources.iter().find(|resource| {
        resource["mode"] == entry["mode"]
            && resource["type"] == entry["type"]
            && resource["name"] == entry["name"]
    })?;
    own["expressions"].get(attribute).map(Value::to_string)
}

/// `module.a["x.y"].module.b[0]` as `a`, `b`.
fn modules(address: &str) -> Vec<String> {
    let mut plain = String::new();
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
        .split('.')
        .filter(|part| *part != "module" && !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn entries(plan: &Value) -> &[Value] {
    plan["resource_changes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}
