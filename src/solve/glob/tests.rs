use std::collections::BTreeSet;
use std::sync::Arc;

use crate::formula::{
    Atom, Claim, Fact, Formula, Interval, Kinds, Model, Slot, ValueSet, Variable, and, domain, fact, holds,
    member, not, or,
};
use crate::iam::{ContextKey, Glob, PrincipalKind, Segment, parse_cidr, parse_instant, parse_number};
use crate::solve::{Answer, Reason, Solver};

use super::GlobSolver;

const STEPS: u64 = 20_000_000;

fn solve(formula: &Formula) -> Answer {
    GlobSolver { steps: STEPS }.solve(formula)
}

fn key(name: &str) -> Variable {
    Variable::Key(slot(name))
}

fn slot(name: &str) -> Slot {
    Slot {
        key: ContextKey::new(name),
        index: 0,
    }
}

fn globs(texts: &[&str]) -> ValueSet {
    ValueSet::Globs(texts.iter().map(|text| Glob::parse(text)).collect())
}

fn folded(texts: &[&str]) -> ValueSet {
    ValueSet::Folded(texts.iter().map(|text| Glob::parse(text)).collect())
}

/// A text of the variable in all of `positive` and none of `negative`.
fn in_out(variable: &Variable, positive: &[ValueSet], negative: &[ValueSet]) -> Formula {
    and(positive
        .iter()
        .map(|set| member(variable.clone(), set.clone()))
        .chain(
            negative
                .iter()
                .map(|set| not(&member(variable.clone(), set.clone()))),
        ))
}

#[track_caller]
fn check(formula: &Formula, satisfiable: bool) {
    match solve(formula) {
        Answer::Sat(model) => {
            assert!(satisfiable, "{formula:?} got {model:?}");
            assert!(holds(formula, &model));
            for (variable, text) in &model.texts {
                assert!(domain(variable).accepts(text), "{variable:?} {text}");
            }
        }
        Answer::Unsat => assert!(!satisfiable, "{formula:?} has a model"),
        Answer::Unknown(reason) => panic!("{formula:?}: {reason:?}"),
    }
}

/// A small generator of numbers, the same on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    pub(super) fn glob(&mut self, letters: &[char], longest: u64) -> String {
        (0..self.below(longest + 1))
            .map(|_| letters[self.below(letters.len() as u64) as usize])
            .collect()
    }
}

fn random_formula(dice: &mut Dice, variables: &[Variable], letters: &[char], depth: u64) -> Formula {
    let parts = 1 + dice.below(3);
    match dice.below(if depth == 0 { 1 } else { 4 }) {
        0 => {
            let atom = if dice.below(8) == 0 {
                fact(Fact::Guard(Arc::from(["p", "q"][dice.below(2) as usize])))
            } else {
                let variable = variables[dice.below(variables.len() as u64) as usize].clone();
                let count = 1 + dice.below(3);
                let texts: Vec<String> = (0..count).map(|_| dice.glob(letters, 5)).collect();
                let set = texts.iter().map(|text| Glob::parse(text));
                let set = if dice.below(4) == 0 {
                    ValueSet::Folded(set.collect())
                } else {
                    ValueSet::Globs(set.collect())
                };
                member(variable, set)
            };
            if dice.below(2) == 0 { atom } else { not(&atom) }
        }
        1 => or((0..parts).map(|_| random_formula(dice, variables, letters, depth - 1))),
        _ => and((0..=parts).map(|_| random_formula(dice, variables, letters, depth - 1))),
    }
}

/// Every text of these letters up to a length.
fn all_texts(letters: &[char], longest: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..longest {
        let until = texts.len();
        for at in from..until {
            for letter in letters {
                texts.push(format!("{}{letter}", texts[at]));
            }
        }
        from = until;
    }
    texts
}

