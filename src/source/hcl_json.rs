//! Blocks of Terraform source in JSON (`.tf.json`): objects by type and name, or lists of such objects. Strings are
//! templates; what stands in them is placed as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::hcl_blocks::{BlockPlaces, Blocks, MERGES, Role};
use super::hcl_statements::named_policy;
use super::statements::{DOCUMENT, Part, Reading, Sketch};
use super::{FileId, Limits, Node, NodeKind, Place, Span, parse_json};

/// Adds the blocks of one file. The error is the line and column where it stops being JSON.
pub(super) fn read_json_blocks(
    text: &str,
    file: FileId,
    role: Role,
    limits: &Limits,
    blocks: &mut Blocks,
) -> Result<(), (usize, usize)> {
    let tree = parse_json(text, file, limits).map_err(|error| (error.line, error.column))?;
    let reader = Reader(file);
    for (section, content) in members(&tree) {
        match section.as_scalar() {
            Some(mode @ ("resource" | "data")) => {
                for (resource_type, named) in members(content) {
                    for (name, body) in members(named) {
                        let (Some(resource_type), Some(label)) =
                            (resource_type.as_scalar(), name.as_scalar())
                        else {
                            continue;
                        };
                        for body in bodies(body) {
                            let places = reader.places(name, body, (mode, resource_type));
                            blocks.add_resource([mode, resource_type, label], places, role);
                        }
                    }
                }
            }
            Some("module") => {
                for (name, body) in members(content) {
                    for body in bodies(body) {
                        let source = body.get("source").and_then(literal);
                        blocks.add_call(
                            name.as_scalar().unwrap_or_default(),
                            reader.place(name),
                            source,
                            role,
                        );
                    }
                }
            }
            Some("locals") => {
                for (name, value) in members(content) {
                    blocks.add_local(name.as_scalar().unwrap_or_default(), reader.local(value), role);
                }
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// The members of an object, or of all objects in a list.
fn members(node: &Node) -> Vec<(&Node, &Node)> {
    bodies(node)
        .into_iter()
        .flat_map(|object| object.as_map().unwrap_or_default())
        .map(|(key, value)| (key, value))
        .collect()
}

/// An object, or the objects in a list.
fn bodies(node: &Node) -> Vec<&Node> {
    match &node.kind {
        NodeKind::Map(_) => vec![node],
        NodeKind::List(items) => items.iter().filter(|item| item.as_map().is_some()).collect(),
        NodeKind::Scalar(..) => Vec::new(),
    }
}

/// A string that is no template.
fn literal(node: &Node) -> Option<String> {
    let text = node.as_scalar()?;
    (!text.contains("${") && !text.contains("%{")).then(|| text.to_owned())
}

#[derive(Clone, Copy)]
struct Reader(FileId);

impl Reader {
    fn place(self, node: &Node) -> Place {
        Place {
            file: self.0,
            span: node.span,
        }
    }

    fn both(self, key: &Node, value: &Node) -> Place {
        let (start, end) = (key.span.start, value.span.end);
        Place {
            file: self.0,
            span: Span { start, end },
        }
    }

    fn places(self, name: &Node, body: &Node, (mode, resource_type): (&str, &str)) -> BlockPlaces {
        let mut places = BlockPlaces {
            header: Some(self.place(name)),
            ..BlockPlaces::default()
        };
        let is_document = mode == "data" && resource_type == DOCUMENT;
        for (key, value) in body.as_map().unwrap_or_default() {
            let Some(attribute) = key.as_scalar() else {
                continue;
            };
            self.attribute(attribute, key, value, &mut places);
            if is_document && attribute == "statement" {
                places.own = bodies(value).into_iter().map(|one| self.one(one)).collect();
            }
            if let Some(merge) = MERGES.into_iter().find(|merge| *merge == attribute) {
                let is_none = match &value.kind {
                    NodeKind::List(items) => items.is_empty(),
                    NodeKind::Scalar(text, _) => text.is_empty() || text == "null",
                    NodeKind::Map(_) => false,
                };
                places.merges.insert(merge, !is_none);
            }
        }
        for (key, _) in body.get("dynamic").map(members).unwrap_or_default() {
            let Some(name) = key.as_scalar() else { continue };
            if is_document && name == "statement" {
                places.own = vec![Part::Many(None)];
            }
            // Which of them made what the plan has cannot be told.
            if places.attributes.remove(name).is_some() {
                places
                    .attributes
                    .retain(|path, _| !path.starts_with(&format!("{name}[")));
            } else {
                places.attributes.insert(name.to_owned(), self.place(key));
            }
        }
        places
    }

    fn attribute(self, name: &str, key: &Node, value: &Node, places: &mut BlockPlaces) {
        places.attributes.insert(name.to_owned(), self.both(key, value));
        if let Some(parts) = literal_policy(value) {
            places.statements.insert(name.to_owned(), parts);
        }
        let nested = bodies(value);
        for (at, body) in nested.iter().enumerate() {
            let path = format!("{name}[{at}]");
            let header = if nested.len() == 1 {
                self.place(key)
            } else {
                self.place(body)
            };
            places.attributes.insert(path.clone(), header);
            for (key, value) in body.as_map().unwrap_or_default() {
                let Some(inner) = key.as_scalar() else { continue };
                places
                    .attributes
                    .insert(format!("{path}.{inner}"), self.both(key, value));
                if let Some(parts) = literal_policy(value).filter(|_| nested.len() == 1) {
                    places.statements.insert(format!("{path}.{inner}"), parts);
                }
            }
        }
    }

    fn local(self, value: &Node) -> BTreeMap<Reading, Vec<Part>> {
        let mut readings = BTreeMap::new();
        readings.extend(literal_policy(value).map(|parts| (Reading::Text, parts)));
        readings.extend(self.object(value).map(|parts| (Reading::Object, parts)));
        readings.extend(self.list(value).map(|parts| (Reading::List, parts)));
        readings
    }

    fn object(self, value: &Node) -> Option<Vec<Part>> {
        let is_plain = |(key, _): &(Node, Node)| literal(key).is_some();
        value.as_map()?.iter().all(is_plain).then_some(())?;
        self.list(value.get("Statement")?)
    }

    fn list(self, value: &Node) -> Option<Vec<Part>> {
        match &value.kind {
            NodeKind::List(items) => Some(items.iter().map(|item| self.one(item)).collect()),
            NodeKind::Map(_) => Some(vec![self.one(value)]),
            NodeKind::Scalar(..) => None,
        }
    }

    fn one(self, node: &Node) -> Part {
        Part::One(self.place(node), sketch(node))
    }
}

/// A string that is nothing but the policy of a document or local value.
fn literal_policy(value: &Node) -> Option<Vec<Part>> {
    let inner = value.as_scalar()?.strip_prefix("${")?.strip_suffix('}')?;
    named_policy(inner).map(|part| vec![part])
}

/// What a statement says where no template stands, whether it is written as in policies or as in the blocks of documents.
pub(super) fn sketch(node: &Node) -> Sketch {
    let keys: BTreeMap<&str, &Node> = node
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((key.as_scalar()?, value)))
        .collect();
    if keys.keys().any(|key| key.contains("${") || key.contains("%{")) || keys.is_empty() {
        return Sketch::default();
    }
    let get = |names: [&str; 2]| names.iter().find_map(|name| keys.get(name).copied());
    let is_block = keys
        .keys()
        .any(|key| key.starts_with(|c: char| c.is_ascii_lowercase()));
    let actions = |node: &Node| match &node.kind {
        NodeKind::List(items) => items.iter().map(literal).collect::<Option<BTreeSet<String>>>(),
        NodeKind::Scalar(..) => literal(node).map(|only| BTreeSet::from([only])),
        NodeKind::Map(_) => None,
    };
    let actions = match (get(["Action", "actions"]), get(["NotAction", "not_actions"])) {
        (Some(node), None) | (None, Some(node)) => actions(node),
        (_, _) => None,
    };
    let allows = |effect: &Node| match literal(effect)?.as_str() {
        "Allow" => Some(true),
        "Deny" => Some(false),
        _ => None,
    };
    Sketch {
        sid: match get(["Sid", "sid"]) {
            None => Some(None),
            Some(sid) => literal(sid).map(|sid| Some(sid).filter(|sid| !sid.is_empty())),
        },
        allows: match get(["Effect", "effect"]) {
            // Blocks allow where nothing is said.
            None => is_block.then_some(true),
            Some(effect) => allows(effect),
        },
        actions: actions.map(|actions| actions.iter().map(|action| action.to_ascii_lowercase()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::statements::Wanted;
    use super::*;

    const TEXT: &str = r#"{
  "//": "a comment",
  "resource": [{"aws_iam_policy": {
    "p": {"name": "x", "policy": "${data.aws_iam_policy_document.d.json}"},
    "l": {"policy": "${local.text}"},
    "j": {"policy": "{\"Statement\": []}"}
  }}, {"aws_iam_role": {"r": [{"inline_policy": {"policy": "${data.aws_iam_policy_document.d.json}"}}]}}],
  "data": {"aws_iam_policy_document": {
    "d": {"statement": [{"sid": "A", "actions": ["a:A"]}, {"sid": "B", "effect": "Deny"}]},
    "y": {"statement": {"sid": "A"}, "dynamic": {"statement": {"for_each": "${x}"}}},
    "m": {"statement": {"sid": "A"}, "override_policy_documents": ["${x}"]}
  }},
  "module": {"m": {"source": "./m"}, "e": {"source": "${var.x}"}},
  "locals": {"text": "${data.aws_iam_policy_document.d.json}"}
}"#;

    fn blocks() -> Blocks {
        let mut blocks = Blocks::default();
        read_json_blocks(TEXT, FileId(0), Role::Plain, &Limits::default(), &mut blocks).unwrap();
        blocks.finish();
        blocks
    }

    fn text(place: Option<Place>) -> &'static str {
        place.map_or("none", |place| &TEXT[place.span.start..place.span.end])
    }

    #[test]
    fn attributes_and_modules() {
        let blocks = blocks();
        let block =
            |mode: &str, resource_type: &str, name: &str| blocks.block(mode, resource_type, name).unwrap();
        let role = block("resource", "aws_iam_role", "r");
        assert_eq!(text(role.header), "\"r\"");
        for (path, expected) in [
            (
                "inline_policy[0].policy",
                r#""policy": "${data.aws_iam_policy_document.d.json}""#,
            ),
            ("inline_policy[0]", "\"inline_policy\""),
            ("name", "none"),
        ] {
            assert_eq!(text(role.attribute(path)), expected);
        }
        assert_eq!(
            text(block("resource", "aws_iam_policy", "p").attribute("name")),
            r#""name": "x""#
        );
        assert_eq!(
            blocks.sources().collect::<Vec<_>>(),
            [("e", None), ("m", Some("./m"))]
        );
        assert_eq!(text(blocks.call("m")), "\"m\"");
    }

    #[test]
    fn statements() {
        let blocks = blocks();
        let check = |resource_type: &str, name: &str, path: &str, index: usize, expected: &str| {
            let wanted = Wanted {
                index,
                count: Some(2),
                sketch: Sketch::default(),
            };
            let block = blocks.block("resource", resource_type, name).unwrap();
            assert_eq!(
                text(blocks.statement(block, path, &wanted)),
                expected,
                "{name} {path} {index}"
            );
        };
        let (a, b) = (
            r#"{"sid": "A", "actions": ["a:A"]}"#,
            r#"{"sid": "B", "effect": "Deny"}"#,
        );
        check("aws_iam_policy", "p", "policy", 0, a);
        check("aws_iam_policy", "p", "policy", 1, b);
        check("aws_iam_policy", "l", "policy", 1, b);
        check("aws_iam_policy", "j", "policy", 0, "none");
        check("aws_iam_role", "r", "inline_policy[0].policy", 0, a);
        let part = |name: &str| blocks.block("data", DOCUMENT, name).unwrap().own.clone();
        assert!(matches!(&part("y")[..], [Part::Many(None)]));
        let told = |at: usize| match &part("d")[at] {
            Part::One(_, sketch) => sketch.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (told(0).allows, told(0).actions),
            (Some(true), Some(BTreeSet::from(["a:a".to_owned()])))
        );
        assert_eq!(
            (told(1).sid, told(1).allows),
            (Some(Some("B".to_owned())), Some(false))
        );
    }

    #[test]
    fn what_is_no_json() {
        let read = |text: &str| {
            read_json_blocks(
                text,
                FileId(0),
                Role::Plain,
                &Limits::default(),
                &mut Blocks::default(),
            )
        };
        assert_eq!(read("{\n  x"), Err((2, 3)));
        for odd in [
            "[]",
            "1",
            "{\"resource\": 1, \"data\": {\"a\": []}, \"module\": [[]], \"locals\": null}",
        ] {
            assert_eq!(read(odd), Ok(()), "{odd}");
        }
    }
}
