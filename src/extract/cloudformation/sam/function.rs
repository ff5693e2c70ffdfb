//! Functions: the implied role, the alias, the URL, and destinations of asynchronous invocations; events are elsewhere.

use crate::extract::{GapReason, PolicyKind};
use crate::source::{Node, Span};

use super::super::syntax::View;
use super::apis::Apis;
use super::constructs::Construct;
use super::events::{Target, may_allow_more, ordered_events};
use super::pen::Pen;
use super::pull::{pull, send_to};
use super::push::push;
use super::role::Role;
use super::schedule::schedule;
use super::values::{Known, branches, called, entries, is_no_value, member};
use super::writer::Writer;

/// Whose role the function has.
enum Owner {
    /// One that is written for it, under this condition, and what stands for it in the function.
    Made(Option<Node>, Node),
    /// Another one.
    Given(Node),
}

/// Writes a function and all that comes with it.
pub(super) fn function(of: &Construct<'_>, apis: &mut Apis, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let owner = owner(of, writer);
    let mut role = Role::new(
        format!("{}Role", of.id),
        of.span,
        of.condition.clone(),
        "lambda.amazonaws.com",
    );
    fill(of, &mut role, known, writer);
    let target = target(of, known, writer);
    url(of, &target, writer);
    invocations(of, &mut role, writer);
    if let Some(policies) = of.get("Policies") {
        role.policies(policies);
    }
    for event in ordered_events(of, writer) {
        if event.kind == "Api" {
            apis.event_policy(&event, of, known, writer);
        }
        let is_known = push(&event, &target, &mut role, apis, writer)
            || pull(&event, of, &mut role, writer)
            || schedule(&event, &target, "lambda:InvokeFunction", writer);
        if !is_known {
            event.unsupported(
                of,
                writer,
                format!("`{}` is no type of an event that is known", event.kind),
            );
            role.unknown(event.span, may_allow_more(&event));
        }
    }
    let role_value = match owner {
        Owner::Made(condition, value) => {
            role.condition = condition;
            role.write(of, writer);
            value
        }
        Owner::Given(value) => value,
    };
    let mut properties: Vec<(String, Node)> = vec![("Role".to_owned(), role_value)];
    for name in ["FunctionName", "VpcConfig"] {
        if let Some(value) = of.get(name) {
            properties.push((name.to_owned(), writer.copy(value)));
        }
    }
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    writer.resource(of, of.id.clone(), "AWS::Lambda::Function", pen.map(properties));
}

fn owner(of: &Construct<'_>, writer: &mut Writer) -> Owner {
    let pen = Pen(of.span);
    let made = || pen.attribute(&format!("{}Role", of.id), "Arn");
    let Some(role) = of.get("Role") else {
        return Owner::Made(of.condition.clone(), made());
    };
    let copy = writer.copy(role);
    if is_no_value(role) {
        let message = "`Role` is `AWS::NoValue`: SAM writes no role, and the function has none";
        writer.unsupported(&of.id, format!("{}/Role", of.id), role.span, message);
        return Owner::Given(copy);
    }
    let Some((condition, then, otherwise)) = branches(role) else {
        return Owner::Given(copy);
    };
    match (is_no_value(View::of(then)), is_no_value(View::of(otherwise))) {
        (true, true) => Owner::Made(of.condition.clone(), made()),
        (true, false) => {
            let value = pen.either(condition.clone(), made(), Some(otherwise.clone()));
            Owner::Made(Some(condition.clone()), value)
        }
        (false, true) => {
            let value = pen.either(condition.clone(), then.clone(), Some(made()));
            Owner::Made(Some(negated(condition, writer)), value)
        }
        (false, false) => Owner::Given(copy),
    }
}

/// The name of the condition that holds where one does not.
fn negated(condition: &Node, writer: &mut Writer) -> Node {
    let pen = Pen(condition.span);
    let name = condition.as_scalar().unwrap_or_default();
    let named = pen.map([("Condition", pen.text(name))]);
    let not = format!("SAM not {name}");
    writer
        .conditions
        .insert(not.clone(), pen.call("Fn::Not", pen.list(vec![named])));
    pen.text(not)
}

