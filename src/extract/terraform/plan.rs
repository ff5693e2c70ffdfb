//! The sections of a plan, and of a state. Unknown keys are passed over everywhere, as the format demands; an unknown major version is
//! refused.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::json::{Json, Object, Unreadable, parse_object, same_text};
use super::resource::{Resource, View, change, state};
use crate::extract::{InputNote, Runner};

/// A plan or state, with only those resources of `planned_values` that `resource_changes` does not tell of in the same words.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    pub resources: Vec<Resource<'a>>,
    /// Resources of `prior_state`, data sources that were read while planning among them.
    pub prior: Vec<Resource<'a>>,
    pub configuration: Option<Object<'a>>,
    /// Whether this is a state: nothing changes.
    pub is_state: bool,
    /// Why the plan is not the whole of what will happen.
    pub incomplete: Vec<&'static str>,
    pub notes: Vec<InputNote>,
}

/// Tells which resources are of interest; the others are not kept.
pub(super) type Keep<'k, 'a> = &'k (dyn Fn(&Resource<'a>) -> bool + Sync);

/// Reads a plan.
pub(super) fn read<'a>(text: &'a str, keep: Keep<'_, 'a>, run: Runner<'_>) -> Result<Plan<'a>, String> {
    let located = |error: Unreadable| error.in_text(text);
    let top = parse_object(text).map_err(located)?;
    let mut plan = Plan::default();
    plan.notes
        .extend(check_version("plan", top.get("format_version"))?);
    let (changes, planned) = (top.get("resource_changes"), top.get("planned_values"));
    if changes.is_none() && planned.is_none() {
        return Err("no planned changes section: neither `resource_changes` nor `planned_values`".to_owned());
    }
    plan.incomplete = incomplete(&top);
    let entries = entries_of_changes(changes, top.get("deferred_changes")).map_err(located)?;
    plan.resources = read_entries(&entries, &change, keep, run).map_err(located)?;
    if let Some(values) = planned {
        let planned = read_state(View::Planned, values, keep, run).map_err(located)?;
        add_other_view(&mut plan, planned);
    }
    if let Some(values) = top.object("prior_state").and_then(|state| state.get("values")) {
        plan.prior = read_state(View::Prior, values, keep, run).map_err(located)?;
    }
    plan.configuration = top
        .get("configuration")
        .map(Json::object)
        .transpose()
        .map_err(located)?;
    Ok(plan)
}

/// Reads a state: all that is deployed, leftovers of replacements included. One without `values` is empty.
pub(super) fn read_deployed<'a>(
    text: &'a str,
    keep: Keep<'_, 'a>,
    run: Runner<'_>,
) -> Result<Plan<'a>, String> {
    let located = |error: Unreadable| error.in_text(text);
    let top = parse_object(text).map_err(located)?;
    let mut plan = Plan {
        is_state: true,
        ..Plan::default()
    };
    plan.notes
        .extend(check_version("state", top.get("format_version"))?);
    if let Some(values) = top.get("values") {
        plan.resources = read_state(View::State, values, keep, run).map_err(located)?;
    }
    plan.prior = plan
        .resources
        .extract_if(.., |resource| {
            resource.mode == "data" && resource.resource_type != "aws_iam_policy_document"
        })
        .collect();
    plan.notes.push(InputNote {
        id: "state",
        address: String::new(),
        message: "this is a state: what is deployed is checked, not what a plan would change".to_owned(),
    });
    Ok(plan)
}

