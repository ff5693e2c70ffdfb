use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::check::standards::StandardsFile;
use crate::check::{Check, GuiltyStatement, MissedDeny, Scope, Unit};
use crate::extract::{
    Before, Composition, Deployed, ExtractedPrincipal, Extraction, Hole, Policy, Provenance, one_by_one,
};
use crate::iam::{ContextKey, Effect, ElementSet, HoleId, PolicyDocument, Principal, PrincipalSet, Request};
use crate::iam::{ResourceSet, Statement, Version};
use crate::report::{Format, Look, ResultCounts, Severity, write_report};
use crate::source::{FileId, InputKind, Place, SourceFile, Span};

const TEXT: &str = "{\n  \"policy\": [\n    \"statement\"\n  ]\n}\n";
const SECRET: &str = "CANARY-8f1d";

fn place(start: usize, end: usize) -> Place {
    Place {
        file: FileId(0),
        span: Span { start, end },
    }
}

fn origin(address: &str) -> Origin {
    Origin {
        address: address.to_string(),
        resource_type: "aws_s3_bucket_policy".to_string(),
        place: place(4, 12),
        statements: vec![place(20, 31)],
        block: None,
        rebuilt: None,
    }
}

fn document() -> PolicyDocument {
    PolicyDocument {
        version: Version::V2012,
        statements: [Statement {
            index: 0,
            sid: None,
            effect: Effect::Allow,
            principal: PrincipalSet::Absent,
            action: ElementSet::Any,
            resource: ResourceSet::Any,
            conditions: vec![],
            guard: vec![],
            spelled: [].into(),
        }]
        .into(),
    }
}

fn policy(address: &str) -> Policy {
    Policy {
        document: Ok(document()),
        kind: PolicyKind::Resource,
        origin: origin(address),
        before: Before::NotTold,
        attached_to: vec![],
        holes: vec![],
        provenance: Provenance::Literal,
        sensitive: false,
        changed: true,
        notes: vec![],
        default_facts: vec![],
    }
}

fn finding() -> Finding {
    Finding {
        violation: crate::check::Violation::Allowed,
        statements: vec![GuiltyStatement {
            document: None,
            index: 0,
            sid: None,
        }],
        message: "granted".to_string(),
        reasons: vec!["in the statement with index: 0.".to_string()],
        counterexample: Request {
            principal: Principal::Anonymous,
            action: "s3:GetObject".to_string(),
            resource: format!("arn:aws:s3:::{SECRET}"),
            context: BTreeMap::from([(ContextKey::new("aws:Referer"), vec![SECRET.to_string()])]),
            readings: BTreeMap::new(),
            holes: BTreeMap::new(),
            facts: BTreeMap::new(),
        },
        assumes: vec![("parameter P".to_string(), SECRET.to_string())],
        denies: vec![MissedDeny {
            document: None,
            index: 1,
            sid: None,
            why: format!("the resource is not {SECRET}"),
        }],
        realistic: true,
        readings: vec![],
        solver: "glob",
        regions: None,
        change: None,
        unconfirmed: false,
    }
}

/// Says what a sentence may name.
fn sentence(finding: &Finding, _holders: Option<&[String]>) -> String {
    let Request { action, resource, .. } = &finding.counterexample;
    format!("anyone can `{action}` on `{resource}`")
}

fn standards() -> StandardsFile {
    let standard = |id: &str, severity: Severity| Standard {
        id: id.to_string(),
        description: String::new(),
        severity,
        check: Check::NoPublicAccess { resource_type: None },
        on: Unit::Policy,
        scope: Scope::default(),
    };
    StandardsFile {
        standards: vec![
            standard("no-public", Severity::Critical),
            standard("other", Severity::Low),
        ],
        ..StandardsFile::default()
    }
}

fn answer(policy: usize, standard: usize, verdict: check::Verdict) -> Outcome {
    Outcome::Answer {
        input: 0,
        policy,
        standard,
        verdict,
    }
}

fn undecided() -> Undecided {
    Undecided {
        id: "step-limit",
        message: "step limit reached".to_string(),
        holes: vec!["x".to_string()],
    }
}

fn report(policies: Vec<Policy>, gaps: Vec<Gap>, ignored: usize, outcomes: &[Outcome]) -> Report {
    report_of(InputKind::Template, policies, gaps, ignored, outcomes)
}

