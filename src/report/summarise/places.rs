//! Where what is reported is: in the Terraform code where that is given, else in the input.

use std::collections::BTreeMap;

use crate::check::Finding;
use crate::extract::{BlockAddress, Origin, PolicyKind};
use crate::report::outcome::{Run, ScannedInput};
use crate::report::{EntryStatement, Location, split_attribute};
use crate::source::{InputKind, Place};

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
    /// Where an origin is: its block in the Terraform code, where that is given and holds it, else its input.
    pub(super) fn location(&mut self, scanned: &ScannedInput, origin: &Origin) -> Location {
        if is_terraform(scanned.kind) && self.run.source.is_none() {
            self.hint_source = true;
        }
        match self.block(origin) {
            Some(location) => location,
            None => self.locator.locate(origin.place),
        }
    }

    fn block(&self, origin: &Origin) -> Option<Location> {
        let block = origin.block.as_ref()?;
        let place = self
            .run
            .source?
            .find(&block.modules, block.mode, &block.resource_type, &block.name)?;
        Some(self.locator.locate(place))
    }

    /// Where Terraform code writes a policy: the attribute, or else the header of the block.
    pub(super) fn written(&self, origin: &Origin) -> Option<Place> {
        let (block, source) = (origin.block.as_ref()?, self.run.source?);
        let BlockAddress {
            modules,
            mode,
            resource_type,
            name,
        } = block;
        let found = source.find_attribute(modules, mode, resource_type, name, attribute(origin));
        found
            // Nested blocks are often sets, which the plan orders otherwise than the code.
            .filter(|_| !attribute(origin).contains('['))
            .or_else(|| source.find(modules, mode, resource_type, name))
    }

    /// Where Terraform code writes a statement, where that is sure.
    pub(super) fn written_statement(
        &self,
        origin: &Origin,
        index: usize,
        sid: Option<&str>,
    ) -> Option<Place> {
        let (block, source) = (origin.block.as_ref()?, self.run.source?);
        let BlockAddress {
            modules,
            mode,
            resource_type,
            name,
        } = block;
        let place = match &origin.rebuilt {
            Some(rebuilt) => {
                let written = rebuilt.statements.get(index)?.as_ref()?;
                let BlockAddress { modules, name, .. } = &written.block;
                source.find_block(modules, name, written.index, written.count)?
            }
            None => source.find_statement(modules, mode, resource_type, name, (attribute(origin), index))?,
        };
        let named = |sid: &str| {
            self.text(place)?
                .get(place.span.start..place.span.end)?
                .contains(sid)
                .then_some(())
        };
        sid.is_none_or(|sid| named(sid).is_some()).then_some(place)
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
                let origin = self.holders.get(&(scanned.name.as_str(), holder.as_str()))?;
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
            true => self.written_statement(origin, index, sid)?,
            false => *origin.statements.get(index)?,
        };
        Some(self.locator.locate(place))
    }
}

/// The attribute that holds a policy.
fn attribute(origin: &Origin) -> &str {
    let (_, attribute) = split_attribute(&origin.address);
    match attribute.trim_start_matches('/') {
        "" => "policy",
        path => path,
    }
}

fn is_terraform(kind: InputKind) -> bool {
    match kind {
        InputKind::TerraformPlan | InputKind::TerraformState => true,
        InputKind::Template | InputKind::Policy => false,
    }
}
