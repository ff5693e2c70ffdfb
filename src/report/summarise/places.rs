//! Where what is reported is: in the Terraform code where that is given, else in the input.

use crate::check::Finding;
use crate::extract::Origin;
use crate::report::outcome::ScannedInput;
use crate::report::{EntryStatement, Location};
use crate::source::InputKind;

use super::{Judged, Summary};

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

    pub(super) fn statements(
        &mut self,
        scanned: &ScannedInput,
        judged: Judged<'_>,
        finding: &Finding,
    ) -> Vec<EntryStatement> {
        let mut statements = Vec::new();
        for statement in &finding.statements {
            let origin = judged.origin_of(statement.document.as_deref());
            let own = self.statement_location(scanned, origin, statement.index);
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

    /// The place of a statement: of the input, so not told where the finding is located in Terraform code.
    pub(super) fn statement_location(
        &self,
        scanned: &ScannedInput,
        origin: &Origin,
        index: usize,
    ) -> Option<Location> {
        if is_terraform(scanned.kind) && self.block(origin).is_some() {
            return None;
        }
        origin
            .statements
            .get(index)
            .map(|place| self.locator.locate(*place))
    }
}

fn is_terraform(kind: InputKind) -> bool {
    match kind {
        InputKind::TerraformPlan | InputKind::TerraformState => true,
        InputKind::Template | InputKind::Policy => false,
    }
}
