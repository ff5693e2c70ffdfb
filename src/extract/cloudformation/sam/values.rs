//! Reading what users write in serverless resources, as the transform reads it: calls of functions are opaque, and a
//! null is nothing.

use std::collections::BTreeMap;

use crate::source::{Node, NodeKind, Style};

use super::super::CloudFormationOptions;
use super::super::parameters::{Parameter, ParameterValue, scalar_text};
use super::super::syntax::{Call, View, boolean, call, is_null, key_text};

/// What is known before the deployment, for the transform.
pub(super) struct Known<'n> {
    /// The parameters of the template.
    pub parameters: &'n BTreeMap<String, Parameter>,
    /// What the command line says.
    pub options: &'n CloudFormationOptions,
}

impl Known<'_> {
    /// The text of a scalar, or of a parameter that has a value.
    pub fn text(&self, view: View<'_>) -> Option<String> {
        if let Some(name) = self.parameter(view) {
            let parameter = self.parameters.get(name)?;
            return match parameter.value(name, self.options).ok()? {
                ParameterValue::Known(value) => value.as_literal(),
                ParameterValue::Text(_) | ParameterValue::List(_) | ParameterValue::Parts(_) => None,
            };
        }
        scalar_text(view)
    }

    /// The parameter that a node refers to.
    pub fn parameter<'v>(&self, view: View<'v>) -> Option<&'v str> {
        referred(view).filter(|name| self.parameters.contains_key(*name))
    }

    /// Whether the transform takes a value for true: a call always is. `None` when it is a parameter without a value.
    pub fn truth(&self, view: View<'_>) -> Option<bool> {
        if self.parameter(view).is_some() {
            return self.text(view).map(|text| !text.is_empty());
        }
        Some(match plain(view) {
            Some(NodeKind::Scalar(text, style)) => match boolean(text, *style) {
                Some(value) => value,
                None => !text.is_empty() && (*style == Style::Quoted || text != "0"),
            },
            Some(NodeKind::List(items)) => !items.is_empty(),
            Some(NodeKind::Map(entries)) => !entries.is_empty(),
            None => true,
        })
    }
}

/// The call that a node is; a malformed one is none.
pub(super) fn called(view: View<'_>) -> Option<Call<'_>> {
    call(view).ok().flatten()
}

/// What a node holds that is no call.
pub(super) fn plain(view: View<'_>) -> Option<&NodeKind> {
    match call(view) {
        Ok(None) => Some(view.kind),
        Ok(Some(_)) | Err(_) => None,
    }
}

/// The entries of a mapping that is no call.
pub(super) fn entries(view: View<'_>) -> Option<&[(Node, Node)]> {
    match plain(view) {
        Some(NodeKind::Map(entries)) => Some(entries),
        _ => None,
    }
}

/// The name that a `Ref` gives.
pub(super) fn referred(view: View<'_>) -> Option<&str> {
    called(view)
        .filter(|call| call.name == "Ref")
        .and_then(|call| call.argument.scalar())
}

/// The resource that a `Ref` or an `Fn::GetAtt` names.
pub(super) fn resource_of(view: View<'_>) -> Option<&str> {
    let call = called(view)?;
    match call.name.as_str() {
        "Ref" => call.argument.scalar(),
        "Fn::GetAtt" => match (call.argument.scalar(), call.argument.items()) {
            (Some(text), _) => text.split_once('.').map(|(id, _)| id),
            (None, Some([id, _])) => View::of(id).scalar(),
            (None, _) => None,
        },
        _ => None,
    }
}

/// Whether a node is `Ref: AWS::NoValue`.
pub(super) fn is_no_value(view: View<'_>) -> bool {
    referred(view) == Some("AWS::NoValue")
}

/// The condition and the two branches of an `Fn::If`.
pub(super) fn branches(view: View<'_>) -> Option<(&Node, &Node, &Node)> {
    match called(view)
        .filter(|call| call.name == "Fn::If")?
        .argument
        .items()
    {
        Some([condition, then, otherwise]) => Some((condition, then, otherwise)),
        _ => None,
    }
}

/// The value of a key; a null is nothing.
pub(super) fn member<'n>(view: View<'n>, key: &str) -> Option<View<'n>> {
    let (_, value) = entries(view)?
        .iter()
        .find(|(name, _)| key_text(name) == Some(key))?;
    Some(View::of(value)).filter(|value| !is_nothing(*value))
}

/// Whether a node is a null.
pub(super) fn is_nothing(view: View<'_>) -> bool {
    matches!((view.tag, view.kind), (None, NodeKind::Scalar(text, style)) if is_null(text, *style))
}
