//! What is attached to each identity on one side of a plan: its documents and those of its groups, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::extract::{AttachedDocument, Composition, Origin, Part, Policy, PolicyKind};

use super::found::Link;
use super::ties::{Exclusive, Membership, Set};

/// More documents than this that nobody knows the holder of are one unknown document.
const MAX_ADRIFT: usize = 16;

/// What there is to compose on one side of a plan.
pub(super) struct Side<'s> {
    /// The identities of the plan that are there, with their types.
    pub identities: BTreeMap<String, &'static str>,
    pub policies: &'s [Policy],
    pub links: &'s [Link],
    pub memberships: &'s [Membership],
    pub exclusives: &'s [Exclusive],
    /// What was tied by a resource of its own before: what is only repeated is no longer true of it.
    pub tied: &'s Tied,
    /// What tells what cannot be read on this side from the other.
    pub unread: &'s dyn Fn(&str) -> String,
}

/// What resources other than the identity itself tied to identities.
#[derive(Debug, Default)]
pub(super) struct Tied {
    /// Identity and managed policy.
    managed: BTreeSet<(String, String)>,
    /// Identity and name of the inline policy.
    inline: BTreeSet<(String, String)>,
}

impl Tied {
    /// The ties among links.
    pub fn read(links: &[Link]) -> Tied {
        let mut tied = Tied::default();
        for link in links.iter().filter(|link| !link.is_echo && !link.may_be_echo) {
            for identity in &link.targets.identities {
                match &link.inline {
                    None => drop(tied.managed.insert((identity.clone(), link.policy.clone()))),
                    Some(name) => tied
                        .inline
                        .extend(name.iter().map(|name| (identity.clone(), name.clone()))),
                }
            }
        }
        tied
    }

    /// Whether a resource of its own decides on what a link repeats.
    fn decides(&self, link: &Link, identity: &str) -> bool {
        let pair = |what: &String| (identity.to_owned(), what.clone());
        (link.is_echo || link.may_be_echo)
            && match &link.inline {
                None => self.managed.contains(&pair(&link.policy)),
                Some(name) => name.iter().any(|name| self.inline.contains(&pair(name))),
            }
    }
}

/// What takes away attachments that it does not list, by what it is looked up with.
#[derive(Default)]
struct Rules<'s> {
    /// Managed policies that a resource attaches, by its address.
    own: BTreeMap<&'s str, BTreeSet<&'s str>>,
    /// Exclusive sets of identities, by identity; those of identities that are not told under their type.
    of_identity: BTreeMap<&'s str, Vec<&'s Exclusive>>,
    /// Resources that tell of all holders of a policy, with these, by policy.
    holders: BTreeMap<&'s str, BTreeMap<&'s str, BTreeSet<&'s str>>>,
    /// Memberships that tell of all users of a group, by group.
    of_group: BTreeMap<&'s str, Vec<&'s Membership>>,
}

