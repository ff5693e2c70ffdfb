//! What every possible request looks like (semantics.md 3.9): the axioms, each under its id, for the keys a question
//! speaks of. A4, A13 and parts of A1 and A9 are in `keys`: they need no formula.

use crate::iam::{ContextKey, Glob, Instant, PrincipalKind};

use super::keys::{derived_axioms, kind_in, present};
use super::{Fact, Formula, Interval, Slot, ValueSet, Variable, Vocabulary, and, fact, member, not, or};

/// An axiom, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axiom {
    /// An anonymous request says nothing of a principal.
    A1,
    /// A VPC and its endpoint come together; a request through an endpoint has no public source address.
    A2,
    /// Only services name a source.
    A3,
    /// `aws:PrincipalArn` and `aws:PrincipalAccount` are those of the principal.
    A4,
    /// The chain of calling services is there as a whole, and then a service made the call.
    A5,
    /// Organization paths begin with the organization's id, and both come together.
    A6,
    /// Multi-factor authentication comes with temporary credentials.
    A7,
    /// Current and epoch time are one, and a token was issued before.
    A8,
    /// Exactly users have a user name; the type of a principal is that of its kind.
    A9,
    /// The account of a resource's ARN is `aws:ResourceAccount`.
    A10,
    /// The account of a source's ARN is `aws:SourceAccount`.
    A11,
    /// A tag of the request is among its tag keys.
    A12,
    /// Services and users of identity providers have neither account nor ARN.
    A13,
}

/// How sure an axiom is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Documented without exception: always on.
    High,
    /// With exceptions, known or likely. A wrong axiom hides a violation, so these are never on, and no formula says
    /// them.
    Medium,
}

/// The axioms of semantics.md 3.9.
const REGISTER: [(Axiom, &str, Confidence); 13] = [
    (Axiom::A1, "A1", Confidence::High),
    (Axiom::A2, "A2", Confidence::High),
    (Axiom::A3, "A3", Confidence::Medium),
    (Axiom::A4, "A4", Confidence::High),
    (Axiom::A5, "A5", Confidence::High),
    (Axiom::A6, "A6", Confidence::High),
    (Axiom::A7, "A7", Confidence::Medium),
    (Axiom::A8, "A8", Confidence::High),
    (Axiom::A9, "A9", Confidence::High),
    (Axiom::A10, "A10", Confidence::Medium),
    (Axiom::A11, "A11", Confidence::Medium),
    (Axiom::A12, "A12", Confidence::Medium),
    (Axiom::A13, "A13", Confidence::High),
];

impl Axiom {
    /// All axioms, in order.
    pub fn all() -> impl Iterator<Item = Axiom> {
        REGISTER.iter().map(|(axiom, _, _)| *axiom)
    }

    /// The id in reports.
    pub fn id(self) -> &'static str {
        let row = REGISTER.iter().find(|(axiom, _, _)| *axiom == self);
        row.map_or("", |(_, id, _)| id)
    }

    /// How sure it is.
    pub fn confidence(self) -> Confidence {
        let row = REGISTER.iter().find(|(axiom, _, _)| *axiom == self);
        row.map_or(Confidence::Medium, |(_, _, confidence)| *confidence)
    }
}

/// Which axioms are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axioms {
    /// The axioms marked high.
    #[default]
    High,
    /// None, for comparison with AWS.
    None,
    /// The axioms marked high but these.
    Without(AxiomSet),
}

impl Axioms {
    /// Whether the axiom is on.
    pub fn has(self, axiom: Axiom) -> bool {
        let high = axiom.confidence() == Confidence::High;
        match self {
            Axioms::High => high,
            Axioms::None => false,
            Axioms::Without(off) => high && !off.contains(axiom),
        }
    }
}

/// A set of axioms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AxiomSet(u16);

impl AxiomSet {
    /// Whether the axiom is in the set.
    pub fn contains(self, axiom: Axiom) -> bool {
        self.0 & (1 << (axiom as u16)) != 0
    }
}

impl FromIterator<Axiom> for AxiomSet {
    fn from_iter<I: IntoIterator<Item = Axiom>>(axioms: I) -> AxiomSet {
        AxiomSet(
            axioms
                .into_iter()
                .fold(0, |bits, axiom| bits | 1 << (axiom as u16)),
        )
    }
}

/// The formula of possible requests over a vocabulary, by principals of these kinds, under the vocabulary's axioms.
pub fn possible(vocabulary: &Vocabulary, kinds: &[PrincipalKind]) -> Formula {
    let well_formed = [
        kind_in(kinds),
        paths(vocabulary, kinds),
        slots(vocabulary),
        arns(vocabulary),
    ];
    let on = Axiom::all().filter(|axiom| vocabulary.axioms().has(*axiom));
    and(well_formed
        .into_iter()
        .chain(on.map(|axiom| instance(axiom, vocabulary))))
}

