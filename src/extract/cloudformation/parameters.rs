//! The `Parameters` section: what is known of a parameter's value.

use std::collections::BTreeMap;

use crate::extract::Hole;
use crate::iam::{HoleId, Text};
use crate::source::NodeKind;

use super::CloudFormationOptions;
use super::pattern::Language;
use super::syntax::{View, boolean, key_text};
use super::values::{Fault, Symbolic};

/// A parameter as the template declares it.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// Whether its value is a list.
    list: bool,
    /// Whether its value is a name in the parameter store, and not what `Ref` gives.
    stored: bool,
    /// Whether its value must not be shown.
    pub no_echo: bool,
    pub default: Option<String>,
    pub allowed: Vec<String>,
    /// What the pattern and the limits of length tell of a string, if anything.
    pub language: Option<Language>,
    /// The parts of the default, where it is of that language.
    pub default_parts: Option<Vec<String>>,
    /// Why it cannot be read.
    broken: Option<String>,
}

/// The parameters by name.
pub(super) fn read_parameters(section: Option<View<'_>>) -> BTreeMap<String, Parameter> {
    section
        .and_then(View::entries)
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| {
            let name = key_text(key)?;
            Some((name.to_owned(), read_parameter(name, View::of(value))))
        })
        .collect()
}

fn read_parameter(name: &str, view: View<'_>) -> Parameter {
    let kind = view.get("Type").and_then(View::scalar).unwrap_or_default();
    let default = view.get("Default").map(scalar_text);
    let allowed: Option<Vec<String>> = match view.get("AllowedValues").map(View::items) {
        None => Some(Vec::new()),
        Some(items) => items.and_then(|items| items.iter().map(|item| scalar_text(View::of(item))).collect()),
    };
    let broken = match (&default, &allowed) {
        _ if kind.is_empty() => Some(format!("parameter `{name}` has no `Type`")),
        (Some(None), _) => Some(format!("the `Default` of parameter `{name}` is not a text")),
        (_, None) => Some(format!(
            "the `AllowedValues` of parameter `{name}` are not a list of texts"
        )),
        _ => None,
    };
    let no_echo = view.get("NoEcho").and_then(scalar_text).as_deref() == Some("true");
    let is_limited = kind == "String" && !no_echo && allowed.as_ref().is_some_and(Vec::is_empty);
    let language = is_limited.then(|| language(view)).flatten();
    let parts = |language: &Language| language.split(default.as_ref()?.as_deref()?);
    Parameter {
        default_parts: language.as_ref().and_then(parts),
        language,
        list: kind == "CommaDelimitedList" || kind.contains("List<"),
        stored: kind.starts_with("AWS::SSM::Parameter::Value<"),
        no_echo,
        default: default.flatten(),
        allowed: allowed.unwrap_or_default(),
        broken,
    }
}

/// The values that a string parameter accepts, as far as its declaration limits them.
fn language(view: View<'_>) -> Option<Language> {
    let text = |name: &str| view.get(name).and_then(scalar_text);
    let number = |name: &str| text(name).and_then(|text| text.parse::<usize>().ok());
    let pattern = text("AllowedPattern").filter(|pattern| !pattern.is_empty());
    let (least, most) = (number("MinLength").unwrap_or(0), number("MaxLength"));
    if pattern.is_none() && least == 0 && most.is_none() {
        return None;
    }
    Language::of(pattern.as_deref(), least, most)
}

/// The text of a scalar as CloudFormation reads it.
pub(super) fn scalar_text(view: View<'_>) -> Option<String> {
    match (view.tag, view.kind) {
        (None, NodeKind::Scalar(text, style)) => {
            Some(boolean(text, *style).map_or_else(|| text.clone(), |value| value.to_string()))
        }
        _ => None,
    }
}

/// What `Ref` of a parameter gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParameterValue {
    /// A value that is decided.
    Known(Symbolic),
    /// A string known only later.
    Text(Hole),
    /// A list known only later.
    List(Hole),
    /// A list that is given as a text, not all of which is known.
    Parts(Text),
}

impl Parameter {
    /// What `Ref` gives: the given value, else the default where defaults are assumed, else a hole.
    pub fn value(&self, name: &str, options: &CloudFormationOptions) -> Result<ParameterValue, Fault> {
        if let Some(broken) = &self.broken {
            return Err(Fault::shape(broken.clone()));
        }
        let assumed = self.default.as_ref().filter(|_| options.assume_defaults);
        // The value of a stored parameter is a name: what it stands for is known only in the account.
        match options.parameters.get(name).or(assumed).filter(|_| !self.stored) {
            Some(value) if self.list => Ok(ParameterValue::Known(split(value))),
            Some(value) => Ok(ParameterValue::Known(Symbolic::literal(value.clone()))),
            None => {
                let scalar = !self.list && !self.stored;
                let hole = Hole {
                    id: HoleId::new(name),
                    origin: format!("parameter {name}"),
                    default: self.default.clone().filter(|_| scalar),
                    allowed: if scalar { self.values() } else { Vec::new() },
                    stable: !self.stored,
                    plain: self.language.as_ref().is_some_and(Language::is_plain),
                };
                Ok(if self.list {
                    ParameterValue::List(hole)
                } else {
                    ParameterValue::Text(hole)
                })
            }
        }
    }

    /// The only values it can take, if they are listed; empty means any.
    fn values(&self) -> Vec<String> {
        if !self.allowed.is_empty() {
            return self.allowed.clone();
        }
        self.language
            .as_ref()
            .and_then(Language::values)
            .unwrap_or_default()
    }

    /// What `Ref` gives in a nested stack, where the template around it gives this value. What is not given takes the
    /// default: nobody else can give it.
    pub fn passed(&self, name: &str, given: Option<Symbolic>) -> Result<ParameterValue, Fault> {
        if let Some(broken) = &self.broken {
            return Err(Fault::shape(broken.clone()));
        }
        let given = given.or_else(|| self.default.clone().map(Symbolic::literal));
        let Some(given) = given.filter(|_| !self.stored) else {
            let hole = Hole {
                id: HoleId::new(name),
                origin: format!("parameter {name}"),
                default: None,
                allowed: Vec::new(),
                stable: false,
                plain: false,
            };
            return Ok(match self.list {
                true => ParameterValue::List(hole),
                false => ParameterValue::Text(hole),
            });
        };
        match given {
            list @ Symbolic::List(_) if self.list => Ok(ParameterValue::Known(list)),
            value if !self.list && value.as_text().is_some() => Ok(ParameterValue::Known(value)),
            value => match value.as_text() {
                Some(text) => Ok(match text.as_literal() {
                    Some(text) => ParameterValue::Known(split(text)),
                    None => ParameterValue::Parts(text),
                }),
                None => Err(Fault::shape(format!(
                    "the parameter `{name}` of a nested stack is given a value that is not a text"
                ))),
            },
        }
    }

    /// Whether the value was given and must not be shown, or would be shown as a default.
    pub fn is_secret(&self, name: &str, options: &CloudFormationOptions) -> bool {
        let is_told =
            options.parameters.contains_key(name) || self.default.is_some() || !self.allowed.is_empty();
        self.no_echo && is_told
    }
}

/// The elements of a list that is given as a text.
fn split(text: &str) -> Symbolic {
    let parts = text.split(',').map(|part| Symbolic::literal(part.trim()));
    Symbolic::List(parts.collect())
}
