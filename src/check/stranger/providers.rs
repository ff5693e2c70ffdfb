//! Identity providers that serve everybody: their tokens say by a claim whose they are, so trusting the provider without
//! pinning that claim trusts every tenant.

use std::collections::BTreeSet;

use crate::iam::{
    Condition, ConditionValues, ContextKey, Glob, HoleId, Operator, Pattern, Piece, PolicyDocument,
    PrincipalEntry, Quantifier, Test, Token,
};

use super::anchors::{conditions_on, head, is_fixed, none_of, principals_of, texts};

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
pub(super) fn shared_providers(
    document: &PolicyDocument,
    open_holes: &[HoleId],
) -> Vec<(PrincipalEntry, Vec<Condition>)> {
    let mut found: Vec<(PrincipalEntry, Vec<Condition>)> = Vec::new();
    for entry in principals_of(document) {
        let PrincipalEntry::Federated(name) = entry else {
            continue;
        };
        for (host, claims) in PROVIDERS {
            for entry in forms(name, host) {
                if !found.iter().any(|(known, _)| *known == entry) {
                    let own = claims
                        .iter()
                        .filter_map(|claim| foreign(document, host, claim, open_holes));
                    found.push((
                        entry,
                        own.chain(without_claims_of_others(document, host)).collect(),
                    ));
                }
            }
        }
    }
    found
}

/// The shared provider of that host as far as the entry means it: as it is named, or where an unknown value or wildcard
/// may turn out to name it, its usual forms.
fn forms(name: &Pattern, host: &str) -> Vec<PrincipalEntry> {
    let text = name.to_string();
    if text == host || text.ends_with(&format!(":oidc-provider/{host}")) {
        return vec![PrincipalEntry::Federated(name.clone())];
    }
    if name.as_literal().is_some() || text.contains(":saml-provider/") {
        return Vec::new();
    }
    let outline = Glob::new(
        name.pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Char(c) => Token::Char(*c),
                Piece::Any => Token::Any,
                Piece::Star | Piece::Var(..) | Piece::Hole(_) => Token::Star,
            })
            .collect(),
    );
    let by_arn = Pattern::glob(&format!("arn:*:oidc-provider/{host}"));
    let by_name = BUILT_IN.contains(&host).then(|| Pattern::literal(host));
    [by_arn]
        .into_iter()
        .chain(by_name)
        .filter(|form| form.as_glob().is_some_and(|form| form.intersects(&outline)))
        .map(PrincipalEntry::Federated)
        .collect()
}

/// A token has no claims under the name of another provider.
fn without_claims_of_others(document: &PolicyDocument, host: &str) -> Vec<Condition> {
    let others: Vec<String> = PROVIDERS
        .iter()
        .filter(|(other, _)| *other != host)
        .map(|(other, _)| format!("{other}:"))
        .collect();
    let lines = document
        .statements
        .iter()
        .flat_map(|statement| &statement.conditions);
    let keys: BTreeSet<&ContextKey> = lines
        .map(|line| &line.key)
        .filter(|key| others.iter().any(|other| key.folded().starts_with(other)))
        .collect();
    let absent = Operator {
        quantifier: Quantifier::One,
        test: Test::Null,
        negated: false,
        if_exists: false,
    };
    keys.into_iter()
        .map(|key| Condition {
            operator: absent,
            key: key.clone(),
            values: ConditionValues::Null(vec![true]),
        })
        .collect()
}

fn foreign(
    document: &PolicyDocument,
    host: &str,
    (claim, tenant): &(&str, Tenant),
    open_holes: &[HoleId],
) -> Option<Condition> {
    let key = ContextKey::new(&format!("{host}:{claim}"));
    let lines: Vec<&Condition> = conditions_on(document, &key).collect();
    let fixed = texts(&lines).filter_map(|pattern| match tenant {
        Tenant::Whole => pattern.as_literal().map(|_| pattern.clone()),
        Tenant::UpTo(separator) => {
            head(pattern, *separator, open_holes).or_else(|| pattern.as_literal().map(|_| pattern.clone()))
        }
        Tenant::UpToSecondColon => second_colon(pattern, open_holes),
    });
    let fixed: BTreeSet<Pattern> = fixed.collect();
    let values = ConditionValues::Text(fixed.iter().cloned().collect());
    (!fixed.is_empty()).then(|| none_of(&key, Test::StringLike, values))
}

/// `organization:name:…` as `organization:name:*`, when the name is fixed.
fn second_colon(pattern: &Pattern, open_holes: &[HoleId]) -> Option<Pattern> {
    let is_colon = |(_, piece): &(usize, &Piece)| **piece == Piece::Char(':');
    let (end, _) = pattern.pieces().iter().enumerate().filter(is_colon).nth(1)?;
    let head = Pattern::new(pattern.pieces().iter().take(end + 1).cloned().collect());
    is_fixed(&head, open_holes)
        .then(|| Pattern::new(head.pieces().iter().cloned().chain([Piece::Star]).collect()))
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
            let providers = shared_providers(&document, &[]);
            assert_eq!(providers.len(), 1);
            assert_eq!(!providers[0].1.is_empty(), pinned, "{condition}");
        }
    }
}
