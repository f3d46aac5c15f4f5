//! From the document to facts, and what is wrong with it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::document::{Document, FORMAT, Function, Method, Resolution, Type};
use crate::build::facts::{
    ArgumentOrderFact, Diagnostic, Facts, FunctionFact, MethodFact, Place, Severity, TOP_TYPE, TypeFact,
};
use crate::digest::fast_hash;
use crate::dispatch::{FamilyRule, TypeDecl, TypeGraph};
use crate::frontend::places::Lines;

/// The type that Rakudo pretends every role to be under when methods are compared.
const PRETENDED_SUPER: &str = "Cool";
/// Most positions of a family.
const MAX_ARITY: usize = 255;

/// A corpus that was read.
pub(super) struct Read {
    pub(super) facts: Facts,
    /// Qualified names, in the order of the text; the top type is `any`.
    pub(super) types: Vec<String>,
    /// In the order of the text.
    pub(super) functions: Vec<ReadFunction>,
}

/// A function as truth files count it.
pub(super) struct ReadFunction {
    pub(super) name: String,
    pub(super) arity: usize,
    /// Symbols of the implementations, in the order of the text.
    pub(super) implementations: Vec<String>,
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines<'t>,
    file: Arc<str>,
    told: Vec<Diagnostic>,
}

