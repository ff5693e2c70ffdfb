//! Where Terraform code writes the statements of a policy. Only where the position of a statement in the code is surely
//! its index in the document: a literal list in `jsonencode`, JSON in a heredoc or string, or the blocks of an
//! `aws_iam_policy_document` that merges no others. Of everything else nothing is said: never a wrong line.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Attribute, Body};

use super::{FileId, Limits, Node, NodeKind, Place, Span, parse_json};

/// The type of the data source that writes policy documents.
pub(super) const DOCUMENT: &str = "aws_iam_policy_document";

/// The statements of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statements {
    /// They stand in the attribute itself.
    Here(Vec<Place>),
    /// They are those of a data source, by name.
    Document(String),
}

/// The statements of the attributes of a block, by name; those of a policy document have the name `statement`. Not those
/// of nested blocks: they are often sets, which the plan orders otherwise than the code.
pub(super) fn statements(body: &Body, text: &str, file: FileId) -> BTreeMap<String, Statements> {
    let mut found: BTreeMap<String, Statements> = body
        .attributes()
        .filter_map(|attribute| Some((attribute.key.to_string(), of_attribute(attribute, text, file)?)))
        .collect();
    found.extend(of_document(body, file).map(|statements| ("statement".to_owned(), statements)));
    found
}

/// The blocks of a policy document that is made of nothing else.
fn of_document(body: &Body, file: FileId) -> Option<Statements> {
    const MERGED: [&str; 4] = [
        "source_policy_documents",
        "override_policy_documents",
        "source_json",
        "override_json",
    ];
    let merged = MERGED.iter().any(|name| body.has_attribute(name)) || body.has_blocks("dynamic");
    let blocks: Option<Vec<Place>> = body
        .get_blocks("statement")
        .map(|block| block.span().map(|span| place(file, span)))
        .collect();
    blocks
        .filter(|blocks| !merged && !blocks.is_empty())
        .map(Statements::Here)
}

fn of_attribute(attribute: &Attribute, text: &str, file: FileId) -> Option<Statements> {
    match &attribute.value {
        Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" => {
            let mut arguments = call.args.iter();
            let document = arguments.next().filter(|_| arguments.next().is_none())?;
            literal(document, file).map(Statements::Here)
        }
        Expression::Traversal(traversal) => {
            let data = matches!(&traversal.expr, Expression::Variable(name) if name.as_str() == "data");
            let names: Vec<&str> = traversal
                .operators
                .iter()
                .filter_map(|operator| match operator.value() {
                    TraversalOperator::GetAttr(name) => Some(Some(name.as_str())),
                    TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_) => None,
                    TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Some(None),
                })
                .collect::<Option<_>>()?;
            match names.as_slice() {
                [DOCUMENT, name, "json" | "minified_json"] if data => {
                    Some(Statements::Document((*name).to_owned()))
                }
                _ => None,
            }
        }
        Expression::HeredocTemplate(_) => written(attribute.value.span()?, text, file).map(Statements::Here),
        _ => None,
    }
}

/// The elements of `Statement` in an object, where they are a literal list or one object.
fn literal(document: &Expression, file: FileId) -> Option<Vec<Place>> {
    let Expression::Object(object) = document else {
        return None;
    };
    let mut named = object.iter().filter(|(key, _)| {
        let ident = key.as_ident().map(|ident| ident.as_str());
        let quoted = key.as_expr().and_then(|key| key.as_str());
        ident.or(quoted) == Some("Statement")
    });
    let (_, value) = named.next().filter(|_| named.next().is_none())?;
    let whole = |expression: &Expression| match expression {
        Expression::Object(_) => expression.span().map(|span| place(file, span)),
        _ => None,
    };
    match value.expr() {
        Expression::Array(array) => array.iter().map(whole).collect(),
        expression => whole(expression).map(|only| vec![only]),
    }
}

/// The statements of a JSON text: what is between the first brace and the last is a document as it stands.
fn written(span: Range<usize>, text: &str, file: FileId) -> Option<Vec<Place>> {
    let value = text.get(span.clone())?;
    let (from, to) = (value.find('{')?, value.rfind('}')? + 1);
    let document = value.get(from..to)?;
    if document.contains("%{") {
        return None;
    }
    let tree = parse_json(document, file, &Limits::default()).ok()?;
    let shift = span.start + from;
    let at = |node: &Node| place(file, node.span.start + shift..node.span.end + shift);
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

    /// The text of each statement, or the name of the document.
    fn check(text: &str, path: &str, expected: &[&str]) {
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let block = body.blocks().next().unwrap();
        let found = statements(&block.body, text, FileId(0));
        let seen: Vec<&str> = match found.get(path) {
            Some(Statements::Here(places)) => places
                .iter()
                .map(|place| &text[place.span.start..place.span.end])
                .collect(),
            Some(Statements::Document(name)) => vec![name],
            None => vec![],
        };
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn statements_are_found_where_their_position_is_sure() {
        let policy = |value: &str| format!("resource \"t\" \"n\" {{\n  policy = {value}\n}}\n");
        let list = |list: &str| policy(&format!("jsonencode({{ Version = \"v\", Statement = {list} }})"));
        for (value, expected) in [
            (
                "[{ Sid = \"A\" }, { Sid = \"B\" }]",
                &["{ Sid = \"A\" }", "{ Sid = \"B\" }"][..],
            ),
            ("{ Sid = \"A\" }", &["{ Sid = \"A\" }"]),
            ("[{ Sid = \"A\" }, local.more]", &[]),
            ("[for s in local.all : { Sid = s }]", &[]),
            ("concat([{ Sid = \"A\" }], local.more)", &[]),
        ] {
            check(&list(value), "policy", expected);
        }
        check(&policy("jsonencode(local.document)"), "policy", &[]);
        check(
            &policy("<<-EOT\n    {\"Statement\": [{\"Sid\": \"A\"},\n {\"Resource\": \"${var.x}\"}]}\n  EOT"),
            "policy",
            &["{\"Sid\": \"A\"}", "{\"Resource\": \"${var.x}\"}"],
        );
        check(
            &policy("<<EOT\n{\"Statement\": [%{ if a }{\"Sid\": \"A\"},%{ endif }{}]}\nEOT"),
            "policy",
            &[],
        );
        check(&policy("data.aws_iam_policy_document.d.json"), "policy", &["d"]);
        check(
            &policy("data.aws_iam_policy_document.d[0].json"),
            "policy",
            &["d"],
        );
        check(&policy("module.m.aws_iam_policy_document.d.json"), "policy", &[]);
    }

    #[test]
    fn documents_that_merge_others_say_nothing() {
        let document = |more: &str| {
            format!(
                "data \"{DOCUMENT}\" \"d\" {{\n{more}\n  statement {{\n    sid = \"A\"\n  }}\n  statement {{}}\n}}\n"
            )
        };
        let all = &["statement {\n    sid = \"A\"\n  }", "statement {}"];
        check(&document(""), "statement", all);
        check(&document("  source_policy_documents = [x]"), "statement", &[]);
        check(
            &document("  dynamic \"statement\" {\n  for_each = x\n content {}\n  }"),
            "statement",
            &[],
        );
    }
}
