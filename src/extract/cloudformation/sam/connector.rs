//! Connectors: what the source may do with the destination, by the profiles of SAM, whose table is bundled.

use std::sync::LazyLock;

use crate::source::{FileId, Limits, Node, NodeKind, parse_json};

use super::super::syntax::{View, key_text};
use super::constructs::Construct;
use super::pen::{Pen, same};
use super::values::{entries, member, plain, resource_of};
use super::writer::Writer;

static TABLE: LazyLock<Option<Node>> = LazyLock::new(|| {
    let text = include_str!("../../data/sam_connectors.json");
    parse_json(text, FileId(0), &Limits::default()).ok()
});

/// Serverless types and the types that connectors know them by.
const KNOWN_AS: &[(&str, &str)] = &[
    ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi"),
    ("AWS::Serverless::Function", "AWS::Lambda::Function"),
    ("AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api"),
    ("AWS::Serverless::SimpleTable", "AWS::DynamoDB::Table"),
    (
        "AWS::Serverless::StateMachine",
        "AWS::StepFunctions::StateMachine",
    ),
];

/// The names of what a reference may tell, in references and in profiles.
const TOLD: &[(&str, &str)] = &[
    ("Arn", "Arn"),
    ("Name", "Name"),
    ("Qualifier", "Qualifier"),
    ("QueueUrl", "QueueUrl"),
    ("ResourceId", "ResourceId"),
    ("RoleName", "RoleName"),
];

/// One end of a connector.
struct End {
    resource_type: String,
    told: Vec<(&'static str, Node)>,
}

impl End {
    fn get(&self, name: &str) -> Option<&Node> {
        self.told
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, node)| node)
    }
}

/// Where ends are looked up: the resources that stay as they are, and those that were written.
pub(super) type Resources<'r, 'n> = &'r [(&'n str, View<'n>)];

/// Writes what a connector comes to.
pub(super) fn connector(of: &Construct<'_>, resources: Resources<'_, '_>, writer: &mut Writer) {
    let refuse = |writer: &mut Writer, message: String| {
        writer.unsupported(&of.id, of.id.clone(), of.span, message);
    };
    let (Some(source), Some(destination)) = (of.get("Source"), of.get("Destination")) else {
        return refuse(writer, "a connector needs `Source` and `Destination`".to_owned());
    };
    let Some(permissions) = of.get("Permissions").and_then(texts) else {
        return refuse(writer, "`Permissions` is not a list of texts".to_owned());
    };
    let several: Vec<View<'_>> = match plain(destination) {
        Some(NodeKind::List(items)) if !items.is_empty() => items.iter().map(View::of).collect(),
        Some(NodeKind::Map(_)) => vec![destination],
        _ => return refuse(writer, "`Destination` is not as SAM defines it".to_owned()),
    };
    let is_list = matches!(plain(destination), Some(NodeKind::List(_)));
    for (position, destination) in several.into_iter().enumerate() {
        let suffix = if is_list {
            format!("Destination{position}")
        } else {
            String::new()
        };
        let written = end(source, destination, resources, writer)
            .and_then(|from| Ok((from, end(destination, source, resources, writer)?)))
            .and_then(|(from, to)| write(of, &from, &to, &permissions, &suffix, writer));
        if let Err(message) = written {
            refuse(writer, message);
        }
    }
}

fn texts(view: View<'_>) -> Option<Vec<&str>> {
    match plain(view)? {
        NodeKind::List(items) => items.iter().map(|item| View::of(item).scalar()).collect(),
        NodeKind::Scalar(..) | NodeKind::Map(_) => None,
    }
}

