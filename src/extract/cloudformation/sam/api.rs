//! REST and HTTP APIs: resource policies, the permissions of authorizers, and private domain names.

use crate::source::{Node, NodeKind};

use super::super::syntax::{View, key_text};
use super::apis::{Apis, routes_of};
use super::constructs::Construct;
use super::pen::Pen;
use super::resource_policy::Statements;
use super::values::{Known, entries, is_nothing, member, plain};
use super::writer::Writer;

/// Where a REST API has its policy in the body.
const POLICY: &str = "x-amazon-apigateway-policy";

/// Writes a REST API.
pub(super) fn rest_api(of: &Construct<'_>, apis: &mut Apis, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let mut properties: Vec<(String, Node)> = Vec::new();
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    if let Some(policy) = of.get("Policy") {
        properties.push(("Policy".to_owned(), writer.copy(policy)));
    }
    match body(of, apis, known, writer) {
        Ok(body) => properties.extend(body.map(|body| ("Body".to_owned(), body))),
        Err(message) => {
            writer.unsupported(&of.id, format!("{}/Auth/ResourcePolicy", of.id), of.span, message);
            if let Some(body) = of.get("DefinitionBody") {
                properties.push(("Body".to_owned(), writer.copy(body)));
            }
        }
    }
    writer.resource(of, of.id.clone(), "AWS::ApiGateway::RestApi", pen.map(properties));
    authorizers(of, known, "DisableFunctionDefaultPermissions", writer);
    domain(of, writer);
}

/// Writes an HTTP API.
pub(super) fn http_api(of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let mut properties: Vec<(String, Node)> = Vec::new();
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    if let Some(body) = of.get("DefinitionBody") {
        properties.push(("Body".to_owned(), writer.copy(body)));
    }
    writer.resource(of, of.id.clone(), "AWS::ApiGatewayV2::Api", pen.map(properties));
    authorizers(of, known, "EnableFunctionDefaultPermissions", writer);
}

/// The body with the resource policy in it; `None` when there is neither.
fn body(
    of: &Construct<'_>,
    apis: &mut Apis,
    known: &Known<'_>,
    writer: &mut Writer,
) -> Result<Option<Node>, String> {
    let body = of.get("DefinitionBody");
    let policy = match of.get("Auth") {
        Some(auth) if entries(auth).is_none() => return Err("`Auth` is not a mapping".to_owned()),
        Some(auth) => member(auth, "ResourcePolicy"),
        None => None,
    };
    let from_events = apis.take_statements(&of.id);
    if policy.is_none() && from_events.is_empty() {
        return Ok(body.map(|body| writer.copy(body)));
    }
    if body.is_none() && !apis.is_managed(&of.id) {
        return Err("a resource policy needs `DefinitionBody`".to_owned());
    }
    let members = match body.map(|body| entries(body).ok_or("the body is not a mapping")) {
        None => &[],
        Some(members) => members?,
    };
    let mut statements = Statements::default();
    if let Some(written) = body.and_then(|body| member(body, POLICY)) {
        statements.start(written)?;
    }
    statements.append(from_events);
    let mut is_made = !statements.is_empty();
    if let Some(policy) = policy {
        let pen = Pen(policy.span);
        let stage = of
            .get("StageName")
            .map_or_else(|| pen.text(""), |stage| writer.copy(stage));
        for (path, methods) in routes(of, apis, body)? {
            statements.add_lists(policy, &path, &methods, &stage, known, pen)?;
            is_made |= !statements.is_empty();
        }
        statements.add_custom(policy)?;
    }
    let is_empty = statements.is_empty();
    let pen = Pen(policy.map_or(of.span, |policy| policy.span));
    let document = statements.document(pen);
    let mut entries: Vec<(Node, Node)> = Vec::new();
    for (key, value) in members.iter().filter(|(key, _)| key_text(key) != Some(POLICY)) {
        entries.push((key.clone(), writer.copy(View::of(value))));
    }
    if !is_empty {
        if is_made {
            writer.made(format!("{}/Body/{POLICY}", of.id));
        }
        entries.push((pen.text(POLICY), document));
    }
    Ok(Some(Node {
        span: body.map_or(pen.0, |body| body.span),
        tag: None,
        kind: NodeKind::Map(entries),
    }))
}

