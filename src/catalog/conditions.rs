//! Condition keys: the global ones, and those of the service authorization reference. The keys of a service are parsed
//! when one of them is first asked for.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use crate::iam::Glob;

use super::authorization::texts;

/// A condition key that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// The name as AWS spells it; `${TagKey}` stands for any text.
    pub name: &'static str,
    /// Whether a request may carry several values of it.
    pub multivalued: bool,
}

/// Global condition keys (AWS global condition context keys page), as AWS spells them, sorted by their lower case; `*`
/// stands for any text.
const GLOBAL: &[&str] = &[
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaAWSMCP",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgMasterAccountId",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/*",
    "aws:PrincipalType",
    "aws:referer",
    "aws:RequestedRegion",
    "aws:RequestTag/*",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/*",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
];

/// Global keys of which a request may carry several values.
const MULTIVALUED: &[&str] = &[
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
];

/// What is known of a key, found without case.
pub fn condition_key(name: &str) -> Option<KeyEntry> {
    let folded = name.to_ascii_lowercase();
    let (prefix, _) = folded.split_once(':')?;
    if prefix == "aws" {
        let stem = folded.split_inclusive('/').next().unwrap_or_default();
        let open = GLOBAL_KEYS
            .get(stem)
            .filter(|_| stem.ends_with('/') && stem.len() < folded.len());
        let name = GLOBAL_KEYS.get(folded.as_str()).or(open)?;
        return Some(KeyEntry {
            name,
            multivalued: MULTIVALUED.contains(name),
        });
    }
    let own = SERVICES.get(prefix).and_then(|service| service.find(&folded));
    own.or_else(|| {
        // Some services name keys of another prefix (`saml:aud` in `sts`).
        let quoted = format!("\"{prefix}:");
        let others = SERVICES.values().filter(|service| service.text.contains(&quoted));
        others.into_iter().find_map(|service| service.find(&folded))
    })
}

/// The names of the keys that share the prefix of a key: where a misspelt one is looked for.
pub fn keys_near(name: &str) -> Vec<&'static str> {
    let folded = name.to_ascii_lowercase();
    let prefix = folded.split_once(':').map_or("", |(prefix, _)| prefix);
    let own = SERVICES.get(prefix).map(LazyKeys::keys).unwrap_or_default();
    let own = own.iter().map(|key| key.entry.name);
    if prefix == "aws" {
        GLOBAL.to_vec()
    } else {
        own.chain(GLOBAL.iter().copied()).collect()
    }
}

/// The global keys by their lower case, those with open ends by what stands before it.
static GLOBAL_KEYS: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let folded = |name: &&'static str| (name.trim_end_matches('*').to_ascii_lowercase(), *name);
    GLOBAL.iter().map(folded).collect()
});

struct LazyKeys {
    text: &'static str,
    keys: OnceLock<Vec<Key>>,
}

struct Key {
    entry: KeyEntry,
    glob: Glob,
}

static SERVICES: LazyLock<BTreeMap<&'static str, LazyKeys>> = LazyLock::new(|| {
    let lazy = |text| LazyKeys {
        text,
        keys: OnceLock::new(),
    };
    texts().map(|(prefix, text)| (prefix, lazy(text))).collect()
});

#[derive(Deserialize)]
struct RawService<'a> {
    #[serde(borrow, default)]
    conditions: BTreeMap<&'a str, &'a str>,
}

impl LazyKeys {
    fn keys(&self) -> &[Key] {
        self.keys.get_or_init(|| {
            let parsed = serde_json::from_str::<RawService<'static>>(self.text);
            let conditions = parsed.map(|service| service.conditions).unwrap_or_default();
            let key = |(name, kind): (&'static str, &str)| Key {
                entry: KeyEntry {
                    name,
                    multivalued: kind.starts_with("ArrayOf"),
                },
                glob: glob(name),
            };
            conditions.into_iter().map(key).collect()
        })
    }

    fn find(&self, folded: &str) -> Option<KeyEntry> {
        let found = self.keys().iter().find(|key| key.glob.matches(folded));
        found.map(|key| key.entry.clone())
    }
}

/// The reference's spelling as a glob: `${TagKey}`, `<key>`, a tag named `tag-key` and an open end are any text.
fn glob(name: &str) -> Glob {
    let mut text = String::new();
    let mut open = false;
    for c in name.chars() {
        match (open, c) {
            (false, '{' | '<') => {
                open = true;
                text.push('*');
            }
            (true, '}' | '>') => open = false,
            (true, _) | (false, '$') => {}
            (false, c) => text.push(c.to_ascii_lowercase()),
        }
    }
    if let Some(stem) = text.strip_suffix("/tag-key") {
        text = format!("{stem}/");
    }
    if text.ends_with('/') {
        text.push('*');
    }
    Glob::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known() {
        for (name, known, multivalued) in [
            ("aws:PrincipalOrgID", true, false),
            ("AWS:sourceip", true, false),
            ("aws:PrincipalTag/team/a", true, false),
            ("aws:PrincipalTag", false, false),
            ("aws:PrincipalOrg", false, false),
            ("aws:TagKeys", true, true),
            ("s3:prefix", true, false),
            ("s3:ExistingObjectTag/team", true, false),
            ("s3:perfix", false, false),
            ("secretsmanager:ResourceTag/owner", true, false),
            ("ssm:resourceTag/owner", true, false),
            ("kms:EncryptionContext:team", true, false),
            ("dynamodb:LeadingKeys", true, true),
            ("saml:aud", true, false),
            ("token.actions.githubusercontent.com:repository", true, false),
            ("catalog:ChangeType", true, false),
            ("nothing:x", false, false),
            ("x", false, false),
        ] {
            let found = condition_key(name);
            assert_eq!(found.is_some(), known, "{name}");
            assert_eq!(found.is_some_and(|key| key.multivalued), multivalued, "{name}");
        }
    }

    #[test]
    fn the_tables_are_in_order() {
        assert!(GLOBAL.is_sorted_by_key(|name| name.to_ascii_lowercase()));
        assert!(MULTIVALUED.iter().all(|name| GLOBAL.contains(name)));
    }

    #[test]
    fn all_keys_are_read() {
        let count: usize = SERVICES.values().map(|service| service.keys().len()).sum();
        assert_eq!(count, 2_578);
        assert!(keys_near("s3:x").contains(&"s3:prefix") && keys_near("aws:x").contains(&"aws:SourceIp"));
    }
}
