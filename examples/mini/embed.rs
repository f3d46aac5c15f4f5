//! The compiler as the cache sees it: the calls that an embedding compiler answers.

use std::path::Path;

use janus_cache::build::Cache;
use janus_cache::build::incremental::{
    FileHashCache, FileIr, Imported, MultiLevelCache, OutputForm, Route, Unit, UnitBuild, UnitBuildError,
    UnitCacheOptions, UnitCompiler, UnitProblem, UnitRequest, incremental_build,
};
use janus_cache::key::UnitSettings;
use janus_cache::store::{Store, StoreError, StoreOptions};

use super::emit::{compile_function, epilogue, file_section, function_inputs, prologue};
use super::module::{Module, interface};
use super::parser::{imports, parse};
use super::paths::candidates;
use super::problem::{Problem, quoted};
use super::program::{check_entry, text_of};
use super::scope::{Scope, check};

/// Changing what the compiler makes of the same sources changes this, and so misses everything that was kept.
const COMPILER: &str = concat!("mini ", env!("CARGO_PKG_VERSION"));

/// Compiles programs that start in one file.
pub(crate) struct Mini<'e> {
    pub(crate) entry: &'e str,
}

/// A module ready to be compiled.
struct Checked {
    module: Module,
    scope: Scope,
}

impl UnitCompiler for Mini<'_> {
    fn form(&self) -> OutputForm {
        OutputForm::Text { comment: "; " }
    }

    fn imports(&self, path: &str, source: &[u8]) -> Vec<Vec<String>> {
        let Ok(text) = text_of(source) else { return Vec::new() };
        imports(text).iter().map(|import| candidates(path, &import.path)).collect()
    }

    fn lower(&self, path: &str, source: &[u8]) -> Result<FileIr, Vec<UnitProblem>> {
        let text = text_of(source).map_err(|problem| told(path, [problem]))?;
        let module = parse(text).map_err(|problems| told(path, problems))?;
        let ir = postcard::to_stdvec(&module).map_err(|error| unusable(path, &error))?;
        Ok(FileIr { ir, interface: interface(&module) })
    }

    fn unit<'a>(
        &'a self,
        path: &'a str,
        ir: &'a [u8],
        imported: &[Imported<'_>],
    ) -> Result<Box<dyn Unit + 'a>, Vec<UnitProblem>> {
        let module: Module = postcard::from_bytes(ir).map_err(|error| unusable(path, &error))?;
        let seen: Vec<(&str, &[u8])> = imported.iter().map(|from| (from.path, from.interface)).collect();
        let scope = Scope::new(path, &module, &seen);
        let mut problems = missing(path, &module, imported);
        problems.extend(check(&module, &scope));
        problems.extend(if path == self.entry { check_entry(&module) } else { None });
        if problems.is_empty() { Ok(Box::new(Checked { module, scope })) } else { Err(told(path, problems)) }
    }

    fn prologue(&self, _: &str) -> Vec<u8> {
        prologue().as_bytes().to_vec()
    }

    fn epilogue(&self, entry: &str) -> Vec<u8> {
        epilogue(entry).into_bytes()
    }
}

impl Unit for Checked {
    fn function_count(&self) -> usize {
        self.module.functions.len()
    }

    fn function_name(&self, function: usize) -> String {
        self.module.functions.get(function).map(|function| function.name.clone()).unwrap_or_default()
    }

    fn function_inputs(&self, function: usize) -> Vec<u8> {
        let function = self.module.functions.get(function);
        function.map(|function| function_inputs(function, &self.scope)).unwrap_or_default()
    }

    fn compile_function(&self, function: usize) -> Result<Vec<u8>, Vec<UnitProblem>> {
        let Some(function) = self.module.functions.get(function) else { return Ok(Vec::new()) };
        let text = compile_function(function, &self.scope);
        text.map(String::into_bytes).map_err(|error| unusable(self.scope.path(), &error))
    }

    fn section(&self, functions: &[Vec<u8>]) -> Vec<u8> {
        let functions: Vec<_> = functions.iter().map(|text| String::from_utf8_lossy(text)).collect();
        file_section(self.scope.path(), &functions).into_bytes()
    }
}

/// Imports that mean no file.
fn missing(path: &str, module: &Module, imported: &[Imported<'_>]) -> Vec<Problem> {
    let is_found = |candidate: &String| imported.iter().any(|from| from.path == *candidate);
    let missing = module.imports.iter().filter_map(|import| {
        let candidates = candidates(path, &import.path);
        if candidates.iter().any(is_found) {
            return None;
        }
        let (expected, found) = if candidates.is_empty() {
            ("a path inside the root, its parts separated by `/`".to_owned(), quoted(&import.path))
        } else {
            ("a file that exists".to_owned(), format!("none at {}", candidates.join(" or ")))
        };
        Some(Problem { place: import.place, expected, found })
    });
    missing.collect()
}

fn told(path: &str, problems: impl IntoIterator<Item = Problem>) -> Vec<UnitProblem> {
    let problem = |Problem { place, expected, found }: Problem| UnitProblem {
        path: path.to_owned(),
        place: Some((place.line, place.column)),
        message: format!("expected {expected}, found {found}"),
    };
    problems.into_iter().map(problem).collect()
}

fn unusable(path: &str, error: &dyn std::fmt::Display) -> Vec<UnitProblem> {
    vec![UnitProblem { path: path.to_owned(), place: None, message: error.to_string() }]
}

/// Builds `entry` below `root` into `output`, with the cache in `cache_dir`.
pub(crate) fn build(
    root: &Path,
    entry: &str,
    output: &Path,
    cache_dir: &Path,
) -> Result<(UnitBuild, Vec<String>), EmbedError> {
    let store = Store::open(StoreOptions::new(cache_dir))?;
    let hashes = FileHashCache::new(root, &store.layout().state_dir(), &output.to_string_lossy());
    let cache = Cache::of_store(store);
    let settings = UnitSettings {
        language: "mini".to_owned(),
        compiler: COMPILER.to_owned(),
        target: "llvm".to_owned(),
        ..UnitSettings::default()
    };
    let options = UnitCacheOptions { project: "mini".to_owned(), ..UnitCacheOptions::default() };
    let mut caches = MultiLevelCache::new(&cache, hashes, settings, options);
    caches.load();
    let built = incremental_build(&mut caches, &Mini { entry }, &UnitRequest::new(entry, output))?;
    Ok((built, caches.take_warnings()))
}

/// Why there was no build.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbedError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Build(#[from] UnitBuildError),
}

/// What a build did, for its user: a line, and one for each file that was compiled.
pub(crate) fn explain(built: &UnitBuild) -> String {
    let way = match built.route {
        Route::FastPath => "nothing changed".to_owned(),
        Route::Restored => "the output was in the cache".to_owned(),
        Route::Patched => format!("{} of {} sections compiled", built.steps.len(), built.files),
        Route::Full(because) => format!("all {} sections made: {}", built.files, because.as_str()),
        Route::Failed => "the sources have errors".to_owned(),
    };
    let mut lines = vec![way];
    for step in &built.steps {
        let (compiled, all) = (step.compiled, step.compiled + step.reused);
        lines.push(format!("  {}: {}; {compiled} of {all} functions compiled", step.path, step.reason));
    }
    lines.extend(built.blocked.iter().map(|path| format!("  {path}: not compiled, an import has errors")));
    lines.join("\n") + "\n"
}
