//! The `Statement` element: its list, and the elements of each statement but principal and condition.

use super::super::document::{
    DocumentKind, Effect, ElementSet, FACT_SEPARATOR, Guard, GuardLiteral, ResourceSet, Sid, Spelled,
    Statement, Version,
};
use super::super::pattern::{HoleId, Pattern};
use super::super::principal::PrincipalSet;
use super::super::value::{Text, TextPiece, Value};
use super::text::{action_pattern, resource_pattern, text_pattern};
use super::{Context, Invalid, check_is_text, condition, kind_of, principal, unknown_element};

const ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// All statements. One source statement may give several when it is conditional.
pub(super) fn statements(value: &Value, context: &mut Context) -> Result<Vec<Statement>, Invalid> {
    let mut statements = Vec::new();
    match value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                match item {
                    // Alternatives of one source statement share its index.
                    Value::List(alternatives)
                        if !alternatives.is_empty()
                            && alternatives.iter().all(|item| matches!(item, Value::Guarded(..))) =>
                    {
                        for alternative in alternatives {
                            guarded(alternative, index, context, &mut statements)?;
                        }
                    }
                    item => guarded(item, index, context, &mut statements)?,
                }
            }
        }
        single => guarded(single, 0, context, &mut statements)?,
    }
    Ok(statements)
}

fn guarded(
    value: &Value,
    index: usize,
    context: &mut Context,
    out: &mut Vec<Statement>,
) -> Result<(), Invalid> {
    let mut guard = Guard::new();
    let mut value = value;
    while let Value::Guarded(literals, inner) = value {
        guard.extend(literals.iter().cloned());
        value = inner;
    }
    context.place = format!("statement {index}: ");
    context.statement = Some(index);
    context.guard = guard;
    match value {
        Value::Object(entries) => out.extend(statement(entries, index, context)?),
        Value::Unknown(hole) => out.extend(unknown_statement(hole, index, context)),
        other => {
            return Err(context.invalid(format!("a statement must be an object, not {}", kind_of(other))));
        }
    }
    context.place.clear();
    context.statement = None;
    Ok(())
}

/// A statement of which nothing is known: it may allow anything, and it may deny anything.
fn unknown_statement(hole: &HoleId, index: usize, context: &mut Context) -> [Statement; 2] {
    let principal = match context.kind {
        DocumentKind::Identity | DocumentKind::Scp => PrincipalSet::Absent,
        DocumentKind::Resource | DocumentKind::Trust | DocumentKind::Rcp => {
            PrincipalSet::In(vec![super::super::principal::PrincipalEntry::Everyone])
        }
    };
    [Effect::Allow, Effect::Deny].map(|effect| Statement {
        index,
        sid: None,
        effect,
        principal: principal.clone(),
        action: ElementSet::Any,
        spelled: [].into(),
        resource: ResourceSet::Any,
        conditions: Vec::new(),
        // Two facts: nothing ties what it allows to what it denies.
        guard: [
            context.guard.clone(),
            vec![unknown_fact(hole, &format!("as {effect:?}"))],
        ]
        .concat(),
    })
}

