//! GraphQL APIs: the role that writes logs, the roles of data sources with what these may do, and the permissions of
//! functions that authorize requests.

use std::borrow::Cow;

use crate::source::{Node, NodeKind, Span};

use super::super::syntax::{View, key_text};
use super::connector;
use super::constructs::{Construct, Properties};
use super::pen::Pen;
use super::role::Role;
use super::types::type_named;
use super::values::{Known, entries, is_nothing, member, plain};
use super::writer::Writer;

const SERVICE: &str = "appsync.amazonaws.com";
const TABLE: &str = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}";

/// Writes a GraphQL API.
pub(super) fn graphql_api(of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let mut properties: Vec<(String, Node)> = Vec::new();
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    writer.resource(of, of.id.clone(), "AWS::AppSync::GraphQLApi", pen.map(properties));
    authorizers(of, writer);
    logs(of, known, writer);
    let Some(sources) = of.get("DataSources") else {
        return;
    };
    let address = format!("{}/DataSources", of.id);
    let Some(kinds) = entries(sources) else {
        return writer.unsupported(&of.id, address, sources.span, "`DataSources` is not a mapping");
    };
    for (key, value) in kinds {
        let kind = key_text(key).unwrap_or_default();
        match (kind, entries(View::of(value))) {
            (_, None) if is_nothing(View::of(value)) => {}
            ("DynamoDb" | "Lambda", Some(listed)) => {
                for (key, value) in listed {
                    let name = key_text(key).unwrap_or_default();
                    data_source(of, (kind, name), View::of(value), writer);
                }
            }
            _ => {
                let message = "the data sources are not as SAM defines them";
                writer.unsupported(&of.id, format!("{address}/{kind}"), value.span, message);
            }
        }
    }
}

/// The role that writes logs, unless there are none or a role is given.
fn logs(of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) {
    let logging = of.get("Logging");
    let is_off = match logging.map(|logging| (plain(logging), known.truth(logging))) {
        Some((Some(NodeKind::Map(_)), _)) => {
            let role = logging.and_then(|logging| member(logging, "CloudWatchLogsRoleArn"));
            role.is_some_and(|role| !is_nothing(role))
        }
        Some((_, truth)) => truth == Some(false),
        None => false,
    };
    if !is_off {
        let id = format!("{}CloudWatchRole", of.id);
        let mut role = Role::new(id, of.span, of.condition.clone(), SERVICE);
        role.implied("service-role/AWSAppSyncPushToCloudWatchLogs", of.span);
        role.write(of, writer);
    }
}

/// A data source, its role unless one is given, and what the role may do.
fn data_source(of: &Construct<'_>, (kind, name): (&str, &str), source: View<'_>, writer: &mut Writer) {
    let address = format!("{}/DataSources/{kind}/{name}", of.id);
    if entries(source).is_none() {
        return writer.unsupported(&of.id, address, source.span, "the data source is not a mapping");
    }
    let pen = Pen(source.span);
    let service = if kind == "Lambda" { "Lambda" } else { "DynamoDB" };
    let id = format!("{}{name}{service}DataSource", of.id);
    let role_id = format!("{id}Role");
    let given = member(source, "ServiceRoleArn").filter(|role| !is_nothing(*role));
    let role_arn = given.map_or_else(|| pen.attribute(&role_id, "Arn"), |role| writer.copy(role));
    let properties = pen.map([("ServiceRoleArn", role_arn)]);
    writer.resource_at(
        of,
        source.span,
        id.clone(),
        "AWS::AppSync::DataSource",
        properties,
    );
    if given.is_some() {
        return;
    }
    Role::new(role_id.clone(), source.span, of.condition.clone(), SERVICE).write(of, writer);
    let written = |name: &str| member(source, name).filter(|value| !is_nothing(*value));
    let (target, arn, permissions) = if kind == "Lambda" {
        let Some(function) = written("FunctionArn") else {
            return writer.unsupported(&of.id, address, source.span, "a data source has no `FunctionArn`");
        };
        ("Lambda", writer.copy(function), pen.texts(&["Write"]))
    } else {
        let arn = match (written("TableArn"), written("TableName")) {
            (Some(arn), _) => writer.copy(arn),
            (None, Some(table)) => {
                let region = written("Region");
                let region =
                    region.map_or_else(|| pen.reference("AWS::Region"), |region| writer.copy(region));
                let table = writer.copy(table);
                pen.sub(TABLE, vec![("__TableName__", table), ("__Region__", region)])
            }
            (None, None) => {
                let message = "a data source has neither `TableArn` nor `TableName`";
                return writer.unsupported(&of.id, address, source.span, message);
            }
        };
        let permissions = written("Permissions");
        let permissions =
            permissions.map_or_else(|| pen.texts(&["Read", "Write"]), |given| writer.copy(given));
        ("Table", arn, permissions)
    };
    let from = pen.map([
        ("Type", pen.text("AWS::AppSync::DataSource")),
        ("Arn", pen.attribute(&id, "DataSourceArn")),
        ("RoleName", pen.reference(&role_id)),
    ]);
    let ends = Ends {
        from,
        target,
        arn,
        permissions,
    };
    connect(format!("{id}To{target}Connector"), source.span, ends, writer);
}