/// Reads one end; the other one tells which target of a rule is meant.
fn end(
    this: View<'_>,
    other: View<'_>,
    resources: Resources<'_, '_>,
    writer: &mut Writer,
) -> Result<End, String> {
    let members = entries(this).ok_or("one end of the connector is not a mapping")?;
    let Some(id) = member(this, "Id") else {
        let resource_type = member(this, "Type").and_then(View::scalar);
        let resource_type = resource_type.ok_or("one end of the connector has neither `Id` nor `Type`")?;
        let known = KNOWN_AS
            .iter()
            .find(|(serverless, _)| *serverless == resource_type);
        let mut told = Vec::new();
        for (name, known_as) in TOLD {
            if let Some(value) = member(this, name) {
                told.push((*known_as, writer.copy(value)));
            }
        }
        return Ok(End {
            resource_type: known.map_or(resource_type, |(_, known)| known).to_owned(),
            told,
        });
    };
    if members
        .iter()
        .any(|(key, _)| !matches!(key_text(key), Some("Id" | "Qualifier")))
    {
        return Err("one end of the connector has `Id` and more".to_owned());
    }
    let id = id
        .scalar()
        .ok_or("the `Id` of one end of the connector is not a text")?;
    let written = writer
        .find(id)
        .map(|written| (written.resource_type.clone(), written));
    let kept = resources
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, view)| *view);
    let (resource_type, role) = match (&written, kept) {
        (Some((resource_type, written)), _) => (
            resource_type.clone(),
            role_of(resource_type, &|name| written.property(name), other),
        ),
        (None, Some(view)) => {
            let resource_type = view.get("Type").and_then(View::scalar).unwrap_or_default();
            let properties = view.get("Properties");
            let property = |name: &str| properties.and_then(|properties| member(properties, name));
            (resource_type.to_owned(), role_of(resource_type, &property, other))
        }
        (None, None) => return Err(format!("`{id}` is not in the template")),
    };
    let pen = Pen(this.span);
    let mut told: Vec<(&'static str, Node)> = Vec::new();
    if let Some(qualifier) = member(this, "Qualifier") {
        told.push(("Qualifier", super::pen::node(qualifier)));
    }
    let outputs = TABLE
        .as_ref()
        .and_then(|table| table.get("resources")?.get(&resource_type)?.get("outputs"));
    for (output, name) in [
        ("Arn", "Arn"),
        ("Name", "Name"),
        ("Id", "ResourceId"),
        ("Url", "QueueUrl"),
        ("Qualifier", "Qualifier"),
    ] {
        let known = told.iter().any(|(known, _)| *known == name);
        if let Some(value) = outputs.and_then(|outputs| outputs.get(output)).filter(|_| !known) {
            let logical_id = pen.text(id);
            told.push((name, replaced(value, &[("logicalId", Some(&logical_id))], pen)?));
        }
    }
    told.extend(role.map(|role| ("RoleName", pen.reference(&role))));
    Ok(End { resource_type, told })
}

/// The logical id of the role of a resource.
fn role_of<'p>(
    resource_type: &str,
    property: &dyn Fn(&str) -> Option<View<'p>>,
    other: View<'_>,
) -> Option<String> {
    let row = TABLE
        .as_ref()?
        .get("resources")?
        .get(resource_type)?
        .get("role")?;
    let role = match row.as_scalar() {
        Some(name) => property(name)?,
        // The target of the rule that is the other end.
        None => {
            let NodeKind::List(targets) = plain(property("Targets")?)? else {
                return None;
            };
            let target = targets.iter().map(View::of).find(|target| {
                let arn = member(*target, "Arn");
                let id = member(other, "Id").and_then(View::scalar);
                let same_id = id.is_some() && arn.and_then(resource_of) == id;
                let same_arn = match (arn, member(other, "Arn")) {
                    (Some(left), Some(right)) => same(&super::pen::node(left), &super::pen::node(right)),
                    _ => false,
                };
                same_id || same_arn
            })?;
            member(target, "RoleArn")?
        }
    };
    resource_of(role).map(str::to_owned)
}

/// Fills `%{Name}` in; what has other parts becomes an `Fn::Sub`.
fn replaced(node: &Node, values: &[(&str, Option<&Node>)], pen: Pen) -> Result<Node, String> {
    Ok(match &node.kind {
        NodeKind::Scalar(text, _) => return replaced_text(text, values, pen),
        NodeKind::List(items) => {
            let items: Result<Vec<Node>, String> =
                items.iter().map(|item| replaced(item, values, pen)).collect();
            pen.list(items?)
        }
        NodeKind::Map(entries) => {
            let entries: Result<Vec<(String, Node)>, String> = entries
                .iter()
                .map(|(key, value)| {
                    let key = key_text(key).unwrap_or_default().to_owned();
                    Ok((key, replaced(value, values, pen)?))
                })
                .collect();
            pen.map(entries?)
        }
    })
}

fn replaced_text(text: &str, values: &[(&str, Option<&Node>)], pen: Pen) -> Result<Node, String> {
    let mut whole = text.to_owned();
    let mut variables: Vec<(String, Node)> = Vec::new();
    for (name, value) in values {
        let slot = format!("%{{{name}}}");
        if !text.contains(&slot) {
            continue;
        }
        let value = value.ok_or_else(|| format!("`{name}` of the connector is not told"))?;
        if text == slot {
            return Ok(pen.copy(value));
        }
        let variable: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        whole = whole.replace(&slot, &format!("${{{variable}}}"));
        variables.push((variable, pen.copy(value)));
    }
    if !whole.contains("${") {
        return Ok(pen.text(whole));
    }
    Ok(pen.sub(
        &whole,
        variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect(),
    ))
}

