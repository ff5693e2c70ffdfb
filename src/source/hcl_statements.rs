//! What Terraform code writes in the place of a policy's statements: literal lists in `jsonencode`, lists that are joined,
//! chosen or made by `for`, JSON in a heredoc, the blocks of an `aws_iam_policy_document`, and the local values that any
//! of them stand in. Of everything else nothing is said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ForExpr, FuncCall, Object, Traversal, TraversalOperator};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body, Structure};

use super::hcl_json::sketch;
use super::statements::{DOCUMENT, Part, Reading, Sketch};
use super::{FileId, Limits, Node, NodeKind, Place, Span, parse_json};

/// The statements of the attributes of a block, by name. Not those of nested blocks: they are often sets, which the plan
/// orders otherwise than the code.
pub(super) fn of_attributes(body: &Body, file: FileId, text: &str) -> BTreeMap<String, Vec<Part>> {
    let reader = Reader { file, text };
    body.attributes()
        .filter_map(|attribute| Some((attribute.key.to_string(), reader.policy(&attribute.value)?)))
        .collect()
}

/// An expression that is nothing but the policy of a document or local value.
pub(super) fn named_policy(expression: &str) -> Option<Part> {
    match hcl_edit::parser::parse_expr(expression).ok()? {
        Expression::Traversal(traversal) => match document(&traversal) {
            Some(name) => Some(Part::Document(name)),
            None => local(&traversal).map(|name| Part::Local(name, Reading::Text)),
        },
        _ => None,
    }
}

/// A local value, by what it is read as.
pub(super) fn of_local(attribute: &Attribute, file: FileId, text: &str) -> BTreeMap<Reading, Vec<Part>> {
    let (reader, value) = (Reader { file, text }, &attribute.value);
    let readings = [
        (Reading::Text, reader.policy(value)),
        (Reading::Object, reader.object(value)),
        (Reading::List, reader.list(value)),
    ];
    let told = readings.into_iter();
    told.filter_map(|(reading, parts)| Some((reading, parts?)))
        .collect()
}

/// The `statement` blocks of a policy document, in order.
pub(super) fn of_document(body: &Body, file: FileId) -> Vec<Part> {
    let blocks = body.iter().filter_map(Structure::as_block);
    let part = |block: &Block| {
        let place = block.span().map(|span| place(file, span));
        match (block.ident.as_str(), block.labels.first().map(BlockLabel::as_str)) {
            ("statement", _) => Some(match place {
                Some(place) => Part::One(place, block_sketch(&block.body)),
                None => Part::Many(None),
            }),
            ("dynamic", Some("statement")) => Some(Part::Many(place)),
            (_, _) => None,
        }
    };
    blocks.filter_map(part).collect()
}

fn block_sketch(body: &Body) -> Sketch {
    let value = |name: &str| body.get_attribute(name).map(|attribute| &attribute.value);
    let sid = value("sid").map_or(Some(None), sid);
    let actions = match (value("actions"), value("not_actions")) {
        (Some(actions), None) | (None, Some(actions)) => texts(actions),
        (_, _) => None,
    };
    Sketch {
        sid,
        allows: value("effect").map_or(Some(true), allows),
        actions,
    }
}

fn object_sketch(object: &Object) -> Sketch {
    let value = |name: &str| member(object, name);
    let actions = match (value("Action"), value("NotAction")) {
        (Ok(Some(actions)), Ok(None)) | (Ok(None), Ok(Some(actions))) => texts(actions),
        (_, _) => None,
    };
    Sketch {
        sid: match value("Sid") {
            Ok(Some(expression)) => sid(expression),
            Ok(None) => Some(None),
            Err(()) => None,
        },
        allows: value("Effect").ok().flatten().and_then(allows),
        actions,
    }
}

fn sid(expression: &Expression) -> Option<Option<String>> {
    match expression {
        Expression::Null(_) => Some(None),
        expression => expression
            .as_str()
            .map(|sid| Some(sid.to_owned()).filter(|sid| !sid.is_empty())),
    }
}

fn allows(expression: &Expression) -> Option<bool> {
    match expression.as_str()? {
        "Allow" => Some(true),
        "Deny" => Some(false),
        _ => None,
    }
}

fn texts(expression: &Expression) -> Option<BTreeSet<String>> {
    let lower = |expression: &Expression| expression.as_str().map(str::to_ascii_lowercase);
    match expression {
        Expression::Array(array) => array.iter().map(lower).collect(),
        expression => lower(expression).map(|only| BTreeSet::from([only])),
    }
}

