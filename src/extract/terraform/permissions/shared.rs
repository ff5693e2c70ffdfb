//! What is shared with other accounts without a policy: endpoint services, images, snapshots, and shares of the Resource
//! Access Manager.

use crate::extract::GapReason;
use crate::extract::terraform::attributes;
use crate::iam::{Text, TextPiece, Value};

use super::parties::{Party, parties, party};
use super::{Permission, unexpected};

/// What somebody with whom an image is shared may do with it: start instances of it and copy it. (The service asks more
/// of the storage behind the image for a copy; that it may not be given is no reason to say that it is not.)
const IMAGE: [&str; 9] = [
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotFleet",
    "ec2:RequestSpotInstances",
    "ec2:CreateReplaceRootVolumeTask",
    "ec2:CopyImage",
    "ec2:CreateStoreImageTask",
    "ec2:CancelImageLaunchPermission",
];

/// What somebody with whom a snapshot is shared may do with it: all that reads what is in it.
const SNAPSHOT: [&str; 12] = [
    "ec2:CreateVolume",
    "ec2:CopySnapshot",
    "ec2:CopyImage",
    "ec2:RegisterImage",
    "ec2:RunInstances",
    "ec2:RequestSpotFleet",
    "ec2:RequestSpotInstances",
    "ec2:CreateReplaceRootVolumeTask",
    "ec2:EnableFastSnapshotRestores",
    "ebs:GetSnapshotBlock",
    "ebs:ListSnapshotBlocks",
    "ebs:ListChangedBlocks",
];

fn literal(text: &str) -> TextPiece {
    TextPiece::Lit(text.to_owned())
}

fn owned(actions: &[&str]) -> Vec<String> {
    actions.iter().map(|action| (*action).to_owned()).collect()
}

/// One statement a party.
fn allow_each(
    permission: &Permission<'_, '_>,
    parties: Vec<Party>,
    actions: &[&str],
    resource: &Text,
) -> Vec<Value> {
    let resources = || vec![Value::String(resource.clone())];
    parties
        .into_iter()
        .map(|party| permission.allow(party.principal, owned(actions), resources(), party.conditions))
        .collect()
}

/// Who may make an endpoint to a service of the account: `allowed_principals` or `principal_arn`, of a service that is
/// the resource itself or is named by its id.
pub(super) fn endpoint_service(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let (list, id) = match permission.resource.resource_type.as_str() {
        "aws_vpc_endpoint_service" => ("allowed_principals", "id"),
        "awscc_ec2_vpc_endpoint_service_permissions" => ("allowed_principals", "service_id"),
        _ => ("principal_arn", "vpc_endpoint_service_id"),
    };
    let principals = match list {
        "principal_arn" => vec![permission.name(list)?],
        _ => permission.names(list)?,
    };
    let parties = parties(permission, &principals, list)?;
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let mut arn = Text::default();
    permission.arn(&mut arn, "ec2", None);
    arn.push(literal("vpc-endpoint-service/"));
    let id = match permission.value(id) {
        // That of a new service.
        attributes::Value::Absent if id == "id" => Text(vec![permission.hole(id)]),
        _ => permission.text(id)?,
    };
    arn.0.extend(id.0);
    Ok(allow_each(permission, parties, &["ec2:CreateVpcEndpoint"], &arn))
}

/// `aws_ami_launch_permission`: an account, everybody, an organization or a unit of one.
pub(super) fn image(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    const NAMES: [&str; 4] = [
        "account_id",
        "group",
        "organization_arn",
        "organizational_unit_arn",
    ];
    let mut found = Vec::new();
    for name in NAMES {
        match permission.value(name) {
            attributes::Value::Absent => permission.absent(name)?,
            attributes::Value::Known(_) => {
                let text = permission.required(name)?;
                let text = match (name, text.as_str()) {
                    (_, "") => continue,
                    ("group", "all") => "*".to_owned(),
                    // No other group is known, and `all` is no account.
                    ("group", _) | (_, "*") => return Err(unexpected(name)),
                    _ => text,
                };
                let text = Text(vec![TextPiece::Lit(text)]);
                found.push(party(permission, &text, name)?);
            }
            attributes::Value::Unknown => {
                let unknown = permission.name(name)?;
                found.push(party(permission, &unknown, name)?);
            }
            attributes::Value::Misshapen => return Err(unexpected(name)),
        }
    }
    if found.is_empty() {
        return Err(unexpected("account_id"));
    }
    let arn = regional(permission, "image/", "image_id")?;
    Ok(allow_each(permission, found, &IMAGE, &arn))
}

/// `aws_snapshot_create_volume_permission`: an account.
pub(super) fn snapshot(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let account = permission.name("account_id")?;
    let party = party(permission, &account, "account_id")?;
    let arn = regional(permission, "snapshot/", "snapshot_id")?;
    Ok(allow_each(permission, vec![party], &SNAPSHOT, &arn))
}

/// The ARN of an image or snapshot, which names no account.
fn regional(permission: &mut Permission<'_, '_>, kind: &str, id: &str) -> Result<Text, GapReason> {
    let mut arn = Text::default();
    permission.regional(&mut arn, "ec2");
    arn.push(literal(":"));
    arn.push(literal(kind));
    arn.0.extend(permission.text(id)?.0);
    Ok(arn)
}

/// A principal of a share: it sees the share and may do what the permissions of the share say with what is shared. Neither
/// of the two is in the plan, so both are holes: whether it is somebody from outside can be told all the same.
pub(super) fn share_principal(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principal = permission.name("principal")?;
    let party = party(permission, &principal, "principal")?;
    let arn = permission.text("resource_share_arn")?;
    let stable = permission.stays("resource_share_arn");
    Ok(share(permission, vec![party], arn, stable))
}

/// `awscc_ram_resource_share`, which has its principals with it.
pub(super) fn share_with_principals(permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
    let principals = permission.names("principals")?;
    let parties = parties(permission, &principals, "principals")?;
    if parties.is_empty() {
        return Ok(Vec::new());
    }
    let arn = match permission.value("arn") {
        attributes::Value::Known(_) => permission.text("arn")?,
        _ => {
            let mut arn = Text::default();
            permission.arn(&mut arn, "ram", None);
            arn.push(literal("resource-share/"));
            arn.push(permission.hole("arn"));
            arn
        }
    };
    let stable = permission.stays("permission_arns") && permission.stays("resource_arns");
    Ok(share(permission, parties, arn, stable))
}

fn share(permission: &mut Permission<'_, '_>, parties: Vec<Party>, arn: Text, stable: bool) -> Vec<Value> {
    let mut untold =
        |name: &str, origin: &str| Value::String(Text(vec![permission.untold(name, origin, stable)]));
    let actions = untold("actions", "what the permissions of the share allow");
    let resources = untold("resources", "what the share shares");
    let mut statements = Vec::new();
    for party in parties {
        statements.push(permission.allow(
            party.principal.clone(),
            owned(&["ram:GetResourceShares"]),
            vec![Value::String(arn.clone())],
            party.conditions.clone(),
        ));
        statements.push(permission.statement(
            "Allow",
            party.principal,
            vec![actions.clone()],
            vec![resources.clone()],
            party.conditions,
        ));
    }
    statements
}
