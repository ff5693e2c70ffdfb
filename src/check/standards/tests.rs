//! Hostile and plain standards files, inline: each with what must be seen.

use crate::check::{Check, Reference, ServicePrincipals, Severity};
use crate::extract::PolicyKind;
use crate::source::{Limits, LoadError, SourceFile};

use super::{StandardsFile, parse_standards};

const IDENTITY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;
const RESOURCE: &str =
    "Version: 2012-10-17\nStatement: {Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}\n";
const MIXED: &str = r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}"#;

fn read(text: &str) -> Result<StandardsFile, Vec<String>> {
    let files = |relative: &str| match relative {
        "identity.json" => Ok(named(relative, IDENTITY)),
        "resource.yaml" => Ok(named(relative, RESOURCE)),
        "mixed.json" => Ok(named(relative, MIXED)),
        "broken.json" => Ok(named(relative, "{\"Statement\": [}")),
        _ => Err(LoadError {
            file: relative.to_owned(),
            message: "no such file".to_owned(),
            usage: true,
        }),
    };
    parse_standards(&named("keyaki.yaml", text), &Limits::default(), &files)
        .map_err(|errors| errors.into_iter().map(|error| error.0).collect())
}

fn named(name: &str, text: &str) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// One standard of these lines is refused at a place with a message that holds `expected`.
fn refused(text: &str, place: &str, expected: &str) {
    let errors = read(text).expect_err(text);
    let found = errors
        .iter()
        .any(|error| error.starts_with(&format!("keyaki.yaml:{place}")) && error.contains(expected));
    assert!(found, "{text}\nexpected {place} {expected}, got {errors:#?}");
}

fn refused_standard(standard: &str, expected: &str) {
    refused(
        &format!("version: 1\nstandards:\n- {{id: a, {standard}}}\n"),
        "3:",
        expected,
    );
}

fn only(standard: &str) -> crate::check::Standard {
    let text = format!("version: 1\nstandards:\n- {{id: a, {standard}}}\n");
    read(&text)
        .unwrap_or_else(|errors| panic!("{text}{errors:?}"))
        .standards
        .remove(0)
}

#[test]
fn hostile_files() {
    refused("", "1:1", "empty");
    refused("\n", "", "empty");
    refused("# nothing\n", "", "empty");
    refused("version: 2\nstandards: []\n", "2:12", "must not be empty");
    refused(
        "version: 2\nstandards: [{id: a, check: no-public-access}]\n",
        "1:10",
        "must be 1",
    );
    refused(
        "standards:\n- {id: a, check: access-not-granted, actions: []}\n",
        "2:47",
        "must not be empty",
    );
    refused(
        "standards:\n- {id: a, check: access-not-granted, actions: []}\n",
        "1:1",
        "no `version`",
    );
    refused_standard(
        "check: access-not-grated, actions: ['*']",
        "did you mean `access-not-granted`?",
    );
    refused_standard(
        "check: access-not-granted, action: ['iam:*']",
        "unknown key `action`; did you mean `actions`?",
    );
    refused_standard(
        "check: no-new-access, reference: ../../../../../../etc/passwd",
        "`reference`: ",
    );
    refused_standard("check: no-new-access, reference: /dev/zero", "`reference`: ");
    refused_standard(
        "check: access-not-granted, actions: ['iam:PassRole '], severity: hgih",
        "did you mean `high`?",
    );
    refused_standard(
        "check: access-not-granted, actions: ['iam:PassRole '], severity: hgih",
        "without spaces",
    );
    refused(
        "version: 1\nstandards: &c\n- {id: a, check: no-public-access}\nextra: *c\n",
        "4:1",
        "unknown key `extra`",
    );
    let bomb: String = (0..10)
        .map(|level| {
            let inner = if level == 0 {
                "x".to_owned()
            } else {
                format!("*a{}", level - 1)
            };
            format!("a{level}: &a{level} [{}]\n", vec![inner; 9].join(","))
        })
        .collect();
    refused(&bomb, "", "nodes");
    refused(
        "version: 1\nversion: 1\nstandards: [{id: a, check: no-public-access}]\n",
        "2:1",
        "",
    );
    refused("\t\n", "", "");
    refused("- a\n", "1:1", "mapping");
    refused("version: 1\nstandards: {id: a}\n", "2:12", "must be a list");
    refused(
        "version: one\nstandards: [{id: a, check: no-public-access}]\n",
        "1:",
        "",
    );
    refused(
        "version: 1\nstandards: [{id: !x a, check: no-public-access}]\n",
        "2:",
        "tags",
    );
    refused(
        "version: 1\nstandards: [{id: ~, check: no-public-access}]\n",
        "2:",
        "must not be empty",
    );
    refused(
        "version: 1\ntrust: &t {accounts: ['123456789012']}\nstandards: [{id: a, check: no-public-access, scope: {<<: {types: ['*']}}}]\n",
        "3:",
        "two ways",
    );
    refused(
        "version: 1\nb: &b {check: no-public-access}\nstandards: [{id: a, <<: *b}]\n",
        "2:1",
        "unknown key `b`",
    );
}

