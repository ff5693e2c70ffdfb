//! Managed policies attached by ARN. Policies of the plan are checked at their own address; AWS managed ones here, from
//! the catalog; any other is a gap.

use crate::extract::tables::Row;
use crate::extract::{Before, Gap, GapReason, PolicyKind, Provenance, attached_policy, is_aws_managed};
use crate::iam::Parsed;

use super::Context;
use super::attributes::{Attribute, Value, attributes};
use super::documents::{
    Content, Presence, UNKNOWN_BEFORE, content, is_untold, parse, policy, unknown_reason,
};
use super::earlier::was_unknown;
use super::found::{Found, Link};
use super::json::{Json, Shape};
use super::policies::Meaning;
use super::resource::{Resource, View};
use super::rows::is_computed;
use super::ties::{self, is_echo};

/// Adds what is attached at a row of a resource.
pub(super) fn extract<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    row: &Row,
    kind: PolicyKind,
    found: &mut Found,
) {
    let attachment = Attachment {
        context,
        resource,
        row,
        kind,
    };
    match attributes(resource, row.path) {
        Err(error) => found.gap(attachment.gap("", error.in_text(context.text))),
        Ok(attributes) => {
            for attribute in attributes {
                attachment.extract(&attribute, found);
            }
        }
    }
}

/// Adds what is attached by name: the policy that each account has under it. Where the plan has one of that name, that
/// is the one of its own account; permission sets stay open, since other accounts may have another.
pub(super) fn extract_named<'a>(
    context: &Context<'a>,
    resource: &Resource<'a>,
    row: &Row,
    found: &mut Found,
) {
    let attachment = Attachment {
        context,
        resource,
        row,
        kind: PolicyKind::Identity,
    };
    let path = row.path.strip_suffix("name").map(|block| format!("{block}path"));
    let read = |path: &str| attributes(resource, path);
    let (names, paths) = match (read(row.path), read(&path.unwrap_or_default())) {
        (Ok(names), Ok(paths)) => (names, paths),
        (Err(error), _) | (_, Err(error)) => {
            return found.gap(attachment.gap("", error.in_text(context.text)));
        }
    };
    for name in names {
        let path = paths.iter().find(|path| path.path == name.path);
        attachment.named(&name, path, found);
    }
}

struct Attachment<'c, 'a> {
    context: &'c Context<'a>,
    resource: &'c Resource<'a>,
    row: &'c Row,
    kind: PolicyKind,
}

