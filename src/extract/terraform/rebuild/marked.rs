//! A value of a plan together with the marks of what is not known of it.

use std::collections::BTreeSet;

use crate::extract::terraform::json::{Json, Object, Shape};

/// A value and its marks: `after` and `after_unknown` side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked<'a> {
    value: Option<Json<'a>>,
    mark: Option<Json<'a>>,
}

/// What is known of a value as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum State<'a> {
    /// It is `null`, or nobody set it.
    Absent,
    /// It is known only after apply.
    Unknown,
    /// It is there; parts of it may be unknown.
    There(Json<'a>),
}

/// The value and its marks do not fit each other, or it is none of the kind that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit;

impl<'a> Marked<'a> {
    pub fn new(value: Option<Json<'a>>, mark: Option<Json<'a>>) -> Marked<'a> {
        let there = |json: &Json<'a>| json.shape() != Shape::Null;
        Marked {
            value: value.filter(there),
            mark: mark.filter(there),
        }
    }

    pub fn state(self) -> State<'a> {
        match (self.value, self.mark) {
            (_, Some(mark)) if mark.is_true() => State::Unknown,
            (Some(value), _) => State::There(value),
            // Parts of something that is not there: nothing is known of it.
            (None, Some(mark)) if mark.text().contains("true") => State::Unknown,
            (None, _) => State::Absent,
        }
    }

    /// The members of a block, in order of their names; those that are `null` are among them.
    pub fn members(self) -> Result<Vec<(String, Marked<'a>)>, Misfit> {
        let value = object(self.value)?;
        let mark = match self.mark {
            Some(mark) if matches!(mark.shape(), Shape::Bool(false)) => Object::default(),
            mark => object(mark)?,
        };
        let names: BTreeSet<&str> = value
            .0
            .iter()
            .chain(&mark.0)
            .map(|(name, _)| name.as_ref())
            .collect();
        let members = names.into_iter().map(|name| {
            let member = Marked::new(value.get(name), mark.get(name));
            (name.to_owned(), member)
        });
        Ok(members.collect())
    }

    /// The elements of a list or set. Terraform before 1.0 left unknown elements out of the value, but not out of the
    /// marks; lists and sets are in the same order in both.
    pub fn elements(self) -> Result<Vec<Marked<'a>>, Misfit> {
        let values = list(self.value)?;
        let marks = match self.mark {
            Some(mark) if matches!(mark.shape(), Shape::Bool(false)) => Vec::new(),
            mark => list(mark)?,
        };
        let unknown = |mark: &&Json<'a>| mark.is_true();
        let left_out = marks.iter().filter(unknown).count();
        if marks.is_empty() || values.len() == marks.len() {
            let mut marks = marks.into_iter();
            let pair = |value| Marked::new(Some(value), marks.next());
            return Ok(values.into_iter().map(pair).collect());
        }
        if values.len() + left_out != marks.len() {
            return Err(Misfit);
        }
        let mut values = values.into_iter();
        let pair = |mark: Json<'a>| Marked::new(values.next_if_known(mark), Some(mark));
        Ok(marks.into_iter().map(pair).collect())
    }
}

/// The next value, unless the mark says that it was left out.
trait NextIfKnown<'a> {
    fn next_if_known(&mut self, mark: Json<'a>) -> Option<Json<'a>>;
}

impl<'a, I: Iterator<Item = Json<'a>>> NextIfKnown<'a> for I {
    fn next_if_known(&mut self, mark: Json<'a>) -> Option<Json<'a>> {
        if mark.is_true() { None } else { self.next() }
    }
}

fn object(json: Option<Json<'_>>) -> Result<Object<'_>, Misfit> {
    match json {
        Some(json) => json.object().map_err(|_| Misfit),
        None => Ok(Object::default()),
    }
}

fn list(json: Option<Json<'_>>) -> Result<Vec<Json<'_>>, Misfit> {
    match json {
        Some(json) => json.list().map_err(|_| Misfit),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::terraform::json::parse;

    fn check(value: &str, mark: &str, expected: Option<&[&str]>) {
        let marked = Marked::new(Some(parse(value).unwrap()), Some(parse(mark).unwrap()));
        let told: Option<Vec<String>> = marked.elements().ok().map(|elements| {
            let told = elements.into_iter().map(|element| match element.state() {
                State::Absent => "absent".to_owned(),
                State::Unknown => "unknown".to_owned(),
                State::There(value) => value.text().to_owned(),
            });
            told.collect()
        });
        let expected = expected.map(|expected| expected.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(told, expected, "{value} {mark}");
    }

    #[test]
    fn elements_are_told_by_their_marks() {
        check("[null, \"a\"]", "[true, false]", Some(&["unknown", "\"a\""]));
        check("[\"a\", null]", "[false, false]", Some(&["\"a\"", "absent"]));
        check("[\"a\"]", "[]", Some(&["\"a\""]));
        check("[\"a\"]", "false", Some(&["\"a\""]));
        // As Terraform before 1.0 wrote it.
        check("[\"a\"]", "[true, false]", Some(&["unknown", "\"a\""]));
        check("[]", "[true, true]", Some(&["unknown", "unknown"]));
        check("[\"a\", \"b\"]", "[true]", None);
        check("[\"a\"]", "[true, true, false, false]", None);
        check("{}", "[]", None);
    }

    #[test]
    fn members_are_those_of_both() {
        let marked = |value: &str, mark: &str| {
            let (value, mark) = (value.to_owned().leak(), mark.to_owned().leak());
            Marked::new(Some(parse(value).unwrap()), Some(parse(mark).unwrap()))
        };
        let members = marked("{\"b\": 1, \"c\": null}", "{\"a\": true, \"c\": [true]}")
            .members()
            .unwrap();
        let told: Vec<(String, bool)> = members
            .into_iter()
            .map(|(name, member)| (name, matches!(member.state(), State::Unknown)))
            .collect();
        let expected = [("a", true), ("b", false), ("c", true)].map(|(name, known)| (name.to_owned(), known));
        assert_eq!(told, expected);
        assert_eq!(marked("[]", "{}").members().map(|_| ()), Err(Misfit));
        assert!(matches!(marked("{\"a\": 1}", "true").state(), State::Unknown));
    }
}
