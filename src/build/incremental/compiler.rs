//! The door through which an embedding compiler enters: what it is asked for, and in which pieces.

use std::fmt;

use super::section::OutputForm;

/// A compiler of files that import files, each of which becomes a section of one output.
///
/// Every answer must be a function of the arguments alone: it is kept, and given out again wherever the same question
/// comes. What else it depends on, such as flags, belongs into [`UnitSettings`](crate::key::UnitSettings). Files and
/// functions are compiled on several threads at once.
pub trait UnitCompiler: Sync {
    /// How the output is put together.
    fn form(&self) -> OutputForm;

    /// What a source imports: for each import the root-relative paths that it may mean, in the order in which they are
    /// looked for. The first one that is a [`PackageModule`](super::PackageModule) or a file is meant; where it is both,
    /// the module. Cheap: it is asked of every file that is new or edited.
    fn imports(&self, path: &str, source: &[u8]) -> Vec<Vec<String>>;

    /// Reads a source: its intermediate form, and what files that import it can see. Nothing of other files is known
    /// here.
    fn lower(&self, path: &str, source: &[u8]) -> Result<FileIr, Vec<UnitProblem>>;

    /// Takes the intermediate form of a file together with what it sees of those it imports directly, in the order of its
    /// imports, and checks them. An import that means nothing is not among them.
    fn unit<'a>(
        &'a self,
        path: &'a str,
        ir: &'a [u8],
        imported: &[Imported<'_>],
    ) -> Result<Box<dyn Unit + 'a>, Vec<UnitProblem>>;

    /// What stands before the first section.
    fn prologue(&self, entry: &str) -> Vec<u8>;

    /// What stands behind the last section.
    fn epilogue(&self, entry: &str) -> Vec<u8>;
}

/// A file that is ready to be compiled, function by function.
pub trait Unit {
    /// How many functions it has.
    fn function_count(&self) -> usize;

    /// What a function is called, for messages.
    fn function_name(&self, function: usize) -> String {
        format!("function {}", function + 1)
    }

    /// Everything that the output of a function is made from, and nothing else: equal inputs, equal output. Where the
    /// function stands in its file is none of it.
    fn function_inputs(&self, function: usize) -> Vec<u8>;

    /// The output of a function.
    fn compile_function(&self, function: usize) -> Result<Vec<u8>, Vec<UnitProblem>>;

    /// The file's section, of the outputs of its functions in their order.
    fn section(&self, functions: &[Vec<u8>]) -> Vec<u8>;
}

/// What a compiler makes of a file by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileIr {
    /// The intermediate form, in an encoding of the compiler's own.
    pub ir: Vec<u8>,
    /// What files that import it can see. As long as this stays the same, they are not compiled again.
    pub interface: Vec<u8>,
}

/// What a file sees of another one, or of a module of another package.
#[derive(Clone, Copy, Debug)]
pub struct Imported<'a> {
    /// The other file's root-relative path, or the module's path.
    pub path: &'a str,
    /// Its interface.
    pub interface: &'a [u8],
}

/// What is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitProblem {
    /// The file's root-relative path.
    pub path: String,
    /// Line and column, from 1; none where it concerns the whole file.
    pub place: Option<(u32, u32)>,
    /// What was expected and found.
    pub message: String,
}

impl fmt::Display for UnitProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}
