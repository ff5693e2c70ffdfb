//! What is found in serverless resources: each construct, and what must not be taken for nothing.

mod connectors;
mod hostile;

use crate::extract::{CloudFormationOptions, Environment, Extraction, extract_template};
use crate::iam::Version;
use crate::source::{FileId, Limits, parse_yaml};

fn read(text: &str, options: &CloudFormationOptions) -> Extraction {
    let tree = parse_yaml(text, FileId(0), &Limits::default()).unwrap();
    extract_template(&tree, FileId(0), options).unwrap()
}

fn options() -> CloudFormationOptions {
    CloudFormationOptions {
        environment: Environment {
            partition: Some("aws".to_owned()),
            region: Some("eu-west-1".to_owned()),
            account: Some("123456789012".to_owned()),
        },
        ..CloudFormationOptions::default()
    }
}

/// A template with these resources, in flow style, and more sections.
fn template(resources: &str, more: &str) -> String {
    format!("Transform: AWS::Serverless-2016-10-31\n{more}\nResources:\n  {{{resources}}}\n")
}

/// `address kind provenance`, sorted; gaps as `? address`.
fn told(extraction: &Extraction) -> Vec<String> {
    let policies = extraction.policies.iter().map(|policy| {
        let word = policy.provenance.word();
        format!("{} {} {word}", policy.origin.address, policy.kind.word())
    });
    let gaps = extraction
        .gaps
        .iter()
        .map(|gap| format!("? {}", gap.origin.address));
    let mut told: Vec<String> = policies.chain(gaps).collect();
    told.sort();
    told.dedup();
    told
}

/// A function `F` with these properties: what is found beside the trust policy and the managed policy of its role.
fn function(properties: &str, expected: &[&str]) {
    let text = template(
        &format!("F: {{Type: 'AWS::Serverless::Function', Properties: {{{properties}}}}}"),
        "",
    );
    let mut found = told(&read(&text, &options()));
    for implied in [
        "FRole/AssumeRolePolicyDocument trust synthesised",
        "FRole/ManagedPolicyArns/0 identity synthesised",
    ] {
        let position = found.iter().position(|line| line == implied);
        found.remove(position.unwrap_or_else(|| panic!("{implied} is missing for {properties}: {found:?}")));
    }
    assert_eq!(found, expected, "{properties}");
}

#[test]
fn roles_of_functions() {
    for (properties, expected) in [
        (
            "Policies: ReadOnlyAccess",
            &["FRole/ManagedPolicyArns/1 identity catalog"][..],
        ),
        (
            "Policies: [NoSuchPolicyAnywhere]",
            &["? FRole/ManagedPolicyArns/1"],
        ),
        (
            "Policies: {Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}}",
            &["FRole/Policies/0/PolicyDocument identity literal"],
        ),
        (
            "Policies: [{SQSPollerPolicy: {QueueName: q}}]",
            &["FRole/Policies/0/PolicyDocument identity synthesised"],
        ),
        (
            "Policies: [{SQSPollerPolicy: {Queue: q}}]",
            &["? FRole/Policies/0"],
        ),
        ("Policies: [{SQSPollerPolicy: 3}]", &["? FRole/Policies/0"]),
        ("Policies: [{NoSuchPolicy: {}}]", &["? FRole/Policies/0"]),
        ("Policies: 3", &["? FRole/ManagedPolicyArns/1"]),
        ("Policies: [[x]]", &["? FRole/Policies/0"]),
        ("Policies: [{a: 1, b: 2}]", &["? FRole/Policies/0"]),
        ("Policies: {'Fn::Transform': {Name: M}}", &["? FRole/Policies/0"]),
        ("Policies: !If [C, [x], [y]]", &["? FRole/Policies/0"]),
        (
            "Policies: [!If [C, ReadOnlyAccess, {Statement: []}]]",
            &["? FRole/Policies/0"],
        ),
        (
            "Tracing: Active",
            &["FRole/ManagedPolicyArns/1 identity synthesised"],
        ),
        ("Tracing: Disabled", &[]),
        (
            "VpcConfig: {SubnetIds: [s]}",
            &["FRole/ManagedPolicyArns/1 identity synthesised"],
        ),
        (
            "DeadLetterQueue: {Type: SQS, TargetArn: 'arn:aws:sqs:eu-west-1:123456789012:q'}",
            &["FRole/Policies/0/PolicyDocument identity synthesised"],
        ),
        (
            "DeadLetterQueue: {Type: Kafka}",
            &["? F/DeadLetterQueue", "? FRole"],
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SNS}}}",
            &["FRole/Policies/0/PolicyDocument identity synthesised"],
        ),
        (
            "EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Lambda}}}",
            &["? F/EventInvokeConfig/DestinationConfig/OnFailure", "? FRole"],
        ),
        (
            "EventInvokeConfig: {DestinationConfig: 3}",
            &["? F/EventInvokeConfig", "? FRole"],
        ),
        ("NoSuchProperty: 3", &["? F"]),
        (
            "AutoPublishAlias: live, DeploymentPreference: {Type: Linear10PercentEvery1Minute}",
            &[
                "CodeDeployServiceRole/AssumeRolePolicyDocument trust synthesised",
                "CodeDeployServiceRole/ManagedPolicyArns/0 identity synthesised",
            ],
        ),
        (
            "AutoPublishAlias: live, DeploymentPreference: {Enabled: false}",
            &[],
        ),
    ] {
        function(properties, expected);
    }
}

