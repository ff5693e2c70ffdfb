//! What statements are made of: the attributes of a resource that gives access, as texts with holes for what is known
//! only after apply.

use crate::extract::{GapReason, Hole};
use crate::iam::{HoleId, Text, TextPiece, Value};

use super::super::Context;
use super::super::attributes::{self, attributes};
use super::super::configuration::Configured;
use super::super::documents::{Presence, is_untold, unknown_reason};
use super::super::json::{Json, Shape, same_text};
use super::super::resource::Resource;

/// A resource that gives access, and the holes of the document that is made from it.
pub(super) struct Permission<'c, 'a> {
    pub context: &'c Context<'a>,
    pub resource: &'c Resource<'a>,
    pub holes: &'c mut Vec<Hole>,
}

impl Permission<'_, '_> {
    /// A statement, which has the `statement_id` of the resource.
    pub fn allow(
        &self,
        principal: Value,
        actions: Vec<String>,
        resources: Vec<Value>,
        conditions: Vec<(String, Value)>,
    ) -> Value {
        let actions = actions.into_iter().map(Value::text).collect();
        self.statement("Allow", principal, actions, resources, conditions)
    }

    /// A statement of that effect, whose actions may be holes.
    pub fn statement(
        &self,
        effect: &str,
        principal: Value,
        actions: Vec<Value>,
        resources: Vec<Value>,
        conditions: Vec<(String, Value)>,
    ) -> Value {
        let mut statement = vec![
            ("Effect".to_owned(), Value::text(effect)),
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

    /// The text of an attribute, if it is known.
    pub fn known(&self, attribute: &str) -> Option<String> {
        match self.value(attribute) {
            attributes::Value::Known(value) => value.string().ok(),
            attributes::Value::Absent | attributes::Value::Unknown | attributes::Value::Misshapen => None,
        }
    }

    /// The value at a path of the tables; of several blocks, which the types here do not have, that of the first.
    pub fn value(&self, path: &str) -> attributes::Value<'_> {
        match attributes(self.resource, path) {
            Ok(found) => found
                .first()
                .map_or(attributes::Value::Absent, |found| found.value),
            Err(_) => attributes::Value::Misshapen,
        }
    }

    /// Whether an attribute is surely as it was before the change.
    pub fn stays(&self, path: &str) -> bool {
        let found = attributes(self.resource, path).unwrap_or_default();
        let is_same = |found: &attributes::Attribute<'_>| match (found.value, found.before) {
            (attributes::Value::Known(value), Some(before)) => same_text(value, before),
            (attributes::Value::Absent, before) => before.is_none(),
            _ => false,
        };
        !found.is_empty() && found.iter().all(is_same)
    }

    /// Whether the change leaves the resource as it was.
    pub fn is_unchanged(&self) -> bool {
        let actions = &self.resource.actions;
        !actions.is_empty() && actions.iter().all(|action| action == "no-op")
    }

    /// Whether a part of an attribute is known only after apply.
    pub fn is_marked(&self, path: &str) -> bool {
        let found = attributes(self.resource, path).unwrap_or_default();
        found.iter().any(|found| attributes::marks_something(found.marks))
    }

    /// What is said of an attribute that must be known and is not.
    pub fn unknown(&self, path: &str) -> GapReason {
        unknown_reason(self.context, self.resource, path, Presence::Required)
            .unwrap_or_else(|| unexpected(path))
    }

    pub fn required(&self, attribute: &str) -> Result<String, GapReason> {
        match self.value(attribute) {
            attributes::Value::Known(_) => self.known(attribute).ok_or_else(|| unexpected(attribute)),
            attributes::Value::Unknown => Err(self.unknown(attribute)),
            attributes::Value::Absent | attributes::Value::Misshapen => Err(unexpected(attribute)),
        }
    }

    /// What is not there is not set, unless the view does not tell what is known after apply.
    pub fn absent(&self, attribute: &str) -> Result<(), GapReason> {
        let untold = is_untold(self.context, self.resource);
        let reason =
            untold.then(|| unknown_reason(self.context, self.resource, attribute, Presence::Computed));
        reason.flatten().map_or(Ok(()), Err)
    }

