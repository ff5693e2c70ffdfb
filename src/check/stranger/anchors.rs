//! Anchor keys: context keys that say where a request comes from, so that a fixed value of one keeps strangers out
//! (semantics.md 1.6, after S3's Block Public Access text of 2026).

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::check::Trust;
use crate::iam::{
    ArnPattern, Condition, ConditionValues, ContextKey, HoleId, Operator, Pattern, Piece, PolicyDocument,
    PrincipalEntry, PrincipalSet, Quantifier, ResourcePattern, ResourceSet, Segment, Statement, Test,
};

use super::{Doubt, Owner};

/// How a value of an anchor is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// By the whole text.
    Text,
    /// By the text before the first `/` (organization paths).
    OrganizationPath,
    /// By the text before the first `:` (`AROA…:session`).
    UserId,
    /// By the account of the ARN, or by the whole ARN when it has none.
    Arn,
    /// By being true.
    Flag,
    /// By the address range, unless it is broader than /8 (IPv4) or /32 (IPv6).
    Address,
}

/// Who sends an anchor: all services, or that of these resource types. Another service never sends it, so a condition on
/// it there says nothing that AWS would take for a restriction.
#[derive(Debug, Clone, Copy)]
enum Sent {
    Always,
    For(&'static [&'static str]),
}

const BY_KMS: Sent = Sent::For(&["AWS::KMS::Key"]);
const BY_S3: Sent = Sent::For(&[
    "AWS::S3::AccessPoint",
    "AWS::S3::Bucket",
    "AWS::S3Express::AccessPoint",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Outposts::AccessPoint",
    "AWS::S3Outposts::Bucket",
]);
/// The meaning of “public” in the guide of EFS.
const BY_EFS: Sent = Sent::For(&["AWS::EFS::FileSystem"]);

/// The anchor keys.
const ANCHORS: &[(&str, Shape, Sent)] = &[
    ("aws:PrincipalAccount", Shape::Text, Sent::Always),
    ("aws:PrincipalArn", Shape::Arn, Sent::Always),
    ("aws:PrincipalOrgID", Shape::Text, Sent::Always),
    ("aws:PrincipalOrgPaths", Shape::OrganizationPath, Sent::Always),
    ("aws:PrincipalServiceName", Shape::Text, Sent::Always),
    ("aws:PrincipalServiceNamesList", Shape::Text, Sent::Always),
    ("aws:SourceAccount", Shape::Text, Sent::Always),
    ("aws:SourceArn", Shape::Arn, Sent::Always),
    ("aws:SourceIp", Shape::Address, Sent::Always),
    ("aws:SourceOrgID", Shape::Text, Sent::Always),
    ("aws:SourceOrgPaths", Shape::OrganizationPath, Sent::Always),
    ("aws:SourceOwner", Shape::Text, Sent::Always),
    ("aws:SourceVpc", Shape::Text, Sent::Always),
    ("aws:SourceVpce", Shape::Text, Sent::Always),
    ("aws:VpceAccount", Shape::Text, Sent::Always),
    ("aws:VpceOrgID", Shape::Text, Sent::Always),
    ("aws:VpceOrgPaths", Shape::OrganizationPath, Sent::Always),
    ("aws:userid", Shape::UserId, Sent::Always),
    ("elasticfilesystem:AccessedViaMountTarget", Shape::Flag, BY_EFS),
    ("kms:CallerAccount", Shape::Text, BY_KMS),
    ("s3:DataAccessPointAccount", Shape::Text, BY_S3),
    ("s3:DataAccessPointArn", Shape::Arn, BY_S3),
];

/// How much of an ARN must be fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Its account, or all of it when it has none.
    Account,
    /// All of it.
    Whole,
}

/// Keys that hold an account, and those that hold an organization: what a zone of trust says of them.
const ACCOUNT_KEYS: &[&str] = &[
    "aws:SourceAccount",
    "aws:SourceOwner",
    "aws:VpceAccount",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
];
const ORGANIZATION_KEYS: &[&str] = &["aws:PrincipalOrgID", "aws:SourceOrgID", "aws:VpceOrgID"];
const ORGANIZATION_PATH_KEYS: &[&str] = &["aws:PrincipalOrgPaths", "aws:SourceOrgPaths", "aws:VpceOrgPaths"];
const SOURCE_ARN_KEYS: &[&str] = &["aws:SourceArn", "s3:DataAccessPointArn"];

