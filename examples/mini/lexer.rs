//! Source text to tokens, one at a time: who needs only the head of a file reads only that.

use super::problem::Place;

/// What a token is, with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'s> {
    /// A name or a keyword.
    Word(&'s str),
    /// Begins with a digit; whether it is an integer is for the parser to say.
    Number(&'s str),
    /// The inside of `"…"`, which ends on its line and knows no escapes.
    Text(&'s str),
    /// An operator, bracket or separator.
    Mark(&'s str),
    /// Nothing that the language knows, such as a text without its end.
    Foreign(&'s str),
    /// The file's end, again and again.
    End,
}

/// A token and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind<'s>,
    pub(crate) place: Place,
}

/// The longer first: `<=` is not `<` and `=`.
const MARKS: [&str; 19] =
    ["==", "!=", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "{", "}", ",", ";", "!"];

/// A text and how far it is read.
#[derive(Debug)]
pub(crate) struct Lexer<'s> {
    rest: &'s str,
    place: Place,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self { rest: source, place: Place::START }
    }

    /// Cuts off the next `length_bytes` bytes, which must end between two characters.
    fn take(&mut self, length_bytes: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at_checked(length_bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.place = self.place.behind(taken);
        taken
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'s str {
        self.take(self.rest.find(|character| !keep(character)).unwrap_or(self.rest.len()))
    }

    fn skip_blanks_and_comments(&mut self) {
        self.take_while(char::is_whitespace);
        while self.rest.starts_with("//") {
            self.take_while(|character| character != '\n');
            self.take_while(char::is_whitespace);
        }
    }

    pub(crate) fn next_token(&mut self) -> Token<'s> {
        self.skip_blanks_and_comments();
        let place = self.place;
        let mark = MARKS.iter().find(|mark| self.rest.starts_with(**mark));
        let kind = match (self.rest.chars().next(), mark) {
            (None, _) => Kind::End,
            (_, Some(mark)) => Kind::Mark(self.take(mark.len())),
            (Some('"'), _) => self.text(),
            (Some('0'..='9'), _) => Kind::Number(self.take_while(in_word)),
            (Some(first), _) if in_word(first) => Kind::Word(self.take_while(in_word)),
            (Some(first), _) => Kind::Foreign(self.take(first.len_utf8())),
        };
        Token { kind, place }
    }

    /// From the quote on.
    fn text(&mut self) -> Kind<'s> {
        let whole = self.rest;
        self.take(1);
        let inside = self.take_while(|character| character != '"' && character != '\n');
        if self.rest.starts_with('"') {
            self.take(1);
            Kind::Text(inside)
        } else {
            Kind::Foreign(whole.get(..=inside.len()).unwrap_or(whole))
        }
    }
}

/// Whether a text is one word, as names are.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| in_word(first) && !first.is_ascii_digit()) && text.chars().all(in_word)
}

fn in_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
