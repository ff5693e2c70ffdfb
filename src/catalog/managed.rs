//! AWS managed policies, by ARN and by name. Documents stay unparsed text until one of them is asked for.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bundle::decompress;

#[derive(Deserialize)]
struct Entry<'a> {
    name: &'a str,
    arn: &'a str,
    #[serde(borrow)]
    document: &'a RawValue,
}

struct Catalog {
    documents: HashMap<&'static str, &'static str>,
    arns: HashMap<&'static str, &'static str>,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let text = decompress(include_bytes!("data/aws_managed_policies.json.zst"));
    let entries: Vec<Entry<'static>> = serde_json::from_str(text).unwrap_or_default();
    Catalog {
        documents: entries
            .iter()
            .map(|entry| (entry.arn, entry.document.get()))
            .collect(),
        arns: entries.iter().map(|entry| (entry.name, entry.arn)).collect(),
    }
});

/// The JSON text of an AWS managed policy, by its ARN; any partition (`arn:aws-cn:…` finds the `aws` document).
/// `None` when the catalog does not hold it.
pub fn managed_policy(arn: &str) -> Option<&'static str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    if partition != "aws" && !partition.starts_with("aws-") || !rest.starts_with("iam::aws:policy/") {
        return None;
    }
    CATALOG.documents.get(format!("arn:aws:{rest}").as_str()).copied()
}

/// The ARN of an AWS managed policy by its name, in the partition `aws`.
pub fn managed_policy_arn(name: &str) -> Option<&'static str> {
    CATALOG.arns.get(name).copied()
}

/// The ARNs of all AWS managed policies, sorted.
pub fn managed_policies() -> Vec<&'static str> {
    let mut arns: Vec<_> = CATALOG.documents.keys().copied().collect();
    arns.sort_unstable();
    arns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_found_by_arn() {
        for (arn, there) in [
            ("arn:aws:iam::aws:policy/AdministratorAccess", true),
            ("arn:aws-cn:iam::aws:policy/AdministratorAccess", true),
            (
                "arn:aws-us-gov:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                true,
            ),
            ("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole", false),
            ("arn:aws:iam::aws:policy/administratoraccess", false),
            ("arn:aws:iam::123456789012:policy/AdministratorAccess", false),
            ("arn:other:iam::aws:policy/AdministratorAccess", false),
            ("AdministratorAccess", false),
            ("", false),
        ] {
            assert_eq!(managed_policy(arn).is_some(), there, "{arn}");
        }
        assert!(
            managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess")
                .is_some_and(|text| text.contains("Statement"))
        );
    }

    #[test]
    fn every_policy_is_read() {
        assert_eq!(CATALOG.documents.len(), 1582);
        let name = "AWSLambdaBasicExecutionRole";
        assert_eq!(
            managed_policy_arn(name),
            Some("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        );
        assert_eq!(managed_policy_arn("Nobody"), None);
    }
}
