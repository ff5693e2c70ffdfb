//! `Fn::ImportValue` across the stacks of a run: which export stands for an import, and when none does.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::run::{findings, run, scratch, text};

const EXPORTER: &str = "\
Parameters:
  Env: {Type: String}
  Id: {Type: String, AllowedPattern: 'data-[a-z]+'}
  Secret: {Type: String, NoEcho: true, Default: hidden}
Conditions: {Yes: !Equals [a, a], No: !Equals [a, b], Later: !Equals [!Ref Env, prod]}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  Named: {Type: 'AWS::S3::Bucket', Properties: {BucketName: logs}}
Outputs:
  One: OUTPUT
";
const IMPORTER: &str = "\
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Action: 's3:GetObject', Resource: !ImportValue shared}
";

fn exporter(output: &str) -> String {
    EXPORTER.replace("OUTPUT", output)
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(&format!("imports-{name}"));
    for (file, content) in files {
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::write(folder.join(file), content).unwrap();
    }
    folder
}

/// The resource of the one statement of the policy `P`.
fn resource(report: &Value) -> String {
    let policies = report["policies"].as_array().unwrap();
    let policy = policies
        .iter()
        .find(|policy| policy["address"] == "P/PolicyDocument");
    let policy = policy.unwrap_or_else(|| panic!("{report:#}"));
    let resource = &policy["document"]["Statement"][0]["Resource"][0];
    resource
        .as_str()
        .unwrap_or_else(|| panic!("{policy:#}"))
        .to_owned()
}

fn check(name: &str, files: &[(&str, &str)], arguments: &[&str], expected: &str) {
    let folder = folder(name, files);
    let ran = run(&folder, &[&["extract"], arguments].concat());
    assert_eq!(resource(&ran.json()), expected, "{name}");
}

const UNKNOWN: &str = "{{hole:Fn::ImportValue(shared)}}";

#[test]
fn exports_of_templates_that_are_named_together() {
    for (at, (output, expected)) in [
        (
            "{Value: !GetAtt Named.Arn, Export: {Name: shared}}",
            "arn:{{hole:AWS::Partition}}:s3:::logs",
        ),
        (
            "{Value: !GetAtt Bucket.Arn, Export: {Name: shared}}",
            "arn:{{hole:AWS::Partition}}:s3:::{{hole:a.yaml: Bucket}}",
        ),
        (
            "{Value: !Sub 'arn:aws:s3:::${Env}-${AWS::AccountId}-${AWS::StackName}', Export: {Name: shared}}",
            "arn:aws:s3:::{{hole:a.yaml: Env}}-{{hole:AWS::AccountId}}-{{hole:a.yaml: AWS::StackName}}",
        ),
        (
            "{Value: !Sub 'arn:aws:s3:::${Id}', Export: {Name: shared}}",
            "arn:aws:s3:::{{hole:a.yaml: Id}}",
        ),
        (
            "{Value: 'arn:aws:s3:::x', Export: {Name: !Join ['', [sha, red]]}}",
            "arn:aws:s3:::x",
        ),
        (
            "{Value: 'arn:aws:s3:::x', Condition: Yes, Export: {Name: shared}}",
            "arn:aws:s3:::x",
        ),
        // What is no such export, may be none, or has a value that is not told.
        (
            "{Value: 'arn:aws:s3:::x', Condition: No, Export: {Name: shared}}",
            UNKNOWN,
        ),
        (
            "{Value: 'arn:aws:s3:::x', Condition: Later, Export: {Name: shared}}",
            UNKNOWN,
        ),
        (
            "{Value: !If [Later, 'arn:aws:s3:::x', 'arn:aws:s3:::y'], Export: {Name: shared}}",
            UNKNOWN,
        ),
        ("{Value: 'arn:aws:s3:::x', Export: {Name: Shared}}", UNKNOWN),
        (
            "{Value: 'arn:aws:s3:::x', Export: {Name: !Sub '${Env}'}}",
            UNKNOWN,
        ),
        ("{Value: 'arn:aws:s3:::x'}", UNKNOWN),
        (
            "{Value: !Sub 'arn:aws:s3:::${Secret}', Export: {Name: shared}}",
            UNKNOWN,
        ),
        ("{Value: !Ref Nothing, Export: {Name: shared}}", UNKNOWN),
        ("{Value: [a], Export: {Name: shared}}", UNKNOWN),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [("a.yaml", &*exporter(output)), ("b.yaml", IMPORTER)];
        check(&format!("named-{at}"), &files, &["a.yaml", "b.yaml"], expected);
        check(&format!("turned-{at}"), &files, &["b.yaml", "a.yaml"], expected);
    }
}

