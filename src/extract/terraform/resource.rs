//! One resource of a plan or state: an entry of `resource_changes`, `deferred_changes`, `planned_values`, `prior_state` or
//! `values`.

use crate::extract::{BlockAddress, Origin};
use crate::source::{FileId, Place};

use super::addresses::module_names;
use super::json::{Json, Object, Shape, Unreadable};

/// Which part of the plan tells of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// `resource_changes` or `deferred_changes`.
    Change,
    /// `planned_values`: unknown values are missing without a mark.
    Planned,
    /// `prior_state`.
    Prior,
    /// The `values` of a state: everything is known.
    State,
    /// A resource as it was: what was planned earlier may have been unknown then.
    Before,
}

/// A resource as one view of the plan tells it.
#[derive(Debug, Clone)]
pub(super) struct Resource<'a> {
    pub view: View,
    /// The whole entry.
    pub json: Json<'a>,
    /// `module.m["x"].aws_iam_role.r[0]`; built from the parts when the plan has none.
    pub address: String,
    pub modules: Vec<String>,
    pub mode: &'static str,
    pub resource_type: String,
    pub name: String,
    /// The instance key as JSON text, if any.
    pub index: Option<&'a str>,
    pub actions: Vec<String>,
    pub before: Option<Json<'a>>,
    pub after: Option<Json<'a>>,
    pub unknown: Option<Json<'a>>,
    pub sensitive: Option<Json<'a>>,
    pub before_sensitive: Option<Json<'a>>,
    /// What is not known of `before`, where that is an earlier plan.
    pub before_unknown: Option<Json<'a>>,
    /// Where it was before it moved.
    pub previous_address: Option<String>,
    /// A leftover object of an earlier replacement: it is only ever destroyed.
    pub deposed: bool,
}

