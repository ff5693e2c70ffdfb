//! The formats: a row each, and how a report looks where it is read.

use std::io::{self, Write};

use super::{Report, full, github, gitlab, json, jsonl, junit, markdown, sarif, table};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// A table for terminals, with a sentence and a request for each finding.
    Table,
    /// For terminals, with the source of each finding and the change that mends it.
    Full,
    /// The versioned JSON report.
    Json,
    /// The same, one JSON object a line.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// Markdown for a step summary or a comment on a pull request.
    Markdown,
    /// JUnit XML.
    Junit,
    /// GitLab Code Quality.
    Gitlab,
    /// Workflow commands that annotate lines on GitHub.
    Github,
}

/// Each format and its word.
const WORDS: [(&str, Format); 9] = [
    ("table", Format::Table),
    ("full", Format::Full),
    ("json", Format::Json),
    ("jsonl", Format::Jsonl),
    ("sarif", Format::Sarif),
    ("markdown", Format::Markdown),
    ("junit", Format::Junit),
    ("gitlab", Format::Gitlab),
    ("github", Format::Github),
];

impl Format {
    /// The words of the formats there are.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// The format of that word.
    pub fn from_word(word: &str) -> Option<Format> {
        let row = WORDS.iter().find(|(known, _)| *known == word);
        row.map(|(_, format)| *format)
    }
}

/// How a report looks where it is read. The default is that of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub color: bool,
    /// Columns of a line.
    pub width: u16,
    /// Whether only findings and totals are shown.
    pub brief: bool,
    /// What locations are appended to in the links of a terminal, with a `/` at its end; none where it shows no links.
    pub terminal_links: Option<String>,
    /// What locations are appended to in the links of a web page, with a `/` at its end.
    pub web_links: Option<String>,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            color: false,
            width: 120,
            brief: false,
            terminal_links: None,
            web_links: None,
        }
    }
}

/// Writes the report.
pub fn write_report(report: &Report, format: Format, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(report, look, out),
        Format::Full => full::write(report, look, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => jsonl::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Markdown => markdown::write(report, look, out),
        Format::Junit => junit::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Github => github::write(report, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_word() {
        for (word, format) in WORDS {
            assert_eq!(Format::from_word(word), Some(format), "{word}");
        }
        assert_eq!(Format::words().count(), WORDS.len());
        assert_eq!(Format::from_word("xml"), None);
    }
}
