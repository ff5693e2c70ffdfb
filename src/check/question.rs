//! One question of `keyaki batch`, from its JSON object: which check, of which document. Fields that are not known are
//! ignored; what is known and makes no sense is an error, never a question about less.

mod authorize;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::extract::PolicyKind;
use crate::iam::{self, PolicyDocument, Value};

pub use authorize::{AuthorizeQuestion, read_authorize};

use super::{AccessBox, Check, Reference, ServicePrincipals, Trust, applies, elements, resource_types};

/// The fields of a line, unread. Duplicate fields are refused: one of the two would be ignored.
#[derive(Debug, Default)]
pub struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The text of a field; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// A field as text.
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a string")
    }

    /// A field as a list of texts.
    fn texts(&self, name: &str) -> Result<Option<Vec<String>>, String> {
        self.read(name, "a list of strings")
    }

    /// A field read by serde, whose own message may quote the line and is not shown.
    fn read<T: Deserialize<'a>>(&self, name: &str, shape: &str) -> Result<Option<T>, String> {
        let parsed = self
            .get(name)
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose();
        parsed.map_err(|_| format!("`{name}` must be {shape}"))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry::<String, &RawValue>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field is given twice"));
            }
        }
        Ok(Fields(fields))
    }
}

/// Whether the line asks for a decision on a request (`authorize`), not for a check.
pub fn asks_to_authorize(fields: &Fields<'_>) -> bool {
    fields
        .text("check")
        .is_ok_and(|name| name.as_deref() == Some("authorize"))
}

/// A question, ready to be decided.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub check: Check,
    /// Of which document.
    pub document: PolicyDocument,
    /// What the document is.
    pub kind: PolicyKind,
    /// The CloudFormation name of the resource type, if the question names one.
    pub resource_type: Option<String>,
}

/// Reads a question. Errors are for whoever asks: lower case, without quoting values.
pub fn read_question(fields: &Fields<'_>) -> Result<Question, String> {
    let name = fields.text("check")?.ok_or("the question has no `check`")?;
    let resource_type = fields.text("resourceType")?;
    let document = |field: &str| {
        let raw = fields
            .get(field)
            .ok_or_else(|| format!("the question has no `{field}`"))?;
        document_value(raw).map_err(|message| format!("`{field}`: {message}"))
    };
    let ask = |value: &Value, kind: PolicyKind, check: Check| {
        if !applies(&check, kind) {
            return Err(format!("`{name}` does not apply to {} policies", kind.word()));
        }
        let parsed = iam::parse_document(value, kind.document_kind()).map_err(|invalid| invalid.message)?;
        Ok(Question {
            check,
            document: parsed.document,
            kind,
            resource_type: resource_type.clone(),
        })
    };
    match name.as_str() {
        "no-new-access" => {
            let (new, existing) = (
                document("newPolicyDocument")?,
                document("existingPolicyDocument")?,
            );
            let kind = policy_kind(fields, resource_type.as_deref(), kind_by_principal(&new))?;
            let reference = iam::parse_reference(&existing, kind.document_kind());
            let reference = reference.map_err(|invalid| format!("`existingPolicyDocument`: {invalid}"))?;
            let reference = Reference::Document(Arc::new(reference.document));
            ask(&new, kind, Check::NoNewAccess { reference })
                .map_err(|message| format!("`newPolicyDocument`: {message}"))
        }
        "access-not-granted" | "access-granted" | "access-denied" => {
            let value = document("policyDocument")?;
            let kind = policy_kind(fields, resource_type.as_deref(), kind_by_principal(&value))?;
            let boxes = access_boxes(fields)?;
            let check = match name.as_str() {
                "access-denied" => Check::AccessDenied { boxes },
                "access-granted" => {
                    boxes.iter().try_for_each(elements::check_granted)?;
                    Check::AccessGranted { boxes }
                }
                _ => Check::AccessNotGranted { boxes },
            };
            ask(&value, kind, check)
        }
        "equivalent" => {
            let value = document("policyDocument")?;
            let kind = policy_kind(fields, resource_type.as_deref(), kind_by_principal(&value))?;
            let reference = iam::parse_reference(&document("reference")?, kind.document_kind());
            let reference = reference.map_err(|invalid| format!("`reference`: {invalid}"))?;
            let reference = Reference::Document(Arc::new(reference.document));
            ask(&value, kind, Check::Equivalent { reference })
        }
        "no-public-access" => {
            resource_types::known(resource_type.as_deref())?;
            let value = document("policyDocument")?;
            let kind = policy_kind(fields, resource_type.as_deref(), PolicyKind::Resource)?;
            ask(
                &value,
                kind,
                Check::NoPublicAccess {
                    resource_type: resource_type.clone(),
                },
            )
        }
        "no-external-access" => {
            let value = document("policyDocument")?;
            let kind = policy_kind(fields, resource_type.as_deref(), PolicyKind::Resource)?;
            ask(&value, kind, Check::NoExternalAccess { trust: zone(fields)? })
        }
        "lint" => Err("`lint` is a check of standards files only".to_owned()),
        _ => Err(super::standards::unknown_check(&name)),
    }
}

/// A document that is an object, or JSON text of one in a string.
fn document_value(raw: &RawValue) -> Result<Value, String> {
    let value = iam::parse_json(raw.get()).map_err(|invalid| invalid.message)?;
    match value.as_str() {
        Some(text) => iam::parse_json(text).map_err(|invalid| invalid.message),
        None => Ok(value),
    }
}

