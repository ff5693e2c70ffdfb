//! The service authorization reference: services, their actions, and the ARN formats those take. A service is parsed
//! when it is first asked for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bundle::decompress;

/// An action of the service authorization reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFacts {
    /// `s3:GetObject`, in AWS's spelling.
    pub name: &'static str,
    /// ARN formats of the resource types it takes, the plainest first (`arn:${Partition}:s3:::${BucketName}/${ObjectName}`);
    /// empty when it takes only `*`.
    pub resources: Vec<&'static str>,
}

/// The facts of an action, found without case.
pub fn action(name: &str) -> Option<ActionFacts> {
    let (prefix, action) = name.split_once(':')?;
    facts(&prefix.to_ascii_lowercase(), &action.to_ascii_lowercase()).cloned()
}

/// The facts of an action, by prefix and name in lower case.
pub fn facts(prefix: &str, action: &str) -> Option<&'static ActionFacts> {
    actions(prefix)?.get(action)
}

/// The facts of the actions of a service prefix whose names begin with `start`, each with its name in lower case and
/// without the prefix.
pub fn facts_from<'a>(
    service: &str,
    start: &'a str,
) -> impl Iterator<Item = (&'static str, &'static ActionFacts)> + use<'a> {
    let from = (Bound::Included(start), Bound::Unbounded);
    let actions = actions(service).into_iter();
    let following = actions.flat_map(move |actions| actions.range::<str, _>(from));
    following
        .map(|(name, facts)| (name.as_str(), facts))
        .take_while(move |(name, _)| name.starts_with(start))
}

/// All actions of a service prefix (`s3:GetObject`), in AWS's spelling, sorted.
pub fn actions_of(service: &str) -> &'static [&'static str] {
    let Some((service, actions)) = SERVICES.get(service).zip(actions(service)) else {
        return &[];
    };
    service.names.get_or_init(|| {
        let mut names: Vec<_> = actions.values().map(|facts| facts.name).collect();
        names.sort_unstable();
        names
    })
}

/// All service prefixes, sorted.
pub fn services() -> Vec<&'static str> {
    SERVICES.keys().copied().collect()
}

/// The service prefixes whose resources are bound by resource control policies, sorted.
pub fn rcp_supported_services() -> &'static [&'static str] {
    &RCP_SUPPORTED
}

/// Whether there is a service of that prefix, in lower case.
pub fn is_service(prefix: &str) -> bool {
    SERVICES.contains_key(prefix)
}

/// Unpacks the reference, which otherwise waits until somebody asks.
pub fn unpack() {
    LazyLock::force(&SERVICES);
}

/// The entries of all services, unparsed.
pub(super) fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVICES.iter().map(|(prefix, service)| (*prefix, service.text))
}

type Actions = BTreeMap<String, ActionFacts>;

struct LazyService {
    text: &'static str,
    actions: OnceLock<Actions>,
    names: OnceLock<Vec<&'static str>>,
}

static SERVICES: LazyLock<BTreeMap<&'static str, LazyService>> = LazyLock::new(|| {
    let text = decompress(include_bytes!("data/service_authorization.json.zst"));
    let services: BTreeMap<&'static str, &'static RawValue> = serde_json::from_str(text).unwrap_or_default();
    services
        .into_iter()
        .map(|(prefix, service)| {
            (
                prefix,
                LazyService {
                    text: service.get(),
                    actions: OnceLock::new(),
                    names: OnceLock::new(),
                },
            )
        })
        .collect()
});

static RCP_SUPPORTED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut services: Vec<&'static str> =
        serde_json::from_str(include_str!("data/rcp_supported_services.json")).unwrap_or_default();
    services.sort_unstable();
    services
});

#[derive(Deserialize)]
struct RawService<'a> {
    #[serde(borrow)]
    actions: BTreeMap<&'a str, RawAction<'a>>,
    #[serde(borrow)]
    resources: BTreeMap<&'a str, RawResource<'a>>,
}

#[derive(Deserialize)]
struct RawAction<'a> {
    #[serde(borrow, default)]
    r: Option<RawTypes<'a>>,
}