/// A model among the given texts, found by trying all of them.
fn enumerate(formula: &Formula, texts: &[String]) -> Option<Model> {
    let mut atoms: Vec<&Atom> = Vec::new();
    crate::formula::for_each_atom(formula, &mut |atom| atoms.push(atom));
    let mut variables: BTreeSet<Variable> = BTreeSet::new();
    let mut facts: BTreeSet<Fact> = BTreeSet::new();
    for atom in &atoms {
        match &atom.claim {
            Claim::Fact(fact) => drop(facts.insert(fact.clone())),
            Claim::Member(variable, _) => drop(variables.insert(variable.clone())),
        }
    }
    let mut models = vec![Model::default()];
    for fact in facts {
        let mut more = models.clone();
        for model in &mut more {
            model.facts.insert(fact.clone(), true);
        }
        models.extend(more);
    }
    for variable in variables {
        let mut seen: BTreeSet<Vec<bool>> = BTreeSet::new();
        let mut useful: Vec<&String> = Vec::new();
        for text in texts.iter().filter(|text| domain(&variable).accepts(text)) {
            let mut model = Model::default();
            model.texts.insert(variable.clone(), text.clone());
            let signs = atoms
                .iter()
                .filter(|atom| matches!(&atom.claim, Claim::Member(other, _) if *other == variable))
                .map(|atom| holds(&Formula::Atom((*atom).clone()), &model))
                .collect();
            if seen.insert(signs) {
                useful.push(text);
            }
        }
        models = models
            .iter()
            .flat_map(|model| {
                let variable = variable.clone();
                useful.iter().map(move |text| {
                    let mut model = model.clone();
                    model.texts.insert(variable.clone(), (*text).clone());
                    model
                })
            })
            .collect();
    }
    models.into_iter().find(|model| holds(formula, model))
}

fn against_enumeration(seed: u64, rounds: usize, variables: &[Variable], letters: &[char], texts: &[String]) {
    let mut dice = Dice(seed);
    let (mut sat, mut unsat) = (0, 0);
    for round in 0..rounds {
        let depth = 1 + dice.below(3);
        let formula = random_formula(&mut dice, variables, letters, depth);
        match solve(&formula) {
            Answer::Sat(model) => {
                sat += 1;
                assert!(holds(&formula, &model), "round {round}: {formula:?}");
                for (variable, text) in &model.texts {
                    assert!(
                        domain(variable).accepts(text),
                        "round {round}: {variable:?} {text}"
                    );
                }
            }
            Answer::Unsat => {
                unsat += 1;
                let model = enumerate(&formula, texts);
                assert_eq!(model, None, "round {round}: {formula:?}");
            }
            Answer::Unknown(reason) => panic!("round {round}: {formula:?}: {reason:?}"),
        }
    }
    assert!(sat > rounds / 20 && unsat > rounds / 20, "{sat} {unsat}");
}

#[test]
fn no_enumerated_model_is_missed() {
    let texts = all_texts(&['a', 'b', 'c'], 5);
    let free = [key("app:one"), Variable::Resource(Segment::Rest)];
    against_enumeration(0x9e37_79b9, 1500, &free, &['a', 'b', '*', '*', '?'], &texts);
    against_enumeration(0x1234_5678, 1500, &free, &['a', '*', '?'], &texts);
    let texts = all_texts(&['a', 'b', 'A', 'B'], 4);
    against_enumeration(0xdead_beef, 1000, &free, &['a', 'b', 'A', '*', '*', '?'], &texts);
    let bounded = [
        Variable::Resource(Segment::Region),
        key("app:one"),
        Variable::Action,
    ];
    let texts = all_texts(&['a', 'b', ':'], 5);
    against_enumeration(
        0xfeed_f00d,
        1500,
        &bounded,
        &['a', 'b', ':', '*', '*', '?'],
        &texts,
    );
}

#[test]
fn no_account_or_partition_is_missed() {
    let letters = ['1', '2'];
    let mut texts = all_texts(&letters, 3);
    for text in all_texts(&letters, 6) {
        texts.push(format!("{text:1>12}"));
        texts.push(format!("{text:2<12}"));
        texts.push(format!("{text:3<12}"));
    }
    texts.extend(
        [
            "aws",
            "aws-cn",
            "aws-us-gov",
            "aws-iso",
            "aws-iso-b",
            "aws-iso-e",
            "aws-iso-f",
            "aws-eusc",
        ]
        .map(str::to_owned),
    );
    let variables = [Variable::PrincipalAccount, Variable::Resource(Segment::Account)];
    against_enumeration(0xabcd_ef01, 800, &variables, &['1', '2', '*', '*', '?'], &texts);
    let variables = [Variable::PrincipalPartition, key("aws:SecureTransport")];
    texts.extend(["true", "false"].map(str::to_owned));
    against_enumeration(
        0xabcd_ef02,
        800,
        &variables,
        &['a', 's', '-', 'e', '*', '*', '?'],
        &texts,
    );
}

