//! What is done with a row of the table of policy locations: one answer a kind.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::extract::PolicyKind;
use crate::extract::tables::{Row, RowKind, terraform_rows};

use super::permissions::Synthesis;

/// What is done with what a row points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is a policy document of that kind.
    Document(PolicyKind),
    /// It is a control policy, if the resource's type says so.
    ControlPolicy,
    /// It is an ARN, or a list of ARNs, of managed policies that give their access here.
    Attachment(PolicyKind),
    /// It is the name of a managed policy that gives its access here.
    NamedAttachment,
    /// It is a CloudFormation template.
    Template,
    /// It is an OpenAPI document, which may hold a policy document.
    OpenApi,
    /// It gives access without a document: statements are made from it.
    Permission(Synthesis),
    /// It may give access and is not read yet: a gap wherever it is there. Says what it is.
    Unsupported(&'static str),
    /// It gives no access by itself: only names, boundaries and guards.
    Data,
    /// It is no policy of this language.
    Never,
}

/// What is done with a row.
pub(super) fn treatment(row: &Row) -> Treatment {
    if let Some(synthesis) = synthesis(row) {
        return Treatment::Permission(synthesis);
    }
    let last = row.path.rsplit('.').next().unwrap_or_default();
    let by_arn = last.ends_with("_arn") || last.ends_with("_arns");
    match row.kind {
        // The grammar of IoT policies is that of identity policies, with variables of its own.
        RowKind::IdentityManaged | RowKind::IdentityInline | RowKind::IdentityIot | RowKind::SsoInline => {
            Treatment::Document(PolicyKind::Identity)
        }
        RowKind::Trust => Treatment::Document(PolicyKind::Trust),
        RowKind::Resource if row.path == "body" => Treatment::OpenApi,
        RowKind::Resource if ENDPOINTS.contains(&row.resource_type) => {
            Treatment::Document(PolicyKind::Endpoint)
        }
        RowKind::Resource | RowKind::OrgResource => Treatment::Document(PolicyKind::Resource),
        RowKind::ScpRcp => Treatment::ControlPolicy,
        RowKind::Session if by_arn => Treatment::Attachment(PolicyKind::Session),
        RowKind::Session => Treatment::Document(PolicyKind::Session),
        RowKind::AttachManaged if matches!(row.path, "roles" | "users" | "groups") => Treatment::Data,
        RowKind::AttachManaged => Treatment::Attachment(PolicyKind::Identity),
        // The provider attaches those that are not attached yet; inline policies it only takes away.
        RowKind::AttachExclusive if by_arn => Treatment::Attachment(PolicyKind::Identity),
        RowKind::SsoAttach if last == "name" => Treatment::NamedAttachment,
        RowKind::SsoAttach => Treatment::Attachment(PolicyKind::Identity),
        RowKind::Synth => Treatment::Unsupported("a permission that is not written as a document"),
        RowKind::ResourceStatement => Treatment::Unsupported("a single statement of a resource policy"),
        // Whom it lets in is told where a share is given principals.
        RowKind::ResourceTemplate => Treatment::Data,
        RowKind::Grant if row.resource_type.starts_with("aws_ram_resource_") => Treatment::Data,
        RowKind::Grant => Treatment::Unsupported("a grant that is not written as a policy"),
        RowKind::Acl => Treatment::Unsupported("an access control list"),
        RowKind::Exposure => Treatment::Unsupported("a setting that lets callers in without credentials"),
        RowKind::Template => Treatment::Template,
        RowKind::SamPolicies | RowKind::SamImplicitManaged | RowKind::SamImplicitInline => {
            Treatment::Unsupported("policies of a serverless function")
        }
        RowKind::SsoBoundary
        | RowKind::Boundary
        | RowKind::AttachExclusive
        | RowKind::AttachScp
        | RowKind::AttachIot
        | RowKind::Membership
        | RowKind::Guard => Treatment::Data,
        RowKind::DataSource | RowKind::OtherLang | RowKind::Ignore => Treatment::Never,
    }
}

/// How statements are made from what a row points at.
fn synthesis(row: &Row) -> Option<Synthesis> {
    match (row.resource_type, row.path) {
        ("aws_lambda_permission" | "awscc_lambda_permission", _) => Some(Synthesis::Function),
        ("aws_lambda_function_url", _) => Some(Synthesis::FunctionUrl),
        ("aws_lambda_layer_version_permission" | "awscc_lambda_layer_version_permission", _) => {
            Some(Synthesis::Layer)
        }
        ("aws_cloudwatch_event_permission", _) => Some(Synthesis::EventBus),
        ("awscc_events_event_bus_policy", _) => Some(Synthesis::EventBusStatement),
        ("aws_acmpca_permission" | "awscc_acmpca_permission", _) => Some(Synthesis::CertificateAuthority),
        ("aws_kms_grant", _) => Some(Synthesis::KeyGrant),
        ("aws_s3_bucket_acl", _) | ("aws_s3_bucket", "acl") => Some(Synthesis::BucketAcl),
        ("aws_s3_bucket", "grant") => Some(Synthesis::BucketGrants),
        ("aws_s3_object" | "aws_s3_bucket_object" | "aws_s3_object_copy", "acl") => {
            Some(Synthesis::ObjectAcl)
        }
        ("aws_s3_object_copy", "grant") => Some(Synthesis::ObjectGrants),
        ("awscc_s3_bucket", "access_control") => Some(Synthesis::CloudControlAcl),
        ("awscc_lambda_url", _) => Some(Synthesis::PlainUrl),
        (
            "aws_vpc_endpoint_service"
            | "aws_vpc_endpoint_service_allowed_principal"
            | "awscc_ec2_vpc_endpoint_service_permissions",
            _,
        ) => Some(Synthesis::EndpointService),
        ("aws_ami_launch_permission", _) => Some(Synthesis::Image),
        ("aws_snapshot_create_volume_permission", _) => Some(Synthesis::Snapshot),
        ("aws_ram_principal_association", _) => Some(Synthesis::SharePrincipal),
        ("awscc_ram_resource_share", _) => Some(Synthesis::Share),
        ("aws_signer_signing_profile_permission" | "awscc_signer_profile_permission", _) => {
            Some(Synthesis::SigningProfile)
        }
        ("awscc_codeguruprofiler_profiling_group", _) => Some(Synthesis::ProfilingAgents),
        ("awscc_entityresolution_policy_statement", _) => Some(Synthesis::EntityStatement),
        ("awscc_qbusiness_permission", _) => Some(Synthesis::Application),
        ("awscc_licensemanager_grant", _) => Some(Synthesis::License),
        ("aws_eks_access_policy_association" | "awscc_eks_access_entry", _) => Some(Synthesis::Cluster),
        (
            "aws_lakeformation_permissions"
            | "awscc_lakeformation_permissions"
            | "awscc_lakeformation_principal_permissions",
            _,
        ) => Some(Synthesis::Lake),
        ("aws_s3control_access_grant" | "awscc_s3_access_grant", _) => Some(Synthesis::Storage),
        _ => None,
    }
}

