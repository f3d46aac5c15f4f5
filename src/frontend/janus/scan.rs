//! The walk over one text: which declaration stands where. Nesting is an explicit stack, so depth
//! costs memory and never the call stack.
//!
//! A text is first read by its brackets alone. Only if they do not come out even is it read again
//! with the help of its layout: a declaration at the start of a line, indented no deeper than the
//! open one, ends it. So white space means something only where the brackets say nothing.

use super::cursor::{Cursor, Token};
use super::decl::{Scan, Scope, ScopeKind};
use super::lexer::Kind;
use super::problem::ProblemKind;
use super::skip::{Nesting, Step};
use super::starts::{begins_at, begins_declaration, prefix_len, seems_to_begin, wants_operand};

/// Reads the declarations of one text of less than 4 GiB. Linear in its length.
pub(super) fn scan(text: &str) -> Scan {
    let (by_brackets, even) = Scanner::new(text, false).run();
    if even { by_brackets } else { Scanner::new(text, true).run().0 }
}

/// What may stand in the block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Items,
    Fields,
    /// Variants of the type with this index.
    Variants(usize),
}

/// A block whose declarations are read.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) scope: usize,
    pub(super) content: Content,
    /// `}` or `end`; none for the file.
    closer: Option<Kind>,
    opened_at: u32,
    indent: u32,
}

/// The state of one walk.
pub(super) struct Scanner<'s> {
    pub(super) cursor: Cursor<'s>,
    pub(super) out: Scan,
    frames: Vec<Frame>,
    /// How many frames a `}` closes.
    brace_frames: usize,
    layout: bool,
    even: bool,
    /// Tokens of a body, for its fingerprint; kept to reuse its memory.
    pub(super) body: Vec<u8>,
    /// Where directives stand whose declaration has not come yet, and whether they ask for a run-time table.
    pub(super) directives: Option<(u32, bool)>,
}

impl<'s> Scanner<'s> {
    fn new(text: &'s str, layout: bool) -> Self {
        let file = Scope { parent: 0, kind: ScopeKind::File, start: 0 };
        Self {
            cursor: Cursor::new(text),
            out: Scan { scopes: vec![file], ..Scan::default() },
            frames: vec![Frame { scope: 0, content: Content::Items, closer: None, opened_at: 0, indent: 0 }],
            brace_frames: 0,
            layout,
            even: true,
            body: Vec::new(),
            directives: None,
        }
    }

    fn run(mut self) -> (Scan, bool) {
        while let Some(token) = self.cursor.peek() {
            if self.layout && self.frames.len() > 1 && self.ends_by_layout(token, self.frame().indent) {
                self.unclosed();
                continue;
            }
            match token.kind {
                Kind::BraceClose => self.close_brace(),
                Kind::End
                    if self.frame().closer == Some(Kind::End)
                        && self.cursor.kind_at(1) != Some(Kind::Colon) =>
                {
                    self.cursor.bump();
                    self.leave();
                }
                Kind::Semicolon | Kind::Comma => {
                    self.cursor.bump();
                }
                _ => self.item(token),
            }
        }
        while self.frames.len() > 1 {
            self.even = false;
            self.unclosed();
        }
        self.out.problems_left_out = self.cursor.problems_left_out;
        self.out.problems = self.cursor.problems;
        (self.out, self.even)
    }

    /// Reads whatever begins at `token` and consumes at least one token.
    fn item(&mut self, token: Token) {
        match token.kind {
            Kind::BraceOpen if self.at_directive() => {
                let (start, dynamic) = self.directives.unwrap_or((token.start, false));
                let asks = self.directive();
                self.directives = Some((start, dynamic || asks));
                return;
            }
            Kind::At => return self.attribute(),
            Kind::Colon
                if self.frame().content == Content::Items && self.cursor.kind_at(1) == Some(Kind::Word) =>
            {
                // `:min { … }`, and `:test "name" { … }`, which is a statement.
                if self.cursor.kind_at(2) == Some(Kind::Text) {
                    self.skip_statement(false);
                } else {
                    self.profile(token.start);
                }
                return;
            }
            Kind::Hash if self.cursor.kind_at(1) == Some(Kind::BracketOpen) => {
                self.cursor.bump();
                return self.skip_group();
            }
            _ => {}
        }
        let prefixes = prefix_len(&mut self.cursor);
        let content = self.frame().content;
        if content != Content::Items && self.member(prefixes) {
            self.directives = None;
            return;
        }
        if begins_at(&mut self.cursor, prefixes)
            || (content == Content::Items && seems_to_begin(&mut self.cursor, prefixes))
        {
            self.declaration(prefixes);
        } else if content == Content::Items && self.begins_statement(token) {
            self.skip_statement(false);
        } else {
            self.cursor.expected(match content {
                Content::Items => "a declaration or a statement",
                Content::Fields => "a field, a function or the end of the block",
                Content::Variants(_) => "a variant, a function or the end of the block",
            });
            if content == Content::Items {
                self.skip_line();
            } else {
                self.skip_member();
            }
        }
        self.directives = None;
    }

