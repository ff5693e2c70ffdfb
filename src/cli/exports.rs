//! `--exports FILE`: what other stacks export, as `aws cloudformation list-exports` tells it, or as `{"NAME": "VALUE"}`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::source::{FileId, Limits, Node, NodeKind, SourceFile, parse_json, read_reference};

use super::Failure;
use super::parameters::{entry, scalar};

const FORM: &str = ": not a file of exports; keyaki reads {\"Exports\": [{\"Name\": \"N\", \"Value\": \"V\"}]}, the list alone, \
                    and {\"N\": \"V\"}";

/// The values of exports by name; none when no file is given.
pub(super) fn exports(path: Option<&Path>, limits: &Limits) -> Result<BTreeMap<String, String>, Failure> {
    let Some(path) = path else {
        return Ok(BTreeMap::new());
    };
    let shown = path.display();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::usage(format!("{shown}: not the name of a file")))?;
    let file = read_reference(folder.unwrap_or(Path::new(".")), name, limits)
        .map_err(|error| Failure::usage(format!("{shown}: {}", error.message)))?;
    read(&file, limits).map_err(|message| Failure::usage(format!("{shown}{message}")))
}

fn read(file: &SourceFile, limits: &Limits) -> Result<BTreeMap<String, String>, String> {
    let root = parse_json(&file.text, FileId(0), limits).map_err(|error| format!(":{error}"))?;
    let listed = entry(&root, "Exports").filter(|listed| matches!(listed.kind, NodeKind::List(_)));
    let pairs: Option<Vec<(String, String)>> = match &listed.unwrap_or(&root).kind {
        NodeKind::List(items) => items.iter().map(listed_one).collect(),
        NodeKind::Map(pairs) => pairs
            .iter()
            .map(|(name, value)| Some((scalar(name)?, scalar(value)?)))
            .collect(),
        NodeKind::Scalar(..) => None,
    };
    let mut all = BTreeMap::new();
    for (name, value) in pairs.ok_or(FORM)? {
        if all.insert(name, value).is_some() {
            return Err(": an export is given twice: give those of one account and region".to_owned());
        }
    }
    Ok(all)
}

fn listed_one(item: &Node) -> Option<(String, String)> {
    Some((scalar(entry(item, "Name")?)?, scalar(entry(item, "Value")?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[(&str, &str)]>) {
        let file = SourceFile {
            name: "e.json".into(),
            text: text.into(),
        };
        let expected = expected.map(|pairs| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
                .collect()
        });
        assert_eq!(read(&file, &Limits::default()).ok(), expected, "{text}");
    }

    #[test]
    fn three_forms() {
        let one = &[("net-Vpc", "vpc-1")][..];
        check(
            r#"{"Exports": [{"ExportingStackId": "x", "Name": "net-Vpc", "Value": "vpc-1"}]}"#,
            Some(one),
        );
        check(r#"[{"Name": "net-Vpc", "Value": "vpc-1"}]"#, Some(one));
        check(r#"{"net-Vpc": "vpc-1"}"#, Some(one));
        check(r#"{"Exports": "x"}"#, Some(&[("Exports", "x")]));
        check("{}", Some(&[]));
        for bad in [
            "3",
            "[3]",
            r#"[{"Name": "a"}]"#,
            r#"{"a": {"b": "c"}}"#,
            r#"{"a": null}"#,
            r#"[{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]"#,
        ] {
            check(bad, None);
        }
    }
}
