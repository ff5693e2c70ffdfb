//! WebSocket APIs: the permissions of the functions of routes and of the authorizer.

use crate::source::Node;

use super::super::syntax::{View, key_text};
use super::constructs::Construct;
use super::pen::Pen;
use super::values::{Known, entries, is_nothing, member};
use super::writer::Writer;

/// Where the requests of an API come from, as `Fn::Sub` has it.
const REQUESTS: &str = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:";
/// The stage where none is named.
const STAGE: &str = "default";

/// Writes a WebSocket API.
pub(super) fn websocket_api(of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let mut properties: Vec<(String, Node)> = Vec::new();
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    writer.resource(of, of.id.clone(), "AWS::ApiGatewayV2::Api", pen.map(properties));
    let Some(routes) = of.get("Routes") else {
        return;
    };
    let address = format!("{}/Routes", of.id);
    let Some(listed) = entries(routes) else {
        return writer.unsupported(&of.id, address, routes.span, "`Routes` is not a mapping");
    };
    for (key, value) in listed {
        let name = key_text(key).unwrap_or_default();
        let function = member(View::of(value), "FunctionArn");
        match (clean(name), function) {
            (Some(part), Some(function)) => route(of, (name, &part), function, writer),
            _ => {
                let message = "the route is not as SAM defines it";
                writer.unsupported(&of.id, format!("{address}/{name}"), value.span, message);
            }
        }
    }
    let connects = listed.iter().any(|(key, _)| key_text(key) == Some("$connect"));
    if let Some(auth) = of.get("Auth").filter(|auth| !is_nothing(*auth)) {
        authorizer(of, auth, connects, known, writer);
    }
}

/// The part of logical ids that a route key makes: its first letter is a capital, the others are not.
fn clean(route: &str) -> Option<String> {
    let word = match route {
        "$connect" | "$disconnect" | "$default" => route.trim_start_matches('$'),
        _ => route,
    };
    let is_plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (first, rest) = word.split_at_checked(1)?;
    is_plain.then(|| format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase()))
}

/// The permission of the API to invoke the function of a route.
fn route(of: &Construct<'_>, (name, part): (&str, &str), function: View<'_>, writer: &mut Writer) {
    let pen = Pen(function.span);
    let api = format!("{REQUESTS}${{{}.ApiId}}", of.id);
    let stage = of.get("StageName");
    let source = match stage.map(|stage| (stage, stage.scalar())) {
        None => pen.sub(&format!("{api}/{STAGE}/{name}"), Vec::new()),
        Some((_, Some(stage))) => pen.sub(&format!("{api}/{stage}/{name}"), Vec::new()),
        Some((stage, None)) => {
            let stage = writer.copy(stage);
            pen.sub(
                &format!("{api}/${{__StageName__}}/{name}"),
                vec![("__StageName__", stage)],
            )
        }
    };
    let id = format!("{}{part}Permission", of.id);
    let target = writer.copy(function);
    let more = vec![("SourceArn", source)];
    writer.permission(of, function.span, id, target, "apigateway.amazonaws.com", more);
}

/// The permission of the API to invoke the function that authorizes connections, which a role makes needless.
fn authorizer(of: &Construct<'_>, auth: View<'_>, connects: bool, known: &Known<'_>, writer: &mut Writer) {
    let address = format!("{}/Auth", of.id);
    let auth_type = member(auth, "AuthType").and_then(|auth_type| known.text(auth_type));
    let Some(auth_type) = auth_type.filter(|_| entries(auth).is_some()) else {
        let message = "what `Auth` is cannot be told";
        return writer.unsupported(&of.id, address, auth.span, message);
    };
    let has_role = member(auth, "InvokeRole").is_some_and(|role| !is_nothing(role));
    let function = member(auth, "AuthArn").filter(|function| !is_nothing(*function));
    if auth_type != "CUSTOM" || has_role || !connects {
        return;
    }
    let Some(function) = function else {
        let message = "an authorizer has no `AuthArn`";
        return writer.unsupported(&of.id, address, auth.span, message);
    };
    let pen = Pen(function.span);
    let variables = vec![("__ApiId__", pen.reference(&of.id))];
    let source = pen.sub(&format!("{REQUESTS}${{__ApiId__}}/authorizers/*"), variables);
    let id = format!("{}AuthorizerPermission", of.id);
    let target = writer.copy(function);
    let more = vec![("SourceArn", source)];
    writer.permission(of, function.span, id, target, "apigateway.amazonaws.com", more);
}