    /// Whether a statement at the level of declarations can begin so. `name:` cannot.
    fn begins_statement(&mut self, token: Token) -> bool {
        match token.kind {
            Kind::Word => self.cursor.kind_at(1) != Some(Kind::Colon),
            Kind::If
            | Kind::Do
            | Kind::BraceOpen
            | Kind::ParenOpen
            | Kind::Integer
            | Kind::Float
            | Kind::Text
            | Kind::OpenText
            | Kind::OpenCharacter
            | Kind::RawText
            | Kind::TextLine
            | Kind::TemplateText => true,
            _ => false,
        }
    }

    /// The innermost block that is read.
    pub(super) fn frame(&self) -> &Frame {
        self.frames.last().expect("the file's frame is never left")
    }

    /// The scope that encloses what comes next.
    pub(super) fn scope(&self) -> usize {
        self.frame().scope
    }

    /// What encloses what comes next.
    pub(super) fn enclosing(&self) -> ScopeKind {
        self.out.scopes.get(self.scope()).map_or(ScopeKind::File, |scope| scope.kind.clone())
    }

    /// Whether what comes next stands directly in the file.
    pub(super) fn at_file_level(&self) -> bool {
        self.frames.len() == 1
    }

    /// Consumes `{` or `do`, if one is there, and reads what it encloses as part of `scope`.
    pub(super) fn enter(&mut self, declared_at: u32, scope: usize, content: Content) -> bool {
        let closer = match self.cursor.kind() {
            Some(Kind::BraceOpen) => Kind::BraceClose,
            Some(Kind::Do) => Kind::End,
            _ => return false,
        };
        let opened_at = self.cursor.offset();
        self.cursor.bump();
        if closer == Kind::BraceClose {
            self.brace_frames += 1;
        }
        let indent = self.cursor.indent(declared_at).unwrap_or(0);
        self.frames.push(Frame { scope, content, closer: Some(closer), opened_at, indent });
        true
    }

    /// Adds a scope below the present one.
    pub(super) fn add_scope(&mut self, kind: ScopeKind) -> usize {
        let parent = self.scope();
        let start = self.cursor.offset();
        self.out.scopes.push(Scope { parent, kind, start });
        self.out.scopes.len() - 1
    }

    fn leave(&mut self) {
        if self.frames.len() > 1
            && let Some(frame) = self.frames.pop()
            && frame.closer == Some(Kind::BraceClose)
        {
            self.brace_frames -= 1;
        }
    }

    fn unclosed(&mut self) {
        let (at, closer) = (self.frame().opened_at, self.frame().closer);
        let expected = if closer == Some(Kind::End) { "`end`" } else { "`}`" };
        self.cursor.problem(ProblemKind::OpenBlock, at, at + 1, Some(expected.to_owned()));
        self.leave();
    }

    fn close_brace(&mut self) {
        if self.brace_frames == 0 {
            self.cursor.expected("a declaration");
            self.cursor.bump();
            return;
        }
        while self.frame().closer == Some(Kind::End) {
            self.unclosed();
        }
        self.cursor.bump();
        self.leave();
    }

    /// In a text whose brackets are not even: whether `token` begins a declaration that cannot be
    /// inside a block indented like `indent`.
    fn ends_by_layout(&mut self, token: Token, indent: u32) -> bool {
        self.cursor.indent(token.start).is_some_and(|own| own <= indent)
            && begins_declaration(&mut self.cursor)
    }

