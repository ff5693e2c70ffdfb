//! The engines against each other, on random formulas built to collide: few variables, shared globs, nested ranges, the
//! same keys under several sorts (in some of them: Z3 leaves those open). Every model must satisfy its formula with possible
//! values. `KEYAKI_CASES` and `KEYAKI_SEED` ask for more and for others. Nearly all the time is Z3's: a newer libz3 than the
//! system's, put before it with `LD_LIBRARY_PATH`, answers several times as fast (4.13 of `pip install z3-solver`: four
//! times 4.8.12).

use std::sync::Arc;

use keyaki::formula::{
    Atom, Claim, Fact, Formula, Interval, Kinds, Model, Slot, ValueSet, Variable, and, domain, fact, holds,
    member, not, or,
};
use keyaki::iam::{
    ContextKey, Glob, PrincipalKind, Segment, is_symbol, parse_cidr, parse_instant, parse_number,
};
use keyaki::solve::glob::GlobSolver;
use keyaki::solve::z3::Z3Solver;
use keyaki::solve::{Answer, Reason, Solver};

const STEPS: u64 = 20_000_000;
const RLIMIT: u32 = 5_000_000;

#[test]
fn engines_agree_on_random_formulas() {
    let cases = number("KEYAKI_CASES").unwrap_or(200);
    let seed = number("KEYAKI_SEED").unwrap_or(1);
    let (glob, z3) = (GlobSolver { steps: STEPS }, Z3Solver { rlimit: RLIMIT });
    let mut tally = Tally::default();
    let mut disagreements = Vec::new();
    for case in 0..cases {
        // Small ones collide as well as large ones, and cost a tenth.
        let depth = 2 + usize::from(case % 16 == 0);
        let formula = Generator::new(seed.wrapping_mul(1_000_003).wrapping_add(case)).formula(depth);
        let answers = (glob.solve(&formula), z3.solve(&formula));
        for (engine, answer) in [("glob", &answers.0), ("z3", &answers.1)] {
            if let Answer::Sat(model) = answer {
                possible(engine, case, &formula, model);
            }
        }
        match &answers {
            (Answer::Sat(_), Answer::Sat(_)) => tally.sat += 1,
            (Answer::Unsat, Answer::Unsat) => tally.unsat += 1,
            (Answer::Unknown(_), Answer::Unknown(_)) => tally.neither += 1,
            (_, Answer::Unknown(Reason::StepLimit(_))) => tally.z3_gave_up += 1,
            (_, Answer::Unknown(Reason::Unsupported(_))) => tally.z3_cannot += 1,
            (Answer::Unknown(_), _) => tally.only_z3 += 1,
            (Answer::Unsat, Answer::Sat(model)) if is_by_idle_symbol(&z3, &formula, model) => tally.idle += 1,
            (Answer::Sat(_), Answer::Unsat) | (Answer::Unsat, Answer::Sat(_)) => {
                let least = shrink(&formula, &|formula| differ(&glob, &z3, formula));
                let answers = (glob.solve(&least), z3.solve(&least));
                disagreements.push(format!("case {case}: {}\n  glob, z3: {answers:?}", show(&least)));
            }
        }
    }
    eprintln!("{tally:?}");
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    assert!(
        tally.sat > 0 && tally.unsat > 0,
        "the formulas are one-sided: {tally:?}"
    );
    let decided = tally.sat + tally.unsat;
    assert!(
        decided * 100 >= cases * 93,
        "too few formulas are decided by both: {tally:?}"
    );
}

#[test]
fn engines_agree_on_known_questions() {
    let partition = Variable::PrincipalPartition;
    let is = |variable: &Variable, globs: &[&str]| {
        member(
            variable.clone(),
            ValueSet::Globs(globs.iter().map(|glob| Glob::parse(glob)).collect()),
        )
    };
    let rest = Variable::Resource(Segment::Rest);
    let symbol = "\u{F0001}";
    for (name, formula, satisfiable) in [
        (
            "an unknown value in the other branch",
            and([
                not(&is(&partition, &["aws", "aws-*"])),
                or([is(&rest, &["a*"]), is(&partition, &[symbol])]),
            ]),
            true,
        ),
        (
            "an unknown value that is only excluded",
            not(&is(&Variable::PrincipalAccount, &["????????????", symbol])),
            false,
        ),
        (
            "an unknown value that is no part of what matches",
            and([
                not(&is(&Variable::PrincipalAccount, &["????????????"])),
                is(&Variable::PrincipalAccount, &["*4*"]),
                is(&Variable::PrincipalAccount, &[symbol, "1*2*3*"]),
            ]),
            false,
        ),
    ] {
        let answers = [
            (GlobSolver { steps: STEPS }).solve(&formula),
            (Z3Solver { rlimit: RLIMIT }).solve(&formula),
        ];
        for answer in answers {
            assert_eq!(
                matches!(answer, Answer::Sat(_)),
                satisfiable,
                "{name}: {answer:?}"
            );
        }
    }
}