/// Reads an entry of `resource_changes`, or the `resource_change` of one of `deferred_changes`.
pub(super) fn change(json: Json<'_>) -> Result<Resource<'_>, Unreadable> {
    let entry = json.object()?;
    let mut resource = identified(View::Change, json, &entry);
    resource.deposed = entry.get("deposed").is_some();
    resource.previous_address = entry.string("previous_address");
    if let Some(change) = entry.get("change") {
        let change = change.object()?;
        resource.actions = match change.get("actions") {
            Some(actions) => actions
                .list()?
                .into_iter()
                .map(Json::string)
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        resource.before = change.get("before");
        resource.after = change.get("after");
        resource.unknown = change.get("after_unknown");
        resource.sensitive = change.get("after_sensitive");
        resource.before_sensitive = change.get("before_sensitive");
    }
    Ok(resource)
}

/// Reads an entry of `resources` in `planned_values`, in `prior_state` or in a state.
pub(super) fn state(view: View, json: Json<'_>) -> Result<Resource<'_>, Unreadable> {
    let entry = json.object()?;
    let mut resource = identified(view, json, &entry);
    resource.deposed = entry.get("deposed_key").is_some();
    resource.after = entry.get("values");
    resource.sensitive = entry.get("sensitive_values");
    Ok(resource)
}

impl Resource<'_> {
    /// Whether the plan does anything to it.
    pub fn is_changed(&self) -> bool {
        self.view != View::Change
            || self
                .actions
                .iter()
                .any(|action| action != "no-op" && action != "read")
    }

    /// Whether it is there after the plan is applied.
    pub fn stays(&self) -> bool {
        self.after.is_some()
    }

    /// Whether the plan deletes it for good.
    pub fn is_deleted(&self) -> bool {
        self.after.is_none()
            && !self.actions.is_empty()
            && self.actions.iter().all(|action| action == "delete")
    }

    /// Whether the plan forgets it: it stays as it is, and nobody tells of it any more.
    pub fn is_forgotten(&self) -> bool {
        !self.actions.is_empty() && self.actions.iter().all(|action| action == "forget")
    }

    /// Whether it was there before.
    pub fn is_created(&self) -> bool {
        self.before.is_none()
    }

    /// The origin of a finding at this resource; `suffix` is the part of the address after it (`/policy`), if any.
    pub fn origin(&self, suffix: &str, place: Place) -> Origin {
        Origin {
            address: format!("{}{suffix}", self.address),
            resource_type: self.resource_type.clone(),
            place,
            statements: Vec::new(),
            block: Some(BlockAddress {
                modules: self.modules.clone(),
                mode: self.mode,
                resource_type: self.resource_type.clone(),
                name: self.name.clone(),
            }),
            rebuilt: None,
        }
    }

    /// Where the whole entry stands.
    pub fn place(&self, plan: &str, file: FileId) -> Place {
        self.json.place(plan, file)
    }
}

fn identified<'a>(view: View, json: Json<'a>, entry: &Object<'a>) -> Resource<'a> {
    let module_address = entry.string("module_address");
    let written = entry.string("address").unwrap_or_default();
    let resource_type = entry.string("type").unwrap_or_default();
    let name = entry.string("name").unwrap_or_default();
    let index = entry
        .get("index")
        .filter(|index| matches!(index.shape(), Shape::Number | Shape::String));
    let mode = if entry.string("mode").as_deref() == Some("data") {
        "data"
    } else {
        "resource"
    };
    let module = match (&module_address, super::addresses::steps(&written)) {
        (Some(module), _) => module.clone(),
        // Resources of `planned_values` have no module address of their own.
        (None, Some(_)) => module_part(&written).to_owned(),
        (None, None) => String::new(),
    };
    let address = if written.is_empty() {
        let module = if module.is_empty() {
            String::new()
        } else {
            format!("{module}.")
        };
        let data = if mode == "data" { "data." } else { "" };
        let key = index
            .map(|index| format!("[{}]", index.text()))
            .unwrap_or_default();
        format!("{module}{data}{resource_type}.{name}{key}")
    } else {
        written
    };
    Resource {
        view,
        json,
        address,
        modules: module_names(&module),
        mode,
        resource_type,
        name,
        index: index.map(Json::text),
        actions: Vec::new(),
        before: None,
        after: None,
        unknown: None,
        sensitive: None,
        before_sensitive: None,
        before_unknown: None,
        previous_address: None,
        deposed: false,
    }
}

/// The leading `module.a["k"].module.b` of an address.
fn module_part(address: &str) -> &str {
    let mut end = 0;
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    let mut dots = 0;
    for (at, byte) in address.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'.' if depth == 0 => {
                dots += 1;
                if dots % 2 == 0 {
                    end = at;
                }
                let next = address.get(at + 1..).unwrap_or_default();
                if dots % 2 == 0 && !next.starts_with("module.") {
                    return address
                        .get(..end)
                        .filter(|_| address.starts_with("module."))
                        .unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;

    #[test]
    fn the_module_is_the_start_of_an_address() {
        for (address, module) in [
            ("aws_iam_role.r", ""),
            ("data.aws_iam_role.r", ""),
            ("module.m.aws_iam_role.r", "module.m"),
            (
                "module.m[\"a.b\"].module.n[0].data.t.n",
                "module.m[\"a.b\"].module.n[0]",
            ),
        ] {
            assert_eq!(module_part(address), module, "{address}");
        }
    }

    #[test]
    fn a_missing_address_is_built() {
        let text = r#"{"address": "", "module_address": "module.m[\"x.y\"]", "type": "aws_iam_policy", "name": "p",
            "index": "k", "change": {"actions": ["no-op"], "before": {}, "after": {}}}"#;
        let resource = change(parse(text).unwrap()).unwrap();
        assert_eq!(resource.address, "module.m[\"x.y\"].aws_iam_policy.p[\"k\"]");
        assert_eq!(resource.modules, ["m"]);
        assert!(!resource.is_changed() && resource.stays() && !resource.is_created());
    }
}
