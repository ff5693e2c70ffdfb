//! Identity providers that serve everybody: whose users are strangers.

use super::*;

fn check(asked: &Check, kind: PolicyKind, rows: &[(&str, &str)]) {
    check_rows(asked, kind, &Known::default(), rows);
}

#[test]
fn an_identity_provider_that_is_unknown_may_be_a_shared_one() {
    let trust = |provider: &str, rest: &str| {
        format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{{"Federated":"{provider}"}}{rest}}}"#
        )
    };
    for (provider, rest, expected) in [
        ("{{P}}", "", "UNDECIDED"),
        (
            "arn:aws:iam::{{A}}:oidc-provider/token.actions.githubusercontent.com",
            "",
            "FAIL",
        ),
        ("arn:aws:iam::123456789012:oidc-provider/{{H}}", "", "UNDECIDED"),
        (
            "arn:aws:iam::123456789012:oidc-provider/idp.example.com",
            "",
            "PASS",
        ),
        ("arn:aws:iam::{{A}}:saml-provider/{{H}}", "", "PASS"),
        ("*", "", "FAIL"),
        (
            "{{P}}",
            r#","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/*"}}"#,
            "PASS",
        ),
    ] {
        check(
            &public(),
            PolicyKind::Trust,
            &[(&trust(provider, rest), expected)],
        );
    }
}

/// A role that users of an identity provider may assume.
fn federated(host: &str, condition: &str) -> String {
    let provider = if host.contains(':')
        || [
            "accounts.google.com",
            "cognito-identity.amazonaws.com",
            "graph.facebook.com",
            "www.amazon.com",
        ]
        .contains(&host)
    {
        host.to_owned()
    } else {
        format!("arn:aws:iam::123456789012:oidc-provider/{host}")
    };
    format!(
        r#"{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{{"Federated":"{provider}"}},"Condition":{{{condition}}}}}"#
    )
}

