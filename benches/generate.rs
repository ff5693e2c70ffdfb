//! Terraform plans as `terraform show -json` prints them, with as many policies as asked for. The same seed gives the
//! same plan; no two policies of one plan are alike, but for the copies that are asked for.

use serde_json::{Value, json};

/// What a plan holds.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Policies that differ.
    pub distinct: usize,
    /// How often each of them stands in the plan.
    pub copies: usize,
    /// Bytes that the plan has at least: it is filled up with resources without policies, as plans are.
    pub bytes: usize,
}

/// The text of a plan.
pub fn plan(size: Size, seed: u64) -> String {
    let mut planned = Vec::new();
    let mut changes = Vec::new();
    let mut configured = Vec::new();
    for copy in 0..size.copies {
        let mut random = Random::new(seed);
        for index in 0..size.distinct {
            let resource = resource(index, copy, &mut random);
            planned.push(resource.planned());
            configured.push(resource.configured());
            changes.push(resource.change);
        }
    }
    let mut length: usize = [&planned, &changes, &configured]
        .into_iter()
        .flatten()
        .map(|entry| entry.to_string().len())
        .sum();
    for index in 0.. {
        if length >= size.bytes {
            break;
        }
        let resource = instance(index);
        let entries = (resource.planned(), resource.configured());
        length +=
            entries.0.to_string().len() + entries.1.to_string().len() + resource.change.to_string().len();
        planned.push(entries.0);
        configured.push(entries.1);
        changes.push(resource.change);
    }
    json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {"environment": {"value": "production"}},
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {
                "name": "aws",
                "full_name": PROVIDER,
                "version_constraint": "~> 5.0",
                "expressions": {"region": {"constant_value": "eu-central-1"}},
            }},
            "root_module": {"resources": configured, "variables": {"environment": {}}},
        },
        "relevant_attributes": [],
        "timestamp": "2026-01-01T00:00:00Z",
        "applyable": true,
        "complete": true,
        "errored": false,
    })
    .to_string()
}

const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

struct Resource {
    change: Value,
    /// The attributes that the configuration gives as constants.
    plain: Vec<&'static str>,
    after: Value,
}

impl Resource {
    fn planned(&self) -> Value {
        json!({
            "address": self.change["address"],
            "mode": "managed",
            "type": self.change["type"],
            "name": self.change["name"],
            "provider_name": PROVIDER,
            "schema_version": 0,
            "values": self.after,
            "sensitive_values": {},
        })
    }

    fn configured(&self) -> Value {
        let expressions: serde_json::Map<String, Value> = self
            .plain
            .iter()
            .map(|name| ((*name).to_owned(), json!({})))
            .collect();
        json!({
            "address": self.change["address"],
            "mode": "managed",
            "type": self.change["type"],
            "name": self.change["name"],
            "provider_config_key": "aws",
            "expressions": expressions,
            "schema_version": 0,
        })
    }
}

/// A resource without a policy, of a few kilobytes.
fn instance(index: usize) -> Resource {
    let name = format!("node_{index}");
    let script = format!("#!/bin/sh\necho \"{index}\"\n").repeat(64);
    let after = json!({"ami": "ami-0123456789abcdef0", "instance_type": "m7g.large", "user_data": script,
        "tags": {"Name": name, "Team": format!("team-{}", index % 40)}});
    let change = json!({
        "address": format!("aws_instance.{name}"), "mode": "managed", "type": "aws_instance", "name": name,
        "provider_name": PROVIDER,
        "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": {"id": true, "arn": true},
            "before_sensitive": false, "after_sensitive": {}},
    });
    Resource {
        change,
        plain: vec!["ami", "instance_type", "user_data", "tags"],
        after,
    }
}