#[test]
fn symbols_that_no_claim_counts_on_are_told_from_others() {
    let z3 = Z3Solver { rlimit: RLIMIT };
    let account = |globs: &[&str]| {
        let globs = globs.iter().map(|glob| Glob::parse(glob)).collect();
        member(Variable::PrincipalAccount, ValueSet::Globs(globs))
    };
    let named = fact(Fact::NoResource);
    let short = not(&account(&["????????????"]));
    let symbol = account(&["\u{F0001}"]);
    for (name, formula, is_idle) in [
        (
            "its branch is settled",
            and([short.clone(), or([not(&named), symbol.clone()]), not(&named)]),
            true,
        ),
        (
            "its branch is open",
            and([short, or([named, symbol.clone()])]),
            false,
        ),
        ("a plain text does as well", symbol, false),
    ] {
        let model = Model {
            facts: [(Fact::NoResource, false)].into(),
            texts: [(Variable::PrincipalAccount, "\u{F0001}".to_owned())].into(),
            ..Model::default()
        };
        assert!(holds(&formula, &model), "{name}");
        assert_eq!(is_by_idle_symbol(&z3, &formula, &model), is_idle, "{name}");
    }
}

#[derive(Debug, Default)]
#[allow(dead_code, reason = "printed")]
struct Tally {
    sat: u64,
    unsat: u64,
    z3_gave_up: u64,
    z3_cannot: u64,
    only_z3: u64,
    neither: u64,
    idle: u64,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The model satisfies the formula, and every text in it is a possible one.
fn possible(engine: &str, case: u64, formula: &Formula, model: &Model) {
    assert!(
        holds(formula, model),
        "{engine}, case {case}: {model:?} does not satisfy {}",
        show(formula)
    );
    for (variable, text) in &model.texts {
        assert!(
            domain(variable).accepts(text),
            "{engine}, case {case}: `{text}` is no value of {variable:?}"
        );
    }
}

fn differ(glob: &GlobSolver, z3: &Z3Solver, formula: &Formula) -> bool {
    match (glob.solve(formula), z3.solve(formula)) {
        (Answer::Sat(_), Answer::Unsat) => true,
        (Answer::Unsat, Answer::Sat(model)) => !is_by_idle_symbol(z3, formula, &model),
        _ => false,
    }
}

/// Whether a model has texts with a symbol where no claim that names the symbol matters any more, and there is none without
/// such texts. A symbol stands for an unknown value, which is a possible text only as far as the formula speaks of it: an
/// engine that finds those claims settled by others rightly takes the symbol for not there.
fn is_by_idle_symbol(z3: &Z3Solver, formula: &Formula, model: &Model) -> bool {
    let symbols = |text: &str| text.chars().filter(|c| is_symbol(*c)).collect::<Vec<char>>();
    let plain: Vec<Formula> = model
        .texts
        .iter()
        .flat_map(|(variable, text)| {
            let holding = |symbol| {
                let glob = Glob::parse(&format!("*{symbol}*"));
                not(&member(
                    variable.clone(),
                    ValueSet::Globs([glob].into_iter().collect()),
                ))
            };
            symbols(text).into_iter().map(holding).collect::<Vec<_>>()
        })
        .collect();
    let without = and([formula.clone()].into_iter().chain(plain.iter().cloned()));
    !plain.is_empty()
        && settled(formula, model) == Formula::True
        && matches!(z3.solve(&without), Answer::Unsat)
}

/// The formula with its claims as the model has them, but for those that name a symbol.
fn settled(formula: &Formula, model: &Model) -> Formula {
    match formula {
        Formula::And(parts) => and(parts.iter().map(|part| settled(part, model))),
        Formula::Or(parts) => or(parts.iter().map(|part| settled(part, model))),
        Formula::Atom(atom) if names_symbol(atom) => formula.clone(),
        Formula::True | Formula::False | Formula::Atom(_) if holds(formula, model) => Formula::True,
        Formula::True | Formula::False | Formula::Atom(_) => Formula::False,
    }
}

fn names_symbol(atom: &Atom) -> bool {
    match &atom.claim {
        Claim::Member(_, ValueSet::Globs(globs)) => {
            globs.iter().any(|glob| glob.to_string().contains(is_symbol))
        }
        Claim::Member(..) | Claim::Fact(_) => false,
    }
}

/// A smaller formula of which the same is true.
fn shrink(formula: &Formula, fails: &dyn Fn(&Formula) -> bool) -> Formula {
    let mut least = formula.clone();
    while let Some(smaller) = smaller(&least).into_iter().find(|smaller| fails(smaller)) {
        least = smaller;
    }
    least
}

fn smaller(formula: &Formula) -> Vec<Formula> {
    type Join = fn(Vec<Formula>) -> Formula;
    let (parts, join): (&[Formula], Join) = match formula {
        Formula::True | Formula::False | Formula::Atom(_) => return Vec::new(),
        Formula::And(parts) => (parts, |parts| and(parts)),
        Formula::Or(parts) => (parts, |parts| or(parts)),
    };
    let mut found: Vec<Formula> = parts.to_vec();
    for index in 0..parts.len() {
        let without = parts
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != index)
            .map(|(_, part)| part.clone());
        found.push(join(without.collect()));
        for part in smaller(&parts[index]) {
            let mut parts = parts.to_vec();
            parts[index] = part;
            found.push(join(parts));
        }
    }
    found
}

