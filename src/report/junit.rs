//! JUnit XML, written by hand: a suite for each standard, a case for each finding, and one case for all that pass. What
//! is not decided is an error: it must not look like success.

use std::io::{self, Write};

use super::escape::xml;
use super::request::request_rows;
use super::write::Sanitised;
use super::{Entry, INVALID_RULE, Remark, Report, UNDECIDED_RULE, Verdict};

/// Characters of an attribute.
const NAME: usize = 300;
/// Characters of a line of text.
const SENTENCE: usize = 2_000;

/// A suite of cases.
struct Suite<'a> {
    name: &'a str,
    /// In words, what passes.
    passing: Option<String>,
    /// Why there is nothing.
    skipped: Option<&'static str>,
    findings: Vec<&'a Entry>,
    /// What could not be read.
    lost: &'a [String],
}

/// Cases, failures, errors and cases that are skipped.
type Counts = [usize; 4];

impl Suite<'_> {
    fn counts(&self) -> Counts {
        let failed = |entry: &&&Entry| entry.verdict == Verdict::Fail;
        let failures = self.findings.iter().filter(failed).count();
        let skipped = usize::from(self.skipped.is_some());
        let whole = self.findings.len() + self.lost.len();
        let cases = whole + skipped + usize::from(self.passing.is_some());
        [cases, failures, whole - failures, skipped]
    }
}

/// Counts as attributes.
fn attributes([cases, failures, errors, skipped]: Counts) -> String {
    format!("tests=\"{cases}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// Writes the report. There are no times in it: the same run gives the same bytes.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Sanitised::new(out);
    let suites = suites(report);
    let sum = suites
        .iter()
        .map(Suite::counts)
        .fold(Counts::default(), |sum, counts| {
            std::array::from_fn(|at| sum.get(at).unwrap_or(&0) + counts.get(at).unwrap_or(&0))
        });
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"keyaki\" {}>", attributes(sum))?;
    let assumed: Vec<&Remark> = report.assumptions().collect();
    for suite in &suites {
        write_suite(suite, &assumed, &mut out)?;
    }
    writeln!(out, "</testsuites>")
}

/// A suite for each standard; those of the two rules that are always there, and of lost inputs, only where needed.
fn suites(report: &Report) -> Vec<Suite<'_>> {
    let of = |name: &str| -> Vec<&Entry> {
        let findings = report.findings.iter();
        findings.filter(|entry| entry.standard == name).collect()
    };
    let standards = report.standards.iter().map(|row| Suite {
        name: &row.id,
        passing: (row.pass > 0).then(|| match row.pass {
            1 => "1 policy passes".to_string(),
            several => format!("{several} policies pass"),
        }),
        skipped: (row.matched == 0).then_some("no policy is in the scope of this standard"),
        findings: of(&row.id),
        lost: &[],
    });
    let extra = [
        (UNDECIDED_RULE, of(UNDECIDED_RULE), &[][..]),
        (INVALID_RULE, of(INVALID_RULE), &[][..]),
        ("not-scanned", Vec::new(), report.errors.as_slice()),
        ("internal-error", Vec::new(), report.internal.as_slice()),
    ];
    let extra = extra
        .into_iter()
        .filter(|(name, findings, lost)| {
            let taken = report.standards.iter().any(|row| row.id == *name);
            !lost.is_empty() || (!findings.is_empty() && !taken)
        })
        .map(|(name, findings, lost)| Suite {
            name,
            passing: None,
            skipped: None,
            findings,
            lost,
        });
    standards.chain(extra).collect()
}

fn write_suite(suite: &Suite<'_>, assumed: &[&Remark], out: &mut dyn Write) -> io::Result<()> {
    let name = xml(suite.name, NAME);
    writeln!(
        out,
        "  <testsuite name=\"{name}\" {}>",
        attributes(suite.counts())
    )?;
    if !assumed.is_empty() {
        writeln!(out, "    <properties>")?;
        for note in assumed {
            let (id, message) = (xml(&note.id, NAME), xml(&note.message, SENTENCE));
            writeln!(out, "      <property name=\"{id}\" value=\"{message}\"/>")?;
        }
        writeln!(out, "    </properties>")?;
    }
    if let Some(passing) = &suite.passing {
        writeln!(out, "    <testcase classname=\"{name}\" name=\"{passing}\"/>")?;
    }
    if let Some(why) = suite.skipped {
        writeln!(out, "    <testcase classname=\"{name}\" name=\"{name}\">")?;
        writeln!(out, "      <skipped message=\"{why}\"/>")?;
        writeln!(out, "    </testcase>")?;
    }
    for entry in &suite.findings {
        write_finding(entry, &name, out)?;
    }
    for message in suite.lost {
        let message = xml(message, SENTENCE);
        writeln!(
            out,
            "    <testcase classname=\"{name}\" name=\"{}\">",
            xml(suite.name, NAME)
        )?;
        writeln!(out, "      <error type=\"{name}\" message=\"{message}\"/>")?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn write_finding(entry: &Entry, class: &str, out: &mut dyn Write) -> io::Result<()> {
    let place = entry.place();
    let element = match entry.verdict {
        Verdict::Fail => "failure",
        Verdict::Undecided | Verdict::Error => "error",
    };
    writeln!(
        out,
        "    <testcase classname=\"{class}\" name=\"{}\" file=\"{}\" line=\"{}\">",
        xml(&entry.address, NAME),
        xml(&place.path(), NAME),
        place.region.start_line
    )?;
    writeln!(
        out,
        "      <{element} type=\"{}\" message=\"{}\">{}:{}",
        entry.verdict.word(),
        xml(&entry.message, SENTENCE),
        xml(&place.path(), NAME),
        place.region.start_line
    )?;
    for (name, value) in entry
        .counterexample
        .as_ref()
        .map(request_rows)
        .unwrap_or_default()
    {
        writeln!(out, "{} {}", xml(&name, NAME), xml(&value, SENTENCE))?;
    }
    writeln!(out, "</{element}>")?;
    writeln!(out, "    </testcase>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Severity;
    use crate::report::StandardRow;
    use crate::report::json::tests::entry;

    fn written(report: &Report) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn row(matched: usize, pass: usize) -> StandardRow {
        StandardRow {
            id: "no-public".to_string(),
            description: String::new(),
            severity: Severity::Critical,
            check: "no-public-access",
            matched,
            pass,
            fail: 1,
            undecided: 0,
        }
    }

    #[test]
    fn cases_are_counted() {
        let undecided = Entry {
            verdict: Verdict::Undecided,
            address: "<a>\"\u{0}".to_string(),
            ..entry()
        };
        let report = Report {
            standards: vec![row(4, 2)],
            findings: vec![entry(), undecided],
            errors: vec!["a.json: <not> JSON".to_string()],
            ..Report::default()
        };
        let text = written(&report);
        for part in [
            "<testsuites name=\"keyaki\" tests=\"4\" failures=\"1\" errors=\"2\" skipped=\"0\">",
            "<testsuite name=\"no-public\" tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\">",
            "<testcase classname=\"no-public\" name=\"2 policies pass\"/>",
            "name=\"aws_s3_bucket_policy.b[&quot;x&quot;]\" file=\"infra/plan.json\" line=\"7\"",
            "name=\"&lt;a&gt;&quot;\\u{0}\"",
            "\naction s3:GetObject\n",
            "message=\"a.json: &lt;not&gt; JSON\"",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_standard_that_matched_nothing_is_skipped() {
        let report = Report {
            standards: vec![row(0, 0)],
            ..Report::default()
        };
        assert!(written(&report).contains("<skipped message=\"no policy is in the scope"));
    }
}
