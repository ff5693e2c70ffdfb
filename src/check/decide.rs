//! One question: does this policy meet this check? The forbidden requests as a formula, the engines, the replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::extract::{Before, Hole, PolicyKind};
use crate::formula::{Axioms, Formula, Meaning, Vocabulary, and, not, possible, request};
use crate::iam::{
    ArnPattern, Decision as Outcome, Effect, FACT_SEPARATOR, Glob, HoleId, Pattern, PolicyDocument,
    PrincipalKind, Request, ResourcePattern, ResourceSet, evaluate,
};
use crate::solve::{Decision, HoleFacts, Reason, Symbols, decide};

use super::access::{boxes_formula, nothing};
use super::blame::finding;
use super::engines::{Answered, Engines};
use super::granted::{idle_principal, reading};
use super::hint::hint;
use super::proof::Passed;
use super::realistic::globs;
use super::stranger::{Doubt, Owner, Stranger, external, public};
use super::ways::violations;
use super::{Check, Reference, Undecided, Verdict, Violation};

/// How questions are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which engines answer.
    pub engine: Engine,
    /// Which axioms are on.
    pub axioms: Axioms,
    /// Steps of the glob engine for one question.
    pub steps: u64,
    /// Z3's `rlimit` for one question.
    pub rlimit: u32,
    /// How much is said of a violation. Nothing by default: regions take about as long as the finding itself.
    pub explain: Explain,
}

/// How much is said of a violation besides its counterexample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Explain {
    /// Nothing.
    #[default]
    Nothing,
    /// What the policy allows and must not, as regions.
    Regions,
    /// That, and a change that mends the policy.
    Change,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            engine: Engine::Auto,
            axioms: Axioms::High,
            steps: 20_000_000,
            rlimit: 3_000_000,
            explain: Explain::Nothing,
        }
    }
}

/// Which engines answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The glob engine; Z3 where it gives up.
    #[default]
    Auto,
    /// The glob engine alone.
    Glob,
    /// Z3 alone.
    Z3,
    /// Both; different answers are an internal error.
    Both,
}

/// What is checked: a document and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The document.
    pub document: &'a PolicyDocument,
    /// What it is.
    pub kind: PolicyKind,
    /// The CloudFormation name of the resource type, if known.
    pub resource_type: Option<&'a str>,
    /// Its holes.
    pub holes: &'a [Hole],
    /// What was deployed before.
    pub before: &'a Before,
    /// Guard facts under the defaults of parameters.
    pub default_facts: &'a [(Arc<str>, bool)],
    /// The account the policy will live in, if known.
    pub account: Option<&'a str>,
}

/// Work that is done once for a policy and shared by all standards.
#[derive(Debug)]
pub struct Prepared<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) meaning: Meaning,
    /// A row of the ambiguity register that is read against its default.
    doubt: Option<Doubt>,
}

/// Prepares a subject.
pub fn prepare(subject: Subject<'_>) -> Prepared<'_> {
    prepare_in(subject, Vocabulary::default(), None)
}

/// Prepares a subject under readings of the ambiguity register that are not the default.
pub(super) fn prepare_in(
    subject: Subject<'_>,
    mut vocabulary: Vocabulary,
    doubt: Option<Doubt>,
) -> Prepared<'_> {
    vocabulary.add_document(subject.document);
    let meaning = Meaning::of(subject.document, &vocabulary);
    Prepared {
        subject,
        vocabulary,
        meaning,
        doubt,
    }
}

impl Prepared<'_> {
    /// What the document speaks of, under these axioms.
    fn vocabulary_under(&self, document: &PolicyDocument, axioms: Axioms) -> Vocabulary {
        if axioms == self.vocabulary.axioms() {
            return self.vocabulary.clone();
        }
        let mut vocabulary = Vocabulary::under(axioms);
        vocabulary.read_resources(self.vocabulary.resource_reading());
        vocabulary.add_document(document);
        vocabulary
    }
}

/// As [`prepare`], in the terms of another document too.
pub(super) fn prepare_with<'a>(subject: Subject<'a>, other: &PolicyDocument) -> Prepared<'a> {
    let mut prepared = prepare(subject);
    prepared.vocabulary.add_document(other);
    prepared.meaning = Meaning::of(subject.document, &prepared.vocabulary);
    prepared
}

