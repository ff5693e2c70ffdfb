//! Real plans and templates: every file ends in a documented status, and as many policies are found as an independent,
//! naive reading of the raw file finds. What is counted is written at [`plan`] and [`template`].

mod plan;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::data::shared;
use crate::run::{run, scratch};

const PLAN_ROWS: &str = include_str!("../../src/extract/data/tf_policy_resources.tsv");
const TEMPLATE_ROWS: &str = include_str!("../../src/extract/data/cfn_policy_resources.tsv");

const STANDARDS: &str = "version: 1\nstandards:\n  \
    - {id: no-passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}\n  \
    - {id: no-public, check: no-public-access}\n";

/// A row of the table of places where policies live.
struct Row {
    resource_type: &'static str,
    path: &'static str,
    kind: &'static str,
    attaches_to: &'static str,
    notes: &'static str,
    is_data_source: bool,
}

#[test]
fn real_plans_are_read_whole() {
    let Some(shared) = shared() else { return };
    let rows = rows(PLAN_ROWS);
    let count = |text: &str| plan::count(&serde_json::from_str(text).unwrap(), &rows);
    check(&shared.join("corpus/tfplan"), 20, &count);
}

#[test]
fn real_templates_are_read_whole() {
    let Some(shared) = shared() else { return };
    let rows = rows(TEMPLATE_ROWS);
    check(&shared.join("corpus/cfn"), 20, &|text| {
        template::count(text, &rows)
    });
}

/// What is violated in real templates, looked through by hand: the end of the file's name, the standard and the address.
const VIOLATIONS: &[(&str, &str, &str)] = &[
    (
        "s3_bucket_cross_account_and_normal.json",
        "no-public",
        "S3Bucket/AccessControl",
    ),
    ("public_access_test.yml", "no-public", "MyKey/KeyPolicy"),
    (
        "public_access_test.yml",
        "no-public",
        "ArtifactBucketPolicy/PolicyDocument",
    ),
    (
        "public_access_test.yml",
        "no-public",
        "ArtifactTableBucketPolicy/ResourcePolicy",
    ),
    ("public_access_test.yml", "no-public", "MyRestApi/Policy"),
    (
        "public_access_test.yml",
        "no-public",
        "MyCodeArtifactDomain/PermissionsPolicyDocument",
    ),
    (
        "public_access_test.yml",
        "no-public",
        "MyCloudTrailDashboardResourcePolicy/ResourcePolicy",
    ),
    (
        "public_access_test.yml",
        "no-public",
        "MyCloudTrailEventDataStoreResourcePolicy/ResourcePolicy",
    ),
    (
        "public_access_test.yml",
        "no-public",
        "MyS3ExpressAccessPoint/Policy",
    ),
    (
        "public_access_test.yml",
        "no-passrole",
        "CodePipelineServiceRole/Policies/0/PolicyDocument",
    ),
    (
        "public_access_test.yml",
        "no-public",
        "CodePipelineServiceRole/AssumeRolePolicyDocument",
    ),
    (
        "not_principal_on_trust.json",
        "no-public",
        "NotPrincipalTrustRole/AssumeRolePolicyDocument",
    ),
    (
        "iam_user.fail.json",
        "no-passrole",
        "CFNUser/Policies/0/PolicyDocument",
    ),
    (
        "code_artifact_template.yaml",
        "no-public",
        "TestBucketPolicyBA12ED38/PolicyDocument",
    ),
    (
        "code_artifact_template.yaml",
        "no-public",
        "HestBucketPolicy276ECA48/PolicyDocument",
    ),
    (
        "lambda_url.yaml",
        "no-public",
        "FunctioninvokefunctionurlA70D8F37",
    ),
    ("cfn_intrinsics.yaml", "no-public", "FunctionPermissionByArn"),
    ("cfn_intrinsics.yaml", "no-public", "FunctionPermissionByRef"),
    (
        "cfn_intrinsics.yaml",
        "no-public",
        "FunctionPermissionByPartialArn",
    ),
    (
        "cfn_intrinsics.yaml",
        "no-public",
        "FunctionPermissionByHardcodedName",
    ),
    (
        "cfn_intrinsics.yaml",
        "no-public",
        "FunctionPermissionByHardcodedNameAndAlias",
    ),
    (
        "cfn_intrinsics.yaml",
        "no-public",
        "FunctionPermissionByNameAndAliasUsingFunctions",
    ),
];

