//! What the fuzz targets do with an input. Every function panics when something does not hold that must. The test suite
//! includes this file and replays the seeds, so that they count without a fuzzer too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use keyaki::check::{self, Check, Engine, Options, Subject, Verdict};
use keyaki::cli::{self, Streams, Wish};
use keyaki::extract::{Before, PolicyKind};
use keyaki::formula::{
    Claim, Fact, Formula, Meaning, Slot, ValueSet, Variable, Vocabulary, and, holds, member, model_of, not,
};
use keyaki::iam::{
    ContextKey, Decision, DocumentKind, Glob, OPERATORS, Pattern, Principal, Request, Token, Value,
    decode_base64, evaluate, parse_cidr, parse_document, parse_instant, parse_number,
};
use keyaki::solve::{Answer, Solver, glob::GlobSolver};
use keyaki::source::{Limits, LoadError, SourceFile};

/// What is done with an input.
pub type Target = fn(&[u8]);

/// The targets by name; each has a folder of seeds.
pub const TARGETS: &[(&str, Target)] = &[
    ("conditions", conditions),
    ("contract", contract),
    ("globs", globs),
    ("plan", plan),
    ("policy", policy),
    ("render", render),
    ("sarif", sarif),
    ("standards", standards),
    ("template", template),
    ("values", values),
];

/// One of each check.
const STANDARDS: &str = r#"version: 1
trust: {accounts: ["123456789012"]}
standards:
  - {id: no-public, severity: critical, check: no-public-access}
  - {id: only-ours, severity: high, check: no-external-access}
  - {id: no-passrole, check: access-not-granted, actions: ["iam:PassRole", "s3:Delete*"]}
  - {id: tls-only, check: access-denied, actions: ["s3:*"], when: {Bool: {"aws:SecureTransport": "false"}}, scope: {kinds: [resource]}}
  - {id: sound, severity: low, check: lint, rules: [unmatchable-statement]}
"#;

/// A run of the command line that stays in memory but for its input.
struct Ran {
    status: u8,
    stdout: String,
    stderr: String,
}

/// The folder of this process and thread, and the standards file in it.
fn folder() -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    let folder = std::env::temp_dir().join(format!("keyaki-fuzz-{}-{number}", std::process::id()));
    if !folder.is_dir() {
        fs::create_dir_all(&folder).expect("a scratch folder");
        fs::write(folder.join("keyaki.yaml"), STANDARDS).expect("a standards file");
    }
    folder
}

fn run(command: &str, data: &[u8], arguments: &[&str]) -> Ran {
    let folder = folder();
    let input = folder.join("input");
    fs::write(&input, data).expect("an input");
    let mut words = vec![
        "keyaki".into(),
        command.into(),
        input.into_os_string(),
        "--jobs".into(),
        "1".into(),
    ];
    if command == "check" {
        words.extend(["--standards".into(), folder.join("keyaki.yaml").into_os_string()]);
    }
    words.extend(arguments.iter().map(Into::into));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let streams = Streams {
        stdin: &mut io::empty(),
        stdout: &mut stdout,
        stderr: &mut stderr,
        color: Wish::No,
        progress: Wish::No,
        terminal_links: None,
        web_links: None,
    };
    let status = cli::run(words, streams).expect("memory can be written to");
    let _ = fs::remove_dir_all(folder);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is written is UTF-8");
    let ran = Ran {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    };
    // 2 is an input of a sort that is refused as a whole: a state, a binary plan.
    assert!(ran.status <= 4, "status {}: {}", ran.status, ran.stderr);
    ran
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("a report is JSON")
}

