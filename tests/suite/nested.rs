//! Nested stacks: what flows into them and out of them, what is attached across them, and what is never followed.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::run::{findings, run, scratch, text};

const TRUST: &str = "AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: \
                     ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]}";

/// A folder with these files; `TRUST` in them is the trust policy of a role.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(&format!("nested-{name}"));
    for (file, content) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.replace("TRUST", TRUST)).unwrap();
    }
    folder
}

fn extracted(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Value {
    let folder = folder(name, files);
    let ran = run(&folder, &[&["extract"], arguments].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", ran.stdout, ran.stderr))
}

/// The policies as `ADDRESS -> IDENTITIES @ FILE:LINE`, and the gaps as `? ADDRESS: REASON`.
fn told(report: &Value) -> Vec<String> {
    let list = |value: &Value| {
        let items = value.as_array().unwrap().iter();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let policies = report["policies"].as_array().unwrap().iter().map(|policy| {
        let location = &policy["location"];
        let file = text(location, "uri").rsplit('/').next().unwrap();
        let (address, line) = (text(policy, "address"), &location["startLine"]);
        format!("{address} -> {} @ {file}:{line}", list(&policy["attachedTo"]))
    });
    let gaps = report["gaps"].as_array().unwrap().iter();
    let gaps = gaps.map(|gap| format!("? {}: {}", text(gap, "address"), text(gap, "reason")));
    policies.chain(gaps).collect()
}

fn resource_of(report: &Value, address: &str, statement: usize) -> String {
    let mut policies = report["policies"].as_array().unwrap().iter();
    let policy = policies.find(|policy| policy["address"] == address);
    let policy = policy.unwrap_or_else(|| panic!("no {address} in {report:#}"));
    policy["document"]["Statement"][statement]["Resource"][0]
        .as_str()
        .unwrap()
        .to_owned()
}

const ROOT: &str = "\
Parameters: {Env: {Type: String}}
Resources:
  Role: {Type: 'AWS::IAM::Role', Properties: {TRUST}}
  Net:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./parts/net.yaml
      Parameters: {RoleName: !Ref Role, Env: !Ref Env, Names: 'a, b'}
  Top:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: top
      Roles: [!GetAtt Net.Outputs.Inner]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Action: 's3:GetObject', Resource: !Sub '${Net.Outputs.Arn}/*'}
";
const NET: &str = "\
Parameters:
  RoleName: {Type: String}
  Env: {Type: String, Default: neither}
  Names: {Type: CommaDelimitedList}
  Other: {Type: String, Default: logs}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${Other}-${Env}'}}
  Inner: {Type: 'AWS::IAM::Role', Properties: {TRUST}}
  P:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref RoleName]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: 's3:PutObject', Resource: !Sub 'arn:aws:s3:::${Env}-${AWS::StackName}'}
          - {Effect: Allow, Action: 's3:PutObject', Resource: !Sub ['arn:aws:s3:::${n}', {n: !Select [1, !Ref Names]}]}
          - !If [Prod, {Effect: Allow, Action: 'iam:*', Resource: '*'}, !Ref 'AWS::NoValue']
Outputs:
  Inner: {Value: !Ref Inner}
  Arn: {Value: !GetAtt Bucket.Arn}
";

#[test]
fn values_and_attachments_cross_stacks() {
    let files = [("root.yaml", ROOT), ("parts/net.yaml", NET)];
    let report = extracted("flow", &files, &["root.yaml"]);
    assert_eq!(
        told(&report),
        [
            "Role/AssumeRolePolicyDocument -> Role @ root.yaml:3",
            "Top/PolicyDocument -> Net.Inner @ root.yaml:15",
            "Net.Inner/AssumeRolePolicyDocument -> Net.Inner @ net.yaml:9",
            "Net.P/PolicyDocument -> Role @ net.yaml:16",
        ]
    );
    // The same `Ref` is the same hole, in whatever stack.
    assert_eq!(
        resource_of(&report, "Top/PolicyDocument", 0),
        "arn:{{hole:AWS::Partition}}:s3:::logs-{{hole:Env}}/*"
    );
    assert_eq!(
        resource_of(&report, "Net.P/PolicyDocument", 0),
        "arn:aws:s3:::{{hole:Env}}-{{hole:Net.AWS::StackName}}"
    );
    assert_eq!(resource_of(&report, "Net.P/PolicyDocument", 1), "arn:aws:s3:::b");
    let principals = report["principals"].as_array().unwrap();
    let policies: Vec<&Value> = principals
        .iter()
        .map(|principal| &principal["policies"][0])
        .collect();
    assert_eq!(policies, ["Net.P/PolicyDocument", "Top/PolicyDocument"]);
    assert!(
        principals.iter().all(|principal| principal["open"] == false),
        "{report:#}"
    );
}

