//! Blocks that are skipped: `{ … }` and `do … end` in any mix, with a stack of one byte a level.
//!
//! Two habits of the language make this more than counting. `end` is also a name (`s[start..end]`),
//! so it closes only where no operand is wanted and no assignment follows. And one `end` closes a
//! whole `if a do … else if b do … else … end`, while `if a do … end else … end` has two: what
//! stands before `else` decides.

use super::cursor::{Cursor, Token};
use super::lexer::Kind;

const BRACE: u8 = 1;
const DO: u8 = 2;
const PAREN: u8 = 3;
const BRACKET: u8 = 4;
const SHAPE: u8 = 7;
/// The block belongs to an `if`, so an `else` may follow its end.
const OF_IF: u8 = 8;
/// An `if` stands at this level, its block not yet.
const IF_PENDING: u8 = 16;
/// An `else if` stands at this level whose `do` continues the block.
const CHAIN_PENDING: u8 = 32;

/// What one token did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is wrong.
    Fine,
    /// It closed a brace while a `do` inside was still open.
    MissingEnd,
    /// It is a `}` without its `{`, and was not consumed.
    Stray,
}

/// The blocks that are open.
pub(super) struct Nesting {
    levels: Vec<u8>,
    braces: usize,
    /// The last two tokens, the later first.
    before: [Option<Token>; 2],
    /// Whether the last token closed a block of an `if`.
    closed_if: bool,
    /// Whether the last token is an `else` right after such a block.
    else_after_if: bool,
}

impl Nesting {
    /// Nothing is open.
    pub(super) fn new() -> Self {
        Self { levels: vec![0], braces: 0, before: [None, None], closed_if: false, else_after_if: false }
    }

    /// Whether nothing is open.
    pub(super) fn is_level(&self) -> bool {
        self.levels.len() == 1
    }

    /// The token taken last.
    pub(super) fn last(&self) -> Option<Token> {
        self.before[0]
    }

    /// Consumes the cursor's next token, which is `token`, unless it is a stray brace.
    pub(super) fn take(&mut self, cursor: &mut Cursor<'_>, token: Token) -> Step {
        if token.kind == Kind::BraceClose && self.braces == 0 {
            return Step::Stray;
        }
        let closes = token.kind == Kind::End && self.is_closing_end(cursor);
        cursor.bump();
        let (mut closed_if, mut else_after_if) = (false, false);
        let mut step = Step::Fine;
        match token.kind {
            Kind::BraceOpen => {
                let of_if = self.pending(IF_PENDING | CHAIN_PENDING) || self.after(Kind::Else);
                self.clear(IF_PENDING | CHAIN_PENDING);
                self.push(BRACE, of_if);
                self.braces += 1;
            }
            Kind::ParenOpen => self.push(PAREN, false),
            Kind::BracketOpen => self.push(BRACKET, false),
            Kind::ParenClose => self.close_bracket(PAREN),
            Kind::BracketClose => self.close_bracket(BRACKET),
            Kind::BraceClose => (step, closed_if) = self.close_brace(),
            Kind::Do if !self.after(Kind::Dot) => self.take_do(cursor),
            Kind::End if closes => closed_if = self.levels.pop().is_some_and(|level| level & OF_IF != 0),
            Kind::If if !self.after(Kind::Dot) => {
                let chains = self.after(Kind::Else)
                    && !self.else_after_if
                    && self.top() & (SHAPE | OF_IF) == DO | OF_IF;
                self.clear(IF_PENDING | CHAIN_PENDING);
                self.set(if chains { CHAIN_PENDING } else { IF_PENDING });
            }
            Kind::Else => {
                // Inside `if a do … if b do … end` both blocks could have the `else`: it is the
                // outer one's when it stands on a line of its own.
                let outer = self.top() & (SHAPE | OF_IF) == DO | OF_IF
                    && self.before[0].is_some_and(|last| cursor.breaks_between(last.end, token.start));
                else_after_if = self.closed_if && !outer;
                let after_end = self.after(Kind::End) && else_after_if;
                let inline = matches!(
                    cursor.kind(),
                    Some(Kind::If | Kind::Do | Kind::BraceOpen | Kind::FatArrow | Kind::Pipe) | None
                );
                if after_end && !inline {
                    self.push(DO, true);
                }
            }
            Kind::Semicolon | Kind::FatArrow => self.clear(IF_PENDING | CHAIN_PENDING),
            Kind::Word
                if self.top() & (IF_PENDING | CHAIN_PENDING) != 0 && is_statement(cursor.text_of(token)) =>
            {
                self.clear(IF_PENDING | CHAIN_PENDING);
            }
            _ => {}
        }
        self.closed_if = closed_if;
        self.else_after_if = else_after_if;
        self.before = [Some(token), self.before[0]];
        step
    }

