//! What `keyaki extract` prints: the policies of the inputs as they were understood, before any check.

use serde_json::{Map, Value, json};

use crate::extract::{Before, ExtractedPrincipal, Extraction, Gap, Origin, Policy, PolicyKind};

use super::document::{document_json, guards_json};
use super::outcome::Run;
use super::place::Locator;
use super::redact::SENSITIVE;
use super::summarise::told;

/// Everything found in the inputs.
#[derive(Debug, Clone, Default)]
pub struct ExtractReport {
    policies: Vec<Value>,
    principals: Vec<Value>,
    gaps: Vec<Value>,
    invalid: usize,
    /// What could not be read, recognised or parsed.
    pub errors: Vec<String>,
    /// Defects of keyaki that lost an input.
    pub internal: Vec<String>,
    /// Uses that are not possible; nothing was extracted.
    pub usage: Vec<String>,
}

impl ExtractReport {
    /// The report of a run of which only inputs, files and errors are used.
    pub fn new(run: &Run<'_>) -> ExtractReport {
        let locator = Locator::new(run.files, run.root);
        let place = |origin: &Origin| {
            let found = origin
                .block
                .as_ref()
                .and_then(|block| run.source?.find(&block.in_code()));
            super::json::location(&locator.locate(found.unwrap_or(origin.place)))
        };
        let extractions = || run.inputs.iter().map(|input| &input.extraction);
        let policies = || extractions().flat_map(|Extraction { policies, .. }| policies);
        let named = |told: Value, all: &Extraction, address: &str| match (told, all.name_of(address)) {
            (Value::Object(mut told), Some(name)) => {
                told.insert("name".to_string(), json!(name));
                Value::Object(told)
            }
            (told, _) => told,
        };
        let told = |all: &Extraction| -> Vec<Value> {
            let told = all.policies.iter();
            told.map(|found| named(policy(found, place(&found.origin)), all, &found.origin.address))
                .collect()
        };
        let principals = |all: &Extraction| -> Vec<Value> {
            let told = all.principals.iter();
            told.map(|found| named(principal(found), all, &found.address))
                .collect()
        };
        ExtractReport {
            policies: extractions().flat_map(told).collect(),
            principals: extractions().flat_map(principals).collect(),
            gaps: extractions()
                .flat_map(|found| &found.gaps)
                .map(|found| gap(found, place(&found.origin)))
                .collect(),
            invalid: policies().filter(|policy| policy.document.is_err()).count(),
            errors: run.errors.to_vec(),
            internal: run.internal.to_vec(),
            usage: run.usage.to_vec(),
        }
    }

    /// The report of a run that a defect of keyaki ended.
    pub fn defect(message: String) -> ExtractReport {
        ExtractReport {
            internal: vec![message],
            ..ExtractReport::default()
        }
    }

    /// The report as JSON (interface.md, `keyaki extract`).
    pub fn to_json(&self) -> Value {
        json!({
            "version": 1,
            "policies": self.policies,
            "principals": self.principals,
            "gaps": self.gaps,
            "errors": self.errors,
        })
    }

    /// The exit status, by the precedence of all commands.
    pub fn exit_status(&self) -> u8 {
        if !self.usage.is_empty() {
            2
        } else if !self.internal.is_empty() {
            70
        } else if !self.errors.is_empty() || self.invalid > 0 {
            3
        } else if !self.gaps.is_empty() {
            4
        } else {
            0
        }
    }

    /// Why nothing was extracted; empty when it was.
    pub fn usage_errors(&self) -> &[String] {
        &self.usage
    }
}

fn policy(policy: &Policy, location: Value) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_string(), value);
    put("address", json!(policy.origin.address));
    put("kind", json!(policy.kind.word()));
    put("resourceType", json!(policy.origin.resource_type));
    match &policy.document {
        Ok(_) if policy.sensitive => {
            put("document", json!(SENSITIVE));
        }
        Ok(document) => {
            put("document", document_json(document, policy.kind));
            if let guards @ Value::Array(_) = guards_json(document)
                && guards != json!([])
            {
                put("guards", guards);
            }
        }
        Err(invalid) => {
            put("document", Value::Null);
            put("error", json!(invalid.message));
        }
    }
    match &policy.before {
        Before::NotTold | Before::Created => {}
        Before::Document(_) if policy.sensitive => {
            put("before", json!(SENSITIVE));
        }
        Before::Document(before) => {
            put("before", document_json(before, policy.kind));
        }
        Before::Unreadable(why) => {
            put("beforeUnreadable", json!(why));
        }
    }
    put("attachedTo", json!(policy.attached_to));
    let holes = policy
        .holes
        .iter()
        .map(|hole| json!({"name": &*hole.id.0, "origin": hole.origin}));
    put("holes", holes.collect());
    put("provenance", json!(policy.provenance.word()));
    if let Some(rebuilt) = &policy.origin.rebuilt {
        put("rebuiltFrom", json!(rebuilt.from));
    }
    put("location", location);
    Value::Object(object)
}

fn principal(principal: &ExtractedPrincipal) -> Value {
    json!({
        "address": principal.address,
        "type": principal.principal_type,
        "policies": principal.policies,
        "boundary": principal.boundary,
        "trust": principal.trust,
        "open": principal.open,
    })
}

fn gap(gap: &Gap, location: Value) -> Value {
    let (id, reason) = told(&gap.reason);
    json!({
        "address": gap.origin.address,
        "resourceType": gap.origin.resource_type,
        "kind": gap.kind.map(PolicyKind::word),
        "id": id,
        "reason": reason,
        "location": location,
    })
}
