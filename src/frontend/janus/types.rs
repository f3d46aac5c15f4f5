//! Type expressions.

use super::cursor::{Cursor, is_name};
use super::decl::{Literal, Mark, TypeExpr};
use super::generics::path;
use super::lexer::Kind;
use super::problem::ProblemKind;
use super::starts::begins_type;

/// Types nest at most this deep; a real one rarely passes five.
const DEPTH_LIMIT: u32 = 64;

/// An inline record has at most so many tokens; the bound keeps the way back from an unclosed one short.
const RECORD_LIMIT_TOKENS: usize = 4096;

/// Reads one type, unions included. Reports what it cannot read and returns `None` there.
pub(super) fn type_expr(cursor: &mut Cursor<'_>) -> Option<TypeExpr> {
    union_at(cursor, 0)
}

/// Reads one type that is not a union: an alternative of a sum, or one side of an `impl`.
pub(super) fn single_type(cursor: &mut Cursor<'_>) -> Option<TypeExpr> {
    postfix(cursor, 0)
}

fn union_at(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    cursor.eat(Kind::Pipe);
    let first = intersection(cursor, depth)?;
    if cursor.kind() != Some(Kind::Pipe) {
        return Some(first);
    }
    let mut alternatives = vec![first];
    while cursor.eat(Kind::Pipe).is_some() {
        alternatives.push(intersection(cursor, depth)?);
    }
    Some(TypeExpr::Union(alternatives))
}

fn intersection(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    let first = postfix(cursor, depth)?;
    if cursor.kind() != Some(Kind::Ampersand) {
        return Some(first);
    }
    let mut operands = vec![first];
    while cursor.eat(Kind::Ampersand).is_some() {
        operands.push(postfix(cursor, depth)?);
    }
    operands.retain(|operand| !matches!(operand, TypeExpr::Record(_)));
    Some(TypeExpr::Intersection(operands))
}

fn postfix(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    let mut read = prefix(cursor, depth)?;
    while cursor.eat(Kind::Question).is_some() {
        read = TypeExpr::Marked(Mark::Optional, Box::new(read));
    }
    if cursor.kind() == Some(Kind::Bang) {
        cursor.bump();
        let other = prefix(cursor, depth + 1)?;
        read = TypeExpr::ErrorUnion(Box::new(read), Box::new(other));
    }
    Some(read)
}

fn prefix(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    if depth > DEPTH_LIMIT {
        let at = cursor.offset();
        cursor.problem(ProblemKind::DeepType, at, at, None);
        return None;
    }
    let Some(token) = cursor.peek() else {
        cursor.expected("a type");
        return None;
    };
    let mark = match token.kind {
        Kind::Ampersand => {
            cursor.bump();
            if cursor.eat_word("mut").is_some() { Mark::MutableReference } else { Mark::Reference }
        }
        Kind::Star => {
            cursor.bump();
            let constant = cursor.eat_word("const").is_some();
            if !constant {
                cursor.eat_word("mut");
            }
            if constant { Mark::ConstPointer } else { Mark::Pointer }
        }
        Kind::Question => {
            cursor.bump();
            Mark::Optional
        }
        Kind::Bang => {
            cursor.bump();
            Mark::Fallible
        }
        Kind::Range => {
            cursor.bump();
            Mark::Variadic
        }
        Kind::BracketOpen => return bracketed(cursor, depth),
        Kind::ParenOpen => return parenthesized(cursor, depth),
        Kind::BraceOpen => return record(cursor),
        Kind::Integer | Kind::Float | Kind::Text | Kind::Character | Kind::Minus => return literal(cursor),
        kind if is_name(kind) => return word(cursor, depth),
        _ => {
            cursor.expected("a type");
            return None;
        }
    };
    let inner = prefix(cursor, depth + 1)?;
    Some(TypeExpr::Marked(mark, Box::new(inner)))
}