    /// Whether the `end` that comes next closes a block rather than being a name.
    pub(super) fn is_closing_end(&self, cursor: &mut Cursor<'_>) -> bool {
        self.top() & SHAPE == DO && self.is_end_keyword(cursor)
    }

    /// Whether the `end` that comes next stands where a name would not.
    pub(super) fn is_end_keyword(&self, cursor: &mut Cursor<'_>) -> bool {
        let Some(end) = cursor.peek() else { return false };
        let next = cursor.kind_at(1);
        if matches!(
            next,
            Some(
                Kind::Equals
                    | Kind::Operator
                    | Kind::Colon
                    | Kind::Less
                    | Kind::Greater
                    | Kind::Range
                    | Kind::Plus
                    | Kind::Slash
            )
        ) {
            return false;
        }
        let Some(last) = self.before[0] else { return true };
        match last.kind {
            // A comma is no sign: inside parentheses no block ends, outside it closes the last arm.
            Kind::Dot
            | Kind::PathSeparator
            | Kind::Equals
            | Kind::Operator
            | Kind::Range
            | Kind::Less
            | Kind::Greater
            | Kind::Plus
            | Kind::Minus
            | Kind::Slash
            | Kind::Bang
            | Kind::Pipe
            | Kind::Ampersand
            | Kind::Colon
            | Kind::Arrow
            | Kind::If => false,
            // `p.*` ends an operand, `a *` wants one.
            Kind::Star => self.before[1].is_some_and(|token| token.kind == Kind::Dot),
            Kind::Else => next != Some(Kind::End),
            Kind::Word => match cursor.text_of(last) {
                // `return` may end a block or have `end` as its value: the line decides.
                "return" => {
                    cursor.breaks_between(last.end, end.start)
                        || !matches!(next, Some(Kind::End | Kind::Else | Kind::BraceClose | Kind::Semicolon))
                }
                word => !wants_operand(word),
            },
            _ => true,
        }
    }

    fn take_do(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.kind() == Some(Kind::BraceOpen) && !self.is_level() {
            // `with x do { … }` is one block, and its brace ends it.
            return;
        }
        if self.pending(CHAIN_PENDING) {
            self.clear(CHAIN_PENDING);
            return;
        }
        let continues =
            self.after(Kind::Else) && !self.else_after_if && self.top() & (SHAPE | OF_IF) == DO | OF_IF;
        if continues {
            return;
        }
        let of_if = self.pending(IF_PENDING) || self.after(Kind::Else);
        self.clear(IF_PENDING);
        self.push(DO, of_if);
    }

    /// Closes the innermost brace and whatever is open inside it.
    fn close_brace(&mut self) -> (Step, bool) {
        let mut step = Step::Fine;
        while let Some(level) = self.levels.pop() {
            match level & SHAPE {
                BRACE => {
                    self.braces -= 1;
                    return (step, level & OF_IF != 0);
                }
                DO => step = Step::MissingEnd,
                _ => {}
            }
        }
        (step, false)
    }

    /// Closes a parenthesis or bracket, and one forgotten one inside it.
    fn close_bracket(&mut self, shape: u8) {
        if self.top() & SHAPE == shape {
            self.levels.pop();
        } else if self.levels.len() > 2
            && matches!(self.top() & SHAPE, PAREN | BRACKET)
            && self.levels.get(self.levels.len() - 2).is_some_and(|level| level & SHAPE == shape)
        {
            self.levels.truncate(self.levels.len() - 2);
        }
    }