#[test]
fn violations_in_real_templates_are_those_looked_through() {
    let Some(shared) = shared() else { return };
    let scratch = scratch("corpus-violations");
    fs::write(scratch.join("keyaki.yaml"), STANDARDS).unwrap();
    let folder = shared.join("corpus/cfn");
    let report = run(&scratch, &["check", "--format", "json", folder.to_str().unwrap()]).json();
    let mut found = Vec::new();
    for finding in crate::run::findings(&report, "FAIL") {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        found.push((text("input"), text("standard"), text("address")));
    }
    for (file, standard, address) in VIOLATIONS {
        let at = found
            .iter()
            .position(|(input, id, at)| input.ends_with(file) && id == standard && at == address);
        let at = at.unwrap_or_else(|| panic!("{file} {standard} {address}"));
        found.remove(at);
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// What becomes of each configured policy attribute that a real plan does not know: rebuilt from its data source, or
/// undecided with what it depends on.
const UNKNOWN: [[&str; 3]; 5] = [
    [
        "checkov__checks_data_aws_example_GithubActionsOIDCTrustPolicy_tfplan.json",
        "module.poc.aws_iam_role.r6[\"p1\"]/assume_role_policy",
        "rebuilt from module.poc.data.aws_iam_policy_document.r4[\"p1\"]",
    ],
    [
        "checkov__checks_data_aws_example_GithubActionsOIDCTrustPolicy_tfplan.json",
        "module.poc.aws_iam_role.r6[\"p2\"]/assume_role_policy",
        "rebuilt from module.poc.data.aws_iam_policy_document.r4[\"p2\"]",
    ],
    [
        "checkov__checks_data_aws_example_GithubActionsOIDCTrustPolicy_tfplan.json",
        "module.poc.aws_iam_role.r1[\"p1\"]/assume_role_policy",
        "rebuilt from module.poc.data.aws_iam_policy_document.r3[\"p1\"]",
    ],
    [
        "checkov__checks_data_aws_example_GithubActionsOIDCTrustPolicy_tfplan.json",
        "module.poc.aws_iam_role.r1[\"p2\"]/assume_role_policy",
        "rebuilt from module.poc.data.aws_iam_policy_document.r3[\"p2\"]",
    ],
    // It names principals, which no managed policy may.
    [
        "regula__rego_lib_inputs_resource_view_02_infra.json",
        "aws_iam_policy.example",
        "undecided: not known before it is deployed: depends on data.aws_iam_policy_document.example, which makes a document \
            that is not valid here (statement 0: a policy of this kind must not have `Principal`)",
    ],
];

#[test]
fn unknown_policies_are_rebuilt_or_undecided() {
    let Some(shared) = shared() else { return };
    let rows = rows(PLAN_ROWS);
    let scratch = scratch("corpus-unknown");
    let mut told = Vec::new();
    for file in files(&shared.join("corpus/tfplan")) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let unknown = plan::unknown(&plan, &rows);
        let report = run(&scratch, &["extract", file.to_str().unwrap()]).json();
        for address in unknown {
            let of = |list: &str| {
                let list = report[list].as_array().unwrap().clone();
                list.into_iter().find(|entry| {
                    let own = entry["address"].as_str().unwrap();
                    own == address
                        || own
                            .strip_prefix(&address)
                            .is_some_and(|rest| rest.starts_with('/'))
                })
            };
            let what = match (of("policies"), of("gaps")) {
                (Some(policy), _) if policy.get("rebuiltFrom").is_some() => {
                    format!("rebuilt from {}", policy["rebuiltFrom"].as_str().unwrap())
                }
                (_, Some(gap)) => format!("undecided: {}", gap["reason"].as_str().unwrap()),
                (policy, None) => format!("nothing is said ({policy:?})"),
            };
            told.push([name.clone(), address, what]);
        }
    }
    assert_eq!(told, UNKNOWN);
}

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension != "tsv"))
        .collect();
    files.sort();
    files
}