/// The axioms that say anything about requests over the vocabulary by principals of these kinds. A proof rests on none
/// of the others.
pub fn relevant_axioms(vocabulary: &Vocabulary, kinds: &[PrincipalKind]) -> Vec<Axiom> {
    if vocabulary.keys().next().is_none() {
        return Vec::new();
    }
    let derived = derived_axioms(vocabulary, kinds);
    let on = Axiom::all().filter(|axiom| vocabulary.axioms().has(*axiom));
    let about = |axiom: &Axiom| match axiom {
        Axiom::A1 => kinds.contains(&PrincipalKind::Anonymous) && anonymous(vocabulary) != Formula::True,
        Axiom::A8 => vocabulary.has_both_times() || token_times(vocabulary) != Formula::True,
        other => instance(*other, vocabulary) != Formula::True,
    };
    on.filter(|axiom| derived.contains(axiom) || about(axiom))
        .collect()
}

/// What an axiom says of the keys of a vocabulary, beside what is read off the principal.
fn instance(axiom: Axiom, vocabulary: &Vocabulary) -> Formula {
    match axiom {
        Axiom::A1 => anonymous(vocabulary),
        Axiom::A2 => networks(vocabulary),
        Axiom::A5 => called_via(vocabulary),
        Axiom::A6 => organizations(vocabulary),
        Axiom::A8 => token_times(vocabulary),
        Axiom::A9 => username(vocabulary),
        // Read off the principal.
        Axiom::A4 | Axiom::A13 => Formula::True,
        // Never on.
        Axiom::A3 | Axiom::A7 | Axiom::A10 | Axiom::A11 | Axiom::A12 => Formula::True,
    }
}

fn implies(premise: &Formula, conclusion: Formula) -> Formula {
    or([not(premise), conclusion])
}

fn equivalent(one: &Formula, other: &Formula) -> Formula {
    and([implies(one, other.clone()), implies(other, one.clone())])
}

/// The path of a principal begins with its kind.
fn paths(vocabulary: &Vocabulary, kinds: &[PrincipalKind]) -> Formula {
    if !vocabulary.has_principal_path() {
        return Formula::True;
    }
    let shape = |kind: PrincipalKind| match kind {
        PrincipalKind::Root => Some("root"),
        PrincipalKind::User => Some("user/?*"),
        PrincipalKind::RoleSession => Some("role/?*"),
        PrincipalKind::FederatedUser => Some("federated-user/?*"),
        PrincipalKind::Anonymous
        | PrincipalKind::Service
        | PrincipalKind::Federated
        | PrincipalKind::Canonical => None,
    };
    and(kinds.iter().filter_map(|kind| {
        let globs = ValueSet::Globs([Glob::parse(shape(*kind)?)].into());
        Some(implies(
            &kind_in(&[*kind]),
            member(Variable::PrincipalPath, globs),
        ))
    }))
}

/// Slots of a multivalued key are filled from the first: a mere order, no restriction.
fn slots(vocabulary: &Vocabulary) -> Formula {
    and(vocabulary.keys().flat_map(|key| {
        let slots = vocabulary.slots(key);
        let later = slots.clone().into_iter().skip(1);
        slots
            .into_iter()
            .zip(later)
            .map(|(earlier, later)| implies(&fact(Fact::Present(later)), fact(Fact::Present(earlier))))
    }))
}

/// A value that is not seen as an ARN is none.
fn arns(vocabulary: &Vocabulary) -> Formula {
    let segmented = vocabulary.keys().filter(|key| vocabulary.is_segmented(key));
    and(segmented.flat_map(|key| vocabulary.slots(key)).map(|slot| {
        let shape = ValueSet::Globs([Glob::parse("arn:*:*:*:*:*")].into());
        let is_text = not(&member(Variable::Key(slot.clone()), shape));
        or([fact(Fact::IsArn(slot)), is_text])
    }))
}

/// A1: an anonymous request says nothing of a principal.
fn anonymous(vocabulary: &Vocabulary) -> Formula {
    const ABSENT: &[&str] = &[
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:username",
    ];
    let absent = vocabulary
        .keys()
        .filter(|key| ABSENT.contains(&key.folded()) || key.folded().starts_with("aws:principaltag/"));
    let anonymous = kind_in(&[PrincipalKind::Anonymous]);
    and(absent.map(|key| implies(&anonymous, not(&present(key, vocabulary)))))
}

/// A2: a VPC and its endpoint come together, and a request through an endpoint has no public source address.
fn networks(vocabulary: &Vocabulary) -> Formula {
    let there = |name: &str| {
        vocabulary
            .mentions(name)
            .then(|| present(&ContextKey::new(name), vocabulary))
    };
    let (vpc, vpce) = (there("aws:SourceVpc"), there("aws:SourceVpce"));
    let mut parts = Vec::new();
    if let (Some(vpc), Some(vpce)) = (&vpc, &vpce) {
        parts.push(equivalent(vpc, vpce));
    }
    for endpoint in [&vpc, &vpce].into_iter().flatten() {
        parts.extend(there("aws:VpcSourceIp").map(|inner| implies(&inner, endpoint.clone())));
        parts.extend(there("aws:SourceIp").map(|outer| implies(&outer, not(endpoint))));
    }
    if let (Some(inner), Some(outer)) = (there("aws:VpcSourceIp"), there("aws:SourceIp")) {
        parts.push(implies(&inner, not(&outer)));
    }
    and(parts)
}