impl<'s> Rules<'s> {
    fn read(side: &Side<'s>) -> Rules<'s> {
        let mut rules = Rules::default();
        let mut all_holders = BTreeSet::new();
        for exclusive in side.exclusives {
            match &exclusive.set {
                Set::Managed(targets) | Set::Inline(targets, _) => {
                    let told = targets.identities.iter().map(String::as_str);
                    for of in told.chain(targets.untold.iter().copied()) {
                        rules.of_identity.entry(of).or_default().push(exclusive);
                    }
                }
                Set::Holders => drop(all_holders.insert(exclusive.by.as_str())),
            }
        }
        for link in side.links.iter().filter(|link| link.inline.is_none()) {
            let by = resource_of(link);
            rules.own.entry(by).or_default().insert(&link.policy);
            if all_holders.contains(by) {
                let holders = rules
                    .holders
                    .entry(&link.policy)
                    .or_default()
                    .entry(by)
                    .or_default();
                holders.extend(link.targets.identities.iter().map(String::as_str));
            }
        }
        for membership in side
            .memberships
            .iter()
            .filter(|membership| membership.is_exclusive)
        {
            for group in &membership.groups.identities {
                rules.of_group.entry(group).or_default().push(membership);
            }
        }
        rules
    }

    /// The resource that may take away what a link attaches to an identity.
    fn taker(&self, link: &Link, identity: &str, principal_type: Option<&str>) -> Option<&'s str> {
        let by = resource_of(link);
        let sets = [Some(identity), principal_type].into_iter().flatten();
        let mut sets = sets.filter_map(|of| self.of_identity.get(of)).flatten();
        let leaves_out = |exclusive: &&&Exclusive| match (&exclusive.set, &link.inline) {
            (Set::Managed(_), None) => {
                let own = self.own.get(exclusive.by.as_str());
                own.is_none_or(|own| !own.contains(link.policy.as_str()))
            }
            (Set::Inline(_, names), Some(name)) => !name.as_ref().is_some_and(|name| names.contains(name)),
            (Set::Managed(_) | Set::Holders, Some(_)) | (Set::Inline(..) | Set::Holders, None) => false,
        };
        let set = sets.find(|exclusive| exclusive.by != by && leaves_out(exclusive));
        let own = || {
            let holders = self
                .holders
                .get(link.policy.as_str())
                .filter(|_| link.inline.is_none())?;
            let other =
                |(other, holders): &(&&'s str, &BTreeSet<&str>)| **other != by && !holders.contains(identity);
            holders.iter().find(other).map(|(other, _)| *other)
        };
        set.map(|exclusive| exclusive.by.as_str()).or_else(own)
    }
}

impl<'s> Side<'s> {
    /// The documents by identity, boundaries left out.
    pub fn compose(&self) -> BTreeMap<String, Composition> {
        let rules = Rules::read(self);
        let documents = self.documents();
        let mut parts: BTreeMap<String, Parts> = BTreeMap::new();
        for identity in self.identities.keys() {
            parts.entry(identity.clone()).or_default();
        }
        // What a resource of its own attaches comes first, so that it is named and not its echo.
        let (echoes, own): (Vec<&Link>, Vec<&Link>) = self
            .links
            .iter()
            .partition(|link| link.is_echo || link.may_be_echo);
        for link in own.into_iter().chain(echoes) {
            let read = self.read(link, &documents);
            for identity in &link.targets.identities {
                let is_decided = self.tied.decides(link, identity);
                if is_decided && link.is_echo {
                    continue;
                }
                let repeated = || Arc::from(format!("whether `{}` is still attached", link.policy));
                let doubt = self.doubt(&rules, link, identity);
                let doubt = doubt.or_else(|| is_decided.then(repeated));
                parts.entry(identity.clone()).or_default().add(&read, doubt);
            }
        }
        self.add_adrift(&documents, &mut parts);
        self.add_groups(&rules, &mut parts);
        let composition = |parts: Parts| Composition {
            documents: parts.list,
            boundary: Vec::new(),
        };
        parts
            .into_iter()
            .map(|(identity, parts)| (identity, composition(parts)))
            .collect()
    }

    /// What links attach, by the address of the document: shared by all links to it.
    fn documents(&self) -> Documents<'s> {
        let mut policies: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
        for policy in self
            .policies
            .iter()
            .filter(|policy| policy.kind == PolicyKind::Identity)
        {
            policies.entry(&policy.origin.address).or_default().push(policy);
        }
        let mut documents = Documents::new();
        for link in self.links.iter().filter(|link| link.unread.is_none()) {
            documents.entry(link.at.as_str()).or_insert_with(|| {
                let policies = policies.get(link.at.as_str()).map_or(&[][..], Vec::as_slice);
                policies
                    .iter()
                    .map(|policy| attached(&link.policy, policy, self.unread))
                    .collect()
            });
        }
        documents
    }