    fn push(&mut self, shape: u8, of_if: bool) {
        self.levels.push(if of_if { shape | OF_IF } else { shape });
    }

    fn top(&self) -> u8 {
        self.levels.last().copied().unwrap_or(0)
    }

    fn pending(&self, bits: u8) -> bool {
        self.top() & bits != 0
    }

    fn set(&mut self, bits: u8) {
        if let Some(top) = self.levels.last_mut() {
            *top |= bits;
        }
    }

    fn clear(&mut self, bits: u8) {
        if let Some(top) = self.levels.last_mut() {
            *top &= !bits;
        }
    }

    fn after(&self, kind: Kind) -> bool {
        self.before[0].is_some_and(|token| token.kind == kind)
    }
}

/// Words that no condition contains: where one stands, the `if` before it had no block.
fn is_statement(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "let"
            | "var"
            | "const"
            | "while"
            | "for"
            | "break"
            | "continue"
            | "case"
            | "using"
            | "defer"
    )
}

/// Words after which `end` is a name.
fn wants_operand(word: &str) -> bool {
    matches!(
        word,
        "let"
            | "var"
            | "const"
            | "mut"
            | "while"
            | "for"
            | "in"
            | "and"
            | "or"
            | "not"
            | "case"
            | "match"
            | "try"
            | "await"
            | "as"
            | "func"
            | "fn"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of `text` after the block it begins with.
    fn after_block(text: &str) -> String {
        let mut cursor = Cursor::new(text);
        let mut nesting = Nesting::new();
        while let Some(token) = cursor.peek() {
            nesting.take(&mut cursor, token);
            if nesting.is_level() {
                break;
            }
        }
        assert!(nesting.is_level(), "{text} ends");
        let rest = cursor.offset();
        text[rest as usize..].to_owned()
    }

    #[test]
    fn a_block_ends_at_its_own_end() {
        for block in [
            "{ }",
            "{ if a { b } else if c { d } else { e } }",
            "do if a do b end end",
            "do if a do b else if c do d else e end end",
            "do if a do b else do c end end",
            "do if a do b end else c end end",
            "do if a do b end else do c end end",
            "do if a do b end else if c do d end end",
            "{ if a do b else c end }",
            "{ let x = if a do 1 else 2 end; }",
            "{ let m = if end > n do n else end end; }",
            "do while end < n and s[end] != ',' do end += 1 end let t = s[start..end] start = end + 1 end",
            "do var end = start return s[start..end] end",
            "do x.end() y = a.end end",
            "do return p.* end",
            "do return root.? end",
            "do match x { case A(a) => do b end case B => if a { c } } end",
            "{ match x do case A => 1 end }",
            "{ while a { for i in 0..3 do f(func(x: T) do x end) end } }",
            "do if x == 1 do return\n end end",
            "do if a do x = if b do 1 else 2 end\n else if c do d end end",
            "do if a do if b do c end\n else d end end",
            "{ with x do { a } }",
            "{ switch c do 'a' => true, else => false, end; }",
            "{ while a |b| do c endwhile }",
            "do if n == 200 do return \"200\" end if n == 1 do return \"1\" end end",
            "{ if (n <= 1) return n; while a do b end }",
            "{ let s = \"} end {\"; // } {\n let c = '}'; let r = r#\"}\"#; }",
        ] {
            assert_eq!(after_block(&format!("{block} after")), "after", "{block}");
        }
    }

    #[test]
    fn ten_thousand_nested_blocks_end_where_they_should() {
        let open = "{ if a do ".repeat(10_000);
        let close = "end } ".repeat(10_000);
        assert_eq!(after_block(&format!("{open}{close}after")), "after");
    }

    #[test]
    fn a_brace_closes_a_forgotten_do_and_says_so() {
        let mut cursor = Cursor::new("{ if a do b }");
        let mut nesting = Nesting::new();
        let mut last = Step::Fine;
        while let Some(token) = cursor.peek() {
            last = nesting.take(&mut cursor, token);
        }
        assert_eq!(last, Step::MissingEnd);
        assert!(nesting.is_level());
    }
}
