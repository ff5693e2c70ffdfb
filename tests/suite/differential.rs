//! Verdicts against the reference reading on random requests: no request may contradict a PASS, and every FAIL replays.
//! Policies and requests are built to collide: few actions, few names, the same keys under different operators.

use std::collections::BTreeMap;

use keyaki::check::{self, AccessBox, Check, Options, Reference, Subject, Verdict};
use keyaki::extract::{Before, PolicyKind};
use keyaki::iam::{
    ContextKey, Decision, DocumentKind, Pattern, PolicyDocument, Principal, Request, Value, evaluate,
    parse_document,
};

/// A small generator of random numbers: the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
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
];

fn document(random: &mut Random, kind: DocumentKind) -> (String, PolicyDocument) {
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
fn request(random: &mut Random, kind: DocumentKind) -> Request {
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
        put(
            "aws:CurrentTime",
            vec![
                random
                    .pick(&[
                        "2025-01-01T00:00:00Z",
                        "2026-03-01T00:00:00Z",
                        "2027-01-01T00:00:00Z",
                    ])
                    .to_owned(),
            ],
        );
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
    let actions = vec![Pattern::glob(
        &random.pick(&["s3:getobject", "s3:*", "iam:passrole"]).to_owned(),
    )];
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
