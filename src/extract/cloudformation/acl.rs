//! The canned access control list of a bucket (`AccessControl`), as the statements that it amounts to.

use crate::extract::acl::{Grantee, Of, actions, canned_grants, principal};
use crate::extract::{Extraction, GapReason, PolicyKind, Provenance};
use crate::iam::{Text, TextPiece, Value};
use crate::source::NodeKind;

use super::conditions::equal;
use super::emit::{Site, block, emit};
use super::intrinsics::resolve;
use super::policy::{Drawn, Found};
use super::references::attribute;
use super::syntax::View;
use super::template::Scope;
use super::values::{Fault, Symbolic, World, alternatives, merged};
use super::walk::walk;

/// The names that CloudFormation has for the canned lists of S3. Those about the owner of a bucket do nothing on buckets
/// (S3 user guide, “Canned ACL”).
const NAMES: &[(&str, &str)] = &[
    ("Private", "private"),
    ("PublicRead", "public-read"),
    ("PublicReadWrite", "public-read-write"),
    ("AuthenticatedRead", "authenticated-read"),
    ("LogDeliveryWrite", "log-delivery-write"),
    ("BucketOwnerRead", "private"),
    ("BucketOwnerFullControl", "private"),
    ("AwsExecRead", "aws-exec-read"),
];

/// Reads the list of a bucket; one that gives nobody access is no policy.
pub(super) fn read_list(site: Site<'_, '_>, path: &str, worlds: &[World], extraction: &mut Extraction) {
    for spot in walk(site.template, site.resource, worlds, path) {
        let spot = match spot {
            Ok(spot) => spot,
            Err(blocked) => {
                block(site, blocked, Some(PolicyKind::Grant), extraction);
                continue;
            }
        };
        let found = list(site, spot.view, &spot.worlds);
        let before = extraction.policies.len();
        let kind = PolicyKind::Grant;
        emit(site, spot.address, spot.view, kind, &[], found, extraction);
        for policy in extraction.policies.iter_mut().skip(before) {
            policy.provenance = Provenance::Synthesised;
        }
    }
}

fn list(site: Site<'_, '_>, view: View<'_>, worlds: &[World]) -> Result<Found, GapReason> {
    let found = alternatives(worlds, |world| {
        let scope = Scope::new(site.template, world);
        let name = name(view, scope)?;
        let grants = NAMES
            .iter()
            .find(|(own, _)| name.as_deref() == Some(own))
            .and_then(|(_, name)| canned_grants(name));
        match (name, grants) {
            (None, _) => Ok(Vec::new()),
            (Some(_), Some(grants)) => statements(site, &grants, scope),
            (Some(_), None) => Err(Fault::unsupported(
                "a canned access control list that names other accounts is not read yet",
            )),
        }
    })?;
    let mut values = Vec::new();
    for (world, statements) in merged(found) {
        let guard = site.template.guard(&world);
        values.extend(statements.into_iter().map(|statement| match guard.is_empty() {
            true => statement,
            false => Value::Guarded(guard.clone(), Box::new(statement)),
        }));
    }
    if values.is_empty() {
        return Ok(Found::Absent);
    }
    // All of them stand at the one name.
    let statements = vec![site.template.place(view.span); values.len()];
    Ok(Found::Document(Drawn {
        value: Value::Object(vec![
            ("Version".to_owned(), Value::text("2012-10-17")),
            ("Statement".to_owned(), Value::List(values)),
        ]),
        statements,
    }))
}

/// The name of the list, in a world that decides it; `None` when there is none.
fn name(view: View<'_>, scope: Scope<'_, '_>) -> Result<Option<String>, Fault> {
    let unknown = || {
        Fault::Gap(GapReason::UnknownUntilApply(
            "the access control list is known only at deployment".to_owned(),
        ))
    };
    let value = match resolve(view, scope)? {
        Symbolic::Missing => return Ok(None),
        value => value,
    };
    if let Some(name) = value.as_literal() {
        return Ok(Some(name));
    }
    let Symbolic::Text(Text(pieces)) = &value else {
        return Err(match view.kind {
            NodeKind::Scalar(..) => unknown(),
            NodeKind::List(_) | NodeKind::Map(_) => Fault::shape("`AccessControl` is not a text"),
        });
    };
    let [TextPiece::Hole(hole)] = pieces.as_slice() else {
        return Err(unknown());
    };
    let allowed = scope.template.hole(hole).map(|hole| hole.allowed);
    for name in allowed.unwrap_or_default() {
        if equal(&value, &Symbolic::literal(name.clone()), scope)? {
            return Ok(Some(name));
        }
    }
    Err(unknown())
}

fn statements(
    site: Site<'_, '_>,
    grants: &[(Grantee, &'static str)],
    scope: Scope<'_, '_>,
) -> Result<Vec<Value>, Fault> {
    let bucket = attribute(site.resource.local, "Arn", scope)?
        .as_text()
        .ok_or_else(|| Fault::shape("the ARN of the bucket is not a text"))?;
    let mut objects = bucket.clone();
    objects.push(TextPiece::Lit("/*".to_owned()));
    let mut statements = Vec::new();
    for (who, what) in grants {
        let [on_bucket, on_objects] =
            actions(Of::Bucket, what).ok_or_else(|| Fault::shape("no permission of a list"))?;
        for (actions, resource) in [(on_bucket, &bucket), (on_objects, &objects)] {
            if actions.is_empty() {
                continue;
            }
            let (principal, conditions) = principal(who);
            let actions = actions.iter().map(|action| Value::text(*action)).collect();
            let mut entries = vec![
                ("Effect".to_owned(), Value::text("Allow")),
                ("Principal".to_owned(), principal),
                ("Action".to_owned(), Value::List(actions)),
                ("Resource".to_owned(), Value::String(resource.clone())),
            ];
            if !conditions.is_empty() {
                entries.push(("Condition".to_owned(), Value::Object(conditions)));
            }
            statements.push(Value::Object(entries));
        }
    }
    Ok(statements)
}
