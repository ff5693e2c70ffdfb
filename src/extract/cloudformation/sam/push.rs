//! Events that services push to functions: a permission each, narrowed to where the event comes from.

use crate::source::Node;

use super::super::syntax::View;
use super::apis::Apis;
use super::events::{Event, Target, dead_letter_queue, path_pattern, route, write_queue_policy, write_rule};
use super::pen::Pen;
use super::pull;
use super::role::Role;
use super::values::{entries, member, plain, referred};
use super::writer::Writer;

/// What narrows the permission of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// The rule that the event stands for.
    Rule,
    /// The account.
    Account,
    /// The topic, or a queue between.
    Topic,
    /// The log group.
    LogGroup,
    /// The topic rule that the event stands for.
    TopicRule,
    /// The user pool.
    UserPool,
    /// The id of the skill.
    Skill,
    /// The route of a REST API.
    RestApi,
    /// The route of an HTTP API.
    HttpApi,
}

/// The type of the event, the principal, and what narrows the permission.
const PUSHED: &[(&str, &str, From)] = &[
    ("AlexaSkill", "alexa-appkit.amazon.com", From::Skill),
    ("Api", "apigateway.amazonaws.com", From::RestApi),
    ("CloudWatchEvent", "events.amazonaws.com", From::Rule),
    ("CloudWatchLogs", "logs.amazonaws.com", From::LogGroup),
    ("Cognito", "cognito-idp.amazonaws.com", From::UserPool),
    ("EventBridgeRule", "events.amazonaws.com", From::Rule),
    ("HttpApi", "apigateway.amazonaws.com", From::HttpApi),
    ("IoTRule", "iot.amazonaws.com", From::TopicRule),
    ("S3", "s3.amazonaws.com", From::Account),
    ("SNS", "sns.amazonaws.com", From::Topic),
    ("Schedule", "events.amazonaws.com", From::Rule),
];

/// Writes what a pushed event needs; false when the event is not one of these.
pub(super) fn push(
    event: &Event<'_>,
    target: &Target<'_>,
    role: &mut Role,
    apis: &mut Apis,
    writer: &mut Writer,
) -> bool {
    let Some((_, principal, from)) = PUSHED.iter().find(|(kind, ..)| *kind == event.kind) else {
        return false;
    };
    let pen = Pen(event.span);
    let mut prefix = event.id.clone();
    let mut suffix = String::new();
    let missing = |name: &str, writer: &mut Writer| {
        event.unsupported(
            target.of,
            writer,
            format!("`{name}` is missing, or not as SAM defines it"),
        );
        true
    };
    let more = match from {
        From::Rule => {
            let rule = pen.attribute(&event.id, "Arn");
            write_rule(event, target, None, writer);
            dead_letter_queue(event, target.of, Some(rule.clone()), writer);
            vec![("SourceArn", rule)]
        }
        From::Account => vec![("SourceAccount", pen.reference("AWS::AccountId"))],
        From::Topic => {
            let Some(topic) = event.get("Topic") else {
                return missing("Topic", writer);
            };
            let topic = writer.copy(topic);
            if let Some(subscription) = event
                .get("SqsSubscription")
                .filter(|view| view.scalar() != Some("false"))
            {
                queue_between(event, target, subscription, topic, role, writer);
                return true;
            }
            vec![("SourceArn", topic)]
        }
        From::LogGroup => {
            let Some(group) = event.get("LogGroupName") else {
                return missing("LogGroupName", writer);
            };
            let group = writer.copy(group);
            let arn =
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*";
            vec![("SourceArn", pen.sub(arn, vec![("__LogGroupName__", group)]))]
        }
        From::TopicRule => {
            let nothing: [(&str, Node); 0] = [];
            let id = event.id.clone();
            writer.resource_at(target.of, event.span, id, "AWS::IoT::TopicRule", pen.map(nothing));
            let arn = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}";
            vec![
                (
                    "SourceArn",
                    pen.sub(arn, vec![("RuleName", pen.reference(&event.id))]),
                ),
                ("SourceAccount", pen.sub("${AWS::AccountId}", Vec::new())),
            ]
        }
        From::UserPool => {
            let Some(pool) = event.get("UserPool").and_then(referred) else {
                return missing("UserPool", writer);
            };
            prefix = format!("{}Cognito", target.id);
            vec![("SourceArn", pen.attribute(pool, "Arn"))]
        }
        From::Skill => {
            let skill = event
                .get("SkillId")
                .map(|skill| ("EventSourceToken", writer.copy(skill)));
            skill.into_iter().collect()
        }
        From::RestApi => {
            let Some((path, method)) = route(event) else {
                return missing("Path` or `Method", writer);
            };
            suffix = apis.stage_suffix(event);
            vec![("SourceArn", rest_route(event, &path, &method, writer))]
        }
        From::HttpApi => {
            let Some((path, method)) = route(event) else {
                return missing("Path` or `Method", writer);
            };
            if apis.has_default_of(event, &target.id, &path, target.of, writer) {
                return true;
            }
            vec![("SourceArn", http_route(event, &path, &method, writer))]
        }
    };
    let id = format!("{prefix}Permission{suffix}");
    writer.permission(target.of, event.span, id, target.name.clone(), principal, more);
    true
}

