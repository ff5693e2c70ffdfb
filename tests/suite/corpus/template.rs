//! The naive reading of a template. Counted is, for each resource and each row of the table for its type, conditions and
//! functions not looked into:
//!
//! - a document, wherever there is one;
//! - each managed policy that needs a document: by an ARN of AWS, or by one that the template does not define; none for a
//!   policy that it defines, which is counted where it stands;
//! - one for a permission that is no document (`AWS::Lambda::Permission`), wherever it is there; none for the URL of a
//!   function that is given by a function;
//! - for a serverless function or state machine what the transform writes for it: a role with its trust policy, for a
//!   function a managed policy, for each event a permission or a managed policy (of a machine: a role with a document),
//!   and a role with a managed policy for deployments in steps. The serverless resources here have no more than these.

use keyaki::source::{FileId, Limits, Node, NodeKind, parse_json, parse_yaml};

use super::{Row, is_attachment, is_document, is_other_access};

/// How many policies and gaps the template holds.
pub fn count(text: &str, rows: &[Row]) -> usize {
    let is_json = text.trim_start().starts_with('{');
    let parse = if is_json { parse_json } else { parse_yaml };
    let Ok(root) = parse(text, FileId(0), &Limits::default()) else {
        return 0;
    };
    let resources = member(&root, "Resources").map(members).unwrap_or_default();
    let mut sum = 0;
    for (_, resource) in &resources {
        let Some(resource_type) = member(resource, "Type").and_then(scalar) else {
            continue;
        };
        if resource_type.starts_with("AWS::Serverless::") {
            sum += count_serverless(resource_type, member(resource, "Properties"));
            continue;
        }
        let nothing = Node {
            span: root.span,
            tag: None,
            kind: NodeKind::Map(Vec::new()),
        };
        let properties = member(resource, "Properties").unwrap_or(&nothing);
        for row in rows.iter().filter(|row| row.resource_type == resource_type) {
            sum += count_row(&root, properties, row);
        }
    }
    sum
}

fn count_serverless(resource_type: &str, properties: Option<&Node>) -> usize {
    let property = |name| properties.and_then(|properties| member(properties, name));
    let events = property("Events").map(members).unwrap_or_default().len();
    let is_implied = usize::from(property("Role").is_none());
    match resource_type {
        "AWS::Serverless::Function" => {
            2 * is_implied + events + 2 * usize::from(property("DeploymentPreference").is_some())
        }
        "AWS::Serverless::StateMachine" => is_implied + 2 * events,
        _ => 0,
    }
}

fn count_row(root: &Node, properties: &Node, row: &Row) -> usize {
    let segments: Vec<&str> = row
        .path
        .split('.')
        .map(|segment| segment.trim_end_matches("[]"))
        .collect();
    let mut leaves = Vec::new();
    walk(properties, &segments, &mut leaves);
    if is_document(row) {
        return leaves.len();
    }
    if is_attachment(row) {
        let arns = leaves.into_iter().flat_map(|leaf| match &leaf.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![leaf],
        });
        return arns
            .filter(|arn| !is_nothing(arn) && !is_defined(root, arn))
            .count();
    }
    // The URL of a function of the template says nothing: its permissions do.
    let is_function = row.kind == "exposure"
        && member(properties, "TargetFunctionArn")
            .is_some_and(|target| scalar(target).is_none() || target.tag.is_some());
    let harmless = |leaf: &&&Node| {
        is_function || {
            matches!(
                scalar(leaf),
                Some("Private" | "BucketOwnerRead" | "BucketOwnerFullControl" | "AWS_IAM")
            )
        }
    };
    if is_other_access(row) {
        leaves.len() - leaves.iter().filter(harmless).count()
    } else {
        0
    }
}

fn walk<'a>(node: &'a Node, segments: &[&str], found: &mut Vec<&'a Node>) {
    if is_nothing(node) {
        return;
    }
    match (segments.split_first(), &node.kind) {
        (None | Some((&"-", _)), _) => found.push(node),
        (Some(_), NodeKind::List(items)) => items.iter().for_each(|item| walk(item, segments, found)),
        (Some((name, rest)), _) => {
            if let Some(inner) = member(node, name) {
                walk(inner, rest, found);
            }
        }
    }
}

/// A reference to a managed policy of the template.
fn is_defined(root: &Node, arn: &Node) -> bool {
    let name = match (&arn.tag, member(arn, "Ref")) {
        (Some(tag), _) if tag == "Ref" => scalar(arn),
        (_, inner) => inner.and_then(scalar),
    };
    let resource = name.and_then(|name| member(member(root, "Resources")?, name));
    resource.and_then(|resource| scalar(member(resource, "Type")?)) == Some("AWS::IAM::ManagedPolicy")
}

fn is_nothing(node: &Node) -> bool {
    let is_ref = node.tag.as_deref() == Some("Ref") && scalar(node) == Some("AWS::NoValue");
    is_ref || member(node, "Ref").and_then(scalar) == Some("AWS::NoValue")
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    members(node)
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn members(node: &Node) -> Vec<(&str, &Node)> {
    match &node.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((scalar(key)?, value)))
            .collect(),
        _ => Vec::new(),
    }
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Scalar(text, _) => Some(text),
        _ => None,
    }
}
