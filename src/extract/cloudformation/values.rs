//! The symbolic values that properties resolve to in one world, and the worlds: the truth of the facts that only the
//! deployment decides. A value never holds a conditional; whoever needs both branches reads it once in each world.

use std::collections::BTreeMap;

use crate::extract::GapReason;
use crate::iam::{HoleId, Text, TextPiece, Value};

/// Most alternatives of one value.
const MOST_ALTERNATIVES: usize = 64;

/// A resolved value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Symbolic {
    /// `AWS::NoValue`: not there at all.
    Missing,
    /// A null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A string or a number, with holes.
    Text(Text),
    /// A list; nothing missing in it.
    List(Vec<Symbolic>),
    /// A mapping; nothing missing in it.
    Map(Vec<(String, Symbolic)>),
    /// A value of any shape that is known only later.
    Unknown(HoleId),
}

impl Symbolic {
    /// A string without holes.
    pub fn literal(text: impl Into<String>) -> Symbolic {
        Symbolic::Text(literal(text))
    }

    /// A string that is one hole.
    pub fn hole(hole: HoleId) -> Symbolic {
        Symbolic::Text(Text(vec![TextPiece::Hole(hole)]))
    }

    /// The value as a string, where CloudFormation takes it for one.
    pub fn as_text(&self) -> Option<Text> {
        match self {
            Symbolic::Text(text) => Some(text.clone()),
            Symbolic::Bool(value) => Some(literal(value.to_string())),
            Symbolic::Unknown(hole) => Some(Text(vec![TextPiece::Hole(hole.clone())])),
            Symbolic::Missing | Symbolic::Null | Symbolic::List(_) | Symbolic::Map(_) => None,
        }
    }

    /// The string without holes that this is.
    pub fn as_literal(&self) -> Option<String> {
        self.as_text()
            .and_then(|text| text.as_literal().map(str::to_owned))
    }

    /// The value for the policy parser; `None` when it is missing.
    pub fn into_value(self) -> Option<Value> {
        Some(match self {
            Symbolic::Missing => return None,
            Symbolic::Null => Value::Null,
            Symbolic::Bool(value) => Value::Bool(value),
            Symbolic::Text(text) => Value::String(text),
            Symbolic::List(items) => {
                Value::List(items.into_iter().filter_map(Symbolic::into_value).collect())
            }
            Symbolic::Map(entries) => Value::Object(
                entries
                    .into_iter()
                    .filter_map(|(key, value)| Some((key, value.into_value()?)))
                    .collect(),
            ),
            Symbolic::Unknown(hole) => Value::Unknown(hole),
        })
    }