fn resource(index: usize, copy: usize, random: &mut Random) -> Resource {
    let name = format!("team_{index}_{copy}");
    let kind = KINDS[random.below(KINDS.len())];
    let policy = document(kind, index, random);
    let mut after = attributes(kind, index);
    after[kind.attribute] = Value::String(policy.to_string());
    let (actions, before) = match random.below(20) {
        0..=10 => (vec!["create"], Value::Null),
        11..=15 => (vec!["no-op"], after.clone()),
        _ => {
            let mut before = after.clone();
            let mut earlier = policy;
            earlier["Statement"][0]["Sid"] = json!("Earlier");
            if random.below(2) == 0 {
                earlier["Statement"][0]["Effect"] = json!("Deny");
            }
            before[kind.attribute] = Value::String(earlier.to_string());
            (vec!["update"], before)
        }
    };
    let after_unknown = if before.is_null() {
        json!({"id": true, "tags_all": true})
    } else {
        json!({})
    };
    let mut before = before;
    if !before.is_null() {
        before["id"] = json!(format!("id-{index}"));
        after["id"] = before["id"].clone();
    }
    let change = json!({
        "address": format!("{}.{name}", kind.resource),
        "mode": "managed",
        "type": kind.resource,
        "name": name,
        "provider_name": PROVIDER,
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "after_unknown": after_unknown,
            "before_sensitive": if before.is_null() { json!(false) } else { json!({}) },
            "after_sensitive": {},
        },
    });
    Resource {
        change,
        plain: vec![kind.attribute],
        after,
    }
}

