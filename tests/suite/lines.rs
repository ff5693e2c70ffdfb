//! Where findings of Terraform plans are shown: at the statement in the code, whether that is given as a directory or in the
//! saved plan, which the Terraform on this machine makes on the spot.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::run::{repository, run, scratch, text};
use crate::terraform::{has_terraform, shown, terraform};

const STANDARDS: &str =
    "version: 1\nstandards:\n  - {id: passrole, check: access-not-granted, actions: [\"iam:PassRole\"]}\n";

/// The code. What Terraform itself plans is the same with `terraform_data` in the place of aws types.
const FILES: [(&str, &str); 5] = [
    (
        "infra/main.tf",
        r#"
locals {
  base = { Effect = "Allow", Resource = "*" }
  more = [
    merge(local.base, { Sid = "Merged", Action = "s3:GetObject" }),
    { Sid = "FromLocal", Effect = "Allow", Action = "iam:PassRole", Resource = "*" },
  ]
}

resource "aws_iam_policy" "listed" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = "*" },
      {
        Sid      = "Listed"
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_policy" "each" {
  for_each = { "a.b" = 1, "c[\"d\"]" = 2 }
  policy = jsonencode({
    Statement = concat(
      [for n in range(each.value) : { Sid = "Looped${n}", Effect = "Allow", Action = "iam:PassRole", Resource = "*" }],
      [{ Sid = "After", Effect = "Allow", Action = "iam:*", Resource = "*" }],
      each.key == "a.b" ? [{ Sid = "Chosen", Effect = "Allow", Action = "iam:Pass*", Resource = "*" }] : [],
      local.more,
    )
  })
}

resource "aws_iam_policy" "heredoc" {
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Sid": "Written", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
      ]
    }
  EOT
}

resource "aws_iam_policy" "opaque" {
  policy = jsonencode({ Statement = [for s in local.more : s] })
}

module "service" {
  for_each = { "prod.eu" = "iam:PassRole", "dev" = "s3:GetObject" }
  source   = "../modules/service"
  action   = each.value
}

module "twin" {
  source = "../modules/service"
  action = "iam:PassRole"
}
"#,
    ),
    (
        "infra/roles_override.tf",
        r#"
resource "aws_iam_policy" "overridden" {
  policy = jsonencode({ Statement = [{ Sid = "Override", Effect = "Allow", Action = "iam:PassRole", Resource = "*" }] })
}
"#,
    ),
    (
        "infra/roles.tf",
        r#"
resource "aws_iam_policy" "overridden" {
  policy = jsonencode({ Statement = [{ Sid = "Base", Effect = "Allow", Action = "iam:PassRole", Resource = "*" }] })
}
"#,
    ),
    (
        "modules/service/main.tf",
        r#"
variable "action" {}
module "inner" {
  source = "./inner"
  action = var.action
}
"#,
    ),
    (
        "modules/service/inner/policy.tf",
        r#"
variable "action" {}
resource "aws_iam_policy" "p" {
  count = 2
  policy = jsonencode({
    Statement = [{ Sid = "Inner", Effect = "Allow", Action = var.action, Resource = "*" }]
  })
}
"#,
    ),
];

/// The places of the statements that violate: file and text, with addresses, in the order of the report.
const EXPECTED: [(&str, &str, &str); 9] = [
    ("infra/main.tf", "FromLocal", "aws_iam_policy.each[\"a.b\"]"),
    ("infra/main.tf", "After", "aws_iam_policy.each[\"a.b\"]"),
    ("infra/main.tf", "Chosen", "aws_iam_policy.each[\"a.b\"]"),
    ("infra/main.tf", "Looped", "aws_iam_policy.each[\"a.b\"]"),
    ("infra/main.tf", "Listed", "aws_iam_policy.listed"),
    ("infra/main.tf", "Written", "aws_iam_policy.heredoc"),
    (
        "infra/main.tf",
        "policy = jsonencode({ Statement = [for s in local.more : s] })",
        "aws_iam_policy.opaque",
    ),
    ("infra/roles_override.tf", "Override", "aws_iam_policy.overridden"),
    (
        "modules/service/inner/policy.tf",
        "Inner",
        "module.twin.module.inner.aws_iam_policy.p[0]",
    ),
];

