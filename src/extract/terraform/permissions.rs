//! Resources that give access and hold no document: permissions, grants, access control lists. The statements that they
//! amount to are written; what is known only after apply becomes a hole of the synthesised document.

mod acl;
mod other;

use crate::extract::acl::Of;
use crate::extract::{Before, Gap, GapReason, Hole, Policy, PolicyKind, Provenance};
use crate::iam::{HoleId, Text, TextPiece, Value, parse_document};

use super::Context;
use super::attributes::{self, attributes};
use super::changes::as_it_was;
use super::configuration::Configured;
use super::documents::{Presence, is_untold, policy, unknown_reason};
use super::found::Found;
use super::json::Json;
use super::resource::{Resource, View};

/// What statements are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synthesis {
    /// A permission to call a function.
    Function,
    /// A function's URL, with which the provider makes a permission for everybody if it needs no credentials.
    FunctionUrl,
    /// A permission to use a layer.
    Layer,
    /// A permission to send events to a bus.
    EventBus,
    /// One statement of an event bus's policy.
    EventBusStatement,
    /// A permission to issue certificates.
    CertificateAuthority,
    /// A grant of a key.
    KeyGrant,
    /// An access control list of a bucket, whose canned list is in an attribute.
    BucketAcl,
    /// The grants of a bucket.
    BucketGrants,
    /// An access control list of an object.
    ObjectAcl,
    /// The grants of an object.
    ObjectGrants,
}

impl Synthesis {
    /// What its address ends with, where other policies are at the same resource.
    fn suffix(self, resource_type: &str) -> &'static str {
        match self {
            Synthesis::BucketAcl if resource_type == "aws_s3_bucket" => "/acl",
            Synthesis::ObjectAcl if resource_type == "aws_s3_object_copy" => "/acl",
            Synthesis::BucketGrants | Synthesis::ObjectGrants => "/grant",
            _ => "",
        }
    }

    fn statements(self, permission: &mut Permission<'_, '_>) -> Result<Vec<Value>, GapReason> {
        match self {
            Synthesis::Function => statement(permission).map(|statement| vec![statement]),
            Synthesis::FunctionUrl => other::function_url(permission),
            Synthesis::Layer => other::layer(permission),
            Synthesis::EventBus => other::event_bus(permission),
            Synthesis::EventBusStatement => other::event_bus_statement(permission),
            Synthesis::CertificateAuthority => other::certificate_authority(permission),
            Synthesis::KeyGrant => other::key_grant(permission),
            Synthesis::BucketAcl => acl::canned(permission, Of::Bucket),
            Synthesis::BucketGrants => acl::grants(permission, Of::Bucket),
            Synthesis::ObjectAcl => acl::canned(permission, Of::Object),
            Synthesis::ObjectGrants => acl::grants(permission, Of::Object),
        }
    }
}

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

/// Adds what the resource allows as a policy, or a gap if it cannot be told who may do what. What gives nobody access is
/// no policy.
pub(super) fn extract<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    synthesis: Synthesis,
    found: &mut Found,
) {
    let place = resource.place(context.text, context.file);
    let origin = resource.origin(synthesis.suffix(&resource.resource_type), place);
    let mut holes = Vec::new();
    let statements = match synthesised(context, resource, synthesis, &mut holes) {
        Ok(statements) if statements.is_empty() => return found.no_policy(),
        Ok(statements) => statements,
        Err(reason) => {
            return found.gap(Gap {
                origin,
                reason,
                kind: Some(PolicyKind::Grant),
            });
        }
    };
    let parsed = parse_document(&document(statements), PolicyKind::Grant.document_kind());
    let policy = policy(resource, PolicyKind::Grant, origin, parsed);
    found.policy(Policy {
        before: before(context, resource, synthesis),
        holes,
        provenance: Provenance::Synthesised,
        sensitive: attributes::marks_something(resource.sensitive),
        ..policy
    });
}

fn document(statements: Vec<Value>) -> Value {
    Value::Object(vec![
        ("Version".to_owned(), Value::text("2012-10-17")),
        ("Statement".to_owned(), Value::List(statements)),
    ])
}

