//! Questions with known answers.

use std::sync::Arc;

use super::*;
use crate::formula::{Fact, Interval, Kinds, Slot, ValueSet, Variable, and, fact, member, not, or};
use crate::iam::{ContextKey, Glob, PrincipalKind, Segment, parse_cidr, parse_instant, parse_number};

const LIMIT: u32 = 5_000_000;

fn slot(name: &str) -> Slot {
    Slot {
        key: ContextKey::new(name),
        index: 0,
    }
}

fn key(name: &str) -> Variable {
    Variable::Key(slot(name))
}

fn globs(texts: &[&str]) -> Arc<[Glob]> {
    texts.iter().map(|text| Glob::parse(text)).collect()
}

fn is(variable: &Variable, texts: &[&str]) -> Formula {
    member(variable.clone(), ValueSet::Globs(globs(texts)))
}

fn folded(variable: &Variable, texts: &[&str]) -> Formula {
    member(variable.clone(), ValueSet::Folded(globs(texts)))
}

fn number(name: &str, low: &str, high: &str) -> Formula {
    let bound = |text: &str| parse_number(text).map(|number| (number, true));
    member(
        key(name),
        ValueSet::Numbers(Arc::new([Interval {
            low: bound(low),
            high: bound(high),
        }])),
    )
}

fn before(name: &str, text: &str) -> Formula {
    let high = parse_instant(text).map(|instant| (instant, false));
    member(
        key(name),
        ValueSet::Instants(Arc::new([Interval { low: None, high }])),
    )
}

fn address(name: &str, texts: &[&str]) -> Formula {
    member(
        key(name),
        ValueSet::Addresses(texts.iter().map(|text| parse_cidr(text).unwrap()).collect()),
    )
}

fn check(name: &str, formula: &Formula, expected: &str) {
    let found = match (Z3Solver { rlimit: LIMIT }).solve(formula) {
        Answer::Unsat => "unsat".to_owned(),
        Answer::Sat(model) => {
            assert!(holds(formula, &model), "{name}: {model:?}");
            for (variable, text) in &model.texts {
                assert!(
                    crate::formula::domain(variable).accepts(text),
                    "{name}: {variable:?} {text}"
                );
            }
            "sat".to_owned()
        }
        Answer::Unknown(Reason::StepLimit(_)) => "step limit".to_owned(),
        Answer::Unknown(Reason::Unsupported(reason)) => reason,
    };
    assert_eq!(found, expected, "{name}");
}

