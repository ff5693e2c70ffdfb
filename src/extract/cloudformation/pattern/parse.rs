//! Reading a Java regular expression as far as a superset of what it matches needs. Assertions about what stands before
//! or behind are left out, which adds texts and takes none; what changes the meaning of the rest is not read at all.

use std::iter::Peekable;
use std::str::Chars as Letters;

/// Groups may nest so deep.
const MOST_DEPTH: usize = 12;
/// An expression with a larger number is not read.
const MOST_TIMES: usize = 10_000;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// One of these characters.
    Chars(Chars),
    /// One after the other.
    Sequence(Vec<Node>),
    /// One of them.
    Either(Vec<Node>),
    /// So many times at least and at most.
    Repeat(Box<Node>, usize, Option<usize>),
}

/// A set of characters: all in one of the lists of ranges, or outside of one that is negated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Chars(Vec<Class>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Chars {
    /// No character.
    pub fn none() -> Chars {
        Chars(Vec::new())
    }

    /// Every character.
    pub fn any() -> Chars {
        Chars(vec![Class {
            ranges: Vec::new(),
            negated: true,
        }])
    }

    fn one(c: char) -> Chars {
        Chars::ranges(&[(c, c)])
    }

    fn ranges(ranges: &[(char, char)]) -> Chars {
        Chars(vec![Class {
            ranges: ranges.to_vec(),
            negated: false,
        }])
    }

    /// The characters of both.
    pub fn with(&self, other: &Chars) -> Chars {
        let mut all = self.0.clone();
        for class in &other.0 {
            if !all.contains(class) {
                all.push(class.clone());
            }
        }
        Chars(all)
    }

    /// Whether this character may be one of them.
    pub fn may_hold(&self, c: char) -> bool {
        self.0.iter().any(|class| {
            let listed = class
                .ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&c));
            listed != class.negated
        })
    }

    /// Whether all of them are digits of ASCII.
    pub fn are_digits(&self) -> bool {
        self.0.iter().all(|class| {
            !class.negated
                && class
                    .ranges
                    .iter()
                    .all(|(first, last)| first.is_ascii_digit() && last.is_ascii_digit())
        })
    }

    /// Whether all of them are of ASCII.
    pub fn are_ascii(&self) -> bool {
        let ends = |class: &Class| class.ranges.iter().all(|(_, last)| last.is_ascii());
        self.0.iter().all(|class| !class.negated && ends(class))
    }

    /// The characters, if they are no more than that.
    pub fn list(&self, most: usize) -> Option<Vec<char>> {
        let mut found = Vec::new();
        for class in &self.0 {
            if class.negated {
                return None;
            }
            for (first, last) in &class.ranges {
                found.extend((*first..=*last).take(most + 1));
                if found.len() > most {
                    return None;
                }
            }
        }
        Some(found)
    }
}

/// Reads an expression; `None` when it is not understood.
pub(super) fn parse(text: &str) -> Option<Node> {
    let mut reader = Reader {
        letters: text.chars().peekable(),
        depth: 0,
    };
    let node = reader.either()?;
    reader.letters.next().is_none().then_some(node)
}

struct Reader<'t> {
    letters: Peekable<Letters<'t>>,
    depth: usize,
}

