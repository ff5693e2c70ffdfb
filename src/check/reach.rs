//! Statements that have nothing to do with a check, told by their actions alone: most statements of most policies, so
//! that the engines are asked about the others only. What this finds is a proof; what it does not find may be out of
//! reach all the same.

use crate::iam::{Effect, ElementSet, Glob, Pattern, PolicyDocument, Statement};

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

    #[test]
    fn denies_let_nothing_in() {
        let deny = r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#;
        check(deny, &[actions(&["iam:passrole"])], true);
    }
}
