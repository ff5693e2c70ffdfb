//! Account, region and partition, where the plan tells them for certain.

use std::collections::BTreeSet;

use crate::extract::Environment;

use super::json::Object;
use super::resource::Resource;

/// From data sources that were read while planning, else the region of the only provider configuration.
pub(super) fn environment(prior: &[Resource<'_>], configuration: Option<&Object<'_>>) -> Environment {
    let told = |resource_type: &str, attributes: &[&str]| {
        let sources = prior
            .iter()
            .filter(|resource| resource.mode == "data" && resource.resource_type == resource_type);
        only(sources.filter_map(|source| {
            let values = source.after?.object().ok()?;
            attributes.iter().find_map(|attribute| values.string(attribute))
        }))
    };
    let account = told("aws_caller_identity", &["account_id", "id"]);
    Environment {
        account: account.filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())),
        region: told("aws_region", &["region", "name", "id"]).or_else(|| provider_region(configuration?)),
        partition: told("aws_partition", &["partition", "id"]),
    }
}

fn provider_region(configuration: &Object<'_>) -> Option<String> {
    let providers = configuration.object("provider_config")?;
    let aws: Vec<_> = providers
        .0
        .iter()
        .filter_map(|(_, provider)| provider.object().ok())
        .filter(|provider| matches!(provider.string("name").as_deref(), Some("aws" | "awscc")))
        .collect();
    let region = |provider: &Object<'_>| {
        provider
            .object("expressions")?
            .object("region")?
            .string("constant_value")
    };
    let regions: Vec<Option<String>> = aws.iter().map(region).collect();
    regions
        .iter()
        .all(Option::is_some)
        .then(|| only(regions.into_iter().flatten()))?
}

/// The value, if all are the same.
fn only(values: impl Iterator<Item = String>) -> Option<String> {
    let mut values: BTreeSet<String> = values.collect();
    values.pop_first().filter(|_| values.is_empty())
}
