//! Access control lists of S3: canned ones, and those that are spelled out.

use crate::extract::GapReason;
use crate::extract::acl::{Grantee, Of, actions, canned_grants, principal};
use crate::extract::terraform::attributes;
use crate::extract::terraform::configuration::Configured;
use crate::extract::terraform::documents::{Presence, unknown_reason};
use crate::extract::terraform::json::{Json, Object};
use crate::iam::{Text, TextPiece, Value};

use super::{Permission, unexpected};

/// The statements of a canned list, or else of the grants beside it.
pub(super) fn canned(permission: &mut Permission<'_, '_>, of: Of) -> Result<Vec<Value>, GapReason> {
    let name = match permission.value("acl") {
        attributes::Value::Known(_) => permission.required("acl")?,
        attributes::Value::Unknown => return unknown(permission, "acl"),
        attributes::Value::Absent => {
            permission.absent("acl")?;
            return match is_list(permission) {
                true => policy(permission),
                false => Ok(Vec::new()),
            };
        }
        attributes::Value::Misshapen => return Err(unexpected("acl")),
    };
    if name.is_empty() && is_list(permission) {
        return policy(permission);
    }
    listed(permission, of, &name)
}

/// The statements of the canned list of that name.
fn listed(permission: &mut Permission<'_, '_>, of: Of, name: &str) -> Result<Vec<Value>, GapReason> {
    let Some(grants) = canned_grants(name) else {
        let reason = "a canned access control list that names other accounts is not read yet".to_owned();
        return Err(GapReason::Unsupported(reason));
    };
    statements(
        permission,
        of,
        grants.into_iter().map(|(who, what)| (who, what.to_owned())),
    )
}

/// Whether the resource is there for the list alone.
fn is_list(permission: &Permission<'_, '_>) -> bool {
    permission.resource.resource_type == "aws_s3_bucket_acl"
}

/// A gap for what is configured, nothing for what the provider fills in.
fn unknown(permission: &Permission<'_, '_>, attribute: &str) -> Result<Vec<Value>, GapReason> {
    let Permission {
        context, resource, ..
    } = permission;
    unknown_reason(context, resource, attribute, Presence::Computed).map_or_else(|| Ok(Vec::new()), Err)
}

/// The statements of `access_control_policy`.
fn policy(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const NAME: &str = "access_control_policy";
    let value = match permission.value(NAME) {
        attributes::Value::Known(value) => value,
        attributes::Value::Unknown => return unknown(permission, NAME),
        attributes::Value::Absent => return permission.absent(NAME).map(|()| Vec::new()),
        attributes::Value::Misshapen => return Err(unexpected(NAME)),
    };
    let mut found = Vec::new();
    for block in objects(value, NAME)? {
        let owner = block
            .get("owner")
            .map_or_else(|| Ok(Vec::new()), |owner| objects(owner, NAME))?;
        let owner = owner.first().and_then(|owner| owner.string("id"));
        for grant in objects(block.get("grant").ok_or_else(|| unexpected(NAME))?, NAME)? {
            let what = grant.string("permission").ok_or_else(|| unexpected(NAME))?;
            let grantees = objects(grant.get("grantee").ok_or_else(|| unexpected(NAME))?, NAME)?;
            for who in &grantees {
                let who = grantee(who, NAME)?;
                // The owner holds the bucket anyway.
                if !matches!((&who, &owner), (Grantee::Account(id), Some(owner)) if id == owner) {
                    found.push((who, what.clone()));
                }
            }
        }
    }
    if attributes::marks_something(
        permission
            .resource
            .unknown
            .and_then(|marks| marks.object().ok()?.get(NAME)),
    ) {
        return unknown(permission, NAME);
    }
    statements(permission, Of::Bucket, found.into_iter())
}

