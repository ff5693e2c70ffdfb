//! Counterexamples that a person believes: absent keys where possible, a real action, a resource that fits it. Every
//! change is kept only if the request still violates the check by the reference reading.

use crate::catalog::{self, ActionFacts};
use crate::iam::{ElementSet, Glob, Pattern, Request};

use super::decide::Question;

/// At most so many real actions and resources are tried.
const MAX_TRIES: usize = 400;

/// The request made plausible, and whether AWS services know such a request: the action exists and takes a resource of
/// that form.
pub(super) fn realistic(question: &Question<'_>, request: Request) -> (Request, bool) {
    let mut request = without_needless_keys(question, request);
    if let Some(facts) = catalog::action(&request.action) {
        request.action = facts.name.to_owned();
        return fitting_resource(question, request, &facts);
    }
    let mut first = None;
    for name in candidate_actions(question, &request).into_iter().take(MAX_TRIES) {
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
fn candidate_actions(question: &Question<'_>, request: &Request) -> Vec<&'static str> {
    let action = request.action.to_ascii_lowercase();
    let mut services = vec![action.split(':').next().unwrap_or_default().to_owned()];
    services.extend(request.resource.split(':').nth(2).map(str::to_owned));
    services.extend(["s3".to_owned(), "iam".to_owned()]);
    let patterns: Vec<Glob> = question
        .document
        .statements
        .iter()
        .flat_map(|statement| globs(&statement.action))
        .collect();
    let mut names = Vec::new();
    for (at, service) in services.iter().enumerate() {
        if services.iter().take(at).any(|earlier| earlier == service) {
            continue;
        }
        let known = catalog::actions_of(service).into_iter();
        names.extend(known.filter(|name| {
            let lower = name.to_ascii_lowercase();
            patterns.is_empty() || patterns.iter().any(|glob| glob.matches(&lower))
        }));
    }
    names
}

fn globs(set: &ElementSet) -> Vec<Glob> {
    match set {
        ElementSet::Any | ElementSet::NotIn(_) => vec![Glob::star()],
        ElementSet::In(patterns) => patterns.iter().filter_map(Pattern::as_glob).collect(),
    }
}

/// The request on a resource that the action takes, and whether there is one.
fn fitting_resource(question: &Question<'_>, request: Request, facts: &ActionFacts) -> (Request, bool) {
    if facts.resources.is_empty() {
        let general = Request {
            resource: "*".to_owned(),
            ..request.clone()
        };
        return if question.is_violated_by(&general) {
            (general, true)
        } else {
            (request, false)
        };
    }
    let forms: Vec<Glob> = facts.resources.iter().map(|form| form_glob(form)).collect();
    let examples = facts.resources.iter().map(|form| example(form));
    let mut plain = examples.map(|resource| Request {
        resource,
        ..request.clone()
    });
    let fits = forms.iter().any(|form| form.matches(&request.resource));
    let invented = request.resource.ends_with("example") || request.resource == "*";
    if fits && !invented {
        return (request, true);
    }
    if let Some(better) = plain.find(|candidate| question.is_violated_by(candidate)) {
        return (better, true);
    }
    let adapted = facts
        .resources
        .iter()
        .filter_map(|form| adapt(form, &request.resource));
    let mut adapted = adapted.map(|resource| Request {
        resource,
        ..request.clone()
    });
    match adapted.find(|candidate| question.is_violated_by(candidate)) {
        Some(better) => (better, true),
        None => (request, fits),
    }
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

/// An example of a resource form, with the values of documentation.
fn example(form: &str) -> String {
    fill(form, |name| match name {
        "Partition" => "aws".to_owned(),
        "Region" => "us-east-1".to_owned(),
        "Account" => "123456789012".to_owned(),
        other => format!("example-{}", other.to_ascii_lowercase().trim_end_matches("name"))
            .trim_end_matches('-')
            .to_owned(),
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
        keep(form_account, account, "123456789012"),
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
