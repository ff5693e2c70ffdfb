//! Principals as wholes against the rules for policies together: no request contradicts a PASS, whatever is in the
//! documents that nobody can read and whichever doubtful ones are attached; and every FAIL replays.

use std::collections::BTreeMap;
use std::sync::Arc;

use keyaki::check::{AccessBox, Check, Options, Reference, Verdict, compose};
use keyaki::extract::{AttachedDocument, Composition, Deployed, ExtractedPrincipal, Hole, Origin, Part};
use keyaki::iam::{
    Decision, DocumentKind, FACT_SEPARATOR, HoleId, Pattern, Policies, PolicyDocument, Principal, Request,
    authorize,
};
use keyaki::source::{FileId, Place, Span};

use super::{Random, VALUES, document, document_with_holes, request};

fn origin(address: &str) -> Origin {
    Origin {
        address: address.to_owned(),
        resource_type: String::new(),
        place: Place {
            file: FileId(0),
            span: Span { start: 0, end: 0 },
        },
        statements: Vec::new(),
        block: None,
        rebuilt: None,
    }
}

/// A document under a key: readable or not, with holes or without.
fn attached(random: &mut Random, key: &str) -> (String, Arc<AttachedDocument>) {
    let (text, content, holes) = if random.chance(15) {
        ("unread".to_owned(), Err(format!("the policy {key}")), Vec::new())
    } else if random.chance(30) {
        let (text, document) = document_with_holes(random, DocumentKind::Identity);
        let hole = |name: &str| Hole {
            id: HoleId::new(name),
            origin: format!("parameter {name}"),
            default: None,
            allowed: Vec::new(),
            stable: true,
            plain: false,
        };
        (text, Ok(document), ["H", "K"].map(hole).to_vec())
    } else {
        let (text, document) = document(random, DocumentKind::Identity);
        (text, Ok(document), Vec::new())
    };
    let document = AttachedDocument {
        key: key.to_owned(),
        origin: origin(key),
        content,
        holes,
        default_facts: Vec::new(),
        sensitive: false,
    };
    (text, Arc::new(document))
}

/// Some of the documents, each once.
fn some(random: &mut Random, from: &[Arc<AttachedDocument>], most: usize, doubts: bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for document in from {
        if parts.len() < most && random.chance(60) {
            let doubt = doubts && random.chance(20);
            parts.push(Part {
                document: document.clone(),
                doubt: doubt.then(|| "whether it is attached".into()),
            });
        }
    }
    parts
}

fn principal(random: &mut Random) -> (String, ExtractedPrincipal) {
    let (mut texts, mut documents) = (String::new(), Vec::new());
    for number in 0..4 {
        let key = format!("policy-{number}");
        let (text, document) = attached(random, &key);
        texts.push_str(&format!("{key}: {text}\n"));
        documents.push(document);
    }
    let (boundaries, documents) = documents.split_at(1);
    let composition = |random: &mut Random, doubts: bool| Composition {
        documents: some(random, documents, 3, doubts),
        boundary: if random.chance(40) {
            some(random, boundaries, 1, false)
        } else {
            Vec::new()
        },
    };
    let now = composition(random, true);
    let before = composition(random, false);
    let principal_type = if random.chance(50) { "role" } else { "user" };
    let principal = ExtractedPrincipal {
        address: "it".to_owned(),
        principal_type,
        policies: Vec::new(),
        boundary: None,
        trust: None,
        open: false,
        origin: origin("it"),
        now,
        before: if random.chance(10) {
            Deployed::Created
        } else {
            Deployed::Composition(before)
        },
    };
    let attached = format!(
        "{principal_type}, now {}; before {}",
        shown(&principal.now),
        match &principal.before {
            Deployed::Composition(before) => shown(before),
            _ => "not there".to_owned(),
        }
    );
    (format!("{texts}{attached}"), principal)
}

fn shown(composition: &Composition) -> String {
    let part = |part: &Part| {
        let doubt = part.doubt.as_ref().map_or("", |_| " (perhaps)");
        format!("{}{doubt}", part.document.key)
    };
    let documents: Vec<String> = composition.documents.iter().map(part).collect();
    let boundary: Vec<String> = composition.boundary.iter().map(part).collect();
    format!("{documents:?} within {boundary:?}")
}

/// What nobody knows of a principal: what is in documents, and whether doubtful ones are attached, by their keys.
struct World {
    unread: BTreeMap<String, PolicyDocument>,
    attached: BTreeMap<String, bool>,
}

impl World {
    fn any(random: &mut Random, principal: &ExtractedPrincipal) -> World {
        let mut world = World {
            unread: BTreeMap::new(),
            attached: BTreeMap::new(),
        };
        let before = match &principal.before {
            Deployed::Composition(before) => before.clone(),
            _ => Composition::default(),
        };
        for part in principal.now.parts().chain(before.parts()) {
            let key = &part.document.key;
            // The same before and now, so it is read in one way.
            let content = document(random, DocumentKind::Identity).1.as_reference();
            world.unread.entry(key.clone()).or_insert(content);
            world.attached.insert(key.clone(), random.chance(50));
        }
        world
    }

