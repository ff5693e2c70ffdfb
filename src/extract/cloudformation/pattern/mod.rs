//! What `AllowedPattern`, `MinLength` and `MaxLength` tell of a parameter: a language that holds every value that the
//! service accepts, and maybe more. CloudFormation matches the pattern, a Java regular expression, with the whole value.
//! An expression that is not understood tells nothing.

mod parse;

#[cfg(test)]
mod tests;

use crate::extract::{SPECIAL, is_plain};

pub(super) use self::parse::Chars;
use self::parse::{Node, parse};

/// More alternatives than this are no list of values. As many are tried one by one where formulas are decided.
const MOST_VALUES: usize = 32;
/// Longer expressions are not read.
const MOST_TEXT: usize = 512;
/// More parts than this are taken together.
const MOST_PARTS: usize = 16;
/// Longer texts are not compared with a language.
const MOST_COMPARED: usize = 128;

/// Every value is these parts one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Language(Vec<Part>);

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// This text.
    Literal(String),
    /// One of these texts, at least two.
    OneOf(Vec<String>),
    /// Some characters.
    Some(Run),
}

/// Characters of a set, so many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The characters that occur.
    pub chars: Chars,
    /// How many at least.
    pub least: usize,
    /// How many at most, if that is limited.
    pub most: Option<usize>,
}

impl Language {
    /// The values that an expression and the limits of length accept; `None` when that is nothing. What is not
    /// understood accepts everything.
    pub fn of(expression: Option<&str>, least: usize, most: Option<usize>) -> Option<Language> {
        let anything = || Node::Repeat(Box::new(Node::Chars(Chars::any())), 0, None);
        let read = expression.filter(|text| text.len() <= MOST_TEXT).and_then(parse);
        let node = read.unwrap_or_else(anything);
        // How the service counts characters beyond ASCII is not documented.
        let within = |text: &String| {
            let length = text.chars().count();
            (!text.is_ascii() || length >= least) && most.is_none_or(|most| length <= most)
        };
        if let Some(values) = values(&node) {
            let values: Vec<String> = values.into_iter().filter(within).collect();
            return Some(Language(vec![match values.as_slice() {
                [] => return None,
                [only] => Part::Literal(only.clone()),
                _ => Part::OneOf(values),
            }]));
        }
        let mut parts = Vec::new();
        add(&node, &mut parts);
        if parts.len() > MOST_PARTS {
            parts = vec![Part::Some(run(&node))];
        }
        // Limits of length are told of the whole only.
        if let [Part::Some(run)] = parts.as_mut_slice() {
            let least = if run.chars.are_ascii() {
                least
            } else {
                least.min(1)
            };
            run.least = run.least.max(least);
            run.most = match (run.most, most) {
                (Some(own), Some(most)) => Some(own.min(most)),
                (own, most) => own.or(most),
            };
        }
        Some(Language(parts))
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The only values, if there are few.
    pub fn values(&self) -> Option<Vec<String>> {
        match self.0.as_slice() {
            [Part::Literal(text)] => Some(vec![text.clone()]),
            [Part::OneOf(texts)] => Some(texts.clone()),
            _ => None,
        }
    }

    /// Whether every value is [plain](crate::extract::is_plain).
    pub fn is_plain(&self) -> bool {
        match self.0.as_slice() {
            [Part::Some(run)] => run.is_plain(),
            [Part::Literal(text)] => is_plain(text),
            [Part::OneOf(texts)] => texts.iter().all(|text| is_plain(text)),
            _ => false,
        }
    }

    /// The texts that stand for the parts in a value; `None` when it is surely no value, or too long to be compared.
    pub fn split(&self, value: &str) -> Option<Vec<String>> {
        let value: Vec<char> = value.chars().take(MOST_COMPARED + 1).collect();
        if value.len() > MOST_COMPARED {
            return None;
        }
        // For each place where the parts so far may end, where the last of them then begins.
        let mut layers: Vec<Vec<Option<usize>>> = vec![vec![Some(0)]];
        for part in &self.0 {
            let mut next = vec![None; value.len() + 1];
            let starts = layers.last()?.iter().enumerate();
            for (start, _) in starts.filter(|(_, reached)| reached.is_some()) {
                for end in part.ends(&value, start) {
                    if let Some(reached @ None) = next.get_mut(end) {
                        *reached = Some(start);
                    }
                }
            }
            layers.push(next);
        }
        let mut end = value.len();
        let mut texts = Vec::new();
        for layer in layers.iter().skip(1).rev() {
            let start = (*layer.get(end)?)?;
            texts.push(value.get(start..end)?.iter().collect());
            end = start;
        }
        texts.reverse();
        Some(texts)
    }

    /// Whether a text may be a value. Long texts may.
    pub fn may_hold(&self, text: &str) -> bool {
        text.chars().count() > MOST_COMPARED || self.split(text).is_some()
    }
}

impl Part {
    /// Where this part may end that begins there.
    fn ends(&self, value: &[char], start: usize) -> Vec<usize> {
        let after = |text: &String| {
            let end = start + text.chars().count();
            let is_there = value
                .get(start..end)
                .is_some_and(|own| own.iter().copied().eq(text.chars()));
            is_there.then_some(end)
        };
        match self {
            Part::Literal(text) => after(text).into_iter().collect(),
            Part::OneOf(texts) => texts.iter().filter_map(after).collect(),
            Part::Some(run) => {
                let fitting = value
                    .iter()
                    .skip(start)
                    .take_while(|c| run.chars.may_hold(**c))
                    .count();
                let most = run.most.map_or(fitting, |most| most.min(fitting));
                (run.least..=most).map(|length| start + length).collect()
            }
        }
    }
}

impl Run {
    /// Whether this is the id of an account: twelve digits.
    pub fn is_account(&self) -> bool {
        self.least == 12 && self.most == Some(12) && self.chars.are_digits()
    }

