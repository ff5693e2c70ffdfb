//! The JSON report, one object a line: what each is says its `type`. The run comes first and the summary last, so that a
//! report that was cut off shows.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use super::json::{finding, note, proof, standard, summary, tool, write_json_line};

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let run = json!({
        "version": 1,
        "tool": tool(),
        "standardsFile": report.standards_name,
        "inputs": report.inputs,
    });
    line("run", run, out)?;
    for entry in &report.findings {
        line("finding", finding(entry), out)?;
    }
    for remark in &report.notes {
        line("note", note(remark), out)?;
    }
    for row in &report.proofs {
        line("proof", proof(row), out)?;
    }
    for message in &report.errors {
        line("error", json!({"message": message}), out)?;
    }
    for message in &report.internal {
        line("internalError", json!({"message": message}), out)?;
    }
    for row in &report.standards {
        line("standard", standard(row), out)?;
    }
    line("summary", summary(report), out)
}

fn line(kind: &str, value: Value, out: &mut dyn Write) -> io::Result<()> {
    let mut object = serde_json::Map::new();
    object.insert("type".to_string(), json!(kind));
    if let Value::Object(members) = value {
        object.extend(members);
    }
    write_json_line(&object, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::tests::entry;

    #[test]
    fn each_line_is_an_object_and_the_summary_is_last() {
        let report = Report {
            findings: vec![entry()],
            errors: vec!["a\nb".to_string()],
            ..Report::default()
        };
        let mut bytes = Vec::new();
        write(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["run", "finding", "error", "summary"]);
        assert_eq!(lines[1]["standard"], "no-public");
        assert_eq!(lines[2]["message"], "a\nb");
    }
}