/// Resource types, with their condition keys where the reference tells them apart; a trailing `*` means required.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawTypes<'a> {
    Names(#[serde(borrow)] Vec<&'a str>),
    WithKeys(#[serde(borrow)] BTreeMap<&'a str, serde::de::IgnoredAny>),
}

#[derive(Deserialize)]
struct RawResource<'a> {
    arn: &'a str,
}

fn actions(prefix: &str) -> Option<&'static Actions> {
    let (prefix, service) = SERVICES.get_key_value(prefix)?;
    Some(service.actions.get_or_init(|| parse(prefix, service.text)))
}

fn parse(prefix: &str, text: &'static str) -> Actions {
    let Ok(service) = serde_json::from_str::<RawService<'static>>(text) else {
        return Actions::new();
    };
    let arn = |name: &&str| {
        service
            .resources
            .get(name.trim_end_matches('*'))
            .map(|resource| resource.arn)
    };
    let facts = |name: &str, action: &RawAction<'static>| {
        let mut resources: Vec<&'static str> = match &action.r {
            Some(RawTypes::Names(names)) => names.iter().filter_map(arn).collect(),
            Some(RawTypes::WithKeys(names)) => names.keys().filter_map(arn).collect(),
            None => Vec::new(),
        };
        resources.sort_by_key(|form| (form.matches("${").count(), form.len()));
        ActionFacts {
            name: format!("{prefix}:{name}").leak(),
            resources,
        }
    };
    service
        .actions
        .iter()
        .map(|(name, action)| (name.to_ascii_lowercase(), facts(name, action)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_know_their_resources() {
        let object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
        for (name, spelled, takes) in [
            ("s3:GetObject", Some("s3:GetObject"), Some(object)),
            ("S3:getobject", Some("s3:GetObject"), Some(object)),
            (
                "a4b:AssociateDeviceWithRoom",
                Some("a4b:AssociateDeviceWithRoom"),
                None,
            ),
            ("s3:ListAllMyBuckets", Some("s3:ListAllMyBuckets"), None),
            ("s3:Nothing", None, None),
            ("nothing:Get", None, None),
            ("s3", None, None),
        ] {
            let facts = action(name);
            assert_eq!(facts.as_ref().map(|facts| facts.name), spelled, "{name}");
            if let Some(arn) = takes {
                assert!(
                    facts.is_some_and(|facts| facts.resources.contains(&arn)),
                    "{name}"
                );
            }
        }
        assert_eq!(
            action("s3:ListAllMyBuckets").map(|facts| facts.resources),
            Some(Vec::new())
        );
        assert_eq!(
            action("a4b:AssociateDeviceWithRoom").map(|facts| facts.resources.len()),
            Some(2)
        );
    }

    #[test]
    fn every_service_is_read() {
        assert_eq!(services().len(), 456);
        let count: usize = services().iter().map(|service| actions_of(service).len()).sum();
        assert_eq!(count, 22_091);
        assert!(actions_of("s3").is_sorted() && actions_of("s3").contains(&"s3:PutObject"));
        assert!(rcp_supported_services().contains(&"s3") && rcp_supported_services().is_sorted());
    }

    #[derive(Deserialize)]
    struct RawKeys {
        #[serde(default)]
        conditions: BTreeMap<String, String>,
    }

    /// Keys that hold several values though the reference types them as one: their services' guides show lists.
    const LISTS_BY_GUIDE: [&str; 3] = [
        "autoscaling:instancetypes",
        "cloudformation:importresourcetypes",
        "cognito-identity.amazonaws.com:amr",
    ];

    #[test]
    fn keys_with_several_values_are_those_of_the_reference() {
        use crate::iam::{ContextKey, key_facts};
        let mut types: BTreeMap<String, bool> = BTreeMap::new();
        for service in SERVICES.values() {
            let keys: RawKeys = serde_json::from_str(service.text).unwrap();
            for (name, key_type) in keys.conditions {
                // `aws:RequestTag/${TagKey}` stands for every key that begins like it.
                let name = name.replace("${", "x").to_ascii_lowercase();
                *types.entry(name).or_default() |= key_type.starts_with("ArrayOf");
            }
        }
        assert!(types.values().filter(|list| **list).count() > 200);
        for name in LISTS_BY_GUIDE {
            assert_eq!(types.insert(name.to_owned(), true), Some(false), "{name}");
        }
        let wrong: Vec<_> = types
            .iter()
            .filter(|(name, list)| key_facts(&ContextKey::new(name)).multivalued != **list)
            // Keys of all services are documented apart, on a page of their own.
            .filter(|(name, _)| !name.starts_with("aws:") || name.as_str() == "aws:tagkeys")
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// Keys that the reference types, and that are left texts: why, says the table of types.
    const TEXT_AFTER_ALL: &[&str] = &[
        "accounts.google.com:google/organization_number",
        "codebuild:artifacts",
        "codebuild:artifacts.encryptiondisabled",
        "codebuild:buildbatchconfig",
        "codebuild:cache",
        "codebuild:computeconfiguration",
        "codebuild:environment",
        "codebuild:environment.computeconfiguration",
        "codebuild:environment.environmentvariables",
        "codebuild:environment.privilegedmode",
        "codebuild:environment.registrycredential",
        "codebuild:exportconfig.s3destination.encryptiondisabled",
        "codebuild:logsconfig",
        "codebuild:logsconfig.s3logs",
        "codebuild:logsconfig.s3logs.encryptiondisabled",
        "codebuild:manualcreation",
        "codebuild:secondaryartifacts",
        "codebuild:secondaryartifacts/${artifactidentifier}.encryptiondisabled",
        "codebuild:secondarysources",
        "codebuild:secondarysources.buildspec",
        "codebuild:secondarysources/${sourceidentifier}.buildspec",
        "codebuild:secondarysources/${sourceidentifier}.insecuressl",
        "codebuild:shouldoverwrite",
        "codebuild:source",
        "codebuild:source.buildspec",
        "codebuild:source.insecuressl",
        "codebuild:vpcconfig",
        "ec2:ephemeralstorage",
        "ecs:task-cpu",
        "ecs:task-memory",
        "eks:kubeapiserverconfig",
        "eks:kubecontrollermanagerconfig",
        "eks:kubeschedulerconfig",
        "eks:loggingtype/${type}",
        "iot:commandexecutionparameterboolean/${commandparametername}",
        "iot:commandexecutionparameternumber/${commandparametername}",
        "rds:vpc",
        "sagemaker:featuregroupofflinestoreconfig",
    ];

    #[test]
    fn keys_with_typed_values_are_those_of_the_reference() {
        use crate::iam::{ContextKey, KeyType, key_facts};
        let mut types: BTreeMap<String, KeyType> = BTreeMap::new();
        for service in SERVICES.values() {
            let keys: RawKeys = serde_json::from_str(service.text).unwrap();
            for (name, key_type) in keys.conditions {
                let key_type = match key_type.as_str() {
                    "Numeric" => KeyType::Number,
                    "Bool" => KeyType::Bool,
                    "Date" => KeyType::Date,
                    "IPAddress" => KeyType::Address,
                    _ => KeyType::Text,
                };
                let known = types.insert(name.to_ascii_lowercase(), key_type);
                assert!(known.is_none_or(|known| known == key_type), "{name}");
            }
        }
        for name in TEXT_AFTER_ALL {
            let listed = types.insert((*name).to_owned(), KeyType::Text);
            assert!(listed.is_some_and(|listed| listed != KeyType::Text), "{name}");
        }
        assert!(
            types
                .values()
                .filter(|key_type| **key_type != KeyType::Text)
                .count()
                > 150
        );
        // Keys of all services, and ARNs, are documented apart.
        let told = |name: &str| match key_facts(&ContextKey::new(name)).key_type {
            KeyType::Arn => KeyType::Text,
            known => known,
        };
        let wrong: Vec<_> = types
            .iter()
            .filter(|(name, key_type)| !name.starts_with("aws:") && told(name) != **key_type)
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
