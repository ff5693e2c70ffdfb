//! From what code writes in the place of a list of statements to the place of one of them. The code is a sequence of
//! parts of known and of unknown length; how many statements the document really has, and what they are, often leaves one
//! place only where the wanted one can come from. Where it leaves several, nothing is said: never a wrong line.

use std::collections::BTreeSet;

use super::Place;

/// The type of the data source that writes policy documents.
pub(super) const DOCUMENT: &str = "aws_iam_policy_document";

/// What tells a statement from others. As a question all that is known is there; as an answer, what the code says
/// literally.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// `Sid`; an empty one is none.
    pub sid: Told<Option<String>>,
    /// Whether `Effect` is `Allow`.
    pub allows: Told<bool>,
    /// The entries of `Action` or `NotAction`, in lower case.
    pub actions: Told<BTreeSet<String>>,
}

/// A value that may not be known.
pub type Told<T> = Option<T>;

impl Sketch {
    /// Whether both may be the same statement.
    fn may_be(&self, other: &Sketch) -> bool {
        fn fits<T: PartialEq>(one: &Told<T>, other: &Told<T>) -> bool {
            match (one, other) {
                (Some(one), Some(other)) => one == other,
                (None, _) | (_, None) => true,
            }
        }
        fits(&self.sid, &other.sid)
            && fits(&self.allows, &other.allows)
            && fits(&self.actions, &other.actions)
    }

    fn name(&self) -> Option<&str> {
        self.sid.as_ref()?.as_deref()
    }
}

/// A statement to be found.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its position in the document.
    pub index: usize,
    /// How many the document has, where that is known.
    pub count: Option<usize>,
    /// What it is.
    pub sketch: Sketch,
}

/// A part of what makes a list of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// One statement.
    One(Place, Sketch),
    /// One statement, written elsewhere.
    Elsewhere,
    /// Any number of them, written here if that can be told.
    Many(Option<Place>),
    /// One of two lists.
    Either(Vec<Part>, Vec<Part>),
    /// What a local value makes, read in a way.
    Local(String, Reading),
    /// The statements of a policy document, by its name.
    Document(String),
}

/// How the value of an expression is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// As a policy in JSON.
    Text,
    /// As an object that is a policy.
    Object,
    /// As its list of statements.
    List,
}

/// How a policy document takes other documents in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// It begins with others, whose statements its own replace where they have the same `sid`.
    pub under: bool,
    /// Others replace its statements where they have the same `sid`, and add theirs.
    pub over: bool,
}

/// The parts of a policy document whose own are these.
pub(super) fn merged(own: &[Part], merged: Merged) -> Vec<Part> {
    let nameless = |sketch: &Sketch| sketch.sid == Some(None);
    let mut parts = Vec::new();
    if merged.under {
        parts.push(Part::Many(None));
    }
    for part in own {
        let part = match part {
            Part::One(_, sketch) if nameless(sketch) => part.clone(),
            Part::One(..) if merged.over => Part::Elsewhere,
            Part::Many(_) if merged.over => Part::Many(None),
            _ => part.clone(),
        };
        // What has a name may stand among the others instead.
        let is_sure = match &part {
            Part::One(_, sketch) => nameless(sketch),
            _ => false,
        };
        match merged.under && !is_sure {
            true => parts.push(Part::Either(vec![part], Vec::new())),
            false => parts.push(part),
        }
    }
    if merged.over {
        parts.push(Part::Many(None));
    }
    parts
}

/// Where the parts are looked up that others name.
pub(super) trait Names {
    /// What a local value makes.
    fn local(&self, name: &str, reading: Reading) -> Option<&[Part]>;
    /// What a policy document is made of.
    fn document(&self, name: &str) -> Option<&[Part]>;
}

/// Parts that are followed through names, and statements that are counted: more are not told apart.
const MOST: usize = 2_000;
/// Names that are followed.
const DEEPEST: usize = 16;
/// Alternatives in one document, and statements in a document that has any.
const MOST_ALTERNATIVES: (usize, usize) = (16, 100);
/// Lists of parts that are looked through for one statement.
const MOST_STEPS: usize = 300;