#[test]
fn what_is_written_counts_where_it_is_implied_too() {
    let policies = "[AWSLambdaBasicExecutionRole, 'arn:aws:iam::aws:policy/ReadOnlyAccess']";
    let text = template(
        &format!("F: {{Type: 'AWS::Serverless::Function', Properties: {{Policies: {policies}}}}}"),
        "",
    );
    assert_eq!(
        told(&read(&text, &options())),
        [
            "FRole/AssumeRolePolicyDocument trust synthesised",
            "FRole/ManagedPolicyArns/0 identity catalog",
            "FRole/ManagedPolicyArns/1 identity catalog",
        ]
    );
}

#[test]
fn events_of_functions() {
    for (event, expected) in [
        (
            "{Type: Api, Properties: {Path: /, Method: get}}",
            &["FEPermissionProd grant synthesised"][..],
        ),
        ("{Type: HttpApi}", &["FEPermission grant synthesised"]),
        (
            "{Type: S3, Properties: {Bucket: !Ref B}}",
            &["FEPermission grant synthesised"],
        ),
        (
            "{Type: SNS, Properties: {Topic: !Ref T}}",
            &["FEPermission grant synthesised"],
        ),
        (
            "{Type: SNS, Properties: {Topic: !Ref T, SqsSubscription: true}}",
            &[
                "FEQueuePolicy/PolicyDocument resource synthesised",
                "FRole/ManagedPolicyArns/1 identity synthesised",
            ],
        ),
        (
            "{Type: SNS, Properties: {Topic: !Ref T, SqsSubscription: yep}}",
            &["? F/Events/E"],
        ),
        (
            "{Type: Schedule, Properties: {Schedule: rate(1 day)}}",
            &["FEPermission grant synthesised"],
        ),
        (
            "{Type: Schedule, Properties: {Schedule: rate(1 day), DeadLetterConfig: {Type: SQS}}}",
            &[
                "FEPermission grant synthesised",
                "FEQueuePolicy/PolicyDocument resource synthesised",
            ],
        ),
        (
            "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}",
            &[
                "FERole/AssumeRolePolicyDocument trust synthesised",
                "FERole/Policies/0/PolicyDocument identity synthesised",
            ],
        ),
        (
            "{Type: EventBridgeRule, Properties: {Pattern: {}}}",
            &["FEPermission grant synthesised"],
        ),
        (
            "{Type: CloudWatchLogs, Properties: {LogGroupName: g}}",
            &["FEPermission grant synthesised"],
        ),
        (
            "{Type: IoTRule, Properties: {Sql: x}}",
            &["FEPermission grant synthesised"],
        ),
        ("{Type: AlexaSkill}", &["FEPermission grant synthesised"]),
        (
            "{Type: Cognito, Properties: {UserPool: !Ref P}}",
            &["FCognitoPermission grant synthesised"],
        ),
        (
            "{Type: Kinesis, Properties: {Stream: s}}",
            &["FRole/ManagedPolicyArns/1 identity synthesised"],
        ),
        (
            "{Type: SQS, Properties: {Queue: q}}",
            &["FRole/ManagedPolicyArns/1 identity synthesised"],
        ),
        (
            "{Type: SQS, Properties: {Queue: q, DestinationConfig: {OnFailure: {Type: SNS, Destination: t}}}}",
            &[
                "FRole/ManagedPolicyArns/1 identity synthesised",
                "FRole/Policies/0/PolicyDocument identity synthesised",
            ],
        ),
        (
            "{Type: MQ, Properties: {Broker: b, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: s}]}}",
            &["FRole/Policies/0/PolicyDocument identity synthesised"],
        ),
        (
            "{Type: MQ, Properties: {Broker: b}}",
            &["? F/Events/E", "? FRole"],
        ),
        ("{Type: Api}", &["? F/Events/E"]),
        (
            "{Type: Api, Properties: {Path: !Ref P, Method: get}}",
            &["? F/Events/E"],
        ),
        ("{Type: Api, Properties: 3}", &["? F/Events/E"]),
        ("{Type: NoSuchEvent}", &["? F/Events/E", "? FRole"]),
        ("{Type: !Ref T}", &["? F/Events/E"]),
        ("3", &["? F/Events/E"]),
    ] {
        function(&format!("Events: {{E: {event}}}"), expected);
    }
    function("Events: 3", &["? F/Events"]);
}

