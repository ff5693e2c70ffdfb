//! The `configuration` of a plan: which attributes are configured, and what their expressions refer to. It has no
//! instance keys, no locals and no dynamic blocks.

use std::collections::{BTreeMap, BTreeSet};

use super::addresses::{Step, longest, steps};
use super::json::{Json, Object, Shape};
use super::resource::{Resource, View};

/// What is configured, by module path.
#[derive(Debug, Default)]
pub(super) struct Configuration<'a> {
    /// That of an earlier plan, for resources as they were.
    earlier: Option<Box<Configuration<'a>>>,
    modules: BTreeMap<Vec<String>, Module<'a>>,
}

#[derive(Debug, Default)]
struct Module<'a> {
    /// The `expressions` of resources by `mode type name`; a block without arguments has none.
    resources: BTreeMap<(&'static str, String, String), Option<Json<'a>>>,
    /// The `for_each` of those that have one.
    for_each: BTreeMap<(&'static str, String, String), Json<'a>>,
    /// Arguments of the calls of child modules.
    calls: BTreeMap<String, Json<'a>>,
    outputs: Option<Json<'a>>,
    variables: Option<Json<'a>>,
}

/// Whether an attribute is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Configured {
    /// The plan has no configuration of the resource.
    NotTold,
    /// The attribute is not there.
    No,
    /// It is, and its expression refers to these.
    Yes(Vec<String>),
}

/// What a reference ends at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// An attribute of a resource or data source.
    Resource {
        modules: Vec<String>,
        mode: &'static str,
        resource_type: String,
        name: String,
        /// The instance key as written, if there is one and it is constant.
        key: Option<String>,
        attribute: String,
    },
    /// A constant of the configuration.
    Constant,
    /// Something that cannot be followed: a local value, a root variable, an instance key.
    Opaque(String),
}

