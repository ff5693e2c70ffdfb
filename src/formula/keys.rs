//! Context keys: presence and value tests; keys that say what the principal is are read off the principal itself
//! (axioms A1, A4, A9, A13).

use crate::iam::{ContextKey, FACT_SEPARATOR, Glob, Pattern, Piece, PrincipalKind};

use super::arn::{Case, Subject, matches_any, split_matches, text_matches};
use super::meaning::begins_with_variable;
use super::texts::any_of;
use super::{Axiom, Fact, Formula, Kinds, Slot, ValueSet, Variable, Vocabulary, and, fact, member, not, or};

/// Principals that have an ARN and an account.
pub(super) const IAM_KINDS: [PrincipalKind; 4] = [
    PrincipalKind::Root,
    PrincipalKind::User,
    PrincipalKind::RoleSession,
    PrincipalKind::FederatedUser,
];

/// Keys whose value is a function of the principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derived {
    Arn,
    Account,
    Type,
    UserId,
}

fn derived(key: &ContextKey) -> Option<Derived> {
    match key.folded() {
        "aws:principalarn" => Some(Derived::Arn),
        "aws:principalaccount" => Some(Derived::Account),
        "aws:principaltype" => Some(Derived::Type),
        "aws:userid" => Some(Derived::UserId),
        _ => None,
    }
}

/// Where the value of such a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It is absent.
    Absent,
    /// The principal.
    Principal,
    /// It is always this text.
    Constant(&'static str),
    /// A variable of its own, which may be absent.
    Own,
}

/// What a key's value is for principals of a kind, and the axiom that says so.
fn source(key: Derived, kind: PrincipalKind) -> (Option<Axiom>, Source) {
    use PrincipalKind::{Anonymous, Canonical, Federated, FederatedUser, RoleSession, Root, Service, User};
    let constant = |axiom, text| (Some(axiom), Source::Constant(text));
    match (key, kind) {
        (Derived::Arn | Derived::Account, Root | User | RoleSession | FederatedUser) => {
            (Some(Axiom::A4), Source::Principal)
        }
        (Derived::Arn | Derived::Account, Service | Federated) => (Some(Axiom::A13), Source::Absent),
        (Derived::Arn, Anonymous) => (Some(Axiom::A1), Source::Absent),
        (Derived::Account | Derived::UserId, Anonymous) => constant(Axiom::A1, "anonymous"),
        (Derived::Type, Anonymous) => constant(Axiom::A1, "Anonymous"),
        (Derived::Type, Root) => constant(Axiom::A9, "Account"),
        (Derived::Type, User) => constant(Axiom::A9, "User"),
        (Derived::Type, FederatedUser) => constant(Axiom::A9, "FederatedUser"),
        (Derived::Type, RoleSession) => constant(Axiom::A9, "AssumedRole"),
        (_, Canonical) | (Derived::Type, Service | Federated) | (Derived::UserId, _) => (None, Source::Own),
    }
}

/// The sources of a key under the axioms that are on, each with its kinds.
fn sources(key: Derived, vocabulary: &Vocabulary) -> Vec<(Source, Vec<PrincipalKind>)> {
    let mut sources: Vec<(Source, Vec<PrincipalKind>)> = Vec::new();
    for kind in PrincipalKind::ALL {
        let (axiom, source) = source(key, kind);
        let on = axiom.is_some_and(|axiom| vocabulary.axioms().has(axiom));
        let source = if on { source } else { Source::Own };
        match sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, kinds)) => kinds.push(kind),
            None => sources.push((source, vec![kind])),
        }
    }
    sources
}

/// The axioms by which the keys of a vocabulary are read off principals of these kinds.
pub(super) fn derived_axioms(vocabulary: &Vocabulary, kinds: &[PrincipalKind]) -> Vec<Axiom> {
    let keys = vocabulary.keys().filter_map(derived);
    keys.flat_map(|key| kinds.iter().filter_map(move |kind| source(key, *kind).0))
        .filter(|axiom| vocabulary.axioms().has(*axiom))
        .collect()
}

/// Whether the key of a principal of that kind is read off the principal.
pub(super) fn is_derived(key: &ContextKey, kind: PrincipalKind, vocabulary: &Vocabulary) -> bool {
    let axiom = derived(key).and_then(|key| source(key, kind).0);
    axiom.is_some_and(|axiom| vocabulary.axioms().has(axiom))
}

/// The principal is of one of these kinds.
pub fn kind_in(kinds: &[PrincipalKind]) -> Formula {
    member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(kinds)))
}

/// Some value of the key is there.
pub fn present(key: &ContextKey, vocabulary: &Vocabulary) -> Formula {
    let key = vocabulary.canonical(key);
    let own = or(vocabulary
        .slots(&key)
        .into_iter()
        .map(|slot| fact(Fact::Present(slot))));
    let Some(derived) = derived(&key) else {
        return own;
    };
    let by_source = sources(derived, vocabulary).into_iter();
    or(by_source.map(|(source, kinds)| match source {
        Source::Absent => Formula::False,
        Source::Principal | Source::Constant(_) => kind_in(&kinds),
        Source::Own => and([kind_in(&kinds), own.clone()]),
    }))
}