impl Reader<'_> {
    fn eat(&mut self, wanted: char) -> bool {
        self.letters.next_if_eq(&wanted).is_some()
    }

    /// Alternatives, up to the end or a closing bracket.
    fn either(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.eat('|') {
            nodes.push(self.sequence()?);
        }
        match nodes.len() {
            1 => nodes.pop(),
            _ => Some(Node::Either(nodes)),
        }
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(next) = self.letters.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let node = self.single()?;
            nodes.push(self.repeated(node)?);
        }
        Some(Node::Sequence(nodes))
    }

    /// What a quantifier applies to.
    fn single(&mut self) -> Option<Node> {
        match self.letters.next()? {
            // Where it stands elsewhere than at the ends nothing matches: leaving it out only adds texts.
            '^' | '$' => Some(Node::Sequence(Vec::new())),
            '.' => Some(Node::Chars(Chars::any())),
            '[' => self.class(),
            '(' => self.group(),
            '\\' => self.escaped(),
            '*' | '+' | '?' | '{' => None,
            c => Some(Node::Chars(Chars::one(c))),
        }
    }

    fn group(&mut self) -> Option<Node> {
        if self.depth >= MOST_DEPTH {
            return None;
        }
        let mut asserts = false;
        if self.eat('?') {
            let behind = self.eat('<');
            match self.letters.next()? {
                ':' if !behind => {}
                '=' | '!' => asserts = true,
                // Flags change what the rest means; names and atomic groups are rare.
                _ => return None,
            }
        }
        self.depth += 1;
        let node = self.either()?;
        self.depth -= 1;
        if !self.eat(')') {
            return None;
        }
        Some(if asserts { Node::Sequence(Vec::new()) } else { node })
    }

    fn escaped(&mut self) -> Option<Node> {
        Some(match self.letters.next()? {
            'A' | 'z' | 'Z' | 'b' | 'B' => Node::Sequence(Vec::new()),
            c => Node::Chars(named(c)?),
        })
    }

    /// A class in brackets, the opening one read. Classes in classes and intersections are not read.
    fn class(&mut self) -> Option<Node> {
        let negated = self.eat('^');
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut is_first = true;
        loop {
            let first = match self.letters.next()? {
                ']' if !is_first => break,
                // Java takes `[]…` for an error, other readers for a bracket.
                ']' | '[' | '&' => return None,
                '\\' => match self.listed()? {
                    Listed::One(c) => c,
                    Listed::Many(own) => {
                        ranges.extend(own);
                        is_first = false;
                        continue;
                    }
                },
                c => c,
            };
            is_first = false;
            if !self.eat('-') {
                ranges.push((first, first));
                continue;
            }
            let last = match self.letters.next()? {
                // A hyphen at the end is one.
                ']' => {
                    ranges.extend([(first, first), ('-', '-')]);
                    break;
                }
                '\\' => match self.listed()? {
                    Listed::One(c) => c,
                    Listed::Many(_) => return None,
                },
                '[' | '&' => return None,
                c => c,
            };
            if last < first {
                return None;
            }
            ranges.push((first, last));
        }
        Some(Node::Chars(Chars(vec![Class { ranges, negated }])))
    }

    fn listed(&mut self) -> Option<Listed> {
        let mut classes = named(self.letters.next()?)?.0.into_iter();
        match (classes.next(), classes.next()) {
            (
                Some(Class {
                    ranges,
                    negated: false,
                }),
                None,
            ) => Some(match ranges.as_slice() {
                [(first, last)] if first == last => Listed::One(*first),
                _ => Listed::Many(ranges),
            }),
            _ => None,
        }
    }

    /// The node with the quantifier behind it. Whether it is greedy decides nothing about what matches as a whole; a
    /// possessive one matches less.
    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (least, most) = match self.letters.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.letters.next();
                let bounds = self.bounds()?;
                return self.unhurried(Node::Repeat(Box::new(node), bounds.0, bounds.1));
            }
            _ => return Some(node),
        };
        self.letters.next();
        self.unhurried(Node::Repeat(Box::new(node), least, most))
    }

    /// Skips the sign of a quantifier that is not greedy; a second quantifier is not read.
    fn unhurried(&mut self, node: Node) -> Option<Node> {
        let _ = self.eat('?') || self.eat('+');
        match self.letters.peek() {
            Some('*' | '+' | '?' | '{') => None,
            _ => Some(node),
        }
    }

    /// `12}`, `1,}` or `1,12}`, the opening brace read.
    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let least = self.number()?;
        if self.eat('}') {
            return Some((least, Some(least)));
        }
        if !self.eat(',') {
            return None;
        }
        if self.eat('}') {
            return Some((least, None));
        }
        let most = self.number()?;
        (self.eat('}') && least <= most).then_some((least, Some(most)))
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok().filter(|number| *number < MOST_TIMES)
    }
}

/// What an escape gives within brackets.
enum Listed {
    One(char),
    Many(Vec<(char, char)>),
}

/// The characters of an escape. Java knows no Unicode in `\w`, `\d` and `\s` unless it is told.
fn named(c: char) -> Option<Chars> {
    const DIGITS: &[(char, char)] = &[('0', '9')];
    const WORD: &[(char, char)] = &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
    const SPACE: &[(char, char)] = &[(' ', ' '), ('\t', '\r')];
    let without = |ranges: &[(char, char)]| {
        Chars(vec![Class {
            ranges: ranges.to_vec(),
            negated: true,
        }])
    };
    Some(match c {
        'd' => Chars::ranges(DIGITS),
        'w' => Chars::ranges(WORD),
        's' => Chars::ranges(SPACE),
        'D' => without(DIGITS),
        'W' => without(WORD),
        'S' => without(SPACE),
        't' => Chars::one('\t'),
        'n' => Chars::one('\n'),
        'r' => Chars::one('\r'),
        c if c.is_alphanumeric() => return None,
        c => Chars::one(c),
    })
}
