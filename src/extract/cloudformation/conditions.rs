//! Conditions: decided where their values are, else reduced to facts of the form "this text equals that one".

use crate::iam::Text;

use super::intrinsics::resolve;
use super::narrowed::excludes;
use super::syntax::{Call, View, call};
use super::template::Scope;
use super::values::{Fault, Symbolic, only_hole};

/// The truth of a condition of the `Conditions` section.
pub(super) fn condition_named(name: &str, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let condition = scope
        .template
        .conditions
        .and_then(|conditions| conditions.get(name))
        .ok_or_else(|| Fault::shape(format!("condition `{name}` is not in the template")))?;
    condition_holds(condition, scope)
}

fn condition_holds(view: View<'_>, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let scope = scope.deeper()?;
    if let (Some(named), Some([_])) = (view.get("Condition").and_then(View::scalar), view.entries()) {
        return condition_named(named, scope);
    }
    let Some(call) = call(view)? else {
        return Err(Fault::shape("a condition is not one of the condition functions"));
    };
    match call.name.as_str() {
        "Condition" => condition_named(call.argument.scalar().ok_or_else(|| malformed(&call))?, scope),
        "Fn::Equals" => match call.argument.items() {
            Some([left, right]) => equal(
                &resolve(View::of(left), scope)?,
                &resolve(View::of(right), scope)?,
                scope,
            ),
            _ => Err(malformed(&call)),
        },
        "Fn::Not" => match call.argument.items() {
            Some([negated]) => Ok(!condition_holds(View::of(negated), scope)?),
            _ => Err(malformed(&call)),
        },
        "Fn::And" => any(&call, false, scope).map(|found| !found),
        "Fn::Or" => any(&call, true, scope),
        name => Err(Fault::unsupported(format!(
            "`{name}` in a condition is not supported"
        ))),
    }
}

fn malformed(call: &Call<'_>) -> Fault {
    Fault::shape(format!(
        "`{}` is not used as CloudFormation defines it",
        call.name
    ))
}

/// Whether one of the arguments has that truth; one that has decides it whatever the undecided ones are.
fn any(call: &Call<'_>, truth: bool, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let items = call
        .argument
        .items()
        .filter(|items| !items.is_empty())
        .ok_or_else(|| malformed(call))?;
    let mut undecided = None;
    for item in items {
        match condition_holds(View::of(item), scope) {
            Ok(value) if value == truth => return Ok(true),
            Ok(_) => {}
            Err(Fault::Undecided(fact)) => undecided = undecided.or(Some(fact)),
            Err(fault) => return Err(fault),
        }
    }
    undecided.map_or(Ok(false), |fact| Err(Fault::Undecided(fact)))
}

/// Whether two values are the same text.
pub(super) fn equal(left: &Symbolic, right: &Symbolic, scope: Scope<'_, '_>) -> Result<bool, Fault> {
    let (Some(left), Some(right)) = (text_of(left), text_of(right)) else {
        return Err(Fault::shape("`Fn::Equals` compares something that is not a text"));
    };
    if left == right {
        return Ok(true);
    }
    if left.as_literal().is_some() && right.as_literal().is_some() {
        return Ok(false);
    }
    for (hole, wanted) in [
        (only_hole(&left), right.as_literal()),
        (only_hole(&right), left.as_literal()),
    ] {
        let (Some(hole), Some(wanted)) = (hole, wanted) else {
            continue;
        };
        if excludes(hole, wanted, scope.template) {
            return Ok(false);
        }
        let allowed = scope
            .template
            .hole(hole)
            .map(|hole| hole.allowed)
            .unwrap_or_default();
        if allowed.is_empty() {
            continue;
        }
        if !allowed.iter().any(|value| value == wanted) {
            return Ok(false);
        }
        let excluded = scope.template.excluded_in(hole, scope.world);
        if allowed
            .iter()
            .all(|value| value == wanted || excluded.contains(value))
        {
            return Ok(true);
        }
    }
    let fact = scope.template.fact(&left, &right);
    scope.world.truth(fact).ok_or(Fault::Undecided(fact))
}

/// A list is compared as the texts in it, which is how CloudFormation compares a list parameter.
fn text_of(value: &Symbolic) -> Option<Text> {
    match value {
        Symbolic::List(items) => {
            let mut text = Text::default();
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(crate::iam::TextPiece::Lit(",".to_owned()));
                }
                super::values::append(&mut text, &item.as_text()?);
            }
            Some(text)
        }
        Symbolic::Missing | Symbolic::Null | Symbolic::Map(_) => None,
        Symbolic::Bool(_) | Symbolic::Text(_) | Symbolic::Unknown(_) => value.as_text(),
    }
}
