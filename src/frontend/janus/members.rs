//! What stands inside types: fields and variants; and the marks before any declaration.

use super::decl::{ScopeKind, TypeKind, Variant};
use super::lexer::Kind;
use super::scan::{Content, Scanner};
use super::starts::begins_at;
use super::types::type_expr;

impl Scanner<'_> {
    /// Reads a field or a variant if one begins here.
    pub(super) fn member(&mut self, prefixes: usize) -> bool {
        let binds = self.cursor.is_word(prefixes, "let") || self.cursor.is_word(prefixes, "var");
        let prefixes = if binds { prefixes + 1 } else { prefixes };
        if self.cursor.word_at(prefixes).is_some() && self.cursor.kind_at(prefixes + 1) == Some(Kind::Colon) {
            for _ in 0..=prefixes + 1 {
                self.cursor.bump();
            }
            if type_expr(&mut self.cursor).is_none() {
                self.skip_line();
            } else if self.cursor.eat(Kind::Equals).is_some() {
                self.skip_statement(true);
            }
            return true;
        }
        if begins_at(&mut self.cursor, prefixes) {
            return false;
        }
        let index = match self.frame().content {
            Content::Variants(index) => index,
            // `type E { A, B }` without `enum` has variants all the same.
            Content::Fields if prefixes == 0 => {
                let ScopeKind::Type(index) = self.enclosing() else { return false };
                if !matches!(self.cursor.kind_at(1), Some(Kind::Comma | Kind::BraceClose | Kind::ParenOpen)) {
                    return false;
                }
                if let Some(decl) = self.out.types.get_mut(index)
                    && matches!(decl.kind, TypeKind::Plain)
                {
                    decl.kind = TypeKind::Variants(Vec::new());
                    decl.sealed = true;
                }
                index
            }
            _ => return false,
        };
        while self.cursor.eat_word("case").is_some()
            || self.cursor.eat(Kind::Pipe).is_some()
            || self.cursor.eat(Kind::Dot).is_some()
        {}
        let Some(name) = self.cursor.word_at(0) else { return false };
        let Some(token) = self.cursor.bump() else { return false };
        let variant = Variant { name: name.to_owned(), start: token.start, end: token.end };
        if let Some(decl) = self.out.types.get_mut(index)
            && let TypeKind::Variants(variants) = &mut decl.kind
        {
            variants.push(variant);
        }
        if matches!(self.cursor.kind(), Some(Kind::ParenOpen | Kind::BraceOpen)) {
            self.skip_group();
        }
        if self.cursor.eat(Kind::Equals).is_some() {
            self.skip_statement(true);
        }
        true
    }

    /// Whether `{.name: …}` stands here.
    pub(super) fn at_directive(&mut self) -> bool {
        self.cursor.kind() == Some(Kind::BraceOpen)
            && self.cursor.kind_at(1) == Some(Kind::Dot)
            && self.cursor.word_at(2).is_some()
            && self.cursor.kind_at(3) == Some(Kind::Colon)
    }

    /// Consumes a directive; whether it asks for a run-time table.
    pub(super) fn directive(&mut self) -> bool {
        let mut dynamic = false;
        let start = self.cursor.offset();
        self.cursor.bump();
        while let Some(kind) = self.cursor.kind() {
            match kind {
                Kind::BraceClose => {
                    self.cursor.bump();
                    return dynamic;
                }
                Kind::BraceOpen | Kind::Semicolon => break,
                _ => {}
            }
            if self.cursor.is_word(0, "dispatch") && self.cursor.kind_at(1) == Some(Kind::Colon) {
                dynamic |= self.cursor.is_word(2, "dynamic");
            }
            if begins_at(&mut self.cursor, 0) {
                break;
            }
            self.cursor.bump();
        }
        let problem = super::problem::ProblemKind::OpenBlock;
        self.cursor.problem(problem, start, start + 1, Some("`.}` at the end of the directive".to_owned()));
        dynamic
    }

    /// Skips `@name(…)`.
    pub(super) fn attribute(&mut self) {
        self.cursor.bump();
        if self.cursor.word_at(0).is_none() {
            return self.cursor.expected("a name after `@`");
        }
        self.cursor.bump();
        if self.cursor.kind() == Some(Kind::ParenOpen) {
            self.skip_group();
        }
    }
}
