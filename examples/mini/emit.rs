//! Text for LLVM: opaque pointers, one `define` for each function, numbers local to each function.
//!
//! Variables live in memory that the function's first block reserves, so no block needs to know where
//! it was entered from; LLVM's own passes move them into registers.

use std::collections::BTreeMap;
use std::fmt;

use super::lexer::is_name;
use super::module::{Function, MAX_PARAMETERS, Operator, Step};
use super::scope::{Callee, Scope};

/// A function's name in the output. Different (path, name) give different symbols: letters, digits and
/// `_` stay, `/` becomes `.`, any other byte of the path `$` and two hex digits, and `..`, which no
/// normalised path contains, separates the name.
pub(crate) fn symbol(path: &str, name: &str) -> String {
    let escaped: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' => ".".to_owned(),
            _ if byte == b'_' || byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("${byte:02x}"),
        })
        .collect();
    format!("mini.{escaped}..{name}")
}

/// All that decides the text of a function, and nothing else: its own symbol and code, and the symbols
/// and numbers of parameters of those it calls. Equal bytes mean equal text.
pub(crate) fn function_inputs(function: &Function, scope: &Scope) -> Vec<u8> {
    let callees: BTreeMap<&str, Option<&Callee>> = function
        .code
        .iter()
        .filter_map(|step| match step {
            Step::Call { name, .. } => Some((name.as_str(), scope.callee(name))),
            _ => None,
        })
        .collect();
    postcard::to_stdvec(&(scope.path(), function, callees)).expect("plain values always encode into memory")
}

/// The function IR is none that [`super::parser`] makes and [`super::scope::check`] accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code of `{function}` is damaged: step {step} {what}")]
pub(crate) struct BadCode {
    pub(crate) function: String,
    /// From 0; the number of steps if the end is wrong.
    pub(crate) step: usize,
    pub(crate) what: &'static str,
}

/// The text of one function.
pub(crate) fn compile_function(function: &Function, scope: &Scope) -> Result<String, BadCode> {
    let bad = |step, what| BadCode { function: function.name.clone(), step, what };
    let stores = function.code.iter().filter(|step| matches!(step, Step::Store(_))).count();
    let variables = function.variables as usize;
    // Bounded by what is there, before anything is written for each of them.
    let parameters = function.parameters as usize;
    if function.parameters > MAX_PARAMETERS || !(parameters..=parameters + stores).contains(&variables) {
        return Err(bad(0, "is before other variables than the code sets"));
    }
    if !is_name(&function.name) {
        return Err(bad(0, "belongs to a function whose name is none"));
    }
    let mut writer =
        Writer { function, scope, text: String::new(), values: Vec::new(), open: Vec::new(), numbers: 0 };
    writer.head();
    for (at, step) in function.code.iter().enumerate() {
        writer.step(step).map_err(|what| bad(at, what))?;
    }
    if !writer.open.is_empty() || !writer.values.is_empty() {
        return Err(bad(function.code.len(), "is missing"));
    }
    writer.line(format_args!("  ret i64 0"));
    writer.line(format_args!("}}"));
    Ok(writer.text)
}

/// A part of the code that has begun; the number is that of its labels.
enum Open {
    Then(u32),
    Otherwise(u32),
    Condition(u32),
    Repeated(u32),
}

struct Writer<'f> {
    function: &'f Function,
    scope: &'f Scope,
    text: String,
    values: Vec<String>,
    open: Vec<Open>,
    numbers: u32,
}

