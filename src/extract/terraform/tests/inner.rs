//! Grants of services with a permission system of their own, and what Cloud Control's types let in.

use super::grants::{FOREIGN, no, set, unknown, whoever};
use super::permissions::allows;

#[test]
fn clusters_lakes_and_storage() {
    let cluster = |who: &str| {
        format!(
            r#"aws_eks_access_policy_association.a create after={{"cluster_name": "c", "policy_arn": "arn:aws:eks::aws:cluster-access-policy/p", "principal_arn": "{who}"}}"#
        )
    };
    let on = "may eks:accesskubernetesapi,eks:mutateviakubernetesapi on arn:aws:eks:eu-west-1:111122223333:cluster/c";
    allows(&cluster(FOREIGN), "", &[&format!("AWS {FOREIGN} {on}")]);
    whoever(
        "aws_eks_access_policy_association",
        r#""cluster_name": "c", "policy_arn": "p""#,
        "principal_arn",
    );
    let entry = |policies: &str| {
        format!(
            r#"awscc_eks_access_entry.a create after={{"cluster_name": "c", "principal_arn": "{FOREIGN}", "access_policies": {policies}}}"#
        )
    };
    allows(&entry("[]"), "", &[]);
    allows(
        &entry(r#"[{"policy_arn": "p"}]"#),
        "",
        &[&format!("AWS {FOREIGN} {on}")],
    );
    unknown(
        "awscc_eks_access_entry",
        &format!(r#""cluster_name": "c", "principal_arn": "{FOREIGN}""#),
        "access_policies",
    );
    let lake = |who: &str, more: &str| {
        format!(
            r#"aws_lakeformation_permissions.a create after={{"principal": "{who}", "permissions": ["SELECT"]{more}}}"#
        )
    };
    let open = "{{hole:aws_lakeformation_permissions.a.actions}} on {{hole:aws_lakeformation_permissions.a.resources}}";
    for (who, read) in [
        ("444455556666", "AWS 444455556666"),
        ("444455556666:IAMPrincipals", "AWS 444455556666"),
        ("IAM_ALLOWED_PRINCIPALS", "AWS 111122223333"),
        (FOREIGN, &format!("AWS {FOREIGN}")),
    ] {
        allows(
            &lake(who, r#", "permissions_with_grant_option": []"#),
            "",
            &[
                &format!("{read} may lakeformation:getdataaccess on *"),
                &format!("{read} may {open}"),
            ],
        );
    }
    allows(
        &lake("444455556666", r#", "permissions_with_grant_option": ["SELECT"]"#),
        "",
        &[
            "AWS 444455556666 may lakeformation:getdataaccess,lakeformation:grantpermissions,lakeformation:revokepermissions,lakeformation:batchgrantpermissions,lakeformation:batchrevokepermissions on *",
            &format!("AWS 444455556666 may {open}"),
        ],
    );
    let someone = "arn:aws:identitystore:::user/u";
    allows(
        &lake(someone, ""),
        "",
        &[&no("aws_lakeformation_permissions", "principal")],
    );
    whoever(
        "aws_lakeformation_permissions",
        r#""permissions": ["SELECT"]"#,
        "principal",
    );
    unknown(
        "aws_lakeformation_permissions",
        r#""permissions": ["SELECT"], "principal": "IAM_ALLOWED_PRINCIPALS""#,
        "catalog_id",
    );
    let storage = |permission: &str, kind: &str, more: &str| {
        format!(
            r#"aws_s3control_access_grant.a create after={{"account_id": "111122223333", "permission": "{permission}", "grantee": [{{"grantee_type": "{kind}", "grantee_identifier": "{FOREIGN}"}}]{more}}}"#
        )
    };
    let asks = format!(
        "AWS {FOREIGN} may s3:getdataaccess,s3:listcalleraccessgrants on arn:aws:s3:eu-west-1:111122223333:access-grants/default"
    );
    let reads = "s3:getobject,s3:getobjectversion,s3:getobjectacl,s3:getobjectversionacl,s3:listmultipartuploadparts,s3:listbucket";
    let writes = "s3:putobject,s3:putobjectacl,s3:putobjectversionacl,s3:deleteobject,s3:deleteobjectversion,s3:abortmultipartupload";
    let scope = "{{hole:aws_s3control_access_grant.a.grant_scope}}";
    allows(
        &storage("READ", "IAM", r#", "grant_scope": "s3://b/p*""#),
        "",
        &[
            &asks,
            &format!("AWS {FOREIGN} may {reads} on arn:aws:s3:::b/p*,arn:aws:s3:::b"),
        ],
    );
    allows(
        &storage("WRITE", "IAM", ""),
        "",
        &[&asks, &format!("AWS {FOREIGN} may {writes} on {scope}")],
    );
    allows(
        &storage("READWRITE", "IAM", ""),
        "",
        &[&asks, &format!("AWS {FOREIGN} may {reads},{writes} on {scope}")],
    );
    allows(
        &storage("READ", "DIRECTORY_USER", ""),
        "",
        &[
            "aws_s3control_access_grant.a: unsupported a grant to a user or group of a directory, whom no policy can name",
        ],
    );
    unknown("aws_s3control_access_grant", r#""permission": "READ""#, "grantee");
}

#[test]
fn cloud_control_buckets_and_urls() {
    let bucket = |acl: &str| {
        format!(r#"awscc_s3_bucket.a create after={{"bucket_name": "b", "access_control": "{acl}"}}"#)
    };
    let list = "* may s3:listbucket,s3:listbucketversions,s3:listbucketmultipartuploads on arn:aws:s3:::";
    allows(&bucket("Private"), "", &[]);
    allows(&bucket("PublicRead"), "", &[&format!("{list}b")]);
    allows(
        &bucket("PublicReadWrite"),
        "",
        &[
            &format!("{list}b"),
            "* may s3:putobject,s3:deleteobject on arn:aws:s3:::b/*",
        ],
    );
    for name in ["AwsExecRead", "publicread", "Surprise"] {
        allows(
            &bucket(name),
            "",
            &[
                "awscc_s3_bucket.a/access_control: unsupported a canned access control list that names other accounts is not read yet",
            ],
        );
    }
    // The service names a bucket that has no name.
    allows(
        r#"awscc_s3_bucket.a create after={"access_control": "PublicRead"} unknown={"bucket_name": true}"#,
        "",
        &[&format!("{list}{{{{hole:awscc_s3_bucket.a.bucket_name}}}}")],
    );
    allows(
        r#"awscc_s3_bucket.a create after={} unknown={"access_control": true}"#,
        &set("awscc_s3_bucket", "access_control"),
        &["awscc_s3_bucket.a/access_control: unknown var.x"],
    );
    let url = |kind: &str| {
        format!(
            r#"awscc_lambda_url.a create after={{"auth_type": "{kind}"}} unknown={{"target_function_arn": true}}"#
        )
    };
    let target = |reference: &str| {
        format!(
            r#""resources": [{{"type": "awscc_lambda_url", "name": "a", "expressions": {{"target_function_arn": {{"references": ["{reference}"]}}}}}}]"#
        )
    };
    allows(&url("AWS_IAM"), "", &[]);
    allows(&url("NONE"), &target("aws_lambda_function.f.arn"), &[]);
    let gap = "awscc_lambda_url.a: unsupported a URL that needs no credentials lets in everybody whom a permission of its function does, and that may be outside of the plan";
    allows(&url("NONE"), &target("aws_lambda_alias.f.arn"), &[gap]);
    allows(&url("NONE"), &target("var.x"), &[gap]);
    allows(&url("NONE"), "", &[gap]);
    allows(
        r#"awscc_lambda_url.a create after={"auth_type": "NONE", "target_function_arn": "f"}"#,
        &target("aws_lambda_function.f.arn"),
        &[gap],
    );
}
