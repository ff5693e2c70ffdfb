//! What must not be taken for nothing: wrong types, circles, macros, names that clash, and very much of everything.

use super::{options, read, template, told};

#[test]
fn resources_that_are_never_there_have_no_gaps() {
    let text = template(
        "F: {Type: 'AWS::Serverless::Function', Condition: C, Properties: {Policies: [{Unheard: {}}], Events: 3}}",
        "Conditions: {C: !Equals [a, b]}",
    );
    assert_eq!(told(&read(&text, &options())), [""; 0]);
}

#[test]
fn macros_beside_sam_are_gaps() {
    let text = "Transform: [AWS::Serverless-2016-10-31, MyMacro]\nResources: {F: {Type: 'AWS::Serverless::Function'}}";
    assert!(told(&read(text, &options())).contains(&"? Transform".to_owned()));
}

#[test]
fn loops_beside_serverless_resources_are_gaps() {
    let text = "\
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Conditions:
  C: !Equals [!Ref 'AWS::Region', us-east-1]
  Fn::ForEach::L: [x, [a], {'D${x}': !Condition C}]
Resources:
  Fn::ForEach::R: [x, [a], {'T${x}': {Type: 'AWS::SNS::Topic'}}]
  F: {Type: 'AWS::Serverless::Function', Condition: C, Properties: {Role: r, FunctionUrlConfig: {AuthType: NONE}}}
";
    assert_eq!(
        told(&read(text, &options())),
        ["? Conditions/Fn::ForEach::L", "? Resources/Fn::ForEach::R",],
        "the condition does not hold in eu-west-1"
    );
}

#[test]
fn names_that_are_written_twice_are_gaps() {
    let text = template(
        "F: {Type: 'AWS::Serverless::Function'}, FRole: {Type: 'AWS::IAM::Role', Properties: {
            AssumeRolePolicyDocument: {Statement: []}}}",
        "",
    );
    assert!(told(&read(&text, &options())).contains(&"? FRole".to_owned()));
}

#[test]
fn hostile_values_end_in_gaps() {
    const VALUES: [&str; 9] = [
        "3",
        "[3]",
        "[[]]",
        "{a: {b: []}}",
        "!Ref F",
        "!Ref FRole",
        "!GetAtt FRole.Arn",
        "!If [C, !If [C, {}, []], 3]",
        "{'Fn::Transform': {Name: M}}",
    ];
    const CONDITIONS: &str = "Conditions: {C: !Not [!Condition C]}";
    for (kind, names) in [
        (
            "Function",
            &[
                "AssumeRolePolicyDocument",
                "AutoPublishAlias",
                "DeadLetterQueue",
                "DeploymentPreference",
                "DurableConfig",
                "EventInvokeConfig",
                "Events",
                "FunctionName",
                "FunctionUrlConfig",
                "PermissionsBoundary",
                "Policies",
                "Role",
                "RolePath",
                "Tracing",
                "VpcConfig",
            ][..],
        ),
        (
            "Api",
            &[
                "Auth",
                "Cors",
                "DefinitionBody",
                "DefinitionUri",
                "Domain",
                "MergeDefinitions",
                "Policy",
            ],
        ),
        ("HttpApi", &["Auth", "DefinitionBody"]),
        (
            "StateMachine",
            &["AutoPublishAlias", "Events", "Policies", "Role", "Tracing"],
        ),
        ("Connector", &["Source", "Destination", "Permissions"]),
        ("Application", &["Location"]),
        ("CapacityProvider", &["OperatorRole"]),
    ] {
        for name in names {
            for value in VALUES {
                let resource =
                    format!("F: {{Type: 'AWS::Serverless::{kind}', Properties: {{{name}: {value}}}}}");
                // What is found differs; that nothing goes wrong is enough here.
                read(&template(&resource, CONDITIONS), &options());
                read(
                    &template(&resource, &format!("Globals: {{{kind}: {{{name}: {value}}}}}")),
                    &options(),
                );
            }
        }
    }
}

#[test]
fn circles_end() {
    let text = template(
        "F: {Type: 'AWS::Serverless::Function', Properties: {FunctionName: !Ref G,
            Policies: [{SQSPollerPolicy: {QueueName: !GetAtt F.Arn}}]}},
         G: {Type: 'AWS::Serverless::Function', Properties: {FunctionName: !Ref F,
            Events: {E: {Type: SNS, Properties: {Topic: !Ref G}}}}}",
        "",
    );
    let found = told(&read(&text, &options()));
    assert!(found.contains(&"? GEPermission".to_owned()), "{found:?}");
}

#[test]
fn many_functions_are_read() {
    let functions: Vec<String> = (0..1000)
        .map(|number| {
            format!(
                "F{number}: {{Type: 'AWS::Serverless::Function', Properties: {{Policies: [{{SQSPollerPolicy: {{QueueName: q}}}}],
                 Events: {{E: {{Type: Api, Properties: {{Path: /{number}, Method: get}}}}}}}}}}"
            )
        })
        .collect();
    let extraction = read(&template(&functions.join(",\n   "), ""), &options());
    assert_eq!((extraction.policies.len(), extraction.gaps.len()), (4000, 0));
}

#[test]
fn too_much_to_copy_is_left_as_it_is() {
    let variables: Vec<String> = (0..1000).map(|number| format!("V{number}: x")).collect();
    let globals = format!(
        "Globals: {{Function: {{Environment: {{Variables: {{{}}}}}}}}}",
        variables.join(", ")
    );
    let functions: Vec<String> = (0..1000)
        .map(|number| format!("F{number}: {{Type: 'AWS::Serverless::Function'}}"))
        .collect();
    let extraction = read(&template(&functions.join(", "), &globals), &options());
    assert_eq!((extraction.policies.len(), extraction.gaps.len()), (0, 1000));
}