/// Private addresses (RFC 1918).
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The fixed values that a document names.
#[derive(Debug, Clone, Default)]
pub(super) struct Anchors {
    conditions: Vec<Condition>,
    principals: Vec<PrincipalEntry>,
}

impl Anchors {
    /// Collects them. Values with wildcards, variables or holes that may turn out to hold a wildcard are not fixed.
    pub(super) fn named_in(document: &PolicyDocument, owner: Owner<'_>) -> Anchors {
        let open_holes = owner.open_holes;
        let mut anchors = Anchors::default();
        for entry in principals_of(document) {
            anchors.add_principal(entry);
        }
        let sent = |sent: &Sent| match (sent, owner.resource_type) {
            (Sent::Always, _) | (Sent::For(_), None) => true,
            (Sent::For(types), Some(own)) => types.contains(&own),
        };
        for (name, shape, _) in ANCHORS.iter().filter(|(_, _, by)| sent(by)) {
            let key = ContextKey::new(name);
            let lines: Vec<&Condition> = conditions_on(document, &key).collect();
            let fixed = |pattern: &&Pattern| is_fixed(pattern, open_holes);
            match shape {
                Shape::Text => {
                    // Under `StringEquals` a wildcard in the value of a hole is none.
                    let (folded, lines): (Vec<_>, Vec<_>) = lines
                        .iter()
                        .copied()
                        .partition(|line| matches!(line.values, ConditionValues::Folded(_)));
                    let settled = texts(&folded).filter(|p| is_fixed(p, &[])).cloned();
                    anchors.add_folded(&key, Test::StringEqualsIgnoreCase, settled.collect());
                    let (wild, exact): (Vec<_>, Vec<_>) = lines
                        .iter()
                        .copied()
                        .partition(|line| line.operator.test == Test::StringLike);
                    let settled = texts(&wild).filter(|p| fixed(p));
                    let settled = settled.chain(texts(&exact).filter(|p| is_fixed(p, &[])));
                    anchors.add_texts(&key, Test::StringLike, settled.cloned().collect());
                    // A hole that may hold one: the stranger has another value than its very text.
                    let open = texts(&wild).filter(|p| !fixed(p) && is_fixed(p, &[]));
                    anchors.add_texts(&key, Test::StringEquals, open.cloned().collect());
                }
                Shape::OrganizationPath => {
                    let heads = texts(&lines)
                        .filter_map(|pattern| head(pattern, '/', open_holes))
                        .collect();
                    anchors.add_texts(&key, Test::StringLike, heads);
                }
                Shape::UserId => {
                    let any_session = owner.doubt != Some(Doubt::UserId);
                    let heads = texts(&lines).filter_map(|pattern| {
                        let head = any_session.then(|| head(pattern, ':', open_holes)).flatten();
                        head.or_else(|| is_fixed(pattern, open_holes).then(|| pattern.clone()))
                    });
                    let heads = heads.collect();
                    anchors.add_texts(&key, Test::StringLike, heads);
                }
                Shape::Flag => {
                    let own = texts(&lines).filter(|pattern| **pattern == Pattern::literal("true"));
                    anchors.add_folded(&key, Test::Bool, own.cloned().collect());
                }
                Shape::Arn => anchors.add_arns(&key, &lines, extent(&key, document, owner), open_holes),
                Shape::Address => anchors.add_addresses(&key, &lines),
            }
        }
        anchors
    }

