//! Tests across the modules: from requests to models and back, folding, what a vocabulary remembers.

use std::collections::BTreeMap;

use crate::iam::{
    ContextKey, Glob, HoleId, KeyType, Principal, Request, Segment, key_facts, parse_condition_block,
    parse_json,
};

use super::*;

fn request_by(principal: Principal) -> Request {
    Request {
        principal,
        action: "s3:getobject".to_owned(),
        resource: "arn:aws:s3:::b/k".to_owned(),
        context: BTreeMap::new(),
        readings: BTreeMap::new(),
        holes: BTreeMap::new(),
        facts: BTreeMap::new(),
    }
}

fn principals() -> Vec<Principal> {
    let (partition, account) = ("aws-cn".to_owned(), "210987654321".to_owned());
    vec![
        Principal::Anonymous,
        Principal::Root {
            partition: partition.clone(),
            account: account.clone(),
        },
        Principal::User {
            partition: partition.clone(),
            account: account.clone(),
            path: "team/ann".to_owned(),
        },
        Principal::RoleSession {
            partition: partition.clone(),
            account: account.clone(),
            path: "team/deploy".to_owned(),
            session: "build-7".to_owned(),
        },
        Principal::FederatedUser {
            partition,
            account,
            name: "bob".to_owned(),
        },
        Principal::Service("sns.amazonaws.com".to_owned()),
        Principal::Federated("accounts.google.com".to_owned()),
        Principal::Canonical("ab".repeat(32)),
    ]
}

#[test]
fn a_model_gives_back_the_request_that_it_is_of() {
    let vocabulary = Vocabulary::default();
    for principal in principals() {
        let asked = Request {
            holes: [(HoleId::new("Bucket"), "logs".to_owned())].into(),
            ..request_by(principal)
        };
        let model = model_of(&asked, &vocabulary).unwrap();
        let back = Request {
            readings: BTreeMap::new(),
            ..request(&model, &vocabulary, asked.principal.kind())
        };
        assert_eq!(back, asked);
    }
}

#[test]
fn keys_that_are_read_off_the_principal() {
    let told = |name: &str, principal: &Principal| match derived_value(&ContextKey::new(name), principal) {
        None => "open".to_owned(),
        Some(None) => "absent".to_owned(),
        Some(Some(value)) => value,
    };
    let types = [
        "Anonymous",
        "Account",
        "User",
        "AssumedRole",
        "FederatedUser",
        "open",
        "open",
        "open",
    ];
    let own = "210987654321";
    let accounts = ["anonymous", own, own, own, own, "absent", "absent", "open"];
    for ((principal, principal_type), account) in principals().iter().zip(types).zip(accounts) {
        assert_eq!(
            told("aws:PrincipalType", principal),
            principal_type,
            "{principal:?}"
        );
        assert_eq!(told("aws:PrincipalAccount", principal), account, "{principal:?}");
    }
    assert_eq!(told("aws:userid", &Principal::Anonymous), "anonymous");
}

#[test]
fn sets_of_nothing_and_of_everything_fold() {
    let globs = |texts: &[&str]| texts.iter().map(|text| Glob::parse(text)).collect();
    let rest = || Variable::Resource(Segment::Rest);
    assert_eq!(member(rest(), ValueSet::Globs(globs(&[]))), Formula::False);
    assert_eq!(member(rest(), ValueSet::Globs(globs(&["a", "*"]))), Formula::True);
    assert_eq!(member(rest(), ValueSet::Folded(globs(&["**"]))), Formula::True);
    assert!(matches!(
        member(rest(), ValueSet::Globs(globs(&["a*"]))),
        Formula::Atom(_)
    ));
}

#[test]
fn a_vocabulary_remembers_what_keys_are() {
    for (name, key_type, segmented, path) in [
        ("aws:SourceArn", KeyType::Arn, true, false),
        ("aws:PrincipalArn", KeyType::Arn, true, true),
        ("aws:username", KeyType::Text, false, false),
    ] {
        let key = ContextKey::new(name);
        let mut vocabulary = Vocabulary::default();
        vocabulary.add_key(name);
        assert_eq!(key_facts(&key).key_type, key_type, "{name}");
        assert_eq!(vocabulary.is_segmented(&key), segmented, "{name}");
        assert_eq!(vocabulary.has_principal_path(), path, "{name}");
    }
}

#[test]
fn the_age_of_tokens_matters_where_both_times_are_spoken_of() {
    let relevant = |names: &[&str]| {
        let mut vocabulary = Vocabulary::default();
        for name in names {
            let text = format!(r#"{{"DateLessThan":{{"{name}":"2026-01-01T00:00:00Z"}}}}"#);
            let (conditions, _) = parse_condition_block(&parse_json(&text).unwrap()).unwrap();
            conditions
                .iter()
                .for_each(|condition| vocabulary.add_condition(condition));
        }
        relevant_axioms(&vocabulary, &[]).contains(&Axiom::A8)
    };
    assert!(!relevant(&["aws:TokenIssueTime"]));
    assert!(!relevant(&["aws:CurrentTime"]));
    assert!(relevant(&["aws:TokenIssueTime", "aws:CurrentTime"]));
}

#[test]
fn sets_of_kinds() {
    use crate::iam::PrincipalKind::{Anonymous, Canonical, Root, User};
    let (one, two) = (Kinds::of(&[User, Root]), Kinds::of(&[Anonymous, Root]));
    for kind in [Anonymous, Root, User, Canonical] {
        assert_eq!(one.complement().contains(kind), !one.contains(kind), "{kind:?}");
        assert_eq!(
            one.intersection(two).contains(kind),
            one.contains(kind) && two.contains(kind),
            "{kind:?}"
        );
    }
    assert!(!one.complement().is_empty() && one.intersection(one.complement()).is_empty());
}
