//! Shortest text in a domain that matches all of some globs and none of others: breadth-first search of the product of
//! their automata over a finite alphabet that stands for all characters. Exact for every domain, and the last resort:
//! states can be many, so each costs steps.

use std::collections::HashSet;

use crate::formula::Domain;
use crate::iam::is_symbol;

use super::cover::Shown;
use super::places::{Loop, Place, alphabet, domain_places, glob_places};
use super::steps::{Steps, Stop};

/// A text of the domain that matches all `positives` and none of `negatives`, if there is one: the shortest, then the
/// first in the order of the alphabet. Symbols are used only where a positive glob has them.
pub(super) fn search(
    domain: Domain,
    positives: &[Shown<'_>],
    negatives: &[Shown<'_>],
    steps: &Steps,
) -> Result<Option<String>, Stop> {
    let machine = Machine::new(domain, positives, negatives, steps)?;
    let mut states: Vec<(Box<[u64]>, usize, usize)> = Vec::new();
    let mut known: HashSet<Box<[u64]>> = HashSet::new();
    let start = machine.start();
    match machine.judge(&start) {
        Standing::Dead => return Ok(None),
        Standing::Accepted => return Ok(Some(String::new())),
        Standing::Open => {
            known.insert(start.clone());
            states.push((start, 0, 0));
        }
    }
    let mut at = 0;
    while let Some(state) = states.get(at).map(|(state, _, _)| state.clone()) {
        for (number, letter) in machine.letters.iter().enumerate() {
            steps.spend(2 + machine.width)?;
            let next = machine.step(&state, letter);
            match machine.judge(&next) {
                Standing::Dead => {}
                Standing::Accepted => return Ok(Some(read_back(&machine, &states, at, number))),
                Standing::Open => {
                    if !known.contains(&next) {
                        steps.spend(16 + 8 * machine.width)?;
                        known.insert(next.clone());
                        states.push((next, at, number));
                    }
                }
            }
        }
        at += 1;
    }
    Ok(None)
}

fn read_back(machine: &Machine, states: &[(Box<[u64]>, usize, usize)], last: usize, letter: usize) -> String {
    let mut letters = vec![letter];
    let mut at = last;
    while at != 0 {
        let Some((_, from, letter)) = states.get(at) else {
            break;
        };
        letters.push(*letter);
        at = *from;
    }
    letters
        .iter()
        .rev()
        .filter_map(|letter| machine.letters.get(*letter))
        .map(|letter| letter.shown)
        .collect()
}

/// What a state is good for.
enum Standing {
    /// No text leads from here to acceptance.
    Dead,
    /// The text so far is a solution.
    Accepted,
    /// Neither.
    Open,
}

/// The automata, each in words of its own. Bit `i` of an automaton: `i` places are behind. A letter moves the bits of the
/// places it matches up by one, and keeps those that loop on it.
struct Machine {
    width: usize,
    letters: Vec<Letter>,
    parts: Vec<Part>,
}

struct Part {
    role: Role,
    words: std::ops::Range<usize>,
    /// Accepting bits, a word each.
    accept: Vec<u64>,
    /// Bits that loop on every letter: they make all lower bits redundant.
    stars: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Domain,
    Positive,
    Negative,
}

/// A letter, or a class of letters that no automaton tells apart.
struct Letter {
    shown: char,
    moves: Vec<u64>,
    loops: Vec<u64>,
}

impl Machine {
    fn new(
        domain: Domain,
        positives: &[Shown<'_>],
        negatives: &[Shown<'_>],
        steps: &Steps,
    ) -> Result<Machine, Stop> {
        let (domain_places, mut domain_starts) = domain_places(domain)?;
        let mut drafts = vec![(Role::Domain, domain_places)];
        drafts.extend(
            positives
                .iter()
                .map(|shown| (Role::Positive, glob_places(*shown))),
        );
        drafts.extend(
            negatives
                .iter()
                .map(|shown| (Role::Negative, glob_places(*shown))),
        );
        let alphabet = alphabet(domain, positives, negatives);
        if !alphabet.iter().any(|c| is_symbol(*c)) {
            domain_starts.pop();
        }
        let width: usize = drafts.iter().map(|(_, places)| places.len().div_ceil(64)).sum();
        steps.spend(drafts.iter().map(|(_, places)| places.len()).sum::<usize>() * (alphabet.len() + 1))?;
        let mut parts = Vec::new();
        let mut at = 0;
        for (role, places) in &drafts {
            let words = at..at + places.len().div_ceil(64);
            let mut accept = vec![0; words.len()];
            let mut stars = vec![0; words.len()];
            for (number, (place, looping)) in places.iter().enumerate() {
                if matches!(place, Place::End) {
                    set_bit(&mut accept, number);
                }
                if matches!(looping, Loop::Always) {
                    set_bit(&mut stars, number);
                }
            }
            at = words.end;
            parts.push(Part {
                role: *role,
                words,
                accept,
                stars,
            });
        }
        let mut letters: Vec<Letter> = Vec::new();
        let mut seen: HashSet<(Vec<u64>, Vec<u64>)> = HashSet::new();
        for shown in alphabet {
            let mut moves = vec![0; width];
            let mut loops = vec![0; width];
            for (part, (_, places)) in parts.iter().zip(&drafts) {
                for (number, (place, looping)) in places.iter().enumerate() {
                    let bit = part.words.start * 64 + number;
                    if place.takes(shown) {
                        set_bit(&mut moves, bit);
                    }
                    if looping.takes(shown) {
                        set_bit(&mut loops, bit);
                    }
                }
            }
            if seen.insert((moves.clone(), loops.clone())) {
                letters.push(Letter { shown, moves, loops });
            }
        }
        let mut machine = Machine {
            width,
            letters,
            parts,
        };
        machine.mark_starts(&domain_starts);
        Ok(machine)
    }

    /// The domain starts at the first place of every shape: kept in its part's `stars`, which a domain has no use for.
    fn mark_starts(&mut self, starts: &[usize]) {
        if let Some(part) = self.parts.first_mut() {
            part.stars.iter_mut().for_each(|word| *word = 0);
            for start in starts {
                set_bit(&mut part.stars, *start);
            }
        }
    }

    fn start(&self) -> Box<[u64]> {
        let mut state = vec![0; self.width].into_boxed_slice();
        for part in &self.parts {
            if let Some(words) = state.get_mut(part.words.clone()) {
                match part.role {
                    Role::Domain => words.copy_from_slice(&part.stars),
                    Role::Positive | Role::Negative => set_bit(words, 0),
                }
            }
        }
        state
    }

    fn step(&self, state: &[u64], letter: &Letter) -> Box<[u64]> {
        let mut carry = 0;
        let mut next: Box<[u64]> = state
            .iter()
            .zip(&letter.moves)
            .zip(&letter.loops)
            .map(|((word, moves), loops)| {
                let moving = word & moves;
                let moved = (moving << 1) | carry;
                // The last place of an automaton never moves, so nothing is carried into its neighbour.
                carry = moving >> 63;
                moved | (word & loops)
            })
            .collect();
        for part in &self.parts {
            let Some(words) = next.get_mut(part.words.clone()) else {
                continue;
            };
            match part.role {
                Role::Domain => {}
                Role::Positive | Role::Negative => drop_redundant(words, &part.stars),
            }
        }
        next
    }

    fn judge(&self, state: &[u64]) -> Standing {
        let mut accepted = true;
        for part in &self.parts {
            let words = state.get(part.words.clone()).unwrap_or_default();
            let accepts = words
                .iter()
                .zip(&part.accept)
                .any(|(word, accept)| word & accept != 0);
            match part.role {
                Role::Domain | Role::Positive => {
                    if words.iter().all(|word| *word == 0) {
                        return Standing::Dead;
                    }
                    accepted &= accepts;
                }
                Role::Negative => {
                    let forever = words
                        .iter()
                        .zip(&part.accept)
                        .zip(&part.stars)
                        .any(|((word, accept), stars)| word & accept & stars != 0);
                    if forever {
                        return Standing::Dead;
                    }
                    accepted &= !accepts;
                }
            }
        }
        if accepted {
            Standing::Accepted
        } else {
            Standing::Open
        }
    }
}

/// Whatever can still be matched below the highest place that loops on everything can be matched from that place too.
fn drop_redundant(words: &mut [u64], stars: &[u64]) {
    let mut found = false;
    for (word, stars) in words.iter_mut().zip(stars).rev() {
        if found {
            *word = 0;
            continue;
        }
        let looping = *word & stars;
        if looping != 0 {
            let highest = 63 - looping.leading_zeros();
            *word &= u64::MAX << highest;
            found = true;
        }
    }
}

fn set_bit(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

#[cfg(test)]
mod tests {
    use crate::formula::{Variable, domain};
    use crate::iam::{Glob, Segment};
    use std::collections::BTreeSet;

    use crate::solve::glob::cover::Case;
    use crate::solve::glob::globset::GlobSet;
    use crate::solve::glob::strings::{Effort, Found, Question, find};
    use crate::solve::glob::tests::Dice;

    use super::*;

    /// Every combination of globs, one of each set, put to the product automaton.
    fn by_product(
        domain: Domain,
        positives: &[Vec<Glob>],
        negatives: &[Vec<Glob>],
        case: Case,
    ) -> Option<String> {
        let steps = Steps::new(u64::MAX);
        let mut combinations: Vec<Vec<Shown<'_>>> = vec![Vec::new()];
        for set in positives {
            combinations = combinations
                .iter()
                .flat_map(|picked| {
                    set.iter().map(|glob| {
                        let mut picked = picked.clone();
                        picked.push(Shown {
                            tokens: glob.tokens(),
                            case: Case::Exact,
                        });
                        picked
                    })
                })
                .collect();
        }
        let negatives: Vec<Shown<'_>> = negatives
            .iter()
            .flatten()
            .map(|glob| Shown {
                tokens: glob.tokens(),
                case,
            })
            .collect();
        combinations
            .iter()
            .find_map(|picked| search(domain, picked, &negatives, &steps).unwrap())
    }

    fn prepared(sets: &[Vec<Glob>], case: Case) -> Vec<GlobSet<'_>> {
        sets.iter().map(|set| GlobSet::new(set, case)).collect()
    }

    #[test]
    fn the_fast_path_agrees() {
        let variables = [
            (Variable::Action, &['a', 'b', ':', ':', '*', '*', '?'][..]),
            (Variable::Action, &['a', ':', '*', '\u{F0001}']),
            (Variable::Resource(Segment::Rest), &['a', 'b', '*', '?']),
            (Variable::Resource(Segment::Region), &['a', 'A', '-', '*', '?']),
            (
                Variable::PrincipalPartition,
                &['a', 'w', 's', '-', 'i', 'o', '*', '*', '*', '?', '\u{F0001}'],
            ),
            (Variable::Resource(Segment::Account), &['0', '1', '*', '*', '?']),
        ];
        let mut dice = Dice(0x5eed_0001);
        let (mut found, mut none) = (0, 0);
        for round in 0..3_000 {
            let (variable, letters) = &variables[round % variables.len()];
            let mut sets = |most: u64, globs: u64| -> Vec<Vec<Glob>> {
                (0..dice.below(most + 1))
                    .map(|_| {
                        (0..=dice.below(globs))
                            .map(|_| Glob::parse(&dice.glob(letters, 7)))
                            .collect()
                    })
                    .collect()
            };
            let (positives, negatives) = (sets(3, 3), sets(3, if round % 7 == 0 { 30 } else { 4 }));
            let case = if round % 5 == 0 { Case::Folded } else { Case::Exact };
            let (within, without) = (prepared(&positives, Case::Exact), prepared(&negatives, case));
            let mut question = Question {
                domain: domain(variable),
                positives: within.iter().collect(),
                negatives: without.iter().collect(),
            };
            let steps = Steps::new(u64::MAX);
            let expected = by_product(question.domain, &positives, &negatives, case);
            // Several times, since sets are scanned first and indexed later.
            for _ in 0..3 {
                match find(&question, Effort::Exact, &steps).unwrap() {
                    Found::Text(text) => {
                        assert!(
                            expected.is_some(),
                            "{variable:?} {positives:?} {negatives:?} {text}"
                        );
                        assert!(question.domain.accepts(&text));
                        assert!(
                            positives
                                .iter()
                                .all(|set| set.iter().any(|glob| glob.matches(&text)))
                        );
                        let out = |glob: &Glob| match case {
                            Case::Exact => glob.matches(&text),
                            Case::Folded => glob.matches_folded(&text),
                        };
                        assert!(!negatives.iter().flatten().any(out));
                        found += 1;
                    }
                    Found::Nothing(used) => {
                        assert_eq!(expected, None, "{variable:?} {positives:?} {negatives:?}");
                        let kept: Vec<Vec<Glob>> =
                            used.iter().map(|number| negatives[*number].clone()).collect();
                        assert_eq!(
                            by_product(question.domain, &positives, &kept, case),
                            None,
                            "{used:?}"
                        );
                        none += 1;
                    }
                    Found::Unsure => panic!("an exact search was not sure"),
                }
            }
            question.negatives.clear();
            if find(&question, Effort::Quick, &steps).unwrap() == Found::Nothing(BTreeSet::new()) {
                assert_eq!(by_product(question.domain, &positives, &[], case), None);
            }
        }
        assert!(found > 700 && none > 700, "{found} {none}");
    }
}