/// Reads a corpus. What is wrong with it is told in the facts, and left out of them.
pub(super) fn read(bytes: &[u8], file: &Arc<str>) -> Read {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = std::str::from_utf8(valid).unwrap_or_default();
            let mut reader = Reader::new(text, file);
            reader.tell(text.len(), "not-utf8", "this byte is not UTF-8 text".to_owned(), None);
            return reader.nothing();
        }
    };
    let mut reader = Reader::new(text, file);
    let document: Document<'_> = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let at = offset_of(text, error.line(), error.column());
            let help = Some("see format-spec/corpus.md for what a corpus holds".to_owned());
            reader.tell(at, "malformed-corpus", format!("not a corpus: {error}"), help);
            return reader.nothing();
        }
    };
    if document.format != FORMAT {
        let message = format!("expected the format {FORMAT:?}, found {:?}", document.format);
        reader.tell(0, "unknown-format", message, None);
        return reader.nothing();
    }
    reader.corpus(&document)
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, file: &Arc<str>) -> Self {
        Self { text, lines: Lines::new(text), file: Arc::clone(file), told: Vec::new() }
    }

    fn nothing(self) -> Read {
        let facts = facts(FamilyRule::Symmetric, self.told);
        Read { facts, types: Vec::new(), functions: Vec::new() }
    }

    fn corpus(mut self, document: &Document<'t>) -> Read {
        let (types, top) = self.types(document);
        let name_of =
            |name: &String| if Some(name) == top.as_ref() { TOP_TYPE.to_owned() } else { name.clone() };
        let rule = match document.resolution {
            Resolution::Symmetric => FamilyRule::Symmetric,
            Resolution::Precedence => FamilyRule::Precedence { argument_order: Vec::new() },
            Resolution::Levels => FamilyRule::Levels,
        };
        let mut made = facts(rule, Vec::new());
        let pretends = document.resolution == Resolution::Levels
            && types.iter().any(|(_, row)| row.name == PRETENDED_SUPER);
        for (at, row) in types.iter().filter(|(_, row)| Some(&row.name) != top.as_ref()) {
            let mut counts_as = row.counts_as.clone();
            if pretends && row.kind == "role" {
                counts_as.push(PRETENDED_SUPER.to_owned());
            }
            made.types.push(TypeFact {
                name: row.name.clone(),
                supers: row.supers.iter().map(name_of).filter(|name| name != TOP_TYPE).collect(),
                sealed: row.sealed,
                precedence: row.precedence.iter().map(name_of).collect(),
                counts_as: counts_as.iter().map(name_of).collect(),
                place: Some(self.place(*at)),
            });
        }
        complete_supers(&mut made.types);
        made.types.sort_by(|a, b| a.name.cmp(&b.name));
        let known: HashSet<&str> = types.iter().map(|(_, row)| row.name.as_str()).collect();
        let mut functions = Vec::with_capacity(document.functions.len());
        let (mut names, mut symbols) = (HashMap::new(), HashMap::new());
        for raw in &document.functions {
            let at = self.offset(raw);
            let Some(function) = self.parse::<Function<'_>>(raw, "function") else { continue };
            if let Some(first) = names.insert((function.name.clone(), function.arity), at) {
                self.tell_again(
                    at,
                    first,
                    "duplicate-function",
                    &format!("function {}/{}", function.name, function.arity),
                );
            }
            functions.push(self.function(&function, at, &known, &name_of, &mut symbols, &mut made));
        }
        made.methods.sort_by(|a, b| (&a.family, &a.place).cmp(&(&b.family, &b.place)));
        made.functions.sort_by(|a, b| a.place.cmp(&b.place));
        made.diagnostics = self.told;
        made.diagnostics.sort_by(|a, b| (&a.place, a.code).cmp(&(&b.place, b.code)));
        let types = document.types.iter().map(|raw| type_name(raw)).map(|name| name_of(&name)).collect();
        Read { facts: made, types, functions }
    }

    /// The types that can be used, with their offsets, and the name of the top type.
    fn types(&mut self, document: &Document<'t>) -> (Vec<(usize, Type)>, Option<String>) {
        let mut rows: Vec<(usize, Type)> = Vec::with_capacity(document.types.len());
        let mut seen: HashMap<String, usize> = HashMap::new();
        for raw in &document.types {
            let at = self.offset(raw);
            let Some(row) = self.parse::<Type>(raw, "type") else { continue };
            match seen.get(&row.name) {
                Some(first) => self.tell_again(at, *first, "duplicate-type", &format!("type {}", row.name)),
                None => {
                    seen.insert(row.name.clone(), at);
                    rows.push((at, row));
                }
            }
        }
        let mut roots = rows.iter().filter(|(_, row)| row.supers.is_empty());
        let top = match (&document.top, roots.next(), roots.next()) {
            (Some(stated), ..) => stated.clone(),
            (None, Some((_, only)), None) => Some(only.name.clone()),
            _ => None,
        };
        if let Some(top) = top.as_ref().filter(|top| !seen.contains_key(*top)) {
            self.tell(0, "unknown-type", format!("the top type {top} is not among the types"), None);
        }
        let mut usable = Vec::with_capacity(rows.len());
        for (at, row) in rows {
            let others = row.supers.iter().chain(&row.precedence).chain(&row.counts_as);
            let unknown = others.into_iter().find(|name| !seen.contains_key(*name));
            if let Some(unknown) = unknown {
                let message = format!("type {} names {unknown}, which is not among the types", row.name);
                self.tell(at, "unknown-type", message, None);
            } else if row.name == TOP_TYPE && top.as_deref() != Some(TOP_TYPE) {
                let message = format!("the name `{TOP_TYPE}` means the top type");
                let help = Some(format!("rename the type, or say \"top\": \"{TOP_TYPE}\""));
                self.tell(at, "reserved-name", message, help);
            } else if row.name.chars().any(char::is_control) {
                let message = format!("the name {:?} holds a control character", row.name);
                self.tell(at, "control-character", message, None);
            } else if document.resolution == Resolution::Precedence && row.precedence.is_empty() {
                let message =
                    format!("type {} has no `precedence` list, by which this resolution compares", row.name);
                self.tell(at, "missing-precedence", message, None);
            } else {
                usable.push((at, row));
            }
        }
        (usable, top)
    }

    fn function(
        &mut self,
        function: &Function<'t>,
        at: usize,
        known: &HashSet<&str>,
        name_of: &impl Fn(&String) -> String,
        symbols: &mut HashMap<String, usize>,
        made: &mut Facts,
    ) -> ReadFunction {
        let mut read =
            ReadFunction { name: function.name.clone(), arity: function.arity, implementations: Vec::new() };
        let shown = || format!("function {}/{}", function.name, function.arity);
        let mut usable = true;
        let mut tell = |reader: &mut Self, code, message: String| {
            reader.tell(at, code, message, None);
            usable = false;
        };
        if function.arity > MAX_ARITY {
            tell(
                self,
                "too-many-positions",
                format!("{}: at most {MAX_ARITY} positions are possible", shown()),
            );
        }
        if function.name.chars().any(char::is_control) {
            tell(
                self,
                "control-character",
                format!("the name {:?} holds a control character", function.name),
            );
        }
        if function.methods.is_empty() {
            tell(self, "empty-function", format!("{} has no method", shown()));
        }
        let order: Vec<u64> = function.argument_precedence.clone();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !order.is_empty() && !sorted.iter().copied().eq(0..function.arity as u64) {
            let message =
                format!("{}: argument_precedence {order:?} does not name each position once", shown());
            tell(self, "argument-precedence", message);
        }
        let mut patterns: HashMap<Vec<String>, usize> = HashMap::new();
        for raw in &function.methods {
            let at = self.offset(raw);
            let Some(method) = self.parse::<Method>(raw, "method") else {
                read.implementations.push(String::new());
                continue;
            };
            read.implementations.push(method.implementation.clone());
            if let Some(first) = symbols.insert(method.implementation.clone(), at) {
                self.tell_again(
                    at,
                    first,
                    "duplicate-implementation",
                    &format!("implementation {}", method.implementation),
                );
                continue;
            }
            if method.params.len() != function.arity {
                let message = format!(
                    "{} has {} parameters, its function has {}",
                    method.implementation,
                    method.params.len(),
                    function.arity
                );
                self.tell(at, "parameter-count", message, None);
                continue;
            }
            if let Some(unknown) = method.params.iter().find(|name| !known.contains(name.as_str())) {
                let message = format!(
                    "{} has a parameter of type {unknown}, which is not among the types",
                    method.implementation
                );
                self.tell(at, "unknown-type", message, None);
                continue;
            }
            if let Some(first) = patterns.insert(method.params.clone(), at) {
                self.tell_again(
                    at,
                    first,
                    "duplicate-method",
                    &format!("{} with the parameters ({})", shown(), method.params.join(", ")),
                );
                continue;
            }
            if usable {
                let params: Vec<String> = method.params.iter().map(name_of).collect();
                made.functions.push(FunctionFact {
                    name: method.implementation.clone(),
                    signature_hash: fast_hash(params.join("\t").as_bytes()),
                    body_hash: None,
                    place: self.place(at),
                });
                made.methods.push(MethodFact {
                    family: function.name.clone(),
                    params,
                    implementation: method.implementation,
                    module: method.module,
                    default: method.default,
                    dynamic: true,
                    place: self.place(at),
                });
            }
        }
        if usable && !order.is_empty() {
            let order = order.iter().map(|position| *position as u8).collect();
            made.argument_orders.push(ArgumentOrderFact { family: function.name.clone(), order });
        }
        read
    }

    /// Where a piece of the text begins: it is borrowed from the text.
    fn offset(&self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    fn parse<'r, T: serde::Deserialize<'r>>(&mut self, raw: &'r RawValue, what: &str) -> Option<T> {
        match serde_json::from_str(raw.get()) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let at = self.offset(raw) + offset_of(raw.get(), error.line(), error.column());
                self.tell(at, "malformed-corpus", format!("not a {what}: {error}"), None);
                None
            }
        }
    }

    fn place(&self, at: usize) -> Place {
        let (line, column) = self.lines.locate(u32::try_from(at).unwrap_or(u32::MAX));
        Place { file: Arc::clone(&self.file), line, column }
    }

    fn tell(&mut self, at: usize, code: &'static str, message: String, help: Option<String>) {
        let place = self.place(at);
        self.told.push(Diagnostic {
            severity: Severity::Error,
            code,
            place,
            message,
            // A corpus is one long line: to repeat it would help nobody.
            excerpt: String::new(),
            marked_columns: 1,
            notes: Vec::new(),
            help,
        });
    }

    fn tell_again(&mut self, at: usize, first: usize, code: &'static str, what: &str) {
        self.tell(at, code, format!("{what} is there twice"), None);
        let first = self.place(first);
        if let Some(told) = self.told.last_mut() {
            told.notes.push((first, "the first one is here".to_owned()));
        }
    }
}