/// Whether the attribute must be there: the policy is what the resource is for.
pub(super) fn is_required(row: &Row) -> bool {
    let optional = row.attaches_to.contains("self")
        || row.notes.contains("Optional")
        || row.path.contains('.')
        || row.resource_type.ends_with("_creation_template");
    row.kind == RowKind::Trust || !optional && row.kind != RowKind::Session && is_document(row)
}

/// Whether providers fill the attribute in when it is not configured.
pub(super) fn is_computed(row: &Row) -> bool {
    row.notes.contains("Optional+Computed") || matches!(row.path, "managed_policy_arns" | "acl" | "grant")
}

/// The rows of a managed resource type.
pub(super) fn rows_of(resource_type: &str) -> &'static [&'static Row] {
    ROWS.get(resource_type).map(Vec::as_slice).unwrap_or_default()
}

/// How many of a type's rows are documents: the only one needs no attribute in its address.
pub(super) fn documents_of(resource_type: &str) -> usize {
    rows_of(resource_type)
        .iter()
        .filter(|row| is_document(row))
        .count()
}

/// The attribute of a type that holds its only document.
pub fn only_document(resource_type: &str) -> Option<&'static str> {
    let mut documents = rows_of(resource_type).iter().filter(|row| is_document(row));
    documents
        .next()
        .filter(|_| documents.next().is_none())
        .map(|row| row.path)
}

const ENDPOINTS: [&str; 3] = [
    "aws_vpc_endpoint",
    "aws_vpc_endpoint_policy",
    "awscc_ec2_vpc_endpoint",
];

static ROWS: LazyLock<BTreeMap<&'static str, Vec<&'static Row>>> = LazyLock::new(|| {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in terraform_rows().iter().filter(|row| !row.data_source) {
        rows.entry(row.resource_type).or_default().push(row);
    }
    rows
});

fn is_document(row: &Row) -> bool {
    matches!(treatment(row), Treatment::Document(_) | Treatment::ControlPolicy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource_type: &str, path: &str, expected: Treatment, required: bool) {
        let row = rows_of(resource_type)
            .iter()
            .find(|row| row.path == path)
            .unwrap();
        assert_eq!(
            (treatment(row), is_required(row)),
            (expected, required),
            "{resource_type}.{path}"
        );
    }

    #[test]
    fn rows_are_treated_by_kind() {
        let identity = Treatment::Document(PolicyKind::Identity);
        let resource = Treatment::Document(PolicyKind::Resource);
        check("aws_iam_policy", "policy", identity, true);
        check("aws_iam_role", "inline_policy[].policy", identity, false);
        check(
            "aws_iam_role",
            "assume_role_policy",
            Treatment::Document(PolicyKind::Trust),
            true,
        );
        check("aws_s3_bucket_policy", "policy", resource, true);
        check("aws_s3_bucket", "policy", resource, false);
        check("aws_kms_external_key", "policy", resource, false);
        check(
            "aws_vpc_endpoint",
            "policy",
            Treatment::Document(PolicyKind::Endpoint),
            false,
        );
        check(
            "aws_organizations_policy",
            "content",
            Treatment::ControlPolicy,
            true,
        );
        check(
            "aws_transfer_user",
            "policy",
            Treatment::Document(PolicyKind::Session),
            false,
        );
        check(
            "aws_rolesanywhere_profile",
            "managed_policy_arns",
            Treatment::Attachment(PolicyKind::Session),
            false,
        );
        check("awscc_iam_managed_policy", "roles", Treatment::Data, false);
        check("awscc_iam_managed_policy", "policy_document", identity, true);
        check("aws_ecr_lifecycle_policy", "policy", Treatment::Never, false);
        check(
            "aws_lambda_permission",
            "-",
            Treatment::Permission(Synthesis::Function),
            false,
        );
    }

    #[test]
    fn single_documents_are_known() {
        assert_eq!(documents_of("aws_iam_policy"), 1);
        assert_eq!(documents_of("aws_iam_role"), 2);
        assert_eq!(documents_of("aws_instance"), 0);
    }
}