/// A5: the chain of calling services is there as a whole, and then a service made the call; its first and last service
/// are of the chain. Which of the chain's values they are makes no difference: the first two.
fn called_via(vocabulary: &Vocabulary) -> Formula {
    let chain = ContextKey::new("aws:CalledVia");
    let ends = ["aws:CalledViaFirst", "aws:CalledViaLast"].map(ContextKey::new);
    let there: Vec<Formula> = std::iter::once(&chain)
        .chain(&ends)
        .filter(|key| vocabulary.mentions(key.folded()))
        .map(|key| present(key, vocabulary))
        .collect();
    let mut parts: Vec<Formula> = there
        .iter()
        .zip(there.iter().skip(1))
        .map(|(a, b)| equivalent(a, b))
        .collect();
    if vocabulary.mentions("aws:ViaAWSService") {
        let via = super::keys::key_is(&ContextKey::new("aws:ViaAWSService"), "true", vocabulary);
        parts.extend(there.iter().map(|key| implies(key, via.clone())));
    }
    if vocabulary.mentions("aws:CalledVia") {
        let ends = ends.iter().filter(|key| vocabulary.mentions(key.folded()));
        for (end, slot) in ends.zip(vocabulary.slots(&chain)) {
            parts.push(implies(
                &present(end, vocabulary),
                fact(Fact::Present(slot.clone())),
            ));
            parts.push(alike(&first_slot(end.written()), &slot, vocabulary));
        }
    }
    and(parts)
}

/// Two values are told apart by no text that the question compares either with.
fn alike(one: &Slot, other: &Slot, vocabulary: &Vocabulary) -> Formula {
    if vocabulary.is_segmented(&one.key) || vocabulary.is_segmented(&other.key) {
        return Formula::True;
    }
    let same = |set: &ValueSet| {
        let within = |slot: &Slot| member(Variable::Key(slot.clone()), set.clone());
        equivalent(&within(one), &within(other))
    };
    let used = and([one, other].map(|slot| fact(Fact::Present(slot.clone()))));
    implies(&used, and(vocabulary.services().map(same)))
}

fn first_slot(name: &str) -> Slot {
    Slot {
        key: ContextKey::new(name),
        index: 0,
    }
}

/// A6: organization id and paths come together, and every path begins with the id.
fn organizations(vocabulary: &Vocabulary) -> Formula {
    let (id, paths) = ("aws:PrincipalOrgID", "aws:PrincipalOrgPaths");
    if !vocabulary.mentions(id) || !vocabulary.mentions(paths) {
        return Formula::True;
    }
    let (id, paths) = (ContextKey::new(id), ContextKey::new(paths));
    let mut parts = vec![equivalent(
        &present(&id, vocabulary),
        &present(&paths, vocabulary),
    )];
    let within = |slot: &Slot, text: &str| {
        let globs = ValueSet::Globs([Glob::parse(text)].into());
        member(Variable::Key(slot.clone()), globs)
    };
    let own = first_slot("aws:PrincipalOrgID");
    for organization in vocabulary.organizations() {
        let is = within(&own, organization);
        for slot in vocabulary.slots(&paths) {
            let under = within(&slot, &format!("{organization}/*"));
            parts.push(implies(&fact(Fact::Present(slot)), equivalent(&is, &under)));
        }
    }
    and(parts)
}

/// A8: a token was issued before the current time, as far as the times that the question speaks of tell.
fn token_times(vocabulary: &Vocabulary) -> Formula {
    let (issued, current) = ("aws:TokenIssueTime", "aws:CurrentTime");
    if !vocabulary.mentions(issued) || !vocabulary.mentions(current) {
        return Formula::True;
    }
    let (issued, current) = (first_slot(issued), first_slot(current));
    let until = |slot: &Slot, time: Instant, closed: bool| {
        let interval = Interval {
            low: None,
            high: Some((time, closed)),
        };
        member(Variable::Key(slot.clone()), ValueSet::Instants([interval].into()))
    };
    let both = and([&issued, &current].map(|slot| fact(Fact::Present(slot.clone()))));
    let bounds = vocabulary
        .times()
        .flat_map(|time| [(*time, false), (*time, true)]);
    let earlier =
        bounds.map(|(time, closed)| implies(&until(&current, time, closed), until(&issued, time, closed)));
    implies(&both, and(earlier.collect::<Vec<_>>()))
}

/// A9: exactly users have a user name.
fn username(vocabulary: &Vocabulary) -> Formula {
    if !vocabulary.mentions("aws:username") {
        return Formula::True;
    }
    equivalent(
        &present(&ContextKey::new("aws:username"), vocabulary),
        &kind_in(&[PrincipalKind::User]),
    )
}