/// The statements of `grant` blocks.
pub(super) fn grants(permission: &mut Permission<'_, '_>, of: Of) -> Result<Vec<Value>, GapReason> {
    const NAME: &str = "grant";
    let value = match permission.value(NAME) {
        attributes::Value::Known(value) => value,
        attributes::Value::Unknown => return unknown(permission, NAME),
        attributes::Value::Absent => return permission.absent(NAME).map(|()| Vec::new()),
        attributes::Value::Misshapen => return Err(unexpected(NAME)),
    };
    let marks = permission
        .resource
        .unknown
        .and_then(|marks| marks.object().ok()?.get(NAME));
    if attributes::marks_something(marks) {
        return unknown(permission, NAME);
    }
    let mut found = Vec::new();
    for block in objects(value, NAME)? {
        let who = grantee(&block, NAME)?;
        let permissions = block.get("permissions").and_then(|list| list.list().ok());
        for what in permissions.ok_or_else(|| unexpected(NAME))? {
            let what = what.string().map_err(|_| unexpected(NAME))?;
            found.push((who.clone(), what));
        }
    }
    // What the provider fills in is what is deployed, where the owner has full control.
    let accounts: Vec<_> = found
        .iter()
        .filter(|(who, _)| matches!(who, Grantee::Account(_)))
        .collect();
    let is_owner = matches!(accounts.as_slice(), [(_, what)] if what == "FULL_CONTROL");
    match permission
        .context
        .configuration
        .attribute(permission.resource, NAME)
    {
        Configured::No if is_owner => found.retain(|(who, _)| !matches!(who, Grantee::Account(_))),
        Configured::NotTold if !accounts.is_empty() => {
            let reason = "which of the grants is the owner's own is not told".to_owned();
            return Err(GapReason::UnexpectedShape(reason));
        }
        Configured::Yes(_) | Configured::No | Configured::NotTold => {}
    }
    statements(permission, of, found.into_iter())
}

fn objects<'a>(value: Json<'a>, name: &str) -> Result<Vec<Object<'a>>, GapReason> {
    let list = value.list().map_err(|_| unexpected(name))?;
    let objects: Result<Vec<Object<'a>>, _> = list.into_iter().map(Json::object).collect();
    objects.map_err(|_| unexpected(name))
}

fn grantee(grantee: &Object<'_>, name: &str) -> Result<Grantee, GapReason> {
    let told = |key: &str| grantee.string(key).filter(|text| !text.is_empty());
    let group = told("uri");
    let group = group.as_deref().and_then(|uri| uri.rsplit('/').next());
    match (told("type").as_deref(), group, told("id")) {
        (Some("Group"), Some("AllUsers"), _) => Ok(Grantee::All),
        (Some("Group"), Some("AuthenticatedUsers"), _) => Ok(Grantee::Authenticated),
        (Some("Group"), Some("LogDelivery"), _) => Ok(Grantee::LogDelivery),
        (Some("CanonicalUser"), _, Some(id)) => Ok(Grantee::Account(id)),
        (Some("AmazonCustomerByEmail"), ..) => Err(GapReason::Unsupported(
            "a grant by mail address is not read yet".to_owned(),
        )),
        (_, _, _) => Err(unexpected(name)),
    }
}

fn statements(
    permission: &mut Permission<'_, '_>,
    of: Of,
    grants: impl Iterator<Item = (Grantee, String)>,
) -> Result<Vec<Value>, GapReason> {
    let mut statements = Vec::new();
    for (who, what) in grants {
        let [bucket, objects] = actions(of, &what).ok_or_else(|| unexpected("permission"))?;
        let mut arn = Text::default();
        permission.partition(&mut arn);
        arn.push(TextPiece::Lit(":s3:::".to_owned()));
        arn.0.extend(bucket_name(permission)?.0);
        let mut inside = arn.clone();
        inside.push(TextPiece::Lit("/".to_owned()));
        match of {
            Of::Bucket => inside.push(TextPiece::Lit("*".to_owned())),
            Of::Object if !objects.is_empty() => inside.0.extend(permission.text("key")?.0),
            Of::Object => {}
        }
        for (actions, resource) in [(bucket, arn), (objects, inside)] {
            if !actions.is_empty() {
                let (principal, conditions) = principal(&who);
                let actions = actions.iter().map(|action| (*action).to_owned()).collect();
                statements.push(permission.allow(
                    principal,
                    actions,
                    vec![Value::String(resource)],
                    conditions,
                ));
            }
        }
    }
    Ok(statements)
}

/// The name of the bucket; that of a new one of Cloud Control's may be made by the service.
fn bucket_name(permission: &mut Permission<'_, '_>) -> Result<Text, GapReason> {
    const NAME: &str = "bucket_name";
    if permission.resource.resource_type != CLOUD_CONTROL {
        return permission.text("bucket");
    }
    match permission.value(NAME) {
        attributes::Value::Absent => Ok(Text(vec![permission.hole(NAME)])),
        _ => permission.text(NAME),
    }
}

const CLOUD_CONTROL: &str = "awscc_s3_bucket";

/// The statements of a canned list as Cloud Control names it: `PublicRead` for `public-read`.
pub(super) fn cloud_control(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const NAME: &str = "access_control";
    let name = match permission.value(NAME) {
        attributes::Value::Known(_) => permission.required(NAME)?,
        attributes::Value::Unknown => return unknown(permission, NAME),
        attributes::Value::Absent => return permission.absent(NAME).map(|()| Vec::new()),
        attributes::Value::Misshapen => return Err(unexpected(NAME)),
    };
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    listed(permission, Of::Bucket, &words)
}
