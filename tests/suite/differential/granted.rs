//! `access-granted` and `equivalent` against the reference reading: no request and no value of a hole contradicts a PASS.

use std::collections::BTreeMap;

use keyaki::check::{AccessBox, Check, Reference, Verdict, Violation, elements};
use keyaki::extract::PolicyKind;
use keyaki::iam::{
    Decision, DocumentKind, Effect, ElementSet, HoleId, PolicyDocument, PrincipalSet, Request, ResourceSet,
    Statement, evaluate, matches, parse_document, parse_json,
};

use super::*;

/// Who must be granted: principals that the random requests have.
const WHO: &[&str] = &[
    "123456789012",
    "arn:aws:iam::123456789012:user/u",
    "arn:aws:iam::123456789012:role/p/r",
    "arn:aws:sts::123456789012:assumed-role/r/s",
    "arn:aws:iam::111122223333:root",
    "lambda.amazonaws.com",
];

/// Texts in which a hole takes the place of a principal's ARN.
const ARN_HOLES: &[(&str, &str)] = &[
    (
        r#""aws:PrincipalArn":"arn:aws:iam::123456789012:role/*""#,
        r#""aws:PrincipalArn":"{{P}}""#,
    ),
    (
        r#""aws:PrincipalArn":"arn:aws:iam::123456789012:role/p/r""#,
        r#""aws:PrincipalArn":"{{P}}""#,
    ),
];

const ARNS: &[&str] = &[
    "arn:aws:iam::123456789012:role/p/r",
    "arn:aws:iam::123456789012:user/u",
    "arn:aws:iam::*:*",
    "arn:aws:sts::123456789012:federated-user/f",
];