fn count(value: &serde_json::Value, path: &str) -> u64 {
    value
        .pointer(path)
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// Extraction from plans: what was found is told, or why it was not.
pub fn plan(data: &[u8]) {
    extracted(data);
}

/// Extraction from templates.
pub fn template(data: &[u8]) {
    extracted(data);
}

fn extracted(data: &[u8]) {
    let ran = run("extract", data, &[]);
    if ran.status == 0 {
        let report = json(&ran.stdout);
        let gaps = report
            .get("gaps")
            .and_then(serde_json::Value::as_array)
            .expect("gaps");
        assert!(gaps.is_empty(), "status 0 with gaps: {gaps:?}");
    }
}

/// The end-to-end contract: the exit status says no less than the report, and only a clean report is a success.
pub fn contract(data: &[u8]) {
    let ran = run("check", data, &["--format", "json"]);
    if ran.status == 2 {
        return assert!(!ran.stderr.is_empty(), "refused without a reason");
    }
    let report = json(&ran.stdout);
    let [violated, undecided, error] =
        ["fail", "undecided", "error"].map(|word| count(&report, &format!("/summary/results/{word}")));
    let [open, invalid] =
        ["undecided", "invalid"].map(|word| count(&report, &format!("/summary/policies/{word}")));
    let lost = |key: &str| {
        report
            .get(key)
            .and_then(serde_json::Value::as_array)
            .map_or(0, Vec::len)
    };
    assert_eq!(lost("internalErrors"), 0, "{}", ran.stdout);
    let expected = if lost("errors") > 0 || error + invalid > 0 {
        3
    } else if violated > 0 {
        1
    } else if undecided + open > 0 {
        4
    } else {
        0
    };
    assert_eq!(ran.status, expected, "{}\n{}", ran.stdout, ran.stderr);
}

/// A SARIF report is JSON, its results name rules that are there, and its regions are well-formed.
pub fn sarif(data: &[u8]) {
    let ran = run("check", data, &["--format", "sarif"]);
    if ran.status == 2 {
        return;
    }
    let report = json(&ran.stdout);
    assert_eq!(report["version"], "2.1.0");
    let whole = &report["runs"][0];
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let rules: BTreeSet<String> = list(&whole["tool"]["driver"]["rules"])
        .iter()
        .map(|rule| rule["id"].to_string())
        .collect();
    for result in list(&whole["results"]) {
        assert!(rules.contains(&result["ruleId"].to_string()), "no rule: {result}");
        assert!(
            !result["message"]["text"].as_str().unwrap_or_default().is_empty(),
            "no message: {result}"
        );
        for location in list(&result["locations"]) {
            let region = &location["physicalLocation"]["region"];
            let number = |key: &str| region[key].as_u64();
            if let (Some(start), Some(end)) = (number("startLine"), number("endLine")) {
                assert!(1 <= start && start <= end, "{region}");
            }
        }
    }
}

/// Nothing that steers a terminal or a log is written, whatever stands in the input.
pub fn render(data: &[u8]) {
    for format in ["table", "json"] {
        let ran = run("check", data, &["--format", format]);
        for text in [&ran.stdout, &ran.stderr] {
            let steers = |c: char| {
                (c.is_control() && !matches!(c, '\n' | '\t'))
                    || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!text.contains(steers), "{text:?}");
            let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
            assert_eq!(commands.count(), 0, "{text:?}");
        }
    }
}

/// A standards file is read or refused with a reason; ids are unique.
pub fn standards(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = SourceFile {
        name: "keyaki.yaml".to_owned(),
        text: text.to_owned(),
    };
    let read = |relative: &str| {
        Err(LoadError {
            file: relative.to_owned(),
            message: "not there".to_owned(),
            usage: true,
        })
    };
    match check::standards::parse_standards(&file, &Limits::default(), &read) {
        Ok(file) => {
            let ids: BTreeSet<&str> = file
                .standards
                .iter()
                .map(|standard| standard.id.as_str())
                .collect();
            assert_eq!(ids.len(), file.standards.len(), "an id is there twice");
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            assert!(
                problems
                    .iter()
                    .all(|problem| problem.0.starts_with("keyaki.yaml:")),
                "{problems:?}"
            );
        }
    }
}

/// Policy text in every kind: parsed or refused; a parsed one gets a verdict, and a FAIL replays.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let kinds = [
        (DocumentKind::Identity, PolicyKind::Identity),
        (DocumentKind::Resource, PolicyKind::Resource),
        (DocumentKind::Trust, PolicyKind::Trust),
        (DocumentKind::Scp, PolicyKind::Scp),
        (DocumentKind::Rcp, PolicyKind::Rcp),
    ];
    let options = Options {
        engine: Engine::Glob,
        steps: 200_000,
        ..Options::default()
    };
    for (kind, policy_kind) in kinds {
        let document = match parse_document(&Value::text(text), kind) {
            Ok(parsed) => parsed.document,
            Err(invalid) => {
                assert!(!invalid.message.is_empty());
                continue;
            }
        };
        let subject = Subject {
            document: &document,
            kind: policy_kind,
            resource_type: None,
            holes: &[],
            before: &Before::NotTold,
            default_facts: &[],
            account: None,
            whole: None,
        };
        let check = Check::NoPublicAccess { resource_type: None };
        match check::check(&check, &check::prepare(subject), &options) {
            Verdict::Fail(finding) => {
                let decision = evaluate(&document, &finding.counterexample).decision;
                assert_eq!(decision, Decision::Allowed, "{text}");
            }
            Verdict::Internal(message) => panic!("{text}: {message}"),
            Verdict::Pass(_) | Verdict::Undecided(_) | Verdict::Noted(_) | Verdict::Error(_) => {}
        }
    }
}

/// Choices out of the bytes of an input; zero when they run out.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) % bound
    }

    fn pick<'t>(&mut self, items: &[&'t str]) -> &'t str {
        items[self.below(items.len())]
    }

    fn tokens(&mut self) -> Vec<Token> {
        (0..self.below(7))
            .map(|_| {
                [
                    Token::Char('a'),
                    Token::Char('b'),
                    Token::Char(':'),
                    Token::Any,
                    Token::Star,
                ][self.below(5)]
            })
            .collect()
    }
}

