//! From a model to the concrete request it describes. What the model leaves open is filled with plain values; context
//! keys that nothing asks for stay absent.

use std::collections::BTreeMap;

use crate::iam::{ContextKey, KeyType, Principal, PrincipalKind, Request, Segment, key_facts, parse_instant};

use super::{Fact, Model, Slot, Variable, Vocabulary};

/// The account, region and names of documentation examples.
const ACCOUNT: &str = "111122223333";
const PARTITION: &str = "aws";

/// The request of a model over a vocabulary. `kind` is the principal's kind where the model does not say.
pub fn request(model: &Model, vocabulary: &Vocabulary, kind: PrincipalKind) -> Request {
    let principal = principal(model, model.kind.unwrap_or(kind));
    let action = text(model, &Variable::Action, "s3:getobject");
    let resource = resource(model, &action);
    let mut context = BTreeMap::new();
    for key in vocabulary.keys() {
        let values = values(model, vocabulary, key, &principal);
        if !values.is_empty() {
            context.insert(key.clone(), values);
        }
    }
    let (current, epoch) = (
        ContextKey::new("aws:CurrentTime"),
        ContextKey::new("aws:EpochTime"),
    );
    let own = context.get(&epoch).or_else(|| context.get(&current));
    if vocabulary.has_epoch()
        && let Some([time]) = own.map(Vec::as_slice)
        && let Some(seconds) = epoch_seconds(time)
        && (vocabulary.canonical(&epoch) == current || context.contains_key(&epoch))
    {
        context.insert(epoch, vec![seconds]);
    }
    let mut readings = BTreeMap::new();
    let mut facts = BTreeMap::new();
    for (fact, holds) in &model.facts {
        match fact {
            Fact::Reading(id) => {
                readings.insert(id.clone(), *holds);
            }
            Fact::Guard(name) => {
                facts.insert(name.clone(), *holds);
            }
            Fact::NoResource | Fact::Present(_) | Fact::IsArn(_) | Fact::Template(_) => {}
        }
    }
    Request {
        principal,
        action,
        resource,
        context,
        readings,
        holes: model.holes.clone(),
        facts,
    }
}

/// A time as seconds since 1970.
fn epoch_seconds(time: &str) -> Option<String> {
    const SECOND: i128 = 1_000_000_000;
    let instant = parse_instant(time)?;
    let (seconds, rest) = (instant.div_euclid(SECOND), instant.rem_euclid(SECOND));
    if rest == 0 {
        Some(seconds.to_string())
    } else {
        (seconds >= 0).then(|| format!("{seconds}.{rest:09}"))
    }
}

fn text(model: &Model, variable: &Variable, default: &str) -> String {
    model
        .texts
        .get(variable)
        .map_or_else(|| default.to_owned(), Clone::clone)
}

fn is(model: &Model, fact: &Fact) -> bool {
    model.facts.get(fact).copied().unwrap_or(false)
}

fn principal(model: &Model, kind: PrincipalKind) -> Principal {
    let partition = text(model, &Variable::PrincipalPartition, PARTITION);
    let account = text(model, &Variable::PrincipalAccount, ACCOUNT);
    let path = |prefix: &str, default: &str| {
        let path = text(model, &Variable::PrincipalPath, "");
        path.strip_prefix(prefix)
            .map_or_else(|| default.to_owned(), str::to_owned)
    };
    match kind {
        PrincipalKind::Anonymous => Principal::Anonymous,
        PrincipalKind::Root => Principal::Root { partition, account },
        PrincipalKind::User => Principal::User {
            partition,
            account,
            path: path("user/", "someone"),
        },
        PrincipalKind::RoleSession => {
            let session = text(model, &Variable::PrincipalSession, "session");
            Principal::RoleSession {
                partition,
                account,
                path: path("role/", "somerole"),
                session,
            }
        }
        PrincipalKind::FederatedUser => Principal::FederatedUser {
            partition,
            account,
            name: path("federated-user/", "someone"),
        },
        PrincipalKind::Service => {
            Principal::Service(text(model, &Variable::PrincipalService, "example.amazonaws.com"))
        }
        PrincipalKind::Federated => {
            Principal::Federated(text(model, &Variable::PrincipalProvider, "accounts.google.com"))
        }
        PrincipalKind::Canonical => Principal::Canonical(text(model, &Variable::PrincipalCanonical, "")),
    }
}

fn resource(model: &Model, action: &str) -> String {
    if is(model, &Fact::NoResource) {
        return "*".to_owned();
    }
    let service = action.split(':').next().unwrap_or("s3");
    let segment = |segment, default| text(model, &Variable::Resource(segment), default);
    format!(
        "arn:{}:{}:{}:{}:{}",
        segment(Segment::Partition, PARTITION),
        segment(Segment::Service, service),
        segment(Segment::Region, ""),
        segment(Segment::Account, ""),
        segment(Segment::Rest, "example"),
    )
}

/// The values of a key; none when it is absent.
fn values(model: &Model, vocabulary: &Vocabulary, key: &ContextKey, principal: &Principal) -> Vec<String> {
    if super::keys::is_derived(key, principal.kind(), vocabulary)
        && let Some(derived) = derived_value(key, principal)
    {
        return derived.into_iter().collect();
    }
    let used = vocabulary
        .slots(key)
        .into_iter()
        .filter(|slot| is(model, &Fact::Present(slot.clone())));
    used.map(|slot| slot_value(model, &slot)).collect()
}

/// The value of a key that is a function of the principal: `Some(None)` when it is absent.
pub fn derived_value(key: &ContextKey, principal: &Principal) -> Option<Option<String>> {
    let open = matches!(principal, Principal::Canonical(_));
    let outside = matches!(principal, Principal::Service(_) | Principal::Federated(_));
    match key.folded() {
        "aws:principalarn" if !open => Some(principal.arn()),
        "aws:principalaccount" if !open => Some(match principal {
            Principal::Anonymous => Some("anonymous".to_owned()),
            other => other.account().map(|(_, account)| account.to_owned()),
        }),
        "aws:principaltype" if !open && !outside => Some(match principal {
            Principal::Anonymous => Some("Anonymous".to_owned()),
            Principal::Root { .. } => Some("Account".to_owned()),
            Principal::User { .. } => Some("User".to_owned()),
            Principal::RoleSession { .. } => Some("AssumedRole".to_owned()),
            Principal::FederatedUser { .. } => Some("FederatedUser".to_owned()),
            Principal::Service(_) | Principal::Federated(_) | Principal::Canonical(_) => None,
        }),
        "aws:userid" if *principal == Principal::Anonymous => Some(Some("anonymous".to_owned())),
        _ => None,
    }
}

fn slot_value(model: &Model, slot: &Slot) -> String {
    if is(model, &Fact::IsArn(slot.clone())) {
        let segment = |segment, default| text(model, &Variable::KeySegment(slot.clone(), segment), default);
        return format!(
            "arn:{}:{}:{}:{}:{}",
            segment(Segment::Partition, PARTITION),
            segment(Segment::Service, "s3"),
            segment(Segment::Region, ""),
            segment(Segment::Account, ""),
            segment(Segment::Rest, "example"),
        );
    }
    let plain = match key_facts(&slot.key).key_type {
        KeyType::Text | KeyType::Arn => "example",
        KeyType::Bool => "true",
        KeyType::Number => "1",
        KeyType::Date => "2026-01-01T00:00:00Z",
        KeyType::Address => "203.0.113.1",
    };
    text(model, &Variable::Key(slot.clone()), plain)
}
