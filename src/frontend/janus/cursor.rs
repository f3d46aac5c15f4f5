//! Tokens without comments, with as much look-ahead as a declaration needs, and a way back.

use std::collections::VecDeque;

use logos::Logos;

use super::lexer::Kind;
use super::problem::{Problem, ProblemKind};

/// More problems in one file are counted, not kept: a file of noise must not fill the memory.
const MAX_PROBLEMS: usize = 1000;

/// How far back the beginning of a line is looked for, in bytes: lines may be as long as files.
const LINE_REACH: u32 = 256;

/// One token: its kind and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A walk over the tokens of one text.
pub(super) struct Cursor<'s> {
    text: &'s str,
    lexer: logos::Lexer<'s, Kind>,
    ahead: VecDeque<Token>,
    /// End of the token consumed last.
    consumed_to: u32,
    /// Problems up to here have been reported, so that going back reports none twice.
    reported_to: u32,
    /// What was wrong so far, lexical or not.
    pub(super) problems: Vec<Problem>,
    /// How many problems were found beyond the limit.
    pub(super) problems_left_out: u64,
}

/// Where a cursor stood.
pub(super) struct Mark<'s> {
    lexer: logos::Lexer<'s, Kind>,
    ahead: VecDeque<Token>,
    consumed_to: u32,
    problems: usize,
    problems_left_out: u64,
    reported_to: u32,
}

