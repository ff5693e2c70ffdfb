//! What the transform writes: resources and conditions, what could not be told, and which documents nobody wrote.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::{GapReason, PolicyKind};
use crate::source::{Node, NodeKind, Span};

use super::super::syntax::View;
use super::constructs::Construct;
use super::pen::{self, Pen};

/// Most nodes that expanding may copy.
const MOST_COPIES: usize = 1_000_000;

/// Something that could not be told.
pub(in super::super) struct Unknown {
    /// The resource it is about; where that is never there, nothing is missing.
    pub owner: String,
    /// `LogicalId/Events/Name`.
    pub address: String,
    /// Where.
    pub span: Span,
    /// Why.
    pub reason: GapReason,
    /// What it would be.
    pub kind: Option<PolicyKind>,
}

/// A resource that was written.
pub(super) struct Written {
    /// The serverless resource it comes from.
    pub owner: String,
    /// Its logical id.
    pub id: String,
    /// Its type.
    pub resource_type: String,
    /// Its properties.
    pub properties: Node,
    /// Where it stands.
    pub span: Span,
    condition: Option<Node>,
}

/// All that was written so far.
#[derive(Default)]
pub(super) struct Writer {
    resources: Vec<Written>,
    positions: BTreeMap<String, usize>,
    /// New conditions.
    pub conditions: BTreeMap<String, Node>,
    /// What could not be told.
    pub unknown: Vec<Unknown>,
    /// Addresses of documents and attachments that nobody wrote.
    pub synthesised: BTreeSet<String>,
    copies: usize,
}

impl Writer {
    /// Copies a node of the template.
    pub fn copy(&mut self, view: View<'_>) -> Node {
        if !self.pay(pen::size(view.kind)) {
            return Pen(view.span).text("");
        }
        pen::node(view)
    }

    /// Pays for copies; false when there are too many.
    pub fn pay(&mut self, nodes: usize) -> bool {
        self.copies = self.copies.saturating_add(nodes);
        !self.is_spent()
    }

    /// Whether too much was copied, so that what was written cannot be used.
    pub fn is_spent(&self) -> bool {
        self.copies > MOST_COPIES
    }

    /// Writes a resource, under the condition of the construct.
    pub fn resource(&mut self, of: &Construct<'_>, id: String, resource_type: &str, properties: Node) {
        self.conditional(of, id, resource_type, of.condition.clone(), of.span, properties);
    }

    /// Writes a resource at a place, under the condition of the construct.
    pub fn resource_at(
        &mut self,
        of: &Construct<'_>,
        span: Span,
        id: String,
        resource_type: &str,
        properties: Node,
    ) {
        self.conditional(of, id, resource_type, of.condition.clone(), span, properties);
    }

    /// Writes a resource under a condition of its own. Of two with the same name the last one counts, as in the transform.
    pub fn conditional(
        &mut self,
        of: &Construct<'_>,
        id: String,
        resource_type: &str,
        condition: Option<Node>,
        span: Span,
        properties: Node,
    ) {
        let written = Written {
            owner: of.id.clone(),
            id: id.clone(),
            resource_type: resource_type.to_owned(),
            properties,
            condition,
            span,
        };
        let known = self.positions.get(&id).copied();
        if let Some(slot) = known.and_then(|position| self.resources.get_mut(position)) {
            let differs = slot.resource_type != written.resource_type;
            *slot = written;
            if differs {
                let message = format!("two constructs write a resource `{id}`");
                self.unsupported(&of.id, id, span, message);
            }
            return;
        }
        self.positions.insert(id, self.resources.len());
        self.resources.push(written);
    }

    /// Writes a permission to invoke a function.
    pub fn permission(
        &mut self,
        of: &Construct<'_>,
        span: Span,
        id: String,
        function: Node,
        principal: &str,
        more: Vec<(&str, Node)>,
    ) {
        let pen = Pen(span);
        let entries = [
            ("Action", pen.text("lambda:InvokeFunction")),
            ("FunctionName", function),
            ("Principal", pen.text(principal)),
        ];
        let properties = pen.map(entries.into_iter().chain(more));
        self.resource_at(of, span, id, "AWS::Lambda::Permission", properties);
    }

    /// Notes that nobody wrote the document or attachment at an address.
    pub fn made(&mut self, address: String) {
        self.synthesised.insert(address);
    }

    /// A resource that was written.
    pub fn find(&self, id: &str) -> Option<&Written> {
        self.positions
            .get(id)
            .and_then(|position| self.resources.get(*position))
    }

    /// All resources that were written.
    pub fn take_resources(&mut self) -> Vec<Written> {
        self.positions.clear();
        std::mem::take(&mut self.resources)
    }

    /// Notes what could not be told.
    pub fn gap(
        &mut self,
        owner: &str,
        address: String,
        span: Span,
        reason: GapReason,
        kind: Option<PolicyKind>,
    ) {
        self.unknown.push(Unknown {
            owner: owner.to_owned(),
            address,
            span,
            reason,
            kind,
        });
    }

    /// Notes a construct that is not supported, or that the transform would refuse.
    pub fn unsupported(&mut self, owner: &str, address: String, span: Span, message: impl Into<String>) {
        let message = format!("{}; {}", message.into(), super::super::intrinsics::PROCESSED);
        self.gap(owner, address, span, GapReason::Unsupported(message), None);
    }
}

impl Written {
    /// The resource as it stands in a template.
    pub fn into_entry(self) -> (Node, Node) {
        let pen = Pen(self.span);
        let condition = self.condition.map(|condition| ("Condition", condition));
        let entries = [
            ("Type", pen.text(self.resource_type)),
            ("Properties", self.properties),
        ];
        (pen.text(self.id), pen.map(entries.into_iter().chain(condition)))
    }

    /// A property.
    pub fn property(&self, name: &str) -> Option<View<'_>> {
        match &self.properties.kind {
            NodeKind::Map(_) => View::of(&self.properties).get(name),
            NodeKind::Scalar(..) | NodeKind::List(_) => None,
        }
    }
}