/// The place of a statement in a list, where only one place is possible.
pub(super) fn find(parts: &[Part], names: &impl Names, wanted: &Wanted) -> Option<Place> {
    let mut budget = MOST;
    let flat = flat(parts, names, DEEPEST, &mut budget)?;
    if alternatives(&flat) > MOST_ALTERNATIVES.0 {
        return None;
    }
    if let Some(sid) = wanted.sketch.name() {
        let mut named = Vec::new();
        all(&flat, &mut named);
        let mut same = named.into_iter().filter(|(_, sketch)| sketch.name() == Some(sid));
        // A name is of one statement only.
        if let Some((place, sketch)) = same.next()
            && same.next().is_none()
            && sketch.may_be(&wanted.sketch)
        {
            return Some(*place);
        }
    }
    let mut places = BTreeSet::new();
    match wanted.count {
        Some(count) if count > MOST || wanted.index >= count => return None,
        Some(count) if alternatives(&flat) > 0 && count > MOST_ALTERNATIVES.1 => return None,
        Some(count) => candidates(&flat, wanted, count, &mut (&mut places, MOST_STEPS)),
        None => {
            // Without the length, what comes before must be of known length.
            let mut at = 0;
            for part in &flat {
                match part {
                    Part::One(place, sketch) if at == wanted.index => {
                        return sketch.may_be(&wanted.sketch).then_some(*place);
                    }
                    Part::Elsewhere if at == wanted.index => return None,
                    Part::One(..) | Part::Elsewhere => at += 1,
                    Part::Many(_) | Part::Either(..) | Part::Local(..) | Part::Document(_) => return None,
                }
            }
        }
    }
    let mut places = places.into_iter();
    places.next().filter(|_| places.next().is_none()).flatten()
}

/// The parts with those in place of names that these stand for. None when there are too many.
fn flat(parts: &[Part], names: &impl Names, depth: usize, budget: &mut usize) -> Option<Vec<Part>> {
    let mut made = Vec::new();
    for part in parts {
        *budget = budget.checked_sub(1)?;
        let named = match part {
            Part::One(..) | Part::Elsewhere | Part::Many(_) => {
                made.push(part.clone());
                continue;
            }
            Part::Either(one, other) => {
                let one = flat(one, names, depth, budget)?;
                made.push(Part::Either(one, flat(other, names, depth, budget)?));
                continue;
            }
            Part::Local(name, reading) => names.local(name, *reading),
            Part::Document(name) => names.document(name),
        };
        match named.filter(|_| depth > 0) {
            Some(parts) => made.extend(flat(parts, names, depth - 1, budget)?),
            None => made.push(Part::Many(None)),
        }
    }
    Some(made)
}

fn alternatives(parts: &[Part]) -> usize {
    let counts = parts.iter().map(|part| match part {
        Part::Either(one, other) => 1 + alternatives(one) + alternatives(other),
        Part::One(..) | Part::Elsewhere | Part::Many(_) | Part::Local(..) | Part::Document(_) => 0,
    });
    counts.sum()
}

/// All statements that stand literally in parts.
fn all<'p>(parts: &'p [Part], found: &mut Vec<(&'p Place, &'p Sketch)>) {
    for part in parts {
        match part {
            Part::One(place, sketch) => found.push((place, sketch)),
            Part::Either(one, other) => {
                all(one, found);
                all(other, found);
            }
            Part::Elsewhere | Part::Many(_) | Part::Local(..) | Part::Document(_) => {}
        }
    }
}

/// The places where the wanted statement may come from when the parts make `count` statements in all; nothing stands for
/// a place that cannot be told.
fn candidates(parts: &[Part], wanted: &Wanted, count: usize, places: &mut Places<'_>) {
    let Some(steps) = places.1.checked_sub(1) else {
        places.0.insert(None);
        return;
    };
    places.1 = steps;
    // What the parts after each may make.
    let mut after = vec![Lengths::none(count)];
    for part in parts.iter().rev() {
        let rest = after
            .last()
            .map_or_else(|| Lengths::none(count), |rest| rest.and(part));
        after.push(rest);
    }
    let mut before = Lengths::none(count);
    for (part, rest) in parts.iter().zip(after.iter().rev().skip(1)) {
        for start in 0..=wanted.index {
            if before.has(start) {
                inside(part, (start, rest), wanted, count, places);
            }
        }
        before = before.and(part);
    }
}

/// What was found, and how many more lists are looked through.
type Places<'p> = (&'p mut BTreeSet<Option<Place>>, usize);

