//! What the provider makes of an `aws_iam_policy_document`, written down once more from its rules (extraction.md 3.3) as
//! plainly as possible: on JSON, without holes, without anything of keyaki.

use serde_json::{Map, Value, json};

/// A data source: its arguments as in a plan, documents it merges as texts.
pub struct Source {
    pub arguments: Map<String, Value>,
    pub sources: Vec<Value>,
    pub overrides: Vec<Value>,
}

/// The document; `Err` where the provider refuses.
pub fn document(source: &Source) -> Result<Value, String> {
    let mut merged = json!({"Version": "", "Statement": []});
    let mut seen: Vec<String> = Vec::new();
    for text in &source.sources {
        let Some(text) = text.as_str() else { continue };
        let read = read_back(text)?;
        for statement in read["Statement"].as_array().unwrap() {
            let sid = sid(statement);
            if !sid.is_empty() && seen.contains(&sid) {
                return Err("duplicate Sid in sources".to_owned());
            }
            seen.push(sid);
        }
        merge(&mut merged, &read);
    }
    merge(&mut merged, &own(&source.arguments)?);
    for text in &source.overrides {
        let Some(text) = text.as_str() else { continue };
        merge(&mut merged, &read_back(text)?);
    }
    if merged["Statement"].as_array().unwrap().is_empty() {
        merged.as_object_mut().unwrap().remove("Statement");
    }
    Ok(merged)
}

fn sid(statement: &Value) -> String {
    statement["Sid"].as_str().unwrap_or_default().to_owned()
}

fn merge(merged: &mut Value, new: &Value) {
    if new["Version"].as_str().unwrap() > merged["Version"].as_str().unwrap() {
        merged["Version"] = new["Version"].clone();
    }
    for statement in new["Statement"].as_array().unwrap() {
        let statements = merged["Statement"].as_array_mut().unwrap();
        let same = statements
            .iter()
            .position(|old| sid(old) == sid(statement) && !sid(old).is_empty());
        match same {
            Some(at) => statements[at] = statement.clone(),
            None => statements.push(statement.clone()),
        }
    }
}

fn own(arguments: &Map<String, Value>) -> Result<Value, String> {
    let version = arguments
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or("2012-10-17");
    let none = Vec::new();
    let blocks = arguments
        .get("statement")
        .and_then(Value::as_array)
        .unwrap_or(&none);
    let mut statements: Vec<Value> = Vec::new();
    for block in blocks {
        let statement = own_statement(block, version)?;
        if !sid(&statement).is_empty() && statements.iter().any(|other| sid(other) == sid(&statement)) {
            return Err("duplicate Sid".to_owned());
        }
        statements.push(statement);
    }
    Ok(json!({"Version": version, "Statement": statements}))
}

fn own_statement(block: &Value, version: &str) -> Result<Value, String> {
    let replaced = |text: &str| match (text.contains("&{"), version) {
        (true, "2008-10-17") => Err("&{ under 2008-10-17".to_owned()),
        _ => Ok(text.replace("&{", "${")),
    };
    let mut made = Map::new();
    if block["sid"].as_str().is_some_and(|sid| !sid.is_empty()) {
        made.insert("Sid".to_owned(), block["sid"].clone());
    }
    made.insert(
        "Effect".to_owned(),
        json!(block["effect"].as_str().unwrap_or("Allow")),
    );
    for (name, element, is_replaced) in [
        ("actions", "Action", false),
        ("not_actions", "NotAction", false),
        ("resources", "Resource", true),
        ("not_resources", "NotResource", true),
    ] {
        let mut texts = Vec::new();
        for text in block[name].as_array().into_iter().flatten() {
            let text = text.as_str().unwrap();
            texts.push(if is_replaced {
                replaced(text)?
            } else {
                text.to_owned()
            });
        }
        if !texts.is_empty() {
            made.insert(element.to_owned(), json!(texts));
        }
    }
    for (name, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let mut groups = Vec::new();
        for principal in block[name].as_array().into_iter().flatten() {
            let mut identifiers = Vec::new();
            for identifier in principal["identifiers"].as_array().unwrap() {
                identifiers.push(replaced(identifier.as_str().unwrap())?);
            }
            groups.push((principal["type"].as_str().unwrap().to_owned(), identifiers));
        }
        if !groups.is_empty() {
            made.insert(element.to_owned(), principal(&groups));
        }
    }
    let mut conditions = Vec::new();
    for condition in block["condition"].as_array().into_iter().flatten() {
        let mut values = Vec::new();
        for value in condition["values"].as_array().unwrap() {
            values.push(replaced(value.as_str().unwrap())?);
        }
        let text = |name: &str| condition[name].as_str().unwrap().to_owned();
        conditions.push((text("test"), text("variable"), values));
    }
    if !conditions.is_empty() {
        made.insert("Condition".to_owned(), condition(&conditions));
    }
    Ok(Value::Object(made))
}