#[test]
fn what_else_lies_in_a_folder_is_not_deployed_with_it() {
    let exporter = exporter("{Value: 'arn:aws:s3:::x', Export: {Name: shared}}");
    let files = [("a.yaml", &*exporter), ("b.yaml", IMPORTER)];
    check("walked", &files, &["."], UNKNOWN);
    // Two exports of a name, and one that a macro may have written.
    let both = [
        ("a.yaml", &*exporter),
        ("b.yaml", IMPORTER),
        ("c.yaml", &*exporter),
    ];
    check("twice", &both, &["a.yaml", "b.yaml", "c.yaml"], UNKNOWN);
    let written = format!("Transform: Corp\n{exporter}");
    let files = [("a.yaml", &*written), ("b.yaml", IMPORTER)];
    check("macro", &files, &["a.yaml", "b.yaml"], UNKNOWN);
}

#[test]
fn what_the_command_line_tells_wins() {
    let exporter = exporter("{Value: 'arn:aws:s3:::x', Export: {Name: shared}}");
    let told = r#"{"shared": "arn:aws:s3:::told"}"#;
    let files = [
        ("a.yaml", &*exporter),
        ("b.yaml", IMPORTER),
        ("exports.json", told),
    ];
    let folder = folder("told", &files);
    let standards = "version: 1\nstandards:\n  - {id: s, check: access-not-granted, actions: ['s3:*'], resources: ['arn:aws:s3:::x']}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let status = |more: &[&str]| run(&folder, &[&["check", "a.yaml", "b.yaml"], more].concat()).status;
    assert_eq!((status(&[]), status(&["--exports", "exports.json"])), (1, 0));
}

fn assembly(name: &str, stacks: &[(&str, &str, &str)]) -> PathBuf {
    let mut artifacts = serde_json::Map::new();
    for (id, environment, _) in stacks {
        let stack = json!({"type": "aws:cloudformation:stack", "environment": environment,
            "properties": {"templateFile": format!("{id}.template.json")}, "displayName": id});
        artifacts.insert((*id).to_owned(), stack);
    }
    let manifest = json!({"version": "48.0.0", "artifacts": artifacts}).to_string();
    let mut files = vec![("cdk.out/manifest.json".to_owned(), manifest)];
    for (id, _, template) in stacks {
        files.push((format!("cdk.out/{id}.template.json"), (*template).to_owned()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    folder(name, &files)
}

#[test]
fn exports_of_the_stacks_of_an_assembly() {
    let exporter = r#"{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"O": {
        "Value": {"Fn::GetAtt": ["B", "Arn"]}, "Export": {"Name": "shared"}}}}"#;
    let importer = r#"{"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument":
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::ImportValue": "shared"}}]}}}}}"#;
    const ONE: &str = "aws://111122223333/eu-west-1";
    const TWO: &str = "aws://111122223333/us-east-1";
    const ANY: &str = "aws://unknown-account/unknown-region";
    for (at, (stacks, expected)) in [
        (
            vec![("A", ONE, exporter), ("I", ONE, importer)],
            "arn:aws:s3:::{{hole:A: B}}",
        ),
        (
            vec![("A", ANY, exporter), ("I", ANY, importer)],
            "arn:{{hole:AWS::Partition}}:s3:::{{hole:A: B}}",
        ),
        // The same app in two regions.
        (
            vec![("A", ONE, exporter), ("C", TWO, exporter), ("I", TWO, importer)],
            "arn:aws:s3:::{{hole:C: B}}",
        ),
        (vec![("A", ONE, exporter), ("I", TWO, importer)], UNKNOWN),
        (vec![("A", ANY, exporter), ("I", ONE, importer)], UNKNOWN),
        (
            vec![("A", ONE, exporter), ("C", ANY, exporter), ("I", ONE, importer)],
            UNKNOWN,
        ),
        (
            vec![("A", ONE, exporter), ("C", ONE, exporter), ("I", ONE, importer)],
            UNKNOWN,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = assembly(&format!("assembly-{at}"), &stacks);
        for input in ["cdk.out", "."] {
            let ran = run(&folder, &["extract", input]);
            assert_eq!(resource(&ran.json()), expected, "{at} {input}");
        }
    }
}

/// A value of another stack is as unknown as one's own, and never taken for a resource of the same name.
#[test]
fn values_of_other_stacks_stay_unknown() {
    let exporter = exporter("{Value: !Ref Env, Export: {Name: shared}}");
    let importer = "\
Parameters: {Env: {Type: String}}
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: 's3:*', Resource: !Sub ['arn:aws:s3:::${e}', {e: !ImportValue shared}]}
          - {Effect: Deny, Action: 's3:*', Resource: !Sub 'arn:aws:s3:::${Env}'}
";
    let folder = folder("apart", &[("a.yaml", &exporter), ("b.yaml", importer)]);
    let standards = "version: 1\nstandards:\n  - {id: s, check: access-not-granted, actions: ['s3:*']}\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let report = run(&folder, &["check", "a.yaml", "b.yaml", "--format", "json"]).json();
    let undecided = findings(&report, "UNDECIDED");
    assert_eq!(undecided.len(), 1, "{report:#}");
    assert_eq!(text(undecided[0], "address"), "P/PolicyDocument");
}
