//! A `statement` block of an `aws_iam_policy_document` as a statement of the document: defaults, sets of one element as
//! texts, `&{…}` as `${…}`. What is not known is a hole at its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::iam::{HoleId, Text, TextPiece, Value};

use super::Why;
use super::holes::{At, Holes};
use super::marked::{Marked, State};

/// What a block says.
pub(super) struct Read {
    pub sid: Option<Arc<str>>,
    /// Whether the `Sid` is known only after apply: then nobody knows which statement takes whose place.
    pub sid_is_unknown: bool,
    pub value: Value,
}

/// Whether variables are written `&{…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variables {
    Replaced,
    AsWritten,
}

/// Reads a block. `at` is its place, `version` that of the data source's own document.
pub(super) fn statement(
    block: Marked<'_>,
    version: &str,
    at: At,
    holes: &mut Holes<'_, '_>,
) -> Result<Read, Why> {
    let members: BTreeMap<String, Marked<'_>> =
        block.members().map_err(|_| misfit(at))?.into_iter().collect();
    let mut reader = Reader {
        members,
        version,
        at,
        holes,
    };
    let mut made = Vec::new();
    let (sid, sid_is_unknown) = match reader.take("sid") {
        Some(sid) => match reader.text("sid", sid)? {
            Some(Value::String(text)) => (
                text.as_literal().filter(|sid| !sid.is_empty()).map(Arc::from),
                false,
            ),
            Some(_) => (None, true),
            None => (None, false),
        },
        None => (None, false),
    };
    if let Some(sid) = &sid {
        made.push(("Sid".to_owned(), Value::text(&**sid)));
    }
    let effect = match reader.take("effect") {
        Some(effect) => reader.text("effect", effect)?,
        None => None,
    };
    made.push((
        "Effect".to_owned(),
        effect.unwrap_or_else(|| Value::text("Allow")),
    ));
    for (name, element, variables) in [
        ("actions", "Action", Variables::AsWritten),
        ("not_actions", "NotAction", Variables::AsWritten),
        ("resources", "Resource", Variables::Replaced),
        ("not_resources", "NotResource", Variables::Replaced),
    ] {
        made.extend(
            reader
                .set(name, variables)?
                .map(|value| (element.to_owned(), value)),
        );
    }
    for (name, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        made.extend(reader.principals(name)?.map(|value| (element.to_owned(), value)));
    }
    made.extend(reader.conditions()?.map(|value| ("Condition".to_owned(), value)));
    reader.nothing_else()?;
    either_or(&made, at)?;
    Ok(Read {
        sid,
        sid_is_unknown,
        value: Value::Object(made),
    })
}

/// Of two elements that exclude each other, one that is known only after apply may turn out to be empty.
fn either_or(made: &[(String, Value)], at: At) -> Result<(), Why> {
    for pair in [
        ["Action", "NotAction"],
        ["Resource", "NotResource"],
        ["Principal", "NotPrincipal"],
    ] {
        let mut both = made.iter().filter(|(name, _)| pair.contains(&name.as_str()));
        if let (Some(one), Some(other)) = (both.next(), both.next())
            && [one, other]
                .iter()
                .any(|(_, value)| matches!(value, Value::Unknown(_)))
        {
            let message = format!(
                "has both `{}` and `{}` in {at}, one of them unknown",
                pair[0], pair[1]
            );
            return Err(Why::told(message));
        }
    }
    Ok(())
}

fn misfit(at: At) -> Why {
    Why::told(format!("has an unexpected shape in {at}"))
}

struct Reader<'r, 'a, 'h, 'p> {
    members: BTreeMap<String, Marked<'a>>,
    version: &'r str,
    at: At,
    holes: &'r mut Holes<'h, 'p>,
}