/// Accepts `>=0.1, <2.0`; a minor version newer than the last known one is worth a note.
fn check_version(what: &str, version: Option<Json<'_>>) -> Result<Option<InputNote>, String> {
    let unsupported = format!("unsupported {what} format");
    let Some(version) = version.and_then(|version| version.string().ok()) else {
        return Err(format!("{unsupported}: `format_version` is missing or no text"));
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() <= 4);
    let parts = version
        .split_once('.')
        .and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    match parts {
        Some((0, 1..) | (1, 0..=2)) => Ok(None),
        Some((1, minor)) => Ok(Some(InputNote {
            id: "format-version",
            address: String::new(),
            message: format!("{what} format 1.{minor} is newer than 1.2: what it added is passed over"),
        })),
        Some((major, minor)) => Err(format!(
            "{unsupported} {major}.{minor}: versions from 0.1 up to 2.0 are read"
        )),
        None => Err(format!("{unsupported}: `format_version` is no version number")),
    }
}

fn incomplete(top: &Object<'_>) -> Vec<&'static str> {
    let is = |key: &str, value: bool| top.get(key).is_some_and(|found| found.is_true() == value);
    let deferred = top
        .get("deferred_changes")
        .is_some_and(|list| list.list().map_or(true, |list| !list.is_empty()));
    [
        (
            is("errored", true),
            "planning ended with an error, so the plan is partial",
        ),
        (is("complete", false), "the plan says that it is not complete"),
        (deferred, "some changes are deferred to a later plan"),
    ]
    .into_iter()
    .filter_map(|(holds, reason)| holds.then_some(reason))
    .collect()
}

fn entries_of_changes<'a>(
    changes: Option<Json<'a>>,
    deferred: Option<Json<'a>>,
) -> Result<Vec<Json<'a>>, Unreadable> {
    let mut entries = changes.map(Json::list).transpose()?.unwrap_or_default();
    for deferral in deferred.map(Json::list).transpose()?.unwrap_or_default() {
        entries.extend(deferral.object()?.get("resource_change"));
    }
    Ok(entries)
}

/// Entries that are read in one go.
const CHUNK: usize = 64;

/// The resources of entries that are kept, in their order, or the first fault.
fn read_entries<'a>(
    entries: &[Json<'a>],
    read: &(dyn Fn(Json<'a>) -> Result<Resource<'a>, Unreadable> + Sync),
    keep: Keep<'_, 'a>,
    run: Runner<'_>,
) -> Result<Vec<Resource<'a>>, Unreadable> {
    let kept = |chunk: &[Json<'a>]| -> Result<Vec<Resource<'a>>, Unreadable> {
        let resources = chunk.iter().map(|entry| read(*entry));
        resources
            .filter(|resource| resource.as_ref().map_or(true, keep))
            .collect()
    };
    let chunks: Vec<&[Json<'a>]> = entries.chunks(CHUNK).collect();
    let parts: Vec<OnceLock<Result<Vec<Resource<'a>>, Unreadable>>> =
        chunks.iter().map(|_| OnceLock::new()).collect();
    run(chunks.len(), &|at| {
        if let (Some(chunk), Some(part)) = (chunks.get(at), parts.get(at)) {
            part.get_or_init(|| kept(chunk));
        }
    });
    let found = parts.iter().filter_map(|part| part.get()?.as_ref().ok());
    let mut resources = Vec::with_capacity(found.map(Vec::len).sum());
    for (part, chunk) in parts.into_iter().zip(chunks) {
        // A task that nobody ran is done here: nothing may be lost.
        resources.extend(part.into_inner().unwrap_or_else(|| kept(chunk))?);
    }
    Ok(resources)
}

/// The resources of a module tree, without recursion: its depth is up to whoever wrote the file.
fn read_state<'a>(
    view: View,
    values: Json<'a>,
    keep: Keep<'_, 'a>,
    run: Runner<'_>,
) -> Result<Vec<Resource<'a>>, Unreadable> {
    let mut entries = Vec::new();
    let mut modules: Vec<Json<'a>> = values.object()?.get("root_module").into_iter().collect();
    while let Some(module) = modules.pop() {
        let module = module.object()?;
        entries.extend(
            module
                .get("resources")
                .map(Json::list)
                .transpose()?
                .unwrap_or_default(),
        );
        let children = module
            .get("child_modules")
            .map(Json::list)
            .transpose()?
            .unwrap_or_default();
        modules.extend(children.into_iter().rev());
    }
    read_entries(&entries, &|entry| state(view, entry), keep, run)
}

