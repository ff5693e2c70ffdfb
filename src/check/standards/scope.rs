//! `scope` of a standard: which policies it is about. A kind or a type that can never be met is refused: such a standard
//! would pass because it is asked of nothing.

use crate::check::{Check, Scope, applies};
use crate::extract::{self, PolicyKind};
use crate::source::Node;

use super::build::{each, kind_words};
use super::problems::{Problems, entry, listed, unknown_word};
use super::raw::RawScope;

/// The scope of a standard. `extra` are the `policy_attributes` of the file, whose types may be named.
pub(super) fn build_scope(
    raw: &RawScope,
    standard: &Node,
    (check, allowed): (&Check, Kinds),
    extra: &[(String, String, PolicyKind)],
    problems: &mut Problems<'_>,
) -> Scope {
    let Some(node) = entry(standard, "scope") else {
        return Scope {
            kinds: allowed.default_kinds(),
            ..Scope::default()
        };
    };
    let words = kind_words();
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let kinds = each(&raw.kinds, (node, "kinds"), problems, |text| {
        let found = words
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, kind)| *kind);
        let kind = found.ok_or_else(|| unknown_word("kind", text, &names))?;
        allowed.refusal(check, kind).map_or(Ok(kind), Err)
    });
    let types = each(&raw.types, (node, "types"), problems, |text| {
        let named = extra.iter().any(|(resource_type, _, _)| resource_type == text);
        let known = text.contains(['*', '?']) || named || extract::is_known_type(text);
        if known {
            Ok(text.to_owned())
        } else {
            Err(unknown_type(text))
        }
    });
    Scope {
        kinds: if kinds.is_empty() {
            allowed.default_kinds()
        } else {
            kinds
        },
        types,
        addresses: raw.addresses.clone(),
        exclude: raw.exclude.clone(),
    }
}

fn unknown_type(text: &str) -> String {
    let rows = extract::terraform_rows()
        .iter()
        .chain(extract::cloudformation_rows());
    match super::nearest(text, rows.map(|row| row.resource_type)) {
        Some(known) => format!("not a type that holds policies; did you mean `{known}`?"),
        None => "not a type that holds policies; name it in `policy_attributes`".to_owned(),
    }
}

/// The kinds a standard may be about.
#[derive(Clone, Copy)]
pub(super) enum Kinds {
    /// What the check applies to.
    OfCheck,
    /// What the reference document can be compared with.
    OfReference {
        may: &'static [PolicyKind],
        default: &'static [PolicyKind],
    },
}

impl Kinds {
    /// The kinds when the standard names none; empty leaves it to the check.
    fn default_kinds(self) -> Vec<PolicyKind> {
        match self {
            Kinds::OfCheck => Vec::new(),
            Kinds::OfReference { default, .. } => default.to_vec(),
        }
    }

    /// Why a kind cannot be named.
    fn refusal(self, check: &Check, kind: PolicyKind) -> Option<String> {
        match self {
            Kinds::OfReference { may, .. } if !may.contains(&kind) => {
                let names: Vec<&str> = may.iter().map(|kind| kind.word()).collect();
                let names = listed(&names);
                Some(format!(
                    "this reference cannot be compared with `{}`, only with {names}",
                    kind.word()
                ))
            }
            Kinds::OfReference { .. } | Kinds::OfCheck if applies(check, kind) => None,
            Kinds::OfReference { .. } | Kinds::OfCheck => {
                Some(format!("this check does not apply to `{}` policies", kind.word()))
            }
        }
    }
}