/// The question about a prepared subject; `None` when what it is compared with cannot be read.
pub(super) fn question_of<'a>(
    check: &'a Check,
    prepared: &Prepared<'a>,
    options: &Options,
) -> Option<Question<'a>> {
    let subject = prepared.subject;
    let reference = reference(check, subject.before).ok()?;
    let violation = *violations(check).first()?;
    Some(question(
        (check, violation),
        subject.document,
        reference,
        prepared,
        options,
    ))
}

/// A question put into a formula, with all that is needed to read its answer.
pub(super) struct Question<'a> {
    pub(super) check: &'a Check,
    pub(super) violation: Violation,
    pub(super) document: &'a PolicyDocument,
    pub(super) meaning: Meaning,
    /// What a violating request is besides allowed, not denied or refused: in question and possible.
    pub(super) rest: Formula,
    /// The forbidden requests alone.
    pub(super) forbidden_requests: Formula,
    /// What every possible request looks like.
    pub(super) possible: Formula,
    pub(super) symbols: Symbols,
    /// The account the policy lives in, if known.
    pub(super) account: Option<&'a str>,
    /// The kinds of principals that can make requests.
    pub(super) kinds: Vec<PrincipalKind>,
    pub(super) forbidden: Forbidden<'a>,
    pub(super) kind: PrincipalKind,
}

