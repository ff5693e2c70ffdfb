//! Merging of policy documents by the rules of `aws_iam_policy_document` (extraction.md 3.3): a statement takes the place
//! of the first one with its `Sid`, all others are added; the later version wins if it is greater.

use std::collections::HashMap;
use std::sync::Arc;

use crate::extract::StatementBlock;
use crate::iam::Value;
use crate::source::Place;

use super::{MOST_STATEMENTS, Why};

/// One statement, and where it is from.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// `None` also where it is empty.
    pub sid: Option<Arc<str>>,
    /// The object, its `Sid` included.
    pub value: Arc<Value>,
    /// Where it stands in the plan.
    pub place: Place,
    /// The block that it is written as, if it is one.
    pub block: Option<Arc<StatementBlock>>,
}

/// A document in the making. The `Id` does not matter to what it allows.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub version: String,
    pub statements: Vec<Statement>,
    /// The first statement with a `Sid`, by it.
    by_sid: HashMap<Arc<str>, usize>,
}

impl Document {
    /// Merges another document into this one. `Err` when it gets too large.
    pub fn merge(&mut self, version: &str, statements: &[Statement]) -> Result<(), Why> {
        if version > self.version.as_str() {
            version.clone_into(&mut self.version);
        }
        for statement in statements {
            let earlier = statement.sid.as_ref().and_then(|sid| self.by_sid.get(sid));
            match earlier.and_then(|at| self.statements.get_mut(*at)) {
                Some(earlier) => *earlier = statement.clone(),
                None => self.add(statement)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, statement: &Statement) -> Result<(), Why> {
        if self.statements.len() >= MOST_STATEMENTS {
            return Err(Why::told(format!("has more than {MOST_STATEMENTS} statements")));
        }
        if let Some(sid) = &statement.sid {
            self.by_sid.insert(sid.clone(), self.statements.len());
        }
        self.statements.push(statement.clone());
        Ok(())
    }
}
