//! From text to tokens, one at a time: nothing is kept, so memory does not grow with the file.

use logos::Logos;

/// What a token is. Two-character operators exist only where a declaration depends on them;
/// `<=` is `<` and `=`, so that `Vec<T>=` needs no special case.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(extras = Absent)]
#[logos(skip r"[ \t\r\n\f]+")]
pub(super) enum Kind {
    #[regex(r"[A-Za-z_\u{80}-\u{10FFFF}][A-Za-z0-9_\u{80}-\u{10FFFF}]*")]
    Word,
    #[token("do")]
    Do,
    #[token("end")]
    #[token("endif")]
    #[token("endfor")]
    #[token("endwhile")]
    End,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[regex(r"[0-9][0-9A-Za-z_]*")]
    Integer,
    #[regex(r"[0-9][0-9A-Za-z_]*\.[0-9][0-9A-Za-z_]*")]
    Float,
    #[regex(r#""([^"\\\n]|\\(.|\n))*""#)]
    Text,
    /// Ends with its line, or at an escaped line break at the end of the file.
    #[regex(r#""([^"\\\n]|\\(.|\n))*"#)]
    OpenText,
    #[regex(r"'([^'\\\n]|\\.)*'")]
    Character,
    #[regex(r"'([^'\\\n]|\\.)*")]
    OpenCharacter,
    /// A line of a multi-line string, up to its line break.
    #[regex(r"\\\\[^\n]*", allow_greedy = true)]
    TextLine,
    #[regex(r#"r#*""#, raw_text)]
    RawText,
    #[token("`", template_text)]
    TemplateText,
    /// `// …`, and `# …` as scripts write it; `#[…]` is an attribute.
    #[regex(r"//[^\n]*", allow_greedy = true)]
    #[regex(r"#[ \t!][^\n]*", allow_greedy = true)]
    LineComment,
    #[token("/*", block_comment)]
    BlockComment,
    #[token("{")]
    BraceOpen,
    #[token("}")]
    BraceClose,
    #[token("(")]
    ParenOpen,
    #[token(")")]
    ParenClose,
    #[token("[")]
    BracketOpen,
    #[token("]")]
    BracketClose,
    #[token("<")]
    Less,
    #[token(">")]
    Greater,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token("::")]
    PathSeparator,
    #[token(".")]
    Dot,
    #[regex(r"\.\.[.<=]?")]
    Range,
    #[token("->")]
    Arrow,
    #[token("=>")]
    FatArrow,
    #[token("=")]
    Equals,
    #[regex(r"==|!=|:=|\+=|-=|\*=|/=|%=")]
    Operator,
    #[token("!")]
    Bang,
    #[token("?")]
    Question,
    #[token("*")]
    Star,
    #[token("&")]
    Ampersand,
    #[token("|")]
    Pipe,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("/")]
    Slash,
    #[token("@")]
    At,
    #[token("#")]
    Hash,
    #[regex(r"[%^~$\\]")]
    Sign,
}

/// Closers that a search to the end of the text did not find. Later searches start further on and
/// cannot find them either, so the cost stays linear in the length of the text.
#[derive(Clone, Debug)]
pub(super) struct Absent {
    comment_end: bool,
    template_end: bool,
    /// A quote followed by this many `#` does not occur again, so none with more does.
    raw_end_hashes: usize,
    /// Set while the token just lexed lacks its closer.
    pub(super) unterminated: bool,
}

impl Default for Absent {
    fn default() -> Self {
        Self { comment_end: false, template_end: false, raw_end_hashes: usize::MAX, unterminated: false }
    }
}

/// Length of what remains of the current line: what is skipped when a closer is missing, so that
/// the declarations after it are still read.
fn rest_of_line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn block_comment(lexer: &mut logos::Lexer<'_, Kind>) {
    let end = if lexer.extras.comment_end { None } else { lexer.remainder().find("*/") };
    if let Some(at) = end {
        lexer.bump(at + 2);
    } else {
        lexer.extras.comment_end = true;
        lexer.extras.unterminated = true;
        lexer.bump(rest_of_line(lexer.remainder()));
    }
}

fn template_text(lexer: &mut logos::Lexer<'_, Kind>) {
    let end = if lexer.extras.template_end { None } else { lexer.remainder().find('`') };
    if let Some(at) = end {
        lexer.bump(at + 1);
    } else {
        lexer.extras.template_end = true;
        lexer.extras.unterminated = true;
        lexer.bump(rest_of_line(lexer.remainder()));
    }
}

fn raw_text(lexer: &mut logos::Lexer<'_, Kind>) {
    let hashes = lexer.slice().len() - 2;
    let end = if hashes >= lexer.extras.raw_end_hashes { None } else { raw_end(lexer.remainder(), hashes) };
    if let Some(at) = end {
        lexer.bump(at);
    } else {
        lexer.extras.raw_end_hashes = hashes;
        lexer.extras.unterminated = true;
        lexer.bump(rest_of_line(lexer.remainder()));
    }
}

/// Where a raw string with this many `#` ends: after the first quote that so many follow.
fn raw_end(rest: &str, hashes: usize) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut from = 0;
    while let Some(quote) = rest.get(from..)?.find('"').map(|at| from + at) {
        let found = bytes.iter().skip(quote + 1).take(hashes).take_while(|byte| **byte == b'#').count();
        if found == hashes {
            return Some(quote + 1 + hashes);
        }
        from = quote + 1 + found;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        Kind::lexer(text).map(|kind| kind.expect("a known token")).collect()
    }

    #[test]
    fn each_lexical_form_is_one_token() {
        for (text, kind) in [
            ("a_b1", Kind::Word),
            ("größe", Kind::Word),
            ("ender", Kind::Word),
            ("0x_ff", Kind::Integer),
            ("1_0.5e3", Kind::Float),
            (r#""a \" } b""#, Kind::Text),
            (r#""open"#, Kind::OpenText),
            (r"'\''", Kind::Character),
            (r#"'<a href="'"#, Kind::Character),
            (r##"r#"a "quoted" end"#"##, Kind::RawText),
            (r#"r"\""#, Kind::RawText),
            ("`SELECT {`", Kind::TemplateText),
            (r"\\ a line } of text", Kind::TextLine),
            ("// note {", Kind::LineComment),
            ("# note {", Kind::LineComment),
            ("/* { \n */", Kind::BlockComment),
        ] {
            assert_eq!(kinds(text), [kind], "{text}");
        }
    }

    #[test]
    fn a_range_is_not_a_fraction() {
        assert_eq!(kinds("0..3"), [Kind::Integer, Kind::Range, Kind::Integer]);
    }

    #[test]
    fn what_lacks_its_end_is_left_at_the_end_of_its_line() {
        for open in ["/* open", "r#\"open", "`open", "\"open", "'open"] {
            let text = format!("{open}\nfunc");
            assert_eq!(kinds(&text).last(), Some(&Kind::Word), "{open}");
            assert_eq!(kinds(&text).len(), 2, "{open}");
        }
    }

    #[test]
    fn a_raw_string_ends_only_at_its_own_number_of_marks() {
        assert_eq!(kinds("r##\"a \"# b\"## x"), [Kind::RawText, Kind::Word]);
    }
}