impl Writer<'_> {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        fmt::write(&mut self.text, line).expect("a String takes any text");
        self.text.push('\n');
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn head(&mut self) {
        let parameters: Vec<String> = (0..self.function.parameters).map(|at| format!("i64 %p{at}")).collect();
        let symbol = symbol(self.scope.path(), &self.function.name);
        self.line(format_args!("define i64 @{symbol}({}) {{", parameters.join(", ")));
        for at in 0..self.function.variables {
            self.line(format_args!("  %v{at} = alloca i64"));
        }
        for at in 0..self.function.parameters {
            self.line(format_args!("  store i64 %p{at}, ptr %v{at}"));
        }
    }

    fn take(&mut self) -> Result<String, &'static str> {
        self.values.pop().ok_or("takes a value where none is")
    }

    /// The only value there is: a block begins and ends without any, for LLVM wants each value to be
    /// computed on every way to its use.
    fn take_last(&mut self) -> Result<String, &'static str> {
        let value = self.take()?;
        if self.values.is_empty() { Ok(value) } else { Err("leaves values behind") }
    }

    fn put(&mut self, computed: fmt::Arguments<'_>) {
        let number = self.number();
        self.line(format_args!("  %t{number} = {computed}"));
        self.values.push(format!("%t{number}"));
    }

    fn variable(&self, variable: u32) -> Result<u32, &'static str> {
        if variable < self.function.variables { Ok(variable) } else { Err("names an unknown variable") }
    }

    fn branch(&mut self, yes: fmt::Arguments<'_>, no: fmt::Arguments<'_>) -> Result<(), &'static str> {
        let value = self.take_last()?;
        let number = self.number();
        self.line(format_args!("  %t{number} = icmp ne i64 {value}, 0"));
        self.line(format_args!("  br i1 %t{number}, label %{yes}, label %{no}"));
        self.line(format_args!("{yes}:"));
        Ok(())
    }

    /// Ends a block by going to `target`, and begins the one that is called `label`.
    fn go(&mut self, target: fmt::Arguments<'_>, label: fmt::Arguments<'_>) -> Result<(), &'static str> {
        self.line(format_args!("  br label %{target}"));
        self.line(format_args!("{label}:"));
        if self.values.is_empty() { Ok(()) } else { Err("leaves values behind") }
    }

    fn step(&mut self, step: &Step) -> Result<(), &'static str> {
        match step {
            Step::Constant(number) => self.values.push(number.to_string()),
            Step::Load(variable) => {
                let variable = self.variable(*variable)?;
                self.put(format_args!("load i64, ptr %v{variable}"));
            }
            Step::Store(variable) => {
                let variable = self.variable(*variable)?;
                let value = self.take_last()?;
                self.line(format_args!("  store i64 {value}, ptr %v{variable}"));
            }
            Step::Call { name, arguments } => self.call(name, *arguments)?,
            Step::Negate => {
                let value = self.take()?;
                self.put(format_args!("sub i64 0, {value}"));
            }
            Step::Binary(operator) => self.binary(*operator)?,
            Step::Discard => {
                self.take_last()?;
            }
            Step::Return => {
                let value = self.take_last()?;
                let number = self.number();
                self.line(format_args!("  ret i64 {value}"));
                // What follows is never reached, and still has to be in a block.
                self.line(format_args!("after{number}:"));
            }
            Step::If => {
                let number = self.number();
                self.branch(format_args!("then{number}"), format_args!("else{number}"))?;
                self.open.push(Open::Then(number));
            }
            Step::Else => {
                let Some(Open::Then(number)) = self.open.pop() else { return Err("has no `if` before it") };
                self.go(format_args!("end{number}"), format_args!("else{number}"))?;
                self.open.push(Open::Otherwise(number));
            }
            Step::While => {
                let number = self.number();
                self.go(format_args!("while{number}"), format_args!("while{number}"))?;
                self.open.push(Open::Condition(number));
            }
            Step::Do => {
                let Some(Open::Condition(number)) = self.open.pop() else {
                    return Err("has no `while` before it");
                };
                self.branch(format_args!("do{number}"), format_args!("end{number}"))?;
                self.open.push(Open::Repeated(number));
            }
            Step::End => match self.open.pop() {
                Some(Open::Otherwise(number)) => {
                    self.go(format_args!("end{number}"), format_args!("end{number}"))?;
                }
                Some(Open::Repeated(number)) => {
                    self.go(format_args!("while{number}"), format_args!("end{number}"))?;
                }
                _ => return Err("ends what has not begun"),
            },
        }
        Ok(())
    }

    fn call(&mut self, name: &str, arguments: u32) -> Result<(), &'static str> {
        let callee = self.scope.callee(name).ok_or("calls what cannot be seen")?;
        if callee.parameters != arguments {
            return Err("has another number of arguments than its function");
        }
        let first = self.values.len().checked_sub(arguments as usize).ok_or("takes a value where none is")?;
        let given: Vec<String> = self.values.drain(first..).map(|value| format!("i64 {value}")).collect();
        self.put(format_args!("call i64 @{}({})", callee.symbol, given.join(", ")));
        Ok(())
    }

    fn binary(&mut self, operator: Operator) -> Result<(), &'static str> {
        let right = self.take()?;
        let left = self.take()?;
        match operator {
            Operator::Add => self.put(format_args!("add i64 {left}, {right}")),
            Operator::Subtract => self.put(format_args!("sub i64 {left}, {right}")),
            Operator::Multiply => self.put(format_args!("mul i64 {left}, {right}")),
            Operator::Divide => self.put(format_args!("call i64 @mini_divide(i64 {left}, i64 {right})")),
            Operator::Remainder => {
                self.put(format_args!("call i64 @mini_remainder(i64 {left}, i64 {right})"));
            }
            Operator::Equal => self.compare("eq", &left, &right),
            Operator::NotEqual => self.compare("ne", &left, &right),
            Operator::Less => self.compare("slt", &left, &right),
            Operator::LessOrEqual => self.compare("sle", &left, &right),
            Operator::Greater => self.compare("sgt", &left, &right),
            Operator::GreaterOrEqual => self.compare("sge", &left, &right),
        }
        Ok(())
    }

    fn compare(&mut self, test: &str, left: &str, right: &str) {
        let number = self.number();
        self.line(format_args!("  %t{number} = icmp {test} i64 {left}, {right}"));
        self.put(format_args!("zext i1 %t{number} to i64"));
    }
}