impl<'a> Reader<'_, 'a, '_, '_> {
    fn take(&mut self, name: &str) -> Option<Marked<'a>> {
        self.members.remove(name)
    }

    /// A member of which nothing is known here must not be there.
    fn nothing_else(&self) -> Result<(), Why> {
        let there = |member: &&Marked<'a>| match member.state() {
            State::Absent => false,
            State::There(value) => !matches!(value.text().trim(), "[]" | "\"\""),
            State::Unknown => true,
        };
        match self.members.values().find(there) {
            Some(_) => Err(Why::told(format!(
                "has an attribute in {} that is not understood",
                self.at
            ))),
            None => Ok(()),
        }
    }

    /// A text, or a hole in its place.
    fn text(&mut self, path: &str, member: Marked<'a>) -> Result<Option<Value>, Why> {
        match member.state() {
            State::Absent => Ok(None),
            State::Unknown => Ok(Some(Value::Unknown(self.holes.hole(self.at, path)))),
            State::There(value) => match value.string() {
                Ok(text) => Ok(Some(Value::text(text))),
                Err(_) => Err(misfit(self.at)),
            },
        }
    }

    /// A set of texts; `None` when it is empty.
    fn set(&mut self, name: &str, variables: Variables) -> Result<Option<Value>, Why> {
        let Some(member) = self.take(name) else {
            return Ok(None);
        };
        if matches!(member.state(), State::Unknown) {
            return Ok(Some(Value::Unknown(self.holes.hole(self.at, name))));
        }
        let texts = sorted(self.texts(name, member, variables)?);
        Ok((!texts.is_empty()).then(|| one_or_many(texts)))
    }

    /// The texts of a list or set that is there, with holes for the unknown ones.
    fn texts(&mut self, path: &str, member: Marked<'a>, variables: Variables) -> Result<Vec<Text>, Why> {
        let elements = member.elements().map_err(|_| misfit(self.at))?;
        let unknown = |element: &&Marked<'a>| matches!(element.state(), State::Unknown);
        let count = elements.iter().filter(unknown).count();
        let mut known = Vec::new();
        for element in &elements {
            if let State::There(value) = element.state() {
                known.push(value.string().map_err(|_| misfit(self.at))?);
            }
        }
        let mut written = self.holes.written(self.at, path, &known, count).into_iter();
        let mut known = known.into_iter();
        let mut texts = Vec::new();
        for (position, element) in elements.iter().enumerate() {
            let text = match element.state() {
                State::There(_) => Text(vec![TextPiece::Lit(known.next().unwrap_or_default())]),
                State::Unknown => match written.next() {
                    Some(text) => text,
                    None => Text(vec![TextPiece::Hole(
                        self.holes.hole(self.at, &format!("{path}[{position}]")),
                    )]),
                },
                State::Absent => return Err(Why::told(format!("has a `null` in a list in {}", self.at))),
            };
            texts.push(match variables {
                Variables::AsWritten => text,
                Variables::Replaced => self.replaced(text, path, position)?,
            });
        }
        Ok(texts)
    }

    /// `&{` is how variables are written here.
    fn replaced(&mut self, text: Text, path: &str, position: usize) -> Result<Text, Why> {
        let mut made = Text::default();
        for (at, piece) in text.0.iter().enumerate() {
            match piece {
                TextPiece::Lit(literal) if literal.contains("&{") && self.version == "2008-10-17" => {
                    return Err(Why::told(format!(
                        "has `&{{` in {}, which the provider refuses under this version",
                        self.at
                    )));
                }
                // What follows may begin with the brace.
                TextPiece::Lit(literal) if literal.ends_with('&') && at + 1 < text.0.len() => {
                    let hole = self.holes.hole(self.at, &format!("{path}[{position}]"));
                    return Ok(Text(vec![TextPiece::Hole(hole)]));
                }
                TextPiece::Lit(literal) => made.push(TextPiece::Lit(literal.replace("&{", "${"))),
                TextPiece::Hole(hole) => made.push(TextPiece::Hole(hole.clone())),
            }
        }
        Ok(made)
    }

    fn principals(&mut self, name: &str) -> Result<Option<Value>, Why> {
        let Some(member) = self.take(name) else {
            return Ok(None);
        };
        if matches!(member.state(), State::Unknown) {
            return Ok(Some(Value::Unknown(self.holes.hole(self.at, name))));
        }
        let mut groups = Vec::new();
        for (position, block) in member
            .elements()
            .map_err(|_| misfit(self.at))?
            .into_iter()
            .enumerate()
        {
            let path = format!("{name}[{position}]");
            if matches!(block.state(), State::Unknown | State::Absent) {
                return Ok(Some(Value::Unknown(self.holes.hole(self.at, &path))));
            }
            let [kind, identifiers] = self.parts(block, ["type", "identifiers"])?;
            let kind = match self.text(&format!("{path}.type"), kind)? {
                Some(Value::String(text)) => text,
                Some(unknown) => return Ok(Some(unknown)),
                None => return Err(misfit(self.at)),
            };
            let path = format!("{path}.identifiers");
            if matches!(identifiers.state(), State::Unknown) {
                return Ok(Some(Value::Unknown(self.holes.hole(self.at, &path))));
            }
            let identifiers = self.texts(&path, identifiers, Variables::Replaced)?;
            groups.push((kind, sorted(identifiers)));
        }
        Ok(principals(groups))
    }

    fn conditions(&mut self) -> Result<Option<Value>, Why> {
        let Some(member) = self.take("condition") else {
            return Ok(None);
        };
        if matches!(member.state(), State::Unknown) {
            return Ok(Some(Value::Unknown(self.holes.hole(self.at, "condition"))));
        }
        let mut tests: BTreeMap<String, BTreeMap<String, Values>> = BTreeMap::new();
        for (position, block) in member
            .elements()
            .map_err(|_| misfit(self.at))?
            .into_iter()
            .enumerate()
        {
            let path = format!("condition[{position}]");
            if matches!(block.state(), State::Unknown | State::Absent) {
                return Ok(Some(Value::Unknown(self.holes.hole(self.at, &path))));
            }
            let [test, variable, values] = self.parts(block, ["test", "variable", "values"])?;
            let mut word = |name: &str, member| match self.text(&format!("{path}.{name}"), member)? {
                Some(Value::String(text)) => Ok(Ok(text.as_literal().unwrap_or_default().to_owned())),
                Some(unknown) => Ok(Err(unknown)),
                None => Err(misfit(self.at)),
            };
            let (test, variable) = match (word("test", test)?, word("variable", variable)?) {
                (Ok(test), Ok(variable)) => (test, variable),
                // Which condition it is decides what else of them holds.
                (Err(unknown), _) | (_, Err(unknown)) => return Ok(Some(unknown)),
            };
            let path = format!("{path}.values");
            let values = match values.state() {
                State::Unknown => Values::Unknown(self.holes.hole(self.at, &path)),
                State::Absent => return Err(misfit(self.at)),
                State::There(_) => Values::Known(self.texts(&path, values, Variables::Replaced)?),
            };
            let earlier = tests.entry(test).or_default().entry(variable);
            earlier.or_insert_with(|| Values::Known(Vec::new())).add(values);
        }
        let object = |variables: BTreeMap<String, Values>| {
            let variables = variables.into_iter();
            Value::Object(variables.map(|(name, values)| (name, values.value())).collect())
        };
        let tests: Vec<(String, Value)> = tests
            .into_iter()
            .map(|(test, variables)| (test, object(variables)))
            .collect();
        Ok((!tests.is_empty()).then_some(Value::Object(tests)))
    }

    /// The members of a nested block, which has no others.
    fn parts<const N: usize>(&self, block: Marked<'a>, names: [&str; N]) -> Result<[Marked<'a>; N], Why> {
        let members = block.members().map_err(|_| misfit(self.at))?;
        if members.iter().any(|(name, _)| !names.contains(&name.as_str())) {
            return Err(Why::told(format!(
                "has an attribute in {} that is not understood",
                self.at
            )));
        }
        let part = |name: &str| {
            members
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, member)| *member)
        };
        Ok(names.map(|name| part(name).unwrap_or(Marked::new(None, None))))
    }
}

