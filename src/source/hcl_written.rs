//! What Terraform code writes expressions as, where they are simple: references, templates of references and plain text,
//! and lists of those. Of everything else (functions, conditions, splats) nothing is said.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, BlockLabel, Body};
use hcl_edit::template::{Element, StringTemplate};

use super::statements::DOCUMENT;
use super::{FileId, Place, Span};

/// A simple expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A text; a single reference is the value itself.
    Text(Vec<WrittenPiece>),
    /// A list; `None` for elements that are not simple.
    List(Vec<Option<Written>>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenPiece {
    /// Plain text, unescaped.
    Literal(String),
    /// `aws_s3_bucket.b[each.key].arn`, in the spelling of plans.
    Reference(String),
}

/// An expression of Terraform code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenAt<'n> {
    /// An attribute of a resource or data source, by mode, type, name and path (`statement[0].resources`).
    Attribute(&'n str, &'n str, &'n str, &'n str),
    /// An argument of a module call: call and name.
    Argument(&'n str, &'n str),
    /// The value of an output.
    Output(&'n str),
    /// A local value.
    Local(&'n str),
}

/// The simple expressions of one directory. What is there twice is known of neither: how two files are merged differs by
/// attribute.
#[derive(Debug, Clone, Default)]
pub(super) struct Expressions {
    /// By mode, type and name.
    resources: BTreeMap<[String; 3], Option<Expressed>>,
    calls: BTreeMap<String, Option<BTreeMap<String, Written>>>,
    outputs: BTreeMap<String, Option<Written>>,
    locals: BTreeMap<String, Option<Written>>,
}

#[derive(Debug, Clone)]
struct Expressed {
    /// By path.
    written: BTreeMap<String, Written>,
    /// Where its `statement` blocks are, if it has no dynamic ones.
    statements: Option<Vec<Place>>,
}

impl Expressions {
    /// Adds those of a block.
    pub fn add(&mut self, block: &Block, file: FileId) {
        let labels: Vec<&str> = block.labels.iter().map(BlockLabel::as_str).collect();
        let body = &block.body;
        match (block.ident.as_str(), labels.as_slice()) {
            (mode @ ("resource" | "data"), [resource_type, name]) => {
                let expressed = Expressed {
                    written: match *resource_type == DOCUMENT {
                        true => nested(body),
                        false => attributes(body),
                    },
                    statements: count(body, "statement").map(|_| nested_places(body, file)),
                };
                let key = [mode.to_owned(), (*resource_type).to_owned(), (*name).to_owned()];
                add_once(&mut self.resources, key, Some(expressed));
            }
            ("module", [name]) => {
                add_once(&mut self.calls, (*name).to_owned(), Some(attributes(body)));
            }
            ("output", [name]) => {
                let value = body.get_attribute("value");
                let value = value.and_then(|value| written(&value.value));
                add_once(&mut self.outputs, (*name).to_owned(), value);
            }
            ("locals", []) => {
                for attribute in body.attributes() {
                    add_once(
                        &mut self.locals,
                        attribute.key.to_string(),
                        written(&attribute.value),
                    );
                }
            }
            (_, _) => {}
        }
    }

    /// An expression, where it is simple and stands in one place only.
    pub fn written(&self, at: WrittenAt<'_>) -> Option<&Written> {
        match at {
            WrittenAt::Attribute(mode, resource_type, name, path) => {
                self.block(mode, resource_type, name)?.written.get(path)
            }
            WrittenAt::Argument(call, name) => self.calls.get(call)?.as_ref()?.get(name),
            WrittenAt::Output(name) => self.outputs.get(name)?.as_ref(),
            WrittenAt::Local(name) => self.locals.get(name)?.as_ref(),
        }
    }

    /// The `statement` blocks of a policy document; `None` where some are dynamic.
    pub fn statements(&self, name: &str) -> Option<&[Place]> {
        self.block("data", DOCUMENT, name)?.statements.as_deref()
    }

    /// Mode, type and name of all resources and data sources.
    pub fn names(&self) -> impl Iterator<Item = &[String; 3]> {
        self.resources.keys()
    }

    fn block(&self, mode: &str, resource_type: &str, name: &str) -> Option<&Expressed> {
        let key = [mode.to_owned(), resource_type.to_owned(), name.to_owned()];
        self.resources.get(&key)?.as_ref()
    }
}

/// What is there twice is known of neither.
fn add_once<K: Ord, V>(found: &mut BTreeMap<K, Option<V>>, key: K, value: Option<V>) {
    match found.entry(key) {
        Entry::Vacant(entry) => drop(entry.insert(value)),
        Entry::Occupied(mut entry) => drop(entry.insert(None)),
    }
}

fn nested_places(body: &Body, file: FileId) -> Vec<Place> {
    let spans = body
        .get_blocks("statement")
        .map(|block| block.span().unwrap_or_default());
    let place = |Range { start, end }: Range<usize>| Place {
        file,
        span: Span { start, end },
    };
    spans.map(place).collect()
}

impl Written {
    /// The reference, if it is one and nothing else.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Written::Text(pieces) => match pieces.as_slice() {
                [WrittenPiece::Reference(reference)] => Some(reference),
                _ => None,
            },
            Written::List(_) => None,
        }
    }

    /// All references in it; `None` if part of it is not simple.
    pub fn references(&self) -> Option<Vec<&str>> {
        let texts: Vec<&Written> = match self {
            Written::Text(_) => vec![self],
            Written::List(items) => items.iter().map(Option::as_ref).collect::<Option<_>>()?,
        };
        let mut found = Vec::new();
        for text in texts {
            // Lists have no lists in them.
            let Written::Text(pieces) = text else { return None };
            found.extend(pieces.iter().filter_map(|piece| match piece {
                WrittenPiece::Reference(reference) => Some(reference.as_str()),
                WrittenPiece::Literal(_) => None,
            }));
        }
        Some(found)
    }
}

