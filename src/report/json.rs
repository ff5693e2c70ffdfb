//! The JSON report (interface.md, version 1), and JSON text without characters that steer a terminal.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Value, json};

use crate::check::request_json;
use crate::extract::PolicyKind;

use super::document::change_json;
use super::regions::region_json;
use super::write::is_unsafe;
use super::{Entry, EntryStatement, Location, ProofRow, Remark, Report, StandardRow};

/// The report as it is written. What there may be many of is made when it is its turn.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'r> {
    version: u8,
    tool: Value,
    standards_file: &'r str,
    inputs: &'r [String],
    summary: Value,
    standards: Each<'r, StandardRow>,
    notes: Each<'r, Remark>,
    proofs: Each<'r, ProofRow>,
    errors: &'r [String],
    internal_errors: &'r [String],
    findings: Each<'r, Entry>,
}

/// A list, and what is written of each member.
struct Each<'r, T>(&'r [T], fn(&T) -> Value);

impl<T> Serialize for Each<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let written = Written {
        version: 1,
        tool: tool(),
        standards_file: &report.standards_name,
        inputs: &report.inputs,
        summary: summary(report),
        standards: Each(&report.standards, standard),
        notes: Each(&report.notes, note),
        proofs: Each(&report.proofs, proof),
        errors: &report.errors,
        internal_errors: &report.internal,
        findings: Each(&report.findings, finding),
    };
    write_json(&written, out)
}

