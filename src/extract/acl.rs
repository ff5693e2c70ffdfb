//! Access control lists of S3. What a permission of a list allows is told by Amazon S3's table of the actions that it stands
//! for (S3 user guide, “Access control list overview”: mapping of ACL permissions and access policy permissions).

use crate::iam::Value;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Bucket,
    Object,
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grantee {
    /// Everybody.
    All,
    /// Whoever has an account.
    Authenticated,
    /// The service that delivers access logs.
    LogDelivery,
    /// An account, by its canonical id.
    Account(String),
}

/// What a canned list gives beyond full control of the owner: grantee and permission.
pub(super) fn canned_grants(name: &str) -> Option<Vec<(Grantee, &'static str)>> {
    match name {
        "private" | "" => Some(Vec::new()),
        "public-read" => Some(vec![(Grantee::All, "READ")]),
        "public-read-write" => Some(vec![(Grantee::All, "READ"), (Grantee::All, "WRITE")]),
        "authenticated-read" => Some(vec![(Grantee::Authenticated, "READ")]),
        "log-delivery-write" => Some(vec![
            (Grantee::LogDelivery, "WRITE"),
            (Grantee::LogDelivery, "READ_ACP"),
        ]),
        // To other accounts, which are not told.
        _ => None,
    }
}

/// What a permission allows: actions on a bucket itself, and on all objects in it or on the one object.
pub(super) fn actions(of: Of, permission: &str) -> Option<[&'static [&'static str]; 2]> {
    const BUCKET: [(&str, [&[&str]; 2]); 4] = [
        (
            "READ",
            [
                &[
                    "s3:ListBucket",
                    "s3:ListBucketVersions",
                    "s3:ListBucketMultipartUploads",
                ],
                &[],
            ],
        ),
        ("WRITE", [&[], &["s3:PutObject", "s3:DeleteObject"]]),
        ("READ_ACP", [&["s3:GetBucketAcl"], &[]]),
        ("WRITE_ACP", [&["s3:PutBucketAcl"], &[]]),
    ];
    const BUCKET_FULL: [&[&str]; 2] = [
        &[
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:GetBucketAcl",
            "s3:PutBucketAcl",
        ],
        &["s3:PutObject", "s3:DeleteObject"],
    ];
    const OBJECT: [(&str, &[&str]); 5] = [
        ("READ", &["s3:GetObject", "s3:GetObjectVersion"]),
        // It does not apply to objects.
        ("WRITE", &[]),
        ("READ_ACP", &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"]),
        ("WRITE_ACP", &["s3:PutObjectAcl", "s3:PutObjectVersionAcl"]),
        (
            "FULL_CONTROL",
            &[
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:GetObjectAcl",
                "s3:GetObjectVersionAcl",
                "s3:PutObjectAcl",
                "s3:PutObjectVersionAcl",
            ],
        ),
    ];
    match of {
        Of::Bucket if permission == "FULL_CONTROL" => Some(BUCKET_FULL),
        Of::Bucket => BUCKET
            .iter()
            .find(|(name, _)| *name == permission)
            .map(|(_, actions)| *actions),
        Of::Object => OBJECT
            .iter()
            .find(|(name, _)| *name == permission)
            .map(|(_, actions)| [&[][..], *actions]),
    }
}

/// The `Principal` that is let in, and the conditions that narrow it.
pub(super) fn principal(who: &Grantee) -> (Value, Vec<(String, Value)>) {
    let of = |kind: &str, name: &str| Value::Object(vec![(kind.to_owned(), Value::text(name))]);
    match who {
        Grantee::All => (Value::text("*"), Vec::new()),
        // Requests without credentials have that word for an account.
        Grantee::Authenticated => {
            let others = vec![("aws:PrincipalAccount".to_owned(), Value::text("anonymous"))];
            (
                of("AWS", "*"),
                vec![("StringNotEquals".to_owned(), Value::Object(others))],
            )
        }
        Grantee::LogDelivery => (of("Service", "logging.s3.amazonaws.com"), Vec::new()),
        Grantee::Account(id) => (of("CanonicalUser", id), Vec::new()),
    }
}