/// A random document; often after a statement that allows everything, so that something is granted.
fn granting(random: &mut Random, kind: DocumentKind) -> (String, PolicyDocument) {
    let (mut text, _) = document(random, kind);
    for (literal, hole) in WITH_HOLES.iter().chain(ARN_HOLES) {
        if random.chance(70) {
            text = text.replace(literal, hole);
        }
    }
    if random.chance(70) {
        let principal = match kind {
            DocumentKind::Identity => "",
            _ => r#""Principal":"*","#,
        };
        let all = format!(r#""Statement":[{{"Effect":"Allow",{principal}"Action":"*","Resource":"*"}},"#);
        text = text.replacen(r#""Statement":["#, &all, 1);
    }
    let value = with_holes(&parse_json(&text).unwrap());
    let parsed = parse_document(&value, kind).unwrap_or_else(|error| panic!("{text}: {error}"));
    (text, parsed.document)
}

fn some_values(random: &mut Random) -> BTreeMap<HoleId, String> {
    let plain = ["H", "K"].map(|name| (HoleId::new(name), random.pick(VALUES).to_owned()));
    let arn = (HoleId::new("P"), random.pick(ARNS).to_owned());
    plain.into_iter().chain([arn]).collect()
}

fn holes() -> Vec<Hole> {
    let hole = |name: &str| Hole {
        id: HoleId::new(name),
        origin: format!("parameter {name}"),
        default: None,
        allowed: Vec::new(),
        stable: true,
        plain: false,
    };
    ["H", "K", "P"].map(hole).to_vec()
}

fn verdict(asked: &Check, document: &PolicyDocument, kind: PolicyKind) -> Verdict {
    let holes = holes();
    let prepared = check::prepare(Subject {
        document,
        kind,
        resource_type: None,
        holes: &holes,
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    });
    check::check(asked, &prepared, &Options::default())
}

fn kinds(random: &mut Random) -> (DocumentKind, PolicyKind) {
    if random.chance(50) {
        (DocumentKind::Identity, PolicyKind::Identity)
    } else {
        (DocumentKind::Resource, PolicyKind::Resource)
    }
}

fn rounds() -> usize {
    let cases = std::env::var("KEYAKI_CASES").ok();
    cases.and_then(|text| text.parse().ok()).unwrap_or(300)
}

/// Whether the box holds the request, by the reading of a statement.
fn holds(access: &AccessBox, request: &Request) -> bool {
    let statement = Statement {
        index: 0,
        sid: None,
        effect: Effect::Allow,
        principal: PrincipalSet::In(access.principals.clone()),
        action: ElementSet::In(access.actions.clone()),
        resource: match access.resources.as_slice() {
            [] => ResourceSet::Any,
            entries => ResourceSet::In(entries.to_vec()),
        },
        conditions: Vec::new(),
        guard: Vec::new(),
        spelled: [].into(),
    };
    matches(&statement, request)
}

#[test]
fn no_request_or_value_contradicts_a_grant() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut compared = 0;
    for _ in 0..rounds() {
        let (kind, policy_kind) = kinds(&mut random);
        let (text, document) = granting(&mut random, kind);
        let who = random.pick(if kind == DocumentKind::Identity {
            &WHO[..4]
        } else {
            WHO
        });
        let resources: &[&str] = &["arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::*"];
        let on = random.chance(70).then(|| random.pick(resources));
        let access = AccessBox {
            principals: vec![elements::principal(who).unwrap()],
            actions: vec![elements::action(random.pick(&["s3:GetObject", "s3:*", "iam:PassRole"])).unwrap()],
            resources: on
                .map(|text| elements::resource(text).unwrap())
                .into_iter()
                .collect(),
            when: Vec::new(),
        };
        let asked = Check::AccessGranted {
            boxes: vec![access.clone()],
        };
        let context = format!("{text}\n{who} {:?} {on:?}", access.actions);
        let filled = |values: &BTreeMap<HoleId, String>| document.assuming(kind, values, &BTreeMap::new());
        let word = match verdict(&asked, &document, policy_kind) {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(finding) => {
                assert!(
                    holds(&access, &finding.counterexample),
                    "{context}\n{:?}",
                    finding.counterexample
                );
                "fail"
            }
            Verdict::Undecided(_) => "undecided",
            other => panic!("{context}\n{other:?}"),
        };
        *seen.entry(word).or_default() += 1;
        if word != "pass" {
            continue;
        }
        for _ in 0..20 {
            let values = some_values(&mut random);
            let document = filled(&values);
            for _ in 0..40 {
                let request = request(&mut random, kind);
                if holds(&access, &request) {
                    compared += 1;
                    let allowed = evaluate(&document, &request).decision == Decision::Allowed;
                    assert!(allowed, "{context}\n{values:?}\n{request:?}");
                }
            }
        }
    }
    eprintln!("granted: {seen:?}, {compared} requests compared");
    let pass = seen.get("pass").copied().unwrap_or(0);
    assert!(
        pass * 20 > rounds() && compared > pass,
        "too few PASS to mean anything: {seen:?}"
    );
}

#[test]
fn no_request_or_value_tells_equivalent_policies_apart() {
    let mut random = Random(0x9E6C_63D0_876A_3F6B);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..rounds() {
        let (kind, policy_kind) = kinds(&mut random);
        let (text, one) = granting(&mut random, kind);
        let (other_text, other) = if random.chance(50) {
            let mut statements: Vec<Statement> = one.statements.to_vec();
            statements.reverse();
            statements.extend(statements.first().cloned());
            let statements = statements.into();
            (
                "the same, turned round".to_owned(),
                PolicyDocument {
                    statements,
                    ..one.clone()
                },
            )
        } else {
            granting(&mut random, kind)
        };
        let asked = Check::Equivalent {
            reference: Reference::Document(other.clone().into()),
        };
        let context = format!("{text}\n{other_text}");
        let filled = |document: &PolicyDocument, values: &BTreeMap<HoleId, String>| {
            document.assuming(kind, values, &BTreeMap::new())
        };
        let allows = |document: &PolicyDocument, request: &Request| {
            evaluate(document, request).decision == Decision::Allowed
        };
        let word = match verdict(&asked, &one, policy_kind) {
            Verdict::Pass(_) => "pass",
            Verdict::Fail(finding) => {
                let request = &finding.counterexample;
                let reference = filled(&other, &request.holes).as_reference();
                let own = filled(&one, &request.holes);
                let shown = match finding.violation {
                    Violation::Refused => {
                        allows(&reference, request) && !allows(&own.as_reference(), request)
                    }
                    _ => allows(&own, request) && !allows(&reference, request),
                };
                assert!(shown, "{context}\n{finding:?}");
                match finding.violation {
                    Violation::Refused => "less",
                    _ => "more",
                }
            }
            Verdict::Undecided(_) => "undecided",
            other => panic!("{context}\n{other:?}"),
        };
        *seen.entry(word).or_default() += 1;
        if word != "pass" {
            continue;
        }
        for _ in 0..20 {
            let values = some_values(&mut random);
            let (one, other) = (filled(&one, &values), filled(&other, &values).as_reference());
            for _ in 0..20 {
                let request = request(&mut random, kind);
                assert_eq!(
                    allows(&one, &request),
                    allows(&other, &request),
                    "{context}\n{values:?}\n{request:?}"
                );
            }
        }
    }
    eprintln!("equivalent: {seen:?}");
    for word in ["pass", "more", "less"] {
        assert!(seen.contains_key(word), "{seen:?}");
    }
}
