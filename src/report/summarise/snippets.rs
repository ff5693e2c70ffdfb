//! The source of findings: the statement as its file writes it, with the elements that let the counterexample in. Only
//! what users wrote themselves is quoted: templates, policies and Terraform code, never a plan, whose values may be
//! secrets, and nothing of a policy that is marked as sensitive.

use std::ops::Range;

use crate::check::{Check, Finding};
use crate::extract::Origin;
use crate::iam::{Glob, Principal, Request};
use crate::report::outcome::ScannedInput;
use crate::report::request::principal_text;
use crate::report::{Mark, Snippet};
use crate::source::{FileId, InputKind, Limits, Node, NodeKind, Place, Span, parse_tree, parse_yaml};

use super::{Judged, Summary};

/// Lines that are quoted.
const LINES: usize = 40;
/// Bytes that are quoted; a file in one long line is not.
const BYTES: usize = 8_000;

impl Summary<'_> {
    /// The source of a violation.
    pub(super) fn violation_source(
        &self,
        scanned: &ScannedInput,
        judged: Judged<'_>,
        check: &Check,
        finding: &Finding,
    ) -> Option<Snippet> {
        let first = finding.statements.first();
        let document = first.and_then(|statement| statement.document.as_deref());
        let statement = first.map(|statement| (statement.index, statement.sid.as_deref()));
        let source = (judged.origin_of(document), judged.is_sensitive());
        let place = self.quotable(scanned, source, statement)?;
        let text = self.text(place)?;
        let elements = elements(text, place.span, check, &finding.counterexample);
        snippet(text, place.span, elements)
    }

    /// The source of any other finding: where it begins is marked. `source` is where that stands, and whether it must not
    /// be shown.
    pub(super) fn plain_source(
        &self,
        scanned: &ScannedInput,
        source: (&Origin, bool),
        statement: Option<usize>,
    ) -> Option<Snippet> {
        let place = self.quotable(scanned, source, statement.map(|index| (index, None)))?;
        snippet(self.text(place)?, place.span, Vec::new())
    }

    /// The place of a statement, or else of its policy, in a file that may be quoted.
    fn quotable(
        &self,
        scanned: &ScannedInput,
        (origin, is_sensitive): (&Origin, bool),
        statement: Option<(usize, Option<&str>)>,
    ) -> Option<Place> {
        if is_sensitive {
            return None;
        }
        match scanned.kind {
            InputKind::TerraformPlan | InputKind::TerraformState => {
                let found =
                    statement.and_then(|(index, sid)| self.written_statement(scanned, origin, index, sid));
                found.or_else(|| self.written(origin))
            }
            InputKind::Template | InputKind::Policy => {
                let found = statement.and_then(|(index, _)| origin.statements.get(index));
                Some(found.copied().unwrap_or(origin.place))
            }
        }
    }

    pub(super) fn text(&self, place: Place) -> Option<&str> {
        let FileId(position) = place.file;
        self.run.files.get(position).map(|file| file.text.as_str())
    }
}

/// The lines of a span with marks; its beginning is marked where nothing else is.
fn snippet(text: &str, span: Span, mut marks: Vec<(Span, String, bool)>) -> Option<Snippet> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let mut end = start;
    for line in text.get(start..)?.split_inclusive('\n').take(LINES) {
        let fits = end + line.len() - start <= BYTES;
        if end >= span.end || !fits {
            break;
        }
        end += line.len();
    }
    marks.retain(|(span, ..)| span.end <= end);
    if !marks.iter().any(|(.., guilty)| *guilty) {
        marks.push((span, String::new(), true));
    }
    let shown = text.get(start..end)?;
    let marks: Vec<Mark> = marks
        .into_iter()
        .filter_map(|(span, label, guilty)| {
            let (from, to) = (
                span.start.checked_sub(start)?,
                span.end.min(end).checked_sub(start)?,
            );
            let marked = shown.get(from..to)?;
            let width = marked.lines().next()?.trim_end().len();
            Some(Mark {
                span: from..from + width,
                label,
                guilty,
            })
        })
        .filter(|mark| !mark.span.is_empty())
        .collect();
    marks.iter().any(|mark| mark.guilty).then(|| Snippet {
        line: text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1,
        text: shown.trim_end_matches(['\n', '\r']).to_string(),
        marks,
    })
}

