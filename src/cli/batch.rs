//! `keyaki batch`: one JSON object a line in, one a line out, in order; errors are answers too. Memory is bounded by the
//! longest line.

use std::io::{self, BufRead, Read};
use std::panic::{self, AssertUnwindSafe};

use serde_json::{Map, Value, json};

use crate::check::lint::LintNote;
use crate::check::question::{
    AuthorizeQuestion, Fields, Question, asks_to_authorize, read_authorize, read_question,
};
use crate::check::{self, Finding, Options, Subject, Verdict, pass_message, request_json};
use crate::extract::Before;
use crate::iam::{Decision, Missing, PolicyPosition, authorize};
use crate::report::write_json_line;

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
        write_json_line(&answer, streams.stdout)?;
        streams.stdout.flush()?;
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
        if asks_to_authorize(&fields) {
            let question = read_authorize(&fields)?;
            return Ok((authorize_answer(id.clone(), &question), status::OK));
        }
        let question = read_question(&fields)?;
        Ok(verdict_answer(id.clone(), &question, &decide(&question, options)))
    }));
    match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err::<_, String>(message)) => (error_answer(id, &message), status::OK),
        Err(_) => (error_answer(id, "internal error"), status::INTERNAL),
    }
}

fn authorize_answer(id: Value, question: &AuthorizeQuestion) -> Value {
    let AuthorizeQuestion {
        request,
        resource_account,
        policies,
    } = question;
    let authorization = authorize(request, resource_account, policies);
    let result = match authorization.decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitDeny => "ImplicitDeny",
        Decision::ExplicitDeny => "ExplicitDeny",
    };
    let statements = authorization.statements.iter();
    let decided = statements.map(|(position, index)| {
        json!({"description": format!("{}, statement {index}", named(*position)), "statementIndex": index})
    });
    let missing = authorization.missing.iter();
    let missing = missing.map(|missing| json!({"description": missing_allow(*missing)}));
    let reasons: Vec<Value> = decided.chain(missing).collect();
    json!({"id": id, "result": result, "reasons": reasons})
}

/// A policy by its place in the question.
fn named(position: PolicyPosition) -> String {
    match position {
        PolicyPosition::Identity(at) => format!("`identity[{at}]`"),
        PolicyPosition::Resource => "`resource`".to_owned(),
        PolicyPosition::Boundary(at) => format!("`boundary[{at}]`"),
        PolicyPosition::Session => "`session`".to_owned(),
        PolicyPosition::Scp(level, at) => format!("`scps[{level}][{at}]`"),
        PolicyPosition::Rcp(level, at) => format!("`rcps[{level}][{at}]`"),
        PolicyPosition::Endpoint(at) => format!("`vpce[{at}]`"),
    }
}

fn missing_allow(missing: Missing) -> String {
    match missing {
        Missing::Identity => "no identity policy allows it".to_owned(),
        Missing::Resource => "the resource policy does not allow it".to_owned(),
        Missing::Boundary => "the permissions boundary does not allow it".to_owned(),
        Missing::Session => "the session policy does not allow it".to_owned(),
        Missing::ScpLevel(level) => format!("no policy of `scps[{level}]` allows it"),
        Missing::Endpoint => "the VPC endpoint policy does not allow it".to_owned(),
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
        whole: None,
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
    if let Verdict::Pass(proof) = verdict {
        if !proof.axioms.is_empty() {
            fields.insert("axioms".to_owned(), json!(proof.axioms));
        }
        if !proof.notes.is_empty() {
            let notes: Vec<Value> = proof
                .notes
                .iter()
                .map(|note| json!({"id": note.id, "message": note.message}))
                .collect();
            fields.insert("notes".to_owned(), json!(notes));
        }
    }
    if let Verdict::Fail(finding) = verdict
        && !finding.readings.is_empty()
    {
        fields.insert("readings".to_owned(), json!(finding.readings));
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

#[cfg(test)]
mod tests;