/// The permissions to invoke the functions that authorize requests.
fn authorizers(of: &Construct<'_>, writer: &mut Writer) {
    let Some(auth) = of.get("Auth") else { return };
    let address = format!("{}/Auth", of.id);
    let additional = member(auth, "Additional").filter(|more| !is_nothing(*more));
    let more: &[Node] = match additional.map(plain) {
        None => &[],
        Some(Some(NodeKind::List(items))) => items,
        Some(_) => {
            let message = "`Additional` is not a list";
            return writer.unsupported(&of.id, address, auth.span, message);
        }
    };
    let mut number = 0;
    for auth in std::iter::once(auth).chain(more.iter().map(View::of)) {
        if member(auth, "Type").and_then(View::scalar).is_none() {
            writer.unsupported(
                &of.id,
                address.clone(),
                auth.span,
                "the type of the authorization cannot be told",
            );
            continue;
        }
        if member(auth, "Type").and_then(View::scalar) != Some("AWS_LAMBDA") {
            continue;
        }
        let function = member(auth, "LambdaAuthorizer").and_then(|auth| member(auth, "AuthorizerUri"));
        let Some(function) = function else {
            writer.unsupported(
                &of.id,
                address.clone(),
                auth.span,
                "an authorizer has no `AuthorizerUri`",
            );
            continue;
        };
        number += 1;
        let pen = Pen(auth.span);
        let from = pen.map([
            ("Type", pen.text("AWS::AppSync::GraphQLApi")),
            ("Arn", pen.reference(&of.id)),
            ("ResourceId", pen.attribute(&of.id, "ApiId")),
        ]);
        let ends = Ends {
            from,
            target: "Lambda",
            arn: writer.copy(function),
            permissions: pen.texts(&["Write"]),
        };
        connect(
            format!("{}ToLambdaAuthConnector{number}", of.id),
            auth.span,
            ends,
            writer,
        );
    }
}

/// What a connector connects.
struct Ends {
    from: Node,
    target: &'static str,
    arn: Node,
    permissions: Node,
}

fn connect(id: String, span: Span, ends: Ends, writer: &mut Writer) {
    let pen = Pen(span);
    let resource_type = match ends.target {
        "Lambda" => "AWS::Lambda::Function",
        _ => "AWS::DynamoDB::Table",
    };
    let to = pen.map([("Type", pen.text(resource_type)), ("Arn", ends.arn)]);
    let properties: Properties<'_> = vec![
        (Cow::Borrowed("Source"), Cow::Owned(ends.from)),
        (Cow::Borrowed("Destination"), Cow::Owned(to)),
        (Cow::Borrowed("Permissions"), Cow::Owned(ends.permissions)),
    ];
    if let Some(kind) = type_named("Connector") {
        // The transform gives it no condition: where its role is not there, it does not deploy.
        let of = Construct::new(id, kind, span, None, properties);
        connector::connector(&of, &[], writer);
    }
}
