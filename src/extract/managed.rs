//! Managed policies that are attached by ARN: the document from the bundled catalog.

use crate::catalog::managed_policy;
use crate::iam::{DocumentKind, PolicyDocument, parse_document, parse_json};

/// The document of an AWS managed policy by ARN; `None` when the catalog does not hold it.
pub fn attached_policy(arn: &str) -> Option<PolicyDocument> {
    let value = parse_json(managed_policy(arn)?).ok()?;
    parse_document(&value, DocumentKind::Identity)
        .ok()
        .map(|parsed| parsed.document)
}

/// Whether the ARN is one of an AWS managed policy (`arn:P:iam::aws:policy/…`).
pub fn is_aws_managed(arn: &str) -> bool {
    arn.strip_prefix("arn:")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(partition, rest)| {
            (partition == "aws" || partition.starts_with("aws-")) && rest.starts_with("iam::aws:policy/")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_managed_policies_are_told_by_their_account() {
        for (arn, managed) in [
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", true),
            ("arn:aws-cn:iam::aws:policy/service-role/Unheard", true),
            ("arn:aws:iam::123456789012:policy/ReadOnlyAccess", false),
            ("arn:aws:iam::aws:role/x", false),
            ("aws:policy/ReadOnlyAccess", false),
        ] {
            assert_eq!(is_aws_managed(arn), managed, "{arn}");
        }
    }

    #[test]
    fn documents_come_from_the_catalog() {
        let document = attached_policy("arn:aws:iam::aws:policy/AdministratorAccess");
        assert_eq!(document.map(|document| document.statements.len()), Some(1));
        assert_eq!(attached_policy("arn:aws:iam::aws:policy/Unheard"), None);
    }
}