/// Whether every text with a symbol matches a glob that has one, in an atom that occurs without negation.
fn symbols_are_lent(formula: &Formula, model: &Model) -> bool {
    let has_symbol = |text: &str| text.chars().any(crate::iam::is_symbol);
    model
        .texts
        .iter()
        .filter(|(_, text)| has_symbol(text))
        .all(|(variable, text)| {
            let mut lent = false;
            crate::formula::for_each_atom(formula, &mut |atom| {
                if let Claim::Member(other, ValueSet::Globs(globs)) = &atom.claim {
                    let lends = |glob: &Glob| has_symbol(&glob.to_string()) && glob.matches(text);
                    lent |= atom.holds && other == variable && globs.iter().any(lends);
                }
            });
            lent
        })
}

#[test]
fn no_symbol_is_missed() {
    let mut texts = all_texts(&['a', 's', '\u{F0001}'], 4);
    texts.extend(["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-eusc"].map(str::to_owned));
    let variables = [Variable::PrincipalPartition, Variable::Resource(Segment::Account)];
    let mut dice = Dice(0x0bad_cafe);
    let (mut lent, mut missed) = (0, Vec::new());
    for _ in 0..3000 {
        let formula = random_formula(&mut dice, &variables, &['a', 's', '\u{F0001}', '*', '*', '?'], 2);
        match solve(&formula) {
            Answer::Sat(model) => {
                assert!(holds(&formula, &model));
                for (variable, text) in &model.texts {
                    assert!(domain(variable).accepts(text), "{variable:?} {text}");
                }
                lent += usize::from(model.texts.values().any(|text| text.contains('\u{F0001}')));
            }
            Answer::Unsat => {
                let model = enumerate(&formula, &texts).filter(|model| symbols_are_lent(&formula, model));
                missed.extend(model.map(|model| (formula, model)));
            }
            Answer::Unknown(reason) => panic!("{formula:?}: {reason:?}"),
        }
    }
    assert!(lent > 100, "{lent}");
    assert!(missed.is_empty(), "{} {:?}", missed.len(), missed.first());
}

#[test]
fn globs_are_contained_exactly() {
    for (positive, negative, satisfiable) in [
        (&["ab*b*b*b"][..], &["a*b*b*b"][..], false),
        (&["a*b*b*b"], &["ab*b*b*b"], true),
        (&["*"], &["?*", ""], false),
        (&["*"], &["?*"], true),
        (&["*"], &["*a*", "*b*"], true),
        (&["*a*a*a*a*a*a*a*b"], &["*a*b"], false),
        (&["*a*b"], &["*a*a*a*a*a*a*a*b"], true),
        (&["*a*a*a*a*a*a*a*b"], &["*a*a*a*a*a*a*a*b*", "*c"], false),
        (&["?*"], &["?", "??*"], false),
        (&["?*"], &["?", "???*"], true),
        (&["*"], &["", "?", "??", "???*"], false),
        (&["a*", "*b"], &["a*b"], true),
        (&["ab"], &["a?"], false),
        (&["a?"], &["ab"], true),
    ] {
        let formula = in_out(&key("app:one"), &[globs(positive)], &[globs(negative)]);
        check(&formula, satisfiable);
    }
    let both = |left: &str, right: &str, negative: &[&str]| {
        in_out(
            &key("app:one"),
            &[globs(&[left]), globs(&[right])],
            &[globs(negative)],
        )
    };
    check(&both("a*", "*b", &["a*b"]), false);
    check(&both("a*a", "*a", &["a*a"]), false);
    check(&both("ab*", "*ba", &["ab*ba", "aba"]), false);
    check(&both("ab*", "*ba", &["ab*ba"]), true);
    check(&both("a*", "b*", &[]), false);
}

