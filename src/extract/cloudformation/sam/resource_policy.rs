//! Resource policies of REST APIs from the short forms of SAM: lists of accounts, address ranges and networks, and
//! statements of the user's own.

use crate::source::{Node, NodeKind};

use super::super::syntax::View;
use super::events::path_pattern;
use super::pen::{Pen, same};
use super::values::{Known, branches, entries, is_no_value, member, plain};

/// The statements of a policy that is being put together.
#[derive(Default)]
pub(super) struct Statements {
    list: Vec<Node>,
}

/// The property, and the effect for those accounts.
const ACCOUNTS: &[(&str, &str)] = &[("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")];

/// The property, and the operator under which those addresses are refused.
const RANGES: &[(&str, &str)] = &[
    ("IpRangeWhitelist", "NotIpAddress"),
    ("IpRangeBlacklist", "IpAddress"),
];

/// The properties for networks and endpoints, and the operator under which those are refused.
const NETWORKS: &[([&str; 3], &str)] = &[
    (
        [
            "SourceVpcBlacklist",
            "IntrinsicVpcBlacklist",
            "IntrinsicVpceBlacklist",
        ],
        "StringEquals",
    ),
    (
        [
            "SourceVpcWhitelist",
            "IntrinsicVpcWhitelist",
            "IntrinsicVpceWhitelist",
        ],
        "StringNotEquals",
    ),
];

const KNOWN: &[&str] = &[
    "AwsAccountBlacklist",
    "AwsAccountWhitelist",
    "CustomStatements",
    "IntrinsicVpcBlacklist",
    "IntrinsicVpcWhitelist",
    "IntrinsicVpceBlacklist",
    "IntrinsicVpceWhitelist",
    "IpRangeBlacklist",
    "IpRangeWhitelist",
    "SourceVpcBlacklist",
    "SourceVpcWhitelist",
];

