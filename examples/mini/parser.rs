//! Tokens to a module, or to every error that the file has.
//!
//! After an error the parser goes on at the next statement or function. Errors in calls wait for
//! [`super::scope::check`], since they need the imported files.

mod expressions;

use super::lexer::{Kind, Lexer, Token};
use super::module::{Function, Import, MAX_PARAMETERS, Module, Places, Step};
use super::problem::{Place, Problem, quoted};

/// Most blocks, brackets, arguments and minus signs inside each other. It bounds the recursion.
pub(crate) const MAX_NESTING: u32 = 200;

const KEYWORDS: [&str; 7] = ["else", "fn", "if", "import", "let", "return", "while"];

/// The imports at the head of a source. Reads only that head, and says nothing about errors in it.
pub(crate) fn imports(source: &str) -> Vec<Import> {
    Parser::new(source).imports()
}

/// Parses a file.
pub(crate) fn parse(source: &str) -> Result<Module, Vec<Problem>> {
    let mut parser = Parser::new(source);
    let imports = parser.imports();
    let (functions, places) = parser.functions();
    if parser.problems.is_empty() { Ok(Module { imports, functions, places }) } else { Err(parser.problems) }
}

/// Something was wrong and is already among the problems.
struct Reported;

type Parsed<T> = Result<T, Reported>;

struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token<'s>,
    next: Token<'s>,
    problems: Vec<Problem>,
    nesting: u32,
    /// The variables that can be seen, the innermost last. A variable's number is its second part.
    visible: Vec<(&'s str, u32)>,
    /// Of the function that is being read, as are the three below.
    variables: u32,
    code: Vec<Step>,
    calls: Vec<Place>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        let mut lexer = Lexer::new(source);
        Self {
            token: lexer.next_token(),
            next: lexer.next_token(),
            lexer,
            problems: Vec::new(),
            nesting: 0,
            visible: Vec::new(),
            variables: 0,
            code: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn advance(&mut self) -> Token<'s> {
        let token = self.token;
        self.token = self.next;
        self.next = self.lexer.next_token();
        token
    }

    fn at(&self, kind: Kind<'_>) -> bool {
        self.token.kind == kind
    }

    fn problem(&mut self, place: Place, expected: impl Into<String>, found: impl Into<String>) -> Reported {
        // Only the first one at a place: the others follow from it.
        if self.problems.last().is_none_or(|last| last.place != place) {
            self.problems.push(Problem { place, expected: expected.into(), found: found.into() });
        }
        Reported
    }

    fn unexpected(&mut self, expected: &str) -> Reported {
        self.problem(self.token.place, expected, described(self.token.kind))
    }

    fn expect(&mut self, mark: &'static str) -> Parsed<()> {
        if !self.at(Kind::Mark(mark)) {
            return Err(self.unexpected(&format!("`{mark}`")));
        }
        self.advance();
        Ok(())
    }

    fn name(&mut self, expected: &str) -> Parsed<(&'s str, Place)> {
        match self.token {
            Token { kind: Kind::Word(name), place } if !KEYWORDS.contains(&name) => {
                self.advance();
                Ok((name, place))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Passes over tokens up to `stop`, or to where a block, a statement or a function begins or ends.
    fn skip_to(&mut self, stop: Kind<'_>) {
        while !self.at(stop) {
            match self.token.kind {
                Kind::End | Kind::Mark("{" | "}") | Kind::Word("fn" | "let" | "return" | "if" | "while") => {
                    break;
                }
                _ => self.advance(),
            };
        }
    }

    /// One level deeper. Too deep ends the reading of the file: what follows would be guesswork.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            let expected = format!("at most {MAX_NESTING} levels of nesting");
            let reported = self.problem(self.token.place, expected, "one more");
            self.lexer = Lexer::new("");
            self.next = Token { kind: Kind::End, ..self.token };
            self.token = self.next;
            return Err(reported);
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    fn imports(&mut self) -> Vec<Import> {
        let mut imports = Vec::new();
        while self.at(Kind::Word("import")) {
            self.advance();
            if let Kind::Text(path) = self.token.kind {
                imports.push(Import { path: path.to_owned(), place: self.token.place });
                self.advance();
            } else {
                self.unexpected("a path in quotes");
                while !matches!(self.token.kind, Kind::End | Kind::Word("fn" | "import")) {
                    self.advance();
                }
            }
        }
        imports
    }

    fn functions(&mut self) -> (Vec<Function>, Vec<Places>) {
        let (mut functions, mut places) = (Vec::new(), Vec::new());
        while !self.at(Kind::End) {
            if self.at(Kind::Word("fn")) {
                if let Ok((function, its_places)) = self.function() {
                    functions.push(function);
                    places.push(its_places);
                }
            } else {
                self.unexpected(if functions.is_empty() { "`import` or `fn`" } else { "`fn`" });
                self.advance();
                while !matches!(self.token.kind, Kind::End | Kind::Word("fn")) {
                    self.advance();
                }
            }
        }
        (functions, places)
    }

    fn function(&mut self) -> Parsed<(Function, Places)> {
        self.advance();
        self.visible.clear();
        self.variables = 0;
        self.code.clear();
        self.calls.clear();
        let head = self.function_head();
        let parameters = self.variables;
        if head.is_err() {
            self.skip_to(Kind::Mark("{"));
        }
        self.block()?;
        let (name, place) = head?;
        let code = std::mem::take(&mut self.code);
        let function = Function { name: name.to_owned(), parameters, variables: self.variables, code };
        Ok((function, Places { name: place, calls: std::mem::take(&mut self.calls) }))
    }

    fn function_head(&mut self) -> Parsed<(&'s str, Place)> {
        let head = self.name("a function's name")?;
        if head.0 == "print" {
            self.problem(head.1, "a name that is not built in", "`print`");
        }
        self.expect("(")?;
        while !self.at(Kind::Mark(")")) {
            let (name, place) = self.name("a parameter's name")?;
            if self.visible.iter().any(|(other, _)| *other == name) {
                self.problem(place, "another name for each parameter", format!("{} again", quoted(name)));
            }
            if self.variables >= MAX_PARAMETERS {
                return Err(self.problem(place, format!("at most {MAX_PARAMETERS} parameters"), "one more"));
            }
            self.declare(name);
            if !self.at(Kind::Mark(")")) {
                self.expect(",")?;
            }
        }
        self.expect(")")?;
        Ok(head)
    }

    fn declare(&mut self, name: &'s str) -> u32 {
        let variable = self.variables;
        self.variables = self.variables.saturating_add(1);
        self.visible.push((name, variable));
        variable
    }

    fn variable(&mut self, name: &str, place: Place) -> Parsed<u32> {
        match self.visible.iter().rev().find(|(visible, _)| *visible == name) {
            Some((_, variable)) => Ok(*variable),
            None => Err(self.problem(place, "a variable that is declared here", quoted(name))),
        }
    }

    fn block(&mut self) -> Parsed<()> {
        self.nested(|parser| {
            parser.expect("{")?;
            let outer = parser.visible.len();
            while !matches!(parser.token.kind, Kind::End | Kind::Mark("}") | Kind::Word("fn")) {
                if parser.statement().is_err() {
                    parser.recover();
                }
            }
            parser.visible.truncate(outer);
            parser.expect("}")
        })
    }

    /// After an error in a statement: goes to where the next one begins.
    fn recover(&mut self) {
        self.skip_to(Kind::Mark(";"));
        match self.token.kind {
            Kind::Mark(";") => {
                self.advance();
            }
            // A block that belongs to nothing has errors of its own, which are then reported, too.
            Kind::Mark("{") => drop(self.block()),
            _ => {}
        }
    }

    fn statement(&mut self) -> Parsed<()> {
        match (self.token.kind, self.next.kind) {
            (Kind::Word("let"), _) => {
                self.advance();
                let (name, _) = self.name("a variable's name")?;
                self.expect("=")?;
                let value = self.expression(0);
                // Also after an error, or every use of the variable would be another one.
                let variable = self.declare(name);
                value?;
                self.code.push(Step::Store(variable));
                self.expect(";")
            }
            (Kind::Word("return"), _) => {
                self.advance();
                self.expression(0)?;
                self.code.push(Step::Return);
                self.expect(";")
            }
            (Kind::Word("if"), _) => self.if_statement(),
            (Kind::Word("while"), _) => {
                self.advance();
                self.code.push(Step::While);
                self.condition()?;
                self.code.push(Step::Do);
                self.block()?;
                self.code.push(Step::End);
                Ok(())
            }
            (Kind::Word(_), Kind::Mark("=")) => {
                let (name, place) = self.name("a variable's name")?;
                self.advance();
                let variable = self.variable(name, place);
                self.expression(0)?;
                self.code.push(Step::Store(variable?));
                self.expect(";")
            }
            _ => {
                self.expression(0)?;
                self.code.push(Step::Discard);
                self.expect(";")
            }
        }
    }

    fn if_statement(&mut self) -> Parsed<()> {
        self.advance();
        self.condition()?;
        self.code.push(Step::If);
        self.block()?;
        self.code.push(Step::Else);
        if self.at(Kind::Word("else")) {
            self.advance();
            if self.at(Kind::Word("if")) {
                self.nested(Self::if_statement)?;
            } else {
                self.block()?;
            }
        }
        self.code.push(Step::End);
        Ok(())
    }

    /// What stands between `if` or `while` and the block. After an error the block is still read.
    fn condition(&mut self) -> Parsed<()> {
        let result = self.expression(0);
        if result.is_err() {
            self.skip_to(Kind::Mark("{"));
        }
        if self.at(Kind::Mark("{")) { Ok(()) } else { result }
    }
}

fn described(kind: Kind<'_>) -> String {
    match kind {
        Kind::End => "the end of the file".to_owned(),
        Kind::Text(text) => format!("the text {}", quoted(text)),
        Kind::Word(text) | Kind::Number(text) | Kind::Mark(text) | Kind::Foreign(text) => quoted(text),
    }
}