    /// Skips the `{ … }` or `do … end` that comes next, and gives the fingerprint of its tokens.
    pub(super) fn skip_body(&mut self, declared_at: u32) -> u64 {
        let opened_at = self.cursor.offset();
        let indent = self.cursor.indent(declared_at).unwrap_or(0);
        let mut nesting = Nesting::new();
        self.body.clear();
        loop {
            let Some(token) = self.cursor.peek() else {
                self.even = false;
                break;
            };
            if self.layout && self.ends_by_layout(token, indent) && !nesting.is_level() {
                break;
            }
            match nesting.take(&mut self.cursor, token) {
                Step::Fine => {}
                Step::MissingEnd => self.cursor.problem(
                    ProblemKind::Unexpected,
                    token.start,
                    token.end,
                    Some("`end` before it".to_owned()),
                ),
                Step::Stray => break,
            }
            self.body.extend_from_slice(self.cursor.text_of(token).as_bytes());
            self.body.push(super::fingerprint::SEPARATOR);
            if nesting.is_level() {
                return super::fingerprint::of_tokens(&self.body);
            }
        }
        self.cursor.problem(ProblemKind::OpenBlock, opened_at, opened_at + 1, Some("its end".to_owned()));
        super::fingerprint::of_tokens(&self.body)
    }

    /// Skips a balanced group that opens at the next token.
    pub(super) fn skip_group(&mut self) {
        let start = self.cursor.offset();
        let indent = self.cursor.line_indent(start);
        let mut nesting = Nesting::new();
        while let Some(token) = self.cursor.peek() {
            if self.layout && !nesting.is_level() && self.ends_by_layout(token, indent) {
                break;
            }
            if nesting.take(&mut self.cursor, token) == Step::Stray || nesting.is_level() {
                return;
            }
        }
        self.even = false;
        self.cursor.problem(ProblemKind::OpenBlock, start, start + 1, Some("its end".to_owned()));
    }

    /// Skips to the end of a statement: its `;`, the block's end, or the next declaration; with
    /// `in_list` also to a comma or to the next `name:` on a line of its own.
    pub(super) fn skip_statement(&mut self, in_list: bool) {
        let start = self.cursor.offset();
        let indent = self.cursor.indent(start).unwrap_or(0);
        let mut nesting = Nesting::new();
        while let Some(token) = self.cursor.peek() {
            if let Some(last) = nesting.last() {
                if nesting.is_level() {
                    let ends = match token.kind {
                        Kind::BraceClose => true,
                        Kind::Comma => in_list,
                        Kind::End => nesting.is_end_keyword(&mut self.cursor),
                        Kind::Word if in_list && self.cursor.kind_at(1) == Some(Kind::Colon) => {
                            self.cursor.breaks_between(last.end, token.start)
                        }
                        Kind::Word => !wants_operand(last.kind) && begins_declaration(&mut self.cursor),
                        // A directive or attribute belongs to the declaration after it.
                        Kind::BraceOpen => self.at_directive(),
                        Kind::Colon => {
                            self.cursor.kind_at(1) == Some(Kind::Word)
                                && self.cursor.indent(token.start).is_some()
                        }
                        _ => false,
                    };
                    if ends {
                        return;
                    }
                } else if self.layout && self.ends_by_layout(token, indent) {
                    break;
                }
            } else if token.kind == Kind::BraceClose || (in_list && token.kind == Kind::Comma) {
                return;
            }
            if nesting.take(&mut self.cursor, token) == Step::Stray {
                break;
            }
            if token.kind == Kind::Semicolon && nesting.is_level() {
                return;
            }
        }
        if !nesting.is_level() {
            self.even &= self.cursor.peek().is_some();
            self.cursor.problem(ProblemKind::OpenBlock, start, start + 1, Some("its end".to_owned()));
        }
    }

    /// After a problem in a list: skips the next token, then to the next comma or the list's end, but
    /// not beyond the line.
    fn skip_member(&mut self) {
        let mut open = 0_u32;
        let mut end = self.cursor.bump().map_or(0, |token| token.end);
        while let Some(token) = self.cursor.peek() {
            let on_next_line = token.start > end && self.cursor.breaks_between(end, token.start);
            if on_next_line || open == 0 && matches!(token.kind, Kind::Comma | Kind::BraceClose | Kind::End) {
                return;
            }
            match token.kind {
                Kind::BraceOpen | Kind::ParenOpen | Kind::BracketOpen => open += 1,
                Kind::BraceClose | Kind::ParenClose | Kind::BracketClose => open = open.saturating_sub(1),
                _ => {}
            }
            end = token.end;
            self.cursor.bump();
        }
    }

    /// After a problem: skips the rest of the line, whatever brackets it holds, since those of a
    /// broken line match nothing.
    pub(super) fn skip_line(&mut self) {
        let mut end = self.cursor.offset();
        while let Some(token) = self.cursor.peek() {
            if token.start > end && self.cursor.breaks_between(end, token.start) {
                return;
            }
            end = token.end;
            self.cursor.bump();
        }
    }
}
