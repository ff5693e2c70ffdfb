//! What a policy means as a formula, against the reference reading, on random requests: one corner of the square of
//! `evaluate`, formulas, the glob engine and Z3. `KEYAKI_CASES` asks for more rounds.

use keyaki::formula::{Meaning, Vocabulary, holds, model_of, possible, request as described};
use keyaki::iam::{Decision, DocumentKind, PrincipalKind, evaluate};

use super::differential::{Random, document, request};

#[test]
fn a_formula_says_what_the_reference_reading_says() {
    let rounds: usize = std::env::var("KEYAKI_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2_000);
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let (mut compared, mut allowed, mut impossible) = (0_usize, 0_usize, 0_usize);
    for _ in 0..rounds {
        let kind = if random.chance(50) {
            DocumentKind::Identity
        } else {
            DocumentKind::Resource
        };
        let (text, document) = document(&mut random, kind);
        let mut vocabulary = Vocabulary::default();
        vocabulary.add_document(&document);
        let meaning = Meaning::of(&document, &vocabulary).allowed();
        let well_formed = possible(&vocabulary, &PrincipalKind::ALL);
        for _ in 0..100 {
            let request = request(&mut random, kind);
            // More values than the vocabulary models, or the time under both of its names.
            let Some(model) = model_of(&request, &vocabulary) else {
                continue;
            };
            compared += 1;
            let expected = evaluate(&document, &request).decision == Decision::Allowed;
            allowed += usize::from(expected);
            assert_eq!(holds(&meaning, &model), expected, "{text}\n{request:?}");
            if !holds(&well_formed, &model) {
                impossible += 1;
            }
            let read_back = described(&model, &vocabulary, request.principal.kind());
            assert_eq!(
                evaluate(&document, &read_back).decision == Decision::Allowed,
                expected,
                "{text}\n{request:?}\n{read_back:?}"
            );
        }
    }
    eprintln!("compared {compared}, allowed {allowed}, not possible {impossible}");
    assert!(
        compared * 2 > rounds * 100,
        "too few requests have a model: {compared}"
    );
    assert!(allowed * 50 > compared, "too few requests are allowed: {allowed}");
}
