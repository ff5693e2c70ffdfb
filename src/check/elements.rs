//! The parts of an [`AccessBox`](super::AccessBox) and of a [`Trust`](super::Trust), each from one string. Standards files
//! and batch questions share them. What could never match a request is refused: a question about nothing always passes.

use ipnet::IpNet;

use crate::iam::{
    Pattern, Piece, PrincipalEntry, ResourcePattern, parse_aws_principal, parse_cidr, parse_resource_pattern,
};

use super::AccessBox;

/// An action: `*`, or `service:Name` with `*` and `?` anywhere; lower-cased. Errors say what an action looks like.
pub fn action(text: &str) -> Result<Pattern, String> {
    if text == "*" {
        return Ok(Pattern::glob(text));
    }
    let wildcard = |byte: u8| matches!(byte, b'*' | b'?');
    let well_formed = text.split_once(':').is_some_and(|(service, name)| {
        let in_service = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || wildcard(byte);
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || wildcard(byte);
        !service.is_empty()
            && !name.is_empty()
            && service.bytes().all(in_service)
            && name.bytes().all(in_name)
    });
    if !well_formed {
        return Err(
            "an action is `*` or `service:Name`: letters, digits, `*` and `?`, without spaces".to_owned(),
        );
    }
    Ok(Pattern::glob(&text.to_ascii_lowercase()))
}

/// A resource: `*`, or an ARN of six parts with `*` and `?` anywhere.
pub fn resource(text: &str) -> Result<ResourcePattern, String> {
    if text.contains("${") {
        return Err("policy variables have no value here".to_owned());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("an ARN has no spaces or control characters".to_owned());
    }
    parse_resource_pattern(text).map_err(|invalid| invalid.message)
}

/// A principal: `*`, an account id, the ARN of a root, role, user or session (with `*` and `?`), or a service name.
pub fn principal(text: &str) -> Result<PrincipalEntry, String> {
    const FORMS: &str = "a principal is `*`, a 12-digit account id, an IAM or STS ARN, or a service such as `lambda.amazonaws.com`";
    if text == "*" {
        return Ok(PrincipalEntry::Everyone);
    }
    if is_service(text) {
        return Ok(PrincipalEntry::Service(Pattern::glob(text)));
    }
    let entry = parse_aws_principal(&Pattern::glob(text)).ok_or(FORMS)?;
    let (partition, account) = match &entry {
        PrincipalEntry::Account(account) => (None, account),
        PrincipalEntry::Role {
            partition, account, ..
        }
        | PrincipalEntry::User {
            partition, account, ..
        }
        | PrincipalEntry::Session {
            partition, account, ..
        }
        | PrincipalEntry::FederatedUser {
            partition, account, ..
        } => (Some(partition), account),
        PrincipalEntry::Dangling(_) => return Err("the id of a deleted principal matches nobody".to_owned()),
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Unknown(_) => return Err(FORMS.to_owned()),
    };
    let known_account = account
        .as_literal()
        .is_none_or(|id| account_id(&id).is_ok() || id == "cloudfront");
    if !known_account || has_spaces(text) {
        return Err("the account of an ARN is 12 digits".to_owned());
    }
    if partition
        .and_then(Pattern::as_literal)
        .is_some_and(|name| !is_partition(&name))
    {
        return Err("the partition of an ARN is `aws`, `aws-cn`, `aws-us-gov` or the like".to_owned());
    }
    Ok(entry)
}

/// What a box of `access-granted` must be like: “everybody may” and “anything may be done” are not what is meant.
pub fn check_granted(access: &AccessBox) -> Result<(), String> {
    if access.principals.is_empty() {
        return Err("`access-granted` needs `principals`: whose access must be granted".to_owned());
    }
    if access.actions.is_empty() {
        return Err("`access-granted` needs `actions`: what must be granted".to_owned());
    }
    if access.principals.iter().any(has_wildcard) {
        return Err("`principals` of `access-granted` are named one by one, without wildcards".to_owned());
    }
    Ok(())
}

fn has_wildcard(entry: &PrincipalEntry) -> bool {
    let wild = |pattern: &Pattern| {
        let pieces = pattern.pieces();
        pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Any | Piece::Star))
    };
    match entry {
        PrincipalEntry::Everyone | PrincipalEntry::AnyAws | PrincipalEntry::Unknown(_) => true,
        PrincipalEntry::Dangling(_) => false,
        PrincipalEntry::Account(name)
        | PrincipalEntry::Service(name)
        | PrincipalEntry::Federated(name)
        | PrincipalEntry::Canonical(name) => wild(name),
        PrincipalEntry::Role {
            partition,
            account,
            path,
        }
        | PrincipalEntry::User {
            partition,
            account,
            path,
        } => [partition, account, path].into_iter().any(wild),
        PrincipalEntry::Session {
            partition,
            account,
            role,
            session,
        } => [partition, account, role, session].into_iter().any(wild),
        PrincipalEntry::FederatedUser {
            partition,
            account,
            name,
        } => [partition, account, name].into_iter().any(wild),
    }
}

/// An account id: 12 digits.
pub fn account_id(text: &str) -> Result<String, String> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.to_owned())
        .ok_or_else(|| "an account id is 12 digits, in quotes".to_owned())
}