/// A member of an object by a literal key; an error where a key that is computed may be it, or two are.
fn member<'o>(object: &'o Object, name: &str) -> Result<Option<&'o Expression>, ()> {
    let mut found = None;
    for (key, value) in object {
        let key = match (key.as_ident(), key.as_expr()) {
            (Some(ident), _) => ident.as_str(),
            (None, Some(Expression::Variable(ident))) => ident.as_str(),
            (None, Some(expression)) => expression.as_str().ok_or(())?,
            (None, None) => return Err(()),
        };
        if key == name && found.replace(value.expr()).is_some() {
            return Err(());
        }
    }
    Ok(found)
}

#[derive(Clone, Copy)]
struct Reader<'t> {
    file: FileId,
    text: &'t str,
}

impl Reader<'_> {
    /// An expression that is a policy as JSON text.
    fn policy(self, expression: &Expression) -> Option<Vec<Part>> {
        match expression {
            Expression::FuncCall(call) if named(call, "jsonencode") => self.object(only_argument(call)?),
            Expression::HeredocTemplate(_) => written(expression.span()?, self.text, self.file),
            Expression::Parenthesis(inner) => self.policy(inner.inner()),
            Expression::Conditional(choice) => Some(vec![Part::Either(
                self.policy(&choice.true_expr)?,
                self.policy(&choice.false_expr)?,
            )]),
            Expression::Null(_) => Some(Vec::new()),
            Expression::Traversal(traversal) => match document(traversal) {
                Some(name) => Some(vec![Part::Document(name)]),
                None => local(traversal).map(|name| vec![Part::Local(name, Reading::Text)]),
            },
            _ => None,
        }
    }

    /// An expression that is a policy as an object.
    fn object(self, expression: &Expression) -> Option<Vec<Part>> {
        match expression {
            Expression::Object(object) => self.list(member(object, "Statement").ok().flatten()?),
            Expression::Parenthesis(inner) => self.object(inner.inner()),
            Expression::Conditional(choice) => Some(vec![Part::Either(
                self.object(&choice.true_expr)?,
                self.object(&choice.false_expr)?,
            )]),
            Expression::Traversal(traversal) => {
                local(traversal).map(|name| vec![Part::Local(name, Reading::Object)])
            }
            _ => None,
        }
    }

    /// An expression that is a list of statements, or one statement, which may stand without a list.
    fn list(self, expression: &Expression) -> Option<Vec<Part>> {
        match expression {
            Expression::Object(_) => Some(vec![self.one(expression)]),
            Expression::Array(array) => Some(array.iter().map(|element| self.one(element)).collect()),
            Expression::Parenthesis(inner) => self.list(inner.inner()),
            Expression::Conditional(choice) => Some(vec![Part::Either(
                self.list_or_any(&choice.true_expr),
                self.list_or_any(&choice.false_expr),
            )]),
            Expression::ForExpr(each) => Some(vec![self.each(each)]),
            Expression::FuncCall(call) if named(call, "concat") => {
                let lists = call.args.iter().map(|list| self.list_or_any(list));
                Some(match call.args.expand_final() {
                    true => vec![Part::Many(None)],
                    false => lists.flatten().collect(),
                })
            }
            Expression::FuncCall(call) if named(call, "flatten") => match only_argument(call)? {
                Expression::Array(array) => {
                    Some(array.iter().flat_map(|element| self.flattened(element)).collect())
                }
                _ => None,
            },
            Expression::Traversal(traversal) => {
                local(traversal).map(|name| vec![Part::Local(name, Reading::List)])
            }
            _ => None,
        }
    }

    fn list_or_any(self, expression: &Expression) -> Vec<Part> {
        self.list(expression).unwrap_or_else(|| vec![Part::Many(None)])
    }

    /// An element of a list that is flattened.
    fn flattened(self, expression: &Expression) -> Vec<Part> {
        match expression {
            Expression::Object(_) => vec![self.one(expression)],
            Expression::Array(array) => array.iter().flat_map(|inner| self.flattened(inner)).collect(),
            Expression::ForExpr(each) => vec![self.each(each)],
            _ => vec![Part::Many(None)],
        }
    }

    /// An expression that is one statement.
    fn one(self, expression: &Expression) -> Part {
        let sketch = match expression {
            Expression::Object(object) => object_sketch(object),
            _ => Sketch::default(),
        };
        match expression.span() {
            Some(span) => Part::One(self.place(span), sketch),
            None => Part::Many(None),
        }
    }

    /// What a `for` makes is written in its body.
    fn each(self, each: &ForExpr) -> Part {
        match (&each.key_expr, &each.value_expr) {
            (None, value @ Expression::Object(_)) => Part::Many(value.span().map(|span| self.place(span))),
            (_, _) => Part::Many(None),
        }
    }

    fn place(self, span: Range<usize>) -> Place {
        let end = span.start
            + self
                .text
                .get(span.clone())
                .map_or(span.len(), |text| text.trim_end().len());
        place(self.file, span.start..end)
    }
}

