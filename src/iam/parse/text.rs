//! Strings of a policy as patterns: wildcards, variables and holes; actions and resources.

use std::sync::Arc;

use super::super::document::DocumentKind;
use super::super::glob::Token;
use super::super::keys::ContextKey;
use super::super::pattern::{Pattern, Piece, is_symbol};
use super::super::resource::{ResourcePattern, split_arn};
use super::super::value::{Text, TextPiece};
use super::statement::has_variables;
use super::{Context, Invalid, Role};

/// Which characters of a text are special.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcards {
    /// `*` and `?` are wildcards.
    Active,
    /// They are ordinary characters.
    Literal,
}

/// A text with active wildcards.
pub(super) fn text_pattern(text: &Text, element: &str, context: &mut Context) -> Result<Pattern, Invalid> {
    pattern(text, Wildcards::Active, element, context)
}

/// A text as a pattern; `${…}` is a variable under Version 2012-10-17.
pub(super) fn pattern(
    text: &Text,
    wildcards: Wildcards,
    element: &str,
    context: &mut Context,
) -> Result<Pattern, Invalid> {
    if let Some(literal) = text.as_literal()
        && !(has_variables(context) && literal.contains("${"))
        && !has_refused_character(literal)
    {
        return Ok(literal.chars().map(|c| token(c, wildcards)).collect());
    }
    let mut pieces = Vec::new();
    for piece in &text.0 {
        match piece {
            TextPiece::Hole(hole) => pieces.push(Piece::Hole(hole.clone())),
            TextPiece::Lit(literal) => {
                if has_refused_character(literal) {
                    return Err(context.invalid(format!("`{element}` holds a character that is not allowed")));
                }
                scan(literal, wildcards, element, context, &mut pieces)?;
            }
        }
    }
    pieces.shrink_to_fit();
    Ok(Pattern::new(pieces))
}

/// NUL, which no IAM text can hold, and the characters that stand for unknown values in formulas.
pub(super) fn has_refused_character(text: &str) -> bool {
    text.chars().any(|c| c == '\0' || is_symbol(c))
}

fn token(c: char, wildcards: Wildcards) -> Token {
    match (c, wildcards) {
        ('*', Wildcards::Active) => Token::Star,
        ('?', Wildcards::Active) => Token::Any,
        (c, _) => Token::Char(c),
    }
}

fn scan(
    literal: &str,
    wildcards: Wildcards,
    element: &str,
    context: &Context,
    pieces: &mut Vec<Piece>,
) -> Result<(), Invalid> {
    let mut rest = literal;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("${").filter(|_| has_variables(context)) {
            let Some((body, tail)) = after.split_once('}') else {
                return Err(context.invalid(format!(
                    "`{element}` has a policy variable without its closing `}}`"
                )));
            };
            pieces.push(variable(body).ok_or_else(|| {
                context.invalid(format!("`{element}` has a policy variable that cannot be read"))
            })?);
            rest = tail;
            continue;
        }
        pieces.push(token(c, wildcards).into());
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    Ok(())
}

/// The inside of `${…}`: an escaped character, a key, or a key with a default in single quotes (semantics.md 3.8).
fn variable(body: &str) -> Option<Piece> {
    match body {
        "*" => return Some(Piece::Char('*')),
        "?" => return Some(Piece::Char('?')),
        "$" => return Some(Piece::Char('$')),
        _ => {}
    }
    let (key, default) = match body.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key, Some(Arc::new(Box::from(default))))
        }
        None => (body, None),
    };
    let key = key.trim();
    let readable = !key.is_empty()
        && key
            .chars()
            .all(|c| !matches!(c, '$' | '{' | '\'' | '"') && !c.is_control());
    readable.then(|| Piece::Var(ContextKey::new(key), default))
}

