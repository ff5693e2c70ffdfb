//! Grants that no policy document holds: the verdicts on whom they let in.

use std::fs;

use serde_json::{Value, json};

use crate::run::{findings, run, scratch, text};

mod inside;

const STANDARDS: &str = "version: 1\ntrust: {accounts: [\"111122223333\"]}\nstandards:\n  - {id: public, check: no-public-access}\n  - {id: external, check: no-external-access}\n";
const GROWTH: &str = "version: 1\nstandards:\n  - {id: growth, check: no-new-access, reference: before}\n";
const STORAGE: &str =
    "version: 1\nstandards:\n  - {id: reads, check: access-not-granted, actions: [\"s3:GetObject\"]}\n";

const OWN: &str = "111122223333";
const FOREIGN: &str = "444455556666";

/// A resource with one attribute for whoever is let in, by a path of names.
struct Kind {
    resource_type: &'static str,
    rest: Value,
    who: &'static str,
    /// Whether it takes an account id; else the ARN of a role.
    takes_account: bool,
}

fn kinds() -> Vec<Kind> {
    let kind = |resource_type, rest, who, takes_account| Kind {
        resource_type,
        rest,
        who,
        takes_account,
    };
    let lake = json!({"permissions": ["SELECT"]});
    let sign = json!({"profile_name": "p", "action": "signer:StartSigningJob"});
    let license = json!({"license_arn": "arn:aws:license-manager::111122223333:license:l", "allowed_operations": ["CheckoutLicense"]});
    let entity = json!({"arn": "arn:aws:entityresolution:eu-west-1:111122223333:idnamespace/n", "effect": "Allow",
        "action": ["entityresolution:UseIdNamespace"]});
    vec![
        kind(
            "aws_vpc_endpoint_service",
            json!({"id": "vpce-svc-1"}),
            "allowed_principals[]",
            false,
        ),
        kind(
            "aws_vpc_endpoint_service_allowed_principal",
            json!({"vpc_endpoint_service_id": "s"}),
            "principal_arn",
            false,
        ),
        kind(
            "awscc_ec2_vpc_endpoint_service_permissions",
            json!({"service_id": "s"}),
            "allowed_principals[]",
            false,
        ),
        kind(
            "aws_ami_launch_permission",
            json!({"image_id": "ami-1"}),
            "account_id",
            true,
        ),
        kind(
            "aws_snapshot_create_volume_permission",
            json!({"snapshot_id": "snap-1"}),
            "account_id",
            true,
        ),
        kind(
            "aws_ram_principal_association",
            json!({"resource_share_arn": "arn:aws:ram:eu-west-1:111122223333:resource-share/s"}),
            "principal",
            true,
        ),
        kind(
            "awscc_ram_resource_share",
            json!({"name": "s"}),
            "principals[]",
            true,
        ),
        kind(
            "aws_signer_signing_profile_permission",
            sign.clone(),
            "principal",
            true,
        ),
        kind("awscc_signer_profile_permission", sign, "principal", false),
        kind(
            "awscc_codeguruprofiler_profiling_group",
            json!({"profiling_group_name": "g"}),
            "agent_permissions.principals[]",
            false,
        ),
        kind(
            "awscc_entityresolution_policy_statement",
            entity,
            "principal[]",
            true,
        ),
        kind(
            "awscc_qbusiness_permission",
            json!({"application_id": "a", "actions": ["qbusiness:Chat"]}),
            "principal",
            false,
        ),
        kind("awscc_licensemanager_grant", license, "principals[]", false),
        kind(
            "aws_eks_access_policy_association",
            json!({"cluster_name": "c", "policy_arn": "p"}),
            "principal_arn",
            false,
        ),
        kind(
            "awscc_eks_access_entry",
            json!({"cluster_name": "c", "access_policies": [{"policy_arn": "p"}]}),
            "principal_arn",
            false,
        ),
        kind("aws_lakeformation_permissions", lake.clone(), "principal", true),
        kind(
            "awscc_lakeformation_permissions",
            lake.clone(),
            "data_lake_principal.data_lake_principal_identifier",
            false,
        ),
        kind(
            "awscc_lakeformation_principal_permissions",
            lake,
            "principal.data_lake_principal_identifier",
            false,
        ),
        kind(
            "aws_s3control_access_grant",
            json!({"permission": "READ", "grantee": {"grantee_type": "IAM"}}),
            "grantee.grantee_identifier",
            false,
        ),
        kind(
            "awscc_s3_access_grant",
            json!({"permission": "READ", "grantee": {"grantee_type": "IAM"}}),
            "grantee.grantee_identifier",
            false,
        ),
    ]
}

impl Kind {
    /// Whoever is let in, as this type names them.
    fn named(&self, account: &str) -> Value {
        match self.takes_account {
            true => json!(account),
            false => json!(format!("arn:aws:iam::{account}:role/r")),
        }
    }

