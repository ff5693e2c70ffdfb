//! Axioms: the requests each rules out, and the name of each in the PASS that rests on it.

use super::*;
use crate::formula::{Axiom, Confidence};

/// The axioms a PASS rests on.
fn axioms(asked: &Check, text: &str, kind: PolicyKind, known: &Known<'_>) -> Vec<&'static str> {
    match verdict(asked, &document(text, kind), kind, known) {
        Verdict::Pass(proof) => proof.axioms,
        other => panic!("{text}: {other:?}"),
    }
}

/// Everything in a resource policy, to whoever meets the conditions.
fn allow(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:*","Resource":"*","Condition":{{{condition}}}}}"#
    )
}

const ACCOUNT: &str = r#"{"AWS":"123456789012"}"#;

#[test]
fn each_axiom_is_named_where_a_pass_rests_on_it() {
    let asked = granted(&["s3:GetObject"], &[]);
    for (principal, condition, expected) in [
        // A1: only somebody signed has an organization.
        (
            r#""*""#,
            r#""Null":{"aws:PrincipalOrgID":"false"},"StringEquals":{"aws:PrincipalType":"Anonymous"},"ArnLike":{"aws:PrincipalArn":"*"}"#,
            vec!["A1", "A9", "A13"],
        ),
        (
            ACCOUNT,
            r#""StringEquals":{"aws:SourceVpce":"vpce-1"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#,
            vec!["A2"],
        ),
        (
            ACCOUNT,
            r#""Null":{"aws:SourceVpc":"true","aws:SourceVpce":"false"}"#,
            vec!["A2"],
        ),
        (
            ACCOUNT,
            r#""StringEquals":{"aws:PrincipalAccount":"999988887777"}"#,
            vec!["A4"],
        ),
        (
            ACCOUNT,
            r#""ForAllValues:StringEquals":{"aws:CalledVia":"athena.amazonaws.com"},"StringEquals":{"aws:CalledViaFirst":"glue.amazonaws.com"}"#,
            vec!["A5"],
        ),
        (
            ACCOUNT,
            r#""ForAllValues:StringLike":{"aws:CalledVia":"a*"},"StringLike":{"aws:CalledViaLast":"b*"}"#,
            vec!["A5"],
        ),
        (
            ACCOUNT,
            r#""StringEquals":{"aws:CalledViaFirst":"athena.amazonaws.com"},"Bool":{"aws:ViaAWSService":"false"}"#,
            vec!["A5"],
        ),
        (
            ACCOUNT,
            r#""StringEquals":{"aws:PrincipalOrgID":"o-a"},"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-b/*"}"#,
            vec!["A6"],
        ),
        (
            ACCOUNT,
            r#""DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateGreaterThan":{"aws:TokenIssueTime":"2026-06-01T00:00:00Z"}"#,
            vec!["A8"],
        ),
        (
            ACCOUNT,
            r#""DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"NumericGreaterThan":{"aws:EpochTime":"1800000000"}"#,
            vec!["A8"],
        ),
        (
            r#"{"AWS":"arn:aws:iam::123456789012:role/r"}"#,
            r#""StringEquals":{"aws:username":"u"}"#,
            vec!["A9"],
        ),
        (
            r#"{"AWS":"arn:aws:iam::123456789012:role/r"}"#,
            r#""StringEquals":{"aws:PrincipalType":"User"}"#,
            vec!["A9"],
        ),
        (
            r#"{"Service":"sns.amazonaws.com"}"#,
            r#""StringEquals":{"aws:PrincipalAccount":"123456789012"}"#,
            vec!["A13"],
        ),
        // What no axiom is needed for, though the keys are spoken of.
        (
            ACCOUNT,
            r#""Null":{"aws:PrincipalArn":"true"},"ArnLike":{"aws:PrincipalArn":"*"},"StringEquals":{"aws:username":"u"}"#,
            vec![],
        ),
        (
            r#""*""#,
            r#""Null":{"aws:PrincipalOrgID":"true"},"StringEquals":{"aws:PrincipalOrgID":"o-a"}"#,
            vec![],
        ),
    ] {
        let text = allow(principal, condition);
        let found = axioms(&asked, &text, PolicyKind::Resource, &Known::default());
        assert_eq!(found, expected, "{text}");
        let none = Known {
            options: Options {
                axioms: Axioms::None,
                ..Options::default()
            },
            ..Known::default()
        };
        let without = if expected.is_empty() { "PASS" } else { "FAIL" };
        check_rows(&asked, PolicyKind::Resource, &none, &[(&text, without)]);
    }
}