/// An action: `*` or `service:Name` with wildcards, lower-cased (semantics.md 3.2).
pub(super) fn action_pattern(text: &Text, element: &str, context: &mut Context) -> Result<Pattern, Invalid> {
    let pattern = text_pattern(text, element, context)?.to_ascii_lowercase();
    let mut colons = 0;
    for piece in pattern.pieces().iter() {
        match piece {
            Piece::Char(':') => colons += 1,
            Piece::Char(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => {}
            Piece::Star | Piece::Any | Piece::Hole(_) => {}
            Piece::Char(c) => {
                return Err(context.invalid(format!(
                    "`{element}` holds `{}`, which no action has",
                    c.escape_unicode()
                )));
            }
            Piece::Var(..) => {
                return Err(context.invalid(format!("`{element}` must not hold policy variables")));
            }
        }
    }
    let open = pattern.holes().next().is_some();
    if colons == 1 || pattern.is_star() || (open && colons == 0) {
        return Ok(pattern);
    }
    Err(context.invalid(format!(
        "`{element}` must hold `*` or actions like `service:Action`"
    )))
}

/// A resource: `*`, an ARN (completed when short, by kind: semantics.md 3.3), or API Gateway's shorthand.
pub(super) fn resource_pattern(
    pattern: &Pattern,
    element: &str,
    context: &mut Context,
) -> Result<ResourcePattern, Invalid> {
    if pattern.is_star() {
        return Ok(ResourcePattern::Any);
    }
    if pattern.is_empty() {
        return Err(context.invalid(format!("`{element}` must not hold an empty string")));
    }
    if let Some(path) = strip_literal(pattern, "execute-api:/") {
        let mut rest = vec![Piece::Star, Piece::Char('/')];
        rest.extend(path);
        let segments = [
            Pattern::star(),
            Pattern::literal("execute-api"),
            Pattern::star(),
            Pattern::star(),
            Pattern::new(rest),
        ];
        let arn = super::super::resource::ArnPattern {
            segments,
            whole: None,
        };
        return Ok(ResourcePattern::Arn { arn, short: None });
    }
    let Some((arn, parts)) = split_arn(pattern) else {
        let text = format!("the resource text `{pattern}`");
        context.note(
            "not-an-arn",
            format!("`{element}` holds text that is neither `*` nor an ARN"),
        );
        return Ok(ResourcePattern::Unreadable(Arc::from(text.as_str())));
    };
    if parts == 6 {
        return Ok(ResourcePattern::Arn { arn, short: None });
    }
    if pattern.holes().next().is_some() {
        // The unknown value may hold any of the missing colons.
        return Ok(ResourcePattern::Unreadable(Arc::from(
            pattern.to_string().as_str(),
        )));
    }
    context.note(
        "short-arn",
        format!("`{element}` holds an ARN with fewer than six parts"),
    );
    let is_wildcard = |piece: &&Piece| matches!(piece, Piece::Star | Piece::Any);
    let wildcards = pattern.pieces().iter().filter(is_wildcard).count();
    let (wildcard, trailing) = (wildcards > 0, pattern.last() == Some(Piece::Star));
    // With a single `*` at the end both readings are the same, and a reference is read by completion only.
    let crossing = wildcard && !(trailing && wildcards == 1) && context.role == Role::Checked;
    let short = crossing.then(|| pattern.clone());
    match context.kind {
        DocumentKind::Identity | DocumentKind::Trust => Ok(ResourcePattern::Arn { arn, short }),
        DocumentKind::Resource if wildcard => Ok(ResourcePattern::Arn { arn, short }),
        DocumentKind::Scp if trailing => Ok(ResourcePattern::Arn { arn, short }),
        DocumentKind::Resource => Ok(ResourcePattern::Nothing),
        DocumentKind::Scp | DocumentKind::Rcp => {
            Err(context.invalid(format!("`{element}` must hold ARNs with six parts")))
        }
    }
}

fn strip_literal(pattern: &Pattern, prefix: &str) -> Option<Vec<Piece>> {
    let pieces = pattern.pieces();
    let mut rest = &*pieces;
    for c in prefix.chars() {
        rest = rest.strip_prefix([Piece::Char(c)].as_slice())?;
    }
    Some(rest.to_vec())
}