/// A formula as people write it.
fn show(formula: &Formula) -> String {
    match formula {
        Formula::True => "true".to_owned(),
        Formula::False => "false".to_owned(),
        Formula::And(parts) => format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(" and ")),
        Formula::Or(parts) => format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(" or ")),
        Formula::Atom(atom) => {
            let claim = match &atom.claim {
                Claim::Fact(fact) => format!("{fact:?}"),
                Claim::Member(variable, ValueSet::Globs(globs)) => {
                    let globs: Vec<String> = globs.iter().map(|glob| format!("`{glob}`")).collect();
                    format!("{variable:?} in {globs:?}")
                }
                Claim::Member(variable, set) => format!("{variable:?} in {set:?}"),
            };
            if atom.holds { claim } else { format!("not {claim}") }
        }
    }
}

/// Random formulas: xorshift, so that a case is the same everywhere.
struct Generator {
    state: u64,
    /// Whether keys may be compared as values of several sorts.
    clashes: bool,
}

impl Generator {
    fn new(seed: u64) -> Generator {
        let mut generator = Generator {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            clashes: false,
        };
        for _ in 0..8 {
            generator.next();
        }
        generator.clashes = generator.below(6) == 0;
        generator
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % bound
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A conjunction, so that literals meet, of formulas of that depth.
    fn formula(&mut self, depth: usize) -> Formula {
        let width = 2 + self.below(3);
        and((0..width).map(|_| self.part(depth - 1)).collect::<Vec<_>>())
    }

    fn part(&mut self, depth: usize) -> Formula {
        if depth == 0 || self.below(5) == 0 {
            return self.literal();
        }
        let width = 2 + self.below(3);
        let parts: Vec<Formula> = (0..width).map(|_| self.part(depth - 1)).collect();
        if self.below(2) == 0 { and(parts) } else { or(parts) }
    }

    fn literal(&mut self) -> Formula {
        let atom = self.atom();
        if self.below(2) == 0 { atom } else { not(&atom) }
    }

    fn atom(&mut self) -> Formula {
        match self.below(16) {
            0 | 1 => self.texts(Variable::Action, ACTIONS),
            2 => self.texts(Variable::Resource(Segment::Account), ACCOUNTS),
            3 | 4 => self.texts(Variable::Resource(Segment::Rest), RESTS),
            5 => self.texts(Variable::PrincipalAccount, ACCOUNTS),
            6 => self.texts(Variable::PrincipalPartition, PARTITIONS),
            7 => self.kinds(),
            8 => self.folded("aws:SecureTransport", &["true", "false", "yes"]),
            9 => self.addresses("aws:SourceIp"),
            10 => self.folded("aws:RequestTag/team", TAGS),
            11 => self.texts(key("aws:RequestTag/team"), TAGS),
            12 => self.facts(),
            13 => self.dates("aws:CurrentTime"),
            14 => self.numbers("aws:MultiFactorAuthAge"),
            _ if self.clashes => self.clash(),
            _ => self.texts(key("my:key"), &["1", "2*", "10.0.0.*", "2026-*"]),
        }
    }

    /// One key under several sorts.
    fn clash(&mut self) -> Formula {
        match self.below(6) {
            0 => self.numbers("my:key"),
            1 => self.dates("my:key"),
            2 => self.addresses("my:key"),
            3 => self.texts(key("my:key"), &["1", "2*", "10.0.0.*", "2026-*"]),
            4 => self.numbers("aws:EpochTime"),
            _ => self.texts(key("aws:SourceIp"), &["10.0.0.*", "10.0.0.1", "here"]),
        }
    }

    fn globs(&mut self, from: &[&str]) -> Arc<[Glob]> {
        let count = 1 + self.below(3);
        (0..count).map(|_| Glob::parse(self.pick(from))).collect()
    }

    fn texts(&mut self, variable: Variable, from: &[&str]) -> Formula {
        let globs = self.globs(from);
        member(variable, ValueSet::Globs(globs))
    }

    fn folded(&mut self, name: &str, from: &[&str]) -> Formula {
        let globs = self
            .globs(from)
            .iter()
            .map(|glob| Glob::parse(&glob.to_string().to_lowercase()))
            .collect();
        member(key(name), ValueSet::Folded(globs))
    }

    fn kinds(&mut self) -> Formula {
        let kinds: Vec<PrincipalKind> = PrincipalKind::ALL
            .into_iter()
            .filter(|_| self.below(3) == 0)
            .collect();
        member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(&kinds)))
    }

    fn facts(&mut self) -> Formula {
        match self.below(4) {
            0 => fact(Fact::NoResource),
            1 => fact(Fact::Present(slot("aws:RequestTag/team"))),
            2 => fact(Fact::Guard(Arc::from("condition IsProd"))),
            _ => fact(Fact::IsArn(slot("aws:SourceArn"))),
        }
    }

    fn addresses(&mut self, name: &str) -> Formula {
        let count = 1 + self.below(2);
        let ranges = (0..count).filter_map(|_| parse_cidr(self.pick(RANGES))).collect();
        member(key(name), ValueSet::Addresses(ranges))
    }

    fn numbers(&mut self, name: &str) -> Formula {
        let interval = self.interval(
            &["-1", "0", "1", "1.5", "3600", "1e3", "0.333333333333"],
            parse_number,
        );
        member(key(name), ValueSet::Numbers(Arc::new([interval])))
    }

    fn dates(&mut self, name: &str) -> Formula {
        let dates = [
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5Z",
            "1767268800",
        ];
        let interval = self.interval(&dates, parse_instant);
        member(key(name), ValueSet::Instants(Arc::new([interval])))
    }

    fn interval<T>(&mut self, ends: &[&str], parse: impl Fn(&str) -> Option<T>) -> Interval<T> {
        let mut bound = |some: bool| {
            let end = parse(self.pick(ends)).map(|end| (end, self.below(2) == 0));
            end.filter(|_| some)
        };
        let (low, high) = (bound(true), bound(true));
        match self.below(3) {
            0 => Interval { low, high: None },
            1 => Interval { low: None, high },
            _ => Interval { low, high },
        }
    }
}

