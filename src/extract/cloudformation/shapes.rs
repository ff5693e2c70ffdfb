//! What `Ref` and `Fn::GetAtt` give of each type, as far as names and ARNs go.

/// What is known of a type: which property names a resource, what `Ref` gives and what the attributes are. In the
/// patterns `{N}` is the name, `{P}`, `{R}`, `{A}` are partition, region and account, `{Path}` is the property `Path` of
/// IAM resources, and `{?}` is a part that the service chooses.
pub(super) struct Shape {
    /// `AWS::S3::Bucket`.
    pub resource_type: &'static str,
    /// The property that names it; empty when the service chooses the name.
    pub name: &'static str,
    /// What `Ref` gives.
    pub reference: &'static str,
    /// What `Fn::GetAtt` gives.
    pub attributes: &'static [(&'static str, &'static str)],
}

const fn shape(
    resource_type: &'static str,
    name: &'static str,
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
) -> Shape {
    Shape {
        resource_type,
        name,
        reference,
        attributes,
    }
}

/// Reference: the "Return values" of each type in the CloudFormation user guide, and the ARN formats of the service
/// authorization reference.
pub(super) const SHAPES: &[Shape] = &[
    shape("AWS::ApiGateway::RestApi", "", "{N}", &[("RestApiId", "{N}")]),
    shape(
        "AWS::Backup::BackupVault",
        "BackupVaultName",
        "{N}",
        &[
            ("BackupVaultArn", "arn:{P}:backup:{R}:{A}:backup-vault:{N}"),
            ("BackupVaultName", "{N}"),
        ],
    ),
    shape(
        "AWS::CloudFront::Distribution",
        "",
        "{N}",
        &[("Id", "{N}"), ("Arn", "arn:{P}:cloudfront::{A}:distribution/{N}")],
    ),
    shape(
        "AWS::CloudFront::CloudFrontOriginAccessIdentity",
        "",
        "{N}",
        &[("Id", "{N}")],
    ),
    shape(
        "AWS::CloudTrail::Trail",
        "TrailName",
        "{N}",
        &[("Arn", "arn:{P}:cloudtrail:{R}:{A}:trail/{N}")],
    ),
    shape(
        "AWS::CodeBuild::Project",
        "Name",
        "{N}",
        &[("Arn", "arn:{P}:codebuild:{R}:{A}:project/{N}")],
    ),
    shape(
        "AWS::CodeCommit::Repository",
        "RepositoryName",
        "{?}",
        &[("Arn", "arn:{P}:codecommit:{R}:{A}:{N}"), ("Name", "{N}")],
    ),
    shape("AWS::CodePipeline::Pipeline", "Name", "{N}", &[]),
    shape(
        "AWS::DynamoDB::Table",
        "TableName",
        "{N}",
        &[
            ("Arn", "arn:{P}:dynamodb:{R}:{A}:table/{N}"),
            ("StreamArn", "arn:{P}:dynamodb:{R}:{A}:table/{N}/stream/{?}"),
        ],
    ),
    shape(
        "AWS::DynamoDB::GlobalTable",
        "TableName",
        "{N}",
        &[
            ("Arn", "arn:{P}:dynamodb:{R}:{A}:table/{N}"),
            ("StreamArn", "arn:{P}:dynamodb:{R}:{A}:table/{N}/stream/{?}"),
        ],
    ),
    shape(
        "AWS::ECR::Repository",
        "RepositoryName",
        "{N}",
        &[("Arn", "arn:{P}:ecr:{R}:{A}:repository/{N}")],
    ),
    shape(
        "AWS::ECS::Cluster",
        "ClusterName",
        "{N}",
        &[("Arn", "arn:{P}:ecs:{R}:{A}:cluster/{N}")],
    ),
    shape(
        "AWS::EFS::FileSystem",
        "",
        "{N}",
        &[
            ("FileSystemId", "{N}"),
            ("Arn", "arn:{P}:elasticfilesystem:{R}:{A}:file-system/{N}"),
        ],
    ),
    shape(
        "AWS::Events::EventBus",
        "Name",
        "{N}",
        &[("Arn", "arn:{P}:events:{R}:{A}:event-bus/{N}"), ("Name", "{N}")],
    ),
    shape(
        "AWS::Events::Rule",
        "Name",
        "{?}",
        &[("Arn", "arn:{P}:events:{R}:{A}:rule/{?}")],
    ),
    shape(
        "AWS::IAM::Group",
        "GroupName",
        "{N}",
        &[("Arn", "arn:{P}:iam::{A}:group{Path}{N}")],
    ),
    shape(
        "AWS::IAM::InstanceProfile",
        "InstanceProfileName",
        "{N}",
        &[("Arn", "arn:{P}:iam::{A}:instance-profile{Path}{N}")],
    ),
    shape(
        "AWS::IAM::ManagedPolicy",
        "ManagedPolicyName",
        "arn:{P}:iam::{A}:policy{Path}{N}",
        &[("PolicyArn", "arn:{P}:iam::{A}:policy{Path}{N}")],
    ),
    shape(
        "AWS::IAM::Role",
        "RoleName",
        "{N}",
        &[("Arn", "arn:{P}:iam::{A}:role{Path}{N}")],
    ),
    shape(
        "AWS::IAM::User",
        "UserName",
        "{N}",
        &[("Arn", "arn:{P}:iam::{A}:user{Path}{N}")],
    ),
    shape(
        "AWS::KMS::Key",
        "",
        "{N}",
        &[("KeyId", "{N}"), ("Arn", "arn:{P}:kms:{R}:{A}:key/{N}")],
    ),
    shape(
        "AWS::KMS::ReplicaKey",
        "",
        "{N}",
        &[("KeyId", "{N}"), ("Arn", "arn:{P}:kms:{R}:{A}:key/{N}")],
    ),
    shape(
        "AWS::Kinesis::Stream",
        "Name",
        "{N}",
        &[("Arn", "arn:{P}:kinesis:{R}:{A}:stream/{N}")],
    ),
    shape(
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
        "{N}",
        &[("Arn", "arn:{P}:firehose:{R}:{A}:deliverystream/{N}")],
    ),
    shape(
        "AWS::Lambda::Function",
        "FunctionName",
        "{N}",
        &[("Arn", "arn:{P}:lambda:{R}:{A}:function:{N}")],
    ),
    shape(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        "{N}",
        &[("Arn", "arn:{P}:logs:{R}:{A}:log-group:{N}:*")],
    ),
    shape(
        "AWS::OpenSearchService::Domain",
        "DomainName",
        "{N}",
        &[("Arn", "arn:{P}:es:{R}:{A}:domain/{N}")],
    ),
    shape(
        "AWS::Elasticsearch::Domain",
        "DomainName",
        "{N}",
        &[("Arn", "arn:{P}:es:{R}:{A}:domain/{N}")],
    ),
    shape(
        "AWS::S3::Bucket",
        "BucketName",
        "{N}",
        &[("Arn", "arn:{P}:s3:::{N}")],
    ),
    shape(
        "AWS::SNS::Topic",
        "TopicName",
        "arn:{P}:sns:{R}:{A}:{N}",
        &[("TopicArn", "arn:{P}:sns:{R}:{A}:{N}"), ("TopicName", "{N}")],
    ),
    shape(
        "AWS::SQS::Queue",
        "QueueName",
        "{?}",
        &[("Arn", "arn:{P}:sqs:{R}:{A}:{N}"), ("QueueName", "{N}")],
    ),
    shape("AWS::SSM::Parameter", "Name", "{N}", &[]),
    shape(
        "AWS::SecretsManager::Secret",
        "Name",
        "arn:{P}:secretsmanager:{R}:{A}:secret:{N}-{?}",
        &[("Id", "arn:{P}:secretsmanager:{R}:{A}:secret:{N}-{?}")],
    ),
    shape(
        "AWS::StepFunctions::StateMachine",
        "StateMachineName",
        "arn:{P}:states:{R}:{A}:stateMachine:{N}",
        &[
            ("Arn", "arn:{P}:states:{R}:{A}:stateMachine:{N}"),
            ("Name", "{N}"),
        ],
    ),
];
