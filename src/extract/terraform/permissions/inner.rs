//! Grants of services that have a permission system of their own: clusters, data lakes, S3 Access Grants. What they let
//! somebody do in the words of IAM is written; what has no such words, or is in no table, is a hole.

use crate::extract::GapReason;
use crate::extract::terraform::attributes;
use crate::iam::{Text, TextPiece, Value};

use super::parties::{Party, party};
use super::{Permission, unexpected};

fn literal(text: &str) -> TextPiece {
    TextPiece::Lit(text.to_owned())
}

fn owned(actions: &[&str]) -> Vec<String> {
    actions.iter().map(|action| (*action).to_owned()).collect()
}

/// A principal whom an access policy lets use the Kubernetes API of a cluster. What it may do there is said in the words
/// of Kubernetes, which no policy has.
pub(super) fn cluster(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const POLICIES: &str = "access_policies";
    if permission.resource.resource_type == "awscc_eks_access_entry" {
        match permission.value(POLICIES) {
            attributes::Value::Absent => return permission.absent(POLICIES).map(|()| Vec::new()),
            attributes::Value::Known(value) if value.list().is_ok_and(|list| list.is_empty()) => {
                return Ok(Vec::new());
            }
            attributes::Value::Known(_) if !permission.is_marked(POLICIES) => {}
            _ => return Err(permission.unknown(POLICIES)),
        }
    } else {
        permission.required("policy_arn")?;
    }
    let principal = permission.name("principal_arn")?;
    let party = party(permission, &principal, "principal_arn")?;
    let mut arn = Text::default();
    permission.arn(&mut arn, "eks", None);
    arn.push(literal("cluster/"));
    arn.0.extend(permission.text("cluster_name")?.0);
    Ok(vec![permission.allow(
        party.principal,
        owned(&["eks:AccessKubernetesApi", "eks:MutateViaKubernetesApi"]),
        vec![Value::String(arn)],
        party.conditions,
    )])
}

/// Where the types of Lake Formation have the principal.
fn lake_principal(permission: &Permission<'_, '_>) -> &'static str {
    match permission.resource.resource_type.as_str() {
        "awscc_lakeformation_permissions" => "data_lake_principal.data_lake_principal_identifier",
        "awscc_lakeformation_principal_permissions" => "principal.data_lake_principal_identifier",
        _ => "principal",
    }
}

/// A permission on what is in a data lake: the principal gets at data through the lake, and may do with the catalog what
/// the permission stands for.
pub(super) fn lake(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let name = lake_principal(permission);
    let principal = permission.name(name)?;
    let party = lake_party(permission, &principal, name)?;
    let permissions = match permission.value("permissions") {
        attributes::Value::Absent => permission.absent("permissions").map(|()| Vec::new())?,
        _ => permission.list("permissions")?,
    };
    const OPTION: &str = "permissions_with_grant_option";
    let grants = permission.names(OPTION)?;
    if grants.iter().any(|grant| grant.as_literal().is_none()) {
        return Err(permission.unknown(OPTION));
    }
    if permissions.is_empty() && grants.is_empty() {
        return Err(unexpected("permissions"));
    }
    let mut actions = owned(&["lakeformation:GetDataAccess"]);
    if !grants.is_empty() {
        actions.extend(owned(&[
            "lakeformation:GrantPermissions",
            "lakeformation:RevokePermissions",
            "lakeformation:BatchGrantPermissions",
            "lakeformation:BatchRevokePermissions",
        ]));
    }
    // These actions are about no resource that a policy could name.
    let all = vec![Value::text("*")];
    let own = permission.allow(party.principal.clone(), actions, all, party.conditions.clone());
    let stable = permission.is_unchanged();
    let mut untold =
        |name: &str, origin: &str| Value::String(Text(vec![permission.untold(name, origin, stable)]));
    let actions = untold(
        "actions",
        "what the permissions allow in the catalog and the storage",
    );
    let resources = untold("resources", "where in the catalog and the storage they allow it");
    let more = permission.statement(
        "Allow",
        party.principal,
        vec![actions],
        vec![resources],
        party.conditions,
    );
    Ok(vec![own, more])
}