#[test]
fn axioms_leave_possible_requests_alone() {
    let asked = granted(&["s3:GetObject"], &[]);
    for condition in [
        r#""ForAnyValue:StringEquals":{"aws:CalledVia":"athena.amazonaws.com"},"StringEquals":{"aws:CalledViaFirst":"glue.amazonaws.com"}"#,
        r#""StringEquals":{"aws:CalledViaFirst":"a.amazonaws.com","aws:CalledViaLast":"b.amazonaws.com"},"ForAnyValue:StringEquals":{"aws:CalledVia":"c.amazonaws.com"}"#,
        r#""StringEquals":{"aws:PrincipalOrgID":"o-a"},"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-1/*"}"#,
        r#""StringLike":{"aws:PrincipalOrgID":"o-*"},"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-b/*"}"#,
        r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateLessThan":{"aws:TokenIssueTime":"2026-06-01T00:00:00Z"}"#,
        r#""DateEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z","aws:TokenIssueTime":"2026-01-01T00:00:00Z"}"#,
        r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1800000000"}"#,
    ] {
        let text = allow(ACCOUNT, condition);
        check_rows(
            &asked,
            PolicyKind::Resource,
            &Known::default(),
            &[(&text, "FAIL")],
        );
    }
}

#[test]
fn the_register_says_how_sure_each_axiom_is() {
    let medium: Vec<&str> = Axiom::all()
        .filter(|axiom| axiom.confidence() == Confidence::Medium)
        .map(Axiom::id)
        .collect();
    assert_eq!(medium, ["A3", "A7", "A10", "A11", "A12"]);
    assert!(Axiom::all().all(|axiom| Axioms::High.has(axiom) == (axiom.confidence() == Confidence::High)));
    assert!(!Axiom::all().any(|axiom| Axioms::None.has(axiom)));
}

#[test]
fn keys_that_say_the_same_agree_in_a_counterexample() {
    let asked = granted(&["s3:GetObject"], &[]);
    let found = |condition: &str| {
        let text = allow(ACCOUNT, condition);
        let finding = finding(&asked, &text, PolicyKind::Resource, &Known::default());
        move |name: &str| {
            let values = finding
                .counterexample
                .context
                .get(&crate::iam::ContextKey::new(name));
            values.cloned().unwrap_or_default()
        }
    };
    let chain = found(
        r#""Null":{"aws:CalledViaFirst":"false"},"StringLike":{"aws:CalledViaLast":"b*"},"ForAnyValue:StringEquals":{"aws:CalledVia":"c.amazonaws.com"}"#,
    );
    assert_eq!(
        chain("aws:CalledVia").first(),
        chain("aws:CalledViaFirst").first()
    );
    assert_eq!(chain("aws:CalledVia").last(), chain("aws:CalledViaLast").first());
    let organization = found(
        r#""StringEquals":{"aws:PrincipalOrgID":"o-a"},"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"*"}"#,
    );
    let paths = organization("aws:PrincipalOrgPaths");
    assert!(
        !paths.is_empty() && paths.iter().all(|path| path.starts_with("o-a/")),
        "{paths:?}"
    );
    let times = found(
        r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z","aws:TokenIssueTime":"2026-01-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z","aws:TokenIssueTime":"2026-06-01T00:00:00Z"}"#,
    );
    let instant = |name: &str| crate::iam::parse_instant(&times(name)[0]);
    assert!(instant("aws:TokenIssueTime") <= instant("aws:CurrentTime"));
}