fn routes(of: &Construct<'_>, apis: &Apis, body: Option<View<'_>>) -> Result<super::apis::Routes, String> {
    let mut routes = match body {
        Some(body) => routes_of(body).ok_or("the routes of the body cannot be told")?,
        None => Vec::new(),
    };
    if apis.is_managed(&of.id) {
        for (path, methods) in apis.routes(&of.id) {
            match routes.iter_mut().find(|(known, _)| *known == path) {
                Some((_, known)) => {
                    let new = methods.into_iter().filter(|method| !known.contains(method));
                    let new: Vec<String> = new.collect();
                    known.extend(new);
                }
                None => routes.push((path, methods)),
            }
        }
    }
    if of.get("Cors").is_some() {
        for (_, methods) in &mut routes {
            if !methods.iter().any(|method| method == "options") {
                methods.push("options".to_owned());
            }
        }
    }
    Ok(routes)
}

/// The permissions to invoke the functions that authorize requests.
fn authorizers(of: &Construct<'_>, known: &Known<'_>, switch: &str, writer: &mut Writer) {
    let Some(auth) = of.get("Auth") else { return };
    let address = format!("{}/Auth/Authorizers", of.id);
    let Some(listed) = member(auth, "Authorizers") else {
        if plain(auth).is_none() {
            writer.unsupported(&of.id, address, auth.span, "`Auth` is not a mapping");
        }
        return;
    };
    let Some(listed) = entries(listed) else {
        return writer.unsupported(&of.id, address, listed.span, "`Authorizers` is not a mapping");
    };
    for (key, value) in listed {
        let name = key_text(key).unwrap_or_default();
        let view = View::of(value);
        if entries(view).is_none() && !is_nothing(view) {
            writer.unsupported(
                &of.id,
                format!("{address}/{name}"),
                value.span,
                "the authorizer is not a mapping",
            );
            continue;
        }
        let Some(function) = member(view, "FunctionArn") else {
            continue;
        };
        let given = member(view, switch).map(|given| (given, known.truth(given)));
        let is_wanted = match given {
            Some((given, None)) => {
                let message = format!("`{switch}` is known only at deployment");
                writer.unsupported(&of.id, format!("{address}/{name}/{switch}"), given.span, message);
                true
            }
            Some((_, Some(truth))) => truth == switch.starts_with("Enable"),
            None => switch.starts_with("Disable"),
        };
        if !is_wanted {
            continue;
        }
        let span = crate::source::Span {
            start: key.span.start,
            end: value.span.end.max(key.span.end),
        };
        let pen = Pen(span);
        let requests =
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*";
        let source = pen.sub(requests, vec![("__ApiId__", pen.reference(&of.id))]);
        let function = writer.copy(function);
        let id = format!("{}{name}AuthorizerPermission", of.id);
        let more = vec![("SourceArn", source)];
        writer.permission(of, span, id, function, "apigateway.amazonaws.com", more);
    }
}

/// A private domain name may have a policy.
fn domain(of: &Construct<'_>, writer: &mut Writer) {
    let Some(domain) = of.get("Domain") else { return };
    let address = format!("{}/Domain", of.id);
    if entries(domain).is_none() {
        return writer.unsupported(&of.id, address, domain.span, "`Domain` is not a mapping");
    }
    let Some(policy) = member(domain, "Policy") else {
        return;
    };
    let is_private = member(domain, "EndpointConfiguration").and_then(View::scalar) == Some("PRIVATE");
    if !is_private {
        return writer.unsupported(
            &of.id,
            address,
            policy.span,
            "only private domain names have a policy",
        );
    }
    let policy = writer.copy(policy);
    let properties = Pen(domain.span).map([("Policy", policy)]);
    let id = format!("{}DomainNameV2", of.id);
    writer.resource_at(of, domain.span, id, "AWS::ApiGateway::DomainNameV2", properties);
}
