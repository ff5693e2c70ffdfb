//! From a concrete request to the model it is: the reverse of `request`.

use crate::iam::{KeyType, Principal, ReadingId, Request, Segment, key_facts, parse_instant, parse_number};

use super::keys::is_derived;
use super::{Fact, Model, Slot, Variable, Vocabulary, derived_value, domain};

/// The model that a request is, over a vocabulary. `None` when the formulas of the vocabulary cannot say what the request
/// is like: ill-formed texts, more values of a key than are modelled, both keys for the time.
pub fn model_of(request: &Request, vocabulary: &Vocabulary) -> Option<Model> {
    let mut builder = Builder {
        model: Model {
            kind: Some(request.principal.kind()),
            holes: request.holes.clone(),
            ..Model::default()
        },
    };
    builder.text(Variable::Action, &request.action.to_ascii_lowercase())?;
    builder.principal(&request.principal)?;
    if request.resource == "*" {
        builder.model.facts.insert(Fact::NoResource, true);
    } else {
        let parts = segments(&request.resource)?;
        for (segment, text) in Segment::ALL.into_iter().zip(parts) {
            builder.text(Variable::Resource(segment), text)?;
        }
    }
    if vocabulary.has_epoch() {
        return None;
    }
    for key in vocabulary.keys() {
        let values = request.context.get(key).map_or(&[][..], Vec::as_slice);
        if is_derived(key, request.principal.kind(), vocabulary)
            && let Some(derived) = derived_value(key, &request.principal)
        {
            if derived.as_slice() != values {
                return None;
            }
            continue;
        }
        let slots = vocabulary.slots(key);
        if values.len() > slots.len() {
            return None;
        }
        for (slot, value) in slots.into_iter().zip(values) {
            builder.value(slot, value, vocabulary.is_segmented(key))?;
        }
    }
    let facts = &mut builder.model.facts;
    // A fact that a model does not have is false, also where a request that does not say means true.
    facts.extend(ReadingId::SHARED.map(|id| (Fact::Reading(id.clone()), request.reading(&id))));
    facts.extend(
        request
            .readings
            .iter()
            .map(|(id, holds)| (Fact::Reading(id.clone()), *holds)),
    );
    facts.extend(
        request
            .facts
            .iter()
            .map(|(name, holds)| (Fact::Guard(name.clone()), *holds)),
    );
    Some(builder.model)
}

struct Builder {
    model: Model,
}

impl Builder {
    /// Sets the text of a variable, if it can have it.
    fn text(&mut self, variable: Variable, text: &str) -> Option<()> {
        if !domain(&variable).accepts(text) {
            return None;
        }
        self.model.texts.insert(variable, text.to_owned());
        Some(())
    }

    fn principal(&mut self, principal: &Principal) -> Option<()> {
        let path = match principal {
            Principal::Anonymous => return Some(()),
            Principal::Service(name) => return self.text(Variable::PrincipalService, name),
            Principal::Federated(name) => return self.text(Variable::PrincipalProvider, name),
            Principal::Canonical(name) => return self.text(Variable::PrincipalCanonical, name),
            Principal::Root { .. } => "root".to_owned(),
            Principal::User { path, .. } => format!("user/{path}"),
            Principal::RoleSession { path, session, .. } => {
                self.text(Variable::PrincipalSession, session)?;
                format!("role/{path}")
            }
            Principal::FederatedUser { name, .. } => format!("federated-user/{name}"),
        };
        let (partition, account) = principal.account()?;
        self.text(Variable::PrincipalPartition, partition)?;
        self.text(Variable::PrincipalAccount, account)?;
        self.text(Variable::PrincipalPath, &path)
    }

    fn value(&mut self, slot: Slot, value: &str, segmented: bool) -> Option<()> {
        let is_typed = match key_facts(&slot.key).key_type {
            KeyType::Text | KeyType::Arn | KeyType::Bool => true,
            KeyType::Number => parse_number(value).is_some(),
            KeyType::Date => parse_instant(value).is_some(),
            KeyType::Address => value.parse::<std::net::IpAddr>().is_ok(),
        };
        if !is_typed {
            return None;
        }
        self.model.facts.insert(Fact::Present(slot.clone()), true);
        if segmented && let Some(parts) = segments(value) {
            self.model.facts.insert(Fact::IsArn(slot.clone()), true);
            for (segment, text) in Segment::ALL.into_iter().zip(parts) {
                self.text(Variable::KeySegment(slot.clone(), segment), text)?;
            }
        }
        self.text(Variable::Key(slot), value)
    }
}

/// The segments of an ARN.
fn segments(text: &str) -> Option<[&str; 5]> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let all = [
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ];
    match all {
        [
            Some(partition),
            Some(service),
            Some(region),
            Some(account),
            Some(rest),
        ] => Some([partition, service, region, account, rest]),
        _ => None,
    }
}