/// What the document is, from `policyType` and `resourceType`; `otherwise` when the question does not say.
fn policy_kind(
    fields: &Fields<'_>,
    resource_type: Option<&str>,
    otherwise: PolicyKind,
) -> Result<PolicyKind, String> {
    let is_trust = resource_type == Some("AWS::IAM::AssumeRolePolicyDocument");
    match fields.text("policyType")?.as_deref() {
        Some("IDENTITY_POLICY") => Ok(PolicyKind::Identity),
        Some("RESOURCE_POLICY") | None if is_trust => Ok(PolicyKind::Trust),
        Some("RESOURCE_POLICY") => Ok(PolicyKind::Resource),
        None => Ok(otherwise),
        Some(_) => Err("`policyType` must be `IDENTITY_POLICY` or `RESOURCE_POLICY`".to_owned()),
    }
}

/// A document that names principals is a resource policy.
fn kind_by_principal(document: &Value) -> PolicyKind {
    let statements = match document.get("Statement") {
        Some(Value::List(statements)) => statements.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let named =
        |statement: &Value| statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some();
    if statements.iter().any(named) {
        PolicyKind::Resource
    } else {
        PolicyKind::Identity
    }
}

/// An object read by serde, which on its own would take a list for one, field by field.
fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    let text = raw.get();
    if text.starts_with('{') {
        serde_json::from_str(text).ok()
    } else {
        None
    }
}

/// One entry of `access`, or the fields of a standard beside the document.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawBox {
    actions: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    principals: Option<Vec<String>>,
    when: Option<Box<RawValue>>,
}

/// The boxes of the question: `access`, whose entries are ORed, or the one made of the fields of a standard.
fn access_boxes(fields: &Fields<'_>) -> Result<Vec<AccessBox>, String> {
    let own = RawBox {
        actions: fields.texts("actions")?,
        resources: fields.texts("resources")?,
        principals: fields.texts("principals")?,
        when: fields.get("when").map(ToOwned::to_owned),
    };
    let is_own =
        own.actions.is_some() || own.resources.is_some() || own.principals.is_some() || own.when.is_some();
    const SHAPE: &str = "a list of objects with `actions` and `resources`";
    let entries: Option<Vec<&RawValue>> = fields.read("access", SHAPE)?;
    let entries: Option<Vec<RawBox>> = match entries {
        Some(entries) => {
            let read: Option<Vec<RawBox>> = entries.into_iter().map(object).collect();
            Some(read.ok_or_else(|| format!("`access` must be {SHAPE}"))?)
        }
        None => None,
    };
    match entries {
        Some(_) if is_own => {
            Err("`access` and `actions`, `resources`, `principals`, `when` exclude each other".to_owned())
        }
        Some(entries) if entries.is_empty() => Err("`access` must not be empty".to_owned()),
        Some(entries) => {
            if entries
                .iter()
                .any(|entry| entry.actions.is_none() && entry.resources.is_none())
            {
                return Err("an entry of `access` needs `actions` or `resources`".to_owned());
            }
            entries.iter().map(access_box).collect()
        }
        None if own.actions.is_none() && own.resources.is_none() && own.when.is_none() => {
            Err("the question needs `access`, `actions`, `resources` or `when`".to_owned())
        }
        None => Ok(vec![access_box(&own)?]),
    }
}

fn access_box(raw: &RawBox) -> Result<AccessBox, String> {
    let when = match &raw.when {
        Some(block) => {
            let value = iam::parse_json(block.get()).map_err(|invalid| invalid.message)?;
            let (conditions, _) =
                iam::parse_condition_block(&value).map_err(|invalid| format!("`when`: {invalid}"))?;
            if conditions.is_empty() {
                return Err("`when` must not be empty".to_owned());
            }
            conditions
        }
        None => Vec::new(),
    };
    Ok(AccessBox {
        actions: each("actions", raw.actions.as_deref(), elements::action)?,
        resources: each("resources", raw.resources.as_deref(), elements::resource)?,
        principals: each("principals", raw.principals.as_deref(), elements::principal)?,
        when,
    })
}

/// Each text of a list, read. A list that is there must not be empty: it would not restrict anything.
fn each<T>(
    name: &str,
    texts: Option<&[String]>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    match texts {
        Some([]) => Err(format!("`{name}` must not be empty")),
        Some(texts) => {
            let all: Result<Vec<T>, String> = texts.iter().map(|text| read(text)).collect();
            all.map_err(|message| format!("`{name}`: {message}"))
        }
        None => Ok(Vec::new()),
    }
}

/// `trust` of a question.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawTrust {
    accounts: Vec<String>,
    organizations: Vec<String>,
    principals: Vec<String>,
    networks: Vec<String>,
}

fn zone(fields: &Fields<'_>) -> Result<Trust, String> {
    let raw = fields.get("trust").ok_or("`no-external-access` needs `trust`")?;
    let raw: RawTrust = object(raw)
        .ok_or("`trust` must be an object of lists: `accounts`, `organizations`, `principals`, `networks`")?;
    let service_principals = match fields.text("servicePrincipals")?.as_deref() {
        None | Some("trusted") => ServicePrincipals::Trusted,
        Some("confused-deputy") => ServicePrincipals::ConfusedDeputy,
        Some(_) => return Err("`servicePrincipals` must be `trusted` or `confused-deputy`".to_owned()),
    };
    let list = |name: &str, texts: &[String], read: fn(&str) -> Result<String, String>| {
        let all: Result<Vec<String>, String> = texts.iter().map(|text| read(text)).collect();
        let mut all = all.map_err(|message| format!("`trust.{name}`: {message}"))?;
        all.sort();
        all.dedup();
        Ok::<_, String>(all)
    };
    Ok(Trust {
        accounts: list("accounts", &raw.accounts, elements::account_id)?,
        organizations: list("organizations", &raw.organizations, elements::organization_id)?,
        principals: list("principals", &raw.principals, elements::principal_arn)?,
        networks: list("networks", &raw.networks, elements::network)?,
        service_principals,
    })
}