impl<'s> Cursor<'s> {
    /// `text` must be shorter than 4 GiB.
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            text,
            lexer: Kind::lexer(text),
            ahead: VecDeque::new(),
            consumed_to: 0,
            reported_to: 0,
            problems: Vec::new(),
            problems_left_out: 0,
        }
    }

    /// The token `n` further on, without consuming anything.
    pub(super) fn peek_at(&mut self, n: usize) -> Option<Token> {
        while self.ahead.len() <= n {
            let token = self.lex()?;
            self.ahead.push_back(token);
        }
        self.ahead.get(n).copied()
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Option<Token> {
        self.peek_at(0)
    }

    /// Kind of the next token.
    pub(super) fn kind(&mut self) -> Option<Kind> {
        self.peek_at(0).map(|token| token.kind)
    }

    /// Kind of the token `n` further on.
    pub(super) fn kind_at(&mut self, n: usize) -> Option<Kind> {
        self.peek_at(n).map(|token| token.kind)
    }

    /// Consumes one token.
    pub(super) fn bump(&mut self) -> Option<Token> {
        let token = match self.ahead.pop_front() {
            Some(token) => token,
            None => self.lex()?,
        };
        self.consumed_to = token.end;
        Some(token)
    }

    /// Consumes the next token if it is of this kind.
    pub(super) fn eat(&mut self, kind: Kind) -> Option<Token> {
        if self.kind() == Some(kind) { self.bump() } else { None }
    }

    /// Consumes the next token if it is this word.
    pub(super) fn eat_word(&mut self, word: &str) -> Option<Token> {
        if self.is_word(0, word) { self.bump() } else { None }
    }

    /// Whether the token `n` further on is this word.
    pub(super) fn is_word(&mut self, n: usize, word: &str) -> bool {
        self.peek_at(n).is_some_and(|token| token.kind == Kind::Word && self.text_of(token) == word)
    }

    /// The word `n` further on; keywords of blocks count as words, since they are also names.
    pub(super) fn word_at(&mut self, n: usize) -> Option<&'s str> {
        let token = self.peek_at(n)?;
        is_name(token.kind).then(|| self.text_of(token))
    }

    /// A token's characters.
    pub(super) fn text_of(&self, token: Token) -> &'s str {
        self.slice(token.start, token.end)
    }

    /// The characters between two offsets.
    pub(super) fn slice(&self, start: u32, end: u32) -> &'s str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// Offset of the next token, or of the end of the text.
    pub(super) fn offset(&mut self) -> u32 {
        self.peek().map_or(self.text.len() as u32, |token| token.start)
    }

    /// End of the token consumed last; 0 before the first.
    pub(super) fn consumed_to(&self) -> u32 {
        self.consumed_to
    }

    /// Whether a line break lies between two offsets.
    pub(super) fn breaks_between(&self, start: u32, end: u32) -> bool {
        self.slice(start, end).contains('\n')
    }

    /// How many bytes of white space precede this offset on its line; `None` if something else
    /// stands before it there.
    pub(super) fn indent(&self, offset: u32) -> Option<u32> {
        let before = self.slice(0, offset);
        let space = before.trim_end_matches([' ', '\t']);
        (space.is_empty() || space.ends_with('\n')).then(|| (before.len() - space.len()) as u32)
    }

    /// The indent of the line that an offset is in, as far as its beginning is near.
    pub(super) fn line_indent(&self, offset: u32) -> u32 {
        let near = self.text.as_bytes().get(offset.saturating_sub(LINE_REACH) as usize..offset as usize);
        let near = near.unwrap_or_default();
        let Some(line) =
            near.rsplit(|byte| *byte == b'\n').next().filter(|line| line.len() < LINE_REACH as usize)
        else {
            return 0;
        };
        line.iter().take_while(|byte| matches!(**byte, b' ' | b'\t')).count() as u32
    }

    /// Remembers this position.
    pub(super) fn mark(&self) -> Mark<'s> {
        Mark {
            lexer: self.lexer.clone(),
            ahead: self.ahead.clone(),
            consumed_to: self.consumed_to,
            problems: self.problems.len(),
            problems_left_out: self.problems_left_out,
            reported_to: self.reported_to,
        }
    }

    /// Goes back to where `mark` was taken and forgets the problems found since.
    pub(super) fn rewind(&mut self, mark: Mark<'s>) {
        self.lexer = mark.lexer;
        self.ahead = mark.ahead;
        self.consumed_to = mark.consumed_to;
        self.problems.truncate(mark.problems);
        self.problems_left_out = mark.problems_left_out;
        self.reported_to = mark.reported_to;
    }

    /// Reports what was expected where the next token stands.
    pub(super) fn expected(&mut self, expected: impl Into<String>) {
        let start = self.offset();
        let end = self.peek().map_or(start, |token| token.end);
        self.problem(ProblemKind::Unexpected, start, end, Some(expected.into()));
    }

    /// Reports a problem between two offsets.
    pub(super) fn problem(&mut self, kind: ProblemKind, start: u32, end: u32, expected: Option<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { kind, start, end, expected });
        } else {
            self.problems_left_out += 1;
        }
    }

    fn lex(&mut self) -> Option<Token> {
        loop {
            let result = self.lexer.next()?;
            let span = self.lexer.span();
            let (start, end) = (span.start as u32, span.end as u32);
            let unterminated = std::mem::take(&mut self.lexer.extras.unterminated);
            let Ok(kind) = result else {
                self.lexical(ProblemKind::Character, start, end);
                continue;
            };
            let what = match kind {
                Kind::OpenText | Kind::RawText | Kind::TemplateText => ProblemKind::OpenText,
                Kind::BlockComment => ProblemKind::OpenComment,
                Kind::OpenCharacter => ProblemKind::OpenCharacter,
                _ => ProblemKind::Character,
            };
            if unterminated || matches!(kind, Kind::OpenText | Kind::OpenCharacter) {
                self.lexical(what, start, end);
            }
            if !matches!(kind, Kind::LineComment | Kind::BlockComment) {
                return Some(Token { kind, start, end });
            }
        }
    }

    /// Reports a lexical problem, once, and one for a run of strange characters.
    fn lexical(&mut self, kind: ProblemKind, start: u32, end: u32) {
        if start < self.reported_to {
            return;
        }
        self.reported_to = end;
        if let Some(last) = self.problems.last_mut()
            && last.kind == ProblemKind::Character
            && kind == ProblemKind::Character
            && last.end == start
        {
            last.end = end;
            return;
        }
        self.problem(kind, start, end, None);
    }
}

/// Whether a token of this kind can be a name: `end` and `if` are names too, after a dot or `func`.
pub(super) fn is_name(kind: Kind) -> bool {
    matches!(kind, Kind::Word | Kind::Do | Kind::End | Kind::If | Kind::Else)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_reports_a_problem_once() {
        let mut cursor = Cursor::new("a \u{1} b");
        let mark = cursor.mark();
        while cursor.bump().is_some() {}
        cursor.rewind(mark);
        assert!(cursor.problems.is_empty());
        while cursor.bump().is_some() {}
        assert_eq!(cursor.problems.len(), 1);
    }

    #[test]
    fn comments_are_not_tokens() {
        let mut cursor = Cursor::new("a // x\n/* y */ b");
        assert_eq!(cursor.word_at(0), Some("a"));
        assert_eq!(cursor.word_at(1), Some("b"));
        assert_eq!(cursor.peek_at(2), None);
    }

    #[test]
    fn an_indent_counts_only_when_nothing_else_precedes() {
        let cursor = Cursor::new("a\n  b c");
        assert_eq!(cursor.indent(4), Some(2));
        assert_eq!(cursor.indent(6), None);
    }
}