/// A test of the value in a slot; the slot is taken to be used.
pub(super) enum ValueTest<'a> {
    /// The text matches any of these.
    Text(&'a [Pattern], Case),
    /// The value is an ARN that matches any of these.
    Arn(&'a [crate::iam::ArnPattern]),
    /// The text lies in a set of another sort.
    Set(ValueSet),
}

/// The value in a slot passes the test.
pub(super) fn value_passes(slot: &Slot, test: &ValueTest<'_>, vocabulary: &Vocabulary) -> Formula {
    let own = own_value_passes(slot, test, vocabulary);
    let Some(derived) = derived(&slot.key) else {
        return own;
    };
    let by_source = sources(derived, vocabulary).into_iter();
    or(by_source.map(|(source, kinds)| {
        let passes = match source {
            Source::Absent => Formula::False,
            Source::Principal if derived == Derived::Arn => principal_arn_passes(test, vocabulary),
            Source::Principal => plain_passes(&Variable::PrincipalAccount, test, vocabulary),
            Source::Constant(text) if constant_passes(text, test) => Formula::True,
            Source::Constant(_) => Formula::False,
            Source::Own => own.clone(),
        };
        and([kind_in(&kinds), passes])
    }))
}

fn own_value_passes(slot: &Slot, test: &ValueTest<'_>, vocabulary: &Vocabulary) -> Formula {
    let segmented = vocabulary.is_segmented(&slot.key);
    let variable = Variable::Key(slot.clone());
    let is_arn = || fact(Fact::IsArn(slot.clone()));
    match test {
        ValueTest::Text(patterns, case) if segmented => text_matches(patterns, slot, *case, vocabulary),
        ValueTest::Text(patterns, case) => any_of(&variable, patterns, *case, vocabulary),
        ValueTest::Arn(arns) => and([
            is_arn(),
            arns_match(arns, &Subject::Key(slot.clone()), vocabulary),
        ]),
        ValueTest::Set(set) if segmented => and([not(&is_arn()), member(variable, set.clone())]),
        ValueTest::Set(set) => member(variable, set.clone()),
    }
}

fn principal_arn_passes(test: &ValueTest<'_>, vocabulary: &Vocabulary) -> Formula {
    match test {
        ValueTest::Text(patterns, case) => split_matches(patterns, &Subject::Principal, *case, vocabulary),
        ValueTest::Arn(arns) => arns_match(arns, &Subject::Principal, vocabulary),
        // An ARN is no number, date or address.
        ValueTest::Set(_) => Formula::False,
    }
}

/// ARN patterns; one that begins with a policy variable is left uninterpreted.
fn arns_match(arns: &[crate::iam::ArnPattern], subject: &Subject, vocabulary: &Vocabulary) -> Formula {
    let (opaque, plain): (Vec<_>, Vec<_>) = arns.iter().partition(|arn| begins_with_variable(arn));
    let opaque = opaque.into_iter().filter_map(|arn| arn.whole.as_ref());
    or([matches_any(&plain, subject, Case::Sensitive, vocabulary)]
        .into_iter()
        .chain(opaque.map(|whole| {
            fact(Fact::Guard(
                format!("the ARN pattern `{whole}`{FACT_SEPARATOR}{subject:?} {whole:?}").into(),
            ))
        })))
}

fn plain_passes(variable: &Variable, test: &ValueTest<'_>, vocabulary: &Vocabulary) -> Formula {
    match test {
        ValueTest::Text(patterns, case) => any_of(variable, patterns, *case, vocabulary),
        // An account id is no ARN.
        ValueTest::Arn(_) => Formula::False,
        ValueTest::Set(set) => member(variable.clone(), set.clone()),
    }
}

fn constant_passes(text: &str, test: &ValueTest<'_>) -> bool {
    let globs = |patterns: &[Pattern]| {
        patterns
            .iter()
            .filter_map(Pattern::as_glob)
            .collect::<Vec<Glob>>()
    };
    match test {
        ValueTest::Text(patterns, Case::Sensitive) => globs(patterns).iter().any(|glob| glob.matches(text)),
        ValueTest::Text(patterns, Case::Folded) => {
            globs(patterns).iter().any(|glob| glob.matches_folded(text))
        }
        ValueTest::Arn(_) | ValueTest::Set(_) => false,
    }
}

/// A default value as literal pieces.
pub(super) fn text_equals_default(default: &str) -> impl Iterator<Item = Piece> + '_ {
    default.chars().map(Piece::Char)
}

/// The key has a value (in its first slot) equal to the text.
pub fn key_is(key: &ContextKey, text: &str, vocabulary: &Vocabulary) -> Formula {
    let pattern = [Pattern::literal(text)];
    let slot = Slot {
        key: vocabulary.canonical(key),
        index: 0,
    };
    let test = ValueTest::Text(&pattern, Case::Sensitive);
    and([present(key, vocabulary), value_passes(&slot, &test, vocabulary)])
}
