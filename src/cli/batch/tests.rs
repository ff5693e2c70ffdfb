//! Lines in, lines out: what is refused, the order, and the answers of checks that have no corpus.

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
        terminal_links: None,
        web_links: None,
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
        (r#"{"check":"authorize"}"#, "no `request`"),
        (r#"{"check":"equivalent"}"#, "no `policyDocument`"),
        (
            r#"{"check":"equivalent","policyDocument":{"Statement":[]}}"#,
            "no `reference`",
        ),
        (
            r#"{"check":"equivalent","policyDocument":{"Statement":[]},"reference":{"Statement":7}}"#,
            "`reference`: statement 0",
        ),
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
        (
            r#""check":"access-granted","actions":["s3:*"]"#,
            "needs `principals`",
        ),
        (
            r#""check":"access-granted","principals":["123456789012"],"resources":["*"]"#,
            "needs `actions`",
        ),
        (
            r#""check":"access-granted","principals":["arn:aws:iam::123456789012:role/*"],"actions":["s3:*"]"#,
            "without wildcards",
        ),
        (
            r#""check":"access-granted","access":[{"actions":["s3:*"]}]"#,
            "needs `principals`",
        ),
        (
            r#""check":"access-granted","principals":["123456789012"]"#,
            "needs `access`, `actions`",
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

/// The one answer to one line.
fn answer(line: &str) -> Value {
    let (status, answers) = answers(line.as_bytes(), &[]);
    assert_eq!(status, 0, "{line}");
    answers.into_iter().next().expect(line)
}

#[test]
fn requests_are_authorized() {
    const USER: &str = "arn:aws:iam::123456789012:user/u";
    let ask = |policies: &str| {
        answer(&format!(
            r#"{{"id":"5","check":"authorize","policies":{{{policies}}},"request":{{"principal":"{USER}","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resource_account":"123456789012","context":{{}}}}}}"#
        ))
    };
    let deny = POLICY.replace("Allow", "Deny");
    for (policies, result, reason) in [
        (
            format!(r#""identity":[{POLICY}]"#),
            "Allowed",
            "`identity[0]`, statement 0",
        ),
        (String::new(), "ImplicitDeny", "no identity policy allows it"),
        (
            format!(r#""identity":[{POLICY}],"scps":[[{POLICY}],[]]"#),
            "ImplicitDeny",
            "no policy of `scps[1]` allows it",
        ),
        (
            format!(r#""identity":[{POLICY}],"boundary":[{POLICY},{deny}]"#),
            "ExplicitDeny",
            "`boundary[1]`, statement 0",
        ),
    ] {
        let answer = ask(&policies);
        assert_eq!(answer["id"], "5");
        assert_eq!(answer["result"], result, "{answer}");
        assert_eq!(answer["reasons"][0]["description"], reason, "{answer}");
    }
}

#[test]
fn both_directions_are_told() {
    let less = POLICY.replace("s3:*", "s3:Get*");
    let ask = |policy: &str, reference: &str| {
        answer(&format!(
            r#"{{"check":"equivalent","policyDocument":{policy},"reference":{reference}}}"#
        ))
    };
    for (policy, reference, result, message) in [
        (POLICY, POLICY, "PASS", "grant the same access"),
        (POLICY, &less, "FAIL", "that the reference does not grant"),
        (
            &less,
            POLICY,
            "FAIL",
            "does not grant access that the reference grants",
        ),
    ] {
        let answer = ask(policy, reference);
        assert_eq!(answer["result"], result, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }
}

#[test]
fn what_must_be_granted_is_asked() {
    let ask = |policy: &str| {
        answer(&format!(
            r#"{{"check":"access-granted","policyDocument":{policy},"principals":["arn:aws:iam::123456789012:role/r"],"actions":["s3:GetObject"]}}"#
        ))
    };
    assert_eq!(ask(POLICY)["result"], "PASS");
    let refused = ask(&POLICY.replace("s3:*", "s3:Put*"));
    assert_eq!(refused["result"], "FAIL", "{refused}");
    let counterexample = &refused["counterexample"];
    assert_eq!(counterexample["action"], "s3:GetObject");
    assert_eq!(
        counterexample["principal"],
        "arn:aws:sts::123456789012:assumed-role/r/session"
    );
    let reason = &refused["reasons"][0]["description"];
    assert_eq!(reason, "No statement allows one or more of the listed requests.");
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
    super::write_json_line(&Value::from("a\u{1b}\u{9b}\u{202e}\u{2028}é ##vso[x]"), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "\"a\\u001b\\u009b\\u202e\\u2028é \\u0023#vso[x]\"\n"
    );
}
