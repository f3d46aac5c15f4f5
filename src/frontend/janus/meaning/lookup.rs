//! What a name means where it stands.
//!
//! Inner scopes come first, then the own module, then what imports make visible: items, aliases,
//! modules by name, and last the names of a module that is imported as a whole, where exactly one
//! declares the name. Nothing else is visible: two files of one folder know nothing of each other.

use std::collections::HashMap;

use super::links::{Links, Target};
use super::modules::{ModuleId, Modules, Named};

/// Types that need no declaration and belong to no module.
const BUILTINS: [&str; 44] = [
    "anyopaque",
    "atom",
    "bool",
    "byte",
    "bytes",
    "c_int",
    "c_long",
    "char",
    "double",
    "f16",
    "f32",
    "f64",
    "f128",
    "float",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "int",
    "isize",
    "never",
    "nil",
    "none",
    "noreturn",
    "null",
    "number",
    "object",
    "ptr",
    "rune",
    "str",
    "string",
    "symbol",
    "type",
    "u1",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "uint",
    "undefined",
    "usize",
    "void",
];

/// Paths longer than this are not looked for among imported modules.
const MAX_MODULE_PARTS: usize = 16;
/// Re-exports are followed so many times.
const MAX_HOPS: usize = 16;

/// What a name was found to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Declared(Named),
    Builtin,
    /// Not declared anywhere; the qualified name it has all the same.
    Unknown(String),
}

/// Names of a project.
pub(super) struct Names<'a> {
    pub(super) modules: &'a Modules,
    pub(super) links: &'a Links,
}

impl Names<'_> {
    /// What a path means in a scope of a file.
    pub(super) fn find(&self, file: usize, scope: usize, segments: &[String]) -> Found {
        let key = segments.join(".");
        if let Some(named) = self.declared_around(file, scope, segments, &key) {
            return Found::Declared(named);
        }
        if let Some(found) = self.imported(file, scope, segments, &key) {
            return found;
        }
        if is_builtin(segments) {
            return Found::Builtin;
        }
        if let Some(named) = self.open_name(file, scope, &key) {
            return Found::Declared(named);
        }
        let module = self.modules.get(self.modules.scope(file, scope).module);
        Found::Unknown(format!("{}::{key}", module.name))
    }

    /// Whether a name means something without being declared by being an alternative. An item
    /// import means something even where its module does not say so yet.
    pub(super) fn is_known(&self, file: usize, scope: usize, segments: &[String]) -> bool {
        !matches!(self.find(file, scope, segments), Found::Unknown(_))
            || self.modules.chain(file, scope).any(|around| {
                let visible = self.links.visible(file, around.this);
                visible.zip(segments.first()).is_some_and(|(visible, first)| {
                    visible.items.contains_key(first)
                        || visible.modules.contains_key(first) && segments.len() > 1
                })
            })
    }

    fn declared_around(&self, file: usize, scope: usize, segments: &[String], key: &str) -> Option<Named> {
        let mut last_module = None;
        for around in self.modules.chain(file, scope) {
            let module = self.modules.get(around.module);
            if !around.prefix.is_empty()
                && let Some(named) = module.types.get(&format!("{}{key}", around.prefix))
            {
                return Some(*named);
            }
            // Scopes of types in between have the same module.
            if last_module != Some(around.module) {
                last_module = Some(around.module);
                if let Some(named) =
                    module.types.get(key).or_else(|| self.in_children(around.module, segments))
                {
                    return Some(*named);
                }
                let own = key.strip_prefix(module.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
                if let Some(named) = own.and_then(|rest| module.types.get(rest)) {
                    return Some(*named);
                }
            }
        }
        None
    }

    /// A name inside modules inside a module.
    fn in_children(&self, module: ModuleId, segments: &[String]) -> Option<&Named> {
        let mut module = self.modules.get(module);
        for (at, segment) in segments.iter().enumerate() {
            let Some(child) = module.children.get(segment) else {
                return if at == 0 { None } else { module.types.get(&segments.get(at..)?.join(".")) };
            };
            module = self.modules.get(*child);
        }
        None
    }

    fn imported(&self, file: usize, scope: usize, segments: &[String], key: &str) -> Option<Found> {
        let first = segments.first()?;
        for around in self.modules.chain(file, scope) {
            let Some(visible) = self.links.visible(file, around.this) else { continue };
            if let Some((target, there)) = visible.items.get(first) {
                let rest = key.get(first.len()..).unwrap_or_default();
                return Some(self.member(target, &format!("{there}{rest}")));
            }
            for count in (1..segments.len().min(MAX_MODULE_PARTS)).rev() {
                let name = segments.get(..count)?.join(".");
                if let Some(target) = visible.modules.get(&name) {
                    return Some(self.member(target, &segments.get(count..)?.join(".")));
                }
            }
        }
        None
    }

    /// A name of a module that a scope imports as a whole, if exactly one of those declares it.
    fn open_name(&self, file: usize, scope: usize, key: &str) -> Option<Named> {
        let declaring = self.modules.declaring(key);
        for around in self.modules.chain(file, scope) {
            let Some(visible) = self.links.visible(file, around.this) else { continue };
            let mut open = declaring.iter().filter(|module| visible.open.contains(module));
            if let (Some(module), None) = (open.next(), open.next()) {
                return self.modules.get(*module).types.get(key).copied();
            }
        }
        None
    }

    /// A name as a module declares it or passes it on.
    pub(super) fn member(&self, target: &Target, key: &str) -> Found {
        let mut here = target.clone();
        let mut key = key.to_owned();
        for _ in 0..MAX_HOPS {
            let module = match &here {
                Target::Module(module) => *module,
                Target::Missing(name) => return Found::Unknown(format!("{name}::{key}")),
            };
            if let Some(named) = self.modules.get(module).types.get(&key) {
                return Found::Declared(*named);
            }
            let segments: Vec<String> = key.split('.').map(str::to_owned).collect();
            if let Some(named) = self.in_children(module, &segments) {
                return Found::Declared(*named);
            }
            let Some(first) = segments.first() else { break };
            let Some((next, there)) = self.links.passed_on(module, first) else { break };
            let rest = key.get(first.len()..).unwrap_or_default();
            key = format!("{there}{rest}");
            here = next.clone();
        }
        match here {
            Target::Module(module) => Found::Unknown(format!("{}::{key}", self.modules.get(module).name)),
            Target::Missing(name) => Found::Unknown(format!("{name}::{key}")),
        }
    }
}

fn is_builtin(segments: &[String]) -> bool {
    matches!(segments, [one] if BUILTINS.contains(&one.as_str()))
}

/// Remembers what paths mean, since most of them occur many times in a file.
#[derive(Default)]
pub(super) struct Remembered {
    file: usize,
    found: HashMap<(usize, String), Found>,
}

impl Remembered {
    /// As [`Names::find`]. Only one file's names are kept.
    pub(super) fn find(
        &mut self,
        names: &Names<'_>,
        file: usize,
        scope: usize,
        segments: &[String],
    ) -> Found {
        if self.file != file {
            self.found.clear();
            self.file = file;
        }
        let scope = names.modules.scope(file, scope).this;
        let key = (scope, segments.join("."));
        if let Some(found) = self.found.get(&key) {
            return found.clone();
        }
        let found = names.find(file, scope, segments);
        self.found.insert(key, found.clone());
        found
    }
}