    /// The object of a value at the path of whoever is let in.
    fn at(&self, value: Value) -> Value {
        self.who
            .rsplit('.')
            .fold(value, |inner, name| match name.strip_suffix("[]") {
                Some(name) => json!({name: [inner]}),
                None => json!({name: inner}),
            })
    }

    /// Its attributes, with somebody let in, or nobody who is known.
    fn attributes(&self, account: Option<&str>) -> Value {
        let mut attributes = self.rest.clone();
        if let Some(account) = account {
            merge(&mut attributes, &self.at(self.named(account)));
        }
        attributes
    }

    fn change(&self, name: &str, account: Option<&str>) -> Value {
        let unknown = match account {
            Some(_) => json!({}),
            None => self.at(json!(true)),
        };
        change(
            self.resource_type,
            name,
            Value::Null,
            self.attributes(account),
            unknown,
        )
    }
}

fn merge(into: &mut Value, other: &Value) {
    for (name, value) in other.as_object().unwrap() {
        match into.get_mut(name) {
            Some(inner) if inner.is_object() => merge(inner, value),
            _ => into[name] = value.clone(),
        }
    }
}

fn change(resource_type: &str, name: &str, before: Value, after: Value, unknown: Value) -> Value {
    let actions = match before == after {
        true => "no-op",
        false if before.is_null() => "create",
        false => "update",
    };
    json!({"address": format!("{resource_type}.{name}"), "mode": "managed", "type": resource_type, "name": name,
        "change": {"actions": [actions], "before": before, "after": after, "after_unknown": unknown}})
}

