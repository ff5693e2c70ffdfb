//! Counterexamples that a person believes: absent keys where possible, a real action, a resource that fits it. Every
//! change is kept only if the request still violates the check by the reference reading.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{self, ActionFacts};
use crate::formula::derived_value;
use crate::iam::{
    ArnPattern, ContextKey, ElementSet, Glob, Pattern, Principal, Request, Segment, Token, parse_instant,
};

use super::Check;
use super::question_formula::Question;

/// At most so many real actions are tried.
const MAX_TRIES: usize = 60;

/// The accounts of documentation examples: one of the policy's owner, one of somebody else.
pub(super) const OWN_ACCOUNT: &str = "123456789012";
pub(super) const FOREIGN_ACCOUNT: &str = "444455556666";

/// The canonical user id of documentation examples.
const CANONICAL_USER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

/// The request made plausible, and whether AWS services know such a request: the action exists and takes a resource of
/// that form.
pub(super) fn realistic(question: &Question<'_>, request: Request) -> (Request, bool) {
    let request = without_needless_keys(question, in_agreement(question, request));
    let request = plain_principal(question, request);
    let known = catalog::action(&request.action);
    let own = known.into_iter().map(|facts| facts.name);
    // Looked up only when the request's own action will not do.
    let others = std::iter::once_with(|| candidate_actions(question, &request))
        .flatten()
        .take(MAX_TRIES);
    let mut first = None;
    for name in own.chain(others) {
        let candidate = Request {
            action: name.to_owned(),
            ..request.clone()
        };
        if !question.is_violated_by(&candidate) {
            continue;
        }
        let Some(facts) = catalog::action(name) else {
            continue;
        };
        let (candidate, fits) = fitting_resource(question, candidate, &facts);
        if fits {
            return (candidate, true);
        }
        first.get_or_insert(candidate);
    }
    (first.unwrap_or(request), false)
}

/// The request with the values of keys that say the same made equal (axioms A5, A6 and A8 bind them only as far as the
/// question tells values apart).
fn in_agreement(question: &Question<'_>, request: Request) -> Request {
    let mut agreeing = request.clone();
    let key = ContextKey::new;
    let value = |context: &BTreeMap<ContextKey, Vec<String>>, name: &str| {
        context.get(&key(name)).and_then(|values| values.first()).cloned()
    };
    let context = &mut agreeing.context;
    if let Some(mut chain) = context.get(&key("aws:CalledVia")).cloned() {
        let first = value(context, "aws:CalledViaFirst").is_some();
        if first && let Some(service) = chain.first() {
            context.insert(key("aws:CalledViaFirst"), vec![service.clone()]);
        }
        if value(context, "aws:CalledViaLast").is_some() {
            let last = usize::from(first && chain.len() > 1);
            if last < chain.len() {
                let service = chain.remove(last);
                chain.push(service.clone());
                context.insert(key("aws:CalledViaLast"), vec![service]);
                context.insert(key("aws:CalledVia"), chain);
            }
        }
    }
    let organization = value(context, "aws:PrincipalOrgID");
    if let (Some(id), Some(paths)) = (organization, context.get_mut(&key("aws:PrincipalOrgPaths"))) {
        let foreign = |path: &&mut String| !path.starts_with(&format!("{id}/"));
        paths
            .iter_mut()
            .filter(foreign)
            .for_each(|path| *path = format!("{id}/r-root/"));
    }
    let times = (
        value(context, "aws:TokenIssueTime"),
        value(context, "aws:CurrentTime"),
    );
    if let (Some(issued), Some(now)) = times
        && parse_instant(&issued) > parse_instant(&now)
    {
        context.insert(key("aws:TokenIssueTime"), vec![now]);
    }
    if agreeing != request && question.is_violated_by(&agreeing) {
        agreeing
    } else {
        request
    }
}

