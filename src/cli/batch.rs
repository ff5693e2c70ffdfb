//! `keyaki batch`: one JSON object a line in, one a line out, in order; errors are answers too. Memory is bounded by the
//! longest line.

use std::io::{self, BufRead, Read, Write};
use std::panic::{self, AssertUnwindSafe};

use serde_json::{Map, Value, json};

use crate::check::lint::LintNote;
use crate::check::question::{Fields, Question, read_question};
use crate::check::{self, Finding, Options, Subject, Verdict, pass_message, request_json};
use crate::extract::Before;

use super::arguments::BatchArgs;
use super::limits::limits_and_options;
use super::{Failure, Streams, status};

/// Runs the command.
pub(super) fn run(args: &BatchArgs, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let (limits, options) = limits_and_options(&args.limits, Some(&args.engine));
    let mut worst = status::OK;
    loop {
        let line = match next_line(streams.stdin, limits.template_bytes) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(worst),
            Err(error) => {
                let _ = writeln!(streams.stderr, "error: standard input cannot be read: {error}");
                return Ok(status::worse(worst, status::OUTPUT_FAILED));
            }
        };
        let (answer, status) = match line {
            Line::Blank => continue,
            Line::TooLong => {
                let message = "the line is longer than the limit; raise it with `--limit template-bytes=N`";
                (error_answer(Value::Null, message), status::OK)
            }
            Line::Text(bytes) => answer_line(&bytes, &options),
        };
        worst = status::worse(worst, status);
        write_json_line(streams.stdout, &answer)?;
    }
}

/// A line of the input.
enum Line {
    /// Nothing but spaces: no question.
    Blank,
    /// Over the limit; it was skipped.
    TooLong,
    /// The bytes, without the line end.
    Text(Vec<u8>),
}

fn next_line(input: &mut dyn BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    if Read::take(&mut *input, most).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() > limit && bytes.last() != Some(&b'\n') {
        skip_line(input)?;
        return Ok(Some(Line::TooLong));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Some(Line::Blank));
    }
    Ok(Some(Line::Text(bytes)))
}

fn skip_line(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

/// The answer to one line, and the exit status it asks for.
fn answer_line(bytes: &[u8], options: &Options) -> (Value, u8) {
    let fields: Fields<'_> = match read_fields(bytes) {
        Ok(fields) => fields,
        Err(message) => return (error_answer(Value::Null, &message), status::OK),
    };
    let id = fields
        .get("id")
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or(Value::Null);
    let answered = panic::catch_unwind(AssertUnwindSafe(|| {
        read_question(&fields).map(|question| (decide(&question, options), question))
    }));
    match answered {
        Ok(Ok((verdict, question))) => verdict_answer(id, &question, &verdict),
        Ok(Err(message)) => (error_answer(id, &message), status::OK),
        Err(_) => (error_answer(id, "internal error"), status::INTERNAL),
    }
}

fn read_fields(bytes: &[u8]) -> Result<Fields<'_>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the line is not UTF-8 at byte {}", error.valid_up_to()))?;
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        match error.classify() {
            serde_json::error::Category::Data => {
                format!("the line is not a JSON object with fields that are given once (column {column})")
            }
            serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof
            | serde_json::error::Category::Io => format!("the line is not valid JSON at column {column}"),
        }
    })
}

fn decide(question: &Question, options: &Options) -> Verdict {
    let subject = Subject {
        document: &question.document,
        kind: question.kind,
        resource_type: question.resource_type.as_deref(),
        holes: &[],
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
    };
    check::check(&question.check, &check::prepare(subject), options)
}