/// The forbidden requests, for the replay.
pub(super) enum Forbidden<'a> {
    NotAllowedBy(std::borrow::Cow<'a, PolicyDocument>),
    AllowedBy(PolicyDocument),
    Boxes(&'a [super::AccessBox]),
    Strangers(Stranger),
}

/// Decides whether some request violates the check in that way.
pub(super) fn violated(
    check: &Check,
    violation: Violation,
    prepared: &Prepared<'_>,
    options: &Options,
) -> Verdict {
    let read = reading(check, violation, prepared.subject.document);
    let as_read = read.as_ref().map(|document| {
        prepare(Subject {
            document,
            ..prepared.subject
        })
    });
    let prepared = as_read.as_ref().unwrap_or(prepared);
    let subject = prepared.subject;
    let engines = Engines::new(options);
    let reference = match reference(check, subject.before) {
        Ok(reference) => reference,
        Err(reason) => return Verdict::Undecided(undecided("before-unreadable", reason, Vec::new())),
    };
    let asked = (check, violation);
    let question = question(asked, subject.document, reference, prepared, options);
    let hint = hint(&question);
    let answered = engines.ask(hint.as_ref(), |solver| {
        decide(&question.formula(), &question.symbols, solver)
    });
    let Answered {
        decision,
        solver,
        unconfirmed,
    } = match answered {
        Ok(answered) => answered,
        Err(message) => return Verdict::Internal(message),
    };
    if matches!(decision, Decision::Proved)
        && let Some(at) = question.idle_principal(&engines)
    {
        let message = format!("`principals[{at}]` makes no such request under a policy of this kind");
        return Verdict::Undecided(undecided("no-request", message, Vec::new()));
    }
    match decision {
        Decision::Proved => {
            let passed = Passed {
                asked,
                reference,
                prepared,
                options,
                engines: &engines,
            };
            Verdict::Pass(passed.proof(&question, solver, unconfirmed))
        }
        Decision::GaveUp(reason) => Verdict::Undecided(gave_up(&reason)),
        Decision::Violated(model) => {
            let request = request(&model, &question.symbols.vocabulary, question.kind);
            if question.is_violated_by(&request) {
                return Verdict::Fail(Box::new(finding(
                    &question,
                    request,
                    &engines,
                    solver,
                    unconfirmed,
                )));
            }
            if question.rests_on_unknowns(&request) {
                let names = subject.holes.iter().map(|hole| hole.id.0.to_string()).collect();
                return by_default(asked, reference, prepared, options, &engines)
                    .unwrap_or_else(|| Verdict::Undecided(depends(names)));
            }
            Verdict::Internal("a counterexample does not replay".to_owned())
        }
        Decision::Depends(names) => match by_default(asked, reference, prepared, options, &engines) {
            Some(verdict) => verdict,
            None => Verdict::Undecided(depends(names)),
        },
    }
}

/// A violation when every parameter takes its default; `None` when there is none, or no default.
fn by_default(
    asked: (&Check, Violation),
    reference: Option<&PolicyDocument>,
    prepared: &Prepared<'_>,
    options: &Options,
    engines: &Engines,
) -> Option<Verdict> {
    let subject = prepared.subject;
    let with_default = subject
        .holes
        .iter()
        .filter_map(|hole| Some((hole.id.clone(), hole.default.clone()?)));
    let holes: BTreeMap<HoleId, String> = with_default.collect();
    let facts: BTreeMap<Arc<str>, bool> = subject.default_facts.iter().cloned().collect();
    if holes.is_empty() && facts.is_empty() {
        return None;
    }
    let document = subject
        .document
        .assuming(subject.kind.document_kind(), &holes, &facts);
    let assumed = prepare(Subject {
        document: &document,
        ..subject
    });
    let question = question(asked, &document, reference, &assumed, options);
    let answered = engines
        .ask(None, |solver| {
            decide(&question.formula(), &question.symbols, solver)
        })
        .ok()?;
    let Decision::Violated(model) = answered.decision else {
        return None;
    };
    let request = request(&model, &question.symbols.vocabulary, question.kind);
    if !question.is_violated_by(&request) {
        return None;
    }
    let mut finding = finding(&question, request, engines, answered.solver, answered.unconfirmed);
    let used = subject.document.holes();
    let named = holes.into_iter().filter(|(hole, _)| used.contains(hole));
    finding
        .assumes
        .extend(named.map(|(hole, value)| (hole.0.to_string(), value)));
    finding.assumes.extend(
        facts
            .into_iter()
            .map(|(fact, truth)| (fact.to_string(), truth.to_string())),
    );
    finding.assumes.sort();
    finding.assumes.dedup();
    Some(Verdict::Fail(Box::new(finding)))
}

/// The document that a check compares with: `Err` when it cannot be read.
fn reference<'a>(check: &'a Check, before: &'a Before) -> Result<Option<&'a PolicyDocument>, String> {
    match check.reference() {
        Some(Reference::Document(document)) => Ok(Some(document)),
        Some(Reference::Before) => match before {
            Before::Document(document) => Ok(Some(document)),
            Before::Created => Ok(None),
            Before::NotTold => Err("the input does not say what is deployed now".to_owned()),
            Before::Unreadable(reason) => Err(format!("what is deployed now cannot be read: {reason}")),
        },
        None => Ok(None),
    }
}

/// The question as a formula: what of a document is forbidden.
pub(super) fn question<'a>(
    (check, violation): (&'a Check, Violation),
    document: &'a PolicyDocument,
    reference: Option<&PolicyDocument>,
    prepared: &Prepared<'a>,
    options: &Options,
) -> Question<'a> {
    let subject = prepared.subject;
    let mut vocabulary = prepared.vocabulary_under(document, options.axioms);
    let forbidden = match check {
        Check::NoNewAccess { .. } | Check::Equivalent { .. } => {
            let reference = reference.map_or_else(nothing, PolicyDocument::as_reference);
            vocabulary.add_document(&reference);
            match violation {
                Violation::Refused => Forbidden::AllowedBy(reference),
                Violation::Allowed | Violation::NotDenied => {
                    Forbidden::NotAllowedBy(std::borrow::Cow::Owned(reference))
                }
            }
        }
        Check::AccessNotGranted { boxes }
        | Check::AccessGranted { boxes }
        | Check::AccessDenied { boxes } => {
            boxes.iter().for_each(|access| access.add_to(&mut vocabulary));
            Forbidden::Boxes(boxes)
        }
        Check::NoPublicAccess { .. } | Check::NoExternalAccess { .. } => {
            let open: Vec<HoleId> = subject
                .holes
                .iter()
                .filter(|hole| hole.origin.starts_with("parameter"))
                .map(|hole| hole.id.clone())
                .collect();
            let owner = Owner {
                account: subject.account,
                open_holes: &open,
                resource_type: subject.resource_type,
                doubt: prepared.doubt,
            };
            let stranger = match check {
                Check::NoExternalAccess { trust } => external(document, trust, owner),
                _ => public(document, owner),
            };
            stranger.add_to(&mut vocabulary);
            Forbidden::Strangers(stranger)
        }
        Check::Lint { .. } => Forbidden::Boxes(&[]),
    };
    let meaning = if vocabulary == prepared.vocabulary {
        prepared.meaning.clone()
    } else {
        Meaning::of(document, &vocabulary)
    };
    let forbidden_formula = match &forbidden {
        Forbidden::NotAllowedBy(reference) => not(&Meaning::of(reference, &vocabulary).allowed()),
        Forbidden::AllowedBy(reference) => Meaning::of(reference, &vocabulary).allowed(),
        Forbidden::Boxes(boxes) => boxes_formula(boxes, &vocabulary),
        Forbidden::Strangers(stranger) => stranger.formula(&vocabulary),
    };
    let kinds = possible_kinds(subject.kind, &vocabulary);
    let kind = if kinds.contains(&PrincipalKind::Anonymous) && !matches!(forbidden, Forbidden::Strangers(_)) {
        PrincipalKind::User
    } else {
        kinds.first().copied().unwrap_or(PrincipalKind::User)
    };
    let possible = possible(&vocabulary, &kinds);
    let rest = and([forbidden_formula.clone(), possible.clone()]);
    let symbols = symbols(document, subject.holes, vocabulary);
    Question {
        check,
        violation,
        document,
        meaning,
        rest,
        forbidden_requests: forbidden_formula,
        possible,
        symbols,
        account: subject.account,
        kinds,
        forbidden,
        kind,
    }
}

