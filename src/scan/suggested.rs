//! Changes that mend policies, for the worst violations of a run: looking for one takes several times as long as finding
//! the violation, and nobody reads a thousand.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::check::{self, Explain, Standard, Verdict};
use crate::report::Remark;

use super::ScanOptions;
use super::decide::{Group, Question, answer, prepared};
use super::read::remark;

/// How questions are decided at first: where only some violations get a change, those are looked at again.
pub(super) fn at_first(options: &ScanOptions) -> check::Options {
    let explain = match options.changes {
        None => options.engine.explain,
        Some(_) => options.engine.explain.min(Explain::Regions),
    };
    check::Options {
        explain,
        ..options.engine
    }
}

/// Adds a change to the most severe violations, and says so when there are more.
pub(super) fn suggest(
    answered: &mut [BTreeMap<usize, Verdict>],
    groups: &[Group],
    questions: &[Question<'_>],
    options: &ScanOptions,
) -> Option<Remark> {
    let most = options.changes?;
    if options.engine.explain != Explain::Change {
        return None;
    }
    let standards = &options.standards.standards;
    let mut violations: Vec<(usize, usize, &Standard)> = Vec::new();
    for (group, verdicts) in answered.iter().enumerate() {
        let failing = verdicts
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)));
        violations.extend(failing.filter_map(|(at, _)| Some((group, *at, standards.get(*at)?))));
    }
    // Stable: in input order among those of one severity.
    violations.sort_by_key(|(_, _, standard)| Reverse(standard.severity));
    let count = violations.len();
    violations.truncate(most);
    let again: Vec<(usize, usize, Verdict)> = violations
        .par_iter()
        .filter_map(|(group, at, standard)| {
            let question = questions.get(groups.get(*group)?.first)?;
            let verdict = answer(prepared(question).as_ref(), standard, &options.engine);
            Some((*group, *at, verdict))
        })
        .collect();
    for (group, at, verdict) in again {
        if let Some(verdicts) = answered.get_mut(group) {
            verdicts.insert(at, verdict);
        }
    }
    (count > most).then(|| {
        let message = format!(
            "a change is suggested for the {most} most severe of {count} different violations; `--suggest` looks for all"
        );
        remark("changes-cut", "", message)
    })
}
