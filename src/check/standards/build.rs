//! From what is written to what is checked: words become types, and what makes no sense is a problem with its place.

use std::collections::BTreeMap;

use crate::check::rules::policy_rules;
use crate::check::{
    AccessBox, Check, Reference, ServicePrincipals, Severity, Standard, Trust, Unit, elements,
};
use crate::extract::{self, PolicyKind};
use crate::source::{Node, SourceFile};

use super::problems::{Problems, elements as items, entry, unknown_word};
use super::raw::{RawFile, RawIgnore, RawPolicyAttribute, RawStandard, RawTrust};
use super::reference::{Reader, read_document};
use super::scope::{Kinds, build_scope};
use super::when::read_when;
use super::{Ignore, StandardsFile};

/// The checks by name, with the keys that belong to each.
const CHECKS: &[CheckRow] = &[
    CheckRow {
        name: "no-new-access",
        keys: &["reference"],
        question: Question::NoNewAccess,
    },
    CheckRow {
        name: "access-not-granted",
        keys: BOX,
        question: Question::AccessNotGranted,
    },
    CheckRow {
        name: "access-denied",
        keys: BOX,
        question: Question::AccessDenied,
    },
    CheckRow {
        name: "no-public-access",
        keys: &[],
        question: Question::NoPublicAccess,
    },
    CheckRow {
        name: "no-external-access",
        keys: &[],
        question: Question::NoExternalAccess,
    },
    CheckRow {
        name: "access-granted",
        keys: BOX,
        question: Question::AccessGranted,
    },
    CheckRow {
        name: "equivalent",
        keys: &["reference"],
        question: Question::Equivalent,
    },
    CheckRow {
        name: "lint",
        keys: &["rules"],
        question: Question::Lint,
    },
];

const BOX: &[&str] = &["actions", "resources", "principals", "when"];

const ONLY_POLICIES: &str = "`on: principal` is not supported yet but for `access-not-granted`, and for \
                             `no-new-access` with `reference: before`";

/// Whether the check can be asked of a principal as a whole.
fn is_asked_of_principals(check: &Check) -> bool {
    match check {
        Check::AccessNotGranted { .. } => true,
        Check::NoNewAccess { reference } => matches!(reference, Reference::Before),
        Check::AccessGranted { .. }
        | Check::AccessDenied { .. }
        | Check::Equivalent { .. }
        | Check::NoPublicAccess { .. }
        | Check::NoExternalAccess { .. }
        | Check::Lint { .. } => false,
    }
}

/// The keys that belong to some checks only.
const CHECK_KEYS: &[&str] = &["actions", "resources", "principals", "when", "reference", "rules"];

/// Rule ids of reports that no standard may take.
const RESERVED_IDS: &[&str] = &["undecided", "invalid-policy"];

struct CheckRow {
    name: &'static str,
    keys: &'static [&'static str],
    question: Question,
}

#[derive(Clone, Copy)]
enum Question {
    NoNewAccess,
    AccessNotGranted,
    AccessGranted,
    AccessDenied,
    Equivalent,
    NoPublicAccess,
    NoExternalAccess,
    Lint,
}

/// Builds the file. What could not be built is in `problems`; the result is only of use if there is none.
pub(super) fn build(
    raw: &RawFile,
    root: &Node,
    file: &SourceFile,
    reader: &Reader<'_>,
    problems: &mut Problems<'_>,
) -> StandardsFile {
    let mut built = StandardsFile {
        name: file.name.clone(),
        ..StandardsFile::default()
    };
    if raw.version != 1 {
        problems.add(entry(root, "version").unwrap_or(root), "`version` must be 1");
    }
    if let Some(node) = entry(root, "trust") {
        built.trust = build_trust(&raw.trust, node, problems);
    }
    for (ignore, node) in raw.ignore.iter().zip(list(root, "ignore")) {
        built.ignore.extend(build_ignore(ignore, node, problems));
    }
    for (attribute, node) in raw.policy_attributes.iter().zip(list(root, "policy_attributes")) {
        built
            .policy_attributes
            .extend(build_policy_attribute(attribute, node, problems));
    }
    let mut builder = Builder {
        file,
        reader,
        problems,
        built,
    };
    let mut seen = BTreeMap::new();
    for (standard, node) in raw.standards.iter().zip(list(root, "standards")) {
        builder.check_id(standard, node, &mut seen);
        let ready = builder.standard(standard, node);
        builder.built.standards.extend(ready);
    }
    builder.built
}

/// The elements of the list under a key.
fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    entry(node, key).map(items).unwrap_or_default()
}

/// Each text of a list under a key, read; what cannot be read is a problem at its place.
pub(super) fn each<T>(
    texts: &[String],
    (node, key): (&Node, &str),
    problems: &mut Problems<'_>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (text, place) in texts.iter().zip(list(node, key)) {
        match read(text) {
            Ok(value) => all.push(value),
            Err(message) => problems.add(place, format!("`{key}`: {message}")),
        }
    }
    all
}

