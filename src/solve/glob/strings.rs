//! Is there a text in a domain that is in all of some sets of globs and in none of others? Picks one glob from each
//! positive set; a picked combination is refuted by a negative glob that covers it, settled by a likely word, or else put
//! to the product automaton.

use std::collections::BTreeSet;

use crate::formula::{CharClass, Domain, Run};
use crate::iam::Token;

use super::cover::{Case, Shown, apart, covers};
use super::globset::GlobSet;
use super::product;
use super::steps::{Steps, Stop};

/// How hard to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Effort {
    /// Only what costs little.
    Quick,
    /// Until it is known.
    Exact,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A text.
    Text(String),
    /// There is none, whatever the negative sets that are not among these numbers.
    Nothing(BTreeSet<usize>),
    /// Quick effort did not tell.
    Unsure,
}

/// The question.
#[derive(Debug, Clone)]
pub(super) struct Question<'s, 'a> {
    /// What texts are possible.
    pub(super) domain: Domain,
    /// The text is in all of these.
    pub(super) positives: Vec<&'s GlobSet<'a>>,
    /// And in none of these.
    pub(super) negatives: Vec<&'s GlobSet<'a>>,
}

/// Answers the question.
pub(super) fn find(question: &Question<'_, '_>, effort: Effort, steps: &Steps) -> Result<Found, Stop> {
    let mut order = question.positives.clone();
    order.sort_by_key(|set| set.len());
    let separator = separator(question);
    let mut used = BTreeSet::new();
    let mut unsure = false;
    // One entry a set: the glob that is tried next, and how many globs were picked before.
    let mut choices: Vec<(usize, usize)> = Vec::new();
    let mut picked: Vec<Shown<'_>> = Vec::new();
    loop {
        // Forward: sets that cover a picked glob as a whole add nothing, unless another of their globs lends a symbol.
        let mut dead_end = false;
        while let Some(set) = order.get(choices.len()) {
            let mut implied = false;
            for shown in &picked {
                implied = implied || (set.covers(*shown, steps)? && !set.has_symbol());
            }
            if implied {
                choices.push((usize::MAX, picked.len()));
                continue;
            }
            // A text is covered or not: no glob of this set is left to try.
            if picked.iter().any(|shown| shown.is_text()) && !set.has_symbol() {
                dead_end = true;
                break;
            }
            choices.push((0, picked.len()));
            if !pick_next(set, &mut choices, &mut picked, separator, steps)? {
                choices.pop();
                dead_end = true;
                break;
            }
        }
        if !dead_end {
            match settle(question, &picked, effort, &mut used, steps)? {
                Found::Text(text) => return Ok(Found::Text(text)),
                Found::Nothing(_) => {}
                Found::Unsure => unsure = true,
            }
        }
        // Back: the next glob of the last set that has one.
        loop {
            let Some((next, before)) = choices.last().copied() else {
                return Ok(if unsure {
                    Found::Unsure
                } else {
                    Found::Nothing(used)
                });
            };
            picked.truncate(before);
            if next != usize::MAX
                && let Some(set) = order.get(choices.len() - 1)
                && pick_next(set, &mut choices, &mut picked, separator, steps)?
            {
                break;
            }
            choices.pop();
        }
    }
}

/// The character that every text has exactly once, if the domain has one and no text with a symbol is possible.
fn separator(question: &Question<'_, '_>) -> Option<char> {
    let [shape] = question.domain.0 else { return None };
    let once = shape.iter().find_map(|run| match run {
        Run {
            class: CharClass::Only(c),
            min: 1,
            max: Some(1),
        } => Some(*c),
        Run { .. } => None,
    })?;
    let elsewhere = shape.iter().filter(|run| run.class.contains(once)).count() > 1;
    (!elsewhere && !question.positives.iter().any(|set| set.has_symbol())).then_some(once)
}

