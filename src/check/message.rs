//! Messages: those of the AWS API word for word (semantics.md 1.2), ours in the same style, and one sentence for people.

use crate::iam::{Principal, Request};

use super::question_formula::Question;
use super::{AccessBox, Check, Finding, GuiltyStatement, Violation};

/// What a check's FAIL says: of the document, and of a statement by its index.
struct Sentences {
    fail: &'static str,
    pass: &'static str,
    statement: &'static str,
}

const NEW: Sentences = Sentences {
    fail: "The modified permissions grant new access compared to your existing policy.",
    pass: "The modified permissions do not grant new access compared to your existing policy.",
    statement: "New access in the statement with",
};
const ACTIONS: Sentences = Sentences {
    fail: "The policy document grants access to perform one or more of the listed actions.",
    pass: "The policy document does not grant access to perform one or more of the listed actions.",
    statement: "One or more of the listed actions in the statement with",
};
const RESOURCES: Sentences = Sentences {
    fail: "The policy document grants access to one or more of the listed resources.",
    pass: "The policy document does not grant access to one or more of the listed resources.",
    statement: "One or more of the listed resources in the statement with",
};
const ACTIONS_AND_RESOURCES: Sentences = Sentences {
    fail: "The policy document grants access to one or more listed resources to perform one or more listed actions.",
    pass: "The policy document does not grant access to one or more listed resources to perform one or more listed actions.",
    statement: "One or more of the listed actions and/or resources in the statement with",
};
const REQUESTS: Sentences = Sentences {
    fail: "The policy document grants access to one or more of the listed requests.",
    pass: "The policy document does not grant access to one or more of the listed requests.",
    statement: "One or more of the listed requests in the statement with",
};
const DENIED: Sentences = Sentences {
    fail: "The policy document does not deny one or more of the listed requests.",
    pass: "The policy document denies all of the listed requests.",
    statement: "The statement with",
};
const GRANTED: Sentences = Sentences {
    fail: "The policy document does not grant one or more of the listed requests.",
    pass: "The policy document grants all of the listed requests.",
    statement: "One or more of the listed requests are denied in the statement with",
};
const MORE: Sentences = Sentences {
    fail: "The policy document grants access that the reference does not grant.",
    pass: "The policy document and the reference grant the same access.",
    statement: "Access that the reference does not grant in the statement with",
};
const LESS: Sentences = Sentences {
    fail: "The policy document does not grant access that the reference grants.",
    pass: MORE.pass,
    statement: "Access that the reference grants is denied in the statement with",
};
const PUBLIC: Sentences = Sentences {
    fail: "The resource policy grants public access for the given resource type.",
    pass: "The resource policy does not grant public access for the given resource type.",
    statement: "Public access granted in the following statement with",
};
const EXTERNAL: Sentences = Sentences {
    fail: "The resource policy grants access from outside the zone of trust.",
    pass: "The resource policy does not grant access from outside the zone of trust.",
    statement: "External access granted in the following statement with",
};
const LINT: Sentences = Sentences {
    fail: "The policy document has one or more of the listed defects.",
    pass: "The policy document has none of the listed defects.",
    statement: "Defect in the statement with",
};

fn sentences(check: &Check, violation: Violation) -> &'static Sentences {
    match check {
        Check::NoNewAccess { .. } => &NEW,
        Check::AccessGranted { .. } => &GRANTED,
        Check::Equivalent { .. } => match violation {
            Violation::Refused => &LESS,
            Violation::Allowed | Violation::NotDenied => &MORE,
        },
        Check::AccessNotGranted { boxes } => {
            let any = |has: fn(&AccessBox) -> bool| boxes.iter().any(has);
            match (
                any(|access| !access.actions.is_empty()),
                any(|access| !access.resources.is_empty()),
            ) {
                (true, true) => &ACTIONS_AND_RESOURCES,
                (true, false) => &ACTIONS,
                (false, true) => &RESOURCES,
                (false, false) => &REQUESTS,
            }
        }
        Check::AccessDenied { .. } => &DENIED,
        Check::NoPublicAccess { .. } => &PUBLIC,
        Check::NoExternalAccess { .. } => &EXTERNAL,
        Check::Lint { .. } => &LINT,
    }
}

/// The message of a PASS.
pub fn pass_message(check: &Check) -> &'static str {
    sentences(check, Violation::Allowed).pass
}

/// The message of a FAIL.
pub(super) fn fail_message(question: &Question<'_>) -> &'static str {
    sentences(question.check, question.violation).fail
}

/// What is said of a request that no statement allows.
pub(super) fn missing_allow(question: &Question<'_>) -> &'static str {
    match question.check {
        Check::Equivalent { .. } => "No statement allows access that the reference grants.",
        _ => "No statement allows one or more of the listed requests.",
    }
}

/// What is said of a guilty statement. As in the recorded answers, public access names the Sid where there is one.
pub(super) fn reason(question: &Question<'_>, statement: &GuiltyStatement) -> String {
    let begin = sentences(question.check, question.violation).statement;
    match (&statement.sid, question.check) {
        (Some(sid), Check::NoPublicAccess { .. } | Check::NoExternalAccess { .. }) => {
            format!("{begin} sid: {sid}.")
        }
        _ => format!("{begin} index: {}.", statement.index),
    }
}

/// Who can do what on what, because of which statement. What a policy says of whoever holds it is told of its
/// `holders`, by name; what other policies say, of the principal of the request.
pub fn sentence(finding: &Finding, holders: Option<&[String]>) -> String {
    let request = &finding.counterexample;
    let resource = if request.resource == "*" {
        "resources in general".to_owned()
    } else {
        format!("`{}`", request.resource)
    };
    let (can, nothing) = match finding.violation {
        Violation::Allowed | Violation::NotDenied => ("can", ": no Deny stops it"),
        Violation::Refused => ("cannot", ": no statement allows it"),
    };
    let because = match finding.statements.as_slice() {
        [] => nothing.to_owned(),
        [only] => format!(" because of statement {}", named(only)),
        [first, more @ ..] => {
            let others: Vec<String> = more.iter().map(named).collect();
            format!(
                " because of statements {} and {}",
                named(first),
                others.join(", ")
            )
        }
    };
    format!(
        "{} {can} `{}` on {resource}{because}",
        match holders {
            None => who(request),
            Some([]) => "whoever this policy is attached to".to_owned(),
            Some([only]) => format!("`{only}`"),
            Some([first, more @ ..]) => format!("`{first}` (and {} more)", more.len()),
        },
        request.action
    )
}

fn named(statement: &GuiltyStatement) -> String {
    let document = statement.document.as_ref();
    let of = document.map_or_else(String::new, |address| format!(" of `{address}`"));
    match &statement.sid {
        Some(sid) => format!("{} \"{sid}\"{of}", statement.index),
        None => format!("{}{of}", statement.index),
    }
}

/// The principal in words.
fn who(request: &Request) -> String {
    match &request.principal {
        Principal::Anonymous => "anyone, without credentials,".to_owned(),
        Principal::Root { account, .. } => format!("the root user of account {account}"),
        Principal::User { account, path, .. } => format!("user `{path}` of account {account}"),
        Principal::RoleSession { account, path, .. } => format!("role `{path}` of account {account}"),
        Principal::FederatedUser { account, name, .. } => {
            format!("federated user `{name}` of account {account}")
        }
        Principal::Service(name) => format!("the service `{name}`"),
        Principal::Federated(provider) => format!("a user of the identity provider `{provider}`"),
        Principal::Canonical(_) => "an S3 canonical user".to_owned(),
    }
}
