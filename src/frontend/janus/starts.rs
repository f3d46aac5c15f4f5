//! Where a declaration or a type begins: what recovery looks for, told from names that look alike.

use super::cursor::{Cursor, is_name};
use super::lexer::Kind;

/// Words that stand before a declaration, in any number.
const PREFIXES: [&str; 12] = [
    "pub", "export", "extern", "async", "inline", "comptime", "private", "public", "static", "noinline",
    "unsafe", "override",
];

/// Words that begin a declaration or a statement, so that no type without `->` begins with them.
const NOT_TYPES: [&str; 27] = [
    "func",
    "fn",
    "pub",
    "export",
    "extern",
    "async",
    "inline",
    "comptime",
    "import",
    "use",
    "let",
    "var",
    "const",
    "type",
    "trait",
    "impl",
    "module",
    "namespace",
    "where",
    "return",
    "test",
    "macro",
    "for",
    "while",
    "match",
    "using",
    "graft",
];

/// How many tokens of prefixes stand before the declaration that may begin at the next token.
/// Bounded, so that a line of a million `pub` costs no more than itself.
pub(super) fn prefix_len(cursor: &mut Cursor<'_>) -> usize {
    let mut n = 0;
    while n < 12 {
        let Some(word) = cursor.word_at(n) else { break };
        if !PREFIXES.contains(&word) {
            break;
        }
        if word == "pub"
            && cursor.kind_at(n + 1) == Some(Kind::ParenOpen)
            && cursor.kind_at(n + 3) == Some(Kind::ParenClose)
        {
            n += 4;
        } else if word == "extern" && cursor.kind_at(n + 1) == Some(Kind::Text) {
            n += 2;
        } else if cursor.word_at(n + 1).is_some() {
            n += 1;
        } else {
            break;
        }
    }
    n
}

/// Whether a declaration begins at the next token.
pub(super) fn begins_declaration(cursor: &mut Cursor<'_>) -> bool {
    if cursor.kind() != Some(Kind::Word) {
        return false;
    }
    let n = prefix_len(cursor);
    begins_at(cursor, n)
}

/// Whether the word of a declaration stands `n` tokens further on.
pub(super) fn begins_at(cursor: &mut Cursor<'_>, n: usize) -> bool {
    let Some(head) = cursor.word_at(n) else { return false };
    let next = cursor.kind_at(n + 1);
    let named = next.is_some_and(is_name);
    match head {
        "func" | "fn" => named && begins_signature(cursor, n + 2),
        "struct" | "enum" | "union" | "trait" | "namespace" | "module" | "mod" | "extension" => named,
        "type" => named && cursor.kind_at(n + 2) != Some(Kind::Comma),
        "error" => named && cursor.kind_at(n + 2) == Some(Kind::BraceOpen),
        "impl" => named || matches!(next, Some(Kind::Less | Kind::BracketOpen)),
        "import" | "use" | "graft" => named || next == Some(Kind::Text),
        "using" => begins_using_import(cursor, n),
        "const" => named && matches!(cursor.kind_at(n + 2), Some(Kind::Equals | Kind::Colon)),
        "profile" => next == Some(Kind::Colon) && cursor.kind_at(n + 2) == Some(Kind::Word),
        _ => false,
    }
}

/// Whether the word of a declaration stands `n` tokens further on and what follows it is nothing
/// that a statement has there, as in `func f {` or `struct 5`: a declaration, but a malformed one.
/// Only where declarations stand; in bodies such words may be names.
pub(super) fn seems_to_begin(cursor: &mut Cursor<'_>, n: usize) -> bool {
    let Some(head) = cursor.word_at(n) else { return false };
    match cursor.kind_at(n + 1) {
        Some(Kind::Word | Kind::Integer | Kind::Float | Kind::Text) => {
            matches!(head, "func" | "fn" | "struct" | "enum" | "trait" | "impl" | "namespace")
        }
        Some(Kind::BraceOpen) => matches!(head, "trait" | "impl" | "namespace"),
        _ => false,
    }
}

/// Whether what follows a function's name opens its parameters, its type parameters or a further name.
fn begins_signature(cursor: &mut Cursor<'_>, n: usize) -> bool {
    matches!(
        cursor.kind_at(n),
        Some(Kind::ParenOpen | Kind::Less | Kind::BracketOpen | Kind::Dot | Kind::PathSeparator)
    )
}

/// Tells `using std.core;` from `using file := open("x")`.
fn begins_using_import(cursor: &mut Cursor<'_>, n: usize) -> bool {
    let mut at = n + 1;
    while cursor.word_at(at).is_some() && at < n + 32 {
        at += 1;
        match cursor.kind_at(at) {
            Some(Kind::Semicolon) => return true,
            Some(Kind::Dot | Kind::PathSeparator) => at += 1,
            _ => return false,
        }
    }
    false
}

/// Whether the next token can begin a type.
pub(super) fn begins_type(cursor: &mut Cursor<'_>) -> bool {
    match cursor.kind() {
        Some(Kind::Word) => cursor.word_at(0).is_some_and(|word| !NOT_TYPES.contains(&word)),
        Some(kind) => matches!(
            kind,
            Kind::Ampersand
                | Kind::Star
                | Kind::Question
                | Kind::Bang
                | Kind::BracketOpen
                | Kind::ParenOpen
                | Kind::Integer
                | Kind::Float
                | Kind::Text
                | Kind::Character
                | Kind::Minus
                | Kind::Range
        ),
        None => false,
    }
}

/// Whether a token before a word makes the word an operand, so that no declaration begins there.
pub(super) fn wants_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Dot
            | Kind::PathSeparator
            | Kind::Comma
            | Kind::ParenOpen
            | Kind::BracketOpen
            | Kind::Equals
            | Kind::Operator
            | Kind::Range
            | Kind::Less
            | Kind::Plus
            | Kind::Minus
            | Kind::Slash
            | Kind::Bang
            | Kind::Pipe
            | Kind::Ampersand
            | Kind::Colon
            | Kind::Arrow
            | Kind::FatArrow
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_from_names_that_look_alike() {
        for (text, expected) in [
            ("func f(", true),
            ("pub async func f<T>(", true),
            ("extern \"c\" fn f(", true),
            ("func(x: int)", false),
            ("fn = 3", false),
            ("type: int,", false),
            ("type Shape = A", true),
            ("error -> x", false),
            ("error E {", true),
            ("module.x", false),
            ("using std.core;", true),
            ("using x = y", false),
            ("import \"./a.jan\"", true),
            ("impl<T> Vec<T>", true),
            ("async f()", false),
        ] {
            assert_eq!(begins_declaration(&mut Cursor::new(text)), expected, "{text}");
        }
    }
}
