//! Permissions and grants of services other than S3.

use crate::extract::GapReason;
use crate::extract::terraform::attributes;
use crate::iam::{Text, TextPiece, Value, parse_json};

use super::{Permission, principal_value, unexpected, unknown_principal};

fn literal(text: &str) -> TextPiece {
    TextPiece::Lit(text.to_owned())
}

fn equals(key: &str, value: Value) -> (String, Value) {
    let entry = (key.to_owned(), value);
    ("StringEquals".to_owned(), Value::Object(vec![entry]))
}

/// The principal that an attribute names; anybody or nobody while it is not known.
fn principal(permission: &mut Permission<'_, '_>, attribute: &str) -> Result<Value, GapReason> {
    let name = permission.name(attribute)?;
    match name.as_literal() {
        Some(known) => principal_value(permission.context, known),
        None => Ok(unknown_principal(name)),
    }
}

/// A URL that needs no credentials: the provider lets everybody call the function through it
/// (`FunctionURLAllowPublicAccess`). Of Cloud Control's type only a permission of its own does.
pub(super) fn function_url(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    match permission.required("authorization_type")?.as_str() {
        "AWS_IAM" => Ok(Vec::new()),
        "NONE" => {
            let function = Value::String(permission.function("function_name")?);
            let condition = equals("lambda:FunctionUrlAuthType", Value::text("NONE"));
            let actions = vec!["lambda:InvokeFunctionUrl".to_owned()];
            Ok(vec![permission.allow(
                Value::text("*"),
                actions,
                vec![function],
                vec![condition],
            )])
        }
        _ => Err(unexpected("authorization_type")),
    }
}

/// `aws_lambda_layer_version_permission` and its sibling, which has the ARN of the version.
pub(super) fn layer(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let layer = match permission.value("layer_version_arn") {
        attributes::Value::Absent => {
            let mut text = Text::default();
            let name = permission.text("layer_name")?;
            let is_arn = name.as_literal().is_none_or(|name| name.starts_with("arn:"));
            if !is_arn {
                permission.arn(&mut text, "lambda", None);
                text.push(literal("layer:"));
            }
            text.0.extend(name.0);
            text.push(literal(":"));
            match permission.value("version_number") {
                attributes::Value::Known(version) => text.push(literal(version.text().trim_matches('"'))),
                attributes::Value::Unknown => text.push(permission.hole("version_number")),
                attributes::Value::Absent | attributes::Value::Misshapen => {
                    return Err(unexpected("version_number"));
                }
            }
            text
        }
        _ => permission.text("layer_version_arn")?,
    };
    let principal = principal(permission, "principal")?;
    let action = permission.required("action")?;
    let organization = permission.optional("organization_id")?;
    let conditions = organization.map(|id| equals("aws:PrincipalOrgID", id));
    let resources = vec![Value::String(layer)];
    Ok(vec![permission.allow(
        principal,
        vec![action],
        resources,
        conditions.into_iter().collect(),
    )])
}

/// The ARN of the event bus that is named; the default one if none is.
fn bus(permission: &mut Permission<'_, '_>) -> Result<Text, GapReason> {
    let name = match permission.value("event_bus_name") {
        attributes::Value::Absent => {
            permission.absent("event_bus_name")?;
            Text(vec![literal("default")])
        }
        _ => permission.text("event_bus_name")?,
    };
    if name.as_literal().is_some_and(|name| name.starts_with("arn:")) {
        return Ok(name);
    }
    let mut text = Text::default();
    permission.arn(&mut text, "events", None);
    text.push(literal("event-bus/"));
    text.0.extend(name.0);
    Ok(text)
}

