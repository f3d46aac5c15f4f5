//! Declarations of types, blocks and modules.

use std::collections::HashMap;

use super::cursor::is_name;
use super::decl::{Alternative, Generic, ImplDecl, ScopeKind, TypeDecl, TypeExpr, TypeKind};
use super::generics::{bounds, generics, path};
use super::lexer::Kind;
use super::scan::{Content, Scanner};
use super::types::single_type;

/// How a type's body is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Fields,
    Variants,
    Trait,
}

impl Scanner<'_> {
    /// Reads the declaration whose word stands after `prefixes` tokens.
    pub(super) fn declaration(&mut self, prefixes: usize) {
        let start = self.cursor.offset();
        let mut external = false;
        for _ in 0..prefixes {
            external |= self.cursor.is_word(0, "extern");
            self.cursor.bump();
        }
        let Some(head) = self.cursor.word_at(0) else { return };
        match head {
            "func" | "fn" => self.function(start, external),
            "struct" | "union" => self.named_type(start, Shape::Fields),
            "enum" | "error" => self.named_type(start, Shape::Variants),
            "trait" => self.named_type(start, Shape::Trait),
            "type" => self.type_item(start),
            "impl" | "extension" => self.impl_item(start),
            "module" | "mod" | "namespace" => self.module_item(start),
            "profile" => {
                self.cursor.bump();
                self.profile(start);
            }
            "import" | "use" | "using" | "graft" => self.import_item(),
            _ => self.const_item(start),
        }
    }

    /// `:go`, for the rest of the file, or `:go { … }`: groups declarations and names nothing.
    pub(super) fn profile(&mut self, start: u32) {
        self.cursor.bump();
        self.cursor.bump();
        let scope = self.scope();
        self.enter(start, scope, Content::Items);
    }

    /// `struct S<T> { … }`, `enum E { … }`, `error E { … }`, `trait T: U { … }`, and `struct S;`.
    fn named_type(&mut self, start: u32, shape: Shape) {
        self.cursor.bump();
        let name_start = self.cursor.offset();
        let Some(name) = path(&mut self.cursor) else { return self.recover_to_body(start) };
        let name_end = self.cursor.consumed_to();
        let mut params = match self.cursor.kind() {
            Some(Kind::ParenOpen) if shape == Shape::Fields => {
                // A tuple struct: the payload is no type parameter.
                self.skip_group();
                Vec::new()
            }
            _ => generics(&mut self.cursor),
        };
        let mut parents = Vec::new();
        if self.cursor.eat(Kind::Colon).is_some() {
            while let Some(parent) = single_type(&mut self.cursor) {
                parents.push(parent);
                if self.cursor.eat(Kind::Plus).is_none() && self.cursor.eat(Kind::Comma).is_none() {
                    break;
                }
            }
        }
        self.where_clause(&mut params);
        let decl = TypeDecl {
            scope: self.scope(),
            name,
            generics: params,
            kind: kind_of(shape),
            parents,
            sealed: shape == Shape::Variants,
            forward: false,
            start: name_start,
            end: name_end,
        };
        self.type_with_body(start, decl, shape);
    }

    /// Registers a type and reads its body if one opens here.
    fn type_with_body(&mut self, start: u32, decl: TypeDecl, shape: Shape) {
        let index = self.out.types.len();
        self.out.types.push(decl);
        if matches!(self.cursor.kind(), Some(Kind::BraceOpen | Kind::Do)) {
            let scope = self.add_scope(ScopeKind::Type(index));
            let content = match shape {
                Shape::Fields => Content::Fields,
                Shape::Variants => Content::Variants(index),
                Shape::Trait => Content::Items,
            };
            self.enter(start, scope, content);
        } else {
            self.cursor.eat(Kind::Semicolon);
            if let Some(decl) = self.out.types.get_mut(index) {
                decl.forward = true;
            }
        }
    }

    /// `type X …` in all its forms.
    fn type_item(&mut self, start: u32) {
        self.cursor.bump();
        let openness = match self.cursor.word_at(0) {
            Some(word @ ("sealed" | "open")) if self.cursor.kind_at(1).is_some_and(is_name) => {
                self.cursor.bump();
                Some(word == "sealed")
            }
            _ => None,
        };
        let name_start = self.cursor.offset();
        let Some(name) = path(&mut self.cursor) else { return self.skip_line() };
        let name_end = self.cursor.consumed_to();
        let params = match self.cursor.kind() {
            Some(Kind::Less | Kind::BracketOpen) => generics(&mut self.cursor),
            _ => Vec::new(),
        };
        let mut decl = TypeDecl {
            scope: self.scope(),
            name,
            generics: params,
            kind: TypeKind::Plain,
            parents: Vec::new(),
            sealed: false,
            forward: false,
            start: name_start,
            end: name_end,
        };
        if self.cursor.eat(Kind::Equals).is_none() {
            return self.type_with_body(start, decl, Shape::Fields);
        }
        if let Some(shape) = self.anonymous_type() {
            decl.kind = kind_of(shape);
            decl.sealed = shape == Shape::Variants;
            return self.type_with_body(start, decl, shape);
        }
        if self.cursor.kind() == Some(Kind::BraceOpen) {
            self.skip_group();
        } else if let Some((kind, parents)) = self.right_side() {
            // A record may be written `sealed` too, but has values of its own: were it a sealed type,
            // its method would be left out as soon as the types below it have theirs.
            decl.sealed = openness == Some(true) && matches!(kind, TypeKind::Sum(_));
            decl.kind = kind;
            decl.parents = parents;
        } else {
            self.skip_line();
        }
        self.cursor.eat(Kind::Semicolon);
        self.out.types.push(decl);
    }

    /// Consumes `struct`, `packed struct`, `enum(u8)`, `union(enum)`, `error` before a body.
    fn anonymous_type(&mut self) -> Option<Shape> {
        let n = usize::from(self.cursor.is_word(0, "packed") || self.cursor.is_word(0, "extern"));
        let shape = match self.cursor.word_at(n)? {
            "struct" | "union" | "opaque" => Shape::Fields,
            "enum" | "error" => Shape::Variants,
            "trait" => Shape::Trait,
            _ => return None,
        };
        if !matches!(self.cursor.kind_at(n + 1), Some(Kind::BraceOpen | Kind::Do | Kind::ParenOpen)) {
            return None;
        }
        for _ in 0..=n {
            self.cursor.bump();
        }
        if self.cursor.kind() == Some(Kind::ParenOpen) {
            self.skip_group();
        }
        Some(shape)
    }

    /// `A | B{x: T} | C`, `A & { … }`, or one type, which is an alias.
    fn right_side(&mut self) -> Option<(TypeKind, Vec<TypeExpr>)> {
        let mut alternatives = Vec::new();
        self.cursor.eat(Kind::Pipe);
        loop {
            let start = self.cursor.offset();
            let declares = self.cursor.word_at(0).is_some_and(|word| word != "func" && word != "fn")
                && matches!(self.cursor.kind_at(1), Some(Kind::BraceOpen | Kind::ParenOpen));
            let expr = if declares {
                TypeExpr::Path { segments: path(&mut self.cursor)?, args: Vec::new() }
            } else {
                single_type(&mut self.cursor)?
            };
            let end = self.cursor.consumed_to();
            if self.cursor.kind() == Some(Kind::Ampersand) && alternatives.is_empty() {
                return self.intersection(expr);
            }
            if declares {
                self.skip_group();
            }
            alternatives.push(Alternative { expr, declares, start, end });
            if self.cursor.eat(Kind::Pipe).is_none() {
                break;
            }
        }
        if alternatives.len() == 1 && !alternatives[0].declares {
            return Some((TypeKind::Alias(alternatives.remove(0).expr), Vec::new()));
        }
        Some((TypeKind::Sum(alternatives), Vec::new()))
    }

    /// `A & B & { … }`: a new type below each named operand.
    fn intersection(&mut self, first: TypeExpr) -> Option<(TypeKind, Vec<TypeExpr>)> {
        let mut parents = vec![first];
        while self.cursor.eat(Kind::Ampersand).is_some() {
            if self.cursor.kind() == Some(Kind::BraceOpen) {
                self.skip_group();
            } else {
                parents.push(single_type(&mut self.cursor)?);
            }
        }
        Some((TypeKind::Plain, parents))
    }

    /// `impl T { … }`, `impl Trait for T { … }`, `extension T { … }`.
    fn impl_item(&mut self, start: u32) {
        let head = self.cursor.offset();
        self.cursor.bump();
        let mut params = match self.cursor.kind() {
            Some(Kind::Less | Kind::BracketOpen) => generics(&mut self.cursor),
            _ => Vec::new(),
        };
        if self.cursor.kind() == Some(Kind::BraceOpen) {
            // Its body, not a record; type parameters that are malformed have been told already.
            let at = self.cursor.offset();
            if self.cursor.problems.last().is_none_or(|problem| problem.start != at) {
                self.cursor.expected("a type");
            }
            return self.recover_to_body(start);
        }
        let Some(first) = single_type(&mut self.cursor) else { return self.recover_to_body(start) };
        let (implemented, target) = if self.cursor.eat_word("for").is_some() {
            let Some(target) = single_type(&mut self.cursor) else { return self.recover_to_body(start) };
            (Some(first), target)
        } else {
            (None, first)
        };
        let end = self.cursor.consumed_to();
        self.where_clause(&mut params);
        let scope = self.scope();
        self.out.impls.push(ImplDecl { scope, generics: params, implemented, target, start: head, end });
        let inner = self.add_scope(ScopeKind::Impl(self.out.impls.len() - 1));
        if !self.enter(start, inner, Content::Items) && self.cursor.eat(Kind::Semicolon).is_none() {
            self.cursor.expected("`{`, `do` or `;`");
            self.recover_to_body(start);
        }
    }

    /// `where T: A, U: B`: bounds for parameters that are in scope, and new ones.
    pub(super) fn where_clause(&mut self, params: &mut Vec<Generic>) {
        if self.cursor.eat_word("where").is_none() {
            return;
        }
        let mut known: HashMap<String, usize> =
            params.iter().enumerate().map(|(at, param)| (param.name.clone(), at)).collect();
        while let Some(name) = self.cursor.word_at(0) {
            if self.cursor.kind_at(1) != Some(Kind::Colon) {
                return;
            }
            self.cursor.bump();
            self.cursor.bump();
            let bound = bounds(&mut self.cursor);
            match known.get(name).and_then(|at| params.get_mut(*at)) {
                Some(param) if param.bound.is_none() => param.bound = bound,
                Some(_) => {}
                None => {
                    known.insert(name.to_owned(), params.len());
                    params.push(Generic { name: name.to_owned(), bound });
                }
            }
            if self.cursor.eat(Kind::Comma).is_none() {
                return;
            }
        }
    }

    /// `module a.b;` for the file, `module a { … }` inside.
    fn module_item(&mut self, start: u32) {
        let is_mod = self.cursor.is_word(0, "mod");
        self.cursor.bump();
        let name_start = self.cursor.offset();
        let Some(name) = path(&mut self.cursor) else { return self.recover_to_body(start) };
        let name_end = self.cursor.consumed_to();
        if matches!(self.cursor.kind(), Some(Kind::BraceOpen | Kind::Do)) {
            let scope = self.add_scope(ScopeKind::Module(name.join(".")));
            self.enter(start, scope, Content::Items);
            return;
        }
        self.cursor.eat(Kind::Semicolon);
        if is_mod {
            self.import_module(name, name_start, name_end);
        } else if self.at_file_level() && self.out.module.is_none() {
            self.out.module = Some(name.join("."));
        } else {
            let problem = "one `module` line in a file, and `module name { … }` for more".to_owned();
            self.cursor.problem(super::problem::ProblemKind::Unexpected, name_start, name_end, Some(problem));
        }
    }

    /// `const S = struct { … };`, or a value, which is skipped.
    fn const_item(&mut self, start: u32) {
        let mut value_at = 3;
        if self.cursor.kind_at(2) == Some(Kind::Colon) && self.cursor.is_word(3, "type") {
            value_at = 5;
        }
        let packed = self.cursor.is_word(value_at, "packed") || self.cursor.is_word(value_at, "extern");
        let is_type = matches!(
            self.cursor.word_at(value_at + usize::from(packed)),
            Some("struct" | "enum" | "union" | "error" | "opaque")
        ) && matches!(
            self.cursor.kind_at(value_at + usize::from(packed) + 1),
            Some(Kind::BraceOpen | Kind::Do | Kind::ParenOpen)
        );
        if !is_type {
            return self.skip_statement(false);
        }
        let name = self.cursor.word_at(1).unwrap_or_default().to_owned();
        let named = self.cursor.peek_at(1);
        for _ in 0..value_at {
            self.cursor.bump();
        }
        let shape = self.anonymous_type().unwrap_or(Shape::Fields);
        let decl = TypeDecl {
            scope: self.scope(),
            name: vec![name],
            generics: Vec::new(),
            kind: kind_of(shape),
            parents: Vec::new(),
            sealed: shape == Shape::Variants,
            forward: false,
            start: named.map_or(start, |token| token.start),
            end: named.map_or(start, |token| token.end),
        };
        self.type_with_body(start, decl, shape);
    }
}

const fn kind_of(shape: Shape) -> TypeKind {
    match shape {
        Shape::Fields => TypeKind::Plain,
        Shape::Variants => TypeKind::Variants(Vec::new()),
        Shape::Trait => TypeKind::Trait,
    }
}
