use super::*;
use crate::check::{Proof, Scope, Severity};
use crate::extract::{Extraction, Gap, GapReason, Origin, Provenance};
use crate::iam::{Invalid, Version};
use crate::report::Unchanged;
use crate::source::{FileId, InputKind, Place, Span};

fn origin(address: &str) -> Origin {
    Origin {
        address: address.to_string(),
        resource_type: "aws_iam_role_policy".to_string(),
        place: Place {
            file: FileId(0),
            span: Span { start: 0, end: 0 },
        },
        statements: vec![],
        block: None,
        rebuilt: None,
    }
}

fn policy(address: &str, attached_to: &[&str]) -> Policy {
    Policy {
        document: Ok(PolicyDocument {
            version: Version::V2012,
            statements: [].into(),
        }),
        kind: PolicyKind::Identity,
        origin: origin(address),
        before: Before::Created,
        attached_to: attached_to.iter().map(ToString::to_string).collect(),
        holes: vec![],
        provenance: Provenance::Literal,
        sensitive: false,
        changed: true,
        notes: vec![],
        default_facts: vec![],
    }
}

fn change(identities: &[&str]) -> IdentityChange {
    IdentityChange {
        origin: origin("change"),
        identities: identities.iter().map(ToString::to_string).collect(),
        what: "the policy is deleted".to_string(),
        kind: PolicyKind::Identity,
    }
}

fn pass() -> Verdict {
    Verdict::Pass(Proof::default())
}

fn subject_of(policy: &Policy) -> Question<'_> {
    let Ok(document) = &policy.document else {
        panic!("valid")
    };
    Question {
        input: 0,
        position: 0,
        policy,
        document,
        account: None,
        standards: BTreeSet::from([0]),
    }
}

#[test]
fn a_pass_stands_only_where_nothing_attached_changes() {
    for (attached, identities, passes) in [
        (vec!["r"], vec!["other"], true),
        (vec!["r"], vec!["other", "r"], false),
        (vec!["r"], vec![], false),
        (vec![], vec!["other"], false),
    ] {
        let verdict = composed(pass(), &policy("p", &attached), &[change(&identities)]);
        assert_eq!(
            matches!(verdict, Verdict::Pass(_)),
            passes,
            "{attached:?} {identities:?}"
        );
    }
    assert!(matches!(
        composed(pass(), &policy("p", &[]), &[]),
        Verdict::Pass(_)
    ));
    let resource = Policy {
        kind: PolicyKind::Resource,
        ..policy("p", &[])
    };
    assert!(matches!(
        composed(pass(), &resource, &[change(&[])]),
        Verdict::Pass(_)
    ));
    let error = Verdict::Error(Invalid {
        message: "bad".to_string(),
        statement: None,
    });
    assert!(
        matches!(
            composed(error, &policy("p", &[]), &[change(&[])]),
            Verdict::Error(_)
        ),
        "only a PASS changes"
    );
}

#[test]
fn equal_policies_are_decided_once() {
    let policies = [
        policy("a", &["r"]),
        policy("b", &[]),
        Policy {
            kind: PolicyKind::Trust,
            ..policy("c", &[])
        },
    ];
    let questions: Vec<Question<'_>> = policies.iter().map(subject_of).collect();
    let keys: Vec<u64> = questions.iter().map(Question::key).collect();
    assert_eq!(keys[0], keys[1], "address and attachment do not matter");
    let (groups, of_question) = grouped(&questions, &keys);
    assert_eq!(of_question, [0, 0, 1]);
    assert_eq!(groups.iter().map(|group| group.first).collect::<Vec<_>>(), [0, 2]);
    let known = Question {
        account: Some("111122223333"),
        ..subject_of(&policies[0])
    };
    let unlike = [subject_of(&policies[0]), known];
    assert_eq!(grouped(&unlike, &[7, 7]).1, [0, 1], "an equal key is not enough");
}

#[test]
fn a_policy_that_cannot_be_prepared_is_a_defect() {
    let options = check::Options {
        engine: check::Engine::Auto,
        axioms: crate::formula::Axioms::High,
        steps: 1,
        rlimit: 1,
        explain: check::Explain::Nothing,
    };
    let standard = standard(Check::NoPublicAccess { resource_type: None });
    assert!(matches!(answer(None, &standard, &options), Verdict::Internal(_)));
}

fn standard(check: Check) -> Standard {
    let scope = Scope {
        kinds: vec![PolicyKind::Identity],
        ..Scope::default()
    };
    Standard {
        id: "s".to_string(),
        description: String::new(),
        severity: Severity::High,
        check,
        on: check::Unit::Policy,
        scope,
    }
}

fn input(extraction: Extraction) -> ScannedInput {
    ScannedInput {
        name: "t.yaml".to_string(),
        kind: InputKind::Template,
        unchanged: Unchanged::default(),
        extraction,
        ignored: 0,
    }
}

#[test]
fn questions_without_their_facts_are_misuse() {
    let before = standard(Check::NoNewAccess {
        reference: Reference::Before,
    });
    let external = standard(Check::NoExternalAccess {
        trust: Trust::default(),
    });
    let told = Trust {
        organizations: vec!["o-a1b2c3d4e5".to_string()],
        ..Trust::default()
    };
    let trusting = standard(Check::NoExternalAccess { trust: told });
    let standards = [before, external, trusting];
    let inputs = [input(Extraction::default())];
    let template = Policy {
        before: Before::NotTold,
        ..policy("p", &[])
    };
    let asked = |policy, account, standard| Question {
        account,
        standards: BTreeSet::from([standard]),
        ..subject_of(policy)
    };
    let plan = policy("p", &[]);
    for (question, expected) in [
        (asked(&template, None, 0), Some("`--before FILE`")),
        (asked(&plan, None, 0), None),
        (
            asked(&plan, None, 1),
            Some("no trust accounts and no known account"),
        ),
        (asked(&plan, Some("111122223333"), 1), None),
        (asked(&plan, None, 2), None),
    ] {
        let found = misuse(&[question], &[], &inputs, &standards);
        match expected {
            Some(words) => assert!(found.iter().any(|message| message.contains(words)), "{found:?}"),
            None => assert!(found.is_empty(), "{found:?}"),
        }
    }
}

#[test]
fn nothing_found_is_left_without_an_outcome() {
    let invalid = Policy {
        document: Err(Invalid {
            message: "bad".to_string(),
            statement: None,
        }),
        kind: PolicyKind::Scp,
        ..policy("invalid", &[])
    };
    let gap = Gap {
        origin: origin("gap"),
        reason: GapReason::Unsupported("x".to_string()),
        kind: Some(PolicyKind::Scp),
    };
    let extraction = Extraction {
        policies: vec![policy("unanswered", &[]), invalid],
        gaps: vec![gap],
        changes: vec![change(&[])],
        ..Extraction::default()
    };
    // No standard at all: all the same every policy is accounted for.
    let found = outcomes(
        &[input(extraction)],
        &[],
        &BTreeMap::new(),
        &BTreeMap::new(),
        BTreeMap::new(),
    );
    assert!(matches!(
        found.as_slice(),
        [
            Outcome::NotApplicable,
            Outcome::Invalid { .. },
            Outcome::Gap { gap: 0, .. }
        ]
    ));
}