/// The principal that makes the point best: anybody for public access, somebody of another account for external access.
fn plain_principal(question: &Question<'_>, request: Request) -> Request {
    let user = |account: &str| Principal::User {
        partition: "aws".to_owned(),
        account: account.to_owned(),
        path: "someone".to_owned(),
    };
    let wanted = match question.check {
        Check::NoPublicAccess { .. } => vec![Principal::Anonymous, user(FOREIGN_ACCOUNT)],
        Check::NoExternalAccess { .. } => vec![user(FOREIGN_ACCOUNT), Principal::Anonymous],
        Check::NoNewAccess { .. }
        | Check::AccessNotGranted { .. }
        | Check::AccessGranted { .. }
        | Check::AccessDenied { .. }
        | Check::Equivalent { .. } => {
            vec![user(question.account.unwrap_or(OWN_ACCOUNT))]
        }
        Check::Lint { .. } => Vec::new(),
    };
    let replaced = wanted
        .into_iter()
        .chain(plausible(&request.principal))
        .map(|principal| with_principal(&request, principal));
    let better = replaced
        .into_iter()
        .filter(|candidate| question.kinds.contains(&candidate.principal.kind()))
        .filter(fits_its_principal)
        .find(|candidate| question.is_violated_by(candidate));
    better.unwrap_or(request)
}

/// A principal of documentation examples instead of one that nobody could be: of the same kind.
fn plausible(principal: &Principal) -> Option<Principal> {
    match principal {
        Principal::Service(name) if !name.contains('.') => {
            Some(Principal::Service("sns.amazonaws.com".to_owned()))
        }
        Principal::Federated(provider) if !provider.contains('.') || provider.starts_with("arn::") => {
            Some(Principal::Federated("cognito-identity.amazonaws.com".to_owned()))
        }
        Principal::Canonical(id) if id.len() != CANONICAL_USER.len() => {
            Some(Principal::Canonical(CANONICAL_USER.to_owned()))
        }
        _ => None,
    }
}

/// Whether a principal of that kind carries the keys of the request (axioms A1 and A9).
fn fits_its_principal(request: &Request) -> bool {
    let anonymous = request.principal == Principal::Anonymous;
    let user = matches!(request.principal, Principal::User { .. });
    request.context.keys().all(|key| {
        let signed = [
            "aws:principalorg",
            "aws:principaltag/",
            "aws:principalis",
            "aws:principalservice",
        ];
        let signed = signed.iter().any(|prefix| key.folded().starts_with(prefix));
        (user || key.folded() != "aws:username") && !(anonymous && signed)
    })
}

/// The request by another principal; context keys that are read off the principal follow it.
fn with_principal(request: &Request, principal: Principal) -> Request {
    let mut context = request.context.clone();
    for (key, values) in &request.context {
        match derived_value(key, &principal) {
            Some(Some(value)) => drop(context.insert(key.clone(), vec![value])),
            Some(None) => drop(context.remove(key)),
            None => drop(context.insert(key.clone(), values.clone())),
        }
    }
    Request {
        principal,
        context,
        ..request.clone()
    }
}

fn without_needless_keys(question: &Question<'_>, mut request: Request) -> Request {
    let keys: Vec<_> = request.context.keys().cloned().collect();
    for key in keys {
        let mut smaller = request.clone();
        smaller.context.remove(&key);
        // What is read off the principal stays with it.
        let derived = [
            "aws:principalarn",
            "aws:principalaccount",
            "aws:principaltype",
            "aws:userid",
        ];
        if !derived.contains(&key.folded()) && question.is_violated_by(&smaller) {
            request = smaller;
        }
    }
    request
}

