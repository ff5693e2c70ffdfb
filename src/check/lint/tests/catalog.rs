//! Lint over the AWS managed policies: written by people who know, so that what is found there must be true.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::managed_policies;
use crate::extract::PolicyKind;

use super::{linted, value};

/// What the rules that accuse may note of the catalog: each was looked at and is a slip of the policy.
const KNOWN: &[(&str, &str)] = &[
    // `aws:ViaAWSService`, which is true or false, is compared with the name of a service.
    ("contradictory-conditions", "AIOpsAssistantPolicy"),
    // Allowed in one statement, and denied because another one does not spare it.
    (
        "denied-entry",
        "AmazonDataZoneSageMakerEnvironmentRolePermissionsBoundary",
    ),
];

/// Rules that note matters of taste, or what AWS has not documented (yet).
const EXPECTED: &[&str] = &[
    "for-all-values-allow",
    "not-action-allow",
    "not-resource-allow",
    "redundant-entry",
    "redundant-statement",
    "set-operator-missing",
    "unknown-action",
    "unknown-condition-key",
    "unknown-service",
    "unsupported-resource",
];

#[test]
fn managed_policies_are_not_accused_wrongly() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut accused: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (arn, text) in managed_policies() {
        let name = arn.rsplit('/').next().expect("a name");
        for note in linted(&value(text), PolicyKind::Identity).notes {
            *counts.entry(note.rule).or_default() += 1;
            if !EXPECTED.contains(&note.rule) {
                accused.insert((note.rule, name));
            }
        }
    }
    assert_eq!(accused, KNOWN.iter().copied().collect());
    let seen = |rule: &str| counts.get(rule).copied().unwrap_or(0);
    assert!(seen("unknown-condition-key") < 10, "{counts:?}");
    assert!(seen("unknown-service") < 40, "{counts:?}");
    assert!(seen("redundant-entry") > 100, "{counts:?}");
}
