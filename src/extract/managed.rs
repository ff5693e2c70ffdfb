//! Managed policies that are attached by ARN: the document from the bundled catalog.

use crate::iam::PolicyDocument;

/// The document of an AWS managed policy by ARN; `None` when the catalog does not hold it.
pub fn attached_policy(arn: &str) -> Option<PolicyDocument> {
    let _ = arn;
    todo!()
}

/// Whether the ARN is one of an AWS managed policy (`arn:P:iam::aws:policy/…`).
pub fn is_aws_managed(arn: &str) -> bool {
    let _ = arn;
    todo!()
}
