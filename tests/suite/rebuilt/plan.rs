//! Plans with deferred data sources, as Terraform writes them.

use serde_json::{Map, Value, json};

/// A plan in the making.
#[derive(Default)]
pub struct Plan {
    pub changes: Vec<Value>,
    /// Configured resources, by module path (`a.b`).
    configured: Vec<(String, Value)>,
    /// Module calls: path of the caller, name, arguments, outputs.
    calls: Vec<(String, String, Value, Value)>,
}

/// A reference and all its beginnings, as Terraform lists them.
pub fn references(all: &[&str]) -> Value {
    let mut listed: Vec<String> = Vec::new();
    for reference in all {
        let mut rest = (*reference).to_owned();
        loop {
            listed.push(rest.clone());
            let least = match rest.split('.').next() {
                Some("data") => 2,
                _ => 1,
            };
            // Neither keys nor the steps of these tests hold dots or brackets in other places.
            match rest.rfind(['.', '[']) {
                Some(at) if rest[..at].matches('.').count() >= least && !is_key(&rest) => rest.truncate(at),
                _ => break,
            }
        }
    }
    json!({"references": listed})
}

fn is_key(reference: &str) -> bool {
    matches!(reference, "each.key" | "each.value" | "count.index")
        || reference.starts_with("var.")
        || reference.starts_with("local.")
}

/// The address of `data.t.n["k"]` in a module, split into its parts.
fn entry(address: &str, change: Value) -> (Value, String) {
    let (mut module, mut rest) = (String::new(), address);
    let mut path: Vec<&str> = Vec::new();
    while let Some(more) = rest.strip_prefix("module.") {
        let (name, after) = more.split_once('.').unwrap();
        path.push(name.split('[').next().unwrap());
        module.push_str(if module.is_empty() { "module." } else { ".module." });
        module.push_str(name);
        rest = after;
    }
    let (mode, local) = match rest.strip_prefix("data.") {
        Some(local) => ("data", local),
        None => ("managed", rest),
    };
    let (resource_type, name) = local.split_once('.').unwrap();
    let (name, key) = match name.split_once('[') {
        Some((name, key)) => (
            name,
            serde_json::from_str(key.strip_suffix(']').unwrap()).unwrap(),
        ),
        None => (name, Value::Null),
    };
    let mut entry =
        json!({"address": address, "mode": mode, "type": resource_type, "name": name, "change": change});
    if !module.is_empty() {
        entry["module_address"] = json!(module);
    }
    if !key.is_null() {
        entry["index"] = key;
    }
    (entry, path.join("."))
}

impl Plan {
    /// A change, and the configuration of its block unless that is there already.
    pub fn change(mut self, address: &str, change: Value, expressions: Value) -> Plan {
        let (entry, path) = entry(address, change);
        let head = ["mode", "type", "name"].map(|key| entry[key].clone());
        let block = json!({"mode": head[0], "type": head[1], "name": head[2], "expressions": expressions});
        let known = |(other, configured): &(String, Value)| {
            *other == path
                && ["mode", "type", "name"]
                    .iter()
                    .all(|key| configured[key] == block[key])
        };
        if !self.configured.iter().any(known) {
            self.configured.push((path, block));
        }
        self.changes.push(entry);
        self
    }

    /// A deferred document.
    pub fn document(self, address: &str, after: Value, unknown: Value, expressions: Value) -> Plan {
        let mut after = after;
        for name in [
            "policy_id",
            "version",
            "source_policy_documents",
            "override_policy_documents",
        ] {
            let members = after.as_object_mut().unwrap();
            members.entry(name).or_insert(Value::Null);
        }
        let mut unknown = unknown;
        for name in ["id", "json", "minified_json"] {
            unknown[name] = json!(true);
        }
        let change = json!({"actions": ["read"], "before": null, "after": after, "after_unknown": unknown});
        self.change(address, change, expressions)
    }

    /// A document of statements that are all known but for marks.
    pub fn statements(self, address: &str, blocks: &[Value], marks: Value) -> Plan {
        let configured: Vec<Value> = blocks.iter().map(|_| json!({})).collect();
        self.document(
            address,
            json!({"statement": blocks}),
            json!({"statement": marks}),
            json!({"statement": configured}),
        )
    }

    /// A managed policy that is known after apply.
    pub fn policy(self, address: &str, referred: &[&str]) -> Plan {
        let change = json!({"actions": ["create"], "before": null, "after": {"name": "n"}, "after_unknown": {"policy": true}});
        self.change(address, change, json!({"policy": references(referred)}))
    }

    /// Configures one more argument of a document.
    pub fn expression(&mut self, name: &str, argument: &str, expression: Value) {
        let mut configured = self.configured.iter_mut();
        let (_, block) = configured
            .find(|(_, block)| block["mode"] == "data" && block["name"] == name)
            .unwrap();
        block["expressions"][argument] = expression;
    }

    /// A module call.
    pub fn call(mut self, caller: &str, name: &str, arguments: Value, outputs: Value) -> Plan {
        self.calls
            .push((caller.to_owned(), name.to_owned(), arguments, outputs));
        self
    }

    pub fn json(&self) -> Value {
        json!({"format_version": "1.2", "resource_changes": self.changes,
            "configuration": {"root_module": self.module("")}})
    }

    fn module(&self, path: &str) -> Value {
        let resources = self.configured.iter().filter(|(own, _)| own == path);
        let resources: Vec<&Value> = resources.map(|(_, configured)| configured).collect();
        let mut calls = Map::new();
        for (_, name, arguments, outputs) in self.calls.iter().filter(|(caller, ..)| caller == path) {
            let child = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let mut module = self.module(&child);
            module["outputs"] = outputs
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, expression)| (name.clone(), json!({"expression": expression})))
                .collect::<Map<_, _>>()
                .into();
            let variables = arguments.as_object().unwrap().keys();
            module["variables"] = variables
                .map(|name| (name.clone(), json!({})))
                .collect::<Map<_, _>>()
                .into();
            calls.insert(
                name.clone(),
                json!({"source": format!("./{name}"), "expressions": arguments, "module": module}),
            );
        }
        json!({"resources": resources, "module_calls": calls})
    }
}