fn write(
    of: &Construct<'_>,
    from: &End,
    to: &End,
    permissions: &[&str],
    suffix: &str,
    writer: &mut Writer,
) -> Result<(), String> {
    let pair = || format!("`{}` to `{}`", from.resource_type, to.resource_type);
    let profile = TABLE
        .as_ref()
        .and_then(|table| {
            table
                .get("profiles")?
                .get(&from.resource_type)?
                .get(&to.resource_type)
        })
        .ok_or_else(|| format!("there is no connector from {}", pair()))?;
    let rows = profile
        .get("permissions")
        .and_then(Node::as_map)
        .unwrap_or_default();
    let known = |name: &str| rows.iter().any(|(key, _)| key_text(key) == Some(name));
    if permissions.is_empty() || !permissions.iter().all(|name| known(name)) {
        return Err(format!(
            "`Permissions` are not those of a connector from {}",
            pair()
        ));
    }
    let combinations = profile
        .get("combinations")
        .and_then(Node::as_list)
        .unwrap_or_default();
    let fits = |combination: &Node| {
        let names: Vec<&str> = combination
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(Node::as_scalar)
            .collect();
        names.iter().all(|name| permissions.contains(name))
            && permissions.iter().all(|name| names.contains(name))
    };
    if !combinations.is_empty() && !combinations.iter().any(fits) {
        return Err(format!(
            "`Permissions` do not go together in a connector from {}",
            pair()
        ));
    }
    let values: Vec<(String, Option<&Node>)> = [("Source", from), ("Destination", to)]
        .into_iter()
        .flat_map(|(side, end)| {
            ["Arn", "ResourceId", "Name", "Qualifier"].map(|name| (format!("{side}.{name}"), end.get(name)))
        })
        .collect();
    let values: Vec<(&str, Option<&Node>)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let pen = Pen(of.span);
    let mut wanted = Vec::new();
    for (name, row) in rows {
        // A value that is missing is refused even where it is not wanted.
        let row = replaced(row, &values, pen)?;
        let name = key_text(name).unwrap_or_default();
        if permissions.contains(&name) {
            wanted.push((name, row));
        }
    }
    let is_source = profile.get("source").and_then(Node::as_scalar) == Some("true");
    let holder = if is_source { from } else { to };
    let kind = profile.get("type").and_then(Node::as_scalar).unwrap_or_default();
    write_profile(of, kind, holder, wanted, suffix, writer)
}

fn write_profile(
    of: &Construct<'_>,
    kind: &str,
    holder: &End,
    wanted: Vec<(&str, Node)>,
    suffix: &str,
    writer: &mut Writer,
) -> Result<(), String> {
    let pen = Pen(of.span);
    let held = |name: &str| {
        let value = holder.get(name).cloned();
        value.ok_or_else(|| format!("`{name}` of one end of the connector is not told"))
    };
    if kind == "AWS_LAMBDA_PERMISSION" {
        let function = held("Arn")?;
        for (name, row) in wanted {
            let NodeKind::Map(mut entries) = row.kind else {
                continue;
            };
            entries.push((pen.text("FunctionName"), function.clone()));
            let properties = Node {
                span: of.span,
                tag: None,
                kind: NodeKind::Map(entries),
            };
            let id = format!("{}{name}LambdaPermission{suffix}", of.id);
            writer.resource(of, id, "AWS::Lambda::Permission", properties);
        }
        return Ok(());
    }
    let (name, resource_type, property, of_whom) = match kind {
        "AWS_IAM_ROLE_MANAGED_POLICY" => ("Policy", "AWS::IAM::ManagedPolicy", "Roles", held("RoleName")?),
        "AWS_SQS_QUEUE_POLICY" => (
            "QueuePolicy",
            "AWS::SQS::QueuePolicy",
            "Queues",
            held("QueueUrl")?,
        ),
        "AWS_SNS_TOPIC_POLICY" => ("TopicPolicy", "AWS::SNS::TopicPolicy", "Topics", held("Arn")?),
        _ => return Err("the connector is of a kind that is not known".to_owned()),
    };
    let statements =
        wanted
            .into_iter()
            .flat_map(|(_, row)| match row.get("Statement").map(|node| &node.kind) {
                Some(NodeKind::List(items)) => items.clone(),
                _ => Vec::new(),
            });
    let document = pen.document(Some("2012-10-17"), statements.collect());
    let properties = pen.map([("PolicyDocument", document), (property, pen.list(vec![of_whom]))]);
    let id = format!("{}{name}{suffix}", of.id);
    writer.made(format!("{id}/PolicyDocument"));
    writer.resource(of, id, resource_type, properties);
    Ok(())
}
