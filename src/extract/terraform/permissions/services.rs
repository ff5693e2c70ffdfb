//! Permissions of single services that are written as attributes: who may do what, in the words of IAM.

use crate::extract::GapReason;
use crate::extract::terraform::attributes;
use crate::extract::terraform::configuration::{Configured, Target};
use crate::iam::{Text, TextPiece, Value, parse_json};

use super::parties::{parties, party, together};
use super::{Permission, unexpected};

fn literal(text: &str) -> TextPiece {
    TextPiece::Lit(text.to_owned())
}

/// `arn:P:SERVICE:R:A:KINDname`, with the text of the attribute for the name.
fn named(
    permission: &mut Permission<'_, '_>,
    service: &str,
    kind: &str,
    attribute: &str,
) -> Result<Text, GapReason> {
    let mut arn = Text::default();
    permission.arn(&mut arn, service, None);
    arn.push(literal(kind));
    arn.0.extend(permission.text(attribute)?.0);
    Ok(arn)
}

fn below(arn: &Text, rest: &str) -> Text {
    let mut text = arn.clone();
    text.push(literal(rest));
    text
}

/// A permission to sign with a profile, by condition with one version of it. What was signed may be revoked job by job.
pub(super) fn signing_profile(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principal = permission.name("principal")?;
    let party = party(permission, &principal, "principal")?;
    let action = permission.required("action")?;
    let is_whole = action
        .strip_prefix("signer:")
        .is_some_and(|name| !name.is_empty());
    if !is_whole {
        return Err(unexpected("action"));
    }
    let profile = named(permission, "signer", "/signing-profiles/", "profile_name")?;
    let mut jobs = Text::default();
    permission.arn(&mut jobs, "signer", None);
    jobs.push(literal("/signing-jobs/*"));
    let version = permission.optional("profile_version")?;
    let mut conditions = party.conditions;
    conditions.extend(version.map(|version| {
        let entry = ("signer:ProfileVersion".to_owned(), version);
        ("StringEquals".to_owned(), Value::Object(vec![entry]))
    }));
    let resources = vec![Value::String(profile), Value::String(jobs)];
    Ok(vec![permission.allow(
        party.principal,
        vec![action],
        resources,
        conditions,
    )])
}

/// The agents that may send profiles to a profiling group.
pub(super) fn profiling_agents(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const NAME: &str = "agent_permissions.principals";
    let principals = permission.names(NAME)?;
    let Some(principal) = together(permission, &principals, NAME)? else {
        return Ok(Vec::new());
    };
    let group = named(
        permission,
        "codeguru-profiler",
        "profilingGroup/",
        "profiling_group_name",
    )?;
    let actions = ["ConfigureAgent", "PostAgentProfile"];
    let actions = actions.iter().map(|action| format!("codeguru-profiler:{action}"));
    Ok(vec![permission.allow(
        principal,
        actions.collect(),
        vec![Value::String(group)],
        Vec::new(),
    )])
}

/// One statement of a policy of Entity Resolution.
pub(super) fn entity_statement(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let effect = permission.required("effect")?;
    if !matches!(effect.as_str(), "Allow" | "Deny") {
        return Err(unexpected("effect"));
    }
    let principals = permission.names("principal")?;
    let principal = together(permission, &principals, "principal")?.ok_or_else(|| unexpected("principal"))?;
    let actions = permission.list("action")?;
    let conditions = match permission.value("condition") {
        attributes::Value::Absent => permission.absent("condition").map(|()| Vec::new())?,
        _ => match permission.required("condition")? {
            text if text.is_empty() => Vec::new(),
            text => match parse_json(&text).map_err(|_| unexpected("condition"))? {
                Value::Object(conditions) => conditions,
                _ => return Err(unexpected("condition")),
            },
        },
    };
    let resources = vec![Value::String(permission.text("arn")?)];
    let actions = actions.into_iter().map(Value::text).collect();
    Ok(vec![
        permission.statement(&effect, principal, actions, resources, conditions),
    ])
}