#[test]
fn questions_have_answers() {
    let action = Variable::Action;
    let rest = Variable::Resource(Segment::Rest);
    let account = Variable::PrincipalAccount;
    let partition = Variable::PrincipalPartition;
    let secure = key("aws:SecureTransport");
    let tag = key("aws:RequestTag/team");
    let kinds = |kinds: &[PrincipalKind]| member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(kinds)));
    let symbol = "\u{F0001}";
    let mixed = "a key is compared both as a text and as a number, date or address";
    for (name, formula, expected) in [
        ("true", Formula::True, "sat"),
        ("false", Formula::False, "unsat"),
        ("some action", is(&action, &["s3:*"]), "sat"),
        (
            "covered",
            and([is(&action, &["s3:get*"]), not(&is(&action, &["s3:*"]))]),
            "unsat",
        ),
        (
            "not covered",
            and([is(&action, &["s3:*"]), not(&is(&action, &["s3:get*"]))]),
            "sat",
        ),
        ("actions have one colon", is(&action, &["s3:a:b"]), "unsat"),
        ("no action in upper case", is(&action, &["S3:*"]), "unsat"),
        (
            "a `?` is one character",
            and([is(&rest, &["a?"]), not(&is(&rest, &["a*"]))]),
            "unsat",
        ),
        (
            "union covers",
            and([
                is(&rest, &["a?*"]),
                not(&is(&rest, &["a?"])),
                not(&is(&rest, &["a??*"])),
            ]),
            "unsat",
        ),
        ("empty rest", is(&rest, &[""]), "unsat"),
        (
            "a fresh letter",
            and([not(&is(&tag, &["x*", "0*", "a*", "X*", "_*", ""]))]),
            "sat",
        ),
        (
            "every digit is named",
            and([
                is(&account, &["?11111111111"]),
                not(&is(
                    &account,
                    &["0*", "1*", "2*", "3*", "4*", "5*", "6*", "7*", "8*", "9*"],
                )),
            ]),
            "unsat",
        ),
        (
            "one digit is left",
            and([
                is(&account, &["?11111111111"]),
                not(&is(
                    &account,
                    &["0*", "1*", "2*", "3*", "4*", "5*", "6*", "8*", "9*"],
                )),
            ]),
            "sat",
        ),
        (
            "accounts have twelve digits",
            is(&account, &["1234567890123"]),
            "unsat",
        ),
        (
            "partitions",
            and([is(&partition, &["aws*"]), not(&is(&partition, &["aws", "aws-*"]))]),
            "unsat",
        ),
        (
            "a partition",
            and([
                is(&partition, &["aws*"]),
                not(&is(&partition, &["aws", "aws-cn"])),
            ]),
            "sat",
        ),
        (
            "booleans are finite",
            and([
                not(&folded(&secure, &["true"])),
                not(&folded(&secure, &["false"])),
            ]),
            "unsat",
        ),
        (
            "booleans in lower case",
            and([folded(&secure, &["true"]), not(&is(&secure, &["true"]))]),
            "unsat",
        ),
        (
            "case is ignored",
            and([folded(&tag, &["dev"]), not(&is(&tag, &["dev", "DEV", "Dev"]))]),
            "sat",
        ),
        (
            "case is not ignored",
            and([is(&tag, &["Dev"]), not(&folded(&tag, &["dev"]))]),
            "unsat",
        ),
        (
            "escapes are text",
            and([is(&tag, &["b/\\u{2a}"]), not(&is(&tag, &["b/\\u{2a}"]))]),
            "unsat",
        ),
        (
            "escapes are not decoded",
            and([is(&tag, &["b/\\u{2a}"]), is(&tag, &["b/?"])]),
            "unsat",
        ),
        ("escapes come back", is(&tag, &["b/\\u002a\\x41"]), "sat"),
        (
            "`?` is a character, not a byte",
            and([is(&tag, &["é"]), not(&is(&tag, &["?"]))]),
            "unsat",
        ),
        (
            "high planes",
            and([is(&tag, &["\u{10FFFD}?"]), not(&is(&tag, &["??"]))]),
            "unsat",
        ),
        ("nul", is(&tag, &["a\u{0}b*"]), "sat"),
        (
            "two variables",
            and([
                is(&action, &["s3:*"]),
                is(&rest, &["a*"]),
                not(&is(&rest, &["*b"])),
            ]),
            "sat",
        ),
        ("a symbol fits any domain", is(&account, &[symbol]), "sat"),
        (
            "only a symbol that is named",
            and([
                is(&account, &["*x*"]),
                or([is(&account, &["*y"]), is(&rest, &["a"])]),
            ]),
            "unsat",
        ),
        (
            "facts",
            and([fact(Fact::NoResource), not(&fact(Fact::NoResource))]),
            "unsat",
        ),
        (
            "presence",
            and([
                fact(Fact::Present(slot("a"))),
                not(&fact(Fact::Present(slot("b")))),
            ]),
            "sat",
        ),
        (
            "kinds",
            and([
                kinds(&[PrincipalKind::Root, PrincipalKind::User]),
                not(&kinds(&[PrincipalKind::Root])),
            ]),
            "sat",
        ),
        (
            "no kind",
            and([kinds(&[PrincipalKind::Root]), kinds(&[PrincipalKind::Canonical])]),
            "unsat",
        ),
        (
            "some kind",
            and([
                not(&kinds(&PrincipalKind::ALL[..7])),
                not(&kinds(&PrincipalKind::ALL[7..])),
            ]),
            "unsat",
        ),
        (
            "numbers",
            and([number("k", "1", "2"), not(&number("k", "1", "1.9999"))]),
            "sat",
        ),
        (
            "no number",
            and([number("k", "1", "2"), not(&number("k", "0.9", "2"))]),
            "unsat",
        ),
        (
            "a third",
            and([
                number("k", "0.33", "0.34"),
                not(&number("k", "0.33", "0.3333333333333333333333")),
            ]),
            "sat",
        ),
        (
            "400 digits",
            and([number("k", "1e399", ""), not(&number("k", "1e400", ""))]),
            "sat",
        ),
        (
            "no number at all",
            and([not(&number("k", "1", "")), not(&number("k", "", "1"))]),
            "sat",
        ),
        (
            "always a number",
            and([
                not(&number("aws:MultiFactorAuthAge", "1", "")),
                not(&number("aws:MultiFactorAuthAge", "", "1")),
            ]),
            "unsat",
        ),
        (
            "instants",
            and([
                before("aws:CurrentTime", "2026-01-01T00:00:00Z"),
                not(&before("aws:CurrentTime", "2025-12-31T23:59:59Z")),
            ]),
            "sat",
        ),
        (
            "one nanosecond",
            and([
                before("k", "2026-01-01T00:00:00.000000001Z"),
                not(&before("k", "2026-01-01T00:00:00Z")),
            ]),
            "sat",
        ),
        (
            "no instant",
            and([
                before("k", "2026-01-01T00:00:00Z"),
                not(&before("k", "2026-01-01T00:00:01Z")),
            ]),
            "unsat",
        ),
        (
            "addresses",
            and([
                address("aws:SourceIp", &["10.0.0.0/8"]),
                not(&address("aws:SourceIp", &["10.0.0.0/9"])),
            ]),
            "sat",
        ),
        (
            "nested ranges",
            and([
                address("aws:SourceIp", &["10.1.0.0/16"]),
                not(&address("aws:SourceIp", &["10.0.0.0/8"])),
            ]),
            "unsat",
        ),
        (
            "halves",
            and([
                address("k", &["10.0.0.0/8"]),
                not(&address("k", &["10.0.0.0/9", "10.128.0.0/9"])),
            ]),
            "unsat",
        ),
        (
            "families",
            and([address("k", &["::/0"]), address("k", &["0.0.0.0/0"])]),
            "unsat",
        ),
        (
            "mapped addresses are IPv6",
            and([
                address("k", &["::ffff:10.0.0.0/104"]),
                not(&address("k", &["10.0.0.0/8"])),
            ]),
            "sat",
        ),
        (
            "always an address",
            and([
                not(&address("aws:SourceIp", &["0.0.0.0/0"])),
                not(&address("aws:SourceIp", &["::/0"])),
            ]),
            "unsat",
        ),
        (
            "not always an address",
            and([not(&address("k", &["0.0.0.0/0"])), not(&address("k", &["::/0"]))]),
            "sat",
        ),
        (
            "booleans are no numbers",
            number("aws:SecureTransport", "", "1"),
            "unsat",
        ),
        (
            "booleans are not numbers",
            not(&number("aws:SecureTransport", "", "1")),
            "sat",
        ),
        (
            "epoch seconds",
            and([
                number("aws:EpochTime", "5", "6"),
                not(&number("aws:EpochTime", "5", "5")),
            ]),
            "sat",
        ),
        (
            "epoch seconds are whole",
            and([number("aws:EpochTime", "5.1", "5.9")]),
            "unsat",
        ),
        (
            "a date that is no number",
            and([
                not(&number("aws:EpochTime", "5", "")),
                not(&number("aws:EpochTime", "", "5")),
            ]),
            "sat",
        ),
        (
            "an address as a text",
            is(&key("aws:SourceIp"), &["10.0.0.1"]),
            "sat",
        ),
        (
            "a text that is no address",
            is(&key("aws:SourceIp"), &["here"]),
            "a key of numbers, dates or addresses compared as a text",
        ),
        (
            "two sorts",
            and([is(&key("k"), &["1"]), number("k", "1", "1")]),
            mixed,
        ),
        (
            "a long text",
            and([is(&tag, &[&"ab".repeat(500)]), not(&is(&tag, &["a*b"]))]),
            "unsat",
        ),
        (
            "a text without end",
            is(&tag, &[&"a".repeat(3_000)]),
            "patterns too long for z3",
        ),
        (
            "wildcards without end",
            is(&tag, &[&"?a".repeat(2_000)]),
            "patterns too long for z3",
        ),
    ] {
        check(name, &formula, expected);
    }
}

#[test]
fn a_limit_stops_at_the_same_step() {
    let tag = key("aws:RequestTag/team");
    let stars = |text: &str| text.split('+').map(|glob| is(&tag, &[glob])).collect::<Vec<_>>();
    let hard = and(stars("ab*b*b*b*ab*b")
        .into_iter()
        .chain(stars("*a*b*c*d*+*d*c*b*a*").into_iter().map(|f| not(&f))));
    let solver = Z3Solver { rlimit: 2_000 };
    let first = solver.solve(&hard);
    assert_eq!(first, Answer::Unknown(Reason::StepLimit(2_000)));
    assert_eq!(first, solver.solve(&hard));
}

#[test]
fn threads_do_not_disturb_each_other() {
    let rest = Variable::Resource(Segment::Rest);
    let formula = and([is(&rest, &["a*b"]), not(&is(&rest, &["a*c*b"]))]);
    let alone = (Z3Solver { rlimit: LIMIT }).solve(&formula);
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..8)
                        .map(|_| (Z3Solver { rlimit: LIMIT }).solve(&formula))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for answers in asked {
            assert!(answers.join().unwrap().into_iter().all(|answer| answer == alone));
        }
    });
}