/// The values of one condition key.
enum Values {
    Known(Vec<Text>),
    Unknown(HoleId),
}

impl Values {
    fn add(&mut self, more: Values) {
        match (&mut *self, more) {
            (Values::Known(values), Values::Known(more)) => values.extend(more),
            (Values::Known(_), more @ Values::Unknown(_)) => *self = more,
            (Values::Unknown(_), _) => {}
        }
    }

    fn value(self) -> Value {
        match self {
            Values::Known(values) => one_or_many(values),
            Values::Unknown(hole) => Value::Unknown(hole),
        }
    }
}

/// The principals of a statement, by type and identifiers; `None` where there are none.
pub(super) fn principals(groups: Vec<(Text, Vec<Text>)>) -> Option<Value> {
    if let [(kind, identifiers)] = groups.as_slice()
        && kind.as_literal() == Some("*")
        && matches!(identifiers.as_slice(), [only] if only.as_literal() == Some("*"))
    {
        return Some(Value::text("*"));
    }
    let mut by_type: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    for (kind, identifiers) in groups {
        let open = |text: &Text| text.0.iter().find_map(hole).cloned();
        let unknown = match kind.as_literal() {
            None => open(&kind),
            // No other text than `*` is a principal there.
            Some("*") => identifiers.iter().find_map(open),
            Some(_) => None,
        };
        if let Some(hole) = unknown {
            return Some(Value::Unknown(hole));
        }
        let kind = kind.as_literal().unwrap_or_default().to_owned();
        by_type.entry(kind).or_default().extend(identifiers);
    }
    let groups: Vec<(String, Value)> = by_type
        .into_iter()
        .map(|(kind, identifiers)| (kind, one_or_many(identifiers)))
        .collect();
    (!groups.is_empty()).then_some(Value::Object(groups))
}

fn hole(piece: &TextPiece) -> Option<&HoleId> {
    match piece {
        TextPiece::Hole(hole) => Some(hole),
        TextPiece::Lit(_) => None,
    }
}

fn one_or_many(mut texts: Vec<Text>) -> Value {
    match texts.pop() {
        Some(only) if texts.is_empty() => Value::String(only),
        last => Value::List(texts.into_iter().chain(last).map(Value::String).collect()),
    }
}

/// As the provider sorts sets; what is not known comes last.
fn sorted(mut texts: Vec<Text>) -> Vec<Text> {
    texts.sort_by(|left, right| right.as_literal().cmp(&left.as_literal()));
    texts
}