/// The findings of a plan as `VERDICT STANDARD ADDRESS`, and how many results pass.
fn verdicts(name: &str, standards: &str, changes: &[Value]) -> (Vec<String>, u64) {
    let told = |resource_type: &str, attribute: &str, value: &str| {
        json!({"address": format!("data.{resource_type}.d"), "mode": "data", "type": resource_type, "name": "d",
            "values": {attribute: value}})
    };
    let prior = [
        told("aws_caller_identity", "account_id", OWN),
        told("aws_region", "name", "eu-west-1"),
        told("aws_partition", "partition", "aws"),
    ];
    let configured: Vec<Value> = changes
        .iter()
        .map(|change| {
            let marks = change["change"]["after_unknown"].to_string();
            let expressions: Value = serde_json::from_str(&marks.replace("true", r#"{"references": ["var.x"]}"#)).unwrap();
            json!({"address": change["address"], "mode": "managed", "type": change["type"], "name": change["name"],
                "expressions": expressions})
        })
        .collect();
    let plan = json!({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes,
        "prior_state": {"values": {"root_module": {"resources": prior}}},
        "configuration": {"root_module": {"resources": configured}}});
    let folder = scratch(&format!("grants-{name}"));
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    fs::write(folder.join("plan.json"), plan.to_string()).unwrap();
    let report = run(&folder, &["check", "plan.json", "--format", "json"]).json();
    let mut lines: Vec<String> = ["FAIL", "UNDECIDED", "ERROR"]
        .iter()
        .flat_map(|verdict| findings(&report, verdict))
        .map(|finding| {
            let [verdict, standard, address] =
                ["verdict", "standard", "address"].map(|name| text(finding, name));
            format!("{verdict} {standard} {address}")
        })
        .collect();
    lines.sort();
    (lines, report["summary"]["results"]["pass"].as_u64().unwrap())
}

#[test]
fn somebody_of_the_account_is_no_stranger() {
    let kinds = kinds();
    let changes: Vec<Value> = kinds.iter().map(|kind| kind.change("own", Some(OWN))).collect();
    let (found, passed) = verdicts("own", STANDARDS, &changes);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(passed, 2 * kinds.len() as u64);
}

#[test]
fn somebody_of_another_account_is_external_and_not_public() {
    let kinds = kinds();
    let changes: Vec<Value> = kinds
        .iter()
        .map(|kind| kind.change("far", Some(FOREIGN)))
        .collect();
    let (found, passed) = verdicts("far", STANDARDS, &changes);
    let mut expected: Vec<String> = kinds
        .iter()
        .map(|kind| format!("FAIL external {}.far", kind.resource_type))
        .collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(passed, kinds.len() as u64);
}

#[test]
fn whoever_is_not_known_is_undecided() {
    let kinds = kinds();
    let changes: Vec<Value> = kinds.iter().map(|kind| kind.change("who", None)).collect();
    let (found, passed) = verdicts("who", STANDARDS, &changes);
    let mut expected: Vec<String> = kinds
        .iter()
        .flat_map(|kind| {
            ["external", "public"].map(|id| format!("UNDECIDED {id} {}.who", kind.resource_type))
        })
        .collect();
    expected.sort();
    assert_eq!((found, passed), (expected, 0));
    // It is known all the same what is not let.
    let keys = STORAGE.replace("s3:GetObject", "kms:Decrypt");
    let (found, passed) = verdicts("who-keys", &keys, &changes);
    let open = ["lakeformation", "_ram_"];
    let is_open =
        |line: &String| open.iter().any(|name| line.contains(name)) && line.starts_with("UNDECIDED");
    assert!(found.len() == 5 && found.iter().all(is_open), "{found:?}");
    assert_eq!(passed, kinds.len() as u64 - 5);
}

#[test]
fn everybody_is_public() {
    let everybody = [
        (
            "aws_vpc_endpoint_service",
            json!({"id": "s", "allowed_principals": ["*"]}),
        ),
        (
            "aws_vpc_endpoint_service_allowed_principal",
            json!({"vpc_endpoint_service_id": "s", "principal_arn": "*"}),
        ),
        (
            "aws_ami_launch_permission",
            json!({"image_id": "ami-1", "group": "all"}),
        ),
        (
            "awscc_s3_bucket",
            json!({"bucket_name": "b", "access_control": "PublicRead"}),
        ),
    ];
    let changes = everybody
        .iter()
        .map(|(kind, after)| change(kind, "all", Value::Null, after.clone(), json!({})));
    let (found, passed) = verdicts("all", STANDARDS, &changes.collect::<Vec<_>>());
    let mut expected: Vec<String> = everybody
        .iter()
        .flat_map(|(kind, _)| ["external", "public"].map(|id| format!("FAIL {id} {kind}.all")))
        .collect();
    expected.iter_mut().for_each(|line| {
        if line.contains("awscc_s3_bucket") {
            line.push_str("/access_control");
        }
    });
    expected.sort();
    assert_eq!((found, passed), (expected, 0));
}

/// What stays allows nothing new, be it known or not what that is; somebody else is new.
#[test]
fn growth_is_somebody_else() {
    let kinds = kinds();
    let before = |kind: &Kind| kind.attributes(Some(OWN));
    // The ARNs of what is there are known.
    let known = |kind: &Kind, mut attributes: Value| {
        match kind.resource_type {
            "awscc_ram_resource_share" => {
                attributes["arn"] = json!("arn:aws:ram:eu-west-1:111122223333:resource-share/s");
            }
            "aws_s3control_access_grant" | "awscc_s3_access_grant" => {
                attributes["grant_scope"] = json!("s3://b/*");
            }
            _ => {}
        }
        attributes
    };
    let changes = |account: &'static str| {
        let change = move |kind: &Kind| {
            let (was, will) = (
                known(kind, before(kind)),
                known(kind, kind.attributes(Some(account))),
            );
            change(kind.resource_type, "a", was, will, json!({}))
        };
        kinds.iter().map(change).collect::<Vec<Value>>()
    };
    let (found, passed) = verdicts("stays", GROWTH, &changes(OWN));
    assert_eq!((found, passed), (Vec::new(), kinds.len() as u64));
    let (found, passed) = verdicts("grows", GROWTH, &changes(FOREIGN));
    let mut expected: Vec<String> = kinds
        .iter()
        .map(|kind| match kind.resource_type.contains("lakeformation") {
            // What a permission of a lake allows may be more than it was after any change.
            true => format!("UNDECIDED growth {}.a", kind.resource_type),
            false => format!("FAIL growth {}.a", kind.resource_type),
        })
        .collect();
    expected.sort();
    assert_eq!((found, passed), (expected, 0));
}

/// What a grant allows that no table tells is never said not to be allowed.
#[test]
fn what_a_grant_allows_is_not_guessed() {
    let kinds = kinds();
    let changes: Vec<Value> = kinds.iter().map(|kind| kind.change("own", Some(OWN))).collect();
    let (found, _) = verdicts("reads", STORAGE, &changes);
    let expected = [
        "FAIL reads aws_s3control_access_grant.own",
        "FAIL reads awscc_s3_access_grant.own",
        "UNDECIDED reads aws_lakeformation_permissions.own",
        "UNDECIDED reads aws_ram_principal_association.own",
        "UNDECIDED reads awscc_lakeformation_permissions.own",
        "UNDECIDED reads awscc_lakeformation_principal_permissions.own",
        "UNDECIDED reads awscc_ram_resource_share.own",
    ];
    assert_eq!(found, expected);
}

/// What is shared next is not known to be nothing new.
#[test]
fn a_resource_that_is_added_to_a_share_is_not_compared() {
    let share = "arn:aws:ram:eu-west-1:111122223333:resource-share/s";
    let principal = json!({"principal": FOREIGN, "resource_share_arn": share});
    let added =
        json!({"resource_arn": "arn:aws:ec2:eu-west-1:111122223333:subnet/s", "resource_share_arn": share});
    let changes = [
        change(
            "aws_ram_principal_association",
            "a",
            principal.clone(),
            principal,
            json!({}),
        ),
        change("aws_ram_resource_association", "a", Value::Null, added, json!({})),
    ];
    let (found, passed) = verdicts("added", GROWTH, &changes);
    assert_eq!(found, ["UNDECIDED growth aws_ram_resource_association.a"]);
    assert_eq!(passed, 1);
}