/// `[]T`, `[]const T`, `[T; 3]`, `[3]T`, `[*]T`, and `[T]`, which is the slice that `&[T]` refers to.
fn bracketed(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    cursor.bump();
    let many = cursor.eat(Kind::Star).is_some();
    if many {
        while !matches!(cursor.kind(), None | Some(Kind::BracketClose)) {
            cursor.bump();
        }
    }
    if cursor.eat(Kind::BracketClose).is_some() {
        let constant = cursor.eat_word("const").is_some();
        let mark = match (many, constant) {
            (true, true) => Mark::ConstPointer,
            (true, false) => Mark::Pointer,
            (false, true) => Mark::ConstSlice,
            (false, false) => Mark::Slice,
        };
        return Some(TypeExpr::Marked(mark, Box::new(prefix(cursor, depth + 1)?)));
    }
    let inner_start = cursor.offset();
    let inner = union_at(cursor, depth + 1)?;
    if cursor.eat(Kind::Semicolon).is_some() {
        let start = cursor.offset();
        while !matches!(cursor.kind(), None | Some(Kind::BracketClose | Kind::BraceOpen)) {
            cursor.bump();
        }
        let length = cursor.slice(start, cursor.consumed_to()).to_owned();
        close(cursor, Kind::BracketClose, "`]`")?;
        return Some(TypeExpr::Array(Box::new(inner), length));
    }
    let length = cursor.slice(inner_start, cursor.consumed_to()).to_owned();
    close(cursor, Kind::BracketClose, "`]` or `; length]`")?;
    if begins_type(cursor) && !matches!(cursor.kind(), Some(Kind::Bang | Kind::Question)) {
        return Some(TypeExpr::Array(Box::new(prefix(cursor, depth + 1)?), length));
    }
    Some(TypeExpr::Marked(Mark::Slice, Box::new(inner)))
}

fn parenthesized(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    cursor.bump();
    let mut inner = list(cursor, Kind::ParenClose, depth + 1)?;
    if cursor.eat(Kind::Arrow).is_some() {
        return Some(TypeExpr::Function(inner, Some(Box::new(postfix(cursor, depth + 1)?))));
    }
    // Parentheses around one type only group it: `?(A | B)`.
    Some(if inner.len() == 1 { inner.remove(0) } else { TypeExpr::Tuple(inner) })
}