/// The word under a key as one of `words`, or a problem at its place.
fn word<T: Copy>(
    text: &str,
    (node, key): (&Node, &str),
    words: &[(&str, T)],
    problems: &mut Problems<'_>,
) -> Option<T> {
    let found = words
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        problems.add(entry(node, key).unwrap_or(node), unknown_word(key, text, &names));
    }
    found
}

fn build_trust(raw: &RawTrust, node: &Node, problems: &mut Problems<'_>) -> Trust {
    const SERVICES: &[(&str, ServicePrincipals)] = &[
        ("trusted", ServicePrincipals::Trusted),
        ("confused-deputy", ServicePrincipals::ConfusedDeputy),
    ];
    let mut accounts = each(&raw.accounts, (node, "accounts"), problems, elements::account_id);
    let mut organizations = each(
        &raw.organizations,
        (node, "organizations"),
        problems,
        elements::organization_id,
    );
    accounts.sort();
    accounts.dedup();
    organizations.sort();
    organizations.dedup();
    let services = raw.service_principals.as_deref();
    Trust {
        accounts,
        organizations,
        principals: each(
            &raw.principals,
            (node, "principals"),
            problems,
            elements::principal_arn,
        ),
        networks: each(&raw.networks, (node, "networks"), problems, elements::network),
        service_principals: services
            .and_then(|text| word(text, (node, "service_principals"), SERVICES, problems))
            .unwrap_or_default(),
    }
}

fn build_ignore(raw: &RawIgnore, node: &Node, problems: &mut Problems<'_>) -> Option<Ignore> {
    if raw.resource_type.is_none() && raw.address.is_none() {
        problems.add(node, "an `ignore` entry needs a `type` or an `address`");
        return None;
    }
    let (resource_type, address) = (raw.resource_type.clone(), raw.address.clone());
    Some(Ignore {
        resource_type,
        address,
        reason: raw.reason.clone(),
    })
}

fn build_policy_attribute(
    raw: &RawPolicyAttribute,
    node: &Node,
    problems: &mut Problems<'_>,
) -> Option<(String, String, PolicyKind)> {
    let plain = |text: &str, more: &[char]| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(&c))
    };
    let place = |key: &str| entry(node, key).unwrap_or(node);
    if !plain(&raw.resource_type, &[':']) {
        problems.add(place("type"), "`type` is one resource type, without wildcards");
    }
    if !plain(&raw.attribute, &['.', '[', ']']) {
        problems.add(
            place("attribute"),
            "`attribute` is a path such as `document` or `rule[].policy`",
        );
    }
    let mut rows = extract::terraform_rows()
        .iter()
        .chain(extract::cloudformation_rows());
    if rows.any(|row| row.resource_type == raw.resource_type && row.path == raw.attribute) {
        problems.add(
            place("attribute"),
            "this attribute is known already and cannot be switched off",
        );
    }
    let kind = word(&raw.kind, (node, "kind"), &kind_words(), problems)?;
    Some((raw.resource_type.clone(), raw.attribute.clone(), kind))
}

/// The kinds by their words.
pub(super) fn kind_words() -> Vec<(&'static str, PolicyKind)> {
    PolicyKind::ALL.iter().map(|kind| (kind.word(), *kind)).collect()
}

/// What the standards of one file share while they are built.
struct Builder<'b, 'p> {
    file: &'b SourceFile,
    reader: &'b Reader<'b>,
    problems: &'b mut Problems<'p>,
    built: StandardsFile,
}

