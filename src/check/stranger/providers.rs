//! Identity providers that serve everybody: their tokens say by a claim whose they are, so trusting the provider without
//! pinning that claim trusts every tenant.

use std::collections::BTreeSet;

use crate::iam::{
    Comparison, Condition, ConditionValues, ContextKey, Effect, ElementSet, Glob, HoleId, Operator, Pattern,
    Piece, PolicyDocument, PrincipalEntry, PrincipalSet, Quantifier, Test, Token,
};

use super::anchors::{conditions_on, head, is_fixed, none_of, principals_of, texts};

/// How a claim names the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenant {
    /// By its whole text.
    Whole,
    /// By its number.
    Number,
    /// By the text up to this character (`org/`).
    UpTo(char),
    /// By what stands between one of these beginnings and the next such character (`repo:org/`). Other beginnings name
    /// no tenant: some providers let each tenant arrange the claim.
    After(&'static [(&'static str, char)]),
}

/// A provider that serves everybody.
struct Provider {
    /// Its issuer without `https://`: what follows `oidc-provider/`, and what its claims begin with.
    host: &'static str,
    /// The claims that name the tenant; one with a `:` is a key of its own.
    claims: &'static [(&'static str, Tenant)],
    /// Where that is documented: the claim that AWS demands to be tested, and the provider's own pages on its tokens.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers; a test sees that it is there")
    )]
    source: &'static str,
}

/// AWS's list of shared providers and the claim each must be tested for (IAM User Guide, identity-provider controls for
/// shared OIDC providers), with what tells one tenant from another besides.
const AWS: &str = "IAM User Guide, id_roles_providers_oidc_secure-by-default";
/// Claims that AWS knows beyond `aud` and `sub`.
const AWS_KEYS: &str =
    "IAM User Guide, id_roles_providers_oidc_secure-by-default and reference_policies_iam-condition-keys";

const GITHUB_SUBJECTS: Tenant = Tenant::After(&[
    ("repo:", '/'),
    ("repository:", '/'),
    ("repository_owner:", ':'),
    ("repository_owner_id:", ':'),
    ("repository_id:", ':'),
    ("enterprise:", ':'),
    ("enterprise_id:", ':'),
]);
const SERVICE_ACCOUNTS: &[(&str, Tenant)] = &[("sub", Tenant::After(&[("system:serviceaccount:", ':')]))];

