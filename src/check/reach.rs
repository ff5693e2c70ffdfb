//! Statements that have nothing to do with a check, or all of which a reference allows, told by their actions alone: most statements of most policies, so
//! that the engines are asked about the others only. What this finds is a proof; what it does not find may be out of
//! reach all the same.

use crate::iam::{
    Effect, ElementSet, Glob, Pattern, PolicyDocument, PrincipalSet, ResourcePattern, ResourceSet, Statement,
};

use super::AccessBox;

/// Whether no request of the boxes can be allowed, because no Allow statement lists an action of any of them.
pub(super) fn all_out_of_reach(document: &PolicyDocument, boxes: &[AccessBox]) -> bool {
    let mut allows = document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow);
    allows.all(|statement| is_out_of_reach(statement, boxes))
}

/// Whether a statement lists no action of any of the boxes, whatever stands for what is unknown.
pub(super) fn is_out_of_reach(statement: &Statement, boxes: &[AccessBox]) -> bool {
    boxes.iter().all(|access| {
        // A box without a list is about every action.
        !access.actions.is_empty()
            && access
                .actions
                .iter()
                .all(|wanted| misses(&statement.action, wanted))
    })
}

/// Whether a reference surely allows all that a document allows, by actions alone.
pub(super) fn all_covered(document: &PolicyDocument, reference: &PolicyDocument) -> bool {
    let mut allows = document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow);
    allows.all(|statement| is_covered(statement, reference))
}

/// Whether a reference surely allows every request that a statement matches: it allows the listed actions to everybody, on
/// everything and without a condition, and its Deny statements are about other actions.
pub(super) fn is_covered(statement: &Statement, reference: &PolicyDocument) -> bool {
    let ElementSet::In(listed) = &statement.action else {
        return false;
    };
    let is_allowed = |wanted: &Pattern| {
        let mut statements = reference.statements.iter();
        statements.any(|theirs| is_plain_allow(theirs) && covers(&theirs.action, wanted))
    };
    let mut denies = reference
        .statements
        .iter()
        .filter(|theirs| theirs.effect == Effect::Deny);
    statement.principal == PrincipalSet::Absent
        && listed.iter().all(is_allowed)
        && denies.all(|theirs| listed.iter().all(|wanted| misses(&theirs.action, wanted)))
}

fn is_plain_allow(statement: &Statement) -> bool {
    let is_everywhere = match &statement.resource {
        ResourceSet::Any => true,
        ResourceSet::In(entries) => entries.contains(&ResourcePattern::Any),
        ResourceSet::NotIn(_) => false,
    };
    statement.effect == Effect::Allow
        && statement.principal == PrincipalSet::Absent
        && is_everywhere
        && statement.conditions.is_empty()
        && statement.guard.is_empty()
}

/// Whether the set surely has every action that the pattern matches.
fn covers(set: &ElementSet, wanted: &Pattern) -> bool {
    match set {
        ElementSet::Any => true,
        ElementSet::In(listed) => wanted.as_glob().is_some_and(|wanted| {
            let covers = |own: Glob| own.surely_covers(&wanted);
            listed.iter().filter_map(Pattern::as_glob).any(covers)
        }),
        ElementSet::NotIn(excepted) => excepted.iter().all(|own| apart(own, wanted)),
    }
}

/// Whether the set surely has no action that the pattern matches.
fn misses(set: &ElementSet, wanted: &Pattern) -> bool {
    match set {
        ElementSet::Any => false,
        ElementSet::In(listed) => listed.iter().all(|own| apart(own, wanted)),
        ElementSet::NotIn(excepted) => wanted.as_glob().is_some_and(|wanted| {
            let covers = |own: Glob| own.surely_covers(&wanted);
            excepted.iter().filter_map(Pattern::as_glob).any(covers)
        }),
    }
}

