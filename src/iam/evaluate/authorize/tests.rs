//! The rules of semantics.md 3.11, a row a case: the policies, the request, the decision.

use std::collections::BTreeMap;

use super::*;
use crate::iam::{DocumentKind, Value, parse_document};

const HOME: &str = "123456789012";
const OTHER: &str = "999988887777";

const BUCKET: (&str, &str) = ("s3:GetObject", "arn:aws:s3:::b/k");
const KEY: (&str, &str) = ("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1");
const ALIAS: (&str, &str) = ("kms:CreateAlias", "arn:aws:kms:eu-west-1:123456789012:alias/a");
const ROLE: (&str, &str) = ("sts:AssumeRole", "arn:aws:iam::123456789012:role/t");
const SAML: (&str, &str) = ("sts:AssumeRoleWithSAML", "arn:aws:iam::123456789012:role/t");

/// Everything that the identity side can allow.
const ALLOW: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
/// Nothing that is asked for here.
const ELSE: &str = r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#;
const DENY: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;

fn document(kind: DocumentKind, statement: &str) -> PolicyDocument {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    parse_document(&Value::text(text), kind)
        .expect(statement)
        .document
}

/// `to` names whom a resource policy allows: `*`, or the inside of a map.
fn to(who: &str) -> String {
    let principal = if who == "*" {
        "\"*\"".to_owned()
    } else {
        format!("{{{who}}}")
    };
    format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}"#)
}