#[test]
fn case_is_ignored_where_it_should_be() {
    let variable = key("app:one");
    let question = |positive: &[ValueSet], negative: &[ValueSet]| in_out(&variable, positive, negative);
    check(&question(&[folded(&["ab"])], &[globs(&["ab", "AB", "aB"])]), true);
    check(
        &question(&[folded(&["ab"])], &[globs(&["ab", "AB", "aB", "Ab"])]),
        false,
    );
    check(&question(&[globs(&["AB*"])], &[folded(&["a*"])]), false);
    check(&question(&[folded(&["a*"])], &[globs(&["a*"])]), true);
    check(&question(&[folded(&["1*"])], &[globs(&["1*"])]), false);
    check(&question(&[folded(&["a"]), globs(&["A"])], &[]), true);
}

#[test]
fn bounded_domains_are_exhausted() {
    let account = Variable::PrincipalAccount;
    let taken: Vec<String> = (0..40_u64).map(|number| format!("{:012}", number * 7)).collect();
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    check(&in_out(&account, &[], &[globs(&taken)]), true);
    check(
        &in_out(&account, &[globs(&["00000000000?"])], &[globs(&taken)]),
        true,
    );
    let last: Vec<String> = (0..10).map(|digit| format!("*{digit}")).collect();
    let last: Vec<&str> = last.iter().map(String::as_str).collect();
    check(&in_out(&account, &[], &[globs(&last)]), false);
    check(&in_out(&account, &[], &[globs(&last[1..])]), true);
    check(&in_out(&account, &[], &[globs(&["????????????"])]), false);
    check(&in_out(&account, &[globs(&["?????????????"])], &[]), false);
    let partitions = [
        "aws",
        "aws-cn",
        "aws-us-gov",
        "aws-iso",
        "aws-iso-b",
        "aws-iso-e",
        "aws-iso-f",
        "aws-eusc",
    ];
    let partition = Variable::PrincipalPartition;
    check(&in_out(&partition, &[], &[globs(&partitions)]), false);
    check(&in_out(&partition, &[], &[globs(&partitions[1..])]), true);
    check(
        &in_out(
            &partition,
            &[globs(&["aws-*"])],
            &[globs(&["aws-iso*", "*-cn", "*gov"])],
        ),
        true,
    );
    check(
        &in_out(
            &partition,
            &[globs(&["aws-*"])],
            &[globs(&["aws-iso*", "*-cn", "*gov", "*c"])],
        ),
        false,
    );
    let symbol = "\u{F0001}";
    check(&in_out(&partition, &[globs(&[symbol])], &[]), true);
    check(
        &in_out(&partition, &[globs(&["*\u{F0001}*"])], &[globs(&partitions)]),
        true,
    );
    check(
        &in_out(&partition, &[globs(&[symbol])], &[globs(&[symbol])]),
        false,
    );
    let lent = [globs(&["foo*"]), globs(&["*\u{F0001}"])];
    check(&in_out(&partition, &lent, &[]), true);
    let branches = or([member(partition.clone(), lent[1].clone()), fact(Fact::NoResource)]);
    let question = and([member(partition.clone(), lent[0].clone()), branches.clone()]);
    check(&question, true);
    check(
        &and([
            question.clone(),
            not(&member(partition.clone(), globs(&["*\u{F0001}"]))),
        ]),
        false,
    );
    check(
        &and([member(partition.clone(), globs(&["foo"])), branches]),
        false,
    );
    let action: Vec<String> = ('a'..='z')
        .chain('0'..='9')
        .chain(['-'])
        .map(|letter| format!("{letter}*"))
        .collect();
    let action: Vec<&str> = action.iter().map(String::as_str).collect();
    check(&in_out(&Variable::Action, &[], &[globs(&action)]), false);
    check(&in_out(&Variable::Action, &[], &[globs(&action[1..])]), true);
    check(
        &in_out(&Variable::Action, &[globs(&["s3:*"])], &[globs(&["s3:?*"])]),
        false,
    );
    check(&in_out(&Variable::Action, &[globs(&["S3:*"])], &[]), false);
    check(
        &in_out(&Variable::Action, &[globs(&["*a"]), globs(&["*b*"])], &[]),
        true,
    );
}

