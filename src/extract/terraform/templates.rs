//! CloudFormation templates inside a plan: stacks with an inline template, and resources of the Cloud Control API, which
//! are a template of one resource. They are read as templates are; addresses name the resource of the plan and what is in
//! the template.

mod nested;

use std::collections::BTreeMap;

use crate::extract::cloudformation::{
    CloudFormationOptions, EarlierTemplate, extract_template, extract_template_since,
};
use crate::extract::{
    Environment, Extraction, Gap, GapReason, IdentityChange, PolicyKind, cloudformation_rows,
};
use crate::iam::{Value as Parsed, parse_json};
use crate::source::{Limits, Node, parse_tree};

use super::Context;
use super::attributes::{Attribute, Value, attributes, marks_something};
use super::changes::as_it_was;
use super::configuration::Configured;
use super::documents::{Presence, unknown_reason};
use super::found::Found;
use super::identities::Targets;
use super::json::Shape;
use super::looks_like::may_look_like_policy;
use super::resource::{Resource, View};
use nested::{Earlier, add};

/// What a type says of its template.
struct Holder {
    resource_type: &'static str,
    /// The attribute with the text.
    body: &'static str,
    /// Whether it is deployed once, in the account of the plan, with the parameters that are told here.
    is_one: bool,
}

const HOLDERS: [Holder; 5] = [
    Holder {
        resource_type: "aws_cloudformation_stack",
        body: "template_body",
        is_one: true,
    },
    Holder {
        resource_type: "aws_cloudformation_stack_set",
        body: "template_body",
        is_one: false,
    },
    Holder {
        resource_type: "awscc_cloudformation_stack",
        body: "template_body",
        is_one: true,
    },
    Holder {
        resource_type: "awscc_cloudformation_stack_set",
        body: "template_body",
        is_one: false,
    },
    Holder {
        resource_type: CLOUD_CONTROL,
        body: "desired_state",
        is_one: true,
    },
];

const CLOUD_CONTROL: &str = "aws_cloudcontrolapi_resource";

/// A template and what it is read with.
struct Inside {
    tree: Node,
    options: CloudFormationOptions,
}

/// Adds what is in the template of a resource, or a gap.
pub(super) fn extract<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    extra: &[(String, String, PolicyKind)],
    found: &mut Found,
) {
    let Some(holder) = HOLDERS
        .iter()
        .find(|holder| holder.resource_type == resource.resource_type)
    else {
        return;
    };
    if is_harmless(resource) {
        return;
    }
    let read = Reading {
        context,
        holder,
        extra,
    };
    let extracted = read.inside(resource).and_then(|inside| {
        let extracted = read.extracted(resource, &inside)?;
        Ok((ties_identities(&inside.tree), extracted))
    });
    match extracted {
        Ok((ties, (extraction, earlier))) => {
            if ties || !extraction.gaps.is_empty() {
                open_all(found);
            }
            add(context, resource, holder.body, (extraction, earlier), found);
        }
        Err(reason) => {
            open_all(found);
            found.gap(Gap {
                origin: resource.origin("", resource.place(context.text, context.file)),
                reason,
                kind: None,
            });
        }
    }
}

/// Adds what the deletion of a template takes away: documents that deny, and what was attached to identities elsewhere.
pub(super) fn removed<'a>(context: &Context<'a>, resource: &Resource<'a>, found: &mut Found) {
    let goes = resource.view == View::Change && resource.mode == "resource" && resource.is_deleted();
    let holders = HOLDERS.iter();
    let mut own = holders.filter(|holder| holder.resource_type == resource.resource_type);
    let Some(holder) = own.next().filter(|_| goes && resource.before.is_some()) else {
        return;
    };
    let was = as_it_was(resource);
    if is_harmless(&was) {
        return;
    }
    let read = Reading {
        context,
        holder,
        extra: &[],
    };
    let taken = read.inside(&was).ok().and_then(|inside| {
        let nothing = parse_tree(r#"{"Resources": {}}"#, context.file, &Limits::default()).ok()?;
        let earlier = EarlierTemplate::read(inside.tree, context.file, &inside.options).ok()?;
        extract_template_since(&nothing, context.file, &inside.options, &earlier).ok()
    });
    match taken {
        Some(left) => add(context, resource, holder.body, (left, Earlier::Compared), found),
        None => found.extraction.changes.push(IdentityChange {
            origin: resource.origin("", resource.place(context.text, context.file)),
            identities: Vec::new(),
            what: "what is in its template, which is not read, is deleted".to_owned(),
            kind: PolicyKind::Resource,
        }),
    }
}

