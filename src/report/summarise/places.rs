//! Where what is reported is: in the Terraform code where that is given, else in the input.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::check::Finding;
use crate::extract::{BlockAddress, Origin, PolicyKind, only_document};
use crate::iam::{Effect, PolicyDocument};
use crate::report::outcome::{Run, ScannedInput};
use crate::report::{EntryStatement, Location, split_attribute};
use crate::source::{InputKind, Place, Sketch, Span, Wanted};

use super::{Judged, Summary};

/// Attachments that are located.
const ATTACHMENTS: usize = 10;

/// The trust policies of a run, by input and by the address of their role.
pub(super) fn holders<'a>(run: &Run<'a>) -> BTreeMap<(&'a str, &'a str), &'a Origin> {
    let policies = run.inputs.iter().flat_map(|input| {
        let trusts = input.extraction.policies.iter();
        trusts
            .filter(|policy| policy.kind == PolicyKind::Trust)
            .map(|policy| {
                (
                    (input.name.as_str(), split_attribute(&policy.origin.address).0),
                    &policy.origin,
                )
            })
    });
    policies.collect()
}

impl Summary<'_> {
    /// Where an origin is: its attribute in the Terraform code, or else its block, where that is given and holds it, else its
    /// input.
    pub(super) fn location(&mut self, scanned: &ScannedInput, origin: &Origin) -> Location {
        if is_terraform(scanned.kind) && self.run.source.is_none() {
            self.part.hint_source = true;
        }
        match self.block(origin) {
            Some(location) => location,
            None => self.shared.locator.locate(origin.place),
        }
    }

    fn block(&self, origin: &Origin) -> Option<Location> {
        let (block, source) = (origin.block.as_ref()?.in_code(), self.run.source?);
        let attribute = source.find_attribute(&block, &attribute(origin));
        let place = attribute.map(|place| self.first_line(place));
        Some(self.shared.locator.locate(place.or_else(|| source.find(&block))?))
    }

    /// The part of a place that is in its first line: an alert on a pull request is shown only when the diff has all of
    /// its lines.
    fn first_line(&self, place: Place) -> Place {
        let Span { start, end } = place.span;
        let text = self.text(place).and_then(|text| text.get(start..end));
        let length = text
            .and_then(|text| text.lines().next())
            .map_or(end - start, |line| line.trim_end().len());
        Place {
            span: Span {
                start,
                end: start + length,
            },
            ..place
        }
    }

    /// Where Terraform code writes a policy: the attribute, or else the header of the block.
    pub(super) fn written(&self, origin: &Origin) -> Option<Place> {
        let (block, source) = (origin.block.as_ref()?.in_code(), self.run.source?);
        source
            .find_attribute(&block, &attribute(origin))
            .or_else(|| source.find(&block))
    }

    /// Where Terraform code writes a statement, where that is sure. The code may be newer than what is deployed, or a
    /// provider may keep the deployed order: what the statement says must not contradict the code.
    pub(super) fn written_statement(
        &self,
        scanned: &ScannedInput,
        origin: &Origin,
        index: usize,
        sid: Option<&str>,
    ) -> Option<Place> {
        let (block, source) = (origin.block.as_ref()?.in_code(), self.run.source?);
        if let Some(rebuilt) = &origin.rebuilt {
            let written = rebuilt.statements.get(index)?.as_ref()?;
            let BlockAddress { modules, name, .. } = &written.block;
            let place = source.find_block(modules, name, written.index, written.count)?;
            let text = self.text(place)?.get(place.span.start..place.span.end)?;
            return sid.is_none_or(|sid| text.contains(sid)).then_some(place);
        }
        let key = (scanned.name.as_str(), origin.address.as_str());
        let document = self.shared.documents.get(&key);
        let mut wanted = document.map_or_else(Wanted::default, |document| wanted(document, index));
        wanted.index = index;
        if let Some(sid) = sid {
            wanted.sketch.sid = Some(Some(sid.to_owned()));
        }
        source.find_statement(&block, &attribute(origin), &wanted)
    }

    /// Where what a policy is attached to stands: where its trust policy is.
    pub(super) fn attachments(
        &mut self,
        scanned: &ScannedInput,
        judged: Judged<'_>,
    ) -> Vec<(String, Location)> {
        let Judged::Policy(policy) = judged else {
            return Vec::new();
        };
        let holders = policy.attached_to.iter().take(ATTACHMENTS);
        let found: Vec<(&String, &Origin)> = holders
            .filter_map(|holder| {
                let origin = self
                    .shared
                    .holders
                    .get(&(scanned.name.as_str(), holder.as_str()))?;
                Some((holder, *origin))
            })
            .collect();
        let located = found
            .into_iter()
            .map(|(holder, origin)| (holder.clone(), self.location(scanned, origin)));
        located.collect()
    }

    pub(super) fn statements(
        &mut self,
        scanned: &ScannedInput,
        judged: Judged<'_>,
        finding: &Finding,
    ) -> Vec<EntryStatement> {
        let mut statements = Vec::new();
        for statement in &finding.statements {
            let origin = judged.origin_of(statement.document.as_deref());
            let own = self.statement_location(scanned, origin, statement.index, statement.sid.as_deref());
            // The documents of a principal stand elsewhere than it does.
            let location = match &statement.document {
                Some(_) => own.or_else(|| Some(self.location(scanned, origin))),
                None => own,
            };
            statements.push(EntryStatement {
                address: statement.document.as_deref().map(str::to_owned),
                index: statement.index,
                sid: statement.sid.as_ref().map(ToString::to_string),
                location,
            });
        }
        statements
    }

    /// The place of a statement: in Terraform code, where the finding is located there, else in the input.
    pub(super) fn statement_location(
        &self,
        scanned: &ScannedInput,
        origin: &Origin,
        index: usize,
        sid: Option<&str>,
    ) -> Option<Location> {
        let place = match is_terraform(scanned.kind) && self.block(origin).is_some() {
            true => self.written_statement(scanned, origin, index, sid)?,
            false => *origin.statements.get(index)?,
        };
        Some(self.shared.locator.locate(place))
    }
}

