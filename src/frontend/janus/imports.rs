//! Import declarations, as they are written.

use super::decl::{Import, ImportTarget};
use super::generics::path;
use super::lexer::Kind;
use super::scan::Scanner;

impl Scanner<'_> {
    /// `import …`, `use …`, `using …`, `graft …`.
    pub(super) fn import_item(&mut self) {
        let keyword = self.cursor.word_at(0).unwrap_or_default();
        self.cursor.bump();
        if keyword == "graft"
            && self.cursor.word_at(0).is_some()
            && self.cursor.kind_at(1) == Some(Kind::Equals)
        {
            // `graft name = zig "x"` names what it brings.
            self.cursor.bump();
            self.cursor.bump();
        }
        let language = match (self.cursor.word_at(0), self.cursor.kind_at(1)) {
            (Some(language), Some(Kind::Text)) => {
                self.cursor.bump();
                Some(language)
            }
            _ => None,
        };
        let start = self.cursor.offset();
        let (written, target) = if self.cursor.kind() == Some(Kind::Text) {
            let token = self.cursor.bump();
            let text = token.map_or("", |token| self.cursor.text_of(token)).trim_matches('"').to_owned();
            let own = language.is_none_or(|language| language == "janus") && keyword != "graft";
            let target = if own { text_target(&text) } else { ImportTarget::Foreign(text.clone()) };
            (text, target)
        } else {
            let Some(segments) = path(&mut self.cursor) else { return self.skip_line() };
            let end = self.cursor.consumed_to();
            let written = self.cursor.slice(start, end);
            let plain = !written.contains(|c: char| c.is_whitespace() || c == '/');
            let written = if plain { written.to_owned() } else { segments.join(".") };
            (written, ImportTarget::Module(segments))
        };
        let end = self.cursor.consumed_to();
        let items = self.import_items();
        let alias = if self.cursor.eat_word("as").is_some() {
            let alias = self.cursor.word_at(0).map(str::to_owned);
            self.cursor.bump();
            alias
        } else {
            None
        };
        self.cursor.eat(Kind::Semicolon);
        self.out.imports.push(Import { scope: self.scope(), written, target, alias, items, start, end });
    }

    /// `mod name;`: the module in a file of that name.
    pub(super) fn import_module(&mut self, segments: Vec<String>, start: u32, end: u32) {
        let written = segments.join(".");
        let target = ImportTarget::Module(segments);
        let scope = self.scope();
        self.out.imports.push(Import { scope, written, target, alias: None, items: None, start, end });
    }

    /// `.{a, b as c}` or `::{…}`; `.*` and `::*` import the module itself.
    fn import_items(&mut self) -> Option<Vec<(String, String)>> {
        if !matches!(self.cursor.kind(), Some(Kind::Dot | Kind::PathSeparator)) {
            return None;
        }
        self.cursor.bump();
        if self.cursor.eat(Kind::Star).is_some() {
            return None;
        }
        if self.cursor.eat(Kind::BraceOpen).is_none() {
            self.cursor.expected("`{`, `*` or a name");
            self.skip_line();
            return None;
        }
        let mut items = Vec::new();
        loop {
            while self.cursor.eat(Kind::Comma).is_some() {}
            if self.cursor.eat(Kind::BraceClose).is_some() {
                return Some(items);
            }
            let Some(name) = self.cursor.word_at(0) else {
                self.cursor.expected("a name or `}`");
                self.skip_line();
                return Some(items);
            };
            self.cursor.bump();
            let mut local = name;
            if self.cursor.eat_word("as").is_some() {
                local = self.cursor.word_at(0).unwrap_or(name);
                self.cursor.bump();
            }
            items.push((name.to_owned(), local.to_owned()));
        }
    }
}

/// What a quoted target means: a path to a file, or a module's name with dots or slashes.
fn text_target(text: &str) -> ImportTarget {
    if text.starts_with("./") || text.starts_with("../") || text.strip_suffix(".jan").is_some() {
        return ImportTarget::File(text.to_owned());
    }
    ImportTarget::Module(text.split(['.', '/']).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}
