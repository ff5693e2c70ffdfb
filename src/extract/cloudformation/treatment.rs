//! What is done with each kind of row of the table of where policies live: read, undecided, or nothing.

use crate::extract::{PolicyKind, Row, RowKind};

use super::nested::STACK;
use super::permissions::Grants;

/// What is done with a row whose property is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// A document.
    Document(PolicyKind),
    /// One statement of a document.
    Statement(PolicyKind),
    /// ARNs of managed policies.
    Attachments(PolicyKind),
    /// A permission from which a statement is made.
    Permission(Grants),
    /// A canned access control list.
    List,
    /// Undecided, whatever it is.
    Undecided(Option<PolicyKind>, &'static str),
    /// Undecided unless it has this value.
    UndecidedUnless(&'static str, &'static str),
    /// The template of a nested stack: undecided unless it is followed.
    NestedStack,
    /// The URL of a function: undecided unless the function is of the template, or callers need credentials.
    FunctionUrl,
    /// Counted as another language.
    NotAPolicy,
    /// Used elsewhere, or nothing to judge.
    Data,
}

/// What is done with a row.
pub(super) fn treatment(row: &Row) -> Treatment {
    match row.kind {
        RowKind::IdentityManaged | RowKind::IdentityInline | RowKind::IdentityIot | RowKind::SsoInline => {
            Treatment::Document(PolicyKind::Identity)
        }
        RowKind::Trust => Treatment::Document(PolicyKind::Trust),
        RowKind::Resource if row.resource_type == "AWS::EC2::VPCEndpoint" => {
            Treatment::Document(PolicyKind::Endpoint)
        }
        RowKind::Resource | RowKind::OrgResource => Treatment::Document(PolicyKind::Resource),
        RowKind::ScpRcp => Treatment::Document(PolicyKind::Scp),
        RowKind::Session if row.path.ends_with("Arn") || row.path.ends_with("Arns") => {
            Treatment::Attachments(PolicyKind::Session)
        }
        RowKind::Session => Treatment::Document(PolicyKind::Session),
        RowKind::ResourceStatement => Treatment::Statement(PolicyKind::Resource),
        RowKind::ResourceTemplate => Treatment::Undecided(
            Some(PolicyKind::Resource),
            "a fragment of a resource policy is not supported yet",
        ),
        // The names a managed policy attaches itself to are read with the policy.
        RowKind::AttachManaged if row.resource_type == "AWS::IAM::ManagedPolicy" => Treatment::Data,
        RowKind::SsoAttach if row.path.ends_with("Name") => Treatment::Undecided(
            Some(PolicyKind::Identity),
            "a customer managed policy is attached by name; its document is not in the template",
        ),
        RowKind::AttachManaged | RowKind::SsoAttach => Treatment::Attachments(PolicyKind::Identity),
        RowKind::Synth => match row.resource_type {
            "AWS::Lambda::Permission" => Treatment::Permission(Grants::Function),
            "AWS::Lambda::LayerVersionPermission" => Treatment::Permission(Grants::Layer),
            "AWS::ACMPCA::Permission" => Treatment::Permission(Grants::Authority),
            _ => Treatment::Undecided(
                Some(PolicyKind::Grant),
                "a permission of this type is not supported yet",
            ),
        },
        RowKind::Grant => Treatment::Undecided(
            Some(PolicyKind::Grant),
            "a grant that is no policy is not supported yet",
        ),
        RowKind::Acl => Treatment::List,
        RowKind::Exposure if row.resource_type == "AWS::Lambda::Url" => Treatment::FunctionUrl,
        RowKind::Exposure => Treatment::UndecidedUnless(
            "AWS_IAM",
            "a URL that may need no credentials is not supported yet",
        ),
        RowKind::Template if row.resource_type == STACK => Treatment::NestedStack,
        RowKind::Template => Treatment::Undecided(
            None,
            "the stacks of a stack set are not followed; check its template by itself",
        ),
        RowKind::SamPolicies | RowKind::SamImplicitManaged | RowKind::SamImplicitInline => {
            Treatment::Undecided(None, SAM)
        }
        RowKind::OtherLang => Treatment::NotAPolicy,
        RowKind::Boundary
        | RowKind::SsoBoundary
        | RowKind::AttachExclusive
        | RowKind::AttachScp
        | RowKind::AttachIot
        | RowKind::Membership
        | RowKind::Guard
        | RowKind::DataSource
        | RowKind::Ignore => Treatment::Data,
    }
}

/// Why a serverless resource that is left is undecided, and what to do.
pub(super) const SAM: &str = "this serverless resource is not expanded; pass the processed template (aws cloudformation get-template --template-stage Processed)";
