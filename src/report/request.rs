//! A request as people read it.

use crate::iam::{Principal, Request};

/// The rows of a request: the name of a part and its value. A context key is followed by `=`.
pub(super) fn request_rows(request: &Request) -> Vec<(String, String)> {
    let context = request
        .context
        .iter()
        .map(|(key, values)| (format!("{} =", key.written()), values.join(", ")));
    [
        ("principal", principal_text(&request.principal)),
        ("action", request.action.clone()),
        ("resource", request.resource.clone()),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .into_iter()
    .chain(context)
    .collect()
}

/// A principal as people name it.
pub(super) fn principal_text(principal: &Principal) -> String {
    match principal {
        Principal::Anonymous => "anonymous".to_string(),
        Principal::Root { .. }
        | Principal::User { .. }
        | Principal::RoleSession { .. }
        | Principal::FederatedUser { .. } => principal.caller_arn().unwrap_or_default(),
        Principal::Service(name) | Principal::Federated(name) | Principal::Canonical(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_name_their_role_without_its_path() {
        let [partition, account, path, session] = ["aws", "111122223333", "team/r", "s"].map(str::to_string);
        let principal = Principal::RoleSession {
            partition,
            account,
            path,
            session,
        };
        assert_eq!(
            principal_text(&principal),
            "arn:aws:sts::111122223333:assumed-role/r/s"
        );
    }
}
