//! Walking a table path (`inline_policy[].policy`) through the four views of a change at once: what will be, what is
//! not known of it, what is sensitive, and what was.

use super::json::{Json, Object, Shape, Unreadable};
use super::resource::Resource;

/// One attribute at a path.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    /// `inline_policy[0]`: the path with indices; the last name is left out below a block.
    pub path: String,
    pub value: Value<'a>,
    /// The value before the change, found by the name of its block where it has one.
    pub before: Option<Json<'a>>,
    pub is_sensitive: bool,
    /// The marks of what is unknown in the value.
    pub marks: Option<Json<'a>>,
    /// The nearest block or value that is there.
    pub nearest: Option<Json<'a>>,
    /// Whether it is inside a block that is there.
    pub in_block: bool,
}

/// What is known of an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Nothing: neither a value nor a mark that there will be one.
    Absent,
    /// There will be a value, known after apply.
    Unknown,
    /// The value.
    Known(Json<'a>),
    /// The marks do not fit the value, or the block is none.
    Misshapen,
}

/// All attributes at a path: one for each member of the lists on the way; none if there is no such block.
pub(super) fn attributes<'a>(resource: &Resource<'a>, path: &str) -> Result<Vec<Attribute<'a>>, Unreadable> {
    let start = Views {
        after: resource.after,
        unknown: resource.unknown,
        sensitive: resource.sensitive,
        before: resource.before,
    };
    let mut found = Vec::new();
    let segments: Vec<&str> = path.split('.').collect();
    descend(
        start,
        &segments,
        Trail {
            path: String::new(),
            nearest: None,
            in_block: false,
        },
        &mut found,
    )?;
    Ok(found)
}

#[derive(Debug, Clone, Copy, Default)]
struct Views<'a> {
    after: Option<Json<'a>>,
    unknown: Option<Json<'a>>,
    sensitive: Option<Json<'a>>,
    before: Option<Json<'a>>,
}

#[derive(Debug, Clone)]
struct Trail<'a> {
    path: String,
    nearest: Option<Json<'a>>,
    in_block: bool,
}

/// Paths of the tables have four segments at most, so this recursion is bounded by them.
fn descend<'a>(
    views: Views<'a>,
    segments: &[&str],
    trail: Trail<'a>,
    found: &mut Vec<Attribute<'a>>,
) -> Result<(), Unreadable> {
    let Some((segment, rest)) = segments.split_first() else {
        found.push(attribute(leaf(views), views, trail));
        return Ok(());
    };
    let name = segment.trim_end_matches("[]");
    let Some(child) = member(views, name)? else {
        found.push(attribute(Value::Misshapen, views, trail));
        return Ok(());
    };
    let trail = Trail {
        nearest: child.after.or(trail.nearest),
        ..trail
    };
    if rest.is_empty() {
        let path = if trail.in_block {
            trail.path.clone()
        } else {
            name.to_owned()
        };
        return descend(child, rest, Trail { path, ..trail }, found);
    }
    let path = if trail.path.is_empty() {
        name.to_owned()
    } else {
        format!("{}.{name}", trail.path)
    };
    if is_true(child.unknown) {
        let in_block = trail.in_block || child.after.is_some();
        found.push(attribute(
            Value::Unknown,
            child,
            Trail {
                path,
                in_block,
                ..trail
            },
        ));
        return Ok(());
    }
    match child.after.map(Json::shape) {
        None if marks_something(child.unknown) => {
            found.push(attribute(Value::Unknown, child, Trail { path, ..trail }));
            Ok(())
        }
        None => Ok(()),
        Some(Shape::Object) => descend(
            child,
            rest,
            Trail {
                path,
                in_block: true,
                ..trail
            },
            found,
        ),
        Some(Shape::List) => {
            for (index, views) in elements(child)?.into_iter().enumerate() {
                let nearest = views.after.or(trail.nearest);
                let trail = Trail {
                    path: format!("{path}[{index}]"),
                    nearest,
                    in_block: true,
                };
                match is_true(views.unknown) {
                    true => found.push(attribute(Value::Unknown, views, trail)),
                    false => descend(views, rest, trail, found)?,
                }
            }
            Ok(())
        }
        Some(_) => {
            found.push(attribute(Value::Misshapen, child, Trail { path, ..trail }));
            Ok(())
        }
    }
}