/// The same code for Terraform without providers.
fn plain(text: &str) -> String {
    let mut made = String::new();
    let mut open = None;
    for line in text.lines() {
        match line.strip_prefix("resource \"aws_iam_policy\" \"") {
            Some(rest) => {
                let name = rest.trim_end_matches("\" {");
                made.push_str(&format!(
                    "resource \"terraform_data\" \"aws_iam_policy__{name}\" {{\n"
                ));
                open = Some(false);
                continue;
            }
            None if open == Some(false) && line.trim_start().starts_with("policy ") => {
                made.push_str("  input = {\n");
                open = Some(true);
            }
            None if line == "}" && open.take() == Some(true) => made.push_str("  }\n"),
            None => {}
        }
        made.push_str(line);
        made.push('\n');
    }
    made
}

/// The saved plan with the code as it is.
fn with_code(saved: &Path, code: &[(&str, &str)]) -> Vec<u8> {
    let mut from = ZipArchive::new(File::open(saved).unwrap()).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut entry = from.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some((_, text)) = code.iter().find(|(entry, _)| *entry == name) {
            bytes = text.as_bytes().to_vec();
        }
        to.start_file(name, SimpleFileOptions::default()).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.finish().unwrap().into_inner()
}

/// The results of a SARIF report, without what tells of the files that were given.
fn results(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let ran = run(folder, &[&["check", "--format", "sarif"], arguments].concat());
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    ran.json()["runs"][0]["results"].as_array().unwrap().clone()
}