/// The simple attributes of a block that are not constant, by name.
fn attributes(body: &Body) -> BTreeMap<String, Written> {
    let simple = body.attributes().filter_map(|attribute| {
        let written = written(&attribute.value)?;
        let constant = written
            .references()
            .is_some_and(|references| references.is_empty());
        (!constant).then(|| (attribute.key.to_string(), written))
    });
    simple.collect()
}

/// The same with those of nested blocks, two deep: `statement[0].principals[0].identifiers`. Blocks of a name that is also
/// dynamic are left out, and so are blocks that have dynamic blocks.
fn nested(body: &Body) -> BTreeMap<String, Written> {
    let mut found = attributes(body);
    for (outer, block) in blocks(body) {
        if block.has_blocks("dynamic") {
            continue;
        }
        let put = |prefix: &str, body: &Body, found: &mut BTreeMap<String, Written>| {
            let own = attributes(body).into_iter();
            found.extend(own.map(|(name, written)| (format!("{prefix}.{name}"), written)));
        };
        put(&outer, block, &mut found);
        let inner = blocks(block);
        let kind = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (name, _) in &inner {
            *counts.entry(kind(name)).or_default() += 1;
        }
        // The plan orders sets otherwise than the code: only one alone is surely itself.
        for (name, nested) in inner
            .iter()
            .filter(|(name, _)| counts.get(&kind(name)) == Some(&1))
        {
            put(&format!("{outer}.{name}"), nested, &mut found);
        }
    }
    found
}

/// How many blocks of a name there are; `None` where some are dynamic.
fn count(body: &Body, name: &str) -> Option<usize> {
    let dynamic = body
        .get_blocks("dynamic")
        .any(|block| block.labels.first().is_some_and(|label| label.as_str() == name));
    (!dynamic).then(|| body.get_blocks(name).count())
}

/// The nested blocks with their paths.
fn blocks(body: &Body) -> Vec<(String, &Body)> {
    let dynamic: Vec<&str> = body
        .get_blocks("dynamic")
        .filter_map(|block| block.labels.first().map(BlockLabel::as_str))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for block in body.blocks() {
        let name = block.ident.as_str();
        if name == "dynamic" || dynamic.contains(&name) {
            continue;
        }
        let position = counts.entry(name).or_default();
        found.push((format!("{name}[{position}]"), &block.body));
        *position += 1;
    }
    found
}

/// A simple expression.
fn written(expression: &Expression) -> Option<Written> {
    match expression {
        Expression::Array(items) => Some(Written::List(items.iter().map(text).collect())),
        other => text(other),
    }
}

fn text(expression: &Expression) -> Option<Written> {
    let pieces = match expression {
        Expression::String(text) => vec![literal(text)?],
        Expression::StringTemplate(template) => pieces(template)?,
        Expression::Traversal(traversal) => vec![WrittenPiece::Reference(reference(traversal)?)],
        _ => return None,
    };
    Some(Written::Text(pieces))
}

fn pieces(template: &StringTemplate) -> Option<Vec<WrittenPiece>> {
    let piece = |element: &Element| match element {
        Element::Literal(text) => literal(text),
        Element::Interpolation(interpolation) => match &interpolation.expr {
            Expression::Traversal(traversal) if interpolation.strip == Default::default() => {
                Some(WrittenPiece::Reference(reference(traversal)?))
            }
            _ => None,
        },
        Element::Directive(_) => None,
    };
    template.iter().map(piece).collect()
}