/// Picks the next glob of the set that is not apart from what is picked. The last choice is the set's.
fn pick_next<'a>(
    set: &GlobSet<'a>,
    choices: &mut [(usize, usize)],
    picked: &mut Vec<Shown<'a>>,
    separator: Option<char>,
    steps: &Steps,
) -> Result<bool, Stop> {
    let Some((next, _)) = choices.last_mut() else {
        return Ok(false);
    };
    while let Some(shown) = set.get(*next) {
        *next += 1;
        steps.spend(1 + picked.len())?;
        if !picked.iter().any(|other| apart(*other, shown, separator)) {
            picked.push(shown);
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the picked globs have a text in common that is in the domain and in no negative set. Negative sets that were
/// needed to say no are added to `used`.
fn settle(
    question: &Question<'_, '_>,
    picked: &[Shown<'_>],
    effort: Effort,
    used: &mut BTreeSet<usize>,
    steps: &Steps,
) -> Result<Found, Stop> {
    let least = least(picked, steps)?;
    for (number, set) in question.negatives.iter().enumerate() {
        for shown in &least {
            if set.covers(*shown, steps)? {
                used.insert(number);
                return Ok(Found::Nothing(BTreeSet::new()));
            }
        }
    }
    for word in words(question.domain, &least) {
        let tokens: Vec<Token> = word.chars().map(Token::Char).collect();
        if fits(question, &least, &word, &tokens, steps)? {
            return Ok(Found::Text(word));
        }
    }
    // A text that covers nothing and is not the witness is outside of the domain or of another picked glob.
    if least.iter().any(|shown| shown.is_text()) {
        return Ok(Found::Nothing(BTreeSet::new()));
    }
    if effort == Effort::Quick {
        return Ok(Found::Unsure);
    }
    let separator = separator(question);
    let mut negatives = Vec::new();
    let mut near = Vec::new();
    for (number, set) in question.negatives.iter().enumerate() {
        let before = negatives.len();
        for shown in set.iter() {
            steps.spend(1)?;
            if !least.iter().any(|other| apart(*other, shown, separator)) {
                negatives.push(shown);
            }
        }
        if negatives.len() > before {
            near.push(number);
        }
    }
    match product::search(question.domain, &least, &negatives, steps)? {
        Some(text) => Ok(Found::Text(text)),
        None => {
            used.extend(near);
            Ok(Found::Nothing(BTreeSet::new()))
        }
    }
}

/// The picked globs without those that cover another one; never empty.
fn least<'a>(picked: &[Shown<'a>], steps: &Steps) -> Result<Vec<Shown<'a>>, Stop> {
    let mut least: Vec<Shown<'_>> = Vec::new();
    for shown in picked {
        let mut redundant = false;
        for other in &least {
            redundant = redundant || covers(*shown, *other, steps)?;
        }
        if redundant {
            continue;
        }
        let mut kept = Vec::with_capacity(least.len() + 1);
        for other in least {
            if !covers(other, *shown, steps)? {
                kept.push(other);
            }
        }
        kept.push(*shown);
        least = kept;
    }
    if least.is_empty() {
        least.push(Shown {
            tokens: &[Token::Star],
            case: Case::Exact,
        });
    }
    Ok(least)
}

/// Likely words of the globs: those of one glob with its wildcards filled, and if it says nothing, the plainest of the
/// domain.
fn words(domain: Domain, least: &[Shown<'_>]) -> Vec<String> {
    let [one] = least else {
        return least
            .iter()
            .filter(|shown| shown.is_text())
            .map(|shown| fill(shown.tokens, "", '0'))
            .take(1)
            .collect();
    };
    if one.tokens.iter().any(|token| matches!(token, Token::Char(_))) {
        if one.tokens.iter().all(|token| matches!(token, Token::Char(_))) {
            return vec![fill(one.tokens, "", '0')];
        }
        return [("", 'x'), ("x", 'x'), ("0", '0'), ("q7", 'q')]
            .iter()
            .map(|(star, any)| fill(one.tokens, star, *any))
            .collect();
    }
    [('x', '1'), ('q', '7')]
        .iter()
        .flat_map(|(letter, digit)| plain(domain, *letter, *digit))
        .collect()
}

fn fill(tokens: &[Token], star: &str, any: char) -> String {
    let mut word = String::with_capacity(tokens.len());
    for token in tokens {
        match token {
            Token::Char(c) => word.push(*c),
            Token::Any => word.push(any),
            Token::Star => word.push_str(star),
        }
    }
    word
}

/// The shortest text of each shape, and one a letter longer at the end.
fn plain(domain: Domain, letter: char, digit: char) -> Vec<String> {
    let mut texts = Vec::new();
    for shape in domain.0 {
        let mut text = String::new();
        for run in *shape {
            let c = match run.class {
                CharClass::Any | CharClass::NoColon | CharClass::LowerDigitHyphen | CharClass::LowerDigit => {
                    letter
                }
                CharClass::Digit | CharClass::Hex => digit,
                CharClass::Only(only) => only,
            };
            text.extend((0..run.min).map(|_| c));
        }
        let longer = format!("{text}{letter}");
        texts.push(text);
        texts.push(longer);
    }
    texts
}

fn fits(
    question: &Question<'_, '_>,
    least: &[Shown<'_>],
    word: &str,
    tokens: &[Token],
    steps: &Steps,
) -> Result<bool, Stop> {
    if !question.domain.accepts(word) {
        return Ok(false);
    }
    for shown in least {
        if !covers(*shown, Shown::text(tokens), steps)? {
            return Ok(false);
        }
    }
    for set in &question.negatives {
        if set.covers(Shown::text(tokens), steps)? {
            return Ok(false);
        }
    }
    Ok(true)
}