/// The elements of a statement that the request goes through; those that the check is about are guilty.
fn elements(text: &str, span: Span, check: &Check, request: &Request) -> Vec<(Span, String, bool)> {
    let about_principals = matches!(
        check,
        Check::NoPublicAccess { .. } | Check::NoExternalAccess { .. }
    );
    let resource = |entry: &str| Glob::parse(entry).matches(&request.resource);
    let action = |entry: &str| Glob::parse(entry).matches_folded(&request.action);
    let principal = |entry: &str| names(entry, &request.principal);
    type Matches<'a> = &'a dyn Fn(&str) -> bool;
    let parts: [(&str, &str, String, Matches<'_>, bool); 3] = [
        (
            "Principal",
            "principal",
            principal_text(&request.principal),
            &principal,
            about_principals,
        ),
        (
            "Action",
            "action",
            request.action.clone(),
            &action,
            !about_principals,
        ),
        ("Resource", "resource", request.resource.clone(), &resource, false),
    ];
    let tree = parsed(text, span);
    let marks = parts
        .into_iter()
        .filter_map(|(name, word, value, matches, guilty)| {
            let node = tree.as_ref().and_then(|(statement, shift)| {
                let entry = match statement.get(name) {
                    Some(node) => chosen(node, matches),
                    None => statement.get(&format!("Not{name}"))?,
                };
                let at = |position: usize| (position + span.start).checked_sub(*shift);
                Some(Span {
                    start: at(entry.span.start)?,
                    end: at(entry.span.end)?,
                })
            });
            let span = node.or_else(|| quoted(text, span, name, matches))?;
            Some((span, format!("{word} {value}"), guilty))
        });
    marks.collect()
}

/// The text between quotes that matches, in a statement of Terraform code: from the line that begins with the name of
/// the element to the next element.
fn quoted(text: &str, span: Span, element: &str, matches: &dyn Fn(&str) -> bool) -> Option<Span> {
    let names = match element {
        "Principal" => ["Principal", "identifiers"],
        "Action" => ["Action", "actions"],
        _ => ["Resource", "resources"],
    };
    let mut start = span.start;
    let mut inside = false;
    for line in text.get(span.start..span.end)?.split_inclusive('\n') {
        if let Some((key, _)) = line.split_once('=') {
            let key = key.trim().trim_start_matches('{').trim().trim_matches('"');
            // The types of principals stand within their element.
            inside = names.contains(&key) || (inside && ["AWS", "Service", "Federated"].contains(&key));
        }
        let found = quotes(line).find(|found| line.get(found.clone()).is_some_and(matches));
        if let Some(found) = found.filter(|_| inside) {
            return Some(Span {
                start: start + found.start - 1,
                end: start + found.end + 1,
            });
        }
        start += line.len();
    }
    None
}

/// What stands between double quotes in a line.
fn quotes(line: &str) -> impl Iterator<Item = Range<usize>> {
    let at: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    let pairs: Vec<Range<usize>> = at
        .chunks_exact(2)
        .filter_map(|pair| Some(pair.first()? + 1..*pair.last()?))
        .collect();
    pairs.into_iter()
}

/// The statement alone as a tree, and how far its positions are moved: it keeps its column, on which its lines depend.
fn parsed(text: &str, span: Span) -> Option<(Node, usize)> {
    let before = text.get(..span.start)?;
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    let padded = format!("{}{}", " ".repeat(column), text.get(span.start..span.end)?);
    if padded.len() > BYTES {
        return None;
    }
    let limits = Limits::default();
    // A flow mapping of YAML looks like JSON.
    let tree = parse_tree(&padded, FileId(0), &limits).or_else(|_| parse_yaml(&padded, FileId(0), &limits));
    Some((tree.ok()?, column))
}

/// The entry of an element that matches, or else the whole element.
fn chosen<'n>(node: &'n Node, matches: &dyn Fn(&str) -> bool) -> &'n Node {
    let fits = |entry: &&Node| entry.as_scalar().is_some_and(matches);
    match &node.kind {
        NodeKind::List(entries) => entries.iter().find(fits).unwrap_or(node),
        NodeKind::Map(pairs) => {
            let values = pairs.iter().map(|(_, value)| chosen(value, matches));
            let found: Vec<&Node> = values.filter(fits).collect();
            found.first().copied().unwrap_or(node)
        }
        NodeKind::Scalar(..) => node,
    }
}

/// Whether an entry of `Principal` plainly names the principal.
fn names(entry: &str, principal: &Principal) -> bool {
    entry == "*"
        || match principal {
            Principal::Anonymous => false,
            Principal::Root { account, .. }
            | Principal::User { account, .. }
            | Principal::RoleSession { account, .. }
            | Principal::FederatedUser { account, .. } => entry.contains(account.as_str()),
            Principal::Service(name) | Principal::Federated(name) | Principal::Canonical(name) => {
                entry == name
            }
        }
}