fn aws(who: &str) -> String {
    to(&format!(r#""AWS":"{who}""#))
}

/// Policies by what they are; `scp` and `rcp` add a level each.
fn policies(list: &[(&str, &str)]) -> Policies {
    let mut policies = Policies::default();
    for (what, statement) in list {
        let of = |kind| document(kind, statement);
        match *what {
            "identity" => policies.identity.push(of(DocumentKind::Identity)),
            "resource" => policies.resource = Some(of(DocumentKind::Resource)),
            "boundary" => policies.boundary.push(of(DocumentKind::Identity)),
            "session" => policies.session = Some(of(DocumentKind::Identity)),
            "scp" => policies.scps.push(vec![of(DocumentKind::Scp)]),
            "rcp" => policies.rcps.push(vec![of(DocumentKind::Rcp)]),
            "endpoint" => policies.endpoint.push(of(DocumentKind::Resource)),
            other => panic!("{other}"),
        }
    }
    policies
}

fn user(account: &str) -> Principal {
    Principal::User {
        partition: "aws".into(),
        account: account.into(),
        path: "u".into(),
    }
}

fn session(account: &str, path: &str) -> Principal {
    Principal::RoleSession {
        partition: "aws".into(),
        account: account.into(),
        path: path.into(),
        session: "s".into(),
    }
}

fn root(account: &str) -> Principal {
    Principal::Root {
        partition: "aws".into(),
        account: account.into(),
    }
}

fn request(principal: Principal, (action, resource): (&str, &str)) -> Request {
    Request {
        principal,
        action: action.into(),
        resource: resource.into(),
        context: BTreeMap::new(),
        readings: BTreeMap::new(),
        holes: BTreeMap::new(),
        facts: BTreeMap::new(),
    }
}

/// What decides: `Allowed` and `ExplicitDeny` with the policies, `ImplicitDeny` with what is missing.
fn decided(principal: Principal, asked: (&str, &str), list: &[(&str, &str)]) -> String {
    let authorization = authorize(&request(principal, asked), HOME, &policies(list));
    let positions: Vec<String> = authorization
        .statements
        .iter()
        .map(|(position, _)| format!("{position:?}"))
        .collect();
    let missing: Vec<String> = authorization
        .missing
        .iter()
        .map(|missing| format!("{missing:?}"))
        .collect();
    let by = [positions, missing].concat().join(" ");
    format!("{:?}: {by}", authorization.decision)
}

type Row<'a> = (Principal, (&'a str, &'a str), &'a [(&'a str, &'a str)], &'a str);

fn check(rows: &[Row<'_>]) {
    for (principal, asked, list, expected) in rows {
        let found = decided(principal.clone(), *asked, list);
        assert_eq!(found.trim_end(), *expected, "{principal:?} {asked:?} {list:?}");
    }
}

#[test]
fn in_one_account_either_side_grants() {
    let u = || user(HOME);
    check(&[
        (u(), BUCKET, &[], "ImplicitDeny: Identity"),
        (u(), BUCKET, &[("identity", ALLOW)], "Allowed: Identity(0)"),
        (u(), BUCKET, &[("identity", ELSE)], "ImplicitDeny: Identity"),
        (
            u(),
            BUCKET,
            &[("identity", ELSE), ("identity", ALLOW)],
            "Allowed: Identity(1)",
        ),
        (
            u(),
            BUCKET,
            &[("resource", &aws("arn:aws:iam::123456789012:user/u"))],
            "Allowed: Resource",
        ),
        (
            u(),
            BUCKET,
            &[("resource", &aws("arn:aws:iam::123456789012:user/other"))],
            "ImplicitDeny: Identity",
        ),
        (u(), BUCKET, &[("resource", &to("*"))], "Allowed: Resource"),
        (u(), BUCKET, &[("resource", &aws("*"))], "Allowed: Resource"),
        // The account is named, which may give the access and has not.
        (u(), BUCKET, &[("resource", &aws(HOME))], "ImplicitDeny: Identity"),
        (
            u(),
            BUCKET,
            &[("resource", &aws("arn:aws:iam::123456789012:root"))],
            "ImplicitDeny: Identity",
        ),
        (
            u(),
            BUCKET,
            &[("resource", &aws(HOME)), ("identity", ALLOW)],
            "Allowed: Identity(0) Resource",
        ),
        (
            session(HOME, "p/r"),
            BUCKET,
            &[("resource", &aws("arn:aws:iam::123456789012:role/p/r"))],
            "Allowed: Resource",
        ),
        (
            session(HOME, "p/r"),
            BUCKET,
            &[("resource", &aws("arn:aws:sts::123456789012:assumed-role/r/s"))],
            "Allowed: Resource",
        ),
        (
            session(HOME, "p/r"),
            BUCKET,
            &[("resource", &aws("arn:aws:sts::123456789012:assumed-role/r/x"))],
            "ImplicitDeny: Identity",
        ),
        // Everyone but another user.
        (
            u(),
            BUCKET,
            &[(
                "resource",
                r#"{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/x"},"Action":"*","Resource":"*"}"#,
            )],
            "Allowed: Resource",
        ),
    ]);
}

#[test]
fn boundaries_and_session_policies_limit_what_is_not_granted_directly() {
    let of_role = aws("arn:aws:iam::123456789012:role/r");
    let of_session = aws("arn:aws:sts::123456789012:assumed-role/r/s");
    let of_user = aws("arn:aws:iam::123456789012:user/u");
    let r = || session(HOME, "r");
    for (limit, missing) in [("boundary", "Boundary"), ("session", "Session")] {
        let without = format!("ImplicitDeny: {missing}");
        check(&[
            (
                r(),
                BUCKET,
                &[("identity", ALLOW), (limit, ALLOW)],
                "Allowed: Identity(0)",
            ),
            (r(), BUCKET, &[("identity", ALLOW), (limit, ELSE)], &without),
            (r(), BUCKET, &[(limit, ALLOW)], "ImplicitDeny: Identity"),
            (r(), BUCKET, &[("resource", &of_role), (limit, ELSE)], &without),
            (
                r(),
                BUCKET,
                &[("resource", &of_role), (limit, ALLOW)],
                "Allowed: Resource",
            ),
            (
                r(),
                BUCKET,
                &[("resource", &of_session), (limit, ELSE)],
                "Allowed: Resource",
            ),
            (
                r(),
                BUCKET,
                &[("resource", &to("*")), (limit, ELSE)],
                "Allowed: Resource",
            ),
        ]);
        // An explicit deny of either always counts.
        let decided = decided(r(), BUCKET, &[("resource", &of_session), (limit, DENY)]);
        assert!(decided.starts_with("ExplicitDeny"), "{decided}");
    }
    check(&[
        (
            user(HOME),
            BUCKET,
            &[("resource", &of_user), ("boundary", ELSE)],
            "Allowed: Resource",
        ),
        (
            user(HOME),
            BUCKET,
            &[("resource", &aws(HOME)), ("identity", ALLOW), ("boundary", ELSE)],
            "ImplicitDeny: Boundary",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ELSE), ("boundary", ELSE)],
            "ImplicitDeny: Boundary Identity",
        ),
    ]);
}

#[test]
fn across_accounts_both_sides_grant() {
    let u = || user(OTHER);
    let of_user = aws("arn:aws:iam::999988887777:user/u");
    check(&[
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("resource", &of_user)],
            "Allowed: Identity(0) Resource",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("resource", &aws(OTHER))],
            "Allowed: Identity(0) Resource",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("resource", &to("*"))],
            "Allowed: Identity(0) Resource",
        ),
        (u(), BUCKET, &[("identity", ALLOW)], "ImplicitDeny: Resource"),
        (u(), BUCKET, &[("resource", &of_user)], "ImplicitDeny: Identity"),
        (u(), BUCKET, &[], "ImplicitDeny: Identity Resource"),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("resource", &aws(HOME))],
            "ImplicitDeny: Resource",
        ),
        // Nothing is granted directly across accounts.
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("resource", &of_user), ("boundary", ELSE)],
            "ImplicitDeny: Boundary",
        ),
        (
            session(OTHER, "r"),
            BUCKET,
            &[
                ("identity", ALLOW),
                ("resource", &aws("arn:aws:sts::999988887777:assumed-role/r/s")),
                ("session", ELSE),
            ],
            "ImplicitDeny: Session",
        ),
        (
            Principal::Canonical("ab".into()),
            BUCKET,
            &[("resource", &to("*"))],
            "ImplicitDeny: Identity",
        ),
    ]);
}