    /// Whether its texts are never empty, and plain: see [`crate::extract::Hole::plain`].
    pub fn is_plain(&self) -> bool {
        self.least > 0 && !SPECIAL.iter().any(|c| self.chars.may_hold(*c))
    }
}

/// Adds the parts of a node.
fn add(node: &Node, parts: &mut Vec<Part>) {
    if let Some(values) = values(node) {
        return match (values.as_slice(), parts.last_mut()) {
            ([], _) => {}
            ([only], _) if only.is_empty() => {}
            ([only], Some(Part::Literal(last))) => last.push_str(only),
            ([only], _) => parts.push(Part::Literal(only.clone())),
            _ => parts.push(Part::OneOf(values)),
        };
    }
    match node {
        Node::Sequence(nodes) => nodes.iter().for_each(|node| add(node, parts)),
        Node::Chars(_) | Node::Repeat(..) | Node::Either(_) => {
            let own = run(node);
            match parts.last_mut() {
                Some(Part::Some(last)) => *last = last.then(&own),
                _ => parts.push(Part::Some(own)),
            }
        }
    }
}

impl Run {
    fn then(&self, next: &Run) -> Run {
        Run {
            chars: self.chars.with(&next.chars),
            least: self.least.saturating_add(next.least),
            most: self
                .most
                .zip(next.most)
                .and_then(|(one, two)| one.checked_add(two)),
        }
    }
}

/// The characters of a node, and how many.
fn run(node: &Node) -> Run {
    let nothing = Run {
        chars: Chars::none(),
        least: 0,
        most: Some(0),
    };
    match node {
        Node::Chars(chars) => Run {
            chars: chars.clone(),
            least: 1,
            most: Some(1),
        },
        Node::Sequence(nodes) => nodes.iter().map(run).fold(nothing, |sum, next| sum.then(&next)),
        Node::Either(nodes) => nodes
            .iter()
            .map(run)
            .reduce(|one, two| Run {
                chars: one.chars.with(&two.chars),
                least: one.least.min(two.least),
                most: one.most.zip(two.most).map(|(one, two)| one.max(two)),
            })
            .unwrap_or(nothing),
        Node::Repeat(inner, least, most) => {
            let inner = run(inner);
            Run {
                least: inner.least.saturating_mul(*least),
                most: inner
                    .most
                    .zip(*most)
                    .and_then(|(one, times)| one.checked_mul(times)),
                chars: inner.chars,
            }
        }
    }
}

/// All texts of a node, if they are few.
fn values(node: &Node) -> Option<Vec<String>> {
    let mut texts = match node {
        Node::Chars(chars) => chars.list(MOST_VALUES)?.into_iter().map(String::from).collect(),
        Node::Sequence(nodes) => {
            let mut texts = vec![String::new()];
            for node in nodes {
                texts = joined(&texts, &values(node)?)?;
            }
            texts
        }
        Node::Either(nodes) => {
            let mut texts = Vec::new();
            for node in nodes {
                texts.extend(values(node)?);
            }
            texts
        }
        Node::Repeat(_, _, Some(0)) => vec![String::new()],
        Node::Repeat(inner, least, Some(most)) if *most <= MOST_VALUES => {
            let inner = values(inner)?;
            let mut found = Vec::new();
            let mut power = vec![String::new()];
            for times in 0..=*most {
                if times >= *least {
                    found.extend(power.iter().cloned());
                }
                if times < *most {
                    power = joined(&power, &inner)?;
                }
            }
            found
        }
        Node::Repeat(..) => return None,
    };
    texts.sort();
    texts.dedup();
    (texts.len() <= MOST_VALUES).then_some(texts)
}

/// Each text with each of the others behind it.
fn joined(texts: &[String], more: &[String]) -> Option<Vec<String>> {
    if texts.len().saturating_mul(more.len()) > MOST_VALUES {
        return None;
    }
    let pairs = texts
        .iter()
        .flat_map(|text| more.iter().map(move |next| format!("{text}{next}")));
    let pairs: Vec<String> = pairs.collect();
    pairs
        .iter()
        .all(|text| text.len() <= MOST_COMPARED)
        .then_some(pairs)
}
