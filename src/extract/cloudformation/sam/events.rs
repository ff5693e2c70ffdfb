//! The events of functions and state machines: which there are, and what several kinds of them have in common.

use crate::extract::GapReason;
use crate::source::{Node, NodeKind, Span};

use super::super::syntax::{View, key_text};
use super::constructs::Construct;
use super::pen::Pen;
use super::values::{entries, is_nothing, member, plain};
use super::writer::Writer;

/// An event.
pub(super) struct Event<'e> {
    /// The key it stands at.
    pub name: &'e str,
    /// The logical id of the resource that stands for it.
    pub id: String,
    /// From its key to its end.
    pub span: Span,
    /// `Api`, `Schedule`.
    pub kind: &'e str,
    properties: Option<View<'e>>,
}

/// What an event starts.
pub(super) struct Target<'t> {
    /// The function or state machine.
    pub of: &'t Construct<'t>,
    /// The logical id of what is started: an alias where there is one.
    pub id: String,
    /// Its name, or ARN.
    pub name: Node,
    /// Its ARN.
    pub arn: Node,
}

impl Event<'_> {
    /// A property; a null is nothing.
    pub fn get(&self, name: &str) -> Option<View<'_>> {
        self.properties.and_then(|properties| member(properties, name))
    }

    /// Where gaps in it are.
    pub fn address(&self, of: &Construct<'_>) -> String {
        format!("{}/Events/{}", of.id, self.name)
    }

    /// Notes that it cannot be told what the event allows.
    pub fn unsupported(&self, of: &Construct<'_>, writer: &mut Writer, message: impl Into<String>) {
        writer.unsupported(&of.id, self.address(of), self.span, message);
    }
}

/// The events of a function in the order in which the transform takes them: by path or name.
pub(super) fn ordered_events<'e>(of: &'e Construct<'_>, writer: &mut Writer) -> Vec<Event<'e>> {
    let mut events = listed_events(of, writer);
    events.sort_by(|left, right| order(left).cmp(order(right)));
    events
}

/// The events of a construct as they are listed. What is no event is a gap.
pub(super) fn listed_events<'e>(of: &'e Construct<'_>, writer: &mut Writer) -> Vec<Event<'e>> {
    let Some(section) = of.get("Events") else {
        return Vec::new();
    };
    let Some(listed) = entries(section) else {
        writer.unsupported(
            &of.id,
            format!("{}/Events", of.id),
            section.span,
            "`Events` is not a mapping",
        );
        return Vec::new();
    };
    let mut events = Vec::new();
    for (key, value) in listed {
        let name = key_text(key).unwrap_or_default();
        let span = Span {
            start: key.span.start,
            end: value.span.end.max(key.span.end),
        };
        let view = View::of(value);
        let properties = entries(view).and_then(|_| view.get("Properties"));
        let shaped =
            properties.is_none_or(|properties| is_nothing(properties) || entries(properties).is_some());
        match member(view, "Type").and_then(View::scalar).filter(|_| shaped) {
            Some(kind) => events.push(Event {
                name,
                id: format!("{}{name}", of.id),
                span,
                kind,
                properties,
            }),
            None => {
                let address = format!("{}/Events/{name}", of.id);
                writer.unsupported(&of.id, address, span, "the event is not one that SAM defines");
            }
        }
    }
    events
}

fn order<'e>(event: &'e Event<'_>) -> &'e str {
    event.get("Path").and_then(View::scalar).unwrap_or(event.name)
}

/// The `Path` and `Method` of an event, which the transform must know.
pub(super) fn route(event: &Event<'_>) -> Option<(String, String)> {
    let text = |name| event.get(name).and_then(View::scalar).map(str::to_owned);
    match (event.kind, text("Path"), text("Method")) {
        (_, Some(path), Some(method)) => Some((path, method.to_lowercase())),
        ("HttpApi", None, None) if event.get("Path").is_none() && event.get("Method").is_none() => {
            Some(("$default".to_owned(), "x-amazon-apigateway-any-method".to_owned()))
        }
        _ => None,
    }
}

