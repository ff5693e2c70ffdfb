//! Following a property path of the tables (`Policies[].PolicyDocument`) through a resource, conditionals on the way
//! included.

use crate::extract::GapReason;
use crate::source::Span;

use super::intrinsics::Head;
use super::policy::{heads, origin};
use super::syntax::View;
use super::template::{Resource, Template};
use super::values::{Symbolic, World};

/// Something at the end of a path.
#[derive(Debug, Clone)]
pub(super) struct Spot<'n> {
    /// `LogicalId/Policies/0/PolicyDocument`.
    pub address: String,
    /// The worlds in which it is there.
    pub worlds: Vec<World>,
    /// The node, conditionals around it not yet resolved.
    pub view: View<'n>,
}

/// A place on the path that cannot be followed.
#[derive(Debug, Clone)]
pub(super) struct Blocked {
    /// Where.
    pub address: String,
    /// The node that stops the way.
    pub span: Span,
    /// Why.
    pub reason: GapReason,
}

/// All that a path leads to.
pub(super) fn walk<'n>(
    template: &Template<'n>,
    resource: Resource<'n>,
    worlds: &[World],
    path: &str,
) -> Vec<Result<Spot<'n>, Blocked>> {
    let Some(properties) = resource.view.get("Properties") else {
        return Vec::new();
    };
    let start = Spot {
        address: resource.id.to_owned(),
        worlds: worlds.to_vec(),
        view: properties,
    };
    path.split('.').fold(vec![Ok(start)], |spots, segment| {
        let (key, is_list) = segment
            .strip_suffix("[]")
            .map_or((segment, false), |key| (key, true));
        let values = each(spots, |spot| member(template, spot, key));
        if is_list {
            each(values, |spot| elements(template, spot))
        } else {
            values
        }
    })
}

fn each<'n>(
    spots: Vec<Result<Spot<'n>, Blocked>>,
    mut step: impl FnMut(Spot<'n>) -> Vec<Result<Spot<'n>, Blocked>>,
) -> Vec<Result<Spot<'n>, Blocked>> {
    spots
        .into_iter()
        .flat_map(|spot| match spot {
            Ok(spot) => step(spot),
            Err(blocked) => vec![Err(blocked)],
        })
        .collect()
}

fn blocked(spot: &Spot<'_>, reason: GapReason) -> Result<Spot<'static>, Blocked> {
    Err(Blocked {
        address: spot.address.clone(),
        span: spot.view.span,
        reason,
    })
}

fn member<'n>(template: &Template<'n>, spot: Spot<'n>, key: &str) -> Vec<Result<Spot<'n>, Blocked>> {
    let found = match heads(template, &spot.worlds, spot.view) {
        Ok(found) => found,
        Err(reason) => return vec![blocked(&spot, reason)],
    };
    let mut members = Vec::new();
    for (head, worlds) in found {
        match head {
            Head::Missing => {}
            Head::Node(node) if node.entries().is_some() => {
                members.extend(node.get(key).map(|view| {
                    Ok(Spot {
                        address: format!("{}/{key}", spot.address),
                        worlds,
                        view,
                    })
                }));
            }
            Head::Node(_) => members.push(blocked(&spot, not_a("mapping"))),
            Head::Value(value) => members.push(blocked(&spot, opaque(&value, template, "mapping"))),
        }
    }
    members
}

/// The elements of a list, each with the worlds in which it is there.
pub(super) fn elements<'n>(template: &Template<'n>, spot: Spot<'n>) -> Vec<Result<Spot<'n>, Blocked>> {
    let found = match heads(template, &spot.worlds, spot.view) {
        Ok(found) => found,
        Err(reason) => return vec![blocked(&spot, reason)],
    };
    let mut items = Vec::new();
    for (head, worlds) in found {
        match head {
            Head::Missing => {}
            Head::Node(node) => match node.items() {
                Some(nodes) => items.extend(nodes.iter().enumerate().map(|(position, node)| {
                    Ok(Spot {
                        address: format!("{}/{position}", spot.address),
                        worlds: worlds.clone(),
                        view: View::of(node),
                    })
                })),
                None => items.push(blocked(&spot, not_a("list"))),
            },
            Head::Value(value) => items.push(blocked(&spot, opaque(&value, template, "list"))),
        }
    }
    items
}

fn not_a(what: &str) -> GapReason {
    GapReason::UnexpectedShape(format!("not a {what}"))
}

fn opaque(value: &Symbolic, template: &Template<'_>, what: &str) -> GapReason {
    match value.holes().first() {
        Some(hole) => GapReason::UnknownUntilApply(format!("depends on {}", origin(hole, template))),
        None => not_a(what),
    }
}