fn principal(groups: &[(String, Vec<String>)]) -> Value {
    if let [(kind, identifiers)] = groups
        && kind == "*"
        && *identifiers == ["*"]
    {
        return json!("*");
    }
    let mut made = Map::new();
    for (kind, identifiers) in groups {
        let list = made.entry(kind.clone()).or_insert(json!([]));
        list.as_array_mut()
            .unwrap()
            .extend(identifiers.iter().map(|text| json!(text)));
    }
    Value::Object(made)
}

fn condition(conditions: &[(String, String, Vec<String>)]) -> Value {
    let mut made = json!({});
    for (test, variable, values) in conditions {
        if made[test].is_null() {
            made[test] = json!({});
        }
        if made[test][variable].is_null() {
            made[test][variable] = json!([]);
        }
        let list = made[test][variable].as_array_mut().unwrap();
        list.extend(values.iter().map(|text| json!(text)));
    }
    made
}

fn read_back(text: &str) -> Result<Value, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let version = document["Version"].as_str().unwrap_or_default();
    let statements = match document.get("Statement") {
        None => Vec::new(),
        Some(Value::Array(statements)) => statements.clone(),
        Some(_) => return Err("`Statement` is no list".to_owned()),
    };
    let mut read = Vec::new();
    for statement in statements {
        let mut made = Map::new();
        for name in ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"] {
            if let Some(value) = statement.get(name).filter(|value| **value != json!("")) {
                made.insert(name.to_owned(), value.clone());
            }
        }
        for name in ["Principal", "NotPrincipal"] {
            let groups = match statement.get(name) {
                None => continue,
                Some(Value::String(_)) => vec![("*".to_owned(), vec!["*".to_owned()])],
                Some(Value::Object(groups)) => {
                    let groups = groups.iter().map(|(kind, value)| (kind.clone(), texts(value)));
                    groups.collect()
                }
                Some(_) => return Err("a principal of another kind".to_owned()),
            };
            if !groups.is_empty() {
                made.insert(name.to_owned(), principal(&groups));
            }
        }
        let mut conditions = Vec::new();
        for (test, variables) in statement["Condition"].as_object().into_iter().flatten() {
            for (variable, value) in variables.as_object().unwrap() {
                let values = match value {
                    Value::String(text) => vec![text.clone()],
                    Value::Bool(value) => vec![value.to_string()],
                    Value::Array(_) => texts(value),
                    Value::Null | Value::Number(_) | Value::Object(_) => continue,
                };
                conditions.push((test.clone(), variable.clone(), values));
            }
        }
        if !conditions.is_empty() {
            made.insert("Condition".to_owned(), condition(&conditions));
        }
        read.push(Value::Object(made));
    }
    Ok(json!({"Version": version, "Statement": read}))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect(),
        single => vec![single.as_str().unwrap().to_owned()],
    }
}
