//! The standards file as it is written: what serde reads from it. [`super::grammar`] has refused what is not of this
//! shape, with better places; what gets through to here in another shape is an error all the same.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) version: u64,
    #[serde(default)]
    pub(super) trust: RawTrust,
    pub(super) standards: Vec<RawStandard>,
    #[serde(default)]
    pub(super) ignore: Vec<RawIgnore>,
    #[serde(default)]
    pub(super) policy_attributes: Vec<RawPolicyAttribute>,
}

/// `trust`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTrust {
    pub(super) accounts: Vec<String>,
    pub(super) organizations: Vec<String>,
    pub(super) principals: Vec<String>,
    pub(super) networks: Vec<String>,
    pub(super) service_principals: Option<String>,
}

/// One of `standards`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStandard {
    pub(super) id: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) severity: Option<String>,
    pub(super) check: String,
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) resources: Vec<String>,
    #[serde(default)]
    pub(super) principals: Vec<String>,
    /// Read from the spanned tree, which keeps the spelling of numbers.
    #[serde(rename = "when")]
    pub(super) _when: Option<IgnoredAny>,
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) rules: Vec<String>,
    pub(super) on: Option<String>,
    #[serde(default)]
    pub(super) scope: RawScope,
}

/// `scope` of a standard.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawScope {
    pub(super) kinds: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) exclude: Vec<String>,
}

/// One of `ignore`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIgnore {
    #[serde(rename = "type")]
    pub(super) resource_type: Option<String>,
    pub(super) address: Option<String>,
    pub(super) reason: String,
}

/// One of `policy_attributes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicyAttribute {
    #[serde(rename = "type")]
    pub(super) resource_type: String,
    pub(super) attribute: String,
    pub(super) kind: String,
}
