//! An `authorize` question of `keyaki batch`: a request, and the policies that bear on it, as given.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::catalog;
use crate::iam::{
    self, ContextKey, DocumentKind, Effect, ElementSet, Pattern, Policies, PolicyDocument, Principal,
    PrincipalEntry, PrincipalSet, Request, ResourceSet, Statement, Value, parse_aws_principal,
};

use super::{Fields, document_value, elements};

/// A request and what bears on it.
#[derive(Debug)]
pub struct AuthorizeQuestion {
    /// The request.
    pub request: Request,
    /// The account of the resource.
    pub resource_account: String,
    /// The policies.
    pub policies: Policies,
}

/// Reads an `authorize` question. Errors are for whoever asks: lower case, with the place, without quoting values.
pub fn read_authorize(fields: &Fields<'_>) -> Result<AuthorizeQuestion, String> {
    let part = |name: &str| {
        let part: Option<Fields<'_>> = fields.read(name, "an object")?;
        part.ok_or_else(|| format!("the question has no `{name}`"))
    };
    let asked = part("request")?;
    let within = |message: String| format!("`request`: {message}");
    let context = context(&asked).map_err(within)?;
    let (principal, role_path) = principal(&asked, &context).map_err(within)?;
    let action = action(&asked).map_err(within)?;
    let resource = resource(&asked).map_err(within)?;
    let resource_account = resource_account(&asked, &principal, &resource).map_err(within)?;
    let mut policies = policies(&part("policies")?)?;
    if role_path == RolePath::NotTold {
        policies = policies.with_roles_by_name();
    }
    if !supports_rcps(&action) {
        policies.rcps.clear();
    }
    Ok(AuthorizeQuestion {
        request: Request {
            principal,
            action,
            resource,
            context,
            readings: BTreeMap::new(),
            holes: BTreeMap::new(),
            facts: BTreeMap::new(),
        },
        resource_account,
        policies,
    })
}

fn supports_rcps(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    catalog::rcp_supported_services().contains(&service.as_str())
}

fn required(fields: &Fields<'_>, name: &str) -> Result<String, String> {
    fields.text(name)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn action(fields: &Fields<'_>) -> Result<String, String> {
    let text = required(fields, "action")?;
    elements::action(&text).map_err(|message| format!("`action`: {message}"))?;
    if text.contains(['*', '?']) {
        return Err("`action` is one action, without wildcards".to_owned());
    }
    Ok(text)
}

fn resource(fields: &Fields<'_>) -> Result<String, String> {
    let text = required(fields, "resource")?;
    let is_arn = text.starts_with("arn:") && text.splitn(6, ':').count() == 6;
    if text != "*" && !is_arn {
        return Err("`resource` must be `*` or an ARN with six parts (`arn:aws:s3:::name`)".to_owned());
    }
    Ok(text)
}

/// The account of the resource: as given, else as its ARN names it. What has no ARN belongs to whoever asks.
fn resource_account(fields: &Fields<'_>, principal: &Principal, resource: &str) -> Result<String, String> {
    if let Some(given) = fields.text("resource_account")? {
        return elements::account_id(&given).map_err(|message| format!("`resource_account`: {message}"));
    }
    let named = resource.split(':').nth(4).unwrap_or_default();
    match principal.account() {
        _ if elements::account_id(named).is_ok() => Ok(named.to_owned()),
        // Whoever has no account is a stranger to every account.
        None => Ok(String::new()),
        Some((_, own)) if resource == "*" => Ok(own.to_owned()),
        Some(_) => Err("the ARN does not tell the account: `resource_account` is missing".to_owned()),
    }
}

/// Whether a role session's role is known with its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RolePath {
    Told,
    NotTold,
}

const PRINCIPALS: &str = "`principal` must be an ARN, a service such as `lambda.amazonaws.com`, `{\"type\": \"Anonymous\"}`, \
                          `{\"Federated\": …}` or `{\"CanonicalUser\": …}`";