    /// The value of a condition: its text, or a hole if it is known after apply. An attribute that is not there and not
    /// configured narrows nothing.
    pub fn optional(&mut self, attribute: &str) -> Result<Option<Value>, GapReason> {
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
    pub fn function(&mut self, attribute: &str) -> Result<Text, GapReason> {
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
    pub fn arn(&mut self, text: &mut Text, service: &str, account: Option<String>) {
        let account = account.or_else(|| self.context.environment.account.clone());
        self.regional(text, service);
        self.fact(text, "account", account);
        text.push(TextPiece::Lit(":".to_owned()));
    }

    /// `arn:P:SERVICE:R:`. A resource may be in a region of its own.
    pub fn regional(&mut self, text: &mut Text, service: &str) {
        self.partition(text);
        text.push(TextPiece::Lit(format!(":{service}:")));
        match self.value("region") {
            attributes::Value::Unknown | attributes::Value::Misshapen => {
                let hole = self.hole("region");
                text.push(hole);
            }
            attributes::Value::Known(_) | attributes::Value::Absent => {
                let own = self.known("region").filter(|region| !region.is_empty());
                let region = own.or_else(|| self.context.environment.region.clone());
                self.fact(text, "region", region);
            }
        }
        text.push(TextPiece::Lit(":".to_owned()));
    }

    /// `arn:P`.
    pub fn partition(&mut self, text: &mut Text) {
        text.push(TextPiece::Lit("arn:".to_owned()));
        self.fact(text, "partition", self.context.environment.partition.clone());
    }

    /// The text of an attribute that must be there, or a hole if it is known after apply.
    pub fn text(&mut self, attribute: &str) -> Result<Text, GapReason> {
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
    pub fn list(&self, attribute: &str) -> Result<Vec<String>, GapReason> {
        let found = attributes(self.resource, attribute).unwrap_or_default();
        let Some(found) = found.first() else {
            return Err(unexpected(attribute));
        };
        match found.value {
            attributes::Value::Known(_) if attributes::marks_something(found.marks) => {
                Err(self.unknown(attribute))
            }
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

    /// The text of an attribute that names somebody, which must be there; a hole if it is known after apply.
    pub fn name(&mut self, attribute: &str) -> Result<Text, GapReason> {
        match self.value(attribute) {
            attributes::Value::Unknown => Ok(Text(vec![self.hole(attribute)])),
            _ => self
                .required(attribute)
                .map(|text| Text(vec![TextPiece::Lit(text)])),
        }
    }

    /// The names of a list that may be missing: nobody is let in by one that is not there, and the service fills in
    /// nobody. All that is known only after apply is one hole.
    pub fn names(&mut self, attribute: &str) -> Result<Vec<Text>, GapReason> {
        let found = attributes(self.resource, attribute).map_err(|_| unexpected(attribute))?;
        let Some(found) = found.into_iter().next() else {
            return self.absent(attribute).map(|()| Vec::new());
        };
        let hole = |permission: &mut Self| Text(vec![permission.hole(attribute)]);
        let items = match found.value {
            attributes::Value::Absent => return self.absent(attribute).map(|()| Vec::new()),
            attributes::Value::Unknown => {
                let is_set = unknown_reason(self.context, self.resource, attribute, Presence::Computed);
                return Ok(is_set.map(|_| hole(self)).into_iter().collect());
            }
            attributes::Value::Misshapen => return Err(unexpected(attribute)),
            attributes::Value::Known(value) => value.list().map_err(|_| unexpected(attribute))?,
        };
        let is_open = attributes::marks_something(found.marks);
        let known = items
            .into_iter()
            .filter(|item| !is_open || item.shape() != Shape::Null);
        let texts: Result<Vec<String>, _> = known.map(Json::string).collect();
        let texts = texts.map_err(|_| unexpected(attribute))?.into_iter();
        let mut names: Vec<Text> = texts.map(|text| Text(vec![TextPiece::Lit(text)])).collect();
        names.extend(is_open.then(|| hole(self)));
        Ok(names)
    }

    /// A hole for something that no input tells; `stable` if the change does not touch it.
    pub fn untold(&mut self, name: &str, origin: &str, stable: bool) -> TextPiece {
        let id = HoleId::new(&format!("{}.{name}", self.resource.address));
        self.add(Hole {
            id: id.clone(),
            origin: format!("{}: {origin}", self.resource.address),
            default: None,
            allowed: Vec::new(),
            stable,
            plain: false,
        });
        TextPiece::Hole(id)
    }

    /// The account of the deployment.
    pub fn account(&mut self, text: &mut Text) {
        let account = self.context.environment.account.clone();
        self.fact(text, "account", account);
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

    pub fn hole(&mut self, attribute: &str) -> TextPiece {
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
pub(super) fn principal_value(context: &Context<'_>, principal: &str) -> Result<Value, GapReason> {
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

/// Whoever a name that is known after apply will be: anybody or nobody.
pub(super) fn unknown_principal(name: Text) -> Value {
    Value::Object(vec![("AWS".to_owned(), Value::String(name))])
}

pub(super) fn unexpected(attribute: &str) -> GapReason {
    GapReason::UnexpectedShape(format!(
        "`{attribute}` is missing or is not what a permission takes"
    ))
}
