//! Relations between verdicts that need no oracle: a policy rewritten in a way whose effect on access is known must be
//! found equal, narrower or wider. `KEYAKI_CASES` asks for more rounds of each.

use std::collections::BTreeMap;

use keyaki::check::{self, Check, Options, Reference, Subject, Verdict};
use keyaki::extract::{Before, PolicyKind};
use keyaki::iam::{DocumentKind, PolicyDocument, Value as Parsed, evaluate, parse_document};
use serde_json::{Value, json};

use super::differential::{Random, document};

/// What a rewriting does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    Same,
    /// The rewritten policy allows no more.
    Narrower,
    /// The rewritten policy allows no less.
    Wider,
}
use Effect::{Narrower, Same, Wider};

/// Rewrites a policy; `None` where it has no place for it.
type Rewrite = fn(&mut Value, &mut Random) -> Option<()>;

const RELATIONS: &[(&str, Effect, Rewrite)] = &[
    ("nothing changed", Same, |_, _| Some(())),
    ("statements in another order", Same, |policy, _| {
        statements(policy).reverse();
        Some(())
    }),
    ("a statement twice", Same, |policy, random| {
        let copy = any(policy, random).clone();
        statements(policy).push(copy);
        Some(())
    }),
    ("actions split over two statements", Same, |policy, random| {
        split(policy, random, "Action")
    }),
    ("resources split over two statements", Same, |policy, random| {
        split(policy, random, "Resource")
    }),
    ("what NotAction leaves out, cut twice", Same, |policy, random| {
        listed(any(policy, random), "NotAction")?.reverse();
        Some(())
    }),
    ("a list entry twice", Same, |policy, random| {
        let list = listed(any(policy, random), "Resource")?;
        list.push(list.first()?.clone());
        Some(())
    }),
    ("a single entry without its list", Same, |policy, random| {
        let statement = any(policy, random);
        let only = match listed(statement, "Action")?.as_slice() {
            [only] => only.clone(),
            _ => return None,
        };
        statement["Action"] = only;
        Some(())
    }),
    ("a Sid", Same, |policy, random| {
        any(policy, random)["Sid"] = json!("Other");
        Some(())
    }),
    ("actions in upper case", Same, |policy, random| {
        for entry in listed(any(policy, random), "Action")? {
            *entry = json!(entry.as_str()?.to_uppercase());
        }
        Some(())
    }),
    ("two stars for one", Same, |policy, random| {
        for entry in listed(any(policy, random), "Action")? {
            *entry = json!(entry.as_str()?.replace('*', "**"));
        }
        Some(())
    }),
    ("a condition key in another case", Same, |policy, random| {
        let lines = conditions(any(policy, random))?;
        let (operator, keys) = lines.iter().next()?;
        let (key, values) = keys.as_object()?.iter().next()?;
        // The name of a tag keeps its case.
        if key.contains('/') {
            return None;
        }
        let (operator, renamed) = (operator.clone(), json!({key.to_uppercase(): values}));
        lines.insert(operator, renamed);
        Some(())
    }),
    ("condition values in another order", Same, |policy, random| {
        for keys in conditions(any(policy, random))?.values_mut() {
            for values in keys.as_object_mut()?.values_mut() {
                values.as_array_mut()?.reverse();
            }
        }
        Some(())
    }),
    ("a key there and not there make any", Same, |policy, random| {
        cases(
            policy,
            random,
            [
                json!({"Null": {"aws:MultiFactorAuthAge": "true"}}),
                json!({"Null": {"aws:MultiFactorAuthAge": "false"}}),
            ],
        )
    }),
    ("equal and not equal make any", Same, |policy, random| {
        cases(
            policy,
            random,
            [
                json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
                json!({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}),
            ],
        )
    }),
    (
        "inside and outside of a network make any",
        Same,
        |policy, random| {
            cases(
                policy,
                random,
                [
                    json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}}),
                    json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                ],
            )
        },
    ),
    ("less, and not less, make any", Same, |policy, random| {
        cases(
            policy,
            random,
            [
                json!({"NumericLessThan": {"aws:MultiFactorAuthAge": "10"}}),
                json!({"NumericGreaterThanEqualsIfExists": {"aws:MultiFactorAuthAge": "10.0"}}),
            ],
        )
    }),
    ("a Deny of nothing that is asked for", Same, |policy, _| {
        statements(policy).push(
            json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
            "StringEquals": {"aws:RequestTag/never": "a"}, "StringNotLike": {"aws:RequestTag/never": "?"}}}),
        );
        Some(())
    }),
    ("an Allow that is taken back", Narrower, |policy, _| {
        statements(policy).push(json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}));
        statements(policy).push(json!({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}));
        Some(())
    }),
    ("another Deny", Narrower, |policy, random| {
        let mut denied = any(policy, random).clone();
        denied["Effect"] = json!("Deny");
        statements(policy).push(denied);
        Some(())
    }),
    ("an Allow less", Narrower, |policy, random| {
        without(policy, random, "Allow")
    }),
    ("another condition on an Allow", Narrower, |policy, random| {
        let statement = of_effect(policy, random, "Allow")?;
        conditioned(statement, "Bool", json!({"aws:MultiFactorAuthPresent": "true"}))
    }),
    ("a wider glob in a Deny", Narrower, |policy, random| {
        widened(of_effect(policy, random, "Deny")?, "Action")
    }),
    ("a wider NotAction of an Allow", Narrower, |policy, random| {
        widened(of_effect(policy, random, "Allow")?, "NotAction")
    }),
    ("nothing but Denies", Narrower, |policy, _| {
        for statement in statements(policy) {
            statement["Effect"] = json!("Deny");
        }
        Some(())
    }),
    ("everything denied", Narrower, |policy, _| {
        statements(policy).push(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
        Some(())
    }),
    ("another Allow", Wider, |policy, _| {
        statements(policy)
            .push(json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/*"}));
        Some(())
    }),
    ("a Deny less", Wider, |policy, random| {
        without(policy, random, "Deny")
    }),
    ("another condition on a Deny", Wider, |policy, random| {
        let statement = of_effect(policy, random, "Deny")?;
        conditioned(statement, "Bool", json!({"aws:MultiFactorAuthPresent": "true"}))
    }),
    ("a wider glob in an Allow", Wider, |policy, random| {
        widened(of_effect(policy, random, "Allow")?, "Action")
    }),
    ("a wider NotResource of a Deny", Wider, |policy, random| {
        widened(of_effect(policy, random, "Deny")?, "NotResource")
    }),
    ("a condition less on an Allow", Wider, |policy, random| {
        let statement = of_effect(policy, random, "Allow")?;
        statement.as_object_mut()?.remove("Condition").map(drop)
    }),
];

#[test]
fn rewritten_policies_compare_as_they_must() {
    let rounds = rounds(60);
    let mut random = Random(0x5851_F42D_4C95_7F2D);
    let mut undecided: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, effect, rewrite) in RELATIONS {
        for _ in 0..rounds {
            let text = policy(&mut random);
            let mut rewritten: Value = serde_json::from_str(&text).unwrap();
            if rewrite(&mut rewritten, &mut random).is_none() {
                continue;
            }
            *seen.entry(name).or_default() += 1;
            let after = rewritten.to_string();
            let pairs = match effect {
                Same => vec![(&text, &after), (&after, &text)],
                Narrower => vec![(&after, &text)],
                Wider => vec![(&text, &after)],
            };
            for (new, old) in pairs {
                match compare(new, old) {
                    Verdict::Pass(_) => {}
                    Verdict::Undecided(_) => *undecided.entry(name).or_default() += 1,
                    other => panic!("{name}\nnew {new}\nold {old}\n{other:?}"),
                }
            }
        }
    }
    eprintln!("undecided: {undecided:?}");
    for (name, _, _) in RELATIONS {
        assert!(
            seen.get(name).copied().unwrap_or(0) * 20 >= rounds,
            "{name}: hardly ever tried"
        );
    }
    let total: usize = undecided.values().sum();
    assert!(
        total * 50 <= RELATIONS.len() * rounds,
        "too many undecided: {undecided:?}"
    );
}

#[test]
fn a_list_and_all_but_the_list_are_all() {
    let rounds = rounds(60);
    let mut random = Random(0x1405_7B7E_F767_814F);
    for (element, negated) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        let mut seen = 0;
        for _ in 0..rounds {
            let text = policy(&mut random);
            let Some((whole, halves)) = complemented(&text, &mut random, element, negated) else {
                continue;
            };
            seen += 1;
            for (new, old) in [(&whole, &halves), (&halves, &whole)] {
                assert!(
                    matches!(compare(new, old), Verdict::Pass(_) | Verdict::Undecided(_)),
                    "new {new}\nold {old}"
                );
            }
        }
        assert!(seen * 4 > rounds, "{element}: hardly ever tried");
    }
}

/// A ⊑ B and B ⊑ C make A ⊑ C; a counterexample to A ⊑ B is none to A ⊑ B and what it shows.
#[test]
fn comparisons_are_transitive_and_counterexamples_monotone() {
    let rounds = rounds(300);
    let mut random = Random(0xA076_1D64_78BD_642F);
    let (mut chains, mut repaired) = (0_usize, 0_usize);
    for _ in 0..rounds {
        let texts: Vec<String> = (0..3).map(|_| policy(&mut random)).collect();
        let [a, b, c] = [&texts[0], &texts[1], &texts[2]];
        match compare(a, b) {
            Verdict::Pass(_) => {
                if matches!(compare(b, c), Verdict::Pass(_)) {
                    chains += 1;
                    assert!(!matches!(compare(a, c), Verdict::Fail(_)), "{a}\n{b}\n{c}");
                }
                // Whatever is added on the right, and taken on the left.
                let mut wider: Value = serde_json::from_str(b).unwrap();
                statements(&mut wider).push(json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"}));
                assert!(
                    !matches!(compare(a, &wider.to_string()), Verdict::Fail(_)),
                    "{a}\n{wider}"
                );
            }
            Verdict::Fail(finding) => {
                repaired += 1;
                let request = finding.counterexample;
                let allowed = |text: &str| !evaluate(&parsed(text), &request).allows.is_empty();
                assert!(allowed(a), "{a}\n{b}\n{request:?}");
                let mut all: Value = serde_json::from_str(b).unwrap();
                *statements(&mut all) = vec![json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
                assert!(matches!(compare(a, &all.to_string()), Verdict::Pass(_)), "{a}");
                // The guilty statements gone, the request is refused.
                let mut innocent: Value = serde_json::from_str(a).unwrap();
                let guilty: Vec<usize> = finding
                    .statements
                    .iter()
                    .map(|statement| statement.index)
                    .collect();
                let mut index = 0;
                statements(&mut innocent).retain(|_| {
                    index += 1;
                    !guilty.contains(&(index - 1))
                });
                assert!(
                    evaluate(&parsed(&innocent.to_string()), &request)
                        .allows
                        .is_empty(),
                    "{a}\n{guilty:?}\n{request:?}"
                );
            }
            Verdict::Undecided(_) => {}
            other => panic!("{a}\n{b}\n{other:?}"),
        }
    }
    eprintln!("chains {chains}, counterexamples {repaired}");
    assert!(repaired * 4 > rounds, "hardly any counterexample: {repaired}");
}

fn rounds(default: usize) -> usize {
    std::env::var("KEYAKI_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A random policy. Without short ARNs: those mean more in a checked Allow than in a reference (semantics.md 3.3).
fn policy(random: &mut Random) -> String {
    loop {
        let (text, _) = document(random, DocumentKind::Identity);
        if !text.contains(r#""arn:aws:ec2:*""#) && !text.contains(r#""arn:aws:s3*a""#) {
            return text;
        }
    }
}

fn parsed(text: &str) -> PolicyDocument {
    parse_document(&Parsed::text(text), DocumentKind::Identity)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .document
}

fn compare(new: &str, old: &str) -> Verdict {
    let document = parsed(new);
    let prepared = check::prepare(Subject {
        document: &document,
        kind: PolicyKind::Identity,
        resource_type: None,
        holes: &[],
        before: &Before::NotTold,
        default_facts: &[],
        account: None,
        whole: None,
    });
    let check = Check::NoNewAccess {
        reference: Reference::Document(parsed(old).into()),
    };
    check::check(&check, &prepared, &Options::default())
}

fn statements(policy: &mut Value) -> &mut Vec<Value> {
    policy["Statement"].as_array_mut().unwrap()
}

fn any<'a>(policy: &'a mut Value, random: &mut Random) -> &'a mut Value {
    let statements = statements(policy);
    let at = random.below(statements.len());
    &mut statements[at]
}

fn of_effect<'a>(policy: &'a mut Value, random: &mut Random, effect: &str) -> Option<&'a mut Value> {
    let mut fitting: Vec<&mut Value> = statements(policy)
        .iter_mut()
        .filter(|statement| statement["Effect"] == effect)
        .collect();
    if fitting.is_empty() {
        return None;
    }
    let at = random.below(fitting.len());
    Some(fitting.swap_remove(at))
}

fn without(policy: &mut Value, random: &mut Random, effect: &str) -> Option<()> {
    let gone = of_effect(policy, random, effect)?.clone();
    let statements = statements(policy);
    if statements.len() < 2 {
        return None;
    }
    let at = statements.iter().position(|statement| *statement == gone)?;
    statements.remove(at);
    Some(())
}

fn listed<'a>(statement: &'a mut Value, element: &str) -> Option<&'a mut Vec<Value>> {
    statement.get_mut(element)?.as_array_mut()
}

fn conditions(statement: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    let lines = statement.get_mut("Condition")?.as_object_mut()?;
    (!lines.is_empty()).then_some(lines)
}

fn conditioned(statement: &mut Value, operator: &str, keys: Value) -> Option<()> {
    let lines = statement.get_mut("Condition")?.as_object_mut()?;
    if lines.contains_key(operator) {
        return None;
    }
    lines.insert(operator.to_owned(), keys);
    Some(())
}

/// The statement twice, each with a part of the list.
fn split(policy: &mut Value, random: &mut Random, element: &str) -> Option<()> {
    let statement = any(policy, random);
    let list = listed(statement, element)?;
    if list.len() < 2 {
        return None;
    }
    let last = list.pop()?;
    let mut rest = statement.clone();
    rest[element] = json!([last]);
    statements(policy).push(rest);
    Some(())
}

/// The policy with a statement about everything, and with that statement in two halves: the list, and all but the list.
fn complemented(text: &str, random: &mut Random, element: &str, negated: &str) -> Option<(String, String)> {
    let mut whole: Value = serde_json::from_str(text).unwrap();
    let statement = any(&mut whole, random);
    let list = listed(statement, element)?.clone();
    // Where a variable has no value, neither half matches.
    if list
        .iter()
        .any(|entry| entry.as_str().is_some_and(|text| text.contains("${")))
    {
        return None;
    }
    let first = statement.clone();
    let mut second = first.clone();
    second.as_object_mut()?.remove(element);
    second[negated] = json!(list);
    statement[element] = json!(["*"]);
    let all = statement.clone();
    let mut halves = whole.clone();
    let at = statements(&mut halves)
        .iter()
        .position(|statement| *statement == all)?;
    statements(&mut halves)[at] = first;
    statements(&mut halves).push(second);
    Some((whole.to_string(), halves.to_string()))
}

/// The statement in two cases of a condition that together are no condition.
fn cases(policy: &mut Value, random: &mut Random, halves: [Value; 2]) -> Option<()> {
    let statement = any(policy, random);
    let original = statement.clone();
    let mut parts = Vec::new();
    for half in halves {
        let mut part = original.clone();
        let (operator, keys) = half.as_object()?.iter().next()?;
        conditioned(&mut part, operator, keys.clone())?;
        parts.push(part);
    }
    *statement = parts.pop()?;
    statements(policy).extend(parts);
    Some(())
}

fn widened(statement: &mut Value, element: &str) -> Option<()> {
    for entry in listed(statement, element)? {
        let text = entry.as_str()?;
        *entry = json!(format!("{text}*"));
    }
    Some(())
}
