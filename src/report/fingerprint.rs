//! Names and hashes of findings: the fingerprint stays when lines move and when a `for_each` grows; the evidence changes
//! with anything that was judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::check::{Reference, Standard};
use crate::extract::{Before, Composition, Deployed, ExtractedPrincipal, Part, Policy, PolicyKind};

use super::document::{document_json, guards_json};

/// The stable name of a finding: 32 hexadecimal digits over standard, address without instance keys, and what tells the
/// statement (its Sid or its index; empty when there is none).
pub(super) fn fingerprint(standard: &str, address: &str, statement: &str) -> String {
    let mut digits = hash(&[standard, &without_instance_keys(address), statement]);
    digits.truncate(32);
    digits
}

/// The hashes of what was judged: the normalised documents, their unknown values, the standard with its reference. The
/// policy asked about last and all standards are hashed once.
#[derive(Debug, Default)]
pub(super) struct Evidence<'a> {
    last: Option<(&'a Policy, String)>,
    demands: BTreeMap<(&'a str, &'static str), String>,
}

impl<'a> Evidence<'a> {
    /// The evidence of an answer, or of what a policy is where no standard was asked.
    pub(super) fn of(&mut self, policy: &'a Policy, standard: Option<&'a Standard>) -> String {
        let judged = match &self.last {
            Some((last, hashed)) if std::ptr::eq(*last, policy) => hashed.clone(),
            Some(_) | None => policy_hash(policy),
        };
        let (before, demand) = match standard {
            None => Default::default(),
            Some(standard) => {
                let demand = self
                    .demands
                    .entry((&standard.id, policy.kind.word()))
                    .or_insert_with(|| hash(&[&demand(standard, policy.kind)]));
                (before(policy, standard), demand.clone())
            }
        };
        let evidence = hash(&[&judged, &before, &demand]);
        self.last = Some((policy, judged));
        evidence
    }
}

impl Evidence<'_> {
    /// The evidence of an answer about a principal: all of its documents, and what was attached before where the
    /// standard compares with that.
    pub(super) fn of_principal(&self, principal: &ExtractedPrincipal, standard: &Standard) -> String {
        let before = match (&principal.before, standard.check.reference()) {
            (Deployed::Composition(before), Some(Reference::Before)) => composition_hash(before),
            (Deployed::Created, Some(Reference::Before)) => "created".to_owned(),
            (Deployed::Unreadable(why), Some(Reference::Before)) => why.clone(),
            _ => String::new(),
        };
        let now = composition_hash(&principal.now);
        hash(&[
            "principal",
            &now,
            &before,
            &demand(standard, PolicyKind::Identity),
        ])
    }
}

fn composition_hash(composition: &Composition) -> String {
    let parts = |parts: &[Part]| {
        let mut hashes: Vec<String> = parts.iter().map(part_hash).collect();
        // The order of documents says nothing.
        hashes.sort();
        hashes.concat()
    };
    hash(&[&parts(&composition.documents), &parts(&composition.boundary)])
}

fn part_hash(part: &Part) -> String {
    let document = match &part.document.content {
        Ok(document) => format!(
            "{}{}",
            document_json(document, PolicyKind::Identity),
            guards_json(document)
        ),
        Err(what) => what.clone(),
    };
    let unknown = format!("{:?}{:?}", part.document.holes, part.document.default_facts);
    hash(&[&document, &unknown, part.doubt.as_deref().unwrap_or_default()])
}

fn policy_hash(policy: &Policy) -> String {
    let document = match &policy.document {
        Ok(document) => format!(
            "{}{}",
            document_json(document, policy.kind),
            guards_json(document)
        ),
        Err(invalid) => invalid.message.clone(),
    };
    let holes = format!("{:?}{:?}", policy.holes, policy.default_facts);
    hash(&[policy.kind.word(), &document, &holes])
}

/// The hash of a reason, where there is no document.
pub(super) fn evidence_of_reason(reason: &str, standard: &str) -> String {
    hash(&[standard, reason])
}