/// Terraform normalises what is not ASCII.
fn literal(text: &str) -> Option<WrittenPiece> {
    text.is_ascii().then(|| WrittenPiece::Literal(text.to_owned()))
}

fn reference(traversal: &Traversal) -> Option<String> {
    let Expression::Variable(root) = &traversal.expr else {
        return None;
    };
    let mut spelled = root.as_str().to_owned();
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => {
                spelled.push('.');
                spelled.push_str(name.as_str());
            }
            TraversalOperator::Index(key) => {
                spelled.push_str(&format!("[{}]", index(key)?));
            }
            TraversalOperator::AttrSplat(_)
            | TraversalOperator::FullSplat(_)
            | TraversalOperator::LegacyIndex(_) => {
                return None;
            }
        }
    }
    Some(spelled)
}

fn index(key: &Expression) -> Option<String> {
    match key {
        Expression::String(text) => {
            let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '$' | '%') || c == ' ';
            text.chars().all(plain).then(|| format!("\"{}\"", text.as_str()))
        }
        Expression::Number(number) => number.as_u64().map(|number| number.to_string()),
        Expression::Traversal(traversal) => {
            reference(traversal).filter(|key| matches!(key.as_str(), "each.key" | "count.index"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        let body = hcl_edit::parser::parse_body(&format!("a = {value}\n")).unwrap();
        let told = |written: &Written| -> String {
            let Written::Text(pieces) = written else {
                panic!("a list in a list")
            };
            let pieces = pieces.iter().map(|piece| match piece {
                WrittenPiece::Literal(text) => text.clone(),
                WrittenPiece::Reference(reference) => format!("<{reference}>"),
            });
            pieces.collect()
        };
        let seen = match written(&body.get_attribute("a").unwrap().value) {
            None => "-".to_owned(),
            Some(Written::List(items)) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| item.as_ref().map_or("-".to_owned(), told))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Some(text) => told(&text),
        };
        assert_eq!(seen, expected, "{value}");
    }

    #[test]
    fn simple_expressions_are_told() {
        check("data.x.y.json", "<data.x.y.json>");
        check("data.x.y[0].json", "<data.x.y[0].json>");
        check("data.x.y[each.key].json", "<data.x.y[each.key].json>");
        check("data.x.y[\"a.b\"].json", "<data.x.y[\"a.b\"].json>");
        check("\"${b.c.arn}/*\"", "<b.c.arn>/*");
        check("\"a-${b.c.arn}-${var.d}\\n$${x}\"", "a-<b.c.arn>-<var.d>\n${x}");
        check(
            "[b.c.arn, \"${b.c.arn}/*\", \"x\", f(y)]",
            "[<b.c.arn>, <b.c.arn>/*, x, -]",
        );
    }

    #[test]
    fn of_others_nothing_is_said() {
        for value in [
            "replace(data.x.y.json, \"a\", \"b\")",
            "data.x.y[*].json",
            "data.x.y.*.json",
            "data.x.y.0.json",
            "data.x.y[var.k].json",
            "data.x.y[\"${k}\"].json",
            "(data.x.y.json)",
            "a ? b.c : d.e",
            "\"${f(x)}\"",
            "\"${~ x.y }\"",
            "\"%{ if a }b%{ endif }\"",
            "\"\u{e9}${x.y}\"",
            "<<EOT\n${x.y}\nEOT",
            "one(x.y)",
            "!x.y",
            "{ a = x.y }",
        ] {
            check(value, "-");
        }
    }

    #[test]
    fn nested_blocks_have_paths() {
        let text = "statement {\n resources = [a.b]\n principals {\n identifiers = [c.d]\n }\n}\n\
            statement {\n resources = [e.f]\n condition {\n values = [g.h]\n }\n condition {\n values = [i.j]\n }\n}\n\
            statement {\n resources = [k.l]\n dynamic \"condition\" {\n }\n}\n";
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let paths: Vec<String> = nested(&body).into_keys().collect();
        let expected = [
            "statement[0].principals[0].identifiers",
            "statement[0].resources",
            "statement[1].resources",
        ];
        assert_eq!(paths, expected);
        assert_eq!(count(&body, "statement"), Some(3));
        let dynamic = hcl_edit::parser::parse_body(&format!("{text}dynamic \"statement\" {{\n}}\n")).unwrap();
        assert_eq!((count(&dynamic, "statement"), nested(&dynamic).len()), (None, 0));
    }
}
