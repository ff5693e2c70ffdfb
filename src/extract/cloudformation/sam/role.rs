//! Roles that the transform writes.

use crate::extract::{GapReason, PolicyKind};
use crate::source::{Node, Span};

use super::super::syntax::View;
use super::constructs::Construct;
use super::pen::{Pen, same};
use super::policies::{Entry, read_policies};
use super::values::branches;
use super::writer::Writer;

/// A role that is being put together.
pub(super) struct Role {
    /// Its logical id.
    pub id: String,
    /// Where what stands for it is.
    pub span: Span,
    /// Its condition.
    pub condition: Option<Node>,
    trust: Node,
    is_trust_made: bool,
    managed: Vec<(Node, bool)>,
    inline: Vec<(Node, bool)>,
    rest: Vec<(&'static str, Node)>,
    unknown: Vec<(String, Span, GapReason)>,
}

/// The ARN of an AWS managed policy.
fn managed_arn(path: &str) -> String {
    format!("arn:aws:iam::aws:policy/{path}")
}

impl Role {
    /// A role for one service.
    pub fn new(id: String, span: Span, condition: Option<Node>, service: &str) -> Role {
        Role {
            id,
            span,
            condition,
            trust: Pen(span).trust(service),
            is_trust_made: true,
            managed: Vec::new(),
            inline: Vec::new(),
            rest: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Takes a trust policy that was written.
    pub fn trust(&mut self, document: Node) {
        self.trust = document;
        self.is_trust_made = false;
    }

    /// Sets another property, if it is there.
    pub fn set(&mut self, name: &'static str, value: Option<Node>) {
        self.rest.extend(value.map(|value| (name, value)));
    }

    /// Attaches an AWS managed policy that nobody named.
    pub fn implied(&mut self, path: &str, span: Span) {
        self.attach(Pen(span).text(managed_arn(path)), true);
    }

    /// Attaches an AWS managed policy that nobody named, where a condition holds.
    pub fn implied_if(&mut self, condition: &str, path: &str, span: Span) {
        let pen = Pen(span);
        let arn = pen.text(managed_arn(path));
        self.attach(pen.either(pen.text(condition), arn, None), true);
    }

    fn attach(&mut self, arn: Node, is_made: bool) {
        match self.managed.iter_mut().find(|(known, _)| same(known, &arn)) {
            // What is written counts, also where it is implied.
            Some((known, known_made)) if *known_made && !is_made => (*known, *known_made) = (arn, false),
            Some(_) => {}
            None => self.managed.push((arn, is_made)),
        }
    }

    /// Adds a document that nobody wrote.
    pub fn document(&mut self, document: Node) {
        self.inline.push((document, true));
    }

    /// Adds a document that nobody wrote, unless it is there.
    pub fn allow(&mut self, document: Node) {
        if !self.inline.iter().any(|(known, _)| same(known, &document)) {
            self.inline.push((document, true));
        }
    }

    /// Adds what `Policies` lists.
    pub fn policies(&mut self, policies: View<'_>) {
        for (position, (span, entry)) in read_policies(policies).into_iter().enumerate() {
            match entry {
                Ok(Entry::Managed(arn)) => self.attach(arn, false),
                Ok(Entry::Document { document, made }) => self.inline.push((document, made)),
                Err(reason) => self
                    .unknown
                    .push((format!("{}/Policies/{position}", self.id), span, reason)),
            }
        }
    }

    /// Notes that something may be missing in what the role is allowed.
    pub fn unknown(&mut self, span: Span, reason: GapReason) {
        self.unknown.push((self.id.clone(), span, reason));
    }

    /// Writes the role.
    pub fn write(self, of: &Construct<'_>, writer: &mut Writer) {
        let pen = Pen(self.span);
        for (address, span, reason) in self.unknown {
            writer.gap(&of.id, address, span, reason, Some(PolicyKind::Identity));
        }
        if self.is_trust_made {
            writer.made(format!("{}/AssumeRolePolicyDocument", self.id));
        }
        let mut properties = vec![("AssumeRolePolicyDocument", self.trust)];
        for (position, _) in self.managed.iter().enumerate().filter(|(_, (_, made))| *made) {
            writer.made(format!("{}/ManagedPolicyArns/{position}", self.id));
        }
        for (position, _) in self.inline.iter().enumerate().filter(|(_, (_, made))| *made) {
            writer.made(format!("{}/Policies/{position}/PolicyDocument", self.id));
        }
        if !self.managed.is_empty() {
            let arns = self.managed.into_iter().map(|(arn, _)| arn).collect();
            properties.push(("ManagedPolicyArns", pen.list(arns)));
        }
        if !self.inline.is_empty() {
            let documents = self
                .inline
                .into_iter()
                .map(|(document, _)| inline(document))
                .collect();
            properties.push(("Policies", pen.list(documents)));
        }
        properties.extend(self.rest);
        let properties = pen.map(properties);
        writer.conditional(
            of,
            self.id,
            "AWS::IAM::Role",
            self.condition,
            self.span,
            properties,
        );
    }
}

/// A document as an inline policy; conditionals stay outside.
fn inline(document: Node) -> Node {
    let pen = Pen(document.span);
    let view = View::of(&document);
    if super::values::is_no_value(view) {
        return document;
    }
    match branches(view) {
        Some((condition, then, otherwise)) => pen.either(
            condition.clone(),
            inline(then.clone()),
            Some(inline(otherwise.clone())),
        ),
        None => pen.map([("PolicyDocument", document)]),
    }
}
