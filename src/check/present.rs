//! A request as JSON, as answers and reports show it (interface.md, `keyaki batch`).

use serde_json::{Map, Value, json};

use crate::iam::{Principal, Request, key_facts};

/// The request: `principal`, `action`, `resource`, `context`. A key that is not in `context` is absent from the request;
/// single-valued keys are strings, multivalued keys lists.
pub fn request_json(request: &Request) -> Value {
    let mut context = Map::new();
    for (key, values) in &request.context {
        let value = match values.as_slice() {
            [only] if !key_facts(key).multivalued => json!(only),
            several => json!(several),
        };
        context.insert(key.written().to_owned(), value);
    }
    json!({
        "principal": principal_json(&request.principal),
        "action": request.action,
        "resource": request.resource,
        "context": context,
    })
}

/// An ARN, a service name, or an object for principals that have neither.
fn principal_json(principal: &Principal) -> Value {
    match principal {
        Principal::Anonymous => json!({"type": "Anonymous"}),
        Principal::Root { .. }
        | Principal::User { .. }
        | Principal::RoleSession { .. }
        | Principal::FederatedUser { .. } => json!(principal.caller_arn()),
        Principal::Service(name) => json!(name),
        Principal::Federated(provider) => json!({"Federated": provider}),
        Principal::Canonical(id) => json!({"CanonicalUser": id}),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::iam::ContextKey;

    fn check(principal: Principal, expected: Value) {
        assert_eq!(principal_json(&principal), expected);
    }

    #[test]
    fn principals() {
        let (partition, account) = ("aws".to_owned(), "123456789012".to_owned());
        check(Principal::Anonymous, json!({"type": "Anonymous"}));
        check(
            Principal::RoleSession {
                partition,
                account,
                path: "a/b/r".into(),
                session: "s".into(),
            },
            json!("arn:aws:sts::123456789012:assumed-role/r/s"),
        );
        check(
            Principal::Service("lambda.amazonaws.com".into()),
            json!("lambda.amazonaws.com"),
        );
        check(
            Principal::Federated("accounts.google.com".into()),
            json!({"Federated": "accounts.google.com"}),
        );
    }

    #[test]
    fn multivalued_keys_are_lists() {
        let request = Request {
            principal: Principal::Anonymous,
            action: "s3:GetObject".into(),
            resource: "arn:aws:s3:::b/k".into(),
            context: BTreeMap::from([
                (ContextKey::new("aws:SecureTransport"), vec!["true".to_owned()]),
                (ContextKey::new("aws:TagKeys"), vec!["one".to_owned()]),
            ]),
            readings: BTreeMap::new(),
            holes: BTreeMap::new(),
            facts: BTreeMap::new(),
        };
        let json = request_json(&request);
        assert_eq!(
            json["context"],
            json!({"aws:SecureTransport": "true", "aws:TagKeys": ["one"]})
        );
    }
}
