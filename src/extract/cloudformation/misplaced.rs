//! Policies at a property of a known type where the tables know of none: a name that is misspelt, or in other case.
//! CloudFormation would refuse most of them; nothing is passed over on that account.

use crate::source::{NodeKind, Span};

use super::looks_like::{is_document, is_text};
use super::syntax::{View, is_function, key_text};

/// The path and place of the first such property. `paths` are those of the tables: `Policies[].PolicyDocument`.
pub(super) fn misplaced(properties: View<'_>, paths: &[&str]) -> Option<(String, Span)> {
    let paths: Vec<String> = paths.iter().map(|path| path.replace("[]", "")).collect();
    look(properties, "", &paths)
}

fn look(view: View<'_>, path: &str, paths: &[String]) -> Option<(String, Span)> {
    let here = || Some((path.to_owned(), view.span));
    match view.kind {
        NodeKind::Scalar(text, _) if is_text(text) => here(),
        NodeKind::Scalar(..) => None,
        NodeKind::List(items) => items.iter().find_map(|item| look(View::of(item), path, paths)),
        // A row of the table may be the `Statement` itself.
        NodeKind::Map(entries) if is_document(entries) && !paths.contains(&under(path, "Statement")) => {
            here()
        }
        NodeKind::Map(entries) => entries.iter().find_map(|(key, value)| {
            let key = key_text(key)?;
            if is_function(key) {
                return look(View::of(value), path, paths);
            }
            let child = under(path, key);
            if paths.contains(&child) {
                return None;
            }
            if is_in_other_case(&child, paths) {
                return Some((child, value.span));
            }
            look(View::of(value), &child, paths)
        }),
    }
}

fn under(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// Whether a path is the start of a known one but for upper and lower case.
fn is_in_other_case(path: &str, paths: &[String]) -> bool {
    let starts = |known: &String| known.get(..path.len()).map(str::to_owned);
    let ends = |known: &String| matches!(known.as_bytes().get(path.len()), None | Some(b'.'));
    let fits =
        |known: &&String| ends(known) && starts(known).is_some_and(|start| start.eq_ignore_ascii_case(path));
    let mut known = paths.iter().filter(fits).peekable();
    known.peek().is_some() && known.all(|known| starts(known).as_deref() != Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Limits, parse_yaml};

    fn check(properties: &str, expected: Option<&str>) {
        let tree = parse_yaml(properties, FileId(0), &Limits::default()).unwrap();
        let paths = ["Policies[].PolicyDocument", "ManagedPolicyArns", "Body"];
        let found = misplaced(View::of(&tree), &paths).map(|(path, _)| path);
        assert_eq!(found.as_deref(), expected, "{properties}");
    }

    #[test]
    fn policies_in_other_places_are_found() {
        const DOCUMENT: &str = "{Statement: [{Effect: Allow}]}";
        check(&format!("Policies: [{{PolicyDocument: {DOCUMENT}}}]"), None);
        check(
            &format!("Policies: !If [C, [{{PolicyDocument: {DOCUMENT}}}], []]"),
            None,
        );
        check(&format!("Body: {{x: {DOCUMENT}}}"), None);
        check(
            &format!("Policies: [{{policyDocument: {DOCUMENT}}}]"),
            Some("Policies.policyDocument"),
        );
        check(
            &format!("Policies: [{{PolicyDoc: {DOCUMENT}}}]"),
            Some("Policies.PolicyDoc"),
        );
        check(&format!("Policys: {DOCUMENT}"), Some("Policys"));
        check("managedPolicyArns: [x]", Some("managedPolicyArns"));
        check("policies: []", Some("policies"));
        check("Other: {Tags: [Statement, Effect]}", None);
        check(
            "Text: !Sub '{\"Statement\": [{\"Effect\": \"Allow\"}]}'",
            Some("Text"),
        );
    }
}
