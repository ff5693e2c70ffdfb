//! What rewrites a template before it is deployed: macros, `AWS::Include`, loops. Each is undecided, because what it
//! writes is not in the template; but for SAM, which is written out first.

use crate::extract::{Extraction, Gap, GapReason, Origin};
use crate::source::{FileId, NodeKind, Place, Span};

use super::intrinsics::PROCESSED;
use super::nested::Opened;
use super::syntax::{View, is_expansion, key_text};

const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";
/// The transform that is written out.
pub(super) const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// The transforms of the template that may add resources. Serverless resources need theirs: where it is missing, it is
/// taken for granted, as they mean nothing without it.
pub(super) fn names(root: View<'_>) -> Vec<String> {
    let written = match root.get("Transform").map(|section| (section, section.kind)) {
        None => Vec::new(),
        Some((_, NodeKind::List(items))) => items.iter().map(|item| name(View::of(item))).collect(),
        Some((section, NodeKind::Scalar(..) | NodeKind::Map(_))) => vec![name(section)],
    };
    let mut found: Vec<String> = written
        .into_iter()
        .filter(|name| name != LANGUAGE_EXTENSIONS)
        .collect();
    if !found.iter().any(|name| name == SERVERLESS) && has_serverless(root) {
        found.push(SERVERLESS.to_owned());
    }
    found
}

fn has_serverless(root: View<'_>) -> bool {
    let resources = root.get("Resources").and_then(View::entries).unwrap_or_default();
    resources.iter().any(|(_, resource)| {
        let resource_type = View::of(resource).get("Type").and_then(View::scalar);
        resource_type.is_some_and(|resource_type| resource_type.starts_with("AWS::Serverless::"))
    })
}

fn name(view: View<'_>) -> String {
    view.scalar()
        .or(view.get("Name").and_then(View::scalar))
        .unwrap_or("a transform")
        .to_owned()
}

/// One gap for each transform and each function that writes sections or resources.
pub(super) fn read_transforms(opened: &Opened<'_>, extraction: &mut Extraction) {
    let (root, transforms, file) = (opened.written, &opened.transforms, opened.file);
    let span = root.get("Transform").map_or(root.span, |section| section.span);
    // What is made of serverless resources is told at each of them.
    for transform in transforms.iter().filter(|transform| *transform != SERVERLESS) {
        add(
            format!("the template uses the transform `{transform}`; {PROCESSED}"),
            &format!("{}Transform", opened.prefix),
            file,
            span,
            extraction,
        );
    }
    for (section, view) in [
        ("", Some(root)),
        ("Resources/", root.get("Resources")),
        ("Conditions/", root.get("Conditions")),
    ] {
        for (key, value) in view.and_then(View::entries).unwrap_or_default() {
            if let Some(key) = key_text(key).filter(|key| is_expansion(key)) {
                let message = format!("`{key}` is not expanded; {PROCESSED}");
                add(
                    message,
                    &format!("{}{section}{key}", opened.prefix),
                    file,
                    value.span,
                    extraction,
                );
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
        rebuilt: None,
    };
    extraction.gaps.push(Gap {
        origin,
        reason: GapReason::Unsupported(message),
        kind: None,
    });
}
