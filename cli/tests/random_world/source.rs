//! A source as its parts, and the text that they make.

/// One file of declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// Lines before everything else: comments and blank ones.
    pub(crate) top: Vec<String>,
    pub(crate) module: Option<String>,
    pub(crate) imports: Vec<String>,
    pub(crate) items: Vec<Item>,
    /// Lines behind everything else.
    pub(crate) bottom: Vec<String>,
    pub(crate) has_crlf: bool,
    pub(crate) has_mark: bool,
    /// Not UTF-8 any more.
    pub(crate) is_garbled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Type {
        name: String,
        form: TypeForm,
        /// Alternatives, bounds or the target, as the form has it.
        parts: Vec<String>,
    },
    Function(Function),
    /// `impl`, a nested module: what stands around functions.
    Block {
        head: String,
        functions: Vec<Function>,
    },
    /// A line that is no declaration as it should be.
    Broken(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeForm {
    Sum,
    Open,
    Sealed,
    Record,
    Struct,
    Enum,
    Alias,
    Trait,
    Forward,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Function {
    /// Lines above.
    pub(crate) comment: Vec<String>,
    /// `pub`, directives, and what else stands before the word.
    pub(crate) prefix: String,
    pub(crate) name: String,
    /// Names and types; a type of nothing is `self`.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) returns: Option<String>,
    /// Space before the name, which only moves its place.
    pub(crate) gap: usize,
    /// Within the signature.
    pub(crate) note: Option<String>,
    pub(crate) statements: Vec<String>,
    pub(crate) form: BodyForm,
    /// Begins on the line on which the one before ends.
    pub(crate) is_glued: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyForm {
    #[default]
    Braces,
    Do,
    OneLine,
}

impl Source {
    pub(crate) fn functions(&mut self) -> Vec<&mut Function> {
        self.items
            .iter_mut()
            .flat_map(|item| match item {
                Item::Function(function) => std::slice::from_mut(function).iter_mut(),
                Item::Block { functions, .. } => functions.iter_mut(),
                Item::Type { .. } | Item::Broken(_) => [].iter_mut(),
            })
            .collect()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        let line = |text: &mut String, line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        self.top.iter().for_each(|words| line(&mut text, words));
        if let Some(module) = &self.module {
            line(&mut text, &format!("module {module};"));
        }
        self.imports.iter().for_each(|words| line(&mut text, words));
        for item in &self.items {
            match item {
                Item::Type { name, form, parts } => line(&mut text, &type_text(name, *form, parts)),
                Item::Function(function) => function.add_to(&mut text, ""),
                Item::Block { head, functions } => {
                    line(&mut text, &format!("{head} {{"));
                    for function in functions {
                        function.add_to(&mut text, "    ");
                    }
                    line(&mut text, "}");
                }
                Item::Broken(words) => line(&mut text, words),
            }
        }
        self.bottom.iter().for_each(|words| line(&mut text, words));
        if self.has_crlf {
            text = text.replace('\n', "\r\n");
        }
        if self.has_mark {
            text.insert(0, '\u{feff}');
        }
        let mut bytes = text.into_bytes();
        if self.is_garbled {
            bytes.push(0xff);
        }
        bytes
    }
}

fn type_text(name: &str, form: TypeForm, parts: &[String]) -> String {
    let sum = || parts.join(" | ");
    let first = parts.first().map_or("int", |part| part);
    match form {
        TypeForm::Sum => format!("type {name} = {} | Other{name}", sum()),
        TypeForm::Open => format!("pub type open {name} = {} | int", sum()),
        TypeForm::Sealed => format!("type sealed {name} = {} | More{name}", sum()),
        TypeForm::Record => format!("type {name} = {{ size: {first} }}"),
        TypeForm::Struct => format!("struct {name} {{ a: {first}, func len(self) -> int {{ 1 }} }}"),
        TypeForm::Enum => format!("enum {name} {{ First, Second({first}) }}"),
        TypeForm::Alias => format!("type {name} = {first}"),
        TypeForm::Trait => format!("trait {name} {{ func show(self) -> int; }}"),
        TypeForm::Forward => format!("struct {name};"),
    }
}

impl Function {
    fn add_to(&self, text: &mut String, indent: &str) {
        if self.is_glued && self.comment.is_empty() && text.ends_with("}\n") {
            text.pop();
            text.push(' ');
        } else {
            for line in &self.comment {
                text.push_str(&format!("{indent}{line}\n"));
            }
            text.push_str(indent);
        }
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, kind)| if kind.is_empty() { name.clone() } else { format!("{name}: {kind}") })
            .collect();
        let note = self.note.as_ref().map_or_else(String::new, |note| format!(" /* {note} */ "));
        let returns = self.returns.as_ref().map_or_else(String::new, |kind| format!(" -> {kind}"));
        let (prefix, gap, name) = (&self.prefix, " ".repeat(self.gap), &self.name);
        text.push_str(&format!("{prefix}func {gap}{name}({note}{}){returns} ", parameters.join(", ")));
        let (open, close) = if self.form == BodyForm::Do { ("do", "end") } else { ("{", "}") };
        text.push_str(open);
        // A comment or a line of text would swallow what follows on the line.
        let fits = self.statements.iter().all(|words| !words.contains("//") && !words.contains('\n'));
        if self.form == BodyForm::OneLine && fits {
            text.push_str(&format!(" {} ", self.statements.join("; ")));
        } else {
            for statement in &self.statements {
                text.push_str(&format!("\n{indent}    {statement}"));
            }
            text.push_str(&format!("\n{indent}"));
        }
        text.push_str(&format!("{close}\n"));
    }
}