#[test]
fn given_parameters_decide_conditions_of_nested_stacks() {
    let files = [("root.yaml", ROOT), ("parts/net.yaml", NET)];
    for (value, statements) in [("prod", 3), ("dev", 2)] {
        let given = format!("Env={value}");
        let report = extracted("given", &files, &["root.yaml", "--parameters", &given]);
        let policies = report["policies"].as_array().unwrap();
        let policy = policies
            .iter()
            .find(|policy| policy["address"] == "Net.P/PolicyDocument");
        let document = &policy.unwrap()["document"];
        assert_eq!(
            document["Statement"].as_array().unwrap().len(),
            statements,
            "{value}"
        );
    }
}

#[test]
fn findings_stand_in_the_nested_template() {
    let standards = "version: 1\nstandards:\n  - {id: iam, check: access-not-granted, actions: ['iam:PassRole'], on: \
                     principal}\n  - {id: put, check: access-not-granted, actions: ['s3:PutObject'], resources: \
                     ['arn:aws:s3:::b'], scope: {addresses: ['Net.*']}}\n";
    let files = [
        ("root.yaml", ROOT),
        ("parts/net.yaml", NET),
        ("keyaki.yaml", standards),
    ];
    let folder = folder("findings", &files);
    let ran = run(
        &folder,
        &[
            "check",
            "root.yaml",
            "--format",
            "json",
            "--parameters",
            "Env=prod",
        ],
    );
    let report = ran.json();
    let lines: Vec<String> = findings(&report, "FAIL")
        .iter()
        .map(|finding| {
            let statement = &finding["statements"][0];
            let location = &statement["location"];
            let line = &location["startLine"];
            let (address, uri) = (text(finding, "address"), text(location, "uri"));
            format!(
                "{address} {} {}:{line}",
                statement["index"],
                uri.rsplit('/').next().unwrap()
            )
        })
        .collect();
    assert_eq!(
        lines,
        ["Net.P/PolicyDocument 1 net.yaml:19", "Role 2 net.yaml:20"],
        "{report:#}"
    );
}

#[test]
fn a_stack_under_a_condition_is_there_under_it() {
    let root = "Parameters: {E: {Type: String}}\nConditions: {C: !Equals [!Ref E, x], Never: !Equals [a, b]}\nResources:\n  \
                N: {Type: 'AWS::CloudFormation::Stack', Condition: C, Properties: {TemplateURL: n.yaml}}\n  \
                M: {Type: 'AWS::CloudFormation::Stack', Condition: Never, Properties: {TemplateURL: n.yaml}}\n";
    let nested = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {TRUST}}}";
    let report = extracted(
        "condition",
        &[("root.yaml", root), ("n.yaml", nested)],
        &["root.yaml"],
    );
    assert_eq!(told(&report), ["N.R/AssumeRolePolicyDocument -> N.R @ n.yaml:1"]);
    assert_eq!(report["policies"][0]["guards"][0]["facts"][0]["name"], "E == x");
}

