//! Comparing two globs token by token: whether one covers the other, and whether they certainly have no text in common.
//! A text is a glob of characters only, so matching is covering.

use crate::iam::Token;

use super::steps::{Steps, Stop};

/// How characters compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Case {
    /// As they are.
    Exact,
    /// ASCII letters without case.
    Folded,
}

/// A glob with its comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    /// The tokens.
    pub(super) tokens: &'a [Token],
    /// How they compare.
    pub(super) case: Case,
}

impl<'a> Shown<'a> {
    /// A text, as tokens.
    pub(super) fn text(tokens: &'a [Token]) -> Shown<'a> {
        Shown {
            tokens,
            case: Case::Exact,
        }
    }

    /// Whether the only text is the tokens themselves.
    pub(super) fn is_text(self) -> bool {
        self.case == Case::Exact && self.tokens.iter().all(|token| matches!(token, Token::Char(_)))
    }
}

/// Whether every text of `small` is one of `large`, read off the tokens: a `*` of `small` must fall into a `*` of
/// `large`. A yes is always right. A no is right when `large` has no `?`, or `small` has no `*`, and cases are the same.
pub(super) fn covers(large: Shown<'_>, small: Shown<'_>, steps: &Steps) -> Result<bool, Stop> {
    let mut wanted = large.tokens;
    let mut rest = small.tokens;
    let mut retry: Option<(&[Token], &[Token])> = None;
    let mut count = 0_usize;
    let answer = loop {
        count += 1;
        if count == 4096 {
            steps.spend(count)?;
            count = 0;
        }
        if let [Token::Star, after @ ..] = wanted {
            if after.is_empty() {
                break true;
            }
            retry = Some((after, rest));
            wanted = after;
            continue;
        }
        match (wanted, rest) {
            ([], []) => break true,
            ([want, after @ ..], [have, ahead @ ..])
                if token_covers(*want, large.case, *have, small.case) =>
            {
                wanted = after;
                rest = ahead;
            }
            _ => match retry {
                Some((after, [_, from @ ..])) => {
                    retry = Some((after, from));
                    wanted = after;
                    rest = from;
                }
                Some((_, [])) | None => break false,
            },
        }
    };
    steps.spend(count)?;
    Ok(answer)
}

fn token_covers(want: Token, want_case: Case, have: Token, have_case: Case) -> bool {
    match (want, have) {
        (Token::Any, Token::Char(_) | Token::Any) => true,
        (Token::Char(want), Token::Char(have)) => match (want_case, have_case) {
            (Case::Folded, _) => want.eq_ignore_ascii_case(&have),
            (Case::Exact, Case::Exact) => want == have,
            (Case::Exact, Case::Folded) => want == have && !have.is_ascii_alphabetic(),
        },
        (Token::Star, _) | (_, Token::Star) | (Token::Char(_), Token::Any) => false,
    }
}

/// Whether two globs certainly have no text in common, by what stands before their first and after their last `*`. When
/// all texts have exactly one `separator`, globs that have it are compared by what stands on its left and right.
pub(super) fn apart(left: Shown<'_>, right: Shown<'_>, separator: Option<char>) -> bool {
    let case = if left.case == Case::Folded || right.case == Case::Folded {
        Case::Folded
    } else {
        Case::Exact
    };
    let halves = |tokens| separator.and_then(|separator| split(tokens, separator));
    match (halves(left.tokens), halves(right.tokens)) {
        (Some(left), Some(right)) => {
            tokens_apart(left.0, right.0, case) || tokens_apart(left.1, right.1, case)
        }
        _ => tokens_apart(left.tokens, right.tokens, case),
    }
}

fn split(tokens: &[Token], separator: char) -> Option<(&[Token], &[Token])> {
    let at = tokens.iter().position(|token| *token == Token::Char(separator))?;
    Some((tokens.get(..at)?, tokens.get(at + 1..)?))
}

fn tokens_apart(left: &[Token], right: &[Token], case: Case) -> bool {
    ends_apart(left.iter(), right.iter(), case) || ends_apart(left.iter().rev(), right.iter().rev(), case)
}

fn ends_apart<'a>(
    mut left: impl Iterator<Item = &'a Token>,
    mut right: impl Iterator<Item = &'a Token>,
    case: Case,
) -> bool {
    loop {
        match (left.next(), right.next()) {
            (Some(Token::Star), _) | (_, Some(Token::Star)) | (None, None) => return false,
            (None, Some(_)) | (Some(_), None) => return true,
            (Some(Token::Char(a)), Some(Token::Char(b))) => {
                let same = match case {
                    Case::Exact => a == b,
                    Case::Folded => a.eq_ignore_ascii_case(b),
                };
                if !same {
                    return true;
                }
            }
            (Some(Token::Any), Some(_)) | (Some(_), Some(Token::Any)) => {}
        }
    }
}