/// A path as the ARNs of requests have it: without a slash at the end, and with `*` for what varies.
pub(super) fn path_pattern(path: &str, kind: &str) -> String {
    let path = match path.strip_suffix('/') {
        Some("") | None => path,
        Some(shorter) => shorter,
    };
    let mut pattern = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        pattern.push_str(before);
        match after.split_once('}').filter(|(name, _)| varies(name, kind)) {
            Some((_, after)) => {
                pattern.push('*');
                rest = after;
            }
            None => {
                pattern.push('{');
                rest = after;
            }
        }
    }
    pattern.push_str(rest);
    pattern
}

fn varies(name: &str, kind: &str) -> bool {
    let word = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    let greedy = name.strip_suffix('+');
    word(name) || greedy.is_some_and(|name| word(name) && (kind == "Api" || name == "proxy"))
}

/// The rule of an event bus that an event stands for.
pub(super) fn write_rule(event: &Event<'_>, target: &Target<'_>, role: Option<Node>, writer: &mut Writer) {
    let pen = Pen(event.span);
    let role = role.map(|role| ("RoleArn", role));
    let started = pen.map([("Arn", target.arn.clone())].into_iter().chain(role));
    let properties = pen.map([("Targets", pen.list(vec![started]))]);
    writer.resource_at(
        target.of,
        event.span,
        event.id.clone(),
        "AWS::Events::Rule",
        properties,
    );
}

/// The ARN of the queue for what could not be delivered, if there is one. One that the transform makes lets a rule send.
pub(super) fn dead_letter_queue(
    event: &Event<'_>,
    of: &Construct<'_>,
    rule: Option<Node>,
    writer: &mut Writer,
) -> Option<Node> {
    let config = event.get("DeadLetterConfig")?;
    if entries(config).is_none() {
        event.unsupported(of, writer, "`DeadLetterConfig` is not a mapping");
        return None;
    }
    if let Some(arn) = member(config, "Arn") {
        return Some(writer.copy(arn));
    }
    let given = member(config, "QueueLogicalId").map(|id| id.scalar().map(str::to_owned));
    let (Some("SQS"), Some(id)) = (
        member(config, "Type").and_then(View::scalar),
        given.unwrap_or_else(|| Some(format!("{}Queue", event.id))),
    ) else {
        event.unsupported(of, writer, "`DeadLetterConfig` is not as SAM defines it");
        return None;
    };
    let pen = Pen(event.span);
    let arn = pen.attribute(&id, "Arn");
    if let Some(rule) = rule {
        let principal = pen.map([("Service", pen.text("events.amazonaws.com"))]);
        let statement = pen.sent_from(principal, "sqs:SendMessage", arn.clone(), rule);
        write_queue_policy(
            event,
            of,
            format!("{}QueuePolicy", event.id),
            pen.reference(&id),
            statement,
            writer,
        );
    }
    let nothing: [(&str, Node); 0] = [];
    writer.resource_at(of, event.span, id, "AWS::SQS::Queue", pen.map(nothing));
    Some(arn)
}

/// The policy of a queue with one statement.
pub(super) fn write_queue_policy(
    event: &Event<'_>,
    of: &Construct<'_>,
    id: String,
    queue: Node,
    statement: Node,
    writer: &mut Writer,
) {
    let pen = Pen(event.span);
    writer.made(format!("{id}/PolicyDocument"));
    let properties = pen.map([
        (
            "PolicyDocument",
            pen.document(Some("2012-10-17"), vec![statement]),
        ),
        ("Queues", pen.list(vec![queue])),
    ]);
    writer.resource_at(of, event.span, id, "AWS::SQS::QueuePolicy", properties);
}

/// Why a role may be allowed more than is told.
pub(super) fn may_allow_more(event: &Event<'_>) -> GapReason {
    GapReason::Unsupported(format!(
        "what the event `{}` adds to the role cannot be told",
        event.name
    ))
}

/// Whether a value is a list that is no call.
pub(super) fn items(view: View<'_>) -> Option<&[Node]> {
    match plain(view) {
        Some(NodeKind::List(items)) => Some(items),
        _ => None,
    }
}