/// Writes any value as indented JSON and a line feed. Beside what JSON must escape, the characters that
/// [`super::Sanitised`] escapes are written as `\uXXXX`.
pub(super) fn write_json<T: Serialize>(value: &T, mut out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Harmless(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    writeln!(out)
}

/// Writes any value as JSON in one line and a line feed. No character in it steers a terminal or a log.
pub fn write_json_line<T: Serialize>(value: &T, mut out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Harmless(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    writeln!(out)
}

/// What wrote the report.
pub(super) fn tool() -> Value {
    json!({"name": "keyaki", "version": env!("CARGO_PKG_VERSION")})
}

/// The counts.
pub(super) fn summary(report: &Report) -> Value {
    json!({"policies": report.policies, "results": report.results})
}

/// A location as JSON.
pub(super) fn location(location: &Location) -> Value {
    json!({
        "uri": location.uri,
        "startLine": location.region.start_line,
        "startColumn": location.region.start_column,
        "endLine": location.region.end_line,
        "endColumn": location.region.end_column,
    })
}

/// A standard and its counts.
pub(super) fn standard(row: &StandardRow) -> Value {
    json!({
        "id": row.id,
        "check": row.check,
        "severity": row.severity.word(),
        "matched": row.matched,
        "pass": row.pass,
        "fail": row.fail,
        "undecided": row.undecided,
    })
}

/// A note.
pub(super) fn note(note: &Remark) -> Value {
    let about = note.about.as_ref();
    json!({
        "id": note.id,
        "address": note.address,
        "message": note.message,
        "severity": about.map(|about| about.severity.word()),
        "statement": about.and_then(|about| about.statement.as_ref()).map(statement),
        "location": about.map(|about| location(&about.location)),
    })
}

/// A PASS that rests on axioms.
pub(super) fn proof(row: &ProofRow) -> Value {
    json!({"standard": row.standard, "input": row.input, "address": row.address, "axioms": row.axioms})
}

/// A finding.
pub(super) fn finding(entry: &Entry) -> Value {
    let denies: Vec<Value> = entry
        .denies
        .iter()
        .map(|deny| {
            let told = json!({"index": deny.index, "sid": deny.sid.as_deref(), "why": deny.why});
            with_address(told, deny.document.as_deref())
        })
        .collect();
    let assumes: Vec<Value> = entry
        .assumes
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let regions = entry.regions.as_ref();
    let listed = regions.map(|regions| regions.listed.iter().map(region_json).collect::<Vec<_>>());
    json!({
        "standard": entry.standard,
        "severity": entry.severity.word(),
        "verdict": entry.verdict.word(),
        "input": entry.input,
        "address": entry.address,
        "name": entry.name,
        "resourceType": entry.resource_type,
        "kind": entry.kind.map(PolicyKind::word),
        "location": location(&entry.location),
        "statements": entry.statements.iter().map(statement).collect::<Vec<_>>(),
        "message": entry.message,
        "reason": entry.reason,
        "holes": entry.holes,
        "counterexample": entry.counterexample.as_ref().map(request_json),
        "assumes": assumes,
        "denies": denies,
        "realistic": entry.realistic,
        "readings": entry.readings,
        "regions": listed,
        "moreRegions": regions.map(|regions| json!({"count": regions.more, "atLeast": regions.at_least})),
        "change": entry.change.as_ref().map(|change| change_json(change, entry.kind)),
        "solver": entry.solver,
        "open": entry.open,
        "fingerprint": entry.fingerprint,
        "evidence": entry.evidence,
    })
}

fn statement(statement: &EntryStatement) -> Value {
    let told = json!({
        "index": statement.index,
        "sid": statement.sid,
        "location": statement.location.as_ref().map(location),
    });
    with_address(told, statement.address.as_deref())
}

/// The address of the document, where it is not that of the finding.
fn with_address(mut told: Value, address: Option<&str>) -> Value {
    if let (Some(address), Value::Object(members)) = (address, &mut told) {
        members.insert("address".to_owned(), json!(address));
    }
    told
}

/// JSON whose strings hold no character that could do anything but show.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut characters = fragment.chars().peekable();
        let mut shown = String::with_capacity(fragment.len());
        while let Some(c) = characters.next() {
            // Log commands such as `##[group]` are looked for anywhere in a line.
            let command = c == '#' && characters.peek() == Some(&'#');
            match command || is_unsafe(c) {
                true => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
                false => shown.push(c),
            }
        }
        writer.write_all(shown.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::Severity;
    use crate::iam::{ContextKey, Principal, Request};
    use crate::report::Verdict;
    use crate::source::Region;

    /// A finding for tests of all formats.
    pub(in crate::report) fn entry() -> Entry {
        let at = |start_line: usize| Location {
            uri: "infra/plan.json".to_string(),
            region: Region {
                start_line,
                start_column: 3,
                end_line: start_line + 1,
                end_column: 9,
            },
            surrogates: (0, 0),
        };
        Entry {
            standard: "no-public".to_string(),
            severity: Severity::Critical,
            verdict: Verdict::Fail,
            input: "infra/plan.json".to_string(),
            address: r#"aws_s3_bucket_policy.b["x"]"#.to_string(),
            name: None,
            resource_type: "aws_s3_bucket_policy".to_string(),
            kind: Some(PolicyKind::Resource),
            location: at(4),
            statements: vec![EntryStatement {
                address: None,
                index: 1,
                sid: Some("Public".to_string()),
                location: Some(at(7)),
            }],
            message: "anyone can `s3:GetObject` on `arn:aws:s3:::b/{x}`".to_string(),
            reason: None,
            holes: vec![],
            counterexample: Some(request()),
            assumes: vec![("parameter Bucket".to_string(), "b".to_string())],
            denies: vec![],
            realistic: Some(true),
            readings: vec![],
            regions: None,
            change: None,
            snippet: None,
            attachments: vec![],
            solver: Some("glob"),
            open: false,
            fingerprint: "f".repeat(32),
            evidence: "e".repeat(64),
        }
    }

    fn request() -> Request {
        Request {
            principal: Principal::Anonymous,
            action: "s3:GetObject".to_string(),
            resource: "arn:aws:s3:::b/k".to_string(),
            context: BTreeMap::from([
                (ContextKey::new("aws:SecureTransport"), vec!["true".to_string()]),
                (ContextKey::new("aws:TagKeys"), vec!["a".to_string()]),
            ]),
            readings: BTreeMap::new(),
            holes: BTreeMap::new(),
            facts: BTreeMap::new(),
        }
    }

    #[test]
    fn the_report_has_the_documented_keys() {
        let report = Report {
            findings: vec![entry()],
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, &mut bytes).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        for key in [
            "version",
            "tool",
            "inputs",
            "summary",
            "standards",
            "notes",
            "proofs",
            "findings",
        ] {
            assert!(value.get(key).is_some(), "{key}");
        }
        let finding = &value["findings"][0];
        for key in [
            "standard",
            "severity",
            "verdict",
            "input",
            "address",
            "resourceType",
            "kind",
            "location",
            "statements",
            "message",
            "counterexample",
            "assumes",
            "denies",
            "realistic",
            "open",
            "fingerprint",
            "evidence",
        ] {
            assert!(finding.get(key).is_some(), "{key}");
        }
        assert_eq!(finding["statements"][0]["location"]["startLine"], json!(7));
    }

    #[test]
    fn strings_hold_no_controls() {
        let mut bytes = Vec::new();
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}é\" ##[x] ###vso[";
        write_json(&json!([text]), &mut bytes).unwrap();
        let written = String::from_utf8(bytes).unwrap();
        assert!(
            !written.trim_end().contains(|c| c != '\n' && is_unsafe(c)),
            "{written}"
        );
        assert!(!written.contains("##"), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!([text]));
    }
}
