//! Finding policies: one `Extraction` per input, from a Terraform plan, a CloudFormation template or a bare policy.
//! Partial is normal: a value that is not known becomes a hole or a gap, never an error that hides the rest.

mod acl;
mod bare;
mod cloudformation;
mod document;
mod managed;
mod principal;
mod tables;
mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::iam::{DocumentKind, HoleId, Invalid, Note, PolicyDocument};
use crate::source::{BlockName, FileId, Place};

pub use bare::{extract_bare_policy, extract_bare_policy_as};
pub use cloudformation::{
    CloudFormationOptions, EarlierTemplate, Imported, NestedLocation, NestedTemplates, exports_of,
    extract_template, extract_template_since, nested_locations,
};
pub use managed::{attached_policy, is_aws_managed};
pub use principal::{AttachedDocument, Composition, Deployed, ExtractedPrincipal, Part};
pub use tables::{Row, RowKind, cloudformation_rows, is_known_type, terraform_rows};
pub use terraform::{EarlierTerraform, extract_plan, extract_plan_since, extract_state, only_document};

/// Runs a task for each of the numbers below the first, in any order and perhaps at once, and returns when all are done.
pub type Runner<'r> = &'r dyn Fn(usize, &(dyn Fn(usize) + Sync));

/// Runs tasks one by one, in order.
pub fn one_by_one(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    (0..tasks).for_each(task);
}

/// Everything found in one input.
#[derive(Debug, Clone, Default)]
pub struct Extraction {
    /// The policies, in the order of the input.
    pub policies: Vec<Policy>,
    /// What may hold policies but could not be read, in the order of the input.
    pub gaps: Vec<Gap>,
    /// Changes to what is attached to identities: with `reference: before` they make the answer undecided.
    pub changes: Vec<IdentityChange>,
    /// The principals of the input and what is attached to them.
    pub principals: Vec<ExtractedPrincipal>,
    /// What the input tells of its environment.
    pub environment: Environment,
    /// Addresses of resources that are known to stay as they are.
    pub unchanged: BTreeSet<String>,
    /// Policy attributes of the table that were there but empty or not configured, or that are other languages.
    pub not_policies: usize,
    /// The names that the tool which wrote the input shows for resources, by their address: the construct paths of the CDK.
    pub names: BTreeMap<String, String>,
    /// The files of the nested stacks that are read with a template.
    pub nested: Vec<FileId>,
    /// Remarks on the input as a whole (`plan is incomplete`, `newer minor format version`).
    pub notes: Vec<InputNote>,
}

impl Extraction {
    /// The name of the resource of an address, where the input has one beside it.
    pub fn name_of(&self, address: &str) -> Option<&String> {
        self.names.get(address.split('/').next().unwrap_or_default())
    }
}

/// A remark on an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputNote {
    /// A stable id (`format-version`, `skipped-link`).
    pub id: &'static str,
    /// The address it is about; empty for the whole input.
    pub address: String,
    /// What is to be said.
    pub message: String,
}

/// Account, region and partition of an input, where known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Twelve digits.
    pub account: Option<String>,
    /// Region code.
    pub region: Option<String>,
    /// `aws`, `aws-cn`, …
    pub partition: Option<String>,
}

/// One policy, found at one place.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The document, or why it is not valid.
    pub document: Result<PolicyDocument, Invalid>,
    /// What it is.
    pub kind: PolicyKind,
    /// Where it was found.
    pub origin: Origin,
    /// The deployed version.
    pub before: Before,
    /// The identities it is attached to, as far as known: addresses or names.
    pub attached_to: Vec<String>,
    /// The holes of its document.
    pub holes: Vec<Hole>,
    /// How its document came about.
    pub provenance: Provenance,
    /// Whether the values of the document must not be shown.
    pub sensitive: bool,
    /// Whether the planned change touches it (always true where the input does not tell).
    pub changed: bool,
    /// Warnings of the parser.
    pub notes: Vec<Note>,
    /// Truth of the guard facts of its statements when every parameter takes its default; a fact that is not here has
    /// no default.
    pub default_facts: Vec<(Arc<str>, bool)>,
}

/// What a policy is; decides which checks apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// Attached to a user, group, role or permission set.
    Identity,
    /// On a resource.
    Resource,
    /// Who may assume a role.
    Trust,
    /// A synthesised permission, an ACL, an exposure.
    Grant,
    /// A permissions boundary or guardrail.
    Boundary,
    /// A session policy.
    Session,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A VPC endpoint policy.
    Endpoint,
}

impl PolicyKind {
    /// All kinds, in the order of reports.
    pub const ALL: [PolicyKind; 9] = [
        PolicyKind::Identity,
        PolicyKind::Resource,
        PolicyKind::Trust,
        PolicyKind::Grant,
        PolicyKind::Boundary,
        PolicyKind::Session,
        PolicyKind::Scp,
        PolicyKind::Rcp,
        PolicyKind::Endpoint,
    ];

    /// The word in standards files and reports.
    pub fn word(self) -> &'static str {
        match self {
            PolicyKind::Identity => "identity",
            PolicyKind::Resource => "resource",
            PolicyKind::Trust => "trust",
            PolicyKind::Grant => "grant",
            PolicyKind::Boundary => "boundary",
            PolicyKind::Session => "session",
            PolicyKind::Scp => "scp",
            PolicyKind::Rcp => "rcp",
            PolicyKind::Endpoint => "endpoint",
        }
    }

    /// The grammar its documents follow.
    pub fn document_kind(self) -> DocumentKind {
        match self {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => DocumentKind::Identity,
            PolicyKind::Resource | PolicyKind::Grant | PolicyKind::Endpoint => DocumentKind::Resource,
            PolicyKind::Trust => DocumentKind::Trust,
            PolicyKind::Scp => DocumentKind::Scp,
            PolicyKind::Rcp => DocumentKind::Rcp,
        }
    }
}