/// A type of resource that carries a policy.
#[derive(Clone, Copy)]
struct Kind {
    resource: &'static str,
    attribute: &'static str,
    grammar: Grammar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Identity,
    Resource(&'static str),
    Trust,
}

const KINDS: &[Kind] = &[
    Kind {
        resource: "aws_iam_policy",
        attribute: "policy",
        grammar: Grammar::Identity,
    },
    Kind {
        resource: "aws_iam_policy",
        attribute: "policy",
        grammar: Grammar::Identity,
    },
    Kind {
        resource: "aws_iam_role_policy",
        attribute: "policy",
        grammar: Grammar::Identity,
    },
    Kind {
        resource: "aws_iam_role_policy",
        attribute: "policy",
        grammar: Grammar::Identity,
    },
    Kind {
        resource: "aws_iam_role",
        attribute: "assume_role_policy",
        grammar: Grammar::Trust,
    },
    Kind {
        resource: "aws_s3_bucket_policy",
        attribute: "policy",
        grammar: Grammar::Resource("s3"),
    },
    Kind {
        resource: "aws_sqs_queue_policy",
        attribute: "policy",
        grammar: Grammar::Resource("sqs"),
    },
    Kind {
        resource: "aws_sns_topic_policy",
        attribute: "policy",
        grammar: Grammar::Resource("sns"),
    },
];

fn attributes(kind: Kind, index: usize) -> Value {
    match kind.resource {
        "aws_iam_policy" => json!({
            "name": format!("team-{index}"), "path": "/", "description": "what the team may do", "tags": null,
        }),
        "aws_iam_role_policy" => {
            json!({"name": format!("team-{index}"), "role": format!("team-{index}-role")})
        }
        "aws_iam_role" => json!({
            "name": format!("team-{index}-role"), "path": "/", "description": "", "force_detach_policies": false,
            "max_session_duration": 3600, "permissions_boundary": null, "tags": {"team": format!("team-{index}")},
        }),
        "aws_s3_bucket_policy" => json!({"bucket": format!("team-{index}-data")}),
        "aws_sqs_queue_policy" => json!({
            "queue_url": format!("https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/team-{index}"),
        }),
        _ => json!({"arn": format!("arn:aws:sns:eu-central-1:{ACCOUNT}:team-{index}")}),
    }
}

fn document(kind: Kind, index: usize, random: &mut Random) -> Value {
    let count = 1 + random.below(10);
    let statements: Vec<Value> = (0..count)
        .map(|number| match kind.grammar {
            Grammar::Identity => identity_statement(index, number, random),
            Grammar::Resource(service) => resource_statement(service, index, number, random),
            Grammar::Trust => trust_statement(index, number, random),
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn identity_statement(index: usize, number: usize, random: &mut Random) -> Value {
    let (service, actions) = random.pick(SERVICES);
    let deny = random.below(8) == 0;
    let count = 1 + random.below(4);
    let mut chosen: Vec<String> = (0..count)
        .map(|_| format!("{service}:{}", random.pick(actions)))
        .collect();
    chosen.sort();
    chosen.dedup();
    let resources: Vec<String> = (0..1 + random.below(3))
        .map(|_| arn(service, index, number, random))
        .collect();
    let mut statement = json!({
        "Sid": format!("S{number}"),
        "Effect": if deny { "Deny" } else { "Allow" },
        "Action": chosen,
        "Resource": resources,
    });
    if random.below(3) == 0 {
        statement["Condition"] = condition(index, random);
    }
    statement
}

fn resource_statement(service: &str, index: usize, number: usize, random: &mut Random) -> Value {
    let actions = SERVICES
        .iter()
        .find(|(name, _)| *name == service)
        .map_or(&["*"][..], |(_, actions)| actions);
    let principal = match random.below(10) {
        0 => json!("*"),
        1..=3 => json!({"Service": random.pick(&["cloudtrail.amazonaws.com", "events.amazonaws.com"])}),
        4..=6 => json!({"AWS": format!("arn:aws:iam::{}:root", account(index + number))}),
        _ => json!({"AWS": [
            format!("arn:aws:iam::{}:role/app-{index}", account(index)),
            format!("arn:aws:iam::{ACCOUNT}:role/team-{index}-role"),
        ]}),
    };
    let mut statement = json!({
        "Sid": format!("S{number}"),
        "Effect": if random.below(6) == 0 { "Deny" } else { "Allow" },
        "Principal": principal,
        "Action": format!("{service}:{}", random.pick(actions)),
        "Resource": arn(service, index, number, random),
    });
    if random.below(2) == 0 {
        statement["Condition"] = condition(index, random);
    }
    statement
}

fn trust_statement(index: usize, number: usize, random: &mut Random) -> Value {
    let principal = match random.below(4) {
        0 | 1 => {
            json!({"Service": random.pick(&["lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"])})
        }
        2 => json!({"AWS": format!("arn:aws:iam::{}:root", account(index + number))}),
        _ => json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:role/deploy-{index}-{number}")}),
    };
    let mut statement = json!({
        "Sid": format!("Trust{index}x{number}"), "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole",
    });
    if random.below(2) == 0 {
        statement["Condition"] =
            json!({"StringEquals": {"sts:ExternalId": format!("team-{index}-{number}")}});
    }
    statement
}

fn condition(index: usize, random: &mut Random) -> Value {
    match random.below(7) {
        0 => json!({"Bool": {"aws:SecureTransport": "true"}}),
        1 => json!({"IpAddress": {"aws:SourceIp": [format!("10.{}.0.0/16", index % 200), "192.0.2.0/24"]}}),
        2 => json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        3 => json!({"StringLike": {"aws:RequestTag/team": [format!("team-{index}*"), "platform-*"]}}),
        4 => json!({"ArnLike": {"aws:SourceArn": format!("arn:aws:s3:::team-{index}-*")}}),
        5 => {
            json!({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}})
        }
        _ => json!({"StringNotEquals": {"aws:ResourceAccount": account(index)}}),
    }
}

fn arn(service: &str, index: usize, number: usize, random: &mut Random) -> String {
    let name = format!("team-{index}-{number}");
    match (service, random.below(12)) {
        ("ec2" | "cloudwatch", _) | (_, 0) => "*".to_owned(),
        ("s3", 1..=5) => format!("arn:aws:s3:::{name}"),
        ("s3", _) => format!("arn:aws:s3:::{name}*/logs/*"),
        ("iam", _) => format!("arn:aws:iam::{ACCOUNT}:role/{name}/*"),
        ("dynamodb", _) => format!("arn:aws:dynamodb:*:{ACCOUNT}:table/{name}*"),
        ("lambda", _) => format!("arn:aws:lambda:eu-central-1:{ACCOUNT}:function:{name}-*"),
        ("kms", _) => format!("arn:aws:kms:eu-central-1:{ACCOUNT}:key/*"),
        (service, _) => format!("arn:aws:{service}:eu-central-1:{ACCOUNT}:{name}"),
    }
}

const ACCOUNT: &str = "123456789012";

fn account(index: usize) -> String {
    format!("{:012}", 210_000_000_000_usize + index * 7919)
}

const SERVICES: &[(&str, &[&str])] = &[
    (
        "s3",
        &[
            "GetObject",
            "PutObject",
            "DeleteObject",
            "ListBucket",
            "Get*",
            "*Object",
            "GetBucketPolicy",
            "*",
        ],
    ),
    (
        "dynamodb",
        &[
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "BatchGet*",
            "Describe*",
            "UpdateItem",
        ],
    ),
    (
        "sqs",
        &[
            "SendMessage",
            "ReceiveMessage",
            "DeleteMessage",
            "GetQueueAttributes",
            "Send*",
        ],
    ),
    ("sns", &["Publish", "Subscribe", "GetTopicAttributes"]),
    (
        "lambda",
        &["InvokeFunction", "GetFunction", "UpdateFunctionCode", "List*"],
    ),
    (
        "kms",
        &[
            "Decrypt",
            "Encrypt",
            "GenerateDataKey*",
            "DescribeKey",
            "ReEncrypt*",
        ],
    ),
    (
        "ec2",
        &[
            "Describe*",
            "RunInstances",
            "CreateTags",
            "StartInstances",
            "StopInstances",
        ],
    ),
    ("iam", &["GetRole", "PassRole", "List*", "GetPolicy*"]),
    (
        "logs",
        &["CreateLogGroup", "CreateLogStream", "PutLogEvents", "Describe*"],
    ),
    ("cloudwatch", &["PutMetricData", "GetMetric*", "ListMetrics"]),
    ("secretsmanager", &["GetSecretValue", "DescribeSecret"]),
    ("ssm", &["GetParameter*", "PutParameter", "DescribeParameters"]),
];

/// xorshift64*: fixed, small, and the same everywhere.
struct Random {
    state: u64,
}

impl Random {
    fn new(seed: u64) -> Random {
        Random {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let word = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(word).unwrap_or(0) % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The text of a template with so many resources, and at least that long: the code of its functions fills it up. Values
/// are put together by functions, as in templates that tools write.
pub fn template(resources: usize, bytes: usize) -> String {
    let statements = |index: usize| -> Vec<Value> {
        let one = |at: usize| {
            json!({
                "Effect": if at % 7 == 6 { "Deny" } else { "Allow" },
                "Action": [format!("s3:Get{at}*"), format!("dynamodb:Query{index}"), "logs:PutLogEvents"],
                "Resource": [
                    {"Fn::GetAtt": [format!("Bucket{}", index - index % 5), "Arn"]},
                    {"Fn::Sub": format!("arn:${{AWS::Partition}}:s3:::${{Stage}}-data-{index}/{at}/*")},
                    {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "logs", {"Ref": "AWS::Region"},
                        {"Ref": "AWS::AccountId"}, format!("log-group:{index}-{at}")]]},
                ],
                "Condition": {"StringEquals": {"aws:RequestedRegion": {"Ref": "AWS::Region"}}},
            })
        };
        (0..8).map(one).collect()
    };
    let document = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let trust = document(vec![json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}})]);
    let resource = |index: usize| -> (String, Value) {
        let first = index - index % 5;
        let (name, resource_type, properties) = match index % 5 {
            0 => (
                "Bucket",
                "AWS::S3::Bucket",
                json!({"BucketName": {"Fn::Sub": format!("${{Stage}}-{index}")}}),
            ),
            1 => (
                "Role",
                "AWS::IAM::Role",
                json!({"AssumeRolePolicyDocument": trust,
                    "Policies": [{"PolicyName": "own", "PolicyDocument": document(statements(index))}]}),
            ),
            2 => (
                "Managed",
                "AWS::IAM::ManagedPolicy",
                json!({"Roles": [{"Ref": format!("Role{}", first + 1)}], "PolicyDocument": document(statements(index))}),
            ),
            3 => (
                "Guard",
                "AWS::S3::BucketPolicy",
                json!({"Bucket": {"Ref": format!("Bucket{first}")}, "PolicyDocument": document(vec![json!({
                    "Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": [format!("Role{}", first + 1), "Arn"]}},
                    "Action": "s3:GetObject", "Resource": {"Fn::Sub": format!("${{Bucket{first}.Arn}}/*")}})])}),
            ),
            _ => (
                "Function",
                "AWS::Lambda::Function",
                json!({"Role": {"Fn::GetAtt": [format!("Role{}", first + 1), "Arn"]}}),
            ),
        };
        (
            format!("{name}{index}"),
            json!({"Type": resource_type, "Properties": properties}),
        )
    };
    let mut all: Vec<(String, Value)> = (0..resources).map(resource).collect();
    let length: usize = all.iter().map(|(_, value)| value.to_string().len()).sum();
    let functions = all.len() / 5;
    let line = "    # what a function does is of no interest here\n";
    let code = line.repeat(bytes.saturating_sub(length) / functions.max(1) / line.len() + 1);
    for (name, value) in &mut all {
        if name.starts_with("Function") {
            value["Properties"]["Code"] = json!({"ZipFile": code});
        }
    }
    let all: serde_json::Map<String, Value> = all.into_iter().collect();
    json!({"Parameters": {"Stage": {"Type": "String", "AllowedPattern": "[a-z]+"}}, "Resources": all})
        .to_string()
}