    /// The world that a counterexample assumes of doubtful documents; nothing is unread there.
    fn of(counterexample: &Request) -> World {
        let key = |name: &Arc<str>| Some(name.split_once(FACT_SEPARATOR)?.1.to_owned());
        let facts = counterexample.facts.iter();
        World {
            unread: BTreeMap::new(),
            attached: facts
                .filter_map(|(name, truth)| Some((key(name)?, *truth)))
                .collect(),
        }
    }

    fn documents(&self, parts: &[Part]) -> Vec<PolicyDocument> {
        let is_there = |part: &&Part| {
            part.doubt.is_none() || self.attached.get(&part.document.key).copied().unwrap_or(false)
        };
        let content = |part: &Part| match &part.document.content {
            Ok(document) => document.clone(),
            Err(_) => self.unread[&part.document.key].clone(),
        };
        parts.iter().filter(is_there).map(content).collect()
    }

    /// Whether the documents together allow the request, each read as `read` says.
    fn allows(
        &self,
        composition: &Composition,
        read: fn(&PolicyDocument) -> PolicyDocument,
        request: &Request,
    ) -> bool {
        let account = request
            .principal
            .account()
            .map(|(_, account)| account.to_owned())
            .unwrap();
        let documents = |parts| self.documents(parts).iter().map(read).collect();
        let policies = Policies {
            identity: documents(&composition.documents),
            boundary: documents(&composition.boundary),
            ..Policies::default()
        };
        authorize(request, &account, &policies).decision == Decision::Allowed
    }

    /// Whether the request violates the check in this world.
    fn violates(&self, principal: &ExtractedPrincipal, asked: &Check, request: &Request) -> bool {
        self.allows(&principal.now, PolicyDocument::clone, request)
            && match (asked, &principal.before) {
                (Check::AccessNotGranted { boxes }, _) => boxes.iter().any(|access| {
                    access
                        .actions
                        .iter()
                        .any(|action| action.matches(&request.action.to_ascii_lowercase()) == Some(true))
                }),
                (_, Deployed::Composition(before)) => {
                    !self.allows(before, PolicyDocument::as_reference, request)
                }
                (_, _) => true,
            }
    }
}

/// A random request that a principal of that type makes.
fn request_of(random: &mut Random, principal_type: &str) -> Request {
    loop {
        let mut request = request(random, DocumentKind::Identity);
        let fits = matches!(request.principal, Principal::RoleSession { .. }) == (principal_type == "role");
        if fits {
            request.holes = ["H", "K"]
                .map(|name| (HoleId::new(name), random.pick(VALUES).to_owned()))
                .into_iter()
                .collect();
            return request;
        }
    }
}

#[test]
fn no_request_contradicts_a_verdict_on_a_principal() {
    let rounds: usize = std::env::var("KEYAKI_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(400);
    let mut random = Random(0xA076_1D64_78BD_642F);
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for _ in 0..rounds {
        let (texts, principal) = principal(&mut random);
        let before = Check::NoNewAccess {
            reference: Reference::Before,
        };
        let granted = Check::AccessNotGranted {
            boxes: vec![AccessBox {
                actions: vec![Pattern::glob(random.pick(&["s3:getobject", "iam:passrole"]))],
                ..AccessBox::default()
            }],
        };
        let composed = compose(&principal);
        for (name, asked) in [("before", &before), ("granted", &granted)] {
            let verdict = composed.check(asked, None, &Options::default());
            let word = match &verdict {
                Verdict::Pass(_) => "pass",
                Verdict::Fail(finding) => {
                    let unread = |part: &Part| part.document.content.is_err();
                    let parts = match &principal.before {
                        Deployed::Composition(before) => before.clone(),
                        _ => Composition::default(),
                    };
                    let known = !principal.now.parts().chain(parts.parts()).any(unread);
                    // Roles and keys have a say in what is done with them.
                    let action = &finding.counterexample.action;
                    let known = known && !action.starts_with("sts:") && !action.starts_with("kms:");
                    let world = World::of(&finding.counterexample);
                    assert!(
                        !known || world.violates(&principal, asked, &finding.counterexample),
                        "{name}: {texts}\n{:?}",
                        finding.counterexample
                    );
                    if known { "fail, replayed" } else { "fail" }
                }
                Verdict::Undecided(_) => "undecided",
                other => panic!("{texts}\n{other:?}"),
            };
            *seen.entry((name, word)).or_default() += 1;
            // One that stays as it is passes, whatever may be said of short ARNs, which are read narrowly before.
            let is_asked = word == "pass" && (name == "granted" || principal.is_changed());
            for _ in 0..if is_asked { 200 } else { 0 } {
                let world = World::any(&mut random, &principal);
                let request = request_of(&mut random, principal.principal_type);
                assert!(
                    !world.violates(&principal, asked, &request),
                    "{name}: {texts}\n{request:?}\n{:?}\n{:?}",
                    world.unread,
                    world.attached
                );
            }
        }
    }
    eprintln!("verdicts: {seen:?}");
    for (name, word) in [
        ("before", "pass"),
        ("granted", "pass"),
        ("before", "fail, replayed"),
        ("granted", "fail, replayed"),
    ] {
        let count = seen.get(&(name, word)).copied().unwrap_or(0);
        assert!(
            count * 20 > rounds,
            "too few to mean anything: {name} {word}: {seen:?}"
        );
    }
}
