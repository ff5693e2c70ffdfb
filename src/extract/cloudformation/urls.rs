//! `AWS::Lambda::Url`: with `AuthType: NONE` the service asks for no credentials, and who may call is what the policy of
//! the function says, as always. Permissions of functions of the template are read where they stand; of other
//! functions nobody knows them. Reference: "Control access to Lambda function URLs" in the Lambda developer guide.

use crate::extract::{Extraction, GapReason, PolicyKind};
use crate::iam::Text;

use super::emit::{Site, gap};
use super::references::{attribute, property, reference};
use super::template::{Resource, Scope, Template};
use super::values::{Fault, World, alternatives, only_hole};

const FUNCTION: &str = "AWS::Lambda::Function";
const ALIAS: &str = "AWS::Lambda::Alias";

/// Adds a gap where a URL may be open and the policy of its function is not in the template.
pub(super) fn read_url(site: Site<'_, '_>, worlds: &[World], extraction: &mut Extraction) {
    let found = alternatives(worlds, |world| is_told(site, Scope::new(site.template, world)));
    let reason = match found {
        Ok(told) if told.iter().all(|(_, told)| *told) => {
            extraction.not_policies += 1;
            return;
        }
        Ok(_) => GapReason::Unsupported(
            "the URL may need no credentials, and the policy of its function, which decides who may call it, is not in \
             this template"
                .to_owned(),
        ),
        Err(reason) => reason,
    };
    let (address, span) = (site.resource.id.to_owned(), site.resource.view.span);
    gap(site, address, span, reason, Some(PolicyKind::Grant), extraction);
}

/// Whether callers need credentials, or the function is one of the template.
fn is_told(site: Site<'_, '_>, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let with_credentials = property(site.resource, "AuthType", scope)?
        .and_then(|value| value.as_literal())
        .is_some_and(|value| value == "AWS_IAM");
    if with_credentials {
        return Ok(true);
    }
    let target = property(site.resource, "TargetFunctionArn", scope)?;
    match target.and_then(|target| target.as_text()) {
        Some(target) => is_of_template(&target, scope),
        None => Ok(false),
    }
}

/// Whether a function, or an alias of one, that is given by name or ARN is in the template.
fn is_of_template(target: &Text, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    for (template, resource) in scope.template.everything() {
        let within = scope.within(&template);
        let is_it = match resource.resource_type {
            FUNCTION => {
                let named = [
                    reference(resource.local, within)?,
                    attribute(resource.local, "Arn", within)?,
                ];
                named.iter().any(|named| named.as_text().as_ref() == Some(target))
            }
            ALIAS => {
                let is_alias = only_hole(target).is_some_and(|hole| *hole.0 == *resource.id);
                is_alias && names_function(&template, resource, scope)?
            }
            _ => false,
        };
        if is_it {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an alias is of a function of the template.
fn names_function(template: &Template<'_>, alias: Resource<'_>, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let within = scope.within(template);
    let Some(name) = property(alias, "FunctionName", within)?.and_then(|name| name.as_text()) else {
        return Ok(false);
    };
    for (template, resource) in scope.template.everything() {
        if resource.resource_type == FUNCTION {
            let named = reference(resource.local, scope.within(&template))?;
            if named.as_text() == Some(name.clone()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