#[test]
fn stacks_nest_in_each_other_and_stop() {
    let stack = |id: &str, url: &str| {
        format!("  {id}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {url}}}}}\n")
    };
    let circle = format!("Resources:\n{}", stack("A", "b.yaml"));
    let back = format!("Resources:\n{}", stack("B", "a.yaml"));
    let report = extracted("circle", &[("a.yaml", &circle), ("b.yaml", &back)], &["a.yaml"]);
    assert_eq!(
        told(&report),
        ["? A.B/TemplateURL: the nested template holds itself, so it is not followed any further"]
    );
    // Twenty templates, each in the one before.
    let files: Vec<(String, String)> = (0..20)
        .map(|at| {
            let content = format!("Resources:\n{}", stack("S", &format!("{}.yaml", at + 1)));
            (format!("{at}.yaml"), content)
        })
        .chain([("20.yaml".to_owned(), "Resources: {}".to_owned())])
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let report = extracted("deep", &files, &["0.yaml"]);
    let [gap] = told(&report).try_into().unwrap();
    assert!(gap.contains("deeper than 16 levels"), "{gap}");
    // Ten stacks of ten stacks of ten stacks.
    let many = |url: &str| {
        let stacks: String = (0..10).map(|at| stack(&format!("S{at}"), url)).collect();
        format!("Resources:\n{stacks}")
    };
    let role = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {TRUST}}}";
    let files = [
        ("root.yaml", many("one.yaml")),
        ("one.yaml", many("two.yaml")),
        ("two.yaml", many("three.yaml")),
        ("three.yaml", role.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let report = extracted("many", &files, &["root.yaml"]);
    let found = told(&report);
    let (gaps, policies): (Vec<&String>, Vec<&String>) = found.iter().partition(|line| line.starts_with('?'));
    assert_eq!(policies.len(), 499 - 110, "{found:#?}");
    assert_eq!(gaps.len() + policies.len(), 1000);
    assert!(
        gaps.iter().all(|gap| gap.contains("more than 500 nested stacks")),
        "{gaps:?}"
    );
}

#[test]
fn values_in_a_circle_end() {
    let root = "Resources:\n  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: n.yaml, Parameters: {P: \
                !GetAtt N.Outputs.O}}}\n";
    let nested = "Parameters: {P: {Type: String}}\nResources:\n  B: {Type: 'AWS::IAM::ManagedPolicy', Properties: \
                  {PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: !Ref \
                  P}]}}}\nOutputs: {O: {Value: !Ref P}}\n";
    let report = extracted(
        "values",
        &[("root.yaml", root), ("n.yaml", nested)],
        &["root.yaml"],
    );
    let [gap] = told(&report).try_into().unwrap();
    assert!(gap.contains("refer to each other in a circle"), "{gap}");
}

#[test]
fn nothing_outside_of_the_folder_is_read() {
    let outside = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {TRUST}}}";
    let stack = |url: &str| {
        format!(
            "Resources:\n  N: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {url}}}}}\n"
        )
    };
    let given = folder("outside", &[("out.yaml", outside), ("in/ok.yaml", outside)]);
    let absolute = given.join("out.yaml");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../out.yaml", given.join("in/link.yaml")).unwrap();
    let cases = [
        ("../out.yaml", "leads out of `in`"),
        ("x/../../out.yaml", "leads out of `in`"),
        ("../missing.yaml", "leads out of `in`"),
        (absolute.to_str().unwrap(), "not a relative path"),
        ("'~/out.yaml'", "not a relative path"),
        ("'C:/out.yaml'", "not a relative path"),
        #[cfg(unix)]
        ("link.yaml", "leads out of `in`"),
        ("missing.yaml", "no such file"),
        (".", "not a regular file"),
        ("https://s3.amazonaws.com/b/ok.yaml", "not a local file"),
        ("s3://b/ok.yaml", "not a local file"),
        ("file:///etc/passwd", "not a local file"),
        ("''", "names no template"),
        ("!Ref Url", "not a local file"),
        (
            "!Sub 'https://b.s3.${AWS::URLSuffix}/ok.yaml'",
            "not a local file",
        ),
        ("data.json", "no CloudFormation template"),
        ("broken.yaml", "no CloudFormation template"),
    ];
    fs::write(given.join("in/data.json"), "{\"a\": 1}").unwrap();
    fs::write(given.join("in/broken.yaml"), "Resources: {R: [").unwrap();
    for (url, words) in cases {
        fs::write(given.join("in/root.yaml"), stack(url)).unwrap();
        let ran = run(&given, &["extract", "in/root.yaml"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let [gap] = told(&report)
            .try_into()
            .unwrap_or_else(|all| panic!("{url}: {all:?}"));
        assert!(
            gap.starts_with("? N/TemplateURL: ") && gap.contains(words),
            "{url}: {gap}"
        );
    }
    // A folder that holds both may be given.
    fs::write(given.join("in/root.yaml"), stack("../out.yaml")).unwrap();
    fs::remove_file(given.join("in/broken.yaml")).unwrap();
    let ran = run(
        &given,
        &["check", ".", "--format", "json", "--standards", "keyaki.yaml"],
    );
    assert_eq!(ran.status, 2, "no standards: {}", ran.stderr);
    fs::write(
        given.join("keyaki.yaml"),
        "version: 1\nstandards: [{id: p, check: no-public-access}]\n",
    )
    .unwrap();
    let report = run(&given, &["check", ".", "--format", "json"]).json();
    assert_eq!(report["summary"]["policies"]["found"], 2, "{report:#}");
    assert_eq!(report["summary"]["policies"]["undecided"], 0, "{report:#}");
}

#[test]
fn what_is_not_followed_leaves_principals_open() {
    for resource in [
        "{Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://x/y'}}",
        "{Type: 'Corp::Net::Thing::MODULE'}",
    ] {
        let root =
            format!("Resources:\n  R: {{Type: 'AWS::IAM::Role', Properties: {{TRUST}}}}\n  N: {resource}\n");
        let report = extracted("open", &[("root.yaml", &root)], &["root.yaml"]);
        assert_eq!(report["principals"][0]["open"], true, "{resource}");
        assert_eq!(report["gaps"].as_array().unwrap().len(), 1, "{resource}");
    }
}

#[test]
fn applications_with_a_local_template_are_nested_stacks() {
    let root = "Transform: AWS::Serverless-2016-10-31\nResources:\n  A: {Type: 'AWS::Serverless::Application', Properties: \
                {Location: app.yaml, Parameters: {Bucket: b}}}\n  R: {Type: 'AWS::Serverless::Application', Properties: \
                {Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/x', SemanticVersion: 1.0.0}}}\n";
    let app = "Transform: AWS::Serverless-2016-10-31\nParameters: {Bucket: {Type: String}}\nResources:\n  F: {Type: \
               'AWS::Serverless::Function', Properties: {Policies: [{S3ReadPolicy: {BucketName: !Ref Bucket}}]}}\n";
    let report = extracted(
        "application",
        &[("root.yaml", root), ("app.yaml", app)],
        &["root.yaml"],
    );
    let found = told(&report);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("A.FRole/Policies/0/PolicyDocument -> A.FRole")),
        "{found:#?}"
    );
    assert!(
        found
            .iter()
            .any(|line| line.contains("? R/TemplateURL: an application of a repository")),
        "{found:#?}"
    );
    let at = resource_of(&report, "A.FRole/Policies/0/PolicyDocument", 0);
    assert!(at.ends_with(":s3:::b"), "{at}");
    assert!(
        report["policies"]
            .as_array()
            .unwrap()
            .iter()
            .all(|policy| { policy["provenance"] == "synthesised" || policy["provenance"] == "catalog" })
    );
}