/// Real actions of the services that the guilty patterns or the resource name.
fn candidate_actions(question: &Question<'_>, request: &Request) -> impl Iterator<Item = &'static str> {
    let action = request.action.to_ascii_lowercase();
    let mut services = vec![action.split(':').next().unwrap_or_default().to_owned()];
    services.extend(request.resource.split(':').nth(2).map(str::to_owned));
    services.extend(["s3".to_owned(), "iam".to_owned()]);
    let mut seen = BTreeSet::new();
    services.retain(|service| seen.insert(service.clone()));
    let patterns = question.actions();
    let known = services
        .into_iter()
        .flat_map(|service| catalog::actions_of(&service).iter().copied());
    known.filter(move |name| patterns.is_empty() || patterns.iter().any(|glob| glob.matches_folded(name)))
}

/// What an element lists, as globs; everything where it does not list.
pub(super) fn globs(set: &ElementSet) -> Vec<Glob> {
    match set {
        ElementSet::Any | ElementSet::NotIn(_) => vec![Glob::star()],
        ElementSet::In(patterns) => patterns.iter().filter_map(Pattern::as_glob).collect(),
    }
}

/// The request on a resource that the action takes, and whether there is one: first as the policy and the check write
/// their resources, then as the action's documentation does, then as the engine found it.
fn fitting_resource(question: &Question<'_>, request: Request, facts: &ActionFacts) -> (Request, bool) {
    let on = |resource: String| Request {
        resource,
        ..request.clone()
    };
    if facts.resources.is_empty() {
        let general = on("*".to_owned());
        return if question.is_violated_by(&general) {
            (general, true)
        } else {
            (request, false)
        };
    }
    let forms: Vec<Glob> = facts.resources.iter().map(|form| form_glob(form)).collect();
    let fits = |resource: &str| forms.iter().any(|form| form.matches(resource));
    let longer = ["example", "/example", "example/example"].map(|tail| format!("{}{tail}", request.resource));
    let written = question.resources().into_iter().filter_map(written_example);
    let documented = facts.resources.iter().map(|form| example(form));
    let adapted = facts
        .resources
        .iter()
        .filter_map(|form| adapt(form, &request.resource));
    let candidates = written
        .chain(documented)
        .chain(longer)
        .chain(adapted)
        .take(MAX_TRIES);
    let mut candidates = candidates.filter(|resource| fits(resource)).map(on);
    match candidates.find(|candidate| question.is_violated_by(candidate)) {
        Some(better) => (better, true),
        None => {
            let known = fits(&request.resource);
            (request, known)
        }
    }
}

/// An ARN as a policy writes it, with plain text for its wildcards. `None` when it holds symbols.
pub(super) fn written_example(arn: &ArnPattern) -> Option<String> {
    let fill = |segment: Segment, star: &str| pattern_example(arn.segment(segment), star);
    Some(format!(
        "arn:{}:{}:{}:{}:{}",
        fill(Segment::Partition, "aws")?,
        fill(Segment::Service, "s3")?,
        fill(Segment::Region, "us-east-1")?,
        fill(Segment::Account, OWN_ACCOUNT)?,
        fill(Segment::Rest, "example")?,
    ))
}

/// A text that a pattern matches, with `star` for each `*`. `None` when it holds symbols.
pub(super) fn pattern_example(pattern: &Pattern, star: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len() + star.len());
    for token in pattern.plain()? {
        match token {
            Token::Char(c) => text.push(*c),
            Token::Any => text.push('x'),
            Token::Star => text.push_str(star),
        }
    }
    Some(text)
}

/// `arn:${Partition}:s3:::${BucketName}` as a glob.
fn form_glob(form: &str) -> Glob {
    let mut text = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    Glob::parse(&text)
}

/// An example of a resource form, with the values of documentation: `${RoleNameWithPath}` is `example-role`.
fn example(form: &str) -> String {
    fill(form, |name| match name {
        "Partition" => "aws".to_owned(),
        "Region" => "us-east-1".to_owned(),
        "Account" => OWN_ACCOUNT.to_owned(),
        other => {
            let lower = other.to_ascii_lowercase();
            let stem = lower
                .trim_end_matches("withpath")
                .trim_end_matches("name")
                .trim_end_matches("id");
            if stem.is_empty() {
                "example".to_owned()
            } else {
                format!("example-{stem}")
            }
        }
    })
}

/// A resource of that form which keeps the segments of another ARN where the form leaves them open.
fn adapt(form: &str, resource: &str) -> Option<String> {
    let own: Vec<&str> = resource.splitn(6, ':').collect();
    let wanted: Vec<&str> = form.splitn(6, ':').collect();
    let [_, partition, service, region, account, _] = own.as_slice() else {
        return None;
    };
    let [_, _, form_service, form_region, form_account, rest] = wanted.as_slice() else {
        return None;
    };
    let keep = |form: &str, own: &str, default: &str| match (form.contains("${"), own.is_empty()) {
        (true, false) => own.to_owned(),
        (true, true) => default.to_owned(),
        (false, _) => form.to_owned(),
    };
    Some(format!(
        "arn:{partition}:{}:{}:{}:{}",
        keep(form_service, service, service),
        keep(form_region, region, "us-east-1"),
        keep(form_account, account, OWN_ACCOUNT),
        example(rest),
    ))
}

fn fill(form: &str, value: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(&value(name));
        rest = tail;
    }
    text.push_str(rest);
    text
}