/// What the role of a function has before policies and events.
fn fill(of: &Construct<'_>, role: &mut Role, known: &Known<'_>, writer: &mut Writer) {
    if let Some(trust) = of.get("AssumeRolePolicyDocument") {
        let trust = writer.copy(trust);
        role.trust(trust);
    }
    role.implied(
        match of.get("DurableConfig") {
            Some(_) => "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
            None => "service-role/AWSLambdaBasicExecutionRole",
        },
        of.span,
    );
    if let Some(tracing) = of.get("Tracing") {
        trace(tracing, role, known, writer);
    }
    if let Some(network) = of
        .get("VpcConfig")
        .filter(|view| known.truth(*view) != Some(false))
    {
        role.implied("service-role/AWSLambdaVPCAccessExecutionRole", network.span);
    }
    role.set("Path", of.get("RolePath").map(|path| writer.copy(path)));
    role.set(
        "PermissionsBoundary",
        of.get("PermissionsBoundary").map(|arn| writer.copy(arn)),
    );
    if let Some(queue) = of.get("DeadLetterQueue") {
        dead_letters(of, queue, role, writer);
    }
}

/// The managed policy for traces, by the partition.
pub(super) fn trace_writer(known: &Known<'_>) -> &'static str {
    match known.options.environment.partition.as_deref() {
        None | Some("aws") => "AWSXrayWriteOnlyAccess",
        Some(_) => "AWSXRayDaemonWriteAccess",
    }
}

fn trace(tracing: View<'_>, role: &mut Role, known: &Known<'_>, writer: &mut Writer) {
    match (known.text(tracing), known.parameter(tracing)) {
        (Some(text), _) if text == "Disabled" => {}
        (None, Some(parameter)) => {
            let pen = Pen(tracing.span);
            let condition = format!("SAM traces unless {parameter}");
            let equal = pen.list(vec![pen.reference(parameter), pen.text("Disabled")]);
            let not = pen.list(vec![pen.call("Fn::Equals", equal)]);
            writer
                .conditions
                .insert(condition.clone(), pen.call("Fn::Not", not));
            role.implied_if(&condition, trace_writer(known), tracing.span);
        }
        (Some(_) | None, _) => role.implied(trace_writer(known), tracing.span),
    }
}

fn dead_letters(of: &Construct<'_>, queue: View<'_>, role: &mut Role, writer: &mut Writer) {
    let pen = Pen(queue.span);
    let action = match member(queue, "Type").and_then(View::scalar) {
        Some("SQS") => Some("sqs:SendMessage"),
        Some("SNS") => Some("sns:Publish"),
        _ => None,
    };
    match (action, member(queue, "TargetArn")) {
        (Some(action), Some(target)) => {
            let target = writer.copy(target);
            role.document(pen.document(Some("2012-10-17"), vec![pen.allow(&[action], target)]));
        }
        _ => {
            let message = "`DeadLetterQueue` is not as SAM defines it";
            writer.unsupported(&of.id, format!("{}/DeadLetterQueue", of.id), queue.span, message);
            role.unknown(queue.span, GapReason::Unsupported(message.to_owned()));
        }
    }
}

/// What events start: the alias where there is one, else the function.
fn target<'t>(of: &'t Construct<'t>, known: &Known<'_>, writer: &mut Writer) -> Target<'t> {
    let pen = Pen(of.span);
    let Some(alias) = of
        .get("AutoPublishAlias")
        .filter(|view| known.truth(*view) != Some(false))
    else {
        return Target {
            of,
            id: of.id.clone(),
            name: pen.reference(&of.id),
            arn: pen.attribute(&of.id, "Arn"),
        };
    };
    // The name is part of a logical id only; where it is a parameter, that is as good a name.
    let name = known.text(alias).or_else(|| {
        let parameter = known.parameter(alias)?;
        let default = known
            .parameters
            .get(parameter)
            .and_then(|known| known.default.clone());
        Some(default.unwrap_or_else(|| parameter.to_owned()))
    });
    let name = name.unwrap_or_else(|| {
        let message = "`AutoPublishAlias` is neither a text nor a parameter";
        writer.unsupported(&of.id, format!("{}/AutoPublishAlias", of.id), alias.span, message);
        String::new()
    });
    let id = format!("{}Alias{}", of.id, name.replace('-', "D").replace('_', "U"));
    let properties = pen.map([("FunctionName", pen.reference(&of.id))]);
    writer.resource_at(of, alias.span, id.clone(), "AWS::Lambda::Alias", properties);
    Target {
        of,
        name: pen.reference(&id),
        arn: pen.reference(&id),
        id,
    }
}

