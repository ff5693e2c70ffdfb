//! The shape of a standards file as a table: which keys stand where, and what stands under them. Keys of the format that
//! are not read yet are rows too, so that they are refused by name and never ignored.

use crate::source::{Node, NodeKind, Style};

use super::problems::{Problems, entries, entry, unknown_word};

/// What stands under a key.
#[derive(Clone, Copy)]
enum Shape {
    /// One word or text.
    Text,
    /// A list of texts, not empty.
    Texts,
    /// Anything; the policy language reads it.
    Block,
    /// A mapping.
    Map(&'static [Key]),
    /// A list of mappings, not empty.
    Maps(&'static [Key]),
    /// Part of the format, and not read yet.
    NotYet,
}

/// One key of a mapping.
#[derive(Clone, Copy)]
struct Key {
    name: &'static str,
    shape: Shape,
    required: Required,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Required {
    Yes,
    No,
}

const fn must(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        shape,
        required: Required::Yes,
    }
}

const fn may(name: &'static str, shape: Shape) -> Key {
    Key {
        name,
        shape,
        required: Required::No,
    }
}

const FILE: &[Key] = &[
    must("version", Shape::Text),
    may("extends", Shape::NotYet),
    may("trust", Shape::Map(TRUST)),
    may("guardrails", Shape::NotYet),
    must("standards", Shape::Maps(STANDARD)),
    may("waivers", Shape::NotYet),
    may("ignore", Shape::Maps(IGNORE)),
    may("policy_attributes", Shape::Maps(POLICY_ATTRIBUTE)),
];

const TRUST: &[Key] = &[
    may("accounts", Shape::Texts),
    may("organizations", Shape::Texts),
    may("principals", Shape::Texts),
    may("networks", Shape::Texts),
    may("service_principals", Shape::Text),
];

const STANDARD: &[Key] = &[
    must("id", Shape::Text),
    may("description", Shape::Text),
    may("severity", Shape::Text),
    must("check", Shape::Text),
    may("actions", Shape::Texts),
    may("resources", Shape::Texts),
    may("principals", Shape::Texts),
    may("when", Shape::Block),
    may("reference", Shape::Text),
    may("all_of", Shape::NotYet),
    may("on", Shape::Text),
    may("scope", Shape::Map(SCOPE)),
    may("rules", Shape::Texts),
    may("real_requests", Shape::NotYet),
    may("examples", Shape::NotYet),
];

const SCOPE: &[Key] = &[
    may("kinds", Shape::Texts),
    may("types", Shape::Texts),
    may("addresses", Shape::Texts),
    may("exclude", Shape::Texts),
];

const IGNORE: &[Key] = &[
    may("type", Shape::Text),
    may("address", Shape::Text),
    must("reason", Shape::Text),
];

const POLICY_ATTRIBUTE: &[Key] = &[
    must("type", Shape::Text),
    must("attribute", Shape::Text),
    must("kind", Shape::Text),
];

/// Notes everything that is not of the shape above.
pub(super) fn check_shape(root: &Node, problems: &mut Problems<'_>) {
    match &root.kind {
        NodeKind::Scalar(text, Style::Plain) if is_null(text) => {
            problems.add(
                root,
                "the standards file is empty; it needs `version: 1` and `standards`",
            );
        }
        NodeKind::Scalar(..) | NodeKind::List(_) => {
            problems.add(
                root,
                "a standards file is a mapping with `version` and `standards`",
            );
        }
        NodeKind::Map(_) => check_map(root, FILE, "the file", problems),
    }
}

fn check_map(node: &Node, keys: &'static [Key], place: &str, problems: &mut Problems<'_>) {
    let NodeKind::Map(pairs) = &node.kind else {
        let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
        return problems.add(
            node,
            format!(
                "{place} must be a mapping with {}",
                super::problems::listed(&names)
            ),
        );
    };
    check_tag(node, problems);
    for ((key, _), (name, value)) in pairs.iter().zip(entries(node)) {
        match keys.iter().find(|known| known.name == name) {
            Some(known) => check_value(key, value, known, problems),
            None => {
                let valid: Vec<&str> = keys.iter().map(|known| known.name).collect();
                problems.add(key, unknown_word("key", name, &valid));
            }
        }
    }
    for key in keys.iter().filter(|key| key.required == Required::Yes) {
        if entry(node, key.name).is_none() {
            problems.add(node, format!("{place} has no `{}`", key.name));
        }
    }
}

fn check_value(key_node: &Node, value: &Node, key: &Key, problems: &mut Problems<'_>) {
    let name = key.name;
    match key.shape {
        Shape::Text => check_text(value, &format!("`{name}`"), problems),
        Shape::Texts => check_list(value, name, problems, |item, problems| {
            check_text(item, &format!("an element of `{name}`"), problems);
        }),
        Shape::Block => check_tags(value, problems),
        Shape::Map(keys) => check_map(value, keys, &format!("`{name}`"), problems),
        Shape::Maps(keys) => check_list(value, name, problems, |item, problems| {
            check_map(item, keys, &format!("an element of `{name}`"), problems);
        }),
        Shape::NotYet => problems.add(key_node, format!("`{name}` is not supported yet")),
    }
}

fn check_list(node: &Node, name: &str, problems: &mut Problems<'_>, each: impl Fn(&Node, &mut Problems<'_>)) {
    check_tag(node, problems);
    match &node.kind {
        NodeKind::List(items) if items.is_empty() => {
            problems.add(node, format!("`{name}` must not be empty"));
        }
        NodeKind::List(items) => items.iter().for_each(|item| each(item, problems)),
        NodeKind::Scalar(..) | NodeKind::Map(_) => problems.add(node, format!("`{name}` must be a list")),
    }
}

fn check_text(node: &Node, what: &str, problems: &mut Problems<'_>) {
    check_tag(node, problems);
    match &node.kind {
        NodeKind::Scalar(text, Style::Plain) if is_null(text) => {
            problems.add(node, format!("{what} must not be empty"));
        }
        NodeKind::Scalar(text, _) if text.trim().is_empty() => {
            problems.add(node, format!("{what} must not be empty"));
        }
        NodeKind::Scalar(..) => {}
        NodeKind::List(_) | NodeKind::Map(_) => problems.add(node, format!("{what} must be text")),
    }
}

fn check_tags(node: &Node, problems: &mut Problems<'_>) {
    check_tag(node, problems);
    match &node.kind {
        NodeKind::Scalar(..) => {}
        NodeKind::List(items) => items.iter().for_each(|item| check_tags(item, problems)),
        NodeKind::Map(pairs) => pairs.iter().for_each(|(_, value)| check_tags(value, problems)),
    }
}

fn check_tag(node: &Node, problems: &mut Problems<'_>) {
    if node.tag.is_some() {
        problems.add(node, "tags have no meaning in a standards file");
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
