//! Which resource a policy guards, in CloudFormation's words: what is public depends on it. Terraform and CloudFormation
//! often keep a policy in a type of its own.

/// The CloudFormation name of the guarded resource type, if known.
pub(super) fn guarded_type(resource_type: &str) -> Option<&str> {
    let row = GUARDED
        .iter()
        .find(|(policy_type, _)| *policy_type == resource_type);
    match row {
        Some((_, guarded)) => Some(guarded),
        None => resource_type.starts_with("AWS::").then_some(resource_type),
    }
}

/// Type that holds the policy, type that it guards.
const GUARDED: &[(&str, &str)] = &[
    ("AWS::S3::BucketPolicy", "AWS::S3::Bucket"),
    ("AWS::S3::AccessPointPolicy", "AWS::S3::AccessPoint"),
    ("AWS::S3Express::BucketPolicy", "AWS::S3Express::DirectoryBucket"),
    ("AWS::S3Outposts::BucketPolicy", "AWS::S3Outposts::Bucket"),
    ("AWS::S3Tables::TableBucketPolicy", "AWS::S3Tables::TableBucket"),
    ("AWS::S3Tables::TablePolicy", "AWS::S3Tables::Table"),
    ("AWS::SQS::QueuePolicy", "AWS::SQS::Queue"),
    ("AWS::SQS::QueueInlinePolicy", "AWS::SQS::Queue"),
    ("AWS::SNS::TopicPolicy", "AWS::SNS::Topic"),
    ("AWS::SNS::TopicInlinePolicy", "AWS::SNS::Topic"),
    (
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SecretsManager::Secret",
    ),
    ("AWS::Elasticsearch::Domain", "AWS::OpenSearchService::Domain"),
    ("AWS::KMS::ReplicaKey", "AWS::KMS::Key"),
    ("AWS::Lambda::Permission", "AWS::Lambda::Function"),
    ("AWS::Kinesis::ResourcePolicy", "AWS::Kinesis::Stream"),
    ("AWS::IAM::Role", "AWS::IAM::AssumeRolePolicyDocument"),
    ("aws_iam_role", "AWS::IAM::AssumeRolePolicyDocument"),
    ("aws_s3_bucket", "AWS::S3::Bucket"),
    ("aws_s3_bucket_policy", "AWS::S3::Bucket"),
    ("aws_s3_access_point", "AWS::S3::AccessPoint"),
    ("aws_s3control_access_point_policy", "AWS::S3::AccessPoint"),
    ("aws_s3control_bucket_policy", "AWS::S3Outposts::Bucket"),
    ("aws_s3_directory_bucket", "AWS::S3Express::DirectoryBucket"),
    ("aws_s3tables_table_bucket_policy", "AWS::S3Tables::TableBucket"),
    ("aws_s3tables_table_policy", "AWS::S3Tables::Table"),
    ("aws_glacier_vault", "AWS::S3::Glacier"),
    ("aws_glacier_vault_lock", "AWS::S3::Glacier"),
    ("aws_sqs_queue", "AWS::SQS::Queue"),
    ("aws_sqs_queue_policy", "AWS::SQS::Queue"),
    ("aws_sns_topic", "AWS::SNS::Topic"),
    ("aws_sns_topic_policy", "AWS::SNS::Topic"),
    ("aws_secretsmanager_secret", "AWS::SecretsManager::Secret"),
    ("aws_secretsmanager_secret_policy", "AWS::SecretsManager::Secret"),
    ("aws_kms_key", "AWS::KMS::Key"),
    ("aws_kms_key_policy", "AWS::KMS::Key"),
    ("aws_kms_external_key", "AWS::KMS::Key"),
    ("aws_kms_replica_key", "AWS::KMS::Key"),
    ("aws_kms_replica_external_key", "AWS::KMS::Key"),
    ("aws_lambda_permission", "AWS::Lambda::Function"),
    ("aws_lambda_function", "AWS::Lambda::Function"),
    ("aws_efs_file_system_policy", "AWS::EFS::FileSystem"),
    ("aws_dynamodb_resource_policy", "AWS::DynamoDB::Table"),
    ("aws_kinesis_resource_policy", "AWS::Kinesis::Stream"),
    ("aws_opensearch_domain", "AWS::OpenSearchService::Domain"),
    ("aws_opensearch_domain_policy", "AWS::OpenSearchService::Domain"),
    ("aws_elasticsearch_domain", "AWS::OpenSearchService::Domain"),
    (
        "aws_elasticsearch_domain_policy",
        "AWS::OpenSearchService::Domain",
    ),
    ("aws_api_gateway_rest_api", "AWS::ApiGateway::RestApi"),
    ("aws_api_gateway_rest_api_policy", "AWS::ApiGateway::RestApi"),
    (
        "aws_codeartifact_domain_permissions_policy",
        "AWS::CodeArtifact::Domain",
    ),
    ("aws_backup_vault_policy", "AWS::Backup::BackupVault"),
    (
        "aws_cloudtrail_event_data_store",
        "AWS::CloudTrail::EventDataStore",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_guard_resources() {
        for (policy_type, expected) in [
            ("aws_s3_bucket_policy", Some("AWS::S3::Bucket")),
            ("AWS::S3::BucketPolicy", Some("AWS::S3::Bucket")),
            ("AWS::KMS::Key", Some("AWS::KMS::Key")),
            ("aws_unheard_of", None),
            ("", None),
        ] {
            assert_eq!(guarded_type(policy_type), expected, "{policy_type}");
        }
    }
}