#[test]
fn lint_names_its_rules() {
    use crate::check::Check;
    let standard = only("check: lint, severity: high, rules: [short-arn, contradictory-conditions]");
    let Check::Lint { rules } = standard.check else {
        panic!("{standard:?}");
    };
    assert_eq!(rules, ["short-arn", "contradictory-conditions"]);
    for (standard, expected) in [
        ("check: lint", "needs `rules`"),
        ("check: lint, rules: []", "must not be empty"),
        ("check: lint, rules: [short-arns]", "did you mean `short-arn`?"),
        // What is noted of a run is no defect of a policy.
        (
            "check: lint, rules: [unused-ignore]",
            "unknown rule `unused-ignore`",
        ),
        (
            "check: lint, rules: [short-arn], actions: ['*']",
            "`actions` has no meaning",
        ),
        (
            "check: no-public-access, rules: [short-arn]",
            "`rules` has no meaning for `no-public-access`",
        ),
    ] {
        refused_standard(standard, expected);
    }
}

#[test]
fn what_is_not_supported_yet_is_refused_by_name() {
    for standard in [
        "check: no-public-access, on: principal",
        "check: access-not-granted, all_of: ['s3:*']",
        "check: no-public-access, real_requests: true",
        "check: no-public-access, examples: []",
    ] {
        refused_standard(standard, "not supported yet");
    }
    for key in ["extends: x", "guardrails: {}", "waivers: []"] {
        refused(
            &format!("version: 1\n{key}\nstandards: [{{id: a, check: no-public-access}}]\n"),
            "2:1",
            "not supported yet",
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (standard, expected) in [
        (
            "check: no-public-access, actions: ['s3:*']",
            "`actions` has no meaning for `no-public-access`",
        ),
        (
            "check: access-denied, actions: ['s3:*'], reference: before",
            "`reference` has no meaning",
        ),
        ("check: no-new-access", "needs a `reference`"),
        ("check: equivalent", "`equivalent` needs a `reference`"),
        ("check: equivalent, reference: missing.json", "no such file"),
        (
            "check: equivalent, reference: before, actions: ['s3:*']",
            "`actions` has no meaning for `equivalent`",
        ),
        (
            "check: access-granted, actions: ['s3:*']",
            "`access-granted` needs `principals`",
        ),
        (
            "check: access-granted, principals: ['123456789012']",
            "needs `actions`",
        ),
        (
            "check: access-granted, actions: ['s3:*'], principals: ['*']",
            "without wildcards",
        ),
        (
            "check: access-granted, actions: ['s3:*'], principals: ['arn:aws:iam::123456789012:role/*']",
            "without wildcards",
        ),
        (
            "check: access-granted, actions: ['s3:*'], principals: [alice]",
            "a principal is",
        ),
        (
            "check: access-granted, actions: ['s3:*'], principals: ['123456789012'], scope: {kinds: [grant]}",
            "does not apply to `grant`",
        ),
        (
            "check: access-not-granted",
            "needs `actions`, `resources` or `when`",
        ),
        (
            "check: access-not-granted, principals: ['*']",
            "needs `actions`, `resources` or `when`",
        ),
        ("check: access-not-granted, actions: 's3:*'", "must be a list"),
        ("check: access-not-granted, actions:", "must be a list"),
        ("check: access-not-granted, actions: [PassRole]", "an action is"),
        (
            "check: access-not-granted, resources: ['arn:aws:s3']",
            "six parts",
        ),
        (
            "check: access-not-granted, resources: ['arn:aws:s3:::${aws:username}']",
            "policy variables",
        ),
        (
            "check: access-not-granted, actions: ['s3:*'], principals: [alice]",
            "a principal is",
        ),
        ("check: access-not-granted, when: {}", "must not be empty"),
        (
            "check: access-not-granted, when: {Boool: {'aws:SecureTransport': true}}",
            "`when`",
        ),
        (
            "check: access-not-granted, when: {StringEquals: {'aws:username': '${aws:userid}'}}",
            "policy variables",
        ),
        ("check: no-public-access, severity: High", "did you mean `high`?"),
        ("check: no-public-access, on: role", "unknown `on`"),
        (
            "check: no-public-access, scope: {kinds: [identity]}",
            "does not apply to `identity`",
        ),
        (
            "check: no-public-access, scope: {kinds: [resourse]}",
            "did you mean `resource`?",
        ),
        ("check: no-public-access, scope: {kinds: []}", "must not be empty"),
        (
            "check: no-public-access, scope: {type: [aws_s3_bucket_policy]}",
            "did you mean `types`?",
        ),
        (
            "check: no-public-access, scope: {types: [aws_s3_bucket_polcy]}",
            "did you mean `aws_s3_bucket_policy`?",
        ),
        ("check: no-new-access, reference: missing.json", "no such file"),
        (
            "check: no-new-access, reference: mixed.json",
            "some statements have a `Principal`",
        ),
        (
            "check: no-new-access, reference: broken.json",
            "reference broken.json:1:",
        ),
        (
            "check: no-new-access, reference: identity.json, scope: {kinds: [resource]}",
            "cannot be compared with `resource`",
        ),
        (
            "check: no-new-access, reference: resource.yaml, scope: {kinds: [identity]}",
            "cannot be compared with `identity`",
        ),
    ] {
        refused_standard(standard, expected);
    }
    for id in ["Upper", "under_score", "undecided", "invalid-policy", "'a b'"] {
        refused(
            &format!("version: 1\nstandards: [{{id: {id}, check: no-public-access}}]\n"),
            "2:18",
            "`id`",
        );
    }
    refused(
        "version: 1\nstandards:\n- {id: a, check: no-public-access}\n- {id: a, check: no-public-access}\n",
        "4:8",
        "standard 1 too",
    );
    for (trust, expected) in [
        ("accounts: ['1234']", "12 digits"),
        ("organizations: [org]", "organization id"),
        ("principals: ['*']", "without wildcards"),
        ("networks: [home]", "CIDR"),
        ("service_principals: trused", "did you mean `trusted`?"),
        ("account: ['123456789012']", "did you mean `accounts`?"),
    ] {
        let text =
            format!("version: 1\ntrust: {{{trust}}}\nstandards: [{{id: a, check: no-external-access}}]\n");
        refused(&text, "2:", expected);
    }
    for (entry, expected) in [
        ("ignore: [{reason: x}]", "needs a `type` or an `address`"),
        ("ignore: [{type: x}]", "no `reason`"),
        ("policy_attributes: [{type: t, attribute: a}]", "no `kind`"),
        (
            "policy_attributes: [{type: aws_iam_policy, attribute: policy, kind: identity}]",
            "known already",
        ),
        (
            "policy_attributes: [{type: 't*', attribute: a, kind: identity}]",
            "without wildcards",
        ),
    ] {
        refused(
            &format!("version: 1\n{entry}\nstandards: [{{id: a, check: no-public-access}}]\n"),
            "2:",
            expected,
        );
    }
}

#[test]
fn a_whole_file() {
    let file = read(
        "version: 1\n\
         trust:\n  accounts: [123456789012, \"012345678901\", 012345678902]\n  organizations: [o-a1b2c3d4e5]\n  \
         service_principals: confused-deputy\n\
         standards:\n\
         - id: no-bucket-deletion\n  description: Nobody deletes\n  severity: high\n  check: access-not-granted\n  \
         actions: [\"s3:DeleteBucket\"]\n  resources: [\"arn:aws:s3:::prod-*\"]\n  \
         when: {Bool: {\"aws:MultiFactorAuthPresent\": false, \"aws:SecureTransport\": \"true\"}}\n  on: policy\n  \
         scope: {kinds: [identity, trust], types: [\"aws_iam_*\", corp_policy], addresses: [\"module.app.*\"], exclude: [x]}\n\
         - {id: only-ours, check: no-external-access}\n\
         ignore: [{type: aws_ses_identity_policy, reason: reviewed}]\n\
         policy_attributes: [{type: corp_policy, attribute: document, kind: resource}]\n",
    )
    .unwrap();
    assert_eq!(
        file.trust.accounts,
        ["012345678901", "012345678902", "123456789012"]
    );
    assert_eq!(file.trust.service_principals, ServicePrincipals::ConfusedDeputy);
    assert_eq!(
        file.policy_attributes,
        [(
            "corp_policy".to_owned(),
            "document".to_owned(),
            PolicyKind::Resource
        )]
    );
    assert_eq!(file.ignore.len(), 1);
    let [first, second] = file.standards.as_slice() else {
        panic!("two standards")
    };
    assert_eq!(first.severity, Severity::High);
    assert_eq!(second.severity, Severity::Medium);
    assert_eq!(first.scope.kinds, [PolicyKind::Identity, PolicyKind::Trust]);
    let Check::AccessNotGranted { boxes } = &first.check else {
        panic!("a box")
    };
    assert_eq!(boxes[0].when.len(), 2);
    assert_eq!(boxes[0].actions[0].to_string(), "s3:deletebucket");
    let [warning] = file.warnings.as_slice() else {
        panic!("{:?}", file.warnings)
    };
    assert!(warning.starts_with("keyaki.yaml:13:"), "{warning}");
    assert!(warning.contains("`BoolIfExists`"), "{warning}");
}

#[test]
fn what_must_be_granted() {
    let standard = only(
        "check: access-granted, principals: ['arn:aws:iam::123456789012:role/break-glass'], actions: ['kms:PutKeyPolicy'], scope: {types: [aws_kms_key]}",
    );
    let Check::AccessGranted { boxes } = &standard.check else {
        panic!("a box")
    };
    assert_eq!(boxes[0].principals.len(), 1);
    assert_eq!(boxes[0].actions[0].to_string(), "kms:putkeypolicy");
    assert!(boxes[0].resources.is_empty() && boxes[0].when.is_empty());
}

#[test]
fn references_decide_the_kinds() {
    for (reference, kinds) in [
        ("identity.json", [PolicyKind::Identity].as_slice()),
        ("resource.yaml", &[PolicyKind::Resource, PolicyKind::Trust]),
        ("before", &[]),
    ] {
        for check in ["no-new-access", "equivalent"] {
            let standard = only(&format!("check: {check}, reference: {reference}"));
            assert_eq!(standard.scope.kinds, kinds, "{reference}");
            let is_equivalent = matches!(standard.check, Check::Equivalent { .. });
            assert_eq!(is_equivalent, check == "equivalent");
            let read = standard.check.reference().expect(check);
            assert_eq!(matches!(read, Reference::Before), reference == "before");
        }
    }
    let named = only("check: no-new-access, reference: identity.json, scope: {kinds: [boundary]}");
    assert_eq!(named.scope.kinds, [PolicyKind::Boundary]);
}
