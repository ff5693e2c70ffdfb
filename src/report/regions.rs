//! Regions of access as JSON.

use serde_json::{Map, Value, json};

use crate::check::{Entries, Exception, Part, Region, Source, Strangers};

/// A region: its words, how much of it is meant, and its elements under the names of the policy language.
pub fn region_json(region: &Region) -> Value {
    let mut object = Map::new();
    object.insert("text".to_string(), json!(region.text()));
    object.insert("extent".to_string(), json!(region.extent.word()));
    object.insert("statements".to_string(), json!(region.statements));
    part_json(&region.part, &mut object);
    if let Some(strangers) = region.strangers {
        let word = match strangers {
            Strangers::Public => "public",
            Strangers::External => "external",
        };
        object.insert("strangers".to_string(), json!(word));
    }
    let unless: Vec<Value> = region.unless.iter().map(exception_json).collect();
    object.insert("unless".to_string(), json!(unless));
    Value::Object(object)
}

fn exception_json(exception: &Exception) -> Value {
    let mut object = Map::new();
    match exception.source {
        Source::Deny(index) => drop(object.insert("statement".to_string(), json!(index))),
        Source::Reference(index) => drop(object.insert("referenceStatement".to_string(), json!(index))),
        Source::Own => {}
    }
    part_json(&exception.part, &mut object);
    Value::Object(object)
}

/// The elements that say something.
fn part_json(part: &Part, object: &mut Map<String, Value>) {
    let elements = [
        ("principals", "notPrincipals", &part.principals),
        ("actions", "notActions", &part.actions),
        ("resources", "notResources", &part.resources),
    ];
    for (name, not_name, entries) in elements {
        match entries {
            Entries::Any => {}
            Entries::In(texts) => drop(object.insert(name.to_string(), json!(texts))),
            Entries::NotIn(texts) => drop(object.insert(not_name.to_string(), json!(texts))),
        }
    }
    if !part.conditions.is_empty() {
        let line = |line: &crate::check::ConditionText| json!({"operator": line.operator, "key": line.key, "values": line.values});
        let lines: Vec<Value> = part.conditions.iter().map(line).collect();
        object.insert("conditions".to_string(), json!(lines));
    }
    if !part.facts.is_empty() {
        let fact = |(name, holds): &(String, bool)| json!({"name": name, "holds": holds});
        let facts: Vec<Value> = part.facts.iter().map(fact).collect();
        object.insert("facts".to_string(), json!(facts));
    }
}