/// The ARN of the requests of a route.
fn rest_route(event: &Event<'_>, path: &str, method: &str, writer: &mut Writer) -> Node {
    let method = if method == "any" {
        "*".to_owned()
    } else {
        method.to_uppercase()
    };
    requests(
        event,
        "RestApiId",
        "ServerlessRestApi",
        &format!("/{method}{}", path_pattern(path, "Api")),
        writer,
    )
}

fn http_route(event: &Event<'_>, path: &str, method: &str, writer: &mut Writer) -> Node {
    let path = if path == "$default" {
        String::new()
    } else {
        path_pattern(path, "HttpApi")
    };
    let route = match method {
        "any" if path == "/$default" => path,
        "any" | "x-amazon-apigateway-any-method" => format!("/*{path}"),
        _ => format!("/{}{path}", method.to_uppercase()),
    };
    requests(event, "ApiId", "ServerlessHttpApi", &route, writer)
}

fn requests(event: &Event<'_>, property: &str, implicit: &str, route: &str, writer: &mut Writer) -> Node {
    let pen = Pen(event.span);
    let api = match event.get(property) {
        Some(api) => writer.copy(api),
        None => pen.reference(implicit),
    };
    let arn = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}{route}"
    );
    pen.sub(&arn, vec![("__ApiId__", api), ("__Stage__", pen.text("*"))])
}

/// A queue that takes what the topic sends, and from which the function reads.
fn queue_between(
    event: &Event<'_>,
    target: &Target<'_>,
    subscription: View<'_>,
    topic: Node,
    role: &mut Role,
    writer: &mut Writer,
) {
    let pen = Pen(event.span);
    let made = format!("{}Queue", event.id);
    let policy = format!("{}QueuePolicy", event.id);
    let (arn, url, policy) = if subscription.scalar() == Some("true") {
        let nothing: [(&str, Node); 0] = [];
        writer.resource_at(
            target.of,
            event.span,
            made.clone(),
            "AWS::SQS::Queue",
            pen.map(nothing),
        );
        (pen.attribute(&made, "Arn"), pen.reference(&made), policy)
    } else {
        let given = member(subscription, "QueuePolicyLogicalId");
        let named = given.and_then(View::scalar).map(str::to_owned);
        let (Some(arn), Some(url), true) = (
            member(subscription, "QueueArn"),
            member(subscription, "QueueUrl"),
            given.is_none() || named.is_some(),
        ) else {
            return event.unsupported(target.of, writer, "`SqsSubscription` is not as SAM defines it");
        };
        (writer.copy(arn), writer.copy(url), named.unwrap_or(policy))
    };
    let statement = pen.sent_from(pen.text("*"), "sqs:SendMessage", arn, topic);
    write_queue_policy(event, target.of, policy, url, statement, writer);
    role.implied(pull::QUEUE_READER, event.span);
}

/// The logical id of the API that an event belongs to; `None` when it is not in the template.
pub(super) fn api_of<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    let (property, implicit) = match event.kind {
        "HttpApi" => ("ApiId", "ServerlessHttpApi"),
        _ => ("RestApiId", "ServerlessRestApi"),
    };
    match event.get(property) {
        None => Some(implicit),
        Some(api) => api.scalar().or_else(|| referred(api)),
    }
}

/// Whether a body has a route for all that has none.
pub(super) fn has_default_route(body: View<'_>) -> bool {
    let paths = member(body, "paths");
    paths.is_some_and(|paths| entries(paths).is_none() || member(paths, "$default").is_some())
        || plain(body).is_none()
}