fn attribute<'a>(value: Value<'a>, views: Views<'a>, trail: Trail<'a>) -> Attribute<'a> {
    Attribute {
        path: trail.path,
        value,
        before: views.before,
        is_sensitive: marks_something(views.sensitive),
        marks: views.unknown,
        nearest: trail.nearest,
        in_block: trail.in_block,
    }
}

fn leaf(views: Views<'_>) -> Value<'_> {
    match (views.after, views.unknown.map(Json::shape)) {
        (_, Some(Shape::Bool(true))) => Value::Unknown,
        (Some(value), None | Some(Shape::Bool(false))) => Value::Known(value),
        // Lists and objects have marks of their own shape; a text has none but `true`.
        (Some(value), Some(Shape::List | Shape::Object)) => match value.shape() {
            Shape::List | Shape::Object => Value::Known(value),
            _ if !marks_something(views.unknown) => Value::Known(value),
            _ => Value::Misshapen,
        },
        (None, mark) if mark.is_none() || !marks_something(views.unknown) => Value::Absent,
        (None, Some(Shape::List | Shape::Object)) => Value::Unknown,
        _ => Value::Misshapen,
    }
}

/// The views of a member; `None` if the value or the marks are no object.
fn member<'a>(views: Views<'a>, name: &str) -> Result<Option<Views<'a>>, Unreadable> {
    let object = |view: Option<Json<'a>>| -> Result<Option<Object<'a>>, Unreadable> {
        match view.map(Json::shape) {
            Some(Shape::Object) => view.map(Json::object).transpose(),
            _ => Ok(None),
        }
    };
    let misshapen = |view: Option<Json<'a>>| !matches!(view.map(Json::shape), None | Some(Shape::Object));
    let unknown_fits = is_plain_mark(views.unknown) || !misshapen(views.unknown);
    if misshapen(views.after) || !unknown_fits {
        return Ok(None);
    }
    let inherited = |view: Option<Json<'a>>| view.filter(|view| view.is_true());
    let get = |object: Option<Object<'a>>| object.and_then(|object| object.get(name));
    Ok(Some(Views {
        after: get(object(views.after)?),
        unknown: get(object(views.unknown)?).or(inherited(views.unknown)),
        sensitive: get(object(views.sensitive)?).or(inherited(views.sensitive)),
        before: get(object(views.before)?),
    }))
}

