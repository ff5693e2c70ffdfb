//! `Principal` and `NotPrincipal`.

use super::super::document::DocumentKind;
use super::super::pattern::{HoleId, Piece};
use super::super::principal::{PrincipalEntry, PrincipalSet, parse_aws_principal};
use super::super::value::{Text, Value};
use super::statement::assume;
use super::text::{Wildcards, pattern, text_pattern};
use super::{Context, Invalid, Role, kind_of};

/// The principals of a statement, by the grammar of the document's kind.
pub(super) fn principal_set(
    principal: Option<&Value>,
    not_principal: Option<&Value>,
    context: &mut Context,
) -> Result<PrincipalSet, Invalid> {
    let (name, value) = match (principal, not_principal) {
        (Some(value), _) => ("Principal", value),
        (None, Some(value)) => ("NotPrincipal", value),
        (None, None) => {
            return match context.kind {
                DocumentKind::Identity | DocumentKind::Scp => Ok(PrincipalSet::Absent),
                DocumentKind::Resource | DocumentKind::Trust | DocumentKind::Rcp => {
                    Err(context.invalid("`Principal` is missing"))
                }
            };
        }
    };
    match context.kind {
        DocumentKind::Identity | DocumentKind::Scp => {
            return Err(context.invalid(format!("a policy of this kind must not have `{name}`")));
        }
        DocumentKind::Rcp if value.as_str() != Some("*") || name != "Principal" => {
            return Err(context.invalid("a resource control policy must have `Principal: \"*\"`"));
        }
        DocumentKind::Resource | DocumentKind::Trust | DocumentKind::Rcp => {}
    }
    let Some(entries) = entries(value, name, context)? else {
        return Ok(PrincipalSet::In(vec![PrincipalEntry::Everyone]));
    };
    Ok(if name == "Principal" {
        PrincipalSet::In(entries)
    } else {
        PrincipalSet::NotIn(entries)
    })
}

/// `None` when nothing is known of the element: the statement is guarded then.
fn entries(value: &Value, name: &str, context: &mut Context) -> Result<Option<Vec<PrincipalEntry>>, Invalid> {
    match value {
        Value::Unknown(hole) => {
            assume(hole, name, context);
            Ok(None)
        }
        Value::String(text) => bare(text, name, context).map(|entry| Some(vec![entry])),
        Value::Object(groups) if groups.is_empty() => {
            Err(context.invalid(format!("`{name}` must not be empty")))
        }
        Value::Object(groups) => {
            let mut entries = Vec::new();
            for (kind, values) in groups {
                if let Some(hole) = group(kind, values, name, context, &mut entries)? {
                    assume(&hole, &format!("{name}{value:?}"), context);
                    return Ok(None);
                }
            }
            Ok(Some(entries))
        }
        other => Err(context.invalid(format!(
            "`{name}` must be `\"*\"` or an object, not {}",
            kind_of(other)
        ))),
    }
}

fn bare(text: &Text, name: &str, context: &mut Context) -> Result<PrincipalEntry, Invalid> {
    let pattern = text_pattern(text, name, context)?;
    if pattern.is_star() {
        return Ok(PrincipalEntry::Everyone);
    }
    if let [Piece::Hole(hole)] = &*pattern.pieces() {
        return Ok(PrincipalEntry::Unknown(hole.clone()));
    }
    match parse_aws_principal(&pattern) {
        Some(entry @ PrincipalEntry::Account(_)) => {
            context.note(
                "bare-account-principal",
                format!(
                    "`{name}` is a bare account, which IAM refuses: write `{{\"AWS\": …}}`; it is read so"
                ),
            );
            Ok(entry)
        }
        _ => Err(context.invalid(format!(
            "`{name}` must be `\"*\"` or an object such as `{{\"AWS\": …}}`"
        ))),
    }
}

/// One group (`AWS`, `Service`, …). The hole when part of the group is known only later.
fn group(
    kind: &str,
    values: &Value,
    name: &str,
    context: &mut Context,
    entries: &mut Vec<PrincipalEntry>,
) -> Result<Option<HoleId>, Invalid> {
    let items = match values {
        Value::List(items) if items.is_empty() => {
            return Err(context.invalid(format!("`{name}` must not hold an empty list")));
        }
        Value::List(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    for item in items {
        let text = match item {
            Value::String(text) => text.clone(),
            Value::Number(number) => Text(vec![super::super::value::TextPiece::Lit(number.clone())]),
            Value::Unknown(hole) => return Ok(Some(hole.clone())),
            other => {
                return Err(context.invalid(format!("`{name}` must hold strings, not {}", kind_of(other))));
            }
        };
        entries.push(entry(kind, &text, name, context)?);
    }
    Ok(None)
}

fn entry(kind: &str, text: &Text, name: &str, context: &mut Context) -> Result<PrincipalEntry, Invalid> {
    let wildcards = match context.role {
        Role::Reference => Wildcards::Active,
        Role::Checked if text.as_literal() == Some("*") => Wildcards::Active,
        Role::Checked => Wildcards::Literal,
    };
    let pattern = pattern(text, wildcards, name, context)?;
    if pattern.pieces().is_empty() {
        return Err(context.invalid(format!("`{name}` must not hold an empty string")));
    }
    let partial = wildcards == Wildcards::Literal
        && pattern
            .pieces()
            .iter()
            .any(|piece| matches!(piece, Piece::Char('*' | '?')));
    if partial {
        return Err(context.invalid(format!(
            "`{name}` holds a wildcard in part of a principal, which IAM refuses: use `aws:PrincipalArn` in a condition"
        )));
    }
    match kind {
        "AWS" => parse_aws_principal(&pattern).ok_or_else(|| {
            context.invalid(format!(
                "`{name}` holds an `AWS` principal that is no account, user or role"
            ))
        }),
        "Service" => Ok(PrincipalEntry::Service(pattern)),
        "Federated" => Ok(PrincipalEntry::Federated(pattern)),
        "CanonicalUser" => Ok(PrincipalEntry::Canonical(pattern)),
        "*" if pattern.is_star() => {
            context.note(
                "star-principal-group",
                format!("`{name}` is `{{\"*\": \"*\"}}`, read as everyone"),
            );
            Ok(PrincipalEntry::Everyone)
        }
        other => {
            let known = ["AWS", "Service", "Federated", "CanonicalUser"];
            let hint = known.iter().find(|known| known.eq_ignore_ascii_case(other));
            let hint = hint.map_or(String::new(), |right| format!(": write `{right}`"));
            Err(context.invalid(format!(
                "`{name}` has a group `{}` that does not exist{hint}",
                super::shown(other)
            )))
        }
    }
}
