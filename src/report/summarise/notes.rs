//! Notes of lint and of the parser: as remarks, or as findings of a standard that asks for them.

use crate::check::Severity;
use crate::check::lint::LintNote;
use crate::check::rules::rule;
use crate::extract::Origin;

use super::super::fingerprint::{evidence_of_reason, fingerprint};
use super::super::outcome::{About, PolicyNotes, Remark, ScannedInput};
use super::super::{Entry, EntryStatement, Verdict};
use super::{Judged, Summary};

impl Summary<'_> {
    /// The notes on a policy, with their places.
    pub(super) fn remarks(&mut self, noted: &PolicyNotes) -> Vec<Remark> {
        let run = self.run;
        let Some(scanned) = run.inputs.get(noted.input) else {
            return Vec::new();
        };
        let Some(policy) = scanned.extraction.policies.get(noted.policy) else {
            return Vec::new();
        };
        if noted.notes.is_empty() {
            return Vec::new();
        }
        let location = self.location(scanned, &policy.origin);
        let remark = |note: &LintNote| Remark {
            id: note.rule.to_string(),
            address: policy.origin.address.clone(),
            message: note.message.clone(),
            about: Some(About {
                severity: severity(note.rule),
                statement: self.statement_of(scanned, &policy.origin, note),
                location: location.clone(),
                fingerprint: fingerprint(note.rule, &policy.origin.address, &told(note)),
                evidence: evidence_of_reason(&note.message, note.rule),
            }),
        };
        noted.notes.iter().map(remark).collect()
    }

    /// A note as a finding of a standard.
    pub(super) fn noted(
        &self,
        scanned: &ScannedInput,
        judged: Judged<'_>,
        note: &LintNote,
        base: Entry,
    ) -> Entry {
        let (origin, is_sensitive) = (judged.origin(), judged.is_sensitive());
        Entry {
            verdict: Verdict::Fail,
            statements: self.statement_of(scanned, origin, note).into_iter().collect(),
            snippet: self.plain_source(scanned, (origin, is_sensitive), note.statement),
            message: format!("{} ({})", note.message, note.rule),
            fingerprint: fingerprint(
                &base.standard,
                &origin.address,
                &format!("{} {}", note.rule, told(note)),
            ),
            ..base
        }
    }

    fn statement_of(
        &self,
        scanned: &ScannedInput,
        origin: &Origin,
        note: &LintNote,
    ) -> Option<EntryStatement> {
        let index = note.statement?;
        Some(EntryStatement {
            address: None,
            index,
            sid: note.sid.as_ref().map(ToString::to_string),
            location: self.statement_location(scanned, origin, index, note.sid.as_deref()),
        })
    }
}

fn severity(id: &str) -> Severity {
    rule(id).and_then(|rule| rule.severity).unwrap_or(Severity::Low)
}

/// What tells the statement of a note, and the note from others of its rule.
fn told(note: &LintNote) -> String {
    // The message begins with the place, which lines of a list may move.
    let text = note.message.split_once(": ").map_or("", |(_, text)| text);
    match (&note.sid, note.statement) {
        (Some(sid), _) => format!("{sid} {text}"),
        (None, Some(index)) => format!("{index} {text}"),
        (None, None) => text.to_string(),
    }
}
