//! State machines: the implied role, and a role for each event.

use crate::source::Node;

use super::super::syntax::View;
use super::apis::Apis;
use super::constructs::Construct;
use super::events::{Event, Target, dead_letter_queue, listed_events, write_rule};
use super::function::trace_writer;
use super::pen::Pen;
use super::role::Role;
use super::schedule::schedule;
use super::values::{Known, called, member};
use super::writer::Writer;

/// The type of the event, and the service that starts the machine.
const STARTED: &[(&str, &str)] = &[
    ("Api", "apigateway.amazonaws.com"),
    ("CloudWatchEvent", "events.amazonaws.com"),
    ("EventBridgeRule", "events.amazonaws.com"),
    ("Schedule", "events.amazonaws.com"),
];

/// Writes a state machine and all that comes with it.
pub(super) fn state_machine(of: &Construct<'_>, apis: &mut Apis, known: &Known<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let role_arn = match of.get("Role") {
        Some(role) => {
            if of.get("Policies").is_some() {
                let message = "SAM takes either `Role` or `Policies`";
                writer.unsupported(&of.id, format!("{}/Policies", of.id), role.span, message);
            }
            writer.copy(role)
        }
        None => implied_role(of, known, writer),
    };
    let target = target(of, known, writer);
    for event in listed_events(of, writer) {
        if event.kind == "Api" {
            apis.event_policy(&event, of, known, writer);
        }
        if !schedule(&event, &target, "states:StartExecution", writer) {
            start(&event, &target, writer);
        }
    }
    let mut properties = vec![("RoleArn".to_owned(), role_arn)];
    for (name, value) in of.passed() {
        let name = if name == "Name" { "StateMachineName" } else { name };
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    writer.resource(
        of,
        of.id.clone(),
        "AWS::StepFunctions::StateMachine",
        pen.map(properties),
    );
}

fn implied_role(of: &Construct<'_>, known: &Known<'_>, writer: &mut Writer) -> Node {
    let id = format!("{}Role", of.id);
    let arn = Pen(of.span).attribute(&id, "Arn");
    let mut role = Role::new(id, of.span, of.condition.clone(), "states.amazonaws.com");
    if let Some(policies) = of.get("Policies") {
        role.policies(policies);
    }
    if let Some(tracing) = of.get("Tracing") {
        let enabled = member(tracing, "Enabled");
        // Only a plain `true` counts for the transform.
        if enabled.and_then(View::scalar).is_some()
            && enabled.and_then(|view| known.truth(view)) == Some(true)
        {
            role.implied(trace_writer(known), tracing.span);
        } else if called(tracing).is_some() {
            let address = format!("{}/Tracing", of.id);
            writer.unsupported(&of.id, address, tracing.span, "`Tracing` is not a mapping");
        }
    }
    role.set("Path", of.get("RolePath").map(|path| writer.copy(path)));
    role.set(
        "PermissionsBoundary",
        of.get("PermissionsBoundary").map(|arn| writer.copy(arn)),
    );
    role.write(of, writer);
    arn
}

/// What events start: the alias only where that is asked for.
fn target<'t>(of: &'t Construct<'t>, known: &Known<'_>, writer: &mut Writer) -> Target<'t> {
    let pen = Pen(of.span);
    let mut id = of.id.clone();
    if let Some(alias) = of.get("AutoPublishAlias") {
        let wants = of
            .get("UseAliasAsEventTarget")
            .is_some_and(|view| known.truth(view) != Some(false));
        match alias.scalar() {
            Some(name) if wants => {
                id = format!("{}Alias{name}", of.id);
                let properties = pen.map([("Name", pen.text(name))]);
                let kind = "AWS::StepFunctions::StateMachineAlias";
                writer.resource_at(of, alias.span, id.clone(), kind, properties);
            }
            None if wants => {
                let address = format!("{}/AutoPublishAlias", of.id);
                writer.unsupported(&of.id, address, alias.span, "`AutoPublishAlias` is not a text");
            }
            Some(_) | None => {}
        }
    }
    Target {
        of,
        name: pen.reference(&id),
        arn: pen.reference(&id),
        id,
    }
}

/// The role of an event, which may start the machine.
fn start(event: &Event<'_>, target: &Target<'_>, writer: &mut Writer) {
    let of = target.of;
    let Some((_, service)) = STARTED.iter().find(|(kind, _)| *kind == event.kind) else {
        let message = format!("`{}` is no type of an event that is known", event.kind);
        return event.unsupported(of, writer, message);
    };
    let pen = Pen(event.span);
    let given = event.get("RoleArn").filter(|_| event.kind == "Schedule");
    let role_arn = match given {
        Some(given) => writer.copy(given),
        None => {
            let id = format!("{}Role", event.id);
            let arn = pen.attribute(&id, "Arn");
            let mut role = Role::new(id, event.span, of.condition.clone(), service);
            let statement = pen.allow(&["states:StartExecution"], target.arn.clone());
            role.document(pen.document(None, vec![statement]));
            role.set(
                "PermissionsBoundary",
                of.get("PermissionsBoundary").map(|arn| writer.copy(arn)),
            );
            role.write(of, writer);
            arn
        }
    };
    if event.kind != "Api" {
        write_rule(event, target, Some(role_arn), writer);
        dead_letter_queue(event, of, Some(pen.attribute(&event.id, "Arn")), writer);
    }
}