    /// What a link attaches: a document; several where the plan tells of it in several ways.
    fn read(&self, link: &Link, documents: &Documents<'_>) -> Vec<Arc<AttachedDocument>> {
        if let Some(what) = &link.unread {
            return vec![unread(link.policy.clone(), what.clone(), &link.by)];
        }
        match documents.get(link.at.as_str()) {
            Some(known) if !known.is_empty() => known.clone(),
            Some(_) | None => {
                let what = format!("the policy `{}`", link.policy);
                vec![unread((self.unread)(&link.policy), what, &link.by)]
            }
        }
    }

    /// Why it is not sure that what a link attaches stays attached.
    fn doubt(&self, rules: &Rules<'_>, link: &Link, identity: &str) -> Option<Arc<str>> {
        let by = link.by.resource_type.as_str();
        if by == "aws_budgets_budget_action" || by == "awscc_budgets_budgets_action" {
            return Some(format!("whether `{}` comes into force", link.by.address).into());
        }
        let taker = rules.taker(link, identity, type_of(identity, &self.identities))?;
        Some(format!("whether `{taker}` leaves `{}` attached", link.policy).into())
    }

    /// What is attached to nobody knows whom may be attached to each identity of the type.
    fn add_adrift(&self, documents: &Documents<'_>, parts: &mut BTreeMap<String, Parts>) {
        let untold = self.links.iter().flat_map(|link| &link.targets.untold);
        let types: BTreeSet<&'static str> = untold.copied().collect();
        for principal_type in types {
            let is_adrift = |link: &&Link| link.targets.untold.contains(principal_type);
            let links: Vec<&Link> = self.links.iter().filter(is_adrift).collect();
            let adrift: Vec<_> = match links.as_slice() {
                [first, ..] if links.len() > MAX_ADRIFT => {
                    let what = format!("what else is attached to some {principal_type}");
                    let all = unread((self.unread)(&what), what.clone(), &first.by);
                    vec![(vec![all], Arc::from(what))]
                }
                links => {
                    let whom =
                        |link: &&Link| format!("to which {principal_type} `{}` is attached", link.policy);
                    let read = |link: &&Link| (self.read(link, documents), Arc::from(whom(link)));
                    links.iter().map(read).collect()
                }
            };
            let own_type = |identity: &str| type_of(identity, &self.identities) == Some(principal_type);
            for (_, parts) in parts.iter_mut().filter(|(identity, _)| own_type(identity)) {
                for (read, doubt) in &adrift {
                    parts.add(read, Some(Arc::clone(doubt)));
                }
            }
        }
    }

    /// Gives users the documents of their groups.
    fn add_groups(&self, rules: &Rules<'_>, parts: &mut BTreeMap<String, Parts>) {
        let users: Vec<String> = parts
            .keys()
            .filter(|identity| type_of(identity, &self.identities) == Some("user"))
            .cloned()
            .collect();
        for membership in self.memberships {
            let mut given = Vec::new();
            for group in &membership.groups.identities {
                let found = parts
                    .get(group)
                    .map(|parts| parts.list.clone())
                    .unwrap_or_default();
                given.push((Some(group), found));
                if !self.identities.contains_key(group) {
                    let name = group.strip_prefix("group/").unwrap_or(group);
                    let what = format!("the group `{name}`, of which not all is known,");
                    given.push((
                        None,
                        vec![Part::sure(unread(group.clone(), what, &membership.by))],
                    ));
                }
            }
            if !membership.groups.untold.is_empty() {
                let key = (self.unread)(&membership.by.address);
                let what = format!("a group that `{}` names", membership.by.address);
                given.push((None, vec![Part::sure(unread(key, what, &membership.by))]));
            }
            let adrift = !membership.users.untold.is_empty();
            let meant = if adrift { &users } else { &Vec::new() };
            let named = membership.users.identities.iter();
            for user in named.chain(
                meant
                    .iter()
                    .filter(|user| !membership.users.identities.contains(*user)),
            ) {
                let own = parts.entry(user.clone()).or_default();
                let is_named = membership.users.identities.contains(user);
                for (group, documents) in &given {
                    let doubt = if is_named {
                        group.and_then(|group| membership_doubt(rules, membership, user, group))
                    } else {
                        Some(format!("which users `{}` names", membership.by.address).into())
                    };
                    for part in documents {
                        own.add_part(part, doubt.clone());
                    }
                }
            }
        }
    }
}