impl<'a> Attachment<'_, 'a> {
    fn extract(&self, attribute: &Attribute<'a>, found: &mut Found) {
        let name = attribute.path.as_str();
        match attribute.value {
            Value::Absent => {
                let is_told = self.resource.view == View::Planned
                    && self.context.is_told_by_changes(&self.resource.address);
                if self.is_required() && !is_told {
                    found.gap(self.gap(name, format!("required attribute missing: `{}`", self.row.path)));
                } else if is_untold(self.context, self.resource) {
                    self.unknown(name, Presence::Computed, found);
                }
            }
            Value::Misshapen => {
                found.gap(self.gap(name, format!("`{}` has an unexpected shape", self.row.path)))
            }
            Value::Unknown => self.unknown(name, self.presence(), found),
            Value::Known(value) => match value.shape() {
                Shape::List => self.list(value, attribute, found),
                _ => self.arn(value, "", attribute, found),
            },
        }
    }

    /// A policy by name and path; without a path it is at the root.
    fn named(&self, name: &Attribute<'a>, path: Option<&Attribute<'a>>, found: &mut Found) {
        let at = name.path.as_str();
        let path = match path.map(|path| path.value) {
            None | Some(Value::Absent) => Ok("/".to_owned()),
            Some(Value::Known(path)) => path.string().map_err(|_| ()),
            Some(Value::Unknown | Value::Misshapen) => Err(()),
        };
        let value = match (name.value, &path) {
            (Value::Absent, _) if is_untold(self.context, self.resource) => {
                return self.unknown(at, Presence::Computed, found);
            }
            (Value::Absent, _) => return,
            (Value::Unknown, _) => return self.unknown(at, Presence::Required, found),
            (Value::Known(value), Ok(_)) => value.string().ok(),
            (Value::Known(_), Err(())) | (Value::Misshapen, _) => None,
        };
        let (Some(text), Ok(path)) = (value.filter(|name| !name.is_empty()), path) else {
            found.open(&self.targets());
            return found.gap(self.gap(at, format!("`{}` has an unexpected shape", self.row.path)));
        };
        found.open(&self.targets());
        match self.context.policies.named(&path, &text) {
            Some(address) => found.links.push(self.link(address.clone())),
            None => found.gap(self.unknown_arn(at, &format!("{path}{text}"), name)),
        }
    }

    fn presence(&self) -> Presence {
        match (is_computed(self.row), self.is_required()) {
            (true, _) => Presence::Computed,
            (false, true) => Presence::Required,
            (false, false) => Presence::Optional,
        }
    }

    /// Whether the attachment is what the resource is for.
    fn is_required(&self) -> bool {
        matches!(self.row.path, "policy_arn" | "managed_policy_arn") && self.kind == PolicyKind::Identity
    }

    fn list(&self, value: Json<'a>, attribute: &Attribute<'a>, found: &mut Found) {
        let mut told_unknown = false;
        for (index, item) in value.list().unwrap_or_default().into_iter().enumerate() {
            let name = format!("{}[{index}]", attribute.path);
            match item.shape() {
                // All unknown members come from one expression.
                Shape::Null if told_unknown => {}
                Shape::Null => {
                    told_unknown = true;
                    self.unknown(&name, Presence::Required, found);
                }
                _ => self.arn(item, &name, attribute, found),
            }
        }
    }

    /// An ARN that is known after apply: a policy of the plan if it can be traced to one.
    fn unknown(&self, name: &str, presence: Presence, found: &mut Found) {
        let context = self.context;
        if let Some(addresses) =
            context
                .policies
                .referred(&context.configuration, self.resource, self.row.path)
        {
            for address in addresses {
                found.links.push(self.link(address));
            }
            return;
        }
        match unknown_reason(context, self.resource, self.row.path, presence) {
            Some(reason) => {
                found.open(&self.targets());
                found.gap(Gap {
                    reason,
                    ..self.gap(name, String::new())
                });
            }
            None => found.no_policy(),
        }
    }

    fn arn(&self, value: Json<'a>, name: &str, attribute: &Attribute<'a>, found: &mut Found) {
        let context = self.context;
        let Ok(arn) = value.string() else {
            return found.gap(self.gap(name, format!("`{}` has an unexpected shape", self.row.path)));
        };
        if arn.is_empty() && self.is_required() {
            return found.gap(self.gap(name, format!("`{}` is empty", self.row.path)));
        }
        if arn.is_empty() {
            found.no_policy();
            return;
        }
        let (parsed, provenance) = match context.policies.meaning(&arn) {
            Meaning::Planned(address) => return found.links.push(self.link(address)),
            Meaning::Read(document) => match content(document) {
                Ok(Content::Text(text)) => (parse(&text, self.kind), Provenance::Reconstructed),
                Ok(_) => return found.gap(self.unknown_arn(name, &arn, attribute)),
                Err(invalid) => (Err(invalid), Provenance::Reconstructed),
            },
            // Nothing is attached any more that is deleted.
            Meaning::Gone if is_echo(context, self.resource, self.row.path) => {
                found.no_policy();
                return;
            }
            Meaning::Elsewhere | Meaning::Gone => {
                match attached_policy(&arn).filter(|_| is_aws_managed(&arn)) {
                    Some(document) => (
                        Ok(Parsed {
                            document,
                            notes: Vec::new(),
                        }),
                        Provenance::Catalog,
                    ),
                    None => {
                        found.open(&self.targets());
                        return found.gap(self.unknown_arn(name, &arn, attribute));
                    }
                }
            }
        };
        let before = self.before(&arn, attribute, &parsed);
        let origin = self
            .resource
            .origin(&suffix(name), value.place(context.text, context.file));
        found.links.push(Link {
            at: origin.address.clone(),
            ..self.link(arn)
        });
        let attached_to = self.targets().all_told().into_iter().flatten().cloned().collect();
        let policy = policy(self.resource, self.kind, origin, parsed);
        found.policy(crate::extract::Policy {
            before,
            attached_to,
            provenance,
            ..policy
        });
    }

    /// The same policy if it was attached before; its document is taken to be the same, since AWS tells no other.
    fn before(
        &self,
        arn: &str,
        attribute: &Attribute<'a>,
        parsed: &Result<Parsed, crate::iam::Invalid>,
    ) -> Before {
        if self.resource.view == View::State {
            return Before::NotTold;
        }
        if was_unknown(self.context, self.resource, self.row.path) {
            return Before::Unreadable(UNKNOWN_BEFORE.to_owned());
        }
        if self.resource.view != View::Change {
            return Before::Unreadable("the plan does not tell what was attached".to_owned());
        }
        let was = |value: Json<'_>| value.string().is_ok_and(|before| before == arn);
        let attached = attribute.before.is_some_and(|before| match before.shape() {
            Shape::List => before.list().unwrap_or_default().into_iter().any(was),
            _ => was(before),
        });
        match parsed {
            Ok(parsed) if attached => Before::Document(parsed.document.clone()),
            Ok(_) | Err(_) => Before::Created,
        }
    }

    fn targets(&self) -> super::identities::Targets {
        self.context
            .identities
            .targets(&self.context.configuration, self.resource)
    }

    fn link(&self, policy: String) -> Link {
        ties::link(
            self.context,
            self.resource,
            self.row.path,
            policy,
            &self.targets(),
        )
    }

    fn unknown_arn(&self, name: &str, arn: &str, attribute: &Attribute<'_>) -> Gap {
        let shown = if attribute.is_sensitive {
            "a sensitive value"
        } else {
            arn
        };
        Gap {
            reason: GapReason::UnknownManagedPolicy(shown.to_owned()),
            ..self.gap(name, String::new())
        }
    }

    fn gap(&self, name: &str, message: String) -> Gap {
        let place = self.resource.place(self.context.text, self.context.file);
        let suffix = if self.row.path.ends_with("_arn") {
            String::new()
        } else {
            suffix(name)
        };
        let origin = self.resource.origin(&suffix, place);
        Gap {
            origin,
            reason: GapReason::UnexpectedShape(message),
            kind: Some(self.kind),
        }
    }
}

fn suffix(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!("/{name}")
    }
}