/// What is about its own resource is compared, and principals as wholes; documents for other resources are not.
#[test]
fn nested_stacks_are_compared_with_what_was() {
    let root = "Resources:\n  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: n.yaml}}\n";
    let key = |account: &str| {
        format!(
            "  K: {{Type: 'AWS::KMS::Key', Properties: {{KeyPolicy: {{Version: '2012-10-17', Statement: [{{Effect: Allow, \
             Principal: {{AWS: '{account}'}}, Action: 'kms:*', Resource: '*'}}]}}}}}}\n"
        )
    };
    let topic = "  T: {Type: 'AWS::SNS::TopicPolicy', Properties: {Topics: [t], PolicyDocument: {Version: '2012-10-17', \
                 Statement: [{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'sns:Publish', Resource: '*'}]}}}\n";
    let role = |action: &str| {
        format!(
            "  R: {{Type: 'AWS::IAM::Role', Properties: {{TRUST, Policies: [{{PolicyName: p, PolicyDocument: {{Version: \
             '2012-10-17', Statement: [{{Effect: Allow, Action: '{action}', Resource: '*'}}]}}}}]}}}}\n"
        )
    };
    let nested = |parts: &[&str]| {
        format!(
            "Resources:\n  Nothing: {{Type: 'AWS::SNS::Topic'}}\n{}",
            parts.concat()
        )
    };
    let (ours, theirs) = (key("111122223333"), key("999988887777"));
    let (read, write) = (role("s3:GetObject"), role("s3:*"));
    let alone = "growth, check: no-new-access, reference: before";
    let whole = "growth, check: no-new-access, reference: before, on: principal, scope: {kinds: [identity]}";
    let cases: [(&str, String, String, &[&str]); 8] = [
        (alone, nested(&[&ours]), nested(&[&ours]), &[]),
        (
            alone,
            nested(&[&ours]),
            nested(&[&theirs]),
            &["FAIL N.K/KeyPolicy"],
        ),
        (alone, nested(&[]), nested(&[&ours]), &["UNDECIDED N.K/KeyPolicy"]),
        (
            alone,
            nested(&[topic]),
            nested(&[topic]),
            &["UNDECIDED N.T/PolicyDocument"],
        ),
        (
            alone,
            nested(&[topic]),
            nested(&[]),
            &["UNDECIDED N.T/PolicyDocument"],
        ),
        (whole, nested(&[&read]), nested(&[&read]), &[]),
        (whole, nested(&[&read]), nested(&[&write]), &["FAIL N.R"]),
        (whole, nested(&[&write]), nested(&[&read]), &[]),
    ];
    for (standard, old, new, expected) in cases {
        let standards = format!("version: 1\nstandards: [{{id: {standard}}}]\n");
        let files = [
            ("new/root.yaml", root),
            ("new/n.yaml", &new),
            ("old/root.yaml", root),
            ("old/n.yaml", &old),
            ("keyaki.yaml", &standards),
        ];
        let folder = folder("before", &files);
        let ran = run(
            &folder,
            &[
                "check",
                "new/root.yaml",
                "--before",
                "old/root.yaml",
                "--format",
                "json",
            ],
        );
        let report = ran.json();
        let found: Vec<String> = ["FAIL", "UNDECIDED", "ERROR"]
            .iter()
            .flat_map(|verdict| findings(&report, verdict))
            .map(|finding| format!("{} {}", text(finding, "verdict"), text(finding, "address")))
            .collect();
        assert_eq!(found, expected, "{standard}\n{old}\n{new}\n{report:#}");
    }
}

