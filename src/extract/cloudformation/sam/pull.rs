//! Events that a function pulls: the role gets a managed policy, or statements, for reading the source.

use crate::source::{Node, NodeKind};

use super::super::syntax::View;
use super::events::{Event, items, may_allow_more};
use super::pen::Pen;
use super::role::Role;
use super::values::{called, entries, member, plain};
use super::writer::Writer;

/// The managed policy for reading a queue.
pub(super) const QUEUE_READER: &str = "service-role/AWSLambdaSQSQueueExecutionRole";

/// The type of the event, and the managed policy.
const PULLED: &[(&str, Option<&str>)] = &[
    ("DocumentDB", None),
    ("DynamoDB", Some("service-role/AWSLambdaDynamoDBExecutionRole")),
    ("Kinesis", Some("service-role/AWSLambdaKinesisExecutionRole")),
    ("MQ", None),
    ("MSK", Some("service-role/AWSLambdaMSKExecutionRole")),
    ("SQS", Some(QUEUE_READER)),
    ("SelfManagedKafka", None),
];

const NETWORK: &[&str] = &[
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// How a self-managed cluster may know who reads.
const CLUSTER_AUTHENTICATION: &[&str] = &[
    "SASL_SCRAM_256_AUTH",
    "SASL_SCRAM_512_AUTH",
    "BASIC_AUTH",
    "CLIENT_CERTIFICATE_TLS_AUTH",
];

type Statements = Result<Vec<Node>, String>;

/// Adds what a pulled event needs to the role; false when the event is not one of these.
pub(super) fn pull(
    event: &Event<'_>,
    of: &super::constructs::Construct<'_>,
    role: &mut Role,
    writer: &mut Writer,
) -> bool {
    let Some((_, managed)) = PULLED.iter().find(|(kind, _)| *kind == event.kind) else {
        return false;
    };
    if let Some(managed) = managed {
        role.implied(managed, event.span);
    }
    let found = match event.kind {
        "DocumentDB" => document_database(event).map(|found| (None, found)),
        "MQ" => broker(event).map(|found| (None, found)),
        "MSK" => managed_cluster(event).map(|found| (None, found)),
        "SelfManagedKafka" => own_cluster(event).map(|found| (Some("2012-10-17"), found)),
        _ => Ok((None, Vec::new())),
    };
    match found {
        Ok((version, statements)) if !statements.is_empty() || event.kind == "SelfManagedKafka" => {
            role.allow(Pen(event.span).document(version, statements));
        }
        Ok(_) => {}
        Err(message) => {
            event.unsupported(of, writer, message);
            role.unknown(event.span, may_allow_more(event));
        }
    }
    match on_failure(event) {
        Ok(Some(statements)) => role.allow(Pen(event.span).document(None, statements)),
        Ok(None) => {}
        Err(message) => {
            event.unsupported(of, writer, message);
            role.unknown(event.span, may_allow_more(event));
        }
    }
    true
}

/// What the role may do at the destination of records that could not be processed.
fn on_failure(event: &Event<'_>) -> Result<Option<Vec<Node>>, String> {
    let Some(config) = event.get("DestinationConfig") else {
        return Ok(None);
    };
    let failure = member(config, "OnFailure")
        .filter(|failure| entries(*failure).is_some())
        .ok_or("`DestinationConfig` is not as SAM defines it")?;
    let Some(kind) = member(failure, "Type") else {
        return Ok(None);
    };
    let destination = || member(failure, "Destination").map(super::pen::node);
    let kind = kind.scalar().ok_or("the `Type` of a destination is not known")?;
    if kind == "Kafka" {
        return Ok(None);
    }
    let destination = destination().ok_or("a destination has no `Destination`")?;
    let kind = if kind == "S3" { "S3Bucket" } else { kind };
    send_to(kind, destination, Pen(event.span))
        .filter(|_| matches!(kind, "SQS" | "SNS" | "S3Bucket"))
        .map(Some)
        .ok_or_else(|| format!("`{kind}` is no type of a destination that is known"))
}

/// The statements for sending to a destination of a type.
pub(super) fn send_to(kind: &str, destination: Node, pen: Pen) -> Option<Vec<Node>> {
    let one = |action| vec![pen.allow(&[action], destination.clone())];
    Some(match kind {
        "SQS" => one("sqs:SendMessage"),
        "SNS" => one("sns:publish"),
        "EventBridge" => one("events:PutEvents"),
        "Lambda" => one("lambda:InvokeFunction"),
        "S3Bucket" => {
            let parts = pen.list(vec![destination.clone(), pen.text("*")]);
            let objects = pen.call("Fn::Join", pen.list(vec![pen.text("/"), parts]));
            vec![
                pen.allow(&["s3:PutObject"], objects),
                pen.allow(&["s3:ListBucket"], destination),
            ]
        }
        _ => return None,
    })
}

/// The place of the secret of a type, where only these types may be.
fn secret(event: &Event<'_>, types: &[&str], wanted: &str) -> Result<Node, String> {
    let wrong = || "`SourceAccessConfigurations` are not as SAM defines them".to_owned();
    let listed = event
        .get("SourceAccessConfigurations")
        .and_then(items)
        .ok_or_else(wrong)?;
    let mut found = None;
    for item in listed {
        let kind = member(View::of(item), "Type")
            .and_then(View::scalar)
            .ok_or_else(wrong)?;
        if !types.contains(&kind) {
            return Err(format!(
                "`{kind}` is not expected in `SourceAccessConfigurations`"
            ));
        }
        if kind == wanted {
            let place = member(View::of(item), "URI").ok_or_else(wrong)?;
            if found.replace(super::pen::node(place)).is_some() {
                return Err(format!("`{wanted}` stands twice in `SourceAccessConfigurations`"));
            }
        }
    }
    found.ok_or_else(|| format!("`{wanted}` is missing in `SourceAccessConfigurations`"))
}

/// The statement for the key that the secret is encrypted with.
fn decrypt(event: &Event<'_>) -> Result<Option<Node>, String> {
    let Some(key) = event.get("SecretsManagerKmsKeyId") else {
        return Ok(None);
    };
    let key = key.scalar().ok_or("`SecretsManagerKmsKeyId` is not a text")?;
    let pen = Pen(event.span);
    let arn = format!("arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:key/{key}");
    Ok(Some(pen.allow(&["kms:Decrypt"], pen.sub(&arn, Vec::new()))))
}

fn read_secret(pen: Pen, secret: Node) -> Node {
    pen.allow(&["secretsmanager:GetSecretValue"], secret)
}

fn broker(event: &Event<'_>) -> Statements {
    let pen = Pen(event.span);
    let secret = secret(event, &["BASIC_AUTH", "VIRTUAL_HOST"], "BASIC_AUTH")?;
    let broker = event
        .get("Broker")
        .map(super::pen::node)
        .ok_or("`Broker` is missing")?;
    let mut statements = vec![
        read_secret(pen, secret),
        pen.allow(&["mq:DescribeBroker"], broker),
    ];
    statements.extend(decrypt(event)?);
    Ok(statements)
}

fn document_database(event: &Event<'_>) -> Statements {
    let pen = Pen(event.span);
    let secret = secret(event, &["BASIC_AUTH"], "BASIC_AUTH")?;
    let cluster = event
        .get("Cluster")
        .map(super::pen::node)
        .ok_or("`Cluster` is missing")?;
    let of = |what: &str| {
        let arn = format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{what}:*");
        pen.sub(&arn, Vec::new())
    };
    let mut statements = vec![
        read_secret(pen, secret),
        pen.allow(&["rds:DescribeDBClusterParameters"], of("cluster-pg")),
        pen.allow(&["rds:DescribeDBSubnetGroups"], of("subgrp")),
        pen.allow(&["rds:DescribeDBClusters"], cluster),
        pen.allow(NETWORK, pen.text("*")),
    ];
    statements.extend(decrypt(event)?);
    Ok(statements)
}

fn managed_cluster(event: &Event<'_>) -> Statements {
    let pen = Pen(event.span);
    let mut statements = schema_registry(event)?;
    for item in event
        .get("SourceAccessConfigurations")
        .and_then(items)
        .unwrap_or_default()
    {
        let kind = member(View::of(item), "Type").and_then(View::scalar);
        if let (Some("CLIENT_CERTIFICATE_TLS_AUTH"), Some(place)) = (kind, member(View::of(item), "URI")) {
            statements.push(read_secret(pen, super::pen::node(place)));
        }
    }
    Ok(statements)
}

fn own_cluster(event: &Event<'_>) -> Statements {
    let wrong = || "`SourceAccessConfigurations` are not as SAM defines them".to_owned();
    let pen = Pen(event.span);
    let listed = event
        .get("SourceAccessConfigurations")
        .and_then(items)
        .ok_or_else(wrong)?;
    let mut authentication = None;
    let (mut network, mut certificate) = (Vec::new(), false);
    for item in listed {
        let place = member(View::of(item), "URI").ok_or_else(wrong)?;
        match member(View::of(item), "Type")
            .and_then(View::scalar)
            .ok_or_else(wrong)?
        {
            kind @ ("VPC_SUBNET" | "VPC_SECURITY_GROUP") => network.push(kind),
            "SERVER_ROOT_CA_CERTIFICATE" => certificate = true,
            kind if CLUSTER_AUTHENTICATION.contains(&kind) => {
                if authentication.replace(super::pen::node(place)).is_some() {
                    return Err(wrong());
                }
            }
            _ => return Err(wrong()),
        }
    }
    let mut statements: Vec<Node> = Vec::new();
    if let Some(secret) = authentication {
        // The transform names the first secret again for the certificate.
        let again = certificate.then(|| read_secret(pen, secret.clone()));
        statements.push(read_secret(pen, secret));
        statements.extend(again);
    } else if certificate {
        return Err("what the certificate needs cannot be told without a mechanism".to_owned());
    }
    if network.contains(&"VPC_SUBNET") && network.contains(&"VPC_SECURITY_GROUP") {
        statements.push(pen.allow(NETWORK, pen.text("*")));
    }
    statements.extend(decrypt(event)?);
    statements.extend(schema_registry(event)?);
    Ok(statements)
}

/// What reading the schemas of records needs.
fn schema_registry(event: &Event<'_>) -> Statements {
    let wrong = || "`SchemaRegistryConfig` is not as SAM defines it".to_owned();
    let Some(config) = event.get("SchemaRegistryConfig") else {
        return Ok(Vec::new());
    };
    entries(config).ok_or_else(wrong)?;
    let pen = Pen(event.span);
    let mut statements = Vec::new();
    if let Some(access) = member(config, "AccessConfigs") {
        for item in items(access).ok_or_else(wrong)? {
            let place = member(View::of(item), "URI").ok_or_else(wrong)?;
            statements.push(read_secret(pen, super::pen::node(place)));
        }
    }
    let Some(registry) = member(config, "SchemaRegistryURI") else {
        return Err(wrong());
    };
    if let Some(name) = registry_name(registry)? {
        statements.push(pen.allow(&["glue:GetRegistry"], super::pen::node(registry)));
        let arn =
            format!("arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:schema/{name}/*");
        let schemas = pen.list(vec![pen.sub(&arn, Vec::new())]);
        statements.push(pen.allow(&["glue:GetSchemaVersion"], schemas));
    }
    Ok(statements)
}

/// The name of a Glue registry, as far as the transform sees one: it looks at the text, with `${AWS::Region}` and
/// `${AWS::Partition}` filled in.
fn registry_name(registry: View<'_>) -> Result<Option<String>, String> {
    let text = match (called(registry), plain(registry)) {
        (Some(call), _) if call.name == "Fn::Sub" => call.argument.scalar(),
        (Some(_), _) => return Err("the registry of the schemas is not a text".to_owned()),
        (None, Some(NodeKind::Scalar(text, _))) => Some(text.as_str()),
        (None, _) => None,
    };
    let text = text.ok_or("the registry of the schemas is not a text")?;
    let text = text
        .replace("${AWS::Region}", "-")
        .replace("${AWS::Partition}", "-");
    if !text.starts_with("arn") {
        return Ok(None);
    }
    let name = text
        .split(':')
        .nth(5)
        .and_then(|part| part.strip_prefix("registry/"));
    Ok(name.map(str::to_owned))
}