    /// Conditions that a stranger meets: each anchor is absent or has none of the fixed values.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        self.conditions.clone()
    }

    /// Accounts, services and canonical users that the document names.
    pub(super) fn principals(&self) -> &[PrincipalEntry] {
        &self.principals
    }

    fn add_principal(&mut self, entry: &PrincipalEntry) {
        let named = match entry {
            PrincipalEntry::Account(account)
            | PrincipalEntry::Role { account, .. }
            | PrincipalEntry::User { account, .. }
            | PrincipalEntry::Session { account, .. }
            | PrincipalEntry::FederatedUser { account, .. } => PrincipalEntry::Account(account.clone()),
            PrincipalEntry::Service(_) | PrincipalEntry::Canonical(_) => entry.clone(),
            PrincipalEntry::Everyone
            | PrincipalEntry::AnyAws
            | PrincipalEntry::Federated(_)
            | PrincipalEntry::Dangling(_)
            | PrincipalEntry::Unknown(_) => return,
        };
        let open = match &named {
            PrincipalEntry::Account(p) | PrincipalEntry::Service(p) | PrincipalEntry::Canonical(p) => {
                p.is_star()
            }
            _ => false,
        };
        if !open && !self.principals.contains(&named) {
            self.principals.push(named);
        }
    }

    fn add_texts(&mut self, key: &ContextKey, test: Test, values: BTreeSet<Pattern>) {
        if !values.is_empty() {
            let values = ConditionValues::Text(values.into_iter().collect());
            self.conditions.push(none_of(key, test, values));
        }
    }

    fn add_folded(&mut self, key: &ContextKey, test: Test, values: BTreeSet<Pattern>) {
        if !values.is_empty() {
            let values = ConditionValues::Folded(values.into_iter().collect());
            self.conditions.push(none_of(key, test, values));
        }
    }

    fn add_arns(&mut self, key: &ContextKey, lines: &[&Condition], extent: Extent, open_holes: &[HoleId]) {
        let star = Pattern::star;
        let mut excluded = Vec::new();
        for arn in arns(lines) {
            let account = arn.segment(Segment::Account);
            if extent == Extent::Whole {
                if arn.segments.iter().all(|segment| is_fixed(segment, open_holes)) {
                    excluded.push(arn);
                }
            } else if !account.pieces().is_empty() && is_fixed(account, open_holes) && arn.whole.is_none() {
                let segments = [star(), star(), star(), account.clone(), star()];
                excluded.push(ArnPattern {
                    segments,
                    whole: None,
                });
            } else if is_fixed(arn.segment(Segment::Rest), open_holes)
                && (account.pieces().is_empty() || arn.whole.is_some())
            {
                excluded.push(arn);
            }
        }
        excluded.sort();
        excluded.dedup();
        if !excluded.is_empty() {
            self.conditions
                .push(none_of(key, Test::Arn, ConditionValues::Arn(excluded)));
        }
    }

    /// The ranges of one condition are judged together: two halves of the Internet are no restriction. Private ranges
    /// (RFC 1918) do not count: nobody comes from there.
    fn add_addresses(&mut self, key: &ContextKey, lines: &[&Condition]) {
        let mut excluded = Vec::new();
        let private: Vec<IpNet> = PRIVATE
            .iter()
            .filter_map(|range| crate::iam::parse_cidr(range))
            .collect();
        for line in lines {
            if let ConditionValues::Ip(ranges) = &line.values {
                let within = |range: &&IpNet| private.iter().any(|private| private.contains(*range));
                let (own, ranges): (Vec<&IpNet>, Vec<&IpNet>) = ranges.iter().partition(within);
                excluded.extend(own.into_iter().copied());
                let merged = IpNet::aggregate(&ranges.into_iter().copied().collect());
                let size = |v4: bool| -> f64 {
                    let ranges = merged.iter().filter(|range| range.addr().is_ipv4() == v4);
                    ranges
                        .map(|range| f64::from(range.max_prefix_len() - range.prefix_len()).exp2())
                        .sum()
                };
                let narrow = |range: &&IpNet| match range {
                    IpNet::V4(_) => size(true) <= 24_f64.exp2(),
                    IpNet::V6(_) => size(false) <= 96_f64.exp2(),
                };
                excluded.extend(merged.iter().filter(narrow).copied());
            }
        }
        if !excluded.is_empty() {
            self.conditions.push(none_of(
                key,
                Test::IpAddress,
                ConditionValues::Ip(IpNet::aggregate(&excluded)),
            ));
        }
    }
}