/// Adds those resources of `planned_values` that the changes do not tell of, or tell of otherwise.
fn add_other_view<'a>(plan: &mut Plan<'a>, planned: Vec<Resource<'a>>) {
    let mut changed: BTreeMap<String, Vec<Json<'a>>> = BTreeMap::new();
    for resource in plan.resources.iter().filter(|resource| !resource.deposed) {
        changed
            .entry(resource.address.clone())
            .or_default()
            .extend(resource.after);
    }
    for resource in planned {
        let told = changed.get(&resource.address);
        let same = |after: &Json<'a>| resource.after.is_none_or(|values| same_text(*after, values));
        let message = match told {
            Some(afters) if afters.iter().any(same) || resource.after.is_none() => continue,
            Some(_) => "`planned_values` tells of it otherwise than `resource_changes`: both are checked",
            None => {
                "only `planned_values` tells of it, `resource_changes` does not: it is checked all the same"
            }
        };
        if resource.mode == "resource" {
            plan.notes.push(InputNote {
                id: "views-differ",
                address: resource.address.clone(),
                message: message.to_owned(),
            });
            plan.resources.push(resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::one_by_one;

    fn check(text: &str, expected: Result<usize, &str>) {
        let plan = read(text, &|_| true, &one_by_one);
        match (plan, expected) {
            (Ok(plan), Ok(count)) => assert_eq!(plan.resources.len(), count, "{text}"),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (plan, _) => panic!("{text}: {plan:?}"),
        }
    }

    #[test]
    fn versions() {
        let plan = |version: &str| format!("{{{version}\"resource_changes\": []}}");
        for version in ["\"0.1\"", "\"0.2\"", "\"1.0\"", "\"1.2\"", "\"1.17\""] {
            check(&plan(&format!("\"format_version\": {version},")), Ok(0));
        }
        for version in [
            "\"2.0\"", "\"0.0\"", "\"\"", "\"1\"", "1.2", "null", "\"1.x\"", "\"-1.2\"",
        ] {
            check(
                &plan(&format!("\"format_version\": {version},")),
                Err("unsupported plan format"),
            );
        }
        check(&plan(""), Err("unsupported plan format"));
        let newer = plan("\"format_version\": \"1.9\",");
        assert_eq!(read(&newer, &|_| true, &one_by_one).unwrap().notes.len(), 1);
    }

    #[test]
    fn sections() {
        let plan = |rest: &str| format!("{{\"format_version\": \"1.2\", {rest}}}");
        check(&plan("\"prior_state\": {}"), Err("no planned changes section"));
        check(
            &plan("\"resource_changes\": [], \"resource_changes\": []"),
            Err("duplicate key"),
        );
        check(&plan("\"resource_changes\": {}"), Err("1:"));
        check(
            &plan("\"planned_values\": {\"root_module\": {}}, \"surprise\": [[[]]]"),
            Ok(0),
        );
        let change = r#""resource_changes": [{"address": "t.a", "type": "t", "name": "a", "change":
            {"actions": ["create"], "after": {"x": 1}}}]"#;
        let values = |address: &str, x: u8| {
            format!(
                r#"{change}, "planned_values": {{"root_module": {{"child_modules": [{{"resources":
                [{{"address": "{address}", "type": "t", "name": "a", "values": {{"x":{x}}}}}]}}]}}}}"#
            )
        };
        check(&plan(&values("t.a", 1)), Ok(1));
        check(&plan(&values("t.a", 2)), Ok(2));
        check(&plan(&values("module.m.t.a", 1)), Ok(2));
        let partial = plan(&format!("{change}, \"errored\": true, \"complete\": false"));
        assert_eq!(
            read(&partial, &|_| true, &one_by_one).unwrap().incomplete.len(),
            2
        );
    }
}
