//! Names with dots, and the type parameters of declarations.

use super::cursor::Cursor;
use super::decl::{Generic, TypeExpr};
use super::lexer::Kind;
use super::types::{single_type, type_expr};

/// Reads `<T: A, U>`, `[K, V]` or `(To)` if one of them opens here.
pub(super) fn generics(cursor: &mut Cursor<'_>) -> Vec<Generic> {
    let close = match cursor.kind() {
        Some(Kind::Less) => Kind::Greater,
        Some(Kind::BracketOpen) => Kind::BracketClose,
        Some(Kind::ParenOpen) => Kind::ParenClose,
        _ => return Vec::new(),
    };
    cursor.bump();
    let mut found = Vec::new();
    loop {
        while cursor.eat(Kind::Comma).is_some() {}
        if cursor.eat(close).is_some() {
            return found;
        }
        if (cursor.is_word(0, "comptime") || cursor.is_word(0, "const")) && cursor.word_at(1).is_some() {
            cursor.bump();
        }
        let Some(name) = cursor.word_at(0) else {
            cursor.expected("a type parameter");
            return found;
        };
        cursor.bump();
        let bound = if cursor.eat(Kind::Colon).is_some() { bounds(cursor) } else { None };
        if cursor.eat(Kind::Equals).is_some() {
            type_expr(cursor);
        }
        found.push(Generic { name: name.to_owned(), bound });
        if !matches!(cursor.kind(), Some(kind) if kind == close || kind == Kind::Comma) {
            cursor.expected("`,` or the end of the type parameters");
            return found;
        }
    }
}

/// Reads `A + B` after a colon and keeps the first; `type` is no bound.
pub(super) fn bounds(cursor: &mut Cursor<'_>) -> Option<TypeExpr> {
    let mut first = single_type(cursor);
    while cursor.eat(Kind::Plus).is_some() {
        single_type(cursor);
    }
    if matches!(&first, Some(TypeExpr::Path { segments, .. }) if segments.len() == 1 && segments[0] == "type")
    {
        first = None;
    }
    first
}

/// Reads `a.b::c`.
pub(super) fn path(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let Some(first) = cursor.word_at(0) else {
        cursor.expected("a name");
        return None;
    };
    cursor.bump();
    let mut segments = vec![first.to_owned()];
    while matches!(cursor.kind(), Some(Kind::Dot | Kind::PathSeparator)) {
        let Some(next) = cursor.word_at(1) else { break };
        cursor.bump();
        cursor.bump();
        segments.push(next.to_owned());
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, bool)> {
        let mut cursor = Cursor::new(text);
        let read = generics(&mut cursor);
        assert_eq!(cursor.peek(), None, "{text} is read whole");
        read.into_iter().map(|generic| (generic.name, generic.bound.is_some())).collect()
    }

    #[test]
    fn all_brackets_hold_type_parameters_with_and_without_bounds() {
        let expected = [("K".to_owned(), false), ("V".to_owned(), true)];
        for text in ["<K, V: A>", "[K, V: A + B]", "(K, comptime V: A)", "<K: type, V: A = int>"] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_may_use_both_separators_and_ends_before_a_list_of_items() {
        let mut cursor = Cursor::new("a.b::c.{d}");
        assert_eq!(path(&mut cursor).expect("a path"), ["a", "b", "c"]);
        assert_eq!(cursor.kind(), Some(Kind::Dot));
    }
}
