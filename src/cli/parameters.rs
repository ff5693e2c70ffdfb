//! `--parameters FILE|K=V`: CloudFormation parameters, in the three file formats that AWS tools take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::{FileId, Limits, Node, NodeKind, SourceFile, parse_json, read_reference};

use super::Failure;

/// One `--parameters`.
#[derive(Debug, Clone)]
pub(super) enum Parameter {
    /// `K=V`.
    Value(String, String),
    /// A file.
    File(PathBuf),
}

/// Reads the argument: a parameter's name is letters and digits, so anything else before `=` belongs to a path.
pub(super) fn parameter(text: &str) -> Result<Parameter, String> {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) => Ok(Parameter::Value(name.to_owned(), value.to_owned())),
        Some(_) | None if text.is_empty() => Err("a file, or NAME=VALUE".to_owned()),
        Some(_) | None => Ok(Parameter::File(PathBuf::from(text))),
    }
}

/// All parameters; a later argument wins over an earlier one.
pub(super) fn parameters(given: &[Parameter], limits: &Limits) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    for parameter in given {
        match parameter {
            Parameter::Value(name, value) => {
                all.insert(name.clone(), value.clone());
            }
            Parameter::File(path) => all.extend(read_file(path, limits)?),
        }
    }
    Ok(all)
}

fn read_file(path: &Path, limits: &Limits) -> Result<BTreeMap<String, String>, Failure> {
    let shown = path.display();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::usage(format!("{shown}: not the name of a file")))?;
    let file = read_reference(folder, name, limits)
        .map_err(|error| Failure::usage(format!("{shown}: {}; use NAME=VALUE or a file", error.message)))?;
    read_text(&file, limits).map_err(|message| Failure::usage(format!("{shown}{message}")))
}

/// `{"Parameters": {..}}`, `[{"ParameterKey": .., "ParameterValue": ..}]` or `["K=V"]`.
fn read_text(file: &SourceFile, limits: &Limits) -> Result<BTreeMap<String, String>, String> {
    let root = parse_json(&file.text, FileId(0), limits).map_err(|error| format!(":{error}"))?;
    let pairs: Option<Vec<Option<(String, String)>>> = match &root.kind {
        NodeKind::Map(_) => entry(&root, "Parameters").and_then(|node| match &node.kind {
            NodeKind::Map(pairs) => pairs
                .iter()
                .map(|(name, value)| Some(Some((scalar(name)?, scalar(value)?))))
                .collect(),
            NodeKind::List(_) | NodeKind::Scalar(..) => None,
        }),
        NodeKind::List(items) => items.iter().map(list_item).collect(),
        NodeKind::Scalar(..) => None,
    };
    let pairs = pairs.ok_or(
        ": not a parameters file; keyaki reads {\"Parameters\": {\"K\": \"V\"}}, [{\"ParameterKey\": \"K\", \
         \"ParameterValue\": \"V\"}] and [\"K=V\"]",
    )?;
    let mut all = BTreeMap::new();
    for (name, value) in pairs.into_iter().flatten() {
        if !is_name(&name) {
            return Err(": the name of a parameter is letters and digits".to_owned());
        }
        if all.insert(name, value).is_some() {
            return Err(": a parameter is given twice".to_owned());
        }
    }
    Ok(all)
}

/// An element of the list formats. `Some(None)` is a parameter whose deployed value is kept, which nobody knows here.
fn list_item(item: &Node) -> Option<Option<(String, String)>> {
    match &item.kind {
        NodeKind::Scalar(text, _) => text
            .split_once('=')
            .map(|(name, value)| Some((name.to_owned(), value.to_owned()))),
        NodeKind::Map(_) => {
            let name = scalar(entry(item, "ParameterKey")?)?;
            match entry(item, "ParameterValue") {
                Some(value) => Some(Some((name, scalar(value)?))),
                None if entry(item, "UsePreviousValue").and_then(scalar).as_deref() == Some("true") => {
                    Some(None)
                }
                None => None,
            }
        }
        NodeKind::List(_) => None,
    }
}

pub(super) fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        NodeKind::Map(pairs) => pairs
            .iter()
            .find(|(name, _)| scalar(name).as_deref() == Some(key))
            .map(|(_, value)| value),
        NodeKind::List(_) | NodeKind::Scalar(..) => None,
    }
}

pub(super) fn scalar(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Scalar(text, style) if *style == crate::source::Style::Quoted || text != "null" => {
            Some(text.clone())
        }
        NodeKind::Scalar(..) | NodeKind::List(_) | NodeKind::Map(_) => None,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[(&str, &str)]>) {
        let file = SourceFile {
            name: "p.json".into(),
            text: text.into(),
        };
        let read = read_text(&file, &Limits::default()).ok();
        let expected = expected.map(|pairs| {
            pairs
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect()
        });
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn three_formats() {
        check(
            r#"{"Parameters": {"Env": "prod", "Size": 3}}"#,
            Some(&[("Env", "prod"), ("Size", "3")]),
        );
        check(
            r#"[{"ParameterKey": "Env", "ParameterValue": "prod"}]"#,
            Some(&[("Env", "prod")]),
        );
        check(
            r#"[{"ParameterKey": "Env", "UsePreviousValue": true}]"#,
            Some(&[]),
        );
        check(r#"["Env=a=b", "Empty="]"#, Some(&[("Empty", ""), ("Env", "a=b")]));
        for bad in [
            "",
            "{}",
            "3",
            r#"{"Env": "prod"}"#,
            r#"["Env"]"#,
            r#"["Env=a", "Env=b"]"#,
            r#"[{"ParameterKey": "Env"}]"#,
            r#"{"Parameters": {"Env": "a", "Env": "b"}}"#,
            r#"{"Parameters": {"Env": null}}"#,
            r#"["a b=c"]"#,
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn arguments() {
        assert!(matches!(parameter("Env=prod"), Ok(Parameter::Value(..))));
        assert!(matches!(parameter("Env="), Ok(Parameter::Value(..))));
        assert!(matches!(parameter("params/a=b.json"), Ok(Parameter::File(_))));
        assert!(matches!(parameter("params.json"), Ok(Parameter::File(_))));
        assert!(parameter("").is_err());
    }
}