#[test]
fn principals_have_one_kind() {
    let kinds = |kinds: &[PrincipalKind]| member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(kinds)));
    let user = kinds(&[PrincipalKind::User]);
    let both = kinds(&[PrincipalKind::User, PrincipalKind::Service]);
    check(&and([both.clone(), not(&user)]), true);
    check(&and([user.clone(), not(&both)]), false);
    check(
        &and(PrincipalKind::ALL.iter().map(|kind| not(&kinds(&[*kind])))),
        false,
    );
}

fn between(low: Option<(&str, bool)>, high: Option<(&str, bool)>) -> ValueSet {
    let end = |end: Option<(&str, bool)>| end.map(|(text, closed)| (parse_number(text).unwrap(), closed));
    ValueSet::Numbers(Arc::from([Interval {
        low: end(low),
        high: end(high),
    }]))
}

fn dates(low: Option<&str>, high: Option<&str>) -> ValueSet {
    let end = |end: Option<&str>| end.map(|text| (parse_instant(text).unwrap(), false));
    ValueSet::Instants(Arc::from([Interval {
        low: end(low),
        high: end(high),
    }]))
}

fn ranges(texts: &[&str]) -> ValueSet {
    ValueSet::Addresses(texts.iter().map(|text| parse_cidr(text).unwrap()).collect())
}

#[test]
fn numbers_are_exact() {
    let free = key("app:number");
    let age = key("aws:MultiFactorAuthAge");
    let less = |end| between(None, Some((end, false)));
    let at_least = |end| between(Some((end, true)), None);
    for (variable, positive, negative, satisfiable) in [
        (&free, vec![less("1")], vec![less("0.9")], true),
        (&free, vec![less("1"), at_least("1")], vec![], false),
        (&free, vec![], vec![less("1"), at_least("1")], true),
        (&age, vec![], vec![less("1"), at_least("1")], false),
        (
            &age,
            vec![],
            vec![less("1"), at_least("1.00000000000000000001")],
            true,
        ),
        (
            &free,
            vec![at_least("1e400")],
            vec![at_least("1.0000001e400")],
            true,
        ),
        (&free, vec![at_least("5"), globs(&["5*"])], vec![], true),
        (
            &free,
            vec![at_least("5"), less("4"), globs(&["5*"])],
            vec![],
            false,
        ),
        (&age, vec![globs(&["abc"])], vec![], false),
        (&age, vec![], vec![globs(&["0", "1", "2"])], true),
        (
            &key("aws:EpochTime"),
            vec![less("7")],
            vec![less("3"), between(Some(("3", true)), Some(("6", true)))],
            false,
        ),
        (&key("aws:EpochTime"), vec![less("7")], vec![less("3")], true),
        (&key("aws:SecureTransport"), vec![less("7")], vec![], false),
        (
            &key("aws:SecureTransport"),
            vec![],
            vec![less("7"), globs(&["true"])],
            true,
        ),
        (
            &key("aws:SecureTransport"),
            vec![],
            vec![globs(&["true", "false"])],
            false,
        ),
    ] {
        check(&in_out(variable, &positive, &negative), satisfiable);
    }
    let mixed = in_out(&free, &[at_least("5"), globs(&["6?7*x"])], &[]);
    assert!(matches!(solve(&mixed), Answer::Unknown(Reason::Unsupported(_))));
}

