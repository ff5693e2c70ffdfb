//! What the events of functions and state machines say of APIs: their routes, which APIs are implied, and the statements
//! that events add to resource policies.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Node, Span};

use super::super::syntax::{View, key_text};
use super::constructs::{Construct, Properties};
use super::events::{Event, listed_events, route};
use super::pen::Pen;
use super::push::{api_of, has_default_route};
use super::resource_policy::{Statements, conditional_contents};
use super::types::type_named;
use super::values::{Known, entries, member};
use super::writer::Writer;

/// A path and its methods.
pub(super) type Routes = Vec<(String, Vec<String>)>;

/// An API that is implied where events name none: type, logical id.
const IMPLIED: &[(&str, &str, &str)] = &[
    ("Api", "Api", "ServerlessRestApi"),
    ("HttpApi", "HttpApi", "ServerlessHttpApi"),
];

/// What is known of the APIs of a template.
#[derive(Default)]
pub(super) struct Apis {
    /// Routes of events, by the API.
    routes: BTreeMap<String, Routes>,
    /// The stages of the APIs of the template, where they are texts.
    stages: BTreeMap<String, Option<String>>,
    /// APIs whose body the transform writes, or puts events into.
    managed: BTreeSet<String>,
    /// APIs with a body of their own that has a route for all that has none.
    with_default: BTreeSet<String>,
    /// Routes for all that has none, by the API and what it starts.
    defaults: BTreeSet<(String, String)>,
    /// Statements that events add to resource policies.
    statements: BTreeMap<String, Statements>,
}

/// Where an implied API is used: conditions by route, and the first event.
#[derive(Default)]
struct Use {
    conditions: BTreeMap<(String, String), Option<String>>,
    span: Option<Span>,
}

impl Apis {
    /// Reads the events, and gives the APIs that they imply.
    pub fn read<'n>(
        constructs: &[Construct<'n>],
        resources: &[(&str, View<'_>)],
        globals: Option<View<'n>>,
        known: &Known<'_>,
        writer: &mut Writer,
    ) -> (Apis, Vec<Construct<'n>>) {
        let mut apis = Apis::default();
        for (id, resource) in resources {
            let stage = resource
                .get("Properties")
                .and_then(|properties| member(properties, "StageName"))
                .and_then(View::scalar);
            apis.stages.insert((*id).to_owned(), stage.map(str::to_owned));
        }
        for api in constructs {
            apis.read_body(api, known);
        }
        let mut uses: BTreeMap<&str, Use> = BTreeMap::new();
        let starting =
            |construct: &&Construct<'_>| matches!(construct.kind.name, "Function" | "StateMachine");
        for of in constructs.iter().filter(starting) {
            for event in listed_events(of, &mut Writer::default()) {
                apis.read_event(of, &event, &mut uses);
            }
        }
        let implied = uses
            .into_iter()
            .filter_map(|(id, used)| apis.implied(id, used, globals, writer))
            .collect();
        (apis, implied)
    }

    fn read_body(&mut self, api: &Construct<'_>, known: &Known<'_>) {
        if !matches!(api.kind.name, "Api" | "HttpApi") {
            return;
        }
        let body = api.get("DefinitionBody");
        let merges = api.get("MergeDefinitions").and_then(|view| known.truth(view)) == Some(true);
        if merges || body.is_none() && api.get("DefinitionUri").is_none() {
            self.managed.insert(api.id.clone());
        }
        if body.is_some_and(has_default_route) {
            self.with_default.insert(api.id.clone());
        }
    }

    fn read_event(&mut self, of: &Construct<'_>, event: &Event<'_>, uses: &mut BTreeMap<&str, Use>) {
        let Some((.., implied)) = IMPLIED.iter().find(|(kind, ..)| *kind == event.kind) else {
            return;
        };
        let (Some(api), Some((path, method))) = (api_of(event), route(event)) else {
            return;
        };
        let method = if method == "any" {
            "x-amazon-apigateway-any-method".to_owned()
        } else {
            method
        };
        if api == *implied {
            let used = uses.entry(implied).or_default();
            let condition = of.condition.as_ref().and_then(Node::as_scalar).map(str::to_owned);
            used.conditions.insert((path.clone(), method.clone()), condition);
            used.span.get_or_insert(event.span);
        }
        let routes = self.routes.entry(api.to_owned()).or_default();
        match routes.iter_mut().find(|(known, _)| *known == path) {
            Some((_, methods)) if methods.contains(&method) => {}
            Some((_, methods)) => methods.push(method),
            None => routes.push((path, vec![method])),
        }
    }

    /// The API that events imply: it is there where one of them is.
    fn implied<'n>(
        &mut self,
        id: &str,
        used: Use,
        globals: Option<View<'n>>,
        writer: &mut Writer,
    ) -> Option<Construct<'n>> {
        let (_, name, _) = IMPLIED.iter().find(|(.., known)| *known == id)?;
        let kind = type_named(name)?;
        let span = used.span?;
        let pen = Pen(span);
        let names: Option<BTreeSet<String>> = used.conditions.into_values().collect();
        let names: Vec<String> = names.into_iter().flatten().collect();
        let condition = match names.as_slice() {
            [] => None,
            [name] => Some(pen.text(name.as_str())),
            several => {
                let whole = format!("SAM {id}");
                writer.conditions.insert(whole.clone(), any_of(several, pen));
                Some(pen.text(whole))
            }
        };
        let section = globals
            .and_then(|globals| globals.get(kind.name))
            .and_then(entries);
        let shared = section.unwrap_or_default().iter();
        let mut found: Properties<'n> = shared
            .filter_map(|(key, value)| Some((Cow::Borrowed(key_text(key)?), Cow::Borrowed(value))))
            .filter(|(name, _)| name != "DefinitionUri")
            .collect();
        if *name == "Api" {
            found.push((Cow::Borrowed("StageName"), Cow::Owned(pen.text("Prod"))));
            self.stages.insert(id.to_owned(), Some("Prod".to_owned()));
        }
        self.managed.insert(id.to_owned());
        self.with_default.remove(id);
        Some(Construct::new(id.to_owned(), kind, span, condition, found))
    }

