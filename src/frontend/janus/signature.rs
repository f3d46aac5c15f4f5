//! Functions: `func name<T>(a: T) -> R where … { … }` in all generations of the syntax.

use super::decl::{FunctionDecl, Generic, Mark, Param, TypeExpr};
use super::fingerprint;
use super::generics::{generics, path};
use super::lexer::Kind;
use super::problem::ProblemKind;
use super::scan::Scanner;
use super::starts::{begins_declaration, begins_type};
use super::types::type_expr;

/// Words that stand before a parameter's name.
const PARAM_MARKS: [&str; 9] = ["mut", "comptime", "noalias", "const", "var", "ref", "inout", "own", "let"];

impl Scanner<'_> {
    /// Reads a function from `func` on; `start` is where its prefixes begin.
    pub(super) fn function(&mut self, start: u32, external: bool) {
        let (start, mut dynamic) = self.directives.take().unwrap_or((start, false));
        self.cursor.bump();
        let name_start = self.cursor.offset();
        let Some(name) = path(&mut self.cursor) else { return self.recover_to_body(start) };
        let name_end = self.cursor.consumed_to();
        let mut params_of_type = match self.cursor.kind() {
            Some(Kind::Less | Kind::BracketOpen) => generics(&mut self.cursor),
            _ => Vec::new(),
        };
        let Some(mut params) = self.params(&mut params_of_type) else { return self.recover_to_body(start) };
        if self.cursor.kind() == Some(Kind::ParenOpen)
            && params.iter().all(is_type_param)
            && !params.is_empty()
        {
            // `func f(T: type)(a: T)`: the first list only names types. A tuple as a bare return
            // type is no list of parameters; then everything is as it was.
            let mark = self.cursor.mark();
            match self.params(&mut params_of_type) {
                Some(second) if second.iter().all(|param| param.ty.is_some() || param.is_self) => {
                    params = second;
                }
                _ => self.cursor.rewind(mark),
            }
        }
        dynamic |= self.directives_here();
        if !self.return_type() {
            return self.recover_to_body(start);
        }
        dynamic |= self.directives_here();
        self.where_clause(&mut params_of_type);
        dynamic |= self.directives_here();
        let end = self.cursor.consumed_to();
        let signature = self.cursor.slice(start, end);
        let signature_hash = fingerprint::of_text(signature, &mut self.body);
        let body_hash = match self.cursor.kind() {
            Some(Kind::BraceOpen | Kind::Do) => Some(self.skip_body(start)),
            Some(Kind::Semicolon) => {
                self.cursor.bump();
                None
            }
            // No body: what comes next must be something else's beginning.
            None | Some(Kind::BraceClose | Kind::End) => None,
            Some(_) => {
                let next = self.cursor.offset();
                if !self.cursor.breaks_between(end, next) && !begins_declaration(&mut self.cursor) {
                    self.cursor.expected("`{`, `do` or `;`");
                    return self.recover_to_body(start);
                }
                None
            }
        };
        self.out.functions.push(FunctionDecl {
            scope: self.scope(),
            name,
            generics: params_of_type,
            params,
            external,
            dynamic,
            signature_hash,
            body_hash,
            start: name_start,
            end: name_end,
        });
    }

    fn directives_here(&mut self) -> bool {
        let mut dynamic = false;
        while self.at_directive() {
            dynamic |= self.directive();
        }
        dynamic
    }

    /// `-> T`, or a bare type if what follows it can follow a return type. `false` after a problem.
    fn return_type(&mut self) -> bool {
        if self.cursor.eat(Kind::Arrow).is_some() {
            if self.cursor.kind() != Some(Kind::BraceOpen) {
                return type_expr(&mut self.cursor).is_some();
            }
            // A record, if a body comes behind it; otherwise it is the body, and the type is missing.
            let mark = self.cursor.mark();
            let read = type_expr(&mut self.cursor).is_some();
            if !(read && matches!(self.cursor.kind(), Some(Kind::BraceOpen | Kind::Do | Kind::Semicolon))) {
                self.cursor.rewind(mark);
                self.cursor.expected("a type");
            }
            return true;
        }
        if !begins_type(&mut self.cursor) {
            return true;
        }
        let mark = self.cursor.mark();
        let read = type_expr(&mut self.cursor).is_some();
        let fits = match self.cursor.kind() {
            None | Some(Kind::BraceOpen | Kind::Do | Kind::Semicolon | Kind::BraceClose | Kind::End) => true,
            Some(_) => self.cursor.is_word(0, "where") || begins_declaration(&mut self.cursor),
        };
        if !(read && fits) {
            self.cursor.rewind(mark);
        }
        true
    }

    /// `(a: T, mut b: U = v, &self)`. A parameter `T: type` also names a type parameter.
    fn params(&mut self, params_of_type: &mut Vec<Generic>) -> Option<Vec<Param>> {
        if self.cursor.eat(Kind::ParenOpen).is_none() {
            self.cursor.expected("`(`");
            return None;
        }
        let mut params = Vec::new();
        loop {
            while self.cursor.eat(Kind::Comma).is_some() {}
            if self.cursor.eat(Kind::ParenClose).is_some() {
                return Some(params);
            }
            let param = self.param(params_of_type)?;
            if self.cursor.eat(Kind::Equals).is_some() {
                self.skip_default();
            }
            if !matches!(self.cursor.kind(), Some(Kind::Comma | Kind::ParenClose)) {
                let untyped = param.ty.is_none() && !param.is_self;
                self.cursor.expected(if untyped { "`:` and a type, `,` or `)`" } else { "`,` or `)`" });
                return None;
            }
            params.push(param);
        }
    }

    fn param(&mut self, params_of_type: &mut Vec<Generic>) -> Option<Param> {
        while self.cursor.kind() == Some(Kind::At) {
            self.attribute();
        }
        self.cursor.eat(Kind::Ampersand);
        self.cursor.eat(Kind::Star);
        while self.cursor.word_at(0).is_some_and(|word| PARAM_MARKS.contains(&word))
            && self.cursor.word_at(1).is_some()
        {
            self.cursor.bump();
        }
        match self.cursor.kind() {
            Some(Kind::Range) => {
                let ty = if self.cursor.kind_at(1) == Some(Kind::ParenClose) {
                    self.cursor.bump();
                    TypeExpr::Marked(Mark::Variadic, Box::new(TypeExpr::Any))
                } else {
                    type_expr(&mut self.cursor)?
                };
                return Some(Param { is_self: false, ty: Some(ty) });
            }
            Some(Kind::Integer | Kind::Float | Kind::Text | Kind::Character | Kind::Minus) => {
                return Some(Param { is_self: false, ty: Some(type_expr(&mut self.cursor)?) });
            }
            Some(Kind::ParenOpen) => self.skip_group(),
            _ => {}
        }
        let name = self.cursor.word_at(0);
        if name.is_some() {
            self.cursor.bump();
        } else if self.cursor.kind() != Some(Kind::Colon) {
            self.cursor.expected("a parameter");
            return None;
        }
        if matches!(name, Some("true" | "false")) && self.cursor.kind() != Some(Kind::Colon) {
            let ty = TypeExpr::Literal(super::decl::Literal::Bool, name.unwrap_or_default().to_owned());
            return Some(Param { is_self: false, ty: Some(ty) });
        }
        let ty =
            if self.cursor.eat(Kind::Colon).is_some() { Some(type_expr(&mut self.cursor)?) } else { None };
        let param = Param { is_self: name == Some("self"), ty };
        if let Some(name) = name
            && is_type_param(&param)
        {
            params_of_type.push(Generic { name: name.to_owned(), bound: None });
        }
        Some(param)
    }

    /// Skips a default value up to the `,` or `)` after it.
    fn skip_default(&mut self) {
        let mut depth = 0_u32;
        while let Some(kind) = self.cursor.kind() {
            match kind {
                Kind::ParenOpen | Kind::BracketOpen | Kind::BraceOpen => depth += 1,
                Kind::Comma | Kind::ParenClose | Kind::BracketClose | Kind::BraceClose if depth == 0 => {
                    return;
                }
                Kind::ParenClose | Kind::BracketClose | Kind::BraceClose => depth -= 1,
                _ => {}
            }
            if begins_declaration(&mut self.cursor) {
                return;
            }
            self.cursor.bump();
        }
    }

    /// After a problem in a header: goes on behind the body that belongs to it, so that the body's
    /// statements and its closing bracket are not taken for declarations.
    pub(super) fn recover_to_body(&mut self, declared_at: u32) {
        let mut parens = 0_u32;
        while let Some(token) = self.cursor.peek() {
            match token.kind {
                Kind::BraceOpen | Kind::Do => {
                    self.skip_body(declared_at);
                    return;
                }
                Kind::Semicolon if parens == 0 => {
                    self.cursor.bump();
                    return;
                }
                Kind::ParenOpen | Kind::BracketOpen => parens += 1,
                Kind::ParenClose | Kind::BracketClose => parens = parens.saturating_sub(1),
                Kind::BraceClose => return,
                _ => {}
            }
            if begins_declaration(&mut self.cursor) {
                return;
            }
            self.cursor.bump();
        }
        if self.cursor.problems.is_empty() {
            let at = self.cursor.consumed_to();
            self.cursor.problem(ProblemKind::Unexpected, at, at, Some("a body".to_owned()));
        }
    }
}

fn is_type_param(param: &Param) -> bool {
    matches!(&param.ty, Some(TypeExpr::Path { segments, .. }) if segments.len() == 1 && segments[0] == "type")
}
