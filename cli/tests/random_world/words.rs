//! Names, types, statements: few enough that they meet often.

use super::source::{BodyForm, Function, Item, Source, TypeForm};
use super::{Random, Sources};

const FOLDERS: [&str; 6] = ["", "src/", "lib/", "src/deep/", "x1/", "lib/a/"];
const FILES: [&str; 8] = ["x0", "x1", "x2", "x3", "x4", "mod", "native", "b"];
const TYPES: usize = 10;

impl Random {
    pub(crate) fn path(&mut self) -> String {
        format!("{}{}.jan", self.of(&FOLDERS), self.of(&FILES))
    }

    pub(crate) fn module(&mut self) -> String {
        (*self.of(&["m0", "m1", "m2", "m3", "m4", "a.b", "x1"])).to_owned()
    }

    pub(crate) fn type_name(&mut self) -> String {
        format!("T{}", self.below(TYPES))
    }

    pub(crate) fn function_name(&mut self) -> String {
        format!("f{}", self.below(5))
    }

    /// The type of a parameter.
    fn parameter_type(&mut self) -> String {
        match self.below(24) {
            0 => "int".to_owned(),
            1 => "any".to_owned(),
            2 => format!("&{}", self.type_name()),
            3 => format!("*{}", self.type_name()),
            4 => format!("[]{}", self.type_name()),
            5 => format!("{} | {}", self.type_name(), self.type_name()),
            6 => format!("Vec<{}>", self.type_name()),
            7 => self.below(3).to_string(),
            8 => format!("{}::{}", self.module().replace('.', "::"), self.type_name()),
            _ => self.type_name(),
        }
    }

    pub(crate) fn parameter(&mut self) -> (String, String) {
        let name = *self.of(&["a", "b", "it", "other"]);
        (name.to_owned(), self.parameter_type())
    }

    pub(crate) fn import(&mut self) -> String {
        let (module, kind, function) = (self.module(), self.type_name(), self.function_name());
        match self.below(12) {
            0 => format!("import {module};"),
            1 => format!("import {module}.{kind}"),
            2 => format!("import \"./{}.jan\" as Other", self.of(&FILES)),
            3 => "import nowhere.at.all.{thing}".to_owned(),
            4 => "use zig \"native\"".to_owned(),
            5 => format!("import {}.{{{function}}}", self.of(&FILES)),
            6 => format!("pub use super::{{{kind}}};"),
            _ => format!("import {module}.{{{kind}, {}, {function}}}", self.type_name()),
        }
    }

    pub(crate) fn comment(&mut self) -> String {
        let number = self.below(100);
        match self.below(7) {
            0 => String::new(),
            1 => format!("// func hidden{number}(x: T1) {{"),
            2 => format!("/* several\n   lines }} end {number} */"),
            3 => "// {.dispatch: dynamic.}".to_owned(),
            4 => format!("// Größe → {number}"),
            _ => format!("// number {number}"),
        }
    }

    /// Balanced: what follows stays what it is.
    pub(crate) fn statement(&mut self) -> String {
        let number = self.below(100);
        match self.below(16) {
            0 => format!("call({number}, \"func g(x: int) {{\")"),
            1 => format!("if a {{ b({number}) }}"),
            2 => format!("while a > {number} do step() end"),
            3 => format!("// func hidden(x: T1) {{ {number} }}"),
            4 => format!("/* {number} end }} */"),
            5 => format!("let t = s[start..end] + {number}"),
            6 => format!("match x {{ case A(a) => {number} }}"),
            7 => format!("let s =\n        \\\\ func text(x: int) {{ {number}"),
            8 => format!("let f = func(y: int) -> int {{ y + {number} }}"),
            9 => format!("func inner{number}(x: T1) {{ x }}"),
            10 => format!("let c = '{{' // {number}"),
            11 => format!("let r = r#\"raw }} {number}\"#"),
            12 => format!("if a do\n        b({number})\n    end"),
            _ => format!("let n{} = {number}", self.below(10)),
        }
    }

    /// What takes the rest of the file with it, or half of it.
    pub(crate) fn nasty_statement(&mut self) -> String {
        (*self.of(&["/*", "*/", "{", "}", "end", "do", "\"open", "r#\"raw", ")", "'"])).to_owned()
    }

    pub(crate) fn function(&mut self) -> Function {
        let count = 1 + self.below(3);
        let mut function = Function {
            prefix: (*self.of(&["", "", "", "pub ", "export ", "{.dispatch: dynamic.} "])).to_owned(),
            name: self.function_name(),
            parameters: (0..count).map(|_| self.parameter()).collect(),
            form: self.body_form(),
            is_glued: self.one_in(8),
            ..Function::default()
        };
        if self.one_in(2) {
            function.returns = Some(self.type_name());
        }
        if self.one_in(3) {
            function.comment.push(self.comment());
        }
        function.statements = (0..self.below(4)).map(|_| self.statement()).collect();
        function
    }

    pub(crate) fn body_form(&mut self) -> BodyForm {
        *self.of(&[BodyForm::Braces, BodyForm::Do, BodyForm::OneLine])
    }

    /// A member of an `impl` or a nested module.
    pub(crate) fn member(&mut self) -> Function {
        let mut function = self.function();
        let name = *self.of(&["show", "len", "f1", "grow"]);
        function.name.replace_range(.., name);
        if self.one_in(2) {
            function.parameters.truncate(1);
            function.parameters.insert(0, ("self".to_owned(), String::new()));
        }
        function
    }

    pub(crate) fn type_form(&mut self) -> TypeForm {
        *self.of(&[
            TypeForm::Sum,
            TypeForm::Sum,
            TypeForm::Open,
            TypeForm::Sealed,
            TypeForm::Record,
            TypeForm::Struct,
            TypeForm::Enum,
            TypeForm::Alias,
            TypeForm::Trait,
            TypeForm::Forward,
        ])
    }

    /// What a type of that name stands on: names behind its own, so that no circle comes about.
    pub(crate) fn type_parts(&mut self, name: &str) -> Vec<String> {
        let own = name.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let count = 1 + self.below(3);
        (0..count).map(|_| format!("T{}", own + 1 + self.below(TYPES - own.min(TYPES - 1)))).collect()
    }

    pub(crate) fn item(&mut self) -> Item {
        match self.below(10) {
            0..=2 => {
                let name = self.type_name();
                Item::Type { form: self.type_form(), parts: self.type_parts(&name), name }
            }
            3 => {
                let head = self.block_head();
                let count = 1 + self.below(3);
                Item::Block { head, functions: (0..count).map(|_| self.member()).collect() }
            }
            _ => Item::Function(self.function()),
        }
    }

    pub(crate) fn block_head(&mut self) -> String {
        let (first, second) = (self.type_name(), self.type_name());
        match self.below(4) {
            0 => format!("impl {first}"),
            1 => format!("module inner{}", self.below(3)),
            _ => format!("impl {first} for {second}"),
        }
    }

    pub(crate) fn sources(&mut self) -> Sources {
        let count = 6 + self.below(10);
        let mut sources = Sources::new();
        while sources.len() < count {
            sources.insert(self.path(), self.source());
        }
        sources
    }

    pub(crate) fn source(&mut self) -> Source {
        let mut source = Source { module: Some(self.module()), ..Source::default() };
        if self.one_in(4) {
            source.module = None;
        }
        source.imports = (0..self.below(4)).map(|_| self.import()).collect();
        let count = 2 + self.below(6);
        source.items = (0..count).map(|_| self.item()).collect();
        source
    }
}