fn before<'a>(context: &Context<'a>, resource: &Resource<'a>, synthesis: Synthesis) -> Before {
    match (resource.view, resource.before) {
        (View::Change, None) => Before::Created,
        (View::Change, Some(_)) => {
            let mut holes = Vec::new();
            let value = synthesised(context, &as_it_was(resource), synthesis, &mut holes).ok();
            let value = value.filter(|_| holes.iter().all(|hole| hole.stable));
            let kind = PolicyKind::Grant.document_kind();
            match value.map(|statements| parse_document(&document(statements), kind)) {
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

fn synthesised<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    synthesis: Synthesis,
    holes: &mut Vec<Hole>,
) -> Result<Vec<Value>, GapReason> {
    synthesis.statements(&mut Permission {
        context,
        resource,
        holes,
    })
}

/// The statement of a permission to call a function.
fn statement(permission: &mut Permission<'_, '_>) -> Result<Value, GapReason> {
    let principal = permission.required("principal")?;
    let action = permission.required("action")?;
    let function = permission.function("function_name")?;
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
    let principal = principal_value(permission.context, &principal)?;
    Ok(permission.allow(principal, vec![action], vec![Value::String(function)], conditions))
}

struct Permission<'c, 'a> {
    context: &'c Context<'a>,
    resource: &'c Resource<'a>,
    holes: &'c mut Vec<Hole>,
}

impl Permission<'_, '_> {
    /// A statement, which has the `statement_id` of the resource.
    fn allow(
        &self,
        principal: Value,
        actions: Vec<String>,
        resources: Vec<Value>,
        conditions: Vec<(String, Value)>,
    ) -> Value {
        let actions = actions.into_iter().map(Value::text).collect();
        let mut statement = vec![
            ("Effect".to_owned(), Value::text("Allow")),
            ("Principal".to_owned(), principal),
            ("Action".to_owned(), Value::List(actions)),
            ("Resource".to_owned(), Value::List(resources)),
        ];
        if let Some(id) = self.known("statement_id").filter(|id| !id.is_empty()) {
            statement.push(("Sid".to_owned(), Value::text(id)));
        }
        if !conditions.is_empty() {
            statement.push(("Condition".to_owned(), Value::Object(conditions)));
        }
        Value::Object(statement)
    }

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

    /// What is not there is not set, unless the view does not tell what is known after apply.
    fn absent(&self, attribute: &str) -> Result<(), GapReason> {
        let untold = is_untold(self.context, self.resource);
        let reason =
            untold.then(|| unknown_reason(self.context, self.resource, attribute, Presence::Computed));
        reason.flatten().map_or(Ok(()), Err)
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
    fn function(&mut self, attribute: &str) -> Result<Text, GapReason> {
        let mut text = Text::default();
        match self.value(attribute) {
            attributes::Value::Unknown => text.push(self.hole(attribute)),
            attributes::Value::Known(_) => {
                let name = self.required(attribute)?;
                if name.starts_with("arn:") {
                    text.push(TextPiece::Lit(name));
                } else {
                    let (account, name) = match name.split_once(":function:") {
                        Some((account, name)) => (Some(account.to_owned()), name.to_owned()),
                        None => (None, name),
                    };
                    self.arn(&mut text, "lambda", account);
                    text.push(TextPiece::Lit("function:".to_owned()));
                    text.push(TextPiece::Lit(name));
                }
            }
            attributes::Value::Absent | attributes::Value::Misshapen => {
                return Err(unexpected(attribute));
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
            attributes::Value::Absent => self.absent("qualifier")?,
            attributes::Value::Misshapen => return Err(unexpected("qualifier")),
        }
        Ok(text)
    }

    /// `arn:P:SERVICE:R:A:`, with holes for what the plan does not tell.
    fn arn(&mut self, text: &mut Text, service: &str, account: Option<String>) {
        let environment = &self.context.environment;
        let account = account.or_else(|| environment.account.clone());
        self.partition(text);
        text.push(TextPiece::Lit(format!(":{service}:")));
        self.fact(text, "region", environment.region.clone());
        text.push(TextPiece::Lit(":".to_owned()));
        self.fact(text, "account", account);
        text.push(TextPiece::Lit(":".to_owned()));
    }

    /// `arn:P`.
    fn partition(&mut self, text: &mut Text) {
        text.push(TextPiece::Lit("arn:".to_owned()));
        self.fact(text, "partition", self.context.environment.partition.clone());
    }

    /// The text of an attribute that must be there, or a hole if it is known after apply.
    fn text(&mut self, attribute: &str) -> Result<Text, GapReason> {
        let piece = match self.value(attribute) {
            attributes::Value::Unknown => self.hole(attribute),
            attributes::Value::Known(_) => {
                let known = self.known(attribute).filter(|known| !known.is_empty());
                TextPiece::Lit(known.ok_or_else(|| unexpected(attribute))?)
            }
            attributes::Value::Absent | attributes::Value::Misshapen => return Err(unexpected(attribute)),
        };
        Ok(Text(vec![piece]))
    }

    /// The texts of a list that must be there and be known.
    fn list(&self, attribute: &str) -> Result<Vec<String>, GapReason> {
        match self.value(attribute) {
            attributes::Value::Known(value) => {
                let items = value.list().map_err(|_| unexpected(attribute))?;
                let texts: Result<Vec<String>, _> = items.into_iter().map(Json::string).collect();
                texts.map_err(|_| unexpected(attribute))
            }
            _ => Err(self
                .required(attribute)
                .err()
                .unwrap_or_else(|| unexpected(attribute))),
        }
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
                    plain: false,
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
            plain: false,
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
