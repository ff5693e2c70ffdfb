//! Where policies live, by resource type: the two tables of `data/`, read once.

use std::sync::LazyLock;

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `aws_iam_role`, `AWS::IAM::Role`.
    pub resource_type: &'static str,
    /// `inline_policy[].policy`, `Policies[].PolicyDocument`; `-` for a row about the whole resource.
    pub path: &'static str,
    /// What is there.
    pub kind: RowKind,
    /// To which identities or resource it belongs (`self`, `role:role`, `Roles[],Users[],Groups[]`, prose).
    pub attaches_to: &'static str,
    /// The notes column: prose, but for `Optional+Computed`, which marks attributes that providers fill in.
    pub notes: &'static str,
    /// Terraform only: whether the row is about a data source.
    pub data_source: bool,
}

macro_rules! row_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The kinds of rows, as in the tables.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RowKind { $($(#[$doc])* $name,)* }

        impl RowKind {
            /// Every kind.
            pub const ALL: &[RowKind] = &[$(RowKind::$name,)*];

            /// The word in the tables.
            pub fn word(self) -> &'static str {
                match self { $(RowKind::$name => $word,)* }
            }
        }
    };
}

row_kinds! {
    /// A managed identity policy.
    IdentityManaged = "identity_managed",
    /// An inline identity policy.
    IdentityInline = "identity_inline",
    /// An IoT Core policy (IAM-like grammar).
    IdentityIot = "identity_iot",
    /// A role trust policy.
    Trust = "trust",
    /// A resource policy.
    Resource = "resource",
    /// One statement of a resource policy.
    ResourceStatement = "resource_statement",
    /// A fragment of a resource policy.
    ResourceTemplate = "resource_template",
    /// The organization's resource policy.
    OrgResource = "org_resource",
    /// An inline policy of a permission set.
    SsoInline = "sso_inline",
    /// A managed policy attached to a permission set.
    SsoAttach = "sso_attach",
    /// The boundary of a permission set.
    SsoBoundary = "sso_boundary",
    /// A service or resource control policy.
    ScpRcp = "scp_rcp",
    /// A session policy.
    Session = "session",
    /// A permissions boundary, by ARN.
    Boundary = "boundary",
    /// Managed policies attached by ARN.
    AttachManaged = "attach_managed",
    /// The full set of what is attached.
    AttachExclusive = "attach_exclusive",
    /// A control policy attached to a target.
    AttachScp = "attach_scp",
    /// An IoT policy attached to a target.
    AttachIot = "attach_iot",
    /// Who belongs to what.
    Membership = "membership",
    /// A permission that is no document; a statement is made from it.
    Synth = "synth",
    /// A grant that is no policy.
    Grant = "grant",
    /// A public access block.
    Guard = "guard",
    /// An access control list.
    Acl = "acl",
    /// A setting that exposes a resource.
    Exposure = "exposure",
    /// A nested template.
    Template = "template",
    /// SAM policies of an implicit role.
    SamPolicies = "sam_policies",
    /// Managed policies of a SAM implicit role.
    SamImplicitManaged = "sam_implicit_managed",
    /// Inline policies of a SAM implicit role.
    SamImplicitInline = "sam_implicit_inline",
    /// A data source.
    DataSource = "data_source",
    /// Looks like a policy and is another language: never extracted.
    OtherLang = "other_lang",
    /// No permission at all.
    Ignore = "ignore",
}

static TERRAFORM: LazyLock<Vec<Row>> = LazyLock::new(|| read(include_str!("data/tf_policy_resources.tsv")));
static CLOUDFORMATION: LazyLock<Vec<Row>> =
    LazyLock::new(|| read(include_str!("data/cfn_policy_resources.tsv")));

/// The Terraform rows (hashicorp/aws and awscc).
pub fn terraform_rows() -> &'static [Row] {
    &TERRAFORM
}

/// The CloudFormation rows (SAM types included).
pub fn cloudformation_rows() -> &'static [Row] {
    &CLOUDFORMATION
}

/// Whether a type (Terraform or CloudFormation) is in the tables.
pub fn is_known_type(resource_type: &str) -> bool {
    TERRAFORM
        .iter()
        .chain(CLOUDFORMATION.iter())
        .any(|row| row.resource_type == resource_type)
}

fn read(table: &'static str) -> Vec<Row> {
    table.lines().skip(1).filter_map(row).collect()
}

fn row(line: &'static str) -> Option<Row> {
    let mut columns = line.split('\t');
    let resource_type = columns.next()?;
    let path = columns.next()?;
    let word = columns.next()?;
    let kind = RowKind::ALL.iter().copied().find(|kind| kind.word() == word)?;
    let attaches_to = columns.next().unwrap_or("");
    let notes = columns.next().unwrap_or("");
    let data_source = columns.next() == Some("data");
    Some(Row {
        resource_type,
        path,
        kind,
        attaches_to,
        notes,
        data_source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        for (text, rows) in [
            (include_str!("data/tf_policy_resources.tsv"), terraform_rows()),
            (
                include_str!("data/cfn_policy_resources.tsv"),
                cloudformation_rows(),
            ),
        ] {
            assert_eq!(text.lines().count() - 1, rows.len());
        }
        assert!(terraform_rows().iter().any(|row| row.data_source));
    }
}
