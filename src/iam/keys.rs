//! Context keys and what is documented of the global ones: type, and whether a key holds several values. Facts about
//! service keys come from the catalog and are passed in where they matter.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A condition context key. Compared without case (semantics.md 3.5); printed as written.
#[derive(Debug, Clone)]
pub struct ContextKey(Arc<Names>);

#[derive(Debug)]
struct Names {
    folded: Box<str>,
    written: Box<str>,
}

impl ContextKey {
    /// A key of that name.
    pub fn new(name: &str) -> ContextKey {
        ContextKey(Arc::new(Names {
            folded: name.to_ascii_lowercase().into(),
            written: name.into(),
        }))
    }

    /// The name in lower case, by which keys are the same.
    pub fn folded(&self) -> &str {
        &self.0.folded
    }

    /// The name as the policy spells it.
    pub fn written(&self) -> &str {
        &self.0.written
    }
}

impl PartialEq for ContextKey {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}
impl Eq for ContextKey {}
impl PartialOrd for ContextKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ContextKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}
impl Hash for ContextKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}
impl fmt::Display for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written())
    }
}

/// What the values of a key look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Any text.
    Text,
    /// An ARN, tested by segments also under string operators.
    Arn,
    /// `true` or `false` and nothing else.
    Bool,
    /// A number.
    Number,
    /// A point in time.
    Date,
    /// An IP address.
    Address,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFacts {
    /// The shape of its values.
    pub key_type: KeyType,
    /// Whether a request may carry several values of it.
    pub multivalued: bool,
}

/// Global condition keys (AWS global condition context keys page) and keys of services that hold several values (service
/// authorization reference, `ArrayOf…`), lower case and sorted.
const GLOBAL_KEYS: &[(&str, KeyType, bool)] = &[
    ("autoscaling:instancetypes", KeyType::Text, true),
    ("autoscaling:loadbalancernames", KeyType::Text, true),
    ("autoscaling:targetgrouparns", KeyType::Text, true),
    ("aws:calledvia", KeyType::Text, true),
    ("aws:currenttime", KeyType::Date, false),
    ("aws:epochtime", KeyType::Date, false),
    ("aws:multifactorauthage", KeyType::Number, false),
    ("aws:multifactorauthpresent", KeyType::Bool, false),
    ("aws:principalarn", KeyType::Arn, false),
    ("aws:principalisawsservice", KeyType::Bool, false),
    ("aws:principalorgpaths", KeyType::Text, true),
    ("aws:principalservicenameslist", KeyType::Text, true),
    ("aws:resourceorgpaths", KeyType::Text, true),
    ("aws:securetransport", KeyType::Bool, false),
    ("aws:sourcearn", KeyType::Arn, false),
    ("aws:sourceip", KeyType::Address, false),
    ("aws:sourceorgpaths", KeyType::Text, true),
    ("aws:tagkeys", KeyType::Text, true),
    ("aws:tokenissuetime", KeyType::Date, false),
    ("aws:viaawsservice", KeyType::Bool, false),
    ("aws:vpceorgpaths", KeyType::Text, true),
    ("aws:vpcsourceip", KeyType::Address, false),
    ("cloudformation:importresourcetypes", KeyType::Text, true),
    ("cloudformation:resourcetypes", KeyType::Text, true),
    ("dynamodb:attributes", KeyType::Text, true),
    ("dynamodb:leadingkeys", KeyType::Text, true),
    ("ec2:sourceinstancearn", KeyType::Arn, false),
    ("elasticloadbalancing:securitygroup", KeyType::Text, true),
    ("elasticloadbalancing:subnet", KeyType::Text, true),
    ("glue:securitygroupids", KeyType::Text, true),
    ("glue:subnetids", KeyType::Text, true),
    ("glue:vpcids", KeyType::Text, true),
    ("iam:permissionsboundary", KeyType::Text, false),
    ("iam:policyarn", KeyType::Arn, false),
    ("kms:encryptioncontextkeys", KeyType::Text, true),
    ("kms:grantisforawsresource", KeyType::Bool, false),
    ("kms:grantoperations", KeyType::Text, true),
    ("lambda:functionarn", KeyType::Arn, false),
    ("lambda:invokedviafunctionurl", KeyType::Bool, false),
    ("lambda:securitygroupids", KeyType::Text, true),
    ("lambda:subnetids", KeyType::Text, true),
    ("route53:changeresourcerecordsetsactions", KeyType::Text, true),
    (
        "route53:changeresourcerecordsetsnormalizedrecordnames",
        KeyType::Text,
        true,
    ),
    ("route53:changeresourcerecordsetsrecordtypes", KeyType::Text, true),
    ("s3:dataaccesspointarn", KeyType::Arn, false),
    ("sagemaker:instancetypes", KeyType::Text, true),
    ("sagemaker:vpcsecuritygroupids", KeyType::Text, true),
    ("sagemaker:vpcsubnets", KeyType::Text, true),
    ("secretsmanager:addreplicaregions", KeyType::Text, true),
    ("ses:recipients", KeyType::Text, true),
];

/// What is known of a key; unknown keys hold one value of any text.
pub fn key_facts(key: &ContextKey) -> KeyFacts {
    let found = GLOBAL_KEYS
        .binary_search_by(|(name, _, _)| (*name).cmp(key.folded()))
        .ok();
    let (key_type, multivalued) = found
        .and_then(|index| GLOBAL_KEYS.get(index))
        .map_or((KeyType::Text, false), |(_, key_type, multivalued)| {
            (*key_type, *multivalued)
        });
    KeyFacts {
        key_type,
        multivalued,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        for (name, key_type, multivalued) in GLOBAL_KEYS {
            let expected = KeyFacts {
                key_type: *key_type,
                multivalued: *multivalued,
            };
            assert_eq!(key_facts(&ContextKey::new(name)), expected, "{name}");
        }
    }
}