/// Why it is not sure that a user stays in a group.
fn membership_doubt(rules: &Rules<'_>, own: &Membership, user: &str, group: &str) -> Option<Arc<str>> {
    let leaves_out =
        |other: &&&Membership| other.by.address != own.by.address && !other.users.identities.contains(user);
    let other = rules.of_group.get(group)?.iter().find(leaves_out)?;
    Some(format!("whether `{}` leaves `{user}` in `{group}`", other.by.address).into())
}

/// The address of the resource that attaches.
fn resource_of(link: &Link) -> &str {
    super::principals::resource_of(&link.by.address)
}

/// The type of an identity of the plan, or of one that it only names.
fn type_of(identity: &str, identities: &BTreeMap<String, &'static str>) -> Option<&'static str> {
    identities.get(identity).copied().or_else(|| named_type(identity))
}

/// The type of an identity that the plan only names: `role/NAME`.
pub(super) fn named_type(identity: &str) -> Option<&'static str> {
    let (word, _) = identity.split_once('/')?;
    ["role", "user", "group", "permission-set"]
        .into_iter()
        .find(|known| *known == word)
}

/// What links attach, by the address of the document.
type Documents<'s> = BTreeMap<&'s str, Vec<Arc<AttachedDocument>>>;

/// A policy as something that is attached.
pub(super) fn attached(key: &str, policy: &Policy, unread: &dyn Fn(&str) -> String) -> Arc<AttachedDocument> {
    let address = &policy.origin.address;
    Arc::new(AttachedDocument {
        key: match policy.document {
            Ok(_) => key.to_owned(),
            Err(_) => unread(address),
        },
        origin: policy.origin.clone(),
        content: match &policy.document {
            Ok(document) => Ok(document.clone()),
            Err(_) => Err(format!("the policy `{address}`, which is not valid,")),
        },
        holes: policy.holes.clone(),
        default_facts: policy.default_facts.clone(),
        sensitive: policy.sensitive,
    })
}

/// Something that is attached and cannot be read.
pub(super) fn unread(key: String, what: String, by: &Origin) -> Arc<AttachedDocument> {
    Arc::new(AttachedDocument {
        key,
        origin: by.clone(),
        content: Err(what),
        holes: Vec::new(),
        default_facts: Vec::new(),
        sensitive: false,
    })
}

/// The parts of a composition in the making, each document once: what is sure wins.
#[derive(Default)]
struct Parts {
    list: Vec<Part>,
    by_key: BTreeMap<String, usize>,
}

impl Parts {
    fn add(&mut self, read: &[Arc<AttachedDocument>], doubt: Option<Arc<str>>) {
        if let [only] = read {
            self.add_document(only, doubt);
            return;
        }
        for document in read {
            let ways = format!("which of two ways of `{}` is meant", document.origin.address);
            self.list.push(Part {
                document: document.clone(),
                doubt: Some(doubt.clone().unwrap_or_else(|| Arc::from(ways))),
            });
        }
    }

    fn add_part(&mut self, part: &Part, doubt: Option<Arc<str>>) {
        self.add_document(&part.document, part.doubt.clone().or(doubt));
    }

    fn add_document(&mut self, document: &Arc<AttachedDocument>, doubt: Option<Arc<str>>) {
        let known = self
            .by_key
            .get(&document.key)
            .and_then(|at| self.list.get_mut(*at));
        match known {
            Some(known) => {
                if doubt.is_none() {
                    known.doubt = None;
                }
            }
            None => {
                self.by_key.insert(document.key.clone(), self.list.len());
                self.list.push(Part {
                    document: document.clone(),
                    doubt,
                });
            }
        }
    }
}
