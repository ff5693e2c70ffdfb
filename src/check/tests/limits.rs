//! Where an engine stops, or models less than there is, nothing is proved.

use super::*;
use crate::check::Engine;

fn undecided(text: &str, options: Options) -> &'static str {
    let known = Known {
        options,
        ..Known::default()
    };
    let asked = granted(&["s3:GetObject"], &[]);
    match verdict(
        &asked,
        &document(text, PolicyKind::Identity),
        PolicyKind::Identity,
        &known,
    ) {
        Verdict::Undecided(undecided) => undecided.id,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn running_out_of_steps_proves_nothing() {
    let options = Options {
        engine: Engine::Glob,
        steps: 1,
        ..Options::default()
    };
    let text = r#"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a*","arn:aws:s3:::b*"]},
        {"Effect":"Deny","Action":"s3:Get*","Resource":["arn:aws:s3:::a*","arn:aws:s3:::b*"]}"#;
    assert_eq!(undecided(text, options), "step-limit");
    let known = Known::default();
    check_rows(
        &granted(&["s3:GetObject"], &[]),
        PolicyKind::Identity,
        &known,
        &[(text, "PASS")],
    );
}

#[test]
fn more_values_of_a_key_than_are_modelled_prove_nothing() {
    let allows = |count: usize| -> String {
        let each = (0..count).map(|at| {
            format!(
                r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{"ForAnyValue:StringEquals":{{"aws:TagKeys":"k{at}"}}}}}},"#
            )
        });
        each.collect::<String>() + r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}"#
    };
    check_rows(
        &granted(&["s3:GetObject"], &[]),
        PolicyKind::Identity,
        &Known::default(),
        &[(&allows(8), "PASS")],
    );
    assert_eq!(undecided(&allows(40), Options::default()), "unsupported");
}