/// Where a policy or gap was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Terraform: `module.a["x"].aws_iam_role.r` and, when the attribute is not the only one, `/inline_policy[0]`;
    /// CloudFormation: `LogicalId/Policies/0/PolicyDocument`.
    pub address: String,
    /// `aws_iam_role`, `AWS::IAM::Role`; empty for a bare policy.
    pub resource_type: String,
    /// The policy's place in its input; a Terraform plan's is the resource change or the attribute in the JSON.
    pub place: Place,
    /// The places of the source statements, by their index, where the file has them; may be shorter.
    pub statements: Vec<Place>,
    /// How to find the block in .tf files; `None` for templates and bare policies.
    pub block: Option<BlockAddress>,
    /// What the document was rebuilt from, if it was.
    pub rebuilt: Option<Arc<Rebuilt>>,
}

/// What a document was rebuilt from that is known only after apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The address of the data source.
    pub from: String,
    /// The blocks that its statements are written as, by their index; `None` for those that are from elsewhere.
    pub statements: Vec<Option<Arc<StatementBlock>>>,
}

/// A `statement` block of a data source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementBlock {
    /// The data source.
    pub block: BlockAddress,
    /// Which of its blocks, in the order of the plan.
    pub index: usize,
    /// How many it has in the plan.
    pub count: usize,
}

/// A Terraform block: which module, which resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockAddress {
    /// Names of the module calls from the root, without instance keys.
    pub modules: Vec<String>,
    /// `resource` or `data`.
    pub mode: &'static str,
    /// Resource type.
    pub resource_type: String,
    /// Resource name.
    pub name: String,
}

impl BlockAddress {
    /// The name by which Terraform code is asked for it.
    pub fn in_code(&self) -> BlockName<'_> {
        BlockName {
            modules: &self.modules,
            mode: self.mode,
            resource_type: &self.resource_type,
            name: &self.name,
        }
    }
}

/// What was deployed before.
#[derive(Debug, Clone)]
pub enum Before {
    /// The input does not tell (templates, bare policies).
    NotTold,
    /// The policy is new.
    Created,
    /// The deployed document.
    Document(PolicyDocument),
    /// There was one, but it cannot be read; says why.
    Unreadable(String),
}

/// A value known only later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Its name in documents.
    pub id: HoleId,
    /// Where the value comes from, for users: `parameter Bucket`, `aws_s3_bucket.logs.arn`.
    pub origin: String,
    /// The value it takes when nothing else is said.
    pub default: Option<String>,
    /// The only values it can take; empty means any.
    pub allowed: Vec<String>,
    /// Whether it has the same value before and after the change.
    pub stable: bool,
    /// Whether its value is surely [plain](is_plain), whatever it is.
    pub plain: bool,
}

/// The characters that make more of a text than a name: wildcards, the sign of a policy variable, the separator of ARNs.
pub const SPECIAL: [char; 4] = ['*', '?', '$', ':'];

/// Whether a text is neither empty nor anything but itself within a pattern or an ARN.
pub fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(SPECIAL)
}

impl Hole {
    /// Whether somebody may give it a value with wildcards: it is a parameter, and nothing keeps them out.
    pub fn may_hold_wildcards(&self) -> bool {
        let all_plain = !self.allowed.is_empty() && self.allowed.iter().all(|value| is_plain(value));
        self.origin.starts_with("parameter") && !self.plain && !all_plain
    }
}

/// How a document came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// Written in the input.
    Literal,
    /// Rebuilt from other parts of the input.
    Reconstructed,
    /// Made from a resource that is a permission but no document.
    Synthesised,
    /// What the service applies when there is no policy.
    Default,
    /// An AWS managed policy from the bundled catalog.
    Catalog,
}

impl Provenance {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Provenance::Literal => "literal",
            Provenance::Reconstructed => "reconstructed",
            Provenance::Synthesised => "synthesised",
            Provenance::Default => "default",
            Provenance::Catalog => "catalog",
        }
    }
}

/// Something that may hold a policy but could not be read: undecided, never skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub origin: Origin,
    /// Why.
    pub reason: GapReason,
    /// What it would be, where the table tells.
    pub kind: Option<PolicyKind>,
}

/// Why a policy could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapReason {
    /// Known only after apply or deployment; names what it depends on.
    UnknownUntilApply(String),
    /// An attached managed policy that is neither in the input nor in the catalog.
    UnknownManagedPolicy(String),
    /// A row of the tables, or a construct, that is not extracted yet.
    Unsupported(String),
    /// A policy-looking value in a type the tables do not know.
    UnknownType(String),
    /// The attribute is missing where it is required, or has an unexpected shape.
    UnexpectedShape(String),
    /// The input itself is partial (`errored`, `complete: false`, deferred).
    Incomplete(String),
}

/// A change to what is attached to an identity, or a policy of another kind that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChange {
    /// Where.
    pub origin: Origin,
    /// The identities it touches, as in [`Policy::attached_to`]; empty when that cannot be told.
    pub identities: Vec<String>,
    /// What happens, for users: `the policy is deleted`, `a boundary is removed`.
    pub what: String,
    /// The kind of the policy that is taken away; `Identity` for all that bears on identities.
    pub kind: PolicyKind,
}

/// An extractor. `accepts` tells by content; `extract` never fails: what cannot be read is a gap.
pub trait Extractor {
    /// What is read.
    type Tree: ?Sized;
    /// Whether this is an input for this extractor.
    fn accepts(&self, tree: &Self::Tree) -> bool;
    /// Everything found.
    fn extract(&self, tree: &Self::Tree) -> Extraction;
}