#[test]
fn shared_providers_need_a_tenant() {
    let like = |key: &str, value: &str| format!(r#""StringLike":{{"{key}":"{value}"}}"#);
    for (host, claim, pinned, open) in [
        (
            "token.actions.githubusercontent.com",
            "sub",
            "repo:org/*",
            "repo:*",
        ),
        (
            "token.actions.githubusercontent.com",
            "sub",
            "repo:org/app:ref:refs/heads/main",
            "environment:prod",
        ),
        (
            "token.actions.githubusercontent.com",
            "sub",
            "repository_owner_id:1:*",
            "repo:o?g/*",
        ),
        (
            "token.actions.githubusercontent.com",
            "repository",
            "org/app",
            "*/app",
        ),
        (
            "token.actions.githubusercontent.com",
            "repository_owner_id",
            "1234",
            "1*",
        ),
        (
            "vstoken.actions.githubusercontent.com",
            "sub",
            "repo:org/app:*",
            "*",
        ),
        (
            "oidc-configuration.audit-log.githubusercontent.com",
            "sub",
            "https://github.com/org",
            "https://github.com/*",
        ),
        (
            "gitlab.com",
            "sub",
            "project_path:group/app:*",
            "project_path:*:ref:main",
        ),
        ("gitlab.com", "project_id", "12", "*"),
        ("accounts.google.com", "aud", "client", "*"),
        (
            "cognito-identity.amazonaws.com",
            "aud",
            "eu-west-1:pool",
            "eu-west-1:*",
        ),
        ("graph.facebook.com", "app_id", "12", "1?"),
        ("www.amazon.com", "app_id", "amzn1.app", "amzn1.*"),
        (
            "app.terraform.io",
            "sub",
            "organization:org:project:*",
            "organization:*:project:p",
        ),
        ("app.eu.terraform.io", "sub", "organization:org:*", "*"),
        (
            "agent.buildkite.com",
            "sub",
            "organization:org:pipeline:*",
            "*:pipeline:p:*",
        ),
        ("agent.buildkite.com", "organization_id", "0183", "*"),
        (
            "oidc.codefresh.io",
            "sub",
            "account:1:pipeline:*",
            "account:*:pipeline:1",
        ),
        (
            "oidc.vercel.com",
            "aud",
            "https://vercel.com/team",
            "https://vercel.com/*",
        ),
        (
            "oidc.vercel.com",
            "sub",
            "owner:team:project:*",
            "owner:*:project:p:environment:production",
        ),
        ("api.pulumi.com/oidc", "aud", "org", "aws:*"),
        (
            "api.pulumi.com/oidc",
            "sub",
            "pulumi:deploy:org:org:*",
            "pulumi:deploy:org:*",
        ),
        ("scalr.io", "sub", "account:a:environment:*", "account:*"),
        ("proidc.upbound.io", "sub", "mcp:org/*", "mcp:*/c:provider:p"),
        (
            "studio.datachain.ai/api",
            "sub",
            "credentials:team/*",
            "credentials:*",
        ),
        ("tokens.cloud.shisho.dev", "sub", "job:org:*", "job:*"),
        ("sandboxes.cloud", "aud", "org", "*"),
        (
            "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7",
            "sub",
            "system:serviceaccount:tenant:t8c-operator",
            "system:serviceaccount:*:t8c-operator",
        ),
    ] {
        let key = format!("{host}:{claim}");
        let pinned = federated(host, &like(&key, pinned));
        let open = federated(host, &like(&key, open));
        // A stranger has no such claim, and `IfExists` asks for none.
        let optional = pinned.replace("StringLike", "StringLikeIfExists");
        let bare = federated(host, "");
        let rows = [
            (&*pinned, "PASS"),
            (&*open, "FAIL"),
            (&*optional, "FAIL"),
            (&*bare, "FAIL"),
        ];
        check(&public(), PolicyKind::Trust, &rows);
        check(&external(), PolicyKind::Trust, &rows);
    }
    for (host, condition, expected) in [
        (
            "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d",
            r#""StringEquals":{"sts:RoleSessionName":"MicrosoftSentinel_1"}"#,
            "PASS",
        ),
        (
            "accounts.google.com",
            r#""NumericEquals":{"accounts.google.com:google/organization_number":"12"}"#,
            "PASS",
        ),
        (
            "accounts.google.com",
            r#""NumericLessThan":{"accounts.google.com:google/organization_number":"12"}"#,
            "FAIL",
        ),
        // Whose workflow it is says nothing of who calls it.
        (
            "token.actions.githubusercontent.com",
            r#""StringLike":{"token.actions.githubusercontent.com:job_workflow_ref":"org/app/.github/workflows/*"}"#,
            "FAIL",
        ),
        // The claim of another provider.
        (
            "gitlab.com",
            r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/*"}"#,
            "PASS",
        ),
    ] {
        check(
            &public(),
            PolicyKind::Trust,
            &[(&federated(host, condition), expected)],
        );
    }
}

/// Providers whose issuer names the tenant: the provider's ARN says it, and no claim has to.
#[test]
fn an_issuer_of_one_tenant_is_no_shared_provider() {
    for host in [
        "oidc.circleci.com/org/0f1b",
        "api.bitbucket.org/2.0/workspaces/w/pipelines-config/identity/oidc",
        "vstoken.dev.azure.com/4dfe",
        "org.app.spacelift.io",
        "org.okta.com",
        "org.eu.auth0.com",
        "oidc.vercel.com/team",
        "token.actions.githubusercontent.com/enterprise",
        "org.semaphoreci.com",
        "app.harness.io/ng/api/oidc/account/a",
        "oidc.fly.io/org",
        "sts.windows.net/00000000-0000-0000-0000-000000000000/",
        "login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0",
        "oidc.eks.eu-west-1.amazonaws.com/id/ABC",
        "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc",
        "gitlab.example.com",
    ] {
        let own = federated(host, "");
        check(&public(), PolicyKind::Trust, &[(&own, "PASS")]);
        let theirs = own.replace("123456789012", "999988887777");
        check(
            &external(),
            PolicyKind::Trust,
            &[(&own, "PASS"), (&theirs, "FAIL")],
        );
    }
}

#[test]
fn everybody_includes_the_users_of_shared_providers() {
    let statement = |action: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"{action}"}},
               {{"Effect":"Deny","Principal":"*","Action":"*","Condition":{{"Null":{{"aws:FederatedProvider":"true"}}}}}},
               {{"Effect":"Deny","Principal":"*","Action":"*","Condition":{{"StringLike":{{"aws:PrincipalType":"*"}}}}}}"#
        )
    };
    let outside = |rest: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}},
               {{"Effect":"Deny","NotPrincipal":{{"Federated":"accounts.google.com"}},"Action":"*"}}{rest}"#
        )
    };
    check(&public(), PolicyKind::Trust, &[(&outside(""), "FAIL")]);
    let pinned = outside(
        r#",{"Effect":"Deny","Principal":"*","Action":"*","Condition":{"StringNotEquals":{"accounts.google.com:aud":"client"}}}"#,
    );
    check(&public(), PolicyKind::Trust, &[(&pinned, "PASS")]);
    check(
        &public(),
        PolicyKind::Trust,
        &[(&statement("sts:AssumeRoleWithWebIdentity"), "FAIL")],
    );
}
