//! Which known name somebody probably meant.

/// Names longer than this are compared with nothing: nobody mistypes that much, and the cost is quadratic.
const MAX_CHARS: usize = 64;

/// The name most similar to `word`: the one whose last part it is (`mmap` for `store.mmap`), else one that at
/// most a third of its characters, and at least one, must be changed for. The first of several.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let word: String = word.chars().take(MAX_CHARS + 1).collect::<String>().to_lowercase().replace('-', "_");
    let length = word.chars().count();
    if length == 0 || length > MAX_CHARS {
        return None;
    }
    let is_last_part = |name: &&str| name.rsplit_once('.').is_some_and(|(_, last)| last == word);
    if let Some(name) = names.clone().find(is_last_part) {
        return Some(name);
    }
    names
        .map(|name| (edits(&word, &name.to_lowercase()), name))
        .filter(|(edits, _)| *edits <= (length / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// How many characters must be inserted, removed, replaced, or swapped with their neighbour.
fn edits(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Option<&'static str> {
        nearest(word, ["dir", "max_size", "max_age", "store.mmap", "verify"].into_iter())
    }

    #[test]
    fn a_swapped_missing_or_wrong_letter_is_forgiven() {
        assert_eq!(of("dri"), Some("dir"));
        assert_eq!(of("max_sze"), Some("max_size"));
        assert_eq!(of("max-size"), Some("max_size"));
        assert_eq!(of("Verifi"), Some("verify"));
    }

    #[test]
    fn the_last_part_of_a_key_finds_the_key() {
        assert_eq!(of("mmap"), Some("store.mmap"));
    }

    #[test]
    fn a_strange_or_endless_name_is_near_to_nothing() {
        assert_eq!(of("colour"), None);
        assert_eq!(of(""), None);
        assert_eq!(of(&"max_size".repeat(10_000)), None);
    }
}