fn report_of(
    kind: InputKind,
    policies: Vec<Policy>,
    gaps: Vec<Gap>,
    ignored: usize,
    outcomes: &[Outcome],
) -> Report {
    let files = [SourceFile {
        name: "plan.json".to_string(),
        text: TEXT.to_string(),
    }];
    let principals = vec![ExtractedPrincipal {
        address: "aws_iam_role.open".to_string(),
        principal_type: "role",
        policies: vec![],
        boundary: None,
        trust: None,
        open: true,
        origin: origin("aws_iam_role.open"),
        now: Composition::default(),
        before: Deployed::NotTold,
    }];
    let extraction = Extraction {
        policies,
        gaps,
        principals,
        ..Extraction::default()
    };
    let input = ScannedInput {
        name: "plan.json".to_string(),
        kind,
        unchanged: Default::default(),
        extraction,
        ignored,
    };
    summarise(
        &Run {
            standards: &standards(),
            files: &files,
            source: None,
            root: Path::new("/r"),
            inputs: &[input],
            outcomes,
            notes: &[],
            noted: &[],
            errors: &[],
            internal: &[],
            usage: &[],
            distinct: 1,
        },
        sentence,
        &one_by_one,
    )
}

fn printed(report: &Report) -> String {
    let mut all = Vec::new();
    for word in Format::words() {
        write_report(
            report,
            Format::from_word(word).unwrap(),
            &Look::default(),
            &mut all,
        )
        .unwrap();
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn only_what_may_be_shown_is_quoted() {
    for (kind, sensitive, quoted) in [
        (InputKind::Template, false, Some("    \"statement\"")),
        (InputKind::Policy, false, Some("    \"statement\"")),
        (InputKind::Template, true, None),
        (InputKind::TerraformPlan, false, None),
    ] {
        let policy = Policy {
            sensitive,
            ..policy("a.b")
        };
        let fail = answer(0, 0, check::Verdict::Fail(Box::new(finding())));
        let report = report_of(kind, vec![policy], vec![], 0, &[fail]);
        let snippet = report.findings[0].snippet.as_ref();
        let shown = snippet.map(|snippet| snippet.text.as_str());
        assert_eq!(shown, quoted, "{kind:?} {sensitive}");
        if let Some(snippet) = snippet {
            assert_eq!((snippet.line, snippet.guilty_line()), (3, 3));
        }
    }
}

#[test]
fn every_policy_and_answer_is_counted() {
    let invalid = Policy {
        document: Err(Invalid {
            message: "statement 0: `Effect` is missing".to_string(),
            statement: Some(0),
        }),
        ..policy("c")
    };
    let gap = Gap {
        origin: origin("g"),
        reason: GapReason::UnknownUntilApply("known later".to_string()),
        kind: None,
    };
    let outcomes = [
        answer(0, 0, check::Verdict::Pass(Proof::default())),
        answer(0, 1, check::Verdict::Fail(Box::new(finding()))),
        answer(1, 0, check::Verdict::Undecided(undecided())),
        Outcome::Invalid {
            input: 0,
            policy: 2,
            standards: vec![0, 1],
        },
        Outcome::NotApplicable,
        Outcome::Gap {
            input: 0,
            gap: 0,
            standards: vec![0, 1],
        },
    ];
    let report = report(
        vec![policy("a"), policy("b"), invalid, policy("d")],
        vec![gap],
        2,
        &outcomes,
    );
    let PolicyCounts {
        found,
        checked,
        undecided,
        invalid,
        ignored,
        not_applicable,
        ..
    } = report.policies;
    assert_eq!(
        (checked, undecided, invalid, ignored, not_applicable),
        (2, 1, 1, 2, 1)
    );
    assert_eq!(found, checked + undecided + invalid + ignored + not_applicable);
    let ResultCounts {
        pass,
        fail,
        undecided,
        error,
        ..
    } = report.results;
    assert_eq!((pass, fail, undecided, error), (1, 1, 2, 1));
    assert_eq!(report.findings.len(), fail + undecided + error);
    let rows: Vec<_> = report
        .standards
        .iter()
        .map(|row| (row.matched, row.pass, row.fail, row.undecided))
        .collect();
    assert_eq!(rows, [(4, 1, 0, 2), (3, 0, 1, 1)]);
    let rules: Vec<&str> = report
        .findings
        .iter()
        .map(|entry| entry.standard.as_str())
        .collect();
    assert_eq!(rules, ["other", "no-public", INVALID_RULE, UNDECIDED_RULE]);
    assert_eq!(
        report.exit_status(Severity::Low, crate::report::ExitFlags::default()),
        3
    );
}

#[test]
fn findings_are_located() {
    let report = report(
        vec![policy("a")],
        vec![],
        0,
        &[answer(0, 0, check::Verdict::Fail(Box::new(finding())))],
    );
    let entry = &report.findings[0];
    assert_eq!(
        (entry.location.uri.as_str(), entry.location.region.start_line),
        ("plan.json", 2)
    );
    let statement = entry.statements[0].location.as_ref().unwrap();
    assert_eq!(
        (statement.region.start_line, statement.region.start_column),
        (3, 5)
    );
    assert!(!report.hint_source, "a template has its own lines");
}

#[test]
fn sensitive_values_are_in_no_format() {
    let fail = answer(0, 0, check::Verdict::Fail(Box::new(finding())));
    let open = report(vec![policy("a")], vec![], 0, std::slice::from_ref(&fail));
    assert!(printed(&open).contains(SECRET));
    let hidden = report(
        vec![Policy {
            sensitive: true,
            ..policy("a")
        }],
        vec![],
        0,
        &[fail],
    );
    let printed = printed(&hidden);
    assert!(!printed.contains(SECRET), "{printed}");
    assert!(printed.contains("(sensitive)") && printed.contains("s3:GetObject"));
}

#[test]
fn policies_of_open_principals_are_open() {
    let attached = Policy {
        attached_to: vec!["aws_iam_role.open".to_string()],
        ..policy("a")
    };
    let outcomes = [
        answer(0, 0, check::Verdict::Undecided(undecided())),
        answer(1, 0, check::Verdict::Undecided(undecided())),
    ];
    let report = report(vec![attached, policy("b")], vec![], 0, &outcomes);
    let open: Vec<bool> = report.findings.iter().map(|entry| entry.open).collect();
    assert_eq!(open, [true, false]);
}

#[test]
fn evidence_changes_with_what_was_judged() {
    let evidence = |policy: Policy| {
        let outcomes = [answer(0, 0, check::Verdict::Undecided(undecided()))];
        let report = report(vec![policy], vec![], 0, &outcomes);
        (
            report.findings[0].fingerprint.clone(),
            report.findings[0].evidence.clone(),
        )
    };
    let (fingerprint, first) = evidence(policy("a[0]"));
    let (moved_fingerprint, moved) = evidence(policy("a[1]"));
    assert_eq!(
        (fingerprint.as_str(), first.as_str()),
        (moved_fingerprint.as_str(), moved.as_str())
    );
    let hole = Hole {
        id: HoleId::new("h"),
        origin: "parameter P".to_string(),
        default: None,
        allowed: vec![],
        stable: true,
        plain: false,
    };
    let (same, other) = evidence(Policy {
        holes: vec![hole],
        ..policy("a")
    });
    assert_eq!(same, fingerprint);
    assert_ne!(other, first);
    let mut changed = document();
    std::sync::Arc::make_mut(&mut changed.statements)[0].effect = Effect::Deny;
    assert_ne!(
        evidence(Policy {
            document: Ok(changed),
            ..policy("a")
        })
        .1,
        first
    );
}

#[test]
fn a_defect_is_never_a_pass() {
    let report = report(
        vec![policy("a")],
        vec![],
        0,
        &[answer(0, 0, check::Verdict::Internal("panicked".to_string()))],
    );
    assert_eq!(report.internal, ["a: no-public: panicked"]);
    assert_eq!((report.results.pass, report.results.undecided), (0, 1));
    assert_eq!(
        report.exit_status(Severity::Low, crate::report::ExitFlags::default()),
        70
    );
}

#[test]
fn names_from_files_stay_on_their_line() {
    let address = "a\n::error::x\u{1b}[2J";
    let report = report(
        vec![policy(address)],
        vec![],
        0,
        &[answer(0, 0, check::Verdict::Undecided(undecided()))],
    );
    let printed = printed(&report);
    let commands: Vec<&str> = printed
        .lines()
        .filter(|line| line.trim_start().starts_with("::"))
        .collect();
    let own = |line: &&str| line.starts_with("::warning file=plan.json,line=2,");
    assert!(commands.len() == 1 && commands.iter().all(own), "{printed}");
    assert!(!printed.contains('\u{1b}'));
}