/// Matching as one would write it down first.
fn naive(tokens: &[Token], text: &[char]) -> bool {
    match (tokens.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((Token::Star, after)), None) => naive(after, text),
        (Some((Token::Star, after)), Some((_, rest))) => naive(after, text) || naive(tokens, rest),
        (Some((Token::Any, after)), Some((_, rest))) => naive(after, rest),
        (Some((Token::Char(c), after)), Some((first, rest))) => c == first && naive(after, rest),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether two globs have a text in common, likewise.
fn naive_meet(left: &[Token], right: &[Token]) -> bool {
    match (left.split_first(), right.split_first()) {
        (None, None) => true,
        (Some((Token::Star, after)), _) if naive_meet(after, right) => true,
        (_, Some((Token::Star, after))) if naive_meet(left, after) => true,
        (Some((Token::Star, _)), Some((_, rest))) => naive_meet(left, rest),
        (Some((_, rest)), Some((Token::Star, _))) => naive_meet(rest, right),
        (Some((Token::Char(a), _)), Some((Token::Char(b), _))) if a != b => false,
        (Some((_, own)), Some((_, theirs))) => naive_meet(own, theirs),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// All texts of at most four characters over a small alphabet. `z` stands for all that the globs do not name.
fn short_texts() -> Vec<Vec<char>> {
    let mut texts = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..4 {
        let until = texts.len();
        for at in from..until {
            for c in ['a', 'b', ':', 'z'] {
                let mut text = texts[at].clone();
                text.push(c);
                texts.push(text);
            }
        }
        from = until;
    }
    texts
}

/// Globs against the naive matcher: matching, normalising, meeting, covering, and the engine's answers about them.
pub fn globs(data: &[u8]) {
    let mut choices = Choices(data);
    let (first, second) = (choices.tokens(), choices.tokens());
    let (one, other) = (Glob::new(first.clone()), Glob::new(second.clone()));
    let as_written: Pattern = first.iter().copied().collect();
    let covers = one.surely_covers(&other);
    let (mut common, mut apart) = (false, false);
    for text in short_texts() {
        let word: String = text.iter().collect();
        let expected = naive(&first, &text);
        assert_eq!(one.matches(&word), expected, "{first:?} {word}");
        assert_eq!(as_written.matches(&word), Some(expected), "{first:?} {word}");
        assert_eq!(
            one.matches_folded(&word.to_ascii_uppercase()),
            expected,
            "{first:?} {word}"
        );
        let by_other = naive(&second, &text);
        common |= expected && by_other;
        apart |= expected && !by_other;
        assert!(
            !covers || expected || !by_other,
            "{first:?} covers {second:?} but for {word}"
        );
    }
    let meet = naive_meet(&first, &second);
    assert_eq!(one.intersects(&other), meet, "{first:?} {second:?}");
    assert_eq!(other.intersects(&one), meet, "{first:?} {second:?}");
    let variable = Variable::Key(Slot {
        key: ContextKey::new("aws:PrincipalTag/t"),
        index: 0,
    });
    let within = |glob: &Glob| member(variable.clone(), ValueSet::Globs([glob.clone()].into()));
    let engine = GlobSolver { steps: 1_000_000 };
    let both = and([within(&one), within(&other)]);
    let left = and([within(&one), not(&within(&other))]);
    for (formula, found) in [(&both, common), (&left, apart)] {
        match engine.solve(formula) {
            Answer::Unsat => assert!(!found, "{first:?} {second:?}: {formula:?}"),
            Answer::Sat(model) => assert!(holds(formula, &model), "{formula:?} {model:?}"),
            Answer::Unknown(reason) => panic!("{formula:?}: {reason:?}"),
        }
    }
    assert_eq!(
        matches!(engine.solve(&both), Answer::Sat(_)),
        meet,
        "{first:?} {second:?}"
    );
}

const KEYS: &[&str] = &[
    "aws:PrincipalTag/t",
    "aws:TagKeys",
    "s3:max-keys",
    "aws:SourceIp",
    "aws:SecureTransport",
    "aws:SourceArn",
    "aws:CurrentTime",
    "aws:PrincipalArn",
    "aws:username",
    "kms:Blob",
];
const WANTED: &[&str] = &[
    "a",
    "a*",
    "?",
    "",
    "A",
    "${aws:username}",
    "${aws:PrincipalTag/t, 'a'}",
    "${*}",
    "10",
    "9.50",
    "10.0.0.0/8",
    "2001:db8::/32",
    "true",
    "false",
    "arn:aws:s3:::a*",
    "arn:aws:iam::*:user/?",
    "2026-01-01T00:00:00Z",
    "1767225600",
    "YQ==",
];
const GIVEN: &[&str] = &[
    "a",
    "A",
    "ab",
    "",
    "*",
    "10",
    "9.5",
    "10.1.2.3",
    "2001:db8::1",
    "true",
    "false",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a:b",
    "2026-01-01T00:00:00Z",
    "2025-12-31T23:59:59Z",
    "1767225600",
    "YQ==",
];

/// One statement with conditions, and a request: its formula says what the reference reading says.
pub fn conditions(data: &[u8]) {
    let mut choices = Choices(data);
    let mut blocks: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for _ in 0..=choices.below(2) {
        let (name, _, _) = OPERATORS[choices.below(OPERATORS.len())];
        let set = choices.pick(&["", "", "ForAllValues:", "ForAnyValue:"]);
        let suffix = choices.pick(&["", "", "IfExists"]);
        let wanted: Vec<&str> = (0..=choices.below(2)).map(|_| choices.pick(WANTED)).collect();
        let key = choices.pick(KEYS);
        blocks.insert(format!("{set}{name}{suffix}"), serde_json::json!({ key: wanted }));
    }
    let version = choices.pick(&["2012-10-17", "2012-10-17", "2008-10-17"]);
    let text = serde_json::json!({"Version": version, "Statement": [{
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": blocks}]})
    .to_string();
    let Ok(parsed) = parse_document(&Value::text(text.as_str()), DocumentKind::Identity) else {
        return;
    };
    let principal = Principal::User {
        partition: "aws".to_owned(),
        account: "123456789012".to_owned(),
        path: "a".to_owned(),
    };
    let mut context = BTreeMap::new();
    for key in KEYS.iter().filter(|key| **key != "aws:PrincipalArn") {
        let count = choices.below(if *key == "aws:TagKeys" { 4 } else { 2 });
        if count > 0 {
            let values = (0..count).map(|_| choices.pick(GIVEN).to_owned()).collect();
            context.insert(ContextKey::new(key), values);
        }
    }
    context.insert(
        ContextKey::new("aws:PrincipalArn"),
        principal.arn().into_iter().collect(),
    );
    let request = Request {
        principal,
        action: "s3:GetObject".to_owned(),
        resource: "*".to_owned(),
        context,
        readings: BTreeMap::new(),
        holes: BTreeMap::new(),
        facts: BTreeMap::new(),
    };
    let mut vocabulary = Vocabulary::default();
    vocabulary.add_document(&parsed.document);
    let meaning = Meaning::of(&parsed.document, &vocabulary).allowed();
    // A text that is beyond what is split into the parts of an ARN is a fact of its own, which either truth may have.
    if leaves_open(&meaning) {
        return;
    }
    if let Some(model) = model_of(&request, &vocabulary) {
        let expected = evaluate(&parsed.document, &request).decision == Decision::Allowed;
        assert_eq!(holds(&meaning, &model), expected, "{text}\n{request:?}");
    }
}

/// Whether the truth of the formula hangs on facts that nothing interprets.
fn leaves_open(formula: &Formula) -> bool {
    match formula {
        Formula::True | Formula::False => false,
        Formula::Atom(atom) => matches!(atom.claim, Claim::Fact(Fact::Guard(_))),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().any(leaves_open),
    }
}

/// Numbers, instants, address ranges and base64: what is read is read alike in its other spellings.
pub fn values(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(number) = parse_number(text) {
        let negated = match text.strip_prefix('-') {
            Some(rest) => rest.to_owned(),
            None => format!("-{}", text.strip_prefix('+').unwrap_or(text)),
        };
        assert_eq!(parse_number(&negated), Some(-number.clone()), "{text}");
        if !text.contains(['e', 'E']) {
            assert_eq!(parse_number(&format!("{text}e0")), Some(number.clone()), "{text}");
            let zeros = if text.contains('.') { "0" } else { ".0" };
            assert_eq!(parse_number(&format!("{text}{zeros}")), Some(number), "{text}");
        }
    }
    if let Some(instant) = parse_instant(text)
        && let Some(local) = text.strip_suffix('Z')
        && text.len() > 17
    {
        assert_eq!(parse_instant(&format!("{local}+00:00")), Some(instant), "{text}");
    }
    if let Some(range) = parse_cidr(text) {
        assert_eq!(parse_cidr(&range.to_string()), Some(range), "{text}");
        assert!(
            range.contains(&range.network()) && range.contains(&range.broadcast()),
            "{text}"
        );
        assert_eq!(range.addr(), range.network(), "{text}");
    }
    if let Some(bytes) = decode_base64(text) {
        assert_eq!(bytes.len(), text.trim_end_matches('=').len() * 3 / 4, "{text}");
    }
}
