//! The nearest valid word to one that is not.

/// The word of `words` with the smallest edit distance to `word`, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within(word, words, 2)
}

/// As [`nearest`], where only one letter in `share` may be wrong (and always one).
pub fn nearest_within<'a>(
    word: &str,
    words: impl IntoIterator<Item = &'a str>,
    share: usize,
) -> Option<&'a str> {
    let typed: Vec<char> = word
        .chars()
        .take(LONGEST)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    words
        .into_iter()
        .map(|known| {
            (
                distance(&typed, &known.to_ascii_lowercase().chars().collect::<Vec<_>>()),
                known,
            )
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| {
            let allowed = typed.len().max(known.len()) / share.max(1);
            *distance <= if share > 2 { allowed.max(1) } else { allowed }
        })
        .map(|(_, known)| known)
}

/// Longer texts are not misspelt words.
const LONGEST: usize = 80;

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j) + usize::from(a != b))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = row;
        row = next;
    }
    row.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words() {
        let words = ["id", "action", "actions", "severity", "check", "high", "critical"];
        for (word, expected) in [
            ("action", Some("action")),
            ("acitons", Some("actions")),
            ("hgih", Some("high")),
            ("Severity", Some("severity")),
            ("zzzzzzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
    }
}