#[test]
fn who_has_no_account_needs_the_resource_policy_alone() {
    let lambda = || Principal::Service("lambda.amazonaws.com".into());
    let google = || Principal::Federated("accounts.google.com".into());
    let of_lambda = to(r#""Service":"lambda.amazonaws.com""#);
    let of_google = to(r#""Federated":"accounts.google.com""#);
    let deny_by_rcp = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    check(&[
        (
            Principal::Anonymous,
            BUCKET,
            &[("resource", &to("*"))],
            "Allowed: Resource",
        ),
        (
            Principal::Anonymous,
            BUCKET,
            &[("resource", &aws(HOME))],
            "ImplicitDeny: Resource",
        ),
        (
            Principal::Anonymous,
            BUCKET,
            &[("identity", ALLOW)],
            "ImplicitDeny: Resource",
        ),
        (lambda(), BUCKET, &[("resource", &of_lambda)], "Allowed: Resource"),
        (lambda(), BUCKET, &[("resource", &to("*"))], "Allowed: Resource"),
        (
            Principal::Service("sqs.amazonaws.com".into()),
            BUCKET,
            &[("resource", &of_lambda)],
            "ImplicitDeny: Resource",
        ),
        (google(), SAML, &[("resource", &of_google)], "Allowed: Resource"),
        (
            google(),
            SAML,
            &[("resource", &of_lambda)],
            "ImplicitDeny: Resource",
        ),
        // What binds principals of an account binds none of these; RCPs bind all.
        (
            lambda(),
            BUCKET,
            &[
                ("resource", &of_lambda),
                ("identity", DENY),
                ("boundary", DENY),
                ("session", DENY),
                ("scp", DENY),
            ],
            "Allowed: Resource",
        ),
        (
            Principal::Anonymous,
            BUCKET,
            &[("resource", &to("*")), ("rcp", deny_by_rcp)],
            "ExplicitDeny: Rcp(0, 0)",
        ),
        (
            lambda(),
            BUCKET,
            &[("resource", &of_lambda), ("rcp", deny_by_rcp)],
            "ExplicitDeny: Rcp(0, 0)",
        ),
    ]);
}

#[test]
fn a_root_user_may_do_all_that_nothing_forbids() {
    let of_account = aws(HOME);
    check(&[
        (root(HOME), BUCKET, &[], "Allowed:"),
        (root(HOME), BUCKET, &[("scp", ELSE)], "ImplicitDeny: ScpLevel(0)"),
        (root(HOME), BUCKET, &[("scp", DENY)], "ExplicitDeny: Scp(0, 0)"),
        (root(HOME), KEY, &[], "ImplicitDeny: Resource"),
        (root(HOME), KEY, &[("resource", &of_account)], "Allowed: Resource"),
        (root(OTHER), BUCKET, &[], "ImplicitDeny: Resource"),
        (
            root(OTHER),
            BUCKET,
            &[("resource", &aws(OTHER))],
            "Allowed: Resource",
        ),
    ]);
}

#[test]
fn keys_and_roles_are_opened_by_their_own_policy() {
    let u = || user(HOME);
    let of_user = aws("arn:aws:iam::123456789012:user/u");
    for asked in [KEY, ROLE] {
        check(&[
            (u(), asked, &[("identity", ALLOW)], "ImplicitDeny: Resource"),
            (u(), asked, &[("resource", &of_user)], "Allowed: Resource"),
            (u(), asked, &[("resource", &aws(HOME))], "ImplicitDeny: Identity"),
            (
                u(),
                asked,
                &[("resource", &aws(HOME)), ("identity", ALLOW)],
                "Allowed: Identity(0) Resource",
            ),
            (
                u(),
                asked,
                &[("resource", &aws(OTHER)), ("identity", ALLOW)],
                "ImplicitDeny: Resource",
            ),
            (
                u(),
                asked,
                &[("resource", &of_user), ("boundary", ELSE)],
                "Allowed: Resource",
            ),
            (u(), asked, &[], "ImplicitDeny: Identity Resource"),
        ]);
    }
    // An alias has no policy of its own.
    check(&[(u(), ALIAS, &[("identity", ALLOW)], "Allowed: Identity(0)")]);
}

#[test]
fn every_level_of_guardrails_counts() {
    let u = || user(HOME);
    let linked = || session(HOME, "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    let deny_by_rcp = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    let deny_iam = r#"{"Effect":"Deny","Principal":"*","Action":"iam:*","Resource":"*"}"#;
    check(&[
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("scp", ALLOW), ("scp", ALLOW)],
            "Allowed: Identity(0)",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("scp", ALLOW), ("scp", ELSE)],
            "ImplicitDeny: ScpLevel(1)",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("scp", ALLOW), ("scp", DENY)],
            "ExplicitDeny: Scp(1, 0)",
        ),
        (u(), BUCKET, &[("scp", ALLOW)], "ImplicitDeny: Identity"),
        // Granted directly, and guarded all the same.
        (
            u(),
            BUCKET,
            &[("resource", &to("*")), ("scp", ELSE)],
            "ImplicitDeny: ScpLevel(0)",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("rcp", deny_iam)],
            "Allowed: Identity(0)",
        ),
        (
            u(),
            BUCKET,
            &[("identity", ALLOW), ("rcp", deny_iam), ("rcp", deny_by_rcp)],
            "ExplicitDeny: Rcp(1, 0)",
        ),
        (
            user(OTHER),
            BUCKET,
            &[("identity", ALLOW), ("resource", &to("*")), ("rcp", deny_by_rcp)],
            "ExplicitDeny: Rcp(0, 0)",
        ),
        (
            linked(),
            BUCKET,
            &[("identity", ALLOW), ("scp", DENY), ("rcp", deny_by_rcp)],
            "Allowed: Identity(0)",
        ),
    ]);
    let mut two = policies(&[("identity", ALLOW), ("scp", ELSE)]);
    two.scps[0].push(document(DocumentKind::Scp, ALLOW));
    let authorization = authorize(&request(u(), BUCKET), HOME, &two);
    assert_eq!(
        authorization.decision,
        Decision::Allowed,
        "any policy of a level suffices"
    );
    two.scps.push(Vec::new());
    let authorization = authorize(&request(u(), BUCKET), HOME, &two);
    assert_eq!(
        authorization.missing,
        [Missing::ScpLevel(1)],
        "an empty level allows nothing"
    );
}

