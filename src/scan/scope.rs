//! Which standards are about which policy, and what `ignore` leaves out.

use crate::check::standards::Ignore;
use crate::check::{Scope, Standard, applies, default_kinds};
use crate::extract::{Origin, PolicyKind};
use crate::iam::Glob;
use crate::report::split_attribute;

/// Whether a standard is about a policy of that kind at that origin. A policy whose kind is not known may be of any kind.
pub(super) fn in_scope(standard: &Standard, kind: Option<PolicyKind>, origin: &Origin) -> bool {
    let Scope {
        kinds,
        types,
        addresses,
        exclude,
    } = &standard.scope;
    let kind_fits = kind.is_none_or(|kind| {
        let named = if kinds.is_empty() {
            default_kinds(&standard.check).contains(&kind)
        } else {
            kinds.contains(&kind)
        };
        named && applies(&standard.check, kind)
    });
    let type_fits = types.is_empty()
        || types
            .iter()
            .any(|glob| Glob::parse(glob).matches(&origin.resource_type));
    let address_fits = addresses.is_empty()
        || addresses
            .iter()
            .any(|glob| address_matches(glob, &origin.address));
    kind_fits
        && type_fits
        && address_fits
        && !exclude.iter().any(|glob| address_matches(glob, &origin.address))
}

/// The entry that leaves an origin out, if any. An entry that names nothing leaves nothing out.
pub(super) fn ignored<'a>(entries: &'a [Ignore], origin: &Origin) -> Option<(usize, &'a Ignore)> {
    entries.iter().enumerate().find(|(_, entry)| {
        let by_type = entry
            .resource_type
            .as_ref()
            .map(|glob| Glob::parse(glob).matches(&origin.resource_type));
        let by_address = entry
            .address
            .as_ref()
            .map(|glob| address_matches(glob, &origin.address));
        match (by_type, by_address) {
            (None, None) => false,
            (by_type, by_address) => by_type.unwrap_or(true) && by_address.unwrap_or(true),
        }
    })
}

/// Whether a glob matches an address: its resource part, or the whole if the glob has a `/`.
fn address_matches(glob: &str, address: &str) -> bool {
    let subject = if glob.contains('/') {
        address
    } else {
        split_attribute(address).0
    };
    Glob::parse(glob).matches(subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Place, Span};

    pub(in crate::scan) fn origin(resource_type: &str, address: &str) -> Origin {
        Origin {
            address: address.to_string(),
            resource_type: resource_type.to_string(),
            place: Place {
                file: FileId(0),
                span: Span { start: 0, end: 0 },
            },
            statements: vec![],
            block: None,
            rebuilt: None,
        }
    }

    #[test]
    fn globs_match_the_resource_or_the_whole() {
        for (glob, address, expected) in [
            ("module.app.*", "module.app.aws_iam_role.r", true),
            ("aws_iam_role.r", "aws_iam_role.r/inline_policy[0]", true),
            ("aws_iam_role.r/*", "aws_iam_role.r/inline_policy[0]", true),
            ("aws_iam_role.r/*", "aws_iam_role.r", false),
            (r#"a.b["x"]"#, r#"a.b["x"]"#, true),
            ("a.b[*]", r#"a.b["x/y"]/c"#, true),
            ("a.b[0]", "a.b0", false),
        ] {
            assert_eq!(address_matches(glob, address), expected, "{glob} on {address}");
        }
    }

    #[test]
    fn entries_leave_out_what_they_name() {
        let entry = |resource_type: Option<&str>, address: Option<&str>| Ignore {
            resource_type: resource_type.map(str::to_string),
            address: address.map(str::to_string),
            reason: "reviewed".to_string(),
        };
        let at = origin("aws_ses_identity_policy", "aws_ses_identity_policy.p");
        for (entry, expected) in [
            (entry(Some("aws_ses_*"), None), true),
            (entry(None, Some("*.p")), true),
            (entry(Some("aws_ses_*"), Some("*.q")), false),
            (entry(None, None), false),
        ] {
            assert_eq!(
                ignored(std::slice::from_ref(&entry), &at).is_some(),
                expected,
                "{entry:?}"
            );
        }
    }
}