fn principal(
    fields: &Fields<'_>,
    context: &BTreeMap<ContextKey, Vec<String>>,
) -> Result<(Principal, RolePath), String> {
    let raw = fields.get("principal").ok_or("`principal` is missing")?;
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
            return Ok((Principal::Service(text), RolePath::Told));
        }
        return caller(&text, context).ok_or_else(|| PRINCIPALS.to_owned());
    }
    let group: Option<Fields<'_>> = fields.read("principal", "a string or an object")?;
    let group = group.unwrap_or_default();
    let principal = match (
        group.text("type")?,
        group.text("Federated")?,
        group.text("CanonicalUser")?,
    ) {
        (Some(kind), None, None) if kind == "Anonymous" => Principal::Anonymous,
        (None, Some(provider), None) => Principal::Federated(provider),
        (None, None, Some(id)) => Principal::Canonical(id),
        _ => return Err(PRINCIPALS.to_owned()),
    };
    Ok((principal, RolePath::Told))
}

/// The principal of an ARN. That of a role stands for one of its sessions, under a name that no policy can give; that of
/// a session does not tell the path of its role, but `aws:PrincipalArn` does.
fn caller(text: &str, context: &BTreeMap<ContextKey, Vec<String>>) -> Option<(Principal, RolePath)> {
    let plain = |pattern: Pattern| pattern.as_literal();
    let entry = parse_aws_principal(&Pattern::literal(text))?;
    let partition = text.split(':').nth(1)?.to_owned();
    let (principal, path) = match entry {
        PrincipalEntry::Account(account) if text.contains(':') => {
            let account = plain(account)?;
            (Principal::Root { partition, account }, RolePath::Told)
        }
        PrincipalEntry::User { account, path, .. } => {
            let (account, path) = (plain(account)?, plain(path)?);
            let user = Principal::User {
                partition,
                account,
                path,
            };
            (user, RolePath::Told)
        }
        PrincipalEntry::Role { account, path, .. } => {
            let (account, path, session) = (plain(account)?, plain(path)?, String::new());
            let session = Principal::RoleSession {
                partition,
                account,
                path,
                session,
            };
            (session, RolePath::Told)
        }
        PrincipalEntry::Session {
            account,
            role,
            session,
            ..
        } => {
            let (account, role, session) = (plain(account)?, plain(role)?, plain(session)?);
            let told = role_path(&partition, &account, &role, context);
            let known = if told.is_some() {
                RolePath::Told
            } else {
                RolePath::NotTold
            };
            let session = Principal::RoleSession {
                partition,
                account,
                path: told.unwrap_or(role),
                session,
            };
            (session, known)
        }
        PrincipalEntry::FederatedUser { account, name, .. } => {
            let (account, name) = (plain(account)?, plain(name)?);
            let user = Principal::FederatedUser {
                partition,
                account,
                name,
            };
            (user, RolePath::Told)
        }
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Account(_)
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => return None,
    };
    let (_, account) = principal.account()?;
    elements::account_id(account).ok()?;
    Some((principal, path))
}

/// Path and name of the role, if `aws:PrincipalArn` names that role.
fn role_path(
    partition: &str,
    account: &str,
    role: &str,
    context: &BTreeMap<ContextKey, Vec<String>>,
) -> Option<String> {
    let values = context.get(&ContextKey::new("aws:PrincipalArn"))?;
    let [arn] = values.as_slice() else { return None };
    let path = arn.strip_prefix(&format!("arn:{partition}:iam::{account}:role/"))?;
    (path.rsplit('/').next() == Some(role)).then(|| path.to_owned())
}