const ACTIONS: &[&str] = &[
    "s3:*",
    "s3:get*",
    "s3:*object",
    "s3:getobject",
    "s3:getobject*",
    "s3:get?bject",
    "*:*",
    "iam:*",
    "*object*",
    "s?:*",
    "s3:putobject",
    "s3:??tobject",
    "ec2:run*s",
];
const ACCOUNTS: &[&str] = &[
    "111122223333",
    "1111*",
    "*3333",
    "????????????",
    "1*2*3*",
    "",
    "aws",
    "a*",
    "0*",
    "1?1?2?2?3?3?",
    "*4*",
    "\u{F0001}",
    "12345678901",
];
const RESTS: &[&str] = &[
    "a*b*c",
    "a*b?*c",
    "ab*c",
    "a*c",
    "*b*",
    "a*",
    "bucket/*",
    "bucket/*/x",
    "bucket",
    "bucket?*",
    "?*",
    "a?c",
    "??",
    "*:*",
    "ab*b*b*b",
    "a*b*b*b",
    "{{\u{F0001}}}*",
    "é*",
    "?",
];
const PARTITIONS: &[&str] = &[
    "aws",
    "aws-*",
    "aws-cn",
    "aws*",
    "*-gov",
    "*c*",
    "aws-us-*",
    "?ws",
    "aws-iso-?",
];
const TAGS: &[&str] = &[
    "dev", "DEV", "d?v", "*v", "Dev*", "", "prod", "*", "p*d", "\\u{2a}", "k", "\u{212a}",
];
const RANGES: &[&str] = &[
    "10.0.0.0/8",
    "10.0.0.0/9",
    "10.128.0.0/9",
    "10.1.0.0/16",
    "10.1.2.3",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "::ffff:10.0.0.0/104",
    "0.0.0.0/1",
    "128.0.0.0/1",
];

fn slot(name: &str) -> Slot {
    Slot {
        key: ContextKey::new(name),
        index: 0,
    }
}

fn key(name: &str) -> Variable {
    Variable::Key(slot(name))
}
