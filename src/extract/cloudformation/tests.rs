//! What the intrinsic functions give, long and short, nested, with values that are known and that are not.

mod table;

use std::collections::BTreeMap;

use crate::extract::{CloudFormationOptions, Environment, PolicyKind, extract_template};
use crate::source::{FileId, Limits, parse_yaml};

use super::estate::Estate;
use super::intrinsics::resolve;
use super::nested;
use super::template::{Scope, Template};
use super::values::{Fault, World};

const TEMPLATE: &str = "\
Parameters:
  Name: {Type: String}
  Size: {Type: Number, Default: 3}
  List: {Type: CommaDelimitedList}
  Stage: {Type: String, AllowedValues: [test, live]}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}
  StoredList: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /a/c}
  Given: {Type: String}
  GivenList: {Type: 'List<String>'}
Mappings:
  M: {test: {K: one, L: [x, y]}, live: {K: two}}
  One: {a: {b: c}}
Conditions:
  IsLive: !Equals [!Ref Stage, live]
  IsName: !Equals [!Ref Name, x]
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Condition IsName]
  Neither: !And [!Condition No, !Condition IsName]
  Either: !Or [!Condition Yes, !Condition IsName]
  Loop: !Not [!Condition Loop]
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  Named: {Type: 'AWS::S3::Bucket', Properties: {BucketName: data}}
  Role: {Type: 'AWS::IAM::Role', Properties: {Path: /app/, RoleName: r}}
  Custom: {Type: 'Custom::Thing'}
Outputs:
  X: {Value: EXPRESSION}
";

