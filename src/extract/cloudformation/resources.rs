//! Walking the resources of a template by the table of where policies live. What a row asks for is decided by
//! [`treatment`]; what is there and not read is a gap.

use crate::extract::{Extraction, GapReason, PolicyKind, Provenance, Row, RowKind, cloudformation_rows};
use crate::source::Span;

use super::acl::read_list;
use super::attachments::{Links, attach};
use super::conditions::condition_named;
use super::emit::{Site, block, emit, gap};
use super::intrinsics::{PROCESSED, resolve};
use super::looks_like::policy_in;
use super::misplaced::misplaced;
use super::permissions::{Grants, permission};
use super::policy::{Found, read_document, read_statement};
use super::syntax::{is_expansion, key_text};
use super::template::{Resource, Scope, Template};
use super::treatment::{SAM, Treatment, treatment};
use super::urls::read_url;
use super::values::{Fault, Symbolic, World, alternatives, merged};
use super::walk::{Spot, walk};

/// Types that are there for one document only, so that a missing one is a mistake.
const REQUIRED: &[(&str, &str)] = &[
    ("AWS::IAM::ManagedPolicy", "PolicyDocument"),
    ("AWS::IAM::Policy", "PolicyDocument"),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
    ("AWS::Organizations::Policy", "Content"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
];

/// The worlds in which a resource is there; empty when it never is.
pub(super) fn worlds_of(template: &Template<'_>, resource: Resource<'_>) -> Result<Vec<World>, GapReason> {
    // What is in a nested stack is there when that is.
    let around = match template.holder() {
        Some((holder, stack)) => worlds_of(&holder, stack)?,
        None => vec![World::default()],
    };
    let Some(condition) = resource.view.get("Condition") else {
        return Ok(around);
    };
    let found = alternatives(&around, |world| {
        let name = condition
            .scalar()
            .ok_or_else(|| Fault::shape("`Condition` is not the name of a condition"))?;
        condition_named(name, Scope::new(template, world))
    })?;
    Ok(merged(found.into_iter().filter(|(_, holds)| *holds).collect())
        .into_iter()
        .map(|(world, _)| world)
        .collect())
}

/// Reads everything in a resource.
pub(super) fn read_resource(site: Site<'_, '_>, links: &Links, extraction: &mut Extraction) {
    let Site { template, resource } = site;
    let rows: Vec<&Row> = cloudformation_rows()
        .iter()
        .filter(|row| row.resource_type == resource.resource_type)
        .collect();
    let extra: Vec<(&str, PolicyKind)> = template
        .options
        .extra
        .iter()
        .filter(|(resource_type, ..)| resource_type == resource.resource_type)
        .map(|(_, path, kind)| (path.as_str(), *kind))
        .collect();
    let sam = resource.resource_type.starts_with("AWS::Serverless::");
    let module = resource.resource_type.ends_with("::MODULE");
    let unknown = rows.is_empty() && extra.is_empty();
    let suspect = if unknown {
        resource.view.get("Properties").and_then(policy_in)
    } else {
        None
    };
    let rewritten = resource
        .view
        .entries()
        .unwrap_or_default()
        .iter()
        .any(|(key, _)| key_text(key).is_some_and(is_expansion));
    if unknown && suspect.is_none() && !sam && !module && !rewritten {
        return;
    }
    let worlds = match worlds_of(template, resource) {
        Ok(worlds) if worlds.is_empty() => return,
        Ok(worlds) => worlds,
        Err(reason) => {
            return gap(
                site,
                resource.id.to_owned(),
                resource.view.span,
                reason,
                None,
                extraction,
            );
        }
    };
    let whole = |reason, span, extraction: &mut Extraction| {
        gap(site, resource.id.to_owned(), span, reason, None, extraction)
    };
    if sam {
        if rows.is_empty() || rows.iter().any(|row| row.kind != RowKind::Ignore) {
            whole(
                GapReason::Unsupported(SAM.to_owned()),
                resource.view.span,
                extraction,
            );
        }
        return;
    }
    if rewritten {
        // It may even become a resource of another type.
        let message = format!("a macro rewrites the resource; {PROCESSED}");
        return whole(GapReason::Unsupported(message), resource.view.span, extraction);
    }
    if module {
        let message = format!("a module is not expanded; {PROCESSED}");
        return whole(GapReason::Unsupported(message), resource.view.span, extraction);
    }
    if let Some(span) = suspect {
        let message = format!(
            "`{}` is no type that is known to hold policies, but something in it looks like one",
            resource.resource_type
        );
        return whole(GapReason::UnknownType(message), span, extraction);
    }
    let paths: Vec<&str> = rows
        .iter()
        .map(|row| row.path)
        .chain(extra.iter().map(|(path, _)| *path))
        .collect();
    let properties = resource.view.get("Properties").filter(|_| !unknown);
    if let Some((path, span)) = properties.and_then(|properties| misplaced(properties, &paths)) {
        let message = format!(
            "`{}` has no policies at `{path}`, but there something looks like one",
            resource.resource_type
        );
        whole(GapReason::UnknownType(message), span, extraction);
    }
    for row in rows {
        read_row(site, row, &worlds, links, extraction);
    }
    for (path, kind) in extra {
        read_documents(site, path, kind, &worlds, &[], extraction);
    }
}

fn read_row(site: Site<'_, '_>, row: &Row, worlds: &[World], links: &Links, extraction: &mut Extraction) {
    match treatment(row) {
        Treatment::Document(kind) => {
            let attached = links.identities(site.resource.id, row);
            match row.path {
                "Content" if row.kind == RowKind::ScpRcp => read_control_policy(site, worlds, extraction),
                // An OpenAPI document that holds the policy as one of its members.
                "Body" => read_documents(
                    site,
                    "Body.x-amazon-apigateway-policy",
                    kind,
                    worlds,
                    &attached,
                    extraction,
                ),
                path => read_documents(site, path, kind, worlds, &attached, extraction),
            }
        }
        Treatment::Statement(kind) => {
            for spot in walk(site.template, site.resource, worlds, row.path) {
                match spot {
                    Ok(spot) => {
                        let found = read_statement(site.template, &spot.worlds, spot.view);
                        emit(site, spot.address, spot.view, kind, &[], found, extraction);
                    }
                    Err(blocked) => block(site, blocked, Some(kind), extraction),
                }
            }
            // The older form is spread over properties of its own.
            if site
                .resource
                .view
                .get("Properties")
                .and_then(|properties| properties.get(row.path))
                .is_none()
            {
                read_permission(site, Grants::EventBus, kind, worlds, extraction);
            }
        }
        Treatment::Attachments(kind) => attach(site, row.path, kind, worlds, links, extraction),
        Treatment::Permission(grants) => {
            read_permission(site, grants, PolicyKind::Grant, worlds, extraction);
        }
        Treatment::List => read_list(site, row.path, worlds, extraction),
        Treatment::Undecided(kind, message) => {
            for (address, span) in present(site, row, worlds) {
                gap(
                    site,
                    address,
                    span,
                    GapReason::Unsupported(message.to_owned()),
                    kind,
                    extraction,
                );
            }
        }
        Treatment::UndecidedUnless(harmless, message) => {
            let is_harmless = |value: &Symbolic| {
                *value == Symbolic::Missing || value.as_literal().as_deref() == Some(harmless)
            };
            for (address, span) in present_unless(site, row, worlds, is_harmless) {
                gap(
                    site,
                    address,
                    span,
                    GapReason::Unsupported(message.to_owned()),
                    Some(PolicyKind::Grant),
                    extraction,
                );
            }
        }
        Treatment::NestedStack => {
            if let Some(reason) = site.template.unfollowed.get(site.resource.local) {
                let found = present(site, row, worlds);
                let whole = || vec![(site.resource.id.to_owned(), site.resource.view.span)];
                for (address, span) in if found.is_empty() { whole() } else { found } {
                    let reason = GapReason::Unsupported(reason.clone());
                    gap(site, address, span, reason, None, extraction);
                }
            }
        }
        Treatment::FunctionUrl => read_url(site, worlds, extraction),
        Treatment::NotAPolicy => extraction.not_policies += present(site, row, worlds).len(),
        Treatment::Data => {}
    }
}

fn read_permission(
    site: Site<'_, '_>,
    grants: Grants,
    kind: PolicyKind,
    worlds: &[World],
    extraction: &mut Extraction,
) {
    let found = permission(site, grants, worlds);
    let before = extraction.policies.len();
    let address = site.resource.id.to_owned();
    emit(site, address, site.resource.view, kind, &[], found, extraction);
    for policy in extraction.policies.iter_mut().skip(before) {
        policy.provenance = Provenance::Synthesised;
    }
}

/// Where the property of a row is there, as far as that can be told.
fn present(site: Site<'_, '_>, row: &Row, worlds: &[World]) -> Vec<(String, Span)> {
    if row.path == "-" {
        return vec![(site.resource.id.to_owned(), site.resource.view.span)];
    }
    present_unless(site, row, worlds, |value| *value == Symbolic::Missing)
}

/// Where the property of a row may be something else than what `harmless` accepts.
fn present_unless(
    site: Site<'_, '_>,
    row: &Row,
    worlds: &[World],
    harmless: impl Fn(&Symbolic) -> bool,
) -> Vec<(String, Span)> {
    walk(site.template, site.resource, worlds, row.path)
        .into_iter()
        .filter_map(|spot| match spot {
            Ok(spot) => {
                let found = alternatives(&spot.worlds, |world| {
                    resolve(spot.view, Scope::new(site.template, world))
                });
                let fine = found.is_ok_and(|found| found.iter().all(|(_, value)| harmless(value)));
                (!fine).then_some((spot.address, spot.view.span))
            }
            Err(blocked) => Some((blocked.address, blocked.span)),
        })
        .collect()
}

fn read_documents(
    site: Site<'_, '_>,
    path: &str,
    kind: PolicyKind,
    worlds: &[World],
    attached: &[String],
    extraction: &mut Extraction,
) {
    let spots = walk(site.template, site.resource, worlds, path);
    let required = REQUIRED.contains(&(site.resource.resource_type, path));
    if spots.is_empty() && required {
        let reason = GapReason::UnexpectedShape(format!("`{path}` is missing"));
        gap(
            site,
            format!("{}/{path}", site.resource.id),
            site.resource.view.span,
            reason,
            Some(kind),
            extraction,
        );
    }
    for spot in spots {
        match spot {
            Ok(Spot {
                address,
                worlds,
                view,
            }) => {
                let found = read_document(site.template, &worlds, view);
                if required && found == Ok(Found::Absent) {
                    let reason = GapReason::UnexpectedShape(format!("`{path}` is missing"));
                    gap(site, address, view.span, reason, Some(kind), extraction);
                    continue;
                }
                emit(site, address, view, kind, attached, found, extraction);
            }
            Err(blocked) => block(site, blocked, Some(kind), extraction),
        }
    }
}

/// A policy of an organization is a control policy only if its `Type` says so.
fn read_control_policy(site: Site<'_, '_>, worlds: &[World], extraction: &mut Extraction) {
    let types = walk(site.template, site.resource, worlds, "Type");
    let address = format!("{}/Content", site.resource.id);
    if types.is_empty() {
        let reason = GapReason::UnexpectedShape("`Type` is missing".to_owned());
        return gap(site, address, site.resource.view.span, reason, None, extraction);
    }
    for spot in types {
        let spot = match spot {
            Ok(spot) => spot,
            Err(blocked) => {
                block(site, blocked, None, extraction);
                continue;
            }
        };
        let found = alternatives(&spot.worlds, |world| {
            resolve(spot.view, Scope::new(site.template, world))
        });
        let found = match found {
            Ok(found) => found,
            Err(reason) => {
                gap(site, address.clone(), spot.view.span, reason, None, extraction);
                continue;
            }
        };
        let of_kind = |kind: PolicyKind, worlds: Vec<World>, extraction: &mut Extraction| {
            if !worlds.is_empty() {
                read_documents(site, "Content", kind, &worlds, &[], extraction);
            }
        };
        let worlds_with = |name: &str| -> Vec<World> {
            found
                .iter()
                .filter(|(_, value)| value.as_literal().as_deref() == Some(name))
                .map(|(world, _)| world.clone())
                .collect()
        };
        of_kind(PolicyKind::Scp, worlds_with("SERVICE_CONTROL_POLICY"), extraction);
        of_kind(
            PolicyKind::Rcp,
            worlds_with("RESOURCE_CONTROL_POLICY"),
            extraction,
        );
        if found.iter().any(|(_, value)| value.as_literal().is_none()) {
            let reason = GapReason::UnknownUntilApply("the `Type` of the policy is not known".to_owned());
            gap(site, address.clone(), spot.view.span, reason, None, extraction);
        } else if found.iter().any(|(_, value)| {
            !matches!(
                value.as_literal().as_deref(),
                Some("SERVICE_CONTROL_POLICY" | "RESOURCE_CONTROL_POLICY")
            )
        }) {
            extraction.not_policies += 1;
        }
    }
}