/// What is known of a statement.
fn wanted(document: &PolicyDocument, index: usize) -> Wanted {
    let statements = &document.statements;
    let count = statements.iter().map(|statement| statement.index + 1).max();
    let Some(found) = statements.iter().find(|statement| statement.index == index) else {
        return Wanted {
            index,
            count,
            sketch: Sketch::default(),
        };
    };
    let actions: BTreeSet<String> = found
        .spelled
        .iter()
        .map(|action| action.to_ascii_lowercase())
        .collect();
    Wanted {
        index,
        count,
        sketch: Sketch {
            sid: Some(found.sid.as_ref().map(ToString::to_string)),
            allows: Some(found.effect == Effect::Allow),
            actions: Some(actions).filter(|actions| !actions.is_empty()),
        },
    }
}

/// The documents of a run, by input and address.
pub(super) fn documents<'a>(run: &Run<'a>) -> BTreeMap<(&'a str, &'a str), &'a PolicyDocument> {
    let documents = run.inputs.iter().flat_map(|input| {
        let policies = input.extraction.policies.iter();
        policies.filter_map(|policy| {
            let key = (input.name.as_str(), policy.origin.address.as_str());
            Some((key, policy.document.as_ref().ok()?))
        })
    });
    documents.collect()
}

/// The attribute that holds a policy. An address names it where the type has several.
fn attribute(origin: &Origin) -> Cow<'_, str> {
    let (_, attribute) = split_attribute(&origin.address);
    match attribute.trim_start_matches('/') {
        "" => only_document(&origin.resource_type)
            .map_or(Cow::Borrowed("policy"), |path| path.replace("[]", "[0]").into()),
        path => path.into(),
    }
}

fn is_terraform(kind: InputKind) -> bool {
    match kind {
        InputKind::TerraformPlan | InputKind::TerraformState => true,
        InputKind::Template | InputKind::Policy => false,
    }
}
