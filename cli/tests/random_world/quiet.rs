//! Edits that change no declaration: bodies, comments, white space.

use super::source::Function;
use super::{Random, World, Writing};

impl World {
    /// One edit that leaves every declaration as it is, and its name.
    pub(crate) fn quiet(&mut self) -> &'static str {
        match self.random.below(20) {
            0..=3 => {
                self.function(|function, random| {
                    for statement in &mut function.statements {
                        *statement = other_digits(statement, random);
                    }
                });
                "body of the same size"
            }
            4 | 5 => {
                self.function(|function, random| {
                    let statement = random.statement();
                    let at = random.below(function.statements.len());
                    match function.statements.get_mut(at) {
                        Some(old) => *old = statement,
                        None => function.statements.push(statement),
                    }
                });
                "statement"
            }
            6 | 7 => {
                self.function(|function, random| {
                    let at = random.below(function.statements.len() + 1);
                    function.statements.insert(at, random.statement());
                });
                "new statement"
            }
            8 | 9 => {
                self.function(|function, random| {
                    let at = random.below(function.statements.len());
                    if at < function.statements.len() {
                        function.statements.remove(at);
                    }
                });
                "removed statement"
            }
            10 => {
                self.function(|function, random| function.form = random.body_form());
                "form of a body"
            }
            11 | 12 => {
                self.function(|function, random| match random.below(3) {
                    0 => function.comment.push(random.comment()),
                    1 => function.comment.truncate(0),
                    _ => {
                        for line in &mut function.comment {
                            *line = other_digits(line, random);
                        }
                    }
                });
                "comment above a function"
            }
            13 => {
                self.function(|function, random| function.gap = random.below(4));
                "space before a name"
            }
            14 => {
                self.function(|function, random| {
                    function.note = random.one_in(2).then(|| format!("note {}", random.below(100)));
                });
                "comment in a signature"
            }
            15 => {
                self.function(|function, _| function.is_glued ^= true);
                "line break before a function"
            }
            16 | 17 => {
                self.change(|source, random| {
                    if random.one_in(3) {
                        source.top.truncate(0);
                    } else {
                        source.top.push(random.comment());
                    }
                });
                "comment at the top"
            }
            18 => {
                self.change(|source, random| {
                    if random.one_in(3) {
                        source.bottom.truncate(0);
                    } else {
                        source.bottom.push(random.comment());
                    }
                });
                "comment at the bottom"
            }
            _ => {
                let is_nasty = self.random.one_in(2);
                self.function(|function, random| {
                    if is_nasty {
                        function.statements.push(random.nasty_statement());
                    }
                });
                if is_nasty { "body that does not end" } else { "nothing" }
            }
        }
    }

    /// Renames all functions of a file to names of the same length, in place; which file.
    pub(crate) fn edit_in_place(&mut self) -> String {
        let path = self.any_path().unwrap_or_default();
        self.edit_in_place_of(&path);
        path
    }

    pub(crate) fn edit_in_place_of(&mut self, path: &str) {
        let Some(source) = self.sources.get_mut(path) else { return };
        for function in source.functions() {
            for text in function.statements.iter_mut().chain([&mut function.name]) {
                *text = other_digits(text, &mut self.random);
            }
        }
        let bytes = source.bytes();
        self.write(path, &bytes, Writing::InPlace);
    }

    /// Changes one function of one file.
    pub(super) fn function(&mut self, change: impl FnOnce(&mut Function, &mut Random)) {
        self.change(|source, random| {
            let mut functions = source.functions();
            let at = random.below(functions.len());
            if let Some(function) = functions.get_mut(at) {
                change(function, random);
            }
        });
    }
}

fn other_digits(text: &str, random: &mut Random) -> String {
    let digit = |random: &mut Random| char::from(b"0123456789"[random.below(10)]);
    text.chars().map(|letter| if letter.is_ascii_digit() { digit(random) } else { letter }).collect()
}
