//! Identity providers that serve everybody: their tokens say by a claim whose they are, so trusting the provider without
//! pinning that claim trusts every tenant.

use std::collections::BTreeSet;

use crate::iam::{Condition, ConditionValues, ContextKey, Pattern, PolicyDocument, PrincipalEntry, Test};

use super::anchors::{conditions_on, head, none_of, principals_of, texts};

/// How a claim names the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenant {
    /// By its whole text.
    Whole,
    /// By the text up to this character (`repo:org/`).
    UpTo(char),
    /// By the text up to the second `:` (`organization:name:`).
    UpToSecondColon,
}

/// Shared providers: host, and the claims that name the tenant (each provider's documentation of its token claims).
const PROVIDERS: &[(&str, &[(&str, Tenant)])] = &[
    (
        "token.actions.githubusercontent.com",
        &[
            ("sub", Tenant::UpTo('/')),
            ("repository", Tenant::UpTo('/')),
            ("repository_owner", Tenant::Whole),
            ("repository_owner_id", Tenant::Whole),
            ("repository_id", Tenant::Whole),
            ("job_workflow_ref", Tenant::UpTo('/')),
        ],
    ),
    ("gitlab.com", &[("sub", Tenant::UpTo('/'))]),
    (
        "accounts.google.com",
        &[
            ("aud", Tenant::Whole),
            ("oaud", Tenant::Whole),
            ("sub", Tenant::Whole),
        ],
    ),
    (
        "cognito-identity.amazonaws.com",
        &[("aud", Tenant::Whole), ("sub", Tenant::Whole)],
    ),
    (
        "graph.facebook.com",
        &[("app_id", Tenant::Whole), ("id", Tenant::Whole)],
    ),
    (
        "www.amazon.com",
        &[("app_id", Tenant::Whole), ("user_id", Tenant::Whole)],
    ),
    ("app.terraform.io", &[("sub", Tenant::UpToSecondColon)]),
    ("agent.buildkite.com", &[("sub", Tenant::UpToSecondColon)]),
];

/// Providers that are named without an ARN.
pub(super) const BUILT_IN: &[&str] = &[
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

/// The shared providers that a document trusts, each with the conditions that a foreign tenant meets: no claim has one of
/// the fixed tenants that the document names.
pub(super) fn shared_providers(document: &PolicyDocument) -> Vec<(PrincipalEntry, Vec<Condition>)> {
    let mut found: Vec<(PrincipalEntry, Vec<Condition>)> = Vec::new();
    for entry in principals_of(document) {
        let PrincipalEntry::Federated(name) = entry else {
            continue;
        };
        let text = name.to_string();
        for (host, claims) in PROVIDERS {
            let named = text == *host || text.ends_with(&format!(":oidc-provider/{host}"));
            if named && !found.iter().any(|(known, _)| known == entry) {
                found.push((
                    entry.clone(),
                    claims
                        .iter()
                        .filter_map(|claim| foreign(document, host, claim))
                        .collect(),
                ));
            }
        }
    }
    found
}

fn foreign(document: &PolicyDocument, host: &str, (claim, tenant): &(&str, Tenant)) -> Option<Condition> {
    let key = ContextKey::new(&format!("{host}:{claim}"));
    let lines: Vec<&Condition> = conditions_on(document, &key).collect();
    let fixed = texts(&lines).filter_map(|pattern| match tenant {
        Tenant::Whole => pattern.as_literal().map(|_| pattern.clone()),
        Tenant::UpTo(separator) => {
            head(pattern, *separator, &[]).or_else(|| pattern.as_literal().map(|_| pattern.clone()))
        }
        Tenant::UpToSecondColon => second_colon(pattern),
    });
    let fixed: BTreeSet<Pattern> = fixed.collect();
    let values = ConditionValues::Text(fixed.iter().cloned().collect());
    (!fixed.is_empty()).then(|| none_of(&key, Test::StringLike, values))
}

/// `organization:name:…` as `organization:name:*`, when the name is fixed.
fn second_colon(pattern: &Pattern) -> Option<Pattern> {
    let text = pattern.to_string();
    let mut parts = text.splitn(3, ':');
    let (kind, name, _) = (parts.next()?, parts.next()?, parts.next()?);
    let head = format!("{kind}:{name}:");
    Pattern::glob(&head)
        .as_literal()
        .map(|head| Pattern::glob(&format!("{head}*")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{DocumentKind, Value, parse_document};

    #[test]
    fn a_pinned_tenant_is_no_stranger() {
        for (condition, pinned) in [
            (
                r#""StringEquals":{"token.actions.githubusercontent.com:sub":"repo:org/app:ref:refs/heads/main"}"#,
                true,
            ),
            (
                r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/*"}"#,
                true,
            ),
            (
                r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}"#,
                false,
            ),
            (
                r#""StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}"#,
                false,
            ),
        ] {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
                "Principal":{{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}},
                "Condition":{{{condition}}}}}}}"#
            );
            let document = parse_document(&Value::text(text), DocumentKind::Trust)
                .expect("valid")
                .document;
            let providers = shared_providers(&document);
            assert_eq!(providers.len(), 1);
            assert_eq!(!providers[0].1.is_empty(), pinned, "{condition}");
        }
    }
}
