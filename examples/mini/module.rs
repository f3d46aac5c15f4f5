//! What a file is once it is parsed: the file IR, which holds the function IR of each function.
//!
//! The code of a function is a flat list of steps for a stack of values, so nothing that walks it,
//! stores it or drops it recurses. Where things stand in the source lies apart, in [`Places`]: a
//! [`Function`] stays the same while it moves, and while its variables are renamed.

use serde::{Deserialize, Serialize};

use super::lexer::is_name;
use super::problem::Place;

/// Most parameters that a function may have.
pub(crate) const MAX_PARAMETERS: u32 = 255;

/// A file without errors in its syntax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Module {
    /// What its `import` lines say, in their order.
    pub(crate) imports: Vec<Import>,
    /// In the order of the source.
    pub(crate) functions: Vec<Function>,
    /// One for each function.
    pub(crate) places: Vec<Places>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Import {
    /// As it is written.
    pub(crate) path: String,
    /// Where that stands, for a message if it means no file.
    pub(crate) place: Place,
}

/// A function, without anything that says where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// At most [`MAX_PARAMETERS`].
    pub(crate) parameters: u32,
    /// Variables; the first are the parameters. Each `let` has its own.
    pub(crate) variables: u32,
    pub(crate) code: Vec<Step>,
}

/// Where a function's parts stand, for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    /// Its name, where it is declared.
    pub(crate) name: Place,
    /// The name in each [`Step::Call`], in the order of the code.
    pub(crate) calls: Vec<Place>,
}

/// One step of a function. "Takes" and "puts" speak of the stack of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Puts the number.
    Constant(i64),
    /// Puts the variable's value.
    Load(u32),
    /// Takes a value into the variable.
    Store(u32),
    /// Takes the arguments, the last one first, and puts the function's value.
    Call {
        name: String,
        arguments: u32,
    },
    /// Takes a value and puts its negative.
    Negate,
    /// Takes the right side, then the left side, and puts the result.
    Binary(Operator),
    /// Takes a value that nobody wants.
    Discard,
    /// Takes the function's value and leaves.
    Return,
    /// Takes the condition; steps follow up to `Else`, and others up to `End`.
    If,
    Else,
    /// The steps of the condition follow, up to `Do`.
    While,
    /// Takes the condition; the repeated steps follow, up to `End`.
    Do,
    End,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What importers can see of a module: its functions' names and numbers of parameters, sorted, a line
/// `name/parameters` for each. While these bytes stay, no importer has to be compiled again.
pub(crate) fn interface(module: &Module) -> Vec<u8> {
    let mut lines: Vec<String> = module
        .functions
        .iter()
        .map(|function| format!("{}/{}\n", function.name, function.parameters))
        .collect();
    lines.sort();
    lines.concat().into_bytes()
}

/// The names and numbers of parameters in an [`interface`]. A line that is none is passed over: its
/// function is then unknown to the importer, which is an error there and never a wrong program.
pub(crate) fn declared(interface: &[u8]) -> impl Iterator<Item = (&str, u32)> {
    interface.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, parameters) = str::from_utf8(line).ok()?.split_once('/')?;
        Some((name, parameters.parse().ok().filter(|_| is_name(name))?))
    })
}