#[test]
fn numbers_dates_and_addresses_are_texts_too() {
    let number = key("app:number");
    let age = key("aws:MultiFactorAuthAge");
    let ip = key("aws:SourceIp");
    let free_ip = key("app:ip");
    let time = key("aws:CurrentTime");
    let less = |end| between(None, Some((end, false)));
    let at_least = |end| between(Some((end, true)), None);
    let five = || between(Some(("5", true)), Some(("5", true)));
    let four = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"];
    let new_year = "2026-01-01T00:00:00Z";
    for (name, variable, positive, negative, satisfiable) in [
        (
            "a number has many words",
            &number,
            vec![five()],
            vec![globs(&["5", "05", "5.0"])],
            true,
        ),
        (
            "so has it where all values are numbers",
            &age,
            vec![five()],
            vec![globs(&["5", "05"])],
            true,
        ),
        (
            "`*` demands nothing",
            &number,
            vec![less("4"), at_least("4"), globs(&["*"])],
            vec![],
            false,
        ),
        (
            "numbers on either side",
            &age,
            vec![],
            vec![less("4"), at_least("4"), globs(&["7"])],
            false,
        ),
        (
            "texts that are no numbers",
            &number,
            vec![],
            vec![less("4"), at_least("4"), globs(&["", "x", "xx"])],
            true,
        ),
        (
            "a text as it is found",
            &number,
            vec![globs(&["6?7*x"])],
            vec![less("4")],
            true,
        ),
        (
            "words without numbers",
            &number,
            vec![globs(&["6?7*x"])],
            vec![globs(&["6?7*"])],
            false,
        ),
        (
            "all addresses of a range",
            &ip,
            vec![ranges(&["10.0.0.0/30"])],
            vec![globs(&four)],
            false,
        ),
        (
            "all but one",
            &ip,
            vec![ranges(&["10.0.0.0/30"])],
            vec![globs(&["10.0.0.0", "10.0.0.1", "10.0.0.3"])],
            true,
        ),
        (
            "of any text",
            &free_ip,
            vec![ranges(&["10.0.0.0/30"]), globs(&["*"])],
            vec![globs(&four)],
            false,
        ),
        (
            "without case",
            &free_ip,
            vec![ranges(&["10.0.0.0/30"])],
            vec![ValueSet::Folded(four.map(Glob::parse).into())],
            false,
        ),
        (
            "one address of another form",
            &ip,
            vec![ranges(&["::1/128"])],
            vec![globs(&four)],
            true,
        ),
        (
            "not the range",
            &ip,
            vec![],
            vec![ranges(&["0.0.0.0/0", "::/1"]), globs(&["8000::", "8000::1"])],
            true,
        ),
        (
            "a second has many words",
            &time,
            vec![],
            vec![
                dates(Some(new_year), None),
                dates(None, Some(new_year)),
                globs(&[new_year, "1767225600"]),
            ],
            true,
        ),
        (
            "between two seconds",
            &time,
            vec![dates(Some(new_year), Some("2026-01-01T00:00:01Z"))],
            vec![globs(&["2026-01-01T00:00:00.000000001Z"])],
            true,
        ),
    ] {
        let found = solve(&in_out(variable, &positive, &negative));
        assert_eq!(matches!(found, Answer::Sat(_)), satisfiable, "{name}: {found:?}");
        assert_eq!(found == Answer::Unsat, !satisfiable, "{name}: {found:?}");
    }
    // The other words of an IPv6 address are not gone through.
    let long = in_out(&ip, &[ranges(&["::1/128"])], &[globs(&["::1"])]);
    assert!(matches!(solve(&long), Answer::Unknown(Reason::Unsupported(_))));
}

#[test]
fn dates_are_exact() {
    let free = key("app:date");
    let time = key("aws:CurrentTime");
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    for (variable, positive, negative, satisfiable) in [
        (&time, vec![dates(Some(early), Some(late))], vec![], true),
        (
            &time,
            vec![dates(Some(late), None), dates(None, Some(early))],
            vec![],
            false,
        ),
        (
            &time,
            vec![],
            vec![dates(Some(early), None), dates(None, Some(late))],
            false,
        ),
        (
            &free,
            vec![],
            vec![dates(Some(early), None), dates(None, Some(late))],
            true,
        ),
        (
            &time,
            vec![],
            vec![dates(Some(late), None), dates(None, Some(late))],
            true,
        ),
        (&time, vec![dates(Some("253402300800"), None)], vec![], true),
        (
            &time,
            vec![dates(Some(early), Some("2026-01-01T00:00:00.000000001Z"))],
            vec![],
            false,
        ),
        (
            &time,
            vec![dates(Some(early), Some("2026-01-01T00:00:00.000000002Z"))],
            vec![],
            true,
        ),
    ] {
        check(&in_out(variable, &positive, &negative), satisfiable);
    }
}