#[test]
fn urls_without_credentials_are_public() {
    function(
        "FunctionUrlConfig: {AuthType: NONE}",
        &[
            "FURLInvokeAllowPublicAccess grant synthesised",
            "FUrlPublicPermissions grant synthesised",
        ],
    );
    function("FunctionUrlConfig: {AuthType: AWS_IAM}", &[]);
    function("FunctionUrlConfig: {AuthType: !Ref P}", &[]);
    function("FunctionUrlConfig: !Ref P", &["? F/FunctionUrlConfig"]);
    function("FunctionUrlConfig: {}", &["? F/FunctionUrlConfig"]);
}

#[test]
fn given_roles_take_the_place_of_implied_ones() {
    for (role, expected) in [
        ("'arn:aws:iam::123456789012:role/r'", &[][..]),
        ("!Ref AWS::NoValue", &["? F/Role"]),
        (
            "!If [C, !Ref AWS::NoValue, x]",
            &[
                "FRole/AssumeRolePolicyDocument trust synthesised",
                "FRole/ManagedPolicyArns/0 identity synthesised",
            ],
        ),
        (
            "!If [C, x, !Ref AWS::NoValue]",
            &[
                "FRole/AssumeRolePolicyDocument trust synthesised",
                "FRole/ManagedPolicyArns/0 identity synthesised",
            ],
        ),
        ("!If [C, x, y]", &[]),
    ] {
        let text = template(
            &format!("F: {{Type: 'AWS::Serverless::Function', Properties: {{Role: {role}}}}}"),
            "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}",
        );
        assert_eq!(told(&read(&text, &options())), expected, "{role}");
    }
}

#[test]
fn documents_without_a_version_are_old() {
    let text = template(
        "F: {Type: 'AWS::Serverless::Function', Properties: {Policies: [
            {Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]},
            {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]},
            {SQSPollerPolicy: {QueueName: !Ref Q}}]}},
        Q: {Type: 'AWS::SQS::Queue'}",
        "",
    );
    let extraction = read(&text, &options());
    let versions: Vec<Version> = extraction
        .policies
        .iter()
        .filter(|policy| policy.origin.address.starts_with("FRole/Policies/"))
        .map(|policy| policy.document.as_ref().unwrap().version)
        .collect();
    assert_eq!(versions, [Version::V2008, Version::V2012, Version::V2008]);
}