/// How much of an ARN must be fixed. Everybody who comes through an access point carries one of its account, so in its
/// own policy the account says nothing.
fn extent(key: &ContextKey, document: &PolicyDocument, owner: Owner<'_>) -> Extent {
    let own_point = match owner.resource_type {
        Some(own) => own.ends_with("::AccessPoint"),
        None => is_about_access_points(document),
    };
    let doubtful = owner.doubt == Some(Doubt::PrincipalArn) && key.folded() == "aws:principalarn";
    if doubtful || own_point && key.folded() == "s3:dataaccesspointarn" {
        Extent::Whole
    } else {
        Extent::Account
    }
}

/// Whether a resource of the document is an access point or what lies behind one.
fn is_about_access_points(document: &PolicyDocument) -> bool {
    let resources = document
        .statements
        .iter()
        .flat_map(|statement| match &statement.resource {
            ResourceSet::In(entries) => entries.as_slice(),
            ResourceSet::Any | ResourceSet::NotIn(_) => &[],
        });
    let mut arns = resources.filter_map(|entry| match entry {
        ResourcePattern::Arn { arn, .. } => Some(arn),
        ResourcePattern::Any | ResourcePattern::Nothing | ResourcePattern::Unreadable(_) => None,
    });
    arns.any(|arn| arn.segment(Segment::Rest).to_string().starts_with("accesspoint"))
}

/// Conditions that a stranger to the zone meets, for the keys that the document speaks of: sources and organizations are
/// foreign or absent, networks are none of the trusted ones.
pub(super) fn zone_conditions(
    document: &PolicyDocument,
    trust: &Trust,
    accounts: &[Pattern],
) -> Vec<Condition> {
    let literals = |texts: &[String]| {
        texts
            .iter()
            .map(|text| Pattern::literal(text))
            .collect::<Vec<_>>()
    };
    let star = Pattern::star;
    let mut wanted: Vec<(&str, Test, ConditionValues)> = Vec::new();
    for key in ACCOUNT_KEYS {
        wanted.push((key, Test::StringLike, ConditionValues::Text(accounts.to_vec())));
    }
    for key in ORGANIZATION_KEYS {
        wanted.push((
            key,
            Test::StringEquals,
            ConditionValues::Text(literals(&trust.organizations)),
        ));
    }
    for key in ORGANIZATION_PATH_KEYS {
        let paths = trust
            .organizations
            .iter()
            .map(|id| Pattern::glob(&format!("{id}/*")))
            .collect();
        wanted.push((key, Test::StringLike, ConditionValues::Text(paths)));
    }
    for key in SOURCE_ARN_KEYS {
        let of_account = |account: &Pattern| ArnPattern {
            segments: [star(), star(), star(), account.clone(), star()],
            whole: None,
        };
        wanted.push((
            key,
            Test::Arn,
            ConditionValues::Arn(accounts.iter().map(of_account).collect()),
        ));
    }
    let (ranges, ids): (Vec<_>, Vec<_>) = trust
        .networks
        .iter()
        .partition(|network| crate::iam::parse_cidr(network).is_some());
    let ranges = ranges
        .into_iter()
        .filter_map(|network| crate::iam::parse_cidr(network))
        .collect();
    let ids: Vec<Pattern> = ids.into_iter().map(|id| Pattern::literal(id)).collect();
    wanted.push(("aws:SourceIp", Test::IpAddress, ConditionValues::Ip(ranges)));
    wanted.push((
        "aws:SourceVpc",
        Test::StringEquals,
        ConditionValues::Text(ids.clone()),
    ));
    wanted.push(("aws:SourceVpce", Test::StringEquals, ConditionValues::Text(ids)));
    let mut conditions = Vec::new();
    for (name, test, values) in wanted {
        let key = ContextKey::new(name);
        if !is_empty(&values) && conditions_on(document, &key).next().is_some() {
            conditions.push(none_of(&key, test, values));
        }
    }
    conditions
}

/// Whether the document names a hole where it says who may come in: in a principal or a condition.
pub(super) fn mentions_hole(document: &PolicyDocument, name: &str) -> bool {
    let mut named = document.statements.iter().flat_map(Statement::who);
    named.any(|hole| *hole.0 == *name)
}

