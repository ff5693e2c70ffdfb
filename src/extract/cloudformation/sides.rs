//! An earlier template beside the new one, as written: which resources are the same in both, and whether what they depend
//! on can have another value. Names are looked for as words of all values, so prose with such a word errs towards another value.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Node, NodeKind};

use super::CloudFormationOptions;
use super::nested::STACK;
use super::syntax::{View, key_text};

/// Two templates.
pub(super) struct Sides<'n> {
    /// The types of the resources of both, by logical id.
    types: BTreeMap<&'n str, (Option<&'n str>, Option<&'n str>)>,
    /// The resources that are written alike in both, and refer to such only.
    alike: BTreeSet<&'n str>,
    /// Those of them whose attributes cannot differ: they depend on nothing that is not given.
    fixed: BTreeSet<&'n str>,
    /// What may have another value: parameters that are not given, conditions, resources of one side only.
    movable: BTreeSet<&'n str>,
}

/// What neither a resource nor a policy depends on.
const PROSE: [&str; 5] = [
    "Resources",
    "Outputs",
    "Description",
    "Metadata",
    "AWSTemplateFormatVersion",
];

impl<'n> Sides<'n> {
    /// Compares two templates.
    pub fn of(old: View<'n>, new: View<'n>, options: &CloudFormationOptions) -> Sides<'n> {
        let (olds, news) = (resources(old), resources(new));
        let ids: BTreeSet<&str> = olds.keys().chain(news.keys()).copied().collect();
        let type_of = |side: &BTreeMap<&'n str, View<'n>>, id: &str| -> Option<&'n str> {
            side.get(id)?.get("Type").and_then(View::scalar)
        };
        let types: BTreeMap<_, _> = ids
            .iter()
            .map(|id| (*id, (type_of(&olds, id), type_of(&news, id))))
            .collect();
        let same = |id: &&&str| match (olds.get(**id), news.get(**id)) {
            // What is in a nested stack is in another file.
            (Some(old), Some(new)) => same_view(*old, *new) && !is_nested(*new),
            _ => false,
        };
        let written_alike = |id: &&&str| same_sections(old, new) && same(id);
        let texts: BTreeMap<&str, Vec<&str>> = news.iter().map(|(id, view)| (*id, texts(*view))).collect();
        let candidates: BTreeSet<&str> = ids.iter().filter(written_alike).copied().collect();
        let changed: BTreeSet<&str> = ids.difference(&candidates).copied().collect();
        let alike = untouched(&candidates, &changed, &texts);
        let conditions = [old, new].into_iter().flat_map(|side| keys(side, "Conditions"));
        let parameters = [old, new].into_iter().flat_map(|side| keys(side, "Parameters"));
        let open = parameters.filter(|name| !options.parameters.contains_key(*name));
        let only_one = types
            .iter()
            .filter(|(_, (old, new))| old != new)
            .map(|(id, _)| *id);
        let movable: BTreeSet<&str> = conditions.chain(open).chain(only_one).collect();
        let touched: BTreeSet<&str> = movable.union(&changed).copied().collect();
        Sides {
            fixed: untouched(&alike, &touched, &texts),
            types,
            alike,
            movable,
        }
    }

    /// The logical ids that are alike in both.
    pub fn alike(&self) -> impl Iterator<Item = &'n str> + '_ {
        self.alike.iter().copied()
    }

    /// Whether a resource is alike in both.
    pub fn is_alike(&self, id: &str) -> bool {
        self.alike.contains(id)
    }

    /// Whether no attribute of a resource can have changed.
    pub fn is_fixed(&self, id: &str) -> bool {
        self.fixed.contains(id)
    }

    /// Whether a resource is in both with the same type.
    pub fn is_kept(&self, id: &str) -> bool {
        self.types
            .get(id)
            .is_some_and(|(old, new)| old.is_some() && old == new)
    }

    /// Whether a text names something that may have another value.
    pub fn may_move(&self, text: &str) -> bool {
        words(text).any(|word| self.movable.contains(word))
    }
}

fn is_nested(resource: View<'_>) -> bool {
    matches!(
        resource.get("Type").and_then(View::scalar),
        Some(STACK | "AWS::Serverless::Application")
    )
}

/// The resources of a template by logical id.
pub(super) fn resources(root: View<'_>) -> BTreeMap<&str, View<'_>> {
    entries_of(root, "Resources")
        .iter()
        .filter_map(|(key, value)| Some((key_text(key)?, View::of(value))))
        .collect()
}

/// All texts of a node but keys, which refer to nothing.
pub(super) fn texts<'n>(view: View<'n>) -> Vec<&'n str> {
    let mut found = Vec::new();
    let mut pending = vec![view.kind];
    while let Some(kind) = pending.pop() {
        match kind {
            NodeKind::Scalar(text, _) => found.push(text.as_str()),
            NodeKind::List(items) => pending.extend(items.iter().map(|item| &item.kind)),
            NodeKind::Map(entries) => {
                pending.extend(entries.iter().map(|(_, value)| &value.kind));
            }
        }
    }
    found
}

