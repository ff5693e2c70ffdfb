//! Context keys and what is documented of them: the type of their values, and which keys hold several.

mod multivalued;
mod service_types;

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

/// Global condition keys (AWS global condition context keys page) and keys of services with one value of a known type,
/// lower case and sorted: the type, and whether there are several values.
const GLOBAL_KEYS: &[(&str, KeyType, bool)] = &[
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
    ("ec2:sourceinstancearn", KeyType::Arn, false),
    ("iam:permissionsboundary", KeyType::Text, false),
    ("iam:policyarn", KeyType::Arn, false),
    ("kms:grantisforawsresource", KeyType::Bool, false),
    ("lambda:functionarn", KeyType::Arn, false),
    ("lambda:invokedviafunctionurl", KeyType::Bool, false),
    ("s3:dataaccesspointarn", KeyType::Arn, false),
];

/// What is known of a key; unknown keys hold one value of any text.
pub fn key_facts(key: &ContextKey) -> KeyFacts {
    let found = GLOBAL_KEYS
        .binary_search_by(|(name, _, _)| (*name).cmp(key.folded()))
        .ok();
    match found.and_then(|index| GLOBAL_KEYS.get(index)) {
        Some((_, key_type, multivalued)) => KeyFacts {
            key_type: *key_type,
            multivalued: *multivalued,
        },
        None => KeyFacts {
            key_type: type_of(key.folded()),
            multivalued: is_list(key.folded()),
        },
    }
}

/// The type of a service's key.
fn type_of(folded: &str) -> KeyType {
    let found = service_types::KEYS
        .binary_search_by(|(name, _)| (*name).cmp(folded))
        .ok();
    found
        .and_then(|index| service_types::KEYS.get(index))
        .map_or(KeyType::Text, |(_, key_type)| *key_type)
}

/// Whether a service sends a list of values under that name.
fn is_list(folded: &str) -> bool {
    multivalued::KEYS.binary_search(&folded).is_ok()
        || multivalued::PREFIXES
            .iter()
            .any(|prefix| folded.starts_with(prefix) && !folded.ends_with(multivalued::ONE_VALUE_SUFFIX))
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
        assert!(multivalued::KEYS.is_sorted());
        assert!(service_types::KEYS.is_sorted_by_key(|(name, _)| name));
        for (name, key_type) in service_types::KEYS {
            assert_eq!(key_facts(&ContextKey::new(name)).key_type, *key_type, "{name}");
        }
        for (name, multivalued) in [
            ("dynamodb:LeadingKeys", true),
            ("kms:EncryptionContextKeys", true),
            ("vpc-lattice-svcs:RequestQueryString/page", true),
            ("kms:EncryptionContext:app", false),
            ("s3:prefix", false),
        ] {
            assert_eq!(
                key_facts(&ContextKey::new(name)).multivalued,
                multivalued,
                "{name}"
            );
        }
    }
}