#[test]
fn what_is_found_stands_where_it_was_written() {
    let text = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3ReadPolicy:
            BucketName: b
        - Statement:
            - Effect: Allow
              Action: s3:*
              Resource: '*'
      Events:
        Daily:
          Type: Schedule
          Properties: {Schedule: rate(1 day)}
";
    let extraction = read(text, &options());
    for (address, line) in [
        (
            "FRole/AssumeRolePolicyDocument",
            "Type: AWS::Serverless::Function",
        ),
        ("FRole/Policies/0/PolicyDocument", "S3ReadPolicy"),
        ("FRole/Policies/1/PolicyDocument", "Statement:"),
        ("FDailyPermission", "Daily:"),
    ] {
        let policy = extraction
            .policies
            .iter()
            .find(|policy| policy.origin.address == address);
        let policy = policy.unwrap_or_else(|| panic!("{address} is missing"));
        assert!(
            text[policy.origin.place.span.start..].starts_with(line),
            "{address}"
        );
    }
    let statement = extraction
        .policies
        .iter()
        .find(|policy| policy.origin.address == "FRole/Policies/1/PolicyDocument")
        .map(|policy| policy.origin.statements[0].span);
    assert!(text[statement.unwrap().start..].starts_with("Effect: Allow"));
}

#[test]
fn globals_are_merged() {
    let globals = "Globals: {Function: {Tracing: Active, VpcConfig: {SubnetIds: [s]}}}";
    for (resource, expected) in [
        ("Type: 'AWS::Serverless::Function'", 3),
        (
            "Type: 'AWS::Serverless::Function', Properties: {Tracing: Disabled}",
            2,
        ),
        ("Type: 'AWS::Serverless::Function', IgnoreGlobals: '*'", 1),
        ("Type: 'AWS::Serverless::Function', IgnoreGlobals: [Tracing]", 2),
        (
            "Type: 'AWS::Serverless::Function', Properties: {VpcConfig: !Ref V}",
            3,
        ),
    ] {
        let found = told(&read(
            &template(&format!("F: {{{resource}}}"), globals),
            &options(),
        ));
        let managed = found
            .iter()
            .filter(|line| line.starts_with("FRole/ManagedPolicyArns/"));
        assert_eq!(managed.count(), expected, "{resource}: {found:?}");
    }
    for (globals, is_wrong) in [
        ("Globals: 3", true),
        ("Globals: []", true),
        ("Globals: {Function: 3}", true),
        ("Globals: {Function: {Policies: [x]}}", true),
        ("Globals: {Functions: {}}", true),
        ("Globals: {'Fn::Transform': {Name: M}}", true),
        ("Globals: {Function: {Timeout: 3}}", false),
        ("Globals: {}", false),
        ("Globals:", false),
    ] {
        let text = template("F: {Type: 'AWS::Serverless::Function'}", globals);
        let found = told(&read(&text, &options()));
        assert_eq!(
            found.contains(&"? Globals".to_owned()),
            is_wrong,
            "{globals}: {found:?}"
        );
    }
}

