//! Whom the calls in a file mean.

use std::collections::BTreeMap;

use serde::Serialize;

use super::emit::symbol;
use super::module::{Module, Step, declared};
use super::problem::Problem;

/// A function that a file can call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Callee {
    /// Its name in the output, different for every function of the program.
    pub(crate) symbol: String,
    pub(crate) parameters: u32,
}

/// The functions that a file can see, and the file's own path.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    path: String,
    /// Several where imported files declare the same name, and the file itself does not.
    visible: BTreeMap<String, Vec<(String, Callee)>>,
}

impl Scope {
    /// The scope of the file `path`. `imported` are the paths and interfaces of the files that it
    /// imports directly; one that is there twice counts once.
    pub(crate) fn new(path: &str, module: &Module, imported: &[(&str, &[u8])]) -> Self {
        let own = module.functions.iter().map(|function| (path, function.name.as_str(), function.parameters));
        let foreign = imported.iter().filter(|(from, _)| *from != path).flat_map(|(from, interface)| {
            declared(interface).map(|(name, parameters)| (*from, name, parameters))
        });
        let mut visible: BTreeMap<String, Vec<(String, Callee)>> = BTreeMap::new();
        for (from, name, parameters) in own.chain(foreign) {
            let callees = visible.entry(name.to_owned()).or_default();
            // The own ones come first and hide the others.
            if !callees.iter().any(|(other, _)| other == path || other == from) {
                callees.push((from.to_owned(), Callee { symbol: symbol(from, name), parameters }));
            }
        }
        let print = Callee { symbol: "mini_print".to_owned(), parameters: 1 };
        visible.insert("print".to_owned(), vec![(String::new(), print)]);
        Self { path: path.to_owned(), visible }
    }

    /// The file whose scope it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The one function that a call of `name` means, if there is exactly one.
    pub(crate) fn callee(&self, name: &str) -> Option<&Callee> {
        match self.visible.get(name)?.as_slice() {
            [(_, callee)] => Some(callee),
            _ => None,
        }
    }

    /// What is wrong with a call, if anything.
    fn wrong(&self, name: &str, arguments: u32) -> Option<(String, String)> {
        match self.visible.get(name).map(Vec::as_slice) {
            None | Some([]) => {
                Some(("a function of this file or of one that it imports".to_owned(), format!("`{name}`")))
            }
            Some([(_, callee)]) => (callee.parameters != arguments)
                .then(|| (format!("{} for `{name}`", counted(callee.parameters)), counted(arguments))),
            Some(several) => {
                let files: Vec<&str> = several.iter().map(|(file, _)| file.as_str()).collect();
                let found = format!("one in each of {}", files.join(", "));
                Some((format!("one imported function `{name}`"), found))
            }
        }
    }
}

/// Everything that is wrong in a module whose syntax is right, in the order of the source.
pub(crate) fn check(module: &Module, scope: &Scope) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = BTreeMap::new();
    for (function, places) in module.functions.iter().zip(&module.places) {
        if let Some(earlier) = names.insert(&function.name, places.name.line) {
            let expected = format!("one function `{}`", function.name);
            let found = format!("another one, after that of line {earlier}");
            problems.push(Problem { place: places.name, expected, found });
        }
        let calls = function.code.iter().filter_map(|step| match step {
            Step::Call { name, arguments } => Some((name, *arguments)),
            _ => None,
        });
        for ((name, arguments), place) in calls.zip(&places.calls) {
            if let Some((expected, found)) = scope.wrong(name, arguments) {
                problems.push(Problem { place: *place, expected, found });
            }
        }
    }
    problems.sort();
    problems
}

fn counted(arguments: u32) -> String {
    if arguments == 1 { "1 argument".to_owned() } else { format!("{arguments} arguments") }
}