#[test]
fn an_endpoint_lets_through_what_its_policy_allows() {
    let other = r#"{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    check(&[
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("endpoint", &to("*"))],
            "Allowed: Identity(0)",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("endpoint", &aws(OTHER))],
            "ImplicitDeny: Endpoint",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("endpoint", other)],
            "ImplicitDeny: Endpoint",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("endpoint", deny)],
            "ExplicitDeny: Endpoint(0)",
        ),
        (
            Principal::Anonymous,
            BUCKET,
            &[("resource", &to("*")), ("endpoint", other)],
            "ImplicitDeny: Endpoint",
        ),
    ]);
}

#[test]
fn an_explicit_deny_wins_wherever_it_stands() {
    let deny_user = r#"{"Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}"#;
    check(&[
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("identity", DENY)],
            "ExplicitDeny: Identity(1)",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("resource", deny_user)],
            "ExplicitDeny: Resource",
        ),
        (
            user(OTHER),
            BUCKET,
            &[("identity", DENY), ("resource", &to("*"))],
            "ExplicitDeny: Identity(0)",
        ),
        // All of them are told.
        (
            user(HOME),
            BUCKET,
            &[("identity", DENY), ("boundary", DENY), ("scp", DENY)],
            "ExplicitDeny: Identity(0) Boundary(0) Scp(0, 0)",
        ),
    ]);
}