/// A principal of a data lake. Those that “IAM allows” are whoever a policy of the account lets in.
fn lake_party(permission: &mut Permission<'_, '_>, name: &Text, attribute: &str) -> Result<Party, GapReason> {
    let account = match name.as_literal() {
        Some("IAM_ALLOWED_PRINCIPALS") => Some(None),
        text => text
            .and_then(|text| text.strip_suffix(":IAMPrincipals"))
            .map(Some),
    };
    match account {
        None => party(permission, name, attribute),
        Some(Some(account)) => party(permission, &Text(vec![literal(account)]), attribute),
        Some(None) => {
            let mut arn = Text::default();
            permission.partition(&mut arn);
            arn.push(literal(":iam::"));
            let catalog = permission.known("catalog_id").filter(|id| !id.is_empty());
            match (catalog, permission.value("catalog_id")) {
                (Some(catalog), _) => arn.push(TextPiece::Lit(catalog)),
                (None, attributes::Value::Absent) => permission.account(&mut arn),
                (None, _) => return Err(permission.unknown("catalog_id")),
            }
            arn.push(literal(":root"));
            let group = vec![("AWS".to_owned(), Value::String(arn))];
            Ok(Party {
                principal: Value::Object(group),
                conditions: Vec::new(),
            })
        }
    }
}

/// What the permissions of S3 Access Grants allow on objects, and on the bucket.
const READ: [&str; 6] = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectAcl",
    "s3:GetObjectVersionAcl",
    "s3:ListMultipartUploadParts",
    "s3:ListBucket",
];
const WRITE: [&str; 6] = [
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
];

/// A grant of S3 Access Grants to a user or role: it may ask for credentials, and these are for a place in a bucket that
/// only the deployed grant tells.
pub(super) fn storage(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    match permission.required("grantee.grantee_type")?.as_str() {
        "IAM" => {}
        "DIRECTORY_USER" | "DIRECTORY_GROUP" => {
            let reason = "a grant to a user or group of a directory, whom no policy can name";
            return Err(GapReason::Unsupported(reason.to_owned()));
        }
        _ => return Err(unexpected("grantee.grantee_type")),
    }
    const GRANTEE: &str = "grantee.grantee_identifier";
    let grantee = permission.name(GRANTEE)?;
    let party = party(permission, &grantee, GRANTEE)?;
    let (read, write) = match permission.required("permission")?.as_str() {
        "READ" => (true, false),
        "WRITE" => (false, true),
        "READWRITE" => (true, true),
        _ => return Err(unexpected("permission")),
    };
    let mut actions = Vec::new();
    actions.extend(owned(&READ).into_iter().filter(|_| read));
    actions.extend(owned(&WRITE).into_iter().filter(|_| write));
    let account = permission.known("account_id").filter(|id| !id.is_empty());
    let mut instance = Text::default();
    permission.arn(&mut instance, "s3", account);
    instance.push(literal("access-grants/default"));
    let scope = match permission.known("grant_scope") {
        Some(scope) => scope_of(permission, &scope)?,
        None => vec![Value::String(Text(vec![permission.hole("grant_scope")]))],
    };
    let asks = permission.allow(
        party.principal.clone(),
        owned(&["s3:GetDataAccess", "s3:ListCallerAccessGrants"]),
        vec![Value::String(instance)],
        party.conditions.clone(),
    );
    let gets = permission.allow(party.principal, actions, scope, party.conditions);
    Ok(vec![asks, gets])
}

/// The ARNs of `s3://bucket/prefix*`: its objects, and the bucket that they are listed in.
fn scope_of(permission: &mut Permission<'_, '_>, scope: &str) -> Result<Vec<Value>, GapReason> {
    let path = scope
        .strip_prefix("s3://")
        .filter(|path| !path.is_empty() && !path.contains('$'))
        .ok_or_else(|| unexpected("grant_scope"))?;
    let bucket = path.split('/').next().unwrap_or(path);
    let mut resources = Vec::new();
    for name in [path, bucket] {
        let mut arn = Text::default();
        permission.partition(&mut arn);
        arn.push(literal(":s3:::"));
        arn.push(literal(name));
        resources.push(Value::String(arn));
    }
    Ok(resources)
}