fn verdict_answer(id: Value, question: &Question, verdict: &Verdict) -> (Value, u8) {
    let (mut answer, status) = match verdict {
        Verdict::Pass(proof) => {
            let answer = json!({
                "id": id, "result": "PASS", "message": pass_message(&question.check), "reasons": [],
                "solver": proof.solver,
            });
            (answer, status::OK)
        }
        Verdict::Fail(finding) => {
            let answer = json!({
                "id": id, "result": "FAIL", "message": finding.message, "reasons": reasons(finding),
                "counterexample": request_json(&finding.counterexample), "solver": finding.solver,
            });
            (answer, status::OK)
        }
        Verdict::Noted(notes) => {
            let reason =
                |note: &LintNote| json!({"description": note.message, "statementIndex": note.statement});
            let answer = json!({
                "id": id, "result": "FAIL", "message": "The policy document has one or more of the listed defects.",
                "reasons": notes.iter().map(reason).collect::<Vec<_>>(),
            });
            (answer, status::OK)
        }
        Verdict::Undecided(undecided) => {
            let answer = json!({
                "id": id, "result": "UNDECIDED", "message": "The policy could not be decided.",
                "reasons": [{"description": undecided.message}],
            });
            (answer, status::OK)
        }
        Verdict::Error(invalid) => return (error_answer(id, &invalid.message), status::OK),
        Verdict::Internal(message) => {
            return (
                error_answer(id, &format!("internal error: {message}")),
                status::INTERNAL,
            );
        }
    };
    if let Value::Object(fields) = &mut answer {
        add_remarks(fields, verdict);
    }
    (answer, status)
}

/// What is said only when it is so.
fn add_remarks(fields: &mut Map<String, Value>, verdict: &Verdict) {
    let (unconfirmed, realistic) = match verdict {
        Verdict::Pass(proof) => (proof.unconfirmed, true),
        Verdict::Fail(finding) => (finding.unconfirmed, finding.realistic),
        Verdict::Noted(_) | Verdict::Undecided(_) | Verdict::Error(_) | Verdict::Internal(_) => (false, true),
    };
    if unconfirmed {
        fields.insert("unconfirmed".to_owned(), json!(true));
    }
    if !realistic {
        fields.insert("realistic".to_owned(), json!(false));
    }
}

/// One reason a guilty statement; a finding without statements may still have reasons.
fn reasons(finding: &Finding) -> Vec<Value> {
    let of = |(position, description): (usize, &String)| {
        let mut reason = Map::new();
        reason.insert("description".to_owned(), json!(description));
        if let Some(statement) = finding.statements.get(position) {
            reason.insert("statementIndex".to_owned(), json!(statement.index));
            if let Some(sid) = &statement.sid {
                reason.insert("statementId".to_owned(), json!(sid.as_ref()));
            }
        }
        Value::Object(reason)
    };
    finding.reasons.iter().enumerate().map(of).collect()
}

fn error_answer(id: Value, message: &str) -> Value {
    json!({"id": id, "result": "ERROR", "message": message})
}