/// The same for one part that begins with the statement at `start` and is followed by as many as `rest` says.
fn inside(
    part: &Part,
    (start, rest): (usize, &Lengths),
    wanted: &Wanted,
    count: usize,
    places: &mut Places<'_>,
) {
    match part {
        Part::One(place, sketch) => {
            if start == wanted.index && rest.has(count - start - 1) && sketch.may_be(&wanted.sketch) {
                places.0.insert(Some(*place));
            }
        }
        Part::Elsewhere => {
            if start == wanted.index && rest.has(count - start - 1) {
                places.0.insert(None);
            }
        }
        Part::Many(place) => {
            if (wanted.index + 1..=count).any(|end| rest.has(count - end)) {
                places.0.insert(*place);
            }
        }
        Part::Either(one, other) => {
            for end in wanted.index + 1..=count {
                if !rest.has(count - end) {
                    continue;
                }
                let wanted = Wanted {
                    index: wanted.index - start,
                    ..wanted.clone()
                };
                for alternative in [one, other] {
                    if Lengths::of(alternative, end - start).has(end - start) {
                        candidates(alternative, &wanted, end - start, places);
                    }
                }
            }
        }
        Part::Local(..) | Part::Document(_) => {
            places.0.insert(None);
        }
    }
}

/// Which numbers of statements are possible, up to a greatest.
#[derive(Debug, Clone)]
struct Lengths(Vec<bool>);

impl Lengths {
    /// No statement.
    fn none(most: usize) -> Lengths {
        let mut lengths = vec![false; most + 1];
        if let Some(first) = lengths.first_mut() {
            *first = true;
        }
        Lengths(lengths)
    }

    fn of(parts: &[Part], most: usize) -> Lengths {
        parts.iter().fold(Lengths::none(most), |sum, part| sum.and(part))
    }

    fn has(&self, length: usize) -> bool {
        self.0.get(length).copied().unwrap_or(false)
    }