impl<'a> Configuration<'a> {
    /// Indexes the `configuration` section. What cannot be read is left out, which makes it `NotTold`.
    pub fn read(section: Option<&Object<'a>>) -> Configuration<'a> {
        let mut modules = BTreeMap::new();
        let root = section.and_then(|section| section.object("root_module"));
        let mut pending: Vec<(Vec<String>, Object<'a>)> =
            root.map(|root| (Vec::new(), root)).into_iter().collect();
        while let Some((path, body)) = pending.pop() {
            let calls = body.object("module_calls").unwrap_or_default();
            for (name, call) in &calls.0 {
                let child = call.object().ok().and_then(|call| call.object("module"));
                let path = path.iter().cloned().chain([name.to_string()]).collect();
                pending.extend(child.map(|child| (path, child)));
            }
            modules.insert(path, module(&body, &calls));
        }
        Configuration {
            earlier: None,
            modules,
        }
    }

    /// Remembers the configuration of an earlier plan.
    pub fn since(self, earlier: Option<Configuration<'a>>) -> Configuration<'a> {
        Configuration {
            earlier: earlier.map(Box::new),
            ..self
        }
    }

    /// The configuration that a resource was made of.
    fn of(&self, resource: &Resource<'_>) -> &Configuration<'a> {
        let earlier = self.earlier.as_deref();
        earlier.filter(|_| resource.view == View::Before).unwrap_or(self)
    }

    /// Whether the attribute at a table path (`inline_policy[].policy`) of a resource is configured.
    pub fn attribute(&self, resource: &Resource<'_>, path: &str) -> Configured {
        let key = (
            resource.mode,
            resource.resource_type.clone(),
            resource.name.clone(),
        );
        let Some(module) = self.of(resource).modules.get(&resource.modules) else {
            return Configured::NotTold;
        };
        let Some(expressions) = module.resources.get(&key) else {
            return Configured::NotTold;
        };
        let Some(expressions) = expressions else {
            return Configured::No;
        };
        let mut reached = vec![*expressions];
        for (depth, segment) in path.split('.').enumerate() {
            let name = segment.trim_end_matches("[]");
            let objects: Vec<Object<'_>> = reached.iter().filter_map(|json| json.object().ok()).collect();
            if depth > 0 && objects.iter().any(is_expression) {
                break;
            }
            reached = objects
                .iter()
                .filter_map(|object| object.get(name))
                .flat_map(elements)
                .collect();
            if reached.is_empty() {
                return Configured::No;
            }
        }
        let references: Vec<String> = reached.into_iter().flat_map(references).collect();
        Configured::Yes(longest(&references).into_iter().map(str::to_owned).collect())
    }

    /// The configured nested blocks of that name, without dynamic ones.
    pub fn blocks(&self, resource: &Resource<'_>, name: &str) -> Vec<Json<'a>> {
        let key = (
            resource.mode,
            resource.resource_type.clone(),
            resource.name.clone(),
        );
        let module = self.of(resource).modules.get(&resource.modules);
        let expressions = module.and_then(|module| *module.resources.get(&key)?);
        let blocks = expressions.and_then(|expressions| expressions.object().ok()?.get(name));
        blocks.map(elements).unwrap_or_default()
    }

    /// Mode, type and name of the configured resources and data sources of a module.
    pub fn names(&self, modules: &[String]) -> Option<BTreeSet<(String, String, String)>> {
        let resources = self.modules.get(modules)?.resources.keys();
        let names = resources.map(|(mode, kind, name)| ((*mode).to_owned(), kind.clone(), name.clone()));
        Some(names.collect())
    }

    /// What an output of a module refers to; `None` where the plan has no such output.
    pub fn output(&self, modules: &[String], name: &str) -> Option<Vec<String>> {
        let outputs = self.modules.get(modules)?.outputs?.object().ok()?;
        referred(outputs.object(name)?.get("expression")?)
    }

    /// What an argument of a module call refers to; `None` where it is not given.
    pub fn argument(&self, modules: &[String], call: &str, name: &str) -> Option<Vec<String>> {
        let arguments = self.modules.get(modules)?.calls.get(call)?.object().ok()?;
        referred(arguments.get(name)?)
    }

    /// Where references of a resource end, followed through variables, outputs and `each.value`. Instance keys are left
    /// out: they are known while planning, so nothing unknown comes from them; but one that is itself an ARN stays.
    pub fn trace(&self, resource: &Resource<'_>, references: &[String]) -> BTreeSet<Target> {
        let configuration = self.of(resource);
        let mut targets = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let is_key = |reference: &String| matches!(reference.as_str(), "each.key" | "count.index");
        let key_matters = resource.index.is_some_and(|key| key.contains("arn:"));
        let mut pending: Vec<(Vec<String>, String)> = references
            .iter()
            .filter(|reference| key_matters || !is_key(reference))
            .flat_map(|reference| {
                configuration
                    .each_value(resource, reference)
                    .unwrap_or_else(|| vec![reference.clone()])
            })
            .map(|reference| (resource.modules.clone(), reference))
            .collect();
        while let Some((modules, reference)) = pending.pop() {
            if !seen.insert((modules.clone(), reference.clone())) {
                continue;
            }
            match configuration.step(&modules, &reference) {
                Next::End(target) => {
                    targets.insert(target);
                }
                Next::Expression(modules, Some(expression)) => {
                    let references = references_of(expression);
                    if references.is_empty() {
                        targets.insert(Target::Constant);
                    }
                    let further = longest(&references)
                        .into_iter()
                        .map(|next| (modules.clone(), next.to_owned()));
                    pending.extend(further);
                }
                Next::Expression(_, None) => {
                    targets.insert(Target::Opaque(reference));
                }
            }
        }
        targets
    }

    /// What `each.value` may be: anything that `for_each` refers to.
    fn each_value(&self, resource: &Resource<'_>, reference: &str) -> Option<Vec<String>> {
        let is_value = reference == "each.value" || reference.starts_with("each.value.");
        let key = (
            resource.mode,
            resource.resource_type.clone(),
            resource.name.clone(),
        );
        let each = self
            .modules
            .get(&resource.modules)?
            .for_each
            .get(&key)
            .filter(|_| is_value)?;
        let references = references_of(*each);
        let longest: Vec<String> = longest(&references).into_iter().map(str::to_owned).collect();
        Some(longest).filter(|references| !references.is_empty())
    }

    fn step(&self, modules: &[String], reference: &str) -> Next<'a> {
        let opaque = || Next::End(Target::Opaque(reference.to_owned()));
        let Some(steps) = steps(reference) else {
            return opaque();
        };
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        match names.as_slice() {
            ["var", name, ..] => self.variable(modules, name),
            ["module", call, output, ..] => {
                let child: Vec<String> = modules.iter().cloned().chain([(*call).to_owned()]).collect();
                let outputs = self
                    .modules
                    .get(&child)
                    .and_then(|module| module.outputs?.object().ok());
                let expression = outputs.and_then(|outputs| outputs.object(output)?.get("expression"));
                Next::Expression(child, expression)
            }
            ["data", resource_type, name, attribute @ ..] => resource(
                modules,
                "data",
                (resource_type, name, key_of(&steps, 2)),
                attribute,
            ),
            [
                "var" | "module" | "local" | "each" | "count" | "self" | "path" | "terraform",
                ..,
            ] => opaque(),
            [resource_type, name, attribute @ ..] => resource(
                modules,
                "resource",
                (resource_type, name, key_of(&steps, 1)),
                attribute,
            ),
            _ => opaque(),
        }
    }

    /// A variable is what the module call gives, else its default; a root variable is not in the configuration.
    fn variable(&self, modules: &[String], name: &str) -> Next<'a> {
        let Some((call, parent)) = modules.split_last() else {
            return Next::End(Target::Opaque(format!("var.{name}")));
        };
        let arguments = self
            .modules
            .get(parent)
            .and_then(|module| module.calls.get(call)?.object().ok());
        let given = arguments.and_then(|arguments| arguments.get(name));
        let declared = self
            .modules
            .get(modules)
            .and_then(|module| module.variables?.object().ok()?.object(name));
        match (given, declared) {
            (Some(given), _) => Next::Expression(parent.to_vec(), Some(given)),
            (None, Some(_)) => Next::End(Target::Constant),
            (None, None) => Next::Expression(parent.to_vec(), None),
        }
    }
}

enum Next<'a> {
    End(Target),
    Expression(Vec<String>, Option<Json<'a>>),
}

fn resource<'a>(
    modules: &[String],
    mode: &'static str,
    (resource_type, name, key): (&str, &str, Option<String>),
    attribute: &[&str],
) -> Next<'a> {
    Next::End(Target::Resource {
        modules: modules.to_vec(),
        mode,
        resource_type: resource_type.to_owned(),
        name: name.to_owned(),
        key,
        attribute: attribute.join("."),
    })
}

fn key_of(steps: &[Step], position: usize) -> Option<String> {
    steps.get(position)?.key.clone()
}

fn module<'a>(body: &Object<'a>, calls: &Object<'a>) -> Module<'a> {
    let mut resources = BTreeMap::new();
    let mut for_each = BTreeMap::new();
    for entry in body
        .get("resources")
        .and_then(|list| list.list().ok())
        .unwrap_or_default()
    {
        let Ok(entry) = entry.object() else { continue };
        let mode = if entry.string("mode").as_deref() == Some("data") {
            "data"
        } else {
            "resource"
        };
        let key = (
            entry.string("type"),
            entry.string("name"),
            entry.get("expressions"),
        );
        if let (Some(resource_type), Some(name), Some(each)) =
            (&key.0, &key.1, entry.get("for_each_expression"))
        {
            for_each.insert((mode, resource_type.clone(), name.clone()), each);
        }
        if let (Some(resource_type), Some(name), expressions) = key {
            resources.insert((mode, resource_type, name), expressions);
        }
    }
    let arguments = |call: &Json<'a>| call.object().ok().and_then(|call| call.get("expressions"));
    Module {
        resources,
        for_each,
        calls: calls
            .0
            .iter()
            .filter_map(|(name, call)| Some((name.to_string(), arguments(call)?)))
            .collect(),
        outputs: body.get("outputs"),
        variables: body.get("variables"),
    }
}

/// Whether this is an expression and not a nested block: it has only the keys of one. `{}` is a function of constants.
fn is_expression(object: &Object<'_>) -> bool {
    object
        .0
        .iter()
        .all(|(key, _)| key == "references" || key == "constant_value")
}

/// The references of an expression, each once.
fn referred(expression: Json<'_>) -> Option<Vec<String>> {
    let references = references_of(expression);
    Some(longest(&references).into_iter().map(str::to_owned).collect())
}

fn elements(json: Json<'_>) -> Vec<Json<'_>> {
    match json.shape() {
        Shape::List => json.list().unwrap_or_default(),
        _ => vec![json],
    }
}

fn references(json: Json<'_>) -> Vec<String> {
    elements(json).into_iter().flat_map(references_of).collect()
}

fn references_of(expression: Json<'_>) -> Vec<String> {
    let list = expression
        .object()
        .ok()
        .and_then(|object| object.get("references")?.list().ok());
    list.unwrap_or_default()
        .into_iter()
        .filter_map(|reference| reference.string().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;
    use crate::extract::terraform::resource::change;

    const TEXT: &str = r#"{"root_module": {
        "resources": [
            {"mode": "managed", "type": "aws_iam_role", "name": "bare"},
            {"mode": "managed", "type": "aws_iam_role", "name": "r", "expressions": {
                "assume_role_policy": {}, "name": {"constant_value": "r"},
                "inline_policy": [{"name": {"constant_value": "x"}, "policy": {"references": ["local.p"]}}],
                "managed_policy_arns": {"references": ["module.m.arn", "module.m"]}}}],
        "module_calls": {"m": {"expressions": {"given": {"references": ["aws_iam_policy.g.arn", "aws_iam_policy.g"]}},
            "module": {
                "variables": {"given": {}, "free": {"default": null}},
                "outputs": {"arn": {"expression": {"references": ["var.given", "var.free", "aws_iam_policy.q[0].arn"]}}},
                "resources": [{"mode": "managed", "type": "aws_iam_policy", "name": "q", "expressions": {}}]}}}}}"#;

    fn check(path: &str, expected: Configured) {
        let section = parse(TEXT).unwrap().object().unwrap();
        let configuration = Configuration::read(Some(&section));
        let entry = parse(r#"{"address": "aws_iam_role.r", "type": "aws_iam_role", "name": "r"}"#).unwrap();
        assert_eq!(
            configuration.attribute(&change(entry).unwrap(), path),
            expected,
            "{path}"
        );
        let bare =
            parse(r#"{"address": "aws_iam_role.bare", "type": "aws_iam_role", "name": "bare"}"#).unwrap();
        assert_eq!(
            configuration.attribute(&change(bare).unwrap(), path),
            Configured::No
        );
        let other = parse(r#"{"address": "aws_iam_role.o", "type": "aws_iam_role", "name": "o"}"#).unwrap();
        assert_eq!(
            configuration.attribute(&change(other).unwrap(), path),
            Configured::NotTold
        );
    }

    #[test]
    fn attributes_are_configured_or_not() {
        check("assume_role_policy", Configured::Yes(vec![]));
        check("inline_policy[].policy", Configured::Yes(vec!["local.p".into()]));
        check("inline_policy[].other", Configured::No);
        check("permissions_boundary", Configured::No);
        check(
            "managed_policy_arns",
            Configured::Yes(vec!["module.m.arn".into()]),
        );
    }

    #[test]
    fn references_are_followed() {
        let section = parse(TEXT).unwrap().object().unwrap();
        let configuration = Configuration::read(Some(&section));
        let policy = |modules: &[&str], name: &str, key: Option<&str>| Target::Resource {
            modules: modules.iter().map(|name| (*name).to_owned()).collect(),
            mode: "resource",
            resource_type: "aws_iam_policy".into(),
            name: name.into(),
            key: key.map(str::to_owned),
            attribute: "arn".into(),
        };
        let entry = parse(r#"{"address": "aws_iam_role.r", "type": "aws_iam_role", "name": "r"}"#).unwrap();
        let targets = configuration.trace(
            &change(entry).unwrap(),
            &["module.m.arn".to_owned(), "local.x".to_owned()],
        );
        let expected = [
            policy(&[], "g", None),
            policy(&["m"], "q", Some("0")),
            Target::Constant,
            Target::Opaque("local.x".into()),
        ];
        assert_eq!(targets, BTreeSet::from(expected));
    }

    /// Modules that refer to each other's outputs, and an output that refers to itself: an end is found all the same.
    #[test]
    fn cycles_of_modules_end() {
        let text = r#"{"root_module": {
            "resources": [{"mode": "managed", "type": "aws_iam_role", "name": "r", "expressions": {}}],
            "module_calls": {
                "a": {"expressions": {"in": {"references": ["module.b.out", "module.b"]}}, "module": {
                    "variables": {"in": {}}, "outputs": {"out": {"expression": {"references": ["var.in", "module.a.out"]}}}}},
                "b": {"expressions": {"in": {"references": ["module.a.out", "module.a"]}}, "module": {
                    "variables": {"in": {}},
                    "outputs": {"out": {"expression": {"references": ["var.in", "aws_iam_policy.p.arn"]}}}}}}}}"#;
        let section = parse(text).unwrap().object().unwrap();
        let configuration = Configuration::read(Some(&section));
        let entry = parse(r#"{"address": "aws_iam_role.r", "type": "aws_iam_role", "name": "r"}"#).unwrap();
        let targets = configuration.trace(&change(entry).unwrap(), &["module.a.out".to_owned()]);
        let policy = Target::Resource {
            modules: vec!["b".into()],
            mode: "resource",
            resource_type: "aws_iam_policy".into(),
            name: "p".into(),
            key: None,
            attribute: "arn".into(),
        };
        assert_eq!(
            targets,
            BTreeSet::from([policy, Target::Opaque("module.a.out".into())])
        );
    }
}