/// Writes a value on one line and flushes it. Characters that a terminal acts upon or an editor hides are escaped;
/// they can only stand in strings, where JSON allows it.
pub(super) fn write_json_line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if is_treacherous(c) {
            line.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// DEL, C1 controls, bidirectional controls, and the line and paragraph separators; all within four hexadecimal digits.
fn is_treacherous(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::cli::{Streams, Wish, run};

    fn answers(input: &[u8], more: &[&str]) -> (u8, Vec<Value>) {
        let (mut stdin, mut stdout, mut stderr) = (input, Vec::new(), Vec::new());
        let streams = Streams {
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            color: Wish::No,
            progress: Wish::No,
        };
        let args = ["keyaki", "batch"].iter().chain(more).map(Into::into);
        let status = run(args, streams).unwrap();
        let text = String::from_utf8(stdout).unwrap();
        (
            status,
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    }

    /// A line is answered with an ERROR that holds `expected`.
    fn refused(line: &str, expected: &str) {
        let (status, answers) = answers(line.as_bytes(), &[]);
        assert_eq!(status, 0, "{line}");
        let [answer] = answers.as_slice() else {
            panic!("{line}: {answers:?}")
        };
        assert_eq!(answer["result"], "ERROR", "{line}: {answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(expected), "{line}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    const POLICY: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

    fn asked(fields: &str, expected: &str) {
        refused(
            &format!(r#"{{"id":"1","policyDocument":{POLICY},{fields}}}"#),
            expected,
        );
    }

    #[test]
    fn lines_that_are_no_questions() {
        for (line, expected) in [
            ("hunter2", "not valid JSON at column 1"),
            ("[]", "not a JSON object"),
            ("\"hunter2\"", "not a JSON object"),
            ("{", "not valid JSON"),
            ("{} {}", "not valid JSON"),
            ("{}", "no `check`"),
            (
                r#"{"check":"no-public-access","check":"no-public-access"}"#,
                "given once",
            ),
            (
                r#"{"check":"no-public-acess"}"#,
                "did you mean `no-public-access`?",
            ),
            (r#"{"check":7}"#, "must be a string"),
            (r#"{"check":"authorize"}"#, "not supported yet"),
            (r#"{"check":"equivalent"}"#, "not supported yet"),
            (r#"{"check":"access-granted"}"#, "not supported yet"),
            (r#"{"check":"no-public-access"}"#, "no `policyDocument`"),
            (
                r#"{"check":"no-new-access","newPolicyDocument":{}}"#,
                "no `existingPolicyDocument`",
            ),
            (
                r#"{"check":"no-public-access","policyDocument":{"Statement":[],"Statement":[]}}"#,
                "`policyDocument`",
            ),
            (
                r#"{"check":"no-public-access","policyDocument":"{"}"#,
                "`policyDocument`",
            ),
            (
                r#"{"check":"no-public-access","policyDocument":"hunter2"}"#,
                "`policyDocument`",
            ),
        ] {
            refused(line, expected);
        }
    }

    #[test]
    fn questions_that_make_no_sense() {
        for (fields, expected) in [
            (r#""check":"access-not-granted""#, "needs `access`"),
            (r#""check":"access-not-granted","access":[]"#, "must not be empty"),
            (
                r#""check":"access-not-granted","access":[{}]"#,
                "needs `actions` or `resources`",
            ),
            (
                r#""check":"access-not-granted","access":[{"actions":[]}]"#,
                "must not be empty",
            ),
            (
                r#""check":"access-not-granted","access":[{"actions":["hunter2 "]}]"#,
                "an action is",
            ),
            (
                r#""check":"access-not-granted","access":[{"resources":["hunter2"]}]"#,
                "six parts",
            ),
            (r#""check":"access-not-granted","access":{}"#, "must be a list"),
            (
                r#""check":"access-not-granted","access":[[["s3:*"]]]"#,
                "must be a list of objects",
            ),
            (
                r#""check":"access-not-granted","access":[{"actions":["s3:*"],"actions":["s3:GetObject"]}]"#,
                "must be a list of objects",
            ),
            (
                r#""check":"access-not-granted","access":[{"actions":["s3:*"]}],"actions":["s3:*"]"#,
                "exclude each other",
            ),
            (r#""check":"access-denied","when":{}"#, "must not be empty"),
            (r#""check":"access-denied","actions":"s3:*""#, "a list of strings"),
            (
                r#""check":"no-public-access","policyType":"IDENTITY_POLICY""#,
                "does not apply to identity",
            ),
            (
                r#""check":"no-public-access","policyType":"SERVICE_CONTROL_POLICY""#,
                "`policyType` must be",
            ),
            (r#""check":"no-external-access""#, "needs `trust`"),
            (
                r#""check":"no-external-access","trust":{"accounts":["hunter2"]}"#,
                "12 digits",
            ),
            (r#""check":"no-external-access","trust":[]"#, "an object of lists"),
            (
                r#""check":"no-external-access","trust":{},"servicePrincipals":"all""#,
                "`trusted` or `confused-deputy`",
            ),
        ] {
            asked(fields, expected);
        }
    }

    #[test]
    fn answers_keep_the_order_and_the_id() {
        let (status, answers) = answers(
            b"{\"id\":{\"a\":[1.50]}}\n\n  \r\nx\n{\"id\":\"\xff\"}\n{\"id\":2}",
            &[],
        );
        assert_eq!(status, 0);
        let ids: Vec<String> = answers.iter().map(|answer| answer["id"].to_string()).collect();
        assert_eq!(ids, [r#"{"a":[1.50]}"#, "null", "null", "2"]);
    }

    #[test]
    fn a_line_over_the_limit_is_an_answer_too() {
        let input = format!("{{\"id\":\"{}\"}}\n{{\"id\":2}}\n", "x".repeat(100_000));
        let (status, answers) = answers(input.as_bytes(), &["--limit", "template-bytes=50"]);
        assert_eq!(status, 0);
        assert_eq!(answers.len(), 2);
        assert!(
            answers[0]["message"]
                .as_str()
                .unwrap()
                .contains("--limit template-bytes=N")
        );
        assert_eq!(answers[1]["id"], 2);
    }

    #[test]
    fn treacherous_characters_are_escaped() {
        let mut out = Vec::new();
        super::write_json_line(&mut out, &Value::from("a\u{1b}\u{9b}\u{202e}\u{2028}é")).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a\\u001b\\u009b\\u202e\\u2028é\"\n"
        );
    }
}