fn uri(location: &Value) -> String {
    location["physicalLocation"]["artifactLocation"]["uri"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The text of a region.
fn region(root: &Path, location: &Value) -> String {
    let file = fs::read_to_string(root.join(uri(location))).unwrap();
    let region = &location["physicalLocation"]["region"];
    let at = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
    let offset = |line: usize, column: usize| {
        let before: usize = file.split_inclusive('\n').take(line - 1).map(str::len).sum();
        before + column - 1
    };
    file[offset(at("startLine"), at("startColumn"))..offset(at("endLine"), at("endColumn"))].to_owned()
}

#[test]
fn statements_are_shown_in_the_code() {
    if !has_terraform() {
        return;
    }
    let root = scratch("lines");
    let made = scratch("lines-made");
    for (name, text) in FILES {
        for (root, text) in [(&root, text.to_owned()), (&made, plain(text))] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }
    fs::create_dir(root.join(".git")).unwrap();
    terraform(&made.join("infra"), &["init"]);
    terraform(&made.join("infra"), &["plan", "-out=tfplan"]);
    fs::write(root.join("plan.json"), shown(&made.join("infra"), &["tfplan"])).unwrap();
    fs::write(root.join("keyaki.yaml"), STANDARDS).unwrap();
    let entries = [
        ("tfconfig/m-/main.tf", FILES[0].1),
        ("tfconfig/m-/roles_override.tf", FILES[1].1),
        ("tfconfig/m-/roles.tf", FILES[2].1),
        ("tfconfig/m-service/main.tf", FILES[3].1),
        ("tfconfig/m-service.inner/policy.tf", FILES[4].1),
        ("tfconfig/m-twin/main.tf", FILES[3].1),
        ("tfconfig/m-twin.inner/policy.tf", FILES[4].1),
    ];
    let saved = with_code(&made.join("infra/tfplan"), &entries);
    fs::write(root.join("infra/tfplan"), &saved).unwrap();
    let by_directory = results(&root, &["plan.json", "--source", "infra"]);
    let by_plan = results(&root, &["plan.json", "--source", "infra/tfplan"]);
    assert_eq!(by_directory, by_plan);
    let mut seen = BTreeSet::new();
    for result in &by_directory {
        let primary = &result["locations"][0];
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        for location in std::iter::once(primary).chain(related) {
            assert!(!uri(location).starts_with(['/', '.']) && !uri(location).is_empty());
            let region = region(&root, location);
            let found = EXPECTED.iter().position(|(file, words, _)| {
                let is_statement = region.starts_with('{') && region.ends_with('}');
                *file == uri(location)
                    && match words.starts_with("policy") {
                        true => region == *words,
                        false => is_statement && region.contains(words) && region.matches("Sid").count() == 1,
                    }
            });
            let is_policy = region.starts_with("policy =") && !region.contains('\n');
            assert!(found.is_some() || is_policy, "{}: {region}", uri(location));
            seen.extend(found);
        }
        let count = result["locations"][0]["logicalLocations"]
            .as_array()
            .map_or(0, Vec::len);
        assert!(count > 0, "{result:#}");
    }
    let missing: Vec<_> = (0..EXPECTED.len())
        .filter(|at| !seen.contains(at))
        .map(|at| EXPECTED[at])
        .collect();
    assert_eq!(missing, [], "{by_directory:#?}");
    // Instances of one block are one result.
    let inner: Vec<&Value> = by_directory
        .iter()
        .filter(|result| uri(&result["locations"][0]).ends_with("policy.tf"))
        .collect();
    let names = inner
        .iter()
        .flat_map(|result| result["locations"][0]["logicalLocations"].as_array().unwrap())
        .map(|place| text(place, "fullyQualifiedName").to_owned())
        .collect::<BTreeSet<_>>();
    assert!(inner.len() <= 2 && names.len() == 4, "{inner:#?}");
    // A saved plan that lies elsewhere is of the code here, if that has its files; where the code is not, names are all
    // that can be told.
    let elsewhere = scratch("lines-elsewhere");
    fs::write(elsewhere.join("tfplan"), &saved).unwrap();
    let given = elsewhere.join("tfplan");
    let arguments = [
        "../plan.json",
        "--standards",
        "../keyaki.yaml",
        "--source",
        given.to_str().unwrap(),
    ];
    let from_infra = results(&root.join("infra"), &arguments);
    let by_directory = results(
        &root.join("infra"),
        &["../plan.json", "--standards", "../keyaki.yaml", "--source", "."],
    );
    assert_eq!(from_infra, by_directory);
    fs::copy(root.join("plan.json"), elsewhere.join("plan.json")).unwrap();
    fs::copy(root.join("keyaki.yaml"), elsewhere.join("keyaki.yaml")).unwrap();
    let apart = results(&elsewhere, &["plan.json", "--source", "tfplan"]);
    let uris: BTreeSet<String> = apart.iter().map(|result| uri(&result["locations"][0])).collect();
    assert!(
        uris.contains("main.tf") && uris.contains("roles_override.tf"),
        "{uris:?}"
    );
    assert!(uris.iter().all(|uri| !uri.starts_with(['/', '.'])), "{uris:?}");
}

/// The code of a fixture, in directories and in a saved plan as Terraform makes them.
#[test]
fn data_sources_are_shown_in_the_code() {
    let folder = repository().join("fixtures/webshop");
    let root = scratch("lines-webshop");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    for (from, key) in [("", ""), ("modules/service", "service")] {
        for entry in fs::read_dir(folder.join(from)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "tf") {
                let name = path.file_name().unwrap().to_str().unwrap();
                add(
                    &format!("tfconfig/m-{key}/{name}"),
                    &fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    let list = r#"[{"Key": "", "Dir": "."}, {"Key": "service", "Source": "./modules/service", "Dir": "modules/service"}]"#;
    add("tfconfig/modules.json", list);
    let plan = root.join("tfplan");
    fs::write(&plan, zip.finish().unwrap().into_inner()).unwrap();
    let by_directory = results(&folder, &["plan.json", "--source", "."]);
    assert_eq!(
        results(&folder, &["plan.json", "--source", plan.to_str().unwrap()]),
        by_directory
    );
    let regions: BTreeSet<String> = by_directory
        .iter()
        .map(|result| region(&folder, &result["locations"][0]))
        .collect();
    let starts = |start: &str| regions.iter().any(|region| region.starts_with(start));
    assert!(starts("statement {\n    sid       = \"Preview\""), "{regions:#?}");
}

#[test]
fn what_is_no_source_is_told() {
    let root = scratch("lines-wrong");
    fs::write(
        root.join("plan.json"),
        fs::read(repository().join("fixtures/webshop/plan.json")).unwrap(),
    )
    .unwrap();
    fs::write(root.join("keyaki.yaml"), STANDARDS).unwrap();
    fs::write(root.join("bad.zip"), b"PK\x03\x04 and no more").unwrap();
    for (source, status, words) in [
        ("missing", 2, "missing: no such file"),
        (
            "plan.json",
            2,
            "neither a directory of Terraform code nor a saved plan",
        ),
        ("bad.zip", 3, "bad.zip: damaged"),
    ] {
        let ran = run(&root, &["check", "plan.json", "--source", source]);
        assert_eq!(ran.status, status, "{source}: {}", ran.stderr);
        assert!((ran.stdout + &ran.stderr).contains(words), "{source}");
    }
}