/// A permission to use an application of Q Business, and what is in it.
pub(super) fn application(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const NAME: &str = "conditions";
    let principal = permission.name("principal")?;
    let party = party(permission, &principal, "principal")?;
    let actions = permission.list("actions")?;
    let mut conditions = party.conditions;
    match permission.value(NAME) {
        attributes::Value::Absent => permission.absent(NAME)?,
        attributes::Value::Known(value) => {
            if permission.is_marked(NAME) {
                return Err(permission.unknown(NAME));
            }
            for block in value.list().map_err(|_| unexpected(NAME))? {
                let block = block.object().map_err(|_| unexpected(NAME))?;
                let part = |name: &str| block.string(name).ok_or_else(|| unexpected(NAME));
                let values = block.get("condition_values").and_then(|list| list.list().ok());
                let values: Result<Vec<Value>, GapReason> = values
                    .ok_or_else(|| unexpected(NAME))?
                    .into_iter()
                    .map(|value| value.string().map(Value::text).map_err(|_| unexpected(NAME)))
                    .collect();
                let operator = part("condition_operator")?;
                let entry = (part("condition_key")?, Value::List(values?));
                match conditions.iter_mut().find(|(known, _)| *known == operator) {
                    Some((_, Value::Object(entries))) => entries.push(entry),
                    _ => conditions.push((operator, Value::Object(vec![entry]))),
                }
            }
        }
        attributes::Value::Unknown | attributes::Value::Misshapen => return Err(permission.unknown(NAME)),
    }
    let application = named(permission, "qbusiness", "application/", "application_id")?;
    let resources = vec![
        Value::String(application.clone()),
        Value::String(below(&application, "/*")),
    ];
    Ok(vec![permission.allow(
        party.principal,
        actions,
        resources,
        conditions,
    )])
}

/// The operations of a grant of a license, and the actions that they are.
const LICENSE: [(&str, &[&str]); 7] = [
    ("CreateGrant", &["CreateGrant", "CreateGrantVersion"]),
    ("CheckoutLicense", &["CheckoutLicense", "GetAccessToken"]),
    ("CheckoutBorrowLicense", &["CheckoutBorrowLicense"]),
    ("CheckInLicense", &["CheckInLicense"]),
    ("ExtendConsumptionLicense", &["ExtendLicenseConsumption"]),
    (
        "ListPurchasedLicenses",
        &["ListReceivedLicenses", "GetLicense", "GetLicenseUsage"],
    ),
    ("CreateToken", &["CreateToken"]),
];

/// `awscc_licensemanager_grant`: what others may do with a license.
pub(super) fn license(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principals = permission.names("principals")?;
    if principals.is_empty() {
        return Ok(Vec::new());
    }
    let parties = parties(permission, &principals, "principals")?;
    let mut actions = Vec::new();
    for operation in permission.list("allowed_operations")? {
        let row = LICENSE.iter().find(|(name, _)| *name == operation);
        let (_, names) = row.ok_or_else(|| unexpected("allowed_operations"))?;
        actions.extend(names.iter().map(|name| format!("license-manager:{name}")));
    }
    if actions.is_empty() {
        return Err(unexpected("allowed_operations"));
    }
    let license = permission.text("license_arn")?;
    let allow = |party: super::parties::Party| {
        let resources = vec![Value::String(license.clone())];
        permission.allow(party.principal, actions.clone(), resources, party.conditions)
    };
    Ok(parties.into_iter().map(allow).collect())
}

/// `awscc_lambda_url`: without credentials, callers come as far as a permission lets them. That of a function which is
/// only now made is in the plan, or there is none; that of any other may be anywhere.
pub(super) fn plain_url(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    match permission.required("auth_type")?.as_str() {
        "AWS_IAM" => Ok(Vec::new()),
        "NONE" if is_new_function(permission) => Ok(Vec::new()),
        "NONE" => Err(GapReason::Unsupported(
            "a URL that needs no credentials lets in everybody whom a permission of its function does, and that may be outside of the plan"
                .to_owned(),
        )),
        _ => Err(unexpected("auth_type")),
    }
}

/// Whether the function is one of the plan whose ARN is not known: it is made when the plan is applied.
fn is_new_function(permission: &Permission<'_, '_>) -> bool {
    const NAME: &str = "target_function_arn";
    let context = permission.context;
    let Configured::Yes(references) = context.configuration.attribute(permission.resource, NAME) else {
        return false;
    };
    let is_unknown = matches!(permission.value(NAME), attributes::Value::Unknown);
    let targets = context.configuration.trace(permission.resource, &references);
    is_unknown
        && !targets.is_empty()
        && targets.iter().all(|target| {
            matches!(target, Target::Resource { mode: "resource", resource_type, attribute, .. }
                if matches!(resource_type.as_str(), "aws_lambda_function" | "awscc_lambda_function")
                    && attribute == "arn")
        })
}
