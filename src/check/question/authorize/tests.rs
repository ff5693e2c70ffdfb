//! What is read of an `authorize` question, and what is refused.

use super::*;

const REQUEST: &str = r#""principal":"arn:aws:iam::123456789012:user/u","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resource_account":"123456789012""#;

fn read(text: &str) -> Result<AuthorizeQuestion, String> {
    let fields: Fields<'_> = serde_json::from_str(text).expect(text);
    read_authorize(&fields)
}

fn by(request: &str) -> Result<AuthorizeQuestion, String> {
    read(&format!(r#"{{"request":{{{request}}},"policies":{{}}}}"#))
}

#[test]
fn requests_that_make_no_sense() {
    let arn = r#""principal":"arn:aws:iam::123456789012:user/u""#;
    for (request, expected) in [
        ("", "`principal` is missing"),
        (r#""principal":"someone""#, "`principal` must be"),
        (r#""principal":"*""#, "`principal` must be"),
        (r#""principal":"123456789012""#, "`principal` must be"),
        (r#""principal":"arn:aws:iam::12:user/u""#, "`principal` must be"),
        (r#""principal":{"type":"Someone"}"#, "`principal` must be"),
        (
            r#""principal":{"type":"Anonymous","Federated":"x"}"#,
            "`principal` must be",
        ),
        (arn, "`action` is missing"),
        (&format!(r#"{arn},"action":"s3:*""#), "without wildcards"),
        (&format!(r#"{arn},"action":"GetObject""#), "an action is"),
        (
            &format!(r#"{arn},"action":"s3:GetObject","resource":"bucket""#),
            "`resource` must be",
        ),
        (
            &format!(r#"{arn},"action":"s3:GetObject","resource":"arn:aws:s3:::b""#),
            "`resource_account` is missing",
        ),
        (
            &format!(r#"{arn},"action":"s3:GetObject","resource":"*","resource_account":"1""#),
            "12 digits",
        ),
        (&format!(r#"{REQUEST},"context":[]"#), "`context` must be"),
        (
            &format!(r#"{REQUEST},"context":{{"aws:username":{{}}}}"#),
            "`context` must be",
        ),
        (
            &format!(r#"{REQUEST},"context":{{"aws:username":"a","aws:UserName":"b"}}"#),
            "a key twice",
        ),
    ] {
        let message = by(request).expect_err(request);
        assert!(message.contains(expected), "{request}: {message}");
    }
}

#[test]
fn policies_that_cannot_be_read_are_named() {
    for (policies, expected) in [
        (r#""identity":{}"#, "`identity` must be a list of policies"),
        (
            r#""identity":[{}]"#,
            "`policies.identity[0]`: `Statement` is missing",
        ),
        (
            r#""resource":{"Statement":{}}"#,
            "`policies.resource`: statement 0",
        ),
        (r#""scps":[{}]"#, "`scps` must be a list of lists"),
        (
            r#""scps":[[],[{"Statement":[]},{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}]]"#,
            "`policies.scps[1][1]`: statement 0: `Effect`",
        ),
        (
            r#""rcps":[[{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}]]"#,
            "can only deny",
        ),
        (
            r#""identity":["{\"Statement\":7}"]"#,
            "`policies.identity[0]`: statement 0",
        ),
    ] {
        let text = format!(r#"{{"request":{{{REQUEST}}},"policies":{{{policies}}}}}"#);
        let message = read(&text).expect_err(policies);
        assert!(message.contains(expected), "{policies}: {message}");
    }
}

#[test]
fn principals_and_accounts() {
    let rest = r#""action":"sts:AssumeRole","resource":"arn:aws:iam::111122223333:role/t""#;
    let with = |principal: &str, context: &str| {
        let asked = by(&format!(
            r#""principal":{principal},{rest},"context":{{{context}}}"#
        ));
        asked.expect(principal)
    };
    let asked = with(r#""arn:aws:sts::123456789012:assumed-role/r/s""#, "");
    assert_eq!(asked.resource_account, "111122223333");
    let role = |question: &AuthorizeQuestion| match &question.request.principal {
        Principal::RoleSession { path, session, .. } => format!("{path} {session}"),
        other => format!("{other:?}"),
    };
    assert_eq!(role(&asked), "r s");
    let told = r#""aws:PrincipalArn":"arn:aws:iam::123456789012:role/p/r","n":5,"l":["a",true],"none":null"#;
    let asked = with(r#""arn:aws:sts::123456789012:assumed-role/r/s""#, told);
    assert_eq!(role(&asked), "p/r s");
    let values = |key: &str| asked.request.context.get(&ContextKey::new(key)).cloned();
    assert_eq!(values("N"), Some(vec!["5".to_owned()]));
    assert_eq!(values("l"), Some(vec!["a".to_owned(), "true".to_owned()]));
    assert_eq!(values("none"), None);
    assert_eq!(role(&with(r#""arn:aws:iam::123456789012:role/p/r""#, "")), "p/r ");
    for (principal, expected) in [
        (
            r#""arn:aws:iam::123456789012:root""#,
            crate::iam::PrincipalKind::Root,
        ),
        (
            r#""arn:aws:iam::123456789012:user/p/u""#,
            crate::iam::PrincipalKind::User,
        ),
        (
            r#""arn:aws:sts::123456789012:federated-user/f""#,
            crate::iam::PrincipalKind::FederatedUser,
        ),
        (r#""lambda.amazonaws.com""#, crate::iam::PrincipalKind::Service),
        (r#"{"type":"Anonymous"}"#, crate::iam::PrincipalKind::Anonymous),
        (
            r#"{"Federated":"accounts.google.com"}"#,
            crate::iam::PrincipalKind::Federated,
        ),
        (r#"{"CanonicalUser":"ab"}"#, crate::iam::PrincipalKind::Canonical),
    ] {
        assert_eq!(with(principal, "").request.principal.kind(), expected);
    }
}

#[test]
fn resource_control_policies_bind_services_that_support_them() {
    let full = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    let deny = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}"#;
    let levels = |action: &str| {
        let request = REQUEST.replace("s3:GetObject", action);
        let text = format!(r#"{{"request":{{{request}}},"policies":{{"rcps":[[{full},{deny}]]}}}}"#);
        let rcps = read(&text).expect(action).policies.rcps;
        rcps.concat()
            .iter()
            .map(|one| one.statements.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(levels("s3:GetObject"), [0, 1]);
    assert_eq!(levels("ec2:RunInstances"), [0_usize; 0]);
}