/// Whether two nodes say the same, wherever they stand.
pub(super) fn same_view(left: View<'_>, right: View<'_>) -> bool {
    left.tag == right.tag
        && match (left.kind, right.kind) {
            (NodeKind::Scalar(left, one), NodeKind::Scalar(right, other)) => left == right && one == other,
            (NodeKind::List(left), NodeKind::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
            }
            (NodeKind::Map(left), NodeKind::Map(right)) => {
                let entry = |((key, value), (other, theirs)): (&(Node, Node), &(Node, Node))| {
                    same(key, other) && same(value, theirs)
                };
                left.len() == right.len() && left.iter().zip(right).all(entry)
            }
            (NodeKind::Scalar(..) | NodeKind::List(_) | NodeKind::Map(_), _) => false,
        }
}

/// The depth is that of trees, which is bounded.
fn same(left: &Node, right: &Node) -> bool {
    same_view(View::of(left), View::of(right))
}

/// Whether the sections that resources depend on are the same.
fn same_sections(old: View<'_>, new: View<'_>) -> bool {
    let sections = |root: View<'_>| -> BTreeSet<String> {
        let keys = root.entries().unwrap_or_default().iter().map(|(key, _)| key);
        let names = keys.map(|key| key_text(key).unwrap_or_default().to_owned());
        names.filter(|name| !PROSE.contains(&name.as_str())).collect()
    };
    let names = sections(old);
    names == sections(new)
        && names.iter().all(|name| match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => same_view(old, new),
            _ => false,
        })
}

/// Those of the resources that name nothing that is touched, directly or through each other.
fn untouched<'n>(
    resources: &BTreeSet<&'n str>,
    touched: &BTreeSet<&'n str>,
    texts: &BTreeMap<&'n str, Vec<&'n str>>,
) -> BTreeSet<&'n str> {
    let mut kept = resources.clone();
    let mut touched = touched.clone();
    while !touched.is_empty() {
        let names = |id: &str| {
            let texts = texts.get(id).map(Vec::as_slice).unwrap_or_default();
            let mut words = texts.iter().flat_map(|text| words(text));
            words.any(|word| touched.contains(word))
        };
        let next: BTreeSet<&str> = kept.iter().copied().filter(|id| names(id)).collect();
        for id in &next {
            kept.remove(id);
        }
        touched = next;
    }
    kept
}

/// What may be a name in a text: names are of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

fn keys<'n>(root: View<'n>, section: &str) -> Vec<&'n str> {
    entries_of(root, section)
        .iter()
        .filter_map(|(key, _)| key_text(key))
        .collect()
}

fn entries_of<'n>(root: View<'n>, section: &str) -> &'n [(Node, Node)] {
    root.get(section).and_then(View::entries).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Limits, parse_yaml};

    fn check(old: &str, new: &str, given: &[&str], alike: &[&str], fixed: &[&str]) {
        let parse = |text: &str| parse_yaml(text, FileId(0), &Limits::default()).unwrap();
        let (old, new) = (parse(old), parse(new));
        let options = CloudFormationOptions {
            parameters: given.iter().map(|name| ((*name).into(), "x".into())).collect(),
            ..CloudFormationOptions::default()
        };
        let sides = Sides::of(View::of(&old), View::of(&new), &options);
        assert_eq!(sides.alike().collect::<Vec<_>>(), alike);
        assert_eq!(sides.fixed.iter().copied().collect::<Vec<_>>(), fixed);
    }

    #[test]
    fn what_names_something_changed_is_changed() {
        let template = |name: &str| {
            format!(
                "Parameters: {{P: {{Type: String}}}}\nResources:\n  A: {{Type: T, Properties: {{N: {name}}}}}\n  \
                 B: {{Type: T, Properties: {{N: !GetAtt A.Arn}}}}\n  C: {{Type: T, Properties: {{N: !Sub '${{B}}x'}}}}\n  \
                 D: {{Type: T}}\n  E: {{Type: T, Properties: {{N: !Ref P}}}}\n"
            )
        };
        let all = ["A", "B", "C", "D", "E"];
        check(&template("a"), &template("a"), &["P"], &all, &all);
        check(&template("a"), &template("a"), &[], &all, &all[..4]);
        check(&template("a"), &template("b"), &["P"], &["D", "E"], &["D", "E"]);
        let other = template("a").replace("String", "Number");
        check(&template("a"), &other, &["P"], &[], &[]);
        check(
            "Resources: {A: {Type: T}}",
            "Resources: {A: {Type: U}}",
            &[],
            &[],
            &[],
        );
        check(
            "Resources: {A: {Type: T}}",
            "Description: x\nResources: {A: {Type: T}}",
            &[],
            &["A"],
            &["A"],
        );
    }
}