    /// These and what a part makes.
    fn and(&self, part: &Part) -> Lengths {
        let most = self.0.len().saturating_sub(1);
        let sums = match part {
            Part::One(..) | Part::Elsewhere => std::iter::once(false)
                .chain(self.0.iter().copied())
                .take(most + 1)
                .collect(),
            Part::Many(_) | Part::Local(..) | Part::Document(_) => {
                let first = self.0.iter().position(|possible| *possible);
                (0..=most)
                    .map(|length| first.is_some_and(|first| length >= first))
                    .collect()
            }
            Part::Either(one, other) => {
                let lengths = [Lengths::of(one, most), Lengths::of(other, most)];
                let possible = |length: usize| {
                    (0..=length)
                        .any(|own| lengths.iter().any(|lengths| lengths.has(own)) && self.has(length - own))
                };
                (0..=most).map(possible).collect()
            }
        };
        Lengths(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FileId, Span};
    use super::*;

    struct Nothing;

    impl Names for Nothing {
        fn local(&self, _: &str, _: Reading) -> Option<&[Part]> {
            None
        }
        fn document(&self, _: &str) -> Option<&[Part]> {
            None
        }
    }

    fn place(at: usize) -> Place {
        Place {
            file: FileId(0),
            span: Span { start: at, end: at },
        }
    }

    fn one(at: usize) -> Part {
        Part::One(place(at), Sketch::default())
    }

    fn many(at: usize) -> Part {
        Part::Many(Some(place(at)))
    }

    /// The place of each statement of a document of `count`; 0 where it cannot be told.
    fn check(parts: &[Part], count: usize, expected: &[usize]) {
        let found: Vec<usize> = (0..count)
            .map(|index| {
                let wanted = Wanted {
                    index,
                    count: Some(count),
                    sketch: Sketch::default(),
                };
                find(parts, &Nothing, &wanted).map_or(0, |place| place.span.start)
            })
            .collect();
        assert_eq!(found, expected, "{count} of {parts:?}");
    }

    #[test]
    fn only_what_is_sure_is_placed() {
        check(&[one(1), one(2)], 2, &[1, 2]);
        check(&[one(1), one(2)], 1, &[0]);
        check(&[one(1), one(2)], 3, &[0, 0, 0]);
        check(&[one(1), many(2), one(3)], 2, &[1, 3]);
        check(&[one(1), many(2), one(3)], 4, &[1, 2, 2, 3]);
        check(&[many(1), one(2), many(3)], 2, &[0, 0]);
        check(&[many(1), one(2), many(3)], 1, &[2]);
        check(&[one(1), Part::Many(None), one(2)], 3, &[1, 0, 2]);
        let maybe = Part::Either(vec![one(2)], vec![]);
        check(&[one(1), maybe.clone()], 1, &[1]);
        check(&[one(1), maybe.clone()], 2, &[1, 2]);
        check(&[one(1), maybe.clone(), maybe.clone()], 3, &[1, 2, 2]);
        check(&[maybe.clone(), one(1)], 2, &[2, 1]);
        check(&[maybe, Part::Either(vec![one(3)], vec![])], 1, &[0]);
        check(&[one(1), Part::Either(vec![one(2)], vec![one(3)])], 2, &[1, 0]);
        check(
            &[Part::Either(vec![one(2), many(4)], vec![one(3)]), one(1)],
            3,
            &[2, 4, 1],
        );
        check(&[Part::Local("x".into(), Reading::List), one(1)], 2, &[0, 1]);
    }

    #[test]
    fn contradictions_leave_a_place_out() {
        let sid = |sid: Option<&str>| Sketch {
            sid: Some(sid.map(str::to_owned)),
            ..Sketch::default()
        };
        let named = |at: usize, name: Option<&str>| Part::One(place(at), sid(name));
        let check = |parts: &[Part], index: usize, count: usize, sketch: Sketch, expected: usize| {
            let wanted = Wanted {
                index,
                count: Some(count),
                sketch,
            };
            let found = find(parts, &Nothing, &wanted).map_or(0, |place| place.span.start);
            assert_eq!(found, expected, "{wanted:?} in {parts:?}");
        };
        let both = [named(1, Some("A")), named(2, Some("B"))];
        check(&both, 0, 2, sid(Some("A")), 1);
        // What is deployed has another order than the code.
        check(&both, 0, 2, sid(Some("B")), 2);
        check(&both, 0, 2, sid(None), 0);
        check(&[named(1, None), named(2, Some("B"))], 0, 2, sid(None), 1);
        check(&[named(1, None), named(2, None)], 0, 2, sid(Some("X")), 0);
        let either = [Part::Either(vec![named(1, Some("A"))], vec![named(2, Some("B"))])];
        check(&either, 0, 1, sid(Some("B")), 2);
        let same = [Part::Either(vec![named(1, Some("A"))], vec![named(2, Some("A"))])];
        check(&same, 0, 1, sid(Some("A")), 0);
        let allows = |allows: bool| Sketch {
            allows: Some(allows),
            ..Sketch::default()
        };
        let effects = [
            Part::One(place(1), allows(true)),
            Part::One(place(2), allows(false)),
        ];
        check(&effects, 0, 2, allows(true), 1);
        check(&effects, 0, 2, allows(false), 0);
    }

    #[test]
    fn documents_that_take_others_in() {
        let named = |at: usize, sid: Option<&str>| {
            let sketch = Sketch {
                sid: Some(sid.map(str::to_owned)),
                ..Sketch::default()
            };
            Part::One(place(at), sketch)
        };
        let own = [named(1, None), named(2, Some("A"))];
        let check = |merge: Merged, index: usize, count: usize, sid: Option<&str>, expected: usize| {
            let sketch = Sketch {
                sid: Some(sid.map(str::to_owned)),
                ..Sketch::default()
            };
            let wanted = Wanted {
                index,
                count: Some(count),
                sketch,
            };
            let found = find(&merged(&own, merge), &Nothing, &wanted).map_or(0, |place| place.span.start);
            assert_eq!(found, expected, "{merge:?} {wanted:?}");
        };
        let (under, over) = (
            Merged {
                under: true,
                over: false,
            },
            Merged {
                under: false,
                over: true,
            },
        );
        // One of another document, and those of its own.
        check(under, 0, 3, Some("X"), 0);
        check(under, 1, 3, None, 0);
        check(under, 2, 3, Some("A"), 2);
        // It replaces the other's.
        check(under, 0, 2, Some("A"), 2);
        check(under, 1, 2, None, 1);
        check(over, 0, 2, None, 1);
        check(over, 1, 2, Some("A"), 0);
        check(over, 2, 3, None, 0);
    }

    #[test]
    fn much_is_given_up() {
        let parts: Vec<Part> = (0..MOST + 1).map(one).collect();
        check(&parts[..3], 3, &[0, 1, 2]);
        let wanted = Wanted::default();
        assert_eq!(find(&parts, &Nothing, &wanted), None);
        let nested = (0..64).fold(vec![one(1)], |inner, _| {
            vec![Part::Either(inner, vec![]), Part::Many(None)]
        });
        let wanted = Wanted {
            count: Some(MOST),
            ..Wanted::default()
        };
        let started = std::time::Instant::now();
        assert_eq!(find(&nested, &Nothing, &wanted), None);
        assert!(started.elapsed().as_secs() < 60);
    }
}
