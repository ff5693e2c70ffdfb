//! ARNs that name nothing: what AWS never gives out as an account or a partition (semantics.md 3.10). Verdicts still read
//! such entries as written.

use crate::iam::{
    ArnPattern, ConditionValues, Pattern, PrincipalEntry, PrincipalSet, ResourcePattern, ResourceSet,
    Segment, Statement,
};

use super::{Notes, listed};

/// Notes the malformed ARNs of a statement.
pub(super) fn lint(statement: &Statement, notes: &mut Notes) {
    if let ResourceSet::In(entries) | ResourceSet::NotIn(entries) = &statement.resource {
        let faults = entries.iter().map(|entry| match entry {
            ResourcePattern::Arn { arn, .. } => fault(arn),
            ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
        });
        told(statement, "`Resource`", faults, notes);
    }
    if let PrincipalSet::In(entries) | PrincipalSet::NotIn(entries) = &statement.principal {
        told(
            statement,
            "`Principal`",
            entries.iter().map(principal_fault),
            notes,
        );
    }
    for condition in &statement.conditions {
        if let ConditionValues::Arn(arns) = &condition.values {
            told(
                statement,
                &format!("`{}`", condition.key),
                arns.iter().map(fault),
                notes,
            );
        }
    }
}

/// One note for each sort of fault, with the positions of the entries that have it.
fn told(
    statement: &Statement,
    place: &str,
    faults: impl Iterator<Item = Option<&'static str>>,
    notes: &mut Notes,
) {
    let found: Vec<(usize, &str)> = faults
        .enumerate()
        .filter_map(|(at, fault)| Some((at, fault?)))
        .collect();
    for why in [ACCOUNT, PARTITION] {
        let own = found.iter().filter(|(_, fault)| *fault == why);
        let at: Vec<String> = own.map(|(at, _)| at.to_string()).collect();
        if !at.is_empty() {
            let word = if at.len() == 1 { "entry" } else { "entries" };
            let message = format!("{word} {} of {place}: {why}", listed(&at));
            notes.add("malformed-arn", statement, message);
        }
    }
}

const ACCOUNT: &str = "an account has twelve digits";
const PARTITION: &str = "the partition of an ARN is `aws` or begins with `aws-`";

fn fault(arn: &ArnPattern) -> Option<&'static str> {
    if arn.whole.is_some() {
        return None;
    }
    account_fault(arn.segment(Segment::Account)).or_else(|| partition_fault(arn.segment(Segment::Partition)))
}

fn principal_fault(entry: &PrincipalEntry) -> Option<&'static str> {
    match entry {
        PrincipalEntry::Account(account) => account_fault(account),
        PrincipalEntry::Role {
            partition, account, ..
        }
        | PrincipalEntry::User {
            partition, account, ..
        }
        | PrincipalEntry::Session {
            partition, account, ..
        }
        | PrincipalEntry::FederatedUser {
            partition, account, ..
        } => account_fault(account).or_else(|| partition_fault(partition)),
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => None,
    }
}

/// Digits, but not twelve of them. Words such as `aws` and `cloudfront` stand in real ARNs.
fn account_fault(account: &Pattern) -> Option<&'static str> {
    let text = account.as_literal()?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && text.len() != 12).then_some(ACCOUNT)
}

fn partition_fault(partition: &Pattern) -> Option<&'static str> {
    let text = partition.as_literal()?;
    (text != "aws" && !text.starts_with("aws-")).then_some(PARTITION)
}