/// An organization id: `o-` and lower-case letters or digits.
pub fn organization_id(text: &str) -> Result<String, String> {
    let in_id = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let well_formed = text
        .strip_prefix("o-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(in_id));
    well_formed
        .then(|| text.to_owned())
        .ok_or_else(|| "an organization id is `o-` and letters or digits".to_owned())
}

/// The ARN of one trusted role, user or session, without wildcards.
pub fn principal_arn(text: &str) -> Result<String, String> {
    const FORM: &str = "a trusted principal is the ARN of one role, user or session, without wildcards";
    let pattern = Pattern::glob(text);
    if pattern
        .pieces()
        .iter()
        .any(|piece| matches!(piece, Piece::Any | Piece::Star))
        || has_spaces(text)
    {
        return Err(FORM.to_owned());
    }
    match principal(text)? {
        PrincipalEntry::Role { .. }
        | PrincipalEntry::User { .. }
        | PrincipalEntry::Session { .. }
        | PrincipalEntry::FederatedUser { .. } => Ok(text.to_owned()),
        PrincipalEntry::Account(_) => Err("a whole account is listed in `accounts`".to_owned()),
        PrincipalEntry::Everyone
        | PrincipalEntry::AnyAws
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::Canonical(_)
        | PrincipalEntry::Dangling(_)
        | PrincipalEntry::Unknown(_) => Err(FORM.to_owned()),
    }
}

/// A trusted network: a CIDR range, a VPC id or a VPC endpoint id.
pub fn network(text: &str) -> Result<String, String> {
    let in_id = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let id = text.strip_prefix("vpce-").or_else(|| text.strip_prefix("vpc-"));
    if id.is_some_and(|id| !id.is_empty() && id.bytes().all(in_id)) {
        return Ok(text.to_owned());
    }
    match parse_cidr(text) {
        Some(IpNet::V4(net)) if net.prefix_len() == 0 => Err(WHOLE_INTERNET.to_owned()),
        Some(IpNet::V6(net)) if net.prefix_len() == 0 => Err(WHOLE_INTERNET.to_owned()),
        Some(net) => Ok(net.to_string()),
        None => Err("a network is a CIDR range, a `vpc-` id or a `vpce-` id".to_owned()),
    }
}

const WHOLE_INTERNET: &str = "a range of length 0 trusts the whole internet";

fn is_service(text: &str) -> bool {
    let name = text
        .strip_suffix(".amazonaws.com")
        .or_else(|| text.strip_suffix(".amazonaws.com.cn"));
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'*' | b'?');
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(in_name))
}

fn is_partition(text: &str) -> bool {
    text == "aws" || text.starts_with("aws-")
}

fn has_spaces(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(read: impl Fn(&str) -> Result<T, String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(read(text).is_ok(), "{text} is refused");
        }
        for text in bad {
            assert!(read(text).is_err(), "{text} is accepted");
        }
    }

    #[test]
    fn actions() {
        check(
            action,
            &[
                "*",
                "s3:*",
                "s3:Get*",
                "S?:GetObject",
                "*:*",
                "iam:PassRole",
                "execute-api:Invoke",
            ],
            &[
                "",
                "**",
                "s3",
                "s3:",
                ":Get",
                "iam:PassRole ",
                " iam:PassRole",
                "iam:Pass Role",
                "iam:a:b",
                "s3:Gét",
                "${x}:y",
                "iam:\n*",
            ],
        );
        assert_eq!(action("IAM:PassRole").unwrap(), Pattern::glob("iam:passrole"));
    }

    #[test]
    fn principals() {
        check(
            principal,
            &[
                "*",
                "123456789012",
                "arn:aws:iam::123456789012:root",
                "arn:aws:iam::123456789012:role/path/name",
                "arn:aws:iam::123456789012:role/*",
                "arn:aws:iam::*:user/a",
                "arn:aws:sts::123456789012:assumed-role/r/s",
                "lambda.amazonaws.com",
                "*.amazonaws.com",
                "ec2.amazonaws.com.cn",
            ],
            &[
                "",
                "12345678901",
                "alice",
                "arn:aws:iam::1234:role/r",
                "arn:aws:s3:::bucket",
                "arn:aws:iam::123456789012:role/",
                "arn:amazon:iam::123456789012:role/r",
                "AROAAAAAAAAAAAAAAAAA",
                "lambda.example.com",
                ".amazonaws.com",
                "arn:*",
            ],
        );
    }

    #[test]
    fn trust() {
        check(
            account_id,
            &["123456789012"],
            &[
                "",
                "12345678901",
                "1234567890123",
                "12345678901a",
                "１２３４５６７８９０１２",
            ],
        );
        check(
            organization_id,
            &["o-a1b2c3d4e5"],
            &["", "o-", "a1b2c3d4e5", "o-A1B2", "o-a*"],
        );
        check(
            principal_arn,
            &["arn:aws:iam::999988887777:role/auditor"],
            &[
                "*",
                "999988887777",
                "arn:aws:iam::999988887777:root",
                "arn:aws:iam::999988887777:role/*",
                "lambda.amazonaws.com",
            ],
        );
        check(
            network,
            &[
                "vpce-1a2b3c4d",
                "vpc-1a2b3c4d",
                "10.0.0.0/8",
                "192.0.2.1",
                "2001:db8::/32",
            ],
            &[
                "",
                "vpc-",
                "vpce-*",
                "10.0.0.0/33",
                "0.0.0.0/0",
                "::/0",
                "example.com",
            ],
        );
    }
}
