//! A check as one or two questions: the ways in which a request can violate it, and their verdicts together.

use super::change::suggest;
use super::decide::violated;
use super::options::{Explain, Options};
use super::subject::Prepared;
use super::{Check, Proof, Verdict, Violation};

/// Decides the check, and suggests a change where the options ask for it: FAIL if a request violates it in any way, PASS if none does in any.
pub fn check(check: &Check, prepared: &Prepared<'_>, options: &Options) -> Verdict {
    if let Check::Lint { rules } = check {
        return super::lint::verdict(rules, &super::lint::lint(prepared));
    }
    let mut verdict = decided(check, prepared, options);
    if let Verdict::Fail(finding) = &mut verdict
        && options.explain == Explain::Change
        && !violations(check).contains(&Violation::Refused)
    {
        finding.change = suggest(check, prepared, finding, options);
    }
    verdict
}

fn decided(check: &Check, prepared: &Prepared<'_>, options: &Options) -> Verdict {
    let mut verdict = Verdict::Pass(Proof::default());
    for violation in violations(check) {
        verdict = match (verdict, violated(check, *violation, prepared, options)) {
            (_, worst @ (Verdict::Fail(_) | Verdict::Error(_) | Verdict::Internal(_))) => return worst,
            (Verdict::Pass(first), Verdict::Pass(second)) => Verdict::Pass(both(first, second)),
            (Verdict::Pass(_), undecided) => undecided,
            (undecided, _) => undecided,
        };
    }
    verdict
}

/// The ways in which a request can violate the check; each is a question of its own.
pub(super) fn violations(check: &Check) -> &'static [Violation] {
    match check {
        Check::NoNewAccess { .. }
        | Check::AccessNotGranted { .. }
        | Check::NoPublicAccess { .. }
        | Check::NoExternalAccess { .. } => &[Violation::Allowed],
        Check::AccessDenied { .. } => &[Violation::NotDenied],
        Check::AccessGranted { .. } => &[Violation::Refused],
        Check::Equivalent { .. } => &[Violation::Allowed, Violation::Refused],
        // Not about requests.
        Check::Lint { .. } => &[],
    }
}

/// What two proofs rest on together.
fn both(first: Proof, second: Proof) -> Proof {
    Proof {
        solver: second.solver,
        axioms: joined(first.axioms, second.axioms),
        notes: joined(first.notes, second.notes),
        unconfirmed: first.unconfirmed || second.unconfirmed,
    }
}

/// All of them, each once.
fn joined<T: PartialEq>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    for item in second {
        if !first.contains(&item) {
            first.push(item);
        }
    }
    first
}
