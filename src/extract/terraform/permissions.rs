//! `aws_lambda_permission`: one statement of a function's policy, written as attributes. What is known only after apply
//! becomes a hole of the synthesised document.

use crate::extract::{Before, Gap, GapReason, Hole, Policy, PolicyKind, Provenance};
use crate::iam::{HoleId, Text, TextPiece, Value, parse_document};

use super::Context;
use super::attributes::{self, attributes};
use super::changes::as_it_was;
use super::configuration::Configured;
use super::documents::{Presence, policy, unknown_reason};
use super::found::Found;
use super::resource::{Resource, View};

/// Attributes that narrow the permission: operator, key, attribute.
const CONDITIONS: [(&str, &str, &str); 6] = [
    ("ArnLike", "aws:SourceArn", "source_arn"),
    ("StringEquals", "aws:SourceAccount", "source_account"),
    ("StringEquals", "aws:PrincipalOrgID", "principal_org_id"),
    (
        "StringEquals",
        "lambda:FunctionUrlAuthType",
        "function_url_auth_type",
    ),
    ("StringEquals", "lambda:EventSourceToken", "event_source_token"),
    ("Bool", "lambda:InvokedViaFunctionUrl", "invoked_via_function_url"),
];

/// Adds the permission as a policy of one statement, or a gap if it cannot be told who may do what.
pub(super) fn extract<'a>(context: &Context<'a>, resource: &Resource<'a>, found: &mut Found) {
    let place = resource.place(context.text, context.file);
    let mut holes = Vec::new();
    let value = match statement(context, resource, &mut holes) {
        Ok(value) => value,
        Err(reason) => {
            let origin = resource.origin("", place);
            return found.gap(Gap {
                origin,
                reason,
                kind: Some(PolicyKind::Grant),
            });
        }
    };
    let parsed = parse_document(&value, PolicyKind::Grant.document_kind());
    let policy = policy(resource, PolicyKind::Grant, resource.origin("", place), parsed);
    found.policy(Policy {
        before: before(context, resource),
        holes,
        provenance: Provenance::Synthesised,
        sensitive: attributes::marks_something(resource.sensitive),
        ..policy
    });
}

fn before<'a>(context: &Context<'a>, resource: &Resource<'a>) -> Before {
    match (resource.view, resource.before) {
        (View::Change, None) => Before::Created,
        (View::Change, Some(_)) => {
            let mut holes = Vec::new();
            let value = statement(context, &as_it_was(resource), &mut holes).ok();
            let value = value.filter(|_| holes.iter().all(|hole| hole.stable));
            match value.map(|value| parse_document(&value, PolicyKind::Grant.document_kind())) {
                Some(Ok(parsed)) => Before::Document(parsed.document),
                Some(Err(invalid)) => Before::Unreadable(invalid.message),
                None => Before::Unreadable("the deployed permission is not fully known".to_owned()),
            }
        }
        (View::State, _) => Before::NotTold,
        (View::Planned | View::Prior | View::Before, _) => {
            Before::Unreadable("the plan does not tell what was there".to_owned())
        }
    }
}

fn statement<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    holes: &mut Vec<Hole>,
) -> Result<Value, GapReason> {
    let mut permission = Permission {
        context,
        resource,
        holes,
    };
    let principal = permission.required("principal")?;
    let action = permission.required("action")?;
    let function = permission.function()?;
    let mut conditions: Vec<(String, Value)> = Vec::new();
    for (operator, key, attribute) in CONDITIONS {
        let Some(value) = permission.optional(attribute)? else {
            continue;
        };
        let entry = (key.to_owned(), value);
        match conditions.iter_mut().find(|(name, _)| name == operator) {
            Some((_, Value::Object(entries))) => entries.push(entry),
            _ => conditions.push((operator.to_owned(), Value::Object(vec![entry]))),
        }
    }
    let mut statement = vec![
        ("Effect".to_owned(), Value::text("Allow")),
        ("Principal".to_owned(), principal_value(context, &principal)?),
        ("Action".to_owned(), Value::text(action)),
        ("Resource".to_owned(), function),
    ];
    if let Some(id) = permission.known("statement_id").filter(|id| !id.is_empty()) {
        statement.push(("Sid".to_owned(), Value::text(id)));
    }
    if !conditions.is_empty() {
        statement.push(("Condition".to_owned(), Value::Object(conditions)));
    }
    Ok(Value::Object(vec![
        ("Version".to_owned(), Value::text("2012-10-17")),
        (
            "Statement".to_owned(),
            Value::List(vec![Value::Object(statement)]),
        ),
    ]))
}

struct Permission<'c, 'a> {
    context: &'c Context<'a>,
    resource: &'c Resource<'a>,
    holes: &'c mut Vec<Hole>,
}

impl Permission<'_, '_> {
    fn known(&self, attribute: &str) -> Option<String> {
        match self.value(attribute) {
            attributes::Value::Known(value) => value.string().ok(),
            attributes::Value::Absent | attributes::Value::Unknown | attributes::Value::Misshapen => None,
        }
    }

