//! The bracket of `may` and `generic` on bare formulas; what it means for policies is tested in `check`.

use std::sync::Arc;

use crate::formula::{ValueSet, Variable, and, guard, member, not};
use crate::iam::{ContextKey, HoleId, Pattern, Piece, Segment};
use crate::solve::glob::GlobSolver;

use super::*;

const REST: Variable = Variable::Resource(Segment::Rest);

/// `$` is the hole `h`, `%` the hole `g`, `@` the variable `a:k`; the rest is a glob.
fn rest(text: &str) -> Formula {
    let pieces = text.chars().map(|c| match c {
        '$' => Piece::Hole(HoleId::new("h")),
        '%' => Piece::Hole(HoleId::new("g")),
        '@' => Piece::Var(ContextKey::new("a:k"), None),
        '*' => Piece::Star,
        '?' => Piece::Any,
        other => Piece::Char(other),
    });
    let pattern = Pattern::new(pieces.collect());
    match pattern.as_glob() {
        Some(glob) => member(REST, ValueSet::Globs(Arc::from([glob]))),
        None => member(
            REST,
            ValueSet::Templates {
                patterns: Arc::from([pattern]),
                fold: false,
            },
        ),
    }
}

fn check(formula: &Formula, symbols: &Symbols, expected: &str) {
    let word = match decide(formula, symbols, &GlobSolver { steps: 100_000 }) {
        Decision::Proved => "proved",
        Decision::Violated(_) => "violated",
        Decision::Depends(_) => "depends",
        Decision::GaveUp(reason) => panic!("{reason:?}"),
    };
    assert_eq!(word, expected, "{formula:?}");
}

#[test]
fn holes_are_bracketed() {
    for (matches, does_not, expected) in [
        ("$/*", "$/*", "proved"),
        ("$/x", "$/*", "proved"),
        ("$/*", "$/x", "violated"),
        ("$/*", "*", "proved"),
        ("$/*", "b/*", "depends"),
        ("b/*", "$/*", "depends"),
        ("$/*", "%/*", "depends"),
        ("$", "x?", "depends"),
        ("a$", "b*", "violated"),
    ] {
        check(
            &and([rest(matches), not(&rest(does_not))]),
            &Symbols::default(),
            expected,
        );
    }
}

#[test]
fn allowed_values_are_all_there_is() {
    let symbols = |values: &[&str]| Symbols {
        holes: vec![HoleFacts {
            id: HoleId::new("h"),
            allowed: values.iter().map(|value| (*value).to_owned()).collect(),
        }],
        ..Symbols::default()
    };
    let formula = and([rest("$/*"), rest("prod/*")]);
    check(&formula, &symbols(&["dev", "test"]), "proved");
    check(&formula, &symbols(&["dev", "prod"]), "depends");
    check(&formula, &symbols(&["*", "dev"]), "depends");
    check(&formula, &symbols(&[]), "depends");
}

#[test]
fn guards_count_only_when_they_are_conditions() {
    let condition: Arc<str> = "Env == prod".into();
    let either = crate::formula::or([
        and([guard(&condition), rest("a")]),
        and([not(&guard(&condition)), rest("b")]),
    ]);
    let known = Symbols {
        conditions: vec![condition.clone()],
        ..Symbols::default()
    };
    check(&either, &known, "violated");
    check(&either, &Symbols::default(), "depends");
    check(&and([guard(&condition), rest("a")]), &known, "depends");
}

#[test]
fn variables_are_split_into_cases() {
    let mut symbols = Symbols::default();
    symbols.vocabulary.add_key("a:k");
    let key = ContextKey::new("a:k");
    let is = |text: &str| crate::formula::key_is(&key, text, &symbols.vocabulary);
    check(&and([rest("x/@"), not(&rest("x/@"))]), &symbols, "proved");
    check(
        &and([is("bob"), rest("x/bob"), not(&rest("x/@"))]),
        &symbols,
        "proved",
    );
    check(
        &and([is("bob"), rest("x/eve"), not(&rest("x/@"))]),
        &symbols,
        "violated",
    );
}

#[test]
fn malformed_accounts_are_taken_at_their_word() {
    let account = |text: &str| {
        member(
            Variable::PrincipalAccount,
            ValueSet::Globs(Arc::from([crate::iam::Glob::parse(text)])),
        )
    };
    for (matches, does_not, expected) in [
        ("12345", "123456789012", "violated"),
        ("12345", "12345", "proved"),
        ("12345", "123*", "proved"),
        ("12345", "9*", "violated"),
    ] {
        check(
            &and([account(matches), not(&account(does_not))]),
            &Symbols::default(),
            expected,
        );
    }
}