fn url(of: &Construct<'_>, target: &Target<'_>, writer: &mut Writer) {
    let Some(config) = of.get("FunctionUrlConfig") else {
        return;
    };
    let pen = Pen(config.span);
    let auth = member(config, "AuthType");
    let Some(auth) = auth.filter(|_| entries(config).is_some()) else {
        let message = "`FunctionUrlConfig` is not a mapping with `AuthType`";
        return writer.gap(
            &of.id,
            format!("{}/FunctionUrlConfig", of.id),
            config.span,
            GapReason::UnexpectedShape(message.to_owned()),
            Some(PolicyKind::Grant),
        );
    };
    let properties = pen.map([
        ("AuthType", writer.copy(auth)),
        ("TargetFunctionArn", target.name.clone()),
    ]);
    writer.resource_at(
        of,
        config.span,
        format!("{}Url", of.id),
        "AWS::Lambda::Url",
        properties,
    );
    // Only a plain `NONE` makes the transform write permissions.
    if auth.scalar() != Some("NONE") {
        return;
    }
    let entries = [
        ("Action", pen.text("lambda:InvokeFunctionUrl")),
        ("FunctionName", target.name.clone()),
        ("Principal", pen.text("*")),
        ("FunctionUrlAuthType", pen.text("NONE")),
    ];
    let id = format!("{}UrlPublicPermissions", of.id);
    writer.resource_at(of, config.span, id, "AWS::Lambda::Permission", pen.map(entries));
    let id = format!("{}URLInvokeAllowPublicAccess", of.id);
    let more = vec![("InvokedViaFunctionUrl", pen.yes())];
    writer.permission(of, config.span, id, target.name.clone(), "*", more);
}

/// What the role may do at the destinations of asynchronous invocations.
fn invocations(of: &Construct<'_>, role: &mut Role, writer: &mut Writer) {
    let Some(config) = of.get("EventInvokeConfig") else {
        return;
    };
    let address = format!("{}/EventInvokeConfig", of.id);
    let destinations = match member(config, "DestinationConfig") {
        None if entries(config).is_some() => return,
        Some(destinations) if entries(destinations).is_some() => destinations,
        _ => {
            let message = "`EventInvokeConfig` is not as SAM defines it";
            role.unknown(config.span, GapReason::Unsupported(message.to_owned()));
            return writer.unsupported(&of.id, address, config.span, message);
        }
    };
    for outcome in ["OnSuccess", "OnFailure"] {
        let Some(destination) = member(destinations, outcome) else {
            continue;
        };
        match destination_of(of, outcome, destination, writer) {
            Ok(document) => role.document(document),
            Err(message) => {
                role.unknown(destination.span, GapReason::Unsupported(message.clone()));
                let address = format!("{address}/DestinationConfig/{outcome}");
                writer.unsupported(&of.id, address, destination.span, message);
            }
        }
    }
}

fn destination_of(
    of: &Construct<'_>,
    outcome: &str,
    destination: View<'_>,
    writer: &mut Writer,
) -> Result<Node, String> {
    let pen = Pen(destination.span);
    let kind = member(destination, "Type").and_then(View::scalar);
    let kind = kind.ok_or("the `Type` of a destination is not known")?;
    let base = format!("{}EventInvokeConfig{outcome}", of.id);
    let (made, resource_type) = match kind {
        "SQS" => (Some(format!("{base}Queue")), "AWS::SQS::Queue"),
        "SNS" => (Some(format!("{base}Topic")), "AWS::SNS::Topic"),
        _ => (None, ""),
    };
    let own = |made: &str| match resource_type {
        "AWS::SNS::Topic" => pen.reference(made),
        _ => pen.attribute(made, "Arn"),
    };
    let given = member(destination, "Destination");
    let nothing = given.is_none()
        || given.and_then(branches).is_some_and(|(_, then, otherwise)| {
            is_no_value(View::of(then)) || is_no_value(View::of(otherwise))
        });
    let arn = match (given, nothing, made) {
        (Some(given), false, _) => writer.copy(given),
        (None, _, Some(made)) => {
            let arn = own(&made);
            write_destination(
                of,
                destination.span,
                made,
                resource_type,
                of.condition.clone(),
                writer,
            );
            arn
        }
        (Some(given), true, Some(made)) => {
            let Some((condition, then, otherwise)) = branches(given) else {
                return Err("the destination cannot be told".to_owned());
            };
            let (arn, condition) = match (is_no_value(View::of(then)), is_no_value(View::of(otherwise))) {
                (true, false) => (
                    pen.either(condition.clone(), own(&made), Some(otherwise.clone())),
                    condition.clone(),
                ),
                (false, true) => (
                    pen.either(condition.clone(), then.clone(), Some(own(&made))),
                    negated(condition, writer),
                ),
                _ => return Err("no branch of the destination has a value".to_owned()),
            };
            let whole = both(of.condition.as_ref(), &condition, writer);
            write_destination(of, destination.span, made, resource_type, Some(whole), writer);
            arn
        }
        (_, _, None) => return Err(format!("a destination of type `{kind}` needs `Destination`")),
    };
    let statements = send_to(kind, arn, pen);
    let statements =
        statements.ok_or_else(|| format!("`{kind}` is no type of a destination that is known"))?;
    Ok(pen.document(None, statements))
}

