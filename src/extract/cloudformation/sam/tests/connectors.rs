//! Connectors, as resources and in the attribute `Connectors`.

use super::{options, read, template, told};

#[test]
fn connectors() {
    const ENDS: &str =
        "T: {Type: 'AWS::SNS::Topic'}, Q: {Type: 'AWS::SQS::Queue'}, B: {Type: 'AWS::S3::Bucket'},
        R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {Statement: []}}},
        F: {Type: 'AWS::Lambda::Function', Properties: {Role: !GetAtt R.Arn}}";
    let connector =
        |properties: &str| format!("C: {{Type: 'AWS::Serverless::Connector', Properties: {{{properties}}}}}");
    for (resources, expected) in [
        (connector("Source: {Id: T}, Destination: {Id: Q}, Permissions: [Write]"),
            "CQueuePolicy/PolicyDocument resource synthesised"),
        (connector("Source: {Id: T}, Destination: {Id: F}, Permissions: [Write]"),
            "CWriteLambdaPermission grant synthesised"),
        (connector("Source: {Id: F}, Destination: [{Id: B}], Permissions: [Read, Write]"),
            "CPolicyDestination0/PolicyDocument identity synthesised"),
        (connector("Source: {Id: F}, Destination: {Id: B}, Permissions: [Delete]"), "? C"),
        (connector("Source: {Id: F}, Destination: {Id: B}, Permissions: []"), "? C"),
        (connector("Source: {Id: B}, Destination: {Id: T}, Permissions: [Read]"), "? C"),
        (connector("Source: {Id: C}, Destination: {Id: C}, Permissions: [Read]"), "? C"),
        (connector("Source: {Id: Nobody}, Destination: {Id: B}, Permissions: [Read]"), "? C"),
        (connector("Source: 3, Destination: 3, Permissions: 3"), "? C"),
        ("X: {Type: 'AWS::SNS::Topic', Connectors: {C: {Properties: {Destination: {Id: Q}, Permissions: [Write]}}}}"
            .to_owned(), "XCQueuePolicy/PolicyDocument resource synthesised"),
        ("X: {Type: 'AWS::SNS::Topic', Connectors: {C: 3}}".to_owned(), "? X/Connectors/C"),
    ] {
        let mut found = told(&read(&template(&format!("{ENDS}, {resources}"), ""), &options()));
        found.retain(|line| line != "R/AssumeRolePolicyDocument trust literal");
        assert_eq!(found, [expected], "{resources}");
    }
}