/// What an expression gives: its spelling with holes as `${NAME}`, `! MESSAGE`, or `? FACT` where a fact decides it.
fn told(expression: &str) -> String {
    let text = TEMPLATE.replace("EXPRESSION", expression);
    let tree = parse_yaml(&text, FileId(0), &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {expression}"));
    let options = CloudFormationOptions {
        parameters: BTreeMap::from([
            ("Given".to_owned(), "g".to_owned()),
            ("GivenList".to_owned(), "a, b,c".to_owned()),
        ]),
        exports: BTreeMap::from([("known".to_owned(), "vpc-1".to_owned())]),
        environment: Environment {
            account: None,
            region: Some("eu-west-1".to_owned()),
            partition: None,
        },
        ..CloudFormationOptions::default()
    };
    let opened = nested::open(&tree, FileId(0), &options).unwrap();
    let estate = Estate::open(&opened, &options).unwrap();
    let template: Template<'_> = estate.templates().next().unwrap();
    let world = World::default();
    let found = resolve(template.output("X").unwrap(), Scope::new(&template, &world));
    match found {
        Ok(value) => value.describe(),
        Err(Fault::Gap(reason)) => format!("! {reason:?}"),
        Err(Fault::Undecided(_)) => "?".to_owned(),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        let found = told(expression);
        match expected.strip_prefix("! ") {
            Some(words) => assert!(
                found.starts_with("! ") && found.contains(words),
                "{expression}: {found}"
            ),
            None => assert_eq!(found, *expected, "{expression}"),
        }
    }
}

#[test]
fn references() {
    check(&[
        ("!Ref Name", "Name"),
        ("{Ref: Name}", "Name"),
        ("!Ref Size", "Size"),
        ("!Ref Given", "g"),
        ("!Ref GivenList", "[a, b, c]"),
        ("!Ref List", "${List}"),
        // The default of a stored parameter is the name of a value, and not the value.
        ("!Ref Stored", "Stored"),
        ("!Ref StoredList", "${StoredList}"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::AccountId", "AWS::AccountId"),
        ("!Ref AWS::StackName", "AWS::StackName"),
        ("!Ref AWS::NoValue", "AWS::NoValue"),
        ("!Ref AWS::Nothing", "! no pseudo parameter"),
        ("!Ref Nothing", "! not in the template"),
        ("!Ref Bucket", "Bucket"),
        ("!Ref Named", "data"),
        ("!GetAtt Named.Arn", "arn:aws:s3:::data"),
        ("{'Fn::GetAtt': [Bucket, Arn]}", "arn:aws:s3:::${Bucket}"),
        ("{'Fn::GetAtt': Bucket.Arn}", "arn:aws:s3:::${Bucket}"),
        ("!GetAtt Role.Arn", "arn:aws:iam::${AWS::AccountId}:role/app/r"),
        ("!GetAtt Bucket.DomainName", "Bucket.DomainName"),
        ("!GetAtt Custom.Value", "${Custom.Value}"),
        ("!GetAtt Nothing.Arn", "! not in the template"),
        ("!GetAtt Bucket", "! not used as CloudFormation defines it"),
        ("!GetAtt [Bucket, !Ref Given]", "${Bucket.g}"),
        ("!GetAtt [Bucket, !Ref Name]", "${Fn::GetAtt(Bucket, Name)}"),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("!Sub 'a-${Name}-${Named.Arn}'", "a-${Name}-arn:aws:s3:::data"),
        ("!Sub 'a-${!Name}'", "a-${!Name}"),
        ("!Sub ['${x}-${Name}', {x: !Ref Given}]", "g-${Name}"),
        ("{'Fn::Sub': ['${Name}', {Name: y}]}", "y"),
        ("!Sub ['${x}']", "! not used as CloudFormation defines it"),
        ("!Sub '${Nothing}'", "! not in the template"),
        ("!Join ['-', [a, !Ref Name, !Ref Given]]", "a-${Name}-g"),
        ("!Join [',', !Ref GivenList]", "a,b,c"),
        ("!Join [',', !Ref List]", "Fn::Join(,, ${List})"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b"),
        ("!Join ['-', x]", "! not used as CloudFormation defines it"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', !Ref GivenList]", "b"),
        ("!Select [2, [a, b]]", "! beyond the end"),
        ("!Select [-1, [a, b]]", "! not used as CloudFormation defines it"),
        ("!Select [0, !Ref List]", "Fn::Select(0, ${List})"),
        ("!Select [!Ref Size, [a, b]]", "${Fn::Select(Size, [a, b])}"),
        ("!Split ['/', a/b]", "[a, b]"),
        ("!Select [1, !Split ['/', a/b]]", "b"),
        ("!Split ['/', !Ref Name]", "${Fn::Split(/, Name)}"),
        ("!Split ['', a]", "! not used as CloudFormation defines it"),
        ("!Base64 a", "Fn::Base64(a)"),
        ("!Length [a, b]", "2"),
        ("{'Fn::Length': !Ref GivenList}", "3"),
        ("{'Fn::Length': !Ref List}", "Fn::Length(${List})"),
        (
            "{'Fn::ToJsonString': {a: !Ref Name}}",
            "${Fn::ToJsonString({a: Name})}",
        ),
    ]);
}

#[test]
fn lookups() {
    check(&[
        ("!FindInMap [One, a, b]", "c"),
        ("!FindInMap [M, test, L]", "[x, y]"),
        ("!FindInMap [M, !Ref Stage, K]", "Fn::FindInMap(M, Stage, K)"),
        ("!FindInMap [M, none, K]", "${Fn::FindInMap(M, none, K)}"),
        ("!FindInMap [M, none, K, {DefaultValue: d}]", "d"),
        ("!FindInMap [M, live, K, {DefaultValue: d}]", "two"),
        ("!ImportValue known", "vpc-1"),
        ("!ImportValue other", "Fn::ImportValue(other)"),
        ("!ImportValue {'Fn::Sub': 'kno${Given}'}", "Fn::ImportValue(knog)"),
        (
            "!ImportValue {'Fn::Sub': '${Name}-x'}",
            "Fn::ImportValue(${Name}-x)",
        ),
        ("{'Fn::GetAZs': ''}", "${Fn::GetAZs()}"),
        (
            "!Select [0, {'Fn::GetAZs': !Ref AWS::Region}]",
            "Fn::Select(0, ${Fn::GetAZs(eu-west-1)})",
        ),
        (
            "{'Fn::Cidr': [10.0.0.0/16, 2, 8]}",
            "${Fn::Cidr([10.0.0.0/16, 2, 8])}",
        ),
        (
            "!Select [0, !Cidr [10.0.0.0/16, 2, 8]]",
            "Fn::Select(0, ${Fn::Cidr([10.0.0.0/16, 2, 8])})",
        ),
        ("'{{resolve:ssm:/a/b:1}}'", "resolve:ssm:/a/b:1"),
        ("'arn:{{resolve:ssm:/a/b}}:x'", "arn:${resolve:ssm:/a/b}:x"),
        (
            "'{{resolve:secretsmanager:s:SecretString:p}}'",
            "resolve:secretsmanager:s:SecretString:p",
        ),
        ("!Sub '{{resolve:ssm:/${Name}}}'", "resolve:ssm:/${Name}"),
        ("'{{resolve:ssm:/a'", "{{resolve:ssm:/a"),
        (
            "!Transform {Name: AWS::Include, Parameters: {Location: s3://b/x}}",
            "! pass the processed template",
        ),
        ("{'Fn::Transform': {Name: M}}", "! pass the processed template"),
        (
            "{'Fn::ForEach::A': [x, [a], {}]}",
            "! pass the processed template",
        ),
        ("{'Fn::Nothing': x}", "! is not supported"),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, b]", "b"),
        ("!If [Neither, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [IsName, a, b]", "?"),
        ("!If [Both, a, b]", "?"),
        ("!If [IsLive, a, b]", "?"),
        ("!If [Nothing, a, b]", "! not in the template"),
        ("!If [Loop, a, b]", "! in a circle"),
        ("!If [Yes, a]", "! not used as CloudFormation defines it"),
        ("{Ref: Name, 'Fn::Sub': x}", "! stands beside other keys"),
    ]);
}

/// What is found in resources: `ADDRESS KIND` of policies, `? ADDRESS WORDS` of gaps, each line of which must hold these
/// words.
fn extracted(sections: &str, expected: &[&str]) {
    let tree = parse_yaml(sections, FileId(0), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let options = CloudFormationOptions {
        extra: vec![
            (
                "Corp::Thing".to_owned(),
                "Access.Document".to_owned(),
                PolicyKind::Resource,
            ),
            (
                "AWS::S3::Bucket".to_owned(),
                "Extra".to_owned(),
                PolicyKind::Identity,
            ),
        ],
        ..CloudFormationOptions::default()
    };
    let found = extract_template(&tree, FileId(0), &options).unwrap();
    let policies = found.policies.iter().map(|policy| {
        let valid = if policy.document.is_ok() { "" } else { "invalid " };
        format!("{valid}{} {}", policy.origin.address, policy.kind.word())
    });
    let gaps = found
        .gaps
        .iter()
        .map(|gap| format!("? {} {:?}", gap.origin.address, gap.reason));
    let lines: Vec<String> = policies.chain(gaps).collect();
    let as_expected =
        |(line, expected): (&String, &&str)| expected.split("..").all(|words| line.contains(words));
    assert!(
        lines.len() == expected.len() && lines.iter().zip(expected).all(as_expected),
        "{sections}\n{lines:#?}\n{expected:#?}"
    );
}

const DOCUMENT: &str = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";

#[test]
fn documents_behind_functions() {
    for (document, expected) in [
        ("!ToJsonString DOC", "P/PolicyDocument identity"),
        ("{'Fn::ToJsonString': DOC}", "P/PolicyDocument identity"),
        (
            "!Sub '{\"Version\": \"2012-10-17\", \"Statement\": []}'",
            "P/PolicyDocument identity",
        ),
        ("!If [Yes, DOC, !Ref AWS::NoValue]", "P/PolicyDocument identity"),
        ("!If [Later, DOC, DOC]", "P/PolicyDocument identity"),
        ("!Ref AWS::NoValue", "? P/PolicyDocument..is missing"),
        ("!Ref Text", "? P/PolicyDocument..Text"),
        ("'{{resolve:ssm:/a}}'", "? P/PolicyDocument..resolve:ssm:/a"),
        ("!ImportValue x", "? P/PolicyDocument..import x"),
        (
            "{'Fn::Transform': {Name: AWS::Include, Parameters: {Location: s3://b/x}}}",
            "? P/PolicyDocument..--template-stage Processed",
        ),
        (
            "{Statement: {'Fn::Transform': {Name: M}}}",
            "? P/PolicyDocument..--template-stage Processed",
        ),
        (
            "{Statement: [{'Fn::ForEach::A': [x, [a], {}]}]}",
            "? P/PolicyDocument..--template-stage Processed",
        ),
        (
            "{Statement: !Cidr [10.0.0.0/16, 2, 8]}",
            "? P/PolicyDocument..Fn::Cidr",
        ),
        (
            "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: !Select [9, [a]], Resource: '*'}]}",
            "? P/PolicyDocument..beyond the end",
        ),
        ("3", "P/PolicyDocument"),
    ] {
        let document = document.replace("DOC", DOCUMENT);
        let sections = format!(
            "Parameters: {{Text: {{Type: String}}}}\nConditions: {{Yes: !Equals [a, a], Later: !Equals [!Ref Text, b]}}\nResources:\n  \
             P: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {}}}}}\n",
            document
        );
        extracted(&sections, &[expected]);
    }
}

#[test]
fn what_is_not_expanded_is_told() {
    let policy = format!("{{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {DOCUMENT}}}}}");
    for (sections, expected) in [
        (
            "Transform: Corp\nResources: {P: POLICY}",
            &["P/PolicyDocument identity", "? Transform..Corp..Processed"][..],
        ),
        (
            "Transform: [AWS::LanguageExtensions]\nResources: {P: POLICY}",
            &["P/PolicyDocument identity"],
        ),
        (
            "Resources: {P: POLICY, 'Fn::ForEach::X': [a, [b], {}]}",
            &[
                "P/PolicyDocument identity",
                "? Resources/Fn::ForEach::X..Processed",
            ],
        ),
        (
            "Resources: {'Fn::Transform': {Name: AWS::Include}, P: POLICY}",
            &[
                "P/PolicyDocument identity",
                "? Resources/Fn::Transform..Processed",
            ],
        ),
        (
            "Resources: {P: {Type: 'AWS::S3::Bucket', 'Fn::Transform': {Name: M}}}",
            &["? P ..a macro rewrites the resource..Processed"],
        ),
        (
            "Resources: {P: {Type: 'Corp::A::B::MODULE'}}",
            &["? P ..a module is not expanded"],
        ),
        (
            "Resources: {P: {Type: 'AWS::CloudFormation::Macro', Properties: {Name: m, FunctionName: f}}}",
            &[],
        ),
        (
            "Resources: {P: {Type: 'AWS::CloudFormation::StackSet', Properties: {TemplateURL: x, TemplateBody: y}}}",
            &["? P/TemplateBody..stack set"],
        ),
        (
            "Resources: {P: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x.yaml}}}",
            &["? P/TemplateURL..not a file"],
        ),
        (
            "Resources: {P: {Type: 'AWS::CloudFormation::Stack'}}",
            &["? P ..names no template"],
        ),
        (
            "Resources: {P: {Type: 'Corp::Thing', Properties: {Access: {Document: DOCUMENT}}}}",
            &["P/Access/Document resource"],
        ),
        (
            "Resources: {P: {Type: 'AWS::S3::Bucket', Properties: {Extra: DOCUMENT}}}",
            &["P/Extra identity"],
        ),
        (
            "Resources: {P: {Type: 'Corp::Other', Properties: {Access: {Document: DOCUMENT}}}}",
            &["? P ..no type that is known to hold policies"],
        ),
    ] {
        extracted(
            &sections.replace("POLICY", &policy).replace("DOCUMENT", DOCUMENT),
            expected,
        );
    }
}
