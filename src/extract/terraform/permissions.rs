//! Resources that give access and hold no document: permissions, grants, access control lists. The statements that they
//! amount to are written; what is known only after apply becomes a hole of the synthesised document.

mod acl;
mod inner;
mod other;
mod parties;
mod permission;
mod services;
mod shared;

use crate::extract::acl::Of;
use crate::extract::{Before, Gap, GapReason, Hole, IdentityChange, Policy, PolicyKind, Provenance};
use crate::iam::{Value, parse_document};

use super::Context;
use super::attributes;
use super::changes::as_it_was;
use super::documents::policy;
use super::found::Found;
use super::resource::{Resource, View};
use super::rows::{Treatment, rows_of, treatment};
use permission::{Permission, principal_value, unexpected, unknown_principal};

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
    /// A canned access control list as Cloud Control names it.
    CloudControlAcl,
    /// A function's URL of Cloud Control's, which needs a permission beside it.
    PlainUrl,
    /// Who may make endpoints to a service.
    EndpointService,
    /// Who may start instances of an image.
    Image,
    /// Who may make volumes of a snapshot.
    Snapshot,
    /// A principal of a resource share.
    SharePrincipal,
    /// A resource share with its principals.
    Share,
    /// A permission to sign.
    SigningProfile,
    /// The agents of a profiling group.
    ProfilingAgents,
    /// One statement of a policy of Entity Resolution.
    EntityStatement,
    /// A permission to use an application of Q Business.
    Application,
    /// A grant of a license.
    License,
    /// A principal of a cluster.
    Cluster,
    /// A permission of a data lake.
    Lake,
    /// A grant of S3 Access Grants.
    Storage,
}

impl Synthesis {
    /// What its address ends with, where other policies are at the same resource.
    fn suffix(self, resource_type: &str) -> &'static str {
        match self {
            Synthesis::BucketAcl if resource_type == "aws_s3_bucket" => "/acl",
            Synthesis::ObjectAcl if resource_type == "aws_s3_object_copy" => "/acl",
            Synthesis::BucketGrants | Synthesis::ObjectGrants => "/grant",
            Synthesis::CloudControlAcl => "/access_control",
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
            Synthesis::CloudControlAcl => acl::cloud_control(permission),
            Synthesis::PlainUrl => services::plain_url(permission),
            Synthesis::EndpointService => shared::endpoint_service(permission),
            Synthesis::Image => shared::image(permission),
            Synthesis::Snapshot => shared::snapshot(permission),
            Synthesis::SharePrincipal => shared::share_principal(permission),
            Synthesis::Share => shared::share_with_principals(permission),
            Synthesis::SigningProfile => services::signing_profile(permission),
            Synthesis::ProfilingAgents => services::profiling_agents(permission),
            Synthesis::EntityStatement => services::entity_statement(permission),
            Synthesis::Application => services::application(permission),
            Synthesis::License => services::license(permission),
            Synthesis::Cluster => inner::cluster(permission),
            Synthesis::Lake => inner::lake(permission),
            Synthesis::Storage => inner::storage(permission),
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

/// Adds a change where a statement that denies goes or is another: single statements are read each by itself, so what it
/// took from the others cannot be compared.
pub(super) fn lifted<'a>(context: &Context<'a>, resource: &Resource<'a>, found: &mut Found) {
    let is_told = resource.view == View::Change && resource.mode == "resource" && !resource.deposed;
    if !is_told || !resource.is_changed() || resource.before.is_none() || resource.is_forgotten() {
        return;
    }
    let statements = |resource: &Resource<'a>, synthesis: Synthesis| {
        let mut holes = Vec::new();
        let statements = synthesised(context, resource, synthesis, &mut holes).ok();
        statements.filter(|_| holes.iter().all(|hole| hole.stable))
    };
    for row in rows_of(&resource.resource_type) {
        let Treatment::Permission(synthesis @ (Synthesis::EntityStatement | Synthesis::EventBusStatement)) =
            treatment(row)
        else {
            continue;
        };
        let was = statements(&as_it_was(resource), synthesis);
        let denied = was
            .as_ref()
            .is_none_or(|statements| statements.iter().any(is_denial));
        let stays = resource.after.is_some() && was.is_some() && statements(resource, synthesis) == was;
        if denied && !stays {
            found.extraction.changes.push(IdentityChange {
                origin: resource.origin("", resource.place(context.text, context.file)),
                identities: Vec::new(),
                what: "a statement that may deny is removed or changed".to_owned(),
                kind: PolicyKind::Grant,
            });
        }
    }
}

fn is_denial(statement: &Value) -> bool {
    let Value::Object(elements) = statement else {
        return true;
    };
    let mut effects = elements.iter().filter(|(name, _)| name == "Effect");
    effects.all(|(_, effect)| effect.as_str() != Some("Allow"))
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
    let principal = permission.name("principal")?;
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
    let principal = match principal.as_literal() {
        Some(known) => principal_value(permission.context, known)?,
        None => unknown_principal(principal),
    };
    Ok(permission.allow(principal, vec![action], vec![Value::String(function)], conditions))
}
