//! Whom services share with: everybody, accounts, roles and users, services, organizations and their units. An
//! organization is everybody with a condition on the organization of the caller.

use crate::extract::GapReason;
use crate::iam::{Text, Value};

use super::{Permission, principal_value, unexpected, unknown_principal};

/// Somebody who is let in: the principal, and the conditions that narrow it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Party {
    pub principal: Value,
    pub conditions: Vec<(String, Value)>,
}

/// The party that a name stands for; a gap names the attribute if it is none.
pub(super) fn party(
    permission: &Permission<'_, '_>,
    name: &Text,
    attribute: &str,
) -> Result<Party, GapReason> {
    let Some(text) = name.as_literal() else {
        return Ok(Party {
            principal: unknown_principal(name.clone()),
            conditions: Vec::new(),
        });
    };
    if let Some(conditions) = organization(text) {
        let everybody = vec![("AWS".to_owned(), Value::text("*"))];
        return Ok(Party {
            principal: Value::Object(everybody),
            conditions,
        });
    }
    let is_told = !text.starts_with("arn:") || is_principal(text);
    let principal = principal_value(permission.context, text);
    match principal.ok().filter(|_| is_told) {
        Some(principal) => Ok(Party {
            principal,
            conditions: Vec::new(),
        }),
        None => Err(unexpected(attribute)),
    }
}

/// The parties of a list.
pub(super) fn parties(
    permission: &Permission<'_, '_>,
    names: &[Text],
    attribute: &str,
) -> Result<Vec<Party>, GapReason> {
    names
        .iter()
        .map(|name| party(permission, name, attribute))
        .collect()
}

/// The one principal of several names, by kind, for a statement that has them all; nobody is `None`.
pub(super) fn together(
    permission: &Permission<'_, '_>,
    names: &[Text],
    attribute: &str,
) -> Result<Option<Value>, GapReason> {
    let mut kinds: Vec<(String, Value)> = Vec::new();
    for name in names {
        let party = party(permission, name, attribute)?;
        let groups = match party.principal {
            Value::Object(groups) if party.conditions.is_empty() => groups,
            // Whoever else is named beside everybody is let in anyway.
            everybody if party.conditions.is_empty() => return Ok(Some(everybody)),
            _ => return Err(unexpected(attribute)),
        };
        for (kind, name) in groups {
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, Value::List(names))) => names.push(name),
                _ => kinds.push((kind, Value::List(vec![name]))),
            }
        }
    }
    Ok(Some(kinds).filter(|kinds| !kinds.is_empty()).map(Value::Object))
}

/// Whether an ARN is that of an account, role, user or session.
fn is_principal(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let [_, _, service, region, account, rest] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let kinds: &[&str] = match service {
        "iam" => &["role/", "user/"],
        "sts" => &["assumed-role/", "federated-user/"],
        _ => &[],
    };
    let is_named = kinds.iter().any(|kind| {
        rest.strip_prefix(kind)
            .is_some_and(|name| !name.is_empty() && !name.contains(['*', '?', ':']))
    });
    region.is_empty() && is_account && (is_named || service == "iam" && rest == "root")
}

/// The conditions that keep everybody else out than the members of the organization, or unit, of an ARN.
fn organization(arn: &str) -> Option<Vec<(String, Value)>> {
    let mut parts = arn.splitn(6, ':');
    let [arn, _, service, _, _, rest] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    if (arn, service) != ("arn", "organizations") {
        return None;
    }
    let is_id = |id: &str, start: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        id.len() > start.len() && id.starts_with(start) && id.bytes().all(plain)
    };
    let one = |operator: &str, key: &str, value: String| {
        let entry = (key.to_owned(), Value::text(value));
        (operator.to_owned(), Value::Object(vec![entry]))
    };
    let names: Vec<&str> = rest.split('/').collect();
    match names.as_slice() {
        ["organization", id] if is_id(id, "o-") => {
            Some(vec![one("StringEquals", "aws:PrincipalOrgID", (*id).to_owned())])
        }
        ["ou", id, unit] if is_id(id, "o-") && is_id(unit, "ou-") => Some(vec![
            one("StringEquals", "aws:PrincipalOrgID", (*id).to_owned()),
            // A path names the organization, its root and all units on the way.
            one(
                "ForAnyValue:StringLike",
                "aws:PrincipalOrgPaths",
                format!("{id}/*/{unit}/*"),
            ),
        ]),
        _ => None,
    }
}
