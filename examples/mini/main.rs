//! A small compiler for "mini", made of pure pieces, to show where a build cache has its places.
//!
//! ```text
//! mini build ENTRY [-o OUT.ll] [--root DIR]   compiles ENTRY and what it imports to one LLVM module
//! mini generate N DIR                         writes a project of N files, to measure with
//! ```
//!
//! The text goes to standard output unless `-o` names a file. Exit code 0: done; 1: errors in the
//! sources; 2: the command itself could not be followed.
//!
//! # The language
//!
//! ```text
//! import "lib/math.mini"                  // imports come first
//!
//! fn main() {
//!     let n = 10;                         // every value is a 64-bit integer with a sign
//!     while n > 0 { n = n - 1; }          // a comparison is 1 or 0; anything but 0 counts as true
//!     if n == 0 { print(square(n)); } else { return 1; }
//!     return 0;                           // the end of a function returns 0, too
//! }
//! ```
//!
//! - Operators, weakest first: `== != < <= > >=`, `+ -`, `* / %`, unary `-`; those of one strength
//!   group from the left, and operands are computed from the left.
//! - `+ - *` and `-` wrap around. `x / 0` and `x % 0` are 0; `/` rounds towards 0 and `%` has the sign
//!   of its left side; the least integer divided by -1 is itself, with remainder 0.
//! - `let` declares until its block ends and may reuse a name; the older variable is back afterwards.
//! - `print(x)` writes `x` and a line break, and its value is `x`.
//! - `import` looks beside the importing file, then below the root, and takes the first file that
//!   exists. Imports may form cycles. Nothing outside the root is reached.
//! - A call finds the function of that name in its own file, else in the files imported directly.
//! - The program is `main()` of ENTRY; its value, cut to 32 bits, is the exit code.
//! - Blocks and expressions nest up to [`parser::MAX_NESTING`] levels; a function has up to
//!   [`module::MAX_PARAMETERS`] parameters.
//!
//! # The pieces
//!
//! | file | from | to |
//! |---|---|---|
//! | `lexer` | source text | tokens |
//! | `parser` | tokens | `Module`, the file IR, or every error of the file |
//! | `module` | | the file IR and the function IR; `interface`, what importers can see of it |
//! | `paths` | an import | the files that it may mean, in order |
//! | `scope` | a module and the interfaces it imports | whom its calls mean; errors in calls |
//! | `emit` | one function and a scope | its text, and `function_inputs`, all that decides the text |
//! | `program` | an entry and a way to read files | the whole text, without any cache |
//! | `generate` | a number of files | a project of that size |
//! | `command` | arguments | files, messages and an exit code |

mod command;
mod embed;
mod emit;
mod generate;
mod lexer;
mod module;
mod parser;
mod paths;
mod problem;
mod program;
mod scope;
#[cfg(test)]
mod tests;

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    ExitCode::from(command::run(&arguments, &mut io::stdout().lock(), &mut io::stderr().lock()))
}
