//! One row a document: its kind, its statements, and what must be noted of which statement.

use std::collections::BTreeSet;

use crate::check::rules::policy_rules;
use crate::extract::PolicyKind;

use super::{linted, value};

use PolicyKind::{Boundary, Endpoint, Identity, Resource, Scp, Trust};

/// Kind, statements, notes as `RULE STATEMENT`.
type Row = (PolicyKind, &'static str, &'static [&'static str]);

/// Documents of version 2012-10-17.
const ROWS: &[Row] = &[
    // What nothing is to be said of.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#,
        &[],
    ),
    (Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, &[]),
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":["arn:aws:s3:::{{B}}","arn:aws:s3:::{{B}}/*"]}"#,
        &[],
    ),
    // Conditions that cannot hold together.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"},"StringNotEquals":{"aws:ResourceAccount":"111122223333"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"Null":{"aws:TagKeys":"true"},"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":"5"},"NumericGreaterThan":{"s3:max-keys":"10"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":"10"},"NumericGreaterThan":{"s3:max-keys":"5"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"NotIpAddress":{"aws:SourceIp":"203.0.0.0/16"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:ViaAWSService":"athena.amazonaws.com"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateGreaterThan":{"aws:EpochTime":"1893456000"}}}"#,
        &["contradictory-conditions 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::111122223333:assumed-role/r/s"}}}"#,
        &["contradictory-conditions 0"],
    ),
    // With some values of the hole they can.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"{{A}}"},"StringNotEquals":{"aws:ResourceAccount":"111122223333"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"{{A}}"},"StringNotEquals":{"aws:ResourceAccount":"{{A}}"}}}"#,
        &["contradictory-conditions 0"],
    ),
    // Elements that exclude each other.
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"Service":"events.amazonaws.com"},"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"},"ArnEquals":{"aws:SourceArn":"arn:aws:events:eu-west-1:111122223333:rule/r"}}}"#,
        &["unmatchable-statement 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"111122223333"},"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}}"#,
        &[],
    ),
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/a"},"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/*"}}}"#,
        &["unmatchable-statement 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"Null":{"aws:username":"true"}}}"#,
        &["unmatchable-statement 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/${aws:username}/*","arn:aws:s3:::c/*"],"Condition":{"Null":{"aws:username":"true"}}}"#,
        &[],
    ),
    // Entries that the rest excludes.
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["111122223333","444455556666"]},"Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}}"#,
        &["unmatchable-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.0/24"]},"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#,
        &["unmatchable-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.0/24"]},"NotIpAddress":{"aws:SourceIp":"203.0.113.7/32"}}}"#,
        &[],
    ),
    // Statements that others cover.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Sid":"Again","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#,
        &["redundant-statement 1"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
        &["redundant-statement 1"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
        &["redundant-statement 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/t":"a*"}}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/t":"ab"}}}"#,
        &["redundant-statement 1"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/*"},{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]}"#,
        &["redundant-statement 0", "redundant-statement 1"],
    ),
    (
        Scp,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}"#,
        &["redundant-statement 1"],
    ),
    // The same hole twice is the same value; two holes may differ.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{{B}}/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{B}}/*"}"#,
        &["redundant-statement 1"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{A}}/*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{B}}/*"}"#,
        &[],
    ),
    // A statement that may not be there covers nothing.
    (
        Identity,
        r#"{"if":"C","then":{"Effect":"Allow","Action":"s3:*","Resource":"*"}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"if":"C","then":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#,
        &["redundant-statement 1"],
    ),
    // A grant to an account leaves the decision to it; a grant to a role does not. What `{"AWS":"*"}` means is not sure.
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"111122223333"},"Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Resource":"*"}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":"*","Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Resource":"*"}"#,
        &["redundant-statement 1"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"*"},"Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"Service":"sns.amazonaws.com"},"Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}"#,
        &[],
    ),
    // Entries that others cover.
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:Get*","s3:getobject"],"Resource":"*"}"#,
        &["redundant-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b/c/*"]}"#,
        &["redundant-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*/x","arn:aws:s3:::b/c/*"]}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringLike":{"s3:ExistingObjectTag/t":["a*","ab"]}}}"#,
        &["redundant-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","203.0.113.128/25"]}}}"#,
        &["redundant-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":["111122223333","111122223333"]},"Resource":"*"}"#,
        &["redundant-entry 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/r"]},"Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}"#,
        &["redundant-entry 1"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a","arn:aws:s3:::a/*"]},{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a/*","arn:aws:s3:::c"]}"#,
        &["redundant-entry 1"],
    ),
    // What a Deny makes void.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::b"},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}"#,
        &["denied-statement 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:DeleteBucket","s3:ListBucket"],"Resource":"arn:aws:s3:::b"},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}"#,
        &["denied-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::b"},{"Effect":"Deny","NotAction":"s3:Get*","Resource":"*"}"#,
        &["denied-statement 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::b"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::b"},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Principal":{"AWS":"111122223333"},"Resource":"*"}"#,
        &["denied-statement 0"],
    ),
    // A Deny that takes nothing away says so only where other policies cannot allow.
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"444455556666"}}"#,
        &["idle-deny 1"],
    ),
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"}}"#,
        &[],
    ),
    (
        Endpoint,
        r#"{"Effect":"Allow","Action":"s3:Get*","Principal":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Principal":"*","Resource":"*"}"#,
        &["idle-deny 1"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"s3:Get*","Principal":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Principal":"*","Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}"#,
        &[],
    ),
    // Missing keys.
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sns:Publish","Principal":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}"#,
        &["for-all-values-allow 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sns:Publish","Principal":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Null":{"aws:PrincipalOrgID":"false"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}}"#,
        &["for-all-values-allow 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]},"ForAnyValue:StringLike":{"aws:TagKeys":"*"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]},"StringEquals":{"aws:RequestTag/a":"1"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sns:Publish","Principal":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}},{"Effect":"Deny","Action":"*","Principal":"*","Resource":"*","Condition":{"Null":{"aws:PrincipalOrgID":"true"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}"#,
        &["mfa-missing-key 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthPresent":"true"}}}"#,
        &[],
    ),
    // Wildcards and variables.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"home/*"}}}"#,
        &["literal-wildcard 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":"home/*"},"StringNotEqualsIgnoreCase":{"aws:referer":"https://example.com/?a=b"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/t":"a*"}}}"#,
        &["literal-wildcard 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"*","Condition":{"StringLike":{"aws:SourceVpce":"vpce-*"}}}"#,
        &["wildcard-in-id 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Principal":"*","Resource":"*","Condition":{"StringNotLike":{"aws:PrincipalOrgID":"o-*"}}}"#,
        &["wildcard-in-id 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Principal":"*","Resource":"*","Condition":{"StringLike":{"aws:SourceVpce":"vpce-*"}}}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}}"#,
        &["private-source-ip 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"*","Condition":{"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"a"}}}"#,
        &["set-operator-missing 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:CalledVia}/*"}"#,
        &["multivalued-variable 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":"*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:root"}}}"#,
        &["root-principal-arn 0"],
    ),
    (
        Scp,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}}}"#,
        &[],
    ),
    // Negated elements and principals.
    (
        Identity,
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        &["not-action-allow 0"],
    ),
    (
        Boundary,
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}"#,
        &["not-resource-allow 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Deny","Action":"sqs:*","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Resource":"*"}"#,
        &["not-principal-parent 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Deny","Action":"sqs:*","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/r","111122223333"]},"Resource":"*"}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"AWS":["AROAEXAMPLEEXAMPLE123","111122223333"]},"Resource":"*"}"#,
        &["dangling-principal 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"Service":"sns.amazonaws.com"},"Resource":"*"}"#,
        &["confused-deputy 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"Service":"sns.amazonaws.com"},"Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}}"#,
        &[],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"Service":"sns.amazonaws.com"},"Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Principal":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}}"#,
        &[],
    ),
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}"#,
        &[],
    ),
    // ARNs and names.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Resource":["arn:aws:sqs:eu-west-1:12345:q","arn:asw:sqs:eu-west-1:111122223333:q"]}"#,
        &["malformed-arn 0"],
    ),
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::12345:role/r"}}"#,
        &["malformed-arn 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Principal":{"AWS":"arn:aws:iam::cloudfront:user/x"},"Resource":"arn:aws:s3:::b/*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3x:GetObject","Resource":"*"}"#,
        &["unknown-service 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:GetObjekt","s3:Frob*"],"Resource":"*"}"#,
        &["unknown-action 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:getobject","S3:List*","*:PutObject","s3:{{A}}"],"Resource":"*"}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:perfix":"a"}}}"#,
        &["unknown-condition-key 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::${AWS::AccountId}/*"}"#,
        &["unknown-condition-key 0"],
    ),
    (
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"},"Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/A:sub":"x"}}}"#,
        &[],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b"}"#,
        &["unsupported-resource 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b/*"}"#,
        &["unsupported-resource 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"arn:aws:s3:::*"}"#,
        &["unsupported-resource 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":["s3:*","s3:ListBucket"],"Resource":["arn:aws:s3:::{{B}}"]}"#,
        &["redundant-entry 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"{{ARN}}"}"#,
        &[],
    ),
    // What the parser notes.
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"stringequals":{"s3:ExistingObjectTag/t":"a"}}}"#,
        &["operator-case 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":"111122223333","Resource":"*"}"#,
        &["bare-account-principal 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3*"}"#,
        &["short-arn 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"}"#,
        &["not-an-arn 0"],
    ),
    (Identity, "", &["empty-statement"]),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","NotPrincipal":{"AWS":"111122223333"},"Resource":"*"}"#,
        &["not-principal-allow 0"],
    ),
    (
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Principal":{"*":"*"},"Resource":"*"}"#,
        &["star-principal-group 0"],
    ),
];

/// Documents without a version.
const OLD_ROWS: &[Row] = &[
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#,
        &["literal-variable 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringLike":{"s3:ExistingObjectTag/t":"${aws:username}"}}}"#,
        &["literal-variable 0"],
    ),
    (
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/$/{x}"}"#,
        &[],
    ),
];

fn check(version: &str, (kind, statements, expected): &Row) -> Option<String> {
    let text = format!(r#"{{{version}"Statement":[{statements}]}}"#);
    let found = linted(&value(&text), *kind);
    assert!(found.gave_up.is_empty(), "{text}\n{:?}", found.gave_up);
    let notes: BTreeSet<String> = found
        .notes
        .iter()
        .map(|note| match note.statement {
            Some(index) => format!("{} {index}", note.rule),
            None => note.rule.to_owned(),
        })
        .collect();
    let expected: BTreeSet<String> = expected.iter().map(|note| (*note).to_owned()).collect();
    let told = || {
        format!(
            "{statements}\n  expected {expected:?}\n  found {:#?}\n",
            found.notes
        )
    };
    (notes != expected).then(told)
}

#[test]
fn each_row_gets_its_notes_and_no_others() {
    let new = ROWS
        .iter()
        .filter_map(|row| check(r#""Version":"2012-10-17","#, row));
    let old = OLD_ROWS.iter().filter_map(|row| check("", row));
    let wrong: Vec<String> = new.chain(old).collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn every_rule_has_a_row() {
    let noted: BTreeSet<&str> = ROWS
        .iter()
        .chain(OLD_ROWS)
        .flat_map(|(_, _, notes)| notes.iter())
        .filter_map(|note| note.split(' ').next())
        .collect();
    let known: BTreeSet<&str> = policy_rules().map(|rule| rule.id).collect();
    assert_eq!(noted, known);
}
