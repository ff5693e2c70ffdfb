//! A small picture of the violations: who can do what on what. Few enough nodes to be looked at.

use std::collections::BTreeMap;

use crate::report::Verdict;
use crate::report::escape::mermaid_label;
use crate::report::groups::Group;
use crate::report::request::principal_text;

/// Arrows; each has at most two nodes of its own.
const ARROWS: usize = 8;
/// Characters of a label.
const LABEL: usize = 60;

/// The picture of the most severe violations; nothing where there is none.
pub(super) fn picture(groups: &[Group<'_>]) -> String {
    let violations: Vec<&Group<'_>> = groups
        .iter()
        .filter(|group| group.first.verdict == Verdict::Fail && group.first.counterexample.is_some())
        .collect();
    let mut nodes = Nodes::default();
    let mut arrows = Vec::new();
    for group in violations.iter().take(ARROWS) {
        let Some(request) = &group.first.counterexample else {
            continue;
        };
        let who = nodes.of("who", &principal_text(&request.principal));
        let on = nodes.of("on", &request.resource);
        let what = mermaid_label(&request.action, LABEL);
        let arrow = format!("  {who} -->|\"{what}\"| {on}\n");
        if !arrows.contains(&arrow) {
            arrows.push(arrow);
        }
    }
    if arrows.is_empty() {
        return String::new();
    }
    let more = match violations.len().saturating_sub(ARROWS) {
        0 => String::new(),
        more => format!("{more} more violations are not in the picture.\n\n"),
    };
    format!(
        "```mermaid\nflowchart LR\n{}{}```\n\n{more}",
        nodes.lines.concat(),
        arrows.concat()
    )
}

/// The nodes: their names are ours, only their labels come from policies.
#[derive(Default)]
struct Nodes {
    names: BTreeMap<(&'static str, String), String>,
    lines: Vec<String>,
}

impl Nodes {
    fn of(&mut self, column: &'static str, text: &str) -> String {
        let next = format!("{column}{}", self.names.len());
        let name = self
            .names
            .entry((column, text.to_string()))
            .or_insert_with(|| next.clone())
            .clone();
        if name == next {
            let label = mermaid_label(text, LABEL);
            self.lines.push(format!("  {name}[\"{label}\"]\n"));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Entry;
    use crate::report::groups::groups;
    use crate::report::json::tests::entry;

    #[test]
    fn a_picture_has_few_nodes() {
        let many: Vec<Entry> = (0..20)
            .map(|at| {
                let mut entry = entry();
                entry.standard = format!("s{at}");
                if let Some(request) = &mut entry.counterexample {
                    request.resource = format!("arn:aws:s3:::b{at}/\"];```");
                }
                entry
            })
            .collect();
        let text = picture(&groups(&many));
        assert_eq!(text.matches("-->").count(), ARROWS);
        assert_eq!(text.matches("[\"").count(), ARROWS + 1, "{text}");
        assert_eq!(text.matches("```").count(), 2, "{text}");
        assert!(
            text.contains("  who0[\"anonymous\"]\n  on1[\"arn:aws:s3:::b0/#34;#93;#59;#96;#96;#96;\"]\n"),
            "{text}"
        );
        assert!(text.contains("12 more violations"), "{text}");
    }

    #[test]
    fn without_violations_there_is_no_picture() {
        assert_eq!(picture(&[]), "");
    }
}