/// The attribute of a type that holds a template.
pub(super) fn body(resource_type: &str) -> Option<&'static str> {
    let mut holders = HOLDERS.iter();
    let holder = holders.find(|holder| holder.resource_type == resource_type)?;
    Some(holder.body)
}

/// Of the types that Cloud Control makes, only those of the table bear on access.
fn is_harmless(resource: &Resource<'_>) -> bool {
    let values = resource
        .after
        .and_then(|values| values.object().ok())
        .unwrap_or_default();
    resource.resource_type == CLOUD_CONTROL
        && values.string("type_name").is_some_and(|type_name| {
            !cloudformation_rows()
                .iter()
                .any(|row| row.resource_type == type_name)
                && !resource.after.is_some_and(may_look_like_policy)
        })
}

/// What is in a template may attach something to the identities of the plan by their names.
fn open_all(found: &mut Found) {
    found.open(&Targets {
        untold: ["role", "user", "group"].into(),
        ..Targets::default()
    });
}

/// Whether a template has resources that tie something to identities by name.
fn ties_identities(tree: &Node) -> bool {
    const TIES: [&str; 6] = [
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::UserPolicy",
        "AWS::IAM::GroupPolicy",
        "AWS::IAM::UserToGroupAddition",
    ];
    // What is not written as a plain list of resources may be anything.
    let Some(resources) = tree.get("Resources").and_then(Node::as_map) else {
        return true;
    };
    resources.iter().any(|(_, resource)| {
        let resource_type = resource.get("Type").and_then(Node::as_scalar);
        resource_type.is_none_or(|resource_type| TIES.contains(&resource_type))
    })
}

struct Reading<'c, 'a> {
    context: &'c Context<'a>,
    holder: &'c Holder,
    extra: &'c [(String, String, PolicyKind)],
}

impl<'a> Reading<'_, 'a> {
    /// The template of a resource, with what is known of its parameters.
    fn inside(&self, resource: &Resource<'a>) -> Result<Inside, GapReason> {
        let text = self.text(resource)?;
        let tree = parse_tree(&text, self.context.file, &Limits::default()).map_err(|error| {
            unsupported(&format!(
                "`{}` cannot be read as a template: line {}, column {}: {}",
                self.holder.body, error.line, error.column, error.message
            ))
        })?;
        let environment = &self.context.environment;
        let environment = match self.holder.is_one {
            true => Environment {
                region: self.region(resource),
                ..environment.clone()
            },
            // A stack set goes to other accounts and regions, with other values of parameters.
            false => Environment {
                partition: environment.partition.clone(),
                ..Environment::default()
            },
        };
        let mut options = CloudFormationOptions {
            environment,
            extra: self.extra.to_vec(),
            ..CloudFormationOptions::default()
        };
        if self.holder.is_one {
            let given = parameters(self.context, resource)?;
            // A new stack takes the defaults of what it is not given.
            let is_new = resource.view == View::Change && resource.before.is_none();
            options.assume_defaults = is_new && given.is_all;
            options.parameters = given.known;
        }
        Ok(Inside { tree, options })
    }

    /// The text of the template, if it is in the plan and is all there is.
    fn text(&self, resource: &Resource<'a>) -> Result<String, GapReason> {
        let body = self.holder.body;
        let unknown = |path: &str| {
            unknown_reason(self.context, resource, path, Presence::Required)
                .unwrap_or_else(|| unsupported("the template is known only after apply"))
        };
        let at_url = || {
            Err(unsupported(
                "the template is at `template_url`, not in the plan: check it by itself",
            ))
        };
        match one(resource, "template_url").map(|url| url.value) {
            None | Some(Value::Absent) => {}
            Some(Value::Known(url)) if url.text() == "\"\"" => {}
            // Providers tell one that they never were given as unknown.
            Some(Value::Unknown)
                if unknown_reason(self.context, resource, "template_url", Presence::Computed).is_none() => {}
            Some(_) => return at_url(),
        }
        let attribute = one(resource, body).ok_or_else(|| unexpected(body))?;
        if attribute.is_sensitive || one(resource, "parameters").is_some_and(|found| found.is_sensitive) {
            return Err(unsupported(
                "a template with values that must not be shown is not read: check it by itself",
            ));
        }
        let text = match attribute.value {
            Value::Known(value) => value.string().map_err(|_| unexpected(body))?,
            Value::Unknown => return Err(unknown(body)),
            Value::Absent => {
                let message = format!("required attribute missing: `{body}`");
                return Err(GapReason::UnexpectedShape(message));
            }
            Value::Misshapen => return Err(unexpected(body)),
        };
        if resource.resource_type == CLOUD_CONTROL {
            return template_of(resource, &text);
        }
        Ok(text)
    }

    fn region(&self, resource: &Resource<'a>) -> Option<String> {
        match one(resource, "region").map(|region| region.value) {
            Some(Value::Known(region)) => region.string().ok(),
            Some(Value::Absent) => self.context.environment.region.clone(),
            Some(Value::Unknown | Value::Misshapen) | None => None,
        }
    }

    /// What is in the template, compared with what it was where both are read with the same values.
    fn extracted(
        &self,
        resource: &Resource<'a>,
        inside: &Inside,
    ) -> Result<(Extraction, Earlier), GapReason> {
        let file = self.context.file;
        let alone = |earlier: Earlier| {
            let extraction = extract_template(&inside.tree, file, &inside.options);
            Ok((extraction.map_err(|message| unsupported(&message))?, earlier))
        };
        match (resource.view, resource.before) {
            (View::State, _) => return alone(Earlier::NotTold),
            (View::Change, None) => return alone(Earlier::Created),
            (View::Change, Some(_)) if !resource.is_changed() => return alone(Earlier::Same),
            (View::Change, Some(_)) => {}
            (View::Planned | View::Prior | View::Before, _) => return alone(Earlier::Unreadable),
        }
        let was = match self.inside(&as_it_was(resource)) {
            Ok(was) if same_options(&was.options, &inside.options) => was,
            Ok(_) | Err(_) => return alone(Earlier::Unreadable),
        };
        let Ok(earlier) = EarlierTemplate::read(was.tree, file, &inside.options) else {
            return alone(Earlier::Unreadable);
        };
        let extraction = extract_template_since(&inside.tree, file, &inside.options, &earlier);
        Ok((
            extraction.map_err(|message| unsupported(&message))?,
            Earlier::Compared,
        ))
    }
}