impl Statements {
    /// Takes the statements of a policy that is there already.
    pub fn start(&mut self, policy: View<'_>) -> Result<(), String> {
        entries(policy).ok_or("the policy of the body is not a mapping")?;
        match member(policy, "Statement") {
            Some(statements) => self.extend(statements),
            None => Ok(()),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The document. What a function gives may be a list where it stands alone.
    pub fn document(self, pen: Pen) -> Node {
        match self.list.as_slice() {
            [called] if plain(View::of(called)).is_none() => {
                pen.map([("Version", pen.text("2012-10-17")), ("Statement", called.clone())])
            }
            _ => pen.document(Some("2012-10-17"), self.list),
        }
    }

    /// Adds more statements after these.
    pub fn append(&mut self, more: Statements) {
        more.list.into_iter().for_each(|statement| self.add(statement));
    }

    fn add(&mut self, statement: Node) {
        if !self.list.iter().any(|known| same(known, &statement)) {
            self.list.push(statement);
        }
    }

    fn extend(&mut self, statements: View<'_>) -> Result<(), String> {
        match plain(statements) {
            Some(NodeKind::List(items)) => items.iter().for_each(|item| self.add(item.clone())),
            Some(NodeKind::Map(_)) | None => self.add(super::pen::node(statements)),
            Some(NodeKind::Scalar(..)) => return Err("the statements are not a list".to_owned()),
        }
        Ok(())
    }

    /// Adds `CustomStatements`.
    pub fn add_custom(&mut self, policy: View<'_>) -> Result<(), String> {
        member(policy, "CustomStatements").map_or(Ok(()), |statements| self.extend(statements))
    }

    /// Adds the statements for the lists, for the methods of one path.
    pub fn add_lists(
        &mut self,
        policy: View<'_>,
        path: &str,
        methods: &[String],
        stage: &Node,
        known: &Known<'_>,
        pen: Pen,
    ) -> Result<(), String> {
        check(policy)?;
        let resources = || requests(path, methods, stage, pen);
        for (name, effect) in ACCOUNTS {
            if let Some(accounts) = member(policy, name).filter(|list| known.truth(*list) != Some(false)) {
                let accounts = match plain(accounts) {
                    Some(NodeKind::Scalar(..)) => {
                        return Err(format!("`{name}` is neither a list nor a mapping"));
                    }
                    _ => listed(accounts),
                };
                let principal = pen.map([("AWS", pen.list(accounts))]);
                self.list
                    .push(statement(effect, principal, resources(), None, pen));
            }
        }
        for (name, operator) in RANGES {
            if let Some(ranges) = member(policy, name).filter(|list| known.truth(*list) != Some(false)) {
                let ranges = pen.list(listed(ranges));
                self.refuse(operator, pen.map([("aws:SourceIp", ranges)]), resources(), pen);
            }
        }
        for (names, operator) in NETWORKS {
            let condition = networks(policy, names, known)?;
            if !condition.is_empty() {
                let lines = condition.into_iter().map(|(key, values)| (key, pen.list(values)));
                self.refuse(operator, pen.map(lines), resources(), pen);
            }
        }
        Ok(())
    }

    /// Everybody is allowed, but not under a condition.
    fn refuse(&mut self, operator: &str, lines: Node, resources: Node, pen: Pen) {
        let all = |effect, condition| statement(effect, pen.text("*"), resources.clone(), condition, pen);
        let condition = pen.map([(operator, lines)]);
        self.add(all("Allow", None));
        self.add(all("Deny", Some(condition)));
    }
}

fn statement(effect: &str, principal: Node, resources: Node, condition: Option<Node>, pen: Pen) -> Node {
    let entries = [
        ("Effect", pen.text(effect)),
        ("Action", pen.text("execute-api:Invoke")),
        ("Resource", resources),
        ("Principal", principal),
    ];
    let condition = condition.map(|condition| ("Condition", condition));
    pen.map(entries.into_iter().chain(condition))
}

fn check(policy: View<'_>) -> Result<(), String> {
    let members = entries(policy).ok_or("`ResourcePolicy` is not a mapping")?;
    let unknown = members
        .iter()
        .filter_map(|(key, _)| super::super::syntax::key_text(key))
        .find(|key| !KNOWN.contains(key));
    unknown.map_or(Ok(()), |key| {
        Err(format!(
            "`{key}` is no property of `ResourcePolicy` that is known"
        ))
    })
}

fn requests(path: &str, methods: &[String], stage: &Node, pen: Pen) -> Node {
    let path = path_of(path);
    let requests = methods.iter().map(|method| {
        let method = match method.to_lowercase().as_str() {
            "any" | "x-amazon-apigateway-any-method" => "*".to_owned(),
            _ => method.to_uppercase(),
        };
        let text = format!("execute-api:/${{__Stage__}}/{method}{path}");
        pen.sub(&text, vec![("__Stage__", stage.clone())])
    });
    pen.list(requests.collect())
}

/// Here a slash at the end stays.
fn path_of(path: &str) -> String {
    let ends = path.len() > 1 && path.ends_with('/');
    path_pattern(path, "Api") + if ends { "/" } else { "" }
}

fn listed(view: View<'_>) -> Vec<Node> {
    match plain(view) {
        Some(NodeKind::List(items)) => items.clone(),
        _ => vec![super::pen::node(view)],
    }
}

/// The values of the two condition keys for networks.
fn networks(
    policy: View<'_>,
    [texts, networks, endpoints]: &[&str; 3],
    known: &Known<'_>,
) -> Result<Vec<(&'static str, Vec<Node>)>, String> {
    let mut of_network = Vec::new();
    let mut of_endpoint = Vec::new();
    if let Some(list) = member(policy, texts) {
        let Some(NodeKind::List(items)) = plain(list) else {
            return Err(format!("`{texts}` is not a list of texts"));
        };
        for item in items {
            let text = known.text(View::of(item));
            let text = text.ok_or(format!("`{texts}` is not a list of texts"))?;
            let value = Pen(item.span).text(text.as_str());
            if text.starts_with("vpce-") {
                of_endpoint.push(value);
            } else if text.starts_with("vpc-") {
                of_network.push(value);
            } else {
                return Err(format!(
                    "`{texts}` holds what is neither a network nor an endpoint"
                ));
            }
        }
    }
    for (name, values) in [(networks, &mut of_network), (endpoints, &mut of_endpoint)] {
        if let Some(list) = member(policy, name) {
            let Some(NodeKind::List(items)) = plain(list) else {
                return Err(format!("`{name}` is not a list"));
            };
            values.extend(items.iter().cloned());
        }
    }
    Ok([("aws:SourceVpc", of_network), ("aws:SourceVpce", of_endpoint)]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .collect())
}

/// What stands in the branches of a conditional, or the node itself.
pub(super) fn conditional_contents(view: View<'_>) -> Vec<View<'_>> {
    match branches(view) {
        Some((_, then, otherwise)) => [then, otherwise]
            .into_iter()
            .map(View::of)
            .filter(|branch| !is_no_value(*branch))
            .collect(),
        None => vec![view],
    }
}