/// The address with `["x"]` and `[0]` taken from its resource part; the attribute after the `/` keeps its indices, which
/// are no instances.
pub fn without_instance_keys(address: &str) -> String {
    let (resource, attribute) = split_attribute(address);
    let mut bare = String::with_capacity(address.len());
    let mut rest = resource;
    while let Some((before, key)) = rest.split_once('[') {
        bare.push_str(before);
        rest = after_key(key);
    }
    bare.push_str(rest);
    bare.push_str(attribute);
    bare
}

/// Splits an address before the first `/` that is not part of an instance key.
pub fn split_attribute(address: &str) -> (&str, &str) {
    let mut rest = address;
    loop {
        let Some(at) = rest.find(['[', '/']) else {
            return (address, "");
        };
        let Some((_, tail)) = rest.split_at_checked(at) else {
            return (address, "");
        };
        if tail.starts_with('/') {
            return address
                .split_at_checked(address.len() - tail.len())
                .unwrap_or((address, ""));
        }
        rest = after_key(tail.get(1..).unwrap_or_default());
    }
}

/// What follows an instance key whose text (after `[`) begins here. A bracket that never closes ends the address.
fn after_key(text: &str) -> &str {
    let mut escaped = false;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

/// The deployed document, where the standard looks at it.
fn before(policy: &Policy, standard: &Standard) -> String {
    if !matches!(standard.check.reference(), Some(Reference::Before)) {
        return String::new();
    }
    match &policy.before {
        Before::NotTold => "not told".to_string(),
        Before::Created => "created".to_string(),
        Before::Document(before) => document_json(before, policy.kind).to_string(),
        Before::Unreadable(why) => why.clone(),
    }
}

/// The standard itself, with its reference.
fn demand(standard: &Standard, kind: PolicyKind) -> String {
    let id = &standard.id;
    match standard.check.reference() {
        Some(Reference::Document(reference)) => format!("{id} {}", document_json(reference, kind)),
        Some(Reference::Before) => id.clone(),
        None => format!("{id} {:?}", standard.check),
    }
}

/// SHA-256 in hexadecimal; each part is preceded by its length, so that parts cannot run into each other.
pub(super) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hexadecimal(&hasher.finalize())
}

/// Bytes as hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_keys_are_taken_away() {
        for (address, expected) in [
            ("aws_iam_role.r", "aws_iam_role.r"),
            ("aws_iam_role.r[0]", "aws_iam_role.r"),
            (
                r#"module.a["x"].aws_iam_role.r["y/z"]/inline_policy[0]"#,
                "module.a.aws_iam_role.r/inline_policy[0]",
            ),
            (r#"module.a["]\"["].aws_iam_role.r"#, "module.a.aws_iam_role.r"),
            ("Role/Policies/0/PolicyDocument", "Role/Policies/0/PolicyDocument"),
            ("a[open", "a"),
            ("", ""),
        ] {
            assert_eq!(without_instance_keys(address), expected, "{address}");
        }
    }

    #[test]
    fn the_attribute_begins_outside_of_keys() {
        for (address, resource, attribute) in [
            ("a.b", "a.b", ""),
            (r#"a.b["x/y"]/c[0]"#, r#"a.b["x/y"]"#, "/c[0]"),
            ("L/P/0", "L", "/P/0"),
        ] {
            assert_eq!(split_attribute(address), (resource, attribute), "{address}");
        }
    }

    #[test]
    fn fingerprints_are_stable_and_distinct() {
        let one = fingerprint("s", "aws_iam_role.r[0]", "0");
        assert_eq!(one.len(), 32);
        assert_eq!(one, fingerprint("s", "aws_iam_role.r[7]", "0"));
        assert_ne!(one, fingerprint("s", "aws_iam_role.r", "1"));
        assert_ne!(fingerprint("ab", "c", ""), fingerprint("a", "bc", ""));
    }
}
