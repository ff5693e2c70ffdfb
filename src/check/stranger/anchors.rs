//! Anchor keys: context keys that say where a request comes from, so that a fixed value of one keeps strangers out
//! (semantics.md 1.6, after S3's Block Public Access text of 2026).

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::check::Trust;
use crate::iam::{
    ArnPattern, Condition, ConditionValues, ContextKey, HoleId, Operator, Pattern, Piece, PolicyDocument,
    PrincipalEntry, PrincipalSet, Quantifier, Segment, Statement, Test,
};

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
    /// By the address range, unless it is broader than /8 (IPv4) or /32 (IPv6).
    Address,
}

/// The anchor keys.
const ANCHORS: &[(&str, Shape)] = &[
    ("aws:PrincipalAccount", Shape::Text),
    ("aws:PrincipalArn", Shape::Arn),
    ("aws:PrincipalOrgID", Shape::Text),
    ("aws:PrincipalOrgPaths", Shape::OrganizationPath),
    ("aws:PrincipalServiceName", Shape::Text),
    ("aws:PrincipalServiceNamesList", Shape::Text),
    ("aws:SourceAccount", Shape::Text),
    ("aws:SourceArn", Shape::Arn),
    ("aws:SourceIp", Shape::Address),
    ("aws:SourceOrgID", Shape::Text),
    ("aws:SourceOrgPaths", Shape::OrganizationPath),
    ("aws:SourceOwner", Shape::Text),
    ("aws:SourceVpc", Shape::Text),
    ("aws:SourceVpce", Shape::Text),
    ("aws:VpceAccount", Shape::Text),
    ("aws:VpceOrgID", Shape::Text),
    ("aws:VpceOrgPaths", Shape::OrganizationPath),
    ("aws:userid", Shape::UserId),
    ("kms:CallerAccount", Shape::Text),
    ("s3:DataAccessPointAccount", Shape::Text),
    ("s3:DataAccessPointArn", Shape::Arn),
];

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

/// The fixed values that a document names.
#[derive(Debug, Clone, Default)]
pub(super) struct Anchors {
    conditions: Vec<Condition>,
    principals: Vec<PrincipalEntry>,
}

impl Anchors {
    /// Collects them. Values with wildcards, variables or holes that may turn out to hold a wildcard are not fixed.
    pub(super) fn named_in(document: &PolicyDocument, open_holes: &[HoleId]) -> Anchors {
        let mut anchors = Anchors::default();
        for entry in principals_of(document) {
            anchors.add_principal(entry);
        }
        for (name, shape) in ANCHORS {
            let key = ContextKey::new(name);
            let lines: Vec<&Condition> = conditions_on(document, &key).collect();
            let fixed = |pattern: &&Pattern| is_fixed(pattern, open_holes);
            match shape {
                Shape::Text => {
                    // Under `StringEquals` a wildcard in the value of a hole is none.
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
                    let heads = texts(&lines).filter_map(|pattern| {
                        head(pattern, ':', open_holes)
                            .or_else(|| is_fixed(pattern, open_holes).then(|| pattern.clone()))
                    });
                    let heads = heads.collect();
                    anchors.add_texts(&key, Test::StringLike, heads);
                }
                Shape::Arn => anchors.add_arns(&key, &lines, open_holes),
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

    fn add_arns(&mut self, key: &ContextKey, lines: &[&Condition], open_holes: &[HoleId]) {
        let star = Pattern::star;
        let mut excluded = Vec::new();
        for arn in arns(lines) {
            let account = arn.segment(Segment::Account);
            if !account.pieces().is_empty() && is_fixed(account, open_holes) && arn.whole.is_none() {
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

    /// The ranges of one condition are judged together: two halves of the Internet are no restriction.
    fn add_addresses(&mut self, key: &ContextKey, lines: &[&Condition]) {
        let mut excluded = Vec::new();
        for line in lines {
            if let ConditionValues::Ip(ranges) = &line.values {
                let merged = IpNet::aggregate(&ranges.to_vec());
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
