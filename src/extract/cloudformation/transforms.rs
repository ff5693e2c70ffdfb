//! What rewrites a template before it is deployed: macros, `AWS::Include`, SAM, loops. Each is undecided, because what
//! it writes is not in the template.

use crate::extract::{Extraction, Gap, GapReason, Origin};
use crate::source::{FileId, NodeKind, Place, Span};

use super::intrinsics::PROCESSED;
use super::syntax::{View, is_expansion, key_text};

const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// The transforms of the template that may add resources.
pub(super) fn names(root: View<'_>) -> Vec<String> {
    let Some(section) = root.get("Transform") else {
        return Vec::new();
    };
    let found = match section.kind {
        NodeKind::List(items) => items.iter().map(|item| name(View::of(item))).collect(),
        NodeKind::Scalar(..) | NodeKind::Map(_) => vec![name(section)],
    };
    found
        .into_iter()
        .filter(|name| name != LANGUAGE_EXTENSIONS)
        .collect()
}

fn name(view: View<'_>) -> String {
    view.scalar()
        .or(view.get("Name").and_then(View::scalar))
        .unwrap_or("a transform")
        .to_owned()
}

/// One gap for each transform and each function that writes sections or resources.
pub(super) fn read_transforms(
    root: View<'_>,
    file: FileId,
    transforms: &[String],
    extraction: &mut Extraction,
) {
    let span = root.get("Transform").map_or(root.span, |section| section.span);
    for transform in transforms {
        let sam = extraction
            .gaps
            .iter()
            .any(|gap| gap.origin.resource_type.starts_with("AWS::Serverless::"));
        // Its resources say so themselves.
        if transform != SERVERLESS || !sam {
            add(
                format!("the template uses the transform `{transform}`; {PROCESSED}"),
                "Transform",
                file,
                span,
                extraction,
            );
        }
    }
    for (section, view) in [
        ("", Some(root)),
        ("Resources/", root.get("Resources")),
        ("Conditions/", root.get("Conditions")),
    ] {
        for (key, value) in view.and_then(View::entries).unwrap_or_default() {
            if let Some(key) = key_text(key).filter(|key| is_expansion(key)) {
                let message = format!("`{key}` is not expanded; {PROCESSED}");
                add(message, &format!("{section}{key}"), file, value.span, extraction);
            }
        }
    }
}

fn add(message: String, address: &str, file: FileId, span: Span, extraction: &mut Extraction) {
    let origin = Origin {
        address: address.to_owned(),
        resource_type: String::new(),
        place: Place { file, span },
        statements: Vec::new(),
        block: None,
    };
    extraction.gaps.push(Gap {
        origin,
        reason: GapReason::Unsupported(message),
        kind: None,
    });
}
