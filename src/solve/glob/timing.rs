use std::hint::black_box;

use crate::formula::{Fact, Formula, ValueSet, Variable, and, fact, member, not, or};
use crate::iam::{Glob, Segment};
use crate::solve::{Answer, Solver};

use super::GlobSolver;

fn globs(texts: impl IntoIterator<Item = String>) -> ValueSet {
    ValueSet::Globs(texts.into_iter().map(|text| Glob::parse(&text)).collect())
}

fn among(variable: Variable, texts: impl IntoIterator<Item = String>) -> Formula {
    member(variable, globs(texts))
}

/// The bucket or its objects, as the segments of an ARN.
fn arn(service: &str, account: &str, rest: String) -> Formula {
    and([
        not(&fact(Fact::NoResource)),
        among(Variable::Resource(Segment::Partition), ["aws".to_owned()]),
        among(Variable::Resource(Segment::Service), [service.to_owned()]),
        among(Variable::Resource(Segment::Account), [account.to_owned()]),
        among(Variable::Resource(Segment::Rest), [rest]),
    ])
}

/// A policy of so many statements on buckets of that name.
fn policy(statements: usize, name: &str, verbs: &[&str]) -> Formula {
    or((0..statements).map(|number| {
        and([
            among(
                Variable::Action,
                verbs.iter().flat_map(|verb| {
                    [
                        format!("s3:{verb}object{number}*"),
                        format!("s3:{verb}bucket{number}"),
                        format!("sqs:{verb}{number}*"),
                    ]
                }),
            ),
            or([
                arn("s3", "*", format!("{name}-{number}")),
                arn("s3", "*", format!("{name}-{number}/*")),
                arn("sqs", "123456789012", format!("{name}-{number}")),
            ]),
        ])
    }))
}

fn actions(count: usize, salt: usize) -> ValueSet {
    globs((0..count).map(|number| {
        let (service, verb) = (number / 12, ["get", "list", "describe"][number % 3]);
        if (number + salt) % 5 == 0 {
            format!("service{service}:{verb}thing{number}*")
        } else {
            format!("service{service}:{verb}thing{number}")
        }
    }))
}

/// What this thread has run so far, so that other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn measure(name: &str, rounds: u32, formula: &Formula) {
    let solver = GlobSolver { steps: 50_000_000 };
    let answer = match solver.solve(formula) {
        Answer::Sat(_) => "sat",
        Answer::Unsat => "unsat",
        Answer::Unknown(_) => "unknown",
    };
    let start = cpu_seconds();
    for _ in 0..rounds {
        black_box(solver.solve(black_box(formula)));
    }
    let each = (cpu_seconds() - start) * 1e6 / f64::from(rounds);
    #[expect(clippy::print_stdout, reason = "the point of this test")]
    {
        println!("{name:<40} {answer:<8} {each:>10.1} µs");
    }
}

#[test]
#[ignore = "prints timings; run in release"]
fn typical_questions() {
    let verbs = ["get", "put", "list"];
    let forbidden = |texts: &[&str]| among(Variable::Action, texts.iter().map(|text| (*text).to_owned()));
    for statements in [1, 3, 10] {
        let allowed = policy(statements, "data", &verbs);
        let name = |what: &str| format!("{statements} statements, {what}");
        let question = and([
            allowed.clone(),
            forbidden(&["iam:passrole", "iam:create*", "sts:assumerole"]),
        ]);
        measure(&name("other actions"), 2000, &question);
        let question = and([allowed.clone(), forbidden(&["s3:getobject0*"])]);
        measure(&name("an action that is allowed"), 2000, &question);
        let elsewhere = or([
            arn("s3", "*", "secret/*".to_owned()),
            arn("s3", "*", "secret".to_owned()),
        ]);
        measure(
            &name("another resource"),
            2000,
            &and([allowed.clone(), elsewhere]),
        );
        measure(
            &name("the same policy"),
            2000,
            &and([allowed.clone(), not(&policy(statements, "data", &verbs))]),
        );
        let fewer = not(&policy(statements, "data", &["get", "list"]));
        measure(
            &name("a policy of fewer actions"),
            2000,
            &and([allowed.clone(), fewer]),
        );
        let more = not(&policy(statements, "da*", &["get", "put", "li*"]));
        measure(
            &name("a policy of wider globs"),
            2000,
            &and([allowed.clone(), more]),
        );
    }
    for count in [300, 3000] {
        let name = |what: &str| format!("{count} actions, {what}");
        let action = |set: &ValueSet| member(Variable::Action, set.clone());
        let (one, two, copy) = (actions(count, 0), actions(count, 1), actions(count, 0));
        measure(&name("the same"), 50, &and([action(&one), not(&action(&copy))]));
        measure(&name("others"), 50, &and([action(&one), not(&action(&two))]));
        let wide = globs((0..=count / 12).map(|service| format!("service{service}:*")));
        measure(
            &name("inside of whole services"),
            50,
            &and([action(&one), not(&action(&wide))]),
        );
        measure(
            &name("common with others"),
            50,
            &and([action(&one), action(&two)]),
        );
        let few = and([action(&one), forbidden(&["*:create*", "iam:*"])]);
        measure(&name("few others"), 50, &few);
        let parts = or((0..20).map(|part| {
            let set = globs((0..count).filter(|number| number % 20 == part).map(|number| {
                format!(
                    "service{}:{}thing{number}*",
                    number / 12,
                    ["get", "list", "describe"][number % 3]
                )
            }));
            and([
                action(&set),
                arn("s3", "*", format!("{}*", if part == 7 { "b" } else { "" })),
            ])
        }));
        let whole = and([action(&one), arn("s3", "*", "a*".to_owned())]);
        measure(&name("split over 20 statements"), 50, &and([whole, not(&parts)]));
    }
}

#[test]
#[ignore = "prints timings; run in release"]
fn a_budget_runs_out() {
    let letters: Vec<char> = ('a'..='z').collect();
    let all = (0..30).map(|at| {
        let text: String = (0..12)
            .map(|step| format!("*{}", letters[(at * 5 + step * (at + 3)) % 25]))
            .collect();
        among(Variable::Resource(Segment::Rest), [format!("{text}*")])
    });
    let none = not(&among(
        Variable::Resource(Segment::Rest),
        ["*a*b*c*d*e*f*".to_owned()],
    ));
    measure("30 star-heavy globs", 1, &and(all.chain([none])));
}