#[test]
fn traces_depend_on_a_parameter() {
    let text = template(
        "F: {Type: 'AWS::Serverless::Function', Properties: {Tracing: !Ref T}}",
        "Parameters: {T: {Type: String}}",
    );
    let given = |value: &str| CloudFormationOptions {
        parameters: [("T".to_owned(), value.to_owned())].into(),
        ..options()
    };
    let arns = |extraction: &Extraction| {
        let managed = extraction
            .policies
            .iter()
            .filter(|policy| policy.origin.address.contains("ManagedPolicyArns"));
        managed
            .map(|policy| policy.document.as_ref().unwrap().statements[0].guard.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(arns(&read(&text, &options())), [0, 1], "under a guard");
    assert_eq!(arns(&read(&text, &given("Active"))), [0, 0]);
    assert_eq!(arns(&read(&text, &given("Disabled"))), [0]);
}

#[test]
fn other_resources() {
    for (resources, expected) in [
        ("M: {Type: 'AWS::Serverless::StateMachine', Properties: {Policies: ReadOnlyAccess,
            Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}}}", &[
            "MERole/AssumeRolePolicyDocument trust synthesised",
            "MERole/Policies/0/PolicyDocument identity synthesised",
            "MRole/AssumeRolePolicyDocument trust synthesised",
            "MRole/ManagedPolicyArns/0 identity catalog",
        ][..]),
        ("M: {Type: 'AWS::Serverless::StateMachine', Properties: {Role: r, Events: {E: {Type: SNS}}}}", &[
            "? M/Events/E",
        ]),
        ("A: {Type: 'AWS::Serverless::Api', Properties: {StageName: p, Auth: {
            ResourcePolicy: {CustomStatements: [{Effect: Allow, Principal: '*', Action: '*', Resource: '*'}]},
            Authorizers: {L: {FunctionArn: !GetAtt F.Arn}, N: {FunctionArn: x, DisableFunctionDefaultPermissions: true},
              U: {UserPoolArn: u}}}}},
          F: {Type: 'AWS::Lambda::Function'}", &[
            "A/Body/x-amazon-apigateway-policy resource literal",
            "ALAuthorizerPermission grant synthesised",
        ]),
        ("A: {Type: 'AWS::Serverless::Api', Properties: {StageName: p,
            Auth: {ResourcePolicy: {IpRangeBlacklist: [1.2.3.4]}},
            DefinitionBody: {swagger: 2.0, paths: {/x: {get: {}}}}}}", &[
            "A/Body/x-amazon-apigateway-policy resource synthesised",
        ]),
        ("A: {Type: 'AWS::Serverless::Api', Properties: {StageName: p,
            Auth: {ResourcePolicy: {IpRangeBlacklist: [1.2.3.4]}}, DefinitionUri: 's3://b/k'}}", &[
            "? A/Auth/ResourcePolicy",
        ]),
        ("A: {Type: 'AWS::Serverless::Api', Properties: {StageName: p, DefinitionBody: {'Fn::Transform': {Name: I}}}}",
            &["? A/Body"]),
        ("A: {Type: 'AWS::Serverless::Api', Properties: {StageName: p, Auth: {ResourcePolicy: {Unheard: 1}},
            DefinitionBody: {swagger: 2.0, paths: {/x: {get: {}}}}}}", &["? A/Auth/ResourcePolicy"]),
        ("H: {Type: 'AWS::Serverless::HttpApi', Properties: {Auth: {Authorizers: {
            L: {FunctionArn: x, EnableFunctionDefaultPermissions: true}, N: {FunctionArn: x}}}}}", &[
            "HLAuthorizerPermission grant synthesised",
        ]),
        ("H: {Type: 'AWS::Serverless::HttpApi', Properties: {Auth: {Authorizers: !Ref P}}}", &["? H/Auth/Authorizers"]),
        ("T: {Type: 'AWS::Serverless::SimpleTable'}, L: {Type: 'AWS::Serverless::LayerVersion'}", &[]),
        ("N: {Type: 'AWS::Serverless::Application', Properties: {Location: x.yaml}}", &["? N/TemplateURL"]),
        ("P: {Type: 'AWS::Serverless::CapacityProvider', Properties: {VpcConfig: {}}}", &[
            "POperatorRole/AssumeRolePolicyDocument trust synthesised",
            "POperatorRole/ManagedPolicyArns/0 identity synthesised",
        ]),
        ("G: {Type: 'AWS::Serverless::NoSuchType'}", &["? G"]),
        ("W: {Type: 'AWS::Serverless::Thing'}", &["? W"]),
        ("U: {Type: 'AWS::Serverless::Unheard'}", &["? U"]),
        ("F: {Type: 'AWS::Serverless::Function', Properties: 3}", &["? F"]),
        ("F: {Type: 'AWS::Serverless::Function', Properties: {'Fn::Transform': {Name: M}}}", &["? F"]),
    ] {
        assert_eq!(told(&read(&template(resources, ""), &options())), expected, "{resources}");
    }
}
