//! Context keys: presence and value tests; keys that say what the principal is are read off the principal itself
//! (axioms A1, A4, A9, A13).

use crate::iam::{ContextKey, FACT_SEPARATOR, Glob, Pattern, Piece, PrincipalKind};

use super::arn::{Case, Subject, matches_any, split_matches, text_matches};
use super::meaning::begins_with_variable;
use super::texts::any_of;
use super::vocabulary::canonical;
use super::{Fact, Formula, Kinds, Slot, ValueSet, Variable, Vocabulary, and, fact, member, not, or};

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

/// The principal is of one of these kinds.
pub fn kind_in(kinds: &[PrincipalKind]) -> Formula {
    member(Variable::PrincipalKind, ValueSet::Kinds(Kinds::of(kinds)))
}

/// Some value of the key is there.
pub fn present(key: &ContextKey, vocabulary: &Vocabulary) -> Formula {
    let key = canonical(key);
    let own = or(vocabulary
        .slots(&key)
        .into_iter()
        .map(|slot| fact(Fact::Present(slot))));
    if !vocabulary.derives_principal() {
        return own;
    }
    match derived(&key) {
        None => own,
        Some(Derived::Arn) => or([
            kind_in(&IAM_KINDS),
            and([kind_in(&[PrincipalKind::Canonical]), own]),
        ]),
        Some(Derived::Account) => or([
            kind_in(&IAM_KINDS),
            kind_in(&[PrincipalKind::Anonymous]),
            and([kind_in(&[PrincipalKind::Canonical]), own]),
        ]),
        Some(Derived::Type) => {
            let known = [IAM_KINDS.as_slice(), &[PrincipalKind::Anonymous]].concat();
            or([kind_in(&known), and([not(&kind_in(&known)), own])])
        }
        Some(Derived::UserId) => or([kind_in(&[PrincipalKind::Anonymous]), own]),
    }
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
    if !vocabulary.derives_principal() {
        return own;
    }
    let constant = |text: &str| {
        if constant_passes(text, test) {
            Formula::True
        } else {
            Formula::False
        }
    };
    let for_kind = |kind, formula| and([kind_in(&[kind]), formula]);
    match derived(&slot.key) {
        None => own,
        Some(Derived::Arn) => or([
            and([kind_in(&IAM_KINDS), principal_arn_passes(test, vocabulary)]),
            for_kind(PrincipalKind::Canonical, own),
        ]),
        Some(Derived::Account) => or([
            and([
                kind_in(&IAM_KINDS),
                plain_passes(&Variable::PrincipalAccount, test, vocabulary),
            ]),
            for_kind(PrincipalKind::Anonymous, constant("anonymous")),
            for_kind(PrincipalKind::Canonical, own),
        ]),
        Some(Derived::Type) => or([
            for_kind(PrincipalKind::Root, constant("Account")),
            for_kind(PrincipalKind::User, constant("User")),
            for_kind(PrincipalKind::FederatedUser, constant("FederatedUser")),
            for_kind(PrincipalKind::RoleSession, constant("AssumedRole")),
            for_kind(PrincipalKind::Anonymous, constant("Anonymous")),
            and([
                kind_in(&[
                    PrincipalKind::Service,
                    PrincipalKind::Federated,
                    PrincipalKind::Canonical,
                ]),
                own,
            ]),
        ]),
        Some(Derived::UserId) => or([
            for_kind(PrincipalKind::Anonymous, constant("anonymous")),
            and([not(&kind_in(&[PrincipalKind::Anonymous])), own]),
        ]),
    }
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
        key: canonical(key),
        index: 0,
    };
    let test = ValueTest::Text(&pattern, Case::Sensitive);
    and([present(key, vocabulary), value_passes(&slot, &test, vocabulary)])
}