impl Builder<'_, '_> {
    fn check_id<'r>(&mut self, raw: &'r RawStandard, node: &Node, seen: &mut BTreeMap<&'r str, usize>) {
        let place = entry(node, "id").unwrap_or(node);
        let in_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !raw.id.bytes().all(in_id) {
            self.problems
                .add(place, "an `id` is lower-case letters, digits and `-`");
        }
        if RESERVED_IDS.contains(&raw.id.as_str()) {
            self.problems.add(
                place,
                format!("`{}` is a rule of keyaki and cannot be an `id`", raw.id),
            );
        }
        let number = seen.len() + 1;
        if let Some(first) = seen.insert(&raw.id, number) {
            self.problems
                .add(place, format!("this `id` is that of standard {first} too"));
        }
    }

    fn standard(&mut self, raw: &RawStandard, node: &Node) -> Option<Standard> {
        let severity = self.severity(raw, node);
        let on = self.unit(raw, node);
        let names: Vec<&str> = CHECKS.iter().map(|row| row.name).collect();
        let Some(row) = CHECKS.iter().find(|row| row.name == raw.check) else {
            self.at(node, "check", unknown_word("check", &raw.check, &names));
            return None;
        };
        for key in CHECK_KEYS.iter().filter(|key| !row.keys.contains(key)) {
            if entry(node, key).is_some() {
                self.at(node, key, format!("`{key}` has no meaning for `{}`", row.name));
            }
        }
        let (check, kinds) = self.check(row.question, raw, node)?;
        if on == Unit::Principal && !is_asked_of_principals(&check) {
            self.at(node, "on", ONLY_POLICIES);
        }
        let extra = &self.built.policy_attributes;
        let scope = build_scope(&raw.scope, node, (&check, kinds), extra, self.problems);
        Some(Standard {
            id: raw.id.clone(),
            description: raw.description.clone(),
            severity,
            check,
            on,
            scope,
        })
    }

    fn unit(&mut self, raw: &RawStandard, node: &Node) -> Unit {
        match raw.on.as_deref() {
            None | Some("policy") => Unit::Policy,
            Some("principal") => Unit::Principal,
            Some(other) => {
                self.at(node, "on", unknown_word("`on`", other, &["policy", "principal"]));
                Unit::Policy
            }
        }
    }

    /// Notes a problem at the value of a key.
    fn at(&mut self, node: &Node, key: &str, message: impl Into<String>) {
        self.problems.add(entry(node, key).unwrap_or(node), message);
    }

    fn severity(&mut self, raw: &RawStandard, node: &Node) -> Severity {
        let words = Severity::ALL.map(|severity| (severity.word(), severity));
        let written = raw.severity.as_deref();
        written
            .and_then(|text| word(text, (node, "severity"), &words, self.problems))
            .unwrap_or(Severity::Medium)
    }

    fn check(&mut self, question: Question, raw: &RawStandard, node: &Node) -> Option<(Check, Kinds)> {
        let check = match question {
            Question::NoNewAccess => {
                let (reference, kinds) = self.reference(raw, node)?;
                return Some((Check::NoNewAccess { reference }, kinds));
            }
            Question::Equivalent => {
                let (reference, kinds) = self.reference(raw, node)?;
                return Some((Check::Equivalent { reference }, kinds));
            }
            Question::AccessGranted => {
                let access = self.access_box(raw, node);
                // A part that could not be read is a problem already.
                let read = access.principals.len() == raw.principals.len()
                    && access.actions.len() == raw.actions.len();
                if read && let Err(message) = elements::check_granted(&access) {
                    self.at(node, "principals", message);
                }
                Check::AccessGranted { boxes: vec![access] }
            }
            Question::AccessNotGranted => Check::AccessNotGranted {
                boxes: vec![self.access_box(raw, node)],
            },
            Question::AccessDenied => Check::AccessDenied {
                boxes: vec![self.access_box(raw, node)],
            },
            Question::NoPublicAccess => Check::NoPublicAccess { resource_type: None },
            Question::NoExternalAccess => Check::NoExternalAccess {
                trust: self.built.trust.clone(),
            },
            Question::Lint => Check::Lint {
                rules: self.rules(raw, node),
            },
        };
        Some((check, Kinds::OfCheck))
    }

    fn reference(&mut self, raw: &RawStandard, node: &Node) -> Option<(Reference, Kinds)> {
        let Some(text) = raw.reference.as_deref() else {
            let message = format!("`{}` needs a `reference`: a policy file, or `before`", raw.check);
            self.problems.add(node, message);
            return None;
        };
        if text == "before" {
            return Some((Reference::Before, Kinds::OfCheck));
        }
        match read_document(text, self.reader) {
            Ok(read) => {
                let place = entry(node, "reference").unwrap_or(node);
                let warnings = read
                    .notes
                    .iter()
                    .map(|note| super::problems::located(self.file, place.span, note));
                self.built.warnings.extend(warnings);
                let kinds = Kinds::OfReference {
                    may: read.kinds,
                    default: read.default_kinds,
                };
                Some((Reference::Document(read.document), kinds))
            }
            Err(message) => {
                self.at(node, "reference", message);
                None
            }
        }
    }

    fn rules(&mut self, raw: &RawStandard, node: &Node) -> Vec<&'static str> {
        if raw.rules.is_empty() {
            self.problems
                .add(node, "`lint` needs `rules`: the ids that `keyaki explain` lists");
        }
        each(&raw.rules, (node, "rules"), self.problems, |text| {
            let mut known = policy_rules();
            let found = known.find(|rule| rule.id == text);
            let words: Vec<&str> = policy_rules().map(|rule| rule.id).collect();
            found
                .map(|rule| rule.id)
                .ok_or_else(|| unknown_word("rule", text, &words))
        })
    }

    fn access_box(&mut self, raw: &RawStandard, node: &Node) -> AccessBox {
        let when = entry(node, "when");
        if raw.actions.is_empty() && raw.resources.is_empty() && when.is_none() {
            self.problems.add(
                node,
                format!("`{}` needs `actions`, `resources` or `when`", raw.check),
            );
        }
        AccessBox {
            actions: each(&raw.actions, (node, "actions"), self.problems, elements::action),
            resources: each(
                &raw.resources,
                (node, "resources"),
                self.problems,
                elements::resource,
            ),
            principals: each(
                &raw.principals,
                (node, "principals"),
                self.problems,
                elements::principal,
            ),
            when: when
                .map(|block| read_when(block, self.file, self.problems, &mut self.built.warnings))
                .unwrap_or_default(),
        }
    }
}

/// What to say of a check that does not exist.
pub fn unknown_check(name: &str) -> String {
    let names: Vec<&str> = CHECKS.iter().map(|row| row.name).collect();
    unknown_word("check", name, &names)
}