fn named(call: &FuncCall, name: &str) -> bool {
    !call.name.is_namespaced() && call.name.name.as_str() == name
}

fn only_argument(call: &FuncCall) -> Option<&Expression> {
    let mut arguments = call.args.iter();
    arguments
        .next()
        .filter(|_| arguments.next().is_none() && !call.args.expand_final())
}

/// The policy document whose JSON a traversal is, whichever instance of it.
fn document(traversal: &Traversal) -> Option<String> {
    let data = matches!(&traversal.expr, Expression::Variable(name) if name.as_str() == "data");
    let mut names = Vec::new();
    for operator in &traversal.operators {
        match operator.value() {
            TraversalOperator::GetAttr(name) => names.push(name.as_str()),
            // Only instances of the block are indexed, not what it makes.
            TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_) if names.len() == 2 => {}
            TraversalOperator::Index(_)
            | TraversalOperator::LegacyIndex(_)
            | TraversalOperator::AttrSplat(_)
            | TraversalOperator::FullSplat(_) => return None,
        }
    }
    match names.as_slice() {
        [DOCUMENT, name, "json" | "minified_json"] if data => Some((*name).to_owned()),
        _ => None,
    }
}

/// The local value that a traversal is, whole.
fn local(traversal: &Traversal) -> Option<String> {
    let of_local = matches!(&traversal.expr, Expression::Variable(name) if name.as_str() == "local");
    match traversal.operators.as_slice() {
        [only] if of_local => match only.value() {
            TraversalOperator::GetAttr(name) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The statements of a JSON text: what is between the first brace and the last is a document as it stands.
fn written(span: Range<usize>, text: &str, file: FileId) -> Option<Vec<Part>> {
    let value = text.get(span.clone())?;
    let (from, to) = (value.find('{')?, value.rfind('}')? + 1);
    let document = value.get(from..to)?;
    if document.contains("%{") {
        return None;
    }
    let tree = parse_json(document, file, &Limits::default()).ok()?;
    let shift = span.start + from;
    let at = |node: &Node| {
        let place = place(file, node.span.start + shift..node.span.end + shift);
        Part::One(place, sketch(node))
    };
    let statement = tree.get("Statement")?;
    match &statement.kind {
        NodeKind::List(items) => Some(items.iter().map(at).collect()),
        NodeKind::Map(_) => Some(vec![at(statement)]),
        NodeKind::Scalar(..) => None,
    }
}

fn place(file: FileId, Range { start, end }: Range<usize>) -> Place {
    Place {
        file,
        span: Span { start, end },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each part of the attribute `policy`, or of the document, is: its text, `*` and the text for any number,
    /// `(a | b)` for a choice, `local.NAME`, `data.NAME`.
    fn shown(text: &str, parts: &[Part]) -> Vec<String> {
        let at = |place: &Place| text[place.span.start..place.span.end].to_owned();
        let show = |part: &Part| match part {
            Part::One(place, _) => at(place),
            Part::Elsewhere => "elsewhere".to_owned(),
            Part::Many(place) => format!("*{}", place.as_ref().map_or("?".into(), at)),
            Part::Either(one, other) => format!(
                "({} | {})",
                shown(text, one).join(" "),
                shown(text, other).join(" ")
            ),
            Part::Local(name, _) => format!("local.{name}"),
            Part::Document(name) => format!("data.{name}"),
        };
        parts.iter().map(show).collect()
    }

    fn check(value: &str, expected: &[&str]) {
        let text = format!("resource \"t\" \"n\" {{\n  policy = {value}\n}}\n");
        let body = hcl_edit::parser::parse_body(&text).unwrap();
        let block = body.blocks().next().unwrap();
        let found = of_attributes(&block.body, FileId(0), &text);
        let seen = found.get("policy").map(|parts| shown(&text, parts));
        assert_eq!(seen.unwrap_or_default(), expected, "{value}");
    }

    #[test]
    fn statements_of_expressions() {
        let list = |list: &str, expected: &[&str]| {
            check(
                &format!("jsonencode({{ Version = \"v\", Statement = {list} }})"),
                expected,
            );
        };
        let (a, b) = ("{ Sid = \"A\" }", "{ Sid = \"B\" }");
        list(&format!("[{a}, {b}]"), &[a, b]);
        list(a, &[a]);
        list(&format!("[{a}, local.more]"), &[a, "local.more"]);
        list(&format!("[for s in local.all : {a} if s]"), &["*{ Sid = \"A\" }"]);
        list("[for s in local.all : s.statement]", &["*?"]);
        list(&format!("concat([{a}], local.more)"), &[a, "local.more"]);
        list(&format!("concat([{a}], var.more, [{b}])"), &[a, "*?", b]);
        list("concat(var.more...)", &["*?"]);
        list(
            &format!("concat([{a}], var.x == \"y\" ? [{b}] : [])"),
            &[a, "({ Sid = \"B\" } | )"],
        );
        list(&format!("flatten([{a}, [{b}], var.more])"), &[a, b, "*?"]);
        list("toset([])", &[]);
        list("var.statements", &[]);
        list("local.statements", &["local.statements"]);
        check("jsonencode(local.document)", &["local.document"]);
        check("local.text", &["local.text"]);
        check("local.text.of", &[]);
        check("jsonencode(merge(local.document, {}))", &[]);
        check("x::jsonencode({ Statement = [] })", &[]);
        check(
            &format!("var.x ? jsonencode({{ Statement = [{a}] }}) : data.{DOCUMENT}.d.json"),
            &["({ Sid = \"A\" } | data.d)"],
        );
        check(
            &format!("jsonencode({{ Statement = [{a}], \"Statement\" = [] }})"),
            &[],
        );
        check(&format!("jsonencode({{ (var.k) = [], Statement = [{a}] }})"), &[]);
        check("null", &[]);
    }

    #[test]
    fn statements_of_texts() {
        check(
            "<<-EOT\n    {\"Statement\": [{\"Sid\": \"A\"},\n {\"Resource\": \"${var.x}\"}]}\n  EOT",
            &["{\"Sid\": \"A\"}", "{\"Resource\": \"${var.x}\"}"],
        );
        check(
            "<<EOT\n{\"Statement\": [%{ if a }{\"Sid\": \"A\"},%{ endif }{}]}\nEOT",
            &[],
        );
        check("<<EOT\n{\"Statement\": [${join(\",\", var.x)}]}\nEOT", &[]);
        check("<<EOT\n{\"Statement\": [{}, ${var.x}]}\nEOT", &[]);
    }

    #[test]
    fn statements_of_documents() {
        for (value, expected) in [
            ("d.json", &["data.d"][..]),
            ("d[0].json", &["data.d"]),
            ("d[each.key == \"x\" ? \"a\" : \"b\"].minified_json", &["data.d"]),
            ("d.json[0]", &[]),
            ("d[*].json", &[]),
            ("d.statement[0].json", &[]),
        ] {
            check(&format!("data.{DOCUMENT}.{value}"), expected);
        }
        check(&format!("module.m.{DOCUMENT}.d.json"), &[]);
        let text = "data \"d\" \"d\" {\n  statement {\n    sid = \"A\"\n  }\n  dynamic \"statement\" {\n    for_each = x\n    content {}\n  }\n  statement {}\n  dynamic \"other\" {}\n}\n";
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let parts = of_document(&body.blocks().next().unwrap().body, FileId(0));
        let expected = [
            "statement {\n    sid = \"A\"\n  }",
            "*dynamic \"statement\" {\n    for_each = x\n    content {}\n  }",
            "statement {}",
        ];
        assert_eq!(shown(text, &parts), expected);
    }

    #[test]
    fn what_a_statement_says() {
        let sketch = |sid: Option<Option<&str>>, allows, actions: Option<&[&str]>| Sketch {
            sid: sid.map(|sid| sid.map(str::to_owned)),
            allows,
            actions: actions.map(|actions| actions.iter().map(|action| (*action).to_owned()).collect()),
        };
        for (statement, expected) in [
            (
                "{ Sid = \"A\", Effect = \"Allow\", Action = \"s3:Get*\" }",
                sketch(Some(Some("A")), Some(true), Some(&["s3:get*"])),
            ),
            (
                "{ \"Sid\" = \"\", \"Effect\" = \"Deny\", \"NotAction\" = [\"a:B\", \"a:A\"] }",
                sketch(Some(None), Some(false), Some(&["a:a", "a:b"])),
            ),
            (
                "{ Sid = \"a${x}\", Effect = local.e, Action = [\"a\", x] }",
                sketch(None, None, None),
            ),
            ("{ (x) = 1, Action = \"a\" }", sketch(None, None, None)),
        ] {
            let text = format!("policy = jsonencode({{ Statement = [{statement}] }})\n");
            let body = hcl_edit::parser::parse_body(&text).unwrap();
            let found = of_attributes(&body, FileId(0), &text);
            assert!(
                matches!(&found["policy"][..], [Part::One(_, told)] if *told == expected),
                "{statement}: {found:?}"
            );
        }
    }
}