/// A list of precedence decides to what its type applies, so a type is under all of its list: what its
/// supertypes do not lead to is added to them.
fn complete_supers(types: &mut [TypeFact]) {
    let decl = |fact: &TypeFact| TypeDecl {
        name: fact.name.clone(),
        supers: fact.supers.clone(),
        ..TypeDecl::default()
    };
    // A graph that is none is told when families are formed.
    if let Ok(graph) = TypeGraph::new(types.iter().map(decl)) {
        for fact in types.iter_mut() {
            let above = graph.get(&fact.name).map(|id| graph.above(id)).unwrap_or_default();
            let is_missing =
                |name: &&String| graph.get(name).is_some_and(|upper| above.binary_search(&upper).is_err());
            let missing: Vec<String> = fact.precedence.iter().filter(is_missing).cloned().collect();
            fact.supers.extend(missing);
        }
    }
    for fact in types {
        fact.supers.sort_unstable();
    }
}

fn type_name(raw: &RawValue) -> String {
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_str::<Named>(raw.get()).map_or_else(|_| String::new(), |named| named.name)
}

/// The byte at a line and column (both from 1, in bytes) of a text.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

fn facts(rule: FamilyRule, diagnostics: Vec<Diagnostic>) -> Facts {
    Facts {
        language: "corpus".to_owned(),
        rule,
        argument_orders: Vec::new(),
        sources: Vec::new(),
        types: Vec::new(),
        methods: Vec::new(),
        functions: Vec::new(),
        diagnostics,
    }
}