    fn value(&self, attribute: &str) -> attributes::Value<'_> {
        let found = attributes(self.resource, attribute).unwrap_or_default();
        found
            .first()
            .map_or(attributes::Value::Misshapen, |found| found.value)
    }

    fn required(&self, attribute: &str) -> Result<String, GapReason> {
        match self.value(attribute) {
            attributes::Value::Known(_) => self.known(attribute).ok_or_else(|| unexpected(attribute)),
            attributes::Value::Unknown => {
                Err(
                    unknown_reason(self.context, self.resource, attribute, Presence::Required)
                        .unwrap_or_else(|| unexpected(attribute)),
                )
            }
            attributes::Value::Absent | attributes::Value::Misshapen => Err(unexpected(attribute)),
        }
    }

    /// The value of a condition: its text, or a hole if it is known after apply. An attribute that is not there and not
    /// configured narrows nothing.
    fn optional(&mut self, attribute: &str) -> Result<Option<Value>, GapReason> {
        match self.value(attribute) {
            attributes::Value::Absent => Ok(None),
            attributes::Value::Known(value) if value.is_true() => Ok(Some(Value::text("true"))),
            attributes::Value::Known(value) if value.text() == "false" => Ok(None),
            attributes::Value::Known(_) => {
                let text = self.known(attribute).ok_or_else(|| unexpected(attribute))?;
                Ok(Some(text).filter(|text| !text.is_empty()).map(Value::text))
            }
            attributes::Value::Unknown => Ok(Some(Value::String(Text(vec![self.hole(attribute)])))),
            attributes::Value::Misshapen => Err(unexpected(attribute)),
        }
    }

    /// The function's ARN, with its qualifier; names and partial ARNs are completed.
    fn function(&mut self) -> Result<Value, GapReason> {
        let mut text = Text::default();
        match self.value("function_name") {
            attributes::Value::Unknown => text.push(self.hole("function_name")),
            attributes::Value::Known(_) => {
                let name = self.required("function_name")?;
                if name.starts_with("arn:") {
                    text.push(TextPiece::Lit(name));
                } else {
                    let (account, name) = match name.split_once(":function:") {
                        Some((account, name)) => (Some(account.to_owned()), name.to_owned()),
                        None => (None, name),
                    };
                    self.prefix(&mut text, account);
                    text.push(TextPiece::Lit(name));
                }
            }
            attributes::Value::Absent | attributes::Value::Misshapen => {
                return Err(unexpected("function_name"));
            }
        }
        match self.value("qualifier") {
            attributes::Value::Known(_) => {
                let qualifier = self.required("qualifier")?;
                if !qualifier.is_empty() {
                    text.push(TextPiece::Lit(format!(":{qualifier}")));
                }
            }
            attributes::Value::Unknown => {
                text.push(TextPiece::Lit(":".to_owned()));
                text.push(self.hole("qualifier"));
            }
            attributes::Value::Absent | attributes::Value::Misshapen => {}
        }
        Ok(Value::String(text))
    }

    /// `arn:P:lambda:R:A:function:`, with holes for what the plan does not tell.
    fn prefix(&mut self, text: &mut Text, account: Option<String>) {
        let environment = &self.context.environment;
        let account = account.or_else(|| environment.account.clone());
        text.push(TextPiece::Lit("arn:".to_owned()));
        self.fact(text, "partition", environment.partition.clone());
        text.push(TextPiece::Lit(":lambda:".to_owned()));
        self.fact(text, "region", environment.region.clone());
        text.push(TextPiece::Lit(":".to_owned()));
        self.fact(text, "account", account);
        text.push(TextPiece::Lit(":function:".to_owned()));
    }

    fn fact(&mut self, text: &mut Text, name: &str, known: Option<String>) {
        match known {
            Some(known) => text.push(TextPiece::Lit(known)),
            None => {
                let id = HoleId::new(name);
                let origin = format!("the {name} of the deployment");
                self.add(Hole {
                    id: id.clone(),
                    origin,
                    default: None,
                    allowed: Vec::new(),
                    stable: true,
                });
                text.push(TextPiece::Hole(id));
            }
        }
    }

    fn hole(&mut self, attribute: &str) -> TextPiece {
        let name = format!("{}.{attribute}", self.resource.address);
        let origin = match self.context.configuration.attribute(self.resource, attribute) {
            Configured::Yes(references) if !references.is_empty() => references.join(", "),
            Configured::Yes(_) | Configured::No | Configured::NotTold => name.clone(),
        };
        let id = HoleId::new(&name);
        self.add(Hole {
            id: id.clone(),
            origin,
            default: None,
            allowed: Vec::new(),
            stable: false,
        });
        TextPiece::Hole(id)
    }

    fn add(&mut self, hole: Hole) {
        if !self.holes.iter().any(|known| known.id == hole.id) {
            self.holes.push(hole);
        }
    }
}

/// A principal as Lambda takes it: `*`, an account, an ARN, or a service.
fn principal_value(context: &Context<'_>, principal: &str) -> Result<Value, GapReason> {
    let is_account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    let of = |kind: &str, name: String| Value::Object(vec![(kind.to_owned(), Value::text(name))]);
    if principal == "*" {
        return Ok(Value::text("*"));
    }
    if is_account {
        let partition = context.environment.partition.as_deref().unwrap_or("aws");
        return Ok(of("AWS", format!("arn:{partition}:iam::{principal}:root")));
    }
    if principal.starts_with("arn:") {
        return Ok(of("AWS", principal.to_owned()));
    }
    let is_service = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
        .iter()
        .any(|end| principal.ends_with(end));
    match is_service && !principal.contains([':', '*', '/']) {
        true => Ok(of("Service", principal.to_owned())),
        false => Err(unexpected("principal")),
    }
}

fn unexpected(attribute: &str) -> GapReason {
    GapReason::UnexpectedShape(format!(
        "`{attribute}` is missing or is not what a permission takes"
    ))
}
