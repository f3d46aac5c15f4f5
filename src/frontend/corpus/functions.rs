//! The functions of a corpus and their methods, and what is wrong with them.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::document::{Function, Method};
use super::facts::{ReadFunction, Reader};
use super::types::Types;
use crate::build::facts::{ArgumentOrderFact, Facts, FunctionFact, MethodFact};
use crate::digest::fast_hash;

/// Most positions of a family.
const MAX_ARITY: usize = 255;

impl<'t> Reader<'t> {
    /// Reads the functions into facts, and tells what is wrong with them.
    pub(super) fn functions(
        &mut self,
        document: &[&'t RawValue],
        types: &Types,
        made: &mut Facts,
    ) -> Vec<ReadFunction> {
        let mut functions = Vec::with_capacity(document.len());
        let (mut names, mut symbols) = (HashMap::new(), HashMap::new());
        for raw in document {
            let at = self.offset(raw);
            let Some(function) = self.parse::<Function<'_>>(raw, "function") else { continue };
            if let Some(first) = names.insert((function.name.clone(), function.arity), at) {
                let what = format!("function {}/{}", function.name, function.arity);
                self.tell_again(at, first, "duplicate-function", &what);
            }
            functions.push(self.function(&function, at, types, &mut symbols, made));
        }
        functions
    }

    fn function(
        &mut self,
        function: &Function<'t>,
        at: usize,
        types: &Types,
        symbols: &mut HashMap<String, usize>,
        made: &mut Facts,
    ) -> ReadFunction {
        let implementations = Vec::with_capacity(function.methods.len());
        let mut read = ReadFunction { name: function.name.clone(), arity: function.arity, implementations };
        let is_usable = self.is_usable(function, at);
        let mut patterns: HashMap<Vec<String>, usize> = HashMap::new();
        for raw in &function.methods {
            let at = self.offset(raw);
            let Some(method) = self.parse::<Method>(raw, "method") else {
                read.implementations.push(String::new());
                continue;
            };
            read.implementations.push(method.implementation.clone());
            let is_good = self.method(function, &method, at, types, symbols, &mut patterns);
            if is_good && is_usable {
                let params: Vec<String> = method.params.iter().map(|name| types.qualified(name)).collect();
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
        if is_usable && !function.argument_precedence.is_empty() {
            let order = function.argument_precedence.iter().map(|position| *position as u8).collect();
            made.argument_orders.push(ArgumentOrderFact { family: function.name.clone(), order });
        }
        read
    }

    /// Tells what is wrong with a function, its methods left aside.
    fn is_usable(&mut self, function: &Function<'_>, at: usize) -> bool {
        let Function { name, arity, argument_precedence: order, methods } = function;
        let told_before = self.told.len();
        self.is_good_name(at, "function", name);
        if *arity > MAX_ARITY {
            let message = format!("function {name}/{arity}: at most {MAX_ARITY} positions are possible");
            self.tell(at, "too-many-positions", message, None);
        }
        if methods.is_empty() {
            self.tell(at, "empty-function", format!("function {name}/{arity} has no method"), None);
        }
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !order.is_empty() && !sorted.iter().copied().eq(0..*arity as u64) {
            let message = format!(
                "function {name}/{arity}: argument_precedence {order:?} does not name each position once"
            );
            self.tell(at, "argument-precedence", message, None);
        }
        self.told.len() == told_before
    }

    /// Tells the first thing that is wrong with a method.
    fn method(
        &mut self,
        function: &Function<'_>,
        method: &Method,
        at: usize,
        types: &Types,
        symbols: &mut HashMap<String, usize>,
        patterns: &mut HashMap<Vec<String>, usize>,
    ) -> bool {
        let Function { name, arity, .. } = function;
        let Method { params, implementation, module, .. } = method;
        if !self.is_good_name(at, "implementation", implementation) {
            return false;
        }
        if !module.is_empty() && !self.is_good_name(at, "module", module) {
            return false;
        }
        if let Some(first) = symbols.insert(implementation.clone(), at) {
            let what = format!("implementation {implementation}");
            self.tell_again(at, first, "duplicate-implementation", &what);
            return false;
        }
        if params.len() != *arity {
            let message =
                format!("{implementation} has {} parameters, its function has {arity}", params.len());
            self.tell(at, "parameter-count", message, None);
            return false;
        }
        if let Some(unknown) = params.iter().find(|name| !types.has(name)) {
            let message =
                format!("{implementation} has a parameter of type {unknown}, which is not among the types");
            self.tell(at, "unknown-type", message, None);
            return false;
        }
        if let Some(first) = patterns.insert(params.clone(), at) {
            let what = format!("function {name}/{arity} with the parameters ({})", params.join(", "));
            self.tell_again(at, first, "duplicate-method", &what);
            return false;
        }
        true
    }
}
