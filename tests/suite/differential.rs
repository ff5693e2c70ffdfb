//! Verdicts against the reference reading on random requests: no request may contradict a PASS, and every FAIL replays.
//! Policies and requests are built to collide: few actions, few names, the same keys under different operators.

mod granted;
mod principals;

use std::collections::BTreeMap;

use keyaki::check::{self, AccessBox, Check, Options, Reference, Subject, Verdict};
use keyaki::extract::{Before, Hole, PolicyKind};
use keyaki::iam::{
    ContextKey, Decision, DocumentKind, HoleId, Pattern, PolicyDocument, Principal, Request, Text, TextPiece,
    Value, evaluate, parse_document, parse_json,
};

/// A small generator of random numbers: the same on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:Get*",
    "s3:*Object",
    "*",
    "s3:?etObject",
    "iam:PassRole",
    "s3:*",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a*b",
    "arn:aws:s3:::?",
    "arn:aws:ec2:*:123456789012:instance/*",
    "arn:aws:ec2:us-east-1:*:*",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:s3:::${aws:PrincipalTag/t, 'a'}",
    "arn:aws:ec2:*",
    "arn:aws:s3*a",
    "arn:aws:s3:::a?b",
    "arn:aws:*:us-east-1:*:*",
    "arn:aws:s3:::${aws:username}",
];
const PRINCIPALS: &[&str] = &[
    r#""*""#,
    r#"{"AWS":"*"}"#,
    r#"{"AWS":"123456789012"}"#,
    r#"{"AWS":"arn:aws:iam::123456789012:role/p/r"}"#,
    r#"{"AWS":"arn:aws:iam::123456789012:user/u"}"#,
    r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#,
    r#"{"Service":"lambda.amazonaws.com"}"#,
    r#"{"AWS":["111122223333","arn:aws:iam::123456789012:user/u"]}"#,
    r#"{"Federated":"accounts.google.com"}"#,
    r#"{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::123456789012:role/p/r"]}"#,
    r#"{"AWS":["arn:aws:iam::123456789012:user/u","arn:aws:iam::111122223333:root"],"Service":"ec2.amazonaws.com"}"#,
];
const CONDITIONS: &[&str] = &[
    r#""StringEquals":{"aws:PrincipalTag/t":"a"}"#,
    r#""StringNotEquals":{"aws:PrincipalTag/t":["a","b"]}"#,
    r#""StringLike":{"aws:PrincipalTag/t":"a*"}"#,
    r#""StringNotLikeIfExists":{"aws:PrincipalTag/t":"?"}"#,
    r#""StringEqualsIgnoreCase":{"aws:PrincipalTag/t":"A"}"#,
    r#""Null":{"aws:PrincipalTag/t":"true"}"#,
    r#""Null":{"aws:TagKeys":"false"}"#,
    r#""ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}"#,
    r#""ForAnyValue:StringLike":{"aws:TagKeys":"b*"}"#,
    r#""ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}"#,
    r#""ForAllValues:StringNotLike":{"aws:TagKeys":"a*"}"#,
    r#""NumericLessThan":{"s3:max-keys":"10"}"#,
    r#""NumericGreaterThanEquals":{"s3:max-keys":["5","50"]}"#,
    r#""NumericNotEquals":{"s3:max-keys":"10"}"#,
    r#""IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}"#,
    r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
    r#""Bool":{"aws:SecureTransport":"false"}"#,
    r#""BoolIfExists":{"aws:SecureTransport":"true"}"#,
    r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}"#,
    r#""StringLike":{"aws:PrincipalArn":"*:user/u"}"#,
    r#""StringEquals":{"aws:PrincipalAccount":"123456789012"}"#,
    r#""StringNotEquals":{"aws:PrincipalAccount":"123456789012"}"#,
    r#""ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::a*"}"#,
    r#""StringLike":{"aws:SourceArn":"arn:aws:s3:*a"}"#,
    r#""DateLessThan":{"aws:CurrentTime":"2026-06-01T00:00:00Z"}"#,
    r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#,
    r#""StringEquals":{"aws:PrincipalTag/t":"${aws:username}"}"#,
    r#""StringNotEquals":{"aws:PrincipalTag/t":"${aws:userid}"}"#,
    r#""StringEquals":{"aws:username":"a"}"#,
    r#""StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a"}"#,
    r#""ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a","?b"]}"#,
    r#""ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"c"}"#,
    r#""ForAllValues:StringEquals":{"aws:PrincipalTag/t":"a"}"#,
    r#""ForAnyValue:StringNotLike":{"aws:TagKeys":["b*","c"]}"#,
    r#""ArnEquals":{"aws:SourceArn":"arn:aws:s3:::?"}"#,
    r#""StringEquals":{"aws:SourceArn":["arn:aws:s3:::a","none"]}"#,
    r#""StringNotLike":{"aws:SourceArn":"arn:aws:s3:*"}"#,
    r#""ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:user/?","arn:aws:iam::111122223333:*"]}"#,
    r#""StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/p/r"}"#,
    r#""NumericLessThan":{"aws:EpochTime":"1767225600"}"#,
    r#""NumericGreaterThan":{"aws:EpochTime":"1772323200"}"#,
    r#""DateNotEquals":{"aws:CurrentTime":"2026-03-01T00:00:00Z"}"#,
    r#""StringEquals":{"aws:PrincipalType":["User","Anonymous"]}"#,
    r#""Null":{"aws:PrincipalArn":"true"}"#,
    r#""StringLike":{"aws:userid":"${aws:PrincipalTag/t, 'AIDA'}*"}"#,
    r#""StringEqualsIgnoreCase":{"aws:PrincipalTag/t":"${aws:username}"}"#,
    r#""BinaryEquals":{"kms:Blob":"YQ=="}"#,
    r#""StringLike":{"s3:max-keys":"1*"}"#,
];