impl Question<'_> {
    /// The violating requests.
    pub(super) fn formula(&self) -> Formula {
        and([self.granted(), self.rest.clone()])
    }

    /// What the policy does with the requests that violate.
    pub(super) fn granted(&self) -> Formula {
        match self.violation {
            Violation::NotDenied => not(&self.meaning.some_deny()),
            Violation::Refused => not(&self.meaning.allowed()),
            Violation::Allowed => self.meaning.allowed(),
        }
    }

    /// A principal, by its position, whose requests must be allowed and who makes none.
    fn idle_principal(&self, engines: &Engines) -> Option<usize> {
        match (&self.forbidden, self.violation) {
            (Forbidden::Boxes(boxes), Violation::Refused) => idle_principal(boxes, self, engines),
            _ => None,
        }
    }

    /// The replay: whether a concrete request violates the check, by the reference reading alone.
    pub(super) fn is_violated_by(&self, request: &Request) -> bool {
        let is_forbidden = match &self.forbidden {
            Forbidden::NotAllowedBy(reference) => evaluate(reference, request).decision != Outcome::Allowed,
            Forbidden::AllowedBy(reference) => evaluate(reference, request).decision == Outcome::Allowed,
            Forbidden::Boxes(boxes) => boxes.iter().any(|access| access.contains(request)),
            Forbidden::Strangers(stranger) => stranger.makes(request),
        };
        is_forbidden && {
            let evaluation = evaluate(self.document, request);
            match self.violation {
                Violation::NotDenied => evaluation.denies.is_empty(),
                Violation::Refused => evaluation.decision != Outcome::Allowed,
                Violation::Allowed => evaluation.decision == Outcome::Allowed,
            }
        }
    }

    /// The actions among which a plausible one is looked for: where requests must be allowed, those that the check lists.
    pub(super) fn actions(&self) -> Vec<Glob> {
        match (&self.forbidden, self.violation) {
            (Forbidden::Boxes(boxes), Violation::Refused) => {
                let listed = boxes.iter().flat_map(|access| &access.actions);
                listed.filter_map(Pattern::as_glob).collect()
            }
            (Forbidden::AllowedBy(document), _) => actions_of(document),
            _ => actions_of(self.document),
        }
    }

    /// The ARN patterns of the check and of the document's Allow statements: where a plausible resource is looked for.
    pub(super) fn resources(&self) -> Vec<&ArnPattern> {
        let boxes = self.boxes();
        let allows = self
            .document
            .statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow);
        let written = allows.flat_map(|statement| match &statement.resource {
            ResourceSet::In(entries) => entries.as_slice(),
            ResourceSet::Any | ResourceSet::NotIn(_) => &[],
        });
        let entries = boxes.iter().flat_map(|access| &access.resources).chain(written);
        entries.filter_map(arn_of).collect()
    }

    /// The boxes of the check, if it is about some.
    pub(super) fn boxes(&self) -> &[super::AccessBox] {
        match &self.forbidden {
            Forbidden::Boxes(boxes) => boxes,
            Forbidden::NotAllowedBy(_) | Forbidden::AllowedBy(_) | Forbidden::Strangers(_) => &[],
        }
    }

    fn rests_on_unknowns(&self, request: &Request) -> bool {
        !request.holes.is_empty() || !self.symbols.conditions.is_empty()
    }
}