/// `aws_cloudwatch_event_permission`: an account or everybody, by condition those of an organization.
pub(super) fn event_bus(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principal = principal(permission, "principal")?;
    let action = match permission.value("action") {
        attributes::Value::Absent => {
            permission.absent("action")?;
            "events:PutEvents".to_owned()
        }
        _ => permission.required("action")?,
    };
    let conditions = match permission.value("condition") {
        attributes::Value::Absent => Vec::new(),
        attributes::Value::Known(value) => {
            let blocks = match value.list() {
                Ok(blocks) => blocks,
                Err(_) => vec![value],
            };
            let mut conditions = Vec::new();
            for block in blocks {
                let block = block.object().map_err(|_| unexpected("condition"))?;
                let part = |name: &str| block.string(name).ok_or_else(|| unexpected("condition"));
                let entry = (part("key")?, Value::text(part("value")?));
                conditions.push((part("type")?, Value::Object(vec![entry])));
            }
            conditions
        }
        attributes::Value::Unknown | attributes::Value::Misshapen => return Err(unexpected("condition")),
    };
    if conditions.len() > 1 {
        return Err(unexpected("condition"));
    }
    let resources = vec![Value::String(bus(permission)?)];
    Ok(vec![permission.allow(
        principal,
        vec![action],
        resources,
        conditions,
    )])
}

/// `awscc_events_event_bus_policy`: a statement as JSON, or the older form of it.
pub(super) fn event_bus_statement(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    match permission.value("statement") {
        attributes::Value::Absent => {
            permission.absent("statement")?;
            event_bus(permission)
        }
        attributes::Value::Known(_) => {
            let text = permission.required("statement")?;
            let value = parse_json(&text).map_err(|_| unexpected("statement"))?;
            match value {
                Value::Object(_) => Ok(vec![value]),
                _ => Err(unexpected("statement")),
            }
        }
        attributes::Value::Unknown | attributes::Value::Misshapen => {
            permission.required("statement").map(|_| Vec::new())
        }
    }
}

/// `aws_acmpca_permission`: what the certificate manager may do with an authority.
pub(super) fn certificate_authority(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principal = principal(permission, "principal")?;
    let actions = permission.list("actions")?;
    let actions = actions
        .into_iter()
        .map(|action| format!("acm-pca:{action}"))
        .collect();
    let account = permission.optional("source_account")?;
    let conditions = account.map(|account| equals("aws:SourceAccount", account));
    let resources = vec![Value::String(permission.text("certificate_authority_arn")?)];
    Ok(vec![permission.allow(
        principal,
        actions,
        resources,
        conditions.into_iter().collect(),
    )])
}

/// `aws_kms_grant`: the operations are the actions of the same names on that key.
pub(super) fn key_grant(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    match permission.value("constraints") {
        attributes::Value::Absent => {}
        attributes::Value::Known(value) if value.list().is_ok_and(|list| list.is_empty()) => {}
        _ => {
            let reason = "a grant with `constraints` on the encryption context is not read yet".to_owned();
            return Err(GapReason::Unsupported(reason));
        }
    }
    let grantee = principal(permission, "grantee_principal")?;
    let retiring = permission.optional("retiring_principal")?;
    let operations = permission.list("operations")?;
    let key = permission.text("key_id")?;
    let is_arn = key.as_literal().is_none_or(|key| key.starts_with("arn:"));
    let mut arn = Text::default();
    if !is_arn {
        permission.arn(&mut arn, "kms", None);
        arn.push(literal("key/"));
    }
    arn.0.extend(key.0);
    let resources = vec![Value::String(arn)];
    let actions: Vec<String> = operations.iter().map(|name| format!("kms:{name}")).collect();
    if actions.is_empty() {
        return Err(unexpected("operations"));
    }
    let mut statements = vec![permission.allow(grantee, actions, resources.clone(), Vec::new())];
    if let Some(retiring) = retiring {
        let Value::String(text) = retiring else {
            return Err(unexpected("retiring_principal"));
        };
        let principal = match text.as_literal() {
            Some(known) => principal_value(permission.context, known)?,
            None => unknown_principal(text),
        };
        let actions = vec!["kms:RetireGrant".to_owned()];
        statements.push(permission.allow(principal, actions, resources, Vec::new()));
    }
    Ok(statements)
}
