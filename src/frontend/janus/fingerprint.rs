//! Fingerprints of tokens: XXH3-64 over each token's bytes and a separator. Comments and white
//! space are no tokens, so they change nothing.

use super::cursor::Cursor;
use crate::digest::fast_hash;

/// Stands after each token. No UTF-8 text holds this byte, so no two token sequences share bytes.
pub(super) const SEPARATOR: u8 = 0xFF;

/// Fingerprint of tokens that were collected with their separators.
pub(super) fn of_tokens(tokens: &[u8]) -> u64 {
    fast_hash(tokens)
}

/// Fingerprint of the tokens in a piece of a text. `buffer` is emptied first.
pub(super) fn of_text(text: &str, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    let mut cursor = Cursor::new(text);
    while let Some(token) = cursor.bump() {
        buffer.extend_from_slice(cursor.text_of(token).as_bytes());
        buffer.push(SEPARATOR);
    }
    of_tokens(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_changes_nothing_and_each_token_counts() {
        let mut buffer = Vec::new();
        let base = of_text("f(a: T) -> R", &mut buffer);
        assert_eq!(of_text("f ( a /* x */ :\n T ) // y\n -> R", &mut buffer), base);
        assert_ne!(of_text("f(aT) -> R", &mut buffer), base);
        assert_ne!(of_text("f(a: T) -> Q", &mut buffer), base);
        assert_ne!(of_text("a b", &mut buffer), of_text("ab", &mut buffer));
    }
}