fn actions_of(document: &PolicyDocument) -> Vec<Glob> {
    let statements = document.statements.iter();
    statements
        .flat_map(|statement| globs(&statement.action))
        .collect()
}

fn arn_of(entry: &ResourcePattern) -> Option<&ArnPattern> {
    match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    }
}

/// What is known of the symbols of a document.
pub(super) fn symbols(document: &PolicyDocument, holes: &[Hole], vocabulary: Vocabulary) -> Symbols {
    let facts = |hole: &Hole| HoleFacts {
        id: hole.id.clone(),
        allowed: hole.allowed.clone(),
    };
    Symbols {
        vocabulary,
        holes: holes.iter().map(facts).collect(),
        conditions: conditions(document, holes),
    }
}

/// The principals that can make requests under a policy of that kind, as far as a question speaks of them.
pub(super) fn possible_kinds(kind: PolicyKind, vocabulary: &Vocabulary) -> Vec<PrincipalKind> {
    let mut kinds = principal_kinds(kind).to_vec();
    // A canonical user id is one account's, under another name: a kind of its own only where a policy speaks of one.
    if !vocabulary.has_canonical_users() {
        kinds.retain(|kind| *kind != PrincipalKind::Canonical);
    }
    kinds
}

/// The principals that can make requests under a policy of that kind.
fn principal_kinds(kind: PolicyKind) -> &'static [PrincipalKind] {
    const IDENTITIES: &[PrincipalKind] = &[
        PrincipalKind::User,
        PrincipalKind::RoleSession,
        PrincipalKind::FederatedUser,
    ];
    match kind {
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => IDENTITIES,
        PolicyKind::Scp => &[
            PrincipalKind::User,
            PrincipalKind::RoleSession,
            PrincipalKind::FederatedUser,
            PrincipalKind::Root,
        ],
        PolicyKind::Resource
        | PolicyKind::Trust
        | PolicyKind::Grant
        | PolicyKind::Rcp
        | PolicyKind::Endpoint => &PrincipalKind::ALL,
    }
}

/// Guards that say exactly when a statement is there: those that are not holes.
fn conditions(document: &PolicyDocument, holes: &[Hole]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for literal in document.statements.iter().flat_map(|statement| &statement.guard) {
        let is_hole =
            literal.name.contains(FACT_SEPARATOR) || holes.iter().any(|hole| hole.id.0 == literal.name);
        if !is_hole && !names.contains(&literal.name) {
            names.push(literal.name.clone());
        }
    }
    names
}

fn undecided(id: &'static str, message: String, holes: Vec<String>) -> Undecided {
    Undecided { id, message, holes }
}

fn depends(names: Vec<String>) -> Undecided {
    let variables = names.iter().all(|name| name.starts_with("${"));
    let id = if variables && !names.is_empty() {
        "policy-variable"
    } else {
        "unknown-value"
    };
    undecided(id, format!("depends on {}", names.join(", ")), names)
}

fn gave_up(reason: &Reason) -> Undecided {
    match reason {
        Reason::StepLimit(limit) => undecided(
            "step-limit",
            format!("the engine gave up after {limit} steps (raise with --limit steps=N)"),
            Vec::new(),
        ),
        Reason::Unsupported(what) => undecided("unsupported", what.clone(), Vec::new()),
    }
}