fn statement(
    entries: &[(String, Value)],
    index: usize,
    context: &mut Context,
) -> Result<Vec<Statement>, Invalid> {
    if let Some((name, _)) = entries
        .iter()
        .find(|(name, _)| !ELEMENTS.contains(&name.as_str()))
    {
        return Err(context.invalid(unknown_element(name, ELEMENTS)));
    }
    let element = |name: &str| {
        entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    for (one, other) in [
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
        ("Principal", "NotPrincipal"),
    ] {
        if element(one).is_some() && element(other).is_some() {
            return Err(context.invalid(format!("`{one}` and `{other}` cannot both be there")));
        }
    }
    if let Some(sid) = element("Sid") {
        check_is_text(sid, "Sid").map_err(|message| context.invalid(message))?;
    }
    let sid: Option<Sid> = element("Sid")
        .and_then(Value::as_str)
        .filter(|sid| !sid.is_empty())
        .map(Sid::from);
    let principal = principal::principal_set(element("Principal"), element("NotPrincipal"), context)?;
    let (action, spelled) = actions(element("Action"), element("NotAction"), context)?;
    let resource = resources(element("Resource"), element("NotResource"), context)?;
    let conditions = match element("Condition") {
        Some(block) => condition::conditions(block, context)?,
        None => Vec::new(),
    };
    let effects = effects(element("Effect"), context)?;
    if matches!(principal, PrincipalSet::NotIn(_))
        && effects.iter().any(|(effect, _)| *effect == Effect::Allow)
    {
        context.note(
            "not-principal-allow",
            "`NotPrincipal` with `Allow` grants to everyone else",
        );
    }
    if context.kind == DocumentKind::Rcp && effects.iter().any(|(effect, _)| *effect == Effect::Allow) {
        return Err(context.invalid("a resource control policy can only deny"));
    }
    let guard = context.guard.clone();
    let build = |(effect, condition): (Effect, Option<GuardLiteral>)| Statement {
        index,
        sid: sid.clone(),
        effect,
        principal: principal.clone(),
        action: action.clone(),
        spelled: spelled.clone(),
        resource: resource.clone(),
        conditions: conditions.clone(),
        guard: guard.iter().cloned().chain(condition).collect(),
    };
    Ok(effects.into_iter().map(build).collect())
}

/// `Effect`; one that is known only later is `Allow` or else `Deny`, by a fact of its own.
fn effects(
    value: Option<&Value>,
    context: &mut Context,
) -> Result<Vec<(Effect, Option<GuardLiteral>)>, Invalid> {
    let hole = match value {
        None => return Err(context.invalid("`Effect` is missing")),
        Some(Value::Unknown(hole)) => hole.clone(),
        Some(Value::String(text)) => match (text.as_literal(), text.0.as_slice()) {
            (Some("Allow"), _) => return Ok(vec![(Effect::Allow, None)]),
            (Some("Deny"), _) => return Ok(vec![(Effect::Deny, None)]),
            (None, [TextPiece::Hole(hole)]) => hole.clone(),
            _ => return Err(context.invalid("`Effect` must be `Allow` or `Deny`")),
        },
        Some(_) => return Err(context.invalid("`Effect` must be `Allow` or `Deny`")),
    };
    let allows = unknown_fact(&hole, "is `Allow`");
    let denies = GuardLiteral {
        holds: false,
        ..allows.clone()
    };
    Ok(vec![(Effect::Allow, Some(allows)), (Effect::Deny, Some(denies))])
}

/// The set, and its entries as they are written.
fn actions(
    action: Option<&Value>,
    not_action: Option<&Value>,
    context: &mut Context,
) -> Result<(ElementSet, Spelled), Invalid> {
    let (name, value) = match (action, not_action) {
        (Some(value), _) => ("Action", value),
        (None, Some(value)) => ("NotAction", value),
        (None, None) => return Err(context.invalid("`Action` or `NotAction` is missing")),
    };
    let Some(items) = strings(value, name, context)? else {
        return Ok((ElementSet::Any, [].into()));
    };
    let spelled = items.iter().map(|item| written(item)).collect();
    let patterns: Vec<Pattern> = items
        .into_iter()
        .map(|item| action_pattern(item, name, context))
        .collect::<Result<_, _>>()?;
    Ok(match name {
        "Action" if patterns.iter().any(Pattern::is_star) => (ElementSet::Any, [].into()),
        "Action" => (ElementSet::In(patterns), spelled),
        _ => (ElementSet::NotIn(patterns), spelled),
    })
}

fn resources(
    resource: Option<&Value>,
    not_resource: Option<&Value>,
    context: &mut Context,
) -> Result<ResourceSet, Invalid> {
    let (name, value) = match (resource, not_resource) {
        (Some(value), _) => ("Resource", value),
        (None, Some(value)) => ("NotResource", value),
        (None, None) => {
            return match context.kind {
                DocumentKind::Identity | DocumentKind::Scp => {
                    Err(context.invalid("`Resource` or `NotResource` is missing"))
                }
                DocumentKind::Resource | DocumentKind::Trust | DocumentKind::Rcp => Ok(ResourceSet::Any),
            };
        }
    };
    if context.kind == DocumentKind::Trust {
        return Err(context.invalid(format!("a trust policy must not have `{name}`")));
    }
    let Some(items) = strings(value, name, context)? else {
        return Ok(ResourceSet::Any);
    };
    let mut patterns = Vec::new();
    for item in items {
        let pattern = text_pattern(item, name, context)?;
        patterns.push(resource_pattern(&pattern, name, context)?);
    }
    Ok(match name {
        "Resource" if patterns.contains(&super::super::resource::ResourcePattern::Any) => ResourceSet::Any,
        "Resource" => ResourceSet::In(patterns),
        _ => ResourceSet::NotIn(patterns),
    })
}

/// One string or a list of strings. `None` when the list as a whole is known only later: then the statement is guarded,
/// and any value may match.
fn strings<'a>(
    value: &'a Value,
    name: &str,
    context: &mut Context,
) -> Result<Option<Vec<&'a Text>>, Invalid> {
    let items = match value {
        Value::List(items) if items.is_empty() => {
            return Err(context.invalid(format!("`{name}` must not be empty")));
        }
        Value::List(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut texts = Vec::new();
    for item in items {
        match item {
            Value::String(text) => texts.push(text),
            Value::Unknown(hole) => {
                assume(hole, &format!("in {name} {items:?}"), context);
                return Ok(None);
            }
            other => {
                return Err(context.invalid(format!("`{name}` must hold strings, not {}", kind_of(other))));
            }
        }
    }
    Ok(Some(texts))
}

/// A text as it is written.
fn written(text: &Text) -> Box<str> {
    let pieces = text.0.iter().map(|piece| match piece {
        TextPiece::Lit(literal) => literal.clone(),
        TextPiece::Hole(hole) => hole.to_string(),
    });
    pieces.collect::<String>().into()
}

/// Guards the statement by something of which a part is unknown as a whole: what the statement says without it may hold
/// or not. `what` spells the element and its value out: only the same element with the same value is the same fact.
pub(super) fn assume(hole: &HoleId, what: &str, context: &mut Context) {
    let literal = unknown_fact(hole, what);
    if !context.guard.contains(&literal) {
        context.guard.push(literal);
    }
}

fn unknown_fact(hole: &HoleId, what: &str) -> GuardLiteral {
    GuardLiteral {
        name: format!("{}{FACT_SEPARATOR}{what}", hole.0).into(),
        holds: true,
    }
}

/// Whether `${…}` is a variable.
pub(super) fn has_variables(context: &Context) -> bool {
    context.version == Version::V2012
}