/// A record without a name; its tokens tell two of them apart.
fn record(cursor: &mut Cursor<'_>) -> Option<TypeExpr> {
    let mut text = String::new();
    let mut open = 0_u32;
    let start = cursor.mark();
    for _ in 0..RECORD_LIMIT_TOKENS {
        let Some(token) = cursor.bump() else { break };
        match token.kind {
            Kind::BraceOpen => open += 1,
            Kind::BraceClose => open -= 1,
            _ => {}
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(cursor.text_of(token));
        if open == 0 {
            return Some(TypeExpr::Record(text));
        }
    }
    // Nothing after an unclosed brace may be lost.
    cursor.rewind(start);
    cursor.expected("a record that ends");
    None
}

fn literal(cursor: &mut Cursor<'_>) -> Option<TypeExpr> {
    let negative = cursor.eat(Kind::Minus).is_some();
    let token = cursor.peek()?;
    let kind = match token.kind {
        Kind::Integer => Literal::Integer,
        Kind::Float => Literal::Float,
        Kind::Text if !negative => Literal::Text,
        Kind::Character if !negative => Literal::Character,
        _ => {
            cursor.expected("a number");
            return None;
        }
    };
    cursor.bump();
    let sign = if negative { "-" } else { "" };
    Some(TypeExpr::Literal(kind, format!("{sign}{}", cursor.text_of(token))))
}

fn word(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    let first = cursor.word_at(0)?;
    match first {
        "func" | "fn" => return function(cursor, depth),
        "const" | "mut" | "dyn" | "impl" | "noalias" | "volatile" => {
            cursor.bump();
            return prefix(cursor, depth + 1);
        }
        "for" | "where" | "return" | "let" | "var" | "while" | "match" | "import" => {
            cursor.expected("a type");
            return None;
        }
        "any" => {
            cursor.bump();
            return Some(TypeExpr::Any);
        }
        "true" | "false" => {
            cursor.bump();
            return Some(TypeExpr::Literal(Literal::Bool, first.to_owned()));
        }
        _ => {}
    }
    let segments = path(cursor)?;
    let close = match cursor.kind() {
        Some(Kind::Less) => Kind::Greater,
        Some(Kind::BracketOpen) if cursor.kind_at(1) != Some(Kind::BracketClose) => Kind::BracketClose,
        // `Coercible(Float)`, `HashSet(string)`.
        Some(Kind::ParenOpen) => Kind::ParenClose,
        _ => return Some(TypeExpr::Path { segments, args: Vec::new() }),
    };
    cursor.bump();
    let args = list(cursor, close, depth + 1)?;
    Some(TypeExpr::Path { segments, args })
}

fn function(cursor: &mut Cursor<'_>, depth: u32) -> Option<TypeExpr> {
    cursor.bump();
    if cursor.eat(Kind::ParenOpen).is_none() {
        cursor.expected("`(`");
        return None;
    }
    let params = list(cursor, Kind::ParenClose, depth + 1)?;
    let returns =
        cursor.eat(Kind::Arrow).is_some() || (begins_type(cursor) && !cursor.is_word(0, "callconv"));
    let returns = if returns { Some(Box::new(postfix(cursor, depth + 1)?)) } else { None };
    Some(TypeExpr::Function(params, returns))
}

/// Reads types up to a closer; a name with a colon may stand before each.
fn list(cursor: &mut Cursor<'_>, closer: Kind, depth: u32) -> Option<Vec<TypeExpr>> {
    let mut read = Vec::new();
    loop {
        while cursor.eat(Kind::Comma).is_some() {}
        if cursor.eat(closer).is_some() {
            return Some(read);
        }
        if cursor.is_word(0, "comptime") {
            cursor.bump();
        }
        if cursor.word_at(0).is_some() && cursor.kind_at(1) == Some(Kind::Colon) {
            cursor.bump();
            cursor.bump();
        }
        read.push(union_at(cursor, depth)?);
        match cursor.kind() {
            Some(Kind::Comma) => {}
            Some(kind) if kind == closer => {}
            _ => {
                cursor.expected("`,` or the end of the list of types");
                return None;
            }
        }
    }
}

fn close(cursor: &mut Cursor<'_>, closer: Kind, expected: &str) -> Option<()> {
    if cursor.eat(closer).is_none() {
        cursor.expected(expected);
        return None;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TypeExpr {
        let mut cursor = Cursor::new(text);
        let read = type_expr(&mut cursor).expect(text);
        assert_eq!(cursor.peek(), None, "{text} is read whole");
        read
    }

    #[test]
    fn spellings_of_one_type_read_the_same() {
        for (a, b) in [
            ("Option<T>", "Option[T]"),
            ("Option<T>", "Option(T)"),
            ("a.b.C", "a::b::C"),
            ("T?", "?T"),
            ("[T; 3]", "[3]T"),
            ("(A)", "A"),
            ("fn(A) -> B", "func(x: A) B"),
            ("&[T]", "&[]T"),
            ("() -> void", "func() -> void"),
        ] {
            assert_eq!(read(a), read(b), "{a} and {b}");
        }
    }

    #[test]
    fn every_form_of_the_language_is_read_whole() {
        for text in [
            "[]const u8",
            "*const Config",
            "&mut T",
            "?*TreeNode",
            "Result<(), String>",
            "Map[String, []const u8]",
            "A | B | &C",
            "!ExtensionFilter",
            "CrawlError!string",
            "http.response ! parse_error",
            "*const fn (self: *anyopaque, len: usize) ?[]u8",
            "Canvas & { enable: () -> void }",
            "-1",
            "\"x\"",
            "true",
            "[*]const u8",
            "...any",
        ] {
            read(text);
        }
    }

    #[test]
    fn a_type_deeper_than_the_limit_is_a_problem_and_no_overflow() {
        let mut cursor = Cursor::new("");
        assert_eq!(type_expr(&mut cursor), None);
        let deep = "[".repeat(100_000);
        let mut cursor = Cursor::new(&deep);
        assert_eq!(type_expr(&mut cursor), None);
        assert_eq!(cursor.problems[0].kind, ProblemKind::DeepType);
    }
}
