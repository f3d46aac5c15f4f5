//! Edits of declarations and imports.

use super::World;
use super::source::Item;

impl World {
    /// One edit within a file that may change what it declares, and its name.
    pub(crate) fn loud(&mut self) -> &'static str {
        match self.random.below(24) {
            0..=2 => {
                self.change(|source, random| {
                    let at = random.below(source.items.len() + 1);
                    source.items.insert(at, random.item());
                });
                "new declaration"
            }
            3..=5 => {
                self.change(|source, random| {
                    let at = random.below(source.items.len());
                    if at < source.items.len() {
                        source.items.remove(at);
                    }
                });
                "removed declaration"
            }
            6 | 7 => {
                self.function(|function, random| function.name = random.function_name());
                "renamed function"
            }
            8 | 9 => {
                self.function(|function, random| {
                    let at = random.below(function.parameters.len());
                    if let Some(parameter) = function.parameters.get_mut(at) {
                        *parameter = random.parameter();
                    }
                });
                "parameter"
            }
            10 => {
                self.function(|function, random| {
                    for (name, kind) in &mut function.parameters {
                        if !kind.is_empty() {
                            *name = format!("p{}", random.below(10));
                        }
                    }
                });
                "name of a parameter"
            }
            11 => {
                self.function(|function, random| {
                    if random.one_in(2) {
                        function.parameters.push(random.parameter());
                    } else {
                        function.parameters.pop();
                    }
                });
                "number of parameters"
            }
            12 => {
                self.function(|function, random| {
                    function.returns = random.one_in(2).then(|| random.type_name());
                });
                "return type"
            }
            13 => {
                self.function(|function, random| {
                    let prefix = *random.of(&["", "pub ", "{.dispatch: dynamic.} ", "async "]);
                    function.prefix.replace_range(.., prefix);
                });
                "prefix"
            }
            14..=16 => {
                self.types(|name, random| *name = random.type_name());
                "renamed type"
            }
            17 => {
                self.change(|source, random| {
                    for item in &mut source.items {
                        match item {
                            Item::Type { name, parts, .. } if random.one_in(2) => {
                                *parts = random.type_parts(name);
                            }
                            Item::Type { form, .. } if random.one_in(4) => *form = random.type_form(),
                            Item::Block { head, .. } if random.one_in(2) => *head = random.block_head(),
                            _ => {}
                        }
                    }
                });
                "supertypes"
            }
            18 | 19 => {
                self.change(|source, random| {
                    let at = random.below(source.imports.len() + 1);
                    source.imports.insert(at, random.import());
                });
                "new import"
            }
            20 => {
                self.change(|source, random| {
                    let at = random.below(source.imports.len());
                    if at < source.imports.len() {
                        source.imports.remove(at);
                    }
                });
                "removed import"
            }
            21 => {
                self.change(|source, random| {
                    source.module = (!random.one_in(4)).then(|| random.module());
                });
                "module line"
            }
            22 => {
                self.change(|source, random| {
                    let count = source.items.len();
                    if count > 1 {
                        let (one, other) = (random.below(count), random.below(count));
                        source.items.swap(one, other);
                    }
                });
                "order of declarations"
            }
            _ => {
                self.change(|source, random| {
                    let words = *random.of(&[
                        "func jump(from: Place, to -> bool {",
                        "typeradius: float }",
                        "type = ",
                        "impl { func",
                        "\u{1}",
                    ]);
                    let at = random.below(source.items.len() + 1);
                    source.items.insert(at, Item::Broken(words.to_owned()));
                });
                "broken declaration"
            }
        }
    }

    /// Changes the name of one type of one file.
    fn types(&mut self, change: impl FnOnce(&mut String, &mut super::Random)) {
        self.change(|source, random| {
            let mut names: Vec<&mut String> = source
                .items
                .iter_mut()
                .filter_map(|item| if let Item::Type { name, .. } = item { Some(name) } else { None })
                .collect();
            let at = random.below(names.len());
            if let Some(name) = names.get_mut(at) {
                change(name, random);
            }
        });
    }
}