fn check(folder: &Path, at_least: usize, count: &dyn Fn(&str) -> usize) {
    let scratch = scratch(&format!(
        "corpus-{}",
        folder.file_name().unwrap().to_string_lossy()
    ));
    fs::write(scratch.join("keyaki.yaml"), STANDARDS).unwrap();
    let files = files(folder);
    assert!(files.len() >= at_least, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy();
        let ran = run(&scratch, &["check", "--format", "json", file.to_str().unwrap()]);
        if ![0, 1, 3, 4].contains(&ran.status) {
            wrong.push(format!("{name}: status {}: {}", ran.status, ran.stderr));
            continue;
        }
        let report = ran.json();
        let policies = &report["summary"]["policies"];
        let (found, counted) = (
            policies["found"].as_u64().unwrap(),
            count(&fs::read_to_string(file).unwrap()),
        );
        if found != counted as u64 {
            wrong.push(format!("{name}: {found} found, {counted} counted"));
        }
        if let Some(what) = contradiction(ran.status, &report) {
            wrong.push(format!("{name}: {what}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} files:\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n")
    );
}

/// Every policy that was found is accounted for, and status 0 hides nothing.
fn contradiction(status: i32, report: &Value) -> Option<String> {
    let policies = &report["summary"]["policies"];
    let number = |key: &str| policies[key].as_u64().unwrap();
    let told = number("checked") + number("undecided") + number("invalid") + number("ignored");
    if number("found") > told {
        return Some(format!("policies are not accounted for: {policies}"));
    }
    let open = number("undecided") + number("invalid");
    (status == 0 && open > 0).then(|| format!("status 0 with {policies}"))
}

fn rows(table: &'static str) -> Vec<Row> {
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        Row {
            resource_type: columns[0],
            path: columns[1],
            kind: columns[2],
            attaches_to: columns[3],
            notes: columns[4],
            is_data_source: columns.get(5) == Some(&"data"),
        }
    });
    rows.collect()
}

/// Kinds of rows whose value is a policy document.
fn is_document(row: &Row) -> bool {
    let by_arn = row.path.to_lowercase().ends_with("arn") || row.path.to_lowercase().ends_with("arns");
    match row.kind {
        "identity_managed" | "identity_inline" | "sso_inline" | "trust" | "org_resource" | "scp_rcp" => true,
        "resource" => row.path != "body" && row.path != "Body",
        "session" => !by_arn,
        _ => false,
    }
}

/// Kinds of rows whose value is the ARN of a policy, or a list of them, that gives access where it stands.
fn is_attachment(row: &Row) -> bool {
    match row.kind {
        "attach_exclusive" => row.path.ends_with("arns"),
        "attach_managed" => !matches!(row.path.to_lowercase().as_str(), "roles" | "users" | "groups"),
        "sso_attach" => !row.path.to_lowercase().ends_with("name"),
        "session" => !is_document(row),
        _ => false,
    }
}

/// Kinds of rows that may give access without a document: one each wherever they are there.
fn is_other_access(row: &Row) -> bool {
    let by_name = row.kind == "sso_attach" && row.path.to_lowercase().ends_with("name");
    let kinds = [
        "synth",
        "identity_iot",
        "resource_statement",
        "resource_template",
        "grant",
        "acl",
        "exposure",
        "template",
        "sam_policies",
    ];
    by_name || kinds.contains(&row.kind)
}