    /// A canonical spelling: the same spelling is the same value.
    pub fn describe(&self) -> String {
        match self {
            Symbolic::Missing => "AWS::NoValue".to_owned(),
            Symbolic::Null => "null".to_owned(),
            Symbolic::Bool(value) => value.to_string(),
            Symbolic::Text(text) => describe(text),
            Symbolic::List(items) => {
                format!(
                    "[{}]",
                    items
                        .iter()
                        .map(Symbolic::describe)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Symbolic::Map(entries) => format!(
                "{{{}}}",
                entries
                    .iter()
                    .map(|(key, value)| format!("{key}: {}", value.describe()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Symbolic::Unknown(hole) => format!("${{{}}}", hole.0),
        }
    }

    /// The holes of the value, in order.
    pub fn holes(&self) -> Vec<HoleId> {
        match self {
            Symbolic::Missing | Symbolic::Null | Symbolic::Bool(_) => Vec::new(),
            Symbolic::Text(text) => text_holes(text),
            Symbolic::List(items) => items.iter().flat_map(Symbolic::holes).collect(),
            Symbolic::Map(entries) => entries.iter().flat_map(|(_, value)| value.holes()).collect(),
            Symbolic::Unknown(hole) => vec![hole.clone()],
        }
    }
}

/// A text without holes.
pub(super) fn literal(text: impl Into<String>) -> Text {
    let mut found = Text::default();
    found.push(TextPiece::Lit(text.into()));
    found
}

/// Appends a text.
pub(super) fn append(text: &mut Text, more: &Text) {
    for piece in &more.0 {
        text.push(piece.clone());
    }
}

/// The one hole that a text is, if it is nothing else.
pub(super) fn only_hole(text: &Text) -> Option<&HoleId> {
    match text.0.as_slice() {
        [TextPiece::Hole(hole)] => Some(hole),
        _ => None,
    }
}

/// The holes of a text, in order.
pub(super) fn text_holes(text: &Text) -> Vec<HoleId> {
    text.0
        .iter()
        .filter_map(|piece| match piece {
            TextPiece::Hole(hole) => Some(hole.clone()),
            TextPiece::Lit(_) => None,
        })
        .collect()
}

/// A canonical spelling of a text: one hole alone by its name, others as in `Fn::Sub`.
pub(super) fn describe(text: &Text) -> String {
    if let Some(hole) = only_hole(text) {
        return hole.0.to_string();
    }
    text.0
        .iter()
        .map(|piece| match piece {
            // A literal `${` must not read like a hole: the spelling decides which facts are the same.
            TextPiece::Lit(lit) => lit.replace("${", "${!"),
            TextPiece::Hole(hole) => format!("${{{}}}", hole.0),
        })
        .collect()
}

/// Why a value cannot be read in a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It depends on a fact that this world does not decide.
    Undecided(FactId),
    /// It cannot be read in any world.
    Gap(GapReason),
}

impl Fault {
    /// A fault of shape.
    pub fn shape(message: impl Into<String>) -> Fault {
        Fault::Gap(GapReason::UnexpectedShape(message.into()))
    }

    /// A construct that is not supported.
    pub fn unsupported(message: impl Into<String>) -> Fault {
        Fault::Gap(GapReason::Unsupported(message.into()))
    }
}

/// A fact of a template, by its position in the template's list of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FactId(pub usize);

/// The truth of some facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct World(BTreeMap<FactId, bool>);

impl World {
    /// What the world says of a fact.
    pub fn truth(&self, fact: FactId) -> Option<bool> {
        self.0.get(&fact).copied()
    }

    /// The facts of the world.
    pub fn facts(&self) -> impl Iterator<Item = (FactId, bool)> + '_ {
        self.0.iter().map(|(fact, truth)| (*fact, *truth))
    }

    /// The world that is both, if they differ only in the truth of one fact.
    pub fn merged(&self, other: &World) -> Option<World> {
        let mut different = self
            .0
            .iter()
            .filter(|(fact, truth)| other.0.get(fact) != Some(truth));
        let (fact, _) = different.next()?;
        if different.next().is_some() || self.0.len() != other.0.len() || !other.0.contains_key(fact) {
            return None;
        }
        let mut merged = self.clone();
        merged.0.remove(fact);
        Some(merged)
    }

    fn with(&self, fact: FactId, truth: bool) -> World {
        let mut world = self.clone();
        world.0.insert(fact, truth);
        world
    }
}

/// Reads a value in each world, splitting a world in two where the value depends on a fact that it does not decide.
/// The worlds of the answer cover those of `starts` and exclude each other if those did.
pub(super) fn alternatives<T>(
    starts: &[World],
    mut read: impl FnMut(&World) -> Result<T, Fault>,
) -> Result<Vec<(World, T)>, GapReason> {
    let most = MOST_ALTERNATIVES.max(starts.len());
    let mut open: Vec<World> = starts.iter().rev().cloned().collect();
    let mut found = Vec::new();
    while let Some(world) = open.pop() {
        match read(&world) {
            Ok(value) => found.push((world, value)),
            Err(Fault::Gap(reason)) => return Err(reason),
            Err(Fault::Undecided(fact)) => {
                if found.len() + open.len() + 2 > most {
                    return Err(GapReason::Unsupported(format!(
                        "more than {MOST_ALTERNATIVES} combinations of conditions; give values with `--parameters`"
                    )));
                }
                open.push(world.with(fact, false));
                open.push(world.with(fact, true));
            }
        }
    }
    Ok(found)
}

/// Merges worlds in which the value is the same.
pub(super) fn merged<T: PartialEq>(mut found: Vec<(World, T)>) -> Vec<(World, T)> {
    let mut at = 0;
    while at < found.len() {
        let pair = found
            .iter()
            .enumerate()
            .skip(at + 1)
            .find_map(|(other, (world, value))| {
                let (mine, my_value) = found.get(at)?;
                if value == my_value {
                    Some((other, mine.merged(world)?))
                } else {
                    None
                }
            });
        match pair {
            Some((other, world)) => {
                found.remove(other);
                if let Some(entry) = found.get_mut(at) {
                    entry.0 = world;
                }
                at = 0;
            }
            None => at += 1,
        }
    }
    found
}