/// The name of the condition that holds where both do.
fn both(first: Option<&Node>, second: &Node, writer: &mut Writer) -> Node {
    let Some(first) = first else { return second.clone() };
    let pen = Pen(second.span);
    let names = [first, second].map(|node| node.as_scalar().unwrap_or_default());
    let conditions = names
        .iter()
        .map(|name| pen.map([("Condition", pen.text(*name))]))
        .collect();
    let name = format!("SAM {}", names.join(" and "));
    writer
        .conditions
        .insert(name.clone(), pen.call("Fn::And", pen.list(conditions)));
    pen.text(name)
}

fn write_destination(
    of: &Construct<'_>,
    span: Span,
    id: String,
    resource_type: &str,
    condition: Option<Node>,
    writer: &mut Writer,
) {
    let nothing: [(&str, Node); 0] = [];
    writer.conditional(of, id, resource_type, condition, span, Pen(span).map(nothing));
}

/// The role for deployments that shift traffic step by step, and where it is wanted: the condition of each function that
/// wants it, nothing where that is always.
#[derive(Default)]
pub(super) struct Deployments {
    wanted: Vec<(Span, String, Option<String>)>,
}

impl Deployments {
    /// Reads `DeploymentPreference` of a function.
    pub fn read(&mut self, of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) {
        let Some(preference) = of.get("DeploymentPreference") else {
            return;
        };
        let address = format!("{}/DeploymentPreference", of.id);
        let Some(members) = entries(preference) else {
            return writer.unsupported(
                &of.id,
                address,
                preference.span,
                "`DeploymentPreference` is not a mapping",
            );
        };
        if members.is_empty() {
            return;
        }
        let mut truth = |name: &str, otherwise: bool| match member(preference, name) {
            None => otherwise,
            Some(view) => {
                let is_open = called(view).is_some() && known.text(view).is_none();
                if is_open {
                    let message = format!("`{name}` is known only at deployment");
                    writer.unsupported(&of.id, format!("{address}/{name}"), view.span, message);
                }
                let text = known.text(view);
                is_open || !matches!(text.as_deref(), Some("false" | "False" | ""))
            }
        };
        let passes_condition = truth("PassthroughCondition", false);
        if !truth("Enabled", true) || member(preference, "Role").is_some() {
            return;
        }
        let condition = of.condition.as_ref().and_then(Node::as_scalar);
        let condition = condition.filter(|_| passes_condition).map(str::to_owned);
        self.wanted.push((preference.span, of.id.clone(), condition));
    }

    /// The first function that wants the role.
    pub fn first<'c, 'n>(&self, constructs: &'c [Construct<'n>]) -> Option<&'c Construct<'n>> {
        let (_, owner, _) = self.wanted.first()?;
        constructs.iter().find(|construct| construct.id == *owner)
    }

    /// Writes the role, in the name of the first function that wants it.
    pub fn write(self, of: &Construct<'_>, writer: &mut Writer) {
        let Some((span, ..)) = self.wanted.first() else {
            return;
        };
        let span = *span;
        let names: Option<std::collections::BTreeSet<String>> =
            self.wanted.into_iter().map(|(.., condition)| condition).collect();
        let names: Vec<String> = names.into_iter().flatten().collect();
        let pen = Pen(span);
        let condition = match names.as_slice() {
            [] => None,
            [name] => Some(pen.text(name.as_str())),
            several => {
                let name = "SAM CodeDeploy".to_owned();
                writer
                    .conditions
                    .insert(name.clone(), super::apis::any_of(several, pen));
                Some(pen.text(name))
            }
        };
        let mut role = Role::new(
            "CodeDeployServiceRole".to_owned(),
            span,
            condition,
            "codedeploy.amazonaws.com",
        );
        role.implied("service-role/AWSCodeDeployRoleForLambda", span);
        role.write(of, writer);
    }
}