/// The views of the members of a list, as many as the longer of value and marks has. What was before is found by the
/// name of the block, since sets are sorted anew; else by position.
fn elements(views: Views<'_>) -> Result<Vec<Views<'_>>, Unreadable> {
    let (after, unknown) = (list_of(views.after)?, list_of(views.unknown)?);
    let sensitive = list_of(views.sensitive)?;
    let before: Vec<_> = match views.before.map(Json::shape) {
        Some(Shape::Object) => views.before.into_iter().collect(),
        _ => list_of(views.before)?,
    };
    let inherited = views.sensitive.filter(|view| view.is_true());
    let element = |index: usize| {
        let after = after
            .get(index)
            .copied()
            .filter(|value| value.shape() != Shape::Null);
        let earlier = match after.and_then(block_name) {
            Some(name) => before
                .iter()
                .copied()
                .find(|block| block_name(*block).as_ref() == Some(&name)),
            None => before.get(index).copied(),
        };
        Views {
            after,
            unknown: unknown.get(index).copied(),
            sensitive: sensitive.get(index).copied().or(inherited),
            before: earlier,
        }
    };
    Ok((0..after.len().max(unknown.len())).map(element).collect())
}

fn list_of(view: Option<Json<'_>>) -> Result<Vec<Json<'_>>, Unreadable> {
    match view {
        Some(view) if view.shape() == Shape::List => view.list(),
        _ => Ok(Vec::new()),
    }
}

/// The name of a policy block.
pub(super) fn block_name(block: Json<'_>) -> Option<String> {
    let block = block.object().ok()?;
    block.string("name").or_else(|| block.string("policy_name"))
}

fn is_true(view: Option<Json<'_>>) -> bool {
    view.is_some_and(Json::is_true)
}

fn is_plain_mark(view: Option<Json<'_>>) -> bool {
    matches!(view.map(Json::shape), None | Some(Shape::Bool(_)))
}

/// Whether marks of unknown values hold any `true`. Marks have no text, so looking for the word is exact enough: a
/// member of that name errs towards unknown.
pub(super) fn marks_something(marks: Option<Json<'_>>) -> bool {
    marks.is_some_and(|marks| marks.text().contains("true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;
    use crate::extract::terraform::resource::change;

    fn check(path: &str, after: &str, unknown: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"type": "t", "name": "n", "change": {{"actions": ["create"], "after": {after},
            "after_unknown": {unknown}}}}}"#
        );
        let resource = change(parse(&text).unwrap()).unwrap();
        let found = attributes(&resource, path).unwrap();
        let told: Vec<String> = found
            .iter()
            .map(|attribute| match attribute.value {
                Value::Absent => format!("{} absent", attribute.path),
                Value::Unknown => format!("{} unknown", attribute.path),
                Value::Known(value) => format!("{} = {}", attribute.path, value.text()),
                Value::Misshapen => format!("{} misshapen", attribute.path),
            })
            .collect();
        assert_eq!(told, expected, "{path} in {after} / {unknown}");
    }

    #[test]
    fn single_attributes() {
        check("p", r#"{"p": "x"}"#, "{}", &["p = \"x\""]);
        check("p", r#"{"p": "x"}"#, "false", &["p = \"x\""]);
        check("p", r#"{"p": "x"}"#, r#"{"p": true}"#, &["p unknown"]);
        check("p", r#"{"p": "x"}"#, r#"{"p": [true]}"#, &["p misshapen"]);
        check("p", r#"{"p": null}"#, r#"{"p": true}"#, &["p unknown"]);
        check("p", "{}", "true", &["p unknown"]);
        check("p", "{}", "{}", &["p absent"]);
        check("p", "[]", "{}", &[" misshapen"]);
        check(
            "p",
            r#"{"p": ["a", null]}"#,
            r#"{"p": [false, true]}"#,
            &[r#"p = ["a", null]"#],
        );
    }

    #[test]
    fn blocks() {
        let path = "b[].p";
        check(
            path,
            r#"{"b": [{"p": "x"}, {}]}"#,
            r#"{"b": [{}, {"p": true}]}"#,
            &["b[0] = \"x\"", "b[1] unknown"],
        );
        check(
            path,
            r#"{"b": [{}]}"#,
            r#"{"b": [{}, {"p": true}]}"#,
            &["b[0] absent", "b[1] unknown"],
        );
        check(path, r#"{"b": [null]}"#, r#"{"b": [true]}"#, &["b[0] unknown"]);
        check(path, "{}", r#"{"b": true}"#, &["b unknown"]);
        check(path, r#"{"b": []}"#, "{}", &[]);
        check(path, r#"{"b": "x"}"#, "{}", &["b misshapen"]);
        check(path, r#"{"b": ["x"]}"#, "{}", &["b[0] misshapen"]);
        check("d.p", r#"{"d": [{"p": "x"}]}"#, "{}", &["d[0] = \"x\""]);
        check("d.p", r#"{"d": {"p": "x"}}"#, "{}", &["d = \"x\""]);
        check(
            "a[].b.p",
            r#"{"a": [{"b": {"p": "x"}}]}"#,
            "{}",
            &["a[0].b = \"x\""],
        );
    }

    #[test]
    fn earlier_blocks_are_found_by_name() {
        let text = r#"{"type": "t", "name": "n", "change": {"actions": ["update"], "after_sensitive": {"b": [{"p": true}]},
            "before": {"b": [{"name": "x", "p": "old x"}, {"name": "y", "p": "old y"}]},
            "after": {"b": [{"name": "y", "p": "new y"}, {"name": "z", "p": "new z"}]}}}"#;
        let resource = change(parse(text).unwrap()).unwrap();
        let found = attributes(&resource, "b[].p").unwrap();
        let before: Vec<_> = found.iter().map(|found| found.before.map(Json::text)).collect();
        assert_eq!(before, [Some("\"old y\""), None]);
        let sensitive: Vec<_> = found.iter().map(|found| found.is_sensitive).collect();
        assert_eq!(sensitive, [true, false]);
    }
}
