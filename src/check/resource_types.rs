//! The resource types of which AWS answers whether access is public (`AccessCheckResourceType` of the Access Analyzer API).

/// Their CloudFormation names.
const TYPES: [&str; 26] = [
    "AWS::ApiGateway::RestApi",
    "AWS::Backup::BackupVault",
    "AWS::CloudTrail::Dashboard",
    "AWS::CloudTrail::EventDataStore",
    "AWS::CodeArtifact::Domain",
    "AWS::DynamoDB::Stream",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::IAM::AssumeRolePolicyDocument",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Kinesis::StreamConsumer",
    "AWS::Lambda::Function",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::AccessPoint",
    "AWS::S3::Bucket",
    "AWS::S3::Glacier",
    "AWS::S3Express::AccessPoint",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Outposts::AccessPoint",
    "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::Table",
    "AWS::S3Tables::TableBucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

/// Refuses what is none of them, as AWS does.
pub(super) fn known(resource_type: Option<&str>) -> Result<(), String> {
    match resource_type {
        Some(name) if !TYPES.contains(&name) => Err(format!(
            "`resourceType` is none of those that `no-public-access` knows: {}",
            TYPES.join(", ")
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        assert!(TYPES.is_sorted());
        for (name, expected) in [
            (Some("AWS::S3::Bucket"), true),
            (None, true),
            (Some("aws::s3::bucket"), false),
            (Some("AWS::ECR::Repository"), false),
            (Some(""), false),
        ] {
            assert_eq!(known(name).is_ok(), expected, "{name:?}");
        }
    }
}
