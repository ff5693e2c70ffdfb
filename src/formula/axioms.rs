//! What every possible request looks like (semantics.md 3.9): the axioms marked high, each under its id, for the keys a
//! question speaks of. A4, A13 and parts of A1 and A9 are in `keys`: they need no formula.

use crate::iam::{ContextKey, Glob, PrincipalKind};

use super::keys::{kind_in, present};
use super::{Fact, Formula, ValueSet, Variable, Vocabulary, and, fact, member, not, or};

/// Which axioms are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axioms {
    /// The axioms marked high.
    #[default]
    High,
    /// None, for comparison with AWS.
    None,
}

/// The formula of possible requests over a vocabulary, by principals of these kinds.
pub fn possible(vocabulary: &Vocabulary, kinds: &[PrincipalKind], axioms: Axioms) -> Formula {
    let mut parts = vec![
        kind_in(kinds),
        paths(vocabulary, kinds),
        slots(vocabulary),
        arns(vocabulary),
    ];
    match axioms {
        Axioms::None => {}
        Axioms::High => parts.extend([
            anonymous(vocabulary),
            networks(vocabulary),
            called_via(vocabulary),
            organizations(vocabulary),
            username(vocabulary),
        ]),
    }
    and(parts)
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

/// A5: the chain of calling services is there as a whole, and then a service made the call.
fn called_via(vocabulary: &Vocabulary) -> Formula {
    let names = ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"];
    let keys: Vec<Formula> = names
        .into_iter()
        .filter(|name| vocabulary.mentions(name))
        .map(|name| present(&ContextKey::new(name), vocabulary))
        .collect();
    let mut parts: Vec<Formula> = keys
        .iter()
        .zip(keys.iter().skip(1))
        .map(|(a, b)| equivalent(a, b))
        .collect();
    if vocabulary.mentions("aws:ViaAWSService") {
        let via = super::keys::key_is(&ContextKey::new("aws:ViaAWSService"), "true", vocabulary);
        parts.extend(keys.iter().map(|key| implies(key, via.clone())));
    }
    and(parts)
}

/// A6: organization id and paths come together. (That paths begin with the id is said where it matters: `check`.)
fn organizations(vocabulary: &Vocabulary) -> Formula {
    let there = |name: &str| {
        vocabulary
            .mentions(name)
            .then(|| present(&ContextKey::new(name), vocabulary))
    };
    match (there("aws:PrincipalOrgID"), there("aws:PrincipalOrgPaths")) {
        (Some(id), Some(paths)) => equivalent(&id, &paths),
        _ => Formula::True,
    }
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