/// Identity documents of nested stacks are compared one by one, by the logical ids that lead to them.
#[test]
fn identity_documents_of_nested_stacks_are_compared() {
    let stack = |id: &str, url: &str, more: &str| {
        format!("  {id}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {url}{more}}}}}\n")
    };
    let policy = |id: &str, action: &str, resource: &str, roles: &str| {
        format!(
            "  {id}: {{Type: 'AWS::IAM::Policy', Properties: {{PolicyName: p, Roles: {roles}, PolicyDocument: {{Version: \
             '2012-10-17', Statement: [{{Effect: Allow, Action: '{action}', Resource: {resource}}}]}}}}}}\n"
        )
    };
    let deny = "  D: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: d, Roles: [!Ref R], PolicyDocument: {Version: \
                '2012-10-17', Statement: [{Effect: Deny, Action: 's3:*', Resource: '*'}]}}}\n";
    let role = "  R: {Type: 'AWS::IAM::Role', Properties: {TRUST}}\n  S: {Type: 'AWS::IAM::Role', Properties: {TRUST}}\n  \
                B: {Type: 'AWS::S3::Bucket'}\n";
    let nested = |parts: &[&str]| {
        format!(
            "Parameters: {{P: {{Type: String, Default: d}}}}\nResources:\n{role}{}",
            parts.concat()
        )
    };
    let read = policy("P", "s3:GetObject", "'*'", "[!Ref R]");
    let write = policy("P", "s3:*", "'*'", "[!Ref R]");
    let bucket = policy("P", "s3:GetObject", "!GetAtt B.Arn", "[!Ref R]");
    let given = policy("P", "s3:GetObject", "!Sub 'arn:aws:s3:::${P}'", "[!Ref R]");
    let of_other = policy("P", "s3:GetObject", "'*'", "[!Ref S]");
    let managed = "  M: {Type: 'AWS::IAM::Role', Properties: {TRUST, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}}\n";
    let root = format!("Resources:\n{}", stack("N", "n.yaml", ""));
    let root_p = format!("Resources:\n{}", stack("N", "n.yaml", ", Parameters: {P: other}"));
    let cases: [(&str, &str, String, String, &[&str]); 13] = [
        (&root, &root, nested(&[&read]), nested(&[&read]), &[]),
        (&root, &root, nested(&[&write]), nested(&[&read]), &[]),
        (
            &root,
            &root,
            nested(&[&read]),
            nested(&[&write]),
            &["FAIL N.P/PolicyDocument"],
        ),
        // A new document, beside what was there.
        (
            &root,
            &root,
            nested(&[]),
            nested(&[&read]),
            &["UNDECIDED N.P/PolicyDocument", "UNDECIDED N.R"],
        ),
        // The Deny that goes counts.
        (
            &root,
            &root,
            nested(&[&read, deny]),
            nested(&[&read]),
            &[
                "UNDECIDED N.D/PolicyDocument",
                "UNDECIDED N.P/PolicyDocument",
                "UNDECIDED N.R",
            ],
        ),
        // Another role has it.
        (
            &root,
            &root,
            nested(&[&read]),
            nested(&[&of_other]),
            &["UNDECIDED N.P/PolicyDocument", "UNDECIDED N.R", "UNDECIDED N.S"],
        ),
        // A bucket that stays, and a value that is given.
        (&root, &root, nested(&[&bucket]), nested(&[&bucket]), &[]),
        (&root, &root, nested(&[&given]), nested(&[&given]), &[]),
        (
            &root,
            &root_p,
            nested(&[&given]),
            nested(&[&given]),
            &["FAIL N.P/PolicyDocument"],
        ),
        (&root, &root, nested(&[managed]), nested(&[managed]), &[]),
        (
            &root,
            &root,
            nested(&[]),
            nested(&[managed]),
            &["FAIL N.M/ManagedPolicyArns/0"],
        ),
        // What a macro writes is not known.
        (
            &root,
            &root,
            format!("Transform: Corp\n{}", nested(&[&write])),
            nested(&[&read]),
            &[
                "UNDECIDED N.P/PolicyDocument",
                "UNDECIDED N.R",
                "UNDECIDED N.S",
                "UNDECIDED N.Transform",
            ],
        ),
        // The stack was none before.
        (
            "Resources: {X: {Type: 'AWS::SNS::Topic'}}",
            &root,
            nested(&[&read]),
            nested(&[&read]),
            &["UNDECIDED N.P/PolicyDocument"],
        ),
    ];
    let standards = "version: 1\nstandards: [{id: growth, check: no-new-access, reference: before, scope: {kinds: [identity]}}]\n";
    for (at, (old_root, new_root, old, new, expected)) in cases.into_iter().enumerate() {
        let files = [
            ("new/root.yaml", new_root),
            ("new/n.yaml", &new),
            ("old/root.yaml", old_root),
            ("old/n.yaml", &old),
            ("keyaki.yaml", standards),
        ];
        let folder = folder("before-alone", &files);
        let ran = run(
            &folder,
            &[
                "check",
                "new/root.yaml",
                "--before",
                "old/root.yaml",
                "--format",
                "json",
            ],
        );
        let report = ran.json();
        let mut found: Vec<String> = ["FAIL", "UNDECIDED", "ERROR"]
            .iter()
            .flat_map(|verdict| findings(&report, verdict))
            .map(|finding| format!("{} {}", text(finding, "verdict"), text(finding, "address")))
            .collect();
        found.sort();
        found.dedup();
        assert_eq!(found, expected, "{at}\n{old}\n{new}");
    }
}