#[test]
fn not_principal_spares_nobody_with_a_boundary() {
    let spare = |who: &str| {
        format!(r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":[{who}]}},"Action":"s3:*","Resource":"*"}}"#)
    };
    let listed = spare(r#""123456789012","arn:aws:iam::123456789012:user/u""#);
    check(&[
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("resource", &listed)],
            "Allowed: Identity(0)",
        ),
        (
            user(HOME),
            BUCKET,
            &[("identity", ALLOW), ("resource", &listed), ("boundary", ALLOW)],
            "ExplicitDeny: Resource",
        ),
        (
            user(HOME),
            KEY,
            &[
                ("identity", ALLOW),
                ("resource", &format!("{listed},{}", to("*"))),
                ("boundary", ALLOW),
            ],
            "Allowed: Identity(0) Resource",
        ),
    ]);
}

#[test]
fn a_session_names_its_role_without_the_path() {
    let of_role = aws("arn:aws:iam::123456789012:role/p/q/r");
    let given = policies(&[("resource", &of_role)]);
    let asked = request(session(HOME, "r"), BUCKET);
    assert_eq!(authorize(&asked, HOME, &given).decision, Decision::ImplicitDeny);
    let by_name = given.with_roles_by_name();
    assert_eq!(authorize(&asked, HOME, &by_name).decision, Decision::Allowed);
    let other = request(session(HOME, "q"), BUCKET);
    assert_eq!(authorize(&other, HOME, &by_name).decision, Decision::ImplicitDeny);
}