/// The context: a key has a value or a list of values; without one it is absent.
fn context(fields: &Fields<'_>) -> Result<BTreeMap<ContextKey, Vec<String>>, String> {
    let Some(raw) = fields.get("context") else {
        return Ok(BTreeMap::new());
    };
    const SHAPE: &str = "`context` must be an object of strings and lists of strings";
    let Value::Object(entries) = iam::parse_json(raw.get()).map_err(|_| SHAPE)? else {
        return Err(SHAPE.to_owned());
    };
    let mut context = BTreeMap::new();
    for (name, value) in entries {
        let values: Option<Vec<String>> = match &value {
            Value::Null => continue,
            Value::List(items) => items.iter().map(scalar).collect(),
            single => scalar(single).map(|text| vec![text]),
        };
        if context
            .insert(ContextKey::new(&name), values.ok_or(SHAPE)?)
            .is_some()
        {
            return Err("`context` has a key twice; case does not count".to_owned());
        }
    }
    Ok(context)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.as_literal().map(str::to_owned),
        Value::Number(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::List(_) | Value::Object(_) | Value::Unknown(_) | Value::Guarded(..) => None,
    }
}

fn policies(fields: &Fields<'_>) -> Result<Policies, String> {
    let one = |name: &str, kind: DocumentKind| {
        let raw = fields.get(name);
        raw.map(|raw| document(raw, kind, name)).transpose()
    };
    let list = |name: &str, kind: DocumentKind| {
        let raw: Option<Vec<&RawValue>> = fields.read(name, "a list of policies")?;
        documents(&raw.unwrap_or_default(), name, |raw, place| {
            document(raw, kind, place)
        })
    };
    let levels = |name: &str, read: fn(&RawValue, &str) -> Result<PolicyDocument, String>| {
        let raw: Option<Vec<Vec<&RawValue>>> =
            fields.read(name, "a list of lists of policies, one a level")?;
        let raw = raw.unwrap_or_default();
        let levels = raw.iter().enumerate();
        let levels = levels.map(|(at, level)| documents(level, &format!("{name}[{at}]"), read));
        levels.collect::<Result<Vec<_>, String>>()
    };
    Ok(Policies {
        identity: list("identity", DocumentKind::Identity)?,
        resource: one("resource", DocumentKind::Resource)?,
        boundary: list("boundary", DocumentKind::Identity)?,
        session: one("session", DocumentKind::Identity)?,
        scps: levels("scps", |raw, place| document(raw, DocumentKind::Scp, place))?,
        rcps: levels("rcps", rcp)?,
        endpoint: list("vpce", DocumentKind::Resource)?,
    })
}

fn documents(
    raw: &[&RawValue],
    place: &str,
    read: impl Fn(&RawValue, &str) -> Result<PolicyDocument, String>,
) -> Result<Vec<PolicyDocument>, String> {
    let numbered = raw.iter().enumerate();
    numbered
        .map(|(at, raw)| read(raw, &format!("{place}[{at}]")))
        .collect()
}

fn document(raw: &RawValue, kind: DocumentKind, place: &str) -> Result<PolicyDocument, String> {
    let parsed = document_value(raw)
        .and_then(|value| iam::parse_document(&value, kind).map_err(|invalid| invalid.message));
    let parsed = parsed.map_err(|message| format!("`policies.{place}`: {message}"))?;
    Ok(parsed.document)
}

/// A resource control policy: one that denies, or `RCPFullAWSAccess`, which is attached everywhere and says nothing.
fn rcp(raw: &RawValue, place: &str) -> Result<PolicyDocument, String> {
    match document(raw, DocumentKind::Resource, place) {
        Ok(open) if open.statements.iter().all(allows_all) => Ok(PolicyDocument {
            statements: [].into(),
            ..open
        }),
        _ => document(raw, DocumentKind::Rcp, place),
    }
}

fn allows_all(statement: &Statement) -> bool {
    statement.effect == Effect::Allow
        && statement.principal == PrincipalSet::In(vec![PrincipalEntry::Everyone])
        && statement.action == ElementSet::Any
        && statement.resource == ResourceSet::Any
        && statement.conditions.is_empty()
}

#[cfg(test)]
mod tests;
