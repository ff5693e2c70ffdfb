//! What was attached to the identities of a template before, from an earlier one: the identity of the same logical id.
//! Values that may be others now get other names, so that nothing is taken for the same that may differ.

use std::sync::Arc;

use crate::extract::{
    AttachedDocument, Composition, Deployed, ExtractedPrincipal, Extraction, Hole, Part, PolicyKind,
};
use crate::iam::{FACT_SEPARATOR, HoleId};

use super::earlier::{Pair, SUFFIX, resource_of};

/// Tells each principal what it was.
pub(super) fn principals(pair: &Pair<'_>, new: &mut Extraction) {
    for principal in &mut new.principals {
        principal.before = deployed(pair, principal);
    }
}

fn deployed(pair: &Pair<'_>, principal: &ExtractedPrincipal) -> Deployed {
    if let Some(why) = pair.rewritten() {
        return Deployed::Unreadable(format!(
            "the earlier template is not all that was deployed: {why}"
        ));
    }
    let mut were = pair.old.principals.iter();
    let was =
        were.find(|was| was.address == principal.address && was.principal_type == principal.principal_type);
    match was {
        Some(was) => Deployed::Composition(Composition {
            documents: was.now.documents.iter().map(|part| aged(pair, part)).collect(),
            boundary: was.now.boundary.iter().map(|part| aged(pair, part)).collect(),
        }),
        None => Deployed::Created,
    }
}

/// A part as it was: what may have another value now is named apart.
fn aged(pair: &Pair<'_>, part: &Part) -> Part {
    let document = &part.document;
    let is_fixed = pair.sides.is_fixed(resource_of(&document.origin.address));
    let apart = |text: &str| match text.split_once(FACT_SEPARATOR) {
        Some((shown, rest)) => format!("{shown}{SUFFIX}{FACT_SEPARATOR}{rest}"),
        None => format!("{text}{SUFFIX}"),
    };
    let doubt = part.doubt.as_ref().map(|why| match is_fixed {
        true => why.clone(),
        false => Arc::from(apart(why)),
    });
    let document = match &document.content {
        Ok(_) => read(pair, document),
        // A policy that is made elsewhere is the same one while its ARN is.
        Err(_) if is_fixed || document.key.starts_with("arn:") => document.clone(),
        Err(_) => Arc::new(AttachedDocument {
            key: apart(&document.key),
            ..(**document).clone()
        }),
    };
    Part { document, doubt }
}

fn read(pair: &Pair<'_>, document: &Arc<AttachedDocument>) -> Arc<AttachedDocument> {
    let Ok(content) = &document.content else {
        return document.clone();
    };
    let is_stable = |id: &HoleId| document.holes.iter().any(|hole| hole.id == *id && hole.stable);
    let same_value = |id: &HoleId| pair.has_same_value(id, is_stable(id));
    let mut statements = content.statements.iter();
    let has_guards = statements.any(|statement| !statement.guard.is_empty());
    if !has_guards && content.holes().into_iter().all(&same_value) {
        return document.clone();
    }
    let renamed = content.renaming_unknowns(PolicyKind::Identity.document_kind(), same_value, SUFFIX);
    let aged = |hole: &Hole| match same_value(&hole.id) {
        true => hole.clone(),
        false => Hole {
            id: HoleId::new(&format!("{}{SUFFIX}", hole.id.0)),
            default: None,
            ..hole.clone()
        },
    };
    Arc::new(AttachedDocument {
        content: Ok(renamed),
        holes: document.holes.iter().map(aged).collect(),
        default_facts: Vec::new(),
        ..(**document).clone()
    })
}