/// Whether surely no text matches both.
fn apart(one: &Pattern, other: &Pattern) -> bool {
    match (one.as_glob(), other.as_glob()) {
        (Some(one), Some(other)) => !one.intersects(&other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{DocumentKind, parse_document, parse_json};

    fn actions(texts: &[&str]) -> AccessBox {
        AccessBox {
            actions: texts.iter().map(|text| Pattern::glob(text)).collect(),
            resources: Vec::new(),
            principals: Vec::new(),
            when: Vec::new(),
        }
    }

    fn check(statements: &str, boxes: &[AccessBox], expected: bool) {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        let document = parse_document(&parse_json(&text).unwrap(), DocumentKind::Identity).unwrap();
        assert_eq!(
            all_out_of_reach(&document.document, boxes),
            expected,
            "{statements}"
        );
    }

    #[test]
    fn actions_tell_statements_that_have_nothing_to_do_with_a_check() {
        let boxes = [actions(&["iam:passrole", "s3:delete*"])];
        let of = |element: &str| format!(r#"{{"Effect": "Allow", {element}, "Resource": "*"}}"#);
        for (element, expected) in [
            (r#""Action": "s3:Get*""#, true),
            (r#""Action": ["s3:Get*", "ec2:*"]"#, true),
            (r#""Action": ["s3:Get*", "s3:D*"]"#, false),
            (r#""Action": "*:passrole""#, false),
            (r#""Action": "*""#, false),
            (r#""NotAction": ["iam:*", "s3:*"]"#, true),
            (r#""NotAction": ["iam:*", "s3:DeleteBucket"]"#, false),
            (r#""NotAction": "i?m:PassRole""#, false),
        ] {
            check(&of(element), &boxes, expected);
        }
        let both = format!("{}, {}", of(r#""Action": "s3:Get*""#), of(r#""Action": "iam:*""#));
        check(&both, &boxes, false);
    }

    #[test]
    fn a_box_without_actions_is_about_all_of_them() {
        let allow = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
        check(allow, &[actions(&[])], false);
        check(allow, &[actions(&["ec2:*"]), actions(&[])], false);
        check(allow, &[], true);
    }

    fn check_cover(statements: &str, reference: &str, expected: bool) {
        let document = |statements: &str| {
            let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
            parse_document(&parse_json(&text).unwrap(), DocumentKind::Identity)
                .unwrap()
                .document
        };
        assert_eq!(
            all_covered(&document(statements), &document(reference)),
            expected,
            "{statements} within {reference}"
        );
    }

    #[test]
    fn actions_tell_statements_that_a_reference_covers() {
        let of = |effect: &str, element: &str, more: &str| {
            format!(r#"{{"Effect": "{effect}", {element}, "Resource": {more}}}"#)
        };
        let anywhere = |element: &str| of("Allow", element, r#""*""#);
        let most = anywhere(r#""NotAction": ["iam:*", "s3:Put*"]"#);
        let narrow = of(
            "Allow",
            r#""Action": ["s3:Get*", "s3:List*"]"#,
            r#""arn:aws:s3:::b""#,
        );
        for (own, reference, expected) in [
            (narrow.clone(), most.clone(), true),
            (narrow.clone(), anywhere(r#""Action": "s3:*""#), true),
            (narrow.clone(), anywhere(r#""Action": "s3:?et*""#), false),
            (narrow.clone(), anywhere(r#""Action": "s3:Get*""#), false),
            (
                narrow.clone(),
                format!(
                    "{}, {}",
                    anywhere(r#""Action": "s3:Get*""#),
                    anywhere(r#""Action": "s3:L*""#)
                ),
                true,
            ),
            (narrow.clone(), anywhere(r#""NotAction": "s3:GetObject""#), false),
            // Not everywhere, or not always.
            (narrow.clone(), narrow.clone(), false),
            (
                narrow.clone(),
                of(
                    "Allow",
                    r#""Action": "s3:*""#,
                    r#""*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}"#,
                ),
                false,
            ),
            // What the reference denies it does not allow.
            (
                narrow.clone(),
                format!(
                    "{most}, {}",
                    of("Deny", r#""Action": "s3:GetObject""#, r#""arn:aws:s3:::c""#)
                ),
                false,
            ),
            (
                narrow.clone(),
                format!("{most}, {}", of("Deny", r#""NotAction": "s3:*""#, r#""*""#)),
                true,
            ),
            (narrow.clone(), of("Deny", r#""Action": "s3:*""#, r#""*""#), false),
            (anywhere(r#""Action": "*""#), most.clone(), false),
            (anywhere(r#""NotAction": "iam:*""#), most.clone(), false),
            // A Deny of its own takes away only.
            (
                format!("{narrow}, {}", of("Deny", r#""Action": "iam:*""#, r#""*""#)),
                most,
                true,
            ),
        ] {
            check_cover(&own, &reference, expected);
        }
    }

    #[test]
    fn denies_let_nothing_in() {
        let deny = r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#;
        check(deny, &[actions(&["iam:passrole"])], true);
    }
}