    /// The routes that events give an API.
    pub fn routes(&self, api: &str) -> Routes {
        self.routes.get(api).cloned().unwrap_or_default()
    }

    /// Whether the transform puts the routes of events into the API.
    pub fn is_managed(&self, api: &str) -> bool {
        self.managed.contains(api)
    }

    /// The statements that events add to the resource policy of an API.
    pub fn take_statements(&mut self, api: &str) -> Statements {
        self.statements.remove(api).unwrap_or_default()
    }

    /// The end of the logical id of the permission for an event.
    pub fn stage_suffix(&self, event: &Event<'_>) -> String {
        let Some(api) = api_of(event) else {
            return "AllStages".to_owned();
        };
        match self.stages.get(api) {
            Some(Some(stage)) => stage.clone(),
            Some(None) | None => "Stage".to_owned(),
        }
    }

    /// Whether the route for all that has none is there already, so that the event gets no permission of its own.
    pub fn has_default_of(
        &mut self,
        event: &Event<'_>,
        target: &str,
        path: &str,
        of: &Construct<'_>,
        writer: &mut Writer,
    ) -> bool {
        let Some(api) = api_of(event) else { return false };
        let key = (api.to_owned(), target.to_owned());
        if path == "$default" {
            self.defaults.insert(key);
            return false;
        }
        if self.with_default.contains(api) {
            event.unsupported(
                of,
                writer,
                "whether the event gets a permission depends on the body of the API",
            );
        }
        self.defaults.contains(&key)
    }

    /// Reads the resource policy that an event of a REST API brings.
    pub fn event_policy(
        &mut self,
        event: &Event<'_>,
        of: &Construct<'_>,
        known: &Known<'_>,
        writer: &mut Writer,
    ) {
        let Some(auth) = event.get("Auth") else { return };
        if entries(auth).is_none() {
            return event.unsupported(of, writer, "`Auth` is not a mapping");
        }
        let Some(policy) = member(auth, "ResourcePolicy") else {
            return;
        };
        let (Some(api), Some((path, method))) = (api_of(event), route(event)) else {
            return event.unsupported(of, writer, "the API of the resource policy cannot be told");
        };
        let overrides = member(auth, "OverrideApiAuth").is_some_and(|view| known.truth(view) != Some(false));
        if !self.is_managed(api) && !overrides {
            // The transform leaves it out.
            return;
        }
        if !self.is_managed(api) || of.kind.name == "StateMachine" && event.get("Stage").is_none() {
            return event.unsupported(of, writer, "a resource policy of this event is not supported");
        }
        let pen = Pen(event.span);
        let stage = pen.text(if of.kind.name == "StateMachine" {
            event
                .get("Stage")
                .and_then(View::scalar)
                .unwrap_or_default()
                .to_owned()
        } else {
            self.stage_suffix(event)
        });
        let routes = self.routes(api);
        let methods = routes.into_iter().find(|(known, _)| *known == path);
        let (path, methods) = methods.unwrap_or((path, vec![method]));
        let statements = self.statements.entry(api.to_owned()).or_default();
        let read = statements
            .add_lists(policy, &path, &methods, &stage, known, pen)
            .and_then(|()| statements.add_custom(policy));
        if let Err(message) = read {
            event.unsupported(of, writer, message);
        }
    }
}

/// A condition that holds where one of these does.
pub(super) fn any_of(names: &[String], pen: Pen) -> Node {
    let conditions = names
        .iter()
        .map(|name| pen.map([("Condition", pen.text(name.as_str()))]));
    pen.call("Fn::Or", pen.list(conditions.collect()))
}

/// The routes of a body; `None` when they cannot be told.
pub(super) fn routes_of(body: View<'_>) -> Option<Routes> {
    let Some(paths) = member(body, "paths") else {
        return Some(Vec::new());
    };
    entries(paths)?
        .iter()
        .map(|(path, item)| {
            let mut methods = Vec::new();
            for content in conditional_contents(View::of(item)) {
                for (method, _) in entries(content)? {
                    methods.push(key_text(method)?.to_owned());
                }
            }
            Some((key_text(path)?.to_owned(), methods))
        })
        .collect()
}