#[test]
fn addresses_are_exact() {
    let free = key("app:address");
    let source = key("aws:SourceIp");
    for (variable, positive, negative, satisfiable) in [
        (
            &source,
            vec![ranges(&["10.0.0.0/8"])],
            vec![ranges(&["10.0.0.0/9", "10.128.0.0/9"])],
            false,
        ),
        (
            &source,
            vec![ranges(&["10.0.0.0/8"])],
            vec![ranges(&["10.0.0.0/9", "10.128.0.0/10"])],
            true,
        ),
        (&source, vec![], vec![ranges(&["0.0.0.0/1", "128.0.0.0/1"])], true),
        (
            &source,
            vec![],
            vec![ranges(&["0.0.0.0/1", "128.0.0.0/1", "::/0"])],
            false,
        ),
        (
            &free,
            vec![],
            vec![ranges(&["0.0.0.0/1", "128.0.0.0/1", "::/0"])],
            true,
        ),
        (
            &source,
            vec![globs(&["10.*"]), ranges(&["10.0.0.0/8"])],
            vec![],
            true,
        ),
        (
            &source,
            vec![globs(&["1.2.3.4"])],
            vec![ranges(&["1.2.3.0/24"])],
            false,
        ),
    ] {
        check(&in_out(variable, &positive, &negative), satisfiable);
    }
}

/// Statements that allow what matches an action and a resource glob.
fn statements(pairs: &[(String, String)]) -> Formula {
    or(pairs.iter().map(|(action, resource)| {
        and([
            member(Variable::Action, globs(&[action])),
            member(Variable::Resource(Segment::Rest), globs(&[resource])),
        ])
    }))
}

#[test]
fn hard_policies_end() {
    let letters: Vec<char> = ('a'..='z').collect();
    let pairs: Vec<(String, String)> = (0..26)
        .map(|at| {
            (
                format!("s3:*{}*{}*", letters[at], letters[(at * 7) % 26]),
                format!("*{}*", letters[at]),
            )
        })
        .collect();
    let other: Vec<(String, String)> = (0..26)
        .map(|at| {
            (
                format!("s3:*{}*{}*", letters[at], letters[(at * 7 + 1) % 26]),
                format!("*{}*", letters[at]),
            )
        })
        .collect();
    check(&and([statements(&pairs), not(&statements(&pairs))]), false);
    let mut reversed = pairs.clone();
    reversed.reverse();
    check(&and([statements(&pairs), not(&statements(&reversed))]), false);
    check(&and([statements(&pairs), not(&statements(&other))]), true);
}

#[test]
fn long_globs_end() {
    for text in [
        "a".repeat(1_000_000),
        "a*".repeat(500_000),
        "?".repeat(1_000_000),
        "*a?".repeat(300_000),
    ] {
        let set = globs(&[&text]);
        let longer = globs(&[&format!("{text}b")]);
        let question = in_out(&key("app:one"), &[set], &[longer]);
        let answer = GlobSolver { steps: STEPS }.solve(&question);
        assert!(
            matches!(answer, Answer::Sat(_) | Answer::Unknown(Reason::StepLimit(_))),
            "{answer:?}"
        );
    }
}

#[test]
fn star_heavy_intersections_run_out_of_steps() {
    let letters: Vec<char> = ('a'..='z').collect();
    let sets: Vec<ValueSet> = (0..12)
        .map(|at| {
            let text: String = (0..12)
                .map(|step| format!("*{}", letters[(at * 5 + step * (at + 3)) % 26]))
                .collect();
            globs(&[&format!("{text}*")])
        })
        .collect();
    let question = in_out(&key("app:one"), &sets, &[globs(&["?????*"])]);
    check(&question, false);
    let question = in_out(&key("app:one"), &sets, &[globs(&["*a*b*c*d*e*f*", "*z*"])]);
    let answer = GlobSolver { steps: 2_000_000 }.solve(&question);
    assert!(
        matches!(
            answer,
            Answer::Unsat | Answer::Unknown(Reason::StepLimit(2_000_000))
        ),
        "{answer:?}"
    );
}
