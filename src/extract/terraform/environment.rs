//! Account, region and partition, where the plan tells them for certain.

use std::collections::BTreeSet;

use crate::extract::Environment;

use super::json::Object;
use super::policies::Account;
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

/// In which account the plan's resources are: with several provider configurations it may be any of several.
pub(super) fn account(environment: &Environment, configuration: Option<&Object<'_>>) -> Account {
    match (
        configuration.map(aws_providers).unwrap_or_default().len(),
        &environment.account,
    ) {
        (0 | 1, Some(account)) => Account::Told(account.clone()),
        (0 | 1, None) => Account::Single,
        _ => Account::Several,
    }
}

fn aws_providers<'a>(configuration: &Object<'a>) -> Vec<Object<'a>> {
    let providers = configuration.object("provider_config").unwrap_or_default();
    let aws = providers
        .0
        .iter()
        .filter_map(|(_, provider)| provider.object().ok());
    aws.filter(|provider| matches!(provider.string("name").as_deref(), Some("aws" | "awscc")))
        .collect()
}

fn provider_region(configuration: &Object<'_>) -> Option<String> {
    let aws = aws_providers(configuration);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;

    fn check(providers: &str, expected: Option<&str>, account: Account) {
        let text = format!("{{\"provider_config\": {{{providers}}}}}");
        let configuration = parse(&text).unwrap().object().unwrap();
        let found = environment(&[], Some(&configuration));
        assert_eq!(found.region.as_deref(), expected, "{providers}");
        assert_eq!(
            super::account(&found, Some(&configuration)),
            account,
            "{providers}"
        );
    }

    #[test]
    fn the_region_of_the_only_provider() {
        let aws = |key: &str, region: &str| {
            format!(r#""{key}": {{"name": "aws", "expressions": {{"region": {region}}}}}"#)
        };
        let (eu, us) = (
            r#"{"constant_value": "eu-west-1"}"#,
            r#"{"constant_value": "us-east-1"}"#,
        );
        check(&aws("aws", eu), Some("eu-west-1"), Account::Single);
        check(
            &format!("{}, {}", aws("aws", eu), aws("aws.two", us)),
            None,
            Account::Several,
        );
        check(
            &aws("aws", r#"{"references": ["var.region"]}"#),
            None,
            Account::Single,
        );
        check(r#""random": {"name": "random"}"#, None, Account::Single);
    }
}
