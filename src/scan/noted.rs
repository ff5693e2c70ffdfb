//! What is noted on policies: by the parser and by lint. Equal policies are linted once; what lint says of documents that
//! nobody wrote is told only to standards that ask for it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::lint::{self, Linted, parser_notes};
use crate::check::rules::{Group, rule};
use crate::check::{Check, Prepared, Standard, Verdict};
use crate::extract::{Policy, Provenance};
use crate::report::{Outcome, PolicyNotes, ScannedInput};

use super::read::unquoted;

/// What is noted on the policies of a run, by input and position.
pub(super) type Noted = BTreeMap<(usize, usize), Linted>;

/// Lints a policy; `None` when that panicked.
pub(super) fn linted(prepared: Option<&Prepared<'_>>) -> Option<Linted> {
    let prepared = prepared?;
    catch_unwind(AssertUnwindSafe(|| lint::lint(prepared))).ok()
}

/// What the parser and lint note on each valid policy. `lint` is what came of its document; a policy is missing when there
/// is nothing.
pub(super) fn noted<'a>(
    inputs: &[ScannedInput],
    lint: impl Fn((usize, usize)) -> Option<&'a Linted>,
) -> Noted {
    let mut all = Noted::new();
    for (input, ScannedInput { extraction, .. }) in inputs.iter().enumerate() {
        for (position, policy) in extraction.policies.iter().enumerate() {
            if let (Ok(document), Some(linted)) = (&policy.document, lint((input, position))) {
                let mut found = linted.clone();
                found.notes.splice(0..0, parser_notes(document, &policy.notes));
                if policy.sensitive {
                    for note in &mut found.notes {
                        note.message = unquoted(&note.message);
                    }
                }
                all.insert((input, position), found);
            }
        }
    }
    all
}

/// The answer to a standard that asks for notes; `None` for other standards.
pub(super) fn lint_verdict(standard: &Standard, noted: Option<&Linted>) -> Option<Verdict> {
    let Check::Lint { rules } = &standard.check else {
        return None;
    };
    Some(match noted {
        Some(noted) => lint::verdict(rules, noted),
        None => Verdict::Internal("lint panicked".to_string()),
    })
}

/// The notes that are no findings of a standard.
pub(super) fn mere_notes(
    inputs: &[ScannedInput],
    noted: &Noted,
    standards: &[Standard],
    outcomes: &[Outcome],
) -> Vec<PolicyNotes> {
    let mut claimed: BTreeMap<(usize, usize), Vec<&'static str>> = BTreeMap::new();
    for outcome in outcomes {
        if let Outcome::Answer {
            input,
            policy,
            standard,
            ..
        } = outcome
            && let Some(Check::Lint { rules }) = standards.get(*standard).map(|standard| &standard.check)
        {
            claimed.entry((*input, *policy)).or_default().extend(rules);
        }
    }
    let mere = noted.iter().map(|((input, policy), found)| {
        let claimed = claimed.get(&(*input, *policy));
        let extraction = inputs.get(*input).map(|input| &input.extraction);
        let policy_of = extraction.and_then(|extraction| extraction.policies.get(*policy));
        let written = policy_of.is_some_and(is_written);
        let is_mere = |note: &&lint::LintNote| {
            let about_reading = rule(note.rule).is_some_and(|rule| rule.group == Group::Parser);
            (written || about_reading) && claimed.is_none_or(|rules| !rules.contains(&note.rule))
        };
        PolicyNotes {
            input: *input,
            policy: *policy,
            notes: found.notes.iter().filter(is_mere).cloned().collect(),
        }
    });
    mere.filter(|noted| !noted.notes.is_empty()).collect()
}

/// Whether somebody wrote the document: AWS, a service or keyaki did otherwise.
fn is_written(policy: &Policy) -> bool {
    match policy.provenance {
        Provenance::Literal | Provenance::Reconstructed => true,
        Provenance::Synthesised | Provenance::Default | Provenance::Catalog => false,
    }
}