/// The output of one file. Sections follow the prologue in any order; a build sorts them by path.
pub(crate) fn file_section(path: &str, functions: &[impl AsRef<str>]) -> String {
    // A path may hold a line break, which would end the comment.
    let mut section = format!("; {}\n", path.escape_debug());
    for function in functions {
        section.push_str(function.as_ref());
    }
    section
}

/// What every program begins with: the functions that the language brings along.
///
/// LLVM leaves the division by 0, and of the least integer by -1, without a meaning; here they have one.
pub(crate) fn prologue() -> &'static str {
    r#"@mini_print_format = private unnamed_addr constant [6 x i8] c"%lld\0A\00"

declare i32 @printf(ptr, ...)

define internal i64 @mini_print(i64 %value) {
  %written = call i32 (ptr, ...) @printf(ptr @mini_print_format, i64 %value)
  ret i64 %value
}

define internal i64 @mini_divide(i64 %left, i64 %right) {
  switch i64 %right, label %other [
    i64 0, label %zero
    i64 -1, label %negate
  ]
zero:
  ret i64 0
negate:
  %negative = sub i64 0, %left
  ret i64 %negative
other:
  %quotient = sdiv i64 %left, %right
  ret i64 %quotient
}

define internal i64 @mini_remainder(i64 %left, i64 %right) {
  switch i64 %right, label %other [
    i64 0, label %zero
    i64 -1, label %zero
  ]
zero:
  ret i64 0
other:
  %remainder = srem i64 %left, %right
  ret i64 %remainder
}

"#
}

/// What every program ends with: the start, which calls `main()` of the file `entry`.
pub(crate) fn epilogue(entry: &str) -> String {
    format!(
        "define i32 @main() {{\n  %value = call i64 @{}()\n  %code = trunc i64 %value to i32\n  ret i32 %code\n}}\n",
        symbol(entry, "main")
    )
}