/// Whether a template means the same with both: parameters, account and region.
fn same_options(left: &CloudFormationOptions, right: &CloudFormationOptions) -> bool {
    left.parameters == right.parameters && left.environment == right.environment
}

/// The template of the one resource that a desired state is of.
fn template_of(resource: &Resource<'_>, state: &str) -> Result<String, GapReason> {
    let values = resource
        .after
        .and_then(|values| values.object().ok())
        .unwrap_or_default();
    let is_plain = |name: &String| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
    };
    let type_name = values
        .string("type_name")
        .filter(|name| !name.is_empty() && is_plain(name))
        .ok_or_else(|| unexpected("type_name"))?;
    // It is put into a text, so it must be one whole object.
    match parse_json(state) {
        Ok(Parsed::Object(_)) => {}
        Ok(_) | Err(_) => return Err(unexpected("desired_state")),
    }
    let id = type_name.rsplit(':').next().unwrap_or_default();
    Ok(format!(
        r#"{{"Resources": {{"{id}": {{"Type": "{type_name}", "Properties": {state}}}}}}}"#
    ))
}

/// The parameters that are given.
struct Given {
    /// Those whose values are known. All others keep all values that they may take.
    known: BTreeMap<String, String>,
    /// Whether no other is given.
    is_all: bool,
}

fn parameters(context: &Context<'_>, resource: &Resource<'_>) -> Result<Given, GapReason> {
    const NAME: &str = "parameters";
    let mut given = Given {
        known: BTreeMap::new(),
        is_all: false,
    };
    let Some(attribute) = one(resource, NAME) else {
        return Ok(given);
    };
    let value = match attribute.value {
        Value::Known(value) => value,
        Value::Absent => {
            given.is_all = resource.view == View::Change;
            return Ok(given);
        }
        Value::Unknown => {
            // Not configured: the provider tells after apply that there are none.
            given.is_all = context.configuration.attribute(resource, NAME) == Configured::No;
            return Ok(given);
        }
        Value::Misshapen => return Ok(given),
    };
    let marks = attribute.marks.filter(|marks| marks.shape() == Shape::Object);
    let marks = marks.and_then(|marks| marks.object().ok()).unwrap_or_default();
    given.is_all = !marks_something(attribute.marks);
    for (name, value) in &value.object().map_err(|_| unexpected(NAME))?.0 {
        if value.shape() == Shape::Null || marks_something(marks.get(name)) {
            given.is_all = false;
            continue;
        }
        let text = value.string().map_err(|_| unexpected(NAME))?;
        given.known.insert(name.to_string(), text);
    }
    Ok(given)
}

fn one<'a>(resource: &Resource<'a>, name: &str) -> Option<Attribute<'a>> {
    attributes(resource, name).ok()?.into_iter().next()
}

fn unsupported(message: &str) -> GapReason {
    GapReason::Unsupported(message.to_owned())
}

fn unexpected(name: &str) -> GapReason {
    GapReason::UnexpectedShape(format!("`{name}` is missing or has an unexpected shape"))
}