/// A cloud assembly as the CDK writes it without asset metadata: the nested template is known by the last part of its URL.
#[test]
fn assemblies_tell_nested_templates_accounts_and_names() {
    let manifest = r#"{"version": "48.0.0", "artifacts": {
        "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
        "App": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
            "properties": {"templateFile": "App.template.json"}, "displayName": "App"},
        "Free": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "Free.template.json"}}}}"#;
    let assets = r#"{"version": "48.0.0", "files": {"abc": {"source": {"path": "In.nested.template.json", "packaging": "file"},
        "destinations": {"d": {"bucketName": "b", "objectKey": "abc.json"}}}}}"#;
    let app = r#"{"Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": "App/Role/Resource"}, "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}}]}}},
        "In": {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"RoleName": {"Ref": "Role"}},
            "TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/b/abc.json"]]}}}}}"#;
    let nested = r#"{"Parameters": {"RoleName": {"Type": "String"}}, "Resources": {"P": {"Type": "AWS::IAM::Policy",
        "Metadata": {"aws:cdk:path": "App/In/P/Resource"}, "Properties": {"PolicyName": "p", "Roles": [{"Ref": "RoleName"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole",
            "Resource": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/*"}}]}}}}}"#;
    let standards = "version: 1\nstandards:\n  - {id: pass, check: access-not-granted, actions: ['iam:PassRole'], on: principal}\n  \
                     - {id: ours, check: no-external-access}\n";
    let files = [
        ("cdk.out/cdk.out", "{}"),
        ("cdk.out/manifest.json", manifest),
        ("cdk.out/App.assets.json", assets),
        ("cdk.out/App.template.json", app),
        ("cdk.out/In.nested.template.json", nested),
        ("cdk.out/Free.template.json", r#"{"Resources": {}}"#),
        ("keyaki.yaml", standards),
    ];
    let folder = folder("assembly", &files);
    let ran = run(&folder, &["check", "cdk.out", "--format", "json"]);
    let report = ran.json();
    let [finding] = findings(&report, "FAIL")
        .try_into()
        .unwrap_or_else(|_| panic!("{report:#}"));
    assert_eq!(
        (text(finding, "address"), text(finding, "name")),
        ("Role", "App/Role")
    );
    let statement = &finding["statements"][0];
    assert_eq!(text(statement, "address"), "In.P/PolicyDocument");
    assert_eq!(
        text(&statement["location"], "uri"),
        "cdk.out/In.nested.template.json"
    );
    assert!(findings(&report, "UNDECIDED").is_empty(), "{report:#}");
    let ran = run(&folder, &["check", "cdk.out"]);
    assert!(ran.stdout.contains("FAIL pass Role (App/Role)"), "{}", ran.stdout);
    // The account of the command line wins over that of the manifest.
    for (arguments, account) in [
        (&[][..], "111122223333"),
        (&["--account", "444455556666"], "444455556666"),
    ] {
        let ran = run(&folder, &[&["extract", "cdk.out"][..], arguments].concat());
        let extracted: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            resource_of(&extracted, "In.P/PolicyDocument", 0),
            format!("arn:aws:iam::{account}:role/*")
        );
        assert_eq!(extracted["policies"][1]["name"], "App/In/P");
    }
}

/// The place of an asset is known by the metadata too.
#[test]
fn metadata_tells_nested_templates() {
    let root = r#"{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": {"Ref": "Url"}},
        "Metadata": {"aws:asset:path": "n.json", "aws:asset:property": "TemplateURL"}}}, "Parameters": {"Url": {"Type": "String"}}}"#;
    let nested = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {TRUST}}}";
    let report = extracted(
        "metadata",
        &[("root.json", root), ("n.json", nested)],
        &["root.json"],
    );
    assert_eq!(told(&report), ["N.R/AssumeRolePolicyDocument -> N.R @ n.json:1"]);
}

/// The inputs of a run and the policies of each, where a folder is walked.
fn walked(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let folder = folder(name, files);
    let standards = "version: 1\nstandards: [{id: p, check: access-not-granted, actions: ['s3:*']}]\n";
    fs::write(folder.join("keyaki.yaml"), standards).unwrap();
    let report = run(&folder, &[&["check", "--format", "json"], arguments].concat()).json();
    let inputs = report["inputs"].as_array().unwrap().iter();
    let inputs = inputs.map(|input| input.as_str().unwrap().to_owned()).collect();
    let found = findings(&report, "FAIL").into_iter();
    let found = found.map(|finding| format!("{} {}", text(finding, "input"), text(finding, "address")));
    (inputs, found.collect())
}

#[test]
fn a_walk_tells_a_nested_template_once() {
    let nested = "Parameters: {Name: {Type: String}}\nResources:\n  P: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: \
                  {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub 'arn:aws:s3:::${Name}'}]}}}\n";
    let root = |stacks: &str| {
        format!(
            "Conditions: {{No: !Equals [a, b], Maybe: !Equals [!Ref 'AWS::Region', x]}}\nResources:\n{stacks}"
        )
    };
    let stack = |id: &str, url: &str, more: &str| {
        format!(
            "  {id}: {{Type: 'AWS::CloudFormation::Stack'{more}, Properties: {{TemplateURL: {url}, Parameters: {{Name: n}}}}}}\n"
        )
    };
    let check = |name: &str, files: &[(&str, &str)], arguments: &[&str], inputs: &[&str], found: &[&str]| {
        let (own_inputs, own_found) = walked(name, files, arguments);
        assert_eq!(own_inputs, inputs, "{name}");
        assert_eq!(own_found, found, "{name}");
    };
    let plain = root(&stack("N", "parts/n.yaml", ""));
    let files = [("a/root.yaml", &*plain), ("a/parts/n.yaml", nested)];
    for (at, arguments) in [["."], ["a"], ["./a"]].iter().enumerate() {
        check(
            &format!("walk-{at}"),
            &files,
            arguments,
            &["a/root.yaml"],
            &["a/root.yaml N.P/PolicyDocument"],
        );
    }
    // Named, it is checked by itself too.
    let both = ["a/parts/n.yaml", "a/root.yaml"];
    let found = [
        "a/parts/n.yaml P/PolicyDocument",
        "a/root.yaml N.P/PolicyDocument",
    ];
    check("walk-named", &files, &both, &both, &found);
    // Where its stack is never there, it is told by itself; where it may be, as nested.
    let never = root(&stack("N", "parts/n.yaml", ", Condition: No"));
    let files = [("a/root.yaml", &*never), ("a/parts/n.yaml", nested)];
    check(
        "walk-never",
        &files,
        &["."],
        &both,
        &["a/parts/n.yaml P/PolicyDocument"],
    );
    let maybe = root(&stack("N", "parts/n.yaml", ", Condition: Maybe"));
    let files = [("a/root.yaml", &*maybe), ("a/parts/n.yaml", nested)];
    check("walk-maybe", &files, &["."], &["a/root.yaml"], &[]);
    // Two levels, and twice.
    let middle = format!(
        "Parameters: {{Name: {{Type: String}}}}\n{}",
        root(&stack("M", "n.yaml", ""))
    );
    let two = root(&(stack("A", "parts/m.yaml", "") + &stack("B", "parts/n.yaml", "")));
    let files = [
        ("a/z.yaml", &*two),
        ("a/parts/m.yaml", &*middle),
        ("a/parts/n.yaml", nested),
    ];
    let found = ["a/z.yaml B.P/PolicyDocument", "a/z.yaml A.M.P/PolicyDocument"];
    check("walk-deep", &files, &["."], &["a/z.yaml"], &found);
    // A template that cannot be read hides nothing.
    let broken = format!("{plain}  Broken: 3\n");
    let files = [("a/root.yaml", &*broken), ("a/parts/n.yaml", nested)];
    check(
        "walk-broken",
        &files,
        &["."],
        &["a/parts/n.yaml"],
        &["a/parts/n.yaml P/PolicyDocument"],
    );
}

#[test]
fn a_walk_of_templates_that_hold_each_other_loses_none() {
    let other = |own: &str, url: &str| {
        format!(
            "Resources:\n  {own}: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {{Version: '2012-10-17', \
             Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}}}}}\n  N: {{Type: \
             'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {url}}}}}\n"
        )
    };
    let (one, two) = (other("One", "b.yaml"), other("Two", "a.yaml"));
    let (inputs, found) = walked("circle", &[("a.yaml", &one), ("b.yaml", &two)], &["."]);
    assert_eq!(inputs, ["a.yaml"]);
    assert_eq!(
        found,
        ["a.yaml One/PolicyDocument", "a.yaml N.Two/PolicyDocument"]
    );
    let (inputs, found) = walked("self", &[("a.yaml", &other("One", "a.yaml"))], &["."]);
    assert_eq!((inputs.len(), found.len()), (1, 1));
}
