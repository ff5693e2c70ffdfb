//! What a stack exports (`Outputs.*.Export`), for the stacks beside it that import it. An import takes its value from the
//! stack of the same account and region that exports the name, so pseudo parameters of account and region mean the same
//! in both; all else that is unknown in a value is named after its stack.

use crate::extract::Hole;
use crate::iam::{HoleId, Text, TextPiece};
use crate::source::{FileId, Node};

use super::CloudFormationOptions;
use super::conditions::condition_named;
use super::estate::Estate;
use super::intrinsics::resolve;
use super::nested;
use super::resources::worlds_of;
use super::syntax::View;
use super::template::{Scope, Template};
use super::transforms::SERVERLESS;
use super::values::{Fault, World, alternatives};

/// What is the same wherever it is imported.
const SHARED: [&str; 4] = [
    "AWS::AccountId",
    "AWS::Region",
    "AWS::Partition",
    "AWS::URLSuffix",
];

/// An exported value as another stack sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The value.
    pub(super) text: Text,
    /// What is unknown of it.
    pub(super) holes: Vec<Hole>,
}

/// The exports of a template and the stacks nested in it, by name: those whose name is told. The value is `None` where it
/// cannot be told, or whether there is such an export. `stack` is a name that no other stack has.
pub fn exports_of(
    tree: &Node,
    file: FileId,
    options: &CloudFormationOptions,
    stack: &str,
) -> Vec<(String, Option<Imported>)> {
    let Ok(opened) = nested::open(tree, file, options) else {
        return Vec::new();
    };
    let Ok(estate) = Estate::open(&opened, options) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (template, opened) in estate.templates().zip(&opened) {
        // A macro may write other outputs.
        let is_told = opened.transforms.iter().all(|name| name == SERVERLESS);
        let outputs = template.outputs.and_then(View::entries).unwrap_or_default();
        for output in outputs.iter().map(|(_, output)| View::of(output)) {
            let there = is_there(&template, output);
            if there == Some(false) {
                continue;
            }
            if let Some(name) = name(&template, output) {
                let value = (is_told && there == Some(true)).then(|| value(&template, output, stack));
                found.push((name, value.flatten()));
            }
        }
    }
    found
}

/// Whether an output is there; `None` when that depends on something.
fn is_there(template: &Template<'_>, output: View<'_>) -> Option<bool> {
    let around = match template.holder() {
        Some((holder, stack)) => worlds_of(&holder, stack).ok()?,
        None => vec![World::default()],
    };
    if around.is_empty() {
        return Some(false);
    }
    let is_sure = around == [World::default()];
    let Some(condition) = output.get("Condition") else {
        return is_sure.then_some(true);
    };
    let found = alternatives(&around, |world| {
        let name = condition
            .scalar()
            .ok_or_else(|| Fault::shape("`Condition` is no name"))?;
        condition_named(name, Scope::new(template, world))
    });
    let found = found.ok()?;
    match found.iter().filter(|(_, holds)| *holds).count() {
        0 => Some(false),
        holding => (is_sure && holding == found.len()).then_some(true),
    }
}

fn name(template: &Template<'_>, output: View<'_>) -> Option<String> {
    let name = output.get("Export")?.get("Name")?;
    let world = World::default();
    resolve(name, Scope::new(template, &world)).ok()?.as_literal()
}

fn value(template: &Template<'_>, output: View<'_>, stack: &str) -> Option<Imported> {
    let world = World::default();
    let _ = template.take_secret();
    let value = resolve(output.get("Value")?, Scope::new(template, &world));
    if template.take_secret() {
        return None;
    }
    let text = value.ok()?.as_text()?;
    let mut imported = Imported {
        text: Text::default(),
        holes: Vec::new(),
    };
    for piece in text.0 {
        let TextPiece::Hole(id) = piece else {
            imported.text.push(piece);
            continue;
        };
        let own = template.hole(&id)?;
        let hole = match SHARED.contains(&&*id.0) {
            true => own,
            false => Hole {
                id: HoleId::new(&format!("{stack}: {}", id.0)),
                origin: format!("{} of the stack {stack}", own.origin),
                // Nobody tells when the other stack is deployed.
                stable: false,
                ..own
            },
        };
        imported.text.push(TextPiece::Hole(hole.id.clone()));
        imported.holes.push(hole);
    }
    Some(imported)
}