/// The condition that a key is absent or has none of the values (for a multivalued key: none of its values is).
pub(super) fn none_of(key: &ContextKey, test: Test, values: ConditionValues) -> Condition {
    let quantifier = if crate::iam::key_facts(key).multivalued {
        Quantifier::ForAll
    } else {
        Quantifier::One
    };
    let operator = Operator {
        quantifier,
        test,
        negated: true,
        if_exists: false,
    };
    Condition {
        operator,
        key: key.clone(),
        values,
    }
}

/// The lines of a document about a key.
pub(super) fn conditions_on<'a>(
    document: &'a PolicyDocument,
    key: &'a ContextKey,
) -> impl Iterator<Item = &'a Condition> {
    document
        .statements
        .iter()
        .flat_map(|statement| &statement.conditions)
        .filter(move |line| line.key == *key)
}

/// The entries of all principal elements.
pub(super) fn principals_of(document: &PolicyDocument) -> impl Iterator<Item = &PrincipalEntry> {
    document
        .statements
        .iter()
        .flat_map(|statement| match &statement.principal {
            PrincipalSet::Absent => [].as_slice(),
            PrincipalSet::In(entries) | PrincipalSet::NotIn(entries) => entries.as_slice(),
        })
}

/// The text patterns of condition lines.
pub(super) fn texts<'a>(lines: &'a [&'a Condition]) -> impl Iterator<Item = &'a Pattern> {
    lines.iter().flat_map(|line| match &line.values {
        ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => patterns.as_slice(),
        ConditionValues::Arn(_)
        | ConditionValues::Number(..)
        | ConditionValues::Date(..)
        | ConditionValues::Ip(_)
        | ConditionValues::Binary(_)
        | ConditionValues::Null(_) => &[],
    })
}

/// The ARN patterns of condition lines; texts with six literal parts are ARNs too.
fn arns(lines: &[&Condition]) -> Vec<ArnPattern> {
    let mut arns = Vec::new();
    for line in lines {
        match &line.values {
            ConditionValues::Arn(own) => arns.extend(own.iter().cloned()),
            ConditionValues::Text(patterns) | ConditionValues::Folded(patterns) => {
                let split = patterns.iter().filter_map(crate::iam::split_arn);
                arns.extend(split.filter(|(_, parts)| *parts == 6).map(|(arn, _)| arn));
            }
            ConditionValues::Number(..)
            | ConditionValues::Date(..)
            | ConditionValues::Ip(_)
            | ConditionValues::Binary(_)
            | ConditionValues::Null(_) => {}
        }
    }
    arns
}

/// Whether a value is the same whatever happens: no wildcard, no variable, no hole that may hold a wildcard.
pub(super) fn is_fixed(pattern: &Pattern, open_holes: &[HoleId]) -> bool {
    pattern.pieces().iter().all(|piece| match piece {
        Piece::Char(_) => true,
        Piece::Hole(hole) => !open_holes.contains(hole),
        Piece::Any | Piece::Star | Piece::Var(..) => false,
    })
}

/// The fixed text before a separator, followed by anything: `o-abc/r-1/*` gives `o-abc/*`.
pub(super) fn head(pattern: &Pattern, separator: char, open_holes: &[HoleId]) -> Option<Pattern> {
    let end = pattern
        .pieces()
        .iter()
        .position(|piece| *piece == Piece::Char(separator))?;
    let head = Pattern::new(pattern.pieces().iter().take(end + 1).cloned().collect());
    is_fixed(&head, open_holes)
        .then(|| Pattern::new(head.pieces().iter().cloned().chain([Piece::Star]).collect()))
}

fn is_empty(values: &ConditionValues) -> bool {
    match values {
        ConditionValues::Text(values) | ConditionValues::Folded(values) => values.is_empty(),
        ConditionValues::Arn(values) => values.is_empty(),
        ConditionValues::Number(_, values) => values.is_empty(),
        ConditionValues::Date(_, values) => values.is_empty(),
        ConditionValues::Ip(values) => values.is_empty(),
        ConditionValues::Binary(values) => values.is_empty(),
        ConditionValues::Null(values) => values.is_empty(),
    }
}