const PROVIDERS: &[Provider] = &[
    Provider {
        host: "token.actions.githubusercontent.com",
        // `job_workflow_ref` names whose workflow runs, which may be called from anybody's repository; `actor` names who
        // set it off, which may be in anybody's repository.
        claims: &[
            ("sub", GITHUB_SUBJECTS),
            ("repository", Tenant::UpTo('/')),
            ("repository_owner", Tenant::Whole),
            ("repository_owner_id", Tenant::Whole),
            ("repository_id", Tenant::Whole),
            ("enterprise_id", Tenant::Whole),
        ],
        source: AWS_KEYS,
    },
    Provider {
        host: "vstoken.actions.githubusercontent.com",
        claims: &[("sub", GITHUB_SUBJECTS)],
        source: AWS,
    },
    Provider {
        host: "oidc-configuration.audit-log.githubusercontent.com",
        claims: &[("sub", Tenant::Whole)],
        source: AWS,
    },
    Provider {
        host: "gitlab.com",
        claims: &[
            ("sub", Tenant::After(&[("project_path:", '/')])),
            ("namespace_id", Tenant::Whole),
            ("project_id", Tenant::Whole),
            ("user_id", Tenant::Whole),
            ("user_login", Tenant::Whole),
            ("user_email", Tenant::Whole),
        ],
        source: AWS_KEYS,
    },
    Provider {
        host: "accounts.google.com",
        claims: &[
            ("aud", Tenant::Whole),
            ("oaud", Tenant::Whole),
            ("sub", Tenant::Whole),
            ("google/organization_number", Tenant::Number),
        ],
        source: "IAM User Guide, reference_policies_iam-condition-keys, keys for web identity federation",
    },
    Provider {
        host: "cognito-identity.amazonaws.com",
        claims: &[("aud", Tenant::Whole), ("sub", Tenant::Whole)],
        source: AWS_KEYS,
    },
    Provider {
        host: "graph.facebook.com",
        claims: &[("app_id", Tenant::Whole), ("id", Tenant::Whole)],
        source: "IAM User Guide, reference_policies_iam-condition-keys, keys for web identity federation",
    },
    Provider {
        host: "www.amazon.com",
        claims: &[("app_id", Tenant::Whole), ("user_id", Tenant::Whole)],
        source: "IAM User Guide, reference_policies_iam-condition-keys, keys for web identity federation",
    },
    Provider {
        host: "app.terraform.io",
        claims: &[("sub", Tenant::After(&[("organization:", ':')]))],
        source: AWS,
    },
    Provider {
        host: "app.eu.terraform.io",
        claims: &[("sub", Tenant::After(&[("organization:", ':')]))],
        source: "HCP Terraform documentation, workload identity tokens",
    },
    Provider {
        host: "agent.buildkite.com",
        claims: &[
            ("sub", Tenant::After(&[("organization:", ':')])),
            ("organization_id", Tenant::Whole),
            ("organization_slug", Tenant::Whole),
            ("pipeline_id", Tenant::Whole),
            ("cluster_id", Tenant::Whole),
        ],
        source: AWS_KEYS,
    },
    Provider {
        host: "oidc.codefresh.io",
        claims: &[("sub", Tenant::After(&[("account:", ':')]))],
        source: AWS,
    },
    Provider {
        host: "oidc.vercel.com",
        claims: &[
            ("aud", Tenant::After(&[("https://vercel.com/", '/')])),
            ("sub", Tenant::After(&[("owner:", ':')])),
        ],
        source: AWS,
    },
    Provider {
        host: "api.pulumi.com/oidc",
        claims: &[
            ("aud", Tenant::Whole),
            (
                "sub",
                Tenant::After(&[("pulumi:deploy:org:", ':'), ("pulumi:environments:org:", ':')]),
            ),
        ],
        source: AWS,
    },
    Provider {
        host: "scalr.io",
        claims: &[("sub", Tenant::After(&[("account:", ':')]))],
        source: AWS,
    },
    Provider {
        host: "proidc.upbound.io",
        claims: &[("sub", Tenant::After(&[("mcp:", '/')]))],
        source: AWS,
    },
    Provider {
        host: "studio.datachain.ai/api",
        claims: &[("sub", Tenant::UpTo('/'))],
        source: AWS,
    },
    Provider {
        host: "tokens.cloud.shisho.dev",
        claims: &[("sub", Tenant::After(&[("job:", ':')]))],
        source: AWS,
    },
    Provider {
        host: "sandboxes.cloud",
        claims: &[("aud", Tenant::Whole)],
        source: AWS,
    },
    Provider {
        host: "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d",
        // Microsoft Sentinel: one issuer for all workspaces.
        claims: &[("sts:RoleSessionName", Tenant::Whole)],
        source: AWS,
    },
    Provider {
        host: "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
    Provider {
        host: "rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
    Provider {
        host: "rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
    Provider {
        host: "rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
    Provider {
        host: "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
    Provider {
        host: "oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu",
        claims: SERVICE_ACCOUNTS,
        source: AWS,
    },
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
    for name in named_providers(document) {
        for Provider { host, claims, .. } in PROVIDERS {
            for entry in forms(&name, host) {
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

/// The identity providers that the document names; `*` where a statement about everybody allows their users to assume
/// a role.
fn named_providers(document: &PolicyDocument) -> BTreeSet<Pattern> {
    let named = principals_of(document).filter_map(|entry| match entry {
        PrincipalEntry::Federated(name) => Some(name.clone()),
        _ => None,
    });
    let open = document.statements.iter().any(|statement| {
        let everybody = match &statement.principal {
            PrincipalSet::Absent => false,
            PrincipalSet::In(entries) => entries
                .iter()
                .any(|entry| matches!(entry, PrincipalEntry::Everyone | PrincipalEntry::AnyAws)),
            PrincipalSet::NotIn(_) => true,
        };
        everybody && statement.effect == Effect::Allow && may_assume(&statement.action)
    });
    named.chain(open.then(Pattern::star)).collect()
}

/// Whether the actions hold one that users of identity providers can call. An action with unknown values may be one.
fn may_assume(actions: &ElementSet) -> bool {
    let calls = Glob::parse("sts:assumerolewith*");
    match actions {
        ElementSet::Any | ElementSet::NotIn(_) => true,
        ElementSet::In(patterns) => patterns
            .iter()
            .any(|pattern| pattern.as_glob().is_none_or(|glob| glob.intersects(&calls))),
    }
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
        .filter(|other| other.host != host)
        .map(|other| format!("{}:", other.host))
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

/// The condition that a claim names none of the tenants that the document names; `None` when it names none.
fn foreign(
    document: &PolicyDocument,
    host: &str,
    (claim, tenant): &(&str, Tenant),
    open_holes: &[HoleId],
) -> Option<Condition> {
    let name = if claim.contains(':') {
        (*claim).to_owned()
    } else {
        format!("{host}:{claim}")
    };
    let key = ContextKey::new(&name);
    let lines: Vec<&Condition> = conditions_on(document, &key).collect();
    if *tenant == Tenant::Number {
        return foreign_number(&key, &lines);
    }
    let whole = |pattern: &Pattern| is_fixed(pattern, open_holes).then(|| pattern.clone());
    let fixed = texts(&lines).filter_map(|pattern| match tenant {
        Tenant::Whole | Tenant::Number => whole(pattern),
        Tenant::UpTo(separator) => head(pattern, *separator, open_holes).or_else(|| whole(pattern)),
        Tenant::After(beginnings) => beginnings
            .iter()
            .find_map(|(beginning, end)| after(pattern, beginning, *end, open_holes)),
    });
    let fixed: BTreeSet<Pattern> = fixed.collect();
    let values = ConditionValues::Text(fixed.iter().cloned().collect());
    (!fixed.is_empty()).then(|| none_of(&key, Test::StringLike, values))
}

fn foreign_number(key: &ContextKey, lines: &[&Condition]) -> Option<Condition> {
    let numbers = lines.iter().filter_map(|line| match &line.values {
        ConditionValues::Number(Comparison::Equal, numbers) => Some(numbers.clone()),
        _ => None,
    });
    let numbers: Vec<_> = numbers.flatten().collect();
    let test = Test::Numeric(Comparison::Equal);
    (!numbers.is_empty()).then(|| none_of(key, test, ConditionValues::Number(Comparison::Equal, numbers)))
}

/// `repo:org/app:…` as `repo:org/*`, when it begins so and what stands before the separator is fixed and not empty; a
/// fixed text that ends there stands for itself.
fn after(pattern: &Pattern, beginning: &str, end: char, open_holes: &[HoleId]) -> Option<Pattern> {
    let pieces = pattern.pieces();
    let length = beginning.chars().count();
    let begins = pieces.len() > length
        && beginning
            .chars()
            .zip(pieces.iter())
            .all(|(c, piece)| *piece == Piece::Char(c));
    if !begins {
        return None;
    }
    let separator = |piece: &Piece| *piece == Piece::Char(end);
    match pieces.iter().skip(length).position(separator) {
        Some(0) => None,
        Some(at) => {
            let head = Pattern::new(pieces.iter().take(length + at + 1).cloned().collect());
            is_fixed(&head, open_holes)
                .then(|| Pattern::new(head.pieces().iter().cloned().chain([Piece::Star]).collect()))
        }
        None => is_fixed(pattern, open_holes).then(|| pattern.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{DocumentKind, Value, parse_document};

    #[test]
    fn every_row_names_a_claim_and_its_source() {
        for Provider { host, claims, source } in PROVIDERS {
            assert!(!claims.is_empty() && !source.is_empty(), "{host}");
            assert!(
                PROVIDERS.iter().filter(|other| other.host == *host).count() == 1,
                "{host}"
            );
        }
        let shared = |host: &str| PROVIDERS.iter().any(|provider| provider.host == host);
        assert!(BUILT_IN.iter().all(|host| shared(host)));
    }

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
                r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:/*"}"#,
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