pub(super) fn document(random: &mut Random, kind: DocumentKind) -> (String, PolicyDocument) {
    let mut statements = Vec::new();
    for _ in 0..1 + random.below(3) {
        let effect = if random.chance(30) { "Deny" } else { "Allow" };
        let not = |random: &mut Random| if random.chance(20) { "Not" } else { "" };
        let list = |random: &mut Random, from: &[&str]| {
            let items: Vec<String> = (0..1 + random.below(2))
                .map(|_| format!("{:?}", random.pick(from)))
                .collect();
            format!("[{}]", items.join(","))
        };
        let mut elements = vec![format!(r#""Effect":"{effect}""#)];
        elements.push(format!(r#""{}Action":{}"#, not(random), list(random, ACTIONS)));
        elements.push(format!(
            r#""{}Resource":{}"#,
            not(random),
            list(random, RESOURCES)
        ));
        if kind == DocumentKind::Resource {
            elements.push(format!(
                r#""{}Principal":{}"#,
                not(random),
                random.pick(PRINCIPALS)
            ));
        }
        let mut lines: BTreeMap<&str, &str> = BTreeMap::new();
        for _ in 0..random.below(3) {
            let line = random.pick(CONDITIONS);
            lines.insert(line.split(':').next().unwrap(), line);
        }
        let lines: Vec<&str> = lines.into_values().collect();
        elements.push(format!(r#""Condition":{{{}}}"#, lines.join(",")));
        statements.push(format!("{{{}}}", elements.join(",")));
    }
    let version = if random.chance(85) {
        "2012-10-17"
    } else {
        "2008-10-17"
    };
    let text = format!(
        r#"{{"Version":"{version}","Statement":[{}]}}"#,
        statements.join(",")
    );
    let document =
        parse_document(&Value::text(text.clone()), kind).unwrap_or_else(|error| panic!("{text}: {error}"));
    (text, document.document)
}

fn principal(random: &mut Random, kind: DocumentKind) -> Principal {
    let partition = || "aws".to_owned();
    let account = random
        .pick(&["123456789012", "111122223333", "444455556666"])
        .to_owned();
    let anyone = if kind == DocumentKind::Identity { 2 } else { 7 };
    match random.below(anyone) {
        0 => Principal::User {
            partition: partition(),
            account,
            path: random.pick(&["u", "a", "x/u"]).to_owned(),
        },
        1 => Principal::RoleSession {
            partition: partition(),
            account,
            path: random.pick(&["p/r", "r", "q"]).to_owned(),
            session: random.pick(&["s", "t"]).to_owned(),
        },
        2 => Principal::Anonymous,
        3 => Principal::Service(
            random
                .pick(&["lambda.amazonaws.com", "ec2.amazonaws.com"])
                .to_owned(),
        ),
        4 => Principal::Root {
            partition: partition(),
            account,
        },
        5 => Principal::Federated(random.pick(&["accounts.google.com", "www.amazon.com"]).to_owned()),
        _ => Principal::FederatedUser {
            partition: partition(),
            account,
            name: "f".to_owned(),
        },
    }
}

/// A random request that the high axioms allow.
pub(super) fn request(random: &mut Random, kind: DocumentKind) -> Request {
    let principal = principal(random, kind);
    let mut context: BTreeMap<ContextKey, Vec<String>> = BTreeMap::new();
    let mut put = |name: &str, values: Vec<String>| drop(context.insert(ContextKey::new(name), values));
    let anonymous = principal == Principal::Anonymous;
    if random.chance(60) && !anonymous {
        put(
            "aws:PrincipalTag/t",
            vec![random.pick(&["a", "b", "A", "ab", "x", ""]).to_owned()],
        );
    }
    if random.chance(60) {
        let count = 1 + random.below(3);
        put(
            "aws:TagKeys",
            (0..count)
                .map(|_| random.pick(&["a", "b", "bb", "c"]).to_owned())
                .collect(),
        );
    }
    if random.chance(60) {
        put(
            "s3:max-keys",
            vec![
                random
                    .pick(&["4", "5", "9.5", "10", "49", "50", "100"])
                    .to_owned(),
            ],
        );
    }
    if random.chance(60) {
        put(
            "aws:SourceIp",
            vec![
                random
                    .pick(&["10.1.1.1", "10.200.0.1", "203.0.113.9", "2001:db8::1"])
                    .to_owned(),
            ],
        );
    }
    if random.chance(60) {
        put(
            "aws:SecureTransport",
            vec![random.pick(&["true", "false"]).to_owned()],
        );
    }
    if random.chance(60) {
        put(
            "aws:SourceArn",
            vec![
                random
                    .pick(&[
                        "arn:aws:s3:::a",
                        "arn:aws:s3:::b",
                        "arn:aws:s3:::ba",
                        "arn:aws:s3:eu:1:x:a",
                        "none",
                    ])
                    .to_owned(),
            ],
        );
    }
    if random.chance(60) {
        let (time, epoch) = [
            ("2025-01-01T00:00:00Z", "1735689600"),
            ("2026-03-01T00:00:00Z", "1772323200"),
            ("2027-01-01T00:00:00Z", "1798761600"),
        ][random.below(3)];
        put("aws:CurrentTime", vec![time.to_owned()]);
        put("aws:EpochTime", vec![epoch.to_owned()]);
    }
    if random.chance(50) && !anonymous {
        put(
            "aws:PrincipalOrgID",
            vec![random.pick(&["o-a", "o-b"]).to_owned()],
        );
    }
    match &principal {
        Principal::User { .. } => put("aws:username", vec![random.pick(&["a", "b", "u"]).to_owned()]),
        Principal::Anonymous => put("aws:userid", vec!["anonymous".to_owned()]),
        _ => {}
    }
    if random.chance(50) {
        put("kms:Blob", vec![random.pick(&["YQ==", "Yg=="]).to_owned()]);
    }
    let kind = match &principal {
        Principal::User { .. } => Some("User"),
        Principal::RoleSession { .. } => Some("AssumedRole"),
        Principal::Root { .. } => Some("Account"),
        Principal::FederatedUser { .. } => Some("FederatedUser"),
        Principal::Anonymous => Some("Anonymous"),
        Principal::Service(_) | Principal::Federated(_) | Principal::Canonical(_) => None,
    };
    if let Some(kind) = kind {
        put("aws:PrincipalType", vec![kind.to_owned()]);
    }
    if !anonymous && random.chance(50) {
        put("aws:userid", vec![random.pick(&["a", "AIDA"]).to_owned()]);
    }
    match principal.account() {
        Some((_, account)) => put("aws:PrincipalAccount", vec![account.to_owned()]),
        None if anonymous => put("aws:PrincipalAccount", vec!["anonymous".to_owned()]),
        None => {}
    }
    if let Some(arn) = principal.arn() {
        put("aws:PrincipalArn", vec![arn]);
    }
    let readings = BTreeMap::new();
    Request {
        principal,
        action: random
            .pick(&[
                "s3:GetObject",
                "s3:PutObject",
                "s3:SetObject",
                "iam:PassRole",
                "s3:List",
                "ec2:Run",
            ])
            .to_owned(),
        resource: random
            .pick(&[
                "*",
                "arn:aws:s3:::a",
                "arn:aws:s3:::a/k",
                "arn:aws:s3:::b",
                "arn:aws:s3:::axb",
                "arn:aws:s3:::a/x:y",
                "arn:aws:ec2:us-east-1:123456789012:instance/i",
                "arn:aws:ec2:eu-west-1:111122223333:vpc/v",
                "arn:aws:s3:::aa",
            ])
            .to_owned(),
        context,
        readings,
        holes: BTreeMap::new(),
        facts: BTreeMap::new(),
    }
}

struct Question {
    check: Check,
    new: PolicyDocument,
    texts: String,
    violates: Box<dyn Fn(&Request) -> bool>,
}

fn question(random: &mut Random, kind: DocumentKind) -> Question {
    let (text, new) = document(random, kind);
    let own = new.clone();
    if random.chance(60) {
        let (old_text, old) = document(random, kind);
        let reference = old.as_reference();
        let violates = move |request: &Request| {
            evaluate(&own, request).decision == Decision::Allowed
                && evaluate(&reference, request).decision != Decision::Allowed
        };
        let check = Check::NoNewAccess {
            reference: Reference::Document(old.into()),
        };
        return Question {
            check,
            new,
            texts: format!("new {text}\nold {old_text}"),
            violates: Box::new(violates),
        };
    }
    let actions = vec![Pattern::glob(random.pick(&[
        "s3:getobject",
        "s3:*",
        "iam:passrole",
    ]))];
    let wanted = actions[0].as_glob().unwrap();
    let violates = move |request: &Request| {
        evaluate(&own, request).decision == Decision::Allowed
            && wanted.matches(&request.action.to_ascii_lowercase())
    };
    let texts = format!("policy {text}\nactions {actions:?}");
    let check = Check::AccessNotGranted {
        boxes: vec![AccessBox {
            actions,
            ..AccessBox::default()
        }],
    };
    Question {
        check,
        new,
        texts,
        violates: Box::new(violates),
    }
}

#[test]
fn no_request_contradicts_a_verdict() {
    let rounds: usize = std::env::var("KEYAKI_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(400);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..rounds {
        let (kind, policy_kind) = if random.chance(50) {
            (DocumentKind::Identity, PolicyKind::Identity)
        } else {
            (DocumentKind::Resource, PolicyKind::Resource)
        };
        let question = question(&mut random, kind);
        let prepared = check::prepare(Subject {
            document: &question.new,
            kind: policy_kind,
            resource_type: None,
            holes: &[],
            before: &Before::NotTold,
            default_facts: &[],
            account: None,
            whole: None,
        });
        let verdict = check::check(&question.check, &prepared, &Options::default());
        let word = match &verdict {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(finding) => {
                assert!(
                    (question.violates)(&finding.counterexample),
                    "{}\n{:?}",
                    question.texts,
                    finding.counterexample
                );
                "fail"
            }
            Verdict::Undecided(_) => "undecided",
            Verdict::Error(error) => panic!("{}: {error}", question.texts),
            Verdict::Noted(notes) => panic!("{}: {notes:?}", question.texts),
            Verdict::Internal(message) => panic!("{}\n{message}", question.texts),
        };
        *seen.entry(word).or_default() += 1;
        if word == "pass" {
            for _ in 0..300 {
                let request = request(&mut random, kind);
                assert!(!(question.violates)(&request), "{}\n{request:?}", question.texts);
            }
        }
    }
    eprintln!("verdicts: {seen:?}");
    assert!(
        seen.get("pass").copied().unwrap_or(0) * 20 > rounds,
        "too few PASS to mean anything: {seen:?}"
    );
    assert!(
        seen.get("undecided").copied().unwrap_or(0) * 10 < rounds,
        "too many undecided: {seen:?}"
    );
}

/// Values that holes are given after the verdict.
const VALUES: &[&str] = &["a", "b", "*", "a*", "", "x", "u", "a/k", "?"];

/// Texts in which a hole takes the place of a name.
const WITH_HOLES: &[(&str, &str)] = &[
    (r#""arn:aws:s3:::a""#, r#""arn:aws:s3:::{{H}}""#),
    (r#""arn:aws:s3:::a/*""#, r#""arn:aws:s3:::{{H}}/*""#),
    (r#""arn:aws:s3:::a*b""#, r#""arn:aws:s3:::{{K}}*b""#),
    (r#""aws:PrincipalTag/t":"a""#, r#""aws:PrincipalTag/t":"{{H}}""#),
    (r#""aws:PrincipalTag/t":"a*""#, r#""aws:PrincipalTag/t":"{{K}}""#),
    (
        r#""aws:PrincipalTag/t":["a","b"]"#,
        r#""aws:PrincipalTag/t":["{{H}}","b"]"#,
    ),
    (r#""aws:TagKeys":["a","b"]"#, r#""aws:TagKeys":["{{H}}","{{K}}"]"#),
    (r#""aws:TagKeys":"b*""#, r#""aws:TagKeys":"{{H}}""#),
    (r#""s3:PutObject""#, r#""s3:Put{{K}}""#),
];

fn with_holes(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let text = text.as_literal().unwrap_or_default();
            let mut pieces = Vec::new();
            for (index, part) in text.split("{{").enumerate() {
                let literal = match part.split_once("}}") {
                    Some((hole, literal)) if index > 0 => {
                        pieces.push(TextPiece::Hole(HoleId::new(hole)));
                        literal
                    }
                    _ => part,
                };
                pieces.push(TextPiece::Lit(literal.to_owned()));
            }
            Value::String(Text(pieces))
        }
        Value::List(items) => Value::List(items.iter().map(with_holes).collect()),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), with_holes(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn document_with_holes(random: &mut Random, kind: DocumentKind) -> (String, PolicyDocument) {
    let (mut text, _) = document(random, kind);
    for (literal, hole) in WITH_HOLES {
        if random.chance(70) {
            text = text.replace(literal, hole);
        }
    }
    let value = with_holes(&parse_json(&text).unwrap());
    let document = parse_document(&value, kind).unwrap_or_else(|error| panic!("{text}: {error}"));
    (text, document.document)
}

#[test]
fn no_value_of_a_hole_contradicts_a_pass() {
    let rounds: usize = std::env::var("KEYAKI_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(300);
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..rounds {
        let (kind, policy_kind) = if random.chance(50) {
            (DocumentKind::Identity, PolicyKind::Identity)
        } else {
            (DocumentKind::Resource, PolicyKind::Resource)
        };
        let (new_text, new) = document_with_holes(&mut random, kind);
        let (old_text, old) = document_with_holes(&mut random, kind);
        let texts = format!("new {new_text}\nold {old_text}");
        let asked = Check::NoNewAccess {
            reference: Reference::Document(old.clone().into()),
        };
        let hole = |name: &str| Hole {
            id: HoleId::new(name),
            origin: format!("parameter {name}"),
            default: None,
            allowed: Vec::new(),
            stable: true,
            plain: false,
        };
        let holes = [hole("H"), hole("K")];
        let prepared = check::prepare(Subject {
            document: &new,
            kind: policy_kind,
            resource_type: None,
            holes: &holes,
            before: &Before::NotTold,
            default_facts: &[],
            account: None,
            whole: None,
        });
        let verdict = check::check(&asked, &prepared, &Options::default());
        let filled = |document: &PolicyDocument, values: &BTreeMap<HoleId, String>| {
            document.assuming(kind, values, &BTreeMap::new())
        };
        let word = match &verdict {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(finding) => {
                let request = &finding.counterexample;
                let allowed = |document: &PolicyDocument| {
                    evaluate(&filled(document, &request.holes), request).decision == Decision::Allowed
                };
                assert!(
                    allowed(&new) && !allowed(&old.as_reference()),
                    "{texts}\n{request:?}"
                );
                "fail"
            }
            Verdict::Undecided(_) => "undecided",
            Verdict::Error(error) => panic!("{texts}: {error}"),
            Verdict::Noted(notes) => panic!("{texts}\n{notes:?}"),
            Verdict::Internal(message) => panic!("{texts}\n{message}"),
        };
        *seen.entry(word).or_default() += 1;
        if word != "pass" {
            continue;
        }
        for _ in 0..20 {
            let values: BTreeMap<HoleId, String> = ["H", "K"]
                .into_iter()
                .map(|name| (HoleId::new(name), random.pick(VALUES).to_owned()))
                .collect();
            let (new, old) = (filled(&new, &values), filled(&old, &values).as_reference());
            for _ in 0..20 {
                let request = request(&mut random, kind);
                let violates = evaluate(&new, &request).decision == Decision::Allowed
                    && evaluate(&old, &request).decision != Decision::Allowed;
                assert!(!violates, "{texts}\n{values:?}\n{request:?}");
            }
        }
    }
    eprintln!("verdicts with holes: {seen:?}");
}
