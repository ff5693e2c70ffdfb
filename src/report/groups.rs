//! Findings and notes as alerts: those that say the same at one place are one, with the instances it is about. A
//! `for_each` over 500 keys is one alert.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::check::Severity;

use super::outcome::{About, Remark};
use super::{Entry, Location, Report, Verdict};

/// Findings that are one alert: instances of one block, at one place.
pub(super) struct Group<'a> {
    /// The first of them.
    pub(super) first: &'a Entry,
    /// All addresses, in order.
    pub(super) addresses: Vec<&'a str>,
}

/// The findings by rule, standard, place and statement, the most severe first.
pub(super) fn groups(findings: &[Entry]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    type Key<'a> = (&'a str, &'a str, &'a Location, Option<usize>, &'a str);
    let mut positions: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for entry in findings {
        let statement = entry.statements.first().map(|statement| statement.index);
        // What lint says is several things at one place.
        let said = match (entry.verdict, &entry.counterexample) {
            (Verdict::Fail, None) => entry.message.as_str(),
            (Verdict::Fail | Verdict::Undecided | Verdict::Error, _) => "",
        };
        let key = (
            entry.rule(),
            entry.standard.as_str(),
            entry.place(),
            statement,
            said,
        );
        match positions.get(&key).and_then(|position| groups.get_mut(*position)) {
            Some(group) => group.addresses.push(&entry.address),
            None => {
                positions.insert(key, groups.len());
                groups.push(Group {
                    first: entry,
                    addresses: vec![&entry.address],
                });
            }
        }
    }
    groups.sort_by_key(|group| Reverse(weight(group.first)));
    groups
}

/// How severe a finding is beside others: what is not decided is no violation yet, and comes after those that are.
fn weight(entry: &Entry) -> (Severity, Reverse<Verdict>) {
    let severity = match entry.verdict {
        Verdict::Fail | Verdict::Error => entry.severity,
        Verdict::Undecided => entry.severity.min(Severity::Medium),
    };
    (severity, Reverse(entry.verdict))
}

/// A note, and the addresses it is about.
pub(super) struct NoteGroup<'a> {
    /// The first of them.
    pub(super) first: &'a Remark,
    /// What it says besides.
    pub(super) about: &'a About,
    /// All addresses, in order.
    pub(super) addresses: Vec<&'a str>,
}

/// The notes that have a place, the most severe first.
pub(super) fn note_groups(report: &Report) -> Vec<NoteGroup<'_>> {
    let mut groups: Vec<NoteGroup<'_>> = Vec::new();
    let mut positions: BTreeMap<(&str, &Location, &str), usize> = BTreeMap::new();
    for note in &report.notes {
        let Some(about) = &note.about else { continue };
        let key = (note.id.as_str(), about.place(), note.message.as_str());
        match positions.get(&key).and_then(|position| groups.get_mut(*position)) {
            Some(group) => group.addresses.push(&note.address),
            None => {
                positions.insert(key, groups.len());
                groups.push(NoteGroup {
                    first: note,
                    about,
                    addresses: vec![&note.address],
                });
            }
        }
    }
    groups.sort_by_key(|group| Reverse(group.about.severity));
    groups
}

/// An address that stands for several: `a (and 2 more instances)`.
pub(super) fn with_instances(addresses: &[&str]) -> String {
    match addresses {
        [] => String::new(),
        [only] => (*only).to_string(),
        [first, _] => format!("{first} (and 1 more instance)"),
        [first, more @ ..] => format!("{first} (and {} more instances)", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;

    fn check(findings: Vec<Entry>, expected: &[(&str, usize)]) {
        let groups = groups(&findings);
        let seen: Vec<(&str, usize)> = groups
            .iter()
            .map(|group| (group.first.rule(), group.addresses.len()))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn instances_are_one_and_the_severe_come_first() {
        let low = |message: &str| Entry {
            severity: Severity::Low,
            standard: "tidy".to_string(),
            counterexample: None,
            message: message.to_string(),
            ..entry()
        };
        let undecided = |standard: &str| Entry {
            verdict: Verdict::Undecided,
            standard: standard.to_string(),
            ..entry()
        };
        check(vec![], &[]);
        check(
            vec![low("a"), entry(), undecided("x"), entry()],
            &[("no-public", 2), ("undecided", 1), ("tidy", 1)],
        );
        check(vec![low("a"), low("b"), low("a")], &[("tidy", 2), ("tidy", 1)]);
        check(
            vec![undecided("x"), undecided("y")],
            &[("undecided", 1), ("undecided", 1)],
        );
        check(
            vec![
                undecided("x"),
                Entry {
                    severity: Severity::Medium,
                    ..entry()
                },
            ],
            &[("no-public", 1), ("undecided", 1)],
        );
    }

    #[test]
    fn instances_are_counted() {
        for (addresses, expected) in [
            (&["a"][..], "a"),
            (&["a", "b"], "a (and 1 more instance)"),
            (&["a", "b", "c"], "a (and 2 more instances)"),
        ] {
            assert_eq!(with_instances(addresses), expected);
        }
    }
}
